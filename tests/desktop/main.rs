//! The desk in a real window, with a real keyring, used as a person would.
#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

mod accessibility;
mod announce;
mod earned;
mod evidence;
mod first_start;
mod harness;
mod log;
mod moved_elsewhere;
mod offline;
mod portal;
mod real_portal;
mod rehearsal;
mod rollback;
mod runbook_and_run;
mod save_phase;
mod secrets;
mod store_problem;
mod unknown_outcome;

use fantoccini::Locator;
use harness::{Desk, Options};
use std::path::PathBuf;

const BINARY: &str = env!("CARGO_BIN_EXE_cutover-desk");

/// The program as a user starts it: no arguments.
fn desk() -> Options {
    Options::new(BINARY)
}

/// Where the desk keeps its files when nothing says otherwise.
fn data_dir(desk: &Desk) -> PathBuf {
    desk.home().join(".local/share/cutover-desk")
}

/// What a command on the window's data directory prints as JSON.
fn command(desk: &Desk, arguments: &[&str]) -> serde_json::Value {
    let output = std::process::Command::new(BINARY)
        .arg("--data-dir")
        .arg(data_dir(desk))
        .arg("--json")
        .args(arguments)
        .env_remove("DISPLAY")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until the header says that this phase is in force.
async fn wait_for_phase(desk: &Desk, phase: &str) {
    desk.wait_until_says("[data-testid=header-phase]", phase).await;
}

/// Types into the field with this label.
async fn fill_labelled(desk: &Desk, label: &str, text: &str) {
    let xpath = format!("//label[span[normalize-space()='{label}']]//input");
    let field = desk
        .client()
        .wait()
        .for_element(Locator::XPath(&xpath))
        .await
        .unwrap();
    field.clear().await.unwrap();
    field.send_keys(text).await.unwrap();
}
