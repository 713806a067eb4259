//! The portal goes away, and comes back.

use super::{
    desk,
    harness::desktop_test,
    portal::Portal,
    real_portal::{add, wait_until_there},
    wait_for_phase,
};

#[test]
fn a_portal_that_goes_away_is_shown_and_recovered_from_without_help() {
    let mut portal = Portal::start(&[]);
    desktop_test("the_portal_goes_away", desk(), async |desk| {
        desk.wait_for_text("Phase 3").await;
        add(desk, &portal, "studio", "staging", "staff-smoke").await;
        wait_until_there(desk, "staging").await;
        desk.click("[data-testid=move-2]").await;
        desk.fill("[data-testid=note]", "typed before the network went")
            .await;

        portal.stop();
        desk.click("[data-testid=refresh]").await;
        let strip = desk.text_of("[data-testid=strip]").await;
        assert!(
            strip.to_lowercase().contains("reach") || strip.to_lowercase().contains("offline"),
            "{strip}"
        );
        desk.assert_accessible().await;

        portal.start_again();
        desk.wait_until_gone("[data-testid=strip]").await;
        let note = desk.find("[data-testid=note]").await.prop("value").await.unwrap();
        assert_eq!(note.as_deref(), Some("typed before the network went"));
        desk.click("[data-testid=save-phase]").await;
        wait_for_phase(desk, "Phase 2").await;
    });
}
