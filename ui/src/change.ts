import type { ChangeOutcomeView } from "./bindings/ChangeOutcomeView";
import type { ChangeView } from "./bindings/ChangeView";
import type { PhaseInfo } from "./bindings/PhaseInfo";
import type { SettlingView } from "./bindings/SettlingView";
import { labelOf } from "./phase";
import { secondsLeft } from "./time";

/** How a mark looks; see `Mark.svelte`. */
export type Tone = "good" | "bad" | "partial" | "unknown" | "running" | "skipped" | "waiting";

/** One of the three steps of a change that is being, or was, saved. */
export interface Step {
  key: "acknowledged" | "read-back" | "settled";
  label: string;
  tone: Tone;
  /** The state in a word, for those who do not see the mark. */
  word: string;
  /** When it was reached. */
  atMs: number | null;
  text: string;
  /** How much of it is done, 0 to 1, while that can be told. */
  share?: number;
}

/** Whether the portal is being asked right now, so that nothing else about this change can be done. */
export function inFlight(change: ChangeView): boolean {
  return change.stage === "rereading" || change.stage === "sending" || change.stage === "reading_back";
}

/** The change in a sentence that can stand alone, with its tone. */
export function headline(change: ChangeView, phases: PhaseInfo[]): { tone: Tone; text: string } {
  const to = labelOf(phases, change.to);
  switch (change.outcome) {
    case null:
      return inFlight(change)
        ? { tone: "running", text: `Saving ${to}` }
        : { tone: "unknown", text: "We do not know yet whether it was saved" };
    case "unknown":
      return { tone: "unknown", text: "We do not know yet whether it was saved" };
    case "confirmed":
      return { tone: "good", text: change.direction === "same" ? "The note is saved" : `${to} is saved` };
    case "refused":
      return { tone: "bad", text: "The portal refused it. Nothing changed" };
    case "not_sent":
      return { tone: "bad", text: "It was not sent. Nothing changed" };
    case "overtaken":
      return { tone: "partial", text: "It was saved, and then someone else moved the phase" };
    case "not_applied":
      return { tone: "bad", text: "It was not saved. Nothing changed" };
  }
}

/** The outcome in a word or two, for a table. */
export function outcomeWord(outcome: ChangeOutcomeView | null): { tone: Tone; word: string } {
  switch (outcome) {
    case null:
      return { tone: "running", word: "In progress" };
    case "confirmed":
      return { tone: "good", word: "Saved" };
    case "refused":
      return { tone: "bad", word: "Refused" };
    case "not_sent":
      return { tone: "bad", word: "Not sent" };
    case "unknown":
      return { tone: "unknown", word: "Not known" };
    case "overtaken":
      return { tone: "partial", word: "Saved, then overtaken" };
    case "not_applied":
      return { tone: "bad", word: "Not saved" };
  }
}

/** The three steps a change goes through: acknowledged, read back, settled. */
export function stepsOf(change: ChangeView, phases: PhaseInfo[], now: number): Step[] {
  return [acknowledged(change, now), readBack(change, phases), settled(change, phases, now)];
}

/** How far the portal's servers agree: "2 of 9 answers still Phase 3, 41 s left at most". */
export function settlingSentence(
  settling: SettlingView,
  change: Pick<ChangeView, "from" | "to" | "direction">,
  phases: PhaseInfo[],
  now: number,
): string {
  const { answers, outdated, settledAtMs } = settling;
  const to = change.direction === "same" ? "the new note" : labelOf(phases, change.to);
  const from = change.direction === "same" ? "the earlier note" : labelOf(phases, change.from.phase);
  if (settledAtMs !== null) {
    return `Every server has had time to follow; ${answers} ${answers === 1 ? "answer" : "answers"} read`;
  }
  const count =
    answers === 0
      ? "No answer read yet"
      : outdated > 0
        ? `${outdated} of ${answers} answers still ${from}`
        : `${answers} of ${answers} answers say ${to}`;
  const left = secondsLeft(settling.settlesAtMs, now);
  return left > 0 ? `${count}, ${left} s left at most` : `${count}, waiting for the next answer`;
}

