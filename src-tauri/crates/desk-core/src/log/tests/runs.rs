//! What the journal of a run tells: the facts, the story, the after-action report, the comparison.

use super::{page, sheet};
use crate::{
    EnvironmentKind, Phase, PhaseState, Role, Runbook,
    gate::{DecisionDigest, GateVerdict, Verdict},
    log::{Facts, Field, Happened, Kind, Line, Outcome, Page, Story, after_action, compare, counting},
    phase::Direction,
    record::{ChangeOutcome, Record, RequestRef},
    rollback::{Answers, Event, Opening, Purpose, Step, Until},
    smoke::{PhaseAnswers, SmokeFinish, SmokeStart, StepRecord, StepResult},
};
use chrono_tz::Tz;

/// 25 November 2026, 13:00 UTC.
const BEGAN: i64 = 1_795_611_600_000;

fn happened(minute: i64, record: Record) -> Happened {
    Happened {
        at_ms: BEGAN + minute * 60_000,
        actor: "staff_ana".into(),
        record,
    }
}

fn state(phase: Phase, at_ms: i64) -> PhaseState {
    PhaseState {
        phase,
        note: Some("Opening".into()),
        updated_at_ms: at_ms,
        updated_by_uid: Some("staff_ana".into()),
    }
}

fn started(id: &str, from: Phase, to: Phase) -> Record {
    Record::PhaseChangeStarted {
        change_id: id.into(),
        from: state(from, 1),
        to,
        note: Some("note".into()),
        direction: Direction::of(from, to),
        incident_id: None,
        basis: Some(DecisionDigest {
            verdicts: vec![GateVerdict {
                gate: "phase2-writes".into(),
                verdict: Verdict::Go,
            }],
            artifact_sha256: None,
            smoke_run_id: None,
            runbook_sha256: "00".into(),
        }),
        override_reason: (to == Phase::AdminFull).then(|| "agreed by phone".to_owned()),
    }
}

fn concluded(id: &str, outcome: ChangeOutcome, to: Phase) -> Record {
    Record::PhaseChangeConcluded {
        change_id: id.into(),
        outcome,
        state: Some(state(to, BEGAN)),
        requests: vec![RequestRef {
            route: "library.rollout.set".into(),
            request_id: format!("req_{id}"),
            status: (outcome == ChangeOutcome::Confirmed).then_some(200),
            at_ms: BEGAN,
            duration_ms: 90,
        }],
        acknowledged_at_ms: Some(BEGAN),
        reason: (outcome != ChangeOutcome::Confirmed).then(|| "no answer".to_owned()),
    }
}

fn step(id: &str, account: &str, result: StepResult, ms: u64) -> StepRecord {
    StepRecord {
        id: id.into(),
        check: "check".into(),
        account: account.into(),
        uid: None,
        route: Some("library.items.list".into()),
        action: "Act".into(),
        optional: false,
        result,
        label: None,
        found: "found this".into(),
        at_ms: Some(BEGAN + 4 * 60_000),
        duration_ms: Some(ms),
        status: Some(200),
        request_id: Some(format!("req_{id}")),
        support_code: Some(format!("sup_{id}")),
        carried_from: None,
    }
}

fn checklist(minute: i64, steps: Vec<StepRecord>) -> [Happened; 2] {
    let start = SmokeStart {
        phase: Phase::MemberWrites,
        runbook_sha256: "00".into(),
        only_failed_of: None,
        overrides: Vec::new(),
    };
    let finish = SmokeFinish {
        cancelled: false,
        steps,
        answers: PhaseAnswers {
            agreeing: 3,
            disagreeing: 0,
        },
        state: Some(state(Phase::MemberWrites, BEGAN)),
        wall_ms: 4_000,
        critical_path_ms: 3_000,
    };
    let smoke_id = format!("smoke-{minute}");
    [
        happened(
            minute,
            Record::SmokeStarted {
                smoke_id: smoke_id.clone(),
                start,
            },
        ),
        happened(minute + 1, Record::SmokeFinished { smoke_id, finish }),
    ]
}

