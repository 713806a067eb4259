use super::*;
use crate::journal::{Entry, GENESIS};

type Files = BTreeMap<String, Vec<u8>>;

fn journal() -> String {
    let mut entry = Entry {
        seq: 1,
        id: "id".to_owned(),
        at_ms: 1,
        environment: Some("practice".to_owned()),
        run_id: Some("run".to_owned()),
        actor: "ana".to_owned(),
        kind: "run_started".to_owned(),
        body: "{\"owner\":\"Ana\"}".to_owned(),
        prev_hash: GENESIS.to_owned(),
        hash: String::new(),
    };
    entry.hash = entry.computed_hash();
    chain::lines(vec![entry], "run", "practice").unwrap()
}

fn bundle(complete: bool, key: &SealKey) -> Files {
    let head = chain::check(&journal()).unwrap().last_hash;
    bundle_naming(&head, complete, key)
}

/// A bundle whose record of the phase names this hash as the journal's newest.
fn bundle_naming(head: &str, complete: bool, key: &SealKey) -> Files {
    let journal = journal();
    let metadata = format!("{{\"phase\":\"phase_1\",\"journalHead\":{{\"seq\":1,\"hash\":\"{head}\"}}}}");
    let mut files: Files = [
        (JOURNAL_FILE, journal.as_bytes()),
        (METADATA_FILE, metadata.as_bytes()),
        ("data/run.json", b"{\"run\":\"R-001\"}\n"),
        ("data/smoke/1.jsonl", b"{}\n{}\n"),
        ("data/attachments/50% done.png", b"\x89PNG\r\n\x1a\n\0\0"),
        ("data/empty", b""),
    ]
    .into_iter()
    .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
    .collect();
    let payload: Manifest = files
        .iter()
        .map(|(path, bytes)| (path.clone(), Read::of(path, bytes).sha256))
        .collect();
    let bytes: usize = files.values().map(Vec::len).sum();
    let stretch = chain::check(&journal).unwrap();
    let mut info = vec![
        (OXUM.to_owned(), format!("{bytes}.{}", files.len())),
        (SIGNED_BY.to_owned(), key.public().fingerprint()),
        (JOURNAL_HEAD.to_owned(), format!("1 {}", stretch.last_hash)),
    ];
    if complete {
        info.push((COMPLETENESS.to_owned(), COMPLETE.to_owned()));
    } else {
        info.push((COMPLETENESS.to_owned(), "INCOMPLETE".to_owned()));
        info.push((MISSING.to_owned(), "smoke-log: not run".to_owned()));
    }
    let sealed = seal(
        &Sealing {
            payload: &payload,
            info: &info,
            readme: "# Evidence\n",
            test_result: serde_json::json!({ "result": "PASSED" }),
            decisions: serde_json::json!({ "decisions": [] }),
        },
        key,
    );
    for (path, text) in sealed.unwrap() {
        files.insert(path.to_owned(), text.into_bytes());
    }
    files
}

fn judged(files: &Files) -> Verification {
    verify(&Contents {
        files: files
            .iter()
            .map(|(path, bytes)| (path.clone(), Read::of(path, bytes)))
            .collect(),
        refused: Vec::new(),
    })
}

fn key() -> SealKey {
    SealKey::from_seed(&[7; 32])
}

#[test]
fn what_was_sealed_is_valid_signed_and_complete_or_says_what_is_missing() {
    let whole = judged(&bundle(true, &key()));
    assert_eq!(whole.findings, []);
    assert!(whole.valid && whole.complete);
    assert_eq!(whole.signed_by, Some(key().public().fingerprint()));
    assert_eq!(whole.journal.unwrap().last, 1);

    let open = judged(&bundle(false, &key()));
    assert_eq!(open.findings, []);
    assert!(open.valid && !open.complete);
    assert_eq!(open.missing, ["smoke-log: not run"]);
}

#[test]
fn a_record_of_the_phase_names_the_same_newest_entry_as_the_bundle() {
    let found = judged(&bundle_naming(&"0".repeat(64), true, &key()));
    assert!(!found.valid);
    let [finding] = &found.findings[..] else {
        panic!("{:?}", found.findings)
    };
    assert_eq!(
        (finding.path.as_str(), finding.kind),
        (METADATA_FILE, FindingKind::Chain)
    );
}

