//! Moving forward is earned with the window's own buttons: refused before, allowed after.

use super::{
    command, desk,
    harness::{Desk, desktop_test},
    wait_for_phase,
};

const QUESTION: &str = "[data-testid=question-phase2-staff-routes-blocked]";

#[test]
fn phase_2_is_proven_in_the_window_before_phase_3_can_be_saved() {
    desktop_test("phase_2_is_proven", desk(), async |desk| {
        wait_for_phase(desk, "Phase 3").await;
        // Going back needs nothing.
        decide(desk, "move-2", "Opening to members").await;
        wait_for_phase(desk, "Phase 2").await;

        cannot_be_saved_yet(desk).await;
        run_the_checklist(desk).await;
        attest(desk).await;
        measure(desk).await;

        desk.click("[data-testid=nav-advance]").await;
        desk.find("[data-testid=answer][data-ready=true]").await;
        desk.assert_accessible().await;
        desk.click("[data-testid=advance]").await;
        desk.fill("[data-testid=note]", "Everything is proven").await;
        desk.wait_until_gone("[data-testid=missing]").await;
        desk.wait_until_gone("[data-testid=override]").await;
        desk.click("[data-testid=save-phase]").await;
        wait_for_phase(desk, "Phase 3").await;

        let shown = command(desk, &["phase", "show"]);
        assert_eq!(shown["note"], "Everything is proven");
        let journal = command(desk, &["journal", "verify"]);
        assert_eq!(journal["broken"], serde_json::Value::Null);
    });
}

/// Chooses a phase, types a note and saves.
async fn decide(desk: &Desk, phase: &str, note: &str) {
    desk.click("[data-testid=nav-phase]").await;
    desk.click(&format!("[data-testid={phase}]")).await;
    desk.fill("[data-testid=note]", note).await;
    desk.click("[data-testid=save-phase]").await;
}

/// Choosing phase 3 shows what is missing, and a click on the save only asks for a reason.
async fn cannot_be_saved_yet(desk: &Desk) {
    decide(desk, "move-3", "Too early").await;
    let missing = desk.text_of("[data-testid=missing]").await;
    assert!(missing.contains("things are missing"), "{missing}");
    desk.find("[data-testid=override][aria-invalid=true]").await;
    desk.find("[data-testid=save-phase][aria-disabled=true]").await;
    desk.assert_accessible().await;
    desk.click_text("Leave it as it is").await;
    let shown = command(desk, &["phase", "show"]);
    assert_eq!(shown["phase"], "phase_2_member_writes", "nothing was saved");
}

/// Runs the checklist from the first page, and watches it fill.
async fn run_the_checklist(desk: &Desk) {
    faults(desk, &["latency=250"]).await;
    desk.click("[data-testid=nav-advance]").await;
    desk.click("[data-testid=need-smoke] button").await;
    desk.click("[data-testid=nav-smoke]").await;
    desk.until("the matrix to be half full", async || {
        desk.find("[data-testid=matrix]").await;
        let states = ["pass", "running", "waiting"];
        let mut seen = Vec::new();
        for state in states {
            let count = format!(
                "return document.querySelectorAll('[data-testid^=step-][data-state={state}]').length"
            );
            seen.push(desk.execute(&count).await.as_u64().unwrap_or_default());
        }
        seen.iter().all(|count| *count > 0)
    })
    .await;
    desk.find("[data-testid=progress]").await;
    desk.find("[data-testid=smoke-result]").await;
    faults(desk, &[]).await;
    let result = desk.text_of("[data-testid=smoke-result]").await;
    assert!(result.contains("1 question waits for a person"), "{result}");
}

/// Answers the one question that only a person can answer.
async fn attest(desk: &Desk) {
    desk.fill(&format!("{QUESTION} textarea"), "No staff buttons in member mode")
        .await;
    desk.click_text("Yes, it is so").await;
    desk.find(&format!("{QUESTION}[data-state=attested]")).await;
    desk.find("[data-testid=smoke-result][data-proven=true]").await;
}

/// Makes a snapshot, earns what the gates lack, makes another, and attaches it.
async fn measure(desk: &Desk) {
    desk.click("[data-testid=nav-metrics]").await;
    desk.click("[data-testid=capture]").await;
    desk.find("[data-testid=gate-phase2-borrow-failures][data-verdict=INSUFFICIENT]")
        .await;
    desk.click("[data-testid=gate-phase2-borrow-failures] button")
        .await;
    // It is off while requests are earned.
    desk.find("[data-testid=gate-phase2-borrow-failures] button:not([disabled])")
        .await;
    desk.click("[data-testid=capture]").await;
    for gate in ["phase2-borrow-failures", "phase2-sustained-route-errors"] {
        desk.find(&format!("[data-testid=gate-{gate}][data-verdict=GO]"))
            .await;
    }
    desk.click("[data-testid=attach]").await;
    desk.wait_until_says("[data-testid=attach]", "Attached").await;
    desk.assert_accessible().await;
}

async fn faults(desk: &Desk, faults: &[&str]) {
    let script = format!(
        "return window.__TAURI_INTERNALS__.invoke('set_faults', {{ faults: {} }})",
        serde_json::json!(faults)
    );
    desk.execute(&script).await;
}
