import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import {
  closedOf,
  DRILL,
  drillOf,
  LIVE,
  NOT_YET,
  NOW,
  PHASE_1,
  PHASE_2,
  PHASE_3,
  PRACTICE,
  problemOf,
  rollbackOf,
  SAFE,
  STAGING,
  stateOf,
  stuckDrill,
  viewOf,
} from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import type { DeskView } from "../src/bindings/DeskView";
import { click, expectAccessible, open, openAt, press, settle, type, words } from "./window";

const readingOf = (phase: string) => ({
  state: stateOf(phase),
  everSet: true,
  readAtMs: NOW,
  requestId: "r",
});
const inPhase = (phase: string, more: Partial<DeskView> = {}) =>
  viewOf({ reading: readingOf(phase), ...more });
const trigger = (id: string) => screen.getByTestId<HTMLInputElement>(`trigger-${id}`);
const field = (testId: string) => screen.getByTestId<HTMLInputElement>(testId);
const opened = (host: FakeHost) => host.given("openRollback").map(([request]) => request);
const decided = (host: FakeHost) => host.given("decideRollback").map(([choice]) => choice);
const step = (id: string) => within(screen.getByTestId(`step-${id}`));
const header = (id: string) => step(id).getAllByRole("button")[0];
const offline = (view: DeskView): DeskView => ({
  ...view,
  connection: { ...view.connection, state: "offline", nextAskMs: null, problem: problemOf("offline") },
});

async function openRolling(
  progress: Parameters<typeof rollbackOf>[0] = {},
  more: Parameters<typeof rollbackOf>[1] = {},
  view: Partial<DeskView> = {},
): Promise<FakeHost> {
  return open(viewOf({ rollback: rollbackOf(progress, more), ...view }));
}

describe("the control in the header", () => {
  it("goes from any page to the decision, with the trigger in focus", async () => {
    await openAt("settings", inPhase(PHASE_3));
    await press("R", { ctrlKey: true, shiftKey: true });
    expect(screen.getByTestId("nav-rollback").getAttribute("aria-current")).toBe("page");
    expect(document.activeElement).toBe(trigger("gate_breach"));
    await click(trigger("other"));
    await click(screen.getByTestId("nav-phase"));
    await click(screen.getByTestId("rollback"));
    expect(document.activeElement).toBe(trigger("other"));
    expect(screen.getByTestId<HTMLButtonElement>("rollback").disabled).toBe(false);
  });

  it("goes to the one that is open instead, and is never in its way", async () => {
    await openRolling();
    await click(screen.getByTestId("nav-settings"));
    await press("R", { ctrlKey: true, shiftKey: true });
    expect(screen.queryByTestId("decision")).toBeNull();
    expect(document.activeElement).toBe(header("verify"));
  });

  it("goes to the decision while a drill is open: it is in nobody's way", async () => {
    const host = await openAt("settings", inPhase(PHASE_3, { rollback: drillOf() }));
    await click(screen.getByTestId("rollback"));
    expect(document.activeElement).toBe(trigger("gate_breach"));
    expect(words("drill-gives-way")).toContain("ends it at once, and nothing of it is put back");
    expect(screen.queryByTestId("drill")).toBeNull();
    await expectAccessible();
    await click(screen.getByTestId("header-clock"));
    expect(document.activeElement).toBe(header("verify"));
    host.show({ rollback: rollbackOf() });
    await settle();
    await click(screen.getByTestId("rollback"));
    expect(screen.queryByTestId("decision")).toBeNull();
  });

  it("decides on the next one although the last is not put away", async () => {
    await openAt("rollback", inPhase(PHASE_2, { rollback: closedOf() }));
    expect(screen.getByTestId("closed")).toBeTruthy();
    await click(screen.getByTestId("rollback"));
    expect(screen.getByTestId("decision")).toBeTruthy();
    expect(words("way")).toBe("Phase 2 → Phase 1");
    await click(screen.getByRole("button", { name: "Show the rollback that was just closed" }));
    expect(screen.getByTestId("closed")).toBeTruthy();
  });

  it("is in the palette, with the drill", async () => {
    await open(inPhase(PHASE_3));
    await press("k", { ctrlKey: true });
    await type(screen.getByRole("combobox"), "drill");
    await press("Enter", {}, screen.getByRole("combobox"));
    expect(screen.getByTestId<HTMLDetailsElement>("drill").open).toBe(true);
    expect(document.activeElement).toBe(screen.getByTestId("rehearse"));
  });
});

