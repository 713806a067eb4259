//! `evidence`: what a run has to show, and its sealed bundle.

use super::{Global, Printer, Status, open, open_itself};
use clap::Subcommand;
use desk_app::{
    Desk, Problem,
    evidence::{
        Finding, FindingKind, Item, ItemState, Verification, verify,
        view::{AttachmentView, EvidenceView, ExportProgress, ExportReport},
    },
    smoke::Cancel,
    time::when,
};
use std::path::{Path, PathBuf};
use tokio::sync::watch;

#[derive(Subcommand)]
pub enum Command {
    /// Show how the runbook's evidence items stand
    Status {
        /// The run: its label, such as R-001, or its id [default: the newest]
        #[arg(long, value_name = "ID")]
        run: Option<String>,
    },
    /// Put a file on a run, ended or not; at most 100 MiB, kept by its SHA-256 and never opened
    Attach {
        /// The file
        file: PathBuf,
        /// The run: its label, such as R-001, or its id [default: the open one, else the newest]
        #[arg(long, value_name = "ID")]
        run: Option<String>,
        /// The evidence item it is for: phase-metadata, phase-metrics, smoke-log, failed-requests, rollback-drill
        #[arg(long = "as", value_name = "ITEM")]
        item: String,
    },
    /// Write the sealed bundle of a run; Ctrl-C stops it and leaves nothing
    Export {
        /// A folder that does not exist yet, or a file that ends in .zip
        to: PathBuf,
        /// The run: its label, such as R-001, or its id [default: the newest]
        #[arg(long, value_name = "ID")]
        run: Option<String>,
    },
    /// Check a bundle; needs neither this desk's data nor a network
    Verify {
        /// The bundle's folder, or its .zip file
        path: PathBuf,
    },
    /// Show the public half of the key that bundles are signed with; it is made at first use
    Key,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    let desk = match &command {
        Command::Verify { path } => return check(path, printer),
        Command::Key => open_itself(global).await?,
        _ => open(global).await?,
    };
    let status = act(&desk, command, printer).await;
    desk.close().await;
    status
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::Status { run } => {
            let view = desk.evidence(run.as_deref()).await?;
            printer.result(&view, || describe(desk, &view));
            Ok(if view.items.iter().any(Item::is_open) {
                Status::No
            } else {
                Status::Yes
            })
        }
        Command::Attach { file, run, item } => {
            let never = Cancel::never();
            let attached = desk.attach_evidence(run.as_deref(), &file, &item, &never).await?;
            printer.result(&attached, || {
                format!("Attached to {}: {}", attached.run, attachment(&attached))
            });
            Ok(Status::Yes)
        }
        Command::Export { to, run } => {
            let report = export(desk, &to, run.as_deref(), printer).await?;
            printer.result(&report, || described_export(&report));
            Ok(Status::Yes)
        }
        Command::Key => {
            let key = desk.evidence_key().await?;
            printer.result(&key, || {
                let kept = if key.for_this_session_only {
                    "There is no keychain here: this key ends with this command, and the next one makes another.\n"
                } else {
                    ""
                };
                format!("{kept}SHA-256 fingerprint {}\n{}", key.fingerprint, key.public_key.trim_end())
            });
            Ok(Status::Yes)
        }
        Command::Verify { path } => check(&path, printer),
    }
}

/// Exports, says how far it is, and stops at Ctrl-C.
pub async fn export(
    desk: &Desk,
    to: &Path,
    run: Option<&str>,
    printer: &Printer,
) -> Result<ExportReport, Problem> {
    let (progress, mut seen) = watch::channel::<Option<ExportProgress>>(None);
    let (stop, asked) = watch::channel(false);
    let mut exporting = std::pin::pin!(desk.export_evidence(to, run, &progress, Cancel::when(asked)));
    loop {
        tokio::select! {
            report = &mut exporting => return report,
            Ok(()) = seen.changed() => {
                match &*seen.borrow_and_update() {
                    // A small bundle is read again sooner than anybody reads this.
                    Some(so_far) if so_far.verifying && so_far.total > 50 => {
                        printer.progress("All files are written; they are read again to verify them");
                    }
                    Some(so_far) if !so_far.verifying && so_far.done > 0 && so_far.done % 50 == 0 => {
                        printer.progress(&format!("{} of {} files: {}", so_far.done, so_far.total, so_far.file));
                    }
                    _ => {}
                }
            }
            Ok(()) = tokio::signal::ctrl_c() => {
                stop.send_replace(true);
            }
        }
    }
}

