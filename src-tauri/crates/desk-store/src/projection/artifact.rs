//! The evidence: what was captured, and what was put on which run.

use crate::{column::Word, error::StoreError, store::Store};
use desk_core::{EnvironmentName, Phase, journal::Entry, record::ArtifactKind};
use rusqlite::{Connection, named_params};

pub(crate) const V2: &str = "
CREATE TABLE artifact_capture (
    sha256         TEXT NOT NULL,
    environment    TEXT NOT NULL,
    run_id         TEXT,
    kind           TEXT NOT NULL,
    phase          TEXT NOT NULL,
    seq            INTEGER NOT NULL,
    captured_at_ms INTEGER NOT NULL,
    PRIMARY KEY (sha256, environment)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_capture_by_run ON artifact_capture (run_id, seq);

CREATE TABLE artifact_attachment (
    run_id         TEXT NOT NULL,
    seq            INTEGER NOT NULL,
    environment    TEXT NOT NULL,
    sha256         TEXT NOT NULL,
    item           TEXT NOT NULL,
    attached_at_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
";

/// An artifact that was captured in a run, or put on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunArtifactRow {
    /// The bytes' SHA-256, lower-case hex.
    pub sha256: String,
    /// How it was captured; `None` for bytes from elsewhere.
    pub captured: Option<Captured>,
    /// As what it was put on the run, in that order; empty when it was not.
    pub attached: Vec<Attached>,
}

/// How an artifact was captured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// What it is.
    pub kind: ArtifactKind,
    /// The phase it speaks for.
    pub phase: Phase,
    /// When it was first captured, milliseconds since 1970.
    pub at_ms: i64,
}

/// As what an artifact was put on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    /// The id of the runbook's evidence item.
    pub item: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// The artifacts of a run: those captured in it, wherever they were put, and those put on it, whenever they were captured.
    /// In the order in which they appeared in the run.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn artifacts_of_run(&self, run_id: &str) -> Result<Vec<RunArtifactRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| of_run(connection, &run_id)).await
    }
}

/// One row for each appearance in the run: its capture, which has no item, and each attachment.
const APPEARANCES: &str = "
    SELECT seq, sha256, kind, phase, captured_at_ms, NULL AS item, NULL AS attached_at_ms
    FROM artifact_capture WHERE run_id = ?1
    UNION ALL
    SELECT a.seq, a.sha256, c.kind, c.phase, c.captured_at_ms, a.item, a.attached_at_ms
    FROM artifact_attachment a LEFT JOIN artifact_capture c USING (sha256, environment) WHERE a.run_id = ?1
    ORDER BY seq";

fn of_run(connection: &Connection, run_id: &str) -> Result<Vec<RunArtifactRow>, StoreError> {
    let mut statement = connection.prepare_cached(APPEARANCES)?;
    let mut rows = statement.query([run_id])?;
    let mut artifacts: Vec<RunArtifactRow> = Vec::new();
    while let Some(row) = rows.next()? {
        let sha256: String = row.get("sha256")?;
        let index = artifacts
            .iter()
            .position(|artifact| artifact.sha256 == sha256)
            .unwrap_or(artifacts.len());
        if index == artifacts.len() {
            artifacts.push(RunArtifactRow {
                sha256,
                captured: captured(row)?,
                attached: Vec::new(),
            });
        }
        if let Some(item) = row.get("item")? {
            artifacts[index].attached.push(Attached {
                item,
                at_ms: row.get("attached_at_ms")?,
            });
        }
    }
    Ok(artifacts)
}

fn captured(row: &rusqlite::Row<'_>) -> rusqlite::Result<Option<Captured>> {
    let Some(Word(kind)) = row.get("kind")? else {
        return Ok(None);
    };
    Ok(Some(Captured {
        kind,
        phase: row.get::<_, Word<_>>("phase")?.0,
        at_ms: row.get("captured_at_ms")?,
    }))
}

/// The first capture of the same bytes stands.
pub(super) fn capture(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    sha256: &str,
    kind: ArtifactKind,
    phase: Phase,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO artifact_capture (sha256, environment, run_id, kind, phase, seq, captured_at_ms)
             VALUES (:sha256, :environment, :run_id, :kind, :phase, :seq, :captured_at_ms)
             ON CONFLICT (sha256, environment) DO NOTHING",
        )?
        .execute(named_params! {
            ":sha256": sha256,
            ":environment": environment.as_str(),
            ":run_id": entry.run_id,
            ":kind": Word(kind),
            ":phase": phase.wire(),
            ":seq": entry.seq,
            ":captured_at_ms": entry.at_ms,
        })?;
    Ok(())
}

pub(super) fn attach(
    connection: &Connection,
    entry: &Entry,
    run_id: &str,
    environment: &EnvironmentName,
    sha256: &str,
    item: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO artifact_attachment (run_id, seq, environment, sha256, item, attached_at_ms)
             VALUES (:run_id, :seq, :environment, :sha256, :item, :attached_at_ms)",
        )?
        .execute(named_params! {
            ":run_id": run_id,
            ":seq": entry.seq,
            ":environment": environment.as_str(),
            ":sha256": sha256,
            ":item": item,
            ":attached_at_ms": entry.at_ms,
        })?;
    Ok(())
}
