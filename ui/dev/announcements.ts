import type { AnnounceView } from "../src/bindings/AnnounceView";
import type { ComposerView } from "../src/bindings/ComposerView";
import type { FindingView } from "../src/bindings/FindingView";
import type { MadeView } from "../src/bindings/MadeView";
import type { TextView } from "../src/bindings/TextView";
import { NOW } from "./fixtures";

const MINUTE = 60_000;
const SET_AT = "1 Mar 2026, 14:02 CET (Europe/Berlin)";
const REVIEW = "1 Mar 2026, 15:00 CET (Europe/Berlin)";
const DELTA = "Members can borrow and return; staff tools stay closed";
const SUMMARY = "you can borrow and return books";

/** A text in which these words were filled. */
function textOf(text: string, filled: Record<string, string>): TextView {
  const spans = Object.entries(filled).map(([placeholder, words]) => {
    const start = text.indexOf(words);
    return { start, end: start + words.length, placeholder, filled: true };
  });
  return { text, spans, characters: text.length };
}

/** Something that the checks found in a text's body. */
export function findingOf(text: TextView, found: string, more: Partial<FindingView>): FindingView {
  const start = text.text.indexOf(found);
  return {
    code: "internal_word",
    warning: false,
    part: "body",
    start,
    end: start + found.length,
    found,
    words: "Members would read a word of the machinery.",
    fix: { kind: "instruct", words: "Say it in the members' words." },
    waived: null,
    ...more,
  };
}

export function staffOf(more: Partial<ComposerView> = {}): ComposerView {
  const body = `1. We moved library rollout to \`Phase 2\` at \`${SET_AT}\`.\n2. Expected behavior change:\n   - \`${DELTA}\`\n3. If you see errors, capture request id from staff troubleshooting and post in \`#ops-library\`.\n4. Next gate review at \`${REVIEW}\`.\n`;
  return {
    audience: "staff",
    template: "staff",
    templateName: "Staff",
    templateVersion: 1,
    templateIsOld: false,
    subject: textOf("Library rollout phase update: Phase 2", { phase_label: "Phase 2" }),
    body: textOf(body, {
      phase_label: "Phase 2",
      timestamp: SET_AT,
      "brief behavior delta": DELTA,
      next_check_time: REVIEW,
    }),
    outdated: [],
    findings: [],
    ready: true,
    refusal: "",
    planned: null,
    html: `<ol>\n<li>We moved library rollout to <code>Phase 2</code> at <code>${SET_AT}</code>.</li>\n</ol>\n`,
    mrkdwn: `*Library rollout phase update: Phase 2*\n\n${body}`,
    payload: '{"text":"*Library rollout phase update: Phase 2*"}',
    difference: null,
    made: null,
    ...more,
  };
}

export function memberOf(more: Partial<ComposerView> = {}): ComposerView {
  const body = `1. We are rolling out improvements to the studio library in stages.\n2. Current state: \`${SUMMARY}\`.\n`;
  return {
    ...staffOf(),
    audience: "member",
    template: "member",
    templateName: "Members",
    subject: textOf("Library experience update", {}),
    body: textOf(body, { "member-facing behavior summary": SUMMARY }),
    html: "<ol>\n<li>We are rolling out improvements.</li>\n</ol>\n",
    mrkdwn: `*Library experience update*\n\n${body}`,
    payload: '{"text":"*Library experience update*"}',
    ...more,
  };
}

export function madeOf(more: Partial<MadeView> = {}): MadeView {
  return {
    id: "0195512d-0211-7f6e-8000-000000000001",
    audience: "staff",
    template: "staff",
    templateVersion: 1,
    run: "R-014",
    actor: "staff_ana",
    atMs: NOW - 2 * MINUTE,
    subject: "Library rollout phase update: Phase 2",
    body: staffOf().body.text,
    sha256: "5b0c1e7a92d3f4868d1f",
    waivers: [],
    post: null,
    sent: [],
    ...more,
  };
}

export function announceOf(more: Partial<AnnounceView> = {}): AnnounceView {
  const fact = { isTime: false, editable: true, seenAtMs: null, source: "runbook" as const };
  return {
    environment: "practice",
    facts: [
      {
        ...fact,
        placeholder: "phase_label",
        meaning: "the phase's label",
        written: "Phase 2",
        input: "Phase 2",
        source: "portal",
        seenAtMs: NOW - 12_000,
        editable: false,
        usedBy: ["staff"],
      },
      {
        ...fact,
        placeholder: "timestamp",
        meaning: "the time of the phase change",
        written: SET_AT,
        input: "2026-03-01T14:02",
        source: "portal",
        seenAtMs: NOW - 12_000,
        isTime: true,
        editable: false,
        usedBy: ["staff"],
      },
      {
        ...fact,
        placeholder: "brief behavior delta",
        meaning: "the change in behaviour",
        written: DELTA,
        input: DELTA,
        usedBy: ["staff"],
      },
      {
        ...fact,
        placeholder: "next_check_time",
        meaning: "the next gate review",
        written: REVIEW,
        input: "2026-03-01T15:00",
        source: "person",
        isTime: true,
        usedBy: ["staff"],
      },
      {
        ...fact,
        placeholder: "member-facing behavior summary",
        meaning: "what members can do now",
        written: SUMMARY,
        input: SUMMARY,
        usedBy: ["member"],
      },
    ],
    composers: [staffOf(), memberOf()],
    templates: [
      {
        id: "staff",
        name: "Staff",
        audience: "staff",
        placeholders: [],
        versions: [
          {
            number: 2,
            subject: "Library rollout: {phase_label}",
            body: "1. {timestamp}",
            atMs: NOW - 90 * MINUTE,
            actor: "staff_ana",
          },
          {
            number: 1,
            subject: "Library rollout phase update: {phase_label}",
            body: "1. {timestamp}",
            atMs: null,
            actor: null,
          },
        ],
      },
      {
        id: "rollback-staff",
        name: "Rollback notice",
        audience: "staff",
        placeholders: [],
        versions: [
          {
            number: 1,
            subject: "Library rollback: back to {phase_label}",
            body: "1. {timestamp}",
            atMs: null,
            actor: null,
          },
        ],
      },
      {
        id: "member",
        name: "Members",
        audience: "member",
        placeholders: [],
        versions: [
          {
            number: 1,
            subject: "Library experience update",
            body: "1. {member-facing behavior summary}",
            atMs: null,
            actor: null,
          },
        ],
      },
    ],
    words: {
      internal: ["uid", "rollback"],
      punitive: ["violation"],
      addedInternal: [],
      addedPunitive: [],
    },
    webhook: null,
    rollback: null,
    ...more,
  };
}
