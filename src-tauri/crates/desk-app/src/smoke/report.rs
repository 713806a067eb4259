//! A run as it is shown and exported.

use super::{
    checks::PHASE_CHECK,
    engine::Track,
    view::{LeftView, SmokeCheckView, SmokeCounts, SmokeReport, SmokeState, SmokeStepState, SmokeStepView},
};
use crate::{time::when, view::OverrideView};
use chrono_tz::Tz;
use desk_core::{
    EnvironmentName, Phase, PhaseState, Runbook,
    smoke::{PERSON, PhaseAnswers, Settled, SmokeStart, StepRecord, StepResult, Thing, proves},
};
use desk_store::{AttestationRow, LeftRow, SmokeRunRow};
use std::fmt::Write as _;

/// What a report is made of, besides its steps.
pub(crate) struct Frame<'a> {
    pub(crate) runbook: &'a Runbook,
    pub(crate) environment: &'a EnvironmentName,
    pub(crate) id: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) started_at_ms: i64,
    pub(crate) start: &'a SmokeStart,
}

impl From<StepResult> for SmokeStepState {
    fn from(result: StepResult) -> Self {
        match result {
            StepResult::Pass => Self::Pass,
            StepResult::Fail => Self::Fail,
            StepResult::Blocked => Self::Blocked,
            StepResult::Skipped => Self::Skipped,
            StepResult::Attested => Self::Attested,
        }
    }
}

impl SmokeStepState {
    /// The word shown and exported.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Blocked => "blocked",
            Self::Skipped => "skipped",
            Self::Attested => "attested",
        }
    }
}

fn step_view(record: StepRecord) -> SmokeStepView {
    SmokeStepView {
        state: record.result.into(),
        label: record.label.map(|label| label.word().to_owned()),
        meaning: record.label.map(|label| label.meaning().to_owned()),
        id: record.id,
        account: record.account,
        uid: record.uid,
        route: record.route,
        action: record.action,
        optional: record.optional,
        found: record.found,
        at_ms: record.at_ms,
        duration_ms: record.duration_ms,
        status: record.status,
        request_id: record.request_id,
        support_code: record.support_code,
        carried_from: record.carried_from,
    }
}

/// A record of a step that is not over.
pub(crate) fn unsent(id: &str, check: &str, account: &str, action: &str) -> StepRecord {
    StepRecord {
        id: id.to_owned(),
        check: check.to_owned(),
        account: account.to_owned(),
        uid: None,
        route: None,
        action: action.to_owned(),
        optional: false,
        result: StepResult::Skipped,
        label: None,
        found: String::new(),
        at_ms: None,
        duration_ms: None,
        status: None,
        request_id: None,
        support_code: None,
        carried_from: None,
    }
}

/// A run while it goes on: its requests as far as they have come, and what was settled before it began.
pub(crate) fn running(
    frame: &Frame<'_>,
    planned: &[StepRecord],
    tracks: &[Track],
    settled: &[StepRecord],
    answers: PhaseAnswers,
) -> SmokeReport {
    let requests = planned.iter().zip(tracks).map(|(planned, track)| match track {
        Track::Done(record) => step_view(StepRecord::clone(record)),
        Track::Running => SmokeStepView {
            state: SmokeStepState::Running,
            ..step_view(planned.clone())
        },
        Track::Waiting => SmokeStepView {
            state: SmokeStepState::Waiting,
            ..step_view(planned.clone())
        },
    });
    let checks = planned.iter().chain(settled).map(|record| record.check.clone());
    let views = checks.zip(requests.chain(settled.iter().cloned().map(step_view)));
    let mut report = base(frame, views, answers);
    let over = report.counts.all - report.counts.open;
    report.sentence = format!("{over} of {} steps are over.", report.counts.all);
    report
}

