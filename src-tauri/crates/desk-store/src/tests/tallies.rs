//! Tallies, series and imports, against the requests that they are made from.

use super::{DAY, NOON, TestClock, live, new_dir, open, sql};
use crate::{
    ImportSource, Imported, ImportedRequest, RequestRow, RouteReply, SeriesRow, Store, StoreError, TallyRow,
};
use desk_core::EnvironmentName;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

fn request(at_ms: i64, route: &str, status: Option<u16>, duration_ms: u64) -> RequestRow {
    let is_ok = status == Some(200);
    RequestRow {
        environment: live(),
        at_ms,
        route: route.into(),
        identity: None,
        purpose: "test".into(),
        status,
        code: Some(if is_ok { "ok" } else { "refused" }.into()),
        duration_ms,
        request_id: "r".into(),
        expected: is_ok,
    }
}

fn imported(at_ms: i64, status: Option<u16>) -> ImportedRequest {
    ImportedRequest {
        at_ms,
        route: "library.items.list".into(),
        status,
        ok: status == Some(200),
        duration_ms: 12,
        request_id: None,
    }
}

fn source(sha256: &str) -> ImportSource {
    ImportSource {
        name: "requests.jsonl".into(),
        sha256: sha256.into(),
        read_as: "as it is".into(),
    }
}

type Key = (Option<i64>, String, Option<u16>, bool, bool, u64);

