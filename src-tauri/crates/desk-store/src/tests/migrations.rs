use super::{
    NOON, change_concluded, change_started, clock, entry, environment_added, faults, live, new_dir, open,
    sql, state,
};
use crate::{
    OpenError, Store,
    migrate::{self, Migration},
    open::open_with,
};
use desk_core::{
    Phase,
    record::{ChangeOutcome, Record},
};
use std::fs;
use tempfile::TempDir;

/// This desk's version. That of the desk to come is one more.
fn present() -> i64 {
    migrate::version(migrate::ALL)
}

/// This desk's migrations and one more.
fn and_then(step: Migration) -> Vec<Migration> {
    [migrate::ALL, &[step]].concat()
}

/// The migrations of a desk to come.
fn next() -> Vec<Migration> {
    and_then(&["ALTER TABLE setting ADD COLUMN note TEXT"])
}

/// The same, by a desk whose newest step fails half-way.
fn failing() -> Vec<Migration> {
    and_then(&[
        "ALTER TABLE setting ADD COLUMN note TEXT",
        "INSERT INTO nowhere VALUES (1)",
    ])
}

fn open_next(dir: &TempDir) -> Result<Store, OpenError> {
    open_with(dir.path(), clock(), &next())
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
    sql(
        &store,
        "INSERT INTO setting (key, value, note) VALUES ('k', 'v', 'n')",
    )
    .await
    .unwrap();
    assert_eq!(store.newest_seq().await.unwrap(), 1);
    assert!(store.verify().await.unwrap().is_whole());
    store.close().await;
    assert_eq!((version(&dir), backups(&dir)), (present() + 1, 1));

    let backup = fs::read_dir(dir.path().join("backups"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let (connection, info) = crate::backup::inspect(&backup.path(), present()).unwrap();
    assert_eq!(crate::connection::marks(&connection).unwrap().1, present());
    assert_eq!(info.newest_seq, 1);
}

#[tokio::test]
async fn a_first_start_has_nothing_to_back_up() {
    let dir = new_dir();
    open_next(&dir).unwrap().close().await;
    assert_eq!((version(&dir), backups(&dir)), (present() + 1, 0));
}

#[tokio::test]
async fn a_step_that_fails_leaves_the_version_before_it() {
    let dir = new_dir();
    let store = open(&dir);
    store.append(faults("a")).await.unwrap();
    store.close().await;
    assert!(open_with(dir.path(), clock(), &failing()).is_err());
    assert_eq!(version(&dir), present());
    // Nothing of the step is there: the same column can still be added.
    let time = super::TestClock::new();
    time.advance(1000);
    let store = open_with(dir.path(), time.clock(), &next()).unwrap();
    assert_eq!(store.newest_seq().await.unwrap(), 1);
}

#[tokio::test]
async fn a_newer_store_is_refused_and_left_as_it_is() {
    let dir = new_dir();
    open_next(&dir).unwrap().close().await;
    let before = fs::read(dir.path().join("desk.db")).unwrap();
    assert!(matches!(
        Store::open(dir.path(), clock()),
        Err(OpenError::Newer { found, known }) if (found, known) == (present() + 1, present())
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
    assert_eq!((version(&dir), backups(&dir)), (present(), 0));
    open_next(&dir).unwrap().close().await;
    assert_eq!(version(&dir), present() + 1);
}

/// What a desk of version 1 left behind: made by its tables, since the present code writes columns that they lack.
fn version_1(dir: &TempDir, requests: &str) {
    let mut connection = rusqlite::Connection::open(dir.path().join("desk.db")).unwrap();
    migrate::run(&mut connection, &migrate::ALL[..1]).unwrap();
    connection.execute_batch(requests).unwrap();
}

#[tokio::test]
async fn requests_from_before_the_tallies_are_counted() {
    let dir = new_dir();
    version_1(
        &dir,
        "INSERT INTO request (environment, at_ms, route, identity, purpose, status, code, duration_ms, request_id, expected)
         VALUES ('live', 1772388000000, 'a', 'operator', 'p', 200, 'ok', 41, 'r', 1),
                ('live', 1772388059999, 'a', 'operator', 'p', 200, NULL, 41, 'r', 1),
                ('live', 1772388060000, 'a', 'operator', 'p', 200, 'not_envelope', 7, 'r', 0),
                ('live', 1772388060001, 'a', NULL, 'p', 403, 'FORBIDDEN', 300, 'r', 1),
                ('live', 1772391600000, 'b', NULL, 'p', NULL, 'timed_out', 10000, 'r', 0),
                ('practice', 1772388000005, 'a', NULL, 'p', 200, 'ok', 1, 'r', 1)",
    );
    let store = open(&dir);
    super::tallies::check(&store, NOON).await;
    let rows = store.tally(&live(), NOON, NOON + 7_200_000).await.unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.status, row.ok, row.duration_ms, row.count))
        .collect();
    assert_eq!(
        seen,
        [
            (Some(200), false, 7, 1),
            (Some(200), true, 41, 2),
            (Some(403), false, 300, 1),
            (None, false, 10_000, 1),
        ]
    );
}

#[tokio::test]
async fn moves_of_the_phase_from_before_their_table_are_in_it() {
    let dir = new_dir();
    let store = open(&dir);
    let elsewhere = |phase, updated_at_ms| Record::PhaseMovedElsewhere {
        from: None,
        to: state(phase, updated_at_ms),
    };
    for record in [
        environment_added(),
        change_started("c"),
        change_concluded("c", ChangeOutcome::Unknown, None),
        change_concluded("c", ChangeOutcome::Confirmed, Some(state(Phase::ReadOnly, 7))),
        change_concluded("d", ChangeOutcome::Confirmed, None),
        change_concluded("e", ChangeOutcome::Refused, Some(state(Phase::AdminFull, 8))),
        elsewhere(Phase::AdminFull, 0),
        elsewhere(Phase::MemberWrites, 9),
    ] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    let moves = store.phase_moves(&live(), 0, i64::MAX).await.unwrap();
    assert_eq!(
        moves.iter().map(|row| row.at_ms).collect::<Vec<_>>(),
        [7, 9, NOON]
    );
    // The table as version 2 makes it, from the same journal.
    sql(&store, "DROP TABLE phase_move").await.unwrap();
    sql(&store, crate::projection::phase_move::V2).await.unwrap();
    assert_eq!(store.phase_moves(&live(), 0, i64::MAX).await.unwrap(), moves);
    assert!(store.verify().await.unwrap().is_whole());
}

#[tokio::test]
async fn runs_and_overrides_from_before_their_columns_are_in_them() {
    let dir = new_dir();
    let store = open(&dir);
    let run = Record::RunStarted {
        number: 1,
        environment_kind: desk_core::EnvironmentKind::Live,
        runbook_sha256: None,
        owner: None,
    };
    let Record::PhaseChangeStarted { from, to, .. } = change_started("c") else {
        unreachable!("it is one");
    };
    let overridden = Record::PhaseChangeStarted {
        change_id: "c".into(),
        from,
        to,
        note: None,
        direction: desk_core::phase::Direction::Forward,
        incident_id: None,
        basis: None,
        override_reason: Some("agreed by phone".into()),
    };
    for record in [environment_added(), run, overridden, change_started("d")] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    let runs = store.runs(&live()).await.unwrap();
    let changes = store.phase_changes(&live(), 10).await.unwrap();
    assert_eq!(changes[1].override_reason.as_deref(), Some("agreed by phone"));
    // The tables as version 3 had them, brought up to date from the same journal.
    sql(&store, "DROP TABLE run").await.unwrap();
    sql(&store, crate::projection::run::V1).await.unwrap();
    sql(&store, "ALTER TABLE phase_change DROP COLUMN override_reason")
        .await
        .unwrap();
    sql(&store, crate::projection::run::V4).await.unwrap();
    sql(&store, crate::projection::phase_change::V4).await.unwrap();
    assert_eq!(store.runs(&live()).await.unwrap(), runs);
    assert_eq!(store.phase_changes(&live(), 10).await.unwrap(), changes);
    assert!(store.verify().await.unwrap().is_whole());
}
