//! The harness, tried on the engine's own small browser.

use std::panic::AssertUnwindSafe;

use fantoccini::key::Key;

use super::stack::processes_of;
use super::{Desk, Options, desktop_test};

/// It comes with the library that the desk's window needs.
fn browser() -> Options {
    let binary = std::fs::read_dir("/usr/lib")
        .unwrap()
        .map(|entry| entry.unwrap().path().join("webkit2gtk-4.1/MiniBrowser"))
        .find(|path| path.exists())
        .expect("WebKitGTK must be installed");
    Options::new(binary).arg("--automation")
}

async fn show(desk: &Desk, body: &str) {
    let page = format!("<html lang=en><title>Try</title><main><h1>Try</h1>{body}</main></html>");
    let url = format!("data:text/html,{}", page.replace('#', "%23"));
    desk.client().goto(&url).await.unwrap();
}

#[test]
fn a_page_is_acted_on_like_a_person_would() {
    desktop_test("harness_acts", browser(), async |desk| {
        show(
            desk,
            "<label>Note <input id=note value=old></label>
             <button hidden>Save</button>
             <button onclick=\"said.textContent = note.value; this.remove()\">Save</button>
             <p id=said></p>",
        )
        .await;
        desk.click("label").await;
        desk.press("?").await;
        desk.fill("#note", "new").await;
        desk.press("er").await;
        desk.press(&char::from(Key::Tab).to_string()).await;
        desk.assert_accessible().await;
        desk.click_text("Save").await;
        desk.wait_for_text("newer").await;
        desk.wait_until_gone("button").await;
        desk.screenshot("harness_acts").await;
    });
    let picture = super::artifacts().join("harness_acts.png");
    assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    std::fs::remove_file(picture).unwrap();
}

#[test]
fn axe_finds_poor_contrast() {
    desktop_test("harness_axe", browser(), async |desk| {
        show(
            desk,
            "<p id=faint style='color: #ccc; background: #fff'>Faint</p>",
        )
        .await;
        let found = desk.axe_violations().await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("color-contrast (serious)"), "{found:?}");
        assert!(found[0].contains("#faint"), "{found:?}");
    });
}

#[test]
fn dark_is_dark_and_a_restart_keeps_the_home() {
    desktop_test("harness_dark", browser().dark(), async |desk| {
        let dark = "return matchMedia('(prefers-color-scheme: dark)').matches";
        assert_eq!(desk.execute(dark).await, true);
        let home = desk.home().to_owned();
        desk.restart().await;
        assert_eq!(desk.home(), home);
        assert_eq!(desk.execute(dark).await, true);
    });
}

#[test]
fn nothing_is_left_behind_even_by_a_panic() {
    let mut home = None;
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        desktop_test("harness_panics", browser(), async |desk| {
            home = Some(desk.home().to_owned());
            assert!(!processes_of(desk.home()).is_empty());
            panic!("on purpose");
        });
    }));
    assert!(panicked.is_err());
    let home = home.unwrap();
    assert_eq!(processes_of(&home), Vec::<u32>::new());
    assert!(!home.exists());
    let picture = super::artifacts().join("harness_panics.png");
    assert!(picture.exists());
    std::fs::remove_file(picture).unwrap();
    std::fs::remove_file(super::artifacts().join("harness_panics.log")).unwrap();
}
