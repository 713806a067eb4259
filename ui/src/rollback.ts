import type { DeskView } from "./bindings/DeskView";
import type { DrillSummary } from "./bindings/DrillSummary";
import type { PhaseInfo } from "./bindings/PhaseInfo";
import type { ProbeSaid } from "./bindings/ProbeSaid";
import type { RollbackProbeView } from "./bindings/RollbackProbeView";
import type { RollbackProgress } from "./bindings/RollbackProgress";
import type { RollbackSplit } from "./bindings/RollbackSplit";
import type { RollbackStepView } from "./bindings/RollbackStepView";
import type { RollbackTrigger } from "./bindings/RollbackTrigger";
import type { RollbackView } from "./bindings/RollbackView";
import type { IconName } from "./components/shared/icons";
import type { MarkTone } from "./components/shared/Mark.svelte";
import { labelOf, NOTE_LIMIT, phaseOf } from "./phase";
import { span } from "./time";

/** The most UTF-16 code units of an incident's id, so that it always fits the note whole. */
export const INCIDENT_LIMIT = 100;

/** The reasons the runbook names, in its order. */
export const TRIGGERS: { id: RollbackTrigger; title: string; about: string; noted: string }[] = [
  {
    id: "gate_breach",
    title: "Gate breach",
    about: "A number went over its limit.",
    noted: "gate breach",
  },
  {
    id: "runtime_errors",
    title: "Repeated runtime errors",
    about: "People meet errors again and again.",
    noted: "repeated runtime errors",
  },
  {
    id: "admin_failure",
    title: "Blocking admin failure",
    about: "Staff cannot do their work.",
    noted: "blocking admin failure",
  },
  { id: "other", title: "Other", about: "Anything else; say what.", noted: "other" },
];

/** How a step looks and reads. */
export const STEP_MARK: Record<RollbackProgress, { tone: MarkTone; word: string }> = {
  waiting: { tone: "waiting", word: "Waiting" },
  running: { tone: "running", word: "Running" },
  done: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "Failed" },
  passed_over: { tone: "skipped", word: "Passed over" },
  person: { tone: "waiting", word: "For a person" },
};

/** What an answer says, in a word. */
export const SAID_WORD: Record<ProbeSaid, string> = {
  agrees: "agrees",
  outdated: "still from before",
  failed: "not the answer that must come",
  skipped: "not asked",
};

const SPLIT_LABEL: Record<RollbackSplit, string> = {
  opened: "Opened",
  sent: "Phase sent",
  acknowledged: "Acknowledged",
  verified: "Verified",
  settled: "Settled",
  restored: "Restored",
  announced: "Announced",
  closed: "Closed",
};

/** A split as it stands under the clock. */
export interface Split {
  split: RollbackSplit;
  label: string;
  takenMs: number | null;
  /** Whether it came within the target, of those it is said of. */
  within: boolean | null;
}

/** Whether it goes on. */
export function isOpen(rollback: RollbackView): boolean {
  return rollback.closedAtMs === null;
}

/** Whether it must be seen to before another rollback can be decided on. A drill gives way to one for real. */
export function isInTheWay(rollback: RollbackView): boolean {
  return isOpen(rollback) && rollback.purpose === "rollback";
}

/** "Rollback" or "Drill". */
export function purposeWord({ purpose }: Pick<RollbackView, "purpose">): string {
  return purpose === "drill" ? "Drill" : "Rollback";
}

/** How long it has taken, or took, however the computer's clock was set meanwhile. Never negative. */
export function takenMs(rollback: RollbackView, now: number): number {
  const closed = rollback.splits.find(({ split }) => split === "closed")?.takenMs;
  if (closed !== undefined && closed !== null) return closed;
  const until = rollback.closedAtMs ?? now;
  return Math.max(0, until - rollback.openedAtMs - rollback.jumpedMs);
}

/** "03:41", or "1:03:41" from an hour on. */
export function clockText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours === 0 ? rest : `${hours}:${rest}`;
}

/** "00:04.2": where a tenth of a second tells something. */
export function splitText(ms: number): string {
  return `${clockText(ms)}.${Math.floor(ms / 100) % 10}`;
}

