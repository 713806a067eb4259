//! Keeping within the portal's rate limit: so many calls a minute of one account to one route.

use super::step::Account;
use desk_core::Route;
use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// Source: the contract, section 4.
const MOST: usize = 120;
const WINDOW: Duration = Duration::from_secs(60);

/// When calls were made, by account and route.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    sent: HashMap<(Account, Route), VecDeque<Instant>>,
}

impl Pace {
    /// How long to wait before the next call, which is counted as made then.
    pub(crate) fn reserve(&mut self, account: Account, route: Route, now: Instant) -> Duration {
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
    fn the_call_after_the_limit_waits_until_the_first_is_a_minute_old() {
        let mut pace = Pace::default();
        let start = Instant::now();
        let second = Duration::from_secs(1);
        for _ in 0..MOST {
            assert_eq!(
                pace.reserve(Account::Nobody, Route::ItemsList, start),
                Duration::ZERO
            );
        }
        let waited = pace.reserve(Account::Nobody, Route::ItemsList, start + second);
        assert_eq!(waited, Duration::from_secs(59));
        assert_eq!(
            pace.reserve(Account::Nobody, Route::ItemsGet, start),
            Duration::ZERO,
            "another route"
        );
        assert_eq!(
            pace.reserve(Account::GarbageToken, Route::ItemsList, start),
            Duration::ZERO,
            "another account"
        );
        let later = start + WINDOW;
        assert_eq!(
            pace.reserve(Account::Nobody, Route::ItemsList, later),
            Duration::ZERO
        );
    }
}
