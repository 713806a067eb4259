//! The practice portal over real connections on loopback.

// All of this is test code; clippy only recognises the test functions themselves.
#![allow(clippy::unwrap_used)]

mod conformance;
mod faults;
mod gate;
mod identities;
mod instances;
mod lending;
mod limits;
mod storage;
mod support;
