//! Characters that nobody sees, and what they hide. Emoji are welcome, with the joiners they are made of.

use super::{Code, Findings, Fix};
use crate::announce::Part;
use std::ops::Range;

const ZERO_WIDTH_JOINER: char = '\u{200d}';
const BLACK_FLAG: char = '\u{1f3f4}';

pub(super) fn check(findings: &mut Findings<'_>) {
    for part in Part::ALL {
        for (code, range) in marks(findings.text.part(part), part) {
            if findings.enough(code, part) {
                continue;
            }
            let mark = findings.text.part(part)[range.clone()]
                .chars()
                .next()
                .map_or(0, u32::from);
            let words = match code {
                Code::BidiMark => format!("A mark (U+{mark:04X}) turns the direction of writing here."),
                Code::Invisible => format!("A character (U+{mark:04X}) that nobody sees stands here."),
                Code::SubjectLines => "A subject is one line.".to_owned(),
                _ => format!("A control character (U+{mark:04X}) stands here."),
            };
            let with = if code == Code::SubjectLines { " " } else { "" };
            let fix = Fix::replace(&range, with);
            findings.add(code, part, range, words, fix);
        }
    }
}

/// The marks of a text; of one kind side by side as one.
fn marks(text: &str, part: Part) -> Vec<(Code, Range<usize>)> {
    let mut found: Vec<(Code, Range<usize>)> = Vec::new();
    // The last character that is not itself a part of an emoji's spelling.
    let mut base = '\0';
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let belongs_to_emoji = match character {
            ZERO_WIDTH_JOINER => is_emoji(base) && next.is_some_and(is_emoji),
            '\u{fe0e}' | '\u{fe0f}' => is_emoji(base) || next == Some('\u{20e3}'),
            '\u{e0020}'..='\u{e007f}' => base == BLACK_FLAG,
            _ => {
                if !matches!(character, '\u{1f3fb}'..='\u{1f3ff}') {
                    base = character;
                }
                false
            }
        };
        let Some(code) = kind(character, part).filter(|_| !belongs_to_emoji) else {
            continue;
        };
        let end = at + character.len_utf8();
        match found.last_mut() {
            Some((last, range)) if *last == code && range.end == at => range.end = end,
            _ => found.push((code, at..end)),
        }
    }
    found
}

fn kind(character: char, part: Part) -> Option<Code> {
    match character {
        '\n' if part == Part::Subject => Some(Code::SubjectLines),
        '\t' if part == Part::Subject => Some(Code::ControlCharacter),
        '\n' | '\t' => None,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(Code::BidiMark)
        }
        '\u{ad}'
        | '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200d}'
        | '\u{2060}'..='\u{2065}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some(Code::Invisible),
        '\u{2028}' | '\u{2029}' | '\u{206a}'..='\u{206f}' | '\u{fff0}'..='\u{ffff}' => {
            Some(Code::ControlCharacter)
        }
        // For private use: what it shows is decided by the reader's fonts.
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Some(Code::ControlCharacter),
        other if other.is_control() => Some(Code::ControlCharacter),
        _ => None,
    }
}

fn is_emoji(character: char) -> bool {
    matches!(
        character,
        '\u{a9}' | '\u{ae}' | '\u{203c}' | '\u{2049}' | '\u{2122}' | '\u{2139}'
            | '\u{2190}'..='\u{21ff}'
            | '\u{2300}'..='\u{23ff}'
            | '\u{24c2}'
            | '\u{25a0}'..='\u{27bf}'
            | '\u{2934}' | '\u{2935}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{3030}' | '\u{303d}' | '\u{3297}' | '\u{3299}'
            | '\u{1f000}'..='\u{1faff}'
    )
}
