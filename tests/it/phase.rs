//! Showing and setting the phase, in practice.

use rusqlite::Connection;
use serde_json::Value;

use crate::support::snapshot::{outline, outline_of};
use crate::support::{Desk, snapshot};

#[test]
fn a_fresh_desk_shows_the_phase_and_warns_that_it_was_never_set() {
    let desk = Desk::new();
    snapshot(
        &desk,
        "phase-show-fresh",
        &outline_of(&desk.run(&["phase", "show"])),
    );
}

#[test]
fn a_phase_is_set_read_back_and_there_for_the_next_command() {
    let desk = Desk::new();
    let set = desk.run(&[
        "phase",
        "set",
        "2",
        "--note",
        "Opening for members",
        "--incident",
        "INC-7",
    ]);
    snapshot(&desk, "phase-set", &outline_of(&set));
    snapshot(
        &desk,
        "phase-show-set",
        &outline_of(&desk.run(&["phase", "show"])),
    );
}

#[test]
fn the_json_of_showing_and_setting_is_stable() {
    let desk = Desk::new();
    let set = desk.run(&["phase", "set", "phase_1_read_only", "--note", "Back", "--json"]);
    snapshot(&desk, "phase-set-json", &outline(&set.ended(0).json()));
    let show = desk.run(&["phase", "show", "--json"]);
    snapshot(&desk, "phase-show-json", &outline(&show.ended(0).json()));
}

#[test]
fn a_problem_is_a_document_too() {
    let desk = Desk::new();
    let said = desk.run(&["phase", "set", "4", "--json"]).ended(2);
    snapshot(&desk, "problem-json", &outline(&said.json()));
    assert!(said.err.contains("There is no phase \"4\"."), "{}", said.err);
}

#[test]
fn a_note_that_will_be_cleared_is_told_unless_quiet_is_asked_for() {
    let desk = Desk::new();
    desk.run(&["phase", "set", "2", "--note", "first"]).ended(0);
    assert_eq!(note(&desk), "first");
    let told = desk.run(&["phase", "set", "2"]).ended(0);
    assert_eq!(told.err, "No --note: the present note will be cleared.\n");
    assert_eq!(note(&desk), Value::Null);
    desk.run(&["phase", "set", "2", "--note", "second"]).ended(0);
    let quiet = desk.run(&["phase", "set", "2", "--quiet"]).ended(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn a_note_too_long_changes_nothing() {
    let desk = Desk::new();
    desk.run(&["phase", "set", "2", "--note", &"é".repeat(300)])
        .ended(0);
    let refused = desk
        .run(&["phase", "set", "1", "--note", &"é".repeat(301)])
        .ended(2);
    assert!(refused.err.contains("301"), "{}", refused.err);
    assert_eq!(shown(&desk)["phase"], "phase_2_member_writes");
}

#[test]
fn every_request_of_a_command_is_in_the_telemetry() {
    let desk = Desk::new();
    let set = desk.run(&["phase", "set", "2", "--json"]).ended(0).json();
    let database = Connection::open(desk.data().join("desk.db")).unwrap();
    let kept: Vec<String> = database
        .prepare("SELECT request_id FROM request WHERE route LIKE 'library.%' ORDER BY at_ms, rowid")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let told = set["requests"].as_array().unwrap();
    // The command read the phase once more before: that reading is no part of the change.
    assert_eq!(kept.len(), told.len() + 1);
    for request in told {
        assert!(
            kept.contains(&request["requestId"].as_str().unwrap().to_owned()),
            "{request}"
        );
    }
}

fn shown(desk: &Desk) -> Value {
    desk.run(&["phase", "show", "--json"]).ended(0).json()
}

fn note(desk: &Desk) -> Value {
    shown(desk)["note"].clone()
}
