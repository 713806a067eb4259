//! The practice portal: a server on this machine that behaves like the studio's real portal, with faults on demand.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use desk_practice::{Options, serve};
//!
//! let practice = serve(Options {
//!     faults: vec!["timeout-after@library.rollout.set*1".parse()?],
//!     ..Options::default()
//! })
//! .await?;
//! println!("{}", practice.addresses().api_base);
//! practice.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! The way of a request: `server` takes the connection; `api` checks body, origin and method; `portal` decides (token,
//! route, staff claim, phase, rate limit); `routes` do the work; all of it from the token on in one transaction of `store`.

mod accounts;
mod api;
mod body;
mod clock;
mod conformance;
mod fault;
mod fault_board;
mod fields;
mod isbn;
mod portal;
mod random;
mod rate_limit;
mod refusal;
mod rollout;
mod routes;
mod seed;
mod server;
mod store;
mod token;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use portal::Portal;

pub use accounts::PracticeIdentity;
pub use clock::Clock;
pub use conformance::{DELIBERATE_DIFFERENCES, DeliberateDifference};
pub use fault::{Effect, Fault, FaultError, FaultInfo, fault_catalogue};
pub use store::{Storage, StoreError};

/// The project that practice tokens are made for.
const PROJECT_ID: &str = "practice-portal";

/// How to run a practice portal.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; loopback only. Port 0 takes any free one.
    pub listen: SocketAddr,
    /// How many instances answer in turn, each with its own memory of the phase; at least 1.
    pub instances: usize,
    /// How long an instance believes the phase it has read.
    pub phase_cache: Duration,
    /// How much longer every answer of the API takes.
    pub latency: Duration,
    /// Faults that are on from the start.
    pub faults: Vec<Fault>,
    /// Where the state is kept.
    pub storage: Storage,
    /// Where the time comes from; tests set their own.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            instances: 1,
            phase_cache: Duration::from_secs(60),
            latency: Duration::ZERO,
            faults: Vec::new(),
            storage: Storage::default(),
            clock: Clock::default(),
        }
    }
}

/// Why the portal could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The practice portal has well-known weaknesses by design and is not for other machines to reach.
    #[error("the practice portal listens on this machine only (127.0.0.1 or ::1), not on {0}")]
    NotLoopback(SocketAddr),
    /// There must be somebody to answer.
    #[error("the practice portal needs at least one instance")]
    NoInstances,
    /// The address is taken or not ours.
    #[error("the practice portal cannot listen on {address}: {source}")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The state could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Opening the state panicked; a fault of the program.
    #[error("the practice portal could not open its state: {0}")]
    Panicked(#[from] tokio::task::JoinError),
}

/// What a client needs to know to reach the portal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Addresses {
    /// The API without its `/apiV1`: `http://127.0.0.1:PORT`.
    pub api_base: String,
    /// The base of `/v1/accounts:signInWithPassword`.
    pub identity_base: String,
    /// The base of `/v1/token`.
    pub token_base: String,
    /// The key both identity endpoints ask for.
    pub api_key: String,
    /// The project ID tokens are made for.
    pub project_id: String,
}

/// Leaves out the key.
impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Addresses")
            .field("api_base", &self.api_base)
            .finish_non_exhaustive()
    }
}

/// A running practice portal. Dropping it stops it.
pub struct Practice {
    portal: Arc<Portal>,
    addresses: Addresses,
    server: JoinHandle<()>,
}

/// Starts a practice portal on the current tokio runtime.
pub async fn serve(options: Options) -> Result<Practice, ServeError> {
    if !options.listen.ip().is_loopback() {
        return Err(ServeError::NotLoopback(options.listen));
    }
    if options.instances == 0 {
        return Err(ServeError::NoInstances);
    }
    let listening = |source| ServeError::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let portal = tokio::task::spawn_blocking(move || Portal::open(&options)).await??;
    let portal = Arc::new(portal);
    let server = tokio::spawn(server::run(listener, server::router(Arc::clone(&portal))));
    let base = format!("http://{address}");
    Ok(Practice {
        addresses: Addresses {
            identity_base: format!("{base}{}", server::IDENTITY_BASE),
            token_base: format!("{base}{}", server::TOKEN_BASE),
            api_base: base,
            api_key: portal.api_key.clone(),
            project_id: PROJECT_ID.to_owned(),
        },
        portal,
        server,
    })
}

impl Practice {
    /// Where the portal is reached.
    pub const fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Every account with its credentials: those of the starting state, and the operator. Waits for the database.
    pub fn identities(&self) -> Result<Vec<PracticeIdentity>, StoreError> {
        self.portal.identities()
    }

    /// The faults still switched on, with what is left of their counts.
    pub fn faults(&self) -> Vec<Fault> {
        self.portal.faults.list()
    }

    /// Switches on exactly these faults, for the requests that come from now on.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.portal.faults.set(faults);
    }

    /// Back to the starting state, with the same accounts and credentials. Waits for the database.
    pub fn reset(&self) -> Result<(), StoreError> {
        self.portal.reset()
    }

    /// Stops listening and closes every connection, answered or not.
    pub async fn shutdown(mut self) {
        self.server.abort();
        // Aborted is how it ends; a panic was reported when it happened.
        let _ = (&mut self.server).await;
    }
}

impl Drop for Practice {
    fn drop(&mut self) {
        self.server.abort();
    }
}
