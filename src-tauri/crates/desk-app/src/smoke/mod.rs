//! The smoke checklist: what a run will do, running it, what it found, and what people attest.
//!
//! `checks` say what is asked, as steps with what they wait for; `engine` carries them out; `judge` says what an answer
//! means; `ledger` writes down what a step leaves in the portal before it is sent, and `clean` removes it.

pub(crate) mod accounts;
pub(crate) mod checks;
mod clean;
pub(crate) mod engine;
pub(crate) mod judge;
mod junit;
pub(crate) mod ledger;
pub(crate) mod lock;
mod report;
pub(crate) mod send;
pub(crate) mod step;
pub mod view;

pub(crate) use checks::questions;
pub use send::Cancel;

use self::{
    checks::{Earlier, Ground, PHASE_CHECK, Plan, is_destructive},
    clean::{Undone, undo},
    engine::{Engine, milliseconds},
    ledger::{Ledger, Pen, in_order},
    lock::{Act, Lock},
    report::Frame,
    step::{Account, Question, Step},
    view::{LeftView, PlannedCheck, PlannedStep, SmokePlan, SmokeReport, SmokeRequest},
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    phase::parse_phase,
    problem::store_problem,
};
use desk_core::{
    EnvironmentKind, EnvironmentName, Phase, PhaseState, Role, Runbook,
    record::Record,
    smoke::{PERSON, SmokeFinish, SmokeStart, StepRecord, StepResult},
};
use desk_store::{Access, LeftRow, SmokeRunRow};
use std::{collections::HashSet, time::Instant};
use tokio::sync::watch;

/// How long after sending a lost write can still arrive: the hosting platform ends a call after 60 s.
const MAY_ARRIVE_MS: i64 = 60_000;

/// What a question shows until somebody answers it.
const UNANSWERED: &str = "A person has not answered yet.";

impl Desk {
    /// What a run of a phase's checklist will do in the present environment.
    ///
    /// # Errors
    /// `invalid_input` for an unknown phase; `store_*`.
    pub async fn smoke_plan(&self, phase: &str) -> Result<SmokePlan, Problem> {
        let phase = parse_phase(phase)?;
        let environment = self.environment();
        let row = self.environment_row(&environment).await?;
        let earlier = Earlier::from_ledger(&self.ledger_rows(&environment).await?);
        let runbook = self.rules()?;
        let plan = checks::plan(
            &runbook,
            &Ground {
                kind: row.kind,
                phase,
                mark: String::new(),
                item: None,
                earlier,
            },
        );
        Ok(plan_view(&runbook, phase, row.kind, &plan))
    }

