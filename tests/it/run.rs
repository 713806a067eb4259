//! Runs on the command line, and the overrides that are printed with what was done in them.

use crate::support::Desk;

#[test]
fn a_run_is_started_shown_listed_and_ended() {
    let desk = Desk::new();
    desk.run(&["run", "end"]).ended(1);
    desk.run(&["run", "show"]).ended(2);
    let started = desk
        .run(&["run", "start", "--owner", "Ana Weber", "--json"])
        .ended(0)
        .json();
    assert_eq!(
        (&started["label"], &started["kind"], &started["owner"]),
        (&"R-001".into(), &"rehearsal".into(), &"Ana Weber".into())
    );
    let refused = desk.run(&["run", "start"]).ended(1);
    assert!(refused.err.contains("R-001 is open already"), "{}", refused.err);
    desk.run(&["phase", "set", "1", "--note", "Closing"]).ended(0);
    let shown = desk.run(&["run", "show", "R-001", "--json"]).ended(0).json();
    assert_eq!(shown["phaseChanges"][0]["to"], "phase_1_read_only");
    assert_eq!(shown["runbookSha256"].as_str().unwrap().len(), 64);
    assert_eq!(shown["endedAtMs"], serde_json::Value::Null);
    let text = desk.run(&["run", "show"]).ended(0).out;
    assert!(
        text.contains("R-001  rehearsal in practice  owner Ana Weber"),
        "{text}"
    );
    assert!(text.contains("CONFIRMED"), "{text}");

    desk.run(&["run", "end"]).ended(0);
    desk.run(&["run", "end"]).ended(1);
    desk.run(&["phase", "set", "1", "--note", "Again"]).ended(0);
    let list = desk.run(&["run", "list", "--json"]).ended(0).json();
    let labels: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|run| (run["label"].clone(), run["owner"].clone()))
        .collect();
    assert_eq!(
        labels,
        [
            ("R-002".into(), serde_json::Value::Null),
            ("R-001".into(), "Ana Weber".into())
        ]
    );
    assert_eq!(list[0]["endedAtMs"], serde_json::Value::Null);
    assert!(list[1]["endedAtMs"].is_i64());
    desk.run(&["journal", "verify"]).ended(0);
}

#[test]
fn an_override_is_printed_by_every_command_that_says_something_of_the_phase() {
    const WHY: &str = "agreed by phone with Ana";
    let desk = Desk::new();
    desk.run(&["phase", "set", "1", "--note", "Closing"]).ended(0);
    let plain = desk.run(&["phase", "show"]).ended(0).out;
    assert!(!plain.contains("OVERRIDE"), "{plain}");
    let set = ["phase", "set", "2", "--note", "Opening", "--override", WHY];
    let said = desk.run(&set).ended(0).out;
    assert!(said.contains(&format!("OVERRIDE  {WHY}")), "{said}");

    let junit = desk.home().join("smoke.xml");
    let metrics = desk.home().join("metrics.json");
    let (junit_path, metrics_path) = (junit.display().to_string(), metrics.display().to_string());
    for words in [
        &["phase", "show"][..],
        &["smoke", "run", "--phase", "2", "--junit", &junit_path],
        &["metrics", "capture", "--out", &metrics_path],
        &["metrics", "show"],
        &["gate", "show"],
        &["run", "show"],
    ] {
        let said = desk.run(words);
        assert!(
            said.out
                .contains("OVERRIDE phase_1_read_only to phase_2_member_writes by ")
                && said.out.contains(WHY),
            "{words:?}: {said:?}"
        );
        let json = desk.run(&[words, &["--json"]].concat()).json();
        assert_eq!(json["overrides"][0]["reason"], WHY, "{words:?}: {json}");
    }
    let xml = std::fs::read_to_string(&junit).unwrap();
    assert!(
        xml.contains("<property name=\"override\"") && xml.contains(WHY),
        "{xml}"
    );
    let artifact: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(&metrics).unwrap()).unwrap();
    assert_eq!(artifact["desk"]["overrides"][0]["reason"], WHY);

    // Where the phase no longer rests on it, nothing new bears it.
    desk.run(&["phase", "set", "1", "--note", "Back"]).ended(0);
    let plain = desk.run(&["phase", "show"]).ended(0).out;
    assert!(!plain.contains("OVERRIDE"), "{plain}");
    let history = desk.run(&["run", "show"]).ended(0).out;
    assert!(history.contains(WHY), "the run keeps it: {history}");
}
