import type { AdvanceAction } from "./bindings/AdvanceAction";
import type { AdvanceItem } from "./bindings/AdvanceItem";
import type { AdvanceState } from "./bindings/AdvanceState";
import type { AdvanceView } from "./bindings/AdvanceView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import type { PlaceId } from "./places";

/** The fewest words of an override's reason. */
const FEWEST_WORDS = 3;

/** How a needed thing stands, as a mark. */
export const STANDING: Record<AdvanceState, { tone: MarkTone; word: string }> = {
  done: { tone: "good", word: "Done" },
  missing: { tone: "waiting", word: "Missing" },
  no_go: { tone: "bad", word: "NO-GO" },
  insufficient: { tone: "partial", word: "INSUFFICIENT" },
  stale: { tone: "stale", word: "STALE" },
};

/** What stands on the button of an act. */
export const VERB: Record<AdvanceAction, string> = {
  run_smoke: "Run the checklist",
  run_failed: "Run again what failed",
  attest: "Answer the questions",
  soak: "Earn the missing count",
  capture: "Refresh phase metrics",
  attach: "Attach the artifact",
  look: "Look at what went wrong",
};

/** What is not done, in order. */
export function missingOf(advance: AdvanceView): AdvanceItem[] {
  return advance.items.filter((item) => item.state !== "done");
}

/** The page that a needed thing is done on. */
export function placeOf(item: AdvanceItem): "smoke" | "metrics" | "settings" {
  if (item.id === "runbook") return "settings";
  return item.id === "smoke" || item.id === "attestations" ? "smoke" : "metrics";
}

/** What a page still has to give before the phase may be moved forward; the first page lists all of it. */
export function missingAt(advance: AdvanceView, place: PlaceId): AdvanceItem[] {
  const missing = missingOf(advance);
  return place === "advance" ? missing : missing.filter((item) => placeOf(item) === place);
}

/** Whether a reason for an override says anything: at least a few words. */
export function isReason(text: string): boolean {
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length >= FEWEST_WORDS;
}
