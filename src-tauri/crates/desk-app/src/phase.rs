//! The phase selector: reading the rollout, saving a phase, finding out what became of a save.

use crate::{
    convert::{change_view, direction_word},
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    problem::{read_problem, save_problem, store_problem},
    time::when,
    view::{
        ChangeOutcomeView, ChangeStage, ChangeView, ConnectionState, MovedView, PhaseStateView, ReadingView,
        RequestView, SaveRequest, SettlingView,
    },
};
use desk_core::{
    EnvironmentKind, EnvironmentName, Phase, PhaseState, Role,
    phase::{Answer, Direction, Finding, NOTE_LIMIT, Sent, find_out, judge_answer, note_length},
    record::{ChangeOutcome, Record, RequestRef},
};
use desk_portal::{Answered, Caller, Exchange, Outcome, Session, wire};
use desk_store::{Access, PhaseChangeRow, StoreError};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// How long after sending a lost write can still arrive: the hosting platform ends a call after 60 s.
const PLATFORM_CUT_MS: i64 = 60_000;
/// Between two questions about an unknown outcome, or while instances settle.
const ASK_EVERY: Duration = Duration::from_secs(2);
/// Right after a save: the first reading comes at once, the others after these pauses.
const READ_BACK_AFTER: [Duration; 3] = [
    Duration::ZERO,
    Duration::from_millis(400),
    Duration::from_millis(1_200),
];
/// Between two readings while all is well, and while the portal is away.
const REFRESH_EVERY: Duration = Duration::from_secs(30);
const RETRY_EVERY: Duration = Duration::from_secs(5);
/// Between two looks whether a backup is due and old requests are to go.
const TEND_EVERY_MS: i64 = 60 * 60 * 1000;
/// A change without a conclusion that is older than this was cut off, not merely slow.
const CUT_OFF_AFTER_MS: i64 = 120_000;

/// A save of this desk, while what became of it is being found out.
pub(crate) struct Pending {
    change_id: String,
    run_id: Option<String>,
    from: PhaseState,
    to: Phase,
    note: Option<String>,
    actor: String,
    started_at_ms: i64,
    acknowledged: Option<(i64, PhaseState)>,
    requests: Vec<RequestRef>,
    /// Answers since the acknowledgement that still gave the save before.
    outdated: u32,
    /// When the last of them came.
    outdated_until_ms: Option<i64>,
}

impl Pending {
    fn sent(&self) -> Sent<'_> {
        Sent {
            from: &self.from,
            to: self.to,
            note: self.note.as_deref(),
            actor: &self.actor,
            acknowledged: self.acknowledged.as_ref().map(|(_, state)| state),
        }
    }

    /// Whether what the portal says is this save.
    fn made(&self, seen: &PhaseState) -> bool {
        find_out(&self.sent(), seen) == Finding::Applied
    }

    fn note_request(&mut self, exchange: &Exchange) {
        self.requests.push(RequestRef {
            route: exchange.route.name().to_owned(),
            request_id: exchange.support_id().to_owned(),
            status: exchange.status,
            at_ms: exchange.at_ms,
            duration_ms: u64::try_from(exchange.duration.as_millis()).unwrap_or(u64::MAX),
        });
    }

    /// A save as the screen has it, which is all there is of one that could not be recorded.
    fn of_view(change: &ChangeView) -> Option<Self> {
        let state = change.state.as_ref().and_then(PhaseStateView::to_state);
        Some(Self {
            change_id: change.change_id.clone(),
            run_id: None,
            from: change.from.to_state()?,
            to: Phase::from_wire(&change.to)?,
            note: change.note.clone(),
            actor: change.actor.clone(),
            started_at_ms: change.started_at_ms,
            acknowledged: change.acknowledged_at_ms.zip(state),
            requests: change.requests.iter().map(RequestRef::from).collect(),
            outdated: 0,
            outdated_until_ms: None,
        })
    }
}

impl From<&PhaseChangeRow> for Pending {
    fn from(row: &PhaseChangeRow) -> Self {
        Self {
            change_id: row.change_id.clone(),
            run_id: row.run_id.clone(),
            from: row.from.clone(),
            to: row.to,
            note: row.note.clone(),
            actor: row.actor.clone(),
            started_at_ms: row.started_at_ms,
            acknowledged: row.acknowledged_at_ms.zip(row.state.clone()),
            requests: row.requests.clone(),
            outdated: 0,
            outdated_until_ms: None,
        }
    }
}

/// What asking about a save has come to.
enum Found {
    Concluded,
    NotYet,
}

/// What the reply to a save says about its fate.
pub(crate) enum Fate {
    Acknowledged(PhaseState),
    Refused,
    NotSent,
    Unknown,
}

