//! Reading a bundle: a folder or a zip, without unpacking it and without believing anything it says of itself.

use crate::error::{Code, Problem};
use desk_core::evidence::{
    bag,
    verify::{self, Contents, Finding, FindingKind, LONGEST_TEXT, Read, Verification},
};
use sha2::{Digest as _, Sha256};
use std::{
    fs::{self, File},
    io::{self, BufReader, Read as _},
    path::Path,
};
use zip::ZipArchive;

/// The most files of a bundle that are read.
const MOST_FILES: usize = 10_000;
/// The most bytes that may come out of a zip.
const MOST_UNPACKED: u64 = 8 * 1024 * 1024 * 1024;
/// How deep folders may lie in one another.
const DEEPEST: usize = 32;

/// Checks a bundle: whether it is complete, what it was when it was sealed, by whom it is signed, and whether its stretch of the
/// journal is unbroken. Needs no desk and no network.
///
/// # Errors
/// `not_found` (field `path`) where nothing is there, it cannot be opened, or is neither a file nor a folder.
pub fn verify(path: &Path) -> Result<Verification, Problem> {
    let unreadable = |error: io::Error| {
        Problem::new(
            Code::NotFound,
            format!("There is no bundle at {} that can be read.", path.display()),
            "Nothing was checked.",
            "Give the bundle's folder, or its .zip file.",
        )
        .about("path")
        .detailed(error.to_string())
    };
    let about = fs::metadata(path).map_err(unreadable)?;
    let contents = if about.is_dir() {
        let mut contents = Contents::default();
        read_folder(path, "", 0, &mut contents).map_err(unreadable)?;
        contents
    } else if about.is_file() {
        read_zip(File::open(path).map_err(unreadable)?)
    } else {
        // Whoever opens a pipe waits for somebody to write to it.
        return Err(Problem::new(
            Code::NotFound,
            format!("{} is neither a file nor a folder.", path.display()),
            "Nothing was checked.",
            "Give the bundle's folder, or its .zip file.",
        )
        .about("path"));
    };
    Ok(verify::verify(&contents))
}

fn refuse(contents: &mut Contents, path: &str, words: impl Into<String>) {
    contents
        .refused
        .push(Finding::new(path, FindingKind::Refused, words));
}

fn read_folder(folder: &Path, prefix: &str, depth: usize, contents: &mut Contents) -> io::Result<()> {
    let mut entries: Vec<fs::DirEntry> = fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let path = format!("{prefix}{}", name.to_string_lossy());
        if name.to_str().is_none() {
            refuse(contents, &path, "has a name that is not UTF-8");
            continue;
        }
        if contents.files.len() >= MOST_FILES || depth > DEEPEST {
            refuse(
                contents,
                &path,
                "was not read: there are more files than any bundle has",
            );
            return Ok(());
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            let within = read_folder(&entry.path(), &format!("{path}/"), depth + 1, contents);
            if let Err(error) = within {
                refuse(contents, &path, format!("cannot be read: {error}"));
            }
        } else if kind.is_file() {
            let read = File::open(entry.path()).and_then(|file| read_file(&path, file, u64::MAX));
            match read {
                Ok(read) => {
                    contents.files.insert(path, read);
                }
                Err(error) => refuse(contents, &path, format!("cannot be read: {error}")),
            }
        } else {
            refuse(contents, &path, "is neither a file nor a folder");
        }
    }
    Ok(())
}

/// Reads a file to its end, at most `most` bytes of it, holding no more of it than what is judged as text.
fn read_file(path: &str, file: impl io::Read, most: u64) -> io::Result<Read> {
    let mut reader = file.take(most.saturating_add(1));
    let mut hasher = Sha256::new();
    let mut text = verify::is_read(path).then(Vec::new);
    let mut len = 0_u64;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        len += read as u64;
        if len > most {
            return Err(io::Error::other("more comes out of it than any bundle holds"));
        }
        hasher.update(&buffer[..read]);
        if let Some(kept) = &mut text {
            if len > LONGEST_TEXT {
                text = None;
            } else {
                kept.extend_from_slice(&buffer[..read]);
            }
        }
    }
    Ok(Read {
        len,
        sha256: hex::encode(hasher.finalize()),
        text: text.and_then(|bytes| String::from_utf8(bytes).ok()),
    })
}

/// What stands for the whole zip in a finding.
const WHOLE: &str = "the zip file";

fn read_zip(file: File) -> Contents {
    let mut contents = Contents::default();
    let mut archive = match ZipArchive::new(BufReader::new(file)) {
        Ok(archive) => archive,
        Err(error) => {
            refuse(&mut contents, WHOLE, format!("cannot be read: {error}"));
            return contents;
        }
    };
    if archive.has_duplicate_names() {
        refuse(&mut contents, WHOLE, "names a file more than once");
        return contents;
    }
    if archive.len() > MOST_FILES {
        refuse(&mut contents, WHOLE, "holds more files than any bundle has");
        return contents;
    }
    match archive.has_overlapping_entries() {
        Ok(false) => {}
        Ok(true) => {
            refuse(&mut contents, WHOLE, "holds files that lie over one another");
            return contents;
        }
        Err(error) => {
            refuse(&mut contents, WHOLE, format!("cannot be read: {error}"));
            return contents;
        }
    }
    let mut top: Option<String> = None;
    let mut left = MOST_UNPACKED;
    for index in 0..archive.len() {
        let shown = name_of(&archive, index);
        let entry = match archive.by_index(index) {
            Ok(entry) => entry,
            Err(error) => {
                refuse(&mut contents, &shown, format!("cannot be read: {error}"));
                continue;
            }
        };
        let Ok(name) = std::str::from_utf8(entry.name_raw()).map(str::to_owned) else {
            refuse(&mut contents, &shown, "has a name that is not UTF-8");
            continue;
        };
        if entry.is_dir() {
            // Tools that pack nothing as well as they can need two bytes for it.
            if entry.size() > 0 || entry.compressed_size() > 2 {
                let path = name.split_once('/').map_or(name.as_str(), |(_, path)| path);
                contents.refused.push(Finding::new(
                    path,
                    FindingKind::Added,
                    "has the name of a folder and holds bytes, and was not there when the bundle was signed",
                ));
            }
            continue;
        }
        if let Err(words) = bag::check_path(&name) {
            refuse(&mut contents, &name, words);
            continue;
        }
        if entry.is_symlink() {
            refuse(&mut contents, &name, "is neither a file nor a folder");
            continue;
        }
        let Some((folder, path)) = name.split_once('/') else {
            refuse(&mut contents, &name, "lies outside the bundle's folder");
            continue;
        };
        if top.get_or_insert_with(|| folder.to_owned()) != folder {
            refuse(&mut contents, &name, "lies outside the bundle's folder");
            continue;
        }
        match read_file(path, entry, left) {
            Ok(read) => {
                left -= read.len;
                contents.files.insert(path.to_owned(), read);
            }
            Err(error) => refuse(&mut contents, path, format!("cannot be read: {error}")),
        }
    }
    contents
}

fn name_of<R: io::Read + io::Seek>(archive: &ZipArchive<R>, index: usize) -> String {
    archive.file_names_raw().nth(index).map_or_else(
        || WHOLE.to_owned(),
        |name| String::from_utf8_lossy(name).into_owned(),
    )
}
