//! Accounts kept in a real keyring, and what is said where there is none.

use serde_json::Value;

use crate::support::snapshot::outline_of;
use crate::support::{Desk, Keyring, Said, Served, snapshot};

fn at_staging(desk: &Desk, words: &[&str], stdin: &str) -> Said {
    desk.run_with(&[&["--env", "staging"], words].concat(), stdin)
}

fn set_with_password(desk: &Desk, portal: &Served, role: &str, account: &str) -> Said {
    let (email, password) = (portal.of(account, "email"), portal.of(account, "password"));
    let words = ["identity", "set", role, "--email", &email, "--password-stdin"];
    at_staging(desk, &words, &format!("{password}\n"))
}

#[test]
fn accounts_are_kept_used_listed_and_forgotten() {
    let portal = Served::start(&["--ephemeral"]);
    let keyring = Keyring::start();
    let desk = keyring.desk();
    portal.add_to(&desk, "staging", "staging");

    snapshot(
        &desk,
        "identity-set",
        &outline_of(&set_with_password(&desk, &portal, "operator", "operator")),
    );
    let token = portal.of("member-smoke", "refreshToken");
    at_staging(
        &desk,
        &["identity", "set", "member-smoke", "--refresh-token-stdin"],
        &token,
    )
    .ended(0);
    let listed = at_staging(&desk, &["identity", "list"], "");
    snapshot(&desk, "identity-list", &outline_of(&listed));
    let checked = at_staging(&desk, &["identity", "check"], "");
    snapshot(&desk, "identity-check", &outline_of(&checked.ended(4)));
    at_staging(&desk, &["identity", "check", "operator"], "").ended(0);

    // What is kept is enough to act with.
    let set = at_staging(&desk, &["phase", "set", "2", "--note", "n", "--json"], "").ended(0);
    assert_eq!(set.json()["actor"], "operator");

    at_staging(&desk, &["identity", "forget", "operator"], "").ended(0);
    let show = at_staging(&desk, &["phase", "show", "--json"], "").ended(4);
    assert_eq!(show.json()["error"]["code"], "signed_out");
    at_staging(&desk, &["identity", "check", "member-smoke"], "").ended(0);
}

#[test]
fn an_account_without_the_claim_that_its_role_needs_is_not_kept() {
    let portal = Served::start(&["--ephemeral"]);
    let keyring = Keyring::start();
    let desk = keyring.desk();
    portal.add_to(&desk, "staging", "staging");
    let refused = set_with_password(&desk, &portal, "operator", "member-smoke").ended(4);
    assert!(refused.err.contains("staff: true"), "{}", refused.err);
    let listed = at_staging(&desk, &["identity", "list", "--json"], "").ended(0);
    assert_eq!(listed.json()[0]["state"], "missing");
}

#[test]
fn removing_a_portal_deletes_what_was_kept_for_it() {
    let portal = Served::start(&["--ephemeral"]);
    let keyring = Keyring::start();
    let desk = keyring.desk();
    portal.add_to(&desk, "staging", "staging");
    set_with_password(&desk, &portal, "operator", "operator").ended(0);
    desk.run(&["env", "remove", "staging"]).ended(0);
    at_staging(&desk, &["phase", "show"], "").ended(2);
    // A portal of the same name finds nothing of the one before.
    portal.add_to(&desk, "staging", "staging");
    let show = at_staging(&desk, &["phase", "show", "--json"], "").ended(4);
    assert_eq!(show.json()["error"]["code"], "signed_out");
}

#[test]
fn a_keyring_that_hangs_is_given_up_on() {
    let portal = Served::start(&["--ephemeral"]);
    let keyring = Keyring::start();
    let desk = keyring.desk();
    portal.add_to(&desk, "staging", "staging");
    keyring.hang();
    let said = set_with_password(&desk, &portal, "operator", "operator").ended(4);
    assert!(said.err.contains("does not answer"), "{}", said.err);
}

#[test]
fn without_a_keychain_nothing_is_kept_and_the_message_says_what_to_do() {
    let portal = Served::start(&["--ephemeral"]);
    let desk = Desk::new();
    portal.add_to(&desk, "staging", "staging");
    let set = set_with_password(&desk, &portal, "operator", "operator");
    snapshot(&desk, "identity-set-without-keychain", &outline_of(&set.ended(4)));
    let listed = at_staging(&desk, &["identity", "list", "--json"], "").ended(0);
    assert_eq!(listed.json()[0]["uid"], Value::Null);
}
