import { describe, expect, it } from "vitest";
import { shortcutOf } from "../src/keys";

const press = (key: string, more: Partial<KeyboardEvent> = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...more,
});

describe("shortcuts", () => {
  it("are what the list of keys says", () => {
    expect(shortcutOf(press("R", { ctrlKey: true, shiftKey: true }), false)).toEqual({ kind: "roll-back" });
    expect(shortcutOf(press("k", { ctrlKey: true }), true)).toEqual({ kind: "palette" });
    expect(shortcutOf(press("2", { metaKey: true }), false)).toEqual({ kind: "page", number: 2 });
    expect(shortcutOf(press("?", { shiftKey: true }), false)).toEqual({ kind: "keys" });
  });

  it("do not take what is typed", () => {
    expect(shortcutOf(press("?", { shiftKey: true }), true)).toBeNull();
    expect(shortcutOf(press("k"), false)).toBeNull();
    expect(shortcutOf(press("r", { ctrlKey: true }), false)).toBeNull();
    // AltGr, which some keyboards send as Ctrl+Alt, types a character.
    expect(shortcutOf(press("2", { ctrlKey: true, altKey: true }), true)).toBeNull();
  });
});
