//! Which runbook is in force: the built-in one, one's own kept among the settings, or one given for this call.
//!
//! What is kept is the text, so that a file that is moved or changed later changes nothing.

use crate::{
    desk::Desk,
    error::{Code, Problem},
    problem::store_problem,
    view::{PhaseInfo, RunbookSource, RunbookView},
};
use desk_core::{Phase, Runbook, record::Record, runbook::RunbookError};
use desk_store::Store;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError};

const SETTING: &str = "runbook";

/// A runbook of one's own that was read and is whole.
#[derive(Clone, Debug)]
pub struct OwnRunbook {
    name: String,
    text: String,
    runbook: Runbook,
}

impl OwnRunbook {
    /// Reads a runbook; `name` is what its file is called.
    ///
    /// # Errors
    /// `invalid_input` (field `runbook`) with line, column and what is wrong.
    pub fn read(name: &str, text: String) -> Result<Self, Problem> {
        match Runbook::parse(&text) {
            Ok(runbook) => Ok(Self {
                name: name.to_owned(),
                text,
                runbook,
            }),
            Err(error) => Err(Problem::invalid(
                "runbook",
                format!("{name} is not a runbook. {}", place(&error)),
                "The runbook in force stays. Correct the file and choose it again.",
            )),
        }
    }
}

fn place(error: &RunbookError) -> String {
    format!("Line {}, column {}: {}.", error.line, error.column, error.message)
}

/// What is kept among the settings.
#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
    text: String,
}

/// The runbook in force, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Chosen {
    /// The built-in one where the chosen one cannot be read: for words only, see [`Desk::rules`].
    runbook: Arc<Runbook>,
    source: RunbookSource,
    name: Option<String>,
    sha256: String,
    /// Its text, to the letter.
    text: Arc<str>,
    /// Why the chosen one is not in force.
    problem: Option<Problem>,
}

impl Chosen {
    fn builtin() -> Self {
        let text = Runbook::builtin_text();
        Self::of(Runbook::builtin().clone(), text, RunbookSource::Builtin, None)
    }

    /// The one given for this call.
    pub(crate) fn given(own: OwnRunbook) -> Self {
        Self::of(own.runbook, &own.text, RunbookSource::Given, Some(own.name))
    }

    fn of(runbook: Runbook, text: &str, source: RunbookSource, name: Option<String>) -> Self {
        Self {
            text: text.into(),
            sha256: runbook.sha256().to_owned(),
            runbook: Arc::new(runbook),
            source,
            name,
            problem: None,
        }
    }

    /// The one kept among the settings, else the built-in one.
    pub(crate) async fn kept(store: &Store) -> Result<Self, Problem> {
        let kept = store.setting(SETTING).await;
        Ok(match kept.map_err(|error| store_problem(&error))? {
            None => Self::builtin(),
            Some(kept) => Self::from_setting(&kept),
        })
    }

    fn from_setting(setting: &str) -> Self {
        let unreadable = |name: Option<String>, text: &str, why: String| Self {
            source: RunbookSource::Own,
            name,
            sha256: hex::encode(Sha256::digest(text.as_bytes())),
            text: text.into(),
            problem: Some(unreadable(why)),
            ..Self::builtin()
        };
        match serde_json::from_str::<Kept>(setting) {
            Err(error) => unreadable(None, setting, error.to_string()),
            Ok(Kept { name, text }) => match Runbook::parse(&text) {
                Ok(runbook) => Self::of(runbook, &text, RunbookSource::Own, Some(name)),
                Err(error) => unreadable(Some(name), &text, place(&error)),
            },
        }
    }
}

/// The gates of another runbook must not stand in silently for those that somebody chose.
fn unreadable(why: String) -> Problem {
    Problem::new(
        Code::GateNotGo,
        "The runbook that was chosen cannot be read by this version of the desk.",
        "No check and no gate counts, and the phase cannot be moved forward. Going back is possible; what the phases are called comes from the built-in runbook.",
        "Choose a runbook under Settings, Runbook: the file once more, corrected, or the built-in one.",
    )
    .about("runbook")
    .detailed(why)
}

