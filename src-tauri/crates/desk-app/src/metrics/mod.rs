//! Phase metrics: snapshots kept as evidence, imported requests, and what the gates say of them.
//!
//! A snapshot is an artifact in the journal's run. Its gates are judged anew whenever they are looked at, from the same
//! requests, so that a verdict grows stale by itself.

pub mod view;

use crate::{
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    problem::{internal_problem, store_problem},
};
use desk_core::{
    Phase, PhaseState, Runbook,
    gate::{self, Answer, ArtifactFacts, Facts, InForce, Judgement, Snapshot, Verdict, window_from_ms},
    import::{Kind, read_log},
    metrics::{Artifact, CRITICAL_ROUTES, Capture, SourceCount, Tally},
    record::{ArtifactKind, Record},
    runbook::{Gate, Rule},
};
use desk_store::{ImportSource, ImportedRequest, RunRow, TallyRow};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use view::{
    BadLine, EndpointView, GateView, ImportView, MetricsView, MoveMark, SeriesPoint,
    SourceCount as SourceView, SummaryView, VerdictView,
};

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
    fn facts(&self) -> ArtifactFacts {
        ArtifactFacts {
            sha256: self.sha256.clone(),
            phase: self.artifact.rollout_phase,
            captured_at_ms: self.generated_at_ms,
            attached: self.attached,
        }
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
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let link = self.link(&environment).await?;
        let state = self.phase_read_now().await?;
        let now = self.now_ms();
        let from_ms = now
            .saturating_sub(i64::from(window_minutes) * 60_000)
            .max(state.updated_at_ms);
        let rows = self
            .inner
            .store
            .tally(&environment, from_ms, now)
            .await
            .map_err(stored)?;
        let run = self.run_for(&link, "desk").await?;
        let earlier = self.newest(&run.0).await?.map(|kept| kept.facts());
        let taken = Taken {
            at_ms: now,
            phase: state.phase,
        };
        let in_force = Some(InForce {
            phase: state.phase,
            since_ms: state.updated_at_ms,
        });
        let judgements = self
            .judge(&link, state.phase, in_force, Some(taken), earlier.as_ref())
            .await?;
        let artifact = Artifact::capture(Capture {
            environment: &environment,
            environment_kind: link.kind,
            phase: state.phase,
            generated_at_ms: now,
            window_minutes,
            window_from_ms: from_ms,
            tallies: &tallies(&rows),
            sources: self.sources(&link, &rows).await?,
            gates: judgements,
            runbook_sha256: Runbook::builtin().sha256(),
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
        self.record(Some(&environment), Some(run.0), "desk", record)
            .await?;
        self.show_metrics().await?;
        self.metrics().await?.ok_or_else(no_snapshot)
    }

    /// The newest snapshot of the open run, its gates judged as of now; none before the first.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn metrics(&self) -> Result<Option<MetricsView>, Problem> {
        let Some(run) = self.open_run().await? else {
            return Ok(None);
        };
        let Some(kept) = self.newest(&run.id).await? else {
            return Ok(None);
        };
        let stored = |error| store_problem(&error);
        let link = self.link(&self.environment()).await?;
        let store = &self.inner.store;
        let taken = kept.generated_at_ms;
        let desk = kept.artifact.desk.as_ref();
        let from_ms = desk
            .and_then(|desk| milliseconds(&desk.window_from_iso))
            .unwrap_or(taken);
        let series = store
            .request_series(&link.environment, from_ms, taken, CHART_POINTS)
            .await
            .map_err(stored)?;
        let moves = store
            .phase_moves(&link.environment, from_ms, taken)
            .await
            .map_err(stored)?;
        let judgements = self.gates(kept.artifact.rollout_phase).await?;
        let artifact = &kept.artifact;
        Ok(Some(MetricsView {
            captured_at_ms: taken,
            from_ms,
            window_minutes: artifact.window_minutes,
            phase: artifact.rollout_phase.wire().to_owned(),
            summary: SummaryView {
                request_count: artifact.summary.request_count,
                error_count: artifact.summary.error_count,
                conflict_count: artifact.summary.conflict_count,
                route_error_count: artifact.summary.route_error_count,
                error_rate: artifact.summary.error_rate.0,
                conflict_rate: artifact.summary.conflict_rate.0,
                p50_latency_ms: artifact.summary.p50_latency_ms,
                p95_latency_ms: artifact.summary.p95_latency_ms,
                max_latency_ms: artifact.summary.max_latency_ms,
            },
            endpoints: endpoints(artifact),
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
            gates: judgements,
            sources: desk.map_or_else(Vec::new, |desk| {
                desk.sources
                    .iter()
                    .map(|one| SourceView {
                        source: one.source.clone(),
                        requests: one.requests,
                    })
                    .collect()
            }),
            expected_refusals: desk.map_or(0, |desk| desk.expected_refusals),
            artifact: kept.sha256,
            attached: kept.attached,
        }))
    }

    /// Puts the newest snapshot on screen, its gates judged as of now, and what is missing to advance.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn show_metrics(&self) -> Result<(), Problem> {
        let environment = self.environment();
        let metrics = self.metrics().await?;
        let advance = self.advance().await?;
        self.update_at(&environment, |screen| {
            screen.metrics = metrics;
            screen.advance = advance;
        });
        Ok(())
    }

    /// What the gates of a phase say now, in the runbook's order.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn gates(&self, phase: Phase) -> Result<Vec<GateView>, Problem> {
        let (judgements, _) = self.judgements_now(phase).await?;
        Ok(judgements.into_iter().map(gate_view).collect())
    }

    /// The verdicts on a phase's gates as of now, and the newest artifact they rest on.
    pub(crate) async fn judgements_now(
        &self,
        phase: Phase,
    ) -> Result<(Vec<Judgement>, Option<ArtifactFacts>), Problem> {
        let link = self.link(&self.environment()).await?;
        let kept = match self.open_run().await? {
            Some(run) => self.newest(&run.id).await?,
            None => None,
        };
        let taken = kept.as_ref().map(|kept| Taken {
            at_ms: kept.generated_at_ms,
            phase: kept.artifact.rollout_phase,
        });
        let facts = kept.as_ref().map(Kept::facts);
        let judgements = self
            .judge(&link, phase, self.in_force(), taken, facts.as_ref())
            .await?;
        Ok((judgements, facts))
    }

    /// The artifact's text, exactly as it is kept: the web panel's shape.
    ///
    /// # Errors
    /// `not_found` before the first snapshot; `store_*`.
    pub async fn metrics_json(&self) -> Result<String, Problem> {
        let run = self.open_run().await?.ok_or_else(no_snapshot)?;
        Ok(self.newest(&run.id).await?.ok_or_else(no_snapshot)?.text)
    }

    /// Adds the requests of somebody else's log, JSON Lines or CSV. The same log again adds nothing.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) where no columns can be made out, and for the web panel's JSON, which holds sums and no
    /// requests; `store_*`.
    pub async fn import_requests(&self, name: &str, text: &str) -> Result<ImportView, Problem> {
        let format = match Kind::of(text) {
            Kind::Log(format) => format,
            Kind::Artifact => {
                return Err(Problem::invalid(
                    "file",
                    "This is the web panel's snapshot: it holds sums, and a gate needs the requests.",
                    "Import the request log that it was counted from.",
                ));
            }
        };
        let log = read_log(text, format, None).map_err(|error| {
            Problem::invalid(
                "file",
                format!("The log's columns cannot be made out: {error}."),
                "It needs a time, a route and a status; a first line with names helps.",
            )
        })?;
        let environment = self.environment();
        let source = ImportSource {
            name: name.trim().to_owned(),
            sha256: hex::encode(Sha256::digest(text.as_bytes())),
        };
        let rows = log
            .requests
            .iter()
            .map(|request| ImportedRequest {
                at_ms: request.at_ms,
                route: request.route.clone(),
                status: request.status,
                ok: request.ok(),
                duration_ms: request.duration_ms,
                request_id: None,
            })
            .collect();
        let imported = self.inner.store.import_requests(&environment, source, rows).await;
        let imported = imported.map_err(|error| store_problem(&error))?;
        self.show_metrics().await?;
        Ok(ImportView {
            added: imported.added,
            already: imported.already,
            bad: log
                .bad
                .into_iter()
                .map(|bad| BadLine {
                    line: bad.line,
                    reason: bad.reason,
                })
                .collect(),
        })
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
            self.record(Some(&self.environment()), Some(run.id), "desk", record)
                .await?;
            self.show_metrics().await?;
        }
        Ok(())
    }

    async fn open_run(&self) -> Result<Option<RunRow>, Problem> {
        let run = self.inner.store.open_run(&self.environment()).await;
        run.map_err(|error| store_problem(&error))
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

    async fn judge(
        &self,
        link: &Link,
        phase: Phase,
        in_force: Option<InForce>,
        taken: Option<Taken>,
        artifact: Option<&ArtifactFacts>,
    ) -> Result<Vec<Judgement>, Problem> {
        let smoke = self.smoke_facts(&link.environment, phase).await?;
        let mut judgements = Vec::new();
        for gate in Runbook::builtin().gates_of(phase) {
            let counted = match (in_force, taken) {
                (Some(in_force), Some(taken)) => self.count_for(link, gate, in_force, taken.at_ms).await?,
                _ => None,
            };
            let snapshot = counted.as_ref().zip(taken).map(|(counted, taken)| Snapshot {
                phase: taken.phase,
                taken_at_ms: taken.at_ms,
                from_ms: counted.from_ms,
                tallies: &counted.tallies,
                answers: &counted.answers,
            });
            let facts = Facts {
                now_ms: self.now_ms(),
                in_force,
                snapshot,
                smoke: smoke.as_ref(),
                artifact,
            };
            judgements.push(gate::judge(gate, &facts));
        }
        Ok(judgements)
    }

    /// The requests that a gate looks at; none for a gate that looks at no requests.
    async fn count_for(
        &self,
        link: &Link,
        gate: &Gate,
        in_force: InForce,
        taken_at_ms: i64,
    ) -> Result<Option<Counted>, Problem> {
        let Some(over) = gate.over() else { return Ok(None) };
        let stored = |error| store_problem(&error);
        let from_ms = window_from_ms(over, taken_at_ms, in_force.since_ms);
        let store = &self.inner.store;
        let rows = store
            .tally(&link.environment, from_ms, taken_at_ms)
            .await
            .map_err(stored)?;
        let answers = if matches!(gate.rule, Rule::NoSustainedRouteErrors { .. }) {
            let routes = over.routes.iter().map(|route| route.name().to_owned()).collect();
            let replies = store
                .recent_of_routes(&link.environment, routes, from_ms)
                .await
                .map_err(stored)?;
            replies
                .into_iter()
                .filter(|reply| reply.at_ms < taken_at_ms)
                .map(|reply| Answer {
                    at_ms: reply.at_ms,
                    route: reply.route,
                    status: reply.status,
                    ok: reply.ok,
                    expected: reply.expected,
                })
                .collect()
        } else {
            Vec::new()
        };
        Ok(Some(Counted {
            from_ms,
            tallies: tallies(&rows),
            answers,
        }))
    }

    async fn sources(&self, link: &Link, rows: &[TallyRow]) -> Result<Vec<SourceCount>, Problem> {
        let imports = self.inner.store.imports(&link.environment).await;
        let imports = imports.map_err(|error| store_problem(&error))?;
        let mut counts: BTreeMap<Option<i64>, u64> = BTreeMap::new();
        for row in rows {
            *counts.entry(row.import_id).or_default() += row.count;
        }
        Ok(counts
            .into_iter()
            .map(|(import, requests)| SourceCount {
                source: import.map_or_else(
                    || "desk".to_owned(),
                    |id| {
                        let named = imports.iter().find(|one| one.id == id);
                        named.map_or_else(|| format!("import {id}"), |one| one.name.clone())
                    },
                ),
                requests,
            })
            .collect())
    }

    /// Reads the phase and gives it as the rules have it.
    async fn phase_read_now(&self) -> Result<PhaseState, Problem> {
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

/// What a gate looks at.
struct Counted {
    from_ms: i64,
    tallies: Vec<Tally>,
    answers: Vec<Answer>,
}

fn tallies(rows: &[TallyRow]) -> Vec<Tally> {
    rows.iter()
        .map(|row| Tally {
            route: row.route.clone(),
            status: row.status,
            ok: row.ok,
            expected: row.expected,
            duration_ms: Some(row.duration_ms),
            count: row.count,
        })
        .collect()
}

fn milliseconds(iso: &str) -> Option<i64> {
    chrono::DateTime::parse_from_rfc3339(iso)
        .ok()
        .map(|time| time.timestamp_millis())
}

/// The artifact's endpoints, critical ones first; within each group in the artifact's order.
fn endpoints(artifact: &Artifact) -> Vec<EndpointView> {
    let mut endpoints: Vec<EndpointView> = artifact
        .endpoints
        .iter()
        .map(|one| EndpointView {
            critical: CRITICAL_ROUTES
                .iter()
                .any(|route| one.route.ends_with(&format!("/{route}"))),
            route: one.route.clone(),
            request_count: one.request_count,
            error_count: one.error_count,
            conflict_count: one.conflict_count,
            route_error_count: one.route_error_count,
            p50_latency_ms: one.p50_latency_ms,
            p95_latency_ms: one.p95_latency_ms,
        })
        .collect();
    endpoints.sort_by_key(|one| !one.critical);
    endpoints
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
