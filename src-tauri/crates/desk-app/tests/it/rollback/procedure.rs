//! The guided rollback: its steps in the runbook's order, its proof, its clock, its record.

use super::*;
use crate::support::{assert_journal_is_whole, beside, until};
use desk_app::Code;

#[tokio::test]
async fn a_rollback_goes_through_the_runbook_s_steps_and_proves_itself() {
    for (from, to) in [
        (Phase::AdminFull, Phase::MemberWrites),
        (Phase::MemberWrites, Phase::ReadOnly),
    ] {
        let bench = portal(1).await;
        let desk = desk_in(&bench, from).await;
        let opened = desk.open_rollback(&wanted()).await.unwrap();
        assert_eq!(opened.to, to.wire());
        assert!(opened.recorded);
        let _time = second_by_second(&bench, &desk);
        let waiting = desk.carry_on_rollback().await.unwrap();
        assert_eq!(
            progress(&waiting, "announce"),
            RollbackProgress::Person,
            "{waiting:#?}"
        );
        announced(&desk).await;
        let view = desk.carry_on_rollback().await.unwrap();
        assert!(view.closed_at_ms.is_some());
        assert_eq!(
            view.review_by_ms,
            view.closed_at_ms.map(|at| at + 24 * 60 * 60 * 1_000)
        );
        assert!(
            view.steps
                .iter()
                .all(|step| step.progress == RollbackProgress::Done)
        );
        assert_eq!(
            view.probes
                .iter()
                .map(|probe| probe.answers.last())
                .collect::<Vec<_>>(),
            vec![Some(&desk_app::rollback::view::ProbeSaid::Agrees); view.probes.len()]
        );
        let verified = taken(&view, RollbackSplit::Verified).unwrap();
        let settled = taken(&view, RollbackSplit::Settled).unwrap();
        let acknowledged = taken(&view, RollbackSplit::Acknowledged).unwrap();
        assert!(
            acknowledged <= verified && settled > acknowledged + 5_000,
            "{verified} {settled}"
        );
        for split in &view.splits {
            assert!(split.at_ms.is_some(), "{:?}", split.split);
            assert_eq!(split.within_target, Some(true), "{:?}", split.split);
        }

        let left = bench.read_as("staff-smoke").await;
        assert_eq!(left.phase, to);
        assert_eq!(
            left.updated_by_uid.as_deref(),
            Some(bench.identity("operator").uid.as_str())
        );
        let note = left.note.unwrap();
        assert_eq!(note, view.note);
        assert!(note.starts_with("ROLLBACK 2026-11-23T"), "{note}");
        assert!(note.contains("INC-42") && note.contains("loans fail"), "{note}");

        let entries = bench.journal().await;
        let told = told(&entries);
        let order = [
            &format!("opened {}", to.number()),
            "> trigger",
            "+ trigger",
            "> set-phase",
            "sending 1 as operator",
            &format!("change to {}", to.number()),
            &format!("acknowledged {}", to.number()),
            "+ set-phase",
            "> note",
            "+ note",
            "> snapshot",
            "> verify",
            "verified",
            "change Confirmed",
            "settled",
            "+ verify",
            "> announce",
            "+ announce",
            "> record",
            "+ record",
            "closed",
        ];
        let places: Vec<usize> = order.iter().map(|what| place(&told, what)).collect();
        assert!(places.is_sorted(), "{told:#?}");
        assert!(place(&told, "+ snapshot") < place(&told, "> announce"));
        assert!(!told.iter().any(|one| one.starts_with("moved")), "{told:#?}");
        let run = &entries.last().unwrap().run_id;
        assert!(run.is_some(), "a run was opened for it");
        assert_eq!(desk.view().await.unwrap().moved, None);
        assert_eq!(desk.reviews_due().await.unwrap().len(), 1);
        assert_journal_is_whole(&desk).await;
        desk.dismiss_rollback();
        assert_eq!(desk.view().await.unwrap().rollback, None);
    }
}

