//! Request bodies as the portal's framework reads them, before it looks at anything else.

use axum::http::StatusCode;
use serde_json::{Map, Value};

/// The body as a value, or the status of the framework's own HTML page.
///
/// JSON must be an object or an array; a form becomes an object of texts; plain text stays a text; an empty body and
/// anything else become an empty object.
pub fn parse(content_type: Option<&str>, body: &[u8]) -> Result<Value, StatusCode> {
    let mut parts = content_type.unwrap_or_default().split(';');
    let media_type = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
    let charset = parts
        .filter_map(|parameter| parameter.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim_matches('"').to_ascii_lowercase());
    let nothing = || Value::Object(Map::new());
    if body.is_empty() {
        return Ok(nothing());
    }
    match media_type.as_str() {
        "application/json" => {
            if charset.is_some_and(|charset| !charset.starts_with("utf-")) {
                return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
            }
            match serde_json::from_slice(body) {
                Ok(value @ (Value::Object(_) | Value::Array(_))) => Ok(value),
                Ok(_) | Err(_) => Err(StatusCode::BAD_REQUEST),
            }
        }
        "application/x-www-form-urlencoded" => Ok(Value::Object(
            form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect(),
        )),
        "text/plain" => Ok(Value::String(String::from_utf8_lossy(body).into_owned())),
        _ => Ok(nothing()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_body_is_read_by_its_content_type() {
        let json = Some("application/json; charset=UTF-8");
        assert_eq!(parse(json, b""), Ok(json!({})));
        assert_eq!(parse(json, b"[1]"), Ok(json!([1])));
        assert_eq!(parse(json, b"null"), Err(StatusCode::BAD_REQUEST));
        assert_eq!(parse(json, b"{"), Err(StatusCode::BAD_REQUEST));
        assert_eq!(
            parse(Some("application/json; charset=latin1"), b"{}"),
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        );
        assert_eq!(
            parse(Some("application/x-www-form-urlencoded"), b"a=b+c"),
            Ok(json!({ "a": "b c" }))
        );
        assert_eq!(parse(Some("text/plain"), b"{}"), Ok(json!("{}")));
        assert_eq!(parse(None, b"{\"a\":1}"), Ok(json!({})));
    }
}
