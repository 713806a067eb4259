use crate::gate::{
    Action, AdvanceFacts, ArtifactFacts, DecisionDigest, Facts, InForce, Judgement, Need, NeedState,
    SmokeFacts, Verdict, judge, needs_for_advance,
};
use crate::{Phase, Runbook};

const SET: i64 = 1_000_000;

const IN_FORCE: InForce = InForce {
    phase: Phase::ReadOnly,
    since_ms: SET,
};

fn smoke() -> SmokeFacts {
    SmokeFacts {
        id: "smoke-1".into(),
        phase: Phase::ReadOnly,
        started_at_ms: SET,
        finished_at_ms: Some(SET + 1),
        same_runbook: true,
        failed: 0,
        missed: 0,
        unattested: vec![],
        routes: vec![],
    }
}

fn artifact() -> ArtifactFacts {
    ArtifactFacts {
        sha256: "a1".into(),
        phase: Phase::ReadOnly,
        captured_at_ms: SET,
        same_runbook: true,
        attached: true,
    }
}

fn judgements(verdict: Verdict) -> Vec<Judgement> {
    let nothing = Facts {
        now_ms: SET,
        in_force: Some(IN_FORCE),
        snapshot: None,
        smoke: None,
        artifact: None,
    };
    Runbook::builtin()
        .gates_of(Phase::ReadOnly)
        .map(|gate| Judgement {
            verdict,
            action: (verdict != Verdict::Go).then_some(Action::Soak),
            ..judge(gate, &nothing)
        })
        .collect()
}

/// What is missing: `(id, state, action)`.
fn missing(
    smoke: Option<&SmokeFacts>,
    judgements: &[Judgement],
    artifact: Option<&ArtifactFacts>,
) -> Vec<(String, NeedState, Option<Action>)> {
    let facts = AdvanceFacts {
        in_force: Some(IN_FORCE),
        smoke,
        judgements,
        artifact,
    };
    needs_for_advance(Runbook::builtin(), &facts)
        .into_iter()
        .filter(|need| need.state != NeedState::Done)
        .map(|need| (need.id, need.state, need.action))
        .collect()
}

#[test]
fn nothing_is_missing_when_all_is_earned() {
    let (smoke, artifact, go) = (smoke(), artifact(), judgements(Verdict::Go));
    assert_eq!(missing(Some(&smoke), &go, Some(&artifact)), []);
    let facts = AdvanceFacts {
        in_force: Some(IN_FORCE),
        smoke: Some(&smoke),
        judgements: &go,
        artifact: Some(&artifact),
    };
    let needs: Vec<_> = needs_for_advance(Runbook::builtin(), &facts)
        .into_iter()
        .map(|need| need.id)
        .collect();
    assert_eq!(
        needs,
        [
            "smoke",
            "attestations",
            "gate:phase1-read-errors",
            "gate:phase1-route-errors",
            "artifact"
        ],
        "met needs are listed too, in the order in which they are earned"
    );
}

#[test]
fn at_the_start_everything_is_missing_each_with_what_does_it() {
    let ids = |id: &str, state, action| (id.to_owned(), state, Some(action));
    assert_eq!(
        missing(None, &[], None),
        [
            ids("smoke", NeedState::Missing, Action::RunSmoke),
            ids("attestations", NeedState::Missing, Action::RunSmoke),
            ids("gate:phase1-read-errors", NeedState::Missing, Action::Capture),
            ids("gate:phase1-route-errors", NeedState::Missing, Action::Capture),
            ids("artifact", NeedState::Missing, Action::Capture),
        ]
    );
}

#[test]
fn an_unknown_phase_is_all_that_is_said() {
    let facts = AdvanceFacts {
        in_force: None,
        smoke: Some(&smoke()),
        judgements: &judgements(Verdict::Go),
        artifact: Some(&artifact()),
    };
    let missing: Vec<Need> = needs_for_advance(Runbook::builtin(), &facts);
    assert_eq!(missing.len(), 1);
    assert_eq!((missing[0].id.as_str(), missing[0].action), ("phase", None));
}

