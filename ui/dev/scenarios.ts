import type { DeskView } from "../src/bindings/DeskView";
import {
  changeOf,
  closedOf,
  DRILL,
  drillOf,
  historyOf,
  LIVE,
  metricsOf,
  NOT_YET,
  NOW,
  OVERRIDE,
  PHASE_1,
  PHASE_2,
  PHASE_3,
  PRACTICE,
  problemOf,
  rollbackOf,
  STAGING,
  stateOf,
  stuckDrill,
  viewOf,
} from "./fixtures";
import { rehearsalOf } from "./rehearsal";

const reading = (phase: string, everSet = true) => ({
  state: everSet ? stateOf(phase) : { phase, note: null, updatedAtMs: 0, updatedByUid: null },
  everSet,
  readAtMs: NOW - 12_000,
  requestId: "desk-0195512d02117f6e",
});
const all = [PRACTICE, LIVE, STAGING];
const offline = problemOf("offline", {
  message: "The portal of studio-staging does not answer.",
  meaning: "The phase may have changed since it was last read.",
  next: "Check this machine's network.",
  detail: "connect timed out after 5 s",
});

/** What can be looked at in a browser: `dev/index.html?scenario=NAME`. */
export const SCENARIOS: Record<string, () => DeskView> = {
  rehearsal: () =>
    viewOf({
      reading: reading(PHASE_2),
      advance: NOT_YET,
      rehearsal: rehearsalOf(8, { breach: "error rate `< 1.0%`: 12.5 % of 64, limit 1.0 %, 1 min old." }),
    }),
  start: () => viewOf({ reading: reading(PHASE_3, false), run: null }),
  history: () => viewOf({ history: historyOf() }),
  settling: () => viewOf({ reading: reading(PHASE_2), change: changeOf(), history: historyOf() }),
  settled: () =>
    viewOf({
      reading: reading(PHASE_2),
      change: changeOf({
        stage: "done",
        settling: { answers: 14, outdated: 0, settlesAtMs: NOW - 2000, settledAtMs: NOW - 1000 },
      }),
    }),
  sending: () =>
    viewOf({
      reading: reading(PHASE_3),
      change: changeOf({
        stage: "sending",
        outcome: null,
        state: null,
        acknowledgedAtMs: null,
        readBackAtMs: null,
        settling: null,
        requests: [],
      }),
    }),
  unknown: () =>
    viewOf({
      reading: reading(PHASE_3),
      history: historyOf(),
      change: changeOf({
        stage: "asking_outcome",
        outcome: "unknown",
        state: null,
        acknowledgedAtMs: null,
        readBackAtMs: null,
        settling: null,
        problem: problemOf("timeout_unknown_outcome", {
          message: "The portal did not answer within 20 s.",
          meaning: "It may have saved Phase 2.",
          next: "Wait until the desk knows.",
          detail: "request desk-0195512e7d0a7a53-2",
        }),
      }),
    }),
  refused: () =>
    viewOf({
      environment: STAGING,
      environments: all,
      practice: null,
      reading: reading(PHASE_3),
      change: changeOf({
        stage: "done",
        outcome: "refused",
        state: null,
        acknowledgedAtMs: null,
        readBackAtMs: null,
        settling: null,
        problem: problemOf("not_staff", {
          message: "The portal refused: staff_ana is not staff.",
          meaning: "Nothing changed.",
          next: "Sign in with a staff account.",
        }),
      }),
    }),
  moved: () =>
    viewOf({
      reading: {
        ...reading(PHASE_1),
        state: stateOf(PHASE_1, "staff_bo", NOW - 95_000, "Returns fail, closing"),
      },
      moved: {
        from: stateOf(PHASE_2),
        to: stateOf(PHASE_1, "staff_bo", NOW - 95_000, "Returns fail, closing"),
        noticedAtMs: NOW - 60_000,
      },
    }),
  "not-yet": () => viewOf({ advance: NOT_YET, metrics: metricsOf(), history: historyOf() }),
  ready: () =>
    viewOf({ metrics: metricsOf({ attached: true, overrides: [OVERRIDE] }), history: historyOf() }),
  offline: () =>
    viewOf({
      environment: STAGING,
      environments: all,
      practice: null,
      reading: { ...reading(PHASE_2), readAtMs: NOW - 6 * 60_000 },
      connection: {
        state: "offline",
        sinceMs: NOW - 5 * 60_000,
        asking: false,
        nextAskMs: NOW + 14_000,
        problem: offline,
      },
    }),
  live: () =>
    viewOf({
      environment: LIVE,
      environments: all,
      practice: null,
      reading: reading(PHASE_2),
      history: historyOf().slice(0, 2),
    }),
  keychain: () =>
    viewOf({
      environment: LIVE,
      environments: all,
      practice: null,
      keychain: {
        ready: false,
        problem: problemOf("keychain_locked", {
          message: "The keychain is locked.",
          meaning: "Passwords cannot be read from it.",
          next: "Unlock it.",
        }),
      },
      identities: viewOf().identities.map((identity, index) =>
        index === 3
          ? {
              ...identity,
              state: "not_staff",
              staff: false,
              problem: problemOf("not_staff", {
                message: "admin_smoke has the claim admin, not staff.",
                meaning: "Admin alone is not staff.",
                next: "Have staff granted to it.",
              }),
            }
          : index === 1
            ? { ...identity, uid: null, state: "missing", staff: null }
            : identity,
      ),
    }),
  faults: () =>
    viewOf({
      environments: all,
      practice: { catalogue: viewOf().practice?.catalogue ?? [], faults: ["latency:800", "weird:1"] },
    }),
  never: () =>
    viewOf({
      reading: null,
      connection: {
        state: "offline",
        sinceMs: NOW,
        asking: false,
        nextAskMs: NOW + 14_000,
        problem: offline,
      },
      environment: STAGING,
      environments: all,
      practice: null,
    }),
  decide: () =>
    viewOf({
      reading: reading(PHASE_3),
      lastDrill: DRILL,
      reviews: [{ rollbackId: "r1", closedAtMs: NOW - 26 * 3_600_000, byMs: NOW - 2 * 3_600_000 }],
    }),
  "decide-live": () =>
    viewOf({
      environment: LIVE,
      environments: all,
      practice: null,
      reading: reading(PHASE_2),
      lastDrill: { ...DRILL, status: "failed", settledMs: null, restored: false, restoredMs: null },
    }),
  first: () => viewOf({ reading: reading(PHASE_1), lastDrill: DRILL }),
  "rolling-back": () =>
    viewOf({ reading: reading(PHASE_2), rollback: rollbackOf(), lastDrill: DRILL, history: historyOf() }),
  "rollback-stuck": () =>
    viewOf({
      environment: STAGING,
      environments: all,
      practice: null,
      reading: reading(PHASE_3),
      connection: {
        state: "offline",
        sinceMs: NOW - 90_000,
        asking: false,
        nextAskMs: NOW + 9_000,
        problem: offline,
      },
      rollback: rollbackOf(
        {
          "set-phase": "failed",
          note: "waiting",
          snapshot: "waiting",
          verify: "waiting",
          announce: "waiting",
        },
        {
          openedAtMs: NOW - 13 * 60_000 - 12_000,
          jumpedMs: 0,
          probes: [],
          splits: rollbackOf().splits.map((split, index) =>
            index < 2 ? split : { ...split, atMs: null, takenMs: null, withinTarget: null },
          ),
          trouble: offline,
          troubleSinceMs: NOW - 90_000,
          nextTryMs: NOW + 8_000,
          otherAccounts: ["staff-smoke", "admin-smoke"],
          recorded: false,
          carriedOnHere: false,
          carriedOnElsewhere: true,
        },
      ),
      lastDrill: DRILL,
    }),
  "rollback-moved": () =>
    viewOf({
      reading: reading(PHASE_3),
      rollback: rollbackOf(
        {},
        {
          openedAtMs: NOW - 3_600_000 - 16 * 60_000,
          jumpedMs: 3_600_000,
          moved: stateOf(PHASE_3, "staff_bo", NOW - 20_000, "Trying again"),
        },
      ),
    }),
  "rolled-back": () => viewOf({ reading: reading(PHASE_2), rollback: closedOf(), lastDrill: DRILL }),
  reviewed: () =>
    viewOf({
      reading: reading(PHASE_2),
      rollback: closedOf({
        reviewByMs: null,
        review: {
          atMs: NOW - 1_000,
          by: "staff_ana",
          words: "One server kept an old build; it is replaced.",
        },
      }),
    }),
  drilling: () =>
    viewOf({
      reading: reading(PHASE_2),
      rollback: drillOf({}, { openedAtMs: NOW - 11 * 60_000 }),
    }),
  "drill-gave-up": () => viewOf({ reading: reading(PHASE_2), rollback: stuckDrill() }),
};
