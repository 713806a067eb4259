//! The rollback and its drill: what was decided, what has happened since, and what comes next.
//!
//! A [`Rollback`] is folded from its journal entries, so that it is the same after a restart, in another window, and years
//! later. Times are milliseconds since 1970 by the desk's clock unless they say otherwise.

mod note;
mod timing;

pub use note::{INCIDENT_LIMIT, note};
use timing::taken_ms;
pub use timing::{Mark, Split, within};

use crate::{Phase, PhaseState};
use serde::{Deserialize, Serialize};

/// How long the runbook allows, from the decision to the proof: 15 minutes.
pub const BUDGET_MS: u64 = 15 * 60_000;
/// How soon after its end a rollback is to be reviewed.
pub const REVIEW_WITHIN_MS: i64 = 24 * 60 * 60_000;

/// For real, or as its rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The phase stays where it is rolled back to.
    Rollback,
    /// The phase and the note that were found are put back.
    Drill,
}

/// Why a rollback is made, as the runbook names the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A gate's threshold was breached.
    GateBreach,
    /// Errors come again and again.
    RuntimeErrors,
    /// Staff cannot do their work.
    AdminFailure,
    /// Anything else.
    Other,
}

impl Trigger {
    /// Every trigger, in the runbook's order.
    pub const ALL: [Self; 4] = [
        Self::GateBreach,
        Self::RuntimeErrors,
        Self::AdminFailure,
        Self::Other,
    ];

    /// In the runbook's words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::GateBreach => "gate breach",
            Self::RuntimeErrors => "repeated runtime errors",
            Self::AdminFailure => "blocking admin failure",
            Self::Other => "other",
        }
    }
}

/// A step of the procedure. All but the drill's own are the runbook's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The trigger is confirmed by the release owner.
    Trigger,
    /// The drill's own, from phase 1: a phase to roll back from is set.
    Promote,
    /// The phase is set.
    SetPhase,
    /// The note that went with it is read back.
    Note,
    /// The metrics are captured and attached.
    Snapshot,
    /// The portal is seen to behave so.
    Verify,
    /// The drill's own: what was found is put back.
    Restore,
    /// Staff are told.
    Announce,
    /// Start, end and duration are recorded.
    Record,
}

impl Step {
    /// Its name in the runbook and in records.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Trigger => "trigger",
            Self::Promote => "promote",
            Self::SetPhase => "set-phase",
            Self::Note => "note",
            Self::Snapshot => "snapshot",
            Self::Verify => "verify",
            Self::Restore => "restore",
            Self::Announce => "announce",
            Self::Record => "record",
        }
    }

    /// The step with this name.
    pub fn from_id(id: &str) -> Option<Self> {
        [
            Self::Trigger,
            Self::Promote,
            Self::SetPhase,
            Self::Note,
            Self::Snapshot,
            Self::Verify,
            Self::Restore,
            Self::Announce,
            Self::Record,
        ]
        .into_iter()
        .find(|step| step.id() == id)
    }

    /// Whether it sets a phase.
    pub const fn sets(self) -> bool {
        matches!(self, Self::Promote | Self::SetPhase | Self::Restore)
    }
}

/// When the proof is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// Every probe has agreed once; other servers of the portal may still differ.
    Verified,
    /// Every probe has agreed for longer than the portal's servers cache the phase.
    Settled,
}

/// What was decided when it was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    /// For real, or as a drill.
    pub purpose: Purpose,
    /// What the portal was known to say before; none where that was not known.
    pub from: Option<PhaseState>,
    /// The phase to roll back to.
    pub to: Phase,
    /// Why; none for a drill.
    pub trigger: Option<Trigger>,
    /// Why, in words.
    pub reason: String,
    /// The release owner who confirmed it; empty for a drill.
    pub confirmed_by: String,
    /// The incident it answers to.
    pub incident_id: Option<String>,
    /// The note to be saved with the phase.
    pub note: String,
    /// When the proof is enough.
    pub until: Until,
    /// A drill from phase 1 sets this phase first.
    pub promote_to: Option<Phase>,
    /// Whether what was found is put back at the end.
    pub restore: bool,
    /// Whether a title is borrowed and returned for real where the phase allows it.
    pub borrow: bool,
    /// How long it may take, milliseconds.
    pub budget_ms: u64,
    /// How long a server of the portal caches the phase, milliseconds.
    pub phase_cache_ms: u64,
    /// The runbook's SHA-256.
    pub runbook_sha256: String,
}

