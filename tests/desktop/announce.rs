//! A text after a phase change: mended where it is refused, copied for another program, outdated when the phase moves.

use super::{
    command, data_dir, desk,
    harness::{Desk, desktop_test},
};

async fn is_ready(desk: &Desk) -> bool {
    let copy = desk.find("[data-testid=copy-staff]").await;
    copy.attr("aria-disabled").await.unwrap().as_deref() == Some("false")
}

#[test]
fn a_text_is_mended_copied_and_turns_outdated_when_the_phase_moves() {
    desktop_test("announce", desk(), async |desk| {
        desk.wait_for_text("(staff)").await;
        command(desk, &["phase", "set", "2", "--note", "Opening to members"]);
        desk.wait_for_text("Phase 2 · Member writes").await;
        desk.click("[data-testid=nav-announce]").await;
        let refusal = desk.text_of("[data-testid=refusal-staff]").await;
        assert!(refusal.contains("check"), "{refusal}");
        assert!(!is_ready(desk).await);
        desk.click_text("In 1 h").await;
        desk.until("the checks to pass", async || is_ready(desk).await)
            .await;

        desk.fill(
            "[data-testid=subject-staff]",
            "Library rollout phase update: Phase 3",
        )
        .await;
        desk.find("[data-testid=mend-label_not_confirmed]").await;
        assert!(!is_ready(desk).await);
        desk.click("[data-testid=mend-label_not_confirmed]").await;
        desk.until("the mended text to pass", async || is_ready(desk).await)
            .await;
        desk.click("[data-testid=copy-staff]").await;
        desk.wait_for_text("Copied: subject and body.").await;
        let copied = desk.clipboard();
        assert!(
            copied.starts_with(
                "Library rollout phase update: Phase 2\n\n1. We moved library rollout to `Phase 2` at `"
            ),
            "{copied}"
        );
        desk.find("[data-testid=made-staff]").await;
        desk.assert_accessible().await;
        desk.screenshot("announce-copied").await;

        command(desk, &["phase", "set", "1", "--note", "Closing again"]);
        let outdated = desk.text_of("[data-testid=outdated-staff]").await;
        assert!(outdated.contains("Phase 2 is now Phase 1"), "{outdated}");
        assert!(!is_ready(desk).await);
        desk.click("[data-testid=refill-staff]").await;
        desk.until("the text to be filled anew", async || is_ready(desk).await)
            .await;
        assert_eq!(desk.clipboard(), copied, "nothing is copied unasked");
        let journal = command(desk, &["journal", "verify"]);
        assert_eq!(journal["broken"], serde_json::Value::Null);
    });
}

/// In phase 2, with a text for members that may go out.
async fn with_a_text_for_members(desk: &Desk) {
    desk.wait_for_text("(staff)").await;
    command(desk, &["phase", "set", "2", "--note", "Opening to members"]);
    desk.wait_for_text("Phase 2 · Member writes").await;
    desk.click("[data-testid=nav-announce]").await;
    desk.until("the text to be filled", async || {
        let copy = desk.find("[data-testid=copy-member]").await;
        copy.attr("aria-disabled").await.unwrap().as_deref() == Some("false")
    })
    .await;
}

#[test]
fn a_copied_text_outlives_the_desk_until_something_else_is_copied() {
    desktop_test("announce_clipboard", desk(), async |desk| {
        with_a_text_for_members(desk).await;
        desk.click("[data-testid=copy-member]").await;
        desk.wait_for_text("Copied: subject and body.").await;
        let copied = desk.clipboard();
        assert!(copied.starts_with("Library experience update\n\n1. "), "{copied}");
        desk.by_hand("close", "Cutover Desk");
        // What holds the text is a process of the same program.
        desk.until_running(&["__hold-clipboard"]).await;
        assert_eq!(desk.clipboard(), copied);
        assert_eq!(desk.clipboard(), copied, "as often as it is asked for");
        desk.copy_elsewhere("something else");
        desk.until_running(&[]).await;
        assert_eq!(desk.clipboard(), "something else");
    });
}

#[test]
fn the_desk_leaves_nothing_behind_when_something_else_was_copied_since() {
    desktop_test("announce_clipboard_left", desk(), async |desk| {
        with_a_text_for_members(desk).await;
        desk.click("[data-testid=copy-member]").await;
        desk.wait_for_text("Copied: subject and body.").await;
        desk.copy_elsewhere("something else");
        desk.by_hand("close", "Cutover Desk");
        desk.until_running(&[]).await;
        assert_eq!(desk.clipboard(), "something else");
    });
}

#[test]
fn a_text_is_saved_where_the_person_says() {
    desktop_test("announce_save", desk(), async |desk| {
        with_a_text_for_members(desk).await;
        let folder = data_dir(desk).join("announcements");
        let saved = || {
            std::fs::read_dir(&folder)
                .unwrap()
                .map(|file| file.unwrap().path())
        };
        desk.click("[data-testid=save-txt-member]").await;
        desk.by_hand("Escape", "Save the text");
        desk.until("nothing to be done any more", async || {
            is_ready_to_save(desk).await
        })
        .await;
        assert_eq!(saved().count(), 0);
        desk.click("[data-testid=save-eml-member]").await;
        desk.by_hand("Return", "Save the text");
        desk.wait_for_text("Saved as ").await;
        let file = saved().next().unwrap();
        assert_eq!(file.extension().unwrap(), "eml");
        let mail = std::fs::read_to_string(&file).unwrap();
        assert!(mail.starts_with("X-Unsent: 1\r\n"), "{mail}");
        desk.screenshot("announce-saved").await;
    });
}

async fn is_ready_to_save(desk: &Desk) -> bool {
    let save = desk.find("[data-testid=save-txt-member]").await;
    save.attr("aria-disabled").await.unwrap().as_deref() == Some("false")
}
