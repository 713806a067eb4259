//! What the desk knows of a run, folded from the run's journal entries.

use super::{Field, Sheet, moment};
use crate::{
    Phase, PhaseState, Role,
    phase::Direction,
    record::{ChangeOutcome, Record, RequestRef},
    rollback::{Event, Opening, Purpose, Step},
    smoke::{PERSON, SmokeFinish, StepRecord, StepResult, Word, proves},
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How many failed requests an entry names; its search finds all.
const MOST_REQUESTS: usize = 20;

/// What the desk knows of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// When it began, milliseconds since 1970.
    pub started_at_ms: i64,
    /// When it ended; none while it goes on.
    pub ended_at_ms: Option<i64>,
    /// Its release owner, as named when it was started.
    pub owner: Option<String>,
    /// The phases it was moved forward to and the portal confirmed, in order.
    pub promoted: Vec<Phase>,
    /// The phases it was moved back to and the portal confirmed, in order.
    pub rolled_back: Vec<Phase>,
    /// Whether one of those was more than a drill.
    for_real: bool,
    /// Why it was rolled back, in order.
    pub reasons: Vec<String>,
    /// What the portal said last.
    pub state: Option<PhaseState>,
    /// The newest finished smoke checklist by account.
    pub smoke: BTreeMap<Role, Found>,
    /// The smoke checklists that have begun and not ended, by id: the phase that each is to prove.
    checking: BTreeMap<String, Phase>,
    /// What people have answered.
    words: Vec<Word>,
    /// The hashes of the artifacts that were attached.
    pub artifacts: Vec<String>,
    /// The requests that failed, those that were made first in front, at most some.
    pub failed: Vec<Identified>,
    /// How many failed beyond those.
    pub failed_more: u32,
    /// The changes that began and are not concluded.
    under_way: BTreeMap<String, Begun>,
    /// The rollbacks and drills, by id: to where, and why.
    rollbacks: BTreeMap<String, Opened>,
}

/// What an account found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Found {
    /// The phase that was checked.
    pub phase: Phase,
    /// The phase, and when it was saved, by the portal's clock.
    pub saved: Option<(Phase, i64)>,
    /// Whether its requests proved it.
    pub proven: bool,
    /// The ids of the checks that ask a person.
    pub questions: Vec<String>,
    /// How many of the account's steps passed.
    pub passed: u32,
    /// How many there were, those that need not be tried left out.
    pub of: u32,
    /// The ids of those that did not pass.
    pub failed: Vec<String>,
    /// When the checklist ended, milliseconds since 1970.
    pub at_ms: i64,
}

/// A request by what a person can quote of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identified {
    /// The route, where known.
    pub route: Option<String>,
    /// The request id.
    pub request_id: String,
    /// The support code, where it is another.
    pub support_code: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    direction: Direction,
    to: Phase,
    note: Option<String>,
    incident_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    drill: bool,
    /// The changes that it sent itself, each with the step that sent it.
    changes: Vec<(String, Step)>,
}

impl Facts {
    /// Of a run that has just begun.
    pub fn begin(at_ms: i64, owner: Option<String>) -> Self {
        Self {
            started_at_ms: at_ms,
            ended_at_ms: None,
            owner,
            promoted: Vec::new(),
            rolled_back: Vec::new(),
            for_real: false,
            reasons: Vec::new(),
            state: None,
            smoke: BTreeMap::new(),
            checking: BTreeMap::new(),
            words: Vec::new(),
            artifacts: Vec::new(),
            failed: Vec::new(),
            failed_more: 0,
            under_way: BTreeMap::new(),
            rollbacks: BTreeMap::new(),
        }
    }

    /// Whether the run goes on.
    pub const fn is_open(&self) -> bool {
        self.ended_at_ms.is_none()
    }

