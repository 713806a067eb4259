//! What is suggested and made for each move between phases and for staying, word for word.

use super::*;
use std::fmt::Write as _;

/// One moment in three zones; two of them are on other sides of their change to winter time.
const ZONES: [Tz; 3] = [
    chrono_tz::Europe::Vienna,
    chrono_tz::America::New_York,
    chrono_tz::Asia::Kolkata,
];

fn every_move(id: &str) -> String {
    let mut every = String::new();
    for from in Phase::ALL {
        for to in Phase::ALL {
            for zone in ZONES {
                let moved = PhaseMove {
                    from: Some(from),
                    to,
                    // 25 Oct 2026, 00:58:59 UTC: in Vienna two minutes before the clocks go back.
                    changed_at_ms: 1_792_889_939_000,
                    seen_at_ms: 1_792_889_940_000,
                };
                let mut facts = Facts::of_move(Runbook::builtin(), &moved, zone);
                // Half an hour later; in Vienna the clock then says an earlier time.
                let next = Value::AtMs(moved.changed_at_ms + 30 * 60_000);
                facts.set(Placeholder::NextCheckTime, next, Source::Person);
                let draft = Draft::new(builtin(id).clone(), facts);
                let text = draft.text();
                let _ = writeln!(
                    every,
                    "== {} to {}, {zone}\n{}\n\n{}",
                    from.number(),
                    to.number(),
                    text.subject,
                    text.body
                );
            }
        }
    }
    every
}

#[test]
fn staff() {
    insta::assert_snapshot!(every_move("staff"));
}

#[test]
fn member() {
    insta::assert_snapshot!(every_move("member"));
}

/// Whatever the runbook suggests may go out as it is, for every template and every move.
#[test]
fn every_suggestion_passes_every_check() {
    for template in Runbook::builtin().announcements.templates() {
        for to in Phase::ALL {
            for from in Phase::ALL.map(Some).into_iter().chain([None]) {
                let desk = Desk::after(from, to);
                let findings = desk.check(&desk.draft(template.id()));
                assert_eq!(findings, [], "{} {from:?} {to:?}", template.id());
            }
        }
    }
}

#[test]
fn a_rollback_notice_prepared_beforehand_needs_its_time_alone() {
    let from = Phase::AdminFull;
    let mut planned = Facts::of_planned_move(Runbook::builtin(), from, Phase::MemberWrites, VIENNA);
    planned.set_typed(Placeholder::IncidentId, "INC-7").unwrap();
    planned
        .set_typed(Placeholder::NextCheckTime, "2026-11-25 15:00")
        .unwrap();
    let prepared = Draft::new(builtin("rollback-staff").clone(), planned);
    let text = prepared.text();
    let prepared = prepared
        .clone()
        .with_text(text.subject, &format!("Team,\n{}", text.body));
    assert!(prepared.text().body.contains("at `{timestamp}`"));

    let mut live = Desk::after(Some(Phase::MemberWrites), from);
    live.newest = prepared.facts().clone();
    let codes: Vec<_> = live
        .check(&prepared)
        .iter()
        .map(|finding| (finding.code, finding.part))
        .collect();
    assert_eq!(
        codes,
        [
            (Code::LabelNotConfirmed, Part::Subject),
            (Code::LabelNotConfirmed, Part::Body),
            (Code::PlaceholderUnfilled, Part::Body),
        ]
    );

    let rolled_back = Desk::after(Some(from), Phase::MemberWrites);
    let outdated: Vec<_> = prepared
        .outdated(&rolled_back.newest)
        .into_iter()
        .map(|fact| fact.placeholder)
        .collect();
    assert_eq!(outdated, [Placeholder::Timestamp]);
    let ready = prepared.refill(&rolled_back.newest);
    assert!(ready.text().body.starts_with("Team,\n"));
    assert_eq!(rolled_back.check(&ready), []);
}
