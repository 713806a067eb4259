//! The rollout phase.

use desk_core::{Phase, PhaseState, Route};
use serde::Serialize;

use super::Request;

/// Asks for the phase in force.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct RolloutGet {}

impl Request for RolloutGet {
    const ROUTE: Route = Route::RolloutGet;
    type Reply = PhaseState;
}

/// Sets the phase. The last writer wins.
#[derive(Clone, Debug, Serialize)]
pub struct RolloutSet {
    /// The phase from now on.
    pub phase: Phase,
    /// At most [`desk_core::phase::NOTE_LIMIT`] characters; absent clears the note that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Request for RolloutSet {
    const ROUTE: Route = Route::RolloutSet;
    type Reply = PhaseState;
}
