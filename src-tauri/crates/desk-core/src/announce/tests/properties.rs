use super::*;
use proptest::prelude::*;

const TEMPLATES: [&str; 6] = [
    "staff",
    "member",
    "rollback-staff",
    "rollback-member",
    "all-clear-staff",
    "all-clear-member",
];

/// What breaks texts: any characters, and the pieces that mean something to the checks.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ -~\n]{0,40}",
        prop::sample::select(vec![
            "{",
            "}",
            "{timestamp}",
            "{phase_labl}",
            "\u{ff5b}",
            "`",
            "Phase 2",
            "phase_3_admin_full",
            "\u{202e}",
            "\u{200d}",
            "👩\u{200d}🏫",
            "\r\n",
            "25 Nov 2026, 14:02 CET (Europe/Vienna)",
            " Nov )",
            "#ops-library",
            "request id",
            "req_",
            "INC-",
            "library.",
            "é",
            "1. ",
            "   - ",
            ":",
            "#",
            "\\",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

fn desk() -> impl Strategy<Value = Desk> {
    let zone = prop::sample::select(vec![
        VIENNA,
        chrono_tz::America::New_York,
        chrono_tz::Australia::Lord_Howe,
    ]);
    let words = "[a-zA-Z0-9é ,;.]{1,60}";
    (
        prop::option::of(phase()),
        phase(),
        zone,
        words,
        0..2_000_000_000_000_i64,
        any::<i64>(),
        any::<bool>(),
    )
        .prop_map(|(from, to, zone, words, changed_at_ms, now_ms, known)| {
            let mut desk = Desk::after(from, to);
            let moved = PhaseMove {
                from,
                to,
                changed_at_ms,
                seen_at_ms: changed_at_ms,
            };
            desk.now_ms = now_ms;
            desk.newest = Facts::of_move(Runbook::builtin(), &moved, zone);
            desk.newest.set(
                Placeholder::NextCheckTime,
                Value::AtMs(changed_at_ms + 1),
                Source::Person,
            );
            desk.newest
                .set(Placeholder::IncidentId, Value::Words(words), Source::Rollback);
            desk.confirmed = known.then_some(moved);
            desk
        })
}

proptest! {
    #[test]
    fn no_filled_text_keeps_a_placeholder(desk in desk(), id in prop::sample::select(TEMPLATES.to_vec())) {
        let filled = fill(builtin(id), &desk.newest);
        for part in Part::ALL {
            let part = filled.part(part);
            prop_assert!(!part.text.contains(['{', '}']), "{}", part.text);
            for span in &part.spans {
                prop_assert!(span.filled);
                let written = desk.newest.written(&span.placeholder);
                prop_assert_eq!(Some(&part.text[span.range.clone()]), written.as_deref());
            }
        }
    }

    /// Whatever a person types as a fact, a text with a brace in it does not go out.
    #[test]
    fn a_brace_never_goes_out(delta in nasty()) {
        let mut desk = Desk::new();
        desk.newest.set_typed(Placeholder::BriefBehaviorDelta, &delta).unwrap();
        let draft = desk.draft("staff");
        let finished = Announcement::finish(&draft, &desk.context(), &[]);
        let has_brace = draft.text().body.contains(['{', '}']);
        prop_assert!(!has_brace || finished.is_err());
    }

    #[test]
    fn no_check_panics_and_every_place_lies_on_characters(
        desk in desk(),
        id in prop::sample::select(TEMPLATES.to_vec()),
        subject in nasty(),
        body in nasty(),
        at in any::<prop::sample::Index>(),
        whole in any::<bool>(),
    ) {
        let draft = desk.draft(id);
        let text = draft.text();
        let mut edited = text.body.to_owned();
        let places: Vec<usize> = edited.char_indices().map(|(at, _)| at).collect();
        edited.insert_str(places[at.index(places.len())], &body);
        let body = if whole { body } else { edited };
        let draft = draft.clone().with_text(&subject, &body);
        for finding in desk.check(&draft) {
            let text = draft.text().part(finding.part);
            prop_assert!(text.get(finding.range.clone()).is_some_and(|found| found.starts_with(&finding.found)));
            prop_assert!(utf16_range(text, &finding.range).is_some());
            let replaces = matches!(finding.fix, Fix::Replace { .. });
            prop_assert_eq!(finding.mended(text).is_some(), replaces);
        }
        let other = Desk::new();
        let refilled = draft.refill(&other.newest);
        let _ = (refilled.conflicts(), refilled.spans(Part::Body), refilled.outdated(&desk.newest));
        let text = draft.text();
        let _ = (plain(text), mrkdwn(text), markdown(text), html(text.body), count(text.body));
        let _ = difference(&subject, &body);
        let envelope = Envelope { date_ms: desk.now_ms, message_id: &subject, from: Some(&subject), to: &[&body] };
        let _ = eml(text, &envelope);
    }

    #[test]
    fn refilling_without_edits_is_filling_with_the_new_facts(
        before in desk(),
        after in desk(),
        id in prop::sample::select(TEMPLATES.to_vec()),
    ) {
        // What a person typed would be kept; here every fact is the desk's own.
        let own = |desk: &Desk| {
            let mut facts = desk.newest.clone();
            let next = facts.get(&Placeholder::NextCheckTime).unwrap().value.clone();
            facts.set(Placeholder::NextCheckTime, next, Source::Runbook);
            facts
        };
        let draft = Draft::new(builtin(id).clone(), own(&before));
        let refilled = draft.refill(&own(&after));
        prop_assert_eq!(&refilled, &Draft::new(builtin(id).clone(), own(&after)));
        prop_assert_eq!(refilled.conflicts(), []);
    }

    /// An added line is no part of a fact, wherever it is added.
    #[test]
    fn refilling_keeps_an_added_line(after in desk(), line in "[a-z]{3,9} [a-z]{3,9}", at in 0..5_usize) {
        let draft = Desk::new().draft("staff");
        let with_line = |text: &str| -> String {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.insert(at, &line);
            lines.join("\n")
        };
        let edited = draft.clone().with_text(draft.text().subject, &with_line(draft.text().body));
        let refilled = edited.refill(&after.newest);
        prop_assert_eq!(refilled.text().body, with_line(draft.refill(&after.newest).text().body));
    }

    #[test]
    fn what_is_written_is_read_back(at_ms in -2_000_000_000_000..4_000_000_000_000_i64, zone in prop::sample::select(chrono_tz::TZ_VARIANTS.to_vec())) {
        let text = moment::written(at_ms, zone).unwrap();
        let read = moment::read(&text).unwrap();
        prop_assert!((0..60_000).contains(&(at_ms - read)), "{text}");
    }

    #[test]
    fn moments_are_read_from_anything(text in nasty()) {
        let _ = (moment::read(&text), moment::first_in(&text), moment::typed(&text, VIENNA));
    }
}
