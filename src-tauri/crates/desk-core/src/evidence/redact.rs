//! Taking out what must not leave the desk: bearer tokens, API keys and e-mail addresses.

use regex::Regex;
use std::{borrow::Cow, sync::LazyLock};

/// What is looked for, and what stands in its place.
static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        (
            r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
            "[token removed]",
        ),
        (r"(?i)\bbearer\s+[A-Za-z0-9._~+/=-]{8,}", "Bearer [token removed]"),
        (r"AIza[A-Za-z0-9_-]{30,}", "[API key removed]"),
        (
            r#"(?i)\b(api[-_ ]?key["']?\s*[:=]\s*["']?)[A-Za-z0-9_-]{8,}"#,
            "${1}[API key removed]",
        ),
        // Names and hosts may be in any script; a URL writes the sign between them as %40.
        (
            r#"(?:"[^"\r\n]{1,64}"|[\w.%+'-]+)(?:[@＠]|%40)(?:[\w-]+[.。．｡])+(?:xn--[\w-]+|[^\W\d_]{2,})"#,
            "[e-mail address removed]",
        ),
    ]
    .into_iter()
    .filter_map(|(pattern, instead)| Some((Regex::new(pattern).ok()?, instead)))
    .collect()
});

/// The text without them.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for (pattern, instead) in &*PATTERNS {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *instead) {
            text = Cow::Owned(changed);
        }
    }
    text
}

/// Takes them out of every text in a JSON value, and says whether there was one. Texts are looked at before they are
/// written as JSON: an escape beside an address would become part of it.
pub fn redact_json(value: &mut serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => match redact(text) {
            Cow::Owned(changed) => {
                *text = changed;
                true
            }
            Cow::Borrowed(_) => false,
        },
        // Every one is looked at, also after the first that had something.
        Value::Array(values) => values.iter_mut().map(redact_json).filter(|any| *any).count() > 0,
        Value::Object(fields) => fields.values_mut().map(redact_json).filter(|any| *any).count() > 0,
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), 5);
    }

    #[test]
    fn tokens_keys_and_addresses_go_and_everything_else_stays() {
        let jwt = format!("eyJhbGciOiJub25lIn0.{}.c2ln", "a".repeat(20));
        let key = format!("AIza{}", "Q".repeat(35));
        let cases = [
            (
                format!("sent {jwt} twice"),
                "sent [token removed] twice".to_owned(),
            ),
            (
                "Authorization: Bearer abc.DEF-123_456".to_owned(),
                "Authorization: Bearer [token removed]".to_owned(),
            ),
            (format!("?key={key}"), "?key=[API key removed]".to_owned()),
            (
                "apiKey: \"s3cret-key-12\"".to_owned(),
                "apiKey: \"[API key removed]\"".to_owned(),
            ),
            (
                "ask zoe.o'neil+x@mail.example.org, please".to_owned(),
                "ask [e-mail address removed], please".to_owned(),
            ),
        ];
        for (text, without) in cases {
            assert_eq!(redact(&text), without);
        }
        for address in [
            "zoë@example.org",
            "zoe@bücher.example",
            "юля@пример.рф",
            "ana@xn--bcher-kva.xn--p1ai",
            "zoe\u{308}@example.org",
            "\"zoë of the desk\"@example.org",
            "zoe%40example.org",
        ] {
            let text = format!("by {address}, today");
            assert_eq!(redact(&text), "by [e-mail address removed], today", "{address}");
        }
        for text in [
            "mended @1.2.30, staff@desk-2",
            "staff_ana set phase_2_member_writes @ 14:02",
            "request 0197c2a0-7c5e-7b1e, the bearer of news, an API key",
            "library.rollout.set*1",
        ] {
            assert!(matches!(redact(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn an_escape_beside_an_address_survives() {
        let mut value = serde_json::json!({ "note": ["first\nana@example.org", 1], "other": null });
        assert!(redact_json(&mut value));
        assert_eq!(
            value.to_string(),
            r#"{"note":["first\n[e-mail address removed]",1],"other":null}"#
        );
        assert!(!redact_json(&mut value));
    }
}