#[tokio::test]
async fn it_goes_both_phases_back_at_once_when_told_to() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let request = RollbackRequest {
        to: Some("1".to_owned()),
        ..wanted()
    };
    desk.open_rollback(&request).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    let view = to_the_end(&desk).await.unwrap();
    assert!(view.closed_at_ms.is_some());
    assert_eq!(bench.read_as("staff-smoke").await.phase, Phase::ReadOnly);
}

#[tokio::test]
async fn in_phase_1_there_is_nothing_to_roll_back_and_the_safe_state_can_be_checked() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::ReadOnly).await;
    let problem = desk.open_rollback(&wanted()).await.unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::InvalidInput, Some("to"))
    );
    let safe = desk.check_safe_state().await.unwrap();
    assert!(safe.safe, "{:#?}", safe.probes);
    assert!(
        bench
            .journal()
            .await
            .iter()
            .all(|entry| !matches!(entry.record, Record::RollbackOpened { .. }))
    );

    // A portal that does not refuse a member's write as it must is not safe.
    bench.faults(&["malformed@library.loans.checkout"]);
    let unsafe_state = desk.check_safe_state().await.unwrap();
    assert!(!unsafe_state.safe);
    assert!(
        unsafe_state.standing.contains("1 of"),
        "{}",
        unsafe_state.standing
    );
}

#[tokio::test]
async fn nothing_but_who_confirmed_it_stands_in_its_way() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    for (request, field) in [
        (
            RollbackRequest {
                confirmed_by: "  ".to_owned(),
                ..wanted()
            },
            "confirmedBy",
        ),
        (
            RollbackRequest {
                incident_id: Some("x".repeat(101)),
                ..wanted()
            },
            "incidentId",
        ),
        (
            RollbackRequest {
                to: Some("3".to_owned()),
                ..wanted()
            },
            "to",
        ),
    ] {
        let problem = desk.open_rollback(&request).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::InvalidInput, Some(field))
        );
    }
    desk.open_rollback(&wanted()).await.unwrap();
    let twice = desk.open_rollback(&wanted()).await.unwrap_err();
    assert_eq!(twice.code, Code::Busy);
    let elsewhere = desk.select_environment("practice").await;
    assert!(elsewhere.is_ok(), "nobody carries it on yet");
}

#[tokio::test]
async fn it_works_without_a_journal_and_says_that_it_is_not_recorded() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::MemberWrites).await;
    // Another program holds the journal's only pen.
    let other = rusqlite::Connection::open(bench.dir().join("desk.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let opened = desk.open_rollback(&wanted()).await.unwrap();
    assert!(!opened.recorded);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    let view = until(&desk, "the proof", |view| {
        view.rollback.as_ref().is_some_and(|rollback| {
            rollback
                .splits
                .iter()
                .any(|split| split.split == RollbackSplit::Verified && split.at_ms.is_some())
        })
    })
    .await;
    let rollback = view.rollback.unwrap();
    assert!(!rollback.recorded);
    assert_eq!(bench.read_as("staff-smoke").await.phase, Phase::ReadOnly);
    let view = until(&desk, "the strip", |view| view.store.problem.is_some()).await;
    assert_eq!(view.store.problem.unwrap().code, Code::Busy);

    // As soon as it can be written, all of it is.
    other.execute_batch("ROLLBACK").unwrap();
    let _time = second_by_second(&bench, &desk);
    let view = carrying.await.unwrap().unwrap();
    assert!(view.recorded);
    let told = told(&bench.journal().await);
    assert_eq!(told[0], "opened 1");
    assert!(place(&told, "verified") < place(&told, "settled"));
}

#[tokio::test]
async fn several_instances_are_waited_for_until_every_one_of_them_agrees() {
    let bench = portal(2).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    // Every instance has read the phase, and believes it for a while.
    for _ in 0..4 {
        desk.refresh_phase().await.unwrap();
    }
    desk.open_rollback(&wanted()).await.unwrap();
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    let view = until(&desk, "an outdated answer", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| rollback.answers.outdated > 0)
    })
    .await;
    let rollback = view.rollback.unwrap();
    assert!(
        rollback.standing.contains("still from before"),
        "{}",
        rollback.standing
    );
    assert_eq!(taken(&rollback, RollbackSplit::Verified), None);
    let _time = second_by_second(&bench, &desk);
    let view = carrying.await.unwrap().unwrap();
    let verified = taken(&view, RollbackSplit::Verified).unwrap();
    let settled = taken(&view, RollbackSplit::Settled).unwrap();
    assert!(settled > verified, "{verified} {settled}");
    assert!(view.moved.is_none() && desk.view().await.unwrap().moved.is_none());
}

