import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { DeskView } from "../bindings/DeskView";
import type { SmokeReport } from "../bindings/SmokeReport";
import type { SoakView } from "../bindings/SoakView";
import type { Host } from "./host";

/** The program behind the window. */
export const tauri: Host = {
  deskState: () => invoke("desk_state"),
  onDesk: (receive) => listen<DeskView>("desk", (event) => receive(event.payload)),
  resolveStore: (choice) => invoke("resolve_store", { choice }),

  refreshPhase: () => invoke("refresh_phase"),
  stopWaiting: () => invoke("stop_waiting"),
  savePhase: (request) => invoke("save_phase", { request }),
  askOutcome: () => invoke("ask_outcome"),
  dismissChange: () => invoke("dismiss_change"),
  acknowledgeMove: () => invoke("acknowledge_move"),

  smokePlan: (phase) => invoke("smoke_plan", { phase }),
  smokeReport: (phase) => invoke("smoke_report", { phase }),
  runSmoke: (request) => invoke("run_smoke", { request }),
  cancelSmoke: () => invoke("cancel_smoke"),
  attestCheck: (check, pass, note) => invoke("attest_check", { check, pass, note }),
  copySmokeSupport: (id) => invoke("copy_smoke_support", { id }),
  onSmoke: (receive) => listen<SmokeReport | null>("smoke", (event) => receive(event.payload)),

  captureMetrics: (windowMinutes) => invoke("capture_metrics", { windowMinutes }),
  copyMetrics: () => invoke("copy_metrics"),
  attachMetrics: () => invoke("attach_metrics"),
  importMetrics: (name, text) => invoke("import_metrics", { name, text }),
  runSoak: (phase) => invoke("run_soak", { phase }),
  cancelSoak: () => invoke("cancel_soak"),
  onSoak: (receive) => listen<SoakView | null>("soak", (event) => receive(event.payload)),

  selectEnvironment: (name) => invoke("select_environment", { name }),
  testEnvironment: (draft, signIn) => invoke("test_environment", { draft, signIn }),
  addEnvironment: (draft, signIn) => invoke("add_environment", { draft, signIn }),
  removeEnvironment: (name, confirm) => invoke("remove_environment", { name, confirm }),

  setIdentity: (role, signIn) => invoke("set_identity", { role, signIn }),
  checkIdentity: (role) => invoke("check_identity", { role }),
  forgetIdentity: (role) => invoke("forget_identity", { role }),
  retryKeychain: () => invoke("retry_keychain"),

  setFaults: (faults) => invoke("set_faults", { faults }),
  resetPractice: () => invoke("reset_practice"),

  verifyJournal: () => invoke("verify_journal"),
  backupJournal: () => invoke("backup_journal"),

  putDraft: (key, text) => invoke("put_draft", { key, text }),
  drafts: () => invoke("drafts"),
  setTheme: (theme) => invoke("set_theme", { theme }),
  copyText: (text) => invoke("copy_text", { text }),
};
