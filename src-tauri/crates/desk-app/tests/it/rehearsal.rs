//! "Rehearse now": a person does each step with the desk's use cases, and the desk sees for itself what is done.

use crate::support::{Bench, until};
use desk_app::{
    Code, Desk, DeskOptions, Phase,
    announce::{ComposeRequest, view::AudienceView},
    parse_phase,
    rehearse::walk::{
        RehearsalAct, RehearsalProgress, RehearsalRequest, RehearsalStep, RehearsalView, Surprise,
    },
    rollback::view::{RollbackChoice, RollbackProgress, RollbackRequest, RollbackTrigger},
    smoke::{Cancel, view::SmokeRequest},
    time::SystemClock,
    view::SaveRequest,
};
use desk_core::record::Record;
use std::sync::Arc;
use tokio::sync::watch;

/// A desk at its practice portal, with this machine's time and a short phase cache.
async fn practising(bench: &Bench) -> Desk {
    let options = DeskOptions {
        environment: Some("practice".to_owned()),
        clock: Arc::new(SystemClock),
        practice_phase_cache_ms: 300,
        ..bench.options()
    };
    let desk = Desk::open(options).await.unwrap();
    desk.refresh_phase().await.unwrap();
    desk
}

fn begin(ends: Option<String>) -> RehearsalRequest {
    RehearsalRequest {
        owner: "Library Ops".to_owned(),
        fresh: true,
        ends,
    }
}

/// How it stands once the portal was read anew, as the window does all the time.
async fn rehearsal(desk: &Desk) -> RehearsalView {
    desk.refresh_phase().await.unwrap();
    desk.show_metrics().await.unwrap();
    desk.view().await.unwrap().rehearsal.unwrap()
}

fn now(rehearsal: &RehearsalView) -> Option<&RehearsalStep> {
    rehearsal.now.map(|now| &rehearsal.steps[now as usize])
}

fn done(rehearsal: &RehearsalView) -> usize {
    let is_done = |step: &&RehearsalStep| step.progress == RehearsalProgress::Done;
    rehearsal.steps.iter().filter(is_done).count()
}

async fn set(desk: &Desk, phase: &str) {
    let reading = desk.refresh_phase().await.unwrap();
    let request = SaveRequest {
        environment: "practice".to_owned(),
        to: phase.to_owned(),
        note: "Rehearsed".to_owned(),
        incident_id: None,
        expected: reading.state,
        basis: Some(desk.advance().await.unwrap().basis),
        confirm: None,
        override_reason: None,
    };
    desk.save_phase(request).await.unwrap();
}

async fn checklist(desk: &Desk, phase: &str) {
    let request = SmokeRequest {
        phase: phase.to_owned(),
        ..SmokeRequest::default()
    };
    desk.run_smoke(&request, &watch::Sender::new(None), Cancel::never())
        .await
        .unwrap();
}

async fn tell(desk: &Desk, audience: AudienceView, template: Option<&str>) {
    let next_check = ("next_check_time".to_owned(), "2099-01-01 10:00".to_owned());
    let composed = desk
        .compose_announcement(&ComposeRequest {
            audience,
            template: template.map(str::to_owned),
            facts: match audience {
                AudienceView::Staff if template.is_none() => vec![next_check],
                _ => Vec::new(),
            },
            waivers: Vec::new(),
        })
        .await
        .unwrap();
    assert!(composed.made.is_some(), "{composed:?}");
}

async fn roll_back(desk: &Desk) {
    desk.open_rollback(&RollbackRequest {
        environment: "practice".to_owned(),
        to: None,
        trigger: RollbackTrigger::Other,
        reason: "rehearsed".to_owned(),
        confirmed_by: "Library Ops".to_owned(),
        incident_id: None,
        borrow: false,
    })
    .await
    .unwrap();
    let open = rehearsal(desk).await;
    assert_eq!(now(&open).unwrap().act, RehearsalAct::RollBack, "it is under way");
    let view = desk.carry_on_rollback().await.unwrap();
    if view
        .steps
        .iter()
        .any(|step| step.progress == RollbackProgress::Person)
    {
        let place = "nowhere: rehearsed".to_owned();
        desk.decide_rollback(&RollbackChoice::Announced { place })
            .await
            .unwrap();
        desk.carry_on_rollback().await.unwrap();
    }
}

