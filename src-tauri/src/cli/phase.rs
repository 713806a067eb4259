//! `phase`: reading and setting the rollout phase.

use super::{Global, Printer, Status, printer::problem_text, with_desk};
use clap::Subcommand;
use desk_app::{
    Code, Desk, Problem, parse_phase,
    time::{ago, when},
    view::{ChangeOutcomeView, ChangeView, EnvironmentKindView, OverrideView, PhaseStateView, SaveRequest},
};
use serde::Serialize;
use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

/// How long a command goes on asking about an unknown outcome before it leaves that to the window or the next command.
const FIND_OUT_FOR: Duration = Duration::from_secs(180);

#[derive(Subcommand)]
pub enum Command {
    /// Show the phase, who set it and when
    Show,
    /// Set the phase
    Set(Wanted),
}

/// What is to be set.
#[derive(clap::Args)]
pub struct Wanted {
    /// 1, 2, 3 or the wire name
    phase: String,
    /// Why; at most 300 characters. Without one the present note is cleared
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// The incident it answers to
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// Why to move forward although something is missing, in a few words; it is recorded
    #[arg(long = "override", value_name = "REASON")]
    override_reason: Option<String>,
    /// The environment's name, to move forward in a live environment without being asked
    #[arg(long, value_name = "NAME")]
    yes: Option<String>,
}

/// `phase show --json`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'a> {
    environment: String,
    kind: EnvironmentKindView,
    #[serde(flatten)]
    state: &'a PhaseStateView,
    label: &'a str,
    title: &'a str,
    for_members: &'a [String],
    for_staff: &'a [String],
    overrides: Vec<OverrideView>,
    ever_set: bool,
    read_at_ms: i64,
    request_id: &'a str,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| match command {
        Command::Show => show(desk, printer).await,
        Command::Set(wanted) => set(desk, printer, wanted, global.credentials.is_some()).await,
    })
    .await
}

async fn show(desk: &Desk, printer: &Printer) -> Result<Status, Problem> {
    let reading = desk.refresh_phase().await?;
    let environment = desk.environment_view_of(desk.environment().as_str()).await?;
    let phase = desk.phase_info(parse_phase(&reading.state.phase)?);
    // What cannot be read of the desk's own record must not hide the phase.
    let overrides = desk.overrides_view().await.unwrap_or_else(|problem| {
        printer.progress(&problem_text(&problem));
        Vec::new()
    });
    let shown = Shown {
        environment: environment.name,
        kind: environment.kind,
        state: &reading.state,
        label: &phase.label,
        title: &phase.title,
        for_members: &phase.for_members,
        for_staff: &phase.for_staff,
        overrides,
        ever_set: reading.ever_set,
        read_at_ms: reading.read_at_ms,
        request_id: &reading.request_id,
    };
    printer.result(&shown, || describe(desk, &shown));
    tidy(desk, printer).await;
    Ok(Status::Yes)
}

/// Goes on with a save whose outcome an earlier command did not learn. The phase shown is true whatever comes of that.
async fn tidy(desk: &Desk, printer: &Printer) {
    match desk.tidy().await {
        Ok(None) => {}
        Ok(Some(change)) => printer.progress(&format!(
            "Still not known: whether the save of {} at {} took effect. The next command asks again.",
            words(desk, &change.to),
            when(change.started_at_ms, desk.zone()),
        )),
        Err(problem) => printer.progress(&problem_text(&problem)),
    }
}

fn describe(desk: &Desk, shown: &Shown<'_>) -> String {
    let state = shown.state;
    let set = if shown.ever_set {
        format!(
            "{} ({}) by {}",
            when(state.updated_at_ms, desk.zone()),
            ago(state.updated_at_ms, desk.now_ms()),
            state.updated_by_uid.as_deref().unwrap_or("nobody named"),
        )
    } else {
        "never: no phase was ever saved, so the service is fully open by default".to_owned()
    };
    let list = |lines: &[String]| lines.join("\n            ");
    let mut text = format!(
        "{} ({})\n  phase     {} · {}  ({})\n  set       {set}\n  note      {}\n  members   {}\n  staff     {}\n  request   {}",
        shown.environment,
        kind_word(shown.kind),
        shown.label,
        shown.title,
        state.phase,
        state.note.as_deref().unwrap_or("none"),
        list(shown.for_members),
        list(shown.for_staff),
        shown.request_id,
    );
    for made in &shown.overrides {
        text.push('\n');
        text.push_str(&made.words(desk.zone()));
    }
    text
}

const fn kind_word(kind: EnvironmentKindView) -> &'static str {
    match kind {
        EnvironmentKindView::Practice => "practice",
        EnvironmentKindView::Staging => "staging",
        EnvironmentKindView::Live => "LIVE",
    }
}

