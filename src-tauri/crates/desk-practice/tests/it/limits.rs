//! The rate limit, and how its refusal says when to come back.

use std::time::Duration;

use serde_json::json;

use crate::support::{Bench, START_MS, still};

const ROUTE: &str = "library.rollout.get";

#[tokio::test]
async fn call_121_is_refused_until_the_window_closes() {
    let bench = Bench::start(still()).await;
    for _ in 0..120 {
        assert_eq!(
            bench.call("member-smoke", ROUTE, json!({})).await.verdict(),
            "200"
        );
        bench.clock.advance(Duration::from_millis(45));
    }
    let refused = bench.call("member-smoke", ROUTE, json!({})).await;
    assert_eq!(refused.verdict(), "429 RATE_LIMITED");
    assert_eq!(refused.body["details"]["retryAfterMs"], 54_600);
    assert_eq!(refused.headers["retry-after"], "55", "rounded up");
    assert!(refused.headers.contains_key("x-request-id"));

    assert_eq!(
        bench.call("staff-smoke", ROUTE, json!({})).await.verdict(),
        "200",
        "another user has a window of their own"
    );
    assert_eq!(
        bench.call("member-smoke", "hello", json!({})).await.verdict(),
        "200",
        "and so has another route"
    );
    bench.clock.advance(Duration::from_millis(54_599));
    assert_eq!(
        bench.call("member-smoke", ROUTE, json!({})).await.verdict(),
        "429 RATE_LIMITED"
    );
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!(bench.clock.now_ms(), START_MS + 60_000);
    assert_eq!(
        bench.call("member-smoke", ROUTE, json!({})).await.verdict(),
        "200"
    );
}

#[tokio::test]
async fn blocked_calls_use_nothing_up_and_invalid_ones_do() {
    let bench = Bench::start(still()).await;
    let (route, empty) = ("library.loans.checkout", json!({}));
    bench.set_phase("phase_1_read_only").await;
    for _ in 0..121 {
        let blocked = bench.call("member-smoke", route, empty.clone()).await;
        assert_eq!(blocked.verdict(), "403 LIBRARY_ROLLOUT_BLOCKED");
    }
    bench.set_phase("phase_2_member_writes").await;
    for _ in 0..120 {
        let invalid = bench.call("member-smoke", route, empty.clone()).await;
        assert_eq!(invalid.verdict(), "400 INVALID_ARGUMENT");
    }
    let refused = bench.call("member-smoke", route, empty).await;
    assert_eq!(refused.verdict(), "429 RATE_LIMITED");
}
