//! The desk: what is open, where it points, and what is on screen.

use crate::{
    advance,
    convert::{change_view, run_label, run_view},
    error::{Code, Problem},
    link::Link,
    metrics::view::{AdvanceView, MetricsView},
    problem::{internal_problem, no_environment, open_problem, store_problem},
    rehearse::walk::Followed,
    rollback::Live,
    runbook::{Chosen, OwnRunbook},
    time::{Clock, SystemClock},
    view::{
        ChangeView, ConnectionState, ConnectionView, DeskView, EnvironmentView, FaultKindView, IdentityState,
        KeychainView, MovedView, PracticeView, ReadingView, StoreView, Theme,
    },
    zone::Zone,
};
use chrono_tz::Tz;
use desk_core::{EnvironmentKind, EnvironmentName, Phase, PhaseState, Role, record::Record};
use desk_keychain::{Keychain, OsKeychain, Vault};
use desk_portal::{Credential, Timeouts};
use desk_practice::Practice;
use desk_store::{EnvironmentRow, NewEntry, PhaseChangeRow, Store};
use secrecy::SecretString;
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::sync::watch;

/// How a desk is opened.
pub struct DeskOptions {
    /// Where its files lie; made if it is not there.
    pub data_dir: PathBuf,
    /// The environment to point at; the remembered one where not given.
    pub environment: Option<String>,
    /// Credentials for this call only, in place of the keychain's.
    pub credentials: HashMap<Role, Credential>,
    /// The runbook for this call only, in place of the one chosen.
    pub runbook: Option<OwnRunbook>,
    /// The time zone for this call only, in place of the team's.
    pub zone: Option<Tz>,
    /// An address to post texts to for this call only, in place of the keychain's.
    pub webhook: Option<SecretString>,
    /// How long to wait for a portal.
    pub timeouts: Timeouts,
    /// How long the practice portal caches the phase: as the real one, but for a rehearsal that is to be short.
    pub practice_phase_cache_ms: u64,
    /// Where secrets are kept.
    pub keychain: Arc<dyn Keychain>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl DeskOptions {
    /// A desk on this machine's keychain and clock.
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            environment: None,
            credentials: HashMap::new(),
            runbook: None,
            zone: None,
            webhook: None,
            timeouts: Timeouts::default(),
            practice_phase_cache_ms: PRACTICE_PHASE_CACHE_MS,
            keychain: Arc::new(OsKeychain::new()),
            clock: Arc::new(SystemClock),
        }
    }
}

/// The desk. Clones are the same desk.
#[derive(Clone)]
pub struct Desk {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) data_dir: PathBuf,
    pub(crate) desk_id: String,
    pub(crate) store: Store,
    pub(crate) vault: Arc<Vault>,
    pub(crate) credentials: HashMap<Role, Credential>,
    pub(crate) timeouts: Timeouts,
    pub(crate) practice_phase_cache_ms: u64,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) zone: Mutex<Zone>,
    pub(crate) webhook: Option<SecretString>,
    pub(crate) runbook: Mutex<Chosen>,
    pub(crate) practice: tokio::sync::Mutex<Option<Practice>>,
    pub(crate) links: tokio::sync::Mutex<HashMap<EnvironmentName, Arc<Link>>>,
    /// What is done to the texts being written is done in order.
    pub(crate) announcing: tokio::sync::Mutex<()>,
    /// One post at a time.
    pub(crate) posting: tokio::sync::Mutex<()>,
    /// One phase change at a time.
    pub(crate) saving: tokio::sync::Mutex<()>,
    /// The newest entry that this desk wrote itself.
    own_newest: AtomicI64,
    /// Counts how often somebody asked for an answer now; wakes whoever waits for the next time to ask.
    pub(crate) asked: watch::Sender<u64>,
    /// Counts how often somebody stopped waiting for the portal.
    pub(crate) stopped: watch::Sender<u64>,
    /// The rollback or drill that this desk carries on or shows.
    pub(crate) rollback: Mutex<Option<Live>>,
    /// As far as the rehearsal that a person is walked through was read.
    pub(crate) rehearsal: tokio::sync::Mutex<Followed>,
    /// What happened to it is written down in order.
    pub(crate) writing_down: tokio::sync::Mutex<()>,
    /// Counts what happened to it; wakes whoever waits before the next try.
    pub(crate) decided: watch::Sender<u64>,
    /// Counts how often a drill gave way to a rollback for real; ends carrying it on.
    pub(crate) gave_way: watch::Sender<u64>,
    screen: Mutex<Screen>,
    changed: watch::Sender<u64>,
}

