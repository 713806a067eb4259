import { cleanup, screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { entryOf, rowsOf } from "../dev/log";
import { NOW, problemOf, viewOf } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { Drafts } from "../src/drafts.svelte";
import { barsOf, inSight, ticksOf } from "../src/log";
import { Log } from "../src/log.svelte";
import { click, expectAccessible, openAt, press, select, settle, type, words } from "./window";

async function openLog(prepare: (host: FakeHost) => void = () => undefined): Promise<FakeHost> {
  const host = new FakeHost(viewOf());
  prepare(host);
  return openAt("log", host.view, host);
}

const field = (name: string) => screen.getByTestId<HTMLInputElement>(`log-${name}`);

/** Waits for what is saved after a pause in typing. */
async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 450));
  await settle();
}

describe("the entry", () => {
  it("is the runbook's form in its order, with facts that cannot be mistaken for typed text", async () => {
    await openLog();
    const labels = [...screen.getByTestId("log-entry").querySelectorAll(".line > label")].map(
      (label) => label.textContent,
    );
    expect(labels.slice(0, 14)).toEqual([
      "Date",
      "Release owner",
      "Start time",
      "End time",
      "Duration minutes",
      "Phase promoted",
      "Phase rolled back (if any)",
      "Reason",
      "member-smoke",
      "staff-smoke",
      "admin-smoke",
      "rollout metadata",
      "phase metrics JSON",
      "request ids",
    ]);
    expect(field("release-owner").value).toBe("Ana Weber");
    const about = (name: string) =>
      document.getElementById(field(name).getAttribute("aria-describedby") ?? "")?.textContent ?? "";
    expect(about("release-owner")).toContain("Filled by the desk");
    expect(about("reason")).toContain("Typed by staff_ana");
    expect(about("reason")).toContain("The desk: loans fail (INC-42)");
    expect(about("reason")).not.toContain("Filled by the desk");
    expect(about("end-time")).toContain("The end is before the start. It is kept as typed.");
    expect(field("end-time").getAttribute("aria-invalid")).toBe("true");
    await expectAccessible();
  });

  it("saves what is typed after a pause, once, and says so only when the program has", async () => {
    let answer: () => void = () => undefined;
    const host = await openLog();
    const save = host.setLogField;
    host.setLogField = async (...given) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return save(...given);
    };
    await type(field("notes"), "Zo");
    await type(field("notes"), "Zoë");
    expect(words("saved-notes")).toBe("not saved yet");
    await pause();
    expect(words("saved-notes")).toBe("not saved yet");
    answer();
    await settle();
    expect(host.given("setLogField")).toEqual([["run-14", "notes", "Zoë"]]);
    expect(words("saved-notes")).toMatch(/^saved \d\d:\d\d:\d\d/);
  });

  it("never changes the text under the typist's hands", async () => {
    const host = await openLog();
    // What the box was ever set to by the window.
    const set: string[] = [];
    const watch = (input: HTMLInputElement) => {
      const { prototype } = input instanceof HTMLTextAreaElement ? HTMLTextAreaElement : HTMLInputElement;
      const value = Object.getOwnPropertyDescriptor(prototype, "value");
      Object.defineProperty(input, "value", {
        configurable: true,
        get: () => value?.get?.call(input) as string,
        set: (text: string) => {
          set.push(text);
          value?.set?.call(input, text);
        },
      });
    };
    for (const [name, text, kept] of [
      ["notes", "first line\n", "first line"],
      ["tags", "hello ", "hello"],
      // A fact that is cleared to type anew is not put back while it is typed.
      ["release-owner", "", "Ana Weber"],
    ] as const) {
      const input = field(name);
      input.focus();
      await type(input, text);
      watch(input);
      set.length = 0;
      await pause();
      expect(host.given("setLogField").at(-1)).toEqual(["run-14", name, text]);
      expect(words(`saved-${name}`)).toMatch(/^saved /);
      expect(input.value, name).toBe(text);
      expect(
        set.filter((one) => one !== text),
        name,
      ).toEqual([]);
      input.blur();
      await settle();
      expect(input.value, name).toBe(kept);
    }
  });

  it("goes from what was typed to what was saved without the old text in between", async () => {
    const host = await openLog();
    const seen: string[] = [];
    const save = host.setLogField;
    host.setLogField = async (...given) => {
      const saved = await save(...given);
      void (async () => {
        for (let turn = 0; turn < 20; turn += 1) {
          seen.push(field("reason").value);
          await Promise.resolve();
        }
      })();
      return saved;
    };
    await type(field("reason"), "every third");
    await pause();
    expect(new Set(seen)).toEqual(new Set(["every third"]));
  });

  it("saves within a second of typing that does not pause", async () => {
    const host = await openLog();
    vi.useRealTimers();
    for (let letter = 1; letter <= 12; letter += 1) {
      await type(field("notes"), "x".repeat(letter));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(host.given("setLogField").length).toBeGreaterThan(0);
  });

  it("keeps what was typed when it cannot be saved, and says why beside the field", async () => {
    const host = await openLog();
    host.setLogField = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await type(field("notes"), "not lost");
    await pause();
    expect(field("notes").value).toBe("not lost");
    expect(words("saved-notes")).toBe("not saved yet");
    expect(screen.getByText("The disk is full.")).toBeTruthy();
    // Another page and back.
    await click(screen.getByTestId("nav-phase"));
    await click(screen.getByTestId("nav-log"));
    expect(field("notes").value).toBe("not lost");
  });

  it("says why beside the field of the entry that could not be saved, and nowhere else", async () => {
    const host = await openLog();
    const save = host.setLogField;
    host.setLogField = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await type(field("notes"), "of R-014");
    await click(screen.getByTestId("log-row-R-013"));
    expect(screen.queryByText("The disk is full.")).toBeNull();
    expect(words("log-row-R-014")).toContain("not saved");
    expect(words("log-row-R-013")).not.toContain("not saved");
    await click(screen.getByTestId("log-row-R-014"));
    expect(field("notes").value).toBe("of R-014");
    expect(screen.getByText("The disk is full.")).toBeTruthy();
    host.setLogField = save;
    field("notes").dispatchEvent(new FocusEvent("blur"));
    await settle();
    expect(screen.queryByText("The disk is full.")).toBeNull();
    expect(words("log-row-R-014")).not.toContain("not saved");
  });

  it("keeps what could not be saved over a restart, and saves it then", async () => {
    const host = await openLog();
    host.setLogField = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await type(field("notes"), "not lost");
    await pause();
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(host.given("putDraft").at(-1)).toEqual(["log/run-14/notes", "not lost"]);
    cleanup();
    const next = await openLog((host) => (host.kept["log/run-14/notes"] = "not lost"));
    expect(next.given("setLogField")).toEqual([["run-14", "notes", "not lost"]]);
    expect(field("notes").value).toBe("not lost");
    await new Promise((resolve) => setTimeout(resolve, 350));
    expect(next.given("putDraft").at(-1)).toEqual(["log/run-14/notes", ""]);
  });

  it("saves at once when the field, the entry or the page is left", async () => {
    const host = await openLog();
    await type(field("tags"), "slow");
    field("tags").dispatchEvent(new FocusEvent("blur"));
    await settle();
    expect(host.given("setLogField")).toEqual([["run-14", "tags", "slow"]]);
    await type(field("notes"), "before the next");
    await click(screen.getByTestId("log-row-R-013"));
    expect(host.given("setLogField")[1]).toEqual(["run-14", "notes", "before the next"]);
    await type(field("notes"), "of this one");
    await click(screen.getByTestId("nav-phase"));
    expect(host.given("setLogField")[2]).toEqual(["run-13", "notes", "of this one"]);
  });

  it("takes back a change by button and by key, and shows the changes", async () => {
    const host = await openLog();
    await click(screen.getByTestId("undo-reason"));
    expect(host.given("undoLogField")).toEqual([["run-14", "reason"]]);
    await press("Backspace", { altKey: true }, field("end-time"));
    expect(host.given("undoLogField")[1]).toEqual(["run-14", "end-time"]);
    await click(screen.getByTestId("changes-reason"));
    expect(screen.getByRole("list", { name: "Changes of Reason, newest first" }).textContent).toContain(
      "Bo Lind",
    );
    await expectAccessible();
  });

  it("is withdrawn with a reason and can then not be changed", async () => {
    const host = await openLog();
    await click(screen.getByTestId("log-withdraw"));
    const verb = () => within(screen.getByRole("dialog")).getByRole("button", { name: "Withdraw entry" });
    await type(screen.getByTestId("withdraw-reason"), "typed twice");
    await expectAccessible();
    await click(verb());
    expect(host.given("withdrawLogEntry")).toEqual([["run-14", "typed twice"]]);
    expect(words("withdrawal")).toContain("typed twice");
    expect(field("notes").readOnly).toBe(true);
    expect(screen.queryByTestId("log-withdraw")).toBeNull();
  });

  it("asks for the reason of a withdrawal, and keeps it until the entry is withdrawn", async () => {
    const host = await openLog();
    await click(screen.getByTestId("log-withdraw"));
    const verb = () => within(screen.getByRole("dialog")).getByRole("button", { name: "Withdraw entry" });
    await click(verb());
    expect(screen.getByRole("alert").textContent).toContain("Say in a sentence what is wrong");
    await expectAccessible();
    const withdraw = host.withdrawLogEntry;
    host.withdrawLogEntry = () => Promise.reject(problemOf("store_full", { message: "The disk is full." }));
    await type(screen.getByTestId("withdraw-reason"), "typed twice");
    await click(verb());
    expect(within(screen.getByRole("dialog")).getByText("The disk is full.")).toBeTruthy();
    expect(screen.getByTestId<HTMLTextAreaElement>("withdraw-reason").value).toBe("typed twice");
    host.withdrawLogEntry = withdraw;
    await click(verb());
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(words("withdrawal")).toContain("typed twice");
  });

  it("has times on the axis of its timeline", async () => {
    await openLog();
    expect(words("timeline-axis")).toBe("13:5213:5413:5613:5814:00");
  });

  it("tells the timeline in words too", async () => {
    await openLog();
    const events = [...screen.getByTestId("timeline").querySelectorAll("li")].map((event) =>
      (event.textContent ?? "").replace(/\s+/g, " ").trim(),
    );
    expect(events).toHaveLength(3);
    expect(events[2]).toContain("went wrong: Smoke checklist of Phase 2: not proven, 4 min");
  });

  it("is compared with another run step by step", async () => {
    const host = await openLog();
    await select(screen.getByTestId("compare-with"), "R-013, 28 Feb 2026, 13:50 CET");
    expect(host.given("compareLogEntries")).toEqual([["run-13", "run-14"]]);
    expect(words("comparison")).toContain("R-013 (earlier), 28 Feb 2026");
    expect(words("comparison")).toContain("R-014 (later), 1 Mar 2026");
    expect(words("comparison")).toContain("phase2-borrow-return/borrow");
    expect(words("comparison")).toContain("Failed anew");
    expect(words("comparison")).toContain("120 ms slower");
    await expectAccessible();
  });

  it("is written out and its report shown", async () => {
    const host = await openLog();
    await select(screen.getByTestId("log-format"), "Report to print (PDF)");
    await click(screen.getByTestId("log-export"));
    expect(host.given("exportLog")[0]?.slice(0, 1)).toEqual(["run-14"]);
    expect(words("log-written")).toContain("run-14.pdf");
    await click(screen.getByRole("button", { name: "Copy path" }));
    await click(screen.getByRole("button", { name: "Copy entry id run-14" }));
    expect(host.given("copyText")).toEqual([
      ["/home/ana/.local/share/cutover-desk/log/run-14.pdf"],
      ["run-14"],
    ]);
    await click(screen.getByTestId("log-report"));
    expect(words("after-action")).toContain("Open points");
  });
});

