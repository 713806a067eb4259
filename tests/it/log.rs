//! The rehearsal log on the command line.

use crate::support::Desk;
use serde_json::{Value, json};
use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::time::Instant;

fn value<'a>(entry: &'a Value, field: &str) -> &'a Value {
    let fields = entry["fields"].as_array().unwrap();
    &fields.iter().find(|one| one["field"] == field).unwrap()["value"]
}

#[test]
fn an_entry_is_made_edited_shown_and_written_out() {
    let desk = Desk::new();
    assert!(desk.run(&["log", "list"]).ended(0).out.contains("No entry."));
    let new = [
        "log",
        "new",
        "--kind",
        "live",
        "--set",
        "date=2026-03-02",
        "--set",
        "release-owner=Zoë",
        "--json",
    ];
    let made = desk.run(&new).ended(0).json();
    let id = made["id"].as_str().unwrap();
    assert_eq!(
        (&made["kind"], value(&made, "release-owner")),
        (&json!("live"), &json!("Zoë"))
    );

    let edit = [
        "log",
        "edit",
        id,
        "--set",
        "Start time=14:00",
        "--set",
        "end-time=13:00",
        "--set",
        "reason=a=b",
    ];
    let said = desk.run(&edit).ended(0);
    assert!(
        said.err.contains("End time: The end is before the start.")
            && said.err.contains("It is kept as typed."),
        "{said:?}"
    );
    assert!(said.out.contains("End time: 13:00"), "{said:?}");
    desk.run(&["log", "edit", id, "--set", "end-time=14:18"]).ended(0);
    let shown = desk.run(&["log", "show", &id[..13], "--json"]).ended(0).json();
    assert_eq!(value(&shown, "duration-minutes"), "18");
    assert_eq!(value(&shown, "reason"), "a=b");
    let undone = desk
        .run(&["log", "edit", id, "--undo", "end-time", "--json"])
        .ended(0)
        .json();
    assert_eq!(value(&undone, "end-time"), "13:00");
    let history = desk
        .run(&["log", "show", id, "--history", "--json"])
        .ended(0)
        .json();
    assert_eq!(
        (&history[0]["text"], &history[0]["undoes"]),
        (&json!("13:00"), &json!(true))
    );

    let text = desk.run(&["log", "export", id]).ended(0).out;
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..9],
        [
            "Date: 2026-03-02",
            "Release owner: Zoë",
            "Start time: 14:00",
            "End time: 13:00",
            "Duration minutes:",
            "",
            "Phase promoted:",
            "Phase rolled back (if any):",
            "Reason: a=b"
        ]
    );
    desk.run(&["log", "edit", id, "--set", "mood=good"]).ended(2);
    desk.run(&["log", "show", "R-001"]).ended(2);
    desk.run(&["log", "withdraw", id, "--reason", "typed twice"])
        .ended(0);
    desk.run(&["log", "edit", id, "--set", "reason=x"]).ended(1);
    let list = desk.run(&["log", "list"]).ended(0).out;
    assert!(
        list.contains("LIVE in practice") && list.contains("WITHDRAWN"),
        "{list}"
    );
    desk.run(&["journal", "verify"]).ended(0);
    let found = desk
        .run(&["journal", "search", "typed twi", "--json"])
        .ended(0)
        .json();
    assert_eq!(
        (found.as_array().unwrap().len(), &found[0]["kind"]),
        (1, &json!("log_entry_withdrawn"))
    );
    let none = desk.run(&["journal", "search", "typed thrice"]).ended(0).out;
    assert!(none.contains("No entry has these words."), "{none}");
}

