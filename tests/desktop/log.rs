//! The rehearsal log: typed in the window, saved before it says so, there after a kill.

use super::{command, desk, harness::Desk, harness::desktop_test};
use serde_json::Value;

/// What a person typed into a field of the run's entry, as another program sees it.
fn typed(desk: &Desk, field: &str) -> Value {
    let entry = command(desk, &["log", "show", "R-001"]);
    let fields = entry["fields"].as_array().unwrap();
    let found = fields.iter().find(|one| one["field"] == field).unwrap();
    found["typed"]["text"].clone()
}

#[test]
fn what_is_said_to_be_saved_is_on_the_disk_and_survives_a_kill() {
    desktop_test("log", desk(), async |desk| {
        command(desk, &["run", "start", "--owner", "Ana Weber"]);
        desk.click("[data-testid=nav-log]").await;
        desk.click("[data-testid=log-row-R-001]").await;
        desk.wait_for_text("Filled by the desk").await;
        assert_eq!(typed(desk, "release-owner"), Value::Null);

        desk.fill("[data-testid=log-notes]", "Zoë saw it first").await;
        desk.until("the whole text to be on the disk", async || {
            typed(desk, "notes") == "Zoë saw it first"
        })
        .await;
        desk.wait_until_says("[data-testid=saved-notes]", "saved ").await;
        desk.fill("[data-testid=log-end-time]", "noon").await;
        desk.wait_for_text("is no time").await;
        desk.assert_accessible().await;
        desk.screenshot("log-typed").await;

        // A blank that is typed stays for as long as it is typed, though the program keeps none at an end.
        desk.fill("[data-testid=log-tags]", "two ").await;
        desk.until("the tags to be on the disk", async || {
            typed(desk, "tags") == "two"
        })
        .await;
        let saved = "return document.querySelector('[data-testid=saved-tags]').textContent";
        desk.until("the window to say so", async || {
            desk.execute(saved).await.as_str().unwrap().starts_with("saved ")
        })
        .await;
        let tags = "return document.querySelector('[data-testid=log-tags]').value";
        assert_eq!(desk.execute(tags).await, "two ");

        // The program sees a file's bytes, and not what the webview would make of them.
        for (bytes, said) in [
            ("68, 97, 116, 101, 58, 32, 120, 10, 255", "line 2 is not UTF-8"),
            ("68, 97, 116, 101, 58, 32, 120, 10", "1 entry made"),
        ] {
            let choose = format!(
                "const files = new DataTransfer();
                 files.items.add(new File([new Uint8Array([{bytes}])], 'log.txt'));
                 const input = document.querySelector('[data-testid=log-import]');
                 input.files = files.files;
                 input.dispatchEvent(new Event('change', {{ bubbles: true }}));"
            );
            desk.execute(&choose).await;
            desk.wait_for_text(said).await;
        }

        desk.kill_and_start_again().await;
        desk.click("[data-testid=nav-log]").await;
        desk.click("[data-testid=log-row-R-001]").await;
        desk.find("[data-testid=undo-notes]").await;
        let notes = desk
            .execute("return document.querySelector('[data-testid=log-notes]').value")
            .await;
        assert_eq!(notes, "Zoë saw it first");
        desk.click("[data-testid=undo-notes]").await;
        // Typing that paused on the way was saved in several changes: the newest is taken back.
        desk.until("the change is taken back", async || {
            typed(desk, "notes") != "Zoë saw it first"
        })
        .await;
    });
}
