import { missingAt } from "./advance";
import type { DeskView } from "./bindings/DeskView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import type { PlaceId } from "./places";
import { isOpen } from "./rollback";

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
    case "rollback":
      return rollbackMark(view);
    case "announce":
      return announceMark(view);
    case "log":
    case "evidence":
      // How its items stand is asked for on its own page, not with everything on screen.
      return null;
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

function rollbackMark({ rollback, reviews }: DeskView): PlaceMark | null {
  if (rollback && isOpen(rollback)) {
    return { tone: "running", word: rollback.purpose === "drill" ? "a drill is open" : "a rollback is open" };
  }
  const count = reviews.length;
  if (count === 0) return null;
  return { tone: "partial", word: count === 1 ? "1 review is due" : `${count} reviews are due`, count };
}

function announceMark({ rollback }: DeskView): PlaceMark | null {
  if (rollback?.purpose !== "rollback" || !isOpen(rollback)) return null;
  const step = rollback.steps.find(({ id }) => id === "announce");
  const untold = step?.progress === "waiting" || step?.progress === "person";
  return untold ? { tone: "partial", word: "staff have not been told of the rollback" } : null;
}

function settingsMark({ identities, runbook }: DeskView): PlaceMark | null {
  if (runbook.problem) return { tone: "bad", word: "the runbook cannot be read" };
  const operator = identities.find((identity) => identity.role === "operator");
  const ready = operator?.state === "ready" || operator?.state === "kept";
  return ready ? null : { tone: "partial", word: "the operator must sign in" };
}
