//! The artifact against a reference in another language: `tests/reference/phase_metrics.py`.

#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

use std::io::Write;
use std::process::{Command, Stdio};

use desk_core::metrics::{Artifact, Capture, Tally, rows_sha256};
use desk_core::{EnvironmentKind, EnvironmentName, Phase};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A small fixed generator (`SplitMix64`), so that the requests are the same everywhere and always.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Each request a tally of its own. Two of the critical routes are never asked, and one that the desk does not know is.
fn requests(seed: u64, count: usize) -> Vec<Tally> {
    const ROUTES: [&str; 8] = [
        "library.items.list",
        "library.items.list",
        "library.items.get",
        "library.discovery.get",
        "library.loans.checkout",
        "library.staff.dashboard",
        "library.items.resolveIsbn",
        "library.items.lost",
    ];
    let mut dice = Dice(seed);
    (0..count)
        .map(|_| {
            let route = ROUTES[usize::try_from(dice.below(8)).unwrap()];
            let (status, ok) = match dice.below(20) {
                0 => (Some(409), false),
                1 => (Some(404), false),
                2 => (Some(500), false),
                3 => (Some(403), false),
                4 => (None, false),
                // A reply that says no with a good status, and one that says yes with a bad one.
                5 => (Some(200), false),
                6 => (Some(400), true),
                _ => (Some(200), true),
            };
            Tally {
                route: route.to_owned(),
                status,
                ok,
                expected: dice.below(2) == 0,
                duration_ms: Some(5 + dice.below(40) * dice.below(40)),
                count: 1,
            }
        })
        .collect()
}

fn capture(phase: Phase, generated_at_ms: i64, tallies: &[Tally]) -> Artifact {
    Artifact::capture(Capture {
        environment: &EnvironmentName::practice(),
        environment_kind: EnvironmentKind::Practice,
        phase,
        generated_at_ms,
        window_minutes: 180,
        window_from_ms: generated_at_ms - 180 * 60_000,
        tallies,
        sources: Vec::new(),
        gates: Vec::new(),
        overrides: vec![],
        runbook_sha256: "",
    })
}

fn reference(phase: Phase, generated_at_ms: i64, tallies: &[Tally]) -> String {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/reference/phase_metrics.py"
    );
    let lines: String = tallies
        .iter()
        .flat_map(|tally| {
            let line = json!({
                "route": format!("/v1/{}", tally.route),
                "ok": tally.ok,
                "status": tally.status,
                "durationMs": tally.duration_ms,
            });
            [line.to_string(), "\n".to_owned()]
        })
        .collect();
    python(
        &[script, phase.wire(), "180", &generated_at_ms.to_string()],
        &lines,
    )
}

fn python(arguments: &[&str], input: &str) -> String {
    let mut child = Command::new("python3")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs python3");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the reference failed");
    String::from_utf8(output.stdout).unwrap()
}

/// Key for key, letter for letter: names, their order, the order of endpoints, the form of each number.
#[test]
fn the_artifact_of_ten_thousand_requests_is_the_references() {
    let cases = [
        (Phase::AdminFull, 1, 10_000, 1_772_388_000_000),
        (Phase::MemberWrites, 2, 10_000, 1_772_388_000_007),
        // Rates of ten thousand need no rounding; of these they do, up and down.
        (Phase::AdminFull, 9, 7_001, 1_772_388_000_000),
        (Phase::AdminFull, 10, 6_007, 1_772_388_000_000),
        (Phase::AdminFull, 11, 373, 1_772_388_000_000),
        (Phase::ReadOnly, 3, 0, 0),
        (Phase::ReadOnly, 4, 1, 1_000),
        (Phase::ReadOnly, 5, 19, 1_772_388_059_999),
        (Phase::ReadOnly, 6, 20, 951_782_400_120),
    ];
    for (phase, seed, count, generated_at_ms) in cases {
        let tallies = requests(seed, count);
        let artifact = Artifact {
            desk: None,
            ..capture(phase, generated_at_ms, &tallies)
        };
        let ours = artifact.to_json().unwrap();
        let theirs = reference(phase, generated_at_ms, &tallies);
        assert_eq!(ours, theirs.trim_end(), "{count} requests");
    }
}

/// However far the requests were counted together before, the figures and the hash are the same.
#[test]
fn counting_together_changes_nothing() {
    let each = requests(7, 10_000);
    let mut together: Vec<Tally> = Vec::new();
    for request in &each {
        let alike = together.iter_mut().find(|tally| {
            Tally {
                count: 1,
                ..(*tally).clone()
            } == *request
        });
        match alike {
            Some(tally) => tally.count += 1,
            None => together.push(request.clone()),
        }
    }
    assert!(together.len() < each.len());
    assert_eq!(
        capture(Phase::ReadOnly, 0, &each),
        capture(Phase::ReadOnly, 0, &together)
    );
    together.reverse();
    assert_eq!(rows_sha256(&each), rows_sha256(&together));
    together[0].count += 1;
    assert_ne!(rows_sha256(&each), rows_sha256(&together));
}

/// The hash of the rows can be recomputed by the lines of Python that its documentation gives.
#[test]
fn the_hash_of_the_rows_can_be_recomputed() {
    const SCRIPT: &str = r#"
import json, sys
rows = [json.loads(line) for line in sys.stdin]
lines = sorted(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() for row in rows)
sys.stdout.buffer.write(b"".join(line + b"\n" for line in lines))
"#;
    let mut rows: Vec<Tally> = requests(8, 300);
    rows.sort();
    rows.dedup();
    rows[0].route = "library.é\"".to_owned();
    rows[1].duration_ms = None;
    let lines: String = rows
        .iter()
        .flat_map(|row| {
            let row: Value = json!([
                row.route,
                row.status,
                row.ok,
                row.expected,
                row.duration_ms,
                row.count
            ]);
            [row.to_string(), "\n".to_owned()]
        })
        .collect();
    let canonical = python(&["-c", SCRIPT], &lines);
    assert_eq!(rows_sha256(&rows), hex::encode(Sha256::digest(canonical)));
}
