use super::{
    announcements::announcement, change_concluded, change_started, clock, entry, environment_added, faults,
    live, new_dir, open, sql, state,
};
use crate::{
    NewEntry, journal, migrate,
    projection::{self, TABLES},
    verify,
};
use desk_core::{
    EnvironmentKind, EnvironmentName, Phase, Role,
    announce::{Audience, TemplateText},
    phase::Direction,
    record::{ArtifactKind, ChangeOutcome, PostOutcome, Record, RequestRef},
    rollback::{Event, Purpose, Step},
    smoke::{Left, PhaseAnswers, Settled, SmokeFinish, SmokeStart, Thing},
};
use proptest::prelude::*;
use rusqlite::Connection;

#[tokio::test]
async fn environments_and_identities_come_and_go() {
    let dir = new_dir();
    let store = open(&dir);
    store
        .append(entry(Some(live()), environment_added()))
        .await
        .unwrap();
    for role in [Role::MemberSmoke, Role::Operator] {
        let set = Record::IdentitySet {
            role,
            uid: format!("uid-{role}"),
            staff: role.needs_staff(),
            session_only: false,
        };
        store.append(entry(Some(live()), set)).await.unwrap();
    }
    let environments = store.environments().await.unwrap();
    assert_eq!(environments.len(), 1);
    assert_eq!(environments[0].name, live());
    assert_eq!(environments[0].kind, EnvironmentKind::Live);
    assert_eq!(environments[0].project_id.as_deref(), Some("studio"));
    assert_eq!(environments[0].phase_cache_ms, 60_000);
    assert_eq!(environments[0].added_at_ms, super::NOON);
    let identities = store.identities(&live()).await.unwrap();
    assert_eq!(identities.len(), 2);
    assert_eq!((identities[0].role, identities[0].staff), (Role::Operator, true));
    assert_eq!(
        (identities[1].role, identities[1].staff),
        (Role::MemberSmoke, false)
    );
    assert_eq!(store.identities(&EnvironmentName::practice()).await.unwrap(), []);

    let forgotten = Record::IdentityForgotten { role: Role::Operator };
    store.append(entry(Some(live()), forgotten)).await.unwrap();
    assert_eq!(store.identities(&live()).await.unwrap().len(), 1);
    store
        .append(entry(Some(live()), Record::EnvironmentRemoved {}))
        .await
        .unwrap();
    assert_eq!(store.environments().await.unwrap(), []);
    assert_eq!(store.identities(&live()).await.unwrap(), []);
}

#[tokio::test]
async fn the_open_run_is_the_environments_newest() {
    let dir = new_dir();
    let store = open(&dir);
    assert_eq!(store.open_run(&live()).await.unwrap(), None);
    for (number, environment) in [(1, live()), (2, live()), (3, EnvironmentName::practice())] {
        let started = NewEntry {
            run_id: Some(format!("run-{number}")),
            ..entry(
                Some(environment),
                Record::RunStarted {
                    number,
                    environment_kind: EnvironmentKind::Live,
                    runbook_sha256: None,
                    owner: None,
                },
            )
        };
        store.append(started).await.unwrap();
    }
    let run = store.open_run(&live()).await.unwrap().unwrap();
    assert_eq!(
        (run.id.as_str(), run.number, run.started_at_ms),
        ("run-2", 2, super::NOON)
    );
}

