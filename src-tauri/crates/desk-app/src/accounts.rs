//! The accounts the desk acts as: signing in, checking, forgetting.

use crate::{
    desk::Desk,
    error::{Code, Problem},
    link::{Link, practice_problem},
    problem::{keychain_problem, read_problem, sign_in_problem, store_problem},
    view::{IdentityState, IdentityView, KeychainView, SignInDraft},
};
use desk_core::{EnvironmentName, Role, record::Record};
use desk_keychain::{Keep, Secret};
use desk_portal::{Caller, Credential, Portal, Session, wire};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// What the portal says about an account.
pub(crate) struct Account {
    pub(crate) uid: String,
    pub(crate) staff: bool,
}

/// Asks the portal who an account is: its word counts, not the token's claims.
pub(crate) async fn who_am_i(portal: &Portal, session: &Session) -> Result<Account, Problem> {
    match portal.ask(&wire::Hello {}, Caller::As(session), "who am I").await {
        Ok(answer) => Ok(Account {
            uid: answer.data.uid,
            staff: answer.data.is_staff,
        }),
        Err(exchange) => Err(read_problem(&exchange)),
    }
}

/// Says which claim is missing when an account is not staff but its role needs it.
pub(crate) fn missing_claim(role: Role, session: &Session, account: &Account) -> Option<Problem> {
    if account.staff || !role.needs_staff() {
        return None;
    }
    let claims = session.claims();
    let found = if claims.admin {
        "It holds the admin claim, but admin alone is not staff: the claim `staff: true`, or `staff` among its roles, is missing."
    } else {
        "The claim `staff: true`, or `staff` among its roles, is missing."
    };
    Some(
        Problem::new(
            Code::NotStaff,
            format!("{} is not staff for this portal. {found}", account.uid),
            "It could read the phase but not set it, so it is not kept.",
            "Ask whoever manages the accounts for the staff claim, then sign in again (a claim counts from the next sign-in), or use another account.",
        )
        .about("email"),
    )
}

/// Signs an account in for a role, if it may have it.
async fn sign_in(link: &Link, role: Role, credential: Credential) -> Result<(Session, Account), Problem> {
    let identity = role.word();
    let session = link.portal.sign_in(identity, credential).await;
    let session = session.map_err(|error| sign_in_problem(identity, &error))?;
    let account = who_am_i(&link.portal, &session).await?;
    match missing_claim(role, &session, &account) {
        Some(problem) => Err(problem),
        None => Ok((session, account)),
    }
}

impl SignInDraft {
    /// What was typed, as a credential.
    ///
    /// # Errors
    /// `invalid_input` with the field that is missing.
    pub fn credential(&self) -> Result<Credential, Problem> {
        let email = self.email.trim();
        if email.is_empty() {
            return Err(Problem::invalid(
                "email",
                "The e-mail address is missing.",
                "Type the account's address.",
            ));
        }
        if self.password.expose_secret().is_empty() {
            return Err(Problem::invalid(
                "password",
                "The password is missing.",
                "Type the account's password.",
            ));
        }
        Ok(Credential::Password {
            email: email.to_owned(),
            password: self.password.clone(),
        })
    }
}

impl Desk {
    /// The role with this word.
    ///
    /// # Errors
    /// `invalid_input` (field `role`) for any other word.
    pub fn role(word: &str) -> Result<Role, Problem> {
        Role::from_word(word).ok_or_else(|| {
            let words: Vec<_> = Role::ALL.iter().map(|role| role.word()).collect();
            Problem::invalid(
                "role",
                format!("There is no role {word:?}."),
                format!("Use {}.", words.join(", ")),
            )
        })
    }

