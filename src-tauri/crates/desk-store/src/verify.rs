//! Checking the journal from its first entry to its newest, and the projections against it.

use crate::{error::StoreError, journal, migrate, projection, store::Store};
use desk_core::journal::{Broken, ChainCheck};
use rusqlite::{Connection, types::Value};
use std::ops::ControlFlow;

/// What a check of the journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// How many entries hold together, from the first on.
    pub count: i64,
    /// The hash of the last of them.
    pub newest_hash: String,
    /// The first entry that does not; `None` when the whole journal holds together.
    pub broken: Option<Broken>,
    /// The projections whose tables are not what the journal gives. Looked at only when nothing is broken;
    /// [`Store::rebuild`] puts them right.
    pub stale: Vec<&'static str>,
}

impl Verified {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.broken.is_none() && self.stale.is_empty()
    }
}

impl Store {
    /// Checks every entry against its hash and the one before, and every projection against the journal.
    ///
    /// # Errors
    /// When the database cannot be read; [`StoreError::Unreadable`] for an entry that holds together but was
    /// written by a newer desk.
    pub async fn verify(&self) -> Result<Verified, StoreError> {
        self.read_apart(|connection| {
            // One transaction, so that all of it is seen as of one moment.
            let transaction = connection.transaction()?;
            verify(&transaction)
        })
        .await
    }
}

fn verify(connection: &Connection) -> Result<Verified, StoreError> {
    let mut expected = Connection::open_in_memory()?;
    migrate::run(&mut expected, migrate::ALL)?;
    let mut check = ChainCheck::new();
    let mut broken = None;
    journal::visit(connection, |entry| match check.take(&entry) {
        Ok(()) => {
            projection::apply_stored(&expected, &entry)?;
            Ok(ControlFlow::Continue(()))
        }
        Err(found) => {
            broken = Some(found);
            Ok(ControlFlow::Break(()))
        }
    })?;
    let mut stale = Vec::new();
    if broken.is_none() {
        for table in projection::TABLES {
            if rows(connection, table)? != rows(&expected, table)? {
                stale.push(table);
            }
        }
    }
    Ok(Verified {
        count: check.count(),
        newest_hash: check.newest_hash().to_owned(),
        broken,
        stale,
    })
}

/// Every row of a projection, in the order of its key.
pub(crate) fn rows(connection: &Connection, table: &str) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table} ORDER BY 1, 2"))?;
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|column| row.get(column)).collect())?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Checks only that the entries hold together, and counts them.
pub(crate) fn check_chain(connection: &Connection) -> Result<Result<i64, Broken>, StoreError> {
    let mut check = ChainCheck::new();
    let mut outcome = Ok(());
    journal::visit(connection, |entry| {
        outcome = check.take(&entry);
        Ok(match outcome {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        })
    })?;
    Ok(outcome.map(|()| check.count()))
}
