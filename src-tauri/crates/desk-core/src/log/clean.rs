//! What was typed, as it is kept.

/// A text without control characters, with plain line feeds, without blanks at its ends. Its words stay as they are, and
/// apart: what Word and others put between two lines of a paragraph or two pages is a line feed too.
pub fn clean(text: &str) -> String {
    let plain = |character| match character {
        '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\n' | '\t' => Some(character),
        _ => (!character.is_control()).then_some(character),
    };
    let kept: String = text.replace("\r\n", "\n").chars().filter_map(plain).collect();
    let lines: Vec<&str> = kept.lines().map(str::trim_end).collect();
    lines.join("\n").trim().to_owned()
}
