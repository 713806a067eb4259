//! What is wrong with an entry. Nothing typed is refused because of it: it is said beside the field.

use super::{
    Field, Sheet,
    moment::{Moment, day},
    phases,
};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which.
    pub field: Field,
    /// What, and what to do, in words.
    pub words: String,
}

/// How far a typed duration may be from its times, minutes: both are written to the minute.
const TOLERANCE: i64 = 1;

/// What is wrong with what counts in an entry, in the form's order; `now` is the present on the desk's own calendar.
pub fn check(sheet: &Sheet, now: NaiveDateTime) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field, words: String| wrong.push(Wrong { field, words });
    let text = |field| sheet.get(&field).map(String::as_str);

    let date = text(Field::Date).map(|text| (text, day(text)));
    if let Some((text, None)) = date {
        say(
            Field::Date,
            format!("{} is no day. Write it as 2026-11-25.", quoted(text)),
        );
    }
    let date = date.and_then(|(_, day)| day);
    if date.is_some_and(|date| date > now.date()) {
        say(
            Field::Date,
            "The day is in the future. An entry is for a run that has begun.".to_owned(),
        );
    }
    for field in [Field::StartTime, Field::EndTime] {
        let Some(typed) = text(field) else { continue };
        match Moment::read(typed) {
            None => say(
                field,
                format!(
                    "{} is no time. Write it as 14:02, or with its day as 2026-11-25 14:02.",
                    quoted(typed)
                ),
            ),
            Some(moment) if is_future(&moment, date, now) => {
                say(
                    field,
                    "The time is in the future. An entry is for a run that has begun.".to_owned(),
                );
            }
            Some(_) => {}
        }
    }
    if span(sheet).is_some_and(|minutes| minutes < 0) {
        say(
            Field::EndTime,
            "The end is before the start. Where it was on the next day, write that day before it.".to_owned(),
        );
    }
    if let Some(typed) = text(Field::DurationMinutes) {
        match (minutes(typed), minutes_between(sheet)) {
            (None, _) => say(
                Field::DurationMinutes,
                format!("{} is no number of minutes. Write it as 18.", quoted(typed)),
            ),
            (Some(said), Some(between)) if (said - between).abs() > TOLERANCE => say(
                Field::DurationMinutes,
                format!(
                    "From start to end it is {between} minutes, not {said}. Correct the times or the duration."
                ),
            ),
            _ => {}
        }
    }
    for field in [Field::PhasePromoted, Field::PhaseRolledBack] {
        if let Some(Err(part)) = text(field).map(phases) {
            say(
                field,
                format!(
                    "{} is no phase. Write Phase 1, Phase 2 or Phase 3, several with a comma between.",
                    quoted(&part)
                ),
            );
        }
    }
    wrong.sort_by_key(|wrong| wrong.field);
    wrong
}

/// The whole minutes from start to end, rounded; none where one is missing, unreadable or of another zone than the other, or
/// where the end is before the start.
pub fn minutes_between(sheet: &Sheet) -> Option<i64> {
    span(sheet).filter(|minutes| *minutes >= 0)
}

/// The same, negative where the end is before the start.
fn span(sheet: &Sheet) -> Option<i64> {
    let read = |field| Moment::read(sheet.get(&field)?);
    let (start, end) = (read(Field::StartTime)?, read(Field::EndTime)?);
    // Two abbreviations are two offsets, which only their zone's rules could tell.
    if matches!((&start.zone, &end.zone), (Some(one), Some(other)) if one != other) {
        return None;
    }
    let date = sheet.get(&Field::Date).and_then(|date| day(date));
    // Without any day both are taken to be on one.
    let date = date.or(start.day).or(end.day).unwrap_or_default();
    let seconds = (end.on(date) - start.on(date)).num_seconds();
    Some((seconds + if seconds < 0 { -30 } else { 30 }) / 60)
}

/// A time on a day that is itself in the future is said of the day, once.
fn is_future(moment: &Moment, date: Option<NaiveDate>, now: NaiveDateTime) -> bool {
    let Some(day) = moment.day.or(date.filter(|date| *date <= now.date())) else {
        return false;
    };
    // Written to the minute; one with a zone may be of another than the desk's, and ahead by a day at most.
    let slack = if moment.zone.is_some() {
        TimeDelta::days(1)
    } else {
        TimeDelta::minutes(1)
    };
    now.checked_add_signed(slack)
        .is_some_and(|latest| moment.on(day) > latest)
}

fn minutes(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text
        .strip_suffix("minutes")
        .or_else(|| text.strip_suffix("min"))
        .unwrap_or(text)
        .trim();
    digits.parse::<u32>().ok().map(i64::from)
}

/// The beginning of what was typed, in quotes.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default();
    if line.chars().count() > SHOWN || lines.next().is_some() {
        format!(
            "\u{201c}{}…\u{201d}",
            line.chars().take(SHOWN).collect::<String>()
        )
    } else {
        format!("\u{201c}{line}\u{201d}")
    }
}
