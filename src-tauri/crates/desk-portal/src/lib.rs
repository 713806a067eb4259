//! The HTTP client for the studio portal: signing in, calling a route, and saying exactly what came back.
//!
//! - [`Endpoints`] say where a portal is; [`Portal`] calls it; [`Session`] is one signed-in identity.
//! - Every call ends in an [`Exchange`] whose [`Outcome`] names what happened, including "nobody knows".
//! - [`wire`] has typed requests and replies; a reply that does not fit its type is a bad reply, never a default.
//! - [`Webhook`] posts a text to an address outside of the portal, once.
//! - Every finished request is told to a [`Recorder`]; a rotated refresh token goes to [`RefreshTokens`] first.
//!
//! Tokens, passwords and the API key live in memory only: they are sent to the endpoint they belong to, and
//! appear in no error, no telemetry and no `Debug` output.

mod client;
mod clock;
mod config;
mod endpoints;
mod reply;
mod request_id;
mod retry;
mod session;
mod sign_in;
mod telemetry;
mod text;
mod transport;
mod webhook;
pub mod wire;

pub use client::{Answered, Call, Caller, Exchange, Portal};
pub use clock::{Clock, SystemClock};
pub use config::{PortalOptions, Timeouts};
pub use endpoints::{EndpointError, EndpointProblem, Endpoints};
pub use reply::{Expect, NotEnvelopeKind, Outcome};
pub use session::{KeepError, RefreshTokens, Session};
pub use sign_in::{Claims, Credential, SignInError};
pub use telemetry::{Recorder, Telemetry};
pub use transport::{BuildError, MAX_BODY_BYTES};
pub use webhook::{Posted, Webhook};
