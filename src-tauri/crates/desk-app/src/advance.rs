//! "May we advance?": what moving forward from the present phase needs, and how each need stands.

use crate::{
    desk::Desk,
    error::{Code, Problem},
    metrics::view::{AdvanceAction, AdvanceItem, AdvanceState, AdvanceView},
    problem::store_problem,
};
use desk_core::{
    EnvironmentName, Phase, Route, Runbook,
    gate::{
        Action, AdvanceFacts, DecisionDigest, Need, NeedState, RouteOutcome, SmokeFacts, needs_for_advance,
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
        let (needs, _) = self.needs().await?;
        Ok(view(self.in_force().map(|in_force| in_force.phase), &needs))
    }

    /// What a move rests on. Moving forward is earned; any other move needs nothing, and gets nothing here.
    ///
    /// # Errors
    /// `gate_not_go` (field `override`) where something is missing and no reason of a few words is given; `store_*`.
    pub(crate) async fn earned(
        &self,
        direction: Direction,
        override_reason: Option<&str>,
    ) -> Result<Option<Basis>, Problem> {
        if direction != Direction::Forward {
            return Ok(None);
        }
        let (needs, digest) = self.needs().await?;
        let missing: Vec<&Need> = needs
            .iter()
            .filter(|need| need.state != NeedState::Done)
            .collect();
        let reason = override_reason
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

    /// What moving forward needs, and the digest of what the answer rests on.
    async fn needs(&self) -> Result<(Vec<Need>, DecisionDigest), Problem> {
        let runbook = Runbook::builtin();
        let Some(in_force) = self.in_force() else {
            let digest = DecisionDigest::new(&[], None, None, runbook.sha256());
            return Ok((needs_for_advance(runbook, &nothing_known()), digest));
        };
        let smoke = self.smoke_facts(&self.environment(), in_force.phase).await?;
        let (judgements, artifact) = self.judgements_now(in_force.phase).await?;
        let facts = AdvanceFacts {
            in_force: Some(in_force),
            smoke: smoke.as_ref(),
            judgements: &judgements,
            artifact: artifact.as_ref(),
        };
        let digest = DecisionDigest::new(&judgements, artifact.as_ref(), smoke.as_ref(), runbook.sha256());
        Ok((needs_for_advance(runbook, &facts), digest))
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
        let Some(run) = newest.into_iter().next() else {
            return Ok(None);
        };
        let words = store.attestations(environment).await.map_err(stored)?;
        let since_ms = self.in_force().map_or(0, |in_force| in_force.since_ms);
        // A word counts for the save of the phase that it was given in.
        let word = |check: &str| {
            words
                .iter()
                .find(|word| word.check == check && word.phase == phase && word.phase_saved_at_ms == since_ms)
        };
        let asked = || {
            Runbook::builtin()
                .checks_of(phase)
                .filter(|check| check.attestation.is_some())
        };
        let unattested = asked().filter(|check| word(&check.id).is_none());
        let denied = asked()
            .filter(|check| word(&check.id).is_some_and(|word| !word.pass))
            .count() as u64;
        let unattested = unattested.map(|check| check.id.clone()).collect();
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
            finished_at_ms: run.finished_at_ms,
            failed: failed + denied + u64::from(finish.answers.disagreeing),
            missed: missed + u64::from(finish.cancelled),
            unattested,
            routes: route_outcomes(&finish.steps),
        }))
    }
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
    view(None, &needs_for_advance(Runbook::builtin(), &nothing_known()))
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

fn view(phase: Option<Phase>, needs: &[Need]) -> AdvanceView {
    let missing = needs.iter().filter(|need| need.state != NeedState::Done).count();
    let to = phase.and_then(|phase| Phase::ALL.into_iter().find(|other| *other > phase));
    let things = if missing == 1 {
        "1 thing is".to_owned()
    } else {
        format!("{missing} things are")
    };
    let answer = match (phase, to) {
        (None, _) => "Not known: the phase has not been read yet.".to_owned(),
        (Some(_), Some(to)) if missing == 0 => format!("Yes: nothing is missing before {}.", to.label()),
        (Some(_), Some(to)) => format!("Not yet: {things} missing before {}.", to.label()),
        (Some(_), None) if missing == 0 => "The rollout is complete, and Phase 3 is proven.".to_owned(),
        (Some(_), None) => format!("The last phase is in force; {things} missing to prove it."),
    };
    AdvanceView {
        answer,
        ready: phase.is_some() && missing == 0,
        to: to.map(|to| to.wire().to_owned()),
        items: needs.iter().map(item).collect(),
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
