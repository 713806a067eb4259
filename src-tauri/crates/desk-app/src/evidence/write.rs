//! A bundle on the disk: whole or not at all.

use crate::error::{Code, Problem};
use desk_core::evidence::bag;
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

/// A place where nothing is yet.
pub(super) struct Bundle {
    /// Where it is to be.
    to: PathBuf,
    /// What it is called, without `.zip`.
    name: String,
    zip: bool,
}

/// A bundle that is being written beside its place. Dropped before it is finished, it is removed.
pub(super) struct Writer {
    bundle: Bundle,
    /// Where it is written meanwhile; empty once it stands in its place.
    partial: PathBuf,
    zip: Option<ZipWriter<File>>,
}

/// Why a bundle could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("{path} cannot be written")]
    Io {
        path: String,
        #[source]
        source: io::Error,
    },
    #[error("something is at {path} already")]
    Taken { path: String },
}

impl WriteError {
    pub(super) fn into_problem(self) -> Problem {
        match self {
            Self::Io { path, source } if source.kind() == io::ErrorKind::StorageFull => Problem::new(
                Code::InvalidInput,
                format!("The disk is full: {path} cannot be written."),
                "No bundle was written.",
                "Make room, or choose another place.",
            )
            .about("to"),
            Self::Io { path, source } => Problem::invalid(
                "to",
                format!("{path} cannot be written."),
                "Choose a folder that you may write to.",
            )
            .detailed(source.to_string()),
            Self::Taken { path } => Problem::invalid(
                "to",
                format!("Something is at {path} already."),
                "A bundle never replaces anything: choose another name.",
            ),
        }
    }
}

impl Bundle {
    /// A bundle at this place: a zip where its name ends so, else a folder.
    ///
    /// # Errors
    /// `invalid_input` (field `to`) where something is there, or the place has no name, or one that not every system can have.
    pub(super) fn at(to: &Path) -> Result<Self, Problem> {
        let no_name = || {
            Problem::invalid(
                "to",
                "The bundle has no name.",
                "Name a folder, or a file that ends in .zip.",
            )
        };
        let zip = to
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
        let name = if zip { to.file_stem() } else { to.file_name() };
        let name = name.ok_or_else(no_name)?.to_string_lossy().into_owned();
        // In a zip it is the folder that every path begins with.
        let is_one = !name.contains(|c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER);
        if !is_one || bag::check_path(&name).is_err() {
            return Err(Problem::invalid(
                "to",
                format!("A bundle cannot be called {name:?}: not every system can have such a name."),
                "Use letters, digits, blanks, dashes and dots.",
            ));
        }
        let bundle = Self {
            to: to.to_owned(),
            name,
            zip,
        };
        is_free(to).map_err(WriteError::into_problem)?;
        Ok(bundle)
    }

    fn parent(&self) -> &Path {
        match self.to.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// Begins to write, beside the place, so that both are on one disk.
    ///
    /// # Errors
    /// `invalid_input` (field `to`).
    pub(super) fn begin(self) -> Result<Writer, Problem> {
        let partial = self
            .parent()
            .join(format!(".{}.partial-{}", self.name, uuid::Uuid::now_v7()));
        let zip = if self.zip {
            let file = File::create_new(&partial).map_err(failed(&partial));
            Some(ZipWriter::new(file.map_err(WriteError::into_problem)?))
        } else {
            fs::create_dir(&partial)
                .map_err(failed(&partial))
                .map_err(WriteError::into_problem)?;
            None
        };
        Ok(Writer {
            bundle: self,
            partial,
            zip,
        })
    }
}

impl Writer {
    /// Writes a file, and gives its SHA-256.
    pub(super) fn put(&mut self, path: &str, bytes: &[u8]) -> Result<String, WriteError> {
        if let Some(zip) = &mut self.zip {
            let failing = failed(&self.bundle.to);
            // No time: the same content makes the same bytes.
            let options = SimpleFileOptions::default()
                .compression_method(CompressionMethod::Deflated)
                .last_modified_time(DateTime::default())
                .unix_permissions(0o644);
            zip.start_file(format!("{}/{path}", self.bundle.name), options)
                .map_err(|error| failing(error.into()))?;
            zip.write_all(bytes).map_err(failing)?;
        } else {
            let file = self.partial.join(path);
            let failing = || failed(&self.bundle.to.join(path));
            if let Some(folder) = file.parent() {
                fs::create_dir_all(folder).map_err(failing())?;
            }
            let mut file = File::create_new(&file).map_err(failing())?;
            file.write_all(bytes).map_err(failing())?;
            file.sync_all().map_err(failing())?;
        }
        Ok(hex::encode(Sha256::digest(bytes)))
    }

