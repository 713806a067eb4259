//! Words as they are compared: folded to lower case, wherever they stand and however their parts are joined.

use std::collections::HashMap;
use std::ops::Range;

/// A run of letters and numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) range: Range<usize>,
    pub(super) folded: String,
    /// Whether only spaces, hyphens or underscores stand between the token before and this one.
    joined: bool,
}

/// The tokens of a text, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut open: Option<Token> = None;
    let mut joined = false;
    for (at, character) in text.char_indices() {
        if character.is_alphanumeric() {
            let token = open.get_or_insert_with(|| Token {
                range: at..at,
                folded: String::new(),
                joined,
            });
            token.range.end = at + character.len_utf8();
            token.folded.extend(narrow(character).to_lowercase());
        } else {
            if let Some(token) = open.take() {
                tokens.push(token);
                joined = true;
            }
            joined &= character.is_whitespace() || matches!(character, '_' | '-' | '\u{2010}' | '\u{2011}');
        }
    }
    tokens.extend(open);
    tokens
}

/// A full-width form as its plain one.
fn narrow(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    }
}

/// Phrases to look for.
pub(super) struct Phrases {
    by_first: HashMap<String, Vec<Vec<String>>>,
}

impl Phrases {
    /// Takes each phrase as it is, in the plural, and with its parts written as one word.
    pub(super) fn new<'a>(phrases: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_first: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for phrase in phrases {
            let words: Vec<String> = tokens(phrase).into_iter().map(|token| token.folded).collect();
            let Some(last) = words.last() else { continue };
            let mut plural = words.clone();
            plural.pop();
            plural.push(format!("{last}s"));
            for form in [&words, &plural, &vec![words.concat()], &vec![plural.concat()]] {
                let forms = by_first.entry(form[0].clone()).or_default();
                if !forms.contains(form) {
                    forms.push(form.clone());
                }
            }
        }
        // The longest first, so that a longer phrase is not cut short by one it begins with.
        for forms in by_first.values_mut() {
            forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        }
        Self { by_first }
    }

    /// Where the phrases stand, in order, not overlapping.
    pub(super) fn find(&self, tokens: &[Token]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let length = self
                .by_first
                .get(&tokens[at].folded)
                .and_then(|forms| forms.iter().find(|form| stands_at(form, &tokens[at..])))
                .map(Vec::len);
            if let Some(length) = length {
                found.push(tokens[at].range.start..tokens[at + length - 1].range.end);
            }
            at += length.unwrap_or(1);
        }
        found
    }
}

fn stands_at(words: &[String], tokens: &[Token]) -> bool {
    tokens.len() >= words.len()
        && words
            .iter()
            .zip(tokens)
            .enumerate()
            .all(|(index, (word, token))| token.folded == *word && (index == 0 || token.joined))
}

/// The phase labels of a text by their number of the runbook's list, and `Phase 7` that is in no list.
pub(super) fn labels(tokens: &[Token], known: &[&str]) -> Vec<(Range<usize>, Option<usize>)> {
    const NUMBERS: [(&str, &str); 6] = [
        ("one", "1"),
        ("two", "2"),
        ("three", "3"),
        ("i", "1"),
        ("ii", "2"),
        ("iii", "3"),
    ];
    let known: Vec<Vec<String>> = known
        .iter()
        .map(|label| {
            self::tokens(label)
                .into_iter()
                .map(|token| token.folded)
                .collect()
        })
        .collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let here = &tokens[at..];
        let listed = known
            .iter()
            .enumerate()
            .filter(|(_, label)| !label.is_empty() && stands_at(label, here))
            .max_by_key(|(_, label)| label.len());
        let mut length = 1;
        if let Some((index, label)) = listed {
            length = label.len();
            found.push((here[0].range.start..here[length - 1].range.end, Some(index)));
        } else if let [phase, number, ..] = here
            && phase.folded == "phase"
            && number.joined
        {
            let digits = NUMBERS
                .iter()
                .find(|(word, _)| *word == number.folded)
                .map_or(number.folded.as_str(), |(_, digits)| digits);
            if digits.chars().all(char::is_numeric) {
                let index = known.iter().position(|label| *label == ["phase", digits]);
                length = 2;
                found.push((phase.range.start..number.range.end, index));
            }
        }
        at += length;
    }
    found
}
