//! Carrying a rollback on: one step after the other, until a person is needed or it is over.

use super::{
    live::Shown,
    probes::{ACCOUNTS, Probes},
    send::{is_passing, may_arrive},
    view::RollbackView,
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    smoke::{accounts::Accounts, lock::Lock},
    time::when,
};
use desk_core::{
    Phase, PhaseState,
    rollback::{Event, Next, Purpose, REVIEW_WITHIN_MS, Rollback, Split, Step, Until},
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// Between two rounds of probes.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Between two tries at what does not go through: the first waits are short, the last one repeats.
const TRY_AGAIN: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
/// How long a drill tries at least to put back what it found, whatever is left of its time.
const RESTORE_AT_LEAST_MS: i64 = 60_000;
const WINDOW_MINUTES: u32 = 180;
/// How long the snapshot is tried before a person is asked, milliseconds. Counted in time, so that a portal that is gone
/// for a while is waited for on a fast machine as on a slow one.
const SNAPSHOT_FOR_MS: i64 = 60_000;

/// How often something was tried in vain.
#[derive(Default)]
pub(super) struct Backoff(usize);

impl Backoff {
    pub(super) fn next(&mut self) -> Duration {
        let wait = TRY_AGAIN[self.0.min(TRY_AGAIN.len() - 1)];
        self.0 += 1;
        wait
    }
}

impl Desk {
    /// Carries the open rollback or drill on, until a person is needed or it is over, and says how far it came. Does
    /// nothing where this desk is at it already.
    ///
    /// # Errors
    /// `not_found` when none is open; `busy` while another program carries it on; `not_found` for an environment that was
    /// removed.
    pub async fn carry_on_rollback(&self) -> Result<RollbackView, Problem> {
        self.load_rollback().await;
        let environment = self.environment();
        let mut gave_way = self.inner.gave_way.subscribe();
        let begun = {
            let mut place = self.live();
            let live = place.as_mut().filter(|live| live.state.is_open());
            let live = live.ok_or_else(super::none_open)?;
            let begins = live.mine.is_none();
            if begins {
                live.mine = Some(Lock::take(self.data_dir(), live.act(), &environment)?);
            }
            begins
        };
        if begun {
            let driven = tokio::select! {
                driven = self.drive(&environment) => driven,
                // What was being sent is outstanding then, and found out about like any other.
                _ = gave_way.changed() => {
                    self.let_go();
                    Ok(())
                }
            };
            if let Err(problem) = driven {
                self.let_go();
                return Err(problem);
            }
        }
        self.rollback_view().await.ok_or_else(super::none_open)
    }

    async fn drive(&self, environment: &desk_core::EnvironmentName) -> Result<(), Problem> {
        let link = self.link_patiently(environment).await?;
        // Signed in while the phase is being set, so that the first round of probes waits for nobody.
        let signing_in = {
            let (desk, link) = (self.clone(), Arc::clone(&link));
            tokio::spawn(async move { desk.smoke_accounts(&link, &ACCOUNTS).await })
        };
        let mut signing_in = Some(signing_in);
        let mut accounts: Option<Accounts> = None;
        loop {
            self.notice_clock().await;
            let next = {
                let mut place = self.live();
                let live = place.as_mut().ok_or_else(super::none_open)?;
                let next = live.state.next();
                let drill = live.state.opening.purpose == Purpose::Drill;
                if !matches!(next, Next::Do(_)) && (!drill || next == Next::Over) {
                    // In one go with looking: whoever decides after this finds that nobody carries it on.
                    live.let_go();
                }
                next
            };
            if !matches!(next, Next::Do(_)) {
                self.write_down().await;
            }
            let step = match next {
                Next::Do(step) => step,
                Next::Over => return Ok(()),
                other => {
                    if self.decide_for_a_drill(other).await {
                        continue;
                    }
                    self.let_go();
                    return Ok(());
                }
            };
            if matches!(step, Step::Snapshot | Step::Verify | Step::Restore) && accounts.is_none() {
                accounts = match signing_in.take() {
                    Some(task) => task.await.ok(),
                    None => Some(self.smoke_accounts(&link, &ACCOUNTS).await),
                };
            }
            match (step, &mut accounts) {
                (Step::Promote | Step::SetPhase, _) => self.set(&link, step).await,
                (Step::Snapshot, Some(accounts)) => {
                    self.note(vec![
                        Event::Started { step: Step::Snapshot },
                        Event::Started { step: Step::Verify },
                    ])
                    .await;
                    tokio::join!(self.snapshot(), self.verify(&link, accounts));
                }
                (Step::Verify, Some(accounts)) => {
                    self.note(vec![Event::Started { step }]).await;
                    self.verify(&link, accounts).await;
                }
                (Step::Restore, Some(accounts)) => self.restore(&link, accounts).await,
                (Step::Note, _) => self.read_note_back(),
                (Step::Record, _) => self.close_rollback().await,
                (Step::Trigger, _) => {
                    let found = "Confirmed.".to_owned();
                    self.note(vec![Event::Started { step }, Event::Done { step, found }])
                        .await;
                }
                (Step::Announce, _) | (_, None) => {
                    self.let_go();
                    return Ok(());
                }
            }
        }
    }

    /// Carries it on no longer.
    fn let_go(&self) {
        if let Some(live) = self.live().as_mut() {
            live.let_go();
        }
        self.touch();
    }

    /// A drill asks nobody: what fails ends it, and then it puts back what it found. Whether that decided anything.
    async fn decide_for_a_drill(&self, next: Next) -> bool {
        let Some(state) = self.state() else { return false };
        if state.opening.purpose != Purpose::Drill {
            return false;
        }
        match next {
            Next::Decide(Step::Restore) => false,
            Next::Decide(step) if state.stopped.is_none() => {
                let why = state
                    .step(step)
                    .map(|step| step.words.clone())
                    .unwrap_or_default();
                self.note(vec![Event::Stopped { reason: why }]).await;
                true
            }
            Next::Moved => {
                let by = state
                    .moved
                    .as_ref()
                    .map(|seen| self.moved_words(seen))
                    .unwrap_or_default();
                self.note(vec![Event::Stopped {
                    reason: format!("{by} Theirs stands; the drill put nothing over it."),
                }])
                .await;
                true
            }
            _ => false,
        }
    }

    pub(super) fn moved_words(&self, seen: &PhaseState) -> String {
        format!(
            "{} has saved {} at {}.",
            seen.updated_by_uid.as_deref().unwrap_or("Somebody"),
            seen.phase.label(),
            when(seen.updated_at_ms, self.zone()),
        )
    }

    /// The connection to the portal; the practice portal may have to be waited for.
    async fn link_patiently(&self, environment: &desk_core::EnvironmentName) -> Result<Arc<Link>, Problem> {
        let mut backoff = Backoff::default();
        loop {
            match self.link(environment).await {
                Ok(link) => return Ok(link),
                Err(problem) if problem.code == Code::NotFound => return Err(problem),
                Err(problem) => self.wait_out(problem, backoff.next()).await,
            }
        }
    }

    /// Shows what keeps the desk from going on, and waits until it is tried again or a person decides something.
    pub(super) async fn wait_out(&self, problem: Problem, wait: Duration) {
        let waker = Waker::new(self);
        self.notice_clock().await;
        let now = self.now_ms();
        if let Some(live) = self.live().as_mut() {
            let next_try_ms = now.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
            live.trouble_is(problem, now, Some(next_try_ms));
        }
        self.touch();
        waker.rest(wait).await;
    }

    pub(super) fn no_trouble(&self) {
        if let Some(live) = self.live().as_mut() {
            live.trouble = None;
        }
    }

    /// The rollback as far as it has come.
    pub(super) fn state(&self) -> Option<Rollback> {
        self.live().as_ref().map(|live| live.state.clone())
    }

    /// Whether every probe has agreed once.
    fn is_verified(&self) -> bool {
        self.state()
            .is_some_and(|state| state.at_ms(Split::Verified).is_some())
    }

    /// Whether a step is still to be done, nobody having stopped the rollback or passed the step over meanwhile.
    pub(super) fn is_wanted(&self, step: Step) -> bool {
        self.state().is_some_and(|state| {
            let stopped = state.stopped.is_some() && step != Step::Restore;
            !stopped && state.moved.is_none() && state.step(step).is_some_and(|state| !state.is_over())
        })
    }

    /// Until when a drill tries; none for a rollback, which never gives up by itself.
    pub(super) fn deadline_ms(&self, step: Step) -> Option<i64> {
        let state = self.state()?;
        if state.opening.purpose == Purpose::Rollback {
            return None;
        }
        let budget = i64::try_from(state.opening.budget_ms).unwrap_or(i64::MAX);
        let deadline = state
            .opened_at_ms
            .saturating_add(state.jumped_ms)
            .saturating_add(budget);
        let begun = state.step(step).and_then(|state| state.started_at_ms);
        match (step, begun) {
            (Step::Restore, Some(begun)) => Some(deadline.max(begun.saturating_add(RESTORE_AT_LEAST_MS))),
            _ => Some(deadline),
        }
    }

    pub(super) fn is_overdue(&self, step: Step) -> bool {
        self.deadline_ms(step)
            .is_some_and(|deadline| self.now_ms() >= deadline)
    }

    /// The runbook's third step: the note that went with the phase is what the portal gives back.
    fn read_note_back(&self) {
        let step = Step::Note;
        let Some(state) = self.state() else { return };
        let wanted = state.note();
        let saved = state.acknowledged().and_then(|(_, saved)| saved.note.clone());
        let event = match saved {
            Some(saved) if saved == wanted => Event::Done {
                step,
                found: format!("Saved: {saved}"),
            },
            Some(other) => Event::Failed {
                step,
                code: "bad_reply".to_owned(),
                why: format!("The portal gave back another note: {other}"),
            },
            None => Event::Failed {
                step,
                code: "not_found".to_owned(),
                why: "The portal has acknowledged no note.".to_owned(),
            },
        };
        self.hold(vec![Event::Started { step }, event], Vec::new());
    }

    /// The runbook's fourth step.
    async fn snapshot(&self) {
        let step = Step::Snapshot;
        // What the portal acknowledged, not what a server of it answers that does not know of it yet.
        let saved = self
            .state()
            .and_then(|state| Some(state.acknowledged()?.1.clone()));
        let mut backoff = Backoff::default();
        let until_ms = self.now_ms().saturating_add(SNAPSHOT_FOR_MS);
        while self.is_wanted(step) {
            let captured = async {
                let metrics = match &saved {
                    Some(saved) => self.capture_metrics_in(saved, WINDOW_MINUTES).await?,
                    None => self.capture_metrics(WINDOW_MINUTES).await?,
                };
                self.attach_metrics().await?;
                Ok::<_, Problem>(metrics.artifact)
            };
            let event = match captured.await {
                Ok(sha256) => Event::Done {
                    step,
                    found: format!("Captured and attached: {sha256}"),
                },
                Err(problem)
                    if self.now_ms() < until_ms && !self.is_overdue(step) && is_passing(&problem) =>
                {
                    Waker::new(self).rest(backoff.next()).await;
                    continue;
                }
                Err(problem) => failed(step, &problem),
            };
            // A person may have gone on without it meanwhile.
            if self.is_wanted(step) {
                self.note(vec![event]).await;
            }
            return;
        }
    }

    /// The runbook's fifth step: asks as each identity until every probe has agreed for longer than the phase is cached.
    async fn verify(&self, link: &Link, accounts: &mut Accounts) {
        let step = Step::Verify;
        let Some(state) = self.state() else { return };
        let saved = state.acknowledged().map(|(_, saved)| saved.clone());
        let mut watch = Watch::new(step, state.opening.to, saved, link.phase_cache_ms);
        let mut borrowed = !state.opening.borrow || state.borrowed;
        while self.is_wanted(step) {
            if self.is_overdue(step) {
                let minutes = state.opening.budget_ms / 60_000;
                let why = format!(
                    "It was not proven within {minutes} min: {}",
                    watch.probes.standing(None)
                );
                let code = "timeout_unknown_outcome".to_owned();
                let answers = watch.probes.answers();
                self.note(vec![
                    Event::Answered { answers },
                    Event::Failed { step, code, why },
                ])
                .await;
                return;
            }
            let waker = Waker::new(self);
            if watch.round(self, link, accounts).await.is_break() {
                return;
            }
            if watch.agreed {
                if !borrowed {
                    if let Err(problem) = self.borrow_for_real(link, accounts).await {
                        let answers = watch.probes.answers();
                        self.note(vec![Event::Answered { answers }, failed(step, &problem)])
                            .await;
                        return;
                    }
                    borrowed = true;
                }
                if watch.settled || state.opening.until == Until::Verified {
                    self.proven(step, &watch).await;
                    return;
                }
            }
            self.write_down().await;
            waker.rest(ASK_EVERY).await;
        }
        // Stopped or passed over: what was answered by then stands in the record.
        let answers = watch.probes.answers();
        self.note(vec![Event::Answered { answers }]).await;
    }

    async fn proven(&self, step: Step, watch: &Watch) {
        let answers = watch.probes.answers();
        let counts = format!(
            "{} answers agreed, {} were from before the change.",
            answers.agreeing, answers.outdated
        );
        let mut events = Vec::new();
        let found = if watch.settled {
            events.push(Event::Settled { answers });
            format!("Verified and settled: {counts}")
        } else {
            format!("Verified, not settled: {counts} Other servers of the portal may still differ.")
        };
        events.push(Event::Done { step, found });
        self.note(events).await;
    }

    /// The drill's last act: the phase and the note that were found are put back, and seen to be.
    async fn restore(&self, link: &Link, accounts: &mut Accounts) {
        let step = Step::Restore;
        let Some(state) = self.state() else { return };
        let Some(found) = state.opening.from.clone() else {
            return;
        };
        self.note(vec![Event::Started { step }]).await;
        if !self.is_back(link, &found).await {
            self.set(link, step).await;
        }
        let saved = self
            .state()
            .and_then(|state| Some(state.save_of(step)?.acknowledged.clone()?.1))
            .unwrap_or_else(|| found.clone());
        let mut watch = Watch::new(step, found.phase, Some(saved), link.phase_cache_ms);
        while self.is_wanted(step) {
            let failed = self
                .state()
                .and_then(|state| Some(state.step(step)?.progress))
                .is_none_or(|progress| progress == desk_core::rollback::Progress::Failed);
            if failed {
                return;
            }
            if self.is_overdue(step) {
                let answers = watch.probes.answers();
                self.hold(vec![Event::Answered { answers }], Vec::new());
                let acknowledged = self.state().is_some_and(|state| {
                    state
                        .save_of(step)
                        .is_some_and(|save| save.acknowledged.is_some())
                });
                let standing = watch.probes.standing(None);
                let why = if acknowledged {
                    format!("the portal has acknowledged it, but it is not proven: {standing}")
                } else {
                    standing
                };
                self.give_up(Code::TimeoutUnknownOutcome, &why).await;
                return;
            }
            let waker = Waker::new(self);
            if watch.round(self, link, accounts).await.is_break() {
                return;
            }
            // While what was sent before may still arrive, it is not known to stay.
            let stays = self
                .state()
                .is_none_or(|state| !may_arrive(&state.saves, self.now_ms()));
            if watch.agreed && stays {
                let state = watch.saved.clone().unwrap_or_else(|| found.clone());
                let found = format!(
                    "{} is back, with its note; other servers of the portal may take {} s more.",
                    state.phase.label(),
                    link.phase_cache_ms.div_ceil(1_000)
                );
                let answers = watch.probes.answers();
                self.note(vec![
                    Event::Restored { state, answers },
                    Event::Done { step, found },
                ])
                .await;
                return;
            }
            self.write_down().await;
            waker.rest(ASK_EVERY).await;
        }
    }

    /// A drill that cannot put back what it found says so and stays open, to be offered at the next start.
    pub(super) async fn give_up(&self, code: Code, why: &str) {
        let step = Step::Restore;
        self.note(vec![
            Event::GaveUp { why: why.to_owned() },
            Event::Failed {
                step,
                code: code.word(),
                why: format!("What was found could not be seen to be back in time: {why}"),
            },
        ])
        .await;
    }

    /// The runbook's last step: start, end and duration are recorded.
    async fn close_rollback(&self) {
        let step = Step::Record;
        let Some(state) = self.state() else { return };
        let now = self.now_ms();
        let taken = Duration::from_millis(state.taken_ms(now)).as_secs();
        let found = format!(
            "Started {}, ended {}, {} min {} s.",
            when(state.opened_at_ms, self.zone()),
            when(now, self.zone()),
            taken / 60,
            taken % 60,
        );
        let review_by_ms = (state.opening.purpose == Purpose::Rollback).then_some(now + REVIEW_WITHIN_MS);
        self.note(vec![
            Event::Started { step },
            Event::Done { step, found },
            Event::Closed { review_by_ms },
        ])
        .await;
    }
}

/// Wakes whoever waits when a person decides something, or asks for an answer now. Made before what is waited after is
/// begun, so that nothing in between is missed.
pub(super) struct Waker {
    decided: watch::Receiver<u64>,
    asked: watch::Receiver<u64>,
}

impl Waker {
    pub(super) fn new(desk: &Desk) -> Self {
        Self {
            decided: desk.inner.decided.subscribe(),
            asked: desk.inner.asked.subscribe(),
        }
    }

    /// Waits for so long, or until it is woken.
    pub(super) async fn rest(mut self, wait: Duration) {
        // The senders live as long as the desk, so that waiting for them never ends with an error.
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = self.decided.changed() => {}
            _ = self.asked.changed() => {}
        }
    }
}

