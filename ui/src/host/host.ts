import type { AnnounceView } from "../bindings/AnnounceView";
import type { AudienceView } from "../bindings/AudienceView";
import type { ChangeView } from "../bindings/ChangeView";
import type { ColumnMap } from "../bindings/ColumnMap";
import type { CopyPart } from "../bindings/CopyPart";
import type { DeskView } from "../bindings/DeskView";
import type { DifferenceLineView } from "../bindings/DifferenceLineView";
import type { DrillRequest } from "../bindings/DrillRequest";
import type { EnvironmentDraft } from "../bindings/EnvironmentDraft";
import type { AttachProgress } from "../bindings/AttachProgress";
import type { AttachTried } from "../bindings/AttachTried";
import type { EvidenceView } from "../bindings/EvidenceView";
import type { ExportProgress } from "../bindings/ExportProgress";
import type { ExportReport } from "../bindings/ExportReport";
import type { FileFormat } from "../bindings/FileFormat";
import type { IdentityView } from "../bindings/IdentityView";
import type { ImportView } from "../bindings/ImportView";
import type { JournalView } from "../bindings/JournalView";
import type { KeyView } from "../bindings/KeyView";
import type { LeftView } from "../bindings/LeftView";
import type { LogChangeView } from "../bindings/LogChangeView";
import type { LogColumns } from "../bindings/LogColumns";
import type { LogComparisonView } from "../bindings/LogComparisonView";
import type { LogEntryView } from "../bindings/LogEntryView";
import type { LogFormat } from "../bindings/LogFormat";
import type { LogImportView } from "../bindings/LogImportView";
import type { LogPageView } from "../bindings/LogPageView";
import type { LogQuery } from "../bindings/LogQuery";
import type { LogSavedView } from "../bindings/LogSavedView";
import type { MadeView } from "../bindings/MadeView";
import type { MetricsView } from "../bindings/MetricsView";
import type { RehearsalRequest } from "../bindings/RehearsalRequest";
import type { RollbackChoice } from "../bindings/RollbackChoice";
import type { RollbackRequest } from "../bindings/RollbackRequest";
import type { RunKind } from "../bindings/RunKind";
import type { SafeStateView } from "../bindings/SafeStateView";
import type { SaveRequest } from "../bindings/SaveRequest";
import type { SentDraft } from "../bindings/SentDraft";
import type { SignInDraft } from "../bindings/SignInDraft";
import type { SmokePlan } from "../bindings/SmokePlan";
import type { SmokeReport } from "../bindings/SmokeReport";
import type { SmokeRequest } from "../bindings/SmokeRequest";
import type { SoakView } from "../bindings/SoakView";
import type { Surprise } from "../bindings/Surprise";
import type { TemplateDraft } from "../bindings/TemplateDraft";
import type { TestReport } from "../bindings/TestReport";
import type { Theme } from "../bindings/Theme";
import type { WaiveDraft } from "../bindings/WaiveDraft";

/** What to do about a damaged journal; the damaged file is kept either way. */
export type StoreChoice = "restore_newest" | "start_new";

/** A file that waits to be attached. Where it lies the program keeps to itself. */
export interface WaitingFile {
  id: number;
  name: string;
}

/** What is dragged over the window or was dropped on it, and every file that waits then. */
export type Dropping =
  | { what: "over" }
  | { what: "away" }
  | { what: "dropped"; files: WaitingFile[] }
  | { what: "waiting"; files: WaitingFile[] };

/**
 * What the window asks of the program: one function a command. Every promise rejects with a `Problem`.
 * What a command changes on screen arrives through `onDesk`, not through its answer.
 */
export interface Host {
  /** The whole view model. Rejects with a store code when the journal cannot be opened. */
  deskState(): Promise<DeskView>;
  /** Calls back with the new view model after every change. Resolves to a function that stops it. */
  onDesk(receive: (view: DeskView) => void): Promise<() => void>;
  resolveStore(choice: StoreChoice): Promise<void>;

  refreshPhase(): Promise<void>;
  /** Stops waiting for the portal, unless a save was sent: what was waited for rejects with the code `stopped`. */
  stopWaiting(): Promise<void>;
  /** Resolves once the change is concluded or its outcome is unknown; settling goes on afterwards. */
  savePhase(request: SaveRequest): Promise<ChangeView>;
  /** Asks now what became of a change whose outcome is unknown. */
  askOutcome(): Promise<void>;
  dismissChange(): Promise<void>;
  acknowledgeMove(): Promise<void>;

