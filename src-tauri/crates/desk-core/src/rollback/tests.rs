use super::*;

const OPENED: i64 = 1_795_615_022_000;

fn state(phase: Phase, at_ms: i64) -> PhaseState {
    PhaseState {
        phase,
        note: Some("found".into()),
        updated_at_ms: at_ms,
        updated_by_uid: Some("staff_ben".into()),
    }
}

fn opening(purpose: Purpose) -> Opening {
    Opening {
        purpose,
        from: Some(state(Phase::AdminFull, 5)),
        to: Phase::MemberWrites,
        trigger: Some(Trigger::GateBreach),
        reason: "loans fail".into(),
        confirmed_by: "Ana".into(),
        incident_id: None,
        note: "ROLLBACK".into(),
        until: Until::Settled,
        promote_to: None,
        restore: purpose == Purpose::Drill,
        borrow: false,
        budget_ms: BUDGET_MS,
        phase_cache_ms: 60_000,
        runbook_sha256: "00".into(),
    }
}

fn opened(purpose: Purpose) -> Rollback {
    Rollback::open("r".into(), opening(purpose), OPENED)
}

fn done(rollback: &mut Rollback, step: Step) {
    rollback.apply(OPENED + 1_000, Event::Started { step });
    rollback.apply(
        OPENED + 2_000,
        Event::Done {
            step,
            found: String::new(),
        },
    );
}

fn failed(rollback: &mut Rollback, step: Step) {
    rollback.apply(
        OPENED + 2_000,
        Event::Failed {
            step,
            code: "offline".into(),
            why: "no".into(),
        },
    );
}

fn sent(rollback: &mut Rollback, step: Step) {
    rollback.apply(
        OPENED + 1_500,
        Event::Sending {
            step,
            change_id: format!("{step:?}"),
            account: "operator".into(),
            attempt: 1,
        },
    );
}

#[test]
fn the_steps_are_the_runbook_s_and_come_in_its_order() {
    let ids: Vec<&str> = opened(Purpose::Rollback)
        .steps
        .iter()
        .map(|state| state.step.id())
        .collect();
    let runbook: Vec<&str> = crate::Runbook::builtin()
        .rollback
        .iter()
        .map(|step| step.id.as_str())
        .collect();
    assert_eq!(ids, runbook);
    for id in ids {
        assert_eq!(Step::from_id(id).map(Step::id), Some(id));
    }

    let mut rollback = opened(Purpose::Rollback);
    for step in [
        Step::Trigger,
        Step::SetPhase,
        Step::Note,
        Step::Snapshot,
        Step::Verify,
    ] {
        assert_eq!(rollback.next(), Next::Do(step));
        done(&mut rollback, step);
    }
    assert_eq!(rollback.next(), Next::Announce);
    done(&mut rollback, Step::Announce);
    assert_eq!(rollback.next(), Next::Do(Step::Record));
    done(&mut rollback, Step::Record);
    rollback.apply(
        OPENED + 3_000,
        Event::Closed {
            review_by_ms: Some(OPENED + REVIEW_WITHIN_MS),
        },
    );
    assert_eq!(rollback.next(), Next::Over);
    assert_eq!(rollback.review_by_ms, Some(OPENED + REVIEW_WITHIN_MS));
}

#[test]
fn a_step_that_was_begun_is_gone_on_with() {
    let mut rollback = opened(Purpose::Rollback);
    done(&mut rollback, Step::Trigger);
    rollback.apply(OPENED, Event::Started { step: Step::SetPhase });
    assert_eq!(rollback.next(), Next::Do(Step::SetPhase));
    let begun = rollback.step(Step::SetPhase).unwrap().started_at_ms;
    rollback.apply(OPENED + 9, Event::Started { step: Step::SetPhase });
    assert_eq!(rollback.step(Step::SetPhase).unwrap().started_at_ms, begun);
}

