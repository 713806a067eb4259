//! The rehearsal log: the runbook's form, what fills it in, what is wrong with it, and how it is written and read.
//!
//! An entry is a run. Each of its fields may hold a *fact*, which [`Facts`] folds from the run's journal entries, and what
//! a person typed; where something was typed, that counts, and the fact is shown beside it.

mod after;
mod check;
mod clean;
mod compare;
mod exchange;
mod facts;
mod import;
mod markdown;
pub mod moment;
mod story;
#[cfg(test)]
mod tests;
mod text;

pub use after::{after_action, open_points, planned, spelled, splits};
pub use check::{Wrong, check};
pub use clean::clean;
pub use compare::{Compared, compare};
pub use exchange::{csv, json};
pub use facts::{Facts, Found, Identified};
pub use import::{Format, Incoming, NotALog, Unread, format_of, read};
pub use markdown::markdown;
pub use story::{Attested, Checklist, Decision, Event, EventKind, Failure, Happened, Overridden, Story};
pub use text::text;

use crate::{EnvironmentKind, Phase};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

/// A line of text as Markdown shows it: what would be read as a mark stands behind a backslash.
pub fn escaped(line: &str) -> String {
    markdown::escaped(line)
}

/// The most characters that a field holds.
pub const LONGEST: usize = 20_000;

/// What stands in an entry's fields. A field without words is absent.
pub type Sheet = BTreeMap<Field, String>;

/// A field of the form, in the runbook's order; behind them those that are the desk's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// The day, `2026-11-25`.
    Date,
    /// Who answers for the run.
    ReleaseOwner,
    /// When it began.
    StartTime,
    /// When it ended.
    EndTime,
    /// How long it took, minutes.
    DurationMinutes,
    /// The phases it was promoted to.
    PhasePromoted,
    /// The phases it was rolled back to.
    PhaseRolledBack,
    /// Why.
    Reason,
    /// What the member account found.
    MemberSmoke,
    /// What the staff account found.
    StaffSmoke,
    /// What the admin account found.
    AdminSmoke,
    /// What the portal said of the phase.
    RolloutMetadata,
    /// The hashes of the metrics artifacts.
    PhaseMetrics,
    /// The ids of the requests that failed.
    RequestIds,
    /// Anything else.
    Notes,
    /// Words to find the entry by.
    Tags,
    /// What the next run should do otherwise.
    Lessons,
}

impl Field {
    /// Every field, in the form's order.
    pub const ALL: [Self; 17] = [
        Self::Date,
        Self::ReleaseOwner,
        Self::StartTime,
        Self::EndTime,
        Self::DurationMinutes,
        Self::PhasePromoted,
        Self::PhaseRolledBack,
        Self::Reason,
        Self::MemberSmoke,
        Self::StaffSmoke,
        Self::AdminSmoke,
        Self::RolloutMetadata,
        Self::PhaseMetrics,
        Self::RequestIds,
        Self::Notes,
        Self::Tags,
        Self::Lessons,
    ];