#[tokio::test]
async fn a_run_that_ended_is_no_longer_the_open_one_and_knows_what_it_was() {
    let dir = new_dir();
    let store = open(&dir);
    let of_run = |id: &str, record| NewEntry {
        run_id: Some(id.to_owned()),
        ..entry(Some(live()), record)
    };
    let started = |number, owner: Option<&str>| Record::RunStarted {
        number,
        environment_kind: EnvironmentKind::Live,
        runbook_sha256: Some("ab".into()),
        owner: owner.map(str::to_owned),
    };
    store.append(of_run("r1", started(1, Some("Zoë")))).await.unwrap();
    store.append(of_run("r1", Record::RunEnded {})).await.unwrap();
    assert_eq!(store.open_run(&live()).await.unwrap(), None);
    // A second end changes nothing, and one of no run either.
    for id in ["r1", "nowhere"] {
        store.append(of_run(id, Record::RunEnded {})).await.unwrap();
    }
    store.append(of_run("r2", started(2, None))).await.unwrap();
    let runs = store.runs(&live()).await.unwrap();
    assert_eq!(store.open_run(&live()).await.unwrap().as_ref(), runs.first());
    let first = &runs[1];
    assert_eq!(
        (
            first.owner.as_deref(),
            first.ended_at_ms,
            first.started_by.as_str()
        ),
        (Some("Zoë"), Some(super::NOON), "staff_zoë")
    );
    assert_eq!(first.runbook_sha256.as_deref(), Some("ab"));
    assert_eq!(first.environment_kind, EnvironmentKind::Live);
    assert_eq!(store.entries_of_run("r1").await.unwrap(), 3);
    store.rebuild().await.unwrap();
    assert_eq!(store.runs(&live()).await.unwrap(), runs);
}

/// A decision to move from phase 1 forward by override, and what came of it.
fn overridden(id: &str, to: Phase, outcome: Option<ChangeOutcome>) -> Vec<NewEntry> {
    let started = Record::PhaseChangeStarted {
        change_id: id.into(),
        from: state(Phase::ReadOnly, 5),
        to,
        note: None,
        direction: Direction::Forward,
        incident_id: None,
        basis: None,
        override_reason: Some(format!("reason of {id}")),
    };
    let concluded = outcome.map(|outcome| change_concluded(id, outcome, Some(state(to, 9))));
    std::iter::once(started)
        .chain(concluded)
        .map(|record| entry(Some(live()), record))
        .collect()
}

fn moved(to: Phase) -> Vec<NewEntry> {
    let moved = Record::PhaseMovedElsewhere {
        from: None,
        to: state(to, 20),
    };
    vec![entry(Some(live()), moved)]
}

