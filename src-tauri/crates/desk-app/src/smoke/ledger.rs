//! What a run leaves in the portal: written down before it is made, and put right or listed at the end.

use super::{
    accounts::Accounts,
    clean::{Undone, undo},
    send::Cancel,
    step::{Step, Values},
};
use crate::{desk::Desk, error::Problem, link::Link};
use desk_core::{
    record::Record,
    smoke::{Left, Settled, StepResult, Thing},
};
use desk_portal::{Exchange, Outcome};
use desk_store::LeftRow;
use futures_util::future::{BoxFuture, FutureExt as _};
use std::collections::HashSet;

/// The journal as one run writes it.
#[derive(Clone)]
pub(crate) struct Pen {
    pub(crate) desk: Desk,
    pub(crate) environment: desk_core::EnvironmentName,
    pub(crate) run_id: Option<String>,
    pub(crate) actor: String,
}

impl Pen {
    /// Writes records down, all or none.
    pub(crate) async fn write(&self, records: Vec<Record>) -> Result<(), Problem> {
        self.desk
            .record_all(
                Some(&self.environment),
                self.run_id.as_deref(),
                &self.actor,
                records,
            )
            .await
    }
}

/// What is known of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Fate {
    /// Its step was not sent.
    Unsent,
    /// Its step was sent, and no answer says whether it was made.
    Unknown,
    /// It was made.
    Made,
    /// It never was, or is gone.
    Gone,
    /// It was made and stays, for nothing takes it away.
    Stays,
}

struct Note {
    step: String,
    left_id: String,
    left: Left,
    fate: Fate,
    /// The portal's id for it.
    id: Option<String>,
    /// Whether an earlier run had left it already, for good.
    existed: bool,
    /// Whether this run has written it down as open.
    open: bool,
}

/// Records that are written together.
#[derive(Default)]
struct Batch {
    records: Vec<Record>,
    steps: Vec<String>,
}

/// The leavings of one run.
///
/// They are written down while other steps go on: a disk takes as long as a request. Only a step that leaves something waits.
pub(crate) struct Ledger {
    pen: Pen,
    smoke_id: String,
    notes: Vec<Note>,
    /// The steps whose leavings are written down.
    noted: HashSet<String>,
    /// What is to be written next, with the steps whose leavings it tells.
    next: Batch,
    /// The steps whose leavings are being written.
    writing: Vec<String>,
    /// What earlier runs left for good, by its name here.
    kept: HashSet<String>,
}

impl Ledger {
    /// The ledger of a run that begins where earlier ones left `rows`. The first that it writes is `first`.
    pub(crate) fn new(pen: Pen, smoke_id: String, first: Vec<Record>, rows: &[LeftRow]) -> Self {
        let kept = rows.iter().filter(|row| row.settled.is_some());
        Self {
            pen,
            smoke_id,
            notes: Vec::new(),
            noted: HashSet::new(),
            next: Batch {
                records: first,
                steps: Vec::new(),
            },
            writing: Vec::new(),
            kept: kept.map(|row| row.left_id.clone()).collect(),
        }
    }

    /// Puts on the list what can be told by now of what the steps will leave.
    pub(crate) fn note(&mut self, steps: &[Step], values: &Values) {
        for step in steps {
            if self.noted.contains(&step.id) || self.is_pending(step) {
                continue;
            }
            let Some(left) = step.leaves.as_ref().and_then(|leaves| leaves(values)) else {
                continue;
            };
            let left_id = left_id(&self.smoke_id, &step.id, &left);
            let existed = self.kept.contains(&left_id);
            // What is there for good is no more there for being given again; but a recommendation is shown again.
            let open = !existed || matches!(left.thing, Thing::Recommendation { .. });
            if open {
                let record = self.left_record(&left_id, &left);
                self.next.records.push(record);
                self.next.steps.push(step.id.clone());
            } else {
                self.noted.insert(step.id.clone());
            }
            self.notes.push(Note {
                step: step.id.clone(),
                left_id,
                id: id_in(&left.thing),
                left,
                fate: Fate::Unsent,
                existed,
                open,
            });
        }
    }

