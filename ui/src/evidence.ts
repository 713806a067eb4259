import type { ItemState } from "./bindings/ItemState";
import type { Verification } from "./bindings/Verification";
import type { MarkTone } from "./components/shared/Mark.svelte";

/** How an item's state looks and reads. */
export const STATES: Record<ItemState, { tone: MarkTone; word: string }> = {
  there: { tone: "good", word: "There" },
  missing: { tone: "waiting", word: "Missing" },
  outdated: { tone: "stale", word: "Outdated" },
  not_needed: { tone: "skipped", word: "Not needed" },
};

const KIB = 1024;

/** A length as people read it: `3.2 MiB`. */
export function size(bytes: number): string {
  if (bytes < KIB) return `${bytes} bytes`;
  const kib = bytes / KIB;
  return kib < KIB ? `${kib.toFixed(1)} KiB` : `${(kib / KIB).toFixed(1)} MiB`;
}

/** What verifying a bundle found, as one sentence. */
export function verdict({ valid, complete }: Verification): { tone: MarkTone; words: string } {
  if (!valid) return { tone: "bad", words: "Not valid: it is not what was sealed." };
  return complete
    ? { tone: "good", words: "Valid and complete." }
    : { tone: "partial", words: "Valid, but incomplete: it never verifies as complete." };
}
