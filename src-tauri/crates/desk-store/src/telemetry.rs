//! The requests that the desk made, and imported ones: telemetry, not journalled, kept for 90 days.
//!
//! Each is kept as it is and, in the same transaction, counted in the tallies that a snapshot is made from.
//!
//! A request must never wait for the disk, so that a row goes into a bounded queue, which the writer empties about twice a
//! second, in one transaction. A row that finds the queue full is dropped, and counted.

mod histogram;
pub(crate) mod import;
pub(crate) mod panel;
mod series;
pub(crate) mod tally;

pub use import::{ImportRow, ImportSource, Imported, ImportedRequest};
pub use panel::PanelRow;
pub use series::SeriesRow;
pub use tally::TallyRow;

use crate::{
    column::{Json, Word},
    error::StoreError,
    store::{Store, Writer},
};
use desk_core::{EnvironmentName, Role};
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, named_params, params};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
    mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
};
use tally::{Additions, Kind};

pub(crate) const V1: &str = "
CREATE TABLE request (
    environment TEXT NOT NULL,
    at_ms       INTEGER NOT NULL,
    route       TEXT NOT NULL,
    identity    TEXT,
    purpose     TEXT NOT NULL,
    status      INTEGER,
    code        TEXT,
    duration_ms INTEGER NOT NULL,
    request_id  TEXT NOT NULL,
    expected    INTEGER NOT NULL
) STRICT;

CREATE INDEX request_by_time ON request (environment, at_ms);
";

/// `import_id` 0: the desk's own. `ok` is for those that were kept without it as `RequestRow::is_ok` has it.
pub(crate) const V2: &str = "
ALTER TABLE request ADD COLUMN import_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE request ADD COLUMN ok INTEGER NOT NULL DEFAULT 0;
UPDATE request SET ok = 1 WHERE status < 400 AND coalesce(code, 'ok') = 'ok';

CREATE INDEX request_by_route ON request (environment, route, at_ms);
";

/// How long requests are kept, milliseconds: 90 days.
pub(crate) const KEEP_MS: i64 = 90 * 24 * 60 * 60 * 1000;

/// How many rows may wait to be written: half a second of more requests than the desk ever makes.
const QUEUE: usize = 4096;

/// A request that the desk made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// The environment asked.
    pub environment: EnvironmentName,
    /// When it was sent, milliseconds since 1970.
    pub at_ms: i64,
    /// The route's name.
    pub route: String,
    /// Whose token it carried; none for one without.
    pub identity: Option<Role>,
    /// What it was made for.
    pub purpose: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The reply's code, or the desk's own word for a reply that has none: `ok` for a success.
    pub code: Option<String>,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
    /// The request's id.
    pub request_id: String,
    /// Whether the reply was the expected one.
    pub expected: bool,
}

impl RequestRow {
    /// Whether the reply was a success.
    fn is_ok(&self) -> bool {
        self.status.is_some_and(|status| status < 400) && self.code.as_deref().is_none_or(|code| code == "ok")
    }
}

/// What came of a request, for rules that look at one after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteReply {
    /// The import it came with; `None` for the desk's own.
    pub import_id: Option<i64>,
    /// When it was sent, milliseconds since 1970.
    pub at_ms: i64,
    /// The route's name.
    pub route: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// Whether the reply was a success.
    pub ok: bool,
    /// Whether the reply was the expected one.
    pub expected: bool,
}

impl Store {
    /// Keeps a request. Never waits: the row is written within about half a second.
    pub fn record_request(&self, row: RequestRow) {
        self.request_queue().push(row);
    }

    /// How many requests were not kept since the store was opened, because the queue or the disk was full.
    pub fn dropped_requests(&self) -> u64 {
        self.request_queue().dropped()
    }

