import type { ItemState } from "./ItemState";
export type Item = { id: string; words: string; state: ItemState; why: string; attached: number };
