//! Announcements from the command line: made, refused, waived, written to a file, without the portal.

use crate::support::{Desk, Served};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    net::TcpListener,
};

/// Far enough ahead for every run of this test.
const REVIEW: &str = "next_check_time=2099-01-01 09:00";

fn in_phase_2() -> Desk {
    let desk = Desk::new();
    desk.run(&["phase", "set", "2", "--note", "Opening to members"])
        .ended(0);
    desk
}

#[test]
fn a_text_goes_to_standard_output_and_onto_the_run() {
    let desk = in_phase_2();
    let said = desk.run(&["announce", "staff", "--set", REVIEW]).ended(0);
    let mut lines = said.out.lines();
    assert_eq!(lines.next(), Some("Library rollout phase update: Phase 2"));
    assert_eq!(lines.next(), Some(""));
    assert!(
        said.out.contains("Next gate review at `1 Jan 2099, 09:00 UTC"),
        "{said:?}"
    );
    let member = desk.run(&["announce", "member", "--json"]).ended(0).json();
    assert_eq!(
        (&member["ready"], &member["template"]),
        (&true.into(), &"member".into())
    );
    assert_eq!(member["made"]["run"], "R-001");
    assert_eq!(member["made"]["sha256"].as_str().unwrap().len(), 64);
    desk.run(&["journal", "verify"]).ended(0);
}

