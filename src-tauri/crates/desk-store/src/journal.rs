//! The journal's table: appending to it and reading it.

use crate::{
    error::StoreError,
    projection,
    search::{JOURNAL_WORD, matching_in_journal},
    store::{Store, Writer},
};
use desk_core::{
    EnvironmentName,
    journal::{Entry, GENESIS},
    record::Record,
};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, named_params, params};
use tokio::sync::watch;

/// The table. The triggers keep every program off what is written, this one included: no change, no removal, no gap, and no
/// `INSERT OR REPLACE`, which would remove without firing a delete trigger.
pub(crate) const V1: &str = "
CREATE TABLE journal (
    seq         INTEGER PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    at_ms       INTEGER NOT NULL,
    environment TEXT,
    run_id      TEXT,
    actor       TEXT NOT NULL,
    kind        TEXT NOT NULL,
    body        TEXT NOT NULL,
    prev_hash   TEXT NOT NULL,
    hash        TEXT NOT NULL
) STRICT;

CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'journal entries are never changed'); END;

CREATE TRIGGER journal_is_never_removed BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'journal entries are never removed'); END;

CREATE TRIGGER journal_only_grows BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
    OR EXISTS (SELECT 1 FROM journal WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'journal entries are only ever added after the newest'); END;
";

/// The version whose step makes the search over the entries of an older store.
pub(crate) const INDEXED_SINCE: i64 = 8;

/// The search over all entries. The words stay in the journal's table; here is only where each of them is.
pub(crate) const V8: &str = "
CREATE VIRTUAL TABLE journal_search USING fts5 (
    kind, actor, body, content = 'journal', content_rowid = 'seq', columnsize = 0, prefix = '2 3'
);
";

/// An act to be recorded. The store gives it its number, id, time and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    /// The environment acted in; none for acts on the desk itself.
    pub environment: Option<EnvironmentName>,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// Who: the operator's uid where one is known, else `desk`.
    pub actor: String,
    /// What was done.
    pub record: Record,
}

impl Store {
    /// Records an act, and answers after it is safely on the disk, with its projection.
    ///
    /// # Errors
    /// Whatever the error, nothing was stored.
    pub async fn append(&self, entry: NewEntry) -> Result<Entry, StoreError> {
        let mut stored = self.append_all(vec![entry]).await?;
        // One in, one out.
        stored.pop().ok_or(StoreError::Closed)
    }

    /// Records several acts in order, all or none.
    ///
    /// # Errors
    /// Whatever the error, none was stored.
    pub async fn append_all(&self, entries: Vec<NewEntry>) -> Result<Vec<Entry>, StoreError> {
        self.write(move |writer| append_all(writer, entries)).await
    }

    /// Entries, newest first: at most `limit`, and only those before entry `before_seq` if one is named.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn entries(&self, before_seq: Option<i64>, limit: u32) -> Result<Vec<Entry>, StoreError> {
        self.read(move |connection| entries(connection, before_seq, limit))
            .await
    }

    /// Entries with words that begin with each of `search`'s, newest first: at most `limit`, and only those before entry
    /// `before_seq` if one is named. None for a search without a word.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn search_journal(
        &self,
        search: &str,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let search = search.to_owned();
        self.read(move |connection| {
            connection.execute_batch(JOURNAL_WORD)?;
            // One transaction, so that the words that were looked up are those of the entries.
            let transaction = connection.unchecked_transaction()?;
            let Some(search) = matching_in_journal(&transaction, &search)? else {
                return Ok(Vec::new());
            };
            let mut statement = transaction.prepare_cached(
                "SELECT journal.* FROM journal_search JOIN journal ON journal.seq = journal_search.rowid
                 WHERE journal_search MATCH ?1 AND journal_search.rowid < ?2
                 ORDER BY journal_search.rowid DESC LIMIT ?3",
            )?;
            let rows =
                statement.query_map(params![search, before_seq.unwrap_or(i64::MAX), limit], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Every entry that belongs to a run, oldest first; only those after the one with the number `after`, which is 0 for all.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn journal_of_run(&self, run_id: &str, after: i64) -> Result<Vec<Entry>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT * FROM journal WHERE run_id = ?1 AND seq > ?2 ORDER BY seq")?;
            let rows = statement.query_map(params![run_id, after], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// The stretch of the journal from a run's first entry to its last, in order, with whatever stands between them; and the
    /// newest entry's number and hash at the same moment. Empty for a run that is not there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stretch_of_run(&self, run_id: &str) -> Result<(Vec<Entry>, (i64, String)), StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            // One transaction, so that both are of one moment.
            let transaction = connection.unchecked_transaction()?;
            let entries = transaction
                .prepare_cached(
                    "SELECT * FROM journal
                     WHERE seq BETWEEN (SELECT min(seq) FROM journal WHERE run_id = ?1)
                         AND (SELECT max(seq) FROM journal WHERE run_id = ?1)
                     ORDER BY seq",
                )?
                .query_map([run_id], from_row)?
                .collect::<Result<_, _>>()?;
            Ok((entries, newest(&transaction)?))
        })
        .await
    }

    /// The hash of the entry with this number; `None` when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn hash_of(&self, seq: i64) -> Result<Option<String>, StoreError> {
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT hash FROM journal WHERE seq = ?1")?
                .query_row([seq], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// The newest entry's number; 0 when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_seq(&self) -> Result<i64, StoreError> {
        self.read(|connection| Ok(newest(connection)?.0)).await
    }

    /// The newest entry's hash; [`GENESIS`] when there is none.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn newest_hash(&self) -> Result<String, StoreError> {
        self.read(|connection| Ok(newest(connection)?.1)).await
    }

    /// Follows the newest entry's number, whoever writes. What this store appends shows at once, what another program
    /// appends within about half a second.
    pub fn changes(&self) -> watch::Receiver<i64> {
        self.subscribe()
    }
}