    /// Takes in what was recorded in the run. Whether it changed anything.
    pub fn apply(&mut self, at_ms: i64, record: &Record) -> bool {
        match record {
            Record::RunEnded {} => {
                self.ended_at_ms.get_or_insert(at_ms);
            }
            Record::PhaseChangeStarted {
                change_id,
                from,
                to,
                note,
                direction,
                incident_id,
                ..
            } => {
                let begun = Begun {
                    // A portal in which no phase was ever saved is open by default: the first is no way back.
                    direction: if from.ever_set() {
                        *direction
                    } else {
                        Direction::Forward
                    },
                    to: *to,
                    note: note.clone(),
                    incident_id: incident_id.clone(),
                };
                self.under_way.insert(change_id.clone(), begun);
            }
            Record::PhaseChangeConcluded {
                change_id,
                outcome,
                state,
                requests,
                ..
            } => self.conclude(change_id, *outcome, state.as_ref(), requests),
            Record::PhaseMovedElsewhere { to, .. } => self.state = Some(to.clone()),
            Record::ArtifactAttached { sha256, .. } => {
                if !self.artifacts.contains(sha256) {
                    self.artifacts.push(sha256.clone());
                }
            }
            Record::SmokeStarted { smoke_id, start } => {
                self.checking.insert(smoke_id.clone(), start.phase);
            }
            Record::SmokeFinished { smoke_id, finish } => {
                let checked = self.checking.remove(smoke_id);
                self.smoke(at_ms, checked, finish);
            }
            Record::CheckAttested {
                check,
                pass,
                phase,
                phase_saved_at_ms,
                ..
            } => self.words.push(Word {
                check: check.clone(),
                phase: (*phase, *phase_saved_at_ms),
                pass: *pass,
            }),
            Record::RollbackOpened {
                rollback_id, opening, ..
            } => self.open(rollback_id, opening),
            Record::RollbackEvent {
                rollback_id, event, ..
            } => return self.event(rollback_id, event),
            _ => return false,
        }
        true
    }

    fn conclude(
        &mut self,
        change_id: &str,
        outcome: ChangeOutcome,
        state: Option<&PhaseState>,
        requests: &[RequestRef],
    ) {
        for request in requests {
            if request.status.is_none_or(|status| status >= 400) {
                self.fail(Identified {
                    route: Some(request.route.clone()),
                    request_id: request.request_id.clone(),
                    support_code: None,
                });
            }
        }
        if outcome == ChangeOutcome::Unknown {
            return;
        }
        let Some(begun) = self.under_way.remove(change_id) else {
            return;
        };
        if outcome != ChangeOutcome::Confirmed {
            return;
        }
        self.state = state.cloned().or_else(|| self.state.take());
        let sent = self.rollbacks.values().find_map(|opened| {
            let (_, step) = opened.changes.iter().find(|(id, _)| id == change_id)?;
            Some((*step, opened.drill))
        });
        let step = sent.map(|(step, _)| step);
        match begun.direction {
            // Putting back what a drill found is no promotion.
            Direction::Forward if step == Some(Step::Restore) => {}
            Direction::Forward => self.promoted.push(begun.to),
            Direction::Back => {
                self.rolled_back.push(begun.to);
                self.for_real |= !sent.is_some_and(|(_, drill)| drill);
                // A rollback has said why when it was opened; a move back by hand says it in its note.
                if step.is_none() {
                    self.because(
                        begun.note.as_deref().unwrap_or_default(),
                        begun.incident_id.as_deref(),
                    );
                }
            }
            Direction::Same => {}
        }
    }

    fn open(&mut self, id: &str, opening: &Opening) {
        let drill = opening.purpose == Purpose::Drill;
        let opened = Opened {
            drill,
            changes: Vec::new(),
        };
        self.rollbacks.insert(id.to_owned(), opened);
        let why = match (drill, opening.reason.trim()) {
            (true, "") => "drill".to_owned(),
            (true, reason) => format!("drill: {reason}"),
            (false, reason) => reason.to_owned(),
        };
        self.because(&why, opening.incident_id.as_deref());
    }

