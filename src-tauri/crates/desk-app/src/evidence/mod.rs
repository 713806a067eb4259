//! The evidence of a run: how its items stand, files that people attach, and the sealed bundle.
//!
//! `gather` collects what a run has to show, `payload` makes files of it, `scan` looks for secrets in them, `write` puts a
//! bundle on the disk whole or not at all, and `read` reads one for [`verify`], which needs no desk.

mod gather;
mod payload;
mod read;
mod scan;
pub mod view;
mod write;

pub use desk_core::evidence::{
    items::{Item, ItemState},
    verify::{Finding, FindingKind, Verification},
};
pub use read::verify;

use self::{
    payload::{Payload, Source},
    scan::Scan,
    view::{AttachmentView, EvidenceView, ExportProgress, ExportReport, ExportedView, KeyView},
    write::{Bundle, WriteError},
};
use crate::{
    convert::{run_label, run_view},
    desk::Desk,
    error::{Code, Problem},
    problem::{internal_problem, keychain_problem, store_problem},
    smoke::Cancel,
};
use desk_core::{
    EnvironmentName,
    evidence::{bag, seal::SealKey, verify as sealing},
    record::Record,
};
use desk_keychain::{Keep, KeychainError, Secret};
use desk_portal::Credential;
use desk_store::RunRow;
use rand::TryRngCore as _;
use secrecy::SecretString;
use std::{
    io::Read as _,
    path::{Path, PathBuf},
};
use tokio::{runtime::Handle, sync::watch};
use zeroize::Zeroizing;

/// The longest file that can be attached, bytes.
pub const LONGEST_ATTACHMENT: u64 = 100 * 1024 * 1024;

/// How much of a file is read before it is asked again whether to go on, bytes.
const READ_AT_ONCE: u64 = 4 * 1024 * 1024;

/// How many of the newest runs can be looked at beside the one that is shown.
const MOST_RUNS: usize = 100;

/// A file that is shown as this when neither its bytes nor its name say what it is.
const UNKNOWN_TYPE: &str = "application/octet-stream";

impl Desk {
    /// How the evidence of a run stands: by its id or its label, else the newest run's. Without any run, what one will need.
    ///
    /// # Errors
    /// `not_found` for a run that is not there; `store_*`.
    pub async fn evidence(&self, run: Option<&str>) -> Result<EvidenceView, Problem> {
        let environment = self.environment();
        let run = match self.run_called(run).await {
            Ok(run) => run,
            Err(problem) if run.is_none() && problem.code == Code::NotFound => {
                return Ok(EvidenceView {
                    run: None,
                    runs: Vec::new(),
                    items: self.evidence_items_of_nothing(),
                    attachments: Vec::new(),
                    exports: Vec::new(),
                });
            }
            Err(problem) => return Err(problem),
        };
        let stored = |error| store_problem(&error);
        let gathered = self.gather(&run).await?;
        let label = run_label(run.number);
        let exports = self.inner.store.exports_of_run(&run.id).await.map_err(stored)?;
        let run = run_view(&run, &environment);
        let runs = self.runs().await?.into_iter().enumerate();
        let runs = runs
            .filter(|(at, other)| *at < MOST_RUNS || other.id == run.id)
            .map(|(_, other)| other)
            .collect();
        Ok(EvidenceView {
            run: Some(run),
            runs,
            items: gathered.items,
            attachments: gathered
                .attachments
                .into_iter()
                .map(|row| AttachmentView::of(row, &label))
                .collect(),
            exports: exports.into_iter().map(ExportedView::from).collect(),
        })
    }

