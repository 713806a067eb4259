use super::*;
use crate::{
    PhaseState,
    phase::Direction,
    rollback::{BUDGET_MS, Opening, Trigger, Until},
    smoke::{PhaseAnswers, SmokeFinish, StepRecord, StepResult},
};
use Phase::{AdminFull, MemberWrites, ReadOnly};

fn state(phase: Phase) -> PhaseState {
    PhaseState {
        phase,
        note: None,
        updated_at_ms: 1,
        updated_by_uid: None,
    }
}

fn change(from: Phase, to: Phase, override_reason: Option<&str>, outcome: ChangeOutcome) -> [Record; 2] {
    let id = format!("{from:?} to {to:?}");
    [
        Record::PhaseChangeStarted {
            change_id: id.clone(),
            from: state(from),
            to,
            note: None,
            direction: Direction::Forward,
            incident_id: None,
            basis: None,
            override_reason: override_reason.map(str::to_owned),
        },
        Record::PhaseChangeConcluded {
            change_id: id,
            outcome,
            state: Some(state(to)),
            requests: Vec::new(),
            acknowledged_at_ms: None,
            reason: None,
        },
    ]
}

fn set(from: Phase, to: Phase) -> [Record; 2] {
    change(from, to, None, ChangeOutcome::Confirmed)
}

/// Set from phase 3 back to phase 1, and forward so far.
fn up_to(phase: Phase) -> Vec<Record> {
    let moves = [
        (AdminFull, ReadOnly),
        (ReadOnly, MemberWrites),
        (MemberWrites, AdminFull),
    ];
    moves
        .into_iter()
        .take(usize::from(phase.number()))
        .flat_map(|(from, to)| set(from, to))
        .collect()
}

fn checklist(phase: Phase, result: StepResult) -> Record {
    let step = |account: &str, result| StepRecord {
        id: "step".into(),
        check: "check".into(),
        account: account.into(),
        uid: None,
        route: None,
        action: String::new(),
        optional: false,
        result,
        label: None,
        found: String::new(),
        status: None,
        request_id: None,
        support_code: None,
        at_ms: None,
        duration_ms: None,
        carried_from: None,
    };
    Record::SmokeFinished {
        smoke_id: "s".into(),
        finish: SmokeFinish {
            cancelled: false,
            // A question that waits for its answer is a step of its own.
            steps: vec![step("member-smoke", result), step(PERSON, StepResult::Skipped)],
            answers: PhaseAnswers::default(),
            state: Some(state(phase)),
            wall_ms: 1,
            critical_path_ms: 1,
        },
    }
}

fn attested(check: &str, phase: Phase, pass: bool) -> Record {
    Record::CheckAttested {
        check: check.into(),
        pass,
        note: "seen".into(),
        phase,
        phase_saved_at_ms: 1,
    }
}

fn attached() -> Record {
    Record::ArtifactAttached {
        sha256: "00".into(),
        item: "phase-metrics".into(),
    }
}

fn rollback(purpose: Purpose, from: Phase, to: Phase) -> Record {
    Record::RollbackOpened {
        rollback_id: "r".into(),
        at_ms: 1,
        opening: Box::new(Opening {
            purpose,
            from: Some(state(from)),
            to,
            trigger: Some(Trigger::Other),
            reason: "rehearsed".into(),
            confirmed_by: "Ana".into(),
            incident_id: None,
            note: "ROLLBACK".into(),
            until: Until::Settled,
            promote_to: None,
            restore: false,
            borrow: false,
            budget_ms: BUDGET_MS,
            phase_cache_ms: 60_000,
            runbook_sha256: "00".into(),
        }),
    }
}

fn event(event: Event) -> Record {
    Record::RollbackEvent {
        rollback_id: "r".into(),
        at_ms: 1,
        event,
    }
}

fn sending(change_id: &str) -> Record {
    event(Event::Sending {
        step: crate::rollback::Step::SetPhase,
        change_id: change_id.into(),
        account: "operator".into(),
        attempt: 1,
    })
}

