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
    /// What is there does not speak for the phase in force: it is of another phase, from before it was set, or was made by
    /// another runbook; or which phase is in force is not known.
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
    /// Whether it was stopped before every step was tried.
    pub cancelled: bool,
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

/// How an item stands by what the desk has of its own.
struct Own {
    state: ItemState,
    why: String,
    /// Whether a file that a person attached may stand in for it.
    replaceable: bool,
}

impl Own {
    fn new(state: ItemState, why: impl Into<String>) -> Self {
        Self {
            state,
            why: why.into(),
            replaceable: true,
        }
    }
}

/// How each of the runbook's items stands, in the runbook's order. An item that the desk has nothing of its own for is there
/// when a person attached a file for it; and so is any other where the desk's own is missing, but for a rollback that goes on.
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
                _ => Own::new(ItemState::Missing, "The desk keeps nothing of its own for it."),
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

/// A file that a person attached stands in for what the desk does not have, and the reason says so.
fn with_attached(own: Own, attached: &[i64], saved_at_ms: i64) -> (ItemState, String) {
    let newest = attached.iter().max();
    let Some(newest) = newest.filter(|_| own.replaceable && own.state != ItemState::There) else {
        return (own.state, own.why);
    };
    let files = count(attached.len(), "file", "files");
    let stand = if attached.len() == 1 { "stands" } else { "stand" };
    match (own.state, *newest >= saved_at_ms) {
        (ItemState::NotNeeded, true) => (ItemState::There, format!("{files} attached. {}", own.why)),
        (ItemState::NotNeeded, false) => (own.state, own.why),
        (_, true) => (
            ItemState::There,
            format!("{files} attached {stand} in for it: {}", own.why),
        ),
        (_, false) => (
            ItemState::Outdated,
            format!("{files} attached, before the phase was set. {}", own.why),
        ),
    }
}

fn phase_metadata(runbook: &Runbook, facts: &Facts) -> Own {
    match &facts.state {
        None => Own::new(ItemState::Missing, "The phase was never read."),
        Some(state) if state.updated_at_ms == 0 => Own::new(
            ItemState::Missing,
            "No phase was ever saved: there is nobody and no time to name.",
        ),
        Some(state) => Own::new(
            ItemState::There,
            format!(
                "{}, set by {}.",
                runbook.phase(state.phase).label,
                state.updated_by_uid.as_deref().unwrap_or("nobody named"),
            ),
        ),
    }
}

fn phase_metrics(runbook: &Runbook, facts: &Facts) -> Own {
    let label = |phase| &runbook.phase(phase).label;
    let Some(newest) = facts.metrics.iter().max_by_key(|one| one.at_ms) else {
        return Own::new(ItemState::Missing, "No snapshot was captured.");
    };
    let attached = || facts.metrics.iter().filter(|one| one.attached);
    let Some(last) = attached().max_by_key(|one| one.at_ms) else {
        return Own::new(
            ItemState::Missing,
            format!(
                "A snapshot of {} was captured but not attached.",
                label(newest.phase)
            ),
        );
    };
    let Some(state) = &facts.state else {
        return Own::new(
            ItemState::Outdated,
            format!(
                "A snapshot of {} is attached, but it is not known which phase is in force.",
                label(last.phase)
            ),
        );
    };
    let fits = |one: &MetricsFact| one.phase == state.phase && one.at_ms >= state.updated_at_ms;
    if attached().any(fits) {
        Own::new(
            ItemState::There,
            format!("A snapshot of {} is attached.", label(state.phase)),
        )
    } else if last.phase == state.phase {
        Own::new(
            ItemState::Outdated,
            "The snapshot attached last is from before the phase was set.",
        )
    } else {
        Own::new(
            ItemState::Outdated,
            format!(
                "The snapshot attached last is of {}, and {} is in force.",
                label(last.phase),
                label(state.phase)
            ),
        )
    }
}

