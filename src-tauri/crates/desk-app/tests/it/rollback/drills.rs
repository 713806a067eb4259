//! The drill: the same procedure, which puts back what it found whatever happens.

use super::*;
use crate::support::{assert_journal_is_whole, beside, until};
use desk_app::Code;

async fn drilled(desk: &Desk, request: &DrillRequest) -> RollbackView {
    desk.open_drill(request).await.unwrap();
    desk.carry_on_rollback().await.unwrap()
}

#[tokio::test]
async fn a_drill_proves_the_rollback_and_puts_back_phase_and_note() {
    for instances in [1, 2, 4] {
        let bench = portal(instances).await;
        let desk = desk_in(&bench, Phase::AdminFull).await;
        for _ in 0..2 * instances {
            desk.refresh_phase().await.unwrap();
        }
        let _time = second_by_second(&bench, &desk);
        let view = drilled(&desk, &drill()).await;
        assert!(view.closed_at_ms.is_some(), "{view:#?}");
        let verified = taken(&view, RollbackSplit::Verified).unwrap();
        let settled = taken(&view, RollbackSplit::Settled).unwrap();
        let restored = taken(&view, RollbackSplit::Restored).unwrap();
        assert!(
            verified < settled && settled < restored,
            "{verified} {settled} {restored}"
        );
        let left = bench.read_as("operator").await;
        assert_eq!(left.phase, Phase::AdminFull);
        assert_eq!(left.note.as_deref(), Some("as it was found"));
        let report = desk.drill_report().await.unwrap();
        assert_eq!(report.status, "passed", "{report:#?}");
        assert_eq!(report.restored_phase.as_deref(), Some(Phase::AdminFull.wire()));
        assert!(report.route_probes.member_write.as_ref().unwrap().ok);
        assert_eq!(
            report.route_probes.member_write.as_ref().unwrap().identity,
            "member-smoke"
        );
        assert!(report.rollback.as_ref().unwrap().within_target);
        let last = desk.last_drill().await.unwrap().unwrap();
        assert_eq!(last.status, "passed");
        assert_eq!(last.settled_ms, Some(settled));
        assert!(
            desk.reviews_due().await.unwrap().is_empty(),
            "a drill is not reviewed"
        );
        assert_journal_is_whole(&desk).await;
    }
}

#[tokio::test]
async fn a_plan_changes_nothing_and_says_what_would_be_sent() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::MemberWrites).await;
    let before = bench.read_as("operator").await;
    let entries = bench.journal().await.len();
    let plan = desk.plan_drill(&drill()).await.unwrap();
    let report = desk.drill_plan_report(&plan, &drill()).await.unwrap();
    assert_eq!(report.status, "planned");
    assert!(!report.executed);
    assert_eq!(report.original_phase, Phase::MemberWrites.wire());
    assert_eq!(
        report.rollback_target_phase.as_deref(),
        Some(Phase::ReadOnly.wire())
    );
    assert!(
        report.steps[0].detail.contains("library.rollout.set"),
        "{:#?}",
        report.steps
    );
    assert_eq!(bench.read_as("operator").await, before);
    assert_eq!(bench.journal().await.len(), entries);
}

#[tokio::test]
async fn what_is_no_rollback_is_blocked_and_not_passed() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::MemberWrites).await;
    let before = bench.read_as("operator").await;
    for to in ["2", "3"] {
        let request = DrillRequest {
            to: Some(to.to_owned()),
            ..drill()
        };
        let plan = desk.plan_drill(&request).await.unwrap();
        assert_eq!(plan.blocked.as_ref().unwrap().code, Code::Refused, "{to}");
        let report = desk.drill_plan_report(&plan, &request).await.unwrap();
        assert_eq!(report.status, "blocked");
        assert_eq!(desk.open_drill(&request).await.unwrap_err().code, Code::Refused);
    }
    assert_eq!(bench.read_as("operator").await, before);
}

#[tokio::test]
async fn from_phase_1_it_needs_leave_to_promote_and_ends_in_phase_1() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::ReadOnly).await;
    assert!(desk.plan_drill(&drill()).await.unwrap().blocked.is_some());
    let request = DrillRequest {
        promote_from_phase1: true,
        ..drill()
    };
    let _time = second_by_second(&bench, &desk);
    let view = drilled(&desk, &request).await;
    assert_eq!(progress(&view, "promote"), RollbackProgress::Done);
    let report = desk.drill_report().await.unwrap();
    assert_eq!(report.status, "passed", "{report:#?}");
    let left = bench.read_as("operator").await;
    assert_eq!(left.phase, Phase::ReadOnly);
    assert_eq!(left.note.as_deref(), Some("as it was found"));
}

