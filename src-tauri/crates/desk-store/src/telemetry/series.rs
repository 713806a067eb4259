//! Requests over time, for the chart.

use super::{
    histogram::Histogram,
    tally::{self, MINUTE_MS},
};
use crate::{
    error::StoreError,
    store::{Store, Writer},
};
use desk_core::EnvironmentName;
use rusqlite::Connection;
use std::{iter, ops::Range};

/// The requests of one stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesRow {
    /// Where it begins, milliseconds since 1970.
    pub from_ms: i64,
    /// How many requests there were.
    pub requests: u64,
    /// How many of them failed, or had a status of 400 and more, without that being expected.
    pub errors: u64,
    /// The 95th percentile of their durations by nearest rank, milliseconds; `None` without requests.
    pub p95_ms: Option<u64>,
}

impl Store {
    /// The requests to an environment from a time on and before another, in at most `points` stretches of time, oldest first;
    /// those without requests too.
    ///
    /// A stretch is so many whole minutes long, from the minute that the window begins in; the first and the last end where the
    /// window does.
    ///
    /// # Errors
    /// When the database cannot be read, or what is queued cannot be written.
    pub async fn request_series(
        &self,
        environment: &EnvironmentName,
        from_ms: i64,
        to_ms: i64,
        points: u32,
    ) -> Result<Vec<SeriesRow>, StoreError> {
        let environment = environment.clone();
        self.write(Writer::flush_requests).await?;
        self.read(move |connection| {
            let transaction = connection.unchecked_transaction()?;
            stretches(from_ms..to_ms, points)
                .map(|stretch| point(&transaction, &environment, stretch))
                .collect()
        })
        .await
    }
}

/// Cuts a window. On whole minutes, since cutting through one means reading its requests.
fn stretches(window: Range<i64>, points: u32) -> impl Iterator<Item = Range<i64>> {
    let first = tally::floor(window.start, MINUTE_MS);
    let points = i64::from(points.max(1));
    let width = tally::ceil(window.end.saturating_sub(first), points * MINUTE_MS) / points;
    iter::successors(Some(first), move |start| start.checked_add(width))
        .take_while(move |start| *start < window.end)
        .map(move |start| start.max(window.start)..start.saturating_add(width).min(window.end))
        .filter(|stretch| !stretch.is_empty())
}

fn point(
    connection: &Connection,
    environment: &EnvironmentName,
    stretch: Range<i64>,
) -> Result<SeriesRow, StoreError> {
    let from_ms = stretch.start;
    let (mut requests, mut errors) = (0, 0);
    let mut all = Histogram::default();
    for (kind, durations) in tally::gather(connection, environment, stretch)? {
        let count = durations.total();
        requests += count;
        let is_error = !kind.ok || kind.status.is_some_and(|status| status >= 400);
        if is_error && !kind.expected {
            errors += count;
        }
        all.append(durations);
    }
    Ok(SeriesRow {
        from_ms,
        requests,
        errors,
        p95_ms: all.p95_ms(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(window: Range<i64>, points: u32) -> Vec<Range<i64>> {
        stretches(window, points).collect()
    }

    #[test]
    fn a_window_is_cut_on_minutes() {
        const M: i64 = MINUTE_MS;
        assert_eq!(cut(0..3 * M, 3), [0..M, M..2 * M, 2 * M..3 * M]);
        assert_eq!(cut(0..3 * M, 2), [0..2 * M, 2 * M..3 * M]);
        assert_eq!(cut(5..M + 5, 60), [5..M, M..M + 5]);
        assert_eq!(cut(5..M + 5, 1), [Range { start: 5, end: M + 5 }]);
        assert_eq!(cut(5..M + 5, 0), cut(5..M + 5, 1));
        assert_eq!(cut(5..5, 4), []);
        assert_eq!(cut(Range { start: M, end: 0 }, 4), []);
    }

    proptest! {
        #[test]
        fn the_stretches_are_the_window(from in 0_i64..10_000_000, length in 1_i64..20_000_000, points in 1_u32..100) {
            let window = from..from + length;
            let stretches = cut(window.clone(), points);
            prop_assert!(stretches.len() <= points as usize);
            prop_assert_eq!(stretches[0].start, window.start);
            prop_assert_eq!(stretches[stretches.len() - 1].end, window.end);
            for pair in stretches.windows(2) {
                prop_assert_eq!(pair[0].end, pair[1].start);
                prop_assert_eq!(pair[0].end % MINUTE_MS, 0);
            }
        }
    }
}
