use super::{NOON, clock, entry, live, new_dir, open};
use desk_core::{
    EnvironmentName, Phase, Runbook,
    announce::{
        Announcement, Audience, Context, Draft, Facts, Outlet, PhaseMove, Placeholder, TemplateText,
        WordLists,
    },
    record::{PostOutcome, Record},
};

/// A text that went through its checks.
pub(super) fn announcement(template: &str, to: Phase, next_review: &str) -> Announcement {
    let runbook = Runbook::builtin();
    let moved = PhaseMove {
        from: Some(Phase::ReadOnly),
        to,
        changed_at_ms: NOON - 60_000,
        seen_at_ms: NOON,
    };
    let mut facts = Facts::of_move(runbook, &moved, chrono_tz::Tz::UTC);
    facts.set_typed(Placeholder::NextCheckTime, next_review).unwrap();
    let template = runbook.announcements.template(template).unwrap();
    let context = Context {
        now_ms: NOON,
        runbook,
        confirmed: Some(&moved),
        newest: &facts,
        added: &WordLists::default(),
        outlets: &[Outlet::Slack, Outlet::Email],
    };
    Announcement::finish(&Draft::new(template.clone(), facts.clone()), &context, &[]).unwrap()
}

fn made(id: &str, announcement: Announcement) -> Record {
    Record::AnnouncementMade {
        announcement_id: id.to_owned(),
        announcement: Box::new(announcement),
    }
}

fn sent(id: &str, place: &str) -> Record {
    Record::AnnouncementSent {
        announcement_id: id.to_owned(),
        place: place.to_owned(),
        sent_at_ms: NOON + 1,
        by: "Ana".to_owned(),
    }
}

fn template(number: u32, subject: &str) -> TemplateText {
    TemplateText {
        id: "member".into(),
        name: "To members".into(),
        audience: Audience::Member,
        number,
        subject: subject.into(),
        body: "1. {member-facing behavior summary}".into(),
        placeholders: Vec::new(),
    }
}

#[tokio::test]
async fn texts_are_found_by_audience_and_by_the_beginnings_of_their_words() {
    let dir = new_dir();
    let store = open(&dir);
    let staff = announcement("staff", Phase::MemberWrites, "2026-03-02 09:00");
    let member = announcement("member", Phase::AdminFull, "2026-03-02 09:00");
    for (environment, record) in [
        (live(), made("one", staff.clone())),
        (live(), made("two", member.clone())),
        (EnvironmentName::practice(), made("three", staff.clone())),
    ] {
        store.append(entry(Some(environment), record)).await.unwrap();
    }
    store.close().await;

    let store = open(&dir);
    let found = async |audience, search| {
        let rows = store.announcements(&live(), audience, search, 9).await.unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(found(None, "").await, ["two", "one"], "newest first");
    assert_eq!(found(Some(Audience::Staff), "").await, ["one"]);
    assert_eq!(found(None, "phas 2").await, ["one"]);
    assert_eq!(found(None, "EXPERIENCE").await, ["two"]);
    assert_eq!(
        found(Some(Audience::Staff), "experience").await,
        Vec::<String>::new()
    );
    for operator in ["\"", "phase OR", "NEAR(", "*", "subject:", "🏺"] {
        // Whatever is typed is words, never a query.
        let _found = found(None, operator).await;
    }
    let row = store.announcement(&live(), "one").await.unwrap().unwrap();
    assert_eq!(row.announcement, staff);
    assert_eq!((row.run_id.as_deref(), row.at_ms), (Some("run-1"), NOON));
    assert_eq!(store.announcement(&live(), "three").await.unwrap(), None);
}

#[tokio::test]
async fn the_last_one_sent_is_the_one_that_was_last_said_to_be() {
    let dir = new_dir();
    let store = open(&dir);
    let text = announcement("staff", Phase::MemberWrites, "2026-03-02 09:00");
    let last = async || {
        let row = store
            .last_sent_announcement(&live(), Audience::Staff)
            .await
            .unwrap();
        row.map(|row| (row.id, row.sent.len()))
    };
    for record in [
        made("one", text.clone()),
        made("two", text),
        sent("one", "#ops-library"),
    ] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    assert_eq!(last().await, Some(("one".to_owned(), 1)));
    for record in [
        sent("two", "e-mail"),
        sent("one", "e-mail"),
        sent("nobody's", "e-mail"),
    ] {
        store.append(entry(Some(live()), record)).await.unwrap();
    }
    assert_eq!(last().await, Some(("one".to_owned(), 2)));
    let nothing = store
        .last_sent_announcement(&live(), Audience::Member)
        .await
        .unwrap();
    assert_eq!(nothing, None);
}

#[tokio::test]
async fn a_post_is_an_open_question_until_its_outcome_is_recorded() {
    let dir = new_dir();
    let store = open(&dir);
    let text = announcement("staff", Phase::MemberWrites, "2026-03-02 09:00");
    let post = async || store.announcement(&live(), "one").await.unwrap().unwrap().post;
    let concluded = |outcome| Record::AnnouncementPostConcluded {
        announcement_id: "one".into(),
        outcome,
        found: "no answer in time".into(),
    };
    store
        .append(entry(Some(live()), made("one", text)))
        .await
        .unwrap();
    store
        .append(entry(Some(live()), concluded(PostOutcome::Posted)))
        .await
        .unwrap();
    assert_eq!(post().await, None, "a conclusion without its start says nothing");
    let started = Record::AnnouncementPostStarted {
        announcement_id: "one".into(),
        host: "hooks.example".into(),
    };
    store.append(entry(Some(live()), started)).await.unwrap();
    let begun = post().await.unwrap();
    assert_eq!((begun.outcome, begun.host.as_str()), (None, "hooks.example"));
    store
        .append(entry(Some(live()), concluded(PostOutcome::Unknown)))
        .await
        .unwrap();
    assert_eq!(post().await.unwrap().outcome, Some(PostOutcome::Unknown));
}

#[tokio::test]
async fn every_version_of_a_template_is_kept_and_none_twice() {
    let dir = new_dir();
    let store = open(&dir);
    let save = async |template| {
        let record = Record::AnnouncementTemplateSaved { template };
        store.append(entry(None, record)).await
    };
    save(template(2, "Second")).await.unwrap();
    save(template(3, "Third")).await.unwrap();
    assert!(matches!(
        save(template(3, "Another third")).await,
        Err(crate::StoreError::Conflict)
    ));
    let kept = store.announcement_templates().await.unwrap();
    let subjects: Vec<&str> = kept.iter().map(|row| row.template.subject.as_str()).collect();
    assert_eq!(subjects, ["Second", "Third"]);
    assert_eq!((kept[0].actor.as_str(), kept[0].at_ms), ("staff_zoë", clock()()));
    assert!(store.verify().await.unwrap().is_whole());
}