    /// Begins to write what is on the list, if anything is; [`Self::written`] must be told how it ended before the next time.
    pub(crate) fn write(&mut self) -> Option<BoxFuture<'static, Result<(), Problem>>> {
        let Batch { records, steps } = std::mem::take(&mut self.next);
        if records.is_empty() {
            return None;
        }
        self.writing = steps;
        let pen = self.pen.clone();
        Some(async move { pen.write(records).await }.boxed())
    }

    /// What was being written is written, or is not.
    pub(crate) fn written(&mut self, is_written: bool) {
        let steps = std::mem::take(&mut self.writing);
        if is_written {
            self.noted.extend(steps);
        } else {
            self.notes.retain(|note| !steps.contains(&note.step));
        }
    }

    fn left_record(&self, left_id: &str, left: &Left) -> Record {
        Record::SmokeLeft {
            smoke_id: self.smoke_id.clone(),
            left_id: left_id.to_owned(),
            left: left.clone(),
        }
    }

    /// Whether all that the step leaves is written down.
    pub(crate) fn covers(&self, step: &Step) -> bool {
        step.leaves.is_none() || self.noted.contains(&step.id)
    }

    /// Whether what the step leaves is on the list, and not written down yet.
    pub(crate) fn is_pending(&self, step: &Step) -> bool {
        let mut pending = self.next.steps.iter().chain(&self.writing);
        pending.any(|pending| *pending == step.id)
    }

    /// The step is about to be sent.
    pub(crate) fn sending(&mut self, step: &Step) {
        self.set(&step.id, Fate::Unknown);
    }

    /// The step was not sent after all.
    pub(crate) fn not_sent(&mut self, step: &Step) {
        self.set(&step.id, Fate::Unsent);
    }

    /// The step's answer came, or did not. Says whether there is something to write before it counts: the id of what will
    /// be used again.
    pub(crate) fn answered(&mut self, step: &Step, exchange: &Exchange, result: StepResult) -> bool {
        let mut is_news = false;
        if let Outcome::Ok(data) = &exchange.outcome {
            self.set(&step.id, Fate::Made);
            let id = step.kept_id.as_ref().and_then(|read| read(data));
            if let (Some(id), Some(note)) = (id, self.note_of(&step.id)) {
                note.id = Some(id.clone());
                if learn_id(&mut note.left.thing, &id) {
                    let (left_id, left) = (note.left_id.clone(), note.left.clone());
                    let record = self.left_record(&left_id, &left);
                    self.next.records.push(record);
                    is_news = true;
                }
            }
        } else if !exchange.outcome.leaves_unknown() {
            let missing = matches!(exchange.outcome, Outcome::Refused { status: 404, .. });
            if let Some(note) = self.note_of(&step.id) {
                note.fate = if note.existed && !missing {
                    Fate::Stays
                } else {
                    Fate::Gone
                };
            }
        }
        if result == StepResult::Pass {
            for removed in &step.removes {
                self.set(removed, Fate::Gone);
            }
            if let Some(kept) = &step.keeps {
                self.set(kept, Fate::Stays);
            }
        }
        is_news
    }

    fn note_of(&mut self, step: &str) -> Option<&mut Note> {
        self.notes.iter_mut().find(|note| note.step == step)
    }

    fn set(&mut self, step: &str, fate: Fate) {
        if let Some(note) = self.note_of(step) {
            note.fate = fate;
        }
    }

    /// Removes what is still there, and says what became of everything; what could not be removed stays open in the
    /// ledger. Takes `last` along into the same write.
    pub(crate) async fn close(
        &mut self,
        link: &Link,
        accounts: &Accounts,
        last: Vec<Record>,
    ) -> Result<(), Problem> {
        let mut records = Vec::new();
        for note in in_order(&self.notes, |note| &note.left.thing) {
            if !note.open && note.fate != Fate::Gone {
                continue;
            }
            let settled = match note.fate {
                Fate::Unsent if !note.existed => Some(Settled::Removed),
                Fate::Gone => Some(Settled::Removed),
                Fate::Unsent | Fate::Stays => Some(Settled::Kept {
                    id: note.id.clone(),
                    why: stays_because(&note.left.thing).to_owned(),
                }),
                Fate::Made | Fate::Unknown => match accounts.session(note.left.role) {
                    // What was surely made cannot arrive any more; what was perhaps made still may.
                    Some(session) => {
                        let may_arrive = note.fate == Fate::Unknown;
                        match undo(
                            link,
                            session,
                            &note.left,
                            note.id.as_deref(),
                            may_arrive,
                            Cancel::never(),
                        )
                        .await
                        {
                            Undone::Settled(settled) => Some(settled),
                            Undone::Open { why } => {
                                tracing::warn!(what = note.left.thing.words(), why, "left in the portal");
                                None
                            }
                        }
                    }
                    None => None,
                },
            };
            if let Some(settled) = settled {
                records.push(Record::SmokeSettled {
                    left_id: note.left_id.clone(),
                    settled,
                });
            }
        }
        records.extend(last);
        self.pen.write(records).await
    }
}

/// Loans are ended before the items they are of: a loan of a deleted item can never be closed.
pub(crate) fn in_order<T>(notes: &[T], thing: impl Fn(&T) -> &Thing) -> Vec<&T> {
    let mut ordered: Vec<&T> = notes.iter().collect();
    ordered.sort_by_key(|note| matches!(thing(note), Thing::Item { .. }));
    ordered
}

fn left_id(smoke_id: &str, step: &str, left: &Left) -> String {
    left.thing.place().map_or_else(
        || format!("{smoke_id}/{step}"),
        |place| format!("{}/{place}", left.role),
    )
}

fn id_in(thing: &Thing) -> Option<String> {
    match thing {
        Thing::Recommendation { id, .. } | Thing::Review { id, .. } => id.clone(),
        _ => None,
    }
}

/// Puts the id into a thing that is found by it; whether that is news.
fn learn_id(thing: &mut Thing, found: &str) -> bool {
    match thing {
        Thing::Recommendation { id, .. } | Thing::Review { id, .. } if id.as_deref() != Some(found) => {
            *id = Some(found.to_owned());
            true
        }
        _ => false,
    }
}

/// Why a thing that was made cannot be taken away.
pub(crate) const fn stays_because(thing: &Thing) -> &'static str {
    match thing {
        Thing::Loan { .. } | Thing::SoakLoans { .. } => "It is lost, and no route ends a lost loan.",
        Thing::Item { .. } => "It was not deleted.",
        Thing::Recommendation { .. } => {
            "No route deletes one. It is rejected, so that only staff see it, and the next run uses it again."
        }
        Thing::Review { .. } => "No route deletes one. The next run changes it instead of writing another.",
        Thing::Rating { .. } | Thing::ReadingStatus { .. } => {
            "No route deletes one, or shows what was there before. The next run gives the same again."
        }
        Thing::TagSuggestion { .. } => "No route withdraws one.",
        Thing::Tag { .. } => "No route deletes one. The next run approves and merges the same again.",
        Thing::Fee { .. } => {
            "No route deletes one. It is of one cent, and its note says that it is not to be charged."
        }
    }
}
