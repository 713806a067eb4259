import type { AdvanceView } from "../src/bindings/AdvanceView";
import type { ChangeView } from "../src/bindings/ChangeView";
import type { DeskView } from "../src/bindings/DeskView";
import type { DrillSummary } from "../src/bindings/DrillSummary";
import type { EndpointView } from "../src/bindings/EndpointView";
import type { EnvironmentView } from "../src/bindings/EnvironmentView";
import type { GateView } from "../src/bindings/GateView";
import type { MetricsView } from "../src/bindings/MetricsView";
import type { OverrideView } from "../src/bindings/OverrideView";
import type { PhaseInfo } from "../src/bindings/PhaseInfo";
import type { PhaseStateView } from "../src/bindings/PhaseStateView";
import type { ProbeSaid } from "../src/bindings/ProbeSaid";
import type { Problem } from "../src/bindings/Problem";
import type { RollbackProbeView } from "../src/bindings/RollbackProbeView";
import type { RollbackProgress } from "../src/bindings/RollbackProgress";
import type { RollbackSplit } from "../src/bindings/RollbackSplit";
import type { RollbackView } from "../src/bindings/RollbackView";
import type { RunbookView } from "../src/bindings/RunbookView";
import type { SafeStateView } from "../src/bindings/SafeStateView";
import type { RunView } from "../src/bindings/RunView";
import type { SmokePlan } from "../src/bindings/SmokePlan";
import type { SmokeReport } from "../src/bindings/SmokeReport";
import type { SmokeStepState } from "../src/bindings/SmokeStepState";

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

export const BUILTIN_RUNBOOK: RunbookView = {
  source: "builtin",
  name: null,
  sha256: "c1f0a4d85e9b27f6",
  problem: null,
};

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
  changeWindow: null,
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
    overrideReason: null,
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

/** A rehearsal that began an hour ago. */
export function runOf(more: Partial<RunView> = {}): RunView {
  return {
    id: "0195512e-0000-7000-8000-000000000001",
    label: "R-014",
    kind: "rehearsal",
    environment: "practice",
    owner: "Ana Weber",
    runbookSha256: BUILTIN_RUNBOOK.sha256,
    startedBy: "staff_ana",
    startedAtMs: NOW - 60 * MINUTE,
    endedAtMs: null,
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
      overrideReason: index === 4 ? "The metrics page was down; Ana and Bo agreed by phone." : null,
    }),
  );
}

/** Nothing is missing before phase 3. */
export const READY: AdvanceView = {
  answer: "Yes: nothing is missing before Phase 3.",
  ready: true,
  to: PHASE_3,
  basis: "everything is there",
  items: [
    {
      id: "smoke",
      title: "Smoke checklist of Phase 2",
      found: "26 of 26 steps passed, 14:09 CET, 11 min ago.",
      state: "done",
      action: null,
    },
    {
      id: "attestations",
      title: "What a person attests",
      found: "1 of 1 attested by staff_ana.",
      state: "done",
      action: null,
    },
    {
      id: "gate:phase2-writes",
      title: "Borrow and check-in write failure under 2.0 %",
      found: "0 % of 40, limit 2.0 %, 6 min old.",
      state: "done",
      action: null,
    },
    {
      id: "artifact",
      title: "Metrics artifact attached to the run",
      found: "Attached 14:15 CET.",
      state: "done",
      action: null,
    },
  ],
};

/** One thing of each kind is missing before phase 3. */
export const NOT_YET: AdvanceView = {
  answer: "Not yet: 4 things are missing before Phase 3.",
  ready: false,
  to: PHASE_3,
  basis: "something is missing",
  items: [
    {
      id: "smoke",
      title: "Smoke checklist of Phase 2",
      found: "1 of 26 steps failed, 14:09 CET, 11 min ago.",
      state: "no_go",
      action: "run_failed",
    },
    {
      id: "attestations",
      title: "What a person attests",
      found: "Nobody has said yet whether staff routes are hidden in member mode.",
      state: "missing",
      action: "attest",
    },
    {
      id: "gate:phase2-writes",
      title: "Borrow and check-in write failure under 2.0 %",
      found: "0 failures in 8; the gate asks for at least 20.",
      state: "insufficient",
      action: "soak",
    },
    {
      id: "gate:phase2-routes",
      title: "No sustained route errors on critical write endpoints",
      found: "No 404 in 31 requests.",
      state: "done",
      action: null,
    },
    {
      id: "artifact",
      title: "Metrics artifact attached to the run",
      found: "Attached before the phase was set; measure again.",
      state: "stale",
      action: "capture",
    },
  ],
};

