//! What crosses about rollbacks and drills.
//!
//! Times are milliseconds since 1970.

use crate::{error::Problem, view::PhaseStateView};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// For real, or as its rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RollbackPurpose {
    /// The phase stays where it is rolled back to.
    Rollback,
    /// The phase and the note that were found are put back.
    Drill,
}

/// Why a rollback is made, as the runbook names the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RollbackTrigger {
    /// A gate's threshold was breached.
    GateBreach,
    /// Errors come again and again.
    RuntimeErrors,
    /// Staff cannot do their work.
    AdminFailure,
    /// Anything else.
    Other,
}

/// What is asked for when a rollback is opened. The clock starts when it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackRequest {
    /// The environment it was decided for; refused when the desk points elsewhere by now.
    pub environment: String,
    /// The phase to roll back to, wire name; one back from what is known where not given.
    pub to: Option<String>,
    /// Why.
    pub trigger: RollbackTrigger,
    /// Why, in words; may be empty.
    pub reason: String,
    /// The release owner who confirmed it.
    pub confirmed_by: String,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// Borrow and return a title for real to prove that members can, where the phase allows it.
    pub borrow: bool,
}

/// A rollback or a drill, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackView {
    /// Its id.
    pub id: String,
    /// For real, or as a drill.
    pub purpose: RollbackPurpose,
    /// The environment's name.
    pub environment: String,
    /// The run, `R-001`.
    pub run: Option<String>,
    /// What the portal said before; none where that was not known.
    pub from: Option<PhaseStateView>,
    /// The phase it rolls back to, wire name.
    pub to: String,
    /// Why; none for a drill.
    pub trigger: Option<RollbackTrigger>,
    /// Why, in words.
    pub reason: String,
    /// The release owner who confirmed it.
    pub confirmed_by: String,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// The operator's uid.
    pub operator: String,
    /// The note that is saved with the phase.
    pub note: String,
    /// Where the clock starts.
    pub opened_at_ms: i64,
    /// How long it may take, milliseconds.
    pub budget_ms: u64,
    /// How much the clock was set since: what was taken is now − opened − this.
    pub jumped_ms: i64,
    /// Its steps, in order.
    pub steps: Vec<RollbackStepView>,
    /// Its splits, in order.
    pub splits: Vec<RollbackSplitView>,
    /// The probes with their answers.
    pub probes: Vec<RollbackProbeView>,
    /// Answers since the phase was acknowledged.
    pub answers: RollbackAnswers,
    /// How the answers stand, as a sentence: "2 of 9 answers still Phase 3, 41 s left at most."
    pub standing: String,
    /// When every answer will have agreed for long enough, if none disagrees from now on.
    pub settles_at_ms: Option<i64>,
    /// What keeps the desk from going on at the moment, while it keeps trying.
    pub trouble: Option<Problem>,
    /// Since when.
    pub trouble_since_ms: Option<i64>,
    /// When it is tried again.
    pub next_try_ms: Option<i64>,
    /// What somebody else made of the phase meanwhile: go on, or stop.
    pub moved: Option<PhaseStateView>,
    /// Accounts that could set the phase in the operator's place.
    pub other_accounts: Vec<String>,
    /// Whether this desk carries it on; else another program on the same data directory does, or nobody.
    pub carried_on_here: bool,
    /// Whether another program on this data directory has it in hand.
    pub carried_on_elsewhere: bool,
    /// Whether all of it is in the journal.
    pub recorded: bool,
    /// Why it was ended before it was through.
    pub stopped: Option<String>,
    /// Why a drill could not put back what it found.
    pub gave_up: Option<String>,
    /// When it was closed.
    pub closed_at_ms: Option<i64>,
    /// Until when it is to be reviewed; none once it was.
    pub review_by_ms: Option<i64>,
    /// Its review, once it was held.
    pub review: Option<ReviewView>,
}

/// A review that was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReviewView {
    /// When it was written down.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
    /// What came of it, in words.
    pub words: String,
}

/// What a rollback has come to, as an answer to "did it take?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RollbackEnd {
    /// It is proven: every probe has agreed for longer than the phase is cached.
    Yes,
    /// It is not.
    No,
    /// A phase was sent, and nothing has told yet what became of it.
    Unknown,
}

impl RollbackView {
    /// What it has come to by now.
    pub fn end(&self) -> RollbackEnd {
        let reached = |wanted| {
            self.splits
                .iter()
                .any(|split| split.split == wanted && split.at_ms.is_some())
        };
        let waits_for_person = self.moved.is_some()
            || self
                .steps
                .iter()
                .any(|step| step.progress == RollbackProgress::Failed);
        if reached(RollbackSplit::Settled) && self.moved.is_none() {
            RollbackEnd::Yes
        } else if reached(RollbackSplit::Sent) && !reached(RollbackSplit::Acknowledged) && !waits_for_person {
            RollbackEnd::Unknown
        } else {
            RollbackEnd::No
        }
    }
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RollbackProgress {
    /// Not begun.
    Waiting,
    /// Begun.
    Running,
    /// Done.
    Done,
    /// It could not be done: try again, or go on without it.
    Failed,
    /// A person went on without it.
    PassedOver,
    /// A person has to do it, or say why not.
    Person,
}

/// A step of the procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackStepView {
    /// Its id: `trigger`, `set-phase`, `note`, `snapshot`, `verify`, `announce`, `record`; in a drill `promote` and `restore` too.
    pub id: String,
    /// The runbook's words.
    pub words: String,
    /// The points under it, in the runbook's words.
    pub points: Vec<String>,
    /// How far it has come.
    pub progress: RollbackProgress,
    /// What was found, or why not, in words.
    pub found: String,
    /// When it began.
    pub started_at_ms: Option<i64>,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
    /// Whether a person may go on without it now.
    pub may_pass_over: bool,
}

