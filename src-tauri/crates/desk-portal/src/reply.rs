//! What a reply means. [`classify`] is a pure function of the raw facts, so that every case is a line in a table.

use std::time::Duration;

use desk_core::{Phase, Route};
use serde::Deserialize;
use serde_json::Value;

use crate::SignInError;
use crate::text::{self, cut};
use crate::transport::{Body, Failure, RawReply};

/// How long to wait after a 429 that does not say: the portal's whole window.
const RATE_WINDOW: Duration = Duration::from_secs(60);

/// How a call ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The portal did it; its `data`.
    Ok(Value),
    /// The portal refused, for none of the reasons that have their own variant.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The envelope's `code`.
        code: String,
        /// `details.reasonCode`, where there is one.
        reason: Option<String>,
        /// The portal's message.
        message: String,
        /// The envelope's `details`; null where there are none.
        details: Value,
    },
    /// The rollout phase does not allow the route.
    RolloutBlocked {
        /// The phase in force, as the answering instance sees it; absent when the word is unknown.
        phase: Option<Phase>,
        /// The phase the route needs; absent when the word is unknown.
        required: Option<Phase>,
        /// The portal's message.
        message: String,
    },
    /// There was no token, it was refused, or the account can no longer renew it.
    SignedOut {
        /// The portal's message.
        message: String,
    },
    /// The account lacks the staff claim that the route needs.
    NotStaff {
        /// The portal's message.
        message: String,
    },
    /// Too many calls.
    RateLimited {
        /// How long to wait.
        retry_after: Duration,
    },
    /// Something answered, but not in the portal's envelope.
    NotEnvelope {
        /// What came instead.
        kind: NotEnvelopeKind,
        /// The HTTP status.
        status: u16,
    },
    /// The portal did it, but its `data` does not fit the route's type. Only typed calls end so.
    BadReply {
        /// What does not fit.
        detail: String,
    },
    /// The time ran out after the request may have been sent.
    TimedOut,
    /// The connection broke after the request may have been sent.
    ConnectionLost {
        /// The cause.
        detail: String,
    },
    /// The request was never sent: there was no connection.
    Unreachable {
        /// The cause.
        detail: String,
    },
    /// The request was never sent: no trusted connection could be made.
    Tls {
        /// The cause.
        detail: String,
    },
    /// The request was never sent: the ID token had run out and could not be renewed, although the account was not
    /// signed out.
    NotRenewed {
        /// Why.
        error: SignInError,
    },
}

/// What came instead of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotEnvelopeKind {
    /// A web page, as the hosting platform and the body parser send them.
    Html,
    /// Nothing.
    Empty,
    /// A reply that ended early.
    Truncated,
    /// A content type that is not JSON.
    WrongType,
    /// More than [`MAX_BODY_BYTES`](crate::MAX_BODY_BYTES).
    TooLarge,
    /// A redirect; none is followed.
    Redirect,
    /// A body that says it is JSON and is not.
    NotJson,
    /// JSON that is not the envelope, or contradicts its status.
    WrongShape,
    /// The portal refuses the `Origin`. The desk sends none, so something between it and the portal added one.
    OriginRefused,
}

impl Outcome {
    /// The stable word of each variant, for telemetry.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::Refused { .. } => "refused",
            Self::RolloutBlocked { .. } => "rollout_blocked",
            Self::SignedOut { .. } => "signed_out",
            Self::NotStaff { .. } => "not_staff",
            Self::RateLimited { .. } => "rate_limited",
            Self::NotEnvelope { .. } => "not_envelope",
            Self::BadReply { .. } => "bad_reply",
            Self::TimedOut => "timed_out",
            Self::ConnectionLost { .. } => "connection_lost",
            Self::Unreachable { .. } => "unreachable",
            Self::Tls { .. } => "tls",
            Self::NotRenewed { .. } => "not_renewed",
        }
    }

    /// The portal's code for a refusal.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::RolloutBlocked { .. } => Some(ROLLOUT_BLOCKED),
            Self::SignedOut { .. } => Some(UNAUTHENTICATED),
            Self::NotStaff { .. } => Some(FORBIDDEN),
            Self::RateLimited { .. } => Some(RATE_LIMITED),
            _ => None,
        }
    }

    /// Whether a *write* that ended so may or may not have been carried out. Such a write must be asked about, not
    /// repeated.
    pub fn leaves_unknown(&self) -> bool {
        match self {
            Self::TimedOut | Self::ConnectionLost { .. } | Self::BadReply { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            // The platform and the body parser refuse with a 4xx page before anything is done. 408 says that
            // something waited too long, which is not the same.
            Self::NotEnvelope { status, .. } => !(400..500).contains(status) || *status == 408,
            Self::Ok(_)
            | Self::RolloutBlocked { .. }
            | Self::SignedOut { .. }
            | Self::NotStaff { .. }
            | Self::RateLimited { .. }
            | Self::Unreachable { .. }
            | Self::Tls { .. }
            | Self::NotRenewed { .. } => false,
        }
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable { detail } => Self::Unreachable { detail },
            Failure::Tls { detail } => Self::Tls { detail },
            Failure::TimedOut => Self::TimedOut,
            Failure::ConnectionLost { detail } => Self::ConnectionLost { detail },
        }
    }
}

/// A call whose token could not be renewed was not sent, so that even a sign-in service that timed out leaves
/// nothing unknown.
impl From<SignInError> for Outcome {
    fn from(error: SignInError) -> Self {
        let text = error.to_string();
        match error {
            SignInError::WrongCredentials { .. } | SignInError::Disabled => Self::SignedOut { message: text },
            SignInError::Unreachable { .. } | SignInError::TimedOut => Self::Unreachable { detail: text },
            SignInError::Tls { detail } => Self::Tls { detail },
            error => Self::NotRenewed { error },
        }
    }
}

