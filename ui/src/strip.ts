import type { DeskView } from "./bindings/DeskView";
import type { Problem } from "./bindings/Problem";

/** The one thing to do about a strip. */
export type StripAct = "ask" | "sign-in" | "keychain" | "runbook";

/** A standing problem, as shown under the header. */
export interface Strip {
  tone: "bad" | "warn";
  /** What stands on the button, and what it does. */
  label: string;
  act: StripAct;
  /** What still works meanwhile. */
  works: string;
  problem: Problem;
}

const READS_ONLY = "Earlier changes, notes and settings can still be read.";

/** Every standing problem, the worst first. */
export function stripsOf(view: DeskView): Strip[] {
  return [
    storeStrip(view),
    runbookStrip(view),
    connectionStrip(view),
    staffStrip(view),
    keychainStrip(view),
  ].filter((strip) => strip !== null);
}

function storeStrip({ store }: DeskView): Strip | null {
  if (!store.problem) return null;
  return {
    tone: "bad",
    label: "Try again",
    act: "ask",
    works:
      "The phase can still be read, and going back can still be saved. Going forward waits until the journal can record it.",
    problem: store.problem,
  };
}

function runbookStrip({ runbook }: DeskView): Strip | null {
  if (!runbook.problem) return null;
  return {
    tone: "bad",
    label: "Choose a runbook",
    act: "runbook",
    works: "The phase can be read, and going back can be saved.",
    problem: runbook.problem,
  };
}

function connectionStrip({ connection, environment }: DeskView): Strip | null {
  switch (connection.state) {
    case "starting":
    case "online":
      return null;
    case "offline":
      return {
        tone: "bad",
        label: "Try again now",
        act: "ask",
        works: `${READS_ONLY} A phase change is never queued: save it when the portal answers again. A rollback can be opened now: it keeps trying.`,
        problem: connection.problem ?? {
          code: "offline",
          message: `The portal of ${environment.name} does not answer.`,
          meaning: "The phase may have changed since it was last read.",
          next: "Check this machine's network; the desk keeps trying by itself.",
        },
      };
    case "signed_out":
      return {
        tone: "bad",
        label: "Sign in",
        act: "sign-in",
        works: READS_ONLY,
        problem: connection.problem ?? {
          code: "signed_out",
          message: "The operator is not signed in.",
          meaning: "The phase can be neither read nor changed from this desk.",
          next: "Sign in as the operator.",
        },
      };
    case "faulty":
      return {
        tone: "bad",
        label: "Ask again",
        act: "ask",
        works: READS_ONLY,
        problem: connection.problem ?? {
          code: "bad_reply",
          message: "The portal answers, but not as expected.",
          meaning: "What it says about the phase cannot be relied on.",
          next: "Ask again; if it stays so, copy the details for whoever looks after the portal.",
        },
      };
  }
}

function staffStrip({ connection, identities }: DeskView): Strip | null {
  const operator = identities.find((identity) => identity.role === "operator");
  if (operator?.state !== "not_staff" || connection.state === "signed_out") return null;
  return {
    tone: "bad",
    label: "Use another account",
    act: "sign-in",
    works: "The phase can be read, not changed.",
    problem: operator.problem ?? {
      code: "not_staff",
      message: `${operator.uid ?? "The operator"} is not staff in ${connection.state === "offline" ? "the last answer" : "this portal"}.`,
      meaning: "Only an account with the staff claim can change the phase; admin alone is not staff.",
      next: "Sign in with a staff account, or have the claim granted and sign in again.",
    },
  };
}

function keychainStrip({ keychain }: DeskView): Strip | null {
  if (keychain.ready !== false) return null;
  return {
    tone: "warn",
    label: "Try the keychain again",
    act: "keychain",
    works: "Everything works; what you sign in with lasts for this session only.",
    problem: keychain.problem ?? {
      code: "keychain_unavailable",
      message: "Sign-ins cannot be kept on this machine.",
      meaning: "The rollout is not affected.",
      next: "Unlock or install a keychain, or sign in again each time.",
    },
  };
}
