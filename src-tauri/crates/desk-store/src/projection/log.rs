//! The rehearsal log: an entry for every run and for those made by hand, what was typed into them, and their search.

use crate::{
    column::{Json, Word},
    error::StoreError,
    journal,
    search::matching,
    store::Store,
};
use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use desk_core::{
    EnvironmentName, Phase,
    journal::Entry,
    log::{self, Change, Facts, Field, Kind, Outcome, Sheet},
    record::{Record, RequestRef},
    rollback::{Event, Said},
    smoke::StepResult,
};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};
use std::{collections::BTreeSet, ops::ControlFlow};

/// The version whose step makes the tables anew and fills them from the journal of an older store.
pub(crate) const SINCE: i64 = 10;

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

/// The tables anew: they follow from the journal, and are filled from it once they are there.
pub(crate) const V10: &str = "
DROP TABLE log_entry;
DROP TABLE log_search;
DELETE FROM log_field;

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
    day_typed        INTEGER NOT NULL DEFAULT 0,
    sort_ms          INTEGER NOT NULL,
    owner            TEXT NOT NULL DEFAULT '',
    owner_folded     TEXT NOT NULL DEFAULT '',
    phases           TEXT NOT NULL DEFAULT '',
    outcome          TEXT NOT NULL
) STRICT;

CREATE INDEX log_entry_by_time ON log_entry (day_typed, sort_ms, seq);
CREATE INDEX log_entry_by_content ON log_entry (imported_sha256) WHERE imported_sha256 IS NOT NULL;

CREATE VIRTUAL TABLE log_search USING fts5 (
    environment UNINDEXED, entry_id UNINDEXED, words, told, prefix = '2 3'
);
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
    /// Who made it: the operator's uid, else the machine's account.
    pub actor: String,
    /// When it was made, milliseconds since 1970.
    pub made_at_ms: i64,
    /// What the desk knows of the run; none for an entry made by hand.
    pub facts: Option<Facts>,
    /// What people typed, as it stands.
    pub typed: Sheet,
    /// Why it was withdrawn.
    pub withdrawn: Option<Withdrawn>,
    /// Whether its day was typed: then [`Self::sort_ms`] is what a clock on the wall showed, which zone it hung in is not known.
    pub day_typed: bool,
    /// When the run began, milliseconds since 1970, as far as is known; where its day was typed, as if that were in UTC.
    pub sort_ms: i64,
    /// The release owner that counts; empty where none is known.
    pub owner: String,
    /// How it went.
    pub outcome: Outcome,
}

impl LogEntryRow {
    /// When the run began, milliseconds since 1970, as far as is known; times that were typed are taken to be `zone`'s.
    pub fn began_at_ms(&self, zone: Tz) -> i64 {
        let typed = self.typed.get(&Field::StartTime);
        let typed = typed.and_then(|time| log::moment::Moment::read(time));
        let on_the_wall = if self.day_typed {
            DateTime::from_timestamp_millis(self.sort_ms).map(|at| at.naive_utc())
        } else {
            typed.and_then(|time| Some(time.on(log::moment::day_of(self.sort_ms, zone)?)))
        };
        // Of a time that was there twice the first is meant; one that was passed over by the clocks is taken as if it were UTC.
        let at = on_the_wall.map(|wall| {
            let in_zone = wall.and_local_timezone(zone).earliest();
            in_zone.map_or_else(|| wall.and_utc().timestamp_millis(), |at| at.timestamp_millis())
        });
        at.unwrap_or(self.sort_ms)
    }
}

/// That an entry was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawn {
    /// Why.
    pub reason: String,
    /// Who: the operator's uid, else the machine's account.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// A change to a field of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFieldRow {
    /// Which field.
    pub field: Field,
    /// Who: the operator's uid, else the machine's account.
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
    /// The first day, as it stands in the entries.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub to: Option<NaiveDate>,
    /// The zone in which the days of facts are told.
    pub zone: Tz,
    /// Words whose beginnings must be in it.
    pub search: String,
}

