use super::{clock, faults, new_dir, open};
use crate::{
    OpenError, Store,
    migrate::{self, Migration},
    open::open_with,
};
use std::fs;
use tempfile::TempDir;

/// The migrations of a desk to come.
const NEXT: [Migration; 2] = [migrate::ALL[0], &["ALTER TABLE setting ADD COLUMN note TEXT"]];

/// The same, by a desk whose second step fails half-way.
const FAILING: [Migration; 2] = [
    migrate::ALL[0],
    &[
        "ALTER TABLE setting ADD COLUMN note TEXT",
        "INSERT INTO nowhere VALUES (1)",
    ],
];

fn open_next(dir: &TempDir) -> Result<Store, OpenError> {
    open_with(dir.path(), clock(), &NEXT)
}

fn version(dir: &TempDir) -> i64 {
    rusqlite::Connection::open(dir.path().join("desk.db"))
        .unwrap()
        .pragma_query_one(None, "user_version")
        .unwrap()
}

fn backups(dir: &TempDir) -> usize {
    fs::read_dir(dir.path().join("backups")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_older_store_is_backed_up_and_brought_up_to_date() {
    let dir = new_dir();
    let store = open(&dir);
    store.append(faults("a")).await.unwrap();
    store.close().await;

    let store = open_next(&dir).unwrap();
    super::sql(
        &store,
        "INSERT INTO setting (key, value, note) VALUES ('k', 'v', 'n')",
    )
    .await
    .unwrap();
    assert_eq!(store.newest_seq().await.unwrap(), 1);
    assert!(store.verify().await.unwrap().is_whole());
    store.close().await;
    assert_eq!((version(&dir), backups(&dir)), (2, 1));

    let backup = fs::read_dir(dir.path().join("backups"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let (connection, info) = crate::backup::inspect(&backup.path(), 1).unwrap();
    assert_eq!(crate::connection::marks(&connection).unwrap().1, 1);
    assert_eq!(info.newest_seq, 1);
}

#[tokio::test]
async fn a_first_start_has_nothing_to_back_up() {
    let dir = new_dir();
    open_next(&dir).unwrap().close().await;
    assert_eq!((version(&dir), backups(&dir)), (2, 0));
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_version_before_it() {
    let dir = new_dir();
    let store = open(&dir);
    store.append(faults("a")).await.unwrap();
    store.close().await;
    assert!(open_with(dir.path(), clock(), &FAILING).is_err());
    assert_eq!(version(&dir), 1);
    // Nothing of the step is there: the same column can still be added.
    let time = super::TestClock::new();
    time.advance(1000);
    let store = open_with(dir.path(), time.clock(), &NEXT).unwrap();
    assert_eq!(store.newest_seq().await.unwrap(), 1);
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_as_it_is() {
    let dir = new_dir();
    open_next(&dir).unwrap().close().await;
    let before = fs::read(dir.path().join("desk.db")).unwrap();
    assert!(matches!(
        Store::open(dir.path(), clock()),
        Err(OpenError::Newer { found: 2, known: 1 })
    ));
    assert_eq!(fs::read(dir.path().join("desk.db")).unwrap(), before);
}

#[tokio::test]
async fn a_guest_never_migrates_and_nobody_does_under_a_guest() {
    let dir = new_dir();
    let owner = open(&dir);
    assert!(matches!(open_next(&dir), Err(OpenError::NeedsOwner)));
    let guest = open(&dir);
    owner.close().await;
    assert!(matches!(open_next(&dir), Err(OpenError::InUse)));
    guest.append(faults("undisturbed")).await.unwrap();
    guest.close().await;
    assert_eq!((version(&dir), backups(&dir)), (1, 0));
    open_next(&dir).unwrap().close().await;
    assert_eq!(version(&dir), 2);
}
