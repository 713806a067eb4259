//! The portal's state in `SQLite`: documents as JSON, accounts, and what each instance remembers of the phase.
//!
//! Several processes may serve one file. Every request is one `IMMEDIATE` transaction, so they take turns.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use desk_core::PhaseState;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use serde_json::{Map, Value};

use crate::refusal::Refusal;

/// Where the state is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Storage {
    /// In this file (`practice.db`), which is made when missing; it outlives the process and may be shared.
    File(PathBuf),
    /// In memory, gone with the portal.
    #[default]
    Ephemeral,
}

/// Why the state could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// `SQLite` refused.
    #[error("the practice portal's database failed: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The file was made by another version of the program, with tables this one does not know.
    #[error(
        "the practice database has version {found}, this program works with {VERSION}; remove it to start over"
    )]
    OtherVersion {
        /// The version in the file.
        found: i64,
    },
    /// The file that keeps two from opening the database at once could not be made or locked.
    #[error("the practice portal could not lock {path}: {source}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The starting state could not be put in; a fault of the program.
    #[error("the starting state could not be put in: {0}")]
    Seed(String),
}

const VERSION: i64 = 1;

/// How long one process waits for another's transaction; those take milliseconds.
const BUSY: Duration = Duration::from_secs(10);

const SCHEMA: &str = "
    CREATE TABLE doc (
        collection TEXT NOT NULL,
        id TEXT NOT NULL,
        body TEXT NOT NULL,
        PRIMARY KEY (collection, id)
    ) WITHOUT ROWID;
    CREATE TABLE account (
        uid TEXT PRIMARY KEY,
        email TEXT NOT NULL UNIQUE,
        display_name TEXT NOT NULL,
        password TEXT NOT NULL,
        refresh_token TEXT NOT NULL UNIQUE,
        claims TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE phase_cache (
        instance INTEGER PRIMARY KEY,
        body TEXT NOT NULL,
        read_at_ms INTEGER NOT NULL
    );
    CREATE TABLE secret (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID;
    PRAGMA user_version = 1;
";

/// Waits until no other process is opening the file; the answer keeps others out while it lives.
///
/// Two that switch a new file to WAL at the same moment get "database is locked", which no busy timeout covers. The lock
/// is on a file of its own: to open and close the database by other means would drop `SQLite`'s locks on it.
fn wait_to_open(path: &Path) -> Result<File, StoreError> {
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".opening");
    let locked = File::create(&lock_path).and_then(|file| file.lock().map(|()| file));
    locked.map_err(|source| StoreError::Lock {
        path: lock_path.into(),
        source,
    })
}

/// The database of one portal.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens the database and makes its tables when it is new. Call `fill` to put in what a new one needs.
    pub fn open(storage: &Storage) -> Result<Self, StoreError> {
        let (connection, _opening) = match storage {
            Storage::File(path) => {
                let opening = wait_to_open(path)?;
                (Connection::open(path)?, Some(opening))
            }
            Storage::Ephemeral => (Connection::open_in_memory()?, None),
        };
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // Practice data may be lost with the machine's power; it must not be slow.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "trusted_schema", false)?;
        let store = Self {
            connection: Mutex::new(connection),
        };
        store.transact(|documents| {
            let version = documents
                .0
                .pragma_query_value(None, "user_version", |row| row.get(0))?;
            match version {
                0 => Ok(documents.0.execute_batch(SCHEMA)?),
                VERSION => Ok(()),
                found => Err(StoreError::OtherVersion { found }),
            }
        })?;
        Ok(store)
    }

    /// Runs `work` as one transaction, which is kept when it answers `Ok` and undone otherwise.
    pub fn transact<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Documents<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // A panic in an earlier transaction undid it; the connection is sound.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&Documents(&transaction))?;
        transaction.commit()?;
        Ok(answer)
    }
}

/// A document's fields.
pub type Document = Map<String, Value>;

/// A kind of document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collection {
    Config,
    Items,
    Loans,
    Fees,
    Ratings,
    Reviews,
    ReadingStatuses,
    TagSubmissions,
    Tags,
    ItemTags,
    Recommendations,
    Feedback,
    IdempotentReplies,
}

