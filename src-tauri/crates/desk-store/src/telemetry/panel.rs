//! What web panels counted: sums, kept as the text they came in. They name no request, so that they stand beside the table of those.

use super::ImportSource;
use crate::{error::StoreError, store::Store};
use desk_core::EnvironmentName;
use rusqlite::{Connection, params};

pub(crate) const V6: &str = "
CREATE TABLE request_panel (
    environment     TEXT NOT NULL,
    sha256          TEXT NOT NULL,
    name            TEXT NOT NULL,
    imported_at_ms  INTEGER NOT NULL,
    generated_at_ms INTEGER NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (environment, sha256)
) STRICT;
";

/// A panel's figures that were imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PanelRow {
    /// What a person calls its source.
    pub name: String,
    /// The text, as it was imported.
    pub body: String,
}

impl Store {
    /// Keeps a panel's figures, as long as the desk's own requests; whether they were not there yet.
    ///
    /// # Errors
    /// Whatever the error, nothing was kept.
    pub async fn import_panel(
        &self,
        environment: &EnvironmentName,
        source: ImportSource,
        generated_at_ms: i64,
        body: String,
    ) -> Result<bool, StoreError> {
        let environment = environment.clone();
        self.write(move |writer| {
            let added = writer.connection.execute(
                "INSERT INTO request_panel (environment, sha256, name, imported_at_ms, generated_at_ms, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                params![
                    environment.as_str(),
                    source.sha256,
                    source.name,
                    writer.now_ms(),
                    generated_at_ms,
                    body
                ],
            )?;
            Ok(added > 0)
        })
        .await
    }

    /// The panels' figures that were made from a time on and before another, the newest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn panels(
        &self,
        environment: &EnvironmentName,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<PanelRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT name, body FROM request_panel
                 WHERE environment = ?1 AND generated_at_ms >= ?2 AND generated_at_ms < ?3
                 ORDER BY generated_at_ms DESC, sha256",
            )?;
            let rows = statement.query_map(params![environment.as_str(), from_ms, to_ms], |row| {
                Ok(PanelRow {
                    name: row.get("name")?,
                    body: row.get("body")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Forgets what was made before a time. The caller holds the transaction.
pub(super) fn prune(connection: &Connection, older_than_ms: i64) -> Result<usize, StoreError> {
    let removed = connection.execute(
        "DELETE FROM request_panel WHERE generated_at_ms < ?1",
        [older_than_ms],
    )?;
    Ok(removed)
}
