//! Saving a phase when all goes well, and its decision record.

use crate::support::{Bench, TRAP, assert_journal_is_whole, beside, request, save, until, when};
use desk_app::{
    Code, Phase,
    view::{ChangeOutcomeView, ChangeStage},
};
use desk_core::{phase::Direction, record::ChangeOutcome, record::Record};
use std::time::Duration;

#[tokio::test]
async fn back_forward_and_the_same_again_each_with_its_note() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    for (to, note, direction) in [
        (Phase::ReadOnly, "closing", "back"),
        (Phase::MemberWrites, "a step", "forward"),
        (Phase::MemberWrites, "another note", "same"),
        (Phase::AdminFull, "open", "forward"),
    ] {
        let change = save(&bench, &desk, to, note).await.unwrap();
        assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed));
        assert_eq!(change.direction, direction);
        assert_eq!(change.actor, "operator");
        assert_eq!(change.note.as_deref(), Some(note));
        let state = change.state.unwrap();
        assert_eq!(
            (state.phase.as_str(), state.note.as_deref()),
            (to.wire(), Some(note))
        );
        assert_eq!(state.updated_by_uid.as_deref(), Some("operator"));
        assert!(state.updated_at_ms > change.from.updated_at_ms);
        let view = desk.view().await.unwrap();
        assert_eq!(view.reading.unwrap().state, state);
        assert_eq!(view.moved, None, "an own save is nobody else's move");
    }
    let changes = desk.view().await.unwrap().history;
    let phases: Vec<_> = changes.iter().map(|change| change.to.as_str()).collect();
    assert_eq!(
        phases,
        [
            Phase::AdminFull,
            Phase::MemberWrites,
            Phase::MemberWrites,
            Phase::ReadOnly
        ]
        .map(Phase::wire)
    );
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn a_note_is_trimmed_and_a_blank_one_is_none() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let change = save(&bench, &desk, Phase::ReadOnly, "  why \n").await.unwrap();
    assert_eq!(change.state.unwrap().note.as_deref(), Some("why"));
    let change = save(&bench, &desk, Phase::ReadOnly, " \n\t ").await.unwrap();
    assert_eq!(change.note, None);
    assert_eq!(
        change.state.unwrap().note,
        None,
        "and clears the one that was there"
    );
}

#[tokio::test]
async fn a_note_has_300_characters_at_most_and_a_longer_one_is_never_sent() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let longest = "é".repeat(298) + "🎉";
    let change = save(&bench, &desk, Phase::ReadOnly, &longest).await.unwrap();
    assert_eq!(change.state.unwrap().note, Some(longest.clone()));

    bench.faults(&[TRAP, "timeout-before@library.rollout.get"]);
    let expected = desk.view().await.unwrap().reading.unwrap().state;
    let too_long = crate::support::decided_on(&desk, &expected, Phase::AdminFull, &(longest + "x"));
    let problem = desk.save_phase(too_long).await.unwrap_err();
    assert_eq!(problem.code, Code::InvalidInput);
    assert_eq!(problem.field.as_deref(), Some("note"));
    assert!(problem.message.contains("301"), "{}", problem.message);
    assert!(bench.trap_is_set());
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"]);
}

#[tokio::test]
async fn a_decision_is_in_the_journal_before_it_is_sent() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let decided = request(&desk, Phase::ReadOnly, "closing").await;
    bench.faults(&[TRAP]);
    let saving = desk.clone();
    let _saving = beside(async move { drop(saving.save_phase(decided).await) });
    when("the save to arrive", || !bench.trap_is_set()).await;
    assert_eq!(bench.phase_acts().await, ["started 1"]);
}

