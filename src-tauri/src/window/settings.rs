//! Commands about the journal, drafts, appearance and the time zone.

use super::shell::Shell;
use desk_app::{
    Problem,
    view::{JournalView, Theme},
};
use std::collections::HashMap;
use tauri::State;

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
pub async fn set_zone(shell: State<'_, Shell>, zone: Option<String>) -> Result<(), Problem> {
    shell.desk().await?.set_zone(zone.as_deref()).await
}
