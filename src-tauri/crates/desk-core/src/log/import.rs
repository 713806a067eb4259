//! Reading entries from a file: the text template, Markdown, JSON. Nothing in a file is dropped: what cannot be read is told
//! with its line, and kept in the entry's notes.

use super::{
    Field, Kind, Outcome, Sheet, clean, exchange,
    markdown::{ID, SOURCES, WITHDRAWN, unescaped},
    text::INDENT,
};
use crate::lines::plain_ends;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::{Value, value::RawValue};
use std::{
    collections::HashSet,
    fmt::{self, Write as _},
};

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
    #[error("it holds more than {MOST_ENTRIES} entries; split it")]
    TooMany,
}

/// Reads the entries of a file.
///
/// # Errors
/// When there is no entry in it.
pub fn read(text: &str, format: Format) -> Result<Vec<Incoming>, NotALog> {
    // Its lines are numbered as in the editor that the numbers are looked up in.
    let text = plain_ends(text);
    if text.trim().is_empty() {
        return Err(NotALog::Empty);
    }
    let entries = match format {
        Format::Json => read_json(&text)?,
        Format::Text | Format::Markdown => read_lines(&text, format)?,
    };
    if entries.len() > MOST_ENTRIES {
        return Err(NotALog::TooMany);
    }
    Ok(entries.into_iter().map(finished).collect())
}

/// The kind of file that a text is, by what it begins with.
pub fn format_of(text: &str) -> Format {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let is_bold = |line: &str| ["**", "- **", "* **"].iter().any(|mark| line.starts_with(mark));
    if begins_json(text) {
        Format::Json
    } else if text.starts_with("# ") || text.split(['\n', '\r']).any(is_bold) {
        Format::Markdown
    } else {
        Format::Text
    }
}

/// Whether a text begins as JSON does; `[draft]` and `[2026-11-25 14:02]` do not.
fn begins_json(text: &str) -> bool {
    let Some(list) = text.strip_prefix('[') else {
        return text.starts_with('{');
    };
    let list = list.trim_start();
    let first = list.split([',', ']', ' ', '\t', '\r', '\n']).next();
    list.is_empty()
        || list.starts_with(['{', '[', ']', '"', '\'', '/'])
        || first.is_some_and(|first| serde_json::from_str::<Value>(first).is_ok())
}

/// The entry with its texts tidied, and with what could not be read in its notes.
fn finished(mut entry: Incoming) -> Incoming {
    for text in entry.sheet.values_mut() {
        *text = clean(text);
    }
    entry.unread.sort_by_key(|unread| unread.line);
    let notes = entry.sheet.entry(Field::Notes).or_default();
    for unread in &mut entry.unread {
        unread.text = clean(&unread.text);
        if !notes.is_empty() {
            notes.push('\n');
        }
        let _ = write!(notes, "Line {} could not be read: {}", unread.line, unread.text);
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
        by_heading: false,
        head: Vec::new(),
    };
    for (index, line) in text.lines().enumerate() {
        reader.take(index + 1, line);
    }
    // What stands before the first field belongs to the first entry; a last heading without a field is one line to keep.
    if reader.entries.len() > 1 && reader.entry().sheet.is_empty() {
        reader.join_with_the_one_before();
    }
    if reader.entries.iter().all(|entry| entry.sheet.is_empty()) {
        return Err(NotALog::NoField);
    }
    Ok(reader.entries)
}

/// What may stand before the day in an entry: the fields round it in the form.
const BEFORE_THE_DAY: [Field; 4] = [
    Field::ReleaseOwner,
    Field::StartTime,
    Field::EndTime,
    Field::DurationMinutes,
];

