//! Commands about portals, accounts and the keychain.

use super::shell::Shell;
use desk_app::{
    Credential, Desk, Problem,
    view::{EnvironmentDraft, IdentityView, SignInDraft, TestReport},
};
use tauri::State;

#[tauri::command]
pub async fn select_environment(shell: State<'_, Shell>, name: String) -> Result<(), Problem> {
    shell.desk().await?.select_environment(&name).await
}

#[tauri::command]
pub async fn test_environment(
    shell: State<'_, Shell>,
    draft: EnvironmentDraft,
    sign_in: SignInDraft,
) -> Result<TestReport, Problem> {
    shell.desk().await?.test_environment(&draft, &sign_in).await
}

#[tauri::command]
pub async fn add_environment(
    shell: State<'_, Shell>,
    draft: EnvironmentDraft,
    sign_in: SignInDraft,
) -> Result<(), Problem> {
    shell
        .desk()
        .await?
        .add_environment_with_operator(&draft, &sign_in)
        .await
}

#[tauri::command]
pub async fn remove_environment(
    shell: State<'_, Shell>,
    name: String,
    confirm: String,
) -> Result<(), Problem> {
    shell.desk().await?.remove_environment(&name, &confirm).await
}

#[tauri::command]
pub async fn set_identity(
    shell: State<'_, Shell>,
    role: String,
    sign_in: SignInDraft,
) -> Result<IdentityView, Problem> {
    let role = Desk::role(&role)?;
    let session_only = sign_in.session_only;
    let credential: Credential = sign_in.credential()?;
    shell
        .desk()
        .await?
        .set_identity(role, credential, session_only)
        .await
}

#[tauri::command]
pub async fn check_identity(shell: State<'_, Shell>, role: String) -> Result<IdentityView, Problem> {
    shell.desk().await?.check_identity(Desk::role(&role)?).await
}

#[tauri::command]
pub async fn forget_identity(shell: State<'_, Shell>, role: String) -> Result<(), Problem> {
    shell.desk().await?.forget_identity(Desk::role(&role)?).await
}

#[tauri::command]
pub async fn retry_keychain(shell: State<'_, Shell>) -> Result<(), Problem> {
    shell.desk().await?.unlock_keychain().await;
    Ok(())
}
