//! Commands about the rehearsal log.

use super::shell::Shell;
use desk_app::{
    Problem,
    log::{
        field_called,
        view::{
            LogChangeView, LogComparisonView, LogEntryView, LogFormat, LogImportView, LogPageView, LogQuery,
            LogSavedView,
        },
    },
    view::RunKind,
};
use tauri::{
    State,
    ipc::{InvokeBody, Request},
};

#[tauri::command]
pub async fn log_entries(shell: State<'_, Shell>, query: LogQuery) -> Result<LogPageView, Problem> {
    shell.desk().await?.log_entries(&query).await
}

#[tauri::command]
pub async fn log_entry(shell: State<'_, Shell>, id: String) -> Result<LogEntryView, Problem> {
    shell.desk().await?.log_entry(&id).await
}

#[tauri::command]
pub async fn new_log_entry(shell: State<'_, Shell>, kind: Option<RunKind>) -> Result<LogEntryView, Problem> {
    shell.desk().await?.new_log_entry(kind, &[]).await
}

#[tauri::command]
pub async fn set_log_field(
    shell: State<'_, Shell>,
    id: String,
    field: String,
    text: String,
) -> Result<LogSavedView, Problem> {
    let field = field_called(&field)?;
    shell.desk().await?.set_log_field(&id, field, &text).await
}

#[tauri::command]
pub async fn undo_log_field(
    shell: State<'_, Shell>,
    id: String,
    field: String,
) -> Result<LogSavedView, Problem> {
    let field = field_called(&field)?;
    shell.desk().await?.undo_log_field(&id, field).await
}

#[tauri::command]
pub async fn log_history(
    shell: State<'_, Shell>,
    id: String,
    field: String,
) -> Result<Vec<LogChangeView>, Problem> {
    let field = field_called(&field)?;
    shell.desk().await?.log_history(&id, Some(field)).await
}

#[tauri::command]
pub async fn withdraw_log_entry(
    shell: State<'_, Shell>,
    id: String,
    reason: String,
) -> Result<LogEntryView, Problem> {
    shell.desk().await?.withdraw_log_entry(&id, &reason).await
}

#[tauri::command]
pub async fn compare_log_entries(
    shell: State<'_, Shell>,
    before: String,
    after: String,
) -> Result<LogComparisonView, Problem> {
    shell.desk().await?.compare_log_entries(&before, &after).await
}

/// Writes one entry, or all that a query lets through, into a file among the desk's own. Gives the file.
#[tauri::command]
pub async fn export_log(
    shell: State<'_, Shell>,
    id: Option<String>,
    query: LogQuery,
    format: LogFormat,
) -> Result<String, Problem> {
    let file = shell
        .desk()
        .await?
        .save_log_export(id.as_deref(), &query, format)
        .await?;
    Ok(file.display().to_string())
}

/// Takes the bytes of a file as they are: whether they are a text is the use case's to say.
#[tauri::command]
pub async fn import_log_entries(
    shell: State<'_, Shell>,
    request: Request<'_>,
) -> Result<LogImportView, Problem> {
    let bytes = match request.body() {
        InvokeBody::Raw(bytes) => bytes.clone(),
        // So they come where the webview has no other way than JSON.
        InvokeBody::Json(numbers) => serde_json::from_value(numbers.clone()).map_err(|error| {
            Problem::invalid("file", "The file did not come through whole.", "Choose it again.")
                .detailed(error.to_string())
        })?,
    };
    shell.desk().await?.import_log_entries(&bytes).await
}

#[tauri::command]
pub async fn after_action(shell: State<'_, Shell>, id: String) -> Result<String, Problem> {
    shell.desk().await?.after_action(&id).await
}
