//! What happened in a run, told from its journal entries: the timeline, the checks, the decisions with their gates, the
//! rollbacks with their splits, what failed, and what is still open.

use super::facts::{Identified, identified};
use crate::{
    Phase,
    announce::Audience,
    gate::GateVerdict,
    phase::Direction,
    record::{ChangeOutcome, PostOutcome, Record, RequestRef},
    rollback::{self, Progress, Purpose, Rollback, Said, Split},
    smoke::{Settled, SmokeFinish, StepResult, Word, proves},
};
use std::collections::BTreeMap;

/// A journal entry of the run.
#[derive(Clone, Debug)]
pub struct Happened {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Who: the operator's uid, or `desk`.
    pub actor: String,
    /// What.
    pub record: Record,
}

/// What happened in a run.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// When it began, milliseconds since 1970.
    pub started_at_ms: Option<i64>,
    /// When it ended; none while it goes on.
    pub ended_at_ms: Option<i64>,
    /// What happened, in order.
    pub events: Vec<Event>,
    /// The smoke checklists, in order.
    pub checklists: Vec<Checklist>,
    /// The decisions to change the phase, in order.
    pub decisions: Vec<Decision>,
    /// The rollbacks and drills, in order.
    pub rollbacks: Vec<Rollback>,
    /// What people attested, in order.
    pub attested: Vec<Attested>,
    /// The same, as the checklists take them.
    words: Vec<Word>,
    /// What failed, in order.
    pub failures: Vec<Failure>,
    /// How many artifacts were attached.
    pub attached: usize,
    /// The texts that left the desk: for whom, and whether somebody said that they were sent.
    announced: Vec<(String, Audience, bool)>,
    /// What checklists left in the portal and is not known to be gone, by its name in the ledger.
    left: BTreeMap<String, String>,
}

/// A moment or a stretch of the timeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it began, milliseconds since 1970.
    pub at_ms: i64,
    /// When it was over; none for what takes no time, and for what is not over.
    pub until_ms: Option<i64>,
    /// Whether it takes time and is not known to be over.
    pub is_open: bool,
    /// What it is the stretch of: the id of a phase change, a checklist or a rollback.
    of: Option<String>,
    /// Whose act.
    pub actor: String,
    /// Of what kind.
    pub kind: EventKind,
    /// In words.
    pub words: String,
    /// Whether it went wrong.
    pub wrong: bool,
}

/// Of what kind an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// The run itself.
    Run,
    /// The phase.
    Phase,
    /// The smoke checklist, and what people attested.
    Smoke,
    /// A rollback or a drill.
    Rollback,
    /// A text.
    Announcement,
    /// Metrics and evidence.
    Evidence,
}

impl EventKind {
    /// The word shown.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Phase => "phase",
            Self::Smoke => "smoke",
            Self::Rollback => "rollback",
            Self::Announcement => "announcement",
            Self::Evidence => "evidence",
        }
    }
}

/// A run of the smoke checklist.
#[derive(Clone, Debug)]
pub struct Checklist {
    /// Its id.
    pub id: String,
    /// The phase it was to prove.
    pub phase: Phase,
    /// When it began, milliseconds since 1970.
    pub at_ms: i64,
    /// What it found; none for one that was cut off.
    pub finish: Option<SmokeFinish>,
}

impl Checklist {
    /// Whether it proved its phase.
    pub fn is_proof(&self) -> bool {
        self.finish
            .as_ref()
            .is_some_and(|finish| proves(finish.cancelled, finish.answers, &finish.steps))
    }

    /// How many steps passed or were attested, of how many that had to.
    pub fn passed(&self) -> (usize, usize) {
        let steps = self.finish.iter().flat_map(|finish| &finish.steps);
        let counted: Vec<_> = steps
            .filter(|step| !(step.optional && step.result == StepResult::Skipped))
            .collect();
        (
            counted.iter().filter(|step| !step.hinders()).count(),
            counted.len(),
        )
    }
}

