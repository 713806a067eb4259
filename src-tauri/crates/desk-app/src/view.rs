//! The types that cross to the window and to the command line's JSON. TypeScript is generated from them (`ts-rs`).
//!
//! Times are milliseconds since 1970. Nothing here can hold a secret.

use crate::{
    announce::view::MadeView,
    error::Problem,
    evidence::Item,
    metrics::view::{AdvanceView, MetricsView},
    rehearse::walk::RehearsalView,
    rollback::view::{DrillSummary, ReviewDue, RollbackView},
    time::when,
};
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Everything that is on screen at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct DeskView {
    /// The program's version.
    pub version: String,
    /// Where the desk keeps its files.
    pub data_dir: String,
    /// The IANA name of the team's time zone, `Europe/Berlin`.
    pub zone: String,
    /// Why it is this one.
    pub zone_choice: ZoneView,
    /// The environment the desk points at.
    pub environment: EnvironmentView,
    /// Every environment, practice first, the others by name.
    pub environments: Vec<EnvironmentView>,
    /// What the three phases mean.
    pub phases: Vec<PhaseInfo>,
    /// The runbook in force.
    pub runbook: RunbookView,
    /// Whether the portal answers, and as whom.
    pub connection: ConnectionView,
    /// The newest reading of the rollout; absent until one succeeded in this session.
    pub reading: Option<ReadingView>,
    /// A move that this desk did not make and that the operator has not yet acknowledged.
    pub moved: Option<MovedView>,
    /// The phase change in progress, or the last one until it is dismissed.
    pub change: Option<ChangeView>,
    /// Earlier phase changes made from this desk in this environment, newest first.
    pub history: Vec<ChangeView>,
    /// The accounts of this environment, one a role, the operator first.
    pub identities: Vec<IdentityView>,
    /// "May we advance?", answered.
    pub advance: AdvanceView,
    /// The newest snapshot of the phase metrics of the open run.
    pub metrics: Option<MetricsView>,
    /// The rollback or drill that is open, or the last one until it is put away.
    pub rollback: Option<RollbackView>,
    /// The newest drill that is over.
    pub last_drill: Option<DrillSummary>,
    /// Rollbacks that are still to be reviewed, the most urgent first.
    pub reviews: Vec<ReviewDue>,
    /// The run that acts are recorded under, once one is open.
    pub run: Option<RunView>,
    /// The rehearsal that a person is walked through; only in the practice environment.
    pub rehearsal: Option<RehearsalView>,
    /// Whether secrets can be kept.
    pub keychain: KeychainView,
    /// Whether the journal can be written.
    pub store: StoreView,
    /// The practice portal's switches; only in the practice environment.
    pub practice: Option<PracticeView>,
    /// Remembered choices: `theme` (`system`, `light`, `dark`).
    pub theme: Theme,
}

/// A remembered choice of colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

/// What an environment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentKindView {
    /// The embedded practice portal.
    Practice,
    /// A real portal that no member depends on.
    Staging,
    /// The portal members use.
    Live,
}

/// An environment's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentView {
    /// Its name; typed to confirm a forward move in a live environment.
    pub name: String,
    /// What it is.
    pub kind: EnvironmentKindView,
    /// Where the API answers, without `/apiV1`. Practice: the loopback address while it runs.
    pub api_base: String,
    /// The sign-in service.
    pub identity_base: String,
    /// The token service.
    pub token_base: String,
    /// The project id, where given.
    pub project_id: Option<String>,
    /// How long an instance of the portal caches the phase.
    pub phase_cache_ms: u64,
    /// When changes are usual, `Mon-Fri 09:00-17:00`; any time where not given.
    pub change_window: Option<String>,
}

/// What a phase means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PhaseInfo {
    /// The wire name, `phase_2_member_writes`.
    pub wire: String,
    /// 1, 2 or 3.
    pub number: u8,
    /// `Phase 2`.
    pub label: String,
    /// `Member writes`.
    pub title: String,
    /// What members can do, one sentence each.
    pub for_members: Vec<String>,
    /// What staff can do, one sentence each.
    pub for_staff: Vec<String>,
}

