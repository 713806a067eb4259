//! What texts are filled from and held against: the newest confirmed phase change, the rollback, the team's words.

use super::{kept::Planned, templates::Library};
use crate::{desk::Desk, error::Problem, problem::store_problem};
use chrono_tz::Tz;
use desk_core::{
    EnvironmentName, Phase, PhaseState, Runbook,
    announce::{Context, Facts, Outlet, PhaseMove, Placeholder, Source, Value, WordLists},
    record::ChangeOutcome,
    rollback::{Purpose, Step},
};
use std::sync::Arc;

/// A text may go to either, so that it has to fit both.
const OUTLETS: [Outlet; 2] = [Outlet::Slack, Outlet::Email];

/// What is known at one moment.
pub(super) struct Situation {
    pub(super) environment: EnvironmentName,
    pub(super) now_ms: i64,
    pub(super) zone: Tz,
    pub(super) runbook: Arc<Runbook>,
    pub(super) library: Library,
    pub(super) confirmed: Option<PhaseMove>,
    /// The incident that the newest rollback answers to.
    pub(super) incident: Option<String>,
    /// The team's own words.
    pub(super) added: WordLists,
    /// A rollback that staff have not been told of.
    pub(super) rollback: Option<OpenRollback>,
}

/// A rollback that staff have not been told of.
#[derive(Clone)]
pub(super) struct OpenRollback {
    pub(super) from: Option<Phase>,
    pub(super) to: Phase,
    pub(super) opened_at_ms: i64,
    pub(super) incident_id: Option<String>,
}

impl Situation {
    /// The facts as they are now. Those of a planned move hold until the portal confirms it.
    pub(super) fn newest(&self, planned: Option<&Planned>) -> Facts {
        let mut facts = match (self.still_planned(planned), &self.confirmed) {
            (Some(planned), _) => Facts::of_planned_move(&self.runbook, planned.from, planned.to, self.zone),
            (None, Some(moved)) => Facts::of_move(&self.runbook, moved, self.zone),
            (None, None) => Facts::new(self.zone),
        };
        if let Some(incident) = &self.incident {
            facts.set(
                Placeholder::IncidentId,
                Value::Words(incident.clone()),
                Source::Rollback,
            );
        }
        facts
    }

    /// The planned move, as long as the portal has not confirmed it since it was planned.
    pub(super) fn still_planned<'a>(&self, planned: Option<&'a Planned>) -> Option<&'a Planned> {
        planned.filter(|planned| {
            !self.confirmed.is_some_and(|moved| {
                moved.to == planned.to
                    && moved.from.is_none_or(|from| from == planned.from)
                    && moved.changed_at_ms > planned.since_ms
            })
        })
    }

    pub(super) fn context<'a>(&'a self, newest: &'a Facts) -> Context<'a> {
        Context {
            now_ms: self.now_ms,
            runbook: &self.runbook,
            confirmed: self.confirmed.as_ref(),
            newest,
            added: &self.added,
            outlets: &OUTLETS,
        }
    }
}

impl Desk {
    /// What is known now. Asks nobody: how old the facts are is among them.
    ///
    /// # Errors
    /// `gate_not_go` (field `runbook`) where the chosen runbook cannot be read; `store_*`.
    pub(super) async fn situation(&self) -> Result<Situation, Problem> {
        let environment = self.environment();
        // The words and the channel of another runbook must not stand in for those that somebody chose.
        let runbook = self.rules()?;
        let rollback = self.rollback_to_tell_of().await;
        let library = self.library(&runbook).await?;
        let added = self.added_words().await?;
        let state = self.phase_with_age(&environment).await;
        let (mut confirmed, incident) = match state {
            Some((state, seen_at_ms)) => self.confirmed(&environment, &state, seen_at_ms).await?,
            None => (None, None),
        };
        if let (Some(moved), Some(open)) = (confirmed.as_mut(), rollback.as_ref())
            && moved.to == open.to
        {
            // What the rollback found before it is known even while the journal cannot be written.
            moved.from = open.from.or(moved.from);
        }
        let of_rollback = rollback.as_ref().and_then(|open| open.incident_id.clone());
        Ok(Situation {
            environment,
            now_ms: self.now_ms(),
            zone: self.zone(),
            runbook,
            library,
            confirmed,
            incident: of_rollback.or(incident),
            added,
            rollback,
        })
    }

    /// What the portal said last, and when; when that is not known, when it was saved.
    async fn phase_with_age(&self, environment: &EnvironmentName) -> Option<(PhaseState, Option<i64>)> {
        let on_screen = {
            let screen = self.screen();
            let reading = screen.reading.as_ref();
            reading.and_then(|reading| Some((reading.state.to_state()?, Some(reading.read_at_ms))))
        };
        let known = match on_screen {
            Some(known) => Some(known),
            None => self.last_recorded(environment).await.map(|state| (state, None)),
        };
        // Where nobody ever saved a phase there is no move to tell of.
        known.filter(|(state, _)| state.ever_set())
    }

    /// The phase change that made what the portal says, and the incident it answered to.
    async fn confirmed(
        &self,
        environment: &EnvironmentName,
        state: &PhaseState,
        seen_at_ms: Option<i64>,
    ) -> Result<(Option<PhaseMove>, Option<String>), Problem> {
        let rows = self.history_rows(environment).await?;
        let made = rows.into_iter().find(|row| {
            row.outcome == Some(ChangeOutcome::Confirmed)
                && row.state.as_ref().is_some_and(|made| {
                    (made.phase, made.updated_at_ms) == (state.phase, state.updated_at_ms)
                })
        });
        let from = match &made {
            Some(row) => Some(row.from.phase),
            None => self.phase_before(environment, state.updated_at_ms).await?,
        };
        let concluded_at_ms = made.as_ref().and_then(|row| row.concluded_at_ms);
        let moved = PhaseMove {
            from,
            to: state.phase,
            changed_at_ms: state.updated_at_ms,
            seen_at_ms: seen_at_ms.or(concluded_at_ms).unwrap_or(state.updated_at_ms),
        };
        Ok((Some(moved), made.and_then(|row| row.incident_id)))
    }

    async fn phase_before(
        &self,
        environment: &EnvironmentName,
        before_ms: i64,
    ) -> Result<Option<Phase>, Problem> {
        let moves = self.inner.store.phase_moves(environment, 0, before_ms).await;
        let moves = moves.map_err(|error| store_problem(&error))?;
        Ok(moves.last().map(|moved| moved.phase))
    }

    /// The rollback that is open here, while staff have not been told of it.
    pub(super) async fn rollback_to_tell_of(&self) -> Option<OpenRollback> {
        self.load_rollback().await;
        let place = self.live();
        let state = &place.as_ref()?.state;
        let untold = state.step(Step::Announce).is_some_and(|step| !step.is_over());
        (state.is_open() && state.opening.purpose == Purpose::Rollback && untold).then(|| OpenRollback {
            from: state.opening.from.as_ref().map(|from| from.phase),
            to: state.opening.to,
            opened_at_ms: state.opened_at_ms,
            incident_id: state.opening.incident_id.clone(),
        })
    }
}
