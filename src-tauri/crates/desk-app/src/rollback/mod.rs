//! Rolling back, and rehearsing it.
//!
//! One decision opens it and starts its clock; from then on `drive` does one step of the runbook after the other, each
//! recorded before it is done, until a person is needed or it is over. What happened counts in this desk's memory
//! (`live`) even while the journal cannot be written. `probes` ask the portal how it behaves.

mod drill;
mod drive;
mod live;
mod probes;
mod report;
mod send;
pub mod view;

pub use drill::DrillPlan;
pub use report::DrillReport;

pub(crate) use live::Live;

use self::{
    live::{Unrecorded, may_pass_over},
    probes::{ACCOUNTS, Probes},
    view::{DrillSummary, ReviewDue, RollbackChoice, RollbackRequest, RollbackView, SafeStateView},
};
use crate::{
    convert::run_label,
    desk::Desk,
    error::{Code, Problem},
    phase::parse_phase,
    problem::store_problem,
    smoke::lock::{Act, Lock},
};
use desk_core::{
    EnvironmentName, Phase, PhaseState, Role,
    phase::note_length,
    record::Record,
    rollback::{
        BUDGET_MS, Event, INCIDENT_LIMIT, Opening, Progress, Purpose, Rollback, Split, Step, Trigger, Until,
        note, one_back,
    },
};
use desk_store::{RollbackRow, RunRow};
use std::{
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

/// The word that the note of a rollback begins with.
const NOTE_WORD: &str = "ROLLBACK";
/// How long the journal may hold up a rollback.
const JOURNAL_MAY_TAKE: Duration = Duration::from_secs(1);
/// How many earlier rollbacks are looked through for reviews that are due.
const REVIEWS: u32 = 20;

impl Desk {
    /// Opens a rollback: the decision is recorded and its clock starts. Nothing is sent yet: go on with
    /// [`Self::carry_on_rollback`].
    ///
    /// # Errors
    /// `invalid_input` with the field, also in phase 1, where there is nothing to roll back; `busy` while one is open;
    /// `offline` (field `to`) when the phase is not known and none to go to is named. Never for what the gates, the journal
    /// or the keychain say.
    pub async fn open_rollback(&self, request: &RollbackRequest) -> Result<RollbackView, Problem> {
        let environment = self.here(&request.environment)?;
        let confirmed_by = given("confirmedBy", "who confirmed it", &request.confirmed_by)?;
        let incident_id = request.incident_id.as_deref().map(str::trim);
        let incident_id = incident_id.filter(|id| !id.is_empty()).map(str::to_owned);
        if incident_id.as_deref().map_or(0, note_length) > INCIDENT_LIMIT {
            return Err(Problem::invalid(
                "incidentId",
                format!("The incident's id is longer than {INCIDENT_LIMIT} characters."),
                "Shorten it: it must fit the note, which is never cut there.",
            ));
        }
        self.load_rollback().await;
        let known = self.phase_known(&environment).await;
        // An open drill may have set the very phase that is to be rolled back to: what it found counts too.
        let (found, set) = self.of_open_drill();
        let highest = known.iter().chain(&found).max_by_key(|state| state.phase);
        let to = target(request.to.as_deref(), highest)?;
        let from = known
            .into_iter()
            .chain(set)
            .max_by_key(|state| state.updated_at_ms);
        let trigger = Trigger::from(request.trigger);
        let reason = request.reason.trim().to_owned();
        let actor = self.operator().await;
        let row = self.environment_row(&environment).await;
        let mut opening = Opening {
            purpose: Purpose::Rollback,
            from,
            to,
            trigger: Some(trigger),
            reason,
            confirmed_by: confirmed_by.clone(),
            note: String::new(),
            incident_id,
            until: Until::Settled,
            promote_to: None,
            restore: false,
            borrow: request.borrow && to >= Phase::MemberWrites,
            budget_ms: BUDGET_MS,
            // Without the store the usual time is waited.
            phase_cache_ms: row.map_or(60_000, |row| row.phase_cache_ms),
            runbook_sha256: self.runbook().sha256().to_owned(),
        };
        opening.note = note_of(&opening, self.now_ms(), &actor);
        let confirmed = vec![
            Event::Started { step: Step::Trigger },
            Event::Done {
                step: Step::Trigger,
                found: format!("{}, confirmed by {confirmed_by}.", trigger.words()),
            },
        ];
        self.open_one(environment, actor, opening, confirmed).await
    }

    /// Opens a rollback or a drill, with what has happened by then.
    async fn open_one(
        &self,
        environment: EnvironmentName,
        actor: String,
        opening: Opening,
        events: Vec<Event>,
    ) -> Result<RollbackView, Problem> {
        self.load_rollback().await;
        let for_real = opening.purpose == Purpose::Rollback;
        let in_the_way = {
            let place = self.live();
            let open = place.as_ref().filter(|live| live.state.is_open());
            open.is_some_and(|live| !(for_real && live.state.opening.purpose == Purpose::Drill))
        };
        if in_the_way {
            return Err(already_open());
        }
        self.end_drill_of_this_desk().await;
        let run = {
            let (desk, environment, actor) = (self.clone(), environment.clone(), actor.clone());
            let opening = tokio::spawn(async move {
                let link = desk.link(&environment).await.ok()?;
                desk.run_for(&link, &actor).await.ok()
            });
            // Without a run it is recorded all the same.
            let opened = tokio::time::timeout(JOURNAL_MAY_TAKE, opening).await;
            opened.ok().and_then(Result::ok).flatten()
        };
        let at_ms = self.now_ms();
        let id = uuid::Uuid::now_v7().to_string();
        let opened = Record::RollbackOpened {
            rollback_id: id.clone(),
            at_ms,
            opening: Box::new(opening.clone()),
        };
        let mut live = Live::new(
            environment,
            run,
            actor,
            Rollback::open(id, opening, at_ms),
            self.clocks(),
        );
        live.is_to_be_recorded(opened);
        for event in events {
            live.take(at_ms, event);
        }
        {
            let mut place = self.live();
            if let Some(before) = place.as_mut() {
                if before.state.is_open() {
                    // Nobody opened one meanwhile: two clicks are one rollback.
                    if !(for_real && before.state.opening.purpose == Purpose::Drill) {
                        return Err(already_open());
                    }
                    self.give_way(before, at_ms);
                }
                let mut unrecorded = std::mem::take(&mut before.unrecorded);
                unrecorded.append(&mut live.unrecorded);
                live.unrecorded = unrecorded;
            }
            *place = Some(live);
        }
        self.write_down().await;
        self.touch();
        self.rollback_view().await.ok_or_else(none_open)
    }

    /// What an open drill found, and what it set last.
    fn of_open_drill(&self) -> (Option<PhaseState>, Option<PhaseState>) {
        let place = self.live();
        let open = place.as_ref().filter(|live| live.state.is_open());
        let drill = open.filter(|live| live.state.opening.purpose == Purpose::Drill);
        drill.map_or((None, None), |live| {
            let saves = live.state.saves.iter().rev();
            let set = saves.filter_map(|save| Some(save.acknowledged.as_ref()?.1.clone()));
            (
                live.state.opening.from.clone(),
                set.max_by_key(|state| state.updated_at_ms),
            )
        })
    }

    /// Waits until this desk carries no drill on any longer, whatever it was waiting for.
    async fn end_drill_of_this_desk(&self) {
        let mut changes = self.changes();
        self.inner.gave_way.send_modify(|times| *times += 1);
        while self.live().as_ref().is_some_and(Live::is_carried_on) && changes.changed().await.is_ok() {}
    }

    /// Ends a drill because a rollback for real is opened: nothing of it is put back. Another program that carries it on
    /// finds that in the journal, and closes it.
    fn give_way(&self, drill: &mut Live, at_ms: i64) {
        let reason = "A rollback for real took its place.".to_owned();
        let elsewhere = !drill.is_carried_on()
            && Lock::take(self.data_dir(), Act::Drill, &drill.environment)
                .is_err_and(|problem| problem.code == Code::Busy);
        drill.take(
            at_ms,
            Event::Stopped {
                reason: reason.clone(),
            },
        );
        drill.take(
            at_ms,
            Event::PassedOver {
                step: Step::Restore,
                reason,
            },
        );
        if !elsewhere {
            drill.take(at_ms, Event::Closed { review_by_ms: None });
        }
    }

    /// What the portal was last known to say: on this screen, or to any desk on this data directory.
    pub(super) async fn phase_known(&self, environment: &EnvironmentName) -> Option<PhaseState> {
        let on_screen = {
            let screen = self.screen();
            let reading = screen.reading.as_ref();
            reading.and_then(|reading| reading.state.to_state())
        };
        match on_screen {
            Some(state) => Some(state),
            None => self.last_recorded(environment).await,
        }
    }

    /// The rollback or drill that is open, or the last one of this session until it is put away.
    pub async fn rollback_view(&self) -> Option<RollbackView> {
        self.load_rollback().await;
        let (mut view, act) = {
            let place = self.live();
            let live = place.as_ref()?;
            (live.view(&self.runbook()), live.act())
        };
        if !view.carried_on_here && view.closed_at_ms.is_none() {
            view.carried_on_elsewhere = Lock::take(self.data_dir(), act, &self.environment())
                .is_err_and(|problem| problem.code == Code::Busy);
        }
        Some(view)
    }

    /// Puts a closed one away.
    pub fn dismiss_rollback(&self) {
        let mut place = self.live();
        if place
            .as_ref()
            .is_some_and(|live| !live.state.is_open() && live.unrecorded.is_empty())
        {
            *place = None;
        }
        drop(place);
        self.touch();
    }

    /// Records what a person decided. Go on with [`Self::carry_on_rollback`].
    ///
    /// # Errors
    /// `not_found` when none is open; `busy` while another program carries it on; `invalid_input` (field `step`, `reason`,
    /// `role`, `place`) for what cannot be decided now.
    pub async fn decide_rollback(&self, choice: &RollbackChoice) -> Result<(), Problem> {
        self.load_rollback().await;
        let environment = self.environment();
        let (driven, act) = {
            let place = self.live();
            let live = place.as_ref().filter(|live| live.state.is_open());
            let live = live.ok_or_else(none_open)?;
            (live.is_carried_on(), live.act())
        };
        // What another program carries on is decided there.
        let _mine = if driven {
            None
        } else {
            Some(Lock::take(self.data_dir(), act, &environment)?)
        };
        let events = {
            let place = self.live();
            let live = place.as_ref().ok_or_else(none_open)?;
            events_of(choice, &live.state)?
        };
        self.note(events).await;
        Ok(())
    }

    /// Asks once whether the portal behaves as the phase in force asks.
    ///
    /// # Errors
    /// Why the phase could not be read.
    pub async fn check_safe_state(&self) -> Result<SafeStateView, Problem> {
        let state = self.phase_now().await?;
        let link = self.link(&self.environment()).await?;
        let accounts = self.smoke_accounts(&link, &ACCOUNTS).await;
        let mut probes = Probes::of(state.phase);
        let now = self.now_ms();
        let round = probes.ask(&link, &accounts, Some(&state)).await;
        Ok(SafeStateView {
            phase: state.phase.wire().to_owned(),
            at_ms: now,
            safe: round.agreed,
            standing: probes.standing(None),
            probes: probes.views(),
        })
    }

    /// The newest drill that is over.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn last_drill(&self) -> Result<Option<DrillSummary>, Problem> {
        let environment = self.environment();
        let rows = self
            .inner
            .store
            .rollbacks(&environment, Purpose::Drill, REVIEWS)
            .await;
        let rows = rows.map_err(|error| store_problem(&error))?;
        let newest = rows.into_iter().find(|row| !row.rollback.is_open());
        Ok(newest.map(|row| drill::summary(&row.rollback)))
    }

    /// The rollbacks and drills of a run, oldest first.
    pub(crate) async fn rollbacks_of_run(&self, run: &RunRow) -> Result<Vec<RollbackView>, Problem> {
        let rows = self.inner.store.rollbacks_of_run(&run.id).await;
        let rows = rows.map_err(|error| store_problem(&error))?;
        let label = run_label(run.number);
        let runbook = self.runbook();
        let view = |row: RollbackRow| {
            live::recorded_view(
                &runbook,
                &row.environment,
                Some(label.clone()),
                &row.actor,
                &row.rollback,
            )
        };
        Ok(rows.into_iter().map(view).collect())
    }

    /// Rollbacks that are still to be reviewed, the most urgent first.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn reviews_due(&self) -> Result<Vec<ReviewDue>, Problem> {
        let environment = self.environment();
        let rows = self
            .inner
            .store
            .rollbacks(&environment, Purpose::Rollback, REVIEWS)
            .await;
        let mut due: Vec<ReviewDue> = rows
            .map_err(|error| store_problem(&error))?
            .into_iter()
            .filter(|row| row.rollback.review.is_none())
            .filter_map(|row| {
                Some(ReviewDue {
                    closed_at_ms: row.rollback.at_ms(Split::Closed)?,
                    by_ms: row.rollback.review_by_ms?,
                    rollback_id: row.rollback.id,
                })
            })
            .collect();
        due.sort_by_key(|review| review.by_ms);
        Ok(due)
    }

    /// Writes down that a closed rollback was reviewed, the one that is due soonest where none is named.
    ///
    /// # Errors
    /// `invalid_input` (field `words`); `not_found` when no review is due, or not of that one; `store_*`.
    pub async fn review_rollback(
        &self,
        rollback_id: Option<&str>,
        words: &str,
    ) -> Result<ReviewDue, Problem> {
        let words = given("words", "what came of it", words)?;
        let due = self.reviews_due().await?;
        let wanted = |review: &ReviewDue| rollback_id.is_none_or(|id| review.rollback_id == id);
        let review = due.into_iter().find(wanted).ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "No rollback waits for that review.",
                "Nothing was changed.",
                "The reviews that are due stand under May we advance?",
            )
        })?;
        let environment = self.environment();
        let stored = |error| store_problem(&error);
        let row = self.inner.store.rollback(&environment, &review.rollback_id).await;
        let run_id = row.map_err(stored)?.and_then(|row| row.run_id);
        let by = self.acting(&environment).await;
        let record = Record::RollbackEvent {
            rollback_id: review.rollback_id.clone(),
            at_ms: self.now_ms(),
            event: Event::Reviewed {
                by: by.clone(),
                words,
            },
        };
        self.record(Some(&environment), run_id, &by, record).await?;
        self.load_rollback().await;
        self.touch();
        Ok(review)
    }

    /// Goes on with what a desk that ended left open. A drill that was cut off puts back what it found; one that gave up
    /// is only shown, and a person says when to try again.
    pub(crate) async fn resume_rollback(&self) {
        self.load_rollback().await;
        if self
            .live()
            .as_ref()
            .is_some_and(|live| !live.unrecorded.is_empty())
        {
            self.write_down().await;
        }
        {
            let place = self.live();
            let Some(live) = place
                .as_ref()
                .filter(|live| live.state.is_open() && !live.is_carried_on())
            else {
                return;
            };
            if live.state.opening.purpose == Purpose::Drill && live.state.gave_up.is_some() {
                return;
            }
        }
        // Another program may be at it.
        let act = self.live().as_ref().map_or(Act::Rollback, Live::act);
        match Lock::take(self.data_dir(), act, &self.environment()) {
            Ok(lock) => drop(lock),
            Err(problem) if problem.code == Code::Busy => return,
            Err(problem) => {
                tracing::warn!(code = ?problem.code, "whether a rollback is carried on is not known");
            }
        }
        self.stop_cut_off_drill().await;
        let desk = self.clone();
        tokio::spawn(async move {
            match desk.carry_on_rollback().await {
                Ok(_) => {}
                Err(problem) if problem.code == Code::Busy => {}
                Err(problem) => tracing::warn!(code = ?problem.code, "a rollback could not be carried on"),
            }
        });
    }

    /// A drill that was cut off goes no further, but for putting back what it found.
    async fn stop_cut_off_drill(&self) {
        let cut_off = self.live().as_ref().is_some_and(|live| {
            live.state.opening.purpose == Purpose::Drill
                && live.state.is_open()
                && !live.is_carried_on()
                && live.state.stopped.is_none()
        });
        if cut_off {
            let reason = "The desk ended in the middle of the drill.".to_owned();
            self.note(vec![Event::Stopped { reason }]).await;
        }
    }

    /// Puts back what a drill left that was cut off or gave up, and says how far that came; none where there is none.
    ///
    /// # Errors
    /// `busy` while another program carries it on.
    pub async fn finish_cut_off_drill(&self) -> Result<Option<RollbackView>, Problem> {
        self.load_rollback().await;
        let (drill, gave_up) = {
            let place = self.live();
            let open = place.as_ref().filter(|live| live.state.is_open());
            open.map_or((false, false), |live| {
                let drill = live.state.opening.purpose == Purpose::Drill;
                (drill, live.state.gave_up.is_some())
            })
        };
        if !drill {
            return Ok(None);
        }
        // What another program carries on is its own.
        drop(Lock::take(self.data_dir(), Act::Drill, &self.environment())?);
        self.stop_cut_off_drill().await;
        if gave_up {
            self.note(vec![Event::Again { step: Step::Restore }]).await;
        }
        self.carry_on_rollback().await.map(Some)
    }

    /// Whether a drill still has to put back what it found.
    pub async fn is_drill_cut_off(&self) -> bool {
        self.load_rollback().await;
        let place = self.live();
        let open = place.as_ref().filter(|live| live.state.is_open());
        open.is_some_and(|live| live.state.opening.purpose == Purpose::Drill)
    }

    /// The operator's uid: of who is signed in, else of who was the last time.
    pub async fn operator(&self) -> String {
        let environment = self.environment();
        if self.is_signed_in(&environment, Role::Operator)
            && let Ok(link) = self.link(&environment).await
            && let Ok(session) = self.session(&link, Role::Operator).await
        {
            return session.uid().to_owned();
        }
        self.acting(&environment).await
    }

    /// Takes what the journal has, where this desk does not know better: it carries none on and has nothing unrecorded.
    pub(crate) async fn load_rollback(&self) {
        let environment = self.environment();
        let known = {
            let mut place = self.live();
            match place.as_ref() {
                Some(live) if live.is_carried_on() || !live.unrecorded.is_empty() => return,
                Some(live) if live.environment != environment => {
                    *place = None;
                    None
                }
                Some(live) => Some(live.state.id.clone()),
                None => None,
            }
        };
        let row = match self.row_to_show(&environment, known.as_deref()).await {
            Ok(Some(row)) => row,
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(%error, "an open rollback could not be looked for");
                return;
            }
        };
        let run = match &row.run_id {
            Some(id) => {
                let runs = self.inner.store.runs(&environment).await.unwrap_or_default();
                let run = runs.into_iter().find(|run| run.id == *id);
                run.map(|run| (run.id, run_label(run.number)))
            }
            None => None,
        };
        let clocks = self.clocks();
        let mut place = self.live();
        match place.as_mut() {
            Some(live) if live.is_carried_on() || !live.unrecorded.is_empty() => {}
            Some(live) if live.state.id == row.rollback.id => live.state = row.rollback,
            _ => *place = Some(Live::new(environment, run, row.actor, row.rollback, clocks)),
        }
    }

    /// An open rollback before an open drill, and that before one that is only still on screen.
    async fn row_to_show(
        &self,
        environment: &EnvironmentName,
        known: Option<&str>,
    ) -> Result<Option<RollbackRow>, desk_store::StoreError> {
        let store = &self.inner.store;
        let open = store.open_rollbacks().await?;
        // A drill that gave way is closed by who carries it on, and is not put in the place of what is on screen.
        let gave_way = |rollback: &Rollback| {
            rollback
                .step(Step::Restore)
                .is_some_and(|step| step.progress == Progress::PassedOver)
        };
        let open = open
            .into_iter()
            .filter(|row| row.environment == *environment && (known.is_none() || !gave_way(&row.rollback)));
        // Of equals the first is found: the newest.
        let open = open.min_by_key(|row| row.rollback.opening.purpose == Purpose::Drill);
        match (open, known) {
            (Some(row), _) => Ok(Some(row)),
            (None, Some(id)) => store.rollback(environment, id).await,
            (None, None) => Ok(None),
        }
    }

    /// Takes in what happened, and writes it down.
    async fn note(&self, events: Vec<Event>) {
        self.note_with(events, Vec::new()).await;
    }

    /// Takes in what happened, and writes it down with what else happened, in one go.
    async fn note_with(&self, events: Vec<Event>, others: Vec<Record>) {
        self.hold(events, others);
        self.write_down().await;
    }

    /// Takes in what happened. It is written down with what is noted next: what is about to be done waits for the journal,
    /// what was done needs not, since a desk that ended in between finds its intent recorded and asks what became of it.
    fn hold(&self, events: Vec<Event>, others: Vec<Record>) {
        let at_ms = self.now_ms();
        {
            let mut place = self.live();
            let Some(live) = place.as_mut() else { return };
            if let Some(by_ms) = live.jump(at_ms, self.inner.clock.steady_ms()) {
                live.take(at_ms, Event::ClockJumped { by_ms });
            }
            for event in events {
                live.take(at_ms, event);
            }
            for record in others {
                live.is_to_be_recorded(record);
            }
        }
        self.inner.decided.send_modify(|times| *times += 1);
        self.touch();
    }

    /// Notices when the clock was set.
    async fn notice_clock(&self) {
        let jumped = {
            let now = self.now_ms();
            let mut place = self.live();
            let live = place.as_mut().filter(|live| live.state.is_open());
            live.and_then(|live| live.jump(now, self.inner.clock.steady_ms()))
        };
        if let Some(by_ms) = jumped {
            self.note(vec![Event::ClockJumped { by_ms }]).await;
        }
    }

    /// Writes down what is not in the journal yet, and waits until it is there, but never for long: a journal that cannot be
    /// written keeps nobody from rolling back. What was not written is tried again with what comes next; the strip says so.
    async fn write_down(&self) {
        let desk = self.clone();
        let writing = tokio::spawn(async move { desk.write_pending().await });
        // It goes on in its own time.
        let _late = tokio::time::timeout(JOURNAL_MAY_TAKE, writing).await;
    }

    /// Writes until nothing is left, or it cannot be written.
    async fn write_pending(&self) {
        while self.write_next().await {}
    }

    /// Writes what goes into the journal in one go next; whether there may be more.
    async fn write_next(&self) -> bool {
        let _in_order = self.inner.writing_down.lock().await;
        let next: Vec<Unrecorded> = {
            let place = self.live();
            let unrecorded = place.as_ref().map_or(&[][..], |live| &live.unrecorded);
            let with_first = |one: &&Unrecorded| one.goes_with(&unrecorded[0]);
            unrecorded.iter().take_while(with_first).cloned().collect()
        };
        let Some(Unrecorded {
            environment,
            run_id,
            actor,
            ..
        }) = next.first().cloned()
        else {
            return false;
        };
        let count = next.len();
        let records = next.into_iter().map(|one| one.record).collect();
        let written = self
            .record_all(Some(&environment), run_id.as_deref(), &actor, records)
            .await;
        if written.is_err() {
            return false;
        }
        // Others only add at the end, also those that put another rollback in this one's place.
        if let Some(live) = self.live().as_mut() {
            live.unrecorded.drain(..count);
        }
        self.touch();
        true
    }

    pub(crate) fn live(&self) -> MutexGuard<'_, Option<Live>> {
        // Every change under it is whole before it can panic.
        self.inner.rollback.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn clocks(&self) -> (i64, i64) {
        (self.now_ms(), self.inner.clock.steady_ms())
    }

    fn here(&self, environment: &str) -> Result<EnvironmentName, Problem> {
        let present = self.environment();
        if environment == present.as_str() {
            return Ok(present);
        }
        Err(Problem::invalid(
            "environment",
            format!("The desk points at {present} by now, not at {environment}."),
            "Look again and decide anew.",
        ))
    }
}

