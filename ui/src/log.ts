import type { LogEventView } from "./bindings/LogEventView";
import type { LogOutcome } from "./bindings/LogOutcome";
import type { LogQuery } from "./bindings/LogQuery";
import type { MarkTone } from "./components/shared/Mark.svelte";
import { atSecond, clockTime, span } from "./time";

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

/** The first moment of a timeline and the last. */
function endsOf(events: LogEventView[]): { first: number; whole: number } {
  const first = Math.min(...events.map(({ atMs }) => atMs));
  const last = Math.max(...events.map(({ atMs, untilMs }) => untilMs ?? atMs));
  return { first, whole: Math.max(1, last - first) };
}

/** The timeline's stretches, each with where it stands between the first moment and the last. What goes on reaches the end. */
export function barsOf(events: LogEventView[]): Bar[] {
  const { first, whole } = endsOf(events);
  const share = (ms: number) => (ms - first) / whole;
  return events.map((event) => ({
    event,
    from: share(event.atMs),
    to: event.isOpen ? 1 : share(event.untilMs ?? event.atMs),
  }));
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** How far the times on an axis are apart: what people count in. */
const APART = [
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 96, 168].map((hours) => hours * HOUR),
];
const MOST_TICKS = 6;

/** The times on the timeline's axis, each with where it stands, 0 to 1. */
export function ticksOf(events: LogEventView[], zone: string): { at: number; words: string }[] {
  if (events.length === 0) return [];
  const { first, whole } = endsOf(events);
  const apart = APART.find((apart) => whole / apart < MOST_TICKS) ?? whole;
  const ticks: { at: number; words: string }[] = [];
  // On the hours and days of the zone.
  const ahead = aheadAt(first, zone);
  const begin = Math.ceil((first + ahead) / apart) * apart - ahead;
  for (let ms = begin; ms <= first + whole; ms += apart) {
    // Days and seconds only where they tell one time from the next.
    const words =
      whole >= 24 * HOUR
        ? dayAndTime(ms, zone)
        : apart < MINUTE
          ? clockSeconds(ms, zone)
          : clockTime(ms, zone);
    ticks.push({ at: (ms - first) / whole, words });
  }
  return ticks;
}

/** How far a zone's clocks are ahead of UTC at a moment, milliseconds. */
function aheadAt(ms: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    dateStyle: "short",
    timeStyle: "medium",
    timeZone: zone,
    hourCycle: "h23",
  }).formatToParts(ms);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const there = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
  return there - Math.floor(ms / MINUTE) * MINUTE;
}

function clockSeconds(ms: number, zone: string): string {
  const [time = ""] = atSecond(ms, ms, zone).split(" ");
  return time;
}

function dayAndTime(ms: number, zone: string): string {
  const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: zone }).format(ms);
  return `${day} ${clockTime(ms, zone)}`;
}

/** The zone's abbreviation at a moment: `CET`. */
export function zoneAt(ms: number, zone: string): string {
  return atSecond(ms, ms, zone).split(" ").slice(1).join(" ");
}

/** What an event is, in words, with how long it took. */
export function lasted(event: LogEventView): string {
  if (event.isOpen) return ", goes on";
  const ms = event.untilMs === null ? 0 : event.untilMs - event.atMs;
  return ms >= SECOND ? `, ${span(ms)}` : "";
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