#[test]
fn a_run_is_in_the_log_with_its_facts_and_its_report() {
    let desk = Desk::new();
    desk.run(&["phase", "set", "1", "--note", "Closing"]).ended(0);
    desk.run(&["run", "end"]).ended(0);
    desk.run(&["run", "start", "--owner", "Ana Weber"]).ended(0);
    desk.run(&[
        "phase",
        "set",
        "2",
        "--note",
        "Opening",
        "--override",
        "agreed by phone",
    ])
    .ended(0);
    desk.run(&["smoke", "run", "--phase", "2"]);
    desk.run(&["run", "end"]).ended(0);
    let shown = desk.run(&["log", "show", "R-002"]).ended(0).out;
    assert!(
        shown.contains("Phase promoted: phase_2_member_writes") && shown.contains("filled by the desk"),
        "{shown}"
    );
    assert!(
        shown.contains("- member-smoke: phase_2_member_writes: "),
        "{shown}"
    );
    for (words, total) in [
        (&["log", "search", "weber member"][..], 1),
        (&["log", "search", "weber nothing"], 0),
        (
            &[
                "log",
                "list",
                "--owner",
                "ana",
                "--phase",
                "2",
                "--run-kind",
                "rehearsal",
            ],
            1,
        ),
        (&["log", "list", "--outcome", "rolled-back"], 0),
        (&["log", "list", "--outcome", "done"], 2),
        (&["log", "list", "--from", "2000-01-01", "--to", "2000-12-31"], 0),
    ] {
        let page = desk.run(&[words, &["--json"]].concat()).ended(0).json();
        assert_eq!(page["total"], total, "{words:?}");
    }
    let report = desk
        .run(&["log", "export", "R-002", "--format", "report"])
        .ended(0)
        .out;
    assert!(
        report.contains("agreed by phone") && report.contains("## Open points"),
        "{report}"
    );
    let pdf = desk.home().join("report.pdf");
    let out = pdf.display().to_string();
    let written = desk
        .run(&["log", "export", "R-002", "--out", &out, "--json"])
        .ended(0)
        .json();
    assert!(written["bytes"].as_u64().unwrap() > 10_000, "{written}");
    assert!(fs::read(&pdf).unwrap().starts_with(b"%PDF-"));

    desk.run(&["run", "start"]).ended(0);
    desk.run(&["smoke", "run", "--phase", "2"]);
    let compared = desk
        .run(&["log", "compare", "R-002", "R-003", "--json"])
        .ended(0)
        .json();
    let steps = compared["steps"].as_array().unwrap();
    assert!(steps.len() > 10, "{compared}");
    assert!(steps.iter().all(|step| step["phase"] == "phase_2_member_writes"));
    let text = desk.run(&["log", "compare", "R-002", "R-003"]).ended(0).out;
    let title = text.lines().next().unwrap();
    assert!(
        title.starts_with("R-002 (") && title.contains(") → R-003 (") && title.ends_with(" UTC)"),
        "with their dates: {text}"
    );
    let text = desk.run(&["log", "compare", "R-003", "R-002"]).ended(0).out;
    assert!(text.contains("R-003 is the later of the two."), "{text}");
}

#[test]
fn a_file_is_imported_once_with_each_unread_line_told() {
    let desk = Desk::new();
    let file = desk.home().join("log.txt");
    fs::write(&file, "Date: 2026-03-02\nOwner: Ana\nReason: \"=1+1\"\n").unwrap();
    let path = file.display().to_string();
    let said = desk.run(&["log", "import", &path]).ended(0);
    assert!(said.out.starts_with("1 entry made."), "{said:?}");
    assert!(said.err.contains("Line 2 could not be read"), "{said:?}");
    let again = desk.run(&["log", "import", &path, "--json"]).ended(0).json();
    assert_eq!((&again["made"], &again["known"]), (&json!([]), &json!(1)));

    for extension in ["json", "md", "txt", "csv"] {
        let out = desk.home().join(format!("all.{extension}")).display().to_string();
        desk.run(&["log", "export", "--out", &out]).ended(0);
        if extension != "csv" {
            let other = Desk::new();
            let imported = other.run(&["log", "import", &out, "--json"]).ended(0).json();
            assert_eq!(imported["made"].as_array().unwrap().len(), 1, "{extension}");
            assert_eq!(imported["unread"], json!([]), "{extension}");
            let again = other.run(&["log", "import", &out, "--json"]).ended(0).json();
            assert_eq!(again["known"], 1, "{extension}");
        }
    }
    fs::write(&file, "Dear Ana").unwrap();
    let refused = desk.run(&["log", "import", &path]).ended(2);
    assert!(
        refused.err.contains("The file is no rehearsal log"),
        "{refused:?}"
    );
    desk.run(&["log", "import", "nowhere.txt"]).ended(2);
}

