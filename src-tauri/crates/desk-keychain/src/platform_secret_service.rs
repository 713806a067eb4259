//! The Secret Service of Linux desktops (GNOME Keyring, `KWallet`, `KeePassXC`), over the session bus.
//!
//! Each call makes a connection of its own: calls are rare, and one that hangs then holds up no other. Whether the
//! default collection is locked is asked first, because reading from a locked one opens a prompt and waits for it.

use std::collections::HashMap;

use secrecy::{ExposeSecret, SecretString};
use secret_service::blocking::{Collection, Item, SecretService};
use secret_service::{EncryptionType, Error};
use zeroize::Zeroizing;

use crate::KeychainError;

/// The attribute that marks the desk's own entries.
const APPLICATION: (&str, &str) = ("application", "cutover-desk");

pub fn get(account: &str) -> Result<Option<SecretString>, KeychainError> {
    let service = connect()?;
    let collection = unlocked_collection(&service)?;
    let Some(item) = find(&collection, account)? else {
        return Ok(None);
    };
    let bytes = Zeroizing::new(item.get_secret().map_err(classify)?);
    let text = std::str::from_utf8(&bytes).map_err(|_| KeychainError::Other {
        detail: "the entry it holds for this account is not text".to_owned(),
    })?;
    Ok(Some(SecretString::from(text)))
}

pub fn set(account: &str, label: &str, secret: &SecretString) -> Result<(), KeychainError> {
    let service = connect()?;
    let collection = unlocked_collection(&service)?;
    let replace = true;
    collection
        .create_item(
            label,
            attributes(account),
            secret.expose_secret().as_bytes(),
            replace,
            "text/plain",
        )
        .map_err(classify)?;
    Ok(())
}

pub fn delete(account: &str) -> Result<(), KeychainError> {
    let service = connect()?;
    let collection = unlocked_collection(&service)?;
    match find(&collection, account)? {
        Some(item) => item.delete().map_err(classify),
        None => Ok(()),
    }
}

pub fn unlock() -> Result<(), KeychainError> {
    let service = connect()?;
    let collection = default_collection(&service)?;
    if collection.is_locked().map_err(classify)? {
        collection.unlock().map_err(classify)?;
    }
    Ok(())
}

fn connect() -> Result<SecretService<'static>, KeychainError> {
    SecretService::connect(EncryptionType::Dh).map_err(classify)
}

fn default_collection<'a>(service: &'a SecretService<'_>) -> Result<Collection<'a>, KeychainError> {
    service.get_default_collection().map_err(|error| match error {
        Error::NoResult => KeychainError::NoCollection,
        other => classify(other),
    })
}

fn unlocked_collection<'a>(service: &'a SecretService<'_>) -> Result<Collection<'a>, KeychainError> {
    let collection = default_collection(service)?;
    if collection.is_locked().map_err(classify)? {
        return Err(KeychainError::Locked);
    }
    Ok(collection)
}

fn find<'a>(collection: &'a Collection<'_>, account: &str) -> Result<Option<Item<'a>>, KeychainError> {
    let items = collection.search_items(attributes(account)).map_err(classify)?;
    Ok(items.into_iter().next())
}

fn attributes(account: &str) -> HashMap<&str, &str> {
    HashMap::from([APPLICATION, ("account", account)])
}

fn classify(error: Error) -> KeychainError {
    // Neither the bus's errors nor the service's carry a message's body, so no secret.
    tracing::debug!(%error, "the Secret Service did not do as asked");
    match error {
        Error::Locked => KeychainError::Locked,
        Error::Prompt => KeychainError::Refused,
        Error::Unavailable | Error::PromptDisconnected => KeychainError::Unavailable,
        Error::Zbus(error) => classify_bus(&error),
        unexpected => other(&unexpected),
    }
}

fn classify_bus(error: &zbus::Error) -> KeychainError {
    match error {
        zbus::Error::Address(_)
        | zbus::Error::Handshake(_)
        | zbus::Error::InputOutput(_)
        | zbus::Error::Connection(..) => KeychainError::Unavailable,
        zbus::Error::MethodError(name, ..) => match name.as_str() {
            "org.freedesktop.DBus.Error.ServiceUnknown"
            | "org.freedesktop.DBus.Error.NameHasNoOwner"
            | "org.freedesktop.DBus.Error.NoReply" => KeychainError::Unavailable,
            name if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => KeychainError::Unavailable,
            "org.freedesktop.Secret.Error.IsLocked" => KeychainError::Locked,
            "org.freedesktop.Secret.Error.NoSuchObject" => KeychainError::NoCollection,
            _ => other(error),
        },
        _ => other(error),
    }
}

fn other(error: &dyn std::error::Error) -> KeychainError {
    KeychainError::Other {
        detail: error.to_string(),
    }
}
