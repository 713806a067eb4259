//! Backups: copies made through `SQLite`, so that they are whole whoever is writing meanwhile, and checked before they count.

use crate::{
    clock::{from_file_name, to_file_name},
    connection::{self, APPLICATION_ID, Pages},
    error::{RestoreError, StoreError},
    journal,
    store::Store,
    verify,
};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

/// How many automatic backups are kept.
const KEEP: usize = 10;

/// How old the newest automatic backup may become, milliseconds: a day.
const DUE_AFTER_MS: i64 = 24 * 60 * 60 * 1000;

/// A backup that was written or found, and passes every check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupInfo {
    /// The file.
    pub path: PathBuf,
    /// The file's SHA-256, lower-case hex.
    pub sha256: String,
    /// The number of the newest entry in it.
    pub newest_seq: i64,
    /// When it was written, milliseconds since 1970.
    pub at_ms: i64,
}

impl Store {
    /// Writes a backup, as of this moment, to a file that does not exist yet. Nothing else waits for it.
    ///
    /// It is written beside its target under another name, checked, and only then given its own.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the file is there already. Whatever the error, no file is left.
    pub async fn backup(&self, to: &Path) -> Result<BackupInfo, StoreError> {
        let (to, at_ms) = (to.to_owned(), self.now_ms());
        self.read_apart(move |connection| write(connection, &to, at_ms))
            .await
    }

    /// Writes an automatic backup if the newest is older than a day and entries were added since; the owner's duty.
    ///
    /// # Errors
    /// [`StoreError::NotOwner`] for a guest. Whatever the error, the older backups are still there.
    pub async fn back_up_if_due(&self) -> Result<Option<BackupInfo>, StoreError> {
        self.write(|writer| {
            writer.require_owner()?;
            write_if_due(&writer.connection, &writer.dir, writer.now_ms())
        })
        .await
    }
}

/// Writes a backup of `source` to `to`.
pub(crate) fn write(source: &Connection, to: &Path, at_ms: i64) -> Result<BackupInfo, StoreError> {
    if to.try_exists().map_err(StoreError::io(to))? {
        return Err(StoreError::Exists { path: to.to_owned() });
    }
    let mut part = to.as_os_str().to_owned();
    part.push(format!(".{}.part", uuid::Uuid::now_v7().simple()));
    let part = PathBuf::from(part);
    let written = copy_checked(source, &part)
        .and_then(|newest_seq| Ok((newest_seq, sha256(&part)?)))
        .and_then(|facts| claim(&part, to).map(|()| facts));
    let (newest_seq, sha256) = written.inspect_err(|_| discard(&part))?;
    Ok(BackupInfo {
        path: to.to_owned(),
        sha256,
        newest_seq,
        at_ms,
    })
}

/// Copies a database into a new file of its own, checks the copy, and makes it last. Gives its newest entry's number.
pub(crate) fn copy_checked(source: &Connection, to: &Path) -> Result<i64, StoreError> {
    let mut copy = Connection::open(to)?;
    // All pages in one step: one moment's state, while readers and, in WAL mode, writers go on.
    match Backup::new(source, &mut copy)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(StoreError::Busy),
    }
    // The copy is marked as having a write-ahead log, as its source has. It must be one file that needs no other.
    copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
    connection::check_pages(&copy, Pages::Thorough)?;
    let (newest_seq, _) = journal::newest(&copy)?;
    copy.close().map_err(|(_, error)| error)?;
    sync_file(to)?;
    Ok(newest_seq)
}

/// Gives the finished file its name, unless the name was taken meanwhile.
fn claim(part: &Path, to: &Path) -> Result<(), StoreError> {
    // An empty file reserves the name, since a rename alone would overwrite.
    match OpenOptions::new().write(true).create_new(true).open(to) {
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        Err(error) => return Err(StoreError::io(to)(error)),
    }
    fs::rename(part, to)
        .map_err(StoreError::io(to))
        .inspect_err(|_| discard(to))?;
    sync_folder_of(to)
}

/// Removes an unfinished file of our own. Failing to is no harm beyond the space it takes: the error that led here counts.
fn discard(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(path = %path.display(), %error, "an unfinished file was not removed");
    }
}