    /// Runs the checklist of a phase in the present environment, and tells how it goes through `progress`.
    ///
    /// It tries every step, whatever fails before; what a run found stands in the report, an error means that none was
    /// run, or that its end could not be recorded. Dropping the future cuts the run off: what it left is then removed by
    /// [`Self::clean_up_leftovers`] or before the next run.
    ///
    /// # Errors
    /// `invalid_input`, `not_found` for an earlier run that is not there, `confirmation_needed`, `busy` while another run
    /// goes on, `offline`, `store_*`.
    pub async fn run_smoke(
        &self,
        request: &SmokeRequest,
        progress: &watch::Sender<Option<SmokeReport>>,
        cancel: Cancel,
    ) -> Result<SmokeReport, Problem> {
        let began = Instant::now();
        let phase = parse_phase(&request.phase)?;
        let environment = self.environment();
        let link = self.link(&environment).await?;
        let _only_one = Lock::take(self.data_dir(), Act::Smoke, &environment)?;
        let earlier_run = self.run_to_repeat(&environment, phase, request).await?;
        let smoke_id = uuid::Uuid::now_v7();
        let runbook = &*self.rules()?;
        let mut ground = Ground {
            kind: link.kind,
            phase,
            // The last digits of a v7 id are the random ones.
            mark: smoke_id.simple().to_string()[20..].to_owned(),
            item: request.item.clone().filter(|item| !item.trim().is_empty()),
            earlier: Earlier::default(),
        };
        let planned = |ground: &Ground| {
            let Plan { mut steps, questions } = checks::plan(runbook, ground);
            let carried = earlier_run
                .as_ref()
                .map_or_else(Vec::new, |run| carry_over(&mut steps, run));
            (steps, questions, carried)
        };
        confirm(&link, &planned(&ground).0, request)?;
        self.clean(&link, cancel.clone()).await?;
        // What is used again is known only when all is tidy.
        let rows = self.ledger_rows(&environment).await?;
        ground.earlier = Earlier::from_ledger(&rows);
        let (steps, questions, carried) = planned(&ground);

        let smoke_id = smoke_id.to_string();
        let actor = self.acting(&environment).await;
        let (run_id, _) = self.run_for(&link, &actor).await?;
        let pen = Pen {
            desk: self.clone(),
            environment: environment.clone(),
            run_id: Some(run_id),
            actor: actor.clone(),
        };
        let accounts: Vec<Account> = steps.iter().map(|step| step.account).collect();
        let accounts = self.smoke_accounts(&link, &distinct(accounts)).await;
        let start = SmokeStart {
            phase,
            runbook_sha256: runbook.sha256().to_owned(),
            only_failed_of: request.only_failed_of.clone(),
            overrides: self.overrides().await?,
        };
        let started = Record::SmokeStarted {
            smoke_id: smoke_id.clone(),
            start: start.clone(),
        };
        let mut ledger = Ledger::new(pen, smoke_id.clone(), vec![started], &rows);

        let frame = Frame {
            runbook,
            environment: &environment,
            id: &smoke_id,
            actor: &actor,
            started_at_ms: self.now_ms(),
            start: &start,
        };
        let planned: Vec<StepRecord> = steps.iter().map(planned_record).collect();
        let mut settled = carried;
        settled.extend(questions.iter().map(question_record));
        let show = |engine: &Engine<'_>| {
            // Nobody looks at a command that prints the end only.
            if progress.receiver_count() > 0 {
                let report = report::running(&frame, &planned, &engine.tracks, &settled, engine.answers);
                progress.send_replace(Some(report));
            }
        };
        let mut engine = Engine::new(&link, &accounts, &steps, phase, cancel);
        engine.run(&mut ledger, show).await?;

