import { beforeEach, describe, expect, it, vi } from "vitest";
import { draftOf, EMPTY, environmentOf, formOf } from "../src/components/settings/portal";
import { Drafts } from "../src/drafts.svelte";

describe("drafts", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  it("are kept once typing pauses, with what was typed last", () => {
    const keep = vi.fn().mockResolvedValue(undefined);
    const drafts = new Drafts(keep);
    drafts.set("note:practice", "a");
    vi.advanceTimersByTime(200);
    drafts.set("note:practice", "ab");
    vi.advanceTimersByTime(200);
    expect(keep).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100);
    expect(keep.mock.calls).toEqual([["note:practice", "ab"]]);
  });

  it("are kept at once when the window may go away", () => {
    const keep = vi.fn().mockResolvedValue(undefined);
    const drafts = new Drafts(keep);
    drafts.set("a", "1");
    drafts.set("b", "2");
    drafts.flush();
    expect(keep.mock.calls).toEqual([
      ["a", "1"],
      ["b", "2"],
    ]);
    vi.advanceTimersByTime(1000);
    expect(keep).toHaveBeenCalledTimes(2);
  });

  it("survive not being kept", async () => {
    const drafts = new Drafts(() => Promise.reject(new Error("disk full")));
    drafts.set("a", "1");
    drafts.flush();
    await Promise.resolve();
    expect(drafts.get("a")).toBe("1");
  });
});

describe("the add-portal form's draft", () => {
  it("comes back as it was, and is nothing when the form is empty", () => {
    const form = { ...EMPTY, name: "studio", kind: "live" as const };
    expect(formOf(draftOf(form))).toEqual(form);
    expect(draftOf({ ...EMPTY })).toBe("");
  });

  it("of another version, or broken, does no harm", () => {
    expect(formOf("{")).toEqual(EMPTY);
    expect(formOf('{"password":"x","name":"a"}')).toEqual({ ...EMPTY, name: "a" });
  });

  it("is sent with blanks as absent", () => {
    expect(environmentOf({ ...EMPTY, name: " studio ", phaseCache: "30000" }, " key ")).toEqual({
      name: "studio",
      kind: "staging",
      api: "",
      apiKey: "key",
      identityUrl: null,
      tokenUrl: null,
      projectId: null,
      phaseCacheMs: 30000,
      changeWindow: null,
    });
  });
});
