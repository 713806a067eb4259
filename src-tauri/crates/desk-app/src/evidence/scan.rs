//! Looking for secrets in what is about to leave, also inside what is packed.

use crate::error::{Code, Problem};
use desk_core::evidence::needles::Needles;
use secrecy::SecretString;
use std::io::{Cursor, Read};

/// How deep one archive may lie in another.
const DEEPEST: u32 = 4;
/// How much may come out of an archive altogether, bytes.
const MOST_UNPACKED: u64 = 1024 * 1024 * 1024;

/// How long the record is that a zip ends with, without its comment, bytes.
const END_RECORD: usize = 22;

/// Archives that the desk cannot look into, by their media type.
const CLOSED: [&str; 11] = [
    "application/x-7z-compressed",
    "application/x-bzip2",
    "application/x-compress",
    "application/x-lz4",
    "application/x-lzip",
    "application/x-lzop",
    "application/x-xz",
    "application/vnd.ms-cab-compressed",
    "application/vnd.rar",
    "application/x-rar-compressed",
    "application/zstd",
];

/// A search for this desk's secrets.
pub(super) struct Scan(Needles);

/// Why a file may not leave.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    Secret,
    /// It cannot be looked into, for this reason.
    Closed(&'static str),
}

impl Scan {
    pub(super) fn new(secrets: &[SecretString]) -> Self {
        Self(Needles::new(secrets))
    }

    /// Whether a file may leave; `name` is what it is called.
    ///
    /// # Errors
    /// `refused` (field `file`) where it holds a secret, or is packed in a way that the desk cannot look into.
    pub(super) fn look_into(&self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        let mut left = MOST_UNPACKED;
        match self.look(name.as_bytes(), bytes, 0, &mut left) {
            Ok(()) => Ok(()),
            Err(Found::Secret) => Err(Problem::new(
                Code::Refused,
                format!("{name} holds a token or a key of this desk."),
                "It was not let out: nothing was attached, and no bundle was written.",
                "Remove the secret from the file, and change it wherever it is used: somebody may have seen it.",
            )
            .about("file")),
            Err(Found::Closed(why)) => Err(Problem::new(
                Code::Refused,
                format!("{name} cannot be looked into for secrets: {why}."),
                "It was not let out: nothing was attached, and no bundle was written.",
                "Unpack it, or pack it as a plain .zip, and attach that.",
            )
            .about("file")),
        }
    }

    fn look(&self, name: &[u8], bytes: &[u8], depth: u32, left: &mut u64) -> Result<(), Found> {
        if self.0.are_in(name) || self.0.are_in(bytes) {
            return Err(Found::Secret);
        }
        let kind = infer::get(bytes).map(|kind| kind.mime_type());
        if kind.is_some_and(|kind| CLOSED.contains(&kind)) {
            return Err(Found::Closed(
                "it is an archive of a kind that the desk does not open",
            ));
        }
        let gzip = bytes.starts_with(&[0x1f, 0x8b]);
        // Office documents and the like are zips by another name, and a program that unpacks itself has one behind it.
        let zip = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06");
        let ends = zip_ends(bytes);
        if (gzip || zip || !ends.is_empty()) && depth == DEEPEST {
            return Err(Found::Closed("archives lie too deep in one another"));
        }
        if gzip {
            let unpacked = unpack(flate2::read::MultiGzDecoder::new(bytes), left)?;
            self.look(b"", &unpacked, depth + 1, left)?;
        }
        // From the last to the first: what ends within another is looked into with that one.
        let mut begins = bytes.len();
        for end in ends {
            if end <= begins {
                begins = self.look_into_zip(&bytes[..end], depth, left)?.min(end);
            }
        }
        if zip && begins > 0 {
            return Err(broken());
        }
        Ok(())
    }

    /// Looks into the archive that ends these bytes, and says where it begins.
    fn look_into_zip(&self, bytes: &[u8], depth: u32, left: &mut u64) -> Result<usize, Found> {
        let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken())?;
        for index in 0..archive.len() {
            let encrypted = archive.by_index_raw(index).map_err(|_| broken())?.encrypted();
            if encrypted {
                return Err(Found::Closed("it is encrypted"));
            }
            let entry = archive.by_index(index).map_err(|_| broken())?;
            let name = entry.name_raw().to_vec();
            let unpacked = unpack(entry, left)?;
            self.look(&name, &unpacked, depth + 1, left)?;
        }
        Ok(usize::try_from(archive.offset()).unwrap_or(0))
    }
}

fn broken() -> Found {
    Found::Closed("its archive is damaged")
}

/// Where the zip archives end that lie in these bytes, whatever lies around them; the last first.
fn zip_ends(bytes: &[u8]) -> Vec<usize> {
    (0..(bytes.len() + 1).saturating_sub(END_RECORD))
        .rev()
        .filter(|at| bytes[*at..].starts_with(b"PK\x05\x06"))
        .filter_map(|at| end_of_zip(bytes, at))
        .collect()
}

