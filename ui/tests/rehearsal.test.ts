import { screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { PHASE_1, PHASE_2, PHASE_3, problemOf, runOf, STAGING, viewOf } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { placeOf, rehearsalOf, STEPS_IN_ALL } from "../dev/rehearsal";
import type { RehearsalAct } from "../src/bindings/RehearsalAct";
import { click, expectAccessible, open, press, settle, type, words } from "./window";

const at = (act: RehearsalAct, more = {}) => viewOf({ rehearsal: rehearsalOf(placeOf(act)), ...more });

const focused = () => (document.activeElement as HTMLElement).dataset["testid"];

/** Presses the shortcut to the next step, and waits until this has the focus. */
async function walkOnTo(control: string): Promise<void> {
  await press("G", { ctrlKey: true, shiftKey: true });
  await vi.waitFor(() => expect(focused()).toBe(control));
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe("beginning a rehearsal", () => {
  it("ends the open run only as it was shown, and leads to the first step", async () => {
    const host = await open(viewOf({ run: runOf({ id: "run-14", label: "R-014" }) }));
    await click(screen.getByTestId("rehearse-now"));
    expect(focused()).toBe("rehearsal-owner");
    expect(words("begin-rehearsal")).toBe("End R-014 and begin");
    await expectAccessible();
    await type(screen.getByTestId("rehearsal-owner"), " Library Ops ");
    await click(screen.getByTestId("begin-rehearsal"));
    expect(host.given("beginRehearsal")).toEqual([[{ owner: "Library Ops", fresh: true, ends: "run-14" }]]);
    await vi.waitFor(() => expect(focused()).toBe("rehearsal-go"));
    expect(screen.queryByTestId("begin")).toBeNull();
  });

  it("keeps what was typed when it is refused, and says why", async () => {
    const host = new FakeHost(viewOf({ run: null }));
    host.beginRehearsal = () =>
      Promise.reject(problemOf("invalid_input", { field: "owner", message: "The name is too long." }));
    await open(host.view, host);
    await click(screen.getByTestId("rehearse-now"));
    await type(screen.getByTestId("rehearsal-owner"), "Library Ops");
    await click(screen.getByTestId("begin-rehearsal"));
    expect(words("begin")).toContain("The name is too long.");
    expect(screen.getByTestId<HTMLInputElement>("rehearsal-owner").value).toBe("Library Ops");
    expect(screen.getByTestId("rehearsal-owner").getAttribute("aria-invalid")).toBe("true");
  });

  it("is for practice only", async () => {
    await open(viewOf({ environment: STAGING }));
    expect(screen.queryByTestId("rehearse-now")).toBeNull();
  });

  it("is found by its words", async () => {
    await open(viewOf());
    await press("k", { ctrlKey: true });
    await type(screen.getByRole("combobox"), "rehearse now");
    await press("Enter", {}, screen.getByRole("combobox"));
    expect(screen.getByTestId("begin")).toBeTruthy();
  });
});

describe("walking through it", () => {
  it("says on every page which step is next, and how it stands", async () => {
    const rehearsal = rehearsalOf(placeOf("checklist"));
    const [now] = rehearsal.steps.filter(({ progress }) => progress === "now");
    if (now) now.found = "2 steps did not run.";
    await open(viewOf({ rehearsal }));
    await click(screen.getByTestId("nav-log"));
    expect(words("rehearsal")).toContain(`step 2 of ${STEPS_IN_ALL}`);
    expect(words("rehearsal")).toContain("Run the smoke checklist of Phase 1.");
    expect(words("rehearsal")).toContain("So far: 2 steps did not run.");
    await click(screen.getByTestId("rehearsal-steps"));
    const steps = [...screen.getByTestId("rehearsal-list").querySelectorAll("li")];
    expect(steps.map((step) => step.dataset["progress"]).slice(0, 3)).toEqual(["done", "now", "later"]);
    expect(steps[1]?.getAttribute("aria-current")).toBe("step");
    await expectAccessible();
  });

  it("leads by one shortcut to what does the step", async () => {
    const host = await open(at("set_phase"));
    await walkOnTo("note");
    for (const [act, control] of [
      ["checklist", "run-smoke"],
      ["attach", "attach"],
      ["end_run", "end-run"],
      ["lessons", "log-lessons"],
      ["export", "export"],
    ] as const) {
      host.show({ rehearsal: rehearsalOf(placeOf(act)) });
      await settle();
      if (act === "attach") await host.captureMetrics(60);
      await walkOnTo(control);
    }
    host.show({ rehearsal: rehearsalOf(placeOf("roll_back")) });
    await settle();
    await click(screen.getByTestId("rehearsal-go"));
    expect(screen.getByTestId("decision")).toBeTruthy();
  });

  it("chooses the phase of the step", async () => {
    await open(at("set_phase"));
    await click(screen.getByTestId("rehearsal-go"));
    expect(words("plan")).toContain("Phase 1");
  });

  it("says what speaks against going on, and leads to the rollback", async () => {
    const rehearsal = rehearsalOf(placeOf("gates"), { breach: "error rate: 12 % of 40, limit 1 %." });
    await open(viewOf({ rehearsal }));
    expect(words("breach")).toContain("error rate: 12 % of 40, limit 1 %.");
    await expectAccessible();
    await click(screen.getByTestId("breach-rollback"));
    expect(screen.getByTestId("decision")).toBeTruthy();
  });

  it("has its surprises switched on and off by whoever leads it", async () => {
    const host = await open(at("gates"));
    await click(screen.getByTestId("rehearsal-surprises"));
    await click(screen.getByTestId("surprise-gate_breach"));
    expect(words("rehearsal-surprises")).toBe("Surprises: 1 on");
    await click(screen.getByTestId("surprise-gate_breach"));
    expect(host.given("surprise")).toEqual([
      ["gate_breach", true],
      ["gate_breach", false],
    ]);
    await expectAccessible();
  });

  it("asks before it is left half-way, and not when it is finished", async () => {
    const host = await open(at("gates"));
    await click(screen.getByTestId("rehearsal-leave"));
    expect(host.given("leaveRehearsal")).toHaveLength(0);
    await click(screen.getByText("Leave the rehearsal"));
    expect(screen.queryByTestId("rehearsal")).toBeNull();

    host.show({ rehearsal: rehearsalOf(STEPS_IN_ALL) });
    await settle();
    expect(words("rehearsal")).toContain("Every step is done, and the evidence is sealed.");
    expect(screen.queryByTestId("rehearsal-go")).toBeNull();
    const ended = rehearsalOf(STEPS_IN_ALL);
    const [first] = ended.steps;
    if (first) first.progress = "passed_over";
    host.show({ rehearsal: ended });
    await settle();
    expect(words("rehearsal")).toContain("The evidence is sealed; 1 step was passed over.");
    await click(screen.getByTestId("rehearsal-leave"));
    expect(host.given("leaveRehearsal")).toHaveLength(2);
  });

  it("names each phase as the program does", () => {
    const phases = rehearsalOf().steps.map(({ phase }) => phase);
    expect(new Set(phases)).toEqual(new Set([PHASE_1, PHASE_2, PHASE_3, null]));
  });
});