async fn set(desk: &Desk, printer: &Printer, wanted: Wanted, stdin_taken: bool) -> Result<Status, Problem> {
    let to = parse_phase(&wanted.phase)?;
    let reading = desk.refresh_phase().await?;
    if wanted.note.trim().is_empty() && reading.state.note.is_some() {
        printer.progress("No --note: the present note will be cleared.");
    }
    // A move forward is decided on what the desk says now. Going back needs none, and must not fail for want of it.
    let basis = desk.advance().await.ok().map(|advance| advance.basis);
    let mut request = SaveRequest {
        environment: desk.environment().to_string(),
        to: to.wire().to_owned(),
        note: wanted.note,
        incident_id: wanted.incident,
        expected: reading.state,
        basis,
        confirm: wanted.yes,
        override_reason: wanted.override_reason,
    };
    let saved = match desk.save_phase(request.clone()).await {
        Err(problem)
            if problem.code == Code::ConfirmationNeeded
                && request.confirm.is_none()
                && !stdin_taken
                && std::io::stdin().is_terminal() =>
        {
            request.confirm = Some(ask(&problem)?);
            desk.save_phase(request).await
        }
        other => other,
    };
    let mut change = saved?;
    if change.outcome == Some(ChangeOutcomeView::Unknown) {
        printer.progress(
            "No clear answer yet: it may have been saved or not. Asking the portal (Ctrl-C leaves that to the window or the next command)…",
        );
        match tokio::time::timeout(FIND_OUT_FOR, desk.find_out(&change.change_id)).await {
            Ok(found) => change = found?,
            Err(_elapsed) => printer.progress("Still not known."),
        }
    }
    printer.result(&change, || describe_change(desk, &change));
    Ok(status(&change))
}

pub(super) fn ask(problem: &Problem) -> Result<String, Problem> {
    let unreadable = |error: std::io::Error| problem.clone().detailed(error.to_string());
    let mut terminal = std::io::stderr().lock();
    write!(terminal, "{}\n{} ", problem.message, problem.next)
        .and_then(|()| terminal.flush())
        .map_err(unreadable)?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(unreadable)?;
    Ok(line.trim().to_owned())
}

fn status(change: &ChangeView) -> Status {
    match change.outcome {
        Some(ChangeOutcomeView::Confirmed) => Status::Yes,
        Some(ChangeOutcomeView::Refused | ChangeOutcomeView::NotSent) => change
            .problem
            .as_ref()
            .map_or(Status::No, |problem| Status::of(problem.code)),
        Some(ChangeOutcomeView::Overtaken | ChangeOutcomeView::NotApplied) => Status::No,
        Some(ChangeOutcomeView::Unknown) | None => Status::Unknown,
    }
}

/// `Phase 2 · Member writes`.
pub fn words(desk: &Desk, wire: &str) -> String {
    parse_phase(wire).map_or_else(|_| wire.to_owned(), |phase| desk.phase_words(phase))
}

/// What came of a change.
pub const fn outcome_words(outcome: Option<ChangeOutcomeView>) -> &'static str {
    match outcome {
        Some(ChangeOutcomeView::Confirmed) => "CONFIRMED: acknowledged by the portal and read back",
        Some(ChangeOutcomeView::Refused) => "REFUSED: nothing changed",
        Some(ChangeOutcomeView::NotSent) => "NOT SENT: nothing changed",
        Some(ChangeOutcomeView::Overtaken) => "OVERTAKEN: somebody saved after you",
        Some(ChangeOutcomeView::NotApplied) => "NOT APPLIED: the save did not take effect",
        Some(ChangeOutcomeView::Unknown) | None => "UNKNOWN: it may have been saved or not",
    }
}

fn describe_change(desk: &Desk, change: &ChangeView) -> String {
    let mut lines = vec![
        outcome_words(change.outcome).to_owned(),
        format!(
            "  {} → {}",
            words(desk, &change.from.phase),
            words(desk, &change.to)
        ),
        format!("  by        {}", change.actor),
        format!("  note      {}", change.note.as_deref().unwrap_or("none")),
    ];
    lines.extend(
        change
            .override_reason
            .as_ref()
            .map(|reason| format!("  OVERRIDE  {reason}")),
    );
    lines.extend(change.state.as_ref().map(|state| {
        let at = when(state.updated_at_ms, desk.zone());
        format!("  portal    {at} ({})", words(desk, &state.phase))
    }));
    lines.extend(change.run.as_ref().map(|run| format!("  run       {run}")));
    lines.extend(
        change
            .requests
            .iter()
            .map(|request| format!("  request   {}  {}", request.request_id, request.route)),
    );
    if change.outcome == Some(ChangeOutcomeView::Confirmed) {
        lines.push(
            "Other instances of the portal may answer with the phase before until their caches end."
                .to_owned(),
        );
    }
    lines.extend(change.problem.as_ref().map(problem_text));
    lines.join("\n")
}
