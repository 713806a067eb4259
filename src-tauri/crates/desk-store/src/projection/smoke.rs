//! The smoke checklist: its runs, what they left in the portal, and what people attested.

use crate::{
    column::{Json, Word},
    error::StoreError,
    store::Store,
};
use desk_core::{
    EnvironmentName, Phase,
    journal::Entry,
    smoke::{Left, Settled, SmokeFinish, SmokeStart},
};
use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

pub(crate) const V3: &str = "
CREATE TABLE smoke_run (
    environment    TEXT NOT NULL,
    smoke_id       TEXT NOT NULL,
    run_id         TEXT,
    actor          TEXT NOT NULL,
    seq            INTEGER NOT NULL,
    phase          TEXT NOT NULL,
    started_at_ms  INTEGER NOT NULL,
    start          TEXT NOT NULL,
    finished_at_ms INTEGER,
    finish         TEXT,
    PRIMARY KEY (environment, smoke_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX smoke_run_by_phase ON smoke_run (environment, phase, seq);

CREATE TABLE smoke_left (
    environment TEXT NOT NULL,
    left_id     TEXT NOT NULL,
    smoke_id    TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    noted_at_ms INTEGER NOT NULL,
    thing       TEXT NOT NULL,
    settled     TEXT,
    PRIMARY KEY (environment, left_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE attestation (
    environment       TEXT NOT NULL,
    check_id          TEXT NOT NULL,
    run_id            TEXT,
    actor             TEXT NOT NULL,
    pass              INTEGER NOT NULL,
    note              TEXT NOT NULL,
    phase             TEXT NOT NULL,
    phase_saved_at_ms INTEGER NOT NULL,
    at_ms             INTEGER NOT NULL,
    PRIMARY KEY (environment, check_id)
) STRICT, WITHOUT ROWID;
";

/// A run of the smoke checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmokeRunRow {
    /// Its id.
    pub smoke_id: String,
    /// The rehearsal or cutover it belongs to.
    pub run_id: Option<String>,
    /// Who ran it.
    pub actor: String,
    /// When it began, milliseconds since 1970.
    pub started_at_ms: i64,
    /// How it began.
    pub start: SmokeStart,
    /// When it ended, milliseconds since 1970; none while it goes on, and for one that was cut off.
    pub finished_at_ms: Option<i64>,
    /// What it found.
    pub finish: Option<SmokeFinish>,
}

/// Something that a run left in the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftRow {
    /// Its name in the ledger.
    pub left_id: String,
    /// The run that left it.
    pub smoke_id: String,
    /// When it was written down, milliseconds since 1970: before it was made.
    pub noted_at_ms: i64,
    /// What it is.
    pub left: Left,
    /// Why it stays; none while it is still to be removed.
    pub settled: Option<Settled>,
}

/// A person's word on a check: the newest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationRow {
    /// The check.
    pub check: String,
    /// The rehearsal or cutover it belongs to.
    pub run_id: Option<String>,
    /// Who attested.
    pub actor: String,
    /// The answer.
    pub pass: bool,
    /// What they saw.
    pub note: String,
    /// The phase it was seen in.
    pub phase: Phase,
    /// The save of that phase, milliseconds since 1970 by the portal's clock; 0 when it was never saved.
    pub phase_saved_at_ms: i64,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// The runs of the checklist in an environment, newest first, at most `limit`; of one phase, or of all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn smoke_runs(
        &self,
        environment: &EnvironmentName,
        phase: Option<Phase>,
        limit: u32,
    ) -> Result<Vec<SmokeRunRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM smoke_run WHERE environment = ?1 AND (?2 IS NULL OR phase = ?2)
                 ORDER BY seq DESC LIMIT ?3",
            )?;
            let rows = statement.query_map(
                params![environment.as_str(), phase.map(Phase::wire), limit],
                run_from,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The runs of the checklist in a rehearsal or cutover, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn smoke_runs_of_run(&self, run_id: &str) -> Result<Vec<SmokeRunRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM smoke_run WHERE run_id = ?1 ORDER BY seq")?;
            let rows = statement.query_map([run_id], run_from)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The run of the checklist with this id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn smoke_run(
        &self,
        environment: &EnvironmentName,
        smoke_id: &str,
    ) -> Result<Option<SmokeRunRow>, StoreError> {
        let (environment, smoke_id) = (environment.clone(), smoke_id.to_owned());
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT * FROM smoke_run WHERE environment = ?1 AND smoke_id = ?2")?
                .query_row(params![environment.as_str(), smoke_id], run_from)
                .optional()?)
        })
        .await
    }

    /// What the checklist left in an environment's portal and is not known to be gone, in the order it was written down.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn smoke_left(&self, environment: &EnvironmentName) -> Result<Vec<LeftRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM smoke_left WHERE environment = ?1 ORDER BY seq")?;
            let rows = statement.query_map([environment.as_str()], left_from)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The newest word of a person on each check in an environment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn attestations(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<AttestationRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT * FROM attestation WHERE environment = ?1 ORDER BY check_id")?;
            let rows = statement.query_map([environment.as_str()], attestation_from)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn run_from(row: &Row<'_>) -> rusqlite::Result<SmokeRunRow> {
    Ok(SmokeRunRow {
        smoke_id: row.get("smoke_id")?,
        run_id: row.get("run_id")?,
        actor: row.get("actor")?,
        started_at_ms: row.get("started_at_ms")?,
        start: row.get::<_, Json<_>>("start")?.0,
        finished_at_ms: row.get("finished_at_ms")?,
        finish: row
            .get::<_, Option<Json<_>>>("finish")?
            .map(|Json(finish)| finish),
    })
}

fn left_from(row: &Row<'_>) -> rusqlite::Result<LeftRow> {
    Ok(LeftRow {
        left_id: row.get("left_id")?,
        smoke_id: row.get("smoke_id")?,
        noted_at_ms: row.get("noted_at_ms")?,
        left: row.get::<_, Json<_>>("thing")?.0,
        settled: row
            .get::<_, Option<Json<_>>>("settled")?
            .map(|Json(settled)| settled),
    })
}

fn attestation_from(row: &Row<'_>) -> rusqlite::Result<AttestationRow> {
    Ok(AttestationRow {
        check: row.get("check_id")?,
        run_id: row.get("run_id")?,
        actor: row.get("actor")?,
        pass: row.get("pass")?,
        note: row.get("note")?,
        phase: row.get::<_, Word<_>>("phase")?.0,
        phase_saved_at_ms: row.get("phase_saved_at_ms")?,
        at_ms: row.get("at_ms")?,
    })
}

pub(super) fn start(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    smoke_id: &str,
    start: SmokeStart,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO smoke_run (environment, smoke_id, run_id, actor, seq, phase, started_at_ms, start)
             VALUES (:environment, :smoke_id, :run_id, :actor, :seq, :phase, :started_at_ms, :start)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":smoke_id": smoke_id,
            ":run_id": entry.run_id,
            ":actor": entry.actor,
            ":seq": entry.seq,
            ":phase": start.phase.wire(),
            ":started_at_ms": entry.at_ms,
            ":start": Json(start),
        })?;
    Ok(())
}

