//! One value of a log. Each error is the reason that is shown beside the line.

use super::DurationUnit;
use chrono::DateTime;
use std::ops::RangeInclusive;

/// The years 2000 to 2100, milliseconds since 1970: what lies outside is a mistake in the unit.
const TIMES: RangeInclusive<f64> = 946_684_800_000.0..=4_102_444_800_000.0;

/// Numbers from here on are milliseconds; as seconds they would lie in the year 5138.
const MILLISECONDS_FROM: f64 = 1e11;

/// A day: nothing that answers takes longer.
const LONGEST_MS: f64 = 86_400_000.0;

/// Why a value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadValue {
    #[error("the time is missing")]
    NoTime,
    #[error("\"{0}\" is no time between 2000 and 2100 with its zone")]
    Time(String),
    #[error("the route is missing")]
    NoRoute,
    #[error("{0:?} is no route")]
    Route(String),
    #[error("\"{0}\" is no HTTP status")]
    Status(String),
    #[error("the duration is missing")]
    NoDuration,
    #[error("\"{0}\" is no duration of up to a day")]
    Duration(String),
}

/// Milliseconds since 1970.
#[expect(clippy::cast_possible_truncation, reason = "the range was checked")]
pub(super) fn time_ms(text: &str) -> Result<i64, BadValue> {
    if text.is_empty() {
        return Err(BadValue::NoTime);
    }
    let bad = || BadValue::Time(text.to_owned());
    let at_ms = if let Ok(number) = text.parse::<f64>() {
        let ms = if number.abs() >= MILLISECONDS_FROM {
            number
        } else {
            number * 1000.0
        };
        ms.round()
    } else {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| bad())?;
        return in_range(time.timestamp_millis()).ok_or_else(bad);
    };
    if TIMES.contains(&at_ms) {
        Ok(at_ms as i64)
    } else {
        Err(bad())
    }
}

#[expect(clippy::cast_precision_loss, reason = "what is in range is exact")]
fn in_range(at_ms: i64) -> Option<i64> {
    TIMES.contains(&(at_ms as f64)).then_some(at_ms)
}

/// The route's name: what follows the last `/v1/` of a path or URL, without query and trailing slash.
pub(super) fn route(text: &str) -> Result<String, BadValue> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit_once("/v1/").map_or(path, |(_, name)| name);
    let mut name = without_edges(name);
    while let Some(rest) = name.strip_prefix("v1/") {
        name = without_edges(rest);
    }
    if name.is_empty() {
        return Err(BadValue::NoRoute);
    }
    if name.contains(char::is_control) {
        return Err(BadValue::Route(name.to_owned()));
    }
    Ok(name.to_owned())
}

fn without_edges(name: &str) -> &str {
    name.trim_matches(|character: char| character == '/' || character.is_whitespace())
}

/// None, written as nothing, `-` or 0, when no reply came.
pub(super) fn status(text: &str) -> Result<Option<u16>, BadValue> {
    if matches!(text, "" | "-" | "0") {
        return Ok(None);
    }
    match text.parse() {
        Ok(status @ 100..=599) => Ok(Some(status)),
        _ => Err(BadValue::Status(text.to_owned())),
    }
}

/// Whole milliseconds, a half rounded up.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range was checked"
)]
pub(super) fn duration_ms(text: &str, unit: DurationUnit) -> Result<u64, BadValue> {
    if text.is_empty() {
        return Err(BadValue::NoDuration);
    }
    let (number, unit) = if let Some(number) = text.strip_suffix("ms") {
        (number, DurationUnit::Milliseconds)
    } else if let Some(number) = text.strip_suffix('s') {
        (number, DurationUnit::Seconds)
    } else {
        (text, unit)
    };
    let bad = || BadValue::Duration(text.to_owned());
    let number: f64 = number.trim_end().parse().map_err(|_| bad())?;
    let ms = match unit {
        DurationUnit::Milliseconds => number,
        DurationUnit::Seconds => number * 1000.0,
    };
    if (0.0..=LONGEST_MS).contains(&ms) {
        Ok(ms.round() as u64)
    } else {
        Err(bad())
    }
}
