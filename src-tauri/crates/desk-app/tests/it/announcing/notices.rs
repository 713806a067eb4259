//! Notices of a rollback: prepared before going live, and of one that is open.

use super::*;
use crate::support::{STUDIO, hurry, request, until};
use desk_app::{
    Role,
    announce::view::{FactSourceView, SentDraft},
    rollback::view::{RollbackProgress, RollbackRequest, RollbackTrigger, RollbackView},
};
use std::time::Duration;

fn is_done(rollback: &RollbackView, id: &str) -> bool {
    let step = rollback.steps.iter().find(|step| step.id == id);
    step.is_some_and(|step| step.progress == RollbackProgress::Done)
}

#[tokio::test]
async fn a_notice_prepared_before_going_live_only_needs_its_time() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let view = desk
        .write_rollback_notice(Some(Phase::AdminFull.wire()))
        .await
        .unwrap();
    let staff = text(&view, STAFF);
    assert_eq!(
        (staff.template.as_str(), text(&view, MEMBER).template.as_str()),
        ("rollback-staff", "rollback-member")
    );
    assert_eq!(staff.planned.as_ref().unwrap().to, Phase::MemberWrites.wire());
    assert_eq!(staff.subject.text, "Library rollback: back to Phase 2");
    let body = staff.body.text.clone() + "5. Call Bo.\n";
    desk.edit_announcement(STAFF, "Library rollback: back to Phase 2", &body)
        .await
        .unwrap();
    desk.set_announcement_fact("next_check_time", REVIEW)
        .await
        .unwrap();
    let view = desk.set_announcement_fact("incident_id", "INC-42").await.unwrap();
    assert!(!text(&view, STAFF).ready);
    let again = desk.write_rollback_notice(Some("1")).await.unwrap_err();
    assert_eq!(
        again.field.as_deref(),
        Some("from"),
        "nothing lies before phase 1"
    );

    // Going live leaves it as it is.
    save(&bench, &desk, Phase::AdminFull, "live").await.unwrap();
    let view = desk.announcements().await.unwrap();
    assert!(text(&view, STAFF).planned.is_some());
    assert!(!text(&view, STAFF).ready);

    bench.pass(Duration::from_secs(60));
    let mut back = request(&desk, Phase::MemberWrites, "back").await;
    back.incident_id = Some("INC-42".to_owned());
    desk.save_phase(back).await.unwrap();
    let view = desk.announcements().await.unwrap();
    let staff = text(&view, STAFF);
    assert_eq!(staff.planned, None);
    let changed: Vec<&str> = staff.outdated.iter().map(|fact| fact.meaning.as_str()).collect();
    assert_eq!(changed, ["the time of the phase change"]);
    let view = desk.refill_announcement(STAFF).await.unwrap();
    let staff = text(&view, STAFF);
    assert!(staff.ready, "{}", staff.refusal);
    assert!(staff.body.text.contains("Call Bo.") && staff.body.text.contains("INC-42"));
}

#[tokio::test]
async fn an_open_rollback_is_told_when_its_notice_was_sent() {
    let bench = Bench::start_with(desk_practice::Options {
        phase_cache: Duration::from_secs(5),
        ..desk_practice::Options::default()
    })
    .await
    .impatient();
    bench.somebody_sets("staff-smoke", Phase::AdminFull, None).await;
    let desk = bench.staging().await;
    for role in [Role::MemberSmoke, Role::StaffSmoke, Role::AdminSmoke] {
        let password = bench.password_of(role.word());
        desk.set_identity(role, password, false).await.unwrap();
    }
    bench.pass(Duration::from_secs(1));
    desk.refresh_phase().await.unwrap();
    assert_eq!(desk.announcements().await.unwrap().rollback, None);
    desk.open_rollback(&RollbackRequest {
        environment: STUDIO.to_owned(),
        to: None,
        trigger: RollbackTrigger::GateBreach,
        reason: String::new(),
        confirmed_by: "Ana".to_owned(),
        incident_id: Some("INC-42".to_owned()),
        borrow: false,
    })
    .await
    .unwrap();
    let view = desk.announcements().await.unwrap();
    let waiting = view.rollback.unwrap();
    assert_eq!(
        (waiting.to.as_str(), waiting.open),
        (Phase::MemberWrites.wire(), false)
    );
    let view = desk.write_rollback_notice(None).await.unwrap();
    assert!(view.rollback.unwrap().open);

    let time = hurry(&bench, &desk, Duration::from_secs(1));
    let carried = desk.carry_on_rollback().await.unwrap();
    assert!(
        is_done(&carried, "set-phase") && !is_done(&carried, "announce"),
        "{carried:#?}"
    );
    drop(time);
    desk.refresh_phase().await.unwrap();
    desk.refill_announcement(STAFF).await.unwrap();
    let view = desk
        .set_announcement_fact("next_check_time", REVIEW)
        .await
        .unwrap();
    let staff = text(&view, STAFF);
    assert!(staff.ready, "{}", staff.refusal);
    let incident = view
        .facts
        .iter()
        .find(|fact| fact.placeholder == "incident_id")
        .unwrap();
    assert_eq!(
        (incident.source, incident.written.as_deref()),
        (FactSourceView::Rollback, Some("INC-42"))
    );
    let taken = desk.take_announcement(STAFF).await.unwrap();
    let sent = SentDraft {
        id: taken.id,
        place: "#ops-library".to_owned(),
        at: None,
        by: Some("Ana".to_owned()),
    };
    assert!(desk.mark_announcement_sent(&sent).await.unwrap());
    let view = until(&desk, "the step", |view| {
        view.rollback
            .as_ref()
            .is_some_and(|rollback| is_done(rollback, "announce"))
    })
    .await;
    let steps = view.rollback.unwrap().steps;
    let step = steps.iter().find(|step| step.id == "announce").unwrap();
    assert!(step.found.contains("#ops-library"), "{}", step.found);
    assert_eq!(desk.announcements().await.unwrap().rollback, None);
}