    /// Puts a file on a run as evidence for one of the runbook's items: on the one with this id or label, ended or not; without
    /// one on the open run, else on the newest. Only where there is no run at all one is opened. The file is read, kept by its
    /// hash and never opened otherwise.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) for what is no file, cannot be read or is longer than 100 MiB, or (field `item`) for an
    /// item that the runbook does not have; `refused` (field `file`) where it holds a secret; `not_found` for a run that is not
    /// there; `stopped`; `keychain_*`; `store_*`. Nothing was attached then.
    pub async fn attach_evidence(
        &self,
        run: Option<&str>,
        file: &Path,
        item: &str,
        cancel: &Cancel,
    ) -> Result<AttachmentView, Problem> {
        let runbook = self.rules()?;
        if !runbook.evidence.iter().any(|known| known.id == item) {
            let ids: Vec<&str> = runbook.evidence.iter().map(|known| known.id.as_str()).collect();
            return Err(Problem::invalid(
                "item",
                format!("The runbook has no evidence item {item:?}."),
                format!("Use {}.", ids.join(", ")),
            ));
        }
        // Before the file is read: nobody waits for a run that is not there.
        let named = match run {
            Some(name) => Some(self.run_called(Some(name)).await?),
            None => None,
        };
        let name = name_of(file);
        let scan = self.scan().await?;
        let (path, shown, asked) = (file.to_owned(), name.clone(), cancel.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let bytes = read_attachment(&path, &asked)?;
            scan.look_into(&shown, &bytes)?;
            let media_type = media_type(&path, &bytes);
            Ok::<_, Problem>((bytes, media_type))
        });
        let (bytes, media_type) = reading.await.map_err(|panicked| internal_problem(&panicked))??;
        if cancel.is_asked() {
            return Err(attaching_stopped());
        }
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let actor = self.acting(&environment).await;
        let length = bytes.len() as u64;
        let sha256 = self
            .inner
            .store
            .put_artifact(bytes, &media_type)
            .await
            .map_err(stored)?;
        let (run_id, label) = match named {
            Some(run) => (run.id, run_label(run.number)),
            None => self.run_for_evidence(&environment, &actor).await?,
        };
        let record = Record::EvidenceAttached {
            sha256,
            name,
            media_type,
            bytes: length,
            item: item.to_owned(),
        };
        self.record(Some(&environment), Some(run_id.clone()), &actor, record)
            .await?;
        self.touch();
        let rows = self.inner.store.evidence_of_run(&run_id).await.map_err(stored)?;
        let newest = rows.into_iter().last();
        newest.map(|row| AttachmentView::of(row, &label)).ok_or_else(|| {
            Problem::new(
                Code::StoreFailed,
                "The attached file is not among the run's.",
                "It may not be in the bundle.",
                "Verify the journal under Settings.",
            )
        })
    }

    /// The run that a file belongs to where nobody names one: the open one, else the newest. What is found when all is over
    /// belongs to the run that it is about, and opens none.
    async fn run_for_evidence(
        &self,
        environment: &EnvironmentName,
        actor: &str,
    ) -> Result<(String, String), Problem> {
        let of = |run: RunRow| (run.id, run_label(run.number));
        if let Some(open) = self.open_run().await? {
            return Ok(of(open));
        }
        match self.run_called(None).await {
            Ok(newest) => Ok(of(newest)),
            Err(problem) if problem.code == Code::NotFound => {
                let kind = self.environment_row(environment).await?.kind;
                self.run_in(environment, kind, actor).await
            }
            Err(problem) => Err(problem),
        }
    }

    /// Writes the sealed bundle of a run: a folder, or a zip file where `to` ends in `.zip`. It appears whole or not at all, and
    /// is verified before it counts as exported.
    ///
    /// What is missing does not keep it from being written; it is said on its face, and it never verifies as complete.
    ///
    /// # Errors
    /// `invalid_input` (field `to`) where something is there already or nothing can be written; `refused` (field `file`) where a
    /// file holds a secret, or without a field where the bundle does not verify; `stopped`; `not_found` for a run that is not there; `keychain_*`; `store_*`. Nothing was written then;
    /// only where the journal cannot be written afterwards, the bundle is there, and the problem says so.
    pub async fn export_evidence(
        &self,
        to: &Path,
        run: Option<&str>,
        progress: &watch::Sender<Option<ExportProgress>>,
        cancel: Cancel,
    ) -> Result<ExportReport, Problem> {
        let bundle = Bundle::at(to)?;
        let run = self.run_called(run).await?;
        let label = run_label(run.number);
        let (key, session_only) = self.seal_key().await?;
        let gathered = self.gather(&run).await?;
        let payload = self.payload(&run, &gathered, &key.public().fingerprint()).await?;
        let scan = self.scan().await?;
        let (journal_seq, journal_head) = payload.journal_head.clone();
        let missing_ids = payload.missing_ids.clone();
        let missing = payload.missing.clone();
        let fingerprint = key.public().fingerprint();
        let told = progress.clone();
        let store = self.inner.store.clone();
        let handle = Handle::current();
        let writing = tokio::task::spawn_blocking(move || {
            let read = |source: Source| source.read(&store, &handle);
            write_bundle(bundle, payload, &key, &scan, &read, &told, &cancel)
        });
        let Written {
            path,
            bundle_sha256,
            verification,
        } = writing.await.map_err(|panicked| internal_problem(&panicked))??;
        let environment = self.environment();
        let actor = self.acting(&environment).await;
        let record = Record::EvidenceExported {
            bundle_sha256: bundle_sha256.clone(),
            signed_by: fingerprint.clone(),
            journal_seq,
            journal_head,
            missing: missing_ids,
        };
        self.record(Some(&environment), Some(run.id), &actor, record)
            .await
            .map_err(|problem| Problem {
                meaning: format!(
                    "The bundle is written at {}, but not recorded in the journal. {}",
                    path.display(),
                    problem.meaning
                ),
                ..problem
            })?;
        self.touch();
        Ok(ExportReport {
            path: path.display().to_string(),
            run: label,
            bundle_sha256,
            signed_by: fingerprint,
            key_for_this_session_only: session_only,
            missing,
            verification,
        })
    }

    /// Where a run's bundle goes when nobody is asked for a place: among the desk's files. The run is given by its id or its
    /// label, else it is the newest.
    ///
    /// # Errors
    /// `not_found` for a run that is not there; `store_*`.
    pub async fn place_for_evidence(&self, run: Option<&str>, zip: bool) -> Result<PathBuf, Problem> {
        let run = self.run_called(run).await?;
        self.place_for(&run_label(run.number), zip)
    }

    /// A free place for a run's bundle among the desk's files: by the run's label, with the time where that is taken.
    pub(crate) fn place_for(&self, run: &str, zip: bool) -> Result<PathBuf, Problem> {
        let folder = self.data_dir().join("evidence");
        std::fs::create_dir_all(&folder).map_err(|error| internal_problem(&error))?;
        let end = if zip { ".zip" } else { "" };
        let place = folder.join(format!("{run}{end}"));
        if place.symlink_metadata().is_err() {
            return Ok(place);
        }
        Ok(folder.join(format!("{run}-{}{end}", self.now_ms())))
    }

    /// The key that bundles are signed with, made at first use: the half that everybody may have.
    ///
    /// # Errors
    /// `keychain_*`.
    pub async fn evidence_key(&self) -> Result<KeyView, Problem> {
        let (key, session_only) = self.seal_key().await?;
        Ok(KeyView {
            fingerprint: key.public().fingerprint(),
            public_key: key.public().to_pem(),
            for_this_session_only: session_only,
        })
    }

    /// The key, and whether it is for this session only, for want of a keychain.
    async fn seal_key(&self) -> Result<(SealKey, bool), Problem> {
        let name = self.secret_name(&EnvironmentName::practice(), Secret::SealKey);
        let vault = &self.inner.vault;
        let no_keychain =
            |error: &KeychainError| matches!(error, KeychainError::Unavailable | KeychainError::NoCollection);
        match vault.get(&name).await {
            Ok(Some(kept)) => {
                let key = SealKey::from_text(&kept).ok_or_else(unreadable_key)?;
                return Ok((key, vault.is_for_this_session(&name)));
            }
            Err(error) if !no_keychain(&error) => return Err(keychain_problem(&error)),
            Ok(None) | Err(_) => {}
        }
        let mut seed = Zeroizing::new([0; 32]);
        rand::rngs::OsRng
            .try_fill_bytes(&mut *seed)
            .map_err(|error| internal_problem(&error))?;
        let made = SealKey::from_seed(&seed);
        match vault.set(&name, &made.to_text(), Keep::Keychain).await {
            Ok(()) => {}
            Err(error) if no_keychain(&error) => {
                // Memory takes it always.
                vault
                    .set(&name, &made.to_text(), Keep::SessionOnly)
                    .await
                    .map_err(|error| keychain_problem(&error))?;
                return Ok((made, true));
            }
            Err(error) => return Err(keychain_problem(&error)),
        }
        // Another desk may have made one in the same moment: what is kept counts.
        let kept = vault.get(&name).await.map_err(|error| keychain_problem(&error))?;
        let key = kept
            .as_ref()
            .and_then(SealKey::from_text)
            .ok_or_else(unreadable_key)?;
        Ok((key, false))
    }

    /// Looks for every secret that the keychain holds for this desk, and for every token seen in this session.
    async fn scan(&self) -> Result<Scan, Problem> {
        let stored = |error| store_problem(&error);
        let rows = self.inner.store.environments().await.map_err(stored)?;
        let mut names = vec![self.secret_name(&EnvironmentName::practice(), Secret::SealKey)];
        for row in &rows {
            names.extend(Secret::all().map(|secret| self.secret_name(&row.name, secret)));
        }
        let kept = self.inner.vault.every_secret(names).await;
        let mut secrets = kept.map_err(|error| keychain_problem(&error))?;
        // Without a keychain the API keys are among the settings.
        let keys = self.inner.store.settings("api-key/").await.map_err(stored)?;
        secrets.extend(keys.into_iter().map(|(_, key)| SecretString::from(key)));
        for credential in self.inner.credentials.values() {
            secrets.push(match credential {
                Credential::Password { password, .. } => password.clone(),
                Credential::RefreshToken(token) => token.clone(),
            });
        }
        Ok(Scan::new(&secrets))
    }
}

