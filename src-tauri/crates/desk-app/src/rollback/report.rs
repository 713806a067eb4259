//! A drill's report: the field names of the script that staff have today (contract, section 7), so that what reads those
//! reports still can, and under `desk` what that script could not know.

use super::{
    drill::{DrillPlan, status},
    live::splits,
    view::{DrillRequest, RollbackSplitView},
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    time::when,
};
use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use desk_core::{
    Role,
    rollback::{Answers, ProbeRecord, Progress, Rollback, Said, Split, Step},
};
use serde::Serialize;
use std::fmt::Write as _;

/// A drill's report.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DrillReport {
    /// `planned`, `blocked`, `passed`, `failed`, or `unknown` where it is not known how the portal was left.
    pub status: String,
    /// Whether anything was to be changed.
    pub executed: bool,
    /// The portal's project.
    pub project_id: Option<String>,
    /// Where its functions answer.
    pub functions_base_url: String,
    /// Who.
    pub actor: Actor,
    /// When it began, ISO 8601.
    pub started_at_iso: String,
    /// When it ended.
    pub finished_at_iso: String,
    /// The phase that was found; empty where it could not be read.
    pub original_phase: String,
    /// The phase that it rolled back to.
    pub rollback_target_phase: Option<String>,
    /// The phase that was seen to be back; none where none was.
    pub restored_phase: Option<String>,
    /// How long it might take.
    pub max_duration_minutes: u64,
    /// The rollback itself; none where it did not come to that.
    pub rollback: Option<RollbackTimes>,
    /// Three of the probes.
    pub route_probes: RouteProbes,
    /// What came of it, in words.
    pub message: String,
    /// Its steps.
    pub steps: Vec<ReportStep>,
    /// What the script that staff had could not know.
    pub desk: DeskPart,
}

/// The account that set the phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// Its uid.
    pub uid: String,
    /// Its e-mail address, where the sign-in tells it.
    pub email: Option<String>,
}

/// How long the rollback took: from sending the phase to the proof.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RollbackTimes {
    /// When the phase was sent, ISO 8601.
    pub started_at_iso: String,
    /// When it was proven.
    pub finished_at_iso: String,
    /// Milliseconds between them.
    pub duration_ms: u64,
    /// The same in minutes, two decimals.
    pub duration_minutes: f64,
    /// Whether it was proven in time, from the opening on.
    pub within_target: bool,
}

/// The probes that the script made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteProbes {
    /// The member reads the discovery shelves.
    pub discovery: Option<RouteProbe>,
    /// The member tries to borrow.
    pub member_write: Option<RouteProbe>,
    /// Staff try to create an item.
    pub admin_write: Option<RouteProbe>,
}

/// A probe's newest answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RouteProbe {
    /// The route.
    pub route: String,
    /// As whom.
    pub identity: String,
    /// Whether it was the one that must come.
    pub ok: bool,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// The id to quote.
    pub request_id: Option<String>,
    /// What came, in words.
    pub detail: String,
}

/// A step of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportStep {
    /// What was done.
    pub label: String,
    /// `planned`, `passed`, `failed` or `skipped`.
    pub status: String,
    /// How long it took.
    pub duration_ms: Option<u64>,
    /// What was found.
    pub detail: String,
}

/// What the script could not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeskPart {
    /// The drill's id; none for a plan.
    pub drill_id: Option<String>,
    /// The environment's name.
    pub environment: String,
    /// `practice`, `staging` or `live`.
    pub environment_kind: String,
    /// The runbook's SHA-256.
    pub runbook_sha256: String,
    /// `verified` or `settled`: when the proof was enough.
    pub until: String,
    /// Whether every probe had agreed for longer than the phase is cached. Where not, other servers may still differ.
    pub settled: bool,
    /// How long the portal's servers cache the phase, milliseconds.
    pub phase_cache_ms: u64,
    /// The splits.
    pub splits: Vec<ReportSplit>,
    /// The note that was saved.
    pub note: String,
    /// The note that was found, and was put back.
    pub original_note: Option<String>,
    /// The probes of each identity.
    pub probes: Vec<RouteProbe>,
    /// Answers that agreed, were from before the change, or were none.
    pub answers: AnswerCounts,
    /// Ids of the requests that set a phase, and of the last round of probes.
    pub request_ids: Vec<String>,
    /// How much the clock was set meanwhile, milliseconds.
    pub clock_jumped_ms: i64,
    /// Why it could not be put back, where it could not.
    pub not_restored: Option<String>,
}

