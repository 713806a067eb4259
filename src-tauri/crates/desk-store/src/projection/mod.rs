//! What the screens read: tables that follow from the journal, each entry's part written in the entry's own transaction.
//!
//! A projection takes everything from the entry, nothing from the clock or from elsewhere, so that it can be rebuilt.

pub(crate) mod announcement;
pub(crate) mod artifact;
pub(crate) mod environment;
pub(crate) mod evidence;
pub(crate) mod identity;
pub(crate) mod log;
pub(crate) mod phase_change;
pub(crate) mod phase_move;
pub(crate) mod phase_seen;
pub(crate) mod rollback;
pub(crate) mod run;
pub(crate) mod smoke;

use crate::{
    AttestationRow, EnvironmentRow, EvidenceRow, ExportRow, IdentityRow, SentRow, error::StoreError, journal,
    store::Store,
};
use desk_core::{
    EnvironmentName,
    journal::Entry,
    record::{ChangeOutcome, Record},
};
use rusqlite::{Connection, TransactionBehavior};
use std::ops::ControlFlow;

/// Every projection's table. Each has its key in its first two columns.
pub(crate) const TABLES: [&str; 20] = [
    "environment",
    "identity",
    "run",
    "phase_change",
    "phase_seen",
    "phase_move",
    "artifact_capture",
    "artifact_attachment",
    "smoke_run",
    "smoke_left",
    "attestation",
    "rollback",
    "announcement",
    "announcement_search",
    "announcement_template",
    "log_entry",
    "log_field",
    "log_search",
    "evidence_attachment",
    "evidence_export",
];

impl Store {
    /// Writes every projection anew from the journal.
    ///
    /// # Errors
    /// [`StoreError::NotOwner`] for a guest. Whatever the error, the projections are as they were.
    pub async fn rebuild(&self) -> Result<(), StoreError> {
        self.write(|writer| {
            writer.require_owner()?;
            rebuild(&mut writer.connection)
        })
        .await
    }
}