fn unreadable_key() -> Problem {
    Problem::new(
        Code::KeychainUnavailable,
        "The key for evidence bundles in the keychain cannot be read.",
        "No bundle was written. A new key would have another fingerprint than the bundles before.",
        "Look for the entry evidence-key of this desk in the system's keychain program; remove it, and the desk makes a new one.",
    )
}

/// A bundle that was written and verified.
#[derive(Debug)]
struct Written {
    path: PathBuf,
    /// The SHA-256 of its tag manifest, the last file, which stands for every other.
    bundle_sha256: String,
    verification: Verification,
}

/// Everything that touches the disk: each file is looked into before it is written, the last makes the bundle whole, and what
/// does not verify then does not stay.
fn write_bundle(
    bundle: Bundle,
    payload: Payload,
    key: &SealKey,
    scan: &Scan,
    read: &dyn Fn(Source) -> Result<Vec<u8>, Problem>,
    progress: &watch::Sender<Option<ExportProgress>>,
    cancel: &Cancel,
) -> Result<Written, Problem> {
    let total = payload.files.len() + sealing_files();
    let total = u32::try_from(total).unwrap_or(u32::MAX);
    let mut done = 0;
    let mut tell = |path: &str| -> Result<(), Problem> {
        if cancel.is_asked() {
            return Err(stopped());
        }
        progress.send_replace(Some(ExportProgress {
            done,
            total,
            file: path.to_owned(),
            verifying: false,
        }));
        done += 1;
        Ok(())
    };
    let mut writer = bundle.begin()?;
    let mut manifest = bag::Manifest::new();
    let mut size = 0_u64;
    let count = payload.files.len();
    for file in payload.files {
        tell(&file.path)?;
        let bytes = read(file.source)?;
        scan.look_into(&file.path, &bytes)?;
        let sha256 = writer.put(&file.path, &bytes).map_err(WriteError::into_problem)?;
        size += bytes.len() as u64;
        manifest.insert(file.path, sha256);
    }
    let mut info = payload.info;
    info.push((sealing::OXUM.to_owned(), format!("{size}.{count}")));
    let sealed = sealing::seal(
        &sealing::Sealing {
            payload: &manifest,
            info: &info,
            readme: &payload.readme,
            test_result: payload.test_result,
            decisions: payload.decisions,
        },
        key,
    )
    .map_err(|error| internal_problem(&error))?;
    // All of them before the first is written.
    for (path, text) in &sealed {
        scan.look_into(path, text.as_bytes())?;
    }
    let mut bundle_sha256 = String::new();
    for (path, text) in &sealed {
        tell(path)?;
        bundle_sha256 = writer
            .put(path, text.as_bytes())
            .map_err(WriteError::into_problem)?;
    }
    if cancel.is_asked() {
        return Err(stopped());
    }
    let path = writer.finish().map_err(WriteError::into_problem)?;
    progress.send_replace(Some(ExportProgress {
        done: total,
        total,
        file: String::new(),
        verifying: true,
    }));
    let why_not = match verify(&path) {
        Ok(_) if cancel.is_asked() => stopped(),
        Ok(verification) if verification.valid => {
            return Ok(Written {
                path,
                bundle_sha256,
                verification,
            });
        }
        Ok(verification) => not_verified(&verification.findings),
        Err(problem) => problem,
    };
    Err(match write::remove(&path) {
        Ok(()) => why_not,
        Err(error) => Problem {
            meaning: format!(
                "It is still at {}, and does not count as exported: it could not be removed.",
                path.display()
            ),
            next: "Remove it yourself, and export again.".to_owned(),
            detail: Some(format!("{} {error}", why_not.detail.unwrap_or_default())),
            ..why_not
        },
    })
}

