//! The practice portal, served alone for other clients.

use std::collections::BTreeSet;
use std::net::TcpListener;

use serde_json::Value;

use crate::support::{Desk, Served, snapshot, snapshot::outline};

const SHOW: [&str; 6] = ["--env", "served", "phase", "show", "--json", "--credentials"];

/// The phase that a desk which has never seen it before is told.
fn shown_to_a_newcomer(portal: &Served) -> String {
    let desk = Desk::new();
    portal.add_to(&desk, "served", "staging");
    let said = desk.run_with(&[&SHOW[..], &["-"]].concat(), &portal.credentials("operator"));
    said.ended(0).json()["phase"].as_str().unwrap().to_owned()
}

fn show(desk: &Desk, portal: &Served) -> i32 {
    desk.run_with(&[&SHOW[..], &["-"]].concat(), &portal.credentials("operator"))
        .status
}

#[test]
fn it_tells_where_it_listens_on_one_line() {
    let portal = Served::start(&["--ephemeral"]);
    let told = outline(&portal.addresses());
    let key = portal.addresses()["apiKey"].as_str().unwrap().to_owned();
    snapshot(portal.desk(), "practice-serve", &told.replace(&key, "[key]"));
}

#[test]
fn it_writes_the_accounts_of_the_starting_state_and_the_operator() {
    let portal = Served::start(&["--ephemeral"]);
    let accounts = portal.accounts();
    let identities = accounts["identities"].as_object().unwrap();
    assert_eq!(accounts.as_object().unwrap().len(), 1);
    let start = include_str!("../recordings/starting-state.json");
    let start: Value = serde_json::from_str(start).unwrap();
    let recorded = start["identities"].as_object().unwrap().keys();
    let expected: BTreeSet<&str> = recorded.map(String::as_str).chain(["operator"]).collect();
    assert_eq!(
        identities.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        expected
    );
    for (name, account) in identities {
        let mut fields: Vec<&String> = account.as_object().unwrap().keys().collect();
        fields.sort();
        assert_eq!(fields, ["email", "password", "refreshToken", "uid"], "{name}");
        let filled = |value: &Value| value.as_str().is_some_and(|text| !text.is_empty());
        assert!(account.as_object().unwrap().values().all(filled), "{name}");
    }
}

#[test]
fn it_listens_where_it_is_told_and_gives_the_port_back() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let mut portal = Served::start(&["--ephemeral", "--listen", &address]);
    assert_eq!(portal.address(), address);
    let taken = Desk::new().run(&["practice", "serve", "--ephemeral", "--listen", &address]);
    assert!(taken.ended(2).err.contains(&address));
    assert_eq!(portal.terminate().code(), Some(0));
    TcpListener::bind(&address).unwrap();
}

#[test]
fn it_refuses_to_serve_other_machines() {
    let desk = Desk::new();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let said = desk.run(&["practice", "serve", "--ephemeral", "--listen", address, "--json"]);
        let said = said.ended(2);
        assert_eq!(said.json()["error"]["field"], "listen", "{address}");
        assert!(said.err.contains("this machine only"), "{}", said.err);
    }
    desk.run(&["practice", "serve", "--ephemeral", "--instances", "0"])
        .ended(2);
}

#[test]
fn its_instances_answer_in_turn_each_with_its_own_memory_of_the_phase() {
    for (instances, outdated) in [("1", false), ("2", true)] {
        let portal = Served::start(&["--ephemeral", "--instances", instances]);
        for _ in 0..2 {
            assert_eq!(shown_to_a_newcomer(&portal), "phase_3_admin_full");
        }
        let desk = Desk::new();
        portal.add_to(&desk, "served", "staging");
        let set = ["--env", "served", "phase", "set", "1", "--credentials", "-"];
        desk.run_with(&set, &portal.credentials("operator")).ended(0);
        let seen = [shown_to_a_newcomer(&portal), shown_to_a_newcomer(&portal)];
        assert!(
            seen.contains(&"phase_1_read_only".to_owned()),
            "{instances}: {seen:?}"
        );
        assert_eq!(
            seen.contains(&"phase_3_admin_full".to_owned()),
            outdated,
            "{instances}: {seen:?}"
        );
    }
}

#[test]
fn faults_are_switched_while_it_runs() {
    let mut portal = Served::start(&["--ephemeral", "--fault", "html@library.rollout.get"]);
    let desk = Desk::new();
    portal.add_to(&desk, "served", "staging");
    assert_eq!(show(&desk, &portal), 3);
    assert_eq!(portal.type_line("off"), "faults: off\n");
    assert_eq!(show(&desk, &portal), 0);
    let faults = "expired-token latency=1";
    assert_eq!(portal.type_line(faults), format!("faults: {faults}\n"));
    assert_eq!(show(&desk, &portal), 4);
    assert!(
        portal
            .type_line("latency=1 nonsense")
            .starts_with("faults unchanged: ")
    );
    // An empty line switches nothing, and has no answer of its own.
    assert!(portal.type_line("\nnonsense").starts_with("faults unchanged: "));
    assert_eq!(show(&desk, &portal), 4);
}

#[test]
fn its_state_lasts_unless_it_is_ephemeral_and_goes_back_to_the_start_when_told() {
    for (words, kept) in [
        (&[][..], "phase_2_member_writes"),
        (&["--ephemeral"][..], "phase_3_admin_full"),
    ] {
        let mut portal = Served::start(words);
        let desk = Desk::new();
        portal.add_to(&desk, "served", "staging");
        let set = ["--env", "served", "phase", "set", "2", "--credentials", "-"];
        desk.run_with(&set, &portal.credentials("operator")).ended(0);
        portal.terminate();
        let own = portal.desk();
        let phase = || own.run(&["phase", "show", "--json"]).ended(0).json()["phase"].clone();
        assert_eq!(phase(), kept, "{words:?}");
        own.run(&["practice", "reset"]).ended(0);
        assert_eq!(phase(), "phase_3_admin_full", "{words:?}");
    }
}
