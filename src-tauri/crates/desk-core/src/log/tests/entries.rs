//! An entry: its form, its checks, its exports, the taking back of changes.

use super::{TEMPLATE, now, page, sheet};
use crate::log::{
    Change, Facts, Field, Format, Line, Outcome, Sheet, check, clean, content_sha256, counting, csv, json,
    markdown, phases, read, text, undone,
};

use chrono_tz::Tz;

type Fields = &'static [(Field, &'static str)];

fn filled() -> Sheet {
    sheet(&[
        (Field::Date, "2026-11-25"),
        (Field::ReleaseOwner, "Zoë 🏺 Ðorđević"),
        (Field::StartTime, "14:02:11 CET"),
        (Field::EndTime, "14:20 CET"),
        (Field::DurationMinutes, "18"),
        (Field::PhasePromoted, "phase_2_member_writes, phase_3_admin_full"),
        (Field::PhaseRolledBack, "phase_2_member_writes"),
        (Field::Reason, "loans fail:\nevery second one\n    INC-42"),
        (Field::MemberSmoke, "- 3 of 4 *passed*"),
        (Field::RequestIds, "req_1 (support s-1), req_2"),
        (Field::Notes, "=HYPERLINK(\"x\")\n\nDate: not a field"),
        (Field::Lessons, "Ask earlier"),
    ])
}

#[test]
fn an_empty_entry_is_the_runbooks_block_line_by_line() {
    let written = text(&Sheet::new());
    for (number, (ours, theirs)) in written.lines().zip(TEMPLATE.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", number + 1);
    }
    assert_eq!(written, TEMPLATE);
}

#[test]
fn a_filled_entry_only_adds_to_the_runbooks_lines() {
    let written = text(&filled());
    let mut ours = written.lines().filter(|line| !line.starts_with("    "));
    for theirs in TEMPLATE.lines() {
        let line = ours.next().unwrap();
        assert!(line.starts_with(theirs), "{line:?} against {theirs:?}");
    }
    assert_eq!(ours.next(), None);
    assert!(written.contains("Release owner: Zoë 🏺 Ðorđević\n"), "{written}");
    assert!(
        written.contains("Reason: loans fail:\n    every second one\n        INC-42\n"),
        "{written}"
    );
}

#[test]
fn every_field_is_found_by_its_name_and_by_the_forms_word() {
    for field in Field::ALL {
        assert_eq!(Field::from_person(field.id()), Some(field));
        assert_eq!(Field::from_person(field.label()), Some(field));
        assert_eq!(Field::from_person(&field.label().to_uppercase()), Some(field));
        assert_eq!(
            serde_json::to_value(field).unwrap(),
            serde_json::Value::from(field.id())
        );
    }
    assert_eq!(
        Field::from_person("phase rolled back"),
        Some(Field::PhaseRolledBack)
    );
    assert_eq!(Field::from_person("owner"), None);
}

