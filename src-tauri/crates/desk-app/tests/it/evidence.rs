//! The evidence of a run: what is there, what may be attached, and the sealed bundle.

use crate::support::{Bench, assert_journal_is_whole, save};
use desk_app::{
    Code, Desk, Phase, Problem, Role,
    evidence::{
        FindingKind, ItemState, Verification, verify,
        view::{AttachmentView, ExportReport},
    },
    smoke::{Cancel, view::SmokeRequest},
    view::EnvironmentKindView,
};
use desk_core::record::Record;
use desk_keychain::KeychainError;
use std::{
    fs,
    io::{Cursor, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::watch;
use zip::{ZipWriter, write::SimpleFileOptions};

async fn export(desk: &Desk, to: &Path) -> Result<ExportReport, Problem> {
    let progress = watch::Sender::new(None);
    desk.export_evidence(to, None, &progress, Cancel::never()).await
}

async fn attach(desk: &Desk, run: Option<&str>, file: &Path, item: &str) -> Result<AttachmentView, Problem> {
    desk.attach_evidence(run, file, item, &Cancel::never()).await
}

/// A desk whose run has a phase set, a snapshot attached and a smoke run.
async fn proven(bench: &Bench) -> Desk {
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    for role in [Role::MemberSmoke, Role::StaffSmoke, Role::AdminSmoke] {
        desk.set_identity(role, bench.password_of(role.word()), false)
            .await
            .unwrap();
    }
    save(
        bench,
        &desk,
        Phase::ReadOnly,
        "Closing, says zoe@members.example.org",
    )
    .await
    .unwrap();
    bench.pass(Duration::from_secs(1));
    let request = SmokeRequest {
        phase: Phase::ReadOnly.wire().to_owned(),
        ..SmokeRequest::default()
    };
    desk.run_smoke(&request, &watch::Sender::new(None), Cancel::never())
        .await
        .unwrap();
    desk.capture_metrics(180).await.unwrap();
    desk.attach_metrics().await.unwrap();
    desk
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_of(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// What the independent check in Python says of a bundle.
fn checked_by_python(folder: &Path) -> serde_json::Value {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/reference/check_bundle.py"
    );
    let output = std::process::Command::new("python3")
        .arg(script)
        .arg(folder)
        .output()
        .expect("this test needs python3");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn paths(found: &Verification) -> Vec<&str> {
    found
        .findings
        .iter()
        .map(|finding| finding.path.as_str())
        .collect()
}

#[tokio::test]
async fn a_bundle_is_sealed_holds_what_the_runbook_asks_for_and_is_checked_by_a_stranger() {
    let bench = Bench::start().await;
    let desk = proven(&bench).await;
    let picture = bench.dir().join("50% done.png");
    fs::write(&picture, b"\x89PNG\r\n\x1a\n and more").unwrap();
    let attached = attach(&desk, None, &picture, "rollback-drill").await.unwrap();
    assert_eq!((attached.media_type.as_str(), attached.bytes), ("image/png", 17));

    let folder = bench.dir().join("R-001");
    let report = export(&desk, &folder).await.unwrap();
    assert_eq!(report.verification.findings, []);
    assert!(report.verification.valid);
    let key = desk.evidence_key().await.unwrap();
    assert_eq!(
        (
            &report.signed_by,
            report.verification.signed_by.as_ref(),
            key.for_this_session_only
        ),
        (&key.fingerprint, Some(&key.fingerprint), false)
    );
    assert!(
        bench
            .keychain
            .held()
            .contains(&"practice/evidence-key".to_owned())
    );

    let names: Vec<String> = files_of(&folder)
        .iter()
        .map(|path| path.strip_prefix(&folder).unwrap().display().to_string())
        .collect();
    for wanted in [
        "README.md",
        "attestation/decisions.dsse.json",
        "bag-info.txt",
        "data/attachments.json",
        "data/failures/requests.json",
        "data/journal.jsonl",
        "data/phase/decisions.json",
        "data/phase/metadata.json",
        "data/run.json",
        "data/runbook.toml",
        "tagmanifest-sha256.txt",
    ] {
        assert!(
            names.iter().any(|name| name == wanted),
            "{wanted} is not in {names:?}"
        );
    }
    for (start, end) in [
        ("data/metrics/phase-1-", ".json"),
        ("data/smoke/", ".jsonl"),
        ("data/smoke/", ".junit.xml"),
        ("data/attachments/", "-50__done.png"),
    ] {
        let there = |name: &String| name.starts_with(start) && name.ends_with(end);
        assert!(names.iter().any(there), "{start}…{end} is not in {names:?}");
    }
    // What a person typed leaves without the member's address, in the journal too.
    for file in files_of(&folder) {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("zoe@members"), "{}", file.display());
    }
    assert!(report.verification.journal.as_ref().unwrap().redacted > 0);

    let found = checked_by_python(&folder);
    assert_eq!(found["fingerprint"], key.fingerprint.as_str());
    assert_eq!(found["complete"], report.verification.complete);
    assert_eq!(found["files"], names.len());
    assert_eq!(found["decisions"], 1);
    assert!(found["passed"].as_u64().unwrap() > 5, "{found}");

    let zip = bench.dir().join("R-001.zip");
    let zipped = export(&desk, &zip).await.unwrap();
    assert_eq!(zipped.verification.findings, []);
    assert_eq!(zipped.verification.complete, report.verification.complete);

    let exports: Vec<Record> = bench
        .journal()
        .await
        .into_iter()
        .map(|entry| entry.record)
        .filter(|record| matches!(record, Record::EvidenceExported { .. }))
        .collect();
    let [
        Record::EvidenceExported {
            bundle_sha256,
            journal_head,
            ..
        },
        _,
    ] = &exports[..]
    else {
        panic!("{exports:?}");
    };
    assert_eq!(*bundle_sha256, report.bundle_sha256);
    let info = fs::read_to_string(folder.join("bag-info.txt")).unwrap();
    assert!(info.contains(&format!(" {journal_head}\n")), "{info}");
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn what_is_missing_is_said_on_the_face_and_the_bundle_is_valid_but_never_complete() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    let without_run = desk.evidence(None).await.unwrap();
    assert!(without_run.run.is_none());
    assert_eq!(without_run.items.len(), 5);

    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let states: Vec<ItemState> = desk
        .evidence(None)
        .await
        .unwrap()
        .items
        .iter()
        .map(|item| item.state)
        .collect();
    assert_eq!(
        states,
        [
            ItemState::There,
            ItemState::Missing,
            ItemState::Missing,
            ItemState::NotNeeded,
            ItemState::NotNeeded
        ]
    );
    let folder = bench.dir().join("open");
    let report = export(&desk, &folder).await.unwrap();
    assert_eq!(report.missing.len(), 2, "{:?}", report.missing);
    let found = verify(&folder).unwrap();
    assert!(found.valid && !found.complete);
    assert_eq!(found.missing, report.missing);
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(readme.contains("**INCOMPLETE: 2 missing**"), "{readme}");
    assert_eq!(checked_by_python(&folder)["complete"], false);
}

#[tokio::test]
async fn a_file_goes_to_the_run_that_is_named_else_to_the_open_or_the_newest_one() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let file = bench.dir().join("note.txt");
    fs::write(&file, "seen").unwrap();
    // Without any run, one is opened for it.
    assert_eq!(
        attach(&desk, None, &file, "smoke-log").await.unwrap().run,
        "R-001"
    );
    let first = desk.evidence(None).await.unwrap().run.unwrap();
    desk.end_run().await.unwrap();
    assert_eq!(
        attach(&desk, None, &file, "smoke-log").await.unwrap().run,
        "R-001"
    );
    assert_eq!(desk.runs().await.unwrap().len(), 1, "no run was opened for it");
    desk.start_run("Ana").await.unwrap();
    assert_eq!(
        attach(&desk, None, &file, "smoke-log").await.unwrap().run,
        "R-002"
    );
    for name in [first.id.as_str(), "R-001"] {
        let attached = attach(&desk, Some(name), &file, "phase-metrics").await.unwrap();
        assert_eq!(attached.run, "R-001");
    }
    let unknown = attach(&desk, Some("R-009"), &file, "smoke-log")
        .await
        .unwrap_err();
    assert_eq!(unknown.code, Code::NotFound);
    let of = async |run| desk.evidence(Some(run)).await.unwrap().attachments.len();
    assert_eq!((of("R-001").await, of("R-002").await), (4, 1));
    let place = desk.place_for_evidence(Some(&first.id), true).await.unwrap();
    assert!(place.ends_with("R-001.zip"), "{}", place.display());
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn a_phase_that_only_the_checklist_read_is_known_also_once_the_run_has_ended() {
    let bench = Bench::start().await;
    bench
        .somebody_sets("operator", Phase::ReadOnly, Some("before this desk"))
        .await;
    let desk = bench.staging().await;
    for role in [Role::MemberSmoke, Role::StaffSmoke, Role::AdminSmoke] {
        desk.set_identity(role, bench.password_of(role.word()), false)
            .await
            .unwrap();
    }
    let request = SmokeRequest {
        phase: Phase::ReadOnly.wire().to_owned(),
        ..SmokeRequest::default()
    };
    desk.run_smoke(&request, &watch::Sender::new(None), Cancel::never())
        .await
        .unwrap();
    let metadata = async || desk.evidence(None).await.unwrap().items.remove(0);
    let open = metadata().await;
    assert_eq!(open.state, ItemState::There, "{open:?}");
    assert!(open.why.starts_with("Phase 1, set by "), "{open:?}");
    // What somebody else set while the run was open belongs to it, and what they set afterwards does not.
    desk.refresh_phase().await.unwrap();
    bench
        .somebody_sets("operator", Phase::MemberWrites, Some("elsewhere"))
        .await;
    bench.pass(Duration::from_secs(120));
    desk.refresh_phase().await.unwrap();
    desk.end_run().await.unwrap();
    bench.pass(Duration::from_secs(1));
    bench
        .somebody_sets("operator", Phase::AdminFull, Some("later"))
        .await;
    bench.pass(Duration::from_secs(120));
    desk.refresh_phase().await.unwrap();
    let ended = metadata().await;
    assert!(ended.why.starts_with("Phase 2, set by "), "{ended:?}");
}

#[tokio::test]
async fn no_address_leaves_in_the_owners_name_and_the_journals_head_stands_beside_the_phases_note() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.start_run("zoë@example.org | <b>Ops</b>").await.unwrap();
    save(&bench, &desk, Phase::ReadOnly, "юля@пример.рф says so")
        .await
        .unwrap();
    let folder = bench.dir().join("bundle");
    let report = export(&desk, &folder).await.unwrap();
    for file in files_of(&folder) {
        let text = String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned();
        let found = ["@example", "пример", "zoë"].map(|part| text.contains(part));
        assert_eq!(found, [false; 3], "{}", file.display());
    }
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(
        readme.contains(r"Release owner: \[e-mail address removed\] \| \<b\>Ops\</b\>."),
        "{readme}"
    );
    assert!(readme.contains("| `log/` |"), "{readme}");

    let metadata = folder.join("data/phase/metadata.json");
    let text = fs::read_to_string(&metadata).unwrap();
    let read: serde_json::Value = serde_json::from_str(&text).unwrap();
    let head = format!(
        "{} {}",
        read["journalHead"]["seq"],
        read["journalHead"]["hash"].as_str().unwrap()
    );
    let info = &report.verification.info;
    let named = info.iter().find(|(label, _)| label == "Journal-Head").unwrap();
    assert_eq!(named.1, head);
    // It speaks for the journal without its bundle, too.
    assert!(desk.holds_head_of(&folder).await.unwrap());
    assert!(desk.holds_head_of(&metadata).await.unwrap());
    let elsewhere = bench.dir().join("elsewhere.json");
    fs::write(&elsewhere, text.replace(&head[head.len() - 8..], "00000000")).unwrap();
    assert!(!desk.holds_head_of(&elsewhere).await.unwrap());
    fs::write(&elsewhere, "{}").unwrap();
    assert_eq!(
        desk.holds_head_of(&elsewhere).await.unwrap_err().code,
        Code::Refused
    );
}

#[tokio::test]
async fn a_bundle_of_a_name_that_it_could_not_verify_under_is_not_written_and_not_recorded() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let problem = export(&desk, &place.path().join("run 12:00.zip"))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::InvalidInput, Some("to"))
    );
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    let exported = |record: &Record| matches!(record, Record::EvidenceExported { .. });
    assert!(!bench.journal().await.iter().any(|entry| exported(&entry.record)));
}

