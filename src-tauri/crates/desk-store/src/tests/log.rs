use super::{NOON, TestClock, announcements::announcement, clock, entry, live, new_dir, open, sql};
use crate::{
    LogCursor, LogFilter, NewEntry, Store, migrate,
    open::open_with,
    search::{matching, matching_in_journal},
};
use desk_core::{
    EnvironmentKind, EnvironmentName, Phase,
    log::{Field, Kind, Outcome},
    record::Record,
    smoke::{PhaseAnswers, SmokeFinish, StepRecord, StepResult},
};

fn made(id: &str, kind: Kind) -> Record {
    Record::LogEntryMade {
        entry_id: id.to_owned(),
        run_kind: kind,
        imported_sha256: Some(format!("hash of {id}")),
    }
}

fn typed(id: &str, field: Field, text: &str) -> Record {
    Record::LogFieldSet {
        entry_id: id.to_owned(),
        field,
        text: text.to_owned(),
        undoes: false,
    }
}

async fn append(store: &Store, record: Record) {
    store.append(entry(Some(live()), record)).await.unwrap();
}

async fn start_run(store: &Store, number: i64) {
    let started = NewEntry {
        run_id: Some(format!("run-{number}")),
        ..entry(
            Some(live()),
            Record::RunStarted {
                number,
                environment_kind: EnvironmentKind::Live,
                runbook_sha256: None,
                owner: Some("Ana".into()),
            },
        )
    };
    store.append(started).await.unwrap();
}

async fn found(store: &Store, filter: LogFilter) -> Vec<String> {
    let rows = store.log_entries(&filter, None, 50).await.unwrap();
    let count = store.log_count(&filter).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), rows.len());
    rows.into_iter().map(|row| row.id).collect()
}