/// What the desk knows of its present environment, beyond what is stored.
pub(crate) struct Screen {
    pub(crate) environment: EnvironmentName,
    pub(crate) connection: ConnectionView,
    pub(crate) reading: Option<ReadingView>,
    /// When the save that `reading` shows was first seen, milliseconds since 1970.
    pub(crate) first_seen_ms: i64,
    /// What was last known of the phase on this data directory, as of the newest answer.
    pub(crate) recorded: Option<PhaseState>,
    pub(crate) moved: Option<MovedView>,
    pub(crate) change: Option<ChangeView>,
    pub(crate) identities: HashMap<Role, (IdentityState, Option<Problem>)>,
    pub(crate) keychain: KeychainView,
    pub(crate) store_problem: Option<Problem>,
    /// The newest snapshot of the phase metrics, its gates judged when the phase was last read.
    pub(crate) metrics: Option<MetricsView>,
    /// What is missing to advance, as of then.
    pub(crate) advance: AdvanceView,
}

impl Screen {
    fn new(environment: EnvironmentName, now_ms: i64) -> Self {
        Self {
            environment,
            connection: ConnectionView {
                state: ConnectionState::Starting,
                since_ms: now_ms,
                asking: false,
                next_ask_ms: None,
                problem: None,
            },
            reading: None,
            first_seen_ms: now_ms,
            recorded: None,
            moved: None,
            change: None,
            identities: HashMap::new(),
            keychain: KeychainView {
                ready: None,
                problem: None,
            },
            store_problem: None,
            metrics: None,
            advance: advance::unknown(),
        }
    }
}

/// How long the practice portal caches the phase, milliseconds: as the real one.
pub const PRACTICE_PHASE_CACHE_MS: u64 = 60_000;

const ENVIRONMENT_SETTING: &str = "environment";
const THEME_SETTING: &str = "theme";
const DESK_ID_SETTING: &str = "desk-id";
/// How many earlier changes the history shows.
const HISTORY: u32 = 50;

