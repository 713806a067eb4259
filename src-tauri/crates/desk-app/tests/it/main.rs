//! The use cases, through the desk's public interface, against practice portals on this machine.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers of a test fail it like the test itself"
)]

mod accounts;
mod announcing;
mod cut_off;
mod earned;
mod environments;
mod evidence;
mod instances;
mod keychain;
mod live;
mod log;
mod metrics;
mod moved;
mod reading;
mod refused;
mod rehearsal;
mod remembered;
mod rollback;
mod run;
mod runbook;
mod saving;
mod secrets;
mod several_desks;
mod smoke;
mod stopping;
mod store_trouble;
mod support;
mod unfaithful;
mod unknown;
