//! `rollback`: the guided rollback on the command line.

use super::{Global, Printer, Status, printer::problem_text, with_desk};
use clap::{Args, Subcommand, ValueEnum};
use desk_app::{
    Desk, Problem, parse_phase,
    rollback::view::{
        ProbeSaid, RollbackChoice, RollbackEnd, RollbackProbeView, RollbackProgress, RollbackRequest,
        RollbackSplit, RollbackSplitView, RollbackTrigger, RollbackView, SafeStateView,
    },
    time::when,
};

#[derive(Subcommand)]
pub enum Command {
    /// Roll back now: the clock starts, the phase is set, and the desk proves that it took
    Start(Start),
    /// Show the rollback or drill that is open
    Status,
    /// Go on with the one that is open
    Resume(Resume),
    /// Ask once, as each account, whether the portal behaves as the phase in force asks
    Check,
    /// Write down that a rollback was reviewed
    Review(Review),
}

#[derive(Args)]
pub struct Review {
    /// What came of it, in words
    #[arg(long, value_name = "TEXT")]
    found: String,
    /// The rollback's id [default: the one whose review is due first]
    #[arg(value_name = "ID")]
    rollback: Option<String>,
}

#[derive(Args)]
pub struct Start {
    /// Why, in words
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Why, as the runbook names the reasons
    #[arg(long, value_enum, default_value = "other")]
    trigger: Trigger,
    /// The release owner who confirmed it [default: the operator]
    #[arg(long, value_name = "NAME")]
    confirmed_by: Option<String>,
    /// The incident it answers to
    #[arg(long, value_name = "ID")]
    incident: Option<String>,
    /// The phase to roll back to: 1, 2 or the wire name [default: one back]
    #[arg(long, value_name = "PHASE")]
    to: Option<String>,
    /// Borrow and return a title for real, where the phase allows it
    #[arg(long)]
    borrow: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Trigger {
    GateBreach,
    RuntimeErrors,
    AdminFailure,
    Other,
}

impl From<Trigger> for RollbackTrigger {
    fn from(trigger: Trigger) -> Self {
        match trigger {
            Trigger::GateBreach => Self::GateBreach,
            Trigger::RuntimeErrors => Self::RuntimeErrors,
            Trigger::AdminFailure => Self::AdminFailure,
            Trigger::Other => Self::Other,
        }
    }
}

/// What a person decides; without any of it, the desk goes on by itself.
#[derive(Args)]
#[group(multiple = false)]
pub struct Resume {
    /// Try a step again that could not be done
    #[arg(long, value_name = "STEP")]
    again: Option<String>,
    /// Go on without a step, and say why
    #[arg(long, num_args = 2, value_names = ["STEP", "WHY"])]
    pass_over: Option<Vec<String>>,
    /// Go on although somebody else moved the phase
    #[arg(long)]
    go_on: bool,
    /// End it before it is through, and say why
    #[arg(long, value_name = "WHY")]
    stop: Option<String>,
    /// Set the phase as another account: staff-smoke or admin-smoke
    #[arg(long, value_name = "ROLE")]
    r#as: Option<String>,
    /// Staff were told: say where
    #[arg(long, value_name = "WHERE")]
    announced: Option<String>,
    /// Staff are not told: say why
    #[arg(long, value_name = "WHY")]
    not_announced: Option<String>,
}

impl Resume {
    fn choice(self) -> Option<RollbackChoice> {
        if let Some(step) = self.again {
            return Some(RollbackChoice::Again { step });
        }
        if let Some([step, reason]) = self.pass_over.as_deref() {
            return Some(RollbackChoice::PassOver {
                step: step.clone(),
                reason: reason.clone(),
            });
        }
        if self.go_on {
            return Some(RollbackChoice::GoOn);
        }
        if let Some(reason) = self.stop {
            return Some(RollbackChoice::Stop { reason });
        }
        if let Some(role) = self.r#as {
            return Some(RollbackChoice::UseAccount { role });
        }
        if let Some(place) = self.announced {
            return Some(RollbackChoice::Announced { place });
        }
        self.not_announced.map(|reason| RollbackChoice::PassOver {
            step: "announce".to_owned(),
            reason,
        })
    }
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| act(desk, command, printer).await).await
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::Start(start) => {
            // What cannot be read keeps nobody from rolling back; opening it says what is missing then.
            if let Err(problem) = desk.refresh_phase().await {
                printer.progress(&problem_text(&problem));
            }
            let request = RollbackRequest {
                environment: desk.environment().to_string(),
                to: start.to,
                trigger: start.trigger.into(),
                reason: start.reason,
                confirmed_by: match start.confirmed_by {
                    Some(name) => name,
                    None => desk.operator().await,
                },
                incident_id: start.incident,
                borrow: start.borrow,
            };
            let opened = desk.open_rollback(&request).await?;
            printer.progress(&format!(
                "Rolling back to {}; the clock runs. Ctrl-C leaves it open: rollback resume goes on.",
                phase(desk, &opened.to)
            ));
            carry_on(desk, printer).await
        }
        Command::Status => match desk.rollback_view().await {
            Some(view) => {
                printer.result(&view, || describe(desk, &view));
                Ok(status(&view))
            }
            None => Err(no_rollback(desk).await),
        },
        Command::Check => {
            let seen = desk.check_safe_state().await?;
            printer.result(&seen, || describe_check(desk, &seen));
            Ok(if seen.safe { Status::Yes } else { Status::No })
        }
        Command::Review(review) => {
            let id = review.rollback.as_deref();
            let reviewed = desk.review_rollback(id, &review.found).await?;
            printer.result(&reviewed, || {
                format!("Reviewed: rollback {}.", reviewed.rollback_id)
            });
            Ok(Status::Yes)
        }
        Command::Resume(resume) => {
            if desk.rollback_view().await.is_none() {
                return Err(no_rollback(desk).await);
            }
            if let Some(choice) = resume.choice() {
                desk.decide_rollback(&choice).await?;
            }
            carry_on(desk, printer).await
        }
    }
}