#[tokio::test]
async fn an_instance_that_never_learns_keeps_it_from_being_verified() {
    let bench = portal(2).await;
    bench.faults(&["outdated-instance=1"]);
    let desk = desk_in(&bench, Phase::AdminFull).await;
    for _ in 0..4 {
        desk.refresh_phase().await.unwrap();
    }
    desk.open_rollback(&wanted()).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    let view = until(&desk, "many rounds", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| rollback.answers.outdated > 30)
    })
    .await;
    let rollback = view.rollback.unwrap();
    assert_eq!(taken(&rollback, RollbackSplit::Verified), None);
    // A person may go on without the proof, and says why.
    let pass = RollbackChoice::PassOver {
        step: "verify".to_owned(),
        reason: "the platform team restarts it".to_owned(),
    };
    desk.decide_rollback(&pass).await.unwrap();
    let view = carrying.await.unwrap().unwrap();
    assert_eq!(progress(&view, "verify"), RollbackProgress::PassedOver);
    assert_eq!(taken(&view, RollbackSplit::Settled), None);
}

#[tokio::test]
async fn a_title_is_borrowed_and_returned_for_real_when_asked_for() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let request = RollbackRequest {
        borrow: true,
        ..wanted()
    };
    desk.open_rollback(&request).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    desk.carry_on_rollback().await.unwrap();
    let told = told(&bench.journal().await);
    assert!(place(&told, "verified") < place(&told, "borrowed"));
    assert!(place(&told, "borrowed") < place(&told, "settled"));
}

