export type AttachmentView = { sha256: string; name: string; mediaType: string; bytes: number; item: string; actor: string; atMs: number };