#[tokio::test]
async fn a_bundle_never_replaces_anything_and_one_that_is_stopped_leaves_nothing() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let place = tempfile::tempdir().unwrap();
    for name in ["bundle", "bundle.zip"] {
        let to = place.path().join(name);
        let (_stop, asked) = watch::channel(true);
        let stopped = desk
            .export_evidence(&to, None, &watch::Sender::new(None), Cancel::when(asked))
            .await
            .unwrap_err();
        assert_eq!(stopped.code, Code::Stopped);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);

        fs::write(&to, "something else").unwrap();
        let problem = export(&desk, &to).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::InvalidInput, Some("to"))
        );
        assert_eq!(fs::read_to_string(&to).unwrap(), "something else");
        fs::remove_file(&to).unwrap();
    }
}

#[tokio::test]
async fn no_secret_is_attached_or_exported_and_a_keychain_that_does_not_tell_stops_both() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let secret = bench.keychain.secrets().await.pop().unwrap();
    let file = bench.dir().join("notes.zip");
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("notes.txt", SimpleFileOptions::default()).unwrap();
    zip.write_all(format!("the token is {secret}").as_bytes())
        .unwrap();
    fs::write(&file, zip.finish().unwrap().into_inner()).unwrap();
    let refused = attach(&desk, None, &file, "smoke-log").await.unwrap_err();
    assert_eq!(refused.code, Code::Refused);
    assert!(refused.message.contains("notes.zip") && !refused.message.contains(&secret));

    // Somebody has typed a token into a note.
    save(&bench, &desk, Phase::ReadOnly, &format!("as {secret}"))
        .await
        .unwrap();
    let folder = bench.dir().join("leaky");
    let refused = export(&desk, &folder).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        (Code::Refused, Some("file"))
    );
    assert!(refused.message.starts_with("data/"), "{}", refused.message);
    assert!(!folder.exists());

    bench.keychain.fail(Some(KeychainError::Locked));
    let locked = export(&desk, &folder).await.unwrap_err();
    assert_eq!(locked.code, Code::KeychainLocked);
    let locked = attach(&desk, None, &file, "smoke-log").await.unwrap_err();
    assert_eq!(locked.code, Code::KeychainLocked);
}

