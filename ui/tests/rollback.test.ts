import { describe, expect, it } from "vitest";
import {
  closedOf,
  DRILL,
  drillOf,
  NOW,
  PHASE_1,
  PHASE_2,
  PHASE_3,
  PHASES,
  probeOf,
  problemOf,
  rollbackOf,
  stateOf,
  viewOf,
} from "../dev/fixtures";
import type { RollbackView } from "../src/bindings/RollbackView";
import { markOf } from "../src/marks";
import {
  agreementOf,
  clockText,
  closedWords,
  drillMark,
  fromOf,
  jumpWords,
  noteOf,
  opensItself,
  presentStep,
  splitsOf,
  splitText,
  spokenOf,
  stillWorks,
  takenMs,
  targetsOf,
  urgencyOf,
  wayOf,
} from "../src/rollback";

const MINUTE = 60_000;
const BUDGET = 15 * MINUTE;

describe("the clock", () => {
  it("is minutes and seconds, with hours from an hour on", () => {
    expect(clockText(0)).toBe("00:00");
    expect(clockText(221_999)).toBe("03:41");
    expect(clockText(3_661_000)).toBe("1:01:01");
    expect(splitText(4_290)).toBe("00:04.2");
  });

  it("counts from the decision, however the computer's clock was set meanwhile", () => {
    expect(takenMs(rollbackOf(), NOW)).toBe(221_000);
    const set = rollbackOf({}, { openedAtMs: NOW - 3_600_000 - 221_000, jumpedMs: 3_600_000 });
    expect(takenMs(set, NOW)).toBe(221_000);
    const back = rollbackOf({}, { openedAtMs: NOW + 3_600_000 - 221_000, jumpedMs: -3_600_000 });
    expect(takenMs(back, NOW)).toBe(221_000);
    expect(takenMs(rollbackOf({}, { openedAtMs: NOW + 5 }), NOW)).toBe(0);
  });

  it("stands still once it is closed, also where the split is not known", () => {
    expect(takenMs(closedOf(), NOW + 99 * MINUTE)).toBe(370_000);
    expect(takenMs(closedOf({ splits: [] }), NOW + 99 * MINUTE)).toBe(370_000);
  });

  it.each([
    ["0:00", "none", ""],
    ["9:59", "none", ""],
    ["10:00", "soon", "5 min left at most"],
    ["12:59", "soon", "3 min left at most"],
    ["13:00", "late", "2 min left at most"],
    ["14:59", "late", "1 min left at most"],
    ["15:00", "over", "over by 00:00"],
    ["16:04", "over", "over by 01:04"],
  ])("at %s of 15:00 warns so: %s", (time, level, word) => {
    const [minutes = 0, seconds = 0] = time.split(":").map(Number);
    expect(urgencyOf(minutes * MINUTE + seconds * 1_000, BUDGET)).toMatchObject({ level, word });
  });

  it("warns not a millisecond too early", () => {
    const before = [10, 13, 15].map((minutes) => urgencyOf(minutes * MINUTE - 1, BUDGET).level);
    expect(before).toEqual(["none", "soon", "late"]);
  });

  it("warns in the same proportion for another budget, and by shape as well as by word", () => {
    expect(urgencyOf(2 * MINUTE, 3 * MINUTE).level).toBe("soon");
    const icons = [0, 10, 13, 15].map((minutes) => urgencyOf(minutes * MINUTE, BUDGET).icon);
    expect(new Set(icons).size).toBe(4);
  });

  it("says by how much the computer's clock was set", () => {
    expect(jumpWords(0)).toBeNull();
    expect(jumpWords(3_600_000)).toContain("set by +1 h");
    expect(jumpWords(-90_000)).toContain("set by −1 min");
  });

  it("says of verified and settled whether they kept within the target, and of nothing else", () => {
    expect(splitsOf(closedOf()).map(({ split, within }) => [split, within])).toEqual([
      ["opened", null],
      ["sent", null],
      ["acknowledged", null],
      ["verified", true],
      ["settled", true],
      ["announced", null],
      ["closed", null],
    ]);
  });
});

describe("where it can go", () => {
  it("is any phase before, the nearest first", () => {
    const wires = (from: string | null) => targetsOf(PHASES, from).map(({ wire }) => wire);
    expect(wires(PHASE_3)).toEqual([PHASE_2, PHASE_1]);
    expect(wires(PHASE_2)).toEqual([PHASE_1]);
    expect(wires(PHASE_1)).toEqual([]);
    expect(wires(null)).toEqual([PHASE_2, PHASE_1]);
    expect(wires("phase_9")).toEqual([PHASE_2, PHASE_1]);
  });

  it("is from where the portal is, or from what an open drill found and would put back", () => {
    const reading = (phase: string) => ({
      state: stateOf(phase),
      everSet: true,
      readAtMs: NOW,
      requestId: "r",
    });
    const from = (phase: string | null, rollback: RollbackView | null) =>
      fromOf(viewOf({ reading: phase === null ? null : reading(phase), rollback }));
    expect(from(PHASE_2, null)).toBe(PHASE_2);
    expect(from(PHASE_2, rollbackOf())).toBe(PHASE_2);
    expect(from(PHASE_2, closedOf({ purpose: "drill" }))).toBe(PHASE_2);
    expect(from(PHASE_2, drillOf())).toBe(PHASE_3);
    expect(from(PHASE_2, drillOf({}, { from: stateOf(PHASE_1) }))).toBe(PHASE_2);
    expect(from(PHASE_2, drillOf({}, { from: null }))).toBe(PHASE_2);
    expect(from("phase_9", drillOf())).toBe("phase_9");
    expect(from(null, drillOf())).toBeNull();
  });

  it("is said, and what is not known is said to be so", () => {
    expect(wayOf(PHASE_3, PHASE_2, PHASES)).toBe("Phase 3 → Phase 2");
    expect(wayOf(null, null, PHASES)).toBe("Phase not known → not chosen yet");
  });
});

