//! The safe state is behaviour, not a setting: what the portal does when asked as each identity.
//!
//! Requests that could write bear a body that the portal refuses before it writes anything: with the phase open they end in
//! `INVALID_ARGUMENT`, with the phase closed in `LIBRARY_ROLLOUT_BLOCKED` (contract, sections 1 and 3).

use super::view::{ProbeSaid, RollbackProbeView};
use crate::{
    link::Link,
    smoke::{
        accounts::Accounts,
        engine::milliseconds,
        judge::{Verdict, judge, phase_told},
        step::{Account, Refusal, Step, Values},
    },
};
use desk_core::{
    Phase, PhaseState, Role, Route,
    rollback::{Answers, ProbeRecord, Said},
};
use desk_portal::{Call, Outcome, wire};
use std::collections::VecDeque;

/// The accounts that probes are made as, besides nobody.
pub(super) const ACCOUNTS: [Account; 4] = [
    Account::Role(Role::Operator),
    Account::Role(Role::MemberSmoke),
    Account::Role(Role::StaffSmoke),
    Account::Role(Role::AdminSmoke),
];

/// The most answers of a probe that are shown.
const SHOWN: usize = 30;
const CHECK: &str = "safe-state";

/// What a round of probes came to.
pub(super) struct Round {
    /// What the operator's reading said.
    pub(super) seen: Option<(PhaseState, String)>,
    /// Somebody else's newer save of another phase.
    pub(super) moved: Option<PhaseState>,
    /// Whether every probe agreed.
    pub(super) agreed: bool,
}

/// The probes of a phase, with what they have answered so far.
pub(super) struct Probes {
    phase: Phase,
    steps: Vec<Step>,
    answers: Vec<VecDeque<Said>>,
    newest: Vec<ProbeRecord>,
    agreeing: u32,
    outdated: u32,
    failed: u32,
}

impl Probes {
    /// The probes that show the behaviour of a phase.
    pub(super) fn of(phase: Phase) -> Self {
        let steps = steps(phase);
        let newest = steps
            .iter()
            .map(|step| ProbeRecord {
                account: step.account.word().to_owned(),
                route: step.route.name().to_owned(),
                words: step.action.clone(),
                said: Said::Skipped,
                found: "Not asked yet.".to_owned(),
                status: None,
                request_id: None,
                at_ms: None,
                duration_ms: None,
            })
            .collect();
        Self {
            phase,
            answers: steps.iter().map(|_| VecDeque::new()).collect(),
            steps,
            newest,
            agreeing: 0,
            outdated: 0,
            failed: 0,
        }
    }

    /// Asks them all, side by side. `saved` is what the portal acknowledged.
    pub(super) async fn ask(
        &mut self,
        link: &Link,
        accounts: &Accounts,
        saved: Option<&PhaseState>,
    ) -> Round {
        let asking = self.steps.iter().map(|step| ask(link, accounts, step));
        let replies = futures_util::future::join_all(asking).await;
        let mut round = Round {
            seen: None,
            moved: None,
            agreed: true,
        };
        for (index, reply) in replies.into_iter().enumerate() {
            let step = &self.steps[index];
            let said = match reply {
                Reply::Unsent(verdict) => {
                    self.newest[index].found = verdict.found;
                    if verdict.label.is_none() {
                        Said::Skipped
                    } else {
                        Said::Failed
                    }
                }
                Reply::Came(exchange) => {
                    let state = told(step, &exchange.outcome);
                    if let (Some(state), Account::Role(Role::Operator)) = (&state, step.account) {
                        round.seen = Some((state.clone(), exchange.support_id().to_owned()));
                    }
                    let (said, found) = self.judged(step, &exchange.outcome, state.as_ref(), saved);
                    if said == Said::Failed
                        && let (Some(state), Some(saved)) = (state, saved)
                        && state.updated_at_ms > saved.updated_at_ms
                    {
                        round.moved = Some(state);
                    }
                    let newest = &mut self.newest[index];
                    newest.found = found;
                    newest.status = exchange.status;
                    newest.request_id = Some(exchange.support_id().to_owned());
                    newest.at_ms = Some(exchange.at_ms);
                    newest.duration_ms = Some(milliseconds(exchange.duration));
                    said
                }
            };
            self.newest[index].said = said;
            match said {
                Said::Agrees => self.agreeing += 1,
                Said::Outdated => self.outdated += 1,
                Said::Failed => self.failed += 1,
                Said::Skipped => {}
            }
            round.agreed &= said == Said::Agrees;
            let answers = &mut self.answers[index];
            answers.push_back(said);
            if answers.len() > SHOWN {
                answers.pop_front();
            }
        }
        round
    }

