import { describe, expect, it } from "vitest";
import { problemOf, viewOf } from "../dev/fixtures";
import type { ConnectionState } from "../src/bindings/ConnectionState";
import type { DeskView } from "../src/bindings/DeskView";
import { stripsOf } from "../src/strip";

const connection = (state: ConnectionState, code: Parameters<typeof problemOf>[0] | null) => ({
  ...viewOf().connection,
  state,
  problem: code === null ? null : problemOf(code),
});
const operator = viewOf().identities.map((identity) =>
  identity.role === "operator" ? { ...identity, staff: false, state: "not_staff" as const } : identity,
);

describe("strips", () => {
  it("there is none while all is well, nor before the first answer", () => {
    expect(stripsOf(viewOf())).toEqual([]);
    expect(stripsOf(viewOf({ connection: connection("starting", null) }))).toEqual([]);
    expect(stripsOf(viewOf({ keychain: { ready: null, problem: null } }))).toEqual([]);
  });

  it.each<[string, Partial<DeskView>, string]>([
    ["offline", { connection: connection("offline", "offline") }, "Try again now"],
    ["signed_out", { connection: connection("signed_out", "signed_out") }, "Sign in"],
    ["bad_reply", { connection: connection("faulty", "bad_reply") }, "Ask again"],
    ["not_staff", { identities: operator }, "Use another account"],
    [
      "keychain_locked",
      { keychain: { ready: false, problem: problemOf("keychain_locked") } },
      "Try the keychain again",
    ],
    ["keychain_unavailable", { keychain: { ready: false, problem: null } }, "Try the keychain again"],
    ["store_full", { store: { entries: 1, problem: problemOf("store_full") } }, "Try again"],
  ])("%s has one thing to do and says what still works", (code, more, label) => {
    const [strip, ...others] = stripsOf(viewOf(more));
    expect(others).toEqual([]);
    expect(strip?.problem.code).toBe(code);
    expect(strip?.label).toBe(label);
    expect(strip?.works).not.toBe("");
  });

  it("every state but starting and online has one, even without a reason from the program", () => {
    for (const state of ["offline", "signed_out", "faulty"] as const) {
      expect(stripsOf(viewOf({ connection: connection(state, null) }))[0]?.problem.message).toBeTruthy();
    }
  });

  it("the worst stands first", () => {
    const strips = stripsOf(
      viewOf({
        keychain: { ready: false, problem: problemOf("keychain_locked") },
        connection: connection("offline", "offline"),
        store: { entries: 1, problem: problemOf("store_full") },
      }),
    );
    expect(strips.map((strip) => strip.problem.code)).toEqual(["store_full", "offline", "keychain_locked"]);
  });
});
