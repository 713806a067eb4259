//! Commands of the evidence page. Where a file lies is known here only: the window hears the names of what was dropped.

use super::{
    going::{Going, tell},
    shell::Shell,
};
use desk_app::{
    Code, Desk, Problem,
    evidence::view::{AttachProgress, AttachTried, EvidenceView, ExportProgress, ExportReport, KeyView},
    smoke::Cancel,
};
use serde::Serialize;
use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use tauri::{AppHandle, DragDropEvent, Manager, State};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::watch;

/// The event that carries an export while it goes on.
const EXPORT_EVENT: &str = "export";
/// The event that carries attaching while it goes on.
const ATTACH_EVENT: &str = "attach";
/// The event that tells what is being dragged over the window, or was dropped on it, and which files wait.
const DROP_EVENT: &str = "drop";

/// What is going on about evidence.
#[derive(Default)]
pub struct Evidence {
    waiting: Mutex<Waiting>,
    /// The files that are being attached.
    attach: Going,
    /// The export that goes on.
    export: Going,
}

impl Evidence {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Files that wait to be attached: dropped and nobody has said yet what they are for, or refused. Each has a number, so that
/// what is attached is what was seen to wait, whatever was dropped since.
#[derive(Default)]
struct Waiting {
    files: Vec<(u32, PathBuf)>,
    numbered: u32,
}

/// A file that waits, as the window knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct WaitingFile {
    id: u32,
    name: String,
}

impl Waiting {
    /// Adds these, and gives their numbers; one that waits already keeps its own.
    fn add(&mut self, paths: &[PathBuf]) -> Vec<u32> {
        paths
            .iter()
            .map(|path| {
                if let Some((id, _)) = self.files.iter().find(|(_, known)| known == path) {
                    return *id;
                }
                self.numbered += 1;
                self.files.push((self.numbered, path.clone()));
                self.numbered
            })
            .collect()
    }

    fn file(&self, id: u32) -> Option<PathBuf> {
        let found = self.files.iter().find(|(known, _)| *known == id);
        found.map(|(_, path)| path.clone())
    }

    fn leave(&mut self, ids: &[u32]) {
        self.files.retain(|(id, _)| !ids.contains(id));
    }

    fn list(&self) -> Vec<WaitingFile> {
        let files = self.files.iter();
        files
            .map(|(id, path)| WaitingFile {
                id: *id,
                name: name_of(path),
            })
            .collect()
    }
}

