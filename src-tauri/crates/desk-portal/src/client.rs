//! Calling the portal: one [`Call`] in, one [`Exchange`] out.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use desk_core::Route;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::{Client, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize as _;
use serde_json::Value;
use url::Url;

use crate::reply::classify;
use crate::retry::{self, Next, Situation};
use crate::session::{Bearer, same};
use crate::sign_in::{self, SignInError, Tokens};
use crate::transport::{self, BuildError, RawReply};
use crate::wire::Request;
use crate::{
    Clock, Credential, Expect, KeepError, Outcome, PortalOptions, Recorder, RefreshTokens, Session,
    SystemClock, Telemetry, request_id, text,
};

const ANONYMOUS: &str = "anonymous";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// One environment's portal. A clone shares its connections.
#[derive(Clone)]
pub struct Portal {
    core: Arc<Core>,
}

/// What the portal and its sessions share.
pub(crate) struct Core {
    options: PortalOptions,
    api: Client,
    identity: Client,
    token: Client,
    recorder: Arc<dyn Recorder>,
    tokens: Arc<dyn RefreshTokens>,
    clock: Arc<dyn Clock>,
}

/// As whom a call is made.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// Without a token.
    Anonymous,
    /// With this token, whatever it is: for probing what the portal does with it.
    Token(&'a SecretString),
    /// As a signed-in identity.
    As(&'a Session),
}

/// One call of a route.
#[derive(Clone, Debug)]
pub struct Call<'a> {
    /// The route.
    pub route: Route,
    /// The JSON body.
    pub body: Value,
    /// As whom.
    pub caller: Caller<'a>,
    /// Why, in a word or two, for telemetry.
    pub purpose: &'a str,
    /// The outcome that is counted on.
    pub expect: Expect<'a>,
    /// Sent as `x-idempotency-key`; some routes honour it.
    pub idempotency_key: Option<String>,
}

/// What became of a call. Where it was sent more than once, all but `attempts` is of the last time.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// The route.
    pub route: Route,
    /// The identity as which it was sent; `anonymous` without a session.
    pub identity: String,
    /// Why it was sent.
    pub purpose: String,
    /// When it was sent, milliseconds since 1970.
    pub at_ms: i64,
    /// From the start to the last byte of the reply.
    pub duration: Duration,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The `x-request-id` that was sent.
    pub request_id_sent: String,
    /// The request id that came back.
    pub request_id_seen: Option<String>,
    /// How often it was sent; 0 when the token could not be renewed before.
    pub attempts: u32,
    /// How it ended.
    pub outcome: Outcome,
}

impl Exchange {
    /// The id to quote when asking about it: the one that came back, else the one that was sent.
    pub fn support_id(&self) -> &str {
        self.request_id_seen.as_deref().unwrap_or(&self.request_id_sent)
    }

    /// Whether this was a write that may or may not have been carried out. It must be asked about, not repeated.
    pub fn is_unknown_write(&self) -> bool {
        self.route.writes() && self.outcome.leaves_unknown()
    }

    fn telemetry(&self, core: &Core, expect: Expect<'_>) -> Telemetry {
        Telemetry {
            at_ms: self.at_ms,
            environment: core.options.environment.clone(),
            route: self.route.name().to_owned(),
            identity: self.identity.clone(),
            purpose: self.purpose.clone(),
            status: self.status,
            code: self.outcome.code().map(str::to_owned),
            outcome: self.outcome.word(),
            duration_ms: milliseconds(self.duration),
            request_id_sent: self.request_id_sent.clone(),
            request_id_seen: self.request_id_seen.clone(),
            expected: expect.is_met_by(&self.outcome),
        }
    }
}

/// A success whose data fitted its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered<T> {
    /// The reply's data.
    pub data: T,
    /// The exchange it came in.
    pub exchange: Exchange,
}

impl Portal {
    /// A client for one environment. Nothing is sent.
    pub fn new(
        options: PortalOptions,
        recorder: Arc<dyn Recorder>,
        tokens: Arc<dyn RefreshTokens>,
    ) -> Result<Self, BuildError> {
        Self::with_clock(options, recorder, tokens, Arc::new(SystemClock))
    }

