import { isReason, missingOf } from "./advance";
import type { AdvanceItem } from "./bindings/AdvanceItem";
import type { ChangeView } from "./bindings/ChangeView";
import type { DeskView } from "./bindings/DeskView";
import type { PhaseStateView } from "./bindings/PhaseStateView";
import type { Problem } from "./bindings/Problem";
import type { Drafts } from "./drafts.svelte";
import type { Host } from "./host/host";
import { type Direction, directionOf, noteLeft, sameSave } from "./phase";
import { problemToShow } from "./problem";

/** Why a phase cannot be saved yet, and the input that it is about. */
export interface Blocker {
  field: "note" | "override" | "confirm";
  reason: string;
}

/** The phase change that the operator is deciding on. What is typed is kept as drafts of the environment. */
export class Plan {
  readonly #host: Host;
  readonly #drafts: Drafts;
  readonly #view: () => DeskView;

  /** The phase chosen; none while nothing is being decided. */
  to = $state<string | null>(null);
  /** What the screen showed when it was chosen. */
  expected = $state.raw<PhaseStateView | null>(null);
  /** The environment's name as typed to confirm. Not a draft: a confirmation is given anew each time. */
  confirm = $state("");
  saving = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** Counts choices, so that the panel takes the focus at each. */
  choices = $state(0);
  #environment = $state("");

  constructor(host: Host, drafts: Drafts, view: () => DeskView) {
    this.#host = host;
    this.#drafts = drafts;
    this.#view = view;
  }

  get note(): string {
    return this.#drafts.get(this.#key("note"));
  }
  set note(text: string) {
    this.#drafts.set(this.#key("note"), text);
  }

  get incident(): string {
    return this.#drafts.get(this.#key("incident"));
  }
  set incident(text: string) {
    this.#drafts.set(this.#key("incident"), text);
  }

  /** Why the phase is moved forward although something is missing. */
  get override(): string {
    return this.#drafts.get(this.#key("override"));
  }
  set override(text: string) {
    this.#drafts.set(this.#key("override"), text);
  }

  /** Whether something is being decided here and now; a plan made for another environment is not. */
  get open(): boolean {
    return this.to !== null && this.#environment === this.#view().environment.name;
  }

  get direction(): Direction {
    if (this.to === null || !this.expected) return "same";
    return directionOf(this.#view().phases, this.expected.phase, this.to);
  }

  /** Whether the environment's name must be typed. */
  get needsName(): boolean {
    return this.#view().environment.kind === "live" && this.direction === "forward";
  }

  /** What must be there before the phase may be moved forward, and is not. Going back is never gated. */
  get missing(): AdvanceItem[] {
    return this.direction === "forward" ? missingOf(this.#view().advance) : [];
  }

  /** Whether a written reason is asked for: something is missing, or the program just said so. */
  get needsReason(): boolean {
    // No reason makes up for a runbook that cannot be read.
    if (this.direction !== "forward" || this.#view().runbook.problem) return false;
    return !this.#view().advance.ready || this.problem?.code === "gate_not_go";
  }

  /** What is now true and was not when the phase was chosen: somebody saved meanwhile. */
  get moved(): PhaseStateView | null {
    const { moved, reading } = this.#view();
    if (!this.expected || !reading) return null;
    const said = moved !== null || this.problem?.code === "phase_moved";
    return said && !sameSave(reading.state, this.expected) ? reading.state : null;
  }

  /** Whether what speaks for moving forward was not what the screen showed when it was saved. */
  get outdated(): boolean {
    return this.problem?.code === "basis_changed";
  }

  get blockers(): Blocker[] {
    const blockers: Blocker[] = [];
    const left = noteLeft(this.note);
    if (left < 0) {
      const many = left === -1 ? "1 character" : `${-left} characters`;
      blockers.push({
        field: "note",
        reason: `The note is ${many} too long. Shorten it; nothing is cut off for you.`,
      });
    }
    if (this.needsReason && !this.#view().advance.ready && !isReason(this.override)) {
      blockers.push({
        field: "override",
        reason: "Do what is missing, or write in a few words why it is moved without.",
      });
    }
    const name = this.#view().environment.name;
    if (this.needsName && this.confirm.trim() !== name) {
      blockers.push({
        field: "confirm",
        reason: `Type ${name} to open more to the members of a live portal.`,
      });
    }
    return blockers;
  }

  /** Starts deciding on `to`, from what the screen shows now. Does nothing while no phase is known. */
  choose(to: string): void {
    const { reading, environment } = this.#view();
    if (!reading || this.saving) return;
    this.#environment = environment.name;
    this.to = to;
    this.expected = reading.state;
    this.confirm = "";
    this.problem = null;
    this.choices += 1;
  }

  /** After something else became true: decide on the same target from what is true now. */
  lookAgain(): void {
    if (this.to !== null) this.choose(this.to);
  }

  /** Leaves the phase as it is. The note stays for the next time. */
  close(): void {
    if (this.saving) return;
    this.to = null;
    this.expected = null;
    this.problem = null;
  }

  /** Saves, unless something blocks it. Whatever goes wrong, what was typed stays. */
  async save(): Promise<void> {
    if (this.to === null || !this.expected || this.saving) return;
    if (this.moved || this.outdated || this.blockers.length > 0) return;
    const reason = this.needsReason ? this.override.trim() : "";
    const override = reason === "" ? null : reason;
    this.saving = true;
    this.problem = null;
    try {
      const change = await this.#host.savePhase({
        environment: this.#environment,
        to: this.to,
        note: this.note,
        incidentId: this.direction === "back" && this.incident.trim() !== "" ? this.incident.trim() : null,
        expected: this.expected,
        basis: this.direction === "forward" ? this.#view().advance.basis : null,
        confirm: this.needsName ? this.confirm.trim() : null,
        override,
      });
      this.saving = false;
      this.#conclude(change);
    } catch (thrown) {
      this.saving = false;
      this.problem = problemToShow(thrown);
    }
  }

  #conclude(change: ChangeView): void {
    switch (change.outcome) {
      case "confirmed":
      case "overtaken":
        this.note = "";
        this.incident = "";
        this.override = "";
        this.close();
        break;
      case "unknown":
      case null:
        // It may have been saved: not to be sent again, but the note is kept in case it was not.
        this.close();
        break;
      case "refused":
      case "not_sent":
      case "not_applied":
        break;
    }
  }

  #key(what: string): string {
    return `${what}:${this.#environment}`;
  }
}
