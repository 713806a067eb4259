import { createSubscriber } from "svelte/reactivity";

const everySecond = createSubscriber((update) => {
  const timer = setInterval(update, 1000);
  return () => clearInterval(timer);
});

/** The present time; whatever reads it in a component is redrawn every second. */
export const clock = {
  get now(): number {
    everySecond();
    return Date.now();
  },
};
