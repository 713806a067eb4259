import { render, screen } from "@testing-library/svelte";
import { afterEach, describe, expect, it, vi } from "vitest";
import { changeOf, problemOf, viewOf } from "../dev/fixtures";
import Waiting from "../src/components/shared/Waiting.svelte";
import { click, openAt, settle, type } from "./window";

afterEach(() => {
  vi.useRealTimers();
});

describe("waiting", () => {
  it("is said after a second, with how long it takes, and can be ended", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setInterval", "clearInterval"] });
    const stop = vi.fn();
    render(Waiting, { props: { what: "Asking the portal", stop } });
    vi.advanceTimersByTime(900);
    await settle();
    expect(screen.queryByTestId("waiting")).toBeNull();
    vi.advanceTimersByTime(3100);
    await settle();
    expect(screen.getByTestId("waiting").textContent).toContain("Asking the portal, 4 s");
    await click(screen.getByRole("button", { name: "Stop waiting" }));
    expect(stop).toHaveBeenCalledOnce();
  });

  it("for what became of a save takes the place of the decision", async () => {
    const host = await openAt("phase", viewOf());
    host.savePhase = () => new Promise(() => undefined);
    await click(screen.getByTestId("move-3"));
    await click(screen.getByTestId("save-phase"));
    for (const stage of ["rereading", "sending", "asking_outcome"] as const) {
      host.show({ change: changeOf({ outcome: null, stage, settling: null }) });
      await settle();
      expect(screen.queryByTestId("plan")).toBeNull();
      expect(screen.getByTestId("change")).toBeTruthy();
    }
  });

  it("that was ended before a save was sent is no problem, and loses nothing", async () => {
    const host = await openAt("phase", viewOf());
    host.savePhase = () => Promise.reject(problemOf("stopped"));
    await click(screen.getByTestId("move-3"));
    await type(screen.getByTestId("note"), "Gate passed");
    await click(screen.getByTestId("save-phase"));
    expect(screen.queryByRole("alert")).toBeNull();
    expect(screen.getByTestId<HTMLTextAreaElement>("note").value).toBe("Gate passed");
    expect(screen.getByTestId("save-phase").textContent.trim()).toBe("Save phase");
  });
});