        let mut records: Vec<StepRecord> = engine.records().cloned().collect();
        records.extend(settled.iter().cloned());
        in_plan_order(&mut records, runbook, phase);
        let finished = Record::SmokeFinished {
            smoke_id: smoke_id.clone(),
            finish: SmokeFinish {
                cancelled: engine.cancel.is_asked(),
                steps: records,
                answers: engine.answers,
                state: engine.state.clone(),
                wall_ms: milliseconds(began.elapsed()),
                critical_path_ms: milliseconds(engine.critical_path()),
            },
        };
        ledger.close(&link, &accounts, vec![finished]).await?;
        self.touch();
        let report = self.smoke_report(&smoke_id).await?;
        progress.send_replace(Some(report.clone()));
        Ok(report)
    }

    /// A run, as it was recorded, with the newest answers of people.
    ///
    /// # Errors
    /// `not_found` when there is none with this id; `store_*`.
    pub async fn smoke_report(&self, smoke_id: &str) -> Result<SmokeReport, Problem> {
        let environment = self.environment();
        let row = self.smoke_row(&environment, smoke_id).await?;
        let reports = self.reports(&environment, vec![row]).await?;
        reports.into_iter().next().ok_or_else(|| no_run(smoke_id))
    }

    /// The runs in the present environment, newest first, at most `limit`; of one phase, or of all.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn smoke_reports(&self, phase: Option<Phase>, limit: u32) -> Result<Vec<SmokeReport>, Problem> {
        let environment = self.environment();
        let rows = self.inner.store.smoke_runs(&environment, phase, limit).await;
        self.reports(&environment, rows.map_err(|error| store_problem(&error))?)
            .await
    }

    pub(crate) async fn reports(
        &self,
        environment: &EnvironmentName,
        rows: Vec<SmokeRunRow>,
    ) -> Result<Vec<SmokeReport>, Problem> {
        let attestations = self.inner.store.attestations(environment).await;
        let attestations = attestations.map_err(|error| store_problem(&error))?;
        let left = self.ledger_rows(environment).await?;
        let runbook = self.runbook();
        Ok(rows
            .iter()
            .map(|row| report::recorded(&runbook, environment, row, &attestations, &left))
            .collect())
    }

    /// Records a person's answer to a check's question.
    ///
    /// # Errors
    /// `not_found` for an unknown check; `invalid_input` for one without a question, without a note, or of another phase
    /// than the portal's; `offline` when the phase is not known; `store_*`.
    pub async fn attest(&self, check: &str, pass: bool, note: &str) -> Result<(), Problem> {
        let runbook = &*self.rules()?;
        let known = runbook.check(check).ok_or_else(|| no_check(runbook, check))?;
        let note = note.trim();
        if note.is_empty() {
            return Err(Problem::invalid(
                "note",
                "The note is missing.",
                "Write what you saw, in a few words.",
            ));
        }
        let environment = self.environment();
        let row = self.environment_row(&environment).await?;
        let asked = questions(runbook, known.phase, row.kind);
        if !asked.iter().any(|question| question.check == check) {
            return Err(Problem::invalid(
                "check",
                format!("{check} has no question for a person."),
                "Run the checklist: the desk answers it itself.",
            ));
        }
        let state = self.phase_now().await?;
        if state.phase != known.phase {
            return Err(Problem::invalid(
                "check",
                format!(
                    "{check} is about {}, and the portal is in {}.",
                    runbook.phase(known.phase).label,
                    runbook.phase(state.phase).label
                ),
                "Answer it while its phase is set.",
            ));
        }
        let link = self.link(&environment).await?;
        let actor = self.acting(&environment).await;
        let (run_id, _) = self.run_for(&link, &actor).await?;
        let record = Record::CheckAttested {
            check: check.to_owned(),
            pass,
            note: note.to_owned(),
            phase: state.phase,
            phase_saved_at_ms: state.updated_at_ms,
        };
        self.record(Some(&environment), Some(run_id), &actor, record)
            .await?;
        self.touch();
        Ok(())
    }

    /// What runs left in the present environment's portal and could still be removed.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn leftovers(&self) -> Result<Vec<LeftView>, Problem> {
        Ok(report::left_views(
            &self.open_leftovers(&self.environment()).await?,
        ))
    }

    /// Removes what runs that were cut off left in the present environment's portal, and says what is still to be
    /// removed.
    ///
    /// # Errors
    /// `busy` while a run goes on; `offline`; `store_*`.
    pub async fn clean_up_leftovers(&self) -> Result<Vec<LeftView>, Problem> {
        let environment = self.environment();
        if self.open_leftovers(&environment).await?.is_empty() {
            return Ok(Vec::new());
        }
        let link = self.link(&environment).await?;
        let _only_one = Lock::take(self.data_dir(), Act::Smoke, &environment)?;
        self.clean(&link, Cancel::never()).await?;
        Ok(report::left_views(&self.open_leftovers(&environment).await?))
    }

    /// Removes what runs that were cut off left, in its own time, where this desk is the one to do so.
    pub(crate) fn clean_up_in_background(&self) {
        if self.inner.store.access() == Access::Guest {
            return;
        }
        let desk = self.clone();
        tokio::spawn(async move {
            match desk.clean_up_leftovers().await {
                Ok(open) if open.is_empty() => {}
                Ok(open) => tracing::warn!(count = open.len(), "smoke runs left something in the portal"),
                // A run goes on, which tidies up itself.
                Err(problem) if problem.code == Code::Busy => {}
                Err(problem) => tracing::warn!(code = ?problem.code, "what smoke runs left was not removed"),
            }
        });
    }

    /// What was left and is still to be removed.
    async fn open_leftovers(&self, environment: &EnvironmentName) -> Result<Vec<LeftRow>, Problem> {
        let mut rows = self.ledger_rows(environment).await?;
        rows.retain(|row| row.settled.is_none());
        Ok(rows)
    }

    /// Removes what earlier runs left. The caller holds the lock.
    async fn clean(&self, link: &Link, cancel: Cancel) -> Result<(), Problem> {
        let open = self.open_leftovers(&link.environment).await?;
        if open.is_empty() {
            return Ok(());
        }
        let roles: Vec<Account> = open.iter().map(|row| Account::Role(row.left.role)).collect();
        let accounts = self.smoke_accounts(link, &distinct(roles)).await;
        let now = self.now_ms();
        let mut records = Vec::new();
        for row in in_order(&open, |row| &row.left.thing) {
            let Some(session) = accounts.session(row.left.role) else {
                continue;
            };
            let may_arrive = now - row.noted_at_ms < MAY_ARRIVE_MS;
            match undo(link, session, &row.left, None, may_arrive, cancel.clone()).await {
                Undone::Settled(settled) => records.push(Record::SmokeSettled {
                    left_id: row.left_id.clone(),
                    settled,
                }),
                Undone::Open { why } => {
                    tracing::warn!(what = row.left.thing.words(), why, "left in the portal");
                }
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        let pen = Pen {
            desk: self.clone(),
            environment: link.environment.clone(),
            run_id: None,
            actor: self.acting(&link.environment).await,
        };
        pen.write(records).await
    }

    pub(crate) async fn ledger_rows(&self, environment: &EnvironmentName) -> Result<Vec<LeftRow>, Problem> {
        let rows = self.inner.store.smoke_left(environment).await;
        rows.map_err(|error| store_problem(&error))
    }

    async fn smoke_row(&self, environment: &EnvironmentName, smoke_id: &str) -> Result<SmokeRunRow, Problem> {
        let row = self.inner.store.smoke_run(environment, smoke_id).await;
        row.map_err(|error| store_problem(&error))?
            .ok_or_else(|| no_run(smoke_id))
    }

    async fn run_to_repeat(
        &self,
        environment: &EnvironmentName,
        phase: Phase,
        request: &SmokeRequest,
    ) -> Result<Option<SmokeRunRow>, Problem> {
        let Some(smoke_id) = &request.only_failed_of else {
            return Ok(None);
        };
        let row = self.smoke_row(environment, smoke_id).await?;
        let fits = row.start.phase == phase && row.start.runbook_sha256 == self.rules()?.sha256();
        if !fits || row.finish.is_none() {
            return Err(Problem::invalid(
                "onlyFailedOf",
                "That run was of another phase or runbook, or was cut off.",
                "Run the whole checklist.",
            ));
        }
        let steps = row.finish.as_ref().map_or(&[][..], |finish| &finish.steps[..]);
        if !steps.iter().any(|step| step.result != StepResult::Pass) {
            return Err(Problem::invalid(
                "onlyFailedOf",
                "Nothing failed in that run.",
                "It counts as it is; for newer evidence, run the whole checklist.",
            ));
        }
        // Evidence belongs to the run it was made in.
        let open = self.open_run().await?;
        if open.map(|run| run.id) != row.run_id {
            return Err(Problem::invalid(
                "onlyFailedOf",
                "That checklist belongs to a run that is over.",
                "Run the whole checklist.",
            ));
        }
        // What passed before the phase was saved anew says nothing about it now.
        let state = self.phase_now().await?;
        let ran_in = row.finish.as_ref().and_then(|finish| finish.state.as_ref());
        if ran_in.map(|ran_in| ran_in.updated_at_ms) != Some(state.updated_at_ms) {
            return Err(Problem::invalid(
                "onlyFailedOf",
                "The phase was saved since that run.",
                "Run the whole checklist.",
            ));
        }
        Ok(Some(row))
    }

    /// The phase as the portal has it, or as it was last read.
    pub(crate) async fn phase_now(&self) -> Result<PhaseState, Problem> {
        let reading = match self.refresh_phase().await {
            Ok(reading) => reading,
            Err(problem) => self.screen().reading.clone().ok_or(problem)?,
        };
        reading.state.to_state().ok_or_else(|| {
            parse_phase(&reading.state.phase)
                .err()
                .unwrap_or_else(|| no_run(""))
        })
    }

    /// Who acts: the operator's uid where one is known.
    pub(crate) async fn acting(&self, environment: &EnvironmentName) -> String {
        let operator = self.operator_uid(environment).await;
        operator.unwrap_or_else(|| "desk".to_owned())
    }

    /// The operator's uid, where one is known.
    pub(crate) async fn operator_uid(&self, environment: &EnvironmentName) -> Option<String> {
        let known = self.identities_of(environment).await.unwrap_or_default();
        known
            .into_iter()
            .find(|one| one.role == Role::Operator.word())
            .and_then(|operator| operator.uid)
    }
}

fn planned_record(step: &Step) -> StepRecord {
    StepRecord {
        route: Some(step.route.name().to_owned()),
        optional: step.optional,
        ..report::unsent(&step.id, &step.check, step.account.word(), &step.action)
    }
}

fn question_record(question: &Question) -> StepRecord {
    StepRecord {
        found: UNANSWERED.to_owned(),
        ..report::unsent(&question.id, &question.check, PERSON, &question.words)
    }
}

fn distinct(mut accounts: Vec<Account>) -> Vec<Account> {
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// Leaves only the steps that did not pass in an earlier run, with those they need and the readings of the phase; gives
/// the results of the others.
fn carry_over(steps: &mut Vec<Step>, run: &SmokeRunRow) -> Vec<StepRecord> {
    let earlier = run.finish.as_ref().map_or(&[][..], |finish| &finish.steps[..]);
    let passed: HashSet<&str> = earlier
        .iter()
        .filter(|step| step.result == StepResult::Pass)
        .map(|step| step.id.as_str())
        .collect();
    let mut wanted: HashSet<String> = HashSet::new();
    // Each step comes after those it needs, so that going backwards meets whoever needs it first.
    for step in steps.iter().rev() {
        let again = !passed.contains(step.id.as_str()) || step.check == PHASE_CHECK;
        if again || wanted.contains(&step.id) {
            wanted.insert(step.id.clone());
            wanted.extend(step.needs.iter().cloned());
        }
    }
    steps.retain(|step| wanted.contains(&step.id));
    earlier
        .iter()
        .filter(|step| step.result == StepResult::Pass && !wanted.contains(&step.id))
        .map(|step| StepRecord {
            carried_from: step.carried_from.clone().or_else(|| Some(run.smoke_id.clone())),
            ..step.clone()
        })
        .collect()
}

/// Puts records in the order of the runbook's checks, those about the phase first.
fn in_plan_order(records: &mut [StepRecord], runbook: &Runbook, phase: Phase) {
    let order: Vec<&str> = std::iter::once(PHASE_CHECK)
        .chain(runbook.checks_of(phase).map(|check| check.id.as_str()))
        .collect();
    records.sort_by_key(|record| order.iter().position(|check| *check == record.check));
}

/// In a live portal, whatever changes something asks once.
fn confirm(link: &Link, steps: &[Step], request: &SmokeRequest) -> Result<(), Problem> {
    let changes = steps.iter().any(|step| is_destructive(&step.check));
    let name = link.environment.as_str();
    if link.kind == EnvironmentKind::Live
        && changes
        && request.confirm.as_deref().map(str::trim) != Some(name)
    {
        return Err(Problem::new(
            Code::ConfirmationNeeded,
            format!(
                "This borrows, writes and deletes in the live library of {name}, and puts back what it can."
            ),
            "Nothing was sent; the library is unchanged.",
            format!("Type {name} to confirm."),
        )
        .about("confirm"));
    }
    Ok(())
}

fn plan_view(runbook: &Runbook, phase: Phase, kind: EnvironmentKind, plan: &Plan) -> SmokePlan {
    let check_ids =
        std::iter::once(PHASE_CHECK).chain(runbook.checks_of(phase).map(|check| check.id.as_str()));
    let checks: Vec<PlannedCheck> = check_ids
        .map(|id| PlannedCheck {
            id: id.to_owned(),
            words: report::words_of(runbook, id, phase),
            destructive: is_destructive(id),
            question: plan
                .questions
                .iter()
                .find(|question| question.check == id)
                .map(|question| question.words.clone()),
            steps: plan
                .steps
                .iter()
                .filter(|step| step.check == id)
                .map(step_plan)
                .collect(),
        })
        .collect();
    let accounts = distinct(plan.steps.iter().map(|step| step.account).collect());
    SmokePlan {
        phase: phase.wire().to_owned(),
        accounts: accounts.iter().map(|account| account.word().to_owned()).collect(),
        asks: kind == EnvironmentKind::Live && checks.iter().any(|check| check.destructive),
        checks,
    }
}

fn step_plan(step: &Step) -> PlannedStep {
    PlannedStep {
        id: step.id.clone(),
        account: step.account.word().to_owned(),
        route: step.route.name().to_owned(),
        action: step.action.clone(),
        needs: step.needs.clone(),
        optional: step.optional,
    }
}

fn no_run(smoke_id: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no run {smoke_id:?} of the checklist here."),
        "Nothing was sent.",
        "Look at the list of runs.",
    )
    .about("run")
}

fn no_check(runbook: &Runbook, check: &str) -> Problem {
    let ids: Vec<&str> = runbook.checks.iter().map(|check| check.id.as_str()).collect();
    Problem::new(
        Code::NotFound,
        format!("There is no check {check:?} in the runbook."),
        "Nothing was recorded.",
        format!("Use {}.", ids.join(", ")),
    )
    .about("check")
}