#[test]
fn what_is_wrong_is_said_of_its_field() {
    use Field::{Date, DurationMinutes, EndTime, PhasePromoted, PhaseRolledBack, StartTime};
    let cases: &[(Fields, Fields)] = &[
        (&[], &[]),
        (
            &[
                (Date, "2026-11-25"),
                (StartTime, "14:00"),
                (EndTime, "14:18"),
                (DurationMinutes, "18"),
            ],
            &[],
        ),
        (
            &[
                (Date, "2026-11-25"),
                (StartTime, "14:00"),
                (EndTime, "14:18"),
                (DurationMinutes, "19 min"),
            ],
            &[],
        ),
        (
            &[
                (Date, "2026-11-24"),
                (StartTime, "23:50"),
                (EndTime, "2026-11-25 00:10"),
                (DurationMinutes, "20"),
            ],
            &[],
        ),
        (&[(Date, "25.11.2026")], &[(Date, "is no day")]),
        (&[(Date, "2026-02-30")], &[(Date, "is no day")]),
        (&[(Date, "2026-11-26")], &[(Date, "in the future")]),
        (
            &[(Date, "2026-11-26"), (StartTime, "10:00")],
            &[(Date, "in the future")],
        ),
        (
            &[(Date, "2026-11-25"), (StartTime, "17:00")],
            &[(StartTime, "in the future")],
        ),
        (
            &[(StartTime, "2027-01-01 10:00 CET")],
            &[(StartTime, "in the future")],
        ),
        (&[(StartTime, "noon")], &[(StartTime, "is no time")]),
        (&[(EndTime, "25:00")], &[(EndTime, "is no time")]),
        (
            &[(StartTime, "14:00"), (EndTime, "13:00")],
            &[(EndTime, "before the start")],
        ),
        (
            &[(StartTime, "14:00"), (EndTime, "13:00"), (DurationMinutes, "60")],
            &[(EndTime, "before the start")],
        ),
        (
            &[(StartTime, "14:00"), (EndTime, "14:30"), (DurationMinutes, "45")],
            &[(DurationMinutes, "it is 30 minutes, not 45")],
        ),
        // Two abbreviations are two offsets: what is between them is not for the form to say.
        (
            &[
                (StartTime, "02:30 CEST"),
                (EndTime, "02:10 CET"),
                (DurationMinutes, "40"),
            ],
            &[],
        ),
        (
            &[(DurationMinutes, "an hour")],
            &[(DurationMinutes, "no number of minutes")],
        ),
        (
            &[(DurationMinutes, "-3")],
            &[(DurationMinutes, "no number of minutes")],
        ),
        (&[(PhasePromoted, "Phase 2, phase_3_admin_full")], &[]),
        (
            &[(PhasePromoted, "phase 4")],
            &[(PhasePromoted, "\u{201c}phase 4\u{201d} is no phase")],
        ),
        (&[(PhaseRolledBack, "none")], &[]),
        (
            &[(PhaseRolledBack, "the first")],
            &[(PhaseRolledBack, "is no phase")],
        ),
    ];
    for (fields, expected) in cases {
        let found = check(&sheet(fields), now());
        let names: Vec<Field> = found.iter().map(|wrong| wrong.field).collect();
        let wanted: Vec<Field> = expected.iter().map(|(field, _)| *field).collect();
        assert_eq!(names, wanted, "{fields:?}: {found:?}");
        for (wrong, (_, words)) in found.iter().zip(*expected) {
            assert!(wrong.words.contains(words), "{fields:?}: {}", wrong.words);
        }
    }
}

#[test]
fn the_duration_follows_from_the_times_unless_it_is_typed() {
    let typed = sheet(&[(Field::StartTime, "14:00"), (Field::EndTime, "14:18:40")]);
    assert_eq!(counting(None, &typed, Tz::UTC)[&Field::DurationMinutes], "19");
    let mut said = typed.clone();
    said.insert(Field::DurationMinutes, "25".into());
    assert_eq!(counting(None, &said, Tz::UTC)[&Field::DurationMinutes], "25");

    let mut facts = Facts::begin(0, Some("Ana".into()));
    facts.ended_at_ms = Some(600_000);
    let of_facts = counting(Some(&facts), &Sheet::new(), Tz::UTC);
    assert_eq!(of_facts[&Field::DurationMinutes], "10");
    let corrected = sheet(&[(Field::EndTime, "00:30:00 UTC")]);
    let sheet = counting(Some(&facts), &corrected, Tz::UTC);
    assert_eq!(sheet[&Field::DurationMinutes], "30");
    assert_eq!(sheet[&Field::ReleaseOwner], "Ana");
}

#[test]
fn phases_are_read_as_people_write_them() {
    use crate::Phase::{AdminFull, MemberWrites, ReadOnly};
    let cases: [(&str, &[crate::Phase]); 6] = [
        ("", &[]),
        ("none", &[]),
        ("2", &[MemberWrites]),
        ("Phase 1 and phase 3", &[ReadOnly, AdminFull]),
        (
            "phase_2_member_writes → phase_3_admin_full",
            &[MemberWrites, AdminFull],
        ),
        ("Phase 2; Phase 3", &[MemberWrites, AdminFull]),
    ];
    for (text, expected) in cases {
        assert_eq!(phases(text).as_deref(), Ok(expected), "{text}");
    }
    assert_eq!(phases("Phase 2, all of it"), Err("all of it".to_owned()));
}