impl Collection {
    /// The name in the database, and in what the portal says about an impossible id.
    const fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Items => "libraryItems",
            Self::Loans => "libraryLoans",
            Self::Fees => "libraryReplacementFees",
            Self::Ratings => "libraryRatings",
            Self::Reviews => "libraryReviews",
            Self::ReadingStatuses => "libraryReadingStatus",
            Self::TagSubmissions => "libraryTagSubmissions",
            Self::Tags => "libraryTags",
            Self::ItemTags => "libraryItemTags",
            Self::Recommendations => "libraryRecommendations",
            Self::Feedback => "libraryRecommendationFeedback",
            Self::IdempotentReplies => "libraryIdempotency",
        }
    }
}

/// The state, inside one transaction.
#[derive(Clone, Copy)]
pub struct Documents<'a>(&'a Connection);

impl Documents<'_> {
    /// The document with this id, which a caller may have made up: impossible ids are refused as the portal's own
    /// database refuses them.
    pub fn find(self, collection: Collection, id: &str) -> Result<Option<Document>, Refusal> {
        check_id(collection, id)?;
        Ok(self.get(collection, id)?)
    }

    /// The document with this id.
    pub fn get(self, collection: Collection, id: &str) -> rusqlite::Result<Option<Document>> {
        self.0
            .prepare_cached("SELECT body FROM doc WHERE collection = ?1 AND id = ?2")?
            .query_row(params![collection.name(), id], |row| document(row, 0))
            .optional()
    }

    /// Every document of a collection with its id, in the order of ids.
    pub fn all(self, collection: Collection) -> rusqlite::Result<Vec<(String, Document)>> {
        self.0
            .prepare_cached("SELECT id, body FROM doc WHERE collection = ?1 ORDER BY id")?
            .query_map([collection.name()], |row| Ok((row.get(0)?, document(row, 1)?)))?
            .collect()
    }

    /// Writes a document, whether or not there was one.
    pub fn put(self, collection: Collection, id: &str, document: &Document) -> rusqlite::Result<()> {
        self.0
            .prepare_cached("INSERT OR REPLACE INTO doc (collection, id, body) VALUES (?1, ?2, ?3)")?
            .execute(params![collection.name(), id, json_text(document)?])?;
        Ok(())
    }

    /// Removes all documents and what the instances remember; accounts and secrets stay.
    pub fn clear(self) -> rusqlite::Result<()> {
        self.0.execute_batch("DELETE FROM doc; DELETE FROM phase_cache;")
    }

    /// Runs `work` and undoes what it wrote when it refuses; what was written before stays.
    pub fn attempt<T>(self, work: impl FnOnce(Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.0.execute_batch("SAVEPOINT attempt")?;
        let answer = work(self);
        if answer.is_err() {
            self.0.execute_batch("ROLLBACK TO attempt")?;
        }
        self.0.execute_batch("RELEASE attempt")?;
        answer
    }

    /// The phase as an instance remembers it, and when it read it.
    pub fn remembered_phase(self, instance: usize) -> rusqlite::Result<Option<(PhaseState, i64)>> {
        self.0
            .prepare_cached("SELECT body, read_at_ms FROM phase_cache WHERE instance = ?1")?
            .query_row([row_number(instance)], |row| {
                Ok((from_json(row, 0)?, row.get(1)?))
            })
            .optional()
    }

    /// Lets an instance remember the phase as read at a time.
    pub fn remember_phase(
        self,
        instance: usize,
        state: &PhaseState,
        read_at_ms: i64,
    ) -> rusqlite::Result<()> {
        self.0
            .prepare_cached(
                "INSERT OR REPLACE INTO phase_cache (instance, body, read_at_ms) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![row_number(instance), json_text(state)?, read_at_ms])?;
        Ok(())
    }

    /// A secret of the portal: the signing key, the API key.
    pub fn secret(self, name: &str) -> rusqlite::Result<Option<String>> {
        self.0
            .query_row("SELECT value FROM secret WHERE name = ?1", [name], |row| {
                row.get(0)
            })
            .optional()
    }

    /// Keeps a secret.
    pub fn put_secret(self, name: &str, value: &str) -> rusqlite::Result<()> {
        self.0
            .execute("INSERT INTO secret (name, value) VALUES (?1, ?2)", [name, value])?;
        Ok(())
    }

    /// Every account, in the order of uids.
    pub fn accounts(self) -> rusqlite::Result<Vec<Account>> {
        self.0
            .prepare_cached(
                "SELECT uid, email, display_name, password, refresh_token, claims FROM account ORDER BY uid",
            )?
            .query_map([], |row| {
                Ok(Account {
                    uid: row.get(0)?,
                    email: row.get(1)?,
                    display_name: row.get(2)?,
                    password: row.get(3)?,
                    refresh_token: row.get(4)?,
                    claims: from_json(row, 5)?,
                })
            })?
            .collect()
    }

    /// The account with this uid.
    pub fn account(self, uid: &str) -> rusqlite::Result<Option<Account>> {
        Ok(self.accounts()?.into_iter().find(|account| account.uid == uid))
    }

    /// Adds an account.
    pub fn put_account(self, account: &Account) -> rusqlite::Result<()> {
        self.0.execute(
            "INSERT INTO account (uid, email, display_name, password, refresh_token, claims)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                account.uid,
                account.email,
                account.display_name,
                account.password,
                account.refresh_token,
                json_text(&account.claims)?,
            ],
        )?;
        Ok(())
    }
}