fn run_started() -> Happened {
    happened(
        0,
        Record::RunStarted {
            number: 14,
            environment_kind: EnvironmentKind::Practice,
            runbook_sha256: None,
            owner: Some("Ana Weber".into()),
        },
    )
}

fn rehearsal() -> Vec<Happened> {
    let opening = Opening {
        purpose: Purpose::Rollback,
        from: Some(state(Phase::AdminFull, 5)),
        to: Phase::MemberWrites,
        trigger: None,
        reason: "loans fail".into(),
        confirmed_by: "Ana".into(),
        incident_id: Some("INC-42".into()),
        note: "ROLLBACK".into(),
        until: Until::Settled,
        promote_to: None,
        restore: false,
        borrow: false,
        budget_ms: 900_000,
        phase_cache_ms: 60_000,
        runbook_sha256: "00".into(),
    };
    let event = |minute: i64, event| {
        happened(
            minute,
            Record::RollbackEvent {
                rollback_id: "rb".into(),
                at_ms: BEGAN + minute * 60_000,
                event,
            },
        )
    };
    let mut all = vec![
        run_started(),
        happened(1, started("a", Phase::ReadOnly, Phase::MemberWrites)),
        happened(1, concluded("a", ChangeOutcome::Confirmed, Phase::MemberWrites)),
    ];
    all.extend(checklist(
        3,
        vec![
            step("borrow", "member-smoke", StepResult::Fail, 100),
            step("list", "staff-smoke", StepResult::Pass, 100),
            step("question", "person", StepResult::Attested, 0),
        ],
    ));
    all.extend([
        happened(6, started("b", Phase::MemberWrites, Phase::AdminFull)),
        happened(7, concluded("b", ChangeOutcome::Unknown, Phase::AdminFull)),
        happened(8, concluded("b", ChangeOutcome::Confirmed, Phase::AdminFull)),
        happened(
            9,
            Record::ArtifactAttached {
                sha256: "ab".repeat(32),
                item: "metrics".into(),
            },
        ),
        happened(
            10,
            Record::RollbackOpened {
                rollback_id: "rb".into(),
                at_ms: BEGAN + 600_000,
                opening: Box::new(opening),
            },
        ),
        happened(10, started("c", Phase::AdminFull, Phase::MemberWrites)),
        event(
            10,
            Event::Sending {
                step: Step::SetPhase,
                change_id: "c".into(),
                account: "operator".into(),
                attempt: 1,
            },
        ),
        happened(11, concluded("c", ChangeOutcome::Confirmed, Phase::MemberWrites)),
        event(
            13,
            Event::Verified {
                answers: Answers::default(),
            },
        ),
        event(
            15,
            Event::Closed {
                review_by_ms: Some(1),
            },
        ),
        happened(18, Record::RunEnded {}),
    ]);
    all
}

fn facts(entries: &[Happened]) -> Facts {
    let mut facts = Facts::begin(BEGAN, Some("Ana Weber".into()));
    for happened in &entries[1..] {
        facts.apply(happened.at_ms, &happened.record);
    }
    facts
}

#[test]
fn the_desk_fills_the_form_from_its_journal() {
    let facts = facts(&rehearsal());
    let vienna: Tz = "Europe/Vienna".parse().unwrap();
    let sheet = counting(Some(&facts), &std::collections::BTreeMap::new(), vienna);
    let expected = [
        (Field::Date, "2026-11-25".to_owned()),
        (Field::ReleaseOwner, "Ana Weber".to_owned()),
        (Field::StartTime, "14:00:00 CET".to_owned()),
        (Field::EndTime, "14:18:00 CET".to_owned()),
        (Field::DurationMinutes, "18".to_owned()),
        (Field::PhasePromoted, "phase_2_member_writes, phase_3_admin_full".to_owned()),
        (Field::PhaseRolledBack, "phase_2_member_writes".to_owned()),
        (Field::Reason, "loans fail (INC-42)".to_owned()),
        (Field::MemberSmoke, "phase_2_member_writes: FAILED, 0 of 1 passed; not borrow".to_owned()),
        (
            Field::StaffSmoke,
            "phase_2_member_writes: 1 of 1 passed; the checklist as a whole is not proven".to_owned(),
        ),
        (
            Field::RolloutMetadata,
            "phase_2_member_writes, updatedAtMs 1795611600000 (2026-11-25 14:00:00 CET), updatedByUid staff_ana, note: Opening"
                .to_owned(),
        ),
        (Field::PhaseMetrics, format!("sha256:{}", "ab".repeat(32))),
        (Field::RequestIds, "req_borrow (support sup_borrow), req_b".to_owned()),
    ];
    assert_eq!(sheet.into_iter().collect::<Vec<_>>(), expected);
    let kept: Facts = serde_json::from_str(&serde_json::to_string(&facts).unwrap()).unwrap();
    assert_eq!(kept, facts);
    assert!(facts.smoke.contains_key(&Role::MemberSmoke));
}

