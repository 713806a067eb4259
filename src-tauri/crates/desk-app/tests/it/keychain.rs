//! Without a keychain, or with one that refuses.

use crate::support::{Bench, STUDIO};
use desk_app::{
    Code, Role,
    view::{EnvironmentKindView, IdentityState},
};
use desk_keychain::KeychainError;

#[tokio::test]
async fn each_failure_of_the_keychain_is_told_and_offers_this_session_only() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    for (error, code) in [
        (KeychainError::Unavailable, Code::KeychainUnavailable),
        (KeychainError::NoCollection, Code::KeychainUnavailable),
        (KeychainError::Locked, Code::KeychainLocked),
        (KeychainError::Refused, Code::KeychainLocked),
        (KeychainError::TimedOut, Code::KeychainLocked),
    ] {
        bench.keychain.fail(Some(error.clone()));
        desk.probe_keychain().await;
        let shown = desk.view().await.unwrap().keychain;
        assert_eq!(shown.ready, Some(false), "{error:?}");
        let problem = shown.problem.unwrap();
        assert_eq!(problem.code, code, "{error:?}");
        assert!(problem.next.contains("this session only"), "{}", problem.next);
    }
    bench.keychain.fail(None);
    desk.unlock_keychain().await;
    let shown = desk.view().await.unwrap().keychain;
    assert_eq!((shown.ready, shown.problem), (Some(true), None));
}

#[tokio::test]
async fn without_a_keychain_a_sign_in_lasts_for_this_session_only() {
    let bench = Bench::start().await;
    bench.keychain.fail(Some(KeychainError::Unavailable));
    let desk = bench.open().await;
    desk.add_environment(&bench.draft(EnvironmentKindView::Staging))
        .await
        .unwrap();
    desk.select_environment(STUDIO).await.unwrap();
    let operator = bench.password_of("operator");
    let problem = desk
        .set_identity(Role::Operator, operator.clone(), false)
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::KeychainUnavailable);
    assert!(desk.refresh_phase().await.is_err(), "nothing was kept");
    let shown = desk.view().await.unwrap().keychain;
    assert_eq!(
        (shown.ready, shown.problem),
        (Some(false), Some(problem)),
        "it is then that the form offers this session only"
    );

    let kept = desk.set_identity(Role::Operator, operator, true).await.unwrap();
    assert!(kept.session_only);
    assert_eq!(kept.state, IdentityState::Ready);
    desk.refresh_phase().await.unwrap();
    drop(desk);

    bench.keychain.fail(None);
    assert!(bench.keychain.held().is_empty());
    let desk = bench.open().await;
    let operator = desk.identities().await.unwrap().remove(0);
    assert_eq!(operator.state, IdentityState::Missing, "{operator:?}");
    assert_eq!(desk.refresh_phase().await.unwrap_err().code, Code::SignedOut);
}

#[tokio::test]
async fn a_keychain_that_locks_later_is_told_and_recovers() {
    let bench = Bench::start().await;
    bench.staging().await.close().await;
    bench.keychain.fail(Some(KeychainError::Locked));
    let desk = bench.open().await;
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::KeychainLocked);
    bench.keychain.fail(None);
    desk.refresh_phase().await.unwrap();
    desk.set_identity(Role::Operator, bench.password_of("operator"), false)
        .await
        .unwrap();
    assert_eq!(desk.view().await.unwrap().keychain.ready, Some(true));
}

#[tokio::test]
async fn removing_an_environment_deletes_all_its_secrets_and_no_others() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    for role in [Role::MemberSmoke, Role::StaffSmoke] {
        desk.set_identity(role, bench.password_of(role.word()), false)
            .await
            .unwrap();
    }
    let mut other = bench.draft(EnvironmentKindView::Live);
    other.name = "other".to_owned();
    desk.add_environment_with_operator(&other, &bench.sign_in("staff-smoke"))
        .await
        .unwrap();
    assert_eq!(bench.keychain.held().len(), 6);

    let problem = desk.remove_environment(STUDIO, "other").await.unwrap_err();
    assert_eq!(problem.code, Code::ConfirmationNeeded);
    assert_eq!(bench.keychain.held().len(), 6);
    desk.remove_environment(STUDIO, STUDIO).await.unwrap();
    assert_eq!(bench.keychain.held(), ["other/api-key", "other/operator"]);
    let names: Vec<_> = desk.environments().await.unwrap();
    let names: Vec<_> = names.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(names, ["practice", "other"]);

    // Another portal by the same name starts without the first one's accounts.
    desk.add_environment(&bench.draft(EnvironmentKindView::Staging))
        .await
        .unwrap();
    desk.select_environment(STUDIO).await.unwrap();
    assert_eq!(desk.refresh_phase().await.unwrap_err().code, Code::SignedOut);
}

#[tokio::test]
async fn an_environment_whose_secrets_cannot_be_deleted_stays() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    bench.keychain.refuse_to_delete();
    let problem = desk.remove_environment(STUDIO, STUDIO).await.unwrap_err();
    assert_eq!(problem.code, Code::KeychainLocked);
    assert_eq!(desk.environments().await.unwrap().len(), 2);
    assert_eq!(bench.keychain.held().len(), 2);
    desk.refresh_phase().await.unwrap();
}
