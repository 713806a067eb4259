//! A portal, a data directory, a keychain and one time for all of them.

use async_trait::async_trait;
use desk_app::{
    Credential, Desk, DeskOptions, Keychain, MemoryKeychain, Phase, Problem, Role, Timeouts,
    time::Clock,
    view::{
        ChangeView, DeskView, EnvironmentDraft, EnvironmentKindView, PhaseStateView, SaveRequest, SignInDraft,
    },
};
use desk_core::{EnvironmentName, PhaseState, record::Record};
use desk_keychain::{KeychainError, SecretName};
use desk_portal::{
    Answered, Caller, Endpoints, KeepError, Portal, PortalOptions, Recorder, RefreshTokens, Session,
    Telemetry, wire,
};
use desk_practice::{Options, Practice, PracticeIdentity, serve};
use desk_store::{Access, Store};
use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// When test clocks start: 23 November 2026.
pub const START_MS: i64 = 1_795_455_600_000;

/// The environment that the tests add.
pub const STUDIO: &str = "studio";

/// Traps a save: stays switched on for as long as none arrived.
pub const TRAP: &str = "timeout-before@library.rollout.set*1";

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// The portal's time as the desk's, unless it was set since.
pub struct OneTime {
    portal: desk_practice::Clock,
    set_by_ms: Arc<AtomicI64>,
}

impl OneTime {
    pub fn of(portal: desk_practice::Clock) -> Self {
        Self {
            portal,
            set_by_ms: Arc::default(),
        }
    }
}

impl Clock for OneTime {
    fn now_ms(&self) -> i64 {
        self.portal.now_ms() + self.set_by_ms.load(Ordering::SeqCst)
    }

    fn steady_ms(&self) -> i64 {
        self.portal.now_ms()
    }
}

/// A keychain in memory that fails on demand and tells what it holds.
#[derive(Default)]
pub struct TestKeychain {
    memory: MemoryKeychain,
    names: Mutex<Vec<SecretName>>,
    failing: Mutex<Option<KeychainError>>,
    refuses_to_delete: AtomicBool,
}

impl TestKeychain {
    /// Fails every call from now on; `None` works again.
    pub fn fail(&self, error: Option<KeychainError>) {
        *self.failing.lock().unwrap() = error;
    }

    /// Fails to delete from now on, as if its prompt had been turned down.
    pub fn refuse_to_delete(&self) {
        self.refuses_to_delete.store(true, Ordering::SeqCst);
    }

    /// What it holds, as `environment/kind`, sorted.
    pub fn held(&self) -> Vec<String> {
        let names = self.names.lock().unwrap();
        let mut held: Vec<String> = names
            .iter()
            .map(|name| format!("{}/{}", name.environment, name.secret))
            .collect();
        held.sort();
        held
    }

    /// Every secret it holds, in the clear.
    pub async fn secrets(&self) -> Vec<String> {
        let names = self.names.lock().unwrap().clone();
        let mut secrets = Vec::new();
        for name in names {
            let secret = self.memory.get(&name).await.unwrap().unwrap();
            secrets.push(secret.expose_secret().to_owned());
        }
        secrets
    }

    /// Puts another secret in place of the one held as `environment/kind`.
    pub async fn replace(&self, held: &str, secret: &str) {
        let names = self.names.lock().unwrap().clone();
        let name = names
            .into_iter()
            .find(|name| format!("{}/{}", name.environment, name.secret) == held)
            .unwrap();
        self.memory.set(&name, &secret.into()).await.unwrap();
    }

