//! Adding a portal: what is wrong is said step by step, and nothing is kept of one that cannot be used.

use crate::support::{Bench, STUDIO};
use desk_app::{
    Code, Desk, Problem,
    view::{EnvironmentDraft, EnvironmentKindView, IdentityState, SignInDraft, TestReport},
};

/// Tests a portal that cannot be used, then adds it, which must fail for the same reason and keep nothing.
async fn refused(
    bench: &Bench,
    desk: &Desk,
    draft: &EnvironmentDraft,
    sign_in: &SignInDraft,
) -> (TestReport, Problem) {
    let report = desk.test_environment(draft, sign_in).await.unwrap();
    assert!(!report.usable);
    let problem = desk
        .add_environment_with_operator(draft, sign_in)
        .await
        .unwrap_err();
    let found = report.steps.iter().find_map(|step| step.problem.clone());
    assert_eq!(found.map(|found| found.code), Some(problem.code));
    assert_eq!(desk.environments().await.unwrap().len(), 1);
    assert!(bench.keychain.held().is_empty());
    assert!(bench.journal().await.is_empty());
    assert_eq!(desk.environment().as_str(), "practice");
    (report, problem)
}

/// Each step: went well, did not, was not tested.
fn steps(report: &TestReport) -> Vec<Option<bool>> {
    report.steps.iter().map(|step| step.ok).collect()
}

#[tokio::test]
async fn a_usable_portal_is_added_signed_in_to_and_selected() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let draft = bench.draft(EnvironmentKindView::Live);
    let operator = bench.sign_in("operator");
    let report = desk.test_environment(&draft, &operator).await.unwrap();
    assert!(report.usable);
    assert_eq!(steps(&report), [Some(true); 4]);
    assert!(bench.keychain.held().is_empty(), "a test keeps nothing");

    desk.add_environment_with_operator(&draft, &operator)
        .await
        .unwrap();
    assert_eq!(bench.keychain.held(), ["studio/api-key", "studio/operator"]);
    let view = desk.view().await.unwrap();
    assert_eq!(view.environment.name, STUDIO);
    assert_eq!(view.environment.kind, EnvironmentKindView::Live);
    assert_eq!(view.environment.api_base, draft.api);
    assert_eq!(view.identities[0].uid.as_deref(), Some("operator"));
    desk.refresh_phase().await.unwrap();
    let view = desk.view().await.unwrap();
    assert_eq!(view.identities[0].state, IdentityState::Ready);
}

#[tokio::test]
async fn a_wrong_password_fails_the_first_step() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let mut sign_in = bench.sign_in("operator");
    sign_in.password = "wrong".into();
    let draft = bench.draft(EnvironmentKindView::Staging);
    let (report, problem) = refused(&bench, &desk, &draft, &sign_in).await;
    assert_eq!(steps(&report), [Some(false), None, None, None]);
    assert_eq!(problem.code, Code::SignedOut);
    assert_eq!(problem.field.as_deref(), Some("password"));
}

#[tokio::test]
async fn a_wrong_api_key_fails_the_first_step_and_names_the_field() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let mut draft = bench.draft(EnvironmentKindView::Staging);
    draft.api_key = "wrong".to_owned();
    let (report, problem) = refused(&bench, &desk, &draft, &bench.sign_in("operator")).await;
    assert_eq!(steps(&report), [Some(false), None, None, None]);
    assert_eq!(problem.field.as_deref(), Some("apiKey"));
}

#[tokio::test]
async fn a_sign_in_service_that_cannot_be_reached_fails_the_first_step() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let mut draft = bench.draft(EnvironmentKindView::Staging);
    // Nothing listens on the discard port.
    draft.identity_url = Some("http://127.0.0.1:9".to_owned());
    let (report, problem) = refused(&bench, &desk, &draft, &bench.sign_in("operator")).await;
    assert_eq!(steps(&report), [Some(false), None, None, None]);
    assert_eq!(problem.code, Code::Offline);
}

#[tokio::test]
async fn a_portal_that_cannot_be_reached_fails_the_second_step() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let mut draft = bench.draft(EnvironmentKindView::Staging);
    draft.api = "http://127.0.0.1:9".to_owned();
    let (report, problem) = refused(&bench, &desk, &draft, &bench.sign_in("operator")).await;
    assert_eq!(steps(&report), [Some(true), Some(false), None, None]);
    assert_eq!(problem.code, Code::Offline);
}

#[tokio::test]
async fn an_account_without_the_staff_claim_fails_the_third_step_which_says_so() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let draft = bench.draft(EnvironmentKindView::Staging);
    let (report, problem) = refused(&bench, &desk, &draft, &bench.sign_in("member-smoke")).await;
    assert_eq!(steps(&report), [Some(true), Some(true), Some(false), None]);
    assert_eq!(problem.code, Code::NotStaff);
    assert!(problem.message.contains("staff: true"), "{}", problem.message);
    assert!(!problem.message.contains("admin"), "{}", problem.message);
}

#[tokio::test]
async fn admin_alone_is_not_staff_and_is_told_which_claim_is_missing() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    bench.faults(&["revoked-staff=admin-smoke"]);
    let draft = bench.draft(EnvironmentKindView::Staging);
    let (report, problem) = refused(&bench, &desk, &draft, &bench.sign_in("admin-smoke")).await;
    assert_eq!(steps(&report), [Some(true), Some(true), Some(false), None]);
    assert!(
        problem.message.contains("admin alone is not staff"),
        "{}",
        problem.message
    );
    assert!(problem.message.contains("staff: true"), "{}", problem.message);
}

