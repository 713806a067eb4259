import { missingAt } from "./advance";
import type { DeskView } from "./bindings/DeskView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import type { PlaceId } from "./places";

/** What the navigation says about a place: what needs somebody there, or that nothing does. */
export interface PlaceMark {
  tone: MarkTone;
  word: string;
  /** How many things are missing there; shown instead of the icon. */
  count?: number;
}

/** The one mark a place has. */
export function markOf(place: PlaceId, view: DeskView): PlaceMark | null {
  switch (place) {
    case "advance":
    case "smoke":
    case "metrics":
      return missingMark(place, view);
    case "phase":
      return phaseMark(view);
    case "settings":
      return settingsMark(view);
  }
}

function missingMark(place: PlaceId, { advance }: DeskView): PlaceMark | null {
  if (advance.items.length === 0) return null;
  const missing = missingAt(advance, place);
  const count = missing.length;
  if (count === 0) return { tone: "good", word: "nothing is missing" };
  return {
    tone: missing.some((item) => item.state === "no_go") ? "bad" : "partial",
    word: count === 1 ? "1 thing is missing" : `${count} things are missing`,
    count,
  };
}

function phaseMark({ change, moved }: DeskView): PlaceMark | null {
  if (change?.outcome === "unknown" || change?.stage === "asking_outcome") {
    return { tone: "unknown", word: "outcome not known" };
  }
  return moved ? { tone: "partial", word: "moved elsewhere" } : null;
}

function settingsMark({ identities }: DeskView): PlaceMark | null {
  const operator = identities.find((identity) => identity.role === "operator");
  const ready = operator?.state === "ready" || operator?.state === "kept";
  return ready ? null : { tone: "partial", word: "the operator must sign in" };
}
