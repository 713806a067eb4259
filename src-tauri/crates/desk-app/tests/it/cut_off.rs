//! A save that was cut off by a crash is found out by the next desk.

use crate::support::{Bench, assert_journal_is_whole, beside, request, until, when};
use desk_app::{Desk, Phase, view::ChangeOutcomeView};
use std::time::Duration;

/// Saves phase 1 under a fault, and takes the desk down while no answer has come.
async fn crash(bench: &Bench, desk: Desk, fault: &str) {
    let decided = request(&desk, Phase::ReadOnly, "closing").await;
    bench.pass(Duration::from_secs(1));
    bench.faults(&[&format!("{fault}@library.rollout.set*1")]);
    let saving = tokio::spawn(async move { drop(desk.save_phase(decided).await) });
    when("the save to arrive", || bench.practice.faults().is_empty()).await;
    if fault == "timeout-after" {
        while phase_at(bench).await != Phase::ReadOnly {
            bench.pass(Duration::from_secs(1));
        }
    }
    saving.abort();
    assert!(saving.await.unwrap_err().is_cancelled());
}

/// The phase that the portal gives another desk.
async fn phase_at(bench: &Bench) -> Phase {
    bench.read_as("member-smoke").await.phase
}

#[tokio::test]
async fn a_save_that_was_cut_off_is_concluded_truthfully() {
    for (fault, outcome, act) in [
        ("timeout-after", ChangeOutcomeView::Confirmed, "Confirmed"),
        ("timeout-before", ChangeOutcomeView::NotApplied, "NotApplied"),
    ] {
        let bench = Bench::start().await;
        let desk = bench.staging().await;
        crash(&bench, desk, fault).await;
        bench.nobody_is_there().await;
        assert_eq!(bench.phase_acts().await, ["started 1"], "{fault}");

        let desk = bench.open().await;
        let history = desk.view().await.unwrap().history;
        assert_eq!(history[0].outcome, Some(ChangeOutcomeView::Unknown), "{fault}");
        desk.refresh_phase().await.unwrap();
        assert_eq!(
            desk.tidy().await.unwrap(),
            None,
            "{fault}: it may still be on its way"
        );
        assert_eq!(
            bench.phase_acts().await,
            ["started 1"],
            "{fault}: nobody else moved the phase"
        );
        bench.pass(Duration::from_secs(121));
        assert_eq!(
            desk.tidy().await.unwrap(),
            None,
            "{fault}: nothing is left to ask"
        );
        let history = desk.view().await.unwrap().history;
        assert_eq!(history[0].outcome, Some(outcome), "{fault}");
        assert_eq!(bench.phase_acts().await, ["started 1", act], "{fault}");
        assert_journal_is_whole(&desk).await;
    }
}

#[tokio::test]
async fn the_window_goes_on_with_a_save_that_was_cut_off() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    crash(&bench, desk, "timeout-after").await;
    bench.nobody_is_there().await;
    bench.pass(Duration::from_secs(121));
    let desk = bench.open().await;
    let watching = desk.clone();
    let _watch = beside(async move { watching.watch().await });
    until(&desk, "the outcome", |view| {
        view.history[0].outcome == Some(ChangeOutcomeView::Confirmed)
    })
    .await;
}

#[tokio::test]
async fn only_the_owner_tidies_up() {
    let bench = Bench::start().await;
    let owner = bench.staging().await;
    crash(&bench, bench.open().await, "timeout-after").await;
    bench.pass(Duration::from_secs(121));
    let guest = bench.open().await;
    assert_eq!(guest.tidy().await.unwrap(), None);
    assert_eq!(bench.phase_acts().await, ["started 1"]);
    owner.tidy().await.unwrap();
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"]);
    let history = guest.view().await.unwrap().history;
    assert_eq!(history[0].outcome, Some(ChangeOutcomeView::Confirmed));
}