export const GATES: GateView[] = [
  {
    id: "phase2-writes",
    title: "Borrow and check-in write failure under 2.0 %",
    phase: PHASE_2,
    verdict: "INSUFFICIENT",
    sentence: "0 % of 8, limit 2.0 %, 6 min old; at least 20 are needed.",
    smallPrint:
      "0 failures in 8: the true rate could be as high as 31.2 %; 149 clean ones would show it is under 2 %.",
    value: 0,
    threshold: 0.02,
    count: 8,
    failures: 0,
    moreNeeded: 12,
  },
  {
    id: "phase2-routes",
    title: "No sustained route errors on critical write endpoints",
    phase: PHASE_2,
    verdict: "GO",
    sentence: "No 404 in 31 requests, 6 min old.",
    smallPrint: "Sustained is three in a row, or five minutes of nothing else.",
    value: null,
    threshold: null,
    count: 31,
    failures: 0,
    moreNeeded: null,
  },
];

function endpointOf(name: string, requestCount: number, more: Partial<EndpointView> = {}): EndpointView {
  const none = requestCount === 0;
  return {
    route: `/v1/library.${name}`,
    critical: true,
    requestCount,
    errorCount: 0,
    conflictCount: 0,
    routeErrorCount: 0,
    p50LatencyMs: none ? null : 44,
    p95LatencyMs: none ? null : 88,
    ...more,
  };
}

/** A snapshot made six minutes ago, with a phase change in its window. */
export function metricsOf(more: Partial<MetricsView> = {}): MetricsView {
  const capturedAtMs = NOW - 6 * MINUTE;
  const fromMs = capturedAtMs - 90 * MINUTE;
  const series = Array.from({ length: 45 }, (_, bucket) => {
    const requests = bucket % 9 === 4 ? 0 : Math.round(9 + 8 * Math.sin(bucket / 5));
    return {
      atMs: fromMs + bucket * 2 * MINUTE,
      requests,
      errors: bucket === 21 ? 3 : bucket === 33 ? 1 : 0,
      p95Ms: requests === 0 ? null : 60 + ((bucket * 37) % 90),
    };
  });
  return {
    capturedAtMs,
    fromMs,
    windowMinutes: 180,
    phase: PHASE_2,
    summary: {
      requestCount: 412,
      errorCount: 31,
      conflictCount: 9,
      routeErrorCount: 0,
      errorRate: 0.0752,
      conflictRate: 0.0218,
      p50LatencyMs: 44,
      p95LatencyMs: 131,
      maxLatencyMs: 1204,
    },
    endpoints: [
      endpointOf("items.list", 160, { p95LatencyMs: 131 }),
      endpointOf("items.get", 96),
      endpointOf("loans.checkout", 8, { conflictCount: 4, errorCount: 4 }),
      endpointOf("loans.checkIn", 8),
      endpointOf("discovery.get", 0),
      endpointOf("reviews.create", 0),
      endpointOf("rollout.get", 112, { critical: false }),
      endpointOf("items.create", 28, { critical: false, errorCount: 27 }),
    ],
    series,
    moves: [{ atMs: NOW - 48 * MINUTE, to: PHASE_2 }],
    gates: GATES,
    overrides: [],
    sources: [
      { source: "desk", requests: 294 },
      { source: "portal-2026-03-01.jsonl", requests: 118 },
    ],
    expectedRefusals: 27,
    artifact: "3b7f0c1e8d2a45960fe1c2a7b9d83e4455aa6c01fd0e9b7782c3d1e0f4a5b6c7",
    attached: false,
    ...more,
  };
}

/** A move to phase 2 that was made although something was missing. */
export const OVERRIDE: OverrideView = {
  from: PHASE_1,
  to: PHASE_2,
  reason: "Bo and Ana agreed: the portal was down while it was measured",
  actor: "staff_bo",
  atMs: NOW - 48 * MINUTE,
};

