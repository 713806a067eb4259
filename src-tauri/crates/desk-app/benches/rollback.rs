//! How long it takes from sending the phase to the first full agreement of the probes, and how long a whole drill takes,
//! sign-in included: in round trips of the same run, beside all its requests sent one after another.
//!
//! The practice portal answers at once, or 40 or 200 ms later. The latencies take turns, so that whatever else the machine
//! does falls on all. The portal runs in this process and shares the machine with the desk.

use desk_app::{
    Desk, DeskOptions, MemoryKeychain,
    rollback::view::{DrillRequest, RollbackSplit},
};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const LATENCIES_MS: [u64; 3] = [0, 40, 200];
const ROUNDS: usize = 9;
/// The aims, in round trips.
const VERIFIED_AIM: f64 = 2.2;
const WHOLE_AIM: f64 = 6.0;
/// Readings after each drill, of which the median is the round trip.
const READINGS: usize = 9;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut runs = LATENCIES_MS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (latency_ms, runs) in LATENCIES_MS.iter().zip(&mut runs) {
            runs.push(drill(*latency_ms).await?);
        }
    }
    println!(
        "a rollback drill until verified, median of {ROUNDS} rounds (the aims: verified within {VERIFIED_AIM} round trips of the set, all within {WHOLE_AIM})"
    );
    for (latency_ms, runs) in LATENCIES_MS.into_iter().zip(runs) {
        let median = |value: fn(&Run) -> f64| {
            let mut values: Vec<f64> = runs.iter().map(value).collect();
            values.sort_by(f64::total_cmp);
            values[ROUNDS / 2]
        };
        println!(
            "  {latency_ms:>3} ms latency: round trip {:>5.1} ms; set to verified {:>5.1} ms, {:.2} round trips; whole {:>6.1} ms, {:.2} round trips; its {:.0} requests one after another {:>7.1} ms, {:.1} times as long",
            median(|run| run.round_trip),
            median(|run| run.verified),
            median(|run| run.verified / run.round_trip),
            median(|run| run.whole),
            median(|run| run.whole / run.round_trip),
            median(|run| run.requests),
            median(|run| run.one_by_one),
            median(|run| run.one_by_one / run.whole),
        );
    }
    Ok(())
}

/// One drill; times in milliseconds.
struct Run {
    round_trip: f64,
    verified: f64,
    whole: f64,
    requests: f64,
    one_by_one: f64,
}

async fn drill(latency_ms: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let desk = Desk::open(DeskOptions {
        keychain: Arc::new(MemoryKeychain::default()),
        ..DeskOptions::new(dir.path().to_owned())
    })
    .await?;
    desk.set_faults(&[format!("latency={latency_ms}")]).await?;
    let request = DrillRequest {
        environment: desk.environment().to_string(),
        to: None,
        until_verified: true,
        skip_restore: false,
        promote_from_phase1: false,
        max_duration_minutes: 15,
        note_prefix: "DRILL".to_owned(),
        reason: None,
        confirm: None,
    };
    let (started, started_ms) = (Instant::now(), desk.now_ms());
    desk.open_drill(&request).await?;
    let view = desk.carry_on_rollback().await?;
    let (whole, ended_ms) = (milliseconds(started.elapsed()), desk.now_ms());
    let report = desk.drill_report().await?;
    assert_eq!(report.status, "passed", "{}", report.message);
    let taken = |wanted| {
        let split = view.splits.iter().find(|split| split.split == wanted);
        split.and_then(|split| split.taken_ms).unwrap_or_default()
    };
    let verified = Duration::from_millis(taken(RollbackSplit::Verified) - taken(RollbackSplit::Sent));

    let mut round_trips = Vec::new();
    for _ in 0..READINGS {
        let asked = Instant::now();
        desk.refresh_phase().await?;
        round_trips.push(milliseconds(asked.elapsed()));
    }
    round_trips.sort_by(f64::total_cmp);
    desk.close().await;
    let (requests, one_by_one) = requests(dir.path(), started_ms, ended_ms)?;
    Ok(Run {
        round_trip: round_trips[READINGS / 2],
        verified: milliseconds(verified),
        whole,
        requests,
        one_by_one,
    })
}

/// How many requests were sent in a stretch of time, milliseconds since 1970, and how long they took together.
fn requests(dir: &Path, from_ms: i64, to_ms: i64) -> Result<(f64, f64), rusqlite::Error> {
    rusqlite::Connection::open(dir.join("desk.db"))?.query_row(
        "SELECT count(*), total(duration_ms) FROM request WHERE at_ms BETWEEN ?1 AND ?2",
        [from_ms, to_ms],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
