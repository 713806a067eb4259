//! The client against small servers on this machine: what is sent, what is made of each reply, who is signed in.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers of a test fail it like the test itself"
)]

mod retries;
mod secrets;
mod sessions;
mod support;
mod transport;
mod typed;
mod webhook;
