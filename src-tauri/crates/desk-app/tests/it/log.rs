//! The rehearsal log: filled by the desk, corrected by people, exported, imported, compared.

use crate::support::{Bench, STUDIO, assert_journal_is_whole, save};
use desk_app::{
    Code, Desk, DeskOptions, Phase,
    log::view::{LogEntryView, LogFieldView, LogFormat, LogOutcome, LogQuery},
    view::{EnvironmentKindView, RunKind},
};
use desk_core::{log::Field, record::Record};
use serde_json::json;
use std::time::Duration;

fn field(entry: &LogEntryView, field: Field) -> &LogFieldView {
    entry.fields.iter().find(|one| one.field == field.id()).unwrap()
}

/// A desk on a portal in phase 1.
async fn in_phase_1(bench: &Bench) -> Desk {
    bench.somebody_sets("operator", Phase::ReadOnly, None).await;
    bench.staging().await
}

async fn a_run(bench: &Bench, desk: &Desk) -> LogEntryView {
    desk.start_run("Ana Weber").await.unwrap();
    bench.pass(Duration::from_secs(60));
    save(bench, desk, Phase::MemberWrites, "Opening to members")
        .await
        .unwrap();
    bench.pass(Duration::from_secs(60));
    save(bench, desk, Phase::ReadOnly, "Loans fail").await.unwrap();
    bench.pass(Duration::from_secs(60));
    desk.end_run().await.unwrap();
    desk.log_entry("R-001").await.unwrap()
}

