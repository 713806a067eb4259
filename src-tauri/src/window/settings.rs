//! Commands about the journal, drafts, appearance and the clipboard.

use super::shell::Shell;
use desk_app::{
    Code, Problem,
    view::{JournalView, Theme},
};
use std::collections::HashMap;
use tauri::{AppHandle, State};
use tauri_plugin_clipboard_manager::ClipboardExt;

#[tauri::command]
pub async fn verify_journal(shell: State<'_, Shell>) -> Result<JournalView, Problem> {
    shell.desk().await?.verify_journal().await
}

#[tauri::command]
pub async fn backup_journal(shell: State<'_, Shell>) -> Result<String, Problem> {
    let path = shell.desk().await?.backup_here().await?;
    Ok(path.display().to_string())
}

#[tauri::command]
pub async fn put_draft(shell: State<'_, Shell>, key: String, text: String) -> Result<(), Problem> {
    shell.desk().await?.put_draft(&key, &text).await
}

#[tauri::command]
pub async fn drafts(shell: State<'_, Shell>) -> Result<HashMap<String, String>, Problem> {
    shell.desk().await?.drafts().await
}

#[tauri::command]
pub async fn set_theme(shell: State<'_, Shell>, theme: Theme) -> Result<(), Problem> {
    shell.desk().await?.set_theme(theme).await
}

#[tauri::command]
pub async fn copy_text(app: AppHandle, text: String) -> Result<(), Problem> {
    copy(&app, &text)
}

/// Copies a text and reads it back: some platforms say yes and keep the old one.
pub fn copy(app: &AppHandle, text: &str) -> Result<(), Problem> {
    let not_copied = |detail: String| {
        Problem::new(
            Code::Internal,
            "The text was not copied: the clipboard did not take it.",
            "The rollout is not affected.",
            "Try again, or select the text and copy it by hand.",
        )
        .detailed(detail)
    };
    let clipboard = app.clipboard();
    clipboard
        .write_text(text)
        .map_err(|error| not_copied(error.to_string()))?;
    let seen = clipboard
        .read_text()
        .map_err(|error| not_copied(error.to_string()))?;
    if seen == text {
        Ok(())
    } else {
        Err(not_copied("it holds another text".to_owned()))
    }
}
