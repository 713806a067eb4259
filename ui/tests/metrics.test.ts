import { screen, within } from "@testing-library/svelte";
import { describe, expect, it } from "vitest";
import { metricsOf, OVERRIDE, PHASE_2, problemOf, viewOf } from "../dev/fixtures";
import type { EndpointView } from "../src/bindings/EndpointView";
import { percent, routeName, rowsOf, soakSentence, sorted } from "../src/metrics";
import { click, expectAccessible, openAt, select, settle, type, words } from "./window";

const endpoint = (
  route: string,
  critical: boolean,
  requestCount: number,
  p95: number | null = 10,
): EndpointView => ({
  route,
  critical,
  requestCount,
  errorCount: 0,
  conflictCount: 0,
  routeErrorCount: 0,
  p50LatencyMs: p95,
  p95LatencyMs: p95,
});

describe("the numbers", () => {
  it.each([
    [0, "0 %"],
    [0.004, "0.4 %"],
    [0.0025, "0.25 %"],
    [0.01, "1 %"],
    [0.0218, "2.2 %"],
    [1, "100 %"],
  ])("%d reads as %s", (rate, text) => expect(percent(rate)).toBe(text));

  it("a route is named without its version", () => {
    expect(routeName("/v1/library.items.list")).toBe("library.items.list");
  });

  it("a soak says how far it is, what failed and what is left, rounded up", () => {
    expect(soakSentence({ done: 3, wanted: 12, failed: 0, leftMs: 11_200 })).toBe(
      "3 of 12 requests, none failed, 12 s left at most",
    );
    expect(soakSentence({ done: 3, wanted: 12, failed: 2, leftMs: 0 })).toContain("2 failed, 0 s left");
  });
});

describe("the endpoints", () => {
  const all = [
    endpoint("/v1/b", false, 50),
    endpoint("/v1/c", true, 5, null),
    endpoint("/v1/a", true, 9, 20),
    endpoint("/v1/d", true, 9, 5),
  ];
  const names = (key: "route" | "requestCount" | "p95LatencyMs", descending: boolean) =>
    sorted(all, key, descending).map(({ route }) => route.at(-1));

  it("keep the critical ones first and what was not measured last, whichever way they are sorted", () => {
    expect(names("requestCount", true)).toEqual(["a", "d", "c", "b"]);
    expect(names("requestCount", false)).toEqual(["c", "a", "d", "b"]);
    expect(names("p95LatencyMs", true)).toEqual(["a", "d", "c", "b"]);
    expect(names("p95LatencyMs", false)).toEqual(["d", "a", "c", "b"]);
    expect(names("route", true)).toEqual(["d", "c", "a", "b"]);
  });
});

describe("the chart's table", () => {
  it("has each time with requests and each phase change, in order", () => {
    const point = (atMs: number, requests: number) => ({ atMs, requests, errors: 0, p95Ms: null });
    const rows = rowsOf([point(1, 4), point(2, 0), point(4, 2)], [{ atMs: 3, to: PHASE_2 }]);
    expect(rows.map(({ kind, atMs }) => [kind, atMs])).toEqual([
      ["point", 1],
      ["move", 3],
      ["point", 4],
    ]);
  });
});

describe("the page", () => {
  it("says what will stand there before the first snapshot, and makes it", async () => {
    const host = await openAt("metrics", viewOf());
    expect(words("no-snapshot")).toContain("No snapshot yet");
    expect(screen.queryByTestId("attach")).toBeNull();
    const select = screen.getByTestId<HTMLSelectElement>("window");
    select.selectedIndex = [...select.options].findIndex((option) => option.text === "1 h");
    select.dispatchEvent(new Event("change", { bubbles: true }));
    await click(screen.getByTestId("capture"));
    expect(host.given("captureMetrics")).toEqual([[60]]);
    expect(words("gates")).toContain("at least 20 are needed");
  });

  it("shows verdicts in words, with what the numbers can carry", async () => {
    await openAt("metrics", viewOf({ metrics: metricsOf() }));
    expect(screen.getByTestId("gate-phase2-writes").dataset["verdict"]).toBe("INSUFFICIENT");
    expect(words("gate-phase2-writes")).toContain("the true rate could be as high as 31.2 %");
    expect(words("snapshot")).toContain("118 requests from portal-2026-03-01.jsonl");
    expect(words("figures")).toContain("27 never an error in a gate");
    expect(words("chart-table")).toContain("Moved to Phase 2");
    await expectAccessible();
  });

  it("says in a line that the phase rests on an override, and nothing where it does not", async () => {
    const host = await openAt("metrics", viewOf({ metrics: metricsOf({ overrides: [OVERRIDE] }) }));
    expect(words("overrides")).toBe(
      `Override Phase 2 rests on an override by staff_bo at 13:32 CET: ${OVERRIDE.reason}`,
    );
    await expectAccessible();
    host.show({ metrics: metricsOf() });
    await settle();
    expect(screen.queryByTestId("overrides")).toBeNull();
  });

  it("does not call nothing measured a rate of zero", async () => {
    const summary = { ...metricsOf().summary, requestCount: 0, errorCount: 0, errorRate: 0 };
    await openAt("metrics", viewOf({ metrics: metricsOf({ summary }) }));
    expect(words("figures")).toContain("Errors 0 nothing measured");
  });

  it("attaches once, and copies through the program", async () => {
    const host = await openAt("metrics", viewOf({ metrics: metricsOf() }));
    await click(screen.getByRole("button", { name: "Copy JSON" }));
    expect(host.given("copyMetrics")).toHaveLength(1);
    await click(screen.getByTestId("attach"));
    expect(host.given("attachMetrics")).toHaveLength(1);
    expect(screen.getByTestId<HTMLButtonElement>("attach").disabled).toBe(true);
    expect(words("snapshot")).toContain("Attached to the run");
  });

  it("says why a snapshot could not be made, and keeps the earlier one", async () => {
    const host = await openAt("metrics", viewOf({ metrics: metricsOf() }));
    host.captureMetrics = () =>
      Promise.reject(problemOf("store_failed", { message: "It could not be read." }));
    await click(screen.getByTestId("capture"));
    expect(screen.getByText("It could not be read.")).toBeTruthy();
    expect(screen.getByTestId("gates")).toBeTruthy();
  });

  it("sorts the endpoints by a column, and turns them round", async () => {
    await openAt("metrics", viewOf({ metrics: metricsOf() }));
    const table = within(screen.getByTestId("endpoints"));
    const header = () => table.getByRole("columnheader", { name: /p95/ });
    await click(within(header()).getByRole("button"));
    expect(header().getAttribute("aria-sort")).toBe("descending");
    await click(within(header()).getByRole("button"));
    expect(header().getAttribute("aria-sort")).toBe("ascending");
    expect(table.getAllByRole("row")[1]?.textContent).toContain("library.items.get");
  });
});