fn closed() -> Record {
    event(Event::Closed { review_by_ms: None })
}

fn exported(missing: &[&str]) -> Record {
    Record::EvidenceExported {
        bundle_sha256: "00".into(),
        signed_by: "00".into(),
        journal_seq: 1,
        journal_head: "00".into(),
        missing: missing.iter().map(|&id| id.to_owned()).collect(),
    }
}

fn learned(text: &str) -> Record {
    Record::LogFieldSet {
        entry_id: "run".into(),
        field: Field::Lessons,
        text: text.into(),
        undoes: false,
    }
}

fn walk(records: impl IntoIterator<Item = Record>) -> Walk {
    let mut walk = Walk::default();
    for record in records {
        walk.apply(&record);
    }
    walk
}

/// Phase 2 asks one question, the others none.
fn asked(phase: Phase) -> usize {
    usize::from(phase == MemberWrites)
}

fn present(phase: Phase) -> Present {
    Present {
        phase: Some(phase),
        proof: Proof::default(),
    }
}

fn proven(phase: Phase) -> Present {
    Present {
        phase: Some(phase),
        proof: Proof {
            checklist: true,
            questions: true,
            gates: true,
            attached: true,
        },
    }
}

fn now(walk: &Walk, present: Present) -> Act {
    let steps = walk.steps(asked, present);
    let now: Vec<Act> = steps
        .iter()
        .filter(|step| step.progress == Progress::Now)
        .map(|step| step.act)
        .collect();
    assert_eq!(now.len(), 1, "{steps:?}");
    now[0]
}

fn progress(walk: &Walk, present: Present, progress: Progress) -> Vec<Act> {
    let steps = walk.steps(asked, present);
    let with = steps.iter().filter(|step| step.progress == progress);
    with.map(|step| step.act).collect()
}

#[test]
fn a_rehearsal_that_has_just_begun_has_the_whole_runbook_before_it() {
    let acts: Vec<Act> = Walk::default()
        .steps(asked, Present::default())
        .iter()
        .map(|step| step.act)
        .collect();
    let expected = [
        Act::SetPhase(ReadOnly),
        Act::Checklist(ReadOnly),
        Act::Gates(ReadOnly),
        Act::Attach(ReadOnly),
        Act::SetPhase(MemberWrites),
        Act::Checklist(MemberWrites),
        Act::Questions(MemberWrites),
        Act::Gates(MemberWrites),
        Act::Attach(MemberWrites),
        Act::SetPhase(AdminFull),
        Act::Checklist(AdminFull),
        Act::Gates(AdminFull),
        Act::Attach(AdminFull),
        Act::TellStaff,
        Act::TellMembers,
        Act::RollBack(AdminFull),
        Act::Checklist(MemberWrites),
        Act::Questions(MemberWrites),
        Act::Gates(MemberWrites),
        Act::Attach(MemberWrites),
        Act::SetPhase(AdminFull),
        Act::Checklist(AdminFull),
        Act::Gates(AdminFull),
        Act::Attach(AdminFull),
        Act::EndRun,
        Act::Lessons,
        Act::Export,
    ];
    assert_eq!(acts, expected);
    assert_eq!(now(&Walk::default(), Present::default()), Act::SetPhase(ReadOnly));
    assert_eq!(now(&Walk::default(), present(AdminFull)), Act::SetPhase(ReadOnly));
    // It need not be set where it is in force already.
    assert_eq!(now(&Walk::default(), present(ReadOnly)), Act::Checklist(ReadOnly));
}