/** A practice desk that just started well, in phase 2, with nothing in the way of phase 3. */
export function viewOf(more: Partial<DeskView> = {}): DeskView {
  const identity = { needsStaff: true, sessionOnly: false, state: "ready", problem: null } as const;
  return {
    version: "0.1.0",
    dataDir: "/home/ana/.local/share/cutover-desk",
    zone: "Europe/Berlin",
    zoneChoice: { source: "machine", machine: "Europe/Berlin" },
    environment: PRACTICE,
    environments: [PRACTICE],
    phases: PHASES,
    runbook: BUILTIN_RUNBOOK,
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
    advance: READY,
    metrics: null,
    rollback: null,
    lastDrill: null,
    reviews: [],
    rehearsal: null,
    identities: [
      { ...identity, role: "operator", uid: "staff_ana", staff: true },
      { ...identity, role: "member-smoke", uid: "member_smoke", staff: false, needsStaff: false },
      { ...identity, role: "staff-smoke", uid: "staff_smoke", staff: true },
      { ...identity, role: "admin-smoke", uid: "admin_smoke", staff: true },
    ],
    run: runOf(),
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

/** Phase 2's checklist, shortened; the last check has more lines than are shown at once. */
export function planOf(more: Partial<SmokePlan> = {}): SmokePlan {
  const step = (check: string, name: string, account: string, route: string, action: string) => ({
    id: `${check}/${name}-${account}`,
    account,
    route,
    action,
    needs: [],
    optional: false,
  });
  const blocked = ["items.create", "items.edit", "items.delete", "items.isbnResolve", "loans.markLost"];
  const admin = [...blocked, "loans.fee", "loans.overrideStatus", "tags.merge", "tags.moderate"];
  const rest = ["recommendations.moderate", "staff.dashboard", "items.overrideStatus", "items.importIsbns"];
  const hidden = "phase2-staff-routes-blocked";
  return {
    phase: PHASE_2,
    accounts: ["member-smoke", "staff-smoke", "admin-smoke", "nobody"],
    asks: false,
    checks: [
      {
        id: "phase",
        words: "The portal is in the phase that the run is for",
        destructive: false,
        question: null,
        steps: [
          step("phase", "get", "staff-smoke", "library.rollout.get", "Read the rollout"),
          step("phase", "get", "admin-smoke", "library.rollout.get", "Read the rollout"),
        ],
      },
      {
        id: "phase2-borrow-return",
        words: "Member can complete borrow -> check-in lifecycle.",
        destructive: true,
        question: null,
        steps: [
          step("phase2-borrow-return", "borrow", "member-smoke", "library.loans.checkout", "Borrow a book"),
          step(
            "phase2-borrow-return",
            "list",
            "member-smoke",
            "library.loans.listMine",
            "Find it among one's loans",
          ),
          step("phase2-borrow-return", "return", "member-smoke", "library.loans.checkIn", "Check it in"),
          step("phase2-borrow-return", "nobody", "nobody", "library.loans.checkout", "Borrow a book"),
        ],
      },
      {
        id: hidden,
        words: "Admin-only actions remain hidden/blocked in member mode.",
        destructive: false,
        question: "Are the staff's pages and buttons hidden from a member?",
        steps: [...admin, ...rest].map((route) =>
          step(hidden, route, "member-smoke", `library.${route}`, `Be refused ${route}`),
        ),
      },
    ],
    ...more,
  };
}

/** A run of that plan which ended eleven minutes ago: every step in `state`, but those named. */
export function reportOf(
  states: Record<string, SmokeStepState> = {},
  more: Partial<SmokeReport> = {},
  state: SmokeStepState = "pass",
): SmokeReport {
  const startedAtMs = NOW - 11 * MINUTE;
  const checks = planOf().checks.map(({ id, words, question, steps }) => {
    const requests = steps.map((step, index) => {
      const its = states[step.id] ?? state;
      const sent = its === "pass" || its === "fail";
      return {
        id: step.id,
        account: step.account,
        route: step.route,
        action: step.action,
        optional: step.optional,
        uid: step.account === "nobody" ? null : step.account.replace("-", "_"),
        state: its,
        label: its === "fail" ? "app" : null,
        meaning:
          its === "fail"
            ? "The portal answers wrongly, so people would meet this too: the phase is not proven."
            : null,
        found:
          its === "fail"
            ? "An internal error instead of the loan."
            : its === "blocked"
              ? "A step before it failed."
              : its === "pass"
                ? "As it should be."
                : "",
        atMs: sent ? startedAtMs + index * 50 : null,
        durationMs: sent ? 38 + index * 7 : null,
        status: sent ? (its === "fail" ? 500 : 200) : null,
        requestId: sent ? `desk-0195512e7d0a7a53-${id}-${index}` : null,
        supportCode: sent ? `req_${index}f3a` : null,
        carriedFrom: null,
      };
    });
    if (question === null) return { id, words, steps: requests };
    const answer = states[`${id}/person`] ?? "skipped";
    const person = {
      id: `${id}/person`,
      account: "person",
      uid: answer === "skipped" ? null : "staff_ana",
      route: null,
      action: question,
      optional: false,
      state: answer,
      label: null,
      meaning: null,
      found: answer === "skipped" ? "A person has not answered yet." : "Looked at it in a private window",
      atMs: answer === "skipped" ? null : NOW - 5 * MINUTE,
      durationMs: null,
      status: null,
      requestId: null,
      supportCode: null,
      carriedFrom: null,
    };
    return { id, words, steps: [...requests, person] };
  });
  const all = checks.flatMap(({ steps }) => steps);
  const count = (...wanted: SmokeStepState[]) => all.filter((step) => wanted.includes(step.state)).length;
  return {
    id: "0195512e-7d0a-7a53-9d22-00000000000a",
    environment: "practice",
    phase: PHASE_2,
    state: "finished",
    proven: false,
    sentence: `Phase 2 is not proven: ${count("fail")} of ${all.length} steps failed, ${count("blocked")} were blocked, ${count("skipped")} skipped.`,
    startedAtMs,
    finishedAtMs: startedAtMs + 2_400,
    actor: "staff_ana",
    onlyFailedOf: null,
    runbookSha256: "ab".repeat(32),
    overrides: [],
    accounts: planOf().accounts,
    checks,
    counts: {
      all: all.length,
      open: count("waiting", "running"),
      pass: count("pass"),
      fail: count("fail"),
      blocked: count("blocked"),
      skipped: count("skipped"),
      attested: count("attested"),
    },
    agreeing: 12,
    disagreeing: 0,
    left: [],
    wallMs: 2_400,
    criticalPathMs: 2_100,
    ...more,
  };
}

/** A run in which the return failed and one thing could not be put back. */
export function failedReport(): SmokeReport {
  return reportOf(
    { "phase2-borrow-return/return-member-smoke": "fail", "phase2-borrow-return/nobody-nobody": "blocked" },
    {
      left: [
        {
          what: "loan of item_0042",
          account: "member-smoke",
          id: "loan_7f21",
          open: true,
          why: "The check-in failed.",
        },
        {
          what: "review of item_0042",
          account: "member-smoke",
          id: null,
          open: false,
          why: "No route deletes a review; the next run changes it.",
        },
      ],
    },
  );
}

/** A run that goes on: part of it is over. */
export function goingReport(): SmokeReport {
  return reportOf(
    {
      "phase/get-staff-smoke": "pass",
      "phase/get-admin-smoke": "pass",
      "phase2-borrow-return/borrow-member-smoke": "pass",
      "phase2-borrow-return/list-member-smoke": "running",
    },
    { state: "running", startedAtMs: NOW - 3_000, finishedAtMs: null, wallMs: null, criticalPathMs: null },
    "waiting",
  );
}

const STEPS = [
  {
    id: "trigger",
    words: "Trigger condition confirmed by release owner.",
    points: ["Gate breach, repeated runtime errors, or blocking admin failure."],
  },
  {
    id: "set-phase",
    words: "Set phase immediately.",
    points: ["From Phase 3 -> phase_2_member_writes", "From Phase 2 -> phase_1_read_only"],
  },
  { id: "note", words: "Save rollout note with timestamp, incident id, and operator uid.", points: [] },
  { id: "snapshot", words: "Refresh phase metrics snapshot and capture JSON artifact.", points: [] },
  {
    id: "verify",
    words: "Verify safe-state.",
    points: [
      "Member writes paused when in phase 1",
      "Catalog read path still available for authenticated users",
      "Admin panel still accessible to staff for recovery",
    ],
  },
  { id: "announce", words: "Announce rollback in staff comms.", points: [] },
  { id: "record", words: "Record rollback start/end timestamps and total duration.", points: [] },
];
const FOUND: Record<string, string> = {
  trigger: "Repeated runtime errors, confirmed by Bo.",
  "set-phase": "Phase 2 is acknowledged.",
  note: "Read back as it was sent.",
  snapshot: "Captured and attached to R-014.",
};

/** A probe whose answers are given newest last: a agrees, o outdated, f failed, s skipped. */
export function probeOf(account: string, route: string, words: string, answers: string): RollbackProbeView {
  const said: Record<string, ProbeSaid> = { a: "agrees", o: "outdated", f: "failed", s: "skipped" };
  const all = [...answers].map((letter) => said[letter] ?? "failed");
  const newest = all.at(-1);
  return {
    account,
    route,
    words,
    answers: all,
    found:
      newest === "outdated"
        ? "200, from before this change: this server does not know of it yet."
        : newest === "failed"
          ? "500 instead of an answer."
          : newest === "skipped"
            ? "Nobody is signed in as this account."
            : "As it must be.",
    requestId: newest === undefined || newest === "skipped" ? null : `desk-0195512e-${route}-${account}`,
    durationMs: newest === undefined || newest === "skipped" ? null : 46,
  };
}

/** What is asked after a rollback to phase 2, with one server that does not know of it yet. */
export const PROBES: RollbackProbeView[] = [
  probeOf("member-smoke", "library.items.list", "The catalogue loads", "aaaaaaa"),
  probeOf("staff-smoke", "library.items.list", "The catalogue loads", "aaaaaaa"),
  probeOf("member-smoke", "library.loans.checkout", "Borrowing is open", "aaaaaaa"),
  probeOf("staff-smoke", "library.rollout.get", "The rollout says Phase 2", "oaoaaoa"),
  probeOf("admin-smoke", "library.rollout.get", "The rollout says Phase 2", "aoaaaaa"),
  probeOf("staff-smoke", "library.rollout.set", "The phase can be set", "aaaaaaa"),
  probeOf("staff-smoke", "library.items.create", "Creating items is paused", "oooaaoo"),
  probeOf("admin-smoke", "library.items.create", "Creating items is paused", "sssssss"),
  probeOf("nobody", "library.items.list", "Nobody else is let in", "aaaaaaf"),
];

/**
 * A rollback from phase 3 to phase 2, opened three minutes and 41 seconds ago, whose proof goes on. `progress` says how
 * far other steps have come.
 */
export function rollbackOf(
  progress: Record<string, RollbackProgress> = {},
  more: Partial<RollbackView> = {},
): RollbackView {
  const openedAtMs = NOW - 221_000;
  const usual: Record<string, RollbackProgress> = {
    trigger: "done",
    "set-phase": "done",
    note: "done",
    snapshot: "done",
    verify: "running",
    announce: "person",
    record: "waiting",
  };
  const splits: [RollbackSplit, number | null, boolean | null][] = [
    ["opened", 0, null],
    ["sent", 140, null],
    ["acknowledged", 310, null],
    ["verified", 4_200, true],
    ["settled", null, null],
    ["announced", null, null],
    ["closed", null, null],
  ];
  return {
    id: "0195512e-aaaa-7000-8000-000000000001",
    purpose: "rollback",
    environment: "practice",
    run: "R-014",
    from: stateOf(PHASE_3),
    to: PHASE_2,
    trigger: "runtime_errors",
    reason: "saving fails in the admin screens",
    confirmedBy: "Bo",
    incidentId: "INC-2041",
    operator: "staff_ana",
    note: "ROLLBACK 2026-03-01T13:16:29Z INC-2041 by staff_ana: repeated runtime errors, saving fails in the admin screens",
    openedAtMs,
    budgetMs: 15 * MINUTE,
    jumpedMs: 0,
    steps: STEPS.map((step, index) => {
      const its = progress[step.id] ?? usual[step.id] ?? "waiting";
      const begun = its !== "waiting";
      const over = its === "done" || its === "failed" || its === "passed_over";
      return {
        ...step,
        progress: its,
        found: its === "failed" ? "The portal answered 500." : over ? (FOUND[step.id] ?? "") : "",
        startedAtMs: begun ? openedAtMs + index * 200 : null,
        endedAtMs: over ? openedAtMs + index * 200 + 180 : null,
        mayPassOver: its === "failed",
      };
    }),
    splits: splits.map(([split, takenMs, withinTarget]) => ({
      split,
      atMs: takenMs === null ? null : openedAtMs + takenMs,
      takenMs,
      withinTarget,
    })),
    probes: PROBES,
    answers: { agreeing: 52, outdated: 10, failed: 1 },
    standing: "10 of 63 answers still from before, 41 s left at most.",
    settlesAtMs: NOW + 41_000,
    trouble: null,
    troubleSinceMs: null,
    nextTryMs: null,
    moved: null,
    otherAccounts: [],
    carriedOnHere: true,
    carriedOnElsewhere: false,
    recorded: true,
    stopped: null,
    gaveUp: null,
    closedAtMs: null,
    reviewByMs: null,
    review: null,
    ...more,
  };
}

/** The same as a drill: what it found is put back, and nobody is told of it. */
export function drillOf(
  progress: Record<string, RollbackProgress> = {},
  more: Partial<RollbackView> = {},
): RollbackView {
  const rollback = rollbackOf(progress);
  const its = progress["restore"] ?? "waiting";
  const restore = {
    id: "restore",
    words: "Put back the phase and the note that were found (drill).",
    points: [],
    progress: its,
    found: its === "failed" ? "What was found could not be seen to be back in time." : "",
    startedAtMs: its === "waiting" ? null : NOW - 60_000,
    endedAtMs: its === "failed" ? NOW - 5_000 : null,
    mayPassOver: its === "failed",
  };
  return {
    ...rollback,
    purpose: "drill",
    trigger: null,
    reason: "",
    confirmedBy: "",
    incidentId: null,
    note: "DRILL 2026-03-01T13:16:29Z by staff_ana",
    steps: rollback.steps
      .filter(({ id }) => id !== "trigger")
      .map((step) => (step.id === "announce" ? restore : step)),
    splits: rollback.splits.map((split) =>
      split.split === "announced" ? { ...split, split: "restored" } : split,
    ),
    ...more,
  };
}

/** A drill that could not put back what it found, and is still open for somebody to decide. */
export function stuckDrill(): RollbackView {
  return drillOf({ verify: "done", restore: "failed" }, { gaveUp: "The portal does not answer." });
}

/** The same, closed after six minutes and ten seconds. */
export function closedOf(more: Partial<RollbackView> = {}): RollbackView {
  const done = Object.fromEntries(STEPS.map(({ id }) => [id, "done" as const]));
  const rollback = rollbackOf(done);
  const taken: Partial<Record<RollbackSplit, number>> = {
    settled: 64_300,
    announced: 355_000,
    closed: 370_000,
  };
  const closedAtMs = NOW - 5_000;
  return {
    ...rollback,
    openedAtMs: closedAtMs - 370_000,
    splits: rollback.splits.map((split) => {
      const takenMs = split.takenMs ?? taken[split.split] ?? null;
      return {
        ...split,
        takenMs,
        atMs: takenMs === null ? null : closedAtMs - 370_000 + takenMs,
        withinTarget: takenMs === null ? null : true,
      };
    }),
    probes: PROBES.map((probe) => probeOf(probe.account, probe.route, probe.words, "oaaaaaaaaaaaaaaaaaaa")),
    standing: "All 180 answers agree.",
    settlesAtMs: null,
    closedAtMs,
    reviewByMs: closedAtMs + 24 * 60 * MINUTE,
    ...more,
  };
}

/** A drill nine days ago. */
export const DRILL: DrillSummary = {
  id: "0195512e-bbbb-7000-8000-000000000001",
  openedAtMs: NOW - 9 * 24 * 60 * MINUTE,
  status: "passed",
  verifiedMs: 1_430,
  settledMs: 62_050,
  restoredMs: 124_700,
  restored: true,
};

/** Phase 1, seen to behave so. */
export const SAFE: SafeStateView = {
  phase: PHASE_1,
  atMs: NOW,
  safe: true,
  standing: "All 3 answers agree.",
  probes: [
    probeOf("member-smoke", "library.items.list", "The catalogue loads", "a"),
    probeOf("member-smoke", "library.loans.checkout", "Borrowing is paused", "a"),
    probeOf("nobody", "library.items.list", "Nobody else is let in", "a"),
  ],
};
