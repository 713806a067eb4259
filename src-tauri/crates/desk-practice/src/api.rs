//! The edge of the API: from an HTTP request to a decision, and from the decision to a reply in the envelope.
//!
//! The order of checks here is body, origin, method; [`Portal::decide`] has the rest.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use desk_core::Route;
use serde_json::{Value, json};

use crate::body;
use crate::fault_board::{Silence, Spoil};
use crate::portal::{Incoming, Portal};
use crate::random;
use crate::refusal::Refusal;
use crate::server::HangUp;

/// Where the API stands on the host.
const BASE: &str = "/apiV1";

/// The web page's own origins. Those of a desktop web view are not among them.
const ALLOWED_ORIGINS: [&str; 2] = ["http://localhost:5173", "https://portal.monsoonfire.com"];

const REQUEST_ID: &str = "x-request-id";
const REQUEST_ID_MOST: usize = 128;

/// The most bytes the hosting passes on.
const BODY_MOST: usize = 10 * 1024 * 1024;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

/// Answers any request that is not for an identity endpoint.
pub async fn answer(
    State(portal): State<Arc<Portal>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let Some(path) = api_path(request.uri().path()).map(str::to_owned) else {
        return html_page(StatusCode::NOT_FOUND);
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_MOST).await else {
        return html_page(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let body = match body::parse(text_header(&parts.headers, header::CONTENT_TYPE), &body) {
        Ok(body) => body,
        Err(status) => return html_page(status),
    };
    let Some(envelope) = Envelope::for_request(&parts.headers) else {
        return origin_refused();
    };
    if parts.method == Method::OPTIONS {
        return envelope.preflight();
    }
    if parts.method != Method::POST {
        return envelope.wrap(Err(Refusal::use_post()));
    }

    let route = route_of(&path);
    let plan = route.map(|route| portal.faults.plan(route)).unwrap_or_default();
    tokio::time::sleep(portal.latency + plan.delay).await;
    if let Some(silence) = plan.before {
        return silent(silence).await;
    }
    let incoming = Incoming {
        path: if path.is_empty() { "/".to_owned() } else { path },
        route,
        headers: parts.headers,
        body,
        address: peer.ip(),
        failure: plan.refuse,
    };
    let decided = tokio::task::spawn_blocking(move || portal.decide(incoming)).await;
    if let Some(silence) = plan.after {
        return silent(silence).await;
    }
    let decided = decided.unwrap_or_else(|error| {
        tracing::error!(%error, "a call to the practice portal panicked");
        Err(Refusal::internal("The call panicked."))
    });
    match plan.spoil {
        None => envelope.wrap(decided),
        Some(Spoil::Html) => html_page(StatusCode::BAD_GATEWAY),
        Some(Spoil::Malformed) => envelope.reply(StatusCode::OK, "{\"ok\":true,data:}".into()),
        Some(Spoil::Truncated) => envelope.truncated(decided),
    }
}

/// The path below the API's base, if the request is for the API at all. Clients that were given a base with the
/// prefix already in it, and therefore ask for `/v1/…`, are understood too.
fn api_path(path: &str) -> Option<&str> {
    match path.strip_prefix(BASE) {
        Some(below) if below.is_empty() || below.starts_with('/') => Some(below),
        _ => path.starts_with("/v1/").then_some(path),
    }
}

/// The route of a path; one trailing slash is tolerated, another case is not.
fn route_of(path: &str) -> Option<Route> {
    let name = path.strip_prefix("/v1/")?;
    Route::from_name(name.strip_suffix('/').unwrap_or(name))
}

fn text_header(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn silent(silence: Silence) -> Response {
    match silence {
        // Until the client gives up or the portal stops.
        Silence::Hang => std::future::pending().await,
        Silence::HangUp => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(HangUp);
            response
        }
    }
}

/// The framework's and the hosting platform's own page.
fn html_page(status: StatusCode) -> Response {
    let reason = status.canonical_reason().unwrap_or("Error");
    let page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>{reason}</pre>\n</body>\n</html>\n"
    );
    (status, [(header::CONTENT_TYPE, HTML)], page).into_response()
}

/// The reply to another site's page, which has no code and no request id.
fn origin_refused() -> Response {
    let body = json!({ "ok": false, "message": "Origin not allowed" }).to_string();
    (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

/// What every reply to one request carries.
struct Envelope {
    request_id: String,
    /// The origin that may read the reply; `*` when none was sent.
    allowed_origin: HeaderValue,
}

impl Envelope {
    /// Takes or makes the request's id; `None` when its origin is not allowed.
    fn for_request(headers: &HeaderMap) -> Option<Self> {
        let allowed_origin = match headers.get(header::ORIGIN) {
            None => HeaderValue::from_static("*"),
            Some(origin) if ALLOWED_ORIGINS.iter().any(|allowed| origin == allowed) => origin.clone(),
            Some(_) => return None,
        };
        let sent = text_header(headers, REQUEST_ID).unwrap_or_default().trim();
        let request_id = if sent.is_empty() {
            format!("req_{}", random::base64(12))
        } else {
            sent.chars().take(REQUEST_ID_MOST).collect()
        };
        Some(Self {
            request_id,
            allowed_origin,
        })
    }

    fn preflight(self) -> Response {
        let headers = [
            (header::ACCESS_CONTROL_ALLOW_ORIGIN, self.allowed_origin),
            (
                header::ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("POST, OPTIONS"),
            ),
            (
                header::ACCESS_CONTROL_ALLOW_HEADERS,
                HeaderValue::from_static("authorization, content-type, idempotency-key, x-request-id"),
            ),
        ];
        (StatusCode::NO_CONTENT, headers).into_response()
    }

    fn wrap(self, decided: Result<Value, Refusal>) -> Response {
        let (status, body, wait_ms) = self.body(decided);
        let mut response = self.reply(status, body);
        if let Some(wait_ms) = wait_ms {
            let seconds = (wait_ms + 999) / 1000;
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The first half of the reply.
    fn truncated(self, decided: Result<Value, Refusal>) -> Response {
        let (status, body, _) = self.body(decided);
        let half = body.slice(..body.len() / 2);
        self.reply(status, half)
    }

    /// Status, body and the wait of a rate limit.
    fn body(&self, decided: Result<Value, Refusal>) -> (StatusCode, Bytes, Option<i64>) {
        let (status, body, wait_ms) = match decided {
            Ok(data) => (
                StatusCode::OK,
                json!({ "ok": true, "requestId": self.request_id, "data": data }),
                None,
            ),
            Err(refusal) => (
                refusal.status,
                json!({
                    "ok": false,
                    "requestId": self.request_id,
                    "code": refusal.code,
                    "message": refusal.message,
                    "details": refusal.details,
                }),
                refusal.retry_after_ms,
            ),
        };
        (status, body.to_string().into(), wait_ms)
    }

    fn reply(self, status: StatusCode, body: Bytes) -> Response {
        let mut response = (status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.allowed_origin);
        // An id that came in a header can go out in one.
        if let Ok(request_id) = HeaderValue::from_str(&self.request_id) {
            headers.insert(REQUEST_ID, request_id);
        }
        response
    }
}
