import { render, screen } from "@testing-library/svelte";
import axe from "axe-core";
import { tick } from "svelte";
import { expect, vi } from "vitest";
import { NOW } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import App from "../src/App.svelte";
import type { DeskView } from "../src/bindings/DeskView";
import type { PlaceId } from "../src/places";

/** Opens the whole window on a host in memory, at the fixtures' present moment. */
export async function open(view: DeskView, host = new FakeHost(view)): Promise<FakeHost> {
  vi.useFakeTimers({ now: NOW, toFake: ["Date"] });
  render(App, { props: { host } });
  await settle();
  return host;
}

/** Opens the whole window and goes to a place. */
export async function openAt(place: PlaceId, view: DeskView, host = new FakeHost(view)): Promise<FakeHost> {
  await open(view, host);
  await click(screen.getByTestId(`nav-${place}`));
  return host;
}

/** Lets every promise that is already decided be answered, and draws. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 10; round += 1) {
    await Promise.resolve();
    await tick();
  }
}

export async function click(element: HTMLElement): Promise<void> {
  element.click();
  await settle();
}

export async function type(element: HTMLElement, text: string): Promise<void> {
  (element as HTMLInputElement).value = text;
  element.dispatchEvent(new Event("input", { bubbles: true }));
  await settle();
}

/** Chooses an option by its words. */
export async function select(element: HTMLElement, words: string): Promise<void> {
  const options = [...(element as HTMLSelectElement).options];
  const option = options.find((each) => each.text === words);
  if (!option) throw new Error(`no option ${words}`);
  option.selected = true;
  element.dispatchEvent(new Event("change", { bubbles: true }));
  await settle();
}

export async function press(
  key: string,
  more: KeyboardEventInit = {},
  on: Element = document.body,
): Promise<void> {
  on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  await settle();
}

/** An element's words as they are read, spaces folded. */
export function words(testId: string): string {
  return (screen.getByTestId(testId).textContent ?? "").replace(/\s+/g, " ").trim();
}

/** Fails on anything axe finds. Contrast needs a real layout and is checked in the real window instead. */
export async function expectAccessible(): Promise<void> {
  const { violations } = await axe.run(document.body, { rules: { "color-contrast": { enabled: false } } });
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
}
