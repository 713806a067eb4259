//! The journal cannot be written or read: forward must be earned, back is always possible.

use crate::support::{Bench, TRAP, hurry, request, save, when};
use desk_app::{Code, Phase, view::ChangeOutcomeView};
use rusqlite::Connection;
use std::time::Duration;

/// Has every further entry refused, as a full disk would.
const REFUSE: &str = "CREATE TRIGGER nothing_more BEFORE INSERT ON journal
    BEGIN SELECT RAISE(ABORT, 'there is no room'); END;";

/// Has entries taken again.
const ALLOW: &str = "DROP TRIGGER nothing_more;";

fn tamper(bench: &Bench, sql: &str) {
    let database = Connection::open(bench.dir().join("desk.db")).unwrap();
    database.execute_batch(sql).unwrap();
}

#[tokio::test]
async fn without_a_journal_forward_is_refused_and_back_goes_through() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::MemberWrites, "").await.unwrap();
    tamper(&bench, REFUSE);

    let forward = request(&desk, Phase::AdminFull, "").await;
    bench.faults(&[TRAP]);
    let problem = desk.save_phase(forward).await.unwrap_err();
    assert_eq!(problem.code, Code::StoreFailed);
    assert!(bench.trap_is_set(), "nothing was sent");
    let view = desk.view().await.unwrap();
    assert_eq!(view.change, None);
    assert_eq!(view.store.problem, Some(problem), "the strip says so");

    bench.faults(&[]);
    let back = save(&bench, &desk, Phase::ReadOnly, "closing").await.unwrap();
    assert_eq!(back.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(bench.read_as("member-smoke").await.phase, Phase::ReadOnly);
    let view = desk.view().await.unwrap();
    assert!(view.store.problem.is_some());
    assert_eq!(view.change.unwrap().outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(view.moved, None, "an unrecorded save is still nobody else's");
    assert_eq!(bench.phase_acts().await, ["started 2", "Confirmed"]);

    tamper(&bench, ALLOW);
    let forward = save(&bench, &desk, Phase::MemberWrites, "").await.unwrap();
    assert_eq!(forward.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(desk.view().await.unwrap().store.problem, None);
}

#[tokio::test]
async fn what_became_of_an_unrecorded_save_is_found_out_all_the_same() {
    let bench = Bench::start().await.impatient();
    let desk = bench.staging().await;
    tamper(&bench, REFUSE);
    let decided = request(&desk, Phase::ReadOnly, "closing").await;
    bench.pass(Duration::from_secs(1));
    bench.faults(&["timeout-after@library.rollout.set*1"]);
    let saving = desk.clone();
    let saving = tokio::spawn(async move { saving.save_phase(decided).await });
    when("the save to arrive", || bench.practice.faults().is_empty()).await;
    bench.faults(&["malformed@library.rollout.get"]);
    let change = saving.await.unwrap().unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Unknown));
    bench.faults(&[]);
    let _time = hurry(&bench, &desk, Duration::from_secs(1));
    let found = desk.find_out(&change.change_id).await.unwrap();
    assert_eq!(found.outcome, Some(ChangeOutcomeView::Confirmed));
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_hides_neither_the_phase_nor_the_way_back() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    tamper(&bench, "DROP TABLE phase_seen; DROP TABLE run;");
    bench
        .somebody_sets("staff-smoke", Phase::MemberWrites, None)
        .await;
    let reading = desk.refresh_phase().await.unwrap();
    assert_eq!(reading.state.phase, Phase::MemberWrites.wire());
    let back = save(&bench, &desk, Phase::ReadOnly, "closing").await.unwrap();
    assert_eq!(back.outcome, Some(ChangeOutcomeView::Confirmed));
    assert_eq!(bench.read_as("member-smoke").await.phase, Phase::ReadOnly);
    let forward = save(&bench, &desk, Phase::AdminFull, "").await.unwrap_err();
    assert_eq!(forward.code, Code::StoreFailed);
}
