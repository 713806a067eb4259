//! `run`: the rehearsal or cutover that acts are recorded under.

use super::{
    Global, Printer, Status,
    announce::line,
    phase::{outcome_words, words},
    with_desk,
};
use clap::Subcommand;
use desk_app::{
    Desk, Problem,
    rollback::view::{RollbackPurpose, RollbackSplit, RollbackView},
    time::when,
    view::{RunKind, RunReport, RunView},
};

#[derive(Subcommand)]
pub enum Command {
    /// Start a run; refused while one is open
    Start {
        /// The release owner, who answers for it [default: the operator's uid]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        owner: String,
    },
    /// End the open run; the next act opens another
    End,
    /// Show a run with all that was recorded under it
    Show {
        /// Its label, such as R-001, or its id [default: the newest]
        run: Option<String>,
    },
    /// List the runs, newest first
    List,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| act(desk, command, printer).await).await
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::Start { owner } => {
            let run = desk.start_run(&owner).await?;
            printer.result(&run, || describe(desk, &run));
        }
        Command::End => {
            let run = desk.end_run().await?;
            printer.result(&run, || describe(desk, &run));
        }
        Command::Show { run } => {
            let report = desk.run_report(run.as_deref()).await?;
            printer.result(&report, || describe_report(desk, &report));
        }
        Command::List => {
            let runs = desk.runs().await?;
            printer.result(&runs, || {
                if runs.is_empty() {
                    return "No run yet: the first act opens one.".to_owned();
                }
                let lines: Vec<_> = runs.iter().map(|run| describe(desk, run)).collect();
                lines.join("\n")
            });
        }
    }
    Ok(Status::Yes)
}

fn describe(desk: &Desk, run: &RunView) -> String {
    let kind = match run.kind {
        RunKind::Rehearsal => "rehearsal",
        RunKind::Live => "LIVE",
    };
    let ended = run.ended_at_ms.map_or_else(
        || "open".to_owned(),
        |at| format!("ended {}", when(at, desk.zone())),
    );
    format!(
        "{}  {kind} in {}  owner {}  started {}  {ended}",
        run.label,
        run.environment,
        run.owner.as_deref().unwrap_or("not named"),
        when(run.started_at_ms, desk.zone()),
    )
}

/// A rollback or drill of the run: when, from where to where, how long until it was proven, and what is open about it.
fn rollback_lines(desk: &Desk, rollback: &RollbackView) -> Vec<String> {
    let what = match rollback.purpose {
        RollbackPurpose::Rollback => "rollback",
        RollbackPurpose::Drill => "drill   ",
    };
    let from = rollback.from.as_ref();
    let taken = |wanted| {
        let split = rollback.splits.iter().find(|split| split.split == wanted);
        split
            .and_then(|split| split.taken_ms)
            .map_or_else(|| "-".to_owned(), super::rollback::clock)
    };
    let mut lines = vec![format!(
        "  {what}  {}  {} → {}  verified {}, settled {}, closed {}",
        when(rollback.opened_at_ms, desk.zone()),
        from.map_or_else(|| "not known".to_owned(), |from| words(desk, &from.phase)),
        words(desk, &rollback.to),
        taken(RollbackSplit::Verified),
        taken(RollbackSplit::Settled),
        taken(RollbackSplit::Closed),
    )];
    if let Some(by) = rollback.review_by_ms {
        lines.push(format!("            to be reviewed by {}", when(by, desk.zone())));
    }
    if let Some(review) = &rollback.review {
        lines.push(format!(
            "            reviewed {} by {}: {}",
            when(review.at_ms, desk.zone()),
            review.by,
            review.words
        ));
    }
    lines
}

fn describe_report(desk: &Desk, report: &RunReport) -> String {
    let runbook = report.run.runbook_sha256.as_deref().unwrap_or("not recorded");
    let mut lines = vec![
        describe(desk, &report.run),
        format!("  id        {}", report.run.id),
        format!("  runbook   {runbook}"),
        format!("  started   by {}", report.run.started_by),
        format!("  journal   {} entries", report.entries),
    ];
    lines.extend(report.overrides.iter().map(|made| made.words(desk.zone())));
    lines.extend(report.phase_changes.iter().map(|change| {
        format!(
            "  phase     {}  {} → {}  {}  by {}",
            when(change.started_at_ms, desk.zone()),
            words(desk, &change.from.phase),
            words(desk, &change.to),
            outcome_words(change.outcome),
            change.actor,
        )
    }));
    lines.extend(report.smoke_runs.iter().map(|smoke| {
        format!(
            "  smoke     {}  {}  {}",
            when(smoke.started_at_ms, desk.zone()),
            smoke.id,
            smoke.sentence
        )
    }));
    lines.extend(
        report
            .rollbacks
            .iter()
            .flat_map(|rollback| rollback_lines(desk, rollback)),
    );
    lines.extend(report.artifacts.iter().map(|artifact| {
        let attached = if artifact.attached_as.is_empty() {
            "not attached".to_owned()
        } else {
            format!("attached as {}", artifact.attached_as.join(", "))
        };
        format!("  artifact  {}  {attached}", artifact.sha256)
    }));
    lines.extend(
        report
            .announcements
            .iter()
            .map(|made| format!("  text      {}", line(desk, made))),
    );
    lines.extend(report.evidence.iter().map(super::evidence::line));
    lines.join("\n")
}
