//! Requests counted by what they have in common, kept for every minute and every hour when they are written.
//!
//! A window is put together from its whole hours, the whole minutes before and after them, and the requests themselves in what is
//! left of a minute at either end. So it costs what its own length and variety cost, however many requests it or the
//! time before it holds.

use super::histogram::Histogram;
use crate::{
    error::StoreError,
    store::{Store, Writer},
};
use desk_core::EnvironmentName;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::{collections::BTreeMap, ops::Range};

/// One row for each kind of request in a minute (`span_ms` 60000) or an hour (3600000) that begins at `from_ms`.
/// `import_id` 0: the desk's own; `status` 0: no reply. `durations` is as `Histogram::add_column` reads it.
pub(crate) const V2: &str = "
CREATE TABLE request_tally (
    environment TEXT NOT NULL,
    span_ms     INTEGER NOT NULL,
    from_ms     INTEGER NOT NULL,
    import_id   INTEGER NOT NULL,
    route       TEXT NOT NULL,
    status      INTEGER NOT NULL,
    ok          INTEGER NOT NULL,
    expected    INTEGER NOT NULL,
    durations   BLOB NOT NULL,
    PRIMARY KEY (environment, span_ms, from_ms, import_id, route, status, ok, expected)
) STRICT, WITHOUT ROWID;

INSERT INTO request_tally
SELECT environment, span_ms, from_ms, import_id, route, status, ok, expected,
    unhex(group_concat(printf('%016X%016X', duration_ms, count), ''))
FROM (
    SELECT environment, span_ms, at_ms - at_ms % span_ms AS from_ms, import_id, route,
        coalesce(status, 0) AS status, ok, expected, duration_ms, count(*) AS count
    FROM request, (SELECT 60000 AS span_ms UNION ALL SELECT 3600000)
    GROUP BY environment, span_ms, from_ms, import_id, route, coalesce(status, 0), ok, expected, duration_ms
)
GROUP BY environment, span_ms, from_ms, import_id, route, status, ok, expected;
";

pub(super) const MINUTE_MS: i64 = 60 * 1000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// The lengths that tallies are kept for, the longest first; each is a multiple of the next.
const SPANS: [i64; 2] = [HOUR_MS, MINUTE_MS];

/// Requests that differ in nothing that is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TallyRow {
    /// The import they came with, see [`Store::imports`]; `None` for the desk's own.
    pub import_id: Option<i64>,
    /// The route's name.
    pub route: String,
    /// The HTTP status; `None` when no reply came.
    pub status: Option<u16>,
    /// Whether the reply was a success.
    pub ok: bool,
    /// Whether the reply was the expected one.
    pub expected: bool,
    /// How long each took, milliseconds.
    pub duration_ms: u64,
    /// How many there were.
    pub count: u64,
}

impl Store {
    /// Counts the requests to an environment from a time on and before another; those recorded before the call included.
    ///
    /// The rows come in the order of their fields. Sign-ins are requests too.
    ///
    /// # Errors
    /// When the database cannot be read, or what is queued cannot be written.
    pub async fn tally(
        &self,
        environment: &EnvironmentName,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<TallyRow>, StoreError> {
        let environment = environment.clone();
        self.write(Writer::flush_requests).await?;
        self.read(move |connection| {
            // One transaction, so that no request is seen in one table and not yet in the other.
            let transaction = connection.unchecked_transaction()?;
            Ok(rows(gather(&transaction, &environment, from_ms..to_ms)?))
        })
        .await
    }
}

/// What requests that are counted together have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Kind {
    pub(super) import_id: i64,
    pub(super) route: String,
    pub(super) status: Option<u16>,
    pub(super) ok: bool,
    pub(super) expected: bool,
}

/// How long the requests of each kind took.
pub(super) type Tally = BTreeMap<Kind, Histogram>;

fn rows(tally: Tally) -> Vec<TallyRow> {
    let mut rows = Vec::new();
    for (kind, durations) in tally {
        rows.extend(
            durations
                .into_counts()
                .into_iter()
                .map(|(duration_ms, count)| TallyRow {
                    import_id: (kind.import_id != 0).then_some(kind.import_id),
                    route: kind.route.clone(),
                    status: kind.status,
                    ok: kind.ok,
                    expected: kind.expected,
                    duration_ms,
                    count,
                }),
        );
    }
    rows
}

/// Tallies a window. The caller holds the transaction.
pub(super) fn gather(
    connection: &Connection,
    environment: &EnvironmentName,
    window: Range<i64>,
) -> Result<Tally, StoreError> {
    let mut tally = Tally::new();
    gather_from(connection, environment, window, &SPANS, &mut tally)?;
    Ok(tally)
}

/// Takes what is kept for the first of `spans` and the rest from the shorter ones, in the end from the requests themselves.
fn gather_from(
    connection: &Connection,
    environment: &EnvironmentName,
    window: Range<i64>,
    spans: &[i64],
    tally: &mut Tally,
) -> Result<(), StoreError> {
    if window.is_empty() {
        return Ok(());
    }
    let Some((&span_ms, shorter)) = spans.split_first() else {
        return add_requests(connection, environment, window, tally);
    };
    let whole = ceil(window.start, span_ms)..floor(window.end, span_ms);
    if whole.is_empty() {
        return gather_from(connection, environment, window, shorter, tally);
    }
    add_kept(connection, environment, span_ms, whole.clone(), tally)?;
    gather_from(connection, environment, window.start..whole.start, shorter, tally)?;
    gather_from(connection, environment, whole.end..window.end, shorter, tally)
}

