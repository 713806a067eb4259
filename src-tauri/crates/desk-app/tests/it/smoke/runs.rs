use super::*;

#[tokio::test]
async fn every_phase_passes_on_a_sound_portal_and_is_proven_once_a_person_has_answered() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    for phase in Phase::ALL {
        set(&bench, &desk, phase).await;
        let report = run(&desk, phase).await;
        let not_there = format!("{:?}", unpassed(&report));
        match phase {
            // A member has no lost loan before staff can lose one.
            Phase::MemberWrites => {
                assert_eq!(unpassed(&report).len(), 1, "{not_there}");
                assert!(
                    not_there.contains("phase2-conflicts/return-lost skipped"),
                    "{not_there}"
                );
            }
            _ => assert!(unpassed(&report).is_empty(), "{not_there}"),
        }
        assert_eq!(report.disagreeing, 0);
        assert!(report.agreeing > 0);
        let questions: Vec<String> = report
            .checks
            .iter()
            .filter(|check| check.steps.iter().any(|step| step.account == "person"))
            .map(|check| check.id.clone())
            .collect();
        let wanted: &[&str] = match phase {
            Phase::ReadOnly => &["phase1-writes-paused"],
            Phase::MemberWrites => &["phase2-staff-routes-blocked"],
            Phase::AdminFull => &[],
        };
        assert_eq!(questions, wanted);
        assert_eq!(report.proven, questions.is_empty(), "{}", report.sentence);
        for question in &questions {
            desk.attest(question, true, "seen in the web page").await.unwrap();
        }
        let report = desk.smoke_report(&report.id).await.unwrap();
        assert!(report.proven, "{}", report.sentence);
    }
    desk.close().await;
}

#[tokio::test]
async fn a_word_given_before_the_phase_was_saved_anew_does_not_count() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::ReadOnly).await;
    desk.attest("phase1-writes-paused", true, "seen").await.unwrap();
    assert!(
        run(&desk, Phase::ReadOnly).await.proven,
        "given before the run, in the same save"
    );
    set(&bench, &desk, Phase::ReadOnly).await;
    let report = run(&desk, Phase::ReadOnly).await;
    assert!(!report.proven);
    assert!(
        report.sentence.contains("1 question waits"),
        "{}",
        report.sentence
    );

    desk.attest("phase1-writes-paused", false, "the button still works")
        .await
        .unwrap();
    let report = desk.smoke_report(&report.id).await.unwrap();
    let word = step(&report, "phase1-writes-paused/person");
    assert_eq!(
        (word.state, word.found.as_str()),
        (SmokeStepState::Fail, "the button still works")
    );
    desk.close().await;
}

#[tokio::test]
async fn what_a_person_cannot_answer_now_is_refused() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::ReadOnly).await;
    let refusal = async |check: &str, note: &str| {
        let problem = desk.attest(check, true, note).await.unwrap_err();
        (problem.code, problem.field)
    };
    let field = |field: &str| Some(field.to_owned());
    assert_eq!(refusal("nope", "seen").await, (Code::NotFound, field("check")));
    assert_eq!(
        refusal("phase1-catalog", "seen").await,
        (Code::InvalidInput, field("check"))
    );
    assert_eq!(
        refusal("phase1-writes-paused", "  ").await,
        (Code::InvalidInput, field("note"))
    );
    assert_eq!(
        refusal("phase2-staff-routes-blocked", "seen").await,
        (Code::InvalidInput, field("check")),
        "another phase is set"
    );
    desk.close().await;
}

#[tokio::test]
async fn only_what_failed_is_run_again() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::AdminFull).await;
    bench.faults(&["error-500=100%@library.tags.merge*1"]);
    let first = run(&desk, Phase::AdminFull).await;
    assert_eq!(first.counts.fail, 1, "{:?}", unpassed(&first));
    let again = SmokeRequest {
        only_failed_of: Some(first.id.clone()),
        ..request(Phase::AdminFull)
    };
    let progress = watch::Sender::new(None);
    let second = desk.run_smoke(&again, &progress, Cancel::never()).await.unwrap();
    assert!(second.proven, "{:?}", unpassed(&second));
    assert_eq!(second.counts.all, first.counts.all, "nothing is missing");
    let made: Vec<_> = second
        .steps()
        .filter(|step| step.carried_from.is_none())
        .collect();
    assert!(made.iter().any(|step| step.id.ends_with("/merge")));
    assert!(
        made.len() < 20,
        "{} of {} were made again",
        made.len(),
        second.counts.all
    );

    // Evidence cannot be made newer by repeating nothing.
    let nothing = SmokeRequest {
        only_failed_of: Some(second.id.clone()),
        ..request(Phase::AdminFull)
    };
    let problem = desk.run_smoke(&nothing, &progress, Cancel::never()).await;
    assert!(problem.unwrap_err().message.contains("Nothing failed"));

    bench.somebody_sets("operator", Phase::AdminFull, None).await;
    let problem = desk
        .run_smoke(&again, &progress, Cancel::never())
        .await
        .unwrap_err();
    assert_eq!(
        problem.field.as_deref(),
        Some("onlyFailedOf"),
        "the phase was saved since"
    );
}

#[tokio::test]
async fn a_live_portal_asks_before_anything_is_changed_in_it() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Live, Phase::MemberWrites).await;
    let progress = watch::Sender::new(None);
    assert!(desk.smoke_plan("2").await.unwrap().asks);
    assert!(!desk.smoke_plan("1").await.unwrap().asks);
    let mut asked = request(Phase::MemberWrites);
    let problem = desk
        .run_smoke(&asked, &progress, Cancel::never())
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::ConfirmationNeeded);
    assert!(progress.borrow().is_none(), "nothing was begun");
    asked.confirm = Some(STUDIO.to_owned());
    let report = desk.run_smoke(&asked, &progress, Cancel::never()).await.unwrap();
    assert!(unpassed(&report).is_empty(), "{:?}", unpassed(&report));
}

