import { describe, expect, it } from "vitest";
import { changeOf, NOW, PHASES } from "../dev/fixtures";
import type { SettlingView } from "../src/bindings/SettlingView";
import { headline, settlingSentence, stepsOf } from "../src/change";

const settling = (more: Partial<SettlingView> = {}): SettlingView => ({
  answers: 9,
  outdated: 2,
  settlesAtMs: NOW + 40_500,
  settledAtMs: null,
  ...more,
});
const unanswered = { acknowledgedAtMs: null, readBackAtMs: null, state: null, settling: null };

describe("the settling sentence", () => {
  const say = (more: Partial<SettlingView>, change = changeOf()) =>
    settlingSentence(settling(more), change, PHASES, NOW);

  it("says how many answers are outdated and how long it takes at most", () => {
    expect(say({})).toBe("2 of 9 answers still Phase 3, 41 s left at most");
  });

  it("says when all agree", () => {
    expect(say({ outdated: 0 })).toBe("9 of 9 answers say Phase 2, 41 s left at most");
  });

  it("never claims an agreement of no answers", () => {
    expect(say({ answers: 0, outdated: 0 })).toBe("No answer read yet, 41 s left at most");
  });

  it("does not call it settled because the time is over", () => {
    expect(say({ settlesAtMs: NOW - 1 })).toBe("2 of 9 answers still Phase 3, waiting for the next answer");
  });

  it("speaks of the note when the phase stays", () => {
    expect(say({}, changeOf({ direction: "same" }))).toContain("2 of 9 answers still the earlier note");
  });
});

describe("a change", () => {
  it("that has no answer is not known, whatever its stage", () => {
    for (const stage of ["asking_outcome", "done"] as const) {
      const change = changeOf({ ...unanswered, outcome: "unknown", stage });
      expect(headline(change, PHASES)).toEqual({
        tone: "unknown",
        text: "We do not know yet whether it was saved",
      });
      expect(stepsOf(change, PHASES, NOW)[0]).toMatchObject({ tone: "unknown" });
    }
  });

  it.each([
    ["refused", "The portal refused it. Nothing changed"],
    ["not_sent", "It was not sent. Nothing changed"],
    ["not_applied", "It was not saved. Nothing changed"],
    ["overtaken", "It was saved, and then someone else moved the phase"],
    ["confirmed", "Phase 2 is saved"],
  ] as const)("%s: %s", (outcome, text) => {
    expect(headline(changeOf({ outcome }), PHASES).text).toBe(text);
  });

  it("shows no step as done that was not reached", () => {
    for (const outcome of ["refused", "not_sent", "not_applied", "unknown"] as const) {
      const steps = stepsOf(changeOf({ ...unanswered, outcome, stage: "done" }), PHASES, NOW);
      expect(steps.map((step) => step.tone)).not.toContain("good");
    }
  });

  it("found to be saved without an answer is not shown as acknowledged", () => {
    const [acknowledged, readBack] = stepsOf(changeOf({ acknowledgedAtMs: null }), PHASES, NOW);
    expect(acknowledged).toMatchObject({ tone: "skipped", atMs: null });
    expect(readBack).toMatchObject({ tone: "good" });
  });

  it("says how long it has waited for an answer", () => {
    const change = changeOf({ ...unanswered, outcome: null, stage: "sending", startedAtMs: NOW - 7_200 });
    expect(stepsOf(change, PHASES, NOW)[0]?.text).toBe("Sent; waiting 7 s for the portal's answer");
  });

  it("that stopped being watched is not settled", () => {
    const settled = stepsOf(changeOf({ stage: "done" }), PHASES, NOW)[2];
    expect(settled).toMatchObject({ tone: "skipped", text: "Not watched to the end" });
  });

  it("fills its ring with the time that is over", () => {
    const change = changeOf({
      acknowledgedAtMs: NOW - 15_000,
      settling: settling({ settlesAtMs: NOW + 45_000 }),
    });
    expect(stepsOf(change, PHASES, NOW)[2]?.share).toBe(0.25);
  });
});