describe("the decision", () => {
  it("needs a reason and who confirmed it, and nothing else", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3, { advance: NOT_YET, run: null }));
    await click(trigger("runtime_errors"));
    await type(field("confirmed-by"), " Bo ");
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toEqual([
      {
        environment: "practice",
        to: PHASE_2,
        trigger: "runtime_errors",
        reason: "",
        confirmedBy: "Bo",
        incidentId: null,
        borrow: false,
      },
    ]);
    expect(document.activeElement).toBe(header("verify"));
  });

  it("goes by Enter alone from what is missing to what is missing", async () => {
    const host = await openAt("rollback", inPhase(PHASE_2));
    await press("R", { ctrlKey: true, shiftKey: true });
    await press("Enter", {}, trigger("gate_breach"));
    expect(screen.getByText("Choose why.")).toBeTruthy();
    await click(trigger("admin_failure"));
    await press("Enter", {}, trigger("admin_failure"));
    expect(document.activeElement).toBe(field("confirmed-by"));
    expect(field("confirmed-by").getAttribute("aria-invalid")).toBe("true");
    await expectAccessible();
    expect(opened(host)).toEqual([]);
    await type(field("confirmed-by"), "Bo");
    await press("Enter", {}, field("confirmed-by"));
    expect(opened(host)).toMatchObject([{ to: PHASE_1, trigger: "admin_failure", confirmedBy: "Bo" }]);
  });

  it("can go from phase 3 straight to phase 1, and borrows for real only where members may", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3));
    await click(screen.getByLabelText(/Also borrow and return a title/));
    await click(screen.getByRole("radio", { name: /^Phase 1/ }));
    expect(screen.queryByLabelText(/Also borrow/)).toBeNull();
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    expect(words("open-rollback")).toBe("Roll back to Phase 1 now");
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toMatchObject([{ to: PHASE_1, borrow: false }]);
  });

  it("does not go further back than was decided when somebody moves the phase meanwhile", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3));
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    host.show({ reading: readingOf(PHASE_2) });
    await settle();
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toEqual([]);
    expect(screen.getByText("Choose the phase to roll back to.")).toBeTruthy();
    await click(screen.getByRole("radio", { name: /^Phase 1/ }));
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toMatchObject([{ to: PHASE_1 }]);
  });

  it("shows the note, and says when the reason is cut", async () => {
    await openAt("rollback", inPhase(PHASE_3));
    await click(trigger("gate_breach"));
    await type(field("rollback-incident"), "INC-42");
    await type(field("rollback-reason"), "loans fail");
    expect(words("note-preview")).toBe(
      "ROLLBACK 2026-03-01T13:20:10Z INC-42 by staff_ana: gate breach, loans fail",
    );
    expect(words("note-count")).toBe("74 of 300 characters");
    await type(field("rollback-reason"), "x".repeat(400));
    expect(words("note-count")).toBe("300 of 300 characters, the reason is cut to fit");
    expect(field("rollback-reason").value).toHaveLength(400);
  });

  it("refuses an incident id that would be cut", async () => {
    const host = await openAt("rollback", inPhase(PHASE_2));
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    await type(field("rollback-incident"), "I".repeat(101));
    await click(screen.getByTestId("open-rollback"));
    expect(screen.getByText("The incident id is 1 character too long.")).toBeTruthy();
    expect(opened(host)).toEqual([]);
  });

  it("keeps what was typed over a failure, and for the next time who confirmed it", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3));
    const working = host.openRollback;
    host.openRollback = () => Promise.reject(problemOf("busy", { message: "A rollback is open." }));
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    await type(field("rollback-reason"), "because");
    await click(screen.getByTestId("open-rollback"));
    expect(screen.getByText("A rollback is open.")).toBeTruthy();
    expect(field("rollback-reason").value).toBe("because");
    window.dispatchEvent(new Event("pagehide"));
    await settle();
    expect(host.kept["rollback-owner:practice"]).toBe("Bo");
    host.openRollback = working;
    await click(screen.getByTestId("open-rollback"));
    host.show({ rollback: null });
    await settle();
    expect(field("confirmed-by").value).toBe("Bo");
    expect(field("rollback-reason").value).toBe("");
    expect(trigger("other").checked).toBe(false);
  });

  it("remembers who confirmed it by environment", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3, { environments: [PRACTICE, STAGING] }));
    await type(field("confirmed-by"), "Bo");
    host.show({ environment: STAGING });
    await settle();
    expect(field("confirmed-by").value).toBe("");
  });

  it("works while the portal does not answer and the journal cannot be written, and says so", async () => {
    const view = offline(inPhase(PHASE_3, { store: { entries: 1, problem: problemOf("store_full") } }));
    const host = await openAt("rollback", view);
    expect(words("still-works")).toContain("keeps trying");
    expect(words("still-works")).toContain("could not be recorded");
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toHaveLength(1);
  });

  it("asks for the phase where none was ever read", async () => {
    const host = await openAt("rollback", viewOf({ reading: null }));
    expect(words("way")).toBe("Phase not known → not chosen yet");
    expect(screen.getByTestId("phase-unknown")).toBeTruthy();
    await expectAccessible();
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toEqual([]);
    await click(screen.getByRole("radio", { name: /^Phase 2/ }));
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toMatchObject([{ to: PHASE_2 }]);
  });

  it("asks for no name in a live environment", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3, { environment: LIVE, practice: null }));
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    await click(screen.getByTestId("open-rollback"));
    expect(opened(host)).toMatchObject([{ environment: "studio-live" }]);
  });
});