/// Judges the reply to a save. Whatever does not prove that nothing happened is unknown.
pub(crate) fn fate(to: Phase, exchange: &Exchange, state: Option<PhaseState>) -> Fate {
    match (state, &exchange.outcome) {
        (Some(state), _) if state.phase == to => Fate::Acknowledged(state),
        (Some(_), _) => Fate::Unknown,
        (None, outcome) if outcome.leaves_unknown() => Fate::Unknown,
        (None, Outcome::Unreachable { .. } | Outcome::Tls { .. } | Outcome::NotRenewed { .. }) => {
            Fate::NotSent
        }
        (None, _) => Fate::Refused,
    }
}

impl Desk {
    /// Reads the phase as the operator and shows it.
    ///
    /// # Errors
    /// Why it could not be read; the screen shows the same.
    pub async fn refresh_phase(&self) -> Result<ReadingView, Problem> {
        let environment = self.environment();
        self.update_at(&environment, |screen| screen.connection.asking = true);
        let result = self.read_and_take(&environment, "refresh").await;
        self.note_connection(&environment, result.as_ref().err());
        result
    }

    async fn read_and_take(
        &self,
        environment: &EnvironmentName,
        purpose: &str,
    ) -> Result<ReadingView, Problem> {
        let link = self.link(environment).await?;
        let Answered { data: seen, exchange } = self.read(&link, purpose).await?;
        Ok(self.take(&link, &seen, exchange.support_id().to_owned()).await)
    }

    /// One reading as the operator.
    async fn read(&self, link: &Link, purpose: &str) -> Result<Answered<PhaseState>, Problem> {
        let session = self.session(link, Role::Operator).await?;
        let answer = link
            .portal
            .ask(&wire::RolloutGet {}, Caller::As(&session), purpose)
            .await;
        match answer {
            Ok(answer) => Ok(answer),
            Err(exchange) => {
                let problem = read_problem(&exchange);
                if problem.code == Code::SignedOut {
                    // What is kept may have been renewed meanwhile, by the command line for instance.
                    self.replace_session(link, Role::Operator, None).await;
                }
                Err(problem)
            }
        }
    }

    /// Shows whether the portal answers.
    pub(crate) fn note_connection(&self, environment: &EnvironmentName, problem: Option<&Problem>) {
        let state = match problem.map(|problem| problem.code) {
            None => ConnectionState::Online,
            Some(
                Code::SignedOut | Code::WrongIdentity | Code::KeychainLocked | Code::KeychainUnavailable,
            ) => ConnectionState::SignedOut,
            Some(Code::Offline) => ConnectionState::Offline,
            Some(_) => ConnectionState::Faulty,
        };
        let now = self.now_ms();
        self.update_at(environment, |screen| {
            let connection = &mut screen.connection;
            if connection.state != state {
                connection.state = state;
                connection.since_ms = now;
            }
            connection.asking = false;
            connection.problem = problem.cloned();
        });
    }

    /// Takes an answer into the screen: the same save, somebody's move, or an outdated instance.
    pub(crate) async fn take(&self, link: &Link, seen: &PhaseState, request_id: String) -> ReadingView {
        let now = self.now_ms();
        let recorded = self.last_recorded(&link.environment).await;
        let (shown, mut known_since_ms, news) = {
            let screen = self.screen();
            // The desk may point elsewhere by now, where another phase is shown.
            if screen.environment == link.environment {
                let shown = screen.reading.as_ref();
                let shown = shown.and_then(|reading| reading.state.to_state());
                (shown, screen.first_seen_ms, screen.recorded != recorded)
            } else {
                (None, now, false)
            }
        };
        let newest_recorded = recorded.as_ref().map(|state| state.updated_at_ms);
        let known = if news && newest_recorded > shown.as_ref().map(|state| state.updated_at_ms) {
            // Another desk on this data directory has seen a newer save meanwhile.
            known_since_ms = if shown.is_some() { now } else { known_since_ms };
            recorded.clone()
        } else {
            shown
        };
        let answer = known.as_ref().map_or(Answer::Same, |known| {
            judge_answer(known, seen, now - known_since_ms, link.phase_cache_ms)
        });
        let state = match (answer, &known) {
            (Answer::Outdated, Some(known)) => known,
            _ => seen,
        };
        if let (Answer::Moved, Some(known)) = (answer, known.as_ref())
            && !self.is_ours(link, seen).await
        {
            if recorded.as_ref() != Some(seen) {
                let record = Record::PhaseMovedElsewhere {
                    from: Some(known.clone()),
                    to: seen.clone(),
                };
                // What the portal says is shown whether or not it could be recorded; `record` shows that it was not.
                let _shown = self.record(Some(&link.environment), None, "desk", record).await;
            }
            let moved = MovedView {
                from: known.into(),
                to: seen.into(),
                noticed_at_ms: now,
            };
            self.update_at(&link.environment, |screen| screen.moved = Some(moved));
        }
        let view = ReadingView {
            state: state.into(),
            ever_set: state.ever_set(),
            read_at_ms: now,
            request_id,
        };
        self.update_at(&link.environment, |screen| {
            if screen.reading.as_ref().map(|reading| &reading.state) != Some(&view.state) {
                screen.first_seen_ms = now;
            }
            screen.reading = Some(view.clone());
            screen.recorded = recorded;
        });
        view
    }

