//! Windows Credential Manager and the macOS Keychain, through keyring-core's stores.

use std::sync::Arc;

#[cfg(target_os = "macos")]
use apple_native_keyring_store::keychain::Store;
use keyring_core::api::CredentialStoreApi;
use keyring_core::{Entry, Error};
use secrecy::{ExposeSecret, SecretString};
#[cfg(windows)]
use windows_native_keyring_store::Store;
use zeroize::Zeroizing;

use crate::KeychainError;

/// The service that the desk's entries are kept under.
const SERVICE: &str = "cutover-desk";

pub fn get(account: &str) -> Result<Option<SecretString>, KeychainError> {
    let bytes = match entry(account)?.get_secret() {
        Ok(bytes) => Zeroizing::new(bytes),
        Err(Error::NoEntry) => return Ok(None),
        Err(error) => return Err(classify(error)),
    };
    let text = std::str::from_utf8(&bytes).map_err(|_| KeychainError::Other {
        detail: "the entry it holds for this account is not text".to_owned(),
    })?;
    Ok(Some(SecretString::from(text)))
}

/// Neither system shows the label: both name an entry by service and account.
pub fn set(account: &str, _label: &str, secret: &SecretString) -> Result<(), KeychainError> {
    entry(account)?
        .set_secret(secret.expose_secret().as_bytes())
        .map_err(classify)
}

pub fn delete(account: &str) -> Result<(), KeychainError> {
    match entry(account)?.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(classify(error)),
    }
}

/// These systems ask by themselves when they must, and writing is when they must.
pub fn unlock() -> Result<(), KeychainError> {
    let account = "unlock";
    set(account, "", &SecretString::from("unlock"))?;
    delete(account)
}

fn entry(account: &str) -> Result<Entry, KeychainError> {
    let store: Arc<Store> = Store::new().map_err(classify)?;
    store.build(SERVICE, account, None).map_err(classify)
}

fn classify(error: Error) -> KeychainError {
    match error {
        // On Windows this has one cause: a program without a logon session has no credential set.
        #[cfg(windows)]
        Error::NoStorageAccess(_) => KeychainError::Unavailable,
        #[cfg(target_os = "macos")]
        Error::NoStorageAccess(source) | Error::PlatformFailure(source) => classify_code(&*source),
        // These carry the entry's bytes, so their own text is not passed on.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => KeychainError::Other {
            detail: "the entry it holds for this account is damaged".to_owned(),
        },
        error => KeychainError::Other {
            detail: error.to_string(),
        },
    }
}

/// The codes are those of `SecBase.h`.
#[cfg(target_os = "macos")]
fn classify_code(source: &(dyn std::error::Error + 'static)) -> KeychainError {
    const USER_CANCELED: i32 = -128;
    const NOT_AVAILABLE: i32 = -25291;
    const AUTH_FAILED: i32 = -25293;
    const NO_SUCH_KEYCHAIN: i32 = -25294;
    const NO_DEFAULT_KEYCHAIN: i32 = -25307;
    const INTERACTION_NOT_ALLOWED: i32 = -25308;

    let code = source
        .downcast_ref::<security_framework::base::Error>()
        .map(|error| error.code());
    match code {
        Some(USER_CANCELED | AUTH_FAILED) => KeychainError::Refused,
        Some(NOT_AVAILABLE) => KeychainError::Unavailable,
        Some(NO_SUCH_KEYCHAIN | NO_DEFAULT_KEYCHAIN) => KeychainError::NoCollection,
        Some(INTERACTION_NOT_ALLOWED) => KeychainError::Locked,
        _ => KeychainError::Other {
            detail: source.to_string(),
        },
    }
}
