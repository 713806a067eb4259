//! ID tokens: JSON web tokens with the portal's claims, signed with a key kept beside the state, so that a token from
//! one process is good in another that serves the same file.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::PROJECT_ID;
use crate::store::{Account, Document};

/// How long an ID token is good for, in seconds.
pub const LIFETIME_S: i64 = 3600;

/// Signs and reads ID tokens.
pub struct Signer {
    key: Vec<u8>,
}

/// What a good token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub uid: String,
    /// `staff: true`, or `"staff"` among the roles. `admin` alone is not staff.
    pub staff: bool,
}

impl Signer {
    pub const fn new(key: Vec<u8>) -> Self {
        Self { key }
    }

    /// A token for this account, with these custom claims, good for an hour.
    pub fn issue(&self, account: &Account, claims: &Document, now_ms: i64) -> String {
        let issued = now_ms / 1000;
        let mut payload = claims.clone();
        payload.extend([
            ("sub".to_owned(), json!(account.uid)),
            ("user_id".to_owned(), json!(account.uid)),
            ("email".to_owned(), json!(account.email)),
            ("name".to_owned(), json!(account.display_name)),
            ("iat".to_owned(), json!(issued)),
            ("auth_time".to_owned(), json!(issued)),
            ("exp".to_owned(), json!(issued + LIFETIME_S)),
            ("aud".to_owned(), json!(PROJECT_ID)),
            ("iss".to_owned(), json!(issuer())),
        ]);
        self.sign(&Value::Object(payload))
    }

    fn sign(&self, payload: &Value) -> String {
        let header = json!({ "alg": "HS256", "typ": "JWT" });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(payload.to_string())
        );
        let signature = self.mac(&signed).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// What the token says, if it is ours, meant for us and not expired.
    pub fn read(&self, token: &str, now_ms: i64) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (_, payload) = signed.split_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.mac(signed).verify_slice(&signature).ok()?;
        let payload: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
        let is = |name: &str, expected: &str| payload[name].as_str() == Some(expected);
        let current = payload["exp"].as_i64()? > now_ms / 1000;
        if !current || !is("aud", PROJECT_ID) || !is("iss", &issuer()) {
            return None;
        }
        let in_roles = payload["roles"]
            .as_array()
            .is_some_and(|roles| roles.iter().any(|role| role == "staff"));
        Some(Claims {
            uid: payload["sub"].as_str()?.to_owned(),
            staff: payload["staff"] == true || in_roles,
        })
    }

    fn mac(&self, signed: &str) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        #[allow(clippy::expect_used)]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of any length");
        mac.update(signed.as_bytes());
        mac
    }
}

fn issuer() -> String {
    format!("https://securetoken.google.com/{PROJECT_ID}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_800_000_000_000;

    fn account() -> Account {
        Account {
            uid: "someone".into(),
            email: "someone@practice.invalid".into(),
            display_name: "Someone".into(),
            password: "p".into(),
            refresh_token: "r".into(),
            claims: Document::new(),
        }
    }

    fn signer() -> Signer {
        Signer::new(b"key".to_vec())
    }

    fn claims(value: Value) -> Document {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn staff_is_the_claim_or_the_role_and_admin_alone_is_neither() {
        let cases = [
            (json!({}), false),
            (json!({ "staff": true }), true),
            (json!({ "staff": "true" }), false),
            (json!({ "roles": ["staff"] }), true),
            (json!({ "admin": true, "roles": ["admin"] }), false),
            (json!({ "admin": true, "staff": true }), true),
        ];
        for (custom, staff) in cases {
            let token = signer().issue(&account(), &claims(custom.clone()), NOW_MS);
            let read = signer().read(&token, NOW_MS).unwrap();
            assert_eq!(read.uid, "someone");
            assert_eq!(read.staff, staff, "{custom}");
        }
    }

    #[test]
    fn a_token_is_good_for_an_hour() {
        let token = signer().issue(&account(), &Document::new(), NOW_MS);
        let hour_ms = LIFETIME_S * 1000;
        assert!(signer().read(&token, NOW_MS + hour_ms - 1).is_some());
        assert_eq!(signer().read(&token, NOW_MS + hour_ms), None);
    }

    #[test]
    fn forged_and_foreign_tokens_are_refused() {
        let token = signer().issue(&account(), &Document::new(), NOW_MS);
        let other_key = Signer::new(b"other".to_vec()).issue(&account(), &Document::new(), NOW_MS);
        let exp = NOW_MS / 1000 + 60;
        let payload = |aud: &str, iss: &str| {
            signer().sign(&json!({ "sub": "someone", "exp": exp, "aud": aud, "iss": iss }))
        };
        assert!(
            signer().read(&payload(PROJECT_ID, &issuer()), NOW_MS).is_some(),
            "the hand-made token is right but for what each case changes"
        );
        for bad in [
            other_key.as_str(),
            &payload("other-project", &issuer()),
            &payload(PROJECT_ID, "https://securetoken.google.com/other-project"),
            &format!("{token}x"),
            token.rsplit_once('.').unwrap().0,
            "garbage",
            "",
            "..",
        ] {
            assert_eq!(signer().read(bad, NOW_MS), None, "{bad}");
        }
    }
}