/// What happened to an open rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A step is about to be done.
    Started {
        /// Which.
        step: Step,
    },
    /// It was done.
    Done {
        /// Which.
        step: Step,
        /// What was found, in words.
        found: String,
    },
    /// It could not be done; a person decides what next.
    Failed {
        /// Which.
        step: Step,
        /// The error's code.
        code: String,
        /// Why, in words.
        why: String,
    },
    /// A person tries it again.
    Again {
        /// Which.
        step: Step,
    },
    /// A person goes on without it.
    PassedOver {
        /// Which.
        step: Step,
        /// Why, in their words.
        reason: String,
    },
    /// A phase is about to be sent.
    Sending {
        /// The step that sends it.
        step: Step,
        /// The phase change's id; the same for every attempt of a step.
        change_id: String,
        /// As whom.
        account: String,
        /// From 1.
        attempt: u32,
    },
    /// The portal has acknowledged it, or was found to have done it.
    Acknowledged {
        /// The step that sent it.
        step: Step,
        /// What the portal says since.
        state: PhaseState,
        /// The id of the request that told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// The portal surely did not take it: it refused, or was never reached.
    NotTaken {
        /// The step that sent it.
        step: Step,
    },
    /// The note names another operator than it did when it was opened: who sends it is known only now.
    NoteMade {
        /// The note.
        note: String,
    },
    /// A title was borrowed and returned for real.
    Borrowed,
    /// What the probes have answered, where that is no proof.
    Answered {
        /// The probes.
        answers: Answers,
    },
    /// Every probe has agreed for the first time.
    Verified {
        /// The probes.
        answers: Answers,
    },
    /// Every probe has agreed for longer than the phase is cached.
    Settled {
        /// The probes.
        answers: Answers,
    },
    /// Every probe has agreed that what was found is back.
    Restored {
        /// What the portal says.
        state: PhaseState,
        /// The probes.
        answers: Answers,
    },
    /// Somebody else was found to have changed the phase; a person decides whether to go on.
    Moved {
        /// To what.
        seen: PhaseState,
    },
    /// A person goes on with the rollback all the same: the phase is set once more.
    WentOn,
    /// What the portal says before anything is sent, where it was not known when it was opened.
    Found {
        /// What.
        state: PhaseState,
    },
    /// Another account is used to set the phase.
    AccountChosen {
        /// Whose.
        account: String,
    },
    /// The clock was found to have been set.
    ClockJumped {
        /// By how much, milliseconds; negative is back.
        by_ms: i64,
    },
    /// A person ends it before it is through, or a drill goes no further.
    Stopped {
        /// Why, in words.
        reason: String,
    },
    /// A drill could not put back what it found in time.
    GaveUp {
        /// Why, in words.
        why: String,
    },
    /// It is over.
    Closed {
        /// Until when it is to be reviewed; none for a drill.
        review_by_ms: Option<i64>,
    },
    /// It was reviewed.
    Reviewed {
        /// By whom.
        by: String,
        /// What came of it, in words.
        words: String,
    },
}

/// What probes have answered since the phase was acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answers {
    /// Answers that agreed.
    pub agreeing: u32,
    /// Answers that were of the phase before: servers that do not know of the change yet.
    pub outdated: u32,
    /// Requests without an answer that says anything.
    pub failed: u32,
    /// The newest answer of each probe.
    pub probes: Vec<ProbeRecord>,
}

/// The newest answer of a probe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProbeRecord {
    /// As whom.
    pub account: String,
    /// The route.
    pub route: String,
    /// What must be, in words.
    pub words: String,
    /// Whether it was.
    pub said: Said,
    /// What came, in words.
    pub found: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The id to quote.
    pub request_id: Option<String>,
    /// When it was sent.
    pub at_ms: Option<i64>,
    /// How long it took, milliseconds.
    pub duration_ms: Option<u64>,
}

/// What an answer says about the phase asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The portal behaves so.
    Agrees,
    /// It behaves as before: the server that answered does not know of the change yet.
    Outdated,
    /// It does something else, or nothing.
    Failed,
    /// Nobody is signed in to ask.
    Skipped,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Not begun.
    Waiting,
    /// Begun.
    Running,
    /// Done.
    Done,
    /// It could not be done.
    Failed,
    /// A person went on without it.
    PassedOver,
}

/// A step, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepState {
    /// Which.
    pub step: Step,
    /// How far.
    pub progress: Progress,
    /// What was found, or why not, in words.
    pub words: String,
    /// The error's code, where it failed.
    pub code: Option<String>,
    /// When it first began.
    pub started_at_ms: Option<i64>,
    /// When it ended.
    pub ended_at_ms: Option<i64>,
}

