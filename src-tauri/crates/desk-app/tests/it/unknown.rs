//! A save without a clear answer is unknown, not failed, and asked about until it is known.

use crate::{
    support::{Bench, decided_on, hurry, phase_acts_in, request, save, until, when},
    unfaithful::Unfaithful,
};
use desk_app::{
    Code, Desk, Phase, Problem,
    view::{ChangeOutcomeView, ChangeStage, ChangeView},
};
use std::time::Duration;
use tokio::task::JoinHandle;

async fn bench() -> Bench {
    Bench::start().await.impatient()
}

/// Saves phase 1 under a fault and returns when the save has arrived.
async fn saving_under(bench: &Bench, desk: &Desk, fault: &str) -> JoinHandle<Result<ChangeView, Problem>> {
    bench.pass(Duration::from_secs(1));
    let decided = request(desk, Phase::ReadOnly, "closing").await;
    bench.faults(&[&format!("{fault}@library.rollout.set*1")]);
    let saving = desk.clone();
    let saving = tokio::spawn(async move { saving.save_phase(decided).await });
    when("the save to arrive", || bench.practice.faults().is_empty()).await;
    saving
}

#[tokio::test]
async fn a_save_that_took_effect_without_a_clear_answer_is_found_out() {
    for fault in ["timeout-after", "drop-after", "html", "truncated", "malformed"] {
        let bench = bench().await;
        let desk = bench.staging().await;
        let saving = saving_under(&bench, &desk, fault).await;
        let change = saving.await.unwrap().unwrap();
        assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed), "{fault}");
        assert_eq!(change.acknowledged_at_ms, None, "{fault}");
        assert!(change.read_back_at_ms.is_some(), "{fault}");
        assert_eq!(change.problem, None, "{fault}");
        let view = desk.view().await.unwrap();
        assert_eq!(
            view.reading.unwrap().state.phase,
            Phase::ReadOnly.wire(),
            "{fault}"
        );
        assert_eq!(view.moved, None, "{fault}");
        assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"], "{fault}");
    }
}

#[tokio::test]
async fn a_save_without_effect_is_unknown_until_it_can_no_longer_arrive() {
    for fault in ["timeout-before", "drop", "error-500=100%"] {
        let bench = bench().await;
        let desk = bench.staging().await;
        let _time = hurry(&bench, &desk, Duration::from_secs(1));
        let saving = saving_under(&bench, &desk, fault).await;
        let change = saving.await.unwrap().unwrap();
        assert_eq!(change.outcome, Some(ChangeOutcomeView::Unknown), "{fault}");
        assert_eq!(change.stage, ChangeStage::AskingOutcome, "{fault}");
        assert_eq!(
            change.problem.unwrap().code,
            Code::TimeoutUnknownOutcome,
            "{fault}"
        );
        assert!(
            desk.now_ms() < change.started_at_ms + 60_000,
            "{fault}: the test must look while it can still arrive"
        );
        assert_eq!(bench.phase_acts().await, ["started 1", "Unknown"], "{fault}");

        let found = desk.find_out(&change.change_id).await.unwrap();
        assert_eq!(found.outcome, Some(ChangeOutcomeView::NotApplied), "{fault}");
        assert_eq!(found.stage, ChangeStage::Done, "{fault}");
        // The platform's 60 s and the cache's.
        assert!(desk.now_ms() > change.started_at_ms + 120_000, "{fault}");
        let view = desk.view().await.unwrap();
        assert_eq!(
            view.reading.unwrap().state.phase,
            Phase::AdminFull.wire(),
            "{fault}"
        );
        assert_eq!(
            bench.phase_acts().await,
            ["started 1", "Unknown", "NotApplied"],
            "{fault}"
        );
    }
}

#[tokio::test]
async fn an_unknown_outcome_stays_on_screen_and_is_found_out_when_the_portal_can_be_read_again() {
    let bench = bench().await;
    let desk = bench.staging().await;
    let saving = saving_under(&bench, &desk, "timeout-after").await;
    bench.faults(&["malformed@library.rollout.get"]);
    let change = saving.await.unwrap().unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Unknown));
    desk.dismiss_change();
    let shown = desk.view().await.unwrap().change.unwrap();
    assert_eq!(shown.outcome, Some(ChangeOutcomeView::Unknown));
    assert_eq!(shown.stage, ChangeStage::AskingOutcome);

    let finding = desk.clone();
    let id = change.change_id.clone();
    let finding = tokio::spawn(async move { finding.find_out(&id).await });
    until(&desk, "a question without an answer", |view| {
        view.connection.problem.is_some()
    })
    .await;
    bench.faults(&[]);
    desk.ask_now();
    let found = finding.await.unwrap().unwrap();
    assert_eq!(found.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(found.stage, ChangeStage::Settling);
    assert_eq!(bench.phase_acts().await, ["started 1", "Unknown", "Confirmed"]);
    desk.dismiss_change();
    assert_eq!(desk.view().await.unwrap().change, None);
}

