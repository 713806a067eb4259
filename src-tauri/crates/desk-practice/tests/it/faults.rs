//! Each fault, as a client meets it.

use std::time::Duration;

use desk_practice::{Options, fault_catalogue};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Bench, read, still};

const CHECKOUT: &str = "library.loans.checkout";

fn book() -> Value {
    json!({ "itemId": "book-mastering-glazes" })
}

async fn loans(bench: &Bench) -> usize {
    let reply = bench
        .call("member-smoke", "library.loans.listMine", json!({}))
        .await;
    reply.data()["loans"].as_array().unwrap().len()
}

/// Sends a checkout whose connection breaks.
async fn broken(bench: &Bench) -> reqwest::Error {
    let request = bench.request("member-smoke", CHECKOUT, &book()).await;
    request.send().await.unwrap_err()
}

#[tokio::test]
async fn a_dropped_connection_before_or_after_the_write() {
    let bench = Bench::start(still()).await;
    bench.set_faults(&["drop@library.loans.checkout*1"]);
    assert!(!broken(&bench).await.is_timeout());
    assert_eq!(loans(&bench).await, 0);
    bench.set_faults(&["drop-after@library.loans.checkout*1"]);
    assert!(!broken(&bench).await.is_timeout());
    assert_eq!(loans(&bench).await, 1);
    assert!(bench.practice.faults().is_empty(), "both are used up");
}

#[tokio::test]
async fn a_timeout_before_or_after_the_write() {
    let bench = Bench::start(still()).await;
    for (fault, expected) in [
        ("timeout-before@library.loans.checkout*1", 0),
        ("timeout-after@library.loans.checkout*1", 1),
    ] {
        bench.set_faults(&[fault]);
        let request = bench.request("member-smoke", CHECKOUT, &book()).await;
        let waiting = tokio::spawn(request.send());
        // The act shows when the fault has been used up and, if it is to happen, the loan is there.
        while !bench.practice.faults().is_empty() || loans(&bench).await != expected {
            // However often that takes, it must not run into the rate limit.
            bench.clock.advance(Duration::from_secs(1));
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished(), "{fault}: no answer comes");
        waiting.abort();
    }
}

#[tokio::test]
async fn a_client_that_waits_runs_into_its_own_timeout() {
    let bench = Bench::start(still()).await;
    bench.set_faults(&["timeout-before"]);
    let request = bench.request("member-smoke", "hello", &json!({})).await;
    let error = request
        .timeout(Duration::from_millis(50))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
}

#[tokio::test]
async fn stopping_ends_calls_that_would_never_be_answered() {
    let bench = Bench::start(still()).await;
    bench.set_faults(&["timeout-before*1"]);
    let request = bench.request("member-smoke", "hello", &json!({})).await;
    let waiting = tokio::spawn(request.send());
    while !bench.practice.faults().is_empty() {
        tokio::task::yield_now().await;
    }
    bench.practice.shutdown().await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn replies_that_are_not_in_the_envelope() {
    let bench = Bench::start(still()).await;
    for (fault, status, content_type) in [
        ("malformed", StatusCode::OK, "application/json; charset=utf-8"),
        ("truncated", StatusCode::OK, "application/json; charset=utf-8"),
        ("html", StatusCode::BAD_GATEWAY, "text/html; charset=utf-8"),
    ] {
        bench.set_faults(&[fault]);
        let request = bench.request("member-smoke", "hello", &json!({})).await;
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status, "{fault}");
        assert_eq!(response.headers()["content-type"], content_type, "{fault}");
        let text = response.text().await.unwrap();
        assert!(
            serde_json::from_str::<Value>(&text).is_err(),
            "{fault} is not JSON: {text}"
        );
        assert_eq!(text.starts_with("<!DOCTYPE html>"), fault == "html");
    }
}

