//! Commands of the metrics page.

use super::{clipboard::copy, shell::Shell};
use desk_app::{
    Problem,
    metrics::view::{ColumnMap, ImportView, LogColumns, MetricsView},
};
use tauri::{AppHandle, State};

#[tauri::command]
pub async fn capture_metrics(shell: State<'_, Shell>, window_minutes: u32) -> Result<MetricsView, Problem> {
    shell.desk().await?.capture_metrics(window_minutes).await
}

/// The columns of a request log, from its beginning.
#[tauri::command]
pub async fn log_columns(shell: State<'_, Shell>, text: String) -> Result<Option<LogColumns>, Problem> {
    shell.desk().await?.log_columns(&text).await
}

#[tauri::command]
pub async fn import_metrics(
    shell: State<'_, Shell>,
    name: String,
    text: String,
    columns: ColumnMap,
) -> Result<ImportView, Problem> {
    let desk = shell.desk().await?;
    desk.import_requests(&name, &text, &columns).await
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
