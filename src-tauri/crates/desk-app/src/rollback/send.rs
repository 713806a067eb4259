//! Setting a phase for a rollback: sent until the portal has it, asked about whenever that is not known.
//!
//! Unlike the phase page's save, this one may be sent again: it asks for the same phase and the same note each time, so
//! that it does not matter which of the requests arrived.

use super::{
    drive::{Backoff, failed},
    live::Unconfirmed,
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    phase::{Fate, fate, unknown_outcome},
    problem::{read_problem, save_problem},
    smoke::{
        accounts::Accounts,
        checks::borrow_and_return,
        engine::Engine,
        ledger::{Ledger, Pen},
        lock::{Act, Lock},
        send::Cancel,
    },
    time::when,
};
use desk_core::{
    Phase, PhaseState, Role,
    phase::{Direction, Finding, Sent, find_out},
    record::{ChangeOutcome, Record, RequestRef},
    rollback::{Event, Progress, Purpose, Rollback, Save, Step},
    smoke::StepResult,
};
use desk_portal::{Answered, Caller, Exchange, Outcome, wire};
use std::time::Duration;

/// How long the reading before the phase is sent may take; after that it is sent all the same.
const READ_BEFORE: Duration = Duration::from_secs(3);
/// How old what the screen shows may be to pass for a reading, milliseconds.
const FRESH_MS: i64 = 3_000;

/// What is being sent.
struct Sending {
    step: Step,
    to: Phase,
    note: Option<String>,
    change_id: String,
    attempts: u32,
    /// Whether an attempt may have arrived without the desk knowing.
    unknown: bool,
    /// Whether the decision is recorded.
    decided: bool,
    requests: Vec<RequestRef>,
    /// Why it is not known.
    why_unknown: Option<Problem>,
}

impl Desk {
    /// Sets the phase of a step, and records what came of it.
    pub(super) async fn set(&self, link: &Link, step: Step) {
        let Some(state) = self.state() else { return };
        let Some((to, note)) = state.to_send(step) else {
            return;
        };
        let outstanding = state.outstanding(step);
        let mut sending = Sending {
            step,
            to,
            note: note.map(str::to_owned),
            change_id: outstanding
                .map_or_else(|| uuid::Uuid::now_v7().to_string(), |save| save.change_id.clone()),
            attempts: outstanding.map_or(0, |save| save.attempts),
            unknown: outstanding.is_some(),
            decided: outstanding.is_some(),
            requests: Vec::new(),
            why_unknown: None,
        };
        if step != Step::Restore && outstanding.is_none() && !self.look_before(link).await {
            return;
        }
        let mut backoff = Backoff::default();
        // Whether somebody else may have moved the phase since it was last looked at.
        let mut waited = false;
        while self.is_wanted(step) && !self.has_failed(step) {
            if self.is_overdue(step) {
                self.no_more_time(step).await;
                return;
            }
            if sending.unknown {
                match self.what_became_of(link, &sending).await {
                    Ok(Finding::Applied | Finding::Overtaken) => return,
                    // Asked for at once the first time, then less and less often.
                    Ok(Finding::NotYet) => {
                        if let Some(why) = sending.why_unknown.clone().filter(|_| sending.attempts > 1) {
                            self.wait_out(why, backoff.next()).await;
                        }
                    }
                    Err(problem) => self.wait_out(problem, backoff.next()).await,
                }
            } else if waited && !self.look_again(link, step).await {
                return;
            }
            self.give_way_to_rollback().await;
            if !self.is_wanted(step) {
                return;
            }
            match self.send_once(link, &mut sending).await {
                Ok(()) => return,
                Err(Some((problem, wait))) => {
                    self.wait_out(problem, wait.unwrap_or_else(|| backoff.next()))
                        .await;
                    waited = true;
                }
                Err(None) => {}
            }
        }
    }

    /// Looks once more after a wait. Whether to go on.
    async fn look_again(&self, link: &Link, step: Step) -> bool {
        match self.state().and_then(|state| state.opening.from) {
            Some(found) if step == Step::Restore => !self.is_back(link, &found).await,
            _ => self.look_before(link).await,
        }
    }

