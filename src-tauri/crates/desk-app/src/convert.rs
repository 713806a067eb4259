//! From the rules' types to those that cross, and back.

use crate::view::{
    ChangeOutcomeView, ChangeStage, ChangeView, EnvironmentKindView, PhaseInfo, PhaseStateView, RequestView,
};
use desk_core::{
    EnvironmentKind, Phase, PhaseState,
    phase::Direction,
    record::{ChangeOutcome, RequestRef},
};
use desk_store::PhaseChangeRow;

impl From<EnvironmentKind> for EnvironmentKindView {
    fn from(kind: EnvironmentKind) -> Self {
        match kind {
            EnvironmentKind::Practice => Self::Practice,
            EnvironmentKind::Staging => Self::Staging,
            EnvironmentKind::Live => Self::Live,
        }
    }
}

impl From<&PhaseState> for PhaseStateView {
    fn from(state: &PhaseState) -> Self {
        Self {
            phase: state.phase.wire().to_owned(),
            note: state.note.clone(),
            updated_at_ms: state.updated_at_ms,
            updated_by_uid: state.updated_by_uid.clone(),
        }
    }
}

impl PhaseStateView {
    /// The state as the rules have it; absent when the phase's name is unknown.
    pub fn to_state(&self) -> Option<PhaseState> {
        Some(PhaseState {
            phase: Phase::from_wire(&self.phase)?,
            note: self.note.clone(),
            updated_at_ms: self.updated_at_ms,
            updated_by_uid: self.updated_by_uid.clone(),
        })
    }
}

impl From<Phase> for PhaseInfo {
    fn from(phase: Phase) -> Self {
        let sentences = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        Self {
            wire: phase.wire().to_owned(),
            number: phase.number(),
            label: phase.label().to_owned(),
            title: phase.title().to_owned(),
            for_members: sentences(phase.for_members()),
            for_staff: sentences(phase.for_staff()),
        }
    }
}

impl From<ChangeOutcome> for ChangeOutcomeView {
    fn from(outcome: ChangeOutcome) -> Self {
        match outcome {
            ChangeOutcome::Confirmed => Self::Confirmed,
            ChangeOutcome::Refused => Self::Refused,
            ChangeOutcome::NotSent => Self::NotSent,
            ChangeOutcome::Unknown => Self::Unknown,
            ChangeOutcome::Overtaken => Self::Overtaken,
            ChangeOutcome::NotApplied => Self::NotApplied,
        }
    }
}

impl From<&RequestRef> for RequestView {
    fn from(request: &RequestRef) -> Self {
        Self {
            route: request.route.clone(),
            request_id: request.request_id.clone(),
            status: request.status,
            at_ms: request.at_ms,
            duration_ms: request.duration_ms,
        }
    }
}

impl From<&RequestView> for RequestRef {
    fn from(request: &RequestView) -> Self {
        Self {
            route: request.route.clone(),
            request_id: request.request_id.clone(),
            status: request.status,
            at_ms: request.at_ms,
            duration_ms: request.duration_ms,
        }
    }
}

/// The word for a direction.
pub(crate) const fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Forward => "forward",
        Direction::Back => "back",
        Direction::Same => "same",
    }
}

/// A decision record as shown; `run` is the run's label.
pub(crate) fn change_view(row: &PhaseChangeRow, run: Option<String>) -> ChangeView {
    ChangeView {
        change_id: row.change_id.clone(),
        from: (&row.from).into(),
        to: row.to.wire().to_owned(),
        note: row.note.clone(),
        direction: direction_word(row.direction).to_owned(),
        actor: row.actor.clone(),
        run,
        incident_id: row.incident_id.clone(),
        started_at_ms: row.started_at_ms,
        stage: ChangeStage::Done,
        // A record without a conclusion was cut off by a crash: what became of it is not known.
        outcome: Some(row.outcome.unwrap_or(ChangeOutcome::Unknown).into()),
        state: row.state.as_ref().map(PhaseStateView::from),
        acknowledged_at_ms: row.acknowledged_at_ms,
        read_back_at_ms: matches!(row.outcome, Some(ChangeOutcome::Confirmed))
            .then_some(row.concluded_at_ms)
            .flatten(),
        requests: row.requests.iter().map(RequestView::from).collect(),
        settling: None,
        problem: None,
    }
}

/// A run's number as people say it: `R-014`.
pub(crate) fn run_label(number: i64) -> String {
    format!("R-{number:03}")
}
