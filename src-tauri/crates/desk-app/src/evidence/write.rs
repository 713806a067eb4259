//! A bundle on the disk: whole or not at all.

use crate::error::{Code, Problem};
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
    /// `invalid_input` (field `to`) where something is there, or the place has no name.
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
        let bundle = Self {
            to: to.to_owned(),
            name,
            zip,
        };
        bundle.is_free().map_err(WriteError::into_problem)?;
        Ok(bundle)
    }

    fn is_free(&self) -> Result<(), WriteError> {
        // A link that leads nowhere is something, too.
        match fs::symlink_metadata(&self.to) {
            Ok(_) => Err(WriteError::Taken {
                path: self.to.display().to_string(),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(source) => Err(failed(&self.to)(source)),
        }
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
        self.bundle.is_free()?;
        fs::rename(&self.partial, &to).map_err(failed(&to))?;
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
}