/// Which runbook is in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunbookView {
    /// Where it comes from.
    pub source: RunbookSource,
    /// The name of its file; none for the built-in one.
    pub name: Option<String>,
    /// The SHA-256 of its text, lower-case hex.
    pub sha256: String,
    /// Why it cannot be used: then no check and no gate counts.
    pub problem: Option<Problem>,
}

/// Where a runbook comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RunbookSource {
    /// Compiled in.
    Builtin,
    /// Chosen under Settings, and kept.
    Own,
    /// Given with `--runbook`, for as long as the desk is open.
    Given,
}

/// Whether the portal answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// In one word.
    pub state: ConnectionState,
    /// Since when it has been so.
    pub since_ms: i64,
    /// Whether a request is being made now.
    pub asking: bool,
    /// When the desk asks next by itself.
    pub next_ask_ms: Option<i64>,
    /// Why it is not online.
    pub problem: Option<Problem>,
}

/// In one word, whether the portal answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionState {
    /// Not asked yet.
    Starting,
    /// It answered, in the contract, to the operator.
    Online,
    /// It cannot be reached or does not answer in time.
    Offline,
    /// The operator is not signed in.
    SignedOut,
    /// It answers, but not as the contract says.
    Faulty,
}

/// What the portal says, as `library.rollout.get` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PhaseStateView {
    /// The wire name.
    pub phase: String,
    /// The note saved with it.
    pub note: Option<String>,
    /// When it was saved; 0: never.
    pub updated_at_ms: i64,
    /// Who saved it.
    pub updated_by_uid: Option<String>,
}

/// A successful reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ReadingView {
    /// What the portal said.
    pub state: PhaseStateView,
    /// Whether any phase was ever saved. If not, the service is fully open: warn.
    pub ever_set: bool,
    /// When it said so.
    pub read_at_ms: i64,
    /// The request id of that answer.
    pub request_id: String,
}

/// A move made elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MovedView {
    /// What the desk had seen before.
    pub from: PhaseStateView,
    /// What it sees now.
    pub to: PhaseStateView,
    /// When it noticed.
    pub noticed_at_ms: i64,
}

/// How far a phase change has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStage {
    /// Reading the present phase once more.
    Rereading,
    /// Recorded and sent; no answer yet.
    Sending,
    /// Acknowledged; reading it back.
    ReadingBack,
    /// No answer came: asking the portal what it did.
    AskingOutcome,
    /// Concluded; the answers of the portal's instances are watched until settled.
    Settling,
    /// Nothing more will happen by itself.
    Done,
}

/// What came of a phase change; see `desk-core`'s `ChangeOutcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcomeView {
    /// Acknowledged and read back.
    Confirmed,
    /// Refused: nothing changed.
    Refused,
    /// Never reached the portal: nothing changed.
    NotSent,
    /// No answer: it may have happened.
    Unknown,
    /// It happened, and somebody moved the phase right after.
    Overtaken,
    /// It was found not to have happened.
    NotApplied,
}

/// A request made for a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RequestView {
    /// The route's name.
    pub route: String,
    /// The id to read out to support.
    pub request_id: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// When it was sent.
    pub at_ms: i64,
    /// How long it took.
    pub duration_ms: u64,
}

/// A phase change: the decision record, as shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ChangeView {
    /// The decision's id.
    pub change_id: String,
    /// What the portal said right before.
    pub from: PhaseStateView,
    /// The phase asked for.
    pub to: String,
    /// The note asked for.
    pub note: Option<String>,
    /// `forward`, `back` or `same`.
    pub direction: String,
    /// Who decided: the operator's uid.
    pub actor: String,
    /// The run, `R-001`.
    pub run: Option<String>,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// Why it moved forward although something was missing.
    pub override_reason: Option<String>,
    /// When it was decided.
    pub started_at_ms: i64,
    /// How far it has come.
    pub stage: ChangeStage,
    /// What came of it, once known.
    pub outcome: Option<ChangeOutcomeView>,
    /// What the portal said last.
    pub state: Option<PhaseStateView>,
    /// When the portal acknowledged the save, by this machine's clock.
    pub acknowledged_at_ms: Option<i64>,
    /// When it was read back, by this machine's clock.
    pub read_back_at_ms: Option<i64>,
    /// The requests made for it, in order.
    pub requests: Vec<RequestView>,
    /// How the portal's instances agree since.
    pub settling: Option<SettlingView>,
    /// Why it is not confirmed.
    pub problem: Option<Problem>,
}

