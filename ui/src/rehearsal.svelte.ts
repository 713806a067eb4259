import type { DeskView } from "./bindings/DeskView";
import type { Problem } from "./bindings/Problem";
import type { Surprise } from "./bindings/Surprise";
import type { Drafts } from "./drafts.svelte";
import type { Host } from "./host/host";
import { problemToShow } from "./problem";

/** A rehearsal that a person is walked through: its beginning, what whoever leads it switches on, its end. */
export class Rehearsal {
  readonly #host: Host;
  readonly #drafts: Drafts;
  readonly #view: () => DeskView;

  /** Whether it is being decided to begin one. */
  asked = $state(false);
  /** Whether the practice portal is put back to its first state before. */
  fresh = $state(true);
  /** What is unfolded under the step that is to be done now. */
  unfolded = $state<"steps" | "surprises" | null>(null);
  doing = $state(false);
  /** What went wrong last. */
  problem = $state.raw<Problem | null>(null);

  constructor(host: Host, drafts: Drafts, view: () => DeskView) {
    this.#host = host;
    this.#drafts = drafts;
    this.#view = view;
  }

  /** The release owner; kept where runs keep it, since it is mostly the same person. */
  get owner(): string {
    return this.#drafts.get("owner:practice");
  }
  set owner(name: string) {
    this.#drafts.set("owner:practice", name);
  }

  /** Begins, and ends the run that the screen shows as open. Resolves to whether it was begun. */
  async begin(): Promise<boolean> {
    const ends = this.#view().run?.id ?? null;
    await this.#do(() => this.#host.beginRehearsal({ owner: this.owner.trim(), fresh: this.fresh, ends }));
    if (this.problem === null) this.asked = false;
    return this.problem === null;
  }

  readonly leave = (): Promise<void> =>
    this.#do(async () => {
      await this.#host.leaveRehearsal();
      this.unfolded = null;
    });

  readonly surprise = (surprise: Surprise, on: boolean): Promise<void> =>
    this.#do(() => this.#host.surprise(surprise, on));

  unfold(what: "steps" | "surprises"): void {
    this.unfolded = this.unfolded === what ? null : what;
  }

  async #do(act: () => Promise<void>): Promise<void> {
    if (this.doing) return;
    this.doing = true;
    this.problem = null;
    try {
      await act();
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.doing = false;
  }
}
