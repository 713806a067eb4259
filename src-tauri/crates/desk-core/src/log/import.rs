//! Reading entries from a file: the text template, Markdown, JSON. Nothing in a file is dropped: what cannot be read is told
//! with its line, and kept in the entry's notes.

use super::{
    Field, Kind, Sheet, clean, exchange,
    markdown::{ID, SOURCES, unescaped},
    text::INDENT,
};
use serde_json::Value;
use std::fmt::Write as _;

/// The most entries that a file may hold.
const MOST_ENTRIES: usize = 10_000;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The runbook's text template.
    Text,
    /// Markdown, as the desk writes it.
    Markdown,
    /// JSON, as the desk writes it.
    Json,
}

/// An entry that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// Its id, where the file tells it.
    pub id: Option<String>,
    /// Whether it was for real, where the file tells it.
    pub kind: Option<Kind>,
    /// Where it was, by the environment's name, where the file tells it.
    pub environment: Option<String>,
    /// Why it was withdrawn, where the file tells it.
    pub withdrawn: Option<String>,
    /// What stands in its fields; its notes have the lines that could not be read.
    pub sheet: Sheet,
    /// The lines that could not be read.
    pub unread: Vec<Unread>,
}

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its number, from 1.
    pub line: usize,
    /// What stands there.
    pub text: String,
    /// Why it could not be read, in words.
    pub why: &'static str,
}

/// Why there is no entry in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotALog {
    /// It is empty.
    #[error("the file is empty")]
    Empty,
    /// Not one line of the template is in it.
    #[error(
        "no line of the rehearsal log's template is in it: none begins with Date:, Release owner: and so on"
    )]
    NoField,
    /// It is not JSON.
    #[error("line {line}, column {column} is not JSON: {what}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What was found.
        what: String,
    },
    /// It is JSON, but not of this form.
    #[error("it is JSON, but {0}")]
    OtherJson(String),
    /// It holds more entries than are read at once.
    #[error("it holds more than {MOST_ENTRIES} entries")]
    TooMany,
}

/// Reads the entries of a file.
///
/// # Errors
/// When there is no entry in it.
pub fn read(text: &str, format: Format) -> Result<Vec<Incoming>, NotALog> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err(NotALog::Empty);
    }
    let entries = match format {
        Format::Json => read_json(text)?,
        Format::Text | Format::Markdown => read_lines(text, format)?,
    };
    if entries.len() > MOST_ENTRIES {
        return Err(NotALog::TooMany);
    }
    Ok(entries.into_iter().map(finished).collect())
}

/// The kind of file that a text is, by what it begins with.
pub fn format_of(text: &str) -> Format {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) {
        Format::Json
    } else if text.starts_with("# ") || text.contains("\n- **") {
        Format::Markdown
    } else {
        Format::Text
    }
}

/// The entry with its texts tidied, and with what could not be read in its notes.
fn finished(mut entry: Incoming) -> Incoming {
    for text in entry.sheet.values_mut() {
        *text = clean(text);
    }
    let notes = entry.sheet.entry(Field::Notes).or_default();
    for unread in &entry.unread {
        if !notes.is_empty() {
            notes.push('\n');
        }
        let _ = write!(
            notes,
            "Line {} could not be read: {}",
            unread.line,
            unread.text.trim()
        );
    }
    *notes = clean(notes);
    entry.sheet.retain(|_, text| !text.is_empty());
    entry
}

/// Reads the text template or Markdown, line by line.
fn read_lines(text: &str, format: Format) -> Result<Vec<Incoming>, NotALog> {
    let mut reader = Reader {
        format,
        entries: vec![Incoming::default()],
        open: None,
        in_sources: false,
    };
    for (index, line) in text.lines().enumerate() {
        reader.take(index + 1, line.strip_suffix('\r').unwrap_or(line));
    }
    let mut entries = reader.entries;
    // What stands before the first field belongs to the first entry; a last heading without a field is one line to keep.
    if entries.len() > 1
        && entries.last().is_some_and(|last| last.sheet.is_empty())
        && let Some(rest) = entries.pop()
        && let Some(last) = entries.last_mut()
    {
        last.unread.extend(rest.unread);
    }
    if entries.iter().all(|entry| entry.sheet.is_empty()) {
        return Err(NotALog::NoField);
    }
    Ok(entries)
}

