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
fn make_run_does_the_windows_first_job_on_the_command_line() {
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
    let said = said(run, "");
    let told = outline_of(&said).replace(&program_file().display().to_string(), "[program]");
    snapshot(&desk, "make-run", &told);
    let left = std::fs::read_dir(desk.home()).unwrap().count();
    assert_eq!(left, 0, "it left its data behind");
}