fn append_all(writer: &mut Writer, entries: Vec<NewEntry>) -> Result<Vec<Entry>, StoreError> {
    let at_ms = writer.now_ms();
    // IMMEDIATE: the newest hash is read under the lock that the next entry is written under.
    let transaction = writer
        .connection
        .transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stored = entries
        .into_iter()
        .map(|entry| append_in(&transaction, entry, at_ms))
        .collect::<Result<Vec<_>, _>>()?;
    transaction.commit()?;
    if let Some(newest) = stored.last() {
        writer.announce(newest.seq);
    }
    Ok(stored)
}

/// Writes one entry and its projection. The caller holds the transaction.
pub(crate) fn append_in(connection: &Connection, new: NewEntry, at_ms: i64) -> Result<Entry, StoreError> {
    let (newest_seq, newest_hash) = newest(connection)?;
    let seq = newest_seq + 1;
    let (kind, body) = new
        .record
        .to_parts()
        .map_err(|source| StoreError::Unreadable { seq, source })?;
    let mut entry = Entry {
        seq,
        id: uuid::Uuid::now_v7().to_string(),
        at_ms,
        environment: new.environment.map(String::from),
        run_id: new.run_id,
        actor: new.actor,
        kind,
        body,
        prev_hash: newest_hash,
        hash: String::new(),
    };
    entry.hash = entry.computed_hash();
    insert(connection, &entry)?;
    projection::apply(connection, &entry, new.record)?;
    Ok(entry)
}

fn insert(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO journal (seq, id, at_ms, environment, run_id, actor, kind, body, prev_hash, hash)
             VALUES (:seq, :id, :at_ms, :environment, :run_id, :actor, :kind, :body, :prev_hash, :hash)",
        )?
        .execute(named_params! {
            ":seq": entry.seq,
            ":id": entry.id,
            ":at_ms": entry.at_ms,
            ":environment": entry.environment,
            ":run_id": entry.run_id,
            ":actor": entry.actor,
            ":kind": entry.kind,
            ":body": entry.body,
            ":prev_hash": entry.prev_hash,
            ":hash": entry.hash,
        })?;
    connection
        .prepare_cached("INSERT INTO journal_search (rowid, kind, actor, body) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![entry.seq, entry.kind, entry.actor, entry.body])?;
    Ok(())
}

/// Makes the search over all entries anew.
pub(crate) fn index_all(connection: &Connection) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO journal_search (journal_search) VALUES ('rebuild')",
        [],
    )?;
    Ok(())
}

/// The newest entry's number and hash; 0 and [`GENESIS`] when there is none.
pub(crate) fn newest(connection: &Connection) -> Result<(i64, String), StoreError> {
    let found = connection
        .prepare_cached("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.unwrap_or_else(|| (0, GENESIS.to_owned())))
}

pub(crate) fn entries(
    connection: &Connection,
    before_seq: Option<i64>,
    limit: u32,
) -> Result<Vec<Entry>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM journal WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2")?;
    let rows = statement.query_map(params![before_seq.unwrap_or(i64::MAX), limit], from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Visits every entry, oldest first, without holding more than one in memory. The visitor says whether to go on.
pub(crate) fn visit(
    connection: &Connection,
    mut visitor: impl FnMut(Entry) -> Result<std::ops::ControlFlow<()>, StoreError>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare("SELECT * FROM journal ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if visitor(from_row(row)?)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        seq: row.get("seq")?,
        id: row.get("id")?,
        at_ms: row.get("at_ms")?,
        environment: row.get("environment")?,
        run_id: row.get("run_id")?,
        actor: row.get("actor")?,
        kind: row.get("kind")?,
        body: row.get("body")?,
        prev_hash: row.get("prev_hash")?,
        hash: row.get("hash")?,
    })
}
