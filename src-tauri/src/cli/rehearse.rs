//! `rehearse`: the whole runbook against the practice portal.

use super::{Global, Printer, Status};
use desk_app::{
    Desk, Problem,
    rehearse::{PHASE_CACHE_MS, RehearsalReport},
};
use std::path::PathBuf;

/// Play the whole runbook against the practice portal, from start to sealed evidence
///
/// A run of its own: three phases earned with smoke checklist, soak, gates and snapshot; a rollback with its clock and its notice;
/// forward again; the evidence bundle exported and verified. The practice portal caches the phase for 5 s meanwhile, not 60 s.
#[derive(clap::Args)]
pub struct Rehearse {
    /// Where the evidence bundle goes: a folder that does not exist yet, or a file that ends in .zip
    /// [default: among the desk's files]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub async fn run(global: &Global, rehearse: Rehearse, printer: &Printer) -> Result<Status, Problem> {
    let mut options = global.options()?;
    options.environment.get_or_insert_with(|| "practice".to_owned());
    options.practice_phase_cache_ms = PHASE_CACHE_MS;
    let desk = Desk::open(options).await?;
    let report = Box::pin(desk.rehearse(rehearse.out.as_deref(), &|line| printer.progress(line))).await;
    desk.close().await;
    let report = report?;
    printer.result(&report, || describe(&report));
    Ok(Status::Yes)
}

fn describe(report: &RehearsalReport) -> String {
    let mut lines = vec![
        format!(
            "{} is rehearsed: {} parts in {}.{} s.",
            report.run,
            report.parts.len(),
            report.took_ms / 1_000,
            report.took_ms / 100 % 10
        ),
        format!("The evidence is at {}, valid and complete.", report.evidence.path),
        format!("Signed by {}.", report.evidence.signed_by),
    ];
    if report.evidence.key_for_this_session_only {
        lines.push("There is no keychain here: the key that signed it ends with this command.".to_owned());
    }
    lines.join("\n")
}
