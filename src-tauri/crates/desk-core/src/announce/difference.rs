//! What is different between two texts, for a person to see.

use serde::{Deserialize, Serialize};
use similar::{ChangeTag, TextDiff};

/// A line of a difference view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DifferenceLine {
    /// In which of the texts it stands.
    pub kind: LineKind,
    /// Its stretches, in order; without the line end.
    pub runs: Vec<Run>,
}

/// In which text a line stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineKind {
    /// In both.
    Same,
    /// In the one before only.
    Removed,
    /// In the present one only.
    Added,
}

/// A stretch of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// The text.
    pub text: String,
    /// Whether this is what differs from the line's counterpart.
    pub changed: bool,
}

/// The lines of both texts, with the words that differ marked where a line has a counterpart.
pub fn difference(before: &str, after: &str) -> Vec<DifferenceLine> {
    TextDiff::from_lines(before, after)
        .iter_all_inline_changes_deadline(None)
        .map(|change| DifferenceLine {
            kind: match change.tag() {
                ChangeTag::Equal => LineKind::Same,
                ChangeTag::Delete => LineKind::Removed,
                ChangeTag::Insert => LineKind::Added,
            },
            runs: change
                .values()
                .iter()
                .map(|(changed, text)| Run {
                    text: text.trim_end_matches(['\n', '\r']).to_owned(),
                    changed: *changed,
                })
                .filter(|run| !run.text.is_empty())
                .collect(),
        })
        .collect()
}