#[tokio::test]
async fn a_run_fills_its_own_entry() {
    let bench = Bench::start().await;
    let desk = in_phase_1(&bench).await;
    let entry = a_run(&bench, &desk).await;
    assert_eq!(
        (
            entry.row.label.as_str(),
            entry.row.kind,
            entry.row.outcome,
            entry.is_run
        ),
        ("R-001", RunKind::Rehearsal, LogOutcome::RolledBack, true)
    );
    for (of, expected) in [
        (Field::ReleaseOwner, "Ana Weber"),
        (Field::DurationMinutes, "3"),
        (Field::PhasePromoted, "phase_2_member_writes"),
        (Field::PhaseRolledBack, "phase_1_read_only"),
        (Field::Reason, "Loans fail"),
    ] {
        let found = field(&entry, of);
        assert_eq!(
            (found.value.as_str(), found.fact.as_deref(), &found.typed),
            (expected, Some(expected), &None),
            "{of:?}"
        );
    }
    let words: Vec<&str> = entry.timeline.iter().map(|event| event.words.as_str()).collect();
    assert_eq!(words.first(), Some(&"Run started by Ana Weber"));
    assert!(words.contains(&"Phase 2: confirmed, by override"), "{words:?}");
    assert_eq!(words.last(), Some(&"Run ended"));
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn a_correction_stands_beside_the_fact() {
    let bench = Bench::start().await;
    let desk = in_phase_1(&bench).await;
    a_run(&bench, &desk).await;
    let saved = desk
        .set_log_field("R-001", Field::ReleaseOwner, "  Bo Lind \u{0}")
        .await
        .unwrap();
    assert_eq!(saved.saved_at_ms, Some(desk.now_ms()));
    let owner = field(&saved.entry, Field::ReleaseOwner);
    let typed = owner.typed.clone().unwrap();
    assert_eq!(
        (
            owner.value.as_str(),
            owner.fact.as_deref(),
            typed.text.as_str(),
            typed.by.as_str()
        ),
        (
            "Bo Lind",
            Some("Ana Weber"),
            "Bo Lind",
            bench.identity("operator").uid.as_str()
        )
    );
    assert_eq!(saved.entry.row.owner, "Bo Lind");
    let last = bench.journal().await.pop().unwrap();
    assert_eq!(
        last.run_id.as_deref(),
        Some(saved.entry.row.id.as_str()),
        "in its run's stretch"
    );

    let again = desk
        .set_log_field("R-001", Field::ReleaseOwner, "Bo Lind")
        .await
        .unwrap();
    assert_eq!(again.saved_at_ms, None, "nothing new was typed");
    let fact = desk
        .set_log_field("R-001", Field::ReleaseOwner, "Ana Weber")
        .await
        .unwrap();
    assert_eq!(
        field(&fact.entry, Field::ReleaseOwner).typed,
        None,
        "what equals the fact is the fact"
    );

    let back = desk.undo_log_field("R-001", Field::ReleaseOwner).await.unwrap();
    assert_eq!(field(&back.entry, Field::ReleaseOwner).value, "Bo Lind");
    let back = desk.undo_log_field("R-001", Field::ReleaseOwner).await.unwrap();
    assert_eq!(field(&back.entry, Field::ReleaseOwner).value, "Ana Weber");
    assert!(!field(&back.entry, Field::ReleaseOwner).can_undo);
    let problem = desk
        .undo_log_field("R-001", Field::ReleaseOwner)
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::Refused);
    let history = desk
        .log_history("R-001", Some(Field::ReleaseOwner))
        .await
        .unwrap();
    let told: Vec<(&str, bool)> = history
        .iter()
        .map(|one| (one.text.as_str(), one.undoes))
        .collect();
    assert_eq!(
        told,
        [("", true), ("Bo Lind", true), ("", false), ("Bo Lind", false)]
    );
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_the_field_and_kept() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let entry = desk
        .new_log_entry(
            Some(RunKind::Live),
            &[
                (Field::Date, "2030-01-01".to_owned()),
                (Field::StartTime, "14:00".to_owned()),
                (Field::EndTime, "13:00".to_owned()),
                (Field::PhasePromoted, "Phase 4".to_owned()),
            ],
        )
        .await
        .unwrap();
    assert_eq!((entry.row.kind, entry.is_run), (RunKind::Live, false));
    for (of, kept) in [
        (Field::Date, "2030-01-01"),
        (Field::EndTime, "13:00"),
        (Field::PhasePromoted, "Phase 4"),
    ] {
        let found = field(&entry, of);
        assert!(found.wrong.is_some(), "{of:?}");
        assert_eq!(found.value, kept);
    }
    assert_eq!(field(&entry, Field::StartTime).wrong, None);
    let short = &entry.row.id[..12];
    let saved = desk.set_log_field(short, Field::EndTime, "14:18").await.unwrap();
    let duration = field(&saved.entry, Field::DurationMinutes);
    assert_eq!(
        (duration.value.as_str(), duration.fact.as_deref()),
        ("18", Some("18"))
    );

    let problem = desk
        .set_log_field(&entry.row.id, Field::Notes, &"x".repeat(20_001))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::InvalidInput, Some("notes"))
    );
    for nobody in ["R-099", "nobody", "R-x", "", "0"] {
        let problem = desk.log_entry(nobody).await.unwrap_err();
        assert_eq!(problem.code, Code::NotFound, "{nobody}");
    }
}

#[tokio::test]
async fn what_was_saved_is_there_for_the_next_desk() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let entry = desk.new_log_entry(None, &[]).await.unwrap();
    desk.set_log_field(&entry.row.id, Field::Lessons, "Ask\nearlier")
        .await
        .unwrap();
    // Not closed: as if it had been killed.
    std::mem::forget(desk);
    let next = bench.open().await;
    let found = next.log_entry(&entry.row.id).await.unwrap();
    assert_eq!(field(&found, Field::Lessons).value, "Ask\nearlier");
}

