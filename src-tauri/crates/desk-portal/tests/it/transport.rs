use std::process::Command;

use desk_core::Route;
use desk_portal::{Call, Caller, Exchange, NotEnvelopeKind, Outcome};
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{Act, Desk, Stub, call, ok, reply};

async fn exchange_with(desk: &Desk, route: Route) -> Exchange {
    desk.portal.call(call(route, Caller::Anonymous)).await
}

/// What is made of an answer to a write; a write is sent once only, whatever the answer.
async fn write_answered_by(answer: impl Fn() -> Act + Send + Sync + 'static) -> Exchange {
    write_by(Desk::at, answer).await
}

async fn write_by(
    desk: impl FnOnce(&str) -> Desk,
    answer: impl Fn() -> Act + Send + Sync + 'static,
) -> Exchange {
    let stub = Stub::start(move |_| answer()).await;
    let exchange = exchange_with(&desk(&stub.base()), Route::RolloutSet).await;
    assert_eq!(exchange.attempts, 1);
    assert_eq!(stub.seen().len(), 1);
    exchange
}

async fn kind_of(bytes: Vec<u8>) -> NotEnvelopeKind {
    match write_answered_by(move || Act::Send(bytes.clone())).await.outcome {
        Outcome::NotEnvelope { kind, .. } => kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_is_sent_as_the_portal_wants_it() {
    let stub = Stub::start(|_| ok(&json!({"a": 1}))).await;
    let desk = Desk::at(&stub.base());
    let token = SecretString::from("garbage");
    let exchange = desk
        .portal
        .call(Call {
            body: json!({"itemId": "book"}),
            idempotency_key: Some("key-1".into()),
            ..call(Route::LoansCheckout, Caller::Token(&token))
        })
        .await;
    assert_eq!(exchange.outcome, Outcome::Ok(json!({"a": 1})));
    let seen = &stub.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/apiV1/v1/library.loans.checkout")
    );
    assert_eq!(seen.body, r#"{"itemId":"book"}"#);
    assert_eq!(seen.header("authorization"), Some("Bearer garbage"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("x-idempotency-key"), Some("key-1"));
    assert_eq!(
        seen.header("x-request-id"),
        Some(exchange.request_id_sent.as_str())
    );
    for absent in ["origin", "referer", "cookie", "accept-encoding"] {
        assert_eq!(seen.header(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn no_token_is_sent_for_nobody() {
    let stub = Stub::start(|_| ok(&json!({}))).await;
    let exchange = exchange_with(&Desk::at(&stub.base()), Route::RolloutGet).await;
    assert_eq!(exchange.identity, "anonymous");
    assert_eq!(stub.seen()[0].header("authorization"), None);
    assert_eq!(stub.seen()[0].header("x-idempotency-key"), None);
}

#[tokio::test]
async fn the_request_id_that_comes_back_is_the_one_to_quote() {
    let body = r#"{"ok":true,"requestId":"from-body","data":{}}"#;
    let with_header = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: {}\r\ncontent-length: {}\r\n\r\n{body}",
        "h".repeat(500),
        body.len()
    );
    let exchange = write_answered_by(move || Act::Send(with_header.clone().into_bytes())).await;
    assert_eq!(exchange.support_id(), "h".repeat(128));
    let exchange = write_answered_by(move || Act::Send(reply(200, "application/json", body))).await;
    assert_eq!(exchange.support_id(), "from-body");
    let exchange = write_answered_by(|| Act::Close).await;
    assert_eq!(exchange.support_id(), exchange.request_id_sent);
    assert!(exchange.support_id().starts_with("desk-"));
}

#[tokio::test]
async fn what_is_not_the_envelope_is_told_apart() {
    let good = r#"{"ok":true,"data":{}}"#;
    for (bytes, expected) in [
        (
            reply(502, "text/html", "<p>Bad gateway</p>"),
            NotEnvelopeKind::Html,
        ),
        (reply(200, "application/json", ""), NotEnvelopeKind::Empty),
        (reply(200, "text/plain", good), NotEnvelopeKind::WrongType),
        (reply(200, "application/json", "gzip?"), NotEnvelopeKind::NotJson),
    ] {
        assert_eq!(kind_of(bytes).await, expected);
    }
}

#[tokio::test]
async fn a_reply_that_ends_early_is_truncated_however_it_lies() {
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for rest in [
        // Fewer bytes than announced.
        "content-length: 1000\r\n\r\n{\"ok\":true,\"data\":{}}",
        // More bytes than announced: the announced ones are half a reply.
        "content-length: 10\r\n\r\n{\"ok\":true,\"data\":{}}",
        // A chunk that ends early, chunks without their end, and a chunk of no known length.
        "transfer-encoding: chunked\r\n\r\n20\r\n{\"ok\":",
        "transfer-encoding: chunked\r\n\r\n15\r\n{\"ok\":true,\"data\":{}}\r\n",
        "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n",
        // No length, and the connection closed in the middle.
        "\r\n{\"ok\":true,\"data\":{",
    ] {
        assert_eq!(
            kind_of(format!("{json}{rest}").into_bytes()).await,
            NotEnvelopeKind::Truncated,
            "{rest}"
        );
    }
}

#[tokio::test]
async fn a_reply_over_the_limit_is_not_read() {
    let announced =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 8388609\r\n\r\n".to_vec();
    assert_eq!(kind_of(announced).await, NotEnvelopeKind::TooLarge);
    // The flood never ends: only stopping at the limit ends this test.
    let stub = Stub::start(|_| Act::Flood).await;
    let exchange = exchange_with(&Desk::at(&stub.base()), Route::RolloutSet).await;
    let expected = Outcome::NotEnvelope {
        kind: NotEnvelopeKind::TooLarge,
        status: 200,
    };
    assert_eq!(exchange.outcome, expected);
}

#[tokio::test]
async fn a_reply_of_exactly_the_limit_is_read() {
    let body = format!(
        r#"{{"ok":true,"data":{{"pad":"{}"}}}}"#,
        "x".repeat(8_388_608 - 29)
    );
    assert_eq!(body.len(), 8 * 1024 * 1024);
    let bytes = reply(200, "application/json", &body);
    let stub = Stub::start(move |_| Act::Send(bytes.clone())).await;
    let exchange = exchange_with(&Desk::at(&stub.base()), Route::RolloutSet).await;
    assert!(matches!(exchange.outcome, Outcome::Ok(_)));
}

#[tokio::test]
async fn a_write_without_an_answer_in_time_is_unknown() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 21\r\n\r\n{\"ok\":true"
        .to_vec();
    for bytes in [Vec::new(), half] {
        let exchange = write_by(Desk::impatient, move || Act::SendAndHold(bytes.clone())).await;
        assert_eq!(exchange.outcome, Outcome::TimedOut);
        assert!(exchange.is_unknown_write());
    }
}

#[tokio::test]
async fn a_write_whose_connection_breaks_is_unknown() {
    let exchange = write_answered_by(|| Act::Close).await;
    assert!(
        matches!(exchange.outcome, Outcome::ConnectionLost { .. }),
        "{exchange:?}"
    );
    assert!(exchange.is_unknown_write());
    let exchange = write_answered_by(|| Act::Send(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec())).await;
    assert!(exchange.is_unknown_write(), "{exchange:?}");
}

#[tokio::test]
async fn a_write_that_was_never_sent_is_not_unknown() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let exchange = exchange_with(&Desk::at(&base), Route::RolloutSet).await;
    assert!(
        matches!(exchange.outcome, Outcome::Unreachable { .. }),
        "{exchange:?}"
    );
    assert!(!exchange.is_unknown_write());
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_not_sent() {
    let stub = Stub::start(|_| ok(&json!({}))).await;
    let token = SecretString::from("canary\nx");
    let exchange = Desk::at(&stub.base())
        .portal
        .call(call(Route::RolloutGet, Caller::Token(&token)))
        .await;
    assert!(
        matches!(exchange.outcome, Outcome::Unreachable { .. }),
        "{exchange:?}"
    );
    assert!(!format!("{exchange:?}").contains("canary"));
    assert!(stub.seen().is_empty());
}

/// Talks https to a listener that answers the handshake with `answer` and closes, or stays silent.
async fn handshake_answered_by(desk: impl FnOnce(&str) -> Desk, answer: Option<&'static [u8]>) -> Exchange {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 64];
        stream.read_exact(&mut hello).await.unwrap();
        match answer {
            Some(bytes) => {
                stream.write_all(bytes).await.unwrap();
                stream.shutdown().await.unwrap();
            }
            None => {
                let _ = stream.read_to_end(&mut Vec::new()).await;
            }
        }
    });
    let exchange = exchange_with(&desk(&base), Route::RolloutSet).await;
    server.await.unwrap();
    assert!(!exchange.is_unknown_write());
    exchange
}

#[tokio::test]
async fn a_failed_handshake_is_a_tls_failure() {
    for answer in [b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), b""] {
        let exchange = handshake_answered_by(Desk::at, Some(answer)).await;
        assert!(matches!(exchange.outcome, Outcome::Tls { .. }), "{exchange:?}");
    }
}

#[tokio::test]
async fn no_connection_in_time_is_unreachable_and_not_unknown() {
    let exchange = handshake_answered_by(Desk::impatient_to_connect, None).await;
    let expected = Outcome::Unreachable {
        detail: "no connection in time".into(),
    };
    assert_eq!(exchange.outcome, expected);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Stub::start(|_| ok(&json!({}))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = elsewhere.base();
        let exchange = write_answered_by(move || {
            Act::Send(
                format!("HTTP/1.1 {status} X\r\nlocation: {location}/\r\ncontent-length: 0\r\n\r\n")
                    .into_bytes(),
            )
        })
        .await;
        let expected = Outcome::NotEnvelope {
            kind: NotEnvelopeKind::Redirect,
            status,
        };
        assert_eq!(exchange.outcome, expected);
    }
    assert!(elsewhere.seen().is_empty());
}

/// Runs the test `name` again in a process with other surroundings; those of a running process are not changed.
fn run_again(name: &str, surroundings: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("transport::{name}")])
        .env(AGAIN, "1")
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(surroundings.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Says to a test that it is the second run.
const AGAIN: &str = "DESK_PORTAL_TEST_AGAIN";

fn is_run_again() -> bool {
    std::env::var_os(AGAIN).is_some()
}

async fn assert_a_portal_on_this_machine_answers() {
    let stub = Stub::start(|_| ok(&json!({}))).await;
    let exchange = exchange_with(&Desk::at(&stub.base()), Route::RolloutGet).await;
    assert!(matches!(exchange.outcome, Outcome::Ok(_)), "{exchange:?}");
}

#[tokio::test]
async fn a_proxy_in_the_surroundings_is_not_used_on_this_machine() {
    if is_run_again() {
        assert_a_portal_on_this_machine_answers().await;
        return;
    }
    let nowhere = "http://127.0.0.1:1";
    run_again(
        "a_proxy_in_the_surroundings_is_not_used_on_this_machine",
        &[
            ("http_proxy", nowhere),
            ("HTTP_PROXY", nowhere),
            ("ALL_PROXY", nowhere),
        ],
    );
}

/// A bare machine has no certificate authorities, and the first start there is on the practice portal.
#[tokio::test]
async fn practising_needs_no_certificate_authorities() {
    if is_run_again() {
        assert_a_portal_on_this_machine_answers().await;
        return;
    }
    run_again(
        "practising_needs_no_certificate_authorities",
        &[
            ("SSL_CERT_FILE", "/nonexistent"),
            ("SSL_CERT_DIR", "/nonexistent"),
        ],
    );
}
