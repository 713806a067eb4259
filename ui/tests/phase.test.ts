import { describe, expect, it } from "vitest";
import { PHASE_1, PHASE_2, PHASE_3, PHASES, stateOf } from "../dev/fixtures";
import { changed, directionOf, nameOf, noteLeft, sameSave } from "../src/phase";

describe("a note", () => {
  it("is counted in UTF-16 units, as the portal counts it", () => {
    expect(noteLeft("")).toBe(300);
    expect(noteLeft("abc")).toBe(297);
    expect(noteLeft("🏺")).toBe(298);
    expect(noteLeft("x".repeat(301))).toBe(-1);
  });
});

describe("a direction", () => {
  it("follows the order of the rollout", () => {
    expect(directionOf(PHASES, PHASE_1, PHASE_3)).toBe("forward");
    expect(directionOf(PHASES, PHASE_3, PHASE_2)).toBe("back");
    expect(directionOf(PHASES, PHASE_2, PHASE_2)).toBe("same");
  });

  it("from or to a phase the desk does not know counts as forward", () => {
    expect(directionOf(PHASES, "phase_9", PHASE_1)).toBe("forward");
    expect(directionOf(PHASES, PHASE_1, "phase_9")).toBe("forward");
  });
});

describe("phases", () => {
  it("an unknown one is shown by the portal's own name", () => {
    expect(nameOf(PHASES, PHASE_2)).toBe("Phase 2 · Member writes");
    expect(nameOf(PHASES, "phase_9")).toBe("phase_9");
  });

  it("only what differs is what a move changes", () => {
    expect(changed(["a", "b"], ["b", "c"])).toEqual(["a"]);
  });
});

describe("a save", () => {
  it("is another one when anything about it differs", () => {
    const state = stateOf(PHASE_2, "ana", 5, "note");
    expect(sameSave(state, { ...state })).toBe(true);
    expect(sameSave(state, { ...state, note: null })).toBe(false);
    expect(sameSave(state, { ...state, updatedAtMs: 6 })).toBe(false);
    expect(sameSave(state, { ...state, updatedByUid: "bo" })).toBe(false);
    expect(sameSave(state, { ...state, phase: PHASE_1 })).toBe(false);
  });
});
