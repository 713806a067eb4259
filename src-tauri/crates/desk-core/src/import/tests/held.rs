//! What must hold of every request log and of every artifact of a panel that is read. The property tests ask it of texts that
//! they make up, the fuzz targets of whatever they find; both compile this file, which therefore speaks of the crate by its
//! name.

use desk_core::{
    import::{
        ArtifactError, ColumnMap, Columns, DurationUnit, LogFormat, LoggedRequest, Panel, RequestLog,
        columns_of, read_log,
    },
    metrics::{Artifact, Tally},
};
use std::fmt::Write as _;

/// Reads a request log and holds what came of it against the text.
///
/// # Panics
/// When a line is lost or told twice, a number is wrong, or what was read does not come back when it is written again.
pub fn of_every_log(text: &str, format: LogFormat) {
    let Ok(found) = columns_of(text, format) else {
        return;
    };
    let named = ColumnMap::default().completed(&found, None).columns(&found);
    // Whatever the columns are called, the lines behind them are to be read.
    let columns = named.unwrap_or_else(|_| {
        let column = |place: usize| found[place % found.len()].clone();
        Columns {
            time: column(0),
            route: column(1),
            status: column(2),
            duration: column(3),
            duration_unit: DurationUnit::Milliseconds,
        }
    });
    let log = read_log(text, format, columns.clone()).expect("the columns are there");
    let mut numbers: Vec<u64> = log.requests.iter().map(|request| request.line).collect();
    numbers.extend(log.bad.iter().map(|bad| bad.line));
    numbers.sort_unstable();
    let (mut expected, unclosed) = beginnings(text, format);
    if format == LogFormat::Csv {
        expected.remove(0);
    }
    assert_eq!(numbers, expected, "the lines read and the lines there");
    if unclosed && let Some(last) = expected.last() {
        assert!(
            log.bad.iter().any(|bad| bad.line == *last),
            "a quote that is never closed swallowed what stands behind line {last}"
        );
    }
    assert!(log.bad.iter().all(|bad| !bad.reason.is_empty()));
    log.requests.iter().for_each(is_possible);
    requests_come_back(&log.requests);
    if !text.contains(['\r', '"']) {
        let windows = read_log(&text.replace('\n', "\r\n"), format, columns.clone());
        assert_eq!(windows.as_ref(), Ok(&log), "with the line ends of Windows");
        let old_mac = read_log(&text.replace('\n', "\r"), format, columns);
        assert_eq!(old_mac, Ok(log), "with the line ends of an old Mac");
    }
}

fn is_possible(request: &LoggedRequest) {
    assert!(
        (946_684_800_000..=4_102_444_800_000).contains(&request.at_ms),
        "{request:?}"
    );
    assert!(request.duration_ms <= 86_400_000, "{request:?}");
    assert!(
        request.status.is_none_or(|status| (100..600).contains(&status)),
        "{request:?}"
    );
    assert!(!request.route.is_empty(), "{request:?}");
}

/// Written plainly and read again, the requests are the same.
fn requests_come_back(requests: &[LoggedRequest]) {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut csv = "time,route,status,duration_ms\n".to_owned();
    let mut json = String::new();
    for one in requests {
        let status = one.status.unwrap_or_default();
        let _ = writeln!(
            csv,
            "{},{},{status},{}",
            one.at_ms,
            quoted(&one.route),
            one.duration_ms
        );
        let line = serde_json::json!({
            "time": one.at_ms, "route": one.route, "status": status, "duration_ms": one.duration_ms,
        });
        let _ = writeln!(json, "{line}");
    }
    for (text, format) in [(csv, LogFormat::Csv), (json, LogFormat::JsonLines)] {
        let Ok(found) = columns_of(&text, format) else {
            assert!(requests.is_empty());
            continue;
        };
        let columns = ColumnMap::default()
            .completed(&found, None)
            .columns(&found)
            .expect("the desk's own names");
        let RequestLog {
            requests: again, bad, ..
        } = read_log(&text, format, columns).expect("they are there");
        assert!(bad.is_empty(), "{bad:?}");
        let what = |one: &LoggedRequest| (one.at_ms, one.route.clone(), one.status, one.duration_ms);
        let (again, before): (Vec<_>, Vec<_>) = (
            again.iter().map(what).collect(),
            requests.iter().map(what).collect(),
        );
        assert_eq!(again, before, "{format:?}");
    }
}

/// The lines that a record begins in, from 1, and whether the last opens a quote that is never closed: told by walking
/// through the text once, without the reader that the desk uses.
fn beginnings(text: &str, format: LogFormat) -> (Vec<u64>, bool) {
    let text = text
        .trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    if format == LogFormat::JsonLines {
        let lines = (1..)
            .zip(text.split('\n'))
            .filter(|(_, line)| !line.trim().is_empty());
        return (lines.map(|(number, _)| number).collect(), false);
    }
    let first = text.split('\n').find(|line| !line.is_empty()).unwrap_or_default();
    let count = |delimiter: char| first.matches(delimiter).count();
    let mut delimiter = ',';
    for other in [';', '\t'] {
        if count(other) > count(delimiter) {
            delimiter = other;
        }
    }
    let mut beginnings = Vec::new();
    let (mut line, mut in_record, mut at_field, mut in_quotes) = (1, false, true, false);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if !in_record && character != '\n' {
            beginnings.push(line);
            in_record = true;
        }
        if in_quotes {
            if character == '"' && characters.next_if_eq(&'"').is_none() {
                in_quotes = false;
            }
        } else if character == '"' && at_field {
            (in_quotes, at_field) = (true, false);
        } else if character == '\n' {
            (in_record, at_field) = (false, true);
        } else {
            at_field = character == delimiter;
        }
        line += u64::from(character == '\n');
    }
    (beginnings, in_quotes)
}

/// Reads what a web panel copied and holds what came of it against the text.
///
/// # Panics
/// When the panel's own figures do not come out again, or it does not come back when it is written again.
pub fn of_every_panel(text: &str) {
    let text = text.trim_start_matches('\u{feff}');
    let panel = match Panel::read(text) {
        Ok(panel) => panel,
        Err(ArtifactError::Shape { line, .. }) => {
            assert!(line <= text.split('\n').count(), "line {line} is not there");
            return;
        }
        Err(other) => return assert!(!other.to_string().is_empty()),
    };
    let artifact: Artifact = serde_json::from_str(text).expect("it was read");
    let total = |of: fn(&Tally) -> bool| -> u64 {
        panel
            .tallies
            .iter()
            .filter(|tally| of(tally))
            .map(|tally| tally.count)
            .sum()
    };
    let summary = &artifact.summary;
    assert_eq!(panel.requests(), summary.request_count);
    assert_eq!(total(Tally::is_error), summary.error_count);
    assert_eq!(total(Tally::is_conflict), summary.conflict_count);
    assert_eq!(total(Tally::is_route_error), summary.route_error_count);
    assert!(panel.tallies.iter().all(|tally| tally.count > 0));
    assert!(panel.from_ms <= panel.generated_at_ms);
    let again = serde_json::to_string(&artifact).expect("it is written");
    assert_eq!(Panel::read(&again), Ok(panel), "written and read again");
}