struct Reader {
    format: Format,
    entries: Vec<Incoming>,
    /// The field that a further line belongs to, and how far its own line is indented.
    open: Option<(Field, usize)>,
    /// Whether the lines are those of [`SOURCES`], which say nothing that is not in the fields.
    in_sources: bool,
}

impl Reader {
    fn take(&mut self, number: usize, line: &str) {
        let indent = indent_of(line);
        if let Some((field, of_field)) = self.open
            && indent >= of_field + INDENT
        {
            let further = self.plain(without_indent(line, of_field + INDENT));
            let text = self.entry().sheet.entry(field).or_default();
            text.push('\n');
            text.push_str(&further);
            return;
        }
        let bare = line.trim();
        if self.is_frame(bare) {
            return;
        }
        match self.field_of(bare) {
            Some((field, text)) => self.put(number, line, indent, field, text),
            None => self.keep(number, line, "it is no line of the template"),
        }
    }

    fn put(&mut self, number: usize, line: &str, indent: usize, field: Field, text: String) {
        // A day begins an entry.
        if field == Field::Date && !self.entry().sheet.is_empty() {
            self.entries.push(Incoming::default());
        }
        if self.entry().sheet.contains_key(&field) {
            self.open = None;
            self.keep(number, line, "the field is there twice");
            return;
        }
        self.entry().sheet.insert(field, text);
        self.open = Some((field, indent));
    }

    fn keep(&mut self, line: usize, text: &str, why: &'static str) {
        self.open = None;
        let text = text.trim().to_owned();
        self.entry().unread.push(Unread { line, text, why });
    }

    fn entry(&mut self) -> &mut Incoming {
        if self.entries.is_empty() {
            self.entries.push(Incoming::default());
        }
        let last = self.entries.len() - 1;
        &mut self.entries[last]
    }

    /// Whether a line belongs to the form's frame: an empty one, a heading, what the desk writes round its fields.
    fn is_frame(&mut self, bare: &str) -> bool {
        if bare.is_empty() {
            return true;
        }
        if bare.starts_with("```") || bare.chars().all(|character| character == '-') {
            self.open = None;
            return true;
        }
        let heading = bare.trim_matches('*').trim_end_matches(':');
        if ["Smoke results", "Artifacts attached"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(heading))
        {
            self.open = None;
            return true;
        }
        self.format == Format::Markdown && self.is_markdown_frame(bare)
    }

    fn is_markdown_frame(&mut self, bare: &str) -> bool {
        if let Some(title) = bare.strip_prefix("# ") {
            self.in_sources = false;
            self.open = None;
            if !self.entry().sheet.is_empty() {
                self.entries.push(Incoming::default());
            }
            let mut parts = title.split(" · ").skip(1);
            self.entry().kind = parts.next().and_then(Kind::from_word);
            // A title of somebody else's is kept.
            return self.entry().kind.is_some();
        }
        if let Some(id) = bare.strip_prefix(ID) {
            let id = id.trim().split_once(" in ").map_or(id.trim(), |(id, _)| id);
            self.entry().id = Some(unescaped(id)).filter(|id| !id.is_empty());
            return true;
        }
        if bare.strip_prefix("## ") == Some(SOURCES) {
            self.in_sources = true;
            self.open = None;
            return true;
        }
        self.in_sources && bare.starts_with('|')
    }

    /// The field that a line fills, with what it says.
    fn field_of(&self, bare: &str) -> Option<(Field, String)> {
        let bare = bare
            .strip_prefix("- ")
            .or_else(|| bare.strip_prefix("* "))
            .unwrap_or(bare);
        let (label, text) = match (self.format, bare.strip_prefix("**")) {
            (Format::Markdown, Some(bold)) => bold.split_once(":**").or_else(|| bold.split_once("**:"))?,
            _ => bare.split_once(':')?,
        };
        Some((Field::from_person(label)?, self.plain(text.trim())))
    }

    fn plain(&self, text: &str) -> String {
        match self.format {
            Format::Markdown => unescaped(text),
            Format::Text | Format::Json => text.to_owned(),
        }
    }
}

fn indent_of(line: &str) -> usize {
    line.chars()
        .map_while(|character| match character {
            ' ' => Some(1),
            '\t' => Some(INDENT),
            _ => None,
        })
        .sum()
}

