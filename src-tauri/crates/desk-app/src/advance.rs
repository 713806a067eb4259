//! "May we advance?": what moving forward from the present phase needs, and how each need stands.

use crate::{
    convert::override_of,
    desk::Desk,
    error::{Code, Problem},
    metrics::{
        Standing,
        view::{AdvanceAction, AdvanceItem, AdvanceState, AdvanceView},
    },
    problem::store_problem,
    smoke::questions,
    view::{OverrideView, SaveRequest},
};
use desk_core::{
    EnvironmentName, Phase, Route, Runbook,
    gate::{
        Action, AdvanceFacts, DecisionDigest, InForce, Need, NeedState, Override, RouteOutcome, SmokeFacts,
        needs_for_advance,
    },
    phase::Direction,
    smoke::{StepRecord, StepResult},
};
use std::collections::BTreeMap;

/// The fewest words of an override's reason.
const FEWEST_WORDS: usize = 3;

/// What a move forward rests on.
pub(crate) struct Basis {
    pub(crate) digest: DecisionDigest,
    /// Why it is made although something is missing.
    pub(crate) override_reason: Option<String>,
}

impl Desk {
    /// Answers "May we advance?" from what the desk knows: the phase last read, the newest smoke run, the gates' verdicts as
    /// of now, and the newest artifact.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn advance(&self) -> Result<AdvanceView, Problem> {
        let standing = self.standing(None).await?;
        Ok(Self::advance_on(&standing))
    }

    /// The answer from how the gates of the phase in force stand.
    pub(crate) fn advance_on(standing: &Standing) -> AdvanceView {
        let (needs, digest) = needs(standing);
        view(&standing.runbook, standing.in_force, &needs, &digest)
    }

    /// What a move rests on. Moving forward is earned; any other move needs nothing, and gets nothing here.
    ///
    /// # Errors
    /// `basis_changed` when that is not what the screen showed; `gate_not_go` (field `override`) where something is missing and
    /// no reason of a few words is given; `store_*`.
    pub(crate) async fn earned(
        &self,
        direction: Direction,
        request: &SaveRequest,
    ) -> Result<Option<Basis>, Problem> {
        if direction != Direction::Forward {
            return Ok(None);
        }
        // No reason makes up for gates that nobody knows.
        self.rules()?;
        let standing = self.standing(None).await?;
        let (needs, digest) = needs(&standing);
        let changes = shown(request.basis.as_deref())?.changes_until(&digest);
        if !changes.is_empty() {
            self.judge_anew().await;
            return Err(basis_changed(&changes));
        }
        let missing: Vec<&Need> = needs
            .iter()
            .filter(|need| need.state != NeedState::Done)
            .collect();
        let reason = request
            .override_reason
            .as_deref()
            .map(str::trim)
            .filter(|reason| reason.split_whitespace().count() >= FEWEST_WORDS);
        if !missing.is_empty() && reason.is_none() {
            let list: Vec<String> = missing
                .iter()
                .map(|need| format!("{}: {}", need.what, need.found))
                .collect();
            return Err(Problem::new(
                Code::GateNotGo,
                format!(
                    "Moving forward is not earned yet: {} missing.",
                    things(missing.len())
                ),
                "Nothing was sent; the rollout is unchanged.",
                "Do what is missing, or say in a few words why you move on without it.",
            )
            .about("override")
            .detailed(list.join("\n")));
        }
        let override_reason = if missing.is_empty() {
            None
        } else {
            reason.map(str::to_owned)
        };
        Ok(Some(Basis {
            digest,
            override_reason,
        }))
    }

    /// The overrides that the phase in force rests on, oldest first.
    ///
    /// # Errors
    /// `store_*`.
    pub(crate) async fn overrides(&self) -> Result<Vec<Override>, Problem> {
        let made = self.inner.store.overrides_in_force(&self.environment()).await;
        let phase = self.in_force().map(|in_force| in_force.phase);
        Ok(made
            .map_err(|error| store_problem(&error))?
            .iter()
            .filter_map(override_of)
            // Somebody may have moved back since, which is not recorded before it is seen.
            .filter(|made| phase.is_none_or(|phase| made.to <= phase))
            .collect())
    }

    /// The same, as shown.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn overrides_view(&self) -> Result<Vec<OverrideView>, Problem> {
        Ok(self.overrides().await?.iter().map(OverrideView::from).collect())
    }

    /// Shows how the gates stand after something they rest on has changed.
    pub(crate) async fn judge_anew(&self) {
        if let Err(problem) = self.show_metrics().await {
            tracing::warn!(code = ?problem.code, "the gates could not be judged anew");
        }
    }

    /// The newest smoke run of a phase, with what people have said since.
    pub(crate) async fn smoke_facts(
        &self,
        environment: &EnvironmentName,
        phase: Phase,
    ) -> Result<Option<SmokeFacts>, Problem> {
        let stored = |error| store_problem(&error);
        let store = &self.inner.store;
        let newest = store
            .smoke_runs(environment, Some(phase), 1)
            .await
            .map_err(stored)?;
        // What is needed must be there on the open run.
        let open = store.open_run(environment).await.map_err(stored)?;
        let on_open_run = |run_id: &Option<String>| {
            let open = open.as_ref().map(|run| &run.id);
            open.is_some() && run_id.as_ref() == open
        };
        let newest = newest.into_iter().next().filter(|run| on_open_run(&run.run_id));
        let Some(run) = newest else {
            return Ok(None);
        };
        let words = store.attestations(environment).await.map_err(stored)?;
        let since_ms = self.in_force().map_or(0, |in_force| in_force.since_ms);
        let runbook = self.runbook();
        let kind = self.environment_row(environment).await?.kind;
        let asked = questions(&runbook, phase, kind);
        // A word counts for the save of the phase that it was given in.
        let word = |check: &str| {
            words
                .iter()
                .find(|word| word.check == check && on_open_run(&word.run_id))
                .filter(|word| word.phase == phase && word.phase_saved_at_ms == since_ms)
        };
        let unattested = asked.iter().filter(|question| word(&question.check).is_none());
        let unattested = unattested.map(|question| question.check.clone()).collect();
        let denied = asked
            .iter()
            .filter(|question| word(&question.check).is_some_and(|word| !word.pass))
            .count() as u64;
        let finish = run.finish.unwrap_or_else(|| desk_core::smoke::SmokeFinish {
            cancelled: true,
            steps: Vec::new(),
            answers: desk_core::smoke::PhaseAnswers::default(),
            state: None,
            wall_ms: 0,
            critical_path_ms: 0,
        });
        let of_portal = || finish.steps.iter().filter(|step| step.route.is_some());
        let count = |found: fn(&StepRecord) -> bool| of_portal().filter(|step| found(step)).count() as u64;
        let failed = count(|step| matches!(step.result, StepResult::Fail | StepResult::Blocked));
        let missed = count(|step| step.result == StepResult::Skipped && !step.optional);
        Ok(Some(SmokeFacts {
            id: run.smoke_id,
            phase: run.start.phase,
            started_at_ms: run.started_at_ms,
            // What was carried over is as old as it was.
            finished_at_ms: run.finished_at_ms.map(|finished| {
                let carried = finish.steps.iter().filter(|step| step.carried_from.is_some());
                carried
                    .filter_map(|step| step.at_ms)
                    .min()
                    .map_or(finished, |at| at.min(finished))
            }),
            same_runbook: run.start.runbook_sha256 == runbook.sha256(),
            failed: failed + denied + u64::from(finish.answers.disagreeing),
            missed: missed + u64::from(finish.cancelled),
            unattested,
            routes: route_outcomes(&finish.steps),
        }))
    }
}