    /// Its name in records and on the command line.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::ReleaseOwner => "release-owner",
            Self::StartTime => "start-time",
            Self::EndTime => "end-time",
            Self::DurationMinutes => "duration-minutes",
            Self::PhasePromoted => "phase-promoted",
            Self::PhaseRolledBack => "phase-rolled-back",
            Self::Reason => "reason",
            Self::MemberSmoke => "member-smoke",
            Self::StaffSmoke => "staff-smoke",
            Self::AdminSmoke => "admin-smoke",
            Self::RolloutMetadata => "rollout-metadata",
            Self::PhaseMetrics => "phase-metrics",
            Self::RequestIds => "request-ids",
            Self::Notes => "notes",
            Self::Tags => "tags",
            Self::Lessons => "lessons",
        }
    }

    /// What the runbook's form calls it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Date => "Date",
            Self::ReleaseOwner => "Release owner",
            Self::StartTime => "Start time",
            Self::EndTime => "End time",
            Self::DurationMinutes => "Duration minutes",
            Self::PhasePromoted => "Phase promoted",
            Self::PhaseRolledBack => "Phase rolled back (if any)",
            Self::Reason => "Reason",
            Self::MemberSmoke => "member-smoke",
            Self::StaffSmoke => "staff-smoke",
            Self::AdminSmoke => "admin-smoke",
            Self::RolloutMetadata => "rollout metadata",
            Self::PhaseMetrics => "phase metrics JSON",
            Self::RequestIds => "request ids",
            Self::Notes => "Notes",
            Self::Tags => "Tags",
            Self::Lessons => "Lessons",
        }
    }

    /// The field that is called so: by its name or by the form's word, in any case, with or without `(if any)`.
    pub fn from_person(text: &str) -> Option<Self> {
        // Asked of every line of a file.
        static NAMES: LazyLock<HashMap<String, Field>> = LazyLock::new(|| {
            let names = |field: Field| [field.id(), field.label()].map(|name| (folded(name), field));
            Field::ALL.into_iter().flat_map(names).collect()
        });
        NAMES.get(&folded(text)).copied()
    }

    /// The heading of the form that it stands under.
    pub const fn heading(self) -> Option<&'static str> {
        match self {
            Self::MemberSmoke | Self::StaffSmoke | Self::AdminSmoke => Some("Smoke results"),
            Self::RolloutMetadata | Self::PhaseMetrics | Self::RequestIds => Some("Artifacts attached"),
            _ => None,
        }
    }

    /// Whether the runbook's form has it; the others are the desk's own.
    pub const fn is_of_the_form(self) -> bool {
        !matches!(self, Self::Notes | Self::Tags | Self::Lessons)
    }
}

fn folded(name: &str) -> String {
    let name = name.to_lowercase().replace("(if any)", "");
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .collect()
}

/// Whether a run was for real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A rehearsal: practice and staging.
    Rehearsal,
    /// The live cutover.
    Live,
}

impl Kind {
    /// The word shown and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rehearsal => "rehearsal",
            Self::Live => "live",
        }
    }

    /// The kind that is called so.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Rehearsal, Self::Live]
            .into_iter()
            .find(|kind| kind.word().eq_ignore_ascii_case(word.trim()))
    }
}

impl From<EnvironmentKind> for Kind {
    fn from(kind: EnvironmentKind) -> Self {
        match kind {
            EnvironmentKind::Live => Self::Live,
            EnvironmentKind::Practice | EnvironmentKind::Staging => Self::Rehearsal,
        }
    }
}

/// How a run went, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It goes on, whatever has happened in it so far.
    Open,
    /// It ended, and nothing is known to have gone wrong.
    Done,
    /// The smoke results of the entry say that something failed.
    Failed,
    /// The phase was rolled back, for real and not in a drill.
    RolledBack,
}

impl Outcome {
    /// The word shown and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::RolledBack => "rolled back",
        }
    }

    /// The outcome that is called so.
    pub fn from_word(word: &str) -> Option<Self> {
        let wanted = word.trim().replace('_', " ");
        [Self::Open, Self::Done, Self::Failed, Self::RolledBack]
            .into_iter()
            .find(|outcome| outcome.word().eq_ignore_ascii_case(&wanted))
    }

    /// How the run of an entry went: as its fields say, and while it goes on as the desk knows.
    pub fn of(sheet: &Sheet, facts: Option<&Facts>) -> Self {
        let has_end = sheet
            .get(&Field::EndTime)
            .is_some_and(|end| moment::Moment::read(end).is_some());
        let rolled_back = sheet.get(&Field::PhaseRolledBack).is_some_and(|phases| {
            // A drill's is a fact of the form too, but no rollback; what a person typed in its place is.
            !says_none(phases) && !facts.is_some_and(|facts| facts.only_drilled(phases))
        });
        let failing = [Field::MemberSmoke, Field::StaffSmoke, Field::AdminSmoke]
            .into_iter()
            .filter_map(|field| sheet.get(&field))
            .any(|text| says_failed(text));
        if facts.is_some_and(Facts::is_open) && !has_end {
            Self::Open
        } else if rolled_back {
            Self::RolledBack
        } else if failing {
            Self::Failed
        } else {
            Self::Done
        }
    }
}