/** How much of the wait is over. A disagreeing answer moves the end away, and the share back. */
function shareOf(settling: SettlingView, change: ChangeView, now: number): number {
  const start = change.acknowledgedAtMs ?? change.readBackAtMs ?? change.startedAtMs;
  const whole = settling.settlesAtMs - start;
  return whole <= 0 ? 1 : Math.min(1, Math.max(0, (now - start) / whole));
}

function acknowledged(change: ChangeView, now: number): Step {
  const step = { key: "acknowledged", label: "Acknowledged", atMs: change.acknowledgedAtMs } as const;
  if (change.acknowledgedAtMs !== null) {
    return { ...step, tone: "good", word: "done", text: "The portal accepted it" };
  }
  if (change.outcome === "confirmed" || change.outcome === "overtaken") {
    return { ...step, tone: "skipped", word: "no answer", text: "No answer came, but it was saved" };
  }
  if (change.stage === "rereading") {
    return { ...step, tone: "waiting", word: "waiting", text: "First the phase is read once more" };
  }
  if (change.stage === "sending") {
    const waited = Math.floor((now - change.startedAtMs) / 1000);
    const text = waited < 1 ? "Sent to the portal" : `Sent; waiting ${waited} s for the portal's answer`;
    return { ...step, tone: "running", word: "running", text };
  }
  switch (change.outcome) {
    case "refused":
      return { ...step, tone: "bad", word: "refused", text: "Refused by the portal" };
    case "not_sent":
      return { ...step, tone: "skipped", word: "not sent", text: "It never reached the portal" };
    case "not_applied":
      return { ...step, tone: "bad", word: "not saved", text: "No answer came, and it was not saved" };
    case "unknown":
    case null:
      return { ...step, tone: "unknown", word: "unknown", text: "No answer came; it may have been saved" };
  }
}

function readBack(change: ChangeView, phases: PhaseInfo[]): Step {
  const step = { key: "read-back", label: "Read back", atMs: change.readBackAtMs } as const;
  if (change.readBackAtMs !== null) {
    const says = change.state ? ` says ${labelOf(phases, change.state.phase)}` : " answered";
    const tone =
      change.outcome === "overtaken" ? "partial" : change.outcome === "not_applied" ? "bad" : "good";
    return { ...step, tone, word: "done", text: `The portal${says}` };
  }
  if (change.stage === "reading_back") {
    return { ...step, tone: "running", word: "running", text: "Asking the portal what it says now" };
  }
  if (change.stage === "asking_outcome") {
    return { ...step, tone: "running", word: "running", text: "Asking the portal what became of it" };
  }
  if (change.stage === "done") return { ...step, tone: "skipped", word: "not done", text: "Not read back" };
  return { ...step, tone: "waiting", word: "waiting", text: "The portal, asked again, says so too" };
}

function settled(change: ChangeView, phases: PhaseInfo[], now: number): Step {
  const step = { key: "settled", label: "Settled", atMs: change.settling?.settledAtMs ?? null } as const;
  if (change.settling) {
    const text = settlingSentence(change.settling, change, phases, now);
    if (step.atMs !== null) return { ...step, tone: "good", word: "done", text };
    if (change.stage === "settling") {
      return {
        ...step,
        tone: "running",
        word: "running",
        text,
        share: shareOf(change.settling, change, now),
      };
    }
    return { ...step, tone: "skipped", word: "not watched", text: "Not watched to the end" };
  }
  if (change.stage === "done")
    return { ...step, tone: "skipped", word: "nothing", text: "Nothing to settle" };
  return { ...step, tone: "waiting", word: "waiting", text: "Every server of the portal has followed" };
}
