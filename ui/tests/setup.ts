import { cleanup } from "@testing-library/svelte";
import { afterEach, vi } from "vitest";

// jsdom has no modal dialogs: enough of one to see whether it is open, with the same event when it closes.
HTMLDialogElement.prototype.showModal = function () {
  this.open = true;
};
HTMLDialogElement.prototype.close = function () {
  if (!this.open) return;
  this.open = false;
  this.dispatchEvent(new Event("close"));
};
// Nor a canvas, which axe would measure glyphs with.
HTMLCanvasElement.prototype.getContext = () => null;
Element.prototype.scrollIntoView = () => undefined;

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});
