//! "May we advance?": what moving forward needs, in the order in which it is earned.
//!
//! Moving back needs nothing, and is not asked about here.

use super::{Action, ArtifactFacts, InForce, Judgement, SmokeFacts, Verdict, words::counted};
use crate::runbook::Runbook;

/// What the answer rests on.
#[derive(Clone, Copy, Debug)]
pub struct AdvanceFacts<'a> {
    /// The phase in force; none while it is not known.
    pub in_force: Option<InForce>,
    /// The newest smoke run.
    pub smoke: Option<&'a SmokeFacts>,
    /// The verdicts, those of the present phase's gates among them.
    pub judgements: &'a [Judgement],
    /// The newest artifact.
    pub artifact: Option<&'a ArtifactFacts>,
}

/// Something that moving forward needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// `phase`, `smoke`, `attestations`, `gate:<id>` or `artifact`.
    pub id: String,
    /// What it is.
    pub what: String,
    /// How it stands, in one sentence.
    pub found: String,
    /// How it stands.
    pub state: NeedState,
    /// The one act that helps; none when it is done, or when nothing at the desk does.
    pub action: Option<Action>,
}

/// How a need stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NeedState {
    /// Met.
    Done,
    /// Not there yet.
    Missing,
    /// It speaks against advancing.
    NoGo,
    /// Too few numbers.
    Insufficient,
    /// There, but from before the phase was set, or too old.
    Stale,
}

impl From<Verdict> for NeedState {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Go => Self::Done,
            Verdict::NoGo => Self::NoGo,
            Verdict::Insufficient => Self::Insufficient,
            Verdict::Stale => Self::Stale,
        }
    }
}

/// All that moving forward needs, met or not: the smoke run, a person's word, the gates of the present phase, the artifact.
///
/// While the phase is not known, that alone is what is needed.
pub fn needs_for_advance(runbook: &Runbook, facts: &AdvanceFacts<'_>) -> Vec<Need> {
    let Some(in_force) = facts.in_force else {
        return vec![Need {
            id: "phase".to_owned(),
            what: "The phase in force".to_owned(),
            found: "It is not known: the portal has not said it.".to_owned(),
            state: NeedState::Missing,
            action: None,
        }];
    };
    let mut needs = vec![smoke(runbook, in_force, facts.smoke)];
    let asks = runbook
        .checks_of(in_force.phase)
        .any(|check| check.attestation.is_some());
    // A check without automation waits for a person too, whether or not it has a question.
    let waits = facts.smoke.is_some_and(|smoke| !smoke.unattested.is_empty());
    if asks || waits {
        needs.push(attestations(in_force, facts.smoke));
    }
    needs.extend(runbook.gates_of(in_force.phase).map(|gate| {
        let found = facts.judgements.iter().find(|judged| judged.gate == gate.id);
        Need {
            id: format!("gate:{}", gate.id),
            what: gate.words.clone(),
            found: found.map_or_else(
                || "It was not judged yet.".to_owned(),
                |judged| judged.sentence.clone(),
            ),
            state: found.map_or(NeedState::Missing, |judged| judged.verdict.into()),
            action: found.map_or(Some(Action::Capture), |judged| judged.action),
        }
    }));
    needs.push(artifact(in_force, facts.artifact));
    needs
}

fn of_this_phase(in_force: InForce, smoke: &SmokeFacts) -> bool {
    smoke.phase == in_force.phase && smoke.started_at_ms >= in_force.since_ms
}

fn smoke(runbook: &Runbook, in_force: InForce, smoke: Option<&SmokeFacts>) -> Need {
    let (found, state, action) = match smoke {
        None => (
            "Not run yet.".to_owned(),
            NeedState::Missing,
            Some(Action::RunSmoke),
        ),
        Some(smoke) if !of_this_phase(in_force, smoke) => (
            "The newest run is from before the phase was set.".to_owned(),
            NeedState::Stale,
            Some(Action::RunSmoke),
        ),
        Some(smoke) if !smoke.same_runbook => (
            "The newest run was made with another runbook.".to_owned(),
            NeedState::Stale,
            Some(Action::RunSmoke),
        ),
        Some(smoke) if smoke.failed > 0 => (
            format!("{} failed.", counted(smoke.failed, "step")),
            NeedState::NoGo,
            Some(Action::RunFailed),
        ),
        Some(smoke) if smoke.finished_at_ms.is_none() => (
            "The newest run has not ended.".to_owned(),
            NeedState::Missing,
            Some(Action::RunSmoke),
        ),
        Some(smoke) if smoke.missed > 0 => (
            format!("{} did not run.", counted(smoke.missed, "step")),
            NeedState::Missing,
            Some(Action::RunSmoke),
        ),
        Some(_) => ("Every step passed.".to_owned(), NeedState::Done, None),
    };
    Need {
        id: "smoke".to_owned(),
        what: format!("The smoke checklist of {}", runbook.phase(in_force.phase).label),
        found,
        state,
        action,
    }
}

fn attestations(in_force: InForce, smoke: Option<&SmokeFacts>) -> Need {
    let (found, state, action) = match smoke.filter(|smoke| of_this_phase(in_force, smoke)) {
        None => (
            "They are asked with the smoke checklist.".to_owned(),
            NeedState::Missing,
            Some(Action::RunSmoke),
        ),
        Some(smoke) if smoke.unattested.is_empty() => ("All are answered.".to_owned(), NeedState::Done, None),
        Some(smoke) => (
            format!("Not answered yet: {}.", smoke.unattested.join(", ")),
            NeedState::Missing,
            Some(Action::Attest),
        ),
    };
    Need {
        id: "attestations".to_owned(),
        what: "The questions that only a person can answer".to_owned(),
        found,
        state,
        action,
    }
}

fn artifact(in_force: InForce, artifact: Option<&ArtifactFacts>) -> Need {
    let (found, state, action) = match artifact {
        None => (
            "Not captured yet.".to_owned(),
            NeedState::Missing,
            Some(Action::Capture),
        ),
        Some(artifact) if artifact.phase != in_force.phase || artifact.captured_at_ms < in_force.since_ms => {
            (
                "The newest one is from before the phase was set.".to_owned(),
                NeedState::Stale,
                Some(Action::Capture),
            )
        }
        Some(artifact) if !artifact.same_runbook => (
            "The newest one was made with another runbook.".to_owned(),
            NeedState::Stale,
            Some(Action::Capture),
        ),
        Some(artifact) if !artifact.attached => (
            "Captured, but not attached to the run.".to_owned(),
            NeedState::Missing,
            Some(Action::Attach),
        ),
        Some(_) => ("Captured and attached.".to_owned(), NeedState::Done, None),
    };
    Need {
        id: "artifact".to_owned(),
        what: "The metrics artifact, attached to the run".to_owned(),
        found,
        state,
        action,
    }
}
