//! Finding secrets in what is about to leave, in every form in which a text writes them.

use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use percent_encoding::percent_decode;
use secrecy::{ExposeSecret as _, SecretString};
use std::borrow::Cow;

/// What is shorter would be found by chance.
const SHORTEST: usize = 6;

/// Secrets to look for: as they are, in base64 of both alphabets wherever they begin in it, in hex and as JSON escapes them,
/// each in UTF-8 and in UTF-16 of both orders; with line breaks in between, and percent-encoded.
pub struct Needles(Option<AhoCorasick>);

impl Needles {
    /// The forms of these secrets. One of fewer than six bytes is not looked for: it would be found by chance.
    pub fn new(secrets: &[SecretString]) -> Self {
        let mut forms: Vec<Vec<u8>> = Vec::new();
        for secret in secrets {
            let secret = secret.expose_secret();
            if secret.len() < SHORTEST {
                continue;
            }
            forms.push(secret.as_bytes().to_vec());
            forms.push(hex::encode(secret).into_bytes());
            forms.push(hex::encode_upper(secret).into_bytes());
            if let Ok(json) = serde_json::to_string(secret) {
                forms.push(json.trim_matches('"').as_bytes().to_vec());
                forms.push(json.trim_matches('"').replace('/', "\\/").into_bytes());
            }
            for before in 0..3 {
                let text = [&vec![0; before], secret.as_bytes()].concat();
                // The letters at both ends depend on the neighbours.
                let skip = if before == 0 { 0 } else { before + 1 };
                for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                    let end = encoded.len() - usize::from(text.len() % 3 != 0);
                    forms.push(encoded[skip..end].into());
                }
            }
        }
        let wide: Vec<Vec<u8>> = forms
            .iter()
            .filter_map(|form| std::str::from_utf8(form).ok())
            .flat_map(|text| {
                let units = || text.encode_utf16();
                [
                    units().flat_map(u16::to_le_bytes).collect(),
                    units().flat_map(u16::to_be_bytes).collect(),
                ]
            })
            .collect();
        forms.extend(wide);
        forms.sort_unstable();
        forms.dedup();
        // The forms are far fewer than what the search could not hold; were it otherwise, nothing may leave unsearched.
        Self((!forms.is_empty()).then(|| build(&forms)))
    }

    /// Whether one of them is in these bytes.
    pub fn are_in(&self, bytes: &[u8]) -> bool {
        let Some(search) = &self.0 else {
            return false;
        };
        if search.is_match(bytes) {
            return true;
        }
        let decoded = percent_decode(bytes).into();
        if let Cow::Owned(decoded) = &decoded
            && search.is_match(decoded)
        {
            return true;
        }
        // Mail and PEM break base64 into lines, which JSON writes as escapes.
        if !bytes.iter().any(|byte| matches!(byte, b'\n' | b'\r')) && !bytes.contains(&b'\\') {
            return false;
        }
        search.is_match(&unbroken(bytes))
    }
}

#[expect(
    clippy::expect_used,
    reason = "it fails only beyond two billion states, and then nothing may leave unsearched"
)]
fn build(forms: &[Vec<u8>]) -> AhoCorasick {
    AhoCorasick::new(forms).expect("a few hundred short forms make a search")
}

/// The bytes without line breaks and blanks around them, as they are or as JSON escapes them.
fn unbroken(bytes: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        match (byte, after.first()) {
            (b'\\', Some(b'n' | b'r' | b't')) => rest = &after[1..],
            (b'\n' | b'\r' | b'\t' | b' ', _) => rest = after,
            _ => {
                joined.push(byte);
                rest = after;
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    const SECRET: &str = "s3cr3t/+>?\"Zoë-Canary~9";

    fn needles() -> Needles {
        Needles::new(&[SecretString::from(SECRET), SecretString::from("short")])
    }

    #[test]
    fn a_secret_is_found_in_every_form_wherever_it_begins() {
        let needles = needles();
        for around in ["", "a", "ab", "abc"] {
            let text = format!("{around}{SECRET}{around}");
            let encoded = STANDARD.encode(text.repeat(5));
            let lines: Vec<&str> = (0..encoded.len())
                .step_by(19)
                .map(|at| &encoded[at..encoded.len().min(at + 19)])
                .collect();
            let wrapped = lines.join(
                "
 ",
            );
            let forms = [
                text.clone(),
                STANDARD.encode(&text),
                URL_SAFE.encode(&text),
                hex::encode(&text),
                hex::encode_upper(&text),
                serde_json::to_string(&text).unwrap(),
                utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string(),
                utf8_percent_encode(&text, NON_ALPHANUMERIC)
                    .to_string()
                    .to_lowercase()
                    .replace("canary", "Canary")
                    .replace("zo", "Zo"),
                utf8_percent_encode(&STANDARD.encode(&text), NON_ALPHANUMERIC).to_string(),
                serde_json::to_string(&wrapped).unwrap(),
                wrapped,
            ];
            for form in forms {
                let inside = format!("before {form} after");
                assert!(needles.are_in(inside.as_bytes()), "{inside}");
            }
            for form in [text.clone(), STANDARD.encode(&text), hex::encode(&text)] {
                let inside = format!("before {form} after");
                let little: Vec<u8> = inside.encode_utf16().flat_map(u16::to_le_bytes).collect();
                let big: Vec<u8> = inside.encode_utf16().flat_map(u16::to_be_bytes).collect();
                assert!(
                    needles.are_in(&little) && needles.are_in(&big),
                    "{inside} in UTF-16"
                );
            }
        }
    }

    #[test]
    fn nothing_is_found_where_there_is_none() {
        let needles = needles();
        assert!(!needles.are_in(b"s3cr3t, short and 100% fine\nno canary"));
        assert!(!Needles::new(&[]).are_in(b"anything"));
    }
}
