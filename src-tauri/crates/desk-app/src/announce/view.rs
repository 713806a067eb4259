//! What crosses about announcements.
//!
//! Times are milliseconds since 1970. Places in a text are counted as the window does: UTF-16 code units.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// For whom a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum AudienceView {
    /// The studio's staff.
    Staff,
    /// The members.
    Member,
}

/// One of the two parts of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum PartView {
    /// The subject line.
    Subject,
    /// The body.
    Body,
}

/// Everything on the announce page but the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AnnounceView {
    /// The environment's name.
    pub environment: String,
    /// The facts that the two texts use, in the order of reading.
    pub facts: Vec<FactView>,
    /// The two texts, staff first.
    pub composers: Vec<ComposerView>,
    /// Every template with its versions.
    pub templates: Vec<TemplateView>,
    /// Words that a text for members is made free of.
    pub words: WordsView,
    /// Where texts are posted: the webhook's host; none while no address is kept.
    pub webhook: Option<String>,
    /// A rollback that staff have not been told of.
    pub rollback: Option<RollbackNoticeView>,
}

/// Where a fact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum FactSourceView {
    /// The portal, with the newest confirmed phase change.
    Portal,
    /// The runbook suggests it.
    Runbook,
    /// The incident that the rollback was started with.
    Rollback,
    /// A person typed it.
    Person,
    /// There is none yet.
    Missing,
}

/// A fact that a text is filled with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FactView {
    /// The placeholder that it fills: `next_check_time`.
    pub placeholder: String,
    /// What it is, for people: `the next gate review`.
    pub meaning: String,
    /// As it stands in the text.
    pub written: Option<String>,
    /// As it is typed: words, or `2026-11-25T14:02` by the team's clock.
    pub input: String,
    /// Where it came from.
    pub source: FactSourceView,
    /// When the portal last said so.
    pub seen_at_ms: Option<i64>,
    /// Whether it is a time.
    pub is_time: bool,
    /// Whether a person may type it.
    pub editable: bool,
    /// The texts that use it.
    pub used_by: Vec<AudienceView>,
}

/// A text being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ComposerView {
    /// For whom it is.
    pub audience: AudienceView,
    /// The template's id.
    pub template: String,
    /// What people call the template.
    pub template_name: String,
    /// Which version of it the text was made from.
    pub template_version: u32,
    /// Whether the template has a newer version.
    pub template_is_old: bool,
    /// The subject line.
    pub subject: TextView,
    /// The body.
    pub body: TextView,
    /// Facts that have changed since the text was filled.
    pub outdated: Vec<OutdatedView>,
    /// What the checks found, in the order of reading.
    pub findings: Vec<FindingView>,
    /// Whether the text may go out.
    pub ready: bool,
    /// Why not, as a sentence; empty when it may.
    pub refusal: String,
    /// The move that it was prepared for, which has not been made yet.
    pub planned: Option<PlannedMoveView>,
    /// The text as mail programs show it: HTML without scripts, everything in it escaped.
    pub html: String,
    /// The text in Slack's own form.
    pub mrkdwn: String,
    /// Exactly what is posted to a webhook.
    pub payload: String,
    /// What differs from the text that was last sent to this audience; none where none was.
    pub difference: Option<Vec<DifferenceLineView>>,
    /// This very text, if it has left the desk.
    pub made: Option<MadeView>,
}

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TextView {
    /// The text.
    pub text: String,
    /// Where facts stand in it.
    pub spans: Vec<SpanView>,
    /// How long it is, as a person counts.
    pub characters: usize,
}

/// Where a fact stands in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SpanView {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// Which fact.
    pub placeholder: String,
    /// Whether the fact's own words stand there.
    pub filled: bool,
}

/// A fact that is not any more what the text was filled with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OutdatedView {
    /// What it is, for people.
    pub meaning: String,
    /// What the text was filled with.
    pub was: Option<String>,
    /// What it is now.
    pub is: Option<String>,
}

/// Something wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FindingView {
    /// What it is about: `label_not_confirmed`.
    pub code: String,
    /// Whether it can be waived.
    pub warning: bool,
    /// In which part.
    pub part: PartView,
    /// Where it begins.
    pub start: usize,
    /// Where it ends; the same where something is missing.
    pub end: usize,
    /// What stands there, shortened.
    pub found: String,
    /// What is wrong, for people.
    pub words: String,
    /// What would mend it.
    pub fix: FixView,
    /// Why it does not stand in the way, where it was waived.
    pub waived: Option<String>,
}

/// What would mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum FixView {
    /// Put this in place of a stretch of the same part.
    Replace {
        /// Where it begins.
        start: usize,
        /// Where it ends.
        end: usize,
        /// What to put there.
        with: String,
    },
    /// Take over the newest facts.
    Refill,
    /// A person has to do it.
    Instruct {
        /// What to do.
        words: String,
    },
}

/// A move of the phase that has not been made yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedMoveView {
    /// The phase before, wire name.
    pub from: String,
    /// The phase after it, wire name.
    pub to: String,
}

/// A line of a difference view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceLineView {
    /// In which text it stands.
    pub kind: DifferenceKind,
    /// Its stretches, in order.
    pub runs: Vec<DifferenceRun>,
}