#[tokio::test]
async fn an_entry_is_withdrawn_with_a_reason_and_never_gone() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let entry = desk
        .new_log_entry(None, &[(Field::Notes, "the wrong day".to_owned())])
        .await
        .unwrap();
    let id = entry.row.id;
    let problem = desk.withdraw_log_entry(&id, "  ").await.unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::InvalidInput, Some("reason"))
    );
    let withdrawn = desk.withdraw_log_entry(&id, "typed twice").await.unwrap();
    assert_eq!(withdrawn.withdrawal.unwrap().reason, "typed twice");
    assert!(withdrawn.row.withdrawn);
    for problem in [
        desk.withdraw_log_entry(&id, "again").await.unwrap_err(),
        desk.set_log_field(&id, Field::Notes, "x").await.unwrap_err(),
    ] {
        assert_eq!(problem.code, Code::Refused);
        assert!(problem.message.contains("typed twice"), "{}", problem.message);
    }
    let page = desk.log_entries(&LogQuery::default()).await.unwrap();
    assert_eq!((page.total, page.entries[0].withdrawn), (1, true));
    assert_eq!(
        field(&desk.log_entry(&id).await.unwrap(), Field::Notes).value,
        "the wrong day"
    );
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_refused() {
    let bench = Bench::start().await;
    let desk = in_phase_1(&bench).await;
    a_run(&bench, &desk).await;
    let query = |change: fn(&mut LogQuery)| {
        let mut query = LogQuery::default();
        change(&mut query);
        query
    };
    for (query, named) in [
        (query(|query| query.from = "yesterday".into()), "from"),
        (query(|query| query.to = "2026-13-01".into()), "to"),
        (query(|query| query.phase = "four".into()), "phase"),
        (query(|query| query.environment = "no name".into()), "environment"),
    ] {
        let problem = desk.log_entries(&query).await.unwrap_err();
        assert_eq!(problem.field.as_deref(), Some(named));
    }
    let day = desk.log_entry("R-001").await.unwrap().fields[0].value.clone();
    for (query, total) in [
        (
            LogQuery {
                environment: STUDIO.into(),
                search: "weber member".into(),
                ..LogQuery::default()
            },
            1,
        ),
        (
            LogQuery {
                environment: "practice".into(),
                ..LogQuery::default()
            },
            0,
        ),
        (
            LogQuery {
                from: day.clone(),
                to: day,
                ..LogQuery::default()
            },
            1,
        ),
        (
            LogQuery {
                outcome: Some(LogOutcome::Open),
                ..LogQuery::default()
            },
            0,
        ),
    ] {
        assert_eq!(desk.log_entries(&query).await.unwrap().total, total, "{query:?}");
    }
}

#[tokio::test]
async fn importing_what_was_exported_changes_nothing() {
    let bench = Bench::start().await;
    let desk = in_phase_1(&bench).await;
    a_run(&bench, &desk).await;
    desk.set_log_field("R-001", Field::Reason, "Loans fail:\nevery second one")
        .await
        .unwrap();
    desk.set_log_field("R-001", Field::Lessons, "Ask earlier")
        .await
        .unwrap();
    let before = bench.journal().await.len();
    for format in [LogFormat::Text, LogFormat::Markdown, LogFormat::Json] {
        let file = desk
            .export_log(Some("R-001"), &LogQuery::default(), format)
            .await
            .unwrap();
        let imported = desk.import_log_entries(&file).await.unwrap();
        assert_eq!((imported.made.len(), imported.known), (0, 1), "{format:?}");
        assert!(imported.unread.is_empty());
    }
    assert_eq!(bench.journal().await.len(), before);
}

