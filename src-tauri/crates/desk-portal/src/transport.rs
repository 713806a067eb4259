//! One request over the wire and its reply as raw facts. Nothing here knows what a reply means.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, Response};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use zeroize::Zeroizing;

use crate::endpoints::is_loopback;
use crate::{Timeouts, request_id, text};

/// The most bytes of a reply's body that are read.
pub const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Shorter than the 5 s after which common servers close an idle connection. A write on a connection that is
/// being closed would have an unknown outcome for no good reason.
const IDLE_CONNECTION: Duration = Duration::from_secs(4);

/// The HTTP client could not be set up: usually this machine has no certificate authorities to trust.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {detail}")]
pub struct BuildError {
    detail: String,
}

/// A reply, or as much of it as came.
#[derive(Debug)]
pub(crate) struct RawReply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// The `x-request-id` header, made safe to keep.
    pub(crate) request_id: Option<String>,
    /// The `Retry-After` header where it counts seconds.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Body,
}

impl RawReply {
    /// Strikes the token wherever the reply repeats it: what a reply says is kept and shown, and a token never is.
    pub(crate) fn strike(&mut self, token: &SecretString) {
        let token = token.expose_secret().as_bytes();
        if let Some(id) = &self.request_id
            && let Some(struck) = text::strike(id.as_bytes(), token)
        {
            self.request_id = request_id::seen(&String::from_utf8_lossy(&struck));
        }
        if let Body::Whole(body) = &self.body
            && let Some(struck) = text::strike(body, token)
        {
            self.body = Body::Whole(Zeroizing::new(struck));
        }
    }
}

/// A reply's body.
#[derive(Debug)]
pub(crate) enum Body {
    /// All of it. Wiped when dropped: the sign-in services answer with tokens.
    Whole(Zeroizing<Vec<u8>>),
    /// It ended before its announced length.
    Truncated,
    /// It is, or says it is, longer than [`MAX_BODY_BYTES`].
    TooLarge,
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The request was never sent.
    Unreachable { detail: String },
    /// The request was never sent: no trusted connection could be made.
    Tls { detail: String },
    /// The time ran out; the request may have arrived.
    TimedOut,
    /// The connection broke; the request may have arrived.
    ConnectionLost { detail: String },
}

/// The clients for three addresses; equal demands share one client.
pub(crate) fn clients(urls: [&Url; 3], timeouts: Timeouts) -> Result<[Client; 3], BuildError> {
    let mut built: Vec<(Demands, Client)> = Vec::new();
    let mut client = |url| {
        let demands = Demands::of(url);
        if let Some((_, client)) = built.iter().find(|(of, _)| *of == demands) {
            return Ok(client.clone());
        }
        let client = demands.client(timeouts)?;
        built.push((demands, client.clone()));
        Ok(client)
    };
    Ok([client(urls[0])?, client(urls[1])?, client(urls[2])?])
}

/// The client for one address.
pub(crate) fn client(url: &Url, timeouts: Timeouts) -> Result<Client, BuildError> {
    Demands::of(url).client(timeouts)
}

/// What an address asks of its client.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Demands {
    /// On this machine: a proxy from the surroundings is not used.
    loopback: bool,
    /// Plain http: no certificate authorities are needed, and a machine without any can still practise.
    plain: bool,
}

impl Demands {
    fn of(url: &Url) -> Self {
        Self {
            loopback: is_loopback(url),
            plain: url.scheme() == "http",
        }
    }

    fn client(self, timeouts: Timeouts) -> Result<Client, BuildError> {
        let mut builder = Client::builder()
            .user_agent(concat!("cutover-desk/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.call)
            .pool_idle_timeout(IDLE_CONNECTION)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .https_only(!self.plain);
        if self.loopback {
            builder = builder.no_proxy();
        }
        if self.plain {
            builder = builder.tls_certs_only([]);
        }
        builder.build().map_err(|error| BuildError {
            detail: innermost(&error),
        })
    }
}

/// Sends a request and reads its reply to the end.
pub(crate) async fn send(request: RequestBuilder) -> Result<RawReply, Failure> {
    let response = request.send().await.map_err(|error| failure(&error))?;
    let headers = response.headers();
    Ok(RawReply {
        status: response.status().as_u16(),
        content_type: header(headers, CONTENT_TYPE.as_str()),
        request_id: header(headers, "x-request-id").and_then(|id| request_id::seen(&id)),
        retry_after: header(headers, RETRY_AFTER.as_str())
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Duration::from_secs),
        body: read(response).await?,
    })
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

async fn read(mut response: Response) -> Result<Body, Failure> {
    let announced = response.content_length().unwrap_or(0);
    if announced > MAX_BODY_BYTES as u64 {
        return Ok(Body::TooLarge);
    }
    let mut body = Zeroizing::new(Vec::new());
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > MAX_BODY_BYTES => return Ok(Body::TooLarge),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(Body::Whole(body)),
            Err(error) if error.is_timeout() => return Err(Failure::TimedOut),
            Err(_) => return Ok(Body::Truncated),
        }
    }
}

/// Only a failure to connect is known to have come before the request; everything later may have been carried out.
fn failure(error: &reqwest::Error) -> Failure {
    let detail = innermost(error);
    if error.is_connect() && error.is_timeout() {
        Failure::Unreachable {
            detail: "no connection in time".to_owned(),
        }
    } else if error.is_connect() && is_tls(error) {
        Failure::Tls { detail }
    } else if error.is_connect() || error.is_builder() {
        Failure::Unreachable { detail }
    } else if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::ConnectionLost { detail }
    }
}

/// Whether a failure to connect came after TCP, in the TLS handshake: only there is anything read, so only there
/// can what was read be invalid or end early.
fn is_tls(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| {
        let mut io = cause.downcast_ref::<io::Error>();
        while let Some(error) = io {
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
            ) {
                return true;
            }
            // An io error that wraps another does not list it among its causes.
            io = error.get_ref().and_then(|inner| inner.downcast_ref());
        }
        false
    })
}

/// The text of the innermost cause. The outer ones name the address, which for sign-in holds the API key.
fn innermost(error: &reqwest::Error) -> String {
    match causes(error).last() {
        Some(cause) => cause.to_string(),
        None if error.is_builder() => "the request could not be built".to_owned(),
        None => "the request failed".to_owned(),
    }
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}
