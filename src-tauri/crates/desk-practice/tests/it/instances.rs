//! Several instances behind one address, each with its own memory of the phase.

use std::time::Duration;

use desk_practice::Options;
use serde_json::json;

use crate::support::{Bench, still};

const OPEN: &str = "phase_3_admin_full";
const CLOSED: &str = "phase_1_read_only";

async fn two_instances() -> Bench {
    let bench = Bench::start(Options {
        instances: 2,
        ..still()
    })
    .await;
    // Both have read the phase before anybody changes it.
    assert_eq!([bench.phase().await, bench.phase().await], [OPEN, OPEN]);
    bench
}

#[tokio::test]
async fn the_other_instance_keeps_the_old_phase_until_its_memory_is_too_old() {
    let bench = two_instances().await;
    bench.set_phase(CLOSED).await; // by the first instance
    assert_eq!(bench.phase().await, OPEN, "the second has not noticed");
    assert_eq!(bench.phase().await, CLOSED, "the first knows");

    let item = json!({ "itemId": "book-hands-in-clay" });
    let by_second = bench
        .call("member-smoke", "library.loans.checkout", item.clone())
        .await;
    assert_eq!(by_second.verdict(), "200", "the second still lets members write");
    let by_first = bench.call("member-smoke", "library.loans.checkout", item).await;
    assert_eq!(by_first.verdict(), "403 LIBRARY_ROLLOUT_BLOCKED");
    assert_eq!(by_first.body["details"]["requiredPhase"], "phase_2_member_writes");

    bench.clock.advance(Duration::from_millis(59_999));
    assert_eq!(bench.phase().await, OPEN);
    assert_eq!(bench.phase().await, CLOSED);
    bench.clock.advance(Duration::from_millis(1));
    assert_eq!([bench.phase().await, bench.phase().await], [CLOSED, CLOSED]);
}

#[tokio::test]
async fn with_no_phase_cache_every_instance_agrees_at_once() {
    let bench = Bench::start(Options {
        instances: 3,
        phase_cache: Duration::ZERO,
        ..still()
    })
    .await;
    for _ in 0..3 {
        assert_eq!(bench.phase().await, OPEN);
    }
    bench.set_phase(CLOSED).await;
    for _ in 0..3 {
        assert_eq!(bench.phase().await, CLOSED);
    }
}

#[tokio::test]
async fn an_outdated_instance_never_learns_even_from_its_own_save() {
    let bench = two_instances().await;
    bench.set_faults(&["outdated-instance=0"]);
    bench.set_phase(CLOSED).await; // by the first, which is outdated
    bench.clock.advance(Duration::from_secs(600));
    assert_eq!(bench.phase().await, CLOSED, "the second read it again");
    assert_eq!(bench.phase().await, OPEN, "the first never does");
    bench.set_faults(&[]);
    assert_eq!([bench.phase().await, bench.phase().await], [CLOSED, CLOSED]);
}

#[tokio::test]
async fn the_last_writer_wins_and_an_omitted_note_is_cleared() {
    let bench = Bench::start(still()).await;
    let first = bench.set_phase(CLOSED).await;
    assert_eq!(first["note"], "test");
    bench.clock.advance(Duration::from_secs(1));
    let second = bench
        .call(
            "admin-smoke",
            "library.rollout.set",
            json!({ "phase": "phase_2_member_writes" }),
        )
        .await;
    assert_eq!(second.data()["note"], json!(null));
    assert_eq!(second.data()["updatedByUid"], "admin-smoke");
    assert_eq!(
        second.data()["updatedAtMs"].as_i64().unwrap() - first["updatedAtMs"].as_i64().unwrap(),
        1000
    );
}
