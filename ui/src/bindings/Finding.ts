import type { FindingKind } from "./FindingKind";
export type Finding = { path: string; kind: FindingKind; words: string };
