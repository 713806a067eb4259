//! The clock of a rollback: its splits, its warnings, and whether it kept within its target.

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

/// How urgent the clock has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Warning {
    /// There is time.
    None,
    /// Two thirds of the time are over: 10 of 15 minutes.
    Soon,
    /// Little is left: 13 of 15 minutes are over.
    Late,
    /// The time is over. Nothing stops because of it.
    Over,
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

/// How urgent it is after so long: at 10 and at 13 of 15 minutes, and in the same proportion for another budget.
pub const fn warning(taken_ms: u64, budget_ms: u64) -> Warning {
    if taken_ms >= budget_ms {
        Warning::Over
    } else if taken_ms >= budget_ms / 15 * 13 {
        Warning::Late
    } else if taken_ms >= budget_ms / 15 * 10 {
        Warning::Soon
    } else {
        Warning::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::BUDGET_MS;

    #[test]
    fn it_warns_at_ten_and_at_thirteen_minutes() {
        for (ms, expected) in [
            (0, Warning::None),
            (599_999, Warning::None),
            (600_000, Warning::Soon),
            (779_999, Warning::Soon),
            (780_000, Warning::Late),
            (899_999, Warning::Late),
            (900_000, Warning::Over),
            (u64::MAX, Warning::Over),
        ] {
            assert_eq!(warning(ms, BUDGET_MS), expected, "{ms}");
            assert_eq!(within(ms, BUDGET_MS), expected != Warning::Over, "{ms}");
        }
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