struct Reader {
    format: Format,
    entries: Vec<Incoming>,
    /// The field that a further line belongs to, and how far its own line is indented.
    open: Option<(Field, usize)>,
    /// Whether the lines are those of [`SOURCES`], which say nothing that is not in the fields.
    in_sources: bool,
    /// Whether the entry in hand was begun by a heading of somebody else's, which may as well stand within an entry.
    by_heading: bool,
    /// The lines of the newest id, and of why its entry was withdrawn.
    head: Vec<(usize, String)>,
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
        let bare = line.trim_matches(|character: char| character.is_whitespace() || character.is_control());
        if self.is_frame(bare) {
            return;
        }
        if let Some((id, environment)) = self.id_of(bare) {
            self.put_id(number, line, id, environment);
            return;
        }
        if let Some(reason) = self.withdrawn_of(bare) {
            self.entry().withdrawn = Some(reason);
            self.head.push((number, line.to_owned()));
            return;
        }
        match self.field_of(bare) {
            Some((field, text)) => self.put(number, line, indent, field, text),
            None => self.keep(number, line, "it is no line of the template"),
        }
    }

    fn put(&mut self, number: usize, line: &str, indent: usize, field: Field, text: String) {
        if field == Field::Date && self.is_begun() {
            self.entries.push(Incoming::default());
        } else if field != Field::Date && self.by_heading && self.entry().sheet.is_empty() {
            self.join_with_the_one_before();
        }
        self.by_heading = false;
        if is_filled(self.entry().sheet.get(&field)) {
            self.keep(number, line, "the field is there twice");
            return;
        }
        self.entry().sheet.insert(field, text);
        self.open = Some((field, indent));
    }

    /// Whether a day begins another entry.
    fn is_begun(&mut self) -> bool {
        let may_follow = |field: &Field| BEFORE_THE_DAY.contains(field);
        !self.entry().sheet.keys().all(may_follow)
    }

    /// Gives the lines of the entry in hand, which has no field, to the one before it.
    fn join_with_the_one_before(&mut self) {
        let Some(rest) = self.entries.pop() else { return };
        let before = self.entry();
        before.unread.extend(rest.unread);
        if rest.id.is_some() {
            for (line, text) in std::mem::take(&mut self.head) {
                self.keep(line, &text, "no field of its entry follows");
            }
        }
    }

    fn put_id(&mut self, number: usize, line: &str, id: String, environment: Option<String>) {
        if self.entry().id.is_some() {
            self.keep(number, line, "the entry's id is there twice");
            return;
        }
        self.entry().id = Some(id);
        self.entry().environment = environment;
        self.head = vec![(number, line.to_owned())];
        self.by_heading = false;
        self.open = None;
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
        let is_fence = bare
            .strip_prefix("```")
            .is_some_and(|language| language.chars().all(char::is_alphanumeric));
        let heading = bare.trim_matches(|character| "*#_: ".contains(character));
        if is_fence
            || bare.chars().all(|character| character == '-')
            || ["Smoke results", "Artifacts attached"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(heading))
        {
            self.open = None;
            self.in_sources = false;
            return true;
        }
        self.format == Format::Markdown && self.is_markdown_frame(bare)
    }

    fn is_markdown_frame(&mut self, bare: &str) -> bool {
        // Only the table itself: another that somebody drew behind it is theirs.
        self.in_sources &= is_source(bare);
        if self.in_sources {
            return true;
        }
        if bare.strip_prefix("## ") == Some(SOURCES) {
            self.in_sources = true;
            self.open = None;
            return true;
        }
        let Some(title) = bare.strip_prefix("# ") else {
            return false;
        };
        self.open = None;
        let kind = kind_of_title(title);
        let before = self.entry();
        if !before.sheet.is_empty() || (kind.is_some() && before.id.is_some()) {
            self.entries.push(Incoming::default());
            self.by_heading = kind.is_none();
        }
        // A title of somebody else's is kept.
        let Some(kind) = kind else { return false };
        self.by_heading = false;
        self.entry().kind = Some(kind);
        true
    }

    /// The id and the environment that a line tells, as the desk writes it: `Entry: 0197-a in studio`.
    fn id_of(&self, bare: &str) -> Option<(String, Option<String>)> {
        let said = bare
            .strip_prefix(ID)
            .filter(|_| self.format == Format::Markdown)?
            .trim();
        let (id, environment) = said.split_once(" in ").unwrap_or((said, ""));
        let is_word = |text: &str| !text.contains(char::is_whitespace);
        let (id, environment) = (unescaped(id), unescaped(environment));
        (is_word(&id) && is_word(&environment) && !id.is_empty())
            .then(|| (id, Some(environment).filter(|name| !name.is_empty())))
    }

    /// Why the entry was withdrawn, as the desk writes it below the id: `> Withdrawn: typed twice`.
    fn withdrawn_of(&mut self, bare: &str) -> Option<String> {
        let said = bare
            .strip_prefix(WITHDRAWN)
            .filter(|_| self.format == Format::Markdown)?;
        let entry = self.entry();
        let is_awaited = entry.id.is_some() && entry.withdrawn.is_none() && entry.sheet.is_empty();
        let reason = clean(&unescaped(said));
        (is_awaited && !reason.is_empty()).then_some(reason)
    }

    /// The field that a line fills, with what it says.
    fn field_of(&self, bare: &str) -> Option<(Field, String)> {
        // A bullet, and a box to tick.
        let bare = without_mark(without_mark(bare, ["- ", "* "]), ["[ ] ", "[x] "]);
        let in_bold = bare.strip_prefix("**").and_then(parts_in_bold);
        let (label, text) = in_bold.or_else(|| bare.split_once(':'))?;
        Some((Field::from_person(label)?, self.plain(text.trim())))
    }

    fn plain(&self, text: &str) -> String {
        match self.format {
            Format::Markdown => unescaped(text),
            Format::Text | Format::Json => text.to_owned(),
        }
    }
}

