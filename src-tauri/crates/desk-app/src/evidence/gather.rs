//! What a run has to show.

use crate::{
    desk::Desk,
    error::Problem,
    problem::store_problem,
    rollback::view::{RollbackPurpose, RollbackView},
    smoke::view::{SmokeReport, SmokeState, SmokeStepState},
};
use desk_core::{
    PhaseState,
    evidence::items::{self, AttachedFact, Facts, Item, MetricsFact, RollbackFact, SmokeFact},
    record::ChangeOutcome,
};
use desk_store::{EvidenceRow, PhaseChangeRow, RunArtifactRow, RunRow};
use serde::Serialize;
use std::collections::BTreeMap;

/// The most requests that are looked through for failures: far more than a run makes.
const REQUESTS: u32 = 1_000_000;

/// A request that failed although it should not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FailedRequest {
    /// What it was made for.
    pub(super) purpose: String,
    /// As whom.
    pub(super) account: Option<String>,
    /// The route's name.
    pub(super) route: String,
    /// When it was sent.
    pub(super) at_ms: i64,
    /// The HTTP status, if a reply came.
    pub(super) status: Option<u16>,
    /// The id that was sent, where it is known.
    pub(super) request_id: Option<String>,
    /// The id to read out to support.
    pub(super) support_code: String,
    /// What was found.
    pub(super) found: String,
}

/// What a run has to show.
pub(crate) struct Gathered {
    pub(super) state: Option<PhaseState>,
    pub(super) changes: Vec<PhaseChangeRow>,
    pub(super) smoke: Vec<SmokeReport>,
    pub(super) artifacts: Vec<RunArtifactRow>,
    pub(super) rollbacks: Vec<RollbackView>,
    pub(super) failed: Vec<FailedRequest>,
    pub(super) attachments: Vec<EvidenceRow>,
    pub(crate) items: Vec<Item>,
}

impl Desk {
    /// The runbook's items, as long as there is no run.
    pub(super) fn evidence_items_of_nothing(&self) -> Vec<Item> {
        items::items(&self.runbook(), &Facts::default())
    }

