//! Opening a data directory: who owns it, whether its database can be trusted, and bringing that up to date.

use crate::{
    Clock, Store, backup,
    connection::{self, APPLICATION_ID, Pages},
    damage,
    error::{OpenError, StoreError},
    locks,
    migrate::{self, Migration},
};
use rusqlite::Connection;
use std::{fs, path::Path};

impl Store {
    /// Opens the store in a data directory, which is made when it is not there. Becomes its owner if nobody is.
    ///
    /// Blocks: on the disk, and for as long as another program opens or restores the same store.
    ///
    /// # Errors
    /// See [`OpenError`]. A file that cannot be used is never changed; a damaged one is put aside whole.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, OpenError> {
        open_with(dir, clock, migrate::ALL)
    }

    /// Does the owner's regular work, as opening does: the daily backup if it is due, and the removal of old requests. For a
    /// window that stays open for days: about once an hour. What fails is logged.
    ///
    /// # Errors
    /// [`StoreError::NotOwner`] for a guest.
    pub async fn tend(&self) -> Result<(), StoreError> {
        self.write(|writer| {
            writer.require_owner()?;
            tend(&writer.connection, &writer.dir, writer.now_ms());
            Ok(())
        })
        .await
    }
}

/// Opens a store with other migrations than the present ones: a test's way of being an older or a newer desk.
pub(crate) fn open_with(dir: &Path, clock: Clock, migrations: &[Migration]) -> Result<Store, OpenError> {
    fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    let _opening = locks::opening(dir)?;
    let ownership = locks::try_own(dir)?;
    let alone = match ownership {
        Some(_) => locks::try_alone(dir)?,
        None => None,
    };
    let role = match (&ownership, &alone) {
        (Some(_), Some(_)) => Role::OwnerAlone,
        (Some(_), None) => Role::OwnerAmongGuests,
        (None, _) => Role::Guest,
    };

    if role == Role::OwnerAlone
        && let Some(found) = damage::undecided(dir, clock())?
    {
        return Err(OpenError::Damaged(found));
    }
    // The connection is gone by the time a damaged file is moved.
    let writer = match trusted_connection(dir, &clock, role, migrations) {
        Err(OpenError::Store(StoreError::Damaged { what })) => {
            return Err(OpenError::Damaged(if role == Role::OwnerAlone {
                damage::set_aside_damaged(dir, clock(), &what)?
            } else {
                damage::left_in_place(dir, what)?
            }));
        }
        other => other?,
    };
    let reader = connection::open_reader(&damage::database(dir))?;
    drop(alone);
    let users = locks::join_users(dir)?;
    Ok(Store::start(dir, clock, writer, reader, users, ownership)?)
}

/// What this opening may do with the files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Nobody else has the database open, or can: everything.
    OwnerAlone,
    /// Guests have it open: check it, but neither move nor migrate it under them.
    OwnerAmongGuests,
    /// Use it as it is.
    Guest,
}

/// A connection to a database that is ours, whole and up to date.
fn trusted_connection(
    dir: &Path,
    clock: &Clock,
    role: Role,
    migrations: &[Migration],
) -> Result<Connection, OpenError> {
    let path = damage::database(dir);
    if !path.try_exists().map_err(StoreError::io(&path))? {
        match role {
            Role::OwnerAlone => create(dir, migrations)?,
            Role::OwnerAmongGuests => return Err(OpenError::InUse),
            Role::Guest => return Err(OpenError::NeedsOwner),
        }
    }
    // A database is only ever given its name when it is whole, and SQLite would take an empty file for a new one.
    if fs::metadata(&path).map_err(StoreError::io(&path))?.len() == 0 {
        let what = "desk.db is empty".to_owned();
        return Err(StoreError::Damaged { what }.into());
    }
    let mut writer = connection::open_writer(&path)?;
    let (application_id, found) = connection::marks(&writer)?;
    let known = migrate::version(migrations);
    if application_id != APPLICATION_ID {
        return Err(OpenError::NotOurs);
    }
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    if role != Role::Guest {
        // The owner's check covers the guests that come after: it takes as long as the file is large.
        connection::check_pages(&writer, Pages::Quick)?;
    }
    connection::check_newest_entry(&writer)?;
    if found < known {
        match role {
            Role::OwnerAlone => {
                backup::write_automatic(&writer, dir, clock())?;
                migrate::run(&mut writer, migrations)?;
                tracing::info!(found, known, "brought the store up to date");
            }
            Role::OwnerAmongGuests => return Err(OpenError::InUse),
            Role::Guest => return Err(OpenError::NeedsOwner),
        }
    }
    connection::trust(&writer)?;
    Ok(writer)
}

/// Makes an empty database under another name and renames it, so that a crash leaves all of it or nothing.
fn create(dir: &Path, migrations: &[Migration]) -> Result<(), StoreError> {
    let path = damage::database(dir);
    let fresh = path.with_file_name("desk.db.new");
    damage::remove_leftover(&fresh)?;
    let mut connection = Connection::open(&fresh)?;
    migrate::run(&mut connection, migrations)?;
    connection.close().map_err(|(_, error)| error)?;
    backup::sync_file(&fresh)?;
    fs::rename(&fresh, &path).map_err(StoreError::io(&path))?;
    backup::sync_folder_of(&path)
}

/// The owner's regular work. What fails is logged and no more: neither may keep the desk from working.
pub(crate) fn tend(connection: &Connection, dir: &Path, now_ms: i64) {
    if let Err(error) = backup::write_if_due(connection, dir, now_ms) {
        tracing::warn!(%error, "the automatic backup was not written");
    }
    if let Err(error) = crate::telemetry::prune(connection, now_ms - crate::telemetry::KEEP_MS) {
        tracing::warn!(%error, "old requests were not removed");
    }
}
