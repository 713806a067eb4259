//! Somebody else moves the phase while a save is being decided.

use super::{
    desk,
    harness::desktop_test,
    portal::Portal,
    real_portal::{add, wait_until_there},
    wait_for_phase,
};

#[test]
fn a_save_decided_on_an_outdated_screen_is_refused_and_what_changed_is_shown() {
    let portal = Portal::start(&[]);
    desktop_test("somebody_else_moves_the_phase", desk(), async |desk| {
        desk.wait_for_text("Phase 3").await;
        add(desk, &portal, "studio", "staging", "staff-smoke").await;
        wait_until_there(desk, "staging").await;
        desk.click("[data-testid=move-2]").await;
        desk.fill("[data-testid=note]", "one step back").await;

        portal
            .somebody_sets("admin-smoke", "phase_1_read_only", "all the way back")
            .await;
        desk.click("[data-testid=save-phase]").await;

        let refused = desk.text_of("[data-testid=plan-moved]").await;
        assert!(refused.contains("Nothing was saved"), "{refused}");
        assert!(refused.contains("Phase 1"), "{refused}");
        assert!(refused.contains("admin-smoke"), "{refused}");
        assert!(refused.contains("all the way back"), "{refused}");
        let note = desk.find("[data-testid=note]").await.prop("value").await.unwrap();
        assert_eq!(note.as_deref(), Some("one step back"), "what was typed is kept");
        wait_for_phase(desk, "Phase 1").await;
        desk.assert_accessible().await;

        desk.click_text("Look again and decide anew").await;
        // From phase 1 this is a move forward, which nothing has earned here.
        desk.fill("[data-testid=override]", "Agreed with the release owner")
            .await;
        desk.click("[data-testid=save-phase]").await;
        wait_for_phase(desk, "Phase 2").await;
    });
}
