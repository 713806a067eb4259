import type { AnnounceView } from "./bindings/AnnounceView";
import type { AudienceView } from "./bindings/AudienceView";
import type { ComposerView } from "./bindings/ComposerView";
import type { CopyPart } from "./bindings/CopyPart";
import type { FileFormat } from "./bindings/FileFormat";
import type { FindingView } from "./bindings/FindingView";
import type { MadeView } from "./bindings/MadeView";
import type { PartView } from "./bindings/PartView";
import type { Problem } from "./bindings/Problem";
import type { SentDraft } from "./bindings/SentDraft";
import type { TemplateDraft } from "./bindings/TemplateDraft";
import type { Host } from "./host/host";
import { mended } from "./announce";
import { problemToShow } from "./problem";

/** How long typing has to pause before it is checked. */
const QUIET_MS = 150;

interface Typed {
  subject: string;
  body: string;
}

/** The two texts that are being written. The program keeps and checks them; here is what is typed until it knows. */
export class Announce {
  readonly #host: Host;

  view = $state.raw<AnnounceView | null>(null);
  history = $state.raw<MadeView[]>([]);
  search = $state("");
  /** Whose texts the history shows. */
  audience = $state<AudienceView | null>(null);
  /** What went wrong, and with whose text; null: with neither. */
  problem = $state.raw<{ audience: AudienceView | null; problem: Problem } | null>(null);
  /** What was just done, to be said near where it was done. */
  said = $state.raw<{ audience: AudienceView; words: string } | null>(null);
  doing = $state(false);
  #typed = $state.raw<Record<AudienceView, Typed | null>>({ staff: null, member: null });
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What is asked of the program is asked in order, so that no older answer comes last. */
  #queue: Promise<unknown> = Promise.resolve();
  #loading = false;

  constructor(host: Host) {
    this.#host = host;
  }