#[test]
fn changes_are_taken_back_one_by_one() {
    let change = |seq, text: &str, undoes| Change {
        seq,
        text: text.to_owned(),
        undoes,
    };
    let mut changes = vec![
        change(1, "a", false),
        change(2, "ab", false),
        change(3, "abc", false),
    ];
    for (seq, expected) in [(4, "ab"), (5, "a"), (6, "")] {
        let back = undone(&changes).unwrap();
        assert_eq!(back, expected);
        changes.push(change(seq, &back, true));
    }
    assert_eq!(undone(&changes), None, "nothing is left to take back");
    changes.push(change(7, "b", false));
    assert_eq!(undone(&changes).as_deref(), Some(""));
    assert_eq!(undone(&[]), None);
}

#[test]
fn what_was_typed_keeps_its_words() {
    assert_eq!(clean("  Zoë\r\n\u{0}🏺 \t\n\n end\u{7f} "), "Zoë\n🏺\n\n end");
}

#[test]
fn a_cell_is_never_a_formula() {
    let hostile = [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "  =1",
        "\u{9}x",
        "plain",
        "a,b\n\"c\"",
    ];
    for text in hostile {
        let sheet = sheet(&[(Field::Notes, text)]);
        let written = csv(&[page(&sheet)]).unwrap();
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let headers = reader.headers().unwrap().clone();
        let record = reader.records().next().unwrap().unwrap();
        let notes = headers.iter().position(|name| name == "Notes").unwrap();
        let cell = record.get(notes).unwrap();
        assert!(
            !cell.trim_start().starts_with(['=', '+', '-', '@']) && !cell.starts_with('\t'),
            "{cell:?}"
        );
        assert_eq!(cell.strip_prefix('\'').unwrap_or(cell), text);
    }
}

#[test]
fn an_entry_comes_back_from_each_of_its_files() {
    let whole = filled();
    let mut of_the_form = whole.clone();
    of_the_form.retain(|field, _| field.is_of_the_form());
    let page = page(&whole);
    let cases = [
        (text(&whole), Format::Text, &of_the_form),
        (markdown(std::slice::from_ref(&page)), Format::Markdown, &whole),
        (
            json(std::slice::from_ref(&page)).to_string(),
            Format::Json,
            &whole,
        ),
    ];
    for (file, format, expected) in cases {
        assert_eq!(crate::log::format_of(&file), format);
        let entries = read(&file, format).unwrap();
        assert_eq!(entries.len(), 1, "{file}");
        assert_eq!(&entries[0].sheet, expected, "{file}");
        assert_eq!(entries[0].unread, [], "{file}");
        assert_eq!(content_sha256(&entries[0].sheet), content_sha256(expected));
        if format != Format::Text {
            assert_eq!(entries[0].id.as_deref(), Some("0197-a"));
            assert_eq!(entries[0].kind, Some(crate::log::Kind::Live));
        }
    }
}

#[test]
fn several_entries_come_back_in_their_order() {
    let second = sheet(&[(Field::Date, "2026-11-24"), (Field::Notes, "the rehearsal")]);
    let pages = [page(&filled()), page(&second)];
    for (file, format) in [
        (markdown(&pages), Format::Markdown),
        (json(&pages).to_string(), Format::Json),
    ] {
        let sheets: Vec<Sheet> = read(&file, format)
            .unwrap()
            .into_iter()
            .map(|entry| entry.sheet)
            .collect();
        assert_eq!(sheets, [filled(), second.clone()], "{file}");
    }
    let blocks = format!("{}\n---\n{}", text(&filled()), text(&second));
    let entries = read(&blocks, Format::Text).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1].sheet[&Field::Date], "2026-11-24");
}

#[test]
fn a_line_that_cannot_be_read_is_told_and_kept() {
    let file =
        "Our rehearsal in November\nDate: 2026-11-25\nOwner: Ana\nRelease owner: Ana\n\nRelease owner: Zoë\n";
    let entries = read(file, Format::Text).unwrap();
    assert_eq!(entries.len(), 1);
    let lines: Vec<(usize, &str)> = entries[0]
        .unread
        .iter()
        .map(|unread| (unread.line, unread.why))
        .collect();
    assert_eq!(
        lines,
        [
            (1, "it is no line of the template"),
            (3, "it is no line of the template"),
            (6, "the field is there twice")
        ]
    );
    assert_eq!(
        entries[0].sheet[&Field::Notes],
        "Line 1 could not be read: Our rehearsal in November\nLine 3 could not be read: Owner: Ana\n\
         Line 6 could not be read: Release owner: Zoë"
    );
    assert_eq!(entries[0].sheet[&Field::ReleaseOwner], "Ana");
}