    /// Puts it in its place.
    pub(super) fn finish(mut self) -> Result<PathBuf, WriteError> {
        let to = self.bundle.to.clone();
        if let Some(zip) = self.zip.take() {
            let file = zip.finish().map_err(|error| failed(&to)(error.into()))?;
            file.sync_all().map_err(failed(&to))?;
        } else {
            sync_folders(&self.partial).map_err(failed(&to))?;
        }
        put_in_place(&self.partial, &to)?;
        self.partial = PathBuf::new();
        sync_folder(self.bundle.parent()).map_err(failed(&to))?;
        Ok(to)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if self.partial.as_os_str().is_empty() {
            return;
        }
        let removed = if self.zip.take().is_some() || self.partial.is_file() {
            fs::remove_file(&self.partial)
        } else {
            fs::remove_dir_all(&self.partial)
        };
        if let Err(error) = removed {
            tracing::warn!(%error, "what was written of a bundle could not be removed");
        }
    }
}

/// Gives what was written its name, in a way that cannot replace what has it by now.
fn put_in_place(partial: &Path, to: &Path) -> Result<(), WriteError> {
    match rename_only(partial, to) {
        // Not every file system can be asked for that.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) => {}
        renamed => return renamed.map_err(not_placed(to)),
    }
    if partial.is_file() {
        return move_by_link(partial, to);
    }
    // Onto a folder with something in it no folder can be moved; onto an empty one it can.
    is_free(to)?;
    fs::rename(partial, to).map_err(not_placed(to))
}

#[cfg(target_os = "linux")]
fn rename_only(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

#[cfg(not(target_os = "linux"))]
fn rename_only(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Gives a file another name by a second link to it, which never replaces anything.
fn move_by_link(partial: &Path, to: &Path) -> Result<(), WriteError> {
    match fs::hard_link(partial, to) {
        Ok(()) => fs::remove_file(partial).map_err(failed(partial)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(not_placed(to)(error)),
        // A file system without links, as sticks have: there is a moment between the look and the move.
        Err(_) => {
            is_free(to)?;
            fs::rename(partial, to).map_err(not_placed(to))
        }
    }
}

fn is_free(to: &Path) -> Result<(), WriteError> {
    // A link that leads nowhere is something, too.
    match fs::symlink_metadata(to) {
        Ok(_) => Err(WriteError::Taken {
            path: to.display().to_string(),
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(failed(to)(source)),
    }
}

fn not_placed(to: &Path) -> impl Fn(io::Error) -> WriteError + use<> {
    let path = to.display().to_string();
    move |source| match source.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => {
            WriteError::Taken { path: path.clone() }
        }
        _ => WriteError::Io {
            path: path.clone(),
            source,
        },
    }
}

/// Removes a bundle that stands in its place and should not.
///
/// # Errors
/// When it is still there.
pub(super) fn remove(bundle: &Path) -> io::Result<()> {
    if bundle.is_dir() {
        fs::remove_dir_all(bundle)
    } else {
        fs::remove_file(bundle)
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> WriteError + use<> {
    let path = path.display().to_string();
    move |source| WriteError::Io {
        path: path.clone(),
        source,
    }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync_folder(folder)
}

/// Makes sure that a folder's names are on the disk.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Other systems do not open folders; they keep names by themselves.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_finished_leaves_nothing_and_what_is_there_is_never_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bundle", "bundle.zip"] {
            let to = dir.path().join(name);
            let mut writer = Bundle::at(&to).unwrap().begin().unwrap();
            writer.put("data/a/b.txt", b"x").unwrap();
            drop(writer);
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{name}");

            let mut first = Bundle::at(&to).unwrap().begin().unwrap();
            let mut second = Bundle::at(&to).unwrap().begin().unwrap();
            first.put("data/a", b"first").unwrap();
            second.put("data/a", b"second").unwrap();
            first.finish().unwrap();
            assert!(matches!(second.finish(), Err(WriteError::Taken { .. })));
            assert!(Bundle::at(&to).is_err());
            assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "{name}");
            if to.is_dir() {
                fs::remove_dir_all(&to).unwrap();
            } else {
                fs::remove_file(&to).unwrap();
            }
        }
    }

    /// What appears between the look and the move is not replaced either.
    #[test]
    fn what_appears_in_the_last_moment_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (file, folder) = (dir.path().join("partial.zip"), dir.path().join("partial"));
        fs::write(&file, "the bundle").unwrap();
        fs::create_dir_all(folder.join("data")).unwrap();
        let (taken, empty) = (dir.path().join("taken.zip"), dir.path().join("empty"));
        fs::write(&taken, "something else").unwrap();
        fs::create_dir(&empty).unwrap();
        for (partial, to) in [(&file, &taken), (&folder, &empty)] {
            let refused = put_in_place(partial, to);
            assert!(matches!(refused, Err(WriteError::Taken { .. })), "{refused:?}");
            assert!(partial.exists());
        }
        assert_eq!(fs::read_to_string(&taken).unwrap(), "something else");
        assert_eq!(fs::read_dir(&empty).unwrap().count(), 0);

        for (partial, to) in [(&file, "R-001.zip"), (&folder, "R-001")] {
            let to = dir.path().join(to);
            put_in_place(partial, &to).unwrap();
            assert!(to.exists() && !partial.exists());
            if cfg!(unix) && to.is_file() {
                // What cannot be moved without replacing is linked.
                let beside = dir.path().join("linked.zip");
                move_by_link(&to, &beside).unwrap();
                fs::write(&to, "another").unwrap();
                assert!(matches!(
                    move_by_link(&to, &beside),
                    Err(WriteError::Taken { .. })
                ));
            }
        }
    }

    #[test]
    fn a_name_that_no_bundle_can_have_on_every_system_is_refused_before_anything_is_written() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "run 12:00.zip",
            "run 12:00",
            "~run.zip",
            "a\\b.zip",
            "two\nlines",
            "..zip",
        ] {
            let problem = Bundle::at(&dir.path().join(name)).err().unwrap();
            assert_eq!(
                (problem.code, problem.field.as_deref()),
                (Code::InvalidInput, Some("to")),
                "{name:?}"
            );
        }
        assert!(Bundle::at(&dir.path().join("R-001 of Zoë.zip")).is_ok());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