    /// What an answer says, with its words.
    fn judged(
        &self,
        step: &Step,
        outcome: &Outcome,
        state: Option<&PhaseState>,
        saved: Option<&PhaseState>,
    ) -> (Said, String) {
        let verdict = judge(&step.wanted, outcome, self.phase, &mut Values::default());
        let older = |state: &PhaseState| {
            saved.is_some_and(|saved| !saved.same_save(state) && state.updated_at_ms < saved.updated_at_ms)
        };
        let said = match (state, verdict.label) {
            // The same phase, but of a save before this one: the server has not read the new one yet.
            (Some(state), _) if older(state) => Said::Outdated,
            (_, None) if verdict.result == desk_core::smoke::StepResult::Pass => Said::Agrees,
            // What the portal says of another save of another phase is somebody's move, not an outdated server.
            (Some(_), _) => Said::Failed,
            _ if phase_told(&step.wanted, outcome, self.phase) == Some(false) => Said::Outdated,
            _ => Said::Failed,
        };
        let found = match (said, state) {
            (Said::Outdated, Some(state)) => format!(
                "{}, from before this change: this server does not know of it yet.",
                state.phase.label()
            ),
            _ => verdict.found,
        };
        (said, found)
    }

    /// The counts and the newest answers, as they are recorded.
    pub(super) fn answers(&self) -> Answers {
        Answers {
            agreeing: self.agreeing,
            outdated: self.outdated,
            failed: self.failed,
            probes: self.newest.clone(),
        }
    }

    /// The probes with their answers, as shown.
    pub(super) fn views(&self) -> Vec<RollbackProbeView> {
        self.newest
            .iter()
            .zip(&self.answers)
            .map(|(newest, answers)| {
                probe_view(newest, answers.iter().copied().map(ProbeSaid::from).collect())
            })
            .collect()
    }

    /// How the newest answers stand, as a sentence.
    pub(super) fn standing(&self, left_ms: Option<i64>) -> String {
        standing(&self.newest, left_ms)
    }
}

/// How answers stand: "2 of 13 answers still from before, 41 s left at most."
pub(super) fn standing(probes: &[ProbeRecord], left_ms: Option<i64>) -> String {
    let count = |said| probes.iter().filter(|probe| probe.said == said).count();
    let all = probes.len();
    let (agreeing, outdated) = (count(Said::Agrees), count(Said::Outdated));
    let (failed, skipped) = (count(Said::Failed), count(Said::Skipped));
    let left = left_ms.map_or_else(String::new, |ms| {
        format!(", {} s left at most", (ms + 999) / 1_000)
    });
    let mut parts = Vec::new();
    if agreeing == all {
        parts.push(match left_ms {
            Some(_) => format!("All {all} answers agree{left}"),
            None => format!("All {all} answers agree"),
        });
    }
    if outdated > 0 {
        parts.push(format!("{outdated} of {all} answers still from before{left}"));
    }
    if failed > 0 {
        parts.push(format!("{failed} of {all} without the answer that must come"));
    }
    if skipped > 0 {
        parts.push(format!("{skipped} of {all} not asked"));
    }
    format!("{}.", parts.join("; "))
}

/// What a proof of a phase asks, in words.
pub(super) fn planned_words(phase: Phase) -> String {
    let words: Vec<String> = steps(phase)
        .iter()
        .map(|step| format!("{}: {}", step.account.word(), step.action))
        .collect();
    words.join("; ")
}

