//! The web panel's artifact.

use crate::metrics::{Artifact, Endpoint, Rate, Tally};
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
}

/// Reads an artifact, and checks that its figures fit one another.
///
/// Keys that the desk does not know are passed over: whoever keeps the artifact keeps the text itself.
///
/// # Errors
/// [`ArtifactError`], with the first thing that is wrong.
pub fn read_artifact(text: &str) -> Result<Artifact, ArtifactError> {
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

/// The requests that an artifact of the web panel counts, as far as it tells them apart; none for an artifact of a desk,
/// whose requests the desk has counted itself.
///
/// Durations are not known, and the status only of successes (as 200), 404 and 409. The panel does not say which refusals
/// were meant, so that none counts as such.
pub fn requests_of(artifact: &Artifact) -> Option<Vec<Tally>> {
    if artifact.desk.is_some() {
        return None;
    }
    let tallies = artifact.endpoints.iter().flat_map(|endpoint| {
        let route = endpoint
            .route
            .strip_prefix("/v1/")
            .unwrap_or(&endpoint.route)
            .to_owned();
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
            route: route.clone(),
            status,
            ok: status == Some(200),
            expected: status == Some(200),
            duration_ms: None,
            count,
        })
    });
    Some(tallies.collect())
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
    if DateTime::parse_from_rfc3339(&artifact.generated_at_iso).is_err() {
        return Some(format!(
            "generatedAtIso is no time: \"{}\"",
            artifact.generated_at_iso
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
    let mut sums = [0_u64; 4];
    for one in &artifact.endpoints {
        let figures = [
            one.request_count,
            one.error_count,
            one.conflict_count,
            one.route_error_count,
        ];
        for (sum, figure) in sums.iter_mut().zip(figures) {
            *sum = sum.saturating_add(figure);
        }
    }
    let totals = [
        ("requestCount", summary.request_count),
        ("errorCount", summary.error_count),
        ("conflictCount", summary.conflict_count),
        ("routeErrorCount", summary.route_error_count),
    ];
    for ((name, total), sum) in totals.into_iter().zip(sums) {
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
