//! The whole rehearsal in the window, with the keyboard alone, from "Rehearse now" to a bundle that verifies.

use super::{
    BINARY, command, data_dir, desk,
    harness::{Desk, desktop_test},
};
use fantoccini::key::Key;
use std::time::{Duration, Instant};

const ENTER: char = '\u{e007}';
const TAB: char = '\u{e004}';
/// A checklist with everything beside it, and a rollback until it has settled: the practice portal caches the phase for a minute.
const STEP_WITHIN: Duration = Duration::from_secs(150);
const POLL: Duration = Duration::from_millis(50);

#[test]
fn a_rehearsal_is_walked_through_by_keyboard_and_ends_in_a_verified_bundle() {
    desktop_test("rehearsal_by_keyboard", desk(), async |desk| {
        desk.wait_for_text("(staff)").await;
        desk.press(&format!("{}k", char::from(Key::Control))).await;
        desk.press(&format!("rehearse now{ENTER}")).await;
        focus_on(desk, "rehearsal-owner").await;
        desk.press(&format!("Library Ops{ENTER}")).await;
        desk.find("[data-testid=rehearsal-go]").await;

        let mut walked = Vec::new();
        let mut now = act_now(desk).await;
        while now != "finished" {
            let deadline = Instant::now() + STEP_WITHIN;
            let place = place(desk).await;
            // What a step needs may take several presses: to measure, to earn what is missing, to measure again.
            while self::place(desk).await == place {
                assert!(
                    Instant::now() < deadline,
                    "{now} was not done: {}",
                    desk.text().await
                );
                do_it(desk, &now, &place).await;
            }
            if walked.is_empty() {
                desk.assert_accessible().await;
                desk.screenshot("rehearsal-step").await;
            }
            walked.push(now);
            now = act_now(desk).await;
        }
        desk.screenshot("rehearsal-finished").await;
        desk.assert_accessible().await;
        for act in [
            "set_phase",
            "checklist",
            "questions",
            "gates",
            "attach",
            "tell_staff",
            "tell_members",
        ] {
            assert!(walked.iter().any(|walked| walked == act), "{walked:?}");
        }
        assert_eq!(
            walked[walked.len() - 3..],
            ["end_run", "lessons", "export"],
            "{walked:?}"
        );

        desk.wait_until_says("[data-testid=export-report]", "Valid and complete")
            .await;
        let bundle = data_dir(desk).join("evidence/R-001");
        let verified = std::process::Command::new(BINARY)
            .args(["evidence", "verify"])
            .arg(&bundle)
            .env_remove("DISPLAY")
            .output()
            .unwrap();
        assert!(
            verified.status.success(),
            "{}",
            String::from_utf8_lossy(&verified.stdout)
        );
        let report = std::fs::read_to_string(bundle.join("data/log/after-action.md")).unwrap();
        assert!(report.contains("Ask earlier"), "{report}");
    });
}

#[test]
fn a_surprise_is_seen_and_answered_with_a_rollback() {
    desktop_test("rehearsal_surprise", desk().dark(), async |desk| {
        desk.wait_for_text("(staff)").await;
        desk.click("[data-testid=rehearse-now]").await;
        desk.click("[data-testid=begin-rehearsal]").await;
        desk.find("[data-testid=rehearsal-go]").await;
        // The way to phase 2 is another test's.
        command(desk, &["phase", "set", "1", "--note", "Rehearsed"]);
        command(
            desk,
            &[
                "phase",
                "set",
                "2",
                "--note",
                "Rehearsed",
                "--override",
                "the way there is known",
            ],
        );
        desk.wait_until_says(
            "[data-testid=rehearsal-step]",
            "Run the smoke checklist of Phase 2",
        )
        .await;
        desk.click("[data-testid=rehearsal-steps]").await;
        desk.find("[data-testid=rehearsal-list] [data-progress=passed_over]")
            .await;

        desk.click("[data-testid=rehearsal-surprises]").await;
        desk.click("[data-testid=surprise-gate_breach]").await;
        desk.wait_until_says("[data-testid=rehearsal-surprises]", "1 on")
            .await;
        desk.click("[data-testid=rehearsal-surprises]").await;
        desk.click("[data-testid=rehearsal-go]").await;
        desk.click("[data-testid=run-smoke]").await;
        desk.find("[data-testid=breach]").await;
        desk.assert_accessible().await;
        desk.screenshot("rehearsal-breach").await;

        desk.click("[data-testid=breach-rollback]").await;
        desk.click("[data-testid=trigger-gate_breach]").await;
        desk.fill("[data-testid=confirmed-by]", "Library Ops").await;
        desk.click("[data-testid=open-rollback]").await;
        desk.find("[data-testid=step-note][data-progress=done]").await;
        desk.wait_until_says("[data-testid=rehearsal-step]", "Roll back from Phase 2")
            .await;
        let shown = command(desk, &["phase", "show"]);
        assert_eq!(shown["phase"], "phase_1_read_only");
        let run = command(desk, &["journal", "search", "practice_faults_set"]);
        assert!(run.to_string().contains("library.loans.checkout"), "{run}");
    });
}