impl StepState {
    /// Whether nothing more is to be done for it.
    pub const fn is_over(&self) -> bool {
        matches!(self.progress, Progress::Done | Progress::PassedOver)
    }
}

/// A phase that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Save {
    /// The step that sent it.
    pub step: Step,
    /// The phase change's id.
    pub change_id: String,
    /// As whom it was sent last.
    pub account: String,
    /// How often it was sent.
    pub attempts: u32,
    /// When it was first sent.
    pub sent_at_ms: i64,
    /// When it was last sent.
    pub last_sent_at_ms: i64,
    /// Whether the portal surely did not take it.
    pub not_taken: bool,
    /// When the portal acknowledged it, and what it said.
    pub acknowledged: Option<(i64, PhaseState)>,
    /// The id of the request that told.
    #[serde(default)]
    pub request_id: Option<String>,
}

/// A review, once it was held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// When it was written down.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
    /// What came of it, in words.
    pub words: String,
}

/// A rollback or a drill, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// Its id, a `UUIDv7`.
    pub id: String,
    /// What was decided.
    pub opening: Opening,
    /// When: where the clock starts.
    pub opened_at_ms: i64,
    /// Its steps, in order.
    pub steps: Vec<StepState>,
    /// What the portal said before the next save, as far as is known.
    pub before: Option<PhaseState>,
    /// What was sent.
    pub saves: Vec<Save>,
    /// The account that sets the phase, where a person chose another than the operator's.
    pub account: Option<String>,
    /// Whether a title was borrowed and returned for real.
    pub borrowed: bool,
    /// The splits that were reached, in the order in which they were.
    pub marks: Vec<Mark>,
    /// The probes, as of the last proof.
    pub answers: Answers,
    /// What somebody else made of the phase meanwhile, until a person has decided.
    pub moved: Option<PhaseState>,
    /// What somebody else made of the phase, where it was stopped because of that: theirs stands.
    pub overtaken: Option<PhaseState>,
    /// How much the clock was set since it was opened, milliseconds.
    pub jumped_ms: i64,
    /// Why it was ended before it was through.
    pub stopped: Option<String>,
    /// Why a drill could not put back what it found.
    pub gave_up: Option<String>,
    /// Until when it is to be reviewed.
    pub review_by_ms: Option<i64>,
    /// The note, where it is another than at the opening; see [`Self::note`].
    #[serde(default)]
    pub note_made: Option<String>,
    /// Its review, once it was held.
    #[serde(default)]
    pub review: Option<Review>,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// This step, by the desk.
    Do(Step),
    /// A person decides about this step: try again, or go on without it.
    Decide(Step),
    /// A person decides whether to go on although somebody else moved the phase.
    Moved,
    /// A person announces it, or says why not.
    Announce,
    /// Nothing: it is closed.
    Over,
}

impl Rollback {
    /// One that was just opened.
    pub fn open(id: String, opening: Opening, at_ms: i64) -> Self {
        let steps = steps_of(&opening)
            .into_iter()
            .map(|step| StepState {
                step,
                progress: Progress::Waiting,
                words: String::new(),
                code: None,
                started_at_ms: None,
                ended_at_ms: None,
            })
            .collect();
        Self {
            id,
            before: opening.from.clone(),
            opening,
            opened_at_ms: at_ms,
            steps,
            saves: Vec::new(),
            account: None,
            borrowed: false,
            marks: vec![Mark {
                split: Split::Opened,
                at_ms,
                taken_ms: 0,
            }],
            answers: Answers::default(),
            moved: None,
            overtaken: None,
            jumped_ms: 0,
            stopped: None,
            gave_up: None,
            review_by_ms: None,
            note_made: None,
            review: None,
        }
    }

