//! Entries for other programs: JSON, which is read back whole, and CSV.

use super::{Field, Page};
use serde_json::{Map, Value, json};

/// What a file of entries says it is.
pub(super) const FORMAT: &str = "cutover-desk-log/1";

/// Entries as one JSON document.
pub fn json(pages: &[Page]) -> Value {
    let entries: Vec<Value> = pages.iter().map(entry).collect();
    json!({ "format": FORMAT, "entries": entries })
}

fn entry(page: &Page) -> Value {
    let sheet = page.sheet();
    let mut fields = Map::new();
    for line in &page.lines {
        let mut field = json!({ "value": sheet.get(&line.field), "fact": line.fact });
        if let Some(typed) = &line.typed {
            field["typed"] = json!({ "text": typed.text, "by": typed.by, "at": typed.at });
        }
        fields.insert(line.field.id().to_owned(), field);
    }
    json!({
        "id": page.id,
        "label": page.label,
        "kind": page.kind.word(),
        "environment": page.environment,
        "outcome": page.outcome.word(),
        "withdrawn": page.withdrawn,
        "fields": fields,
    })
}

/// Entries as CSV, a line each. A cell that a spreadsheet would take for a formula has an apostrophe before it.
///
/// # Errors
/// Only when memory cannot be written to, which no entry can cause.
pub fn csv(pages: &[Page]) -> Result<String, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let frame = ["Entry", "Kind", "Environment", "Outcome", "Withdrawn"];
    writer.write_record(frame.into_iter().chain(Field::ALL.map(Field::label)))?;
    for page in pages {
        let sheet = page.sheet();
        let frame = [
            page.label.as_str(),
            page.kind.word(),
            page.environment.as_str(),
            page.outcome.word(),
            page.withdrawn.as_deref().unwrap_or_default(),
        ];
        let fields = Field::ALL.map(|field| sheet.get(&field).map(String::as_str).unwrap_or_default());
        writer.write_record(frame.into_iter().chain(fields).map(harmless))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    // What went in as strings comes out as UTF-8.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn harmless(cell: &str) -> String {
    if cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