/// A move forward that was made although something was missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct OverrideView {
    /// The phase before, wire name.
    pub from: String,
    /// The phase moved to, wire name.
    pub to: String,
    /// Why, in the words of whoever decided.
    pub reason: String,
    /// Who decided: the operator's uid.
    pub actor: String,
    /// When.
    pub at_ms: i64,
}

impl OverrideView {
    /// On one line, as it is printed on what leaves the desk.
    pub fn words(&self, zone: Tz) -> String {
        let at = when(self.at_ms, zone);
        format!(
            "OVERRIDE {} to {} by {}, {at}: {}",
            self.from, self.to, self.actor, self.reason
        )
    }
}

/// Whether every answer since a change has agreed for longer than the portal's phase cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SettlingView {
    /// Answers read since the change.
    pub answers: u32,
    /// Of those, how many still gave another phase.
    pub outdated: u32,
    /// When every answer will have agreed for long enough, if none disagrees from now on.
    pub settles_at_ms: i64,
    /// When it was settled.
    pub settled_at_ms: Option<i64>,
}

/// An account of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct IdentityView {
    /// `operator`, `member-smoke`, `staff-smoke`, `admin-smoke`.
    pub role: String,
    /// The account's uid, once set.
    pub uid: Option<String>,
    /// Whether it held the staff claim when last signed in.
    pub staff: Option<bool>,
    /// Whether the role needs the staff claim.
    pub needs_staff: bool,
    /// Whether its credentials last for this session only.
    pub session_only: bool,
    /// In one word.
    pub state: IdentityState,
    /// What is wrong with it.
    pub problem: Option<Problem>,
}

/// In one word, whether an account can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum IdentityState {
    /// No credentials are kept for it.
    Missing,
    /// Credentials are kept; not signed in yet in this session.
    Kept,
    /// Signed in.
    Ready,
    /// Signed in, but without the claim its role needs.
    NotStaff,
    /// Its credentials were refused, or cannot be read.
    SignedOut,
}

/// A run: a rehearsal or a cutover, from its start to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RunView {
    /// Its id.
    pub id: String,
    /// `R-001`.
    pub label: String,
    /// Which of the two.
    pub kind: RunKind,
    /// Where it happens.
    pub environment: String,
    /// The release owner, as named when it was started; none for a run that an act opened.
    pub owner: Option<String>,
    /// The SHA-256 of the runbook in force when it began; none for runs of earlier versions.
    pub runbook_sha256: Option<String>,
    /// Whose act began it.
    pub started_by: String,
    /// Since when.
    pub started_at_ms: i64,
    /// Until when; none while it is open.
    pub ended_at_ms: Option<i64>,
}

/// What a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// In practice or staging.
    Rehearsal,
    /// Where members are.
    Live,
}

/// Why the desk goes by its time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ZoneView {
    /// Where it comes from.
    pub source: ZoneSource,
    /// The IANA name of this machine's own.
    pub machine: String,
}

/// Where the desk's time zone comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "lowercase")]
pub enum ZoneSource {
    /// This machine's, since none was chosen.
    Machine,
    /// The team chose it.
    Chosen,
    /// It was given for as long as the desk is open.
    Given,
}

/// A run with all that was recorded under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The run.
    #[serde(flatten)]
    pub run: RunView,
    /// Entries of the journal, its start and its end among them.
    pub entries: u64,
    /// The decisions to change the phase, oldest first.
    pub phase_changes: Vec<ChangeView>,
    /// Those of them that were made by override.
    pub overrides: Vec<OverrideView>,
    /// The runs of the smoke checklist, oldest first.
    pub smoke_runs: Vec<RunSmokeView>,
    /// Its rollbacks and drills, oldest first.
    pub rollbacks: Vec<crate::rollback::view::RollbackView>,
    /// What was captured in it or attached to it.
    pub artifacts: Vec<RunArtifactView>,
    /// The announcements that left the desk, oldest first.
    pub announcements: Vec<MadeView>,
    /// How the runbook's evidence items stand.
    pub evidence: Vec<Item>,
}