/// A decision to change the phase.
#[derive(Clone, Debug)]
pub struct Decision {
    /// Its id.
    pub id: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// The phase before.
    pub from: Phase,
    /// The phase asked for.
    pub to: Phase,
    /// Which way.
    pub direction: Direction,
    /// The gates' verdicts that it rested on.
    pub verdicts: Vec<GateVerdict>,
    /// Why it was made although something was missing.
    pub overridden: Option<String>,
    /// What came of it; none where that was never recorded.
    pub outcome: Option<ChangeOutcome>,
    /// Why it is not confirmed.
    pub why: Option<String>,
}

/// An override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overridden {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// The phase moved to.
    pub to: Phase,
    /// Why.
    pub reason: String,
}

/// A person's word on a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attested {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// Who.
    pub actor: String,
    /// The check.
    pub check: String,
    /// The answer.
    pub pass: bool,
    /// What they saw.
    pub note: String,
}

/// Something that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// What, in words.
    pub what: String,
    /// The request, where there was one.
    pub request: Option<Identified>,
}

impl Story {
    /// The story that a run's entries tell, oldest first.
    pub fn of(entries: impl IntoIterator<Item = Happened>) -> Self {
        let mut story = Self::default();
        for happened in entries {
            story.take(happened);
        }
        // What was written down late stands where it happened; what happened at once, as it was written down.
        story.events.sort_by_key(|event| event.at_ms);
        story
    }