fn name_of(path: &Path) -> String {
    let name = path.file_name();
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// What is being dragged over the window, or was dropped on it, and every file that waits then.
#[derive(Clone, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
enum Dropping {
    /// Files are over the window.
    Over,
    /// They were taken away.
    Away,
    /// They were dropped.
    Dropped { files: Vec<WaitingFile> },
    /// Other files wait than before.
    Waiting { files: Vec<WaitingFile> },
}

/// Keeps what is dropped, and tells the window.
pub fn dropping(app: &AppHandle, event: &DragDropEvent) {
    let told = match event {
        DragDropEvent::Enter { paths, .. } if !paths.is_empty() => Dropping::Over,
        DragDropEvent::Leave => Dropping::Away,
        DragDropEvent::Drop { paths, .. } => {
            let evidence = app.state::<Evidence>();
            let mut waiting = evidence.waiting();
            waiting.add(paths);
            Dropping::Dropped {
                files: waiting.list(),
            }
        }
        _ => return,
    };
    tell(app, DROP_EVENT, told);
}

/// How the evidence of a run stands; of the newest where none is given.
#[tauri::command]
pub async fn evidence(shell: State<'_, Shell>, run: Option<String>) -> Result<EvidenceView, Problem> {
    shell.desk().await?.evidence(run.as_deref()).await
}

/// Tries to attach files that wait to the run that was seen. What is refused goes on waiting.
#[tauri::command]
pub async fn attach_waiting(
    app: AppHandle,
    shell: State<'_, Shell>,
    evidence: State<'_, Evidence>,
    run: Option<String>,
    item: String,
    ids: Vec<u32>,
) -> Result<Vec<AttachTried>, Problem> {
    let desk = shell.desk().await?;
    let to = Place { run, item };
    Ok(attach_all(&app, &desk, &evidence, &to, &ids).await)
}

/// Lets a person choose files, and attaches them in the same way. Nothing where none was chosen.
#[tauri::command]
pub async fn choose_evidence(
    app: AppHandle,
    shell: State<'_, Shell>,
    evidence: State<'_, Evidence>,
    run: Option<String>,
    item: String,
) -> Result<Vec<AttachTried>, Problem> {
    let desk = shell.desk().await?;
    let (chosen, choice) = tokio::sync::oneshot::channel();
    app.dialog()
        .file()
        .set_title("Attach as evidence")
        .pick_files(move |files| {
            // Nobody waits any more where the window was closed meanwhile.
            drop(chosen.send(files));
        });
    let files = choice.await.ok().flatten().unwrap_or_default();
    let paths: Result<Vec<PathBuf>, _> = files
        .into_iter()
        .map(tauri_plugin_dialog::FilePath::into_path)
        .collect();
    let paths = paths.map_err(|error| {
        Problem::invalid(
            "file",
            "That file is not on this machine: nothing was attached.",
            "Choose files on a disk.",
        )
        .detailed(error.to_string())
    })?;
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let ids = evidence.waiting().add(&paths);
    let to = Place { run, item };
    Ok(attach_all(&app, &desk, &evidence, &to, &ids).await)
}

/// What files are attached to.
struct Place {
    /// The run's id; none where there is no run yet.
    run: Option<String>,
    /// The runbook's item.
    item: String,
}

/// Tries each of these files that still waits, and says of each what became of it. What was attached waits no more.
async fn attach_all(
    app: &AppHandle,
    desk: &Desk,
    evidence: &Evidence,
    to: &Place,
    ids: &[u32],
) -> Vec<AttachTried> {
    let total = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let attach = async |progress: watch::Sender<Option<AttachProgress>>, cancel: Cancel| {
        let mut tried = Vec::new();
        for (done, &id) in (0..).zip(ids) {
            // Somebody may have left it meanwhile.
            let Some(path) = evidence.waiting().file(id) else {
                continue;
            };
            let name = name_of(&path);
            progress.send_replace(Some(AttachProgress {
                done,
                total,
                file: name.clone(),
            }));
            let attached = desk
                .attach_evidence(to.run.as_deref(), &path, &to.item, &cancel)
                .await;
            let (attached, problem) = match attached {
                Ok(attached) => {
                    evidence.waiting().leave(&[id]);
                    (Some(attached), None)
                }
                Err(problem) if problem.code == Code::Stopped => break,
                Err(problem) => (None, Some(problem)),
            };
            tried.push(AttachTried {
                id,
                name,
                attached,
                problem,
            });
        }
        tried
    };
    let tried = evidence.attach.on(app, ATTACH_EVENT, attach).await;
    tell(app, ATTACH_EVENT, None::<AttachProgress>);
    tell_waiting(app, evidence);
    tried
}

fn tell_waiting(app: &AppHandle, evidence: &Evidence) {
    let files = evidence.waiting().list();
    tell(app, DROP_EVENT, Dropping::Waiting { files });
}

/// Forgets files that wait.
#[tauri::command]
pub async fn leave_waiting(
    app: AppHandle,
    evidence: State<'_, Evidence>,
    ids: Vec<u32>,
) -> Result<(), Problem> {
    evidence.waiting().leave(&ids);
    tell_waiting(&app, &evidence);
    Ok(())
}

#[tauri::command]
pub async fn cancel_attach(evidence: State<'_, Evidence>) -> Result<(), Problem> {
    evidence.attach.stop();
    Ok(())
}

/// Writes a run's bundle among the desk's files, where the window needs to ask nobody for a place.
#[tauri::command]
pub async fn export_evidence(
    app: AppHandle,
    shell: State<'_, Shell>,
    evidence: State<'_, Evidence>,
    run: String,
    zip: bool,
) -> Result<ExportReport, Problem> {
    let desk = shell.desk().await?;
    let to = desk.place_for_evidence(Some(&run), zip).await?;
    let export = |progress, cancel| {
        let (desk, to, run) = (&desk, &to, &run);
        async move { desk.export_evidence(to, Some(run), &progress, cancel).await }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_waits_keeps_its_number_whatever_is_dropped_or_left_since() {
        let path = |name: &str| PathBuf::from("/evidence").join(name);
        let mut waiting = Waiting::default();
        let shown = waiting.add(&[path("a"), path("bad"), path("c")]);
        assert_eq!(shown, [1, 2, 3]);
        // Dropped while the first are being attached: one is new, and one waits already.
        assert_eq!(waiting.add(&[path("d"), path("bad")]), [4, 2]);
        waiting.leave(&[1, 3]);
        assert_eq!((waiting.file(1), waiting.file(2)), (None, Some(path("bad"))));
        let names: Vec<(u32, String)> = waiting
            .list()
            .into_iter()
            .map(|file| (file.id, file.name))
            .collect();
        assert_eq!(names, [(2, "bad".to_owned()), (4, "d".to_owned())]);
        // A number is never given again.
        assert_eq!(waiting.add(&[path("a")]), [5]);
    }
}
