import type { PhaseInfo } from "./bindings/PhaseInfo";
import type { PhaseStateView } from "./bindings/PhaseStateView";

/** The most UTF-16 code units of a rollout note; the portal counts them so, and so does JavaScript. */
export const NOTE_LIMIT = 300;

export type Direction = "forward" | "back" | "same";

/** How many characters a note has left; negative when it is too long. */
export function noteLeft(note: string): number {
  return NOTE_LIMIT - note.length;
}

/** The phase with this wire name; absent when the portal names one that the desk does not know. */
export function phaseOf(phases: PhaseInfo[], wire: string): PhaseInfo | undefined {
  return phases.find((phase) => phase.wire === wire);
}

/** "Phase 2", or the portal's own name for a phase that the desk does not know. */
export function labelOf(phases: PhaseInfo[], wire: string): string {
  return phaseOf(phases, wire)?.label ?? wire;
}

/** "Phase 2 · Member writes", or the portal's own name for a phase that the desk does not know. */
export function nameOf(phases: PhaseInfo[], wire: string): string {
  const phase = phaseOf(phases, wire);
  return phase ? `${phase.label} · ${phase.title}` : wire;
}

/** Which way a change goes. From a phase the desk does not know, anything counts as forward: it must be earned. */
export function directionOf(phases: PhaseInfo[], from: string, to: string): Direction {
  if (from === to) return "same";
  const start = phaseOf(phases, from)?.number ?? 0;
  const end = phaseOf(phases, to)?.number ?? Infinity;
  return end < start ? "back" : "forward";
}

/** Whether two states are one and the same save. */
export function sameSave(a: PhaseStateView, b: PhaseStateView): boolean {
  return (
    a.phase === b.phase &&
    a.note === b.note &&
    a.updatedAtMs === b.updatedAtMs &&
    a.updatedByUid === b.updatedByUid
  );
}

/** Those of `lines` that are not true at present: what a move would change. */
export function changed(lines: string[], present: string[]): string[] {
  return lines.filter((line) => !present.includes(line));
}
