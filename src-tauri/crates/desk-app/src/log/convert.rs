//! From the log's rows to what is shown, written and compared.

use super::view::{
    LogComparedView, LogEntryView, LogEventView, LogFieldView, LogFormat, LogOutcome, LogRowView,
    LogTypedView, LogWithdrawalView,
};
use crate::{convert::run_label, time::when, view::RunKind};
use chrono::{DateTime, NaiveDateTime};
use chrono_tz::Tz;
use desk_core::log::{
    Change, Compared, Event, Field, Kind, Line, Outcome, Page, Sheet, Story, Typed, check, counting,
    moment::{Moment, day},
    undone,
};
use desk_store::{LogEntryRow, LogFieldRow};

/// How much of its id names an entry that has no run: the end, which is chance. The beginning of a `UUIDv7` is its time,
/// the same for all entries of one import.
const SHORT_ID: usize = 12;

impl From<Kind> for RunKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Rehearsal => Self::Rehearsal,
            Kind::Live => Self::Live,
        }
    }
}

impl From<RunKind> for Kind {
    fn from(kind: RunKind) -> Self {
        match kind {
            RunKind::Rehearsal => Self::Rehearsal,
            RunKind::Live => Self::Live,
        }
    }
}

impl From<Outcome> for LogOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Open => Self::Open,
            Outcome::Done => Self::Done,
            Outcome::Failed => Self::Failed,
            Outcome::RolledBack => Self::RolledBack,
        }
    }
}

impl From<LogOutcome> for Outcome {
    fn from(outcome: LogOutcome) -> Self {
        match outcome {
            LogOutcome::Open => Self::Open,
            LogOutcome::Done => Self::Done,
            LogOutcome::Failed => Self::Failed,
            LogOutcome::RolledBack => Self::RolledBack,
        }
    }
}

impl LogOutcome {
    /// The word shown.
    pub fn word(self) -> &'static str {
        Outcome::from(self).word()
    }
}

impl LogFormat {
    /// The kind of file that a name ends in.
    pub fn of_extension(extension: &str) -> Option<Self> {
        [Self::Text, Self::Markdown, Self::Csv, Self::Json, Self::Pdf]
            .into_iter()
            .find(|format| format.extension().eq_ignore_ascii_case(extension))
    }
}

/// What people call an entry.
pub(super) fn label(row: &LogEntryRow) -> String {
    let end = || {
        let from = row.id.len().saturating_sub(SHORT_ID);
        row.id.get(from..).unwrap_or(&row.id).to_owned()
    };
    row.run_number.map_or_else(end, run_label)
}

/// When the run began, as it stands in the entry: a time that was typed as it was typed, in whatever zone that was.
fn began(row: &LogEntryRow, zone: Tz) -> String {
    let sheet = counting(row.facts.as_ref(), &row.typed, zone);
    let time = sheet.get(&Field::StartTime).and_then(|time| Moment::read(time));
    let date = sheet.get(&Field::Date).and_then(|date| day(date));
    let Some(date) = time.as_ref().and_then(|time| time.day).or(date) else {
        // Nothing is said of it but when it was written down.
        return to_the_minute(row.began_at_ms(zone), zone);
    };
    let date = date.format("%-d %b %Y");
    match time {
        Some(time) => {
            let zone = time.zone.map(|zone| format!(" {zone}")).unwrap_or_default();
            format!("{date}, {}{zone}", time.time.format("%H:%M"))
        }
        None => date.to_string(),
    }
}

fn to_the_minute(at_ms: i64, zone: Tz) -> String {
    DateTime::from_timestamp_millis(at_ms).map_or_else(
        || when(at_ms, zone),
        |at| at.with_timezone(&zone).format("%-d %b %Y, %H:%M %Z").to_string(),
    )
}

pub(super) fn row_view(row: &LogEntryRow, zone: Tz) -> LogRowView {
    LogRowView {
        id: row.id.clone(),
        label: label(row),
        kind: row.kind.into(),
        environment: row.environment.to_string(),
        began_at_ms: row.began_at_ms(zone),
        began: began(row, zone),
        owner: row.owner.clone(),
        outcome: row.outcome.into(),
        withdrawn: row.withdrawn.is_some(),
    }
}

/// The present on the desk's own calendar.
pub(super) fn calendar(now_ms: i64, zone: Tz) -> NaiveDateTime {
    let now = DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
    now.with_timezone(&zone).naive_local()
}