/// The newest checklist that fits the phase in force counts: one that was run for another phase takes nothing from it.
fn smoke_log(runbook: &Runbook, facts: &Facts) -> Own {
    let label = |phase| &runbook.phase(phase).label;
    let whole = || {
        let ended = |run: &&SmokeFact| run.finished_at_ms.is_some() && !run.cancelled;
        facts.smoke.iter().filter(ended)
    };
    let Some(last) = whole().max_by_key(|run| run.finished_at_ms) else {
        let tried = facts.smoke.iter().max_by_key(|run| run.finished_at_ms);
        return Own::new(
            ItemState::Missing,
            match tried {
                None => "The checklist was not run.".to_owned(),
                Some(run) if run.cancelled => {
                    format!(
                        "The checklist of {} was stopped before its end.",
                        label(run.phase)
                    )
                }
                Some(run) => format!("The checklist of {} has not come to its end.", label(run.phase)),
            },
        );
    };
    let Some(state) = &facts.state else {
        return Own::new(
            ItemState::Outdated,
            format!(
                "The checklist of {} was run, but it is not known which phase is in force.",
                label(last.phase)
            ),
        );
    };
    let in_force = label(state.phase);
    let of_phase = || whole().filter(|run| run.phase == state.phase);
    let is_since = |run: &SmokeFact| run.finished_at_ms.is_some_and(|at| at >= state.updated_at_ms);
    if of_phase().any(|run| run.same_runbook && is_since(run)) {
        return Own::new(ItemState::There, format!("The checklist of {in_force} was run."));
    }
    Own::new(
        ItemState::Outdated,
        if of_phase().any(is_since) {
            format!("The checklist of {in_force} was run by another runbook.")
        } else if of_phase().next().is_some() {
            format!("The checklist of {in_force} was last run before the phase was set.")
        } else {
            format!(
                "The checklist was last run for {}, and {in_force} is in force.",
                label(last.phase)
            )
        },
    )
}

fn failed_requests(facts: &Facts) -> Own {
    match facts.failed_requests {
        0 => Own::new(ItemState::NotNeeded, "No request failed that should not have."),
        failed => Own::new(
            ItemState::There,
            format!(
                "{}, each with its ids.",
                count(failed, "request failed", "requests failed")
            ),
        ),
    }
}

