use super::*;
use crate::Phase;
use crate::metrics::Tally;
use proptest::prelude::*;

/// What "Copy phase metrics JSON" of the web panel gives.
const PANEL: &str = r#"{"rolloutPhase":"phase_2_member_writes","rolloutLabel":"Phase 2","memberWritesEnabled":true,
"generatedAtIso":"2026-03-01T18:00:00.000Z","windowMinutes":180,
"summary":{"requestCount":10,"errorCount":4,"conflictCount":1,"routeErrorCount":2,"errorRate":0.4,"conflictRate":0.1,
"p50LatencyMs":41,"p95LatencyMs":90,"maxLatencyMs":90},
"endpoints":[
{"route":"/v1/library.items.get","requestCount":7,"errorCount":4,"conflictCount":1,"routeErrorCount":2,"p50LatencyMs":41,"p95LatencyMs":90},
{"route":"/v1/library.items.list","requestCount":3,"errorCount":0,"conflictCount":0,"routeErrorCount":0,"p50LatencyMs":40,"p95LatencyMs":44},
{"route":"/v1/library.reviews.create","requestCount":0,"errorCount":0,"conflictCount":0,"routeErrorCount":0,"p50LatencyMs":null,"p95LatencyMs":null}]}"#;

#[test]
fn the_panels_artifact_is_read_and_its_requests_told_apart() {
    let artifact = read_artifact(PANEL).unwrap();
    assert_eq!(artifact.rollout_phase, Phase::MemberWrites);
    assert_eq!(read_artifact(&format!("\u{feff}\n {PANEL}\n")).unwrap(), artifact);
    let counted: Vec<_> = requests_of(&artifact)
        .unwrap()
        .into_iter()
        .map(|tally| (tally.route, tally.status, tally.ok, tally.expected, tally.count))
        .collect();
    let get = || "library.items.get".to_owned();
    assert_eq!(
        counted,
        [
            (get(), Some(200), true, true, 3),
            (get(), Some(409), false, false, 1),
            (get(), Some(404), false, false, 2),
            (get(), None, false, false, 1),
            ("library.items.list".to_owned(), Some(200), true, true, 3),
        ]
    );
    let total = |of: fn(&Tally) -> bool| -> u64 {
        let tallies = requests_of(&artifact).unwrap();
        tallies
            .iter()
            .filter(|tally| of(tally))
            .map(|tally| tally.count)
            .sum()
    };
    assert_eq!(
        (
            total(Tally::is_error),
            total(Tally::is_conflict),
            total(Tally::is_route_error)
        ),
        (4, 1, 2),
        "the panel's own figures come out again"
    );
}

#[test]
fn a_desks_own_artifact_is_no_source_of_requests() {
    let desk = r#","desk":{"environment":"practice","environmentKind":"practice","windowFromIso":"2026-03-01T15:00:00.000Z",
        "sources":[],"expectedRefusals":0,"otherRequests":0,"gates":[],"rowsSha256":"","runbookSha256":""}}"#;
    let artifact = read_artifact(&format!("{}{desk}", PANEL.strip_suffix('}').unwrap())).unwrap();
    assert!(artifact.desk.is_some());
    assert_eq!(requests_of(&artifact), None);
}