/// Where a page of the list ended: the next begins behind it. The list is of two kinds of entries, each in its own order,
/// for where typed days and the desk's own times stand to each other is a matter of the zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCursor {
    /// The last entry whose day the desk knows.
    pub known: Option<LogPlace>,
    /// The last entry whose day was typed.
    pub typed: Option<LogPlace>,
}

/// An entry's place among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogPlace {
    /// Its [`LogEntryRow::sort_ms`].
    pub sort_ms: i64,
    /// Its [`LogEntryRow::seq`].
    pub seq: i64,
}

impl LogCursor {
    /// Behind these entries too.
    #[must_use]
    pub fn behind(mut self, rows: &[LogEntryRow]) -> Self {
        for row in rows {
            let place = LogPlace {
                sort_ms: row.sort_ms,
                seq: row.seq,
            };
            let last = if row.day_typed {
                &mut self.typed
            } else {
                &mut self.known
            };
            let is_behind = last.is_none_or(|last| (place.sort_ms, place.seq) < (last.sort_ms, last.seq));
            if is_behind {
                *last = Some(place);
            }
        }
        self
    }
}

const WANTED: &str = "
    day_typed = :day_typed
    AND (:environment IS NULL OR environment = :environment)
    AND (:kind IS NULL OR kind = :kind)
    AND (:owner IS NULL OR instr(owner_folded, :owner) > 0)
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
        let after = after.unwrap_or_default();
        self.read(move |connection| {
            let known = rows_of_kind(connection, &filter, false, after.known, limit)?;
            let typed = rows_of_kind(connection, &filter, true, after.typed, limit)?;
            Ok(merged(known, typed, filter.zone, limit))
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
            let mut count = |day_typed| {
                with_filter(&filter, day_typed, |named| {
                    Ok(statement.query_row(named, |row| row.get::<_, u64>(0))?)
                })
            };
            Ok(count(false)? + count(true)?)
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

    /// The entries whose ids begin or end so, at most two: enough to see whether one is meant.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_entries_called(&self, part: &str) -> Result<Vec<LogEntryRow>, StoreError> {
        let part = part.to_lowercase();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM log_entry
                 WHERE (entry_id >= ?1 AND entry_id < ?1 || 'g') OR substr(entry_id, -length(?1)) = ?1
                 ORDER BY entry_id LIMIT 2",
            )?;
            let rows = statement.query_map([part], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Whether an entry was imported from a file with this content before; one of this kind, where one is given.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn log_has_content(&self, sha256: &str, kind: Option<Kind>) -> Result<bool, StoreError> {
        let sha256 = sha256.to_owned();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT 1 FROM log_entry WHERE imported_sha256 = ?1 AND (?2 IS NULL OR kind = ?2)",
                )?
                .exists((sha256, kind.map(Word)))?)
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

/// The entries of one kind that a filter lets through, in that kind's order.
fn rows_of_kind(
    connection: &Connection,
    filter: &LogFilter,
    day_typed: bool,
    after: Option<LogPlace>,
    limit: u32,
) -> Result<Vec<LogEntryRow>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT * FROM log_entry WHERE {WANTED}
         AND (sort_ms, seq) < (:after_ms, :after_seq)
         ORDER BY sort_ms DESC, seq DESC LIMIT :limit"
    ))?;
    let after = after.unwrap_or(LogPlace {
        sort_ms: i64::MAX,
        seq: i64::MAX,
    });
    with_filter(filter, day_typed, |named| {
        let mut named = named.to_vec();
        named.extend([
            (":after_ms", &after.sort_ms as &dyn ToSql),
            (":after_seq", &after.seq),
            (":limit", &limit),
        ]);
        let rows = statement.query_map(named.as_slice(), from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    })
}

