//! Files of which some lines cannot be read, or look as if they could not.

use crate::log::Field::{self, *};

/// What stands in an entry's fields but for the notes, to which the lines are added that could not be read.
pub type Fields = &'static [(Field, &'static str)];

/// A file of one entry, the lines of it that could not be read, and its fields.
pub const UNREAD: &[(&str, &[usize], Fields)] = &[
    // Nothing is wrong with these.
    ("Date: 2026-11-25", &[], &[(Date, "2026-11-25")]),
    ("date: 2026-11-25", &[], &[(Date, "2026-11-25")]),
    ("  Date: 2026-11-25", &[], &[(Date, "2026-11-25")]),
    ("- Date: 2026-11-25", &[], &[(Date, "2026-11-25")]),
    ("* Date : 2026-11-25", &[], &[(Date, "2026-11-25")]),
    (
        "DATE:2026-11-25\r\nRelease Owner:Ana\r\n",
        &[],
        &[(Date, "2026-11-25"), (ReleaseOwner, "Ana")],
    ),
    ("Phase rolled back: Phase 1", &[], &[(PhaseRolledBack, "Phase 1")]),
    (
        "Smoke results:\n  - member-smoke: ok\n  - staff-smoke: ok\n  - admin-smoke: ok",
        &[],
        &[(MemberSmoke, "ok"), (StaffSmoke, "ok"), (AdminSmoke, "ok")],
    ),
    (
        "Artifacts attached:\n\t- request ids: none",
        &[],
        &[(RequestIds, "none")],
    ),
    ("```\nDate:\n```\n", &[], &[]),
    ("```text\nDate: x\n```\n", &[], &[(Date, "x")]),
    // Line ends, marks and blanks of other programs.
    (
        "\u{feff}Date: 2026-11-25\r\n\r\nMood: good\r\n",
        &[3],
        &[(Date, "2026-11-25")],
    ),
    (
        "Date: 2026-11-25\rMood: good\rReason: x\r",
        &[2],
        &[(Date, "2026-11-25"), (Reason, "x")],
    ),
    ("Date: x\r\r\nMood: good", &[3], &[(Date, "x")]),
    (
        "Date: x\n\u{feff}Reason: y\nz",
        &[3],
        &[(Date, "x"), (Reason, "y")],
    ),
    (
        "Date:\u{a0}2026-11-25\u{a0}\n\u{a0}\u{a0}\u{a0}\u{a0}more",
        &[2],
        &[(Date, "2026-11-25")],
    ),
    (
        "Date:\t2026-11-25\nReason:\tloans\n\tfail\n  badly",
        &[4],
        &[(Date, "2026-11-25"), (Reason, "loans\nfail")],
    ),
    (
        "Date: 2026\u{200b}-11-25\nx",
        &[2],
        &[(Date, "2026\u{200b}-11-25")],
    ),
    // Word's line break within a paragraph, and a page break.
    ("Reason: a\u{b}b\nc\u{c}d", &[2], &[(Reason, "a\nb")]),
    ("Reason: a\u{0}b\n\u{0}\nc\u{7}", &[3], &[(Reason, "ab")]),
    // UTF-16 that was read as if it were UTF-8.
    (
        "D\u{0}a\u{0}t\u{0}e\u{0}:\u{0}x\u{0}\n\u{0}M\u{0}o\u{0}o\u{0}d\u{0}\n\u{0}",
        &[2],
        &[(Date, "x")],
    ),
    // UTF-8 that was read as if it were Latin-1.
    (
        "Release owner: ZoÃ«\nBegrÃ¼ndung: -",
        &[2],
        &[(ReleaseOwner, "ZoÃ«")],
    ),
    // Lines that are none of the template's.
    ("Date: x\nx", &[2], &[(Date, "x")]),
    ("x\nDate: x", &[1], &[(Date, "x")]),
    ("Date: x\nDuration: 3", &[2], &[(Date, "x")]),
    (
        "Date: x\nReason: a\n    further\nback",
        &[4],
        &[(Date, "x"), (Reason, "a\nfurther")],
    ),
    ("Reason: a\nReason: b", &[2], &[(Reason, "a")]),
    ("Reason: a\nReason: a", &[2], &[(Reason, "a")]),
    ("Reason: a\nReason:", &[2], &[(Reason, "a")]),
    ("Reason:\nReason: a", &[], &[(Reason, "a")]),
    (
        "Reason: a\nReason: b\n    and more of it",
        &[2, 3],
        &[(Reason, "a")],
    ),
    ("Reason: a\n:b", &[2], &[(Reason, "a")]),
    ("Reason: a\n::", &[2], &[(Reason, "a")]),
    ("Reason: a\n- :", &[2], &[(Reason, "a")]),
    ("Reason: a\n# Title", &[2], &[(Reason, "a")]),
    ("Reason: a\n=====\n***\n___", &[2, 3, 4], &[(Reason, "a")]),
    ("Reason: a\n```Reason: b```", &[2], &[(Reason, "a")]),
    ("Reason: a\n````\nx\n````", &[2, 3, 4], &[(Reason, "a")]),
    ("Reason: a\nSmoke results: all passed", &[2], &[(Reason, "a")]),
    (
        "Reason: a\n## Smoke results\n- member-smoke: ok\n__Artifacts attached__\n1",
        &[5],
        &[(Reason, "a"), (MemberSmoke, "ok")],
    ),
    // The same field by its two names.
    (
        "release-owner: Ana\nRelease owner: Bo",
        &[2],
        &[(ReleaseOwner, "Ana")],
    ),
    (
        "Phase rolled back: 1\nPhase rolled back (if any): 2",
        &[2],
        &[(PhaseRolledBack, "1")],
    ),
    // The owner before the day.
    (
        "Release owner: Ana\nDate: 2026-11-25\nOwner: Ana",
        &[3],
        &[(Date, "2026-11-25"), (ReleaseOwner, "Ana")],
    ),
    // Lists and tables.
    (
        "1. Date: 2026-11-25\n2. Release owner: Ana\nReason: a",
        &[1, 2],
        &[(Reason, "a")],
    ),
    (
        "a) Date: x\nb) Reason: y\n\u{2022} Tags: z",
        &[1, 2],
        &[(Tags, "z")],
    ),
    (
        "[x] Date: x\n\u{2610} Reason: y\n[no] Tags: z",
        &[3],
        &[(Date, "x"), (Reason, "y")],
    ),
    (
        "+ Reason: y\n\u{2014} Tags: z\n> > Notes",
        &[3],
        &[(Reason, "y"), (Tags, "z")],
    ),
    (
        "| Date | 2026-11-25 |\n| Release owner | Ana |\nReason: a",
        &[1, 2],
        &[(Reason, "a")],
    ),
    (
        "Date 2026-11-25\nRelease owner Ana\nReason: a",
        &[1, 2],
        &[(Reason, "a")],
    ),
    ("Date = x\nReason -> y\nTags: z", &[1, 2], &[(Tags, "z")]),
    (
        "2026-11-25 :Date\nAna :Release owner\nReason: a",
        &[1, 2],
        &[(Reason, "a")],
    ),
    // Mails.
    (
        "> Date: 2026-11-25\n> Release owner: Ana\n> See you, Bo",
        &[3],
        &[(Date, "2026-11-25"), (ReleaseOwner, "Ana")],
    ),
    (
        "Hello all,\n\nDate: 2026-11-25\nReason: see below\n\n-- \nAna Ferreira\nThe Studio",
        &[1, 7, 8],
        &[(Date, "2026-11-25"), (Reason, "see below")],
    ),
    (
        "Reason: the loans fail, every second one, since the ope=\nning of the week\nTags: gr=C3=BCn",
        &[2],
        &[
            (Reason, "the loans fail, every second one, since the ope="),
            (Tags, "gr=C3=BCn"),
        ],
    ),
    (
        "<p>Date: 2026-11-25</p>\n<p>Release owner: Ana<br>\nReason: a &amp; b<br>",
        &[1, 2],
        &[(Reason, "a &amp; b<br>")],
    ),
    (
        "On 25 Nov 2026 at 14:02 Ana wrote:\n| Reason: y",
        &[1],
        &[(Reason, "y")],
    ),
    // A merge that was not finished.
    (
        "<<<<<<< ours\nReason: a\n=======\nReason: b\n>>>>>>> theirs",
        &[1, 3, 4, 5],
        &[(Reason, "a")],
    ),
    ("-Reason: a\n+Reason: b\n@@ -1 +1 @@", &[2, 3], &[(Reason, "a")]),
    // Words in another language between lines in English.
    (
        "Datum: 25.11.2026\nRelease owner: Ana\nBeginn: 14:02\nEnde: 14:20",
        &[1, 3, 4],
        &[(ReleaseOwner, "Ana")],
    ),
    (
        "Date: 2026-11-25\nResponsable : Ana\nDurée (minutes) : 18",
        &[2, 3],
        &[(Date, "2026-11-25")],
    ),
    ("Date\u{ff1a}2026-11-25\nReason: a", &[1], &[(Reason, "a")]),
    ("D\u{430}te: 2026-11-25\nReason: a", &[1], &[(Reason, "a")]),
    // Slips of the finger.
    (
        "Dat: x\nRelase owner: y\nStrat time: z\nReason: a",
        &[1, 2, 3],
        &[(Reason, "a")],
    ),
    ("Date; x\nStart time. 14:02\nReason: a", &[1, 2], &[(Reason, "a")]),
    (
        "Start: 14:02\nEnd: 14:20\nMinutes: 18\nReason: a",
        &[1, 2, 3],
        &[(Reason, "a")],
    ),
    ("Start time 14:02\nEnd time: 14:20", &[1], &[(EndTime, "14:20")]),
    (
        "member smoke results: ok\nmember-smoke: ok",
        &[1],
        &[(MemberSmoke, "ok")],
    ),
    (
        "Reason: \u{201c}a\u{201d}\n\u{201c}Tags: b\u{201d}\n\u{2018}Tags\u{2019}: c",
        &[3],
        &[(Reason, "\u{201c}a\u{201d}"), (Tags, "b\u{201d}")],
    ),
    // Of other desks and programs.
    ("Entry: 0197-a in studio\nReason: a", &[1], &[(Reason, "a")]),
    (
        "date: 2026-11-25\nrelease_owner: Ana\nphases:\n  - 2\n  - 3",
        &[3, 4, 5],
        &[(Date, "2026-11-25"), (ReleaseOwner, "Ana")],
    ),
    ("Reason: {\n  \"a\": 1\n}", &[2, 3], &[(Reason, "{")]),
    ("[2026-11-25 14:02] INFO begin\nReason: a", &[1], &[(Reason, "a")]),
    ("[draft]\nReason: a", &[1], &[(Reason, "a")]),
    // JSON.
    (
        "{\"entries\": [{\"fields\": {\"date\": \"2026-11-25\"}}]}",
        &[],
        &[(Date, "2026-11-25")],
    ),
    (
        "[{\"fields\": {\"date\": {\"value\": \"x\"}, \"reason\": null, \"duration-minutes\": 18}}]",
        &[],
        &[(Date, "x"), (DurationMinutes, "18")],
    ),
    (
        "[{\"fields\": {\n\"date\": \"x\",\n\"owner\": \"Ana\"}}]",
        &[3],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\n\"date\": [1],\n\"reason\": true}}]",
        &[2, 3],
        &[],
    ),
    ("[{\"fields\": {\"date\": {\"value\": {}}}}]", &[1], &[]),
    (
        "[{\"fields\": {\n\"date\": {},\n\"reason\": {\"Value\": \"x\"}}}]",
        &[2, 3],
        &[],
    ),
    // The same twice, by one name and by two.
    (
        "[{\"fields\": {\n\"date\": \"a\",\n\"date\": \"b\"}}]",
        &[3],
        &[(Date, "a")],
    ),
    (
        "[{\"fields\": {\n\"reason\": \"a\",\n\"Reason\": \"b\"}}]",
        &[3],
        &[(Reason, "a")],
    ),
    (
        "[{\"fields\": {\n\"reason\": {\"value\": \"a\",\n\"value\": \"b\"}}}]",
        &[3],
        &[(Reason, "a")],
    ),
    (
        "[{\n\"id\": \"a\",\n\"id\": \"b\",\n\"fields\": {\"date\": \"x\"}}]",
        &[3],
        &[(Date, "x")],
    ),
    // Beside the fields, and beside the entries.
    (
        "[{\n\"fields\": {\"date\": \"x\"},\n\"comment\": \"ours\"}]",
        &[3],
        &[(Date, "x")],
    ),
    (
        "{\"comment\": \"ours\",\n\"entries\": [{\"fields\": {\"date\": \"x\"}}]}",
        &[1],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\"date\": \"x\"},\n\"withdrawn\": [\"a test\"]}]",
        &[2],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\"date\": \"x\"},\n\"kind\": \"dress rehearsal\"}]",
        &[2],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\"date\": \"x\"},\n\"kind\": true,\n\"id\": 14}]",
        &[2, 3],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\"date\": \"x\"}, \"label\": null, \"id\": null, \"withdrawn\": null,\n\"outcome\": 3}]",
        &[2],
        &[(Date, "x")],
    ),
    // Within a field.
    (
        "[{\"fields\": {\"date\": {\"value\": \"x\",\n\"comment\": \"ours\"}}}]",
        &[2],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\"date\": {\"value\": \"x\",\n\"fact\": \"y\"}}}]",
        &[2],
        &[(Date, "x")],
    ),
    (
        "[{\"fields\": {\"date\": {\"value\": \"x\",\n\"typed\": {\"text\": \"y\", \"by\": \"a\", \"at\": \"b\"}}}}]",
        &[2],
        &[(Date, "x")],
    ),
    // Long numbers stay as they are.
    (
        "[{\"fields\": {\"request-ids\": 123456789012345678901234567890,\n\"mood\": 1.50}}]",
        &[2],
        &[(RequestIds, "123456789012345678901234567890")],
    ),
    // As Python writes it, and on one line.
    (
        "[{\"fields\": {\"reason\": \"\\u00fc\",\n\"notiz\": [\"gr\\u00fcn\",\n  \"\\ud83c\\udffa\"]}}]",
        &[2],
        &[(Reason, "ü")],
    ),
    // Markdown.
    (
        "# R-1 · rehearsal · done\n\n- **Date:** 2026-11-25",
        &[],
        &[(Date, "2026-11-25")],
    ),
    ("# Ours\n\n- **Date:** 2026-11-25", &[1], &[(Date, "2026-11-25")]),
    (
        "- **Date:** 2026-11-25\n\nA sentence.",
        &[3],
        &[(Date, "2026-11-25")],
    ),
    (
        "- **Date**: 2026-11-25\n- **Mood:** good",
        &[2],
        &[(Date, "2026-11-25")],
    ),
    (
        "**Date:** 2026-11-25\n**Mood:** good",
        &[2],
        &[(Date, "2026-11-25")],
    ),
    (
        "**Date: 2026-11-25**\n* **Mood: good**",
        &[2],
        &[(Date, "2026-11-25")],
    ),
    ("# R-1 · dress · done\n- **Date:** x", &[1], &[(Date, "x")]),
    ("# R-1 · live · splendid\n- **Date:** x", &[1], &[(Date, "x")]),
    ("# Our evening · live · done\n- **Date:** x", &[1], &[(Date, "x")]),
    ("# \u{c}R-1 · live · done\n- **Date:** x", &[1], &[(Date, "x")]),
    (
        "# R-1 · live · done · by Ana\n- **Date:** x",
        &[1],
        &[(Date, "x")],
    ),
    (
        "# R-1 · LIVE · done\n\nEntry: 7\n\n> Withdrawn: a test\n\n- **Date:** x",
        &[],
        &[(Date, "x")],
    ),
    (
        "# R-1 · live · done\nEntry: we went in by the back\n- **Date:** x",
        &[2],
        &[(Date, "x")],
    ),
    (
        "# R-1 · live · done\nEntry: 1 in a\nEntry: 2 in b\n- **Date:** x",
        &[3],
        &[(Date, "x")],
    ),
    (
        "- **Date:** x\n# R-2 · live · done\nEntry: 2 in b",
        &[3],
        &[(Date, "x")],
    ),
    (
        "- **Date:** x\n\n# Lessons learnt\n\n- **Lessons:** ask",
        &[3],
        &[(Date, "x"), (Lessons, "ask")],
    ),
    (
        "- **Date:** x\n## Smoke results\n### member-smoke\n- ok",
        &[3, 4],
        &[(Date, "x")],
    ),
    (
        "- **Date:** x\n\n| Field | Typed |\n|---|---|\n| Reason | a |",
        &[3, 4, 5],
        &[(Date, "x")],
    ),
    (
        "- **Date:** x\n## Where it comes from\n| Field | The desk |\n|---|---|\n| Date | y |\n| Mood | good |",
        &[6],
        &[(Date, "x")],
    ),
    (
        "- **Date:** x\n## Where it comes from\n\nFrom us.\n\n| Date | y |",
        &[4, 6],
        &[(Date, "x")],
    ),
    (
        "- **Date:** x\n- [ ] **Reason:** y\n<!-- ours -->\n![](a.png)",
        &[3, 4],
        &[(Date, "x"), (Reason, "y")],
    ),
    ("---\ntitle: ours\n---\n- **Date:** x", &[2], &[(Date, "x")]),
];

