//! The rollback that this desk carries on: as far as it has come, what is not in the journal yet, and what is on screen
//! of it beyond what is recorded.

use super::{
    probes::{Probes, standing},
    send::is_own,
    view::{
        ProbeSaid, ReviewView, RollbackAnswers, RollbackProgress, RollbackPurpose, RollbackSplit,
        RollbackSplitView, RollbackStepView, RollbackTrigger, RollbackView,
    },
};
use crate::{
    error::Problem,
    smoke::lock::{Act, Lock},
};
use desk_core::{
    EnvironmentName, Phase, PhaseState, Role, Runbook,
    record::{Record, RequestRef},
    rollback::{Answers, Event, Next, Progress, Purpose, Rollback, Split, Step, StepState, Trigger},
};

/// How far time of day and steady time may part before the clock was set, milliseconds: more than anything that merely
/// keeps a clock right.
const JUMP_MS: i64 = 2_000;

/// A rollback in this desk's memory. What happens counts from here on, whether or not the journal can be written.
pub(crate) struct Live {
    pub(crate) environment: EnvironmentName,
    /// The run's id and label; none where it could not be opened.
    pub(crate) run: Option<(String, String)>,
    /// The operator's uid.
    pub(crate) actor: String,
    pub(crate) state: Rollback,
    /// What is not in the journal yet, oldest first; also of the one that was here before.
    pub(crate) unrecorded: Vec<Unrecorded>,
    /// Held for as long as this desk carries it on.
    pub(super) mine: Option<Lock>,
    /// Saves that the portal has acknowledged and that were not read back yet.
    pub(super) unconfirmed: Vec<Unconfirmed>,
    /// The answers of the probes being asked.
    pub(crate) round: Option<Shown>,
    /// What keeps the desk from going on, since when, and when it tries again.
    pub(crate) trouble: Option<Trouble>,
    /// Time of day and steady time when they were last compared.
    clocks: (i64, i64),
}

/// An act that is not in the journal yet.
#[derive(Clone)]
pub(crate) struct Unrecorded {
    pub(super) environment: EnvironmentName,
    pub(super) run_id: Option<String>,
    pub(super) actor: String,
    pub(super) record: Record,
}

impl Unrecorded {
    /// Whether both go into the journal in one go.
    pub(super) fn goes_with(&self, other: &Self) -> bool {
        (&self.environment, &self.run_id, &self.actor) == (&other.environment, &other.run_id, &other.actor)
    }
}

/// A save that the portal has acknowledged and that was not read back yet.
pub(super) struct Unconfirmed {
    pub(super) change_id: String,
    /// By this machine's clock; none where the portal was only found to have it.
    pub(super) acknowledged_at_ms: Option<i64>,
    pub(super) state: PhaseState,
    pub(super) requests: Vec<RequestRef>,
}

/// The probes as last shown.
pub(crate) struct Shown {
    pub(super) probes: Vec<super::view::RollbackProbeView>,
    pub(super) answers: Answers,
    pub(super) standing: String,
    pub(super) settles_at_ms: Option<i64>,
}

impl Shown {
    pub(super) fn of(probes: &Probes, settles_at_ms: Option<i64>, now_ms: i64) -> Self {
        let left_ms = settles_at_ms.map(|at| (at - now_ms).max(0));
        Self {
            probes: probes.views(),
            answers: probes.answers(),
            standing: probes.standing(left_ms),
            settles_at_ms,
        }
    }
}

/// What keeps the desk from going on, while it keeps trying.
#[derive(Clone)]
pub(crate) struct Trouble {
    pub(super) problem: Problem,
    pub(super) since_ms: i64,
    pub(super) next_try_ms: Option<i64>,
}

impl Live {
    pub(crate) fn new(
        environment: EnvironmentName,
        run: Option<(String, String)>,
        actor: String,
        state: Rollback,
        clocks: (i64, i64),
    ) -> Self {
        Self {
            environment,
            run,
            actor,
            state,
            unrecorded: Vec::new(),
            mine: None,
            unconfirmed: Vec::new(),
            round: None,
            trouble: None,
            clocks,
        }
    }

    /// What is locked while it is carried on. A drill does not keep anybody from a rollback.
    pub(super) fn act(&self) -> Act {
        match self.state.opening.purpose {
            Purpose::Rollback => Act::Rollback,
            Purpose::Drill => Act::Drill,
        }
    }

    /// Whether this desk is carrying it on at this moment.
    pub(crate) const fn is_carried_on(&self) -> bool {
        self.mine.is_some()
    }

    /// Whether what the portal says is a save of this rollback.
    pub(crate) fn made(&self, seen: &PhaseState) -> bool {
        is_own(&self.state, seen)
    }