#[test]
fn the_present_phase_is_judged_as_moving_forward_is() {
    let walk = walk(set(ReadOnly, MemberWrites));
    let with = |checklist, questions, gates, attached| Present {
        phase: Some(MemberWrites),
        proof: Proof {
            checklist,
            questions,
            gates,
            attached,
        },
    };
    assert_eq!(
        now(&walk, with(false, false, false, false)),
        Act::Checklist(MemberWrites)
    );
    assert_eq!(
        now(&walk, with(true, false, false, false)),
        Act::Questions(MemberWrites)
    );
    // What is done out of turn counts, and what grows stale is to be done again.
    assert_eq!(
        now(&walk, with(false, true, true, true)),
        Act::Checklist(MemberWrites)
    );
    assert_eq!(
        now(&walk, with(true, true, false, true)),
        Act::Gates(MemberWrites)
    );
    assert_eq!(
        now(&walk, with(true, true, true, false)),
        Act::Attach(MemberWrites)
    );
    assert_eq!(now(&walk, proven(MemberWrites)), Act::SetPhase(AdminFull));
    // While the portal does not say which phase is in force, nothing is shown as proven.
    let unread = Present {
        phase: None,
        proof: proven(MemberWrites).proof,
    };
    assert_eq!(now(&walk, unread), Act::Checklist(MemberWrites));
}

#[test]
fn a_phase_that_was_earned_is_done_and_one_that_was_left_by_override_is_passed_over() {
    let mut records = up_to(MemberWrites);
    records.extend([
        checklist(MemberWrites, StepResult::Pass),
        attested("q", MemberWrites, true),
    ]);
    records.extend(change(
        MemberWrites,
        AdminFull,
        Some("agreed by phone"),
        ChangeOutcome::Confirmed,
    ));
    let walk = walk(records);
    assert_eq!(
        progress(&walk, present(AdminFull), Progress::Done),
        [
            Act::SetPhase(ReadOnly),
            Act::Checklist(ReadOnly),
            Act::Gates(ReadOnly),
            Act::Attach(ReadOnly),
            Act::SetPhase(MemberWrites),
            Act::Checklist(MemberWrites),
            Act::Questions(MemberWrites),
            Act::SetPhase(AdminFull),
        ]
    );
    assert_eq!(
        progress(&walk, present(AdminFull), Progress::PassedOver),
        [Act::Gates(MemberWrites), Act::Attach(MemberWrites)]
    );
}

#[test]
fn a_phase_that_was_in_force_before_or_that_somebody_else_set_is_the_one_that_was_earned() {
    // Phase 1 was in force when the run began.
    let before = walk(set(ReadOnly, MemberWrites));
    assert_eq!(
        progress(&before, present(MemberWrites), Progress::Done),
        [
            Act::Checklist(ReadOnly),
            Act::Gates(ReadOnly),
            Act::Attach(ReadOnly),
            Act::SetPhase(MemberWrites)
        ]
    );
    // Nothing of phase 1 was proven; somebody else opened phase 2, and that one was.
    let mut records = up_to(ReadOnly);
    records.extend(set(MemberWrites, AdminFull));
    let done = progress(&walk(records), present(AdminFull), Progress::Done);
    assert_eq!(
        done,
        [
            Act::SetPhase(ReadOnly),
            Act::Checklist(MemberWrites),
            Act::Questions(MemberWrites),
            Act::Gates(MemberWrites),
            Act::Attach(MemberWrites),
            Act::SetPhase(AdminFull),
        ]
    );
}

#[test]
fn a_save_that_is_not_confirmed_moves_nothing() {
    for outcome in [
        ChangeOutcome::Unknown,
        ChangeOutcome::Refused,
        ChangeOutcome::NotApplied,
    ] {
        let mut records = up_to(ReadOnly);
        records.extend(change(ReadOnly, MemberWrites, None, outcome));
        assert_eq!(now(&walk(records), proven(ReadOnly)), Act::SetPhase(MemberWrites));
    }
}

