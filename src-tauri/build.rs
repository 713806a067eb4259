//! Declares every command in the app manifest: what is not listed here and allowed in `capabilities/` cannot be called.

const COMMANDS: &[&str] = &[
    "desk_state",
    "resolve_store",
    "refresh_phase",
    "stop_waiting",
    "save_phase",
    "ask_outcome",
    "dismiss_change",
    "acknowledge_move",
    "select_environment",
    "test_environment",
    "add_environment",
    "remove_environment",
    "set_identity",
    "check_identity",
    "forget_identity",
    "retry_keychain",
    "smoke_plan",
    "smoke_report",
    "run_smoke",
    "cancel_smoke",
    "attest_check",
    "copy_smoke_support",
    "run_soak",
    "cancel_soak",
    "capture_metrics",
    "import_metrics",
    "copy_metrics",
    "attach_metrics",
    "set_faults",
    "reset_practice",
    "verify_journal",
    "backup_journal",
    "put_draft",
    "drafts",
    "set_theme",
    "copy_text",
];

fn main() {
    let manifest = tauri_build::AppManifest::new().commands(COMMANDS);
    if let Err(error) = tauri_build::try_build(tauri_build::Attributes::new().app_manifest(manifest)) {
        eprintln!("{error:#}");
        std::process::exit(1);
    }
}
