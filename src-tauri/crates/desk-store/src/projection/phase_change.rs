//! The decisions to change the phase, each with what came of it.

use crate::{
    column::{Json, Word},
    error::StoreError,
    store::Store,
};
use desk_core::{
    EnvironmentName, Phase, PhaseState,
    phase::Direction,
    record::{ChangeOutcome, RequestRef},
};
use rusqlite::{Connection, Params, Row, named_params, params};

pub(crate) const V1: &str = "
CREATE TABLE phase_change (
    id                 TEXT PRIMARY KEY,
    environment        TEXT NOT NULL,
    run_id             TEXT,
    actor              TEXT NOT NULL,
    from_state         TEXT NOT NULL,
    to_phase           TEXT NOT NULL,
    note               TEXT,
    direction          TEXT NOT NULL,
    incident_id        TEXT,
    started_seq        INTEGER NOT NULL,
    started_at_ms      INTEGER NOT NULL,
    outcome            TEXT,
    state              TEXT,
    requests           TEXT NOT NULL DEFAULT '[]',
    acknowledged_at_ms INTEGER,
    concluded_at_ms    INTEGER,
    reason             TEXT
) STRICT;

CREATE INDEX phase_change_by_environment ON phase_change (environment, started_seq);
";

pub(crate) const V4: &str = "
ALTER TABLE phase_change ADD COLUMN override_reason TEXT;

UPDATE phase_change SET override_reason = (
    SELECT body ->> 'overrideReason' FROM journal WHERE seq = phase_change.started_seq
);
";

/// A decision to change the phase, and what came of it as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseChangeRow {
    /// The decision's id.
    pub change_id: String,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// Who decided.
    pub actor: String,
    /// What the portal said right before.
    pub from: PhaseState,
    /// The phase asked for.
    pub to: Phase,
    /// The note asked for.
    pub note: Option<String>,
    /// Which way it goes.
    pub direction: Direction,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// Why it moved forward although something was missing.
    pub override_reason: Option<String>,
    /// When it was decided, milliseconds since 1970.
    pub started_at_ms: i64,
    /// What came of it; `None` when that was never recorded.
    pub outcome: Option<ChangeOutcome>,
    /// What the portal said last.
    pub state: Option<PhaseState>,
    /// Every request made for it, in order.
    pub requests: Vec<RequestRef>,
    /// When the portal acknowledged the save, milliseconds since 1970.
    pub acknowledged_at_ms: Option<i64>,
    /// When the outcome was last recorded, milliseconds since 1970.
    pub concluded_at_ms: Option<i64>,
    /// Why it is not confirmed.
    pub reason: Option<String>,
}

impl Store {
    /// The newest decisions of an environment, newest first, at most `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn phase_changes(
        &self,
        environment: &EnvironmentName,
        limit: u32,
    ) -> Result<Vec<PhaseChangeRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            select(
                connection,
                "SELECT * FROM phase_change WHERE environment = ?1 ORDER BY started_seq DESC LIMIT ?2",
                params![environment.as_str(), limit],
            )
        })
        .await
    }

    /// Every decision of a run, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn phase_changes_of_run(&self, run_id: &str) -> Result<Vec<PhaseChangeRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            select(
                connection,
                "SELECT * FROM phase_change WHERE run_id = ?1 ORDER BY started_seq",
                params![run_id],
            )
        })
        .await
    }

    /// The decisions whose outcome must still be found out, oldest first: never concluded, or concluded as unknown.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unresolved_changes(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<PhaseChangeRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            select(
                connection,
                "SELECT * FROM phase_change
                 WHERE environment = ?1 AND (outcome IS NULL OR outcome = ?2) ORDER BY started_seq",
                params![environment.as_str(), Word(ChangeOutcome::Unknown)],
            )
        })
        .await
    }

    /// The decisions made by override that an environment's phase still rests on, oldest first: those that may have taken
    /// effect, and after which the phase was not moved below what they opened.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn overrides_in_force(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<PhaseChangeRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| select(connection, OVERRIDES_IN_FORCE, params![environment.as_str()]))
            .await
    }
}

