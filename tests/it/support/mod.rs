//! What the tests share: a desk in a home of its own, portals for it to talk to, a keyring, snapshots.

pub mod desk;
pub mod fake_portal;
mod keyring;
pub mod libraries;
mod served;
pub mod snapshot;

pub use desk::{Desk, Said};
pub use fake_portal::FakePortal;
pub use keyring::Keyring;
pub use served::Served;
pub use snapshot::snapshot;
