//! Filled from facts, checked, kept, recorded.

use super::*;
use crate::support::assert_journal_is_whole;
use desk_app::{
    Code, DeskOptions,
    announce::{
        ComposeRequest,
        view::{FactSourceView, FileFormat, PartView, SentDraft, WaiveDraft},
    },
    view::ZoneSource,
};
use std::time::Duration;

fn waive(found: &str, code: &str, reason: &str) -> WaiveDraft {
    WaiveDraft {
        audience: MEMBER,
        code: code.to_owned(),
        part: PartView::Body,
        found: found.to_owned(),
        reason: reason.to_owned(),
    }
}

#[tokio::test]
async fn a_text_is_filled_from_the_confirmed_change_and_recorded_once() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    desk.refresh_phase().await.unwrap();
    let before = desk.announcements().await.unwrap();
    // Nobody ever saved a phase there: nothing can be said of it.
    assert!(refusing(text(&before, STAFF)).contains(&"placeholder_unfilled"));
    assert_eq!(
        desk.take_announcement(STAFF).await.unwrap_err().code,
        Code::TextRefused
    );

    let saved = save(&bench, &desk, Phase::MemberWrites, "one step")
        .await
        .unwrap();
    desk.restart_announcement(STAFF).await.unwrap();
    let view = desk
        .set_announcement_fact("next_check_time", REVIEW)
        .await
        .unwrap();
    let staff = text(&view, STAFF);
    assert_eq!(refusing(staff), Vec::<&str>::new(), "{}", staff.refusal);
    assert!(staff.ready && staff.refusal.is_empty() && staff.made.is_none());
    assert_eq!(staff.subject.text, "Library rollout phase update: Phase 2");
    let fact = |placeholder: &str| {
        view.facts
            .iter()
            .find(|fact| fact.placeholder == placeholder)
            .unwrap()
    };
    let label = fact("phase_label");
    assert_eq!((label.source, label.editable), (FactSourceView::Portal, false));
    assert!(label.seen_at_ms.unwrap() >= saved.state.unwrap().updated_at_ms);
    assert_eq!(fact("brief behavior delta").source, FactSourceView::Runbook);
    assert_eq!(fact("next_check_time").source, FactSourceView::Person);
    assert_eq!(fact("next_check_time").input, "2026-11-25T09:00");

    let first = desk.take_announcement(STAFF).await.unwrap();
    bench.pass(Duration::from_secs(40));
    desk.refresh_phase().await.unwrap();
    // The portal was heard again since: that makes no other text.
    assert_eq!(desk.take_announcement(STAFF).await.unwrap().id, first.id);
    let view = desk.announcements().await.unwrap();
    assert_eq!(
        text(&view, STAFF).made.as_ref().map(|made| &made.id),
        Some(&first.id)
    );
    let kept = made(&bench).await;
    assert_eq!(kept.len(), 1);
    let (run, announcement) = &kept[0];
    assert!(run.is_some());
    assert_eq!(announcement.sha256, first.sha256);
    assert_eq!(announcement.text().sha256(), first.sha256);
    assert_eq!(announcement.template.number, 1);
    assert_journal_is_whole(&desk).await;
}

#[tokio::test]
async fn a_text_turns_outdated_when_the_phase_moves_and_refilling_keeps_hand_edits() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let view = desk.announcements().await.unwrap();
    let body = text(&view, STAFF).body.text.clone() + "5. Ask Zoë at the front desk.\n";
    let subject = text(&view, STAFF).subject.text.clone();
    let view = desk.edit_announcement(STAFF, &subject, &body).await.unwrap();
    assert!(text(&view, STAFF).ready, "{}", text(&view, STAFF).refusal);

    bench.pass(Duration::from_secs(120));
    bench.somebody_sets("staff-smoke", Phase::ReadOnly, None).await;
    desk.refresh_phase().await.unwrap();
    let view = desk.announcements().await.unwrap();
    let staff = text(&view, STAFF);
    let changed: Vec<&str> = staff.outdated.iter().map(|fact| fact.meaning.as_str()).collect();
    assert_eq!(
        changed,
        [
            "the phase's label",
            "the time of the phase change",
            "the change in behaviour"
        ]
    );
    assert!(!staff.ready);
    assert!(refusing(staff).contains(&"outdated"));
    let refused = desk.take_announcement(STAFF).await.unwrap_err();
    assert_eq!(refused.code, Code::TextRefused);
    assert!(refused.detail.unwrap().contains("label_not_confirmed"));
    assert_eq!(
        text(&view, MEMBER).outdated.len(),
        1,
        "what members can do has changed too"
    );

    let view = desk.refill_announcement(STAFF).await.unwrap();
    let staff = text(&view, STAFF);
    assert!(staff.ready, "{}", staff.refusal);
    assert_eq!(staff.subject.text, "Library rollout phase update: Phase 1");
    assert!(staff.body.text.contains("Ask Zoë"));
    assert!(
        staff.body.text.contains("25 Nov 2026, 09:00"),
        "what was typed stays"
    );
    assert_eq!(
        text(&view, MEMBER).outdated.len(),
        1,
        "each text is refilled by itself"
    );
}