    /// A drill that another program's rollback took the place of goes no further; the journal says so.
    pub(super) async fn give_way_to_rollback(&self) {
        let Some(state) = self.state() else { return };
        if state.opening.purpose != Purpose::Drill {
            return;
        }
        self.write_down().await;
        let row = self.inner.store.rollback(&self.environment(), &state.id).await;
        let Ok(Some(row)) = row else { return };
        let left = row
            .rollback
            .step(Step::Restore)
            .is_some_and(|step| step.progress == Progress::PassedOver);
        if let Some(live) = self.live().as_mut()
            && left
            && live.unrecorded.is_empty()
            && live.state.id == row.rollback.id
        {
            live.state = row.rollback;
        }
    }

    /// Reads before it writes, but never for long. Whether to go on: not when somebody has moved the phase since it was
    /// decided, which a person then looks at.
    async fn look_before(&self, link: &Link) -> bool {
        let now = self.now_ms();
        let fresh = {
            let screen = self.screen();
            let reading = screen.reading.as_ref();
            reading
                .filter(|reading| (0..FRESH_MS).contains(&(now - reading.read_at_ms)))
                .and_then(|reading| reading.state.to_state())
        };
        let seen = match fresh {
            Some(seen) => seen,
            None => match tokio::time::timeout(READ_BEFORE, self.read_as(link, Role::Operator)).await {
                Ok(Ok(Answered { data, exchange })) => {
                    let known = self.take(link, &data, exchange.support_id().to_owned()).await;
                    known.state.to_state().unwrap_or(data)
                }
                // What cannot be read must not keep anybody from rolling back.
                Ok(Err(_)) | Err(_) => return true,
            },
        };
        let Some(state) = self.state() else { return false };
        match &state.before {
            // It would open what somebody else has closed.
            None if seen.phase < state.opening.to => {
                self.note(vec![Event::Moved { seen }]).await;
                false
            }
            None => {
                self.note(vec![Event::Found { state: seen }]).await;
                true
            }
            Some(before)
                if before.same_save(&seen)
                    || seen.updated_at_ms < before.updated_at_ms
                    || is_own(&state, &seen) =>
            {
                true
            }
            Some(_) => {
                self.note(vec![Event::Moved { seen }]).await;
                false
            }
        }
    }

    /// The role that sets the phase.
    fn setter(&self) -> Role {
        self.state()
            .and_then(|state| Role::from_word(state.account.as_deref()?))
            .unwrap_or(Role::Operator)
    }

    async fn read_as(&self, link: &Link, role: Role) -> Result<Answered<PhaseState>, Problem> {
        let session = self.session(link, role).await?;
        let asked = link
            .portal
            .ask(&wire::RolloutGet {}, Caller::As(&session), "rollback")
            .await;
        asked.map_err(|exchange| read_problem(&exchange))
    }

    /// Asks what became of what was sent, and takes it in.
    async fn what_became_of(&self, link: &Link, sending: &Sending) -> Result<Finding, Problem> {
        let role = self.setter();
        let Answered { data: seen, exchange } = self.read_as(link, role).await?;
        let actor = self.session(link, role).await?.uid().to_owned();
        let Some(state) = self.state() else {
            return Ok(Finding::NotYet);
        };
        let finding = match &before(&state, sending.step) {
            Some(from) => find_out(
                &Sent {
                    from,
                    to: sending.to,
                    note: sending.note.as_deref(),
                    actor: &actor,
                    acknowledged: None,
                },
                &seen,
            ),
            // Nothing is known of before: only what is surely ours is taken for it.
            None if seen.phase == sending.to && seen.note == sending.note => Finding::Applied,
            None => Finding::NotYet,
        };
        match finding {
            Finding::Applied => {
                self.acknowledged(sending, seen.clone(), true);
                self.take(link, &seen, exchange.support_id().to_owned()).await;
            }
            Finding::Overtaken if !is_own(&state, &seen) => {
                self.note(vec![Event::Moved { seen }]).await;
            }
            // An earlier save of this very rollback: ours has not arrived.
            Finding::Overtaken | Finding::NotYet => return Ok(Finding::NotYet),
        }
        Ok(finding)
    }