/// What moving forward needs, and the digest of what the answer rests on.
fn needs(standing: &Standing) -> (Vec<Need>, DecisionDigest) {
    if let Some(problem) = &standing.no_rules {
        return (vec![no_rules(problem)], DecisionDigest::new(&[], None, None, ""));
    }
    let runbook = &*standing.runbook;
    let Some(in_force) = standing.in_force else {
        let digest = DecisionDigest::new(&[], None, None, runbook.sha256());
        return (needs_for_advance(runbook, &nothing_known()), digest);
    };
    let artifact = standing.artifact();
    let facts = AdvanceFacts {
        in_force: Some(in_force),
        smoke: standing.smoke.as_ref(),
        judgements: &standing.judgements,
        artifact: artifact.as_ref(),
    };
    let digest = DecisionDigest::new(
        &standing.judgements,
        artifact.as_ref(),
        standing.smoke.as_ref(),
        runbook.sha256(),
    );
    (needs_for_advance(runbook, &facts), digest)
}

const fn nothing_known() -> AdvanceFacts<'static> {
    AdvanceFacts {
        in_force: None,
        smoke: None,
        judgements: &[],
        artifact: None,
    }
}

/// What is shown before the phase was ever read.
pub(crate) fn unknown() -> AdvanceView {
    let runbook = Runbook::builtin();
    let digest = DecisionDigest::new(&[], None, None, runbook.sha256());
    let needs = needs_for_advance(runbook, &nothing_known());
    view(runbook, None, &needs, &digest)
}

