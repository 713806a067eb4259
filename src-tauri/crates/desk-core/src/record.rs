//! What the journal records: one variant an act. An entry's `kind` is the variant, its `body` the fields.

use crate::{
    EnvironmentKind, Phase, PhaseState, Role,
    announce::{Announcement, TemplateText},
    gate::DecisionDigest,
    log,
    phase::Direction,
    rollback::{Event, Opening},
    smoke::{Left, Settled, SmokeFinish, SmokeStart},
};
use serde::{Deserialize, Serialize};

/// One act at the desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    content = "body",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum Record {
    /// A portal was added, or its settings were replaced. The API key is configuration kept apart, never here.
    EnvironmentAdded {
        /// Staging or live.
        environment_kind: EnvironmentKind,
        /// Where the API's functions answer, without `/apiV1`.
        api_base: String,
        /// The sign-in service, without `/v1`.
        identity_base: String,
        /// The token service, without `/v1`.
        token_base: String,
        /// The project id that ID tokens must name as their audience, if known.
        project_id: Option<String>,
        /// How long an instance of the portal caches the phase, milliseconds.
        phase_cache_ms: u64,
        /// When changes are usual, as [`ChangeWindow`](crate::change_window::ChangeWindow) reads it; any time where not given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change_window: Option<String>,
    },
    /// A portal was removed, with its secrets.
    EnvironmentRemoved {},
    /// An account was signed in for a role. Its credentials are in the keychain.
    IdentitySet {
        /// The part it plays.
        role: Role,
        /// The account's uid.
        uid: String,
        /// Whether it held the staff claim when it was set.
        staff: bool,
        /// Whether its credentials are kept for this session only, for want of a keychain.
        session_only: bool,
    },
    /// A role's credentials were deleted.
    IdentityForgotten {
        /// The part it played.
        role: Role,
    },
    /// A rehearsal or a cutover began; the entry's `run_id` is its id.
    RunStarted {
        /// 1, 2, 3, … on this desk; shown as `R-001`.
        number: i64,
        /// Where it happens: practice and staging runs are rehearsals.
        environment_kind: EnvironmentKind,
        /// The SHA-256 of the runbook in force, lower-case hex; absent from entries of earlier versions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        runbook_sha256: Option<String>,
        /// Who answers for it, as named when it was started; none for a run that an act opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// The entry's run ended: acts from here on belong to another.
    RunEnded {},
    /// Another runbook is in force from here on, in every environment.
    RunbookSet {
        /// Its SHA-256, lower-case hex.
        sha256: String,
        /// The name of its file; none for the built-in one.
        name: Option<String>,
    },
    /// The operator decided to save a phase; written before the request is sent.
    PhaseChangeStarted {
        /// The decision's id, a `UUIDv7`.
        change_id: String,
        /// What the portal said right before.
        from: PhaseState,
        /// The phase asked for.
        to: Phase,
        /// The note asked for.
        note: Option<String>,
        /// Which way it goes.
        direction: Direction,
        /// The incident it answers to.
        incident_id: Option<String>,
        /// What a move forward rests on: verdicts, artifact, smoke run, runbook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        basis: Option<DecisionDigest>,
        /// Why the phase was moved forward although something was missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        override_reason: Option<String>,
    },
    /// What came of it. Several may follow one start: `unknown` is followed by what was found out.
    PhaseChangeConcluded {
        /// The decision's id.
        change_id: String,
        /// What came of it.
        outcome: ChangeOutcome,
        /// What the portal said last.
        state: Option<PhaseState>,
        /// Every request made for it, in order.
        requests: Vec<RequestRef>,
        /// When the portal acknowledged the save, milliseconds since 1970 by this machine's clock.
        acknowledged_at_ms: Option<i64>,
        /// Why, in words, where it is not confirmed.
        reason: Option<String>,
    },
    /// The portal was found in a state that this desk had not set.
    PhaseMovedElsewhere {
        /// What the desk had seen before.
        from: Option<PhaseState>,
        /// What it sees now.
        to: PhaseState,
    },
    /// Evidence was made; its bytes are kept by their hash.
    ArtifactCaptured {
        /// The bytes' SHA-256, lower-case hex.
        sha256: String,
        /// What it is.
        artifact_kind: ArtifactKind,
        /// The phase it speaks for.
        phase: Phase,
    },
    /// Bytes that are kept were put on the entry's run as evidence.
    ArtifactAttached {
        /// The bytes' SHA-256, lower-case hex.
        sha256: String,
        /// The id of the runbook's evidence item that they are for.
        item: String,
    },
    /// The smoke checklist of a phase began.
    SmokeStarted {
        /// Its id, a `UUIDv7`.
        smoke_id: String,
        /// What it is to prove.
        start: SmokeStart,
    },
    /// It ended, by itself or because it was stopped.
    SmokeFinished {
        /// Its id.
        smoke_id: String,
        /// What it found.
        finish: SmokeFinish,
    },
    /// A step of the checklist is about to leave something in the portal; written before the request is sent, and again
    /// where more becomes known of it.
    SmokeLeft {
        /// The run that leaves it.
        smoke_id: String,
        /// Its name in the ledger.
        left_id: String,
        /// What it is, with all that is needed to remove it.
        left: Left,
    },
    /// What became of it.
    SmokeSettled {
        /// Its name in the ledger.
        left_id: String,
        /// How.
        settled: Settled,
    },
    /// A person has answered a check's question.
    CheckAttested {
        /// The check's id in the runbook.
        check: String,
        /// The answer.
        pass: bool,
        /// What they saw, in their words.
        note: String,
        /// The phase it was seen in.
        phase: Phase,
        /// The save of that phase, milliseconds since 1970 by the portal's clock; 0 when it was never saved.
        phase_saved_at_ms: i64,
    },
    /// A rollback, or a drill of one, was decided; written before anything is sent. Its clock starts here.
    RollbackOpened {
        /// Its id, a `UUIDv7`.
        rollback_id: String,
        /// When it was decided, milliseconds since 1970: earlier than the entry where the journal could not be written.
        at_ms: i64,
        /// What was decided.
        opening: Box<Opening>,
    },
    /// Something happened to it.
    RollbackEvent {
        /// Its id.
        rollback_id: String,
        /// When, milliseconds since 1970: earlier than the entry where the journal could not be written.
        at_ms: i64,
        /// What.
        event: Event,
    },
    /// A text was finished and left the desk: copied, saved, printed or posted.
    AnnouncementMade {
        /// Its id, a `UUIDv7`.
        announcement_id: String,
        /// The text, with all that speaks for it.
        announcement: Box<Announcement>,
    },
    /// A text is about to be posted to the webhook; written before the request is sent.
    AnnouncementPostStarted {
        /// The text's id.
        announcement_id: String,
        /// Where: the address's host. The rest of the address is a secret.
        host: String,
    },
    /// What came of it.
    AnnouncementPostConcluded {
        /// The text's id.
        announcement_id: String,
        /// What came of it.
        outcome: PostOutcome,
        /// What was answered, or why nothing was, in words.
        found: String,
    },
    /// A person says that a text was sent.
    AnnouncementSent {
        /// The text's id.
        announcement_id: String,
        /// Where.
        place: String,
        /// When, milliseconds since 1970.
        sent_at_ms: i64,
        /// By whom.
        by: String,
    },
    /// A template was written, changed or restored: its next version. It is the desk's, in every environment.
    AnnouncementTemplateSaved {
        /// The version.
        template: TemplateText,
    },
    /// A person put a file on the entry's run as evidence; its bytes are kept by their hash.
    EvidenceAttached {
        /// The bytes' SHA-256, lower-case hex.
        sha256: String,
        /// The file's name, without folders.
        name: String,
        /// What it is, by its first bytes, else by its name: `image/png`.
        media_type: String,
        /// How long it is, bytes.
        bytes: u64,
        /// The id of the runbook's evidence item that it is for.
        item: String,
    },
    /// The entry's run was exported as a sealed bundle.
    EvidenceExported {
        /// The SHA-256 of the bundle's `tagmanifest-sha256.txt`, lower-case hex: it stands for every file in it.
        bundle_sha256: String,
        /// The fingerprint of the key that signed it.
        signed_by: String,
        /// The number of the journal's newest entry then.
        journal_seq: i64,
        /// Its hash.
        journal_head: String,
        /// The ids of the items that were missing or outdated.
        missing: Vec<String>,
    },
    /// The practice portal's faults were switched.
    PracticeFaultsSet {
        /// Each fault as the command line spells it; empty when all are off.
        faults: Vec<String>,
    },
    /// The practice portal was put back to its starting state.
    PracticeReset {},
    /// A backup of the database was written.
    BackupWritten {
        /// The file's SHA-256, lower-case hex.
        sha256: String,
        /// The number of the newest entry in it.
        newest_seq: i64,
    },
    /// The database was replaced by a backup; what was there was put aside.
    StoreRestored {
        /// The backup's SHA-256, lower-case hex.
        sha256: String,
        /// Where the replaced file lies, relative to the data directory.
        set_aside: Option<String>,
    },
    /// An entry was made in the rehearsal log, for a run of the past or one that was not made at this desk. A run of this desk
    /// has its entry from [`Record::RunStarted`] on.
    LogEntryMade {
        /// Its id, a `UUIDv7`.
        entry_id: String,
        /// Whether the run was for real.
        run_kind: log::Kind,
        /// The SHA-256 of what stood in the file that it was imported from; none where a person made it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        imported_sha256: Option<String>,
    },
    /// A person typed into a field of an entry.
    LogFieldSet {
        /// The entry's id; the run's, where the desk made the run.
        entry_id: String,
        /// Which field.
        field: log::Field,
        /// What stands there now; empty where the fact counts again.
        text: String,
        /// Whether it took back the change before.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        undoes: bool,
    },
    /// An entry was made in error. It stays, and says so.
    LogEntryWithdrawn {
        /// Its id.
        entry_id: String,
        /// Why.
        reason: String,
    },
    /// A file was imported into the log; its entries stand before this one.
    LogImported {
        /// The file's SHA-256, lower-case hex.
        sha256: String,
        /// The ids of the entries that were made.
        made: Vec<String>,
        /// How many entries of the file were there already.
        known: u32,
        /// The numbers of the lines that could not be read, from 1; each is kept in its entry's notes.
        unread: Vec<usize>,
    },
}

