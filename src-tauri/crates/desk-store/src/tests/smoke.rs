use super::{entry, live, new_dir, open};
use desk_core::{
    EnvironmentName, Phase, Role,
    record::Record,
    smoke::{Left, PhaseAnswers, Settled, SmokeFinish, SmokeStart, Thing},
};

fn started(smoke_id: &str, phase: Phase) -> Record {
    Record::SmokeStarted {
        smoke_id: smoke_id.into(),
        start: SmokeStart {
            phase,
            runbook_sha256: "0".into(),
            only_failed_of: None,
            overrides: vec![],
        },
    }
}

fn loan(left_id: &str) -> Record {
    Record::SmokeLeft {
        smoke_id: "s1".into(),
        left_id: left_id.into(),
        left: Left {
            role: Role::MemberSmoke,
            thing: Thing::Loan {
                item_id: "book".into(),
                key: "k".into(),
            },
        },
    }
}

fn settled(left_id: &str, settled: Settled) -> Record {
    Record::SmokeSettled {
        left_id: left_id.into(),
        settled,
    }
}

fn kept() -> Settled {
    Settled::Kept {
        id: Some("r1".into()),
        why: "no route removes it".into(),
    }
}

#[tokio::test]
async fn runs_of_the_checklist_are_found_by_phase_and_one_cut_off_has_no_end() {
    let dir = new_dir();
    let store = open(&dir);
    let finish = SmokeFinish {
        cancelled: false,
        steps: Vec::new(),
        answers: PhaseAnswers::default(),
        state: None,
        wall_ms: 3,
        critical_path_ms: 2,
    };
    for record in [
        started("s1", Phase::ReadOnly),
        started("s2", Phase::MemberWrites),
        Record::SmokeFinished {
            smoke_id: "s2".into(),
            finish: finish.clone(),
        },
    ] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    let ids = async |phase| -> Vec<String> {
        let runs = store.smoke_runs(&live(), phase, 10).await.unwrap();
        runs.into_iter().map(|run| run.smoke_id).collect()
    };
    assert_eq!(ids(None).await, ["s2", "s1"]);
    assert_eq!(ids(Some(Phase::ReadOnly)).await, ["s1"]);
    let cut_off = store.smoke_run(&live(), "s1").await.unwrap().unwrap();
    assert_eq!((cut_off.finished_at_ms, cut_off.finish), (None, None));
    let whole = store.smoke_run(&live(), "s2").await.unwrap().unwrap();
    assert_eq!(whole.finish, Some(finish));
    let elsewhere = EnvironmentName::practice();
    assert_eq!(store.smoke_run(&elsewhere, "s1").await.unwrap(), None);
}

#[tokio::test]
async fn what_was_left_stays_in_the_ledger_until_it_is_settled() {
    let dir = new_dir();
    let store = open(&dir);
    for record in [
        loan("a"),
        loan("b"),
        loan("c"),
        settled("a", Settled::Removed),
        settled("b", kept()),
    ] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    let left: Vec<_> = store.smoke_left(&live()).await.unwrap();
    let left: Vec<_> = left.into_iter().map(|row| (row.left_id, row.settled)).collect();
    assert_eq!(left, [("b".into(), Some(kept())), ("c".into(), None)]);

    // Noted again, it is open again.
    store.append(entry(Some(live()), loan("b"))).await.unwrap();
    let left = store.smoke_left(&live()).await.unwrap();
    assert!(left.iter().all(|row| row.settled.is_none()));

    store
        .append(entry(Some(live()), Record::EnvironmentRemoved {}))
        .await
        .unwrap();
    assert_eq!(store.smoke_left(&live()).await.unwrap(), []);
}

#[tokio::test]
async fn the_newest_word_on_a_check_counts() {
    let dir = new_dir();
    let store = open(&dir);
    for pass in [false, true] {
        let attested = Record::CheckAttested {
            check: "phase1-writes-paused".into(),
            pass,
            note: "seen".into(),
            phase: Phase::ReadOnly,
            phase_saved_at_ms: 5,
        };
        store.append(entry(Some(live()), attested)).await.unwrap();
    }
    let words = store.attestations(&live()).await.unwrap();
    assert_eq!(words.len(), 1);
    assert!(words[0].pass);
    assert_eq!((words[0].phase, words[0].phase_saved_at_ms), (Phase::ReadOnly, 5));
}