#[test]
fn nothing_goes_on_past_a_phase_that_could_not_be_set_until_a_person_says_so() {
    let mut rollback = opened(Purpose::Rollback);
    done(&mut rollback, Step::Trigger);
    failed(&mut rollback, Step::SetPhase);
    assert_eq!(rollback.next(), Next::Decide(Step::SetPhase));
    rollback.apply(OPENED, Event::Again { step: Step::SetPhase });
    assert_eq!(rollback.next(), Next::Do(Step::SetPhase));
    failed(&mut rollback, Step::SetPhase);
    rollback.apply(
        OPENED,
        Event::PassedOver {
            step: Step::SetPhase,
            reason: "set by hand".into(),
        },
    );
    assert_eq!(rollback.next(), Next::Do(Step::Note));
}

#[test]
fn a_snapshot_that_failed_keeps_nobody_from_the_proof_but_is_decided_before_the_end() {
    let mut rollback = opened(Purpose::Rollback);
    for step in [Step::Trigger, Step::SetPhase, Step::Note] {
        done(&mut rollback, step);
    }
    failed(&mut rollback, Step::Snapshot);
    assert_eq!(rollback.next(), Next::Do(Step::Verify));
    done(&mut rollback, Step::Verify);
    assert_eq!(rollback.next(), Next::Decide(Step::Snapshot));
    done(&mut rollback, Step::Announce);
    assert_eq!(rollback.next(), Next::Decide(Step::Snapshot));
    rollback.apply(
        OPENED,
        Event::PassedOver {
            step: Step::Snapshot,
            reason: "disk full".into(),
        },
    );
    assert_eq!(rollback.next(), Next::Do(Step::Record));
}

#[test]
fn somebody_else_s_move_is_decided_by_a_person() {
    let mut rollback = opened(Purpose::Rollback);
    done(&mut rollback, Step::Trigger);
    let seen = state(Phase::ReadOnly, 9);
    rollback.apply(OPENED, Event::Moved { seen });
    assert_eq!(rollback.next(), Next::Moved);
    let mut stopped = rollback.clone();
    rollback.apply(OPENED, Event::WentOn);
    assert_eq!(rollback.next(), Next::Do(Step::SetPhase));
    stopped.apply(
        OPENED,
        Event::Stopped {
            reason: "they did it".into(),
        },
    );
    assert_eq!(stopped.next(), Next::Do(Step::Record));
}

#[test]
fn a_drill_puts_back_what_it_found_whatever_happens_once_it_has_sent_something() {
    let mut untouched = opened(Purpose::Drill);
    untouched.apply(
        OPENED,
        Event::Stopped {
            reason: "Ctrl-C".into(),
        },
    );
    assert!(!untouched.has_to_restore());
    assert_eq!(untouched.next(), Next::Do(Step::Record));

    let mut drill = opened(Purpose::Drill);
    assert_eq!(drill.next(), Next::Do(Step::SetPhase), "a drill has no trigger");
    sent(&mut drill, Step::SetPhase);
    failed(&mut drill, Step::SetPhase);
    drill.apply(
        OPENED,
        Event::Stopped {
            reason: "it failed".into(),
        },
    );
    assert_eq!(drill.next(), Next::Do(Step::Restore));
    assert_eq!(
        drill.to_send(Step::Restore),
        Some((Phase::AdminFull, Some("found"))),
        "the phase and the note that were found"
    );
    failed(&mut drill, Step::Restore);
    assert_eq!(drill.next(), Next::Decide(Step::Restore));
    drill.apply(OPENED, Event::Again { step: Step::Restore });
    assert_eq!(drill.next(), Next::Do(Step::Restore));
    drill.apply(
        OPENED + 9_000,
        Event::Restored {
            state: state(Phase::AdminFull, 99),
            answers: Answers::default(),
        },
    );
    done(&mut drill, Step::Restore);
    assert_eq!(drill.next(), Next::Do(Step::Record));
    assert_eq!(drill.at_ms(Split::Restored), Some(OPENED + 9_000));
}