/// What the tally of a window must be: every request in it looked at, one by one.
async fn counted(store: &Store, from_ms: i64, to_ms: i64) -> BTreeMap<Key, u64> {
    let keys: Vec<Key> = store
        .read(move |connection| {
            let mut statement = connection.prepare(
                "SELECT nullif(import_id, 0), route, status, ok, expected, duration_ms FROM request
                 WHERE environment = 'live' AND at_ms >= ?1 AND at_ms < ?2",
            )?;
            let rows = statement.query_map([from_ms, to_ms], |row| {
                Ok((
                    row.get(0)?,
                    row.get(1)?,
                    row.get(2)?,
                    row.get(3)?,
                    row.get(4)?,
                    row.get(5)?,
                ))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap();
    let mut counts = BTreeMap::new();
    for key in keys {
        *counts.entry(key).or_default() += 1;
    }
    counts
}

async fn check_window(store: &Store, from_ms: i64, to_ms: i64) {
    let rows: Vec<TallyRow> = store.tally(&live(), from_ms, to_ms).await.unwrap();
    let tally: Vec<(Key, u64)> = rows
        .into_iter()
        .map(|row| {
            let key = (
                row.import_id,
                row.route,
                row.status,
                row.ok,
                row.expected,
                row.duration_ms,
            );
            (key, row.count)
        })
        .collect();
    let counted: Vec<_> = counted(store, from_ms, to_ms).await.into_iter().collect();
    assert_eq!(tally, counted, "from {from_ms} to {to_ms}");
}

/// Checks windows of every kind over the hours from an hour's start on: whole spans, parts of spans, inside one, and all of time.
pub(super) async fn check(store: &Store, start_ms: i64) {
    let edges = [0, 1, MINUTE - 1, MINUTE, MINUTE + 1, HOUR, HOUR + 1, 3 * HOUR + 7];
    for from_ms in edges {
        for to_ms in edges {
            check_window(store, start_ms + from_ms, start_ms + to_ms).await;
        }
    }
    check_window(store, i64::MIN, i64::MAX).await;
}

#[derive(Clone, Debug)]
enum Act {
    Record(Vec<RequestRow>),
    Import(u8, Vec<ImportedRequest>),
    Prune(i64),
}

/// A time in the first hours, often on or beside the edge of a minute or an hour.
fn time() -> impl Strategy<Value = i64> {
    prop_oneof![
        0..3 * HOUR,
        (0_i64..180, -1_i64..2).prop_map(|(minute, beside)| (minute * MINUTE + beside).max(0)),
        (0_i64..4, -1_i64..2).prop_map(|(hour, beside)| (hour * HOUR + beside).max(0)),
    ]
}

fn status() -> impl Strategy<Value = Option<u16>> {
    prop::sample::select(vec![Some(200), Some(404), Some(409), None])
}

fn act() -> impl Strategy<Value = Act> {
    let row = (
        time(),
        prop::sample::select(vec!["a", "b"]),
        status(),
        0_u64..4,
        any::<bool>(),
    )
        .prop_map(|(at_ms, route, status, duration_ms, expected)| RequestRow {
            expected,
            ..request(at_ms, route, status, duration_ms)
        });
    let import = (time(), status()).prop_map(|(at_ms, status)| imported(at_ms, status));
    prop_oneof![
        3 => prop::collection::vec(row, 0..30).prop_map(Act::Record),
        2 => (0_u8..3, prop::collection::vec(import, 0..30)).prop_map(|(sha, rows)| Act::Import(sha, rows)),
        1 => time().prop_map(Act::Prune),
    ]
}

async fn perform(store: &Store, act: Act) {
    match act {
        Act::Record(rows) => rows.into_iter().for_each(|row| store.record_request(row)),
        Act::Import(sha, rows) => {
            let source = source(&format!("sha-{sha}"));
            store.import_requests(&live(), source, rows).await.unwrap();
        }
        Act::Prune(older_than_ms) => {
            // What is queued is written first, so that there is something to prune.
            store.requests(&live(), 0, 1).await.unwrap();
            store.prune_requests(older_than_ms).await.unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_tally_is_what_counting_the_requests_gives(
        acts in prop::collection::vec(act(), 1..8),
        windows in prop::collection::vec((time(), time()), 20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let dir = new_dir();
            let store = open(&dir);
            for act in acts {
                perform(&store, act).await;
            }
            for (from_ms, to_ms) in windows {
                check_window(&store, from_ms, to_ms).await;
            }
            check(&store, 0).await;
        });
    }
}

#[tokio::test]
async fn a_tally_takes_whole_spans_from_what_is_kept() {
    let dir = new_dir();
    let store = open(&dir);
    for at_ms in [5, MINUTE, HOUR, HOUR + MINUTE] {
        store.record_request(request(at_ms, "a", Some(200), 1));
    }
    let count = async |from_ms, to_ms| -> u64 {
        let rows = store.tally(&live(), from_ms, to_ms).await.unwrap();
        rows.iter().map(|row| row.count).sum()
    };
    assert_eq!(count(0, 2 * HOUR).await, 4);
    // Without the requests themselves, only what is cut at an edge is missing.
    sql(&store, "DELETE FROM request").await.unwrap();
    assert_eq!(count(0, 2 * HOUR).await, 4);
    assert_eq!(count(1, 2 * HOUR).await, 3);
    assert_eq!(count(MINUTE, HOUR + 1).await, 1);
    // Hours come from the hours' own rows.
    sql(&store, "DELETE FROM request_tally WHERE span_ms = 60000")
        .await
        .unwrap();
    assert_eq!(count(0, 2 * HOUR).await, 4);
    assert_eq!(count(MINUTE, 2 * HOUR).await, 2);
}

#[tokio::test]
async fn a_tally_is_of_one_environment() {
    let dir = new_dir();
    let store = open(&dir);
    for environment in [live(), EnvironmentName::practice()] {
        store.record_request(RequestRow {
            environment,
            ..request(NOON, "a", Some(200), 1)
        });
    }
    let rows = store.tally(&live(), NOON, NOON + 1).await.unwrap();
    assert_eq!(
        rows,
        [TallyRow {
            import_id: None,
            route: "a".into(),
            status: Some(200),
            ok: true,
            expected: true,
            duration_ms: 1,
            count: 1
        }]
    );
}

#[tokio::test]
async fn a_success_is_a_reply_below_400_that_is_no_refusal() {
    let dir = new_dir();
    let store = open(&dir);
    let cases = [
        (Some(200), Some("ok"), true),
        (Some(200), None, true),
        (Some(200), Some("not_envelope"), false),
        (Some(400), None, false),
        (Some(403), Some("FORBIDDEN"), false),
        (None, Some("timed_out"), false),
        (None, None, false),
    ];
    for (at_ms, (status, code, _)) in (NOON..).zip(cases) {
        store.record_request(RequestRow {
            code: code.map(str::to_owned),
            ..request(at_ms, "a", status, 1)
        });
    }
    let replies = store
        .recent_of_routes(&live(), vec!["a".into()], 0)
        .await
        .unwrap();
    let seen: Vec<_> = replies.iter().map(|reply| reply.ok).collect();
    assert_eq!(seen, cases.map(|(_, _, ok)| ok));
}

#[tokio::test]
async fn pruning_leaves_what_is_left_of_a_span() {
    let dir = new_dir();
    let store = open(&dir);
    for at_ms in [0, 10, 20, MINUTE, HOUR] {
        store.record_request(request(at_ms, "a", Some(200), 1));
    }
    assert_eq!(store.requests(&live(), 0, 10).await.unwrap().len(), 5);
    assert_eq!(store.prune_requests(20).await.unwrap(), 2);
    check(&store, 0).await;
    let rows = store.tally(&live(), 0, HOUR).await.unwrap();
    assert_eq!((rows.len(), rows[0].count), (1, 2));
    assert_eq!(store.prune_requests(20).await.unwrap(), 0);
    assert_eq!(store.prune_requests(i64::MAX).await.unwrap(), 3);
    assert_eq!(store.tally(&live(), i64::MIN, i64::MAX).await.unwrap(), []);
}

#[tokio::test]
async fn a_series_has_every_stretch_of_the_window() {
    let dir = new_dir();
    let store = open(&dir);
    for duration_ms in 1..=20 {
        store.record_request(request(NOON + 30_000, "a", Some(200), duration_ms));
    }
    store.record_request(request(NOON + 2 * MINUTE, "a", Some(409), 7));
    store.record_request(request(NOON + 2 * MINUTE + 1, "b", None, 60_000));
    // Meant to be refused: no error.
    store.record_request(RequestRow {
        expected: true,
        ..request(NOON + 2 * MINUTE + 2, "b", Some(403), 8)
    });
    // Outside.
    store.record_request(request(NOON + 29_999, "a", Some(200), 1));
    store.record_request(request(NOON + 3 * MINUTE + 30_000, "a", Some(200), 1));
    let series = store
        .request_series(&live(), NOON + 30_000, NOON + 3 * MINUTE + 30_000, 4)
        .await
        .unwrap();
    let row = |from_ms, requests, errors, p95_ms| SeriesRow {
        from_ms,
        requests,
        errors,
        p95_ms,
    };
    assert_eq!(
        series,
        [
            row(NOON + 30_000, 20, 0, Some(19)),
            row(NOON + MINUTE, 0, 0, None),
            row(NOON + 2 * MINUTE, 3, 2, Some(60_000)),
            row(NOON + 3 * MINUTE, 0, 0, None),
        ]
    );
}

#[tokio::test]
async fn the_replies_of_some_routes_come_in_the_order_of_their_requests() {
    let dir = new_dir();
    let store = open(&dir);
    store.record_request(request(NOON + 2, "checkIn", Some(404), 1));
    store.record_request(request(NOON + 1, "checkout", None, 1));
    store.record_request(request(NOON + 1, "checkIn", Some(200), 1));
    store.record_request(request(NOON + 1, "list", Some(200), 1));
    store.record_request(request(NOON - 1, "checkout", Some(200), 1));
    let replies = store
        .recent_of_routes(&live(), vec!["checkIn".into(), "checkout".into()], NOON)
        .await
        .unwrap();
    let reply = |at_ms, route: &str, status, ok| RouteReply {
        import_id: None,
        at_ms,
        route: route.into(),
        status,
        ok,
        expected: ok,
    };
    assert_eq!(
        replies,
        [
            reply(NOON + 1, "checkout", None, false),
            reply(NOON + 1, "checkIn", Some(200), true),
            reply(NOON + 2, "checkIn", Some(404), false),
        ]
    );
    let none = store.recent_of_routes(&live(), vec![], 0).await.unwrap();
    assert_eq!(none, []);
}

#[tokio::test]
async fn importing_twice_changes_nothing() {
    let dir = new_dir();
    let store = open(&dir);
    store.record_request(request(NOON, "library.items.list", Some(200), 12));
    let rows = vec![imported(NOON, Some(200)), imported(NOON, Some(500))];
    let first = store
        .import_requests(&live(), source("a"), rows.clone())
        .await
        .unwrap();
    assert_eq!(first, Imported { added: 2, already: 0 });
    let tally = store.tally(&live(), NOON, NOON + 1).await.unwrap();
    let again = store
        .import_requests(&live(), source("a"), rows.clone())
        .await
        .unwrap();
    assert_eq!(again, Imported { added: 0, already: 2 });
    assert_eq!(store.tally(&live(), NOON, NOON + 1).await.unwrap(), tally);

    let imports = store.imports(&live()).await.unwrap();
    assert_eq!(imports.len(), 1);
    let import = &imports[0];
    assert_eq!(
        (
            import.name.as_str(),
            import.sha256.as_str(),
            import.requests,
            import.imported_at_ms
        ),
        ("requests.jsonl", "a", 2, NOON)
    );
    let seen: Vec<_> = tally
        .iter()
        .map(|row| (row.import_id, row.ok, row.expected))
        .collect();
    assert_eq!(
        seen,
        [
            (None, true, true),
            (Some(import.id), true, true),
            (Some(import.id), false, false),
        ]
    );
    // The desk's own list is of the desk's own.
    assert_eq!(store.requests(&live(), 0, 10).await.unwrap().len(), 1);

    // Another environment, or another file, is another import.
    let practice = EnvironmentName::practice();
    for (environment, sha256) in [(practice, "a"), (live(), "b")] {
        let other = store
            .import_requests(&environment, source(sha256), rows.clone())
            .await
            .unwrap();
        assert_eq!(other.added, 2);
    }
    let nothing = store
        .import_requests(&live(), source("c"), Vec::new())
        .await
        .unwrap();
    assert_eq!(nothing, Imported::default());
    assert_eq!(store.imports(&live()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn what_is_read_otherwise_from_the_same_source_replaces_what_was_read_before() {
    let dir = new_dir();
    let store = open(&dir);
    store.record_request(request(NOON, "library.items.list", Some(200), 12));
    let import = async |read_as: &str, rows: &[ImportedRequest]| {
        let source = ImportSource {
            read_as: read_as.into(),
            ..source("a")
        };
        store
            .import_requests(&live(), source, rows.to_vec())
            .await
            .unwrap()
    };
    let (two, one) = (
        [imported(NOON, Some(200)), imported(NOON + HOUR, Some(500))],
        [imported(NOON + 1, Some(404))],
    );
    import("first", &two).await;
    assert_eq!(import("second", &one).await, Imported { added: 1, already: 0 });
    check(&store, NOON).await;
    let requests = counted(&store, NOON, NOON + DAY).await;
    assert_eq!(
        requests.values().sum::<u64>(),
        2,
        "the desk's own and the new one"
    );
    assert_eq!(store.imports(&live()).await.unwrap()[0].requests, 1);
    // Read so that nothing is left of it, it is gone.
    assert_eq!(import("third", &[]).await, Imported::default());
    assert_eq!(store.imports(&live()).await.unwrap(), []);
    check(&store, NOON).await;
}

#[tokio::test]
async fn a_panels_figures_are_kept_once_found_by_their_time_and_pruned() {
    let dir = new_dir();
    let store = open(&dir);
    let import = async |sha256: &str, generated_at_ms| {
        let body = format!("{{\"{sha256}\":1}}");
        let kept = store
            .import_panel(&live(), source(sha256), generated_at_ms, body)
            .await;
        kept.unwrap()
    };
    assert!(import("older", NOON).await);
    assert!(import("newer", NOON + 1).await);
    assert!(!import("older", NOON).await, "it is there");
    let found = async |from_ms, to_ms| -> Vec<String> {
        let rows = store.panels(&live(), from_ms, to_ms).await.unwrap();
        rows.into_iter().map(|row| row.body).collect()
    };
    assert_eq!(found(NOON, NOON + 2).await, ["{\"newer\":1}", "{\"older\":1}"]);
    assert_eq!(found(NOON, NOON + 1).await, ["{\"older\":1}"]);
    let elsewhere = store.panels(&EnvironmentName::practice(), 0, NOON + DAY).await;
    assert_eq!(elsewhere.unwrap(), []);
    store.prune_requests(NOON + 1).await.unwrap();
    assert_eq!(found(0, NOON + DAY).await, ["{\"newer\":1}"]);
}

#[tokio::test]
async fn an_import_that_was_cut_short_is_completed() {
    let dir = new_dir();
    let store = open(&dir);
    let rows: Vec<_> = (0..20_001)
        .map(|at_ms| imported(NOON + at_ms, Some(200)))
        .collect();
    let first = store
        .import_requests(&live(), source("a"), rows[..10_500].to_vec())
        .await
        .unwrap();
    assert_eq!(first.added, 10_500);
    let rest = store.import_requests(&live(), source("a"), rows).await.unwrap();
    assert_eq!(
        rest,
        Imported {
            added: 9_501,
            already: 10_500
        }
    );
    assert_eq!(store.imports(&live()).await.unwrap()[0].requests, 20_001);
    check_window(&store, NOON, NOON + DAY).await;
    assert_eq!(
        counted(&store, NOON, NOON + DAY).await.values().sum::<u64>(),
        20_001
    );
}

#[tokio::test]
async fn an_import_without_requests_left_is_forgotten_and_its_id_not_given_again() {
    let dir = new_dir();
    let store = open(&dir);
    let old = vec![imported(NOON, Some(200))];
    store
        .import_requests(&live(), source("old"), old.clone())
        .await
        .unwrap();
    let id = store.imports(&live()).await.unwrap()[0].id;
    assert_eq!(store.prune_requests(NOON + 1).await.unwrap(), 1);
    assert_eq!(store.imports(&live()).await.unwrap(), []);
    let again = store.import_requests(&live(), source("old"), old).await.unwrap();
    assert_eq!(again.added, 1);
    assert!(store.imports(&live()).await.unwrap()[0].id > id);
}

#[tokio::test]
async fn an_owner_tends_to_a_store_that_stays_open_and_a_guest_does_not() {
    let dir = new_dir();
    let time = TestClock::new();
    let store = Store::open(dir.path(), time.clock()).unwrap();
    let guest = open(&dir);
    assert!(matches!(guest.tend().await, Err(StoreError::NotOwner)));
    store.append(super::faults("a")).await.unwrap();
    store.record_request(request(NOON, "a", Some(200), 1));
    assert_eq!(store.requests(&live(), 0, 10).await.unwrap().len(), 1);
    time.advance(91 * DAY);
    store.tend().await.unwrap();
    assert_eq!(store.requests(&live(), 0, 10).await.unwrap(), []);
    let backups = || std::fs::read_dir(dir.path().join("backups")).unwrap().count();
    assert_eq!(backups(), 1);
    store.tend().await.unwrap();
    assert_eq!(backups(), 1);
}