    /// Takes in what happened.
    pub fn apply(&mut self, at_ms: i64, event: Event) {
        match event {
            Event::Started { step } => self.set(step, |state| {
                state.progress = Progress::Running;
                state.started_at_ms.get_or_insert(at_ms);
            }),
            Event::Done { step, found } => self.end(step, at_ms, Progress::Done, found, None),
            Event::Failed { step, code, why } => self.end(step, at_ms, Progress::Failed, why, Some(code)),
            Event::Again { step } => {
                self.anew(step);
                if step == Step::Restore {
                    self.gave_up = None;
                }
            }
            Event::PassedOver { step, reason } => {
                self.end(step, at_ms, Progress::PassedOver, reason, None);
            }
            Event::Sending {
                step,
                change_id,
                account,
                attempt,
            } => self.sending(step, change_id, account, attempt, at_ms),
            Event::Acknowledged {
                step,
                state,
                request_id,
            } => {
                if let Some(save) = self.saves.iter_mut().rev().find(|save| save.step == step) {
                    save.acknowledged.get_or_insert((at_ms, state));
                    save.request_id = save.request_id.take().or(request_id);
                }
                if step == Step::SetPhase {
                    self.mark(Split::Acknowledged, at_ms);
                }
            }
            Event::NotTaken { step } => {
                if let Some(save) = self.saves.iter_mut().rev().find(|save| save.step == step) {
                    save.not_taken = true;
                }
            }
            Event::NoteMade { note } => self.note_made = Some(note),
            Event::Borrowed => self.borrowed = true,
            Event::Answered { answers } => self.answers = answers,
            Event::Verified { answers } => {
                self.mark(Split::Verified, at_ms);
                self.answers = answers;
            }
            Event::Settled { answers } => {
                self.mark(Split::Settled, at_ms);
                self.answers = answers;
            }
            Event::Restored { .. } => self.mark(Split::Restored, at_ms),
            Event::Moved { seen } => self.moved = Some(seen),
            Event::WentOn => self.go_on(),
            Event::Found { state } => self.before = Some(state),
            Event::AccountChosen { account } => self.account = Some(account),
            Event::ClockJumped { by_ms } => self.jumped_ms = self.jumped_ms.saturating_add(by_ms),
            Event::Stopped { reason } => {
                self.overtaken = self.moved.take().or(self.overtaken.take());
                self.stopped.get_or_insert(reason);
            }
            Event::GaveUp { why } => self.gave_up = Some(why),
            Event::Closed { review_by_ms } => {
                self.mark(Split::Closed, at_ms);
                self.review_by_ms = review_by_ms;
            }
            Event::Reviewed { by, words } => self.review = Some(Review { at_ms, by, words }),
        }
    }

    /// What is to be done next.
    ///
    /// The steps come in order, but for two: the announcement waits for a person while the portal settles, and a snapshot
    /// that failed keeps nobody from the proof.
    pub fn next(&self) -> Next {
        if !self.is_open() {
            return Next::Over;
        }
        if self.moved.is_some() {
            return Next::Moved;
        }
        let mut waits_for_person = None;
        for state in self.steps.iter().filter(|state| !state.is_over()) {
            // What was stopped goes no further, but a drill still puts back what it found.
            let skipped = self.stopped.is_some() && !matches!(state.step, Step::Restore | Step::Record);
            if skipped || (state.step == Step::Restore && !self.has_to_restore()) {
                continue;
            }
            match (state.step, state.progress) {
                (Step::Announce, _) => {
                    waits_for_person.get_or_insert(Next::Announce);
                }
                (step, Progress::Failed) => {
                    waits_for_person.get_or_insert(Next::Decide(step));
                    if step.sets() {
                        break;
                    }
                }
                (Step::Record, _) if waits_for_person.is_some() => break,
                (step, _) => return Next::Do(step),
            }
        }
        waits_for_person.unwrap_or(Next::Do(Step::Record))
    }

    /// Whether a drill has changed something that is to be put back and is not yet. What somebody else made of the phase
    /// meanwhile stands.
    pub fn has_to_restore(&self) -> bool {
        self.opening.restore
            && self.overtaken.is_none()
            && self.at_ms(Split::Restored).is_none()
            && self
                .saves
                .iter()
                .any(|save| save.step != Step::Restore && !save.not_taken)
    }

    /// A step, as far as it has come; none where the procedure has no such step.
    pub fn step(&self, step: Step) -> Option<&StepState> {
        self.steps.iter().find(|state| state.step == step)
    }

    /// What a step has sent.
    pub fn save_of(&self, step: Step) -> Option<&Save> {
        self.saves.iter().rev().find(|save| save.step == step)
    }

    /// What the portal acknowledged of the rollback itself: when, and what it said.
    pub fn acknowledged(&self) -> Option<&(i64, PhaseState)> {
        self.save_of(Step::SetPhase)?.acknowledged.as_ref()
    }

    /// What a step has sent and the portal has neither acknowledged nor surely not taken.
    pub fn outstanding(&self, step: Step) -> Option<&Save> {
        self.save_of(step)
            .filter(|save| save.acknowledged.is_none() && !save.not_taken)
    }

