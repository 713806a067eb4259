//! What a secret is kept under.

use desk_core::{EnvironmentName, Role};

/// Whose secret: a data directory's, for one role in one environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SecretName {
    /// The data directory's own id, so that two data directories on one machine do not share secrets.
    pub desk: String,
    /// The environment the account belongs to.
    pub environment: EnvironmentName,
    /// The part the account plays.
    pub role: Role,
}

impl SecretName {
    /// The entry's name in the operating system's keychain.
    pub(crate) fn account(&self) -> String {
        format!("{}/{}/{}", self.desk, self.environment, self.role)
    }

    /// What a person sees in the system's own keychain program.
    pub(crate) fn label(&self) -> String {
        format!("Cutover Desk: {} in {}", self.role, self.environment)
    }
}
