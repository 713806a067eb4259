//! "Rehearse now": a person is walked through the runbook on the practice portal and does each step with the desk's own
//! controls. The desk says what is to be done now, and sees for itself when it is done.

use crate::{
    convert::run_view,
    desk::Desk,
    error::{Code, Problem},
    journal::record_of,
    metrics::view::{AdvanceAction, AdvanceItem, AdvanceState, AdvanceView},
    problem::{internal_problem, store_problem},
    run::{already_open, owner_named},
    smoke::questions,
    view::RunView,
};
use desk_core::{
    EnvironmentKind, Phase,
    rehearsal::{Act, Present, Progress, Proof, Step, Walk},
};
use desk_practice::Practice;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Which run is a rehearsal being walked through: a choice of this desk, not an act.
const SETTING: &str = "rehearsal";

/// What is kept there, as JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    /// The run's id.
    run: String,
    /// The stretches of it in which the gates have said `GO`: a verdict is judged when it is looked at, and stands in no entry.
    measured: Vec<usize>,
}

/// A rehearsal that a person is walked through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalView {
    /// Its run.
    pub run: RunView,
    /// Every step: what was done, what is to be done now, what comes after.
    pub steps: Vec<RehearsalStep>,
    /// The place of the step that is to be done now; none once it is finished.
    pub now: Option<u32>,
    /// What speaks against going on, in words: a gate's `NO-GO`, or a failed checklist. The runbook's answer is a rollback.
    pub breach: Option<String>,
    /// What whoever leads it can switch on.
    pub surprises: Vec<SurpriseView>,
}

/// A step of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalStep {
    /// What is done.
    pub act: RehearsalAct,
    /// The phase it is about, wire name.
    pub phase: Option<String>,
    /// What is done, in words.
    pub title: String,
    /// How.
    pub how: String,
    /// How it stands, where the desk has judged it.
    pub found: Option<String>,
    /// How far it has come.
    pub progress: RehearsalProgress,
}

/// What is done in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RehearsalAct {
    /// The phase is set.
    SetPhase,
    /// The smoke checklist is run.
    Checklist,
    /// Its questions are answered.
    Questions,
    /// The phase is measured.
    Gates,
    /// The snapshot is attached.
    Attach,
    /// The staff are told.
    TellStaff,
    /// The members are told.
    TellMembers,
    /// The phase is rolled back.
    RollBack,
    /// The run is ended.
    EndRun,
    /// The lessons are written down.
    Lessons,
    /// The evidence is sealed.
    Export,
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RehearsalProgress {
    /// Done.
    Done,
    /// It was gone on without it.
    PassedOver,
    /// To be done now.
    Now,
    /// It comes after.
    Later,
}

/// Something that goes wrong on demand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SurpriseView {
    /// Which.
    pub surprise: Surprise,
    /// What it is, in words.
    pub title: String,
    /// What it does.
    pub does: String,
    /// Whether it is on.
    pub on: bool,
}

/// Something that goes wrong on demand, for whoever leads a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Surprise {
    /// Requests that the gates of the phase count begin to fail.
    GateBreach,
    /// One server of the portal keeps the phase it has.
    OutdatedInstance,
}

impl Surprise {
    const ALL: [Self; 2] = [Self::GateBreach, Self::OutdatedInstance];

    const fn title(self) -> &'static str {
        match self {
            Self::GateBreach => "A gate breach",
            Self::OutdatedInstance => "An outdated instance",
        }
    }

    /// What it does where it is switched on now, or what it does since it was.
    fn does(self, phase: Option<Phase>, faults: &[String]) -> String {
        match self {
            Self::GateBreach => {
                let on = self.faults().iter().position(|fault| is_among(fault, faults));
                let ready = usize::from(phase.map_or(1, Phase::number)).saturating_sub(1);
                let what = ["browsing", "borrowing", "adding titles"].get(on.unwrap_or(ready));
                let what = what.copied().unwrap_or("browsing");
                match on {
                    Some(_) => format!("Half of the requests for {what} fail, in every phase, until it is switched off."),
                    None => format!("Half of the requests for {what} fail, which the gates of the phase in force look at."),
                }
            }
            Self::OutdatedInstance => {
                "One server of the portal keeps the phase it has and never notices a change. While it is on, nothing settles."
                    .to_owned()
            }
        }
    }

    /// The faults that it is made of, as the command line spells them.
    const fn faults(self) -> &'static [&'static str] {
        match self {
            Self::GateBreach => &[
                "error-500=50%@library.items.list",
                "error-500=50%@library.loans.checkout",
                "error-500=50%@library.items.create",
            ],
            Self::OutdatedInstance => &["outdated-instance=1"],
        }
    }

    /// Those that are switched on in a phase; a breach must not make an earlier phase fail that it is rolled back to.
    fn faults_in(self, phase: Option<Phase>) -> &'static [&'static str] {
        let all = self.faults();
        match self {
            Self::GateBreach => {
                let index = usize::from(phase.map_or(1, Phase::number)).saturating_sub(1);
                all.get(index..=index).unwrap_or(all)
            }
            Self::OutdatedInstance => all,
        }
    }

    fn is_on(self, faults: &[String]) -> bool {
        self.faults().iter().any(|fault| is_among(fault, faults))
    }
}

