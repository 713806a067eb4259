//! The phase: what is saved, what an instance remembers of it, and the gate.

use desk_core::phase::{NOTE_LIMIT, Phase, PhaseState};
use desk_core::route::Route;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::routes::Call;
use crate::store::{Collection, Document, Documents};

const CONFIG_ID: &str = "rollout";

/// One instance's memory of the phase. It lives in the database, so that instance 0 of two processes is one instance.
#[derive(Clone, Copy, Debug)]
pub struct PhaseCache {
    /// Which instance; 0 is the first.
    pub instance: usize,
    /// How long it believes what it has read.
    pub lifetime_ms: i64,
    /// Whether it never reads again, nor learns from a save it made itself.
    pub outdated: bool,
}

impl PhaseCache {
    /// The phase as this instance sees it; reads what is saved when its memory is too old.
    pub fn read(self, documents: Documents<'_>, now_ms: i64) -> Result<PhaseState, Refusal> {
        if let Some((state, read_at_ms)) = documents.remembered_phase(self.instance)?
            && (self.outdated || now_ms - read_at_ms < self.lifetime_ms)
        {
            return Ok(state);
        }
        let state = saved(documents)?;
        documents.remember_phase(self.instance, &state, now_ms)?;
        Ok(state)
    }

    fn learn(self, documents: Documents<'_>, state: &PhaseState, now_ms: i64) -> Result<(), Refusal> {
        if !self.outdated {
            documents.remember_phase(self.instance, state, now_ms)?;
        }
        Ok(())
    }
}

/// The newest save; fully open when nobody ever saved one.
fn saved(documents: Documents<'_>) -> Result<PhaseState, Refusal> {
    match documents.get(Collection::Config, CONFIG_ID)? {
        None => Ok(PhaseState {
            phase: Phase::AdminFull,
            note: None,
            updated_at_ms: 0,
            updated_by_uid: None,
        }),
        Some(config) => serde_json::from_value(Value::Object(config))
            .map_err(|error| Refusal::internal(&error.to_string())),
    }
}

/// Refuses a route that the phase does not open yet. Staff get no exemption.
pub fn gate(route: Route, phase: Phase) -> Result<(), Refusal> {
    let required = route.required_phase();
    if phase >= required {
        return Ok(());
    }
    let rule = if required == Phase::AdminFull {
        "does not allow admin routes yet."
    } else {
        "allows read routes only."
    };
    Err(Refusal::rollout_blocked(
        format!("Library rollout phase {} {rule}", phase.wire()),
        json!({
            "route": format!("/v1/{route}"),
            "phase": phase,
            "requiredPhase": required,
        }),
    ))
}

/// `library.rollout.get`
pub fn get(call: &Call<'_>) -> Value {
    json!(call.phase)
}

/// `library.rollout.set`: the last writer wins, in any order of phases.
pub fn set(call: &Call<'_>) -> Result<Value, Refusal> {
    const PHASES: [&str; 3] = [
        Phase::ReadOnly.wire(),
        Phase::MemberWrites.wire(),
        Phase::AdminFull.wire(),
    ];
    let wire = call.fields.required_word("phase", &PHASES)?;
    let state = PhaseState {
        phase: Phase::from_wire(wire).ok_or_else(|| Refusal::internal("unknown phase"))?,
        note: call.fields.text("note", 0..=NOTE_LIMIT)?,
        updated_at_ms: call.now_ms,
        updated_by_uid: Some(call.caller.uid.clone()),
    };
    let body = json!(state);
    let config: Document =
        serde_json::from_value(body.clone()).map_err(|error| Refusal::internal(&error.to_string()))?;
    call.documents.put(Collection::Config, CONFIG_ID, &config)?;
    call.phase_cache.learn(call.documents, &state, call.now_ms)?;
    Ok(body)
}
