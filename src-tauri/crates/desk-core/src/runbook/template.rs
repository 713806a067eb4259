//! The texts of an announcement, and the places in them that facts fill.

/// A text with places to fill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// The subject line.
    pub subject: String,
    /// The body, lines ended by a line feed.
    pub body: String,
}

/// A place that a fact fills, written in braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
}

impl Placeholder {
    /// Every placeholder.
    pub const ALL: [Self; 5] = [
        Self::PhaseLabel,
        Self::Timestamp,
        Self::BriefBehaviorDelta,
        Self::NextCheckTime,
        Self::MemberFacingBehaviorSummary,
    ];

    /// Its name, as it stands between the braces.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PhaseLabel => "phase_label",
            Self::Timestamp => "timestamp",
            Self::BriefBehaviorDelta => "brief behavior delta",
            Self::NextCheckTime => "next_check_time",
            Self::MemberFacingBehaviorSummary => "member-facing behavior summary",
        }
    }

    /// The placeholder with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|placeholder| placeholder.name() == name)
    }
}

/// What is wrong with a text's braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadBrace {
    /// The text from the brace on, as far as it matters: `{phase_labl}`.
    pub found: String,
    /// What is wrong.
    pub message: String,
}

/// The placeholders of a text, in order.
pub(super) fn placeholders(text: &str) -> Result<Vec<Placeholder>, BadBrace> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let from_brace = &rest[at..];
        let bad = |found: &str, message: String| BadBrace {
            found: found.to_owned(),
            message,
        };
        let Some(inside) = from_brace.strip_prefix('{') else {
            return Err(bad("}", "a `}` without its `{`".to_owned()));
        };
        // The name ends at the first brace or at the line's end, whichever comes first.
        let end = inside.find(['{', '}', '\n']).unwrap_or(inside.len());
        let name = &inside[..end];
        let Some(after) = inside[end..].strip_prefix('}') else {
            return Err(bad(&from_brace[..=end], "a `{` without its `}`".to_owned()));
        };
        let Some(placeholder) = Placeholder::from_name(name) else {
            let known = Placeholder::ALL
                .map(|known| format!("{{{}}}", known.name()))
                .join(", ");
            return Err(bad(
                &from_brace[..end + 2],
                format!("unknown placeholder `{{{name}}}`, known are {known}"),
            ));
        };
        found.push(placeholder);
        rest = after;
    }
    Ok(found)
}