    fn take(&mut self, Happened { at_ms, actor, record }: Happened) {
        match record {
            Record::RunStarted { owner, .. } => {
                self.started_at_ms.get_or_insert(at_ms);
                let owner = owner.map(|owner| format!(" by {owner}")).unwrap_or_default();
                self.tell(at_ms, &actor, EventKind::Run, format!("Run started{owner}"));
            }
            Record::RunEnded {} => {
                self.ended_at_ms.get_or_insert(at_ms);
                self.tell(at_ms, &actor, EventKind::Run, "Run ended");
            }
            Record::PhaseChangeStarted {
                change_id,
                from,
                to,
                direction,
                basis,
                override_reason,
                ..
            } => {
                let words = format!("{}: under way", to.label());
                self.begin(at_ms, &actor, EventKind::Phase, words, &change_id);
                self.decisions.push(Decision {
                    id: change_id,
                    at_ms,
                    actor,
                    from: from.phase,
                    to,
                    // A portal in which no phase was ever saved is open by default: the first is no way back.
                    direction: if from.ever_set() {
                        direction
                    } else {
                        Direction::Forward
                    },
                    verdicts: basis.map(|basis| basis.verdicts).unwrap_or_default(),
                    overridden: override_reason,
                    outcome: None,
                    why: None,
                });
            }
            Record::PhaseChangeConcluded {
                change_id,
                outcome,
                requests,
                reason,
                ..
            } => self.conclude(at_ms, &change_id, outcome, &requests, reason),
            Record::PhaseMovedElsewhere { to, .. } => {
                let by = to.updated_by_uid.as_deref().unwrap_or("somebody").to_owned();
                let words = format!("Moved elsewhere to {} by {by}", to.phase.label());
                self.tell(at_ms, &actor, EventKind::Phase, words).wrong = true;
            }
            Record::ArtifactCaptured { phase, .. } => {
                let words = format!("Metrics captured in {}", phase.label());
                self.tell(at_ms, &actor, EventKind::Evidence, words);
            }
            Record::ArtifactAttached { item, .. } => {
                self.attached += 1;
                self.tell(at_ms, &actor, EventKind::Evidence, format!("Attached as {item}"));
            }
            Record::EvidenceAttached { name, item, .. } => {
                let words = format!("{name} attached as {item}");
                self.tell(at_ms, &actor, EventKind::Evidence, words);
            }
            Record::EvidenceExported { missing, .. } => {
                let words = if missing.is_empty() {
                    "Evidence exported".to_owned()
                } else {
                    format!("Evidence exported, incomplete: {}", missing.join(", "))
                };
                self.tell(at_ms, &actor, EventKind::Evidence, words);
            }
            Record::SmokeStarted { smoke_id, start } => {
                let words = format!("Smoke checklist of {}", start.phase.label());
                self.begin(at_ms, &actor, EventKind::Smoke, words, &smoke_id);
                self.checklists.push(Checklist {
                    id: smoke_id,
                    phase: start.phase,
                    at_ms,
                    finish: None,
                });
            }
            Record::SmokeFinished { smoke_id, finish } => self.smoke(at_ms, &smoke_id, finish),
            Record::SmokeLeft { left_id, left, .. } => {
                self.left.insert(left_id, left.thing.words());
            }
            Record::SmokeSettled { left_id, settled } => match (settled, self.left.get_mut(&left_id)) {
                (Settled::Removed, _) => {
                    self.left.remove(&left_id);
                }
                (Settled::Kept { why, .. }, Some(words)) => {
                    words.push_str(": ");
                    words.push_str(&why);
                }
                (Settled::Kept { .. }, None) => {}
            },
            Record::CheckAttested {
                check,
                pass,
                note,
                phase,
                phase_saved_at_ms,
            } => {
                let word = Word {
                    check: check.clone(),
                    phase: (phase, phase_saved_at_ms),
                    pass,
                };
                for checklist in &mut self.checklists {
                    if let Some(finish) = &mut checklist.finish {
                        finish.attest(&word);
                    }
                }
                self.words.push(word);
                let answer = if pass { "yes" } else { "no" };
                let words = format!("{check} attested: {answer}");
                self.tell(at_ms, &actor, EventKind::Smoke, words).wrong = !pass;
                self.attested.push(Attested {
                    at_ms,
                    actor,
                    check,
                    pass,
                    note,
                });
            }
            Record::RollbackOpened {
                rollback_id,
                at_ms,
                opening,
            } => {
                let what = match opening.purpose {
                    Purpose::Rollback => "Rollback",
                    Purpose::Drill => "Drill of a rollback",
                };
                let words = format!("{what} to {}", opening.to.label());
                self.begin(at_ms, &actor, EventKind::Rollback, words, &rollback_id);
                self.rollbacks.push(Rollback::open(rollback_id, *opening, at_ms));
            }
            Record::RollbackEvent {
                rollback_id,
                at_ms,
                event,
            } => self.rollback(at_ms, &actor, &rollback_id, event),
            Record::AnnouncementMade {
                announcement_id,
                announcement,
            } => {
                let words = format!("Text for {} made", announcement.audience.word());
                self.tell(at_ms, &actor, EventKind::Announcement, words);
                self.announced
                    .push((announcement_id, announcement.audience, false));
            }
            Record::AnnouncementPostConcluded { outcome, found, .. } if outcome != PostOutcome::Posted => {
                let what = format!("Text not posted: {found}");
                self.tell(at_ms, &actor, EventKind::Announcement, what.clone())
                    .wrong = true;
                self.fail(at_ms, what, None);
            }
            Record::AnnouncementSent {
                announcement_id,
                place,
                sent_at_ms,
                ..
            } => {
                let words = format!("Text sent to {place}");
                self.tell(sent_at_ms, &actor, EventKind::Announcement, words);
                if let Some(made) = self.announced.iter_mut().find(|(id, ..)| *id == announcement_id) {
                    made.2 = true;
                }
            }
            _ => {}
        }
    }

    fn tell(&mut self, at_ms: i64, actor: &str, kind: EventKind, words: impl Into<String>) -> &mut Event {
        self.events.push(Event {
            at_ms,
            until_ms: None,
            is_open: false,
            of: None,
            actor: actor.to_owned(),
            kind,
            words: words.into(),
            wrong: false,
        });
        let newest = self.events.len() - 1;
        &mut self.events[newest]
    }

    fn fail(&mut self, at_ms: i64, what: String, request: Option<Identified>) {
        self.failures.push(Failure { at_ms, what, request });
    }

