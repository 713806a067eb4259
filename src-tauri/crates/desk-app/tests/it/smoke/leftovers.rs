//! Whatever becomes of a run, the portal is as it was before it, but for what the contract has no route to remove.

use super::*;
use rusqlite::Connection;
use serde_json::{Map, Value};
use std::{collections::BTreeMap, time::Duration};

/// What an item shows of loans, ratings and reviews since ever, and when it was touched: no route takes it back.
const TRACES: [&str; 8] = [
    "updatedAt",
    "updatedByUid",
    "borrowCount",
    "aggregateRating",
    "aggregateRatingCount",
    "communitySignalsUpdatedAt",
    "lastReviewedAt",
    "reviewSummary",
];

type Documents = BTreeMap<(String, String), Map<String, Value>>;

/// Every document of the practice portal, but for the rollout's own.
fn documents(bench: &Bench) -> Documents {
    let connection = Connection::open(bench.dir().join("practice.db")).unwrap();
    let mut statement = connection
        .prepare("SELECT collection, id, body FROM doc WHERE collection <> 'config'")
        .unwrap();
    let rows = statement
        .query_map([], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get::<_, String>(2)?))
        })
        .unwrap();
    rows.map(|row| {
        let (key, body) = row.unwrap();
        let mut document: Map<String, Value> = serde_json::from_str(&body).unwrap();
        for trace in TRACES {
            document.remove(trace);
        }
        (key, document)
    })
    .collect()
}

/// The documents that were not there before, after making sure that the others are as they were and that nothing new can
/// be seen or used by members.
fn added(before: &Documents, after: Documents) -> Documents {
    for (key, document) in before {
        assert_eq!(after.get(key), Some(document), "{key:?}");
    }
    let added: Documents = after
        .into_iter()
        .filter(|(key, _)| !before.contains_key(key))
        .collect();
    for ((collection, id), document) in &added {
        let right = is_put_right(collection, document);
        assert!(right, "{collection}/{id} is still there: {document:?}");
    }
    added
}

/// Whether members neither see nor hold what the document is.
fn is_put_right(collection: &str, document: &Map<String, Value>) -> bool {
    let word = |field: &str| document.get(field).and_then(Value::as_str).unwrap_or_default();
    match collection {
        "libraryItems" => document.get("deleted") == Some(&Value::Bool(true)),
        "libraryLoans" => word("status") == "returned" || word("itemId").starts_with("desk-smoke-"),
        "libraryRecommendations" => word("moderationStatus") == "rejected",
        _ => true,
    }
}

/// Whether nothing can take the document away, so that it must be listed.
fn must_be_listed(collection: &str, document: &Map<String, Value>) -> bool {
    match collection {
        // History and bookkeeping of the portal's own.
        "libraryItems" | "libraryItemTags" => false,
        "libraryLoans" => document["status"] != "returned",
        _ => true,
    }
}

#[tokio::test]
async fn after_each_phase_everything_is_put_back_or_listed_by_its_id() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    for phase in Phase::ALL {
        set(&bench, &desk, phase).await;
        let before = documents(&bench);
        let report = run(&desk, phase).await;
        let added = added(&before, documents(&bench));
        assert_eq!(phase == Phase::ReadOnly, added.is_empty());
        for ((collection, id), document) in &added {
            let listed = report.left.iter().any(|left| left.id.as_deref() == Some(id));
            // A kept reply bears the id of the loan that it made.
            if collection != "libraryIdempotency" {
                let wanted = must_be_listed(collection, document);
                assert_eq!(listed, wanted, "{collection}/{id}: {:?}", report.left);
            }
        }
        assert!(report.left.iter().all(|left| !left.open), "{:?}", report.left);
        assert!(desk.clean_up_leftovers().await.unwrap().is_empty());
    }
    desk.close().await;
}

#[tokio::test]
async fn a_second_run_changes_the_review_and_uses_again_what_cannot_be_removed() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let of = |documents: &Documents, wanted: &str| {
        documents
            .keys()
            .filter(|(collection, _)| collection == wanted)
            .count()
    };
    for phase in [Phase::MemberWrites, Phase::AdminFull] {
        set(&bench, &desk, phase).await;
        run(&desk, phase).await;
        let before = documents(&bench);
        let report = run(&desk, phase).await;
        let failed: Vec<_> = report
            .steps()
            .filter(|step| step.state == SmokeStepState::Fail)
            .collect();
        assert!(failed.is_empty(), "{failed:?}");
        let after = documents(&bench);
        for collection in [
            "libraryReviews",
            "libraryRatings",
            "libraryReadingStatus",
            "libraryRecommendations",
            "libraryTags",
        ] {
            assert_eq!(of(&before, collection), of(&after, collection), "{collection}");
        }
        if phase == Phase::MemberWrites {
            assert_eq!(of(&after, "libraryReviews"), 1);
            assert_eq!(
                step(&report, "phase2-feedback/review").route.as_deref(),
                Some("library.reviews.update")
            );
        }
    }
    desk.close().await;
}

