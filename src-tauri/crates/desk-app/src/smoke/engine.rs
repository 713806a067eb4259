//! Carrying a plan out: each step as soon as those it waits for are over, side by side where nothing forbids it.

use super::{
    accounts::Accounts,
    judge::{Verdict, judge, phase_told},
    ledger::Ledger,
    send::{Cancel, send},
    step::{Account, Step, Values},
};
use crate::{error::Problem, link::Link};
use desk_core::{
    Phase, PhaseState, Route,
    smoke::{FailureLabel, PhaseAnswers, StepRecord, StepResult},
};
use desk_portal::{Call, Caller, Exchange, Outcome};
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// How many requests may be under way at once.
const SIDE_BY_SIDE: usize = 32;

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Track {
    Waiting,
    Running,
    Done(Box<StepRecord>),
}

/// A run while it goes on.
pub(crate) struct Engine<'a> {
    pub(crate) link: &'a Link,
    pub(crate) accounts: &'a Accounts,
    pub(crate) steps: &'a [Step],
    pub(crate) phase: Phase,
    pub(crate) cancel: Cancel,
    /// Where each step stands in `steps`.
    index: HashMap<&'a str, usize>,
    /// How many steps at most come after each, one after the other.
    ahead: Vec<usize>,
    pub(crate) tracks: Vec<Track>,
    /// The longest chain of requests that each step had to wait for, itself and its account's sign-in included.
    chain: Vec<Duration>,
    busy: HashSet<(Account, Route)>,
    values: Values,
    /// What came of steps whose answers are to be written down first.
    held: Vec<(usize, Verdict, Exchange)>,
    pub(crate) answers: PhaseAnswers,
    pub(crate) state: Option<PhaseState>,
}

/// What came of sending a step.
struct Answer {
    step: usize,
    /// None when the run was stopped before it was sent, or while it only read.
    exchange: Option<Exchange>,
}

impl<'a> Engine<'a> {
    pub(crate) fn new(
        link: &'a Link,
        accounts: &'a Accounts,
        steps: &'a [Step],
        phase: Phase,
        cancel: Cancel,
    ) -> Self {
        let index: HashMap<&str, usize> = steps
            .iter()
            .enumerate()
            .map(|(index, step)| (step.id.as_str(), index))
            .collect();
        let mut ahead = vec![0; steps.len()];
        // Each step comes after those it waits for, so that going backwards meets the later ones first.
        for (own, step) in steps.iter().enumerate().rev() {
            for before in waits_for(step).filter_map(|id| index.get(id)) {
                ahead[*before] = ahead[*before].max(ahead[own] + 1);
            }
        }
        Self {
            link,
            accounts,
            steps,
            phase,
            cancel,
            index,
            ahead,
            tracks: vec![Track::Waiting; steps.len()],
            chain: vec![Duration::ZERO; steps.len()],
            busy: HashSet::new(),
            values: Values::default(),
            held: Vec::new(),
            answers: PhaseAnswers::default(),
            state: None,
        }
    }

