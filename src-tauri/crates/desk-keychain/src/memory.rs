//! Secrets for this session only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use secrecy::SecretString;

use crate::{Keychain, KeychainError, SecretName};

/// Keeps secrets in memory; they are wiped when it is dropped. It never fails.
#[derive(Default)]
pub struct MemoryKeychain {
    secrets: Mutex<HashMap<SecretName, SecretString>>,
}

impl MemoryKeychain {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn find(&self, name: &SecretName) -> Option<SecretString> {
        self.lock().get(name).cloned()
    }

    pub(crate) fn put(&self, name: &SecretName, secret: &SecretString) {
        self.lock().insert(name.clone(), secret.clone());
    }

    pub(crate) fn remove(&self, name: &SecretName) {
        self.lock().remove(name);
    }

    pub(crate) fn all(&self) -> Vec<SecretString> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SecretName, SecretString>> {
        // A panic elsewhere cannot leave a map half changed, so the poison says nothing about it.
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Keychain for MemoryKeychain {
    async fn get(&self, name: &SecretName) -> Result<Option<SecretString>, KeychainError> {
        Ok(self.find(name))
    }

    async fn set(&self, name: &SecretName, secret: &SecretString) -> Result<(), KeychainError> {
        self.put(name, secret);
        Ok(())
    }

    async fn delete(&self, name: &SecretName) -> Result<(), KeychainError> {
        self.remove(name);
        Ok(())
    }

    async fn probe(&self) -> Result<(), KeychainError> {
        Ok(())
    }

    async fn unlock(&self) -> Result<(), KeychainError> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;
    use desk_core::{EnvironmentName, Role};
    use secrecy::ExposeSecret;

    #[tokio::test]
    async fn keeps_replaces_and_forgets_by_the_whole_name() {
        let keychain = MemoryKeychain::new();
        let name = |desk: &str, environment: &str, role| SecretName {
            desk: desk.to_owned(),
            environment: EnvironmentName::new(environment).unwrap(),
            secret: Secret::SignIn(role),
        };
        let operator = name("a", "live", Role::Operator);
        keychain.set(&operator, &"one".into()).await.unwrap();
        keychain.set(&operator, &"two".into()).await.unwrap();
        let kept = keychain.get(&operator).await.unwrap().unwrap();
        assert_eq!(kept.expose_secret(), "two");
        for other in [
            name("b", "live", Role::Operator),
            name("a", "staging", Role::Operator),
            name("a", "live", Role::StaffSmoke),
        ] {
            assert!(keychain.get(&other).await.unwrap().is_none(), "{other:?}");
        }
        keychain.delete(&operator).await.unwrap();
        keychain.delete(&operator).await.unwrap();
        assert!(keychain.get(&operator).await.unwrap().is_none());
    }
}
