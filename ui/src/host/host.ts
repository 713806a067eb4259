import type { ChangeView } from "../bindings/ChangeView";
import type { DeskView } from "../bindings/DeskView";
import type { EnvironmentDraft } from "../bindings/EnvironmentDraft";
import type { IdentityView } from "../bindings/IdentityView";
import type { ImportView } from "../bindings/ImportView";
import type { JournalView } from "../bindings/JournalView";
import type { MetricsView } from "../bindings/MetricsView";
import type { SaveRequest } from "../bindings/SaveRequest";
import type { SignInDraft } from "../bindings/SignInDraft";
import type { SmokePlan } from "../bindings/SmokePlan";
import type { SmokeReport } from "../bindings/SmokeReport";
import type { SmokeRequest } from "../bindings/SmokeRequest";
import type { SoakView } from "../bindings/SoakView";
import type { TestReport } from "../bindings/TestReport";
import type { Theme } from "../bindings/Theme";

/** What to do about a damaged journal; the damaged file is kept either way. */
export type StoreChoice = "restore_newest" | "start_new";

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
  /** Calls back with the run as it goes on. Resolves to a function that stops it. */
  onSmoke(receive: (report: SmokeReport | null) => void): Promise<() => void>;

  /** Makes a snapshot of the last so many minutes; it comes with the view model too. */
  captureMetrics(windowMinutes: number): Promise<MetricsView>;
  /** Copies the artifact as JSON, from the program: the text never passes through here. */
  copyMetrics(): Promise<void>;
  /** Attaches the newest snapshot's artifact to the run. */
  attachMetrics(): Promise<void>;
  /** Takes in the panel's JSON or a request log; `name` is what its rows are called by. */
  importMetrics(name: string, text: string): Promise<ImportView>;
  /** Earns the missing count for a phase's gates. Resolves when it is over, cancelled too. */
  runSoak(phase: string): Promise<void>;
  cancelSoak(): Promise<void>;
  /** Calls back as a soak goes on, and with null once none does. Resolves to a function that stops it. */
  onSoak(receive: (soak: SoakView | null) => void): Promise<() => void>;

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

  verifyJournal(): Promise<JournalView>;
  /** Resolves to the path of the backup. */
  backupJournal(): Promise<string>;

  putDraft(key: string, text: string): Promise<void>;
  drafts(): Promise<Record<string, string>>;
  setTheme(theme: Theme): Promise<void>;
  /** Rejects if the clipboard, read back, does not hold the text. */
  copyText(text: string): Promise<void>;
}