    /// Carries every step out, telling `changed` after each. Steps that cannot be written down are not sent.
    ///
    /// # Errors
    /// When it could not be written down that the run began; nothing that leaves anything was sent.
    pub(crate) async fn run(&mut self, ledger: &mut Ledger, changed: impl Fn(&Self)) -> Result<(), Problem> {
        let mut under_way = FuturesUnordered::new();
        // At most one: what comes up meanwhile is written together after it.
        let mut writing = FuturesUnordered::new();
        let mut held = Vec::new();
        let mut has_begun = false;
        ledger.note(self.steps, &self.values);
        let mut order: Vec<usize> = (0..self.steps.len()).collect();
        order.sort_by_key(|&step| std::cmp::Reverse(self.ahead[step]));
        let mut cancel = self.cancel.clone();
        loop {
            let mut settled = true;
            for &step in &order {
                if self.tracks[step] != Track::Waiting {
                    continue;
                }
                if let Some(verdict) = self.hindrance(step) {
                    self.finish(step, verdict, None);
                    settled = false;
                } else if under_way.len() < SIDE_BY_SIDE && self.is_ready(step, ledger) {
                    match self.begin(step, ledger) {
                        Ok((caller, body, wait)) => {
                            let ask = ask(
                                step,
                                &self.steps[step],
                                self.link,
                                caller,
                                body,
                                wait,
                                cancel.clone(),
                            );
                            under_way.push(ask);
                        }
                        Err(verdict) => {
                            self.finish(step, verdict, None);
                            settled = false;
                        }
                    }
                }
            }
            if !settled {
                // A step that is over may free or hinder others.
                continue;
            }
            if writing.is_empty()
                && let Some(write) = ledger.write()
            {
                writing.push(write);
                held = std::mem::take(&mut self.held);
            }
            changed(self);
            if under_way.is_empty() && writing.is_empty() {
                return Ok(());
            }
            tokio::select! {
                Some(answer) = under_way.next() => self.take(answer, ledger),
                Some(written) = writing.next() => {
                    ledger.written(written.is_ok());
                    for (step, verdict, exchange) in held.drain(..) {
                        let verdict = match &written {
                            Ok(()) => verdict,
                            Err(problem) => unwritten(problem),
                        };
                        self.finish(step, verdict, Some(&exchange));
                    }
                    if !has_begun {
                        written?;
                        has_begun = true;
                    }
                }
                () = cancel.asked(), if !self.cancel.is_asked() => {}
            }
        }
    }

    /// Why a step will never be tried.
    fn hindrance(&self, step: usize) -> Option<Verdict> {
        if self.cancel.is_asked() {
            return Some(stopped());
        }
        self.steps[step].needs.iter().find_map(|needed| {
            let Track::Done(record) = self.track(needed)? else {
                return None;
            };
            match record.result {
                StepResult::Pass | StepResult::Attested => None,
                StepResult::Skipped => Some(Verdict::skipped(record.found.clone())),
                StepResult::Fail | StepResult::Blocked => Some(Verdict::blocked(format!(
                    "\u{201c}{}\u{201d} did not pass.",
                    record.action
                ))),
            }
        })
    }

    fn track(&self, id: &str) -> Option<&Track> {
        self.index.get(id).map(|&step| &self.tracks[step])
    }

    /// Whether all that a step waits for is over and written down, and nobody is on its route as the same account.
    fn is_ready(&self, step: usize, ledger: &Ledger) -> bool {
        let step = &self.steps[step];
        let over = |id: &str| matches!(self.track(id), None | Some(Track::Done(_)));
        waits_for(step).all(over)
            && !self.busy.contains(&(step.account, step.route))
            && !ledger.is_pending(step)
    }

    fn begin(&mut self, step: usize, ledger: &mut Ledger) -> Result<(Caller<'a>, Value, Duration), Verdict> {
        let index = step;
        let step = &self.steps[index];
        let caller = self.accounts.caller(step.account)?;
        let body = (step.body)(&self.values).map_err(|lacking| Verdict::skipped(lacking.to_string()))?;
        if !ledger.covers(step) {
            return Err(Verdict::fail(
                FailureLabel::OurSide,
                "What it would leave could not be written down, so it was not sent.",
            ));
        }
        ledger.sending(step);
        self.busy.insert((step.account, step.route));
        self.tracks[index] = Track::Running;
        let wait = self.link.reserve(step.account.word(), step.route);
        Ok((caller, body, wait))
    }

    fn take(&mut self, answer: Answer, ledger: &mut Ledger) {
        let Answer {
            step: index,
            exchange,
        } = answer;
        let step = &self.steps[index];
        self.busy.remove(&(step.account, step.route));
        let Some(exchange) = exchange else {
            ledger.not_sent(step);
            self.finish(index, stopped(), None);
            return;
        };
        self.count(step, &exchange.outcome);
        let verdict = judge(&step.wanted, &exchange.outcome, self.phase, &mut self.values);
        let is_news = ledger.answered(step, &exchange, verdict.result);
        // What this answer told may let more be written down.
        ledger.note(self.steps, &self.values);
        let before = waits_for(step)
            .filter_map(|id| self.index.get(id))
            .map(|&before| self.chain[before])
            .max();
        let before = before.unwrap_or_else(|| self.accounts.sign_in_took(step.account));
        self.chain[index] = before + exchange.duration;
        if is_news {
            self.held.push((index, verdict, exchange));
        } else {
            self.finish(index, verdict, Some(&exchange));
        }
    }