/// The outcome that the caller counts on. It decides [`Telemetry::expected`](crate::Telemetry::expected), and an
/// outcome that was expected is never retried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect<'a> {
    /// Success.
    Ok,
    /// The phase blocks the route.
    RolloutBlocked,
    /// The account is not staff.
    NotStaff,
    /// The token is refused.
    SignedOut,
    /// A refusal with this code or this reason.
    Refused(&'a str),
    /// Success or any refusal in the envelope: the portal is there, that is all that matters.
    AnyReply,
}

impl Expect<'_> {
    /// Whether `outcome` is the expected one.
    pub fn is_met_by(self, outcome: &Outcome) -> bool {
        match self {
            Self::Ok => matches!(outcome, Outcome::Ok(_)),
            Self::RolloutBlocked => matches!(outcome, Outcome::RolloutBlocked { .. }),
            Self::NotStaff => matches!(outcome, Outcome::NotStaff { .. }),
            Self::SignedOut => matches!(outcome, Outcome::SignedOut { .. }),
            Self::Refused(wanted) => matches!(
                outcome,
                Outcome::Refused { code, reason, .. } if code == wanted || reason.as_deref() == Some(wanted)
            ),
            Self::AnyReply => matches!(
                outcome,
                Outcome::Ok(_)
                    | Outcome::Refused { .. }
                    | Outcome::RolloutBlocked { .. }
                    | Outcome::NotStaff { .. }
                    | Outcome::SignedOut { .. }
            ),
        }
    }
}

const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
const FORBIDDEN: &str = "FORBIDDEN";
const ROLLOUT_BLOCKED: &str = "LIBRARY_ROLLOUT_BLOCKED";
const RATE_LIMITED: &str = "RATE_LIMITED";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    ok: bool,
    request_id: Option<String>,
    data: Option<Value>,
    code: Option<String>,
    message: Option<String>,
    details: Option<Value>,
}

/// What a reply means, and the request id it bears.
///
/// `route` tells a missing staff claim from other prohibitions; absent for a path that is no known route.
pub(crate) fn classify(route: Option<Route>, reply: &RawReply) -> (Outcome, Option<String>) {
    match envelope(reply) {
        Ok(envelope) => {
            let body_id = envelope.request_id.as_deref().and_then(crate::request_id::seen);
            let id = reply.request_id.clone().or(body_id);
            (read(route, reply, envelope), id)
        }
        Err(kind) => (not_envelope(kind, reply), reply.request_id.clone()),
    }
}

fn not_envelope(kind: NotEnvelopeKind, reply: &RawReply) -> Outcome {
    Outcome::NotEnvelope {
        kind,
        status: reply.status,
    }
}

fn envelope(reply: &RawReply) -> Result<Envelope, NotEnvelopeKind> {
    if (300..400).contains(&reply.status) {
        return Err(NotEnvelopeKind::Redirect);
    }
    let body = match &reply.body {
        Body::Whole(body) if body.is_empty() => return Err(NotEnvelopeKind::Empty),
        Body::Whole(body) => body,
        Body::Truncated => return Err(NotEnvelopeKind::Truncated),
        Body::TooLarge => return Err(NotEnvelopeKind::TooLarge),
    };
    match media_type(reply).as_deref() {
        Some("application/json") => {}
        Some("text/html") => return Err(NotEnvelopeKind::Html),
        _ => return Err(NotEnvelopeKind::WrongType),
    }
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Eof => NotEnvelopeKind::Truncated,
        serde_json::error::Category::Data => NotEnvelopeKind::WrongShape,
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => NotEnvelopeKind::NotJson,
    })
}

fn media_type(reply: &RawReply) -> Option<String> {
    let media_type = reply.content_type.as_deref()?.split(';').next()?;
    Some(media_type.trim().to_ascii_lowercase())
}

fn read(route: Option<Route>, reply: &RawReply, envelope: Envelope) -> Outcome {
    let status = reply.status;
    if envelope.ok {
        return match envelope.data {
            Some(data) if status == 200 => Outcome::Ok(data),
            _ => not_envelope(NotEnvelopeKind::WrongShape, reply),
        };
    }
    let message = cut(&envelope.message.unwrap_or_default(), text::MESSAGE);
    let code = match envelope.code {
        Some(code) if status >= 400 => cut(&code, text::CODE),
        None if status == 403 && message == "Origin not allowed" => {
            return not_envelope(NotEnvelopeKind::OriginRefused, reply);
        }
        _ => return not_envelope(NotEnvelopeKind::WrongShape, reply),
    };
    let details = envelope.details.unwrap_or_default();
    let reason = details["reasonCode"]
        .as_str()
        .map(|reason| cut(reason, text::CODE));
    let phase = |key: &str| details[key].as_str().and_then(Phase::from_wire);
    match code.as_str() {
        UNAUTHENTICATED => Outcome::SignedOut { message },
        ROLLOUT_BLOCKED => Outcome::RolloutBlocked {
            phase: phase("phase"),
            required: phase("requiredPhase"),
            message,
        },
        // Elsewhere the same code says "not your loan" or "not your review".
        FORBIDDEN if reason.is_none() && route.is_some_and(Route::needs_staff) => {
            Outcome::NotStaff { message }
        }
        RATE_LIMITED => Outcome::RateLimited {
            retry_after: details["retryAfterMs"]
                .as_u64()
                .map(Duration::from_millis)
                .or(reply.retry_after)
                .unwrap_or(RATE_WINDOW),
        },
        _ => Outcome::Refused {
            status,
            code,
            reason,
            message,
            details,
        },
    }
}

#[cfg(test)]
#[path = "reply_tests.rs"]
mod tests;