#[tokio::test]
async fn what_cannot_be_attached_is_refused_beside_its_cause() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    let file = bench.dir().join("note.txt");
    fs::write(&file, "seen").unwrap();
    let long = bench.dir().join("long.bin");
    fs::File::create(&long)
        .unwrap()
        .set_len(100 * 1024 * 1024 + 1)
        .unwrap();
    for (path, item, field) in [
        (file.as_path(), "no-such-item", "item"),
        (Path::new("/no/such/file"), "smoke-log", "file"),
        (bench.dir(), "smoke-log", "file"),
        (long.as_path(), "smoke-log", "file"),
    ] {
        let problem = attach(&desk, None, path, item).await.unwrap_err();
        assert_eq!(
            (problem.code, problem.field.as_deref()),
            (Code::InvalidInput, Some(field)),
            "{problem:?}"
        );
    }
    assert!(desk.evidence(None).await.unwrap().run.is_none());
    let attached = attach(&desk, None, &file, "smoke-log").await.unwrap();
    assert_eq!(attached.media_type, "text/plain");
    assert_eq!(desk.evidence(None).await.unwrap().attachments, [attached]);
}

#[tokio::test]
async fn without_a_keychain_the_key_is_for_this_session_and_stays_the_same_in_it() {
    let bench = Bench::start().await;
    bench.keychain.fail(Some(KeychainError::Unavailable));
    let desk = bench.open().await;
    let key = desk.evidence_key().await.unwrap();
    assert!(key.for_this_session_only);
    assert_eq!(desk.evidence_key().await.unwrap(), key);
    bench.keychain.fail(None);
    let other = bench.open().await;
    let kept = other.evidence_key().await.unwrap();
    assert!(!kept.for_this_session_only);
    assert_eq!(bench.open().await.evidence_key().await.unwrap(), kept);
}