/// The first of both kinds, newest first in a zone. Of each kind it takes the first ones and passes none over, so that the
/// next page begins right behind them, whatever the zone's clocks did.
fn merged(known: Vec<LogEntryRow>, typed: Vec<LogEntryRow>, zone: Tz, limit: u32) -> Vec<LogEntryRow> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let began = |row: &LogEntryRow| (row.began_at_ms(zone), row.seq);
    let (mut known, mut typed) = (known.into_iter().peekable(), typed.into_iter().peekable());
    let mut rows = Vec::new();
    while rows.len() < limit {
        let next = match (known.peek(), typed.peek()) {
            (Some(one), Some(other)) if began(one) >= began(other) => known.next(),
            (Some(_), None) => known.next(),
            (_, Some(_)) => typed.next(),
            (None, None) => break,
        };
        rows.extend(next);
    }
    // A start that was corrected stands where it belongs, at least within its page.
    rows.sort_by_key(|row| std::cmp::Reverse(began(row)));
    rows
}

/// Hands the filter's values to a query for entries whose day was typed, or for the others.
fn with_filter<T>(
    filter: &LogFilter,
    day_typed: bool,
    query: impl FnOnce(&[(&str, &dyn ToSql)]) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let owner = filter.owner.as_ref().map(|owner| owner.trim().to_lowercase());
    let owner = owner.filter(|owner| !owner.is_empty());
    // The day as it stands in the entry: a typed one as it was typed, a fact's as it is told in the zone.
    let midnight = |day: NaiveDate| {
        let midnight = day.and_time(NaiveTime::MIN);
        let in_zone = midnight.and_local_timezone(filter.zone).earliest();
        match in_zone.filter(|_| !day_typed) {
            Some(at) => at.timestamp_millis(),
            None => midnight.and_utc().timestamp_millis(),
        }
    };
    let until = filter.to.and_then(|day| day.checked_add_days(Days::new(1)));
    query(named_params! {
        ":day_typed": day_typed,
        ":environment": filter.environment.as_ref().map(EnvironmentName::as_str),
        ":kind": filter.kind.map(Word),
        ":owner": owner,
        ":phase": filter.phase.map(Phase::wire),
        ":outcome": filter.outcome.map(Word),
        ":from_ms": filter.from.map_or(i64::MIN, midnight),
        ":until_ms": until.map_or(i64::MAX, midnight),
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
        day_typed: row.get("day_typed")?,
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
            let told = told(record);
            if !told.is_empty() {
                connection
                    .prepare_cached("UPDATE log_search SET told = told || ?2 WHERE rowid = ?1")?
                    .execute(params![row.seq, told.join("\n") + "\n"])?;
            }
            let changed = row
                .facts
                .as_mut()
                .is_some_and(|facts| facts.apply(entry.at_ms, record));
            if changed { put(connection, &row) } else { Ok(()) }
        }
    }
}