    /// Signs an account in for a role of the present environment and keeps it.
    ///
    /// # Errors
    /// `invalid_input`, `signed_out`, `not_staff`, `offline`, `stopped`, `keychain_*`, `store_*`. Nothing is kept then.
    pub async fn set_identity(
        &self,
        role: Role,
        credential: Credential,
        session_only: bool,
    ) -> Result<IdentityView, Problem> {
        let environment = self.environment();
        if environment.is_practice() {
            return Err(Problem::invalid(
                "role",
                "The practice portal brings its own accounts.",
                "Add a portal to sign in with a real account.",
            ));
        }
        let link = self.link(&environment).await?;
        let asking = {
            let link = Arc::clone(&link);
            async move { sign_in(&link, role, credential).await }
        };
        let (session, account) = self.unless_stopped(asking).await.flatten()?;
        // The keychain first, then the journal.
        self.keep_sign_in(&link.environment, role, &session, session_only)
            .await?;
        self.note_account(&link, role, session, &account, session_only)
            .await?;
        self.identity_view(&environment, role).await
    }

    /// Keeps a sign-in. What the keychain makes of it is what the screen says of the keychain from then on: where it
    /// fails, the forms offer *for this session only*.
    pub(crate) async fn keep_sign_in(
        &self,
        environment: &EnvironmentName,
        role: Role,
        session: &Session,
        session_only: bool,
    ) -> Result<(), Problem> {
        let name = self.secret_name(environment, Secret::SignIn(role));
        let place = if session_only {
            Keep::SessionOnly
        } else {
            Keep::Keychain
        };
        let kept = self.inner.vault.set(&name, &session.refresh_token(), place).await;
        let problem = kept.err().map(|error| keychain_problem(&error));
        if !session_only {
            self.update(|screen| {
                screen.keychain = KeychainView {
                    ready: Some(problem.is_none()),
                    problem: problem.clone(),
                };
            });
        }
        problem.map_or(Ok(()), Err)
    }

    /// Records an account whose sign-in is kept, and goes on as it.
    pub(crate) async fn note_account(
        &self,
        link: &Link,
        role: Role,
        session: Session,
        account: &Account,
        session_only: bool,
    ) -> Result<(), Problem> {
        let record = Record::IdentitySet {
            role,
            uid: account.uid.clone(),
            staff: account.staff,
            session_only,
        };
        self.record(Some(&link.environment), None, &account.uid, record)
            .await?;
        self.replace_session(link, role, Some(session)).await;
        self.update_at(&link.environment, |screen| {
            screen.identities.insert(role, (IdentityState::Ready, None));
        });
        self.ask_now();
        Ok(())
    }

    /// Signs in with what is kept and asks the portal who it is. Claims travel in the token, so that it is renewed
    /// first: what was granted or withdrawn meanwhile shows.
    ///
    /// # Errors
    /// `stopped`, `store_*`; what is wrong with the account itself stands in the view.
    pub async fn check_identity(&self, role: Role) -> Result<IdentityView, Problem> {
        let link = self.link(&self.environment()).await?;
        self.replace_session(&link, role, None).await;
        let desk = self.clone();
        let looking = async move { desk.look_at_identity(role).await };
        self.unless_stopped(looking).await.flatten()
    }

    /// Asks the portal who an account is, signed in as it is.
    pub(crate) async fn look_at_identity(&self, role: Role) -> Result<IdentityView, Problem> {
        let environment = self.environment();
        let link = self.link(&environment).await?;
        let result = async {
            let session = self.session(&link, role).await?;
            let account = who_am_i(&link.portal, &session).await?;
            match missing_claim(role, &session, &account) {
                Some(problem) => Err(problem),
                None => Ok(()),
            }
        }
        .await;
        self.update_at(&environment, |screen| {
            let state = match &result {
                Ok(()) => (IdentityState::Ready, None),
                Err(problem) => {
                    let state = match problem.code {
                        Code::NotStaff => IdentityState::NotStaff,
                        Code::SignedOut | Code::WrongIdentity => IdentityState::SignedOut,
                        _ => IdentityState::Kept,
                    };
                    (state, Some(problem.clone()))
                }
            };
            screen.identities.insert(role, state);
        });
        self.identity_view(&environment, role).await
    }

