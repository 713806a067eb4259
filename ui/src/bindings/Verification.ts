import type { Finding } from "./Finding";
import type { Stretch } from "./Stretch";
export type Verification = { valid: boolean; complete: boolean; signedBy: string | null; findings: Array<Finding>; missing: Array<string>; info: Array<[string, string]>; journal: Stretch | null; files: number; bytes: number };
