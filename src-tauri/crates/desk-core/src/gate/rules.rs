//! From facts to a verdict, one function a rule.

use super::{
    Action, Answer, Facts, InForce, Judgement, Snapshot, Verdict, answers, bound, minutes_ms, window_from_ms,
    words::{counted, limit, percent, span},
};
use crate::Route;
use crate::metrics::Tally;
use crate::runbook::{Basis, Gate, Over, Rule};

/// Judges a gate.
///
/// In order: the phase in force must be known, and be the gate's (else `INSUFFICIENT`); what the gate looks at must be there
/// (`INSUFFICIENT`), must be from this phase, from the gate's window and young enough (`STALE`); then its numbers are read.
pub fn judge(gate: &Gate, facts: &Facts<'_>) -> Judgement {
    let Some(in_force) = facts.in_force else {
        return Judgement::of(gate).insufficient("The phase in force is not known.", None);
    };
    if in_force.phase != gate.phase {
        let sentence = "This gate is for another phase than the one in force.";
        return Judgement::of(gate).insufficient(sentence, None);
    }
    match &gate.rule {
        Rule::FailureRate {
            over,
            threshold,
            basis,
        } => on_snapshot(gate, over, facts, in_force, |judgement, snapshot, age| {
            failure_rate(judgement, over, *threshold, *basis, snapshot, age)
        }),
        Rule::NoRouteErrors { over } => {
            on_snapshot(gate, over, facts, in_force, |judgement, snapshot, age| {
                no_route_errors(judgement, over, snapshot, age)
            })
        }
        Rule::NoSustainedRouteErrors {
            over,
            in_a_row,
            for_minutes,
        } => on_snapshot(gate, over, facts, in_force, |judgement, snapshot, age| {
            let sustained = Sustained {
                in_a_row: u64::from(*in_a_row),
                for_minutes: *for_minutes,
            };
            no_sustained_route_errors(judgement, over, &sustained, snapshot, age)
        }),
        Rule::SmokeRoutesSucceed { routes } => smoke_routes_succeed(gate, routes, facts, in_force),
        Rule::ArtifactAttached => artifact_attached(gate, facts, in_force),
    }
}

/// The requests that a gate counts.
#[derive(Clone, Copy, Default)]
struct Counts {
    count: u64,
    failures: u64,
    left_out: u64,
}

impl Counts {
    fn add(&mut self, count: u64, failed: bool, left_out: bool) {
        if left_out {
            self.left_out += count;
        } else {
            self.count += count;
            self.failures += if failed { count } else { 0 };
        }
    }
}

fn of_routes<'a>(snapshot: &Snapshot<'a>, routes: &[Route]) -> impl Iterator<Item = &'a Tally> {
    snapshot
        .tallies
        .iter()
        .filter(move |tally| routes.iter().any(|route| route.name() == tally.route))
}