    /// Everything that a run has to show, and how its items stand.
    ///
    /// # Errors
    /// `store_*`.
    pub(crate) async fn gather(&self, run: &RunRow) -> Result<Gathered, Problem> {
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let store = &self.inner.store;
        let mut changes = store.phase_changes_of_run(&run.id).await.map_err(stored)?;
        changes.sort_by_key(|change| change.started_at_ms);
        let rows = store.smoke_runs_of_run(&run.id).await.map_err(stored)?;
        let read: Vec<PhaseState> = rows
            .iter()
            .filter_map(|row| row.finish.as_ref()?.state.clone())
            .collect();
        let mut smoke = self.reports(&environment, rows).await?;
        smoke.sort_by_key(|report| report.started_at_ms);
        let artifacts = store.artifacts_of_run(&run.id).await.map_err(stored)?;
        let rollbacks = self.rollbacks_of_run(run).await?;
        let attachments = store.evidence_of_run(&run.id).await.map_err(stored)?;
        let state = match run.ended_at_ms {
            None => self.last_recorded(&environment).await.or_else(|| newest(read)),
            // What somebody saved since does not belong to the run.
            Some(ended_at_ms) => {
                let moved = store
                    .phase_moved_elsewhere(&environment, run.started_at_ms, ended_at_ms)
                    .await
                    .map_err(stored)?;
                let saved = changes
                    .iter()
                    .filter(|change| change.outcome == Some(ChangeOutcome::Confirmed))
                    .filter_map(|change| change.state.clone());
                newest(read.into_iter().chain(moved).chain(saved))
            }
        };
        let mut failed = failed_requests(&smoke, &changes);
        let until_ms = run.ended_at_ms.unwrap_or(i64::MAX);
        let requests = store
            .requests(&environment, run.started_at_ms, REQUESTS)
            .await
            .map_err(stored)?;
        for request in requests {
            let went_well = request.status.is_some_and(|status| status < 400);
            if request.expected || went_well || request.at_ms > until_ms {
                continue;
            }
            failed.entry(request.request_id.clone()).or_insert(FailedRequest {
                purpose: request.purpose,
                account: request.identity.map(|role| role.word().to_owned()),
                route: request.route,
                at_ms: request.at_ms,
                status: request.status,
                request_id: None,
                support_code: request.request_id,
                found: request.code.unwrap_or_else(|| "no answer".to_owned()),
            });
        }
        let mut failed: Vec<FailedRequest> = failed.into_values().collect();
        failed.sort_by(|one, other| (one.at_ms, &one.support_code).cmp(&(other.at_ms, &other.support_code)));
        let runbook = self.runbook();
        let facts = Facts {
            metrics: artifacts
                .iter()
                .filter_map(|artifact| {
                    let captured = artifact.captured.as_ref()?;
                    Some(MetricsFact {
                        at_ms: captured.at_ms,
                        phase: captured.phase,
                        attached: !artifact.attached.is_empty(),
                    })
                })
                .collect(),
            smoke: smoke
                .iter()
                .filter_map(|report| {
                    Some(SmokeFact {
                        finished_at_ms: report.finished_at_ms,
                        cancelled: report.state == SmokeState::Cancelled,
                        phase: desk_core::Phase::from_wire(&report.phase)?,
                        same_runbook: report.runbook_sha256 == runbook.sha256(),
                    })
                })
                .collect(),
            failed_requests: failed.len(),
            rollbacks: rollbacks
                .iter()
                .map(|rollback| RollbackFact {
                    drill: rollback.purpose == RollbackPurpose::Drill,
                    taken_ms: rollback
                        .closed_at_ms
                        .map(|at| u64::try_from(at - rollback.opened_at_ms).unwrap_or(0)),
                })
                .collect(),
            attached: attachments
                .iter()
                .map(|file| AttachedFact {
                    item: file.item.clone(),
                    at_ms: file.at_ms,
                })
                .collect(),
            state,
        };
        let items = items::items(&runbook, &facts);
        Ok(Gathered {
            state: facts.state,
            changes,
            smoke,
            artifacts,
            rollbacks,
            failed,
            attachments,
            items,
        })
    }
}

/// The newest of what was read of the phase, by when it was saved: a server that does not know of a save yet tells of the one before.
fn newest(read: impl IntoIterator<Item = PhaseState>) -> Option<PhaseState> {
    read.into_iter().max_by_key(|state| state.updated_at_ms)
}

/// The failures that the records tell of, by the id to read out.
fn failed_requests(smoke: &[SmokeReport], changes: &[PhaseChangeRow]) -> BTreeMap<String, FailedRequest> {
    let mut failed = BTreeMap::new();
    let mut add = |request: FailedRequest| {
        failed.entry(request.support_code.clone()).or_insert(request);
    };
    for step in smoke.iter().flat_map(SmokeReport::steps) {
        let (Some(route), Some(at_ms), SmokeStepState::Fail) = (&step.route, step.at_ms, step.state) else {
            continue;
        };
        let Some(support_code) = step.support_code.clone().or_else(|| step.request_id.clone()) else {
            continue;
        };
        add(FailedRequest {
            purpose: format!("smoke {}", step.id),
            account: Some(step.account.clone()),
            route: route.clone(),
            at_ms,
            status: step.status,
            request_id: step.request_id.clone(),
            support_code,
            found: step.found.clone(),
        });
    }
    for change in changes {
        for request in &change.requests {
            if request.status.is_some_and(|status| status < 400) {
                continue;
            }
            add(FailedRequest {
                purpose: format!("phase change {}", change.change_id),
                account: Some(change.actor.clone()),
                route: request.route.clone(),
                at_ms: request.at_ms,
                status: request.status,
                request_id: None,
                support_code: request.request_id.clone(),
                found: change.reason.clone().unwrap_or_else(|| "no success".to_owned()),
            });
        }
    }
    failed
}
