//! A database that cannot be trusted is put aside, never deleted, and the desk does not silently begin anew: a note stays
//! until somebody decides between a backup and a new start.
//!
//! The note counts only while there is no database. So a crash between any two steps here leaves a state that the next
//! start reads rightly: with the note but still with the database, that database is simply checked again.

use crate::{
    BackupInfo, Clock, backup,
    clock::to_file_name,
    error::{Damage, RestoreError, StoreError},
    locks, migrate,
};
use desk_core::record::Record;
use serde::{Deserialize, Serialize};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

/// What the restoring of a backup did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The backup that the database now is.
    pub backup: BackupInfo,
    /// Where the replaced database lies, relative to the data directory, with `/` between its parts. `None` when there was none.
    pub set_aside: Option<String>,
}

impl Restored {
    /// What is to be journalled first, after opening.
    pub fn record(&self) -> Record {
        Record::StoreRestored {
            sha256: self.backup.sha256.clone(),
            set_aside: self.set_aside.clone(),
        }
    }
}

/// Puts a backup in the database's place; what was there is put aside. The store must not be open anywhere.
///
/// # Errors
/// Whatever the error, either the old state or the restored one is found at the next start.
pub fn restore(dir: &Path, backup: &Path, clock: &Clock) -> Result<Restored, RestoreError> {
    let _opening = locks::opening(dir)?;
    let (Some(_owner), Some(_alone)) = (locks::try_own(dir)?, locks::try_alone(dir)?) else {
        return Err(RestoreError::InUse);
    };
    let (source, info) = backup::inspect(backup, migrate::version(migrate::ALL))?;
    let fresh = database(dir).with_file_name("desk.db.restoring");
    remove_leftover(&fresh)?;
    backup::copy_checked(&source, &fresh)?;
    let set_aside = if remains(dir)? {
        let note = set_aside(
            dir,
            "replaced",
            clock(),
            "a backup was being restored in its place",
        )?;
        note.set_aside
    } else {
        read_note(dir)?.and_then(|note| note.set_aside)
    };
    fs::rename(&fresh, database(dir)).map_err(StoreError::io(&fresh))?;
    backup::sync_folder_of(&fresh)?;
    remove_note(dir)?;
    Ok(Restored {
        backup: info,
        set_aside,
    })
}

/// Lets the next opening begin with an empty journal, after a damaged database was put aside. Gives the folder where that lies.
///
/// # Errors
/// [`RestoreError::NotDamaged`] when there is a database: nothing is thrown away here.
pub fn start_new(dir: &Path) -> Result<Option<PathBuf>, RestoreError> {
    let _opening = locks::opening(dir)?;
    let (Some(_owner), Some(_alone)) = (locks::try_own(dir)?, locks::try_alone(dir)?) else {
        return Err(RestoreError::InUse);
    };
    if remains(dir)? {
        return Err(RestoreError::NotDamaged);
    }
    let set_aside = read_note(dir)?.and_then(|note| note.set_aside);
    remove_note(dir)?;
    Ok(set_aside.map(|folder| dir.join(folder)))
}

/// The damage that an earlier start found and nobody has decided about, if any. Call it alone, under the opening lock.
pub(crate) fn undecided(dir: &Path, now_ms: i64) -> Result<Option<Damage>, StoreError> {
    if exists(&database(dir))? {
        return Ok(None);
    }
    if remains(dir)? {
        // A write-ahead log without its database: a move was cut short, or the database was taken away.
        return set_aside_damaged(
            dir,
            now_ms,
            "desk.db is missing, but its write-ahead log is there",
        )
        .map(Some);
    }
    let Some(note) = read_note(dir)? else {
        return Ok(None);
    };
    describe(dir, note).map(Some)
}

/// Puts a damaged database aside. Call it alone, under the opening lock, with no connection open.
pub(crate) fn set_aside_damaged(dir: &Path, now_ms: i64, what: &str) -> Result<Damage, StoreError> {
    let note = set_aside(dir, "damaged", now_ms, what)?;
    describe(dir, note)
}

/// What is to be said of a damaged database that could not be moved, since somebody has it open.
pub(crate) fn left_in_place(dir: &Path, what: String) -> Result<Damage, StoreError> {
    describe(
        dir,
        Note {
            what,
            set_aside: None,
        },
    )
}

