//! `journal`: the record of everything done at this desk.

use super::{Global, Printer, Status, open_itself};
use clap::Subcommand;
use desk_app::{Problem, journal as restoring, time::when, view::JournalView};
use serde::Serialize;
use std::path::PathBuf;

#[derive(Subcommand)]
pub enum Command {
    /// Check every entry and the chain between them
    Verify {
        /// Check too that nothing was cut off or rewritten since this evidence bundle was sealed; a copy of its
        /// data/phase/metadata.json will do
        #[arg(long, value_name = "PATH")]
        bundle: Option<PathBuf>,
    },
    /// Find entries with words that begin so, newest first
    Search {
        /// The words
        text: String,
        /// The most entries
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Write a backup
    Backup {
        /// A file that does not exist yet
        file: PathBuf,
    },
    /// Put a backup in place of the present record, which is set aside
    Restore {
        /// The backup
        file: PathBuf,
    },
}

/// `journal verify --json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Verified {
    #[serde(flatten)]
    view: JournalView,
    /// Whether the journal still holds the entry that the bundle names as its newest.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds_bundle: Option<bool>,
}

impl Verified {
    fn is_whole(&self) -> bool {
        self.view.broken.is_none() && self.view.stale.is_empty() && self.holds_bundle != Some(false)
    }
}

fn describe(verified: &Verified) -> String {
    let view = &verified.view;
    let mut text = match &view.broken {
        None if view.stale.is_empty() => {
            format!("Whole: {} entries, newest hash {}", view.count, view.newest_hash)
        }
        None => format!(
            "The journal is whole ({} entries), but these tables differ from it: {}.",
            view.count,
            view.stale.join(", ")
        ),
        Some(broken) => format!(
            "BROKEN at entry {} ({}): {}. The {} entries before it are whole.",
            broken.seq, broken.id, broken.fault, view.count
        ),
    };
    match verified.holds_bundle {
        None => {}
        Some(true) => text.push_str("\nNothing was cut off or rewritten since the bundle was sealed."),
        Some(false) => text.push_str(
            "\nIt does NOT hold the entry that was the newest when the bundle was sealed: it was cut off or rewritten since, or is another desk's.",
        ),
    }
    text
}

/// `journal backup --json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    file: PathBuf,
    sha256: String,
    newest_seq: i64,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::Verify { bundle } => {
            let desk = open_itself(global).await?;
            let view = desk.verify_journal().await?;
            let holds_bundle = match &bundle {
                Some(bundle) => Some(desk.holds_head_of(bundle).await?),
                None => None,
            };
            let verified = Verified { view, holds_bundle };
            printer.result(&verified, || describe(&verified));
            Ok(if verified.is_whole() {
                Status::Yes
            } else {
                Status::No
            })
        }
        Command::Search { text, limit } => {
            let desk = open_itself(global).await?;
            let entries = desk.search_journal(&text, limit).await?;
            printer.result(&entries, || {
                if entries.is_empty() {
                    return "No entry has these words.".to_owned();
                }
                let lines: Vec<String> = entries
                    .iter()
                    .map(|entry| {
                        format!(
                            "{}  {}  {}  by {}  {}",
                            entry.seq,
                            when(entry.at_ms, desk.zone()),
                            entry.kind,
                            entry.actor,
                            entry.body
                        )
                    })
                    .collect();
                lines.join("\n")
            });
            Ok(Status::Yes)
        }
        Command::Backup { file } => {
            let desk = open_itself(global).await?;
            let info = desk.backup_journal(&file).await?;
            let written = Written {
                file,
                sha256: info.sha256,
                newest_seq: info.newest_seq,
            };
            printer.result(&written, || {
                format!(
                    "Wrote {} ({} entries, SHA-256 {})",
                    written.file.display(),
                    written.newest_seq,
                    written.sha256
                )
            });
            Ok(Status::Yes)
        }
        Command::Restore { file } => {
            let restored = restoring::restore(&global.data_dir()?, &file)?;
            let desk = open_itself(global).await?;
            desk.note_restored(&restored).await?;
            let set_aside = restored.set_aside;
            printer.result(
                &serde_json::json!({ "sha256": restored.backup.sha256, "setAside": set_aside }),
                || {
                    format!(
                        "Restored {}. {}",
                        file.display(),
                        set_aside.as_ref().map_or_else(
                            || "There was nothing before.".to_owned(),
                            |path| format!("What was there lies in {path}."),
                        )
                    )
                },
            );
            Ok(Status::Yes)
        }
    }
}