#[tokio::test]
async fn somebody_else_s_move_is_shown_and_a_person_goes_on_or_stops() {
    for go_on in [true, false] {
        let bench = portal(1).await;
        let desk = desk_in(&bench, Phase::AdminFull).await;
        desk.open_rollback(&wanted()).await.unwrap();
        let carrying = desk.clone();
        let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
        until(&desk, "the proof", |view| {
            view.rollback
                .as_ref()
                .is_some_and(|rollback| taken(rollback, RollbackSplit::Verified).is_some())
        })
        .await;
        let theirs = bench
            .somebody_sets("staff-smoke", Phase::AdminFull, Some("mine"))
            .await;
        let _time = second_by_second(&bench, &desk);
        let view = carrying.await.unwrap().unwrap();
        let moved = view.moved.as_ref().unwrap();
        assert_eq!(moved.updated_by_uid, theirs.updated_by_uid);
        let choice = if go_on {
            RollbackChoice::GoOn
        } else {
            RollbackChoice::Stop {
                reason: "they know better".to_owned(),
            }
        };
        desk.decide_rollback(&choice).await.unwrap();
        let view = desk.carry_on_rollback().await.unwrap();
        let left = bench.read_as("staff-smoke").await;
        if go_on {
            assert_eq!(left.phase, Phase::MemberWrites);
            assert_eq!(progress(&view, "verify"), RollbackProgress::Done);
        } else {
            assert_eq!(left, theirs);
            assert!(view.closed_at_ms.is_some());
            assert_eq!(view.stopped.as_deref(), Some("they know better"));
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_set_is_noticed_and_does_not_change_how_long_it_took() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    desk.open_rollback(&wanted()).await.unwrap();
    bench.set_clock_by(3_600_000);
    let _time = second_by_second(&bench, &desk);
    let view = to_the_end(&desk).await.unwrap();
    assert_eq!(view.jumped_ms, 3_600_000);
    let closed = taken(&view, RollbackSplit::Closed).unwrap();
    assert!(closed < 900_000, "{closed}");
    assert!(told(&bench.journal().await).contains(&"clock 3600000".to_owned()));
}

#[tokio::test]
async fn a_desk_that_ended_is_gone_on_with_by_the_next_with_the_clock_right() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    desk.select_environment("practice").await.unwrap();
    desk.select_environment(STUDIO).await.unwrap();
    desk.refresh_phase().await.unwrap();
    let opened = desk.open_rollback(&wanted()).await.unwrap();
    bench.faults(&["timeout-before@library.rollout.set"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until_begun(&desk, Step::SetPhase).await;
    carrying.abort();
    drop(desk);
    bench.nobody_is_there().await;
    bench.faults(&[]);
    bench.pass(Duration::from_secs(240));

    // The window remembers another environment, but opens where the rollback is.
    let next = bench.open().await;
    assert_eq!(next.environment().as_str(), STUDIO);
    let view = next.view().await.unwrap().rollback.unwrap();
    assert_eq!(view.id, opened.id);
    assert_eq!(view.opened_at_ms, opened.opened_at_ms);
    assert_eq!(progress(&view, "set-phase"), RollbackProgress::Running);
    let _time = second_by_second(&bench, &next);
    let watching = next.clone();
    let _watching = beside(async move { watching.watch().await });
    let view = until(&next, "the announcement to wait", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| progress(rollback, "verify") == RollbackProgress::Done)
    })
    .await;
    let view = view.rollback.unwrap();
    let sent = taken(&view, RollbackSplit::Sent).unwrap();
    let verified = taken(&view, RollbackSplit::Verified).unwrap();
    assert!(sent < 60_000, "{sent}");
    assert!(verified >= 240_000, "{verified}");
    assert_eq!(bench.read_as("staff-smoke").await.phase, Phase::MemberWrites);
}

#[tokio::test]
async fn what_one_program_carries_on_no_other_touches() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    desk.open_rollback(&wanted()).await.unwrap();
    bench.faults(&["timeout-before@library.loans.checkout"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until_begun(&desk, Step::Verify).await;
    let other = bench.open().await;
    other.select_environment(STUDIO).await.unwrap();
    let seen = other.view().await.unwrap().rollback.unwrap();
    assert!(!seen.carried_on_here && seen.carried_on_elsewhere);
    assert_eq!(other.carry_on_rollback().await.unwrap_err().code, Code::Busy);
    let choice = RollbackChoice::Stop {
        reason: "no".to_owned(),
    };
    assert_eq!(other.decide_rollback(&choice).await.unwrap_err().code, Code::Busy);
    bench.faults(&[]);
    let _time = second_by_second(&bench, &desk);
    carrying.await.unwrap().unwrap();
    // What waits for a person may be decided by either.
    announced(&other).await;
    let view = other.carry_on_rollback().await.unwrap();
    assert!(view.closed_at_ms.is_some());
    let shown = desk.view().await.unwrap().rollback.unwrap();
    assert!(shown.closed_at_ms.is_some());
}

#[tokio::test]
async fn what_somebody_else_has_closed_meanwhile_is_not_opened_again() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    desk.open_rollback(&wanted()).await.unwrap();
    bench.faults(&["rate-limited@library.rollout.set*1"]);
    let carrying = desk.clone();
    let carrying = tokio::spawn(async move { carrying.carry_on_rollback().await });
    until(&desk, "the wait", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| rollback.trouble.is_some())
    })
    .await;
    let theirs = bench
        .somebody_sets("staff-smoke", Phase::ReadOnly, Some("closed"))
        .await;
    bench.pass(Duration::from_secs(10));
    desk.ask_now();
    let view = carrying.await.unwrap().unwrap();
    assert_eq!(view.moved.unwrap().phase, Phase::ReadOnly.wire());
    assert_eq!(bench.read_as("operator").await, theirs, "theirs stands");
}

