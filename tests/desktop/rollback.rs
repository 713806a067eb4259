//! A rollback from the header with the keyboard alone: the clock is seen, the program is killed after the third step and
//! started again, and the record is complete.

use super::{command, desk, harness::desktop_test};
use fantoccini::key::Key;
use std::time::Duration;

/// The practice portal's servers believe a phase for a minute; settling takes longer than that.
const SETTLES_WITHIN: Duration = Duration::from_secs(100);

#[test]
fn a_rollback_by_keyboard_survives_a_kill_and_leaves_a_whole_record() {
    desktop_test("rollback_by_keyboard", desk(), async |desk| {
        desk.wait_for_text("Phase 3 · Admin full").await;
        let shortcut = format!("{}{}r", char::from(Key::Control), char::from(Key::Shift));
        desk.press(&shortcut).await;
        desk.until("the triggers to have the focus", async || {
            desk.execute("return document.activeElement.type").await == "radio"
        })
        .await;
        // The next trigger; Enter says what is missing, which is who confirmed it; Enter again rolls back.
        desk.press(&format!("{}{}", char::from(Key::Down), char::from(Key::Enter)))
            .await;
        desk.until("the owner to be asked for", async || {
            desk.execute("return document.activeElement.dataset.testid").await == "confirmed-by"
        })
        .await;
        desk.press(&format!("Release owner{}", char::from(Key::Enter)))
            .await;

        desk.find("[data-testid=step-note][data-progress=done]").await;
        let clock = desk.text_of("[data-testid=header-clock]").await;
        assert!(clock.contains("/ 15:00"), "{clock}");
        desk.kill_and_start_again().await;

        // It opens where the rollback is, with the clock going on.
        desk.find("[data-testid=split-sent]").await;
        let deadline = std::time::Instant::now() + SETTLES_WITHIN;
        while !desk
            .text_of("[data-testid=split-settled]")
            .await
            .contains("within target")
        {
            assert!(std::time::Instant::now() < deadline, "{}", desk.text().await);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        desk.screenshot("rollback-settled").await;
        desk.find("[data-testid=step-verify][data-progress=done]").await;

        // Staff are told; by keyboard again.
        desk.execute("document.querySelector('[data-testid=because-place] input').focus()")
            .await;
        desk.press(&format!("#ops-library{}", char::from(Key::Enter)))
            .await;
        desk.find("[data-testid=closed]").await;
        desk.find("[data-testid=review-by]").await;

        let shown = command(desk, &["phase", "show"]);
        assert_eq!(shown["phase"], "phase_2_member_writes");
        let note = shown["note"].as_str().unwrap();
        assert!(
            note.starts_with("ROLLBACK ") && note.contains(" by operator"),
            "{note}"
        );
        let journal = command(desk, &["journal", "verify"]);
        assert_eq!(journal["broken"], serde_json::Value::Null);
        let run = command(desk, &["run", "show"]);
        assert!(run.to_string().contains("phase_2_member_writes"), "{run}");
    });
}