    /// Whether a phase change is being sent, or about to be read back.
    pub(crate) fn is_confirming(&self, change_id: &str) -> bool {
        let sending = self.is_carried_on() && self.state.saves.iter().any(|save| save.change_id == change_id);
        sending
            || self
                .unconfirmed
                .iter()
                .any(|change| change.change_id == change_id)
    }

    /// Carries it on no longer.
    pub(super) fn let_go(&mut self) {
        self.mine = None;
        self.trouble = None;
    }

    /// Takes in what happened, and keeps it for the journal.
    pub(super) fn take(&mut self, at_ms: i64, event: Event) {
        self.state.apply(at_ms, event.clone());
        self.is_to_be_recorded(Record::RollbackEvent {
            rollback_id: self.state.id.clone(),
            at_ms,
            event,
        });
    }

    /// Keeps an act for the journal.
    pub(super) fn is_to_be_recorded(&mut self, record: Record) {
        self.unrecorded.push(Unrecorded {
            environment: self.environment.clone(),
            run_id: self.run.as_ref().map(|(id, _)| id.clone()),
            actor: self.actor.clone(),
            record,
        });
    }

    /// Shows what keeps the desk from going on.
    pub(super) fn trouble_is(&mut self, problem: Problem, now_ms: i64, next_try_ms: Option<i64>) {
        let since_ms = self.trouble.as_ref().map_or(now_ms, |trouble| trouble.since_ms);
        self.trouble = Some(Trouble {
            problem,
            since_ms,
            next_try_ms,
        });
    }

    /// By how much the clock was set since this was last asked, if it was.
    pub(super) fn jump(&mut self, now_ms: i64, steady_ms: i64) -> Option<i64> {
        let (was_now_ms, was_steady_ms) = self.clocks;
        self.clocks = (now_ms, steady_ms);
        let by_ms = (now_ms - was_now_ms) - (steady_ms - was_steady_ms);
        (by_ms.abs() >= JUMP_MS).then_some(by_ms)
    }

    pub(crate) fn view(&self, runbook: &Runbook) -> RollbackView {
        let mut view = recorded_view(
            runbook,
            &self.environment,
            self.run.as_ref().map(|(_, label)| label.clone()),
            &self.actor,
            &self.state,
        );
        if let Some(round) = &self.round {
            view.probes.clone_from(&round.probes);
            view.answers = counts(&round.answers);
            view.standing.clone_from(&round.standing);
            view.settles_at_ms = round.settles_at_ms;
        }
        if let Some(trouble) = &self.trouble {
            view.trouble = Some(trouble.problem.clone());
            view.trouble_since_ms = Some(trouble.since_ms);
            view.next_try_ms = trouble.next_try_ms;
        }
        // What waits for a person is carried on by nobody.
        view.carried_on_here = self.is_carried_on() || !matches!(self.state.next(), Next::Do(_));
        view.recorded = self.unrecorded.is_empty();
        view
    }
}

/// A rollback as the journal has it.
pub(super) fn recorded_view(
    runbook: &Runbook,
    environment: &EnvironmentName,
    run: Option<String>,
    actor: &str,
    state: &Rollback,
) -> RollbackView {
    let opening = &state.opening;
    let next = state.next();
    RollbackView {
        id: state.id.clone(),
        purpose: opening.purpose.into(),
        environment: environment.to_string(),
        run,
        from: opening.from.as_ref().map(Into::into),
        to: opening.to.wire().to_owned(),
        trigger: opening.trigger.map(Into::into),
        reason: opening.reason.clone(),
        confirmed_by: opening.confirmed_by.clone(),
        incident_id: opening.incident_id.clone(),
        operator: actor.to_owned(),
        note: state.note().to_owned(),
        opened_at_ms: state.opened_at_ms,
        budget_ms: opening.budget_ms,
        jumped_ms: state.jumped_ms,
        steps: state
            .steps
            .iter()
            .map(|step| step_view(runbook, step, opening.to, next))
            .collect(),
        splits: splits(state),
        probes: state
            .answers
            .probes
            .iter()
            .map(|probe| super::probes::probe_view(probe, vec![ProbeSaid::from(probe.said)]))
            .collect(),
        answers: counts(&state.answers),
        standing: if state.answers.probes.is_empty() {
            String::new()
        } else {
            standing(&state.answers.probes, None)
        },
        settles_at_ms: None,
        trouble: None,
        trouble_since_ms: None,
        next_try_ms: None,
        moved: state.moved.as_ref().map(Into::into),
        other_accounts: other_accounts(state),
        carried_on_here: false,
        carried_on_elsewhere: false,
        recorded: true,
        stopped: state.stopped.clone(),
        gave_up: state.gave_up.clone(),
        closed_at_ms: state.at_ms(Split::Closed),
        review_by_ms: state.review_by_ms.filter(|_| state.review.is_none()),
        review: state.review.as_ref().map(|review| ReviewView {
            at_ms: review.at_ms,
            by: review.by.clone(),
            words: review.words.clone(),
        }),
    }
}

