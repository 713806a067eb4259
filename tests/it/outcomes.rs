//! Saves whose outcome is not clear: the desk asks until it knows, and says so meanwhile.

use crate::support::{Desk, Served};

/// Longer than any answer that comes, short enough to wait for one that does not.
const PATIENCE: [&str; 2] = ["--call-timeout-ms", "3000"];
const UNCLEAR: &str = "No clear answer yet";

fn desk_with(fault: &str) -> (Desk, Served) {
    let portal = Served::start(&["--ephemeral", "--fault", fault]);
    let desk = Desk::new();
    portal.add_to(&desk, "staging", "staging");
    (desk, portal)
}

fn at_staging<'a>(words: &[&'a str]) -> Vec<&'a str> {
    [&["--env", "staging", "--credentials", "-"], &PATIENCE[..], words].concat()
}

#[test]
fn a_save_that_took_effect_without_an_answer_is_found_out() {
    for fault in [
        "timeout-after@library.rollout.set*1",
        "drop-after@library.rollout.set*1",
    ] {
        let (desk, portal) = desk_with(fault);
        let set = at_staging(&["phase", "set", "1", "--note", "Back", "--json"]);
        let change = desk
            .run_with(&set, &portal.credentials("operator"))
            .ended(0)
            .json();
        assert_eq!(change["outcome"], "confirmed", "{fault}");
        assert_eq!(
            change["acknowledgedAtMs"],
            serde_json::Value::Null,
            "{fault}: no answer came"
        );
        let requests = change["requests"].as_array().unwrap();
        let writes = requests
            .iter()
            .filter(|one| one["route"] == "library.rollout.set");
        assert_eq!(writes.count(), 1, "{fault}: a write is never sent twice");
    }
}

#[test]
fn a_save_that_is_not_known_stays_unknown_for_the_next_command() {
    let (desk, portal) = desk_with("drop@library.rollout.set*1");
    let credentials = portal.credentials("operator");
    let mut set = desk.start(
        &at_staging(&["phase", "set", "1", "--note", "Back"]),
        &credentials,
    );
    set.wait_for(UNCLEAR);
    drop(set);
    let show = desk
        .run_with(&at_staging(&["phase", "show", "--json"]), &credentials)
        .ended(0);
    assert_eq!(show.json()["phase"], "phase_3_admin_full");
    assert!(show.err.contains("Still not known"), "{}", show.err);
    assert!(show.err.contains("Phase 1 · Read only"), "{}", show.err);
    desk.run(&["journal", "verify"]).ended(0);
}

#[test]
fn somebody_who_saves_right_after_overtakes() {
    let (desk, portal) = desk_with("timeout-after@library.rollout.set*1");
    let credentials = portal.credentials("operator");
    let words = [
        "--env",
        "staging",
        "--credentials",
        "-",
        "--call-timeout-ms",
        "8000",
    ];
    let set = [&words[..], &["phase", "set", "1", "--note", "Back", "--json"]].concat();
    let mine = desk.start(&set, &credentials);

    let other = Desk::new();
    portal.add_to(&other, "staging", "staging");
    let show = at_staging(&["phase", "show", "--json"]);
    while other.run_with(&show, &credentials).ended(0).json()["phase"] != "phase_1_read_only" {}
    let theirs = at_staging(&[
        "phase",
        "set",
        "2",
        "--note",
        "Theirs",
        "--override",
        "a test of overtaking",
    ]);
    other.run_with(&theirs, &credentials).ended(0);

    let change = mine.end().ended(1).json();
    assert_eq!(change["outcome"], "overtaken");
    assert_eq!(change["problem"]["code"], "phase_moved");
    assert_eq!(change["state"]["note"], "Theirs");
}
