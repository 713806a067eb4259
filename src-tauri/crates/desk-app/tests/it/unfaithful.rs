//! A portal that answers what the practice portal never would.

use crate::support::{OneTime, START_MS, STUDIO, TestKeychain};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use desk_app::{
    Credential, Desk, DeskOptions, Role,
    view::{EnvironmentDraft, EnvironmentKindView},
};
use serde_json::{Value, json};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;
use wiremock::{Mock, MockServer, Request, ResponseTemplate, matchers::any};

/// What it answers to `library.rollout.get`, and counts.
struct Script {
    reading: Mutex<Value>,
    readable: Mutex<bool>,
    saves: AtomicU32,
    /// Whether it can no longer be read once a phase was saved.
    falls_silent: Mutex<bool>,
    /// What somebody saves right after the next save.
    overtaking: Mutex<Option<Value>>,
    /// The refresh token handed out next is this one with its number.
    tokens: AtomicU32,
}

/// The portal, and a desk's data directory.
pub struct Unfaithful {
    server: MockServer,
    script: Arc<Script>,
    pub keychain: Arc<TestKeychain>,
    pub clock: desk_practice::Clock,
    pub dir: TempDir,
}

/// An ID token of the operator's.
fn id_token() -> String {
    let payload = json!({"sub": "operator", "email": "operator@practice.invalid", "staff": true});
    format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload.to_string()))
}

fn ok(data: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"ok": true, "requestId": "req_1", "data": data}))
}

impl Script {
    fn answer(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        if path.ends_with("/v1/token") {
            let number = self.tokens.fetch_add(1, Ordering::SeqCst);
            return ResponseTemplate::new(200).set_body_json(json!({
                "id_token": id_token(), "refresh_token": format!("rotated-{number}"), "expires_in": "3600",
            }));
        }
        if path.ends_with("/hello") {
            return ok(&json!({"uid": "operator", "mode": "firebase", "scopes": null, "isStaff": true}));
        }
        if path.ends_with("/library.rollout.get") {
            return if *self.readable.lock().unwrap() {
                ok(&self.reading.lock().unwrap())
            } else {
                ResponseTemplate::new(200).set_body_raw("<!DOCTYPE html>", "text/html")
            };
        }
        if path.ends_with("/library.rollout.set") {
            self.saves.fetch_add(1, Ordering::SeqCst);
            let asked: Value = serde_json::from_slice(&request.body).unwrap();
            let state = json!({
                "phase": asked["phase"], "note": asked["note"], "updatedAtMs": 5_000, "updatedByUid": "operator",
            });
            let overtaking = self.overtaking.lock().unwrap().take();
            *self.reading.lock().unwrap() = overtaking.unwrap_or_else(|| state.clone());
            if *self.falls_silent.lock().unwrap() {
                *self.readable.lock().unwrap() = false;
            }
            return ok(&state);
        }
        ResponseTemplate::new(404)
    }
}

impl Unfaithful {
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let script = Arc::new(Script {
            reading: Mutex::new(json!({
                "phase": "phase_3_admin_full", "note": null, "updatedAtMs": 1_000, "updatedByUid": "staff-smoke",
            })),
            readable: Mutex::new(true),
            saves: AtomicU32::new(0),
            falls_silent: Mutex::new(false),
            overtaking: Mutex::new(None),
            tokens: AtomicU32::new(0),
        });
        let answering = Arc::clone(&script);
        Mock::given(any())
            .respond_with(move |request: &Request| answering.answer(request))
            .mount(&server)
            .await;
        Self {
            server,
            script,
            keychain: Arc::default(),
            clock: desk_practice::Clock::manual(START_MS),
            dir: tempfile::tempdir().unwrap(),
        }
    }

    pub fn options(&self) -> DeskOptions {
        DeskOptions {
            keychain: self.keychain.clone(),
            clock: Arc::new(OneTime::of(self.clock.clone())),
            ..DeskOptions::new(self.dir.path().to_owned())
        }
    }

    pub fn draft(&self) -> EnvironmentDraft {
        EnvironmentDraft {
            name: STUDIO.to_owned(),
            kind: EnvironmentKindView::Staging,
            api: self.server.uri(),
            api_key: "key".to_owned(),
            identity_url: Some(self.server.uri()),
            token_url: Some(self.server.uri()),
            project_id: None,
            phase_cache_ms: Some(0),
            change_window: None,
        }
    }

    /// A desk that points at it, where the operator is signed in.
    pub async fn desk(&self) -> Desk {
        let desk = Desk::open(self.options()).await.unwrap();
        desk.add_environment(&self.draft()).await.unwrap();
        desk.select_environment(STUDIO).await.unwrap();
        desk.set_identity(Role::Operator, Credential::RefreshToken("first".into()), false)
            .await
            .unwrap();
        desk
    }

    /// What it says of the phase from now on.
    pub fn says(&self, reading: &Value) {
        *self.script.reading.lock().unwrap() = reading.clone();
    }

    /// Somebody saves this right after the next save.
    pub fn is_overtaken_by(&self, reading: &Value) {
        *self.script.overtaking.lock().unwrap() = Some(reading.clone());
    }

    /// Cannot be read any more once a phase was saved.
    pub fn falls_silent_after_a_save(&self) {
        *self.script.falls_silent.lock().unwrap() = true;
    }

    /// Can be read again.
    pub fn speaks_again(&self) {
        *self.script.readable.lock().unwrap() = true;
    }

    /// How many saves it has seen.
    pub fn saves(&self) -> u32 {
        self.script.saves.load(Ordering::SeqCst)
    }
}
