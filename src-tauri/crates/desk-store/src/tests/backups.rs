use super::{DAY, TestClock, clock, faults, new_dir, open};
use crate::{Access, RestoreError, Store, StoreError, restore};
use desk_core::record::Record;
use std::{fs, path::Path};

fn backups(dir: &Path) -> Vec<String> {
    let Ok(files) = fs::read_dir(dir.join("backups")) else {
        return Vec::new();
    };
    let mut names: Vec<_> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_one_whole_file_and_never_overwrites() {
    let (dir, elsewhere) = (new_dir(), new_dir());
    let store = open(&dir);
    let newest = store.append(faults("a")).await.unwrap();
    let to = elsewhere.path().join("copy.db");
    let info = store.backup(&to).await.unwrap();
    assert_eq!((info.newest_seq, &info.path), (newest.seq, &to));
    assert_eq!(
        info.sha256,
        super::super::backup::inspect(&to, 99).unwrap().1.sha256
    );
    assert!(matches!(store.backup(&to).await, Err(StoreError::Exists { .. })));
    let missing = elsewhere.path().join("no/such/folder.db");
    assert!(store.backup(&missing).await.is_err());
    let left: Vec<_> = fs::read_dir(elsewhere.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(left, ["copy.db"]);
}

#[tokio::test]
async fn restoring_goes_back_and_puts_the_present_database_aside() {
    let (dir, elsewhere) = (new_dir(), new_dir());
    let store = open(&dir);
    store.append(faults("kept")).await.unwrap();
    let backup = store.backup(&elsewhere.path().join("copy.db")).await.unwrap();
    store.append(faults("put aside")).await.unwrap();
    assert!(matches!(
        restore(dir.path(), &backup.path, &clock()),
        Err(RestoreError::InUse)
    ));
    store.close().await;

    let restored = restore(dir.path(), &backup.path, &clock()).unwrap();
    assert_eq!(restored.backup.sha256, backup.sha256);
    let aside = restored.set_aside.clone().unwrap();
    assert!(aside.starts_with("replaced/2026"), "{aside}");
    let store = open(&dir);
    assert_eq!(store.newest_seq().await.unwrap(), 1);
    let entry = store
        .append(crate::NewEntry {
            environment: None,
            run_id: None,
            actor: "desk".into(),
            record: restored.record(),
        })
        .await
        .unwrap();
    assert_eq!(entry.kind, "store_restored");
    assert!(store.verify().await.unwrap().is_whole());

    // What was put aside is whole as well.
    let replaced = dir.path().join(aside).join("desk.db");
    assert_eq!(
        super::super::backup::inspect(&replaced, 99).unwrap().1.newest_seq,
        2
    );
}

#[tokio::test]
async fn a_guest_keeps_others_from_restoring() {
    let (dir, elsewhere) = (new_dir(), new_dir());
    let owner = open(&dir);
    let guest = open(&dir);
    let backup = owner.backup(&elsewhere.path().join("copy.db")).await.unwrap();
    owner.close().await;
    assert!(matches!(
        restore(dir.path(), &backup.path, &clock()),
        Err(RestoreError::InUse)
    ));
    guest.close().await;
    restore(dir.path(), &backup.path, &clock()).unwrap();
}

#[tokio::test]
async fn what_is_no_whole_backup_is_refused_and_the_store_stays() {
    let (dir, elsewhere) = (new_dir(), new_dir());
    let store = open(&dir);
    store
        .append_all(["a", "b", "c"].map(faults).to_vec())
        .await
        .unwrap();
    let copy = |name: &str| elsewhere.path().join(name);
    for name in ["newer", "broken", "foreign", "cut"] {
        store.backup(&copy(name)).await.unwrap();
    }
    store.close().await;
    let tamper = |name: &str, sql: &str| {
        let connection = rusqlite::Connection::open(copy(name)).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    tamper("newer", "PRAGMA user_version = 99");
    tamper(
        "broken",
        "DROP TRIGGER journal_is_never_changed; UPDATE journal SET actor = 'x' WHERE seq = 2",
    );
    tamper("foreign", "PRAGMA application_id = 1");
    fs::OpenOptions::new()
        .write(true)
        .open(copy("cut"))
        .unwrap()
        .set_len(9000)
        .unwrap();
    fs::write(
        copy("text"),
        "not a database, but long enough to be looked at as if it were one".repeat(10),
    )
    .unwrap();

    let refusal = |name: &str| restore(dir.path(), &copy(name), &clock()).unwrap_err();
    assert!(matches!(refusal("newer"), RestoreError::Newer { found: 99, .. }));
    assert!(matches!(refusal("broken"), RestoreError::Broken(broken) if broken.seq == 2));
    assert!(matches!(refusal("foreign"), RestoreError::NotOurs));
    for name in ["cut", "text"] {
        let error = refusal(name);
        assert!(
            matches!(error, RestoreError::Store(StoreError::Damaged { .. })),
            "{name}: {error:?}"
        );
    }
    assert!(matches!(
        refusal("missing"),
        RestoreError::Store(StoreError::Io { .. })
    ));
    let store = open(&dir);
    assert_eq!(store.newest_seq().await.unwrap(), 3);
    assert!(!dir.path().join("desk.damaged").exists());
}

#[tokio::test]
async fn the_owner_backs_up_daily_if_there_is_something_new_and_keeps_ten() {
    let dir = new_dir();
    let time = TestClock::new();
    let open = || Store::open(dir.path(), time.clock()).unwrap();
    open().close().await;
    open().close().await;
    assert_eq!(backups(dir.path()), Vec::<String>::new(), "nothing to back up");

    let store = open();
    store.append(faults("a")).await.unwrap();
    store.close().await;
    open().close().await;
    assert_eq!(backups(dir.path()), ["desk-20260301T180000.000Z-1.db"]);

    time.advance(DAY + 1);
    open().close().await;
    assert_eq!(backups(dir.path()).len(), 1, "nothing new");
    for day in 2..=13 {
        let store = open();
        store.append(faults(&day.to_string())).await.unwrap();
        let written = store.back_up_if_due().await.unwrap();
        assert_eq!(written.map(|info| info.newest_seq), Some(day));
        assert_eq!(store.back_up_if_due().await.unwrap(), None);
        store.close().await;
        time.advance(DAY + 1);
    }
    let kept = backups(dir.path());
    assert_eq!(kept.len(), 10);
    assert!(
        kept[0].ends_with("-4.db") && kept[9].ends_with("-13.db"),
        "{kept:?}"
    );
}

#[tokio::test]
async fn a_guest_makes_no_automatic_backup_until_it_owns_the_directory() {
    let dir = new_dir();
    let owner = open(&dir);
    owner.append(faults("a")).await.unwrap();
    let guest = open(&dir);
    assert_eq!(guest.access(), Access::Guest);
    assert_eq!(backups(dir.path()), Vec::<String>::new());
    owner.close().await;
    guest.try_become_owner().await.unwrap();
    assert_eq!(backups(dir.path()).len(), 1);
}

#[test]
fn a_restored_record_names_backup_and_folder() {
    let restored = crate::Restored {
        backup: crate::BackupInfo {
            path: "b.db".into(),
            sha256: "00ff".into(),
            newest_seq: 4,
            at_ms: 5,
        },
        set_aside: Some("damaged/x".into()),
    };
    assert_eq!(
        restored.record(),
        Record::StoreRestored {
            sha256: "00ff".into(),
            set_aside: Some("damaged/x".into())
        }
    );
}