pub(crate) fn rebuild(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for table in TABLES {
        transaction.execute(&format!("DELETE FROM {table}"), [])?;
    }
    journal::visit(&transaction, |entry| {
        apply_stored(&transaction, &entry)?;
        Ok(ControlFlow::Continue(()))
    })?;
    journal::index_all(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Writes the part of an entry that was read from the journal.
pub(crate) fn apply_stored(connection: &Connection, entry: &Entry) -> Result<(), StoreError> {
    let record = Record::from_parts(&entry.kind, &entry.body).map_err(|source| StoreError::Unreadable {
        seq: entry.seq,
        source,
    })?;
    apply(connection, entry, record)
}

/// Writes one entry's part of every projection.
///
/// A change's conclusion without its start, or the removal of what is not there, changes nothing and is no error: what happened
/// must be recordable, whatever the desk believed before.
pub(crate) fn apply(connection: &Connection, entry: &Entry, record: Record) -> Result<(), StoreError> {
    log::take(connection, entry, &record)?;
    match record {
        Record::EnvironmentAdded {
            environment_kind,
            api_base,
            identity_base,
            token_base,
            project_id,
            phase_cache_ms,
            change_window,
        } => environment::put(
            connection,
            &EnvironmentRow {
                name: environment_of(entry)?,
                kind: environment_kind,
                api_base,
                identity_base,
                token_base,
                project_id,
                phase_cache_ms,
                change_window,
                added_at_ms: entry.at_ms,
            },
        ),
        Record::EnvironmentRemoved {} => {
            let name = environment_of(entry)?;
            environment::remove(connection, &name)?;
            identity::remove_all(connection, &name)?;
            smoke::forget(connection, &name)?;
            // Another portal may be added by the same name: what was seen here says nothing about that one.
            phase_seen::forget(connection, &name)
        }
        Record::IdentitySet {
            role,
            uid,
            staff,
            session_only,
        } => identity::put(
            connection,
            &environment_of(entry)?,
            &IdentityRow {
                role,
                uid,
                staff,
                session_only,
                set_at_ms: entry.at_ms,
            },
        ),
        Record::IdentityForgotten { role } => identity::remove(connection, &environment_of(entry)?, role),
        Record::RunStarted {
            number,
            environment_kind,
            runbook_sha256,
            owner,
        } => run::start(
            connection,
            entry,
            &run::Started {
                id: run_of(entry)?,
                environment: &environment_of(entry)?,
                number,
                environment_kind,
                owner,
                runbook_sha256,
            },
        ),
        Record::RunEnded {} => run::end(connection, run_of(entry)?, entry.at_ms),
        Record::PhaseChangeStarted {
            change_id,
            from,
            to,
            note,
            direction,
            incident_id,
            override_reason,
            ..
        } => phase_change::start(
            connection,
            &phase_change::Started {
                change_id,
                environment: environment_of(entry)?,
                run_id: entry.run_id.clone(),
                actor: entry.actor.clone(),
                from,
                to,
                note,
                direction,
                incident_id,
                override_reason,
                seq: entry.seq,
                at_ms: entry.at_ms,
            },
        ),
        Record::PhaseChangeConcluded {
            change_id,
            outcome,
            state,
            requests,
            acknowledged_at_ms,
            reason,
        } => {
            // Other outcomes carry a state that this desk did not set; it is reported as a move when next observed.
            if let (ChangeOutcome::Confirmed, Some(state)) = (outcome, &state) {
                let environment = environment_of(entry)?;
                phase_seen::set(connection, &environment, state)?;
                phase_move::add(connection, entry, &environment, state, false)?;
            }
            phase_change::conclude(
                connection,
                &phase_change::Concluded {
                    change_id,
                    outcome,
                    state,
                    requests,
                    acknowledged_at_ms,
                    at_ms: entry.at_ms,
                    reason,
                },
            )
        }
        Record::PhaseMovedElsewhere { to, .. } => {
            let environment = environment_of(entry)?;
            phase_seen::set(connection, &environment, &to)?;
            phase_move::add(connection, entry, &environment, &to, true)
        }
        Record::ArtifactCaptured {
            sha256,
            artifact_kind,
            phase,
        } => artifact::capture(
            connection,
            entry,
            &environment_of(entry)?,
            &sha256,
            artifact_kind,
            phase,
        ),
        Record::ArtifactAttached { sha256, item } => artifact::attach(
            connection,
            entry,
            run_of(entry)?,
            &environment_of(entry)?,
            &sha256,
            &item,
        ),
        Record::SmokeStarted { smoke_id, start } => {
            smoke::start(connection, entry, &environment_of(entry)?, &smoke_id, start)
        }
        Record::SmokeFinished { smoke_id, finish } => {
            smoke::finish(connection, entry, &environment_of(entry)?, &smoke_id, finish)
        }
        Record::SmokeLeft {
            smoke_id,
            left_id,
            left,
        } => smoke::leave(
            connection,
            entry,
            &environment_of(entry)?,
            &smoke_id,
            &left_id,
            left,
        ),
        Record::SmokeSettled { left_id, settled } => {
            smoke::settle(connection, &environment_of(entry)?, &left_id, settled)
        }
        Record::CheckAttested {
            check,
            pass,
            note,
            phase,
            phase_saved_at_ms,
        } => smoke::attest(
            connection,
            &environment_of(entry)?,
            &AttestationRow {
                check,
                run_id: entry.run_id.clone(),
                actor: entry.actor.clone(),
                pass,
                note,
                phase,
                phase_saved_at_ms,
                at_ms: entry.at_ms,
            },
        ),
        Record::RollbackOpened {
            rollback_id,
            at_ms,
            opening,
        } => rollback::open(
            connection,
            entry,
            &environment_of(entry)?,
            rollback_id,
            at_ms,
            *opening,
        ),
        Record::RollbackEvent {
            rollback_id,
            at_ms,
            event,
        } => rollback::apply(connection, &environment_of(entry)?, &rollback_id, at_ms, event),
        Record::AnnouncementMade {
            announcement_id,
            announcement,
        } => announcement::make(
            connection,
            entry,
            &environment_of(entry)?,
            &announcement_id,
            &announcement,
        ),
        Record::AnnouncementPostStarted {
            announcement_id,
            host,
        } => announcement::start_post(connection, entry, &environment_of(entry)?, &announcement_id, host),
        Record::AnnouncementPostConcluded {
            announcement_id,
            outcome,
            found,
        } => announcement::conclude_post(
            connection,
            &environment_of(entry)?,
            &announcement_id,
            outcome,
            found,
        ),
        Record::AnnouncementSent {
            announcement_id,
            place,
            sent_at_ms,
            by,
        } => announcement::send(
            connection,
            &environment_of(entry)?,
            &announcement_id,
            SentRow {
                place,
                at_ms: sent_at_ms,
                by,
            },
            entry.seq,
        ),
        Record::AnnouncementTemplateSaved { template } => {
            announcement::save_template(connection, entry, &template)
        }
        Record::EvidenceAttached {
            sha256,
            name,
            media_type,
            bytes,
            item,
        } => evidence::attach(
            connection,
            &EvidenceRow {
                seq: entry.seq,
                sha256,
                name,
                media_type,
                bytes,
                item,
                actor: entry.actor.clone(),
                at_ms: entry.at_ms,
            },
            run_of(entry)?,
        ),
        Record::EvidenceExported {
            bundle_sha256,
            signed_by,
            journal_seq,
            journal_head,
            missing,
        } => evidence::export(
            connection,
            &ExportRow {
                seq: entry.seq,
                bundle_sha256,
                signed_by,
                journal_seq,
                journal_head,
                missing,
                actor: entry.actor.clone(),
                at_ms: entry.at_ms,
            },
            run_of(entry)?,
        ),
        Record::PracticeReset {} => {
            let practice = EnvironmentName::practice();
            smoke::forget(connection, &practice)?;
            // The desk put the phase back itself: that is nobody's move.
            phase_seen::forget(connection, &practice)
        }
        // The log's own: taken in above.
        Record::LogEntryMade { .. }
        | Record::LogFieldSet { .. }
        | Record::LogEntryWithdrawn { .. }
        | Record::LogImported { .. }
        | Record::RunbookSet { .. }
        | Record::PracticeFaultsSet { .. }
        | Record::BackupWritten { .. }
        | Record::StoreRestored { .. } => Ok(()),
    }
}

fn environment_of(entry: &Entry) -> Result<EnvironmentName, StoreError> {
    let name = entry
        .environment
        .as_deref()
        .ok_or_else(|| incomplete(entry, "an environment"))?;
    EnvironmentName::new(name).map_err(|error| StoreError::Damaged {
        what: format!("entry {}: {error}", entry.seq),
    })
}

fn run_of(entry: &Entry) -> Result<&str, StoreError> {
    entry.run_id.as_deref().ok_or_else(|| incomplete(entry, "a run"))
}

fn incomplete(entry: &Entry, missing: &'static str) -> StoreError {
    StoreError::Incomplete {
        kind: entry.kind.clone(),
        missing,
    }
}
