//! A window and commands on one data directory.

use crate::support::{Bench, STUDIO, assert_journal_is_whole, beside, save, until};
use desk_app::{
    Desk, Phase,
    view::{ChangeOutcomeView, EnvironmentKindView},
};

/// Does what the window does for as long as it is open.
fn as_window(desk: &Desk) -> [crate::support::Running; 2] {
    let (watching, following) = (desk.clone(), desk.clone());
    [
        beside(async move { watching.watch().await }),
        beside(async move { following.watch_journal().await }),
    ]
}

#[tokio::test]
async fn a_change_by_a_command_shows_in_the_window() {
    let bench = Bench::start().await;
    let window = bench.staging().await;
    let _running = as_window(&window);
    until(&window, "the first reading", |view| view.reading.is_some()).await;
    let command = bench.open().await;
    let change = save(&bench, &command, Phase::ReadOnly, "by command")
        .await
        .unwrap();
    let view = until(&window, "the change", |view| {
        let shown = view.reading.as_ref().map(|reading| reading.state.phase.as_str());
        shown == Some(Phase::ReadOnly.wire())
            && view
                .history
                .iter()
                .any(|earlier| earlier.outcome == Some(ChangeOutcomeView::Confirmed))
    })
    .await;
    assert_eq!(view.history[0].change_id, change.change_id);
    assert_eq!(view.run.unwrap().label, "R-001");
    assert_eq!(
        bench.phase_acts().await,
        ["started 1", "Confirmed"],
        "nobody else moved the phase"
    );
    assert_journal_is_whole(&window).await;
}

#[tokio::test]
async fn saves_from_both_belong_to_one_run_and_one_journal() {
    let bench = Bench::start().await;
    let window = bench.staging().await;
    let command = bench.open().await;
    save(&bench, &window, Phase::ReadOnly, "window").await.unwrap();
    save(&bench, &command, Phase::MemberWrites, "command")
        .await
        .unwrap();
    save(&bench, &window, Phase::AdminFull, "window").await.unwrap();
    let history = command.view().await.unwrap().history;
    let runs: Vec<_> = history
        .iter()
        .filter_map(|change| change.run.as_deref())
        .collect();
    assert_eq!(runs, ["R-001"; 3]);
    assert_journal_is_whole(&command).await;
}

#[tokio::test]
async fn a_portal_added_by_a_command_shows_in_the_window() {
    let bench = Bench::start().await;
    let window = bench.open().await;
    let _running = as_window(&window);
    let command = bench.open().await;
    command
        .add_environment(&bench.draft(EnvironmentKindView::Live))
        .await
        .unwrap();
    let view = until(&window, "the portal", |view| view.environments.len() == 2).await;
    assert_eq!(view.environments[1].name, STUDIO);
    assert_eq!(view.environment.name, "practice");
}

#[tokio::test]
async fn a_window_leaves_a_portal_that_a_command_removes() {
    let bench = Bench::start().await;
    let window = bench.staging().await;
    let mut changes = window.changes();
    let _running = as_window(&window);
    until(&window, "the first reading", |view| view.reading.is_some()).await;
    let command = bench.open().await;
    command.remove_environment(STUDIO, STUDIO).await.unwrap();
    let left = async {
        while window.environment().as_str() != "practice" {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), left)
        .await
        .unwrap();
    let view = until(&window, "practice", |view| view.reading.is_some()).await;
    assert_eq!(view.environment.name, "practice");
}
