//! The evidence of a run: what is missing, a file attached, the bundle exported and verified.

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
