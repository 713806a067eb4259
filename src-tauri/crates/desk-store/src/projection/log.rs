//! The rehearsal log: an entry for every run and for those made by hand, what was typed into them, and their search.

use crate::{
    column::{Json, Word},
    error::StoreError,
    journal,
    search::matching,
    store::Store,
};
use chrono_tz::Tz;
use desk_core::{
    EnvironmentName, Phase,
    journal::Entry,
    log::{self, Change, Facts, Field, Kind, Outcome, Sheet},
    record::Record,
};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};
use std::{collections::BTreeSet, ops::ControlFlow};

/// The version whose step fills the tables from the journal of an older store.
pub(crate) const SINCE: i64 = 8;

pub(crate) const V8: &str = "
CREATE TABLE log_entry (
    entry_id         TEXT NOT NULL UNIQUE,
    seq              INTEGER PRIMARY KEY,
    environment      TEXT NOT NULL,
    run_number       INTEGER,
    kind             TEXT NOT NULL,
    actor            TEXT NOT NULL,
    made_at_ms       INTEGER NOT NULL,
    facts            TEXT,
    typed            TEXT NOT NULL DEFAULT '{}',
    imported_sha256  TEXT,
    withdrawn        TEXT,
    sort_ms          INTEGER NOT NULL,
    owner            TEXT NOT NULL DEFAULT '',
    phases           TEXT NOT NULL DEFAULT '',
    outcome          TEXT NOT NULL
) STRICT;

CREATE INDEX log_entry_by_time ON log_entry (sort_ms, seq);
CREATE INDEX log_entry_by_content ON log_entry (imported_sha256) WHERE imported_sha256 IS NOT NULL;

CREATE TABLE log_field (
    entry_id TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    field    TEXT NOT NULL,
    actor    TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    text     TEXT NOT NULL,
    undoes   INTEGER NOT NULL,
    PRIMARY KEY (entry_id, seq)
) STRICT, WITHOUT ROWID;

CREATE VIRTUAL TABLE log_search USING fts5 (
    environment UNINDEXED, entry_id UNINDEXED, words, prefix = '2 3'
);

CREATE INDEX journal_by_run ON journal (run_id, seq) WHERE run_id IS NOT NULL;
";

/// An entry of the rehearsal log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntryRow {
    /// Its id; the run's, where the desk made the run.
    pub id: String,
    /// The number of the journal entry that made it.
    pub seq: i64,
    /// Where.
    pub environment: EnvironmentName,
    /// The run's number; none for an entry made by hand.
    pub run_number: Option<i64>,
    /// Whether the run was for real.
    pub kind: Kind,
    /// Who made it: the operator's uid.
    pub actor: String,
    /// When it was made, milliseconds since 1970.
    pub made_at_ms: i64,
    /// What the desk knows of the run; none for an entry made by hand.
    pub facts: Option<Facts>,
    /// What people typed, as it stands.
    pub typed: Sheet,
    /// Why it was withdrawn.
    pub withdrawn: Option<Withdrawn>,
    /// When the run began, milliseconds since 1970, as far as is known: entries are in this order.
    pub sort_ms: i64,
    /// The release owner that counts; empty where none is known.
    pub owner: String,
    /// How it went.
    pub outcome: Outcome,
}

/// That an entry was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawn {
    /// Why.
    pub reason: String,
    /// Who: the operator's uid.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// A change to a field of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFieldRow {
    /// Which field.
    pub field: Field,
    /// Who: the operator's uid.
    pub actor: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The change.
    pub change: Change,
}

/// Which entries are wanted; what is none does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Where.
    pub environment: Option<EnvironmentName>,
    /// Whether the run was for real.
    pub kind: Option<Kind>,
    /// Letters of the release owner's name, in any case.
    pub owner: Option<String>,
    /// A phase that it was promoted to or rolled back to.
    pub phase: Option<Phase>,
    /// How it went.
    pub outcome: Option<Outcome>,
    /// The earliest beginning, milliseconds since 1970.
    pub from_ms: Option<i64>,
    /// The beginning must be before, milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// Words whose beginnings must be in it.
    pub search: String,
}

/// Where a page of the list ended: the next begins behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogCursor {
    /// The last entry's [`LogEntryRow::sort_ms`].
    pub sort_ms: i64,
    /// Its [`LogEntryRow::seq`].
    pub seq: i64,
}