describe("in phase 1", () => {
  it("there is nothing to roll back, and the safe state can be checked", async () => {
    const host = await openAt("settings", inPhase(PHASE_1));
    await click(screen.getByTestId("rollback"));
    expect(words("nothing-to-roll-back")).toContain("There is nothing to roll back");
    expect(document.activeElement).toBe(screen.getByTestId("check-safe-state"));
    await click(screen.getByTestId("check-safe-state"));
    expect(host.given("checkSafeState")).toHaveLength(1);
    expect(words("safe-state")).toContain("All 3 answers agree.");
    await expectAccessible();
  });

  it("what is not safe is said, with the id to quote", async () => {
    const host = await openAt("rollback", inPhase(PHASE_1));
    host.checkSafeState = () =>
      Promise.resolve({
        ...SAFE,
        safe: false,
        standing: "1 of 1 without the answer that must come.",
        probes: rollbackOf().probes.slice(-1),
      });
    await click(screen.getByTestId("check-safe-state"));
    expect(screen.getByTestId("safe-state").dataset["safe"]).toBe("false");
    expect(words("safe-state")).toContain("Not safe");
    expect(words("safe-state")).toContain("desk-0195512e-library.items.list-nobody");
    host.checkSafeState = () => Promise.reject(problemOf("offline", { message: "No answer." }));
    await click(screen.getByTestId("check-safe-state"));
    expect(screen.getByText("No answer.")).toBeTruthy();
  });
});

describe("the clock", () => {
  it("stands in the header of every page, and leads to the one that is open", async () => {
    await openRolling();
    for (const place of ["advance", "phase", "smoke", "metrics", "settings"]) {
      await click(screen.getByTestId(`nav-${place}`));
      expect(words("header-clock")).toBe("Rollback 03:41 / 15:00");
    }
    await click(screen.getByTestId("header-clock"));
    expect(screen.getByTestId("clock")).toBeTruthy();
  });

  it.each([
    [10, "soon", "5 min left at most"],
    [13, "late", "2 min left at most"],
    [16, "over", "over by 01:00"],
  ])("warns after %d minutes by a word too", async (minutes, level, word) => {
    await openRolling({}, { openedAtMs: NOW - minutes * 60_000 });
    expect(screen.getByTestId("header-clock").dataset["level"]).toBe(level);
    expect(words("header-clock")).toContain(word);
    expect(words("clock")).toContain(word);
  });

  it("says that the computer's clock was set", async () => {
    await openRolling({}, { openedAtMs: NOW - 3_600_000 - 60_000, jumpedMs: 3_600_000 });
    expect(words("header-clock")).toContain("01:00 / 15:00");
    expect(words("jumped")).toContain("set by +1 h; the time shown is corrected");
  });

  it("stays until it is put away", async () => {
    const host = await openAt("rollback", viewOf({ rollback: closedOf() }));
    expect(words("header-clock")).toContain("06:10 / 15:00 closed");
    await click(screen.getByTestId("put-away"));
    expect(host.given("dismissRollback")).toHaveLength(1);
    expect(screen.queryByTestId("header-clock")).toBeNull();
  });

  it("has the splits beneath, and the last drill beside it for a rollback only", async () => {
    const host = await openRolling({}, {}, { lastDrill: DRILL });
    expect(words("split-verified")).toBe("Verified 00:04.2 within target");
    expect(words("split-settled")).toBe("Settled –not yet");
    expect(words("clock-drill")).toContain("settled 01:02.0");
    host.show({ rollback: rollbackOf({}, { purpose: "drill" }) });
    await settle();
    expect(screen.queryByTestId("clock-drill")).toBeNull();
    expect(words("header-clock")).toContain("Drill");
  });

  it("names itself a timer, and nothing that ticks is read out", async () => {
    await openRolling();
    const timer = screen.getByRole("timer");
    expect(timer.closest("[role=status], [role=alert], [aria-live]")).toBeNull();
    expect(words("spoken")).toContain("Step 5 of 7");
    expect(words("spoken")).not.toMatch(/\d+ s\b/);
    expect(screen.getByTestId("spoken").getAttribute("role")).toBe("status");
  });
});

