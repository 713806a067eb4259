//! `smoke`: the checklist that runs itself.

use super::{Global, Printer, Status, with_desk};
use clap::{Subcommand, ValueEnum};
use desk_app::{
    Desk, Problem,
    metrics::view::SoakView,
    parse_phase,
    smoke::{
        Cancel,
        view::{SmokePlan, SmokeReport, SmokeRequest, SmokeState, SmokeStepState},
    },
};
use std::path::PathBuf;
use tokio::sync::watch;

#[derive(Subcommand)]
pub enum Command {
    /// List the checks of a phase with their requests
    List {
        /// 1, 2 or 3 [default: the phase in force]
        #[arg(long, value_name = "N")]
        phase: Option<String>,
    },
    /// Run the checklist of a phase; Ctrl-C stops it and removes what it made
    Run {
        /// 1, 2 or 3
        #[arg(long, value_name = "N")]
        phase: String,
        /// Run again only what did not pass in this earlier run
        #[arg(long, value_name = "ID")]
        only_failed_of: Option<String>,
        /// The item to borrow; chosen where none is given
        #[arg(long, value_name = "ID")]
        item: Option<String>,
        /// The environment's name, for checks that change something in a live portal
        #[arg(long, value_name = "NAME")]
        yes: Option<String>,
        /// Write `JUnit` XML into this file too
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
    /// Answer a check's question
    Attest {
        /// The check's id
        check: String,
        /// What you saw
        #[arg(long, value_enum)]
        result: Answer,
        /// In your words
        #[arg(long, value_name = "TEXT")]
        note: String,
    },
    /// Earn the requests that the gates still need, within the portal's limits; Ctrl-C stops it
    Soak {
        /// 1 or 2
        #[arg(long, value_name = "N")]
        phase: String,
        /// How many [default: as many as the gates need]
        #[arg(long, value_name = "N")]
        requests: Option<u32>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Answer {
    Pass,
    Fail,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| act(desk, command, printer).await).await
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::List { phase } => {
            let phase = match phase {
                Some(phase) => phase,
                None => desk.refresh_phase().await?.state.phase,
            };
            let plan = desk.smoke_plan(&phase).await?;
            printer.result(&plan, || describe_plan(&plan));
            Ok(Status::Yes)
        }
        Command::Run {
            phase,
            only_failed_of,
            item,
            yes,
            junit,
        } => {
            let request = SmokeRequest {
                phase,
                only_failed_of,
                item,
                confirm: yes,
            };
            let report = run_checklist(desk, &request, printer).await?;
            if let Some(file) = junit {
                std::fs::write(&file, report.junit()).map_err(|error| {
                    let next = "The run is recorded all the same; choose another file.";
                    Problem::invalid("junit", format!("{} cannot be written.", file.display()), next)
                        .detailed(error.to_string())
                })?;
            }
            printer.result(&report, || describe_report(desk, &report));
            Ok(if report.proven { Status::Yes } else { Status::No })
        }
        Command::Attest { check, result, note } => {
            desk.attest(&check, result == Answer::Pass, &note).await?;
            printer.result(
                &serde_json::json!({ "attested": check, "pass": result == Answer::Pass }),
                || {
                    format!(
                        "Recorded: {check}, {}.",
                        if result == Answer::Pass { "pass" } else { "fail" }
                    )
                },
            );
            Ok(if result == Answer::Pass {
                Status::Yes
            } else {
                Status::No
            })
        }
        Command::Soak { phase, requests } => soak(desk, printer, &phase, requests).await,
    }
}

async fn run_checklist(
    desk: &Desk,
    request: &SmokeRequest,
    printer: &Printer,
) -> Result<SmokeReport, Problem> {
    let (progress, mut seen) = watch::channel(None::<SmokeReport>);
    let (stop, asked) = watch::channel(false);
    let mut run = std::pin::pin!(desk.run_smoke(request, &progress, Cancel::when(asked)));
    let mut told = 0;
    loop {
        tokio::select! {
            report = &mut run => return report,
            _ = tokio::signal::ctrl_c() => {
                printer.progress("Stopping, and removing what the run made…");
                stop.send_replace(true);
            }
            changed = seen.changed() => {
                let over = seen.borrow_and_update().as_ref().map(|report| (report.counts.all - report.counts.open, report.counts.all));
                if let (Ok(()), Some((over, all))) = (changed, over)
                    && over >= told + 10
                {
                    told = over;
                    printer.progress(&format!("{over} of {all} steps"));
                }
            }
        }
    }
}

async fn soak(desk: &Desk, printer: &Printer, phase: &str, requests: Option<u32>) -> Result<Status, Problem> {
    let phase = parse_phase(phase)?;
    let (progress, mut seen) = watch::channel(None::<SoakView>);
    let (stop, asked) = watch::channel(false);
    let mut soak = std::pin::pin!(desk.soak(phase, requests, progress, Cancel::when(asked)));
    let mut stopped = false;
    let mut told = 0;
    let view = loop {
        tokio::select! {
            view = &mut soak => break view?,
            _ = tokio::signal::ctrl_c() => {
                printer.progress("Stopping; what was measured counts.");
                stopped = true;
                stop.send_replace(true);
            }
            Ok(()) = seen.changed() => {
                let view = seen.borrow_and_update().clone();
                if let Some(view) = view
                    && view.done >= told + 50
                {
                    told = view.done;
                    printer.progress(&format!("{} of {}, about {} s left", view.done, view.wanted, view.left_ms / 1000));
                }
            }
        }
    };
    printer.result(&view, || {
        format!("{} requests, {} failed.", view.done, view.failed)
    });
    let enough = view.failed == 0 && !stopped;
    Ok(if enough { Status::Yes } else { Status::No })
}

fn describe_plan(plan: &SmokePlan) -> String {
    let mut lines = Vec::new();
    for check in &plan.checks {
        lines.push(format!("{}  {}", check.id, check.words));
        lines.extend(
            check
                .steps
                .iter()
                .map(|step| format!("    {:<15} {:<40} {}", step.account, step.route, step.action)),
        );
        lines.extend(
            check
                .question
                .iter()
                .map(|question| format!("    {:<15} {question}", "person")),
        );
    }
    lines.join("\n")
}

fn describe_report(desk: &Desk, report: &SmokeReport) -> String {
    let mut lines = vec![report.sentence.clone()];
    lines.extend(report.overrides.iter().map(|made| made.words(desk.zone())));
    for check in &report.checks {
        lines.push(format!("{}  {}", check.id, check.words));
        for step in &check.steps {
            let time = step.duration_ms.map_or_else(String::new, |ms| format!("{ms} ms"));
            lines.push(format!(
                "  {:<8} {:<15} {:>8}  {}",
                word(step.state),
                step.account,
                time,
                step.action
            ));
            if matches!(step.state, SmokeStepState::Fail | SmokeStepState::Blocked) {
                let label = step.label.as_deref().unwrap_or("not tried");
                lines.push(format!("           {label}: {}", step.found));
                lines.extend(step.meaning.iter().map(|meaning| format!("           {meaning}")));
                lines.extend(
                    step.support_code
                        .iter()
                        .map(|id| format!("           support code {id}")),
                );
            }
        }
    }
    lines.extend(report.left.iter().map(|left| {
        let id = left.id.as_deref().unwrap_or("id not known");
        let how = if left.open { "STILL TO BE REMOVED" } else { "stays" };
        format!("{how}: {} ({id}), {}", left.what, left.why)
    }));
    if report.counts.fail > 0 {
        lines.push(report.support_block(desk.zone()));
    }
    let ended = match report.state {
        SmokeState::Running => "running",
        SmokeState::Finished => "finished",
        SmokeState::Cancelled => "stopped",
        SmokeState::CutOff => "cut off",
    };
    lines.push(format!(
        "run {} {ended}: {} passed, {} failed, {} blocked, {} skipped, {} attested",
        report.id,
        report.counts.pass,
        report.counts.fail,
        report.counts.blocked,
        report.counts.skipped,
        report.counts.attested
    ));
    lines.join("\n")
}

const fn word(state: SmokeStepState) -> &'static str {
    match state {
        SmokeStepState::Waiting => "waiting",
        SmokeStepState::Running => "running",
        SmokeStepState::Pass => "pass",
        SmokeStepState::Fail => "FAIL",
        SmokeStepState::Blocked => "blocked",
        SmokeStepState::Skipped => "skipped",
        SmokeStepState::Attested => "attested",
    }
}
