import type { RehearsalAct } from "./bindings/RehearsalAct";
import type { RehearsalProgress } from "./bindings/RehearsalProgress";
import type { RehearsalStep } from "./bindings/RehearsalStep";
import type { RehearsalView } from "./bindings/RehearsalView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import type { PlaceId } from "./places";

/** Where a step is done, and what does it there: the first of these that is on screen and can be used. */
export interface Way {
  place: PlaceId;
  section?: string;
  controls: string[];
}

const byId = (id: string) => `[data-testid="${id}"]`;
const ready = (id: string) => `${byId(id)}:not([aria-disabled="true"])`;
const REVIEW = `${byId("fact-next_check_time")} input`;
const QUESTION = '[data-testid^="question-"]:not([data-state="attested"]) textarea';

/** The way to each act. */
export const WAYS: Record<RehearsalAct, Way> = {
  set_phase: { place: "phase", controls: [byId("note")] },
  checklist: { place: "smoke", controls: [byId("run-failed"), byId("run-smoke")] },
  questions: { place: "smoke", controls: [QUESTION] },
  gates: { place: "metrics", controls: [byId("capture")] },
  attach: { place: "metrics", controls: [byId("attach")] },
  tell_staff: { place: "announce", controls: [ready("copy-staff"), REVIEW] },
  tell_members: { place: "announce", controls: [ready("copy-member"), REVIEW] },
  roll_back: { place: "rollback", controls: [] },
  end_run: { place: "settings", section: "run", controls: [byId("end-run")] },
  lessons: { place: "log", controls: [byId("log-lessons")] },
  export: { place: "evidence", controls: [byId("export")] },
};

/** What leads to the step that is to be done now. */
export const GO = byId("rehearsal-go");

/** What chooses the phase with this number, where none is chosen. */
export const moveTo = (number: number): string => byId(`move-${number}`);

/** What earns a gate's missing requests. */
export const SOAK = `${byId("gates")} button`;

/** How far a step has come, as a mark. */
export const PROGRESS: Record<RehearsalProgress, { tone: MarkTone; word: string }> = {
  done: { tone: "good", word: "Done" },
  passed_over: { tone: "skipped", word: "Passed over" },
  now: { tone: "partial", word: "Now" },
  later: { tone: "waiting", word: "Later" },
};

/** The step that is to be done now; none once the rehearsal is finished. */
export function stepNow(rehearsal: RehearsalView): RehearsalStep | null {
  return rehearsal.now === null ? null : (rehearsal.steps[rehearsal.now] ?? null);
}
