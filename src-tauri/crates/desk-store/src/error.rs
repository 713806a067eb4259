//! What can go wrong with the store, told apart by what somebody can do about it.

use crate::BackupInfo;
use desk_core::journal::Broken;
use rusqlite::{ErrorCode, ffi};
use std::path::{Path, PathBuf};

/// Why the store did not do what was asked. Whatever the reason: nothing of it was stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk, or the quota, is full.
    #[error("the disk is full: nothing was stored")]
    Full,
    /// Another program kept the database locked for longer than five seconds.
    #[error("another program kept the store locked for more than 5 s: nothing was stored")]
    Busy,
    /// The file's content is not what the desk wrote. Found at work; the next start puts the file aside.
    #[error("the store's file is damaged: {what}")]
    Damaged {
        /// What was found.
        what: String,
    },
    /// The file or its file system cannot be written.
    #[error("the store's file is read-only: nothing was stored")]
    ReadOnly,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
    /// Only the owner of the data directory may do this.
    #[error("only the program that owns the data directory may do this")]
    NotOwner,
    /// A record lacks what its kind needs. A mistake of the caller's.
    #[error("a record of kind {kind} needs {missing}")]
    Incomplete {
        /// The record's kind.
        kind: String,
        /// `an environment` or `a run`.
        missing: &'static str,
    },
    /// The id or the number is taken, by another program in the same moment perhaps: read again, then retry.
    #[error("the id or number is taken")]
    Conflict,
    /// A backup never overwrites a file.
    #[error("{} exists already, and a backup never overwrites", path.display())]
    Exists {
        /// The file in the way.
        path: PathBuf,
    },
    /// An entry could not be read as a record: written by a newer desk, or damaged.
    #[error("entry {seq} cannot be read")]
    Unreadable {
        /// The entry's number.
        seq: i64,
        /// What does not fit.
        source: serde_json::Error,
    },
    /// The file system refused.
    #[error("{} cannot be used", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data directory lies where programs cannot share memory through a file: on a network drive, for instance.
    #[error("the data directory lies on a file system that the store cannot work on")]
    NoSharedMemory,
    /// A worker thread could not be started.
    #[error("no thread could be started for the store")]
    Thread(#[source] std::io::Error),
    /// `SQLite` reported something else.
    #[error("the database reported an error")]
    Sqlite(#[source] rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        if let Some(ffi::Error { code, extended_code }) = error.sqlite_error() {
            return match (code, *extended_code) {
                // The WAL's index could not be enlarged: the same full disk in another place.
                (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::Full,
                (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Busy,
                (ErrorCode::ReadOnly, _) => Self::ReadOnly,
                (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => Self::Damaged {
                    what: error.to_string(),
                },
                (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => Self::Conflict,
                _ => Self::Sqlite(error),
            };
        }
        match error {
            E::FromSqlConversionFailure(..)
            | E::InvalidColumnType(..)
            | E::IntegralValueOutOfRange(..)
            | E::Utf8Error(..)
            // The SQL is fixed and tested: if it does not fit, the tables are not what the file's version says.
            | E::SqlInputError { .. } => Self::Damaged {
                what: error.to_string(),
            },
            other => Self::Sqlite(other),
        }
    }
}

impl StoreError {
    /// For `map_err` on calls to the file system about `path`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Io { path, source },
        }
    }
}

/// A database that cannot be trusted any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What was found.
    pub what: String,
    /// The folder it was moved to. `None`: another program still has it open, so that it was left in place;
    /// close that program and open again.
    pub set_aside: Option<PathBuf>,
    /// The newest automatic backup that passes every check.
    pub newest_backup: Option<BackupInfo>,
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer desk wrote it. It was left as it is.
    #[error(
        "the store was written by a newer desk (version {found}, this one knows {known}): it was left as it is"
    )]
    Newer {
        /// The file's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// It is damaged. Opening says so until [`crate::restore`] or [`crate::start_new`] is called.
    #[error("the store is damaged: {}", .0.what)]
    Damaged(Damage),
    /// The file is a database of another program's. It was left as it is.
    #[error("desk.db is not a database of this program: it was left as it is")]
    NotOurs,
    /// It must be made or brought up to date first, which only the owner may do.
    #[error("the store must be brought up to date by the program that owns the data directory")]
    NeedsOwner,
    /// It must be brought up to date, but an older desk still has it open.
    #[error("the store must be brought up to date, but another program still has it open")]
    InUse,
    /// Anything else.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a backup was not restored. The store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// Another program, or this one, has the store open.
    #[error("the store is open in another window or command")]
    InUse,
    /// There is a database already: nothing to start anew from.
    #[error("there is a database already")]
    NotDamaged,
    /// The file is no database of this program's.
    #[error("the file is not a backup made by this program")]
    NotOurs,
    /// The backup was made by a newer desk.
    #[error("the backup was made by a newer desk (version {found}, this one knows {known})")]
    Newer {
        /// The backup's version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// The backup's journal does not hold together.
    #[error("the backup's journal is broken at entry {}", .0.seq)]
    Broken(Broken),
    /// Anything else; [`StoreError::Damaged`] is about the backup.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<rusqlite::Error> for RestoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
