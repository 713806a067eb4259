//! `drill`: the rollback as a rehearsal, which puts back what it found.

use super::{Global, Printer, Status, printer::problem_text, rollback::with_progress, with_desk};
use clap::{Args, ValueEnum};
use desk_app::{
    Code, Desk, Problem,
    rollback::{
        DrillReport,
        view::{DrillRequest, RollbackChoice},
    },
};
use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

/// Rehearse the rollback; without --execute, only say what would be sent
#[derive(Args)]
pub struct Drill {
    /// Do it: set the phase, prove it, put it back
    #[arg(long)]
    execute: bool,
    /// Leave the phase where it was rolled back to
    #[arg(long)]
    skip_restore: bool,
    /// The phase to roll back to [default: one back]
    #[arg(long, value_name = "PHASE")]
    rollback_to: Option<String>,
    /// In phase 1: set phase 2 first, so that there is something to roll back from
    #[arg(long)]
    allow_promote_from_phase1: bool,
    /// How long it may take
    #[arg(long, value_name = "N", default_value_t = 15)]
    max_duration_minutes: u32,
    /// The word that its notes begin with
    #[arg(long, value_name = "TEXT", default_value = "DRILL")]
    note_prefix: String,
    /// Write the report into this file as JSON
    #[arg(long, value_name = "FILE")]
    report_json: Option<PathBuf>,
    /// Write the report into this file as Markdown
    #[arg(long, value_name = "FILE")]
    report_markdown: Option<PathBuf>,
    /// When the proof is enough: at the first full agreement, or when it has lasted longer than the phase is cached
    #[arg(long, value_enum, default_value = "settled")]
    until: Until,
    /// Why it is made outside the environment's change window
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The environment's name, to execute it in a live environment without being asked
    #[arg(long, value_name = "NAME")]
    yes: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Until {
    Verified,
    Settled,
}

impl Drill {
    fn request(&self, desk: &Desk) -> DrillRequest {
        DrillRequest {
            environment: desk.environment().to_string(),
            to: self.rollback_to.clone(),
            until_verified: self.until == Until::Verified,
            skip_restore: self.skip_restore,
            promote_from_phase1: self.allow_promote_from_phase1,
            max_duration_minutes: self.max_duration_minutes,
            note_prefix: self.note_prefix.clone(),
            reason: self.reason.clone(),
            confirm: self.yes.clone(),
        }
    }
}

pub async fn run(global: &Global, drill: Drill, printer: &Printer) -> Result<Status, Problem> {
    let stdin_taken = global.credentials.is_some();
    let report = with_desk(global, async |desk| act(desk, &drill, stdin_taken, printer).await).await?;
    printer.result(&report, || describe(&report));
    Ok(match report.status.as_str() {
        "planned" | "passed" => Status::Yes,
        "unknown" => Status::Unknown,
        _ => Status::No,
    })
}

/// Makes the report, whatever becomes of the drill, and writes it where it is wanted.
async fn act(
    desk: &Desk,
    drill: &Drill,
    stdin_taken: bool,
    printer: &Printer,
) -> Result<DrillReport, Problem> {
    let mut request = drill.request(desk);
    let report = match rehearse(desk, drill, &mut request, stdin_taken, printer).await {
        Ok(report) => report,
        Err(problem) if problem.code == Code::InvalidInput => return Err(problem),
        // The report says why.
        Err(problem) => desk.drill_failed_report(&request, &problem).await?,
    };
    if let Some(file) = &drill.report_json {
        let text = serde_json::to_string_pretty(&report).map_err(|error| unwritable(file, &error))?;
        write(file, &text)?;
    }
    if let Some(file) = &drill.report_markdown {
        write(file, &report.markdown(desk.zone()))?;
    }
    Ok(report)
}

/// Plans it, and does it where that is asked for.
async fn rehearse(
    desk: &Desk,
    drill: &Drill,
    request: &mut DrillRequest,
    stdin_taken: bool,
    printer: &Printer,
) -> Result<DrillReport, Problem> {
    if desk.is_drill_cut_off().await {
        if !drill.execute {
            return Err(Problem::new(
                Code::Busy,
                "An earlier drill has not put back what it found.",
                "Nothing was sent. The phase may not be the one that is meant.",
                "rollback resume puts it back, and so does this drill with --execute before it begins.",
            ));
        }
        put_back_earlier(desk, printer).await?;
    }
    let plan = desk.plan_drill(request).await?;
    if plan.blocked.is_some() || !drill.execute {
        return desk.drill_plan_report(&plan, request).await;
    }
    match desk.open_drill(request).await {
        Err(problem)
            if problem.code == Code::ConfirmationNeeded && !stdin_taken && std::io::stdin().is_terminal() =>
        {
            let answer = super::phase::ask(&problem)?;
            match problem.field.as_deref() {
                Some("reason") => request.reason = Some(answer),
                _ => request.confirm = Some(answer),
            }
            desk.open_drill(request).await?
        }
        opened => opened?,
    };
    execute(desk, printer).await
}

/// Puts back what an earlier drill found, and says how that went.
async fn put_back_earlier(desk: &Desk, printer: &Printer) -> Result<(), Problem> {
    let Some(left) = desk.finish_cut_off_drill().await? else {
        return Ok(());
    };
    printer.progress(&format!(
        "An earlier drill had not put back what it found: {}",
        if left.closed_at_ms.is_some() {
            "it is back now."
        } else {
            "it still could not be."
        }
    ));
    Ok(())
}

/// Carries it out. Ctrl-C ends the proof, not the putting back; a second one ends the program, and the next start of the
/// desk puts back what was found.
async fn execute(desk: &Desk, printer: &Printer) -> Result<DrillReport, Problem> {
    let mut carrying = Box::pin(with_progress(desk, printer));
    let mut stopped = false;
    loop {
        tokio::select! {
            view = &mut carrying => {
                if let Err(problem) = view {
                    printer.progress(&problem_text(&problem));
                }
                return desk.drill_report().await;
            }
            _ = tokio::signal::ctrl_c(), if !stopped => {
                stopped = true;
                printer.progress("Stopping, and putting back what was found…");
                let reason = "It was stopped at the keyboard.".to_owned();
                // It may be over by now; putting back goes on in any case.
                if let Err(problem) = desk.decide_rollback(&RollbackChoice::Stop { reason }).await {
                    printer.progress(&problem_text(&problem));
                }
            }
            _ = tokio::signal::ctrl_c(), if stopped => {
                printer.progress("Ended before everything was back. The desk puts it back when it starts again.");
                return desk.drill_report().await;
            }
        }
    }
}

fn write(file: &Path, text: &str) -> Result<(), Problem> {
    std::fs::write(file, text).map_err(|error| unwritable(file, &error))
}

fn unwritable(file: &Path, error: &dyn std::fmt::Display) -> Problem {
    Problem::invalid(
        "report",
        format!("{} cannot be written.", file.display()),
        "The drill is recorded in the journal all the same; choose another file.",
    )
    .detailed(error.to_string())
}

fn describe(report: &DrillReport) -> String {
    let mut lines = vec![
        format!("{}: {}", report.status.to_uppercase(), report.message),
        format!(
            "  {} → {} in {} ({})",
            if report.original_phase.is_empty() {
                "not known"
            } else {
                &report.original_phase
            },
            report.rollback_target_phase.as_deref().unwrap_or("-"),
            report.desk.environment,
            report.desk.environment_kind
        ),
    ];
    lines.extend(
        report
            .desk
            .splits
            .iter()
            .map(|split| format!("  {}  {}", super::rollback::clock(split.taken_ms), split.split)),
    );
    for step in &report.steps {
        let took = step.duration_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
        lines.push(format!("  {:<8} {:<32} {took}", step.status, step.label));
        if !step.detail.is_empty() {
            lines.push(format!("           {}", step.detail));
        }
    }
    lines.join("\n")
}