#[tokio::test]
async fn a_rollback_from_a_phase_not_known_does_not_open_what_is_closed() {
    let bench = portal(1).await;
    let theirs = bench
        .somebody_sets("staff-smoke", Phase::ReadOnly, Some("closed"))
        .await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    let request = RollbackRequest {
        to: Some("2".to_owned()),
        ..wanted()
    };
    desk.open_rollback(&request).await.unwrap();
    let view = desk.carry_on_rollback().await.unwrap();
    assert_eq!(view.moved.unwrap().phase, Phase::ReadOnly.wire());
    assert_eq!(bench.read_as("operator").await, theirs);
}

#[tokio::test]
async fn the_artifact_is_of_the_phase_that_was_set_whatever_an_outdated_server_says() {
    let bench = portal(2).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    // Every instance has read the phase, and believes it for a while.
    for _ in 0..4 {
        desk.refresh_phase().await.unwrap();
    }
    desk.open_rollback(&wanted()).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    let view = desk.carry_on_rollback().await.unwrap();
    assert_eq!(progress(&view, "snapshot"), RollbackProgress::Done, "{view:#?}");
    let artifact: serde_json::Value = serde_json::from_str(&desk.metrics_json().await.unwrap()).unwrap();
    assert_eq!(artifact["rolloutPhase"], Phase::MemberWrites.wire());
}

#[tokio::test]
async fn a_closed_rollback_is_due_for_review_until_somebody_writes_down_what_came_of_it() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let opened = desk.open_rollback(&wanted()).await.unwrap();
    let _time = second_by_second(&bench, &desk);
    let view = to_the_end(&desk).await.unwrap();
    assert!(view.review_by_ms.is_some());
    let nothing = desk.review_rollback(None, "  ").await.unwrap_err();
    assert_eq!(nothing.field.as_deref(), Some("words"));
    let reviewed = desk.review_rollback(None, "a cache was cold").await.unwrap();
    assert_eq!(reviewed.rollback_id, opened.id);
    assert!(desk.reviews_due().await.unwrap().is_empty());
    let again = desk.review_rollback(None, "twice").await.unwrap_err();
    assert_eq!(again.code, Code::NotFound);
    let report = desk.run_report(None).await.unwrap();
    let kept = &report.rollbacks[0];
    assert_eq!(kept.review.as_ref().unwrap().words, "a cache was cold");
    assert_eq!(kept.review_by_ms, None);
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn what_could_not_be_recorded_of_one_rollback_is_recorded_beside_the_next() {
    let bench = portal(1).await;
    let desk = desk_in(&bench, Phase::AdminFull).await;
    let other = rusqlite::Connection::open(bench.dir().join("desk.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let first = desk.open_rollback(&wanted()).await.unwrap();
    let stop = RollbackChoice::Stop {
        reason: "not needed".to_owned(),
    };
    desk.decide_rollback(&stop).await.unwrap();
    let view = desk.carry_on_rollback().await.unwrap();
    assert!(view.closed_at_ms.is_some() && !view.recorded, "{view:#?}");
    let second = desk.open_rollback(&wanted()).await.unwrap();
    assert_ne!(first.id, second.id);
    other.execute_batch("ROLLBACK").unwrap();
    let _time = second_by_second(&bench, &desk);
    let view = to_the_end(&desk).await.unwrap();
    assert!(view.recorded);
    let told = told(&bench.journal().await);
    assert_eq!(
        told.iter().filter(|one| *one == "opened 2").count(),
        2,
        "{told:#?}"
    );
    assert_eq!(told.iter().filter(|one| *one == "closed").count(), 2, "{told:#?}");
    assert_journal_is_whole(&desk).await;
}
