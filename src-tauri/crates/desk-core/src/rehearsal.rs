//! A rehearsal that a person is walked through: what of the runbook is done, what is to be done now, what comes after.
//!
//! A [`Walk`] is folded from the run's journal entries, so that it is the same after a restart, and whoever did a step, in the
//! window or by a command. Nothing here does a step.

#[cfg(test)]
mod tests;

use crate::{
    Phase,
    announce::Audience,
    log::Field,
    record::{ChangeOutcome, Record},
    rollback::{Event, Purpose},
    smoke::{PERSON, proves},
};
use std::collections::{BTreeMap, BTreeSet};

/// One real thing that a person does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// The phase is set.
    SetPhase(Phase),
    /// The smoke checklist proves the phase.
    Checklist(Phase),
    /// A person answers what only a person can see.
    Questions(Phase),
    /// The phase is measured until its gates can judge.
    Gates(Phase),
    /// The snapshot is put on the run.
    Attach(Phase),
    /// The staff are told of the phase.
    TellStaff,
    /// The members are told of it.
    TellMembers,
    /// The phase is rolled back from this one, against the clock.
    RollBack(Phase),
    /// The run is ended.
    EndRun,
    /// What was learned is written into the log.
    Lessons,
    /// The evidence is sealed.
    Export,
}

/// How far an act has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Progress {
    /// Done.
    Done,
    /// The rehearsal went on without it.
    PassedOver,
    /// To be done now.
    Now,
    /// It comes after.
    Later,
}

/// An act with how far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The act.
    pub act: Act,
    /// How far.
    pub progress: Progress,
}

/// How the phase in force stands at this moment, by the rules that moving forward is judged by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four things, each of which is there or not"
)]
pub struct Proof {
    /// Whether the checklist proves it.
    pub checklist: bool,
    /// Whether every question is answered.
    pub questions: bool,
    /// Whether every gate says `GO`.
    pub gates: bool,
    /// Whether the snapshot is attached.
    pub attached: bool,
}

impl Proof {
    const fn has(self, act: Act) -> bool {
        match act {
            Act::Checklist(_) => self.checklist,
            Act::Questions(_) => self.questions,
            Act::Gates(_) => self.gates,
            Act::Attach(_) => self.attached,
            _ => false,
        }
    }
}

/// What is true at this moment and stands in no entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The phase in force, where it is known and was ever saved.
    pub phase: Option<Phase>,
    /// How it stands.
    pub proof: Proof,
}

/// How a stretch of the rehearsal in one phase began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Began {
    /// The phase was in force already, or somebody else set it.
    Found,
    /// The phase was set.
    Set,
    /// It was rolled back from another.
    RolledBack { from: Phase, how: RolledBack },
}

/// How far a rollback came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RolledBack {
    /// It is under way.
    Open,
    /// It is under way, and every answer has agreed.
    Verified,
    /// It was closed as verified.
    Done,
    /// It was closed without a proof.
    Unproven,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    /// It was moved forward with nothing missing.
    Earned,
    /// It was moved forward although something was missing.
    Overridden,
    /// It was moved back, or not on.
    Back,
}

/// A stretch of the rehearsal in one phase, and what was done in it.
#[derive(Clone, Debug)]
struct Stretch {
    phase: Phase,
    began: Began,
    left: Option<Left>,
    /// Acts of this stretch that are there to be seen, whatever came of them later.
    done: Proof,
    /// The checks that a person has answered with yes.
    answered: BTreeSet<String>,
    told_staff: bool,
    told_members: bool,
}

/// A phase change that was begun.
#[derive(Clone, Copy, Debug)]
struct Begun {
    /// The phase that it was made from, where one was ever saved.
    from: Option<Phase>,
    to: Phase,
    overridden: bool,
}

/// What was done of a rehearsal.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    stretches: Vec<Stretch>,
    changes: BTreeMap<String, Begun>,
    /// The rollback that is under way.
    rollback: Option<String>,
    /// The changes that rollbacks and drills made themselves.
    theirs: BTreeSet<String>,
    ended: bool,
    lessons: bool,
    exported: bool,
}