/// An entry's fields, and the lines that could not be read.
pub type Expected = (Fields, &'static [usize]);

/// A file of several entries: for each its fields, and the lines that could not be read.
pub const SEVERAL: &[(&str, &[Expected])] = &[
    (
        "Date: a\nReason: b\nDate: c\nReason: d",
        &[
            (&[(Date, "a"), (Reason, "b")], &[]),
            (&[(Date, "c"), (Reason, "d")], &[]),
        ],
    ),
    (
        "Date: a\nx\n----\nDate: b\ny",
        &[(&[(Date, "a")], &[2]), (&[(Date, "b")], &[5])],
    ),
    (
        "Reason: a\nDate: b\nReason: c\nReason: d",
        &[(&[(Reason, "a")], &[]), (&[(Date, "b"), (Reason, "c")], &[4])],
    ),
    // The head of a mail has a day too.
    (
        "Date: Wed, 25 Nov 2026 14:02:11 +0100\nFrom: Ana\n\nDate: 2026-11-25\nReason: a",
        &[
            (&[(Date, "Wed, 25 Nov 2026 14:02:11 +0100")], &[2]),
            (&[(Date, "2026-11-25"), (Reason, "a")], &[]),
        ],
    ),
    (
        "# Ours\n- **Date:** a\n# Theirs\n- **Date:** b\n# End\n",
        &[(&[(Date, "a")], &[1]), (&[(Date, "b")], &[3, 5])],
    ),
    (
        "# 1 · live · done\n- **Date:** a\n## Where it comes from\n| Date | x |\n# 2 · live · done\n| Date | y |\n- **Date:** b",
        &[(&[(Date, "a")], &[]), (&[(Date, "b")], &[6])],
    ),
    // An entry of which only the head is left.
    (
        "# 1 · live · done\nEntry: 1 in a\n# 2 · live · done\nEntry: 2 in b\nx\n- **Date:** b",
        &[(&[], &[]), (&[(Date, "b")], &[5])],
    ),
    (
        "[{\"fields\": {\"date\": \"a\",\n\"mood\": 1}},\n{\"fields\": {\"date\": \"b\",\n\"mood\": 1}}]",
        &[(&[(Date, "a")], &[2]), (&[(Date, "b")], &[4])],
    ),
    (
        "{\"by\": \"us\",\n\"entries\": [{\"id\": \"1\", \"fields\": {}},\n{\"id\": \"1\", \"fields\": {\"tags\": false}}],\n\"to\": \"them\"}",
        &[(&[], &[1, 4]), (&[], &[3])],
    ),
];
