//! The runbook's evidence items: how each stands, and why.

use crate::{Phase, PhaseState, Runbook};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// How an item stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It is there, and speaks for the phase in force.
    There,
    /// It is not there.
    Missing,
    /// What is there is from before the phase was set, or was made by another runbook.
    Outdated,
    /// Nothing happened that it would be about.
    NotNeeded,
}

/// An item of the evidence, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its id in the runbook.
    pub id: String,
    /// The runbook's words.
    pub words: String,
    /// How it stands.
    pub state: ItemState,
    /// Why, as a sentence.
    pub why: String,
    /// How many files people put there.
    pub attached: u32,
}

impl Item {
    /// Whether a bundle without it is incomplete.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, ItemState::Missing | ItemState::Outdated)
    }
}

/// A snapshot of the phase metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricsFact {
    /// When it was captured, milliseconds since 1970.
    pub at_ms: i64,
    /// The phase it speaks for.
    pub phase: Phase,
    /// Whether it was attached to the run.
    pub attached: bool,
}

/// A run of the smoke checklist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmokeFact {
    /// When it ended, milliseconds since 1970; none for one that was cut off.
    pub finished_at_ms: Option<i64>,
    /// The phase it was to prove.
    pub phase: Phase,
    /// Whether it went by the runbook in force.
    pub same_runbook: bool,
}

/// A rollback or a drill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollbackFact {
    /// Whether it was a drill.
    pub drill: bool,
    /// How long it took from the decision to its end, milliseconds; none while it is open.
    pub taken_ms: Option<u64>,
}

/// A file that a person attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFact {
    /// The item it is for.
    pub item: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
}

/// What a run has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The phase in force, as last seen.
    pub state: Option<PhaseState>,
    /// Its snapshots of the phase metrics.
    pub metrics: Vec<MetricsFact>,
    /// Its runs of the smoke checklist.
    pub smoke: Vec<SmokeFact>,
    /// How many of its requests failed.
    pub failed_requests: usize,
    /// Its rollbacks and drills.
    pub rollbacks: Vec<RollbackFact>,
    /// What people attached to it.
    pub attached: Vec<AttachedFact>,
}

impl Facts {
    fn saved_at_ms(&self) -> i64 {
        self.state.as_ref().map_or(0, |state| state.updated_at_ms)
    }
}

/// The id of the item that the phase's metadata are.
pub const PHASE_METADATA: &str = "phase-metadata";
/// The id of the item that the metrics artifacts are.
pub const PHASE_METRICS: &str = "phase-metrics";
/// The id of the item that the smoke log is.
pub const SMOKE_LOG: &str = "smoke-log";
/// The id of the item that the failed requests are.
pub const FAILED_REQUESTS: &str = "failed-requests";
/// The id of the item that the records of rollbacks and drills are.
pub const ROLLBACK_DRILL: &str = "rollback-drill";

/// How each of the runbook's items stands, in the runbook's order. An item that the desk has nothing of its own for is there
/// when a person attached a file for it; and so is any other where the desk's own is missing.
pub fn items(runbook: &Runbook, facts: &Facts) -> Vec<Item> {
    runbook
        .evidence
        .iter()
        .map(|item| {
            let attached: Vec<i64> = facts
                .attached
                .iter()
                .filter(|file| file.item == item.id)
                .map(|file| file.at_ms)
                .collect();
            let own = match item.id.as_str() {
                PHASE_METADATA => phase_metadata(runbook, facts),
                PHASE_METRICS => phase_metrics(runbook, facts),
                SMOKE_LOG => smoke_log(runbook, facts),
                FAILED_REQUESTS => failed_requests(facts),
                ROLLBACK_DRILL => rollback_drill(facts),
                _ => (ItemState::Missing, "Nothing was attached for it.".to_owned()),
            };
            let (state, why) = with_attached(own, &attached, facts.saved_at_ms());
            Item {
                id: item.id.clone(),
                words: item.words.clone(),
                state,
                why,
                attached: u32::try_from(attached.len()).unwrap_or(u32::MAX),
            }
        })
        .collect()
}

