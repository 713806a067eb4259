//! The recordings of the real portal, replayed in order from the starting state.
//!
//! Each reply must agree in status, code and reason, in the shape of the whole body, and, ids and times that the portal
//! makes up aside, in its values.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use desk_practice::DELIBERATE_DIFFERENCES;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};

use crate::support::{Bench, START_MS, still};

const RECORDINGS: [(&str, usize, &str); 3] = [
    (
        "transport",
        57,
        include_str!("../../../../../tests/recordings/exchanges-transport.jsonl"),
    ),
    (
        "rollout",
        23,
        include_str!("../../../../../tests/recordings/exchanges-rollout.jsonl"),
    ),
    (
        "library",
        240,
        include_str!("../../../../../tests/recordings/exchanges-library.jsonl"),
    ),
];

const IDENTITIES: [&str; 5] = [
    "member-smoke",
    "member2-smoke",
    "staff-smoke",
    "admin-smoke",
    "adminonly-smoke",
];

const LENDING_MS: i64 = 28 * 24 * 60 * 60 * 1000;

/// Longer than an ID token is good for, so that one made before has expired.
const PAST_THE_FIRST_TOKEN: Duration = Duration::from_secs(2 * 3600);

#[tokio::test]
async fn every_recorded_exchange_is_answered_alike_or_is_a_deliberate_difference() {
    let (mut alike, mut listed, mut problems) = (0, 0, Vec::new());
    for (recording, count, lines) in RECORDINGS {
        let exchanges: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(exchanges.len(), count, "{recording}");
        let mut replay = Replay::start().await;
        for (number, exchange) in exchanges.iter().enumerate() {
            let name = exchange["name"].as_str().unwrap();
            let differences = replay.play(exchange).await;
            let deliberate = DELIBERATE_DIFFERENCES
                .iter()
                .any(|difference| difference.recording == recording && difference.exchange == name);
            match (differences.is_empty(), deliberate) {
                (true, false) => alike += 1,
                (false, true) => listed += 1,
                (true, true) => problems.push(format!(
                    "{recording} #{number} {name}: listed as a difference, but alike"
                )),
                (false, false) => problems.push(format!(
                    "{recording} #{number} {name}:\n    {}",
                    differences.join("\n    ")
                )),
            }
        }
    }
    assert!(
        problems.is_empty(),
        "{} exchanges differ:\n{}",
        problems.len(),
        problems.join("\n")
    );
    assert_eq!(alike + listed, 320);
    assert_eq!(
        listed,
        DELIBERATE_DIFFERENCES.len(),
        "each entry names one exchange"
    );
    assert!(listed < 10);
}

/// A replay of one recording.
struct Replay {
    bench: Bench,
    tokens: HashMap<&'static str, String>,
    expired_token: String,
    /// From the ids that the real portal made up to those that this one did.
    ids: HashMap<String, String>,
}

struct Seen {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Replay {
    async fn start() -> Self {
        let bench = Bench::start(still()).await;
        let expired_token = bench.token("member-smoke").await;
        bench.clock.advance(PAST_THE_FIRST_TOKEN);
        let mut tokens = HashMap::new();
        for name in IDENTITIES {
            tokens.insert(name, bench.token(name).await);
        }
        Self {
            bench,
            tokens,
            expired_token,
            ids: HashMap::new(),
        }
    }

    /// Sends a recorded request and says how the reply differs from the recorded one.
    async fn play(&mut self, exchange: &Value) -> Vec<String> {
        self.set_clock(exchange);
        let seen = self.send(exchange).await;
        let recorded = &exchange["response"];
        let mut differences = Vec::new();
        let mut compare = |what: &str, recorded: &Value, seen: &Value| {
            if recorded != seen {
                differences.push(format!("{what}: recorded {recorded}, seen {seen}"));
            }
        };
        compare("status", &exchange["status"], &json!(seen.status));
        compare("code", &recorded["code"], &seen.body["code"]);
        compare(
            "reason",
            &recorded["details"]["reasonCode"],
            &seen.body["details"]["reasonCode"],
        );
        compare("shape", &shape(recorded), &shape(&seen.body));
        for name in ["content-type", "access-control-allow-origin"] {
            compare(
                name,
                &exchange["responseHeaders"][name],
                &header(&seen.headers, name),
            );
        }
        compare(
            "request id",
            &request_id(exchange),
            &seen_request_id(exchange, &seen),
        );
        learn_ids(recorded, &seen.body, &mut self.ids);
        compare(
            "values",
            &self.comparable(recorded, true),
            &self.comparable(&seen.body, false),
        );
        differences
    }

