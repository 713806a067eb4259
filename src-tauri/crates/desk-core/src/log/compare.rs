//! Two runs beside each other, step by step.

use super::{Story, after::split_word};
use crate::{Phase, smoke::StepResult};

/// How much longer a step must have taken to be called slower: this part of before, and at least [`SLOWER_MS`].
const SLOWER_PART: u64 = 4;
/// Milliseconds; less is noise.
const SLOWER_MS: u64 = 50;

/// A step in two runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The phase of its checklist; none for a split of a rollback.
    pub phase: Option<Phase>,
    /// Its name.
    pub step: String,
    /// As whom.
    pub account: String,
    /// What came of it in the earlier run; none where it was not there.
    pub before: Option<Took>,
    /// What came of it in the later run.
    pub after: Option<Took>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Took {
    /// What it found.
    pub result: StepResult,
    /// How long it took, milliseconds.
    pub ms: Option<u64>,
}

impl Compared {
    /// By how much it was slower, milliseconds; none where it was not, or not by enough to mean anything.
    pub fn slower_by_ms(&self) -> Option<u64> {
        let (before, after) = (self.before?.ms?, self.after?.ms?);
        let more = after.checked_sub(before)?;
        (more >= SLOWER_MS && more >= before / SLOWER_PART).then_some(more)
    }

    /// Whether it fails now and did not before.
    pub fn failed_anew(&self) -> bool {
        let fails = |took: Option<Took>| took.is_some_and(|took| took.result == StepResult::Fail);
        fails(self.after) && !fails(self.before)
    }
}

/// Compares the newest checklists of each phase, and the newest rollbacks by their splits.
pub fn compare(before: &Story, after: &Story) -> Vec<Compared> {
    let mut rows: Vec<Compared> = Vec::new();
    for (story, is_after) in [(before, false), (after, true)] {
        for checklist in story.newest_checklists() {
            for step in checklist.finish.iter().flat_map(|finish| &finish.steps) {
                let took = Took {
                    result: step.result,
                    ms: step.duration_ms,
                };
                put(
                    &mut rows,
                    Some(checklist.phase),
                    &step.id,
                    &step.account,
                    took,
                    is_after,
                );
            }
        }
        for mark in story.rollbacks.last().iter().flat_map(|rollback| &rollback.marks) {
            let took = Took {
                result: StepResult::Pass,
                ms: Some(mark.taken_ms),
            };
            let step = format!("rollback/{}", split_word(mark.split));
            put(&mut rows, None, &step, "", took, is_after);
        }
    }
    rows
}

fn put(
    rows: &mut Vec<Compared>,
    phase: Option<Phase>,
    step: &str,
    account: &str,
    took: Took,
    is_after: bool,
) {
    let is_row = |row: &Compared| row.phase == phase && row.step == step && row.account == account;
    let index = rows.iter().position(is_row).unwrap_or_else(|| {
        rows.push(Compared {
            phase,
            step: step.to_owned(),
            account: account.to_owned(),
            before: None,
            after: None,
        });
        rows.len() - 1
    });
    let place = if is_after {
        &mut rows[index].after
    } else {
        &mut rows[index].before
    };
    *place = Some(took);
}