#[tokio::test]
async fn a_file_from_elsewhere_is_imported_once() {
    const FILE: &str = "Our first rehearsal\nDate: 2026-03-02\nRelease owner: Zoë 🏺\nStart time: 14:00\nEnd time: 14:18\n\
        Phase promoted: Phase 2\nReason: first\n    try\nSmoke results:\n- member-smoke: 3 of 4 passed, one FAILED\n---\n\
        Date: 2026-03-03\nRelease owner: Bo\n";
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    let imported = desk.import_log_entries(FILE.as_bytes()).await.unwrap();
    assert_eq!((imported.made.len(), imported.known), (2, 0));
    assert_eq!((imported.unread.len(), imported.unread[0].line), (1, 1));
    let entry = desk.log_entry(&imported.made[0]).await.unwrap();
    assert_eq!(field(&entry, Field::ReleaseOwner).value, "Zoë 🏺");
    assert_eq!(field(&entry, Field::Reason).value, "first\ntry");
    assert_eq!(field(&entry, Field::DurationMinutes).value, "18");
    assert_eq!(
        field(&entry, Field::Notes).value,
        "Line 1 could not be read: Our first rehearsal"
    );
    assert_eq!(
        (entry.row.outcome, entry.row.kind),
        (LogOutcome::Failed, RunKind::Rehearsal)
    );
    let acts = bench.journal().await;
    assert!(matches!(
        &acts.last().unwrap().record,
        Record::LogImported { made, known: 0, unread, .. } if made.len() == 2 && unread == &[1]
    ));

    let again = desk.import_log_entries(FILE.as_bytes()).await.unwrap();
    assert_eq!((again.made.len(), again.known), (0, 2));
    // Nor when it was corrected here since.
    desk.set_log_field(&imported.made[1], Field::ReleaseOwner, "Bo Lind")
        .await
        .unwrap();
    let again = desk.import_log_entries(FILE.as_bytes()).await.unwrap();
    assert_eq!((again.made.len(), again.known), (0, 2));
    for (bytes, words) in [
        (&b"\xff\xfe"[..], "line 1 is not UTF-8"),
        (b"Date: x\n\xff", "line 2 is not UTF-8"),
        (b"Dear Ana", "no line of the rehearsal log's template"),
        (b"{", "line 1, column 1 is not JSON"),
    ] {
        let problem = desk.import_log_entries(bytes).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::InvalidInput, Some("file"))
        );
        assert!(problem.message.contains(words), "{}", problem.message);
    }
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn reports_are_of_one_run_and_always_the_same() {
    let bench = Bench::start().await;
    let desk = in_phase_1(&bench).await;
    a_run(&bench, &desk).await;
    desk.set_log_field("R-001", Field::ReleaseOwner, "Zoë 🏺 Ðorđević")
        .await
        .unwrap();
    desk.set_log_field("R-001", Field::Lessons, "Ask earlier")
        .await
        .unwrap();
    let query = LogQuery::default();
    let pdf = desk
        .export_log(Some("R-001"), &query, LogFormat::Pdf)
        .await
        .unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    assert!(pdf.ends_with(b"%%EOF"), "{:?}", &pdf[pdf.len() - 10..]);
    let again = desk
        .export_log(Some("R-001"), &query, LogFormat::Pdf)
        .await
        .unwrap();
    assert_eq!(pdf, again);
    let problem = desk
        .export_log(
            None,
            &LogQuery {
                owner: "nobody".into(),
                ..query.clone()
            },
            LogFormat::Pdf,
        )
        .await;
    assert_eq!(problem.unwrap_err().field.as_deref(), Some("entry"));

    let report = desk.after_action("R-001").await.unwrap();
    for part in [
        "# After-action report: R-001 · rehearsal · studio",
        "Release owner: Zoë 🏺 Ðorđević",
        "## Planned and actual",
        "moved forward to it",
        "## Overrides",
        "No smoke checklist was run.",
        "## Lessons\n\nAsk earlier",
    ] {
        assert!(report.contains(part), "{part:?} is not in {report}");
    }
    let file = desk
        .save_log_export(Some("R-001"), &query, LogFormat::Text)
        .await
        .unwrap();
    assert_eq!(
        std::fs::read_to_string(file).unwrap(),
        desk.log_entry_text("R-001").await.unwrap()
    );
    let markdown = desk.log_entry_markdown("R-001").await.unwrap();
    assert!(
        markdown.contains("| Release owner | Ana Weber | Zoë 🏺 Ðorđević |"),
        "{markdown}"
    );
    let csv = String::from_utf8(desk.export_log(None, &query, LogFormat::Csv).await.unwrap()).unwrap();
    assert!(
        csv.lines()
            .nth(1)
            .unwrap()
            .starts_with("R-001,rehearsal,studio,rolled back,"),
        "{csv}"
    );
}

