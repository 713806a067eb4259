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
    payload::Payload,
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
use rand::TryRngCore as _;
use secrecy::SecretString;
use std::path::{Path, PathBuf};
use tokio::{runtime::Handle, sync::watch};
use zeroize::Zeroizing;

/// The longest file that can be attached, bytes.
pub const LONGEST_ATTACHMENT: u64 = 100 * 1024 * 1024;

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
                    items: self.evidence_items_of_nothing(),
                    attachments: Vec::new(),
                    exports: Vec::new(),
                });
            }
            Err(problem) => return Err(problem),
        };
        let stored = |error| store_problem(&error);
        let gathered = self.gather(&run).await?;
        let exports = self.inner.store.exports_of_run(&run.id).await.map_err(stored)?;
        Ok(EvidenceView {
            run: Some(run_view(&run, &environment)),
            items: gathered.items,
            attachments: gathered
                .attachments
                .into_iter()
                .map(AttachmentView::from)
                .collect(),
            exports: exports.into_iter().map(ExportedView::from).collect(),
        })
    }

    /// Puts a file on the open run as evidence for one of the runbook's items. The file is read, kept by its hash and never
    /// opened otherwise.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) for a file that cannot be read, is longer than 100 MiB or holds a secret, or (field
    /// `item`) for an item that the runbook does not have; `keychain_*`; `store_*`. Nothing was attached then.
    pub async fn attach_evidence(&self, file: &Path, item: &str) -> Result<AttachmentView, Problem> {
        let runbook = self.rules()?;
        if !runbook.evidence.iter().any(|known| known.id == item) {
            let ids: Vec<&str> = runbook.evidence.iter().map(|known| known.id.as_str()).collect();
            return Err(Problem::invalid(
                "item",
                format!("The runbook has no evidence item {item:?}."),
                format!("Use {}.", ids.join(", ")),
            ));
        }
        let name = file
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let scan = self.scan().await?;
        let (path, shown) = (file.to_owned(), name.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let bytes = read_attachment(&path)?;
            scan.look_into(&shown, &bytes)?;
            let media_type = media_type(&path, &bytes);
            Ok::<_, Problem>((bytes, media_type))
        });
        let (bytes, media_type) = reading.await.map_err(|panicked| internal_problem(&panicked))??;
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let kind = self.environment_row(&environment).await?.kind;
        let actor = self.acting(&environment).await;
        let length = bytes.len() as u64;
        let sha256 = self
            .inner
            .store
            .put_artifact(bytes, &media_type)
            .await
            .map_err(stored)?;
        let (run_id, _) = self.run_in(&environment, kind, &actor).await?;
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
        rows.into_iter().last().map(AttachmentView::from).ok_or_else(|| {
            Problem::new(
                Code::StoreFailed,
                "The attached file is not among the run's.",
                "It may not be in the bundle.",
                "Verify the journal under Settings.",
            )
        })
    }

    /// Writes the sealed bundle of a run: a folder, or a zip file where `to` ends in `.zip`. It appears whole or not at all, and
    /// is verified after it was written.
    ///
    /// What is missing does not keep it from being written; it is said on its face, and it never verifies as complete.
    ///
    /// # Errors
    /// `invalid_input` (field `to`) where something is there already or nothing can be written; `refused` (field `file`) where a
    /// file holds a secret; `stopped`; `not_found` for a run that is not there; `keychain_*`; `store_*`. Nothing was written then;
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
            write_bundle(bundle, payload, &key, &scan, &store, &handle, &told, &cancel)
        });
        let (path, bundle_sha256) = writing.await.map_err(|panicked| internal_problem(&panicked))??;
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
        let to_verify = path.clone();
        let verifying = tokio::task::spawn_blocking(move || verify(&to_verify));
        let verification = verifying
            .await
            .map_err(|panicked| internal_problem(&panicked))??;
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

    /// Where the newest run's bundle goes when nobody is asked for a place: among the desk's files.
    ///
    /// # Errors
    /// `not_found` before the first run; `store_*`.
    pub async fn place_for_evidence(&self, zip: bool) -> Result<PathBuf, Problem> {
        let run = self.run_called(None).await?;
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

/// Everything that touches the disk: each file is looked into before it is written, and the last makes the bundle whole.
#[expect(clippy::too_many_arguments, reason = "a closure's captures, spelled out")]
fn write_bundle(
    bundle: Bundle,
    payload: Payload,
    key: &SealKey,
    scan: &Scan,
    store: &desk_store::Store,
    handle: &Handle,
    progress: &watch::Sender<Option<ExportProgress>>,
    cancel: &Cancel,
) -> Result<(PathBuf, String), Problem> {
    let total = payload.files.len() + sealing_files();
    let mut done = 0;
    let mut tell = |path: &str| -> Result<(), Problem> {
        if cancel.is_asked() {
            return Err(stopped());
        }
        progress.send_replace(Some(ExportProgress {
            done,
            total: u32::try_from(total).unwrap_or(u32::MAX),
            file: path.to_owned(),
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
        let bytes = file.source.read(store, handle)?;
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
    let mut newest = String::new();
    for (path, text) in &sealed {
        tell(path)?;
        newest = writer
            .put(path, text.as_bytes())
            .map_err(WriteError::into_problem)?;
    }
    if cancel.is_asked() {
        return Err(stopped());
    }
    let path = writer.finish().map_err(WriteError::into_problem)?;
    // The last file is the tag manifest, which stands for every other.
    Ok((path, newest))
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

fn read_attachment(path: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |error: std::io::Error| {
        Problem::invalid(
            "file",
            format!("{} cannot be read.", path.display()),
            "Choose a file that you may read.",
        )
        .detailed(error.to_string())
    };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(Problem::invalid(
            "file",
            format!("{} is not a file.", path.display()),
            "Choose a file; pack a folder as .zip first.",
        ));
    }
    let mut bytes = Vec::new();
    // One byte more than may be, for the file may grow while it is read.
    let mut reader = std::io::Read::take(file, LONGEST_ATTACHMENT + 1);
    std::io::Read::read_to_end(&mut reader, &mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_ATTACHMENT {
        return Err(Problem::invalid(
            "file",
            format!("{} is longer than 100 MiB.", path.display()),
            "Attach the part that matters, or a smaller copy.",
        ));
    }
    Ok(bytes)
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
