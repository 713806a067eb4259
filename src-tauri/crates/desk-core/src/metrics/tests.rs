use super::*;
use crate::{EnvironmentKind, EnvironmentName, Phase};

fn tally(route: &str, status: Option<u16>, ok: bool, duration_ms: Option<u64>, count: u64) -> Tally {
    Tally {
        route: route.to_owned(),
        status,
        ok,
        expected: ok,
        duration_ms,
        count,
    }
}

fn capture(tallies: &[Tally]) -> Artifact {
    Artifact::capture(Capture {
        environment: &EnvironmentName::practice(),
        environment_kind: EnvironmentKind::Practice,
        phase: Phase::MemberWrites,
        generated_at_ms: 1_772_388_000_000,
        window_minutes: 180,
        window_from_ms: 1_772_387_000_000,
        tallies,
        sources: vec![SourceCount {
            source: "desk".into(),
            requests: 3,
            note: None,
        }],
        gates: Vec::new(),
        overrides: vec![],
        runbook_sha256: "r",
    })
}

fn routes(artifact: &Artifact) -> Vec<(&str, u64)> {
    let endpoints = artifact.endpoints.iter();
    endpoints
        .map(|endpoint| (endpoint.route.as_str(), endpoint.request_count))
        .collect()
}

#[test]
fn without_traffic_it_is_the_panels_shape_with_zeros() {
    let artifact = Artifact {
        desk: None,
        ..capture(&[])
    };
    let json = serde_json::to_string(&artifact).unwrap();
    let (start, endpoints) = json.split_once(r#","endpoints":["#).unwrap();
    assert_eq!(
        start,
        concat!(
            r#"{"rolloutPhase":"phase_2_member_writes","rolloutLabel":"Phase 2","memberWritesEnabled":true,"#,
            r#""generatedAtIso":"2026-03-01T18:00:00.000Z","windowMinutes":180,"#,
            r#""summary":{"requestCount":0,"errorCount":0,"conflictCount":0,"routeErrorCount":0,"errorRate":0,"#,
            r#""conflictRate":0,"p50LatencyMs":null,"p95LatencyMs":null,"maxLatencyMs":null}"#
        )
    );
    assert!(endpoints.starts_with(concat!(
        r#"{"route":"/v1/library.items.list","requestCount":0,"errorCount":0,"conflictCount":0,"#,
        r#""routeErrorCount":0,"p50LatencyMs":null,"p95LatencyMs":null},"#
    )));
}

#[test]
fn endpoints_stand_by_requests_then_as_first_seen_then_the_critical_ones_unseen() {
    let rows = [
        tally("library.staff.dashboard", Some(200), true, Some(1), 2),
        tally("library.items.get", Some(200), true, Some(1), 3),
        tally("library.never", Some(200), true, Some(1), 0),
        tally("library.discovery.get", Some(200), true, Some(1), 2),
        tally("library.items.get", Some(200), true, Some(2), 4),
    ];
    assert_eq!(
        routes(&capture(&rows)),
        [
            ("/v1/library.items.get", 7),
            ("/v1/library.staff.dashboard", 2),
            ("/v1/library.discovery.get", 2),
            ("/v1/library.items.list", 0),
            ("/v1/library.loans.checkout", 0),
            ("/v1/library.loans.checkIn", 0),
            ("/v1/library.reviews.create", 0),
        ]
    );
}

#[test]
fn the_desks_part_says_what_the_figures_leave_open() {
    let refused = Tally {
        expected: true,
        ..tally("library.items.get", Some(403), false, Some(9), 4)
    };
    let artifact = capture(&[
        refused,
        tally("library.items.get", None, false, Some(15_000), 1),
        tally("identity.token", Some(200), true, Some(80), 2),
        tally("hello", Some(200), true, Some(30), 1),
    ]);
    assert_eq!(
        artifact.summary.request_count, 5,
        "signing in is no library request"
    );
    assert_eq!(
        artifact.summary.error_count, 5,
        "an expected refusal and no reply are errors to the panel"
    );
    let json = serde_json::to_value(&artifact).unwrap();
    let desk = json["desk"].as_object().unwrap();
    assert_eq!(desk["expectedRefusals"], 4);
    assert_eq!(desk["otherRequests"], 3);
    assert_eq!(desk["environment"], "practice");
    assert_eq!(desk["environmentKind"], "practice");
    assert_eq!(desk["windowFromIso"], "2026-03-01T17:43:20.000Z");
    assert_eq!(desk["sources"][0]["source"], "desk");
    assert_eq!(desk["rowsSha256"].as_str().unwrap().len(), 64);
    let back: Artifact = serde_json::from_value(json).unwrap();
    assert_eq!(back, artifact);
}

#[test]
fn a_request_without_a_duration_is_counted_and_kept_out_of_the_percentiles() {
    let artifact = capture(&[
        tally("library.items.get", Some(200), true, None, 90),
        tally("library.items.get", Some(200), true, Some(10), 1),
        tally("library.items.get", Some(200), true, Some(30), 1),
    ]);
    let summary = artifact.summary;
    assert_eq!(summary.request_count, 92);
    let latencies = (
        summary.p50_latency_ms,
        summary.p95_latency_ms,
        summary.max_latency_ms,
    );
    assert_eq!(latencies, (Some(10), Some(30), Some(30)));
}

#[test]
fn rates_are_rounded_and_written_as_javascript_does() {
    for (part, requests, written) in [
        (0, 0, "0"),
        (0, 7, "0"),
        (7, 7, "1"),
        (1, 3, "0.3333"),
        (2, 3, "0.6667"),
        (1, 8, "0.125"),
        (1, 10_000, "0.0001"),
        (1, 20_000, "0.0001"), // exactly half of the last decimal goes up
        (1, 20_001, "0"),
        (3, 20_000, "0.0001"), // half by the rules of arithmetic, just under it in doubles
        (19_999, 20_000, "1"),
    ] {
        let json = serde_json::to_string(&Rate::of(part, requests)).unwrap();
        assert_eq!(json, written, "{part} of {requests}");
    }
}

#[test]
fn a_very_late_or_early_time_is_written_all_the_same() {
    for (at_ms, shown) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_120, "2000-02-29T00:00:00.120Z"),
    ] {
        let artifact = Artifact::capture(Capture {
            environment: &EnvironmentName::practice(),
            environment_kind: EnvironmentKind::Practice,
            phase: Phase::ReadOnly,
            generated_at_ms: at_ms,
            window_minutes: 180,
            window_from_ms: i64::MIN,
            tallies: &[],
            sources: Vec::new(),
            gates: Vec::new(),
            overrides: vec![],
            runbook_sha256: "",
        });
        assert_eq!(artifact.generated_at_iso, shown);
    }
}