describe("a soak", () => {
  it("shows its progress and can be cancelled, also when it was begun before the page was opened", async () => {
    const host = await openAt("metrics", viewOf({ metrics: metricsOf() }));
    let end: () => void = () => undefined;
    host.runSoak = () => new Promise<void>((resolve) => (end = resolve));
    await click(screen.getByRole("button", { name: "Earn 12 more requests" }));
    expect(screen.getByText("Starting to earn the missing count")).toBeTruthy();
    host.tellSoak({ done: 4, wanted: 12, failed: 1, leftMs: 4_000 });
    await settle();
    expect(words("progress")).toContain("4 of 12 requests, 1 failed");
    expect(screen.getByRole<HTMLProgressElement>("progressbar").value).toBe(4);
    await expectAccessible();
    await click(screen.getByRole("button", { name: "Cancel" }));
    expect(host.given("cancelSoak")).toHaveLength(1);
    expect(screen.getByRole("button", { name: "Stopping" })).toBeTruthy();
    host.tellSoak(null);
    end();
    await settle();
    expect(screen.queryByTestId("progress")).toBeNull();
  });
});

describe("an import", () => {
  it("shows every line that cannot be read", async () => {
    const host = await openAt("metrics", viewOf());
    host.importMetrics = (name, text) => {
      expect([name, text]).toEqual(["pasted", "time,route\nx,y"]);
      return Promise.resolve({
        added: 1,
        already: 2,
        bad: [{ line: 2, reason: "no time in “x”" }],
        note: null,
      });
    };
    await type(screen.getByTestId("import-text"), "time,route\nx,y");
    await click(screen.getByTestId("import-submit"));
    expect(words("imported")).toContain(
      "1 request added. 2 requests had been added before. 1 line cannot be read",
    );
    expect(words("imported")).toContain("Line 2: no time in “x”");
    await expectAccessible();
  });

  it("asks which column holds what, and takes those that it knows", async () => {
    const host = await openAt("metrics", viewOf());
    await type(screen.getByTestId("import-text"), "time,route,answer,took\n1,a,200,3");
    const chosen = (field: string) => screen.getByTestId<HTMLSelectElement>(`column-${field}`).value;
    expect([chosen("time"), chosen("route"), chosen("status"), chosen("duration")]).toEqual([
      "time",
      "route",
      "",
      "",
    ]);
    await expectAccessible();
    for (const [field, column] of [
      ["status", "answer"],
      ["duration", "took"],
    ]) {
      await select(screen.getByTestId(`column-${field}`), column ?? "");
    }
    await select(screen.getByTestId("duration-unit"), "seconds");
    await click(screen.getByTestId("import-submit"));
    expect(host.given("importMetrics")[0]?.[2]).toEqual({
      time: "time",
      route: "route",
      status: "answer",
      duration: "took",
      durationUnit: "seconds",
    });
    expect(screen.queryByTestId("columns")).toBeNull();
  });

  it("asks for no columns of the web panel's JSON, and says what its sums are good for", async () => {
    const host = await openAt("metrics", viewOf());
    host.importMetrics = () =>
      Promise.resolve({
        added: 10,
        already: 0,
        bad: [],
        note: "They count in totals and rates, not in percentiles.",
      });
    await type(screen.getByTestId("import-text"), '{"rolloutPhase":"phase_2_member_writes"}');
    expect(screen.queryByTestId("columns")).toBeNull();
    await click(screen.getByTestId("import-submit"));
    expect(words("imported")).toContain("10 requests added. They count in totals and rates");
  });

  it("keeps what was pasted when it is refused, over a change of page too", async () => {
    const host = await openAt("metrics", viewOf());
    host.importMetrics = () =>
      Promise.reject(problemOf("invalid_input", { message: "Neither JSON nor CSV." }));
    await type(screen.getByTestId("import-text"), "hello");
    await click(screen.getByTestId("import-submit"));
    expect(screen.getByText("Neither JSON nor CSV.")).toBeTruthy();
    await click(screen.getByTestId("nav-phase"));
    await click(screen.getByTestId("nav-metrics"));
    expect(screen.getByTestId<HTMLTextAreaElement>("import-text").value).toBe("hello");
  });
});
