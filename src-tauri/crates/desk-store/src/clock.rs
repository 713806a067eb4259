//! Where the store gets the time from, so that a test can say what time it is.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Gives the present time in milliseconds since 1970.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// This machine's clock.
pub fn system_clock() -> Clock {
    Arc::new(|| {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            // A clock set before 1970 is wrong anyway; 0 shows that it is.
            .map_or(0, |elapsed| {
                i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
            })
    })
}

/// The form of a time in a file's name: sortable, UTC, and allowed on every file system.
const FILE_NAME_FORMAT: &str = "%Y%m%dT%H%M%S%.3fZ";

/// A time as it stands in a file's name: `20260301T180000.000Z`.
pub(crate) fn to_file_name(at_ms: i64) -> String {
    chrono::DateTime::from_timestamp_millis(at_ms)
        .unwrap_or_default()
        .format(FILE_NAME_FORMAT)
        .to_string()
}

/// The time that [`to_file_name`] wrote, milliseconds since 1970.
pub(crate) fn from_file_name(text: &str) -> Option<i64> {
    chrono::NaiveDateTime::parse_from_str(text, FILE_NAME_FORMAT)
        .ok()
        .map(|time| time.and_utc().timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_survives_a_file_name() {
        assert_eq!(to_file_name(1_772_388_000_123), "20260301T180000.123Z");
        for at_ms in [0, 1, 1_772_388_000_000, 1_772_388_000_123] {
            assert_eq!(from_file_name(&to_file_name(at_ms)), Some(at_ms));
        }
        assert_eq!(from_file_name("yesterday"), None);
    }
}
