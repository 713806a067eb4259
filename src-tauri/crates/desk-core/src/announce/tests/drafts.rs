//! Facts that change after a text was made, against what a person made of it.

use super::*;

/// A moment later the phase went on to 3.
fn moved_on(desk: &Desk) -> Desk {
    let mut later = Desk::after(Some(Phase::MemberWrites), Phase::AdminFull);
    later.now_ms = desk.now_ms + 3_600_000;
    later.confirmed = later.confirmed.map(|moved| PhaseMove {
        changed_at_ms: at("2026-11-25 14:40", VIENNA),
        ..moved
    });
    let moved = later.confirmed.unwrap();
    later.newest = Facts::of_move(Runbook::builtin(), &moved, VIENNA);
    later
        .newest
        .set_typed(Placeholder::NextCheckTime, "2026-11-25 16:00")
        .unwrap();
    later
}

fn edited(draft: &Draft, from: &str, to: &str) -> Draft {
    let text = draft.text();
    assert!(text.body.contains(from), "{from:?} is not in {:?}", text.body);
    draft
        .clone()
        .with_text(text.subject, &text.body.replacen(from, to, 1))
}

#[test]
fn a_text_says_which_facts_it_is_behind() {
    let desk = Desk::new();
    let draft = desk.draft("staff");
    assert_eq!(draft.outdated(&desk.newest), []);
    let later = moved_on(&desk);
    let outdated = draft.outdated(&later.newest);
    let names: Vec<_> = outdated.iter().map(|fact| fact.placeholder.name()).collect();
    assert_eq!(
        names,
        [
            "phase_label",
            "timestamp",
            "brief behavior delta",
            "next_check_time"
        ]
    );
    assert_eq!(outdated[0].was.as_deref(), Some("Phase 2"));
    assert_eq!(outdated[0].is.as_deref(), Some("Phase 3"));
    // A template that does not use a fact is not behind it.
    let names: Vec<_> = desk
        .draft("member")
        .outdated(&later.newest)
        .into_iter()
        .map(|fact| fact.placeholder)
        .collect();
    assert_eq!(names, [Placeholder::MemberFacingBehaviorSummary]);
}

#[test]
fn refilling_keeps_every_edit_beside_the_facts() {
    let desk = Desk::new();
    let later = moved_on(&desk);
    let draft = desk.draft("staff");
    let mine = edited(
        &draft,
        "1. We moved library rollout to `Phase 2` at",
        "Dear all,\n1. Today, we moved the library rollout to `Phase 2`, at",
    );
    let mine = edited(&mine, "post in `#ops-library`.", "post in `#ops-library`. 🏺");
    let refilled = mine.refill(&later.newest);
    assert_eq!(refilled.conflicts(), []);
    assert_eq!(refilled.text().subject, "Library rollout phase update: Phase 3");
    let expected = edited(
        &desk.draft("staff").refill(&later.newest),
        "1. We moved library rollout to `Phase 3` at",
        "Dear all,\n1. Today, we moved the library rollout to `Phase 3`, at",
    );
    let expected = edited(&expected, "post in `#ops-library`.", "post in `#ops-library`. 🏺");
    assert_eq!(refilled.text().body, expected.text().body);
    assert_eq!(refilled.outdated(&later.newest), []);
    assert_eq!(refilled.refill(&later.newest), refilled);
    assert_eq!(later.check(&refilled), []);
}

#[test]
fn an_edit_of_the_facts_own_words_is_a_conflict_and_stays() {
    let desk = Desk::new();
    let later = moved_on(&desk);
    let mine = edited(
        &desk.draft("staff"),
        "return and give feedback again",
        "return and say what they think again",
    );
    let outdated: Vec<_> = later
        .check(&mine)
        .into_iter()
        .filter(|finding| finding.code == Code::Outdated)
        .collect();
    assert_eq!(outdated.len(), 5, "the edited one as well: {outdated:#?}");
    let refilled = mine.refill(&later.newest);
    assert!(refilled.text().body.contains("say what they think again"));
    assert!(refilled.text().body.contains("to `Phase 3` at"));
    let conflicts = refilled.conflicts();
    let [(conflict, range)] = conflicts.as_slice() else {
        panic!("{conflicts:?}")
    };
    assert_eq!(conflict.placeholder, Placeholder::BriefBehaviorDelta);
    assert_eq!(
        conflict.is,
        later.newest.written(&Placeholder::BriefBehaviorDelta).unwrap()
    );
    assert_eq!(refilled.text().body[range.clone()], conflict.words);

    // It is a warning until the words change or somebody says why they stay.
    let findings = later.check(&refilled);
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}")
    };
    assert_eq!(
        (finding.code, finding.severity, finding.part),
        (Code::Conflict, Severity::Warning, Part::Body)
    );
    assert_eq!(
        refusing(&findings, &[Waiver::of(finding, "Still true.")]),
        Vec::<&Finding>::new()
    );
    let taken = refilled.clone().with_text(
        refilled.text().subject,
        &finding.mended(refilled.text().body).unwrap(),
    );
    assert_eq!(later.check(&taken), []);
    assert_eq!(taken.text(), desk.draft("staff").refill(&later.newest).text());

    // It outlives another refill, and the journal.
    let json = serde_json::to_string(&refilled).unwrap();
    let read: Draft = serde_json::from_str(&json).unwrap();
    assert_eq!(read.refill(&later.newest).conflicts().len(), 1);
}