#[test]
fn what_failed_and_a_gate_that_never_said_go_are_not_done_when_the_phase_is_rolled_back() {
    let mut records = up_to(MemberWrites);
    records.extend([
        checklist(MemberWrites, StepResult::Fail),
        checklist(AdminFull, StepResult::Pass),
        attested("q", MemberWrites, true),
        attested("q", MemberWrites, false),
        rollback(Purpose::Rollback, MemberWrites, ReadOnly),
        // Its own.
        attached(),
    ]);
    let mut breached = walk(records.clone());
    let of_phase_2 = |walk: &Walk| {
        let done = progress(walk, present(ReadOnly), Progress::Done);
        let proof = |act: &&Act| {
            matches!(
                act,
                Act::Checklist(MemberWrites)
                    | Act::Questions(MemberWrites)
                    | Act::Gates(MemberWrites)
                    | Act::Attach(MemberWrites)
            )
        };
        done.iter().filter(proof).copied().collect::<Vec<_>>()
    };
    assert_eq!(of_phase_2(&breached), []);
    assert_eq!(now(&breached, present(ReadOnly)), Act::RollBack(MemberWrites));
    // While it is under way nothing is measured.
    assert_eq!(breached.see(proven(ReadOnly)), None);

    // Where the gates said GO before, they were measured.
    records.truncate(up_to(MemberWrites).len());
    let mut measured = walk(records);
    assert_eq!(measured.see(present(MemberWrites)), None);
    assert_eq!(measured.see(proven(AdminFull)), None, "that is another phase");
    assert_eq!(measured.see(proven(MemberWrites)), Some(1));
    assert_eq!(measured.see(proven(MemberWrites)), None, "it is kept");
    measured.apply(&rollback(Purpose::Rollback, MemberWrites, ReadOnly));
    assert_eq!(of_phase_2(&measured), [Act::Gates(MemberWrites)]);
}

fn proof() -> Record {
    event(Event::Verified {
        answers: crate::rollback::Answers::default(),
    })
}

#[test]
fn a_rollback_is_to_be_done_until_it_is_closed_and_its_own_save_is_no_step() {
    let mut records = up_to(AdminFull);
    assert_eq!(now(&walk(records.clone()), proven(AdminFull)), Act::TellStaff);
    records.push(rollback(Purpose::Rollback, AdminFull, MemberWrites));
    records.push(sending("AdminFull to MemberWrites"));
    records.extend(set(AdminFull, MemberWrites));
    records.push(proof());
    let open = walk(records.clone());
    assert_eq!(now(&open, proven(MemberWrites)), Act::RollBack(AdminFull));
    records.push(closed());
    let closed = walk(records);
    // What it leaves is proven anew, then it goes forward again; it is not rolled back twice.
    assert_eq!(now(&closed, present(MemberWrites)), Act::Checklist(MemberWrites));
    assert_eq!(now(&closed, proven(MemberWrites)), Act::SetPhase(AdminFull));
    let later = progress(&closed, present(MemberWrites), Progress::Later);
    assert!(
        !later.iter().any(|act| matches!(act, Act::RollBack(_))),
        "{later:?}"
    );
    assert_eq!(
        later
            .iter()
            .filter(|act| **act == Act::SetPhase(AdminFull))
            .count(),
        1
    );
}

#[test]
fn a_rollback_that_was_closed_without_a_proof_is_passed_over_and_asked_for_again() {
    let mut records = up_to(AdminFull);
    records.extend([
        rollback(Purpose::Rollback, AdminFull, MemberWrites),
        event(Event::Stopped {
            reason: "not now".into(),
        }),
        closed(),
    ]);
    let walk = walk(records);
    assert_eq!(
        progress(&walk, proven(AdminFull), Progress::PassedOver),
        [Act::RollBack(AdminFull)]
    );
    let later = progress(&walk, proven(AdminFull), Progress::Later);
    assert!(later.contains(&Act::RollBack(AdminFull)), "{later:?}");
}