/// Judges by a snapshot, if there is one that can be used. `judge` gets the snapshot and its age in words.
fn on_snapshot(
    gate: &Gate,
    over: &Over,
    facts: &Facts<'_>,
    in_force: InForce,
    judge: impl FnOnce(Judgement, &Snapshot<'_>, &str) -> Judgement,
) -> Judgement {
    let judgement = Judgement::of(gate);
    let Some(snapshot) = &facts.snapshot else {
        return judgement.insufficient("Nothing was measured yet.", Some(Action::Capture));
    };
    let evidence = Evidence {
        what: "snapshot",
        in_this_phase: snapshot.phase == in_force.phase && snapshot.from_ms >= in_force.since_ms,
        // Requests are what they are, whatever the runbook says of them.
        same_runbook: true,
        at_ms: snapshot.taken_at_ms,
    };
    let judgement = judgement.aged(&evidence, facts.now_ms);
    if let Some(reason) = evidence.stale(gate, facts.now_ms) {
        return judgement.stale(&reason, Action::Capture);
    }
    if snapshot.from_ms < window_from_ms(over, snapshot.taken_at_ms, in_force.since_ms) {
        let sentence = format!(
            "The snapshot reaches back further than the {} min of this gate.",
            over.window_minutes
        );
        return judgement.stale(&sentence, Action::Capture);
    }
    judge(judgement, snapshot, &evidence.age_words(facts.now_ms))
}

/// Something found at a time, in a phase.
struct Evidence {
    what: &'static str,
    in_this_phase: bool,
    same_runbook: bool,
    at_ms: i64,
}

impl Evidence {
    /// Why it says nothing any more, if so.
    fn stale(&self, gate: &Gate, now_ms: i64) -> Option<String> {
        let what = self.what;
        let age_ms = now_ms - self.at_ms;
        if !self.in_this_phase {
            Some(format!("The {what} is from before the phase was set."))
        } else if !self.same_runbook {
            Some(format!("The {what} was made with another runbook."))
        } else if age_ms < 0 {
            Some(format!(
                "The {what} bears a time to come: this machine's clock was moved."
            ))
        } else if age_ms > minutes_ms(gate.stale_after_minutes) {
            Some(format!(
                "The {what} is more than {} min old.",
                gate.stale_after_minutes
            ))
        } else {
            None
        }
    }

    fn age_words(&self, now_ms: i64) -> String {
        format!("{} old", span(now_ms - self.at_ms))
    }
}

fn failure_rate(
    judgement: Judgement,
    over: &Over,
    threshold: f64,
    basis: Basis,
    snapshot: &Snapshot<'_>,
    age: &str,
) -> Judgement {
    let mut counts = Counts::default();
    for tally in of_routes(snapshot, &over.routes) {
        counts.add(tally.count, is_failure(tally), tally.is_expected_refusal());
    }
    let judgement = judgement.with_counts(counts, threshold);
    let Counts { count, failures, .. } = counts;
    let (Some(value), Some(highest)) = (judgement.value, judgement.bound) else {
        let sentence = format!("No request was measured, {age}.");
        return Judgement {
            more_needed: clean_for_go(counts, over, threshold, basis),
            ..judgement.insufficient(&sentence, Some(Action::Soak))
        };
    };
    let judgement = Judgement {
        small_print: small_print(counts, threshold),
        ..judgement
    };
    let held = match basis {
        Basis::Point => value,
        Basis::Bound => highest,
    };
    let seen = format!("{} of {count}", percent(value, Some(threshold)));
    let against_limit = format!("{seen}, limit {}, {age}.", percent(threshold, None));
    if count < over.minimum {
        let sentence = format!(
            "{} in {count}, at least {} are needed, {age}.",
            counted(failures, "failure"),
            counted(over.minimum, "request"),
        );
        Judgement {
            more_needed: clean_for_go(counts, over, threshold, basis),
            ..judgement.insufficient(&sentence, Some(Action::Soak))
        }
    } else if value >= threshold {
        judgement.no_go(&against_limit)
    } else if held >= threshold {
        let sentence = format!(
            "{seen}, too few to show a rate under the limit of {}, {age}.",
            percent(threshold, None)
        );
        Judgement {
            more_needed: clean_for_go(counts, over, threshold, basis),
            ..judgement.insufficient(&sentence, Some(Action::Soak))
        }
    } else {
        judgement.go(&against_limit)
    }
}

fn no_route_errors(judgement: Judgement, over: &Over, snapshot: &Snapshot<'_>, age: &str) -> Judgement {
    let mut counts = Counts::default();
    let mut met = Vec::new();
    for tally in of_routes(snapshot, &over.routes) {
        let error = tally.is_route_error();
        counts.add(tally.count, error, tally.is_expected_refusal());
        if error && !tally.is_expected_refusal() && tally.count > 0 {
            met.push(tally.route.as_str());
        }
    }
    let judgement = judgement.with_counts(counts, 0.0);
    let Counts { count, failures, .. } = counts;
    if failures > 0 {
        let sentence = format!(
            "{} (404) in {} on {}, {age}.",
            counted(failures, "route error"),
            counted(count, "request"),
            listed(met)
        );
        return judgement.no_go(&sentence);
    }
    enough_or_more(judgement, over, counts, "no route error (404)", age)
}

/// When route errors are sustained.
struct Sustained {
    in_a_row: u64,
    for_minutes: u32,
}

fn no_sustained_route_errors(
    judgement: Judgement,
    over: &Over,
    sustained: &Sustained,
    snapshot: &Snapshot<'_>,
    age: &str,
) -> Judgement {
    let names: Vec<&str> = over.routes.iter().map(|route| route.name()).collect();
    let of_gate = |answer: &&Answer| names.contains(&answer.route.as_str());
    let (left_out, answers): (Vec<&Answer>, Vec<&Answer>) = snapshot
        .answers
        .iter()
        .filter(of_gate)
        .partition(|answer| answer.is_expected_refusal());
    let route_errors = answers.iter().filter(|answer| answer.is_route_error()).count() as u64;
    let counts = Counts {
        count: answers.len() as u64,
        failures: route_errors,
        left_out: left_out.len() as u64,
    };
    let judgement = judgement.with_counts(counts, 0.0);
    let streaks = answers::sustained(&answers, sustained.in_a_row, minutes_ms(sustained.for_minutes));
    if let Some(streak) = streaks.first() {
        let sentence = format!(
            "{} (404) in a row on {} within {}, {age}.",
            counted(streak.errors, "route error"),
            streak.route,
            span(streak.lasted_ms)
        );
        return judgement.no_go(&sentence);
    }
    // Counted requests whose order is not known, such as the figures that the web panel copied, may hide a streak.
    let counted_errors: u64 = of_routes(snapshot, &over.routes)
        .filter(|tally| tally.is_route_error() && !tally.is_expected_refusal())
        .map(|tally| tally.count)
        .sum();
    if counted_errors > route_errors {
        let sentence = format!(
            "{} (404) came without a time of their own and may have been sustained, {age}.",
            counted(counted_errors - route_errors, "route error")
        );
        return judgement.insufficient(&sentence, Some(Action::Look));
    }
    let judged = enough_or_more(judgement, over, counts, "no sustained route errors (404)", age);
    let counted_all: u64 = of_routes(snapshot, &over.routes).map(|tally| tally.count).sum();
    let seen = counts.count + counts.left_out;
    let without_time = match counted_all.saturating_sub(seen) {
        0 => return judged,
        more => counted(more, "request"),
    };
    Judgement {
        small_print: format!(
            "{} {without_time} came as a sum, without a time of their own, and cannot be used here.",
            judged.small_print
        )
        .trim_start()
        .to_owned(),
        ..judged
    }
}

/// `GO` for enough requests without what is looked for.
fn enough_or_more(judgement: Judgement, over: &Over, counts: Counts, found: &str, age: &str) -> Judgement {
    let Counts { count, failures, .. } = counts;
    let judgement = Judgement {
        small_print: if count == 0 {
            left_out_words(counts)
        } else {
            format!(
                "{failures} in {count}: as many as {} of the requests could still meet one.{}",
                percent(bound::highest_rate(failures, count), None),
                left_out_words(counts)
            )
        },
        ..judgement
    };
    if count < over.minimum {
        let sentence = format!(
            "{found} in {}, at least {} are needed, {age}.",
            counted(count, "request"),
            over.minimum
        );
        Judgement {
            more_needed: Some(over.minimum - count),
            ..judgement.insufficient(&capitalised(&sentence), Some(Action::Soak))
        }
    } else {
        let sentence = format!("{found} in {}, {age}.", counted(count, "request"));
        judgement.go(&capitalised(&sentence))
    }
}

fn smoke_routes_succeed(gate: &Gate, routes: &[Route], facts: &Facts<'_>, in_force: InForce) -> Judgement {
    let judgement = Judgement::of(gate);
    let Some(smoke) = facts.smoke else {
        return judgement.insufficient("No smoke run was made yet.", Some(Action::RunSmoke));
    };
    let evidence = Evidence {
        what: "smoke run",
        in_this_phase: smoke.phase == in_force.phase && smoke.started_at_ms >= in_force.since_ms,
        same_runbook: smoke.same_runbook,
        at_ms: smoke.finished_at_ms.unwrap_or(smoke.started_at_ms),
    };
    let judgement = judgement.aged(&evidence, facts.now_ms);
    if let Some(reason) = evidence.stale(gate, facts.now_ms) {
        return judgement.stale(&reason, Action::RunSmoke);
    }
    let mut counts = Counts::default();
    let (mut failed, mut unseen) = (Vec::new(), Vec::new());
    for route in routes {
        let (mut succeeded, mut failures) = (0, 0);
        for outcome in smoke.routes.iter().filter(|outcome| outcome.route == *route) {
            succeeded += outcome.succeeded;
            failures += outcome.failed;
        }
        counts.add(succeeded, false, false);
        counts.add(failures, true, false);
        if failures > 0 {
            failed.push(route.name());
        } else if succeeded == 0 {
            unseen.push(route.name());
        }
    }
    let judgement = judgement.with_counts(counts, 0.0);
    let age = evidence.age_words(facts.now_ms);
    if !failed.is_empty() {
        return judgement.no_go(&format!("Failed in the smoke run: {}, {age}.", listed(failed)));
    }
    if smoke.finished_at_ms.is_none() {
        return judgement.insufficient("The smoke run has not ended.", Some(Action::RunSmoke));
    }
    if !unseen.is_empty() {
        let sentence = format!("Not reached by the smoke run: {}, {age}.", listed(unseen));
        return judgement.insufficient(&sentence, Some(Action::RunSmoke));
    }
    judgement.go(&format!(
        "All {} succeeded in the smoke run, {age}.",
        counted(routes.len() as u64, "route")
    ))
}

fn artifact_attached(gate: &Gate, facts: &Facts<'_>, in_force: InForce) -> Judgement {
    let judgement = Judgement::of(gate);
    let Some(artifact) = facts.artifact else {
        return judgement.insufficient("No metrics artifact was captured yet.", Some(Action::Capture));
    };
    let evidence = Evidence {
        what: "metrics artifact",
        in_this_phase: artifact.phase == in_force.phase && artifact.captured_at_ms >= in_force.since_ms,
        same_runbook: artifact.same_runbook,
        at_ms: artifact.captured_at_ms,
    };
    let judgement = judgement.aged(&evidence, facts.now_ms);
    if let Some(reason) = evidence.stale(gate, facts.now_ms) {
        return judgement.stale(&reason, Action::Capture);
    }
    let age = evidence.age_words(facts.now_ms);
    if artifact.attached {
        judgement.go(&format!("Captured and attached, {age}."))
    } else {
        let sentence = format!("Captured, but not attached to the run, {age}.");
        judgement.insufficient(&sentence, Some(Action::Attach))
    }
}

/// The outcome was not the one counted on. A reply of 400 and more that calls itself a success is none.
fn is_failure(tally: &Tally) -> bool {
    !tally.expected || tally.is_error()
}

/// How many more clean requests would turn the gate to `GO`.
fn clean_for_go(counts: Counts, over: &Over, threshold: f64, basis: Basis) -> Option<u64> {
    let for_minimum = over.minimum.saturating_sub(counts.count);
    let for_threshold = match basis {
        Basis::Point => clean_for_point(counts, threshold),
        Basis::Bound => bound::clean_needed(counts.failures, counts.count, threshold)?,
    };
    Some(for_minimum.max(for_threshold))
}

/// How many more clean requests would bring the observed rate under the threshold.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts stay far below 2^53, and the quotient is not negative"
)]
fn clean_for_point(counts: Counts, threshold: f64) -> u64 {
    let failures = counts.failures as f64;
    let mut count = counts.count.max((failures / threshold) as u64);
    while failures > 0.0 && failures / count.max(1) as f64 >= threshold {
        count += 1;
    }
    count - counts.count
}

