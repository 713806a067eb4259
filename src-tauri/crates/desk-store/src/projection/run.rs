//! The rehearsals and cutovers.

use crate::{error::StoreError, store::Store};
use desk_core::EnvironmentName;
use rusqlite::{Connection, OptionalExtension, named_params};

pub(crate) const V1: &str = "
CREATE TABLE run (
    id            TEXT PRIMARY KEY,
    number        INTEGER NOT NULL UNIQUE,
    environment   TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL
) STRICT;
";

/// A rehearsal or a cutover.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its id.
    pub id: String,
    /// 1, 2, 3, … on this desk.
    pub number: i64,
    /// When it began, milliseconds since 1970.
    pub started_at_ms: i64,
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<RunRow> {
    Ok(RunRow {
        id: row.get("id")?,
        number: row.get("number")?,
        started_at_ms: row.get("started_at_ms")?,
    })
}

impl Store {
    /// The run that acts in an environment belong to: its newest.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_run(&self, environment: &EnvironmentName) -> Result<Option<RunRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT id, number, started_at_ms FROM run WHERE environment = ?1 ORDER BY number DESC LIMIT 1",
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
                .prepare_cached(
                    "SELECT id, number, started_at_ms FROM run WHERE environment = ?1 ORDER BY number DESC",
                )?
                .query_map([environment.as_str()], row)?
                .collect::<Result<_, _>>()
                .map_err(StoreError::from)
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

pub(super) fn start(
    connection: &Connection,
    id: &str,
    environment: &EnvironmentName,
    number: i64,
    started_at_ms: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO run (id, number, environment, started_at_ms)
             VALUES (:id, :number, :environment, :started_at_ms)",
        )?
        .execute(named_params! {
            ":id": id,
            ":number": number,
            ":environment": environment.as_str(),
            ":started_at_ms": started_at_ms,
        })?;
    Ok(())
}
