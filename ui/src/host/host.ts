import type { ChangeView } from "../bindings/ChangeView";
import type { DeskView } from "../bindings/DeskView";
import type { EnvironmentDraft } from "../bindings/EnvironmentDraft";
import type { IdentityView } from "../bindings/IdentityView";
import type { JournalView } from "../bindings/JournalView";
import type { SaveRequest } from "../bindings/SaveRequest";
import type { SignInDraft } from "../bindings/SignInDraft";
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
  /** Resolves once the change is concluded or its outcome is unknown; settling goes on afterwards. */
  savePhase(request: SaveRequest): Promise<ChangeView>;
  /** Asks now what became of a change whose outcome is unknown. */
  /** Stops waiting for the portal, unless a save was sent: what was waited for rejects with the code `stopped`. */
  stopWaiting(): Promise<void>;
  askOutcome(): Promise<void>;
  dismissChange(): Promise<void>;
  acknowledgeMove(): Promise<void>;

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
