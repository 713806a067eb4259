//! What is wrong with a text, where, and what would mend it.
//!
//! While a finding stands, the text does not go out: an error until the text is mended, a warning until it is mended or
//! waived with a reason. Of one kind, at most [`MOST`] findings are made for a part: they are read by people.

mod braces;
mod length;
mod marks;
mod stated;
mod tokens;
mod wording;

use super::{Audience, Draft, Facts, Outlet, Part, PhaseMove, Text, WordLists, says_nothing};
use crate::Runbook;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The most findings of one kind for one part.
pub const MOST: usize = 25;
/// The most characters of a text that a finding repeats.
const LONGEST_FOUND: usize = 120;

/// What a finding is about. Switch on this, never on its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The part says nothing.
    Blank,
    /// A placeholder stands in the text for want of its fact.
    PlaceholderUnfilled,
    /// What a fact should say is empty.
    PlaceholderBlank,
    /// What the template states is not in the text.
    PlaceholderMissing,
    /// A placeholder that nobody knows, close to one that is known.
    PlaceholderMisspelt,
    /// A placeholder that nobody knows.
    PlaceholderUnknown,
    /// A brace that belongs to no placeholder.
    BraceLeft,
    /// A character that only looks like a brace.
    BraceLookalike,
    /// A fact has changed since the text was filled.
    Outdated,
    /// A fact changed where a person had written something else.
    Conflict,
    /// The portal has confirmed no phase that the text could name.
    PhaseNotConfirmed,
    /// The label is not that of the phase that the portal confirmed.
    LabelNotConfirmed,
    /// The text names a phase that is neither the present one nor the one before.
    OtherPhase,
    /// A time that cannot be read.
    TimeUnreadable,
    /// The time lies before the phase change.
    TimeBeforeChange,
    /// The time lies in the future.
    TimeInFuture,
    /// The time is not that of the phase change.
    TimeDiffers,
    /// The next gate review is over.
    NextReviewPast,
    /// The incident is not the one of the facts.
    IncidentDiffers,
    /// Members would read a wire name, a route or another name of the machinery.
    InternalName,
    /// Members would read a uid, a request id or an incident id.
    InternalId,
    /// Members would read an error code.
    InternalCode,
    /// Members would read of a staff channel.
    InternalChannel,
    /// Members would read of what looks like a channel.
    ChannelLike,
    /// Members would read a word of the machinery.
    InternalWord,
    /// Members would read a word that sounds punitive.
    Punitive,
    /// Staff would not learn where to report errors.
    ChannelMissing,
    /// Staff would not learn to note the request id.
    RequestIdMissing,
    /// A mark that turns the direction of writing.
    BidiMark,
    /// A character that takes no room.
    Invisible,
    /// A control character, or one that has no meaning.
    ControlCharacter,
    /// The subject has more than one line.
    SubjectLines,
    /// The subject is longer than mail may carry.
    SubjectTooLong,
    /// The subject is longer than mail programs show.
    SubjectLong,
    /// The text is longer than its outlet takes.
    TextTooLong,
    /// The text is longer than its outlet recommends.
    TextLong,
}

impl Code {
    /// Whether it can be waived.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Conflict
            | Self::OtherPhase
            | Self::TimeDiffers
            | Self::ChannelLike
            | Self::Punitive
            | Self::SubjectLong
            | Self::TextLong => Severity::Warning,
            _ => Severity::Error,
        }
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The text cannot go out.
    Error,
    /// The text can go out with a reason.
    Warning,
}

/// What would mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Fix {
    /// Put this in place of a stretch of the same part.
    Replace {
        /// The stretch, in bytes; an empty one inserts.
        range: Range<usize>,
        /// What to put there; nothing removes.
        with: String,
    },
    /// Take over the newest facts ([`Draft::refill`]).
    Refill,
    /// A person has to do it.
    Instruct {
        /// What to do.
        words: String,
    },
}

impl Fix {
    fn replace(range: &Range<usize>, with: impl Into<String>) -> Self {
        Self::Replace {
            range: range.clone(),
            with: with.into(),
        }
    }

    fn instruct(words: impl Into<String>) -> Self {
        Self::Instruct { words: words.into() }
    }
}

