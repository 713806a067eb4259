use super::{entry, environment_added, faults, live, new_dir, open, sql};
use crate::{Access, NewEntry, Store, StoreError};
use desk_core::{
    journal::{Fault, GENESIS},
    record::Record,
};

#[tokio::test]
async fn an_append_is_there_after_reopening_with_its_chain() {
    let dir = new_dir();
    let store = open(&dir);
    assert_eq!(store.newest_seq().await.unwrap(), 0);
    assert_eq!(store.newest_hash().await.unwrap(), GENESIS);
    let first = store.append(faults("a")).await.unwrap();
    let more = store.append_all(vec![faults("b"), faults("c")]).await.unwrap();
    assert_eq!((first.seq, more[0].seq, more[1].seq), (1, 2, 3));
    assert_eq!(first.at_ms, super::NOON);
    assert_eq!(more[0].prev_hash, first.hash);
    store.close().await;

    let store = open(&dir);
    assert_eq!(
        store.entries(None, 10).await.unwrap(),
        vec![more[1].clone(), more[0].clone(), first.clone()]
    );
    assert_eq!(store.entries(Some(3), 1).await.unwrap(), vec![more[0].clone()]);
    assert_eq!(store.entries(Some(2), 10).await.unwrap(), vec![first]);
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole());
    assert_eq!((verified.count, &verified.newest_hash), (3, &more[1].hash));
}

#[tokio::test]
async fn the_connections_are_set_up_as_designed() {
    let dir = new_dir();
    let store = open(&dir);
    let settings = store
        .write(|writer| {
            let ask = |pragma: &str| writer.connection.pragma_query_one::<i64>(None, pragma);
            Ok([
                ask("synchronous")?,
                ask("foreign_keys")?,
                ask("trusted_schema")?,
                ask("busy_timeout")?,
                ask("mmap_size")?,
            ])
        })
        .await
        .unwrap();
    assert_eq!(settings, [2, 1, 0, 5000, 0]);
    let mode: String = store
        .read(|connection| Ok(connection.pragma_query_one(None, "journal_mode")?))
        .await
        .unwrap();
    assert_eq!(mode, "wal");
    let refused = store
        .read(|connection| Ok(connection.execute_batch("DELETE FROM setting")?))
        .await;
    assert!(matches!(refused, Err(StoreError::ReadOnly)), "{refused:?}");
}

#[tokio::test]
async fn several_acts_are_stored_all_or_none() {
    let dir = new_dir();
    let store = open(&dir);
    // The second lacks the environment that its kind needs.
    let result = store
        .append_all(vec![faults("a"), entry(None, environment_added())])
        .await;
    assert!(matches!(
        result,
        Err(StoreError::Incomplete {
            missing: "an environment",
            ..
        })
    ));
    assert_eq!(store.newest_seq().await.unwrap(), 0);
    store.append(faults("b")).await.unwrap();
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn a_run_number_can_be_taken_once_only() {
    let dir = new_dir();
    let store = open(&dir);
    let run = |id: &str, number| NewEntry {
        run_id: Some(id.to_owned()),
        ..entry(
            Some(live()),
            Record::RunStarted {
                number,
                environment_kind: desk_core::EnvironmentKind::Live,
                runbook_sha256: None,
                owner: None,
            },
        )
    };
    assert_eq!(store.next_run_number().await.unwrap(), 1);
    store.append(run("r1", 1)).await.unwrap();
    assert!(matches!(
        store.append(run("r2", 1)).await,
        Err(StoreError::Conflict)
    ));
    assert_eq!(store.newest_seq().await.unwrap(), 1);
    assert_eq!(store.next_run_number().await.unwrap(), 2);
}

#[tokio::test]
async fn sql_cannot_change_remove_replace_or_skip_entries() {
    let dir = new_dir();
    let store = open(&dir);
    store.append_all(vec![faults("a"), faults("b")]).await.unwrap();
    for statement in [
        "UPDATE journal SET body = '{}' WHERE seq = 1",
        "DELETE FROM journal WHERE seq = 2",
        "DELETE FROM journal",
        "INSERT OR REPLACE INTO journal SELECT seq, 'x', at_ms, environment, run_id, actor, kind, body, prev_hash, hash
             FROM journal WHERE seq = 2",
        "INSERT OR REPLACE INTO journal SELECT 3, id, at_ms, environment, run_id, actor, kind, body, prev_hash, hash
             FROM journal WHERE seq = 2",
        "INSERT INTO journal SELECT 4, 'x', at_ms, environment, run_id, actor, kind, body, prev_hash, hash
             FROM journal WHERE seq = 2",
    ] {
        assert!(sql(&store, statement).await.is_err(), "{statement}");
    }
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole());
    assert_eq!(verified.count, 2);
}

