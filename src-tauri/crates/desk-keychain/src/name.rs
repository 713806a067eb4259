//! What a secret is kept under.

use desk_core::{EnvironmentName, Role};

/// What kind of secret it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Secret {
    /// The sign-in of the account that plays this part.
    SignIn(Role),
    /// The sign-in service's key for the environment's project.
    ApiKey,
    /// The address that announcements are posted to: whoever has it can post.
    Webhook,
    /// The seed of the key that evidence bundles are signed with. It is the desk's, not a portal's, and stands under
    /// practice, which every desk has.
    SealKey,
}

impl Secret {
    /// Every secret that an environment can have.
    pub fn all() -> impl Iterator<Item = Self> {
        Role::ALL
            .into_iter()
            .map(Self::SignIn)
            .chain([Self::ApiKey, Self::Webhook])
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SignIn(role) => role.fmt(f),
            Self::ApiKey => f.write_str("api-key"),
            Self::Webhook => f.write_str("webhook"),
            Self::SealKey => f.write_str("evidence-key"),
        }
    }
}

/// Whose secret: a data directory's, in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretName {
    /// The data directory's own id, so that two data directories on one machine do not share secrets.
    pub desk: String,
    /// The environment it belongs to.
    pub environment: EnvironmentName,
    /// What it is.
    pub secret: Secret,
}

impl SecretName {
    /// The entry's name in the operating system's keychain.
    pub(crate) fn account(&self) -> String {
        format!("{}/{}/{}", self.desk, self.environment, self.secret)
    }

    /// What a person sees in the system's own keychain program.
    pub(crate) fn label(&self) -> String {
        format!("Cutover Desk: {} in {}", self.secret, self.environment)
    }
}
