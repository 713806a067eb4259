//! How a connection is set up, and what is asked of any database before it is trusted.

use crate::{error::StoreError, journal};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{path::Path, time::Duration};

/// Marks the file as this program's: `CDSK`.
pub(crate) const APPLICATION_ID: i32 = 0x4344_534B;

/// How long a connection waits for another program's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Opens an existing database for writing. Until [`trust`] is called, closing it leaves its files as they are.
pub(crate) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    harden(&connection)?;
    // Closing would fold the log into the database, and a damaged one is put aside as it was found.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    // FULL: in WAL mode only this makes a commit last through a power cut. On macOS an fsync does not
    // reach the platter unless asked for by this name; elsewhere the setting does nothing.
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA foreign_keys = ON;")?;
    Ok(connection)
}

/// Opens an existing database for reading only.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    harden(&connection)?;
    Ok(connection)
}

/// Sets a connection to work on a database that was checked.
///
/// Turns on the write-ahead log: a property of the file, which a restored backup does not have.
pub(crate) fn trust(connection: &Connection) -> Result<(), StoreError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode == "wal" {
        Ok(())
    } else {
        Err(StoreError::NoSharedMemory)
    }
}

fn harden(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // No mmap: a damaged or vanished page is then an error and not a crash.
    connection
        .execute_batch("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON;")?;
    Ok(())
}

/// The file's marks: the program it belongs to, and the version of its tables.
pub(crate) fn marks(connection: &Connection) -> Result<(i32, i64), StoreError> {
    Ok((
        connection.pragma_query_one(None, "application_id")?,
        connection.pragma_query_one(None, "user_version")?,
    ))
}

/// How thoroughly the file's pages are checked.
#[derive(Clone, Copy)]
pub(crate) enum Pages {
    /// Every page, but not the indexes against their tables: quick enough for every start.
    Quick,
    /// Everything: for backups, which are the last resort.
    Thorough,
}

/// Checks the file's pages.
pub(crate) fn check_pages(connection: &Connection, pages: Pages) -> Result<(), StoreError> {
    let pragma = match pages {
        Pages::Quick => "PRAGMA quick_check(1)",
        Pages::Thorough => "PRAGMA integrity_check(1)",
    };
    let finding: String = connection.query_row(pragma, [], |row| row.get(0))?;
    if finding == "ok" {
        Ok(())
    } else {
        Err(StoreError::Damaged { what: finding })
    }
}

/// Checks that the newest entry's content gives its hash.
pub(crate) fn check_newest_entry(connection: &Connection) -> Result<(), StoreError> {
    match journal::entries(connection, None, 1)?.first() {
        Some(entry) if entry.computed_hash() != entry.hash => Err(StoreError::Damaged {
            what: format!("the content of entry {} does not give its hash", entry.seq),
        }),
        _ => Ok(()),
    }
}