describe("the window", () => {
  it("opens on the rollback in progress, on what it is at", async () => {
    await openRolling();
    expect(screen.getByTestId("nav-rollback").getAttribute("aria-current")).toBe("page");
    expect(document.activeElement).toBe(header("verify"));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toContain("Phase 3 → Phase 2");
    await expectAccessible();
  });

  it("opens on the drill in progress, not on the decision that it gives way to", async () => {
    await open(viewOf({ rollback: drillOf() }));
    expect(screen.getByRole("heading", { level: 1 }).textContent).toContain("Drill");
    expect(document.activeElement).toBe(header("verify"));
    await expectAccessible();
  });

  it("opens as ever on one that is closed", async () => {
    await open(viewOf({ rollback: closedOf() }));
    expect(screen.getByTestId("nav-advance").getAttribute("aria-current")).toBe("page");
  });

  it("is not taken to one that is opened elsewhere while it is open", async () => {
    const host = await openAt("phase", viewOf());
    host.show({ rollback: rollbackOf() });
    await settle();
    expect(screen.getByTestId("nav-phase").getAttribute("aria-current")).toBe("page");
    expect(words("nav-rollback")).toContain("a rollback is open");
  });
});

describe("the steps", () => {
  it("show where it is, the done ones closed, and open by a click", async () => {
    await openRolling();
    expect(screen.getByTestId("step-verify").getAttribute("aria-current")).toBe("step");
    expect(header("verify")?.getAttribute("aria-expanded")).toBe("true");
    expect(header("note")?.getAttribute("aria-expanded")).toBe("false");
    expect(screen.queryByTestId("note-saved")).toBeNull();
    await click(header("note") as HTMLElement);
    expect(words("note-saved")).toContain("INC-2041 by staff_ana");
  });

  it("what was closed by hand opens again when it comes further", async () => {
    const host = await openRolling();
    await click(header("verify") as HTMLElement);
    expect(header("verify")?.getAttribute("aria-expanded")).toBe("false");
    host.show({ rollback: rollbackOf({ verify: "failed" }) });
    await settle();
    expect(step("verify").getByRole("button", { name: "Try again" })).toBeTruthy();
  });

  it("are gone through by the arrows, with everything there is to act on", async () => {
    await openRolling({ snapshot: "failed" });
    const list = screen.getByTestId("steps");
    header("trigger")?.focus();
    const seen: (string | null | undefined)[] = [];
    for (let stop = 0; stop < 5; stop += 1) {
      await press("ArrowDown", {}, document.activeElement as Element);
      seen.push(document.activeElement?.getAttribute("data-testid") ?? document.activeElement?.tagName);
      expect(list.contains(document.activeElement)).toBe(true);
    }
    expect(seen).toEqual(["BUTTON", "BUTTON", "BUTTON", "again-snapshot", "pass-snapshot"]);
    await press("ArrowUp", {}, document.activeElement as Element);
    expect(document.activeElement).toBe(screen.getByTestId("again-snapshot"));
  });

  it("that failed can be tried again", async () => {
    const host = await openRolling({ snapshot: "failed" });
    expect(words("step-snapshot")).toContain("The portal answered 500.");
    await click(screen.getByTestId("again-snapshot"));
    expect(decided(host)).toEqual([{ choice: "again", step: "snapshot" }]);
    expect(document.activeElement).toBe(header("snapshot"));
  });

  it("or passed over, but only with a word why, which a failure does not lose", async () => {
    const host = await openRolling({ snapshot: "failed" });
    const working = host.decideRollback;
    await click(screen.getByTestId("pass-snapshot"));
    const why = step("snapshot").getByLabelText("Why it goes on without this");
    expect(document.activeElement).toBe(why);
    await expectAccessible();
    await click(step("snapshot").getByRole("button", { name: "Go on without it" }));
    expect(step("snapshot").getByText(/Write why/)).toBeTruthy();
    host.decideRollback = () => Promise.reject(problemOf("busy", { message: "Not now." }));
    await type(why, "the panel is down");
    await click(step("snapshot").getByRole("button", { name: "Go on without it" }));
    expect(screen.getByText("Not now.")).toBeTruthy();
    expect((why as HTMLInputElement).value).toBe("the panel is down");
    host.decideRollback = working;
    await click(step("snapshot").getByRole("button", { name: "Go on without it" }));
    expect(decided(host)).toEqual([{ choice: "pass_over", step: "snapshot", reason: "the panel is down" }]);
  });

  it("offer no way round what must not be passed over", async () => {
    const { steps } = rollbackOf({ "set-phase": "failed" });
    const strict = steps.map((each) => ({ ...each, mayPassOver: false }));
    await openRolling({}, { steps: strict });
    expect(screen.getByTestId("again-set-phase")).toBeTruthy();
    expect(screen.queryByTestId("pass-set-phase")).toBeNull();
  });

  it("the announcement is told where, or skipped with a word why", async () => {
    const host = await openRolling();
    await click(step("announce").getByRole("button", { name: "Staff were told" }));
    expect(decided(host)).toEqual([]);
    await type(step("announce").getByLabelText("Where staff were told"), "#ops-library");
    await click(step("announce").getByRole("button", { name: "Staff were told" }));
    await click(screen.getByTestId("pass-announce"));
    await type(step("announce").getByLabelText("Why nobody is told"), "practice only");
    await press("Escape", {}, step("announce").getByLabelText("Why nobody is told"));
    expect(step("announce").queryByLabelText("Why nobody is told")).toBeNull();
    await click(screen.getByTestId("pass-announce"));
    await click(step("announce").getByRole("button", { name: "Skip it" }));
    expect(decided(host)).toEqual([
      { choice: "announced", place: "#ops-library" },
      { choice: "pass_over", step: "announce", reason: "practice only" },
    ]);
  });
});