#[test]
fn what_a_person_typed_is_kept_but_for_words_about_another_phase() {
    let desk = Desk::new();
    let later = moved_on(&desk);
    let mut facts = desk.newest.clone();
    facts
        .set_typed(Placeholder::BriefBehaviorDelta, "Members may borrow")
        .unwrap();
    facts.set_typed(Placeholder::IncidentId, "INC-9").unwrap();
    let again = facts.renewed(&desk.newest);
    assert_eq!(
        again.written(&Placeholder::BriefBehaviorDelta).as_deref(),
        Some("Members may borrow")
    );
    let renewed = facts.renewed(&later.newest);
    assert_eq!(
        renewed.written(&Placeholder::BriefBehaviorDelta),
        later.newest.written(&Placeholder::BriefBehaviorDelta)
    );
    assert_eq!(
        renewed.written(&Placeholder::IncidentId).as_deref(),
        Some("INC-9")
    );
    assert_eq!(
        renewed.get(&Placeholder::PhaseLabel).unwrap().source,
        later.newest.get(&Placeholder::PhaseLabel).unwrap().source
    );
}

#[test]
fn the_facts_are_found_again_in_an_edited_text() {
    let desk = Desk::new();
    let draft = edited(&desk.draft("staff"), "1. We moved", "Ünser Gruß 👋\n1. We moved");
    let draft = edited(&draft, "14:02", "14:05");
    let spans = draft.spans(Part::Body);
    let shown: Vec<_> = spans
        .iter()
        .map(|span| {
            (
                span.placeholder.name(),
                &draft.text().body[span.range.clone()],
                span.filled,
            )
        })
        .collect();
    assert_eq!(shown[0], ("phase_label", "Phase 2", true));
    assert_eq!(
        shown[1],
        ("timestamp", "25 Nov 2026, 14:05 CET (Europe/Vienna)", false)
    );
    assert_eq!(
        shown[3],
        ("next_check_time", "25 Nov 2026, 15:00 CET (Europe/Vienna)", true)
    );
    let utf16 = utf16_range(draft.text().body, &spans[0].range).unwrap();
    assert_eq!(
        spans[0].range.start - utf16.start,
        4,
        "Ü, ß and 👋 are longer in bytes"
    );
    assert_eq!(utf16_range("é", &(1..2)), None);
}

#[test]
fn only_what_no_finding_refuses_is_finished() {
    let desk = Desk::new();
    let draft = desk.draft("member");
    let announcement = Announcement::finish(&draft, &desk.context(), &[]).unwrap();
    assert_eq!(announcement.text(), draft.text());
    assert_eq!(announcement.sha256, draft.text().sha256());
    assert_eq!(announcement.template, builtin("member").version());
    let json = serde_json::to_value(&announcement).unwrap();
    assert_eq!(
        serde_json::from_value::<Announcement>(json.clone()).unwrap(),
        announcement
    );
    insta::assert_json_snapshot!(json);

    let body = format!(
        "{}Books held too long are banned: see the API.\n",
        draft.text().body
    );
    let doubtful = draft.clone().with_text(draft.text().subject, &body);
    let refused = Announcement::finish(&doubtful, &desk.context(), &[]).unwrap_err();
    assert_eq!(
        refused.iter().map(|finding| finding.code).collect::<Vec<_>>(),
        [Code::Punitive, Code::InternalWord]
    );
    let waivers: Vec<_> = refused
        .iter()
        .map(|finding| Waiver::of(finding, "It is about books."))
        .collect();
    let still = Announcement::finish(&doubtful, &desk.context(), &waivers).unwrap_err();
    assert_eq!(
        still.iter().map(|finding| finding.code).collect::<Vec<_>>(),
        [Code::InternalWord],
        "an error cannot be waived"
    );

    let without_error = doubtful
        .clone()
        .with_text(draft.text().subject, &body.replace(": see the API", ""));
    let mut unused = waivers.clone();
    unused.push(Waiver {
        found: "elsewhere".into(),
        ..waivers[0].clone()
    });
    let finished = Announcement::finish(&without_error, &desk.context(), &unused).unwrap();
    assert_eq!(finished.waivers, waivers[..1]);
    for reason in ["", "  ", "…"] {
        let empty = [Waiver {
            reason: reason.into(),
            ..waivers[0].clone()
        }];
        Announcement::finish(&without_error, &desk.context(), &empty).unwrap_err();
    }
}