/// Wire names sort in the order of the rollout. A portal that was reset or removed begins anew.
const OVERRIDES_IN_FORCE: &str = "
    SELECT * FROM phase_change AS made
    WHERE environment = ?1 AND override_reason IS NOT NULL
      AND coalesce(outcome, 'unknown') NOT IN ('refused', 'not_sent', 'not_applied')
      AND NOT EXISTS (
          SELECT 1 FROM phase_move AS later
          WHERE later.environment = made.environment AND later.seq > made.started_seq AND later.phase < made.to_phase)
      AND NOT EXISTS (
          SELECT 1 FROM journal AS ended
          WHERE ended.seq > made.started_seq AND ended.environment = made.environment
            AND ended.kind IN ('practice_reset', 'environment_removed'))
    ORDER BY started_seq";

/// What is known when a change starts.
pub(super) struct Started {
    pub(super) change_id: String,
    pub(super) environment: EnvironmentName,
    pub(super) run_id: Option<String>,
    pub(super) actor: String,
    pub(super) from: PhaseState,
    pub(super) to: Phase,
    pub(super) note: Option<String>,
    pub(super) direction: Direction,
    pub(super) incident_id: Option<String>,
    pub(super) override_reason: Option<String>,
    pub(super) seq: i64,
    pub(super) at_ms: i64,
}

/// What is known when a change has been concluded.
pub(super) struct Concluded {
    pub(super) change_id: String,
    pub(super) outcome: ChangeOutcome,
    pub(super) state: Option<PhaseState>,
    pub(super) requests: Vec<RequestRef>,
    pub(super) acknowledged_at_ms: Option<i64>,
    pub(super) at_ms: i64,
    pub(super) reason: Option<String>,
}

pub(super) fn start(connection: &Connection, change: &Started) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO phase_change (id, environment, run_id, actor, from_state, to_phase, note, direction,
                 incident_id, override_reason, started_seq, started_at_ms)
             VALUES (:id, :environment, :run_id, :actor, :from_state, :to_phase, :note, :direction,
                 :incident_id, :override_reason, :started_seq, :started_at_ms)",
        )?
        .execute(named_params! {
            ":id": change.change_id,
            ":environment": change.environment.as_str(),
            ":run_id": change.run_id,
            ":actor": change.actor,
            ":from_state": Json(&change.from),
            ":to_phase": change.to.wire(),
            ":note": change.note,
            ":direction": Word(change.direction),
            ":incident_id": change.incident_id,
            ":override_reason": change.override_reason,
            ":started_seq": change.seq,
            ":started_at_ms": change.at_ms,
        })?;
    Ok(())
}

/// The newest conclusion stands: `unknown` is followed by what was found out.
pub(super) fn conclude(connection: &Connection, change: &Concluded) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE phase_change
             SET outcome = :outcome, state = :state, requests = :requests, reason = :reason,
                 acknowledged_at_ms = :acknowledged_at_ms, concluded_at_ms = :concluded_at_ms
             WHERE id = :id",
        )?
        .execute(named_params! {
            ":id": change.change_id,
            ":outcome": Word(change.outcome),
            ":state": change.state.as_ref().map(Json),
            ":requests": Json(&change.requests),
            ":reason": change.reason,
            ":acknowledged_at_ms": change.acknowledged_at_ms,
            ":concluded_at_ms": change.at_ms,
        })?;
    Ok(())
}

fn select(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<PhaseChangeRow>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params, from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<PhaseChangeRow> {
    Ok(PhaseChangeRow {
        change_id: row.get("id")?,
        run_id: row.get("run_id")?,
        actor: row.get("actor")?,
        from: row.get::<_, Json<_>>("from_state")?.0,
        to: row.get::<_, Word<_>>("to_phase")?.0,
        note: row.get("note")?,
        direction: row.get::<_, Word<_>>("direction")?.0,
        incident_id: row.get("incident_id")?,
        override_reason: row.get("override_reason")?,
        started_at_ms: row.get("started_at_ms")?,
        outcome: row.get::<_, Option<Word<_>>>("outcome")?.map(|word| word.0),
        state: row.get::<_, Option<Json<_>>>("state")?.map(|json| json.0),
        requests: row.get::<_, Json<_>>("requests")?.0,
        acknowledged_at_ms: row.get("acknowledged_at_ms")?,
        concluded_at_ms: row.get("concluded_at_ms")?,
        reason: row.get("reason")?,
    })
}