describe("what keeps it from going on", () => {
  it("says since when and when it is tried again", async () => {
    const trouble = problemOf("offline", { message: "The portal does not answer." });
    await openRolling({}, { trouble, troubleSinceMs: NOW - 90_000, nextTryMs: NOW + 8_000 });
    expect(words("trouble")).toContain("Since 14:18:40 CET, 1 min ago. Next try in 8 s.");
    expect(screen.getByText("The portal does not answer.").closest("[role=alert]")?.textContent).not.toMatch(
      /8 s/,
    );
    await expectAccessible();
  });

  it("offers the accounts that could do it instead", async () => {
    const host = await openRolling({}, { otherAccounts: ["staff-smoke", "admin-smoke"] });
    await click(screen.getByRole("button", { name: "Use staff-smoke" }));
    expect(decided(host)).toEqual([{ choice: "use_account", role: "staff-smoke" }]);
  });

  it("a move by somebody else is shown first, and gone over or stopped at", async () => {
    const moved = stateOf(PHASE_3, "staff_bo", NOW - 20_000, "Trying again");
    const host = await openRolling({}, { moved });
    expect(document.activeElement).toBe(screen.getByTestId("rollback-moved"));
    expect(words("rollback-moved")).toContain("Phase 3 · Admin full");
    expect(words("rollback-moved")).toContain(
      "staff_bo, 14:19:50 CET, 20 s ago, with the note “Trying again”",
    );
    await press("ArrowDown", {}, document.activeElement as Element);
    expect(document.activeElement).toBe(screen.getByTestId("go-on"));
    await click(screen.getByTestId("go-on"));
    await click(within(screen.getByTestId("rollback-moved")).getByRole("button", { name: "Stop…" }));
    await type(screen.getByLabelText("Why it stops here"), "Bo has it");
    await expectAccessible();
    await click(screen.getByRole("button", { name: "Stop the rollback" }));
    expect(decided(host)).toEqual([{ choice: "go_on" }, { choice: "stop", reason: "Bo has it" }]);
  });

  it("can be stopped, with a word why and a word on what that leaves", async () => {
    const host = await openRolling({}, { purpose: "drill" });
    await click(screen.getByTestId("stop-here"));
    expect(screen.getByText(/What the drill changed is put back first/)).toBeTruthy();
    await click(screen.getByRole("button", { name: "Stop the drill" }));
    expect(decided(host)).toEqual([]);
    await type(screen.getByLabelText("Why it stops here"), "a real incident");
    await click(screen.getByRole("button", { name: "Stop the drill" }));
    expect(decided(host)).toEqual([{ choice: "stop", reason: "a real incident" }]);
  });

  it("that is being stopped says so and offers no second stop", async () => {
    await openRolling({}, { purpose: "drill", stopped: "a real incident" });
    expect(words("stopping")).toContain(
      "Stopped: a real incident. What the drill changed is put back first.",
    );
    expect(screen.queryByTestId("stop-here")).toBeNull();
  });

  it("leaves the focus where somebody types, however much comes meanwhile", async () => {
    const host = await openRolling();
    const place = step("announce").getByLabelText("Where staff were told");
    place.focus();
    await type(place, "#ops");
    host.show({ rollback: rollbackOf({}, { standing: "All 99 answers agree." }) });
    await settle();
    expect(document.activeElement).toBe(place);
    expect((place as HTMLInputElement).value).toBe("#ops");
    await click(screen.getByTestId("stop-here"));
    place.focus();
    host.show({ rollback: rollbackOf() });
    await settle();
    expect(document.activeElement).toBe(place);
  });

  it("says what is not recorded and who carries it on", async () => {
    const host = await openRolling({}, { recorded: false, carriedOnHere: false, carriedOnElsewhere: true });
    expect(words("not-recorded")).toContain("goes on all the same");
    expect(words("carried-elsewhere")).toContain("another program on this data directory");
    expect(screen.queryByTestId("carried-by-nobody")).toBeNull();
    host.show({ rollback: rollbackOf({}, { carriedOnHere: false }) });
    await settle();
    expect(screen.queryByTestId("carried-elsewhere")).toBeNull();
    expect(words("carried-by-nobody")).toBe(
      "Nobody carries it on at this moment; this window goes on with it as soon as it can.",
    );
    host.show({ rollback: rollbackOf() });
    await settle();
    expect(screen.queryByTestId("carried-by-nobody")).toBeNull();
  });
});

