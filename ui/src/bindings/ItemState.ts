export type ItemState = "there" | "missing" | "outdated" | "not_needed";
