//! A refusal as the portal words it: status, code, message, details.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// Why a call was not carried out; becomes the failure envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
    /// `null` or an object, usually with a `reasonCode`.
    pub details: Value,
    /// Milliseconds to wait, for the `Retry-After` header.
    pub retry_after_ms: Option<i64>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            details: Value::Null,
            retry_after_ms: None,
        }
    }

    pub fn unauthenticated(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message)
    }

    pub fn forbidden(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    pub fn rollout_blocked(message: String, details: Value) -> Self {
        Self {
            details,
            ..Self::new(StatusCode::FORBIDDEN, "LIBRARY_ROLLOUT_BLOCKED", message)
        }
    }

    pub fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub fn unknown_route(path: &str) -> Self {
        Self {
            details: json!({ "route": path }),
            ..Self::not_found("Unknown route")
        }
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "INVALID_ARGUMENT", message)
    }

    pub fn use_post() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "INVALID_ARGUMENT", "Use POST")
    }

    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    pub fn failed_precondition(message: &str) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "FAILED_PRECONDITION", message)
    }

    pub fn rate_limited(wait_ms: i64) -> Self {
        Self {
            details: json!({ "retryAfterMs": wait_ms }),
            retry_after_ms: Some(wait_ms),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "Too many requests")
        }
    }

    pub fn internal(cause: &str) -> Self {
        Self {
            details: json!({ "message": cause }),
            ..Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Request failed")
        }
    }

    /// The same refusal with `details.reasonCode`.
    pub fn reason(self, reason: &str) -> Self {
        self.detail("reasonCode", reason)
    }

    /// The same refusal with one more entry in `details`.
    pub fn detail(mut self, key: &str, value: &str) -> Self {
        match &mut self.details {
            Value::Object(details) => {
                details.insert(key.to_owned(), value.into());
            }
            _ => self.details = json!({ key: value }),
        }
        self
    }
}

/// What the database could not do is the portal's own failure, and is said in the log too.
impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        tracing::error!(%error, "the practice portal's database failed");
        Self::internal(&error.to_string())
    }
}
