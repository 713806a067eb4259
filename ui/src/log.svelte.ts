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
import type { Drafts } from "./drafts.svelte";
import type { Host } from "./host/host";
import { everything } from "./log";
import { problemToShow } from "./problem";

/** How long typing pauses before it is saved, and how long it goes on at most without being saved. */
const QUIET_MS = 350;
const AT_LEAST_EVERY_MS = 800;
/** How many entries are got at once, and at most. */
const PAGE = 100;
const LONGEST_PAGE = 500;
/** The largest file that is imported, bytes. One byte more is read, so that the program can say that it is too large. */
const LARGEST_FILE = 32 * 1024 * 1024;

/** What was typed into a field. Once it is saved it is kept here only for as long as the field has the focus. */
interface Typed {
  id: string;
  field: string;
  text: string;
  sinceMs: number;
  saved: boolean;
}

const keyOf = (id: string, field: string) => `${id}/${field}`;
const draftOf = (key: string) => `log/${key}`;

/** The rehearsal log: its list, and the entry that is looked at. What is typed is here until the program has saved it. */
export class Log {
  readonly #host: Host;
  /** Where a text that could not be saved outlives the window. */
  readonly #drafts: Drafts;

  /** What the list is narrowed to. */
  query = $state(everything());
  rows = $state.raw<LogRowView[]>([]);
  total = $state(0);
  entry = $state.raw<LogEntryView | null>(null);
  /** The field that was last saved, and when. */
  saved = $state.raw<{ field: string; atMs: number } | null>(null);
  /** What went wrong, where it is not about a field. */
  problem = $state.raw<Problem | null>(null);
  history = $state.raw<{ field: string; changes: LogChangeView[] } | null>(null);
  comparison = $state.raw<LogComparisonView | null>(null);
  imported = $state.raw<LogImportView | null>(null);
  report = $state.raw<string | null>(null);
  /** Where something was written. */
  written = $state.raw<string | null>(null);
  #next: LogCursorView | null = null;
  #selected: string | null = null;
  #listing = 0;
  /** What was typed and is not saved yet, or is being typed, by entry and field. */
  readonly #typed = new SvelteMap<string, Typed>();
  /** Why what was typed could not be saved, by entry and field. */
  readonly #problems = new SvelteMap<string, Problem>();
  /** The field that has the focus: it shows what was typed, to the letter, until it is left. */
  #focus: string | null = null;
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- timers are not shown
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** What is asked of the program is asked in order, so that no older answer comes last. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(host: Host, drafts: Drafts) {
    this.#host = host;
    this.#drafts = drafts;
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
      // What was got behind the page's last entry stays, wherever that stands now: newer entries have moved it down.
      const last = this.rows.findLastIndex(({ id }) => id === page.entries.at(-1)?.id);
      const behind = keep && last >= 0 ? this.rows.slice(last + 1).filter(({ id }) => !got.has(id)) : [];
      this.rows = [...page.entries, ...behind];
      this.total = page.total;
      if (behind.length === 0) this.#next = page.next;
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Gets the next page of the list, unless one is under way or none is left. */
  async more(): Promise<void> {
    const after = this.#next;
    if (!after) return;
    this.#next = null;
    const turn = this.#listing;
    const last = this.rows.at(-1)?.id;
    try {
      const page = await this.#host.logEntries({ ...$state.snapshot(this.query), after });
      if (turn !== this.#listing) {
        // The list was got anew meanwhile; where it still ends here, the page is asked for again.
        if (this.rows.at(-1)?.id === last) this.#next ??= after;
        return;
      }
      this.rows = [...this.rows, ...page.entries];
      this.#next = page.next;
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Turns to an entry, after what was typed into the one before is saved. */
  async open(id: string): Promise<void> {
    if (this.#selected !== id) {
      this.history = this.comparison = this.report = this.saved = this.written = null;
      this.problem = null;
      this.#rest();
    }
    this.#selected = id;
    await this.flush();
    await this.#show(id);
  }

  async #show(id: string): Promise<void> {
    try {
      const entry = await this.#host.logEntry(id);
      if (this.#selected !== id) return;
      this.entry = entry;
      if (!entry.withdrawn) this.#takeUp(entry);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** Takes up what an earlier window could not save. */
  #takeUp(entry: LogEntryView): void {
    for (const { field } of entry.fields) {
      const key = keyOf(entry.id, field);
      const text = this.#drafts.get(draftOf(key));
      if (text === "" || this.#typed.has(key)) continue;
      this.#typed.set(key, { id: entry.id, field, text, sinceMs: performance.now(), saved: false });
      void this.#save(key);
    }
  }

  /** A field as it stands on screen. */
  text(field: string): string {
    const { entry } = this;
    if (!entry) return "";
    const typed = this.#typed.get(keyOf(entry.id, field));
    return typed?.text ?? entry.fields.find((one) => one.field === field)?.value ?? "";
  }

  /** Whether a field shows what is being typed, and not what the entry says. */
  isTyped(field: string): boolean {
    return this.entry !== null && this.#typed.has(keyOf(this.entry.id, field));
  }

  /** Whether what is on screen is not on the disk yet. */
  isUnsaved(field: string): boolean {
    return this.entry !== null && this.#typed.get(keyOf(this.entry.id, field))?.saved === false;
  }

  /** Whether something that was typed into an entry is not on the disk yet. */
  hasUnsaved(id: string): boolean {
    return [...this.#typed.values()].some((typed) => typed.id === id && !typed.saved);
  }

  /** Why a field of the entry could not be saved. */
  problemOf(field: string): Problem | null {
    return (this.entry && this.#problems.get(keyOf(this.entry.id, field))) ?? null;
  }

  dismiss(field: string): void {
    if (this.entry) this.#problems.delete(keyOf(this.entry.id, field));
  }

  type(field: string, text: string): void {
    if (!this.entry) return;
    const { id } = this.entry;
    const key = keyOf(id, field);
    const before = this.#typed.get(key);
    const sinceMs = before && !before.saved ? before.sinceMs : performance.now();
    this.#typed.set(key, { id, field, text, sinceMs, saved: false });
    if (this.saved?.field === field) this.saved = null;
    clearTimeout(this.#timers.get(key));
    const left = AT_LEAST_EVERY_MS - (performance.now() - sinceMs);
    const wait = Math.max(0, Math.min(QUIET_MS, left));
    this.#timers.set(
      key,
      setTimeout(() => void this.#save(key), wait),
    );
  }

  /** A field has the focus: what is typed into it stays as it was typed, however it is saved. */
  focus(field: string): void {
    this.#rest();
    this.#focus = this.entry && keyOf(this.entry.id, field);
  }

  /** A field was left: it is saved at once, and then shows what the entry says. */
  leave(): void {
    this.#rest();
    void this.flush();
  }

  /** Nothing is being typed: what is saved is shown as it was saved. */
  #rest(): void {
    this.#focus = null;
    for (const [key, { saved }] of [...this.#typed]) if (saved) this.#typed.delete(key);
  }

  /** Saves what still waits. Resolves when the program has saved it, or has said why not. */
  async flush(): Promise<void> {
    await Promise.all([...this.#typed.keys()].map((key) => this.#save(key)));
  }

  #save(key: string): Promise<void> {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    const typed = this.#typed.get(key);
    if (!typed || typed.saved) return this.#queue.then(() => undefined);
    const { id, field, text } = typed;
    const save = () => this.#host.setLogField(id, field, text);
    return this.#change(field, id, save, () => {
      const now = this.#typed.get(key);
      // What was typed since is saved next.
      if (now && now !== typed) this.#typed.set(key, { ...now, sinceMs: performance.now() });
      else if (now && this.#focus === key) this.#typed.set(key, { ...now, saved: true });
      else this.#typed.delete(key);
    });
  }

  readonly undo = (field: string): Promise<void> =>
    this.#replace(field, (id) => this.#host.undoLogField(id, field));

  /** Makes the fact of a field count again. */
  readonly takeFact = (field: string): Promise<void> =>
    this.#replace(field, (id) => this.#host.setLogField(id, field, ""));

  /** Puts something else in a field than what was typed last. */
  async #replace(field: string, act: (id: string) => Promise<LogSavedView>): Promise<void> {
    const { entry } = this;
    if (!entry) return;
    await this.flush();
    // What could not be saved could not be taken back either: it stays, and beside it why.
    const key = keyOf(entry.id, field);
    if (this.#typed.get(key)?.saved === false) return;
    await this.#change(
      field,
      entry.id,
      () => act(entry.id),
      () => this.#typed.delete(key),
    );
  }

  /** `settle` is called in the same turn as the entry is replaced, so that no older text is on screen in between. */
  #change(field: string, id: string, act: () => Promise<LogSavedView>, settle: () => void): Promise<void> {
    const key = keyOf(id, field);
    const turn = this.#queue.then(async () => {
      try {
        const { savedAtMs, entry } = await act();
        settle();
        this.#problems.delete(key);
        this.#drafts.set(draftOf(key), "");
        if (this.#selected !== id) return;
        this.entry = entry;
        this.saved = { field, atMs: savedAtMs ?? this.savedBefore(entry, field) };
        if (this.history?.field === field) await this.showHistory(field);
      } catch (thrown) {
        const problem = problemToShow(thrown);
        if (problem) this.#problems.set(key, problem);
        // An empty draft is none: where a field was emptied, a line's end stands for that, which saving trims.
        const typed = this.#typed.get(key);
        if (typed && !typed.saved) this.#drafts.set(draftOf(key), typed.text || "\n");
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

  /** Withdraws the entry. Gives what went wrong, where something did. */
  async withdraw(reason: string): Promise<Problem | null> {
    const { entry } = this;
    if (!entry) return null;
    try {
      await this.flush();
      // A withdrawn entry takes no more text: what cannot be saved now would be lost.
      for (const [key, problem] of this.#problems) if (key.startsWith(`${entry.id}/`)) return problem;
      const withdrawn = await this.#host.withdrawLogEntry(entry.id, reason);
      if (this.#selected === entry.id) this.entry = withdrawn;
    } catch (thrown) {
      return problemToShow(thrown);
    }
    await this.find(true);
    return null;
  }

  /** Compares the entry with another run, from the earlier of the two to the later. */
  readonly compare = (other: string): Promise<void> =>
    this.#attempt(async () => {
      const { entry } = this;
      if (!entry) return;
      const row = this.rows.find(({ id }) => id === other);
      const isLater = row !== undefined && row.beganAtMs > entry.beganAtMs;
      const [before, after] = isLater ? [entry.id, other] : [other, entry.id];
      this.comparison = await this.#host.compareLogEntries(before, after);
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
      this.imported = await this.#host.importLogEntries(await bytesOf(file));
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
      this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): void {
    this.problem = problemToShow(thrown);
  }
}

/** The bytes of a file: what they say is for the program to read, and to refuse. */
async function bytesOf(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.slice(0, LARGEST_FILE + 1).arrayBuffer());
}
