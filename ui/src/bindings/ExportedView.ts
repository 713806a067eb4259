export type ExportedView = { bundleSha256: string; signedBy: string; journalHead: string; missing: Array<string>; actor: string; atMs: number };
