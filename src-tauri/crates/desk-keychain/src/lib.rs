//! desk-keychain
