//! Nobody has to wait for a portal that hangs, where nothing is at stake.

use crate::support::{Bench, TRAP, beside, decided_on, until, when};
use desk_app::{
    Code, Phase,
    view::{ChangeOutcomeView, ConnectionState, EnvironmentKindView},
};
use std::time::Duration;

#[tokio::test]
async fn a_reading_that_hangs_can_be_given_up_and_asked_again() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let watching = desk.clone();
    let _watch = beside(async move { watching.watch().await });
    until(&desk, "the first reading", |view| {
        view.reading.is_some() && view.connection.next_ask_ms.is_some()
    })
    .await;
    bench.faults(&["timeout-before@library.rollout.get*1"]);
    desk.ask_now();
    when("the question to arrive", || bench.practice.faults().is_empty()).await;
    bench.pass(Duration::from_secs(3));
    assert!(desk.view().await.unwrap().connection.asking);
    desk.stop_waiting();
    let view = until(&desk, "the waiting to end", |view| !view.connection.asking).await;
    assert_eq!(
        view.connection.problem, None,
        "what hangs is not known to be away"
    );

    desk.ask_now();
    let later = bench.clock.now_ms();
    let view = until(&desk, "the next reading", |view| {
        view.reading
            .as_ref()
            .is_some_and(|reading| reading.read_at_ms >= later)
    })
    .await;
    assert_eq!(view.connection.state, ConnectionState::Online);
}

#[tokio::test]
async fn a_test_of_a_portal_can_be_given_up_and_keeps_nothing() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let (draft, sign_in) = (bench.draft(EnvironmentKindView::Live), bench.sign_in("operator"));
    for add in [false, true] {
        bench.faults(&["timeout-before@hello*1"]);
        let (working, draft, sign_in) = (desk.clone(), draft.clone(), bench.sign_in("operator"));
        let work = tokio::spawn(async move {
            if add {
                working.add_environment_with_operator(&draft, &sign_in).await
            } else {
                working.test_environment(&draft, &sign_in).await.map(drop)
            }
        });
        when("the question to arrive", || bench.practice.faults().is_empty()).await;
        desk.stop_waiting();
        assert_eq!(work.await.unwrap().unwrap_err().code, Code::Stopped);
        assert_eq!(desk.environments().await.unwrap().len(), 1);
        assert!(bench.keychain.held().is_empty());
    }
    desk.add_environment_with_operator(&draft, &sign_in)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_rereading_before_a_save_can_be_given_up_and_the_save_is_not_sent() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let expected = desk.refresh_phase().await.unwrap().state;
    bench.faults(&["timeout-before@library.rollout.get*1", TRAP]);
    let (saving, decided) = (desk.clone(), decided_on(&desk, &expected, Phase::ReadOnly, ""));
    let saving = tokio::spawn(async move { saving.save_phase(decided).await });
    when("the question to arrive", || bench.practice.faults().len() == 1).await;
    desk.stop_waiting();
    assert_eq!(saving.await.unwrap().unwrap_err().code, Code::Stopped);
    assert!(bench.trap_is_set());
    assert_eq!(desk.view().await.unwrap().change, None);
    assert!(bench.phase_acts().await.is_empty());
}

/// One rereading that hangs, and not three of them, before the next save may be sent: going back must be possible.
#[tokio::test]
async fn while_the_outcome_is_asked_in_vain_another_save_can_be_sent() {
    let bench = Bench::start().await.impatient();
    let desk = bench.staging().await;
    let expected = desk.refresh_phase().await.unwrap().state;
    bench.faults(&["drop-after@library.rollout.set*1"]);
    let decided = decided_on(&desk, &expected, Phase::ReadOnly, "");
    let saving = {
        let desk = desk.clone();
        tokio::spawn(async move { desk.save_phase(decided).await })
    };
    when("the save to arrive", || bench.practice.faults().is_empty()).await;
    bench.faults(&["timeout-before@library.rollout.get*3"]);
    let change = saving.await.unwrap().unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Unknown));
    assert_eq!(
        bench.practice.faults()[0].to_string(),
        "timeout-before@library.rollout.get*2"
    );
}
