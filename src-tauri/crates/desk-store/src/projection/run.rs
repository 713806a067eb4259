//! The rehearsals and cutovers.

use crate::{column::Word, error::StoreError, store::Store};
use desk_core::{EnvironmentKind, EnvironmentName, journal::Entry};
use rusqlite::{Connection, OptionalExtension, named_params, params};

pub(crate) const V1: &str = "
CREATE TABLE run (
    id            TEXT PRIMARY KEY,
    number        INTEGER NOT NULL UNIQUE,
    environment   TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL
) STRICT;
";

pub(crate) const V4: &str = "
DROP TABLE run;

CREATE TABLE run (
    id               TEXT PRIMARY KEY,
    number           INTEGER NOT NULL UNIQUE,
    environment      TEXT NOT NULL,
    environment_kind TEXT NOT NULL,
    owner            TEXT,
    runbook_sha256   TEXT,
    started_by       TEXT NOT NULL,
    started_at_ms    INTEGER NOT NULL,
    ended_at_ms      INTEGER
) STRICT;

INSERT INTO run (id, number, environment, environment_kind, started_by, started_at_ms)
SELECT run_id, body ->> 'number', environment, body ->> 'environmentKind', actor, at_ms
FROM journal WHERE kind = 'run_started';
";

/// A rehearsal or a cutover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// 1, 2, 3, … on this desk.
    pub number: i64,
    /// Where it happens: practice and staging runs are rehearsals.
    pub environment_kind: EnvironmentKind,
    /// Who answers for it, as named when it was started.
    pub owner: Option<String>,
    /// The SHA-256 of the runbook in force when it began.
    pub runbook_sha256: Option<String>,
    /// Whose act began it.
    pub started_by: String,
    /// When it began, milliseconds since 1970.
    pub started_at_ms: i64,
    /// When it ended, milliseconds since 1970; none while it is open.
    pub ended_at_ms: Option<i64>,
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get("id")?,
        number: row.get("number")?,
        environment_kind: row.get::<_, Word<_>>("environment_kind")?.0,
        owner: row.get("owner")?,
        runbook_sha256: row.get("runbook_sha256")?,
        started_by: row.get("started_by")?,
        started_at_ms: row.get("started_at_ms")?,
        ended_at_ms: row.get("ended_at_ms")?,
    })
}

impl Store {
    /// The run that acts in an environment belong to: the newest that has not ended.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_run(&self, environment: &EnvironmentName) -> Result<Option<RunRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM run WHERE environment = ?1 AND ended_at_ms IS NULL ORDER BY number DESC LIMIT 1",
                )?
                .query_row([environment.as_str()], row)
                .optional()?)
        })
        .await
    }

    /// Every run of an environment, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn runs(&self, environment: &EnvironmentName) -> Result<Vec<RunRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            connection
                .prepare_cached("SELECT * FROM run WHERE environment = ?1 ORDER BY number DESC")?
                .query_map([environment.as_str()], row)?
                .collect::<Result<_, _>>()
                .map_err(StoreError::from)
        })
        .await
    }

    /// How many entries of the journal belong to a run, its start and its end among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entries_of_run(&self, run_id: &str) -> Result<u64, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            Ok(connection.query_row(
                "SELECT count(*) FROM journal WHERE run_id = ?1",
                [run_id],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// The number that the next run on this desk gets. Should another program take it first, the append of the run's start
    /// is refused with [`StoreError::Conflict`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_run_number(&self) -> Result<i64, StoreError> {
        self.read(|connection| {
            Ok(
                connection.query_row("SELECT coalesce(max(number), 0) + 1 FROM run", [], |row| {
                    row.get(0)
                })?,
            )
        })
        .await
    }
}

/// What is known when a run begins, besides its entry.
pub(super) struct Started<'a> {
    pub(super) id: &'a str,
    pub(super) environment: &'a EnvironmentName,
    pub(super) number: i64,
    pub(super) environment_kind: EnvironmentKind,
    pub(super) owner: Option<String>,
    pub(super) runbook_sha256: Option<String>,
}

pub(super) fn start(connection: &Connection, entry: &Entry, run: &Started<'_>) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO run (id, number, environment, environment_kind, owner, runbook_sha256, started_by, started_at_ms)
             VALUES (:id, :number, :environment, :environment_kind, :owner, :runbook_sha256, :started_by, :started_at_ms)",
        )?
        .execute(named_params! {
            ":id": run.id,
            ":number": run.number,
            ":environment": run.environment.as_str(),
            ":environment_kind": Word(run.environment_kind),
            ":owner": run.owner,
            ":runbook_sha256": run.runbook_sha256,
            ":started_by": entry.actor,
            ":started_at_ms": entry.at_ms,
        })?;
    Ok(())
}

/// The first end stands.
pub(super) fn end(connection: &Connection, id: &str, ended_at_ms: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE run SET ended_at_ms = ?2 WHERE id = ?1 AND ended_at_ms IS NULL")?
        .execute(params![id, ended_at_ms])?;
    Ok(())
}
