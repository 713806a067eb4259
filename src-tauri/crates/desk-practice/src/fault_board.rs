//! Which faults are switched on, and what they mean for the request at hand.

use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use desk_core::Route;

use crate::fault::{Effect, Fault};

/// The faults switched on in one portal.
#[derive(Debug, Default)]
pub struct FaultBoard {
    active: Mutex<Vec<Active>>,
}

/// A fault with what is left of it.
#[derive(Clone, Debug)]
struct Active {
    fault: Fault,
    /// Per cent owed so far by a share of failures; the request that makes it a hundred fails.
    owed: u8,
}

/// What goes wrong with one request. When several faults want the same, the first switched on has it.
#[derive(Debug, Default)]
pub struct Plan {
    /// Wait this long first.
    pub delay: Duration,
    /// Give no answer and do nothing.
    pub before: Option<Silence>,
    /// Refuse where the rate limit would.
    pub refuse: Option<Failure>,
    /// Do it and give no answer.
    pub after: Option<Silence>,
    /// Do it and spoil the answer.
    pub spoil: Option<Spoil>,
}

/// How an answer fails to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The connection stays open.
    Hang,
    /// The connection is closed.
    HangUp,
}

/// A refusal that nothing in the request called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    Internal,
    RateLimited,
}

/// What an answer is spoilt to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    Malformed,
    Truncated,
    Html,
}

impl FaultBoard {
    /// Switches on exactly these.
    pub fn set(&self, faults: Vec<Fault>) {
        *self.lock() = faults
            .into_iter()
            .map(|fault| Active { fault, owed: 0 })
            .collect();
    }

    /// Those still on, with what is left of their counts.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().iter().map(|active| active.fault.clone()).collect()
    }

    /// What goes wrong with a request to `route`; uses up counts.
    pub fn plan(&self, route: Route) -> Plan {
        let mut plan = Plan::default();
        self.lock().retain_mut(|active| {
            if active.fault.route.is_some_and(|only| only != route) {
                return true;
            }
            match active.fault.effect {
                Effect::Latency(by) => plan.delay += by,
                Effect::Error500 { percent } => {
                    active.owed += percent;
                    if active.owed >= 100 {
                        active.owed -= 100;
                        plan.refuse = plan.refuse.or(Some(Failure::Internal));
                    }
                }
                Effect::RateLimited => plan.refuse = plan.refuse.or(Some(Failure::RateLimited)),
                Effect::TimeoutBefore => plan.before = plan.before.or(Some(Silence::Hang)),
                Effect::TimeoutAfter => plan.after = plan.after.or(Some(Silence::Hang)),
                Effect::Drop => plan.before = plan.before.or(Some(Silence::HangUp)),
                Effect::DropAfter => plan.after = plan.after.or(Some(Silence::HangUp)),
                Effect::Malformed => plan.spoil = plan.spoil.or(Some(Spoil::Malformed)),
                Effect::Truncated => plan.spoil = plan.spoil.or(Some(Spoil::Truncated)),
                Effect::Html => plan.spoil = plan.spoil.or(Some(Spoil::Html)),
                // These are asked about where they matter, and count there.
                Effect::ExpiredToken(_) | Effect::OutdatedInstance(_) | Effect::RevokedStaff(_) => {
                    return true;
                }
            }
            active.use_up()
        });
        plan
    }

    /// Whether a token of this identity is refused as expired; uses up counts.
    pub fn refuses_token(&self, route: Option<Route>, identity: &str) -> bool {
        let mut refused = false;
        self.lock().retain_mut(|active| {
            let matches = match &active.fault.effect {
                Effect::ExpiredToken(None) => true,
                Effect::ExpiredToken(Some(name)) => name == identity,
                _ => false,
            } && active.fault.route.is_none_or(|only| route == Some(only));
            refused |= matches;
            !matches || active.use_up()
        });
        refused
    }

    /// Whether this instance never reads the phase again.
    pub fn is_outdated(&self, instance: usize) -> bool {
        self.lock()
            .iter()
            .any(|active| active.fault.effect == Effect::OutdatedInstance(instance))
    }

    /// How many instances there must be for every outdated one to be among them.
    pub fn instances(&self) -> usize {
        let number = |active: &Active| match active.fault.effect {
            Effect::OutdatedInstance(instance) => instance.saturating_add(1),
            _ => 0,
        };
        self.lock().iter().map(number).max().unwrap_or(0)
    }

    /// Whether this identity's next tokens carry no staff claim.
    pub fn revokes_staff(&self, identity: &str) -> bool {
        self.lock()
            .iter()
            .any(|active| matches!(&active.fault.effect, Effect::RevokedStaff(name) if name == identity))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Active>> {
        // Nothing panics while holding it; and a list of faults has no half-written state.
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Active {
    /// Counts one request; whether there are more to come.
    fn use_up(&mut self) -> bool {
        match self.fault.times {
            None => true,
            Some(times) => {
                self.fault.times = NonZeroU32::new(times.get() - 1);
                self.fault.times.is_some()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(faults: &[&str]) -> FaultBoard {
        let board = FaultBoard::default();
        board.set(faults.iter().map(|text| text.parse().unwrap()).collect());
        board
    }

    #[test]
    fn a_share_is_spread_evenly() {
        let board = board(&["error-500=25%"]);
        let failed: Vec<bool> = (0..8)
            .map(|_| board.plan(Route::ItemsList).refuse.is_some())
            .collect();
        assert_eq!(failed, [false, false, false, true, false, false, false, true]);
    }

    #[test]
    fn a_count_is_used_up_by_matching_requests_only() {
        let board = board(&["drop@library.items.get*2", "latency=5"]);
        assert_eq!(board.plan(Route::ItemsList).before, None);
        assert_eq!(board.plan(Route::ItemsGet).before, Some(Silence::HangUp));
        assert_eq!(board.list()[0].to_string(), "drop@library.items.get*1");
        assert_eq!(board.plan(Route::ItemsGet).before, Some(Silence::HangUp));
        let after = board.plan(Route::ItemsGet);
        assert_eq!(after.before, None);
        assert_eq!(after.delay, Duration::from_millis(5));
        assert_eq!(board.list().len(), 1, "a spent fault is gone");
    }

    #[test]
    fn an_expired_token_is_the_named_identitys_alone() {
        let board = board(&["expired-token=staff-smoke*1"]);
        assert!(!board.refuses_token(None, "member-smoke"));
        assert!(board.refuses_token(None, "staff-smoke"));
        assert!(!board.refuses_token(None, "staff-smoke"));
    }
}
