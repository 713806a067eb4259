//! Who may do what with a data directory, by three lock files. The system frees a lock when its holder dies.
//!
//! They are separate from `SQLite`'s own locks, which only ever cover one transaction.

use crate::error::StoreError;
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

/// A lock, held until dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Held {
    _file: File,
}

/// Waits until nobody else opens, restores or starts anew. Only ever held for as long as that takes.
pub(crate) fn opening(dir: &Path) -> Result<Held, StoreError> {
    let path = dir.join("desk.opening.lock");
    let file = lock_file(&path)?;
    file.lock().map_err(StoreError::io(&path))?;
    Ok(Held { _file: file })
}

/// Becomes the owner, unless somebody else is.
pub(crate) fn try_own(dir: &Path) -> Result<Option<Held>, StoreError> {
    try_exclusive(&dir.join("desk.lock"))
}

/// Makes sure that nobody has the database open. Call it under [`opening`], so that nobody is about to.
pub(crate) fn try_alone(dir: &Path) -> Result<Option<Held>, StoreError> {
    try_exclusive(&dir.join(USERS))
}

/// Joins those who have the database open. Call it under [`opening`], where nobody can be [alone](try_alone) but the caller.
pub(crate) fn join_users(dir: &Path) -> Result<Held, StoreError> {
    let path = dir.join(USERS);
    let file = lock_file(&path)?;
    file.lock_shared().map_err(StoreError::io(&path))?;
    Ok(Held { _file: file })
}

const USERS: &str = "desk.users.lock";

fn try_exclusive(path: &Path) -> Result<Option<Held>, StoreError> {
    let file = lock_file(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Held { _file: file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StoreError::io(path)(error)),
    }
}

fn lock_file(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(StoreError::io(path))
}
