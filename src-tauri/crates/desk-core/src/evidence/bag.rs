//! The bag's own files: `BagIt` 1.0, RFC 8493.

use percent_encoding::{AsciiSet, percent_decode_str, utf8_percent_encode};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The declaration, which is always the same.
pub const BAGIT: &str = "bagit.txt";
/// What the bag is about.
pub const BAG_INFO: &str = "bag-info.txt";
/// The payload's hashes.
pub const MANIFEST: &str = "manifest-sha256.txt";
/// The other files' hashes, its own excepted.
pub const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// Where the payload is.
pub const PAYLOAD: &str = "data/";

/// The text of [`BAGIT`].
pub const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// Hashes by path: SHA-256 in lower-case hex.
pub type Manifest = BTreeMap<String, String>;

/// RFC 8493, 2.1.3: only what would end a line, and the sign itself.
const IN_PATHS: &AsciiSet = &AsciiSet::EMPTY.add(b'%').add(b'\r').add(b'\n');

/// Why a text is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} {what}")]
pub struct ManifestError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// A manifest as text: a line a file, by path.
pub fn manifest_text(manifest: &Manifest) -> String {
    let mut text = String::new();
    for (path, sha256) in manifest {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{sha256}  {}", utf8_percent_encode(path, IN_PATHS));
    }
    text
}

/// Reads a manifest.
///
/// # Errors
/// The first line that is none: no hash of 64 digits, no path, a path that leads out of the bag or comes twice.
pub fn parse_manifest(text: &str) -> Result<Manifest, ManifestError> {
    let mut manifest = Manifest::new();
    for (number, line) in text.lines().enumerate() {
        let fault = |what| ManifestError {
            line: number + 1,
            what,
        };
        let (sha256, path) = line.split_once([' ', '\t']).ok_or_else(|| fault("has no path"))?;
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(fault("has no SHA-256"));
        }
        let path = percent_decode_str(path.trim_start_matches([' ', '\t']))
            .decode_utf8()
            .map_err(|_| fault("has a path that is not UTF-8"))?;
        check_path(&path).map_err(fault)?;
        let before = manifest.insert(path.into_owned(), sha256.to_ascii_lowercase());
        if before.is_some() {
            return Err(fault("names a file once more"));
        }
    }
    Ok(manifest)
}

/// What the bag is about, as text. A value is one line; whatever would break it becomes a space.
pub fn bag_info_text(info: &[(String, String)]) -> String {
    let mut text = String::new();
    for (label, value) in info {
        let value: String = value
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(text, "{label}: {}", value.trim());
    }
    text
}

/// Reads what a bag is about; a line that begins with a blank goes on the one before. What has no label is left out.
pub fn parse_bag_info(text: &str) -> Vec<(String, String)> {
    let mut info: Vec<(String, String)> = Vec::new();
    for line in text.lines() {
        if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = info.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((label, value)) = line.split_once(':') {
            info.push((label.trim().to_owned(), value.trim().to_owned()));
        }
    }
    info
}

/// The first value under a label.
pub fn value<'a>(info: &'a [(String, String)], label: &str) -> Option<&'a str> {
    let found = info.iter().find(|(known, _)| known.eq_ignore_ascii_case(label));
    found.map(|(_, value)| value.as_str())
}

/// Whether a path stays in the bag on every system.
///
/// # Errors
/// What is wrong with it, in words that go on from its name.
pub fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("has no name");
    }
    if path.starts_with('/') || path.contains(['\\', ':', '\0']) {
        return Err("leads out of the bundle");
    }
    if path
        .split('/')
        .any(|part| part.is_empty() || part == "." || part == ".." || part.starts_with('~'))
    {
        return Err("leads out of the bundle");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_survives_its_text_whatever_its_paths_hold() {
        let hash = "a".repeat(64);
        let manifest: Manifest = ["data/a b.txt", "data/50%\r\nof.txt", "data/Zoë/🏺", "data/%25"]
            .into_iter()
            .map(|path| (path.to_owned(), hash.clone()))
            .collect();
        let text = manifest_text(&manifest);
        assert!(text.contains("  data/50%25%0D%0Aof.txt\n"), "{text}");
        assert!(text.contains("  data/%2525\n"), "{text}");
        assert_eq!(text.lines().count(), 4);
        assert_eq!(parse_manifest(&text).unwrap(), manifest);
    }

    #[test]
    fn what_is_no_manifest_is_refused_with_its_line() {
        let hash = "A".repeat(64);
        let cases = [
            (format!("{hash}\n"), 1, "has no path"),
            ("abc  data/a\n".to_owned(), 1, "has no SHA-256"),
            (
                format!("{hash}  data/a\n{hash}  data/../../etc\n"),
                2,
                "leads out of the bundle",
            ),
            (format!("{hash}  /etc/passwd\n"), 1, "leads out of the bundle"),
            (format!("{hash}  C:\\x\n"), 1, "leads out of the bundle"),
            (
                format!("{hash}  data/a\n{hash} data/a\n"),
                2,
                "names a file once more",
            ),
            (format!("{hash}  \n"), 1, "has no name"),
        ];
        for (text, line, what) in cases {
            assert_eq!(
                parse_manifest(&text),
                Err(ManifestError { line, what }),
                "{text:?}"
            );
        }
        let read = parse_manifest(&format!("{hash}\t data/a\n")).unwrap();
        assert_eq!(read["data/a"], "a".repeat(64));
    }

    #[test]
    fn what_a_bag_is_about_survives_its_text_on_one_line_each() {
        let pair = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        let text = bag_info_text(&[pair("Run", "R-001"), pair("Note", "two\nlines: here")]);
        assert_eq!(text, "Run: R-001\nNote: two lines: here\n");
        let read = parse_bag_info(&format!("{text}Long: begins\n  and goes on\n"));
        assert_eq!(value(&read, "note"), Some("two lines: here"));
        assert_eq!(value(&read, "Long"), Some("begins and goes on"));
        assert_eq!(value(&read, "Else"), None);
    }
}