#[test]
fn a_rollback_that_a_surprise_made_necessary_is_the_rehearsed_one() {
    let mut records = up_to(MemberWrites);
    records.extend([
        rollback(Purpose::Rollback, MemberWrites, ReadOnly),
        proof(),
        closed(),
    ]);
    let walk = walk(records);
    assert_eq!(now(&walk, present(ReadOnly)), Act::Checklist(ReadOnly));
    let later = progress(&walk, present(ReadOnly), Progress::Later);
    assert!(later.contains(&Act::SetPhase(MemberWrites)), "{later:?}");
    assert!(
        !later.iter().any(|act| matches!(act, Act::RollBack(_))),
        "{later:?}"
    );
}

#[test]
fn a_drill_is_no_step() {
    let mut records = up_to(MemberWrites);
    records.extend([
        rollback(Purpose::Drill, MemberWrites, ReadOnly),
        sending("MemberWrites to ReadOnly"),
    ]);
    records.extend(set(MemberWrites, ReadOnly));
    records.push(closed());
    let walk = walk(records);
    let done = progress(&walk, present(MemberWrites), Progress::Done);
    assert_eq!(done.last(), Some(&Act::SetPhase(MemberWrites)));
    assert_eq!(now(&walk, proven(MemberWrites)), Act::SetPhase(AdminFull));
}

#[test]
fn it_ends_with_the_run_the_lessons_and_a_bundle_that_lacks_nothing() {
    let mut records = up_to(AdminFull);
    records.extend([
        rollback(Purpose::Rollback, AdminFull, MemberWrites),
        proof(),
        closed(),
    ]);
    records.extend(set(MemberWrites, AdminFull));
    records.extend([checklist(AdminFull, StepResult::Pass), attached()]);
    let mut goes_on = walk(records.clone());
    assert_eq!(goes_on.see(proven(AdminFull)), Some(4));
    let told = |walk: &mut Walk| walk.measured(4);
    records.extend([exported(&[]), Record::RunEnded {}]);
    let mut ended = walk(records.clone());
    told(&mut ended);
    assert!(
        !ended.is_finished(),
        "what was exported before the end is not all of it"
    );
    assert_eq!(now(&ended, Present::default()), Act::Lessons);
    let done = progress(&ended, Present::default(), Progress::Done);
    assert!(
        done.ends_with(&[
            Act::Checklist(AdminFull),
            Act::Gates(AdminFull),
            Act::Attach(AdminFull),
            Act::EndRun
        ]),
        "{done:?}"
    );
    // Nobody was told of anything.
    assert_eq!(
        progress(&ended, Present::default(), Progress::PassedOver),
        [Act::TellStaff, Act::TellMembers]
    );

    records.push(learned("Ask earlier"));
    assert_eq!(now(&walk(records.clone()), Present::default()), Act::Export);
    records.push(exported(&["smoke-log"]));
    assert_eq!(now(&walk(records.clone()), Present::default()), Act::Export);
    records.push(exported(&[]));
    let finished = walk(records.clone());
    assert!(finished.is_finished());
    assert_eq!(progress(&finished, Present::default(), Progress::Now), []);

    records.push(learned(" "));
    let without = walk(records);
    assert!(without.is_finished());
    let passed = progress(&without, Present::default(), Progress::PassedOver);
    assert!(passed.contains(&Act::Lessons), "{passed:?}");
}

#[test]
fn a_run_that_was_ended_early_says_what_it_was_ended_before() {
    let mut records = up_to(ReadOnly);
    records.push(Record::RunEnded {});
    let passed = progress(&walk(records), Present::default(), Progress::PassedOver);
    for act in [
        Act::Checklist(ReadOnly),
        Act::SetPhase(MemberWrites),
        Act::Checklist(AdminFull),
        Act::RollBack(AdminFull),
    ] {
        assert!(passed.contains(&act), "{act:?} is not in {passed:?}");
    }
    let asked_once = passed.iter().filter(|act| **act == Act::Checklist(ReadOnly));
    assert_eq!(asked_once.count(), 1);
}
