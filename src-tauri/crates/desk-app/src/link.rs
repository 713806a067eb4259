//! A portal to talk to, and the accounts signed in there.

use crate::{
    desk::Desk,
    error::{Code, Problem},
    pace::Pace,
    problem::{keychain_problem, sign_in_problem, store_problem},
    view::IdentityState,
};
use async_trait::async_trait;
use desk_core::{EnvironmentKind, EnvironmentName, Role, Route};
use desk_keychain::{Secret, SecretName, Vault};
use desk_portal::{
    Credential, Endpoints, KeepError, Portal, PortalOptions, Recorder, RefreshTokens, Session, Telemetry,
};
use desk_practice::{Options, Practice, Storage};
use desk_store::{RequestRow, Store};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// An environment's portal with its signed-in accounts.
pub(crate) struct Link {
    pub(crate) environment: EnvironmentName,
    pub(crate) kind: EnvironmentKind,
    pub(crate) phase_cache_ms: u64,
    pub(crate) portal: Portal,
    pace: std::sync::Mutex<Pace>,
    /// One place a role, so that accounts sign in side by side but each only once.
    sessions: HashMap<Role, Mutex<Option<Session>>>,
}

impl Link {
    pub(crate) fn new(
        environment: EnvironmentName,
        kind: EnvironmentKind,
        phase_cache_ms: u64,
        portal: Portal,
    ) -> Self {
        let sessions = Role::ALL
            .into_iter()
            .map(|role| (role, Mutex::new(None)))
            .collect();
        Self {
            environment,
            kind,
            phase_cache_ms,
            portal,
            pace: std::sync::Mutex::default(),
            sessions,
        }
    }

    /// How long an account, by its word, is to wait before it calls a route. The call is counted as made then.
    pub(crate) fn reserve(&self, account: &'static str, route: Route) -> Duration {
        // A panic elsewhere leaves every count whole.
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.reserve(account, route, Instant::now())
    }

    fn place(&self, role: Role) -> &Mutex<Option<Session>> {
        &self.sessions[&role]
    }
}

/// Writes every request into the store's telemetry.
struct StoreRecorder(Store);

impl Recorder for StoreRecorder {
    fn record(&self, request: &Telemetry) {
        self.0.record_request(RequestRow {
            environment: request.environment.clone(),
            at_ms: request.at_ms,
            route: request.route.clone(),
            identity: Role::from_word(&request.identity),
            purpose: request.purpose.clone(),
            status: request.status,
            code: request.code.clone().or_else(|| Some(request.outcome.to_owned())),
            duration_ms: request.duration_ms,
            request_id: request
                .request_id_seen
                .as_ref()
                .unwrap_or(&request.request_id_sent)
                .clone(),
            expected: request.expected,
        });
    }
}

/// Keeps a renewed refresh token where the one before it is kept.
struct VaultTokens {
    vault: Arc<Vault>,
    desk: String,
    environment: EnvironmentName,
    /// Roles whose credentials were given for this call only: nothing of them is kept.
    for_this_call: Vec<Role>,
}

#[async_trait]
impl RefreshTokens for VaultTokens {
    async fn keep(&self, identity: &str, token: &SecretString) -> Result<(), KeepError> {
        let Some(role) = Role::from_word(identity) else {
            return Err(KeepError {
                message: format!("{identity} is no role of the desk"),
            });
        };
        // The practice portal keeps its own accounts; its tokens are handed out at each start.
        if self.environment.is_practice() || self.for_this_call.contains(&role) {
            return Ok(());
        }
        let name = SecretName {
            desk: self.desk.clone(),
            environment: self.environment.clone(),
            secret: Secret::SignIn(role),
        };
        self.vault.replace(&name, token).await.map_err(|error| KeepError {
            message: error.to_string(),
        })
    }

    fn saw(&self, token: &SecretString) {
        self.vault.saw(token);
    }
}

