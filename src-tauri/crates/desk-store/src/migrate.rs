//! The tables' versions. The version is `user_version`: how many migrations the file has been through.

use crate::{
    artifact,
    connection::APPLICATION_ID,
    error::StoreError,
    journal,
    projection::{
        self, announcement, environment, evidence, identity, log, phase_change, phase_move, phase_seen,
        rollback, run, smoke,
    },
    settings,
    telemetry::{self, import, panel, tally},
};
use rusqlite::{Connection, TransactionBehavior};

/// The step from one version to the next: SQL that stands beside what it makes.
pub(crate) type Migration = &'static [&'static str];

/// Every migration, oldest first. One that was released is never changed.
pub(crate) const ALL: &[Migration] = &[
    &[
        journal::V1,
        environment::V1,
        identity::V1,
        run::V1,
        phase_change::V1,
        phase_seen::V1,
        settings::V1,
        telemetry::V1,
    ],
    &[
        telemetry::V2,
        tally::V2,
        import::V2,
        artifact::V2,
        projection::artifact::V2,
        phase_move::V2,
    ],
    &[smoke::V3],
    &[phase_change::V4, run::V4],
    &[rollback::V5, environment::V5],
    &[import::V6, panel::V6],
    &[announcement::V7],
    &[log::V8, journal::V8],
    &[evidence::V9],
    &[log::V10],
];

/// The version that a list of migrations leads to.
pub(crate) fn version(migrations: &[Migration]) -> i64 {
    // A list written by hand never reaches the limit.
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// Brings a database up to date, a fresh one from nothing. Each step is one transaction with its version, so that a crash leaves a
/// whole version behind.
pub(crate) fn run(connection: &mut Connection, migrations: &[Migration]) -> Result<(), StoreError> {
    let found: i64 = connection.pragma_query_one(None, "user_version")?;
    let newest = version(migrations);
    for (steps, version) in migrations
        .iter()
        .zip(1_i64..)
        .filter(|(_, version)| *version > found)
    {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for sql in *steps {
            transaction.execute_batch(sql)?;
        }
        // By today's code, and so only once today's tables are there; in the same transaction as they.
        if found < log::SINCE && version == newest && version >= log::SINCE {
            log::fill(&transaction)?;
        }
        if found < journal::INDEXED_SINCE && version == newest && version >= journal::INDEXED_SINCE {
            journal::index_all(&transaction)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
