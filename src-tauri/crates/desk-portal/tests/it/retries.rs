use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use desk_core::Route;
use desk_portal::{Call, Caller, Expect, Outcome};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::support::{Act, Desk, Stub, call, exchanged, id_token, ok, refused, reply, signed_in};

/// A portal that answers the calls of a route one after the other; the last answer is for all that follow.
async fn answering(answers: Vec<fn() -> Act>) -> Stub {
    let next = AtomicUsize::new(0);
    Stub::start(move |seen| {
        if seen.path.starts_with("/v1/accounts") {
            return signed_in("u1", "first", "refresh-1");
        }
        if seen.path.starts_with("/v1/token") {
            return exchanged("u1", "second", "refresh-1");
        }
        let at = next.fetch_add(1, Ordering::SeqCst);
        answers[at.min(answers.len() - 1)]()
    })
    .await
}

fn internal() -> Act {
    refused(500, "INTERNAL", &Value::Null)
}

fn limited() -> Act {
    refused(429, "RATE_LIMITED", &json!({"retryAfterMs": 54_649}))
}

fn unauthenticated() -> Act {
    refused(401, "UNAUTHENTICATED", &Value::Null)
}

fn fine() -> Act {
    ok(&json!({}))
}

fn page() -> Act {
    Act::Send(reply(502, "text/html", "<p>Bad gateway</p>"))
}

#[tokio::test]
async fn a_read_is_sent_again_after_a_server_error() {
    let stub = answering(vec![internal, page, fine]).await;
    let desk = Desk::at(&stub.base());
    let exchange = desk.portal.call(call(Route::RolloutGet, Caller::Anonymous)).await;
    assert!(matches!(exchange.outcome, Outcome::Ok(_)));
    assert_eq!(exchange.attempts, 3);
    let sleeps = desk.clock.sleeps();
    assert_eq!(sleeps.len(), 2);
    assert!((250..=500).contains(&sleeps[0].as_millis()), "{sleeps:?}");
    assert!((500..=1_000).contains(&sleeps[1].as_millis()), "{sleeps:?}");
}

#[tokio::test]
async fn every_attempt_is_told_with_its_own_id() {
    let stub = answering(vec![internal, fine]).await;
    let desk = Desk::at(&stub.base());
    let exchange = desk.portal.call(call(Route::RolloutGet, Caller::Anonymous)).await;
    let told = desk.told.all();
    let summary: Vec<_> = told
        .iter()
        .map(|request| {
            (
                request.outcome,
                request.status,
                request.code.as_deref(),
                request.expected,
            )
        })
        .collect();
    assert_eq!(
        summary,
        [
            ("refused", Some(500), Some("INTERNAL"), false),
            ("ok", Some(200), None, true)
        ]
    );
    assert!(told[0].request_id_sent < told[1].request_id_sent);
    assert_eq!(told[1].request_id_sent, exchange.request_id_sent);
    assert_eq!(told[1].request_id_seen.as_deref(), Some("req_1"));
    assert_eq!(
        (
            told[0].route.as_str(),
            told[0].identity.as_str(),
            told[0].purpose.as_str()
        ),
        ("library.rollout.get", "anonymous", "test")
    );
}

#[tokio::test]
async fn a_read_is_given_up_after_two_retries() {
    let stub = answering(vec![internal]).await;
    let desk = Desk::at(&stub.base());
    let exchange = desk.portal.call(call(Route::RolloutGet, Caller::Anonymous)).await;
    assert_eq!((exchange.attempts, exchange.outcome.word()), (3, "refused"));
    assert_eq!(stub.seen().len(), 3);
}

#[tokio::test]
async fn a_rate_limited_read_waits_as_long_as_it_is_told() {
    let stub = answering(vec![limited, fine]).await;
    let desk = Desk::at(&stub.base());
    let exchange = desk.portal.call(call(Route::RolloutGet, Caller::Anonymous)).await;
    assert!(matches!(exchange.outcome, Outcome::Ok(_)));
    assert_eq!(desk.clock.sleeps(), [Duration::from_millis(54_649)]);
}

#[tokio::test]
async fn a_write_is_not_sent_again() {
    for answer in [internal, page, limited] {
        let stub = answering(vec![answer, fine]).await;
        let desk = Desk::at(&stub.base());
        let exchange = desk.portal.call(call(Route::RolloutSet, Caller::Anonymous)).await;
        assert_eq!(exchange.attempts, 1);
        assert_eq!(stub.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_write_sent_again() {
    let stub = answering(vec![unauthenticated, fine]).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    let exchange = desk
        .portal
        .call(call(Route::RolloutSet, Caller::As(&session)))
        .await;
    assert!(matches!(exchange.outcome, Outcome::Ok(_)));
    assert_eq!(exchange.attempts, 2);
    let sent: Vec<_> = stub
        .seen()
        .iter()
        .filter_map(|seen| seen.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(
        sent,
        ["first", "second"].map(|mark| format!("Bearer {}", id_token("u1", mark)))
    );
}

#[tokio::test]
async fn a_token_refused_twice_means_signed_out() {
    let stub = answering(vec![unauthenticated]).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    let exchange = desk
        .portal
        .call(call(Route::RolloutGet, Caller::As(&session)))
        .await;
    assert_eq!((exchange.attempts, exchange.outcome.word()), (2, "signed_out"));
    assert_eq!(stub.count("/v1/token"), 1);
}

#[tokio::test]
async fn a_refused_token_that_is_no_session_is_not_renewed() {
    let stub = answering(vec![unauthenticated]).await;
    let desk = Desk::at(&stub.base());
    let token = SecretString::from("garbage");
    for caller in [Caller::Anonymous, Caller::Token(&token)] {
        let exchange = desk
            .portal
            .call(Call {
                expect: Expect::SignedOut,
                ..call(Route::RolloutGet, caller)
            })
            .await;
        assert_eq!((exchange.attempts, exchange.outcome.word()), (1, "signed_out"));
    }
    assert!(desk.told.all().iter().all(|request| request.expected));
}