describe("the agreement of the probes", () => {
  it("is a row a probe, in words too, with what does not agree explained", async () => {
    await openRolling();
    expect(words("standing")).toBe("10 of 63 answers still from before, 41 s left at most.");
    expect(words("settles")).toBe("Settles 14:20:51 CET at the earliest, in 41 s");
    expect(within(screen.getByTestId("probes")).getAllByRole("listitem")).toHaveLength(9);
    expect(words("probe-staff-smoke-library.items.create")).toContain(
      "newest still from before; of the last 7: 2 agrees, 5 still from before",
    );
    expect(words("probe-staff-smoke-library.items.create")).toContain("does not know of it yet");
    expect(words("probe-member-smoke-library.items.list")).not.toContain("As it must be");
  });

  it("says what will stand there before anything was asked", async () => {
    await openRolling({}, { probes: [], standing: "" });
    expect(screen.getByText(/What each account is answered will stand here/)).toBeTruthy();
  });
});

describe("one that is closed", () => {
  it("says how it kept its time, until when it is to be reviewed, and is put away", async () => {
    await openAt("rollback", viewOf({ rollback: closedOf() }));
    expect(words("closed")).toContain("The rollback is closed after 06:10.");
    expect(words("closed")).toContain("Settled after 01:04.3, within the target of 15:00.");
    expect(words("review-by")).toBe("To be reviewed by 2 Mar 14:20 CET.");
    expect(screen.queryByTestId("stop-here")).toBeNull();
    await expectAccessible();
    await click(screen.getByTestId("put-away"));
    expect(document.activeElement).toBe(trigger("gate_breach"));
  });

  it("is reviewed there, and says then when, by whom and what came of it", async () => {
    const host = await openAt("rollback", viewOf({ rollback: closedOf() }));
    await click(screen.getByRole("button", { name: "Write down the review" }));
    expect(screen.getByText(/Write what came of it/)).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByLabelText("What came of it"));
    expect(host.given("reviewRollback")).toEqual([]);
    await type(screen.getByLabelText("What came of it"), " a cache was cold ");
    await click(screen.getByRole("button", { name: "Write down the review" }));
    expect(host.given("reviewRollback")).toEqual([[closedOf().id, "a cache was cold"]]);
    expect(words("reviewed")).toBe("Reviewed 14:20 CET by staff_ana: a cache was cold");
    expect(document.activeElement).toBe(screen.getByTestId("reviewed"));
    expect(screen.queryByTestId("review-by")).toBeNull();
    expect(screen.queryByLabelText("What came of it")).toBeNull();
    await expectAccessible();
  });

  it("says that a drill could not put back what it found, and what that was", async () => {
    const rollback = closedOf({ purpose: "drill", gaveUp: "No answer for 15 minutes.", reviewByMs: null });
    await openAt(
      "rollback",
      viewOf({ rollback: { ...rollback, from: stateOf(PHASE_3, "ana", NOW, "Open") } }),
    );
    expect(words("closed")).toContain("No answer for 15 minutes. Set Phase 3 · Admin full again");
    expect(words("closed")).toContain("“Open”");
  });

  it("says why it was stopped", async () => {
    await openAt("rollback", viewOf({ rollback: closedOf({ stopped: "Bo has it" }) }));
    expect(words("closed")).toContain("Why: Bo has it.");
  });
});