/// A split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportSplit {
    /// `opened`, `sent`, `acknowledged`, `verified`, `settled`, `restored`, `closed`.
    pub split: String,
    /// When, ISO 8601.
    pub at_iso: String,
    /// How long after it was opened, milliseconds.
    pub taken_ms: u64,
}

/// How the answers were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AnswerCounts {
    /// Agreed.
    pub agreeing: u32,
    /// From before the change.
    pub outdated: u32,
    /// None that says anything.
    pub failed: u32,
}

impl Desk {
    /// The report of what a drill would do.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn drill_plan_report(
        &self,
        plan: &DrillPlan,
        request: &DrillRequest,
    ) -> Result<DrillReport, Problem> {
        let now = iso(self.now_ms());
        let environment = self.environment_view_of(self.environment().as_str()).await?;
        let planned = |label: String, detail: String| ReportStep {
            label,
            status: "planned".to_owned(),
            duration_ms: None,
            detail,
        };
        let mut steps = Vec::new();
        if plan.blocked.is_none() {
            let send = |phase: desk_core::Phase, note: Option<&str>| {
                serde_json::json!({ "phase": phase, "note": note }).to_string()
            };
            steps.extend(plan.promote_to.map(|phase| {
                planned(
                    format!("Set {}", phase.label()),
                    format!("POST library.rollout.set {}", send(phase, Some(&plan.note))),
                )
            }));
            steps.push(planned(
                format!("Set {}", plan.to.label()),
                format!("POST library.rollout.set {}", send(plan.to, Some(&plan.note))),
            ));
            steps.push(planned(
                "Verify the safe state".to_owned(),
                super::probes::planned_words(plan.to),
            ));
            if !request.skip_restore {
                steps.push(planned(
                    format!("Put back {}", plan.found.phase.label()),
                    format!(
                        "POST library.rollout.set {}",
                        send(plan.found.phase, plan.found.note.as_deref())
                    ),
                ));
            }
        }
        Ok(DrillReport {
            status: if plan.blocked.is_some() {
                "blocked"
            } else {
                "planned"
            }
            .to_owned(),
            executed: false,
            project_id: environment.project_id.clone(),
            functions_base_url: environment.api_base.clone(),
            actor: self.actor(&plan.operator).await,
            started_at_iso: now.clone(),
            finished_at_iso: now,
            original_phase: plan.found.phase.wire().to_owned(),
            rollback_target_phase: Some(plan.to.wire().to_owned()),
            restored_phase: None,
            max_duration_minutes: u64::from(request.max_duration_minutes),
            rollback: None,
            route_probes: RouteProbes::default(),
            message: plan.blocked.as_ref().map_or_else(
                || "Nothing was sent: this is what would be. Add --execute to do it.".to_owned(),
                |problem| problem.message.clone(),
            ),
            steps,
            desk: DeskPart {
                drill_id: None,
                environment: environment.name,
                environment_kind: kind_word(environment.kind).to_owned(),
                runbook_sha256: self.runbook().sha256().to_owned(),
                until: if request.until_verified {
                    "verified"
                } else {
                    "settled"
                }
                .to_owned(),
                settled: false,
                phase_cache_ms: environment.phase_cache_ms,
                splits: Vec::new(),
                note: plan.note.clone(),
                original_note: plan.found.note.clone(),
                probes: Vec::new(),
                answers: AnswerCounts::default(),
                request_ids: Vec::new(),
                clock_jumped_ms: 0,
                not_restored: None,
            },
        })
    }

    /// The report of a drill that came to nothing before anything was sent.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn drill_failed_report(
        &self,
        request: &DrillRequest,
        problem: &Problem,
    ) -> Result<DrillReport, Problem> {
        let operator = self.operator().await;
        let known = self.phase_known(&self.environment()).await;
        let unread = known.is_none();
        let plan = DrillPlan {
            to: desk_core::Phase::ReadOnly,
            // Where nothing was read, the report names no phase.
            found: known.unwrap_or(desk_core::PhaseState {
                phase: desk_core::Phase::ReadOnly,
                note: None,
                updated_at_ms: 0,
                updated_by_uid: None,
            }),
            promote_to: None,
            note: String::new(),
            operator,
            blocked: Some(problem.clone()),
        };
        let report = self.drill_plan_report(&plan, request).await?;
        let status = match problem.code {
            Code::ConfirmationNeeded | Code::Busy => "blocked",
            Code::Offline | Code::TimeoutUnknownOutcome | Code::BadReply | Code::RateLimited => "unknown",
            _ => "failed",
        };
        Ok(DrillReport {
            status: status.to_owned(),
            original_phase: if unread {
                String::new()
            } else {
                report.original_phase
            },
            rollback_target_phase: None,
            message: format!("{} {} {}", problem.message, problem.meaning, problem.next),
            ..report
        })
    }

    /// The report of the drill that this desk made last, over or not.
    ///
    /// # Errors
    /// `not_found` when it made none; `store_*`.
    pub async fn drill_report(&self) -> Result<DrillReport, Problem> {
        let (state, actor) = {
            let place = self.live();
            let live = place.as_ref().ok_or_else(super::none_open)?;
            (live.state.clone(), live.actor.clone())
        };
        let environment = self.environment_view_of(self.environment().as_str()).await?;
        let actor = self.actor(&actor).await;
        let now = self.now_ms();
        let opening = &state.opening;
        let restored = state.at_ms(Split::Restored).is_some();
        let found = opening.from.as_ref();
        Ok(DrillReport {
            status: status(&state).to_owned(),
            executed: true,
            project_id: environment.project_id.clone(),
            functions_base_url: environment.api_base.clone(),
            actor,
            started_at_iso: iso(state.opened_at_ms),
            finished_at_iso: iso(state.at_ms(Split::Closed).unwrap_or(now)),
            original_phase: found.map_or_else(String::new, |found| found.phase.wire().to_owned()),
            rollback_target_phase: Some(opening.to.wire().to_owned()),
            restored_phase: found
                .filter(|_| restored)
                .map(|found| found.phase.wire().to_owned()),
            max_duration_minutes: opening.budget_ms / 60_000,
            rollback: times(&state),
            route_probes: RouteProbes {
                discovery: probe(&state.answers, Role::MemberSmoke, "library.discovery.get"),
                member_write: probe(&state.answers, Role::MemberSmoke, "library.loans.checkout"),
                admin_write: probe(&state.answers, Role::StaffSmoke, "library.items.create"),
            },
            message: message(&state),
            steps: state
                .steps
                .iter()
                .filter(|step| step.step != Step::Record)
                .map(step)
                .collect(),
            desk: DeskPart {
                drill_id: Some(state.id.clone()),
                environment: environment.name,
                environment_kind: kind_word(environment.kind).to_owned(),
                runbook_sha256: opening.runbook_sha256.clone(),
                until: match opening.until {
                    desk_core::rollback::Until::Verified => "verified",
                    desk_core::rollback::Until::Settled => "settled",
                }
                .to_owned(),
                settled: state.at_ms(Split::Settled).is_some(),
                phase_cache_ms: opening.phase_cache_ms,
                splits: splits(&state).iter().filter_map(split).collect(),
                note: state.note().to_owned(),
                original_note: found.and_then(|found| found.note.clone()),
                probes: state.answers.probes.iter().map(route_probe).collect(),
                answers: AnswerCounts {
                    agreeing: state.answers.agreeing,
                    outdated: state.answers.outdated,
                    failed: state.answers.failed,
                },
                request_ids: state
                    .saves
                    .iter()
                    .filter_map(|save| save.request_id.clone())
                    .chain(
                        state
                            .answers
                            .probes
                            .iter()
                            .filter_map(|probe| probe.request_id.clone()),
                    )
                    .collect(),
                clock_jumped_ms: state.jumped_ms,
                not_restored: state.gave_up.clone(),
            },
        })
    }

    async fn actor(&self, uid: &str) -> Actor {
        let session = match self.link(&self.environment()).await {
            // One that just signs in, or cannot, tells no address.
            Ok(link) if self.is_signed_in(&link.environment, Role::Operator) => {
                self.session(&link, Role::Operator).await.ok()
            }
            _ => None,
        };
        Actor {
            uid: uid.to_owned(),
            email: session.and_then(|session| session.claims().email),
        }
    }
}

