//! What a stranger finds who checks a bundle. Reading it is `desk-app`'s; what was read is judged here.
//!
//! The signature covers every file but the attestations themselves and [`bag::TAG_MANIFEST`], which nothing can hold that holds
//! itself. Those are held to the letter: they must be exactly what the desk would have written.

use super::{
    bag::{self, BAG_INFO, BAGIT, MANIFEST, Manifest, PAYLOAD, TAG_MANIFEST},
    chain::{self, Stretch},
    seal::{self, DECISIONS, PublicKey, SealKey, Statement, Subject, SubjectDigest, TEST_RESULT},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use ts_rs::TS;

/// The words at the bundle's front.
pub const README: &str = "README.md";
/// What came of the tests, signed.
pub const TEST_RESULT_FILE: &str = "attestation/test-result.dsse.json";
/// Who decided what, signed.
pub const DECISIONS_FILE: &str = "attestation/decisions.dsse.json";
/// The key to check both with.
pub const KEY_FILE: &str = "attestation/public-key.pem";
/// The run's stretch of the journal.
pub const JOURNAL_FILE: &str = "data/journal.jsonl";
/// The record of the phase and its note, which names the journal's newest entry too: it is what is attached elsewhere.
pub const METADATA_FILE: &str = "data/phase/metadata.json";

/// Where `bag-info.txt` says whether all evidence is there.
pub const COMPLETENESS: &str = "Evidence-Completeness";
/// What [`COMPLETENESS`] says when it is.
pub const COMPLETE: &str = "complete";
/// Where `bag-info.txt` says what is missing, a line an item.
pub const MISSING: &str = "Evidence-Missing";
/// Where `bag-info.txt` has the fingerprint of the key.
pub const SIGNED_BY: &str = "Signing-Key-SHA256";
/// Where `bag-info.txt` has the journal's newest entry: its number and its hash.
pub const JOURNAL_HEAD: &str = "Journal-Head";
/// Where `bag-info.txt` has the size of the payload.
pub const OXUM: &str = "Payload-Oxum";

const ATTESTATIONS: [&str; 3] = [DECISIONS_FILE, KEY_FILE, TEST_RESULT_FILE];
/// Files beside the payload that the signature covers.
const SIGNED_TAGS: [&str; 4] = [README, BAG_INFO, BAGIT, MANIFEST];

/// The most bytes of a file that is read as text.
pub const LONGEST_TEXT: u64 = 64 * 1024 * 1024;

/// Whether a file's text is needed to judge a bundle, besides its hash.
pub fn is_read(path: &str) -> bool {
    SIGNED_TAGS.contains(&path)
        || ATTESTATIONS.contains(&path)
        || path == TAG_MANIFEST
        || path == JOURNAL_FILE
        || path == METADATA_FILE
}

/// A file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// How long it is, bytes.
    pub len: u64,
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    /// Its text, where [`is_read`] asks for it and it is UTF-8.
    pub text: Option<String>,
}

impl Read {
    /// A file that is in memory.
    pub fn of(path: &str, bytes: &[u8]) -> Self {
        let text = is_read(path).then(|| String::from_utf8(bytes.to_vec()).ok());
        Self {
            len: bytes.len() as u64,
            sha256: hex::encode(Sha256::digest(bytes)),
            text: text.flatten(),
        }
    }
}

/// Every file of a bundle, by path, and what could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The files.
    pub files: BTreeMap<String, Read>,
    /// What was met that no bundle holds: links, files that cannot be read, paths that lead out.
    pub refused: Vec<Finding>,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// It is not what was sealed.
    Damaged,
    /// It was sealed and is not there.
    Missing,
    /// It is there and was not sealed.
    Added,
    /// It was not read: no bundle holds such a thing.
    Refused,
    /// The journal's chain is broken in it.
    Chain,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The file's path in the bundle.
    pub path: String,
    /// What is wrong.
    pub kind: FindingKind,
    /// The same in words, going on from the path.
    pub words: String,
}

