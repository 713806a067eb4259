import type { ChangeView } from "../src/bindings/ChangeView";
import type { DeskView } from "../src/bindings/DeskView";
import type { EnvironmentView } from "../src/bindings/EnvironmentView";
import type { PhaseInfo } from "../src/bindings/PhaseInfo";
import type { PhaseStateView } from "../src/bindings/PhaseStateView";
import type { Problem } from "../src/bindings/Problem";

/** 1 March 2026, 14:20:10 in Berlin: the present moment of every fixture. */
export const NOW = Date.UTC(2026, 2, 1, 13, 20, 10);
const MINUTE = 60_000;

export const PHASES: PhaseInfo[] = [
  {
    wire: "phase_1_read_only",
    number: 1,
    label: "Phase 1",
    title: "Read only",
    forMembers: [
      "Browse and search the catalogue and open a book.",
      "Cannot borrow or return, and cannot see their loans.",
      "Cannot rate, review, suggest tags or books, or keep a reading status.",
    ],
    forStaff: [
      "Read the rollout state and change the phase.",
      "Cannot borrow or return for anybody: the gate has no exemption for staff.",
      "Cannot edit items, moderate, look up ISBNs or open the staff dashboard.",
    ],
  },
  {
    wire: "phase_2_member_writes",
    number: 2,
    label: "Phase 2",
    title: "Member writes",
    forMembers: [
      "Browse and search the catalogue and open a book.",
      "Borrow, see their loans and return.",
      "Rate, review, suggest tags and books, keep a reading status.",
    ],
    forStaff: [
      "Read the rollout state and change the phase.",
      "Borrow and return like members.",
      "Cannot edit items, moderate, look up ISBNs or open the staff dashboard.",
    ],
  },
  {
    wire: "phase_3_admin_full",
    number: 3,
    label: "Phase 3",
    title: "Admin full",
    forMembers: [
      "Browse and search the catalogue and open a book.",
      "Borrow, see their loans and return.",
      "Rate, review, suggest tags and books, keep a reading status.",
    ],
    forStaff: [
      "Read the rollout state and change the phase.",
      "Create, edit and delete items, look up ISBNs, override a status.",
      "Moderate recommendations and tags; handle lost items and replacement fees.",
    ],
  },
];

export const PHASE_1 = "phase_1_read_only";
export const PHASE_2 = "phase_2_member_writes";
export const PHASE_3 = "phase_3_admin_full";

export function stateOf(
  phase: string,
  by = "staff_ana",
  atMs = NOW - 18 * MINUTE,
  note: string | null = null,
): PhaseStateView {
  return { phase, note, updatedAtMs: atMs, updatedByUid: by };
}

export const PRACTICE: EnvironmentView = {
  name: "practice",
  kind: "practice",
  apiBase: "http://127.0.0.1:41873",
  identityBase: "http://127.0.0.1:41873",
  tokenBase: "http://127.0.0.1:41873",
  projectId: null,
  phaseCacheMs: 60_000,
};

export const STAGING: EnvironmentView = {
  ...PRACTICE,
  name: "studio-staging",
  kind: "staging",
  apiBase: "https://staging.studio.example/functions",
};

export const LIVE: EnvironmentView = {
  ...PRACTICE,
  name: "studio-live",
  kind: "live",
  apiBase: "https://portal.studio.example/functions",
};

export function problemOf(code: Problem["code"], more: Partial<Problem> = {}): Problem {
  return {
    code,
    message: `What happened: ${code}.`,
    meaning: "What it means.",
    next: "What to do.",
    ...more,
  };
}

