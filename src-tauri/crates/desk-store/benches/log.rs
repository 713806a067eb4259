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
const SEARCHES: usize = 600;
/// How many entries are appended at once while the stores are filled.
const AT_ONCE: usize = 10_000;
/// 2026-03-01 18:00 UTC.
const NOW_MS: i64 = 1_772_388_000_000;

type Failed = Box<dyn std::error::Error>;

fn main() -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Some of them by name, for who works on one: `-- saves`, `-- searches`, `-- list`.
    let named: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let is_wanted = |name: &str| named.is_empty() || named.iter().any(|word| word == name);
    runtime.block_on(async {
        if is_wanted("saves") {
            saves().await?;
        }
        if is_wanted("searches") {
            searches().await?;
        }
        if is_wanted("list") {
            list().await?;
        }
        Ok(())
    })
}

/// What is searched for.
#[derive(Clone, Copy, Debug)]
enum Search {
    OneWord,
    ThreeLetters,
    FourLetters,
    TwoWords,
    /// Its two letters begin a word of every entry.
    InEveryEntry,
    /// A word of many entries and one of none.
    NowhereElse,
}

impl Search {
    const ALL: [Self; 6] = [
        Self::OneWord,
        Self::ThreeLetters,
        Self::FourLetters,
        Self::TwoWords,
        Self::InEveryEntry,
        Self::NowhereElse,
    ];

    fn text(self, random: &mut Random) -> String {
        let (one, other) = (random.word(), random.word());
        match self {
            Self::OneWord => one.to_owned(),
            Self::ThreeLetters => one[..3].to_owned(),
            Self::FourLetters => one[..4].to_owned(),
            Self::TwoWords => format!("{one} {other}"),
            Self::InEveryEntry => "no".to_owned(),
            Self::NowhereElse => format!("{one} absent"),
        }
    }
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
    let (mut all, mut newest) = (Vec::with_capacity(SEARCHES), Vec::with_capacity(SEARCHES));
    for kind in Search::ALL {
        let mut times = Vec::with_capacity(SEARCHES / Search::ALL.len());
        for _ in 0..SEARCHES / Search::ALL.len() {
            let search = kind.text(&mut random);
            let started = Instant::now();
            let found = store.search_journal(&search, None, 50).await?;
            times.push(started.elapsed());
            let started = Instant::now();
            store.entries(None, 50).await?;
            newest.push(started.elapsed());
            assert!(
                found.len()
                    == if matches!(kind, Search::NowhereElse) {
                        0
                    } else {
                        50
                    }
            );
        }
        all.extend_from_slice(&times);
        times.sort_unstable();
        println!(
            "  {kind:?}: p50 {:.2} ms, p95 {:.2} ms",
            milliseconds(at(&times, 50)),
            milliseconds(at(&times, 95))
        );
    }
    all.sort_unstable();
    newest.sort_unstable();
    println!(
        "search over {ENTRIES} journal entries, first 50, all of these: p50 {:.2} ms, p95 {:.2} ms (the aim is at most 10 ms)",
        milliseconds(at(&all, 50)),
        milliseconds(at(&all, 95))
    );
    println!(
        "the newest 50 without a search: p50 {:.2} ms, p95 {:.2} ms; at p50 a search takes {:.1} times as long",
        milliseconds(at(&newest, 50)),
        milliseconds(at(&newest, 95)),
        at(&all, 50).as_secs_f64() / at(&newest, 50).as_secs_f64()
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
    let bare = Connection::open(dir.path().join("desk.db"))?;
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
        let (mut times, mut bare_times) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            let started = Instant::now();
            let rows = store.log_entries(&filter, None, 100).await?;
            let count = store.log_count(&filter).await?;
            times.push(started.elapsed());
            assert!(rows.len() == 100 && count > 100);
            let started = Instant::now();
            let read = bare_page(&bare)?;
            bare_times.push(started.elapsed());
            assert_eq!(read, 100);
        }
        times.sort_unstable();
        bare_times.sort_unstable();
        println!(
            "first 100 of {IN_LOG} entries and their number, {what}: p50 {:.2} ms, p95 {:.2} ms, at p50 {:.1} times a bare query",
            milliseconds(at(&times, 50)),
            milliseconds(at(&times, 95)),
            at(&times, 50).as_secs_f64() / at(&bare_times, 50).as_secs_f64()
        );
    }
    store.close().await;
    Ok(())
}

/// The first page without any filter, and the number of all, asked of `SQLite` itself.
fn bare_page(connection: &Connection) -> Result<usize, Failed> {
    let _count: i64 = connection
        .prepare_cached("SELECT count(*) FROM log_entry")?
        .query_row([], |row| row.get(0))?;
    let mut statement = connection
        .prepare_cached("SELECT entry_id, typed FROM log_entry ORDER BY sort_ms DESC, seq DESC LIMIT 100")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    Ok(rows.collect::<Result<Vec<_>, _>>()?.len())
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
