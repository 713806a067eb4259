//! The evidence of a run: what is missing, files attached, the bundle exported and verified.

use super::{
    command, data_dir, desk,
    harness::{Desk, desktop_test},
};

async fn state_of(desk: &Desk, item: &str) -> String {
    let line = desk.find(&format!("[data-testid=item-{item}]")).await;
    line.attr("data-state").await.unwrap().unwrap()
}

#[test]
fn a_run_is_exported_as_a_sealed_bundle_that_says_what_is_missing() {
    desktop_test("evidence", desk(), async |desk| {
        desk.wait_for_text("(staff)").await;
        command(desk, &["phase", "set", "1", "--note", "Closing"]);
        desk.click("[data-testid=nav-evidence]").await;
        desk.wait_for_text("Evidence of R-001").await;
        assert_eq!(state_of(desk, "smoke-log").await, "missing");

        let note = data_dir(desk).join("incident.txt");
        std::fs::write(&note, "seen at 14:02").unwrap();
        let note = note.display().to_string();
        command(desk, &["evidence", "attach", &note, "--as", "smoke-log"]);
        desk.until("the attached file to count", async || {
            state_of(desk, "smoke-log").await == "there"
        })
        .await;
        let attached = desk.text_of("[data-testid=attachments]").await;
        assert!(attached.contains("text/plain"), "{attached}");

        desk.click("[data-testid=export]").await;
        desk.wait_until_says("[data-testid=export-report]", "Journal")
            .await;
        // With what is cut off on screen.
        let report = desk
            .execute("return document.querySelector('[data-testid=export-report]').textContent")
            .await
            .to_string();
        assert!(report.contains("Valid, but incomplete"), "{report}");
        assert!(
            report.contains("phase-metrics: No snapshot was captured."),
            "{report}"
        );
        let bundle = data_dir(desk).join("evidence/R-001");
        desk.screenshot("evidence-exported").await;
        let path = desk.find("[data-testid=export-report] dd button").await;
        let path = path.attr("aria-label").await.unwrap().unwrap();
        assert_eq!(path, format!("Copy path {}", bundle.display()));
        assert!(bundle.join("tagmanifest-sha256.txt").is_file());
        desk.assert_accessible().await;

        desk.click("[data-testid=nav-settings]").await;
        desk.click("[data-testid=show-evidence-key]").await;
        let key = desk.find("[data-testid=evidence-key] button").await;
        let key = key.attr("aria-label").await.unwrap().unwrap();
        let info = std::fs::read_to_string(bundle.join("bag-info.txt")).unwrap();
        let (_, fingerprint) = info.split_once("Signing-Key-SHA256: ").unwrap();
        assert_eq!(key, format!("Copy fingerprint {}", &fingerprint[..64]));
    });
}

const DIALOG: &str = "Attach as evidence";

/// Chooses a file in the dialog by its path.
fn type_path(desk: &Desk, path: &std::path::Path) {
    let path = path.to_str().unwrap();
    // The first sign opens the line that takes the others.
    desk.by_hand("slash", DIALOG);
    desk.type_by_hand(path.strip_prefix('/').unwrap(), DIALOG);
    desk.by_hand("Return", DIALOG);
}

async fn can_choose(desk: &Desk) -> bool {
    let choose = desk.find("[data-testid=choose]").await;
    choose.is_enabled().await.unwrap()
}

#[test]
fn files_are_chosen_in_the_systems_own_dialog_for_the_run_that_is_shown() {
    desktop_test("evidence_attach", desk(), async |desk| {
        desk.wait_for_text("(staff)").await;
        command(desk, &["phase", "set", "1", "--note", "Closing"]);
        command(desk, &["run", "end"]);
        desk.click("[data-testid=nav-evidence]").await;
        desk.wait_for_text("Evidence of R-001").await;
        let item = desk.find("[data-testid=attach-item]").await;
        item.select_by_value("smoke-log").await.unwrap();

        desk.click("[data-testid=choose]").await;
        desk.by_hand("Escape", DIALOG);
        desk.until("nothing to be done any more", async || can_choose(desk).await)
            .await;
        assert_eq!(state_of(desk, "smoke-log").await, "missing");

        let note = desk.home().join("incident.txt");
        std::fs::write(&note, "seen at 14:02").unwrap();
        desk.click("[data-testid=choose]").await;
        type_path(desk, &note);
        desk.wait_until_says("[data-testid=attach-status]", "Attached to R-001: incident.txt.")
            .await;
        desk.until("the file to count", async || {
            state_of(desk, "smoke-log").await == "there"
        })
        .await;

        // What is refused says why, waits, and can be left.
        let long = std::fs::File::create(desk.home().join("long.bin")).unwrap();
        long.set_len(100 * 1024 * 1024 + 1).unwrap();
        desk.click("[data-testid=choose]").await;
        type_path(desk, &desk.home().join("long.bin"));
        desk.wait_until_says("[data-testid=waiting-files]", "Not attached yet: long.bin")
            .await;
        desk.wait_for_text("long.bin is longer than 100 MiB").await;
        desk.screenshot("evidence-refused").await;
        desk.assert_accessible().await;
        desk.click("[data-testid=leave-waiting]").await;
        desk.until("it to be forgotten", async || {
            !desk.text_of("[data-testid=drop-zone]").await.contains("long.bin")
        })
        .await;
        let runs = command(desk, &["run", "list"]);
        assert_eq!(runs.as_array().unwrap().len(), 1, "{runs}");
    });
}

#[test]
fn files_that_are_dropped_on_any_page_are_tried_each_for_the_run_that_is_shown() {
    desktop_test("evidence_drop", desk(), async |desk| {
        desk.wait_for_text("(staff)").await;
        command(desk, &["phase", "set", "1", "--note", "Closing"]);
        desk.wait_for_text("Phase 1").await;
        let file = |name: &str| desk.home().join(name);
        let (first, long, last) = (file("first.txt"), file("long.bin"), file("last.json"));
        std::fs::write(&first, "seen at 14:02").unwrap();
        std::fs::write(&last, "{}").unwrap();
        let made = std::fs::File::create(&long).unwrap();
        made.set_len(100 * 1024 * 1024 + 1).unwrap();

        desk.drop_by_hand(&[&first, &long, &last], "Cutover Desk");
        desk.wait_until_says(
            "[data-testid=waiting-files]",
            "Not attached yet: first.txt, long.bin, last.json",
        )
        .await;
        let item = desk.find("[data-testid=attach-item]").await;
        item.select_by_value("smoke-log").await.unwrap();
        desk.click("[data-testid=attach-waiting]").await;
        desk.wait_until_says(
            "[data-testid=attach-status]",
            "Attached to R-001: first.txt, last.json.",
        )
        .await;
        desk.wait_until_says("[data-testid=waiting-files]", "Not attached yet: long.bin")
            .await;
        desk.wait_for_text("long.bin is longer than 100 MiB").await;
        assert_eq!(state_of(desk, "smoke-log").await, "there");
    });
}