#[tokio::test]
async fn a_file_that_is_changed_removed_or_put_in_on_the_disk_is_named() {
    let bench = Bench::start().await;
    let desk = proven(&bench).await;
    let folder = bench.dir().join("bundle");
    export(&desk, &folder).await.unwrap();
    let metadata = folder.join("data/phase/metadata.json");
    let text = fs::read_to_string(&metadata).unwrap();
    fs::write(&metadata, text.replace("phase_1", "phase_2")).unwrap();
    fs::remove_file(folder.join("data/runbook.toml")).unwrap();
    fs::write(folder.join("data/more.txt"), "more").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.join("data/link")).unwrap();
    let found = verify(&folder).unwrap();
    assert!(!found.valid && !found.complete);
    let mut named = paths(&found);
    named.retain(|path| *path != "data/link");
    assert_eq!(
        named,
        ["data/more.txt", "data/phase/metadata.json", "data/runbook.toml"]
    );
    assert_eq!(paths(&found).len(), 3 + usize::from(cfg!(unix)));

    let missing = verify(&bench.dir().join("nothing")).unwrap_err();
    assert_eq!(missing.code, Code::NotFound);
}

fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Replaces a name by another of the same length, in the zip's bytes.
fn renamed(zip: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = zip.to_vec();
    let places: Vec<usize> = (0..bytes.len() - from.len())
        .filter(|at| bytes[*at..].starts_with(from.as_bytes()))
        .collect();
    for at in places {
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    }
    bytes
}