/// Ends a run, and the desk with it, as soon as so many steps are over; whether it had not ended by itself.
async fn kill_after(desk: &Desk, phase: Phase, steps: u32) -> bool {
    let progress = watch::Sender::new(None::<SmokeReport>);
    let mut shown = progress.subscribe();
    let request = request(phase);
    let running = desk.run_smoke(&request, &progress, Cancel::never());
    let reached = shown.wait_for(|report| {
        report
            .as_ref()
            .is_some_and(|report| report.counts.all - report.counts.open >= steps)
    });
    tokio::select! {
        biased;
        _ = reached => true,
        ended = running => {
            ended.unwrap();
            false
        }
    }
}

async fn killed_at_each_step(phase: Phase) {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    set(&bench, &desk, phase).await;
    let before = documents(&bench);
    desk.close().await;
    bench.nobody_is_there().await;
    let mut steps = 0;
    let mut killed = true;
    let mut found_amiss = 0;
    while killed {
        let desk = bench.open().await;
        let amiss = |((collection, id), document): (&(String, String), &Map<String, Value>)| {
            let known = before.contains_key(&(collection.clone(), id.clone()));
            !known && !is_put_right(collection, document)
        };
        found_amiss += usize::from(documents(&bench).iter().any(amiss));
        let listed = desk.leftovers().await.unwrap();
        assert!(listed.iter().all(|left| left.open), "{listed:?}");
        let open = desk.clean_up_leftovers().await.unwrap();
        assert!(open.is_empty(), "killed after {steps} steps: {open:?}");
        added(&before, documents(&bench));
        killed = kill_after(&desk, phase, steps).await;
        // Not closed: its portal and its store go as they would with the program.
        drop(desk);
        bench.nobody_is_there().await;
        // What was under way when the desk ended could arrive for a minute.
        bench.pass(Duration::from_secs(61));
        steps += 1;
    }
    let desk = bench.open().await;
    assert!(desk.clean_up_leftovers().await.unwrap().is_empty());
    added(&before, documents(&bench));
    desk.close().await;
    assert!(steps > 20, "only {steps} steps");
    assert_eq!(
        found_amiss > 0,
        phase != Phase::ReadOnly,
        "whether anything was ever left, so that this shows something; phase 1 has nothing to leave"
    );
}

#[tokio::test]
async fn killed_at_each_step_of_phase_1_nothing_is_left() {
    killed_at_each_step(Phase::ReadOnly).await;
}

#[tokio::test]
async fn killed_at_each_step_of_phase_2_the_next_desk_puts_all_right() {
    killed_at_each_step(Phase::MemberWrites).await;
}

#[tokio::test]
async fn killed_at_each_step_of_phase_3_the_next_desk_puts_all_right() {
    killed_at_each_step(Phase::AdminFull).await;
}

#[tokio::test]
async fn a_run_that_is_stopped_skips_the_rest_and_puts_all_right() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::AdminFull).await;
    let before = documents(&bench);
    let progress = watch::Sender::new(None::<SmokeReport>);
    let mut shown = progress.subscribe();
    let asked = watch::Sender::new(false);
    let stop = async {
        let begun =
            |report: &Option<SmokeReport>| report.as_ref().is_some_and(|report| report.counts.pass >= 8);
        shown.wait_for(begun).await.unwrap();
        asked.send_replace(true);
    };
    let request = request(Phase::AdminFull);
    let running = desk.run_smoke(&request, &progress, Cancel::when(asked.subscribe()));
    let (report, ()) = tokio::join!(running, stop);
    let report = report.unwrap();
    assert_eq!(report.state, desk_app::smoke::view::SmokeState::Cancelled);
    assert!(!report.proven);
    assert!(report.counts.skipped > 0);
    assert!(report.left.iter().all(|left| !left.open), "{:?}", report.left);
    added(&before, documents(&bench));
    desk.close().await;
}

