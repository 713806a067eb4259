//! The operating system's keychain behind one small trait: Secret Service, Windows Credential Manager, macOS Keychain.
//!
//! Secrets are kept by data directory, environment and kind. They never go to a file: where no keychain works, a
//! person may choose to keep a secret *for this session only*, which is memory ([`Vault`]).

mod error;
mod memory;
mod name;
mod os;
mod vault;

#[cfg(any(target_os = "macos", windows))]
#[path = "platform_native.rs"]
mod platform;
#[cfg(target_os = "linux")]
#[path = "platform_secret_service.rs"]
mod platform;

use async_trait::async_trait;
use secrecy::SecretString;

pub use error::KeychainError;
pub use memory::MemoryKeychain;
pub use name::{Secret, SecretName};
pub use os::OsKeychain;
pub use vault::{Keep, Vault};

/// A place that keeps secrets by name.
///
/// Every call may be dropped at any time; what it had begun may then still take effect.
#[async_trait]
pub trait Keychain: Send + Sync {
    /// The secret of this name, if there is one. Does not wait for a person.
    async fn get(&self, name: &SecretName) -> Result<Option<SecretString>, KeychainError>;

    /// Keeps a secret, in place of the one before. Does not wait for a person.
    async fn set(&self, name: &SecretName, secret: &SecretString) -> Result<(), KeychainError>;

    /// Removes a secret; that there is none is fine. Does not wait for a person.
    async fn delete(&self, name: &SecretName) -> Result<(), KeychainError>;

    /// Whether secrets can be kept: stores, reads and removes an entry of its own.
    ///
    /// A keychain without a login collection answers reads as if it were merely empty; only a write tells.
    async fn probe(&self) -> Result<(), KeychainError>;

    /// Asks the person to unlock the keychain, which opens the system's own prompt and waits for it.
    /// Does nothing when it is unlocked already.
    async fn unlock(&self) -> Result<(), KeychainError>;
}