/// The note of a rollback that was opened at `at_ms`, by this operator.
fn note_of(opening: &Opening, at_ms: i64, operator: &str) -> String {
    let trigger = opening.trigger.unwrap_or(Trigger::Other).words();
    let words = if opening.reason.is_empty() {
        trigger.to_owned()
    } else {
        format!("{trigger}, {}", opening.reason)
    };
    note(NOTE_WORD, at_ms, opening.incident_id.as_deref(), operator, &words)
}

/// The phase to roll back to: the one named, or one back.
fn target(named: Option<&str>, from: Option<&PhaseState>) -> Result<Phase, Problem> {
    let named = named
        .map(parse_phase)
        .transpose()
        .map_err(|problem| problem.about("to"))?;
    match (named, from) {
        (Some(to), Some(from)) if to >= from.phase => Err(Problem::invalid(
            "to",
            format!(
                "{} is not back from {}, where the portal is.",
                to.label(),
                from.phase.label()
            ),
            "There is nothing to roll back. Check the safe state instead (rollback check).",
        )),
        (Some(Phase::AdminFull), None) => Err(Problem::invalid(
            "to",
            "A rollback goes to Phase 1 or Phase 2.",
            "Name one of them.",
        )),
        (Some(to), _) => Ok(to),
        (None, Some(from)) => one_back(from.phase).ok_or_else(|| {
            Problem::invalid(
                "to",
                format!(
                    "{} is the first: there is nothing to roll back.",
                    from.phase.label()
                ),
                "Check the safe state instead (rollback check).",
            )
        }),
        (None, None) => Err(Problem::new(
            Code::Offline,
            "The phase is not known, so the desk cannot tell which one is one back.",
            "Nothing was sent yet.",
            "Name the phase to roll back to: 1 or 2.",
        )
        .about("to")),
    }
}

