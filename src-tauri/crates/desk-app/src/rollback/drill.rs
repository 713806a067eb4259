//! The drill: the same procedure as a rehearsal, planned before anything is sent.

use super::{
    given,
    view::{DrillRequest, DrillSummary, RollbackView},
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    phase::parse_phase,
    time::when,
};
use chrono::DateTime;
use desk_core::{
    EnvironmentKind, Phase, PhaseState, Role,
    change_window::ChangeWindow,
    rollback::{Opening, Purpose, Rollback, Split, Until, note, one_back},
};

/// The longest that a drill may be given, minutes.
const MOST_MINUTES: u32 = 24 * 60;

/// What a drill would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrillPlan {
    /// What was found.
    pub found: PhaseState,
    /// The phase that it rolls back to; what was asked for, even where that is blocked.
    pub to: Phase,
    /// The phase that it sets first, in phase 1.
    pub promote_to: Option<Phase>,
    /// The note that goes with it.
    pub note: String,
    /// The operator's uid.
    pub operator: String,
    /// Why it cannot be done.
    pub blocked: Option<Problem>,
}

impl Desk {
    /// Plans a drill: reads the phase, and says what would be sent. Changes nothing.
    ///
    /// # Errors
    /// `invalid_input` with the field; why the phase could not be read. Where there is nothing to roll back, the plan says
    /// so.
    pub async fn plan_drill(&self, request: &DrillRequest) -> Result<DrillPlan, Problem> {
        let environment = self.here(&request.environment)?;
        if request.max_duration_minutes == 0 || request.max_duration_minutes > MOST_MINUTES {
            return Err(Problem::invalid(
                "maxDurationMinutes",
                format!("A drill takes 1 to {MOST_MINUTES} minutes."),
                "The runbook's target is 15.",
            ));
        }
        let word = given(
            "notePrefix",
            "the word that the notes begin with",
            &request.note_prefix,
        )?;
        let to = request.to.as_deref().map(parse_phase).transpose();
        let to = to.map_err(|problem| problem.about("to"))?;
        let found = self.phase_read_now().await?;
        let link = self.link(&environment).await?;
        let operator = self.session(&link, Role::Operator).await?.uid().to_owned();
        let promote_to =
            (found.phase == Phase::ReadOnly && request.promote_from_phase1).then_some(Phase::MemberWrites);
        let start = promote_to.unwrap_or(found.phase);
        let wanted = to.or_else(|| one_back(start));
        let blocked = match wanted {
            None => Some(blocked(
                format!(
                    "The portal is in {}, the first: there is nothing to roll back.",
                    found.phase.label()
                ),
                "Allow a promotion from phase 1 for the drill, or drill when a later phase is set.",
            )),
            Some(to) if to >= start => Some(blocked(
                format!(
                    "{} is not back from {}, where the portal is.",
                    to.label(),
                    start.label()
                ),
                "Name an earlier phase.",
            )),
            Some(_) => None,
        };
        let reason = request.reason.as_deref().map(str::trim).unwrap_or_default();
        Ok(DrillPlan {
            to: wanted.unwrap_or(found.phase),
            note: note(&word, self.now_ms(), None, &operator, reason),
            found,
            promote_to,
            operator,
            blocked,
        })
    }

