//! Phase metrics: snapshots kept as evidence, imported requests, and what the gates say of them.
//!
//! A snapshot is an artifact in the journal's run. Its gates are judged anew whenever they are looked at, from the same
//! requests, so that a verdict grows stale by itself.

mod count;
mod import;
pub mod view;

use self::count::Counted;
use crate::{
    desk::Desk,
    error::{Code, Problem},
    problem::{internal_problem, store_problem},
    view::OverrideView,
};
use desk_core::{
    EnvironmentName, Phase, PhaseState, Runbook,
    gate::{self, ArtifactFacts, Facts, InForce, Judgement, SmokeFacts, Snapshot, Verdict, window_from_ms},
    metrics::{Artifact, CRITICAL_ROUTES, Capture, Endpoint},
    record::{ArtifactKind, Record},
    runbook::Rule,
};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::Arc,
};
use view::{EndpointView, GateView, GatesView, MetricsView, MoveMark, SeriesPoint, VerdictView};

/// The most stretches of time on the chart.
const CHART_POINTS: u32 = 60;
const MEDIA_TYPE: &str = "application/json";
/// The runbook's evidence item that a metrics artifact is for.
const EVIDENCE_ITEM: &str = "phase-metrics";

/// The newest snapshot of a run.
struct Kept {
    sha256: String,
    attached: bool,
    text: String,
    artifact: Artifact,
    generated_at_ms: i64,
}

impl Kept {
    fn facts(&self, runbook: &Runbook) -> ArtifactFacts {
        let made_with = self.artifact.desk.as_ref().map(|desk| &*desk.runbook_sha256);
        ArtifactFacts {
            sha256: self.sha256.clone(),
            phase: self.artifact.rollout_phase,
            captured_at_ms: self.generated_at_ms,
            same_runbook: made_with == Some(runbook.sha256()),
            attached: self.attached,
        }
    }
}

/// How the gates of a phase stand, with what that rests on.
pub(crate) struct Standing {
    pub(crate) runbook: Arc<Runbook>,
    /// Why no gate counts: the chosen runbook cannot be read.
    pub(crate) no_rules: Option<Problem>,
    pub(crate) in_force: Option<InForce>,
    kept: Option<Kept>,
    pub(crate) smoke: Option<SmokeFacts>,
    pub(crate) judgements: Vec<Judgement>,
}

impl Standing {
    /// The newest artifact.
    pub(crate) fn artifact(&self) -> Option<ArtifactFacts> {
        self.kept.as_ref().map(|kept| kept.facts(&self.runbook))
    }
}

impl Desk {
    /// Makes a snapshot of the phase metrics: reads the phase, counts the requests since it was set (at most
    /// `window_minutes` back), judges the gates, and keeps the artifact on the run.
    ///
    /// # Errors
    /// `invalid_input` (field `windowMinutes`); why the phase could not be read; `store_*`.
    pub async fn capture_metrics(&self, window_minutes: u32) -> Result<MetricsView, Problem> {
        if window_minutes == 0 || window_minutes > 7 * 24 * 60 {
            return Err(Problem::invalid(
                "windowMinutes",
                "The window is 1 minute to 7 days long.",
                "The usual one is 180 minutes.",
            ));
        }
        let state = self.phase_read_now().await?;
        self.capture_metrics_in(&state, window_minutes).await
    }

