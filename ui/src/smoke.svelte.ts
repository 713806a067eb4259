import type { DeskView } from "./bindings/DeskView";
import type { LeftView } from "./bindings/LeftView";
import type { Problem } from "./bindings/Problem";
import type { SmokePlan } from "./bindings/SmokePlan";
import type { SmokeReport } from "./bindings/SmokeReport";
import type { Drafts } from "./drafts.svelte";
import type { Host } from "./host/host";
import { asProblem, problemToShow } from "./problem";
import { canRunAgain } from "./smoke";

/** The checklist of the present phase: what it will do, how its newest run stands, and what is being done about it. */
export class Smoke {
  readonly #host: Host;
  readonly #drafts: Drafts;
  readonly #view: () => DeskView;

  #plan = $state.raw<SmokePlan | null>(null);
  #report = $state.raw<SmokeReport | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** A run was asked for and has not told how it goes yet. */
  starting = $state(false);
  /** It was told to stop and has not stopped yet. */
  stopping = $state(false);
  /** A run that waits for the environment's name to be typed. */
  asking = $state.raw<{ onlyFailedOf: string | null } | null>(null);
  /** The step whose answer is looked at. */
  chosen = $state<string | null>(null);
  /** The check whose answer is being kept. */
  attesting = $state<string | null>(null);
  attestProblem = $state.raw<{ check: string; problem: Problem } | null>(null);

  /** What runs, this one and earlier ones, left in the portal and could still be removed. */
  leftovers = $state.raw<LeftView[]>([]);
  removing = $state(false);

  constructor(host: Host, drafts: Drafts, view: () => DeskView) {
    this.#host = host;
    this.#drafts = drafts;
    this.#view = view;
  }

  /** The present phase, wire name; null while it is not known. */
  get phase(): string | null {
    return this.#view().reading?.state.phase ?? null;
  }

  get plan(): SmokePlan | null {
    return this.#plan?.phase === this.phase ? this.#plan : null;
  }

  /** The newest run of the present phase here; a run for another phase or portal says nothing about this one. */
  get report(): SmokeReport | null {
    const report = this.#report;
    if (report?.phase !== this.phase || report?.environment !== this.#view().environment.name) return null;
    return report;
  }

  get running(): boolean {
    return this.starting || this.#report?.state === "running";
  }

  /** The item to borrow; empty where the run chooses. */
  get item(): string {
    return this.#drafts.get(this.#key("smoke-item"));
  }
  set item(text: string) {
    this.#drafts.set(this.#key("smoke-item"), text);
  }

  note(check: string): string {
    return this.#drafts.get(this.#key(`attest:${check}`));
  }
  setNote(check: string, text: string): void {
    this.#drafts.set(this.#key(`attest:${check}`), text);
  }

  /** Takes over what the program tells of a run. */
  receive(report: SmokeReport | null): void {
    if (report === null) return;
    this.#report = report;
    this.starting = false;
    if (report.state === "running") return;
    this.stopping = false;
    void this.#seeLeftovers();
  }

  /** Gets the plan and the newest run of the present phase, and what runs left. */
  async load(): Promise<void> {
    void this.#seeLeftovers();
    const phase = this.phase;
    if (phase === null) return;
    try {
      const [plan, report] = await Promise.all([this.#host.smokePlan(phase), this.#host.smokeReport(phase)]);
      this.#plan = plan;
      // What a run that goes on tells is newer.
      if (!this.running) this.#report = report;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  /** Runs the checklist, or again what failed in a run; asks for the environment's name first where that is needed. */
  async begin(onlyFailedOf: string | null): Promise<void> {
    if (this.running) return;
    if (!this.plan) await this.load();
    if (!this.plan) return;
    if (this.plan.asks) this.asking = { onlyFailedOf };
    else await this.#run(onlyFailedOf, null);
  }

  /** Runs again what did not pass in the newest run; all of it where there is none. */
  async again(): Promise<void> {
    if (!this.report) await this.load();
    await this.begin(this.report && canRunAgain(this.report) ? this.report.id : null);
  }

  /** Begins the run that waited for `confirm`. */
  async confirmed(confirm: string): Promise<void> {
    const asked = this.asking;
    this.asking = null;
    if (asked) await this.#run(asked.onlyFailedOf, confirm);
  }

  async cancel(): Promise<void> {
    this.stopping = true;
    try {
      await this.#host.cancelSmoke();
    } catch (thrown) {
      this.stopping = false;
      this.problem = asProblem(thrown);
    }
  }

  /** Removes what runs left, as far as it can be removed now. */
  async removeLeftovers(): Promise<void> {
    if (this.removing) return;
    this.removing = true;
    this.problem = null;
    try {
      this.leftovers = await this.#host.cleanUpLeftovers();
      await this.load();
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.removing = false;
  }

  async #seeLeftovers(): Promise<void> {
    try {
      this.leftovers = await this.#host.smokeLeftovers();
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  /** Keeps a person's answer to a check. Whatever goes wrong, the note stays. */
  async attest(check: string, pass: boolean): Promise<void> {
    if (this.attesting !== null) return;
    this.attesting = check;
    this.attestProblem = null;
    try {
      await this.#host.attestCheck(check, pass, this.note(check).trim());
      this.setNote(check, "");
      await this.load();
    } catch (thrown) {
      const problem = problemToShow(thrown);
      this.attestProblem = problem && { check, problem };
    }
    this.attesting = null;
  }

  async #run(onlyFailedOf: string | null, confirm: string | null): Promise<void> {
    const phase = this.phase;
    if (phase === null) return;
    this.starting = true;
    this.problem = null;
    this.chosen = null;
    try {
      const item = this.item.trim();
      this.receive(
        await this.#host.runSmoke({ phase, onlyFailedOf, item: item === "" ? null : item, confirm }),
      );
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.starting = this.stopping = false;
  }

  #key(what: string): string {
    return `${what}:${this.#view().environment.name}`;
  }
}