    /// Sets the time to that of a recorded checkout, which its due date tells; else a moment later.
    fn set_clock(&self, exchange: &Value) {
        let due = &exchange["response"]["data"]["loan"]["dueAt"];
        let recorded_ms = due["_seconds"].as_i64().map(|seconds| {
            seconds * 1000 + due["_nanoseconds"].as_i64().unwrap_or_default() / 1_000_000 - LENDING_MS
        });
        // All of it happens later than recorded; the reply to an old key tells an old time and moves nothing.
        let late_ms = i64::try_from(PAST_THE_FIRST_TOKEN.as_millis()).unwrap();
        let ahead = recorded_ms.map_or(1, |ms| (ms + late_ms - self.bench.clock.now_ms()).max(1));
        assert!(ahead < 3600 * 1000, "the clock would run past the tokens");
        self.bench
            .clock
            .advance(Duration::from_millis(ahead.unsigned_abs()));
    }

    async fn send(&self, exchange: &Value) -> Seen {
        let method: Method = exchange["method"].as_str().unwrap().parse().unwrap();
        let url = self.bench.api(exchange["path"].as_str().unwrap());
        let mut headers = HeaderMap::new();
        for (name, value) in exchange["requestHeaders"].as_object().unwrap() {
            let name: HeaderName = name.parse().unwrap();
            let value = match name.as_str() {
                "authorization" => self.authorization(exchange),
                _ => value.as_str().unwrap().to_owned(),
            };
            headers.insert(name, HeaderValue::from_str(&value).unwrap());
        }
        let mut request = self.bench.client.request(method, url).headers(headers);
        match &exchange["request"] {
            Value::Null => {}
            Value::Object(fields) if fields.len() == 1 && fields.contains_key("raw") => {
                request = request.body(fields["raw"].as_str().unwrap().to_owned());
            }
            body => request = request.body(self.with_our_ids(body).to_string()),
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Seen {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or_else(|_| json!({ "nonJson": text })),
        }
    }

    /// The header of the identity, or the hand-made one that the exchange's name describes.
    fn authorization(&self, exchange: &Value) -> String {
        if let Some(token) = self.tokens.get(exchange["as"].as_str().unwrap()) {
            return format!("Bearer {token}");
        }
        let member = &self.tokens["member-smoke"];
        match exchange["name"].as_str().unwrap() {
            "Authorization: Bearer garbage" => "Bearer garbage".to_owned(),
            "Authorization: Bearer (empty)" => "Bearer ".to_owned(),
            "Authorization: Basic" => "Basic dXNlcjpwYXNz".to_owned(),
            "lower-case 'bearer' scheme" => format!("bearer {member}"),
            "expired ID token (unsigned, exp in past)" => format!("Bearer {}", self.expired_token),
            "token for other project (aud/iss wrong)" => {
                format!("Bearer {}", unsigned("member-smoke", "other-project"))
            }
            "token for a user that does not exist (emulator checks user)" => {
                format!("Bearer {}", unsigned("nobody", "practice-portal"))
            }
            "PAT-shaped token mf_pat_v1.x.y" => "Bearer mf_pat_v1.x.y".to_owned(),
            other => panic!("no token for {other}"),
        }
    }

    fn with_our_ids(&self, value: &Value) -> Value {
        map_strings(value, &|text| {
            self.ids.get(text).cloned().unwrap_or_else(|| text.to_owned())
        })
    }

    /// The reply without what may differ: times, the request's id, made-up ids, and the order of loans, which may
    /// tie in time.
    fn comparable(&self, body: &Value, recorded: bool) -> Value {
        let mut body = if recorded {
            self.with_our_ids(body)
        } else {
            body.clone()
        };
        mask(&mut body);
        body
    }
}

/// A token without a signature, good but for that and for what the arguments say.
fn unsigned(uid: &str, project: &str) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let exp = START_MS / 1000 + 24 * 3600;
    let payload = json!({
        "sub": uid,
        "exp": exp,
        "aud": project,
        "iss": format!("https://securetoken.google.com/{project}"),
    });
    format!("{}.{}.", part(json!({ "alg": "none" })), part(payload))
}

fn header(headers: &HeaderMap, name: &str) -> Value {
    json!(headers.get(name).map(|value| value.to_str().unwrap()))
}

/// The id a reply must carry: the recorded one when the client sent it, else any of the right form.
fn request_id(exchange: &Value) -> Value {
    let recorded = &exchange["responseHeaders"]["x-request-id"];
    match recorded.as_str() {
        Some(made_up) if made_up.starts_with("req_") => json!("req_ and 16 characters, twice"),
        _ => recorded.clone(),
    }
}

fn seen_request_id(exchange: &Value, seen: &Seen) -> Value {
    let sent = header(&seen.headers, "x-request-id");
    let in_body = &seen.body["requestId"];
    match sent.as_str() {
        Some(made_up) if made_up.starts_with("req_") && made_up.len() == 20 && sent == *in_body => {
            json!("req_ and 16 characters, twice")
        }
        Some(_) if sent != *in_body => json!("not the same in header and body"),
        _ => {
            assert!(exchange["response"].is_object());
            sent
        }
    }
}

/// Keys and types, recursively; a list's elements in any order.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Array(entries) => {
            let mut shapes: Vec<Value> = entries.iter().map(shape).collect();
            shapes.sort_by_key(Value::to_string);
            Value::Array(shapes)
        }
        Value::Null => json!("null"),
        Value::Bool(_) => json!("boolean"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
    }
}