/// A file that a person attached stands in for what the desk does not have.
fn with_attached(own: (ItemState, String), attached: &[i64], saved_at_ms: i64) -> (ItemState, String) {
    let Some(newest) = attached.iter().max() else {
        return own;
    };
    let files = count(attached.len(), "file was", "files were");
    match own.0 {
        ItemState::There => own,
        _ if *newest >= saved_at_ms => (ItemState::There, format!("{files} attached.")),
        ItemState::NotNeeded => own,
        ItemState::Missing | ItemState::Outdated => (
            ItemState::Outdated,
            format!("{files} attached, before the phase was set."),
        ),
    }
}

fn phase_metadata(runbook: &Runbook, facts: &Facts) -> (ItemState, String) {
    match &facts.state {
        None => (ItemState::Missing, "The phase was never read.".to_owned()),
        Some(state) if state.updated_at_ms == 0 => (
            ItemState::Missing,
            "No phase was ever saved: there is nobody and no time to name.".to_owned(),
        ),
        Some(state) => (
            ItemState::There,
            format!(
                "{}, set by {}.",
                runbook.phase(state.phase).label,
                state.updated_by_uid.as_deref().unwrap_or("nobody named"),
            ),
        ),
    }
}

fn phase_metrics(runbook: &Runbook, facts: &Facts) -> (ItemState, String) {
    let newest = facts.metrics.iter().max_by_key(|one| one.at_ms);
    let Some(newest) = newest else {
        return (ItemState::Missing, "No snapshot was captured.".to_owned());
    };
    let Some(attached) = facts
        .metrics
        .iter()
        .filter(|one| one.attached)
        .max_by_key(|one| one.at_ms)
    else {
        let label = &runbook.phase(newest.phase).label;
        return (
            ItemState::Missing,
            format!("A snapshot of {label} was captured but not attached."),
        );
    };
    if attached.at_ms < facts.saved_at_ms() {
        return (
            ItemState::Outdated,
            "The snapshot attached last is from before the phase was set.".to_owned(),
        );
    }
    (
        ItemState::There,
        format!(
            "A snapshot of {} is attached.",
            runbook.phase(attached.phase).label
        ),
    )
}

fn smoke_log(runbook: &Runbook, facts: &Facts) -> (ItemState, String) {
    let finished = facts
        .smoke
        .iter()
        .filter(|run| run.finished_at_ms.is_some())
        .max_by_key(|run| run.finished_at_ms);
    let Some(run) = finished else {
        return (ItemState::Missing, "The checklist was not run.".to_owned());
    };
    let label = &runbook.phase(run.phase).label;
    if !run.same_runbook {
        return (
            ItemState::Outdated,
            format!("The checklist of {label} was run by another runbook."),
        );
    }
    let of_another = facts.state.as_ref().is_some_and(|state| state.phase != run.phase);
    if of_another || run.finished_at_ms.is_some_and(|at| at < facts.saved_at_ms()) {
        return (
            ItemState::Outdated,
            format!("The checklist was last run for {label}, before the phase in force was set."),
        );
    }
    (ItemState::There, format!("The checklist of {label} was run."))
}

fn failed_requests(facts: &Facts) -> (ItemState, String) {
    match facts.failed_requests {
        0 => (
            ItemState::NotNeeded,
            "No request failed that should not have.".to_owned(),
        ),
        failed => (
            ItemState::There,
            format!(
                "{}, each with its ids.",
                count(failed, "request failed", "requests failed")
            ),
        ),
    }
}