fn rollback_drill(facts: &Facts) -> Own {
    let open = facts.rollbacks.iter().find(|one| one.taken_ms.is_none());
    if let Some(open) = open {
        let what = if open.drill { "A drill" } else { "A rollback" };
        return Own {
            state: ItemState::Missing,
            why: format!("{what} is still open: its record is not whole."),
            // It will have a record of its own, and until then no file can say how it went.
            replaceable: false,
        };
    }
    if facts.rollbacks.is_empty() {
        return Own::new(
            ItemState::NotNeeded,
            "Neither a rollback nor a drill was executed.",
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
    Own::new(
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
                cancelled: false,
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
                cancelled: false,
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
        assert_eq!(
            found.why,
            "1 file attached stands in for it: No snapshot was captured."
        );
        facts.state = Some(state(Phase::MemberWrites, 130));
        assert_eq!(states(&facts)[1], ItemState::Outdated);
    }

    fn smoke(phase: Phase, finished_at_ms: i64) -> SmokeFact {
        SmokeFact {
            finished_at_ms: Some(finished_at_ms),
            cancelled: false,
            phase,
            same_runbook: true,
        }
    }

    fn of(id: &str, facts: &Facts) -> (ItemState, String) {
        let found = items(Runbook::builtin(), facts);
        let item = found.into_iter().find(|item| item.id == id).unwrap();
        (item.state, item.why)
    }

    #[test]
    fn a_checklist_that_was_stopped_is_no_smoke_log() {
        let mut facts = Facts {
            state: Some(state(Phase::MemberWrites, 100)),
            smoke: vec![SmokeFact {
                cancelled: true,
                ..smoke(Phase::MemberWrites, 150)
            }],
            ..Facts::default()
        };
        let (stopped, why) = of(SMOKE_LOG, &facts);
        assert_eq!(stopped, ItemState::Missing);
        assert!(why.contains("was stopped"), "{why}");
        facts.smoke.push(smoke(Phase::MemberWrites, 140));
        assert_eq!(of(SMOKE_LOG, &facts).0, ItemState::There);
    }

    #[test]
    fn a_checklist_run_by_mistake_for_another_phase_does_not_outdate_the_right_one() {
        let mut facts = Facts {
            state: Some(state(Phase::MemberWrites, 100)),
            smoke: vec![smoke(Phase::MemberWrites, 140), smoke(Phase::AdminFull, 150)],
            ..Facts::default()
        };
        let (there, why) = of(SMOKE_LOG, &facts);
        assert_eq!(there, ItemState::There);
        assert!(why.contains("Phase 2"), "{why}");
        facts.smoke.remove(0);
        let (outdated, why) = of(SMOKE_LOG, &facts);
        assert_eq!(outdated, ItemState::Outdated);
        assert_eq!(
            why,
            "The checklist was last run for Phase 3, and Phase 2 is in force."
        );
    }

    #[test]
    fn a_snapshot_of_another_phase_is_outdated_unless_one_of_the_phase_in_force_is_there_too() {
        let snapshot = |phase, at_ms| MetricsFact {
            at_ms,
            phase,
            attached: true,
        };
        let mut facts = Facts {
            state: Some(state(Phase::MemberWrites, 100)),
            metrics: vec![snapshot(Phase::ReadOnly, 150)],
            ..Facts::default()
        };
        let (outdated, why) = of(PHASE_METRICS, &facts);
        assert_eq!(outdated, ItemState::Outdated);
        assert_eq!(
            why,
            "The snapshot attached last is of Phase 1, and Phase 2 is in force."
        );
        facts.metrics.insert(0, snapshot(Phase::MemberWrites, 120));
        assert_eq!(of(PHASE_METRICS, &facts).0, ItemState::There);
    }

    #[test]
    fn nothing_speaks_for_a_phase_that_is_not_known() {
        let facts = Facts {
            metrics: vec![MetricsFact {
                at_ms: 150,
                phase: Phase::ReadOnly,
                attached: true,
            }],
            smoke: vec![smoke(Phase::ReadOnly, 140)],
            ..Facts::default()
        };
        for id in [PHASE_METRICS, SMOKE_LOG] {
            let (state, why) = of(id, &facts);
            assert_eq!(state, ItemState::Outdated);
            assert!(why.ends_with("it is not known which phase is in force."), "{why}");
        }
    }

    #[test]
    fn no_file_stands_in_for_a_rollback_that_is_still_open() {
        let mut facts = Facts {
            state: Some(state(Phase::MemberWrites, 100)),
            rollbacks: vec![RollbackFact {
                drill: false,
                taken_ms: None,
            }],
            attached: vec![AttachedFact {
                item: ROLLBACK_DRILL.to_owned(),
                at_ms: 150,
            }],
            ..Facts::default()
        };
        let (open, why) = of(ROLLBACK_DRILL, &facts);
        assert_eq!(open, ItemState::Missing);
        assert!(why.starts_with("A rollback is still open"), "{why}");
        facts.rollbacks.clear();
        assert_eq!(
            of(ROLLBACK_DRILL, &facts),
            (
                ItemState::There,
                "1 file attached. Neither a rollback nor a drill was executed.".to_owned()
            )
        );
    }

    #[test]
    fn what_stands_in_and_what_came_too_early_is_said_plainly() {
        let file = |at_ms| AttachedFact {
            item: SMOKE_LOG.to_owned(),
            at_ms,
        };
        let mut facts = Facts {
            state: Some(state(Phase::MemberWrites, 100)),
            attached: vec![file(120), file(130)],
            ..Facts::default()
        };
        assert_eq!(
            of(SMOKE_LOG, &facts).1,
            "2 files attached stand in for it: The checklist was not run."
        );
        facts.state = Some(state(Phase::MemberWrites, 140));
        assert_eq!(
            of(SMOKE_LOG, &facts),
            (
                ItemState::Outdated,
                "2 files attached, before the phase was set. The checklist was not run.".to_owned()
            )
        );
    }
}