impl DrillReport {
    /// The same for people, as Markdown.
    pub fn markdown(&self, zone: Tz) -> String {
        let mut text = format!(
            "# Rollback drill: {}\n\n{}\n\n| | |\n|---|---|\n",
            self.status, self.message
        );
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "| {name} | {} |", cell(value));
        };
        row(
            "Environment",
            &format!("{} ({})", self.desk.environment, self.desk.environment_kind),
        );
        row("Operator", &self.actor.uid);
        row("Started", &local(&self.started_at_iso, zone));
        row("Finished", &local(&self.finished_at_iso, zone));
        row("Phase found", &self.original_phase);
        row(
            "Rolled back to",
            self.rollback_target_phase.as_deref().unwrap_or("-"),
        );
        row(
            "Put back",
            self.restored_phase.as_deref().unwrap_or("not put back"),
        );
        row("Note saved", &self.desk.note);
        row(
            "Proof",
            &format!(
                "until {}, settled: {}",
                self.desk.until,
                if self.desk.settled { "yes" } else { "no" }
            ),
        );
        row(
            "Answers",
            &format!(
                "{} agreed, {} outdated, {} failed",
                self.desk.answers.agreeing, self.desk.answers.outdated, self.desk.answers.failed
            ),
        );
        row("Runbook", &self.desk.runbook_sha256);
        text.push_str("\n## Splits\n\n| split | at | after |\n|---|---|---|\n");
        for split in &self.desk.splits {
            let _ = writeln!(
                text,
                "| {} | {} | {} ms |",
                split.split,
                cell(&local(&split.at_iso, zone)),
                split.taken_ms
            );
        }
        text.push_str("\n## Steps\n\n| step | result | took | found |\n|---|---|---|---|\n");
        for step in &self.steps {
            let took = step
                .duration_ms
                .map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
            let _ = writeln!(
                text,
                "| {} | {} | {took} | {} |",
                cell(&step.label),
                step.status,
                cell(&step.detail)
            );
        }
        if !self.desk.probes.is_empty() {
            text.push_str(
                "\n## Probes\n\n| identity | route | ok | found | request |\n|---|---|---|---|---|\n",
            );
            for probe in &self.desk.probes {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} | {} | {} |",
                    probe.identity,
                    probe.route,
                    if probe.ok { "yes" } else { "no" },
                    cell(&probe.detail),
                    probe.request_id.as_deref().unwrap_or("-")
                );
            }
        }
        text
    }
}

