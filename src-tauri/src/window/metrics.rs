//! Commands of the metrics page.

use super::{settings::copy, shell::Shell};
use desk_app::{
    Problem,
    metrics::view::{ImportView, MetricsView},
};
use tauri::{AppHandle, State};

#[tauri::command]
pub async fn capture_metrics(shell: State<'_, Shell>, window_minutes: u32) -> Result<MetricsView, Problem> {
    shell.desk().await?.capture_metrics(window_minutes).await
}

#[tauri::command]
pub async fn import_metrics(
    shell: State<'_, Shell>,
    name: String,
    text: String,
) -> Result<ImportView, Problem> {
    shell.desk().await?.import_requests(&name, &text).await
}

#[tauri::command]
pub async fn copy_metrics(app: AppHandle, shell: State<'_, Shell>) -> Result<(), Problem> {
    let text = shell.desk().await?.metrics_json().await?;
    copy(&app, &text)
}

#[tauri::command]
pub async fn attach_metrics(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.attach_metrics().await
}