describe("the note", () => {
  const at = Date.UTC(2026, 10, 25, 13, 57, 2);

  it("holds time, incident, operator, trigger and reason", () => {
    expect(noteOf(at, " INC-42 ", "staff_ana", "gate_breach", " loans\n  fail ").text).toBe(
      "ROLLBACK 2026-11-25T13:57:02Z INC-42 by staff_ana: gate breach, loans fail",
    );
    expect(noteOf(at, "", "staff_ana", null, "").text).toBe("ROLLBACK 2026-11-25T13:57:02Z by staff_ana");
  });

  it.each(["r".repeat(1_000), "🏺".repeat(500), "word ".repeat(100)])("cuts only the reason", (reason) => {
    const incident = "I".repeat(100);
    const uid = "u".repeat(128);
    const { text, cut } = noteOf(at, incident, uid, "other", reason);
    expect(cut).toBe(true);
    expect(text.length).toBeLessThanOrEqual(300);
    expect(text.length).toBeGreaterThan(292);
    expect(text.startsWith(`ROLLBACK 2026-11-25T13:57:02Z ${incident} by ${uid}: other, `)).toBe(true);
    expect(text.endsWith("…")).toBe(true);
    expect(text).not.toMatch(/\p{Surrogate}/u);
  });

  it("that just fits is whole", () => {
    const room = 300 - noteOf(at, "", "u", "other", "").text.length - ", ".length;
    expect(noteOf(at, "", "u", "other", "x".repeat(room))).toMatchObject({ cut: false });
    const longer = noteOf(at, "", "u", "other", "x".repeat(room + 1));
    expect(longer.cut).toBe(true);
    expect(longer.text).toHaveLength(300);
  });
});

describe("the steps", () => {
  it("are at the first that is not over", () => {
    expect(presentStep(rollbackOf())?.id).toBe("verify");
    expect(presentStep(rollbackOf({ snapshot: "failed" }))?.id).toBe("snapshot");
    expect(presentStep(closedOf())?.id).toBe("record");
  });

  it("open by themselves where it is, and where a person is needed", () => {
    const opened = (rollback: ReturnType<typeof rollbackOf>) =>
      rollback.steps.filter((step) => opensItself(step, rollback)).map(({ id }) => id);
    expect(opened(rollbackOf({ snapshot: "failed" }))).toEqual(["snapshot", "verify", "announce"]);
    expect(opened(rollbackOf({ verify: "waiting", announce: "waiting" }))).toEqual(["verify"]);
    expect(opened(closedOf())).toEqual([]);
  });
});

describe("what is read out", () => {
  it("tells the step and the answers, and changes with neither the clock nor the count", () => {
    const spoken = spokenOf(rollbackOf());
    expect(spoken).toBe(
      "Step 5 of 7: Verify safe-state. Running. Of 9 probes: 6 agree, 1 still from before, 1 not the answer that must come, 1 not asked.",
    );
    const more = rollbackOf().probes.map((probe) => ({
      ...probe,
      answers: [...probe.answers, ...probe.answers],
    }));
    expect(spokenOf(rollbackOf({}, { probes: more, standing: "20 of 126, 12 s left at most." }))).toBe(
      spoken,
    );
  });

  it("tells what came of it at the end", () => {
    expect(spokenOf(closedOf())).toBe("The rollback is closed after 06:10.");
    expect(closedWords(closedOf({ stopped: "Bo said so" }))).toContain("stopped before it was through");
    expect(closedWords(closedOf({ gaveUp: "offline", stopped: "x", purpose: "drill" }))).toContain(
      "could not be put back",
    );
  });

  it("says so while nothing was answered yet", () => {
    expect(agreementOf([probeOf("nobody", "r", "w", "")])).toBe("No answer yet.");
  });
});

describe("a drill that is over", () => {
  it.each([
    ["passed", "good"],
    ["failed", "bad"],
    ["unknown", "unknown"],
    ["wobbly", "unknown"],
  ])("that %s is marked %s", (status, tone) => expect(drillMark({ ...DRILL, status }).tone).toBe(tone));
});

describe("the mark of the place", () => {
  it("is a ring while one is open, then the count of reviews", () => {
    const reviews = [{ rollbackId: "r", closedAtMs: NOW, byMs: NOW + 1 }];
    expect(markOf("rollback", viewOf())).toBeNull();
    expect(markOf("rollback", viewOf({ rollback: rollbackOf(), reviews }))).toMatchObject({
      tone: "running",
    });
    expect(markOf("rollback", viewOf({ rollback: rollbackOf({}, { purpose: "drill" }) }))?.word).toContain(
      "drill",
    );
    expect(markOf("rollback", viewOf({ rollback: closedOf(), reviews }))).toMatchObject({ count: 1 });
  });
});

describe("what still works", () => {
  it("is said of a portal that does not answer, a missing sign-in and a journal that cannot be written", () => {
    const { connection, store } = viewOf();
    expect(stillWorks(viewOf())).toEqual([]);
    const lines = (state: "offline" | "faulty" | "signed_out") =>
      stillWorks(viewOf({ connection: { ...connection, state } })).join(" ");
    expect(lines("offline")).toContain("keeps trying");
    expect(lines("faulty")).toContain("keeps trying");
    expect(lines("signed_out")).toContain("other account");
    expect(stillWorks(viewOf({ store: { ...store, problem: problemOf("store_full") } })).join(" ")).toContain(
      "could not be recorded",
    );
  });
});
