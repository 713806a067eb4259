//! What the desk shows of the phase.

use crate::support::{Bench, START_MS, STUDIO, beside, save, until, when};
use crate::unfaithful::Unfaithful;
use desk_app::{
    Code, Phase,
    view::{ConnectionState, EnvironmentKindView},
};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_portal_where_no_phase_was_ever_saved_is_shown_as_such() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let reading = desk.refresh_phase().await.unwrap();
    assert_eq!(reading.state.phase, Phase::AdminFull.wire());
    assert!(!reading.ever_set);
    assert_eq!(reading.state.updated_at_ms, 0);
    assert_eq!(reading.state.updated_by_uid, None);
    let view = desk.view().await.unwrap();
    assert_eq!(view.reading, Some(reading));
    assert_eq!(view.connection.state, ConnectionState::Online);
    assert_eq!(view.environment.kind, EnvironmentKindView::Staging);
    assert_eq!(
        view.moved, None,
        "nobody moved what the desk sees for the first time"
    );
}

#[tokio::test]
async fn who_saved_the_phase_when_and_why_is_shown() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let saved = bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, Some("Zoë said so"))
        .await;
    bench.pass(Duration::from_secs(5));
    let reading = desk.refresh_phase().await.unwrap();
    assert!(reading.ever_set);
    assert_eq!(reading.state.phase, Phase::MemberWrites.wire());
    assert_eq!(reading.state.note.as_deref(), Some("Zoë said so"));
    assert_eq!(reading.state.updated_by_uid.as_deref(), Some("staff-smoke"));
    assert_eq!(reading.state.updated_at_ms, saved.updated_at_ms);
    assert_eq!(reading.read_at_ms, START_MS + 6_000);
    assert!(!reading.request_id.is_empty());
}

#[tokio::test]
async fn a_phase_of_an_unknown_name_is_a_bad_reply_and_never_guessed() {
    let portal = Unfaithful::start().await;
    let desk = portal.desk().await;
    let before = desk.refresh_phase().await.unwrap();
    portal.says(&json!({"phase": "phase_4_open_bar", "note": null, "updatedAtMs": 9, "updatedByUid": "u"}));
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::BadReply);
    let view = desk.view().await.unwrap();
    assert_eq!(view.connection.state, ConnectionState::Faulty);
    assert_eq!(view.connection.problem, Some(problem));
    assert_eq!(view.reading, Some(before), "what was last known stays on screen");
}

#[tokio::test]
async fn a_portal_that_goes_away_and_comes_back_is_shown_as_offline_and_recovers() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    bench.faults(&["drop"]);
    bench.pass(Duration::from_secs(7));
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::Offline);
    let away = desk.view().await.unwrap();
    assert_eq!(away.connection.state, ConnectionState::Offline);
    assert_eq!(away.connection.since_ms, START_MS + 7_000);
    assert!(away.reading.is_some());
    bench.faults(&[]);
    desk.refresh_phase().await.unwrap();
    let back = desk.view().await.unwrap();
    assert_eq!(back.connection.state, ConnectionState::Online);
    assert_eq!(back.connection.problem, None);
}

#[tokio::test]
async fn the_screen_is_kept_true_without_being_asked() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let watching = desk.clone();
    let _watch = beside(async move { watching.watch().await });
    until(&desk, "the first reading", |view| {
        view.reading.is_some() && view.connection.next_ask_ms.is_some()
    })
    .await;
    bench
        .somebody_sets("staff-smoke", Phase::ReadOnly, Some("closed"))
        .await;
    desk.ask_now();
    let view = until(&desk, "the move", |view| view.moved.is_some()).await;
    assert_eq!(view.reading.unwrap().state.phase, Phase::ReadOnly.wire());
}

#[tokio::test]
async fn an_answer_that_comes_after_the_desk_was_pointed_elsewhere_is_not_compared_with_what_is_shown_there()
{
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::ReadOnly, "here").await.unwrap();
    bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, None)
        .await;
    bench.faults(&["latency=500@library.rollout.get*1"]);
    let asking = desk.clone();
    let slow = tokio::spawn(async move { asking.refresh_phase().await });
    when("the question to arrive", || bench.practice.faults().is_empty()).await;
    desk.select_environment("practice").await.unwrap();
    desk.refresh_phase().await.unwrap();
    slow.await.unwrap().unwrap();
    let view = desk.view().await.unwrap();
    assert_eq!(view.reading.unwrap().state.phase, Phase::AdminFull.wire());
    assert_eq!(view.moved, None);
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"]);

    desk.select_environment(STUDIO).await.unwrap();
    desk.refresh_phase().await.unwrap();
    let moved = desk.view().await.unwrap().moved.unwrap();
    assert_eq!(moved.from.phase, Phase::ReadOnly.wire());
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed", "moved to 2"]);
    desk.close().await;
}