/// Whether a text says that something failed, and not that nothing did. In doubt it does: only what stands right at the
/// word, with no mark between, calls it off.
fn says_failed(text: &str) -> bool {
    /// Words that turn what stands right behind them into its opposite.
    const NOT: [&str; 8] = ["0", "no", "none", "nothing", "not", "never", "didn't", "without"];
    /// Those of them that are a count: `0 of 9 failed`, `failed: 0`.
    const NONE: [&str; 3] = ["0", "none", "nothing"];
    let text = text.to_lowercase().replace('\u{2019}', "'");
    let parts = words_and_marks(&text);
    let at = |index: Option<usize>| {
        index
            .and_then(|index| parts.get(index))
            .copied()
            .unwrap_or_default()
    };
    let is_mark = |part: &str| !part.starts_with(char::is_alphanumeric);
    (0..parts.len())
        .filter(|index| parts[*index].starts_with("fail"))
        .any(|index| {
            let before = |count| at(index.checked_sub(count));
            let colon = usize::from(matches!(at(Some(index + 1)), ":" | "="));
            let behind = at(Some(index + 1 + colon));
            // `Failed: nothing is shown` counts nothing, and `FAIL: 0 / 9` may count what passed.
            let after = at(Some(index + 2 + colon));
            let is_count = is_mark(after) && after != "/";
            if NONE.contains(&behind) && is_count {
                return false;
            }
            // `0 passed, 3 failed` and `passed 0 failed 3`.
            if behind.starts_with(char::is_numeric) {
                return true;
            }
            let is_none_of = NONE.contains(&before(3)) && before(2) == "of" && !is_mark(before(1));
            !(NOT.contains(&before(1)) || is_none_of)
        })
}

/// The words of a text and the marks between them, each by itself; a line's end is a mark too.
fn words_and_marks(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut before = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map_or(' ', |(_, next)| *next);
        // `didn't`, `0.5`, `14:00` and `phase-0` are one word each.
        let joins = match character {
            '\'' => before.is_alphanumeric() && next.is_alphanumeric(),
            '.' | '-' | '\u{2013}' | '_' | '/' | '#' => before.is_alphanumeric() && next.is_numeric(),
            ',' | ':' => before.is_numeric() && next.is_numeric(),
            _ => character.is_alphanumeric(),
        };
        before = character;
        if joins {
            continue;
        }
        let end = at + character.len_utf8();
        if begin < at {
            parts.push(&text[begin..at]);
        }
        if character == '\n' || !character.is_whitespace() {
            parts.push(&text[at..end]);
        }
        begin = end;
    }
    if begin < text.len() {
        parts.push(&text[begin..]);
    }
    parts
}

/// What counts in an entry: what was typed, else the fact. The duration follows from the times that count, unless typed.
pub fn counting(facts: Option<&Facts>, typed: &Sheet, zone: Tz) -> Sheet {
    let mut sheet = facts.map(|facts| facts.sheet(zone)).unwrap_or_default();
    sheet.extend(typed.iter().map(|(field, text)| (*field, text.clone())));
    let times_typed = typed.contains_key(&Field::StartTime) || typed.contains_key(&Field::EndTime);
    if !typed.contains_key(&Field::DurationMinutes) && (facts.is_none() || times_typed) {
        match check::minutes_between(&sheet) {
            Some(minutes) => sheet.insert(Field::DurationMinutes, minutes.to_string()),
            None => sheet.remove(&Field::DurationMinutes),
        };
    }
    sheet.retain(|_, text| !text.is_empty());
    sheet
}

