//! The clock of a rollback: its splits, and whether it kept within its target.

use super::Purpose;
use serde::{Deserialize, Serialize};

/// Moments at which the clock is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// It was decided: the clock starts.
    Opened,
    /// The phase was first sent.
    Sent,
    /// The portal acknowledged it.
    Acknowledged,
    /// Every probe agreed for the first time.
    Verified,
    /// Every probe had agreed for longer than the phase is cached.
    Settled,
    /// What a drill had found was seen to be back.
    Restored,
    /// Staff were told, or it was said why not.
    Announced,
    /// It was closed.
    Closed,
}

/// A split that was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mark {
    /// Which.
    pub split: Split,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// How long after it was opened, milliseconds, however the clock was set meanwhile.
    pub taken_ms: u64,
}

impl Split {
    /// The splits of a procedure, in order.
    pub fn of(purpose: Purpose) -> Vec<Self> {
        let last = match purpose {
            Purpose::Rollback => Self::Announced,
            Purpose::Drill => Self::Restored,
        };
        vec![
            Self::Opened,
            Self::Sent,
            Self::Acknowledged,
            Self::Verified,
            Self::Settled,
            last,
            Self::Closed,
        ]
    }
}

/// How long it took from `opened_at_ms` to `at_ms`, milliseconds, when the clock was set by `jumped_ms` in between. Never
/// negative.
pub(super) fn taken_ms(opened_at_ms: i64, at_ms: i64, jumped_ms: i64) -> u64 {
    u64::try_from(at_ms.saturating_sub(opened_at_ms).saturating_sub(jumped_ms)).unwrap_or(0)
}

/// Whether so long is within the target. The runbook says "less than".
pub const fn within(taken_ms: u64, budget_ms: u64) -> bool {
    taken_ms < budget_ms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::BUDGET_MS;

    #[test]
    fn exactly_the_target_is_not_within_it() {
        assert!(within(BUDGET_MS - 1, BUDGET_MS));
        assert!(!within(BUDGET_MS, BUDGET_MS), "the runbook says less than");
    }

    #[test]
    fn a_clock_that_was_set_does_not_change_how_long_it_took() {
        assert_eq!(taken_ms(1_000, 61_000, 0), 60_000);
        assert_eq!(taken_ms(1_000, 61_000 + 3_600_000, 3_600_000), 60_000);
        assert_eq!(taken_ms(1_000, 61_000 - 3_600_000, -3_600_000), 60_000);
        assert_eq!(taken_ms(1_000, 500, 0), 0);
        assert_eq!(taken_ms(i64::MIN, i64::MAX, 0), i64::MAX as u64);
    }
}
