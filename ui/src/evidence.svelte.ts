import type { AttachProgress } from "./bindings/AttachProgress";
import type { AttachTried } from "./bindings/AttachTried";
import type { EvidenceView } from "./bindings/EvidenceView";
import type { ExportProgress } from "./bindings/ExportProgress";
import type { ExportReport } from "./bindings/ExportReport";
import type { Problem } from "./bindings/Problem";
import type { Dropping, Host, WaitingFile } from "./host/host";
import { asProblem, problemToShow } from "./problem";

/** The evidence of a run, and what is being done about it; it goes on while another page is looked at. */
export class Evidence {
  readonly #host: Host;

  /** How the newest run's evidence stands: what "May we advance?" is about. */
  newest = $state.raw<EvidenceView | null>(null);
  /** How that of an earlier run stands which a person chose to look at. */
  #earlier = $state.raw<EvidenceView | null>(null);
  /** The id of the run that a person chose; null for the newest, whichever that is. */
  #chosen: string | null = null;
  /** What went wrong last. */
  problem = $state.raw<Problem | null>(null);
  /** The item that files are attached to. */
  item = $state("");
  /** Files are being dragged over the window. */
  over = $state(false);
  /** Files that were dropped, or chosen and refused, and wait to be attached. */
  waiting = $state.raw<WaitingFile[]>([]);
  /** What became of the files that were tried last. */
  tried = $state.raw<AttachTried[]>([]);
  doing = $state<"attach" | "export" | null>(null);
  stopping = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  /** The file that is being attached. */
  attaching = $state.raw<AttachProgress | null>(null);
  /** The bundle that was written last. */
  report = $state.raw<ExportReport | null>(null);
  #loading = false;
  #again = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** What the page shows, and acts on. */
  get view(): EvidenceView | null {
    return this.#earlier ?? this.newest;
  }

  /** Gets how everything stands; once more where that is asked for meanwhile. */
  async load(): Promise<void> {
    this.#again = this.#loading;
    if (this.#loading) return;
    this.#loading = true;
    try {
      do {
        this.#again = false;
        const newest = await this.#host.evidence(null);
        this.#earlier = await this.#chosenOne(newest);
        this.newest = newest;
        const ids = newest.items.map(({ id }) => id);
        if (!ids.includes(this.item)) this.item = ids[0] ?? "";
      } while (this.#again);
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.#loading = false;
  }

  async #chosenOne(newest: EvidenceView): Promise<EvidenceView | null> {
    if (this.#chosen === null || this.#chosen === newest.run?.id) return null;
    try {
      return await this.#host.evidence(this.#chosen);
    } catch (thrown) {
      // It is a run of the environment that was selected before.
      if (asProblem(thrown).code !== "not_found") throw thrown;
      this.#chosen = null;
      return null;
    }
  }

  /** Turns to a run, by its id. */
  readonly look = (run: string): Promise<void> => {
    this.#chosen = run;
    this.tried = [];
    return this.load();
  };

  /** How many items of the shown run are missing or outdated. */
  get open(): number {
    return this.view?.items.filter(({ state }) => state === "missing" || state === "outdated").length ?? 0;
  }

  /** Takes in what is dragged over the window or was dropped on it, and which files wait. */
  receive(dropping: Dropping): void {
    this.over = dropping.what === "over";
    if (dropping.what === "dropped" || dropping.what === "waiting") this.waiting = dropping.files;
  }

  /** Attaches the files that are seen to wait to the run that is seen, for the chosen item. */
  readonly attachWaiting = (): Promise<void> =>
    this.#attach((run) =>
      this.#host.attachWaiting(
        run,
        this.item,
        this.waiting.map(({ id }) => id),
      ),
    );

  /** Lets a person choose files, and attaches them in the same way. */
  readonly choose = (): Promise<void> => this.#attach((run) => this.#host.chooseEvidence(run, this.item));

  /** Forgets the files that are seen to wait. */
  readonly leaveWaiting = async (): Promise<void> => {
    try {
      await this.#host.leaveWaiting(this.waiting.map(({ id }) => id));
      this.tried = [];
      this.problem = null;
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
  };

  /** Writes the bundle of the run that is seen; what verifying it found stands in the report. */
  readonly export = (zip: boolean): Promise<void> =>
    this.#do("export", async () => {
      const run = this.view?.run;
      if (!run) return;
      this.report = null;
      this.report = await this.#host.exportEvidence(run.id, zip);
    });

  async cancel(): Promise<void> {
    this.stopping = true;
    try {
      await (this.doing === "attach" ? this.#host.cancelAttach() : this.#host.cancelExport());
    } catch (thrown) {
      this.stopping = false;
      this.problem = problemToShow(thrown);
    }
  }

  #attach(act: (run: string | null) => Promise<AttachTried[]>): Promise<void> {
    return this.#do("attach", async () => {
      this.tried = [];
      this.tried = await act(this.view?.run?.id ?? null);
    });
  }

  async #do(what: "attach" | "export", act: () => Promise<unknown>): Promise<void> {
    if (this.doing !== null) return;
    this.doing = what;
    this.problem = null;
    try {
      await act();
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.doing = null;
    this.stopping = false;
    await this.load();
  }
}