/// Whether a text says that there is nothing: `none`, `no`, `-`.
pub fn says_none(text: &str) -> bool {
    let said = text.trim().trim_end_matches('.').to_lowercase();
    matches!(said.as_str(), "" | "-" | "–" | "—" | "no" | "none" | "n/a")
}

/// The phases that a text names, in its order.
///
/// # Errors
/// The first part of it that is no phase.
pub fn phases(text: &str) -> Result<Vec<Phase>, String> {
    if says_none(text) {
        return Ok(Vec::new());
    }
    let parts = text
        .split([',', ';', '\n', '→'])
        .flat_map(|part| part.split(" and "))
        .flat_map(|part| part.split(" then "))
        .map(str::trim)
        .filter(|part| !part.is_empty());
    parts
        .map(|part| phase_called(part).ok_or_else(|| part.to_owned()))
        .collect()
}

/// The phase with this number, this short label in any case, or this wire name.
fn phase_called(text: &str) -> Option<Phase> {
    let is_label = |phase: &Phase| phase.label().eq_ignore_ascii_case(text);
    Phase::from_person(text).or_else(|| Phase::ALL.into_iter().find(is_label))
}

/// The SHA-256 of what stands in an entry, lower-case hex: by it an entry that was imported before is known.
pub fn content_sha256(sheet: &Sheet) -> String {
    let mut hasher = Sha256::new();
    for (field, text) in sheet {
        for part in [field.id(), text] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hex::encode(hasher.finalize())
}

/// The SHA-256 of what stands in an entry of a kind. A file that says no kind has [`content_sha256`] for it, and so had
/// every file once.
pub fn content_of_kind_sha256(kind: Kind, sheet: &Sheet) -> String {
    let of = format!("{}\n{}", kind.word(), content_sha256(sheet));
    hex::encode(Sha256::digest(of))
}

/// A change to what was typed into a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of its journal entry.
    pub seq: i64,
    /// What was typed; empty where the fact counts again.
    pub text: String,
    /// Whether it took back the change before.
    pub undoes: bool,
}

/// What taking back the newest change to a field leaves there: the changes that were taken back are passed over, so that
/// one can go back step by step. None where nothing is left to take back.
pub fn undone(changes: &[Change]) -> Option<String> {
    let mut stack: Vec<&str> = Vec::new();
    for change in changes {
        if change.undoes {
            stack.pop();
        } else {
            stack.push(&change.text);
        }
    }
    stack.pop()?;
    Some(stack.last().map(|text| (*text).to_owned()).unwrap_or_default())
}

/// An entry as it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its id.
    pub id: String,
    /// What people call it: `R-014`, or the beginning of its id.
    pub label: String,
    /// Whether it was for real.
    pub kind: Kind,
    /// Where.
    pub environment: String,
    /// How it went.
    pub outcome: Outcome,
    /// Why it was withdrawn.
    pub withdrawn: Option<String>,
    /// Its fields, those that hold something.
    pub lines: Vec<Line>,
}

/// A field as it is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub field: Field,
    /// What the desk derived from its journal.
    pub fact: Option<String>,
    /// What a person typed.
    pub typed: Option<Typed>,
}

/// What a person typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Typed {
    /// The text.
    pub text: String,
    /// Who: the operator's uid, else the machine's account.
    pub by: String,
    /// When, in words.
    pub at: String,
}

impl Page {
    /// What counts in it.
    pub fn sheet(&self) -> Sheet {
        let counting = |line: &Line| {
            let typed = line.typed.as_ref().map(|typed| typed.text.clone());
            Some((line.field, typed.or_else(|| line.fact.clone())?))
        };
        self.lines.iter().filter_map(counting).collect()
    }
}
