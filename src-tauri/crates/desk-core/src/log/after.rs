//! The after-action report, written from the journal. A person adds the lessons.

use super::{
    Field, Outcome, Page, Story,
    markdown::escaped,
    moment::{Moment, day, written},
};
use crate::{
    Phase, Runbook,
    phase::Direction,
    record::ChangeOutcome,
    rollback::{BUDGET_MS, Purpose, Split},
};
use chrono_tz::Tz;
use std::fmt::Write as _;

/// The report as Markdown, times in `zone`.
pub fn after_action(page: &Page, story: &Story, runbook: &Runbook, zone: Tz) -> String {
    let time = |at_ms| written(at_ms, None, zone);
    let mut text = String::new();
    let _ = writeln!(
        text,
        "# After-action report: {} · {} · {}\n",
        escaped(&page.label),
        page.kind.word(),
        escaped(&page.environment)
    );
    let sheet = page.sheet();
    let said = |field| sheet.get(&field).map_or("not recorded", String::as_str);
    let _ = writeln!(text, "Release owner: {}\n", escaped(said(Field::ReleaseOwner)));
    let ended = if story.started_at_ms.is_some() {
        "still open"
    } else {
        "not recorded"
    };
    let _ = writeln!(
        text,
        "From {} to {}, {} minutes. Outcome: {}.\n",
        escaped(
            &at(page, Field::StartTime, story.started_at_ms.map(time))
                .unwrap_or_else(|| "not recorded".to_owned())
        ),
        escaped(&at(page, Field::EndTime, story.ended_at_ms.map(time)).unwrap_or_else(|| ended.to_owned())),
        escaped(said(Field::DurationMinutes)),
        page.outcome.word(),
    );
    if story.started_at_ms.is_some() {
        of_the_journal(&mut text, story, runbook, zone);
    } else {
        section(&mut text, "What the entry says");
        text.push_str("The desk did not make this run, so that its journal tells nothing of it.\n\n");
        for (field, words) in sheet.iter().filter(|(field, _)| **field != Field::Lessons) {
            let _ = writeln!(text, "- {}: {}", field.label(), escaped(&line(words)));
        }
    }

    section(&mut text, "Open points");
    let points = open_points(page, story);
    if points.is_empty() {
        text.push_str("None.\n");
    }
    for point in points {
        let _ = writeln!(text, "- {}", escaped(&line(&point)));
    }

    section(&mut text, "Lessons");
    match sheet.get(&Field::Lessons) {
        Some(lessons) => lessons.lines().for_each(|lesson| {
            let _ = writeln!(text, "{}", escaped(lesson));
        }),
        None => text.push_str("None written yet.\n"),
    }
    text
}

/// When a run began or ended: as it was typed, with the entry's day where the time names none, else as the desk knows.
fn at(page: &Page, field: Field, known: Option<String>) -> Option<String> {
    let line = page.lines.iter().find(|line| line.field == field);
    let Some(typed) = line.and_then(|line| line.typed.as_ref()) else {
        return known;
    };
    let date = page
        .sheet()
        .remove(&Field::Date)
        .filter(|date| day(date).is_some());
    match (date, Moment::read(&typed.text)) {
        (Some(date), Some(moment)) if moment.day.is_none() => Some(format!("{date} {}", typed.text)),
        _ => Some(typed.text.clone()),
    }
}

/// What somebody still has to see to, a sentence each. Of a run that the desk did not make it knows no more than whether
/// its end is written down.
pub fn open_points(page: &Page, story: &Story) -> Vec<String> {
    if story.started_at_ms.is_none() {
        let has_end = page.sheet().contains_key(&Field::EndTime);
        let point = || "When the run ended is not written down.".to_owned();
        return (!has_end).then(point).into_iter().collect();
    }
    let mut points = story.open_points();
    if page.outcome == Outcome::Open {
        points.insert(0, "The run has not ended.".to_owned());
    }
    points
}

/// The parts of the report that the journal tells.
fn of_the_journal(text: &mut String, story: &Story, runbook: &Runbook, zone: Tz) {
    let time = |at_ms| written(at_ms, None, zone);
    section(text, "Planned and actual");
    text.push_str("| Planned | Actual |\n|---|---|\n");
    for planned in planned(story, runbook) {
        let _ = writeln!(text, "| {} | {} |", escaped(&planned.0), escaped(&planned.1));
    }

    section(text, "Splits");
    let splits = splits(story);
    if splits.is_empty() {
        text.push_str("Nothing was rolled back or drilled.\n");
    }
    for (title, marks) in splits {
        let _ = writeln!(text, "{}:\n", escaped(&title));
        for (words, at_ms, taken) in marks {
            let _ = writeln!(text, "- {words} after {taken} ({})", time(at_ms));
        }
        text.push('\n');
    }

    section(text, "What failed");
    if story.failures.is_empty() {
        text.push_str("Nothing that the desk has seen.\n");
    }
    for failure in &story.failures {
        let ids = failure
            .request
            .as_ref()
            .map(|request| format!(" · request `{}`", request.words().replace('`', "")))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "- {}: {}{ids}",
            time(failure.at_ms),
            escaped(&line(&failure.what))
        );
    }

    section(text, "Overrides");
    let overrides = story.overrides();
    if overrides.is_empty() {
        text.push_str("None.\n");
    }
    for made in overrides {
        let _ = writeln!(
            text,
            "- {}: to {} by {}: {}",
            time(made.at_ms),
            made.to.label(),
            escaped(&made.actor),
            escaped(&line(&made.reason))
        );
    }
}

