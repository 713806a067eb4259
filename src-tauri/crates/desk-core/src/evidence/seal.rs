//! The attestations: in-toto statements in DSSE envelopes, signed with Ed25519.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// What an in-toto statement is.
pub const STATEMENT: &str = "https://in-toto.io/Statement/v1";
/// What a DSSE envelope of one holds.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
/// What came of the tests: the smoke checklist's steps.
pub const TEST_RESULT: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// Who decided what on which grounds: the desk's own, described in the README.
pub const DECISIONS: &str = "urn:cutover-desk:attestation:decisions:v1";

/// What stands before the key in the DER of an Ed25519 public key (RFC 8410).
const SPKI: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// An in-toto statement: what is said of some files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// [`STATEMENT`].
    #[serde(rename = "_type")]
    pub kind: String,
    /// The files, by path.
    pub subject: Vec<Subject>,
    /// What kind of thing is said.
    pub predicate_type: String,
    /// What is said.
    pub predicate: serde_json::Value,
}

/// A file that something is said of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its path in the bundle.
    pub name: String,
    /// Its hash.
    pub digest: SubjectDigest,
}

/// A file's hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDigest {
    /// SHA-256, lower-case hex.
    pub sha256: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Envelope {
    payload_type: String,
    payload: String,
    signatures: Vec<EnvelopeSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeSignature {
    keyid: String,
    sig: String,
}

/// The half of the key that signs. It never leaves the keychain but in memory.
pub struct SealKey(SigningKey);

impl SealKey {
    /// The key of a seed of 32 random bytes.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The key that was kept as text; none where the text is not 64 hex digits.
    pub fn from_text(text: &SecretString) -> Option<Self> {
        let mut seed = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.expose_secret(), &mut *seed).ok()?;
        Some(Self::from_seed(&seed))
    }

    /// The key as text to be kept.
    pub fn to_text(&self) -> SecretString {
        SecretString::from(hex::encode(self.0.as_bytes()))
    }

    /// The half that everybody may have.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }
}

/// The half of the key that a signature is checked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// The key as PEM, as `openssl pkey -pubin` reads it.
    pub fn to_pem(&self) -> String {
        let der = [&SPKI[..], self.0.as_bytes()].concat();
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(der)
        )
    }

    /// Reads the text of [`Self::to_pem`], to the letter; none for any other.
    pub fn from_pem(pem: &str) -> Option<Self> {
        let der = STANDARD.decode(pem.lines().nth(1)?).ok()?;
        let bytes: [u8; 32] = der.strip_prefix(&SPKI)?.try_into().ok()?;
        let key = Self(VerifyingKey::from_bytes(&bytes).ok()?);
        (key.to_pem() == pem).then_some(key)
    }

    /// Its fingerprint: the SHA-256 of its 32 bytes, lower-case hex.
    pub fn fingerprint(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }
}

/// What DSSE has signed: the payload with its type, each with its length.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

/// A statement in its envelope, as text.
///
/// # Errors
/// When the predicate cannot be written as JSON.
pub fn seal(statement: &Statement, key: &SealKey) -> Result<String, serde_json::Error> {
    let payload = serde_json::to_vec(statement)?;
    let signature = key.0.sign(&pae(PAYLOAD_TYPE, &payload));
    text(&Envelope {
        payload_type: PAYLOAD_TYPE.to_owned(),
        payload: STANDARD.encode(payload),
        signatures: vec![EnvelopeSignature {
            keyid: key.public().fingerprint(),
            sig: STANDARD.encode(signature.to_bytes()),
        }],
    })
}

fn text(envelope: &Envelope) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string_pretty(envelope)?;
    text.push('\n');
    Ok(text)
}

/// Why an envelope says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It is not an envelope as the desk writes it, to the letter.
    #[error("is not an envelope as the desk writes it")]
    NotAnEnvelope,
    /// Its signature is not the key's.
    #[error("is not signed by the bundle's key")]
    NotSigned,
    /// What was signed is not a statement.
    #[error("holds no in-toto statement")]
    NotAStatement,
}

/// The statement in an envelope that the key has signed.
///
/// # Errors
/// Where it was not signed by this key, or is written in any other way than [`seal`] writes: then a byte was changed.
pub fn open(envelope: &str, key: &PublicKey) -> Result<Statement, SealError> {
    let read: Envelope = serde_json::from_str(envelope).map_err(|_| SealError::NotAnEnvelope)?;
    if read.payload_type != PAYLOAD_TYPE || text(&read).ok().as_deref() != Some(envelope) {
        return Err(SealError::NotAnEnvelope);
    }
    let payload = STANDARD
        .decode(&read.payload)
        .map_err(|_| SealError::NotAnEnvelope)?;
    let [signature] = &read.signatures[..] else {
        return Err(SealError::NotAnEnvelope);
    };
    let bytes = STANDARD
        .decode(&signature.sig)
        .map_err(|_| SealError::NotSigned)?;
    let signed = Signature::from_slice(&bytes).map_err(|_| SealError::NotSigned)?;
    if signature.keyid != key.fingerprint() {
        return Err(SealError::NotSigned);
    }
    key.0
        .verify_strict(&pae(PAYLOAD_TYPE, &payload), &signed)
        .map_err(|_| SealError::NotSigned)?;
    let statement: Statement = serde_json::from_slice(&payload).map_err(|_| SealError::NotAStatement)?;
    if statement.kind != STATEMENT {
        return Err(SealError::NotAStatement);
    }
    Ok(statement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statement() -> Statement {
        Statement {
            kind: STATEMENT.to_owned(),
            subject: vec![Subject {
                name: "data/a".to_owned(),
                digest: SubjectDigest {
                    sha256: "0".repeat(64),
                },
            }],
            predicate_type: DECISIONS.to_owned(),
            predicate: serde_json::json!({ "text": "Zoë" }),
        }
    }

    /// The example of the DSSE specification.
    #[test]
    fn what_is_signed_is_the_specifications() {
        assert_eq!(
            pae("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
    }

    /// RFC 8032, 7.1, the first test: the public half of a known seed, and RFC 8410's prefix before it.
    #[test]
    fn the_key_is_the_rfcs_and_survives_its_texts() {
        let seed = SecretString::from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let key = SealKey::from_text(&seed).unwrap();
        let public = hex::encode(key.public().0.as_bytes());
        assert_eq!(
            public,
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        assert_eq!(key.to_text().expose_secret(), seed.expose_secret());
        let pem = key.public().to_pem();
        assert_eq!(PublicKey::from_pem(&pem), Some(key.public()));
        assert_eq!(PublicKey::from_pem(&pem.replace('-', "=")), None);
        assert!(SealKey::from_text(&SecretString::from("12")).is_none());
    }

    #[test]
    fn only_the_keys_own_envelope_opens_and_only_to_the_letter() {
        let key = SealKey::from_seed(&[7; 32]);
        let sealed = seal(&statement(), &key).unwrap();
        assert_eq!(open(&sealed, &key.public()), Ok(statement()));
        let other = SealKey::from_seed(&[8; 32]).public();
        assert_eq!(open(&sealed, &other), Err(SealError::NotSigned));
        for index in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[index] ^= 1;
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            assert!(open(&changed, &key.public()).is_err(), "byte {index}");
        }
    }
}
