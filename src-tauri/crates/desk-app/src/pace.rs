//! Keeping within the portal's rate limit: so many calls a minute of one account to one route.

use desk_core::Route;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// Source: the contract, section 4.
const MOST: usize = 120;

/// The contract's minute, and a second because the portal counts calls when they arrive, not when they are sent.
const WINDOW: Duration = Duration::from_secs(61);

/// When calls were made, by account and route. Whoever calls one portal shares one.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    sent: HashMap<(&'static str, Route), VecDeque<Instant>>,
}

impl Pace {
    /// How long to wait before the next call, which is counted as made then. `account` is its word.
    pub(crate) fn reserve(&mut self, account: &'static str, route: Route, now: Instant) -> Duration {
        let sent = self.sent.entry((account, route)).or_default();
        let mut at = now;
        if sent.len() >= MOST
            && let Some(oldest) = sent.pop_front()
        {
            at = at.max(oldest + WINDOW);
        }
        sent.push_back(at);
        at - now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_after_the_limit_waits_until_the_first_is_a_window_old() {
        let mut pace = Pace::default();
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut wait = |account, route, now| pace.reserve(account, route, now);
        for _ in 0..MOST {
            assert_eq!(wait("member", Route::ItemsList, start), Duration::ZERO);
        }
        let late = wait("member", Route::ItemsList, start + second);
        assert_eq!(late + second, WINDOW);
        assert_eq!(
            wait("member", Route::ItemsGet, start),
            Duration::ZERO,
            "another route"
        );
        assert_eq!(
            wait("staff", Route::ItemsList, start),
            Duration::ZERO,
            "another account"
        );
        assert_eq!(wait("member", Route::ItemsList, start + WINDOW), Duration::ZERO);
    }
}
