//! The practice accounts, and the two identity endpoints that hand out their tokens.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::PROJECT_ID;
use crate::portal::Portal;
use crate::random;
use crate::seed;
use crate::store::{Account, Documents};
use crate::token::LIFETIME_S;

/// An account of the practice portal with its credentials.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PracticeIdentity {
    /// `operator`, `member-smoke`, …
    pub name: String,
    /// The account's id; the same as its name.
    pub uid: String,
    /// What it signs in with.
    pub email: String,
    /// What it signs in with.
    pub password: String,
    /// What it gets new ID tokens with; does not expire and does not rotate.
    pub refresh_token: String,
    /// Whether the account is staff. `admin` alone is not.
    pub staff: bool,
}

/// Leaves out the credentials.
impl std::fmt::Debug for PracticeIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PracticeIdentity")
            .field("name", &self.name)
            .field("staff", &self.staff)
            .finish_non_exhaustive()
    }
}

impl From<Account> for PracticeIdentity {
    fn from(account: Account) -> Self {
        Self {
            name: account.uid.clone(),
            staff: account.claims.get("staff") == Some(&Value::Bool(true)),
            uid: account.uid,
            email: account.email,
            password: account.password,
            refresh_token: account.refresh_token,
        }
    }
}

/// Makes the accounts of the starting state and the operator, with new credentials.
pub fn create_all(documents: Documents<'_>) -> Result<(), crate::StoreError> {
    for (name, claims) in seed::identities()? {
        documents.put_account(&Account {
            email: format!("{name}@practice.invalid"),
            display_name: display_name(&name),
            password: random::base64(18),
            refresh_token: random::base64(48),
            claims,
            uid: name,
        })?;
    }
    Ok(())
}

/// `member-smoke` as `Member Smoke`.
fn display_name(name: &str) -> String {
    let words: Vec<String> = name
        .split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map(|first| first.to_uppercase().chain(letters).collect())
                .unwrap_or_default()
        })
        .collect();
    words.join(" ")
}

/// The reply of an identity endpoint, or its refusal.
pub type IdentityReply = Result<Value, IdentityRefusal>;

/// A refusal in the identity service's own envelope, which is not the portal's.
#[derive(Debug)]
pub struct IdentityRefusal {
    status: StatusCode,
    message: &'static str,
    word: &'static str,
}

impl IdentityRefusal {
    const fn bad_request(message: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message,
            word: "INVALID_ARGUMENT",
        }
    }

    /// The service itself failed; the cause goes to the log only.
    pub fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, "a sign-in to the practice portal failed");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            message: "INTERNAL_ERROR",
            word: "INTERNAL",
        }
    }
}

impl From<rusqlite::Error> for IdentityRefusal {
    fn from(error: rusqlite::Error) -> Self {
        Self::internal(&error)
    }
}

impl IntoResponse for IdentityRefusal {
    fn into_response(self) -> Response {
        let body = json!({ "error": {
            "code": self.status.as_u16(),
            "message": self.message,
            "errors": [{ "message": self.message, "reason": "invalid", "domain": "global" }],
            "status": self.word,
        }});
        (self.status, Json(body)).into_response()
    }
}

/// The query of both identity endpoints.
#[derive(Deserialize)]
pub struct KeyQuery {
    key: Option<String>,
}

impl Portal {
    /// `accounts:signInWithPassword`: email and password for an ID token and a refresh token.
    pub fn sign_in(&self, query: &KeyQuery, body: &[u8]) -> IdentityReply {
        self.check_api_key(query)?;
        let body: Value = serde_json::from_slice(body)
            .map_err(|_| IdentityRefusal::bad_request("Invalid JSON payload received."))?;
        let email = body["email"].as_str().unwrap_or_default();
        let password = body["password"].as_str().unwrap_or_default();
        if !email.contains('@') {
            return Err(IdentityRefusal::bad_request("INVALID_EMAIL"));
        }
        if password.is_empty() {
            return Err(IdentityRefusal::bad_request("MISSING_PASSWORD"));
        }
        let accounts = self.store.transact(|documents| documents.accounts())?;
        // As on a project with enumeration protection: an unknown email looks like a wrong password.
        let account = accounts
            .into_iter()
            .find(|account| account.email == email && account.password == password)
            .ok_or_else(|| IdentityRefusal::bad_request("INVALID_LOGIN_CREDENTIALS"))?;
        Ok(json!({
            "kind": "identitytoolkit#VerifyPasswordResponse",
            "localId": account.uid,
            "email": account.email,
            "displayName": account.display_name,
            "idToken": self.id_token(&account),
            "registered": true,
            "refreshToken": account.refresh_token,
            "expiresIn": LIFETIME_S.to_string(),
        }))
    }

    /// `token`: a refresh token for an ID token.
    pub fn refresh(&self, query: &KeyQuery, body: &[u8]) -> IdentityReply {
        self.check_api_key(query)?;
        let field = |wanted: &str| {
            form_urlencoded::parse(body)
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.into_owned())
        };
        if field("grant_type").as_deref() != Some("refresh_token") {
            return Err(IdentityRefusal::bad_request("INVALID_GRANT_TYPE"));
        }
        let refresh_token = field("refresh_token")
            .filter(|token| !token.is_empty())
            .ok_or_else(|| IdentityRefusal::bad_request("MISSING_REFRESH_TOKEN"))?;
        let accounts = self.store.transact(|documents| documents.accounts())?;
        let account = accounts
            .into_iter()
            .find(|account| account.refresh_token == refresh_token)
            .ok_or_else(|| IdentityRefusal::bad_request("INVALID_REFRESH_TOKEN"))?;
        let id_token = self.id_token(&account);
        Ok(json!({
            "id_token": id_token,
            "access_token": id_token,
            "expires_in": LIFETIME_S.to_string(),
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "user_id": account.uid,
            "project_id": PROJECT_ID,
        }))
    }

    fn check_api_key(&self, query: &KeyQuery) -> Result<(), IdentityRefusal> {
        match query.key.as_deref() {
            None | Some("") => Err(IdentityRefusal {
                status: StatusCode::FORBIDDEN,
                message: "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.",
                word: "PERMISSION_DENIED",
            }),
            Some(key) if key == self.api_key => Ok(()),
            Some(_) => Err(IdentityRefusal::bad_request(
                "API key not valid. Please pass a valid API key.",
            )),
        }
    }

    fn id_token(&self, account: &Account) -> String {
        let mut claims = account.claims.clone();
        if self.faults.revokes_staff(&account.uid) {
            claims.remove("staff");
            claims.remove("roles");
        }
        self.signer.issue(account, &claims, self.clock.now_ms())
    }
}
