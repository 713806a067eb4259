//! Commands of the evidence page. Where a file lies is known here only: the window hears the names of what was dropped.

use super::{
    going::{Going, tell},
    shell::Shell,
};
use desk_app::{
    Problem,
    evidence::view::{AttachmentView, EvidenceView, ExportProgress, ExportReport, KeyView},
};
use serde::Serialize;
use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};
use tauri::{AppHandle, DragDropEvent, Manager, State};
use tauri_plugin_dialog::DialogExt;

/// The event that carries an export while it goes on.
const EXPORT_EVENT: &str = "export";
/// The event that tells what is being dragged over the window, or was dropped on it.
const DROP_EVENT: &str = "drop";

/// What is going on about evidence.
#[derive(Default)]
pub struct Evidence {
    /// Files that were dropped and that nobody has said yet what they are for.
    dropped: Mutex<Vec<PathBuf>>,
    /// The export that goes on.
    export: Going,
}

/// What is being dragged over the window, or was dropped on it.
#[derive(Clone, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Dropping {
    /// Files are over the window.
    Over,
    /// They were taken away.
    Away,
    /// They were dropped.
    Dropped { names: Vec<String> },
}

/// Keeps what is dropped, and tells the window.
pub fn dropping(app: &AppHandle, event: &DragDropEvent) {
    let told = match event {
        DragDropEvent::Enter { paths, .. } if !paths.is_empty() => Dropping::Over,
        DragDropEvent::Leave => Dropping::Away,
        DragDropEvent::Drop { paths, .. } => {
            let names = paths
                .iter()
                .filter_map(|path| path.file_name())
                .map(|name| name.to_string_lossy().into_owned())
                .collect();
            let evidence = app.state::<Evidence>();
            paths.clone_into(&mut evidence.dropped.lock().unwrap_or_else(PoisonError::into_inner));
            Dropping::Dropped { names }
        }
        _ => return,
    };
    tell(app, DROP_EVENT, told);
}

#[tauri::command]
pub async fn evidence(shell: State<'_, Shell>) -> Result<EvidenceView, Problem> {
    shell.desk().await?.evidence(None).await
}

/// Attaches what was dropped last. What is refused stays dropped, so that it can be tried for another item.
#[tauri::command]
pub async fn attach_dropped(
    shell: State<'_, Shell>,
    evidence: State<'_, Evidence>,
    item: String,
) -> Result<Vec<AttachmentView>, Problem> {
    let desk = shell.desk().await?;
    let mut attached = Vec::new();
    loop {
        let next = {
            let dropped = evidence.dropped.lock().unwrap_or_else(PoisonError::into_inner);
            dropped.first().cloned()
        };
        let Some(path) = next else { return Ok(attached) };
        attached.push(desk.attach_evidence(&path, &item).await?);
        let mut dropped = evidence.dropped.lock().unwrap_or_else(PoisonError::into_inner);
        dropped.retain(|other| *other != path);
    }
}

/// Lets a person choose files, and attaches them. Nothing where none was chosen.
#[tauri::command]
pub async fn choose_evidence(
    app: AppHandle,
    shell: State<'_, Shell>,
    item: String,
) -> Result<Vec<AttachmentView>, Problem> {
    let desk = shell.desk().await?;
    let (chosen, choice) = tokio::sync::oneshot::channel();
    app.dialog()
        .file()
        .set_title("Attach as evidence")
        .pick_files(move |files| {
            // Nobody waits any more where the window was closed meanwhile.
            drop(chosen.send(files));
        });
    let mut attached = Vec::new();
    for file in choice.await.ok().flatten().unwrap_or_default() {
        let path = file.into_path().map_err(|error| {
            Problem::invalid(
                "file",
                "That file is not on this machine.",
                "Choose a file on a disk.",
            )
            .detailed(error.to_string())
        })?;
        attached.push(desk.attach_evidence(&path, &item).await?);
    }
    Ok(attached)
}

/// Writes the newest run's bundle among the desk's files, where the window needs to ask nobody for a place.
#[tauri::command]
pub async fn export_evidence(
    app: AppHandle,
    shell: State<'_, Shell>,
    evidence: State<'_, Evidence>,
    zip: bool,
) -> Result<ExportReport, Problem> {
    let desk = shell.desk().await?;
    let to = desk.place_for_evidence(zip).await?;
    let export = |progress, cancel| {
        let (desk, to) = (&desk, &to);
        async move { desk.export_evidence(to, None, &progress, cancel).await }
    };
    let report = evidence.export.on(&app, EXPORT_EVENT, export).await;
    tell(&app, EXPORT_EVENT, None::<ExportProgress>);
    report
}

#[tauri::command]
pub async fn cancel_export(evidence: State<'_, Evidence>) -> Result<(), Problem> {
    evidence.export.stop();
    Ok(())
}

#[tauri::command]
pub async fn evidence_key(shell: State<'_, Shell>) -> Result<KeyView, Problem> {
    shell.desk().await?.evidence_key().await
}