impl Desk {
    /// Opens the desk.
    ///
    /// # Errors
    /// `store_newer`, `store_damaged`, `store_full`, `store_failed`, `busy` where the store cannot be opened;
    /// `not_found` for an environment that is not there.
    pub async fn open(options: DeskOptions) -> Result<Self, Problem> {
        let clock = Arc::clone(&options.clock);
        let data_dir = options.data_dir.clone();
        // Opening checks the whole file and may wait for another desk's lock.
        let opening =
            tokio::task::spawn_blocking(move || Store::open(&data_dir, Arc::new(move || clock.now_ms())));
        let store = match opening.await {
            Ok(opened) => opened.map_err(|error| open_problem(&error))?,
            Err(panicked) => return Err(internal_problem(&panicked)),
        };
        let stored = |error| store_problem(&error);
        let kept_id = store.setting(DESK_ID_SETTING).await.map_err(stored)?;
        let desk_id = if let Some(id) = kept_id {
            id
        } else {
            let id = uuid::Uuid::now_v7().to_string();
            store
                .set_setting(DESK_ID_SETTING, Some(&id))
                .await
                .map_err(stored)?;
            id
        };
        let environment = match options.environment {
            Some(name) => existing(&store, &name).await?,
            None => match where_to_start(&store).await? {
                // It may have been removed since by another desk: then the desk starts where nothing can go wrong.
                Some(name) => existing(&store, &name)
                    .await
                    .or_else(|problem| match problem.code {
                        Code::NotFound => Ok(EnvironmentName::practice()),
                        _ => Err(problem),
                    })?,
                None => EnvironmentName::practice(),
            },
        };
        let runbook = match options.runbook {
            Some(given) => Chosen::given(given),
            None => Chosen::kept(&store).await?,
        };
        let zone = match options.zone {
            Some(given) => Zone::given(given),
            None => Zone::kept(&store).await?,
        };
        let now = options.clock.now_ms();
        Ok(Self {
            inner: Arc::new(Inner {
                data_dir: options.data_dir,
                desk_id,
                store,
                vault: Arc::new(Vault::new(options.keychain)),
                credentials: options.credentials,
                timeouts: options.timeouts,
                practice_phase_cache_ms: options.practice_phase_cache_ms,
                clock: options.clock,
                zone: Mutex::new(zone),
                webhook: options.webhook,
                runbook: Mutex::new(runbook),
                practice: tokio::sync::Mutex::new(None),
                links: tokio::sync::Mutex::new(HashMap::new()),
                announcing: tokio::sync::Mutex::new(()),
                posting: tokio::sync::Mutex::new(()),
                saving: tokio::sync::Mutex::new(()),
                own_newest: AtomicI64::new(0),
                asked: watch::Sender::new(0),
                stopped: watch::Sender::new(0),
                rollback: Mutex::new(None),
                rehearsal: tokio::sync::Mutex::new(Followed::default()),
                writing_down: tokio::sync::Mutex::new(()),
                decided: watch::Sender::new(0),
                gave_way: watch::Sender::new(0),
                screen: Mutex::new(Screen::new(environment, now)),
                changed: watch::Sender::new(0),
            }),
        })
    }

    /// Where the desk keeps its files.
    pub fn data_dir(&self) -> &Path {
        &self.inner.data_dir
    }

    /// Milliseconds since 1970, by the desk's clock.
    pub fn now_ms(&self) -> i64 {
        self.inner.clock.now_ms()
    }

    /// The environment the desk points at.
    pub fn environment(&self) -> EnvironmentName {
        self.screen().environment.clone()
    }

