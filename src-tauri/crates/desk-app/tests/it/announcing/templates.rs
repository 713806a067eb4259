//! Versions of templates, and templates of the team's own.

use super::*;
use desk_app::{Code, announce::view::TemplateDraft};

fn draft(id: Option<&str>, subject: &str, body: &str) -> TemplateDraft {
    TemplateDraft {
        id: id.map(str::to_owned),
        name: "Opening hours".to_owned(),
        audience: MEMBER,
        placeholders: vec!["opening hours".to_owned()],
        subject: subject.to_owned(),
        body: body.to_owned(),
    }
}

fn numbers(view: &AnnounceView, id: &str) -> Vec<u32> {
    let template = view.templates.iter().find(|template| template.id == id).unwrap();
    template.versions.iter().map(|version| version.number).collect()
}

#[tokio::test]
async fn versions_are_kept_compared_and_restored() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let body = "1. Now in `{phase_label}` since `{timestamp}`.\n";
    desk.save_template(&draft(Some("staff"), "Library: {phase_label}", body))
        .await
        .unwrap();
    let view = desk.announcements().await.unwrap();
    assert_eq!(numbers(&view, "staff"), [2, 1]);
    let staff = text(&view, STAFF);
    assert!(staff.template_is_old, "the text being written stays as it is");
    assert_eq!(staff.subject.text, "Library rollout phase update: Phase 2");
    let view = desk.restart_announcement(STAFF).await.unwrap();
    assert_eq!(text(&view, STAFF).subject.text, "Library: Phase 2");
    assert_eq!(text(&view, STAFF).template_version, 2);
    // It tells staff neither where nor what to report.
    assert_eq!(
        refusing(text(&view, STAFF)),
        ["channel_missing", "request_id_missing"]
    );

    let lines = desk.compare_template("staff", 1, 2).await.unwrap();
    assert!(lines.iter().any(|line| line.runs.iter().any(|run| run.changed)));
    desk.restore_template("staff", 1).await.unwrap();
    desk.save_template(&draft(
        Some("staff"),
        "Library rollout phase update: {phase_label}",
        "1. {timestamp}",
    ))
    .await
    .unwrap();
    let view = desk.announcements().await.unwrap();
    assert_eq!(numbers(&view, "staff"), [4, 3, 2, 1]);
    let versions = &view
        .templates
        .iter()
        .find(|one| one.id == "staff")
        .unwrap()
        .versions;
    assert_eq!(
        (&versions[1].subject, &versions[1].body),
        (&versions[3].subject, &versions[3].body)
    );
    assert_eq!(versions[3].at_ms, None, "the runbook's");
    assert_eq!(versions[1].actor.as_ref(), Some(&bench.identity("operator").uid));

    // What is kept already is not kept again.
    desk.save_template(&draft(Some("staff"), &versions[0].subject, &versions[0].body))
        .await
        .unwrap();
    assert_eq!(numbers(&desk.announcements().await.unwrap(), "staff").len(), 4);
    for problem in [
        desk.restore_template("staff", 9).await.unwrap_err(),
        desk.compare_template("nobody's", 1, 2).await.unwrap_err(),
    ] {
        assert_eq!(problem.code, Code::NotFound);
    }
}

#[tokio::test]
async fn a_template_of_the_team_s_own_has_its_own_placeholders() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    for (subject, body, field) in [
        ("Hours: {opening hors}", "1. Open.", "subject"),
        ("Hours", "1. {opening hours", "body"),
        ("Hours\nand more", "1. Open.", "subject"),
    ] {
        let refused = desk.save_template(&draft(None, subject, body)).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (Code::InvalidInput, Some(field))
        );
    }
    let own = draft(None, "Library hours", "1. We are open `{opening hours}`.\n");
    desk.save_template(&own).await.unwrap();
    let again = desk.save_template(&own).await.unwrap_err();
    assert_eq!(again.field.as_deref(), Some("name"));
    let view = desk.choose_template(MEMBER, "opening-hours").await.unwrap();
    assert!(!text(&view, MEMBER).ready);
    let view = desk
        .set_announcement_fact("opening hours", "9 to 5")
        .await
        .unwrap();
    assert!(text(&view, MEMBER).ready, "{}", text(&view, MEMBER).refusal);
    assert!(text(&view, MEMBER).body.text.contains("`9 to 5`"));
    let wrong = desk.choose_template(STAFF, "opening-hours").await.unwrap_err();
    assert_eq!(wrong.code, Code::NotFound);
}
