//! Requests that others made: from a log, or from anything else that names each of them.

use super::{Line, write_lines};
use crate::{
    error::StoreError,
    store::{Store, Writer},
};
use desk_core::EnvironmentName;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::sync::Arc;

/// An id is never given again: what is left of a pruned import's requests must not pass for another's.
pub(crate) const V2: &str = "
CREATE TABLE request_import (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    environment    TEXT NOT NULL,
    sha256         TEXT NOT NULL,
    name           TEXT NOT NULL,
    imported_at_ms INTEGER NOT NULL,
    requests       INTEGER NOT NULL,
    newest_at_ms   INTEGER NOT NULL,
    UNIQUE (environment, sha256)
) STRICT;
";

/// `read_as` is empty for those that were read in the one way there was.
pub(crate) const V6: &str = "
ALTER TABLE request_import ADD COLUMN read_as TEXT NOT NULL DEFAULT '';
";

/// How many rows are written in one transaction: few enough that an act at the desk never waits long for its own.
const CHUNK: usize = 10_000;

/// Where imported requests come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportSource {
    /// What a person calls it: the file's name.
    pub name: String,
    /// The SHA-256, lower-case hex, of what the rows were read from.
    pub sha256: String,
    /// How it was read. The same rows in the same order must follow from it and the SHA-256.
    pub read_as: String,
}

/// A request that somebody else made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRequest {
    /// When it was made, milliseconds since 1970.
    pub at_ms: i64,
    /// The route's name, as the desk's own requests have it.
    pub route: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// Whether the reply was a success. One that was not counts as unexpected: nobody knows what its sender counted on.
    pub ok: bool,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The request's id, where the source names one.
    pub request_id: Option<String>,
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many of the rows were added.
    pub added: u64,
    /// How many an earlier import from the same source had added.
    pub already: u64,
}

/// An import that requests are left of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRow {
    /// Its id, as in [`TallyRow`](crate::TallyRow).
    pub id: i64,
    /// What a person calls its source.
    pub name: String,
    /// The SHA-256 of its source.
    pub sha256: String,
    /// When it began, milliseconds since 1970.
    pub imported_at_ms: i64,
    /// How many requests it added.
    pub requests: u64,
}

impl Store {
    /// Adds requests that others made to an environment. What was imported from the same source before is not added again;
    /// what was read otherwise from it is replaced.
    ///
    /// They are kept as long as the desk's own, counted from when they were made.
    ///
    /// # Errors
    /// What was added until then stays; the same import again adds the rest.
    pub async fn import_requests(
        &self,
        environment: &EnvironmentName,
        source: ImportSource,
        rows: Vec<ImportedRequest>,
    ) -> Result<Imported, StoreError> {
        let total = rows.len() as u64;
        let (source, rows) = (Arc::new(source), Arc::new(rows));
        let mut added = 0;
        loop {
            let (environment, source, rows) = (environment.clone(), Arc::clone(&source), Arc::clone(&rows));
            let next = self
                .write(move |writer| add_next(writer, &environment, &source, &rows))
                .await?;
            if next == 0 {
                return Ok(Imported {
                    added,
                    already: total - added,
                });
            }
            added += next;
        }
    }

    /// The imports into an environment, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn imports(&self, environment: &EnvironmentName) -> Result<Vec<ImportRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, sha256, imported_at_ms, requests FROM request_import
                 WHERE environment = ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([environment.as_str()], |row| {
                Ok(ImportRow {
                    id: row.get("id")?,
                    name: row.get("name")?,
                    sha256: row.get("sha256")?,
                    imported_at_ms: row.get("imported_at_ms")?,
                    requests: row.get("requests")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Adds the next rows that are not there yet, and says how many; 0 when all are there. What is there is read in the transaction, so
/// that an import that was cut short, or that two programs make at once, adds each row once.
fn add_next(
    writer: &mut Writer,
    environment: &EnvironmentName,
    source: &ImportSource,
    rows: &[ImportedRequest],
) -> Result<u64, StoreError> {
    let now_ms = writer.now_ms();
    let transaction = writer
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    let there: Option<(i64, usize, String)> = transaction
        .query_row(
            "SELECT id, requests, read_as FROM request_import WHERE environment = ?1 AND sha256 = ?2",
            params![environment.as_str(), source.sha256],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let there = match there {
        Some((_, requests, read_as)) if read_as == source.read_as => requests,
        Some((id, ..)) => {
            forget(&transaction, environment, id)?;
            0
        }
        None => 0,
    };
    let left = rows.get(there..).unwrap_or_default();
    let next = &left[..left.len().min(CHUNK)];
    let Some(newest_at_ms) = next.iter().map(|row| row.at_ms).max() else {
        transaction.commit()?;
        return Ok(0);
    };
    let import_id = transaction.query_row(
        "INSERT INTO request_import (environment, sha256, name, imported_at_ms, requests, newest_at_ms, read_as)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (environment, sha256) DO UPDATE
         SET requests = requests + excluded.requests, newest_at_ms = max(newest_at_ms, excluded.newest_at_ms)
         RETURNING id",
        params![
            environment.as_str(),
            source.sha256,
            source.name,
            now_ms,
            next.len(),
            newest_at_ms,
            source.read_as
        ],
        |row| row.get(0),
    )?;
    let lines = next.iter().map(|row| line(environment, import_id, row));
    write_lines(&transaction, lines)?;
    transaction.commit()?;
    Ok(next.len() as u64)
}

/// Removes an import with its requests. The caller holds the transaction.
fn forget(connection: &Connection, environment: &EnvironmentName, import_id: i64) -> Result<(), StoreError> {
    for table in ["request", "request_tally"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE environment = ?1 AND import_id = ?2"),
            params![environment.as_str(), import_id],
        )?;
    }
    connection.execute("DELETE FROM request_import WHERE id = ?1", [import_id])?;
    Ok(())
}

fn line<'a>(environment: &'a EnvironmentName, import_id: i64, row: &'a ImportedRequest) -> Line<'a> {
    Line {
        environment: environment.as_str(),
        import_id,
        at_ms: row.at_ms,
        route: &row.route,
        identity: None,
        purpose: "import",
        status: row.status,
        code: None,
        duration_ms: row.duration_ms,
        request_id: row.request_id.as_deref().unwrap_or_default(),
        ok: row.ok,
        expected: row.ok,
    }
}

/// Forgets the imports that no request is left of. The caller holds the transaction.
pub(super) fn prune(
    connection: &Connection,
    environment: &EnvironmentName,
    older_than_ms: i64,
) -> Result<(), StoreError> {
    connection.execute(
        "DELETE FROM request_import WHERE environment = ?1 AND newest_at_ms < ?2",
        params![environment.as_str(), older_than_ms],
    )?;
    Ok(())
}
