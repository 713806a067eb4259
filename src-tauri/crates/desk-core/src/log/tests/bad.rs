//! Files that are no log, or a log with something wrong in it: what is said of each.

use crate::log::{Field, format_of, read};

/// A file, and what is said of it as a whole.
const REFUSED: &[(&str, &str)] = &[
    ("", "the file is empty"),
    (" \n\t\n", "the file is empty"),
    ("\u{feff}\n", "the file is empty"),
    ("Dear Ana", "no line of the rehearsal log's template"),
    ("Dear Ana: how are you", "no line of the rehearsal log's template"),
    (
        "# A title\n\nand a text",
        "no line of the rehearsal log's template",
    ),
    ("```\n```", "no line of the rehearsal log's template"),
    ("---\n---", "no line of the rehearsal log's template"),
    (
        "Smoke results:\nArtifacts attached:",
        "no line of the rehearsal log's template",
    ),
    (
        "date;owner\n2026-11-25;Ana",
        "no line of the rehearsal log's template",
    ),
    ("Date 2026-11-25", "no line of the rehearsal log's template"),
    (
        "<html><body>Date</body></html>",
        "no line of the rehearsal log's template",
    ),
    ("%PDF-1.7", "no line of the rehearsal log's template"),
    ("\u{0}\u{1}\u{2}", "no line of the rehearsal log's template"),
    ("{", "line 1, column 1 is not JSON"),
    ("{\n\"entries\": [}", "line 2, column 13 is not JSON"),
    ("[1, 2", "line 1, column 5 is not JSON"),
    ("{\"entries\": []} x", "line 1, column 17 is not JSON"),
    ("{\"entries\": [\"\\ud800\"]}", "is not JSON"),
    ("{}", "it has no list"),
    ("[]", "the file is empty"),
    ("{\"entries\": []}", "the file is empty"),
    ("{\"entries\": {}}", "it has no list"),
    (
        "{\"format\": \"cutover-desk-log/2\", \"entries\": []}",
        "of the format \"cutover-desk-log/2\"",
    ),
    ("{\"format\": 1, \"entries\": []}", "of the format 1"),
    ("[1]", "entry 1 is no object"),
    ("[null]", "entry 1 is no object"),
    ("[{}]", "entry 1 has no object"),
    ("[{\"fields\": []}]", "entry 1 has no object"),
    ("[{\"fields\": {}}, {\"fields\": 3}]", "entry 2 has no object"),
    ("[[]]", "entry 1 is no object"),
];

#[test]
fn a_file_without_an_entry_says_why() {
    for (file, expected) in REFUSED {
        let said = read(file, format_of(file)).unwrap_err().to_string();
        assert!(said.contains(expected), "{file:?}: {said}");
    }
}

/// A file, and the lines of it that could not be read.
const UNREAD: &[(&str, &[usize])] = &[
    ("Date: 2026-11-25", &[]),
    ("date: 2026-11-25", &[]),
    ("  Date: 2026-11-25", &[]),
    ("- Date: 2026-11-25", &[]),
    ("* Date : 2026-11-25", &[]),
    ("DATE:2026-11-25\r\nRelease Owner:Ana\r\n", &[]),
    ("Phase rolled back: Phase 1", &[]),
    (
        "Smoke results:\n  - member-smoke: ok\n  - staff-smoke: ok\n  - admin-smoke: ok",
        &[],
    ),
    ("Artifacts attached:\n\t- request ids: none", &[]),
    ("```\nDate:\n```\n", &[]),
    ("Date: x\nx", &[2]),
    ("x\nDate: x", &[1]),
    ("Date: x\nDuration: 3", &[2]),
    ("Date: x\nReason: a\n    further\nback", &[4]),
    ("Reason: a\nReason: b", &[2]),
    ("Reason: a\n:b", &[2]),
    ("Reason: a\n::", &[2]),
    ("Reason: a\n- :", &[2]),
    ("Reason: a\n# Title", &[2]),
    ("{\"entries\": [{\"fields\": {\"date\": \"2026-11-25\"}}]}", &[]),
    (
        "[{\"fields\": {\"date\": {\"value\": \"x\"}, \"reason\": null, \"duration-minutes\": 18}}]",
        &[],
    ),
    ("[{\"fields\": {\n\"date\": \"x\",\n\"owner\": \"Ana\"}}]", &[3]),
    ("[{\"fields\": {\n\"date\": [1],\n\"reason\": true}}]", &[2, 3]),
    ("[{\"fields\": {\"date\": {\"value\": {}}}}]", &[1]),
    ("# R-1 · rehearsal · done\n\n- **Date:** 2026-11-25", &[]),
    ("# Ours\n\n- **Date:** 2026-11-25", &[1]),
    ("- **Date:** 2026-11-25\n\nA sentence.", &[3]),
    ("- **Date**: 2026-11-25\n- **Mood:** good", &[2]),
];

#[test]
fn each_line_that_cannot_be_read_is_numbered_and_kept() {
    for (file, expected) in UNREAD {
        let entries = read(file, format_of(file)).unwrap();
        assert_eq!(entries.len(), 1, "{file:?}");
        let lines: Vec<usize> = entries[0].unread.iter().map(|unread| unread.line).collect();
        assert_eq!(&lines, expected, "{file:?}: {:?}", entries[0]);
        let notes = entries[0]
            .sheet
            .get(&Field::Notes)
            .map(String::as_str)
            .unwrap_or_default();
        for unread in &entries[0].unread {
            assert!(
                notes.contains(&format!("Line {} could not be read", unread.line)),
                "{notes}"
            );
            assert!(notes.contains(unread.text.trim()), "{notes}");
        }
    }
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
