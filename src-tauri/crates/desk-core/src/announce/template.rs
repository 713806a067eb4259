//! Templates: a subject and a body with places in braces. The braces are read by `leon`, whose names may have spaces.

use super::{Audience, Part, Text, says_nothing, with_line_feeds};
use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Range;

const LONGEST_NAME: usize = 60;

/// A place that a fact fills, written in braces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Placeholder {
    /// `{phase_label}`: the label of the phase in force.
    PhaseLabel,
    /// `{timestamp}`: when it was set.
    Timestamp,
    /// `{brief behavior delta}`: what is different now.
    BriefBehaviorDelta,
    /// `{next_check_time}`: when the gates are looked at next.
    NextCheckTime,
    /// `{member-facing behavior summary}`: what members can do now.
    MemberFacingBehaviorSummary,
    /// `{incident_id}`: the incident that a rollback answers.
    IncidentId,
    /// One that a template declares itself; a person types what stands there.
    Custom(String),
}

impl Placeholder {
    /// Those that the desk knows.
    pub const KNOWN: [Self; 6] = [
        Self::PhaseLabel,
        Self::Timestamp,
        Self::BriefBehaviorDelta,
        Self::NextCheckTime,
        Self::MemberFacingBehaviorSummary,
        Self::IncidentId,
    ];

    /// Its name, as it stands between the braces.
    pub fn name(&self) -> &str {
        match self {
            Self::PhaseLabel => "phase_label",
            Self::Timestamp => "timestamp",
            Self::BriefBehaviorDelta => "brief behavior delta",
            Self::NextCheckTime => "next_check_time",
            Self::MemberFacingBehaviorSummary => "member-facing behavior summary",
            Self::IncidentId => "incident_id",
            Self::Custom(name) => name,
        }
    }

    /// What stands there, for people: `the phase's label`.
    pub fn meaning(&self) -> &str {
        match self {
            Self::PhaseLabel => "the phase's label",
            Self::Timestamp => "the time of the phase change",
            Self::BriefBehaviorDelta => "the change in behaviour",
            Self::NextCheckTime => "the next gate review",
            Self::MemberFacingBehaviorSummary => "what members can do now",
            Self::IncidentId => "the incident id",
            Self::Custom(name) => name,
        }
    }

    /// Whether its fact is a time.
    pub const fn is_time(&self) -> bool {
        matches!(self, Self::Timestamp | Self::NextCheckTime)
    }

    /// As it stands in a template: `{timestamp}`.
    pub fn braced(&self) -> String {
        format!("{{{}}}", self.name())
    }
}

impl From<String> for Placeholder {
    fn from(name: String) -> Self {
        Self::KNOWN
            .into_iter()
            .find(|known| known.name() == name)
            .unwrap_or(Self::Custom(name))
    }
}

impl From<Placeholder> for String {
    fn from(placeholder: Placeholder) -> Self {
        placeholder.name().to_owned()
    }
}

/// A template as it is written and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateText {
    /// Its name in records and on the command line.
    pub id: String,
    /// What people call it: `Rollback notice`.
    pub name: String,
    /// For whom its texts are.
    pub audience: Audience,
    /// Counts its versions, from 1.
    pub number: u32,
    /// The subject line.
    pub subject: String,
    /// The body.
    pub body: String,
    /// The names of its own placeholders, beyond those that the desk knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub placeholders: Vec<String>,
}

/// A template whose braces are right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TemplateText", into = "TemplateText")]
pub struct Template {
    text: TemplateText,
    subject: Vec<Piece>,
    body: Vec<Piece>,
}

/// A stretch of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Words(String),
    Place(Placeholder),
}

/// Which version of which template a text was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateVersion {
    /// The template.
    pub id: String,
    /// The version, from 1.
    pub number: u32,
    /// The SHA-256 of its subject, one line feed and its body, lower-case hex.
    pub sha256: String,
}

/// Why a text is no template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the template's {} is wrong: {message}", part.map_or("list of placeholders", Part::word))]
pub struct TemplateError {
    /// In which part; none for the name of an own placeholder.
    pub part: Option<Part>,
    /// Where, in bytes of the part or the name.
    pub range: Range<usize>,
    /// What stands there: `{phase_labl}`.
    pub found: String,
    /// What is wrong with it.
    pub message: String,
}

impl Template {
    /// A template from its text. Line ends become line feeds.
    ///
    /// # Errors
    /// A part that says nothing, a subject of several lines, braces that do not match, an unknown placeholder, or a name
    /// of an own placeholder that cannot be one.
    pub fn new(text: TemplateText) -> Result<Self, TemplateError> {
        let text = TemplateText {
            subject: with_line_feeds(&text.subject),
            body: with_line_feeds(&text.body),
            ..text
        };
        let own = own_names(&text.placeholders)?;
        if let Some(at) = text.subject.find('\n') {
            return Err(wrong(
                Part::Subject,
                &text.subject,
                at..at + 1,
                "a subject is one line",
            ));
        }
        let subject = pieces(Part::Subject, &text.subject, &own)?;
        let body = pieces(Part::Body, &text.body, &own)?;
        Ok(Self { text, subject, body })
    }

    /// The next version, with another subject and body; an older version's to restore it.
    ///
    /// # Errors
    /// As for [`Template::new`].
    pub fn edited(&self, subject: &str, body: &str) -> Result<Self, TemplateError> {
        Self::new(TemplateText {
            number: self.text.number.saturating_add(1),
            subject: subject.to_owned(),
            body: body.to_owned(),
            ..self.text.clone()
        })
    }

    /// Its name in records and on the command line.
    pub fn id(&self) -> &str {
        &self.text.id
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.text.name
    }

    /// For whom its texts are.
    pub const fn audience(&self) -> Audience {
        self.text.audience
    }