/// A text that stays in its cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace(['\n', '\r'], " ")
}

fn local(iso: &str, zone: Tz) -> String {
    DateTime::parse_from_rfc3339(iso).map_or_else(|_| iso.to_owned(), |at| when(at.timestamp_millis(), zone))
}

fn iso(at_ms: i64) -> String {
    DateTime::from_timestamp_millis(at_ms).map_or_else(
        || at_ms.to_string(),
        |at| at.to_rfc3339_opts(SecondsFormat::Millis, true),
    )
}

const fn kind_word(kind: crate::view::EnvironmentKindView) -> &'static str {
    match kind {
        crate::view::EnvironmentKindView::Practice => "practice",
        crate::view::EnvironmentKindView::Staging => "staging",
        crate::view::EnvironmentKindView::Live => "live",
    }
}

fn times(state: &Rollback) -> Option<RollbackTimes> {
    let sent = state.marked(Split::Sent)?;
    let split = match state.opening.until {
        desk_core::rollback::Until::Verified => Split::Verified,
        desk_core::rollback::Until::Settled => Split::Settled,
    };
    let proven = state.marked(split)?;
    let duration_ms = proven.taken_ms.saturating_sub(sent.taken_ms);
    Some(RollbackTimes {
        started_at_iso: iso(sent.at_ms),
        finished_at_iso: iso(proven.at_ms),
        duration_ms,
        duration_minutes: minutes(duration_ms),
        within_target: state.within_target(split) == Some(true),
    })
}

