import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { historyOf, NOT_YET, PHASE_3, problemOf, READY, viewOf } from "../dev/fixtures";
import { isReason, missingAt, missingOf, placeOf } from "../src/advance";
import { markOf } from "../src/marks";
import { click, expectAccessible, open, settle, words } from "./window";

const at = (testId: string) => within(screen.getByTestId(testId));

describe("what is missing", () => {
  it("is everything that is not done, whatever the reason", () => {
    expect(missingOf(NOT_YET).map(({ state }) => state)).toEqual([
      "no_go",
      "missing",
      "insufficient",
      "stale",
    ]);
    expect(missingOf(READY)).toEqual([]);
  });

  it("is done on the page it belongs to", () => {
    expect(NOT_YET.items.map(placeOf)).toEqual(["smoke", "smoke", "metrics", "metrics", "metrics"]);
    expect(missingAt(NOT_YET, "metrics").map(({ id }) => id)).toEqual(["gate:phase2-writes", "artifact"]);
    expect(missingAt(NOT_YET, "advance")).toHaveLength(4);
  });

  it("is marked in the navigation by its count, and as done without any", () => {
    const view = viewOf({ advance: NOT_YET });
    expect(markOf("advance", view)).toMatchObject({ count: 4, tone: "bad" });
    expect(markOf("metrics", view)).toMatchObject({ count: 2, tone: "partial" });
    expect(markOf("metrics", viewOf())).toMatchObject({ tone: "good" });
    const unknown = viewOf({
      advance: { answer: "Not known", ready: false, to: null, items: [], basis: "" },
    });
    expect(markOf("advance", unknown)).toBeNull();
  });

  it.each([
    ["", false],
    ["must go", false],
    ["- . -", false],
    ["Ana says so", true],
    ["Ana hat zugestimmt", true],
  ])("a reason of %j is one: %s", (text, is) => expect(isReason(text)).toBe(is));
});

describe("the first page", () => {
  it("answers, shows where we are and what is needed, in order", async () => {
    await open(viewOf({ advance: NOT_YET, history: historyOf() }));
    expect(words("answer")).toBe("Not yet: 4 things are missing before Phase 3.");
    expect(at("track").getByText("Phase 2").closest("li")?.getAttribute("aria-current")).toBe("step");
    expect(
      at("needed")
        .getAllByRole("listitem")
        .map((item) => item.dataset["state"]),
    ).toEqual(NOT_YET.items.map(({ state }) => state));
    expect(words("lately")).toContain("Gate passed, smoke clean.");
    expect(words("nav-advance")).toContain("4 things are missing");
    await expectAccessible();
  });

  it("calls no phase passed where none was ever saved", async () => {
    const { reading } = viewOf();
    if (!reading) throw new Error("the fixture has a reading");
    const state = { ...reading.state, phase: PHASE_3, updatedAtMs: 0, updatedByUid: null };
    const host = await open(viewOf({ reading: { ...reading, state, everSet: false } }));
    expect(words("track")).not.toContain("passed");
    expect(at("track").getAllByText(/never set/)).toHaveLength(2);
    host.show({ reading: { ...reading, state: { ...state, updatedAtMs: 1 }, everSet: true } });
    await settle();
    expect(at("track").getAllByText(/passed/)).toHaveLength(2);
  });

  it("makes the snapshot and attaches it from here, and says what went wrong", async () => {
    const host = await open(viewOf({ advance: NOT_YET }));
    await click(at("need-artifact").getByRole("button", { name: "Refresh phase metrics" }));
    expect(host.given("captureMetrics")).toEqual([[180]]);
    const captured = NOT_YET.items.slice(-1).map((item) => ({ ...item, action: "attach" as const }));
    host.show({ advance: { ...NOT_YET, items: captured } });
    host.attachMetrics = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await settle();
    await click(at("need-artifact").getByRole("button", { name: "Attach the artifact" }));
    expect(screen.getByText("The disk is full.")).toBeTruthy();
  });

  it("earns the missing count where its progress is seen", async () => {
    const host = await open(viewOf({ advance: NOT_YET }));
    await click(at("need-gate:phase2-writes").getByRole("button", { name: "Earn the missing count" }));
    expect(host.given("runSoak")).toEqual([["phase_2_member_writes"]]);
    expect(screen.getByTestId("nav-metrics").getAttribute("aria-current")).toBe("page");
  });

  it("leads to the decision once nothing is missing", async () => {
    await open(viewOf());
    await click(screen.getByTestId("advance"));
    expect(screen.getByRole("heading", { name: "Phase 2 to Phase 3" })).toBeTruthy();
  });

  it("does not call a phase that was read before the present one", async () => {
    await open(viewOf({ connection: { ...viewOf().connection, state: "offline" } }));
    expect(words("track")).toContain("last read");
    expect(words("track")).not.toContain("now");
  });
});