  /** What a run of the phase's checklist will do. */
  smokePlan(phase: string): Promise<SmokePlan>;
  /** The newest run of the phase's checklist. */
  smokeReport(phase: string): Promise<SmokeReport | null>;
  /** Resolves once every step was tried, or it was cancelled. */
  runSmoke(request: SmokeRequest): Promise<SmokeReport>;
  cancelSmoke(): Promise<void>;
  attestCheck(check: string, pass: boolean, note: string): Promise<void>;
  /** Copies what support asks for of a run, from the program. */
  copySmokeSupport(id: string): Promise<void>;
  /** What runs left in the portal and could still be removed. */
  smokeLeftovers(): Promise<LeftView[]>;
  /** Removes it, and resolves to what is still there. */
  cleanUpLeftovers(): Promise<LeftView[]>;
  /** Calls back with the run as it goes on. Resolves to a function that stops it. */
  onSmoke(receive: (report: SmokeReport | null) => void): Promise<() => void>;

  /** Makes a snapshot of the last so many minutes; it comes with the view model too. */
  captureMetrics(windowMinutes: number): Promise<MetricsView>;
  /** Copies the artifact as JSON, from the program: the text never passes through here. */
  copyMetrics(): Promise<void>;
  /** Attaches the newest snapshot's artifact to the run. */
  attachMetrics(): Promise<void>;
  /** The columns of a request log, from its beginning; null for what is none. */
  logColumns(text: string): Promise<LogColumns | null>;
  /** Takes in the panel's JSON or a request log; `name` is what its rows are called by. */
  importMetrics(name: string, text: string, columns: ColumnMap): Promise<ImportView>;
  /** Earns the missing count for a phase's gates. Resolves when it is over, cancelled too. */
  runSoak(phase: string): Promise<void>;
  cancelSoak(): Promise<void>;
  /** Calls back as a soak goes on, and with null once none does. Resolves to a function that stops it. */
  onSoak(receive: (soak: SoakView | null) => void): Promise<() => void>;

  /** Opens a rollback: its clock starts. An open drill ends at once. How it goes comes with the view model. */
  openRollback(request: RollbackRequest): Promise<void>;
  /** What a person decides about the one that is open. */
  decideRollback(choice: RollbackChoice): Promise<void>;
  /** Puts a closed one away. */
  dismissRollback(): Promise<void>;
  /** Writes down what came of a closed one. Rejects when no review of it is due. */
  reviewRollback(rollbackId: string, words: string): Promise<void>;
  /** Asks once, as each identity, whether the portal behaves as the phase in force asks. */
  checkSafeState(): Promise<SafeStateView>;
  /** Opens a drill. How it goes comes with the view model. */
  openDrill(request: DrillRequest): Promise<void>;

  /** The two texts that are being written, with what the checks say of them. */
  announcements(): Promise<AnnounceView>;
  /** Takes in what a person made of a text; resolves to how everything stands then, as the next ones do. */
  editAnnouncement(audience: AudienceView, subject: string, body: string): Promise<AnnounceView>;
  /** Sets a fact in every text that uses it; an empty text takes what is suggested again. */
  setAnnouncementFact(placeholder: string, text: string): Promise<AnnounceView>;
  /** Takes the newest facts over; hand edits stay. */
  refillAnnouncement(audience: AudienceView): Promise<AnnounceView>;
  /** Makes the text anew; hand edits are gone. */
  restartAnnouncement(audience: AudienceView): Promise<AnnounceView>;
  chooseTemplate(audience: AudienceView, id: string): Promise<AnnounceView>;
  /** Turns to the notices of the open rollback, or of one from a phase that may come. */
  writeRollbackNotice(from: string | null): Promise<AnnounceView>;
  /** Waives a warning; an empty reason takes the waiver back. */
  waiveFinding(waive: WaiveDraft): Promise<AnnounceView>;
  setAnnouncementWords(internal: string[], punitive: string[]): Promise<AnnounceView>;
  /** Copies from the program and records the text on the run. Rejects while a check stands in the way. */
  copyAnnouncement(audience: AudienceView, part: CopyPart): Promise<MadeView>;
  /** Asks the person for a file. Resolves to its path; to null when they chose none. */
  saveAnnouncement(audience: AudienceView, format: FileFormat): Promise<string | null>;
  /** Posts to the webhook, once. What came of it is in the answer; `again` is the word to post a second time. */
  postAnnouncement(audience: AudienceView, again: boolean): Promise<MadeView>;
  markAnnouncementSent(sent: SentDraft): Promise<void>;
  announcementHistory(audience: AudienceView | null, search: string): Promise<MadeView[]>;
  /** Keeps the webhook's address in the keychain; it never comes back. */
  setWebhook(address: string): Promise<void>;
  forgetWebhook(): Promise<void>;
  saveTemplate(template: TemplateDraft): Promise<void>;
  restoreTemplate(id: string, number: number): Promise<void>;
  compareTemplate(id: string, before: number, after: number): Promise<DifferenceLineView[]>;

