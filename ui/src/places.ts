import type { IconName } from "./components/shared/icons";

/** Where the window can be. */
export type PlaceId =
  "advance" | "phase" | "smoke" | "metrics" | "rollback" | "announce" | "evidence" | "settings";

/** A place in the navigation. Those of the runbook stand above those of the desk itself. */
export interface Place {
  id: PlaceId;
  title: string;
  icon: IconName;
}

/** Every place, in the order of the runbook; the window opens at the first, which is Ctrl+1. */
export const PLACES: [Place, ...Place[]] = [
  { id: "advance", title: "May we advance?", icon: "gate" },
  { id: "phase", title: "Phase", icon: "phases" },
  { id: "smoke", title: "Smoke", icon: "checklist" },
  { id: "metrics", title: "Metrics", icon: "chart" },
  { id: "rollback", title: "Roll back", icon: "roll-back" },
  { id: "announce", title: "Announce", icon: "announce" },
  { id: "evidence", title: "Evidence", icon: "evidence" },
  { id: "settings", title: "Settings", icon: "settings" },
];