#[tokio::test]
async fn a_text_being_written_survives_a_restart() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    desk.edit_announcement(MEMBER, "Library news", "Half a sent")
        .await
        .unwrap();
    desk.choose_template(STAFF, "all-clear-staff").await.unwrap();
    desk.close().await;
    let desk = bench.open().await;
    let view = desk.announcements().await.unwrap();
    assert_eq!(text(&view, MEMBER).subject.text, "Library news");
    assert_eq!(text(&view, MEMBER).body.text, "Half a sent");
    assert_eq!(text(&view, STAFF).template, "all-clear-staff");
}

#[tokio::test]
async fn a_warning_is_waived_with_a_reason_that_is_recorded_and_an_error_is_not() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let view = desk.announcements().await.unwrap();
    let body = text(&view, MEMBER).body.text.clone();
    let subject = "Library experience update";
    let with = |line: &str| format!("{body}5. {line}\n");
    let view = desk
        .edit_announcement(MEMBER, subject, &with("No exceptions at the kiln."))
        .await
        .unwrap();
    assert_eq!(refusing(text(&view, MEMBER)), ["punitive"]);
    let found = text(&view, MEMBER).findings[0].found.clone();
    let view = desk.waive_finding(&waive(&found, "punitive", " ")).await.unwrap();
    assert!(!text(&view, MEMBER).ready, "no reason, no waiver");
    let view = desk
        .waive_finding(&waive(&found, "punitive", "Safety rule, agreed with Bo"))
        .await
        .unwrap();
    assert!(text(&view, MEMBER).ready);
    assert_eq!(
        text(&view, MEMBER).findings[0].waived.as_deref(),
        Some("Safety rule, agreed with Bo")
    );
    desk.take_announcement(MEMBER).await.unwrap();
    let kept = made(&bench).await;
    assert_eq!(kept[0].1.waivers[0].reason, "Safety rule, agreed with Bo");
    let view = desk.waive_finding(&waive(&found, "punitive", "")).await.unwrap();
    assert!(!text(&view, MEMBER).ready, "taken back");

    let view = desk
        .edit_announcement(MEMBER, subject, &with("Quote the request id."))
        .await
        .unwrap();
    let finding = &text(&view, MEMBER).findings[0];
    assert!(!finding.warning);
    let refused = desk
        .waive_finding(&waive(&finding.found, &finding.code, "It is fine"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code, refused.field.as_deref()),
        (Code::InvalidInput, Some("reason"))
    );
    let gone = desk
        .waive_finding(&waive("kiln", "punitive", "x"))
        .await
        .unwrap_err();
    assert_eq!(gone.code, Code::InvalidInput);
}

#[tokio::test]
async fn the_team_s_own_words_are_looked_for_too() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let view = desk.announcements().await.unwrap();
    let body = text(&view, MEMBER).body.text.clone() + "5. The kiln desk is open.\n";
    let view = desk.edit_announcement(MEMBER, "News", &body).await.unwrap();
    assert!(text(&view, MEMBER).ready);
    let words = ["kiln desk".to_owned(), " ".to_owned(), "Kiln Desk".to_owned()];
    let view = desk.set_announcement_words(&words, &[]).await.unwrap();
    assert_eq!(view.words.added_internal, ["kiln desk"]);
    assert_eq!(refusing(text(&view, MEMBER)), ["internal_word"]);
}

#[tokio::test]
async fn facts_are_typed_and_taken_back() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let before = desk.announcements().await.unwrap();
    let view = desk
        .set_announcement_fact("brief behavior delta", "Loans are open")
        .await
        .unwrap();
    assert!(text(&view, STAFF).body.text.contains("- `Loans are open`"));
    let view = desk
        .set_announcement_fact("brief behavior delta", "")
        .await
        .unwrap();
    assert_eq!(text(&view, STAFF).body, text(&before, STAFF).body);
    let fact = view
        .facts
        .iter()
        .find(|fact| fact.placeholder == "brief behavior delta");
    assert_eq!(fact.unwrap().source, FactSourceView::Runbook);
    for (fact, typed) in [("next_check_time", "soon"), ("phase_label", "Phase 3")] {
        let refused = desk.set_announcement_fact(fact, typed).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.field.as_deref()),
            (Code::InvalidInput, Some("fact"))
        );
    }
    let past = desk
        .set_announcement_fact("next_check_time", "2026-11-20 09:00")
        .await
        .unwrap();
    assert_eq!(refusing(text(&past, STAFF)), ["next_review_past"]);
}