impl Finding {
    /// A finding.
    pub fn new(path: &str, kind: FindingKind, words: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            kind,
            words: words.into(),
        }
    }
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Whether it is what was sealed: nothing is wrong.
    pub valid: bool,
    /// Whether all evidence was there when it was sealed. Never where it is not valid.
    pub complete: bool,
    /// The fingerprint of the key that signed it; none where no signature holds.
    pub signed_by: Option<String>,
    /// What is wrong, by path.
    pub findings: Vec<Finding>,
    /// The evidence that was missing when it was sealed, in words.
    pub missing: Vec<String>,
    /// What it is about, as its `bag-info.txt` has it.
    pub info: Vec<(String, String)>,
    /// The run's stretch of the journal, where its chain is unbroken.
    pub journal: Option<Stretch>,
    /// How many files it has.
    pub files: u32,
    /// How many bytes they have.
    pub bytes: u64,
}

/// What is to be sealed besides the payload.
pub struct Sealing<'a> {
    /// The payload's hashes.
    pub payload: &'a Manifest,
    /// What it is about; see [`bag::bag_info_text`].
    pub info: &'a [(String, String)],
    /// The words at the front.
    pub readme: &'a str,
    /// What came of the tests; see [`TEST_RESULT`].
    pub test_result: serde_json::Value,
    /// Who decided what; see [`DECISIONS`].
    pub decisions: serde_json::Value,
}

/// The files beside the payload, in the order in which they are to be written: the last makes the bundle whole.
///
/// # Errors
/// When a predicate cannot be written as JSON.
pub fn seal(sealing: &Sealing<'_>, key: &SealKey) -> Result<Vec<(&'static str, String)>, serde_json::Error> {
    let mut files = vec![
        (BAGIT, bag::DECLARATION.to_owned()),
        (BAG_INFO, bag::bag_info_text(sealing.info)),
        (README, sealing.readme.to_owned()),
        (MANIFEST, bag::manifest_text(sealing.payload)),
    ];
    let hash = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    let mut signed = sealing.payload.clone();
    signed.extend(files.iter().map(|(path, text)| ((*path).to_owned(), hash(text))));
    let subject: Vec<Subject> = signed
        .into_iter()
        .map(|(name, sha256)| Subject {
            name,
            digest: SubjectDigest { sha256 },
        })
        .collect();
    let statement = |predicate_type: &str, predicate: &serde_json::Value| Statement {
        kind: seal::STATEMENT.to_owned(),
        subject: subject.clone(),
        predicate_type: predicate_type.to_owned(),
        predicate: predicate.clone(),
    };
    files.push((
        TEST_RESULT_FILE,
        seal::seal(&statement(TEST_RESULT, &sealing.test_result), key)?,
    ));
    files.push((
        DECISIONS_FILE,
        seal::seal(&statement(DECISIONS, &sealing.decisions), key)?,
    ));
    files.push((KEY_FILE, key.public().to_pem()));
    let tags: Manifest = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), hash(text)))
        .collect();
    files.push((TAG_MANIFEST, bag::manifest_text(&tags)));
    Ok(files)
}

/// Judges a bundle by what was read of it.
pub fn verify(contents: &Contents) -> Verification {
    let mut judge = Judge {
        files: &contents.files,
        findings: contents.refused.iter().cloned().collect(),
    };
    let key = judge.key();
    let signed = key.as_ref().and_then(|key| judge.signed(key));
    match &signed {
        Some(signed) => judge.against_signature(signed),
        None => judge.against_manifests(),
    }
    let info = judge.text(BAG_INFO).map(bag::parse_bag_info).unwrap_or_default();
    judge.against_info(&info, key.as_ref());
    let journal = judge.journal(&info);
    let findings: Vec<Finding> = judge.findings.into_iter().collect();
    let valid = findings.is_empty() && signed.is_some();
    Verification {
        valid,
        complete: valid && bag::value(&info, COMPLETENESS) == Some(COMPLETE),
        signed_by: signed.and(key).map(|key| key.fingerprint()),
        findings,
        missing: info
            .iter()
            .filter(|(label, _)| label == MISSING)
            .map(|(_, value)| value.clone())
            .collect(),
        info,
        journal,
        files: u32::try_from(contents.files.len()).unwrap_or(u32::MAX),
        bytes: contents.files.values().map(|file| file.len).sum(),
    }
}

struct Judge<'a> {
    files: &'a BTreeMap<String, Read>,
    findings: BTreeSet<Finding>,
}

