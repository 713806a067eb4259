//! Somebody else moves the phase.

use crate::{
    support::{Bench, TRAP, phase_acts_in, request, save},
    unfaithful::Unfaithful,
};
use desk_app::{Code, Phase, view::ChangeOutcomeView};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_save_decided_on_an_outdated_screen_is_refused_and_never_sent() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let decided = request(&desk, Phase::MemberWrites, "one step").await;
    bench
        .somebody_sets("staff-smoke", Phase::ReadOnly, Some("all the way"))
        .await;
    bench.faults(&[TRAP]);
    let problem = desk.save_phase(decided.clone()).await.unwrap_err();
    assert_eq!(problem.code, Code::PhaseMoved);
    for fact in ["Phase 3", "Phase 1", "staff-smoke"] {
        assert!(problem.message.contains(fact), "{}", problem.message);
    }
    assert!(bench.trap_is_set(), "nothing was sent");
    let view = desk.view().await.unwrap();
    let moved = view.moved.unwrap();
    assert_eq!(moved.from, decided.expected);
    assert_eq!(moved.to.phase, Phase::ReadOnly.wire());
    assert_eq!(view.reading.unwrap().state, moved.to);
    assert_eq!(view.change, None);
    assert_eq!(bench.phase_acts().await, ["moved to 1"]);

    bench.faults(&[]);
    bench.pass(Duration::from_secs(1));
    let anew = request(&desk, Phase::MemberWrites, "one step").await;
    assert_eq!(anew.expected, moved.to);
    let change = desk.save_phase(anew).await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(change.from, moved.to);
}

#[tokio::test]
async fn the_same_phase_saved_again_with_another_note_is_a_move_too() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, Some("first"))
        .await;
    let decided = request(&desk, Phase::AdminFull, "").await;
    bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, Some("second"))
        .await;
    bench.faults(&[TRAP]);
    let problem = desk.save_phase(decided).await.unwrap_err();
    assert_eq!(problem.code, Code::PhaseMoved);
    assert!(problem.message.contains("saved again"), "{}", problem.message);
    assert!(bench.trap_is_set());
    let moved = desk.view().await.unwrap().moved.unwrap();
    assert_eq!(moved.to.note.as_deref(), Some("second"));
}

#[tokio::test]
async fn a_move_is_recorded_once_and_shown_until_it_is_acknowledged() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    bench.somebody_sets("staff-smoke", Phase::ReadOnly, None).await;
    for _ in 0..3 {
        desk.refresh_phase().await.unwrap();
    }
    assert_eq!(bench.phase_acts().await, ["moved to 1"]);
    assert!(desk.view().await.unwrap().moved.is_some());
    desk.acknowledge_move();
    assert_eq!(desk.view().await.unwrap().moved, None);
    desk.refresh_phase().await.unwrap();
    assert_eq!(desk.view().await.unwrap().moved, None);
}

#[tokio::test]
async fn a_move_made_while_the_desk_was_closed_is_noticed() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    desk.close().await;
    bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, None)
        .await;
    let desk = bench.open().await;
    desk.refresh_phase().await.unwrap();
    let moved = desk.view().await.unwrap().moved.unwrap();
    assert_eq!(moved.from.phase, Phase::ReadOnly.wire());
    assert_eq!(moved.to.phase, Phase::MemberWrites.wire());
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed", "moved to 2"]);
}

#[tokio::test]
async fn a_save_right_after_ours_overtakes_it_and_is_a_move() {
    let portal = Unfaithful::start().await;
    let desk = portal.desk().await;
    let decided = request(&desk, Phase::ReadOnly, "mine").await;
    portal.is_overtaken_by(&json!({
        "phase": "phase_2_member_writes", "note": "theirs", "updatedAtMs": 6_000, "updatedByUid": "staff-smoke",
    }));
    let change = desk.save_phase(decided).await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Overtaken));
    let problem = change.problem.unwrap();
    assert_eq!(problem.code, Code::PhaseMoved);
    assert!(problem.message.contains("staff-smoke"), "{}", problem.message);
    let view = desk.view().await.unwrap();
    assert_eq!(view.reading.unwrap().state.note.as_deref(), Some("theirs"));
    assert_eq!(view.moved.unwrap().to.note.as_deref(), Some("theirs"));
    assert_eq!(
        phase_acts_in(portal.dir.path()).await,
        ["started 1", "Overtaken", "moved to 2"]
    );
}

#[tokio::test]
async fn a_configuration_put_back_by_hand_is_shown_once_no_cache_can_explain_it() {
    let portal = Unfaithful::start().await;
    let desk = portal.desk().await;
    desk.refresh_phase().await.unwrap();
    portal.clock.advance(Duration::from_millis(1));
    portal.says(&json!({
        "phase": "phase_1_read_only", "note": null, "updatedAtMs": 10, "updatedByUid": "staff-smoke",
    }));
    let reading = desk.refresh_phase().await.unwrap();
    assert_eq!(reading.state.phase, Phase::ReadOnly.wire());
    assert!(desk.view().await.unwrap().moved.is_some());
}
