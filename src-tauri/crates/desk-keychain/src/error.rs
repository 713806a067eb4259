//! Why a secret could not be read or kept.

/// Why the keychain did not do as asked. The messages are for people and never contain a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeychainError {
    /// No session bus, no provider of the Secret Service, or no logon session.
    #[error(
        "this computer offers no keychain, so no sign-in can be kept; start one (GNOME Keyring or KWallet on Linux), or keep the sign-in for this session only"
    )]
    Unavailable,
    /// The keychain runs but has no collection to store into by default.
    #[error(
        "the keychain has no login collection, so no sign-in can be kept; create one in the system's keychain program and make it the default, or keep the sign-in for this session only"
    )]
    NoCollection,
    /// The keychain is locked; [`unlock`](crate::Keychain::unlock) asks for it.
    #[error(
        "the keychain is locked, so kept sign-ins cannot be read; unlock it, or sign in for this session only"
    )]
    Locked,
    /// The person, or the system in their name, turned the prompt down.
    #[error(
        "the keychain's prompt was refused, so kept sign-ins cannot be used; try again and allow it, or sign in for this session only"
    )]
    Refused,
    /// No answer within the limit, or an earlier call still hangs.
    #[error(
        "the keychain does not answer, perhaps because a prompt waits behind another window; answer it and try again, or sign in for this session only"
    )]
    TimedOut,
    /// Anything else, in the keychain's own words.
    #[error("the keychain failed: {detail}; try again, or sign in for this session only")]
    Other {
        /// What the keychain said; never a secret.
        detail: String,
    },
}