describe("the list", () => {
  it("is searched and narrowed, and moves by arrow keys", async () => {
    const host = await openLog();
    expect(words("log-total")).toBe("3 entries, newest first");
    expect(screen.getByTestId("log-row-R-014").getAttribute("aria-current")).toBe("true");
    await press("ArrowDown", {}, screen.getByTestId("log-row-R-014"));
    expect(screen.getByTestId("log-row-R-013").getAttribute("aria-current")).toBe("true");
    await select(screen.getByTestId("log-kind"), "live");
    expect(words("log-total")).toBe("1 entry, newest first");
    await type(screen.getByTestId("log-search"), "nobody");
    expect(words("log-total")).toBe("No entry is like this.");
    expect(host.given("logEntries").at(-1)).toMatchObject([{ kind: "live", search: "nobody" }]);
  });

  it("takes the focus along by arrow keys, for as far as the list goes", async () => {
    await openLog((host) => (host.rows = rowsOf(60)));
    screen.getByTestId("log-row-R-014").focus();
    for (let row = 0; row < 24; row += 1) await press("ArrowDown", {}, document.activeElement ?? undefined);
    expect(document.activeElement?.getAttribute("data-testid")).toBe("log-row-R--10");
    expect(screen.getByTestId("log-row-R--10").getAttribute("aria-current")).toBe("true");
    // The wheel takes it out of sight; it keeps the focus, and the keys with it.
    const list = screen.getByTestId("log-rows");
    list.scrollTop = 0;
    list.dispatchEvent(new Event("scroll"));
    await settle();
    await press("ArrowUp", {}, document.activeElement ?? undefined);
    expect(document.activeElement?.getAttribute("data-testid")).toBe("log-row-R-0-9");
    const stops = [...list.querySelectorAll("button")].filter(({ tabIndex }) => tabIndex === 0);
    expect(stops).toHaveLength(1);
    await press("Home", {}, document.activeElement ?? undefined);
    expect(document.activeElement?.getAttribute("data-testid")).toBe("log-row-R-014");
  });

  it("loses no row of a long list when a newer entry comes", async () => {
    const host = new FakeHost(viewOf());
    host.rows = rowsOf(700);
    const log = new Log(host, new Drafts(() => Promise.resolve()));
    await log.find();
    while (log.rows.length < 700) await log.more();
    const [newest] = rowsOf(1);
    if (newest) host.rows = [{ ...newest, id: "newer", beganAtMs: newest.beganAtMs + 1 }, ...host.rows];
    await log.find(true);
    expect(log.rows.map(({ id }) => id)).toEqual(host.rows.map(({ id }) => id));
  });

  it("draws only what is in sight of many entries, and gets more", async () => {
    const host = await openLog((host) => (host.rows = rowsOf(5_000)));
    expect(words("log-total")).toBe("5000 entries, newest first");
    const drawn = () => screen.getByTestId("log-rows").querySelectorAll("li").length;
    expect(drawn()).toBeLessThan(60);
    const list = screen.getByTestId("log-rows");
    list.scrollTop = 90 * 56;
    list.dispatchEvent(new Event("scroll"));
    await settle();
    expect(host.given("logEntries").some(([query]) => (query as { after: unknown }).after !== null)).toBe(
      true,
    );
    expect(drawn()).toBeLessThan(60);
  });

  it("says what will stand there", async () => {
    await openLog((host) => (host.rows = []));
    expect(words("log-total")).toContain("No entry yet.");
    await expectAccessible();
  });

  it("makes an entry by hand", async () => {
    const host = await openLog((host) => (host.rows = []));
    await click(screen.getByTestId("log-new"));
    expect(host.given("newLogEntry")).toEqual([[null]]);
    expect(words("log-entry")).toContain("made by hand");
    await select(screen.getByTestId("log-new-kind"), "LIVE");
    await click(screen.getByTestId("log-new"));
    expect(host.given("newLogEntry")[1]).toEqual(["live"]);
  });

  it("imports a file and tells the lines that could not be read", async () => {
    const host = await openLog();
    const input = screen.getByTestId<HTMLInputElement>("log-import");
    // jsdom's files cannot be read. What is handed over are bytes, so that the program sees what is no text.
    const text = "Date: 2026-03-01\nOwner: Zoë\n";
    const bytes = new TextEncoder().encode(text);
    const file = { name: "log.txt", slice: () => ({ arrayBuffer: async () => bytes.buffer }) };
    Object.defineProperty(input, "files", { value: [file], configurable: true });
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    expect(host.given("importLogEntries")).toEqual([[text]]);
    expect(words("log-imported")).toContain("1 entry made, 1 was there already.");
    expect(words("log-imported")).toContain("The file tells of the environment studio.");
    expect(words("log-imported")).toContain(
      "R-013 is there already, but the file says something else: reason.",
    );
    expect(words("log-imported")).toContain("Line 2, it is no line of the template: Owner: Ana");
    await expectAccessible();
  });
});

