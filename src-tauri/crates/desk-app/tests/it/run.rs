//! Runs: started under a release owner, or opened by an act; ended; shown with what was recorded under them.

use crate::{
    smoke::on_portal,
    support::{Bench, STUDIO, assert_journal_is_whole, save},
};
use desk_app::{
    Code, Desk, Phase,
    metrics::view::AdvanceState,
    smoke::{Cancel, view::SmokeRequest},
    view::{EnvironmentKindView, RunKind},
};
use desk_core::record::Record;
use std::time::Duration;
use tokio::sync::watch;

async fn run_smoke(desk: &Desk, phase: Phase) -> String {
    let request = SmokeRequest {
        phase: phase.wire().to_owned(),
        ..SmokeRequest::default()
    };
    let progress = watch::Sender::new(None);
    let report = desk.run_smoke(&request, &progress, Cancel::never()).await;
    report.unwrap().id
}

/// The ids of what moving forward needs and is there.
async fn done(desk: &Desk) -> Vec<String> {
    let items = desk.advance().await.unwrap().items;
    let done = items.into_iter().filter(|item| item.state == AdvanceState::Done);
    done.map(|item| item.id).collect()
}

#[tokio::test]
async fn a_run_is_started_once_and_ended_once() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let problem = desk.end_run().await.unwrap_err();
    assert_eq!(problem.code, Code::Refused, "none is open");

    let run = desk.start_run("  Ana Weber ").await.unwrap();
    assert_eq!(
        (run.label.as_str(), run.owner.as_deref(), run.kind),
        ("R-001", Some("Ana Weber"), RunKind::Rehearsal)
    );
    assert_eq!(run.environment, STUDIO);
    assert_eq!(run.runbook_sha256, Some(desk.runbook_view().sha256));
    assert_eq!(run.ended_at_ms, None);
    let problem = desk.start_run("Bo").await.unwrap_err();
    assert_eq!(problem.code, Code::Refused);
    assert!(
        problem.message.contains("R-001") && problem.message.contains("Ana Weber"),
        "{}",
        problem.message
    );
    let change = save(&bench, &desk, Phase::ReadOnly, "under it").await.unwrap();
    assert_eq!(change.run.as_deref(), Some("R-001"));

    bench.pass(Duration::from_secs(60));
    let ended = desk.end_run().await.unwrap();
    assert_eq!(
        (ended.label.as_str(), ended.ended_at_ms.is_some()),
        ("R-001", true)
    );
    assert_eq!(desk.view().await.unwrap().run, None);
    // The next act opens one, without anybody named.
    let change = save(&bench, &desk, Phase::ReadOnly, "after it").await.unwrap();
    assert_eq!(change.run.as_deref(), Some("R-002"));
    let runs = desk.runs().await.unwrap();
    assert_eq!(
        runs.iter()
            .map(|run| (run.label.as_str(), run.owner.as_deref()))
            .collect::<Vec<_>>(),
        [("R-002", None), ("R-001", Some("Ana Weber"))]
    );
    assert_journal_is_whole(&desk).await;
    desk.close().await;
    let ends = bench.journal().await;
    let ends = ends
        .iter()
        .filter(|entry| matches!(entry.record, Record::RunEnded {}));
    assert_eq!(ends.count(), 1);
}

#[tokio::test]
async fn nobody_named_is_the_operator_and_a_live_run_is_live() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Live).await;
    let run = desk.start_run("").await.unwrap();
    assert_eq!(run.owner, Some(bench.identity("operator").uid.clone()));
    assert_eq!(run.kind, RunKind::Live);
    let problem = desk.start_run(&"x".repeat(121)).await.unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("owner"));
}

#[tokio::test]
async fn what_was_recorded_under_a_run_is_shown_with_it() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.start_run("Ana").await.unwrap();
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let smoke_id = run_smoke(&desk, Phase::ReadOnly).await;
    let artifact = desk.capture_metrics(180).await.unwrap().artifact;
    desk.attach_metrics().await.unwrap();
    desk.end_run().await.unwrap();
    save(&bench, &desk, Phase::MemberWrites, "in the next")
        .await
        .unwrap();

    let report = desk.run_report(Some("r-001")).await.unwrap();
    assert_eq!(desk.run_report(Some(&report.run.id)).await.unwrap(), report);
    let to: Vec<_> = report
        .phase_changes
        .iter()
        .map(|change| change.to.as_str())
        .collect();
    assert_eq!(to, [Phase::ReadOnly.wire()]);
    assert_eq!(
        report
            .smoke_runs
            .iter()
            .map(|run| run.id.as_str())
            .collect::<Vec<_>>(),
        [smoke_id.as_str()]
    );
    assert_eq!(report.artifacts.len(), 1);
    assert_eq!(report.artifacts[0].sha256, artifact);
    assert_eq!(report.artifacts[0].attached_as, ["phase-metrics"]);
    assert!(report.entries >= 7, "{}", report.entries);
    assert_eq!(report.overrides, []);
    // Without a name it is the newest.
    let newest = desk.run_report(None).await.unwrap();
    assert_eq!((newest.run.label.as_str(), newest.overrides.len()), ("R-002", 1));
    let problem = desk.run_report(Some("R-009")).await.unwrap_err();
    assert_eq!(problem.code, Code::NotFound);
}

#[tokio::test]
async fn what_is_needed_must_be_there_on_the_open_run() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::ReadOnly).await;
    desk.refresh_phase().await.unwrap();
    run_smoke(&desk, Phase::ReadOnly).await;
    desk.attest("phase1-writes-paused", true, "seen").await.unwrap();
    desk.capture_metrics(180).await.unwrap();
    desk.attach_metrics().await.unwrap();
    assert_eq!(done(&desk).await, ["smoke", "attestations", "artifact"]);

    desk.end_run().await.unwrap();
    assert_eq!(done(&desk).await, Vec::<String>::new());
    desk.start_run("Bo").await.unwrap();
    assert_eq!(
        done(&desk).await,
        Vec::<String>::new(),
        "the phase is the same, the run is another"
    );
    run_smoke(&desk, Phase::ReadOnly).await;
    assert_eq!(done(&desk).await, ["smoke"]);
    desk.close().await;
}