/// What came of a phase change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeOutcome {
    /// The portal acknowledged it and, read back, says so.
    Confirmed,
    /// The portal refused it: nothing changed.
    Refused,
    /// It never reached the portal: nothing changed.
    NotSent,
    /// No answer: it may have happened. The desk asks until it knows.
    Unknown,
    /// It did happen, but somebody moved the phase right after.
    Overtaken,
    /// It was found not to have happened.
    NotApplied,
}

/// What came of posting a text to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostOutcome {
    /// The receiver took it.
    Posted,
    /// The receiver refused it: nothing was posted.
    Refused,
    /// It never reached the receiver: nothing was posted.
    NotSent,
    /// It may have been posted.
    Unknown,
}

/// What an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactKind {
    /// The phase metrics as JSON, in the web panel's shape.
    PhaseMetrics,
}

/// A request made for an act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestRef {
    /// The route's name.
    pub route: String,
    /// The id a member would read out: the portal's, or the one sent when no reply came in the envelope.
    pub request_id: String,
    /// The HTTP status, if a reply came.
    pub status: Option<u16>,
    /// When it was sent, milliseconds since 1970.
    pub at_ms: i64,
    /// How long it took, milliseconds.
    pub duration_ms: u64,
}

impl Record {
    /// The entry's `kind` and `body` text.
    ///
    /// # Errors
    /// Only if a record could not be serialized, which no variant can cause.
    pub fn to_parts(&self) -> Result<(String, String), serde_json::Error> {
        #[derive(Deserialize)]
        struct Parts {
            kind: String,
            body: serde_json::Value,
        }
        let parts: Parts = serde_json::from_value(serde_json::to_value(self)?)?;
        Ok((parts.kind, parts.body.to_string()))
    }

