//! One run at a time on a data directory and portal: its accounts are nobody else's meanwhile, and nothing is tidied up
//! under it. The lock ends with its holder, however that ends.

use crate::{
    error::{Code, Problem},
    problem::internal_problem,
};
use desk_core::EnvironmentName;
use std::{
    fs::{File, TryLockError},
    path::Path,
};

/// Held for as long as a run, or the removal of what one left, goes on.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock.
    ///
    /// # Errors
    /// `busy` while somebody else holds it; `store_failed` when its file cannot be made.
    pub(crate) fn take(data_dir: &Path, environment: &EnvironmentName) -> Result<Self, Problem> {
        let path = data_dir.join(format!("smoke-{environment}.lock"));
        let file = File::create(&path).map_err(|error| internal_problem(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Problem::new(
                Code::Busy,
                format!("The checklist is being run in {environment} already."),
                "Nothing was sent; that run goes on.",
                "Wait for it, or stop it.",
            )),
            Err(TryLockError::Error(error)) => Err(internal_problem(&error)),
        }
    }
}