fn without_indent(line: &str, indent: usize) -> &str {
    let mut taken = 0;
    let begin = line.find(|character: char| {
        let done = taken >= indent || !matches!(character, ' ' | '\t');
        taken += if character == '\t' { INDENT } else { 1 };
        done
    });
    begin.map_or("", |begin| &line[begin..])
}

fn read_json(text: &str) -> Result<Vec<Incoming>, NotALog> {
    let document: Value = serde_json::from_str(text).map_err(|error| NotALog::NotJson {
        line: error.line(),
        column: error.column(),
        what: error.to_string(),
    })?;
    let entries = match &document {
        Value::Array(entries) => entries,
        Value::Object(object) => {
            if let Some(format) = object.get("format")
                && format != exchange::FORMAT
            {
                return Err(NotALog::OtherJson(format!(
                    "of the format {format}, where {} is read",
                    exchange::FORMAT
                )));
            }
            match object.get("entries") {
                Some(Value::Array(entries)) => entries,
                _ => {
                    return Err(NotALog::OtherJson(
                        "it has no list \u{201c}entries\u{201d}".to_owned(),
                    ));
                }
            }
        }
        _ => return Err(NotALog::OtherJson("it is no list of entries".to_owned())),
    };
    if entries.is_empty() {
        return Err(NotALog::Empty);
    }
    entries
        .iter()
        .enumerate()
        .map(|(index, entry)| read_entry(text, index, entry))
        .collect()
}

fn read_entry(text: &str, index: usize, entry: &Value) -> Result<Incoming, NotALog> {
    let object = entry
        .as_object()
        .ok_or_else(|| NotALog::OtherJson(format!("entry {} is no object", index + 1)))?;
    let Some(Value::Object(fields)) = object.get("fields") else {
        let what = format!("entry {} has no object \u{201c}fields\u{201d}", index + 1);
        return Err(NotALog::OtherJson(what));
    };
    let mut incoming = Incoming::default();
    for (key, value) in object {
        let word = value.as_str();
        let is_taken = match key.as_str() {
            "fields" => true,
            // What stands in these follows from the rest of the entry, and from where it is.
            "label" | "outcome" => word.is_some(),
            "id" => word.is_some_and(|id| {
                incoming.id = Some(id.to_owned());
                true
            }),
            "kind" => {
                incoming.kind = word.and_then(Kind::from_word);
                incoming.kind.is_some()
            }
            "environment" => word.is_some_and(|name| {
                incoming.environment = Some(name.to_owned());
                true
            }),
            "withdrawn" => {
                incoming.withdrawn = word.map(clean).filter(|reason| !reason.is_empty());
                incoming.withdrawn.is_some() || value.is_null()
            }
            _ => false,
        };
        if !is_taken {
            incoming.not_taken(text, key, value, "it is no part of an entry");
        }
    }
    for (name, value) in fields {
        let Some(field) = Field::from_person(name) else {
            incoming.not_taken(text, name, value, "it is no field of the template");
            continue;
        };
        if incoming.sheet.contains_key(&field) {
            incoming.not_taken(text, name, value, "the field is there twice");
            continue;
        }
        let plain = match value {
            Value::Object(parts) => match parts.get("value") {
                Some(plain) => plain,
                None => value,
            },
            other => other,
        };
        let words = match plain {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => {
                incoming.not_taken(text, name, value, "it is no text");
                continue;
            }
        };
        // Of what stands beside the value, the desk's fact and who typed it when say nothing that the value does not.
        for (key, beside) in value.as_object().into_iter().flatten() {
            let says_nothing_else = match key.as_str() {
                "value" => true,
                "fact" => beside.is_string() || beside.is_null(),
                "typed" => beside.get("text").and_then(Value::as_str) == Some(&words),
                _ => false,
            };
            if !says_nothing_else {
                incoming.not_taken(text, key, beside, "it is no part of a field");
            }
        }
        incoming.sheet.insert(field, words);
    }
    Ok(incoming)
}

impl Incoming {
    /// Keeps what a JSON file says beyond what an entry holds.
    fn not_taken(&mut self, file: &str, key: &str, value: &Value, why: &'static str) {
        self.unread.push(Unread {
            line: line_of(file, key),
            text: format!("{key}: {value}"),
            why,
        });
    }
}

/// The first line with this key. JSON does not keep where its values stood.
fn line_of(text: &str, key: &str) -> usize {
    let key = Value::from(key).to_string();
    let before = text.find(&key).map_or("", |at| &text[..at]);
    before.matches('\n').count() + 1
}