  /** Gets how everything stands, unless that is under way. */
  load(): void {
    if (this.#loading) return;
    this.#loading = true;
    void this.#ask(null, () => this.#host.announcements()).finally(() => (this.#loading = false));
    void this.find();
  }

  composer(audience: AudienceView): ComposerView | undefined {
    return this.view?.composers.find((composer) => composer.audience === audience);
  }

  /** A part as it stands on screen. */
  text(audience: AudienceView, part: PartView): string {
    return this.#typed[audience]?.[part] ?? this.composer(audience)?.[part].text ?? "";
  }

  /** Whether what the checks say is about another text than the one on screen. */
  isBehind(audience: AudienceView): boolean {
    return this.#typed[audience] !== null;
  }

  type(audience: AudienceView, part: PartView, text: string): void {
    const before = { subject: this.text(audience, "subject"), body: this.text(audience, "body") };
    this.#typed = { ...this.#typed, [audience]: { ...before, [part]: text } };
    this.said = null;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), QUIET_MS);
  }

  /** Hands over what was typed. Resolves when the program knows it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all((["staff", "member"] as const).map((audience) => this.#handOver(audience)));
  }

  /** Applies what would mend a finding. */
  async mend(audience: AudienceView, finding: FindingView): Promise<void> {
    const composer = this.composer(audience);
    if (!composer || this.isBehind(audience)) return;
    if (finding.fix.kind === "refill") return this.refill(audience);
    const text = mended(composer, finding);
    if (text === null) return;
    this.type(audience, finding.part, text);
    await this.flush();
  }

  refill = (audience: AudienceView): Promise<void> =>
    this.#after(audience, () => this.#host.refillAnnouncement(audience));

  restart = (audience: AudienceView): Promise<void> =>
    this.#after(audience, () => this.#host.restartAnnouncement(audience));

  choose = (audience: AudienceView, id: string): Promise<void> =>
    this.#after(audience, () => this.#host.chooseTemplate(audience, id));

  setFact = (placeholder: string, text: string): Promise<void> =>
    this.#after(null, () => this.#host.setAnnouncementFact(placeholder, text));

  /** Turns to a rollback's notices: of the one that is open, or of one from a phase that may come. */
  notice = (from: string | null): Promise<void> =>
    this.#after(null, () => this.#host.writeRollbackNotice(from));

  setWords = (internal: string[], punitive: string[]): Promise<void> =>
    this.#after(null, () => this.#host.setAnnouncementWords(internal, punitive));

  waive = (audience: AudienceView, finding: FindingView, reason: string): Promise<void> =>
    this.#after(audience, () =>
      this.#host.waiveFinding({
        audience,
        code: finding.code,
        part: finding.part,
        found: finding.found,
        reason,
      }),
    );

  copy = (audience: AudienceView, part: CopyPart): Promise<void> =>
    this.#act(audience, async () => {
      await this.#host.copyAnnouncement(audience, part);
      return part === "both" ? "Copied: subject and body." : `Copied: the ${part}.`;
    });

  save = (audience: AudienceView, format: FileFormat): Promise<void> =>
    this.#act(audience, async () => {
      const file = await this.#host.saveAnnouncement(audience, format);
      return file === null ? "" : `Saved as ${file}`;
    });

  post = (audience: AudienceView, again: boolean): Promise<void> =>
    this.#act(audience, async () => {
      const { post } = await this.#host.postAnnouncement(audience, again);
      return post?.found ?? "";
    });

  markSent = (audience: AudienceView, sent: SentDraft): Promise<void> =>
    this.#act(audience, async () => {
      await this.#host.markAnnouncementSent(sent);
      return "Recorded as sent.";
    });

  setWebhook = (address: string): Promise<void> => this.#change(() => this.#host.setWebhook(address));
  forgetWebhook = (): Promise<void> => this.#change(() => this.#host.forgetWebhook());
  saveTemplate = (template: TemplateDraft): Promise<void> =>
    this.#change(() => this.#host.saveTemplate(template));
  restoreTemplate = (id: string, number: number): Promise<void> =>
    this.#change(() => this.#host.restoreTemplate(id, number));

  /** Looks through the texts that left the desk. */
  async find(): Promise<void> {
    const { audience, search } = this;
    try {
      const found = await this.#host.announcementHistory(audience, search);
      // What was typed since is looked for anew.
      if (audience === this.audience && search === this.search) this.history = found;
    } catch (thrown) {
      this.#fail(null, thrown);
    }
  }

  async #handOver(audience: AudienceView): Promise<void> {
    const typed = this.#typed[audience];
    if (typed === null) return;
    await this.#ask(audience, async () => {
      const view = await this.#host.editAnnouncement(audience, typed.subject, typed.body);
      // What was typed since is handed over next.
      if (this.#typed[audience] === typed) this.#typed = { ...this.#typed, [audience]: null };
      return view;
    });
  }

  /** Something that changes what is on the page, after what was typed. */
  async #after(audience: AudienceView | null, ask: () => Promise<AnnounceView>): Promise<void> {
    this.said = null;
    await this.flush();
    await this.#ask(audience, ask);
  }

  /** Something that leaves the desk, after what was typed. */
  async #act(audience: AudienceView, act: () => Promise<string>): Promise<void> {
    if (this.doing) return;
    this.doing = true;
    this.problem = this.said = null;
    try {
      await this.flush();
      this.said = { audience, words: await act() };
    } catch (thrown) {
      this.#fail(audience, thrown);
    }
    this.doing = false;
    this.load();
  }

  async #change(act: () => Promise<void>): Promise<void> {
    this.problem = null;
    try {
      await act();
    } catch (thrown) {
      this.#fail(null, thrown);
    }
    this.load();
  }

  #ask(audience: AudienceView | null, ask: () => Promise<AnnounceView>): Promise<void> {
    const turn = this.#queue.then(async () => {
      try {
        this.view = await ask();
        if (this.problem?.audience === audience) this.problem = null;
      } catch (thrown) {
        this.#fail(audience, thrown);
      }
    });
    this.#queue = turn;
    return turn;
  }

  #fail(audience: AudienceView | null, thrown: unknown): void {
    const problem = problemToShow(thrown);
    this.problem = problem && { audience, problem };
  }
}
