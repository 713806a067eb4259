import type { AttachProgress } from "../src/bindings/AttachProgress";
import type { AudienceView } from "../src/bindings/AudienceView";
import type { ChangeView } from "../src/bindings/ChangeView";
import type { DeskView } from "../src/bindings/DeskView";
import type { ExportProgress } from "../src/bindings/ExportProgress";
import type { LeftView } from "../src/bindings/LeftView";
import type { LogEntryView } from "../src/bindings/LogEntryView";
import type { LogRowView } from "../src/bindings/LogRowView";
import type { MadeView } from "../src/bindings/MadeView";
import type { SmokeReport } from "../src/bindings/SmokeReport";
import type { SoakView } from "../src/bindings/SoakView";
import type { Dropping, Host } from "../src/host/host";
import { announceOf, madeOf } from "./announcements";
import { entryOf, rowsOf } from "./log";
import { bundleOf, evidenceOf, KEY } from "./evidence";
import { rehearsalOf } from "./rehearsal";
import { BUILTIN_RUNBOOK, drillOf, metricsOf, NOW, planOf, rollbackOf, runOf, SAFE } from "./fixtures";

/** A text as the program keeps it: without blanks at its lines' ends and its own. */
function clean(text: string): string {
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .trim();
}

/** A host in memory. Each command can be replaced; those that show at once do so here. */
export class FakeHost implements Host {
  view: DeskView;
  readonly kept: Record<string, string> = {};
  readonly calls: { name: string; given: unknown[] }[] = [];
  #receive: (view: DeskView) => void = () => undefined;

  /** The newest run of the checklist. */
  report: SmokeReport | null = null;
  /** What runs left and could still be removed. */
  leftovers: LeftView[] = [];
  #receiveSmoke: (report: SmokeReport | null) => void = () => undefined;
  #receiveSoak: (soak: SoakView | null) => void = () => undefined;

  /** How the evidence stands. */
  evidenceOf = evidenceOf();
  #receiveExport: (step: ExportProgress | null) => void = () => undefined;
  #receiveDrop: (dropping: Dropping) => void = () => undefined;
  #receiveAttach: (step: AttachProgress | null) => void = () => undefined;

  /** The texts that are being written, and those that left the desk. */
  texts = announceOf();
  earlier: MadeView[] = [];

  /** The log's list, and the entry that is looked at. */
  rows: LogRowView[] = rowsOf();
  entry: LogEntryView = entryOf();

  constructor(view: DeskView) {
    this.view = view;
  }

  /** Sends what changed to the window, as the program does. */
  show(more: Partial<DeskView>): void {
    this.view = { ...this.view, ...more };
    this.#receive(this.view);
  }

  /** Tells the window how a run of the checklist goes. */
  tellSmoke(report: SmokeReport): void {
    this.report = report;
    this.#receiveSmoke(report);
  }

  /** Tells the window how a soak goes. */
  tellSoak(soak: SoakView | null): void {
    this.#receiveSoak(soak);
  }

  /** Tells the window how an export goes. */
  tellExport(step: ExportProgress | null): void {
    this.#receiveExport(step);
  }

  /** Tells the window how files are being attached. */
  tellAttach(step: AttachProgress | null): void {
    this.#receiveAttach(step);
  }

  /** Tells the window what is dragged over it. */
  tellDrop(dropping: Dropping): void {
    this.#receiveDrop(dropping);
  }

  /** What a command was called with, in order. */
  given(name: keyof Host): unknown[][] {
    return this.calls.filter((call) => call.name === name).map((call) => call.given);
  }

