//! What crosses about metrics, gates and advancing.
//!
//! Times are milliseconds since 1970.

use crate::view::OverrideView;
pub use desk_core::import::{ColumnMap, DurationUnit};
use desk_core::{
    import::BadLine,
    metrics::{Endpoint, SourceCount, Summary},
};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// The four verdicts of a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
pub enum VerdictView {
    /// The numbers carry it.
    #[serde(rename = "GO")]
    Go,
    /// The numbers speak against it.
    #[serde(rename = "NO-GO")]
    NoGo,
    /// Too few numbers, none, or of another phase.
    #[serde(rename = "INSUFFICIENT")]
    Insufficient,
    /// Numbers too old, or from before the phase changed.
    #[serde(rename = "STALE")]
    Stale,
}

/// A gate with its verdict.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct GateView {
    /// The gate's id in the runbook.
    pub id: String,
    /// The runbook's words.
    pub title: String,
    /// The phase it guards the way out of, wire name.
    pub phase: String,
    /// The verdict.
    pub verdict: VerdictView,
    /// The verdict as a sentence: "0.4 % of 512, limit 1.0 %, 6 min old".
    pub sentence: String,
    /// What the numbers can carry, in plain words, by exact binomial bounds.
    pub small_print: String,
    /// The observed rate, 0 to 1, where there is one.
    pub value: Option<f64>,
    /// The threshold, 0 to 1, where there is one.
    pub threshold: Option<f64>,
    /// The requests it is computed from.
    pub count: u64,
    /// Those that failed.
    pub failures: u64,
    /// How many more clean requests would be enough, where that helps.
    pub more_needed: Option<u64>,
}

/// A snapshot of the phase metrics, as shown.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MetricsView {
    /// When it was made.
    pub captured_at_ms: i64,
    /// Where its window begins: never before the last phase change.
    pub from_ms: i64,
    /// Minutes of the window asked for.
    pub window_minutes: u32,
    /// The phase it was made in, wire name.
    pub phase: String,
    /// The web panel's summary.
    pub summary: Summary,
    /// Critical endpoints first, then by requests.
    pub endpoints: Vec<EndpointView>,
    /// The chart, oldest first; buckets without requests are there with zeros.
    pub series: Vec<SeriesPoint>,
    /// Phase changes in the window, for the chart's vertical lines.
    pub moves: Vec<MoveMark>,
    /// The verdicts of the present phase's gates.
    pub gates: Vec<GateView>,
    /// The overrides that the phase rested on when it was made.
    pub overrides: Vec<OverrideView>,
    /// Requests by where they come from: `desk`, or an import's name.
    pub sources: Vec<SourceCount>,
    /// Probes that were meant to be refused: in the panel's figures, never an error in a gate.
    pub expected_refusals: u64,
    /// The SHA-256 of the artifact, lower-case hex.
    pub artifact: String,
    /// Whether the artifact is attached to the run as evidence.
    pub attached: bool,
}

/// A line of the table of endpoints.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct EndpointView {
    /// Its figures.
    #[serde(flatten)]
    pub endpoint: Endpoint,
    /// Whether the runbook calls it critical.
    pub critical: bool,
}

/// A bucket of the chart.
#[derive(Clone, Debug, PartialEq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SeriesPoint {
    /// Where the bucket begins.
    pub at_ms: i64,
    /// Requests.
    pub requests: u64,
    /// Errors that were not expected.
    pub errors: u64,
    /// 95th percentile, whole milliseconds.
    pub p95_ms: Option<u64>,
}

/// A phase change on the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct MoveMark {
    /// When.
    pub at_ms: i64,
    /// To which phase, wire name.
    pub to: String,
}

/// What an import did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct ImportView {
    /// Rows that were added.
    pub added: u64,
    /// Rows that an earlier import of the same file had added.
    pub already: u64,
    /// Lines that cannot be read, with their number and why; none is dropped silently.
    pub bad: Vec<BadLine>,
    /// What the web panel's sums are good for; none for a log.
    pub note: Option<String>,
}

/// The columns of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LogColumns {
    /// Those that there are, in the log's order.
    pub found: Vec<String>,
    /// Which of them would be taken: those of the last import, or those whose names are known.
    pub columns: ColumnMap,
}

/// What the gates of a phase say.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GatesView {
    /// Each gate of the phase, in the runbook's order.
    pub gates: Vec<GateView>,
    /// The overrides that the phase in force rests on.
    pub overrides: Vec<OverrideView>,
}

/// "May we advance?", answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AdvanceView {
    /// The answer as a sentence: "Not yet: 2 things are missing before Phase 3."
    pub answer: String,
    /// Whether nothing is missing.
    pub ready: bool,
    /// The next phase, wire name; none in phase 3, and none while the phase is not known.
    pub to: Option<String>,
    /// What is needed, in order; done ones too.
    pub items: Vec<AdvanceItem>,
    /// What the answer rests on, to be given back with a save as it is. Means nothing to anybody but the desk.
    pub basis: String,
}

/// Something needed to advance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct AdvanceItem {
    /// `smoke`, `attestations`, `gate:<id>`, `artifact`.
    pub id: String,
    /// What it is.
    pub title: String,
    /// What is missing, or what was found.
    pub found: String,
    /// How it stands.
    pub state: AdvanceState,
    /// The one act that helps.
    pub action: Option<AdvanceAction>,
}

/// How a needed thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AdvanceState {
    /// There.
    Done,
    /// Not there yet.
    Missing,
    /// It speaks against advancing.
    NoGo,
    /// Too few numbers.
    Insufficient,
    /// There, but from before.
    Stale,
}

/// The act that helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AdvanceAction {
    /// Run the checklist.
    RunSmoke,
    /// Run again what failed.
    RunFailed,
    /// Answer the questions for a person.
    Attest,
    /// Earn the missing count.
    Soak,
    /// Make a snapshot.
    Capture,
    /// Attach the snapshot to the run.
    Attach,
    /// Look at what went wrong.
    Look,
}

/// How a soak goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SoakView {
    /// Requests made so far.
    pub done: u32,
    /// Requests wanted.
    pub wanted: u32,
    /// Of those made, how many failed.
    pub failed: u32,
    /// How much is left at most, milliseconds.
    pub left_ms: u64,
}
