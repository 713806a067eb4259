//! Commands of the roll back page.

use super::shell::Shell;
use desk_app::{
    Code, Desk, Problem,
    rollback::view::{DrillRequest, RollbackChoice, RollbackRequest, SafeStateView},
};
use tauri::State;

/// Carries on what is open; how it goes comes with the view model.
pub fn carry_on(desk: &Desk) {
    let desk = desk.clone();
    tauri::async_runtime::spawn(async move {
        match desk.carry_on_rollback().await {
            Ok(_) => {}
            // Another program is at it, and its journal entries show.
            Err(problem) if problem.code == Code::Busy => {}
            Err(problem) => tracing::error!(code = ?problem.code, "a rollback could not be carried on"),
        }
    });
}

#[tauri::command]
pub async fn open_rollback(shell: State<'_, Shell>, request: RollbackRequest) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    desk.open_rollback(&request).await?;
    carry_on(&desk);
    Ok(())
}

#[tauri::command]
pub async fn decide_rollback(shell: State<'_, Shell>, choice: RollbackChoice) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    desk.decide_rollback(&choice).await?;
    carry_on(&desk);
    Ok(())
}

#[tauri::command]
pub async fn dismiss_rollback(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.dismiss_rollback();
    Ok(())
}

#[tauri::command]
pub async fn check_safe_state(shell: State<'_, Shell>) -> Result<SafeStateView, Problem> {
    shell.desk().await?.check_safe_state().await
}

#[tauri::command]
pub async fn review_rollback(
    shell: State<'_, Shell>,
    rollback_id: String,
    words: String,
) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    desk.review_rollback(Some(&rollback_id), &words).await?;
    Ok(())
}

#[tauri::command]
pub async fn open_drill(shell: State<'_, Shell>, request: DrillRequest) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    desk.open_drill(&request).await?;
    carry_on(&desk);
    Ok(())
}