#[test]
fn how_a_run_went_follows_from_what_counts() {
    let open = Facts::begin(0, None);
    let mut ended = open.clone();
    ended.ended_at_ms = Some(1);
    let cases: [(Fields, Option<&Facts>, Outcome); 17] = [
        (&[], None, Outcome::Done),
        (&[], Some(&open), Outcome::Open),
        (&[(Field::EndTime, "14:00")], Some(&open), Outcome::Done),
        (&[(Field::EndTime, "noon")], Some(&open), Outcome::Open),
        (&[], Some(&ended), Outcome::Done),
        (
            &[(Field::MemberSmoke, "Failed twice")],
            Some(&ended),
            Outcome::Failed,
        ),
        (
            &[(Field::PhaseRolledBack, "Phase 1")],
            Some(&ended),
            Outcome::RolledBack,
        ),
        (&[(Field::PhaseRolledBack, "none")], Some(&ended), Outcome::Done),
        // While a run goes on that is how it goes, whatever has failed in it so far.
        (&[(Field::MemberSmoke, "FAILED")], Some(&open), Outcome::Open),
        (&[(Field::PhaseRolledBack, "Phase 1")], Some(&open), Outcome::Open),
        (&[(Field::StaffSmoke, "nothing failed")], None, Outcome::Done),
        (&[(Field::StaffSmoke, "0 of 9 failed")], None, Outcome::Done),
        (&[(Field::StaffSmoke, "Failures: none.")], None, Outcome::Done),
        (
            &[(Field::StaffSmoke, "It didn't fail, no failure at all")],
            None,
            Outcome::Done,
        ),
        (&[(Field::StaffSmoke, "10 of 10 failed")], None, Outcome::Failed),
        (
            &[(Field::StaffSmoke, "no error, but failing")],
            None,
            Outcome::Failed,
        ),
        (
            &[(Field::StaffSmoke, "FAILED, 0 of 1 passed; not list")],
            None,
            Outcome::Failed,
        ),
    ];
    for (fields, facts, expected) in cases {
        assert_eq!(Outcome::of(&sheet(fields), facts), expected, "{fields:?}");
    }
}

#[test]
fn a_failure_is_called_off_only_by_what_is_said_of_it() {
    let failed = [
        "FAIL: no access to the catalogue",
        "member could not borrow: FAIL",
        "0 passed 3 failed",
        "No login possible - failed",
        "Failed: not allowed to borrow",
        "Could not log in \u{2013} failed",
        "Able to borrow? No (failed)",
        "Failed: 0 of 9 passed",
        "Failed: nothing is shown",
        "passed: 0 failed: 3",
        "passed 0, failed 3",
        "v2.0 failed",
        "phase-0 failed",
        "failed: 0.5 %",
        "FAIL: 0 / 9",
        "not only failed, but lost",
        "ok,failed",
        "'failed'",
    ];
    for text in failed {
        let said = sheet(&[(Field::MemberSmoke, text)]);
        assert_eq!(Outcome::of(&said, None), Outcome::Failed, "{text}");
    }
    let done = [
        "nothing failed",
        "4 passed, 0 failed",
        "0 of 9 failed",
        "None of them failed",
        "Nothing of it failed",
        "failed: 0",
        "passed=4 failed=0",
        "failures: none - all is well",
        "Failures: none.",
        "No failures",
        "did not fail",
        "never failed",
        "it didn\u{2019}t fail",
        "without failure",
        "4 of 4 passed",
    ];
    for text in done {
        let said = sheet(&[(Field::MemberSmoke, text)]);
        assert_eq!(Outcome::of(&said, None), Outcome::Done, "{text}");
    }
}

