export type ExportProgress = { done: number; total: number; file: string };