/// Kills the save of a field at many moments; `kills` of them: by the clock anywhere, as soon as something is written to the
/// database's log, and as soon as the save is said to be done.
fn killed_while_typing(kills: u32) {
    let desk = Desk::new();
    let made = desk.run(&["log", "new", "--json"]).ended(0).json();
    let id = made["id"].as_str().unwrap();
    // How long a save takes here, so that kills fall before, into and after it.
    let started = Instant::now();
    desk.run(&["log", "edit", id, "--set", "notes=first"]).ended(0);
    let usual = started.elapsed();
    let written = || fs::metadata(desk.data().join("desk.db-wal")).map_or(0, |file| file.len());
    let mut typed = vec!["first".to_owned()];
    let mut said = typed.clone();
    let mut cut = Vec::new();
    for number in 0..kills {
        let text = format!("note {number}");
        let set = format!("notes={text}");
        let before = written();
        let mut child = desk
            .command(&["log", "edit", id, "--set", &set, "--json"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut out = Vec::new();
        match number % 3 {
            0 => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "there is no event: the kill is to fall anywhere"
                )]
                std::thread::sleep(usual * (number % 20) / 14);
            }
            1 => {
                while written() == before && child.try_wait().unwrap().is_none() {
                    std::thread::yield_now();
                }
            }
            _ => {
                let stdout = child.stdout.as_mut().unwrap();
                stdout.take(1).read_to_end(&mut out).unwrap();
            }
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        out.extend(output.stdout);
        typed.push(text.clone());
        if !out.is_empty() {
            said.push(text);
        } else if output.status.code().is_none() {
            cut.push(text);
        }
    }
    let history = desk
        .run(&["log", "show", id, "--history", "--json"])
        .ended(0)
        .json();
    let mut kept: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["text"].as_str().unwrap())
        .collect();
    for text in &said {
        assert!(
            kept.contains(&text.as_str()),
            "{text:?} was said to be saved; kept: {kept:?}"
        );
    }
    assert!(said.len() > 1, "no save came through");
    // Newest first: nothing but what was typed, whole, in its order and once.
    kept.reverse();
    let in_order: Vec<&str> = typed
        .iter()
        .map(String::as_str)
        .filter(|text| kept.contains(text))
        .collect();
    assert_eq!(kept, in_order);
    let shown = desk.run(&["log", "show", id, "--json"]).ended(0).json();
    assert_eq!(value(&shown, "notes"), kept[kept.len() - 1]);
    let told_late = cut.iter().filter(|text| kept.contains(&text.as_str())).count();
    println!(
        "{kills} kills, {} of them in the middle of a save, {told_late} of those after it was on the disk and before it was said",
        cut.len()
    );
    desk.run(&["journal", "verify"]).ended(0);
}

#[test]
fn what_was_said_to_be_saved_survives_every_kill() {
    killed_while_typing(40);
}

#[test]
#[ignore = "minutes long: make proof"]
fn what_was_said_to_be_saved_survives_five_hundred_kills() {
    killed_while_typing(500);
}