    /// Opens a drill: its clock starts. Nothing is sent yet: go on with [`Self::carry_on_rollback`].
    ///
    /// # Errors
    /// As [`Self::plan_drill`]; `refused` where there is nothing to roll back; `confirmation_needed` (field `confirm`, or
    /// `reason` outside the environment's change window); `busy` while a rollback or a drill is open.
    pub async fn open_drill(&self, request: &DrillRequest) -> Result<RollbackView, Problem> {
        let plan = self.plan_drill(request).await?;
        if let Some(blocked) = plan.blocked {
            return Err(blocked);
        }
        let environment = self.environment();
        let row = self.environment_row(&environment).await?;
        let name = environment.as_str();
        if row.kind == EnvironmentKind::Live && request.confirm.as_deref().map(str::trim) != Some(name) {
            return Err(Problem::new(
                Code::ConfirmationNeeded,
                format!("This moves the phase of the live library of {name}, and back."),
                "Nothing was sent; the rollout is unchanged.",
                format!("Type {name} to confirm."),
            )
            .about("confirm"));
        }
        let reason = request
            .reason
            .as_deref()
            .map(str::trim)
            .unwrap_or_default()
            .to_owned();
        if reason.is_empty() && self.is_outside(row.change_window.as_deref()) {
            return Err(Problem::new(
                Code::ConfirmationNeeded,
                format!(
                    "It is {}, outside the change window of {name} ({}).",
                    when(self.now_ms(), self.zone()),
                    row.change_window.unwrap_or_default()
                ),
                "Nothing was sent; the rollout is unchanged.",
                "Say why the drill is made now all the same.",
            )
            .about("reason"));
        }
        let opening = Opening {
            purpose: Purpose::Drill,
            from: Some(plan.found),
            to: plan.to,
            trigger: None,
            reason,
            confirmed_by: String::new(),
            incident_id: None,
            note: plan.note,
            until: if request.until_verified {
                Until::Verified
            } else {
                Until::Settled
            },
            promote_to: plan.promote_to,
            restore: !request.skip_restore,
            borrow: false,
            budget_ms: u64::from(request.max_duration_minutes) * 60_000,
            phase_cache_ms: row.phase_cache_ms,
            runbook_sha256: self.runbook().sha256().to_owned(),
        };
        self.open_one(environment, plan.operator, opening, Vec::new())
            .await
    }
}

impl Desk {
    /// Whether it is not one of the hours in which changes are usual. A window that cannot be read counts as never.
    fn is_outside(&self, window: Option<&str>) -> bool {
        let Some(window) = window else { return false };
        let local = DateTime::from_timestamp_millis(self.now_ms())
            .map(|at| at.with_timezone(&self.zone()).naive_local());
        match (ChangeWindow::parse(window), local) {
            (Ok(window), Some(local)) => !window.contains(local),
            _ => true,
        }
    }
}

fn blocked(message: String, next: &str) -> Problem {
    Problem::new(
        Code::Refused,
        message,
        "Nothing was sent; the rollout is unchanged.",
        next,
    )
    .about("to")
}

/// How a drill ended: `passed`, `failed`, or `unknown` where it is not known that what was found is back, or what became
/// of what was sent.
pub(super) fn status(state: &Rollback) -> &'static str {
    let reached = |split| state.within_target(split) == Some(true);
    let proven = match state.opening.until {
        Until::Verified => reached(Split::Verified),
        Until::Settled => reached(Split::Settled),
    };
    let restored = !state.opening.restore || state.at_ms(Split::Restored).is_some();
    let all_done = state
        .steps
        .iter()
        .all(|step| step.is_over() || step.step == desk_core::rollback::Step::Record);
    if state.gave_up.is_some() || is_unknown(state) {
        "unknown"
    } else if proven && restored && all_done && state.stopped.is_none() {
        "passed"
    } else {
        "failed"
    }
}

/// Whether something was sent of which it is not known what became of it.
fn is_unknown(state: &Rollback) -> bool {
    let restored = state.at_ms(Split::Restored).is_some();
    !restored
        && state
            .saves
            .iter()
            .any(|save| save.acknowledged.is_none() && !save.not_taken)
        && state.has_to_restore()
}

pub(super) fn summary(state: &Rollback) -> DrillSummary {
    let taken = |split| state.marked(split).map(|mark| mark.taken_ms);
    DrillSummary {
        id: state.id.clone(),
        opened_at_ms: state.opened_at_ms,
        status: status(state).to_owned(),
        verified_ms: taken(Split::Verified),
        settled_ms: taken(Split::Settled),
        restored_ms: taken(Split::Restored),
        restored: state.at_ms(Split::Restored).is_some(),
    }
}