/// Carries it on until a person is needed or it is over, saying how it goes.
async fn carry_on(desk: &Desk, printer: &Printer) -> Result<Status, Problem> {
    let view = with_progress(desk, printer).await?;
    printer.result(&view, || describe(desk, &view));
    Ok(status(&view))
}

/// Carries the open rollback or drill on, and tells what is news.
pub(super) async fn with_progress(desk: &Desk, printer: &Printer) -> Result<RollbackView, Problem> {
    let mut changes = desk.changes();
    let mut told = Told::default();
    // On the heap: it holds a whole procedure.
    let mut carrying = Box::pin(desk.carry_on_rollback());
    loop {
        tokio::select! {
            view = &mut carrying => return view,
            Ok(()) = changes.changed() => {
                if let Some(view) = desk.rollback_view().await {
                    told.tell(&view, printer);
                }
            }
        }
    }
}

/// What was said by now.
#[derive(Default)]
struct Told {
    splits: Vec<RollbackSplit>,
    standing: String,
    trouble: Option<String>,
}

impl Told {
    fn tell(&mut self, view: &RollbackView, printer: &Printer) {
        for split in &view.splits {
            if split.at_ms.is_some() && !self.splits.contains(&split.split) {
                self.splits.push(split.split);
                printer.progress(&split_words(split));
            }
        }
        let trouble = view.trouble.as_ref().map(|problem| problem.message.clone());
        if trouble != self.trouble {
            if let Some(words) = &trouble {
                printer.progress(&format!("{words} Trying again; the clock runs on."));
            }
            self.trouble = trouble;
        }
        // The seconds left change with every round; what else it says is worth a line.
        let standing = view.standing.split(',').next().unwrap_or_default().to_owned();
        if !standing.is_empty() && standing != self.standing {
            printer.progress(&view.standing);
            self.standing = standing;
        }
    }
}

/// 0 when it is proven; 1 when it is not; 3 when it is not known what the portal has.
fn status(view: &RollbackView) -> Status {
    match view.end() {
        RollbackEnd::Yes => Status::Yes,
        RollbackEnd::No => Status::No,
        RollbackEnd::Unknown => Status::Unknown,
    }
}

async fn no_rollback(desk: &Desk) -> Problem {
    let due = desk.reviews_due().await.unwrap_or_default();
    let next = due.first().map_or_else(
        || "rollback start opens one; run show tells of those that are over.".to_owned(),
        |review| {
            format!(
                "The rollback that closed {} is to be reviewed by {}: rollback review --found TEXT. run show tells of it.",
                when(review.closed_at_ms, desk.zone()),
                when(review.by_ms, desk.zone()),
            )
        },
    );
    Problem::new(
        desk_app::Code::NotFound,
        "No rollback is open.",
        "Nothing was changed.",
        next,
    )
}

fn describe_check(desk: &Desk, seen: &SafeStateView) -> String {
    let mut lines = vec![format!(
        "{}: {} {}",
        phase(desk, &seen.phase),
        if seen.safe {
            "the portal behaves so."
        } else {
            "NOT the safe state."
        },
        seen.standing
    )];
    lines.extend(disagreeing(&seen.probes));
    lines.join("\n")
}

/// A line for each probe whose newest answer is not the one that must come.
fn disagreeing(probes: &[RollbackProbeView]) -> impl Iterator<Item = String> {
    let disagrees = |probe: &&RollbackProbeView| {
        probe
            .answers
            .last()
            .is_some_and(|said| *said != ProbeSaid::Agrees)
    };
    probes.iter().filter(disagrees).map(|probe| {
        format!(
            "    {} {}: {} (request {})",
            probe.account,
            probe.words,
            probe.found,
            probe.request_id.as_deref().unwrap_or("-")
        )
    })
}