#[tokio::test]
async fn verify_names_the_first_broken_entry() {
    for (tampering, fault) in [
        (
            "UPDATE journal SET body = '{\"faults\":[]}' WHERE seq = 3",
            Fault::Changed,
        ),
        (
            "UPDATE journal SET at_ms = at_ms + 1 WHERE seq = 3",
            Fault::Changed,
        ),
        ("DELETE FROM journal WHERE seq = 2", Fault::Gap),
        (
            "UPDATE journal SET prev_hash = (SELECT hash FROM journal WHERE seq = 1) WHERE seq = 3",
            Fault::WrongPredecessor,
        ),
    ] {
        let dir = new_dir();
        let store = open(&dir);
        store
            .append_all(["a", "b", "c", "d", "e"].map(faults).to_vec())
            .await
            .unwrap();
        let third = store.entries(Some(4), 1).await.unwrap().remove(0);
        sql(
            &store,
            "DROP TRIGGER journal_is_never_changed; DROP TRIGGER journal_is_never_removed;",
        )
        .await
        .unwrap();
        sql(&store, tampering).await.unwrap();
        let verified = store.verify().await.unwrap();
        let broken = verified.broken.clone().unwrap();
        assert_eq!(
            (broken.seq, broken.id, broken.fault),
            (3, third.id, fault),
            "{tampering}"
        );
        assert!(!verified.is_whole());
    }
}

#[tokio::test]
async fn two_stores_on_one_directory_append_to_one_chain() {
    let dir = new_dir();
    let owner = open(&dir);
    let guest = open(&dir);
    assert_eq!((owner.access(), guest.access()), (Access::Owner, Access::Guest));
    let append = |store: Store| async move {
        for number in 0..40 {
            store.append(faults(&number.to_string())).await.unwrap();
        }
    };
    let (a, b) = (tokio::spawn(append(owner.clone())), tokio::spawn(append(guest)));
    a.await.unwrap();
    b.await.unwrap();
    let verified = owner.verify().await.unwrap();
    assert!(verified.is_whole());
    assert_eq!(verified.count, 80);
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_of_the_entry_is_stored() {
    let dir = new_dir();
    let store = open(&dir);
    store.append(faults("a")).await.unwrap();
    sql(&store, "PRAGMA max_page_count = 1").await.unwrap(); // SQLite raises it to the present size.
    let mut stored = 1;
    let error = loop {
        match store.append(faults(&"x".repeat(2000))).await {
            Ok(entry) => {
                stored += 1;
                assert_eq!(entry.seq, stored);
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert_eq!(store.newest_seq().await.unwrap(), stored);
    assert!(store.verify().await.unwrap().is_whole());

    sql(&store, "PRAGMA max_page_count = 100000").await.unwrap();
    let next = store.append(faults("there is room again")).await.unwrap();
    assert_eq!(next.seq, stored + 1);
}

#[tokio::test]
async fn a_store_locked_by_another_program_is_busy() {
    let dir = new_dir();
    let store = open(&dir);
    sql(&store, "PRAGMA busy_timeout = 0").await.unwrap();
    let other = rusqlite::Connection::open(dir.path().join("desk.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.append(faults("a")).await, Err(StoreError::Busy)));
    // Readers do not wait for writers.
    assert_eq!(store.newest_seq().await.unwrap(), 0);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.append(faults("a")).await.unwrap().seq, 1);
}

#[tokio::test]
async fn a_closed_store_says_so_and_another_may_own_its_directory() {
    let dir = new_dir();
    let store = open(&dir);
    let clone = store.clone();
    store.append(faults("a")).await.unwrap();
    store.close().await;
    assert!(matches!(clone.append(faults("b")).await, Err(StoreError::Closed)));
    assert!(matches!(clone.newest_seq().await, Err(StoreError::Closed)));
    assert!(matches!(clone.verify().await, Err(StoreError::Closed)));
    clone.close().await;
    assert!(
        !dir.path().join("desk.db-wal").exists(),
        "the log is folded into the database"
    );
    let next = open(&dir);
    assert_eq!(next.access(), Access::Owner);
    assert_eq!(next.newest_seq().await.unwrap(), 1);
}

#[tokio::test]
async fn a_guest_becomes_the_owner_when_the_owner_has_gone() {
    let dir = new_dir();
    let owner = open(&dir);
    let guest = open(&dir);
    assert_eq!(guest.try_become_owner().await.unwrap(), Access::Guest);
    assert!(matches!(guest.rebuild().await, Err(StoreError::NotOwner)));
    assert!(matches!(guest.prune_requests(0).await, Err(StoreError::NotOwner)));
    assert!(matches!(guest.back_up_if_due().await, Err(StoreError::NotOwner)));
    owner.close().await;
    assert_eq!(guest.try_become_owner().await.unwrap(), Access::Owner);
    assert_eq!(guest.access(), Access::Owner);
    guest.rebuild().await.unwrap();
}

#[tokio::test]
async fn settings_are_kept_replaced_and_removed() {
    let dir = new_dir();
    let store = open(&dir);
    assert_eq!(store.setting("theme").await.unwrap(), None);
    store.set_setting("theme", Some("dark")).await.unwrap();
    store.set_setting("theme", Some("light")).await.unwrap();
    store.close().await;
    let store = open(&dir);
    assert_eq!(store.setting("theme").await.unwrap().as_deref(), Some("light"));
    store.set_setting("theme", None).await.unwrap();
    assert_eq!(store.setting("theme").await.unwrap(), None);
    assert_eq!(store.newest_seq().await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_asked_for_is_done_although_nobody_waits_for_it() {
    let dir = new_dir();
    let store = open(&dir);
    let mut changes = store.changes();
    {
        let append = std::pin::pin!(store.append(faults("a")));
        // Asked for once, then given up.
        tokio::select! {
            biased;
            _ = append => {}
            () = std::future::ready(()) => {}
        }
    }
    drop(store);
    assert_eq!(*changes.wait_for(|newest| *newest == 1).await.unwrap(), 1);
}
