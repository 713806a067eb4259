//! A save without an answer is unknown, not failed, and is asked about until it is known.

use super::{
    desk,
    harness::desktop_test,
    portal::Portal,
    real_portal::{add, wait_until_there},
    wait_for_phase,
};

#[test]
fn a_save_that_timed_out_is_shown_as_unknown_and_then_found_out() {
    let mut portal = Portal::start(&[]);
    let options = desk().arg("--call-timeout-ms").arg("3000");
    desktop_test("a_save_times_out", options, async |desk| {
        desk.wait_for_text("Phase 3").await;
        add(desk, &portal, "studio", "staging", "staff-smoke").await;
        wait_until_there(desk, "staging").await;
        // The write takes effect but no answer comes, and then nothing can be read either.
        portal.faults("timeout-after@library.rollout.set*1");
        desk.click("[data-testid=move-1]").await;
        desk.fill("[data-testid=note]", "closing").await;
        desk.click("[data-testid=save-phase]").await;
        desk.until("the save to be on its way", async || {
            let stage =
                "return window.__TAURI_INTERNALS__.invoke('desk_state').then(desk => desk.change?.stage)";
            desk.execute(stage).await == "sending"
        })
        .await;
        portal.faults("error-500=100%@library.rollout.get");
        desk.find("[data-testid=outcome][data-outcome=unknown]").await;
        desk.assert_accessible().await;
        desk.screenshot("unknown").await;

        portal.faults("off");
        desk.find("[data-testid=outcome][data-outcome=confirmed]").await;
        wait_for_phase(desk, "Phase 1").await;
    });
}