impl Desk {
    /// The portal of the environment, connected to on first use. For practice this starts the portal itself.
    pub(crate) async fn link(&self, environment: &EnvironmentName) -> Result<Arc<Link>, Problem> {
        let mut links = self.inner.links.lock().await;
        if let Some(link) = links.get(environment) {
            return Ok(Arc::clone(link));
        }
        let row = self.environment_row(environment).await?;
        let portal = if environment.is_practice() {
            let addresses = self.practice_addresses().await?;
            self.portal(
                environment,
                &addresses.api_base,
                &addresses.identity_base,
                &addresses.token_base,
                Some(addresses.project_id),
                SecretString::from(addresses.api_key),
            )?
        } else {
            let key = self.api_key(environment).await?;
            self.portal(
                environment,
                &row.api_base,
                &row.identity_base,
                &row.token_base,
                row.project_id,
                key,
            )?
        };
        let link = Arc::new(Link::new(
            environment.clone(),
            row.kind,
            row.phase_cache_ms,
            portal,
        ));
        links.insert(environment.clone(), Arc::clone(&link));
        Ok(link)
    }

    /// Goes on with a connection that was made before its environment was added.
    pub(crate) async fn put_link(&self, link: Link) -> Arc<Link> {
        let link = Arc::new(link);
        let mut links = self.inner.links.lock().await;
        links.insert(link.environment.clone(), Arc::clone(&link));
        link
    }

    /// A portal client that records its requests and keeps renewed sign-ins.
    pub(crate) fn portal(
        &self,
        environment: &EnvironmentName,
        api: &str,
        identity: &str,
        token: &str,
        project_id: Option<String>,
        api_key: SecretString,
    ) -> Result<Portal, Problem> {
        let endpoints = Endpoints::parse(api, Some(identity), Some(token))
            .map_err(|error| Problem::invalid(error.field, error.to_string(), "Correct the address."))?;
        let options = PortalOptions {
            environment: environment.clone(),
            endpoints,
            api_key,
            project_id,
            timeouts: self.inner.timeouts,
        };
        let tokens = VaultTokens {
            vault: Arc::clone(&self.inner.vault),
            desk: self.inner.desk_id.clone(),
            environment: environment.clone(),
            for_this_call: self.inner.credentials.keys().copied().collect(),
        };
        let recorder = StoreRecorder(self.inner.store.clone());
        Portal::new(options, Arc::new(recorder), Arc::new(tokens)).map_err(|error| {
            Problem::new(
                Code::Internal,
                "The connection to the portal could not be set up.",
                "Nothing was sent.",
                "Give the details to the platform team.",
            )
            .detailed(error.to_string())
        })
    }

    /// The addresses of the embedded practice portal, which is started if it does not run yet.
    async fn practice_addresses(&self) -> Result<desk_practice::Addresses, Problem> {
        let mut practice = self.inner.practice.lock().await;
        if practice.is_none() {
            let options = Options {
                storage: Storage::File(self.inner.data_dir.join(PRACTICE_FILE)),
                phase_cache: Duration::from_millis(self.inner.practice_phase_cache_ms),
                ..Options::default()
            };
            *practice = Some(
                desk_practice::serve(options)
                    .await
                    .map_err(|error| practice_problem(&error))?,
            );
        }
        match practice.as_ref() {
            Some(practice) => Ok(practice.addresses().clone()),
            None => Err(practice_problem(&"it ended at once")),
        }
    }

    /// Runs something with the embedded practice portal.
    pub(crate) async fn with_practice<T>(&self, act: impl FnOnce(&Practice) -> T) -> Result<T, Problem> {
        self.practice_addresses().await?;
        let practice = self.inner.practice.lock().await;
        practice
            .as_ref()
            .map(act)
            .ok_or_else(|| practice_problem(&"it ended at once"))
    }

    /// Forgets the connection, so that the next use starts anew.
    pub(crate) async fn unlink(&self, environment: &EnvironmentName) {
        self.inner.links.lock().await.remove(environment);
    }