    /// Makes a snapshot for the phase that is known to be in force.
    pub(crate) async fn capture_metrics_in(
        &self,
        state: &PhaseState,
        window_minutes: u32,
    ) -> Result<MetricsView, Problem> {
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let link = self.link(&environment).await?;
        let actor = self.acting(&environment).await;
        let now = self.now_ms();
        let from_ms = now
            .saturating_sub(i64::from(window_minutes) * 60_000)
            .max(state.updated_at_ms);
        let run = self.run_for(&link, &actor).await?;
        let runbook = self.runbook();
        let earlier = self.newest(&run.0).await?.map(|kept| kept.facts(&runbook));
        let taken = Taken {
            at_ms: now,
            phase: state.phase,
        };
        let in_force = InForce {
            phase: state.phase,
            since_ms: state.updated_at_ms,
        };
        let mut counted = self.count(&environment, in_force, from_ms, now).await?;
        counted.tallies.append(&mut counted.own_waits);
        let smoke = self.smoke_facts(&environment, state.phase).await?;
        let facts = Facts {
            now_ms: now,
            in_force: Some(in_force),
            snapshot: None,
            smoke: smoke.as_ref(),
            artifact: earlier.as_ref(),
        };
        let judgements = self.judge(&environment, state.phase, facts, Some(taken)).await?;
        let artifact = Artifact::capture(Capture {
            environment: &environment,
            environment_kind: link.kind,
            phase: state.phase,
            generated_at_ms: now,
            window_minutes,
            window_from_ms: from_ms,
            tallies: &counted.tallies,
            sources: counted.sources,
            gates: judgements,
            overrides: self.overrides().await?,
            runbook_sha256: runbook.sha256(),
        });
        let text = artifact.to_json().map_err(|error| internal_problem(&error))?;
        let sha256 = self
            .inner
            .store
            .put_artifact(text.into_bytes(), MEDIA_TYPE)
            .await
            .map_err(stored)?;
        let record = Record::ArtifactCaptured {
            sha256,
            artifact_kind: ArtifactKind::PhaseMetrics,
            phase: state.phase,
        };
        self.record(Some(&environment), Some(run.0), &actor, record)
            .await?;
        self.show_metrics().await?.ok_or_else(no_snapshot)
    }