/// A run of the smoke checklist, in short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunSmokeView {
    /// Its id.
    pub id: String,
    /// The phase it was for, wire name.
    pub phase: String,
    /// When it began.
    pub started_at_ms: i64,
    /// Whether it proves the phase.
    pub proven: bool,
    /// What it found, in a sentence.
    pub sentence: String,
}

/// Evidence of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunArtifactView {
    /// The SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// The phase it speaks for, wire name; none for bytes from elsewhere.
    pub phase: Option<String>,
    /// When it was captured.
    pub captured_at_ms: Option<i64>,
    /// The evidence items that it was put on the run as; none while it is not attached.
    pub attached_as: Vec<String>,
}

/// Whether secrets can be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct KeychainView {
    /// Whether the probe (set and get) succeeded; absent while it runs.
    pub ready: Option<bool>,
    /// Why not.
    pub problem: Option<Problem>,
}

/// Whether the journal can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct StoreView {
    /// How many entries the journal holds.
    pub entries: i64,
    /// Why it cannot be written.
    pub problem: Option<Problem>,
}

/// The practice portal's switches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PracticeView {
    /// The faults switched on, as the command line spells them.
    pub faults: Vec<String>,
    /// Every kind there is.
    pub catalogue: Vec<FaultKindView>,
}

/// A kind of fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct FaultKindView {
    /// The word it starts with.
    pub kind: String,
    /// As it may be typed.
    pub example: String,
    /// What it does, in plain words.
    pub does: String,
}

/// What is asked for when a phase is saved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SaveRequest {
    /// The environment it was decided for; refused when the desk points elsewhere by now.
    pub environment: String,
    /// The phase asked for, wire name.
    pub to: String,
    /// The note; empty or blank: none, which clears the present one.
    pub note: String,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// What the screen showed when it was decided; refused when the portal says otherwise by now.
    pub expected: PhaseStateView,
    /// [`AdvanceView::basis`] as it was shown when it was decided; needed to move forward, and refused when it is no longer so.
    pub basis: Option<String>,
    /// The environment's name, typed by the operator; needed to move forward in a live environment.
    pub confirm: Option<String>,
    /// Why the phase is moved forward although something is missing.
    #[serde(rename = "override")]
    pub override_reason: Option<String>,
}

/// A portal to add.
#[derive(Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EnvironmentDraft {
    /// Its name.
    pub name: String,
    /// Staging or live.
    pub kind: EnvironmentKindView,
    /// Where the API answers.
    pub api: String,
    /// The sign-in service's key for the project.
    pub api_key: String,
    /// The sign-in service, if not the usual one.
    pub identity_url: Option<String>,
    /// The token service, if not the usual one.
    pub token_url: Option<String>,
    /// The project id.
    pub project_id: Option<String>,
    /// How long an instance caches the phase; 60000 where not given.
    pub phase_cache_ms: Option<u64>,
    /// When changes are usual, `Mon-Fri 09:00-17:00`; any time where not given.
    pub change_window: Option<String>,
}

/// An account to sign in. Goes from the window to Rust only; nothing sends it back.
#[derive(Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SignInDraft {
    /// The account's e-mail address.
    pub email: String,
    /// Its password.
    #[ts(type = "string")]
    pub password: SecretString,
    /// Keep the credentials in memory only.
    pub session_only: bool,
}

/// What a test of a portal found, one line a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TestReport {
    /// Each step: address, sign-in, account, rollout.
    pub steps: Vec<TestStep>,
    /// Whether the portal can be used by this operator.
    pub usable: bool,
}

/// A step of a portal's test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TestStep {
    /// What was tested, in words.
    pub label: String,
    /// Whether it went well; absent when an earlier step kept it from being tested.
    pub ok: Option<bool>,
    /// What was found, in words.
    pub found: String,
    /// What is wrong.
    pub problem: Option<Problem>,
}

/// What `journal verify` found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct JournalView {
    /// Entries checked.
    pub count: i64,
    /// The newest entry's hash.
    pub newest_hash: String,
    /// The first broken entry, in words.
    pub broken: Option<BrokenView>,
    /// Tables that are not what the journal gives, although the journal itself is whole.
    pub stale: Vec<String>,
}

/// The first broken entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct BrokenView {
    /// Its number.
    pub seq: i64,
    /// Its id.
    pub id: String,
    /// How it is broken, in words.
    pub fault: String,
}
