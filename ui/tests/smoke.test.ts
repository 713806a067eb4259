import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import {
  failedReport,
  goingReport,
  LIVE,
  NOT_YET,
  OVERRIDE,
  PHASE_1,
  PHASE_2,
  PHASE_3,
  PRACTICE,
  planOf,
  problemOf,
  reportOf,
  viewOf,
} from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import type { SmokeReport } from "../src/bindings/SmokeReport";
import { asChecks, canRunAgain, opensItself, progressOf, rowsOf, tallyOf } from "../src/smoke";
import { click, expectAccessible, open, openAt, press, settle, type, words } from "./window";

const RETURN = "step-phase2-borrow-return/return-member-smoke-member-smoke";
const QUESTION = "phase2-staff-routes-blocked";

/** Opens the page with a run that ended so. */
async function openWith(report: SmokeReport | null, view = viewOf()): Promise<FakeHost> {
  const host = new FakeHost(view);
  host.report = report;
  return openAt("smoke", view, host);
}

const checkOf = (report: SmokeReport, id: string) => {
  const check = report.checks.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  return check;
};

describe("the matrix", () => {
  it("has one line for an act, with each account that does it", () => {
    const report = reportOf();
    expect(rowsOf(checkOf(report, "phase")).map(({ steps }) => Object.keys(steps))).toEqual([
      ["staff-smoke", "admin-smoke"],
    ]);
    expect(rowsOf(checkOf(report, "phase2-borrow-return")).map(({ action }) => action)).toEqual([
      "Borrow a book",
      "Find it among one's loans",
      "Check it in",
    ]);
  });

  it("never hides a step behind another of the same account or route", () => {
    const [first, second] = checkOf(reportOf(), "phase").steps;
    if (!first || !second) throw new Error("the fixture has two steps");
    const twice = { id: "c", words: "", steps: [first, { ...first, id: "again" }] };
    expect(rowsOf(twice)).toHaveLength(2);
    const elsewhere = { id: "c", words: "", steps: [first, { ...second, route: "library.items.list" }] };
    expect(rowsOf(elsewhere)).toHaveLength(2);
  });

  it("closes a long check by itself, but never one with a failure", () => {
    const id = QUESTION;
    expect(opensItself(checkOf(reportOf(), id))).toBe(false);
    expect(opensItself(checkOf(reportOf({ [`${id}/items.create-member-smoke`]: "fail" }), id))).toBe(true);
  });

  it("counts what came of a check, without what a person answers", () => {
    expect(tallyOf(checkOf(failedReport(), "phase2-borrow-return"))).toBe(
      "2 of 4 passed, 1 failed, 1 blocked",
    );
    expect(tallyOf(checkOf(reportOf(), QUESTION))).toBe("13 of 13 passed");
  });

  it("shows a plan as steps that wait", () => {
    const checks = asChecks(planOf());
    expect(checks.flatMap(({ steps }) => steps).every(({ state }) => state === "waiting")).toBe(true);
    expect(checks.at(-1)?.steps.at(-1)?.account).toBe("person");
  });
});

describe("how far a run is", () => {
  it("is told from how long its steps took, once a few are over", () => {
    const going = goingReport();
    const { all } = going.counts;
    expect(progressOf({ ...going, counts: { ...going.counts, open: all - 2 } }, going.startedAtMs)).toBe(
      `2 of ${all} steps`,
    );
    const half = { ...going, counts: { ...going.counts, all: 20, open: 10 } };
    expect(progressOf(half, half.startedAtMs + 5_000)).toBe("10 of 20 steps, about 5 s left");
  });

  it("can be taken up again only where a request did not pass", () => {
    expect(canRunAgain(failedReport())).toBe(true);
    expect(canRunAgain(reportOf())).toBe(false);
    expect(canRunAgain({ ...failedReport(), state: "running" })).toBe(false);
  });
});