describe("drawing", () => {
  it("puts stretches where they were", () => {
    const bars = barsOf(entryOf().timeline);
    expect(bars.map(({ from, to }) => [from.toFixed(1), to.toFixed(1)])).toEqual([
      ["0.0", "0.0"],
      ["0.2", "0.3"],
      ["0.6", "1.0"],
    ]);
    expect(barsOf([])).toEqual([]);
  });

  it("has an axis in what people count in", () => {
    const [began] = entryOf().timeline;
    if (!began) throw new Error("no event");
    const over = (ms: number) =>
      ticksOf([{ ...began, atMs: NOW, untilMs: NOW + ms }], "Europe/Berlin").map(({ words }) => words);
    expect(over(30 * 60_000)).toEqual(["14:30", "14:40", "14:50"]);
    expect(over(12_000)).toEqual(["14:20:10", "14:20:15", "14:20:20"]);
    expect(over(2 * 24 * 3_600_000)).toEqual(["2 Mar 00:00", "2 Mar 12:00", "3 Mar 00:00", "3 Mar 12:00"]);
    expect(ticksOf([], "Europe/Berlin")).toEqual([]);
    const bars = barsOf([began, { ...began, atMs: NOW, isOpen: true }]);
    expect(bars[1]?.to).toBe(1);
  });

  it("knows which rows are in sight", () => {
    expect(inSight(0, 560, 56, 1000)).toEqual({ from: 0, to: 18 });
    expect(inSight(5600, 560, 56, 1000)).toEqual({ from: 92, to: 118 });
    expect(inSight(0, 560, 56, 3)).toEqual({ from: 0, to: 3 });
    expect(inSight(9999, 560, 56, 3)).toEqual({ from: 3, to: 3 });
  });
});
