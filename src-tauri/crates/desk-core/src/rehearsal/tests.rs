use super::*;
use crate::{
    PhaseState,
    phase::Direction,
    record::ArtifactKind,
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

fn change(id: &str, to: Phase, override_reason: Option<&str>, outcome: ChangeOutcome) -> [Record; 2] {
    [
        Record::PhaseChangeStarted {
            change_id: id.into(),
            from: state(ReadOnly),
            to,
            note: None,
            direction: Direction::Forward,
            incident_id: None,
            basis: None,
            override_reason: override_reason.map(str::to_owned),
        },
        Record::PhaseChangeConcluded {
            change_id: id.into(),
            outcome,
            state: Some(state(to)),
            requests: Vec::new(),
            acknowledged_at_ms: None,
            reason: None,
        },
    ]
}

fn set(to: Phase) -> [Record; 2] {
    change(to.wire(), to, None, ChangeOutcome::Confirmed)
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

fn captured(phase: Phase) -> Record {
    Record::ArtifactCaptured {
        sha256: "00".into(),
        artifact_kind: ArtifactKind::PhaseMetrics,
        phase,
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
    let walk = walk(set(MemberWrites));
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
    let over = change("o", AdminFull, Some("agreed by phone"), ChangeOutcome::Confirmed);
    let earned = set(ReadOnly).into_iter().chain(set(MemberWrites)).chain([
        checklist(MemberWrites, StepResult::Pass),
        attested("q", MemberWrites, true),
    ]);
    let walk = walk(earned.chain(over));
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
fn a_save_that_is_not_confirmed_moves_nothing() {
    for outcome in [
        ChangeOutcome::Unknown,
        ChangeOutcome::Refused,
        ChangeOutcome::NotApplied,
    ] {
        let walk = walk(
            set(ReadOnly)
                .into_iter()
                .chain(change("c", MemberWrites, None, outcome)),
        );
        assert_eq!(now(&walk, proven(ReadOnly)), Act::SetPhase(MemberWrites));
    }
}

#[test]
fn a_checklist_that_failed_and_a_no_are_not_done_when_the_phase_is_rolled_back() {
    let records = set(MemberWrites).into_iter().chain([
        checklist(MemberWrites, StepResult::Fail),
        checklist(AdminFull, StepResult::Pass),
        attested("q", MemberWrites, true),
        attested("q", MemberWrites, false),
        rollback(Purpose::Rollback, MemberWrites, ReadOnly),
    ]);
    let walk = walk(records);
    assert_eq!(
        progress(&walk, present(ReadOnly), Progress::Done),
        [Act::SetPhase(MemberWrites)]
    );
    assert_eq!(now(&walk, present(ReadOnly)), Act::RollBack(MemberWrites));
}

#[test]
fn a_rollback_is_to_be_done_until_it_is_closed_and_its_own_save_is_no_step() {
    let to_phase_3 = [set(ReadOnly), set(MemberWrites), set(AdminFull)];
    let mut records: Vec<Record> = to_phase_3.into_iter().flatten().collect();
    assert_eq!(now(&walk(records.clone()), proven(AdminFull)), Act::TellStaff);
    records.push(rollback(Purpose::Rollback, AdminFull, MemberWrites));
    records.push(sending("theirs"));
    records.extend(change("theirs", MemberWrites, None, ChangeOutcome::Confirmed));
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
fn a_rollback_that_a_surprise_made_necessary_is_the_rehearsed_one() {
    let records = [set(ReadOnly), set(MemberWrites)]
        .into_iter()
        .flatten()
        .chain([rollback(Purpose::Rollback, MemberWrites, ReadOnly), closed()]);
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
    let records = set(MemberWrites).into_iter().chain([
        rollback(Purpose::Drill, MemberWrites, ReadOnly),
        sending("theirs"),
    ]);
    let records = records
        .chain(change("theirs", ReadOnly, None, ChangeOutcome::Confirmed))
        .chain([closed()]);
    let walk = walk(records);
    assert_eq!(
        progress(&walk, present(MemberWrites), Progress::Done),
        [Act::SetPhase(MemberWrites)]
    );
}

#[test]
fn it_ends_with_the_run_the_lessons_and_a_bundle_that_lacks_nothing() {
    let mut records: Vec<Record> = [set(ReadOnly), set(MemberWrites), set(AdminFull)]
        .into_iter()
        .flatten()
        .collect();
    records.extend([
        checklist(AdminFull, StepResult::Pass),
        captured(AdminFull),
        attached(),
        exported(&[]),
        Record::RunEnded {},
    ]);
    let ended = walk(records.clone());
    assert!(
        !ended.is_finished(),
        "what was exported before the end is not all of it"
    );
    assert_eq!(now(&ended, Present::default()), Act::Lessons);
    let done = progress(&ended, Present::default(), Progress::Done);
    assert!(done.ends_with(&[
        Act::Checklist(AdminFull),
        Act::Gates(AdminFull),
        Act::Attach(AdminFull),
        Act::EndRun
    ]));

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
    assert_eq!(
        progress(&without, Present::default(), Progress::PassedOver),
        [Act::Lessons]
    );
}
