import type { LogEventView } from "./bindings/LogEventView";
import type { LogOutcome } from "./bindings/LogOutcome";
import type { LogQuery } from "./bindings/LogQuery";
import type { MarkTone } from "./components/shared/Mark.svelte";

/** How a run went, in the desk's one language. */
export const OUTCOMES: Record<LogOutcome, { tone: MarkTone; word: string }> = {
  open: { tone: "running", word: "Open" },
  done: { tone: "good", word: "Done" },
  failed: { tone: "bad", word: "Failed" },
  rolled_back: { tone: "partial", word: "Rolled back" },
};

/** The lanes of the timeline, in order. */
export const LANES = ["run", "phase", "smoke", "evidence", "rollback", "announcement"] as const;

/** A query that lets everything through. */
export function everything(): LogQuery {
  return {
    environment: "",
    kind: null,
    owner: "",
    phase: "",
    outcome: null,
    from: "",
    to: "",
    search: "",
    after: null,
    limit: null,
  };
}

/** A stretch of the timeline as shares of the whole, 0 to 1. */
export interface Bar {
  event: LogEventView;
  from: number;
  to: number;
}

/** The timeline's stretches, each with where it stands between the first moment and the last. */
export function barsOf(events: LogEventView[]): Bar[] {
  const first = Math.min(...events.map(({ atMs }) => atMs));
  const last = Math.max(...events.map(({ atMs, untilMs }) => untilMs ?? atMs));
  const whole = Math.max(1, last - first);
  const share = (ms: number) => (ms - first) / whole;
  return events.map((event) => ({
    event,
    from: share(event.atMs),
    to: share(event.untilMs ?? event.atMs),
  }));
}

/** Which rows of a long list are drawn: those in sight and some around them. */
export function inSight(
  top: number,
  height: number,
  row: number,
  count: number,
): { from: number; to: number } {
  const AROUND = 8;
  const from = Math.max(0, Math.floor(top / row) - AROUND);
  return { from: Math.min(from, count), to: Math.min(count, Math.ceil((top + height) / row) + AROUND) };
}
