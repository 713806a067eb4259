import { screen } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { bundleOf, evidenceOf, KEY } from "../dev/evidence";
import { problemOf, viewOf } from "../dev/fixtures";
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
    host.tellExport({ done: 3, total: 31, file: "data/run.json" });
    await settle();
    expect(words("progress")).toContain("3 of 31 files, data/run.json");
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

  it("takes what is dropped anywhere, on any page, for the item that is chosen then", async () => {
    const host = new FakeHost(viewOf());
    await open(viewOf(), host);
    host.tellDrop({ what: "dropped", names: ["a.png", "b.json"] });
    await settle();
    expect(words("dropped")).toContain("Dropped: a.png, b.json");
    await select(screen.getByTestId("attach-item"), "Smoke log (account used, action, result, timestamp).");
    await click(screen.getByText("Attach what was dropped"));
    expect(host.given("attachDropped")).toEqual([["smoke-log"]]);
    expect(screen.queryByTestId("dropped")).toBeNull();
  });

  it("keeps what was dropped when it is refused", async () => {
    const host = new FakeHost(viewOf());
    host.attachDropped = () =>
      Promise.reject(problemOf("invalid_input", { message: "a.png is longer than 100 MiB." }));
    await openEvidence(host);
    host.tellDrop({ what: "dropped", names: ["a.png"] });
    await settle();
    await click(screen.getByText("Attach what was dropped"));
    expect(screen.getByText("a.png is longer than 100 MiB.")).toBeTruthy();
    expect(words("dropped")).toContain("a.png");
  });

  it("lets files be chosen", async () => {
    const host = await openEvidence();
    await click(screen.getByTestId("choose"));
    expect(host.given("chooseEvidence")).toEqual([["phase-metadata"]]);
  });
});

describe("elsewhere", () => {
  it("stands on the first page, and leads to its own", async () => {
    await open(viewOf());
    expect(words("advance-evidence")).toContain("missing");
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