#[tokio::test]
async fn a_text_is_said_to_be_sent_and_the_next_is_compared_with_it() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let taken = desk.take_announcement(STAFF).await.unwrap();
    let sent = |place: &str, at: Option<&str>| SentDraft {
        id: taken.id.clone(),
        place: place.to_owned(),
        at: at.map(str::to_owned),
        by: None,
    };
    let by_the_clock = |at_ms: i64| {
        let at = chrono::DateTime::from_timestamp_millis(at_ms).unwrap();
        at.with_timezone(&desk.zone())
            .format("%Y-%m-%dT%H:%M")
            .to_string()
    };
    let now = desk.now_ms();
    for (draft, field) in [
        (sent(" ", None), "place"),
        (sent("#ops-library", Some(&by_the_clock(now + 120_000))), "at"),
        (sent("#ops-library", Some(&by_the_clock(now - 120_000))), "at"),
        (sent("#ops-library", Some("yesterday")), "at"),
    ] {
        let refused = desk.mark_announcement_sent(&draft).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field));
    }
    let told = desk
        .mark_announcement_sent(&sent("#ops-library", None))
        .await
        .unwrap();
    assert!(!told, "no rollback waits to be told");
    let history = desk.announcement_history(Some(STAFF), "phase upd").await.unwrap();
    assert_eq!(history.len(), 1);
    let operator = &bench.identity("operator").uid;
    assert_eq!(
        (history[0].sent[0].place.as_str(), &history[0].sent[0].by),
        ("#ops-library", operator)
    );
    assert!(
        desk.announcement_history(Some(MEMBER), "")
            .await
            .unwrap()
            .is_empty()
    );

    let subject = "Library rollout phase update for staff: Phase 2";
    let view = desk.edit_announcement(STAFF, subject, &taken.body).await.unwrap();
    let difference = text(&view, STAFF).difference.as_ref().unwrap();
    let changed: Vec<&str> = difference
        .iter()
        .flat_map(|line| &line.runs)
        .filter(|run| run.changed)
        .map(|run| run.text.trim())
        .collect();
    assert!(changed.contains(&"for staff"), "{changed:?}");
    assert_eq!(text(&view, MEMBER).difference, None);
}

#[tokio::test]
async fn a_text_is_saved_as_a_file() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    for (format, begins) in [
        (
            FileFormat::Txt,
            "Library rollout phase update: Phase 2\n\n1. We moved",
        ),
        (FileFormat::Md, "# Library rollout phase update: Phase 2\n"),
        (FileFormat::Eml, "X-Unsent: 1"),
    ] {
        let suggested = desk.suggested_file(STAFF, format).await.unwrap();
        assert!(suggested.starts_with(bench.dir().join("announcements")) && !suggested.exists());
        let file = desk.save_announcement(STAFF, format, &suggested).await.unwrap();
        assert_eq!(file, suggested);
        let content = std::fs::read_to_string(&file).unwrap();
        assert!(content.starts_with(begins), "{content}");
    }
    assert_eq!(made(&bench).await.len(), 1);

    // A name without the format's end gets it, and replaces nothing that nobody was asked about.
    let folder = bench.dir().join("elsewhere");
    std::fs::create_dir(&folder).unwrap();
    let chosen = folder.join("notice 2.1");
    let file = desk
        .save_announcement(STAFF, FileFormat::Md, &chosen)
        .await
        .unwrap();
    assert_eq!(file, folder.join("notice 2.1.md"));
    let refused = desk.save_announcement(STAFF, FileFormat::Md, &chosen).await;
    assert_eq!(refused.unwrap_err().field.as_deref(), Some("file"));
    desk.save_announcement(STAFF, FileFormat::Md, &file)
        .await
        .unwrap();
    let next = desk.suggested_file(MEMBER, FileFormat::Eml).await.unwrap();
    assert_eq!(next.parent(), Some(folder.as_path()), "where it was saved last");
    std::fs::remove_dir_all(&folder).unwrap();
    let next = desk.suggested_file(MEMBER, FileFormat::Eml).await.unwrap();
    assert!(next.starts_with(bench.dir().join("announcements")));
}

