import { describe, expect, it } from "vitest";
import { findingOf, memberOf, staffOf } from "../dev/announcements";
import { NOW } from "../dev/fixtures";
import { asInput, asSlackShows, mended, reviewChoices, standing, stretches } from "../src/announce";

describe("times", () => {
  it("are typed by the team's clock, across the change to summer time", () => {
    expect(asInput(NOW, "Europe/Berlin")).toBe("2026-03-01T14:20");
    expect(asInput(NOW, "America/Los_Angeles")).toBe("2026-03-01T05:20");
    expect(asInput(Date.UTC(2026, 2, 29, 1, 0), "Europe/Berlin")).toBe("2026-03-29T03:00");
    expect(asInput(Date.UTC(2026, 2, 29, 0, 59), "Europe/Berlin")).toBe("2026-03-29T01:59");
  });

  it("offer the usual next reviews", () => {
    expect(reviewChoices(NOW, "Europe/Berlin").map(({ input }) => input)).toEqual([
      "2026-03-01T14:55",
      "2026-03-01T15:25",
      "2026-03-02T09:00",
    ]);
  });
});

describe("marks in a text", () => {
  it("show where facts and findings stand, and lose no letter", () => {
    const body = memberOf().body;
    const composer = memberOf({
      findings: [
        findingOf(body, "improvements", { warning: true }),
        findingOf(body, "borrow", {}),
        { ...findingOf(body, "", {}), start: 5, end: 5 },
      ],
    });
    const cut = stretches(composer, "body");
    expect(cut.map(({ text }) => text).join("")).toBe(body.text);
    expect(cut.find(({ text }) => text === "improvements")).toEqual({
      text: "improvements",
      fact: null,
      finding: "warning",
    });
    expect(cut.find(({ text }) => text === "borrow")).toEqual({
      text: "borrow",
      fact: "filled",
      finding: "error",
    });
    expect(stretches(memberOf(), "subject")).toHaveLength(1);
  });

  it("do not count a finding that was waived", () => {
    const finding = findingOf(memberOf().body, "stages", { warning: true, waived: "it is our word" });
    const composer = memberOf({ findings: [finding] });
    expect(standing(composer)).toEqual([]);
    expect(stretches(composer, "body").every((stretch) => stretch.finding === null)).toBe(true);
  });
});

it("a replacement is made where the finding says", () => {
  const composer = staffOf();
  const finding = findingOf(composer.body, "Phase 2", {});
  const fix = { kind: "replace" as const, start: finding.start, end: finding.end, with: "Phase 3" };
  expect(mended(composer, { ...finding, fix })).toBe(composer.body.text.replace("Phase 2", "Phase 3"));
  expect(mended(composer, finding)).toBeNull();
});

it("a message is shown as Slack shows it", () => {
  const shown = (mrkdwn: string) =>
    asSlackShows(mrkdwn)
      .map(({ text, style }) => (style === "plain" ? text : `[${style} ${text}]`))
      .join("");
  expect(shown("*Update: Phase 2*\n\n1. Moved to `Phase 2`.")).toBe(
    "[bold Update: Phase 2]\n\n1. Moved to [code Phase 2].",
  );
  expect(shown("3 &lt; 4 &amp;amp; 5 &gt; 2")).toBe("3 < 4 &amp; 5 > 2");
  expect(shown("phase_2_member_writes, 2 * 3 * 4, ~soon~ and _now_")).toBe(
    "phase_2_member_writes, 2 * 3 * 4, [strike soon] and [italic now]",
  );
  expect(shown("a * alone, `open")).toBe("a * alone, `open");
  expect(shown("")).toBe("");
});