    /// Tells whenever something on screen changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changed.subscribe()
    }

    /// Shows what other desks on the same data directory record, and asks the portal at once when they did.
    /// Runs until the desk is dropped.
    pub async fn watch_journal(&self) {
        let mut changes = self.inner.store.changes();
        while changes.changed().await.is_ok() {
            let newest = *changes.borrow_and_update();
            self.touch();
            if newest > self.inner.own_newest.load(Ordering::SeqCst) {
                self.follow_runbook().await;
                self.leave_removed_environment().await;
                self.ask_now();
            }
        }
    }

    /// Goes back to practice when another desk has removed the environment that this one points at.
    async fn leave_removed_environment(&self) {
        let environment = self.environment();
        let gone = matches!(self.environment_row(&environment).await, Err(problem) if problem.code == Code::NotFound);
        if !gone {
            return;
        }
        self.unlink(&environment).await;
        if let Err(problem) = self.select_environment(EnvironmentName::PRACTICE).await {
            tracing::warn!(code = ?problem.code, "the environment is gone, and practice could not be selected");
        }
    }

    pub(crate) fn screen(&self) -> MutexGuard<'_, Screen> {
        // A panic elsewhere cannot leave a screen half-written: every update is one assignment after another.
        self.inner.screen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the screen and tells everybody.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut Screen) -> T) -> T {
        let result = change(&mut self.screen());
        self.touch();
        result
    }

    /// Tells everybody that something stored changed.
    pub(crate) fn touch(&self) {
        self.inner.changed.send_modify(|version| *version += 1);
    }

    /// Changes the screen if the desk still points at `environment`.
    pub(crate) fn update_at(&self, environment: &EnvironmentName, change: impl FnOnce(&mut Screen)) {
        self.update(|screen| {
            if screen.environment == *environment {
                change(screen);
            }
        });
    }

    /// Writes an act into the journal.
    pub(crate) async fn record(
        &self,
        environment: Option<&EnvironmentName>,
        run_id: Option<String>,
        actor: &str,
        record: Record,
    ) -> Result<(), Problem> {
        self.record_all(environment, run_id.as_deref(), actor, vec![record])
            .await
    }

    /// Writes several acts into the journal, all or none.
    pub(crate) async fn record_all(
        &self,
        environment: Option<&EnvironmentName>,
        run_id: Option<&str>,
        actor: &str,
        records: Vec<Record>,
    ) -> Result<(), Problem> {
        let entries = records
            .into_iter()
            .map(|record| NewEntry {
                environment: environment.cloned(),
                run_id: run_id.map(str::to_owned),
                actor: actor.to_owned(),
                record,
            })
            .collect();
        let result = self
            .inner
            .store
            .append_all(entries)
            .await
            .map_err(|error| store_problem(&error));
        if let Ok(Some(newest)) = result.as_ref().map(|entries| entries.last()) {
            self.inner.own_newest.fetch_max(newest.seq, Ordering::SeqCst);
        }
        let problem = result.as_ref().err().cloned();
        if self.screen().store_problem != problem {
            self.update(|screen| screen.store_problem = problem);
        }
        result.map(|_| ())
    }

    /// The settings of an environment.
    pub(crate) async fn environment_row(&self, name: &EnvironmentName) -> Result<EnvironmentRow, Problem> {
        let mut row = row_of(&self.inner.store, name).await?;
        if name.is_practice() {
            row.phase_cache_ms = self.inner.practice_phase_cache_ms;
        }
        Ok(row)
    }

    /// Every environment, practice first, the others by name.
    ///
    /// # Errors
    /// `store_*` when the store cannot be read.
    pub async fn environments(&self) -> Result<Vec<EnvironmentView>, Problem> {
        let mut rows = self
            .inner
            .store
            .environments()
            .await
            .map_err(|error| store_problem(&error))?;
        rows.sort_by(|a, b| a.name.cmp(&b.name));
        rows.insert(0, self.environment_row(&EnvironmentName::practice()).await?);
        let mut views = Vec::with_capacity(rows.len());
        for row in rows {
            views.push(self.environment_view(row).await);
        }
        Ok(views)
    }

    /// One environment's settings.
    ///
    /// # Errors
    /// `not_found` when there is none of this name; `store_*`.
    pub async fn environment_view_of(&self, name: &str) -> Result<EnvironmentView, Problem> {
        let name = EnvironmentName::new(name).map_err(|_| no_environment(name))?;
        let row = self.environment_row(&name).await?;
        Ok(self.environment_view(row).await)
    }

    async fn environment_view(&self, row: EnvironmentRow) -> EnvironmentView {
        let mut view = EnvironmentView {
            name: row.name.to_string(),
            kind: row.kind.into(),
            api_base: row.api_base,
            identity_base: row.identity_base,
            token_base: row.token_base,
            project_id: row.project_id,
            phase_cache_ms: row.phase_cache_ms,
            change_window: row.change_window,
        };
        if row.name.is_practice()
            && let Some(practice) = self.inner.practice.lock().await.as_ref()
        {
            let addresses = practice.addresses();
            view.api_base.clone_from(&addresses.api_base);
            view.identity_base.clone_from(&addresses.identity_base);
            view.token_base.clone_from(&addresses.token_base);
            view.project_id = Some(addresses.project_id.clone());
        }
        view
    }

    /// Points the desk at another environment and remembers it.
    ///
    /// # Errors
    /// `not_found` when there is none of this name; `store_*`.
    pub async fn select_environment(&self, name: &str) -> Result<(), Problem> {
        let name = EnvironmentName::new(name).map_err(|_| no_environment(name))?;
        self.environment_row(&name).await?;
        if name != self.environment() && self.live().as_ref().is_some_and(Live::is_carried_on) {
            return Err(Problem::new(
                Code::Busy,
                "A rollback or a drill is under way here.",
                "It goes on; the desk stays where it points.",
                "Finish it, or stop it, then choose another portal.",
            ));
        }
        self.inner
            .store
            .set_setting(ENVIRONMENT_SETTING, Some(name.as_str()))
            .await
            .map_err(|error| store_problem(&error))?;
        let now = self.now_ms();
        self.update(|screen| {
            let keychain = screen.keychain.clone();
            *screen = Screen {
                keychain,
                ..Screen::new(name, now)
            };
        });
        self.ask_now();
        Ok(())
    }

    /// Everything that is on screen now.
    ///
    /// # Errors
    /// `store_*` when the store cannot be read.
    pub async fn view(&self) -> Result<DeskView, Problem> {
        let environment = self.environment();
        let stored = |error| store_problem(&error);
        let store = &self.inner.store;
        let environments = self.environments().await?;
        let present = environments
            .iter()
            .find(|view| view.name == environment.as_str())
            .cloned()
            .ok_or_else(|| no_environment(environment.as_str()))?;
        let run = store
            .open_run(&environment)
            .await
            .map_err(stored)?
            .map(|row| run_view(&row, &environment));
        let history = self.history(&environment).await?;
        let identities = self.identities_of(&environment).await?;
        let practice = match self.inner.practice.lock().await.as_ref() {
            Some(practice) if environment.is_practice() => Some(PracticeView {
                faults: practice.faults().iter().map(ToString::to_string).collect(),
                catalogue: desk_practice::fault_catalogue()
                    .iter()
                    .map(|info| FaultKindView {
                        kind: info.kind.to_owned(),
                        example: info.example.to_owned(),
                        does: info.what_it_does.to_owned(),
                    })
                    .collect(),
            }),
            _ => None,
        };
        let theme = self.theme().await?;
        let advance = self.screen().advance.clone();
        // What cannot be read of it takes nothing else off the screen, the rollback least of all.
        let rehearsal = self.rehearsal_view(&advance).await.unwrap_or_else(|problem| {
            tracing::warn!(code = ?problem.code, "the rehearsal cannot be shown");
            None
        });
        let rollback = self.rollback_view().await;
        let last_drill = self.last_drill().await?;
        let reviews = self.reviews_due().await?;
        let entries = store.newest_seq().await.map_err(stored)?;
        let screen = self.screen();
        Ok(DeskView {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            data_dir: self.inner.data_dir.display().to_string(),
            zone: self.zone().name().to_owned(),
            zone_choice: self.zone_view(),
            environment: present,
            environments,
            phases: Phase::ALL.map(|phase| self.phase_info(phase)).to_vec(),
            runbook: self.runbook_view(),
            connection: screen.connection.clone(),
            reading: screen.reading.clone(),
            moved: screen.moved.clone(),
            change: screen.change.clone(),
            history,
            identities,
            metrics: screen.metrics.clone(),
            advance,
            rehearsal,
            rollback,
            last_drill,
            reviews,
            run,
            keychain: screen.keychain.clone(),
            store: StoreView {
                entries,
                problem: screen.store_problem.clone(),
            },
            practice,
            theme,
        })
    }

    /// The phase changes made from this desk, newest first.
    pub(crate) async fn history(&self, environment: &EnvironmentName) -> Result<Vec<ChangeView>, Problem> {
        let store = &self.inner.store;
        let stored = |error| store_problem(&error);
        let rows = self.history_rows(environment).await?;
        let mut labels: HashMap<String, String> = HashMap::new();
        for run in store.runs(environment).await.map_err(stored)? {
            labels.insert(run.id, run_label(run.number));
        }
        Ok(rows
            .iter()
            .map(|row| change_view(row, row.run_id.as_ref().and_then(|id| labels.get(id).cloned())))
            .collect())
    }

    pub(crate) async fn history_rows(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Vec<PhaseChangeRow>, Problem> {
        self.inner
            .store
            .phase_changes(environment, HISTORY)
            .await
            .map_err(|error| store_problem(&error))
    }

    async fn theme(&self) -> Result<Theme, Problem> {
        let text = self
            .inner
            .store
            .setting(THEME_SETTING)
            .await
            .map_err(|error| store_problem(&error))?;
        Ok(match text.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::System,
        })
    }

    /// Remembers the choice of colours.
    ///
    /// # Errors
    /// `store_*` when it cannot be kept.
    pub async fn set_theme(&self, theme: Theme) -> Result<(), Problem> {
        let word = match theme {
            Theme::System => None,
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
        };
        self.inner
            .store
            .set_setting(THEME_SETTING, word)
            .await
            .map_err(|error| store_problem(&error))?;
        self.touch();
        Ok(())
    }

    /// Keeps what is being typed, so that it survives a page change and a restart; an empty text ends it.
    ///
    /// # Errors
    /// `store_*` when it cannot be kept.
    pub async fn put_draft(&self, key: &str, text: &str) -> Result<(), Problem> {
        let text = (!text.is_empty()).then_some(text);
        self.inner
            .store
            .set_setting(&format!("{DRAFT_PREFIX}{key}"), text)
            .await
            .map_err(|error| store_problem(&error))
    }

    /// Everything that was being typed.
    ///
    /// # Errors
    /// `store_*` when it cannot be read.
    pub async fn drafts(&self) -> Result<HashMap<String, String>, Problem> {
        let rows = self
            .inner
            .store
            .settings(DRAFT_PREFIX)
            .await
            .map_err(|error| store_problem(&error))?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, text)| Some((key.strip_prefix(DRAFT_PREFIX)?.to_owned(), text)))
            .collect())
    }

    /// Ends the embedded practice portal, if it runs.
    pub async fn close(self) {
        if let Some(practice) = self.inner.practice.lock().await.take() {
            practice.shutdown().await;
        }
        // What was measured last is still on its way to the disk.
        self.inner.store.close().await;
    }
}

