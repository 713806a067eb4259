//! Cutover Desk: the window, and the same use cases on the command line.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod cli;
#[cfg(target_os = "linux")]
mod holder;
mod window;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if std::env::args_os()
        .nth(1)
        .is_some_and(|first| first == holder::COMMAND)
    {
        return holder::hold();
    }
    let arguments = cli::Arguments::parse();
    match arguments.command {
        Some(command) => cli::run(&arguments.global, command),
        None => window::run(&arguments.global),
    }
}