fn without_mark<'a>(line: &'a str, marks: [&str; 2]) -> &'a str {
    let rest = marks.iter().find_map(|mark| line.strip_prefix(mark));
    rest.unwrap_or(line).trim_start()
}

/// The label and the text of what stands behind `**`: the label is bold, or all of it.
fn parts_in_bold(bold: &str) -> Option<(&str, &str)> {
    let label = bold.split_once(":**").or_else(|| bold.split_once("**:"));
    label.or_else(|| bold.strip_suffix("**")?.split_once(':'))
}

/// Whether something stands in a field.
fn is_filled(text: Option<&String>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// The kind that a title of the desk's tells: `R-014 · LIVE · done`.
fn kind_of_title(title: &str) -> Option<Kind> {
    let mut parts = title.split(" · ");
    // What the desk calls an entry is one word; more of them are somebody's own.
    let is_label = |label: &str| !label.contains(|c: char| c.is_whitespace() || c.is_control());
    let is_ours = parts.next().is_some_and(is_label);
    let kind = parts.next().and_then(Kind::from_word)?;
    let is_known = parts.next().is_none_or(|word| Outcome::from_word(word).is_some());
    (is_ours && is_known && parts.next().is_none()).then_some(kind)
}

/// Whether a line is one of the table under [`SOURCES`].
fn is_source(bare: &str) -> bool {
    let cell = bare.strip_prefix('|').and_then(|row| row.split('|').next());
    cell.map(str::trim).is_some_and(|cell| {
        matches!(cell, "Field" | "---") || Field::ALL.iter().any(|field| field.label() == cell)
    })
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

/// A JSON value as it stands in the file.
type Raw<'a> = &'a RawValue;

/// The items of an object in their order: one that is there twice is here twice, where a map would keep the last.
struct Items<'a>(Vec<(String, Raw<'a>)>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Items<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Items<'de>, M::Error> {
                let mut items = Vec::new();
                while let Some(item) = map.next_entry()? {
                    items.push(item);
                }
                Ok(Items(items))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}

fn items(raw: Raw<'_>) -> Option<Vec<(String, Raw<'_>)>> {
    serde_json::from_str(raw.get()).ok().map(|Items(items)| items)
}

fn list(raw: Raw<'_>) -> Option<Vec<Raw<'_>>> {
    serde_json::from_str(raw.get()).ok()
}

/// A text, a number as it is written, or nothing.
fn words(raw: Raw<'_>) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'n' => Some(String::new()),
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'-' | b'0'..=b'9' => Some(raw.get().to_owned()),
        _ => None,
    }
}

/// A text that says something.
fn word(raw: Raw<'_>) -> Option<String> {
    serde_json::from_str(raw.get())
        .ok()
        .filter(|word: &String| !word.is_empty())
}

fn is_null(raw: Raw<'_>) -> bool {
    raw.get() == "null"
}

