//! The pure rules of the desk: no I/O, no async, no clock, no randomness.
//!
//! Everything here takes the time and the facts it needs as arguments, so that each rule can be tested as a table.

// What the tests share with the fuzz targets speaks of this crate by its name.
#[cfg(test)]
extern crate self as desk_core;

pub mod announce;
pub mod change_window;
pub mod environment;
pub mod evidence;
pub mod gate;
pub mod identity;
pub mod import;
pub mod journal;
mod lines;
pub mod log;
pub mod metrics;
pub mod phase;
pub mod record;
pub mod rehearsal;
pub mod rollback;
pub mod route;
pub mod runbook;
pub mod smoke;

pub use environment::{EnvironmentKind, EnvironmentName};
pub use identity::Role;
pub use phase::{Phase, PhaseState};
pub use route::Route;
pub use runbook::Runbook;
