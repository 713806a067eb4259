//! The runbook from start to finish on the practice portal, as one rehearsal: three phases earned, a rollback against its clock,
//! back to the last phase, and the evidence sealed and verified.
//!
//! Everything is done by the use cases that people use; nothing is pretended. What only a person can see is attested by the
//! rehearsal itself, and says so. [`walk`] is the rehearsal that a person does, step by step.

pub mod walk;

use crate::{
    announce::{
        ComposeRequest,
        view::{AudienceView, FindingView, MadeView},
    },
    desk::{Desk, PRACTICE_PHASE_CACHE_MS},
    error::{Code, Problem},
    evidence::view::ExportReport,
    metrics::view::AdvanceState,
    rollback::view::{
        RollbackChoice, RollbackProgress, RollbackRequest, RollbackSplit, RollbackTrigger, RollbackView,
    },
    smoke::{Cancel, questions, view::SmokeRequest},
    time::when,
    view::{ChangeOutcomeView, SaveRequest},
};
use chrono::{Duration, Timelike as _};
use desk_core::{EnvironmentKind, Phase};
use serde::Serialize;
use std::{path::Path, time::Instant};
use tokio::sync::watch;

/// How long the practice portal of a rehearsal caches the phase, milliseconds.
pub const PHASE_CACHE_MS: u64 = 5_000;

/// What people would attest, said by a program.
const ATTESTED: &str = "Attested by the rehearsal, a program: nobody has looked. On the practice portal there is no page to look at.";

/// Where the notice of a rehearsed rollback went.
const NOWHERE: &str = "nowhere: a rehearsal; the text is among the evidence";

/// How far back a snapshot looks, minutes.
const WINDOW_MINUTES: u32 = 180;

/// What a rehearsal came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalReport {
    /// The run, `R-001`.
    pub run: String,
    /// Its parts, in order.
    pub parts: Vec<RehearsalPart>,
    /// How long all of it took, milliseconds.
    pub took_ms: u64,
    /// The bundle.
    pub evidence: ExportReport,
}

/// A part of a rehearsal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RehearsalPart {
    /// What was done.
    pub what: String,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

/// Tells how a rehearsal goes, and remembers how long its parts took.
struct Diary<'a> {
    tell: &'a (dyn Fn(&str) + Sync),
    began: Instant,
    part_began: Instant,
    parts: Vec<RehearsalPart>,
}