#[test]
fn putting_back_what_a_drill_found_is_no_promotion() {
    let mut facts = Facts::begin(BEGAN, None);
    let restoring = Record::RollbackEvent {
        rollback_id: "rb".into(),
        at_ms: BEGAN,
        event: Event::Sending {
            step: Step::Restore,
            change_id: "x".into(),
            account: "operator".into(),
            attempt: 1,
        },
    };
    let rehearsal = rehearsal();
    let opened = &rehearsal
        .iter()
        .find(|one| matches!(one.record, Record::RollbackOpened { .. }))
        .unwrap()
        .record;
    facts.apply(BEGAN, opened);
    facts.apply(BEGAN, &started("x", Phase::MemberWrites, Phase::AdminFull));
    facts.apply(BEGAN, &restoring);
    facts.apply(BEGAN, &concluded("x", ChangeOutcome::Confirmed, Phase::AdminFull));
    assert_eq!(facts.promoted, []);
    assert_eq!(facts.state.unwrap().phase, Phase::AdminFull);
}

#[test]
fn the_after_action_report_tells_what_was_planned_and_what_came_of_it() {
    let entries = rehearsal();
    let facts = facts(&entries);
    let sheet = counting(Some(&facts), &std::collections::BTreeMap::new(), Tz::UTC);
    let page = Page {
        id: "run".into(),
        label: "R-014".into(),
        kind: Kind::Rehearsal,
        environment: "practice".into(),
        outcome: Outcome::of(&sheet, Some(&facts)),
        withdrawn: None,
        lines: sheet
            .into_iter()
            .map(|(field, text)| Line {
                field,
                fact: Some(text),
                typed: None,
            })
            .collect(),
    };
    let story = Story::of(entries);
    insta::assert_snapshot!(after_action(&page, &story, Runbook::builtin(), Tz::UTC));
}

/// The events of a story, each with its minutes.
fn told(story: &Story) -> Vec<String> {
    story
        .events
        .iter()
        .map(|event| {
            let minute = |at_ms| (at_ms - BEGAN) / 60_000;
            let until = event
                .until_ms
                .map_or_else(String::new, |until| format!("–{}", minute(until)));
            let wrong = if event.wrong { " !" } else { "" };
            format!("{}{until} {}{wrong}", minute(event.at_ms), event.words)
        })
        .collect()
}

#[test]
fn the_timeline_tells_each_act_once_and_in_order() {
    let story = Story::of(rehearsal());
    assert_eq!(
        told(&story),
        [
            "0 Run started by Ana Weber",
            "1–1 Phase 2: confirmed",
            "3–4 Smoke checklist of Phase 2: not proven, 2 of 3 passed !",
            "6–8 Phase 3: confirmed, by override",
            "9 Attached as metrics",
            "10–15 Rollback to Phase 2: verified",
            "10–11 Phase 2: confirmed",
            "18 Run ended",
        ]
    );
    assert_eq!(story.open_points().len(), 2, "{:?}", story.open_points());
}

