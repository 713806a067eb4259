//! What the desk last knew of each portal's phase: what it set and saw confirmed, or found set by others.

use crate::{column::Json, error::StoreError, store::Store};
use desk_core::{EnvironmentName, PhaseState};
use rusqlite::{Connection, OptionalExtension, params};

pub(crate) const V1: &str = "
CREATE TABLE phase_seen (
    environment TEXT PRIMARY KEY,
    state       TEXT NOT NULL
) STRICT;
";

impl Store {
    /// What the desk last knew of an environment's phase. A portal that says otherwise was moved by somebody else.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_seen_phase(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<PhaseState>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT state FROM phase_seen WHERE environment = ?1")?
                .query_row([environment.as_str()], |row| {
                    Ok(row.get::<_, Json<_>>("state")?.0)
                })
                .optional()?)
        })
        .await
    }
}

pub(super) fn set(
    connection: &Connection,
    environment: &EnvironmentName,
    state: &PhaseState,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO phase_seen (environment, state) VALUES (?1, ?2)")?
        .execute(params![environment.as_str(), Json(state)])?;
    Ok(())
}

pub(super) fn forget(connection: &Connection, environment: &EnvironmentName) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM phase_seen WHERE environment = ?1")?
        .execute([environment.as_str()])?;
    Ok(())
}