/// What a choice is, as events.
fn events_of(choice: &RollbackChoice, state: &Rollback) -> Result<Vec<Event>, Problem> {
    match choice {
        RollbackChoice::Again { step } => {
            let step = step_of(step, state)?;
            let failed = state
                .step(step)
                .is_some_and(|state| state.progress == Progress::Failed);
            if failed || (step == Step::Restore && state.gave_up.is_some()) {
                Ok(vec![Event::Again { step }])
            } else {
                Err(not_now("step", "That step has not failed."))
            }
        }
        RollbackChoice::PassOver { step, reason } => {
            let step = step_of(step, state)?;
            let reason = given("reason", "why", reason)?;
            if state.step(step).is_some_and(may_pass_over) {
                Ok(vec![Event::PassedOver { step, reason }])
            } else {
                Err(not_now("step", "That step cannot be passed over now."))
            }
        }
        RollbackChoice::GoOn => {
            if state.moved.is_some() {
                Ok(vec![Event::WentOn])
            } else {
                Err(not_now("choice", "Nobody else has moved the phase."))
            }
        }
        RollbackChoice::Stop { reason } => Ok(vec![Event::Stopped {
            reason: given("reason", "why", reason)?,
        }]),
        RollbackChoice::UseAccount { role } => {
            let role = Role::from_word(role)
                .filter(|role| role.needs_staff())
                .ok_or_else(|| {
                    Problem::invalid(
                        "role",
                        format!("{role} cannot set the phase."),
                        "Choose a staff account.",
                    )
                })?;
            let failed = state
                .steps
                .iter()
                .find(|state| state.step.sets() && state.progress == Progress::Failed);
            let failed = failed.ok_or_else(|| not_now("role", "No account was refused."))?;
            Ok(vec![
                Event::AccountChosen {
                    account: role.word().to_owned(),
                },
                Event::Again { step: failed.step },
            ])
        }
        RollbackChoice::Announced { place } => {
            let place = given("place", "where", place)?;
            let step = Step::Announce;
            if state.step(step).is_some_and(may_pass_over) {
                let found = format!("Staff were told: {place}.");
                Ok(vec![Event::Started { step }, Event::Done { step, found }])
            } else {
                Err(not_now("step", "There is nothing to announce now."))
            }
        }
    }
}

fn step_of(id: &str, state: &Rollback) -> Result<Step, Problem> {
    Step::from_id(id)
        .filter(|step| state.step(*step).is_some())
        .ok_or_else(|| not_now("step", "There is no such step."))
}

/// Something that a person must say.
fn given(field: &str, what: &str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::invalid(
            field,
            format!("It is missing {what}."),
            format!("Say {what}, in a word or two."),
        ));
    }
    Ok(text.to_owned())
}

fn not_now(field: &str, message: &str) -> Problem {
    Problem::invalid(field, message, "Look at where the rollback is.")
}

fn already_open() -> Problem {
    Problem::new(
        Code::Busy,
        "A rollback or a drill is open already.",
        "That one goes on; no other was opened.",
        "Go on with it, or stop it first.",
    )
}

fn none_open() -> Problem {
    Problem::new(
        Code::NotFound,
        "No rollback is open.",
        "Nothing was changed.",
        "Open one.",
    )
}