#[tokio::test]
async fn a_withdrawn_entry_stays_withdrawn_in_another_desk() {
    let (bench, other) = (Bench::start().await, Bench::start().await);
    let desk = bench.pointing_at(EnvironmentKindView::Live).await;
    let entry = desk
        .new_log_entry(None, &[(Field::Date, "2026-03-02".to_owned())])
        .await
        .unwrap();
    desk.withdraw_log_entry(&entry.row.id, "typed twice")
        .await
        .unwrap();
    let file = desk
        .export_log(None, &LogQuery::default(), LogFormat::Json)
        .await
        .unwrap();

    // Imported into practice, it is not taken for a cutover of practice.
    let desk = other.open().await;
    let imported = desk.import_log_entries(&file).await.unwrap();
    assert_eq!(imported.unread, []);
    let entry = desk.log_entry(&imported.made[0]).await.unwrap();
    assert_eq!(entry.withdrawal.unwrap().reason, "typed twice");
    let notes = entry.fields.iter().find(|one| one.field == "notes").unwrap();
    assert_eq!(notes.value, "Imported from another environment: studio");
    let again = desk.import_log_entries(&file).await.unwrap();
    assert_eq!((again.made.len(), again.known), (0, 1));
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn what_was_live_elsewhere_is_marked_from_markdown_too() {
    let (bench, other) = (Bench::start().await, Bench::start().await);
    let desk = bench.pointing_at(EnvironmentKindView::Live).await;
    let entry = desk
        .new_log_entry(None, &[(Field::Date, "2026-03-02".to_owned())])
        .await
        .unwrap();
    desk.withdraw_log_entry(&entry.row.id, "typed twice")
        .await
        .unwrap();
    let file = desk
        .export_log(Some(&entry.row.id), &LogQuery::default(), LogFormat::Markdown)
        .await
        .unwrap();
    let desk = other.open().await;
    let imported = desk.import_log_entries(&file).await.unwrap();
    assert_eq!(
        (imported.unread, imported.elsewhere),
        (vec![], vec![STUDIO.to_owned()])
    );
    let entry = desk.log_entry(&imported.made[0]).await.unwrap();
    assert_eq!(entry.row.kind, RunKind::Live);
    assert_eq!(
        field(&entry, Field::Notes).value,
        "Imported from another environment: studio"
    );
    assert_eq!(entry.withdrawal.unwrap().reason, "typed twice");
}

#[tokio::test]
async fn entries_that_differ_beside_their_fields_are_not_the_same() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let fields = json!({ "date": "2026-03-02", "reason": "again" });
    let file = json!({ "entries": [
        { "id": "x1", "kind": "rehearsal", "fields": fields },
        { "id": "x2", "kind": "live", "fields": fields },
        { "id": "x3", "kind": "live", "fields": fields },
        { "id": "x3", "kind": "live", "withdrawn": "typed twice", "fields": fields },
        { "id": "x3", "kind": "live", "fields": fields },
    ] })
    .to_string();
    let imported = desk.import_log_entries(file.as_bytes()).await.unwrap();
    assert_eq!((imported.made.len(), imported.known), (4, 1));
    let again = desk.import_log_entries(file.as_bytes()).await.unwrap();
    assert_eq!((again.made.len(), again.known), (0, 5));
    // Nor is one that says neither its id nor its kind made of what is there already.
    let without = json!([{ "fields": fields }]).to_string();
    let again = desk.import_log_entries(without.as_bytes()).await.unwrap();
    assert_eq!((again.made.len(), again.known), (0, 1));
}

