//! What a person searches for, as FTS5 is asked for it.

/// Words as FTS5 is asked for their beginnings; none where there are none. Quoted, so that nothing in them is an operator.
pub(crate) fn matching(search: &str) -> Option<String> {
    let words: Vec<String> = search
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| format!("\"{word}\" *"))
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}