/// What the numbers can carry. Not called without requests.
fn small_print(counts: Counts, threshold: f64) -> String {
    let Counts { count, failures, .. } = counts;
    let seen = format!("{} in {count}", counted(failures, "failure"));
    let highest = bound::highest_rate(failures, count);
    let could_be = percent(highest, Some(threshold));
    let words = if highest < threshold {
        format!(
            "{seen}: the true rate is at most {could_be}, under the {}.",
            limit(threshold)
        )
    } else if share(failures, count) < threshold {
        let clean = match bound::clean_needed(failures, count, threshold) {
            // Without a failure the total says the same, and can be remembered.
            Some(more) if failures == 0 => Some(format!("{} clean ones", count + more)),
            Some(more) => Some(format!("{more} more clean ones")),
            None => None,
        };
        let clean = clean.map(|clean| format!("; {clean} would show it is under {}", limit(threshold)));
        format!(
            "{seen}: the true rate could be as high as {could_be}{}.",
            clean.unwrap_or_default()
        )
    } else {
        let lowest = bound::lowest_rate(failures, count);
        format!(
            "{seen}: the true rate could be as low as {} and as high as {could_be}.",
            percent(lowest, Some(threshold))
        )
    };
    words + &left_out_words(counts)
}

fn left_out_words(counts: Counts) -> String {
    match counts.left_out {
        0 => String::new(),
        1 => " 1 expected refusal is left out.".to_owned(),
        more => format!(" {more} expected refusals are left out."),
    }
}

