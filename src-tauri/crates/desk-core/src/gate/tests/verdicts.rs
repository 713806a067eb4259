use crate::gate::{
    Action, Answer, ArtifactFacts, Facts, InForce, Judgement, RouteOutcome, SmokeFacts, Snapshot,
    Verdict::{self, Go, Insufficient, NoGo, Stale},
    judge, window_from_ms,
};
use crate::metrics::Tally;
use crate::runbook::{Basis, Gate, Over, Rule, Runbook};
use crate::{Phase, Route};

/// When the phase was set, and when the snapshot was taken.
const SET: i64 = 1_000_000_000;
const TAKEN: i64 = SET + 20 * MINUTE;
const MINUTE: i64 = 60_000;

fn gate(id: &str) -> &'static Gate {
    let gates = &Runbook::builtin().gates;
    gates.iter().find(|gate| gate.id == id).unwrap()
}

fn reads() -> &'static Gate {
    gate("phase1-read-errors")
}

fn borrows() -> &'static Gate {
    gate("phase2-borrow-failures")
}

fn in_force(phase: Phase) -> InForce {
    InForce { phase, since_ms: SET }
}

fn clean(route: Route, count: u64) -> Tally {
    Tally {
        route: route.name().into(),
        status: Some(200),
        ok: true,
        expected: true,
        duration_ms: Some(40),
        count,
    }
}

fn failed(route: Route, status: Option<u16>, count: u64) -> Tally {
    Tally {
        status,
        ok: false,
        expected: false,
        ..clean(route, count)
    }
}

fn refused_as_meant(route: Route, status: u16, count: u64) -> Tally {
    Tally {
        status: Some(status),
        ok: false,
        expected: true,
        ..clean(route, count)
    }
}

fn snapshot<'a>(phase: Phase, tallies: &'a [Tally], answers: &'a [Answer]) -> Snapshot<'a> {
    Snapshot {
        phase,
        taken_at_ms: TAKEN,
        from_ms: SET,
        tallies,
        answers,
    }
}

/// What a gate says of a snapshot that is as it should be.
fn judged(gate: &Gate, tallies: &[Tally], answers: &[Answer]) -> Judgement {
    judge(
        gate,
        &facts(gate.phase, Some(snapshot(gate.phase, tallies, answers))),
    )
}