#[test]
fn a_text_that_is_refused_lists_its_checks_and_is_nowhere() {
    let desk = Desk::new();
    let said = desk.run(&["announce", "staff"]).ended(1);
    assert_eq!(said.out, "", "nobody takes it for a text");
    for word in [
        "placeholder_unfilled",
        "{next_check_time}",
        "--set next_check_time=",
    ] {
        assert!(said.err.contains(word), "{said:?}");
    }
    let desk = in_phase_2();
    let summary = "member-facing behavior summary=you must quote the request id";
    let refused = desk
        .run(&["announce", "member", "--set", summary, "--json"])
        .ended(1)
        .json();
    assert_eq!(
        (&refused["ready"], &refused["made"]),
        (&false.into(), &json!(null))
    );
    let codes: Vec<&str> = refused["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["code"].as_str().unwrap())
        .collect();
    assert!(
        codes.contains(&"punitive") && codes.contains(&"internal_word"),
        "{codes:?}"
    );
}

#[test]
fn a_warning_is_waived_with_a_reason_and_an_error_is_not() {
    let desk = in_phase_2();
    let summary = "member_facing_behavior_summary=you must return books by Friday";
    let make = ["announce", "member", "--set", summary];
    desk.run(&make).ended(1);
    let waived = desk
        .run(&[&make[..], &["--waive", "punitive=It is the loan period"]].concat())
        .ended(0);
    assert!(waived.err.contains("It is the loan period"), "{waived:?}");
    for waive in ["punitive=", "placeholder_blank=never mind", "nonsense=x"] {
        desk.run(&[&make[..], &["--waive", waive]].concat()).ended(2);
    }
}

#[test]
fn a_text_is_written_as_its_file_asks_for() {
    let desk = in_phase_2();
    let out = |name: &str| desk.home().join(name).display().to_string();
    for (name, begins) in [
        ("text.txt", "Library experience update\n\n1. "),
        ("text.md", "# Library experience update\n"),
        ("text.eml", "X-Unsent: 1\r\n"),
    ] {
        desk.run(&["announce", "member", "--out", &out(name)]).ended(0);
        let content = std::fs::read_to_string(out(name)).unwrap();
        assert!(content.starts_with(begins), "{content}");
    }
    desk.run(&["announce", "member", "--out", &out("text.doc")])
        .ended(2);
    desk.run(&["announce", "member", "--set", "nonsense=x"]).ended(2);
    desk.run(&["announce", "member", "--template", "staff"]).ended(2);
    desk.run(&["announce", "everybody"]).ended(2);
}

#[test]
fn without_the_portal_the_facts_show_their_age() {
    let portal = Served::start(&["--ephemeral"]);
    let desk = Desk::new();
    portal.add_to(&desk, "studio", "staging");
    let credentials = portal.credentials("operator");
    let with = ["--env", "studio", "--credentials", "-"];
    desk.run_with(
        &[&with[..], &["phase", "set", "2", "--note", "open"]].concat(),
        &credentials,
    )
    .ended(0);
    drop(portal);
    let make = [&with[..], &["announce", "staff", "--set", REVIEW]].concat();
    let said = desk.run_with(&make, &credentials).ended(0);
    assert!(
        said.out.starts_with("Library rollout phase update: Phase 2"),
        "{said:?}"
    );
    assert!(said.err.contains("What the portal says is from "), "{said:?}");
}

#[test]
fn times_are_read_and_named_in_the_zone_that_the_call_asks_for() {
    let desk = in_phase_2();
    let zone = ["--time-zone", "America/New_York"];
    let said = desk
        .run(&[&zone[..], &["announce", "staff", "--set", REVIEW]].concat())
        .ended(0);
    assert!(
        said.out.contains("`1 Jan 2099, 09:00 EST (America/New_York)`"),
        "{said:?}"
    );
    desk.run(&["--time-zone", "Europe/Wien", "announce", "staff"])
        .ended(2);
}

#[test]
fn a_text_is_said_to_be_sent_and_stands_on_its_run() {
    let desk = in_phase_2();
    desk.run(&["announce", "sent", "staff", "--place", "#ops-library"])
        .ended(2);
    let made = desk
        .run(&["announce", "staff", "--set", REVIEW, "--json"])
        .ended(0)
        .json();
    let id = made["made"]["id"].as_str().unwrap();
    desk.run(&["announce", "member"]).ended(0);
    let sent = [
        "announce",
        "sent",
        "staff",
        "--place",
        "#ops-library",
        "--by",
        "Ana",
    ];
    let before = ["--at", "2020-01-01 09:00"];
    desk.run(&[&sent[..], &before].concat()).ended(2);
    let marked = desk.run(&[&sent[..], &["--json"]].concat()).ended(0).json();
    assert_eq!(marked["id"], id);
    assert_eq!(
        (&marked["sent"][0]["place"], &marked["sent"][0]["by"]),
        (&"#ops-library".into(), &"Ana".into())
    );
    let shown = desk.run(&["run", "show"]).ended(0);
    assert!(
        shown.out.contains(id) && shown.out.contains("sent to #ops-library"),
        "{shown:?}"
    );
    assert!(shown.out.contains("Library experience update") && shown.out.contains("not marked as sent"));
    let report = desk.run(&["run", "show", "--json"]).ended(0).json();
    assert_eq!(report["announcements"][0]["sha256"], made["made"]["sha256"]);
    desk.run(&["journal", "verify"]).ended(0);
}

/// Takes one post, and gives its document; then answers with the status, or drops it.
fn receive(listener: &TcpListener, status: Option<u16>) -> Value {
    let (mut stream, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    let mut byte = [0];
    // A text ends its document, and there is nothing after it.
    while !request.ends_with(b"\"}") && stream.read(&mut byte).unwrap() > 0 {
        request.push(byte[0]);
    }
    if let Some(status) = status {
        write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok").unwrap();
    }
    let request = String::from_utf8(request).unwrap();
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn a_text_is_posted_once_and_not_known_is_said_to_be_not_known() {
    let desk = in_phase_2();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/services/canary", listener.local_addr().unwrap());
    let credentials = json!({ "webhook": address }).to_string();
    let post = ["--credentials", "-", "--json", "announce", "member", "--post"];
    for (status, ended, outcome) in [(Some(404), 1, "refused"), (None, 3, "unknown")] {
        let said = std::thread::scope(|scope| {
            let receiver = scope.spawn(|| receive(&listener, status));
            let said = desk.run_with(&post, &credentials).ended(ended);
            let document = receiver.join().unwrap();
            assert_eq!(document.to_string(), said.json()["payload"].as_str().unwrap());
            said
        });
        assert!(!format!("{said:?}").contains("canary"), "{said:?}");
        assert_eq!(said.json()["made"]["post"]["outcome"], outcome);
    }
    let refused = desk.run_with(&post, &credentials).ended(2).json();
    assert_eq!(refused["error"]["code"], "confirmation_needed");
    let posted = std::thread::scope(|scope| {
        scope.spawn(|| receive(&listener, Some(200)));
        desk.run_with(&[&post[..], &["--again"]].concat(), &credentials)
            .ended(0)
            .json()
    });
    assert_eq!(posted["made"]["post"]["outcome"], "posted");
    assert_eq!(posted["made"]["sent"][0]["place"], "127.0.0.1");
    let elsewhere = json!({ "webhook": "https://hooks.example/services/canary" }).to_string();
    let real = desk.run_with(&post, &elsewhere).ended(2);
    assert!(!format!("{real:?}").contains("canary"), "{real:?}");
    desk.run(&["announce", "member", "--again"]).ended(2);
}
