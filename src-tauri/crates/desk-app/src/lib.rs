//! Use cases: what a person at the desk does. Error codes and the types that cross to the window.
//!
//! The window and the command line are thin edges over [`Desk`]; neither talks to the portal, the store or the
//! keychain itself.

mod accounts;
mod advance;
pub mod announce;
mod convert;
mod desk;
mod environments;
pub mod error;
pub mod evidence;
pub mod journal;
mod link;
pub mod log;
pub mod metrics;
mod pace;
mod phase;
mod practice;
mod problem;
pub mod rehearse;
pub mod rollback;
mod run;
mod runbook;
pub mod smoke;
mod soak;
mod stop;
pub mod time;
pub mod view;
mod zone;

pub use desk::{Desk, DeskOptions};
pub use desk_core::{Phase, Role, phase::note_length};
pub use desk_keychain::{Keychain, MemoryKeychain};
pub use desk_portal::{Credential, Timeouts};
pub use error::{Code, Problem};
pub use phase::parse_phase;
pub use runbook::OwnRunbook;
pub use zone::zone_called;
