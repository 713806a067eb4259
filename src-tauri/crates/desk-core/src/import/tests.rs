mod held;

use super::*;
use crate::metrics::Tally;
use crate::{Phase, gate::InForce};
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

/// Reads a log whose columns bear known names.
fn read(text: &str, format: LogFormat) -> Result<RequestLog, ColumnError> {
    let found = columns_of(text, format)?;
    let columns = ColumnMap::default().completed(&found, None).columns(&found)?;
    read_log(text, format, columns)
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

const AT: i64 = 1_772_388_000_000;
const MINUTE: i64 = 60_000;

#[test]
fn the_panels_artifact_is_read_and_its_requests_told_apart() {
    let panel = Panel::read(PANEL).unwrap();
    assert_eq!(panel.phase, Phase::MemberWrites);
    assert_eq!((panel.from_ms, panel.generated_at_ms), (AT - 180 * MINUTE, AT));
    assert_eq!(Panel::read(&format!("\u{feff}\n {PANEL}\n")).unwrap(), panel);
    let counted: Vec<_> = panel
        .tallies
        .iter()
        .map(|tally| {
            let Tally {
                route,
                status,
                ok,
                expected,
                duration_ms,
                count,
            } = tally;
            assert_eq!((ok, *duration_ms), (expected, None));
            (route.as_str(), *status, *ok, *count)
        })
        .collect();
    assert_eq!(
        counted,
        [
            ("library.items.get", Some(200), true, 3),
            ("library.items.get", Some(409), false, 1),
            ("library.items.get", Some(404), false, 2),
            ("library.items.get", None, false, 1),
            ("library.items.list", Some(200), true, 3),
        ]
    );
    let total = |of: fn(&Tally) -> bool| -> u64 {
        let tallies = panel.tallies.iter().filter(|tally| of(tally));
        tallies.map(|tally| tally.count).sum()
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
    let text = format!("{}{desk}", PANEL.strip_suffix('}').unwrap());
    assert_eq!(Panel::read(&text), Err(ArtifactError::OfADesk));
}

#[test]
fn a_panel_counts_only_in_its_own_phase_and_wholly_after_that_was_set() {
    let in_force = InForce {
        phase: Phase::MemberWrites,
        since_ms: AT - 180 * MINUTE,
    };
    let panel = Panel::read(PANEL).unwrap();
    let later = |minutes: i64| Panel {
        from_ms: panel.from_ms + minutes * MINUTE,
        generated_at_ms: panel.generated_at_ms + minutes * MINUTE,
        ..panel.clone()
    };
    assert_eq!(
        left_out(&[&panel], in_force),
        [None],
        "exactly since the phase was set"
    );
    let since = InForce {
        since_ms: in_force.since_ms + 1,
        ..in_force
    };
    let why = |panels: &[&Panel], in_force| -> Vec<String> {
        let reasons = left_out(panels, in_force).into_iter();
        reasons.map(Option::unwrap_or_default).collect()
    };
    assert_eq!(
        why(&[&panel], since),
        ["its 180 min reach back before the phase was set"]
    );
    let other = InForce {
        phase: Phase::AdminFull,
        ..in_force
    };
    assert_eq!(
        why(&[&panel], other),
        ["it was made in Phase 2, and Phase 3 is in force"]
    );
    let (newest, oldest) = (later(200), panel.clone());
    let overlaps = "a newer one looks back over part of the same time, and may count the same requests";
    assert_eq!(
        why(&[&newest, &later(180), &later(20), &oldest], in_force),
        ["", overlaps, "", overlaps]
    );
    assert_eq!(
        why(&[&later(180), &oldest], in_force),
        ["", ""],
        "one ends where the other begins"
    );
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
        match Panel::read(&text) {
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
        match Panel::read(text) {
            Err(ArtifactError::Shape { line: found, .. }) => assert_eq!(found, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    let unknown_phase = PANEL.replacen("phase_2_member_writes", "phase_4", 1);
    assert!(matches!(
        Panel::read(&unknown_phase),
        Err(ArtifactError::Shape { line: 1, .. })
    ));
}

#[test]
fn figures_too_large_to_add_up_are_refused() {
    let text = PANEL
        .replace("\"requestCount\":7", "\"requestCount\":18446744073709551615")
        .replace("\"requestCount\":10", "\"requestCount\":18446744073709551615");
    let refused = Panel::read(&text).unwrap_err().to_string();
    assert!(
        refused.ends_with("requestCount over all endpoints is more than can be counted"),
        "{refused}"
    );
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
    let log = read(text, LogFormat::Csv).unwrap();
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
        let log = read(&text, LogFormat::Csv).unwrap();
        assert_eq!(lines(&log), [(2, AT, "library.items.list", Some(200), 45)]);
        assert_eq!(
            bad(&log),
            [(4, "\"x\" is no time between 2000 and 2100 with its zone")]
        );
    }
}

#[test]
fn lines_ended_as_on_an_old_mac_are_numbered() {
    let csv = "ts\tpath\tstatus\tlatency\r1772388000\t/v1/library.items.list\t200\t45ms\r\rx\ty\tz\tw\r";
    let log = read(csv, LogFormat::Csv).unwrap();
    assert_eq!(lines(&log), [(2, AT, "library.items.list", Some(200), 45)]);
    assert_eq!(log.bad[0].line, 4);
    let json = "x\r{\"ts\":1772388000,\"path\":\"a\",\"status\":200,\"latency\":45}\r\ry\r";
    let log = read(json, LogFormat::JsonLines).unwrap();
    assert_eq!(lines(&log), [(2, AT, "a", Some(200), 45)]);
    assert_eq!(log.bad.iter().map(|bad| bad.line).collect::<Vec<_>>(), [1, 4]);
}

#[test]
fn a_quote_that_is_never_closed_takes_no_lines_away_unsaid() {
    let says = "a quote opens in it that is never closed, so that it takes in every line behind it";
    let names = "time,route,status,duration,extra\n";
    let fine = "1772388000,a,200,41,fine\n";
    for (last, closed) in [
        ("1772388000,a,200,41,\"open\n1772388000,a,500,41,x\n", false),
        ("1772388000,a,200,41,\"open\"\"\n", false),
        ("1772388000,a,200,41,\"", false),
        ("1772388000,a,200,41,\"closed\nin the next\"\n\n", true),
        ("1772388000,a,200,41,5\" wide\n", true),
        ("1772388000,a,200,41,\"\"\"\"", true),
    ] {
        let log = read(&format!("{names}{fine}{last}"), LogFormat::Csv).unwrap();
        let expected: &[(u64, &str)] = if closed { &[] } else { &[(3, says)] };
        assert_eq!(bad(&log), expected, "{last}");
        assert_eq!(log.requests.len(), 1 + usize::from(closed), "{last}");
    }
    let in_the_names = format!("time,route,status,duration,\"extra\n{fine}");
    assert_eq!(
        columns_of(&in_the_names, LogFormat::Csv),
        Err(ColumnError::FirstLine(
            "a quote opens in it that is not closed in it".into()
        ))
    );
}

#[test]
fn blank_lines_before_the_names_and_empty_names_behind_them_are_passed_over() {
    let text = "\r\n\r\nts;path;status;latency;;\r\n1772388000;a;200;45;;\r\n";
    let log = read(text, LogFormat::Csv).unwrap();
    assert_eq!(lines(&log), [(4, AT, "a", Some(200), 45)]);
    let text = "{}\n{\"ts\":1772388000,\"path\":\"a\",\"status\":200,\"latency\":45}\n";
    let log = read(text, LogFormat::JsonLines).unwrap();
    assert_eq!(lines(&log), [(2, AT, "a", Some(200), 45)]);
    assert_eq!(bad(&log), [(1, "the time is missing")]);
}

#[test]
fn a_route_is_the_same_when_it_is_written_and_read_again() {
    for (route, expected) in [
        ("/v1//library.items.list", "library.items.list"),
        ("v1//library.items.list", "library.items.list"),
        ("v1/v1/ library.items.list /", "library.items.list"),
    ] {
        let text = format!("time,route,status,duration\n1772388000,{route},200,45\n");
        let log = read(&text, LogFormat::Csv).unwrap();
        assert_eq!(log.requests[0].route, expected, "{route}");
    }
    for (route, says) in [
        ("/v1/ / ", "the route is missing"),
        ("\"a\nb\"", "\"a\\nb\" is no route"),
    ] {
        let text = format!("time,route,status,duration\n1772388000,{route},200,45\n");
        let log = read(&text, LogFormat::Csv).unwrap();
        assert_eq!(bad(&log), [(2, says)], "{route}");
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
    let log = read(text, LogFormat::JsonLines).unwrap();
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
        read(text, LogFormat::Csv),
        Err(ColumnError::NotRecognised { wanted: "time", .. })
    ));
    let columns = Columns {
        time: "when".into(),
        route: "what".into(),
        status: "answer".into(),
        duration: "seconds spent".into(),
        duration_unit: DurationUnit::Seconds,
    };
    let log = read_log(text, LogFormat::Csv, columns.clone()).unwrap();
    assert_eq!(lines(&log), [(2, AT, "library.items.list", Some(200), 250)]);
    assert_eq!(log.columns, columns);
    let wrong = Columns {
        status: "answers".into(),
        ..columns
    };
    assert_eq!(
        read_log(text, LogFormat::Csv, wrong).unwrap_err().to_string(),
        "there is no column answers; there are when, what, answer, seconds spent"
    );
}

#[test]
fn a_named_column_comes_first_then_that_of_the_last_import_then_a_known_name() {
    let found = owned(&["time", "at", "route", "status", "duration", "took"]);
    let earlier = Columns {
        time: "at".into(),
        route: "gone".into(),
        status: "status".into(),
        duration: "took".into(),
        duration_unit: DurationUnit::Seconds,
    };
    let map = ColumnMap::default().completed(&found, Some(&earlier));
    let columns = map.clone().columns(&found).unwrap();
    assert_eq!(
        columns,
        Columns {
            route: "route".into(),
            ..earlier.clone()
        }
    );
    let named = ColumnMap {
        time: Some("time".into()),
        duration: Some("duration".into()),
        ..ColumnMap::default()
    };
    let columns = named.completed(&found, Some(&earlier)).columns(&found).unwrap();
    assert_eq!(
        (columns.time.as_str(), columns.duration.as_str()),
        ("time", "duration")
    );
    assert_eq!(
        columns.duration_unit,
        DurationUnit::Milliseconds,
        "the unit was of the other column"
    );
    for (name, unit) in [
        ("seconds spent in seconds", DurationUnit::Seconds),
        ("took_sec", DurationUnit::Seconds),
        ("Duration (milliseconds)", DurationUnit::Milliseconds),
        ("milliseconds", DurationUnit::Milliseconds),
        ("took", DurationUnit::Milliseconds),
    ] {
        let named = ColumnMap {
            duration: Some(name.into()),
            ..ColumnMap::default()
        };
        assert_eq!(named.completed(&[], None).duration_unit, Some(unit), "{name}");
    }
}

#[test]
fn columns_are_recognised_by_their_names_the_best_first() {
    let guess = |names: &[&str]| {
        let names = owned(names);
        ColumnMap::default().completed(&names, None).columns(&names)
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
        assert_eq!(read("", format), Err(ColumnError::Empty));
    }
    assert_eq!(
        columns_of("\n[]\n{}\nx\n", LogFormat::JsonLines),
        Err(ColumnError::NoObject)
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
        let log = read(&csv, LogFormat::Csv).unwrap();
        prop_assert_eq!(numbers(&log), (2..2 + cells.len() as u64).collect::<Vec<_>>());

        let json: String = cells.iter().fold(
            "{\"time\":1772388000,\"route\":\"a\",\"status\":200,\"duration\":1}\n".to_owned(),
            |text, cell| text + cell + "|\n",
        );
        let log = read(&json, LogFormat::JsonLines).unwrap();
        prop_assert_eq!(numbers(&log), (1..2 + cells.len() as u64).collect::<Vec<_>>());
    }

    /// Whatever stands in a text is read or told.
    #[test]
    fn any_text_is_read_or_refused(text in prop_oneof!["\\PC{0,200}", "(time,route,status,duration\n)?([0-9a-z,;\t\"/{}: ]{0,20}[\r\n]{0,2}){0,8}"]) {
        let _ = Kind::of(&text);
        held::of_every_panel(&text);
        for format in [LogFormat::Csv, LogFormat::JsonLines] {
            held::of_every_log(&text, format);
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
