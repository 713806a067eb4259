//! A text after a phase change: mended where it is refused, copied for another program, outdated when the phase moves.

use super::{
    command, desk,
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
