//! What is remembered of every request.

use desk_core::EnvironmentName;

/// Takes every finished request, sign-in and refresh included. It is called on the request's own task and must
/// not block.
pub trait Recorder: Send + Sync {
    /// Takes one finished request.
    fn record(&self, request: &Telemetry);
}

/// One finished request: what was asked, what came back, how long it took. Holds no secret and no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telemetry {
    /// When it was sent, milliseconds since 1970.
    pub at_ms: i64,
    /// The environment it was sent to.
    pub environment: EnvironmentName,
    /// The route's name; `identity.signInWithPassword` or `identity.token` for the sign-in services.
    pub route: String,
    /// The identity as which it was sent; `anonymous` where there was none.
    pub identity: String,
    /// Why it was sent.
    pub purpose: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The code of a refusal.
    pub code: Option<String>,
    /// The stable word of its [`Outcome`](crate::Outcome) or, for sign-in, its [`SignInError`](crate::SignInError).
    pub outcome: &'static str,
    /// From the start to the last byte of the reply, milliseconds.
    pub duration_ms: u64,
    /// The `x-request-id` that was sent.
    pub request_id_sent: String,
    /// The request id that came back.
    pub request_id_seen: Option<String>,
    /// Whether the outcome was the one expected.
    pub expected: bool,
}
