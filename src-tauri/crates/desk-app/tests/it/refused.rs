//! The portal refuses, or cannot be asked.

use crate::support::{Bench, STUDIO, TRAP, decided_on, save};
use desk_app::{
    Code, Credential, Desk, DeskOptions, Phase, Role,
    view::{ChangeOutcomeView, ConnectionState},
};

#[tokio::test]
async fn a_member_s_save_is_refused_and_recorded_as_such() {
    let bench = Bench::start().await;
    bench.staging().await.close().await;
    let token = bench.identity("member-smoke").refresh_token.clone();
    let desk = Desk::open(DeskOptions {
        environment: Some(STUDIO.to_owned()),
        credentials: [(Role::Operator, Credential::RefreshToken(token.into()))].into(),
        ..bench.options()
    })
    .await
    .unwrap();
    let change = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Refused));
    assert_eq!(change.problem.unwrap().code, Code::NotStaff);
    assert_eq!(change.actor, "member-smoke");
    assert_eq!(bench.phase_acts().await, ["started 1", "Refused"]);
    let reading = desk.refresh_phase().await.unwrap();
    assert_eq!(reading.state.phase, Phase::AdminFull.wire());
}

#[tokio::test]
async fn a_claim_granted_after_a_refusal_counts_at_the_next_try() {
    let bench = Bench::start().await;
    bench.staging().await.close().await;
    bench.faults(&["revoked-staff=operator"]);
    let desk = bench.open().await;
    let refused = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    assert_eq!(refused.problem.unwrap().code, Code::NotStaff);
    bench.faults(&[]);
    let change = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed));
}

#[tokio::test]
async fn a_refusal_for_too_many_requests_changes_nothing_and_is_not_repeated() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    bench.faults(&["rate-limited@library.rollout.set*2"]);
    let change = save(&bench, &desk, Phase::ReadOnly, "").await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Refused));
    let problem = change.problem.unwrap();
    assert_eq!(problem.code, Code::RateLimited);
    assert!(!problem.next.contains("by itself"), "{}", problem.next);
    assert_eq!(
        bench.practice.faults()[0].to_string(),
        "rate-limited@library.rollout.set*1",
        "it was sent once"
    );
}

#[tokio::test]
async fn a_sign_in_that_ran_out_is_renewed_without_a_word() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    for route in ["library.rollout.get", "library.rollout.set"] {
        bench.faults(&[&format!("expired-token=operator@{route}*1")]);
        let to = if route == "library.rollout.get" {
            Phase::ReadOnly
        } else {
            Phase::MemberWrites
        };
        let change = save(&bench, &desk, to, "").await.unwrap();
        assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed), "{route}");
        assert!(bench.practice.faults().is_empty(), "{route}");
    }
    assert_eq!(
        bench.phase_acts().await,
        ["started 1", "Confirmed", "started 2", "Confirmed"]
    );
}

#[tokio::test]
async fn an_account_that_is_refused_for_good_is_signed_out_and_nothing_is_sent() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    let expected = desk.refresh_phase().await.unwrap().state;
    bench.faults(&["expired-token=operator", TRAP]);
    let problem = desk.refresh_phase().await.unwrap_err();
    assert_eq!(problem.code, Code::SignedOut);
    let view = desk.view().await.unwrap();
    assert_eq!(view.connection.state, ConnectionState::SignedOut);

    let decided = decided_on(&desk, &expected, Phase::ReadOnly, "");
    let problem = desk.save_phase(decided).await.unwrap_err();
    assert_eq!(problem.code, Code::SignedOut);
    assert!(bench.trap_is_set());
    assert!(bench.phase_acts().await.is_empty());
    assert_eq!(desk.view().await.unwrap().change, None);

    bench.faults(&[]);
    desk.refresh_phase().await.unwrap();
    let view = desk.view().await.unwrap();
    assert_eq!(view.connection.state, ConnectionState::Online);
}

#[tokio::test]
async fn without_a_rereading_nothing_is_decided_and_nothing_sent() {
    for (fault, code) in [
        ("drop", Code::Offline),
        ("malformed", Code::BadReply),
        ("truncated", Code::BadReply),
    ] {
        let bench = Bench::start().await;
        let desk = bench.staging().await;
        let expected = desk.refresh_phase().await.unwrap().state;
        bench.faults(&[&format!("{fault}@library.rollout.get"), TRAP]);
        let decided = decided_on(&desk, &expected, Phase::ReadOnly, "");
        let problem = desk.save_phase(decided).await.unwrap_err();
        assert_eq!(problem.code, code, "{fault}");
        assert!(bench.trap_is_set(), "{fault}");
        assert!(bench.phase_acts().await.is_empty(), "{fault}");
        let view = desk.view().await.unwrap();
        assert_eq!(view.change, None, "{fault}");
        assert_eq!(view.connection.problem, Some(problem), "{fault}");
    }
}
