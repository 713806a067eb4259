//! Ids, passwords and keys that nobody can guess.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::Rng as _;
use sha2::{Digest as _, Sha256};

/// `bytes` random bytes in lower-case hexadecimal.
pub fn hex(bytes: usize) -> String {
    to_hex(&random(bytes))
}

/// `bytes` random bytes in URL-safe base64.
pub fn base64(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(random(bytes))
}

/// A made-up document id of twenty letters and digits.
pub fn document_id() -> String {
    rand::rng()
        .sample_iter(rand::distr::Alphanumeric)
        .take(20)
        .map(char::from)
        .collect()
}

/// The twenty hexadecimal digits that the same parts always get.
pub fn derived(parts: &[&str]) -> String {
    let mut digits = to_hex(&Sha256::digest(parts.join(":")));
    digits.truncate(20);
    digits
}

fn random(bytes: usize) -> Vec<u8> {
    let mut buffer = vec![0; bytes];
    rand::rng().fill(buffer.as_mut_slice());
    buffer
}

fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