  async #called(name: string, ...given: unknown[]): Promise<void> {
    this.calls.push({ name, given });
    await Promise.resolve();
  }

  async deskState() {
    await this.#called("deskState");
    return this.view;
  }
  async onDesk(receive: (view: DeskView) => void) {
    this.#receive = receive;
    await this.#called("onDesk");
    return () => (this.#receive = () => undefined);
  }
  resolveStore: Host["resolveStore"] = (choice) => this.#called("resolveStore", choice);
  refreshPhase: Host["refreshPhase"] = () => this.#called("refreshPhase");
  stopWaiting: Host["stopWaiting"] = () => this.#called("stopWaiting");
  savePhase: Host["savePhase"] = async (request) => {
    await this.#called("savePhase", request);
    return { outcome: "confirmed" } as ChangeView;
  };
  askOutcome: Host["askOutcome"] = () => this.#called("askOutcome");
  async dismissChange() {
    await this.#called("dismissChange");
    this.show({ change: null });
  }
  async acknowledgeMove() {
    await this.#called("acknowledgeMove");
    this.show({ moved: null });
  }
  smokePlan: Host["smokePlan"] = async (phase) => {
    await this.#called("smokePlan", phase);
    return { ...planOf(), phase };
  };
  smokeReport: Host["smokeReport"] = async (phase) => {
    await this.#called("smokeReport", phase);
    return this.report;
  };
  runSmoke: Host["runSmoke"] = async (request) => {
    await this.#called("runSmoke", request);
    if (!this.report) throw new Error("set the report that the run ends with");
    return this.report;
  };
  cancelSmoke: Host["cancelSmoke"] = () => this.#called("cancelSmoke");
  attestCheck: Host["attestCheck"] = (check, pass, note) => this.#called("attestCheck", check, pass, note);
  copySmokeSupport: Host["copySmokeSupport"] = (id) => this.#called("copySmokeSupport", id);
  smokeLeftovers: Host["smokeLeftovers"] = async () => {
    await this.#called("smokeLeftovers");
    return this.leftovers;
  };
  cleanUpLeftovers: Host["cleanUpLeftovers"] = async () => {
    await this.#called("cleanUpLeftovers");
    return (this.leftovers = []);
  };
  async onSmoke(receive: (report: SmokeReport | null) => void) {
    this.#receiveSmoke = receive;
    await this.#called("onSmoke");
    return () => (this.#receiveSmoke = () => undefined);
  }
  captureMetrics: Host["captureMetrics"] = async (windowMinutes) => {
    await this.#called("captureMetrics", windowMinutes);
    const metrics = { ...(this.view.metrics ?? metricsOf()), windowMinutes, attached: false };
    this.show({ metrics });
    return metrics;
  };
  copyMetrics: Host["copyMetrics"] = () => this.#called("copyMetrics");
  attachMetrics: Host["attachMetrics"] = async () => {
    await this.#called("attachMetrics");
    if (this.view.metrics) this.show({ metrics: { ...this.view.metrics, attached: true } });
  };
  logColumns: Host["logColumns"] = async (text) => {
    await this.#called("logColumns", text);
    const [first = ""] = text.split("\n");
    if (text.startsWith("{")) return null;
    const found = first.split(",");
    const known = (name: string) => (found.includes(name) ? name : null);
    return {
      found,
      columns: {
        time: known("time"),
        route: known("route"),
        status: known("status"),
        duration: known("duration"),
        durationUnit: "milliseconds",
      },
    };
  };
  importMetrics: Host["importMetrics"] = async (name, text, columns) => {
    await this.#called("importMetrics", name, text, columns);
    return { added: 118, already: 0, bad: [], note: null };
  };
  runSoak: Host["runSoak"] = (phase) => this.#called("runSoak", phase);
  cancelSoak: Host["cancelSoak"] = () => this.#called("cancelSoak");
  async onSoak(receive: (soak: SoakView | null) => void) {
    this.#receiveSoak = receive;
    await this.#called("onSoak");
    return () => (this.#receiveSoak = () => undefined);
  }
  openRollback: Host["openRollback"] = async (request) => {
    await this.#called("openRollback", request);
    this.show({ rollback: rollbackOf({}, { openedAtMs: Date.now() }) });
  };
  decideRollback: Host["decideRollback"] = (choice) => this.#called("decideRollback", choice);
  async dismissRollback() {
    await this.#called("dismissRollback");
    this.show({ rollback: null });
  }
  reviewRollback: Host["reviewRollback"] = async (rollbackId, words) => {
    await this.#called("reviewRollback", rollbackId, words);
    const { rollback } = this.view;
    const review = { atMs: Date.now(), by: "staff_ana", words };
    this.show({
      reviews: this.view.reviews.filter((due) => due.rollbackId !== rollbackId),
      rollback: rollback?.id === rollbackId ? { ...rollback, reviewByMs: null, review } : rollback,
    });
  };
  checkSafeState: Host["checkSafeState"] = async () => {
    await this.#called("checkSafeState");
    return SAFE;
  };
  openDrill: Host["openDrill"] = async (request) => {
    await this.#called("openDrill", request);
    this.show({ rollback: drillOf({}, { openedAtMs: Date.now() }) });
  };
  announcements: Host["announcements"] = async () => {
    await this.#called("announcements");
    return this.texts;
  };
  editAnnouncement: Host["editAnnouncement"] = async (audience, subject, body) => {
    await this.#called("editAnnouncement", audience, subject, body);
    return this.#rewritten(audience, subject, body);
  };
  setAnnouncementFact: Host["setAnnouncementFact"] = async (placeholder, text) => {
    await this.#called("setAnnouncementFact", placeholder, text);
    return this.texts;
  };
  refillAnnouncement: Host["refillAnnouncement"] = async (audience) => {
    await this.#called("refillAnnouncement", audience);
    return this.texts;
  };
  restartAnnouncement: Host["restartAnnouncement"] = async (audience) => {
    await this.#called("restartAnnouncement", audience);
    return this.texts;
  };
  chooseTemplate: Host["chooseTemplate"] = async (audience, id) => {
    await this.#called("chooseTemplate", audience, id);
    return this.texts;
  };
  writeRollbackNotice: Host["writeRollbackNotice"] = async (from) => {
    await this.#called("writeRollbackNotice", from);
    return this.texts;
  };
  waiveFinding: Host["waiveFinding"] = async (waive) => {
    await this.#called("waiveFinding", waive);
    return this.texts;
  };
  setAnnouncementWords: Host["setAnnouncementWords"] = async (internal, punitive) => {
    await this.#called("setAnnouncementWords", internal, punitive);
    const words = { ...this.texts.words, addedInternal: internal, addedPunitive: punitive };
    return (this.texts = { ...this.texts, words });
  };
  copyAnnouncement: Host["copyAnnouncement"] = async (audience, part) => {
    await this.#called("copyAnnouncement", audience, part);
    return this.#made(audience, madeOf({ audience }));
  };
  saveAnnouncement: Host["saveAnnouncement"] = async (audience, format) => {
    await this.#called("saveAnnouncement", audience, format);
    return `/home/ana/.local/share/cutover-desk/announcements/${audience}-20260301-142010.${format}`;
  };
  postAnnouncement: Host["postAnnouncement"] = async (audience, again) => {
    await this.#called("postAnnouncement", audience, again);
    const post = {
      host: this.texts.webhook ?? "",
      atMs: Date.now(),
      outcome: "unknown",
      found: "It may have been posted: no answer in time.",
    } as const;
    return this.#made(audience, madeOf({ audience, post }));
  };
  markAnnouncementSent: Host["markAnnouncementSent"] = (sent) => this.#called("markAnnouncementSent", sent);
  announcementHistory: Host["announcementHistory"] = async (audience, search) => {
    await this.#called("announcementHistory", audience, search);
    return this.earlier.filter(
      (made) =>
        (audience === null || made.audience === audience) &&
        `${made.subject} ${made.body}`.toLowerCase().includes(search.toLowerCase()),
    );
  };
  setWebhook: Host["setWebhook"] = async (address) => {
    await this.#called("setWebhook", address);
    this.texts = { ...this.texts, webhook: new URL(address).host };
  };
  forgetWebhook: Host["forgetWebhook"] = async () => {
    await this.#called("forgetWebhook");
    this.texts = { ...this.texts, webhook: null };
  };
  saveTemplate: Host["saveTemplate"] = (template) => this.#called("saveTemplate", template);
  restoreTemplate: Host["restoreTemplate"] = (id, number) => this.#called("restoreTemplate", id, number);
  compareTemplate: Host["compareTemplate"] = async (id, before, after) => {
    await this.#called("compareTemplate", id, before, after);
    return [
      { kind: "removed", runs: [{ text: "Library rollout phase update", changed: true }] },
      { kind: "added", runs: [{ text: "Library rollout", changed: true }] },
    ];
  };

  #rewritten(audience: AudienceView, subject: string, body: string) {
    const rewritten = (text: string) => ({ text, spans: [], characters: text.length });
    const composers = this.texts.composers.map((composer) =>
      composer.audience === audience
        ? { ...composer, subject: rewritten(subject), body: rewritten(body) }
        : composer,
    );
    return (this.texts = { ...this.texts, composers });
  }

  #made(audience: AudienceView, made: MadeView): MadeView {
    const composers = this.texts.composers.map((composer) =>
      composer.audience === audience ? { ...composer, made } : composer,
    );
    this.texts = { ...this.texts, composers };
    this.earlier = [made, ...this.earlier.filter(({ id }) => id !== made.id)];
    return made;
  }

  logEntries: Host["logEntries"] = async (query) => {
    await this.#called("logEntries", query);
    const wanted = this.rows.filter(({ label, owner, kind }) => {
      const found = `${label} ${owner}`.toLowerCase().includes(query.search.toLowerCase());
      return found && (query.kind === null || query.kind === kind);
    });
    const from = wanted.findIndex(({ beganAtMs }) => beganAtMs === query.after?.known?.atMs) + 1;
    const limit = query.limit ?? 100;
    const entries = wanted.slice(from, from + limit);
    const last = entries.at(-1);
    const more = last && from + limit < wanted.length;
    const next = more ? { known: { atMs: last.beganAtMs, seq: 1 }, typed: null } : null;
    return { entries, total: wanted.length, next };
  };
  logEntry: Host["logEntry"] = async (id) => {
    await this.#called("logEntry", id);
    return { ...this.entry, ...this.rows.find((row) => row.id === id) };
  };
  newLogEntry: Host["newLogEntry"] = async (kind) => {
    await this.#called("newLogEntry", kind);
    return (this.entry = entryOf({ id: "new", label: "0197-new", isRun: false, timeline: [] }));
  };
  setLogField: Host["setLogField"] = async (id, field, text) => {
    await this.#called("setLogField", id, field, text);
    const fields = this.entry.fields.map((one) => {
      if (one.field !== field) return one;
      const kept = clean(text);
      const typed = kept === "" ? null : { text: kept, by: "staff_ana", atMs: Date.now() };
      return { ...one, typed, value: kept || (one.fact ?? ""), canUndo: true, changes: one.changes + 1 };
    });
    this.entry = { ...this.entry, fields };
    return { savedAtMs: Date.now(), entry: this.entry };
  };
  undoLogField: Host["undoLogField"] = async (id, field) => {
    await this.#called("undoLogField", id, field);
    return this.setLogField(id, field, "");
  };
  logHistory: Host["logHistory"] = async (id, field) => {
    await this.#called("logHistory", id, field);
    return [{ field, text: "Bo Lind", by: "staff_ana", atMs: Date.now(), undoes: false }];
  };
  withdrawLogEntry: Host["withdrawLogEntry"] = async (id, reason) => {
    await this.#called("withdrawLogEntry", id, reason);
    const withdrawal = { reason, by: "staff_ana", atMs: Date.now() };
    return (this.entry = { ...this.entry, withdrawn: true, withdrawal });
  };
  compareLogEntries: Host["compareLogEntries"] = async (before, after) => {
    await this.#called("compareLogEntries", before, after);
    const row = (id: string) => this.rows.find((one) => one.id === id) ?? entryOf();
    const step = {
      phase: "phase_2_member_writes",
      step: "phase2-borrow-return/borrow",
      account: "member-smoke",
      before: "pass",
      beforeMs: 90,
      after: "fail",
      afterMs: 210,
      slowerByMs: 120,
      failedAnew: true,
    };
    return { before: row(before), after: row(after), steps: [step] };
  };
  exportLog: Host["exportLog"] = async (id, query, format) => {
    await this.#called("exportLog", id, query, format);
    return `/home/ana/.local/share/cutover-desk/log/${id ?? "log"}.${format}`;
  };
  importLogEntries: Host["importLogEntries"] = async (bytes) => {
    await this.#called("importLogEntries", new TextDecoder().decode(bytes));
    const unread = [{ line: 2, text: "Owner: Ana", why: "it is no line of the template" }];
    const changed = [{ id: "run-13", label: "R-013", fields: ["reason"] }];
    return { made: ["new"], known: 1, unread, changed, elsewhere: ["studio"] };
  };
  afterAction: Host["afterAction"] = async (id) => {
    await this.#called("afterAction", id);
    return "# After-action report: R-014\n\n## Open points\n\nNone.\n";
  };

  evidence: Host["evidence"] = async (run) => {
    await this.#called("evidence", run);
    return this.evidenceOf;
  };
  attachWaiting: Host["attachWaiting"] = async (run, item, ids) => {
    await this.#called("attachWaiting", run, item, ids);
    this.tellDrop({ what: "waiting", files: [] });
    return [];
  };
  chooseEvidence: Host["chooseEvidence"] = async (run, item) => {
    await this.#called("chooseEvidence", run, item);
    return [];
  };
  leaveWaiting: Host["leaveWaiting"] = async (ids) => {
    await this.#called("leaveWaiting", ids);
    this.tellDrop({ what: "waiting", files: [] });
  };
  cancelAttach: Host["cancelAttach"] = () => this.#called("cancelAttach");
  async onAttach(receive: (step: AttachProgress | null) => void) {
    this.#receiveAttach = receive;
    await this.#called("onAttach");
    return () => (this.#receiveAttach = () => undefined);
  }
  exportEvidence: Host["exportEvidence"] = async (run, zip) => {
    await this.#called("exportEvidence", run, zip);
    return bundleOf();
  };
  cancelExport: Host["cancelExport"] = () => this.#called("cancelExport");
  evidenceKey: Host["evidenceKey"] = async () => {
    await this.#called("evidenceKey");
    return KEY;
  };
  async onExport(receive: (step: ExportProgress | null) => void) {
    this.#receiveExport = receive;
    await this.#called("onExport");
    return () => (this.#receiveExport = () => undefined);
  }
  async onDrop(receive: (dropping: Dropping) => void) {
    this.#receiveDrop = receive;
    await this.#called("onDrop");
    return () => (this.#receiveDrop = () => undefined);
  }
  async selectEnvironment(name: string) {
    await this.#called("selectEnvironment", name);
    const environment = this.view.environments.find((each) => each.name === name);
    if (environment) this.show({ environment });
  }
  testEnvironment: Host["testEnvironment"] = async (draft, signIn) => {
    await this.#called("testEnvironment", draft, signIn);
    return {
      usable: false,
      steps: [
        { label: "Address", ok: true, found: "It answers, in 46 ms.", problem: null },
        { label: "Sign-in", ok: true, found: "The account is admin_bo.", problem: null },
        {
          label: "Account",
          ok: false,
          found: "The staff claim is missing; admin alone is not staff.",
          problem: {
            code: "not_staff",
            message: "The staff claim is missing; admin alone is not staff.",
            meaning: "It could read the phase but not set it, so it is not kept.",
            next: "Have staff granted to this account, or sign in with another.",
          },
        },
        { label: "Rollout", ok: null, found: "Not tested.", problem: null },
      ],
    };
  };
  addEnvironment: Host["addEnvironment"] = (draft, signIn) => this.#called("addEnvironment", draft, signIn);
  removeEnvironment: Host["removeEnvironment"] = (name, confirm) =>
    this.#called("removeEnvironment", name, confirm);
  setIdentity: Host["setIdentity"] = async (role, signIn) => {
    await this.#called("setIdentity", role, signIn);
    return this.#identity(role);
  };
  checkIdentity: Host["checkIdentity"] = async (role) => {
    await this.#called("checkIdentity", role);
    return this.#identity(role);
  };
  forgetIdentity: Host["forgetIdentity"] = (role) => this.#called("forgetIdentity", role);
  retryKeychain: Host["retryKeychain"] = () => this.#called("retryKeychain");
  setFaults: Host["setFaults"] = async (faults) => {
    await this.#called("setFaults", faults);
    if (this.view.practice) this.show({ practice: { ...this.view.practice, faults } });
  };
  resetPractice: Host["resetPractice"] = () => this.#called("resetPractice");
  startRun: Host["startRun"] = async (owner) => {
    await this.#called("startRun", owner);
    this.show({ run: runOf({ label: "R-015", owner: owner || "staff_ana", startedAtMs: NOW }) });
  };
  endRun: Host["endRun"] = async () => {
    await this.#called("endRun");
    this.show({ run: null });
  };
  beginRehearsal: Host["beginRehearsal"] = async (request) => {
    await this.#called("beginRehearsal", request);
    this.show({ rehearsal: rehearsalOf() });
  };
  leaveRehearsal: Host["leaveRehearsal"] = async () => {
    await this.#called("leaveRehearsal");
    this.show({ rehearsal: null });
  };
  surprise: Host["surprise"] = async (surprise, on) => {
    await this.#called("surprise", surprise, on);
    const { rehearsal } = this.view;
    if (!rehearsal) return;
    const surprises = rehearsal.surprises.map((one) => (one.surprise === surprise ? { ...one, on } : one));
    this.show({ rehearsal: { ...rehearsal, surprises } });
  };
  setRunbook: Host["setRunbook"] = async (name, text) => {
    await this.#called("setRunbook", name, text);
    this.show({ runbook: { source: "own", name, sha256: "5d1c0b77a2", problem: null } });
  };
  useBuiltinRunbook: Host["useBuiltinRunbook"] = async () => {
    await this.#called("useBuiltinRunbook");
    this.show({ runbook: BUILTIN_RUNBOOK });
  };
  verifyJournal: Host["verifyJournal"] = async () => {
    await this.#called("verifyJournal");
    return { count: 214, newestHash: "9f2c4be1a07d5533e8c1", broken: null, stale: [] };
  };
  backupJournal: Host["backupJournal"] = async () => {
    await this.#called("backupJournal");
    return "/home/ana/.local/share/cutover-desk/backups/desk-2026-03-01T132010Z.db";
  };
  async putDraft(key: string, text: string) {
    await this.#called("putDraft", key, text);
    this.kept[key] = text;
  }
  async drafts() {
    await this.#called("drafts");
    return { ...this.kept };
  }
  setTheme: Host["setTheme"] = async (theme) => {
    await this.#called("setTheme", theme);
    this.show({ theme });
  };
  setZone: Host["setZone"] = async (zone) => {
    await this.#called("setZone", zone);
    const machine = this.view.zoneChoice.machine;
    this.show({
      zone: zone ?? machine,
      zoneChoice: { source: zone === null ? "machine" : "chosen", machine },
    });
  };
  copyText: Host["copyText"] = (text) => this.#called("copyText", text);

  #identity(role: string) {
    const identity = this.view.identities.find((each) => each.role === role);
    if (!identity) throw new Error(`no identity ${role}`);
    return identity;
  }
}
