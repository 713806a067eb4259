//! A runbook of one's own in the place of the built-in one.

use crate::{
    smoke::on_portal,
    support::{Bench, beside, request, save, until},
};
use desk_app::{
    Code, Desk, DeskOptions, OwnRunbook, Phase,
    metrics::view::AdvanceState,
    smoke::{Cancel, view::SmokeRequest},
    view::{EnvironmentKindView, RunbookSource},
};
use desk_core::{Runbook, record::Record};
use tokio::sync::watch;

/// The built-in runbook with another label for phase 2, and a check that no automation knows.
fn own() -> String {
    let text = Runbook::builtin_text().replace("label = \"Phase 2\"", "label = \"Stage B\"");
    let check = r#"[[check]]
id = "phase2-poster"
phase = "phase_2_member_writes"
words = "The poster hangs in the hall."
identities = ["member-smoke"]

# ---- Gates."#;
    text.replace("# ---- Gates.", check)
}

fn sha256(text: &str) -> String {
    Runbook::parse(text).unwrap().sha256().to_owned()
}

/// The built-in text with a line that is no key of a check.
fn bad() -> (String, usize) {
    let text = Runbook::builtin_text();
    let line = text
        .lines()
        .position(|line| line == "id = \"phase1-catalog\"")
        .unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.insert(line, "colour = \"red\"");
    (lines.join("\n"), line + 1)
}

async fn run_smoke(desk: &Desk, phase: Phase) -> String {
    let request = SmokeRequest {
        phase: phase.wire().to_owned(),
        ..SmokeRequest::default()
    };
    let progress = watch::Sender::new(None);
    let run = desk.run_smoke(&request, &progress, Cancel::never()).await;
    run.unwrap().id
}

/// How what `id` names stands, and in what words.
async fn need(desk: &Desk, id: &str) -> (AdvanceState, String) {
    let items = desk.advance().await.unwrap().items;
    let item = items.into_iter().find(|item| item.id == id);
    item.map(|item| (item.state, item.found)).unwrap()
}

#[tokio::test]
async fn its_words_and_checks_are_gone_by_and_every_run_names_it() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::MemberWrites).await;
    desk.refresh_phase().await.unwrap();
    desk.set_runbook("studio.toml", own()).await.unwrap();

    let view = desk.view().await.unwrap();
    assert_eq!(view.phases[1].label, "Stage B");
    assert_eq!(
        (view.runbook.source, view.runbook.name.as_deref()),
        (RunbookSource::Own, Some("studio.toml"))
    );
    assert_eq!(view.runbook.sha256, sha256(&own()));
    assert!(
        desk.advance().await.unwrap().items[0]
            .title
            .ends_with("checklist of Stage B")
    );

    // What no automation knows is a question, in the runbook's own words.
    let plan = desk.smoke_plan("2").await.unwrap();
    let check = plan
        .checks
        .iter()
        .find(|check| check.id == "phase2-poster")
        .unwrap();
    assert_eq!(check.question.as_deref(), Some("The poster hangs in the hall."));
    let smoke_id = run_smoke(&desk, Phase::MemberWrites).await;
    assert_eq!(
        desk.smoke_report(&smoke_id).await.unwrap().runbook_sha256,
        sha256(&own())
    );
    desk.attest("phase2-staff-routes-blocked", true, "hidden")
        .await
        .unwrap();
    let (state, found) = need(&desk, "attestations").await;
    assert_eq!(state, AdvanceState::Missing);
    assert!(found.contains("phase2-poster"), "{found}");
    desk.attest("phase2-poster", true, "it hangs").await.unwrap();
    assert_eq!(need(&desk, "attestations").await.0, AdvanceState::Done);
    assert!(desk.smoke_report(&smoke_id).await.unwrap().proven);
    desk.close().await;

    let journal = bench.journal().await;
    let set = journal.iter().find_map(|entry| match &entry.record {
        Record::RunbookSet { sha256, name } => Some((sha256.clone(), name.clone())),
        _ => None,
    });
    assert_eq!(set, Some((sha256(&own()), Some("studio.toml".to_owned()))));
    let run = journal.iter().find_map(|entry| match &entry.record {
        Record::RunStarted { runbook_sha256, .. } => runbook_sha256.clone(),
        _ => None,
    });
    assert_eq!(run, Some(sha256(&own())));
}

