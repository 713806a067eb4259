//! Texts from elsewhere, cut to a length that can be kept and shown.

/// The most characters of a message that is kept.
pub(crate) const MESSAGE: usize = 1_000;
/// The most characters of a code or reason that is kept.
pub(crate) const CODE: usize = 100;

/// The first `limit` characters of `text`, without control characters.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(limit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_characters_and_keeps_no_control_characters() {
        assert_eq!(cut("Zoë\r\n\u{1b}[31m", 100), "Zoë[31m");
        assert_eq!(cut("ëëëë", 2), "ëë");
    }
}
