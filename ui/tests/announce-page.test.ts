import { screen, within } from "@testing-library/svelte";
import { describe, expect, it, vi } from "vitest";
import { announceOf, findingOf, madeOf, memberOf, staffOf } from "../dev/announcements";
import { PHASE_2, rollbackOf, viewOf } from "../dev/fixtures";
import { FakeHost } from "../dev/host";
import { asInput } from "../src/announce";
import type { AnnounceView } from "../src/bindings/AnnounceView";
import { click, expectAccessible, openAt, settle, type, words } from "./window";

async function openTexts(more: Partial<AnnounceView> = {}, view = viewOf()): Promise<FakeHost> {
  const host = new FakeHost(view);
  host.texts = announceOf(more);
  return openAt("announce", view, host);
}

const button = (testId: string) => screen.getByTestId<HTMLButtonElement>(testId);

describe("the two texts", () => {
  it("stand side by side as the reader will see them, with the facts beside them", async () => {
    await openTexts();
    expect(screen.getByTestId<HTMLTextAreaElement>("subject-staff").value).toBe(
      "Library rollout phase update: Phase 2",
    );
    expect(words("fact-timestamp")).toContain("from the portal, 12 s ago");
    expect(words("fact-next_check_time")).toContain("typed here");
    expect(within(screen.getByTestId("composer-member")).getByText("Every check passes")).toBeTruthy();
    await expectAccessible();
  });

  it("can be seen as plain text, in Slack's form and as mail", async () => {
    await openTexts();
    const staff = within(screen.getByTestId("composer-staff"));
    await click(staff.getByRole("button", { name: "Slack" }));
    const slack = screen.getByTestId("slack-staff");
    expect(slack.querySelector("strong")?.textContent).toBe("Library rollout phase update: Phase 2");
    expect(slack.querySelector("code")?.textContent).toBe("Phase 2");
    expect(staff.getByText(/^\*Library rollout phase update: Phase 2\*/)).toBeTruthy();
    await click(staff.getByRole("button", { name: "E-mail" }));
    expect(screen.getByTestId("mail-staff").querySelector("ol li code")?.textContent).toBe("Phase 2");
    await click(staff.getByRole("button", { name: "Plain" }));
    expect(screen.getByTestId("plain-staff").textContent).toContain("\n\n1. We moved");
    await expectAccessible();
  });

  it("take nothing of the mail as markup but what the program makes", async () => {
    const html = '<p onclick="alert(1)">a<script>alert(2)</script><img src=x onerror="alert(3)"></p>';
    await openTexts({ composers: [staffOf({ html }), memberOf()] });
    await click(within(screen.getByTestId("composer-staff")).getByRole("button", { name: "E-mail" }));
    const mail = screen.getByTestId("mail-staff");
    expect(mail.querySelector("script, img, [onclick]")).toBeNull();
    expect(mail.textContent).not.toContain("alert");
  });
});

describe("a text that is refused", () => {
  const refused = () => {
    const body = memberOf().body;
    const finding = findingOf(body, "improvements", {
      fix: { kind: "replace", start: 28, end: 40, with: "changes" },
    });
    return memberOf({ findings: [finding], ready: false, refusal: "1 check stands in the way: a word." });
  };

  it("cannot be copied, and says why beside the button", async () => {
    const host = await openTexts({ composers: [staffOf(), refused()] });
    expect(button("copy-member").getAttribute("aria-disabled")).toBe("true");
    expect(words("refusal-member")).toBe("1 check stands in the way: a word.");
    const described = button("copy-member").getAttribute("aria-describedby");
    expect(document.getElementById(described ?? "")?.textContent).toContain("1 check");
    await click(button("copy-member"));
    expect(host.given("copyAnnouncement")).toEqual([]);
    await expectAccessible();
  });

  it("is mended with one click", async () => {
    const host = await openTexts({ composers: [staffOf(), refused()] });
    await click(button("mend-internal_word"));
    const { text } = memberOf().body;
    expect(host.given("editAnnouncement")).toEqual([
      ["member", "Library experience update", `${text.slice(0, 28)}changes${text.slice(40)}`],
    ]);
  });

  it("goes out with a reason where it is a warning", async () => {
    const finding = findingOf(memberOf().body, "stages", { code: "punitive", warning: true });
    const host = await openTexts({ composers: [staffOf(), memberOf({ findings: [finding], ready: false })] });
    await click(button("waive-punitive"));
    await type(screen.getByLabelText("Why it may stand. It is recorded."), " It is meant ");
    await expectAccessible();
    await click(screen.getByRole("button", { name: "Let it stand" }));
    expect(host.given("waiveFinding")).toEqual([
      [{ audience: "member", code: "punitive", part: "body", found: "stages", reason: "It is meant" }],
    ]);
  });
});

