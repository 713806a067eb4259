//! The smoke checklist's vocabulary: what a step found, what it may leave behind, and what a run says as a whole.

use crate::{Phase, PhaseState, Role, gate::Override};
use serde::{Deserialize, Serialize};

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepResult {
    /// The portal answered as its contract and the phase say.
    Pass,
    /// It did not.
    Fail,
    /// It was not tried: a step before it failed.
    Blocked,
    /// It was not tried for another reason, which is said.
    Skipped,
    /// A person has seen to it and says yes.
    Attested,
}

impl StepResult {
    /// The word shown and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Attested => "attested",
        }
    }
}

/// Whose fault a failure is, as far as the answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FailureLabel {
    /// The portal itself.
    #[serde(rename = "app")]
    App,
    /// The gate: somebody may do too much, or too little.
    #[serde(rename = "access")]
    Access,
    /// The way to the portal.
    #[serde(rename = "network")]
    Network,
    /// The smoke account.
    #[serde(rename = "identity")]
    Identity,
    /// This desk.
    #[serde(rename = "our side")]
    OurSide,
}

impl FailureLabel {
    /// The word shown and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Access => "access",
            Self::Network => "network",
            Self::Identity => "identity",
            Self::OurSide => "our side",
        }
    }

    /// What such a failure means for the rollout.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::App => {
                "The portal answers wrongly, so people would meet this too: the phase is not proven."
            }
            Self::Access => {
                "Somebody can do what this phase forbids, or cannot do what it opens: the gate is not where the rollout has it."
            }
            Self::Network => {
                "No whole answer came, which says nothing about the portal: run it again before deciding."
            }
            Self::Identity => {
                "The account could not be used, so what it was to prove stays open; the portal may be well."
            }
            Self::OurSide => "The desk could not carry the step out, which says nothing about the portal.",
        }
    }
}

/// The word for steps that a person answers, where other steps have an account.
pub const PERSON: &str = "person";

/// A step of a run, with what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// Its name, unique in the run and the same in every run: `phase2-borrow-return/borrow`.
    pub id: String,
    /// The check it belongs to.
    pub check: String,
    /// As whom: a role's word, `nobody`, `garbage-token`, `adminonly-smoke` or [`PERSON`].
    pub account: String,
    /// The account's uid, where it signed in.
    pub uid: Option<String>,
    /// The route called, wire name; none for a person's step.
    pub route: Option<String>,
    /// What was done, in words.
    pub action: String,
    /// Whether a run is complete without it.
    pub optional: bool,
    /// What came of it.
    pub result: StepResult,
    /// Whose fault a failure is.
    pub label: Option<FailureLabel>,
    /// What was found, or why it was not tried.
    pub found: String,
    /// When it was sent, milliseconds since 1970.
    pub at_ms: Option<i64>,
    /// How long the answer took, milliseconds.
    pub duration_ms: Option<u64>,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The request id that was sent.
    pub request_id: Option<String>,
    /// The id a member would read out: the portal's, or the one sent when no reply came in the envelope.
    pub support_code: Option<String>,
    /// The earlier run that this result is from, when only what had failed was run again.
    pub carried_from: Option<String>,
}

impl StepRecord {
    /// Takes a person's answer to the step's question.
    pub const fn answer(&mut self, pass: bool) {
        if pass {
            self.result = StepResult::Attested;
            self.label = None;
        } else {
            self.result = StepResult::Fail;
            self.label = Some(FailureLabel::App);
        }
    }

    /// Whether a run with this step in it cannot be complete.
    pub const fn hinders(&self) -> bool {
        match self.result {
            StepResult::Pass | StepResult::Attested => false,
            StepResult::Fail | StepResult::Blocked => true,
            StepResult::Skipped => !self.optional,
        }
    }
}