    /// The same with another clock.
    pub fn with_clock(
        options: PortalOptions,
        recorder: Arc<dyn Recorder>,
        tokens: Arc<dyn RefreshTokens>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BuildError> {
        let urls = [
            &options.endpoints.route(Route::Hello.name()),
            &options.endpoints.password_sign_in(),
            &options.endpoints.token_exchange(),
        ];
        let [api, identity, token] = transport::clients(urls, options.timeouts)?;
        Ok(Self {
            core: Arc::new(Core {
                options,
                api,
                identity,
                token,
                recorder,
                tokens,
                clock,
            }),
        })
    }

    /// Signs an account in under the label `identity`.
    ///
    /// A refresh token that comes back changed is kept before this returns. After a sign-in with a password,
    /// keeping [`Session::refresh_token`] is up to the caller.
    pub async fn sign_in(&self, identity: &str, credential: Credential) -> Result<Session, SignInError> {
        let tokens = match credential {
            Credential::Password { email, password } => {
                self.core
                    .sign_in_with_password(identity, &email, &password)
                    .await?
            }
            Credential::RefreshToken(token) => {
                let tokens = self
                    .core
                    .exchange_refresh_token(identity, "sign-in", &token)
                    .await?;
                if !same(&tokens.refresh_token, &token) {
                    self.core.keep(identity, &tokens.refresh_token).await?;
                }
                tokens
            }
        };
        Ok(Session::new(Arc::clone(&self.core), identity.to_owned(), tokens))
    }

    /// Calls a route and says what became of it.
    pub async fn call(&self, call: Call<'_>) -> Exchange {
        self.run(&call, |_| Ok(())).await
    }

    /// Calls a typed route, counting on success. Anything else is the error, whose outcome is never
    /// [`Outcome::Ok`]; data that does not fit the type is [`Outcome::BadReply`].
    pub async fn ask<R: Request>(
        &self,
        request: &R,
        caller: Caller<'_>,
        purpose: &str,
    ) -> Result<Answered<R::Reply>, Box<Exchange>> {
        let call = Call {
            route: R::ROUTE,
            body: request.body(),
            caller,
            purpose,
            expect: Expect::Ok,
            idempotency_key: None,
        };
        let mut data = None;
        let exchange = self
            .run(&call, |value| {
                data = Some(R::Reply::deserialize(value)?);
                Ok(())
            })
            .await;
        match data {
            Some(data) => Ok(Answered { data, exchange }),
            None => Err(Box::new(exchange)),
        }
    }

    /// Sends a call until [`retry::next`] says that it is over. `fits` checks the data of a success.
    async fn run(
        &self,
        call: &Call<'_>,
        mut fits: impl FnMut(&Value) -> Result<(), serde_json::Error> + Send,
    ) -> Exchange {
        let mut attempts = 0;
        let mut retries = 0;
        let mut renewed = false;
        loop {
            let bearer = match self.bearer(call.caller).await {
                Ok(bearer) => bearer,
                Err(outcome) => return self.unsent(call, attempts, outcome),
            };
            attempts += 1;
            let mut exchange = self.attempt(call, attempts, bearer.as_ref(), &mut fits).await;
            self.core
                .recorder
                .record(&exchange.telemetry(&self.core, call.expect));
            let renewable = match (call.caller, bearer) {
                (Caller::As(session), Some(bearer)) if !renewed => Some((session, bearer.generation)),
                _ => None,
            };
            let situation = Situation {
                writes: call.route.writes(),
                can_renew: renewable.is_some(),
                retries,
                expect: call.expect,
            };
            match (
                retry::next(situation, &exchange.outcome, rand::random()),
                renewable,
            ) {
                (Next::Renew, Some((session, generation))) => {
                    renewed = true;
                    if let Err(error) = session.renew_after(generation).await {
                        exchange.outcome = error.into();
                        return exchange;
                    }
                }
                (Next::Wait(duration), _) => {
                    retries += 1;
                    self.core.clock.sleep(duration).await;
                }
                (Next::Stop | Next::Renew, _) => return exchange,
            }
        }
    }

    async fn bearer(&self, caller: Caller<'_>) -> Result<Option<Bearer>, Outcome> {
        match caller {
            Caller::Anonymous => Ok(None),
            Caller::Token(token) => Ok(Some(Bearer {
                token: token.clone(),
                generation: 0,
            })),
            Caller::As(session) if session.belongs_to(&self.core) => Ok(Some(session.bearer().await?)),
            // Its token is for another environment and must not be sent to this one.
            Caller::As(_) => Err(Outcome::SignedOut {
                message: "the session belongs to another environment".to_owned(),
            }),
        }
    }

    async fn attempt(
        &self,
        call: &Call<'_>,
        attempts: u32,
        bearer: Option<&Bearer>,
        fits: &mut (impl FnMut(&Value) -> Result<(), serde_json::Error> + Send),
    ) -> Exchange {
        let at_ms = self.core.now_ms();
        let request_id_sent = request_id::new();
        let url = self.core.options.endpoints.route(call.route.name());
        let mut request = self
            .core
            .api
            .post(url)
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, JSON)
            .header("x-request-id", &request_id_sent)
            .body(call.body.to_string());
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer.token.expose_secret());
        }
        if let Some(key) = &call.idempotency_key {
            request = request.header("x-idempotency-key", key);
        }
        let started = Instant::now();
        let mut reply = transport::send(request).await;
        let duration = started.elapsed();
        if let (Ok(reply), Some(bearer)) = (&mut reply, bearer) {
            reply.strike(&bearer.token);
        }
        let status = reply.as_ref().ok().map(|reply| reply.status);
        let (outcome, request_id_seen) = match reply {
            Ok(reply) => classify(Some(call.route), &reply),
            Err(failure) => (failure.into(), None),
        };
        Exchange {
            at_ms,
            duration,
            status,
            request_id_sent,
            request_id_seen,
            ..self.unsent(call, attempts, fitting(outcome, fits))
        }
    }

    /// The exchange of a call that was not sent this time.
    fn unsent(&self, call: &Call<'_>, attempts: u32, outcome: Outcome) -> Exchange {
        Exchange {
            route: call.route,
            identity: match call.caller {
                Caller::As(session) => session.identity().to_owned(),
                Caller::Anonymous | Caller::Token(_) => ANONYMOUS.to_owned(),
            },
            purpose: call.purpose.to_owned(),
            at_ms: self.core.now_ms(),
            duration: Duration::ZERO,
            status: None,
            request_id_sent: request_id::new(),
            request_id_seen: None,
            attempts,
            outcome,
        }
    }
}

