//! A portal that hands out canaries for secrets, and can be made to misbehave in ways the practice portal cannot.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use super::{Desk, Said};

/// The account that everybody who signs in is.
const ACCOUNT: &str = "staff_ana";

/// In every ID token that the portal hands out, once as it is and once inside the encoded payload.
pub const ID_TOKEN: &str = "1dT0kenCanaryQ7xVn3Lb";
/// The start of every refresh token that the portal hands out.
pub const REFRESH_TOKEN: &str = "R3freshCanaryW9pKd5Zt";
/// What the portal takes for its API key.
pub const API_KEY: &str = "Ap1KeyCanaryM4rTq8Hs";

/// How the portal behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    /// As the contract has it.
    Fine,
    /// It never answers.
    Silent,
    /// It refuses every sign-in and every token.
    Refusing,
}

pub struct FakePortal {
    server: MockServer,
    mood: Arc<Mutex<Mood>>,
    asked: Receiver<String>,
}

impl FakePortal {
    pub fn start() -> Self {
        let mood = Arc::new(Mutex::new(Mood::Fine));
        let (tell, asked) = channel();
        let answers = Answers {
            mood: Arc::clone(&mood),
            tell,
            tokens: AtomicU32::new(0),
            rollout: Mutex::new(json!({
                "phase": "phase_1_read_only",
                "note": null,
                "updatedAtMs": 0,
                "updatedByUid": null,
            })),
        };
        // The server answers on a thread of its own; only starting it needs a runtime.
        let server = runtime().block_on(async {
            let server = MockServer::builder().start().await;
            Mock::given(any()).respond_with(answers).mount(&server).await;
            server
        });
        Self { server, mood, asked }
    }

    /// Behaves so from now on, and forgets what was asked for before.
    pub fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        while self.asked.try_recv().is_ok() {}
    }

    /// Adds it to a desk.
    pub fn add_to(&self, desk: &Desk, name: &str) -> Said {
        let base = self.server.uri();
        desk.run(&[
            "env",
            "add",
            name,
            "--kind",
            "staging",
            "--api",
            &base,
            "--identity-url",
            &base,
            "--token-url",
            &base,
            "--api-key",
            API_KEY,
        ])
    }

    /// Waits until somebody asks for this path.
    pub fn wait_for(&self, path: &str) {
        let limit = Duration::from_secs(30);
        while !self.asked.recv_timeout(limit).unwrap().ends_with(path) {}
    }

    /// Everything that it was sent: addresses, headers and bodies.
    pub fn received(&self) -> String {
        let requests = runtime().block_on(self.server.received_requests()).unwrap();
        let told = requests.iter().map(|request| {
            let body = String::from_utf8_lossy(&request.body);
            format!("{} {:?} {body}", request.url, request.headers)
        });
        told.collect::<Vec<_>>().join("\n")
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}

struct Answers {
    mood: Arc<Mutex<Mood>>,
    tell: Sender<String>,
    /// How many refresh tokens were handed out.
    tokens: AtomicU32,
    rollout: Mutex<Value>,
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path().to_owned();
        let mood = *self.mood.lock().unwrap();
        let reply = match (mood, path.as_str()) {
            (Mood::Silent, _) => ResponseTemplate::new(200).set_delay(Duration::from_secs(600)),
            (_, "/v1/accounts:signInWithPassword") => self.signed_in(mood, request),
            (_, "/v1/token") => self.renewed(mood, request),
            (Mood::Refusing, _) => envelope(401, "UNAUTHENTICATED"),
            (Mood::Fine, "/apiV1/v1/hello") => {
                ok(&json!({ "uid": ACCOUNT, "mode": "firebase", "scopes": null, "isStaff": true }))
            }
            (Mood::Fine, "/apiV1/v1/library.rollout.get") => ok(&self.rollout.lock().unwrap()),
            (Mood::Fine, "/apiV1/v1/library.rollout.set") => self.set_rollout(request),
            (Mood::Fine, _) => envelope(404, "NOT_FOUND"),
        };
        // A test that waits for nothing any more has gone.
        let _ = self.tell.send(path);
        reply
    }
}

impl Answers {
    fn signed_in(&self, mood: Mood, request: &Request) -> ResponseTemplate {
        if mood == Mood::Refusing {
            return quoting(request);
        }
        ResponseTemplate::new(200).set_body_json(json!({
            "localId": ACCOUNT,
            "email": "ana@example.org",
            "idToken": id_token(),
            "refreshToken": self.refresh_token(),
            "expiresIn": "3600",
        }))
    }

    fn renewed(&self, mood: Mood, request: &Request) -> ResponseTemplate {
        if mood == Mood::Refusing {
            return quoting(request);
        }
        let token = id_token();
        ResponseTemplate::new(200).set_body_json(json!({
            "id_token": token,
            "access_token": token,
            "expires_in": "3600",
            "refresh_token": self.refresh_token(),
            "token_type": "Bearer",
            "user_id": ACCOUNT,
            "project_id": "canaries",
        }))
    }

    fn set_rollout(&self, request: &Request) -> ResponseTemplate {
        let asked: Value = request.body_json().unwrap();
        let mut rollout = self.rollout.lock().unwrap();
        *rollout = json!({
            "phase": asked["phase"],
            "note": asked["note"],
            "updatedAtMs": now().as_secs() * 1000,
            "updatedByUid": ACCOUNT,
        });
        ok(&rollout)
    }

    /// Another one each time, as with a service that rotates them.
    fn refresh_token(&self) -> String {
        format!("{REFRESH_TOKEN}/{}", self.tokens.fetch_add(1, Ordering::SeqCst))
    }
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

fn id_token() -> String {
    let now = now().as_secs();
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let header = part(&json!({ "alg": "RS256", "typ": "JWT" }));
    let payload = part(&json!({
        "iss": "https://securetoken.google.com/canaries",
        "aud": "canaries",
        "sub": ACCOUNT,
        "user_id": ACCOUNT,
        "email": "ana@example.org",
        "jti": ID_TOKEN,
        "staff": true,
        "iat": now,
        "exp": now + 3600,
    }));
    format!("{header}.{payload}.{ID_TOKEN}")
}

fn ok(data: &Value) -> ResponseTemplate {
    let body = json!({ "ok": true, "requestId": "req_of_the_portal", "data": data });
    ResponseTemplate::new(200).set_body_json(body)
}

fn envelope(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "ok": false,
        "requestId": "req_of_the_portal",
        "code": code,
        "message": "No.",
        "details": null,
    }))
}

/// A refusal that carelessly repeats what it was sent.
fn quoting(request: &Request) -> ResponseTemplate {
    let message = format!(
        "INVALID_LOGIN_CREDENTIALS : {}",
        String::from_utf8_lossy(&request.body)
    );
    ResponseTemplate::new(400).set_body_json(json!({
        "error": { "code": 400, "message": message, "errors": [] }
    }))
}
