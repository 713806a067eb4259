//! Times in the log: `14:02:11 CET` on the entry's day, or `2026-11-25 23:50` on a day of its own.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use chrono_tz::Tz;

/// A time that stands in an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The day it names itself.
    pub day: Option<NaiveDate>,
    /// The time of day.
    pub time: NaiveTime,
    /// The zone's abbreviation, where it names one.
    pub zone: Option<String>,
}

impl Moment {
    /// Reads `14:02`, `14:02:11`, either with a day before it and a zone's abbreviation behind it.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let (day, rest) = match text.split_once([' ', 'T']) {
            Some((first, rest)) if day(first).is_some() => (day(first), rest.trim()),
            _ => (None, text),
        };
        let (time, zone) = match rest.split_once(' ') {
            Some((time, zone)) => (time, Some(zone.trim())),
            None => (rest, None),
        };
        let is_zone = |zone: &str| {
            zone.len() <= 6
                && zone
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "+-:".contains(c))
        };
        // Half of the day would be read as a zone, and 2:02 PM as two in the morning.
        let is_half = |zone: &str| ["am", "pm"].iter().any(|half| zone.eq_ignore_ascii_case(half));
        if zone.is_some_and(|zone| !is_zone(zone) || is_half(zone)) {
            return None;
        }
        let time = ["%H:%M:%S", "%H:%M"]
            .iter()
            .find_map(|form| NaiveTime::parse_from_str(time, form).ok())?;
        Some(Self {
            day,
            time,
            zone: zone.map(str::to_owned),
        })
    }

    /// On the calendar, where it names no day itself on `day`.
    pub fn on(&self, day: NaiveDate) -> NaiveDateTime {
        self.day.unwrap_or(day).and_time(self.time)
    }
}

/// Reads a day, `2026-11-25`.
pub fn day(text: &str) -> Option<NaiveDate> {
    let text = text.trim();
    // chrono reads years of any length; a log has those of four digits.
    let is_iso = text.len() == 10 && text.is_ascii();
    is_iso
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

/// The day of a moment in a zone; none outside the calendar.
pub fn day_of(at_ms: i64, zone: Tz) -> Option<NaiveDate> {
    Some(
        DateTime::from_timestamp_millis(at_ms)?
            .with_timezone(&zone)
            .date_naive(),
    )
}

/// The moment as the log writes it: with its day where that is not `day`. Empty outside the calendar.
pub(super) fn written(at_ms: i64, day: Option<NaiveDate>, zone: Tz) -> String {
    let Some(at) = DateTime::from_timestamp_millis(at_ms) else {
        return String::new();
    };
    let at = at.with_timezone(&zone);
    let form = if Some(at.date_naive()) == day {
        "%H:%M:%S %Z"
    } else {
        "%Y-%m-%d %H:%M:%S %Z"
    };
    at.format(form).to_string()
}