#[tokio::test]
async fn a_portal_whose_phase_cannot_be_read_fails_the_last_step() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    bench.faults(&["malformed@library.rollout.get"]);
    let draft = bench.draft(EnvironmentKindView::Staging);
    let (report, problem) = refused(&bench, &desk, &draft, &bench.sign_in("operator")).await;
    assert_eq!(steps(&report), [Some(true), Some(true), Some(true), Some(false)]);
    assert_eq!(problem.code, Code::BadReply);
}

#[tokio::test]
async fn an_account_of_another_project_is_refused() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let mut draft = bench.draft(EnvironmentKindView::Staging);
    draft.project_id = Some("another".to_owned());
    let (_, problem) = refused(&bench, &desk, &draft, &bench.sign_in("operator")).await;
    assert_eq!(problem.code, Code::WrongIdentity);
    assert_eq!(problem.field.as_deref(), Some("projectId"));
}

#[tokio::test]
async fn what_is_typed_wrong_is_named_by_its_field_before_anything_is_asked() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let operator = bench.sign_in("operator");
    let draft = || bench.draft(EnvironmentKindView::Staging);
    let some = |text: &str| Some(text.to_owned());
    let wrong = [
        (
            "name",
            EnvironmentDraft {
                name: "Studio One".into(),
                ..draft()
            },
        ),
        (
            "name",
            EnvironmentDraft {
                name: "practice".into(),
                ..draft()
            },
        ),
        (
            "kind",
            EnvironmentDraft {
                kind: EnvironmentKindView::Practice,
                ..draft()
            },
        ),
        (
            "apiKey",
            EnvironmentDraft {
                api_key: " ".into(),
                ..draft()
            },
        ),
        (
            "api",
            EnvironmentDraft {
                api: "http://portal.example".into(),
                ..draft()
            },
        ),
        (
            "api",
            EnvironmentDraft {
                api: "https://ana:hunter2@portal.example".into(),
                ..draft()
            },
        ),
        (
            "api",
            EnvironmentDraft {
                api: "https://portal.example?key=hunter2".into(),
                ..draft()
            },
        ),
        (
            "api",
            EnvironmentDraft {
                api: "portal".into(),
                ..draft()
            },
        ),
        (
            "identityUrl",
            EnvironmentDraft {
                identity_url: some("ftp://sign-in.example"),
                ..draft()
            },
        ),
        (
            "tokenUrl",
            EnvironmentDraft {
                token_url: some("https://token.example/#a"),
                ..draft()
            },
        ),
    ];
    bench.faults(&["timeout-before*1"]);
    for (field, draft) in wrong {
        for problem in [
            desk.test_environment(&draft, &operator).await.unwrap_err(),
            desk.add_environment(&draft).await.unwrap_err(),
            desk.add_environment_with_operator(&draft, &operator)
                .await
                .unwrap_err(),
        ] {
            assert_eq!(problem.code, Code::InvalidInput, "{}", problem.message);
            assert_eq!(problem.field.as_deref(), Some(field), "{}", problem.message);
            assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
        }
    }
    let blank = SignInDraft {
        email: " ".into(),
        ..operator
    };
    let problem = desk.test_environment(&draft(), &blank).await.unwrap_err();
    assert_eq!(problem.field.as_deref(), Some("email"));
    assert_eq!(bench.practice.faults().len(), 1, "nothing was asked");
    assert!(bench.journal().await.is_empty());
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    bench.faults(&["timeout-before*1"]);
    let again = bench.draft(EnvironmentKindView::Live);
    for problem in [
        desk.add_environment(&again).await.unwrap_err(),
        desk.add_environment_with_operator(&again, &bench.sign_in("staff-smoke"))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(problem.code, Code::InvalidInput);
        assert_eq!(problem.field.as_deref(), Some("name"));
    }
    assert_eq!(bench.practice.faults().len(), 1, "nothing was asked");
    let view = desk.environment_view_of(STUDIO).await.unwrap();
    assert_eq!(view.kind, EnvironmentKindView::Staging, "it is as it was");
}

#[tokio::test]
async fn a_portal_that_cannot_be_recorded_leaves_nothing_in_the_keychain() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    let database = rusqlite::Connection::open(bench.dir().join("desk.db")).unwrap();
    database
        .execute_batch(
            "CREATE TRIGGER nothing_more BEFORE INSERT ON journal
             BEGIN SELECT RAISE(ABORT, 'there is no room'); END;",
        )
        .unwrap();
    let draft = bench.draft(EnvironmentKindView::Staging);
    let problem = desk
        .add_environment_with_operator(&draft, &bench.sign_in("operator"))
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::StoreFailed);
    assert!(bench.keychain.held().is_empty(), "{:?}", bench.keychain.held());
    assert_eq!(desk.environment().as_str(), "practice");
}

#[tokio::test]
async fn a_selected_portal_that_is_removed_leaves_the_desk_on_practice() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.remove_environment(STUDIO, STUDIO).await.unwrap();
    assert_eq!(desk.view().await.unwrap().environment.name, "practice");
    let problem = desk.remove_environment("practice", "practice").await.unwrap_err();
    assert_eq!(problem.code, Code::InvalidInput);
    let problem = desk.remove_environment(STUDIO, STUDIO).await.unwrap_err();
    assert_eq!(problem.code, Code::NotFound);
}
