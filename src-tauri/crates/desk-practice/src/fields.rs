//! Reading a request's body field by field, with the portal's own wording when a field is wrong.
//!
//! A handler asks for its fields in the portal's order; the first that is wrong ends the call. An optional field may be
//! absent or `null`, which mean the same unless a route says otherwise. Lengths count UTF-16 units, as the portal does.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// The fields of a JSON object body. Fields nobody asks for are ignored.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// The body's fields; anything but an object is refused.
    pub fn of(body: Value) -> Result<Self, Refusal> {
        match body {
            Value::Object(fields) => Ok(Self(fields)),
            other => Err(wrong_type("object", Some(&other))),
        }
    }

    /// Whether the field was sent at all, `null` included.
    pub fn sent(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The field, unless it is absent or `null`.
    fn given(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that must be there.
    pub fn required_text(&self, name: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
        let Some(Value::String(text)) = self.0.get(name) else {
            return Err(wrong_type("string", self.0.get(name)));
        };
        text_within(text, length)
    }

    /// A text that may be there.
    pub fn text(&self, name: &str, length: RangeInclusive<usize>) -> Result<Option<String>, Refusal> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::String(text)) => text_within(text, length).map(Some),
            Some(other) => Err(wrong_type("string", Some(other))),
        }
    }

    /// A list of texts that may be there: at most `most` of at most `length` each.
    pub fn texts(&self, name: &str, most: usize, length: usize) -> Result<Option<Vec<String>>, Refusal> {
        let Some(value) = self.given(name) else {
            return Ok(None);
        };
        let Value::Array(entries) = value else {
            return Err(wrong_type("array", Some(value)));
        };
        if entries.len() > most {
            return Err(Refusal::invalid(format!(
                "Too big: expected array to have <={most} items"
            )));
        }
        entries
            .iter()
            .map(|entry| match entry {
                Value::String(text) => text_within(text, 0..=length),
                other => Err(wrong_type("string", Some(other))),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A whole number that must be there.
    pub fn required_int(&self, name: &str, range: RangeInclusive<i64>) -> Result<i64, Refusal> {
        match self.0.get(name) {
            Some(value) => int_within(value, &range),
            None => Err(wrong_type("number", None)),
        }
    }

    /// A whole number that may be there.
    pub fn int(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, Refusal> {
        self.given(name)
            .map(|value| int_within(value, &range))
            .transpose()
    }

    /// Yes or no, which must be there.
    pub fn required_flag(&self, name: &str) -> Result<bool, Refusal> {
        let value = self.0.get(name);
        value
            .and_then(Value::as_bool)
            .ok_or_else(|| wrong_type("boolean", value))
    }

    /// Yes or no, which may be there.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(wrong_type("boolean", Some(other))),
        }
    }

    /// One of a few words, which must be there.
    pub fn required_word(&self, name: &str, words: &[&'static str]) -> Result<&'static str, Refusal> {
        self.word(name, words)?.ok_or_else(|| wrong_word(words))
    }

    /// One of a few words, which may be there.
    pub fn word(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
        let Some(value) = self.given(name) else {
            return Ok(None);
        };
        words
            .iter()
            .copied()
            .find(|word| value.as_str() == Some(word))
            .map(Some)
            .ok_or_else(|| wrong_word(words))
    }
}

fn text_within(text: &str, length: RangeInclusive<usize>) -> Result<String, Refusal> {
    let units = text.encode_utf16().count();
    if units < *length.start() {
        let least = length.start();
        return Err(Refusal::invalid(format!(
            "Too small: expected string to have >={least} characters"
        )));
    }
    if units > *length.end() {
        let most = length.end();
        return Err(Refusal::invalid(format!(
            "Too big: expected string to have <={most} characters"
        )));
    }
    Ok(text.to_owned())
}

fn int_within(value: &Value, range: &RangeInclusive<i64>) -> Result<i64, Refusal> {
    if !value.is_number() {
        return Err(wrong_type("number", Some(value)));
    }
    let number = whole(value).ok_or_else(|| wrong_type("int", Some(value)))?;
    if number < *range.start() {
        let least = range.start();
        return Err(Refusal::invalid(format!(
            "Too small: expected number to be >={least}"
        )));
    }
    if number > *range.end() {
        let most = range.end();
        return Err(Refusal::invalid(format!(
            "Too big: expected number to be <={most}"
        )));
    }
    Ok(number)
}

/// The value as a whole number; `5.0` is one too, as in the portal's language.
fn whole(value: &Value) -> Option<i64> {
    const SAFE: f64 = 9_007_199_254_740_991.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64()?;
        #[allow(clippy::cast_possible_truncation)] // whole and within the range a double holds exactly
        (number.fract() == 0.0 && number.abs() <= SAFE).then_some(number as i64)
    })
}

fn wrong_type(expected: &str, received: Option<&Value>) -> Refusal {
    let received = match received {
        None => "undefined",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "boolean",
        Some(Value::Number(_)) => "number",
        Some(Value::String(_)) => "string",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
    };
    Refusal::invalid(format!("Invalid input: expected {expected}, received {received}"))
}

fn wrong_word(words: &[&str]) -> Refusal {
    let options: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    Refusal::invalid(format!("Invalid option: expected one of {}", options.join("|")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(body: Value) -> Fields {
        Fields::of(body).unwrap()
    }

    #[test]
    fn each_wrong_field_is_worded_as_the_portal_words_it() {
        let body = fields(
            json!({ "n": 3.5, "s": "5", "word": "x", "long": "🏺🏺", "list": ["a", "b"], "null": null }),
        );
        let message = |refusal: Refusal| refusal.message;
        assert_eq!(
            body.int("n", 0..=9).map_err(message),
            Err("Invalid input: expected int, received number".into())
        );
        assert_eq!(
            body.int("s", 0..=9).map_err(message),
            Err("Invalid input: expected number, received string".into())
        );
        assert_eq!(
            body.required_text("absent", 1..=9).map_err(message),
            Err("Invalid input: expected string, received undefined".into())
        );
        assert_eq!(
            body.required_text("null", 1..=9).map_err(message),
            Err("Invalid input: expected string, received null".into())
        );
        assert_eq!(
            body.text("long", 0..=3).map_err(message),
            Err("Too big: expected string to have <=3 characters".into())
        );
        assert_eq!(
            body.word("word", &["a", "b"]).map_err(message),
            Err("Invalid option: expected one of \"a\"|\"b\"".into())
        );
        assert_eq!(
            body.texts("list", 1, 9).map_err(message),
            Err("Too big: expected array to have <=1 items".into())
        );
        assert_eq!(
            Fields::of(json!([])).map(|_| ()).map_err(message),
            Err("Invalid input: expected object, received array".into())
        );
    }

    #[test]
    fn null_is_as_good_as_absent_for_an_optional_field() {
        let body = fields(json!({ "null": null, "five": 5.0 }));
        assert_eq!(body.text("null", 1..=9), Ok(None));
        assert_eq!(body.int("null", 1..=9), Ok(None));
        assert!(body.sent("null") && !body.sent("absent"));
        assert_eq!(body.int("five", 1..=9), Ok(Some(5)));
    }
}
