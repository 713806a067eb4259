import { screen } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { attachmentOf, bundleOf, evidenceOf, KEY } from "../dev/evidence";
import { NOW, problemOf, runOf, viewOf } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { size, verdict } from "../src/evidence";
import { click, expectAccessible, open, openAt, select, settle, words } from "./window";

const openEvidence = (host = new FakeHost(viewOf())) => openAt("evidence", host.view, host);

describe("what is said of a bundle", () => {
  it("is never more than the check has found", () => {
    const found = bundleOf().verification;
    expect(verdict({ ...found, complete: true }).tone).toBe("good");
    expect(verdict(found).words).toContain("incomplete");
    expect(verdict({ ...found, valid: false }).tone).toBe("bad");
  });

  it("gives lengths as people read them", () => {
    expect([size(17), size(2_048), size(3_355_443)]).toEqual(["17 bytes", "2.0 KiB", "3.2 MiB"]);
  });
});

describe("the evidence page", () => {
  it("shows the five items with state and reason, and what is attached", async () => {
    await openEvidence();
    expect(words("item-phase-metrics")).toContain("Outdated");
    expect(words("item-smoke-log")).toContain("Missing Smoke log");
    expect(words("item-failed-requests")).toContain("Not needed");
    expect(words("item-rollback-drill")).toContain("1 drill, with every split.");
    expect(words("attachments")).toContain("incident 42.pngimage/png200.0 KiB");
    await expectAccessible();
  });

  it("says before the first run what will stand there, and exports nothing", async () => {
    const host = new FakeHost(viewOf());
    host.evidenceOf = evidenceOf({ run: null, attachments: [] });
    await openEvidence(host);
    expect(words("no-run")).toContain("No run yet");
    expect(screen.queryByTestId("export")).toBeNull();
  });

  it("exports, shows how far it is, and then what the check found and where the bundle is", async () => {
    const host = new FakeHost(viewOf());
    let finish: () => void = () => undefined;
    host.exportEvidence = async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return bundleOf();
    };
    await openEvidence(host);
    await click(screen.getByTestId("export"));
    host.tellExport({ done: 3, total: 31, file: "data/run.json", verifying: false });
    await settle();
    expect(words("progress")).toContain("3 of 31 files, data/run.json");
    host.tellExport({ done: 31, total: 31, file: "", verifying: true });
    await settle();
    expect(words("progress")).toContain("Verifying the bundle All 31 files are written");
    await click(screen.getByText("Cancel"));
    expect(host.given("cancelExport")).toHaveLength(1);
    finish();
    await settle();
    expect(words("export-report")).toContain("Valid, but incomplete");
    expect(words("export-report")).toContain("smoke-log: The checklist was not run.");
    expect(screen.queryByTestId("progress")).toBeNull();
    await expectAccessible();
  });

  it("says beside its cause why nothing was exported", async () => {
    const host = new FakeHost(viewOf());
    host.exportEvidence = () =>
      Promise.reject(problemOf("refused", { message: "data/x holds a token of this desk." }));
    await openEvidence(host);
    await click(screen.getByTestId("export-zip"));
    expect(screen.getByText("data/x holds a token of this desk.")).toBeTruthy();
    expect(screen.queryByTestId("export-report")).toBeNull();
  });

  it("takes what is dropped anywhere, on any page, for the run and the item that are seen then", async () => {
    const host = new FakeHost(viewOf());
    await open(viewOf(), host);
    host.tellDrop({
      what: "dropped",
      files: [
        { id: 1, name: "a.png" },
        { id: 2, name: "b.json" },
      ],
    });
    await settle();
    expect(words("waiting-files")).toContain("Not attached yet: a.png, b.json");
    await select(screen.getByTestId("attach-item"), "Smoke log (account used, action, result, timestamp).");
    await click(screen.getByText("Attach these 2 files to R-014"));
    expect(host.given("attachWaiting")).toEqual([[runOf().id, "smoke-log", [1, 2]]]);
    expect(screen.queryByTestId("waiting-files")).toBeNull();
  });

  it("says of each file whether it was attached, and keeps what was refused", async () => {
    const host = new FakeHost(viewOf());
    host.attachWaiting = async () => {
      await Promise.resolve();
      host.tellDrop({
        what: "waiting",
        files: [
          { id: 2, name: "bad.bin" },
          { id: 4, name: "dropped meanwhile.png" },
        ],
      });
      return [
        { id: 1, name: "a.png", attached: attachmentOf({ name: "a.png" }), problem: null },
        {
          id: 2,
          name: "bad.bin",
          attached: null,
          problem: problemOf("invalid_input", { message: "bad.bin is longer than 100 MiB." }),
        },
        { id: 3, name: "c.png", attached: attachmentOf({ name: "c.png" }), problem: null },
      ];
    };
    await openEvidence(host);
    host.tellDrop({
      what: "dropped",
      files: ["a.png", "bad.bin", "c.png"].map((name, at) => ({ id: at + 1, name })),
    });
    await settle();
    await click(screen.getByTestId("attach-waiting"));
    expect(words("attach-status")).toContain("Attached to R-014: a.png, c.png.");
    expect(screen.getByText("bad.bin is longer than 100 MiB.")).toBeTruthy();
    expect(words("waiting-files")).toContain("Not attached yet: bad.bin, dropped meanwhile.png");
    await expectAccessible();
    await click(screen.getByTestId("leave-waiting"));
    expect(host.given("leaveWaiting")).toEqual([[[2, 4]]]);
    expect(screen.queryByText("bad.bin is longer than 100 MiB.")).toBeNull();
  });

  it("lets files be chosen for the run that is seen", async () => {
    const host = await openEvidence();
    await click(screen.getByTestId("choose"));
    expect(host.given("chooseEvidence")).toEqual([[runOf().id, "phase-metadata"]]);
  });

  it("says what is being attached once that takes longer, and offers to stop", async () => {
    const host = new FakeHost(viewOf());
    let finish: () => void = () => undefined;
    host.chooseEvidence = async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      return [];
    };
    await openEvidence(host);
    await click(screen.getByTestId("choose"));
    host.tellAttach({ done: 0, total: 2, file: "long.bin" });
    await settle();
    expect(screen.queryByTestId("progress")).toBeNull();
    vi.setSystemTime(NOW + 2_000);
    await vi.waitFor(() => expect(words("progress")).toContain("1 of 2: long.bin"), 3_000);
    await click(screen.getByText("Cancel"));
    expect(host.given("cancelAttach")).toHaveLength(1);
    finish();
    await settle();
    expect(screen.queryByTestId("progress")).toBeNull();
  });

  it("turns to an earlier run, attaches to that one and exports that one", async () => {
    const host = new FakeHost(viewOf());
    const [newest, earlier] = [runOf(), runOf({ id: "earlier", label: "R-013", endedAtMs: NOW - 3_600_000 })];
    const runs = [newest, earlier];
    const asked: (string | null)[] = [];
    host.evidence = async (run) => {
      await Promise.resolve();
      asked.push(run);
      return evidenceOf(run === "earlier" ? { run: earlier, runs, items: [] } : { run: newest, runs });
    };
    await openEvidence(host);
    await select(screen.getByTestId("evidence-run"), "R-013, rehearsal");
    expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Evidence of R-013");
    await click(screen.getByTestId("export-zip"));
    expect(host.given("exportEvidence")).toEqual([["earlier", true]]);
    await click(screen.getByTestId("choose"));
    expect(host.given("chooseEvidence")[0]?.[0]).toBe("earlier");
    // Whether we may advance is about the run that goes on.
    await click(screen.getByTestId("nav-advance"));
    expect(words("advance-smoke-log")).toContain("missing");
    expect(asked).toContain("earlier");
  });
});

describe("elsewhere", () => {
  it("stands on the first page, and leads to its own", async () => {
    await open(viewOf());
    expect(words("advance-smoke-log")).toContain("missing The checklist was not run.");
    expect(words("advance-phase-metrics")).toContain("from before the phase was set.");
    expect(words("advance-rollback-drill")).not.toContain("with every split");
    await click(screen.getByText("Evidence", { selector: ".link" }));
    expect(screen.getByTestId("items")).toBeTruthy();
  });

  it("shows the key in the settings once it is asked for", async () => {
    const host = await openAt("settings", viewOf());
    expect(host.given("evidenceKey")).toHaveLength(0);
    await click(screen.getByTestId("show-evidence-key"));
    expect(words("evidence-key")).toContain(KEY.fingerprint);
  });
});