/// A run that is over, as it was recorded.
pub(crate) fn recorded(
    runbook: &Runbook,
    environment: &EnvironmentName,
    row: &SmokeRunRow,
    attestations: &[AttestationRow],
    left: &[LeftRow],
) -> SmokeReport {
    let frame = Frame {
        runbook,
        environment,
        id: &row.smoke_id,
        actor: &row.actor,
        started_at_ms: row.started_at_ms,
        start: &row.start,
    };
    let left = left
        .iter()
        .filter(|left| left.smoke_id == row.smoke_id)
        .map(left_view)
        .collect();
    let Some(finish) = &row.finish else {
        let mut report = base(&frame, std::iter::empty(), PhaseAnswers::default());
        report.state = SmokeState::CutOff;
        "It was cut off, and proves nothing.".clone_into(&mut report.sentence);
        report.left = left;
        return report;
    };
    let steps: Vec<StepRecord> = finish
        .steps
        .iter()
        .map(|step| with_word(step, row.start.phase, finish.state.as_ref(), attestations))
        .collect();
    let proven = proves(finish.cancelled, finish.answers, &steps);
    let views = steps
        .into_iter()
        .map(|step| (step.check.clone(), step_view(step)));
    let mut report = base(&frame, views, finish.answers);
    report.state = if finish.cancelled {
        SmokeState::Cancelled
    } else {
        SmokeState::Finished
    };
    report.proven = proven;
    report.finished_at_ms = row.finished_at_ms;
    report.wall_ms = Some(finish.wall_ms);
    report.critical_path_ms = Some(finish.critical_path_ms);
    report.left = left;
    report.sentence = sentence(&report, &runbook.phase(row.start.phase).label);
    report
}

/// A person's step with the newest word on it, given in the same phase since the same save.
fn with_word(
    step: &StepRecord,
    phase: Phase,
    state: Option<&PhaseState>,
    attestations: &[AttestationRow],
) -> StepRecord {
    if step.account != PERSON {
        return step.clone();
    }
    let saved = state.map(|state| state.updated_at_ms);
    let word = attestations.iter().find(|word| {
        word.check == step.check && word.phase == phase && Some(word.phase_saved_at_ms) == saved
    });
    let Some(word) = word else {
        return step.clone();
    };
    let mut answered = step.clone();
    answered.uid = Some(word.actor.clone());
    answered.at_ms = Some(word.at_ms);
    answered.found.clone_from(&word.note);
    answered.answer(word.pass);
    answered
}

fn left_view(row: &LeftRow) -> LeftView {
    let (id, open, why) = match &row.settled {
        Some(Settled::Kept { id, why }) => (id.clone(), false, why.clone()),
        Some(Settled::Removed) | None => (
            None,
            true,
            "It could not be removed yet; the desk tries again when it starts and before the next run."
                .to_owned(),
        ),
    };
    let known = match &row.left.thing {
        Thing::Item { item_id } => Some(item_id.clone()),
        Thing::Loan { key, .. } => Some(key.clone()),
        _ => None,
    };
    LeftView {
        what: row.left.thing.words(),
        account: row.left.role.word().to_owned(),
        id: id.or(known),
        open,
        why,
    }
}

/// The leavings of a ledger, as shown.
pub(crate) fn left_views(rows: &[LeftRow]) -> Vec<LeftView> {
    rows.iter().map(left_view).collect()
}

fn base(
    frame: &Frame<'_>,
    steps: impl Iterator<Item = (String, SmokeStepView)>,
    answers: PhaseAnswers,
) -> SmokeReport {
    let mut checks: Vec<SmokeCheckView> = Vec::new();
    let mut accounts: Vec<String> = Vec::new();
    let mut counts = SmokeCounts::default();
    for (check, step) in steps {
        counts.all += 1;
        let count = match step.state {
            SmokeStepState::Waiting | SmokeStepState::Running => &mut counts.open,
            SmokeStepState::Pass => &mut counts.pass,
            SmokeStepState::Fail => &mut counts.fail,
            SmokeStepState::Blocked => &mut counts.blocked,
            SmokeStepState::Skipped => &mut counts.skipped,
            SmokeStepState::Attested => &mut counts.attested,
        };
        *count += 1;
        if !accounts.contains(&step.account) {
            accounts.push(step.account.clone());
        }
        match checks.iter_mut().find(|known| known.id == check) {
            Some(known) => known.steps.push(step),
            None => checks.push(SmokeCheckView {
                words: words_of(frame.runbook, &check, frame.start.phase),
                id: check,
                steps: vec![step],
            }),
        }
    }
    SmokeReport {
        id: frame.id.to_owned(),
        environment: frame.environment.to_string(),
        phase: frame.start.phase.wire().to_owned(),
        state: SmokeState::Running,
        proven: false,
        sentence: String::new(),
        started_at_ms: frame.started_at_ms,
        finished_at_ms: None,
        actor: frame.actor.to_owned(),
        only_failed_of: frame.start.only_failed_of.clone(),
        runbook_sha256: frame.start.runbook_sha256.clone(),
        overrides: frame.start.overrides.iter().map(OverrideView::from).collect(),
        accounts,
        checks,
        counts,
        agreeing: answers.agreeing,
        disagreeing: answers.disagreeing,
        left: Vec::new(),
        wall_ms: None,
        critical_path_ms: None,
    }
}

