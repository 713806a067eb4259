//! Request logs, as CSV and as JSON lines.
#![no_main]

#[path = "../../src/import/tests/held.rs"]
#[allow(dead_code, reason = "the panel has a target of its own")]
mod held;

use desk_core::import::{Kind, LogFormat};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = Kind::of(text);
    for format in [LogFormat::Csv, LogFormat::JsonLines] {
        held::of_every_log(text, format);
    }
});