/// Nothing else goes on meanwhile, so that the thread may wait for the disk.
fn check(path: &Path, printer: &Printer) -> Result<Status, Problem> {
    let found = verify(path)?;
    printer.result(&found, || described_verification(&found));
    Ok(if found.valid && found.complete {
        Status::Yes
    } else {
        Status::No
    })
}

fn state(item: &Item) -> &'static str {
    match item.state {
        ItemState::There => "there",
        ItemState::Missing => "MISSING",
        ItemState::Outdated => "OUTDATED",
        ItemState::NotNeeded => "not needed",
    }
}

/// An item on a line: its state, what it is, and why.
pub fn line(item: &Item) -> String {
    format!("  {:<10}  {:<15}  {}", state(item), item.id, item.why)
}

fn attachment(file: &AttachmentView) -> String {
    format!(
        "{} ({}, {} bytes) as {}, {}",
        file.name, file.media_type, file.bytes, file.item, file.sha256
    )
}

fn describe(desk: &Desk, view: &EvidenceView) -> String {
    let run = view.run.as_ref().map_or_else(
        || "No run yet; what one will need:".to_owned(),
        |run| format!("{} in {}", run.label, run.environment),
    );
    let mut lines = vec![run];
    lines.extend(view.items.iter().map(line));
    lines.extend(
        view.attachments
            .iter()
            .map(|file| format!("  attached    {}", attachment(file))),
    );
    lines.extend(view.exports.iter().map(|export| {
        format!(
            "  exported    {}  bundle {}  signed by {}",
            when(export.at_ms, desk.zone()),
            export.bundle_sha256,
            export.signed_by
        )
    }));
    lines.join("\n")
}

fn described_export(report: &ExportReport) -> String {
    let mut lines = vec![format!("{} is sealed at {}", report.run, report.path)];
    if report.key_for_this_session_only {
        lines.push("There is no keychain here: the key that signed it ends with this command.".to_owned());
    }
    lines.push(described_verification(&report.verification));
    lines.join("\n")
}

fn described_verification(found: &Verification) -> String {
    let of_info = |label: &str| {
        let value = found.info.iter().find(|(known, _)| known == label);
        value.map(|(_, value)| value.as_str())
    };
    let answer = match (found.valid, found.complete) {
        (true, true) => "Valid and complete.",
        (true, false) => "Valid but INCOMPLETE.",
        (false, _) => "NOT VALID.",
    };
    let mut lines = vec![answer.to_owned()];
    lines.extend(of_info("External-Description").map(|about| format!("  about      {about}")));
    lines.push(format!(
        "  content    {} files, {} bytes",
        found.files, found.bytes
    ));
    lines.push(found.signed_by.as_ref().map_or_else(
        || "  signed by  nobody: no signature holds".to_owned(),
        |key| format!("  signed by  {key}"),
    ));
    lines.extend(found.journal.as_ref().map(|stretch| {
        format!(
            "  journal    entries {} to {}, unbroken; {} of other runs withheld, {} redacted",
            stretch.first, stretch.last, stretch.withheld, stretch.redacted
        )
    }));
    lines.extend(found.missing.iter().map(|words| format!("  missing    {words}")));
    lines.extend(found.findings.iter().map(finding));
    lines.join("\n")
}

fn finding(finding: &Finding) -> String {
    let kind = match finding.kind {
        FindingKind::Damaged => "DAMAGED",
        FindingKind::Missing => "MISSING",
        FindingKind::Added => "ADDED",
        FindingKind::Refused => "REFUSED",
        FindingKind::Chain => "CHAIN",
    };
    format!("  {kind:<9}  {} {}", finding.path, finding.words)
}