    /// Its subject and body, with the braces.
    pub fn text(&self) -> Text<'_> {
        Text {
            subject: &self.text.subject,
            body: &self.text.body,
        }
    }

    /// Which version it is.
    pub fn version(&self) -> TemplateVersion {
        TemplateVersion {
            id: self.text.id.clone(),
            number: self.text.number,
            sha256: self.text().sha256(),
        }
    }

    /// The placeholders that it uses, each once, in the order of reading.
    pub fn placeholders(&self) -> Vec<&Placeholder> {
        let mut seen = BTreeSet::new();
        Part::ALL
            .into_iter()
            .flat_map(|part| self.pieces(part))
            .filter_map(|piece| match piece {
                Piece::Place(placeholder) => Some(placeholder),
                Piece::Words(_) => None,
            })
            .filter(|placeholder| seen.insert(*placeholder))
            .collect()
    }

    /// Whether it uses a placeholder.
    pub fn uses(&self, placeholder: &Placeholder) -> bool {
        self.placeholders().contains(&placeholder)
    }

    pub(super) fn pieces(&self, part: Part) -> &[Piece] {
        match part {
            Part::Subject => &self.subject,
            Part::Body => &self.body,
        }
    }
}

impl TryFrom<TemplateText> for Template {
    type Error = TemplateError;

    fn try_from(text: TemplateText) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<Template> for TemplateText {
    fn from(template: Template) -> Self {
        template.text
    }
}

fn wrong(
    part: impl Into<Option<Part>>,
    text: &str,
    range: Range<usize>,
    message: impl Into<String>,
) -> TemplateError {
    TemplateError {
        part: part.into(),
        found: text.get(range.clone()).unwrap_or_default().to_owned(),
        range,
        message: message.into(),
    }
}

fn own_names(names: &[String]) -> Result<BTreeSet<&str>, TemplateError> {
    let mut own = BTreeSet::new();
    for name in names {
        let usable = |character: char| character.is_alphanumeric() || matches!(character, ' ' | '_' | '-');
        let known = Placeholder::KNOWN.iter().any(|known| known.name() == name);
        let problem = if says_nothing(name) || name.trim() != name || !name.chars().all(usable) {
            Some("letters, numbers, `_`, `-` and spaces between them make a placeholder's name")
        } else if name.chars().count() > LONGEST_NAME {
            Some("a placeholder's name is at most 60 characters long")
        } else if known {
            Some("the desk fills this placeholder itself")
        } else if !own.insert(name.as_str()) {
            Some("this placeholder is declared twice")
        } else {
            None
        };
        if let Some(problem) = problem {
            return Err(wrong(None, name, 0..name.len(), format!("`{name}`: {problem}")));
        }
    }
    Ok(own)
}

fn pieces(part: Part, text: &str, own: &BTreeSet<&str>) -> Result<Vec<Piece>, TemplateError> {
    if says_nothing(text) {
        return Err(wrong(part, text, 0..text.len(), "this text is empty"));
    }
    let parsed = leon::Template::parse(text).map_err(|error| unreadable(part, text, &error))?;
    let mut pieces: Vec<Piece> = Vec::new();
    for item in parsed.items.iter() {
        match item {
            leon::Item::Text(words) => match pieces.last_mut() {
                Some(Piece::Words(before)) => before.push_str(words),
                _ => pieces.push(Piece::Words((*words).to_owned())),
            },
            leon::Item::Key(name) => {
                let placeholder = Placeholder::from((*name).to_owned());
                if matches!(placeholder, Placeholder::Custom(_)) && !own.contains(name) {
                    return Err(unknown(part, text, name, own));
                }
                pieces.push(Piece::Place(placeholder));
            }
        }
    }
    Ok(pieces)
}

/// The library says where; the desk says what in the runbook's words.
fn unreadable(part: Part, text: &str, error: &leon::ParseError) -> TemplateError {
    let label = error.labels().and_then(|mut labels| labels.next());
    let at = label.as_ref().map_or(0, miette::LabeledSpan::offset);
    let culprit = text.get(at..).unwrap_or_default();
    match culprit.chars().next() {
        Some('{') if culprit.contains('}') => {
            let end = at + culprit.find('}').map_or(culprit.len(), |close| close + 1);
            wrong(
                part,
                text,
                at..end,
                "a placeholder needs a name, without a backslash",
            )
        }
        Some('{') => {
            let end = at + culprit.find('\n').unwrap_or(culprit.len());
            wrong(part, text, at..end, "a `{` without its `}`")
        }
        Some('}') => wrong(part, text, at..at + 1, "a `}` without its `{`"),
        _ => {
            let end = at + culprit.chars().take(2).map(char::len_utf8).sum::<usize>();
            wrong(
                part,
                text,
                at..end,
                "write a backslash as `\\\\`, and one before a brace that is no placeholder",
            )
        }
    }
}

fn unknown(part: Part, text: &str, name: &str, own: &BTreeSet<&str>) -> TemplateError {
    let at = text
        .match_indices(name)
        .find_map(|(at, _)| text[..at].trim_end().strip_suffix('{').map(str::len))
        .unwrap_or(0);
    let end = at + text[at..].find('}').map_or(text.len() - at, |close| close + 1);
    if name.contains(['{', '\n']) {
        let end = at + text[at + 1..].find(['{', '\n']).map_or(1, |stop| stop + 1);
        return wrong(part, text, at..end, "a `{` without its `}`");
    }
    let known: Vec<_> = Placeholder::KNOWN
        .iter()
        .map(Placeholder::braced)
        .chain(own.iter().map(|name| format!("{{{name}}}")))
        .collect();
    let message = format!("unknown placeholder `{{{name}}}`, known are {}", known.join(", "));
    wrong(part, text, at..end, message)
}