  /** A page of the log's entries, newest first. */
  logEntries(query: LogQuery): Promise<LogPageView>;
  logEntry(id: string): Promise<LogEntryView>;
  /** Makes an entry by hand; without a kind it is as the environment is. */
  newLogEntry(kind: RunKind | null): Promise<LogEntryView>;
  /** Resolves once the text is on the disk; an empty one makes the fact count again. */
  setLogField(id: string, field: string, text: string): Promise<LogSavedView>;
  /** Takes back the newest change to a field. */
  undoLogField(id: string, field: string): Promise<LogSavedView>;
  logHistory(id: string, field: string): Promise<LogChangeView[]>;
  /** Withdraws an entry; it stays and says so. */
  withdrawLogEntry(id: string, reason: string): Promise<LogEntryView>;
  compareLogEntries(before: string, after: string): Promise<LogComparisonView>;
  /** Writes one entry, or all that the query lets through. Resolves to the path of the file. */
  exportLog(id: string | null, query: LogQuery, format: LogFormat): Promise<string>;
  /** Takes in the entries of a file, whatever its bytes are. */
  importLogEntries(bytes: Uint8Array): Promise<LogImportView>;
  /** The after-action report as Markdown. */
  afterAction(id: string): Promise<string>;
  /** How the evidence of a run stands, by the run's id; of the newest where it is null. */
  evidence(run: string | null): Promise<EvidenceView>;
  /** Tries to attach waiting files to a run, for one of the runbook's items; where there is no run yet, one is opened. What is
   *  refused goes on waiting. */
  attachWaiting(run: string | null, item: string, ids: number[]): Promise<AttachTried[]>;
  /** Lets a person choose files and attaches them in the same way; an empty list where none was chosen. */
  chooseEvidence(run: string | null, item: string): Promise<AttachTried[]>;
  /** Forgets files that wait. */
  leaveWaiting(ids: number[]): Promise<void>;
  /** Attaches no further file; what was not tried goes on waiting. */
  cancelAttach(): Promise<void>;
  /** Calls back as files are attached, and with null once none is. Resolves to a function that stops it. */
  onAttach(receive: (step: AttachProgress | null) => void): Promise<() => void>;
  /** Writes a run's sealed bundle among the desk's files, and verifies it. */
  exportEvidence(run: string, zip: boolean): Promise<ExportReport>;
  cancelExport(): Promise<void>;
  /** The public half of the key that bundles are signed with. */
  evidenceKey(): Promise<KeyView>;
  /** Calls back as an export goes on, and with null once none does. Resolves to a function that stops it. */
  onExport(receive: (step: ExportProgress | null) => void): Promise<() => void>;
  /** Calls back as files are dragged over the window, and as the list of those that wait changes. Resolves to a function that stops it. */
  onDrop(receive: (dropping: Dropping) => void): Promise<() => void>;

  selectEnvironment(name: string): Promise<void>;
  testEnvironment(draft: EnvironmentDraft, signIn: SignInDraft): Promise<TestReport>;
  /** Tests again, keeps the portal, signs in as the operator and selects it. */
  addEnvironment(draft: EnvironmentDraft, signIn: SignInDraft): Promise<void>;
  /** `confirm` is the name as typed by the operator. */
  removeEnvironment(name: string, confirm: string): Promise<void>;

  setIdentity(role: string, signIn: SignInDraft): Promise<IdentityView>;
  checkIdentity(role: string): Promise<IdentityView>;
  forgetIdentity(role: string): Promise<void>;
  retryKeychain(): Promise<void>;

  setFaults(faults: string[]): Promise<void>;
  resetPractice(): Promise<void>;

  /** Starts a run under its release owner; the operator where the name is empty. Rejects while one is open. */
  startRun(owner: string): Promise<void>;
  /** Ends the open run; the next act opens another. */
  endRun(): Promise<void>;

  /** Begins a rehearsal that a person is walked through. Rejects where another run is open than `ends` says. */
  beginRehearsal(request: RehearsalRequest): Promise<void>;
  /** Walks nobody through it any longer; its run stays as it is. */
  leaveRehearsal(): Promise<void>;
  surprise(surprise: Surprise, on: boolean): Promise<void>;

  /** Puts a runbook's text in force; `name` is what its file is called. A bad one changes nothing. */
  setRunbook(name: string, text: string): Promise<void>;
  useBuiltinRunbook(): Promise<void>;

  verifyJournal(): Promise<JournalView>;
  /** Resolves to the path of the backup. */
  backupJournal(): Promise<string>;

  putDraft(key: string, text: string): Promise<void>;
  drafts(): Promise<Record<string, string>>;
  setTheme(theme: Theme): Promise<void>;
  /** Keeps the team's time zone, by its IANA name; null takes the machine's again. */
  setZone(zone: string | null): Promise<void>;
  /** Rejects if the clipboard, read back, does not hold the text. */
  copyText(text: string): Promise<void>;
}
