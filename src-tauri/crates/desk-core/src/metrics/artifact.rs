//! The artifact: the JSON that "Copy phase metrics JSON" of the web panel copies, with one more key, `desk`.

use super::{CRITICAL_ROUTES, Tally, rows_sha256};
use crate::{
    EnvironmentKind, EnvironmentName, Phase,
    gate::{Judgement, Override},
};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize, Serializer};
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use ts_rs::TS;

/// The panel's artifact; its keys stand in the panel's order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// The phase it was made in.
    pub rollout_phase: Phase,
    /// Its label: `Phase 2`.
    pub rollout_label: String,
    /// Whether members may write in it.
    pub member_writes_enabled: bool,
    /// When it was made: `2026-03-01T18:00:00.000Z`.
    pub generated_at_iso: String,
    /// How far back it looks, minutes.
    pub window_minutes: u32,
    /// The figures of all requests.
    pub summary: Summary,
    /// The figures of each route, by requests, most first; the critical routes that were not seen follow with zeros.
    pub endpoints: Vec<Endpoint>,
    /// What only the desk knows; absent from what the web panel copied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub desk: Option<DeskPart>,
}

/// The figures of all requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Requests.
    pub request_count: u64,
    /// Not ok, or a status of 400 and more.
    pub error_count: u64,
    /// 409.
    pub conflict_count: u64,
    /// 404.
    pub route_error_count: u64,
    /// Errors a request.
    #[ts(type = "number")]
    pub error_rate: Rate,
    /// Conflicts a request.
    #[ts(type = "number")]
    pub conflict_rate: Rate,
    /// Half of the requests took at most this, milliseconds; none without requests.
    pub p50_latency_ms: Option<u64>,
    /// 95 % of the requests took at most this, milliseconds.
    pub p95_latency_ms: Option<u64>,
    /// The slowest, milliseconds.
    pub max_latency_ms: Option<u64>,
}

/// The figures of a route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The route as the panel writes it: `/v1/library.items.list`.
    pub route: String,
    /// Requests.
    pub request_count: u64,
    /// Not ok, or a status of 400 and more.
    pub error_count: u64,
    /// 409.
    pub conflict_count: u64,
    /// 404.
    pub route_error_count: u64,
    /// Half of the requests took at most this, milliseconds; none without requests.
    pub p50_latency_ms: Option<u64>,
    /// 95 % of the requests took at most this, milliseconds.
    pub p95_latency_ms: Option<u64>,
}

/// What the desk adds to the panel's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeskPart {
    /// The environment's name.
    pub environment: EnvironmentName,
    /// Practice, staging or live.
    pub environment_kind: EnvironmentKind,
    /// Where the window begins; later than `windowMinutes` ago when the phase changed since.
    pub window_from_iso: String,
    /// Requests by where they come from.
    pub sources: Vec<SourceCount>,
    /// Requests that were refused as they were meant to be: errors in the panel's figures, left out of gates.
    pub expected_refusals: u64,
    /// Requests that are not the library's, such as signing in: in none of the figures.
    pub other_requests: u64,
    /// The verdicts when it was made.
    pub gates: Vec<Judgement>,
    /// The overrides that the phase in force rests on; absent from artifacts of earlier versions.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// The SHA-256 of the rows, see [`rows_sha256`].
    pub rows_sha256: String,
    /// The SHA-256 of the runbook whose gates these are.
    pub runbook_sha256: String,
}

/// Requests of one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SourceCount {
    /// `desk`, or an import's name.
    pub source: String,
    /// How many.
    pub requests: u64,
    /// What is to be known of them: that they came as sums without durations, or why they are not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub note: Option<String>,
}

/// A share of 1, rounded to four decimals as the panel rounds it, and written as JavaScript writes numbers: `0`, `0.125`.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Deserialize)]
pub struct Rate(pub f64);