impl Walk {
    /// Takes in what was recorded in the run, in order.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::PhaseChangeStarted {
                change_id,
                from,
                to,
                override_reason,
                ..
            } => {
                let begun = Begun {
                    from: from.ever_set().then_some(from.phase),
                    to: *to,
                    overridden: override_reason.is_some(),
                };
                self.changes.insert(change_id.clone(), begun);
            }
            Record::PhaseChangeConcluded {
                change_id,
                outcome: ChangeOutcome::Confirmed,
                ..
            } if !self.theirs.contains(change_id) => {
                if let Some(begun) = self.changes.remove(change_id) {
                    self.set(begun);
                }
            }
            Record::SmokeFinished { finish, .. } => {
                let phase = finish.state.as_ref().map(|state| state.phase);
                let mut steps = finish.steps.clone();
                steps.retain(|step| step.account != PERSON);
                let proven = proves(finish.cancelled, finish.answers, &steps);
                if let Some(stretch) = self.stretch_in(phase) {
                    stretch.done.checklist |= proven;
                }
            }
            Record::CheckAttested {
                check, pass, phase, ..
            } => {
                if let Some(stretch) = self.stretch_in(Some(*phase)) {
                    if *pass {
                        stretch.answered.insert(check.clone());
                    } else {
                        stretch.answered.remove(check);
                    }
                }
            }
            // That a snapshot was made says nothing of its gates, and a rollback attaches one of its own.
            Record::ArtifactAttached { .. } if self.rollback.is_none() => {
                if let Some(stretch) = self.stretches.last_mut() {
                    stretch.done.attached = true;
                }
            }
            Record::AnnouncementMade { announcement, .. } => {
                if let Some(stretch) = self.stretches.last_mut() {
                    match announcement.audience {
                        Audience::Staff => stretch.told_staff = true,
                        Audience::Member => stretch.told_members = true,
                    }
                }
            }
            Record::RollbackOpened {
                rollback_id, opening, ..
            } if opening.purpose == Purpose::Rollback => {
                let from = opening.from.as_ref().map(|state| state.phase);
                let from = from.or_else(|| self.stretches.last().map(|stretch| stretch.phase));
                self.rollback = Some(rollback_id.clone());
                let began = Began::RolledBack {
                    from: from.unwrap_or(Phase::AdminFull),
                    how: RolledBack::Open,
                };
                self.begin(opening.to, began, Left::Back);
            }
            Record::RollbackEvent {
                rollback_id, event, ..
            } => self.rollback_event(rollback_id, event),
            Record::RunEnded {} => self.ended = true,
            Record::LogFieldSet {
                field: Field::Lessons,
                text,
                ..
            } => self.lessons = !text.trim().is_empty(),
            Record::EvidenceExported { missing, .. } => self.exported |= self.ended && missing.is_empty(),
            _ => {}
        }
    }

    fn rollback_event(&mut self, rollback_id: &str, event: &Event) {
        match event {
            Event::Sending { change_id, .. } => {
                self.theirs.insert(change_id.clone());
            }
            Event::Verified { .. } | Event::Settled { .. } => {
                self.came_to(rollback_id, |_| RolledBack::Verified);
            }
            Event::Closed { .. } => {
                self.came_to(rollback_id, |how| match how {
                    RolledBack::Verified | RolledBack::Done => RolledBack::Done,
                    RolledBack::Open | RolledBack::Unproven => RolledBack::Unproven,
                });
                self.rollback.take_if(|open| open.as_str() == rollback_id);
            }
            _ => {}
        }
    }

    /// Notes how far the rollback that is under way has come.
    fn came_to(&mut self, rollback_id: &str, further: impl Fn(RolledBack) -> RolledBack) {
        if self.rollback.as_deref() != Some(rollback_id) {
            return;
        }
        let began = self.stretches.iter_mut().rev().map(|stretch| &mut stretch.began);
        for began in began {
            if let Began::RolledBack { how, .. } = began {
                *how = further(*how);
                return;
            }
        }
    }

    /// The stretch that goes on, if it is in this phase.
    fn stretch_in(&mut self, phase: Option<Phase>) -> Option<&mut Stretch> {
        self.stretches
            .last_mut()
            .filter(|stretch| Some(stretch.phase) == phase)
    }

    fn set(&mut self, begun: Begun) {
        // What was done in a phase that was in force before the run, or that somebody else set, belongs to that one.
        let known = self.stretches.last().map(|last| last.phase);
        if let Some(from) = begun.from
            && known != Some(from)
            && begun.to > from
        {
            self.begin(from, Began::Found, Left::Back);
        }
        let left = match (begun.from.is_some_and(|from| begun.to > from), begun.overridden) {
            (true, false) => Left::Earned,
            (true, true) => Left::Overridden,
            (false, _) => Left::Back,
        };
        self.begin(begun.to, Began::Set, left);
    }

    fn begin(&mut self, phase: Phase, began: Began, left: Left) {
        if let Some(last) = self.stretches.last_mut() {
            last.left = Some(left);
        }
        self.stretches.push(Stretch {
            phase,
            began,
            left: None,
            done: Proof::default(),
            answered: BTreeSet::new(),
            told_staff: false,
            told_members: false,
        });
    }

    /// Keeps that the gates of the phase in force say `GO`, which stands in no entry. The number of the stretch, where it was not
    /// kept before; whoever folds the entries anew gives it back by [`Walk::measured`].
    pub fn see(&mut self, present: Present) -> Option<usize> {
        let is_measured = present.proof.gates && !self.ended && self.rollback.is_none();
        let index = self.stretches.len().checked_sub(1)?;
        let last = self.stretches.last_mut()?;
        if !is_measured || present.phase != Some(last.phase) || last.done.gates {
            return None;
        }
        last.done.gates = true;
        Some(index)
    }

    /// Takes in that the gates of a stretch once said `GO`.
    pub fn measured(&mut self, stretch: usize) {
        if let Some(stretch) = self.stretches.get_mut(stretch) {
            stretch.done.gates = true;
        }
    }

    /// Whether the rehearsal is over: its run is ended, and its evidence sealed with nothing missing.
    pub const fn is_finished(&self) -> bool {
        self.exported
    }

    /// Every step: those that were done, the one to be done now, and those that come after by the runbook. Exactly one is
    /// [`Progress::Now`] until the rehearsal is finished. `asked` is how many questions a phase's checklist asks a person.
    pub fn steps(&self, asked: impl Fn(Phase) -> usize, present: Present) -> Vec<Step> {
        let mut steps = Vec::new();
        for (index, stretch) in self.stretches.iter().enumerate() {
            steps.extend(stretch.beginning());
            if self.ended || index + 1 < self.stretches.len() {
                steps.extend(stretch.passed(asked(stretch.phase)));
            }
        }
        let mut open = if self.ended {
            // What the run was ended before.
            let missed = self.plan(asked, Present::default(), false).into_iter();
            steps.extend(missed.map(|(act, _)| Step {
                act,
                progress: Progress::PassedOver,
            }));
            Vec::new()
        } else {
            self.plan(asked, present, true)
        };
        open.extend([
            (Act::EndRun, self.ended),
            (Act::Lessons, self.lessons),
            (Act::Export, self.exported),
        ]);
        let mut is_now = !self.exported && !steps.iter().any(|step| step.progress == Progress::Now);
        for (act, done) in open {
            let progress = match (done, is_now) {
                (true, _) => Progress::Done,
                (false, _) if self.exported => Progress::PassedOver,
                (false, true) => Progress::Now,
                (false, false) => Progress::Later,
            };
            is_now &= progress != Progress::Now;
            steps.push(Step { act, progress });
        }
        steps
    }

    /// What is left to do before the run is ended, from the phase in force on, each with whether it is done; with what proves
    /// that phase, or without.
    fn plan(&self, asked: impl Fn(Phase) -> usize, present: Present, with_proof: bool) -> Vec<(Act, bool)> {
        let mut plan = Vec::new();
        let last = self.stretches.last();
        // While a rollback is under way the phase that it goes to counts, and nothing in it is proven yet.
        let (phase, proof) = match (last, present.phase) {
            (Some(last), _) if self.rollback.is_some() => (Some(last.phase), Proof::default()),
            (Some(last), None) => (Some(last.phase), Proof::default()),
            (Some(_), phase) => (phase, present.proof),
            (None, Some(Phase::ReadOnly)) => (present.phase, present.proof),
            (None, _) => (None, Proof::default()),
        };
        let mut at = phase.unwrap_or_else(|| {
            plan.push((Act::SetPhase(Phase::ReadOnly), false));
            Phase::ReadOnly
        });
        if with_proof || !plan.is_empty() {
            plan.extend(proving(at, asked(at)).map(|act| (act, proof.has(act))));
        }
        // One that was closed without a proof is still to be rehearsed.
        let mut rolled_back = self.stretches.iter().any(
            |stretch| matches!(stretch.began, Began::RolledBack { how, .. } if how != RolledBack::Unproven),
        );
        let told = |told: fn(&Stretch) -> bool| self.stretches.iter().any(told);
        let mut to_tell = vec![
            (Act::TellStaff, told(|stretch| stretch.told_staff)),
            (Act::TellMembers, told(|stretch| stretch.told_members)),
        ];
        loop {
            if let Some(next) = Phase::ALL.into_iter().find(|next| *next > at) {
                plan.push((Act::SetPhase(next), false));
                at = next;
            } else {
                // What was told in an earlier stretch stands there.
                let told_now = |act: &Act| last.is_some_and(|last| last.told(*act));
                to_tell.retain(|(act, told)| !told || told_now(act));
                plan.append(&mut to_tell);
                if rolled_back {
                    return plan;
                }
                plan.push((Act::RollBack(at), false));
                rolled_back = true;
                at = Phase::MemberWrites;
            }
            plan.extend(proving(at, asked(at)).map(|act| (act, false)));
        }
    }
}

