use super::{clock, faults, new_dir, open};
use crate::{Damage, OpenError, RestoreError, Store, restore, start_new};
use std::{
    fs,
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A closed store of many pages, with one automatic backup of its first entry.
async fn filled() -> TempDir {
    let dir = new_dir();
    let store = open(&dir);
    store.append(faults("backed up")).await.unwrap();
    store.back_up_if_due().await.unwrap().unwrap();
    let entries = (0..60)
        .map(|n| faults(&format!("{n} {}", "x".repeat(1000))))
        .collect();
    store.append_all(entries).await.unwrap();
    store.close().await;
    dir
}

fn database(dir: &TempDir) -> PathBuf {
    dir.path().join("desk.db")
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

fn shorten(path: &Path, to: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(to).unwrap();
}

fn damage(dir: &TempDir) -> Damage {
    match Store::open(dir.path(), clock()) {
        Err(OpenError::Damaged(damage)) => damage,
        other => panic!("not seen as damaged: {other:?}"),
    }
}

#[tokio::test]
async fn every_damage_is_put_aside_untouched_and_stays_until_decided() {
    type Harm = fn(&Path);
    let cases: [(&str, Harm); 6] = [
        ("zeroed header", |path| overwrite(path, 0, &[0; 100])),
        ("zeroed first page", |path| overwrite(path, 100, &[0; 3996])),
        ("overwritten in the middle", |path| {
            let middle = fs::metadata(path).unwrap().len() / 2 / 4096 * 4096;
            overwrite(path, middle, &[0xA5; 2 * 4096]);
        }),
        ("cut in the middle", |path| {
            shorten(path, fs::metadata(path).unwrap().len() / 2);
        }),
        ("cut to nothing", |path| shorten(path, 0)),
        ("cut to a few bytes", |path| shorten(path, 50)),
    ];
    for (name, harm) in cases {
        let dir = filled().await;
        harm(&database(&dir));
        let harmed = fs::read(database(&dir)).unwrap();

        let found = damage(&dir);
        let aside = found.set_aside.clone().unwrap();
        assert!(aside.starts_with(dir.path().join("damaged")), "{name}");
        assert_eq!(fs::read(aside.join("desk.db")).unwrap(), harmed, "{name}");
        assert_eq!(found.newest_backup.as_ref().unwrap().newest_seq, 1, "{name}");
        assert!(!database(&dir).exists(), "{name}");
        assert_eq!(damage(&dir), found, "{name}: the next start says the same");

        let backup = found.newest_backup.unwrap();
        let restored = restore(dir.path(), &backup.path, &clock()).unwrap();
        assert_eq!(
            restored.set_aside.map(|folder| dir.path().join(folder)),
            Some(aside.clone()),
            "{name}"
        );
        let store = open(&dir);
        assert_eq!(store.newest_seq().await.unwrap(), 1, "{name}");
        assert!(store.verify().await.unwrap().is_whole(), "{name}");
        assert!(aside.join("desk.db").exists(), "{name}");
    }
}

#[tokio::test]
async fn starting_new_is_a_decision_and_keeps_the_damaged_file() {
    let dir = filled().await;
    assert!(matches!(start_new(dir.path()), Err(RestoreError::NotDamaged)));
    overwrite(&database(&dir), 0, &[0; 100]);
    let aside = damage(&dir).set_aside.unwrap();
    assert_eq!(start_new(dir.path()).unwrap(), Some(aside.clone()));
    let store = open(&dir);
    assert_eq!(store.newest_seq().await.unwrap(), 0);
    assert!(aside.join("desk.db").exists());
}

#[tokio::test]
async fn a_newest_entry_that_does_not_give_its_hash_is_damage() {
    let dir = filled().await;
    let connection = rusqlite::Connection::open(database(&dir)).unwrap();
    connection
        .execute_batch(
            "DROP TRIGGER journal_is_never_changed;
             UPDATE journal SET actor = 'x' WHERE seq = (SELECT max(seq) FROM journal)",
        )
        .unwrap();
    drop(connection);
    assert_eq!(
        damage(&dir).what,
        "the content of entry 61 does not give its hash"
    );
}

#[tokio::test]
async fn the_write_ahead_log_goes_where_its_database_goes() {
    let dir = filled().await;
    fs::write(dir.path().join("desk.db-wal"), "left by a crash").unwrap();
    overwrite(&database(&dir), 0, &[0; 100]);
    let aside = damage(&dir).set_aside.unwrap();
    assert!(aside.join("desk.db").exists());
    assert_eq!(fs::read(aside.join("desk.db-wal")).unwrap(), b"left by a crash");
    assert!(!dir.path().join("desk.db-wal").exists());
}

#[tokio::test]
async fn a_log_without_its_database_is_damage_and_not_a_first_start() {
    let dir = filled().await;
    fs::rename(database(&dir), dir.path().join("elsewhere.db")).unwrap();
    fs::write(dir.path().join("desk.db-wal"), "a log").unwrap();
    let found = damage(&dir);
    assert_eq!(
        fs::read(found.set_aside.unwrap().join("desk.db-wal")).unwrap(),
        b"a log"
    );
}

#[tokio::test]
async fn a_note_beside_a_whole_database_is_the_rest_of_a_crash_and_counts_for_nothing() {
    let dir = filled().await;
    fs::write(dir.path().join("desk.damaged"), "{}").unwrap();
    let store = open(&dir);
    assert_eq!(store.newest_seq().await.unwrap(), 61);
}

#[tokio::test]
async fn a_note_cut_short_still_keeps_the_desk_from_beginning_anew() {
    let dir = new_dir();
    fs::write(dir.path().join("desk.damaged"), "{\"wha").unwrap();
    let found = damage(&dir);
    assert_eq!((found.set_aside, found.newest_backup), (None, None));
    assert_eq!(start_new(dir.path()).unwrap(), None);
    open(&dir).close().await;
}

#[tokio::test]
async fn a_damaged_backup_is_not_offered() {
    let dir = filled().await;
    let backups: Vec<_> = fs::read_dir(dir.path().join("backups")).unwrap().collect();
    overwrite(&backups[0].as_ref().unwrap().path(), 0, &[0; 100]);
    overwrite(&database(&dir), 0, &[0; 100]);
    assert_eq!(damage(&dir).newest_backup, None);
}

#[tokio::test]
async fn a_file_in_use_is_left_where_it_is() {
    let dir = filled().await;
    let owner = open(&dir);
    let guest = open(&dir);
    owner.close().await;
    overwrite(&database(&dir), 8192, &[0xA5; 4096]);
    let found = damage(&dir);
    assert_eq!(found.set_aside, None);
    assert!(database(&dir).exists());
    guest.close().await;
    assert!(damage(&dir).set_aside.is_some());
}

#[tokio::test]
async fn another_programs_database_is_left_alone() {
    let dir = new_dir();
    let other = rusqlite::Connection::open(database(&dir)).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let before = fs::read(database(&dir)).unwrap();
    assert!(matches!(
        Store::open(dir.path(), clock()),
        Err(OpenError::NotOurs)
    ));
    assert_eq!(fs::read(database(&dir)).unwrap(), before);
}