#[tokio::test]
async fn the_team_s_zone_is_named_and_typed_in_and_turns_a_text_outdated() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let before = desk.announcements().await.unwrap();
    assert!(text(&before, STAFF).ready);
    desk.set_zone(Some("America/New_York")).await.unwrap();
    let view = desk.announcements().await.unwrap();
    let staff = text(&view, STAFF);
    assert!(refusing(staff).contains(&"outdated"));
    let view = desk.refill_announcement(STAFF).await.unwrap();
    let staff = text(&view, STAFF);
    assert!(staff.ready, "{}", staff.refusal);
    assert_eq!(
        staff.body.text.matches("(America/New_York)").count(),
        2,
        "{}",
        staff.body.text
    );

    // Typed by the team's clock even while the text was begun by another one.
    desk.set_zone(Some("Asia/Kolkata")).await.unwrap();
    let view = desk
        .set_announcement_fact("next_check_time", "2026-11-26 10:00")
        .await
        .unwrap();
    let fact = view
        .facts
        .iter()
        .find(|fact| fact.placeholder == "next_check_time");
    assert_eq!(fact.unwrap().input, "2026-11-26T10:00");
    let view = desk.refill_announcement(STAFF).await.unwrap();
    let body = &text(&view, STAFF).body.text;
    assert!(body.contains("26 Nov 2026, 10:00 IST (Asia/Kolkata)"), "{body}");

    let wrong = desk.set_zone(Some("Europe/Wien")).await.unwrap_err();
    assert_eq!(
        (wrong.code, wrong.field.as_deref()),
        (Code::InvalidInput, Some("zone"))
    );
    let shown = desk.view().await.unwrap();
    assert_eq!(
        (shown.zone.as_str(), shown.zone_choice.source),
        ("Asia/Kolkata", ZoneSource::Chosen)
    );
    desk.close().await;
    let desk = bench.open().await;
    assert_eq!(desk.zone().name(), "Asia/Kolkata");
    desk.set_zone(None).await.unwrap();
    let shown = desk.view().await.unwrap();
    assert_eq!(
        (&shown.zone, shown.zone_choice.source),
        (&shown.zone_choice.machine, ZoneSource::Machine)
    );
    desk.close().await;
    let given = Desk::open(DeskOptions {
        zone: Some(chrono_tz::Pacific::Auckland),
        ..bench.options()
    });
    assert_eq!(given.await.unwrap().zone().name(), "Pacific/Auckland");
}

#[tokio::test]
async fn a_run_s_report_has_its_texts_and_what_became_of_them() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let staff = desk.take_announcement(STAFF).await.unwrap();
    let member = desk.take_announcement(MEMBER).await.unwrap();
    let sent = SentDraft {
        id: staff.id.clone(),
        place: "#ops-library".to_owned(),
        at: None,
        by: Some("Ana".to_owned()),
    };
    desk.mark_announcement_sent(&sent).await.unwrap();
    let report = desk.run_report(None).await.unwrap();
    let ids: Vec<&str> = report.announcements.iter().map(|made| made.id.as_str()).collect();
    assert_eq!(ids, [&staff.id, &member.id]);
    assert_eq!(report.announcements[0].sent[0].by, "Ana");
    assert_eq!(report.announcements[0].sha256, staff.sha256);
    assert!(report.announcements[1].sent.is_empty());
    assert_eq!(desk.made_announcement("member").await.unwrap().id, member.id);
    assert_eq!(desk.made_announcement(&staff.id).await.unwrap().id, staff.id);
    desk.end_run().await.unwrap();
    desk.start_run("").await.unwrap();
    assert!(desk.run_report(None).await.unwrap().announcements.is_empty());
}

#[tokio::test]
async fn without_the_portal_a_text_is_made_from_what_is_known_and_the_facts_show_their_age() {
    let bench = Bench::start().await;
    let desk = bench.staging().await;
    save(&bench, &desk, Phase::MemberWrites, "one step")
        .await
        .unwrap();
    desk.close().await;
    bench.pass(Duration::from_secs(3_600));
    let desk = bench.open().await;
    let request = ComposeRequest {
        audience: STAFF,
        template: None,
        facts: vec![
            ("next-check time".to_owned(), REVIEW.to_owned()),
            ("brief_behavior_delta".to_owned(), "Loans are open".to_owned()),
        ],
        waivers: Vec::new(),
    };
    let composed = desk.compose_announcement(&request).await.unwrap();
    assert!(composed.ready, "{:#?}", composed.findings);
    let label = &composed.facts[0];
    assert_eq!(label.placeholder, "phase_label");
    assert!(desk.now_ms() - label.seen_at_ms.unwrap() >= 3_600_000);
    assert!(composed.body.contains("Loans are open"));

    for (facts, waivers, field) in [
        (vec![("nonsense", "x")], vec![], "set"),
        (vec![("next_check_time", "soon")], vec![], "set"),
        (vec![], vec![("placeholder_unfilled", "it is fine")], "waive"),
    ] {
        let owned = |pairs: Vec<(&str, &str)>| {
            pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        };
        let request = ComposeRequest {
            facts: owned(facts),
            waivers: owned(waivers),
            ..request.clone()
        };
        let refused = desk.compose_announcement(&request).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some(field), "{refused:?}");
    }
}
