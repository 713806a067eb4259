//! The smoke checklist against practice portals.

mod faults;
mod leftovers;
mod runs;

use crate::support::{Bench, STUDIO, assert_journal_is_whole, save};
use desk_app::{
    Code, Desk, Phase, Role,
    smoke::{
        Cancel,
        view::{SmokeReport, SmokeRequest, SmokeStepState, SmokeStepView},
    },
    view::EnvironmentKindView,
};
use tokio::sync::watch;

/// A desk on its own practice portal, which is in `phase`.
async fn practising(bench: &Bench, phase: Phase) -> Desk {
    let desk = bench.open().await;
    set(bench, &desk, phase).await;
    desk
}

async fn set(bench: &Bench, desk: &Desk, phase: Phase) {
    save(bench, desk, phase, "smoke").await.unwrap();
}

/// A desk on the bench's portal, which is in `phase`, with every account signed in.
pub async fn on_portal(bench: &Bench, kind: EnvironmentKindView, phase: Phase) -> Desk {
    bench.somebody_sets("staff-smoke", phase, None).await;
    let desk = bench.pointing_at(kind).await;
    for role in [Role::MemberSmoke, Role::StaffSmoke, Role::AdminSmoke] {
        let password = bench.password_of(role.word());
        desk.set_identity(role, password, false).await.unwrap();
    }
    desk
}

fn request(phase: Phase) -> SmokeRequest {
    SmokeRequest {
        phase: phase.wire().to_owned(),
        ..SmokeRequest::default()
    }
}

async fn run(desk: &Desk, phase: Phase) -> SmokeReport {
    let progress = watch::Sender::new(None);
    desk.run_smoke(&request(phase), &progress, Cancel::never())
        .await
        .unwrap()
}

/// The steps that did not pass, questions left out, in words that say why.
fn unpassed(report: &SmokeReport) -> Vec<String> {
    report
        .steps()
        .filter(|step| step.account != "person" && step.state != SmokeStepState::Pass)
        .map(|step| {
            let label = step.label.as_deref().unwrap_or("-");
            format!("{} {} [{label}] {}", step.id, step.state.word(), step.found)
        })
        .collect()
}

fn step<'a>(report: &'a SmokeReport, id: &str) -> &'a SmokeStepView {
    report
        .steps()
        .find(|step| step.id == id)
        .unwrap_or_else(|| panic!("no step {id}"))
}