    fn count(&mut self, step: &Step, outcome: &Outcome) {
        let told = match outcome {
            Outcome::Ok(data) if step.route == Route::RolloutGet => {
                let state: Option<PhaseState> = serde_json::from_value(data.clone()).ok();
                let agrees = state.as_ref().map(|state| state.phase == self.phase);
                let newest = self.state.as_ref().map(|state| state.updated_at_ms);
                self.state = match state {
                    Some(state) if state.phase == self.phase && Some(state.updated_at_ms) > newest => {
                        Some(state)
                    }
                    _ => self.state.take(),
                };
                agrees
            }
            outcome => phase_told(&step.wanted, outcome, self.phase),
        };
        match told {
            Some(true) => self.answers.agreeing += 1,
            Some(false) => self.answers.disagreeing += 1,
            None => {}
        }
    }

    fn finish(&mut self, index: usize, verdict: Verdict, exchange: Option<&Exchange>) {
        let step = &self.steps[index];
        let mut found = verdict.found;
        if let Some(exchange) = exchange.filter(|exchange| exchange.attempts > 1) {
            found = format!("{found} (sent {} times)", exchange.attempts);
        }
        self.tracks[index] = Track::Done(Box::new(StepRecord {
            id: step.id.clone(),
            check: step.check.clone(),
            account: step.account.word().to_owned(),
            uid: self.accounts.uid(step.account).map(str::to_owned),
            route: Some(step.route.name().to_owned()),
            action: step.action.clone(),
            optional: step.optional,
            result: verdict.result,
            label: verdict.label,
            found,
            at_ms: exchange.map(|exchange| exchange.at_ms),
            duration_ms: exchange.map(|exchange| milliseconds(exchange.duration)),
            status: exchange.and_then(|exchange| exchange.status),
            request_id: exchange.map(|exchange| exchange.request_id_sent.clone()),
            support_code: exchange.map(|exchange| exchange.support_id().to_owned()),
            carried_from: None,
        }));
    }

    /// What became of every step.
    pub(crate) fn records(&self) -> impl Iterator<Item = &StepRecord> {
        self.tracks.iter().filter_map(|track| match track {
            Track::Done(record) => Some(&**record),
            Track::Waiting | Track::Running => None,
        })
    }

    /// The longest chain of requests that had to wait for one another.
    pub(crate) fn critical_path(&self) -> Duration {
        self.chain.iter().copied().max().unwrap_or_default()
    }
}

fn waits_for(step: &Step) -> impl Iterator<Item = &str> {
    step.needs.iter().chain(&step.follows).map(String::as_str)
}

fn stopped() -> Verdict {
    Verdict::skipped("The run was stopped before.")
}

fn unwritten(problem: &Problem) -> Verdict {
    Verdict::fail(
        FailureLabel::OurSide,
        format!("It was done, but could not be written down: {}", problem.message),
    )
}

/// A duration in whole milliseconds.
pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

async fn ask(
    index: usize,
    step: &Step,
    link: &Link,
    caller: Caller<'_>,
    body: Value,
    wait: Duration,
    mut cancel: Cancel,
) -> Answer {
    let unanswered = Answer {
        step: index,
        exchange: None,
    };
    // Even no wait at all would be one of a millisecond or two to the runtime's timer.
    if !wait.is_zero() {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = cancel.asked() => return unanswered,
        }
    }
    let call = Call {
        route: step.route,
        body,
        caller,
        purpose: "smoke",
        expect: step.wanted.expect(),
        idempotency_key: None,
    };
    let sending = send(&link.portal, call, cancel.clone());
    let exchange = if step.route.writes() {
        // What a write did must be known, so that it can be undone.
        sending.await
    } else {
        tokio::select! {
            exchange = sending => exchange,
            () = cancel.asked() => return unanswered,
        }
    };
    Answer {
        exchange: Some(exchange),
        ..unanswered
    }
}