#[tokio::test]
async fn what_may_still_arrive_stays_in_the_ledger_until_it_cannot() {
    let bench = Bench::start().await.impatient();
    let desk = practising(&bench, Phase::AdminFull).await;
    desk.set_faults(&["timeout-before@library.items.create*1".to_owned()])
        .await
        .unwrap();
    let report = run(&desk, Phase::AdminFull).await;
    let open: Vec<_> = report.left.iter().filter(|left| left.open).collect();
    assert_eq!(open.len(), 1, "{:?}", report.left);
    assert!(open[0].id.as_deref().unwrap().starts_with("desk-smoke-"));
    assert_eq!(desk.clean_up_leftovers().await.unwrap().len(), 1, "too early");
    bench.pass(Duration::from_secs(61));
    assert!(desk.clean_up_leftovers().await.unwrap().is_empty());
    desk.close().await;
}

#[tokio::test]
async fn a_review_that_could_not_be_changed_once_is_not_repeated_later() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::MemberWrites).await;
    run(&desk, Phase::MemberWrites).await;
    for fault in ["error-500=100%@library.items.list", "drop@library.reviews.update"] {
        // It is not reached in one, and without an answer in the other.
        desk.set_faults(&[fault.to_owned()]).await.unwrap();
        run(&desk, Phase::MemberWrites).await;
    }
    desk.set_faults(&[]).await.unwrap();
    let report = run(&desk, Phase::MemberWrites).await;
    let failed = report
        .steps()
        .filter(|step| step.state == SmokeStepState::Fail)
        .count();
    assert_eq!(failed, 0, "{:?}", unpassed(&report));
    let reviews = documents(&bench);
    let reviews = reviews
        .keys()
        .filter(|(collection, _)| collection == "libraryReviews");
    assert_eq!(reviews.count(), 1);
    desk.close().await;
}

#[tokio::test]
async fn what_was_put_on_a_practice_portal_is_forgotten_when_it_starts_anew() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::MemberWrites).await;
    run(&desk, Phase::MemberWrites).await;
    desk.reset_practice().await.unwrap();
    set(&bench, &desk, Phase::MemberWrites).await;
    let report = run(&desk, Phase::MemberWrites).await;
    assert_eq!(report.counts.fail, 0, "{:?}", unpassed(&report));
    desk.close().await;
}

/// A soak of borrowing and returning that has begun.
async fn soaking(
    desk: &Desk,
    cancel: Cancel,
) -> tokio::task::JoinHandle<Result<desk_app::metrics::view::SoakView, desk_app::Problem>> {
    let (progress, mut seen) = watch::channel(None);
    let soaking = desk.clone();
    let soak = tokio::spawn(async move {
        soaking
            .soak(Phase::MemberWrites, Some(400), progress, cancel)
            .await
    });
    seen.wait_for(|view: &Option<desk_app::metrics::view::SoakView>| {
        view.as_ref().is_some_and(|view| view.done >= 3)
    })
    .await
    .unwrap();
    soak
}

#[tokio::test]
async fn a_soak_that_is_stopped_returns_what_it_borrowed() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::MemberWrites).await;
    let before = documents(&bench);
    let (stop, asked) = watch::channel(false);
    let soak = soaking(&desk, Cancel::when(asked)).await;
    stop.send_replace(true);
    let view = soak.await.unwrap().unwrap();
    assert!(view.done < view.wanted && view.failed == 0, "{view:?}");
    added(&before, documents(&bench));
    assert!(desk.leftovers().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_a_soak_has_borrowed_that_was_killed_is_returned_by_the_next_desk() {
    let bench = Bench::start().await.impatient();
    let desk = practising(&bench, Phase::MemberWrites).await;
    let before = documents(&bench);
    let soak = soaking(&desk, Cancel::never()).await;
    desk.set_faults(&["timeout-before@library.loans.checkIn".to_owned()])
        .await
        .unwrap();
    // Until a copy is out that is not taken back.
    crate::support::when("a loan that is out", || {
        documents(&bench).iter().any(|((collection, id), document)| {
            collection == "libraryLoans"
                && !before.contains_key(&(collection.clone(), id.clone()))
                && document.get("status") == Some(&Value::from("checked_out"))
        })
    })
    .await;
    soak.abort();
    drop(soak.await);
    desk.set_faults(&[]).await.unwrap();
    drop(desk);
    bench.nobody_is_there().await;
    bench.pass(Duration::from_secs(120));
    let next = bench.open().await;
    assert_eq!(next.leftovers().await.unwrap().len(), 1);
    assert!(next.clean_up_leftovers().await.unwrap().is_empty());
    added(&before, documents(&bench));
}
