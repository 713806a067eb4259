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

#[test]
fn a_logs_columns_are_mapped_and_the_web_panels_sums_are_taken_in() {
    let desk = Desk::new();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("requests.csv");
    std::fs::write(
        &log,
        "moment,what,answer,took\n1795455600,library.items.list,200,2\n",
    )
    .unwrap();
    let log = log.to_str().unwrap();
    let import = ["metrics", "import", log, "--json"];
    let refused = desk.run(&import).ended(2).json();
    assert_eq!(refused["error"]["field"], "file", "{refused}");
    let map = [
        "--map",
        "time=moment",
        "--map",
        "route=what",
        "--map",
        "status=answer",
        "--map",
        "duration-seconds=took",
    ];
    let mapped = desk.run(&[&import[..], &map[..]].concat()).ended(0).json();
    assert_eq!(mapped["added"], 1);
    // The columns are remembered.
    let again = desk.run(&import).ended(0).json();
    assert_eq!((&again["added"], &again["already"]), (&0.into(), &1.into()));
    desk.run(&["metrics", "import", log, "--map", "when=moment"])
        .ended(2);

    let panel = folder.path().join("panel.json");
    let figures = r#""requestCount":9,"errorCount":0,"conflictCount":0,"routeErrorCount":0"#;
    std::fs::write(
        &panel,
        format!(
            r#"{{"rolloutPhase":"phase_3_admin_full","rolloutLabel":"Phase 3","memberWritesEnabled":true,
            "generatedAtIso":"2026-11-23T10:00:00.000Z","windowMinutes":180,
            "summary":{{{figures},"errorRate":0,"conflictRate":0,"p50LatencyMs":4,"p95LatencyMs":4,"maxLatencyMs":4}},
            "endpoints":[{{"route":"/v1/library.items.list",{figures},"p50LatencyMs":4,"p95LatencyMs":4}}]}}"#
        ),
    )
    .unwrap();
    let import = ["metrics", "import", panel.to_str().unwrap(), "--json"];
    let first = desk.run(&import).ended(0).json();
    assert_eq!((&first["added"], &first["already"]), (&9.into(), &0.into()));
    let note = first["note"].as_str().unwrap();
    assert!(note.contains("not in percentiles"), "{note}");
    let again = desk.run(&import).ended(0).json();
    assert_eq!((&again["added"], &again["already"]), (&0.into(), &9.into()));
}
