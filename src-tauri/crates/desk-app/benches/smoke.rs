//! How long the smoke checklist of all three phases takes, beside its critical path: the longest chain of requests of
//! which each had to wait for the one before, as long as they took in that very run.
//!
//! The practice portal answers at once, or 40 ms later, as a portal on the internet does. The latencies take turns, so that
//! whatever else the machine does falls on both. The portal runs in this process and shares the machine with the desk.

use desk_app::{
    Desk, DeskOptions, MemoryKeychain, Phase, Problem,
    smoke::{
        Cancel,
        view::{SmokeReport, SmokeRequest},
    },
    view::SaveRequest,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

const LATENCIES_MS: [u64; 2] = [0, 40];
const ROUNDS: usize = 15;
/// What the aim is for the wall time, in critical paths.
const AIM: f64 = 1.3;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut runs = LATENCIES_MS.map(|_| Vec::new());
    for _ in 0..ROUNDS {
        for (latency_ms, runs) in LATENCIES_MS.iter().zip(&mut runs) {
            runs.push(three_phases(*latency_ms).await?);
        }
    }
    println!(
        "the smoke checklist of three phases, median of {ROUNDS} rounds (the aim is at most {AIM} times the critical path)"
    );
    for (latency_ms, mut runs) in LATENCIES_MS.into_iter().zip(runs) {
        runs.sort_by(|a, b| a.ratio().total_cmp(&b.ratio()));
        let median = &runs[ROUNDS / 2];
        println!(
            "  {latency_ms:>2} ms latency: wall {:>6.1} ms, critical path {:>6.1} ms, {:.2} times ({:.2} to {:.2}); {} requests",
            milliseconds(median.wall),
            milliseconds(median.critical_path),
            median.ratio(),
            runs[0].ratio(),
            runs[ROUNDS - 1].ratio(),
            median.requests
        );
    }
    Ok(())
}

/// What three runs, one a phase, took together.
#[derive(Default)]
struct Run {
    wall: Duration,
    critical_path: Duration,
    requests: usize,
}

impl Run {
    fn ratio(&self) -> f64 {
        self.wall.as_secs_f64() / self.critical_path.as_secs_f64()
    }
}

/// Sets each phase on a desk of its own, and runs its checklist.
async fn three_phases(latency_ms: u64) -> Result<Run, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let desk = Desk::open(DeskOptions {
        keychain: Arc::new(MemoryKeychain::default()),
        ..DeskOptions::new(dir.path().to_owned())
    })
    .await?;
    desk.set_faults(&[format!("latency={latency_ms}")]).await?;
    let mut all = Run::default();
    for phase in Phase::ALL {
        set(&desk, phase).await?;
        let request = SmokeRequest {
            phase: phase.wire().to_owned(),
            ..SmokeRequest::default()
        };
        let progress = watch::Sender::new(None);
        let started = Instant::now();
        let report = desk.run_smoke(&request, &progress, Cancel::never()).await?;
        all.wall += started.elapsed();
        all.critical_path += Duration::from_millis(report.critical_path_ms.unwrap_or_default());
        all.requests += sent(&report);
    }
    desk.close().await;
    Ok(all)
}

async fn set(desk: &Desk, phase: Phase) -> Result<(), Problem> {
    let reading = desk.refresh_phase().await?;
    let request = SaveRequest {
        environment: desk.environment().to_string(),
        to: phase.wire().to_owned(),
        note: "measuring".to_owned(),
        incident_id: None,
        expected: reading.state,
        confirm: None,
        override_reason: Some("measuring on the practice portal".to_owned()),
        basis: Some(desk.advance().await?.basis),
    };
    desk.save_phase(request).await?;
    Ok(())
}

/// How many requests were sent, none of which may have failed: another run would be measured then.
fn sent(report: &SmokeReport) -> usize {
    assert_eq!(report.counts.fail, 0, "{}", report.sentence);
    report.steps().filter(|step| step.at_ms.is_some()).count()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