impl Rate {
    /// `part` of `requests`; of no requests it is 0, which says nothing.
    #[expect(
        clippy::cast_precision_loss,
        reason = "the panel computes in doubles; 2^53 requests are out of reach"
    )]
    pub fn of(part: u64, requests: u64) -> Self {
        let scaled = part as f64 / requests.max(1) as f64 * 10_000.0;
        // Math.round: half goes up. A double less its floor is exact, so that no half is missed.
        let floor = scaled.floor();
        let rounded = if scaled - floor >= 0.5 { floor + 1.0 } else { floor };
        Self(rounded / 10_000.0)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The only whole shares; `1.0` is how JavaScript does not write one.
        if self.0.fract() == 0.0 {
            serializer.serialize_u64(u64::from(self.0 > 0.5))
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// What an artifact is made from.
#[derive(Clone, Debug)]
pub struct Capture<'a> {
    /// The environment's name.
    pub environment: &'a EnvironmentName,
    /// Practice, staging or live.
    pub environment_kind: EnvironmentKind,
    /// The phase in force.
    pub phase: Phase,
    /// When it is made, milliseconds since 1970.
    pub generated_at_ms: i64,
    /// How far back it was asked to look, minutes.
    pub window_minutes: u32,
    /// Where the window begins, milliseconds since 1970: never before the last phase change.
    pub window_from_ms: i64,
    /// The requests. Routes with as many requests stand in the order in which they first come here.
    pub tallies: &'a [Tally],
    /// Requests by where they come from.
    pub sources: Vec<SourceCount>,
    /// The verdicts.
    pub gates: Vec<Judgement>,
    /// The overrides that the phase in force rests on.
    pub overrides: Vec<Override>,
    /// The SHA-256 of the runbook whose gates these are.
    pub runbook_sha256: &'a str,
}

impl Artifact {
    /// Computes the figures.
    pub fn capture(capture: Capture<'_>) -> Self {
        let mut all = Figures::default();
        let mut routes: HashMap<&str, (usize, Figures)> = HashMap::new();
        let (library, other): (Vec<&Tally>, Vec<&Tally>) = capture
            .tallies
            .iter()
            .filter(|tally| tally.count > 0)
            .partition(|tally| tally.is_library());
        for tally in &library {
            let seen = routes.len();
            let (_, route) = routes
                .entry(&tally.route)
                .or_insert_with(|| (seen, Figures::default()));
            route.add(tally);
            all.add(tally);
        }
        let mut by_requests: Vec<_> = routes.iter().collect();
        by_requests.sort_by_key(|(_, (seen, figures))| (Reverse(figures.requests), *seen));
        let mut endpoints: Vec<_> = by_requests
            .into_iter()
            .map(|(route, (_, figures))| figures.endpoint(route))
            .collect();
        let unseen = CRITICAL_ROUTES
            .into_iter()
            .filter(|route| !routes.contains_key(route.name()));
        endpoints.extend(unseen.map(|route| Figures::default().endpoint(route.name())));
        let refused = library.iter().filter(|tally| tally.is_expected_refusal());
        Self {
            rollout_phase: capture.phase,
            rollout_label: capture.phase.label().to_owned(),
            member_writes_enabled: capture.phase >= Phase::MemberWrites,
            generated_at_iso: iso(capture.generated_at_ms),
            window_minutes: capture.window_minutes,
            summary: all.summary(),
            endpoints,
            desk: Some(DeskPart {
                environment: capture.environment.clone(),
                environment_kind: capture.environment_kind,
                window_from_iso: iso(capture.window_from_ms),
                sources: capture.sources,
                expected_refusals: refused.map(|tally| tally.count).sum(),
                other_requests: other.iter().map(|tally| tally.count).sum(),
                gates: capture.gates,
                overrides: capture.overrides,
                rows_sha256: rows_sha256(capture.tallies),
                runbook_sha256: capture.runbook_sha256.to_owned(),
            }),
        }
    }

    /// The text that is copied and kept: JSON indented by two spaces.
    ///
    /// # Errors
    /// Only if it could not be serialized, which no value can cause.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }
}

/// What is counted, of one route or of all.
#[derive(Default)]
struct Figures {
    requests: u64,
    errors: u64,
    conflicts: u64,
    route_errors: u64,
    /// How many requests took how many milliseconds.
    durations: BTreeMap<u64, u64>,
}

impl Figures {
    fn add(&mut self, tally: &Tally) {
        let count_if = |yes: bool| if yes { tally.count } else { 0 };
        self.requests += tally.count;
        self.errors += count_if(tally.is_error());
        self.conflicts += count_if(tally.is_conflict());
        self.route_errors += count_if(tally.is_route_error());
        if let Some(duration_ms) = tally.duration_ms {
            *self.durations.entry(duration_ms).or_default() += tally.count;
        }
    }

    fn summary(&self) -> Summary {
        Summary {
            request_count: self.requests,
            error_count: self.errors,
            conflict_count: self.conflicts,
            route_error_count: self.route_errors,
            error_rate: Rate::of(self.errors, self.requests),
            conflict_rate: Rate::of(self.conflicts, self.requests),
            p50_latency_ms: self.percentile(0.50),
            p95_latency_ms: self.percentile(0.95),
            max_latency_ms: self.durations.last_key_value().map(|(ms, _)| *ms),
        }
    }

    fn endpoint(&self, route: &str) -> Endpoint {
        Endpoint {
            route: format!("/v1/{route}"),
            request_count: self.requests,
            error_count: self.errors,
            conflict_count: self.conflicts,
            route_error_count: self.route_errors,
            p50_latency_ms: self.percentile(0.50),
            p95_latency_ms: self.percentile(0.95),
        }
    }

    /// Nearest rank: the value at `ceil(share * n) - 1` of the sorted list.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the panel computes the rank in doubles, and a rank is between 1 and a count of requests"
    )]
    fn percentile(&self, share: f64) -> Option<u64> {
        let count: u64 = self.durations.values().sum();
        let rank = (share * count as f64).ceil() as u64;
        let mut reached = 0;
        self.durations.iter().find_map(|(ms, requests)| {
            reached += requests;
            (reached >= rank).then_some(*ms)
        })
    }
}

/// A time as JavaScript's `toISOString` writes it.
fn iso(at_ms: i64) -> String {
    // Only years beyond 200 000 are out of range; they stay recognisably wrong.
    DateTime::from_timestamp_millis(at_ms)
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