#[tokio::test]
async fn refusals_that_nothing_called_for() {
    let bench = Bench::start(still()).await;
    bench.set_faults(&["error-500=50%@library.loans.checkout"]);
    let mut verdicts = Vec::new();
    for _ in 0..4 {
        verdicts.push(bench.call("member-smoke", CHECKOUT, book()).await.verdict());
    }
    assert_eq!(verdicts, ["200", "500 INTERNAL", "200", "500 INTERNAL"]);
    assert_eq!(loans(&bench).await, 2, "a failure changes nothing");

    bench.set_faults(&["rate-limited@library.loans.checkout*1"]);
    let limited = bench.call("member-smoke", CHECKOUT, book()).await;
    assert_eq!(limited.verdict(), "429 RATE_LIMITED");
    assert_eq!(limited.headers["retry-after"], "5");
    assert_eq!(
        bench.call("member-smoke", CHECKOUT, book()).await.verdict(),
        "200"
    );
}

#[tokio::test]
async fn latency_delays_every_answer() {
    // Far longer than the test may take: the answer not being there is what shows the delay.
    let bench = Bench::start(Options {
        faults: vec!["latency=3600000@hello".parse().unwrap()],
        ..still()
    })
    .await;
    let request = bench.request("member-smoke", "hello", &json!({})).await;
    let error = request
        .timeout(Duration::from_millis(50))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_timeout());
    bench.set_faults(&["latency=1@hello"]);
    assert_eq!(
        bench.call("member-smoke", "hello", json!({})).await.verdict(),
        "200"
    );
}

#[tokio::test]
async fn an_expired_token_is_refused_once_or_for_good() {
    let bench = Bench::start(still()).await;
    bench.set_faults(&["expired-token=member-smoke*1"]);
    let refused = bench.call("member-smoke", "hello", json!({})).await;
    assert_eq!(refused.verdict(), "401 UNAUTHENTICATED");
    assert_eq!(refused.body["message"], "Invalid Authorization token");
    assert_eq!(
        bench.call("member-smoke", "hello", json!({})).await.verdict(),
        "200"
    );
    bench.set_faults(&["expired-token"]);
    for name in ["member-smoke", "operator", "member-smoke"] {
        let refused = bench.call(name, "hello", json!({})).await;
        assert_eq!(refused.verdict(), "401 UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn a_revoked_staff_claim_is_gone_from_the_next_token_on() {
    let bench = Bench::start(still()).await;
    let route = "library.staff.dashboard";
    let old_token = bench.request("staff-smoke", route, &json!({})).await;
    bench.set_faults(&["revoked-staff=staff-smoke"]);
    assert_eq!(
        read(old_token.send().await.unwrap()).await.verdict(),
        "200",
        "the old token still works"
    );
    let refused = bench.call("staff-smoke", route, json!({})).await;
    assert_eq!(refused.verdict(), "403 FORBIDDEN");
    assert_eq!(bench.call("admin-smoke", route, json!({})).await.verdict(), "200");
    bench.set_faults(&[]);
    assert_eq!(bench.call("staff-smoke", route, json!({})).await.verdict(), "200");
}

/// The embedded portal has one instance; the fault must show there too.
#[tokio::test]
async fn an_outdated_instance_is_one_more_where_there_is_only_one() {
    let bench = Bench::start(still()).await;
    bench.set_faults(&["outdated-instance=1"]);
    let get = async || {
        let reply = bench.call("operator", "library.rollout.get", json!({})).await;
        reply.data()["phase"].as_str().unwrap().to_owned()
    };
    assert_eq!(get().await, get().await);
    let set = json!({ "phase": "phase_1_read_only" });
    assert_eq!(
        bench.call("operator", "library.rollout.set", set).await.verdict(),
        "200"
    );
    bench.clock.advance(Duration::from_secs(120));
    assert_ne!(get().await, get().await);
    bench.set_faults(&[]);
    assert_eq!(get().await, get().await);
}

#[tokio::test]
async fn faults_are_switched_while_it_runs() {
    let bench = Bench::start(still()).await;
    let examples: Vec<&str> = fault_catalogue().iter().map(|info| info.example).collect();
    bench.set_faults(&examples);
    let on: Vec<String> = bench.practice.faults().iter().map(ToString::to_string).collect();
    assert_eq!(on, examples);
}