/// Minutes with two decimals.
#[expect(clippy::cast_precision_loss, reason = "a drill takes far less than 2^52 ms")]
fn minutes(ms: u64) -> f64 {
    ((ms as f64) / 600.0).round() / 100.0
}

fn probe(answers: &Answers, role: Role, route: &str) -> Option<RouteProbe> {
    answers
        .probes
        .iter()
        .find(|probe| probe.account == role.word() && probe.route == route)
        .map(route_probe)
}

fn route_probe(probe: &ProbeRecord) -> RouteProbe {
    RouteProbe {
        route: probe.route.clone(),
        identity: probe.account.clone(),
        ok: probe.said == Said::Agrees,
        status: probe.status,
        request_id: probe.request_id.clone(),
        detail: format!("{}: {}", probe.words, probe.found),
    }
}

fn step(state: &desk_core::rollback::StepState) -> ReportStep {
    let label = match state.step {
        Step::Trigger => "Confirm the trigger",
        Step::Promote => "Set a phase to roll back from",
        Step::SetPhase => "Set the phase",
        Step::Note => "Read the note back",
        Step::Snapshot => "Capture the metrics",
        Step::Verify => "Verify the safe state",
        Step::Restore => "Put back what was found",
        Step::Announce => "Announce",
        Step::Record => "Record",
    };
    ReportStep {
        label: label.to_owned(),
        status: match state.progress {
            Progress::Done => "passed",
            Progress::Waiting | Progress::PassedOver => "skipped",
            Progress::Running | Progress::Failed => "failed",
        }
        .to_owned(),
        duration_ms: state
            .started_at_ms
            .zip(state.ended_at_ms)
            .map(|(from, to)| u64::try_from(to - from).unwrap_or(0)),
        detail: state.words.clone(),
    }
}

fn split(view: &RollbackSplitView) -> Option<ReportSplit> {
    let word = serde_json::to_value(view.split).ok()?.as_str()?.to_owned();
    Some(ReportSplit {
        split: word,
        at_iso: iso(view.at_ms?),
        taken_ms: view.taken_ms?,
    })
}

fn message(state: &Rollback) -> String {
    let found = state
        .opening
        .from
        .as_ref()
        .map_or("", |found| found.phase.label());
    let to = state.opening.to.label();
    let restored = if !state.opening.restore {
        format!("As asked, {found} was NOT put back: the portal is left in {to}.")
    } else if let Some(seen) = &state.overtaken {
        format!(
            "{} has saved {} meanwhile; nothing was put over it.",
            seen.updated_by_uid.as_deref().unwrap_or("Somebody"),
            seen.phase.label()
        )
    } else if let Some(why) = &state.gave_up {
        format!("{found} was NOT seen to be back: {why} The desk offers it again when it starts.")
    } else if state.at_ms(Split::Restored).is_some() {
        format!("{found} and its note are back.")
    } else if state.has_to_restore() {
        format!("{found} is NOT back yet.")
    } else {
        "Nothing was changed.".to_owned()
    };
    let what = match (status(state), state.at_ms(Split::Settled).is_some()) {
        ("passed", true) => format!("Rolled back to {to}, verified and settled."),
        ("passed", false) => {
            format!("Rolled back to {to} and verified; other servers of the portal may still have differed.")
        }
        _ => state.stopped.clone().map_or_else(
            || "It did not prove the rollback.".to_owned(),
            |why| format!("It was ended: {why}"),
        ),
    };
    format!("{what} {restored}")
}
