//! The desk's memory: one `SQLite` file that holds the journal, its projections, the evidence's
//! bytes, the settings and the telemetry.
//!
//! A data directory holds:
//!
//! | file | what |
//! |---|---|
//! | `desk.db` (`-wal`, `-shm`) | the database; the three belong together and are only ever moved together |
//! | `desk.lock` | held by the **owner**: the window, or a command when no window runs |
//! | `desk.users.lock` | held, shared, by everybody who has the database open |
//! | `desk.opening.lock` | held for as long as somebody opens, restores or starts anew |
//! | `desk.damaged` | where a damaged file was put, until [`restore`] or [`start_new`] is called |
//! | `backups/` | automatic backups, the newest ten |
//! | `damaged/`, `replaced/` | databases put aside; never deleted |
//!
//! Every append is one `IMMEDIATE` transaction that reads the newest hash, writes the entry and its projection, and is
//! answered after the commit reached the disk. All writing of a process goes through one connection on its own
//! thread; reading has a second one, so that no screen waits for a commit's fsync or for another program's lock: in WAL mode a
//! reader never does.

mod artifact;
mod backup;
mod clock;
mod column;
mod connection;
mod damage;
mod error;
mod journal;
mod locks;
mod migrate;
mod open;
mod projection;
mod search;
mod settings;
mod store;
mod telemetry;
mod verify;
mod worker;

#[cfg(test)]
mod tests;

pub use artifact::Artifact;
pub use backup::BackupInfo;
pub use clock::{Clock, system_clock};
pub use damage::{Restored, restore, start_new};
pub use error::{Damage, OpenError, RestoreError, StoreError};
pub use journal::NewEntry;
pub use projection::{
    announcement::{AnnouncementRow, PostRow, SentRow, TemplateRow},
    artifact::{Attached, Captured, RunArtifactRow},
    environment::EnvironmentRow,
    evidence::{EvidenceRow, ExportRow},
    identity::IdentityRow,
    log::{LogCursor, LogEntryRow, LogFieldRow, LogFilter, LogPlace, Withdrawn},
    phase_change::PhaseChangeRow,
    phase_move::PhaseMoveRow,
    rollback::RollbackRow,
    run::RunRow,
    smoke::{AttestationRow, LeftRow, SmokeRunRow},
};
pub use store::{Access, Store};
pub use telemetry::{
    ImportRow, ImportSource, Imported, ImportedRequest, PanelRow, RequestRow, RouteReply, SeriesRow, TallyRow,
};
pub use verify::Verified;