    /// What any desk on this data directory last knew of the phase.
    pub(crate) async fn last_recorded(&self, environment: &EnvironmentName) -> Option<PhaseState> {
        let recorded = self.inner.store.last_seen_phase(environment).await;
        // Without the store the portal's answers still count, so that the phase can be seen and moved back.
        recorded.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was last known of the phase could not be read");
            None
        })
    }

    /// Whether what the portal says is a save of this data directory's desks, of which it was not known yet what
    /// became of it.
    async fn is_ours(&self, link: &Link, seen: &PhaseState) -> bool {
        let on_screen = self.screen().change.as_ref().is_some_and(|change| {
            let may_be = matches!(
                change.outcome,
                None | Some(ChangeOutcomeView::Unknown | ChangeOutcomeView::Confirmed)
            );
            may_be && Pending::of_view(change).is_some_and(|pending| pending.made(seen))
        });
        let of_rollback = self.live().as_ref().is_some_and(|live| live.made(seen));
        if on_screen || of_rollback {
            return true;
        }
        match self.inner.store.unresolved_changes(&link.environment).await {
            Ok(rows) => rows.iter().any(|row| Pending::from(row).made(seen)),
            Err(error) => {
                tracing::warn!(%error, "unfinished changes could not be read");
                false
            }
        }
    }

    /// The operator has seen that somebody moved the phase.
    pub fn acknowledge_move(&self) {
        self.update(|screen| screen.moved = None);
    }

    /// Puts a change away. One whose outcome is not known stays on screen until it is.
    pub fn dismiss_change(&self) {
        self.update(|screen| {
            let known =
                |change: &ChangeView| !matches!(change.outcome, None | Some(ChangeOutcomeView::Unknown));
            if screen.change.as_ref().is_some_and(known) {
                screen.change = None;
            }
        });
    }

    /// Asks now instead of at the next interval.
    pub fn ask_now(&self) {
        self.inner.asked.send_modify(|times| *times += 1);
    }

    /// Saves a phase: reads again, refuses if somebody moved it, records the decision, sends it, reads it back.
    ///
    /// What came of it stands in the view's `outcome`, an error means that nothing was sent. When the outcome is
    /// not known yet, or the portal's instances must settle, go on with [`Self::follow`].
    ///
    /// # Errors
    /// `phase_moved`, `basis_changed`, `gate_not_go`, `invalid_input`, `confirmation_needed`, `busy`, `offline`, `signed_out`, `bad_reply`, `stopped`,
    /// `store_*` (moving forward only: a full disk never keeps anybody from moving back).
    pub async fn save_phase(&self, request: SaveRequest) -> Result<ChangeView, Problem> {
        let Ok(_one_at_a_time) = self.inner.saving.try_lock() else {
            return Err(Problem::new(
                Code::Busy,
                "A phase is being saved already.",
                "That save goes on; this one was not sent.",
                "Wait for its outcome.",
            ));
        };
        let environment = self.environment();
        if request.environment != environment.as_str() {
            return Err(Problem::invalid(
                "environment",
                format!(
                    "The desk points at {environment} by now, not at {}.",
                    request.environment
                ),
                "Look again and decide anew.",
            ));
        }
        let to = Phase::from_wire(&request.to).ok_or_else(|| unknown_phase(&request.to))?;
        let expected = request
            .expected
            .to_state()
            .ok_or_else(|| unknown_phase(&request.expected.phase))?;
        let note = checked_note(&request.note)?;
        let link = self.link(&environment).await?;
        if link.kind == EnvironmentKind::Live
            && Direction::of(expected.phase, to) == Direction::Forward
            && request.confirm.as_deref().map(str::trim) != Some(environment.as_str())
        {
            return Err(Problem::new(
                Code::ConfirmationNeeded,
                format!("This opens the live library of {environment} further."),
                "Nothing was sent; the rollout is unchanged.",
                format!("Type {environment} to confirm."),
            )
            .about("confirm"));
        }

        let mut change = self.begin(&request, &expected, to, note.as_deref());
        self.show_change(&environment, &change);
        let rereading = {
            let (desk, link, expected) = (self.clone(), Arc::clone(&link), expected.clone());
            async move { desk.reread(&link, &expected).await }
        };
        let result = self.unless_stopped(rereading).await.flatten();
        let (session, from, reread) = match result {
            Ok(reread) => reread,
            Err(problem) => {
                self.update_at(&environment, |screen| screen.change = None);
                if matches!(problem.code, Code::Offline | Code::SignedOut | Code::BadReply) {
                    self.note_connection(&environment, Some(&problem));
                }
                return Err(problem);
            }
        };
        session.uid().clone_into(&mut change.actor);

        let direction = Direction::of(from.phase, to);
        let basis = match self.earned(direction, &request).await {
            Ok(basis) => basis,
            Err(problem) => {
                self.update_at(&environment, |screen| screen.change = None);
                return Err(problem);
            }
        };
        let run = match self.run_for(&link, session.uid()).await {
            Ok(run) => Some(run),
            Err(_) if direction == Direction::Back => None,
            Err(problem) => {
                self.update_at(&environment, |screen| screen.change = None);
                return Err(problem);
            }
        };
        change.run = run.as_ref().map(|(_, label)| label.clone());
        change.override_reason = basis.as_ref().and_then(|basis| basis.override_reason.clone());
        let mut pending = Pending {
            change_id: change.change_id.clone(),
            run_id: run.map(|(id, _)| id),
            from: from.clone(),
            to,
            note: note.clone(),
            actor: session.uid().to_owned(),
            started_at_ms: self.now_ms(),
            acknowledged: None,
            requests: Vec::new(),
            outdated: 0,
            outdated_until_ms: None,
        };
        pending.note_request(&reread);
        let started = Record::PhaseChangeStarted {
            change_id: pending.change_id.clone(),
            from,
            to,
            note: note.clone(),
            direction,
            incident_id: change.incident_id.clone(),
            override_reason: change.override_reason.clone(),
            basis: basis.map(|basis| basis.digest),
        };
        let recorded = self
            .record(Some(&environment), pending.run_id.clone(), session.uid(), started)
            .await;
        match recorded {
            Ok(()) => {}
            // Rolling back is always possible: the strip says that it goes unrecorded.
            Err(_) if direction == Direction::Back => {}
            Err(problem) => {
                self.update_at(&environment, |screen| screen.change = None);
                return Err(problem);
            }
        }

        change.stage = ChangeStage::Sending;
        change.started_at_ms = pending.started_at_ms;
        self.show_change(&environment, &change);
        let set = wire::RolloutSet { phase: to, note };
        let (exchange, state) = match link.portal.ask(&set, Caller::As(&session), "save phase").await {
            Ok(answer) => (answer.exchange, Some(answer.data)),
            Err(exchange) => (*exchange, None),
        };
        pending.note_request(&exchange);
        match fate(to, &exchange, state) {
            Fate::Acknowledged(state) => {
                let at = self.now_ms();
                change.acknowledged_at_ms = Some(at);
                change.state = Some((&state).into());
                change.stage = ChangeStage::ReadingBack;
                pending.acknowledged = Some((at, state));
            }
            Fate::Refused => {
                if matches!(exchange.outcome, Outcome::NotStaff { .. }) {
                    // Claims travel in the token: one granted meanwhile counts from the next sign-in.
                    self.replace_session(&link, Role::Operator, None).await;
                }
                return Ok(self
                    .conclude(
                        &link,
                        &mut change,
                        &mut pending,
                        ChangeOutcome::Refused,
                        Some(save_problem(&exchange)),
                    )
                    .await);
            }
            Fate::NotSent => {
                return Ok(self
                    .conclude(
                        &link,
                        &mut change,
                        &mut pending,
                        ChangeOutcome::NotSent,
                        Some(save_problem(&exchange)),
                    )
                    .await);
            }
            Fate::Unknown => {
                change.stage = ChangeStage::AskingOutcome;
                change.problem = Some(unknown_outcome(&exchange));
            }
        }
        change.requests = pending.requests.iter().map(RequestView::from).collect();
        self.show_change(&environment, &change);

        let mut asked = self.inner.asked.subscribe();
        for time in READ_BACK_AFTER {
            Self::pause(&mut asked, time).await;
            match self.find_out_once(&link, &mut change, &mut pending).await {
                Ok(Found::Concluded) => return Ok(change),
                Ok(Found::NotYet) => {}
                // A portal that does not answer now must not keep anybody from saving again: from going back.
                Err(_shown) => break,
            }
        }
        let problem = change.problem.clone().unwrap_or_else(|| {
            Problem::new(
                Code::TimeoutUnknownOutcome,
                "The portal acknowledged the save, but it has not been read back yet.",
                "The phase is being changed; some answers may still come from before.",
                "The desk keeps asking.",
            )
        });
        Ok(self
            .conclude(
                &link,
                &mut change,
                &mut pending,
                ChangeOutcome::Unknown,
                Some(problem),
            )
            .await)
    }

    fn begin(
        &self,
        request: &SaveRequest,
        expected: &PhaseState,
        to: Phase,
        note: Option<&str>,
    ) -> ChangeView {
        ChangeView {
            change_id: uuid::Uuid::now_v7().to_string(),
            from: expected.into(),
            to: to.wire().to_owned(),
            note: note.map(str::to_owned),
            direction: direction_word(Direction::of(expected.phase, to)).to_owned(),
            actor: String::new(),
            run: None,
            incident_id: request
                .incident_id
                .as_deref()
                .map(str::trim)
                .filter(|id| !id.is_empty())
                .map(str::to_owned),
            override_reason: None,
            started_at_ms: self.now_ms(),
            stage: ChangeStage::Rereading,
            outcome: None,
            state: None,
            acknowledged_at_ms: None,
            read_back_at_ms: None,
            requests: Vec::new(),
            settling: None,
            problem: None,
        }
    }

    fn show_change(&self, environment: &EnvironmentName, change: &ChangeView) {
        self.update_at(environment, |screen| screen.change = Some(change.clone()));
    }

    /// Shows the change if it is the one on screen, and not one that was put away or overtaken by a newer one.
    fn update_change(&self, environment: &EnvironmentName, change: &ChangeView) {
        self.update_at(environment, |screen| {
            if screen
                .change
                .as_ref()
                .is_some_and(|shown| shown.change_id == change.change_id)
            {
                screen.change = Some(change.clone());
            }
        });
    }

    /// Reads before writing: refuses when somebody moved the phase since the screen was filled.
    async fn reread(
        &self,
        link: &Link,
        expected: &PhaseState,
    ) -> Result<(Session, PhaseState, Exchange), Problem> {
        let session = self.session(link, Role::Operator).await?;
        let Answered { data: seen, exchange } = self.read(link, "reread before save").await?;
        let request_id = exchange.support_id().to_owned();
        let known = self.take(link, &seen, request_id).await.state;
        // What the desk knows, not what this instance said: it may answer with a save from before.
        match known.to_state() {
            Some(known) if known != *expected => Err(self.phase_moved(expected, &known)),
            _ => Ok((session, expected.clone(), exchange)),
        }
    }

    fn phase_moved(&self, expected: &PhaseState, seen: &PhaseState) -> Problem {
        let by = seen.updated_by_uid.as_deref().unwrap_or("nobody");
        let at = if seen.ever_set() {
            when(seen.updated_at_ms, self.zone())
        } else {
            "never".to_owned()
        };
        let what = if seen.phase == expected.phase {
            format!("{} was saved again", self.phase_words(seen.phase))
        } else {
            format!(
                "{} became {}",
                self.phase_words(expected.phase),
                self.phase_words(seen.phase)
            )
        };
        Problem::new(
            Code::PhaseMoved,
            format!("Somebody else has moved since: {what}, by {by} at {at}."),
            "Your save was not sent; the rollout is as they left it.",
            "Look at what changed, then decide anew. Your note is kept.",
        )
        .about("phase")
    }

    /// Asks once what became of a save.
    ///
    /// # Errors
    /// Why the portal could not be read; the screen shows the same.
    async fn find_out_once(
        &self,
        link: &Link,
        change: &mut ChangeView,
        pending: &mut Pending,
    ) -> Result<Found, Problem> {
        let asked_at_ms = self.now_ms();
        let Answered { data: seen, exchange } = match self.read(link, "read back").await {
            Ok(reading) => reading,
            Err(problem) => {
                self.note_connection(&link.environment, Some(&problem));
                return Err(problem);
            }
        };
        self.note_connection(&link.environment, None);
        pending.note_request(&exchange);
        let request_id = exchange.support_id().to_owned();
        let outcome = match find_out(&pending.sent(), &seen) {
            Finding::Applied => Some(ChangeOutcome::Confirmed),
            Finding::Overtaken => Some(ChangeOutcome::Overtaken),
            Finding::NotYet => {
                let cache = i64::try_from(link.phase_cache_ms).unwrap_or(i64::MAX);
                let deadline = match &pending.acknowledged {
                    Some((at, _)) => at.saturating_add(cache),
                    None => pending
                        .started_at_ms
                        .saturating_add(PLATFORM_CUT_MS)
                        .saturating_add(cache),
                };
                if pending.acknowledged.is_some() {
                    pending.outdated += 1;
                    pending.outdated_until_ms = Some(self.now_ms());
                }
                // An answer given before the deadline says nothing about the time after it.
                (asked_at_ms > deadline).then_some(ChangeOutcome::NotApplied)
            }
        };
        let Some(outcome) = outcome else {
            change.requests = pending.requests.iter().map(RequestView::from).collect();
            self.update_change(&link.environment, change);
            return Ok(Found::NotYet);
        };
        change.state = Some((&seen).into());
        self.conclude(
            link,
            change,
            pending,
            outcome,
            conclusion_problem(outcome, &seen, &self.phase_words(seen.phase)),
        )
        .await;
        // What became of it is recorded by now, so this never takes ours for somebody else's move.
        self.take(link, &seen, request_id).await;
        Ok(Found::Concluded)
    }

    /// Records what came of a save and shows it.
    async fn conclude(
        &self,
        link: &Link,
        change: &mut ChangeView,
        pending: &mut Pending,
        outcome: ChangeOutcome,
        problem: Option<Problem>,
    ) -> ChangeView {
        let now = self.now_ms();
        let state = match outcome {
            ChangeOutcome::Confirmed | ChangeOutcome::Overtaken | ChangeOutcome::NotApplied => {
                change.state.as_ref().and_then(PhaseStateView::to_state)
            }
            _ => pending.acknowledged.as_ref().map(|(_, state)| state.clone()),
        };
        let record = Record::PhaseChangeConcluded {
            change_id: pending.change_id.clone(),
            outcome,
            state,
            requests: pending.requests.clone(),
            acknowledged_at_ms: pending.acknowledged.as_ref().map(|(at, _)| *at),
            reason: problem.as_ref().map(|problem| problem.message.clone()),
        };
        // A conclusion that could not be recorded is still shown: it is what the portal says. The strip says the rest.
        let _shown = self
            .record(
                Some(&link.environment),
                pending.run_id.clone(),
                &pending.actor,
                record,
            )
            .await;
        change.outcome = Some(outcome.into());
        change.problem = problem;
        change.requests = pending.requests.iter().map(RequestView::from).collect();
        change.stage = match outcome {
            ChangeOutcome::Confirmed => ChangeStage::Settling,
            ChangeOutcome::Unknown => ChangeStage::AskingOutcome,
            _ => ChangeStage::Done,
        };
        if outcome == ChangeOutcome::Confirmed {
            change.read_back_at_ms = Some(now);
            let agreed_since_ms = pending
                .outdated_until_ms
                .or(change.acknowledged_at_ms)
                .unwrap_or(now);
            change.settling = Some(SettlingView {
                answers: pending.outdated + 1,
                outdated: pending.outdated,
                settles_at_ms: agreed_since_ms
                    .saturating_add(i64::try_from(link.phase_cache_ms).unwrap_or(i64::MAX)),
                settled_at_ms: None,
            });
        }
        self.update_change(&link.environment, change);
        change.clone()
    }

    /// Asks what became of a change until it is known, or until a newer change takes its place on screen.
    ///
    /// # Errors
    /// `not_found` when there is no such change; `store_*`.
    pub async fn find_out(&self, change_id: &str) -> Result<ChangeView, Problem> {
        let environment = self.environment();
        let link = self.link(&environment).await?;
        let rows = self.history_rows(&environment).await?;
        let row = rows.into_iter().find(|row| row.change_id == change_id);
        let shown = self
            .screen()
            .change
            .clone()
            .filter(|change| change.change_id == change_id);
        let Some(mut change) = shown.or_else(|| row.as_ref().map(|row| change_view(row, None))) else {
            return Err(no_change(change_id));
        };
        let pending = row.as_ref().map(Pending::from);
        let Some(mut pending) = pending.or_else(|| Pending::of_view(&change)) else {
            return Ok(change);
        };
        let mut asked = self.inner.asked.subscribe();
        while change.outcome == Some(ChangeOutcomeView::Unknown) {
            if let Ok(Found::Concluded) = self.find_out_once(&link, &mut change, &mut pending).await {
                break;
            }
            Self::pause(&mut asked, ASK_EVERY).await;
            if self.environment() != environment || self.superseded(change_id) {
                break;
            }
        }
        Ok(change)
    }

    /// Goes on with a change until nothing more is to be learnt: finds out what became of it, then watches until every
    /// answer has agreed for longer than the portal's phase cache. Ends early when a newer change takes its place.
    ///
    /// # Errors
    /// As [`Self::find_out`].
    pub async fn follow(&self, change_id: &str) -> Result<ChangeView, Problem> {
        let mut change = self.find_out(change_id).await?;
        let link = self.link(&self.environment()).await?;
        self.settle(&link, &mut change).await;
        Ok(change)
    }

    /// Whether another change is on screen by now.
    fn superseded(&self, change_id: &str) -> bool {
        self.screen()
            .change
            .as_ref()
            .is_some_and(|shown| shown.change_id != change_id)
    }

    /// Watches the answers after a confirmed change until they have agreed for longer than the phase cache.
    async fn settle(&self, link: &Link, change: &mut ChangeView) {
        let Some(confirmed) = change.state.as_ref().and_then(PhaseStateView::to_state) else {
            return;
        };
        let cache = i64::try_from(link.phase_cache_ms).unwrap_or(i64::MAX);
        let mut asked = self.inner.asked.subscribe();
        while change.stage == ChangeStage::Settling {
            Self::pause(&mut asked, ASK_EVERY).await;
            let gone = {
                let screen = self.screen();
                screen.environment != link.environment
                    || screen
                        .change
                        .as_ref()
                        .is_none_or(|shown| shown.change_id != change.change_id)
            };
            if gone {
                return;
            }
            let asked_at_ms = self.now_ms();
            let Answered { data: seen, exchange } = match self.read(link, "watch until settled").await {
                Ok(answer) => answer,
                Err(problem) => {
                    self.note_connection(&link.environment, Some(&problem));
                    continue;
                }
            };
            self.note_connection(&link.environment, None);
            let now = self.now_ms();
            let Some(settling) = change.settling.as_mut() else {
                return;
            };
            settling.answers += 1;
            if confirmed.same_save(&seen) {
                if asked_at_ms >= settling.settles_at_ms {
                    settling.settled_at_ms = Some(now);
                    change.stage = ChangeStage::Done;
                }
            } else if seen.updated_at_ms < confirmed.updated_at_ms {
                settling.outdated += 1;
                settling.settles_at_ms = now.saturating_add(cache);
            } else {
                // Somebody saved since: ours was in force, and no longer is.
                change.stage = ChangeStage::Done;
            }
            self.take(link, &seen, exchange.support_id().to_owned()).await;
            self.update_change(&link.environment, change);
        }
    }

    /// Waits for so long, or until somebody asks now. `asked` must have been subscribed to before what is waited after
    /// was begun, so that no question in between is missed.
    async fn pause(asked: &mut watch::Receiver<u64>, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            // The sender lives as long as the desk, so this never ends with an error.
            _ = asked.changed() => {}
        }
    }

    /// Finds out what became of changes that were cut off: by a crash, or by a command that ended before it knew.
    /// Returns the one on which the desk should go on asking. Only the owner of the data directory does this.
    ///
    /// # Errors
    /// Why the portal could not be read; `store_*`.
    pub async fn tidy(&self) -> Result<Option<ChangeView>, Problem> {
        let access = self.inner.store.try_become_owner().await;
        if access.map_err(|error| store_problem(&error))? == Access::Guest {
            return Ok(None);
        }
        let environment = self.environment();
        let rows = self.inner.store.unresolved_changes(&environment).await;
        let now = self.now_ms();
        let shown = self
            .screen()
            .change
            .as_ref()
            .map(|change| change.change_id.clone());
        let cut_off: Vec<_> = rows
            .map_err(|error| store_problem(&error))?
            .into_iter()
            .filter(|row| Some(&row.change_id) != shown.as_ref() && !self.is_being_confirmed(&row.change_id))
            .filter(|row| row.outcome.is_some() || now - row.started_at_ms > CUT_OFF_AFTER_MS)
            .collect();
        if cut_off.is_empty() {
            return Ok(None);
        }
        let link = self.link(&environment).await?;
        let mut open = None;
        for row in &cut_off {
            let mut change = change_view(row, None);
            let mut pending = Pending::from(row);
            let found = self.find_out_once(&link, &mut change, &mut pending).await;
            if !matches!(found, Ok(Found::Concluded)) {
                change.stage = ChangeStage::AskingOutcome;
                open.get_or_insert(change);
            }
        }
        Ok(open)
    }

    /// Whether a rollback that is carried on here is about to read this change back.
    fn is_being_confirmed(&self, change_id: &str) -> bool {
        let place = self.live();
        place.as_ref().is_some_and(|live| live.is_confirming(change_id))
    }

    /// Keeps the screen true: reads at once, then every 30 s (every 5 s while the portal is away), whenever somebody
    /// asks, and goes on with what was left unfinished. Runs until the desk is dropped.
    pub async fn watch(&self) {
        let mut checked: Option<EnvironmentName> = None;
        // Opening did it already; a window may stay open for days.
        let mut tend_at = self.now_ms() + TEND_EVERY_MS;
        let mut asked = self.inner.asked.subscribe();
        loop {
            asked.mark_unchanged();
            if self.now_ms() >= tend_at {
                tend_at = self.now_ms() + TEND_EVERY_MS;
                match self.inner.store.tend().await {
                    // A guest leaves it to the owner.
                    Ok(()) | Err(StoreError::NotOwner) => {}
                    Err(error) => tracing::error!(%error, "the daily backup and tidying did not go through"),
                }
            }
            let environment = self.environment();
            // A portal that hangs must not keep the desk from asking the one it points at next.
            self.update_at(&environment, |screen| screen.connection.asking = true);
            let reading = {
                let (desk, environment) = (self.clone(), environment.clone());
                async move { desk.read_and_take(&environment, "refresh").await }
            };
            let read = tokio::select! {
                read = self.unless_stopped(reading) => read.flatten(),
                () = self.has_left(&environment, &mut asked) => continue,
            };
            let online = match read {
                Ok(_) => {
                    self.note_connection(&environment, None);
                    true
                }
                Err(problem) if problem.code == Code::Stopped => {
                    self.update_at(&environment, |screen| screen.connection.asking = false);
                    false
                }
                Err(problem) => {
                    self.note_connection(&environment, Some(&problem));
                    false
                }
            };
            // With backoff of its own, also while the operator's reading does not come through.
            self.resume_rollback().await;
            if online {
                if checked.as_ref() != Some(&environment) {
                    match self.look_at_identity(Role::Operator).await {
                        Ok(_) => checked = Some(environment.clone()),
                        Err(problem) => {
                            tracing::warn!(code = ?problem.code, "the operator could not be checked");
                        }
                    }
                }
                self.resume().await;
                // Verdicts grow stale by themselves, and with every change of the phase.
                if let Err(problem) = self.show_metrics().await {
                    tracing::warn!(code = ?problem.code, "the metrics could not be shown");
                }
            }
            let wait = if online { REFRESH_EVERY } else { RETRY_EVERY };
            let next = self.now_ms() + i64::try_from(wait.as_millis()).unwrap_or(0);
            self.update_at(&environment, |screen| screen.connection.next_ask_ms = Some(next));
            Self::pause(&mut asked, wait).await;
        }
    }

    /// Waits until the desk points elsewhere.
    async fn has_left(&self, environment: &EnvironmentName, asked: &mut watch::Receiver<u64>) {
        while self.environment() == *environment && asked.changed().await.is_ok() {}
    }

    /// Goes on with what was left unfinished.
    async fn resume(&self) {
        self.clean_up_in_background();
        match self.tidy().await {
            Ok(Some(change)) if self.screen().change.is_none() => {
                let id = change.change_id.clone();
                self.show_change(&self.environment(), &change);
                let desk = self.clone();
                tokio::spawn(async move {
                    if let Err(problem) = desk.follow(&id).await {
                        tracing::warn!(code = ?problem.code, "an unfinished change could not be followed");
                    }
                });
            }
            Ok(_) => {}
            Err(problem) => tracing::warn!(code = ?problem.code, "unfinished changes could not be looked at"),
        }
    }
}

