//! Commands of the practice portal's switches.

use super::shell::Shell;
use desk_app::Problem;
use tauri::State;

#[tauri::command]
pub async fn set_faults(shell: State<'_, Shell>, faults: Vec<String>) -> Result<(), Problem> {
    shell.desk().await?.set_faults(&faults).await
}

#[tauri::command]
pub async fn reset_practice(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.reset_practice().await
}
