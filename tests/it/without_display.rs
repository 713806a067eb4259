//! Where no window can open.

use std::path::Path;
use std::process::Command;

use crate::support::desk::{program_file, said};
use crate::support::snapshot::outline_of;
use crate::support::{Desk, snapshot};

#[test]
fn the_bare_program_says_so() {
    let desk = Desk::new();
    let said = desk.run(&[]);
    snapshot(&desk, "without-display", &outline_of(&said));
    assert_ne!(said.status, 0);
    assert!(!desk.data().exists(), "it left something behind");
}

#[test]
fn make_run_plays_the_whole_runbook_on_the_command_line_and_leaves_its_evidence() {
    let desk = Desk::new();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/run.sh");
    let program = desk.program();
    let mut run = Command::new(script);
    run.arg(program_file()).env_clear().current_dir(desk.home());
    run.envs(
        program
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    run.env("TMPDIR", desk.home());
    let said = said(run, "").ended(0);
    for line in [
        "There is no display",
        "R-001 is rehearsed",
        "Valid and complete.",
        "With a display, make run opens the window.",
    ] {
        assert!(said.out.contains(line), "{line} is not in {}", said.out);
    }
    let left: Vec<_> = std::fs::read_dir(desk.home()).unwrap().collect();
    assert_eq!(left.len(), 1, "only the evidence is left: {left:?}");
}
