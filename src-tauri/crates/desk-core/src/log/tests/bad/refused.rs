//! Files in which there is no entry.

/// A file, and what is said of it as a whole.
pub const REFUSED: &[(&str, &str)] = &[
    // Nothing.
    ("", "the file is empty"),
    (" \n\t\n", "the file is empty"),
    ("\u{feff}\n", "the file is empty"),
    ("\r\n\r\n", "the file is empty"),
    ("\u{a0}\u{2003}", "the file is empty"),
    ("\u{feff}\u{feff}", "the file is empty"),
    // Some other text.
    ("Dear Ana", NO_FIELD),
    ("Dear Ana: how are you", NO_FIELD),
    ("# A title\n\nand a text", NO_FIELD),
    ("```\n```", NO_FIELD),
    ("---\n---", NO_FIELD),
    ("Smoke results:\nArtifacts attached:", NO_FIELD),
    ("# R-014 · live · done", NO_FIELD),
    ("# R-014 · live · done\n\nEntry: 0197-a in studio", NO_FIELD),
    ("[draft]\nnothing yet", NO_FIELD),
    ("\u{0}\u{1}\u{2}", NO_FIELD),
    ("Date 2026-11-25", NO_FIELD),
    ("Date = 2026-11-25\nRelease owner = Ana", NO_FIELD),
    ("Date\t2026-11-25\nRelease owner\tAna", NO_FIELD),
    ("Date\n2026-11-25\nRelease owner\nAna", NO_FIELD),
    // A colon, but of another script.
    ("Date\u{ff1a}2026-11-25\nRelease owner\u{ff1a}Ana", NO_FIELD),
    // The template in another language.
    (
        "Datum: 25.11.2026\nVerantwortlich: Ana\nBeginn: 14:02 Uhr\nEnde: 14:20 Uhr\nDauer: 18 Minuten",
        NO_FIELD,
    ),
    (
        "Jour : 25/11/2026\nResponsable : Ana\nDébut : 14 h 02\nFin : 14 h 20\nMotif : prêts en échec",
        NO_FIELD,
    ),
    ("日付: 2026-11-25\n担当: 花", NO_FIELD),
    // The lists of other programs.
    ("date;owner\n2026-11-25;Ana", NO_FIELD),
    ("Date,Release owner,Reason\n2026-11-25,Ana,loans fail", NO_FIELD),
    (
        "Entry,Kind,Environment,Outcome,Withdrawn,Date,Release owner\r\nR-014,live,studio,done,,2026-11-25,Ana\r\n",
        NO_FIELD,
    ),
    (
        "| Date | Release owner |\n|---|---|\n| 2026-11-25 | Ana |",
        NO_FIELD,
    ),
    ("INSERT INTO log VALUES ('2026-11-25', 'Ana');", NO_FIELD),
    ("[log]\ndate = \"2026-11-25\"", NO_FIELD),
    // Documents.
    ("<html><body>Date</body></html>", NO_FIELD),
    (
        "<!DOCTYPE html>\n<table><tr><td>Date</td><td>2026-11-25</td></tr></table>",
        NO_FIELD,
    ),
    (
        "<?xml version=\"1.0\"?>\n<entry><date>2026-11-25</date></entry>",
        NO_FIELD,
    ),
    ("%PDF-1.7", NO_FIELD),
    ("PK\u{3}\u{4}\u{14}\u{0}word/document.xml", NO_FIELD),
    (
        r"{\rtf1\ansi Date: 2026-11-25\par Release owner: Ana}",
        "line 1, column 2 is not JSON",
    ),
    (
        "BEGIN:VCALENDAR\r\nDTSTART:20261125T140200Z\r\nEND:VCALENDAR",
        NO_FIELD,
    ),
    ("diff --git a/log.txt b/log.txt\n@@ -1 +1 @@", NO_FIELD),
    (
        "From: ana@example.org\r\nSubject: Rehearsal\r\n\r\nIt went well.",
        NO_FIELD,
    ),
    ("RGF0ZTogMjAyNi0xMS0yNQo=", NO_FIELD),
    // JSON that is none.
    (
        "{",
        "line 1, column 1 is not JSON: the file ends before the JSON does",
    ),
    ("{\n\"entries\": [}", "line 2, column 13 is not JSON"),
    (
        "[1, 2",
        "line 1, column 5 is not JSON: the file ends before the JSON does",
    ),
    (
        "{\"entries\": []} x",
        "line 1, column 17 is not JSON: there is more behind the end of the JSON",
    ),
    ("{\"entries\": [\"\\ud800\"]}", "is not JSON"),
    // A download that broke off, within a text and within a number.
    (
        "{\"format\": \"cutover-desk-log/1\",\n \"entries\": [{\"fields\": {\"date\": \"2026-11",
        "line 2, column 41 is not JSON: the file ends before the JSON does",
    ),
    (
        "[{\"fields\": {\"duration-minutes\": 1",
        "line 1, column 34 is not JSON: the file ends before the JSON does",
    ),
    (
        "[{\"fields\": {\"date\": \"2026-11-25\",}}]",
        "line 1, column 35 is not JSON: a comma has nothing behind it",
    ),
    (
        "[{\"fields\": {\"date\": \"x\"}},]",
        "line 1, column 28 is not JSON: a comma has nothing behind it",
    ),
    (
        "[{'fields': {'date': '2026-11-25'}}]",
        "line 1, column 3 is not JSON: a name in double quotes is expected here",
    ),
    (
        "[{fields: {date: \"2026-11-25\"}}]",
        "line 1, column 3 is not JSON: a name in double quotes is expected here",
    ),
    (
        "{\u{201c}entries\u{201d}: []}",
        "line 1, column 2 is not JSON: a name in double quotes is expected here",
    ),
    (
        "[{\"fields\": {\"date\": None}}]",
        "line 1, column 22 is not JSON: a text in double quotes, a number, a list or an object is expected here",
    ),
    (
        "[{\"fields\": {\"duration-minutes\": NaN}}]",
        "line 1, column 34 is not JSON: a text in double quotes, a number, a list or an object is expected here",
    ),
    (
        "[ // ours\n{\"fields\": {}}]",
        "line 1, column 3 is not JSON: a text in double quotes, a number, a list or an object is expected here",
    ),
    (
        "[{\"fields\": {\"date\" \"x\"}}]",
        "line 1, column 21 is not JSON: expected `:`",
    ),
    (
        "[{\"fields\": {\"date\": \"x\" \"reason\": \"y\"}}]",
        "line 1, column 26 is not JSON: expected `,` or `}`",
    ),
    (
        "[{\"fields\": {\"reason\": \"one\ntwo\"}}]",
        "line 2, column 0 is not JSON: control character",
    ),
    (
        "[{\"fields\": {\"reason\": \"C:\\log\"}}]",
        "line 1, column 28 is not JSON: invalid escape",
    ),
    (
        "[{\"fields\": {\"duration-minutes\": 018}}]",
        "line 1, column 35 is not JSON: invalid number",
    ),
    (
        "[{\"fields\": {\"duration-minutes\": 1e999}}]",
        "line 1, column 38 is not JSON: number out of range",
    ),
    // A JSON document a line.
    (
        "{\"fields\": {\"date\": \"a\"}}\n{\"fields\": {\"date\": \"b\"}}",
        "line 2, column 1 is not JSON: there is more behind the end of the JSON",
    ),
    ("\r{\r\"entries\": nul}", "line 3, column 15 is not JSON"),
    // JSON of another form.
    ("{}", "it has no list \u{201c}entries\u{201d}"),
    ("[]", "there is no entry in it"),
    ("{\"entries\": []}", "there is no entry in it"),
    ("{\"entries\": {}}", "it has no list \u{201c}entries\u{201d}"),
    ("{\"entries\": null}", "it has no list \u{201c}entries\u{201d}"),
    (
        "{\"log\": [{\"fields\": {}}]}",
        "it has no list \u{201c}entries\u{201d}",
    ),
    (
        "{\"date\": \"2026-11-25\", \"release-owner\": \"Ana\"}",
        "it has no list",
    ),
    (
        "{\"entries\": [{\"fields\": {}}], \"entries\": [{\"fields\": {}}]}",
        "it has two lists \u{201c}entries\u{201d}",
    ),
    (
        "{\"format\": \"cutover-desk-log/2\", \"entries\": []}",
        "of the format \"cutover-desk-log/2\", where cutover-desk-log/1 is read",
    ),
    (
        "{\"entries\": [], \"format\": \"jira/7\"}",
        "of the format \"jira/7\"",
    ),
    ("{\"format\": 1, \"entries\": []}", "of the format 1"),
    ("{\"format\": null, \"entries\": []}", "of the format null"),
    ("[1]", "entry 1 is no object"),
    ("[null]", "entry 1 is no object"),
    ("[\"2026-11-25\"]", "entry 1 is no object"),
    ("[[]]", "entry 1 is no object"),
    ("[[{\"fields\": {}}]]", "entry 1 is no object"),
    ("[{}]", "entry 1 has no object \u{201c}fields\u{201d}"),
    (
        "[{\"fields\": []}]",
        "entry 1 has no object \u{201c}fields\u{201d}",
    ),
    (
        "[{\"fields\": null}]",
        "entry 1 has no object \u{201c}fields\u{201d}",
    ),
    ("[{\"fields\": {}}, {\"fields\": 3}]", "entry 2 has no object"),
    ("[{\"fields\": {}}, {\"Fields\": {}}]", "entry 2 has no object"),
    (
        "[{\"fields\": {\"date\": \"a\"}, \"fields\": {\"date\": \"b\"}}]",
        "entry 1 has two objects \u{201c}fields\u{201d}",
    ),
    ("[{\"date\": \"2026-11-25\"}]", "entry 1 has no object"),
    // What the web panel copies.
    (
        "{\"rolloutPhase\": \"phase_2_member_writes\", \"summary\": {}, \"endpoints\": []}",
        "it has no list \u{201c}entries\u{201d}",
    ),
];

const NO_FIELD: &str = "no line of the rehearsal log's template is in it";
