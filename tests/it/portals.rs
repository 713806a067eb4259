//! Portals that staff add, and credentials given for one call where no keychain exists.

use serde_json::json;

use crate::support::snapshot::{outline, outline_of};
use crate::support::{Desk, Served, snapshot};

const EXAMPLE: [&str; 7] = [
    "env",
    "add",
    "live",
    "--api",
    "https://portal.example.org",
    "--api-key",
    "key",
];

#[test]
fn a_portal_is_added_listed_and_shown() {
    let desk = Desk::new();
    snapshot(&desk, "env-add", &outline_of(&desk.run(&EXAMPLE)));
    snapshot(&desk, "env-list", &outline_of(&desk.run(&["env", "list"])));
    snapshot(
        &desk,
        "env-show",
        &outline_of(&desk.run(&["env", "show", "practice"])),
    );
    let shown = desk.run(&["env", "show", "live", "--json"]).ended(0).json();
    snapshot(&desk, "env-show-json", &outline(&shown));
    let listed = desk.run(&["env", "list", "--json"]).ended(0).json();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert_eq!(listed[1], shown);
}

#[test]
fn what_cannot_be_a_portal_is_refused_with_the_field() {
    let desk = Desk::new();
    desk.run(&EXAMPLE).ended(0);
    let refused = |name: &str, api: &str, key: &str| {
        let said = desk.run(&["env", "add", name, "--api", api, "--api-key", key, "--json"]);
        said.ended(2).json()["error"]["field"].clone()
    };
    let api = "https://portal.example.org";
    assert_eq!(refused("live", api, "k"), "name", "there already");
    assert_eq!(refused("practice", api, "k"), "name", "built in");
    assert_eq!(refused("Live 2", api, "k"), "name");
    assert_eq!(
        refused("other", "http://portal.example.org", "k"),
        "api",
        "not https"
    );
    assert_eq!(refused("other", "https://user@portal.example.org", "k"), "api");
    assert_eq!(refused("other", api, " "), "apiKey");
    let listed = desk.run(&["env", "list", "--json"]).json();
    assert_eq!(listed.as_array().unwrap().len(), 2, "nothing was added");
}

#[test]
fn credentials_for_one_call_are_used_and_nothing_of_them_is_stored() {
    let portal = Served::start(&["--ephemeral"]);
    let desk = Desk::new();
    portal.add_to(&desk, "staging", "staging");
    let (password, token) = (
        portal.of("operator", "password"),
        portal.of("operator", "refreshToken"),
    );
    let with_token = json!({ "operator": { "refreshToken": token } }).to_string();
    let words =
        |more: &[&'static str]| [&["--env", "staging", "--credentials", "-", "--json"], more].concat();

    let set = desk.run_with(
        &words(&["phase", "set", "2", "--note", "n"]),
        &portal.credentials("operator"),
    );
    assert_eq!(set.ended(0).json()["actor"], "operator");
    let show = desk.run_with(&words(&["phase", "show"]), &with_token);
    assert_eq!(show.ended(0).json()["phase"], "phase_2_member_writes");
    let check = desk.run_with(&words(&["identity", "check", "operator"]), &with_token);
    let check = check.ended(0).json();
    assert_eq!(
        (&check[0]["state"], &check[0]["sessionOnly"]),
        (&json!("ready"), &json!(true))
    );

    for file in files(&desk) {
        let bytes = std::fs::read(&file).unwrap();
        for secret in [&password, &token] {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a credential", file.display());
        }
    }
    // The next call has none.
    let without = desk
        .run(&["--env", "staging", "phase", "show", "--json"])
        .ended(4);
    assert_eq!(without.json()["error"]["code"], "keychain_unavailable");
}

fn files(desk: &Desk) -> Vec<std::path::PathBuf> {
    let files: Vec<_> = std::fs::read_dir(desk.data())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect();
    assert!(files.iter().any(|file| file.ends_with("desk.db")));
    files
}

#[test]
fn credentials_that_cannot_be_read_are_not_repeated() {
    let desk = Desk::new();
    let said = desk.run_with(
        &["phase", "show", "--credentials", "-"],
        r#"{"operator":{"email":"a@b.c","password":"hush","more":1}}"#,
    );
    let said = said.ended(2);
    assert!(said.err.contains("line 1"), "{}", said.err);
    assert!(!said.err.contains("hush"), "{}", said.err);
}

#[test]
fn opening_a_live_portal_further_needs_its_name() {
    let portal = Served::start(&["--ephemeral"]);
    let desk = Desk::new();
    portal.add_to(&desk, "studio", "live");
    let credentials = portal.credentials("operator");
    let set = |more: &[&'static str]| {
        let words = ["--env", "studio", "--credentials", "-", "--json", "phase", "set"];
        desk.run_with(&[&words[..], more].concat(), &credentials)
    };
    // Back needs no more than the command.
    set(&["1"]).ended(0);
    let refused = set(&["2"]).ended(2).json();
    assert_eq!(refused["error"]["code"], "confirmation_needed");
    set(&["2", "--yes", "staging"]).ended(2);
    // The name is not enough: moving forward is earned, or somebody says why it is done without.
    let unearned = set(&["2", "--yes", "studio"]).ended(1).json();
    assert_eq!(unearned["error"]["code"], "gate_not_go");
    assert!(
        unearned["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("smoke checklist"),
        "{unearned}"
    );
    set(&["2", "--yes", "studio", "--override", "because"]).ended(1);
    let earned = set(&["2", "--yes", "studio", "--override", "the owner has agreed"])
        .ended(0)
        .json();
    assert_eq!(earned["outcome"], "confirmed");
}

#[test]
fn a_command_acts_in_practice_unless_it_is_told_otherwise() {
    let portal = Served::start(&["--ephemeral"]);
    let desk = Desk::new();
    portal.add_to(&desk, "studio", "live");
    let shown = desk.run(&["phase", "show", "--json"]).ended(0).json();
    assert_eq!(
        (&shown["environment"], &shown["kind"]),
        (&json!("practice"), &json!("practice"))
    );
}