#[test]
fn two_runs_are_compared_step_by_step() {
    let before = Story::of(checklist(
        0,
        vec![
            step("list", "staff-smoke", StepResult::Pass, 100),
            step("borrow", "member-smoke", StepResult::Pass, 100),
            step("gone", "member-smoke", StepResult::Fail, 100),
        ],
    ));
    let after = Story::of(checklist(
        0,
        vec![
            step("list", "staff-smoke", StepResult::Pass, 180),
            step("borrow", "member-smoke", StepResult::Fail, 140),
            step("new", "admin-smoke", StepResult::Fail, 10),
        ],
    ));
    let rows = compare(&before, &after);
    let told: Vec<(&str, Option<u64>, bool)> = rows
        .iter()
        .map(|row| (row.step.as_str(), row.slower_by_ms(), row.failed_anew()))
        .collect();
    assert_eq!(
        told,
        [
            ("list", Some(80), false),
            ("borrow", None, true),
            ("gone", None, false),
            ("new", None, true)
        ]
    );
}

#[test]
fn a_question_counts_as_a_person_answered_it_before_the_checklist_or_after() {
    let word = |minute, pass| {
        happened(
            minute,
            Record::CheckAttested {
                check: "check".into(),
                pass,
                note: "seen".into(),
                phase: Phase::MemberWrites,
                phase_saved_at_ms: BEGAN,
            },
        )
    };
    let run = |words: &[(i64, bool)]| {
        let mut all = vec![run_started()];
        all.extend(checklist(
            3,
            vec![
                step("borrow", "member-smoke", StepResult::Pass, 100),
                step("question", "person", StepResult::Skipped, 0),
            ],
        ));
        all.extend(words.iter().map(|(minute, pass)| word(*minute, *pass)));
        all.sort_by_key(|happened| happened.at_ms);
        let member = facts(&all).sheet(Tz::UTC)[&Field::MemberSmoke].clone();
        let proven = Story::of(all).checklists[0].is_proof();
        (member.contains("not proven"), proven)
    };
    assert_eq!(run(&[]), (true, false));
    assert_eq!(run(&[(2, true)]), (false, true), "answered before");
    assert_eq!(run(&[(9, true)]), (false, true), "answered after");
    assert_eq!(run(&[(9, false)]), (true, false), "answered with no");
    assert_eq!(run(&[(8, false), (9, true)]), (false, true), "the newest counts");
    assert_eq!(run(&[(8, true), (9, false)]), (true, false), "the newest counts");
}

#[test]
fn the_first_phase_that_is_ever_saved_is_no_way_back() {
    let mut first = started("a", Phase::AdminFull, Phase::ReadOnly);
    if let Record::PhaseChangeStarted { from, .. } = &mut first {
        from.updated_at_ms = 0;
    }
    let all = [
        run_started(),
        happened(1, first),
        happened(1, concluded("a", ChangeOutcome::Confirmed, Phase::ReadOnly)),
    ];
    let facts = facts(&all);
    assert_eq!(
        (facts.promoted, facts.rolled_back),
        (vec![Phase::ReadOnly], vec![])
    );
}

#[test]
fn the_timeline_tells_of_files_and_bundles_of_what_goes_on_and_of_what_is_told_late() {
    let all = [
        run_started(),
        happened(1, started("a", Phase::ReadOnly, Phase::MemberWrites)),
        happened(
            3,
            Record::EvidenceAttached {
                sha256: "cd".repeat(32),
                name: "screen.png".into(),
                media_type: "image/png".into(),
                bytes: 1,
                item: "incident-export".into(),
            },
        ),
        happened(
            5,
            Record::AnnouncementSent {
                announcement_id: "text".into(),
                place: "#ops".into(),
                sent_at_ms: BEGAN + 2 * 60_000,
                by: "Ana".into(),
            },
        ),
        happened(
            6,
            Record::EvidenceExported {
                bundle_sha256: "ef".repeat(32),
                signed_by: "key".into(),
                journal_seq: 5,
                journal_head: "00".into(),
                missing: vec!["drill".into()],
            },
        ),
    ];
    assert_eq!(
        told(&Story::of(all)),
        [
            "0 Run started by Ana Weber",
            "1 Phase 2: under way",
            "2 Text sent to #ops",
            "3 screen.png attached as incident-export",
            "6 Evidence exported, incomplete: drill",
        ]
    );
}

