import type { EnvironmentKindView } from "./bindings/EnvironmentKindView";

/** The word for what an environment is, as it stands in the band; the same in the window's title. */
export const KIND_WORD: Record<EnvironmentKindView, string> = {
  practice: "Practice",
  staging: "Staging",
  live: "Live",
};

/** What an environment is, in a sentence. */
export const KIND_MEANS: Record<EnvironmentKindView, string> = {
  practice: "The portal built into the desk. Nobody depends on it.",
  staging: "A real portal that no member depends on.",
  live: "The portal members use.",
};