describe("a drill that is open", () => {
  const decide = async () => {
    await click(trigger("other"));
    await type(field("confirmed-by"), "Bo");
    await click(screen.getByTestId("open-rollback"));
  };

  it("can be rolled back from for real right there, and be gone back to", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3, { rollback: drillOf() }));
    expect(screen.getByText("The drill ends at once, and nothing of it is put back.")).toBeTruthy();
    await click(screen.getByRole("button", { name: "Roll back for real now" }));
    expect(document.activeElement).toBe(trigger("gate_breach"));
    await click(screen.getByRole("button", { name: "Show the drill that is open" }));
    expect(screen.queryByTestId("decision")).toBeNull();
    await click(screen.getByTestId("for-real"));
    await decide();
    expect(opened(host)).toMatchObject([{ to: PHASE_2, trigger: "other", confirmedBy: "Bo" }]);
    expect(screen.queryByTestId("decision")).toBeNull();
    expect(screen.queryByTestId("for-real")).toBeNull();
  });

  it("has moved the phase for the time being only: what it found is what is gone back from", async () => {
    const rollback = drillOf({}, { from: stateOf(PHASE_2), to: PHASE_1 });
    const host = await openAt("rollback", inPhase(PHASE_1, { rollback }));
    await click(screen.getByTestId("for-real"));
    expect(words("way")).toBe("Phase 2 → Phase 1");
    expect(words("drill-gives-way")).toContain("it found Phase 2 · Member writes");
    await decide();
    expect(opened(host)).toMatchObject([{ to: PHASE_1 }]);
  });

  it("and could not put back what it found can try again, or leave it as it is with a word why", async () => {
    const host = await openAt("rollback", inPhase(PHASE_2, { rollback: stuckDrill() }));
    await expectAccessible();
    await click(step("restore").getByRole("button", { name: "Try again" }));
    await click(step("restore").getByRole("button", { name: "Leave it as it is…" }));
    expect(words("step-restore")).toContain("the portal keeps the phase and the note that it has now");
    await type(step("restore").getByLabelText("Why it is left as it is"), "the portal is being rebuilt");
    await expectAccessible();
    await click(step("restore").getByRole("button", { name: "Leave it as it is" }));
    expect(decided(host)).toEqual([
      { choice: "again", step: "restore" },
      { choice: "pass_over", step: "restore", reason: "the portal is being rebuilt" },
    ]);
    expect(screen.getByTestId("for-real")).toBeTruthy();
  });
});

describe("the drill", () => {
  const start = () => click(screen.getByTestId("open-drill"));
  const drills = (host: FakeHost) => host.given("openDrill").map(([request]) => request);
  async function openDrill(view: DeskView): Promise<FakeHost> {
    const host = await openAt("rollback", view);
    await click(screen.getByTestId("rehearse"));
    return host;
  }

  it("says what it does, and does that", async () => {
    const host = await openDrill(inPhase(PHASE_3));
    expect(words("drill")).toContain("Sets Phase 2");
    expect(words("drill")).toContain("agreed for longer than 1 min");
    await start();
    expect(drills(host)).toEqual([
      {
        environment: "practice",
        to: null,
        untilVerified: false,
        skipRestore: false,
        promoteFromPhase1: false,
        maxDurationMinutes: 15,
        notePrefix: "DRILL",
        reason: null,
        confirm: null,
      },
    ]);
    expect(document.activeElement).toBe(header("verify"));
  });

  it("warns plainly when nothing is put back", async () => {
    const host = await openDrill(inPhase(PHASE_3));
    await click(screen.getByLabelText("Put nothing back"));
    expect(words("skip-warning")).toContain("stays in Phase 2");
    expect(words("drill")).not.toContain("Puts back the phase");
    await click(screen.getByLabelText(/until verified/));
    await start();
    expect(drills(host)).toMatchObject([{ skipRestore: true, untilVerified: true }]);
  });

  it("needs a phase to roll back from", async () => {
    const host = await openDrill(inPhase(PHASE_1));
    await start();
    expect(screen.getByText(/let the drill set Phase 2 first/)).toBeTruthy();
    expect(drills(host)).toEqual([]);
    await click(screen.getByLabelText("Set Phase 2 first"));
    expect(words("drill")).toContain("Sets Phase 2, to have one to roll back from.");
    await start();
    expect(drills(host)).toMatchObject([{ promoteFromPhase1: true }]);
  });

  it("asks for a live environment's name, exactly", async () => {
    const host = await openDrill(inPhase(PHASE_3, { environment: LIVE, practice: null }));
    await type(field("drill-confirm"), "studio");
    await start();
    expect(drills(host)).toEqual([]);
    expect(document.activeElement).toBe(field("drill-confirm"));
    await expectAccessible();
    await type(field("drill-confirm"), "studio-live");
    await start();
    expect(drills(host)).toMatchObject([{ confirm: "studio-live" }]);
  });

  it("asks why only when the program says that it is outside the change window", async () => {
    const host = await openDrill(inPhase(PHASE_3));
    const working = host.openDrill;
    host.openDrill = () =>
      Promise.reject(problemOf("confirmation_needed", { message: "Outside the window.", field: "reason" }));
    expect(screen.queryByTestId("drill-reason")).toBeNull();
    await start();
    expect(screen.getByText("Outside the window.")).toBeTruthy();
    expect(document.activeElement).toBe(field("drill-reason"));
    host.openDrill = working;
    await start();
    expect(drills(host)).toEqual([]);
    await type(field("drill-reason"), "agreed with Bo");
    await start();
    expect(drills(host)).toMatchObject([{ reason: "agreed with Bo" }]);
  });
});