/// A value on one line, its letters readable: Python writes `\u00e9` where others write `é`.
fn shown(raw: Raw<'_>) -> String {
    let mut text = String::new();
    let mut rest = raw.get();
    while let Some(at) = rest.find('"') {
        let (before, behind) = rest.split_at(at);
        text.extend(before.split_whitespace());
        let mut strings = serde_json::Deserializer::from_str(behind).into_iter::<Value>();
        let string = strings.next();
        let (string, next) = behind.split_at(match string {
            Some(Ok(_)) => strings.byte_offset(),
            _ => behind.len(),
        });
        let plain = serde_json::from_str::<Value>(string).map(|string| string.to_string());
        text.push_str(plain.as_deref().unwrap_or(string));
        rest = next;
    }
    text.extend(rest.split_whitespace());
    text
}

/// The JSON file in hand, to tell lines by.
struct Document<'a> {
    text: &'a str,
    line_ends: Vec<usize>,
}

impl Document<'_> {
    fn unread(&self, name: &str, raw: Raw<'_>, why: &'static str) -> Unread {
        // A raw value borrows from the text, so that where it lies in memory tells where it stands.
        let at = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        Unread {
            line: self.line_ends.partition_point(|end| *end < at) + 1,
            text: format!("{name}: {}", shown(raw)),
            why,
        }
    }
}

fn read_json(text: &str) -> Result<Vec<Incoming>, NotALog> {
    let not_json = |error: serde_json::Error| NotALog::NotJson {
        line: error.line(),
        column: error.column(),
        what: in_words(&error),
    };
    // All of it once, so that a fault is told with its place in the file; then part by part.
    serde_json::from_str::<Value>(text).map_err(not_json)?;
    let whole: Raw<'_> = serde_json::from_str(text).map_err(not_json)?;
    let document = Document {
        text,
        line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
    };
    let other = |what: &str| NotALog::OtherJson(what.to_owned());
    let mut beside = Vec::new();
    let entries = if let Some(entries) = list(whole) {
        entries
    } else {
        let items = items(whole).ok_or_else(|| other("it is no list of entries"))?;
        for (_, format) in items.iter().filter(|(name, _)| name == "format") {
            if word(format).as_deref() != Some(exchange::FORMAT) {
                return Err(NotALog::OtherJson(format!(
                    "of the format {}, where {} is read",
                    shown(format),
                    exchange::FORMAT
                )));
            }
        }
        let mut entries = None;
        for (name, value) in items {
            match name.as_str() {
                "format" => {}
                "entries" if entries.is_some() => {
                    return Err(other("it has two lists \u{201c}entries\u{201d}"));
                }
                "entries" => entries = list(value),
                _ => beside.push(document.unread(&name, value, "it stands beside the entries")),
            }
        }
        entries.ok_or_else(|| other("it has no list \u{201c}entries\u{201d}"))?
    };
    let mut read = Vec::new();
    for (index, entry) in entries.into_iter().enumerate() {
        let entry = read_entry(&document, entry)
            .map_err(|what| NotALog::OtherJson(format!("entry {} {what}", index + 1)))?;
        read.push(entry);
    }
    let first = read.first_mut().ok_or_else(|| other("there is no entry in it"))?;
    first.unread.extend(beside);
    Ok(read)
}

/// What is wrong, without its place and without the parser's own words for it.
fn in_words(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "the file ends before the JSON does".to_owned();
    }
    let words = error.to_string();
    let words = words
        .rsplit_once(" at line ")
        .map_or(words.as_str(), |(words, _)| words);
    match words {
        "expected value" => "a text in double quotes, a number, a list or an object is expected here",
        "key must be a string" => "a name in double quotes is expected here",
        "trailing comma" => "a comma has nothing behind it",
        "trailing characters" => "there is more behind the end of the JSON",
        "recursion limit exceeded" => "it is nested too deep",
        other => other,
    }
    .to_owned()
}