    /// The account signed in for a role, signing in with what is kept if need be.
    ///
    /// # Errors
    /// `signed_out` when nothing is kept or it was refused, `wrong_identity`, `keychain_*`, `offline`, …
    pub(crate) async fn session(&self, link: &Link, role: Role) -> Result<Session, Problem> {
        let mut place = link.place(role).lock().await;
        if let Some(session) = place.as_ref() {
            // The screen starts anew with each choice of an environment; the sign-in stays.
            if !self.screen().identities.contains_key(&role) {
                self.update_at(&link.environment, |screen| {
                    screen.identities.insert(role, (IdentityState::Ready, None));
                });
            }
            return Ok(session.clone());
        }
        let result = self.sign_in_with_kept(link, role).await;
        self.update_at(&link.environment, |screen| {
            let state = match &result {
                Ok(_) => (IdentityState::Ready, None),
                Err(problem) if problem.code == Code::Offline => (IdentityState::Kept, Some(problem.clone())),
                Err(problem) => (IdentityState::SignedOut, Some(problem.clone())),
            };
            screen.identities.insert(role, state);
        });
        let session = result?;
        *place = Some(session.clone());
        Ok(session)
    }

    async fn sign_in_with_kept(&self, link: &Link, role: Role) -> Result<Session, Problem> {
        let identity = role.word();
        if let Some(credential) = self.inner.credentials.get(&role) {
            return link
                .portal
                .sign_in(identity, credential.clone())
                .await
                .map_err(|error| sign_in_problem(identity, &error));
        }
        let (kept, uid) = if link.environment.is_practice() {
            let identities = self
                .with_practice(Practice::identities)
                .await?
                .map_err(|error| practice_problem(&error))?;
            let found = identities.into_iter().find(|one| one.name == identity);
            found.map_or((None, None), |one| {
                (Some(SecretString::from(one.refresh_token)), Some(one.uid))
            })
        } else {
            let kept = self
                .inner
                .vault
                .get(&self.secret_name(&link.environment, Secret::SignIn(role)))
                .await
                .map_err(|error| keychain_problem(&error))?;
            let rows = self.inner.store.identities(&link.environment).await;
            let row = rows
                .map_err(|error| store_problem(&error))?
                .into_iter()
                .find(|row| row.role == role);
            (kept, row.map(|row| row.uid))
        };
        let Some(token) = kept else {
            return Err(Problem::new(
                Code::SignedOut,
                format!("Nobody is signed in as {identity} in {}.", link.environment),
                "The phase cannot be read or set as this account.",
                format!("Sign in under Settings, Identities, or with: identity set {identity}."),
            )
            .about(identity));
        };
        let session = link
            .portal
            .sign_in(identity, Credential::RefreshToken(token))
            .await
            .map_err(|error| sign_in_problem(identity, &error))?;
        if let Some(uid) = uid
            && session.uid() != uid
        {
            return Err(Problem::new(
                Code::WrongIdentity,
                format!(
                    "The sign-in kept for {identity} belongs to {}, not to {uid}.",
                    session.uid()
                ),
                "Nothing was sent as this account: what is recorded would name the wrong person.",
                "Sign in again under Settings, Identities.",
            )
            .about(identity));
        }
        Ok(session)
    }

    /// Whether an account is signed in for the role. Does not wait: one that just signs in counts as signed in.
    pub(crate) fn is_signed_in(&self, environment: &EnvironmentName, role: Role) -> bool {
        let Ok(links) = self.inner.links.try_lock() else {
            return true;
        };
        links.get(environment).is_some_and(|link| {
            let session = link.place(role).try_lock();
            session.map_or(true, |session| session.is_some())
        })
    }

    /// Puts a fresh sign-in in place of the one used so far, or ends it.
    pub(crate) async fn replace_session(&self, link: &Link, role: Role, session: Option<Session>) {
        *link.place(role).lock().await = session;
    }

    pub(crate) fn secret_name(&self, environment: &EnvironmentName, secret: Secret) -> SecretName {
        SecretName {
            desk: self.inner.desk_id.clone(),
            environment: environment.clone(),
            secret,
        }
    }
}

const PRACTICE_FILE: &str = "practice.db";

/// The embedded practice portal could not do what was asked.
pub(crate) fn practice_problem(error: &impl std::fmt::Display) -> Problem {
    Problem::new(
        Code::Offline,
        "The practice portal does not run.",
        "Rehearsing is not possible now; no real portal is affected.",
        "Start the desk again; if it lasts, give the details to the platform team.",
    )
    .detailed(error.to_string())
}