    fn failure(&self) -> Result<(), KeychainError> {
        self.failing.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

#[async_trait]
impl Keychain for TestKeychain {
    async fn get(&self, name: &SecretName) -> Result<Option<SecretString>, KeychainError> {
        self.failure()?;
        self.memory.get(name).await
    }

    async fn set(&self, name: &SecretName, secret: &SecretString) -> Result<(), KeychainError> {
        self.failure()?;
        self.memory.set(name, secret).await?;
        let mut names = self.names.lock().unwrap();
        if !names.contains(name) {
            names.push(name.clone());
        }
        Ok(())
    }

    async fn delete(&self, name: &SecretName) -> Result<(), KeychainError> {
        self.failure()?;
        if self.refuses_to_delete.load(Ordering::SeqCst) {
            return Err(KeychainError::Refused);
        }
        self.memory.delete(name).await?;
        self.names.lock().unwrap().retain(|held| held != name);
        Ok(())
    }

    async fn probe(&self) -> Result<(), KeychainError> {
        self.failure()
    }

    async fn unlock(&self) -> Result<(), KeychainError> {
        self.failure()
    }
}

/// A portal with its accounts, and all that a desk needs to work on it.
pub struct Bench {
    pub practice: Practice,
    pub clock: desk_practice::Clock,
    pub keychain: Arc<TestKeychain>,
    clock_set_by_ms: Arc<AtomicI64>,
    call_timeout: Duration,
    identities: Vec<PracticeIdentity>,
    phase_cache: Duration,
    dir: TempDir,
}

impl Bench {
    /// One instance, which believes a phase for as long as the real one.
    pub async fn start() -> Self {
        Self::start_with(Options::default()).await
    }

    /// A portal with these options and a clock that stands still.
    pub async fn start_with(options: Options) -> Self {
        let clock = desk_practice::Clock::manual(START_MS);
        let phase_cache = options.phase_cache;
        let practice = serve(Options {
            clock: clock.clone(),
            ..options
        })
        .await
        .unwrap();
        Self {
            identities: practice.identities().unwrap(),
            practice,
            clock,
            keychain: Arc::default(),
            clock_set_by_ms: Arc::default(),
            call_timeout: Duration::from_secs(20),
            phase_cache,
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Desks opened from now on give up on an answer soon: long enough for every other call, short enough to wait for.
    pub fn impatient(mut self) -> Self {
        self.call_timeout = Duration::from_millis(700);
        self
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub fn identity(&self, name: &str) -> &PracticeIdentity {
        self.identities
            .iter()
            .find(|identity| identity.name == name)
            .unwrap_or_else(|| panic!("no identity {name}"))
    }

    pub fn password_of(&self, name: &str) -> Credential {
        let identity = self.identity(name);
        Credential::Password {
            email: identity.email.clone(),
            password: identity.password.clone().into(),
        }
    }

    pub fn options(&self) -> DeskOptions {
        DeskOptions {
            data_dir: self.dir().to_owned(),
            environment: None,
            credentials: HashMap::new(),
            runbook: None,
            zone: None,
            webhook: None,
            timeouts: Timeouts {
                connect: Duration::from_secs(5),
                call: self.call_timeout,
            },
            practice_phase_cache_ms: 60_000,
            keychain: self.keychain.clone(),
            clock: Arc::new(OneTime {
                portal: self.clock.clone(),
                set_by_ms: Arc::clone(&self.clock_set_by_ms),
            }),
        }
    }

    /// A desk on the bench's data directory and keychain.
    pub async fn open(&self) -> Desk {
        Desk::open(self.options()).await.unwrap()
    }

    /// The portal as an environment to add.
    pub fn draft(&self, kind: EnvironmentKindView) -> EnvironmentDraft {
        let addresses = self.practice.addresses();
        EnvironmentDraft {
            name: STUDIO.to_owned(),
            kind,
            api: addresses.api_base.clone(),
            api_key: addresses.api_key.clone(),
            identity_url: Some(addresses.identity_base.clone()),
            token_url: Some(addresses.token_base.clone()),
            project_id: Some(addresses.project_id.clone()),
            phase_cache_ms: Some(u64::try_from(self.phase_cache.as_millis()).unwrap()),
            change_window: None,
        }
    }

    /// What somebody types to sign in as the account `name`.
    pub fn sign_in(&self, name: &str) -> SignInDraft {
        let identity = self.identity(name);
        SignInDraft {
            email: identity.email.clone(),
            password: identity.password.clone().into(),
            session_only: false,
        }
    }

    /// A desk that points at the portal as a staging environment, where the operator is signed in.
    pub async fn staging(&self) -> Desk {
        self.pointing_at(EnvironmentKindView::Staging).await
    }

    /// A desk that points at the portal, where the operator is signed in.
    pub async fn pointing_at(&self, kind: EnvironmentKindView) -> Desk {
        let desk = self.open().await;
        desk.add_environment(&self.draft(kind)).await.unwrap();
        desk.select_environment(STUDIO).await.unwrap();
        desk.set_identity(Role::Operator, self.password_of("operator"), false)
            .await
            .unwrap();
        desk
    }

    pub fn faults(&self, faults: &[&str]) {
        let faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        self.practice.set_faults(faults);
    }

    /// Whether no save has reached the portal since the [`TRAP`] was set.
    pub fn trap_is_set(&self) -> bool {
        self.practice
            .faults()
            .iter()
            .any(|fault| fault.to_string() == TRAP)
    }

    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }

    /// Somebody sets the clock of the desk's machine.
    pub fn set_clock_by(&self, ms: i64) {
        self.clock_set_by_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// Somebody saves a phase from another machine.
    pub async fn somebody_sets(&self, name: &str, phase: Phase, note: Option<&str>) -> PhaseState {
        self.pass(Duration::from_secs(1));
        let (portal, session) = self.elsewhere(name).await;
        let set = wire::RolloutSet {
            phase,
            note: note.map(str::to_owned),
        };
        let Answered { data, .. } = portal.ask(&set, Caller::As(&session), "test").await.unwrap();
        data
    }

    /// What the portal tells somebody on another machine.
    pub async fn read_as(&self, name: &str) -> PhaseState {
        let (portal, session) = self.elsewhere(name).await;
        let get = wire::RolloutGet {};
        let Answered { data, .. } = portal.ask(&get, Caller::As(&session), "test").await.unwrap();
        data
    }

    /// Somebody signed in on another machine.
    async fn elsewhere(&self, name: &str) -> (Portal, Session) {
        let addresses = self.practice.addresses();
        let options = PortalOptions {
            environment: EnvironmentName::new("elsewhere").unwrap(),
            endpoints: Endpoints::parse(
                &addresses.api_base,
                Some(&addresses.identity_base),
                Some(&addresses.token_base),
            )
            .unwrap(),
            api_key: addresses.api_key.clone().into(),
            project_id: None,
            timeouts: Timeouts::default(),
        };
        let portal = Portal::new(options, Arc::new(Forgetful), Arc::new(Forgetful)).unwrap();
        let token = self.identity(name).refresh_token.clone();
        let session = portal
            .sign_in(name, Credential::RefreshToken(token.into()))
            .await
            .unwrap();
        (portal, session)
    }

    /// Waits until every desk on the data directory has written what it had to write, and is gone.
    pub async fn nobody_is_there(&self) {
        loop {
            let store = Store::open(self.dir(), desk_store::system_clock()).unwrap();
            let access = store.access();
            store.close().await;
            if access == Access::Owner {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Everything in the journal, oldest first.
    pub async fn journal(&self) -> Vec<Entry> {
        journal_in(self.dir()).await
    }

    /// The journal's entries about phases, in a word each.
    pub async fn phase_acts(&self) -> Vec<String> {
        phase_acts_in(self.dir()).await
    }
}

/// A journal's entries about phases, in a word each.
pub async fn phase_acts_in(dir: &Path) -> Vec<String> {
    let entries = journal_in(dir).await;
    let acts = entries.iter().filter_map(|entry| match &entry.record {
        Record::PhaseChangeStarted { to, .. } => Some(format!("started {}", to.number())),
        Record::PhaseChangeConcluded { outcome, .. } => Some(format!("{outcome:?}")),
        Record::PhaseMovedElsewhere { to, .. } => Some(format!("moved to {}", to.phase.number())),
        _ => None,
    });
    acts.collect()
}

/// An entry of the journal.
#[derive(Debug)]
pub struct Entry {
    pub actor: String,
    pub run_id: Option<String>,
    pub record: Record,
}

/// The journal of a data directory, oldest first.
pub async fn journal_in(dir: &Path) -> Vec<Entry> {
    let store = Store::open(dir, desk_store::system_clock()).unwrap();
    let entries = store.entries(None, 1_000).await.unwrap();
    store.close().await;
    entries
        .into_iter()
        .rev()
        .map(|entry| Entry {
            record: Record::from_parts(&entry.kind, &entry.body).unwrap(),
            actor: entry.actor,
            run_id: entry.run_id,
        })
        .collect()
}

/// Neither keeps nor tells anything.
struct Forgetful;

impl Recorder for Forgetful {
    fn record(&self, _: &Telemetry) {}
}

#[async_trait]
impl RefreshTokens for Forgetful {
    async fn keep(&self, _: &str, _: &SecretString) -> Result<(), KeepError> {
        Ok(())
    }

    fn saw(&self, _: &SecretString) {}
}

/// A save decided on what the portal says now.
pub async fn request(desk: &Desk, to: Phase, note: &str) -> SaveRequest {
    let reading = desk.refresh_phase().await.unwrap();
    SaveRequest {
        // Without a store there is none, and a move back needs none.
        basis: desk.advance().await.ok().map(|advance| advance.basis),
        ..decided_on(desk, &reading.state, to, note)
    }
}

/// A save decided on a screen that showed `expected`, and nothing of what speaks for moving forward.
pub fn decided_on(desk: &Desk, expected: &PhaseStateView, to: Phase, note: &str) -> SaveRequest {
    SaveRequest {
        environment: desk.environment().to_string(),
        to: to.wire().to_owned(),
        note: note.to_owned(),
        incident_id: None,
        expected: expected.clone(),
        basis: None,
        confirm: None,
        override_reason: Some("a test of saving, not of earning".to_owned()),
    }
}

/// Saves a phase a second after the one before, so that no two saves have one time.
pub async fn save(bench: &Bench, desk: &Desk, to: Phase, note: &str) -> Result<ChangeView, Problem> {
    bench.pass(Duration::from_secs(1));
    let request = request(desk, to, note).await;
    desk.save_phase(request).await
}

/// Waits until the screen is as wanted.
pub async fn until(desk: &Desk, what: &str, mut wanted: impl FnMut(&DeskView) -> bool) -> DeskView {
    let mut changes = desk.changes();
    let waiting = async {
        loop {
            let view = desk.view().await.unwrap();
            if wanted(&view) {
                return view;
            }
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// Waits until something outside of the desk is so. The runtime goes on meanwhile.
pub async fn when(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .unwrap_or_else(|_| panic!("waited in vain for {what}"));
}

/// Ends a task when dropped.
pub struct Running(JoinHandle<()>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Runs something beside the test.
pub fn beside(work: impl Future<Output = ()> + Send + 'static) -> Running {
    Running(tokio::spawn(work))
}

/// Lets `step` pass whenever the desk has shown something, and has it ask again at once instead of waiting.
pub fn hurry(bench: &Bench, desk: &Desk, step: Duration) -> Running {
    let (clock, desk) = (bench.clock.clone(), desk.clone());
    beside(async move {
        let mut changes = desk.changes();
        while changes.changed().await.is_ok() {
            clock.advance(step);
            desk.ask_now();
        }
    })
}

/// Asserts that the journal holds together and that everything shown follows from it.
pub async fn assert_journal_is_whole(desk: &Desk) {
    let verified = desk.verify_journal().await.unwrap();
    assert_eq!(verified.broken, None);
    assert!(verified.stale.is_empty(), "{:?}", verified.stale);
}