async fn attribute(desk: &Desk, script: &str) -> String {
    let found = desk.execute(&format!("return String({script})")).await;
    found.as_str().unwrap_or_default().to_owned()
}

/// The act that is to be done now.
async fn act_now(desk: &Desk) -> String {
    attribute(
        desk,
        "document.querySelector('[data-testid=rehearsal]').dataset.act",
    )
    .await
}

/// The step by its number and words.
async fn place(desk: &Desk) -> String {
    let words = "document.querySelector('[data-testid=rehearsal] .words p').textContent";
    format!("{} {}", attribute(desk, words).await, act_now(desk).await)
}

/// What has the focus, by its name in tests; empty where it has none.
async fn focused(desk: &Desk) -> String {
    attribute(desk, "document.activeElement.dataset.testid ?? ''").await
}

async fn focus_on(desk: &Desk, name: &str) {
    desk.until(&format!("{name} to have the focus"), async || {
        focused(desk).await == name
    })
    .await;
}

/// Presses the shortcut to the present step.
async fn walk_on(desk: &Desk) {
    let shortcut = format!("{}{}g", char::from(Key::Control), char::from(Key::Shift));
    desk.press(&shortcut).await;
}

/// Tabs on until this holds of what has the focus.
async fn tab_to(desk: &Desk, condition: &str) {
    // Keys sent anew begin at a field's first part: one that has several parts is left by as many at once.
    let mut parts = 1;
    for _ in 0..80 {
        if desk.execute(&format!("return {condition}")).await == true {
            return;
        }
        let before = desk.execute("return document.activeElement.type").await;
        desk.press(&TAB.to_string().repeat(parts)).await;
        let is_inside =
            before == "datetime-local" && desk.execute("return document.activeElement.type").await == before;
        parts = if is_inside { parts + 1 } else { 1 };
    }
    panic!("no Tab leads to {condition}: {}", desk.text().await);
}

/// Waits until this step, as it was read before anything was pressed, has given way to the next, or until `idle` holds: then
/// there is more to be done for it.
async fn wait(desk: &Desk, place: &str, idle: &str) {
    let deadline = Instant::now() + STEP_WITHIN;
    // What was pressed is taken up in the next moments.
    tokio::time::sleep(POLL * 6).await;
    while self::place(desk).await == place && desk.execute(&format!("return {idle}")).await != true {
        assert!(Instant::now() < deadline, "{place}: {}", desk.text().await);
        tokio::time::sleep(POLL).await;
    }
}

const NEVER: &str = "false";