const WANTED: &str = "
    (:environment IS NULL OR environment = :environment)
    AND (:kind IS NULL OR kind = :kind)
    AND (:owner IS NULL OR instr(lower(owner), :owner) > 0)
    AND (:phase IS NULL OR instr(phases, :phase) > 0)
    AND (:outcome IS NULL OR outcome = :outcome)
    AND sort_ms >= :from_ms AND sort_ms < :until_ms
    AND (:search IS NULL OR seq IN (SELECT rowid FROM log_search WHERE log_search MATCH :search))";

impl Store {
    /// Entries, newest first, at most `limit`, behind `after` where given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_entries(
        &self,
        filter: &LogFilter,
        after: Option<LogCursor>,
        limit: u32,
    ) -> Result<Vec<LogEntryRow>, StoreError> {
        let filter = filter.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT * FROM log_entry WHERE {WANTED}
                 AND (sort_ms, seq) < (:after_ms, :after_seq)
                 ORDER BY sort_ms DESC, seq DESC LIMIT :limit"
            ))?;
            let after = after.unwrap_or(LogCursor {
                sort_ms: i64::MAX,
                seq: i64::MAX,
            });
            with_filter(&filter, |named| {
                let mut named = named.to_vec();
                named.extend([
                    (":after_ms", &after.sort_ms as &dyn ToSql),
                    (":after_seq", &after.seq),
                    (":limit", &limit),
                ]);
                let rows = statement.query_map(named.as_slice(), from_row)?;
                Ok(rows.collect::<Result<_, _>>()?)
            })
        })
        .await
    }

    /// How many entries a filter lets through.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_count(&self, filter: &LogFilter) -> Result<u64, StoreError> {
        let filter = filter.clone();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached(&format!("SELECT count(*) FROM log_entry WHERE {WANTED}"))?;
            with_filter(&filter, |named| Ok(statement.query_row(named, |row| row.get(0))?))
        })
        .await
    }

    /// An entry by its id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_entry(&self, id: &str) -> Result<Option<LogEntryRow>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| Ok(find(connection, &id)?)).await
    }

    /// The entry of a run by its number on this desk.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_entry_of_run(&self, number: i64) -> Result<Option<LogEntryRow>, StoreError> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT log_entry.* FROM run JOIN log_entry ON log_entry.entry_id = run.id WHERE run.number = ?1",
                )?
                .query_row([number], from_row)
                .optional()?)
        })
        .await
    }

    /// The entries whose ids begin so, at most two: enough to see whether one is meant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_entries_called(&self, beginning: &str) -> Result<Vec<LogEntryRow>, StoreError> {
        let beginning = beginning.to_lowercase();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM log_entry WHERE entry_id >= ?1 AND entry_id < ?1 || 'g' ORDER BY entry_id LIMIT 2",
            )?;
            let rows = statement.query_map([beginning], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Whether an entry was imported from a file with this content before.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_has_content(&self, sha256: &str) -> Result<bool, StoreError> {
        let sha256 = sha256.to_owned();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT 1 FROM log_entry WHERE imported_sha256 = ?1")?
                .exists([sha256])?)
        })
        .await
    }

    /// Every change to the fields of an entry, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_history(&self, id: &str) -> Result<Vec<LogFieldRow>, StoreError> {
        let id = id.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM log_field WHERE entry_id = ?1 ORDER BY seq")?;
            let rows = statement.query_map([id], |row| {
                Ok(LogFieldRow {
                    field: row.get::<_, Word<_>>("field")?.0,
                    actor: row.get("actor")?,
                    at_ms: row.get("at_ms")?,
                    change: Change {
                        seq: row.get("seq")?,
                        text: row.get("text")?,
                        undoes: row.get("undoes")?,
                    },
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Hands the filter's values to a query.
fn with_filter<T>(
    filter: &LogFilter,
    query: impl FnOnce(&[(&str, &dyn ToSql)]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let owner = filter.owner.as_ref().map(|owner| owner.trim().to_lowercase());
    let owner = owner.filter(|owner| !owner.is_empty());
    query(named_params! {
        ":environment": filter.environment.as_ref().map(EnvironmentName::as_str),
        ":kind": filter.kind.map(Word),
        ":owner": owner,
        ":phase": filter.phase.map(Phase::wire),
        ":outcome": filter.outcome.map(Word),
        ":from_ms": filter.from_ms.unwrap_or(i64::MIN),
        ":until_ms": filter.until_ms.unwrap_or(i64::MAX),
        ":search": matching(&filter.search),
    })
}

fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<LogEntryRow>> {
    connection
        .prepare_cached("SELECT * FROM log_entry WHERE entry_id = ?1")?
        .query_row([id], from_row)
        .optional()
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<LogEntryRow> {
    let environment: String = row.get("environment")?;
    let environment = EnvironmentName::new(&environment).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(LogEntryRow {
        id: row.get("entry_id")?,
        seq: row.get("seq")?,
        environment,
        run_number: row.get("run_number")?,
        kind: row.get::<_, Word<_>>("kind")?.0,
        actor: row.get("actor")?,
        made_at_ms: row.get("made_at_ms")?,
        facts: row.get::<_, Option<Json<_>>>("facts")?.map(|facts| facts.0),
        typed: row.get::<_, Json<_>>("typed")?.0,
        withdrawn: row
            .get::<_, Option<Json<_>>>("withdrawn")?
            .map(|withdrawn| withdrawn.0),
        sort_ms: row.get("sort_ms")?,
        owner: row.get("owner")?,
        outcome: row.get::<_, Word<_>>("outcome")?.0,
    })
}

/// Writes an entry's part of the log: the fields typed, and the facts of the run that it belongs to.
pub(super) fn take(connection: &Connection, entry: &Entry, record: &Record) -> Result<(), StoreError> {
    match record {
        Record::RunStarted {
            number,
            environment_kind,
            owner,
            ..
        } => {
            let facts = Facts::begin(entry.at_ms, owner.clone());
            make(
                connection,
                entry,
                &New {
                    id: super::run_of(entry)?,
                    kind: (*environment_kind).into(),
                    run_number: Some(*number),
                    facts: Some(&facts),
                    imported_sha256: None,
                },
            )
        }
        Record::LogEntryMade {
            entry_id,
            run_kind,
            imported_sha256,
        } => make(
            connection,
            entry,
            &New {
                id: entry_id,
                kind: *run_kind,
                run_number: None,
                facts: None,
                imported_sha256: imported_sha256.as_deref(),
            },
        ),
        Record::LogFieldSet {
            entry_id,
            field,
            text,
            undoes,
        } => set(connection, entry, entry_id, *field, text, *undoes),
        Record::LogEntryWithdrawn { entry_id, reason } => {
            let Some(mut row) = find(connection, entry_id)? else {
                return Ok(());
            };
            // The first reason stands.
            row.withdrawn.get_or_insert_with(|| Withdrawn {
                reason: reason.clone(),
                by: entry.actor.clone(),
                at_ms: entry.at_ms,
            });
            put(connection, &row)
        }
        _ => {
            let Some(run_id) = &entry.run_id else {
                return Ok(());
            };
            let Some(mut row) = find(connection, run_id)? else {
                return Ok(());
            };
            let changed = row
                .facts
                .as_mut()
                .is_some_and(|facts| facts.apply(entry.at_ms, record));
            if changed { put(connection, &row) } else { Ok(()) }
        }
    }
}

struct New<'a> {
    id: &'a str,
    kind: Kind,
    run_number: Option<i64>,
    facts: Option<&'a Facts>,
    imported_sha256: Option<&'a str>,
}

fn make(connection: &Connection, entry: &Entry, new: &New<'_>) -> Result<(), StoreError> {
    let environment = super::environment_of(entry)?;
    connection
        .prepare_cached(
            "INSERT INTO log_entry (entry_id, seq, environment, run_number, kind, actor, made_at_ms, facts,
                 imported_sha256, sort_ms, outcome)
             VALUES (:id, :seq, :environment, :run_number, :kind, :actor, :made_at_ms, :facts, :imported_sha256,
                 :made_at_ms, :outcome)",
        )?
        .execute(named_params! {
            ":id": new.id,
            ":seq": entry.seq,
            ":environment": environment.as_str(),
            ":run_number": new.run_number,
            ":kind": Word(new.kind),
            ":actor": entry.actor,
            ":made_at_ms": entry.at_ms,
            ":facts": new.facts.map(Json),
            ":imported_sha256": new.imported_sha256,
            ":outcome": Word(Outcome::Done),
        })?;
    connection
        .prepare_cached(
            "INSERT INTO log_search (rowid, environment, entry_id, words) VALUES (?1, ?2, ?3, '')",
        )?
        .execute(params![entry.seq, environment.as_str(), new.id])?;
    match find(connection, new.id)? {
        Some(row) => put(connection, &row),
        None => Ok(()),
    }
}

/// What is typed into an entry that is not there changes nothing.
fn set(
    connection: &Connection,
    entry: &Entry,
    id: &str,
    field: Field,
    text: &str,
    undoes: bool,
) -> Result<(), StoreError> {
    let Some(mut row) = find(connection, id)? else {
        return Ok(());
    };
    connection
        .prepare_cached(
            "INSERT INTO log_field (entry_id, seq, field, actor, at_ms, text, undoes)
             VALUES (:id, :seq, :field, :actor, :at_ms, :text, :undoes)",
        )?
        .execute(named_params! {
            ":id": id,
            ":seq": entry.seq,
            ":field": Word(field),
            ":actor": entry.actor,
            ":at_ms": entry.at_ms,
            ":text": text,
            ":undoes": undoes,
        })?;
    if text.is_empty() {
        row.typed.remove(&field);
    } else {
        row.typed.insert(field, text.to_owned());
    }
    put(connection, &row)
}

/// Writes what follows from an entry's facts and its typed fields. Times are told in UTC, so that the tables are the same
/// on every machine.
fn put(connection: &Connection, row: &LogEntryRow) -> Result<(), StoreError> {
    let sheet = log::counting(row.facts.as_ref(), &row.typed, Tz::UTC);
    let text = |field| sheet.get(&field).map(String::as_str).unwrap_or_default();
    let phases: Vec<&str> = [Field::PhasePromoted, Field::PhaseRolledBack]
        .into_iter()
        .flat_map(|field| log::phases(text(field)).unwrap_or_default())
        .map(Phase::wire)
        .collect();
    connection
        .prepare_cached(
            "UPDATE log_entry SET facts = :facts, typed = :typed, withdrawn = :withdrawn, sort_ms = :sort_ms,
                 owner = :owner, phases = :phases, outcome = :outcome
             WHERE seq = :seq",
        )?
        .execute(named_params! {
            ":seq": row.seq,
            ":facts": row.facts.as_ref().map(Json),
            ":typed": Json(&row.typed),
            ":withdrawn": row.withdrawn.as_ref().map(Json),
            ":sort_ms": began_at_ms(row),
            ":owner": text(Field::ReleaseOwner),
            ":phases": phases.join(" "),
            ":outcome": Word(Outcome::of(&sheet, row.facts.as_ref())),
        })?;
    connection
        .prepare_cached("UPDATE log_search SET words = ?2 WHERE rowid = ?1")?
        .execute(params![row.seq, words(row, &sheet)])?;
    Ok(())
}

/// When the run began: as typed, else as the desk knows, else when the entry was made.
fn began_at_ms(row: &LogEntryRow) -> i64 {
    let day = row
        .typed
        .get(&Field::Date)
        .and_then(|date| log::moment::day(date));
    let known = row.facts.as_ref().map(|facts| facts.started_at_ms);
    let Some(day) = day else {
        return known.unwrap_or(row.made_at_ms);
    };
    let time = row.typed.get(&Field::StartTime);
    let time = time.and_then(|time| log::moment::Moment::read(time));
    let began = time.map_or_else(|| day.and_time(chrono::NaiveTime::MIN), |time| time.on(day));
    began.and_utc().timestamp_millis()
}

/// Everything in an entry, for its search.
fn words(row: &LogEntryRow, sheet: &Sheet) -> String {
    let facts = row
        .facts
        .as_ref()
        .map(|facts| facts.sheet(Tz::UTC))
        .unwrap_or_default();
    let all: BTreeSet<&str> = facts.values().chain(sheet.values()).map(String::as_str).collect();
    let label = row
        .run_number
        .map(|number| format!("R-{number:03}"))
        .unwrap_or_default();
    let withdrawn = row.withdrawn.as_ref().map(|withdrawn| withdrawn.reason.as_str());
    let mut words = vec![
        label.as_str(),
        row.kind.word(),
        row.outcome.word(),
        row.environment.as_str(),
    ];
    words.extend(all);
    words.extend(withdrawn);
    words.join("\n")
}

/// Fills the tables from the journal of a store that was written before they were there. An entry that cannot be read is
/// passed over: it is not the log's to say so, but [`Store::verify`]'s.
pub(crate) fn fill(connection: &Connection) -> Result<(), StoreError> {
    journal::visit(connection, |entry| {
        match Record::from_parts(&entry.kind, &entry.body) {
            Ok(record) => take(connection, &entry, &record)?,
            Err(error) => tracing::warn!(seq = entry.seq, %error, "an entry cannot be read"),
        }
        Ok(ControlFlow::Continue(()))
    })
}