#[tokio::test]
async fn a_decision_is_recorded_with_all_that_came_of_it() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let mut decided = request(&desk, Phase::ReadOnly, "closing").await;
    decided.incident_id = Some(" INC-7 ".to_owned());
    bench.pass(Duration::from_secs(1));
    let change = desk.save_phase(decided).await.unwrap();

    let entries = bench.journal().await;
    let [.., run_started, started, concluded] = entries.as_slice() else {
        panic!("{entries:?}");
    };
    assert!(matches!(run_started.record, Record::RunStarted { number: 1, .. }));
    assert!(run_started.run_id.is_some());
    for entry in [started, concluded] {
        assert_eq!(entry.actor, "operator");
        assert_eq!(entry.run_id, run_started.run_id);
    }
    assert_eq!(change.run.as_deref(), Some("R-001"));
    match &started.record {
        Record::PhaseChangeStarted {
            change_id,
            from,
            to,
            note,
            direction,
            incident_id,
            ..
        } => {
            assert_eq!(*change_id, change.change_id);
            assert_eq!(from.phase, Phase::AdminFull);
            assert_eq!((*to, *direction), (Phase::ReadOnly, Direction::Back));
            assert_eq!(note.as_deref(), Some("closing"));
            assert_eq!(incident_id.as_deref(), Some("INC-7"));
        }
        other => panic!("{other:?}"),
    }
    match &concluded.record {
        Record::PhaseChangeConcluded {
            change_id,
            outcome,
            state,
            requests,
            acknowledged_at_ms,
            reason,
        } => {
            assert_eq!(*change_id, change.change_id);
            assert_eq!(*outcome, ChangeOutcome::Confirmed);
            assert_eq!(state.as_ref().unwrap().phase, Phase::ReadOnly);
            let routes: Vec<_> = requests.iter().map(|request| request.route.as_str()).collect();
            assert_eq!(
                routes,
                [
                    "library.rollout.get",
                    "library.rollout.set",
                    "library.rollout.get"
                ]
            );
            assert!(requests.iter().all(|request| request.status == Some(200)));
            let shown: Vec<_> = change
                .requests
                .iter()
                .map(|request| &request.request_id)
                .collect();
            let recorded: Vec<_> = requests.iter().map(|request| &request.request_id).collect();
            assert_eq!(recorded, shown);
            assert!(acknowledged_at_ms.is_some());
            assert_eq!(*reason, None);
        }
        other => panic!("{other:?}"),
    }
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn one_run_is_opened_and_the_next_save_belongs_to_it() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    save(&bench, &desk, Phase::MemberWrites, "").await.unwrap();
    let runs = bench.journal().await;
    let runs = runs
        .iter()
        .filter(|entry| matches!(entry.record, Record::RunStarted { .. }));
    assert_eq!(runs.count(), 1);
    let view = desk.view().await.unwrap();
    assert_eq!(view.run.unwrap().label, "R-001");
    assert!(
        view.history
            .iter()
            .all(|change| change.run.as_deref() == Some("R-001"))
    );
}

#[tokio::test]
async fn a_second_save_while_one_is_on_its_way_is_refused() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let first = request(&desk, Phase::ReadOnly, "").await;
    bench.faults(&[TRAP]);
    let second = first.clone();
    let saving = desk.clone();
    let _saving = beside(async move { drop(saving.save_phase(first).await) });
    when("the first save to arrive", || !bench.trap_is_set()).await;
    bench.faults(&[TRAP]);
    let problem = desk.save_phase(second).await.unwrap_err();
    assert_eq!(problem.code, Code::Busy);
    assert!(bench.trap_is_set());
    let view = until(&desk, "the first save", |view| view.change.is_some()).await;
    assert_eq!(view.change.unwrap().stage, ChangeStage::Sending);
}

#[tokio::test]
async fn a_save_decided_for_another_environment_is_refused() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let decided = request(&desk, Phase::ReadOnly, "").await;
    bench.faults(&[TRAP]);
    desk.select_environment("practice").await.unwrap();
    let problem = desk.save_phase(decided).await.unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("environment"));
    assert!(bench.trap_is_set());
    assert!(bench.phase_acts().await.is_empty());
}

#[tokio::test]
async fn a_confirmed_change_can_be_put_away() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    desk.dismiss_change();
    let view = desk.view().await.unwrap();
    assert_eq!(view.change, None);
    assert_eq!(view.history.len(), 1);
}
