//! Texts from elsewhere, cut to a length that can be kept and shown.

/// The most characters of a message that is kept.
pub(crate) const MESSAGE: usize = 1_000;
/// The most characters of a code or reason that is kept.
pub(crate) const CODE: usize = 100;

/// The first `limit` characters of `text`, without control characters.
pub(crate) fn cut(text: &str, limit: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(limit).collect()
}

/// What stands where a token was struck. It needs no escaping in JSON.
const STRUCK: &[u8] = b"(struck)";
/// So many bytes of a token are recognised as its beginning. No real token is shorter, and a word sent in place of
/// one, to see what the portal does with it, must not be torn out of the reply's own words.
const BEGINNING: usize = 12;

/// `bytes` without `token`, also where only its beginning is repeated; none when it is not in there.
pub(crate) fn strike(bytes: &[u8], token: &[u8]) -> Option<Vec<u8>> {
    let beginning = token.get(..BEGINNING)?;
    let next = |rest: &[u8]| rest.windows(BEGINNING).position(|window| window == beginning);
    let mut rest = bytes;
    let mut struck = Vec::new();
    while let Some(at) = next(rest) {
        let repeated = rest[at..]
            .iter()
            .zip(token)
            .take_while(|(one, other)| one == other);
        let length = repeated.count();
        struck.extend_from_slice(&rest[..at]);
        struck.extend_from_slice(STRUCK);
        rest = &rest[at + length..];
    }
    if struck.is_empty() {
        return None;
    }
    struck.extend_from_slice(rest);
    Some(struck)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_struck_whole_and_in_part() {
        let token = b"eyJhbGciOiJSUzI1NiJ9.payload.signature";
        let struck =
            |text: &str| strike(text.as_bytes(), token).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(
            struck("the token eyJhbGciOiJSUzI1NiJ9.payload.signature, and eyJhbGciOiJSUzI1NiJ9.pay…")
                .as_deref(),
            Some("the token (struck), and (struck)…")
        );
        assert_eq!(struck("no token, only its eyJhbGci"), None);
        assert_eq!(strike(b"bad token", b"token"), None, "a word is no token");
        assert_eq!(strike(b"anything", b""), None);
    }

    #[test]
    fn a_text_is_cut_at_characters_and_keeps_no_control_characters() {
        assert_eq!(cut("Zoë\r\n\u{1b}[31m", 100), "Zoë[31m");
        assert_eq!(cut("ëëëë", 2), "ëë");
    }
}
