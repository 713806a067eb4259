//! One signed-in identity: its tokens in memory, renewed early and one renewal at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use crate::client::Core;
use crate::sign_in::{Claims, SignInError, Tokens};

/// How long before it runs out a token is renewed.
const EARLY: Duration = Duration::from_secs(5 * 60);

/// Keeps refresh tokens beyond this process, usually in the keychain.
#[async_trait]
pub trait RefreshTokens: Send + Sync {
    /// Keeps the token that replaces `identity`'s earlier one. It is used only after this succeeded.
    async fn keep(&self, identity: &str, token: &SecretString) -> Result<(), KeepError>;

    /// Is told of every token that comes in, ID tokens too, so that none of them leaves the desk unnoticed.
    fn saw(&self, token: &SecretString);
}

/// A refresh token could not be kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct KeepError {
    /// Why, for a person; without the token.
    pub message: String,
}

/// One signed-in identity. A clone is the same session.
#[derive(Clone)]
pub struct Session {
    inner: Arc<Inner>,
}

struct Inner {
    core: Arc<Core>,
    identity: String,
    uid: String,
    /// Held while a renewal is under way, so that there is one at a time.
    renewing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    id_token: SecretString,
    refresh_token: SecretString,
    /// A newer refresh token that could not be kept yet. It is offered again before the next renewal.
    unkept: Option<SecretString>,
    claims: Claims,
    /// Counts the renewals, to tell whether a refused token is still the present one.
    generation: u64,
}

impl State {
    fn bearer(&self) -> Bearer {
        Bearer {
            token: self.id_token.clone(),
            generation: self.generation,
        }
    }
}

/// An ID token and which renewal it came from.
pub(crate) struct Bearer {
    pub(crate) token: SecretString,
    pub(crate) generation: u64,
}

impl Session {
    pub(crate) fn new(core: Arc<Core>, identity: String, tokens: Tokens) -> Self {
        core.saw(&tokens);
        Self {
            inner: Arc::new(Inner {
                core,
                identity,
                uid: tokens.uid,
                renewing: tokio::sync::Mutex::new(()),
                state: Mutex::new(State {
                    id_token: tokens.id_token,
                    refresh_token: tokens.refresh_token,
                    unkept: None,
                    claims: tokens.claims,
                    generation: 0,
                }),
            }),
        }
    }

    /// The label under which the account signed in, such as `operator`.
    pub fn identity(&self) -> &str {
        &self.inner.identity
    }

    /// The account's uid.
    pub fn uid(&self) -> &str {
        &self.inner.uid
    }

    /// What the present ID token says. A granted or withdrawn claim shows after the next renewal.
    pub fn claims(&self) -> Claims {
        self.state().claims.clone()
    }

    /// The newest refresh token, to be kept after a sign-in with a password.
    pub fn refresh_token(&self) -> SecretString {
        let state = self.state();
        state.unkept.as_ref().unwrap_or(&state.refresh_token).clone()
    }

    /// Renews the ID token now, so that its claims are the account's present ones.
    pub async fn renew(&self) -> Result<(), SignInError> {
        let _turn = self.inner.renewing.lock().await;
        self.exchange().await
    }

    pub(crate) fn belongs_to(&self, core: &Arc<Core>) -> bool {
        Arc::ptr_eq(&self.inner.core, core)
    }

    /// The ID token to send, renewed when it runs out within five minutes.
    pub(crate) async fn bearer(&self) -> Result<Bearer, SignInError> {
        if let Some(bearer) = self.bearer_valid_for(EARLY) {
            return Ok(bearer);
        }
        let _turn = self.inner.renewing.lock().await;
        if let Some(bearer) = self.bearer_valid_for(EARLY) {
            return Ok(bearer);
        }
        match self.exchange().await {
            Ok(()) => Ok(self.state().bearer()),
            Err(error) if error.ends_session() => Err(error),
            // Renewal is early: while the sign-in service is down, the old token serves until it runs out.
            Err(error) => self.bearer_valid_for(Duration::ZERO).ok_or(error),
        }
    }

    /// Makes sure that the present token is a newer one than the refused one of `generation`.
    pub(crate) async fn renew_after(&self, generation: u64) -> Result<(), SignInError> {
        let _turn = self.inner.renewing.lock().await;
        if self.state().generation != generation {
            return Ok(());
        }
        self.exchange().await
    }

    /// Exchanges the refresh token for new tokens. The caller holds `renewing`.
    async fn exchange(&self) -> Result<(), SignInError> {
        let Inner { core, identity, .. } = &*self.inner;
        let unkept = self.state().unkept.clone();
        if let Some(token) = unkept {
            core.keep(identity, &token).await?;
            let mut state = self.state();
            state.refresh_token = token;
            state.unkept = None;
        }
        let refresh_token = self.state().refresh_token.clone();
        let tokens = core
            .exchange_refresh_token(identity, "refresh", &refresh_token)
            .await?;
        core.saw(&tokens);
        if tokens.uid != self.inner.uid {
            return Err(SignInError::BadReply {
                detail: "it is for another account".to_owned(),
            });
        }
        if !same(&tokens.refresh_token, &refresh_token)
            && let Err(error) = core.keep(identity, &tokens.refresh_token).await
        {
            self.state().unkept = Some(tokens.refresh_token);
            return Err(error.into());
        }
        let mut state = self.state();
        state.id_token = tokens.id_token;
        state.refresh_token = tokens.refresh_token;
        state.claims = tokens.claims;
        state.generation += 1;
        Ok(())
    }

    fn bearer_valid_for(&self, rest: Duration) -> Option<Bearer> {
        let rest_ms = i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
        let needed_ms = self.inner.core.now_ms().saturating_add(rest_ms);
        let state = self.state();
        (state.claims.expires_at_ms > needed_ms).then(|| state.bearer())
    }

    /// Every change under this lock is a plain assignment, so that a poisoned state is still a whole one.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("identity", &self.inner.identity)
            .field("uid", &self.inner.uid)
            .finish_non_exhaustive()
    }
}