    /// Deletes the credentials kept for a role.
    ///
    /// # Errors
    /// `keychain_*` when the keychain did not delete them; `store_*`.
    pub async fn forget_identity(&self, role: Role) -> Result<(), Problem> {
        let environment = self.environment();
        if environment.is_practice() {
            return Err(Problem::invalid(
                "role",
                "The practice portal brings its own accounts.",
                "There is nothing to forget.",
            ));
        }
        self.inner
            .vault
            .delete(&self.secret_name(&environment, Secret::SignIn(role)))
            .await
            .map_err(|error| keychain_problem(&error))?;
        let link = self.link(&environment).await?;
        self.replace_session(&link, role, None).await;
        self.record(
            Some(&environment),
            None,
            "desk",
            Record::IdentityForgotten { role },
        )
        .await?;
        self.update_at(&environment, |screen| {
            screen.identities.remove(&role);
        });
        self.ask_now();
        Ok(())
    }

    /// The accounts of the present environment.
    ///
    /// # Errors
    /// `store_*`; `offline` when the practice portal, which brings its own accounts, does not run.
    pub async fn identities(&self) -> Result<Vec<IdentityView>, Problem> {
        let environment = self.environment();
        if environment.is_practice() {
            self.link(&environment).await?;
        }
        self.identities_of(&environment).await
    }

    async fn identity_view(
        &self,
        environment: &EnvironmentName,
        role: Role,
    ) -> Result<IdentityView, Problem> {
        let all = self.identities_of(environment).await?;
        all.into_iter()
            .find(|view| view.role == role.word())
            .ok_or_else(|| Problem::invalid("role", "There is no such role.", "Use one of the four roles."))
    }

    pub(crate) async fn identities_of(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<IdentityView>, Problem> {
        let mut known: Vec<(Role, String, bool, bool)> = Vec::new();
        if environment.is_practice() {
            if let Some(practice) = self.inner.practice.lock().await.as_ref() {
                for one in practice.identities().map_err(|error| practice_problem(&error))? {
                    if let Some(role) = Role::from_word(&one.name) {
                        known.push((role, one.uid, one.staff, false));
                    }
                }
            }
        } else {
            let rows = self.inner.store.identities(environment).await;
            for row in rows.map_err(|error| store_problem(&error))? {
                // One for another session only, an earlier one or another desk's, is not kept here.
                if !row.session_only || self.is_signed_in(environment, row.role) {
                    known.push((row.role, row.uid, row.staff, row.session_only));
                }
            }
        }
        let screen = self.screen();
        Ok(Role::ALL
            .into_iter()
            .map(|role| {
                let found = known.iter().find(|(of, ..)| *of == role);
                let given = self.inner.credentials.contains_key(&role);
                let (state, problem) = screen.identities.get(&role).cloned().unwrap_or_else(|| {
                    let kept = found.is_some() || given;
                    (
                        if kept {
                            IdentityState::Kept
                        } else {
                            IdentityState::Missing
                        },
                        None,
                    )
                });
                IdentityView {
                    role: role.word().to_owned(),
                    uid: found.map(|(_, uid, ..)| uid.clone()),
                    staff: found.map(|(_, _, staff, _)| *staff),
                    needs_staff: role.needs_staff(),
                    session_only: given || found.is_some_and(|(.., session_only)| *session_only),
                    state,
                    problem,
                }
            })
            .collect())
    }

    /// Tries whether secrets can be kept, and shows the result.
    pub async fn probe_keychain(&self) {
        let result = self.inner.vault.probe().await;
        self.update(|screen| {
            screen.keychain.ready = Some(result.is_ok());
            screen.keychain.problem = result.err().map(|error| keychain_problem(&error));
        });
    }

    /// Asks the person to unlock the keychain, then tries again.
    pub async fn unlock_keychain(&self) {
        // What came of the prompt shows in the probe, which says it in the right words.
        if let Err(error) = self.inner.vault.unlock().await {
            tracing::info!(%error, "the keychain was not unlocked");
        }
        self.probe_keychain().await;
    }
}
