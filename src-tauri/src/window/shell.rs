//! The desk behind the window: opening it, or saying why it cannot be opened.

use super::show;
use crate::cli::Global;
use desk_app::{Code, Desk, Problem, journal, view::DeskView};
use serde::Deserialize;
use tauri::{AppHandle, Manager, State};
use tokio::sync::watch;

/// What the window works on.
pub struct Shell {
    global: Global,
    desk: watch::Sender<Option<Result<Desk, Problem>>>,
}

impl Shell {
    /// A shell whose desk is not open yet.
    pub fn new(global: Global) -> Self {
        Self {
            global,
            desk: watch::Sender::new(None),
        }
    }

    /// The desk, once it is open.
    ///
    /// # Errors
    /// Why it could not be opened.
    pub async fn desk(&self) -> Result<Desk, Problem> {
        let mut open = self.desk.subscribe();
        let open = open.wait_for(Option::is_some).await.map(|open| open.clone());
        open.ok().flatten().unwrap_or_else(|| Err(closing()))
    }
}

fn closing() -> Problem {
    Problem::new(
        Code::Busy,
        "The desk is being closed.",
        "Nothing was done.",
        "Start it again.",
    )
}

/// Opens the desk and keeps the screen true for as long as it is open.
pub async fn open(app: &AppHandle) {
    let shell = app.state::<Shell>();
    let opened = match shell.global.options() {
        Ok(options) => Desk::open(options).await,
        Err(problem) => Err(problem),
    };
    if let Err(problem) = &opened {
        tracing::error!(code = ?problem.code, "the desk could not be opened");
    }
    shell.desk.send_replace(Some(opened.clone()));
    let Ok(desk) = opened else { return };

    let probing = desk.clone();
    tauri::async_runtime::spawn(async move { probing.probe_keychain().await });
    let watching = desk.clone();
    tauri::async_runtime::spawn(async move { watching.watch().await });
    let reading = desk.clone();
    tauri::async_runtime::spawn(async move { reading.watch_journal().await });
    let app = app.clone();
    tauri::async_runtime::spawn(async move {
        let mut changes = desk.changes();
        loop {
            if let Err(problem) = show(&app, &desk).await {
                tracing::error!(code = ?problem.code, "the screen could not be filled");
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    });
}

/// Ends the practice portal before the program ends.
pub async fn close(app: &AppHandle) {
    let opened = app.state::<Shell>().desk.send_replace(None);
    if let Some(Ok(desk)) = opened {
        desk.close().await;
    }
}

/// Everything on screen, or why the desk could not be opened.
#[tauri::command]
pub async fn desk_state(shell: State<'_, Shell>) -> Result<DeskView, Problem> {
    shell.desk().await?.view().await
}

/// The two ways on after the journal's file was found damaged.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    RestoreNewest,
    StartNew,
}

/// Goes on after damage and opens the desk.
#[tauri::command]
pub async fn resolve_store(app: AppHandle, shell: State<'_, Shell>, choice: Choice) -> Result<(), Problem> {
    if shell.desk().await.is_ok() {
        return Ok(());
    }
    let data_dir = shell.global.data_dir()?;
    let restored = match choice {
        Choice::RestoreNewest => Some(journal::restore_newest(&data_dir)?),
        Choice::StartNew => {
            journal::start_new(&data_dir)?;
            None
        }
    };
    open(&app).await;
    let desk = shell.desk().await?;
    if let Some(restored) = restored {
        desk.note_restored(&restored).await?;
    }
    Ok(())
}
