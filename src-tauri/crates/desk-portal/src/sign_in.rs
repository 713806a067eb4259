//! The two sign-in endpoints: what is sent, and what their replies mean.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::KeepError;
use crate::text::{self, cut};
use crate::transport::{Body, Failure, RawReply};

/// How an account proves itself.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An e-mail address and its password.
    Password {
        /// The e-mail address.
        email: String,
        /// The password.
        password: SecretString,
    },
    /// A refresh token from an earlier sign-in.
    RefreshToken(SecretString),
}

/// What an ID token says of its account. For display only: the portal decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The claim `staff`, true only when it is literally `true`.
    pub staff: bool,
    /// The claim `admin`. By itself it opens nothing.
    pub admin: bool,
    /// The claim `roles`.
    pub roles: Vec<String>,
    /// The account's e-mail address.
    pub email: Option<String>,
    /// When the token runs out, milliseconds since 1970 by this machine's clock.
    pub expires_at_ms: i64,
}

impl Claims {
    /// Whether the portal will take the account for staff: `staff` is true or `roles` has `staff`.
    pub fn is_staff(&self) -> bool {
        self.staff || self.roles.iter().any(|role| role == "staff")
    }
}

/// Why nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The password or the refresh token is not accepted.
    #[error("the account's password or saved sign-in is not accepted ({code})")]
    WrongCredentials {
        /// The service's word, such as `INVALID_PASSWORD` or `TOKEN_EXPIRED`.
        code: String,
    },
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The service asks to wait.
    #[error("too many attempts: the sign-in service asks to wait before trying again")]
    TooManyAttempts,
    /// The API key is missing, wrong or not allowed here.
    #[error("the sign-in service refuses the environment's API key")]
    ApiKeyRefused,
    /// The account belongs to another project than the environment.
    #[error("the account belongs to the project {found:?}, not to this environment's")]
    WrongProject {
        /// The project the ID token was made out to.
        found: String,
    },
    /// The service could not be reached or does not work.
    #[error("the sign-in service could not be reached: {detail}")]
    Unreachable {
        /// The cause.
        detail: String,
    },
    /// The service did not answer in time.
    #[error("the sign-in service did not answer in time")]
    TimedOut,
    /// No trusted connection could be made.
    #[error("no trusted connection to the sign-in service: {detail}")]
    Tls {
        /// The cause.
        detail: String,
    },
    /// The service's reply could not be understood.
    #[error("the sign-in service's reply could not be understood: {detail}")]
    BadReply {
        /// What does not fit.
        detail: String,
    },
    /// A new refresh token could not be kept, and so is not used.
    #[error("the renewed sign-in could not be kept: {0}")]
    NotKept(#[from] KeepError),
}

impl SignInError {
    /// The stable word of each variant, for telemetry.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::WrongCredentials { .. } => "wrong_credentials",
            Self::Disabled => "disabled",
            Self::TooManyAttempts => "too_many_attempts",
            Self::ApiKeyRefused => "api_key_refused",
            Self::WrongProject { .. } => "wrong_project",
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Tls { .. } => "tls",
            Self::BadReply { .. } => "bad_reply",
            Self::NotKept(_) => "not_kept",
        }
    }

    /// The service's own word, where it is kept.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::WrongCredentials { code } => Some(code),
            _ => None,
        }
    }

    /// Whether the account itself is refused, so that trying again cannot help.
    pub(crate) const fn ends_session(&self) -> bool {
        matches!(self, Self::WrongCredentials { .. } | Self::Disabled)
    }
}

/// Signing in has no effect that could be left unknown, so a lost connection is just no connection.
impl From<Failure> for SignInError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unreachable { detail } | Failure::ConnectionLost { detail } => {
                Self::Unreachable { detail }
            }
            Failure::TimedOut => Self::TimedOut,
            Failure::Tls { detail } => Self::Tls { detail },
        }
    }
}

