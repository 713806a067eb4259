//! Request logs: JSON lines and CSV.

use super::{
    ColumnError, Columns,
    values::{self, BadValue},
};
use crate::lines::plain_ends;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashSet;
use ts_rs::TS;

/// How a log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// A JSON object a line.
    JsonLines,
    /// A line of column names, then a line a request; separated by comma, semicolon or tab, whichever the first line has most of.
    Csv,
}

/// What was read of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestLog {
    /// The columns that were used.
    pub columns: Columns,
    /// The requests, in the log's order.
    pub requests: Vec<LoggedRequest>,
    /// The lines that cannot be read, in the log's order. Together with `requests` these are all lines but the blank ones
    /// and CSV's line of names.
    pub bad: Vec<BadLine>,
}

/// A request that a log tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedRequest {
    /// The line it stands in (or begins in), from 1.
    pub line: u64,
    /// When it was made, milliseconds since 1970.
    pub at_ms: i64,
    /// The route's name, without `/v1/`: `library.items.list`.
    pub route: String,
    /// The HTTP status; none when no reply came.
    pub status: Option<u16>,
    /// How long it took, whole milliseconds.
    pub duration_ms: u64,
}

impl LoggedRequest {
    /// Whether it succeeded: a status below 400. Nobody knows which refusals of a log were meant, so that this is
    /// also whether it was as expected.
    pub fn ok(&self) -> bool {
        self.status.is_some_and(|status| status < 400)
    }
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct BadLine {
    /// The line, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// The columns that a log has: CSV's first line, the keys of the first JSON object that has any.
///
/// # Errors
/// [`ColumnError`] when there are none.
pub fn columns_of(text: &str, format: LogFormat) -> Result<Vec<String>, ColumnError> {
    columns_in(&plain_ends(text), format)
}

fn columns_in(text: &str, format: LogFormat) -> Result<Vec<String>, ColumnError> {
    match format {
        LogFormat::JsonLines => {
            // A bad line at the start is a bad line, not the end of the log; nor is an object with nothing in it.
            let keys = |object| {
                let mut keys = Vec::new();
                flatten("", &object, &mut keys);
                Some(keys).filter(|keys| !keys.is_empty())
            };
            json_lines(text)
                .find_map(|(_, object)| object.ok().and_then(keys))
                .ok_or(if text.trim().is_empty() {
                    ColumnError::Empty
                } else {
                    ColumnError::NoObject
                })
        }
        LogFormat::Csv => {
            let headers = csv_reader(text, delimiter_of(text))
                .headers()
                .map_err(|error| ColumnError::FirstLine(error.to_string()))?
                .clone();
            if headers.is_empty() {
                return Err(ColumnError::Empty);
            }
            if headers.iter().any(|name| name.contains('\n')) {
                let what = "a quote opens in it that is not closed in it";
                return Err(ColumnError::FirstLine(what.to_owned()));
            }
            // A spreadsheet writes empty names behind the last column.
            let mut seen = HashSet::new();
            let mut names = headers.iter().filter(|name| !name.is_empty());
            if let Some(twice) = names.find(|name| !seen.insert(*name)) {
                return Err(ColumnError::Twice(twice.to_owned()));
            }
            Ok(headers.iter().map(str::to_owned).collect())
        }
    }
}

/// Reads a log by its columns, one of [`columns_of`] for each.
///
/// # Errors
/// [`ColumnError`] when a column is not there. A line that cannot be read is no error: it is in [`RequestLog::bad`].
pub fn read_log(text: &str, format: LogFormat, columns: Columns) -> Result<RequestLog, ColumnError> {
    let text = plain_ends(text);
    let found = columns_in(&text, format)?;
    columns.check(&found)?;
    let mut log = RequestLog {
        columns,
        requests: Vec::new(),
        bad: Vec::new(),
    };
    match format {
        LogFormat::JsonLines => read_json_lines(&text, &mut log),
        LogFormat::Csv => read_csv(&text, &found, &mut log),
    }
    Ok(log)
}

/// Why a line cannot be read.
#[derive(Debug, thiserror::Error)]
enum LineError {
    #[error("it is no JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is no JSON object")]
    NoObject,
    #[error("it has {found} values, the first line {expected}")]
    Values { found: usize, expected: usize },
    #[error("a quote opens in it that is never closed, so that it takes in every line behind it")]
    OpenQuote,
    #[error("it is no CSV: {0}")]
    Csv(#[from] csv::Error),
    #[error(transparent)]
    Value(#[from] BadValue),
}

impl RequestLog {
    fn take(&mut self, line: u64, request: Result<LoggedRequest, LineError>) {
        match request {
            Ok(request) => self.requests.push(request),
            Err(error) => self.bad.push(BadLine {
                line,
                reason: error.to_string(),
            }),
        }
    }
}

/// The request in a line, whose value in a column is `cell`'s; a column without a value is empty.
fn request(line: u64, columns: &Columns, cell: impl Fn(&str) -> String) -> Result<LoggedRequest, LineError> {
    let at_ms = values::time_ms(&cell(&columns.time))?;
    let route = values::route(&cell(&columns.route))?;
    let status = values::status(&cell(&columns.status))?;
    let duration_ms = values::duration_ms(&cell(&columns.duration), columns.duration_unit)?;
    Ok(LoggedRequest {
        line,
        at_ms,
        route,
        status,
        duration_ms,
    })
}

fn read_json_lines(text: &str, log: &mut RequestLog) {
    for (line, object) in json_lines(text) {
        let request =
            object.and_then(|object| request(line, &log.columns, |column| json_cell(&object, column)));
        log.take(line, request);
    }
}

/// The lines that are not blank, with their numbers.
fn json_lines(text: &str) -> impl Iterator<Item = (u64, Result<Value, LineError>)> {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| {
            let object = match serde_json::from_str(line) {
                Ok(object @ Value::Object(_)) => Ok(object),
                Ok(_) => Err(LineError::NoObject),
                Err(error) => Err(error.into()),
            };
            (number, object)
        })
}

/// The names of an object's values, those of inner objects with a path before them.
fn flatten(path: &str, value: &Value, names: &mut Vec<String>) {
    let Value::Object(object) = value else {
        names.push(path.to_owned());
        return;
    };
    for (key, value) in object {
        let inner = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        flatten(&inner, value, names);
    }
}

/// The value by its name, or by its path through inner objects.
fn json_cell(object: &Value, column: &str) -> String {
    let found = object
        .get(column)
        .or_else(|| column.split('.').try_fold(object, |value, key| value.get(key)));
    match found {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(other) => other.to_string(),
    }
}

fn read_csv(text: &str, found: &[String], log: &mut RequestLog) {
    let delimiter = delimiter_of(text);
    let mut reader = csv_reader(text, delimiter);
    let mut record = csv::StringRecord::new();
    let mut lines = LineCount {
        text,
        reached: 0,
        line: 1,
    };
    loop {
        let read = reader.read_record(&mut record);
        if matches!(read, Ok(false)) {
            return;
        }
        let line = record.position().map_or(0, |position| lines.of(position.byte()));
        let behind = &text[lines.reached..];
        let is_last = place(reader.position().byte()) >= text.len();
        let request = read.map_err(LineError::from).and_then(|_| {
            if is_last && opens_a_quote(behind, delimiter) {
                return Err(LineError::OpenQuote);
            }
            if record.len() != found.len() {
                return Err(LineError::Values {
                    found: record.len(),
                    expected: found.len(),
                });
            }
            request(line, &log.columns, |column| {
                let place = found.iter().position(|name| name == column);
                place
                    .and_then(|place| record.get(place))
                    .unwrap_or_default()
                    .to_owned()
            })
        });
        log.take(line, request);
    }
}

/// Finds the line of a record from where the reader says that it begins: at the end of the line before, which may have
/// blank lines behind it.
struct LineCount<'a> {
    text: &'a str,
    reached: usize,
    line: u64,
}

impl LineCount<'_> {
    fn of(&mut self, byte: u64) -> u64 {
        let bytes = self.text.as_bytes();
        let byte = place(byte).min(bytes.len());
        let ends = bytes[byte..].iter().take_while(|byte| **byte == b'\n').count();
        let start = byte + ends;
        let passed = bytes[self.reached..start].split(|byte| *byte == b'\n').count() - 1;
        self.line += passed as u64;
        self.reached = start;
        self.line
    }
}

/// A place in a text. A text has no more bytes than memory.
fn place(byte: u64) -> usize {
    usize::try_from(byte).unwrap_or(usize::MAX)
}

/// Whether a record, the last of its text, opens a quote that is not closed: then whatever is written behind it becomes
/// part of it.
fn opens_a_quote(record: &str, delimiter: u8) -> bool {
    record.contains('"') && {
        let longer = format!("{record}\nx");
        csv_reader(&longer, delimiter).into_records().next().is_none()
    }
}

/// The separator that the line of names has most of.
fn delimiter_of(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.is_empty()).unwrap_or_default();
    // The last of those that are equally frequent is taken: the comma.
    [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|delimiter| first.bytes().filter(|byte| byte == delimiter).count())
        .unwrap_or(b',')
}

fn csv_reader(text: &str, delimiter: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(text.as_bytes())
}