impl Judge<'_> {
    fn find(&mut self, path: &str, kind: FindingKind, words: impl Into<String>) {
        self.findings.insert(Finding::new(path, kind, words));
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path)?.text.as_deref()
    }

    fn missing(&mut self, path: &str) {
        self.find(path, FindingKind::Missing, "is missing");
    }

    fn key(&mut self) -> Option<PublicKey> {
        if !self.files.contains_key(KEY_FILE) {
            self.missing(KEY_FILE);
            return None;
        }
        let key = self.text(KEY_FILE).and_then(PublicKey::from_pem);
        if key.is_none() {
            self.find(
                KEY_FILE,
                FindingKind::Damaged,
                "is not a key as the desk writes it",
            );
        }
        key
    }

    /// What the key has signed: each file's hash. None where neither attestation holds.
    fn signed(&mut self, key: &PublicKey) -> Option<Manifest> {
        let mut signed: Option<Manifest> = None;
        for (path, kind) in [(TEST_RESULT_FILE, TEST_RESULT), (DECISIONS_FILE, DECISIONS)] {
            let Some(file) = self.files.get(path) else {
                self.missing(path);
                continue;
            };
            let statement = file
                .text
                .as_deref()
                .ok_or(seal::SealError::NotAnEnvelope)
                .and_then(|text| seal::open(text, key));
            let statement = match statement {
                Ok(statement) if statement.predicate_type == kind => statement,
                Ok(_) => {
                    self.find(
                        path,
                        FindingKind::Damaged,
                        "says another kind of thing than it should",
                    );
                    continue;
                }
                Err(error) => {
                    self.find(path, FindingKind::Damaged, error.to_string());
                    continue;
                }
            };
            let subjects: Manifest = statement
                .subject
                .into_iter()
                .map(|subject| (subject.name, subject.digest.sha256))
                .collect();
            match &signed {
                Some(first) if *first != subjects => {
                    self.find(
                        path,
                        FindingKind::Damaged,
                        "speaks of other files than the first attestation",
                    );
                }
                Some(_) => {}
                None => signed = Some(subjects),
            }
        }
        signed
    }

    /// Everything that was signed is there as it was; nothing else is.
    fn against_signature(&mut self, signed: &Manifest) {
        self.compare(signed, "was changed after it was signed");
        let added: Vec<String> = self
            .files
            .keys()
            .filter(|path| {
                !signed.contains_key(*path) && !ATTESTATIONS.contains(&path.as_str()) && *path != TAG_MANIFEST
            })
            .cloned()
            .collect();
        for path in added {
            self.find(
                &path,
                FindingKind::Added,
                "was not there when the bundle was signed",
            );
        }
        for path in SIGNED_TAGS {
            if !signed.contains_key(path) {
                self.find(
                    path,
                    FindingKind::Damaged,
                    "is not among the files that were signed",
                );
            }
        }
        let payload: Manifest = signed
            .iter()
            .filter(|(path, _)| path.starts_with(PAYLOAD))
            .map(|(path, sha256)| (path.clone(), sha256.clone()))
            .collect();
        // The manifest is signed itself; this finds one that was wrong when it was.
        let is_signed_one =
            |judge: &Self| judge.files.get(MANIFEST).map(|file| &file.sha256) == signed.get(MANIFEST);
        if is_signed_one(self) && self.text(MANIFEST) != Some(&bag::manifest_text(&payload)) {
            self.find(
                MANIFEST,
                FindingKind::Damaged,
                "does not name the payload that was signed",
            );
        }
        let mut tags: Manifest = signed
            .iter()
            .filter(|(path, _)| !path.starts_with(PAYLOAD))
            .map(|(path, sha256)| (path.clone(), sha256.clone()))
            .collect();
        let written = self
            .text(TAG_MANIFEST)
            .and_then(|text| bag::parse_manifest(text).ok())
            .unwrap_or_default();
        for path in ATTESTATIONS {
            // One that holds is what it was; of another only the tag manifest knows.
            let holds = !self.findings.iter().any(|finding| finding.path == path);
            let sha256 = if holds {
                self.files.get(path).map(|file| file.sha256.clone())
            } else {
                written.get(path).cloned()
            };
            tags.extend(sha256.map(|sha256| (path.to_owned(), sha256)));
        }
        match self.text(TAG_MANIFEST) {
            Some(text) if text == bag::manifest_text(&tags) => {}
            _ if !self.files.contains_key(TAG_MANIFEST) => self.missing(TAG_MANIFEST),
            _ => self.find(
                TAG_MANIFEST,
                FindingKind::Damaged,
                "does not name the files that were sealed",
            ),
        }
    }

    /// Where nothing is signed, the manifests alone say what belongs here.
    fn against_manifests(&mut self) {
        for (manifest, of_payload) in [(MANIFEST, true), (TAG_MANIFEST, false)] {
            let Some(file) = self.files.get(manifest) else {
                self.missing(manifest);
                continue;
            };
            let read = match file.text.as_deref().map(bag::parse_manifest) {
                Some(Ok(read)) => read,
                Some(Err(error)) => {
                    self.find(manifest, FindingKind::Damaged, format!("is no manifest: {error}"));
                    continue;
                }
                None => {
                    self.find(manifest, FindingKind::Damaged, "is no manifest: it is not UTF-8");
                    continue;
                }
            };
            self.compare(&read, &format!("is not what {manifest} says"));
            let added: Vec<String> = self
                .files
                .keys()
                .filter(|path| {
                    path.starts_with(PAYLOAD) == of_payload
                        && !read.contains_key(*path)
                        && *path != TAG_MANIFEST
                })
                .cloned()
                .collect();
            for path in added {
                self.find(&path, FindingKind::Added, format!("is not in {manifest}"));
            }
        }
    }

    fn compare(&mut self, expected: &Manifest, changed: &str) {
        for (path, sha256) in expected {
            match self.files.get(path) {
                None => self.missing(path),
                Some(file) if file.sha256 != *sha256 => self.find(path, FindingKind::Damaged, changed),
                Some(_) => {}
            }
        }
    }

    /// What `bag-info.txt` says can be held against the rest.
    fn against_info(&mut self, info: &[(String, String)], key: Option<&PublicKey>) {
        if self.text(BAGIT).is_some_and(|text| text != bag::DECLARATION) {
            self.find(BAGIT, FindingKind::Damaged, "does not declare BagIt 1.0");
        }
        let payload = self.files.iter().filter(|(path, _)| path.starts_with(PAYLOAD));
        let (count, bytes) = payload.fold((0_u64, 0_u64), |(count, bytes), (_, file)| {
            (count + 1, bytes.saturating_add(file.len))
        });
        let oxum = bag::value(info, OXUM);
        if self.findings.is_empty() && oxum != Some(&format!("{bytes}.{count}")) {
            self.find(
                BAG_INFO,
                FindingKind::Damaged,
                "gives another size of the payload",
            );
        }
        if let Some(key) = key
            && self.findings.is_empty()
            && bag::value(info, SIGNED_BY) != Some(&key.fingerprint())
        {
            self.find(BAG_INFO, FindingKind::Damaged, "names another key");
        }
    }

    fn journal(&mut self, info: &[(String, String)]) -> Option<Stretch> {
        let file = self.files.get(JOURNAL_FILE)?;
        let checked = match &file.text {
            Some(text) => chain::check(text),
            None => Err("it is not UTF-8, or too long".to_owned()),
        };
        let stretch = match checked {
            Ok(stretch) => stretch,
            Err(words) => {
                self.find(
                    JOURNAL_FILE,
                    FindingKind::Chain,
                    format!("has a broken chain: {words}"),
                );
                return None;
            }
        };
        let head = bag::value(info, JOURNAL_HEAD).and_then(|head| head.split_once(' '));
        // One that was changed says nothing about the journal.
        let info_holds = !self.findings.iter().any(|finding| finding.path == BAG_INFO);
        if let Some((seq, hash)) = head
            && info_holds
        {
            let seq: Option<i64> = seq.parse().ok();
            let agrees = seq
                .is_some_and(|seq| seq > stretch.last || (seq == stretch.last && hash == stretch.last_hash));
            if !agrees {
                self.find(
                    JOURNAL_FILE,
                    FindingKind::Chain,
                    "does not lead to the journal's newest entry that bag-info.txt names",
                );
            }
        }
        let named = self.text(METADATA_FILE).and_then(chain::Head::of_metadata);
        if let (Some(named), Some((seq, hash))) = (named, head)
            && info_holds
            && !(named.seq.to_string() == seq && named.hash == hash)
        {
            self.find(
                METADATA_FILE,
                FindingKind::Chain,
                "names another newest entry of the journal than bag-info.txt",
            );
        }
        Some(stretch)
    }
}

#[cfg(test)]
mod tests;
