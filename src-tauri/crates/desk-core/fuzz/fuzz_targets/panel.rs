//! What the web panel copies.
#![no_main]

#[path = "../../src/import/tests/held.rs"]
#[allow(dead_code, reason = "request logs have a target of their own")]
mod held;

libfuzzer_sys::fuzz_target!(|text: &str| held::of_every_panel(text));