/// A probe as it was recorded, shown with these answers.
pub(super) fn probe_view(probe: &ProbeRecord, answers: Vec<ProbeSaid>) -> RollbackProbeView {
    RollbackProbeView {
        account: probe.account.clone(),
        route: probe.route.clone(),
        words: probe.words.clone(),
        answers,
        found: probe.found.clone(),
        request_id: probe.request_id.clone(),
        duration_ms: probe.duration_ms,
    }
}

/// What came of asking.
enum Reply {
    /// It could not be asked.
    Unsent(Verdict),
    /// It was.
    Came(Box<desk_portal::Exchange>),
}

async fn ask(link: &Link, accounts: &Accounts, step: &Step) -> Reply {
    let caller = match accounts.caller(step.account) {
        Ok(caller) => caller,
        Err(verdict) => return Reply::Unsent(verdict),
    };
    let body = match (step.body)(&Values::default()) {
        Ok(body) => body,
        Err(lacking) => return Reply::Unsent(Verdict::skipped(lacking.to_string())),
    };
    let call = Call {
        route: step.route,
        body,
        caller,
        purpose: "safe state",
        expect: step.wanted.expect(),
        idempotency_key: None,
    };
    // The next round comes soon: a pause that the portal asks for is not waited for here.
    Reply::Came(Box::new(link.portal.call(call).await))
}

/// The phase that an answer tells, where it is one to a reading.
fn told(step: &Step, outcome: &Outcome) -> Option<PhaseState> {
    match outcome {
        Outcome::Ok(data) if step.route == Route::RolloutGet => serde_json::from_value(data.clone()).ok(),
        _ => None,
    }
}

/// What must be seen in a phase.
fn steps(phase: Phase) -> Vec<Step> {
    let member = Account::Role(Role::MemberSmoke);
    let mut steps: Vec<Step> = ACCOUNTS
        .into_iter()
        .map(|account| Step::reads_phase(CHECK, "phase", account, phase))
        .collect();
    steps.push(Step::ask::<wire::ItemsList>(
        CHECK,
        "catalogue",
        member,
        "The catalogue loads",
        |_| Ok(wire::ItemsList::default()),
        |reply, _| Ok(format!("{} titles", reply.total)),
    ));
    steps.push(Step::ask::<wire::DiscoveryGet>(
        CHECK,
        "discovery",
        member,
        "The discovery shelves load",
        |_| Ok(wire::DiscoveryGet::default()),
        |_, _| Ok("they load".to_owned()),
    ));
    for route in [Route::LoansCheckout, Route::LoansCheckIn, Route::ReviewsCreate] {
        steps.push(gated(member, route, phase));
    }
    for role in [Role::StaffSmoke, Role::AdminSmoke] {
        let account = Account::Role(role);
        steps.push(open(
            account,
            Route::RolloutSet,
            "The phase can be set".to_owned(),
        ));
        steps.push(gated(account, Route::ItemsCreate, phase));
    }
    for route in [Route::ItemsList, Route::RolloutGet] {
        steps.push(Step::barred(CHECK, Account::Nobody, route, Refusal::SignedOut));
    }
    steps
}

/// A route that writes: open in a phase, or refused by it.
fn gated(account: Account, route: Route, phase: Phase) -> Step {
    if phase >= route.required_phase() {
        return open(account, route, format!("{route} is open"));
    }
    let mut step = Step::barred(
        CHECK,
        account,
        route,
        Refusal::Blocked {
            required: route.required_phase(),
        },
    );
    step.action = format!("{route} is paused");
    step
}

/// A route that is open: it refuses an empty body, which it looks at only after the gate.
fn open(account: Account, route: Route, words: String) -> Step {
    let mut step = Step::barred(
        CHECK,
        account,
        route,
        Refusal::Coded {
            status: 400,
            code: "INVALID_ARGUMENT",
            reason: None,
        },
    );
    step.action = words;
    step
}

impl From<Said> for ProbeSaid {
    fn from(said: Said) -> Self {
        match said {
            Said::Agrees => Self::Agrees,
            Said::Outdated => Self::Outdated,
            Said::Failed => Self::Failed,
            Said::Skipped => Self::Skipped,
        }
    }
}
