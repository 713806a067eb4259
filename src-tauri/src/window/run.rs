//! Commands about the run.

use super::shell::Shell;
use desk_app::Problem;
use tauri::State;

#[tauri::command]
pub async fn start_run(shell: State<'_, Shell>, owner: String) -> Result<(), Problem> {
    shell.desk().await?.start_run(&owner).await?;
    Ok(())
}

#[tauri::command]
pub async fn end_run(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.end_run().await?;
    Ok(())
}