fn section(text: &mut String, heading: &str) {
    text.truncate(text.trim_end().len());
    let _ = write!(text, "\n\n## {heading}\n\n");
}

fn line(text: &str) -> String {
    text.replace('\n', " ")
}

/// What the runbook plans, and what came of it in the run.
pub fn planned(story: &Story, runbook: &Runbook) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for phase in Phase::ALL {
        let text = runbook.phase(phase);
        let confirmed = story
            .decisions
            .iter()
            .filter(|decision| decision.to == phase && decision.outcome == Some(ChangeOutcome::Confirmed));
        let moves: Vec<&str> = confirmed
            .map(|decision| match decision.direction {
                Direction::Forward => "moved forward to it",
                Direction::Back => "moved back to it",
                Direction::Same => "saved again",
            })
            .collect();
        let reached = if moves.is_empty() {
            "not moved to".to_owned()
        } else {
            moves.join(", then ")
        };
        rows.push((format!("{}, {}", text.label, text.title), reached));

        let checks = runbook.checks_of(phase).count();
        let checklist = story
            .checklists
            .iter()
            .rev()
            .find(|checklist| checklist.phase == phase);
        let found = match checklist {
            None => "not run".to_owned(),
            Some(checklist) => {
                let (passed, of) = checklist.passed();
                let proven = if checklist.is_proof() {
                    "proven"
                } else {
                    "not proven"
                };
                format!("{proven}, {passed} of {of} steps passed")
            }
        };
        rows.push((
            format!("{}: {checks} lines of the smoke checklist", text.label),
            found,
        ));

        let gates = runbook.gates_of(phase).count();
        let left = story
            .decisions
            .iter()
            .rev()
            .find(|decision| decision.from == phase && decision.direction == Direction::Forward);
        let verdicts = match left {
            None => "not left forward".to_owned(),
            Some(decision) if decision.verdicts.is_empty() => "left without verdicts on record".to_owned(),
            Some(decision) => {
                let words: Vec<String> = decision
                    .verdicts
                    .iter()
                    .map(|verdict| format!("{} {}", verdict.gate, verdict.verdict))
                    .collect();
                words.join(", ")
            }
        };
        rows.push((format!("{}: {gates} gates", text.label), verdicts));
    }
    let budget = format!("A rollback within {}", spelled(BUDGET_MS));
    let took: Vec<String> = story
        .rollbacks
        .iter()
        .map(|rollback| match rollback.marked(Split::Verified) {
            Some(mark) => {
                let within = rollback.within_target(Split::Verified) == Some(true);
                let judged = if within { "within" } else { "over" };
                format!("verified after {}, {judged} the target", spelled(mark.taken_ms))
            }
            None => "never verified".to_owned(),
        })
        .collect();
    rows.push((
        budget,
        if took.is_empty() {
            "none was made".to_owned()
        } else {
            took.join("; ")
        },
    ));
    rows
}

/// A split: what was reached, when (milliseconds since 1970), and after how long in words.
pub type SplitLine = (&'static str, i64, String);

/// The rollbacks and drills, each with its splits.
pub fn splits(story: &Story) -> Vec<(String, Vec<SplitLine>)> {
    let of_rollback = |rollback: &crate::rollback::Rollback| {
        let what = match rollback.opening.purpose {
            Purpose::Rollback => "Rollback",
            Purpose::Drill => "Drill",
        };
        let marks = rollback
            .marks
            .iter()
            .map(|mark| (split_word(mark.split), mark.at_ms, spelled(mark.taken_ms)))
            .collect();
        (format!("{what} to {}", rollback.opening.to.label()), marks)
    };
    story.rollbacks.iter().map(of_rollback).collect()
}

pub(super) const fn split_word(split: Split) -> &'static str {
    match split {
        Split::Opened => "decided",
        Split::Sent => "sent",
        Split::Acknowledged => "acknowledged",
        Split::Verified => "verified",
        Split::Settled => "settled",
        Split::Restored => "restored",
        Split::Announced => "announced",
        Split::Closed => "closed",
    }
}

/// `3 min 41 s`.
pub fn spelled(ms: u64) -> String {
    format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1_000)
}
