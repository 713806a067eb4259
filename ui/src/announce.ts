import type { AudienceView } from "./bindings/AudienceView";
import type { ComposerView } from "./bindings/ComposerView";
import type { FactView } from "./bindings/FactView";
import type { FindingView } from "./bindings/FindingView";
import type { PartView } from "./bindings/PartView";
import type { PostView } from "./bindings/PostView";
import type { MarkTone } from "./components/shared/Mark.svelte";
import { ago } from "./time";

export const AUDIENCES: Record<AudienceView, string> = { staff: "Staff", member: "Members" };

const MINUTE = 60_000;
const STEP = 5 * MINUTE;

/** A moment as `input type=datetime-local` has it, by the zone's clock: "2026-11-25T14:02". */
export function asInput(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
  }).format(ms);
  return parts.replace(" ", "T");
}

/** The usual times of a next review: in half an hour and in an hour, to five minutes, and tomorrow morning. */
export function reviewChoices(now: number, zone: string): { title: string; input: string }[] {
  const soon = (minutes: number) => asInput(Math.ceil((now + minutes * MINUTE) / STEP) * STEP, zone);
  const tomorrow = asInput(now + 24 * 60 * MINUTE, zone).slice(0, 10);
  return [
    { title: "In 30 min", input: soon(30) },
    { title: "In 1 h", input: soon(60) },
    { title: "Tomorrow 9:00", input: `${tomorrow}T09:00` },
  ];
}

/** Where a fact came from, as a few words. */
export function sourceOf(fact: FactView, now: number): string {
  switch (fact.source) {
    case "portal":
      return fact.seenAtMs === null ? "from the portal" : `from the portal, ${ago(fact.seenAtMs, now)}`;
    case "runbook":
      return "suggested by the runbook";
    case "rollback":
      return "from the rollback";
    case "person":
      return "typed here";
    case "missing":
      return fact.editable ? "missing: type it" : "the portal has confirmed none";
  }
}

/** A stretch of a text and what is to be said of it. */
export interface Stretch {
  text: string;
  /** The fact that stands there, or that should. */
  fact: "filled" | "changed" | null;
  /** The worst finding that touches it. */
  finding: "error" | "warning" | null;
}

/** A text cut where a fact or a finding begins or ends. Findings where nothing stands mark nothing. */
export function stretches(composer: ComposerView, part: PartView): Stretch[] {
  const { text, spans } = composer[part];
  const findings = standing(composer).filter((finding) => finding.part === part);
  const cuts = new Set([0, text.length]);
  for (const { start, end } of [...spans, ...findings]) cuts.add(start).add(end);
  const at = [...cuts].filter((cut) => cut <= text.length).sort((a, b) => a - b);
  return at.slice(0, -1).map((start, index) => {
    const end = at[index + 1] ?? text.length;
    const covers = (place: { start: number; end: number }) => place.start <= start && end <= place.end;
    const span = spans.find(covers);
    const found = findings.filter(covers);
    return {
      text: text.slice(start, end),
      fact: span ? (span.filled ? "filled" : "changed") : null,
      finding: found.some((finding) => !finding.warning) ? "error" : found.length > 0 ? "warning" : null,
    };
  });
}

/** The findings that stand in the way. */
export function standing(composer: ComposerView): FindingView[] {
  return composer.findings.filter((finding) => finding.waived === null);
}

/** A part with a finding's replacement made; null for another kind of fix. */
export function mended(composer: ComposerView, finding: FindingView): string | null {
  if (finding.fix.kind !== "replace") return null;
  const { text } = composer[finding.part];
  return text.slice(0, finding.fix.start) + finding.fix.with + text.slice(finding.fix.end);
}

/** What came of a post, in a word or two. */
export function postWord({ outcome }: PostView): { tone: MarkTone; word: string } {
  switch (outcome) {
    case "posted":
      return { tone: "good", word: "Posted" };
    case "refused":
      return { tone: "bad", word: "Refused, not posted" };
    case "not_sent":
      return { tone: "bad", word: "Not sent" };
    case "unknown":
      return { tone: "unknown", word: "May have been posted" };
  }
}

/** A stretch of a message as Slack shows it. */
export interface SlackStretch {
  text: string;
  style: "plain" | "bold" | "italic" | "strike" | "code";
}

const SLACK_STYLES = { "`": "code", "*": "bold", _: "italic", "~": "strike" } as const;
const SLACK_MARKED = /(?<![\p{L}\p{N}])([`*_~])(?!\s)([^\n]*?[^\s])\1(?![\p{L}\p{N}])/gu;

/** Slack's mrkdwn as the reader sees it: what stands between marks in its style, and the escaped characters as they are. */
export function asSlackShows(mrkdwn: string): SlackStretch[] {
  const plain = (text: string) =>
    text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
  const shown: SlackStretch[] = [];
  let at = 0;
  for (const marked of mrkdwn.matchAll(SLACK_MARKED)) {
    shown.push({ text: plain(mrkdwn.slice(at, marked.index)), style: "plain" });
    const style = SLACK_STYLES[marked[1] as keyof typeof SLACK_STYLES];
    shown.push({ text: plain(marked[2] ?? ""), style });
    at = marked.index + marked[0].length;
  }
  shown.push({ text: plain(mrkdwn.slice(at)), style: "plain" });
  return shown.filter(({ text }) => text !== "");
}
