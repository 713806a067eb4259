//! Commands of the phase page.

use super::shell::Shell;
use desk_app::{
    Problem,
    view::{ChangeView, SaveRequest},
};
use tauri::State;

#[tauri::command]
pub async fn refresh_phase(shell: State<'_, Shell>) -> Result<(), Problem> {
    // What could not be read stands on the screen; the caller has nothing to add.
    shell.desk().await?.ask_now();
    Ok(())
}

/// Stops waiting for the portal where nothing is at stake; a save that was sent is waited for all the same.
#[tauri::command]
pub async fn stop_waiting(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.stop_waiting();
    Ok(())
}

#[tauri::command]
pub async fn save_phase(shell: State<'_, Shell>, request: SaveRequest) -> Result<ChangeView, Problem> {
    let desk = shell.desk().await?;
    let change = desk.save_phase(request).await?;
    let following = change.change_id.clone();
    tauri::async_runtime::spawn(async move {
        if let Err(problem) = desk.follow(&following).await {
            tracing::error!(code = ?problem.code, "a change could not be followed");
        }
    });
    Ok(change)
}

#[tauri::command]
pub async fn ask_outcome(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.ask_now();
    Ok(())
}

#[tauri::command]
pub async fn dismiss_change(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.dismiss_change();
    Ok(())
}

#[tauri::command]
pub async fn acknowledge_move(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.acknowledge_move();
    Ok(())
}