    /// Sends it once. `Err` says what to wait out, and for how long where the portal says so.
    async fn send_once(
        &self,
        link: &Link,
        sending: &mut Sending,
    ) -> Result<(), Option<(Problem, Option<Duration>)>> {
        let step = sending.step;
        let role = self.setter();
        let session = match self.session(link, role).await {
            Ok(session) => session,
            Err(problem) if is_passing(&problem) => return Err(Some((problem, None))),
            Err(problem) => {
                self.note(vec![failed(step, &problem)]).await;
                return Err(None);
            }
        };
        self.name_operator(role, session.uid());
        let state = self.state();
        if let Some((_, note)) = state.as_ref().and_then(|state| state.to_send(step)) {
            sending.note = note.map(str::to_owned);
        }
        sending.attempts += 1;
        let decision = self.decision(sending);
        sending.decided = true;
        self.note_with(
            vec![
                Event::Started { step },
                Event::Sending {
                    step,
                    change_id: sending.change_id.clone(),
                    account: role.word().to_owned(),
                    attempt: sending.attempts,
                },
            ],
            decision,
        )
        .await;
        let set = wire::RolloutSet {
            phase: sending.to,
            note: sending.note.clone(),
        };
        let answer = link.portal.ask(&set, Caller::As(&session), "rollback").await;
        let (exchange, state) = match answer {
            Ok(answer) => (answer.exchange, Some(answer.data)),
            Err(exchange) => (*exchange, None),
        };
        sending.requests.push(request_of(&exchange));
        match fate(sending.to, &exchange, state) {
            Fate::Acknowledged(state) => {
                self.acknowledged(sending, state, false);
                Ok(())
            }
            Fate::Unknown => {
                sending.unknown = true;
                let why = unknown_outcome(&exchange);
                sending.why_unknown = Some(why.clone());
                self.show_trouble(why);
                Err(None)
            }
            Fate::NotSent => {
                if !sending.unknown {
                    self.note(vec![Event::NotTaken { step }]).await;
                }
                Err(Some((save_problem(&exchange), None)))
            }
            Fate::Refused => {
                let problem = save_problem(&exchange);
                let mut events = Vec::new();
                if !sending.unknown {
                    events.push(Event::NotTaken { step });
                }
                if let Outcome::RateLimited { retry_after } = exchange.outcome {
                    self.note(events).await;
                    return Err(Some((problem, Some(retry_after))));
                }
                if matches!(
                    exchange.outcome,
                    Outcome::NotStaff { .. } | Outcome::SignedOut { .. }
                ) {
                    // Claims travel in the token: one granted meanwhile counts from the next sign-in.
                    self.replace_session(link, role, None).await;
                }
                events.push(failed(step, &problem));
                let concluded = if sending.unknown {
                    Vec::new()
                } else {
                    vec![sending.concluded(ChangeOutcome::Refused, None, Some(&problem))]
                };
                self.note_with(events, concluded).await;
                Err(None)
            }
        }
    }

    /// The portal has the phase.
    fn acknowledged(&self, sending: &Sending, state: PhaseState, asked: bool) {
        let step = sending.step;
        self.no_trouble();
        let how = if asked {
            "no answer came, but the portal was found to have it"
        } else {
            "acknowledged"
        };
        let found = format!(
            "{}, {how} at {}.",
            self.phase_words(state.phase),
            when(state.updated_at_ms, self.zone())
        );
        let mut events = vec![Event::Acknowledged {
            step,
            state: state.clone(),
            request_id: sending.requests.last().map(|request| request.request_id.clone()),
        }];
        // Putting back is done when it is seen to be.
        if step != Step::Restore {
            events.push(Event::Done { step, found });
        }
        if let Some(live) = self.live().as_mut() {
            live.unconfirmed.push(Unconfirmed {
                change_id: sending.change_id.clone(),
                acknowledged_at_ms: (!asked).then(|| self.now_ms()),
                state,
                requests: sending.requests.clone(),
            });
        }
        self.hold(events, Vec::new());
        if step == Step::Restore {
            // Nothing is noted next until the answers agree, which may take a phase cache.
            let desk = self.clone();
            tokio::spawn(async move { desk.write_pending().await });
        }
    }

    /// Puts the operator's uid into the note where nobody was signed in when it was opened, as long as none was sent.
    fn name_operator(&self, role: Role, uid: &str) {
        let note = {
            let mut place = self.live();
            let Some(live) = place.as_mut() else { return };
            let opening = &live.state.opening;
            let unsent = live.state.saves.iter().all(|save| save.not_taken);
            if role != Role::Operator || opening.purpose != Purpose::Rollback || live.actor == uid || !unsent
            {
                return;
            }
            uid.clone_into(&mut live.actor);
            super::note_of(opening, live.state.opened_at_ms, uid)
        };
        self.hold(vec![Event::NoteMade { note }], Vec::new());
    }