#[test]
fn a_hostile_zip_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let plain = zip_of(&[("b/data/aaaaaaaaaa", b"x"), ("b/data/bbbbbbbbbb", b"y")]);
    let cases: [(&str, Vec<u8>, &str); 7] = [
        (
            "outside",
            renamed(&plain, "b/data/aaaaaaaaaa", "../../../etc/pass"),
            "leads out of the bundle",
        ),
        (
            "absolute",
            renamed(&plain, "b/data/aaaaaaaaaa", "/bin/aaaaaaaaaaaa"),
            "leads out of the bundle",
        ),
        (
            "backslash",
            renamed(&plain, "b/data/aaaaaaaaaa", "b\\..\\..\\aaaaaaaaa"),
            "leads out of the bundle",
        ),
        (
            "twice",
            renamed(&plain, "b/data/aaaaaaaaaa", "b/data/bbbbbbbbbb"),
            "names a file more than once",
        ),
        (
            "two folders",
            renamed(&plain, "b/data/aaaaaaaaaa", "c/data/aaaaaaaaaa"),
            "lies outside the bundle's folder",
        ),
        ("no zip", b"nothing of the kind".to_vec(), "cannot be read"),
        ("cut short", plain[..plain.len() - 30].to_vec(), "cannot be read"),
    ];
    for (name, bytes, words) in cases {
        let file = dir.path().join("hostile.zip");
        fs::write(&file, bytes).unwrap();
        let found = verify(&file).unwrap();
        assert!(!found.valid, "{name}");
        assert!(
            found
                .findings
                .iter()
                .any(|finding| finding.words.starts_with(words)),
            "{name}: {:?}",
            found.findings
        );
    }
}

/// A folder's name in a zip may have bytes to it, which no tool unpacks and none shows.
#[tokio::test]
async fn bytes_under_a_folders_name_in_a_zip_are_named_as_added() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let file = bench.dir().join("bundle.zip");
    let sealed = export(&desk, &file).await.unwrap().verification;
    let open = || fs::File::options().read(true).write(true).open(&file).unwrap();
    let mut zip = ZipWriter::new_append(open()).unwrap();
    zip.add_directory("bundle/data/empty", SimpleFileOptions::default())
        .unwrap();
    zip.finish().unwrap();
    assert_eq!(verify(&file).unwrap(), sealed);

    let mut zip = ZipWriter::new_append(open()).unwrap();
    zip.start_file("bundle/data/hidden/", SimpleFileOptions::default())
        .unwrap();
    zip.write_all(b"37 bytes that nobody is meant to see.").unwrap();
    zip.finish().unwrap();
    let found = verify(&file).unwrap();
    assert!(!found.valid);
    assert_eq!(paths(&found), ["data/hidden/"]);
    assert_eq!(found.findings[0].kind, FindingKind::Added);
}

/// A zip has bytes that say nothing of its files: times, rights, comments. Any other change is seen.
#[tokio::test]
async fn a_changed_zip_is_not_valid_or_holds_what_it_held() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    save(&bench, &desk, Phase::ReadOnly, "one").await.unwrap();
    let file = bench.dir().join("bundle.zip");
    let sealed = export(&desk, &file).await.unwrap().verification;
    let bytes = fs::read(&file).unwrap();
    let changed = bench.dir().join("changed.zip");
    let mut seen = 0;
    for round in 0..200 {
        let mut bytes = bytes.clone();
        let at = round * bytes.len() / 200;
        bytes[at] ^= 1 << (round % 8);
        fs::write(&changed, &bytes).unwrap();
        let found = verify(&changed).unwrap();
        if found.valid {
            assert_eq!(found, sealed, "byte {at}");
        } else {
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
}
