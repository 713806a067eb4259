//! Files that are no log, or a log with something wrong in it: what is said of each.

mod refused;
mod unread;
mod wrong;

use super::now;
use crate::log::{Field, Incoming, Unread, Wrong, check, format_of, read};
use refused::REFUSED;
use unread::{Expected, Fields, SEVERAL, UNREAD};
use wrong::WRONG;

#[test]
fn there_are_two_hundred_files_made_by_hand() {
    let mut files: Vec<&str> = REFUSED.iter().map(|(file, _)| *file).collect();
    files.extend(UNREAD.iter().map(|(file, ..)| file));
    files.extend(SEVERAL.iter().map(|(file, _)| file));
    files.extend(WRONG.iter().map(|(file, _)| file));
    let count = files.len();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), count, "one is there twice");
    assert!(count >= 200, "{count}");
}

#[test]
fn a_file_without_an_entry_says_why() {
    let mut wrong = Vec::new();
    for (file, expected) in REFUSED {
        match read(file, format_of(file)) {
            Err(error) if error.to_string().contains(expected) => {}
            other => wrong.push(format!("{file:?}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_with_too_many_entries_is_refused() {
    let of = |count| format!("[{}]", vec!["{\"fields\": {}}"; count].join(","));
    assert_eq!(read(&of(10_000), format_of("[]")).unwrap().len(), 10_000);
    let refused = read(&of(10_001), format_of("[]")).unwrap_err();
    assert_eq!(refused.to_string(), "it holds more than 10000 entries; split it");
}

#[test]
fn each_line_that_cannot_be_read_is_numbered_and_kept() {
    let mut wrong = Vec::new();
    for (file, unread, fields) in UNREAD {
        match read(file, format_of(file)).as_deref() {
            Ok([entry]) if holds(entry, fields, unread) => {}
            other => wrong.push(format!("{file:?}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_of_several_entries_keeps_its_own_lines() {
    let mut wrong = Vec::new();
    for (file, expected) in SEVERAL {
        let holds = |(entry, (fields, unread)): (_, &Expected)| holds(entry, fields, unread);
        match read(file, format_of(file)) {
            Ok(entries) if entries.len() == expected.len() && entries.iter().zip(*expected).all(holds) => {}
            other => wrong.push(format!("{file:?}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether an entry is what was expected of its file.
fn holds(entry: &Incoming, fields: Fields, unread: &[usize]) -> bool {
    let lines: Vec<usize> = entry.unread.iter().map(|unread| unread.line).collect();
    let mut found = entry.sheet.clone();
    let notes = found.remove(&Field::Notes).unwrap_or_default();
    let is_noted = |unread: &Unread| {
        notes.contains(&format!(
            "Line {} could not be read: {}",
            unread.line, unread.text
        ))
    };
    lines == unread && entry.unread.iter().all(is_noted) && found == super::sheet(fields)
}

#[test]
fn what_is_wrong_with_a_field_is_said_beside_it() {
    let mut wrong = Vec::new();
    for (file, expected) in WRONG {
        let expected: Vec<Wrong> = expected
            .iter()
            .map(|(field, says)| Wrong {
                field: *field,
                words: says.words(),
            })
            .collect();
        match read(file, format_of(file)).as_deref() {
            Ok([entry]) if entry.unread.is_empty() && check(&entry.sheet, now()) == expected => {}
            other => wrong.push(format!("{file:?}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What can be wrong with any field's line, and the lines that cannot be read then.
fn spoilt(field: Field) -> Vec<(String, Vec<usize>)> {
    let (id, label) = (field.id(), field.label());
    let mut files = vec![
        (format!("Date: x\n{label}"), vec![2]),
        (format!("Date: x\n{label} - Ana"), vec![2]),
        (format!("Date: x\n{label}x: Ana"), vec![2]),
        (format!("Date: x\nThe {label}: Ana"), vec![2]),
        (format!("Date: x\n| {label} | Ana |"), vec![2]),
        (format!("# Ours\n- **{label}**\n- **Date:** x"), vec![1, 2]),
        (format!("[{{\"fields\": {{\n\"{id}\": [\"Ana\"]}}}}]"), vec![2]),
        (
            format!("[{{\"fields\": {{\n\n\"{id}\": {{\"value\": true}}}}}}]"),
            vec![3],
        ),
        (format!("[{{\"fields\": {{\"{id}x\": \"Ana\"}}}}]"), vec![1]),
    ];
    // A second day begins another entry; any other field is in an entry once.
    if field != Field::Date {
        files.push((format!("{label}: Ana\n{label}: Bo"), vec![2]));
    }
    files
}

#[test]
fn each_way_to_spoil_a_line_is_told_with_its_number_for_each_field() {
    for (file, expected) in Field::ALL.into_iter().flat_map(spoilt) {
        let entries = read(&file, format_of(&file)).unwrap();
        let unread = entries.iter().flat_map(|entry| &entry.unread);
        let lines: Vec<usize> = unread.map(|unread| unread.line).collect();
        assert_eq!(lines, expected, "{file:?}: {entries:?}");
        assert!(!entries[0].sheet[&Field::Notes].is_empty(), "{file:?}");
    }
}
