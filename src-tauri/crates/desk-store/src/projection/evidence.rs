//! The files that people put on a run as evidence, and the bundles it was exported as.

use crate::{column::Json, error::StoreError, store::Store};
use rusqlite::{Connection, named_params};

pub(crate) const V9: &str = "
CREATE TABLE evidence_attachment (
    run_id         TEXT NOT NULL,
    seq            INTEGER NOT NULL,
    sha256         TEXT NOT NULL,
    name           TEXT NOT NULL,
    media_type     TEXT NOT NULL,
    bytes          INTEGER NOT NULL,
    item           TEXT NOT NULL,
    actor          TEXT NOT NULL,
    attached_at_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence_export (
    run_id         TEXT NOT NULL,
    seq            INTEGER NOT NULL,
    bundle_sha256  TEXT NOT NULL,
    signed_by      TEXT NOT NULL,
    journal_seq    INTEGER NOT NULL,
    journal_head   TEXT NOT NULL,
    missing        TEXT NOT NULL,
    actor          TEXT NOT NULL,
    exported_at_ms INTEGER NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT, WITHOUT ROWID;
";

/// A file that a person put on a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceRow {
    /// Its entry's number.
    pub seq: i64,
    /// The bytes' SHA-256, lower-case hex.
    pub sha256: String,
    /// The file's name.
    pub name: String,
    /// What it is: `image/png`.
    pub media_type: String,
    /// How long it is, bytes.
    pub bytes: u64,
    /// The id of the runbook's evidence item.
    pub item: String,
    /// Who put it there.
    pub actor: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// A bundle that a run was exported as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportRow {
    /// Its entry's number.
    pub seq: i64,
    /// The SHA-256 of its tag manifest, lower-case hex.
    pub bundle_sha256: String,
    /// The fingerprint of the key.
    pub signed_by: String,
    /// The number of the journal's newest entry then.
    pub journal_seq: i64,
    /// Its hash.
    pub journal_head: String,
    /// The ids of the items that were missing or outdated.
    pub missing: Vec<String>,
    /// Who exported it.
    pub actor: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// The files that people put on a run, in that order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn evidence_of_run(&self, run_id: &str) -> Result<Vec<EvidenceRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT * FROM evidence_attachment WHERE run_id = ?1 ORDER BY seq")?;
            let rows = statement.query_map([run_id], |row| {
                Ok(EvidenceRow {
                    seq: row.get("seq")?,
                    sha256: row.get("sha256")?,
                    name: row.get("name")?,
                    media_type: row.get("media_type")?,
                    bytes: row.get("bytes")?,
                    item: row.get("item")?,
                    actor: row.get("actor")?,
                    at_ms: row.get("attached_at_ms")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The bundles that a run was exported as, in that order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn exports_of_run(&self, run_id: &str) -> Result<Vec<ExportRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM evidence_export WHERE run_id = ?1 ORDER BY seq")?;
            let rows = statement.query_map([run_id], |row| {
                Ok(ExportRow {
                    seq: row.get("seq")?,
                    bundle_sha256: row.get("bundle_sha256")?,
                    signed_by: row.get("signed_by")?,
                    journal_seq: row.get("journal_seq")?,
                    journal_head: row.get("journal_head")?,
                    missing: row.get::<_, Json<_>>("missing")?.0,
                    actor: row.get("actor")?,
                    at_ms: row.get("exported_at_ms")?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

pub(super) fn attach(connection: &Connection, row: &EvidenceRow, run_id: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO evidence_attachment
                 (run_id, seq, sha256, name, media_type, bytes, item, actor, attached_at_ms)
             VALUES (:run_id, :seq, :sha256, :name, :media_type, :bytes, :item, :actor, :at_ms)",
        )?
        .execute(named_params! {
            ":run_id": run_id,
            ":seq": row.seq,
            ":sha256": row.sha256,
            ":name": row.name,
            ":media_type": row.media_type,
            ":bytes": row.bytes,
            ":item": row.item,
            ":actor": row.actor,
            ":at_ms": row.at_ms,
        })?;
    Ok(())
}

pub(super) fn export(connection: &Connection, row: &ExportRow, run_id: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO evidence_export
                 (run_id, seq, bundle_sha256, signed_by, journal_seq, journal_head, missing, actor, exported_at_ms)
             VALUES (:run_id, :seq, :bundle_sha256, :signed_by, :journal_seq, :journal_head, :missing, :actor, :at_ms)",
        )?
        .execute(named_params! {
            ":run_id": run_id,
            ":seq": row.seq,
            ":bundle_sha256": row.bundle_sha256,
            ":signed_by": row.signed_by,
            ":journal_seq": row.journal_seq,
            ":journal_head": row.journal_head,
            ":missing": Json(&row.missing),
            ":actor": row.actor,
            ":at_ms": row.at_ms,
        })?;
    Ok(())
}