/// Something wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is about.
    pub code: Code,
    /// Whether it can be waived.
    pub severity: Severity,
    /// In which part.
    pub part: Part,
    /// Where, in bytes of the part; an empty range where something is missing.
    pub range: Range<usize>,
    /// What stands there, shortened.
    pub found: String,
    /// What is wrong, for people.
    pub words: String,
    /// What would mend it.
    pub fix: Fix,
}

impl Finding {
    /// The part with the fix applied; none for a fix that is not a replacement.
    pub fn mended(&self, text: &str) -> Option<String> {
        let Fix::Replace { range, with } = &self.fix else {
            return None;
        };
        let before = text.get(..range.start)?;
        let after = text.get(range.end..)?;
        Some([before, with, after].concat())
    }
}

/// Why a warning does not stand in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Waiver {
    /// What the warning is about.
    pub code: Code,
    /// In which part.
    pub part: Part,
    /// What stands there, as the finding repeats it.
    pub found: String,
    /// Why the text may go out all the same.
    pub reason: String,
}

impl Waiver {
    /// A waiver of a finding.
    pub fn of(finding: &Finding, reason: &str) -> Self {
        Self {
            code: finding.code,
            part: finding.part,
            found: finding.found.clone(),
            reason: reason.to_owned(),
        }
    }

    /// Whether it waives a finding: a warning, of this kind, about these words, with a reason that says something.
    pub fn covers(&self, finding: &Finding) -> bool {
        finding.severity == Severity::Warning
            && !says_nothing(&self.reason)
            && (self.code, self.part, &self.found) == (finding.code, finding.part, &finding.found)
    }
}

/// What a text is held against.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Now, milliseconds since 1970.
    pub now_ms: i64,
    /// The runbook: the phases' labels, the staff channel, the word lists.
    pub runbook: &'a Runbook,
    /// The newest phase change that the portal confirmed.
    pub confirmed: Option<&'a PhaseMove>,
    /// The facts as they are now; what a person typed into the draft is kept by the check itself.
    pub newest: &'a Facts,
    /// The team's own words, beside those of the runbook.
    pub added: &'a WordLists,
    /// Where the text is to go.
    pub outlets: &'a [Outlet],
}

/// Everything wrong with a text, in the order of reading.
pub fn check(draft: &Draft, context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Findings::new(draft.text());
    blank(&mut findings);
    braces::check(draft, context, &mut findings);
    stated::check(draft, context, &mut findings);
    match draft.template().audience() {
        Audience::Member => wording::check_member(draft, context, &mut findings),
        Audience::Staff => wording::check_staff(draft, context, &mut findings),
    }
    marks::check(&mut findings);
    length::check(context.outlets, &mut findings);
    findings.in_order()
}

/// The findings that stand in the way: every error, and every warning that no waiver covers.
pub fn refusing<'a>(findings: &'a [Finding], waivers: &[Waiver]) -> Vec<&'a Finding> {
    findings
        .iter()
        .filter(|finding| !waivers.iter().any(|waiver| waiver.covers(finding)))
        .collect()
}

fn blank(findings: &mut Findings<'_>) {
    for part in Part::ALL {
        let text = findings.text.part(part);
        if says_nothing(text) {
            let words = format!("The {} says nothing.", part.word());
            let fix = Fix::instruct(format!("Write a {}, or fill the template again.", part.word()));
            findings.add(Code::Blank, part, 0..text.len(), words, fix);
        }
    }
}

/// The findings so far.
struct Findings<'a> {
    text: Text<'a>,
    all: Vec<Finding>,
}

impl<'a> Findings<'a> {
    const fn new(text: Text<'a>) -> Self {
        Self {
            text,
            all: Vec::new(),
        }
    }

    /// Whether there are as many of a kind as a person would read.
    fn enough(&self, code: Code, part: Part) -> bool {
        self.all
            .iter()
            .filter(|finding| finding.code == code && finding.part == part)
            .count()
            >= MOST
    }

    fn add(&mut self, code: Code, part: Part, range: Range<usize>, words: String, fix: Fix) {
        if self.enough(code, part) {
            return;
        }
        let found = self.text.part(part).get(range.clone()).unwrap_or_default();
        self.all.push(Finding {
            code,
            severity: code.severity(),
            part,
            found: found.chars().take(LONGEST_FOUND).collect(),
            range,
            words,
            fix,
        });
    }

    fn in_order(mut self) -> Vec<Finding> {
        self.all
            .sort_by_key(|finding| (finding.part, finding.range.start, finding.range.end, finding.code));
        self.all
    }
}
