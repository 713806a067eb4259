//! Files that can be read, whose fields hold what cannot be.

use crate::log::Field::{self, *};
use Says::*;

/// What is said beside a field.
pub enum Says {
    /// Of what was typed, that it is no day.
    NoDay(&'static str),
    /// Of what was typed, that it is no time.
    NoTime(&'static str),
    /// Of what was typed, that it is no number of minutes.
    NoMinutes(&'static str),
    /// Of what was typed, that it is no phase.
    NoPhase(&'static str),
    /// Of the day.
    FutureDay,
    /// Of a time.
    FutureTime,
    /// Of the end.
    EndsFirst,
    /// Of the duration: the minutes between the times, and those typed.
    Takes(u32, u32),
}

impl Says {
    /// To the letter.
    pub fn words(&self) -> String {
        match self {
            NoDay(typed) => format!("\u{201c}{typed}\u{201d} is no day. Write it as 2026-11-25."),
            NoTime(typed) => {
                format!(
                    "\u{201c}{typed}\u{201d} is no time. Write it as 14:02, or with its day as 2026-11-25 14:02."
                )
            }
            NoMinutes(typed) => format!("\u{201c}{typed}\u{201d} is no number of minutes. Write it as 18."),
            NoPhase(typed) => format!(
                "\u{201c}{typed}\u{201d} is no phase. Write Phase 1, Phase 2 or Phase 3, several with a comma between."
            ),
            FutureDay => "The day is in the future. An entry is for a run that has begun.".to_owned(),
            FutureTime => "The time is in the future. An entry is for a run that has begun.".to_owned(),
            EndsFirst => {
                "The end is before the start. Where it was on the next day, write that day before it."
                    .to_owned()
            }
            Takes(between, typed) => format!(
                "From start to end it is {between} minutes, not {typed}. Correct the times or the duration."
            ),
        }
    }
}

/// A file of one entry, and what is said beside its fields on 25 November 2026 at 16:00.
pub const WRONG: &[(&str, &[(Field, Says)])] = &[
    // Days.
    ("Date: 25.11.2026", &[(Date, NoDay("25.11.2026"))]),
    ("Date: 11/25/2026", &[(Date, NoDay("11/25/2026"))]),
    ("Date: 25 Nov 2026", &[(Date, NoDay("25 Nov 2026"))]),
    ("Date: Mittwoch", &[(Date, NoDay("Mittwoch"))]),
    ("Date: 2026-11-31", &[(Date, NoDay("2026-11-31"))]),
    ("Date: 2026-02-29", &[(Date, NoDay("2026-02-29"))]),
    ("Date: 2026-13-01", &[(Date, NoDay("2026-13-01"))]),
    ("Date: 26-11-25", &[(Date, NoDay("26-11-25"))]),
    ("Date: 2026-11-5", &[(Date, NoDay("2026-11-5"))]),
    ("Date: 20261125", &[(Date, NoDay("20261125"))]),
    // Word's hyphens, and digits of another script.
    (
        "Date: 2026\u{2011}11\u{2011}25",
        &[(Date, NoDay("2026\u{2011}11\u{2011}25"))],
    ),
    (
        "Date: \u{201c}2026-11-25\u{201d}",
        &[(Date, NoDay("\u{201c}2026-11-25\u{201d}"))],
    ),
    ("Date: ٢٠٢٦-١١-٢٥", &[(Date, NoDay("٢٠٢٦-١١-٢٥"))]),
    (
        "Date: 2026-11-25T14:02:11Z",
        &[(Date, NoDay("2026-11-25T14:02:11Z"))],
    ),
    ("Date: 2026-11-25 (Wed)", &[(Date, NoDay("2026-11-25 (Wed)"))]),
    (
        "Date: 2026-11-24 to 2026-11-25",
        &[(Date, NoDay("2026-11-24 to 2026-11-25"))],
    ),
    (
        "Date: the day on which we rehearsed the whole cutover for the first time",
        &[(Date, NoDay("the day on which we rehearsed the whole …"))],
    ),
    (
        "[{\"fields\": {\"date\": 20261125}}]",
        &[(Date, NoDay("20261125"))],
    ),
    ("[{\"fields\": {\"date\": 46351.5}}]", &[(Date, NoDay("46351.5"))]),
    ("- **Date:** *2026-11-25*", &[(Date, NoDay("*2026-11-25*"))]),
    ("Date | : 2026-11-25 |", &[(Date, NoDay("2026-11-25 |"))]),
    ("Date: 2026-11-26", &[(Date, FutureDay)]),
    ("Date: 2062-11-25", &[(Date, FutureDay)]),
    // Times.
    ("Start time: 2 pm", &[(StartTime, NoTime("2 pm"))]),
    ("Start time: 2:02 PM", &[(StartTime, NoTime("2:02 PM"))]),
    ("Start time: 9:02 a.m.", &[(StartTime, NoTime("9:02 a.m."))]),
    ("Start time: 14.02", &[(StartTime, NoTime("14.02"))]),
    ("Start time: 14h02", &[(StartTime, NoTime("14h02"))]),
    ("Start time: 1402", &[(StartTime, NoTime("1402"))]),
    ("End time: 24:00", &[(EndTime, NoTime("24:00"))]),
    ("End time: 14:60", &[(EndTime, NoTime("14:60"))]),
    ("End time: 14:02-14:20", &[(EndTime, NoTime("14:02-14:20"))]),
    ("End time: about 14:20", &[(EndTime, NoTime("about 14:20"))]),
    (
        "End time: 25.11.2026 14:20",
        &[(EndTime, NoTime("25.11.2026 14:20"))],
    ),
    (
        "[{\"fields\": {\"end-time\": 1764076800}}]",
        &[(EndTime, NoTime("1764076800"))],
    ),
    ("Date: 2026-11-25\nStart time: 16:30", &[(StartTime, FutureTime)]),
    (
        "Date: 2026-11-25\nEnd time: 2026-11-26 00:10",
        &[(EndTime, FutureTime)],
    ),
    ("End time: 2027-11-25 14:20", &[(EndTime, FutureTime)]),
    (
        "Date: 2026-11-25\nStart time: 14:20\nEnd time: 14:02",
        &[(EndTime, EndsFirst)],
    ),
    (
        "Date: 2026-11-24\nStart time: 23:50\nEnd time: 00:10",
        &[(EndTime, EndsFirst)],
    ),
    (
        "Date: 2026-11-24\nStart time: 2026-11-24 14:02\nEnd time: 2026-11-23 14:20",
        &[(EndTime, EndsFirst)],
    ),
    // Start and end in each other's place.
    (
        "Start time: 14:20 CET\nEnd time: 14:02 CET\nDuration minutes: 18",
        &[(EndTime, EndsFirst)],
    ),
    // Durations.
    (
        "Start time: 14:02\nEnd time: 14:20\nDuration minutes: 81",
        &[(DurationMinutes, Takes(18, 81))],
    ),
    (
        "Start time: 14:02\nEnd time: 15:02\nDuration minutes: 1",
        &[(DurationMinutes, Takes(60, 1))],
    ),
    (
        "Date: 2026-11-24\nStart time: 14:02\nEnd time: 2026-11-25 14:02\nDuration minutes: 0",
        &[(DurationMinutes, Takes(1440, 0))],
    ),
    ("Duration minutes: 0:18", &[(DurationMinutes, NoMinutes("0:18"))]),
    ("Duration minutes: 18.5", &[(DurationMinutes, NoMinutes("18.5"))]),
    ("Duration minutes: 18,5", &[(DurationMinutes, NoMinutes("18,5"))]),
    (
        "Duration minutes: 1 h 5 min",
        &[(DurationMinutes, NoMinutes("1 h 5 min"))],
    ),
    (
        "Duration minutes: achtzehn",
        &[(DurationMinutes, NoMinutes("achtzehn"))],
    ),
    ("Duration minutes: ~20", &[(DurationMinutes, NoMinutes("~20"))]),
    ("Duration minutes: -18", &[(DurationMinutes, NoMinutes("-18"))]),
    (
        "Duration minutes: PT18M",
        &[(DurationMinutes, NoMinutes("PT18M"))],
    ),
    (
        "Duration minutes: 1\u{a0}080",
        &[(DurationMinutes, NoMinutes("1\u{a0}080"))],
    ),
    (
        "Duration minutes: 99999999999",
        &[(DurationMinutes, NoMinutes("99999999999"))],
    ),
    (
        "[{\"fields\": {\"duration-minutes\": 1.8e1}}]",
        &[(DurationMinutes, NoMinutes("1.8e1"))],
    ),
    // Phases.
    ("Phase promoted: Phase 4", &[(PhasePromoted, NoPhase("Phase 4"))]),
    ("Phase promoted: 0", &[(PhasePromoted, NoPhase("0"))]),
    (
        "Phase promoted: Phase 2 / Phase 3",
        &[(PhasePromoted, NoPhase("Phase 2 / Phase 3"))],
    ),
    (
        "Phase promoted: Phase 1 -> Phase 2",
        &[(PhasePromoted, NoPhase("Phase 1 -> Phase 2"))],
    ),
    (
        "Phase promoted: Phase II",
        &[(PhasePromoted, NoPhase("Phase II"))],
    ),
    (
        "Phase promoted: phase-2-member-writes",
        &[(PhasePromoted, NoPhase("phase-2-member-writes"))],
    ),
    (
        "Phase promoted: member writes",
        &[(PhasePromoted, NoPhase("member writes"))],
    ),
    (
        "Phase promoted: Phase 2, Phase 9",
        &[(PhasePromoted, NoPhase("Phase 9"))],
    ),
    (
        "Phase rolled back (if any): yes",
        &[(PhaseRolledBack, NoPhase("yes"))],
    ),
    (
        "Phase rolled back (if any): keine",
        &[(PhaseRolledBack, NoPhase("keine"))],
    ),
    // Columns that were swapped.
    (
        "Date: Ana\nRelease owner: 2026-11-25\nStart time: Phase 2\nPhase promoted: 14:02",
        &[
            (Date, NoDay("Ana")),
            (StartTime, NoTime("Phase 2")),
            (PhasePromoted, NoPhase("14:02")),
        ],
    ),
    // Everything at once, and in a line for another field.
    (
        "Date: 2026-12-01\nStart time: noon\nEnd time: 25:00\nDuration minutes: long\nPhase promoted: all\nPhase rolled back: some",
        &[
            (Date, FutureDay),
            (StartTime, NoTime("noon")),
            (EndTime, NoTime("25:00")),
            (DurationMinutes, NoMinutes("long")),
            (PhasePromoted, NoPhase("all")),
            (PhaseRolledBack, NoPhase("some")),
        ],
    ),
    (
        "Date: 2026-11-25\n    2026-11-24",
        &[(Date, NoDay("2026-11-25…"))],
    ),
];