fn facts(phase: Phase, snapshot: Option<Snapshot<'_>>) -> Facts<'_> {
    Facts {
        now_ms: TAKEN + 6 * MINUTE,
        in_force: Some(in_force(phase)),
        snapshot,
        smoke: None,
        artifact: None,
    }
}

fn mixed(route: Route, failures: u64, count: u64) -> [Tally; 2] {
    [clean(route, count - failures), failed(route, Some(500), failures)]
}

#[test]
fn a_rate_gate_at_every_edge_of_its_counts() {
    // gate, failures, count, verdict, more needed
    let table: [(&Gate, u64, u64, Verdict, Option<u64>); 20] = [
        // Under 2 % by the rate observed, at least 20.
        (borrows(), 0, 0, Insufficient, Some(20)),
        (borrows(), 0, 1, Insufficient, Some(19)),
        (borrows(), 1, 1, Insufficient, Some(50)),
        (borrows(), 0, 19, Insufficient, Some(1)),
        (borrows(), 19, 19, Insufficient, Some(932)),
        (borrows(), 0, 20, Go, None),
        (borrows(), 1, 20, NoGo, None),
        (borrows(), 20, 20, NoGo, None),
        (borrows(), 1, 49, NoGo, None),
        (borrows(), 1, 50, NoGo, None), // exactly 2 %
        (borrows(), 1, 51, Go, None),
        (borrows(), 2, 100, NoGo, None), // exactly 2 %
        // Under 1 % by the bound, at least 20.
        (reads(), 0, 0, Insufficient, Some(299)),
        (reads(), 0, 1, Insufficient, Some(298)),
        (reads(), 0, 298, Insufficient, Some(1)),
        (reads(), 0, 299, Go, None),
        (reads(), 1, 100, NoGo, None), // exactly 1 %
        (reads(), 1, 101, Insufficient, Some(372)),
        (reads(), 1, 472, Insufficient, Some(1)),
        (reads(), 1, 473, Go, None),
    ];
    for (gate, failures, count, verdict, more_needed) in table {
        let route = gate.over().unwrap().routes[0];
        let judgement = judged(gate, &mixed(route, failures, count), &[]);
        let case = format!("{}: {failures} in {count}: {judgement:?}", gate.id);
        assert_eq!(judgement.verdict, verdict, "{case}");
        assert_eq!((judgement.count, judgement.failures), (count, failures), "{case}");
        assert_eq!(judgement.more_needed, more_needed, "{case}");
        let action = match verdict {
            Go => None,
            NoGo => Some(Action::Look),
            _ => Some(Action::Soak),
        };
        assert_eq!(judgement.action, action, "{case}");
        assert_eq!(judgement.value.is_some(), count > 0, "{case}");
        if let Some(more) = more_needed {
            let after = judged(gate, &mixed(route, failures, count + more), &[]);
            assert_eq!(after.verdict, Go, "so many more would do, {case}");
        }
    }
}

#[test]
fn the_words_are_as_the_numbers() {
    let of = |gate, failures, count| {
        let route = Runbook::builtin()
            .gates
            .iter()
            .find_map(|other: &Gate| (other == gate).then(|| other.over().unwrap().routes[0]));
        let judgement = judged(gate, &mixed(route.unwrap(), failures, count), &[]);
        (judgement.sentence, judgement.small_print)
    };
    for (gate, failures, count, sentence, small_print) in [
        (borrows(), 0, 0, "No request was measured, 6 min old.", ""),
        (
            borrows(),
            1,
            12,
            "1 failure in 12, at least 20 requests are needed, 6 min old.",
            "1 failure in 12: the true rate could be as low as 0.4 % and as high as 33.9 %.",
        ),
        (
            borrows(),
            0,
            40,
            "0.0 % of 40, limit 2.0 %, 6 min old.",
            "0 failures in 40: the true rate could be as high as 7.2 %; 149 clean ones would show it is under 2 %.",
        ),
        (
            borrows(),
            2,
            512,
            "0.4 % of 512, limit 2.0 %, 6 min old.",
            "2 failures in 512: the true rate is at most 1.2 %, under the 2 %.",
        ),
        (
            borrows(),
            5,
            100,
            "5.0 % of 100, limit 2.0 %, 6 min old.",
            "5 failures in 100: the true rate could be as low as 1.99 % and as high as 10.2 %.",
        ),
        (
            reads(),
            1,
            200,
            "0.5 % of 200, too few to show a rate under the limit of 1.0 %, 6 min old.",
            "1 failure in 200: the true rate could be as high as 2.3 %; 273 more clean ones would show it is under 1 %.",
        ),
        (
            reads(),
            0,
            299,
            "0.0 % of 299, limit 1.0 %, 6 min old.",
            "0 failures in 299: the true rate is at most 0.997 %, under the 1 %.",
        ),
        (
            reads(),
            1,
            100_000,
            "0.001 % of 100000, limit 1.0 %, 6 min old.",
            "1 failure in 100000: the true rate is at most 0.005 %, under the 1 %.",
        ),
    ] {
        assert_eq!(
            of(gate, failures, count),
            (sentence.to_owned(), small_print.to_owned())
        );
    }
}

#[test]
fn a_snapshot_must_be_young_and_of_this_phase() {
    let tallies = [clean(Route::LoansCheckout, 100)];
    let good = snapshot(Phase::MemberWrites, &tallies, &[]);
    let limit = TAKEN + 30 * MINUTE;
    // The verdict at a time, of a snapshot, with the phase in force.
    let at = |now_ms, snapshot, in_force| {
        let facts = Facts {
            now_ms,
            in_force,
            snapshot,
            smoke: None,
            artifact: None,
        };
        judge(borrows(), &facts)
    };
    let phase = Some(in_force(Phase::MemberWrites));
    for (what, judgement, verdict) in [
        ("at once", at(TAKEN, Some(good), phase), Go),
        ("at its limit", at(limit, Some(good), phase), Go),
        ("a millisecond over", at(limit + 1, Some(good), phase), Stale),
        ("a second over", at(limit + 1000, Some(good), phase), Stale),
        ("from the future", at(TAKEN - 1, Some(good), phase), Stale),
        ("none", at(TAKEN, None, phase), Insufficient),
        ("phase unknown", at(TAKEN, Some(good), None), Insufficient),
        (
            "another phase in force",
            at(TAKEN, Some(good), Some(in_force(Phase::AdminFull))),
            Insufficient,
        ),
        (
            "taken in another phase",
            at(
                TAKEN,
                Some(Snapshot {
                    phase: Phase::ReadOnly,
                    ..good
                }),
                phase,
            ),
            Stale,
        ),
        (
            "the same phase was set again since",
            at(
                TAKEN,
                Some(good),
                Some(InForce {
                    since_ms: SET + 1,
                    ..in_force(Phase::MemberWrites)
                }),
            ),
            Stale,
        ),
        (
            "from exactly when the phase was set",
            at(
                TAKEN,
                Some(good),
                Some(InForce {
                    since_ms: SET,
                    ..in_force(Phase::MemberWrites)
                }),
            ),
            Go,
        ),
    ] {
        assert_eq!(judgement.verdict, verdict, "{what}: {judgement:?}");
        let helps = match judgement.verdict {
            Stale => Some(Action::Capture),
            Insufficient if what == "none" => Some(Action::Capture),
            _ => None,
        };
        assert_eq!(judgement.action, helps, "{what}: {judgement:?}");
    }
    assert_eq!(
        at(limit + 1, Some(good), phase).sentence,
        "The snapshot is more than 30 min old."
    );
    assert_eq!(at(limit + 1, Some(good), phase).age_ms, Some(30 * MINUTE + 1));
    let set_again = InForce {
        since_ms: SET + 1,
        ..in_force(Phase::MemberWrites)
    };
    assert_eq!(
        at(TAKEN, Some(good), Some(set_again)).sentence,
        "The snapshot is from before the phase was set."
    );
    assert_eq!(
        at(TAKEN, Some(good), Some(in_force(Phase::AdminFull))).sentence,
        "This gate is for another phase than the one in force."
    );
}

#[test]
fn a_gate_looks_no_further_back_than_its_window() {
    let over = borrows().over().unwrap();
    let until = SET + 1_000 * MINUTE;
    assert_eq!(window_from_ms(over, until, SET), until - 180 * MINUTE);
    assert_eq!(window_from_ms(over, SET + MINUTE, SET), SET);
    assert_eq!(window_from_ms(over, i64::MIN, SET), SET);
    let tallies = [clean(Route::LoansCheckout, 100)];
    let verdict = |from_ms| {
        let snapshot = Snapshot {
            phase: Phase::MemberWrites,
            taken_at_ms: until,
            from_ms,
            tallies: &tallies,
            answers: &[],
        };
        let facts = Facts {
            now_ms: until,
            ..facts(Phase::MemberWrites, Some(snapshot))
        };
        judge(borrows(), &facts).verdict
    };
    assert_eq!(verdict(until - 180 * MINUTE), Go);
    assert_eq!(verdict(until - 180 * MINUTE - 1), Stale);
}

#[test]
fn refusals_that_were_meant_are_left_out_and_surprises_are_failures() {
    let checkout = Route::LoansCheckout;
    let let_through = Tally {
        expected: false,
        ..clean(checkout, 1)
    };
    let cases = [
        (
            "conflicts on purpose",
            refused_as_meant(checkout, 409, 80),
            20,
            0,
            80,
        ),
        ("a conflict", failed(checkout, Some(409), 1), 21, 1, 0),
        ("no reply", failed(checkout, None, 1), 21, 1, 0),
        ("let through what had to be refused", let_through, 21, 1, 0),
        ("another route", failed(Route::ItemsList, Some(500), 50), 20, 0, 0),
        ("nothing", failed(checkout, Some(500), 0), 20, 0, 0),
    ];
    for (what, tally, count, failures, left_out) in cases {
        let judgement = judged(borrows(), &[clean(Route::LoansCheckIn, 20), tally], &[]);
        let found = (judgement.count, judgement.failures, judgement.left_out);
        assert_eq!(found, (count, failures, left_out), "{what}");
    }
    let only_refusals = judged(borrows(), &[refused_as_meant(checkout, 403, 500)], &[]);
    assert_eq!(only_refusals.verdict, Insufficient);
    assert_eq!(only_refusals.value, None, "they say nothing about the rate");
}

#[test]
fn a_single_route_error_on_a_critical_route_is_one_too_many() {
    let gate = gate("phase1-route-errors");
    let list = Route::ItemsList;
    let cases: [(&str, Vec<Tally>, Verdict, &str); 8] = [
        (
            "nothing",
            vec![],
            Insufficient,
            "No route error (404) in 0 requests, at least 20 are needed, 6 min old.",
        ),
        (
            "one",
            vec![clean(list, 1)],
            Insufficient,
            "No route error (404) in 1 request, at least 20 are needed, 6 min old.",
        ),
        (
            "too few",
            vec![clean(list, 19)],
            Insufficient,
            "No route error (404) in 19 requests, at least 20 are needed, 6 min old.",
        ),
        (
            "enough",
            vec![clean(list, 20)],
            Go,
            "No route error (404) in 20 requests, 6 min old.",
        ),
        (
            "a 500",
            vec![clean(list, 19), failed(list, Some(500), 1)],
            Go,
            "No route error (404) in 20 requests, 6 min old.",
        ),
        (
            "one 404 of one",
            vec![failed(list, Some(404), 1)],
            NoGo,
            "1 route error (404) in 1 request on library.items.list, 6 min old.",
        ),
        (
            "404s",
            vec![
                clean(list, 900),
                failed(list, Some(404), 1),
                failed(Route::ItemsGet, Some(404), 2),
            ],
            NoGo,
            "3 route errors (404) in 903 requests on library.items.get and library.items.list, 6 min old.",
        ),
        (
            "a 404 on purpose, and one elsewhere",
            vec![
                clean(list, 20),
                refused_as_meant(Route::ItemsGet, 404, 1),
                failed(Route::StaffDashboard, Some(404), 1),
            ],
            Go,
            "No route error (404) in 20 requests, 6 min old.",
        ),
    ];
    for (what, tallies, verdict, sentence) in cases {
        let judgement = judged(gate, &tallies, &[]);
        assert_eq!(
            (judgement.verdict, judgement.sentence.as_str()),
            (verdict, sentence),
            "{what}"
        );
    }
}

/// Answers of one route: `(minute, status)`, 200 being clean and the others unexpected.
fn answers(route: Route, seen: &[(i64, u16)]) -> Vec<Answer> {
    seen.iter()
        .map(|(minute, status)| Answer {
            at_ms: SET + minute * MINUTE,
            route: route.name().into(),
            status: Some(*status),
            ok: *status < 400,
            expected: *status < 400,
        })
        .collect()
}

#[test]
fn route_errors_are_sustained_three_in_a_row_or_five_minutes_of_nothing_else() {
    let gate = gate("phase2-sustained-route-errors");
    let (out, back) = (Route::LoansCheckout, Route::LoansCheckIn);
    let fine = answers(Route::ReviewsCreate, &[(1, 200); 20]);
    let cases: [(&str, Vec<Answer>, Verdict); 11] = [
        ("none", vec![], Go),
        ("one", answers(out, &[(1, 404)]), Go),
        ("one, and silence ever after", answers(out, &[(0, 404)]), Go),
        ("two at once", answers(out, &[(1, 404), (1, 404)]), Go),
        (
            "three in a row",
            answers(out, &[(1, 404), (1, 404), (1, 404)]),
            NoGo,
        ),
        (
            "three, one other in between",
            answers(out, &[(1, 404), (2, 404), (3, 200), (4, 404)]),
            Go,
        ),
        (
            "three, a 500 in between",
            answers(out, &[(1, 404), (2, 404), (3, 500), (4, 404)]),
            Go,
        ),
        (
            "two over less than five minutes",
            answers(out, &[(1, 404), (5, 404)]),
            Go,
        ),
        ("two over five minutes", answers(out, &[(1, 404), (6, 404)]), NoGo),
        (
            "three, of two routes",
            [answers(out, &[(1, 404), (2, 404)]), answers(back, &[(2, 404)])].concat(),
            Go,
        ),
        (
            "three, out of order",
            answers(out, &[(4, 200), (2, 404), (5, 200), (1, 404), (3, 404)]),
            NoGo,
        ),
    ];
    for (what, seen, verdict) in cases {
        let judgement = judged(gate, &[], &[fine.clone(), seen].concat());
        assert_eq!(judgement.verdict, verdict, "{what}: {judgement:?}");
    }
    let named = judged(gate, &[], &answers(back, &[(1, 404), (2, 404), (4, 404)]));
    assert_eq!(
        named.sentence,
        "3 route errors (404) in a row on library.loans.checkIn within 3 min, 6 min old."
    );
    let few = judged(gate, &[], &fine[..19]);
    assert_eq!((few.verdict, few.more_needed), (Insufficient, Some(1)));
    let on_purpose: Vec<_> = answers(out, &[(1, 404), (2, 404), (3, 404)])
        .into_iter()
        .map(|answer| Answer {
            expected: true,
            ..answer
        })
        .collect();
    let judgement = judged(gate, &[], &[fine.clone(), on_purpose].concat());
    assert_eq!((judgement.verdict, judgement.left_out), (Go, 3));
}

#[test]
fn route_errors_without_a_time_may_have_been_sustained() {
    let gate = gate("phase2-sustained-route-errors");
    let fine = answers(Route::LoansCheckout, &[(1, 200); 20]);
    let without_time = [failed(Route::LoansCheckout, Some(404), 1)];
    assert_eq!(judged(gate, &without_time, &fine).verdict, Insufficient);
    let with_time = [fine, answers(Route::LoansCheckout, &[(2, 404)])].concat();
    assert_eq!(judged(gate, &without_time, &with_time).verdict, Go);
}

#[test]
fn sums_have_no_order_and_the_small_print_says_so() {
    let gate = gate("phase2-sustained-route-errors");
    let fine = answers(Route::LoansCheckout, &[(1, 200); 20]);
    let own = clean(Route::LoansCheckout, 20);
    let sums = clean(Route::LoansCheckIn, 63);
    let judgement = judged(gate, &[own.clone(), sums], &fine);
    assert_eq!((judgement.verdict, judgement.count), (Go, 20));
    let words = "63 requests came as a sum, without a time of their own, and cannot be used here.";
    assert!(
        judgement.small_print.ends_with(words),
        "{}",
        judgement.small_print
    );
    let judgement = judged(gate, &[own], &fine);
    assert!(
        !judgement.small_print.contains("sum"),
        "{}",
        judgement.small_print
    );
}

fn smoke(routes: &[(Route, u64, u64)]) -> SmokeFacts {
    SmokeFacts {
        id: "s".into(),
        phase: Phase::AdminFull,
        started_at_ms: SET,
        finished_at_ms: Some(TAKEN),
        same_runbook: true,
        failed: 0,
        missed: 0,
        unattested: vec![],
        routes: routes
            .iter()
            .map(|(route, succeeded, failed)| RouteOutcome {
                route: *route,
                succeeded: *succeeded,
                failed: *failed,
            })
            .collect(),
    }
}

#[test]
fn the_admin_routes_must_all_succeed_in_the_smoke_run() {
    let gate = gate("phase3-admin-routes");
    let Rule::SmokeRoutesSucceed { routes } = &gate.rule else {
        panic!("another rule");
    };
    let all: Vec<_> = routes.iter().map(|route| (*route, 2, 0)).collect();
    let mut one_failed = all.clone();
    one_failed[0].2 = 1;
    let whole = smoke(&all);
    let limit = 180 * MINUTE;
    let cases = [
        ("none", None, 0, Insufficient, Some(Action::RunSmoke)),
        ("all", Some(whole.clone()), 0, Go, None),
        ("at its limit", Some(whole.clone()), limit, Go, None),
        (
            "a second over",
            Some(whole.clone()),
            limit + 1000,
            Stale,
            Some(Action::RunSmoke),
        ),
        (
            "one failed",
            Some(smoke(&one_failed)),
            0,
            NoGo,
            Some(Action::Look),
        ),
        (
            "one not reached",
            Some(smoke(&all[1..])),
            0,
            Insufficient,
            Some(Action::RunSmoke),
        ),
        (
            "nothing reached",
            Some(smoke(&[])),
            0,
            Insufficient,
            Some(Action::RunSmoke),
        ),
        (
            "cut off",
            Some(SmokeFacts {
                finished_at_ms: None,
                started_at_ms: TAKEN,
                ..whole.clone()
            }),
            0,
            Insufficient,
            Some(Action::RunSmoke),
        ),
        (
            "begun before the phase was set",
            Some(SmokeFacts {
                started_at_ms: SET - 1,
                ..whole.clone()
            }),
            0,
            Stale,
            Some(Action::RunSmoke),
        ),
        (
            "of another phase",
            Some(SmokeFacts {
                phase: Phase::MemberWrites,
                ..whole.clone()
            }),
            0,
            Stale,
            Some(Action::RunSmoke),
        ),
        (
            "of another runbook",
            Some(SmokeFacts {
                same_runbook: false,
                ..whole
            }),
            0,
            Stale,
            Some(Action::RunSmoke),
        ),
    ];
    for (what, smoke, age_ms, verdict, action) in cases {
        let judgement = judge(
            gate,
            &Facts {
                now_ms: TAKEN + age_ms,
                smoke: smoke.as_ref(),
                ..facts(Phase::AdminFull, None)
            },
        );
        assert_eq!(
            (judgement.verdict, judgement.action),
            (verdict, action),
            "{what}: {judgement:?}"
        );
    }
}

#[test]
fn the_artifact_must_be_of_this_phase_and_attached() {
    let gate = gate("phase3-artifact");
    let attached = ArtifactFacts {
        sha256: "a".into(),
        phase: Phase::AdminFull,
        captured_at_ms: TAKEN,
        same_runbook: true,
        attached: true,
    };
    let limit = 180 * MINUTE;
    let cases = [
        ("none", None, 0, Insufficient, Some(Action::Capture)),
        ("attached", Some(attached.clone()), limit, Go, None),
        (
            "too old",
            Some(attached.clone()),
            limit + 1000,
            Stale,
            Some(Action::Capture),
        ),
        (
            "not attached",
            Some(ArtifactFacts {
                attached: false,
                ..attached.clone()
            }),
            0,
            Insufficient,
            Some(Action::Attach),
        ),
        (
            "from before",
            Some(ArtifactFacts {
                captured_at_ms: SET - 1,
                ..attached.clone()
            }),
            0,
            Stale,
            Some(Action::Capture),
        ),
        (
            "of another phase",
            Some(ArtifactFacts {
                phase: Phase::ReadOnly,
                ..attached.clone()
            }),
            0,
            Stale,
            Some(Action::Capture),
        ),
        (
            "of another runbook",
            Some(ArtifactFacts {
                same_runbook: false,
                ..attached
            }),
            0,
            Stale,
            Some(Action::Capture),
        ),
    ];
    for (what, artifact, age_ms, verdict, action) in cases {
        let judgement = judge(
            gate,
            &Facts {
                now_ms: TAKEN + age_ms,
                artifact: artifact.as_ref(),
                ..facts(Phase::AdminFull, None)
            },
        );
        assert_eq!(
            (judgement.verdict, judgement.action),
            (verdict, action),
            "{what}: {judgement:?}"
        );
    }
}

/// The two bases differ only in what is held against the threshold.
#[test]
fn a_gate_may_ask_for_the_point_or_for_the_bound() {
    let with = |basis| Gate {
        rule: Rule::FailureRate {
            over: Over {
                routes: vec![Route::LoansCheckout],
                minimum: 1,
                window_minutes: 180,
            },
            threshold: 0.02,
            basis,
        },
        ..borrows().clone()
    };
    let verdict = |basis, count| judged(&with(basis), &[clean(Route::LoansCheckout, count)], &[]).verdict;
    assert_eq!(verdict(Basis::Point, 1), Go);
    assert_eq!(verdict(Basis::Bound, 148), Insufficient);
    assert_eq!(verdict(Basis::Bound, 149), Go);
}

#[test]
fn a_verdict_has_one_word_everywhere() {
    for verdict in [Go, NoGo, Insufficient, Stale] {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
    }
}