describe("the page", () => {
  it("has a line for each override that the phase rested on, and none without", async () => {
    const first = { ...OVERRIDE, from: PHASE_1, to: PHASE_2 };
    const second = { ...OVERRIDE, from: PHASE_2, to: PHASE_3, actor: "staff_ana", atMs: OVERRIDE.atMs + 1 };
    const host = await openWith(reportOf({}, { overrides: [first, second] }));
    expect(within(screen.getByTestId("overrides")).getAllByRole("listitem")).toHaveLength(2);
    expect(words("overrides")).toContain(
      "Phase 2 rests on an override by staff_bo at 13:32 CET: Bo and Ana agreed",
    );
    expect(words("overrides")).toContain("Phase 3 rests on an override by staff_ana");
    await expectAccessible();
    host.tellSmoke(reportOf());
    await settle();
    expect(screen.queryByTestId("overrides")).toBeNull();
  });

  it("shows what will be done before anything was run, and runs it", async () => {
    const host = await openWith(null);
    expect(words("check-phase2-borrow-return")).toContain("Borrow a book");
    expect(screen.queryByTestId("run-failed")).toBeNull();
    await expectAccessible();
    host.runSmoke = (request) => {
      expect(request).toEqual({ phase: PHASE_2, onlyFailedOf: null, item: null, confirm: null });
      host.tellSmoke(reportOf());
      return Promise.resolve(reportOf());
    };
    await click(screen.getByTestId("run-smoke"));
    expect(screen.getByTestId(RETURN).dataset["state"]).toBe("pass");
    expect(words("smoke-result")).toContain("Not complete");
  });

  it("fills in while it runs, and can be cancelled", async () => {
    const host = await openWith(null);
    host.runSmoke = () => new Promise(() => undefined);
    await click(screen.getByTestId("run-smoke"));
    host.tellSmoke(goingReport());
    await settle();
    expect(screen.getByTestId(RETURN).dataset["state"]).toBe("waiting");
    expect(words("progress")).toContain("steps");
    expect(screen.getByTestId<HTMLButtonElement>("run-smoke").disabled).toBe(true);
    await click(screen.getByRole("button", { name: "Cancel" }));
    expect(host.given("cancelSmoke")).toHaveLength(1);
    host.tellSmoke(reportOf({}, { state: "cancelled", sentence: "It was stopped." }));
    await settle();
    expect(words("smoke-result")).toContain("Stopped It was stopped.");
  });

  it("opens what was sent, what came back and what it means", async () => {
    await openWith(failedReport());
    await click(screen.getByTestId(RETURN));
    const detail = words("step-detail");
    expect(detail).toContain("An internal error instead of the loan.");
    expect(detail).toContain("so people would meet this too");
    expect(detail).toContain("library.loans.checkIn as Member (member_smoke)");
    expect(detail).toContain("500 after 52 ms");
    expect(detail).toContain("req_2f3a");
    await expectAccessible();
    await press("Escape", {}, screen.getByTestId(RETURN));
    expect(screen.queryByTestId("step-detail")).toBeNull();
  });

  it("runs again only what failed, and copies for support", async () => {
    const host = await openWith(failedReport());
    await click(screen.getByRole("button", { name: "Copy for support" }));
    expect(host.given("copySmokeSupport")).toEqual([[failedReport().id]]);
    await click(screen.getByTestId("run-failed"));
    expect(host.given("runSmoke")).toMatchObject([[{ onlyFailedOf: failedReport().id }]]);
  });

  it("lists by id what could not be put back, and removes it when told", async () => {
    const view = viewOf();
    const host = new FakeHost(view);
    host.report = failedReport();
    host.leftovers = host.report.left.filter((left) => left.open);
    await openAt("smoke", view, host);
    expect(words("left-open")).toContain("loan of item_0042, by Member loan_7f21");
    expect(words("left-stays")).toContain("review of item_0042");
    await expectAccessible();
    await click(screen.getByTestId("remove-leftovers"));
    expect(host.given("cleanUpLeftovers")).toHaveLength(1);
    expect(screen.queryByTestId("left-open")).toBeNull();
  });

  it("says why what was left could not be removed now", async () => {
    const view = viewOf();
    const host = new FakeHost(view);
    host.leftovers = failedReport().left.filter((left) => left.open);
    host.cleanUpLeftovers = () => Promise.reject(problemOf("busy", { message: "A run goes on." }));
    await openAt("smoke", view, host);
    await click(screen.getByTestId("remove-leftovers"));
    expect(screen.getByText("A run goes on.")).toBeTruthy();
    expect(words("left-open")).toContain("loan of item_0042");
  });

  it("says nothing about this phase from a run for another, or of another portal", async () => {
    await openWith({ ...reportOf(), phase: "phase_3_admin_full" });
    expect(screen.queryByTestId("smoke-result")).toBeNull();
  });

  it("borrows the item that was set", async () => {
    const host = await openWith(reportOf());
    await type(screen.getByLabelText("Item to borrow"), " item_7 ");
    await click(screen.getByTestId("run-smoke"));
    expect(host.given("runSmoke")).toMatchObject([[{ item: "item_7" }]]);
  });

  it("says why a run could not begin", async () => {
    const host = await openWith(reportOf());
    host.runSmoke = () => Promise.reject(problemOf("busy", { message: "Another run goes on." }));
    await click(screen.getByTestId("run-smoke"));
    expect(screen.getByText("Another run goes on.")).toBeTruthy();
    expect(screen.getByTestId<HTMLButtonElement>("run-smoke").disabled).toBe(false);
  });
});