/** A change from phase 3 to phase 2, sent a minute ago, acknowledged and read back, settling. */
export function changeOf(more: Partial<ChangeView> = {}): ChangeView {
  const startedAtMs = NOW - 19_000;
  return {
    changeId: "0195512e-7d0a-7a53-9d22-6d7b1a8f3c11",
    from: stateOf(PHASE_3),
    to: PHASE_2,
    note: "Admin screens fail on save since 14:10. Going back while it is looked into.",
    direction: "back",
    actor: "staff_ana",
    run: "R-014",
    incidentId: "INC-2041",
    startedAtMs,
    stage: "settling",
    outcome: "confirmed",
    state: stateOf(PHASE_2, "staff_ana", startedAtMs + 90, "Admin screens fail on save since 14:10."),
    acknowledgedAtMs: startedAtMs + 140,
    readBackAtMs: startedAtMs + 210,
    requests: [
      {
        route: "library.rollout.get",
        requestId: "desk-0195512e7d0a7a53-1",
        status: 200,
        atMs: startedAtMs,
        durationMs: 44,
      },
      {
        route: "library.rollout.set",
        requestId: "desk-0195512e7d0a7a53-2",
        status: 200,
        atMs: startedAtMs + 60,
        durationMs: 71,
      },
      {
        route: "library.rollout.get",
        requestId: "desk-0195512e7d0a7a53-3",
        status: 200,
        atMs: startedAtMs + 150,
        durationMs: 48,
      },
    ],
    settling: { answers: 9, outdated: 2, settlesAtMs: NOW + 41_000, settledAtMs: null },
    problem: null,
    ...more,
  };
}

/** Earlier changes, of every outcome. */
export function historyOf(): ChangeView[] {
  const outcomes = ["confirmed", "refused", "overtaken", "unknown", "confirmed"] as const;
  return outcomes.map((outcome, index) =>
    changeOf({
      changeId: `change-${index}`,
      outcome,
      stage: "done",
      startedAtMs: NOW - (index * 9 + 1) * 60 * MINUTE,
      direction: index % 2 === 0 ? "forward" : "back",
      from: stateOf(index % 2 === 0 ? PHASE_2 : PHASE_3),
      to: index % 2 === 0 ? PHASE_3 : PHASE_2,
      note:
        index === 3
          ? null
          : ([
              "Gate passed, smoke clean.",
              "Checking the rollback.",
              "Second try after the fix.",
              "",
              "First opening to staff, agreed at the morning review with Ana and Bo.",
            ][index] ?? null),
      incidentId: index === 1 ? "INC-2039" : null,
    }),
  );
}

/** A practice desk that just started well, in phase 2. */
export function viewOf(more: Partial<DeskView> = {}): DeskView {
  const identity = { needsStaff: true, sessionOnly: false, state: "ready", problem: null } as const;
  return {
    version: "0.1.0",
    dataDir: "/home/ana/.local/share/cutover-desk",
    zone: "Europe/Berlin",
    environment: PRACTICE,
    environments: [PRACTICE],
    phases: PHASES,
    connection: {
      state: "online",
      sinceMs: NOW - 5 * MINUTE,
      asking: false,
      nextAskMs: NOW + 18_000,
      problem: null,
    },
    reading: {
      state: stateOf(
        PHASE_2,
        "staff_ana",
        NOW - 18 * MINUTE,
        "Gate passed at 13:50, smoke clean. Borrowing is open.",
      ),
      everSet: true,
      readAtMs: NOW - 12_000,
      requestId: "desk-0195512d02117f6e",
    },
    moved: null,
    change: null,
    history: [],
    identities: [
      { ...identity, role: "operator", uid: "staff_ana", staff: true },
      { ...identity, role: "member-smoke", uid: "member_smoke", staff: false, needsStaff: false },
      { ...identity, role: "staff-smoke", uid: "staff_smoke", staff: true },
      { ...identity, role: "admin-smoke", uid: "admin_smoke", staff: true },
    ],
    run: { id: "0195512e-0000-7000-8000-000000000001", label: "R-014", startedAtMs: NOW - 60 * MINUTE },
    keychain: { ready: true, problem: null },
    store: { entries: 214, problem: null },
    practice: {
      faults: [],
      catalogue: [
        { kind: "latency", example: "latency:800", does: "Every answer takes longer" },
        {
          kind: "error",
          example: "error:library.rollout.get:0.3",
          does: "A share of the answers of a route is an internal error",
        },
        {
          kind: "timeout-before",
          example: "timeout-before:library.rollout.set",
          does: "No answer, and nothing was done",
        },
        {
          kind: "timeout-after",
          example: "timeout-after:library.rollout.set",
          does: "No answer, but it was done",
        },
        { kind: "drop", example: "drop:library.rollout.get", does: "The connection breaks" },
        { kind: "outdated", example: "outdated:1", does: "One server keeps the earlier phase" },
        { kind: "revoked-staff", example: "revoked-staff", does: "The operator loses the staff claim" },
      ],
    },
    theme: "system",
    ...more,
  };
}
