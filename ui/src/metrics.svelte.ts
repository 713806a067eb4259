import type { ColumnMap } from "./bindings/ColumnMap";
import type { DeskView } from "./bindings/DeskView";
import type { ImportView } from "./bindings/ImportView";
import type { Problem } from "./bindings/Problem";
import type { SoakView } from "./bindings/SoakView";
import type { Host } from "./host/host";
import { asProblem, problemToShow } from "./problem";

/** What a snapshot looks back over unless told otherwise, minutes: the web panel's window. */
const WINDOW_MINUTES = 180;

/** How much of a log is looked at for its columns, characters. */
const HEAD = 50_000;

/** No column is named: the desk takes those that it knows. */
const AS_KNOWN: ColumnMap = { time: null, route: null, status: null, duration: null, durationUnit: null };

/** What is being done about the metrics; it goes on while another page is looked at. */
export class Metrics {
  readonly #host: Host;
  readonly #view: () => DeskView;

  windowMinutes = $state(WINDOW_MINUTES);
  doing = $state<"capture" | "attach" | null>(null);
  problem = $state.raw<Problem | null>(null);

  /** The soak that goes on, as the program tells. */
  soak = $state.raw<SoakView | null>(null);
  /** A soak was asked for and has not said anything yet, or was told to stop and has not stopped. */
  soaking = $state(false);
  stopping = $state(false);

  importing = $state(false);
  importName = $state("");
  importText = $state("");
  /** The columns that the log to be imported has; none for the web panel's JSON, which has none. */
  found = $state.raw<string[]>([]);
  /** Which of them hold what. */
  columns = $state<ColumnMap>({ ...AS_KNOWN });
  imported = $state.raw<ImportView | null>(null);
  importProblem = $state.raw<Problem | null>(null);

  constructor(host: Host, view: () => DeskView) {
    this.#host = host;
    this.#view = view;
  }

  /** Whether requests were earned that no snapshot counts yet. */
  earned = $state(false);

  readonly capture = (): Promise<void> =>
    this.#do("capture", async () => {
      await this.#host.captureMetrics(this.windowMinutes);
      this.earned = false;
    });

  readonly attach = (): Promise<void> => this.#do("attach", () => this.#host.attachMetrics());

  /** Earns the missing count for the present phase. What was earned counts from the next snapshot on. */
  async startSoak(): Promise<void> {
    const phase = this.#view().reading?.state.phase;
    if (phase === undefined || this.soaking) return;
    this.soaking = true;
    this.problem = null;
    try {
      await this.#host.runSoak(phase);
      this.earned = true;
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    } finally {
      this.soaking = this.stopping = false;
    }
  }

  async cancelSoak(): Promise<void> {
    this.stopping = true;
    try {
      await this.#host.cancelSoak();
    } catch (thrown) {
      this.stopping = false;
      this.problem = asProblem(thrown);
    }
  }

  /** Takes a file's text to be imported under its name. */
  async take(file: File): Promise<void> {
    this.importName = file.name;
    await this.look(await file.text());
  }

  /** Takes a text to be imported, and finds out which columns it has. */
  async look(text: string): Promise<void> {
    this.importText = text;
    const seen =
      text.trim() === "" ? null : await this.#host.logColumns(text.slice(0, HEAD)).catch(() => null);
    // What was typed meanwhile is looked at by itself.
    if (this.importText !== text) return;
    this.found = seen?.found ?? [];
    this.columns = { ...(seen?.columns ?? AS_KNOWN) };
  }

  /** Imports what was pasted or taken from a file. What was not imported stays to be mended. */
  async import(): Promise<void> {
    this.importing = true;
    this.imported = this.importProblem = null;
    try {
      const name = this.importName.trim() || "pasted";
      this.imported = await this.#host.importMetrics(name, this.importText, { ...this.columns });
      this.importName = "";
      await this.look("");
    } catch (thrown) {
      this.importProblem = problemToShow(thrown);
    }
    this.importing = false;
  }

  async #do(what: "capture" | "attach", act: () => Promise<unknown>): Promise<void> {
    if (this.doing !== null) return;
    this.doing = what;
    this.problem = null;
    try {
      await act();
    } catch (thrown) {
      this.problem = problemToShow(thrown);
    }
    this.doing = null;
  }
}
