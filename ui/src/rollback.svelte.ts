import type { DeskView } from "./bindings/DeskView";
import type { PhaseInfo } from "./bindings/PhaseInfo";
import type { Problem } from "./bindings/Problem";
import type { RollbackChoice } from "./bindings/RollbackChoice";
import type { RollbackTrigger } from "./bindings/RollbackTrigger";
import type { SafeStateView } from "./bindings/SafeStateView";
import type { Drafts } from "./drafts.svelte";
import type { Host } from "./host/host";
import { problemToShow } from "./problem";
import { fromOf, INCIDENT_LIMIT, isInTheWay, targetsOf, TRIGGERS } from "./rollback";

/** Why a rollback cannot be opened yet, and the input that it is about. */
export interface Blocker {
  field: "to" | "trigger" | "confirmedBy" | "incidentId";
  reason: string;
}

/** The one decision of a rollback, and what is decided while it is open. What is typed is kept as drafts. */
export class Rollback {
  readonly #host: Host;
  readonly #drafts: Drafts;
  readonly #view: () => DeskView;

  /** The phase chosen, and the environment it was chosen in. */
  #chosen = $state.raw<{ environment: string; to: string } | null>(null);
  /** Borrow and return a title for real. Asked anew each time. */
  borrow = $state(false);
  opening = $state(false);
  problem = $state.raw<Problem | null>(null);
  /** Decide on another one although the last is closed and not put away yet, or a drill is open. */
  another = $state(false);
  /** What takes the focus as soon as it is on screen. */
  focus = $state<"decision" | "procedure" | null>(null);

  /** What is being decided about the open one. */
  deciding = $state.raw<RollbackChoice | null>(null);
  decisionProblem = $state.raw<Problem | null>(null);

  /** The closed one whose review is being written down. */
  reviewing = $state.raw<string | null>(null);
  reviewProblem = $state.raw<{ rollbackId: string; problem: Problem } | null>(null);

  safeState = $state.raw<SafeStateView | null>(null);
  checking = $state(false);
  safeProblem = $state.raw<Problem | null>(null);

  constructor(host: Host, drafts: Drafts, view: () => DeskView) {
    this.#host = host;
    this.#drafts = drafts;
    this.#view = view;
  }

  get trigger(): RollbackTrigger | null {
    const kept = this.#drafts.get(this.#key("trigger"));
    return TRIGGERS.find(({ id }) => id === kept)?.id ?? null;
  }
  set trigger(trigger: RollbackTrigger | null) {
    this.#drafts.set(this.#key("trigger"), trigger ?? "");
    // What stands on the button from here on stays there, wherever the portal is moved meanwhile.
    const { to } = this;
    if (trigger !== null && to !== null) this.to = to;
  }

  get confirmedBy(): string {
    return this.#drafts.get(this.#key("owner"));
  }
  set confirmedBy(text: string) {
    this.#drafts.set(this.#key("owner"), text);
  }

  get incident(): string {
    return this.#drafts.get(this.#key("incident"));
  }
  set incident(text: string) {
    this.#drafts.set(this.#key("incident"), text);
  }

  get reason(): string {
    return this.#drafts.get(this.#key("reason"));
  }
  set reason(text: string) {
    this.#drafts.set(this.#key("reason"), text);
  }