    /// The decision record of a save, once.
    fn decision(&self, sending: &Sending) -> Vec<Record> {
        let Some(state) = self.state().filter(|_| !sending.decided) else {
            return Vec::new();
        };
        let Some(from) = before(&state, sending.step) else {
            return Vec::new();
        };
        let drill = state.opening.purpose == Purpose::Drill;
        let direction = Direction::of(from.phase, sending.to);
        vec![Record::PhaseChangeStarted {
            change_id: sending.change_id.clone(),
            from,
            to: sending.to,
            note: sending.note.clone(),
            direction,
            incident_id: state.opening.incident_id.clone(),
            basis: None,
            override_reason: (drill && direction == Direction::Forward)
                .then(|| "part of a rollback drill".to_owned()),
        }]
    }

    /// Shows the operator's reading of a round on the screen.
    pub(super) async fn read_back(&self, link: &Link, seen: &PhaseState, request_id: &str) {
        self.note_connection(&link.environment, None);
        let confirmed = {
            let mut place = self.live();
            let unconfirmed = place.as_mut().map(|live| std::mem::take(&mut live.unconfirmed));
            let (confirmed, still): (Vec<_>, Vec<_>) = unconfirmed
                .unwrap_or_default()
                .into_iter()
                .partition(|change| change.state.same_save(seen));
            if let Some(live) = place.as_mut() {
                live.unconfirmed = still;
            }
            confirmed
        };
        if !confirmed.is_empty() {
            let records = confirmed.into_iter().map(Unconfirmed::confirmed).collect();
            self.hold(Vec::new(), records);
        }
        self.take(link, seen, request_id.to_owned()).await;
    }

    /// Signs in again who could not be signed in before.
    pub(super) async fn sign_in_again(&self, link: &Link, accounts: &mut Accounts) {
        let missing = accounts.missing();
        if !missing.is_empty() {
            let again = self.smoke_accounts(link, &missing).await;
            accounts.take(again);
        }
    }

    /// Whether what a drill found is in force already: it never took effect, or was put back before. What somebody else
    /// saved meanwhile stands.
    pub(super) async fn is_back(&self, link: &Link, found: &PhaseState) -> bool {
        let mut backoff = Backoff::default();
        while self.is_wanted(Step::Restore) && !self.has_failed(Step::Restore) {
            let Some(state) = self.state() else { return true };
            if state.outstanding(Step::Restore).is_some() {
                return false;
            }
            // What was proven a moment ago needs no reading.
            let now = self.now_ms();
            let proven = state.step(Step::Verify).is_some_and(|step| {
                let fresh = step
                    .ended_at_ms
                    .is_some_and(|at| (0..FRESH_MS).contains(&(now - at)));
                step.progress == Progress::Done && fresh && state.stopped.is_none()
            });
            if proven {
                return false;
            }
            match self.read_as(link, self.setter()).await {
                Ok(Answered { data: seen, .. }) => {
                    if seen.same_save(found) {
                        // A save without an answer may still arrive.
                        return state.saves.iter().all(|save| save.acknowledged.is_none())
                            && !may_arrive(&state.saves, now);
                    }
                    if !is_own(&state, &seen) && seen.updated_at_ms > found.updated_at_ms {
                        self.note(vec![Event::Moved { seen }]).await;
                        return true;
                    }
                    return false;
                }
                Err(problem) => {
                    if self.is_overdue(Step::Restore) {
                        self.give_up(problem.code, &problem.message).await;
                        return true;
                    }
                    self.wait_out(problem, backoff.next()).await;
                }
            }
        }
        true
    }

    async fn no_more_time(&self, step: Step) {
        let trouble = self
            .live()
            .as_ref()
            .and_then(|live| {
                live.trouble
                    .as_ref()
                    .map(|trouble| trouble.problem.message.clone())
            })
            .unwrap_or_else(|| "the portal did not take it".to_owned());
        if step == Step::Restore {
            self.give_up(Code::TimeoutUnknownOutcome, &trouble).await;
            return;
        }
        let why = format!("The time is over, and it is not known to be set: {trouble}");
        let code = "timeout_unknown_outcome".to_owned();
        self.note(vec![Event::Failed { step, code, why }]).await;
    }

    fn has_failed(&self, step: Step) -> bool {
        self.state()
            .and_then(|state| Some(state.step(step)?.progress))
            .is_some_and(|progress| progress == Progress::Failed)
    }