#[tokio::test]
async fn what_was_imported_without_its_kind_is_known_by_it() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    // Without a day, and corrected since: it is known by what stood in its file alone.
    let fields = json!({ "reason": "again" });
    let file = json!([{ "fields": fields }]).to_string();
    let imported = desk.import_log_entries(file.as_bytes()).await.unwrap();
    desk.set_log_field(&imported.made[0], Field::Reason, "once more")
        .await
        .unwrap();
    for (kind, made) in [("rehearsal", 0), ("live", 1), ("live", 0)] {
        let file = json!([{ "kind": kind, "fields": fields }]).to_string();
        let imported = desk.import_log_entries(file.as_bytes()).await.unwrap();
        assert_eq!(
            (imported.made.len(), imported.known),
            (made, u32::from(made == 0)),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn full_notes_from_elsewhere_are_taken_as_they_are() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let of = |length: usize| {
        let fields = json!({ "date": "2026-03-02", "notes": "x".repeat(length) });
        json!([{ "environment": "opera", "fields": fields }]).to_string()
    };
    let imported = desk.import_log_entries(of(19_990).as_bytes()).await.unwrap();
    assert_eq!(imported.elsewhere, ["opera"]);
    let entry = desk.log_entry(&imported.made[0]).await.unwrap();
    assert_eq!(field(&entry, Field::Notes).value, "x".repeat(19_990));
    let mark = "\nImported from another environment: opera";
    let imported = desk
        .import_log_entries(of(20_000 - mark.len()).as_bytes())
        .await
        .unwrap();
    let entry = desk.log_entry(&imported.made[0]).await.unwrap();
    assert!(field(&entry, Field::Notes).value.ends_with(mark));
    let problem = desk.import_log_entries(of(20_001).as_bytes()).await.unwrap_err();
    assert!(
        problem.message.contains("Notes of its entry 1 is longer than"),
        "{}",
        problem.message
    );
}

#[tokio::test]
async fn what_was_not_kept_is_not_said_to_be_kept() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let entry = desk
        .new_log_entry(None, &[(Field::Date, "2026-03-02".to_owned())])
        .await
        .unwrap();
    let edited = json!({ "entries": [{
        "id": entry.row.id, "fields": { "date": "2026-03-02", "reason": "edited", "mood": "good" },
    }] });
    let imported = desk
        .import_log_entries(edited.to_string().as_bytes())
        .await
        .unwrap();
    assert_eq!((imported.made.len(), imported.known), (0, 1));
    assert_eq!(imported.unread, [], "no entry was made to keep it in");
}

#[tokio::test]
async fn what_is_too_long_is_said_of_the_file() {
    use std::fmt::Write as _;
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let mut many = String::from("Date: 2026-03-02\n");
    for line in 0..400 {
        let _ = writeln!(many, "{line} {}", "x".repeat(60));
    }
    let long = format!("Date: 2026-03-02\nReason: {}\n", "x".repeat(20_001));
    for (file, words) in [
        (
            many,
            "400 lines of it cannot be read, more than the notes of an entry hold",
        ),
        (long, "Reason of its entry 1 is longer than 20000 characters"),
    ] {
        let problem = desk.import_log_entries(file.as_bytes()).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::InvalidInput, Some("file"))
        );
        assert!(problem.message.contains(words), "{}", problem.message);
    }
    assert_eq!(desk.log_entries(&LogQuery::default()).await.unwrap().total, 0);
}

#[tokio::test]
async fn a_person_is_never_called_desk() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    desk.add_environment(&bench.draft(EnvironmentKindView::Staging))
        .await
        .unwrap();
    desk.select_environment(STUDIO).await.unwrap();
    // Nobody is signed in.
    let entry = desk
        .new_log_entry(None, &[(Field::Notes, "typed offline".to_owned())])
        .await
        .unwrap();
    let by = &field(&entry, Field::Notes).typed.as_ref().unwrap().by;
    assert!(by.ends_with(" on this machine"), "{by}");
    assert_eq!(&entry.made_by, by);
}

#[tokio::test]
async fn typed_times_stand_among_the_desks_own_as_they_stand_in_the_entries() {
    let bench = Bench::start().await;
    let desk = Desk::open(DeskOptions {
        zone: Some("Europe/Vienna".parse().unwrap()),
        ..bench.options()
    })
    .await
    .unwrap();
    // 18:40 in Vienna.
    desk.start_run("Ana").await.unwrap();
    let day = desk.log_entry("R-001").await.unwrap().fields[0].value.clone();
    for (start, tag) in [("18:10", "before"), ("19:30", "after")] {
        let texts = [
            (Field::Date, day.clone()),
            (Field::StartTime, start.to_owned()),
            (Field::ReleaseOwner, tag.to_owned()),
        ];
        desk.new_log_entry(None, &texts).await.unwrap();
    }
    let mut owners = Vec::new();
    let mut query = LogQuery {
        limit: Some(1),
        ..LogQuery::default()
    };
    loop {
        let page = desk.log_entries(&query).await.unwrap();
        assert_eq!(page.total, 3);
        owners.extend(page.entries.into_iter().map(|row| row.owner));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(owners, ["after", "Ana", "before"]);
}
