//! The window: builder, thin commands (one file a feature), events. The only part that knows Tauri.

mod announce;
mod clipboard;
mod environments;
mod evidence;
mod going;
mod log;
mod metrics;
mod phase;
mod practice;
mod rollback;
mod run;
mod runbook;
mod settings;
mod shell;
mod smoke;

use crate::cli::Global;
use desk_app::{Code, Desk, Problem, view::DeskView, view::EnvironmentKindView};
use shell::Shell;
use std::{path::Path, process::ExitCode};
use tauri::{
    AppHandle, Emitter, Manager, RunEvent, WebviewUrl, WebviewWindow, WebviewWindowBuilder, WindowEvent,
};
use tauri_plugin_log::{RotationStrategy, Target, TargetKind, TimezoneStrategy};

const MAIN: &str = "main";
/// The event that carries everything on screen.
const DESK_EVENT: &str = "desk";

/// Opens the window and runs until it is closed.
pub fn run(global: &Global) -> ExitCode {
    // Whatever is wrong with the call is said where it was made, not in a window.
    let data_dir = match global.options() {
        Ok(options) => options.data_dir,
        Err(problem) => return fail(&problem),
    };
    if !has_display() {
        return fail(&Problem::new(
            Code::Internal,
            "There is no display, so no window can open.",
            "The rollout is not affected.",
            "Use the command line: cutover-desk phase show; cutover-desk --help lists the rest.",
        ));
    }
    let builder = with_single_instance(tauri::Builder::default())
        .plugin(tauri_plugin_window_state::Builder::default().build())
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(log_plugin(&data_dir))
        .manage(Shell::new(global.clone()))
        .manage(smoke::Work::default())
        .manage(clipboard::Copied::default())
        .manage(evidence::Evidence::default())
        .on_window_event(|window, event| {
            if let WindowEvent::DragDrop(event) = event {
                evidence::dropping(window.app_handle(), event);
            }
        })
        .invoke_handler(tauri::generate_handler![
            shell::desk_state,
            shell::resolve_store,
            phase::refresh_phase,
            phase::stop_waiting,
            phase::save_phase,
            phase::ask_outcome,
            phase::dismiss_change,
            phase::acknowledge_move,
            environments::select_environment,
            environments::test_environment,
            environments::add_environment,
            environments::remove_environment,
            environments::set_identity,
            environments::check_identity,
            environments::forget_identity,
            environments::retry_keychain,
            smoke::smoke_plan,
            smoke::smoke_report,
            smoke::run_smoke,
            smoke::cancel_smoke,
            smoke::attest_check,
            smoke::copy_smoke_support,
            smoke::smoke_leftovers,
            smoke::clean_up_leftovers,
            smoke::run_soak,
            smoke::cancel_soak,
            metrics::capture_metrics,
            metrics::log_columns,
            metrics::import_metrics,
            metrics::copy_metrics,
            metrics::attach_metrics,
            rollback::open_rollback,
            rollback::decide_rollback,
            rollback::dismiss_rollback,
            rollback::review_rollback,
            rollback::check_safe_state,
            rollback::open_drill,
            announce::announcements,
            announce::edit_announcement,
            announce::set_announcement_fact,
            announce::refill_announcement,
            announce::restart_announcement,
            announce::choose_template,
            announce::write_rollback_notice,
            announce::waive_finding,
            announce::set_announcement_words,
            announce::copy_announcement,
            announce::save_announcement,
            announce::mark_announcement_sent,
            announce::set_webhook,
            announce::forget_webhook,
            announce::post_announcement,
            announce::announcement_history,
            announce::save_template,
            announce::restore_template,
            announce::compare_template,
            evidence::evidence,
            evidence::attach_waiting,
            evidence::choose_evidence,
            evidence::leave_waiting,
            evidence::cancel_attach,
            evidence::export_evidence,
            evidence::cancel_export,
            evidence::evidence_key,
            practice::set_faults,
            practice::reset_practice,
            run::start_run,
            run::end_run,
            run::begin_rehearsal,
            run::leave_rehearsal,
            run::surprise,
            runbook::set_runbook,
            runbook::use_builtin_runbook,
            settings::verify_journal,
            settings::backup_journal,
            settings::put_draft,
            settings::drafts,
            settings::set_theme,
            settings::set_zone,
            clipboard::copy_text,
            log::log_entries,
            log::log_entry,
            log::new_log_entry,
            log::set_log_field,
            log::undo_log_field,
            log::log_history,
            log::withdraw_log_entry,
            log::compare_log_entries,
            log::export_log,
            log::import_log_entries,
            log::after_action,
        ])
        .setup(|app| {
            let window = WebviewWindowBuilder::new(app, MAIN, WebviewUrl::default())
                .title("Cutover Desk")
                .inner_size(1200.0, 800.0)
                .min_inner_size(900.0, 600.0)
                .build()?;
            // The state plugin puts the window where it was before it is shown.
            window.show()?;
            let handle = app.handle().clone();
            tauri::async_runtime::spawn(async move { shell::open(&handle).await });
            Ok(())
        });
    match builder.build(tauri::generate_context!()) {
        Ok(app) => {
            app.run(|handle, event| {
                if matches!(event, RunEvent::ExitRequested { .. }) {
                    clipboard::leave(handle);
                }
                if matches!(event, RunEvent::Exit) {
                    tauri::async_runtime::block_on(shell::close(handle));
                }
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            #[cfg(target_os = "linux")]
            if let tauri::Error::PluginInitialization(plugin, _) = &error
                && plugin == "single-instance"
            {
                start_again();
            }
            fail(
                &Problem::new(
                    Code::Internal,
                    "The window could not be opened.",
                    "The rollout is not affected.",
                    "Use the command line: cutover-desk phase show; cutover-desk --help lists the rest.",
                )
                .detailed(error.to_string()),
            )
        }
    }
}

/// Starts this program anew in its own place, a few times: the window before it was ending while it still held its name on
/// the bus, so that it could not be brought forward. Returns only where that does not help.
#[cfg(target_os = "linux")]
fn start_again() {
    use std::os::unix::process::CommandExt;

    /// Counts the starts, for the program that takes this one's place.
    const STARTS: &str = "CUTOVER_DESK_STARTS";
    /// A program that ends is gone long before.
    const MOST: u32 = 20;

    let starts = std::env::var(STARTS).ok().and_then(|count| count.parse().ok());
    let starts: u32 = starts.unwrap_or(0);
    if starts >= MOST {
        return;
    }
    let again = std::env::current_exe().map(|program| {
        std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(STARTS, (starts + 1).to_string())
            .exec()
    });
    let error = again.unwrap_or_else(|error| error);
    tracing::warn!(%error, "the window could not be started again");
}

fn fail(problem: &Problem) -> ExitCode {
    crate::cli::print_problem(problem);
    ExitCode::FAILURE
}

/// Whether a window could open; only on Linux can there be no display.
fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A second start brings the first window forward. On Linux that goes over the session bus; without one, two
/// windows can be open, and the store keeps them apart as owner and guest.
fn with_single_instance(builder: tauri::Builder<tauri::Wry>) -> tauri::Builder<tauri::Wry> {
    if cfg!(target_os = "linux") && std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() {
        return builder;
    }
    builder.plugin(tauri_plugin_single_instance::init(
        |app, _arguments, _directory| {
            if let Some(window) = app.get_webview_window(MAIN) {
                for result in [window.unminimize(), window.show(), window.set_focus()] {
                    if let Err(error) = result {
                        tracing::warn!(%error, "the window could not be brought forward");
                    }
                }
            }
        },
    ))
}

/// Our own crates' log only: what libraries say of requests may hold what must not be kept.
fn log_plugin(data_dir: &Path) -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_log::Builder::new()
        .clear_targets()
        .target(Target::new(TargetKind::Folder {
            path: data_dir.join("logs"),
            file_name: Some("desk".into()),
        }))
        .level(::log::LevelFilter::Off)
        .level_for("cutover_desk", ::log::LevelFilter::Info)
        .level_for("desk_app", ::log::LevelFilter::Info)
        .level_for("desk_portal", ::log::LevelFilter::Info)
        .level_for("desk_store", ::log::LevelFilter::Info)
        .level_for("desk_keychain", ::log::LevelFilter::Info)
        .level_for("desk_practice", ::log::LevelFilter::Info)
        .max_file_size(2_000_000)
        .rotation_strategy(RotationStrategy::KeepSome(5))
        .timezone_strategy(TimezoneStrategy::UseUtc)
        .build()
}

/// Sends everything on screen to the window and names the environment in its title.
async fn show(app: &AppHandle, desk: &Desk) -> Result<(), Problem> {
    let view = desk.view().await?;
    if let Some(window) = app.get_webview_window(MAIN) {
        set_title(&window, &view);
        if let Err(error) = app.emit_to(MAIN, DESK_EVENT, view) {
            tracing::warn!(%error, "the window could not be told");
        }
    }
    Ok(())
}

fn set_title(window: &WebviewWindow, view: &DeskView) {
    let word = match view.environment.kind {
        EnvironmentKindView::Practice => "PRACTICE",
        EnvironmentKindView::Staging => "STAGING",
        EnvironmentKindView::Live => "LIVE",
    };
    let title = if view.environment.kind == EnvironmentKindView::Practice {
        format!("{word} — Cutover Desk")
    } else {
        format!("{word} {} — Cutover Desk", view.environment.name)
    };
    if let Err(error) = window.set_title(&title) {
        tracing::warn!(%error, "the window's title could not be set");
    }
}
