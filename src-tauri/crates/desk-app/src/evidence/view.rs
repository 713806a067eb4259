//! What crosses about evidence.
//!
//! Times are milliseconds since 1970.

use super::{Item, Verification};
use crate::{error::Problem, view::RunView};
use desk_store::{EvidenceRow, ExportRow};
use serde::Serialize;
use ts_rs::TS;

/// How the evidence of a run stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceView {
    /// The run; none before the first.
    pub run: Option<RunView>,
    /// The runs that can be looked at, newest first: this one and the newest hundred.
    pub runs: Vec<RunView>,
    /// The runbook's items.
    pub items: Vec<Item>,
    /// Files that people attached, oldest first.
    pub attachments: Vec<AttachmentView>,
    /// Bundles that the run was exported as, oldest first.
    pub exports: Vec<ExportedView>,
}

/// A file that a person attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttachmentView {
    /// The run that it was put on, `R-001`.
    pub run: String,
    /// The bytes' SHA-256, lower-case hex.
    pub sha256: String,
    /// The file's name.
    pub name: String,
    /// What it is: `image/png`.
    pub media_type: String,
    /// How long it is, bytes.
    pub bytes: u64,
    /// The id of the item it is for.
    pub item: String,
    /// Who attached it.
    pub actor: String,
    /// When.
    pub at_ms: i64,
}

impl AttachmentView {
    /// A file of the run with this label.
    pub(super) fn of(row: EvidenceRow, run: &str) -> Self {
        Self {
            run: run.to_owned(),
            sha256: row.sha256,
            name: row.name,
            media_type: row.media_type,
            bytes: row.bytes,
            item: row.item,
            actor: row.actor,
            at_ms: row.at_ms,
        }
    }
}

/// How far attaching has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttachProgress {
    /// Files that were tried.
    pub done: u32,
    /// Files that will be.
    pub total: u32,
    /// The name of the one that is being read.
    pub file: String,
}

/// What became of a file that was to be attached: one of the two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AttachTried {
    /// Which of the files that waited.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// The file as it was attached.
    pub attached: Option<AttachmentView>,
    /// Why it was not.
    pub problem: Option<Problem>,
}

/// A bundle that was exported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportedView {
    /// The SHA-256 of its tag manifest, lower-case hex.
    pub bundle_sha256: String,
    /// The fingerprint of the key that signed it.
    pub signed_by: String,
    /// The journal's newest hash then.
    pub journal_head: String,
    /// The ids of the items that were missing or outdated.
    pub missing: Vec<String>,
    /// Who exported it.
    pub actor: String,
    /// When.
    pub at_ms: i64,
}

impl From<ExportRow> for ExportedView {
    fn from(row: ExportRow) -> Self {
        Self {
            bundle_sha256: row.bundle_sha256,
            signed_by: row.signed_by,
            journal_head: row.journal_head,
            missing: row.missing,
            actor: row.actor,
            at_ms: row.at_ms,
        }
    }
}

/// How far an export has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportProgress {
    /// Files that are written.
    pub done: u32,
    /// Files that there will be.
    pub total: u32,
    /// The file that is being written.
    pub file: String,
    /// Whether all are written, and read again to see that they are what they should be.
    pub verifying: bool,
}

/// A bundle that was just written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ExportReport {
    /// Where it is.
    pub path: String,
    /// The run, `R-001`.
    pub run: String,
    /// The SHA-256 of its tag manifest, lower-case hex.
    pub bundle_sha256: String,
    /// The fingerprint of the key that signed it.
    pub signed_by: String,
    /// Whether the key ends with this session, for want of a keychain.
    pub key_for_this_session_only: bool,
    /// What is missing, in words.
    pub missing: Vec<String>,
    /// What verifying it found.
    pub verification: Verification,
}

/// The key that bundles are signed with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeyView {
    /// The SHA-256 of the public half's 32 bytes, lower-case hex.
    pub fingerprint: String,
    /// The public half as PEM.
    pub public_key: String,
    /// Whether it ends with this session, for want of a keychain.
    pub for_this_session_only: bool,
}
