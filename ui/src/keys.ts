import { PLACES } from "./places";

/** What a key press asks of the desk as a whole. */
export type Shortcut =
  | { kind: "keys" }
  | { kind: "palette" }
  | { kind: "roll-back" }
  | { kind: "walk-on" }
  | { kind: "page"; number: number };

/** Every shortcut, for the list that `?` shows. */
export const SHORTCUTS: { keys: string[]; does: string }[] = [
  { keys: ["Ctrl", "Shift", "R"], does: "Decide on a rollback, from any page" },
  { keys: ["Ctrl", "Shift", "G"], does: "Go to the next step of a rehearsal" },
  ...PLACES.map(({ title }, index) => ({ keys: ["Ctrl", String(index + 1)], does: title })),
  { keys: ["Ctrl", "K"], does: "Find a command" },
  { keys: ["Ctrl", "Enter"], does: "Save the phase, from anywhere in its panel" },
  { keys: ["↑", "↓"], does: "Move through the steps of a rollback" },
  { keys: ["Esc"], does: "Close what is open; what you typed is kept" },
  { keys: ["?"], does: "Show these keys" },
];

/** The shortcut a key press stands for. `typing` is whether the focus is where `?` is a letter. */
export function shortcutOf(
  press: Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">,
  typing: boolean,
): Shortcut | null {
  const command = (press.ctrlKey || press.metaKey) && !press.altKey;
  const key = press.key.toLowerCase();
  if (command && press.shiftKey) {
    if (key === "g") return { kind: "walk-on" };
    return key === "r" ? { kind: "roll-back" } : null;
  }
  if (command) {
    if (key === "k") return { kind: "palette" };
    return /^[1-9]$/.test(key) ? { kind: "page", number: Number(key) } : null;
  }
  return press.key === "?" && !typing ? { kind: "keys" } : null;
}

/** Whether keys typed there are text. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]");
}