fn read_entry(document: &Document<'_>, raw: Raw<'_>) -> Result<Incoming, &'static str> {
    const FIELDS: &str = "fields";
    const NO_FIELDS: &str = "has no object \u{201c}fields\u{201d}";
    let mut incoming = Incoming::default();
    let mut seen = HashSet::new();
    for (name, value) in items(raw).ok_or("is no object")? {
        let is_first = seen.insert(name.clone());
        let why = match name.as_str() {
            FIELDS if !is_first => return Err("has two objects \u{201c}fields\u{201d}"),
            FIELDS => {
                read_fields(document, items(value).ok_or(NO_FIELDS)?, &mut incoming);
                continue;
            }
            _ if is_null(value) && is_first && BESIDE.contains(&name.as_str()) => continue,
            _ if !is_first => "it is there twice",
            "id" => {
                incoming.id = word(value);
                if incoming.id.is_some() {
                    continue;
                }
                "it is no id"
            }
            "kind" => {
                incoming.kind = word(value).as_deref().and_then(Kind::from_word);
                if incoming.kind.is_some() {
                    continue;
                }
                "it is neither rehearsal nor live"
            }
            // What stands in these follows from the rest of the entry, and from where it is.
            "label" | "outcome" if value.get().starts_with('"') => continue,
            "environment" if value.get().starts_with('"') => {
                incoming.environment = word(value);
                continue;
            }
            "withdrawn" => {
                incoming.withdrawn = word(value)
                    .map(|reason| clean(&reason))
                    .filter(|reason| !reason.is_empty());
                if incoming.withdrawn.is_some() {
                    continue;
                }
                "it is no reason"
            }
            _ => "it is no field of the template",
        };
        incoming.unread.push(document.unread(&name, value, why));
    }
    if seen.contains(FIELDS) {
        Ok(incoming)
    } else {
        Err(NO_FIELDS)
    }
}

/// What the desk writes beside an entry's fields.
const BESIDE: [&str; 6] = ["id", "label", "kind", "environment", "outcome", "withdrawn"];

fn read_fields(document: &Document<'_>, fields: Vec<(String, Raw<'_>)>, incoming: &mut Incoming) {
    for (name, raw) in fields {
        let parts = items(raw);
        let found = match &parts {
            // Its first, as of everything that is there twice.
            Some(parts) => parts
                .iter()
                .find(|(part, _)| part == VALUE)
                .and_then(|(_, value)| words(value)),
            None => words(raw),
        };
        let why = match (Field::from_person(&name), found) {
            (None, _) => "it is no field of the template",
            (Some(_), None) => "it is no text",
            (Some(field), Some(_)) if is_filled(incoming.sheet.get(&field)) => "the field is there twice",
            (Some(field), Some(text)) => {
                for (part, value) in left_of(parts.unwrap_or_default(), &text) {
                    let why = "it is not what counts in the field";
                    incoming
                        .unread
                        .push(document.unread(&format!("{name}.{part}"), value, why));
                }
                incoming.sheet.insert(field, text);
                continue;
            }
        };
        incoming.unread.push(document.unread(&name, raw, why));
    }
}

/// Where a field of the desk's has what counts in it.
const VALUE: &str = "value";

/// The parts of a field that say more than its value: not who typed it and when, nor the fact that was corrected.
fn left_of<'a>(parts: Vec<(String, Raw<'a>)>, text: &str) -> Vec<(String, Raw<'a>)> {
    let is_typed = |raw: Raw<'_>| {
        let Some(typed) = items(raw) else { return false };
        let mut seen = HashSet::new();
        typed.iter().all(|(name, value)| match name.as_str() {
            _ if !seen.insert(name) => false,
            "text" => words(value).as_deref() == Some(text),
            "by" | "at" => value.get().starts_with('"'),
            _ => false,
        })
    };
    let was_typed = parts
        .iter()
        .any(|(name, value)| name == "typed" && is_typed(value));
    let mut seen = HashSet::new();
    let says_more = |(name, value): &(String, Raw<'_>)| {
        let is_first = seen.insert(name.clone());
        match name.as_str() {
            _ if !is_first => true,
            VALUE => false,
            "typed" => !is_typed(value) && !is_null(value),
            "fact" => match words(value) {
                Some(fact) => !(was_typed || is_null(value) || fact == text),
                None => true,
            },
            _ => true,
        }
    };
    parts.into_iter().filter(says_more).collect()
}
