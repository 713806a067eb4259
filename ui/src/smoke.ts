import type { SmokeCheckView } from "./bindings/SmokeCheckView";
import type { SmokePlan } from "./bindings/SmokePlan";
import type { SmokeReport } from "./bindings/SmokeReport";
import type { SmokeStepState } from "./bindings/SmokeStepState";
import type { SmokeStepView } from "./bindings/SmokeStepView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import { span } from "./time";

/** The account of a step that only a person can answer. */
export const PERSON = "person";

/** How many steps must be over before the time left can be told from how long they took. */
const ENOUGH_STEPS = 3;
/** A check with more rows than this is shown closed, unless something in it needs to be seen. */
const MANY_ROWS = 12;

/** How a step's state looks and reads. */
export const STEP_MARK: Record<SmokeStepState, { tone: MarkTone; word: string }> = {
  waiting: { tone: "waiting", word: "Waiting" },
  running: { tone: "running", word: "Running" },
  pass: { tone: "good", word: "Pass" },
  fail: { tone: "bad", word: "Fail" },
  blocked: { tone: "blocked", word: "Blocked" },
  skipped: { tone: "skipped", word: "Skipped" },
  attested: { tone: "attested", word: "Attested" },
};

const COLUMN: Record<string, string> = {
  "member-smoke": "Member",
  "staff-smoke": "Staff",
  "admin-smoke": "Admin",
  "adminonly-smoke": "Admin claim only",
  nobody: "Nobody",
  "garbage-token": "Bad token",
};

/** The heading of an account's column; an account that the desk does not know keeps its own name. */
export function columnOf(account: string): string {
  return COLUMN[account] ?? account;
}

/** A line of the matrix: one act, with what came of it as each account. */
export interface Row {
  key: string;
  action: string;
  /** By account. */
  steps: Record<string, SmokeStepView>;
}

/** The requests of a check as lines. The same act as another account stands on the same line. */
export function rowsOf(check: SmokeCheckView): Row[] {
  const rows: Row[] = [];
  for (const step of check.steps) {
    if (step.account === PERSON) continue;
    const same = rows.find(
      (row) =>
        row.action === step.action &&
        !(step.account in row.steps) &&
        Object.values(row.steps).every(({ route }) => route === step.route),
    );
    if (same) same.steps[step.account] = step;
    else rows.push({ key: step.id, action: step.action, steps: { [step.account]: step } });
  }
  return rows;
}

/** The questions of a check that only a person can answer. */
export function questionsOf(check: SmokeCheckView): SmokeStepView[] {
  return check.steps.filter((step) => step.account === PERSON);
}

/** Whether a check is shown with all its lines unless somebody closes it. */
export function opensItself(check: SmokeCheckView): boolean {
  return rowsOf(check).length <= MANY_ROWS || check.steps.some((step) => step.state === "fail");
}

/** "5 of 6 passed, 1 failed", of the requests of a check. */
export function tallyOf(check: SmokeCheckView): string {
  const steps = check.steps.filter((step) => step.account !== PERSON);
  const count = (state: SmokeStepState) => steps.filter((step) => step.state === state).length;
  const parts = [`${count("pass")} of ${steps.length} passed`];
  for (const [state, word] of [
    ["fail", "failed"],
    ["blocked", "blocked"],
    ["skipped", "skipped"],
  ] as const) {
    if (count(state) > 0) parts.push(`${count(state)} ${word}`);
  }
  return parts.join(", ");
}

/** Whether something of a run can be run again: it is over and a request in it did not pass. */
export function canRunAgain(report: SmokeReport): boolean {
  return report.state !== "running" && report.counts.fail + report.counts.blocked > 0;
}

/** "31 of 52 steps, about 4 s left": how far a run is, from how long its steps took so far. */
export function progressOf(report: SmokeReport, now: number): string {
  const { all, open } = report.counts;
  const done = all - open;
  const text = `${done} of ${all} steps`;
  if (done < ENOUGH_STEPS) return text;
  const left = ((now - report.startedAtMs) / done) * open;
  return `${text}, about ${span(Math.max(0, left) + 999)} left`;
}

/** A plan as a run of which nothing was sent yet. */
export function asChecks(plan: SmokePlan): SmokeCheckView[] {
  return plan.checks.map(({ id, words, question, steps }) => ({
    id,
    words,
    steps: [
      ...steps.map((step) => ({ ...UNSENT, ...step })),
      ...(question === null
        ? []
        : [{ ...UNSENT, id: `${id}/${PERSON}`, account: PERSON, action: question, route: null }]),
    ],
  }));
}

const UNSENT = {
  uid: null,
  optional: false,
  state: "waiting",
  label: null,
  meaning: null,
  found: "",
  atMs: null,
  durationMs: null,
  status: null,
  requestId: null,
  supportCode: null,
  carriedFrom: null,
} as const satisfies Partial<SmokeStepView>;