fn is_among(fault: &str, faults: &[String]) -> bool {
    faults.iter().any(|each| each == fault)
}

/// How a rehearsal begins.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalRequest {
    /// The release owner; the operator where it is empty.
    pub owner: String,
    /// Whether the practice portal is put back to its first state before.
    pub fresh: bool,
    /// The id of the open run that it ends; none where none was open when it was decided.
    pub ends: Option<String>,
}

/// As far as a rehearsal's journal was read.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    run_id: String,
    seq: i64,
    walk: Walk,
}

impl Desk {
    /// Begins a rehearsal that a person is walked through: a run of its own on the practice portal.
    ///
    /// # Errors
    /// `invalid_input` (field `env`) anywhere but in practice, or (field `owner`); `busy` while a rollback or a drill is under
    /// way; `refused` where another run is open than the one that it is to end; `store_*`.
    pub async fn begin_rehearsal(&self, request: &RehearsalRequest) -> Result<RunView, Problem> {
        if !self.environment().is_practice() {
            return Err(Problem::invalid(
                "env",
                "A rehearsal with surprises runs on the practice portal only.",
                "Switch to practice first; in a real portal each page does its part.",
            ));
        }
        owner_named(&request.owner)?;
        if self.live().as_ref().is_some_and(|live| live.state.is_open()) {
            return Err(Problem::new(
                Code::Busy,
                "A rollback or a drill is under way here.",
                "It goes on; no rehearsal was begun.",
                "Finish it, or stop it, then begin.",
            ));
        }
        let open = self.open_run().await?;
        if let Some(open) = &open
            && request.ends.as_ref() != Some(&open.id)
        {
            return Err(already_open(open));
        }
        // What can fail comes first, so that no run is ended for nothing.
        if request.fresh {
            self.reset_practice().await?;
        }
        if open.is_some() {
            self.end_run().await?;
        }
        let run = self.start_run(&request.owner).await?;
        let faults = self.faults().await;
        if !faults.is_empty() {
            // Said on the new run too; and the first state has no surprises.
            let surprises = Surprise::ALL.map(Surprise::faults).concat();
            let mut kept = faults;
            kept.retain(|fault| !request.fresh || !surprises.contains(&fault.as_str()));
            self.set_faults(&kept).await?;
        }
        let kept = Kept {
            run: run.id.clone(),
            measured: Vec::new(),
        };
        self.keep_rehearsal(Some(&kept)).await?;
        self.touch();
        Ok(run)
    }