/// What a successful sign-in or refresh yields.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) uid: String,
    pub(crate) id_token: SecretString,
    pub(crate) refresh_token: SecretString,
    pub(crate) claims: Claims,
}

/// The body of a password sign-in: JSON, wiped once it is sent.
pub(crate) fn password_body(email: &str, password: &SecretString) -> Bytes {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a> {
        email: &'a str,
        password: &'a str,
        return_secure_token: bool,
    }
    let body = Body {
        email,
        password: password.expose_secret(),
        return_secure_token: true,
    };
    // Two strings and a bool always serialize.
    wiped(serde_json::to_vec(&body).unwrap_or_default())
}

/// The body of a token exchange: a form, wiped once it is sent.
pub(crate) fn refresh_body(refresh_token: &SecretString) -> Bytes {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "refresh_token")
        .append_pair("refresh_token", refresh_token.expose_secret())
        .finish();
    wiped(form.into_bytes())
}

fn wiped(body: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(body))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PasswordReply {
    id_token: String,
    refresh_token: String,
    expires_in: String,
}

#[derive(Deserialize)]
struct ExchangeReply {
    id_token: String,
    refresh_token: String,
    expires_in: String,
}

/// What the reply to a password sign-in means.
pub(crate) fn read_password_reply(
    reply: &RawReply,
    now_ms: i64,
    project: Option<&str>,
) -> Result<Tokens, SignInError> {
    let reply: PasswordReply = serde_json::from_slice(success(reply)?).map_err(|error| shape(&error))?;
    tokens(
        reply.id_token,
        reply.refresh_token,
        &reply.expires_in,
        now_ms,
        project,
    )
}

/// What the reply to a token exchange means.
pub(crate) fn read_exchange_reply(
    reply: &RawReply,
    now_ms: i64,
    project: Option<&str>,
) -> Result<Tokens, SignInError> {
    let reply: ExchangeReply = serde_json::from_slice(success(reply)?).map_err(|error| shape(&error))?;
    tokens(
        reply.id_token,
        reply.refresh_token,
        &reply.expires_in,
        now_ms,
        project,
    )
}

fn bad(detail: impl Into<String>) -> SignInError {
    SignInError::BadReply {
        detail: detail.into(),
    }
}

/// The place only: serde's own text can quote a value, and here the values are tokens.
fn shape(error: &serde_json::Error) -> SignInError {
    bad(format!(
        "it does not have the fields of a sign-in (line {}, column {})",
        error.line(),
        error.column()
    ))
}

fn tokens(
    id_token: String,
    refresh_token: String,
    expires_in: &str,
    now_ms: i64,
    project: Option<&str>,
) -> Result<Tokens, SignInError> {
    let (id_token, refresh_token) = (SecretString::from(id_token), SecretString::from(refresh_token));
    let lifetime_s: u32 = expires_in
        .parse()
        .map_err(|_| bad("its lifetime is no number of seconds"))?;
    let payload =
        payload(id_token.expose_secret()).ok_or_else(|| bad("its ID token is no JSON web token"))?;
    let uid = payload["sub"]
        .as_str()
        .filter(|uid| !uid.is_empty())
        .ok_or_else(|| bad("its ID token names no account"))?;
    if let Some(project) = project {
        let found = payload["aud"].as_str().unwrap_or_default();
        if found != project {
            return Err(SignInError::WrongProject {
                found: cut(found, text::CODE),
            });
        }
    }
    Ok(Tokens {
        uid: uid.to_owned(),
        claims: Claims {
            staff: payload["staff"] == true,
            admin: payload["admin"] == true,
            roles: payload["roles"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|role| role.as_str().map(str::to_owned))
                .collect(),
            email: payload["email"].as_str().map(str::to_owned),
            // The lifetime counted from now, and not the token's own `exp`: this machine's clock may be wrong.
            expires_at_ms: now_ms.saturating_add(i64::from(lifetime_s) * 1_000),
        },
        id_token,
        refresh_token,
    })
}

