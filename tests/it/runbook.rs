//! A runbook of one's own, given for a call.

use crate::support::Desk;

/// The runbook that is compiled in.
const BUILTIN: &str = include_str!("../../src-tauri/runbook.toml");

/// Writes a runbook into the desk's home; gives its path.
fn written(desk: &Desk, name: &str, text: &str) -> String {
    let file = desk.home().join(name);
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

#[test]
fn its_words_and_its_thresholds_hold_for_the_call() {
    let desk = Desk::new();
    desk.run(&["phase", "set", "2", "--note", "Opening to members"])
        .ended(0);
    desk.run(&["smoke", "run", "--phase", "2"]).ended(1);
    desk.run(&["metrics", "capture"]).ended(1);
    // The checklist borrows and returns once: too few for 20, enough for 2.
    let borrows = |words: &[&str]| {
        let shown = desk.run(&[words, &["gate", "show", "--json"]].concat()).json();
        let gates = shown["gates"].as_array().unwrap().clone();
        let gate = gates
            .into_iter()
            .find(|gate| gate["id"] == "phase2-borrow-failures");
        gate.unwrap()["verdict"].clone()
    };
    assert_eq!(borrows(&[]), "INSUFFICIENT");
    let text = BUILTIN
        .replace(
            "minimum = 20\nbasis = \"point\"",
            "minimum = 2\nbasis = \"point\"",
        )
        .replace("title = \"Member writes\"", "title = \"Lending\"");
    assert_ne!(text, BUILTIN);
    let own = written(&desk, "own.toml", &text);
    assert_eq!(borrows(&["--runbook", &own]), "GO");
    assert_eq!(borrows(&[]), "INSUFFICIENT", "nothing of it is kept");

    let title = |words: &[&str]| {
        let shown = desk.run(&[words, &["phase", "show", "--json"]].concat());
        shown.ended(0).json()["title"].clone()
    };
    assert_eq!(title(&["--runbook", &own]), "Lending");
    assert_eq!(title(&[]), "Member writes");
}

#[test]
fn a_bad_one_is_refused_before_anything_is_done() {
    let desk = Desk::new();
    let bad = written(&desk, "bad.toml", &format!("colour = \"red\"\n{BUILTIN}"));
    let refused = desk
        .run(&["--runbook", &bad, "phase", "set", "1", "--note", "x", "--json"])
        .ended(2);
    let error = &refused.json()["error"];
    assert_eq!(error["field"], "runbook");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("bad.toml") && message.contains("Line 1, column 1") && message.contains("colour"),
        "{message}"
    );
    let absent = desk.run(&["--runbook", "nowhere.toml", "phase", "show"]).ended(2);
    assert!(absent.err.contains("nowhere.toml"), "{}", absent.err);
    // Also where a window would open.
    desk.run(&["--runbook", &bad]).ended(1);
    assert!(!desk.data().exists());
}