#[tokio::test]
async fn a_run_has_its_entry_from_its_start_on() {
    let dir = new_dir();
    let time = TestClock::new();
    let store = Store::open(dir.path(), time.clock()).unwrap();
    start_run(&store, 7).await;
    let row = store.log_entry_of_run(7).await.unwrap().unwrap();
    assert_eq!(
        (
            row.id.as_str(),
            row.run_number,
            row.kind,
            row.outcome,
            row.owner.as_str(),
            row.sort_ms
        ),
        ("run-7", Some(7), Kind::Live, Outcome::Open, "Ana", NOON)
    );
    time.advance(60_000);
    let ended = NewEntry {
        run_id: Some("run-7".into()),
        ..entry(Some(live()), Record::RunEnded {})
    };
    store.append(ended).await.unwrap();
    let row = store.log_entry("run-7").await.unwrap().unwrap();
    assert_eq!(row.outcome, Outcome::Done);
    assert_eq!(row.facts.unwrap().ended_at_ms, Some(NOON + 60_000));
    assert_eq!(store.journal_of_run("run-7", 0).await.unwrap().len(), 2);
    let first = store.journal_of_run("run-7", 0).await.unwrap()[0].seq;
    let newer = store.journal_of_run("run-7", first).await.unwrap();
    assert_eq!(newer.len(), 1);
    assert_eq!(newer[0].kind, "run_ended");
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn what_is_typed_is_kept_with_its_history_and_found() {
    let dir = new_dir();
    let store = open(&dir);
    append(&store, made("a", Kind::Rehearsal)).await;
    for text in ["loans fail", "loans fail, every second one", ""] {
        append(&store, typed("a", Field::Reason, text)).await;
    }
    append(&store, typed("a", Field::Tags, "Überlast")).await;
    append(&store, typed("nowhere", Field::Tags, "lost")).await;
    let history = store.log_history("a").await.unwrap();
    let texts: Vec<&str> = history.iter().map(|change| change.change.text.as_str()).collect();
    assert_eq!(
        texts,
        ["loans fail", "loans fail, every second one", "", "Überlast"]
    );
    assert_eq!(history[0].actor, "staff_zoë");
    let row = store.log_entry("a").await.unwrap().unwrap();
    assert_eq!(
        row.typed.len(),
        1,
        "an empty text takes the typed one away: {:?}",
        row.typed
    );
    assert_eq!(store.log_history("nowhere").await.unwrap(), []);

    let search = |text: &str| LogFilter {
        search: text.to_owned(),
        ..LogFilter::default()
    };
    assert_eq!(
        found(&store, search("uber")).await,
        ["a"],
        "by its beginning, without its marks"
    );
    assert_eq!(
        found(&store, search("loans")).await,
        Vec::<String>::new(),
        "what was taken away"
    );
    assert_eq!(found(&store, search("\" OR 1 --")).await, Vec::<String>::new());
    append(
        &store,
        Record::LogEntryWithdrawn {
            entry_id: "a".into(),
            reason: "typed for the wrong day".into(),
        },
    )
    .await;
    assert_eq!(found(&store, search("wrong day")).await, ["a"], "it stays");
    let withdrawn = store.log_entry("a").await.unwrap().unwrap().withdrawn.unwrap();
    assert_eq!(
        (withdrawn.reason.as_str(), withdrawn.at_ms),
        ("typed for the wrong day", NOON)
    );
    for (sha256, kind, is_there) in [
        ("hash of a", None, true),
        ("hash of a", Some(Kind::Rehearsal), true),
        ("hash of a", Some(Kind::Live), false),
        ("hash of b", None, false),
    ] {
        let found = store.log_has_content(sha256, kind).await.unwrap();
        assert_eq!(found, is_there, "{sha256} {kind:?}");
    }
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn the_list_is_filtered_and_paged_from_the_newest() {
    let dir = new_dir();
    let store = open(&dir);
    for (id, kind, day, owner, phase, smoke) in [
        (
            "a",
            Kind::Rehearsal,
            "2026-01-05",
            "Ana Weber",
            "Phase 2",
            "passed",
        ),
        ("b", Kind::Live, "2026-01-07", "Bo", "Phase 3", "2 FAILED"),
        (
            "c",
            Kind::Live,
            "2026-01-06",
            "ana",
            "phase_2_member_writes",
            "passed",
        ),
    ] {
        append(&store, made(id, kind)).await;
        append(&store, typed(id, Field::Date, day)).await;
        append(&store, typed(id, Field::ReleaseOwner, owner)).await;
        append(&store, typed(id, Field::PhasePromoted, phase)).await;
        append(&store, typed(id, Field::MemberSmoke, smoke)).await;
    }
    append(&store, typed("c", Field::PhaseRolledBack, "Phase 1")).await;
    let all = LogFilter::default;
    let day = desk_core::log::moment::day;
    let cases = [
        (all(), vec!["b", "c", "a"]),
        (
            LogFilter {
                kind: Some(Kind::Live),
                ..all()
            },
            vec!["b", "c"],
        ),
        (
            LogFilter {
                owner: Some("ANA".into()),
                ..all()
            },
            vec!["c", "a"],
        ),
        (
            LogFilter {
                phase: Some(Phase::MemberWrites),
                ..all()
            },
            vec!["c", "a"],
        ),
        (
            LogFilter {
                phase: Some(Phase::ReadOnly),
                ..all()
            },
            vec!["c"],
        ),
        (
            LogFilter {
                outcome: Some(Outcome::Failed),
                ..all()
            },
            vec!["b"],
        ),
        (
            LogFilter {
                outcome: Some(Outcome::RolledBack),
                ..all()
            },
            vec!["c"],
        ),
        (
            LogFilter {
                outcome: Some(Outcome::Done),
                ..all()
            },
            vec!["a"],
        ),
        (
            LogFilter {
                from: day("2026-01-06"),
                to: day("2026-01-06"),
                ..all()
            },
            vec!["c"],
        ),
        (
            LogFilter {
                environment: Some(live()),
                ..all()
            },
            vec!["b", "c", "a"],
        ),
        (
            LogFilter {
                environment: Some(EnvironmentName::practice()),
                ..all()
            },
            vec![],
        ),
        (
            LogFilter {
                search: "fail bo".into(),
                ..all()
            },
            vec!["b"],
        ),
    ];
    for (filter, expected) in cases {
        assert_eq!(found(&store, filter.clone()).await, expected, "{filter:?}");
    }
    let mut after: Option<LogCursor> = None;
    let mut paged = Vec::new();
    while let Some(row) = store.log_entries(&all(), after, 1).await.unwrap().pop() {
        after = Some(after.unwrap_or_default().behind(std::slice::from_ref(&row)));
        paged.push(row.id);
    }
    assert_eq!(paged, ["b", "c", "a"]);
    let called = store.log_entries_called("B").await.unwrap();
    assert_eq!(called.len(), 1);
}

#[tokio::test]
async fn the_journal_is_searched_from_the_newest() {
    let dir = new_dir();
    let store = open(&dir);
    for number in 0..5 {
        append(&store, typed("a", Field::Notes, &format!("note{number} of Zoë"))).await;
    }
    let seqs = |entries: Vec<desk_core::journal::Entry>| -> Vec<i64> {
        entries.into_iter().map(|entry| entry.seq).collect()
    };
    assert_eq!(
        seqs(store.search_journal("zoe note", None, 2).await.unwrap()),
        [5, 4]
    );
    assert_eq!(
        seqs(store.search_journal("zoe", Some(4), 2).await.unwrap()),
        [3, 2]
    );
    assert_eq!(seqs(store.search_journal("note3", None, 50).await.unwrap()), [4]);
    assert_eq!(
        seqs(store.search_journal("log_field", None, 1).await.unwrap()),
        [5]
    );
    assert_eq!(
        seqs(store.search_journal(" - ", None, 50).await.unwrap()),
        Vec::<i64>::new()
    );
    store.rebuild().await.unwrap();
    assert_eq!(seqs(store.search_journal("note3", None, 50).await.unwrap()), [4]);
}

/// The search looks up whole words itself where it can; what it finds must be what FTS5 finds by the beginnings alone.
#[tokio::test]
async fn the_journals_search_finds_what_the_beginnings_alone_would() {
    let dir = new_dir();
    let store = open(&dir);
    let texts = [
        "member members membership MEMBER",
        "Zoë zoe's Zoés, 2026 20",
        "note NOT and or near near2 \"quoted\" (member OR note)",
        "Ünïcode über straße STRASSE 北京 й",
        "a ab abc abcd",
    ];
    for text in texts {
        append(&store, typed("a", Field::Notes, text)).await;
    }
    // More endings than are looked up.
    let many: Vec<String> = (0..70).map(|number| format!("many{number}")).collect();
    append(&store, typed("a", Field::Notes, &many.join(" "))).await;
    append(&store, typed("a", Field::Notes, "manyz")).await;
    let searches = [
        "m",
        "member",
        "MEMB",
        "membership",
        "memberships",
        "Zoë",
        "zoe",
        "zoé",
        "zoes",
        "2026",
        "202",
        "20",
        "2",
        "note",
        "NOT",
        "near",
        "or",
        "and not",
        "quoted member",
        "über",
        "Üb",
        "strasse",
        "straße",
        "北京",
        "北",
        "й",
        "a",
        "ab",
        "abc",
        "abcd",
        "abcde",
        "abc abcd",
        "many",
        "many6",
        "many69",
        "many many",
        "member absent",
        "a member ab many6",
        "",
        "-",
        "member\0s",
        "\"",
        "note*",
        "(",
        "zzzz",
    ];
    let mut found_some = 0;
    for search in searches {
        let found: Vec<i64> = store
            .search_journal(search, None, 50)
            .await
            .unwrap()
            .into_iter()
            .map(|entry| entry.seq)
            .collect();
        let plain: Vec<i64> = store
            .read(move |connection| {
                let Some(search) = matching(search) else {
                    return Ok(Vec::new());
                };
                let mut statement = connection.prepare(
                    "SELECT rowid FROM journal_search WHERE journal_search MATCH ?1 ORDER BY rowid DESC",
                )?;
                let rows = statement.query_map([search], |row| row.get(0))?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
            .await
            .unwrap();
        assert_eq!(found, plain, "{search:?}");
        found_some += usize::from(!found.is_empty());
    }
    assert!(found_some > 30, "{found_some}");
    let asked = store.read(|connection| Ok(matching_in_journal(connection, "MEMBER ab many zoë")?));
    assert_eq!(
        asked.await.unwrap().unwrap(),
        r#"("member" OR "members" OR "membership") AND "ab" * AND "many" * AND "zoë" *"#
    );
    // A word that came later is found as well.
    append(&store, typed("a", Field::Notes, "memberless")).await;
    assert_eq!(store.search_journal("memberl", None, 50).await.unwrap().len(), 1);
}

#[tokio::test]
async fn an_older_stores_runs_and_entries_are_in_the_log_and_in_the_search() {
    let dir = new_dir();
    let store = open(&dir);
    start_run(&store, 1).await;
    store.close().await;
    // As a desk before the log left it: without the log's tables.
    let connection = rusqlite::Connection::open(dir.path().join("desk.db")).unwrap();
    connection
        .execute_batch(
            "DROP TABLE log_entry; DROP TABLE log_field; DROP TABLE log_search; DROP TABLE journal_search;
             DROP INDEX journal_by_run; DROP TABLE evidence_attachment; DROP TABLE evidence_export;
             PRAGMA user_version = 7;",
        )
        .unwrap();
    drop(connection);
    let store = open_with(dir.path(), clock(), migrate::ALL).unwrap();
    assert_eq!(store.log_entry_of_run(1).await.unwrap().unwrap().owner, "Ana");
    assert_eq!(store.search_journal("ana", None, 50).await.unwrap().len(), 1);
    assert!(store.verify().await.unwrap().is_whole());
    sql(&store, "DELETE FROM log_entry").await.unwrap();
    assert_eq!(store.verify().await.unwrap().stale, ["log_entry"]);
    store.rebuild().await.unwrap();
    assert!(store.verify().await.unwrap().is_whole());
}

/// The end of a checklist of which so many requests failed.
fn failed(count: usize) -> SmokeFinish {
    let step = |number: usize| StepRecord {
        id: format!("step{number}"),
        check: "check".into(),
        account: "member-smoke".into(),
        uid: None,
        route: Some("library.items.list".into()),
        action: "Act".into(),
        optional: false,
        result: StepResult::Fail,
        label: None,
        found: "an error".into(),
        at_ms: Some(NOON),
        duration_ms: Some(1),
        status: Some(500),
        request_id: Some(format!("req{number}")),
        support_code: Some(format!("sup{number}")),
        carried_from: None,
    };
    SmokeFinish {
        cancelled: false,
        steps: (0..count).map(step).collect(),
        answers: PhaseAnswers::default(),
        state: None,
        wall_ms: 3,
        critical_path_ms: 2,
    }
}

#[tokio::test]
async fn a_run_is_found_by_everything_that_is_in_it() {
    let dir = new_dir();
    let store = open(&dir);
    start_run(&store, 1).await;
    let text = announcement("member", Phase::AdminFull, "2026-03-02 09:00");
    let subject = text.subject.clone();
    for record in [
        Record::CheckAttested {
            check: "covers".into(),
            pass: true,
            note: "the shelf wobbles".into(),
            phase: Phase::ReadOnly,
            phase_saved_at_ms: 1,
        },
        Record::EvidenceAttached {
            sha256: "cd".repeat(32),
            name: "crash dump.png".into(),
            media_type: "image/png".into(),
            bytes: 1,
            item: "incident-export".into(),
        },
        Record::SmokeFinished {
            smoke_id: "smoke".into(),
            finish: failed(30),
        },
        Record::AnnouncementMade {
            announcement_id: "text".into(),
            announcement: Box::new(text),
        },
        Record::AnnouncementSent {
            announcement_id: "text".into(),
            place: "#backroom".into(),
            sent_at_ms: NOON,
            by: "Bo".into(),
        },
    ] {
        append(&store, record).await;
    }
    append(&store, typed("run-1", Field::Tags, "november")).await;
    let search = |text: &str| LogFilter {
        search: text.to_owned(),
        ..LogFilter::default()
    };
    for words in [
        "run-1",
        "wobbles",
        "crash dump",
        "req7",
        "req29",
        "sup29",
        subject.as_str(),
        "backroom",
        "ana wobbles crash req29 november",
    ] {
        assert_eq!(found(&store, search(words)).await, ["run-1"], "{words}");
    }
    assert_eq!(found(&store, search("req30")).await, Vec::<String>::new());
    assert!(store.verify().await.unwrap().is_whole());
    store.rebuild().await.unwrap();
    assert_eq!(found(&store, search("wobbles req29")).await, ["run-1"]);
}

#[tokio::test]
async fn an_owner_is_found_in_any_case() {
    let dir = new_dir();
    let store = open(&dir);
    append(&store, made("a", Kind::Rehearsal)).await;
    append(&store, typed("a", Field::ReleaseOwner, "Ida Österreicher")).await;
    for owner in ["österreicher", "Österreicher", "ÖSTER", "ida"] {
        let filter = LogFilter {
            owner: Some(owner.into()),
            ..LogFilter::default()
        };
        assert_eq!(found(&store, filter).await, ["a"], "{owner}");
    }
}

#[tokio::test]
async fn a_log_of_the_version_before_is_made_anew_from_the_journal() {
    let dir = new_dir();
    let store = open(&dir);
    start_run(&store, 1).await;
    append(&store, typed("run-1", Field::ReleaseOwner, "Ida Österreicher")).await;
    store.close().await;
    let connection = rusqlite::Connection::open(dir.path().join("desk.db")).unwrap();
    connection
        .execute_batch(&format!(
            "DROP TABLE log_entry; DROP TABLE log_field; DROP TABLE log_search; DROP INDEX journal_by_run;
             {} PRAGMA user_version = 9;",
            crate::projection::log::V8
        ))
        .unwrap();
    drop(connection);
    let store = open_with(dir.path(), clock(), migrate::ALL).unwrap();
    let filter = LogFilter {
        owner: Some("österreicher".into()),
        ..LogFilter::default()
    };
    assert_eq!(found(&store, filter).await, ["run-1"]);
    assert_eq!(store.log_history("run-1").await.unwrap().len(), 1);
    assert!(store.verify().await.unwrap().is_whole());
}
