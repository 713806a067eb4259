import { SvelteMap } from "svelte/reactivity";

const QUIET_MS = 300;

/**
 * What was typed and not yet used. It survives a change of page at once and a restart as soon as typing
 * pauses. Passwords and keys must never be put here.
 */
export class Drafts {
  readonly #texts = new SvelteMap<string, string>();
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- timers are not shown
  readonly #waiting = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #keep: (key: string, text: string) => Promise<void>;

  constructor(keep: (key: string, text: string) => Promise<void>) {
    this.#keep = keep;
  }

  /** Takes over what an earlier session left. */
  load(texts: Record<string, string>): void {
    for (const [key, text] of Object.entries(texts)) this.#texts.set(key, text);
  }

  get(key: string): string {
    return this.#texts.get(key) ?? "";
  }

  set(key: string, text: string): void {
    if (this.get(key) === text) return;
    this.#texts.set(key, text);
    clearTimeout(this.#waiting.get(key));
    this.#waiting.set(
      key,
      setTimeout(() => this.#write(key), QUIET_MS),
    );
  }

  /** Writes what still waits; called when the window may go away. */
  flush(): void {
    for (const key of [...this.#waiting.keys()]) this.#write(key);
  }

  #write(key: string): void {
    clearTimeout(this.#waiting.get(key));
    this.#waiting.delete(key);
    // A draft that cannot be kept is still on screen, and the store's own strip says what is wrong with it.
    this.#keep(key, this.get(key)).catch(() => undefined);
  }
}
