import { getContext, setContext } from "svelte";
import { placeOf } from "./advance";
import { Announce } from "./announce.svelte";
import type { AdvanceItem } from "./bindings/AdvanceItem";
import type { DeskView } from "./bindings/DeskView";
import type { Problem } from "./bindings/Problem";
import { Drafts } from "./drafts.svelte";
import { Drill } from "./drill.svelte";
import { Evidence } from "./evidence.svelte";
import { focusSoon } from "./focus";
import type { Host, StoreChoice } from "./host/host";
import { Log } from "./log.svelte";
import { Metrics } from "./metrics.svelte";
import { type PlaceId, PLACES } from "./places";
import { Plan } from "./plan.svelte";
import { asProblem } from "./problem";
import { isOpen } from "./rollback";
import { Rehearsal } from "./rehearsal.svelte";
import { moveTo, SOAK, stepNow, WAYS } from "./rehearsal";
import { Rollback } from "./rollback.svelte";
import { Smoke } from "./smoke.svelte";

/** What the window knows and where it is. Everything shown is derived from `view`, which the program sends. */
export class Desk {
  readonly host: Host;
  readonly drafts: Drafts;
  readonly plan: Plan;
  readonly metrics: Metrics;
  readonly smoke: Smoke;
  readonly rollback: Rollback;
  readonly drill: Drill;
  readonly announce: Announce;
  readonly log: Log;
  readonly evidence: Evidence;
  readonly rehearsal: Rehearsal;

  #view = $state.raw<DeskView | null>(null);
  /** Why the desk could not start; the journal cannot be opened. */
  startProblem = $state.raw<Problem | null>(null);
  /** What went wrong with an act that has no place of its own on screen. */
  problem = $state.raw<Problem | null>(null);
  place = $state<PlaceId>(PLACES[0].id);
  /** The section of the settings to bring into sight. */
  section = $state<string | null>(null);
  dialog = $state<"keys" | "palette" | null>(null);
  #stops: (() => void)[] = [];

  constructor(host: Host) {
    this.host = host;
    this.drafts = new Drafts((key, text) => host.putDraft(key, text));
    this.plan = new Plan(host, this.drafts, () => this.view);
    this.metrics = new Metrics(host, () => this.view);
    this.smoke = new Smoke(host, this.drafts, () => this.view);
    this.rollback = new Rollback(host, this.drafts, () => this.view);
    this.drill = new Drill(host, this.drafts, () => this.view);
    this.announce = new Announce(host);
    this.log = new Log(host, this.drafts);
    this.evidence = new Evidence(host);
    this.rehearsal = new Rehearsal(host, this.drafts, () => this.view);
  }

  get started(): boolean {
    return this.#view !== null;
  }

