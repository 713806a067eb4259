//! From a template and facts to a text, knowing which stretch came from which fact.

use super::{Facts, Part, Placeholder, Template, Text, template::Piece};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// A filled template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The subject line.
    pub subject: FilledPart,
    /// The body.
    pub body: FilledPart,
}

impl Filled {
    /// One of its parts.
    pub const fn part(&self, part: Part) -> &FilledPart {
        match part {
            Part::Subject => &self.subject,
            Part::Body => &self.body,
        }
    }

    /// Its subject and body.
    pub fn text(&self) -> Text<'_> {
        Text {
            subject: &self.subject.text,
            body: &self.body.text,
        }
    }
}

/// A part of a filled template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilledPart {
    /// The text.
    pub text: String,
    /// The stretches that facts filled, in order.
    pub spans: Vec<FactSpan>,
}

/// A stretch that a fact fills.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FactSpan {
    /// Which fact.
    pub placeholder: Placeholder,
    /// Where, in bytes of the part.
    pub range: Range<usize>,
    /// Whether the fact's own words stand there: not the placeholder for want of the fact, and not a person's edit.
    pub filled: bool,
}

/// Fills a template. A placeholder without its fact stays as it is, so that nobody can miss it; a fact's own braces are
/// not filled again.
pub fn fill(template: &Template, facts: &Facts) -> Filled {
    Filled {
        subject: fill_part(template.pieces(Part::Subject), facts),
        body: fill_part(template.pieces(Part::Body), facts),
    }
}

fn fill_part(pieces: &[Piece], facts: &Facts) -> FilledPart {
    let mut text = String::new();
    let mut spans = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Words(words) => text.push_str(words),
            Piece::Place(placeholder) => {
                let start = text.len();
                let written = facts.written(placeholder);
                text.push_str(written.as_deref().unwrap_or(&placeholder.braced()));
                spans.push(FactSpan {
                    placeholder: placeholder.clone(),
                    range: start..text.len(),
                    filled: written.is_some(),
                });
            }
        }
    }
    FilledPart { text, spans }
}
