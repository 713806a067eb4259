//! Commands of the smoke page, and of the soak.

use super::{MAIN, clipboard::copy, shell::Shell};
use desk_app::{
    Problem,
    metrics::view::SoakView,
    parse_phase,
    smoke::{
        Cancel,
        view::{LeftView, SmokePlan, SmokeReport, SmokeRequest},
    },
};
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Emitter, State};
use tokio::sync::watch;

/// The events that carry a run and a soak while they go on.
const SMOKE_EVENT: &str = "smoke";
const SOAK_EVENT: &str = "soak";

/// Says to the run and to the soak that go on that they are to stop.
#[derive(Default)]
pub struct Going {
    smoke: Mutex<Option<watch::Sender<bool>>>,
    soak: Mutex<Option<watch::Sender<bool>>>,
}

fn put(place: &Mutex<Option<watch::Sender<bool>>>, sender: Option<watch::Sender<bool>>) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = sender;
}

fn ask(place: &Mutex<Option<watch::Sender<bool>>>) {
    if let Some(sender) = place.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        sender.send_replace(true);
    }
}

fn tell<T: serde::Serialize + Clone>(app: &AppHandle, event: &str, value: T) {
    if let Err(error) = app.emit_to(MAIN, event, value) {
        tracing::warn!(%error, "the window could not be told");
    }
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
    going: State<'_, Going>,
    request: SmokeRequest,
) -> Result<SmokeReport, Problem> {
    let desk = shell.desk().await?;
    let (progress, mut seen) = watch::channel(None::<SmokeReport>);
    let (stop, asked) = watch::channel(false);
    put(&going.smoke, Some(stop));
    let mut run = std::pin::pin!(desk.run_smoke(&request, &progress, Cancel::when(asked)));
    let report = loop {
        tokio::select! {
            report = &mut run => break report,
            Ok(()) = seen.changed() => {
                let report = seen.borrow_and_update().clone();
                tell(&app, SMOKE_EVENT, report);
            }
        }
    };
    put(&going.smoke, None);
    let report = report?;
    tell(&app, SMOKE_EVENT, Some(&report));
    desk.show_metrics().await?;
    Ok(report)
}

#[tauri::command]
pub async fn cancel_smoke(going: State<'_, Going>) -> Result<(), Problem> {
    ask(&going.smoke);
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
    going: State<'_, Going>,
    phase: String,
) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    let phase = parse_phase(&phase)?;
    let (progress, mut seen) = watch::channel(None::<SoakView>);
    let (stop, asked) = watch::channel(false);
    put(&going.soak, Some(stop));
    let mut soak = std::pin::pin!(desk.soak(phase, None, progress, Cancel::when(asked)));
    let result = loop {
        tokio::select! {
            result = &mut soak => break result.map(|_| ()),
            Ok(()) = seen.changed() => {
                let view = seen.borrow_and_update().clone();
                tell(&app, SOAK_EVENT, view);
            }
        }
    };
    put(&going.soak, None);
    tell(&app, SOAK_EVENT, None::<SoakView>);
    result
}

#[tauri::command]
pub async fn cancel_soak(going: State<'_, Going>) -> Result<(), Problem> {
    ask(&going.soak);
    Ok(())
}