#[tokio::test]
async fn a_save_that_arrives_late_is_recognised() {
    let bench = bench().await;
    let desk = bench.staging().await;
    let _time = hurry(&bench, &desk, Duration::from_secs(1));
    let saving = saving_under(&bench, &desk, "drop").await;
    let change = saving.await.unwrap().unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Unknown));
    // Exactly what the portal would have done.
    bench
        .somebody_sets("operator", Phase::ReadOnly, Some("closing"))
        .await;
    let found = desk.find_out(&change.change_id).await.unwrap();
    assert_eq!(found.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(desk.view().await.unwrap().moved, None);
}

#[tokio::test]
async fn a_save_acknowledged_and_then_not_read_back_is_unknown_with_its_acknowledgement() {
    let portal = Unfaithful::start().await;
    let desk = portal.desk().await;
    let decided = request(&desk, Phase::ReadOnly, "closing").await;
    portal.falls_silent_after_a_save();
    let change = desk.save_phase(decided).await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Unknown));
    assert!(change.acknowledged_at_ms.is_some());
    assert_eq!(change.state.as_ref().unwrap().phase, Phase::ReadOnly.wire());
    assert_eq!(change.read_back_at_ms, None);

    portal.speaks_again();
    let found = desk.find_out(&change.change_id).await.unwrap();
    assert_eq!(found.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(found.acknowledged_at_ms, change.acknowledged_at_ms);
    assert_eq!(portal.saves(), 1, "nothing is sent twice");
    assert_eq!(
        phase_acts_in(portal.dir.path()).await,
        ["started 1", "Unknown", "Confirmed"]
    );
}

#[tokio::test]
async fn an_unknown_outcome_keeps_nobody_from_moving_back() {
    let bench = bench().await;
    let desk = bench.staging().await;
    let asking = hurry(&bench, &desk, Duration::from_secs(1));
    let saving = saving_under(&bench, &desk, "drop").await;
    let first = saving.await.unwrap().unwrap();
    assert_eq!(first.outcome, Some(ChangeOutcomeView::Unknown));
    drop(asking);

    let second = save(&bench, &desk, Phase::MemberWrites, "half-way")
        .await
        .unwrap();
    assert_eq!(second.outcome, Some(ChangeOutcomeView::Confirmed));
    assert!(
        desk.tidy().await.unwrap().is_none(),
        "the first is settled by the second"
    );
    let history = desk.view().await.unwrap().history;
    let outcomes: Vec<_> = history.iter().map(|change| change.outcome.unwrap()).collect();
    assert_eq!(
        outcomes,
        [ChangeOutcomeView::Confirmed, ChangeOutcomeView::Overtaken]
    );
    let view = desk.view().await.unwrap();
    assert_eq!(view.change.unwrap().change_id, second.change_id);
    assert_eq!(view.moved, None);
}

#[tokio::test]
async fn an_own_save_found_by_the_next_one_s_rereading_is_not_recorded_as_somebody_else_s() {
    let bench = bench().await;
    let desk = bench.staging().await;
    let saving = saving_under(&bench, &desk, "timeout-after").await;
    bench.faults(&["malformed@library.rollout.get"]);
    let first = saving.await.unwrap().unwrap();
    assert_eq!(first.outcome, Some(ChangeOutcomeView::Unknown));
    bench.faults(&[]);
    let back = decided_on(&desk, &first.from, Phase::MemberWrites, "");
    let problem = desk.save_phase(back).await.unwrap_err();
    assert_eq!(problem.code, Code::PhaseMoved);
    assert_eq!(bench.phase_acts().await, ["started 1", "Unknown"]);
    desk.tidy().await.unwrap();
    assert_eq!(bench.phase_acts().await, ["started 1", "Unknown", "Confirmed"]);
}