fn add_kept(
    connection: &Connection,
    environment: &EnvironmentName,
    span_ms: i64,
    window: Range<i64>,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT import_id, route, status, ok, expected, durations FROM request_tally
         WHERE environment = ?1 AND span_ms = ?2 AND from_ms >= ?3 AND from_ms < ?4",
    )?;
    let mut rows = statement.query(params![environment.as_str(), span_ms, window.start, window.end])?;
    while let Some(row) = rows.next()? {
        let durations = row.get_ref(5)?.as_blob().map_err(rusqlite::Error::from)?;
        tally
            .entry(kind(row)?)
            .or_default()
            .add_column(durations)
            .map_err(rusqlite::Error::from)?;
    }
    Ok(())
}

fn add_requests(
    connection: &Connection,
    environment: &EnvironmentName,
    window: Range<i64>,
    tally: &mut Tally,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT import_id, route, coalesce(status, 0), ok, expected, duration_ms FROM request
         WHERE environment = ?1 AND at_ms >= ?2 AND at_ms < ?3",
    )?;
    let mut rows = statement.query(params![environment.as_str(), window.start, window.end])?;
    while let Some(row) = rows.next()? {
        tally.entry(kind(row)?).or_default().add(row.get(5)?, 1);
    }
    Ok(())
}

/// The kind in a row's first five columns. By number: a name is looked up anew for every row.
fn kind(row: &Row<'_>) -> rusqlite::Result<Kind> {
    let status = row.get(2)?;
    Ok(Kind {
        import_id: row.get(0)?,
        route: row.get(1)?,
        status: (status != 0).then_some(status),
        ok: row.get(3)?,
        expected: row.get(4)?,
    })
}

/// What is to be added to the tallies that are kept.
#[derive(Default)]
pub(super) struct Additions {
    by_place: BTreeMap<Place, Tally>,
}

/// Where a tally is kept.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    environment: String,
    span_ms: i64,
    from_ms: i64,
}

impl Additions {
    /// Counts one request for every span.
    pub(super) fn count(&mut self, environment: &str, at_ms: i64, kind: &Kind, duration_ms: u64) {
        for span_ms in SPANS {
            let place = Place {
                environment: environment.to_owned(),
                span_ms,
                from_ms: floor(at_ms, span_ms),
            };
            let tally = self.by_place.entry(place).or_default();
            tally.entry(kind.clone()).or_default().add(duration_ms, 1);
        }
    }

    /// Adds everything to what is kept. The caller holds the transaction, the one in which the requests are written.
    pub(super) fn write(self, connection: &Connection) -> Result<(), StoreError> {
        let mut select = connection.prepare_cached(
            "SELECT durations FROM request_tally
             WHERE environment = ?1 AND span_ms = ?2 AND from_ms = ?3 AND import_id = ?4 AND route = ?5
                 AND status = ?6 AND ok = ?7 AND expected = ?8",
        )?;
        let mut replace = connection.prepare_cached(
            "INSERT OR REPLACE INTO request_tally
                 (environment, span_ms, from_ms, import_id, route, status, ok, expected, durations)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for (place, tally) in self.by_place {
            for (kind, mut durations) in tally {
                let status = kind.status.unwrap_or(0);
                let kept: Option<Vec<u8>> = select
                    .query_row(
                        params![
                            place.environment,
                            place.span_ms,
                            place.from_ms,
                            kind.import_id,
                            kind.route,
                            status,
                            kind.ok,
                            kind.expected
                        ],
                        |row| row.get(0),
                    )
                    .optional()?;
                if let Some(kept) = kept {
                    durations.add_column(&kept).map_err(rusqlite::Error::from)?;
                }
                replace.execute(params![
                    place.environment,
                    place.span_ms,
                    place.from_ms,
                    kind.import_id,
                    kind.route,
                    status,
                    kind.ok,
                    kind.expected,
                    durations.into_column()
                ])?;
            }
        }
        Ok(())
    }
}

/// Follows the removal of an environment's requests before a time. The caller holds the transaction.
pub(super) fn prune(
    connection: &Connection,
    environment: &EnvironmentName,
    older_than_ms: i64,
) -> Result<(), StoreError> {
    let mut additions = Additions::default();
    for span_ms in SPANS {
        connection.execute(
            "DELETE FROM request_tally WHERE environment = ?1 AND span_ms = ?2 AND from_ms < ?3",
            params![environment.as_str(), span_ms, older_than_ms],
        )?;
        // The span that the time falls into is counted anew from the requests that are left of it.
        let mut left = Tally::new();
        add_requests(
            connection,
            environment,
            older_than_ms..ceil(older_than_ms, span_ms),
            &mut left,
        )?;
        let place = Place {
            environment: environment.as_str().to_owned(),
            span_ms,
            from_ms: floor(older_than_ms, span_ms),
        };
        additions.by_place.insert(place, left);
    }
    additions.write(connection)
}

/// The newest start of a span that is not after a time.
pub(super) fn floor(at_ms: i64, span_ms: i64) -> i64 {
    at_ms.saturating_sub(at_ms.rem_euclid(span_ms))
}

/// The first start of a span that is not before a time.
pub(super) fn ceil(at_ms: i64, span_ms: i64) -> i64 {
    floor(at_ms.saturating_add(span_ms - 1), span_ms)
}