    /// Begins a stretch, which [`Self::end`] ends by what it is of.
    fn begin(&mut self, at_ms: i64, actor: &str, kind: EventKind, words: String, of: &str) {
        let event = self.tell(at_ms, actor, kind, words);
        event.is_open = true;
        event.of = Some(of.to_owned());
    }

    /// Ends a stretch, again where more becomes known of it; `words` makes its new words of those that it had.
    fn end(&mut self, of: &str, at_ms: i64, words: impl FnOnce(&str) -> String, wrong: bool) {
        let begun = self
            .events
            .iter_mut()
            .find(|event| event.of.as_deref() == Some(of));
        if let Some(event) = begun {
            event.until_ms = Some(at_ms);
            event.is_open = false;
            event.wrong = wrong;
            event.words = words(&event.words);
        }
    }

    fn conclude(
        &mut self,
        at_ms: i64,
        id: &str,
        outcome: ChangeOutcome,
        requests: &[RequestRef],
        why: Option<String>,
    ) {
        let Some(decision) = self.decisions.iter_mut().find(|decision| decision.id == id) else {
            return;
        };
        decision.outcome = Some(outcome);
        decision.why.clone_from(&why);
        let (to, overridden) = (decision.to, decision.overridden.is_some());
        let found = match outcome {
            ChangeOutcome::Confirmed => "confirmed",
            ChangeOutcome::Refused => "refused",
            ChangeOutcome::NotSent => "not sent",
            ChangeOutcome::Unknown => "outcome unknown",
            ChangeOutcome::Overtaken => "overtaken by somebody else",
            ChangeOutcome::NotApplied => "not applied",
        };
        let by_override = if overridden { ", by override" } else { "" };
        let wrong = outcome != ChangeOutcome::Confirmed;
        // What was unknown and then found out is told as it was found out.
        self.end(
            id,
            at_ms,
            |_| format!("{}: {found}{by_override}", to.label()),
            wrong,
        );
        if wrong {
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            let last = requests.last().map(|request| Identified {
                route: Some(request.route.clone()),
                request_id: request.request_id.clone(),
                support_code: None,
            });
            self.fail(at_ms, format!("Saving {}: {found}{why}", to.label()), last);
        }
    }

    fn smoke(&mut self, at_ms: i64, id: &str, mut finish: SmokeFinish) {
        for step in finish.steps.iter().filter(|step| step.result == StepResult::Fail) {
            let what = format!("{} as {}: {}", step.id, step.account, step.found);
            self.fail(step.at_ms.unwrap_or(at_ms), what, identified(step));
        }
        let Some(checklist) = self.checklists.iter_mut().find(|checklist| checklist.id == id) else {
            return;
        };
        for word in &self.words {
            finish.attest(word);
        }
        checklist.finish = Some(finish);
        let (passed, of) = checklist.passed();
        let is_proof = checklist.is_proof();
        let proven = if is_proof { "proven" } else { "not proven" };
        self.end(
            id,
            at_ms,
            |begun| format!("{begun}: {proven}, {passed} of {of} passed"),
            !is_proof,
        );
    }

