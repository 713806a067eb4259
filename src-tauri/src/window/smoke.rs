//! Commands of the smoke page, and of the soak.

use super::{
    clipboard::copy,
    going::{Going, tell},
    shell::Shell,
};
use desk_app::{
    Problem,
    metrics::view::SoakView,
    parse_phase,
    smoke::view::{LeftView, SmokePlan, SmokeReport, SmokeRequest},
};
use tauri::{AppHandle, State};

/// The events that carry a run and a soak while they go on.
const SMOKE_EVENT: &str = "smoke";
const SOAK_EVENT: &str = "soak";

/// The run and the soak that go on.
#[derive(Default)]
pub struct Work {
    smoke: Going,
    soak: Going,
}

#[tauri::command]
pub async fn smoke_plan(shell: State<'_, Shell>, phase: String) -> Result<SmokePlan, Problem> {
    shell.desk().await?.smoke_plan(&phase).await
}

/// The newest run of a phase, if there is one.
#[tauri::command]
pub async fn smoke_report(shell: State<'_, Shell>, phase: String) -> Result<Option<SmokeReport>, Problem> {
    let phase = parse_phase(&phase)?;
    Ok(shell
        .desk()
        .await?
        .smoke_reports(Some(phase), 1)
        .await?
        .into_iter()
        .next())
}

#[tauri::command]
pub async fn run_smoke(
    app: AppHandle,
    shell: State<'_, Shell>,
    going: State<'_, Work>,
    request: SmokeRequest,
) -> Result<SmokeReport, Problem> {
    let desk = shell.desk().await?;
    let run = |progress, cancel| {
        let (desk, request) = (&desk, &request);
        async move { desk.run_smoke(request, &progress, cancel).await }
    };
    let report = going.smoke.on(&app, SMOKE_EVENT, run).await?;
    tell(&app, SMOKE_EVENT, Some(&report));
    desk.show_metrics().await?;
    Ok(report)
}

#[tauri::command]
pub async fn cancel_smoke(going: State<'_, Work>) -> Result<(), Problem> {
    going.smoke.stop();
    Ok(())
}

#[tauri::command]
pub async fn attest_check(
    shell: State<'_, Shell>,
    check: String,
    pass: bool,
    note: String,
) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    desk.attest(&check, pass, &note).await?;
    desk.show_metrics().await?;
    Ok(())
}

/// Copies what support asks for: failed steps, ids, times, accounts.
#[tauri::command]
pub async fn copy_smoke_support(app: AppHandle, shell: State<'_, Shell>, id: String) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    let report = desk.smoke_report(&id).await?;
    copy(&app, &report.support_block(desk.zone()))
}

/// What runs left in the portal and could still be removed.
#[tauri::command]
pub async fn smoke_leftovers(shell: State<'_, Shell>) -> Result<Vec<LeftView>, Problem> {
    shell.desk().await?.leftovers().await
}

/// Removes it, and gives what is still there.
#[tauri::command]
pub async fn clean_up_leftovers(shell: State<'_, Shell>) -> Result<Vec<LeftView>, Problem> {
    shell.desk().await?.clean_up_leftovers().await
}

#[tauri::command]
pub async fn run_soak(
    app: AppHandle,
    shell: State<'_, Shell>,
    going: State<'_, Work>,
    phase: String,
) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    let phase = parse_phase(&phase)?;
    let soak = |progress, cancel| desk.soak(phase, None, progress, cancel);
    let result = going.soak.on(&app, SOAK_EVENT, soak).await.map(|_| ());
    tell(&app, SOAK_EVENT, None::<SoakView>);
    result
}

#[tauri::command]
pub async fn cancel_soak(going: State<'_, Work>) -> Result<(), Problem> {
    going.soak.stop();
    Ok(())
}
