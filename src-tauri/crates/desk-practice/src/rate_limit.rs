//! 120 calls a minute for each route, user and address, in a fixed window that opens with the first call.
//!
//! Kept in memory: two processes serving one file count for themselves, as instances do.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use desk_core::Route;

use crate::refusal::Refusal;

const CALLS: u32 = 120;
const WINDOW_MS: i64 = 60_000;

/// The windows that are open.
#[derive(Debug, Default)]
pub struct RateLimit {
    // Bounded by routes x accounts x loopback addresses, so nothing needs to be thrown out.
    windows: Mutex<HashMap<(Route, String, IpAddr), Window>>,
}

#[derive(Debug)]
struct Window {
    opened_ms: i64,
    calls: u32,
}

impl RateLimit {
    /// Counts one call, or refuses it with the time until the window closes.
    pub fn count(&self, route: Route, uid: &str, address: IpAddr, now_ms: i64) -> Result<(), Refusal> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry((route, uid.to_owned(), address)).or_insert(Window {
            opened_ms: now_ms,
            calls: 0,
        });
        if now_ms - window.opened_ms >= WINDOW_MS {
            *window = Window {
                opened_ms: now_ms,
                calls: 0,
            };
        }
        if window.calls >= CALLS {
            return Err(Refusal::rate_limited(window.opened_ms + WINDOW_MS - now_ms));
        }
        window.calls += 1;
        Ok(())
    }

    /// Forgets every window.
    pub fn clear(&self) {
        self.windows
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}
