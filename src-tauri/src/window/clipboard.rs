//! The clipboard. A text reaches it from here, never from the window, and stays in it after the desk closes.

use desk_app::{Code, Problem};
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Manager};
use tauri_plugin_clipboard_manager::ClipboardExt;

/// How long the desk asks what the clipboard holds before it closes.
#[cfg(target_os = "linux")]
const LONGEST_READ: std::time::Duration = std::time::Duration::from_secs(1);

/// The text that the desk copied last.
#[derive(Default)]
pub struct Copied(Mutex<Option<String>>);

#[tauri::command]
pub async fn copy_text(app: AppHandle, text: String) -> Result<(), Problem> {
    copy(&app, &text)
}

/// Copies a text and reads it back: some platforms say yes and keep the old one.
pub fn copy(app: &AppHandle, text: &str) -> Result<(), Problem> {
    let not_copied = |detail: String| {
        Problem::new(
            Code::Internal,
            "The text was not copied: the clipboard did not take it.",
            "The rollout is not affected.",
            "Try again, or select the text and copy it by hand.",
        )
        .detailed(detail)
    };
    let clipboard = app.clipboard();
    clipboard
        .write_text(text)
        .map_err(|error| not_copied(error.to_string()))?;
    let seen = clipboard
        .read_text()
        .map_err(|error| not_copied(error.to_string()))?;
    if seen != text {
        return Err(not_copied("it holds another text".to_owned()));
    }
    let copied = app.state::<Copied>();
    *copied.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(text.to_owned());
    Ok(())
}

/// Hands the text that the desk copied to a small process of its own, if it is what the clipboard still holds. On Linux
/// a text in the clipboard is asked for from the program that copied it, and would go with the desk.
#[cfg(target_os = "linux")]
pub fn leave(app: &AppHandle) {
    let copied = app.state::<Copied>();
    let copied = copied.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(text) = copied else { return };
    // Not on this thread: what was copied by hand in the window is served by it, and would be waited for in vain.
    let (say, said) = std::sync::mpsc::channel();
    let app = app.clone();
    std::thread::spawn(move || drop(say.send(app.clipboard().read_text())));
    let held = said.recv_timeout(LONGEST_READ).ok().and_then(Result::ok);
    if held.as_ref() != Some(&text) {
        return;
    }
    if let Err(error) = crate::holder::start(&text) {
        tracing::warn!(%error, "what was copied leaves the clipboard with the desk");
    }
}

/// Elsewhere the system keeps what was copied.
#[cfg(not(target_os = "linux"))]
pub fn leave(_app: &AppHandle) {}