  get view(): DeskView {
    if (!this.#view) throw new Error("the desk has not started");
    return this.#view;
  }

  /** Gets the first view and follows every change. Called again after a damaged journal was dealt with. */
  async start(): Promise<void> {
    try {
      if (this.#stops.length === 0) {
        this.#stops = await Promise.all([
          this.host.onDesk((view) => (this.#view = view)),
          this.host.onSmoke((report) => this.smoke.receive(report)),
          this.host.onSoak((soak) => (this.metrics.soak = soak)),
          this.host.onExport((step) => (this.evidence.progress = step)),
          this.host.onAttach((step) => (this.evidence.attaching = step)),
          this.host.onDrop((dropping) => {
            this.evidence.receive(dropping);
            if (dropping.what === "dropped") this.go("evidence");
          }),
        ]);
      }
      const [view, drafts] = await Promise.all([this.host.deskState(), this.host.drafts()]);
      this.drafts.load(drafts);
      // An event that came first is newer than the answer.
      this.#view ??= view;
      this.startProblem = null;
      const { rollback } = this.view;
      if (rollback && isOpen(rollback)) this.followRollback();
    } catch (thrown) {
      this.startProblem = asProblem(thrown);
    }
  }

  /** Hands over what was typed and waits to be kept; called when the window may go away. */
  flush(): void {
    this.drafts.flush();
    void this.announce.flush();
    void this.log.flush();
  }

  /** Stops following. */
  stop(): void {
    this.flush();
    for (const stop of this.#stops) stop();
    this.#stops = [];
  }

  async resolveStore(choice: StoreChoice): Promise<void> {
    try {
      await this.host.resolveStore(choice);
    } catch (thrown) {
      this.startProblem = asProblem(thrown);
      return;
    }
    await this.start();
  }

  /** Does something whose failure has no place of its own, and says under the header what went wrong. */
  async attempt(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.problem = null;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  /** Stops waiting for the portal; a save that was sent is waited for all the same. */
  readonly stopWaiting = (): Promise<void> => this.attempt(() => this.host.stopWaiting());

  /** Asks for the phase now. What is wrong with the connection shows in the strip, by the view that follows. */
  async refresh(): Promise<void> {
    try {
      await this.host.refreshPhase();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.code !== this.view.connection.problem?.code) this.problem = problem;
    }
  }

  readonly copy = (text: string): Promise<void> => this.host.copyText(text);

  go(place: PlaceId, section: string | null = null): void {
    this.place = place;
    this.section = section;
  }

  /** Does the one act that helps with a needed thing, or goes to where it is done. */
  help(item: AdvanceItem): void {
    switch (item.action) {
      case "capture":
        void this.metrics.capture();
        break;
      case "attach":
        void this.metrics.attach();
        break;
      case "soak":
        this.go("metrics");
        void this.metrics.startSoak();
        break;
      case "run_smoke":
        this.go("smoke");
        void this.smoke.begin(null);
        break;
      case "run_failed":
        this.go("smoke");
        void this.smoke.again();
        break;
      case "attest":
      case "look":
      case null:
        this.go(placeOf(item), item.id === "runbook" ? "runbook" : null);
        break;
    }
  }

  /** Goes to where a rollback is decided on, or to the one that is open. An open drill keeps nobody from deciding. */
  rollBack(): void {
    this.dialog = null;
    this.go("rollback");
    this.rollback.ask();
  }

  /** Goes to the rollback or drill that is open, or to the last one. */
  followRollback(): void {
    this.go("rollback");
    this.rollback.follow();
  }

  /** Goes to the notice of the rollback that is open. */
  tellOfRollback(): void {
    this.go("announce");
    void this.announce.notice(null);
  }

  /** Whether a rehearsal can be begun here: on the practice portal, while none is walked through. */
  get canRehearse(): boolean {
    return this.view.environment.kind === "practice" && this.view.rehearsal === null;
  }

  /** Goes to where a rehearsal is begun. */
  askRehearsal(): void {
    this.go("advance");
    this.rehearsal.asked = true;
  }

  /** Goes to where the next step of a rehearsal is done, and gives the focus to what does it. */
  walkOn(): void {
    const { rehearsal } = this.view;
    const step = rehearsal && stepNow(rehearsal);
    if (!step) return;
    const { place, section, controls } = WAYS[step.act];
    this.go(place, section ?? null);
    switch (step.act) {
      case "set_phase": {
        const phase = this.view.phases.find(({ wire }) => wire === step.phase);
        if (!phase) return;
        this.plan.choose(phase.wire);
        // Until the phase in force is known there is nothing to choose from.
        focusSoon([...controls, moveTo(phase.number)]);
        return;
      }
      case "roll_back":
        this.rollback.ask();
        break;
      case "lessons":
        void this.log.open(rehearsal.run.id);
        break;
      case "gates":
        // What was earned counts from the next snapshot on.
        focusSoon(this.metrics.earned ? controls : [SOAK, ...controls]);
        return;
      case "checklist":
      case "questions":
      case "attach":
      case "tell_staff":
      case "tell_members":
      case "end_run":
        break;
      case "export":
        void this.evidence.look(rehearsal.run.id);
        break;
    }
    focusSoon(controls);
  }

  /** Goes to where a drill is decided on. */
  rehearse(): void {
    this.drill.shown = this.drill.asked = true;
    this.go("rollback");
  }
}

const KEY = Symbol("desk");

export function provideDesk(desk: Desk): void {
  setContext(KEY, desk);
}

export function useDesk(): Desk {
  return getContext<Desk>(KEY);
}
