//! When an environment's phase moved: by this desk, or found to have been moved elsewhere.

use crate::{
    column::{Json, Word},
    error::StoreError,
    store::Store,
};
use desk_core::{EnvironmentName, Phase, PhaseState, journal::Entry};
use rusqlite::{Connection, OptionalExtension, named_params, params};

pub(crate) const V2: &str = "
CREATE TABLE phase_move (
    environment TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    at_ms       INTEGER NOT NULL,
    phase       TEXT NOT NULL,
    elsewhere   INTEGER NOT NULL,
    PRIMARY KEY (environment, seq)
) STRICT, WITHOUT ROWID;

INSERT INTO phase_move (environment, seq, at_ms, phase, elsewhere)
SELECT environment, seq, iif(state ->> 'updatedAtMs' > 0, state ->> 'updatedAtMs', at_ms), state ->> 'phase', elsewhere
FROM (
    SELECT environment, seq, at_ms, body -> 'state' AS state, 0 AS elsewhere
    FROM journal WHERE kind = 'phase_change_concluded' AND body ->> 'outcome' = 'confirmed'
    UNION ALL
    SELECT environment, seq, at_ms, body -> 'to', 1 FROM journal WHERE kind = 'phase_moved_elsewhere'
)
WHERE state ->> 'phase' IS NOT NULL;
";

/// A move of the phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhaseMoveRow {
    /// When the portal says that it was saved, milliseconds since 1970; when the desk recorded it, where the portal does not say.
    pub at_ms: i64,
    /// The phase moved to.
    pub phase: Phase,
    /// Whether it was moved by somebody else than this desk.
    pub elsewhere: bool,
}

impl Store {
    /// What the portal was last found to be in after somebody else had moved it, among what was recorded from a time on and up to
    /// another.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn phase_moved_elsewhere(
        &self,
        environment: &EnvironmentName,
        from_ms: i64,
        until_ms: i64,
    ) -> Result<Option<PhaseState>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT body -> 'to' AS state FROM phase_move JOIN journal USING (seq)
                     WHERE phase_move.environment = ?1 AND elsewhere AND journal.at_ms BETWEEN ?2 AND ?3
                     ORDER BY seq DESC LIMIT 1",
                )?
                .query_row(params![environment.as_str(), from_ms, until_ms], |row| {
                    Ok(row.get::<_, Json<_>>("state")?.0)
                })
                .optional()?)
        })
        .await
    }

    /// The moves of an environment's phase from a time on and before another, oldest first: changes of this desk that were
    /// confirmed, and moves seen elsewhere.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn phase_moves(
        &self,
        environment: &EnvironmentName,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<PhaseMoveRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT at_ms, phase, elsewhere FROM phase_move
                 WHERE environment = ?1 AND at_ms >= ?2 AND at_ms < ?3 ORDER BY at_ms, seq",
            )?;
            let rows = statement.query_map(params![environment.as_str(), from_ms, to_ms], |row| {
                Ok(PhaseMoveRow {
                    at_ms: row.get("at_ms")?,
                    phase: row.get::<_, Word<_>>("phase")?.0,
                    elsewhere: row.get("elsewhere")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

pub(super) fn add(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    to: &PhaseState,
    elsewhere: bool,
) -> Result<(), StoreError> {
    let at_ms = if to.updated_at_ms > 0 {
        to.updated_at_ms
    } else {
        entry.at_ms
    };
    connection
        .prepare_cached(
            "INSERT INTO phase_move (environment, seq, at_ms, phase, elsewhere)
             VALUES (:environment, :seq, :at_ms, :phase, :elsewhere)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":seq": entry.seq,
            ":at_ms": at_ms,
            ":phase": to.phase.wire(),
            ":elsewhere": elsewhere,
        })?;
    Ok(())
}