pub(super) fn entry_view(
    row: &LogEntryRow,
    history: &[LogFieldRow],
    story: &Story,
    now: NaiveDateTime,
    zone: Tz,
) -> LogEntryView {
    let facts = facts_of(row, zone);
    let counts = counting(row.facts.as_ref(), &row.typed, zone);
    let wrong = check(&counts, now);
    let fields = Field::ALL
        .into_iter()
        .map(|field| {
            let changes: Vec<Change> = history
                .iter()
                .filter(|change| change.field == field)
                .map(|change| change.change.clone())
                .collect();
            LogFieldView {
                field: field.id().to_owned(),
                label: field.label().to_owned(),
                heading: field.heading().map(str::to_owned),
                value: counts.get(&field).cloned().unwrap_or_default(),
                fact: facts.get(&field).cloned(),
                typed: typed(row, history, field).map(|(text, change)| LogTypedView {
                    text: text.to_owned(),
                    by: change.actor.clone(),
                    at_ms: change.at_ms,
                }),
                wrong: wrong
                    .iter()
                    .find(|wrong| wrong.field == field)
                    .map(|wrong| wrong.words.clone()),
                changes: u32::try_from(changes.len()).unwrap_or(u32::MAX),
                can_undo: undone(&changes).is_some(),
            }
        })
        .collect();
    LogEntryView {
        row: row_view(row, zone),
        is_run: row.facts.is_some(),
        made_by: row.actor.clone(),
        made_at_ms: row.made_at_ms,
        withdrawal: row.withdrawn.as_ref().map(|withdrawn| LogWithdrawalView {
            reason: withdrawn.reason.clone(),
            by: withdrawn.by.clone(),
            at_ms: withdrawn.at_ms,
        }),
        fields,
        timeline: story.events.iter().map(event_view).collect(),
    }
}

fn event_view(event: &Event) -> LogEventView {
    LogEventView {
        at_ms: event.at_ms,
        until_ms: event.until_ms,
        is_open: event.is_open,
        kind: event.kind.word().to_owned(),
        words: event.words.clone(),
        by: event.actor.clone(),
        wrong: event.wrong,
    }
}

/// What the desk derived, the duration among it where it follows from the times.
fn facts_of(row: &LogEntryRow, zone: Tz) -> Sheet {
    let mut facts = row
        .facts
        .as_ref()
        .map(|facts| facts.sheet(zone))
        .unwrap_or_default();
    let mut typed = row.typed.clone();
    typed.remove(&Field::DurationMinutes);
    if let Some(minutes) = counting(row.facts.as_ref(), &typed, zone).remove(&Field::DurationMinutes) {
        facts.insert(Field::DurationMinutes, minutes);
    }
    facts
}

/// What stands typed in a field, with the change that put it there.
fn typed<'a>(
    row: &'a LogEntryRow,
    history: &'a [LogFieldRow],
    field: Field,
) -> Option<(&'a str, &'a LogFieldRow)> {
    let text = row.typed.get(&field)?;
    let change = history.iter().rev().find(|change| change.field == field)?;
    Some((text, change))
}

/// An entry as it is written out.
pub(super) fn page(row: &LogEntryRow, history: &[LogFieldRow], zone: Tz) -> Page {
    let facts = facts_of(row, zone);
    let lines = Field::ALL
        .into_iter()
        .map(|field| Line {
            field,
            fact: facts.get(&field).cloned(),
            typed: typed(row, history, field).map(|(text, change)| Typed {
                text: text.to_owned(),
                by: change.actor.clone(),
                at: when(change.at_ms, zone),
            }),
        })
        .filter(|line| line.fact.is_some() || line.typed.is_some())
        .collect();
    Page {
        id: row.id.clone(),
        label: label(row),
        kind: row.kind,
        environment: row.environment.to_string(),
        outcome: row.outcome,
        withdrawn: row.withdrawn.as_ref().map(|withdrawn| withdrawn.reason.clone()),
        lines,
    }
}

pub(super) fn compared_view(row: &Compared) -> LogComparedView {
    LogComparedView {
        phase: row.phase.map(|phase| phase.wire().to_owned()),
        step: row.step.clone(),
        account: row.account.clone(),
        before: row.before.map(|took| took.result.word().to_owned()),
        before_ms: row.before.and_then(|took| took.ms),
        after: row.after.map(|took| took.result.word().to_owned()),
        after_ms: row.after.and_then(|took| took.ms),
        slower_by_ms: row.slower_by_ms(),
        failed_anew: row.failed_anew(),
    }
}
