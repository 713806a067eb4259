//! A server that answers as it is told, and a portal client pointed at it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk_core::{EnvironmentName, Route};
use desk_portal::{
    Call, Caller, Clock, Credential, Endpoints, Expect, KeepError, Portal, PortalOptions, Recorder,
    RefreshTokens, Session, Telemetry, Timeouts,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The key every test portal is given.
pub const API_KEY: &str = "canary-key";
/// When the test clock starts, milliseconds since 1970.
pub const START_MS: i64 = 1_800_000_000_000;
/// How long the test tokens live, milliseconds.
pub const LIFETIME_MS: i64 = 3_600_000;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the server does with a request.
pub enum Act {
    /// Writes these bytes and closes.
    Send(Vec<u8>),
    /// Writes these bytes and then says nothing more.
    SendAndHold(Vec<u8>),
    /// Closes without a word.
    Close,
    /// Writes a chunked body without end.
    Flood,
}

/// A server on this machine.
pub struct Stub {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Stub {
    pub async fn start(answer: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(answer);
        let log = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&log)));
            }
        });
        Self { address, seen, task }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn count(&self, path: &str) -> usize {
        self.seen()
            .iter()
            .filter(|seen| seen.path.starts_with(path))
            .count()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<impl Fn(&Seen) -> Act + Send + Sync>,
    log: Arc<Mutex<Vec<Seen>>>,
) {
    let Some(seen) = read(&mut stream).await else {
        return;
    };
    let act = answer(&seen);
    log.lock().unwrap().push(seen);
    // The client may hang up at any moment; then the rest need not be written.
    match act {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::SendAndHold(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
        Act::Close => {}
        Act::Flood => {
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
            let _ = stream.write_all(head.as_bytes()).await;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            while stream.write_all(chunk.as_bytes()).await.is_ok() {}
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let mut lines = head.lines();
    let mut start = lines.next()?.split(' ');
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let mut seen = Seen {
        method: start.next()?.to_owned(),
        path: start.next()?.to_owned(),
        headers,
        body: String::new(),
    };
    let length: usize = seen.header("content-length").map_or(0, |n| n.parse().unwrap());
    while bytes.len() < head_end + 4 + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    seen.body = String::from_utf8(bytes[head_end + 4..].to_vec()).unwrap();
    Some(seen)
}

/// A whole HTTP reply.
pub fn reply(status: u16, content_type: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

pub fn json_reply(status: u16, body: &Value) -> Act {
    Act::Send(reply(
        status,
        "application/json; charset=utf-8",
        &body.to_string(),
    ))
}

/// A success of the portal.
pub fn ok(data: &Value) -> Act {
    json_reply(200, &json!({"ok": true, "requestId": "req_1", "data": data}))
}

/// A refusal of the portal.
pub fn refused(status: u16, code: &str, details: &Value) -> Act {
    json_reply(
        status,
        &json!({"ok": false, "requestId": "req_1", "code": code, "message": "No.", "details": details}),
    )
}

/// An ID token of the account `uid`; `mark` tells it from others.
pub fn id_token(uid: &str, mark: &str) -> String {
    let payload =
        json!({"sub": uid, "aud": "studio", "email": "ana@studio.example", "staff": true, "mark": mark});
    format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(payload.to_string()))
}

/// A success of the password sign-in.
pub fn signed_in(uid: &str, mark: &str, refresh_token: &str) -> Act {
    json_reply(
        200,
        &json!({"idToken": id_token(uid, mark), "refreshToken": refresh_token, "expiresIn": "3600"}),
    )
}

/// A success of the token exchange.
pub fn exchanged(uid: &str, mark: &str, refresh_token: &str) -> Act {
    json_reply(
        200,
        &json!({"id_token": id_token(uid, mark), "refresh_token": refresh_token, "expires_in": "3600"}),
    )
}

/// A refusal of a sign-in service.
pub fn sign_in_refused(status: u16, message: &str) -> Act {
    json_reply(status, &json!({"error": {"code": status, "message": message}}))
}

/// A clock that stands still until it is moved, and does not wait.
#[derive(Default)]
pub struct TestClock {
    passed_ms: AtomicI64,
    sleeps: Mutex<Vec<Duration>>,
}

impl TestClock {
    pub fn advance(&self, ms: i64) {
        self.passed_ms.fetch_add(ms, Ordering::SeqCst);
    }

    pub fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now_ms(&self) -> i64 {
        START_MS + self.passed_ms.load(Ordering::SeqCst)
    }

    async fn sleep(&self, duration: Duration) {
        self.sleeps.lock().unwrap().push(duration);
    }
}

#[derive(Default)]
pub struct Told(Mutex<Vec<Telemetry>>);

impl Told {
    pub fn all(&self) -> Vec<Telemetry> {
        self.0.lock().unwrap().clone()
    }
}

impl Recorder for Told {
    fn record(&self, request: &Telemetry) {
        self.0.lock().unwrap().push(request.clone());
    }
}

/// Keeps refresh tokens in memory, or refuses to.
#[derive(Default)]
pub struct Kept {
    tokens: Mutex<Vec<(String, String)>>,
    refuse: Mutex<bool>,
    seen: Mutex<Vec<String>>,
}

impl Kept {
    /// Every token that came in, ID tokens too.
    pub fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub fn refuse(&self, refuse: bool) {
        *self.refuse.lock().unwrap() = refuse;
    }

    pub fn all(&self) -> Vec<(String, String)> {
        self.tokens.lock().unwrap().clone()
    }
}

#[async_trait]
impl RefreshTokens for Kept {
    async fn keep(&self, identity: &str, token: &SecretString) -> Result<(), KeepError> {
        if *self.refuse.lock().unwrap() {
            return Err(KeepError {
                message: "the keychain is locked".into(),
            });
        }
        let entry = (identity.to_owned(), token.expose_secret().to_owned());
        self.tokens.lock().unwrap().push(entry);
        Ok(())
    }

    fn saw(&self, token: &SecretString) {
        self.seen.lock().unwrap().push(token.expose_secret().to_owned());
    }
}

/// A portal client and everything around it.
pub struct Desk {
    pub portal: Portal,
    pub told: Arc<Told>,
    pub kept: Arc<Kept>,
    pub clock: Arc<TestClock>,
}

impl Desk {
    /// A client whose portal and sign-in services are all at `base`.
    pub fn at(base: &str) -> Self {
        Self::with_kept(base, Arc::default())
    }

    pub fn with_kept(base: &str, kept: Arc<Kept>) -> Self {
        Self::build(base, kept, Timeouts::default())
    }

    /// A client that waits for a reply a moment only.
    pub fn impatient(base: &str) -> Self {
        let timeouts = Timeouts {
            call: Duration::from_millis(300),
            ..Timeouts::default()
        };
        Self::build(base, Arc::default(), timeouts)
    }

    /// A client that waits for a connection a moment only.
    pub fn impatient_to_connect(base: &str) -> Self {
        let timeouts = Timeouts {
            connect: Duration::from_millis(300),
            ..Timeouts::default()
        };
        Self::build(base, Arc::default(), timeouts)
    }

    fn build(base: &str, kept: Arc<Kept>, timeouts: Timeouts) -> Self {
        let options = PortalOptions {
            environment: EnvironmentName::practice(),
            endpoints: Endpoints::parse(base, Some(base), Some(base)).unwrap(),
            api_key: SecretString::from(API_KEY),
            project_id: Some("studio".into()),
            timeouts,
        };
        let (told, clock) = (Arc::<Told>::default(), Arc::<TestClock>::default());
        let portal = Portal::with_clock(
            options,
            Arc::clone(&told) as Arc<dyn Recorder>,
            Arc::clone(&kept) as Arc<dyn RefreshTokens>,
            Arc::clone(&clock) as Arc<dyn Clock>,
        )
        .unwrap();
        Self {
            portal,
            told,
            kept,
            clock,
        }
    }

    pub async fn sign_in(&self) -> Session {
        self.portal.sign_in("operator", password()).await.unwrap()
    }
}

pub fn password() -> Credential {
    Credential::Password {
        email: "ana@studio.example".into(),
        password: SecretString::from("canary-password"),
    }
}

/// A call of `route` with an empty body, counting on success.
pub fn call(route: Route, caller: Caller<'_>) -> Call<'_> {
    Call {
        route,
        body: json!({}),
        caller,
        purpose: "test",
        expect: Expect::Ok,
        idempotency_key: None,
    }
}