fn rollback_drill(facts: &Facts) -> (ItemState, String) {
    let open = facts.rollbacks.iter().find(|one| one.taken_ms.is_none());
    if let Some(open) = open {
        let what = if open.drill { "A drill" } else { "A rollback" };
        return (
            ItemState::Missing,
            format!("{what} is still open: its record is not whole."),
        );
    }
    if facts.rollbacks.is_empty() {
        return (
            ItemState::NotNeeded,
            "Neither a rollback nor a drill was executed.".to_owned(),
        );
    }
    let drills = facts.rollbacks.iter().filter(|one| one.drill).count();
    let rollbacks = facts.rollbacks.len() - drills;
    let mut parts = Vec::new();
    if rollbacks > 0 {
        parts.push(count(rollbacks, "rollback", "rollbacks"));
    }
    if drills > 0 {
        parts.push(count(drills, "drill", "drills"));
    }
    (
        ItemState::There,
        format!("{}, with every split.", parts.join(" and ")),
    )
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(phase: Phase, updated_at_ms: i64) -> PhaseState {
        PhaseState {
            phase,
            note: None,
            updated_at_ms,
            updated_by_uid: Some("staff_ana".to_owned()),
        }
    }

    fn states(facts: &Facts) -> Vec<ItemState> {
        let found = items(Runbook::builtin(), facts);
        found.iter().map(|item| item.state).collect()
    }

    #[test]
    fn a_run_with_nothing_needs_three_things() {
        use ItemState::{Missing, NotNeeded};
        assert_eq!(
            states(&Facts::default()),
            [Missing, Missing, Missing, NotNeeded, NotNeeded]
        );
    }

    #[test]
    fn what_was_made_since_the_phase_was_set_is_there_and_what_was_made_before_is_outdated() {
        use ItemState::{Missing, NotNeeded, Outdated, There};
        let mut facts = Facts {
            state: Some(state(Phase::MemberWrites, 100)),
            metrics: vec![MetricsFact {
                at_ms: 150,
                phase: Phase::MemberWrites,
                attached: true,
            }],
            smoke: vec![SmokeFact {
                finished_at_ms: Some(140),
                phase: Phase::MemberWrites,
                same_runbook: true,
            }],
            failed_requests: 2,
            rollbacks: vec![RollbackFact {
                drill: true,
                taken_ms: Some(5),
            }],
            attached: Vec::new(),
        };
        assert_eq!(states(&facts), [There, There, There, There, There]);

        facts.state = Some(state(Phase::AdminFull, 200));
        assert_eq!(states(&facts), [There, Outdated, Outdated, There, There]);

        facts.metrics[0].attached = false;
        facts.smoke[0].finished_at_ms = None;
        facts.failed_requests = 0;
        facts.rollbacks[0].taken_ms = None;
        assert_eq!(states(&facts), [There, Missing, Missing, NotNeeded, Missing]);
    }

    #[test]
    fn another_runbooks_smoke_run_is_outdated_and_a_phase_never_saved_is_missing() {
        let facts = Facts {
            state: Some(state(Phase::AdminFull, 0)),
            smoke: vec![SmokeFact {
                finished_at_ms: Some(1),
                phase: Phase::AdminFull,
                same_runbook: false,
            }],
            ..Facts::default()
        };
        let found = states(&facts);
        assert_eq!((found[0], found[2]), (ItemState::Missing, ItemState::Outdated));
    }

    #[test]
    fn an_attached_file_stands_in_until_the_phase_is_set_anew() {
        let mut facts = Facts {
            state: Some(state(Phase::ReadOnly, 100)),
            attached: vec![AttachedFact {
                item: PHASE_METRICS.to_owned(),
                at_ms: 120,
            }],
            ..Facts::default()
        };
        let found = &items(Runbook::builtin(), &facts)[1];
        assert_eq!((found.state, found.attached), (ItemState::There, 1));
        assert_eq!(found.why, "1 file was attached.");
        facts.state = Some(state(Phase::MemberWrites, 130));
        assert_eq!(states(&facts)[1], ItemState::Outdated);
    }
}