#[test]
fn an_artifact_that_contradicts_itself_is_refused() {
    for (from, to, says) in [
        (
            "\"Phase 2\"",
            "\"Phase 3\"",
            "phase_2_member_writes is called \"Phase 3\"",
        ),
        (
            "\"memberWritesEnabled\":true",
            "\"memberWritesEnabled\":false",
            "memberWritesEnabled is false",
        ),
        (
            "2026-03-01T18:00:00.000Z",
            "yesterday",
            "generatedAtIso is no time",
        ),
        ("\"requestCount\":10", "\"requestCount\":11", "requestCount is 11"),
        (
            "\"errorCount\":4,\"conflictCount\":1,\"routeErrorCount\":2,\"errorRate\"",
            "\"errorCount\":3,\"conflictCount\":1,\"routeErrorCount\":2,\"errorRate\"",
            "errorCount is 3",
        ),
        (
            "\"conflictCount\":1,\"routeErrorCount\":2,\"errorRate\"",
            "\"conflictCount\":2,\"routeErrorCount\":2,\"errorRate\"",
            "conflictCount is 2",
        ),
        (
            "\"routeErrorCount\":2,\"errorRate\"",
            "\"routeErrorCount\":0,\"errorRate\"",
            "routeErrorCount is 0",
        ),
        (
            "\"errorRate\":0.4",
            "\"errorRate\":0.04",
            "errorRate is 0.04, its counts give 0.4",
        ),
        (
            "\"conflictRate\":0.1",
            "\"conflictRate\":0",
            "conflictRate is 0, its counts give 0.1",
        ),
        (
            "\"requestCount\":3,\"errorCount\":0",
            "\"requestCount\":3,\"errorCount\":4",
            "more errors than requests",
        ),
        (
            "\"requestCount\":3,\"errorCount\":0,\"conflictCount\":0",
            "\"requestCount\":3,\"errorCount\":0,\"conflictCount\":1",
            "more conflicts and route errors than errors",
        ),
    ] {
        let text = PANEL.replacen(from, to, 1);
        assert_ne!(text, PANEL, "{from}");
        match read_artifact(&text) {
            Err(ArtifactError::Contradiction(found)) => assert!(found.contains(says), "{to}: {found}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    for (text, line) in [
        ("", 1),
        ("{}", 1),
        ("[1]", 1),
        ("not json", 1),
        (&PANEL[..300], 4),
    ] {
        match read_artifact(text) {
            Err(ArtifactError::Shape { line: found, .. }) => assert_eq!(found, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let unknown_phase = PANEL.replacen("phase_2_member_writes", "phase_4", 1);
    assert!(matches!(
        read_artifact(&unknown_phase),
        Err(ArtifactError::Shape { line: 1, .. })
    ));
}

#[test]
fn a_text_is_told_by_its_looks() {
    let log = Kind::Log;
    for (text, kind) in [
        (PANEL, Kind::Artifact),
        (
            "\u{feff}  {\n \"rolloutPhase\": \"phase_1_read_only\"}",
            Kind::Artifact,
        ),
        ("{\"route\":\"a\"}\n{\"route\":\"b\"}", log(LogFormat::JsonLines)),
        ("{\"route\":\"a\"}", log(LogFormat::JsonLines)),
        ("{broken", log(LogFormat::JsonLines)),
        ("time,route\n", log(LogFormat::Csv)),
        ("", log(LogFormat::Csv)),
    ] {
        assert_eq!(Kind::of(text), kind, "{text}");
    }
}

fn lines(log: &RequestLog) -> Vec<(u64, i64, &str, Option<u16>, u64)> {
    let requests = log.requests.iter();
    requests
        .map(|one| {
            (
                one.line,
                one.at_ms,
                one.route.as_str(),
                one.status,
                one.duration_ms,
            )
        })
        .collect()
}

fn bad(log: &RequestLog) -> Vec<(u64, &str)> {
    log.bad
        .iter()
        .map(|bad| (bad.line, bad.reason.as_str()))
        .collect()
}

const AT: i64 = 1_772_388_000_000;

#[test]
fn csv_is_read_line_by_line_and_bad_lines_are_kept() {
    let text = "\
Time,Route,Status Code,Duration_ms,extra
2026-03-01T18:00:00Z,/v1/library.items.list,200,41,a
2026-03-01T19:00:00.250+01:00,https://api.example/apiV1/v1/library.items.get/?x=/v1/y,404,12.5,\"two
lines\"
1772388000,library.loans.checkout,,15000,
1772388000123,library.loans.checkout,-,\"7\",

yesterday,library.items.list,200,41,a
2026-03-01T18:00:00,library.items.list,200,41,no zone
,library.items.list,200,41,a
1772388000,/,200,41,a
1772388000,library.items.list,20x,41,a
1772388000,library.items.list,99,41,a
1772388000,library.items.list,200,,a
1772388000,library.items.list,200,-1,a
1772388000,library.items.list,200,soon,a
1772388000,library.items.list,200
1772388000,library.items.list,200,1,2,3
17723880,library.items.list,200,41,a
1772388000,library.items.list,500,0.4,last
";
    let log = read_log(text, LogFormat::Csv, None).unwrap();
    assert_eq!(
        lines(&log),
        [
            (2, AT, "library.items.list", Some(200), 41),
            (3, AT + 250, "library.items.get", Some(404), 13),
            (5, AT, "library.loans.checkout", None, 15_000),
            (6, AT + 123, "library.loans.checkout", None, 7),
            (20, AT, "library.items.list", Some(500), 0),
        ]
    );
    assert_eq!(
        bad(&log),
        [
            (8, "\"yesterday\" is no time between 2000 and 2100 with its zone"),
            (
                9,
                "\"2026-03-01T18:00:00\" is no time between 2000 and 2100 with its zone"
            ),
            (10, "the time is missing"),
            (11, "the route is missing"),
            (12, "\"20x\" is no HTTP status"),
            (13, "\"99\" is no HTTP status"),
            (14, "the duration is missing"),
            (15, "\"-1\" is no duration of up to a day"),
            (16, "\"soon\" is no duration of up to a day"),
            (17, "it has 3 values, the first line 5"),
            (18, "it has 6 values, the first line 5"),
            (19, "\"17723880\" is no time between 2000 and 2100 with its zone"),
        ]
    );
    let ok: Vec<_> = log.requests.iter().map(LoggedRequest::ok).collect();
    assert_eq!(ok, [true, false, false, false, false]);
}

#[test]
fn semicolons_tabs_and_windows_line_ends_are_understood() {
    let text = "ts;path;status;latency\r\n1772388000;/v1/library.items.list;200;45ms\r\n\r\nx;y;z;w\r\n";
    for text in [
        text.to_owned(),
        text.replace(';', "\t"),
        format!("\u{feff}{text}"),
    ] {
        let log = read_log(&text, LogFormat::Csv, None).unwrap();
        assert_eq!(lines(&log), [(2, AT, "library.items.list", Some(200), 45)]);
        assert_eq!(
            bad(&log),
            [(4, "\"x\" is no time between 2000 and 2100 with its zone")]
        );
    }
}

#[test]
fn json_lines_are_read_through_inner_objects_and_bad_lines_are_kept() {
    let text = r#"
broken
{"timestamp":"2026-03-01T18:00:00Z","httpRequest":{"requestUrl":"https://a.example/apiV1/v1/library.items.list","status":200,"latency":"0.0405s"}}
[1]
{"timestamp":1772388000.5,"httpRequest":{"requestUrl":"/v1/library.items.get","status":null,"latency":"60s"}}
{"timestamp":"2026-03-01T18:00:00Z","httpRequest":{"requestUrl":"/v1/library.items.list","status":200}}
{"timestamp":"2026-03-01T18:00:00Z"}
{"timestamp":["a"],"httpRequest":{"requestUrl":"/v1/library.items.list","status":200,"latency":"1s"}}
"#;
    let log = read_log(text, LogFormat::JsonLines, None).unwrap();
    assert_eq!(
        lines(&log),
        [
            (3, AT, "library.items.list", Some(200), 41),
            (5, AT + 500, "library.items.get", None, 60_000),
        ]
    );
    assert_eq!(
        bad(&log),
        [
            (2, "it is no JSON: expected value at line 1 column 1"),
            (4, "it is no JSON object"),
            (6, "the duration is missing"),
            (7, "the route is missing"),
            (8, "\"[\"a\"]\" is no time between 2000 and 2100 with its zone"),
        ]
    );
}

#[test]
fn columns_can_be_named_and_their_unit_given() {
    let text = "when,what,answer,seconds spent\n1772388000,library.items.list,200,0.25\n";
    assert!(matches!(
        read_log(text, LogFormat::Csv, None),
        Err(ColumnError::NotRecognised {
            wanted: "duration",
            ..
        })
    ));
    let columns = Columns {
        time: "when".into(),
        route: "what".into(),
        status: "answer".into(),
        duration: "seconds spent".into(),
        duration_unit: DurationUnit::Seconds,
    };
    let log = read_log(text, LogFormat::Csv, Some(&columns)).unwrap();
    assert_eq!(lines(&log), [(2, AT, "library.items.list", Some(200), 250)]);
    assert_eq!(log.columns, columns);
    let wrong = Columns {
        status: "answers".into(),
        ..columns
    };
    assert_eq!(
        read_log(text, LogFormat::Csv, Some(&wrong))
            .unwrap_err()
            .to_string(),
        "there is no column answers; there are when, what, answer, seconds spent"
    );
}

#[test]
fn columns_are_recognised_by_their_names_the_best_first() {
    let guess = |names: &[&str]| {
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        Columns::guess(&names)
    };
    let columns = guess(&["url", "Duration", "duration_ms", "STATUS", "route", "At-Ms", "x"]).unwrap();
    assert_eq!(
        (columns.time, columns.route, columns.status, columns.duration),
        (
            "At-Ms".into(),
            "route".into(),
            "STATUS".into(),
            "duration_ms".into()
        )
    );
    assert_eq!(columns.duration_unit, DurationUnit::Milliseconds);
    let seconds = guess(&["time", "route", "status", "latency_seconds"]).unwrap();
    assert_eq!(seconds.duration_unit, DurationUnit::Seconds);
    for (names, wanted) in [
        (&["route", "status", "duration"][..], "time"),
        (&["time", "status", "duration"], "route"),
        (&["time", "route", "duration"], "status"),
        (&["time", "route", "status"], "duration"),
    ] {
        match guess(names) {
            Err(ColumnError::NotRecognised { wanted: found, .. }) => assert_eq!(found, wanted),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_log_without_columns_is_refused() {
    for format in [LogFormat::Csv, LogFormat::JsonLines] {
        assert_eq!(columns_of("", format), Err(ColumnError::Empty));
        assert_eq!(read_log("", format, None), Err(ColumnError::Empty));
    }
    assert_eq!(
        columns_of("\n[]\nx\n", LogFormat::JsonLines),
        Err(ColumnError::Empty)
    );
    assert_eq!(
        columns_of("time,route,time\n", LogFormat::Csv),
        Err(ColumnError::Twice("time".into()))
    );
    assert_eq!(
        columns_of("{\"a\":{\"b\":1,\"c\":{\"d\":null}}}", LogFormat::JsonLines).unwrap(),
        ["a.b", "a.c.d"]
    );
}

proptest! {
    /// Whatever the lines hold, each is read or returned, in its place.
    #[test]
    fn no_line_is_dropped(cells in proptest::collection::vec("[ -~]{0,12}", 0..40)) {
        let quoted = |cell: &str| format!("\"{}\"", cell.replace('"', "\"\""));
        let csv: String = cells.iter().fold("time,route,status,duration\n".to_owned(), |text, cell| {
            text + &format!("1772388000,library.items.list,{},7\n", quoted(cell))
        });
        let log = read_log(&csv, LogFormat::Csv, None).unwrap();
        prop_assert_eq!(numbers(&log), (2..2 + cells.len() as u64).collect::<Vec<_>>());

        let json: String = cells.iter().fold(
            "{\"time\":1772388000,\"route\":\"a\",\"status\":200,\"duration\":1}\n".to_owned(),
            |text, cell| text + cell + "|\n",
        );
        let log = read_log(&json, LogFormat::JsonLines, None).unwrap();
        prop_assert_eq!(numbers(&log), (1..2 + cells.len() as u64).collect::<Vec<_>>());
    }

    /// No text makes reading panic.
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        let _ = Kind::of(&text);
        let _ = read_artifact(&text);
        for format in [LogFormat::Csv, LogFormat::JsonLines] {
            let _ = read_log(&text, format, None);
        }
    }
}

/// The numbers of all lines, read and bad.
fn numbers(log: &RequestLog) -> Vec<u64> {
    let read = log.requests.iter().map(|request| request.line);
    let mut numbers: Vec<_> = read.chain(log.bad.iter().map(|bad| bad.line)).collect();
    numbers.sort_unstable();
    numbers
}