/// What a case is called, what happens in it one after the other, and which changes' overrides are in force then.
type Case = (&'static str, Vec<Vec<NewEntry>>, &'static [&'static str]);

#[tokio::test]
async fn an_override_is_in_force_until_the_phase_goes_below_what_it_opened() {
    use ChangeOutcome::{Confirmed, NotApplied, NotSent, Overtaken, Refused, Unknown};
    let two = |outcome| overridden("a", Phase::MemberWrites, outcome);
    let three = || overridden("b", Phase::AdminFull, Some(Confirmed));
    let added = || vec![entry(Some(live()), environment_added())];
    let removed = || vec![entry(Some(live()), Record::EnvironmentRemoved {})];
    let elsewhere = || vec![entry(Some(EnvironmentName::practice()), Record::PracticeReset {})];
    let cases: Vec<Case> = vec![
        ("not known yet", vec![two(None)], &["a"]),
        ("unknown", vec![two(Some(Unknown))], &["a"]),
        ("confirmed", vec![two(Some(Confirmed))], &["a"]),
        ("overtaken", vec![two(Some(Overtaken))], &["a"]),
        ("refused", vec![two(Some(Refused))], &[]),
        ("not sent", vec![two(Some(NotSent))], &[]),
        ("not applied", vec![two(Some(NotApplied))], &[]),
        ("two in a row", vec![two(Some(Confirmed)), three()], &["a", "b"]),
        (
            "one back",
            vec![two(Some(Confirmed)), three(), moved(Phase::MemberWrites)],
            &["a"],
        ),
        (
            "all the way back, and up again elsewhere",
            vec![
                two(Some(Confirmed)),
                moved(Phase::ReadOnly),
                moved(Phase::MemberWrites),
            ],
            &[],
        ),
        (
            "moved up after it",
            vec![two(Some(Confirmed)), moved(Phase::AdminFull)],
            &["a"],
        ),
        (
            "another portal by the same name",
            vec![added(), two(Some(Confirmed)), removed(), added()],
            &[],
        ),
        (
            "another portal was reset",
            vec![two(Some(Confirmed)), elsewhere()],
            &["a"],
        ),
    ];
    for (what, entries, wanted) in cases {
        let dir = new_dir();
        let store = open(&dir);
        for entry in entries.into_iter().flatten() {
            store.append(entry).await.unwrap();
        }
        let found = store.overrides_in_force(&live()).await.unwrap();
        let ids: Vec<_> = found.iter().map(|row| row.change_id.as_str()).collect();
        assert_eq!(ids, wanted, "{what}");
        for row in &found {
            assert_eq!(
                row.override_reason.clone(),
                Some(format!("reason of {}", row.change_id))
            );
        }
    }
}

#[tokio::test]
async fn a_change_is_unresolved_until_its_outcome_is_known() {
    let dir = new_dir();
    let store = open(&dir);
    let unresolved = async || {
        let rows = store.unresolved_changes(&live()).await.unwrap();
        rows.into_iter().map(|row| row.change_id).collect::<Vec<_>>()
    };
    for id in ["c1", "c2"] {
        store
            .append(entry(Some(live()), change_started(id)))
            .await
            .unwrap();
    }
    assert_eq!(unresolved().await, ["c1", "c2"]);
    let conclude = async |id, outcome, state| {
        let concluded = change_concluded(id, outcome, state);
        store.append(entry(Some(live()), concluded)).await.unwrap();
    };
    conclude("c1", ChangeOutcome::Unknown, None).await;
    conclude("c2", ChangeOutcome::Refused, Some(state(Phase::AdminFull, 5))).await;
    assert_eq!(unresolved().await, ["c1"]);
    // Only what this desk set, or found moved, counts as seen.
    assert_eq!(store.last_seen_phase(&live()).await.unwrap(), None);
    conclude(
        "c1",
        ChangeOutcome::Confirmed,
        Some(state(Phase::MemberWrites, 9)),
    )
    .await;
    assert_eq!(unresolved().await, Vec::<String>::new());
    assert_eq!(
        store.last_seen_phase(&live()).await.unwrap(),
        Some(state(Phase::MemberWrites, 9))
    );

    let rows = store.phase_changes(&live(), 10).await.unwrap();
    assert_eq!(rows[0].change_id, "c2");
    let first = &rows[1];
    assert_eq!(first.change_id, "c1");
    assert_eq!(first.from, state(Phase::AdminFull, 5));
    assert_eq!(first.to, Phase::MemberWrites);
    assert_eq!(first.direction, Direction::Back);
    assert_eq!(first.note.as_deref(), Some("closing the desk"));
    assert_eq!(first.incident_id.as_deref(), Some("INC-7"));
    assert_eq!(first.actor, "staff_zoë");
    assert_eq!(first.run_id.as_deref(), Some("run-1"));
    assert_eq!(first.outcome, Some(ChangeOutcome::Confirmed));
    assert_eq!(first.state, Some(state(Phase::MemberWrites, 9)));
    assert_eq!(first.concluded_at_ms, Some(super::NOON));
    assert_eq!(store.phase_changes(&live(), 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_move_by_others_is_what_was_seen_last_until_the_portal_is_another() {
    let dir = new_dir();
    let store = open(&dir);
    let practice = EnvironmentName::practice();
    for environment in [live(), practice.clone()] {
        let moved = Record::PhaseMovedElsewhere {
            from: None,
            to: state(Phase::ReadOnly, 7),
        };
        store
            .append(entry(Some(environment.clone()), moved))
            .await
            .unwrap();
        assert_eq!(
            store.last_seen_phase(&environment).await.unwrap(),
            Some(state(Phase::ReadOnly, 7))
        );
    }
    store
        .append(entry(Some(live()), Record::EnvironmentRemoved {}))
        .await
        .unwrap();
    assert_eq!(store.last_seen_phase(&live()).await.unwrap(), None);
    assert!(store.last_seen_phase(&practice).await.unwrap().is_some());
    store
        .append(entry(Some(practice.clone()), Record::PracticeReset {}))
        .await
        .unwrap();
    assert_eq!(store.last_seen_phase(&practice).await.unwrap(), None);
}

#[tokio::test]
async fn a_projection_that_was_tampered_with_is_named_and_rebuilt() {
    let dir = new_dir();
    let store = open(&dir);
    store
        .append(entry(Some(live()), environment_added()))
        .await
        .unwrap();
    store
        .append(entry(Some(live()), change_started("c1")))
        .await
        .unwrap();
    sql(
        &store,
        "UPDATE phase_change SET note = 'another'; UPDATE environment SET kind = 'staging';
         INSERT INTO phase_seen VALUES ('nowhere', '{}'); DELETE FROM identity;",
    )
    .await
    .unwrap();
    let verified = store.verify().await.unwrap();
    assert_eq!(
        (verified.broken, verified.stale),
        (None, vec!["environment", "phase_change", "phase_seen"])
    );
    store.rebuild().await.unwrap();
    assert!(store.verify().await.unwrap().is_whole());
    assert_eq!(store.environments().await.unwrap()[0].kind, EnvironmentKind::Live);
}

#[tokio::test]
async fn an_entry_of_a_newer_desk_stops_a_rebuild_and_leaves_the_projections() {
    let dir = new_dir();
    let store = open(&dir);
    store
        .append(entry(Some(live()), environment_added()))
        .await
        .unwrap();
    store.append(faults("a")).await.unwrap();
    sql(
        &store,
        "DROP TRIGGER journal_is_never_changed; UPDATE journal SET kind = 'from_the_future' WHERE seq = 2;",
    )
    .await
    .unwrap();
    let result = store.rebuild().await;
    assert!(
        matches!(result, Err(crate::StoreError::Unreadable { seq: 2, .. })),
        "{result:?}"
    );
    assert_eq!(store.environments().await.unwrap().len(), 1);
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

fn any_state() -> impl Strategy<Value = desk_core::PhaseState> {
    (phase(), any::<Option<String>>(), 0..i64::MAX).prop_map(|(phase, note, updated_at_ms)| {
        desk_core::PhaseState {
            phase,
            note,
            updated_at_ms,
            updated_by_uid: None,
        }
    })
}

fn outcome() -> impl Strategy<Value = ChangeOutcome> {
    use ChangeOutcome::{Confirmed, NotApplied, NotSent, Overtaken, Refused, Unknown};
    prop::sample::select(vec![Confirmed, NotApplied, NotSent, Overtaken, Refused, Unknown])
}

fn any_smoke_record() -> impl Strategy<Value = Record> {
    let id = || (0..4_u8).prop_map(|n| format!("s{n}"));
    prop_oneof![
        (id(), phase()).prop_map(|(smoke_id, phase)| Record::SmokeStarted {
            smoke_id,
            start: SmokeStart {
                phase,
                runbook_sha256: "0".into(),
                only_failed_of: None,
                overrides: vec![],
            },
        }),
        (id(), any::<bool>()).prop_map(|(smoke_id, cancelled)| Record::SmokeFinished {
            smoke_id,
            finish: SmokeFinish {
                cancelled,
                steps: Vec::new(),
                answers: PhaseAnswers::default(),
                state: None,
                wall_ms: 2,
                critical_path_ms: 1,
            },
        }),
        (id(), id()).prop_map(|(smoke_id, left_id)| Record::SmokeLeft {
            smoke_id,
            left_id,
            left: Left {
                role: Role::MemberSmoke,
                thing: Thing::Rating {
                    item_id: "book".into(),
                },
            },
        }),
        (id(), any::<bool>()).prop_map(|(left_id, removed)| Record::SmokeSettled {
            left_id,
            settled: if removed {
                Settled::Removed
            } else {
                Settled::Kept {
                    id: None,
                    why: "no route".into(),
                }
            },
        }),
        (id(), any::<bool>(), phase()).prop_map(|(check, pass, phase)| Record::CheckAttested {
            check,
            pass,
            note: String::new(),
            phase,
            phase_saved_at_ms: 0,
        }),
    ]
}

/// Any record; ids and numbers are drawn from few, so that records meet. A start's id is made unique by its caller.
fn any_record() -> impl Strategy<Value = Record> {
    let id = || (0..12_u8).prop_map(|n| format!("c{n}"));
    let role = || prop::sample::select(Role::ALL.to_vec());
    prop_oneof![
        any::<u32>().prop_map(|ms| match environment_added() {
            Record::EnvironmentAdded {
                environment_kind,
                api_base,
                identity_base,
                token_base,
                project_id,
                ..
            } => Record::EnvironmentAdded {
                environment_kind,
                api_base,
                identity_base,
                token_base,
                project_id,
                phase_cache_ms: u64::from(ms),
                change_window: None,
            },
            other => other,
        }),
        Just(Record::EnvironmentRemoved {}),
        (role(), any::<String>(), any::<bool>(), any::<bool>()).prop_map(
            |(role, uid, staff, session_only)| {
                Record::IdentitySet {
                    role,
                    uid,
                    staff,
                    session_only,
                }
            }
        ),
        role().prop_map(|role| Record::IdentityForgotten { role }),
        Just(Record::RunStarted {
            number: 0,
            environment_kind: EnvironmentKind::Staging,
            runbook_sha256: None,
            owner: None,
        }),
        (any_state(), phase(), any::<Option<String>>()).prop_map(|(from, to, note)| {
            Record::PhaseChangeStarted {
                change_id: String::new(),
                direction: Direction::of(from.phase, to),
                from,
                to,
                note,
                incident_id: None,
                basis: None,
                override_reason: None,
            }
        }),
        (
            id(),
            outcome(),
            prop::option::of(any_state()),
            any::<Option<u16>>()
        )
            .prop_map(
                |(change_id, outcome, state, status)| Record::PhaseChangeConcluded {
                    change_id,
                    outcome,
                    state,
                    requests: vec![RequestRef {
                        route: "library.rollout.set".into(),
                        request_id: "req_1".into(),
                        status,
                        at_ms: 1,
                        duration_ms: 2,
                    }],
                    acknowledged_at_ms: None,
                    reason: None,
                }
            ),
        any_state().prop_map(|to| Record::PhaseMovedElsewhere { from: None, to }),
        (id(), phase()).prop_map(|(sha256, phase)| Record::ArtifactCaptured {
            sha256,
            artifact_kind: ArtifactKind::PhaseMetrics,
            phase,
        }),
        (id(), any::<String>()).prop_map(|(sha256, item)| Record::ArtifactAttached { sha256, item }),
        any_smoke_record(),
        any_rollback_record(),
        any_announcement_record(),
        Just(Record::PracticeReset {}),
        any::<String>().prop_map(|fault| Record::PracticeFaultsSet { faults: vec![fault] }),
    ]
}

fn any_rollback_record() -> impl Strategy<Value = Record> {
    let step = || prop::sample::select(vec![Step::Trigger, Step::SetPhase, Step::Verify, Step::Restore]);
    let event = prop_oneof![
        step().prop_map(|step| Event::Started { step }),
        (step(), any::<String>()).prop_map(|(step, found)| Event::Done { step, found }),
        (step(), (0..3_u8)).prop_map(|(step, n)| Event::Sending {
            step,
            change_id: format!("c{n}"),
            account: "operator".into(),
            attempt: 1,
        }),
        (step(), any_state()).prop_map(|(step, state)| Event::Acknowledged {
            step,
            state,
            request_id: None,
        }),
        any_state().prop_map(|seen| Event::Moved { seen }),
        Just(Event::WentOn),
        any::<i64>().prop_map(|by_ms| Event::ClockJumped { by_ms }),
        any::<Option<i64>>().prop_map(|review_by_ms| Event::Closed { review_by_ms }),
    ];
    let opened = (any::<i64>(), phase(), any::<bool>()).prop_map(|(at_ms, to, drill)| {
        let purpose = if drill { Purpose::Drill } else { Purpose::Rollback };
        Record::RollbackOpened {
            rollback_id: String::new(),
            at_ms,
            opening: Box::new(super::opening(purpose, to)),
        }
    });
    let happened = ((0..12_u8), any::<i64>(), event).prop_map(|(n, at_ms, event)| Record::RollbackEvent {
        rollback_id: format!("c{n}"),
        at_ms,
        event,
    });
    prop_oneof![opened, happened]
}

fn any_announcement_record() -> impl Strategy<Value = Record> {
    let id = || (0..12_u8).prop_map(|n| format!("c{n}"));
    let outcome = prop::sample::select(vec![PostOutcome::Posted, PostOutcome::Unknown]);
    prop_oneof![
        prop::sample::select(vec!["staff", "member"]).prop_map(|template| Record::AnnouncementMade {
            announcement_id: String::new(),
            announcement: Box::new(announcement(template, Phase::MemberWrites, "2026-03-02 09:00")),
        }),
        id().prop_map(|announcement_id| Record::AnnouncementPostStarted {
            announcement_id,
            host: "hooks.example".into(),
        }),
        (id(), outcome).prop_map(|(announcement_id, outcome)| Record::AnnouncementPostConcluded {
            announcement_id,
            outcome,
            found: String::new(),
        }),
        (id(), any::<String>(), any::<i64>()).prop_map(|(announcement_id, place, sent_at_ms)| {
            Record::AnnouncementSent {
                announcement_id,
                place,
                sent_at_ms,
                by: "Ana".into(),
            }
        }),
        any::<String>().prop_map(|subject| Record::AnnouncementTemplateSaved {
            template: TemplateText {
                id: "own".into(),
                name: "Our own".into(),
                audience: Audience::Staff,
                number: 0,
                subject,
                body: "1. {timestamp}".into(),
                placeholders: Vec::new(),
            },
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn projections_rebuilt_from_the_journal_equal_the_stored_ones(
        records in prop::collection::vec((any::<bool>(), any_record()), 0..40)
    ) {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate::run(&mut connection, migrate::ALL).unwrap();
        let clock = clock();
        for (index, (in_practice, mut record)) in records.into_iter().enumerate() {
            match &mut record {
                Record::PhaseChangeStarted { change_id, .. } => *change_id = format!("c{index}"),
                Record::RollbackOpened { rollback_id, .. } => *rollback_id = format!("c{index}"),
                Record::AnnouncementMade { announcement_id, .. } => *announcement_id = format!("c{index}"),
                Record::AnnouncementTemplateSaved { template } => template.number = u32::try_from(index).unwrap(),
                Record::RunStarted { number, .. } => *number = i64::try_from(index).unwrap(),
                _ => {}
            }
            let environment = if in_practice { EnvironmentName::practice() } else { live() };
            let new = NewEntry { run_id: Some(format!("run-{index}")), ..entry(Some(environment), record) };
            journal::append_in(&connection, new, clock()).unwrap();
        }
        let tables = |connection: &Connection| TABLES.map(|table| verify::rows(connection, table).unwrap());
        let stored = tables(&connection);
        projection::rebuild(&mut connection).unwrap();
        prop_assert_eq!(tables(&connection), stored);
    }
}
