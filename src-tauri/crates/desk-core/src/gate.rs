//! Gates: what the numbers can carry, said as a verdict and in plain words.
//!
//! Every fact is an argument, and whatever is missing, too old or of another phase is never a `GO`.
//!
//! A request that was refused as it was meant to be ([`Tally::is_expected_refusal`]) is left out of a gate altogether: it
//! is no failure, and it proves nothing about the requests that members make. A request whose outcome was not the one its
//! sender counted on is a failure, also when it succeeded: something was let through that had to be refused.

pub mod bound;

mod advance;
mod answers;
mod digest;
mod rules;
#[cfg(test)]
mod tests;
mod words;

pub use advance::{AdvanceFacts, Need, NeedState, needs_for_advance};
pub use digest::{DecisionDigest, GateVerdict};
pub use rules::judge;

use crate::{Phase, Route, metrics::Tally, runbook::Over};
use serde::{Deserialize, Serialize};

/// What a gate says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// The numbers carry it.
    #[serde(rename = "GO")]
    Go,
    /// The numbers speak against it.
    #[serde(rename = "NO-GO")]
    NoGo,
    /// Too few numbers, none, or of another phase.
    #[serde(rename = "INSUFFICIENT")]
    Insufficient,
    /// The numbers are too old, or from before the phase was set.
    #[serde(rename = "STALE")]
    Stale,
}

impl Verdict {
    /// The word shown, printed and recorded.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Go => "GO",
            Self::NoGo => "NO-GO",
            Self::Insufficient => "INSUFFICIENT",
            Self::Stale => "STALE",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// The one act that helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Run the smoke checklist.
    RunSmoke,
    /// Run again what failed.
    RunFailed,
    /// Answer the questions for a person.
    Attest,
    /// Earn the missing requests.
    Soak,
    /// Make a snapshot.
    Capture,
    /// Attach the artifact to the run.
    Attach,
    /// Look at what went wrong.
    Look,
}

/// A gate's verdict, with all that it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    /// The gate's id.
    pub gate: String,
    /// The phase it guards the way out of.
    pub phase: Phase,
    /// The runbook's words.
    pub words: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The share of requests that failed, 0 to 1; none without requests.
    pub value: Option<f64>,
    /// The highest share that the numbers leave possible, 0 to 1; none without requests.
    pub bound: Option<f64>,
    /// The share that must not be reached, 0 to 1; 0 where a single failure is one too many.
    pub threshold: Option<f64>,
    /// The requests it rests on; expected refusals are left out.
    pub count: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// Expected refusals, which are left out.
    pub left_out: u64,
    /// How many more requests, all of them clean, would make it a `GO`; none where more would not.
    pub more_needed: Option<u64>,
    /// How old the numbers are, milliseconds; none where there are none.
    pub age_ms: Option<i64>,
    /// The verdict's reason in one sentence.
    pub sentence: String,
    /// What the numbers can carry, in plain words; empty where there are none.
    pub small_print: String,
    /// The one act that helps; none for a `GO`.
    pub action: Option<Action>,
}

/// The phase in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The phase.
    pub phase: Phase,
    /// Since when, milliseconds since 1970: by the portal's clock, as it tells it.
    pub since_ms: i64,
}

/// Requests of a time span.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// The phase in force when it was taken.
    pub phase: Phase,
    /// When it was taken, milliseconds since 1970.
    pub taken_at_ms: i64,
    /// Where the span begins, see [`window_from_ms`].
    pub from_ms: i64,
    /// The requests, counted.
    pub tallies: &'a [Tally],
    /// Each request to the routes of a gate that asks for their order; others may leave it empty.
    pub answers: &'a [Answer],
}

/// One request and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// When it was sent, milliseconds since 1970.
    pub at_ms: i64,
    /// The route's name, without `/v1/`.
    pub route: String,
    /// The HTTP status; none when no reply came.
    pub status: Option<u16>,
    /// Whether it succeeded.
    pub ok: bool,
    /// Whether the outcome was the one that the sender counted on.
    pub expected: bool,
}

/// The newest smoke run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmokeFacts {
    /// The smoke run's id.
    pub id: String,
    /// The phase it was for.
    pub phase: Phase,
    /// When it began, milliseconds since 1970.
    pub started_at_ms: i64,
    /// When it ended; none while it runs, or when it was cut off.
    pub finished_at_ms: Option<i64>,
    /// Whether it was made with the runbook in force.
    pub same_runbook: bool,
    /// Steps that failed, steps blocked by them, and questions that a person answered with no.
    pub failed: u64,
    /// Steps that had to run and did not.
    pub missed: u64,
    /// The ids of the checks that still wait for a person's word.
    pub unattested: Vec<String>,
    /// What came of its requests, by route; expected refusals are left out.
    pub routes: Vec<RouteOutcome>,
}

/// What came of a smoke run's requests to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteOutcome {
    /// The route.
    pub route: Route,
    /// Requests that succeeded, as they had to.
    pub succeeded: u64,
    /// Requests whose outcome was not the one counted on.
    pub failed: u64,
}

/// The newest metrics artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactFacts {
    /// Its SHA-256, lower-case hex.
    pub sha256: String,
    /// The phase it was made in.
    pub phase: Phase,
    /// When it was made, milliseconds since 1970.
    pub captured_at_ms: i64,
    /// Whether it was made with the runbook in force.
    pub same_runbook: bool,
    /// Whether it is attached to the run.
    pub attached: bool,
}

/// All that a gate may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Now, milliseconds since 1970.
    pub now_ms: i64,
    /// The phase in force; none while it is not known.
    pub in_force: Option<InForce>,
    /// The requests, over the gate's own window.
    pub snapshot: Option<Snapshot<'a>>,
    /// The newest smoke run.
    pub smoke: Option<&'a SmokeFacts>,
    /// The newest artifact.
    pub artifact: Option<&'a ArtifactFacts>,
}

/// Where a window begins that ends at `until_ms`: as far back as the gate looks, but never before the phase was set.
pub fn window_from_ms(over: &Over, until_ms: i64, since_ms: i64) -> i64 {
    until_ms
        .saturating_sub(minutes_ms(over.window_minutes))
        .max(since_ms)
}

/// A move forward that was made although something was missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// The phase before.
    pub from: Phase,
    /// The phase moved to.
    pub to: Phase,
    /// Why, in the words of whoever decided.
    pub reason: String,
    /// Who decided: the operator's uid.
    pub actor: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

fn minutes_ms(minutes: u32) -> i64 {
    i64::from(minutes) * 60_000
}
