export type Stretch = { first: number; last: number; lastHash: string; withheld: number; redacted: number };
