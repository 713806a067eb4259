//! The web panel's artifact.

use crate::{
    Phase,
    gate::InForce,
    metrics::{Artifact, Endpoint, Rate, Tally},
};
use chrono::DateTime;

/// Why a text is no artifact.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// It is not JSON of the artifact's shape.
    #[error("this is no phase metrics artifact: line {line}, column {column}: {message}")]
    Shape {
        /// The line, from 1; 0 when no place is known.
        line: usize,
        /// The column, from 1; 0 when no place is known.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// Its figures do not fit one another: it was edited, cut or made by other rules.
    #[error("this artifact contradicts itself: {0}")]
    Contradiction(String),
    /// Its requests are counted where they were made.
    #[error("this artifact is a desk's own, not the web panel's")]
    OfADesk,
}

/// What a web panel counted: sums over a stretch of time, without an order or durations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panel {
    /// The phase it was made in.
    pub phase: Phase,
    /// Where the time begins that it looks back over, milliseconds since 1970.
    pub from_ms: i64,
    /// When it was made, milliseconds since 1970. Its requests count as made then.
    pub generated_at_ms: i64,
    /// Its requests, as far as it tells them apart. Durations are not known, and the status only of successes (as 200),
    /// 404 and 409. The panel does not say which refusals were meant, so that none counts as such.
    pub tallies: Vec<Tally>,
}

impl Panel {
    /// Reads what the web panel copies.
    ///
    /// Keys that the desk does not know are passed over: whoever keeps it keeps the text itself.
    ///
    /// # Errors
    /// [`ArtifactError`], with the first thing that is wrong.
    pub fn read(text: &str) -> Result<Self, ArtifactError> {
        let artifact = read_artifact(text)?;
        if artifact.desk.is_some() {
            return Err(ArtifactError::OfADesk);
        }
        let generated_at_ms = generated_at_ms(&artifact)?;
        Ok(Self {
            phase: artifact.rollout_phase,
            from_ms: generated_at_ms - i64::from(artifact.window_minutes) * MINUTE_MS,
            generated_at_ms,
            tallies: artifact.endpoints.iter().flat_map(requests_of).collect(),
        })
    }

    /// How many requests it counts.
    pub fn requests(&self) -> u64 {
        self.tallies.iter().map(|tally| tally.count).sum()
    }
}

/// Why the requests of each panel, the newest first, do not count while a phase is in force; none where they do.
pub fn left_out(panels: &[&Panel], in_force: InForce) -> Vec<Option<String>> {
    // Where the oldest that counts begins: one that reaches into it may be of the same browser tab.
    let mut counted_from_ms = i64::MAX;
    let mut reason = |panel: &Panel| {
        if panel.phase != in_force.phase {
            let (made_in, now) = (panel.phase.label(), in_force.phase.label());
            return Some(format!("it was made in {made_in}, and {now} is in force"));
        }
        if panel.from_ms < in_force.since_ms {
            let minutes = (panel.generated_at_ms - panel.from_ms) / MINUTE_MS;
            return Some(format!("its {minutes} min reach back before the phase was set"));
        }
        if panel.generated_at_ms > counted_from_ms {
            let words = "a newer one looks back over part of the same time, and may count the same requests";
            return Some(words.to_owned());
        }
        counted_from_ms = panel.from_ms;
        None
    };
    panels.iter().map(|panel| reason(panel)).collect()
}

const MINUTE_MS: i64 = 60_000;

/// Reads an artifact, and checks that its figures fit one another.
fn read_artifact(text: &str) -> Result<Artifact, ArtifactError> {
    let text = text.trim_start_matches('\u{feff}');
    let artifact: Artifact = serde_json::from_str(text).map_err(|error| ArtifactError::Shape {
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    match contradiction(&artifact) {
        Some(contradiction) => Err(ArtifactError::Contradiction(contradiction)),
        None => Ok(artifact),
    }
}

fn generated_at_ms(artifact: &Artifact) -> Result<i64, ArtifactError> {
    let iso = &artifact.generated_at_iso;
    match DateTime::parse_from_rfc3339(iso) {
        Ok(time) => Ok(time.timestamp_millis()),
        Err(_) => Err(ArtifactError::Contradiction(format!(
            "generatedAtIso is no time: \"{iso}\""
        ))),
    }
}

fn requests_of(endpoint: &Endpoint) -> impl Iterator<Item = Tally> {
    let route = endpoint.route.strip_prefix("/v1/").unwrap_or(&endpoint.route);
    [
        (
            Some(200),
            endpoint.request_count.saturating_sub(endpoint.error_count),
        ),
        (Some(409), endpoint.conflict_count),
        (Some(404), endpoint.route_error_count),
        (None, other_errors(endpoint).unwrap_or_default()),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
    .map(move |(status, count)| Tally {
        route: route.to_owned(),
        status,
        ok: status == Some(200),
        expected: status == Some(200),
        duration_ms: None,
        count,
    })
}

/// Errors that are neither conflicts nor route errors; none when there are more of those than errors.
fn other_errors(endpoint: &Endpoint) -> Option<u64> {
    endpoint
        .error_count
        .checked_sub(endpoint.conflict_count.checked_add(endpoint.route_error_count)?)
}

fn contradiction(artifact: &Artifact) -> Option<String> {
    let phase = artifact.rollout_phase;
    if artifact.rollout_label != phase.label() {
        return Some(format!(
            "{} is called \"{}\"",
            phase.wire(),
            artifact.rollout_label
        ));
    }
    if artifact.member_writes_enabled != (phase >= crate::Phase::MemberWrites) {
        return Some(format!(
            "memberWritesEnabled is {} in {}",
            artifact.member_writes_enabled,
            phase.label()
        ));
    }
    for endpoint in &artifact.endpoints {
        if endpoint.error_count > endpoint.request_count {
            return Some(format!("{} has more errors than requests", endpoint.route));
        }
        if other_errors(endpoint).is_none() {
            return Some(format!(
                "{} has more conflicts and route errors than errors",
                endpoint.route
            ));
        }
    }
    let summary = &artifact.summary;
    let mut sums = [Some(0_u64); 4];
    for one in &artifact.endpoints {
        let figures = [
            one.request_count,
            one.error_count,
            one.conflict_count,
            one.route_error_count,
        ];
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum = sum.and_then(|sum| sum.checked_add(figure));
        }
    }
    let totals = [
        ("requestCount", summary.request_count),
        ("errorCount", summary.error_count),
        ("conflictCount", summary.conflict_count),
        ("routeErrorCount", summary.route_error_count),
    ];
    for ((name, total), sum) in totals.into_iter().zip(sums) {
        let Some(sum) = sum else {
            return Some(format!("{name} over all endpoints is more than can be counted"));
        };
        if total != sum {
            return Some(format!("{name} is {total}, and {sum} over all endpoints"));
        }
    }
    let rates = [
        ("errorRate", summary.error_rate, summary.error_count),
        ("conflictRate", summary.conflict_rate, summary.conflict_count),
    ];
    for (name, rate, part) in rates {
        let computed = Rate::of(part, summary.request_count);
        if rate != computed {
            return Some(format!("{name} is {}, its counts give {}", rate.0, computed.0));
        }
    }
    None
}