/// What a record of a run tells beyond the run's facts, for the search: people's words, names of files, texts, and the ids
/// of requests that failed, of which the facts name some only.
fn told(record: &Record) -> Vec<&str> {
    let mut told: Vec<&str> = Vec::new();
    match record {
        Record::PhaseChangeStarted {
            note,
            incident_id,
            override_reason,
            ..
        } => {
            told.extend(
                [note, incident_id, override_reason]
                    .into_iter()
                    .flatten()
                    .map(String::as_str),
            );
        }
        Record::PhaseChangeConcluded { requests, reason, .. } => {
            told.extend(reason.as_deref());
            let failed = |request: &&RequestRef| request.status.is_none_or(|status| status >= 400);
            told.extend(
                requests
                    .iter()
                    .filter(failed)
                    .map(|request| request.request_id.as_str()),
            );
        }
        Record::PhaseMovedElsewhere { to, .. } => told.extend(to.note.as_deref()),
        Record::RollbackOpened { opening, .. } => told.extend([opening.confirmed_by.as_str(), &opening.note]),
        Record::CheckAttested { check, note, .. } => told.extend([check.as_str(), note]),
        Record::SmokeFinished { finish, .. } => {
            for step in finish.steps.iter().filter(|step| step.result == StepResult::Fail) {
                told.extend([step.id.as_str(), &step.found]);
                told.extend(step.request_id.as_deref());
                told.extend(step.support_code.as_deref());
            }
        }
        Record::EvidenceAttached {
            sha256, name, item, ..
        } => told.extend([sha256.as_str(), name, item]),
        Record::AnnouncementMade { announcement, .. } => {
            told.extend([announcement.subject.as_str(), &announcement.body]);
        }
        Record::AnnouncementSent { place, by, .. } => told.extend([place.as_str(), by]),
        Record::AnnouncementPostConcluded { found, .. } => told.push(found),
        Record::RollbackEvent { event, .. } => match event {
            Event::Failed { why, .. } | Event::GaveUp { why } => told.push(why),
            Event::PassedOver { reason, .. } | Event::Stopped { reason } => told.push(reason),
            Event::Reviewed { by, words } => told.extend([by.as_str(), words]),
            Event::Answered { answers }
            | Event::Verified { answers }
            | Event::Settled { answers }
            | Event::Restored { answers, .. } => {
                let failed = answers.probes.iter().filter(|probe| probe.said == Said::Failed);
                told.extend(failed.filter_map(|probe| probe.request_id.as_deref()));
            }
            _ => {}
        },
        _ => {}
    }
    told
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
            "INSERT INTO log_search (rowid, environment, entry_id, words, told) VALUES (?1, ?2, ?3, '', '')",
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
    let (day_typed, sort_ms) = began(row);
    let phases: Vec<&str> = [Field::PhasePromoted, Field::PhaseRolledBack]
        .into_iter()
        .flat_map(|field| log::phases(text(field)).unwrap_or_default())
        .map(Phase::wire)
        .collect();
    connection
        .prepare_cached(
            "UPDATE log_entry SET facts = :facts, typed = :typed, withdrawn = :withdrawn,
                 day_typed = :day_typed, sort_ms = :sort_ms, owner = :owner, owner_folded = :owner_folded,
                 phases = :phases, outcome = :outcome
             WHERE seq = :seq",
        )?
        .execute(named_params! {
            ":seq": row.seq,
            ":facts": row.facts.as_ref().map(Json),
            ":typed": Json(&row.typed),
            ":withdrawn": row.withdrawn.as_ref().map(Json),
            ":day_typed": day_typed,
            ":sort_ms": sort_ms,
            ":owner": text(Field::ReleaseOwner),
            // SQLite's own lower() knows ASCII only.
            ":owner_folded": text(Field::ReleaseOwner).to_lowercase(),
            ":phases": phases.join(" "),
            ":outcome": Word(Outcome::of(&sheet, row.facts.as_ref())),
        })?;
    connection
        .prepare_cached("UPDATE log_search SET words = ?2 WHERE rowid = ?1")?
        .execute(params![row.seq, words(row, &sheet)])?;
    Ok(())
}

/// Whether the day of the run was typed, and when it began: as typed, else as the desk knows, else when the entry was made.
fn began(row: &LogEntryRow) -> (bool, i64) {
    let known = row.facts.as_ref().map(|facts| facts.started_at_ms);
    let date = row.typed.get(&Field::Date);
    let time = row.typed.get(&Field::StartTime);
    let time = time.and_then(|time| log::moment::Moment::read(time));
    let day = date
        .and_then(|date| log::moment::day(date))
        .or_else(|| time.as_ref().and_then(|time| time.day));
    let Some(day) = day else {
        return (false, known.unwrap_or(row.made_at_ms));
    };
    let began = match (time, known.and_then(DateTime::from_timestamp_millis)) {
        (Some(time), _) => time.on(day),
        // The time of day is the desk's own, in no zone yet: near enough to stand in order among those of the day.
        (None, Some(known)) => day.and_time(known.time()),
        (None, None) => day.and_time(NaiveTime::MIN),
    };
    (true, began.and_utc().timestamp_millis())
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
        row.id.as_str(),
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
