//! Whole-program tests: the program as a person or a script meets it, from its command line.

#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

mod announce;
mod canaries;
mod earned;
mod evidence;
mod exit_statuses;
mod help;
mod journal;
mod keychain;
mod layers;
mod log;
mod outcomes;
mod phase;
mod portals;
mod practice;
mod rollback;
mod run;
mod runbook;
mod support;
mod without_display;
