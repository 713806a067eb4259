//! Where the portal takes the time from, so that tests of caches, windows and lifetimes need no waiting.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The portal's clock, in milliseconds since 1970.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's own time.
    #[default]
    System,
    /// A time that only moves when told to; clones move together.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands still at `start_ms` until it is advanced.
    pub fn manual(start_ms: i64) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start_ms)))
    }

    /// Now, in milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        match self {
            // A machine whose clock stands before 1970 is shown as 1970; nothing here depends on more.
            Self::System => millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            Self::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Moves a manual clock forward; the machine's own time cannot be moved and stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(now) = self {
            now.fetch_add(millis(by), Ordering::SeqCst);
        }
    }
}

/// A duration in whole milliseconds; one beyond 292 million years counts as that.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