#[test]
fn one_thing_missing_blocks_and_says_what_helps() {
    let whole = smoke();
    let go = judgements(Verdict::Go);
    let before = "before the phase was set";
    let smoke_cases = [
        (
            "failed",
            SmokeFacts {
                failed: 2,
                ..whole.clone()
            },
            NeedState::NoGo,
            Action::RunFailed,
        ),
        (
            "missed",
            SmokeFacts {
                missed: 1,
                ..whole.clone()
            },
            NeedState::Missing,
            Action::RunSmoke,
        ),
        (
            "not ended",
            SmokeFacts {
                finished_at_ms: None,
                ..whole.clone()
            },
            NeedState::Missing,
            Action::RunSmoke,
        ),
    ];
    for (what, facts, state, action) in smoke_cases {
        let expected = ("smoke".to_owned(), state, Some(action));
        assert_eq!(
            missing(Some(&facts), &go, Some(&artifact())),
            [expected],
            "{what}"
        );
    }
    let stale_smoke = [
        SmokeFacts {
            started_at_ms: SET - 1,
            ..whole.clone()
        },
        SmokeFacts {
            phase: Phase::MemberWrites,
            ..whole.clone()
        },
    ];
    for facts in stale_smoke {
        let found = missing(Some(&facts), &go, Some(&artifact()));
        assert_eq!(
            found[0],
            ("smoke".to_owned(), NeedState::Stale, Some(Action::RunSmoke)),
            "{before}"
        );
        assert_eq!(found[1].0, "attestations", "a person's word was given {before}");
    }
    let other_runbook = SmokeFacts {
        same_runbook: false,
        ..whole.clone()
    };
    assert_eq!(
        missing(Some(&other_runbook), &go, Some(&artifact())),
        [("smoke".to_owned(), NeedState::Stale, Some(Action::RunSmoke))]
    );
    let waits = SmokeFacts {
        unattested: vec!["phase1-writes-paused".into()],
        ..whole.clone()
    };
    assert_eq!(
        missing(Some(&waits), &go, Some(&artifact())),
        [(
            "attestations".to_owned(),
            NeedState::Missing,
            Some(Action::Attest)
        )]
    );
    let artifact_cases = [
        (
            ArtifactFacts {
                attached: false,
                ..artifact()
            },
            NeedState::Missing,
            Action::Attach,
        ),
        (
            ArtifactFacts {
                captured_at_ms: SET - 1,
                ..artifact()
            },
            NeedState::Stale,
            Action::Capture,
        ),
        (
            ArtifactFacts {
                phase: Phase::AdminFull,
                ..artifact()
            },
            NeedState::Stale,
            Action::Capture,
        ),
        (
            ArtifactFacts {
                same_runbook: false,
                ..artifact()
            },
            NeedState::Stale,
            Action::Capture,
        ),
    ];
    for (facts, state, action) in artifact_cases {
        let expected = ("artifact".to_owned(), state, Some(action));
        assert_eq!(missing(Some(&whole), &go, Some(&facts)), [expected]);
    }
    for (verdict, state) in [
        (Verdict::NoGo, NeedState::NoGo),
        (Verdict::Insufficient, NeedState::Insufficient),
        (Verdict::Stale, NeedState::Stale),
    ] {
        let found = missing(Some(&whole), &judgements(verdict), Some(&artifact()));
        assert_eq!(found.len(), 2, "both gates");
        assert!(
            found
                .iter()
                .all(|need| need.1 == state && need.2 == Some(Action::Soak))
        );
    }
    let one_judged = &go[..1];
    let found = missing(Some(&whole), one_judged, Some(&artifact()));
    assert_eq!(
        found[0].0, "gate:phase1-route-errors",
        "a gate that was not judged is not open"
    );
}

#[test]
fn a_decision_that_rests_on_something_else_by_now_says_what_changed() {
    let (go, no_go) = (judgements(Verdict::Go), judgements(Verdict::NoGo));
    let (smoke, artifact) = (smoke(), artifact());
    let clicked = DecisionDigest::new(&go, Some(&artifact), Some(&smoke), "r1");
    assert_eq!(clicked.changes_until(&clicked.clone()), Vec::<String>::new());

    let other_smoke = SmokeFacts {
        id: "smoke-2".into(),
        ..smoke.clone()
    };
    let detached = ArtifactFacts {
        attached: false,
        ..artifact.clone()
    };
    for (now, change) in [
        (
            DecisionDigest::new(&go[..1], Some(&artifact), Some(&smoke), "r1"),
            "The gate phase1-route-errors is gone.",
        ),
        (
            DecisionDigest::new(
                &[go[0].clone(), no_go[1].clone()],
                Some(&artifact),
                Some(&smoke),
                "r1",
            ),
            "The gate phase1-route-errors was GO and is NO-GO.",
        ),
        (
            DecisionDigest::new(&go, Some(&detached), Some(&smoke), "r1"),
            "Another metrics artifact is attached, or none.",
        ),
        (
            DecisionDigest::new(&go, Some(&artifact), Some(&other_smoke), "r1"),
            "There is another smoke run.",
        ),
        (
            DecisionDigest::new(&go, Some(&artifact), Some(&smoke), "r2"),
            "Another runbook is in force.",
        ),
    ] {
        assert_eq!(clicked.changes_until(&now), [change]);
        assert_ne!(clicked, now);
    }
    let fewer = DecisionDigest::new(&go[..1], Some(&artifact), Some(&smoke), "r1");
    assert_eq!(
        fewer.changes_until(&clicked),
        ["The gate phase1-route-errors is new, and GO."]
    );

    let kept = serde_json::to_string(&clicked).unwrap();
    assert_eq!(serde_json::from_str::<DecisionDigest>(&kept).unwrap(), clicked);
}
