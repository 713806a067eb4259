import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { DeskView } from "../bindings/DeskView";
import type { AttachProgress } from "../bindings/AttachProgress";
import type { ExportProgress } from "../bindings/ExportProgress";
import type { SmokeReport } from "../bindings/SmokeReport";
import type { SoakView } from "../bindings/SoakView";
import type { Dropping, Host } from "./host";

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
  smokeLeftovers: () => invoke("smoke_leftovers"),
  cleanUpLeftovers: () => invoke("clean_up_leftovers"),
  onSmoke: (receive) => listen<SmokeReport | null>("smoke", (event) => receive(event.payload)),

  captureMetrics: (windowMinutes) => invoke("capture_metrics", { windowMinutes }),
  copyMetrics: () => invoke("copy_metrics"),
  attachMetrics: () => invoke("attach_metrics"),
  logColumns: (text) => invoke("log_columns", { text }),
  importMetrics: (name, text, columns) => invoke("import_metrics", { name, text, columns }),
  runSoak: (phase) => invoke("run_soak", { phase }),
  cancelSoak: () => invoke("cancel_soak"),
  onSoak: (receive) => listen<SoakView | null>("soak", (event) => receive(event.payload)),

  openRollback: (request) => invoke("open_rollback", { request }),
  decideRollback: (choice) => invoke("decide_rollback", { choice }),
  dismissRollback: () => invoke("dismiss_rollback"),
  reviewRollback: (rollbackId, words) => invoke("review_rollback", { rollbackId, words }),
  checkSafeState: () => invoke("check_safe_state"),
  openDrill: (request) => invoke("open_drill", { request }),

  announcements: () => invoke("announcements"),
  editAnnouncement: (audience, subject, body) => invoke("edit_announcement", { audience, subject, body }),
  setAnnouncementFact: (placeholder, text) => invoke("set_announcement_fact", { placeholder, text }),
  refillAnnouncement: (audience) => invoke("refill_announcement", { audience }),
  restartAnnouncement: (audience) => invoke("restart_announcement", { audience }),
  chooseTemplate: (audience, id) => invoke("choose_template", { audience, id }),
  writeRollbackNotice: (from) => invoke("write_rollback_notice", { from }),
  waiveFinding: (waive) => invoke("waive_finding", { waive }),
  setAnnouncementWords: (internal, punitive) => invoke("set_announcement_words", { internal, punitive }),
  copyAnnouncement: (audience, part) => invoke("copy_announcement", { audience, part }),
  saveAnnouncement: (audience, format) => invoke("save_announcement", { audience, format }),
  postAnnouncement: (audience, again) => invoke("post_announcement", { audience, again }),
  markAnnouncementSent: (sent) => invoke("mark_announcement_sent", { sent }),
  announcementHistory: (audience, search) => invoke("announcement_history", { audience, search }),
  setWebhook: (address) => invoke("set_webhook", { address }),
  forgetWebhook: () => invoke("forget_webhook"),
  saveTemplate: (template) => invoke("save_template", { template }),
  restoreTemplate: (id, number) => invoke("restore_template", { id, number }),
  compareTemplate: (id, before, after) => invoke("compare_template", { id, before, after }),

  logEntries: (query) => invoke("log_entries", { query }),
  logEntry: (id) => invoke("log_entry", { id }),
  newLogEntry: (kind) => invoke("new_log_entry", { kind }),
  setLogField: (id, field, text) => invoke("set_log_field", { id, field, text }),
  undoLogField: (id, field) => invoke("undo_log_field", { id, field }),
  logHistory: (id, field) => invoke("log_history", { id, field }),
  withdrawLogEntry: (id, reason) => invoke("withdraw_log_entry", { id, reason }),
  compareLogEntries: (before, after) => invoke("compare_log_entries", { before, after }),
  exportLog: (id, query, format) => invoke("export_log", { id, query, format }),
  importLogEntries: (bytes) => invoke("import_log_entries", bytes),
  afterAction: (id) => invoke("after_action", { id }),
  evidence: (run) => invoke("evidence", { run }),
  attachWaiting: (run, item, ids) => invoke("attach_waiting", { run, item, ids }),
  chooseEvidence: (run, item) => invoke("choose_evidence", { run, item }),
  leaveWaiting: (ids) => invoke("leave_waiting", { ids }),
  cancelAttach: () => invoke("cancel_attach"),
  onAttach: (receive) => listen<AttachProgress | null>("attach", (event) => receive(event.payload)),
  exportEvidence: (run, zip) => invoke("export_evidence", { run, zip }),
  cancelExport: () => invoke("cancel_export"),
  evidenceKey: () => invoke("evidence_key"),
  onExport: (receive) => listen<ExportProgress | null>("export", (event) => receive(event.payload)),
  onDrop: (receive) => listen<Dropping>("drop", (event) => receive(event.payload)),

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

  startRun: (owner) => invoke("start_run", { owner }),
  endRun: () => invoke("end_run"),

  beginRehearsal: (request) => invoke("begin_rehearsal", { request }),
  leaveRehearsal: () => invoke("leave_rehearsal"),
  surprise: (surprise, on) => invoke("surprise", { surprise, on }),

  setRunbook: (name, text) => invoke("set_runbook", { name, text }),
  useBuiltinRunbook: () => invoke("use_builtin_runbook"),

  verifyJournal: () => invoke("verify_journal"),
  backupJournal: () => invoke("backup_journal"),

  putDraft: (key, text) => invoke("put_draft", { key, text }),
  drafts: () => invoke("drafts"),
  setTheme: (theme) => invoke("set_theme", { theme }),
  setZone: (zone) => invoke("set_zone", { zone }),
  copyText: (text) => invoke("copy_text", { text }),
};