/** How urgent the clock has become. */
export interface Urgency {
  level: "none" | "soon" | "late" | "over";
  icon: IconName;
  /** In words; empty while there is time. */
  word: string;
}

/** Warns at 10 and at 13 of 15 minutes, in the same proportion for another budget. Nothing ever stops because of it. */
export function urgencyOf(taken: number, budget: number): Urgency {
  if (taken >= budget) {
    return { level: "over", icon: "octagon", word: `over by ${clockText(taken - budget)}` };
  }
  const left = `${span(Math.ceil((budget - taken) / 60_000) * 60_000)} left at most`;
  if (taken >= (budget / 15) * 13) return { level: "late", icon: "warning", word: left };
  if (taken >= (budget / 15) * 10) return { level: "soon", icon: "hourglass", word: left };
  return { level: "none", icon: "clock", word: "" };
}

/** What to say of a computer's clock that was set meanwhile; nothing where it was not. */
export function jumpWords(jumpedMs: number): string | null {
  if (jumpedMs === 0) return null;
  const by = `${jumpedMs > 0 ? "+" : "−"}${span(Math.abs(jumpedMs))}`;
  return `The computer's clock was set by ${by}; the time shown is corrected.`;
}

/** Every split, those to come without a time. Of verified and settled it is said whether they kept within the target. */
export function splitsOf(rollback: RollbackView): Split[] {
  return rollback.splits.map(({ split, takenMs: taken, withinTarget }) => ({
    split,
    label: SPLIT_LABEL[split],
    takenMs: taken,
    within: split === "verified" || split === "settled" ? withinTarget : null,
  }));
}

/** Whether nothing more is to be done for a step. */
export function isOver(step: RollbackStepView): boolean {
  return step.progress === "done" || step.progress === "passed_over";
}

/** The step that it is at: the first that is not over; the last one at the end. */
export function presentStep(rollback: RollbackView): RollbackStepView | undefined {
  return rollback.steps.find((step) => !isOver(step)) ?? rollback.steps.at(-1);
}

/** Whether a step is shown open by itself: it goes on, needs somebody, or is where the procedure is. */
export function opensItself(step: RollbackStepView, rollback: RollbackView): boolean {
  if (!isOpen(rollback)) return false;
  return step.progress === "running" || needsPerson(step) || step === presentStep(rollback);
}

/** Whether it goes no further with a step until somebody decides. */
export function needsPerson(step: RollbackStepView): boolean {
  return step.progress === "failed" || step.progress === "person";
}

/**
 * The phase that a rollback goes back from, wire name: where the portal is, or a later one that an open drill found and
 * would put back. None while the portal has told none.
 */
export function fromOf({ phases, reading, rollback }: DeskView): string | null {
  const present = reading?.state.phase ?? null;
  const found = rollback && isOpen(rollback) && !isInTheWay(rollback) ? rollback.from?.phase : undefined;
  if (present === null || found === undefined) return present;
  const number = (wire: string) => phaseOf(phases, wire)?.number ?? 0;
  return number(present) > 0 && number(found) > number(present) ? found : present;
}

/** The phases that a rollback can go to, the nearest first. From a phase that is not known: any but the last. */
export function targetsOf(phases: PhaseInfo[], from: string | null): PhaseInfo[] {
  const last = phases.at(-1)?.number ?? 0;
  const start = (from === null ? undefined : phaseOf(phases, from)?.number) ?? last;
  return phases.filter(({ number }) => number < start).toReversed();
}

/**
 * The note that the desk will save, as the program makes it: what is too long is cut from the reason, never from the
 * time or an id. `cut` is whether that is so.
 */