/// A moment at which the clock is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RollbackSplit {
    /// It was decided: the clock starts.
    Opened,
    /// The phase was first sent.
    Sent,
    /// The portal acknowledged it.
    Acknowledged,
    /// Every probe agreed for the first time.
    Verified,
    /// Every probe had agreed for longer than the phase is cached.
    Settled,
    /// What a drill had found was seen to be back.
    Restored,
    /// Staff were told, or it was said why not.
    Announced,
    /// It was closed.
    Closed,
}

/// A split with its time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackSplitView {
    /// Which.
    pub split: RollbackSplit,
    /// When; none while it has not come.
    pub at_ms: Option<i64>,
    /// How long after it was opened, milliseconds.
    pub taken_ms: Option<u64>,
    /// Whether that is within the target.
    pub within_target: Option<bool>,
}

/// What an answer says about the phase asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ProbeSaid {
    /// The portal behaves so.
    Agrees,
    /// The server that answered does not know of the change yet.
    Outdated,
    /// It does something else, or nothing.
    Failed,
    /// Nobody is signed in to ask.
    Skipped,
}

/// A probe with its newest answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackProbeView {
    /// As whom.
    pub account: String,
    /// The route, wire name.
    pub route: String,
    /// What must be, in words.
    pub words: String,
    /// Its answers, newest last; at most 30.
    pub answers: Vec<ProbeSaid>,
    /// What came last, in words.
    pub found: String,
    /// The id to quote.
    pub request_id: Option<String>,
    /// How long the last answer took, milliseconds.
    pub duration_ms: Option<u64>,
}

/// Counts of answers since the phase was acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RollbackAnswers {
    /// That agreed.
    pub agreeing: u32,
    /// Of the phase before.
    pub outdated: u32,
    /// Without an answer that says anything.
    pub failed: u32,
}

/// What a person decides while a rollback is open.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(tag = "choice", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum RollbackChoice {
    /// Try a step again that could not be done.
    Again {
        /// The step's id.
        step: String,
    },
    /// Go on without a step.
    PassOver {
        /// The step's id.
        step: String,
        /// Why, in a few words.
        reason: String,
    },
    /// Go on although somebody else moved the phase.
    GoOn,
    /// End it before it is through.
    Stop {
        /// Why, in a few words.
        reason: String,
    },
    /// Set the phase as this account.
    UseAccount {
        /// The role: `staff-smoke` or `admin-smoke`.
        role: String,
    },
    /// Staff were told.
    Announced {
        /// Where, in words.
        place: String,
    },
}

/// A drill that is over, as the overview shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DrillSummary {
    /// Its id.
    pub id: String,
    /// When it was opened.
    pub opened_at_ms: i64,
    /// `passed`, `failed` or `unknown`.
    pub status: String,
    /// How long it took until every probe agreed, milliseconds.
    pub verified_ms: Option<u64>,
    /// Until they had agreed for longer than the phase is cached, milliseconds.
    pub settled_ms: Option<u64>,
    /// Until what was found was back, milliseconds.
    pub restored_ms: Option<u64>,
    /// Whether what was found is back.
    pub restored: bool,
}

/// A review that is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReviewDue {
    /// The rollback.
    pub rollback_id: String,
    /// When it was closed.
    pub closed_at_ms: i64,
    /// Until when it is to be reviewed.
    pub by_ms: i64,
}

/// Whether the portal behaves as the phase in force asks, seen once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SafeStateView {
    /// The phase, wire name.
    pub phase: String,
    /// When it was asked.
    pub at_ms: i64,
    /// Whether every probe agreed.
    pub safe: bool,
    /// What was found, as a sentence.
    pub standing: String,
    /// The probes.
    pub probes: Vec<RollbackProbeView>,
}

/// What is asked for when a drill is opened.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DrillRequest {
    /// The environment it was decided for; refused when the desk points elsewhere by now.
    pub environment: String,
    /// The phase to roll back to, wire name; one back from what is found where not given.
    pub to: Option<String>,
    /// Whether the first full agreement is enough.
    pub until_verified: bool,
    /// Leave the phase where it was rolled back to.
    pub skip_restore: bool,
    /// In phase 1: set phase 2 first, so that there is something to roll back from.
    pub promote_from_phase1: bool,
    /// How long it may take, minutes.
    pub max_duration_minutes: u32,
    /// The word that the notes begin with.
    pub note_prefix: String,
    /// Why it is made outside the change window, where the environment has one.
    pub reason: Option<String>,
    /// The environment's name, typed by the operator; needed in a live environment.
    pub confirm: Option<String>,
}
