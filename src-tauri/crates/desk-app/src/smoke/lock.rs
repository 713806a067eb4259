//! One at a time on a data directory and portal. A run's accounts are nobody else's meanwhile, and nothing is tidied up under
//! it; a rollback is carried on by one program. The lock ends with its holder, however that ends.

use crate::{
    error::{Code, Problem},
    problem::internal_problem,
};
use desk_core::EnvironmentName;
use std::{
    fs::{File, TryLockError},
    path::Path,
};

/// What is done by one at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Act {
    /// The smoke checklist, and the removal of what it left.
    Smoke,
    /// A rollback.
    Rollback,
    /// A drill of one.
    Drill,
}

impl Act {
    const fn word(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::Rollback => "rollback",
            Self::Drill => "drill",
        }
    }

    const fn is_going_on(self) -> &'static str {
        match self {
            Self::Smoke => "The checklist is being run",
            Self::Rollback => "A rollback is being carried on",
            Self::Drill => "A drill is being carried on",
        }
    }
}

/// Held for as long as a run, or the removal of what one left, goes on.
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of an act.
    ///
    /// # Errors
    /// `busy` while somebody else holds it; `internal` when its file cannot be made.
    pub(crate) fn take(data_dir: &Path, act: Act, environment: &EnvironmentName) -> Result<Self, Problem> {
        let path = data_dir.join(format!("{}-{environment}.lock", act.word()));
        let file = File::create(&path).map_err(|error| internal_problem(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Problem::new(
                Code::Busy,
                format!("{} in {environment} already.", act.is_going_on()),
                "Nothing was sent; that one goes on.",
                "Wait for it, or stop it.",
            )),
            Err(TryLockError::Error(error)) => Err(internal_problem(&error)),
        }
    }
}
