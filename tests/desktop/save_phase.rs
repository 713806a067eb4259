//! The first whole job: select a phase, save it with a note, see it confirmed. With the mouse and by keyboard alone.

use super::{
    command, desk,
    harness::{Desk, desktop_test},
    wait_for_phase,
};
use fantoccini::key::Key;

#[test]
fn a_phase_is_selected_saved_with_a_note_and_seen_confirmed() {
    desktop_test("save_phase_with_the_mouse", desk(), async |desk| {
        desk.click("[data-testid=nav-phase]").await;
        desk.click("[data-testid=move-2]").await;
        desk.fill("[data-testid=note]", "Opening to members after the rehearsal")
            .await;
        assert_eq!(desk.text_of("[data-testid=note-left]").await, "262 left");
        desk.click("[data-testid=save-phase]").await;
        desk.find("[data-testid=step-acknowledged]").await;
        desk.find("[data-testid=outcome][data-outcome=confirmed]").await;
        wait_for_phase(desk, "Phase 2").await;
        let history = desk.text_of("[data-testid=history]").await;
        assert!(
            history.contains("Opening to members after the rehearsal"),
            "{history}"
        );
        assert!(history.contains("R-001"), "{history}");

        let shown = command(desk, &["phase", "show"]);
        assert_eq!(shown["phase"], "phase_2_member_writes");
        assert_eq!(shown["note"], "Opening to members after the rehearsal");
        assert_eq!(shown["updatedByUid"], "operator");
        let journal = command(desk, &["journal", "verify"]);
        assert_eq!(journal["broken"], serde_json::Value::Null);
        assert!(journal["count"].as_i64().unwrap() >= 3, "{journal}");
    });
}

#[test]
fn a_phase_is_taken_back_with_the_keyboard_alone_and_a_typed_note_survives_a_restart() {
    desktop_test("save_phase_by_keyboard", desk(), async |desk| {
        desk.wait_for_text("Phase 3 · Admin full").await;
        choose_phase_2(desk).await;
        desk.find("[data-testid=plan]").await;
        desk.until("the note to have the focus", async || {
            desk.execute("return document.activeElement.dataset.testid").await == "note"
        })
        .await;
        desk.press("Errors while editing items").await;
        // A kill in the middle: what was typed is there again.
        desk.until("the note to be kept", async || {
            let kept = desk
                .execute("return window.__TAURI_INTERNALS__.invoke('drafts')")
                .await;
            kept.to_string().contains("Errors while editing items")
        })
        .await;
        desk.restart().await;
        desk.wait_for_text("Phase 3 · Admin full").await;
        choose_phase_2(desk).await;
        desk.until("the kept note", async || {
            desk.find("[data-testid=note]")
                .await
                .prop("value")
                .await
                .unwrap()
                .as_deref()
                == Some("Errors while editing items")
        })
        .await;
        // Tab goes on to the incident and to the save; Enter saves.
        desk.press(&format!(
            "{}INC-7{}",
            char::from(Key::Tab),
            char::from(Key::Enter)
        ))
        .await;
        wait_for_phase(desk, "Phase 2").await;
        let shown = command(desk, &["phase", "show"]);
        assert_eq!(shown["note"], "Errors while editing items");
    });
}

/// Goes to the phase page and on to *Move here* under phase 2, by keys alone.
async fn choose_phase_2(desk: &mut Desk) {
    desk.press(&format!("{}2", char::from(Key::Control))).await;
    desk.find("[data-testid=move-2]").await;
    desk.until("the focus to come to phase 2", async || {
        desk.press(&char::from(Key::Tab).to_string()).await;
        desk.execute("return document.activeElement.dataset.testid").await == "move-2"
    })
    .await;
    desk.press(&char::from(Key::Enter).to_string()).await;
}
