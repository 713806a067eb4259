//! Moving forward is earned: refused before, allowed after the checklist, the questions, the numbers and the artifact.

use crate::support::Desk;

#[test]
fn phase_2_is_left_forward_once_everything_is_there() {
    let desk = Desk::new();
    let forward = ["phase", "set", "3", "--note", "Opening the rest", "--json"];
    desk.run(&["phase", "set", "2", "--note", "Opening to members"])
        .ended(0);
    let refused = desk.run(&forward).ended(1).json();
    assert_eq!(refused["error"]["code"], "gate_not_go");
    let missing = refused["error"]["detail"].as_str().unwrap().lines().count();
    assert_eq!(missing, 5, "{refused}");

    // A run is not proof before a person has answered what only a person can see.
    desk.run(&["smoke", "run", "--phase", "2"]).ended(1);
    let seen = [
        "smoke",
        "attest",
        "phase2-staff-routes-blocked",
        "--result",
        "pass",
    ];
    desk.run(&[&seen[..], &["--note", "No staff buttons in member mode"]].concat())
        .ended(0);
    desk.run(&["smoke", "soak", "--phase", "2", "--requests", "30"])
        .ended(0);
    desk.run(&["metrics", "capture"]).ended(0);
    let gates = desk.run(&["gate", "show", "--json"]).ended(0).json();
    assert!(
        gates["gates"]
            .as_array()
            .unwrap()
            .iter()
            .all(|gate| gate["verdict"] == "GO"),
        "{gates}"
    );

    let saved = desk.run(&forward).ended(0).json();
    assert_eq!(saved["outcome"], "confirmed");
    // What was earned in phase 2 counts for phase 2 only, and going back needs nothing.
    desk.run(&["gate", "show"]).ended(1);
    desk.run(&["phase", "set", "1", "--note", "Back"]).ended(0);
    desk.run(&["journal", "verify"]).ended(0);
}

#[test]
fn a_log_is_imported_once_and_its_bad_lines_are_named() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("requests.jsonl");
    let line =
        r#"{"time":"2026-11-23T10:00:00Z","route":"/v1/library.items.list","status":200,"durationMs":12}"#;
    std::fs::write(&log, format!("{line}\nnonsense\n{line}\n")).unwrap();
    let import = ["metrics", "import", log.to_str().unwrap(), "--json"];
    let first = desk.run(&import).ended(1).json();
    assert_eq!((&first["added"], &first["already"]), (&2.into(), &0.into()));
    assert_eq!(first["bad"][0]["line"], 2);
    let again = desk.run(&import).ended(1).json();
    assert_eq!((&again["added"], &again["already"]), (&0.into(), &2.into()));
}
