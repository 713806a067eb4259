//! A portal of several instances, each with its own memory of the phase.

use crate::support::{Bench, TRAP, decided_on, hurry, save, until};
use desk_app::{
    Code, Phase,
    view::{ChangeOutcomeView, ChangeStage},
};
use desk_practice::Options;
use std::time::Duration;

const CACHE: Duration = Duration::from_secs(60);

/// Two instances that answer in turn.
async fn two_instances(phase_cache: Duration) -> Bench {
    Bench::start_with(Options {
        instances: 2,
        phase_cache,
        ..Options::default()
    })
    .await
}

#[tokio::test]
async fn an_outdated_answer_is_neither_a_move_nor_a_failed_read_back() {
    let bench = two_instances(CACHE).await;
    let desk = bench.staging().await;
    for _ in 0..2 {
        desk.refresh_phase().await.unwrap();
    }
    let change = save(&bench, &desk, Phase::ReadOnly, "closing").await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed));
    let settling = change.settling.unwrap();
    assert_eq!((settling.answers, settling.outdated), (2, 1));
    for _ in 0..4 {
        let reading = desk.refresh_phase().await.unwrap();
        assert_eq!(reading.state.phase, Phase::ReadOnly.wire());
    }
    assert_eq!(desk.view().await.unwrap().moved, None);
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"]);
}

#[tokio::test]
async fn a_change_settles_only_after_the_cache_has_passed_without_an_outdated_answer() {
    let bench = two_instances(CACHE).await;
    bench.faults(&["outdated-instance=1"]);
    let desk = bench.staging().await;
    for _ in 0..2 {
        desk.refresh_phase().await.unwrap();
    }
    let change = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    let _time = hurry(&bench, &desk, Duration::from_secs(1));
    let following = desk.clone();
    let following = tokio::spawn(async move { following.follow(&change.change_id).await });
    let acknowledged = change.acknowledged_at_ms.unwrap();
    let view = until(&desk, "three caches' time", |view| {
        desk.now_ms() > acknowledged + 180_000 && view.change.is_some()
    })
    .await;
    let change = view.change.unwrap();
    assert_eq!(change.stage, ChangeStage::Settling);
    let settling = change.settling.unwrap();
    assert!(settling.outdated > 10, "{settling:?}");
    assert!(settling.outdated < settling.answers, "{settling:?}");

    bench.faults(&[]);
    let all_agree_ms = desk.now_ms();
    let settled = following.await.unwrap().unwrap();
    assert_eq!(settled.stage, ChangeStage::Done);
    assert_eq!(settled.outcome, Some(ChangeOutcomeView::Confirmed));
    let settled_at_ms = settled.settling.unwrap().settled_at_ms.unwrap();
    assert!(
        settled_at_ms >= all_agree_ms + 55_000,
        "{settled_at_ms} {all_agree_ms}"
    );
}

#[tokio::test]
async fn a_change_settles_by_the_environment_s_own_cache() {
    let bench = two_instances(Duration::from_secs(3)).await;
    let desk = bench.staging().await;
    let change = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    let _time = hurry(&bench, &desk, Duration::from_millis(500));
    let settled = desk.follow(&change.change_id).await.unwrap();
    let settling = settled.settling.unwrap();
    let took = settling.settled_at_ms.unwrap() - settled.acknowledged_at_ms.unwrap();
    assert!((3_000..30_000).contains(&took), "{took} ms");
    assert_eq!(settled.stage, ChangeStage::Done);
}

#[tokio::test]
async fn a_save_by_somebody_else_ends_the_watch() {
    let bench = two_instances(CACHE).await;
    let desk = bench.staging().await;
    let change = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, None)
        .await;
    let _time = hurry(&bench, &desk, Duration::from_secs(1));
    let watched = desk.follow(&change.change_id).await.unwrap();
    assert_eq!(watched.stage, ChangeStage::Done);
    assert_eq!(
        watched.outcome,
        Some(ChangeOutcomeView::Confirmed),
        "it was in force"
    );
    assert_eq!(watched.settling.unwrap().settled_at_ms, None);
    assert!(desk.view().await.unwrap().moved.is_some());
}

#[tokio::test]
async fn an_outdated_instance_does_not_wave_an_outdated_decision_through() {
    let bench = two_instances(CACHE).await;
    let desk = bench.staging().await;
    let first = desk.refresh_phase().await.unwrap();
    desk.refresh_phase().await.unwrap();
    bench.somebody_sets("staff-smoke", Phase::ReadOnly, None).await;
    while desk.refresh_phase().await.unwrap().state == first.state {}
    // The other instance answers next, and still says what the decision was made on.
    bench.faults(&[TRAP]);
    let decided = decided_on(&desk, &first.state, Phase::MemberWrites, "");
    let problem = desk.save_phase(decided).await.unwrap_err();
    assert_eq!(problem.code, Code::PhaseMoved);
    assert!(problem.message.contains("staff-smoke"), "{}", problem.message);
    assert!(bench.trap_is_set());
}

#[tokio::test]
async fn what_another_desk_on_the_data_directory_knows_counts_more_than_an_outdated_instance() {
    let bench = two_instances(CACHE).await;
    let desk = bench.staging().await;
    let guest = bench.open().await;
    let first = desk.refresh_phase().await.unwrap();
    desk.refresh_phase().await.unwrap();
    bench.pass(2 * CACHE);
    for _ in 0..2 {
        desk.refresh_phase().await.unwrap();
    }
    // Confirmed by its second reading, so that the outdated instance is the next to answer.
    let change = save(&bench, &guest, Phase::ReadOnly, "theirs").await.unwrap();
    assert_eq!(change.settling.unwrap().outdated, 1);
    bench.faults(&[TRAP]);
    let decided = decided_on(&desk, &first.state, Phase::MemberWrites, "");
    let problem = desk.save_phase(decided).await.unwrap_err();
    assert_eq!(problem.code, Code::PhaseMoved);
    assert!(bench.trap_is_set());
    let reading = desk.view().await.unwrap().reading.unwrap();
    assert_eq!(reading.state.note.as_deref(), Some("theirs"));
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"]);
}