    /// The phase and the note that a step sends; none for a step that sends none.
    pub fn to_send(&self, step: Step) -> Option<(Phase, Option<&str>)> {
        match step {
            Step::Promote => Some((self.opening.promote_to?, Some(self.note()))),
            Step::SetPhase => Some((self.opening.to, Some(self.note()))),
            Step::Restore => {
                let found = self.opening.from.as_ref()?;
                Some((found.phase, found.note.as_deref()))
            }
            _ => None,
        }
    }

    /// The note that goes with the phase.
    pub fn note(&self) -> &str {
        self.note_made.as_deref().unwrap_or(&self.opening.note)
    }

    /// Whether it is not closed yet.
    pub fn is_open(&self) -> bool {
        self.at_ms(Split::Closed).is_none()
    }

    /// When a split was reached; none while it was not.
    pub fn at_ms(&self, split: Split) -> Option<i64> {
        self.marked(split).map(|mark| mark.at_ms)
    }

    /// A split that was reached.
    pub fn marked(&self, split: Split) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.split == split)
    }

    /// How long it has taken until `at_ms`, milliseconds, however the clock was set meanwhile.
    pub fn taken_ms(&self, at_ms: i64) -> u64 {
        taken_ms(self.opened_at_ms, at_ms, self.jumped_ms)
    }

    /// Whether a split came within the target; none while it has not come.
    pub fn within_target(&self, split: Split) -> Option<bool> {
        let mark = self.marked(split)?;
        Some(within(mark.taken_ms, self.opening.budget_ms))
    }

    /// The first time counts.
    fn mark(&mut self, split: Split, at_ms: i64) {
        if self.marked(split).is_none() {
            let taken_ms = self.taken_ms(at_ms);
            self.marks.push(Mark {
                split,
                at_ms,
                taken_ms,
            });
        }
    }

    /// What somebody else saved is what the next save comes after.
    fn go_on(&mut self) {
        if let Some(moved) = self.moved.take() {
            self.before = Some(moved);
        }
        for step in [Step::SetPhase, Step::Note, Step::Verify] {
            self.anew(step);
        }
    }

    fn anew(&mut self, step: Step) {
        self.set(step, |state| {
            state.progress = Progress::Waiting;
            state.words.clear();
            state.code = None;
            state.started_at_ms = None;
            state.ended_at_ms = None;
        });
    }

    fn set(&mut self, step: Step, change: impl FnOnce(&mut StepState)) {
        if let Some(state) = self.steps.iter_mut().find(|state| state.step == step) {
            change(state);
        }
    }

    fn end(&mut self, step: Step, at_ms: i64, progress: Progress, words: String, code: Option<String>) {
        self.set(step, |state| {
            state.progress = progress;
            state.words = words;
            state.code = code;
            state.ended_at_ms = Some(at_ms);
        });
        if step == Step::Announce && matches!(progress, Progress::Done | Progress::PassedOver) {
            self.mark(Split::Announced, at_ms);
        }
    }

    fn sending(&mut self, step: Step, change_id: String, account: String, attempt: u32, at_ms: i64) {
        if step == Step::SetPhase {
            self.mark(Split::Sent, at_ms);
        }
        match self.saves.iter_mut().find(|save| save.change_id == change_id) {
            Some(save) => {
                save.account = account;
                save.attempts = attempt;
                save.last_sent_at_ms = at_ms;
                save.not_taken = false;
            }
            None => self.saves.push(Save {
                step,
                change_id,
                account,
                attempts: attempt,
                sent_at_ms: at_ms,
                last_sent_at_ms: at_ms,
                not_taken: false,
                acknowledged: None,
                request_id: None,
            }),
        }
    }
}

fn steps_of(opening: &Opening) -> Vec<Step> {
    match opening.purpose {
        Purpose::Rollback => vec![
            Step::Trigger,
            Step::SetPhase,
            Step::Note,
            Step::Snapshot,
            Step::Verify,
            Step::Announce,
            Step::Record,
        ],
        Purpose::Drill => {
            let mut steps = Vec::new();
            steps.extend(opening.promote_to.map(|_| Step::Promote));
            steps.extend([Step::SetPhase, Step::Note, Step::Snapshot, Step::Verify]);
            steps.extend(opening.restore.then_some(Step::Restore));
            steps.push(Step::Record);
            steps
        }
    }
}

/// The phase that a rollback from `phase` goes to, unless told otherwise: one back. None in phase 1.
pub fn one_back(phase: Phase) -> Option<Phase> {
    Phase::ALL.into_iter().rev().find(|other| *other < phase)
}

#[cfg(test)]
mod tests;