/// The database's file.
pub(crate) fn database(dir: &Path) -> PathBuf {
    dir.join("desk.db")
}

/// Removes a file of our own that a crash left half-written, if there is one.
pub(crate) fn remove_leftover(path: &Path) -> Result<(), StoreError> {
    for file in with_companions(path) {
        remove_if_there(&file)?;
    }
    Ok(())
}

/// Why the database is missing; kept as JSON in `desk.damaged`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Note {
    what: String,
    /// Relative to the data directory, with `/` between its parts.
    set_aside: Option<String>,
}

fn describe(dir: &Path, note: Note) -> Result<Damage, StoreError> {
    Ok(Damage {
        what: note.what,
        set_aside: note.set_aside.map(|folder| dir.join(folder)),
        newest_backup: backup::newest_usable(dir, migrate::version(migrate::ALL))?,
    })
}

/// Moves the database with its companions to a new folder under `kind`, with a note of it.
fn set_aside(dir: &Path, kind: &str, now_ms: i64, what: &str) -> Result<Note, StoreError> {
    let relative = new_folder(dir, kind, now_ms)?;
    let note = Note {
        what: what.to_owned(),
        set_aside: Some(relative.clone()),
    };
    // The note first: without it, a crash after the move would look like a first start.
    write_note(dir, &note)?;
    let folder = dir.join(&relative);
    // The database first: as long as it is there, it has its log beside it.
    for from in with_companions(&database(dir)) {
        if exists(&from)? {
            let to = folder.join(from.file_name().unwrap_or_default());
            fs::rename(&from, &to).map_err(StoreError::io(&from))?;
            backup::sync_folder_of(&to)?;
        }
    }
    backup::sync_folder_of(&database(dir))?;
    tracing::error!(folder = %folder.display(), what, "the database was put aside");
    Ok(note)
}

/// Makes a folder named after the time, which never is one that exists.
fn new_folder(dir: &Path, kind: &str, now_ms: i64) -> Result<String, StoreError> {
    let parent = dir.join(kind);
    fs::create_dir_all(&parent).map_err(StoreError::io(&parent))?;
    let time = to_file_name(now_ms);
    let mut name = time.clone();
    for attempt in 2_u64.. {
        let folder = parent.join(&name);
        match fs::create_dir(&folder) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => name = format!("{time}-{attempt}"),
            Err(error) => return Err(StoreError::io(&folder)(error)),
        }
    }
    Ok(format!("{kind}/{name}"))
}

/// A database's file and those that belong to it: its write-ahead log, that log's index, its rollback journal.
fn with_companions(database: &Path) -> impl Iterator<Item = PathBuf> {
    ["", "-wal", "-shm", "-journal"].into_iter().map(move |suffix| {
        let mut name = OsString::from(database);
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// Whether any part of a database is there.
fn remains(dir: &Path) -> Result<bool, StoreError> {
    for file in with_companions(&database(dir)) {
        if exists(&file)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn note_path(dir: &Path) -> PathBuf {
    dir.join("desk.damaged")
}

fn write_note(dir: &Path, note: &Note) -> Result<(), StoreError> {
    let path = note_path(dir);
    let text = serde_json::to_vec_pretty(note)
        .map_err(io::Error::other)
        .map_err(StoreError::io(&path))?;
    fs::write(&path, text).map_err(StoreError::io(&path))?;
    backup::sync_file(&path)?;
    backup::sync_folder_of(&path)
}

fn read_note(dir: &Path) -> Result<Option<Note>, StoreError> {
    let path = note_path(dir);
    match fs::read(&path) {
        // Its being there is what counts: a note cut short by a crash still says that a database was put aside.
        Ok(text) => Ok(Some(serde_json::from_slice(&text).unwrap_or_else(|error| Note {
            what: format!("the note about it cannot be read: {error}"),
            set_aside: None,
        }))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(&path)(error)),
    }
}

fn remove_note(dir: &Path) -> Result<(), StoreError> {
    let path = note_path(dir);
    remove_if_there(&path)?;
    backup::sync_folder_of(&path)
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::io(path)(error)),
        _ => Ok(()),
    }
}

fn exists(path: &Path) -> Result<bool, StoreError> {
    path.try_exists().map_err(StoreError::io(path))
}
