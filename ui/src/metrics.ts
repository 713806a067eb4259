import type { EndpointView } from "./bindings/EndpointView";
import type { MoveMark } from "./bindings/MoveMark";
import type { SeriesPoint } from "./bindings/SeriesPoint";
import type { SoakView } from "./bindings/SoakView";
import type { VerdictView } from "./bindings/VerdictView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import { span } from "./time";

/** How a verdict looks; its word is the verdict itself. */
export const VERDICT_TONE: Record<VerdictView, MarkTone> = {
  GO: "good",
  "NO-GO": "bad",
  INSUFFICIENT: "partial",
  STALE: "stale",
};

/** The windows that a snapshot can look back over, minutes. */
export const WINDOWS = [30, 60, 180, 720];

/** What the table of endpoints can be sorted by. */
export type EndpointKey = Exclude<keyof EndpointView, "critical">;

/** A line of the chart's table: a time with requests, or a phase change. */
export type ChartRow = ({ kind: "point" } & SeriesPoint) | ({ kind: "move" } & MoveMark);

/** "0.4 %", from a rate of 0 to 1; two decimals below one percent, so that a limit of 0.25 % can be read. */
export function percent(rate: number): string {
  const value = rate * 100;
  const decimals = value !== 0 && value < 1 ? 2 : 1;
  return `${value.toFixed(decimals).replace(/\.?0+$/, "")} %`;
}

/** "88 ms", or that nothing was measured. */
export function latency(ms: number | null): string {
  return ms === null ? "none" : `${ms} ms`;
}

/** "1 request", "12 requests". */
export function countOf(count: number, one: string): string {
  return count === 1 ? `1 ${one}` : `${count} ${one}s`;
}

/** `library.items.list`, from `/v1/library.items.list`. */
export function routeName(route: string): string {
  return route.replace(/^\/v1\//, "");
}

/** The endpoints in the order asked for; critical ones stay first, and what was not measured stays last. */
export function sorted(endpoints: EndpointView[], key: EndpointKey, descending: boolean): EndpointView[] {
  const sign = descending ? -1 : 1;
  return endpoints.toSorted((a, b) => {
    if (a.critical !== b.critical) return a.critical ? -1 : 1;
    const [left, right] = [a[key], b[key]];
    if (left === right) return a.route.localeCompare(b.route);
    if (left === null) return 1;
    if (right === null) return -1;
    return sign * (left < right ? -1 : 1);
  });
}

/** The chart as lines, oldest first; times without requests are left out. */
export function rowsOf(series: SeriesPoint[], moves: MoveMark[]): ChartRow[] {
  const points = series
    .filter((point) => point.requests > 0)
    .map((point) => ({ kind: "point" as const, ...point }));
  return [...points, ...moves.map((move) => ({ kind: "move" as const, ...move }))].toSorted(
    (a, b) => a.atMs - b.atMs,
  );
}

/** "120 of 149 requests, none failed, 12 s left at most". */
export function soakSentence({ done, wanted, failed, leftMs }: SoakView): string {
  const failures = failed === 0 ? "none failed" : `${failed} failed`;
  return `${done} of ${countOf(wanted, "request")}, ${failures}, ${span(leftMs + 999)} left at most`;
}