    fn because(&mut self, why: &str, incident: Option<&str>) {
        let why = match incident {
            Some(incident) => format!("{} ({incident})", why.trim()),
            None => why.trim().to_owned(),
        };
        if !why.is_empty() {
            self.reasons.push(why);
        }
    }

    fn event(&mut self, rollback_id: &str, event: &Event) -> bool {
        let Some(opened) = self.rollbacks.get_mut(rollback_id) else {
            return false;
        };
        match event {
            Event::Sending { change_id, step, .. } => {
                if opened.changes.iter().any(|(id, _)| id == change_id) {
                    return false;
                }
                opened.changes.push((change_id.clone(), *step));
                true
            }
            Event::Verified { answers } | Event::Settled { answers } | Event::Restored { answers, .. } => {
                let failed: Vec<Identified> = answers
                    .probes
                    .iter()
                    .filter(|probe| probe.said == crate::rollback::Said::Failed)
                    .filter_map(|probe| {
                        Some(Identified {
                            route: Some(probe.route.clone()),
                            request_id: probe.request_id.clone()?,
                            support_code: None,
                        })
                    })
                    .collect();
                let any = !failed.is_empty();
                for request in failed {
                    self.fail(request);
                }
                any
            }
            _ => false,
        }
    }

    /// `checked` is the phase that the checklist was to prove; where its beginning is not known, the one in force counts.
    fn smoke(&mut self, at_ms: i64, checked: Option<Phase>, finish: &SmokeFinish) {
        let in_force = finish.state.as_ref().map(|state| state.phase);
        let phase = checked.or(in_force);
        let (questions, asked): (Vec<_>, Vec<_>) = finish
            .steps
            .iter()
            .cloned()
            .partition(|step| step.account == PERSON);
        let proven = proves(finish.cancelled, finish.answers, &asked);
        let questions: Vec<String> = questions.into_iter().map(|step| step.check).collect();
        let saved = finish
            .state
            .as_ref()
            .map(|state| (state.phase, state.updated_at_ms));
        for step in finish.steps.iter().filter(|step| step.result == StepResult::Fail) {
            if let Some(failed) = identified(step) {
                self.fail(failed);
            }
        }
        for role in [Role::MemberSmoke, Role::StaffSmoke, Role::AdminSmoke] {
            let own: Vec<&StepRecord> = finish
                .steps
                .iter()
                .filter(|step| step.account == role.word())
                .filter(|step| !(step.optional && step.result == StepResult::Skipped))
                .collect();
            if own.is_empty() {
                continue;
            }
            let failed: Vec<String> = own
                .iter()
                .filter(|step| step.hinders())
                .map(|step| step.id.clone())
                .collect();
            let count = |steps: usize| u32::try_from(steps).unwrap_or(u32::MAX);
            let found = Found {
                phase: phase.unwrap_or(Phase::ReadOnly),
                saved,
                proven,
                questions: questions.clone(),
                passed: count(own.len() - failed.len()),
                of: count(own.len()),
                failed,
                at_ms,
            };
            self.smoke.insert(role, found);
        }
    }

    fn fail(&mut self, request: Identified) {
        if self.failed.contains(&request) {
            return;
        }
        if self.failed.len() < MOST_REQUESTS {
            self.failed.push(request);
        } else {
            self.failed_more = self.failed_more.saturating_add(1);
        }
    }

    /// Whether a checklist as a whole proved its phase: by its requests, and by the newest answer to each of its questions.
    pub fn is_proof(&self, found: &Found) -> bool {
        let answered_yes = |check: &String| {
            let mut newest = self.words.iter().rev();
            let word = newest.find(|word| word.check == *check && Some(word.phase) == found.saved);
            word.is_some_and(|word| word.pass)
        };
        found.proven && found.questions.iter().all(answered_yes)
    }

    /// Whether what an entry says of the phases rolled back is the fact, and each of them was a drill's.
    pub fn only_drilled(&self, phases: &str) -> bool {
        !self.for_real && phases == list(&self.rolled_back)
    }

