import type { RehearsalAct } from "../src/bindings/RehearsalAct";
import type { RehearsalView } from "../src/bindings/RehearsalView";
import { PHASE_1, PHASE_2, PHASE_3, runOf } from "./fixtures";

const LABELS: Record<string, string> = { [PHASE_1]: "Phase 1", [PHASE_2]: "Phase 2", [PHASE_3]: "Phase 3" };
const proving = (phase: string): [RehearsalAct, string, string][] => [
  ["set_phase", phase, `Set ${LABELS[phase]}`],
  ["checklist", phase, `Run the smoke checklist of ${LABELS[phase]}`],
  ["questions", phase, `Answer what only a person can see in ${LABELS[phase]}`],
  ["gates", phase, `Measure ${LABELS[phase]} until its gates say GO`],
  ["attach", phase, `Attach the snapshot of ${LABELS[phase]} to the run`],
];
const STEPS: [RehearsalAct, string | null, string][] = [
  ...proving(PHASE_1),
  ...proving(PHASE_2),
  ...proving(PHASE_3),
  ["tell_staff", null, "Write to the staff"],
  ["tell_members", null, "Write to the members"],
  ["roll_back", PHASE_3, "Roll back from Phase 3, against the clock"],
  ...proving(PHASE_2).slice(1),
  ...proving(PHASE_3),
  ["end_run", null, "End the run"],
  ["lessons", null, "Write down what was learned"],
  ["export", null, "Seal the evidence"],
];

/** How many steps the whole rehearsal has. */
export const STEPS_IN_ALL = STEPS.length;

/** A rehearsal in which so many steps are done. */
export function rehearsalOf(done = 0, more: Partial<RehearsalView> = {}): RehearsalView {
  return {
    run: runOf(),
    steps: STEPS.map(([act, phase, title], index) => ({
      act,
      phase,
      title,
      how: "It is done with the page’s own controls.",
      found: null,
      progress: index < done ? "done" : index === done ? "now" : "later",
    })),
    now: done < STEPS.length ? done : null,
    breach: null,
    surprises: [
      { surprise: "gate_breach", title: "A gate breach", does: "Half of the requests fail.", on: false },
      {
        surprise: "outdated_instance",
        title: "An outdated instance",
        does: "One server never notices a change.",
        on: false,
      },
    ],
    ...more,
  };
}

/** The place of the first step with this act, from a place on. */
export function placeOf(act: RehearsalAct, from = 0): number {
  return STEPS.findIndex(([each], index) => index >= from && each === act);
}
