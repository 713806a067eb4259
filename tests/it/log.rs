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
    assert!(text.starts_with("R-002 → R-003\n"), "{text}");
}

#[test]
fn a_file_is_imported_once_with_each_unread_line_told() {
    let desk = Desk::new();
    let file = desk.home().join("log.txt");
    fs::write(&file, "Date: 2026-03-02\nOwner: Ana\nReason: \"=1+1\"\n").unwrap();
    let path = file.display().to_string();
    let said = desk.run(&["log", "import", &path]).ended(0);
    assert!(said.out.starts_with("1 entries made."), "{said:?}");
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