impl fmt::Debug for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal")
            .field("options", &self.core.options)
            .finish_non_exhaustive()
    }
}

/// A success whose data does not fit is a bad reply.
fn fitting(
    outcome: Outcome,
    fits: &mut (impl FnMut(&Value) -> Result<(), serde_json::Error> + Send),
) -> Outcome {
    match outcome {
        Outcome::Ok(data) => match fits(&data) {
            Ok(()) => Outcome::Ok(data),
            Err(error) => Outcome::BadReply {
                detail: text::cut(&error.to_string(), text::MESSAGE),
            },
        },
        other => other,
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

impl Core {
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) async fn keep(&self, identity: &str, token: &SecretString) -> Result<(), KeepError> {
        self.tokens.keep(identity, token).await
    }

    pub(crate) fn saw(&self, tokens: &Tokens) {
        self.tokens.saw(&tokens.id_token);
        self.tokens.saw(&tokens.refresh_token);
    }

    async fn sign_in_with_password(
        &self,
        identity: &str,
        email: &str,
        password: &SecretString,
    ) -> Result<Tokens, SignInError> {
        let request = self.sign_in_request(
            &self.identity,
            self.options.endpoints.password_sign_in(),
            JSON,
            sign_in::password_body(email, password),
        );
        let told = Told {
            route: "identity.signInWithPassword",
            identity,
            purpose: "sign-in",
        };
        self.sign_in(told, request, sign_in::read_password_reply).await
    }

    pub(crate) async fn exchange_refresh_token(
        &self,
        identity: &str,
        purpose: &str,
        token: &SecretString,
    ) -> Result<Tokens, SignInError> {
        let request = self.sign_in_request(
            &self.token,
            self.options.endpoints.token_exchange(),
            FORM,
            sign_in::refresh_body(token),
        );
        let told = Told {
            route: "identity.token",
            identity,
            purpose,
        };
        self.sign_in(told, request, sign_in::read_exchange_reply).await
    }

    fn sign_in_request(
        &self,
        client: &Client,
        mut url: Url,
        content_type: &str,
        body: Bytes,
    ) -> RequestBuilder {
        url.query_pairs_mut()
            .append_pair("key", self.options.api_key.expose_secret());
        client
            .post(url)
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, content_type)
            .body(body)
    }

    async fn sign_in(
        &self,
        told: Told<'_>,
        request: RequestBuilder,
        read: fn(&RawReply, i64, Option<&str>) -> Result<Tokens, SignInError>,
    ) -> Result<Tokens, SignInError> {
        let at_ms = self.now_ms();
        let request_id_sent = request_id::new();
        let started = Instant::now();
        let reply = transport::send(request.header("x-request-id", &request_id_sent)).await;
        let duration_ms = milliseconds(started.elapsed());
        let status = reply.as_ref().ok().map(|reply| reply.status);
        let request_id_seen = reply.as_ref().ok().and_then(|reply| reply.request_id.clone());
        let result = reply
            .map_err(SignInError::from)
            .and_then(|reply| read(&reply, self.now_ms(), self.options.project_id.as_deref()));
        let error = result.as_ref().err();
        self.recorder.record(&Telemetry {
            at_ms,
            environment: self.options.environment.clone(),
            route: told.route.to_owned(),
            identity: told.identity.to_owned(),
            purpose: told.purpose.to_owned(),
            status,
            code: error.and_then(SignInError::code).map(str::to_owned),
            outcome: error.map_or("ok", SignInError::word),
            duration_ms,
            request_id_sent,
            request_id_seen,
            expected: error.is_none(),
        });
        result
    }
}

/// What telemetry is told of a sign-in request.
struct Told<'a> {
    route: &'static str,
    identity: &'a str,
    purpose: &'a str,
}