    /// The record that an entry's `kind` and `body` hold.
    ///
    /// # Errors
    /// When the kind is unknown (written by a newer desk) or the body does not fit it.
    pub fn from_parts(kind: &str, body: &str) -> Result<Self, serde_json::Error> {
        let body: serde_json::Value = serde_json::from_str(body)?;
        serde_json::from_value(serde_json::json!({ "kind": kind, "body": body }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_its_parts() {
        let records = [
            Record::EnvironmentRemoved {},
            Record::IdentitySet {
                role: Role::StaffSmoke,
                uid: "u".into(),
                staff: true,
                session_only: false,
            },
            Record::PhaseChangeStarted {
                change_id: "c".into(),
                from: PhaseState {
                    phase: Phase::ReadOnly,
                    note: None,
                    updated_at_ms: 0,
                    updated_by_uid: None,
                },
                to: Phase::MemberWrites,
                note: Some("Zoë".into()),
                direction: Direction::Forward,
                incident_id: None,
                basis: None,
                override_reason: None,
            },
        ];
        for record in records {
            let (kind, body) = record.to_parts().unwrap();
            assert_eq!(Record::from_parts(&kind, &body).unwrap(), record);
        }
        let (kind, body) = Record::IdentityForgotten { role: Role::Operator }
            .to_parts()
            .unwrap();
        assert_eq!(
            (kind.as_str(), body.as_str()),
            ("identity_forgotten", r#"{"role":"operator"}"#)
        );
        assert!(Record::from_parts("from_the_future", "{}").is_err());
    }
}
