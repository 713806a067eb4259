//! Time as people read it: always with its zone, and how long ago.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// Tells the time; the tests hold another.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970.
    fn now_ms(&self) -> i64;

    /// Milliseconds since some moment, by a clock that nobody can set. Where this and [`Self::now_ms`] part, the time of
    /// day was set.
    fn steady_ms(&self) -> i64;
}

/// This machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        Utc::now().timestamp_millis()
    }

    /// Goes on while the machine sleeps, so that sleeping is not taken for a clock that was set forward.
    #[cfg(target_os = "linux")]
    fn steady_ms(&self) -> i64 {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        time.tv_sec
            .saturating_mul(1_000)
            .saturating_add(time.tv_nsec / 1_000_000)
    }

    /// Other systems' clocks may stop while the machine sleeps; then that shows as a clock that was set forward.
    #[cfg(not(target_os = "linux"))]
    fn steady_ms(&self) -> i64 {
        use std::{sync::OnceLock, time::Instant};
        static START: OnceLock<Instant> = OnceLock::new();
        i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

/// This machine's time zone by its IANA name, UTC where it has none.
pub fn local_zone() -> Tz {
    iana_time_zone::get_timezone()
        .ok()
        .and_then(|name| name.parse().ok())
        .unwrap_or(Tz::UTC)
}

/// `23 Nov 2026, 14:02:11 CET`; times outside chrono's range as plain milliseconds.
pub fn when(at_ms: i64, zone: Tz) -> String {
    DateTime::from_timestamp_millis(at_ms).map_or_else(
        || format!("{at_ms} ms"),
        |at| {
            at.with_timezone(&zone)
                .format("%-d %b %Y, %H:%M:%S %Z")
                .to_string()
        },
    )
}

/// `18 min ago`, `just now`; a time ahead of this machine's clock is said to be so.
pub fn ago(at_ms: i64, now_ms: i64) -> String {
    let seconds = (now_ms - at_ms) / 1000;
    match seconds {
        ..-5 => "ahead of this machine's clock".to_owned(),
        -5..10 => "just now".to_owned(),
        10..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h {} min ago", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_carries_its_zone_across_the_change_to_summer() {
        let berlin: Tz = "Europe/Berlin".parse().unwrap();
        assert_eq!(when(1_774_746_000_000, berlin), "29 Mar 2026, 03:00:00 CEST");
        assert_eq!(when(1_774_745_999_000, berlin), "29 Mar 2026, 01:59:59 CET");
        assert_eq!(when(0, Tz::UTC), "1 Jan 1970, 00:00:00 UTC");
        assert_eq!(when(i64::MAX, Tz::UTC), format!("{} ms", i64::MAX));
    }

    #[test]
    fn how_long_ago() {
        let cases = [
            (0, "just now"),
            (9, "just now"),
            (10, "10 s ago"),
            (59, "59 s ago"),
            (60, "1 min ago"),
            (18 * 60 + 59, "18 min ago"),
            (3_600, "1 h 0 min ago"),
            (47 * 3_600 + 59 * 60, "47 h 59 min ago"),
            (48 * 3_600, "2 days ago"),
            (-60, "ahead of this machine's clock"),
        ];
        for (seconds, text) in cases {
            assert_eq!(
                ago(1_000_000_000, 1_000_000_000 + seconds * 1000),
                text,
                "{seconds}"
            );
        }
    }
}
