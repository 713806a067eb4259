//! A runbook of one's own and a run under its release owner, chosen and started in the settings.

use super::{command, desk, harness::desktop_test};

/// The runbook that is compiled in.
const BUILTIN: &str = include_str!("../../src-tauri/runbook.toml");

#[test]
fn a_runbook_is_chosen_a_bad_one_is_refused_and_a_run_is_started_and_ended() {
    desktop_test("runbook_and_run", desk(), async |desk| {
        let written = |name: &str, text: &str| {
            let file = desk.home().join(name);
            std::fs::write(&file, text).unwrap();
            file.display().to_string()
        };
        let own = written(
            "own.toml",
            &BUILTIN.replace("label = \"Phase 2\"", "label = \"Stage B\""),
        );
        let bad = written("bad.toml", &format!("colour = \"red\"\n{BUILTIN}"));
        let choose = async |file: &str| {
            let input = desk.find("[data-testid=runbook-file]").await;
            input.send_keys(file).await.unwrap();
        };

        desk.click("[data-testid=nav-settings]").await;
        choose(&bad).await;
        desk.wait_for_text("bad.toml is not a runbook. Line 1, column 1")
            .await;
        choose(&own).await;
        desk.find("[data-testid=runbook-builtin]").await;
        desk.click("[data-testid=nav-phase]").await;
        desk.wait_for_text("Stage B").await;
        assert_eq!(
            command(desk, &["smoke", "list", "--phase", "2"])["phase"],
            "phase_2_member_writes"
        );

        desk.click("[data-testid=nav-settings]").await;
        desk.fill("[data-testid=run-owner]", "Ana Weber").await;
        desk.click("[data-testid=start-run]").await;
        desk.find("[data-testid=run]").await;
        let shown = command(desk, &["run", "show"]);
        assert_eq!(
            (&shown["label"], &shown["owner"]),
            (&"R-001".into(), &"Ana Weber".into())
        );
        desk.assert_accessible().await;
        desk.screenshot("settings-own").await;
        desk.click("[data-testid=end-run]").await;
        desk.click("dialog button[type=submit]").await;
        desk.find("[data-testid=start-run]").await;
        assert!(command(desk, &["run", "show"])["endedAtMs"].is_i64());
    });
}
