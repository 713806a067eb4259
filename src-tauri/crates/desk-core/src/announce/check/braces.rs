//! Braces that were left: a placeholder without its fact, a misspelt or unknown one, a stray brace, a lookalike.

use super::{Code, Context, Findings, Fix};
use crate::announce::{Draft, Facts, Part, Placeholder, says_nothing};
use std::ops::Range;

const OPENING: [char; 9] = [
    '{', '\u{ff5b}', '\u{2774}', '\u{2983}', '\u{fe5b}', '\u{fe37}', '\u{23a7}', '\u{23a8}', '\u{23a9}',
];
const CLOSING: [char; 9] = [
    '}', '\u{ff5d}', '\u{2775}', '\u{2984}', '\u{fe5c}', '\u{fe38}', '\u{23ab}', '\u{23ac}', '\u{23ad}',
];
/// The longest name that is looked at for a likeness.
const LONGEST_NAME: usize = 80;

pub(super) fn check(draft: &Draft, context: &Context<'_>, findings: &mut Findings<'_>) {
    let newest = draft.facts().renewed(context.newest);
    // The template's own first: of two names alike, the one meant is rather one that belongs here.
    let mut known: Vec<Placeholder> = draft.template().placeholders().into_iter().cloned().collect();
    known.extend(
        Placeholder::KNOWN
            .into_iter()
            .filter(|other| !draft.template().uses(other)),
    );
    for part in Part::ALL {
        let text = findings.text.part(part);
        let mut at = 0;
        while let Some(found) = text[at..].find(is_brace) {
            let start = at + found;
            let brace = Brace::at(text, start);
            at = brace.range.end;
            let (code, words, fix) = brace.judge(&known, &newest);
            if !findings.enough(code, part) {
                findings.add(code, part, brace.range, words, fix);
            }
        }
    }
}

fn is_brace(character: char) -> bool {
    OPENING.contains(&character) || CLOSING.contains(&character)
}

/// A brace with what it encloses, if it encloses something on its line.
struct Brace<'a> {
    text: &'a str,
    range: Range<usize>,
    name: Option<&'a str>,
}

impl<'a> Brace<'a> {
    fn at(text: &'a str, start: usize) -> Self {
        let mut inside = text[start..].chars();
        let first = inside.next().unwrap_or('{');
        let after = start + first.len_utf8();
        let stop = text[after..].find(|character| character == '\n' || is_brace(character));
        let closing = stop.and_then(|stop| text[after + stop..].chars().next());
        match (OPENING.contains(&first), stop, closing) {
            (true, Some(stop), Some(closing)) if CLOSING.contains(&closing) => Self {
                text,
                range: start..after + stop + closing.len_utf8(),
                name: Some(text[after..after + stop].trim()),
            },
            _ => Self {
                text,
                range: start..after,
                name: None,
            },
        }
    }

    /// What is wrong with it, and what would mend it.
    fn judge(&self, known: &[Placeholder], newest: &Facts) -> (Code, String, Fix) {
        let found = &self.text[self.range.clone()];
        let plain = |character: char| matches!(character, '{' | '}') || !is_brace(character);
        let lookalike = !found.chars().all(plain);
        let Some(name) = self.name else {
            let code = if lookalike {
                Code::BraceLookalike
            } else {
                Code::BraceLeft
            };
            let words = format!("A `{found}` is left over: nobody can tell what should stand here.");
            return (code, words, Fix::replace(&self.range, ""));
        };
        if says_nothing(name) {
            let words = format!("`{found}` is an empty placeholder.");
            return (Code::PlaceholderBlank, words, Fix::replace(&self.range, ""));
        }
        let meant = known.iter().find(|known| known.name() == name);
        let close = meant.or_else(|| known.iter().find(|known| alike(known.name(), name)));
        let fix = close.map_or_else(
            || Fix::instruct(format!("Write what `{found}` stands for, or remove it.")),
            |placeholder| self.filling(placeholder, newest),
        );
        match (meant, close) {
            _ if lookalike => {
                let words = format!("`{found}` has characters that only look like braces.");
                (Code::BraceLookalike, words, fix)
            }
            (Some(placeholder), _) => {
                let words = format!("`{found}` is not filled: {} is missing.", placeholder.meaning());
                (Code::PlaceholderUnfilled, words, fix)
            }
            (None, Some(placeholder)) => {
                let words = format!(
                    "`{found}` is no placeholder; did you mean `{}`?",
                    placeholder.braced()
                );
                (Code::PlaceholderMisspelt, words, fix)
            }
            (None, None) => {
                let words = format!("`{found}` is no placeholder that the desk knows.");
                (Code::PlaceholderUnknown, words, fix)
            }
        }
    }

    fn filling(&self, placeholder: &Placeholder, newest: &Facts) -> Fix {
        match newest.written(placeholder) {
            Some(written) if !says_nothing(&written) => Fix::replace(&self.range, written),
            _ => Fix::instruct(format!("Set the fact: {}.", placeholder.meaning())),
        }
    }
}

/// Whether a name is another one misspelt: told apart by case, by what joins its parts, or by a letter in four.
fn alike(known: &str, name: &str) -> bool {
    if name.chars().count() > LONGEST_NAME {
        return false;
    }
    let plain = |name: &str| -> String {
        name.chars()
            .filter(|character| character.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    };
    let (known, name) = (plain(known), plain(name));
    let allowed = (known.chars().count() / 4).max(1);
    strsim::damerau_levenshtein(&known, &name) <= allowed
}