describe("a live portal", () => {
  it("is asked about once, by its name", async () => {
    const view = viewOf({ environment: LIVE, environments: [PRACTICE, LIVE], practice: null });
    const host = new FakeHost(view);
    host.report = reportOf({}, { environment: LIVE.name });
    host.smokePlan = () => Promise.resolve(planOf({ asks: true }));
    await openAt("smoke", view, host);
    await click(screen.getByTestId("run-smoke"));
    expect(host.given("runSmoke")).toEqual([]);
    const dialog = within(screen.getByRole("dialog", { name: "Run it against studio-live?" }));
    await type(dialog.getByRole("textbox"), "studio-live");
    await click(dialog.getByRole("button", { name: "Run the checklist" }));
    expect(host.given("runSmoke")).toMatchObject([[{ confirm: "studio-live" }]]);
  });
});

describe("what a person attests", () => {
  const question = () => within(screen.getByTestId(`question-${QUESTION}`));

  it("needs a few words, and is kept with them", async () => {
    const host = await openWith(reportOf());
    await click(question().getByRole("button", { name: "Yes, it is so" }));
    expect(question().getByText("Write in a few words what you saw.")).toBeTruthy();
    expect(host.given("attestCheck")).toEqual([]);
    await type(question().getByLabelText("What you saw"), "No staff menu");
    host.report = reportOf({ [`${QUESTION}/person`]: "attested" });
    await click(question().getByRole("button", { name: "Yes, it is so" }));
    expect(host.given("attestCheck")).toEqual([[QUESTION, true, "No staff menu"]]);
    expect(screen.getByTestId(`question-${QUESTION}`).dataset["state"]).toBe("attested");
    expect(question().queryByLabelText("What you saw")).toBeNull();
    await click(question().getByRole("button", { name: "Answer again" }));
    expect(question().getByLabelText<HTMLTextAreaElement>("What you saw").value).toBe("");
  });

  it("can be a no, and keeps its words when it is refused", async () => {
    const host = await openWith(reportOf());
    host.attestCheck = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await type(question().getByLabelText("What you saw"), "The menu shows");
    await click(question().getByRole("button", { name: "No, it is not" }));
    expect(question().getByText("The disk is full.")).toBeTruthy();
    expect(question().getByLabelText<HTMLTextAreaElement>("What you saw").value).toBe("The menu shows");
    await expectAccessible();
  });
});

describe("from the first page", () => {
  it("what failed is run again at once", async () => {
    const view = viewOf({ advance: NOT_YET });
    const host = new FakeHost(view);
    host.report = failedReport();
    await open(view, host);
    await click(
      within(screen.getByTestId("need-smoke")).getByRole("button", { name: "Run again what failed" }),
    );
    expect(screen.getByTestId("nav-smoke").getAttribute("aria-current")).toBe("page");
    expect(host.given("runSmoke")).toMatchObject([[{ onlyFailedOf: failedReport().id }]]);
  });
});
