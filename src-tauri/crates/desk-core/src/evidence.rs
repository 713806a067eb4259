//! The evidence bundle: what a run's evidence needs and how it stands, the texts of the bag, and what a stranger finds
//! who checks it.
//!
//! A bundle is a bag (RFC 8493) with two attestations over it. [`items`] judges what is there, [`bag`] writes and reads the
//! bag's own files, [`seal`] signs and opens the attestations, [`chain`] writes and checks the stretch of the journal,
//! [`redact`] takes out what must not leave, [`needles`] finds what was not taken out, and [`verify`] judges a whole bundle.

pub mod bag;
pub mod chain;
pub mod items;
pub mod needles;
pub mod redact;
pub mod seal;
pub mod verify;
