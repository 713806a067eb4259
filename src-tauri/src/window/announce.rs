//! Commands of the announce page. A text reaches the clipboard from here, never from the window.

use super::{MAIN, clipboard::copy, rollback::carry_on, shell::Shell};
use desk_app::{
    Problem,
    announce::view::{
        AnnounceView, AudienceView, CopyPart, DifferenceLineView, FileFormat, MadeView, SentDraft,
        TemplateDraft, WaiveDraft,
    },
};
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use tauri::{AppHandle, Manager, State};
use tauri_plugin_dialog::DialogExt;
use tokio::sync::oneshot;

#[tauri::command]
pub async fn announcements(shell: State<'_, Shell>) -> Result<AnnounceView, Problem> {
    shell.desk().await?.announcements().await
}

#[tauri::command]
pub async fn edit_announcement(
    shell: State<'_, Shell>,
    audience: AudienceView,
    subject: String,
    body: String,
) -> Result<AnnounceView, Problem> {
    let desk = shell.desk().await?;
    desk.edit_announcement(audience, &subject, &body).await
}

#[tauri::command]
pub async fn set_announcement_fact(
    shell: State<'_, Shell>,
    placeholder: String,
    text: String,
) -> Result<AnnounceView, Problem> {
    shell
        .desk()
        .await?
        .set_announcement_fact(&placeholder, &text)
        .await
}

#[tauri::command]
pub async fn refill_announcement(
    shell: State<'_, Shell>,
    audience: AudienceView,
) -> Result<AnnounceView, Problem> {
    shell.desk().await?.refill_announcement(audience).await
}

#[tauri::command]
pub async fn restart_announcement(
    shell: State<'_, Shell>,
    audience: AudienceView,
) -> Result<AnnounceView, Problem> {
    shell.desk().await?.restart_announcement(audience).await
}

#[tauri::command]
pub async fn choose_template(
    shell: State<'_, Shell>,
    audience: AudienceView,
    id: String,
) -> Result<AnnounceView, Problem> {
    shell.desk().await?.choose_template(audience, &id).await
}

#[tauri::command]
pub async fn write_rollback_notice(
    shell: State<'_, Shell>,
    from: Option<String>,
) -> Result<AnnounceView, Problem> {
    shell.desk().await?.write_rollback_notice(from.as_deref()).await
}

#[tauri::command]
pub async fn waive_finding(shell: State<'_, Shell>, waive: WaiveDraft) -> Result<AnnounceView, Problem> {
    shell.desk().await?.waive_finding(&waive).await
}

#[tauri::command]
pub async fn set_announcement_words(
    shell: State<'_, Shell>,
    internal: Vec<String>,
    punitive: Vec<String>,
) -> Result<AnnounceView, Problem> {
    let desk = shell.desk().await?;
    desk.set_announcement_words(&internal, &punitive).await
}

#[tauri::command]
pub async fn copy_announcement(
    app: AppHandle,
    shell: State<'_, Shell>,
    audience: AudienceView,
    part: CopyPart,
) -> Result<MadeView, Problem> {
    let made = shell.desk().await?.take_announcement(audience).await?;
    match part {
        CopyPart::Subject => copy(&app, &made.subject)?,
        CopyPart::Body => copy(&app, &made.body)?,
        CopyPart::Both => copy(&app, &made.plain())?,
    }
    Ok(made)
}

/// Asks the person for a file and saves the text there; none when they chose none.
#[tauri::command]
pub async fn save_announcement(
    app: AppHandle,
    shell: State<'_, Shell>,
    audience: AudienceView,
    format: FileFormat,
) -> Result<Option<String>, Problem> {
    let desk = shell.desk().await?;
    let suggested = desk.suggested_file(audience, format).await?;
    let Some(chosen) = choose(&app, &suggested, format).await else {
        return Ok(None);
    };
    let file = desk.save_announcement(audience, format, &chosen).await?;
    Ok(Some(file.display().to_string()))
}

async fn choose(app: &AppHandle, suggested: &Path, format: FileFormat) -> Option<PathBuf> {
    let kind = match format {
        FileFormat::Txt => "Plain text",
        FileFormat::Md => "Markdown",
        FileFormat::Eml => "Mail draft",
    };
    let mut dialog = app
        .dialog()
        .file()
        .set_title("Save the text")
        .add_filter(kind, &[format.extension()]);
    if let Some(folder) = suggested.parent() {
        dialog = dialog.set_directory(folder);
    }
    if let Some(name) = suggested.file_name() {
        dialog = dialog.set_file_name(name.to_string_lossy());
    }
    if let Some(window) = app.get_webview_window(MAIN) {
        dialog = dialog.set_parent(&window);
    }
    let (answer, chosen) = oneshot::channel();
    dialog.save_file(move |chosen| {
        // Nobody waits any more when the desk is being closed.
        drop(answer.send(chosen));
    });
    chosen.await.ok().flatten()?.into_path().ok()
}

#[tauri::command]
pub async fn mark_announcement_sent(shell: State<'_, Shell>, sent: SentDraft) -> Result<(), Problem> {
    let desk = shell.desk().await?;
    if desk.mark_announcement_sent(&sent).await? {
        carry_on(&desk);
    }
    Ok(())
}

#[tauri::command]
pub async fn set_webhook(shell: State<'_, Shell>, address: SecretString) -> Result<(), Problem> {
    shell.desk().await?.set_webhook(&address).await
}

#[tauri::command]
pub async fn forget_webhook(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.forget_webhook().await
}

#[tauri::command]
pub async fn post_announcement(
    shell: State<'_, Shell>,
    audience: AudienceView,
    again: bool,
) -> Result<MadeView, Problem> {
    let desk = shell.desk().await?;
    let (made, told_rollback) = desk.post_announcement(audience, again).await?;
    if told_rollback {
        carry_on(&desk);
    }
    Ok(made)
}

#[tauri::command]
pub async fn announcement_history(
    shell: State<'_, Shell>,
    audience: Option<AudienceView>,
    search: String,
) -> Result<Vec<MadeView>, Problem> {
    shell.desk().await?.announcement_history(audience, &search).await
}

#[tauri::command]
pub async fn save_template(shell: State<'_, Shell>, template: TemplateDraft) -> Result<(), Problem> {
    shell.desk().await?.save_template(&template).await
}

#[tauri::command]
pub async fn restore_template(shell: State<'_, Shell>, id: String, number: u32) -> Result<(), Problem> {
    shell.desk().await?.restore_template(&id, number).await
}

#[tauri::command]
pub async fn compare_template(
    shell: State<'_, Shell>,
    id: String,
    before: u32,
    after: u32,
) -> Result<Vec<DifferenceLineView>, Problem> {
    shell.desk().await?.compare_template(&id, before, after).await
}
