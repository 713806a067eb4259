use super::{NOON, TestClock, entry, live, new_dir, open, sql};
use crate::{Artifact, Attached, Captured, NewEntry, RunArtifactRow, Store, StoreError};
use desk_core::{
    Phase,
    record::{ArtifactKind, Record},
};

/// The SHA-256 of `{}`, from `sha256sum`.
const EMPTY_OBJECT: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

#[tokio::test]
async fn bytes_are_kept_once_by_their_hash() {
    let dir = new_dir();
    let time = TestClock::new();
    let store = Store::open(dir.path(), time.clock()).unwrap();
    let put = store
        .put_artifact(b"{}".to_vec(), "application/json")
        .await
        .unwrap();
    assert_eq!(put, EMPTY_OBJECT);
    time.advance(1);
    let again = store.put_artifact(b"{}".to_vec(), "text/plain").await.unwrap();
    assert_eq!(again, EMPTY_OBJECT);
    assert_eq!(
        store.artifact(EMPTY_OBJECT).await.unwrap(),
        Some(Artifact {
            bytes: b"{}".to_vec(),
            media_type: "application/json".into(),
            created_at_ms: NOON,
        })
    );
    assert_eq!(store.artifact("another").await.unwrap(), None);
}

#[tokio::test]
async fn bytes_that_do_not_give_their_hash_are_not_handed_out() {
    let dir = new_dir();
    let store = open(&dir);
    store
        .put_artifact(b"{}".to_vec(), "application/json")
        .await
        .unwrap();
    sql(&store, "UPDATE artifact SET bytes = x'5b5d'").await.unwrap();
    assert!(matches!(
        store.artifact(EMPTY_OBJECT).await,
        Err(StoreError::Damaged { .. })
    ));
}

fn captured(sha256: &str, phase: Phase) -> Record {
    Record::ArtifactCaptured {
        sha256: sha256.into(),
        artifact_kind: ArtifactKind::PhaseMetrics,
        phase,
    }
}

fn attached(sha256: &str, item: &str) -> Record {
    Record::ArtifactAttached {
        sha256: sha256.into(),
        item: item.into(),
    }
}

async fn append(store: &Store, run_id: Option<&str>, record: Record) {
    let new = NewEntry {
        run_id: run_id.map(str::to_owned),
        ..entry(Some(live()), record)
    };
    store.append(new).await.unwrap();
}

#[tokio::test]
async fn a_run_has_what_was_captured_in_it_and_what_was_put_on_it() {
    let dir = new_dir();
    let time = TestClock::new();
    let store = Store::open(dir.path(), time.clock()).unwrap();
    append(&store, None, captured("before", Phase::ReadOnly)).await;
    append(&store, Some("r1"), captured("mine", Phase::ReadOnly)).await;
    append(&store, Some("r2"), captured("other", Phase::AdminFull)).await;
    time.advance(5);
    append(&store, Some("r1"), attached("before", "metrics")).await;
    append(&store, Some("r1"), attached("file", "photo")).await;
    append(&store, Some("r1"), attached("before", "appendix")).await;
    // The same bytes again: the first capture stands.
    append(&store, Some("r1"), captured("mine", Phase::AdminFull)).await;

    let capture = |phase| {
        Some(Captured {
            kind: ArtifactKind::PhaseMetrics,
            phase,
            at_ms: NOON,
        })
    };
    let attachment = |item: &str| Attached {
        item: item.into(),
        at_ms: NOON + 5,
    };
    assert_eq!(
        store.artifacts_of_run("r1").await.unwrap(),
        [
            RunArtifactRow {
                sha256: "mine".into(),
                captured: capture(Phase::ReadOnly),
                attached: vec![],
            },
            RunArtifactRow {
                sha256: "before".into(),
                captured: capture(Phase::ReadOnly),
                attached: vec![attachment("metrics"), attachment("appendix")],
            },
            RunArtifactRow {
                sha256: "file".into(),
                captured: None,
                attached: vec![attachment("photo")],
            },
        ]
    );
    assert_eq!(store.artifacts_of_run("r2").await.unwrap().len(), 1);
    assert_eq!(store.artifacts_of_run("r3").await.unwrap(), []);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn evidence_is_put_on_a_run_or_not_at_all() {
    let dir = new_dir();
    let store = open(&dir);
    let new = NewEntry {
        run_id: None,
        ..entry(Some(live()), attached("a", "metrics"))
    };
    assert!(matches!(
        store.append(new).await,
        Err(StoreError::Incomplete { missing: "a run", .. })
    ));
    assert_eq!(store.newest_seq().await.unwrap(), 0);
}
