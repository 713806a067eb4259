//! The rehearsal log as Markdown.
#![no_main]

#[path = "../../src/log/tests/held.rs"]
mod held;

use desk_core::log::Format;

libfuzzer_sys::fuzz_target!(|file: &str| held::of_every_file(file, Format::Markdown));
