//! Whole output, compared with what was approved; what differs from run to run is named instead.

use serde_json::Value;

use super::{Desk, Said};

const FILTERS: [(&str, &str); 7] = [
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "[id]"),
    (r"\b[0-9a-f]{64}\b", "[hash]"),
    (r"\b\d{1,2} [A-Z][a-z]{2} \d{4}, \d\d:\d\d:\d\d [A-Z]+", "[time]"),
    (r"\((just now|\d+ s ago|1 min ago)\)", "([ago])"),
    (r"\b\d{13}\b", "[ms]"),
    (r"(durationMs) = \d+", "$1 = [ms]"),
    (r"127\.0\.0\.1:[1-9]\d*", "127.0.0.1:[port]"),
];

/// Compares with the approved snapshot of this name.
pub fn snapshot(desk: &Desk, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(&regex_of(&desk.home().display().to_string()), "[home]");
    for (pattern, name) in FILTERS {
        settings.add_filter(pattern, name);
    }
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn regex_of(literal: &str) -> String {
    literal.replace('.', r"\.")
}

/// Everything that a command said, as one text.
pub fn outline_of(said: &Said) -> String {
    format!(
        "status {}\n----- out\n{}----- err\n{}",
        said.status, said.out, said.err
    )
}

/// A JSON document as sorted lines `path = value`, so that neither the order of keys nor the layout counts.
pub fn outline(document: &Value) -> String {
    let mut lines = Vec::new();
    flatten("", document, &mut lines);
    lines.sort();
    lines.join("\n")
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&format!("{path}.{key}"), value, lines);
            }
        }
        Value::Array(values) if !values.is_empty() => {
            for (index, value) in values.iter().enumerate() {
                flatten(&format!("{path}[{index}]"), value, lines);
            }
        }
        other => lines.push(format!("{path} = {other}")),
    }
}
