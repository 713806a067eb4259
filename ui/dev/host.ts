import type { ChangeView } from "../src/bindings/ChangeView";
import type { DeskView } from "../src/bindings/DeskView";
import type { SmokeReport } from "../src/bindings/SmokeReport";
import type { SoakView } from "../src/bindings/SoakView";
import type { Host } from "../src/host/host";
import { metricsOf, planOf } from "./fixtures";

/** A host in memory. Each command can be replaced; those that show at once do so here. */
export class FakeHost implements Host {
  view: DeskView;
  readonly kept: Record<string, string> = {};
  readonly calls: { name: string; given: unknown[] }[] = [];
  #receive: (view: DeskView) => void = () => undefined;

  /** The newest run of the checklist. */
  report: SmokeReport | null = null;
  #receiveSmoke: (report: SmokeReport | null) => void = () => undefined;
  #receiveSoak: (soak: SoakView | null) => void = () => undefined;

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
  importMetrics: Host["importMetrics"] = async (name, text) => {
    await this.#called("importMetrics", name, text);
    return { added: 118, already: 0, bad: [] };
  };
  runSoak: Host["runSoak"] = (phase) => this.#called("runSoak", phase);
  cancelSoak: Host["cancelSoak"] = () => this.#called("cancelSoak");
  async onSoak(receive: (soak: SoakView | null) => void) {
    this.#receiveSoak = receive;
    await this.#called("onSoak");
    return () => (this.#receiveSoak = () => undefined);
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
  copyText: Host["copyText"] = (text) => this.#called("copyText", text);

  #identity(role: string) {
    const identity = this.view.identities.find((each) => each.role === role);
    if (!identity) throw new Error(`no identity ${role}`);
    return identity;
  }
}
