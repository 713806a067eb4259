import type { EnvironmentDraft } from "../../bindings/EnvironmentDraft";

/** The add-portal form as it is kept between sessions: everything but the API key and the password. */
export interface PortalForm {
  name: string;
  kind: "staging" | "live";
  api: string;
  identityUrl: string;
  tokenUrl: string;
  projectId: string;
  phaseCache: string;
  changeWindow: string;
  email: string;
}

export const EMPTY: PortalForm = {
  name: "",
  kind: "staging",
  api: "",
  identityUrl: "",
  tokenUrl: "",
  projectId: "",
  phaseCache: "",
  changeWindow: "",
  email: "",
};

/** The form that a draft holds; the empty one if the draft was written by another version of the desk. */
export function formOf(draft: string): PortalForm {
  if (draft === "") return { ...EMPTY };
  try {
    const kept: unknown = JSON.parse(draft);
    if (typeof kept !== "object" || kept === null) return { ...EMPTY };
    return { ...EMPTY, ...Object.fromEntries(Object.entries(kept).filter(([key]) => key in EMPTY)) };
  } catch {
    return { ...EMPTY };
  }
}

/** The draft that holds a form; empty when there is nothing in it. */
export function draftOf(form: PortalForm): string {
  const text = JSON.stringify(form);
  return text === JSON.stringify(EMPTY) ? "" : text;
}

/** What is sent: blanks mean "as usual". */
export function environmentOf(form: PortalForm, apiKey: string): EnvironmentDraft {
  const orNone = (text: string) => (text.trim() === "" ? null : text.trim());
  const cache = orNone(form.phaseCache);
  return {
    name: form.name.trim(),
    kind: form.kind,
    api: form.api.trim(),
    apiKey: apiKey.trim(),
    identityUrl: orNone(form.identityUrl),
    tokenUrl: orNone(form.tokenUrl),
    projectId: orNone(form.projectId),
    phaseCacheMs: cache === null ? null : Number(cache),
    changeWindow: orNone(form.changeWindow),
  };
}