#[tokio::test]
async fn its_text_is_kept_and_going_back_to_the_built_in_one_needs_a_new_smoke_run() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::MemberWrites).await;
    desk.refresh_phase().await.unwrap();
    desk.set_runbook("studio.toml", own()).await.unwrap();
    run_smoke(&desk, Phase::MemberWrites).await;
    assert_eq!(need(&desk, "smoke").await.0, AdvanceState::Done);
    desk.close().await;

    let desk = bench.open().await;
    assert_eq!(desk.runbook_view().sha256, sha256(&own()), "a restart keeps it");
    desk.use_builtin_runbook().await.unwrap();
    desk.refresh_phase().await.unwrap();
    let (state, found) = need(&desk, "smoke").await;
    assert_eq!(
        (state, found.as_str()),
        (
            AdvanceState::Stale,
            "The newest run was made with another runbook."
        )
    );
    desk.close().await;
    let desk = bench.open().await;
    assert_eq!(desk.runbook_view().source, RunbookSource::Builtin);
    desk.close().await;
    let names: Vec<_> = bench
        .journal()
        .await
        .into_iter()
        .filter_map(|entry| match entry.record {
            Record::RunbookSet { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    assert_eq!(names, [Some("studio.toml".to_owned()), None]);
}

#[tokio::test]
async fn a_bad_file_is_refused_with_its_place_and_changes_nothing() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let (text, line) = bad();
    let problem = desk.set_runbook("bad.toml", text).await.unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::InvalidInput, Some("runbook"))
    );
    assert!(
        problem.message.contains(&format!("Line {line}, column 1:")) && problem.message.contains("colour"),
        "{}",
        problem.message
    );
    assert_eq!(desk.runbook_view().source, RunbookSource::Builtin);
    desk.close().await;
    assert!(bench.journal().await.is_empty());
}

#[tokio::test]
async fn a_kept_runbook_that_cannot_be_read_any_more_lets_nobody_forward_and_everybody_back() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    save(&bench, &desk, Phase::MemberWrites, "before").await.unwrap();
    desk.close().await;
    // As a later version of the desk may have left it.
    let kept = serde_json::json!({ "name": "later.toml", "text": bad().0 }).to_string();
    let store = desk_store::Store::open(bench.dir(), desk_store::system_clock()).unwrap();
    store.set_setting("runbook", Some(&kept)).await.unwrap();
    store.close().await;

    let desk = bench.open().await;
    let shown = desk.runbook_view();
    assert_eq!(
        (shown.source, shown.name.as_deref()),
        (RunbookSource::Own, Some("later.toml"))
    );
    assert!(shown.problem.unwrap().detail.unwrap().contains("colour"));
    let forward = request(&desk, Phase::AdminFull, "with a reason").await;
    assert!(forward.override_reason.is_some());
    let problem = desk.save_phase(forward).await.unwrap_err();
    assert_eq!(
        (problem.code, problem.field.as_deref()),
        (Code::GateNotGo, Some("runbook"))
    );
    let items = desk.advance().await.unwrap().items;
    assert_eq!(items.len(), 1);
    assert_eq!(
        (items[0].id.as_str(), items[0].state),
        ("runbook", AdvanceState::NoGo)
    );
    assert_eq!(
        desk.gates(Phase::MemberWrites).await.unwrap_err().code,
        Code::GateNotGo
    );
    assert_eq!(desk.smoke_plan("2").await.unwrap_err().code, Code::GateNotGo);

    save(&bench, &desk, Phase::ReadOnly, "back").await.unwrap();
    desk.use_builtin_runbook().await.unwrap();
    save(&bench, &desk, Phase::MemberWrites, "chosen anew")
        .await
        .unwrap();
    desk.close().await;
}

#[tokio::test]
async fn one_given_for_a_call_wins_and_is_kept_nowhere() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    desk.set_runbook("studio.toml", own()).await.unwrap();
    desk.close().await;
    let given = own().replace("Stage B", "Stage Two");
    let desk = Desk::open(DeskOptions {
        runbook: Some(OwnRunbook::read("given.toml", given).unwrap()),
        ..bench.options()
    })
    .await
    .unwrap();
    assert_eq!(desk.runbook_view().source, RunbookSource::Given);
    assert_eq!(desk.phase_words(Phase::MemberWrites), "Stage Two · Member writes");
    let problem = desk.use_builtin_runbook().await.unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("runbook"));
    desk.close().await;
    let desk = bench.open().await;
    assert_eq!(desk.phase_words(Phase::MemberWrites), "Stage B · Member writes");
    desk.close().await;
}

#[tokio::test]
async fn a_desk_follows_the_choice_made_at_another_on_its_data_directory() {
    let bench = Bench::start().await;
    let window = bench.open().await;
    let following = window.clone();
    let _running = beside(async move { following.watch_journal().await });
    let other = bench.open().await;
    other.set_runbook("studio.toml", own()).await.unwrap();
    let view = until(&window, "the other's choice", |view| {
        view.runbook.source == RunbookSource::Own
    })
    .await;
    assert_eq!(view.phases[1].label, "Stage B");
}
