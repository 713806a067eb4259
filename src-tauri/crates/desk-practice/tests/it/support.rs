//! A running portal and a client for it.

use desk_practice::{Clock, Options, Practice, PracticeIdentity, serve};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// When test clocks start: 23 November 2026.
pub const START_MS: i64 = 1_795_455_600_000;

/// A portal with its accounts and somebody to call it.
pub struct Bench {
    pub practice: Practice,
    pub clock: Clock,
    pub client: Client,
    identities: Vec<PracticeIdentity>,
}

/// A reply in the envelope.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Reply {
    pub fn data(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.body);
        &self.body["data"]
    }

    /// Status and code: `409 CONFLICT`.
    pub fn verdict(&self) -> String {
        match self.body["code"].as_str() {
            Some(code) => format!("{} {code}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        }
    }

    pub fn reason(&self) -> Option<&str> {
        self.body["details"]["reasonCode"].as_str()
    }
}

/// Options with a clock that stands still.
pub fn still() -> Options {
    Options {
        clock: Clock::manual(START_MS),
        ..Options::default()
    }
}

impl Bench {
    pub async fn start(options: Options) -> Self {
        let clock = options.clock.clone();
        let practice = serve(options).await.unwrap();
        Self {
            identities: practice.identities().unwrap(),
            client: Client::builder().no_proxy().build().unwrap(),
            practice,
            clock,
        }
    }

    pub fn identity(&self, name: &str) -> &PracticeIdentity {
        self.identities
            .iter()
            .find(|identity| identity.name == name)
            .unwrap_or_else(|| panic!("no identity {name}"))
    }

    pub fn api(&self, path: &str) -> String {
        format!("{}/apiV1{path}", self.practice.addresses().api_base)
    }

    /// A fresh ID token.
    pub async fn token(&self, name: &str) -> String {
        let identity = self.identity(name);
        let addresses = self.practice.addresses();
        let reply: Value = self
            .client
            .post(format!(
                "{}/v1/token?key={}",
                addresses.token_base, addresses.api_key
            ))
            .form(&[
                ("grant_type", "refresh_token"),
                ("refresh_token", identity.refresh_token.as_str()),
            ])
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        reply["id_token"].as_str().unwrap().to_owned()
    }

    /// A request with a fresh token, not sent yet.
    pub async fn request(&self, name: &str, route: &str, body: &Value) -> reqwest::RequestBuilder {
        let token = self.token(name).await;
        self.client
            .post(self.api(&format!("/v1/{route}")))
            .bearer_auth(token)
            .json(body)
    }

    pub async fn call(&self, name: &str, route: &str, body: Value) -> Reply {
        read(self.request(name, route, &body).await.send().await.unwrap()).await
    }

    /// Saves a phase as the operator.
    pub async fn set_phase(&self, phase: &str) -> Value {
        self.call(
            "operator",
            "library.rollout.set",
            json!({ "phase": phase, "note": "test" }),
        )
        .await
        .data()
        .clone()
    }

    /// The phase as the next instance sees it.
    pub async fn phase(&self) -> String {
        let reply = self.call("member-smoke", "library.rollout.get", json!({})).await;
        reply.data()["phase"].as_str().unwrap().to_owned()
    }

    /// Checks a book out and returns the loan's id.
    pub async fn checkout(&self, name: &str, item_id: &str) -> String {
        let reply = self
            .call(name, "library.loans.checkout", json!({ "itemId": item_id }))
            .await;
        reply.data()["loan"]["id"].as_str().unwrap().to_owned()
    }

    pub fn set_faults(&self, faults: &[&str]) {
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        self.practice.set_faults(faults);
    }
}

pub async fn read(response: reqwest::Response) -> Reply {
    let (status, headers) = (response.status(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body =
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status}, not JSON ({error}): {text}"));
    Reply {
        status,
        body,
        headers,
    }
}