describe("beside the decision and on the first page", () => {
  const reviews = [
    { rollbackId: "a", closedAtMs: NOW - 26 * 3_600_000, byMs: NOW - 2 * 3_600_000 },
    { rollbackId: "b", closedAtMs: NOW - 2 * 3_600_000, byMs: NOW + 22 * 3_600_000 },
  ];

  it.each(["advance", "rollback"] as const)("stand the last drill and the reviews: %s", async (place) => {
    await openAt(place, inPhase(PHASE_3, { lastDrill: DRILL, reviews }));
    expect(words("last-drill")).toContain("9 days ago");
    expect(words("last-drill")).toContain("Settled after 01:02.0");
    expect(words("reviews")).toContain("Overdue by 12:20 CET, 2 h ago");
    expect(words("reviews")).toContain("in 22 h");
    expect(words("nav-rollback")).toContain("2 reviews are due");
    await expectAccessible();
  });

  it.each(["advance", "rollback"] as const)("a review is written down where it is due: %s", async (place) => {
    const host = await openAt(place, inPhase(PHASE_3, { reviews }));
    const form = () => within(screen.getByTestId("because-review-b"));
    await type(form().getByLabelText("What came of it"), "nobody saw the fine print");
    await click(form().getByRole("button", { name: "Write down the review" }));
    expect(host.given("reviewRollback")).toEqual([["b", "nobody saw the fine print"]]);
    expect(screen.queryByTestId("because-review-b")).toBeNull();
    expect(screen.getByTestId("because-review-a")).toBeTruthy();
    expect(document.activeElement).toBe(screen.getByTestId("review-written"));
    await expectAccessible();
  });

  it("what is typed of a review outlives an error and a change of page, and the error stands with its own", async () => {
    const host = await openAt("advance", inPhase(PHASE_3, { reviews }));
    const item = (id: string) => screen.getByTestId(`because-review-${id}`).closest("li") as HTMLElement;
    const typed = (id: string) => within(item(id)).getByLabelText<HTMLInputElement>("What came of it").value;
    const working = host.reviewRollback;
    host.reviewRollback = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await type(within(item("a")).getByLabelText("What came of it"), "the cache");
    await click(within(item("a")).getByRole("button", { name: "Write down the review" }));
    expect(within(item("a")).getByText("The disk is full.")).toBeTruthy();
    expect(within(item("b")).queryByText("The disk is full.")).toBeNull();
    await click(screen.getByTestId("nav-rollback"));
    expect(typed("a")).toBe("the cache");
    expect(typed("b")).toBe("");
    window.dispatchEvent(new Event("pagehide"));
    await settle();
    expect(host.kept["rollback-review-a:practice"]).toBe("the cache");
    host.reviewRollback = working;
    await click(within(item("a")).getByRole("button", { name: "Write down the review" }));
    window.dispatchEvent(new Event("pagehide"));
    await settle();
    expect(host.kept["rollback-review-a:practice"]).toBe("");
  });

  it("says what will stand there, and what a drill left", async () => {
    const host = await openAt("rollback", inPhase(PHASE_3));
    expect(words("last-drill")).toContain("None was made yet");
    expect(screen.queryByTestId("reviews")).toBeNull();
    host.show({ lastDrill: { ...DRILL, status: "failed", settledMs: null, restored: false } });
    await settle();
    expect(words("last-drill")).toContain("Settled not reached");
    expect(words("last-drill")).toContain("Not put back");
  });
});
