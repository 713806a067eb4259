//! The journal as a person checks and keeps it.

use crate::{
    desk::Desk,
    error::{Code, Problem},
    evidence,
    problem::{chain, open_problem, restore_problem, store_problem},
    view::{BrokenView, JournalView},
};
use desk_core::{
    evidence::{bag, chain::Head, verify::JOURNAL_HEAD},
    journal::{Entry, Fault},
    record::Record,
};
use desk_store::{BackupInfo, OpenError, Restored, StoreError};
use std::path::{Path, PathBuf};

/// Whether this is a record of the phase that was taken out of a bundle, and not the bundle.
fn is_record_of_phase(path: &Path) -> bool {
    let is_json = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    is_json && path.is_file()
}

impl Desk {
    /// Checks every entry of the journal.
    ///
    /// # Errors
    /// `store_*` when it cannot be read.
    pub async fn verify_journal(&self) -> Result<JournalView, Problem> {
        let verified = self
            .inner
            .store
            .verify()
            .await
            .map_err(|error| store_problem(&error))?;
        Ok(JournalView {
            stale: verified.stale.iter().map(|&table| table.to_owned()).collect(),
            count: verified.count,
            newest_hash: verified.newest_hash,
            broken: verified.broken.map(|broken| BrokenView {
                seq: broken.seq,
                id: broken.id,
                fault: match broken.fault {
                    Fault::Gap => "an entry before it is missing",
                    Fault::WrongPredecessor => {
                        "it does not follow from the entry before: one was rewritten, removed or inserted"
                    }
                    Fault::Changed => "its content was changed after it was written",
                }
                .to_owned(),
            }),
        })
    }

    /// Entries of the journal, of every environment, with words that begin with each of `search`'s; newest first, at most
    /// `limit`.
    ///
    /// # Errors
    /// `store_*` when it cannot be read.
    pub async fn search_journal(&self, search: &str, limit: u32) -> Result<Vec<Entry>, Problem> {
        let found = self.inner.store.search_journal(search, None, limit).await;
        found.map_err(|error| store_problem(&error))
    }

    /// Whether the journal still holds the entry that was its newest when a bundle was sealed. A journal that was cut off or
    /// rewritten since does not. A copy of the bundle's record of the phase, `metadata.json`, will do, too.
    ///
    /// # Errors
    /// `not_found` (field `path`) where there is no bundle; `refused` for one that is not valid, which proves nothing; `store_*`.
    pub async fn holds_head_of(&self, bundle: &Path) -> Result<bool, Problem> {
        let refused = |what: &str, next: &str| {
            Problem::new(
                Code::Refused,
                format!("{what}, so that it proves nothing about the journal."),
                "The journal was not compared with it.",
                next,
            )
            .about("path")
        };
        let head = if is_record_of_phase(bundle) {
            let text = std::fs::read_to_string(bundle).unwrap_or_default();
            Head::of_metadata(&text).ok_or_else(|| {
                refused(
                    "The file names no entry of the journal",
                    "Give a bundle, or the data/phase/metadata.json out of one.",
                )
            })?
        } else {
            let found = evidence::verify(bundle)?;
            let head = bag::value(&found.info, JOURNAL_HEAD).and_then(|head| head.split_once(' '));
            let head = head.and_then(|(seq, hash)| {
                Some(Head {
                    seq: seq.parse().ok()?,
                    hash: hash.to_owned(),
                })
            });
            head.filter(|_| found.valid).ok_or_else(|| {
                refused(
                    "The bundle is not valid",
                    "evidence verify says what is wrong with it.",
                )
            })?
        };
        let kept = self.inner.store.hash_of(head.seq).await;
        Ok(kept.map_err(|error| store_problem(&error))? == Some(head.hash))
    }

    /// Writes a backup of everything that is recorded.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) when the file exists or cannot be written; `store_*`.
    pub async fn backup_journal(&self, to: &Path) -> Result<BackupInfo, Problem> {
        let info = self.inner.store.backup(to).await.map_err(|error| match error {
            StoreError::Io { .. } => Problem::invalid(
                "file",
                format!("The backup cannot be written to {}.", to.display()),
                "Choose another place.",
            )
            .detailed(chain(&error)),
            other => store_problem(&other),
        })?;
        let record = Record::BackupWritten {
            sha256: info.sha256.clone(),
            newest_seq: info.newest_seq,
        };
        self.record(None, None, "desk", record).await?;
        Ok(info)
    }

    /// Writes a backup into the data directory's `backups` folder.
    ///
    /// # Errors
    /// As [`Self::backup_journal`].
    pub async fn backup_here(&self) -> Result<PathBuf, Problem> {
        let name = format!("desk-by-hand-{}.db", self.now_ms());
        let path = self.inner.data_dir.join("backups").join(name);
        self.backup_journal(&path).await?;
        Ok(path)
    }

    /// Notes in the journal that it was restored from a backup.
    ///
    /// # Errors
    /// `store_*` when it cannot be written.
    pub async fn note_restored(&self, restored: &Restored) -> Result<(), Problem> {
        let record = restored.record();
        self.record(None, None, "desk", record).await
    }
}

/// Replaces the store by a backup; what was there is put aside. No desk may be open on the directory.
///
/// # Errors
/// `busy` while another desk is open there; `invalid_input` (field `file`) for a file that is no sound backup.
pub fn restore(data_dir: &Path, backup: &Path) -> Result<Restored, Problem> {
    desk_store::restore(data_dir, backup, &desk_store::system_clock())
        .map_err(|error| restore_problem(&error, backup))
}

/// Restores the newest backup that passes every check, after the file was found damaged.
///
/// # Errors
/// `not_found` when there is none; else as [`restore`].
pub fn restore_newest(data_dir: &Path) -> Result<Restored, Problem> {
    let newest = match desk_store::Store::open(data_dir, desk_store::system_clock()) {
        Err(OpenError::Damaged(damage)) => damage.newest_backup,
        Err(other) => return Err(open_problem(&other)),
        Ok(_) => None,
    };
    let newest = newest.ok_or_else(|| {
        Problem::new(
            Code::NotFound,
            "There is no backup to restore.",
            "Nothing was changed.",
            "Start a new journal; the damaged file stays where it was put.",
        )
    })?;
    restore(data_dir, &newest.path)
}

/// Starts a new journal after the file was found damaged; the damaged one stays where it was put.
///
/// # Errors
/// `busy` while another desk is open there; `store_*`.
pub fn start_new(data_dir: &Path) -> Result<(), Problem> {
    desk_store::start_new(data_dir).map_err(|error| restore_problem(&error, data_dir))?;
    Ok(())
}

/// What an entry of the journal records.
///
/// # Errors
/// `store_*` for one that a newer desk wrote.
pub(crate) fn record_of(entry: &Entry) -> Result<Record, Problem> {
    Record::from_parts(&entry.kind, &entry.body).map_err(|source| {
        store_problem(&StoreError::Unreadable {
            seq: entry.seq,
            source,
        })
    })
}