#[test]
fn what_was_surely_not_taken_needs_no_putting_back() {
    let mut drill = opened(Purpose::Drill);
    sent(&mut drill, Step::SetPhase);
    assert!(drill.outstanding(Step::SetPhase).is_some());
    assert!(drill.has_to_restore());
    drill.apply(OPENED, Event::NotTaken { step: Step::SetPhase });
    assert_eq!(drill.outstanding(Step::SetPhase), None);
    assert!(!drill.has_to_restore());
    sent(&mut drill, Step::SetPhase);
    assert!(drill.has_to_restore(), "it was sent again");
}

#[test]
fn a_drill_does_not_put_back_what_somebody_else_has_changed_since() {
    let mut drill = opened(Purpose::Drill);
    sent(&mut drill, Step::SetPhase);
    let seen = state(Phase::ReadOnly, 99);
    drill.apply(OPENED, Event::Moved { seen: seen.clone() });
    drill.apply(
        OPENED,
        Event::Stopped {
            reason: "they moved it".into(),
        },
    );
    assert_eq!(drill.overtaken, Some(seen));
    assert!(!drill.has_to_restore());
    assert_eq!(drill.next(), Next::Do(Step::Record));
}

#[test]
fn a_drill_that_is_to_leave_things_as_they_are_restores_nothing() {
    let drill = Rollback::open(
        "r".into(),
        Opening {
            restore: false,
            ..opening(Purpose::Drill)
        },
        OPENED,
    );
    assert!(drill.step(Step::Restore).is_none());
    assert!(!drill.has_to_restore());
}

#[test]
fn splits_are_kept_once_and_in_real_time() {
    let mut rollback = opened(Purpose::Rollback);
    sent(&mut rollback, Step::SetPhase);
    rollback.apply(OPENED + 4_000, Event::ClockJumped { by_ms: 3_600_000 });
    let acknowledged = Event::Acknowledged {
        step: Step::SetPhase,
        state: state(Phase::MemberWrites, 50),
        request_id: None,
    };
    rollback.apply(OPENED + 3_605_000, acknowledged.clone());
    rollback.apply(OPENED + 3_606_000, acknowledged);
    rollback.apply(
        OPENED + 3_610_000,
        Event::Verified {
            answers: Answers::default(),
        },
    );
    rollback.apply(OPENED + 3_611_000, Event::ClockJumped { by_ms: -3_600_000 });
    rollback.apply(
        OPENED + 900_000,
        Event::Settled {
            answers: Answers::default(),
        },
    );
    let taken: Vec<_> = rollback
        .marks
        .iter()
        .map(|mark| (mark.split, mark.taken_ms))
        .collect();
    assert_eq!(
        taken,
        [
            (Split::Opened, 0),
            (Split::Sent, 1_500),
            (Split::Acknowledged, 5_000),
            (Split::Verified, 10_000),
            (Split::Settled, 900_000),
        ]
    );
    assert_eq!(rollback.within_target(Split::Verified), Some(true));
    assert_eq!(rollback.within_target(Split::Settled), Some(false));
    assert_eq!(rollback.within_target(Split::Closed), None);
    assert_eq!(rollback.taken_ms(OPENED + 901_000), 901_000);
}

#[test]
fn one_back_is_the_phase_before() {
    assert_eq!(one_back(Phase::AdminFull), Some(Phase::MemberWrites));
    assert_eq!(one_back(Phase::MemberWrites), Some(Phase::ReadOnly));
    assert_eq!(one_back(Phase::ReadOnly), None);
}

#[test]
fn it_survives_its_json() {
    let mut rollback = opened(Purpose::Drill);
    sent(&mut rollback, Step::SetPhase);
    rollback.apply(
        OPENED,
        Event::Verified {
            answers: Answers {
                agreeing: 1,
                probes: vec![ProbeRecord {
                    account: "member-smoke".into(),
                    route: "library.items.list".into(),
                    words: "The catalogue loads".into(),
                    said: Said::Agrees,
                    found: "200".into(),
                    status: Some(200),
                    request_id: Some("req_1".into()),
                    at_ms: Some(OPENED),
                    duration_ms: Some(4),
                }],
                ..Answers::default()
            },
        },
    );
    let text = serde_json::to_string(&rollback).unwrap();
    assert_eq!(serde_json::from_str::<Rollback>(&text).unwrap(), rollback);
}
