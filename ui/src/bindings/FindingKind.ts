export type FindingKind = "damaged" | "missing" | "added" | "refused" | "chain";
