import type { EvidenceView } from "./bindings/EvidenceView";
import type { ExportProgress } from "./bindings/ExportProgress";
import type { ExportReport } from "./bindings/ExportReport";
import type { Problem } from "./bindings/Problem";
import type { Dropping, Host } from "./host/host";
import { problemToShow } from "./problem";

/** The evidence of the newest run, and what is being done about it; it goes on while another page is looked at. */
export class Evidence {
  readonly #host: Host;

  view = $state.raw<EvidenceView | null>(null);
  /** What went wrong last. What was dropped stays, to be tried again. */
  problem = $state.raw<Problem | null>(null);
  /** The item that files are attached to. */
  item = $state("");
  /** Files are being dragged over the window. */
  over = $state(false);
  /** The names of files that were dropped and wait to be attached. */
  dropped = $state.raw<string[]>([]);
  doing = $state<"attach" | "export" | null>(null);
  stopping = $state(false);
  progress = $state.raw<ExportProgress | null>(null);
  /** The bundle that was written last. */
  report = $state.raw<ExportReport | null>(null);
  #loading = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Gets how everything stands, unless that is under way. */
  async load(): Promise<void> {
    if (this.#loading) return;
    this.#loading = true;
    try {
      this.view = await this.#host.evidence();
      const ids = this.view.items.map(({ id }) => id);
      if (!ids.includes(this.item)) this.item = ids[0] ?? "";
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.#loading = false;
  }

  /** How many items are missing or outdated. */
  get open(): number {
    return this.view?.items.filter(({ state }) => state === "missing" || state === "outdated").length ?? 0;
  }

  /** Takes in what is dragged over the window or was dropped on it. */
  receive(dropping: Dropping): void {
    this.over = dropping.what === "over";
    if (dropping.what === "dropped") this.dropped = dropping.names;
  }

  /** Attaches what was dropped to the chosen item. */
  readonly attachDropped = (): Promise<void> =>
    this.#do("attach", async () => {
      await this.#host.attachDropped(this.item);
      this.dropped = [];
    });

  /** Forgets what was dropped. */
  readonly leaveDropped = (): void => {
    this.dropped = [];
    this.problem = null;
  };

  /** Lets a person choose files, and attaches them to the chosen item. */
  readonly choose = (): Promise<void> => this.#do("attach", () => this.#host.chooseEvidence(this.item));

  /** Writes the bundle; what verifying it found stands in the report. */
  readonly export = (zip: boolean): Promise<void> =>
    this.#do("export", async () => {
      this.report = null;
      this.report = await this.#host.exportEvidence(zip);
    });

  async cancel(): Promise<void> {
    this.stopping = true;
    try {
      await this.#host.cancelExport();
    } catch (thrown) {
      this.stopping = false;
      this.problem = problemToShow(thrown);
    }
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