fn checked_note(note: &str) -> Result<Option<String>, Problem> {
    let note = note.trim();
    let length = note_length(note);
    if length > NOTE_LIMIT {
        return Err(Problem::invalid(
            "note",
            format!("The note has {length} characters; the portal takes {NOTE_LIMIT}."),
            format!("Shorten it by {}.", length - NOTE_LIMIT),
        ));
    }
    Ok((!note.is_empty()).then(|| note.to_owned()))
}

fn unknown_phase(name: &str) -> Problem {
    Problem::invalid(
        "phase",
        format!("There is no phase {name:?}."),
        "Use 1, 2 or 3, or phase_1_read_only, phase_2_member_writes, phase_3_admin_full.",
    )
}

fn no_change(id: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no phase change {id}."),
        "Nothing was changed.",
        "Look at the history.",
    )
}

pub(crate) fn unknown_outcome(exchange: &Exchange) -> Problem {
    Problem::new(
        Code::TimeoutUnknownOutcome,
        "No clear answer came to the save.",
        "It may have taken effect or not: treat the phase as unknown until the desk has found out.",
        "The desk keeps asking the portal; nothing is sent a second time.",
    )
    .detailed(format!("{} · request {}", exchange.route, exchange.support_id()))
}

/// `phase` is what the phase seen is called.
fn conclusion_problem(outcome: ChangeOutcome, seen: &PhaseState, phase: &str) -> Option<Problem> {
    let by = seen.updated_by_uid.as_deref().unwrap_or("nobody");
    match outcome {
        ChangeOutcome::Overtaken => Some(Problem::new(
            Code::PhaseMoved,
            format!("{by} has saved {phase} after you."),
            "Their save is what members have now; yours is no longer in force.",
            "Speak to them before you save again.",
        )),
        ChangeOutcome::NotApplied => Some(Problem::new(
            Code::Refused,
            format!("The save did not take effect: the portal still says {phase}."),
            "The rollout is as it was before.",
            "Save again if it is still wanted.",
        )),
        _ => None,
    }
}

/// The phase that a person means on the command line.
///
/// # Errors
/// `invalid_input` (field `phase`) for anything but 1, 2, 3 or a wire name.
pub fn parse_phase(text: &str) -> Result<Phase, Problem> {
    Phase::from_person(text).ok_or_else(|| unknown_phase(text))
}
