//! Commands about the run, and about a rehearsal that a person is walked through.

use super::shell::Shell;
use desk_app::{
    Problem,
    rehearse::walk::{RehearsalRequest, Surprise},
};
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

#[tauri::command]
pub async fn begin_rehearsal(shell: State<'_, Shell>, request: RehearsalRequest) -> Result<(), Problem> {
    shell.desk().await?.begin_rehearsal(&request).await?;
    Ok(())
}

#[tauri::command]
pub async fn leave_rehearsal(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.leave_rehearsal().await
}

#[tauri::command]
pub async fn surprise(shell: State<'_, Shell>, surprise: Surprise, on: bool) -> Result<(), Problem> {
    shell.desk().await?.surprise(surprise, on).await
}