fn not_verified(findings: &[Finding]) -> Problem {
    let found: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.path, finding.words))
        .collect();
    Problem::new(
        Code::Refused,
        "The bundle that was written does not verify.",
        "It was removed, and does not count as exported.",
        "Export again, to another disk if there is one; should it happen again, the details say what to report.",
    )
    .detailed(found.join("; "))
}

/// How many files are sealed besides the payload.
const fn sealing_files() -> usize {
    8
}

fn stopped() -> Problem {
    Problem::new(
        Code::Stopped,
        "The export was stopped.",
        "No bundle was written.",
        "Export again when you are ready.",
    )
}

fn attaching_stopped() -> Problem {
    Problem::new(
        Code::Stopped,
        "Attaching was stopped.",
        "This file was not attached.",
        "Attach it when you are ready.",
    )
}

/// What a file is called, without the folders that lead to it: where it lies is nobody's business in the window.
fn name_of(file: &Path) -> String {
    let name = file.file_name();
    name.map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn read_attachment(path: &Path, cancel: &Cancel) -> Result<Vec<u8>, Problem> {
    let name = name_of(path);
    let unreadable = |error: std::io::Error| {
        Problem::invalid(
            "file",
            format!("{name} cannot be read: it was not attached."),
            "Choose a file that you may read.",
        )
        .detailed(error.to_string())
    };
    let too_long = || {
        Problem::invalid(
            "file",
            format!("{name} is longer than 100 MiB: it was not attached."),
            "Attach the part that matters, or a smaller copy.",
        )
    };
    // Before it is opened: whoever opens a pipe waits for somebody to write to it.
    let about = std::fs::metadata(path).map_err(unreadable)?;
    if !about.is_file() {
        return Err(Problem::invalid(
            "file",
            format!("{name} is not a file: it was not attached."),
            "Choose a file; pack a folder as .zip first.",
        ));
    }
    if about.len() > LONGEST_ATTACHMENT {
        return Err(too_long());
    }
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    loop {
        if cancel.is_asked() {
            return Err(attaching_stopped());
        }
        let mut part = file.by_ref().take(READ_AT_ONCE);
        if part.read_to_end(&mut bytes).map_err(unreadable)? == 0 {
            return Ok(bytes);
        }
        // It may grow while it is read.
        if bytes.len() as u64 > LONGEST_ATTACHMENT {
            return Err(too_long());
        }
    }
}

/// What a file is: by its first bytes, else by its name, as far as the desk knows.
fn media_type(path: &Path, bytes: &[u8]) -> String {
    if let Some(kind) = infer::get(bytes) {
        return kind.mime_type().to_owned();
    }
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    let is_text = std::str::from_utf8(bytes).is_ok();
    match extension.as_deref() {
        Some("json") if is_text => "application/json",
        Some("csv") if is_text => "text/csv",
        Some("md") if is_text => "text/markdown",
        Some("eml") if is_text => "message/rfc822",
        _ if is_text => "text/plain",
        _ => UNKNOWN_TYPE,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::{payload::PayloadFile, *};

    /// No run makes such a bundle, which names no key; were a fault in the desk to make one, it must not count as exported.
    #[test]
    fn a_bundle_that_does_not_verify_is_removed_and_said_to_be_none() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["bundle", "bundle.zip"] {
            let payload = Payload {
                files: vec![PayloadFile {
                    path: "data/a".to_owned(),
                    source: Source::Bytes(b"x".to_vec()),
                }],
                info: Vec::new(),
                readme: "# Evidence\n".to_owned(),
                test_result: serde_json::json!({}),
                decisions: serde_json::json!({}),
                journal_head: (1, "00".to_owned()),
                missing_ids: Vec::new(),
                missing: Vec::new(),
            };
            let written = write_bundle(
                Bundle::at(&dir.path().join(name)).unwrap(),
                payload,
                &SealKey::from_seed(&[7; 32]),
                &Scan::new(&[]),
                &|source| match source {
                    Source::Bytes(bytes) => Ok(bytes),
                    Source::Artifact(_) => Err(stopped()),
                },
                &watch::Sender::new(None),
                &Cancel::never(),
            );
            let problem = written.unwrap_err();
            assert_eq!(problem.code, Code::Refused, "{name}");
            assert!(problem.detail.unwrap().contains("bag-info.txt"), "{name}");
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "{name}");
        }
    }
}