    /// A title is borrowed and returned as the member, to prove that members can.
    pub(super) async fn borrow_for_real(&self, link: &Link, accounts: &Accounts) -> Result<(), Problem> {
        let Some(state) = self.state() else { return Ok(()) };
        let _only_one = Lock::take(self.data_dir(), Act::Smoke, &link.environment)?;
        let mark = state.id.replace('-', "")[20..].to_owned();
        let steps = borrow_and_return(link.kind, &mark);
        let rows = self.ledger_rows(&link.environment).await?;
        let pen = Pen {
            desk: self.clone(),
            environment: link.environment.clone(),
            run_id: None,
            actor: self.acting(&link.environment).await,
        };
        let mut ledger = Ledger::new(pen, state.id.clone(), Vec::new(), &rows);
        let mut engine = Engine::new(link, accounts, &steps, state.opening.to, Cancel::never());
        engine.run(&mut ledger, |_| ()).await?;
        let wrong = engine
            .records()
            .find(|record| record.result != StepResult::Pass)
            .map(|record| format!("{}: {}", record.action, record.found));
        ledger.close(link, accounts, Vec::new()).await?;
        match wrong {
            None => {
                self.note(vec![Event::Borrowed]).await;
                Ok(())
            }
            Some(wrong) => Err(Problem::new(
                Code::Refused,
                format!("A title could not be borrowed and returned: {wrong}"),
                "The phase is set, but members may not be able to use it.",
                "Try again, or go on without it and say why.",
            )),
        }
    }

    fn show_trouble(&self, problem: Problem) {
        let now = self.now_ms();
        if let Some(live) = self.live().as_mut() {
            live.trouble_is(problem, now, None);
        }
        self.touch();
    }
}

/// What the portal said before a step's save.
fn before(state: &Rollback, step: Step) -> Option<PhaseState> {
    let earlier = |step| Some(state.save_of(step)?.acknowledged.as_ref()?.1.clone());
    match step {
        Step::Restore => earlier(Step::SetPhase)
            .or_else(|| earlier(Step::Promote))
            .or_else(|| state.before.clone()),
        Step::SetPhase => earlier(Step::Promote)
            .filter(|promoted| {
                state
                    .before
                    .as_ref()
                    .is_none_or(|before| before.updated_at_ms < promoted.updated_at_ms)
            })
            .or_else(|| state.before.clone()),
        _ => state.before.clone(),
    }
}

impl Sending {
    /// What came of it, as its decision record has it.
    fn concluded(
        &self,
        outcome: ChangeOutcome,
        state: Option<PhaseState>,
        problem: Option<&Problem>,
    ) -> Record {
        Record::PhaseChangeConcluded {
            change_id: self.change_id.clone(),
            outcome,
            state,
            requests: self.requests.clone(),
            acknowledged_at_ms: None,
            reason: problem.map(|problem| problem.message.clone()),
        }
    }
}

impl Unconfirmed {
    fn confirmed(self) -> Record {
        Record::PhaseChangeConcluded {
            change_id: self.change_id,
            outcome: ChangeOutcome::Confirmed,
            state: Some(self.state),
            requests: self.requests,
            acknowledged_at_ms: self.acknowledged_at_ms,
            reason: None,
        }
    }
}

/// Whether waiting helps.
pub(super) fn is_passing(problem: &Problem) -> bool {
    matches!(
        problem.code,
        Code::Offline | Code::RateLimited | Code::BadReply | Code::TimeoutUnknownOutcome
    )
}

/// Whether the portal says what this rollback itself has saved.
pub(crate) fn is_own(state: &Rollback, seen: &PhaseState) -> bool {
    state.saves.iter().any(|save| match &save.acknowledged {
        Some((_, saved)) => saved.same_save(seen),
        None => state
            .to_send(save.step)
            .is_some_and(|(phase, note)| seen.phase == phase && seen.note.as_deref() == note),
    })
}

/// Whether one of these saves, those that put back not counted, may still arrive: the hosting platform ends a call after
/// 60 s.
pub(super) fn may_arrive(saves: &[Save], now_ms: i64) -> bool {
    saves.iter().any(|save| {
        let unknown = save.acknowledged.is_none() && !save.not_taken;
        save.step != Step::Restore && unknown && now_ms - save.last_sent_at_ms < 60_000
    })
}

fn request_of(exchange: &Exchange) -> RequestRef {
    RequestRef {
        route: exchange.route.name().to_owned(),
        request_id: exchange.support_id().to_owned(),
        status: exchange.status,
        at_ms: exchange.at_ms,
        duration_ms: crate::smoke::engine::milliseconds(exchange.duration),
    }
}