    /// The newest snapshot of the open run, its gates judged as of now; none before the first.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn metrics(&self) -> Result<Option<MetricsView>, Problem> {
        let standing = self.standing(None).await?;
        self.metrics_of(standing).await
    }

    async fn metrics_of(&self, standing: Standing) -> Result<Option<MetricsView>, Problem> {
        let Standing { kept, judgements, .. } = standing;
        let Some(kept) = kept else { return Ok(None) };
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let store = &self.inner.store;
        let taken = kept.generated_at_ms;
        let artifact = kept.artifact;
        let desk = artifact.desk;
        let from_ms = desk
            .as_ref()
            .and_then(|desk| milliseconds(&desk.window_from_iso))
            .unwrap_or(taken);
        let series = store
            .request_series(&environment, from_ms, taken, CHART_POINTS)
            .await
            .map_err(stored)?;
        let moves = store
            .phase_moves(&environment, from_ms, taken)
            .await
            .map_err(stored)?;
        Ok(Some(MetricsView {
            captured_at_ms: taken,
            from_ms,
            window_minutes: artifact.window_minutes,
            phase: artifact.rollout_phase.wire().to_owned(),
            summary: artifact.summary,
            endpoints: endpoints(artifact.endpoints),
            series: series
                .into_iter()
                .map(|row| SeriesPoint {
                    at_ms: row.from_ms,
                    requests: row.requests,
                    errors: row.errors,
                    p95_ms: row.p95_ms,
                })
                .collect(),
            moves: moves
                .into_iter()
                .map(|row| MoveMark {
                    at_ms: row.at_ms,
                    to: row.phase.wire().to_owned(),
                })
                .collect(),
            gates: judgements.into_iter().map(gate_view).collect(),
            overrides: desk.as_ref().map_or_else(Vec::new, |desk| {
                desk.overrides.iter().map(OverrideView::from).collect()
            }),
            expected_refusals: desk.as_ref().map_or(0, |desk| desk.expected_refusals),
            sources: desk.map_or_else(Vec::new, |desk| desk.sources),
            artifact: kept.sha256,
            attached: kept.attached,
        }))
    }

    /// Puts the newest snapshot on screen, its gates judged as of now, and what is missing to advance.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn show_metrics(&self) -> Result<Option<MetricsView>, Problem> {
        let environment = self.environment();
        let standing = self.standing(None).await?;
        let advance = Self::advance_on(&standing);
        let metrics = self.metrics_of(standing).await?;
        self.update_at(&environment, |screen| {
            screen.metrics.clone_from(&metrics);
            screen.advance = advance;
        });
        Ok(metrics)
    }

    /// What the gates of a phase say now.
    ///
    /// # Errors
    /// `gate_not_go` (field `runbook`) where the chosen runbook cannot be read; `store_*`.
    pub async fn gates(&self, phase: Phase) -> Result<GatesView, Problem> {
        self.rules()?;
        let standing = self.standing(Some(phase)).await?;
        Ok(GatesView {
            gates: standing.judgements.into_iter().map(gate_view).collect(),
            overrides: self.overrides_view().await?,
        })
    }

    /// How the gates of a phase stand now; without one, those of the phase in force, or of the newest snapshot while that
    /// is not known.
    pub(crate) async fn standing(&self, phase: Option<Phase>) -> Result<Standing, Problem> {
        let environment = self.environment();
        let kept = match self.open_run().await? {
            Some(run) => self.newest(&run.id).await?,
            None => None,
        };
        let in_force = self.in_force();
        let taken = kept.as_ref().map(|kept| Taken {
            at_ms: kept.generated_at_ms,
            phase: kept.artifact.rollout_phase,
        });
        let phase = phase
            .or(in_force.map(|in_force| in_force.phase))
            .or(taken.map(|taken| taken.phase));
        let mut standing = Standing {
            runbook: self.runbook(),
            no_rules: self.rules().err(),
            in_force,
            kept,
            smoke: None,
            judgements: Vec::new(),
        };
        let Some(phase) = phase else { return Ok(standing) };
        standing.smoke = self.smoke_facts(&environment, phase).await?;
        let artifact = standing.artifact();
        let facts = Facts {
            now_ms: self.now_ms(),
            in_force,
            snapshot: None,
            smoke: standing.smoke.as_ref(),
            artifact: artifact.as_ref(),
        };
        standing.judgements = self.judge(&environment, phase, facts, taken).await?;
        Ok(standing)
    }

    /// The artifact's text, exactly as it is kept: the web panel's shape.
    ///
    /// # Errors
    /// `not_found` before the first snapshot; `store_*`.
    pub async fn metrics_json(&self) -> Result<String, Problem> {
        let run = self.open_run().await?.ok_or_else(no_snapshot)?;
        Ok(self.newest(&run.id).await?.ok_or_else(no_snapshot)?.text)
    }

    /// Puts the newest snapshot on the run as evidence.
    ///
    /// # Errors
    /// `not_found` before the first snapshot; `store_*`.
    pub async fn attach_metrics(&self) -> Result<(), Problem> {
        let run = self.open_run().await?.ok_or_else(no_snapshot)?;
        let kept = self.newest(&run.id).await?.ok_or_else(no_snapshot)?;
        if !kept.attached {
            let record = Record::ArtifactAttached {
                sha256: kept.sha256,
                item: EVIDENCE_ITEM.to_owned(),
            };
            let environment = self.environment();
            let actor = self.acting(&environment).await;
            self.record(Some(&environment), Some(run.id), &actor, record)
                .await?;
            self.show_metrics().await?;
        }
        Ok(())
    }

    /// The newest phase-metrics artifact captured in a run.
    async fn newest(&self, run_id: &str) -> Result<Option<Kept>, Problem> {
        let stored = |error| store_problem(&error);
        let rows = self.inner.store.artifacts_of_run(run_id).await.map_err(stored)?;
        let newest = rows
            .into_iter()
            .filter(|row| {
                row.captured
                    .as_ref()
                    .is_some_and(|one| one.kind == ArtifactKind::PhaseMetrics)
            })
            .max_by_key(|row| row.captured.as_ref().map(|one| one.at_ms));
        let Some(row) = newest else { return Ok(None) };
        let bytes = self.inner.store.artifact(&row.sha256).await.map_err(stored)?;
        let unreadable = || {
            Problem::new(
                Code::StoreFailed,
                "The newest snapshot cannot be read.",
                "Its gates count as not judged.",
                "Make a new snapshot; verify the journal under Settings.",
            )
            .detailed(row.sha256.clone())
        };
        let text = bytes
            .and_then(|one| String::from_utf8(one.bytes).ok())
            .ok_or_else(unreadable)?;
        let artifact: Artifact = serde_json::from_str(&text).map_err(|_| unreadable())?;
        let generated_at_ms = milliseconds(&artifact.generated_at_iso).ok_or_else(unreadable)?;
        Ok(Some(Kept {
            attached: !row.attached.is_empty(),
            sha256: row.sha256,
            text,
            artifact,
            generated_at_ms,
        }))
    }

    /// Judges a phase's gates by `facts` and by the requests before `taken`; none while no gate counts, see [`Desk::rules`].
    /// Gates that look back equally far share their count.
    async fn judge(
        &self,
        environment: &EnvironmentName,
        phase: Phase,
        facts: Facts<'_>,
        taken: Option<Taken>,
    ) -> Result<Vec<Judgement>, Problem> {
        let Ok(runbook) = self.rules() else {
            return Ok(Vec::new());
        };
        let mut windows: BTreeMap<i64, Counted> = BTreeMap::new();
        let mut judgements = Vec::new();
        for gate in runbook.gates_of(phase) {
            let (Some(over), Some(in_force), Some(taken)) = (gate.over(), facts.in_force, taken) else {
                judgements.push(gate::judge(gate, &facts));
                continue;
            };
            let from_ms = window_from_ms(over, taken.at_ms, in_force.since_ms);
            if let Entry::Vacant(window) = windows.entry(from_ms) {
                let counted = self.count(environment, in_force, from_ms, taken.at_ms).await?;
                window.insert(counted);
            }
            let answers = if matches!(gate.rule, Rule::NoSustainedRouteErrors { .. }) {
                self.answers(environment, over, from_ms, taken.at_ms).await?
            } else {
                Vec::new()
            };
            let snapshot = Snapshot {
                phase: taken.phase,
                taken_at_ms: taken.at_ms,
                from_ms,
                tallies: &windows[&from_ms].tallies,
                answers: &answers,
            };
            let facts = Facts {
                snapshot: Some(snapshot),
                ..facts
            };
            judgements.push(gate::judge(gate, &facts));
        }
        Ok(judgements)
    }

    /// Reads the phase and gives it as the rules have it.
    pub(crate) async fn phase_read_now(&self) -> Result<PhaseState, Problem> {
        let reading = self.refresh_phase().await?;
        reading.state.to_state().ok_or_else(|| {
            Problem::new(
                Code::BadReply,
                "The portal names a phase that this desk does not know.",
                "Nothing was counted.",
                "Refresh. If it lasts, give the platform team the details.",
            )
        })
    }

    /// The phase last read, and since when it is in force.
    pub(crate) fn in_force(&self) -> Option<InForce> {
        let state = self
            .screen()
            .reading
            .as_ref()
            .and_then(|reading| reading.state.to_state())?;
        Some(InForce {
            phase: state.phase,
            since_ms: state.updated_at_ms,
        })
    }
}

