import type { LogEntryView } from "../src/bindings/LogEntryView";
import type { LogFieldView } from "../src/bindings/LogFieldView";
import type { LogRowView } from "../src/bindings/LogRowView";
import { clockTime } from "../src/time";
import { NOW } from "./fixtures";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** As the program writes when a run began. */
function beganOf(ms: number): string {
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "Europe/Berlin" }).format(ms);
  return `${day}, ${clockTime(ms, "Europe/Berlin")} CET`;
}

export function rowOf(more: Partial<LogRowView> = {}): LogRowView {
  return {
    id: "run-14",
    label: "R-014",
    kind: "rehearsal",
    environment: "practice",
    beganAtMs: NOW - 30 * MINUTE,
    began: beganOf(NOW - 30 * MINUTE),
    owner: "Ana Weber",
    outcome: "rolled_back",
    withdrawn: false,
    ...more,
  };
}

/** The newest runs, one a day. */
export function rowsOf(count = 3): LogRowView[] {
  return Array.from({ length: count }, (_, index) =>
    rowOf({
      id: `run-${14 - index}`,
      label: `R-${String(14 - index).padStart(3, "0")}`,
      beganAtMs: NOW - 30 * MINUTE - index * DAY,
      began: beganOf(NOW - 30 * MINUTE - index * DAY),
      outcome: index === 0 ? "rolled_back" : index === 1 ? "failed" : "done",
      kind: index === 2 ? "live" : "rehearsal",
    }),
  );
}

function fieldOf(field: string, label: string, more: Partial<LogFieldView> = {}): LogFieldView {
  const fact = more.fact ?? null;
  return {
    field,
    label,
    heading: null,
    value: more.typed?.text ?? fact ?? "",
    fact,
    typed: null,
    wrong: null,
    changes: 0,
    canUndo: false,
    ...more,
  };
}

export function entryOf(more: Partial<LogEntryView> = {}): LogEntryView {
  const smoke = { heading: "Smoke results" };
  const artifacts = { heading: "Artifacts attached" };
  return {
    ...rowOf(),
    isRun: true,
    madeBy: "staff_ana",
    madeAtMs: NOW - 30 * MINUTE,
    withdrawal: null,
    fields: [
      fieldOf("date", "Date", { fact: "2026-03-01" }),
      fieldOf("release-owner", "Release owner", { fact: "Ana Weber" }),
      fieldOf("start-time", "Start time", { fact: "13:50:20 CET" }),
      fieldOf("end-time", "End time", {
        typed: { text: "13:10", by: "staff_ana", atMs: NOW - MINUTE },
        wrong: "The end is before the start.",
        changes: 1,
        canUndo: true,
      }),
      fieldOf("duration-minutes", "Duration minutes"),
      fieldOf("phase-promoted", "Phase promoted", { fact: "phase_2_member_writes" }),
      fieldOf("phase-rolled-back", "Phase rolled back (if any)", { fact: "phase_1_read_only" }),
      fieldOf("reason", "Reason", {
        fact: "loans fail (INC-42)",
        typed: { text: "every second loan failed", by: "staff_ana", atMs: NOW - MINUTE },
        changes: 2,
        canUndo: true,
      }),
      fieldOf("member-smoke", "member-smoke", {
        ...smoke,
        fact: "phase_2_member_writes: FAILED, 8 of 9 passed",
      }),
      fieldOf("staff-smoke", "staff-smoke", { ...smoke, fact: "phase_2_member_writes: 4 of 4 passed" }),
      fieldOf("admin-smoke", "admin-smoke", smoke),
      fieldOf("rollout-metadata", "rollout metadata", { ...artifacts, fact: "phase_1_read_only" }),
      fieldOf("phase-metrics", "phase metrics JSON", artifacts),
      fieldOf("request-ids", "request ids", { ...artifacts, fact: "req_9f2c (support s-41)" }),
      fieldOf("notes", "Notes"),
      fieldOf("tags", "Tags"),
      fieldOf("lessons", "Lessons"),
    ],
    timeline: [
      {
        atMs: NOW - 30 * MINUTE,
        untilMs: null,
        isOpen: false,
        kind: "run",
        words: "Run started",
        by: "staff_ana",
        wrong: false,
      },
      {
        atMs: NOW - 28 * MINUTE,
        untilMs: NOW - 27 * MINUTE,
        isOpen: false,
        kind: "phase",
        words: "Phase 2: confirmed",
        by: "staff_ana",
        wrong: false,
      },
      {
        atMs: NOW - 24 * MINUTE,
        untilMs: NOW - 20 * MINUTE,
        isOpen: false,
        kind: "smoke",
        words: "Smoke checklist of Phase 2: not proven",
        by: "staff_ana",
        wrong: true,
      },
    ],
    ...more,
  };
}