#[tokio::test]
async fn accounts_that_are_not_set_up_leave_their_steps_untried_and_the_phase_unproven() {
    let bench = Bench::start().await;
    bench.somebody_sets("staff-smoke", Phase::ReadOnly, None).await;
    let desk = bench.staging().await;
    let report = run(&desk, Phase::ReadOnly).await;
    assert!(!report.proven);
    assert_eq!(report.counts.fail, 0, "{:?}", unpassed(&report));
    for step in report.steps().filter(|step| step.account != "person") {
        let wanted = match step.account.as_str() {
            "nobody" | "garbage-token" => SmokeStepState::Pass,
            _ => SmokeStepState::Skipped,
        };
        assert_eq!(step.state, wanted, "{}", step.id);
    }
    let missing = step(&report, "phase1-catalog/list");
    assert!(missing.found.contains("member-smoke"), "{}", missing.found);
}

#[tokio::test]
async fn two_runs_at_once_are_one_too_many() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::MemberWrites).await;
    let other = bench.open().await;
    let progress = watch::Sender::new(None);
    let request = request(Phase::MemberWrites);
    let (first, second) = tokio::join!(
        desk.run_smoke(&request, &progress, Cancel::never()),
        other.run_smoke(&request, &progress, Cancel::never()),
    );
    let refused = [first, second]
        .into_iter()
        .filter_map(Result::err)
        .collect::<Vec<_>>();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0].code, Code::Busy);
    desk.close().await;
    other.close().await;
}

#[tokio::test]
async fn requests_that_were_meant_to_be_refused_are_recorded_as_expected() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::ReadOnly).await;
    run(&desk, Phase::ReadOnly).await;
    drop(desk);
    bench.nobody_is_there().await;
    let store = desk_store::Store::open(bench.dir(), desk_store::system_clock()).unwrap();
    let studio = desk_core::EnvironmentName::new(STUDIO).unwrap();
    let requests = store.requests(&studio, 0, 1_000).await.unwrap();
    store.close().await;
    let smoke: Vec<_> = requests
        .iter()
        .filter(|request| request.purpose == "smoke")
        .collect();
    let refused = smoke
        .iter()
        .filter(|request| request.status.is_some_and(|status| status >= 400));
    assert!(refused.count() > 70);
    assert!(
        smoke.iter().all(|request| request.expected),
        "no surprise among them"
    );
}

/// Whether Python's parser takes it, with what it found.
fn parsed(xml: &str) -> String {
    let script = "import sys, xml.etree.ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
cases = root.findall('./testsuite/testcase')
print(root.tag, len(cases) == int(root.get('tests')), len(root.findall('.//failure')), len(root.findall('.//skipped')) == int(root.get('skipped')), root.find('.//failure').get('type'))";
    let mut python = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut python.stdin.take().unwrap(), xml.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn a_run_is_exported_for_ci_and_for_support() {
    let bench = Bench::start().await;
    let desk = on_portal(&bench, EnvironmentKindView::Staging, Phase::ReadOnly).await;
    bench.faults(&["error-500=100%@library.items.list"]);
    let mut report = run(&desk, Phase::ReadOnly).await;
    let failed = report.counts.fail;
    assert_eq!(failed, 2, "{:?}", unpassed(&report));
    assert_eq!(
        parsed(&report.junit()),
        format!("testsuites True {failed} True app")
    );

    let support = report.support_block(desk.zone());
    let list = step(&report, "phase1-catalog/list").clone();
    for part in [
        "phase1-catalog/list",
        "member-smoke",
        "library.items.list",
        &list.support_code.unwrap(),
    ] {
        assert!(support.contains(part), "{part} is missing in\n{support}");
    }
    // Whatever a portal says, the XML stays whole.
    report.checks[0].steps[0].found = "<\u{1}&\"' \u{fffe}\n".into();
    report.checks[0].steps[0].state = SmokeStepState::Fail;
    report.counts.fail += 1;
    assert!(parsed(&report.junit()).starts_with("testsuites True 3"));
}

#[tokio::test]
async fn a_plan_names_every_step_that_a_run_makes() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::MemberWrites).await;
    let plan = desk.smoke_plan("2").await.unwrap();
    let planned: Vec<_> = plan
        .checks
        .iter()
        .flat_map(|check| &check.steps)
        .map(|step| step.id.clone())
        .collect();
    for check in &plan.checks {
        for step in &check.steps {
            assert!(
                step.needs.iter().all(|needed| planned.contains(needed)),
                "{}",
                step.id
            );
        }
    }
    let report = run(&desk, Phase::MemberWrites).await;
    let made: Vec<_> = report
        .steps()
        .filter(|step| step.account != "person")
        .map(|step| step.id.clone())
        .collect();
    assert_eq!(made, planned);
    desk.close().await;
}

#[tokio::test]
async fn runs_are_journalled_and_everything_shown_follows_from_the_journal() {
    let bench = Bench::start().await;
    let desk = practising(&bench, Phase::AdminFull).await;
    run(&desk, Phase::AdminFull).await;
    assert_journal_is_whole(&desk).await;
    let reports = desk.smoke_reports(Some(Phase::AdminFull), 10).await.unwrap();
    assert_eq!(reports.len(), 1);
    assert!(reports[0].proven);
    desk.close().await;
}
