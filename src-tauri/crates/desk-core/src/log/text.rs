//! The runbook's text template, to the letter.

use super::{Field, Sheet};
use std::fmt::Write as _;

/// How far a further line of a field is indented.
pub(super) const INDENT: usize = 4;

/// An entry in the runbook's own block, line by line. A field's further lines are indented. Notes, tags and lessons have no
/// place in it: Markdown and JSON have them.
pub fn text(sheet: &Sheet) -> String {
    let mut block = String::new();
    let mut heading = None;
    for field in Field::ALL.into_iter().filter(|field| field.is_of_the_form()) {
        if field.heading() != heading {
            heading = field.heading();
            if let Some(words) = heading {
                let _ = write!(block, "\n{words}:\n");
            }
        }
        if field == Field::PhasePromoted {
            block.push('\n');
        }
        if heading.is_some() {
            block.push_str("- ");
        }
        let _ = write!(block, "{}:", field.label());
        for (number, line) in sheet
            .get(&field)
            .map(String::as_str)
            .unwrap_or_default()
            .lines()
            .enumerate()
        {
            if number == 0 {
                let _ = write!(block, " {line}");
            } else {
                let _ = write!(block, "\n{:INDENT$}{line}", "");
            }
        }
        block.push('\n');
    }
    block
}
