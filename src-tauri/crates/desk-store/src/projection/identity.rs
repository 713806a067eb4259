//! The accounts that are signed in. Their credentials are in the keychain, never here.

use crate::{column::Word, error::StoreError, store::Store};
use desk_core::{EnvironmentName, Role};
use rusqlite::{Connection, Row, named_params};

pub(crate) const V1: &str = "
CREATE TABLE identity (
    environment  TEXT NOT NULL,
    role         TEXT NOT NULL,
    uid          TEXT NOT NULL,
    staff        INTEGER NOT NULL,
    session_only INTEGER NOT NULL,
    set_at_ms    INTEGER NOT NULL,
    PRIMARY KEY (environment, role)
) STRICT;
";

/// An account that is signed in for a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityRow {
    /// The part it plays.
    pub role: Role,
    /// The account's uid.
    pub uid: String,
    /// Whether it held the staff claim when it was set.
    pub staff: bool,
    /// Whether its credentials are kept for a session only.
    pub session_only: bool,
    /// When it was set, milliseconds since 1970.
    pub set_at_ms: i64,
}

impl Store {
    /// The identities of an environment, by role.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn identities(&self, environment: &EnvironmentName) -> Result<Vec<IdentityRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            let mut statement = connection.prepare_cached("SELECT * FROM identity WHERE environment = ?1")?;
            let rows = statement.query_map([environment.as_str()], from_row)?;
            let mut identities: Vec<IdentityRow> = rows.collect::<Result<_, _>>()?;
            identities.sort_by_key(|identity| identity.role);
            Ok(identities)
        })
        .await
    }
}

pub(super) fn put(
    connection: &Connection,
    environment: &EnvironmentName,
    row: &IdentityRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO identity (environment, role, uid, staff, session_only, set_at_ms)
             VALUES (:environment, :role, :uid, :staff, :session_only, :set_at_ms)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":role": row.role.word(),
            ":uid": row.uid,
            ":staff": row.staff,
            ":session_only": row.session_only,
            ":set_at_ms": row.set_at_ms,
        })?;
    Ok(())
}

pub(super) fn remove(
    connection: &Connection,
    environment: &EnvironmentName,
    role: Role,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM identity WHERE environment = ?1 AND role = ?2")?
        .execute([environment.as_str(), role.word()])?;
    Ok(())
}

pub(super) fn remove_all(connection: &Connection, environment: &EnvironmentName) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM identity WHERE environment = ?1")?
        .execute([environment.as_str()])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<IdentityRow> {
    Ok(IdentityRow {
        role: row.get::<_, Word<_>>("role")?.0,
        uid: row.get("uid")?,
        staff: row.get("staff")?,
        session_only: row.get("session_only")?,
        set_at_ms: row.get("set_at_ms")?,
    })
}