/// In which text a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum DifferenceKind {
    /// In both.
    Same,
    /// In the one before only.
    Removed,
    /// In the present one only.
    Added,
}

/// A stretch of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceRun {
    /// The text.
    pub text: String,
    /// Whether this is what differs from the line's counterpart.
    pub changed: bool,
}

/// A text that left the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MadeView {
    /// Its id.
    pub id: String,
    /// For whom it is.
    pub audience: AudienceView,
    /// The template's id.
    pub template: String,
    /// Which version of it.
    pub template_version: u32,
    /// The run, `R-001`.
    pub run: Option<String>,
    /// Who finished it: the operator's uid.
    pub actor: String,
    /// When it was finished.
    pub at_ms: i64,
    /// The subject line.
    pub subject: String,
    /// The body.
    pub body: String,
    /// The SHA-256 of the subject, one line feed and the body, lower-case hex.
    pub sha256: String,
    /// The warnings that were waived.
    pub waivers: Vec<WaiverView>,
    /// The newest try to post it.
    pub post: Option<PostView>,
    /// Where it was sent.
    pub sent: Vec<SentView>,
}

/// A warning that does not stand in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WaiverView {
    /// What the warning is about.
    pub code: String,
    /// In which part.
    pub part: PartView,
    /// What stands there.
    pub found: String,
    /// Why the text may go out all the same.
    pub reason: String,
}

/// What came of posting a text to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PostOutcomeView {
    /// The receiver took it.
    Posted,
    /// The receiver refused it: nothing was posted.
    Refused,
    /// It never reached the receiver: nothing was posted.
    NotSent,
    /// It may have been posted.
    Unknown,
}

/// A try to post a text to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PostView {
    /// Where: the address's host.
    pub host: String,
    /// When it was begun.
    pub at_ms: i64,
    /// What came of it.
    pub outcome: PostOutcomeView,
    /// What was answered, or why nothing was, in words.
    pub found: String,
}

/// That a text was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SentView {
    /// Where.
    pub place: String,
    /// When.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
}

/// A template with its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TemplateView {
    /// Its id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// For whom its texts are.
    pub audience: AudienceView,
    /// The names of its own placeholders.
    pub placeholders: Vec<String>,
    /// Its versions, newest first; the first one is in force.
    pub versions: Vec<TemplateVersionView>,
}

/// A version of a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TemplateVersionView {
    /// Counts the versions, from 1.
    pub number: u32,
    /// The subject line, with the braces.
    pub subject: String,
    /// The body, with the braces.
    pub body: String,
    /// When it was written at the desk; none for the runbook's.
    pub at_ms: Option<i64>,
    /// Who wrote it; none for the runbook's.
    pub actor: Option<String>,
}

/// A template to write or to change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TemplateDraft {
    /// Which one is changed; none for a new one.
    pub id: Option<String>,
    /// What people call it; only for a new one.
    pub name: String,
    /// For whom its texts are; only for a new one.
    pub audience: AudienceView,
    /// The names of its own placeholders; only for a new one.
    pub placeholders: Vec<String>,
    /// The subject line, with the braces.
    pub subject: String,
    /// The body, with the braces.
    pub body: String,
}

/// Words that a text for members is made free of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WordsView {
    /// The runbook's words of the machinery.
    pub internal: Vec<String>,
    /// The runbook's words that sound punitive.
    pub punitive: Vec<String>,
    /// The team's own words of the machinery.
    pub added_internal: Vec<String>,
    /// The team's own words that sound punitive.
    pub added_punitive: Vec<String>,
}

/// A rollback that staff have not been told of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackNoticeView {
    /// The phase it goes back to, wire name.
    pub to: String,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// Whether its notice is what is being written for staff.
    pub open: bool,
}

/// Which part of a text is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum CopyPart {
    /// The subject line.
    Subject,
    /// The body.
    Body,
    /// Subject, an empty line, body.
    Both,
}

/// As what a text is saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum FileFormat {
    /// Plain text.
    Txt,
    /// Markdown.
    Md,
    /// A mail draft.
    Eml,
}

impl FileFormat {
    /// The format that a file's name asks for.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "txt" => Some(Self::Txt),
            "md" => Some(Self::Md),
            "eml" => Some(Self::Eml),
            _ => None,
        }
    }

    /// How the names of its files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Txt => "txt",
            Self::Md => "md",
            Self::Eml => "eml",
        }
    }
}

/// Where a text was sent, as a person says it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SentDraft {
    /// The text's id.
    pub id: String,
    /// Where.
    pub place: String,
    /// When, `2026-11-25T14:02` by the team's clock; now where not given.
    pub at: Option<String>,
    /// By whom; the operator where not given.
    pub by: Option<String>,
}

/// A warning to waive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct WaiveDraft {
    /// In which text.
    pub audience: AudienceView,
    /// What the warning is about.
    pub code: String,
    /// In which part.
    pub part: PartView,
    /// What stands there, as the finding repeats it.
    pub found: String,
    /// Why the text may go out all the same; empty takes the waiver back.
    pub reason: String,
}