impl Stretch {
    const fn beginning(&self) -> Option<Step> {
        let (act, progress) = match self.began {
            Began::Found => return None,
            Began::Set => (Act::SetPhase(self.phase), Progress::Done),
            Began::RolledBack { from, how } => (
                Act::RollBack(from),
                match how {
                    RolledBack::Open | RolledBack::Verified => Progress::Now,
                    RolledBack::Done => Progress::Done,
                    RolledBack::Unproven => Progress::PassedOver,
                },
            ),
        };
        Some(Step { act, progress })
    }

    const fn told(&self, act: Act) -> bool {
        match act {
            Act::TellStaff => self.told_staff,
            Act::TellMembers => self.told_members,
            _ => false,
        }
    }

    /// What was done in a stretch that is over, and what moving on went past.
    fn passed(&self, asked: usize) -> Vec<Step> {
        let done = Proof {
            questions: self.answered.len() >= asked,
            ..self.done
        };
        let acts = proving(self.phase, asked).chain([Act::TellStaff, Act::TellMembers]);
        acts.filter_map(|act| {
            let is_proof = !matches!(act, Act::TellStaff | Act::TellMembers);
            let progress = match self.left {
                Some(Left::Earned) if is_proof => Progress::Done,
                _ if done.has(act) || self.told(act) => Progress::Done,
                // What a rollback cut short was not passed over, and neither was a text that may come later.
                Some(Left::Overridden) | None if is_proof => Progress::PassedOver,
                _ => return None,
            };
            Some(Step { act, progress })
        })
        .collect()
    }
}

/// What proves a phase, in the order in which it is done.
fn proving(phase: Phase, asked: usize) -> impl Iterator<Item = Act> {
    [
        Act::Checklist(phase),
        Act::Questions(phase),
        Act::Gates(phase),
        Act::Attach(phase),
    ]
    .into_iter()
    .filter(move |act| asked > 0 || !matches!(act, Act::Questions(_)))
}
