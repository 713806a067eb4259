//! The listener and its connections. Connections are ours, not axum's, so that a fault can hang up on a client and
//! stopping the portal ends even those requests that never get an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::accounts::{IdentityRefusal, IdentityReply, KeyQuery};
use crate::api;
use crate::portal::Portal;

/// Where the sign-in service stands on the host.
pub const IDENTITY_BASE: &str = "/identitytoolkit.googleapis.com";
/// Where the token service stands on the host.
pub const TOKEN_BASE: &str = "/securetoken.googleapis.com";

/// Marks a response that is never sent: the connection is closed instead.
#[derive(Clone, Copy, Debug)]
pub struct HangUp;

#[derive(Debug, thiserror::Error)]
#[error("a fault closed the connection")]
struct HungUp;

/// All paths of the host.
pub fn router(portal: Arc<Portal>) -> Router {
    Router::new()
        .route(
            &format!("{IDENTITY_BASE}/v1/accounts:signInWithPassword"),
            post(sign_in),
        )
        .route(&format!("{TOKEN_BASE}/v1/token"), post(refresh))
        .fallback(api::answer)
        .with_state(portal)
}

async fn sign_in(state: State<Arc<Portal>>, query: Query<KeyQuery>, body: Bytes) -> Response {
    identity_call(state, query, body, Portal::sign_in).await
}

async fn refresh(state: State<Arc<Portal>>, query: Query<KeyQuery>, body: Bytes) -> Response {
    identity_call(state, query, body, Portal::refresh).await
}

async fn identity_call(
    State(portal): State<Arc<Portal>>,
    Query(query): Query<KeyQuery>,
    body: Bytes,
    call: fn(&Portal, &KeyQuery, &[u8]) -> IdentityReply,
) -> Response {
    match tokio::task::spawn_blocking(move || call(&portal, &query, &body)).await {
        Ok(Ok(reply)) => axum::Json(reply).into_response(),
        Ok(Err(refusal)) => refusal.into_response(),
        Err(error) => IdentityRefusal::internal(&error).into_response(),
    }
}

/// Serves until the future is dropped, which closes every connection.
pub async fn run(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    connections.spawn(serve_connection(stream, peer, router.clone()));
                }
                Err(error) => {
                    // Most likely too many open files; give connections time to close.
                    tracing::warn!(%error, "the practice portal could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, peer: SocketAddr, router: Router) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers may be delayed");
    }
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = TowerToHyperService::new(router.clone()).call(request);
        async move {
            let Ok(response) = answer.await;
            if response.extensions().get::<HangUp>().is_some() {
                return Err(HungUp);
            }
            Ok(response)
        }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        // Clients hang up, and faults do.
        tracing::debug!(%error, "a connection to the practice portal ended early");
    }
}
