//! The keychain and this session's secrets as one.

use std::sync::{Arc, Mutex, PoisonError};

use desk_core::EnvironmentName;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{Keychain, KeychainError, MemoryKeychain, Secret, SecretName};

/// For how long a secret is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// In the keychain, until it is deleted.
    Keychain,
    /// In memory, until the program ends.
    SessionOnly,
}

/// Where the desk's secrets are: a keychain, and memory for those that a person chose to keep for this session only.
///
/// A session's secret hides the keychain's of the same name.
pub struct Vault {
    keychain: Arc<dyn Keychain>,
    session: MemoryKeychain,
    /// The tokens that came by in this session.
    seen: Mutex<Vec<SecretString>>,
}

impl Vault {
    /// A vault over this keychain, with no secrets for this session yet.
    pub fn new(keychain: Arc<dyn Keychain>) -> Self {
        Self {
            keychain,
            session: MemoryKeychain::new(),
            seen: Mutex::default(),
        }
    }

    /// Remembers a token that came by, for as long as the program runs, so that it can be looked for in what leaves.
    pub fn saw(&self, token: &SecretString) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen
            .iter()
            .any(|known| known.expose_secret() == token.expose_secret())
        {
            seen.push(token.clone());
        }
    }

    /// Every secret there is to be looked for in what leaves: this session's, the tokens that came by, and the keychain's
    /// of these names.
    ///
    /// # Errors
    /// The keychain's, where it may hold some and does not tell. One that is not there holds none.
    pub async fn every_secret(
        &self,
        names: impl IntoIterator<Item = SecretName>,
    ) -> Result<Vec<SecretString>, KeychainError> {
        let mut secrets = self.session.all();
        secrets.extend(
            self.seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .cloned(),
        );
        for name in names {
            match self.keychain.get(&name).await {
                Ok(secret) => secrets.extend(secret),
                Err(KeychainError::Unavailable | KeychainError::NoCollection) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(secrets)
    }

    /// The secret of this name: this session's, else the keychain's.
    pub async fn get(&self, name: &SecretName) -> Result<Option<SecretString>, KeychainError> {
        match self.session.find(name) {
            Some(secret) => Ok(Some(secret)),
            None => self.keychain.get(name).await,
        }
    }

    /// Whether the secret of this name is kept for this session only.
    pub fn is_for_this_session(&self, name: &SecretName) -> bool {
        self.session.find(name).is_some()
    }

    /// Keeps a secret for so long.
    ///
    /// One kept in the keychain ends this session's of the same name. One kept for this session leaves the
    /// keychain's as it is, because the keychain may be what does not work.
    pub async fn set(
        &self,
        name: &SecretName,
        secret: &SecretString,
        keep: Keep,
    ) -> Result<(), KeychainError> {
        match keep {
            Keep::Keychain => {
                self.keychain.set(name, secret).await?;
                self.session.remove(name);
            }
            Keep::SessionOnly => self.session.put(name, secret),
        }
        Ok(())
    }

    /// Keeps a secret's successor where the present one is kept: a refresh token that the portal replaced.
    pub async fn replace(&self, name: &SecretName, secret: &SecretString) -> Result<(), KeychainError> {
        let keep = match self.session.find(name) {
            Some(_) => Keep::SessionOnly,
            None => Keep::Keychain,
        };
        self.set(name, secret, keep).await
    }

    /// Removes a secret from this session and from the keychain; that there is none is fine.
    ///
    /// # Errors
    /// The keychain's. This session's secret is gone even then.
    pub async fn delete(&self, name: &SecretName) -> Result<(), KeychainError> {
        self.session.remove(name);
        self.keychain.delete(name).await
    }

    /// Removes every secret of an environment.
    ///
    /// # Errors
    /// The keychain's first, after every one was tried. This session's secrets are gone even then.
    pub async fn delete_environment(
        &self,
        desk: &str,
        environment: &EnvironmentName,
    ) -> Result<(), KeychainError> {
        let mut outcome = Ok(());
        for secret in Secret::all() {
            let name = SecretName {
                desk: desk.to_owned(),
                environment: environment.clone(),
                secret,
            };
            outcome = outcome.and(self.delete(&name).await);
        }
        outcome
    }

    /// Whether the keychain can keep secrets; see [`Keychain::probe`].
    pub async fn probe(&self) -> Result<(), KeychainError> {
        self.keychain.probe().await
    }

    /// Asks the person to unlock the keychain; see [`Keychain::unlock`].
    pub async fn unlock(&self) -> Result<(), KeychainError> {
        self.keychain.unlock().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use desk_core::Role;

    /// A keychain that is not there.
    struct NoKeychain;

    #[async_trait]
    impl Keychain for NoKeychain {
        async fn get(&self, _: &SecretName) -> Result<Option<SecretString>, KeychainError> {
            Err(KeychainError::Unavailable)
        }
        async fn set(&self, _: &SecretName, _: &SecretString) -> Result<(), KeychainError> {
            Err(KeychainError::Unavailable)
        }
        async fn delete(&self, _: &SecretName) -> Result<(), KeychainError> {
            Err(KeychainError::Unavailable)
        }
        async fn probe(&self) -> Result<(), KeychainError> {
            Err(KeychainError::Unavailable)
        }
        async fn unlock(&self) -> Result<(), KeychainError> {
            Err(KeychainError::Unavailable)
        }
    }

    fn name(environment: &str, role: Role) -> SecretName {
        SecretName {
            desk: "desk".to_owned(),
            environment: EnvironmentName::new(environment).unwrap(),
            secret: Secret::SignIn(role),
        }
    }

    async fn text(vault: &Vault, name: &SecretName) -> Option<String> {
        let secret = vault.get(name).await.unwrap()?;
        Some(secret.expose_secret().to_owned())
    }

    #[tokio::test]
    async fn a_sessions_secret_hides_the_keychains_until_one_is_kept_there() {
        let keychain = Arc::new(MemoryKeychain::new());
        let vault = Vault::new(keychain.clone());
        let name = name("live", Role::Operator);
        vault.set(&name, &"kept".into(), Keep::Keychain).await.unwrap();
        vault
            .set(&name, &"session".into(), Keep::SessionOnly)
            .await
            .unwrap();
        assert_eq!(text(&vault, &name).await.as_deref(), Some("session"));
        assert_eq!(keychain.find(&name).unwrap().expose_secret(), "kept");

        vault.set(&name, &"newer".into(), Keep::Keychain).await.unwrap();
        assert_eq!(text(&vault, &name).await.as_deref(), Some("newer"));
    }

    #[tokio::test]
    async fn a_successor_goes_where_the_present_secret_is() {
        let keychain = Arc::new(MemoryKeychain::new());
        let vault = Vault::new(keychain.clone());
        let kept = name("live", Role::Operator);
        let session = name("live", Role::StaffSmoke);
        vault.set(&kept, &"a".into(), Keep::Keychain).await.unwrap();
        vault.set(&session, &"b".into(), Keep::SessionOnly).await.unwrap();

        vault.replace(&kept, &"a2".into()).await.unwrap();
        vault.replace(&session, &"b2".into()).await.unwrap();

        assert_eq!(keychain.find(&kept).unwrap().expose_secret(), "a2");
        assert!(keychain.find(&session).is_none());
        assert_eq!(text(&vault, &session).await.as_deref(), Some("b2"));
    }

    #[tokio::test]
    async fn deleting_an_environment_removes_every_role_from_both_places_and_nothing_else() {
        let keychain = Arc::new(MemoryKeychain::new());
        let vault = Vault::new(keychain.clone());
        for environment in ["live", "staging"] {
            for role in Role::ALL {
                let name = name(environment, role);
                vault.set(&name, &"kept".into(), Keep::Keychain).await.unwrap();
                vault
                    .set(&name, &"session".into(), Keep::SessionOnly)
                    .await
                    .unwrap();
            }
        }
        let live = EnvironmentName::new("live").unwrap();
        vault.delete_environment("desk", &live).await.unwrap();
        for role in Role::ALL {
            assert_eq!(text(&vault, &name("live", role)).await, None, "{role}");
            assert!(keychain.find(&name("live", role)).is_none(), "{role}");
            assert_eq!(
                text(&vault, &name("staging", role)).await.as_deref(),
                Some("session")
            );
        }
    }

    #[tokio::test]
    async fn every_secret_is_the_sessions_the_seen_and_the_keychains() {
        let keychain = Arc::new(MemoryKeychain::new());
        let vault = Vault::new(keychain.clone());
        let kept = name("live", Role::Operator);
        let session = name("live", Role::StaffSmoke);
        vault.set(&kept, &"kept".into(), Keep::Keychain).await.unwrap();
        vault
            .set(&session, &"session".into(), Keep::SessionOnly)
            .await
            .unwrap();
        vault.saw(&"seen".into());
        vault.saw(&"seen".into());
        let all = vault.every_secret([kept.clone(), session.clone()]).await.unwrap();
        let mut texts: Vec<&str> = all.iter().map(SecretString::expose_secret).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["kept", "seen", "session"]);

        let without = Vault::new(Arc::new(NoKeychain));
        without.saw(&"seen".into());
        assert_eq!(without.every_secret([kept]).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn without_a_keychain_a_session_works_and_the_rest_says_so() {
        let vault = Vault::new(Arc::new(NoKeychain));
        let name = name("live", Role::Operator);
        let unavailable = Err(KeychainError::Unavailable);
        assert_eq!(vault.set(&name, &"a".into(), Keep::Keychain).await, unavailable);
        vault.set(&name, &"b".into(), Keep::SessionOnly).await.unwrap();
        assert_eq!(text(&vault, &name).await.as_deref(), Some("b"));

        let live = EnvironmentName::new("live").unwrap();
        assert_eq!(vault.delete_environment("desk", &live).await, unavailable);
        assert_eq!(vault.get(&name).await.err(), Some(KeychainError::Unavailable));
    }
}
