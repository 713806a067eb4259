//! One portal: its state, its keys, its clock and its faults, and the decision on each call.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use desk_core::Route;
use serde_json::Value;

use crate::Options;
use crate::accounts::{self, PracticeIdentity};
use crate::clock::{Clock, millis};
use crate::fault_board::{Failure, FaultBoard};
use crate::fields::Fields;
use crate::random;
use crate::rate_limit::RateLimit;
use crate::refusal::Refusal;
use crate::rollout::{self, PhaseCache};
use crate::routes::{self, Call};
use crate::seed;
use crate::store::{Documents, Store, StoreError};
use crate::token::{Claims, Signer};

/// The wait that a rate-limit fault asks for.
const FAULT_WAIT_MS: i64 = 5000;

/// Tokens of this shape belong to another scheme, which the library does not take.
const PERSONAL_TOKEN: &str = "mf_pat_v1.";

/// Everything the portal's requests share.
pub struct Portal {
    pub store: Store,
    pub signer: Signer,
    pub api_key: String,
    pub clock: Clock,
    pub faults: FaultBoard,
    pub latency: Duration,
    rate_limit: RateLimit,
    instances: usize,
    next_instance: AtomicUsize,
    phase_cache_ms: i64,
}

/// A request that got as far as needing a decision.
pub struct Incoming {
    /// The path below the API's base, for the 404.
    pub path: String,
    /// `None` when there is no such route.
    pub route: Option<Route>,
    pub headers: HeaderMap,
    pub body: Value,
    pub address: IpAddr,
    /// A refusal that a fault calls for.
    pub failure: Option<Failure>,
}

impl Incoming {
    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Portal {
    /// Opens the state, and makes the keys, the accounts and the catalogue when it is new.
    pub fn open(options: &Options) -> Result<Self, StoreError> {
        let store = Store::open(&options.storage)?;
        let now_ms = options.clock.now_ms();
        let (key, api_key) = store.transact(|documents| {
            if let Some(key) = documents.secret("signing_key")?
                && let Some(api_key) = documents.secret("api_key")?
            {
                return Ok::<_, StoreError>((key, api_key));
            }
            let (key, api_key) = (random::base64(32), format!("practice-{}", random::base64(24)));
            documents.put_secret("signing_key", &key)?;
            documents.put_secret("api_key", &api_key)?;
            accounts::create_all(*documents)?;
            seed::fill(*documents, now_ms)?;
            Ok((key, api_key))
        })?;
        let faults = FaultBoard::default();
        faults.set(options.faults.clone());
        Ok(Self {
            store,
            signer: Signer::new(key.into_bytes()),
            api_key,
            clock: options.clock.clone(),
            faults,
            latency: options.latency,
            rate_limit: RateLimit::default(),
            instances: options.instances,
            next_instance: AtomicUsize::new(0),
            phase_cache_ms: millis(options.phase_cache),
        })
    }

    /// Back to the starting catalogue; accounts, credentials and tokens stay good.
    pub fn reset(&self) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        self.store.transact(|documents| {
            documents.clear()?;
            seed::fill(*documents, now_ms)
        })?;
        self.rate_limit.clear();
        Ok(())
    }

    pub fn identities(&self) -> Result<Vec<PracticeIdentity>, StoreError> {
        let accounts = self.store.transact(|documents| documents.accounts())?;
        Ok(accounts.into_iter().map(PracticeIdentity::from).collect())
    }

    /// Decides a call, in the portal's order of checks: token, route, staff claim, phase, rate limit, body, domain.
    pub fn decide(&self, incoming: Incoming) -> Result<Value, Refusal> {
        let instances = self.instances.max(self.faults.instances());
        let turn = self.next_instance.fetch_add(1, Ordering::Relaxed) % instances;
        self.store.transact(|documents| {
            // A refused call still counts as done: what its instance learnt of the phase stays.
            Ok::<_, Refusal>(self.decide_inside(*documents, incoming, turn))
        })?
    }

    fn decide_inside(
        &self,
        documents: Documents<'_>,
        incoming: Incoming,
        instance: usize,
    ) -> Result<Value, Refusal> {
        let now_ms = self.clock.now_ms();
        let caller = self.authenticate(documents, &incoming, now_ms)?;
        let Some(route) = incoming.route else {
            return Err(Refusal::unknown_route(&incoming.path));
        };
        if route.needs_staff() && !caller.staff {
            return Err(Refusal::forbidden("Only staff can access this library route."));
        }
        let phase_cache = PhaseCache {
            instance,
            lifetime_ms: self.phase_cache_ms,
            outdated: self.faults.is_outdated(instance),
        };
        let phase = phase_cache.read(documents, now_ms)?;
        rollout::gate(route, phase.phase)?;
        match incoming.failure {
            Some(Failure::RateLimited) => return Err(Refusal::rate_limited(FAULT_WAIT_MS)),
            Some(Failure::Internal) => return Err(Refusal::internal("A fault was switched on.")),
            None => self
                .rate_limit
                .count(route, &caller.uid, incoming.address, now_ms)?,
        }
        let idempotency_header = incoming.header("x-idempotency-key").map(str::to_owned);
        let fields = Fields::of(incoming.body)?;
        documents.attempt(|documents| {
            routes::handle(
                route,
                &Call {
                    documents,
                    fields: &fields,
                    caller: &caller,
                    now_ms,
                    phase: &phase,
                    phase_cache,
                    idempotency_header: idempotency_header.as_deref(),
                },
            )
        })
    }

    /// Who is calling; expired, forged and foreign tokens all look the same.
    fn authenticate(
        &self,
        documents: Documents<'_>,
        incoming: &Incoming,
        now_ms: i64,
    ) -> Result<Claims, Refusal> {
        let token = incoming
            .header(header::AUTHORIZATION)
            .and_then(|value| value.trim().split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .filter(|token| !token.is_empty())
            .ok_or_else(|| Refusal::unauthenticated("Missing Authorization header"))?;
        if token.starts_with(PERSONAL_TOKEN) {
            return Err(Refusal::unauthenticated("Unauthorized"));
        }
        let invalid = || Refusal::unauthenticated("Invalid Authorization token");
        let claims = self.signer.read(token, now_ms).ok_or_else(invalid)?;
        if documents.account(&claims.uid)?.is_none() || self.faults.refuses_token(incoming.route, &claims.uid)
        {
            return Err(invalid());
        }
        Ok(claims)
    }
}
