//! Signing in, being signed out, and whose sign-in it is.

use crate::{
    support::{Bench, TRAP, decided_on},
    unfaithful::Unfaithful,
};
use desk_app::{
    Code, Credential, Desk, DeskOptions, Phase, Role,
    view::{ConnectionState, IdentityState, IdentityView},
};
use desk_core::record::Record;

async fn identity(desk: &Desk, role: Role) -> IdentityView {
    let identities = desk.identities().await.unwrap();
    identities
        .into_iter()
        .find(|identity| identity.role == role.word())
        .unwrap()
}

#[tokio::test]
async fn a_sign_in_is_kept_in_the_keychain_and_used_by_the_next_desk() {
    let bench = Bench::start().await;
    bench.staging().await.close().await;
    assert_eq!(bench.keychain.held(), ["studio/api-key", "studio/operator"]);
    let desk = bench.open().await;
    assert_eq!(identity(&desk, Role::Operator).await.state, IdentityState::Kept);
    desk.refresh_phase().await.unwrap();
    let operator = identity(&desk, Role::Operator).await;
    assert_eq!(operator.state, IdentityState::Ready);
    assert_eq!(operator.uid.as_deref(), Some("operator"));
    assert!(!operator.session_only);
    let member = identity(&desk, Role::MemberSmoke).await;
    assert_eq!(member.state, IdentityState::Missing);
}

#[tokio::test]
async fn an_account_that_is_not_staff_is_not_kept_as_operator() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    desk.add_environment(&bench.draft(desk_app::view::EnvironmentKindView::Staging))
        .await
        .unwrap();
    desk.select_environment("studio").await.unwrap();
    let member = bench.password_of("member-smoke");
    let problem = desk
        .set_identity(Role::Operator, member.clone(), false)
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::NotStaff);
    assert_eq!(bench.keychain.held(), ["studio/api-key"]);
    assert_eq!(
        identity(&desk, Role::Operator).await.state,
        IdentityState::Missing
    );

    let kept = desk.set_identity(Role::MemberSmoke, member, false).await.unwrap();
    assert_eq!((kept.state, kept.staff), (IdentityState::Ready, Some(false)));
}

#[tokio::test]
async fn a_sign_in_by_another_desk_on_the_data_directory_ends_being_signed_out() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    bench.faults(&["expired-token=operator"]);
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::SignedOut);
    let view = desk.view().await.unwrap();
    assert_eq!(view.connection.state, ConnectionState::SignedOut);

    let other = bench.open().await;
    other
        .set_identity(Role::Operator, bench.password_of("staff-smoke"), false)
        .await
        .unwrap();
    desk.refresh_phase().await.unwrap();
    let view = desk.view().await.unwrap();
    assert_eq!(view.connection.state, ConnectionState::Online);
    let operator = identity(&desk, Role::Operator).await;
    assert_eq!(operator.uid.as_deref(), Some("staff-smoke"));
    assert_eq!(operator.state, IdentityState::Ready);
}

#[tokio::test]
async fn a_kept_sign_in_of_another_account_is_refused() {
    let bench = Bench::start().await;
    let expected = {
        let desk = bench.staging().await;
        desk.refresh_phase().await.unwrap().state
    };
    let stranger = bench.identity("staff-smoke").refresh_token.clone();
    bench.keychain.replace("studio/operator", &stranger).await;
    let desk = bench.open().await;
    bench.faults(&["timeout-before@library.rollout.get*1", TRAP]);
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::WrongIdentity);
    for uid in ["staff-smoke", "operator"] {
        assert!(problem.message.contains(uid), "{}", problem.message);
    }
    let decided = decided_on(&desk, &expected, Phase::ReadOnly, "");
    let problem = desk.save_phase(decided).await.unwrap_err();
    assert_eq!(problem.code, Code::WrongIdentity);
    assert_eq!(
        bench.practice.faults().len(),
        2,
        "nothing was sent as that account"
    );
    assert_eq!(
        identity(&desk, Role::Operator).await.state,
        IdentityState::SignedOut
    );
}

#[tokio::test]
async fn a_forgotten_account_is_gone_from_the_keychain_and_from_memory() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    desk.forget_identity(Role::Operator).await.unwrap();
    assert_eq!(bench.keychain.held(), ["studio/api-key"]);
    assert_eq!(
        identity(&desk, Role::Operator).await.state,
        IdentityState::Missing
    );
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::SignedOut);
}

#[tokio::test]
async fn credentials_for_one_call_are_used_and_nothing_of_them_is_kept() {
    let portal = Unfaithful::start().await;
    let setting_up = Desk::open(portal.options()).await.unwrap();
    setting_up.add_environment(&portal.draft()).await.unwrap();
    drop(setting_up);
    let desk = Desk::open(DeskOptions {
        environment: Some("studio".to_owned()),
        credentials: [(Role::Operator, Credential::RefreshToken("given".into()))].into(),
        ..portal.options()
    })
    .await
    .unwrap();
    desk.refresh_phase().await.unwrap();
    assert_eq!(
        portal.keychain.held(),
        ["studio/api-key"],
        "not even the token it was exchanged for"
    );
    let entries = crate::support::journal_in(portal.dir.path()).await;
    assert!(
        !entries
            .iter()
            .any(|entry| matches!(entry.record, Record::IdentitySet { .. }))
    );
}

#[tokio::test]
async fn a_token_that_the_portal_replaces_is_kept_in_place_of_the_old_one() {
    let portal = Unfaithful::start().await;
    drop(portal.desk().await);
    let kept = portal.keychain.secrets().await;
    assert!(kept.contains(&"rotated-0".to_owned()), "{kept:?}");
    let desk = Desk::open(portal.options()).await.unwrap();
    desk.refresh_phase().await.unwrap();
    let kept = portal.keychain.secrets().await;
    assert!(kept.contains(&"rotated-1".to_owned()), "{kept:?}");
    assert!(!kept.contains(&"rotated-0".to_owned()), "{kept:?}");
}

#[tokio::test]
async fn checking_an_account_says_when_the_staff_claim_is_gone() {
    let bench = Bench::start().await;
    bench.staging().await.close().await;
    bench.faults(&["revoked-staff=operator"]);
    let desk = bench.open().await;
    let checked = desk.check_identity(Role::Operator).await.unwrap();
    assert_eq!(checked.state, IdentityState::NotStaff);
    assert_eq!(checked.problem.unwrap().code, Code::NotStaff);
}

#[tokio::test]
async fn practice_brings_its_own_accounts() {
    let bench = Bench::start().await;
    let desk = bench.open().await;
    for view in desk.identities().await.unwrap() {
        assert_eq!(view.state, IdentityState::Kept, "{}", view.role);
    }
    let problem = desk
        .set_identity(Role::Operator, bench.password_of("operator"), false)
        .await
        .unwrap_err();
    assert_eq!(problem.code, Code::InvalidInput);
    desk.refresh_phase().await.unwrap();
    assert!(bench.keychain.held().is_empty());
    desk.close().await;
}

#[tokio::test]
async fn checking_an_account_shows_a_claim_that_was_withdrawn_or_granted_meanwhile() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    bench.faults(&["revoked-staff=operator"]);
    let checked = desk.check_identity(Role::Operator).await.unwrap();
    assert_eq!(checked.state, IdentityState::NotStaff);
    bench.faults(&[]);
    let checked = desk.check_identity(Role::Operator).await.unwrap();
    assert_eq!((checked.state, checked.problem), (IdentityState::Ready, None));
}
