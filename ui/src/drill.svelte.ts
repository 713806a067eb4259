import type { DeskView } from "./bindings/DeskView";
import type { Problem } from "./bindings/Problem";
import type { Drafts } from "./drafts.svelte";
import type { Host } from "./host/host";
import { problemToShow } from "./problem";
import { targetsOf } from "./rollback";

/** How long a drill may take, as the runbook allows a rollback, and the word its notes begin with. */
const MINUTES = 15;
const PREFIX = "DRILL";

/** Why a drill cannot be opened yet, and the input that it is about. */
export interface Blocker {
  field: "promote" | "confirm" | "reason";
  reason: string;
}

/** The rehearsal that is being decided on. */
export class Drill {
  readonly #host: Host;
  readonly #drafts: Drafts;
  readonly #view: () => DeskView;

  /** Whether its part of the page is open. */
  shown = $state(false);
  /** Whether it takes the focus as soon as it is on screen. */
  asked = $state(false);
  untilVerified = $state(false);
  skipRestore = $state(false);
  /** From phase 1: set phase 2 first. */
  promote = $state(false);
  /** The environment's name as typed to confirm. Not a draft: a confirmation is given anew each time. */
  confirm = $state("");
  /** The program said that it is outside the change window. */
  needsReason = $state(false);
  opening = $state(false);
  problem = $state.raw<Problem | null>(null);

  constructor(host: Host, drafts: Drafts, view: () => DeskView) {
    this.#host = host;
    this.#drafts = drafts;
    this.#view = view;
  }

  get reason(): string {
    return this.#drafts.get(this.#key);
  }
  set reason(text: string) {
    this.#drafts.set(this.#key, text);
  }

  /** Whether there is nothing to roll back from unless phase 2 is set first. */
  get inFirst(): boolean {
    const { phases, reading } = this.#view();
    return reading !== null && targetsOf(phases, reading.state.phase).length === 0;
  }

  get needsName(): boolean {
    return this.#view().environment.kind === "live";
  }

  get blockers(): Blocker[] {
    const blockers: Blocker[] = [];
    if (this.inFirst && !this.promote) {
      blockers.push({
        field: "promote",
        reason: "In Phase 1 there is nothing to roll back from: let the drill set Phase 2 first.",
      });
    }
    const { name } = this.#view().environment;
    if (this.needsName && this.confirm.trim() !== name) {
      blockers.push({ field: "confirm", reason: `Type ${name} to drill on the portal that members use.` });
    }
    if (this.needsReason && this.reason.trim() === "") {
      blockers.push({ field: "reason", reason: "Write in a few words why it cannot wait." });
    }
    return blockers;
  }

  /** Opens it, unless something is missing. Resolves to whether it was opened. */
  async open(): Promise<boolean> {
    if (this.opening || this.blockers.length > 0) return false;
    const reason = this.reason.trim();
    this.opening = true;
    this.problem = null;
    try {
      await this.#host.openDrill({
        environment: this.#view().environment.name,
        to: null,
        untilVerified: this.untilVerified,
        skipRestore: this.skipRestore,
        promoteFromPhase1: this.inFirst && this.promote,
        maxDurationMinutes: MINUTES,
        notePrefix: PREFIX,
        reason: this.needsReason && reason !== "" ? reason : null,
        confirm: this.needsName ? this.confirm.trim() : null,
      });
      this.reason = this.confirm = "";
      this.shown = this.skipRestore = this.promote = this.untilVerified = this.needsReason = false;
    } catch (thrown) {
      this.problem = problemToShow(thrown);
      if (this.problem?.code === "confirmation_needed" && this.problem.field === "reason") {
        this.needsReason = true;
      }
    }
    this.opening = false;
    return this.problem === null;
  }

  get #key(): string {
    return `drill-reason:${this.#view().environment.name}`;
  }
}
