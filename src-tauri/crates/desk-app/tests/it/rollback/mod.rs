//! Rolling back and rehearsing it, against practice portals.

mod drills;
mod faults;
mod procedure;

use crate::support::{Bench, Entry, Running, STUDIO, hurry};
use desk_app::{
    Desk, Phase, Problem, Role,
    rollback::view::{
        DrillRequest, RollbackChoice, RollbackProgress, RollbackRequest, RollbackSplit, RollbackTrigger,
        RollbackView,
    },
    view::EnvironmentKindView,
};
use desk_core::{
    record::Record,
    rollback::{Event, Step},
};
use desk_practice::Options;
use std::time::Duration;

const CACHE: Duration = Duration::from_secs(5);

/// A portal of so many instances that believe a phase for five seconds.
async fn portal(instances: usize) -> Bench {
    patient_portal(instances).await.impatient()
}

/// The same, for desks that wait for an answer as long as they do at work.
async fn patient_portal(instances: usize) -> Bench {
    Bench::start_with(Options {
        instances,
        phase_cache: CACHE,
        ..Options::default()
    })
    .await
}

/// A desk on the bench's portal, which is in `phase` with somebody's note, with every account signed in.
async fn desk_in(bench: &Bench, phase: Phase) -> Desk {
    bench
        .somebody_sets("staff-smoke", phase, Some("as it was found"))
        .await;
    let desk = bench.pointing_at(EnvironmentKindView::Staging).await;
    for role in [Role::MemberSmoke, Role::StaffSmoke, Role::AdminSmoke] {
        let password = bench.password_of(role.word());
        desk.set_identity(role, password, false).await.unwrap();
    }
    bench.pass(Duration::from_secs(1));
    desk.refresh_phase().await.unwrap();
    desk
}

fn wanted() -> RollbackRequest {
    RollbackRequest {
        environment: STUDIO.to_owned(),
        to: None,
        trigger: RollbackTrigger::GateBreach,
        reason: "loans fail".to_owned(),
        confirmed_by: "Ana".to_owned(),
        incident_id: Some("INC-42".to_owned()),
        borrow: false,
    }
}

fn drill() -> DrillRequest {
    DrillRequest {
        environment: STUDIO.to_owned(),
        to: None,
        until_verified: false,
        skip_restore: false,
        promote_from_phase1: false,
        max_duration_minutes: 15,
        note_prefix: "DRILL".to_owned(),
        reason: None,
        confirm: None,
    }
}

/// Lets a second pass with whatever shows on the desk.
fn second_by_second(bench: &Bench, desk: &Desk) -> Running {
    hurry(bench, desk, Duration::from_secs(1))
}

async fn announced(desk: &Desk) {
    let choice = RollbackChoice::Announced {
        place: "#ops-library".to_owned(),
    };
    desk.decide_rollback(&choice).await.unwrap();
}

fn progress(view: &RollbackView, id: &str) -> RollbackProgress {
    view.steps
        .iter()
        .find(|step| step.id == id)
        .unwrap_or_else(|| panic!("no step {id}"))
        .progress
}

fn taken(view: &RollbackView, split: RollbackSplit) -> Option<u64> {
    let split = view.splits.iter().find(|one| one.split == split);
    split.unwrap().taken_ms
}

/// The journal's entries about rollbacks and phases, in a few words each; steps with a mark for begun, done, failed or
/// passed over.
fn told(entries: &[Entry]) -> Vec<String> {
    let words = entries.iter().filter_map(|entry| match &entry.record {
        Record::RollbackOpened { opening, .. } => Some(format!("opened {}", opening.to.number())),
        Record::RollbackEvent { event, .. } => Some(event_words(event)),
        Record::PhaseChangeStarted { to, .. } => Some(format!("change to {}", to.number())),
        Record::PhaseChangeConcluded { outcome, .. } => Some(format!("change {outcome:?}")),
        Record::PhaseMovedElsewhere { to, .. } => Some(format!("moved elsewhere to {}", to.phase.number())),
        _ => None,
    });
    words.collect()
}

fn event_words(event: &Event) -> String {
    match event {
        Event::Started { step } => format!("> {}", step.id()),
        Event::Done { step, .. } => format!("+ {}", step.id()),
        Event::Failed { step, code, .. } => format!("! {} {code}", step.id()),
        Event::Again { step } => format!("again {}", step.id()),
        Event::PassedOver { step, .. } => format!("- {}", step.id()),
        Event::Sending { attempt, account, .. } => format!("sending {attempt} as {account}"),
        Event::Acknowledged { state, .. } => format!("acknowledged {}", state.phase.number()),
        Event::NotTaken { .. } => "not taken".to_owned(),
        Event::NoteMade { .. } => "note made".to_owned(),
        Event::Answered { .. } => "answered".to_owned(),
        Event::Reviewed { .. } => "reviewed".to_owned(),
        Event::Borrowed => "borrowed".to_owned(),
        Event::Verified { .. } => "verified".to_owned(),
        Event::Settled { .. } => "settled".to_owned(),
        Event::Restored { state, .. } => format!("restored {}", state.phase.number()),
        Event::Moved { seen } => format!("moved to {}", seen.phase.number()),
        Event::WentOn => "went on".to_owned(),
        Event::Found { state } => format!("found {}", state.phase.number()),
        Event::AccountChosen { account } => format!("as {account}"),
        Event::ClockJumped { by_ms } => format!("clock {by_ms}"),
        Event::Stopped { .. } => "stopped".to_owned(),
        Event::GaveUp { .. } => "gave up".to_owned(),
        Event::Closed { .. } => "closed".to_owned(),
    }
}

/// Where in the journal's words something stands.
fn place(told: &[String], what: &str) -> usize {
    told.iter()
        .position(|one| one == what)
        .unwrap_or_else(|| panic!("{what} is not in {told:#?}"))
}

/// Carries on to the end, with the announcement made.
async fn to_the_end(desk: &Desk) -> Result<RollbackView, Problem> {
    desk.carry_on_rollback().await?;
    announced(desk).await;
    desk.carry_on_rollback().await
}

/// Waits until the rollback has begun a step.
async fn until_begun(desk: &Desk, step: Step) -> RollbackView {
    let view = crate::support::until(desk, step.id(), |view| {
        view.rollback.as_ref().is_some_and(|rollback| {
            let at = rollback.steps.iter().find(|one| one.id == step.id());
            at.is_some_and(|at| at.started_at_ms.is_some())
        })
    })
    .await;
    view.rollback.unwrap()
}
