//! How often each duration occurred, and how that stands in a column.

use rusqlite::types::{FromSqlError, FromSqlResult};

/// Durations in whole milliseconds, each with how often it occurred.
#[derive(Debug, Default)]
pub(super) struct Histogram {
    /// In any order, and one duration perhaps several times: adding is what there is most of.
    pairs: Vec<(u64, u64)>,
}

impl Histogram {
    pub(super) fn add(&mut self, duration_ms: u64, count: u64) {
        self.pairs.push((duration_ms, count));
    }

    /// Adds what a column holds: for each duration, 8 bytes of milliseconds and 8 of count, big-endian. A migration writes this too.
    pub(super) fn add_column(&mut self, bytes: &[u8]) -> FromSqlResult<()> {
        let (chunks, []) = bytes.as_chunks::<8>() else {
            return Err(FromSqlError::InvalidType);
        };
        let (pairs, []) = chunks.as_chunks::<2>() else {
            return Err(FromSqlError::InvalidType);
        };
        self.pairs.extend(
            pairs
                .iter()
                .map(|&[duration_ms, count]| (u64::from_be_bytes(duration_ms), u64::from_be_bytes(count))),
        );
        Ok(())
    }

    /// How many durations were added.
    pub(super) fn total(&self) -> u64 {
        self.pairs.iter().map(|&(_, count)| count).sum()
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.pairs.append(&mut other.pairs);
    }

    /// Each duration once, the shortest first.
    pub(super) fn into_counts(mut self) -> Vec<(u64, u64)> {
        // Stable, because it is the quick one for what is made of sorted runs.
        self.pairs.sort_by_key(|&(duration_ms, _)| duration_ms);
        self.pairs.dedup_by(|next, kept| {
            let is_same = next.0 == kept.0;
            if is_same {
                kept.1 += next.1;
            }
            is_same
        });
        self.pairs
    }

    pub(super) fn into_column(self) -> Vec<u8> {
        self.into_counts()
            .into_iter()
            .flat_map(|(duration_ms, count)| [duration_ms.to_be_bytes(), count.to_be_bytes()])
            .flatten()
            .collect()
    }

    /// The 95th percentile by nearest rank, milliseconds; `None` when nothing was added.
    pub(super) fn p95_ms(self) -> Option<u64> {
        let rank = (self.total() * 95).div_ceil(100);
        let mut seen = 0;
        self.into_counts().into_iter().find_map(|(duration_ms, count)| {
            seen += count;
            (seen >= rank).then_some(duration_ms)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(durations: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for &duration_ms in durations {
            histogram.add(duration_ms, 1);
        }
        histogram
    }

    #[test]
    fn a_histogram_survives_its_column() {
        let column = of(&[300, 5, 0, 5]).into_column();
        assert_eq!(column.len(), 3 * 16);
        let mut histogram = of(&[5, u64::MAX]);
        histogram.add_column(&column).unwrap();
        assert_eq!(histogram.into_counts(), [(0, 1), (5, 3), (300, 1), (u64::MAX, 1)]);
        assert!(Histogram::default().add_column(&column[1..]).is_err());
        assert!(Histogram::default().add_column(&column[8..]).is_err());
    }

    #[test]
    fn the_percentile_is_the_nearest_rank() {
        assert_eq!(of(&[]).p95_ms(), None);
        assert_eq!(of(&[7]).p95_ms(), Some(7));
        assert_eq!(of(&(1..=20).rev().collect::<Vec<_>>()).p95_ms(), Some(19));
        assert_eq!(of(&(1..=21).collect::<Vec<_>>()).p95_ms(), Some(20));
        assert_eq!(of(&(1..=100).collect::<Vec<_>>()).p95_ms(), Some(95));
    }
}