    /// What they say in the form's fields, times in `zone`.
    pub fn sheet(&self, zone: Tz) -> Sheet {
        let day = moment::day_of(self.started_at_ms, zone);
        let time = |at_ms| moment::written(at_ms, day, zone);
        let mut sheet = Sheet::from([
            (Field::Date, day.map(|day| day.to_string()).unwrap_or_default()),
            (Field::ReleaseOwner, self.owner.clone().unwrap_or_default()),
            (Field::StartTime, time(self.started_at_ms)),
            (Field::EndTime, self.ended_at_ms.map(time).unwrap_or_default()),
            (Field::PhasePromoted, list(&self.promoted)),
            (Field::PhaseRolledBack, list(&self.rolled_back)),
            (Field::Reason, self.reasons.join("; ")),
            (Field::MemberSmoke, self.found(Role::MemberSmoke)),
            (Field::StaffSmoke, self.found(Role::StaffSmoke)),
            (Field::AdminSmoke, self.found(Role::AdminSmoke)),
            (Field::RolloutMetadata, self.metadata(zone)),
            (Field::PhaseMetrics, self.hashes()),
            (Field::RequestIds, self.requests()),
        ]);
        if let Some(ended) = self.ended_at_ms {
            let minutes = (ended.saturating_sub(self.started_at_ms).max(0) + 30_000) / 60_000;
            sheet.insert(Field::DurationMinutes, minutes.to_string());
        }
        sheet.retain(|_, text| !text.is_empty());
        sheet
    }

    fn found(&self, role: Role) -> String {
        let Some(found) = self.smoke.get(&role) else {
            return String::new();
        };
        let phase = found.phase.wire();
        if found.failed.is_empty() {
            let proven = if self.is_proof(found) {
                ""
            } else {
                "; the checklist as a whole is not proven"
            };
            format!("{phase}: {} of {} passed{proven}", found.passed, found.of)
        } else {
            format!(
                "{phase}: FAILED, {} of {} passed; not {}",
                found.passed,
                found.of,
                found.failed.join(", ")
            )
        }
    }

    fn metadata(&self, zone: Tz) -> String {
        let Some(state) = &self.state else {
            return String::new();
        };
        let by = state.updated_by_uid.as_deref().unwrap_or("nobody");
        let note = state
            .note
            .as_deref()
            .map(|note| format!(", note: {note}"))
            .unwrap_or_default();
        format!(
            "{}, updatedAtMs {} ({}), updatedByUid {by}{note}",
            state.phase.wire(),
            state.updated_at_ms,
            moment::written(state.updated_at_ms, None, zone),
        )
    }

    fn hashes(&self) -> String {
        let hashes: Vec<String> = self
            .artifacts
            .iter()
            .map(|sha256| format!("sha256:{sha256}"))
            .collect();
        hashes.join(", ")
    }

    fn requests(&self) -> String {
        let mut ids: Vec<String> = self.failed.iter().map(Identified::words).collect();
        if self.failed_more > 0 {
            ids.push(format!("and {} more", self.failed_more));
        }
        ids.join(", ")
    }
}

fn list(phases: &[Phase]) -> String {
    let words: Vec<&str> = phases.iter().map(|phase| phase.wire()).collect();
    words.join(", ")
}

impl Identified {
    /// The id, and the support code where it is another.
    pub fn words(&self) -> String {
        match &self.support_code {
            Some(code) if *code != self.request_id => format!("{} (support {code})", self.request_id),
            _ => self.request_id.clone(),
        }
    }
}

/// What can be quoted of a step's request; none where no request was made.
pub(super) fn identified(step: &StepRecord) -> Option<Identified> {
    Some(Identified {
        route: step.route.clone(),
        request_id: step.request_id.clone().or_else(|| step.support_code.clone())?,
        support_code: step.support_code.clone(),
    })
}
