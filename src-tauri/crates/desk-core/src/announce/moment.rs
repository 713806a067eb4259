//! Times as people read them in a text, and back: `25 Nov 2026, 14:02 CET (Europe/Vienna)`.
//!
//! The abbreviation tells the two hours apart that a clock shows twice, the zone's name tells which CST is meant, and the
//! month is a word, so that day and month cannot be mixed up. Whole minutes; seconds are cut off.

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use std::ops::Range;

/// One minute, milliseconds.
pub const MINUTE_MS: i64 = 60_000;

/// The form in which a person may type a time in the zone's own clock: `2026-11-25 14:02`.
const TYPED: [&str; 2] = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Why a typed time means none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// It has no form that the desk reads.
    #[error("write a time as `2026-11-25 14:02`, or as `25 Nov 2026, 14:02 CET (Europe/Vienna)`")]
    Unreadable,
    /// The clocks go forward over it.
    #[error("this time does not exist: the clocks go forward over it")]
    Skipped,
    /// The clocks go back over it, so that it comes twice.
    #[error("this time comes twice: the clocks go back over it; write it with its abbreviation and zone")]
    Twice,
}

/// The moment in a zone's words; none when it lies outside the calendar.
pub fn written(at_ms: i64, zone: Tz) -> Option<String> {
    let local = DateTime::<Utc>::from_timestamp_millis(at_ms)?.with_timezone(&zone);
    let abbreviation = local.format("%Z").to_string();
    // Some zones have no abbreviation but their offset.
    let utc = if abbreviation.starts_with(['+', '-']) {
        "UTC"
    } else {
        ""
    };
    let date = local.format("%-d %b %Y, %H:%M");
    Some(format!("{date} {utc}{abbreviation} ({})", zone.name()))
}

/// The moment that was [`written`], in milliseconds since 1970, to the whole minute. Whatever the zone would not have
/// written so is none: a wrong abbreviation, an hour that the clocks skip, another spelling.
pub fn read(text: &str) -> Option<i64> {
    let (local, rest) = text.split_at_checked(text.find(':')? + 3)?;
    let zone: Tz = rest.rsplit_once('(')?.1.strip_suffix(')')?.parse().ok()?;
    let local = NaiveDateTime::parse_from_str(local, "%d %b %Y, %H:%M").ok()?;
    let candidates = zone.from_local_datetime(&local);
    [candidates.earliest(), candidates.latest()]
        .into_iter()
        .flatten()
        .map(|moment| moment.timestamp_millis())
        .find(|at_ms| written(*at_ms, zone).as_deref() == Some(text))
}

/// A moment as a person types it: the form of [`written`], or `2026-11-25 14:02` by the zone's clock.
///
/// # Errors
/// What is neither, and a time that the clocks skip or show twice.
pub fn typed(text: &str, zone: Tz) -> Result<i64, MomentError> {
    let text = text.trim();
    if let Some(at_ms) = read(text) {
        return Ok(at_ms);
    }
    let local = TYPED
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
        .ok_or(MomentError::Unreadable)?;
    match zone.from_local_datetime(&local) {
        chrono::LocalResult::Single(moment) => Ok(moment.timestamp_millis()),
        chrono::LocalResult::Ambiguous(..) => Err(MomentError::Twice),
        chrono::LocalResult::None => Err(MomentError::Skipped),
    }
}

/// The first moment in a text that was [`written`], and where it stands.
pub(super) fn first_in(text: &str) -> Option<(Range<usize>, i64)> {
    MONTHS
        .iter()
        .flat_map(|month| text.match_indices(month))
        .filter_map(|(month, _)| {
            let before = text[..month].strip_suffix(' ')?;
            let digits = before
                .bytes()
                .rev()
                .take(2)
                .take_while(u8::is_ascii_digit)
                .count();
            let start = before.len() - digits;
            let end = month + text[month..].find(')')? + 1;
            Some((start..end, read(&text[start..end])?))
        })
        .min_by_key(|(range, _)| range.start)
}