impl Diary<'_> {
    fn done(&mut self, what: impl Into<String>) {
        let part = RehearsalPart {
            what: what.into(),
            took_ms: milliseconds(self.part_began),
        };
        let seconds = |ms: u64| format!("{}.{}", ms / 1_000, ms / 100 % 10);
        (self.tell)(&format!(
            "{:>5} s  {} ({} s)",
            seconds(milliseconds(self.began)),
            part.what,
            seconds(part.took_ms)
        ));
        self.parts.push(part);
        self.part_began = Instant::now();
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

impl Desk {
    /// Plays the whole runbook against the practice portal as a run of its own, and writes its evidence to `out`, else among the
    /// desk's files. `tell` is told each part when it is over.
    ///
    /// # Errors
    /// `invalid_input` (field `env`) anywhere but in practice; `refused` while a run is open, or where a part does not come to
    /// what it must; whatever the parts themselves fail by. The run is ended then, and what was done stays recorded.
    pub async fn rehearse(
        &self,
        out: Option<&Path>,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<RehearsalReport, Problem> {
        if !self.environment().is_practice() {
            return Err(Problem::invalid(
                "env",
                "A rehearsal that plays itself runs on the practice portal only.",
                "Leave --env out; in a real portal, a person takes each step.",
            ));
        }
        let run = self.start_run("").await?;
        let now = Instant::now();
        let mut diary = Diary {
            tell,
            began: now,
            part_began: now,
            parts: Vec::new(),
        };
        diary.done(format!(
            "{} begins as a rehearsal on the practice portal",
            run.label
        ));
        let played = Box::pin(self.play(&mut diary)).await;
        let ended = self.end_run().await;
        played?;
        ended?;
        let to = match out {
            Some(out) => out.to_owned(),
            None => self.place_for(&run.label, false)?,
        };
        let evidence = self
            .export_evidence(&to, Some(&run.id), &watch::Sender::new(None), Cancel::never())
            .await?;
        if !evidence.verification.valid || !evidence.verification.complete {
            return Err(not_so(
                "The evidence bundle does not verify as complete.",
                &evidence.missing.join("\n"),
            ));
        }
        diary.done(format!("evidence sealed and verified: {}", evidence.path));
        Ok(RehearsalReport {
            run: run.label,
            took_ms: milliseconds(diary.began),
            parts: diary.parts,
            evidence,
        })
    }

    async fn play(&self, diary: &mut Diary<'_>) -> Result<(), Problem> {
        for phase in Phase::ALL {
            self.move_to(phase, "the rollout, phase by phase", diary).await?;
            self.prove(phase, diary).await?;
        }
        self.tell_of_the_phase(diary).await?;
        self.roll_back(diary).await?;
        // What the rollback left is proven anew before it is left again.
        self.prove(Phase::MemberWrites, diary).await?;
        self.move_to(Phase::AdminFull, "forward again after the rollback", diary)
            .await?;
        self.prove(Phase::AdminFull, diary).await
    }

    /// Saves a phase. Forward it must be earned: a rehearsal overrides nothing.
    async fn move_to(&self, phase: Phase, why: &str, diary: &mut Diary<'_>) -> Result<(), Problem> {
        let reading = self.refresh_phase().await?;
        let advance = self.advance().await?;
        let cache_s = self.inner.practice_phase_cache_ms / 1_000;
        let shortened = if self.inner.practice_phase_cache_ms == PRACTICE_PHASE_CACHE_MS {
            String::new()
        } else {
            format!(
                " Shortened: the practice portal caches the phase for {cache_s} s, not {} s.",
                PRACTICE_PHASE_CACHE_MS / 1_000
            )
        };
        let change = self
            .save_phase(SaveRequest {
                environment: self.environment().to_string(),
                to: phase.wire().to_owned(),
                note: format!("Rehearsal played by a program: {why}.{shortened}"),
                incident_id: None,
                expected: reading.state,
                basis: Some(advance.basis),
                confirm: None,
                override_reason: None,
            })
            .await?;
        if change.outcome != Some(ChangeOutcomeView::Confirmed) {
            return Err(not_so(
                &format!("{} was not confirmed.", self.phase_words(phase)),
                &format!("{:?}", change.problem),
            ));
        }
        diary.done(format!(
            "{} set, acknowledged and read back",
            self.phase_words(phase)
        ));
        Ok(())
    }

    /// Everything that leaving a phase needs: its checklist, its numbers, its snapshot attached.
    async fn prove(&self, phase: Phase, diary: &mut Diary<'_>) -> Result<(), Problem> {
        let label = self.phase_info(phase).label;
        let request = SmokeRequest {
            phase: phase.wire().to_owned(),
            ..SmokeRequest::default()
        };
        let report = self
            .run_smoke(&request, &watch::Sender::new(None), Cancel::never())
            .await?;
        for question in questions(&*self.rules()?, phase, EnvironmentKind::Practice) {
            self.attest(&question.check, true, ATTESTED).await?;
        }
        let report = self.smoke_report(&report.id).await?;
        if !report.proven {
            return Err(not_so(
                &format!("The smoke checklist does not prove {label}."),
                &report.support_block(self.zone()),
            ));
        }
        diary.done(format!("{label} smoke checklist: {}", report.sentence));
        self.capture_metrics(WINDOW_MINUTES).await?;
        if self.more_needed(phase).await? > 0 {
            let soak = self
                .soak(phase, None, watch::Sender::new(None), Cancel::never())
                .await?;
            diary.done(format!(
                "{label} soak: {} requests, {} failed",
                soak.done, soak.failed
            ));
            self.capture_metrics(WINDOW_MINUTES).await?;
        }
        self.attach_metrics().await?;
        let advance = self.advance().await?;
        let open: Vec<String> = advance
            .items
            .iter()
            .filter(|item| item.state != AdvanceState::Done)
            .map(|item| format!("{}: {}", item.title, item.found))
            .collect();
        if !open.is_empty() {
            return Err(not_so(&advance.answer, &open.join("\n")));
        }
        diary.done(format!("{label} gates GO, snapshot attached"));
        Ok(())
    }

    /// The texts for staff and members, made and kept on the run.
    async fn tell_of_the_phase(&self, diary: &mut Diary<'_>) -> Result<(), Problem> {
        for audience in [AudienceView::Staff, AudienceView::Member] {
            self.compose(audience, None).await?;
        }
        diary.done("announcements to staff and members made");
        Ok(())
    }

    async fn compose(&self, audience: AudienceView, template: Option<&str>) -> Result<MadeView, Problem> {
        let composed = self
            .compose_announcement(&ComposeRequest {
                audience,
                template: template.map(str::to_owned),
                facts: vec![("next_check_time".to_owned(), self.tomorrow()?)],
                waivers: Vec::new(),
            })
            .await;
        let composed = match composed {
            // A template that does not use the time takes none.
            Err(problem) if problem.field.as_deref() == Some("set") => {
                self.compose_announcement(&ComposeRequest {
                    audience,
                    template: template.map(str::to_owned),
                    facts: Vec::new(),
                    waivers: Vec::new(),
                })
                .await?
            }
            composed => composed?,
        };
        composed.made.ok_or_else(|| {
            let found: Vec<String> = composed.findings.iter().map(FindingView::line).collect();
            not_so("An announcement is refused by its checks.", &found.join("\n"))
        })
    }

    /// The next gate review: tomorrow, on the hour.
    fn tomorrow(&self) -> Result<String, Problem> {
        let now = chrono::DateTime::from_timestamp_millis(self.now_ms())
            .ok_or_else(|| not_so("This machine's clock tells no date.", &self.now_ms().to_string()))?;
        let at = now.with_timezone(&self.zone()) + Duration::days(1);
        let at = at.with_minute(0).unwrap_or(at);
        Ok(at.format("%Y-%m-%d %H:%M").to_string())
    }

    /// A rollback by the runbook's seven steps, its clock and its notice.
    async fn roll_back(&self, diary: &mut Diary<'_>) -> Result<(), Problem> {
        let opened = self
            .open_rollback(&RollbackRequest {
                environment: self.environment().to_string(),
                to: None,
                trigger: RollbackTrigger::Other,
                reason: "rehearsed, nothing is wrong".to_owned(),
                confirmed_by: self.operator().await,
                incident_id: Some("REHEARSAL".to_owned()),
                borrow: false,
            })
            .await?;
        diary.done(format!(
            "rollback opened at {}",
            when(opened.opened_at_ms, self.zone())
        ));
        let mut view = Box::pin(self.carry_on_rollback()).await?;
        if is_for_a_person(&view) {
            self.compose(AudienceView::Staff, Some("rollback-staff")).await?;
            self.decide_rollback(&RollbackChoice::Announced {
                place: NOWHERE.to_owned(),
            })
            .await?;
            view = Box::pin(self.carry_on_rollback()).await?;
        }
        let taken = |wanted| {
            let split = view.splits.iter().find(|split| split.split == wanted);
            split.and_then(|split| split.taken_ms)
        };
        let (Some(verified), Some(settled), Some(_)) = (
            taken(RollbackSplit::Verified),
            taken(RollbackSplit::Settled),
            view.closed_at_ms,
        ) else {
            return Err(not_so("The rollback was not closed as proven.", &view.standing));
        };
        diary.done(format!(
            "rolled back to {}: verified after {:.1} s, settled after {:.1} s of {} min, announced and closed",
            self.phase_words(crate::phase::parse_phase(&view.to)?),
            Duration::milliseconds(i64::try_from(verified).unwrap_or(i64::MAX)).as_seconds_f64(),
            Duration::milliseconds(i64::try_from(settled).unwrap_or(i64::MAX)).as_seconds_f64(),
            view.budget_ms / 60_000,
        ));
        self.dismiss_rollback();
        Ok(())
    }
}

fn is_for_a_person(view: &RollbackView) -> bool {
    view.steps
        .iter()
        .any(|step| step.progress == RollbackProgress::Person)
}

/// A part did not come to what it must.
fn not_so(message: &str, detail: &str) -> Problem {
    Problem::new(
        Code::Refused,
        format!("The rehearsal stops here. {message}"),
        "Only the practice portal was touched; what was done is recorded on its run.",
        "Look at the details; practice reset puts the practice portal back to its start.",
    )
    .detailed(detail)
}