/// When, and in which phase, a snapshot was taken.
#[derive(Clone, Copy)]
struct Taken {
    at_ms: i64,
    phase: Phase,
}

fn milliseconds(iso: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(iso)
        .ok()
        .map(|time| time.timestamp_millis())
}

/// The artifact's endpoints, critical ones first; within each group in the artifact's order.
fn endpoints(endpoints: Vec<Endpoint>) -> Vec<EndpointView> {
    let is_critical = |endpoint: &Endpoint| {
        CRITICAL_ROUTES
            .iter()
            .any(|route| endpoint.route.ends_with(&format!("/{route}")))
    };
    let mut views: Vec<EndpointView> = endpoints
        .into_iter()
        .map(|endpoint| EndpointView {
            critical: is_critical(&endpoint),
            endpoint,
        })
        .collect();
    views.sort_by_key(|view| !view.critical);
    views
}

fn gate_view(judgement: Judgement) -> GateView {
    GateView {
        id: judgement.gate,
        title: judgement.words,
        phase: judgement.phase.wire().to_owned(),
        verdict: match judgement.verdict {
            Verdict::Go => VerdictView::Go,
            Verdict::NoGo => VerdictView::NoGo,
            Verdict::Insufficient => VerdictView::Insufficient,
            Verdict::Stale => VerdictView::Stale,
        },
        sentence: judgement.sentence,
        small_print: judgement.small_print,
        value: judgement.value,
        threshold: judgement.threshold,
        count: judgement.count,
        failures: judgement.failures,
        more_needed: judgement.more_needed,
    }
}

fn no_snapshot() -> Problem {
    Problem::new(
        Code::NotFound,
        "There is no snapshot of the phase metrics yet.",
        "No gate can be judged.",
        "Refresh phase metrics first.",
    )
}
