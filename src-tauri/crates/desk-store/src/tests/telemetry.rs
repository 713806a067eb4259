use super::{DAY, NOON, TestClock, live, new_dir, open, sql};
use crate::{RequestRow, Store, store::Writer};
use desk_core::{EnvironmentName, Role};

fn request(at_ms: i64, id: &str) -> RequestRow {
    RequestRow {
        environment: live(),
        at_ms,
        route: "library.rollout.get".into(),
        identity: Some(Role::Operator),
        purpose: "refresh".into(),
        status: Some(403),
        code: Some("FORBIDDEN".into()),
        duration_ms: 41,
        request_id: id.into(),
        expected: false,
    }
}

#[tokio::test]
async fn requests_are_read_back_newest_first() {
    let dir = new_dir();
    let store = open(&dir);
    let unanswered = RequestRow {
        identity: None,
        status: None,
        code: None,
        expected: true,
        ..request(NOON + 2, "c")
    };
    let elsewhere = RequestRow {
        environment: EnvironmentName::practice(),
        ..request(NOON, "d")
    };
    for row in [
        request(NOON, "a"),
        request(NOON + 1, "b"),
        unanswered.clone(),
        elsewhere,
    ] {
        store.record_request(row);
    }
    assert_eq!(
        store.requests(&live(), NOON + 1, 10).await.unwrap(),
        vec![unanswered.clone(), request(NOON + 1, "b")]
    );
    assert_eq!(store.requests(&live(), 0, 1).await.unwrap(), vec![unanswered]);
    assert_eq!(store.dropped_requests(), 0);
}

#[tokio::test]
async fn requests_are_kept_although_the_store_is_closed_at_once() {
    let dir = new_dir();
    let store = open(&dir);
    store.record_request(request(NOON, "a"));
    store.close().await;
    let store = open(&dir);
    assert_eq!(store.requests(&live(), 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn requests_older_than_ninety_days_go_when_the_owner_opens() {
    let dir = new_dir();
    let time = TestClock::new();
    let store = Store::open(dir.path(), time.clock()).unwrap();
    store.record_request(request(NOON, "old"));
    store.record_request(request(NOON + DAY, "kept"));
    store.close().await;
    time.advance(90 * DAY + 1);
    let store = Store::open(dir.path(), time.clock()).unwrap();
    let kept = store.requests(&live(), 0, 10).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].request_id, "kept");
    assert_eq!(store.prune_requests(NOON + DAY + 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_request_that_finds_the_queue_full_is_counted() {
    let dir = new_dir();
    let store = open(&dir);
    // The writer is held up, so that nothing empties the queue.
    let (started, is_held) = tokio::sync::oneshot::channel();
    let (release, held) = std::sync::mpsc::channel::<()>();
    let holding = tokio::spawn({
        let store = store.clone();
        async move {
            let occupy = move |_: &mut Writer| {
                started.send(()).unwrap();
                Ok(held.recv())
            };
            store.write(occupy).await
        }
    });
    is_held.await.unwrap();
    for _ in 0..4096 + 5 {
        store.record_request(request(NOON, "x"));
    }
    release.send(()).unwrap();
    holding.await.unwrap().unwrap().unwrap();
    assert_eq!(store.dropped_requests(), 5);
    assert_eq!(store.requests(&live(), 0, 5000).await.unwrap().len(), 4096);
}

#[tokio::test]
async fn requests_for_which_the_disk_has_no_room_are_counted() {
    let dir = new_dir();
    let store = open(&dir);
    // SQLite raises it to the present size.
    sql(&store, "PRAGMA max_page_count = 1").await.unwrap();
    for _ in 0..3000 {
        store.record_request(request(NOON, &"y".repeat(100)));
    }
    store.close().await;
    assert_eq!(store.dropped_requests(), 3000);
}