/// How a run began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmokeStart {
    /// The phase it is to prove.
    pub phase: Phase,
    /// The runbook's SHA-256, lower-case hex.
    pub runbook_sha256: String,
    /// The run whose failures it runs again.
    pub only_failed_of: Option<String>,
    /// The overrides that the phase in force rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SmokeFinish {
    /// Whether it was stopped before every step was tried.
    pub cancelled: bool,
    /// Every step. Those for a person are as they stood when the run ended; the newest word counts.
    pub steps: Vec<StepRecord>,
    /// How often the portal's answers told the phase that the run is for, or another.
    pub answers: PhaseAnswers,
    /// The save of the phase in which it ran, as the portal told it.
    pub state: Option<PhaseState>,
    /// From its start to its end, milliseconds.
    pub wall_ms: u64,
    /// The longest chain of requests that had to wait for one another, an account's sign-in before its first, milliseconds.
    pub critical_path_ms: u64,
}

/// How often the portal's answers told a phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseAnswers {
    /// The phase that the run is for.
    pub agreeing: u32,
    /// Another phase: a server instance that does not know yet, or somebody's move.
    pub disagreeing: u32,
}

/// A person's answer to a check's question, for the save of the phase that it was given in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Word {
    /// The check's id.
    pub check: String,
    /// The phase, and when it was saved, by the portal's clock.
    pub phase: (Phase, i64),
    /// The answer.
    pub pass: bool,
}

impl SmokeFinish {
    /// Puts a person's answer in the place of its question, where it is of this run's save of the phase.
    pub fn attest(&mut self, word: &Word) {
        let saved = self
            .state
            .as_ref()
            .map(|state| (state.phase, state.updated_at_ms));
        if saved != Some(word.phase) {
            return;
        }
        let questions = self.steps.iter_mut().filter(|step| step.account == PERSON);
        for question in questions.filter(|step| step.check == word.check) {
            question.answer(word.pass);
        }
    }
}

/// Whether a run proves its phase: nothing hinders it, and every answer told the same phase.
pub fn proves(cancelled: bool, answers: PhaseAnswers, steps: &[StepRecord]) -> bool {
    !cancelled
        && answers.disagreeing == 0
        && steps.iter().any(|step| step.result == StepResult::Pass)
        && !steps.iter().any(StepRecord::hinders)
}

/// Something that a step of a run leaves in the portal, written down before the step is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// The account that leaves it, and can remove it where anybody can.
    pub role: Role,
    /// What it is.
    pub thing: Thing,
}

/// What can be left in a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Thing {
    /// A loan. The same checkout with the same key tells its id; checking it in ends it.
    Loan {
        /// The item lent.
        item_id: String,
        /// The checkout's idempotency key.
        key: String,
    },
    /// The loans of a soak, one after the other. Checking in those of the item that are still out ends them.
    SoakLoans {
        /// The item lent.
        item_id: String,
        /// The ids of the account's loans of it that were out before.
        besides: Vec<String>,
    },
    /// An item of the run's own. Deleting it ends it.
    Item {
        /// The id the desk gave it.
        item_id: String,
    },
    /// A recommendation. No route deletes one; rejected, only staff see it.
    Recommendation {
        /// Its id, once known.
        id: Option<String>,
        /// Its title, by which it is found.
        title: String,
    },
    /// A review. No route deletes one; the next run changes it instead of writing another.
    Review {
        /// The item reviewed.
        item_id: String,
        /// Its id, once known.
        id: Option<String>,
    },
    /// A rating. No route deletes or shows one; the next run gives the same again.
    Rating {
        /// The item rated.
        item_id: String,
    },
    /// A reading status. No route deletes or shows one; the next run gives the same again.
    ReadingStatus {
        /// The item.
        item_id: String,
    },
    /// A tag suggestion. No route withdraws one; the portal refuses the same one again.
    TagSuggestion {
        /// The item.
        item_id: String,
        /// The tag.
        tag: String,
    },
    /// A tag that an approved suggestion became. No route deletes one; the next run merges the same again.
    Tag {
        /// Its name.
        name: String,
    },
    /// A replacement fee. No route deletes one.
    Fee {
        /// The item it is for.
        item_id: String,
    },
}

