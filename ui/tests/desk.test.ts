import { screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { LIVE, PRACTICE, problemOf, viewOf } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { PLACES } from "../src/places";
import { click, expectAccessible, open, openAt, press, settle, type, words } from "./window";

describe("starting", () => {
  it("a damaged journal offers the newest backup, then a working desk", async () => {
    const host = new FakeHost(viewOf());
    const working = host.deskState.bind(host);
    host.deskState = () => Promise.reject(problemOf("store_damaged", { field: "backup" }));
    await open(viewOf(), host);
    expect(screen.getByTestId("store-problem").dataset["code"]).toBe("store_damaged");
    await expectAccessible();
    host.deskState = working;
    await click(screen.getByRole("button", { name: "Restore the newest backup" }));
    expect(host.given("resolveStore")).toEqual([["restore_newest"]]);
    expect(screen.getByTestId("header-phase")).toBeTruthy();
  });

  it("a new journal is begun only after a question", async () => {
    const host = new FakeHost(viewOf());
    host.deskState = () => Promise.reject(problemOf("store_damaged"));
    await open(viewOf(), host);
    await click(screen.getByRole("button", { name: "Start a new journal" }));
    expect(host.given("resolveStore")).toEqual([]);
    await click(screen.getAllByRole("button", { name: "Start a new journal" }).at(-1) as HTMLElement);
    expect(host.given("resolveStore")).toEqual([["start_new"]]);
  });

  it("a newer journal offers nothing that could harm it", async () => {
    const host = new FakeHost(viewOf());
    host.deskState = () => Promise.reject(problemOf("store_newer"));
    await open(viewOf(), host);
    expect(screen.getAllByRole("button").map((button) => button.textContent?.trim())).toEqual([
      "Copy details",
    ]);
  });

  it("what was typed before is there again", async () => {
    const host = new FakeHost(viewOf());
    host.kept["note:practice"] = "half a note";
    await openAt("phase", viewOf(), host);
    await click(screen.getByTestId("move-3"));
    expect(screen.getByTestId<HTMLTextAreaElement>("note").value).toBe("half a note");
  });

  it("an event that comes before the first answer is not overwritten by it", async () => {
    const host = new FakeHost(viewOf());
    host.deskState = () => {
      const old = host.view;
      host.show({ environment: LIVE });
      return Promise.resolve(old);
    };
    await open(viewOf(), host);
    expect(words("header-environment")).toContain("Live");
  });

  it("a failure that is no problem of the program's is said to be a fault of the desk", async () => {
    const host = new FakeHost(viewOf());
    host.deskState = () => Promise.reject("command desk_state not found");
    await open(viewOf(), host);
    expect(screen.getByText("The desk itself failed.")).toBeTruthy();
  });
});

describe("the keys", () => {
  it("go to the pages", async () => {
    await open(viewOf());
    for (const [index, { id }] of [...PLACES.entries()].toReversed()) {
      await press(String(index + 1), { ctrlKey: true });
      expect(screen.getByTestId(`nav-${id}`).getAttribute("aria-current")).toBe("page");
    }
  });

  it("are shown by ?, but not while typing", async () => {
    await openAt("phase", viewOf());
    await click(screen.getByTestId("move-3"));
    await press("?", { shiftKey: true }, screen.getByTestId("note"));
    expect(screen.queryByRole("dialog")).toBeNull();
    await press("?", { shiftKey: true });
    expect(screen.getByRole("dialog", { name: "Keys" })).toBeTruthy();
    await expectAccessible();
  });

  it("find a command by its words and run it", async () => {
    const host = await open(viewOf({ environments: [PRACTICE, LIVE] }));
    await press("k", { ctrlKey: true });
    await expectAccessible();
    const input = screen.getByRole("combobox");
    await type(input, "switch live");
    expect(screen.getAllByRole("option").map((option) => option.textContent?.trim())).toEqual([
      "Switch to studio-live (live)",
    ]);
    await press("Enter", {}, input);
    expect(host.given("selectEnvironment")).toEqual([["studio-live"]]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("move through the commands round and round", async () => {
    await open(viewOf());
    await press("k", { ctrlKey: true });
    const input = screen.getByRole("combobox");
    await press("ArrowUp", {}, input);
    expect(screen.getByRole("option", { selected: true }).textContent?.trim()).toBe("Show the keys");
    await press("ArrowDown", {}, input);
    expect(screen.getByRole("option", { selected: true }).textContent?.trim()).toBe("Roll back");
  });
});

describe("the strip", () => {
  const offline = {
    ...viewOf().connection,
    state: "offline" as const,
    nextAskMs: null,
    problem: problemOf("offline", { detail: "connect" }),
  };

  it("appears and goes with the problem, and can be acted on", async () => {
    const host = await open(viewOf());
    expect(screen.queryByTestId("strip")).toBeNull();
    host.show({ connection: offline });
    await settle();
    expect(words("strip")).toContain("A phase change is never queued");
    await click(screen.getByRole("button", { name: "Try again now" }));
    expect(host.given("refreshPhase")).toHaveLength(1);
    await expectAccessible();
    host.show({ connection: viewOf().connection });
    await settle();
    expect(screen.queryByTestId("strip")).toBeNull();
  });

  it("copies its details through the program, and says so", async () => {
    const host = await open(viewOf({ connection: offline }));
    await click(screen.getByRole("button", { name: "Copy details" }));
    expect(host.given("copyText")[0]?.[0]).toContain("code: offline\ndetail: connect");
    expect(screen.getAllByText("Copied").length).toBeGreaterThan(0);
  });

  it("does not say copied when the clipboard did not take it", async () => {
    const host = await open(viewOf({ connection: offline }));
    host.copyText = () => Promise.reject(problemOf("internal"));
    await click(screen.getByRole("button", { name: "Copy details" }));
    expect(screen.queryByText("Copied")).toBeNull();
    expect(screen.getAllByText("Could not copy").length).toBeGreaterThan(0);
  });

  it("leads a signed-out operator to the identities", async () => {
    await open(viewOf({ connection: { ...offline, state: "signed_out", problem: problemOf("signed_out") } }));
    await click(screen.getByRole("button", { name: "Sign in" }));
    expect(document.activeElement?.textContent).toBe("Identities");
  });
});

describe("settings", () => {
  const field = (label: RegExp) => screen.getByLabelText<HTMLInputElement>(label);

  async function settings(host: FakeHost) {
    await open(host.view, host);
    await click(screen.getByTestId("nav-settings"));
    return host;
  }

  it("keep the add-portal form but neither password nor key, and say which claim is missing", async () => {
    const host = await settings(new FakeHost(viewOf()));
    await click(screen.getByTestId("add-portal"));
    await type(field(/^Name/), "studio");
    await type(field(/^API key/), "canary-key");
    await type(field(/^E-mail/), "bo@studio.example");
    await type(field(/^Password/), "canary-password");
    await click(screen.getByRole("button", { name: "Test only" }));
    expect(screen.getByText(/The staff claim is missing; admin alone is not staff/)).toBeTruthy();
    await expectAccessible();
    window.dispatchEvent(new Event("pagehide"));
    await settle();
    expect(host.kept["portal"]).toContain("studio");
    expect(JSON.stringify(host.kept)).not.toContain("canary");
    expect(host.given("testEnvironment")[0]).toMatchObject([
      { name: "studio", apiKey: "canary-key" },
      { email: "bo@studio.example", password: "canary-password", sessionOnly: false },
    ]);
  });

  it("offer this session only when the keychain cannot be used", async () => {
    const keychain = { ready: false, problem: problemOf("keychain_locked") };
    const host = await settings(new FakeHost(viewOf({ keychain })));
    await click(screen.getByTestId("add-portal"));
    const only = () => screen.getByLabelText<HTMLInputElement>(/For this session only/);
    expect(only().checked).toBe(true);
    await click(only());
    host.show({ keychain: { ...keychain } });
    await settle();
    expect(only().checked).toBe(false);

    host.show({ keychain: { ready: true, problem: null } });
    await settle();
    await click(screen.getByRole("button", { name: "Test only" }));
    expect(host.given("testEnvironment")[0]?.[1]).toMatchObject({ sessionOnly: false });
  });

  it("remove a portal only by its typed name", async () => {
    const host = await settings(new FakeHost(viewOf({ environments: [PRACTICE, LIVE] })));
    await click(screen.getByRole("button", { name: "Remove studio-live" }));
    const typed = field(/Type studio-live to confirm/);
    const remove = screen.getByRole("button", { name: "Remove" });
    await type(typed, "studio");
    await click(remove);
    expect(host.given("removeEnvironment")).toEqual([]);
    await type(typed, "studio-live");
    await click(remove);
    expect(host.given("removeEnvironment")).toEqual([["studio-live", "studio-live"]]);
  });

  it("switch a fault on and off and refuse one that does not exist", async () => {
    const host = await settings(new FakeHost(viewOf()));
    const latency = () => screen.getByRole<HTMLInputElement>("switch", { name: "Every answer takes longer" });
    await click(latency());
    expect(latency().checked).toBe(true);
    await click(latency());
    expect(host.given("setFaults")).toEqual([[["latency:800"]], [[]]]);
    host.setFaults = () =>
      Promise.reject(problemOf("invalid_input", { message: "There is no fault called wobble." }));
    const spec = field(/A fault as the command line spells it/);
    await type(spec, "wobble");
    await click(screen.getByRole("button", { name: "Switch on" }));
    expect(screen.getByText("There is no fault called wobble.")).toBeTruthy();
    expect(spec.value).toBe("wobble");
  });

  it("show the first broken entry", async () => {
    const host = await settings(new FakeHost(viewOf()));
    host.verifyJournal = () =>
      Promise.resolve({
        count: 7,
        newestHash: "h",
        broken: { seq: 5, id: "e5", fault: "its hash does not fit" },
        stale: [],
      });
    await click(screen.getByRole("button", { name: "Verify" }));
    expect(screen.getByText("Entry 5 is broken: its hash does not fit")).toBeTruthy();
  });

  it("forget the password after each try", async () => {
    const host = await settings(
      new FakeHost(viewOf({ environment: LIVE, environments: [PRACTICE, LIVE], practice: null })),
    );
    host.setIdentity = vi.fn(() =>
      Promise.reject(problemOf("refused", { message: "The password is wrong." })),
    );
    await click(screen.getByRole("button", { name: "Replace operator" }));
    await type(field(/^E-mail/), "a@b.example");
    await type(field(/^Password/), "wrong");
    await click(screen.getByRole("button", { name: "Sign in and keep" }));
    expect(screen.getByText("The password is wrong.")).toBeTruthy();
    expect(field(/^Password/).value).toBe("");
    expect(field(/^E-mail/).value).toBe("a@b.example");
    await expectAccessible();
  });

  it("choose the colours", async () => {
    const host = await settings(new FakeHost(viewOf()));
    await click(screen.getByLabelText("Dark"));
    expect(host.given("setTheme")).toEqual([["dark"]]);
    expect(document.documentElement.dataset["theme"]).toBe("dark");
  });
});
