import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { historyOf, problemOf, runOf, viewOf } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { click, expectAccessible, open, openAt, settle, type, words } from "./window";

/** Chooses a file as the person does who picks it from a list. */
async function chooseFile(name: string, text: string): Promise<void> {
  const input = screen.getByTestId("runbook-file");
  // The browser's files cannot be made here, and can be read only outside of the promises that `settle` waits for.
  const file = { name, text: () => Promise.resolve(text) };
  Object.defineProperty(input, "files", { value: [file], configurable: true });
  input.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

describe("the runbook", () => {
  it("is chosen by its text and given up for the built-in one", async () => {
    const host = await openAt("settings", viewOf());
    expect(words("runbook")).toContain("the built-in one");
    expect(screen.queryByTestId("runbook-builtin")).toBeNull();
    await chooseFile("studio.toml", "# a runbook");
    expect(host.given("setRunbook")).toEqual([["studio.toml", "# a runbook"]]);
    expect(words("runbook")).toContain("studio.toml");
    await expectAccessible();
    await click(screen.getByTestId("runbook-builtin"));
    expect(host.given("useBuiltinRunbook")).toHaveLength(1);
    expect(words("runbook")).toContain("the built-in one");
  });

  it("that is bad is said with its place, and the one in force stays", async () => {
    const host = new FakeHost(viewOf());
    const message = "bad.toml is not a runbook. Line 3, column 1: unknown field `colour`.";
    host.setRunbook = () => Promise.reject(problemOf("invalid_input", { message }));
    await openAt("settings", viewOf(), host);
    await chooseFile("bad.toml", "x");
    expect(screen.getByText(message)).toBeTruthy();
    expect(words("runbook")).toContain("the built-in one");
  });

  it("that cannot be read any more is said everywhere, with the one thing to do", async () => {
    const problem = problemOf("gate_not_go", { message: "The runbook that was chosen cannot be read." });
    await open(viewOf({ runbook: { source: "own", name: "later.toml", sha256: "ab", problem } }));
    expect(words("strip")).toContain("The runbook that was chosen cannot be read.");
    await click(within(screen.getByTestId("strip")).getByText("Choose a runbook"));
    expect(words("runbook")).toContain("later.toml cannot be read");
  });

  it("given with the call is not replaced here", async () => {
    await openAt(
      "settings",
      viewOf({ runbook: { source: "given", name: "r.toml", sha256: "ab", problem: null } }),
    );
    expect(words("runbook")).toContain("--runbook");
    expect(screen.queryByTestId("runbook-file")).toBeNull();
  });
});

describe("the run", () => {
  it("is reached from the navigation, ended, and started under its release owner", async () => {
    const host = await open(viewOf());
    await click(screen.getByRole("button", { name: "R-014" }));
    expect(words("run")).toContain("Ana Weber");
    await click(screen.getByTestId("end-run"));
    expect(host.given("endRun")).toEqual([]);
    await click(within(screen.getByRole("dialog")).getByRole("button", { name: "End run" }));
    expect(host.given("endRun")).toHaveLength(1);
    expect(screen.queryByTestId("run")).toBeNull();
    await type(screen.getByTestId("run-owner"), " Bo ");
    await expectAccessible();
    await click(screen.getByTestId("start-run"));
    expect(host.given("startRun")).toEqual([["Bo"]]);
    expect(words("run")).toContain("R-015");
  });

  it("that an act opened says that nobody was named", async () => {
    await openAt("settings", viewOf({ run: runOf({ owner: null }) }));
    expect(words("run")).toContain("not named");
  });
});

describe("an override", () => {
  it("stands in the history with its reason", async () => {
    await openAt("phase", viewOf({ history: historyOf() }));
    expect(words("history")).toContain("Override: The metrics page was down; Ana and Bo agreed by phone.");
  });
});

describe("the time zone", () => {
  it("is the machine's until the team's is saved, and can be given back", async () => {
    const host = await openAt("settings", viewOf());
    expect(screen.getByText(/This is this machine's/)).toBeTruthy();
    expect(screen.queryByTestId("zone-machine")).toBeNull();
    await type(screen.getByTestId("zone"), "America/New_York");
    await click(screen.getByTestId("zone-save"));
    expect(host.given("setZone")).toEqual([["America/New_York"]]);
    expect(screen.getByTestId<HTMLInputElement>("zone").value).toBe("America/New_York");
    await expectAccessible();
    await click(screen.getByTestId("zone-machine"));
    expect(host.given("setZone")[1]).toEqual([null]);
    expect(screen.getByTestId<HTMLInputElement>("zone").value).toBe("Europe/Berlin");
  });

  it("that nobody knows is said there, and stays typed", async () => {
    const host = new FakeHost(viewOf());
    const message = '"Europe/Wien" is no time zone that the desk knows.';
    host.setZone = () => Promise.reject(problemOf("invalid_input", { message }));
    await openAt("settings", viewOf(), host);
    await type(screen.getByTestId("zone"), "Europe/Wien");
    await click(screen.getByTestId("zone-save"));
    expect(screen.getByText(message)).toBeTruthy();
    expect(screen.getByTestId<HTMLInputElement>("zone").value).toBe("Europe/Wien");
  });
});
