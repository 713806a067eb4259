//! What the program says of itself, and what it makes of words that it does not know.

use std::fs::File;
use std::process::Stdio;

use crate::support::{Desk, snapshot};

/// The part of every help text that is the same.
const SHARED: &str = "Options of every command:";

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new();
    let mut texts = Vec::new();
    describe(&desk, &[], &mut texts);
    snapshot(&desk, "help", &texts.join("\n"));
}

/// Adds a command's help, and that of the commands below it.
fn describe(desk: &Desk, words: &[&str], texts: &mut Vec<String>) {
    let mut asking = words.to_vec();
    asking.push("--help");
    let help = desk.run(&asking).ended(0).out;
    let (own, _) = help.split_once(SHARED).unwrap();
    let shown = if words.is_empty() { &help } else { own };
    texts.push(format!("==== cutover-desk {}\n{shown}", words.join(" ")));
    let below = own.lines().skip_while(|line| *line != "Commands:").skip(1);
    for line in below.take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        if name != "help" {
            describe(desk, &[words, &[name]].concat(), texts);
        }
    }
}

#[test]
fn unknown_words_are_a_mistake_in_the_call() {
    let desk = Desk::new();
    for words in [
        &["nonsense"][..],
        &["phase"],
        &["phase", "show", "--nonsense"],
        &["phase", "set"],
        &["phase", "set", "4"],
        &["phase", "show", "--credentials", "x"],
        &["phase", "show", "--env", "nowhere"],
        &["phase", "show", "--call-timeout-ms", "soon"],
        &["identity", "set", "operator"],
        &["identity", "set", "operator", "--email", "a@b.c"],
        &[
            "identity",
            "set",
            "operator",
            "--email",
            "a@b.c",
            "--refresh-token-stdin",
        ],
        &["identity", "check", "owner"],
        &["env", "add", "live", "--api", "https://portal.example.org"],
        &["journal", "backup"],
        &["practice", "serve", "--fault", "explode"],
        &["completions", "nonsense"],
    ] {
        let said = desk.run(words).ended(2);
        assert_eq!(said.out, "", "{words:?}");
        assert_ne!(said.err, "", "{words:?}");
    }
}

#[test]
fn completions_know_the_commands() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = desk.run(&["completions", shell]).ended(0).out;
        for word in ["cutover-desk", "phase", "set", "--note", "password-stdin"] {
            let word = word.trim_start_matches("--");
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let desk = Desk::new();
    for words in [&["completions", "bash"][..], &["phase", "show"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = desk.command(words).stdout(writer).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{words:?}");
    }
}

#[test]
fn output_that_is_lost_is_said() {
    let desk = Desk::new();
    for words in [&["completions", "bash"][..], &["phase", "show"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = desk.command(words).stdout(Stdio::from(full)).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.contains("the output cannot be written"), "{words:?}: {err}");
    }
}
