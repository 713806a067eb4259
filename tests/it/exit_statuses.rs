//! What a script goes by: 0 yes, 1 no, 2 usage, 3 unreachable or unknown, 4 credentials, 5 the store.
//! Usage is with the help, 1 with outcomes and the journal.

use std::net::TcpListener;

use rusqlite::Connection;

use crate::support::{Desk, Served};

const SHOW: [&str; 5] = ["--env", "staging", "phase", "show", "--json"];

/// A desk with a served portal, and what to act there with.
fn desk_with(words: &[&str]) -> (Desk, Served) {
    let portal = Served::start(&[&["--ephemeral"], words].concat());
    let desk = Desk::new();
    portal.add_to(&desk, "staging", "staging");
    (desk, portal)
}

/// Runs a command with credentials; gives its status and its problem's code.
fn code(desk: &Desk, words: &[&str], credentials: &str) -> (i32, String) {
    let said = desk.run_with(&[words, &["--credentials", "-"]].concat(), credentials);
    let code = said.json()["error"]["code"].clone();
    (said.status, code.as_str().unwrap_or_default().to_owned())
}

#[test]
fn a_portal_that_is_not_there_is_3() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let desk = Desk::new();
    let add = [
        "env",
        "add",
        "staging",
        "--api",
        &base,
        "--identity-url",
        &base,
        "--token-url",
        &base,
        "--api-key",
        "k",
    ];
    desk.run(&add).ended(0);
    let credentials = r#"{"operator":{"email":"a@example.org","password":"x"}}"#;
    assert_eq!(code(&desk, &SHOW, credentials), (3, "offline".to_owned()));
}

#[test]
fn a_portal_that_answers_nonsense_is_3() {
    let (desk, portal) = desk_with(&["--fault", "html@library.rollout.get"]);
    let credentials = portal.credentials("operator");
    assert_eq!(code(&desk, &SHOW, &credentials), (3, "bad_reply".to_owned()));
}

#[test]
fn a_sign_in_that_is_refused_is_4() {
    let (desk, portal) = desk_with(&["--fault", "expired-token"]);
    let credentials = portal.credentials("operator");
    assert_eq!(code(&desk, &SHOW, &credentials), (4, "signed_out".to_owned()));
    let email = portal.of("operator", "email");
    let wrong = format!(r#"{{"operator":{{"email":"{email}","password":"wrong"}}}}"#);
    assert_eq!(code(&desk, &SHOW, &wrong), (4, "signed_out".to_owned()));
}

#[test]
fn an_account_that_is_not_staff_cannot_set_the_phase_and_that_is_4() {
    let (desk, portal) = desk_with(&[]);
    let set = [
        "--env",
        "staging",
        "phase",
        "set",
        "1",
        "--json",
        "--credentials",
        "-",
    ];
    let said = desk.run_with(&set, &portal.credentials("member-smoke")).ended(4);
    let change = said.json();
    assert_eq!(change["outcome"], "refused");
    assert_eq!(change["problem"]["code"], "not_staff");
    let show = desk.run_with(
        &[&SHOW[..], &["--credentials", "-"]].concat(),
        &portal.credentials("operator"),
    );
    assert_eq!(show.ended(0).json()["everSet"], false);
}

#[test]
fn a_machine_without_a_keychain_is_4() {
    let (desk, _portal) = desk_with(&[]);
    let said = desk.run(&SHOW).ended(4);
    assert_eq!(said.json()["error"]["code"], "keychain_unavailable");
}

#[test]
fn a_journal_of_a_newer_desk_is_5_and_left_alone() {
    let desk = Desk::new();
    desk.run(&["phase", "show"]).ended(0);
    let file = desk.data().join("desk.db");
    let set = |version: i64| {
        let database = Connection::open(&file).unwrap();
        database.pragma_update(None, "user_version", version).unwrap();
    };
    set(9_999);
    let said = desk.run(&["phase", "show", "--json"]).ended(5);
    assert_eq!(said.json()["error"]["code"], "store_newer");
    assert!(said.err.contains("9999"), "{}", said.err);
    let database = Connection::open(&file).unwrap();
    let version: i64 = database
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 9_999);
}

#[test]
fn a_data_directory_that_cannot_be_made_is_5() {
    let desk = Desk::new();
    // Nobody, root included, makes a directory below a file.
    std::fs::write(desk.data(), "in the way").unwrap();
    let said = desk.run(&["phase", "show", "--json"]).ended(5);
    assert_eq!(said.json()["error"]["code"], "store_failed");
    assert!(
        said.err.contains(&desk.data().display().to_string()),
        "{}",
        said.err
    );
}
