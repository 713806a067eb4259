//! Moving forward in a live environment asks for its name; nothing else does.

use crate::support::{Bench, STUDIO, TRAP, request, save};
use desk_app::{
    Code, Phase,
    view::{ChangeOutcomeView, EnvironmentKindView},
};

#[tokio::test]
async fn forward_in_live_needs_the_name_and_back_needs_nothing() {
    let bench = Bench::start().await;
    let desk = bench.pointing_at(EnvironmentKindView::Live).await;
    let back = save(&bench, &desk, Phase::ReadOnly, "closing").await.unwrap();
    assert_eq!(back.outcome, Some(ChangeOutcomeView::Confirmed));

    bench.faults(&[TRAP]);
    let mut forward = request(&desk, Phase::MemberWrites, "opening").await;
    for confirm in [None, Some(""), Some("live"), Some("Studio")] {
        forward.confirm = confirm.map(str::to_owned);
        let problem = desk.save_phase(forward.clone()).await.unwrap_err();
        assert_eq!(problem.code, Code::ConfirmationNeeded, "{confirm:?}");
        assert_eq!(problem.field.as_deref(), Some("confirm"));
        assert!(problem.next.contains(STUDIO), "{}", problem.next);
    }
    assert!(bench.trap_is_set());
    assert_eq!(bench.phase_acts().await, ["started 1", "Confirmed"]);

    bench.faults(&[]);
    bench.pass(std::time::Duration::from_secs(1));
    forward.confirm = Some(" studio ".to_owned());
    let change = desk.save_phase(forward).await.unwrap();
    assert_eq!(change.outcome, Some(ChangeOutcomeView::Confirmed));

    let same = save(&bench, &desk, Phase::MemberWrites, "another note")
        .await
        .unwrap();
    assert_eq!(same.outcome, Some(ChangeOutcomeView::Confirmed));
}

#[tokio::test]
async fn forward_in_staging_and_in_practice_needs_no_name() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    for environment in [STUDIO, "practice"] {
        desk.select_environment(environment).await.unwrap();
        for to in [Phase::ReadOnly, Phase::AdminFull] {
            let change = save(&bench, &desk, to, "").await.unwrap();
            assert_eq!(
                change.outcome,
                Some(ChangeOutcomeView::Confirmed),
                "{environment} {to:?}"
            );
        }
    }
    desk.close().await;
}
