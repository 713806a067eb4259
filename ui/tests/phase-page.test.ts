import { screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import {
  changeOf,
  historyOf,
  LIVE,
  NOT_YET,
  NOW,
  PHASE_1,
  PHASE_2,
  PHASE_3,
  PRACTICE,
  problemOf,
  READY,
  STAGING,
  stateOf,
  viewOf,
} from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { click, expectAccessible, openAt, press, settle, type, words } from "./window";

const note = () => screen.getByTestId<HTMLTextAreaElement>("note");
const saves = (host: FakeHost) => host.given("savePhase").map(([request]) => request);
const live = () => viewOf({ environment: LIVE, environments: [PRACTICE, LIVE], practice: null });

describe("the header", () => {
  it("says where, which phase, when and who", async () => {
    await openAt("phase", viewOf());
    expect(words("header-environment")).toBe("Practice");
    expect(words("header-phase")).toBe("Phase 2 · Member writes");
    expect(words("header-who")).toBe("set 14:02 CET, 18 min ago, by staff_ana");
  });

  it("names a portal and never calls old data present", async () => {
    const view = live();
    await openAt("phase", {
      ...view,
      connection: { ...view.connection, state: "offline", problem: problemOf("offline") },
    });
    expect(words("header-environment")).toBe("Live studio-live");
    expect(screen.getByText("Read 12 s ago")).toBeTruthy();
    expect(screen.getByText("Last read")).toBeTruthy();
    expect(screen.queryByText("Now")).toBeNull();
  });

  it("says when the phase is not known", async () => {
    const view = viewOf({ reading: null });
    await openAt("phase", { ...view, connection: { ...view.connection, state: "offline" } });
    expect(words("header-phase")).toBe("Phase not known");
    expect(screen.getByTestId<HTMLButtonElement>("move-1").disabled).toBe(true);
  });
});

describe("choosing a phase", () => {
  it("opens the panel with the note in focus, and saves what the screen showed", async () => {
    const host = await openAt("phase", viewOf());
    await click(screen.getByTestId("move-3"));
    expect(document.activeElement).toBe(note());
    await type(note(), "Gate passed");
    expect(words("note-left")).toBe("289 left");
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toEqual([
      {
        environment: "practice",
        to: PHASE_3,
        note: "Gate passed",
        incidentId: null,
        expected: viewOf().reading?.state,
        basis: READY.basis,
        confirm: null,
        override: null,
      },
    ]);
    expect(screen.queryByTestId("plan")).toBeNull();
  });

  it("forgets the note only once it is saved", async () => {
    await openAt("phase", viewOf());
    await click(screen.getByTestId("move-3"));
    await type(note(), "Gate passed");
    await click(screen.getByTestId("save-phase"));
    await click(screen.getByTestId("move-1"));
    expect(note().value).toBe("");
  });

  it.each(["refused", "not_sent", "not_applied", "unknown"] as const)(
    "keeps the note when the outcome is %s",
    async (outcome) => {
      const host = await openAt("phase", viewOf());
      host.savePhase = () => Promise.resolve(changeOf({ outcome }));
      await click(screen.getByTestId("move-3"));
      await type(note(), "Gate passed");
      await click(screen.getByTestId("save-phase"));
      await click(screen.getByTestId("move-3"));
      expect(note().value).toBe("Gate passed");
    },
  );

  it("refuses a note that is too long, says why and cuts nothing", async () => {
    const host = await openAt("phase", viewOf());
    await click(screen.getByTestId("move-3"));
    await type(note(), "x".repeat(302));
    expect(words("note-left")).toBe("2 too many");
    expect(screen.getByText(/The note is 2 characters too long/)).toBeTruthy();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toEqual([]);
    expect(note().value).toHaveLength(302);
  });

  it("warns that an empty note clears the present one", async () => {
    await openAt("phase", viewOf());
    await click(screen.getByTestId("move-1"));
    expect(screen.getByText(/this clears the present note/).textContent).toContain("Borrowing is open.");
  });

  it("saves by Ctrl+Enter and closes by Escape", async () => {
    const host = await openAt("phase", viewOf());
    await click(screen.getByTestId("move-1"));
    await press("Escape", {}, note());
    expect(screen.queryByTestId("plan")).toBeNull();
    await click(screen.getByTestId("move-1"));
    await press("Enter", { ctrlKey: true }, note());
    expect(saves(host)).toHaveLength(1);
  });

  it("sends an incident id only when going back", async () => {
    const host = await openAt("phase", viewOf());
    await click(screen.getByTestId("move-1"));
    await type(screen.getByTestId("incident"), "INC-7");
    await click(screen.getByTestId("move-3"));
    expect(screen.queryByTestId("incident")).toBeNull();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toMatchObject([{ to: PHASE_3, incidentId: null }]);
  });

  it("is given up when the desk points elsewhere, and each environment has its own note", async () => {
    const host = await openAt("phase", viewOf({ environments: [PRACTICE, STAGING] }));
    await click(screen.getByTestId("move-3"));
    await type(note(), "for practice");
    host.show({ environment: STAGING });
    await settle();
    expect(screen.queryByTestId("plan")).toBeNull();
    await click(screen.getByTestId("move-3"));
    expect(note().value).toBe("");
    host.show({ environment: PRACTICE });
    await settle();
    await click(screen.getByTestId("move-3"));
    expect(note().value).toBe("for practice");
  });
});

describe("moving forward while something is missing", () => {
  const notYet = () => viewOf({ advance: NOT_YET });
  const reason = () => screen.getByTestId("override");

  it("lists what is missing, with the places where it is done", async () => {
    await openAt("phase", notYet());
    await click(screen.getByTestId("move-3"));
    expect(words("missing")).toContain("4 things are missing");
    expect(words("missing")).not.toContain("No sustained route errors");
    await expectAccessible();
    await click(
      within(screen.getByTestId("missing")).getByRole("button", { name: /^See Metrics, for Borrow/ }),
    );
    expect(screen.getByTestId("nav-metrics").getAttribute("aria-current")).toBe("page");
  });

  it("is sent only with a reason of a few words, and keeps it until it is saved", async () => {
    const host = await openAt("phase", notYet());
    await click(screen.getByTestId("move-3"));
    await click(screen.getByTestId("save-phase"));
    expect(document.activeElement).toBe(reason());
    expect(screen.getByText(/write in a few words why/)).toBeTruthy();
    await type(reason(), "must, really");
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toEqual([]);

    await type(reason(), " Ana and Bo agreed on the phone ");
    host.savePhase = vi.fn(() => Promise.resolve(changeOf({ outcome: "unknown" })));
    await click(screen.getByTestId("save-phase"));
    expect(vi.mocked(host.savePhase).mock.calls[0]?.[0].override).toBe("Ana and Bo agreed on the phone");
    await click(screen.getByTestId("move-3"));
    expect((reason() as HTMLTextAreaElement).value).toContain("Ana and Bo");
  });

  it("goes on without a reason as soon as nothing is missing", async () => {
    const host = await openAt("phase", notYet());
    await click(screen.getByTestId("move-3"));
    host.show({ advance: READY });
    await settle();
    expect(screen.queryByTestId("missing")).toBeNull();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toMatchObject([{ to: PHASE_3, override: null }]);
  });

  it("that the program refuses is said, and can be overridden", async () => {
    const host = await openAt("phase", viewOf());
    host.savePhase = () => Promise.reject(problemOf("gate_not_go", { message: "The gate is not GO." }));
    await click(screen.getByTestId("move-3"));
    expect(screen.queryByTestId("override")).toBeNull();
    await click(screen.getByTestId("save-phase"));
    expect(screen.getByText("The gate is not GO.")).toBeTruthy();
    host.savePhase = vi.fn(() => Promise.resolve(changeOf()));
    await type(reason(), "Agreed with the owner");
    await click(screen.getByTestId("save-phase"));
    expect(vi.mocked(host.savePhase).mock.calls[0]?.[0].override).toBe("Agreed with the owner");
  });

  it("never stands in the way of going back", async () => {
    const host = await openAt("phase", notYet());
    await click(screen.getByTestId("move-1"));
    expect(screen.queryByTestId("missing")).toBeNull();
    expect(screen.queryByTestId("override")).toBeNull();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toMatchObject([{ to: PHASE_1, basis: null, override: null }]);
  });

  it("is decided on what is shown at the click", async () => {
    const host = await openAt("phase", viewOf());
    await click(screen.getByTestId("move-3"));
    host.show({ advance: { ...READY, basis: "shown meanwhile" } });
    await settle();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toMatchObject([{ basis: "shown meanwhile" }]);
  });

  it("is refused when that is not so any more, and must be looked at again", async () => {
    const host = await openAt("phase", viewOf());
    const message = "What you decided on is not so any more. The gate phase2-writes was GO and is NO-GO.";
    host.savePhase = () => Promise.reject(problemOf("basis_changed", { message }));
    await click(screen.getByTestId("move-3"));
    await type(note(), "Gate passed");
    await click(screen.getByTestId("save-phase"));
    expect(screen.getByText(message)).toBeTruthy();
    host.savePhase = vi.fn(() => Promise.resolve(changeOf()));
    await click(screen.getByTestId("save-phase"));
    expect(host.savePhase).not.toHaveBeenCalled();
    await click(screen.getByTestId("look-again"));
    expect(screen.queryByText(message)).toBeNull();
    expect(note().value).toBe("Gate passed");
    await click(screen.getByTestId("save-phase"));
    expect(host.savePhase).toHaveBeenCalledOnce();
  });
});

describe("a live environment", () => {
  it("asks for its name to move forward, exactly", async () => {
    const host = await openAt("phase", live());
    await click(screen.getByTestId("move-3"));
    await click(screen.getByTestId("save-phase"));
    expect(document.activeElement).toBe(screen.getByTestId("confirm-name"));
    await type(screen.getByTestId("confirm-name"), "studio");
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toEqual([]);
    await type(screen.getByTestId("confirm-name"), "studio-live");
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toMatchObject([{ to: PHASE_3, confirm: "studio-live" }]);
  });

  it("asks for nothing to move back", async () => {
    const host = await openAt("phase", live());
    await click(screen.getByTestId("move-1"));
    expect(screen.queryByTestId("confirm-name")).toBeNull();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toMatchObject([{ to: PHASE_1, confirm: null }]);
  });

  it("does not keep a confirmation for the next time", async () => {
    await openAt("phase", live());
    await click(screen.getByTestId("move-3"));
    await type(screen.getByTestId("confirm-name"), "studio-live");
    await press("Escape", {}, note());
    await click(screen.getByTestId("move-3"));
    expect(screen.getByTestId<HTMLInputElement>("confirm-name").value).toBe("");
  });
});

describe("a move made elsewhere", () => {
  const bo = stateOf(PHASE_1, "staff_bo", NOW - 2_000, "Closing");
  const moved = { from: stateOf(PHASE_2), to: bo, noticedAtMs: NOW };
  const reading = { state: bo, everSet: true, readAtMs: NOW, requestId: "r" };

  it("is shown on every page until it is acknowledged", async () => {
    const host = await openAt("phase", viewOf({ moved, reading }));
    expect(words("moved-notice")).toContain("Phase 2 · Member writes → Phase 1 · Read only");
    expect(words("moved-notice")).toContain("staff_bo");
    await click(screen.getByTestId("nav-settings"));
    await click(within(screen.getByTestId("moved-notice")).getByRole("button", { name: "Acknowledge" }));
    expect(host.given("acknowledgeMove")).toHaveLength(1);
    expect(screen.queryByTestId("moved-notice")).toBeNull();
  });

  it("refuses the save, shows what changed, keeps the note, and lets it be decided anew", async () => {
    const host = await openAt("phase", viewOf());
    host.savePhase = vi.fn(() => {
      host.show({ moved, reading });
      return Promise.reject(problemOf("phase_moved"));
    });
    await click(screen.getByTestId("move-3"));
    await type(note(), "Gate passed");
    await click(screen.getByTestId("save-phase"));
    expect(words("plan-moved")).toContain("You saw Phase 2 · Member writes. It is now Phase 1 · Read only");
    expect(words("plan-moved")).toContain("staff_bo");
    expect(note().value).toBe("Gate passed");

    await click(screen.getByTestId("save-phase"));
    expect(host.savePhase).toHaveBeenCalledTimes(1);

    await click(screen.getByRole("button", { name: "Look again and decide anew" }));
    expect(screen.queryByTestId("plan-moved")).toBeNull();
    expect(note().value).toBe("Gate passed");
    await click(screen.getByTestId("save-phase"));
    expect(vi.mocked(host.savePhase).mock.calls[1]?.[0].expected).toEqual(bo);
  });

  it("that shows up while deciding stops the save before it is sent", async () => {
    const host = await openAt("phase", viewOf());
    await click(screen.getByTestId("move-3"));
    host.show({ moved, reading });
    await settle();
    expect(screen.getByTestId("plan-moved")).toBeTruthy();
    await click(screen.getByTestId("save-phase"));
    expect(saves(host)).toEqual([]);
  });
});

describe("what became of a change", () => {
  it("shows each step with its time", async () => {
    await openAt("phase", viewOf({ change: changeOf() }));
    expect(words("outcome")).toContain("Phase 2 is saved");
    expect(words("step-acknowledged")).toContain("14:19:51 CET");
    expect(screen.getByTestId("step-read-back").dataset["tone"]).toBe("good");
    expect(words("step-settled")).toContain("2 of 9 answers still Phase 3, 41 s left at most");
  });

  it("that is unknown is not shown as a failure, and can be asked about", async () => {
    const host = await openAt(
      "phase",
      viewOf({
        change: changeOf({
          outcome: "unknown",
          stage: "asking_outcome",
          acknowledgedAtMs: null,
          readBackAtMs: null,
          settling: null,
        }),
      }),
    );
    expect(words("outcome")).toContain("We do not know yet whether it was saved");
    expect(screen.queryByTestId("dismiss")).toBeNull();
    await click(screen.getByRole("button", { name: "Ask again now" }));
    expect(host.given("askOutcome")).toHaveLength(1);
    await expectAccessible();
  });
});

describe("the page", () => {
  it("warns when no phase was ever saved", async () => {
    await openAt(
      "phase",
      viewOf({
        reading: {
          state: { phase: PHASE_3, note: null, updatedAtMs: 0, updatedByUid: null },
          everSet: false,
          readAtMs: NOW,
          requestId: "r",
        },
      }),
    );
    expect(words("never-set")).toContain("the service is fully open");
    expect(words("header-who")).toBe("never set: open by default");
  });

  it("asks again when the window gets the focus", async () => {
    const host = await openAt("phase", viewOf());
    window.dispatchEvent(new Event("focus"));
    await settle();
    expect(host.given("refreshPhase")).toHaveLength(1);
  });

  it("lists earlier changes newest first, and the other way round", async () => {
    await openAt("phase", viewOf({ history: historyOf() }));
    const first = () => within(screen.getByTestId("history")).getAllByRole("row")[1]?.textContent ?? "";
    expect(first()).toContain("Gate passed, smoke clean.");
    await click(screen.getByRole("button", { name: "When" }));
    expect(first()).toContain("First opening to staff");
  });

  it("says what will stand where nothing was saved yet", async () => {
    await openAt("phase", viewOf());
    expect(words("history")).toContain("Nothing was saved from here yet");
  });

  it("has nothing that axe finds, with the panel open and a full history", async () => {
    await openAt("phase", viewOf({ history: historyOf(), change: changeOf() }));
    await click(screen.getByTestId("move-1"));
    await expectAccessible();
  });
});
