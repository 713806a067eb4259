import { mount } from "svelte";
import type { SmokeReport } from "../src/bindings/SmokeReport";
import App from "../src/App.svelte";
import "../src/styles/desk.css";
import { failedReport, goingReport, NOW, problemOf, reportOf, viewOf } from "./fixtures";
import { FakeHost } from "./host";
import { SCENARIOS } from "./scenarios";

// The fixtures have one present moment; time goes on from there.
const started = Date.now();
const realNow = Date.now.bind(Date);
Date.now = () => NOW + realNow() - started;

const query = new URLSearchParams(location.search);
const name = query.get("scenario") ?? "history";
const theme = query.get("theme");
const scenario = SCENARIOS[name];
const host = new FakeHost(scenario?.() ?? viewOf());
const REPORTS: Record<string, () => SmokeReport> = {
  failed: failedReport,
  going: goingReport,
  whole: () =>
    reportOf(
      { "phase2-staff-routes-blocked/person": "attested" },
      { proven: true, sentence: "Phase 2 is proven: 19 steps passed." },
    ),
};
host.report = REPORTS[query.get("report") ?? ""]?.() ?? null;
if (theme === "light" || theme === "dark") host.view = { ...host.view, theme };
if (name === "damaged" || name === "newer") {
  const problem =
    name === "damaged"
      ? problemOf("store_damaged", {
          message: "The journal is damaged and was put aside.",
          meaning: "What the desk recorded cannot be read from it; the portal is not affected.",
          next: "Restore the newest backup, or start a new journal.",
          field: "backup",
          detail: "desk.db: page 41 is malformed",
        })
      : problemOf("store_newer", {
          message: "The journal was written by a newer desk.",
          meaning: "This desk could harm it, so it does not open it.",
          next: "Update this desk.",
        });
  host.deskState = () => Promise.reject(problem);
}
// `click=nav-phase,move-3` clicks what has these test ids, one after the other, as they appear.
const clicks = (query.get("click") ?? "").split(",").filter((id) => id !== "");
new MutationObserver(() => {
  const next = document.querySelector<HTMLElement>(`[data-testid="${clicks[0] ?? ""}"]`);
  if (!next) return;
  clicks.shift();
  next.click();
}).observe(document.body, { childList: true, subtree: true });

mount(App, { target: document.body, props: { host } });
