import { SvelteMap } from "svelte/reactivity";
import type { LogChangeView } from "./bindings/LogChangeView";
import type { LogComparisonView } from "./bindings/LogComparisonView";
import type { LogCursorView } from "./bindings/LogCursorView";
import type { LogEntryView } from "./bindings/LogEntryView";
import type { LogFormat } from "./bindings/LogFormat";
import type { LogImportView } from "./bindings/LogImportView";
import type { LogRowView } from "./bindings/LogRowView";
import type { LogSavedView } from "./bindings/LogSavedView";
import type { Problem } from "./bindings/Problem";
import type { RunKind } from "./bindings/RunKind";
import type { Host } from "./host/host";
import { everything } from "./log";
import { problemToShow } from "./problem";

/** How long typing pauses before it is saved, and how long it goes on at most without being saved. */
const QUIET_MS = 350;
const AT_LEAST_EVERY_MS = 800;
/** How many entries are got at once, and at most. */
const PAGE = 100;
const LONGEST_PAGE = 500;

/** The rehearsal log: its list, and the entry that is looked at. What is typed is here until the program has saved it. */
export class Log {
  readonly #host: Host;

  /** What the list is narrowed to. */
  query = $state(everything());
  rows = $state.raw<LogRowView[]>([]);
  total = $state(0);
  entry = $state.raw<LogEntryView | null>(null);
  /** The field that was last saved, and when. */
  saved = $state.raw<{ field: string; atMs: number } | null>(null);
  /** What went wrong: with a field, or with none. */
  problem = $state.raw<{ field: string | null; problem: Problem } | null>(null);
  history = $state.raw<{ field: string; changes: LogChangeView[] } | null>(null);
  comparison = $state.raw<LogComparisonView | null>(null);
  imported = $state.raw<LogImportView | null>(null);
  report = $state.raw<string | null>(null);
  /** Where something was written. */
  written = $state.raw<string | null>(null);
  #next: LogCursorView | null = null;
  #selected: string | null = null;
  #listing = 0;
  /** What was typed and is not saved yet, by entry and field. */
  readonly #typed = new SvelteMap<string, { id: string; field: string; text: string; sinceMs: number }>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- timers are not shown
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** What is asked of the program is asked in order, so that no older answer comes last. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: Host) {
    this.#host = host;
  }

  /** Gets the list and the entry anew. */
  async load(): Promise<void> {
    await this.find(true);
    const first = this.rows[0];
    if (this.#selected === null && first) await this.open(first.id);
    else if (this.#selected !== null) await this.#show(this.#selected);
  }

  /** Gets the beginning of the list as it is narrowed now; `keep`: what was got behind it stays. */
  async find(keep = false): Promise<void> {
    const turn = (this.#listing += 1);
    try {
      const limit = keep ? Math.min(LONGEST_PAGE, Math.max(PAGE, this.rows.length)) : PAGE;
      const page = await this.#host.logEntries({ ...$state.snapshot(this.query), limit });
      // What was narrowed since is looked for anew.
      if (turn !== this.#listing) return;
      // eslint-disable-next-line svelte/prefer-svelte-reactivity -- it is gone before anything is drawn
      const got = new Set(page.entries.map(({ id }) => id));
      const behind = keep ? this.rows.slice(LONGEST_PAGE).filter(({ id }) => !got.has(id)) : [];
      this.rows = [...page.entries, ...behind];
      this.total = page.total;
      if (behind.length === 0) this.#next = page.next;
    } catch (thrown) {
      this.#fail(null, thrown);
    }
  }

  /** Gets the next page of the list, unless one is under way or none is left. */
  async more(): Promise<void> {
    const after = this.#next;
    if (!after) return;
    this.#next = null;
    const turn = this.#listing;
    try {
      const page = await this.#host.logEntries({ ...$state.snapshot(this.query), after });
      if (turn !== this.#listing) {
        // The list was got anew meanwhile; where it still ends here, the page is asked for again.
        if (this.rows.at(-1)?.beganAtMs === after.beganAtMs) this.#next ??= after;
        return;
      }
      this.rows = [...this.rows, ...page.entries];
      this.#next = page.next;
    } catch (thrown) {
      this.#fail(null, thrown);
    }
  }

  /** Turns to an entry, after what was typed into the one before is saved. */
  async open(id: string): Promise<void> {
    if (this.#selected !== id) {
      this.history = this.comparison = this.report = this.saved = this.written = null;
      this.problem = null;
    }
    this.#selected = id;
    await this.flush();
    await this.#show(id);
  }

  async #show(id: string): Promise<void> {
    try {
      const entry = await this.#host.logEntry(id);
      if (this.#selected === id) this.entry = entry;
    } catch (thrown) {
      this.#fail(null, thrown);
    }
  }

  /** A field as it stands on screen. */
  text(field: string): string {
    const { entry } = this;
    if (!entry) return "";
    const typed = this.#typed.get(`${entry.id}/${field}`);
    return typed?.text ?? entry.fields.find((one) => one.field === field)?.value ?? "";
  }

  /** Whether what is on screen is not on the disk yet. */
  isUnsaved(field: string): boolean {
    return this.entry !== null && this.#typed.has(`${this.entry.id}/${field}`);
  }

  type(field: string, text: string): void {
    if (!this.entry) return;
    const { id } = this.entry;
    const key = `${id}/${field}`;
    const sinceMs = this.#typed.get(key)?.sinceMs ?? performance.now();
    this.#typed.set(key, { id, field, text, sinceMs });
    if (this.saved?.field === field) this.saved = null;
    clearTimeout(this.#timers.get(key));
    const left = AT_LEAST_EVERY_MS - (performance.now() - sinceMs);
    const wait = Math.max(0, Math.min(QUIET_MS, left));
    this.#timers.set(
      key,
      setTimeout(() => void this.#save(key), wait),
    );
  }

  /** Saves what still waits. Resolves when the program has saved it, or has said why not. */
  async flush(): Promise<void> {
    await Promise.all([...this.#typed.keys()].map((key) => this.#save(key)));
  }

  #save(key: string): Promise<void> {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const typed = this.#typed.get(key);
    if (!typed) return this.#queue.then(() => undefined);
    return this.#change(typed.field, typed.id, async () => {
      const saved = await this.#host.setLogField(typed.id, typed.field, typed.text);
      const now = this.#typed.get(key);
      // What was typed since is saved next.
      if (now === typed) this.#typed.delete(key);
      else if (now) this.#typed.set(key, { ...now, sinceMs: performance.now() });
      return saved;
    });
  }

  readonly undo = async (field: string): Promise<void> => {
    const { entry } = this;
    if (!entry) return;
    await this.flush();
    await this.#change(field, entry.id, () => this.#host.undoLogField(entry.id, field));
  };

  /** Makes the fact of a field count again. */
  readonly takeFact = async (field: string): Promise<void> => {
    const { entry } = this;
    if (!entry) return;
    await this.flush();
    await this.#change(field, entry.id, () => this.#host.setLogField(entry.id, field, ""));
  };

  #change(field: string, id: string, act: () => Promise<LogSavedView>): Promise<void> {
    const turn = this.#queue.then(async () => {
      try {
        const { savedAtMs, entry } = await act();
        if (this.problem?.field === field) this.problem = null;
        if (this.#selected !== id) return;
        this.entry = entry;
        this.saved = { field, atMs: savedAtMs ?? this.savedBefore(entry, field) };
        if (this.history?.field === field) await this.showHistory(field);
      } catch (thrown) {
        this.#fail(field, thrown);
      }
    });
    this.#queue = turn;
    return turn;
  }

  /** When a field that had not changed was saved before. */
  private savedBefore(entry: LogEntryView, field: string): number {
    return entry.fields.find((one) => one.field === field)?.typed?.atMs ?? entry.madeAtMs;
  }

  async showHistory(field: string): Promise<void> {
    const { entry } = this;
    if (!entry) return;
    await this.#attempt(async () => {
      this.history = { field, changes: await this.#host.logHistory(entry.id, field) };
    });
  }

  readonly make = (kind: RunKind | null): Promise<void> =>
    this.#attempt(async () => {
      const made = await this.#host.newLogEntry(kind);
      await this.find();
      await this.open(made.id);
    });

  readonly withdraw = (reason: string): Promise<void> =>
    this.#attempt(async () => {
      if (!this.entry) return;
      await this.flush();
      this.entry = await this.#host.withdrawLogEntry(this.entry.id, reason);
      await this.find();
    });

  readonly compare = (before: string): Promise<void> =>
    this.#attempt(async () => {
      if (this.entry) this.comparison = await this.#host.compareLogEntries(before, this.entry.id);
    });

  /** Writes the entry that is looked at, or all that the list holds. */
  readonly export = (format: LogFormat, all: boolean): Promise<void> =>
    this.#attempt(async () => {
      await this.flush();
      const id = all ? null : (this.entry?.id ?? null);
      this.written = await this.#host.exportLog(id, $state.snapshot(this.query), format);
    });

  readonly import = (file: File): Promise<void> =>
    this.#attempt(async () => {
      this.imported = await this.#host.importLogEntries(await file.text());
      await this.find();
      const [made] = this.imported.made;
      if (made !== undefined) await this.open(made);
    });

  readonly showReport = (): Promise<void> =>
    this.#attempt(async () => {
      await this.flush();
      if (this.entry) this.report = await this.#host.afterAction(this.entry.id);
    });

  async #attempt(act: () => Promise<void>): Promise<void> {
    this.problem = this.written = null;
    try {
      await act();
    } catch (thrown) {
      this.#fail(null, thrown);
    }
  }

  #fail(field: string | null, thrown: unknown): void {
    const problem = problemToShow(thrown);
    this.problem = problem && { field, problem };
  }
}
