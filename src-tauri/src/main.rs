//! Cutover Desk: the window, and the same use cases on the command line.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod cli;
mod window;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match arguments.command {
        Some(command) => cli::run(&arguments.global, command),
        None => window::run(&arguments.global),
    }
}
