//! Texts that may go out, however unusual.

use super::*;

const STAFF: &str = "staff";
const MEMBER: &str = "member";
const S: Part = Part::Subject;
const B: Part = Part::Body;

/// The filled template with one thing changed in a part; nothing named is nothing replaced, but something added.
const GOOD: [(&str, Part, &str, &str); 56] = [
    (STAFF, S, "update", "update 🎉"),
    (STAFF, S, "Phase 2", "phase 2"),
    (STAFF, S, "Phase 2", "Phase II"),
    (STAFF, S, "Phase 2", "Phase\u{a0}2"),
    (STAFF, S, "Library rollout phase update: Phase 2", "Phase 2 is on"),
    (STAFF, B, "1. We moved", "Dear all,\n\n1. We moved"),
    (
        STAFF,
        B,
        "1. We moved library rollout to `Phase 2` at `25 Nov 2026, 14:02 CET (Europe/Vienna)`.",
        "1. Since `25 Nov 2026, 14:02 CET (Europe/Vienna)` the library is in `Phase 2`.",
    ),
    (STAFF, B, "`Phase 2`", "**Phase 2**"),
    (STAFF, B, "to `Phase 2`", "from Phase 1 to `Phase 2`"),
    (STAFF, B, "`Phase 2`", "`Phase 2` (`phase_2_member_writes`)"),
    (
        STAFF,
        B,
        "25 Nov 2026, 14:02 CET (Europe/Vienna)",
        "25 Nov 2026, 08:02 EST (America/New_York)",
    ),
    (
        STAFF,
        B,
        "25 Nov 2026, 15:00 CET (Europe/Vienna)",
        "26 Nov 2026, 09:00 CET (Europe/Vienna)",
    ),
    (STAFF, B, "give feedback again", "say what they think again"),
    (STAFF, B, "request id", "the Request ID"),
    (STAFF, B, "request id", "request-ids"),
    (
        STAFF,
        B,
        "",
        "5. Codes such as LIBRARY_ROLLOUT_BLOCKED or HTTP 404 come with req_Ab12Cd34Ef56Gh78.\n",
    ),
    (
        STAFF,
        B,
        "",
        "5. Your uid is in `updatedByUid`; the API and its metrics are forbidden to members.\n",
    ),
    (
        STAFF,
        B,
        "",
        "5. \"3 < 4 & 5 > 2\", said O'Neil; C:\\desk, 100 %, $5, <b>\n",
    ),
    (STAFF, B, "", "\ttabs\tare fine\n"),
    (STAFF, B, "", "Also in #general.\n"),
    (STAFF, B, "\n", "\r\n"),
    (STAFF, B, "\n", "\r"),
    (MEMBER, S, "update", "update: die Bücherei ist offen"),
    (MEMBER, S, "Library experience update", "図書館からのお知らせ"),
    (MEMBER, S, "Library experience update", "عن المكتبة"),
    (
        MEMBER,
        S,
        "Library experience update",
        "A subject of 78 characters which is as long as a subject may be in this world!",
    ),
    (MEMBER, S, "update", "update 👩\u{200d}👩\u{200d}👧\u{200d}👦"),
    (MEMBER, S, "update", "update 👍🏽 🧑🏿\u{200d}🏫"),
    (
        MEMBER,
        S,
        "update",
        "update ❤\u{fe0f} 1\u{fe0f}\u{20e3} ☎\u{fe0e}",
    ),
    (MEMBER, S, "update", "update 🏳\u{fe0f}\u{200d}🌈 🇦🇹"),
    (
        MEMBER,
        S,
        "update",
        "update 🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    ),
    (MEMBER, B, "`you can", "`From today you can"),
    (
        MEMBER,
        B,
        "borrow and return books, see your loans, and share ratings, reviews and suggestions",
        "read to your heart's content",
    ),
    (
        MEMBER,
        B,
        "1. We are rolling out",
        "Hello!\n\n1. We are rolling out",
    ),
    (
        MEMBER,
        B,
        "",
        "5. Everything is fine, and the fine print stays short.\n",
    ),
    (
        MEMBER,
        B,
        "",
        "5. The guide to liquid glazes, druids and apiaries is back.\n",
    ),
    (MEMBER, B, "", "5. An urban banner hangs by the suspenders.\n"),
    (
        MEMBER,
        B,
        "",
        "5. A must-read: The Capital, room 404, page 500, 5-star.\n",
    ),
    (MEMBER, B, "", "5. We are on the first floor, #1 and #2.\n"),
    (
        MEMBER,
        B,
        "",
        "5. Call +43 1 234567890 or see https://studio.example/library/news-2026.\n",
    ),
    (MEMBER, B, "", "5. ISBN 978-3-16-148410-0 is in.\n"),
    (
        MEMBER,
        B,
        "",
        "5. Donaudampfschifffahrtsgesellschaft is one word.\n",
    ),
    (
        MEMBER,
        B,
        "",
        "5. Opening hours: 10:00 to 18:00 CET (Europe/Vienna).\n",
    ),
    (MEMBER, B, "", "5. A request: idle kilns, please.\n"),
    (MEMBER, B, "", "5. Errors? There are 400 reasons to tell us.\n"),
    (
        MEMBER,
        B,
        "",
        "5. Our library ops team is not found on page 404.\n",
    ),
    (MEMBER, B, "", "5. You may bring guests; 403 of you did.\n"),
    (MEMBER, B, "", "5. Phase 2 is the second of three.\n"),
    (MEMBER, B, "", "5. (All welcome) [also guests] <3\n"),
    (MEMBER, B, "", "5. INC is a good abbreviation; so is E2E.\n"),
    (
        MEMBER,
        B,
        "",
        "5. In the library. Items are many; the library.org is not ours.\n",
    ),
    (MEMBER, B, "", "5. العربية и русский και ελληνικά\n"),
    (MEMBER, B, "", "5. Café, nai\u{308}ve, 🏺\n"),
    (
        MEMBER,
        B,
        "4. Thank you for your feedback while we tune reliability.\n",
        "",
    ),
    (MEMBER, B, "\n", "\r\n"),
    (MEMBER, B, "\n", "\n\n"),
];

#[test]
fn every_good_text_passes() {
    let desk = Desk::new();
    let mut wrong = Vec::new();
    for (template, part, from, to) in GOOD {
        let draft = desk.draft(template);
        let text = draft.text();
        let was = text.part(part);
        let now = if from.is_empty() {
            format!("{was}{to}")
        } else {
            assert!(was.contains(from), "{from:?} is not in {was:?}");
            was.replace(from, to)
        };
        let [subject, body] = Part::ALL.map(|each| {
            if each == part {
                now.as_str()
            } else {
                text.part(each)
            }
        });
        let findings = desk.check(&draft.clone().with_text(subject, body));
        for finding in findings {
            wrong.push(format!(
                "{to:?}: {:?} {:?} {:?}",
                finding.code, finding.found, finding.words
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Limits are those of where a text goes.
#[test]
fn a_length_matters_only_where_the_text_goes() {
    let mut desk = Desk::new();
    let draft = desk.draft(MEMBER);
    let long = draft.clone().with_text(
        &"long ".repeat(20),
        &format!("{}{}", draft.text().body, "a b ".repeat(10_000)),
    );
    let codes = |desk: &Desk| -> Vec<Code> { desk.check(&long).iter().map(|finding| finding.code).collect() };
    assert_eq!(codes(&desk), [Code::SubjectLong, Code::TextTooLong]);
    desk.outlets = vec![Outlet::Email];
    assert_eq!(codes(&desk), [Code::SubjectLong]);
    desk.outlets = vec![];
    assert_eq!(codes(&desk), []);
}
