//! What crosses about the smoke checklist.
//!
//! Times are milliseconds since 1970.

use crate::view::OverrideView;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a run of a phase's checklist will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SmokePlan {
    /// The phase, wire name.
    pub phase: String,
    /// The accounts it needs, `nobody` and `garbage-token` among them.
    pub accounts: Vec<String>,
    /// The checks, in the runbook's order, after the one that sees to the phase itself.
    pub checks: Vec<PlannedCheck>,
    /// Whether the environment's name must be typed first: a live portal, and checks that change something.
    pub asks: bool,
}

/// A check of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedCheck {
    /// Its id in the runbook.
    pub id: String,
    /// The runbook's words.
    pub words: String,
    /// Whether it changes something in the portal, which it then puts back.
    pub destructive: bool,
    /// The question that only a person can answer.
    pub question: Option<String>,
    /// Its requests.
    pub steps: Vec<PlannedStep>,
}

/// A request of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PlannedStep {
    /// Its name: `phase2-borrow-return/borrow`.
    pub id: String,
    /// As whom.
    pub account: String,
    /// The route, wire name.
    pub route: String,
    /// What is done, in words.
    pub action: String,
    /// The steps that must have passed before.
    pub needs: Vec<String>,
    /// Whether a run is complete without it.
    pub optional: bool,
}

/// What is asked for when the checklist is run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SmokeRequest {
    /// The phase to prove: 1, 2, 3 or the wire name.
    pub phase: String,
    /// Run again only what did not pass in this earlier run; the rest is carried over.
    pub only_failed_of: Option<String>,
    /// The item to borrow; chosen where none is set.
    pub item: Option<String>,
    /// The environment's name, typed by the operator; needed for checks that change something in a live portal.
    pub confirm: Option<String>,
}

/// A run of the checklist, while it goes on and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SmokeReport {
    /// Its id.
    pub id: String,
    /// The environment's name.
    pub environment: String,
    /// The phase it is to prove, wire name.
    pub phase: String,
    /// How far it has come.
    pub state: SmokeState,
    /// Whether it proves the phase.
    pub proven: bool,
    /// What it says, as a sentence.
    pub sentence: String,
    /// When it began.
    pub started_at_ms: i64,
    /// When it ended.
    pub finished_at_ms: Option<i64>,
    /// Who ran it.
    pub actor: String,
    /// The earlier run of which it repeated what had failed.
    pub only_failed_of: Option<String>,
    /// The runbook's SHA-256.
    pub runbook_sha256: String,
    /// The overrides that the phase rested on when it was run.
    pub overrides: Vec<OverrideView>,
    /// The accounts: the columns of the matrix.
    pub accounts: Vec<String>,
    /// The checks with their steps, in order: the rows of the matrix.
    pub checks: Vec<SmokeCheckView>,
    /// How many steps are how far.
    pub counts: SmokeCounts,
    /// Answers that told the phase the run is for.
    pub agreeing: u32,
    /// Answers that told another phase: a server that does not know of the change yet, or somebody's move.
    pub disagreeing: u32,
    /// What it left in the portal and is still there.
    pub left: Vec<LeftView>,
    /// From its start to its end, milliseconds; none while it goes on.
    pub wall_ms: Option<u64>,
    /// The longest chain of requests that had to wait for one another, an account's sign-in before its first, milliseconds.
    pub critical_path_ms: Option<u64>,
}

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SmokeState {
    /// It goes on.
    Running,
    /// Every step was tried.
    Finished,
    /// It was stopped.
    Cancelled,
    /// It ended without a word: the program was ended.
    CutOff,
}

/// A check of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SmokeCheckView {
    /// Its id in the runbook.
    pub id: String,
    /// The runbook's words.
    pub words: String,
    /// Its steps.
    pub steps: Vec<SmokeStepView>,
}

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SmokeStepView {
    /// Its name.
    pub id: String,
    /// As whom: a role, `nobody`, `garbage-token`, `adminonly-smoke`, or `person`.
    pub account: String,
    /// The account's uid; for a person's step who answered.
    pub uid: Option<String>,
    /// The route, wire name; none for a person's step.
    pub route: Option<String>,
    /// What is done, in words; for a person's step the question.
    pub action: String,
    /// Whether a run is complete without it.
    pub optional: bool,
    /// How far it is, or what came of it.
    pub state: SmokeStepState,
    /// Whose fault a failure is: `app`, `access`, `network`, `identity`, `our side`.
    pub label: Option<String>,
    /// What a failure means for the rollout.
    pub meaning: Option<String>,
    /// What was found, or why it was not tried.
    pub found: String,
    /// When it was sent, or answered by a person.
    pub at_ms: Option<i64>,
    /// How long the answer took, milliseconds.
    pub duration_ms: Option<u64>,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The request id that was sent.
    pub request_id: Option<String>,
    /// The id a member would read out: the portal's, or the one sent when no reply came in the envelope.
    pub support_code: Option<String>,
    /// The earlier run that the result is from.
    pub carried_from: Option<String>,
}

/// How far a step is, or what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SmokeStepState {
    /// Not sent yet.
    Waiting,
    /// Sent.
    Running,
    /// The portal answered as it should.
    Pass,
    /// It did not.
    Fail,
    /// Not tried: a step before it failed.
    Blocked,
    /// Not tried for another reason; for a person's step: not answered yet.
    Skipped,
    /// A person says yes.
    Attested,
}

/// How many steps are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SmokeCounts {
    /// All.
    pub all: u32,
    /// Not over yet.
    pub open: u32,
    /// Passed, carried-over ones too.
    pub pass: u32,
    /// Failed.
    pub fail: u32,
    /// Blocked.
    pub blocked: u32,
    /// Skipped.
    pub skipped: u32,
    /// Attested.
    pub attested: u32,
}

/// Something that a run left in the portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LeftView {
    /// What it is, in words.
    pub what: String,
    /// The account that left it.
    pub account: String,
    /// The portal's id for it, where known.
    pub id: Option<String>,
    /// Whether it is still to be removed; else it stays, because no route removes it.
    pub open: bool,
    /// Why it is still there.
    pub why: String,
}
