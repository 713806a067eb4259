//! Announcements from the command line: made, refused, waived, written to a file, without the portal.

use crate::support::{Desk, Served};
use serde_json::json;

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