/// The payload of a JSON web token. Its signature is the portal's to check.
fn payload(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&payload).ok()
}

fn success(reply: &RawReply) -> Result<&[u8], SignInError> {
    let body = match &reply.body {
        Body::Whole(body) => body,
        Body::Truncated => return Err(bad("it ended early")),
        Body::TooLarge => return Err(bad("it is too large")),
    };
    match reply.status {
        200 => Ok(body),
        status => Err(refusal(status, body)),
    }
}

#[derive(Deserialize)]
struct Failed {
    error: FailedError,
}

#[derive(Deserialize)]
struct FailedError {
    message: String,
    #[serde(default)]
    details: Vec<Value>,
}

fn refusal(status: u16, body: &[u8]) -> SignInError {
    if status >= 500 {
        return SignInError::Unreachable {
            detail: format!("it answered {status}"),
        };
    }
    let Ok(Failed { error }) = serde_json::from_slice(body) else {
        return match status {
            429 => SignInError::TooManyAttempts,
            _ => bad(format!("it answered {status} and nothing known")),
        };
    };
    // The word may be followed by an explanation: "TOO_MANY_ATTEMPTS_TRY_LATER : Access to this account …".
    let code = error.message.split([' ', ':']).next().unwrap_or_default();
    let about_key = error.details.iter().any(|detail| {
        detail["reason"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("API_KEY"))
    });
    match code {
        "INVALID_PASSWORD"
        | "EMAIL_NOT_FOUND"
        | "INVALID_LOGIN_CREDENTIALS"
        | "INVALID_EMAIL"
        | "MISSING_PASSWORD"
        | "INVALID_REFRESH_TOKEN"
        | "MISSING_REFRESH_TOKEN"
        | "TOKEN_EXPIRED"
        | "USER_NOT_FOUND" => SignInError::WrongCredentials {
            code: code.to_owned(),
        },
        "USER_DISABLED" => SignInError::Disabled,
        "TOO_MANY_ATTEMPTS_TRY_LATER" => SignInError::TooManyAttempts,
        _ if status == 429 => SignInError::TooManyAttempts,
        _ if status == 403 || about_key || error.message.starts_with("API key") => SignInError::ApiKeyRefused,
        // Not quoted: it may repeat what was sent.
        _ => bad(format!("it answered {status} with a reason that is not known")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(status: u16, body: &Value) -> RawReply {
        RawReply {
            status,
            content_type: None,
            request_id: None,
            retry_after: None,
            body: Body::Whole(Zeroizing::new(body.to_string().into_bytes())),
        }
    }

    fn token(payload: &Value) -> String {
        format!("e30.{}.", URL_SAFE_NO_PAD.encode(payload.to_string()))
    }

    fn password_reply(payload: &Value) -> RawReply {
        reply(
            200,
            &json!({"idToken": token(payload), "refreshToken": "canary", "expiresIn": "3600"}),
        )
    }

    #[test]
    fn a_sign_in_is_read() {
        let payload = json!({"sub": "u1", "aud": "p1", "email": "a@b.example", "staff": true, "admin": "yes",
            "roles": ["staff", 7]});
        let tokens = read_password_reply(&password_reply(&payload), 1_000, Some("p1")).unwrap();
        assert_eq!(tokens.uid, "u1");
        assert_eq!(tokens.refresh_token.expose_secret(), "canary");
        assert_eq!(
            tokens.claims,
            Claims {
                staff: true,
                admin: false,
                roles: vec!["staff".into()],
                email: Some("a@b.example".into()),
                expires_at_ms: 3_601_000,
            }
        );
    }

    #[test]
    fn staff_is_the_claim_or_the_role_and_never_admin_alone() {
        let staff = |payload: Value| {
            read_password_reply(&password_reply(&payload), 0, None)
                .unwrap()
                .claims
                .is_staff()
        };
        assert!(staff(json!({"sub": "u", "staff": true})));
        assert!(staff(json!({"sub": "u", "roles": ["staff"]})));
        assert!(!staff(json!({"sub": "u", "admin": true})));
        assert!(!staff(json!({"sub": "u", "staff": "true"})));
        assert!(!staff(json!({"sub": "u", "roles": "staff"})));
    }

    #[test]
    fn a_reply_that_does_not_fit_is_a_bad_reply_and_quotes_no_token() {
        for reply in [
            reply(200, &json!({"idToken": "canary"})),
            reply(
                200,
                &json!({"idToken": "canary", "refreshToken": "canary", "expiresIn": "3600"}),
            ),
            reply(
                200,
                &json!({"idToken": token(&json!({"sub": "u"})), "refreshToken": "canary", "expiresIn": "soon"}),
            ),
            reply(
                200,
                &json!({"idToken": token(&json!({"aud": "canary"})), "refreshToken": "canary", "expiresIn": "1"}),
            ),
            reply(200, &json!("canary")),
            reply(302, &json!("canary")),
            reply(400, &json!({"error": {"message": "canary"}})),
        ] {
            let error = read_password_reply(&reply, 0, None).unwrap_err();
            assert_eq!(error.word(), "bad_reply");
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        }
    }

    #[test]
    fn a_token_for_another_project_is_refused() {
        let reply = password_reply(&json!({"sub": "u", "aud": "other"}));
        assert_eq!(
            read_password_reply(&reply, 0, Some("mine")).unwrap_err(),
            SignInError::WrongProject {
                found: "other".into()
            }
        );
    }

    #[test]
    fn every_refusal_has_its_own_error() {
        for (status, message, word) in [
            (400, "INVALID_PASSWORD", "wrong_credentials"),
            (400, "EMAIL_NOT_FOUND", "wrong_credentials"),
            (400, "INVALID_LOGIN_CREDENTIALS", "wrong_credentials"),
            (400, "INVALID_EMAIL", "wrong_credentials"),
            (400, "MISSING_PASSWORD", "wrong_credentials"),
            (400, "TOKEN_EXPIRED", "wrong_credentials"),
            (400, "INVALID_REFRESH_TOKEN", "wrong_credentials"),
            (400, "MISSING_REFRESH_TOKEN", "wrong_credentials"),
            (400, "USER_DISABLED", "disabled"),
            (
                400,
                "TOO_MANY_ATTEMPTS_TRY_LATER : Access is disabled for now",
                "too_many_attempts",
            ),
            (
                400,
                "API key not valid. Please pass a valid API key.",
                "api_key_refused",
            ),
            (
                403,
                "Method doesn't allow unregistered callers",
                "api_key_refused",
            ),
            (429, "QUOTA", "too_many_attempts"),
            (400, "INVALID_GRANT_TYPE", "bad_reply"),
            (503, "anything", "unreachable"),
        ] {
            let reply = reply(status, &json!({"error": {"code": status, "message": message}}));
            let error = read_exchange_reply(&reply, 0, None).unwrap_err();
            assert_eq!(error.word(), word, "{message}");
        }
        let named = json!({"error": {"message": "No.", "details": [{"reason": "API_KEY_INVALID"}]}});
        assert_eq!(
            read_exchange_reply(&reply(400, &named), 0, None).unwrap_err(),
            SignInError::ApiKeyRefused
        );
    }

    #[test]
    fn the_bodies_are_what_the_services_read() {
        let secret = SecretString::from("p&=ä");
        let body: Value = serde_json::from_slice(&password_body("a@b.example", &secret)).unwrap();
        assert_eq!(
            body,
            json!({"email": "a@b.example", "password": "p&=ä", "returnSecureToken": true})
        );
        assert_eq!(
            refresh_body(&secret),
            "grant_type=refresh_token&refresh_token=p%26%3D%C3%A4"
        );
    }
}