#[test]
fn completeness_cannot_be_written_in_afterwards() {
    let mut files = bundle(false, &key());
    let info = String::from_utf8(files[BAG_INFO].clone()).unwrap();
    files.insert(
        BAG_INFO.to_owned(),
        info.replace("INCOMPLETE", "complete").into_bytes(),
    );
    // Whoever does this can also write the manifest anew, but cannot sign.
    let tags: Manifest = files
        .iter()
        .filter(|(path, _)| !path.starts_with(PAYLOAD) && *path != TAG_MANIFEST)
        .map(|(path, bytes)| (path.clone(), Read::of(path, bytes).sha256))
        .collect();
    files.insert(TAG_MANIFEST.to_owned(), bag::manifest_text(&tags).into_bytes());
    let found = judged(&files);
    assert!(!found.valid && !found.complete);
    assert!(found.findings.iter().any(|finding| finding.path == BAG_INFO));
}

#[test]
fn another_key_shows_in_the_fingerprint() {
    let other = SealKey::from_seed(&[9; 32]);
    let found = judged(&bundle(true, &other));
    assert!(found.valid);
    assert_ne!(found.signed_by, Some(key().public().fingerprint()));
}

/// A small random source with a seed, so that a failure can be looked at again.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's constants for a linear congruential source of 64 bits.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// 2,000 bundles, each with one byte changed, one file cut short, one removed or one added: each is named.
#[test]
fn every_random_change_is_named() {
    let sealed = bundle(true, &key());
    let paths: Vec<&String> = sealed.keys().collect();
    let mut dice = Dice(20_260_301);
    for round in 0..2_000 {
        let mut files = sealed.clone();
        let path = paths[dice.roll(paths.len())].clone();
        let bytes = files.get_mut(&path).unwrap();
        let (what, path) = match dice.roll(8) {
            0 => {
                files.remove(&path);
                ("removed", path)
            }
            1 => {
                let added = ["data/", "data/smoke/", "", "attestation/"][dice.roll(4)];
                let added = format!("{added}{}.txt", dice.roll(1_000));
                files.insert(added.clone(), vec![b'x'; dice.roll(9)]);
                ("added", added)
            }
            2 if !bytes.is_empty() => {
                let to = dice.roll(bytes.len());
                bytes.truncate(to);
                ("cut short", path)
            }
            3 => {
                bytes.push(u8::try_from(dice.roll(256)).unwrap());
                ("made longer", path)
            }
            _ if bytes.is_empty() => {
                files.remove(&path);
                ("removed", path)
            }
            _ => {
                let at = dice.roll(bytes.len());
                bytes[at] ^= u8::try_from(dice.roll(255) + 1).unwrap();
                ("changed", path)
            }
        };
        let found = judged(&files);
        assert!(!found.valid && !found.complete, "{round}: {path} was {what}");
        assert!(
            found.findings.iter().any(|finding| finding.path == path),
            "{round}: {path} was {what}, found {:?}",
            found.findings
        );
        // Nothing that is as it was is accused, unless the key to tell by is gone.
        if path != KEY_FILE {
            let accused = found
                .findings
                .iter()
                .filter(|finding| finding.path != path)
                .count();
            assert_eq!(
                accused, 0,
                "{round}: {path} was {what}, found {:?}",
                found.findings
            );
        }
    }
}

/// Every byte of the files that hold the rest together, each with another bit turned.
#[test]
fn no_byte_of_a_manifest_or_of_the_key_can_be_turned_unseen() {
    let sealed = bundle(true, &key());
    for path in [TAG_MANIFEST, MANIFEST, KEY_FILE, BAG_INFO, BAGIT] {
        for byte in 0..sealed[path].len() {
            let mut files = sealed.clone();
            // Bit 5 is what tells a small letter from a capital.
            files.get_mut(path).unwrap()[byte] ^= 1 << [5, 0, 7, 2][byte % 4];
            let found = judged(&files);
            assert!(
                found.findings.iter().any(|finding| finding.path == path),
                "{path}, byte {byte}"
            );
        }
    }
}

#[test]
fn nothing_at_all_is_no_bundle() {
    let found = judged(&Files::new());
    assert!(!found.valid);
    let missing: Vec<&str> = found
        .findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(missing, [KEY_FILE, MANIFEST, TAG_MANIFEST]);
}
