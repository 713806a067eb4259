/** How long something may take to come on screen before nobody waits for it any longer. */
const PATIENCE_MS = 3000;

let latest = 0;

/**
 * Gives the focus to the first of these that is on screen and can be used, as soon as one is; to none where that takes too
 * long, or where the focus was asked for elsewhere meanwhile.
 */
export function focusSoon(selectors: string[]): void {
  const turn = (latest += 1);
  const until = performance.now() + PATIENCE_MS;
  const look = () => {
    if (turn !== latest) return;
    for (const selector of selectors) {
      const found = [...document.querySelectorAll<HTMLElement>(selector)].find(
        (element) => !element.matches(":disabled"),
      );
      if (found) {
        found.focus();
        found.scrollIntoView({ block: "nearest" });
        return;
      }
    }
    if (performance.now() < until) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