fn phase(desk: &Desk, wire: &str) -> String {
    parse_phase(wire).map_or_else(|_| wire.to_owned(), |phase| desk.phase_words(phase))
}

/// `03:41`.
pub(super) fn clock(ms: u64) -> String {
    format!("{:02}:{:02}", ms / 60_000, ms / 1_000 % 60)
}

fn split_words(split: &RollbackSplitView) -> String {
    let word = split_word(split.split);
    let taken = split.taken_ms.map(clock).unwrap_or_default();
    match (split.split, split.within_target) {
        (RollbackSplit::Verified | RollbackSplit::Settled, Some(true)) => {
            format!("{taken}  {word}, within target")
        }
        (RollbackSplit::Verified | RollbackSplit::Settled, Some(false)) => {
            format!("{taken}  {word}, OVER the target")
        }
        _ => format!("{taken}  {word}"),
    }
}

const fn split_word(split: RollbackSplit) -> &'static str {
    match split {
        RollbackSplit::Opened => "opened",
        RollbackSplit::Sent => "phase sent",
        RollbackSplit::Acknowledged => "acknowledged",
        RollbackSplit::Verified => "verified: every probe agreed",
        RollbackSplit::Settled => "settled: every probe agreed for longer than the phase cache",
        RollbackSplit::Restored => "restored: what was found is back",
        RollbackSplit::Announced => "announced",
        RollbackSplit::Closed => "closed",
    }
}

const fn progress_word(progress: RollbackProgress) -> &'static str {
    match progress {
        RollbackProgress::Waiting => "waiting",
        RollbackProgress::Running => "running",
        RollbackProgress::Done => "done",
        RollbackProgress::Failed => "FAILED",
        RollbackProgress::PassedOver => "passed",
        RollbackProgress::Person => "YOURS",
    }
}

pub(super) fn describe(desk: &Desk, view: &RollbackView) -> String {
    let mut lines = vec![format!(
        "{} in {}: {} → {}, opened {} by {}",
        match view.purpose {
            desk_app::rollback::view::RollbackPurpose::Rollback => "Rollback",
            desk_app::rollback::view::RollbackPurpose::Drill => "Drill",
        },
        view.environment,
        view.from
            .as_ref()
            .map_or_else(|| "not known".to_owned(), |from| phase(desk, &from.phase)),
        phase(desk, &view.to),
        when(view.opened_at_ms, desk.zone()),
        view.operator,
    )];
    lines.push(format!("  note      {}", view.note));
    lines.extend(
        view.splits
            .iter()
            .filter(|split| split.at_ms.is_some())
            .map(|split| format!("  {}", split_words(split))),
    );
    for step in &view.steps {
        lines.push(format!(
            "  {:<8} {:<10} {}",
            progress_word(step.progress),
            step.id,
            step.words
        ));
        if !step.found.is_empty() {
            lines.push(format!("                      {}", step.found));
        }
    }
    if !view.standing.is_empty() {
        lines.push(format!("  {}", view.standing));
    }
    lines.extend(disagreeing(&view.probes));
    if let Some(trouble) = &view.trouble {
        lines.push(problem_text(trouble));
    }
    if let Some(moved) = &view.moved {
        lines.push(format!(
            "{} has saved {} meanwhile. rollback resume --go-on sets it all the same, --stop WHY leaves theirs.",
            moved.updated_by_uid.as_deref().unwrap_or("Somebody"),
            phase(desk, &moved.phase)
        ));
    }
    for step in view
        .steps
        .iter()
        .filter(|step| step.progress == RollbackProgress::Failed && view.closed_at_ms.is_none())
        // What was stopped goes no further, but for putting back.
        .filter(|step| view.stopped.is_none() || step.id == "restore")
    {
        let pass_over = if step.may_pass_over {
            format!(", or --pass-over {} WHY", step.id)
        } else {
            String::new()
        };
        lines.push(format!("Next: rollback resume --again {}{pass_over}.", step.id));
    }
    if !view.other_accounts.is_empty() {
        lines.push(format!(
            "Or as another account: --as {}",
            view.other_accounts.join(" | ")
        ));
    }
    let waits = view
        .steps
        .iter()
        .any(|step| step.progress == RollbackProgress::Person);
    if waits && view.closed_at_ms.is_none() && view.stopped.is_none() {
        lines.push(
            "Its notice, filled in: announce staff --template rollback-staff --set next_check_time=TIME; then\n\
             announce sent staff --place WHERE closes it. Or: rollback resume --announced WHERE, or --not-announced WHY."
                .to_owned(),
        );
    }
    if !view.recorded {
        lines.push("NOT RECORDED: the journal cannot be written.".to_owned());
    }
    if let Some(by) = view.review_by_ms {
        lines.push(format!(
            "To be reviewed by {}: rollback review --found TEXT.",
            when(by, desk.zone())
        ));
    }
    lines.join("\n")
}
