//! A portal that staff add: tested, signed in to, its sign-in in the real keyring.

use super::{
    data_dir, desk, fill_labelled,
    harness::{Desk, desktop_test},
    portal::Portal,
    wait_for_phase,
};

/// Adds the portal by the form in Settings, signed in as this account.
pub async fn add(desk: &Desk, portal: &Portal, name: &str, kind: &str, identity: &str) {
    fill_in(desk, portal, name, kind, identity).await;
    desk.click_text("Add the portal").await;
}

async fn fill_in(desk: &Desk, portal: &Portal, name: &str, kind: &str, identity: &str) {
    desk.click("[data-testid=nav-settings]").await;
    desk.click("[data-testid=add-portal]").await;
    desk.click(&format!("input[name=kind][value={kind}]")).await;
    fill_labelled(desk, "Name", name).await;
    fill_labelled(desk, "Address of the API", portal.address("apiBase")).await;
    fill_labelled(desk, "API key", portal.address("apiKey")).await;
    desk.click("details summary").await;
    fill_labelled(desk, "Sign-in service", portal.address("identityBase")).await;
    fill_labelled(desk, "Token service", portal.address("tokenBase")).await;
    fill_labelled(desk, "Project id", portal.address("projectId")).await;
    let account = portal.account(identity);
    fill_labelled(desk, "E-mail", &account.email).await;
    fill_labelled(desk, "Password", &account.password).await;
}

/// Waits until the desk points at this portal and has read its phase.
pub async fn wait_until_there(desk: &Desk, word: &str) {
    desk.until(&format!("the desk to point at {word}"), async || {
        let environment = desk.text_of("[data-testid=header-environment]").await;
        environment.to_uppercase().contains(&word.to_uppercase())
    })
    .await;
    desk.click("[data-testid=nav-phase]").await;
    desk.wait_until_says("[data-testid=header-phase]", " · ").await;
}

#[test]
fn a_portal_is_added_with_the_keyring_and_is_there_after_a_restart() {
    let portal = Portal::start(&[]);
    desktop_test("a_portal_is_added", desk(), async |desk| {
        desk.wait_for_text("Phase 3").await;
        add(desk, &portal, "studio", "live", "staff-smoke").await;
        wait_until_there(desk, "live").await;

        desk.restart().await;
        wait_until_there(desk, "live").await;
        // Moving forward in a live portal asks for its name; moving back does not.
        portal
            .somebody_sets("admin-smoke", "phase_1_read_only", "closed")
            .await;
        desk.click("[data-testid=refresh]").await;
        desk.wait_for_text("Phase 1 · Read only").await;
        desk.click("[data-testid=move-2]").await;
        desk.fill("[data-testid=note]", "opening").await;
        desk.fill("[data-testid=override]", "Agreed with the release owner")
            .await;
        desk.click("[data-testid=save-phase]").await;
        desk.fill("[data-testid=confirm-name]", "studio").await;
        desk.click("[data-testid=save-phase]").await;
        wait_for_phase(desk, "Phase 2").await;
        assert!(data_dir(desk).join("desk.db").exists());
    });
}

#[test]
fn an_account_that_is_only_admin_is_refused_and_told_which_claim_is_missing() {
    let portal = Portal::start(&[]);
    desktop_test("admin_alone_is_not_staff", desk(), async |desk| {
        desk.wait_for_text("Phase 3").await;
        fill_in(desk, &portal, "studio", "staging", "adminonly-smoke").await;
        desk.click_text("Test only").await;
        desk.wait_for_text("admin alone is not staff").await;
        // What was typed is still there.
        let name = desk
            .client()
            .find(fantoccini::Locator::XPath(
                "//label[span[normalize-space()='Name']]//input",
            ))
            .await
            .unwrap();
        assert_eq!(name.prop("value").await.unwrap().as_deref(), Some("studio"));
    });
}
