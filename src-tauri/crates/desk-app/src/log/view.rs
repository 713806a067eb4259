//! What crosses about the rehearsal log.
//!
//! Times are milliseconds since 1970. A field is named as `desk_core::log::Field` is: `release-owner`, `member-smoke`, ….

use crate::view::RunKind;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How a run went, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LogOutcome {
    /// It goes on, whatever has happened in it so far.
    Open,
    /// It ended, and nothing is known to have gone wrong.
    Done,
    /// The smoke results of the entry say that something failed.
    Failed,
    /// The phase was rolled back, for real and not in a drill.
    RolledBack,
}

/// Which entries are wanted; what is empty does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct LogQuery {
    /// Where, by the environment's name; in all of them where empty.
    pub environment: String,
    /// Whether the run was for real.
    pub kind: Option<RunKind>,
    /// Letters of the release owner's name.
    pub owner: String,
    /// A phase that it was promoted to or rolled back to, as a person writes it.
    pub phase: String,
    /// How it went.
    pub outcome: Option<LogOutcome>,
    /// The first day, `2026-11-25`.
    pub from: String,
    /// The last day.
    pub to: String,
    /// Words whose beginnings must be in it.
    pub search: String,
    /// Behind which entry the page begins.
    pub after: Option<LogCursorView>,
    /// The most entries that are wanted; 100 where it is none.
    pub limit: Option<u32>,
}

/// Where a page of the list ended. To be handed back as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogCursorView {
    /// The last entry whose day the desk knows.
    pub known: Option<LogPlaceView>,
    /// The last entry whose day was typed.
    pub typed: Option<LogPlaceView>,
}

/// The place of an entry among those of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPlaceView {
    /// When its run began, as it is kept in order.
    pub at_ms: i64,
    /// The number of the journal entry that made it.
    pub seq: i64,
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogPageView {
    /// The entries.
    pub entries: Vec<LogRowView>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where the next page begins; none behind the last.
    pub next: Option<LogCursorView>,
}

/// An entry in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogRowView {
    /// Its id.
    pub id: String,
    /// What people call it: `R-014`, or the beginning of its id.
    pub label: String,
    /// Whether the run was for real.
    pub kind: RunKind,
    /// Where.
    pub environment: String,
    /// When the run began, as far as is known; a typed time is taken to be of the desk's zone.
    pub began_at_ms: i64,
    /// The same as it stands in the entry, in words: `5 Jan 2026, 14:02`.
    pub began: String,
    /// The release owner that counts; empty where none is known.
    pub owner: String,
    /// How it went.
    pub outcome: LogOutcome,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}

/// An entry as the runbook's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogEntryView {
    /// As in the list.
    #[serde(flatten)]
    pub row: LogRowView,
    /// Whether the desk made the run, and so knows facts of it.
    pub is_run: bool,
    /// Who made the entry.
    pub made_by: String,
    /// When.
    pub made_at_ms: i64,
    /// Why it was withdrawn, by whom and when.
    pub withdrawal: Option<LogWithdrawalView>,
    /// The fields, in the form's order.
    pub fields: Vec<LogFieldView>,
    /// What happened in the run, in order.
    pub timeline: Vec<LogEventView>,
}

/// That an entry was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogWithdrawalView {
    /// Why.
    pub reason: String,
    /// Who.
    pub by: String,
    /// When.
    pub at_ms: i64,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogFieldView {
    /// Its name.
    pub field: String,
    /// The form's word for it.
    pub label: String,
    /// The form's heading above it.
    pub heading: Option<String>,
    /// What counts: what was typed, else the fact; empty where there is neither.
    pub value: String,
    /// What the desk derived from its journal.
    pub fact: Option<String>,
    /// What a person typed.
    pub typed: Option<LogTypedView>,
    /// What is wrong with it, in words.
    pub wrong: Option<String>,
    /// How often it was changed.
    pub changes: u32,
    /// Whether the newest change can be taken back.
    pub can_undo: bool,
}

/// What a person typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogTypedView {
    /// The text.
    pub text: String,
    /// Who: the operator's uid, else the machine's account.
    pub by: String,
    /// When.
    pub at_ms: i64,
}

/// That a field was kept: it is on the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogSavedView {
    /// When; none where nothing had changed.
    pub saved_at_ms: Option<i64>,
    /// The entry as it stands.
    pub entry: LogEntryView,
}

/// A change to a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogChangeView {
    /// The field.
    pub field: String,
    /// What stood there from then on; empty where the fact counted again.
    pub text: String,
    /// Who.
    pub by: String,
    /// When.
    pub at_ms: i64,
    /// Whether it took back the change before.
    pub undoes: bool,
}

/// A moment or a stretch of a run's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogEventView {
    /// When it began.
    pub at_ms: i64,
    /// When it was over; none for what takes no time, and for what is not over.
    pub until_ms: Option<i64>,
    /// Whether it takes time and is not known to be over.
    pub is_open: bool,
    /// Of what kind, in one word.
    pub kind: String,
    /// In words.
    pub words: String,
    /// Whose act.
    pub by: String,
    /// Whether it went wrong.
    pub wrong: bool,
}

/// The kind of a file of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// The runbook's text template.
    Text,
    /// Markdown.
    Markdown,
    /// A table for spreadsheets.
    Csv,
    /// JSON, which is read back whole.
    Json,
    /// A report to print, of one run.
    Pdf,
    /// The after-action report of one run, as Markdown.
    Report,
}

impl LogFormat {
    /// How the name of such a file ends.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::Report => "report.md",
        }
    }
}

/// What came of importing a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogImportView {
    /// The ids of the entries that were made.
    pub made: Vec<String>,
    /// How many entries of the file were there already.
    pub known: u32,
    /// The lines of the entries made that could not be read; each is kept in its entry's notes.
    pub unread: Vec<LogUnreadView>,
    /// The entries that were there already, and of which the file says something else. They are as they were.
    pub changed: Vec<LogChangedView>,
    /// The other environments that the entries made are of; their notes say so where they have room.
    pub elsewhere: Vec<String>,
}

/// An entry of which a file says something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogChangedView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub label: String,
    /// The names of the fields that differ, and `withdrawn` where the file says that it was and it was not here.
    pub fields: Vec<String>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogUnreadView {
    /// Its number, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// Why it could not be read, in words.
    pub why: String,
}

/// Two runs beside each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogComparisonView {
    /// The one that is compared with.
    pub before: LogRowView,
    /// The one that is compared.
    pub after: LogRowView,
    /// Step by step.
    pub steps: Vec<LogComparedView>,
}

/// A step in two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogComparedView {
    /// The phase of its checklist, wire name; none for a split of a rollback.
    pub phase: Option<String>,
    /// Its name.
    pub step: String,
    /// As whom; empty for a split.
    pub account: String,
    /// What came of it before, in one word; none where it was not there.
    pub before: Option<String>,
    /// How long it took before, milliseconds.
    pub before_ms: Option<u64>,
    /// What came of it after.
    pub after: Option<String>,
    /// How long it took after, milliseconds.
    pub after_ms: Option<u64>,
    /// By how much it was slower, milliseconds; none where it was not by enough to mean anything.
    pub slower_by_ms: Option<u64>,
    /// Whether it fails now and did not before.
    pub failed_anew: bool,
}
