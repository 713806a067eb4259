import type { Verification } from "./Verification";
export type ExportReport = { path: string; run: string; bundleSha256: string; signedBy: string; keyForThisSessionOnly: boolean; missing: Array<string>; verification: Verification };