impl Desk {
    fn chosen(&self) -> Chosen {
        // One assignment replaces it, so that a panic elsewhere cannot leave it half-written.
        self.inner
            .runbook
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn put_in_force(&self, chosen: Chosen) {
        *self.inner.runbook.lock().unwrap_or_else(PoisonError::into_inner) = chosen;
        self.touch();
    }

    /// The runbook whose words people read.
    pub(crate) fn runbook(&self) -> Arc<Runbook> {
        self.chosen().runbook
    }

    /// The text of the runbook with this hash, to the letter: the one in force or the built-in one. None for another, which
    /// is not kept.
    pub(crate) fn runbook_text(&self, sha256: &str) -> Option<Arc<str>> {
        let chosen = self.chosen();
        if chosen.sha256 == sha256 {
            return Some(chosen.text);
        }
        (Runbook::builtin().sha256() == sha256).then(|| Runbook::builtin_text().into())
    }

    /// The runbook whose checks and gates count.
    ///
    /// # Errors
    /// `gate_not_go` (field `runbook`) where the chosen one cannot be read: then none counts.
    pub(crate) fn rules(&self) -> Result<Arc<Runbook>, Problem> {
        let chosen = self.chosen();
        chosen.problem.map_or(Ok(chosen.runbook), Err)
    }

    /// Which runbook is in force.
    pub fn runbook_view(&self) -> RunbookView {
        let chosen = self.chosen();
        RunbookView {
            source: chosen.source,
            name: chosen.name,
            sha256: chosen.sha256,
            problem: chosen.problem,
        }
    }

    /// What a phase means.
    pub fn phase_info(&self, phase: Phase) -> PhaseInfo {
        self.runbook().phase(phase).into()
    }

    /// A phase as it is called: `Phase 2 · Member writes`.
    pub fn phase_words(&self, phase: Phase) -> String {
        let runbook = self.runbook();
        let text = runbook.phase(phase);
        format!("{} · {}", text.label, text.title)
    }

    /// Puts a runbook of one's own in force, from here on and in every environment; `name` is what its file is called.
    ///
    /// # Errors
    /// `invalid_input` (field `runbook`) with line, column and what is wrong, or while one was given for this call; `store_*`.
    /// Whatever the error, the runbook in force stays.
    pub async fn set_runbook(&self, name: &str, text: String) -> Result<(), Problem> {
        let own = OwnRunbook::read(name.trim(), text)?;
        let chosen = Chosen::of(own.runbook, &own.text, RunbookSource::Own, Some(own.name.clone()));
        let kept = Kept {
            name: own.name,
            text: own.text,
        };
        let kept = serde_json::to_string(&kept).map_err(|error| crate::problem::internal_problem(&error))?;
        self.choose(chosen, Some(&kept)).await
    }

    /// Puts the built-in runbook in force again.
    ///
    /// # Errors
    /// `invalid_input` (field `runbook`) while one was given for this call; `store_*`.
    pub async fn use_builtin_runbook(&self) -> Result<(), Problem> {
        self.choose(Chosen::builtin(), None).await
    }

    async fn choose(&self, chosen: Chosen, setting: Option<&str>) -> Result<(), Problem> {
        if self.chosen().source == RunbookSource::Given {
            return Err(Problem::invalid(
                "runbook",
                "The runbook was given with --runbook for as long as this desk is open.",
                "Start the desk without it to choose another.",
            ));
        }
        let record = Record::RunbookSet {
            sha256: chosen.sha256.clone(),
            name: chosen.name.clone(),
        };
        let actor = self.acting(&self.environment()).await;
        // The journal first: should the setting fail, nothing is in force that was not recorded.
        self.record(None, None, &actor, record).await?;
        let stored = self.inner.store.set_setting(SETTING, setting).await;
        stored.map_err(|error| store_problem(&error))?;
        self.put_in_force(chosen);
        self.judge_anew().await;
        Ok(())
    }

    /// Takes over what another desk on the same data directory has chosen.
    pub(crate) async fn follow_runbook(&self) {
        let present = self.chosen();
        if present.source == RunbookSource::Given {
            return;
        }
        match Chosen::kept(&self.inner.store).await {
            Ok(kept) if kept.sha256 != present.sha256 => {
                self.put_in_force(kept);
                self.judge_anew().await;
            }
            Ok(_) => {}
            Err(problem) => tracing::warn!(code = ?problem.code, "the chosen runbook could not be read"),
        }
    }
}