    fn rollback(&mut self, at_ms: i64, actor: &str, id: &str, event: rollback::Event) {
        let Some(index) = self.rollbacks.iter().position(|rollback| rollback.id == id) else {
            return;
        };
        match &event {
            rollback::Event::Failed { step, why, .. } => {
                let what = format!("Step {} of the rollback failed: {why}", step.id());
                self.tell(at_ms, actor, EventKind::Rollback, what.clone())
                    .until_ms = Some(at_ms);
                self.fail(at_ms, what, None);
            }
            rollback::Event::GaveUp { why } => {
                self.fail(
                    at_ms,
                    format!("The drill could not put back what it found: {why}"),
                    None,
                );
            }
            rollback::Event::Moved { seen } => {
                let what = format!(
                    "Somebody else moved the phase to {} meanwhile",
                    seen.phase.label()
                );
                self.fail(at_ms, what, None);
            }
            rollback::Event::Settled { answers } => {
                for probe in answers.probes.iter().filter(|probe| probe.said == Said::Failed) {
                    let request = probe.request_id.clone().map(|request_id| Identified {
                        route: Some(probe.route.clone()),
                        request_id,
                        support_code: None,
                    });
                    self.fail(at_ms, format!("{}: {}", probe.words, probe.found), request);
                }
            }
            _ => {}
        }
        let closed = matches!(event, rollback::Event::Closed { .. });
        self.rollbacks[index].apply(at_ms, event);
        if closed {
            let rollback = &self.rollbacks[index];
            let verified = rollback.at_ms(Split::Verified).is_some();
            let (how, wrong) = match &rollback.stopped {
                Some(reason) => (format!("stopped, {reason}"), true),
                None if verified => ("verified".to_owned(), false),
                None => ("not verified".to_owned(), true),
            };
            self.end(id, at_ms, |begun| format!("{begun}: {how}"), wrong);
        }
    }

    /// The moves that were made by override, in order.
    pub fn overrides(&self) -> Vec<Overridden> {
        self.decisions
            .iter()
            .filter_map(|decision| {
                Some(Overridden {
                    at_ms: decision.at_ms,
                    actor: decision.actor.clone(),
                    to: decision.to,
                    reason: decision.overridden.clone()?,
                })
            })
            .collect()
    }

    /// The newest checklist of each phase, in the order of the rollout.
    pub fn newest_checklists(&self) -> Vec<&Checklist> {
        Phase::ALL
            .iter()
            .filter_map(|phase| {
                self.checklists
                    .iter()
                    .rev()
                    .find(|checklist| checklist.phase == *phase)
            })
            .collect()
    }

    /// What somebody still has to see to, a sentence each. Whether the run has ended is for its entry to say.
    pub(super) fn open_points(&self) -> Vec<String> {
        let mut points = Vec::new();
        for decision in &self.decisions {
            if matches!(decision.outcome, None | Some(ChangeOutcome::Unknown)) {
                let to = decision.to.label();
                points.push(format!("It is not known whether {to} was saved."));
            }
        }
        for checklist in self.newest_checklists() {
            let phase = checklist.phase.label();
            match &checklist.finish {
                None => points.push(format!("The smoke checklist of {phase} was cut off.")),
                Some(_) if !checklist.is_proof() => {
                    points.push(format!("The newest smoke checklist does not prove {phase}."));
                }
                Some(_) => {}
            }
        }
        if self.checklists.is_empty() {
            points.push("No smoke checklist was run.".to_owned());
        }
        if self.attached == 0 {
            points.push("No metrics artifact is attached.".to_owned());
        }
        for rollback in &self.rollbacks {
            let what = match rollback.opening.purpose {
                Purpose::Rollback => "rollback",
                Purpose::Drill => "drill",
            };
            if rollback.is_open() {
                points.push(format!(
                    "The {what} to {} is not closed.",
                    rollback.opening.to.label()
                ));
            }
            let passed_over = rollback
                .steps
                .iter()
                .filter(|state| state.progress == Progress::PassedOver);
            for state in passed_over {
                points.push(format!(
                    "Step {} of the {what} was passed over: {}",
                    state.step.id(),
                    state.words
                ));
            }
            if rollback.gave_up.is_some() {
                points.push("The drill did not put back what it found.".to_owned());
            }
            if rollback.review_by_ms.is_some() {
                points.push(format!(
                    "The {what} to {} is to be reviewed.",
                    rollback.opening.to.label()
                ));
            }
        }
        let unsent = self.announced.iter().filter(|(.., sent)| !sent);
        for (_, audience, _) in unsent {
            points.push(format!(
                "Nobody has said that the text for {} was sent.",
                audience.word()
            ));
        }
        points.extend(
            self.left
                .values()
                .map(|words| format!("Left in the portal: {words}")),
        );
        points
    }
}
