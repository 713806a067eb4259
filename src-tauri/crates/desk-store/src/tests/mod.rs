//! The store as a whole, over real files.

mod announcements;
mod artifacts;
mod backups;
mod damage;
mod journal;
mod log;
mod migrations;
mod processes;
mod projections;
mod rollback;
mod smoke;
mod tallies;
mod telemetry;

use crate::{Clock, NewEntry, Store, error::StoreError};
use desk_core::{
    EnvironmentKind, EnvironmentName, Phase, PhaseState,
    phase::Direction,
    record::{ChangeOutcome, Record},
    rollback::{Opening, Purpose, Until},
};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use tempfile::TempDir;

/// 2026-03-01 18:00 UTC.
const NOON: i64 = 1_772_388_000_000;
const DAY: i64 = 24 * 60 * 60 * 1000;

/// A clock that stands until it is moved.
#[derive(Clone)]
struct TestClock(Arc<AtomicI64>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOON)))
    }

    fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || now.load(Ordering::SeqCst))
    }
}

fn clock() -> Clock {
    TestClock::new().clock()
}

fn new_dir() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn open(dir: &TempDir) -> Store {
    Store::open(dir.path(), clock()).unwrap()
}

fn live() -> EnvironmentName {
    EnvironmentName::new("live").unwrap()
}

/// An entry that every environment can have.
fn faults(text: &str) -> NewEntry {
    entry(
        None,
        Record::PracticeFaultsSet {
            faults: vec![text.to_owned()],
        },
    )
}

fn entry(environment: Option<EnvironmentName>, record: Record) -> NewEntry {
    NewEntry {
        environment,
        run_id: Some("run-1".into()),
        actor: "staff_zoë".into(),
        record,
    }
}

fn environment_added() -> Record {
    Record::EnvironmentAdded {
        environment_kind: EnvironmentKind::Live,
        api_base: "https://api.example".into(),
        identity_base: "https://identity.example".into(),
        token_base: "https://token.example".into(),
        project_id: Some("studio".into()),
        phase_cache_ms: 60_000,
        change_window: None,
    }
}

fn opening(purpose: Purpose, to: Phase) -> Opening {
    Opening {
        purpose,
        from: Some(state(Phase::AdminFull, 5)),
        to,
        trigger: None,
        reason: String::new(),
        confirmed_by: "Ana".into(),
        incident_id: None,
        note: "ROLLBACK".into(),
        until: Until::Settled,
        promote_to: None,
        restore: purpose == Purpose::Drill,
        borrow: false,
        budget_ms: 900_000,
        phase_cache_ms: 60_000,
        runbook_sha256: "00".into(),
    }
}

fn state(phase: Phase, updated_at_ms: i64) -> PhaseState {
    PhaseState {
        phase,
        note: Some("Zoë 🏺".into()),
        updated_at_ms,
        updated_by_uid: Some("staff_zoë".into()),
    }
}

fn change_started(change_id: &str) -> Record {
    Record::PhaseChangeStarted {
        change_id: change_id.into(),
        from: state(Phase::AdminFull, 5),
        to: Phase::MemberWrites,
        note: Some("closing the desk".into()),
        direction: Direction::Back,
        incident_id: Some("INC-7".into()),
        basis: None,
        override_reason: None,
    }
}

fn change_concluded(change_id: &str, outcome: ChangeOutcome, state: Option<PhaseState>) -> Record {
    Record::PhaseChangeConcluded {
        change_id: change_id.into(),
        outcome,
        state,
        requests: Vec::new(),
        acknowledged_at_ms: None,
        reason: None,
    }
}

/// Runs SQL on the writing connection, past every method.
async fn sql(store: &Store, sql: &'static str) -> Result<(), StoreError> {
    store
        .write(move |writer| Ok(writer.connection.execute_batch(sql)?))
        .await
}
