import type { IconName } from "./components/shared/icons";

/** Where the window can be. */
export type PlaceId = "phase" | "settings";

/** A place in the navigation. Those of the runbook stand above those of the desk itself. */
export interface Place {
  id: PlaceId;
  title: string;
  icon: IconName;
}

/** Every place, in the order of the runbook; Ctrl+1 is the first. */
export const PLACES: Place[] = [
  { id: "phase", title: "Phase", icon: "phases" },
  { id: "settings", title: "Settings", icon: "settings" },
];