    /// The desk's own requests to an environment since a time, newest first, at most `limit`; those recorded before the call
    /// included.
    ///
    /// # Errors
    /// When the database cannot be read, or what is queued cannot be written.
    pub async fn requests(
        &self,
        environment: &EnvironmentName,
        since_ms: i64,
        limit: u32,
    ) -> Result<Vec<RequestRow>, StoreError> {
        let environment = environment.clone();
        self.write(Writer::flush_requests).await?;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM request WHERE environment = ?1 AND at_ms >= ?2 AND import_id = 0
                 ORDER BY at_ms DESC, rowid DESC LIMIT ?3",
            )?;
            let rows = statement.query_map(params![environment.as_str(), since_ms, limit], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// What came of every request to some routes of an environment since a time, imported ones too, oldest first; those recorded
    /// before the call included.
    ///
    /// # Errors
    /// When the database cannot be read, or what is queued cannot be written.
    pub async fn recent_of_routes(
        &self,
        environment: &EnvironmentName,
        routes: Vec<String>,
        from_ms: i64,
    ) -> Result<Vec<RouteReply>, StoreError> {
        let environment = environment.clone();
        self.write(Writer::flush_requests).await?;
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT at_ms, route, status, ok, expected, import_id FROM request
                 WHERE environment = ?1 AND route IN (SELECT value FROM json_each(?2)) AND at_ms >= ?3
                 ORDER BY at_ms, rowid",
            )?;
            let rows = statement.query_map(params![environment.as_str(), Json(routes), from_ms], |row| {
                Ok(RouteReply {
                    at_ms: row.get(0)?,
                    route: row.get(1)?,
                    status: row.get(2)?,
                    ok: row.get(3)?,
                    expected: row.get(4)?,
                    import_id: Some(row.get(5)?).filter(|id| *id != 0),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Removes the requests, imported ones too, that were sent before a time, and says how many.
    ///
    /// # Errors
    /// [`StoreError::NotOwner`] for a guest. Whatever the error, nothing was removed.
    pub async fn prune_requests(&self, older_than_ms: i64) -> Result<usize, StoreError> {
        self.write(move |writer| {
            writer.require_owner()?;
            prune(&writer.connection, older_than_ms)
        })
        .await
    }
}

/// The sending end of the queue.
#[derive(Clone)]
pub(crate) struct RequestQueue {
    rows: SyncSender<RequestRow>,
    dropped: Arc<AtomicU64>,
}

/// The writer's end of the queue.
pub(crate) struct QueuedRequests {
    rows: Receiver<RequestRow>,
    dropped: Arc<AtomicU64>,
    reported: u64,
}

/// A queue for requests.
pub(crate) fn queue() -> (RequestQueue, QueuedRequests) {
    let (sender, receiver) = sync_channel(QUEUE);
    let dropped = Arc::new(AtomicU64::new(0));
    let sending = RequestQueue {
        rows: sender,
        dropped: Arc::clone(&dropped),
    };
    let waiting = QueuedRequests {
        rows: receiver,
        dropped,
        reported: 0,
    };
    (sending, waiting)
}

impl RequestQueue {
    fn push(&self, row: RequestRow) {
        if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = self.rows.try_send(row) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl QueuedRequests {
    /// Writes what is queued, in one transaction. What cannot be written is counted as dropped.
    pub(crate) fn flush(&mut self, connection: &mut Connection) -> Result<(), StoreError> {
        let rows: Vec<_> = self.rows.try_iter().take(QUEUE).collect();
        let result = if rows.is_empty() {
            Ok(())
        } else {
            insert(connection, &rows)
        };
        if result.is_err() {
            // A Vec's length always fits.
            self.dropped.fetch_add(rows.len() as u64, Ordering::Relaxed);
        }
        let dropped = self.dropped.load(Ordering::Relaxed);
        if dropped > self.reported {
            tracing::warn!(dropped, "requests were not kept: the queue or the disk was full");
            self.reported = dropped;
        }
        result
    }
}

fn insert(connection: &mut Connection, rows: &[RequestRow]) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    write_lines(&transaction, rows.iter().map(line))?;
    transaction.commit()?;
    Ok(())
}

/// A request as it stands in the table.
struct Line<'a> {
    environment: &'a str,
    import_id: i64,
    at_ms: i64,
    route: &'a str,
    identity: Option<&'static str>,
    purpose: &'a str,
    status: Option<u16>,
    code: Option<&'a str>,
    duration_ms: u64,
    request_id: &'a str,
    ok: bool,
    expected: bool,
}

fn line(row: &RequestRow) -> Line<'_> {
    Line {
        environment: row.environment.as_str(),
        import_id: 0,
        at_ms: row.at_ms,
        route: &row.route,
        identity: row.identity.map(Role::word),
        purpose: &row.purpose,
        status: row.status,
        code: row.code.as_deref(),
        duration_ms: row.duration_ms,
        request_id: &row.request_id,
        ok: row.is_ok(),
        expected: row.expected,
    }
}

/// Writes requests and counts them. The caller holds the transaction.
fn write_lines<'a>(
    transaction: &Transaction<'_>,
    lines: impl Iterator<Item = Line<'a>>,
) -> Result<(), StoreError> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO request
             (environment, import_id, at_ms, route, identity, purpose, status, code, duration_ms, request_id, ok, expected)
         VALUES (:environment, :import_id, :at_ms, :route, :identity, :purpose, :status, :code, :duration_ms, :request_id,
             :ok, :expected)",
    )?;
    let mut additions = Additions::default();
    for line in lines {
        statement.execute(named_params! {
            ":environment": line.environment,
            ":import_id": line.import_id,
            ":at_ms": line.at_ms,
            ":route": line.route,
            ":identity": line.identity,
            ":purpose": line.purpose,
            ":status": line.status,
            ":code": line.code,
            ":duration_ms": line.duration_ms,
            ":request_id": line.request_id,
            ":ok": line.ok,
            ":expected": line.expected,
        })?;
        let kind = Kind {
            import_id: line.import_id,
            route: line.route.to_owned(),
            status: line.status,
            ok: line.ok,
            expected: line.expected,
        };
        additions.count(line.environment, line.at_ms, &kind, line.duration_ms);
    }
    additions.write(transaction)
}

/// Removes the requests before a time from every table, and says how many there were.
pub(crate) fn prune(connection: &Connection, older_than_ms: i64) -> Result<usize, StoreError> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut removed = 0;
    for environment in environments(&transaction)? {
        let found = transaction.execute(
            "DELETE FROM request WHERE environment = ?1 AND at_ms < ?2",
            params![environment.as_str(), older_than_ms],
        )?;
        if found > 0 {
            tally::prune(&transaction, &environment, older_than_ms)?;
            import::prune(&transaction, &environment, older_than_ms)?;
        }
        removed += found;
    }
    panel::prune(&transaction, older_than_ms)?;
    transaction.commit()?;
    Ok(removed)
}

/// The environments that there are requests to. Jumps from one to the next in the index, where DISTINCT would read all of it.
fn environments(connection: &Connection) -> Result<Vec<EnvironmentName>, StoreError> {
    let mut statement = connection.prepare(
        "WITH RECURSIVE known (name) AS (
             SELECT min(environment) FROM request
             UNION ALL
             SELECT (SELECT min(environment) FROM request WHERE environment > name) FROM known WHERE name IS NOT NULL
         )
         SELECT name FROM known WHERE name IS NOT NULL",
    )?;
    let names = statement.query_map([], |row| Ok(row.get::<_, Word<_>>(0)?.0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<RequestRow> {
    Ok(RequestRow {
        environment: row.get::<_, Word<_>>("environment")?.0,
        at_ms: row.get("at_ms")?,
        route: row.get("route")?,
        identity: row.get::<_, Option<Word<_>>>("identity")?.map(|word| word.0),
        purpose: row.get("purpose")?,
        status: row.get("status")?,
        code: row.get("code")?,
        duration_ms: row.get("duration_ms")?,
        request_id: row.get("request_id")?,
        expected: row.get("expected")?,
    })
}
