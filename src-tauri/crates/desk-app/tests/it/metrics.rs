//! What others measured: request logs whose columns are mapped, and what the web panel counted.

use crate::support::{Bench, START_MS};
use desk_app::{
    Desk, Phase,
    metrics::view::{ColumnMap, DurationUnit, GateView, MetricsView, VerdictView},
};
use desk_core::metrics::Rate;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(60 * 60);
const MINUTE_MS: i64 = 60_000;

/// A desk on a portal that has been in a phase for four hours.
async fn four_hours_in(phase: Phase) -> (Bench, Desk) {
    let bench = Bench::start().await;
    bench.somebody_sets("staff-smoke", phase, None).await;
    bench.pass(4 * HOUR);
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    (bench, desk)
}

/// What the web panel copies: successful readings of the catalogue, and errors of each kind.
fn panel(phase: Phase, generated_at_ms: i64, good: u64, [conflicts, missing, other]: [u64; 3]) -> String {
    let errors = conflicts + missing + other;
    let requests = good + errors;
    let rate = |part: u64| Rate::of(part, requests).0;
    let generated = chrono::DateTime::from_timestamp_millis(generated_at_ms).unwrap();
    let figures = format!(
        r#""requestCount":{requests},"errorCount":{errors},"conflictCount":{conflicts},"routeErrorCount":{missing}"#
    );
    format!(
        r#"{{"rolloutPhase":"{}","rolloutLabel":"{}","memberWritesEnabled":{},
        "generatedAtIso":"{}","windowMinutes":180,
        "summary":{{{figures},"errorRate":{},"conflictRate":{},"p50LatencyMs":7000,"p95LatencyMs":9000,"maxLatencyMs":9000}},
        "endpoints":[{{"route":"/v1/library.items.list",{figures},"p50LatencyMs":7000,"p95LatencyMs":9000}}]}}"#,
        phase.wire(),
        phase.label(),
        phase >= Phase::MemberWrites,
        generated.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        rate(errors),
        rate(conflicts),
    )
}

async fn capture(desk: &Desk) -> MetricsView {
    desk.capture_metrics(180).await.unwrap()
}

async fn import(desk: &Desk, name: &str, text: &str) -> (u64, u64, Option<String>) {
    let imported = desk
        .import_requests(name, text, &ColumnMap::default())
        .await
        .unwrap();
    assert!(imported.bad.is_empty(), "{:?}", imported.bad);
    (imported.added, imported.already, imported.note)
}

fn gate<'a>(view: &'a MetricsView, id: &str) -> &'a GateView {
    view.gates.iter().find(|gate| gate.id == id).unwrap()
}

fn sources(view: &MetricsView) -> Vec<(&str, u64, &str)> {
    let sources = view.sources.iter().filter(|one| one.source != "desk");
    sources
        .map(|one| {
            (
                one.source.as_str(),
                one.requests,
                one.note.as_deref().unwrap_or_default(),
            )
        })
        .collect()
}

#[tokio::test]
async fn the_web_panels_sums_count_once_and_in_no_percentile() {
    let (_bench, desk) = four_hours_in(Phase::ReadOnly).await;
    let before = capture(&desk).await;
    let text = panel(Phase::ReadOnly, desk.now_ms() - MINUTE_MS, 400, [0, 1, 0]);

    let (added, already, note) = import(&desk, "panel.json", &text).await;
    assert_eq!((added, already), (401, 0));
    assert!(note.unwrap().contains("not in percentiles"));
    let view = capture(&desk).await;
    assert_eq!(view.summary.request_count, before.summary.request_count + 401);
    assert_eq!(view.summary.route_error_count, 1);
    assert_eq!(
        view.summary.max_latency_ms, before.summary.max_latency_ms,
        "its latencies are not merged"
    );
    let sums = "the web panel's sums, without durations: they are in no percentile";
    assert_eq!(sources(&view), [("panel.json", 401, sums)]);
    let errors = gate(&view, "phase1-read-errors");
    assert_eq!((errors.count, errors.failures), (401, 1));
    assert_eq!(gate(&view, "phase1-route-errors").verdict, VerdictView::NoGo);

    let (added, already, _) = import(&desk, "again.json", &format!("\n{text}\n")).await;
    assert_eq!((added, already), (0, 401));
    assert_eq!(capture(&desk).await.summary.route_error_count, 1);
    let json: serde_json::Value = serde_json::from_str(&desk.metrics_json().await.unwrap()).unwrap();
    let kept = json["desk"]["sources"].as_array().unwrap();
    assert!(kept.iter().any(|source| source["note"] == sums), "{kept:?}");
}