/// Whether the portal made this id up, as opposed to a client or the starting state.
fn is_made_up(id: &str) -> bool {
    let prefixes = [
        "loan_",
        "library-loan-",
        "lostfee_",
        "rec_",
        "tagsub_",
        "tag_",
        "item_",
    ];
    let review = id.len() == 20 && id.chars().all(|c| c.is_ascii_alphanumeric());
    let second_of_its_isbn = id.starts_with("isbn-") && id.matches('-').count() == 2;
    review || second_of_its_isbn || prefixes.iter().any(|prefix| id.starts_with(prefix))
}

/// Learns what made-up ids became, wherever both replies have one in the same place outside lists.
fn learn_ids(recorded: &Value, seen: &Value, ids: &mut HashMap<String, String>) {
    match (recorded, seen) {
        (Value::Object(recorded), Value::Object(seen)) => {
            for (name, value) in recorded {
                if let Some(seen) = seen.get(name) {
                    learn_ids(value, seen, ids);
                }
            }
        }
        (Value::String(recorded), Value::String(seen)) if is_made_up(recorded) => {
            ids.entry(recorded.clone()).or_insert_with(|| seen.clone());
        }
        _ => {}
    }
}

fn map_strings(value: &Value, map: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::String(map(text)),
        Value::Array(entries) => entries.iter().map(|entry| map_strings(entry, map)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), map_strings(value, map)))
            .collect(),
        other => other.clone(),
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) if fields.contains_key("_seconds") => *value = json!("a time"),
        Value::Object(fields) => {
            let internal = fields.get("code") == Some(&json!("INTERNAL"));
            for (name, value) in fields.iter_mut() {
                let a_time = name.ends_with("Ms") && *value != json!(0);
                // What the database says of an impossible id names its project.
                let names_the_project = internal && name == "details";
                if a_time || name.ends_with("Iso") || name == "requestId" || names_the_project {
                    *value = json!("differs");
                } else {
                    mask(value);
                }
                if let (true, Value::Array(loans)) = (name == "loans", value) {
                    loans.sort_by_key(|loan| loan["id"].to_string());
                }
            }
        }
        Value::Array(entries) => entries.iter_mut().for_each(mask),
        // 4 and 4.0 are one number.
        Value::Number(number) => *value = json!(number.as_f64()),
        _ => {}
    }
}