impl Thing {
    /// Where it stands, for things of which an account has one only, run after run.
    pub fn place(&self) -> Option<String> {
        match self {
            Self::Recommendation { .. } => Some("recommendation".to_owned()),
            Self::Review { item_id, .. } => Some(format!("review/{item_id}")),
            Self::Rating { item_id } => Some(format!("rating/{item_id}")),
            Self::ReadingStatus { item_id } => Some(format!("reading-status/{item_id}")),
            Self::TagSuggestion { item_id, tag } => Some(format!("tag-suggestion/{item_id}/{tag}")),
            Self::Tag { name } => Some(format!("tag/{name}")),
            Self::Loan { .. } | Self::SoakLoans { .. } | Self::Item { .. } | Self::Fee { .. } => None,
        }
    }

    /// What it is, in words, with the ids that are known.
    pub fn words(&self) -> String {
        match self {
            Self::Loan { item_id, .. } => format!("loan of {item_id}"),
            Self::SoakLoans { item_id, .. } => format!("soak's loans of {item_id}"),
            Self::Item { item_id } => format!("item {item_id}"),
            Self::Recommendation { title, .. } => format!("recommendation \u{201c}{title}\u{201d}"),
            Self::Review { item_id, .. } => format!("review of {item_id}"),
            Self::Rating { item_id } => format!("rating of {item_id}"),
            Self::ReadingStatus { item_id } => format!("reading status of {item_id}"),
            Self::TagSuggestion { item_id, tag } => format!("tag suggestion {tag} for {item_id}"),
            Self::Tag { name } => format!("tag {name}"),
            Self::Fee { item_id } => format!("replacement fee for {item_id}"),
        }
    }
}

/// What became of something left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Settled {
    /// It is gone, or never was.
    Removed,
    /// It stays, because no route removes it.
    Kept {
        /// The portal's id for it, where known.
        id: Option<String>,
        /// Why it stays.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(result: StepResult, optional: bool) -> StepRecord {
        StepRecord {
            id: "c/s".into(),
            check: "c".into(),
            account: "member-smoke".into(),
            uid: None,
            route: None,
            action: "Act".into(),
            optional,
            result,
            label: None,
            found: String::new(),
            at_ms: None,
            duration_ms: None,
            status: None,
            request_id: None,
            support_code: None,
            carried_from: None,
        }
    }

    #[test]
    fn only_a_whole_run_with_one_voice_proves_a_phase() {
        use StepResult::{Attested, Blocked, Fail, Pass, Skipped};
        let agreed = PhaseAnswers {
            agreeing: 3,
            disagreeing: 0,
        };
        let whole = vec![step(Pass, false), step(Attested, false), step(Skipped, true)];
        assert!(proves(false, agreed, &whole));
        assert!(!proves(true, agreed, &whole), "stopped");
        let torn = PhaseAnswers {
            disagreeing: 1,
            ..agreed
        };
        assert!(!proves(false, torn, &whole), "an outdated instance");
        assert!(!proves(false, agreed, &[]), "nothing was tried");
        for (result, optional) in [(Fail, true), (Blocked, true), (Skipped, false)] {
            let mut steps = whole.clone();
            steps.push(step(result, optional));
            assert!(!proves(false, agreed, &steps), "{result:?}");
        }
    }

    #[test]
    fn what_an_account_has_once_stands_in_one_place() {
        let review = |id: Option<&str>| Thing::Review {
            item_id: "book".into(),
            id: id.map(str::to_owned),
        };
        assert_eq!(review(None).place(), review(Some("r1")).place());
        let loan = Thing::Loan {
            item_id: "book".into(),
            key: "k".into(),
        };
        assert_eq!(loan.place(), None);
    }
}