/// The runbook's words for a check.
pub(crate) fn words_of(runbook: &Runbook, check: &str, phase: Phase) -> String {
    if check == PHASE_CHECK {
        return format!("The portal is in {}.", runbook.phase(phase).label);
    }
    runbook
        .check(check)
        .map_or_else(|| check.to_owned(), |check| check.words.clone())
}

fn sentence(report: &SmokeReport, label: &str) -> String {
    let SmokeCounts {
        all,
        pass,
        fail,
        blocked,
        skipped,
        ..
    } = report.counts;
    let mut text = if report.proven {
        format!("{label} is proven: {pass} steps passed.")
    } else if report.state == SmokeState::Cancelled {
        format!("It was stopped, and does not prove {label}.")
    } else {
        format!(
            "{label} is not proven: {fail} of {all} steps failed, {blocked} were blocked, {skipped} skipped."
        )
    };
    if report.disagreeing > 0 {
        let answers = report.agreeing + report.disagreeing;
        let _ = write!(
            text,
            " {} of {answers} answers told another phase: a server of the portal does not know of the change yet, or somebody moved it. Wait until all agree, then run it again.",
            report.disagreeing
        );
    }
    let waiting = report
        .checks
        .iter()
        .flat_map(|check| &check.steps)
        .filter(|step| step.account == PERSON && step.state == SmokeStepState::Skipped)
        .count();
    match waiting {
        0 => {}
        1 => text.push_str(" 1 question waits for a person."),
        _ => {
            let _ = write!(text, " {waiting} questions wait for a person.");
        }
    }
    text
}

impl SmokeReport {
    /// Every step, in order.
    pub fn steps(&self) -> impl Iterator<Item = &SmokeStepView> {
        self.checks.iter().flat_map(|check| &check.steps)
    }

    /// The block for support: what failed, with ids, times and accounts. Holds no secret.
    pub fn support_block(&self, zone: Tz) -> String {
        let mut text = format!(
            "Smoke run {} in {}, {}\n{}\n",
            self.id,
            self.environment,
            when(self.started_at_ms, zone),
            self.sentence
        );
        for made in &self.overrides {
            let _ = writeln!(text, "{}", made.words(zone));
        }
        for check in &self.checks {
            for step in &check.steps {
                if !matches!(step.state, SmokeStepState::Fail | SmokeStepState::Blocked) {
                    continue;
                }
                let at = step
                    .at_ms
                    .map_or_else(|| "not sent".to_owned(), |at| when(at, zone));
                let _ = write!(
                    text,
                    "\n{} [{}] {}\n  account {} ({}) · route {} · {at}\n  {}\n  request {} · support code {} · status {}\n",
                    step.state.word(),
                    step.label.as_deref().unwrap_or("-"),
                    step.id,
                    step.account,
                    step.uid.as_deref().unwrap_or("-"),
                    step.route.as_deref().unwrap_or("-"),
                    step.found,
                    step.request_id.as_deref().unwrap_or("-"),
                    step.support_code.as_deref().unwrap_or("-"),
                    step.status
                        .map_or_else(|| "-".to_owned(), |status| status.to_string()),
                );
            }
        }
        for left in &self.left {
            let _ = write!(
                text,
                "\nleft behind: {} {} by {}: {}\n",
                left.what,
                left.id.as_deref().unwrap_or("-"),
                left.account,
                left.why
            );
        }
        text
    }
}
