//! Announcements: texts made from templates and facts, checked so that a wrong one cannot go out.
//!
//! A [`Template`] is filled from [`Facts`] into a [`Draft`], which a person edits. [`check()`] says what is wrong with it;
//! [`Announcement::finish`] is the only way to a text that may go out. When a fact changes, [`Draft::outdated`] says which,
//! and [`Draft::refill`] takes the new one over without losing the person's edits.
//!
//! Every place in a text is a range of UTF-8 bytes of the draft's own subject or body; line ends there are line feeds.

pub mod check;
mod difference;
mod draft;
mod edits;
mod facts;
mod fill;
pub mod moment;
mod outgoing;
mod render;
mod template;
#[cfg(test)]
mod tests;

pub use check::{Code, Context, Finding, Fix, Severity, Waiver, check, refusing};
pub use difference::{DifferenceLine, LineKind, Run, difference};
pub use draft::{Conflict, Draft, Outdated};
pub use facts::{Fact, Facts, PhaseMove, Source, Value};
pub use fill::{FactSpan, Filled, FilledPart, fill};
pub use outgoing::Announcement;
pub use render::{Count, Envelope, Outlet, count, eml, html, markdown, mrkdwn, plain};
pub use template::{Placeholder, Template, TemplateError, TemplateText, TemplateVersion};

use crate::Phase;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::ops::Range;

/// For whom a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// The studio's staff.
    Staff,
    /// The members.
    Member,
}

impl Audience {
    /// Both, staff first.
    pub const ALL: [Self; 2] = [Self::Staff, Self::Member];

    /// The word in the runbook, in records and on the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Member => "member",
        }
    }

    /// The audience with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|audience| audience.word() == word)
    }
}

/// One of the two parts of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The subject line.
    Subject,
    /// The body.
    Body,
}

impl Part {
    /// Both, in the order of reading.
    pub const ALL: [Self; 2] = [Self::Subject, Self::Body];

    /// The word shown and recorded.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Body => "body",
        }
    }
}

/// A subject and a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The subject line.
    pub subject: &'a str,
    /// The body, lines ended by a line feed.
    pub body: &'a str,
}

impl<'a> Text<'a> {
    /// One of its parts.
    pub const fn part(self, part: Part) -> &'a str {
        match part {
            Part::Subject => self.subject,
            Part::Body => self.body,
        }
    }

    /// The SHA-256 of the subject, one line feed and the body, lower-case hex.
    pub fn sha256(self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.subject);
        hash.update("\n");
        hash.update(self.body);
        hex::encode(hash.finalize())
    }
}

/// What the runbook knows about announcements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcements {
    /// The announcement to staff.
    pub staff: Template,
    /// The announcement to members.
    pub member: Template,
    /// Others: a rollback notice, an all clear.
    pub extra: Vec<Template>,
    /// Where staff report errors: `#ops-library`.
    pub channel: String,
    /// Words of which a text for members is made free.
    pub words: WordLists,
    /// What is different for staff, from the phase before to the present one; the same twice for staying.
    pub deltas: ByPhase<ByPhase<String>>,
    /// What members can do in each phase.
    pub summaries: ByPhase<String>,
}

impl Announcements {
    /// Every template, the runbook's two first.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        [&self.staff, &self.member].into_iter().chain(&self.extra)
    }

    /// The template with this id.
    pub fn template(&self, id: &str) -> Option<&Template> {
        self.templates().find(|template| template.id() == id)
    }

    /// The change in behaviour that is suggested for staff.
    pub fn delta(&self, from: Phase, to: Phase) -> &str {
        self.deltas.of(from).of(to)
    }

    /// The summary that is suggested for members.
    pub fn summary(&self, phase: Phase) -> &str {
        self.summaries.of(phase)
    }
}

/// Words that have no place in a text for members. Case does not matter, nor whether their parts are joined by spaces,
/// hyphens or underscores.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WordLists {
    /// Words of the machinery: an error.
    pub internal: Vec<String>,
    /// Words that sound punitive: a warning.
    pub punitive: Vec<String>,
}

/// Something for each phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByPhase<T>([T; 3]);

impl<T> ByPhase<T> {
    /// In the order of the rollout.
    pub const fn new(each: [T; 3]) -> Self {
        Self(each)
    }

    /// That of a phase.
    pub const fn of(&self, phase: Phase) -> &T {
        match phase {
            Phase::ReadOnly => &self.0[0],
            Phase::MemberWrites => &self.0[1],
            Phase::AdminFull => &self.0[2],
        }
    }
}

/// A range of bytes as the window counts characters: UTF-16 code units. None for a range that does not lie on the text's
/// characters.
pub fn utf16_range(text: &str, range: &Range<usize>) -> Option<Range<usize>> {
    let start = text.get(..range.start)?.encode_utf16().count();
    let length = text.get(range.clone())?.encode_utf16().count();
    Some(start..start + length)
}

/// The text with every CRLF and lone CR made a line feed.
fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Whether a text says nothing: no letter, number, or symbol that a person could read.
fn says_nothing(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}