#[tokio::test]
async fn skipping_the_restore_leaves_the_phase_back_and_says_so() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let _time = second_by_second(&bench, &desk);
    let request = DrillRequest {
        skip_restore: true,
        until_verified: true,
        ..drill()
    };
    let view = drilled(&desk, &request).await;
    assert_eq!(taken(&view, RollbackSplit::Settled), None);
    let report = desk.drill_report().await.unwrap();
    assert_eq!(report.status, "passed");
    assert_eq!(report.restored_phase, None);
    assert!(report.message.contains("NOT put back"), "{}", report.message);
    assert!(report.message.contains("other servers"), "{}", report.message);
    assert_eq!(bench.read_as("operator").await.phase, Phase::MemberWrites);
}

#[tokio::test]
async fn an_instance_that_never_learns_fails_the_drill_and_the_phase_is_put_back() {
    let bench = portal(2).await;
    bench.faults(&["outdated-instance=1"]);
    let desk = desk_in(&bench, Phase::AdminFull).await;
    for _ in 0..4 {
        desk.refresh_phase().await.unwrap();
    }
    let request = DrillRequest {
        max_duration_minutes: 1,
        ..drill()
    };
    let _time = second_by_second(&bench, &desk);
    let view = drilled(&desk, &request).await;
    assert_eq!(progress(&view, "verify"), RollbackProgress::Failed);
    let report = desk.drill_report().await.unwrap();
    assert_ne!(report.status, "passed");
    bench.faults(&[]);
    bench.pass(2 * CACHE);
    let left = bench.read_as("operator").await;
    assert_eq!(
        (left.phase, left.note.as_deref()),
        (Phase::AdminFull, Some("as it was found"))
    );
}

#[tokio::test]
async fn a_drill_that_is_stopped_puts_back_what_it_found() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    desk.open_drill(&drill()).await.unwrap();
    bench.faults(&["timeout-before@library.loans.checkout"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until_begun(&desk, Step::Verify).await;
    bench.faults(&[]);
    let stop = RollbackChoice::Stop {
        reason: "Ctrl-C".to_owned(),
    };
    desk.decide_rollback(&stop).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    let view = carrying.await.unwrap().unwrap();
    assert!(view.closed_at_ms.is_some());
    assert_eq!(desk.drill_report().await.unwrap().status, "failed");
    let left = bench.read_as("operator").await;
    assert_eq!(
        (left.phase, left.note.as_deref()),
        (Phase::AdminFull, Some("as it was found"))
    );
}

#[tokio::test]
async fn a_drill_that_was_killed_is_put_right_by_the_next_desk() {
    for step in [Step::SetPhase, Step::Verify, Step::Restore] {
        let bench = portal(1).await;
        let desk = desk_in(&bench, Phase::AdminFull).await;
        desk.open_drill(&DrillRequest {
            until_verified: true,
            ..drill()
        })
        .await
        .unwrap();
        let fault = match step {
            Step::SetPhase => "timeout-after@library.rollout.set",
            Step::Verify => "timeout-before@library.loans.checkout",
            _ => "",
        };
        if !fault.is_empty() {
            bench.faults(&[fault]);
        }
        let carrying = desk.clone();
        let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
        until_begun(&desk, step).await;
        carrying.abort();
        drop(desk);
        bench.nobody_is_there().await;
        bench.faults(&[]);
        bench.pass(Duration::from_secs(90));
        let next = bench.open().await;
        let _time = second_by_second(&bench, &next);
        let watching = next.clone();
        let _watching = beside(async move { watching.watch().await });
        until(&next, "the drill to be put right", |view| {
            view.last_drill.is_some()
        })
        .await;
        let left = bench.read_as("operator").await;
        assert_eq!(
            (left.phase, left.note.as_deref()),
            (Phase::AdminFull, Some("as it was found")),
            "{step:?}"
        );
        let shown = next.view().await.unwrap().rollback;
        assert!(
            shown.is_none_or(|rollback| rollback.closed_at_ms.is_some()),
            "{step:?}"
        );
    }
}

#[tokio::test]
async fn a_portal_that_is_lost_is_tried_until_the_deadline_then_told_and_offered() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let request = DrillRequest {
        until_verified: true,
        max_duration_minutes: 1,
        ..drill()
    };
    desk.open_drill(&request).await.unwrap();
    bench.faults(&["timeout-before@library.loans.checkout"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until_begun(&desk, Step::Verify).await;
    bench.faults(&["drop"]);
    let time = second_by_second(&bench, &desk);
    let view = carrying.await.unwrap().unwrap();
    assert!(view.gave_up.is_some(), "{view:#?}");
    assert_eq!(view.closed_at_ms, None);
    let report = desk.drill_report().await.unwrap();
    assert_eq!(report.status, "unknown");
    assert!(
        report.message.contains("NOT seen to be back"),
        "{}",
        report.message
    );
    assert!(
        !report.desk.probes.is_empty(),
        "what was asked stands in the report"
    );
    drop(time);
    drop(desk);
    bench.nobody_is_there().await;

    bench.faults(&[]);
    let next = bench.open().await;
    let _time = second_by_second(&bench, &next);
    let watching = next.clone();
    let _watching = beside(async move { watching.watch().await });
    let view = until(&next, "a reading", |view| view.reading.is_some()).await;
    assert!(
        view.rollback.unwrap().gave_up.is_some(),
        "it is offered, not done"
    );
    let again = RollbackChoice::Again {
        step: "restore".to_owned(),
    };
    next.decide_rollback(&again).await.unwrap();
    next.carry_on_rollback().await.unwrap();
    until(&next, "the drill to be over", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| rollback.closed_at_ms.is_some())
    })
    .await;
    let left = bench.read_as("operator").await;
    assert_eq!(
        (left.phase, left.note.as_deref()),
        (Phase::AdminFull, Some("as it was found"))
    );
}