async fn do_it(desk: &Desk, act: &str, place: &str) {
    walk_on(desk).await;
    match act {
        "set_phase" => {
            desk.until("the note to have the focus", async || {
                // Until the phase is known the button stands there that chooses it.
                if focused(desk).await.starts_with("move-") {
                    desk.press(&ENTER.to_string()).await;
                }
                focused(desk).await == "note"
            })
            .await;
            desk.press("Rehearsed by hand").await;
            desk.press(&format!("{}{ENTER}", char::from(Key::Control))).await;
            wait(desk, place, NEVER).await;
        }
        "checklist" => {
            desk.until("the checklist's button to have the focus", async || {
                focused(desk).await.starts_with("run-")
            })
            .await;
            desk.press(&ENTER.to_string()).await;
            wait(desk, place, NEVER).await;
        }
        "questions" => {
            desk.until("a question to have the focus", async || {
                desk.execute("return document.activeElement.tagName").await == "TEXTAREA"
            })
            .await;
            desk.press(&format!("No page to look at{TAB}{ENTER}")).await;
            wait(desk, place, "document.querySelector('[data-testid^=question-]:not([data-state=attested]) textarea')?.value === ''").await;
        }
        "gates" => {
            let button =
                "document.activeElement.matches('[data-testid=capture], [data-testid=gates] button')";
            desk.until("a button to have the focus", async || {
                desk.execute(&format!("return {button}")).await == true
            })
            .await;
            desk.press(&ENTER.to_string()).await;
            wait(
                desk,
                place,
                "document.querySelector('[data-testid=capture]:not([disabled])') !== null \
                 && [...document.querySelectorAll('[data-testid=gates] button')].every((one) => !one.disabled)",
            )
            .await;
        }
        "attach" => {
            focus_on(desk, "attach").await;
            desk.press(&ENTER.to_string()).await;
            wait(desk, place, NEVER).await;
        }
        "tell_staff" | "tell_members" => {
            let copy = if act == "tell_staff" {
                "copy-staff"
            } else {
                "copy-member"
            };
            desk.until("a field or the button to have the focus", async || {
                focused(desk).await == copy
                    || desk.execute("return document.activeElement.type").await == "datetime-local"
            })
            .await;
            if focused(desk).await == copy {
                desk.press(&ENTER.to_string()).await;
                // A press is not taken while an earlier one is being done; then it is pressed again.
                wait(
                    desk,
                    place,
                    &format!("document.querySelector('[data-testid={copy}]').getAttribute('aria-disabled') !== 'true'"),
                )
                .await;
            } else {
                tab_to(
                    desk,
                    "document.activeElement.textContent.trim() === 'Tomorrow 9:00'",
                )
                .await;
                desk.press(&ENTER.to_string()).await;
                desk.find("[data-testid=copy-staff]:not([aria-disabled=true])")
                    .await;
            }
        }
        "roll_back" => roll_back(desk, place).await,
        "end_run" => {
            focus_on(desk, "end-run").await;
            desk.press(&ENTER.to_string()).await;
            desk.find("dialog[open]").await;
            tab_to(desk, "document.activeElement.textContent.trim() === 'End run' && document.activeElement.closest('dialog') !== null").await;
            desk.press(&ENTER.to_string()).await;
            wait(desk, place, NEVER).await;
        }
        "lessons" => {
            focus_on(desk, "log-lessons").await;
            desk.press("Ask earlier").await;
            wait(desk, place, NEVER).await;
        }
        "export" => {
            focus_on(desk, "export").await;
            desk.press(&ENTER.to_string()).await;
            wait(desk, place, NEVER).await;
        }
        other => panic!("nobody knows how to do {other}"),
    }
}

async fn roll_back(desk: &Desk, place: &str) {
    desk.until("the triggers to have the focus", async || {
        desk.execute("return document.activeElement.type").await == "radio"
    })
    .await;
    // The next trigger; Enter says what is missing, which is who confirmed it; Enter again rolls back.
    desk.press(&format!("{}{ENTER}", char::from(Key::Down))).await;
    focus_on(desk, "confirmed-by").await;
    desk.press(&format!("Library Ops{ENTER}")).await;
    desk.find("[data-testid=step-set-phase]").await;
    wait(
        desk,
        place,
        "document.querySelector('[data-testid=because-place]') !== null",
    )
    .await;
    if desk
        .execute("return document.querySelector('[data-testid=because-place]') !== null")
        .await
        == true
    {
        walk_on(desk).await;
        tab_to(
            desk,
            "document.activeElement.closest('[data-testid=because-place]') !== null",
        )
        .await;
        desk.press(&format!("#ops-library{ENTER}")).await;
        wait(desk, place, NEVER).await;
    }
}