    /// Walks nobody through it any longer. The run stays as it is.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn leave_rehearsal(&self) -> Result<(), Problem> {
        self.keep_rehearsal(None).await?;
        self.touch();
        Ok(())
    }

    /// Switches a surprise on or off; other faults stay as they are. It is recorded on the run, so that what failed by it can
    /// be told from what failed by itself.
    ///
    /// # Errors
    /// `offline` when the practice portal does not run; `store_*`.
    pub async fn surprise(&self, surprise: Surprise, on: bool) -> Result<(), Problem> {
        let mut faults = self.faults().await;
        faults.retain(|fault| !surprise.faults().contains(&fault.as_str()));
        if on {
            let phase = self.saved_phase();
            faults.extend(surprise.faults_in(phase).iter().map(|&fault| fault.to_owned()));
        }
        self.set_faults(&faults).await
    }

    /// The rehearsal that a person is walked through, if there is one.
    ///
    /// # Errors
    /// `store_*`.
    pub(crate) async fn rehearsal_view(
        &self,
        advance: &AdvanceView,
    ) -> Result<Option<RehearsalView>, Problem> {
        let environment = self.environment();
        if !environment.is_practice() {
            return Ok(None);
        }
        let stored = |error| store_problem(&error);
        let kept = self.inner.store.setting(SETTING).await.map_err(stored)?;
        let Some(mut kept) = kept.and_then(|kept| serde_json::from_str::<Kept>(&kept).ok()) else {
            return Ok(None);
        };
        let runs = self.inner.store.runs(&environment).await.map_err(stored)?;
        let Some(run) = runs.iter().find(|run| run.id == kept.run) else {
            return Ok(None);
        };
        let runbook = self.runbook();
        let asked = |phase| questions(&runbook, phase, EnvironmentKind::Practice).len();
        let phase = self.saved_phase();
        let present = Present {
            phase,
            proof: proof(advance),
        };
        let mut followed = self.inner.rehearsal.lock().await;
        self.follow_to_now(&mut followed, &kept).await?;
        if let Some(stretch) = followed.walk.see(present) {
            kept.measured.push(stretch);
            self.keep_rehearsal(Some(&kept)).await?;
        }
        let steps = followed.walk.steps(asked, present);
        drop(followed);
        let mut steps: Vec<RehearsalStep> = steps
            .into_iter()
            .map(|step| self.step_view(step, advance))
            .collect();
        let now = steps
            .iter()
            .position(|step| step.progress == RehearsalProgress::Now)
            .and_then(|now| u32::try_from(now).ok());
        if let Some(export) = now
            .and_then(|now| steps.get_mut(now as usize))
            .filter(|step| step.act == RehearsalAct::Export)
        {
            export.found = self.missing_of(&kept.run).await?;
        }
        let faults = self.faults().await;
        Ok(Some(RehearsalView {
            run: run_view(run, &environment),
            steps,
            now,
            breach: run.ended_at_ms.is_none().then(|| breach(advance)).flatten(),
            surprises: Surprise::ALL
                .map(|surprise| SurpriseView {
                    surprise,
                    title: surprise.title().to_owned(),
                    does: surprise.does(phase, &faults),
                    on: surprise.is_on(&faults),
                })
                .to_vec(),
        }))
    }

    /// Reads on in the run's journal from where it was read before.
    async fn follow_to_now(&self, followed: &mut Followed, kept: &Kept) -> Result<(), Problem> {
        let is_new = followed.run_id != kept.run;
        if is_new {
            *followed = Followed {
                run_id: kept.run.clone(),
                ..Followed::default()
            };
        }
        let store = &self.inner.store;
        let newer = store.journal_of_run(&kept.run, followed.seq).await;
        for entry in newer.map_err(|error| store_problem(&error))? {
            followed.seq = entry.seq;
            match record_of(&entry) {
                Ok(record) => followed.walk.apply(&record),
                // A newer desk's act is no step that is known here.
                Err(problem) => {
                    tracing::warn!(seq = entry.seq, code = ?problem.code, "an entry cannot be read");
                }
            }
        }
        if is_new {
            for stretch in &kept.measured {
                followed.walk.measured(*stretch);
            }
        }
        Ok(())
    }

    async fn keep_rehearsal(&self, kept: Option<&Kept>) -> Result<(), Problem> {
        let text = kept.map(serde_json::to_string).transpose();
        let text = text.map_err(|error| internal_problem(&error))?;
        let kept = self.inner.store.set_setting(SETTING, text.as_deref()).await;
        kept.map_err(|error| store_problem(&error))
    }

    /// What a bundle of the run would lack, in words; none where it would be complete.
    async fn missing_of(&self, run_id: &str) -> Result<Option<String>, Problem> {
        let evidence = self.evidence(Some(run_id)).await?;
        let open: Vec<String> = evidence
            .items
            .iter()
            .filter(|item| item.is_open())
            .map(|item| format!("{} {}", item.words, item.why))
            .collect();
        Ok((!open.is_empty()).then(|| {
            format!(
                "The bundle would be incomplete. {} Attach a file that stands in for it, or leave the rehearsal.",
                open.join(" ")
            )
        }))
    }

    /// The phase in force, where it is known and was ever saved.
    fn saved_phase(&self) -> Option<Phase> {
        let in_force = self.in_force().filter(|in_force| in_force.since_ms > 0);
        in_force.map(|in_force| in_force.phase)
    }

    /// The practice portal's faults that are on, as the command line spells them.
    async fn faults(&self) -> Vec<String> {
        let practice = self.inner.practice.lock().await;
        let faults = practice.iter().flat_map(Practice::faults);
        faults.map(|fault| fault.to_string()).collect()
    }

    fn step_view(&self, step: Step, advance: &AdvanceView) -> RehearsalStep {
        let (act, phase) = act_view(step.act);
        let (title, how) = self.words(step.act);
        let need = (step.progress == Progress::Now)
            .then(|| need_of(step.act, advance))
            .flatten();
        RehearsalStep {
            act,
            phase: phase.map(|phase| phase.wire().to_owned()),
            title,
            how: how.to_owned(),
            found: need.map(|need| need.found.clone()),
            progress: match step.progress {
                Progress::Done => RehearsalProgress::Done,
                Progress::PassedOver => RehearsalProgress::PassedOver,
                Progress::Now => RehearsalProgress::Now,
                Progress::Later => RehearsalProgress::Later,
            },
        }
    }

    /// What is done, and how.
    fn words(&self, act: Act) -> (String, &'static str) {
        let label = |phase| self.phase_info(phase).label;
        match act {
            Act::SetPhase(phase) => (
                format!("Set {}", self.phase_words(phase)),
                "Write a note for whoever reads it later, then save. The desk reads the phase back.",
            ),
            Act::Checklist(phase) => (
                format!("Run the smoke checklist of {}", label(phase)),
                "It asks the portal as member, staff, admin and nobody whether it behaves so.",
            ),
            Act::Questions(phase) => (
                format!("Answer what only a person can see in {}", label(phase)),
                "Write what you saw, then yes or no. The practice portal has no page to look at: say so.",
            ),
            Act::Gates(phase) => (
                format!("Measure {} until its gates say GO", label(phase)),
                "Refresh the phase metrics. Where requests are too few, earn the missing count and refresh again.",
            ),
            Act::Attach(phase) => (
                format!("Attach the snapshot of {} to the run", label(phase)),
                "It is the metrics artifact that the evidence needs.",
            ),
            Act::TellStaff => (
                "Write to the staff".to_owned(),
                "Say when the next gate review is, read the text as they will, then copy it.",
            ),
            Act::TellMembers => (
                "Write to the members".to_owned(),
                "Read the text as they will, then copy it.",
            ),
            Act::RollBack(from) => (
                format!("Roll back from {}, against the clock", label(from)),
                "Say why and who confirmed it. The desk does the steps; it asks where staff were told, and then closes.",
            ),
            Act::EndRun => (
                "End the run".to_owned(),
                "What is done from then on belongs to another.",
            ),
            Act::Lessons => (
                "Write down what was learned".to_owned(),
                "In the log’s entry of this run, under Lessons. It goes into the evidence.",
            ),
            Act::Export => (
                "Seal the evidence".to_owned(),
                "Export it, and look at what verifying it found.",
            ),
        }
    }
}