/// Does one step, as a person would who reads what is said of it.
async fn act(desk: &Desk, step: &RehearsalStep) {
    let phase = step.phase.clone().unwrap_or_default();
    match step.act {
        RehearsalAct::SetPhase => set(desk, &phase).await,
        RehearsalAct::Checklist => checklist(desk, &phase).await,
        RehearsalAct::Questions => {
            let found = step.found.clone().unwrap();
            let (_, checks) = found.trim_end_matches('.').split_once(": ").unwrap();
            for check in checks.split(", ") {
                desk.attest(check, true, "no page to look at").await.unwrap();
            }
        }
        RehearsalAct::Gates => {
            desk.capture_metrics(180).await.unwrap();
            let still = rehearsal(desk).await;
            if now(&still).unwrap().act == RehearsalAct::Gates {
                let phase = parse_phase(&phase).unwrap();
                desk.soak(phase, None, watch::Sender::new(None), Cancel::never())
                    .await
                    .unwrap();
                desk.capture_metrics(180).await.unwrap();
            }
        }
        RehearsalAct::Attach => desk.attach_metrics().await.unwrap(),
        RehearsalAct::TellStaff => tell(desk, AudienceView::Staff, None).await,
        RehearsalAct::TellMembers => tell(desk, AudienceView::Member, None).await,
        RehearsalAct::RollBack => roll_back(desk).await,
        RehearsalAct::EndRun => drop(desk.end_run().await.unwrap()),
        RehearsalAct::Lessons => {
            let run = rehearsal(desk).await.run.label;
            let lessons = desk_app::log::field_called("lessons").unwrap();
            desk.set_log_field(&run, lessons, "Ask earlier").await.unwrap();
        }
        RehearsalAct::Export => {
            let to = desk.place_for_evidence(None, false).await.unwrap();
            let report = desk
                .export_evidence(&to, None, &watch::Sender::new(None), Cancel::never())
                .await
                .unwrap();
            assert!(
                report.verification.valid && report.verification.complete,
                "{report:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_done_by_its_own_act_until_the_evidence_is_sealed() {
    let bench = Bench::start().await;
    let desk = practising(&bench).await;
    assert_eq!(desk.view().await.unwrap().rehearsal, None);
    let run = desk.begin_rehearsal(&begin(None)).await.unwrap();
    assert_eq!(run.owner.as_deref(), Some("Library Ops"));

    loop {
        let before = rehearsal(&desk).await;
        let Some(step) = now(&before) else { break };
        assert_eq!(before.run.id, run.id);
        act(&desk, step).await;
        let after = rehearsal(&desk).await;
        let further = after.now.is_none_or(|now| Some(now) > before.now);
        assert!(further, "{step:?} was not seen: {after:#?}");
        assert_eq!(
            after.steps.len(),
            before.steps.len(),
            "the way there stays as long"
        );
    }
    let finished = rehearsal(&desk).await;
    assert_eq!(done(&finished), finished.steps.len());

    // It is still there after a restart, until somebody leaves it.
    desk.close().await;
    let desk = practising(&bench).await;
    assert_eq!(rehearsal(&desk).await.steps, finished.steps);
    desk.leave_rehearsal().await.unwrap();
    assert_eq!(desk.view().await.unwrap().rehearsal, None);
    desk.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_surprise_breaches_the_gate_of_the_phase_and_is_recorded_on_the_run() {
    let bench = Bench::start().await;
    let desk = practising(&bench).await;
    let run = desk.begin_rehearsal(&begin(None)).await.unwrap();
    set(&desk, "phase_1_read_only").await;
    desk.set_faults(&["latency=1".to_owned()]).await.unwrap();
    desk.surprise(Surprise::GateBreach, true).await.unwrap();
    let on = |view: &RehearsalView| view.surprises.iter().map(|one| one.on).collect::<Vec<_>>();
    assert_eq!(on(&rehearsal(&desk).await), [true, false]);
    checklist(&desk, "phase_1_read_only").await;
    desk.capture_metrics(180).await.unwrap();
    desk.soak(Phase::ReadOnly, None, watch::Sender::new(None), Cancel::never())
        .await
        .unwrap();
    desk.capture_metrics(180).await.unwrap();
    let breached = rehearsal(&desk).await;
    let breach = breached.breach.unwrap();
    assert!(breach.starts_with("error rate"), "{breach}");

    desk.surprise(Surprise::GateBreach, false).await.unwrap();
    desk.surprise(Surprise::OutdatedInstance, true).await.unwrap();
    let view = until(&desk, "the other surprise", |view| {
        view.rehearsal
            .as_ref()
            .is_some_and(|view| on(view) == [false, true])
    })
    .await;
    // What was switched on by hand stays as it is.
    assert_eq!(
        view.practice.unwrap().faults,
        ["latency=1", "outdated-instance=1"]
    );
    desk.close().await;
    let journal = bench.journal().await;
    let told: Vec<_> = journal
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::PracticeFaultsSet { faults } => Some((entry.run_id.as_ref(), faults)),
            _ => None,
        })
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert!(
        told.iter().all(|(run_id, _)| *run_id == Some(&run.id)),
        "{told:?}"
    );
    assert!(
        told[1].1.contains(&"error-500=50%@library.items.list".to_owned()),
        "{told:?}"
    );
}

#[tokio::test]
async fn it_ends_only_the_run_that_was_shown_and_stays_out_of_real_portals() {
    let bench = Bench::start().await;
    let desk = practising(&bench).await;
    let first = desk.start_run("Library Ops").await.unwrap();
    let problem = desk.begin_rehearsal(&begin(None)).await.unwrap_err();
    assert_eq!(problem.code, Code::Refused);
    assert!(problem.message.contains("R-001 is open already"), "{problem:?}");
    let long = RehearsalRequest {
        owner: "x".repeat(121),
        ..begin(Some(first.id.clone()))
    };
    let problem = desk.begin_rehearsal(&long).await.unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("owner"));
    let view = desk.view().await.unwrap();
    assert_eq!(
        view.run.map(|run| run.id),
        Some(first.id.clone()),
        "nothing was ended"
    );

    let second = desk.begin_rehearsal(&begin(Some(first.id))).await.unwrap();
    assert_eq!(second.label, "R-002");
    desk.close().await;

    let staging = bench.staging().await;
    let problem = staging.begin_rehearsal(&begin(None)).await.unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::InvalidInput, Some("env"))
    );
    // The one in practice is shown there only.
    assert_eq!(staging.view().await.unwrap().rehearsal, None);
}