/// Each once, in order: `a, b and c`.
fn listed(mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.dedup();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
        None => String::new(),
    }
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn share(failures: u64, count: u64) -> f64 {
    failures as f64 / count as f64
}

impl Judgement {
    /// A gate of which nothing is known yet.
    fn of(gate: &Gate) -> Self {
        Self {
            gate: gate.id.clone(),
            phase: gate.phase,
            words: gate.words.clone(),
            verdict: Verdict::Insufficient,
            value: None,
            bound: None,
            threshold: None,
            count: 0,
            failures: 0,
            left_out: 0,
            more_needed: None,
            age_ms: None,
            sentence: String::new(),
            small_print: String::new(),
            action: None,
        }
    }

    fn aged(self, evidence: &Evidence, now_ms: i64) -> Self {
        Self {
            age_ms: Some(now_ms - evidence.at_ms),
            ..self
        }
    }

    fn with_counts(self, counts: Counts, threshold: f64) -> Self {
        let any = counts.count > 0;
        Self {
            count: counts.count,
            failures: counts.failures,
            left_out: counts.left_out,
            value: any.then(|| share(counts.failures, counts.count)),
            bound: any.then(|| bound::highest_rate(counts.failures, counts.count)),
            threshold: Some(threshold),
            ..self
        }
    }

    fn concluded(self, verdict: Verdict, sentence: &str, action: Option<Action>) -> Self {
        Self {
            verdict,
            sentence: sentence.to_owned(),
            action,
            ..self
        }
    }

    fn go(self, sentence: &str) -> Self {
        self.concluded(Verdict::Go, sentence, None)
    }

    fn no_go(self, sentence: &str) -> Self {
        self.concluded(Verdict::NoGo, sentence, Some(Action::Look))
    }

    fn insufficient(self, sentence: &str, action: Option<Action>) -> Self {
        self.concluded(Verdict::Insufficient, sentence, action)
    }

    fn stale(self, sentence: &str, renew: Action) -> Self {
        self.concluded(Verdict::Stale, sentence, Some(renew))
    }
}
