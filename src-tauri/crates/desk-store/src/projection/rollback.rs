//! The rollbacks and drills, each folded from its entries.

use crate::{column::Json, error::StoreError, store::Store};
use desk_core::{
    EnvironmentName,
    journal::Entry,
    rollback::{Event, Opening, Purpose, Rollback},
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};

pub(crate) const V5: &str = "
CREATE TABLE rollback (
    environment  TEXT NOT NULL,
    rollback_id  TEXT NOT NULL,
    run_id       TEXT,
    actor        TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    drill        INTEGER NOT NULL,
    open         INTEGER NOT NULL,
    state        TEXT NOT NULL,
    PRIMARY KEY (environment, rollback_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX rollback_by_seq ON rollback (environment, drill, seq);
CREATE INDEX rollback_open ON rollback (open, seq);
";

/// A rollback or a drill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackRow {
    /// Where.
    pub environment: EnvironmentName,
    /// The rehearsal or cutover it belongs to.
    pub run_id: Option<String>,
    /// Who decided it: the operator's uid.
    pub actor: String,
    /// As far as it has come.
    pub rollback: Rollback,
}

impl Store {
    /// The rollbacks and drills that are not closed yet, in every environment, newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn open_rollbacks(&self) -> Result<Vec<RollbackRow>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM rollback WHERE open = 1 ORDER BY seq DESC")?;
            let rows = statement.query_map([], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The newest rollbacks, or the newest drills, of an environment, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rollbacks(
        &self,
        environment: &EnvironmentName,
        purpose: Purpose,
        limit: u32,
    ) -> Result<Vec<RollbackRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM rollback WHERE environment = :environment AND drill = :drill
                 ORDER BY seq DESC LIMIT :limit",
            )?;
            let rows = statement.query_map(
                named_params! {
                    ":environment": environment.as_str(),
                    ":drill": purpose == Purpose::Drill,
                    ":limit": limit,
                },
                from_row,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The rollbacks and drills of a run, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rollbacks_of_run(&self, run_id: &str) -> Result<Vec<RollbackRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM rollback WHERE run_id = ?1 ORDER BY seq")?;
            let rows = statement.query_map([run_id], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A rollback or drill by its id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn rollback(
        &self,
        environment: &EnvironmentName,
        rollback_id: &str,
    ) -> Result<Option<RollbackRow>, StoreError> {
        let (environment, id) = (environment.clone(), rollback_id.to_owned());
        self.read(move |connection| Ok(find(connection, &environment, &id)?))
            .await
    }
}

fn find(
    connection: &Connection,
    environment: &EnvironmentName,
    rollback_id: &str,
) -> rusqlite::Result<Option<RollbackRow>> {
    connection
        .prepare_cached("SELECT * FROM rollback WHERE environment = ?1 AND rollback_id = ?2")?
        .query_row([environment.as_str(), rollback_id], from_row)
        .optional()
}

pub(super) fn open(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    rollback_id: String,
    at_ms: i64,
    opening: Opening,
) -> Result<(), StoreError> {
    let drill = opening.purpose == Purpose::Drill;
    let rollback = Rollback::open(rollback_id, opening, at_ms);
    connection
        .prepare_cached(
            "INSERT INTO rollback (environment, rollback_id, run_id, actor, seq, drill, open, state)
             VALUES (:environment, :rollback_id, :run_id, :actor, :seq, :drill, 1, :state)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":rollback_id": rollback.id,
            ":run_id": entry.run_id,
            ":actor": entry.actor,
            ":seq": entry.seq,
            ":drill": drill,
            ":state": Json(&rollback),
        })?;
    Ok(())
}

/// An event of a rollback whose opening was never recorded changes nothing.
pub(super) fn apply(
    connection: &Connection,
    environment: &EnvironmentName,
    rollback_id: &str,
    at_ms: i64,
    event: Event,
) -> Result<(), StoreError> {
    let Some(mut row) = find(connection, environment, rollback_id)? else {
        return Ok(());
    };
    row.rollback.apply(at_ms, event);
    connection
        .prepare_cached(
            "UPDATE rollback SET state = :state, open = :open
             WHERE environment = :environment AND rollback_id = :rollback_id",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":rollback_id": rollback_id,
            ":open": row.rollback.is_open(),
            ":state": Json(&row.rollback),
        })?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<RollbackRow> {
    let environment: String = row.get("environment")?;
    let environment = EnvironmentName::new(&environment).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(RollbackRow {
        environment,
        run_id: row.get("run_id")?,
        actor: row.get("actor")?,
        rollback: row.get::<_, Json<_>>("state")?.0,
    })
}
