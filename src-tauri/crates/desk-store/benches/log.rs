//! What the rehearsal log's aims are measured by: the durable save of a field beside a bare `SQLite` commit with the same settings,
//! the search over a million journal entries, and the first page of a log with 100,000 entries.

use desk_core::{
    EnvironmentName,
    log::{Field, Kind},
    record::Record,
};
use desk_store::{Clock, LogFilter, NewEntry, Store};
use rusqlite::Connection;
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const SAVES: usize = 400;
const ENTRIES: usize = 1_000_000;
const IN_LOG: usize = 100_000;
const SEARCHES: usize = 400;
/// How many entries are appended at once while the stores are filled.
const AT_ONCE: usize = 10_000;
/// 2026-03-01 18:00 UTC.
const NOW_MS: i64 = 1_772_388_000_000;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        saves().await?;
        searches().await?;
        list().await
    })
}

/// By turns, each first as often as the other, so that whatever else the machine does falls on both.
async fn saves() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path(), clock())?;
    store.append(made("entry")).await?;
    let bare = bare(&dir.path().join("bare.db"))?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..SAVES {
        let text = format!("what was typed, with some words to it, {round}");
        let of_ours = async || -> Result<Duration, Failed> {
            let started = Instant::now();
            store.append(typed("entry", Field::Notes, &text)).await?;
            Ok(started.elapsed())
        };
        let of_theirs = || -> Result<Duration, Failed> {
            let started = Instant::now();
            bare.execute("INSERT INTO text (text) VALUES (?1)", [&text])?;
            Ok(started.elapsed())
        };
        if round % 2 == 0 {
            ours.push(of_ours().await?);
            theirs.push(of_theirs()?);
        } else {
            theirs.push(of_theirs()?);
            ours.push(of_ours().await?);
        }
    }
    ours.sort_unstable();
    theirs.sort_unstable();
    println!(
        "durable save of a field: p50 {:.2} ms, p99 {:.2} ms",
        milliseconds(at(&ours, 50)),
        milliseconds(at(&ours, 99))
    );
    println!(
        "bare commit of the same text: p50 {:.2} ms, p99 {:.2} ms",
        milliseconds(at(&theirs, 50)),
        milliseconds(at(&theirs, 99))
    );
    println!(
        "at p50 a save takes {:.2} times as long (the aim is at most 1.5)",
        at(&ours, 50).as_secs_f64() / at(&theirs, 50).as_secs_f64()
    );
    store.close().await;
    Ok(())
}

/// A database with the store's settings, and nothing in it but a text.
fn bare(path: &Path) -> Result<Connection, Failed> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;
         CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
    )?;
    Ok(connection)
}

async fn searches() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path(), clock())?;
    eprintln!("writing {ENTRIES} journal entries");
    let mut random = Random(1);
    for _ in 0..ENTRIES / AT_ONCE {
        let entries = (0..AT_ONCE).map(|_| {
            let words: Vec<&str> = (0..8).map(|_| random.word()).collect();
            // No entry of this id is in the log, so that only the journal and its search grow.
            typed("nowhere", Field::Notes, &words.join(" "))
        });
        store.append_all(entries.collect()).await?;
    }
    let mut times = Vec::with_capacity(SEARCHES);
    for number in 0..SEARCHES {
        let (one, other) = (random.word(), random.word());
        // One word, its beginning, two words; now and then words that stand in every entry or in none.
        let search = match number % 5 {
            0 => one.to_owned(),
            1 => one[..3].to_owned(),
            2 => format!("{one} {other}"),
            3 => "no".to_owned(),
            _ => format!("{one} absent"),
        };
        let started = Instant::now();
        let found = store.search_journal(&search, None, 50).await?;
        times.push(started.elapsed());
        assert!(found.len() <= 50);
    }
    times.sort_unstable();
    println!(
        "search over {ENTRIES} journal entries, first 50: p50 {:.2} ms, p95 {:.2} ms (the aim is at most 10 ms)",
        milliseconds(at(&times, 50)),
        milliseconds(at(&times, 95))
    );
    store.close().await;
    Ok(())
}

async fn list() -> Result<(), Failed> {
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path(), clock())?;
    eprintln!("writing {IN_LOG} entries of the log");
    for batch in 0..IN_LOG / AT_ONCE {
        let entries = (0..AT_ONCE).flat_map(|number| {
            let number = batch * AT_ONCE + number;
            let id = format!("entry-{number}");
            let day = format!(
                "20{:02}-{:02}-{:02}",
                number % 26,
                number % 12 + 1,
                number % 28 + 1
            );
            [made(&id), typed(&id, Field::Date, &day)]
        });
        store.append_all(entries.collect()).await?;
    }
    for (what, filter) in [
        ("all", LogFilter::default()),
        (
            "those with a word",
            LogFilter {
                search: "2025".to_owned(),
                ..LogFilter::default()
            },
        ),
    ] {
        let mut times = Vec::new();
        for _ in 0..50 {
            let started = Instant::now();
            let rows = store.log_entries(&filter, None, 100).await?;
            let count = store.log_count(&filter).await?;
            times.push(started.elapsed());
            assert!(rows.len() == 100 && count > 100);
        }
        times.sort_unstable();
        println!(
            "first 100 of {IN_LOG} entries and their number, {what}: p50 {:.2} ms, p95 {:.2} ms",
            milliseconds(at(&times, 50)),
            milliseconds(at(&times, 95))
        );
    }
    store.close().await;
    Ok(())
}

fn made(id: &str) -> NewEntry {
    entry(Record::LogEntryMade {
        entry_id: id.to_owned(),
        run_kind: Kind::Rehearsal,
        imported_sha256: None,
    })
}

fn typed(id: &str, field: Field, text: &str) -> NewEntry {
    entry(Record::LogFieldSet {
        entry_id: id.to_owned(),
        field,
        text: text.to_owned(),
        undoes: false,
    })
}

fn entry(record: Record) -> NewEntry {
    NewEntry {
        environment: Some(EnvironmentName::practice()),
        run_id: None,
        actor: "staff_ana".to_owned(),
        record,
    }
}

fn clock() -> Clock {
    Arc::new(|| NOW_MS)
}

/// The time that so many percent of sorted times are at most.
fn at(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

const WORDS: [&str; 24] = [
    "loan", "return", "member", "staff", "admin", "gate", "phase", "rollback", "window", "library", "review",
    "rating", "shelf", "notice", "printer", "kiln", "studio", "request", "timeout", "answer", "snapshot",
    "metric", "error", "harbour",
];

/// A xorshift generator: the same numbers in every run, which is all that is asked of it.
struct Random(u64);

impl Random {
    fn word(&mut self) -> &'static str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        WORDS[usize::try_from(self.0 % 24).unwrap_or(0)]
    }
}