describe("typing", () => {
  it("is handed over when it pauses, and before anything is copied", async () => {
    const host = await openTexts();
    await type(screen.getByTestId("subject-member"), "Library\nnews");
    expect(host.given("editAnnouncement")).toEqual([]);
    expect(button("copy-member").getAttribute("aria-disabled")).toBe("true");
    await vi.waitFor(() => expect(host.given("editAnnouncement")).toHaveLength(1));
    await settle();
    expect(host.given("editAnnouncement")[0]?.slice(0, 2)).toEqual(["member", "Library news"]);
    expect(button("copy-member").getAttribute("aria-disabled")).toBe("false");
    await click(button("copy-member"));
    expect(host.given("copyAnnouncement")).toEqual([["member", "both"]]);
    expect(words("said-member")).toBe("Copied: subject and body.");
  });

  it("is not lost by leaving the page", async () => {
    const host = await openTexts();
    await type(screen.getByTestId("subject-member"), "Library news");
    await click(screen.getByTestId("nav-phase"));
    expect(host.given("editAnnouncement")).toHaveLength(1);
    await click(screen.getByTestId("nav-announce"));
    expect(screen.getByTestId<HTMLTextAreaElement>("subject-member").value).toBe("Library news");
  });
});

it("an outdated text says which fact changed and is refilled with one click", async () => {
  const outdated = [{ meaning: "the phase's label", was: "Phase 2", is: "Phase 1" }];
  const host = await openTexts({ composers: [staffOf({ outdated, ready: false }), memberOf()] });
  expect(words("outdated-staff")).toContain("the phase's label: Phase 2 is now Phase 1");
  await click(button("refill-staff"));
  expect(host.given("refillAnnouncement")).toEqual([["staff"]]);
});

it("the facts are asked for anew when anything on screen changes", async () => {
  const host = await openTexts();
  const before = host.given("announcements").length;
  host.show({ run: null });
  await settle();
  expect(host.given("announcements").length).toBe(before + 1);
});

it("the next review is chosen in one click, for every text", async () => {
  const host = await openTexts();
  await click(screen.getByRole("button", { name: "In 30 min" }));
  expect(host.given("setAnnouncementFact")).toEqual([["next_check_time", "2026-03-01T14:55"]]);
});

it("a text is made anew only after asking, since what was written by hand goes with it", async () => {
  const host = await openTexts();
  await click(button("anew-staff"));
  expect(screen.getByRole("dialog").textContent).toContain("by hand");
  await click(screen.getByRole("button", { name: "Leave it as it is" }));
  expect(host.given("restartAnnouncement")).toEqual([]);
  await click(button("anew-staff"));
  await click(screen.getByRole("button", { name: "Make it anew" }));
  expect(host.given("restartAnnouncement")).toEqual([["staff"]]);
});

