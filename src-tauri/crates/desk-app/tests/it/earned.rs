//! What a move forward rests on: compared with what was shown when it was decided, and printed where it was overridden.

use crate::support::{Bench, assert_journal_is_whole, request, save};
use desk_app::{
    Code, Desk, Phase,
    smoke::{
        Cancel,
        view::{SmokeReport, SmokeRequest},
    },
    view::{EnvironmentKindView, SaveRequest},
};
use desk_core::record::Record;
use std::time::Duration;
use tokio::sync::watch;

/// What the support helper gives as the reason of every move that is not earned.
const REASON: &str = "a test of saving, not of earning";

async fn run_smoke(desk: &Desk, phase: Phase) -> SmokeReport {
    let request = SmokeRequest {
        phase: phase.wire().to_owned(),
        ..SmokeRequest::default()
    };
    let progress = watch::Sender::new(None);
    desk.run_smoke(&request, &progress, Cancel::never())
        .await
        .unwrap()
}

/// A desk in phase 2 that has made a snapshot there.
async fn in_phase_2(bench: &Bench) -> Desk {
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    save(bench, &desk, Phase::MemberWrites, "two").await.unwrap();
    bench.pass(Duration::from_secs(1));
    desk.capture_metrics(180).await.unwrap();
    desk
}

#[tokio::test]
async fn a_save_is_refused_when_what_it_rests_on_changed_since_it_was_shown() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let refused = async |clicked: SaveRequest, changed: &str| {
        let problem = desk.save_phase(clicked).await.unwrap_err();
        assert_eq!(problem.code, Code::BasisChanged, "{problem:?}");
        assert!(problem.message.contains(changed), "{}", problem.message);
    };

    let clicked = request(&desk, Phase::AdminFull, "forward").await;
    desk.attach_metrics().await.unwrap();
    refused(clicked, "Another metrics artifact is attached").await;

    let clicked = request(&desk, Phase::AdminFull, "forward").await;
    run_smoke(&desk, Phase::MemberWrites).await;
    refused(clicked, "There is another smoke run.").await;

    let clicked = request(&desk, Phase::AdminFull, "forward").await;
    bench.pass(Duration::from_secs(31 * 60));
    refused(
        clicked,
        "The gate phase2-borrow-failures was INSUFFICIENT and is STALE.",
    )
    .await;

    let clicked = request(&desk, Phase::AdminFull, "forward").await;
    let text = desk_core::Runbook::builtin_text().replace("Admin full", "Everything");
    desk.set_runbook("own.toml", text).await.unwrap();
    refused(clicked, "Another runbook is in force.").await;

    // The screen shows by then what is true now.
    let shown = desk.view().await.unwrap().advance;
    assert_eq!(shown, desk.advance().await.unwrap());
    assert_eq!(bench.read_as("operator").await.phase, Phase::MemberWrites);
    assert_eq!(bench.phase_acts().await, ["started 2", "Confirmed"]);

    // Time alone changes no verdict: what was shown a moment ago still holds.
    let clicked = request(&desk, Phase::AdminFull, "forward").await;
    bench.pass(Duration::from_secs(60));
    desk.save_phase(clicked).await.unwrap();
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn a_move_forward_says_what_it_was_decided_on_and_a_move_back_need_not() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    for basis in [None, Some("nonsense".to_owned())] {
        let clicked = SaveRequest {
            basis,
            ..request(&desk, Phase::AdminFull, "forward").await
        };
        let problem = desk.save_phase(clicked).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::InvalidInput, Some("basis"))
        );
    }
    let back = SaveRequest {
        basis: None,
        override_reason: None,
        ..request(&desk, Phase::ReadOnly, "back").await
    };
    desk.save_phase(back).await.unwrap();
}

#[tokio::test]
async fn an_override_is_printed_on_everything_for_as_long_as_the_phase_rests_on_it() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    assert_eq!(desk.overrides_view().await.unwrap(), []);
    let before = run_smoke(&desk, Phase::ReadOnly).await;
    assert_eq!(before.overrides, []);
    assert!(!before.junit().contains("<properties>"));

    let change = save(&bench, &desk, Phase::MemberWrites, "two").await.unwrap();
    assert_eq!(change.override_reason.as_deref(), Some(REASON));
    let made = desk.overrides_view().await.unwrap();
    assert_eq!(made.len(), 1);
    assert_eq!(
        (
            made[0].from.as_str(),
            made[0].to.as_str(),
            made[0].reason.as_str()
        ),
        (Phase::ReadOnly.wire(), Phase::MemberWrites.wire(), REASON)
    );

    // The metrics: the artifact itself, and what is shown of it.
    bench.pass(Duration::from_secs(1));
    let metrics = desk.capture_metrics(180).await.unwrap();
    assert_eq!(metrics.overrides, made);
    let artifact: serde_json::Value = serde_json::from_str(&desk.metrics_json().await.unwrap()).unwrap();
    assert_eq!(artifact["desk"]["overrides"][0]["reason"], REASON);
    // The gates, the history, the run.
    assert_eq!(desk.gates(Phase::MemberWrites).await.unwrap().overrides, made);
    let view = desk.view().await.unwrap();
    assert_eq!(view.history[0].override_reason.as_deref(), Some(REASON));
    assert_eq!(view.history[1].override_reason, None);
    assert_eq!(desk.run_report(None).await.unwrap().overrides, made);
    // The smoke run: its report, the block for support, JUnit.
    let report = run_smoke(&desk, Phase::MemberWrites).await;
    assert_eq!(report.overrides, made);
    let line = made[0].words(chrono_tz::Tz::UTC);
    assert!(line.contains("OVERRIDE phase_1_read_only to phase_2_member_writes by "));
    assert!(report.support_block(chrono_tz::Tz::UTC).contains(&line));
    let junit = report.junit();
    let suites = junit.matches("<testsuite ").count();
    assert_eq!(
        junit
            .matches(&format!("<property name=\"override\" value=\"{line}\"/>"))
            .count(),
        suites,
        "{junit}"
    );

    // Back in phase 1 nothing rests on it, and what was printed stays printed.
    save(&bench, &desk, Phase::ReadOnly, "back").await.unwrap();
    assert_eq!(desk.overrides_view().await.unwrap(), []);
    assert_eq!(desk.smoke_report(&report.id).await.unwrap().overrides, made);
    assert_eq!(desk.smoke_report(&before.id).await.unwrap().overrides, []);
    desk.close().await;
    let recorded = bench
        .journal()
        .await
        .into_iter()
        .filter_map(|entry| match entry.record {
            Record::PhaseChangeStarted { override_reason, .. } => Some(override_reason),
            _ => None,
        });
    assert_eq!(
        recorded.collect::<Vec<_>>(),
        [None, Some(REASON.to_owned()), None]
    );
}

#[tokio::test]
async fn a_practice_portal_that_is_reset_rests_on_no_override() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    save(&bench, &desk, Phase::MemberWrites, "two").await.unwrap();
    assert_eq!(desk.overrides_view().await.unwrap().len(), 1);
    desk.reset_practice().await.unwrap();
    desk.refresh_phase().await.unwrap();
    assert_eq!(desk.overrides_view().await.unwrap(), []);
    let advance = desk.advance().await.unwrap();
    assert!(!advance.ready);
    assert!(
        advance.answer.starts_with("No phase was ever saved"),
        "{}",
        advance.answer
    );
    desk.close().await;
}