/// Checks that a file is a whole backup that this program can restore.
///
/// Gives a connection to it beside the facts. The time is the one in its name, else its newest entry's.
pub(crate) fn inspect(path: &Path, known: i64) -> Result<(Connection, BackupInfo), RestoreError> {
    let sha256 = sha256(path)?;
    let backup = connection::open_reader(path)?;
    let (application_id, found) = connection::marks(&backup)?;
    if application_id != APPLICATION_ID {
        return Err(RestoreError::NotOurs);
    }
    if found > known {
        return Err(RestoreError::Newer { found, known });
    }
    connection::check_pages(&backup, Pages::Thorough)?;
    let newest_seq = verify::check_chain(&backup)?.map_err(RestoreError::Broken)?;
    let at_ms = match Automatic::parse(path) {
        Some(automatic) => automatic.at_ms,
        None => journal::entries(&backup, None, 1)?
            .first()
            .map_or(0, |entry| entry.at_ms),
    };
    let info = BackupInfo {
        path: path.to_owned(),
        sha256,
        newest_seq,
        at_ms,
    };
    Ok((backup, info))
}

/// The newest automatic backup that passes every check.
pub(crate) fn newest_usable(dir: &Path, known: i64) -> Result<Option<BackupInfo>, StoreError> {
    Ok(automatic(dir)?
        .into_iter()
        .find_map(|backup| match inspect(&backup.path, known) {
            Ok((_, info)) => Some(info),
            Err(error) => {
                tracing::warn!(path = %backup.path.display(), %error, "a backup cannot be used");
                None
            }
        }))
}

/// Writes an automatic backup, and removes the oldest beyond those that are kept.
pub(crate) fn write_automatic(
    source: &Connection,
    dir: &Path,
    now_ms: i64,
) -> Result<BackupInfo, StoreError> {
    let folder = folder(dir);
    fs::create_dir_all(&folder).map_err(StoreError::io(&folder))?;
    let (newest_seq, _) = journal::newest(source)?;
    let name = format!("desk-{}-{newest_seq}.db", to_file_name(now_ms));
    let info = write(source, &folder.join(name), now_ms)?;
    for old in automatic(dir)?.into_iter().skip(KEEP) {
        fs::remove_file(&old.path).map_err(StoreError::io(&old.path))?;
    }
    Ok(info)
}

/// Writes an automatic backup if the newest is older than a day and entries were added since.
pub(crate) fn write_if_due(
    source: &Connection,
    dir: &Path,
    now_ms: i64,
) -> Result<Option<BackupInfo>, StoreError> {
    let (newest_seq, _) = journal::newest(source)?;
    let due = match automatic(dir)?.first() {
        Some(newest) => now_ms - newest.at_ms > DUE_AFTER_MS && newest_seq > newest.newest_seq,
        None => newest_seq > 0,
    };
    due.then(|| write_automatic(source, dir, now_ms)).transpose()
}

/// An automatic backup, by what its name says.
struct Automatic {
    path: PathBuf,
    at_ms: i64,
    newest_seq: i64,
}

impl Automatic {
    fn parse(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (time, newest_seq) = name.strip_prefix("desk-")?.strip_suffix(".db")?.split_once('-')?;
        Some(Self {
            path: path.to_owned(),
            at_ms: from_file_name(time)?,
            newest_seq: newest_seq.parse().ok()?,
        })
    }
}

/// The automatic backups, newest first. Other files in the folder are nobody's business.
fn automatic(dir: &Path) -> Result<Vec<Automatic>, StoreError> {
    let folder = folder(dir);
    let files = match fs::read_dir(&folder) {
        Ok(files) => files,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io(&folder)(error)),
    };
    let mut found = Vec::new();
    for file in files {
        let path = file.map_err(StoreError::io(&folder))?.path();
        found.extend(Automatic::parse(&path));
    }
    found.sort_by_key(|backup| std::cmp::Reverse((backup.at_ms, backup.newest_seq)));
    Ok(found)
}

fn folder(dir: &Path) -> PathBuf {
    dir.join("backups")
}

/// A file's SHA-256, lower-case hex. Never call it for a database that this process has open: closing a file drops the
/// locks that `SQLite` holds on it.
fn sha256(path: &Path) -> Result<String, StoreError> {
    let mut file = BufReader::new(File::open(path).map_err(StoreError::io(path))?);
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = file.read(&mut buffer).map_err(StoreError::io(path))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
    }
    Ok(format!("{:x}", hasher.finalize()))
}

/// Makes a file's content last through a power cut.
pub(crate) fn sync_file(path: &Path) -> Result<(), StoreError> {
    OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|file| file.sync_all())
        .map_err(StoreError::io(path))
}

/// Makes the names in a file's folder last through a power cut. Windows has no such call, and journals names itself.
pub(crate) fn sync_folder_of(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    if let Some(folder) = path.parent() {
        // A bare file name lies in the working directory.
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(StoreError::io(folder))?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}