/// Somebody who can sign in.
#[derive(Clone)]
pub struct Account {
    pub uid: String,
    pub email: String,
    pub display_name: String,
    pub password: String,
    pub refresh_token: String,
    /// Custom claims, carried by each ID token.
    pub claims: Document,
}

/// Refuses an id that the portal's database cannot hold, in that database's words.
pub fn check_id(collection: Collection, id: &str) -> Result<(), Refusal> {
    let cause = if id.trim().is_empty() {
        "Value for argument \"documentPath\" is not a valid resource path. Path must be a non-empty string."
            .to_owned()
    } else if id.contains('/') {
        format!(
            "Value for argument \"documentPath\" must point to a document, but was \"{id}\". Your path does not contain an even number of components."
        )
    } else if id == "." || id == ".." {
        format!(
            "3 INVALID_ARGUMENT: Document name in \"{}\" contains a resource id \"{id}\".",
            collection.name()
        )
    } else if id.len() >= 4 && id.starts_with("__") && id.ends_with("__") {
        format!("3 INVALID_ARGUMENT: Resource id \"{id}\" is invalid because it is reserved.")
    } else {
        return Ok(());
    };
    Err(Refusal::internal(&cause))
}

fn row_number(instance: usize) -> i64 {
    i64::try_from(instance).unwrap_or(i64::MAX)
}

fn json_text(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn document(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Document> {
    from_json(row, column)
}

fn from_json<T: serde::de::DeserializeOwned>(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_attempt_is_undone_and_what_came_before_stays() {
        let store = Store::open(&Storage::Ephemeral).unwrap();
        let refused = store
            .transact(|documents| {
                documents.put(Collection::Items, "before", &Document::new())?;
                Ok::<_, Refusal>(documents.attempt(|documents| {
                    documents.put(Collection::Items, "during", &Document::new())?;
                    Err::<(), _>(Refusal::conflict("no"))
                }))
            })
            .unwrap();
        assert_eq!(refused, Err(Refusal::conflict("no")));
        let kept = store
            .transact(|documents| documents.all(Collection::Items))
            .unwrap();
        assert_eq!(kept, [("before".to_owned(), Document::new())]);
    }

    #[test]
    fn ids_the_database_cannot_hold_are_internal_errors() {
        for id in ["a/b", "   ", "", ".", "..", "__x__"] {
            let refusal = check_id(Collection::Items, id).unwrap_err();
            assert_eq!(refusal.code, "INTERNAL", "{id}");
        }
        for id in ["a", "...", "__x", "____x"] {
            assert_eq!(check_id(Collection::Items, id), Ok(()), "{id}");
        }
    }
}
