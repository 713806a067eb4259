//! How long the snapshot of a window with a million requests takes, and what ten times more history adds to it.
//!
//! Two stores hold the same window; one holds nine more like it from before. They are asked by turns, each first as often as the
//! other, so that whatever else the machine does falls on both. On a busy machine the quickest of all rounds says more than the median.

use desk_core::EnvironmentName;
use desk_store::{Clock, ImportSource, ImportedRequest, Store, StoreError};
use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

const REQUESTS: u64 = 1_000_000;
/// How many windows' worth of requests the longer history holds.
const HISTORY: i64 = 10;
const ROUNDS: usize = 50;

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
    eprintln!(
        "writing {REQUESTS} requests, and {} in a store beside it",
        REQUESTS * HISTORY.unsigned_abs()
    );
    let short = filled(short_dir.path(), &environment, 1).await?;
    let long = filled(long_dir.path(), &environment, HISTORY).await?;

    let (mut short_times, mut long_times) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            short_times.push(snapshot(&short, &environment).await?);
            long_times.push(snapshot(&long, &environment).await?);
        } else {
            long_times.push(snapshot(&long, &environment).await?);
            short_times.push(snapshot(&short, &environment).await?);
        }
    }
    let (short_time, long_time) = (Times::of(short_times), Times::of(long_times));
    println!(
        "snapshot of {REQUESTS} requests in {} minutes: {short_time} (the aim is at most 50 ms)",
        WINDOW_MS / 60_000
    );
    println!("the same with {HISTORY} times the history: {long_time}");
    println!(
        "with the history it takes: median {:.2}, quickest {:.2} times as long (the aim is 1)",
        long_time.median.as_secs_f64() / short_time.median.as_secs_f64(),
        long_time.quickest.as_secs_f64() / short_time.quickest.as_secs_f64()
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

/// A store with the window, and before it as many more like it as make `windows`. Opened anew, so that nothing is left in the
/// write-ahead log.
async fn filled(
    dir: &Path,
    environment: &EnvironmentName,
    windows: i64,
) -> Result<Store, Box<dyn std::error::Error>> {
    let store = Store::open(dir, clock())?;
    for back in (1..=windows).rev() {
        let source = ImportSource {
            name: "generated".to_owned(),
            sha256: back.to_string(),
            read_as: String::new(),
        };
        let requests = generate(END_MS - back * WINDOW_MS);
        store.import_requests(environment, source, requests).await?;
    }
    store.close().await;
    Ok(Store::open(dir, clock())?)
}

/// Stands at the window's end, so that opening finds nothing to prune.
fn clock() -> Clock {
    Arc::new(|| END_MS)
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

/// What the rounds took.
struct Times {
    median: Duration,
    quickest: Duration,
}

impl Times {
    /// Of at least one round.
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            median: times[times.len() / 2],
            quickest: times[0],
        }
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "median {:.1} ms, quickest {:.1} ms of {ROUNDS}",
            milliseconds(self.median),
            milliseconds(self.quickest)
        )
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
