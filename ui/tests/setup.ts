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
// Nor a canvas, which the chart is drawn on and axe would measure glyphs with.
HTMLCanvasElement.prototype.getContext = () => null;
Element.prototype.scrollIntoView = () => undefined;

vi.mock("../src/components/metrics/plot", () => ({ plot: () => () => undefined }));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});
