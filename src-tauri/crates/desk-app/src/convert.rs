//! From the rules' types to those that cross, and back.

use crate::view::{
    ChangeOutcomeView, ChangeStage, ChangeView, EnvironmentKindView, OverrideView, PhaseInfo, PhaseStateView,
    RequestView, RunKind, RunView,
};
use desk_core::{
    EnvironmentKind, EnvironmentName, Phase, PhaseState,
    gate::Override,
    phase::Direction,
    record::{ChangeOutcome, RequestRef},
    runbook::PhaseText,
};
use desk_store::{PhaseChangeRow, RunRow};

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

impl From<&PhaseText> for PhaseInfo {
    fn from(text: &PhaseText) -> Self {
        Self {
            wire: text.phase.wire().to_owned(),
            number: text.phase.number(),
            label: text.label.clone(),
            title: text.title.clone(),
            for_members: text.members.clone(),
            for_staff: text.staff.clone(),
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

/// The override that a decision was made by, if it was.
pub(crate) fn override_of(row: &PhaseChangeRow) -> Option<Override> {
    Some(Override {
        from: row.from.phase,
        to: row.to,
        reason: row.override_reason.clone()?,
        actor: row.actor.clone(),
        at_ms: row.started_at_ms,
    })
}

impl From<&Override> for OverrideView {
    fn from(made: &Override) -> Self {
        Self {
            from: made.from.wire().to_owned(),
            to: made.to.wire().to_owned(),
            reason: made.reason.clone(),
            actor: made.actor.clone(),
            at_ms: made.at_ms,
        }
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
        override_reason: row.override_reason.clone(),
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

/// A run as shown.
pub(crate) fn run_view(row: &RunRow, environment: &EnvironmentName) -> RunView {
    RunView {
        id: row.id.clone(),
        label: run_label(row.number),
        kind: match row.environment_kind {
            EnvironmentKind::Live => RunKind::Live,
            EnvironmentKind::Practice | EnvironmentKind::Staging => RunKind::Rehearsal,
        },
        environment: environment.to_string(),
        owner: row.owner.clone(),
        runbook_sha256: row.runbook_sha256.clone(),
        started_by: row.started_by.clone(),
        started_at_ms: row.started_at_ms,
        ended_at_ms: row.ended_at_ms,
    }
}

/// A run's number as people say it: `R-014`.
pub(crate) fn run_label(number: i64) -> String {
    format!("R-{number:03}")
}