pub(super) fn finish(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    smoke_id: &str,
    finish: SmokeFinish,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE smoke_run SET finished_at_ms = :finished_at_ms, finish = :finish
             WHERE environment = :environment AND smoke_id = :smoke_id",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":smoke_id": smoke_id,
            ":finished_at_ms": entry.at_ms,
            ":finish": Json(finish),
        })?;
    Ok(())
}

pub(super) fn leave(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    smoke_id: &str,
    left_id: &str,
    left: Left,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO smoke_left (environment, left_id, smoke_id, seq, noted_at_ms, thing)
             VALUES (:environment, :left_id, :smoke_id, :seq, :noted_at_ms, :thing)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":left_id": left_id,
            ":smoke_id": smoke_id,
            ":seq": entry.seq,
            ":noted_at_ms": entry.at_ms,
            ":thing": Json(left),
        })?;
    Ok(())
}

pub(super) fn settle(
    connection: &Connection,
    environment: &EnvironmentName,
    left_id: &str,
    settled: Settled,
) -> Result<(), StoreError> {
    let environment = environment.as_str();
    match settled {
        Settled::Removed => connection
            .prepare_cached("DELETE FROM smoke_left WHERE environment = ?1 AND left_id = ?2")?
            .execute(params![environment, left_id])?,
        Settled::Kept { .. } => connection
            .prepare_cached("UPDATE smoke_left SET settled = ?3 WHERE environment = ?1 AND left_id = ?2")?
            .execute(params![environment, left_id, Json(settled)])?,
    };
    Ok(())
}

pub(super) fn attest(
    connection: &Connection,
    environment: &EnvironmentName,
    row: &AttestationRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO attestation
                 (environment, check_id, run_id, actor, pass, note, phase, phase_saved_at_ms, at_ms)
             VALUES (:environment, :check_id, :run_id, :actor, :pass, :note, :phase, :phase_saved_at_ms, :at_ms)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":check_id": row.check,
            ":run_id": row.run_id,
            ":actor": row.actor,
            ":pass": row.pass,
            ":note": row.note,
            ":phase": row.phase.wire(),
            ":phase_saved_at_ms": row.phase_saved_at_ms,
            ":at_ms": row.at_ms,
        })?;
    Ok(())
}

/// Forgets what was left and attested: the portal it was in is no more, or started anew. The runs stay, as history.
pub(super) fn forget(connection: &Connection, environment: &EnvironmentName) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM smoke_left WHERE environment = ?1",
        "DELETE FROM attestation WHERE environment = ?1",
    ] {
        connection.prepare_cached(sql)?.execute([environment.as_str()])?;
    }
    Ok(())
}