fn counts(answers: &Answers) -> RollbackAnswers {
    RollbackAnswers {
        agreeing: answers.agreeing,
        outdated: answers.outdated,
        failed: answers.failed,
    }
}

pub(super) fn splits(state: &Rollback) -> Vec<RollbackSplitView> {
    Split::of(state.opening.purpose)
        .into_iter()
        .map(|split| {
            let mark = state.marked(split);
            RollbackSplitView {
                split: split.into(),
                at_ms: mark.map(|mark| mark.at_ms),
                taken_ms: mark.map(|mark| mark.taken_ms),
                within_target: state.within_target(split),
            }
        })
        .collect()
}

/// Staff accounts that can set the phase where the one used so far may not.
fn other_accounts(state: &Rollback) -> Vec<String> {
    let refused = |step: Step| {
        state.step(step).is_some_and(|state| {
            state.progress == Progress::Failed
                && matches!(
                    state.code.as_deref(),
                    Some("not_staff" | "signed_out" | "wrong_identity")
                )
        })
    };
    if ![Step::Promote, Step::SetPhase, Step::Restore]
        .into_iter()
        .any(refused)
    {
        return Vec::new();
    }
    let used = state.account.as_deref().unwrap_or(Role::Operator.word());
    [Role::StaffSmoke, Role::AdminSmoke]
        .into_iter()
        .map(Role::word)
        .filter(|word| *word != used)
        .map(str::to_owned)
        .collect()
}

fn step_view(runbook: &Runbook, state: &StepState, to: Phase, next: Next) -> RollbackStepView {
    let of_runbook = runbook.rollback.iter().find(|step| step.id == state.step.id());
    let words = match (of_runbook, state.step) {
        (Some(step), _) => step.words.clone(),
        (None, Step::Promote) => "Set a phase to roll back from (drill in phase 1).".to_owned(),
        (None, Step::Restore) => "Put back the phase and the note that were found (drill).".to_owned(),
        (None, Step::SetPhase) => format!("Set {}.", to.label()),
        (None, step) => step.id().to_owned(),
    };
    let person = state.step == Step::Announce && !state.is_over();
    RollbackStepView {
        id: state.step.id().to_owned(),
        words,
        points: of_runbook.map_or_else(Vec::new, |step| step.points.clone()),
        progress: match state.progress {
            _ if person => RollbackProgress::Person,
            Progress::Waiting => RollbackProgress::Waiting,
            Progress::Running => RollbackProgress::Running,
            Progress::Done => RollbackProgress::Done,
            Progress::Failed => RollbackProgress::Failed,
            Progress::PassedOver => RollbackProgress::PassedOver,
        },
        found: state.words.clone(),
        started_at_ms: state.started_at_ms,
        ended_at_ms: state.ended_at_ms,
        may_pass_over: may_pass_over(state) && next != Next::Over,
    }
}

/// Whether a person may go on without a step: once it was begun, or where it is theirs to do.
pub(super) fn may_pass_over(state: &StepState) -> bool {
    match state.step {
        Step::Trigger | Step::Record => false,
        // What could not be put back may be left as it is, so that a drill keeps nobody from rolling back.
        Step::Restore => state.progress == Progress::Failed,
        Step::Announce => !state.is_over(),
        _ => matches!(state.progress, Progress::Running | Progress::Failed),
    }
}

impl From<Purpose> for RollbackPurpose {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Rollback => Self::Rollback,
            Purpose::Drill => Self::Drill,
        }
    }
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

impl From<RollbackTrigger> for Trigger {
    fn from(trigger: RollbackTrigger) -> Self {
        match trigger {
            RollbackTrigger::GateBreach => Self::GateBreach,
            RollbackTrigger::RuntimeErrors => Self::RuntimeErrors,
            RollbackTrigger::AdminFailure => Self::AdminFailure,
            RollbackTrigger::Other => Self::Other,
        }
    }
}

impl From<Split> for RollbackSplit {
    fn from(split: Split) -> Self {
        match split {
            Split::Opened => Self::Opened,
            Split::Sent => Self::Sent,
            Split::Acknowledged => Self::Acknowledged,
            Split::Verified => Self::Verified,
            Split::Settled => Self::Settled,
            Split::Restored => Self::Restored,
            Split::Announced => Self::Announced,
            Split::Closed => Self::Closed,
        }
    }
}