#[test]
fn times_are_listed_as_they_were_typed_and_days_found_as_they_stand() {
    let desk = Desk::new();
    let vienna = ["--time-zone", "Europe/Vienna"];
    let new = [
        "log",
        "new",
        "--set",
        "date=2026-01-05",
        "--set",
        "start-time=14:02",
    ];
    desk.run(&[&vienna[..], &new[..]].concat()).ended(0);
    let list = desk
        .run(&[&vienna[..], &["log", "list"][..]].concat())
        .ended(0)
        .out;
    assert!(list.contains("5 Jan 2026, 14:02"), "{list}");
    desk.run(&["run", "start", "--owner", "Ana"]).ended(0);
    desk.run(&["run", "end"]).ended(0);
    // Fourteen hours ahead and eleven behind: in one of them it is always another day than in UTC.
    for zone in ["Pacific/Kiritimati", "Pacific/Niue"] {
        let run = |words: &[&str]| {
            desk.run(&[&["--time-zone", zone, "--json"], words].concat())
                .ended(0)
                .json()
        };
        let day = value(&run(&["log", "show", "R-001"]), "date")
            .as_str()
            .unwrap()
            .to_owned();
        let found = run(&["log", "list", "--from", &day, "--to", &day]);
        assert_eq!(found["total"], 1, "{zone} {day}");
        let typed = run(&["log", "list", "--from", "2026-01-05", "--to", "2026-01-05"]);
        assert_eq!(typed["total"], 1, "{zone}");
    }
    // A corrected start of a run is what is listed.
    desk.run(&["log", "edit", "R-001", "--set", "start-time=01:23"])
        .ended(0);
    let list = desk.run(&["log", "list"]).ended(0).out;
    assert!(list.contains(", 01:23"), "{list}");
}

#[test]
fn every_entry_has_a_name_of_its_own() {
    let desk = Desk::new();
    let file = desk.home().join("log.txt");
    let texts: Vec<String> = (1..=3)
        .map(|day| format!("Date: 2026-03-0{day}\nRelease owner: Ana {day}\n"))
        .collect();
    std::fs::write(&file, texts.join("---\n")).unwrap();
    desk.run(&["log", "import", &file.display().to_string()]).ended(0);
    let list = desk.run(&["log", "list", "--json"]).ended(0).json();
    let entries = list["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    for entry in entries {
        let shown = desk
            .run(&["log", "show", entry["label"].as_str().unwrap(), "--json"])
            .ended(0)
            .json();
        assert_eq!(shown["id"], entry["id"]);
    }
    // Their ids begin with the same moment.
    let beginning = &entries[0]["id"].as_str().unwrap()[..8];
    let refused = desk.run(&["log", "show", beginning]).ended(2);
    assert!(
        refused
            .err
            .contains("More than one entry's id begins or ends with"),
        "{refused:?}"
    );
}

#[test]
fn an_edit_is_made_whole_or_not_at_all() {
    let desk = Desk::new();
    desk.run(&["run", "start", "--owner", "Ana"]).ended(0);
    let long = format!("notes={}", "x".repeat(20_001));
    let refused = desk
        .run(&["log", "edit", "R-001", "--set", "reason=x", "--set", &long])
        .ended(2);
    assert!(refused.err.contains("Nothing was recorded"), "{refused:?}");
    let shown = desk.run(&["log", "show", "R-001", "--json"]).ended(0).json();
    assert_eq!(value(&shown, "reason"), "");
    let refused = desk.run(&["log", "edit", "R-001", "--set", "reason=x", "--undo", "tags"]);
    refused.ended(1);
    let shown = desk.run(&["log", "show", "R-001", "--json"]).ended(0).json();
    assert_eq!(value(&shown, "reason"), "");
    // What is typed in the same call can be taken back in it.
    let edit = [
        "log", "edit", "R-001", "--set", "tags=a", "--set", "tags=b", "--undo", "tags", "--json",
    ];
    let edited = desk.run(&edit).ended(0).json();
    assert_eq!(value(&edited, "tags"), "a");
}

#[test]
fn a_file_that_says_something_else_than_an_entry_is_told() {
    let desk = Desk::new();
    desk.run(&["log", "new", "--set", "date=2026-03-02"]).ended(0);
    let file = desk.home().join("log.json");
    let path = file.display().to_string();
    desk.run(&["log", "export", "--out", &path]).ended(0);
    let same = desk.run(&["log", "import", &path]).ended(0);
    assert!(!same.err.contains("something else"), "{same:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("2026-03-02", "2026-03-03")).unwrap();
    let said = desk.run(&["log", "import", &path]).ended(0);
    assert!(
        said.out.starts_with("0 entries made; 1 was there already.")
            && said
                .err
                .contains("is there already, but the file says something else: date"),
        "{said:?}"
    );
}