#[test]
fn a_stretch_ends_with_its_own_end_and_not_with_that_of_the_newest_of_its_kind() {
    let [first, first_end] = checklist(1, vec![step("list", "staff-smoke", StepResult::Pass, 100)]);
    let [second, _cut_off] = checklist(3, vec![step("list", "staff-smoke", StepResult::Pass, 100)]);
    let first_end = Happened {
        at_ms: BEGAN + 5 * 60_000,
        ..first_end
    };
    assert_eq!(
        told(&Story::of([first, second, first_end])),
        [
            "1–5 Smoke checklist of Phase 2: proven, 1 of 1 passed",
            "3 Smoke checklist of Phase 2",
        ]
    );
}

#[test]
fn what_an_account_found_is_told_of_the_phase_that_was_checked() {
    let mut all = vec![run_started()];
    all.extend(checklist(
        1,
        vec![step("list", "staff-smoke", StepResult::Pass, 100)],
    ));
    for happened in &mut all {
        if let Record::SmokeFinished { finish, .. } = &mut happened.record {
            finish.state = Some(state(Phase::ReadOnly, BEGAN));
        }
    }
    let sheet = facts(&all).sheet(Tz::UTC);
    assert_eq!(
        sheet[&Field::StaffSmoke],
        "phase_2_member_writes: 1 of 1 passed",
        "not of the phase in force"
    );
}

#[test]
fn a_drill_makes_no_run_rolled_back() {
    let mut all = rehearsal();
    for happened in &mut all {
        if let Record::RollbackOpened { opening, .. } = &mut happened.record {
            opening.purpose = Purpose::Drill;
        }
    }
    all.retain(|happened| !matches!(&happened.record, Record::SmokeFinished { .. }));
    let drilled = facts(&all);
    let mut sheet = counting(Some(&drilled), &std::collections::BTreeMap::new(), Tz::UTC);
    assert_eq!(sheet[&Field::PhaseRolledBack], "phase_2_member_writes");
    assert_eq!(Outcome::of(&sheet, Some(&drilled)), Outcome::Done);
    // A person says that it was more than a drill.
    sheet.insert(Field::PhaseRolledBack, "Phase 1".into());
    assert_eq!(Outcome::of(&sheet, Some(&drilled)), Outcome::RolledBack);
    let real = facts(&rehearsal());
    let sheet = counting(Some(&real), &std::collections::BTreeMap::new(), Tz::UTC);
    assert_eq!(Outcome::of(&sheet, Some(&real)), Outcome::RolledBack);
}

#[test]
fn the_report_of_an_entry_made_by_hand_says_what_was_typed() {
    let page = page(&sheet(&[
        (Field::Date, "2026-11-25"),
        (Field::StartTime, "about *two*"),
        (Field::EndTime, "15:00"),
        (Field::DurationMinutes, "_58_"),
        (Field::PhasePromoted, "Phase 2"),
    ]));
    let report = after_action(&page, &Story::default(), Runbook::builtin(), Tz::UTC);
    assert!(
        report.contains("From about \\*two\\* to 2026-11-25 15:00, \\_58\\_ minutes."),
        "{report}"
    );
    for untrue in [
        "still open",
        "has not ended",
        "not moved to",
        "Nothing was rolled back",
        "No smoke checklist",
    ] {
        assert!(!report.contains(untrue), "{untrue:?} is in {report}");
    }
    assert!(report.contains("- Phase promoted: Phase 2\n"), "{report}");
}

#[test]
fn the_report_of_a_run_says_the_times_that_were_corrected() {
    let mut entries = rehearsal();
    entries.pop();
    let page = page(&sheet(&[(Field::Date, "2026-11-25"), (Field::EndTime, "15:00")]));
    let report = after_action(&page, &Story::of(entries), Runbook::builtin(), Tz::UTC);
    assert!(
        report.contains("From 2026-11-25 13:00:00 UTC to 2026-11-25 15:00, "),
        "{report}"
    );
    assert!(!report.contains("has not ended"), "{report}");
}