#[test]
fn markdown_tells_where_an_entry_was_and_why_it_was_withdrawn() {
    let mut written = page(&filled());
    written.environment = "the_studio".into();
    written.withdrawn = Some("typed *twice*,\nby Bo".into());
    let file = markdown(std::slice::from_ref(&written));
    let entries = read(&file, Format::Markdown).unwrap();
    assert_eq!(entries[0].id.as_deref(), Some("0197-a"));
    assert_eq!(entries[0].environment.as_deref(), Some("the_studio"), "{file}");
    assert_eq!(
        entries[0].withdrawn.as_deref(),
        Some("typed *twice*, by Bo"),
        "{file}"
    );
    assert_eq!(entries[0].unread, []);
    // Without its entry's id it is anybody's, and behind the fields or a second time too.
    for (file, line) in [
        ("# R-1 · live · done\n> Withdrawn: a\n- **Date:** x", 2),
        ("# R-1 · live · done\nEntry: 1\n- **Date:** x\n> Withdrawn: a", 4),
        (
            "# R-1 · live · done\nEntry: 1\n> Withdrawn: a\n> Withdrawn: b\n- **Date:** x",
            4,
        ),
        ("# R-1 · live · done\nEntry: 1\n> Withdrawn:\n- **Date:** x", 3),
    ] {
        let entries = read(file, Format::Markdown).unwrap();
        let unread: Vec<usize> = entries[0].unread.iter().map(|unread| unread.line).collect();
        assert_eq!(unread, [line], "{file:?}");
    }
    // Where no field follows, nothing of the head is lost.
    let file = "- **Date:** x\n# R-2 · live · done\nEntry: 2 in b\n> Withdrawn: a";
    let entries = read(file, Format::Markdown).unwrap();
    let unread: Vec<usize> = entries[0].unread.iter().map(|unread| unread.line).collect();
    assert_eq!((entries.len(), unread), (1, vec![3, 4]));
    assert_eq!((&entries[0].environment, &entries[0].withdrawn), (&None, &None));
}

#[test]
fn a_fact_stands_beside_what_was_typed() {
    let mut page = page(&sheet(&[(Field::ReleaseOwner, "Ana | Zoë")]));
    page.lines[0].fact = Some("uid_1".into());
    page.lines.push(Line {
        field: Field::Reason,
        fact: Some("drill".into()),
        typed: None,
    });
    let written = markdown(std::slice::from_ref(&page));
    assert!(
        written.contains("| Release owner | uid_1 | Ana \\| Zoë | staff_ana | 25 Nov 2026, 14:02:11 CET |"),
        "{written}"
    );
    assert!(written.contains("| Reason | drill |  |  |  |"), "{written}");
    let document = json(std::slice::from_ref(&page));
    let owner = &document["entries"][0]["fields"]["release-owner"];
    assert_eq!(
        (&owner["value"], &owner["fact"], &owner["typed"]["by"]),
        (&"Ana | Zoë".into(), &"uid_1".into(), &"staff_ana".into())
    );
}

#[test]
fn nothing_in_a_json_file_is_dropped() {
    let file = "{\"entries\": [{\n\"id\": \"x\", \"label\": \"R-1\", \"outcome\": \"done\", \"environment\": \"studio\",\n\
        \"kind\": \"serious\",\n\"mood\": \"good\",\n\"fields\": {\n\"Date\": \"2026-11-26\",\n\"date\": \"2026-11-25\",\n\
        \"reason\": {\"value\": \"a\", \"fact\": \"b\", \"colour\": \"red\"},\n\
        \"notes\": {\"fact\": \"only\"},\n\"tags\": {\"value\": \"x\", \"typed\": {\"text\": \"y\"}}}}]}";
    let entries = read(file, Format::Json).unwrap();
    let told: Vec<(usize, &str)> = entries[0]
        .unread
        .iter()
        .map(|unread| (unread.line, unread.text.as_str()))
        .collect();
    let expected = [
        (3, "kind: \"serious\""),
        (4, "mood: \"good\""),
        (7, "date: \"2026-11-25\""),
        (8, "reason.fact: \"b\""),
        (8, "reason.colour: \"red\""),
        (9, "notes: {\"fact\":\"only\"}"),
        (10, "tags.typed: {\"text\":\"y\"}"),
    ];
    assert_eq!(told, expected, "{:?}", entries[0]);
    assert_eq!(entries[0].sheet[&Field::Date], "2026-11-26");
    let notes = &entries[0].sheet[&Field::Notes];
    for (_, text) in expected {
        assert!(notes.contains(text), "{text} is not in {notes}");
    }
}