const DRAFT_PREFIX: &str = "draft/";

/// The environment of this name, if there is one.
async fn existing(store: &Store, name: &str) -> Result<EnvironmentName, Problem> {
    let name = EnvironmentName::new(name).map_err(|_| no_environment(name))?;
    Ok(row_of(store, &name).await?.name)
}

/// The environment to start in where none is named: one with a rollback that is under way, else the remembered one.
async fn where_to_start(store: &Store) -> Result<Option<String>, Problem> {
    let stored = |error| store_problem(&error);
    let open = store.open_rollbacks().await.map_err(stored)?;
    match open.into_iter().next() {
        Some(row) => Ok(Some(row.environment.to_string())),
        None => store.setting(ENVIRONMENT_SETTING).await.map_err(stored),
    }
}

/// The settings of an environment.
async fn row_of(store: &Store, name: &EnvironmentName) -> Result<EnvironmentRow, Problem> {
    if name.is_practice() {
        return Ok(practice_row());
    }
    let rows = store.environments().await;
    rows.map_err(|error| store_problem(&error))?
        .into_iter()
        .find(|row| row.name == *name)
        .ok_or_else(|| no_environment(name.as_str()))
}

/// The practice environment's settings; its addresses are known once it runs.
fn practice_row() -> EnvironmentRow {
    EnvironmentRow {
        name: EnvironmentName::practice(),
        kind: EnvironmentKind::Practice,
        api_base: String::new(),
        identity_base: String::new(),
        token_base: String::new(),
        project_id: None,
        phase_cache_ms: PRACTICE_PHASE_CACHE_MS,
        change_window: None,
        added_at_ms: 0,
    }
}
