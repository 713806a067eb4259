//! Commands about the runbook.

use super::shell::Shell;
use desk_app::Problem;
use tauri::State;

#[tauri::command]
pub async fn set_runbook(shell: State<'_, Shell>, name: String, text: String) -> Result<(), Problem> {
    shell.desk().await?.set_runbook(&name, text).await
}

#[tauri::command]
pub async fn use_builtin_runbook(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.use_builtin_runbook().await
}
