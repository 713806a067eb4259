//! How long the snapshot of a window with a million requests takes, and what ten times more history adds to it.
//!
//! Two stores hold the same window; one holds nine times as much again from before it. They are asked by turns, so that
//! whatever else the machine does falls on both.

use desk_core::EnvironmentName;
use desk_store::{ImportSource, ImportedRequest, Store, StoreError, system_clock};
use std::time::{Duration, Instant};

const REQUESTS: u64 = 1_000_000;
/// How many windows' worth of requests the longer history holds.
const HISTORY: i64 = 10;
const ROUNDS: usize = 31;

/// The web panel's window.
const WINDOW_MS: i64 = 180 * 60 * 1000;
/// 2026-03-01 18:00 UTC and a bit, so that the window cuts an hour and a minute at both ends.
const END_MS: i64 = 1_772_388_000_000 + 17 * 60 * 1000 + 23_456;

const ROUTES: [&str; 12] = [
    "library.items.list",
    "library.items.get",
    "library.discovery.get",
    "library.rollout.get",
    "library.loans.checkout",
    "library.loans.checkIn",
    "library.loans.listMine",
    "library.ratings.upsert",
    "library.reviews.create",
    "library.readingStatus.upsert",
    "library.recommendations.list",
    "library.tags.submissions.create",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<(), Box<dyn std::error::Error>> {
    let environment = EnvironmentName::practice();
    let (short_dir, long_dir) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let short = Store::open(short_dir.path(), system_clock())?;
    let long = Store::open(long_dir.path(), system_clock())?;
    eprintln!(
        "writing {REQUESTS} requests, and {} beside them",
        REQUESTS * HISTORY.unsigned_abs()
    );
    fill(&short, &environment, 1).await?;
    fill(&long, &environment, HISTORY).await?;

    let (mut short_times, mut long_times) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        short_times.push(snapshot(&short, &environment).await?);
        long_times.push(snapshot(&long, &environment).await?);
    }
    let (short_time, long_time) = (median(short_times), median(long_times));
    println!(
        "snapshot of {REQUESTS} requests in {} minutes: {:.1} ms (median of {ROUNDS}; the aim is at most 50 ms)",
        WINDOW_MS / 60_000,
        milliseconds(short_time)
    );
    println!(
        "the same with {HISTORY} times the history: {:.1} ms, {:.2} times as long (the aim is 1)",
        milliseconds(long_time),
        long_time.as_secs_f64() / short_time.as_secs_f64()
    );

    let started = Instant::now();
    let series = short
        .request_series(&environment, END_MS - WINDOW_MS, END_MS, 60)
        .await?;
    println!(
        "the chart's {} points: {:.1} ms",
        series.len(),
        milliseconds(started.elapsed())
    );
    short.close().await;
    long.close().await;
    Ok(())
}

async fn snapshot(store: &Store, environment: &EnvironmentName) -> Result<Duration, StoreError> {
    let started = Instant::now();
    let rows = store.tally(environment, END_MS - WINDOW_MS, END_MS).await?;
    let taken = started.elapsed();
    assert_eq!(
        rows.iter().map(|row| row.count).sum::<u64>(),
        REQUESTS,
        "the snapshot is of the whole window"
    );
    Ok(taken)
}

/// Writes the window, and before it as many more like it as make `windows`.
async fn fill(store: &Store, environment: &EnvironmentName, windows: i64) -> Result<(), StoreError> {
    for back in (1..=windows).rev() {
        let source = ImportSource {
            name: "generated".to_owned(),
            sha256: back.to_string(),
        };
        let requests = generate(END_MS - back * WINDOW_MS);
        store.import_requests(environment, source, requests).await?;
    }
    Ok(())
}

/// A window's requests, evenly over its time: durations around 50 ms with a long tail, and one in fifty refused.
fn generate(from_ms: i64) -> Vec<ImportedRequest> {
    let mut random = Random(1);
    (0..REQUESTS)
        .map(|number| {
            let after = number * WINDOW_MS.unsigned_abs() / REQUESTS;
            let status = match random.below(100) {
                0 => 404,
                1 => 409,
                _ => 200,
            };
            let tail = if random.below(10) == 0 { 2000 } else { 60 };
            ImportedRequest {
                at_ms: from_ms.saturating_add_unsigned(after),
                route: ROUTES[usize::try_from(random.below(12)).unwrap_or(0)].to_owned(),
                status: Some(status),
                ok: status == 200,
                duration_ms: 20 + random.below(tail),
                request_id: None,
            }
        })
        .collect()
}

/// A xorshift generator: the same numbers in every run, which is all that is asked of it.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