#[tokio::test]
async fn in_a_live_portal_it_asks_for_its_name() {
    let bench = portal(1).await;
    bench.somebody_sets("staff-smoke", Phase::AdminFull, None).await;
    let desk = bench.pointing_at(EnvironmentKindView::Live).await;
    desk.refresh_phase().await.unwrap();
    let problem = desk.open_drill(&drill()).await.unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::ConfirmationNeeded, Some("confirm"))
    );
    let request = DrillRequest {
        confirm: Some(STUDIO.to_owned()),
        ..drill()
    };
    desk.open_drill(&request).await.unwrap();
}

/// A drill that waits for an answer of a portal that does not come.
async fn stuck(bench: &Bench, desk: &Desk) -> tokio::task::JoinHandle<Result<RollbackView, Problem>> {
    bench.faults(&["timeout-before@library.loans.checkout"]);
    desk.open_drill(&drill()).await.unwrap();
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until_begun(desk, Step::Verify).await;
    carrying
}

fn to_phase_1() -> desk_app::rollback::view::RollbackRequest {
    desk_app::rollback::view::RollbackRequest {
        to: Some("1".to_owned()),
        ..wanted()
    }
}

#[tokio::test]
async fn a_drill_gives_way_to_a_rollback_at_once_and_puts_nothing_back() {
    // For desks that wait for an answer as long as they do at work: nothing of that holds up the rollback.
    let bench = patient_portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let drilling = stuck(&bench, &desk).await;
    let opened = desk.open_rollback(&to_phase_1()).await.unwrap();
    let drilled = drilling.await.unwrap();
    assert!(drilled.is_ok(), "{drilled:?}");
    bench.faults(&[]);
    let _time = second_by_second(&bench, &desk);
    let view = to_the_end(&desk).await.unwrap();
    assert_eq!(view.id, opened.id);
    assert!(view.closed_at_ms.is_some(), "{view:#?}");
    assert_eq!(bench.read_as("operator").await.phase, Phase::ReadOnly);
    let told = told(&bench.journal().await);
    assert!(place(&told, "stopped") < place(&told, "opened 1"), "{told:#?}");
    assert!(place(&told, "- restore") < place(&told, "opened 1"), "{told:#?}");
    assert!(place(&told, "closed") < place(&told, "opened 1"), "{told:#?}");
    assert!(!told.iter().any(|one| one.starts_with("restored")), "{told:#?}");
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn a_drill_that_another_program_carries_on_gives_way_too() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let drilling = stuck(&bench, &desk).await;
    let other = bench.open().await;
    other.select_environment(STUDIO).await.unwrap();
    other.refresh_phase().await.unwrap();
    let opened = other.open_rollback(&to_phase_1()).await.unwrap();
    bench.faults(&[]);
    let _time = second_by_second(&bench, &other);
    let view = to_the_end(&other).await.unwrap();
    assert_eq!(view.id, opened.id);
    assert!(view.closed_at_ms.is_some(), "{view:#?}");
    drilling.await.unwrap().unwrap();
    let told = told(&bench.journal().await);
    assert_eq!(
        told.iter().filter(|one| *one == "closed").count(),
        2,
        "both are over: {told:#?}"
    );
    assert!(!told.iter().any(|one| one.starts_with("restored")), "{told:#?}");
    assert_eq!(bench.read_as("operator").await.phase, Phase::ReadOnly);
}