/// Asking the probes of a phase until they agree.
struct Watch {
    /// What the answers are to prove: a verified phase, or that what was found is back.
    step: Step,
    probes: Probes,
    saved: Option<PhaseState>,
    /// When the first of the rounds was answered that all agreed since, by the steady clock: one that is set proves nothing.
    agreed_since_ms: Option<i64>,
    phase_cache_ms: i64,
    agreed: bool,
    settled: bool,
}

impl Watch {
    fn new(step: Step, phase: Phase, saved: Option<PhaseState>, phase_cache_ms: u64) -> Self {
        Self {
            step,
            probes: Probes::of(phase),
            saved,
            agreed_since_ms: None,
            phase_cache_ms: i64::try_from(phase_cache_ms).unwrap_or(i64::MAX),
            agreed: false,
            settled: false,
        }
    }

    /// When it will have settled, should every round from now on agree, by the steady clock.
    fn settles_at_ms(&self, now_ms: i64) -> i64 {
        self.agreed_since_ms
            .unwrap_or(now_ms)
            .saturating_add(self.phase_cache_ms)
    }

    /// Asks once more. Breaks off where somebody else has moved the phase.
    async fn round(
        &mut self,
        desk: &Desk,
        link: &Link,
        accounts: &mut Accounts,
    ) -> std::ops::ControlFlow<()> {
        desk.notice_clock().await;
        desk.give_way_to_rollback().await;
        if !desk.is_wanted(self.step) {
            return std::ops::ControlFlow::Break(());
        }
        desk.sign_in_again(link, accounts).await;
        let asked_ms = desk.inner.clock.steady_ms();
        let round = self.probes.ask(link, accounts, self.saved.as_ref()).await;
        let (now, answered_ms) = (desk.now_ms(), desk.inner.clock.steady_ms());
        self.agreed = round.agreed;
        self.agreed_since_ms = round.agreed.then(|| self.agreed_since_ms.unwrap_or(answered_ms));
        self.settled = round.agreed && asked_ms > self.settles_at_ms(asked_ms);
        if self.agreed && self.step == Step::Verify && !desk.is_verified() {
            let answers = self.probes.answers();
            desk.hold(vec![Event::Verified { answers }], Vec::new());
        }
        let settles_at_ms =
            (!self.settled).then(|| now.saturating_add(self.settles_at_ms(answered_ms) - answered_ms));
        let shown = Shown::of(&self.probes, settles_at_ms, now);
        if let Some(live) = desk.live().as_mut() {
            live.round = Some(shown);
            live.trouble = None;
        }
        desk.touch();
        if let Some((seen, request_id)) = &round.seen
            && self
                .saved
                .as_ref()
                .is_none_or(|saved| seen.updated_at_ms >= saved.updated_at_ms)
        {
            desk.read_back(link, seen, request_id).await;
        }
        if let Some(seen) = round.moved {
            desk.note(vec![Event::Moved { seen }]).await;
            return std::ops::ControlFlow::Break(());
        }
        std::ops::ControlFlow::Continue(())
    }
}

/// A step that could not be done.
pub(super) fn failed(step: Step, problem: &Problem) -> Event {
    Event::Failed {
        step,
        code: problem.code.word(),
        why: problem.message.clone(),
    }
}