export function noteOf(
  atMs: number,
  incident: string,
  operator: string,
  trigger: RollbackTrigger | null,
  reason: string,
): { text: string; cut: boolean } {
  const time = `${new Date(atMs).toISOString().slice(0, 19)}Z`;
  const id = incident.trim();
  const ids = `ROLLBACK ${time}${id === "" ? "" : ` ${id}`} by ${operator}`;
  const noted = TRIGGERS.find((each) => each.id === trigger)?.noted;
  const why = [noted ?? "", oneLine(reason)].filter((part) => part !== "").join(", ");
  if (why === "") return { text: ids, cut: false };
  const whole = `${ids}: ${why}`;
  if (whole.length <= NOTE_LIMIT) return { text: whole, cut: false };
  const start = startOf(why, Math.max(0, NOTE_LIMIT - ids.length - ": …".length));
  return { text: start === "" ? ids : `${ids}: ${start}…`, cut: true };
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** The longest start of at most `room` UTF-16 code units that ends between characters. */
function startOf(text: string, room: number): string {
  let start = "";
  for (const character of text) {
    if (start.length + character.length > room) break;
    start += character;
  }
  return start.trimEnd();
}

/** How the newest answers stand, as a sentence that changes only when they do. */
export function agreementOf(probes: RollbackProbeView[]): string {
  const newest = probes.flatMap(({ answers }) => answers.slice(-1));
  if (newest.length === 0) return "No answer yet.";
  const parts = (["agrees", "outdated", "failed", "skipped"] as const).flatMap((said) => {
    const count = newest.filter((each) => each === said).length;
    return count === 0
      ? []
      : [`${count} ${said === "agrees" ? (count === 1 ? "agrees" : "agree") : SAID_WORD[said]}`];
  });
  return `Of ${newest.length} probes: ${parts.join(", ")}.`;
}

/** What is read out when it changes: the step, the answers, and what keeps it from going on. No ticking in it. */
export function spokenOf(rollback: RollbackView): string {
  if (!isOpen(rollback)) return closedWords(rollback);
  const step = presentStep(rollback);
  const parts: string[] = [];
  if (step) {
    const number = rollback.steps.indexOf(step) + 1;
    parts.push(`Step ${number} of ${rollback.steps.length}: ${step.words} ${STEP_MARK[step.progress].word}.`);
  }
  if (rollback.probes.some(({ answers }) => answers.length > 0)) parts.push(agreementOf(rollback.probes));
  return parts.join(" ");
}

/** What came of a closed one, in a sentence. */
export function closedWords(rollback: RollbackView): string {
  const word = purposeWord(rollback);
  if (rollback.gaveUp !== null) return "What the drill found could not be put back.";
  if (rollback.stopped !== null) return `The ${word.toLowerCase()} was stopped before it was through.`;
  return `The ${word.toLowerCase()} is closed after ${clockText(takenMs(rollback, 0))}.`;
}

/** "Phase 3 → Phase 2"; what is not known is said to be so. */
export function wayOf(from: string | null, to: string | null, phases: PhaseInfo[]): string {
  const label = (wire: string | null) => (wire === null ? null : labelOf(phases, wire));
  return `${label(from) ?? "Phase not known"} → ${label(to) ?? "not chosen yet"}`;
}

/** How a drill ended, as a mark. A word that the desk does not know is shown as it is. */
export function drillMark({ status }: Pick<DrillSummary, "status">): { tone: MarkTone; word: string } {
  switch (status) {
    case "passed":
      return { tone: "good", word: "Passed" };
    case "failed":
      return { tone: "bad", word: "Failed" };
    default:
      return { tone: "unknown", word: status === "unknown" ? "Not known" : status };
  }
}

/** What stands in the way of the portal or the journal, and that a rollback goes on all the same. */
export function stillWorks({ connection, store }: DeskView): string[] {
  const lines: string[] = [];
  if (connection.state === "offline" || connection.state === "faulty") {
    lines.push(
      "The portal does not answer as it should. Roll back all the same: the clock starts, and the desk keeps trying to set the phase and says since when.",
    );
  }
  if (connection.state === "signed_out") {
    lines.push(
      "The operator is not signed in. Roll back all the same: the clock starts, and the desk offers what other account could set the phase.",
    );
  }
  if (store.problem) {
    lines.push(
      "The journal cannot be written. Roll back all the same: every step is done, and what could not be recorded is said.",
    );
  }
  return lines;
}
