//! The portals that staff added.

use crate::{column::Word, error::StoreError, store::Store};
use desk_core::{EnvironmentKind, EnvironmentName};
use rusqlite::{Connection, Row, named_params};

pub(crate) const V1: &str = "
CREATE TABLE environment (
    name           TEXT PRIMARY KEY,
    kind           TEXT NOT NULL,
    api_base       TEXT NOT NULL,
    identity_base  TEXT NOT NULL,
    token_base     TEXT NOT NULL,
    project_id     TEXT,
    phase_cache_ms INTEGER NOT NULL,
    added_at_ms    INTEGER NOT NULL
) STRICT;
";

pub(crate) const V5: &str = "ALTER TABLE environment ADD COLUMN change_window TEXT;";

/// A portal that staff added. Practice is not among them unless it was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvironmentRow {
    /// Its name.
    pub name: EnvironmentName,
    /// Staging or live.
    pub kind: EnvironmentKind,
    /// Where the API's functions answer.
    pub api_base: String,
    /// The sign-in service.
    pub identity_base: String,
    /// The token service.
    pub token_base: String,
    /// The project id that ID tokens must name, if known.
    pub project_id: Option<String>,
    /// How long an instance of the portal caches the phase, milliseconds.
    pub phase_cache_ms: u64,
    /// When changes are usual, as the rules read it; any time where not given.
    pub change_window: Option<String>,
    /// When it was added or last changed, milliseconds since 1970.
    pub added_at_ms: i64,
}

impl Store {
    /// The environments that were added, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn environments(&self) -> Result<Vec<EnvironmentRow>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM environment ORDER BY name")?;
            let rows = statement.query_map([], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

pub(super) fn put(connection: &Connection, row: &EnvironmentRow) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO environment
                 (name, kind, api_base, identity_base, token_base, project_id, phase_cache_ms, change_window,
                  added_at_ms)
             VALUES (:name, :kind, :api_base, :identity_base, :token_base, :project_id, :phase_cache_ms, :change_window,
                  :added_at_ms)",
        )?
        .execute(named_params! {
            ":name": row.name.as_str(),
            ":kind": Word(row.kind),
            ":api_base": row.api_base,
            ":identity_base": row.identity_base,
            ":token_base": row.token_base,
            ":project_id": row.project_id,
            ":phase_cache_ms": row.phase_cache_ms,
            ":change_window": row.change_window,
            ":added_at_ms": row.added_at_ms,
        })?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, name: &EnvironmentName) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM environment WHERE name = ?1")?
        .execute([name.as_str()])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<EnvironmentRow> {
    Ok(EnvironmentRow {
        name: row.get::<_, Word<_>>("name")?.0,
        kind: row.get::<_, Word<_>>("kind")?.0,
        api_base: row.get("api_base")?,
        identity_base: row.get("identity_base")?,
        token_base: row.get("token_base")?,
        project_id: row.get("project_id")?,
        phase_cache_ms: row.get("phase_cache_ms")?,
        change_window: row.get("change_window")?,
        added_at_ms: row.get("added_at_ms")?,
    })
}
