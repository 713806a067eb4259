//! axe finds nothing on any view, light and dark, contrast included; and everything is there at 200 % text.

use super::{
    desk,
    harness::{Desk, Options, desktop_test},
};
use fantoccini::key::Key;

async fn look_everywhere(desk: &mut Desk, theme: &str) {
    desk.wait_for_text("(staff)").await;
    let picture = async |desk: &Desk, view: &str| {
        desk.screenshot(&format!("{view}-{theme}")).await;
        desk.assert_accessible().await;
    };
    picture(desk, "advance").await;
    desk.click("[data-testid=nav-smoke]").await;
    picture(desk, "smoke").await;
    desk.click("[data-testid=nav-metrics]").await;
    picture(desk, "metrics").await;
    desk.click("[data-testid=nav-phase]").await;
    desk.find("[data-testid=never-set]").await;
    picture(desk, "phase").await;
    desk.click("[data-testid=move-2]").await;
    desk.find("[data-testid=plan]").await;
    picture(desk, "plan").await;
    desk.fill("[data-testid=note]", "Opening to members").await;
    desk.click("[data-testid=save-phase]").await;
    desk.find("[data-testid=step-settled]").await;
    picture(desk, "confirmation").await;
    desk.click("[data-testid=nav-rollback]").await;
    desk.find("[data-testid=decision]").await;
    picture(desk, "rollback").await;
    desk.click("[data-testid=nav-announce]").await;
    desk.find("[data-testid=composer-member]").await;
    picture(desk, "announce").await;
    desk.click("[data-testid=nav-evidence]").await;
    desk.find("[data-testid=items]").await;
    picture(desk, "evidence").await;
    desk.click("[data-testid=nav-log]").await;
    desk.click("[data-testid=log-row-R-001]").await;
    desk.wait_for_text("Filled by the desk").await;
    picture(desk, "log").await;
    desk.click("[data-testid=nav-settings]").await;
    desk.find("[data-testid=add-portal]").await;
    picture(desk, "settings").await;
    desk.click("[data-testid=add-portal]").await;
    picture(desk, "add-portal").await;
    desk.click("[data-testid=nav-phase]").await;
    desk.press("?").await;
    desk.find("dialog[open]").await;
    picture(desk, "keys").await;
    desk.press(&char::from(Key::Escape).to_string()).await;
    desk.wait_until_gone("dialog[open]").await;
    desk.click("[data-testid=nav-advance]").await;
    desk.click("[data-testid=rehearse-now]").await;
    desk.wait_until_says("[data-testid=begin-rehearsal]", "End R-001 and begin")
        .await;
    picture(desk, "rehearse").await;
    desk.click("[data-testid=begin-rehearsal]").await;
    desk.click("[data-testid=rehearsal-steps]").await;
    desk.find("[data-testid=rehearsal-list]").await;
    picture(desk, "rehearsal").await;
    desk.click("[data-testid=rehearsal-surprises]").await;
    desk.click("[data-testid=surprise-outdated_instance]").await;
    desk.wait_until_says("[data-testid=rehearsal-surprises]", "1 on")
        .await;
    picture(desk, "surprises").await;
}

/// Nothing is cut off or pushed out of the window.
async fn nothing_overflows(desk: &Desk) {
    let overflow = desk
        .execute("return document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        .await;
    assert!(
        overflow.as_i64().unwrap() <= 0,
        "{overflow} px stick out sideways"
    );
}

fn theme(options: Options, name: &'static str) {
    desktop_test(
        &format!("every_view_is_accessible_{name}"),
        options,
        async |desk| {
            look_everywhere(desk, name).await;
            desk.execute("document.documentElement.style.fontSize = '200%'")
                .await;
            nothing_overflows(desk).await;
        },
    );
}

#[test]
fn every_view_is_accessible_in_light() {
    theme(desk(), "light");
}

#[test]
fn every_view_is_accessible_in_dark() {
    theme(desk().dark(), "dark");
}