#[tokio::test]
async fn sums_of_another_phase_or_of_a_time_before_it_are_kept_and_do_not_count() {
    let (bench, desk) = four_hours_in(Phase::ReadOnly).await;
    let now = desk.now_ms();
    let other = panel(Phase::MemberWrites, now - MINUTE_MS, 30, [0, 0, 0]);
    let (added, _, note) = import(&desk, "other phase", &other).await;
    assert_eq!(added, 30);
    let note = note.unwrap();
    assert!(
        note.contains("made in Phase 2, and Phase 1 is in force"),
        "{note}"
    );
    let early = panel(Phase::ReadOnly, START_MS + 170 * MINUTE_MS, 40, [0, 0, 0]);
    import(&desk, "too early", &early).await;
    let late = panel(Phase::ReadOnly, now - 2 * MINUTE_MS, 50, [0, 0, 0]);
    import(&desk, "newest", &late).await;
    let overlapping = panel(Phase::ReadOnly, now - 30 * MINUTE_MS, 60, [0, 0, 0]);
    import(&desk, "overlapping", &overlapping).await;

    let view = capture(&desk).await;
    assert_eq!(gate(&view, "phase1-read-errors").count, 50);
    let seen: Vec<_> = sources(&view)
        .into_iter()
        .map(|(source, requests, _)| (source, requests))
        .collect();
    assert_eq!(
        seen,
        [
            ("other phase", 0),
            ("newest", 50),
            ("overlapping", 0),
            ("too early", 0)
        ]
    );
    for (source, _, note) in sources(&view) {
        assert_eq!(
            source != "newest",
            note.contains("do not count: "),
            "{source}: {note}"
        );
    }

    // Kept all the same: in its own phase it would count, had that been in force long enough.
    bench.somebody_sets("operator", Phase::MemberWrites, None).await;
    let view = capture(&desk).await;
    assert!(
        sources(&view).is_empty(),
        "all of them are from before the phase was set"
    );
}

#[tokio::test]
async fn a_gate_about_order_says_that_it_cannot_use_sums() {
    let (_bench, desk) = four_hours_in(Phase::MemberWrites).await;
    let text = panel(Phase::MemberWrites, desk.now_ms() - MINUTE_MS, 60, [2, 0, 1])
        .replace("library.items.list", "library.loans.checkout");
    import(&desk, "panel", &text).await;
    let view = capture(&desk).await;
    let failures = gate(&view, "phase2-borrow-failures");
    assert_eq!((failures.count, failures.failures), (63, 3));
    let sustained = gate(&view, "phase2-sustained-route-errors");
    assert_eq!(sustained.count, 0);
    assert!(
        sustained.small_print.contains("63 requests came as a sum"),
        "{}",
        sustained.small_print
    );
}

#[tokio::test]
async fn what_contradicts_itself_or_is_a_desks_own_is_refused() {
    let (_bench, desk) = four_hours_in(Phase::ReadOnly).await;
    capture(&desk).await;
    let own = desk.metrics_json().await.unwrap();
    let edited = panel(Phase::ReadOnly, desk.now_ms(), 10, [0, 1, 0]).replacen(
        "\"errorCount\":1",
        "\"errorCount\":0",
        1,
    );
    for (text, says) in [(own, "a desk's own"), (edited, "contradicts itself")] {
        let problem = desk
            .import_requests("x", &text, &ColumnMap::default())
            .await
            .unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("file"));
        assert!(problem.message.contains(says), "{}", problem.message);
    }
}

#[tokio::test]
async fn columns_are_mapped_remembered_and_a_log_read_otherwise_replaces_itself() {
    let (_bench, desk) = four_hours_in(Phase::ReadOnly).await;
    let at = (desk.now_ms() - MINUTE_MS) / 1000;
    let log = format!(
        "moment,what,answer,took\n{at},/v1/library.items.list,200,2\n{at},/v1/library.items.list,500,4\n"
    );
    let seen = desk.log_columns(&log).await.unwrap().unwrap();
    assert_eq!(seen.found, ["moment", "what", "answer", "took"]);
    assert_eq!(
        (&seen.columns.time, seen.columns.duration.as_deref()),
        (&None, Some("took"))
    );
    let problem = desk
        .import_requests("log", &log, &seen.columns)
        .await
        .unwrap_err();
    assert!(
        problem.message.contains("no column was recognised as time"),
        "{}",
        problem.message
    );

    let map = ColumnMap {
        time: Some("moment".into()),
        route: Some("what".into()),
        status: Some("answer".into()),
        ..seen.columns
    };
    let first = desk.import_requests("log", &log, &map).await.unwrap();
    assert_eq!((first.added, first.already), (2, 0));
    let view = capture(&desk).await;
    assert_eq!(view.summary.error_count, 1);

    // The next log of this kind needs no map.
    let remembered = desk.log_columns(&log).await.unwrap().unwrap().columns;
    assert_eq!(remembered, map);
    assert_eq!(import(&desk, "log", &log).await, (0, 2, None));

    // It took seconds, not milliseconds: what was read before is replaced.
    let seconds = ColumnMap {
        duration_unit: Some(DurationUnit::Seconds),
        ..map
    };
    let again = desk.import_requests("log", &log, &seconds).await.unwrap();
    assert_eq!((again.added, again.already), (2, 0));
    let view = capture(&desk).await;
    assert_eq!(view.summary.error_count, 1, "counted once");
    assert_eq!(view.summary.max_latency_ms, Some(4_000));
    assert_eq!(
        desk.log_columns(&panel(Phase::ReadOnly, 0, 1, [0; 3]))
            .await
            .unwrap(),
        None
    );
}
