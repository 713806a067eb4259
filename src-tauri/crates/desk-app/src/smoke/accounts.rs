//! The accounts of a run: signed in before its first step.

use super::{judge::Verdict, step::Account};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    problem::sign_in_problem,
};
use desk_core::{Role, smoke::FailureLabel};
use desk_portal::{Caller, Credential, Session};
use desk_practice::Practice;
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// A token that none of the portal's checks takes for one of its own.
const GARBAGE: &str = "desk-smoke.no.token";

/// What came of signing an account in.
struct SignIn {
    session: Result<Session, Verdict>,
    took: Duration,
}

/// The accounts of a run, each signed in or with the reason why not.
pub(crate) struct Accounts {
    signed_in: BTreeMap<Account, SignIn>,
    garbage: SecretString,
}

impl Accounts {
    /// As whom an account calls.
    ///
    /// # Errors
    /// What is to be said of its first step when it could not be signed in.
    pub(crate) fn caller(&self, account: Account) -> Result<Caller<'_>, Verdict> {
        match account {
            Account::Nobody => Ok(Caller::Anonymous),
            Account::GarbageToken => Ok(Caller::Token(&self.garbage)),
            Account::Role(_) | Account::AdminOnly => match self.signed_in.get(&account) {
                Some(SignIn {
                    session: Ok(session), ..
                }) => Ok(Caller::As(session)),
                Some(SignIn {
                    session: Err(verdict),
                    ..
                }) => Err(verdict.clone()),
                None => Err(Verdict::fail(FailureLabel::OurSide, "It was not signed in.")),
            },
        }
    }

    /// Those that are not signed in.
    pub(crate) fn missing(&self) -> Vec<Account> {
        let missing = self
            .signed_in
            .iter()
            .filter(|(_, session)| session.session.is_err());
        missing.map(|(account, _)| *account).collect()
    }

    /// Takes what came of signing some in again.
    pub(crate) fn take(&mut self, again: Self) {
        self.signed_in.extend(again.signed_in);
    }

    /// The session of a role, where it is signed in.
    pub(crate) fn session(&self, role: Role) -> Option<&Session> {
        self.signed_in.get(&Account::Role(role))?.session.as_ref().ok()
    }

    /// The uid of an account, where it is signed in.
    pub(crate) fn uid(&self, account: Account) -> Option<&str> {
        Some(self.signed_in.get(&account)?.session.as_ref().ok()?.uid())
    }

    /// How long its first step had to wait for its sign-in.
    pub(crate) fn sign_in_took(&self, account: Account) -> Duration {
        self.signed_in
            .get(&account)
            .map_or(Duration::ZERO, |one| one.took)
    }
}

impl Desk {
    /// Signs these accounts in, side by side.
    pub(crate) async fn smoke_accounts(&self, link: &Link, wanted: &[Account]) -> Accounts {
        let missing = self.roles_not_set_up(link).await;
        let signing_in = wanted.iter().copied().filter(|account| account.signs_in());
        let signing_in = signing_in.map(async |account| {
            let started = Instant::now();
            let session = match account {
                Account::Role(role) if missing.contains(&role) => {
                    Err(Verdict::skipped(format!("Nobody is signed in as {role} here.")))
                }
                Account::Role(role) => self
                    .session(link, role)
                    .await
                    .map_err(|problem| not_signed_in(&problem)),
                _ => self.admin_only_session(link, account).await,
            };
            let took = started.elapsed();
            (account, SignIn { session, took })
        });
        Accounts {
            signed_in: futures_util::future::join_all(signing_in)
                .await
                .into_iter()
                .collect(),
            garbage: SecretString::from(GARBAGE),
        }
    }

    /// The roles for which no account was ever signed in here.
    async fn roles_not_set_up(&self, link: &Link) -> Vec<Role> {
        // Where that cannot be told, signing in says what is wrong.
        let identities = self.identities_of(&link.environment).await.unwrap_or_default();
        identities
            .iter()
            .filter(|one| one.uid.is_none() && !one.session_only)
            .filter_map(|one| Role::from_word(&one.role))
            .collect()
    }

    /// The practice portal's account that holds the admin claim alone.
    async fn admin_only_session(&self, link: &Link, account: Account) -> Result<Session, Verdict> {
        let name = account.word();
        let nobody = || Verdict::skipped("There is no account with the admin claim alone here.");
        if !link.environment.is_practice() {
            return Err(nobody());
        }
        let identities = self
            .with_practice(Practice::identities)
            .await
            .map_err(|problem| not_signed_in(&problem))?
            .map_err(|error| Verdict::fail(FailureLabel::OurSide, error.to_string()))?;
        let token = identities
            .into_iter()
            .find(|one| one.name == name)
            .map(|one| SecretString::from(one.refresh_token))
            .ok_or_else(nobody)?;
        link.portal
            .sign_in(name, Credential::RefreshToken(token))
            .await
            .map_err(|error| not_signed_in(&sign_in_problem(name, &error)))
    }
}

fn not_signed_in(problem: &Problem) -> Verdict {
    let label = match problem.code {
        Code::Offline | Code::TimeoutUnknownOutcome => FailureLabel::Network,
        Code::KeychainLocked | Code::KeychainUnavailable | Code::StoreFailed | Code::Internal => {
            FailureLabel::OurSide
        }
        _ => FailureLabel::Identity,
    };
    Verdict::fail(label, problem.message.clone())
}