/// Where the archive ends whose record of the end stands here. Four bytes may stand anywhere: the rest must make sense, too.
fn end_of_zip(bytes: &[u8], at: usize) -> Option<usize> {
    let record = bytes.get(at..at + END_RECORD)?;
    let short = |from: usize| u16::from_le_bytes([record[from], record[from + 1]]);
    let long = |from: usize| u64::from(short(from)) | u64::from(short(from + 2)) << 16;
    let on_one_disk = short(4) == short(6) && short(8) == short(10);
    let (size, offset) = (long(12), long(16));
    let elsewhere = size == u64::from(u32::MAX) || offset == u64::from(u32::MAX) || short(10) == u16::MAX;
    let fits = elsewhere || size + offset <= at as u64;
    let end = at + END_RECORD + usize::from(short(20));
    (on_one_disk && fits && end <= bytes.len()).then_some(end)
}

fn unpack(packed: impl Read, left: &mut u64) -> Result<Vec<u8>, Found> {
    let mut bytes = Vec::new();
    packed
        .take(*left + 1)
        .read_to_end(&mut bytes)
        .map_err(|_| Found::Closed("its archive is damaged"))?;
    *left = left
        .checked_sub(bytes.len() as u64)
        .ok_or(Found::Closed("more than 1 GiB comes out of it"))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use zip::{ZipWriter, write::SimpleFileOptions};

    fn zipped(name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn gzipped(bytes: &[u8]) -> Vec<u8> {
        let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn a_secret_is_found_in_what_is_packed_and_what_cannot_be_opened_does_not_leave() {
        let scan = Scan::new(&[SecretString::from("S3cretCanary")]);
        let look = |bytes: &[u8]| scan.look(b"a", bytes, 0, &mut MOST_UNPACKED.clone());
        let secret = b"a token: S3cretCanary, and more text to pack and pack and pack";
        assert_eq!(look(b"nothing"), Ok(()));
        assert_eq!(look(&zipped("a.txt", b"nothing")), Ok(()));
        assert_eq!(look(secret), Err(Found::Secret));
        assert_eq!(look(&zipped("a.txt", secret)), Err(Found::Secret));
        assert_eq!(look(&zipped("S3cretCanary", b"")), Err(Found::Secret));
        assert_eq!(look(&gzipped(secret)), Err(Found::Secret));
        assert_eq!(
            look(&zipped("in.zip", &zipped("in.gz", &gzipped(secret)))),
            Err(Found::Secret)
        );
        let mut deep = b"nothing".to_vec();
        for _ in 0..6 {
            deep = gzipped(&deep);
        }
        assert!(matches!(look(&deep), Err(Found::Closed(_))));
        assert!(matches!(look(&zipped("a", secret)[..40]), Err(Found::Closed(_))));
        assert!(matches!(
            look(b"7z\xbc\xaf\x27\x1c\x00\x04 and so on"),
            Err(Found::Closed(_))
        ));
        let bomb = gzipped(&vec![0; 1_000_000]);
        assert_eq!(
            scan.look(b"a", &bomb, 0, &mut 999_999),
            Err(Found::Closed("more than 1 GiB comes out of it"))
        );
    }

    #[test]
    fn the_refusal_names_the_file_and_not_the_secret() {
        let scan = Scan::new(&[SecretString::from("S3cretCanary")]);
        let problem = scan.look_into("notes.txt", b"S3cretCanary").unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::Refused, Some("file"))
        );
        assert!(problem.message.contains("notes.txt"));
        assert!(!format!("{problem:?}").contains("S3cretCanary"));
    }

    #[test]
    fn a_secret_is_found_in_an_archive_wherever_it_lies_in_the_file() {
        let scan = Scan::new(&[SecretString::from("S3cretCanary")]);
        let look = |bytes: &[u8]| scan.look(b"a", bytes, 0, &mut MOST_UNPACKED.clone());
        let secret = b"a token: S3cretCanary, and more text to pack and pack and pack";
        let (bad, good) = (zipped("a.txt", secret), zipped("a.txt", b"nothing"));
        let program = b"MZ a program that unpacks itself";
        let join = |parts: &[&[u8]]| parts.concat();
        assert_eq!(look(&join(&[program, &bad])), Err(Found::Secret));
        assert_eq!(
            look(&join(&[program, &bad, b"and more behind it"])),
            Err(Found::Secret)
        );
        // As a plain tar holds them.
        assert_eq!(
            look(&join(&[program, &bad, &[0; 512], &good])),
            Err(Found::Secret)
        );
        assert_eq!(look(&join(&[&good, &bad])), Err(Found::Secret));
        assert_eq!(look(&join(&[program, &good, &good])), Ok(()));
        let utf_16: Vec<u8> = "the token S3cretCanary"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(look(&zipped("notes.txt", &utf_16)), Err(Found::Secret));
        // Four bytes that say so make no archive yet.
        assert_eq!(
            look(b"zips end in PK\x05\x06 and twenty-two bytes in all, says the format"),
            Ok(())
        );
    }
}