/// What the screen showed when the move was decided.
fn shown(basis: Option<&str>) -> Result<DecisionDigest, Problem> {
    let digest = basis.and_then(|basis| serde_json::from_str(basis).ok());
    digest.ok_or_else(|| {
        Problem::invalid(
            "basis",
            "It is not said what the move forward was decided on.",
            "Look at what speaks for it, then decide.",
        )
    })
}

fn basis_changed(changes: &[String]) -> Problem {
    Problem::new(
        Code::BasisChanged,
        format!("What you decided on is not so any more. {}", changes.join(" ")),
        "Nothing was sent; the rollout is unchanged.",
        "Look again, then decide anew. Your note is kept.",
    )
    .about("basis")
    .detailed(changes.join("\n"))
}

/// What stands in the place of every need while no gate is known.
fn no_rules(problem: &Problem) -> Need {
    Need {
        id: "runbook".to_owned(),
        what: "The runbook".to_owned(),
        found: problem.message.clone(),
        state: NeedState::NoGo,
        action: Some(Action::Look),
    }
}

/// What came of the run's requests by route; those that were refused as they had to be are left out.
fn route_outcomes(steps: &[StepRecord]) -> Vec<RouteOutcome> {
    let mut routes: BTreeMap<Route, (u64, u64)> = BTreeMap::new();
    for step in steps {
        let Some(route) = step.route.as_deref().and_then(Route::from_name) else {
            continue;
        };
        let (succeeded, failed) = routes.entry(route).or_default();
        match step.result {
            StepResult::Pass if step.status.is_some_and(|status| status < 400) => *succeeded += 1,
            StepResult::Fail => *failed += 1,
            _ => {}
        }
    }
    routes
        .into_iter()
        .map(|(route, (succeeded, failed))| RouteOutcome {
            route,
            succeeded,
            failed,
        })
        .collect()
}

fn view(
    runbook: &Runbook,
    in_force: Option<InForce>,
    needs: &[Need],
    digest: &DecisionDigest,
) -> AdvanceView {
    let missing = needs.iter().filter(|need| need.state != NeedState::Done).count();
    let phase = in_force.map(|in_force| in_force.phase);
    // Where no phase was ever saved the portal is open by default, and nothing was decided that could be proven.
    let never_set = in_force.is_some_and(|in_force| in_force.since_ms == 0);
    let to = phase.and_then(|phase| Phase::ALL.into_iter().find(|other| *other > phase));
    let things = if missing == 1 {
        "1 thing is".to_owned()
    } else {
        format!("{missing} things are")
    };
    let label = |phase| &runbook.phase(phase).label;
    let answer = match (phase, to) {
        (None, _) => "Not known: the phase has not been read yet.".to_owned(),
        _ if never_set => {
            "No phase was ever saved: the portal is open by default. Set the phase that is meant.".to_owned()
        }
        (Some(_), Some(to)) if missing == 0 => format!("Yes: nothing is missing before {}.", label(to)),
        (Some(_), Some(to)) => format!("Not yet: {things} missing before {}.", label(to)),
        (Some(last), None) if missing == 0 => {
            format!("The rollout is complete, and {} is proven.", label(last))
        }
        (Some(_), None) => format!("The last phase is in force; {things} missing to prove it."),
    };
    AdvanceView {
        answer,
        ready: phase.is_some() && !never_set && missing == 0,
        to: to.map(|to| to.wire().to_owned()),
        items: needs.iter().map(item).collect(),
        // A digest always can be written; were it not so, no save would be taken for decided on it.
        basis: serde_json::to_string(digest).unwrap_or_default(),
    }
}

fn things(count: usize) -> String {
    if count == 1 {
        "1 thing is".to_owned()
    } else {
        format!("{count} things are")
    }
}

fn item(need: &Need) -> AdvanceItem {
    AdvanceItem {
        id: need.id.clone(),
        title: need.what.clone(),
        found: need.found.clone(),
        state: match need.state {
            NeedState::Done => AdvanceState::Done,
            NeedState::Missing => AdvanceState::Missing,
            NeedState::NoGo => AdvanceState::NoGo,
            NeedState::Insufficient => AdvanceState::Insufficient,
            NeedState::Stale => AdvanceState::Stale,
        },
        action: need.action.map(|action| match action {
            Action::RunSmoke => AdvanceAction::RunSmoke,
            Action::RunFailed => AdvanceAction::RunFailed,
            Action::Attest => AdvanceAction::Attest,
            Action::Soak => AdvanceAction::Soak,
            Action::Capture => AdvanceAction::Capture,
            Action::Attach => AdvanceAction::Attach,
            Action::Look => AdvanceAction::Look,
        }),
    }
}