describe("what left the desk", () => {
  it("is marked as sent, with where", async () => {
    const host = await openTexts({ composers: [staffOf({ made: madeOf() }), memberOf()] });
    await click(button("mark-sent-staff"));
    await click(button("sent-save"));
    expect(screen.getByText("Say where: the channel, the mailing list.")).toBeTruthy();
    await type(screen.getByTestId("sent-place"), "#ops-library");
    await expectAccessible();
    await click(button("sent-save"));
    expect(host.given("markAnnouncementSent")).toMatchObject([
      [{ id: madeOf().id, place: "#ops-library", at: null }],
    ]);
  });

  it("is marked as sent at another time by the team's clock, whatever the machine's is", async () => {
    const view = viewOf({ zone: "America/New_York" });
    const host = await openTexts({ composers: [staffOf({ made: madeOf() }), memberOf()] }, view);
    await click(button("mark-sent-staff"));
    const when = screen.getByLabelText<HTMLInputElement>("When, in America/New_York");
    expect(when.value).toBe(asInput(Date.now(), "America/New_York"));
    await type(when, "2026-03-01T08:05");
    await type(screen.getByTestId("sent-place"), "#ops-library");
    await click(button("sent-save"));
    expect(host.given("markAnnouncementSent")).toMatchObject([[{ at: "2026-03-01T08:05" }]]);
  });

  it("is saved where the person chooses, and nothing is said when they choose nowhere", async () => {
    const host = await openTexts();
    await click(button("save-eml-member"));
    expect(words("said-member")).toContain("Saved as /home/ana/");
    host.saveAnnouncement = () => Promise.resolve(null);
    await click(button("save-txt-member"));
    expect(words("said-member")).toBe("");
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("is posted after a look at it, and not known is shown as not known", async () => {
    const host = await openTexts({ webhook: "hooks.example" });
    await click(button("post-staff"));
    expect(screen.getByRole("dialog").textContent).toContain('{"text":"*Library rollout phase update');
    await click(screen.getByRole("button", { name: "Post it" }));
    expect(host.given("postAnnouncement")).toEqual([["staff", false]]);
    expect(words("made-staff")).toContain("May have been posted");
    await click(button("post-staff"));
    expect(screen.getByRole("dialog").textContent).toContain("Look into the channel first");
    await click(screen.getByRole("button", { name: "Post it again" }));
    expect(host.given("postAnnouncement")[1]).toEqual(["staff", true]);
  });

  it("is found again by its words", async () => {
    const host = new FakeHost(viewOf());
    host.earlier = [madeOf(), madeOf({ id: "2", audience: "member", subject: "Library experience update" })];
    await openAt("announce", viewOf(), host);
    expect(screen.getAllByTestId("earlier")).toHaveLength(2);
    await type(screen.getByTestId("history-search"), "experience");
    expect(screen.getAllByTestId("earlier")).toHaveLength(1);
    await expectAccessible();
  });

  it("is marked as sent later too, when another text is being written already", async () => {
    const host = new FakeHost(viewOf());
    host.earlier = [madeOf({ id: "7", audience: "member" })];
    await openAt("announce", viewOf(), host);
    await click(button("earlier-mark-sent"));
    await type(screen.getByTestId("sent-place"), "the members' list");
    await expectAccessible();
    await click(button("sent-save"));
    expect(host.given("markAnnouncementSent")).toMatchObject([[{ id: "7", place: "the members' list" }]]);
    expect(screen.queryByTestId("sent-form")).toBeNull();
  });
});

it("the webhook's address leaves the page as soon as it is kept", async () => {
  const host = await openTexts();
  await type(screen.getByTestId("webhook-address"), "https://hooks.example/services/hunter2");
  await click(button("webhook-keep"));
  expect(host.given("setWebhook")).toEqual([["https://hooks.example/services/hunter2"]]);
  expect(screen.getByTestId<HTMLInputElement>("webhook-address").value).toBe("");
  expect(JSON.stringify(host.kept)).not.toContain("hunter2");
});

describe("templates", () => {
  it("are saved as their next version, compared and restored", async () => {
    const host = await openTexts();
    await type(screen.getByTestId("template-subject"), "Library: {phase_label}");
    expect(words("template-save")).toBe("Save version 3");
    await click(button("template-save"));
    expect(host.given("saveTemplate")).toMatchObject([
      [{ id: "staff", subject: "Library: {phase_label}", body: "1. {timestamp}" }],
    ]);
    await click(screen.getByRole("button", { name: "Compare" }));
    expect(host.given("compareTemplate")).toEqual([["staff", 1, 2]]);
    expect(screen.getByTestId("difference").textContent).toContain("Library rollout phase update");
    await click(button("restore-1"));
    expect(host.given("restoreTemplate")).toEqual([["staff", 1]]);
  });

  it("are added by the team", async () => {
    const host = await openTexts();
    const chosen = screen.getByTestId<HTMLSelectElement>("template-chosen");
    chosen.value = "new";
    chosen.dispatchEvent(new Event("change", { bubbles: true }));
    await settle();
    await type(screen.getByLabelText("Name"), "Opening hours");
    await type(screen.getByLabelText("Its own placeholders, with commas between"), "room, opening hours");
    await type(screen.getByTestId("template-subject"), "{room}");
    await type(screen.getByTestId("template-body"), "1. {opening hours}");
    await click(button("template-save"));
    expect(host.given("saveTemplate")).toEqual([
      [
        {
          id: null,
          name: "Opening hours",
          audience: "staff",
          placeholders: ["room", "opening hours"],
          subject: "{room}",
          body: "1. {opening hours}",
        },
      ],
    ]);
  });
});

it("words are added to the lists", async () => {
  const host = await openTexts();
  await type(screen.getByTestId("word-internal"), "kiln portal");
  await click(
    within(screen.getByTestId("words")).getAllByRole("button", { name: "Add the word" })[0] as HTMLElement,
  );
  expect(host.given("setAnnouncementWords")).toEqual([[["kiln portal"], []]]);
});

describe("a rollback", () => {
  it("asks for its notice, from its own page and here", async () => {
    const rollback = { to: PHASE_2, incidentId: "INC-7", open: false };
    const host = await openTexts({ rollback }, viewOf({ rollback: rollbackOf() }));
    expect(words("rollback-untold")).toContain("Staff have not been told of the rollback to Phase 2");
    expect(words("nav-announce")).toContain("staff have not been told of the rollback");
    await click(button("open-notice"));
    expect(host.given("writeRollbackNotice")).toEqual([[null]]);
  });

  it("leads from its own step to its notice", async () => {
    const host = new FakeHost(viewOf({ rollback: rollbackOf({ verify: "done" }) }));
    await openAt("rollback", host.view, host);
    await click(button("write-notice"));
    expect(host.given("writeRollbackNotice")).toEqual([[null]]);
    expect(screen.getByTestId("composer-staff")).toBeTruthy();
  });

  it("has its notice prepared before going live", async () => {
    const host = await openTexts();
    await click(screen.getByRole("button", { name: "Phase 3 back to Phase 2" }));
    expect(host.given("writeRollbackNotice")).toEqual([["phase_3_admin_full"]]);
  });
});
