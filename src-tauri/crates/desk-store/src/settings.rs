//! What the desk remembers without recording it: drafts, the theme, the selected environment, configuration.
//!
//! Never a secret: those are the keychain's.

use crate::{error::StoreError, store::Store};
use rusqlite::OptionalExtension;

pub(crate) const V1: &str = "
CREATE TABLE setting (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

impl Store {
    /// A setting's value, if it was set.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn setting(&self, key: &str) -> Result<Option<String>, StoreError> {
        let key = key.to_owned();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT value FROM setting WHERE key = ?1")?
                .query_row([key], |row| row.get(0))
                .optional()?)
        })
        .await
    }

    /// Every setting whose key starts with `prefix`, by key.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn settings(&self, prefix: &str) -> Result<Vec<(String, String)>, StoreError> {
        let prefix = prefix.to_owned();
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT key, value FROM setting WHERE substr(key, 1, length(?1)) = ?1 ORDER BY key",
                )?
                .query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()
                .map_err(StoreError::from)
        })
        .await
    }

    /// Sets a setting; `None` removes it.
    ///
    /// # Errors
    /// Whatever the error, the setting is as it was.
    pub async fn set_setting(&self, key: &str, value: Option<&str>) -> Result<(), StoreError> {
        let (key, value) = (key.to_owned(), value.map(str::to_owned));
        self.write(move |writer| {
            match value {
                Some(value) => writer
                    .connection
                    .prepare_cached("INSERT OR REPLACE INTO setting (key, value) VALUES (?1, ?2)")?
                    .execute([key, value])?,
                None => writer
                    .connection
                    .prepare_cached("DELETE FROM setting WHERE key = ?1")?
                    .execute([key])?,
            };
            Ok(())
        })
        .await
    }
}