  /** The phase that it goes back from, wire name. */
  get from(): string | null {
    return fromOf(this.#view());
  }

  /** The phases that it can go to, the nearest first. */
  get targets(): PhaseInfo[] {
    return targetsOf(this.#view().phases, this.from);
  }

  /** The phase that it goes to: the chosen one, or one back. None where that is for the person to say. */
  get to(): string | null {
    const { environment, phases } = this.#view();
    const chosen = this.#chosen?.environment === environment.name ? this.#chosen.to : null;
    if (chosen !== null) return this.targets.some(({ wire }) => wire === chosen) ? chosen : null;
    const known = phases.some(({ wire }) => wire === this.from);
    return known ? (this.targets[0]?.wire ?? null) : null;
  }
  set to(to: string | null) {
    this.#chosen = to === null ? null : { environment: this.#view().environment.name, to };
  }

  /** Whether a title can be borrowed there at all: the phase that opens the members' writes. */
  get canBorrow(): boolean {
    return this.targets.some(({ wire, number }) => wire === this.to && number === 2);
  }

  get blockers(): Blocker[] {
    const blockers: Blocker[] = [];
    if (this.to === null) blockers.push({ field: "to", reason: "Choose the phase to roll back to." });
    if (this.trigger === null) blockers.push({ field: "trigger", reason: "Choose why." });
    if (this.confirmedBy.trim() === "") {
      blockers.push({ field: "confirmedBy", reason: "Write who confirmed it: the release owner." });
    }
    const over = this.incident.trim().length - INCIDENT_LIMIT;
    if (over > 0) {
      const many = over === 1 ? "1 character" : `${over} characters`;
      blockers.push({ field: "incidentId", reason: `The incident id is ${many} too long.` });
    }
    return blockers;
  }

  /** Asks for the decision: the form takes the focus, or the rollback that is open does. */
  ask(): void {
    const { rollback } = this.#view();
    if (rollback && isInTheWay(rollback)) {
      this.follow();
    } else {
      this.another = rollback !== null;
      this.focus = "decision";
    }
  }

  /** Turns to the one that is open, or is about to be. */
  follow(): void {
    this.another = false;
    this.focus = "procedure";
  }

  /** Opens it, unless something is missing. Whatever goes wrong, what was typed stays. */
  async open(): Promise<void> {
    const { to, trigger } = this;
    if (to === null || trigger === null || this.opening || this.blockers.length > 0) return;
    const environment = this.#view().environment.name;
    const incident = this.incident.trim();
    this.opening = true;
    this.problem = null;
    try {
      await this.#host.openRollback({
        environment,
        to,
        trigger,
        reason: this.reason.trim(),
        confirmedBy: this.confirmedBy.trim(),
        incidentId: incident === "" ? null : incident,
        borrow: this.canBorrow && this.borrow,
      });
      // Who confirmed it is kept: it is mostly the same person the next time.
      this.reason = this.incident = "";
      this.trigger = null;
      this.to = null;
      this.borrow = false;
      this.follow();
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.opening = false;
  }

  /** A few words typed beside a step or an act, kept until they are used. */
  words(about: string): string {
    return this.#drafts.get(this.#key(about));
  }
  setWords(about: string, text: string): void {
    this.#drafts.set(this.#key(about), text);
  }

  /** Decides; `about` names the words that were used for it. Resolves to whether it was taken. */
  async decide(choice: RollbackChoice, about: string | null = null): Promise<boolean> {
    if (this.deciding !== null) return false;
    this.deciding = choice;
    this.decisionProblem = null;
    try {
      await this.#host.decideRollback(choice);
      if (about !== null) this.setWords(about, "");
      this.focus = "procedure";
    } catch (thrown) {
      this.decisionProblem = problemToShow(thrown);
    }
    this.deciding = null;
    return this.decisionProblem === null;
  }

  /** Puts a closed one away. */
  async dismiss(): Promise<void> {
    try {
      await this.#host.dismissRollback();
      this.decisionProblem = null;
      this.focus = "decision";
    } catch (thrown) {
      this.decisionProblem = problemToShow(thrown);
    }
  }

  /** Writes down what came of a closed one, in the words kept for it. Resolves to whether it was taken. */
  async review(rollbackId: string, about: string): Promise<boolean> {
    const words = this.words(about);
    if (this.reviewing !== null) return false;
    this.reviewing = rollbackId;
    this.reviewProblem = null;
    let taken = true;
    try {
      await this.#host.reviewRollback(rollbackId, words.trim());
      this.setWords(about, "");
    } catch (thrown) {
      const problem = problemToShow(thrown);
      this.reviewProblem = problem && { rollbackId, problem };
      taken = false;
    }
    this.reviewing = null;
    return taken;
  }

  /** Asks the portal once whether it behaves as its phase says. */
  async check(): Promise<void> {
    if (this.checking) return;
    this.checking = true;
    this.safeProblem = null;
    try {
      this.safeState = await this.#host.checkSafeState();
    } catch (thrown) {
      this.safeProblem = problemToShow(thrown);
    }
    this.checking = false;
  }

  #key(what: string): string {
    return `rollback-${what}:${this.#view().environment.name}`;
  }
}