#[tokio::test]
async fn a_drill_that_gave_up_may_be_left_as_it_is_and_keeps_nobody_from_rolling_back() {
    for roll_back in [false, true] {
        let bench = portal(1).await;
        let desk = desk_in(&bench, Phase::AdminFull).await;
        let request = DrillRequest {
            until_verified: true,
            max_duration_minutes: 1,
            ..drill()
        };
        desk.open_drill(&request).await.unwrap();
        bench.faults(&["drop@library.loans.checkout"]);
        let time = second_by_second(&bench, &desk);
        let view = desk.carry_on_rollback().await.unwrap();
        assert!(view.gave_up.is_some(), "{view:#?}");
        let report = desk.drill_report().await.unwrap();
        assert_eq!(report.status, "unknown");
        assert!(
            report.message.contains("the portal has acknowledged it"),
            "{}",
            report.message
        );
        drop(time);
        bench.faults(&[]);
        if roll_back {
            desk.open_rollback(&to_phase_1()).await.unwrap();
            let _time = second_by_second(&bench, &desk);
            let view = to_the_end(&desk).await.unwrap();
            assert!(view.closed_at_ms.is_some(), "{view:#?}");
            assert_eq!(bench.read_as("operator").await.phase, Phase::ReadOnly);
        } else {
            let leave = RollbackChoice::PassOver {
                step: "restore".to_owned(),
                reason: "seen by hand".to_owned(),
            };
            desk.decide_rollback(&leave).await.unwrap();
            let view = desk.carry_on_rollback().await.unwrap();
            assert!(view.closed_at_ms.is_some(), "{view:#?}");
            assert_eq!(desk.drill_report().await.unwrap().status, "unknown");
        }
    }
}

#[tokio::test]
async fn trying_again_to_put_back_looks_whether_somebody_else_has_moved_the_phase() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let request = DrillRequest {
        until_verified: true,
        max_duration_minutes: 1,
        ..drill()
    };
    desk.open_drill(&request).await.unwrap();
    bench.faults(&["timeout-before@library.loans.checkout"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until_begun(&desk, Step::Verify).await;
    // It surely does not put back anything.
    bench.faults(&["rate-limited@library.rollout.set"]);
    let time = second_by_second(&bench, &desk);
    let view = carrying.await.unwrap().unwrap();
    drop(time);
    assert!(view.gave_up.is_some(), "{view:#?}");
    bench.faults(&[]);
    let theirs = bench
        .somebody_sets("staff-smoke", Phase::ReadOnly, Some("theirs"))
        .await;
    let again = RollbackChoice::Again {
        step: "restore".to_owned(),
    };
    desk.decide_rollback(&again).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    desk.carry_on_rollback().await.unwrap();
    assert_eq!(bench.read_as("operator").await, theirs, "theirs stands");
    assert!(
        desk.drill_report()
            .await
            .unwrap()
            .message
            .contains("nothing was put over it")
    );
}

#[tokio::test]
async fn a_report_names_no_phase_that_was_not_read() {
    let bench = portal(1).await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    bench.faults(&["drop"]);
    let problem = desk.plan_drill(&drill()).await.unwrap_err();
    let report = desk.drill_failed_report(&drill(), &problem).await.unwrap();
    assert_eq!(report.status, "unknown");
    assert_eq!(report.original_phase, "");
}

#[tokio::test]
async fn a_rollback_during_a_drill_may_go_to_the_phase_that_the_drill_has_set() {
    for to in [None, Some("1".to_owned())] {
        let bench = patient_portal(1).await;
        let desk = desk_in(&bench, Phase::MemberWrites).await;
        let drilling = stuck(&bench, &desk).await;
        desk.refresh_phase().await.unwrap();
        assert_eq!(bench.read_as("operator").await.phase, Phase::ReadOnly);
        let request = desk_app::rollback::view::RollbackRequest { to, ..wanted() };
        desk.open_rollback(&request).await.unwrap();
        drilling.await.unwrap().unwrap();
        bench.faults(&[]);
        let _time = second_by_second(&bench, &desk);
        let view = to_the_end(&desk).await.unwrap();
        assert!(view.closed_at_ms.is_some(), "{view:#?}");
        let left = bench.read_as("operator").await;
        assert_eq!(left.phase, Phase::ReadOnly);
        assert_eq!(left.note.as_deref(), Some(view.note.as_str()));
    }
}