const fn act_view(act: Act) -> (RehearsalAct, Option<Phase>) {
    match act {
        Act::SetPhase(phase) => (RehearsalAct::SetPhase, Some(phase)),
        Act::Checklist(phase) => (RehearsalAct::Checklist, Some(phase)),
        Act::Questions(phase) => (RehearsalAct::Questions, Some(phase)),
        Act::Gates(phase) => (RehearsalAct::Gates, Some(phase)),
        Act::Attach(phase) => (RehearsalAct::Attach, Some(phase)),
        Act::TellStaff => (RehearsalAct::TellStaff, None),
        Act::TellMembers => (RehearsalAct::TellMembers, None),
        Act::RollBack(phase) => (RehearsalAct::RollBack, Some(phase)),
        Act::EndRun => (RehearsalAct::EndRun, None),
        Act::Lessons => (RehearsalAct::Lessons, None),
        Act::Export => (RehearsalAct::Export, None),
    }
}

/// What moving forward needs of an act. A gate that only waits for the snapshot to be attached is not measured any better.
fn needs_of(act: Act, advance: &AdvanceView) -> impl Iterator<Item = &AdvanceItem> {
    advance.items.iter().filter(move |item| match act {
        Act::Checklist(_) => item.id == "smoke",
        Act::Questions(_) => item.id == "attestations",
        Act::Gates(_) => item.id.starts_with("gate:") && item.action != Some(AdvanceAction::Attach),
        Act::Attach(_) => item.id == "artifact" || item.action == Some(AdvanceAction::Attach),
        _ => false,
    })
}

/// The first of them that is not met.
fn need_of(act: Act, advance: &AdvanceView) -> Option<&AdvanceItem> {
    needs_of(act, advance).find(|item| item.state != AdvanceState::Done)
}

fn breach(advance: &AdvanceView) -> Option<String> {
    let breached = advance.items.iter().find(|item| item.state == AdvanceState::NoGo);
    breached.map(|item| format!("{}: {}", item.title, item.found))
}

/// How the phase in force stands.
fn proof(advance: &AdvanceView) -> Proof {
    // Without a checklist to prove it, the answer is about something else: nothing is known of the phase.
    if needs_of(Act::Checklist(Phase::ReadOnly), advance)
        .next()
        .is_none()
    {
        return Proof::default();
    }
    let met = |act| needs_of(act, advance).all(|item| item.state == AdvanceState::Done);
    Proof {
        checklist: met(Act::Checklist(Phase::ReadOnly)),
        questions: met(Act::Questions(Phase::ReadOnly)),
        gates: met(Act::Gates(Phase::ReadOnly)),
        attached: met(Act::Attach(Phase::ReadOnly)),
    }
}
