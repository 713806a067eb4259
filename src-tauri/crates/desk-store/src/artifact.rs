//! Bytes kept as evidence, each once, by their SHA-256. What they are and which run they belong to is the journal's.

use crate::{error::StoreError, store::Store};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

pub(crate) const V2: &str = "
CREATE TABLE artifact (
    sha256        TEXT PRIMARY KEY,
    bytes         BLOB NOT NULL,
    media_type    TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
";

/// Bytes kept as evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The bytes, which give the hash they were asked for by.
    pub bytes: Vec<u8>,
    /// What they are: `application/json`, …
    pub media_type: String,
    /// When they were first kept, milliseconds since 1970.
    pub created_at_ms: i64,
}

impl Store {
    /// Keeps bytes, and gives their SHA-256 in lower-case hex once they are safely on the disk.
    ///
    /// Bytes that are kept already stay as they are, with the media type and the time of the first.
    ///
    /// # Errors
    /// Whatever the error, nothing was stored.
    pub async fn put_artifact(&self, bytes: Vec<u8>, media_type: &str) -> Result<String, StoreError> {
        let media_type = media_type.to_owned();
        self.write(move |writer| put(&writer.connection, &bytes, &media_type, writer.now_ms()))
            .await
    }

    /// The bytes that have a SHA-256; `None` when they are not kept.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when what is kept does not give the hash any more: it is never handed out as evidence.
    pub async fn artifact(&self, sha256: &str) -> Result<Option<Artifact>, StoreError> {
        let sha256 = sha256.to_owned();
        self.read(move |connection| get(connection, &sha256)).await
    }
}

fn put(
    connection: &Connection,
    bytes: &[u8],
    media_type: &str,
    created_at_ms: i64,
) -> Result<String, StoreError> {
    let sha256 = hash(bytes);
    connection
        .prepare_cached(
            "INSERT INTO artifact (sha256, bytes, media_type, created_at_ms) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (sha256) DO NOTHING",
        )?
        .execute(params![sha256, bytes, media_type, created_at_ms])?;
    Ok(sha256)
}

fn get(connection: &Connection, sha256: &str) -> Result<Option<Artifact>, StoreError> {
    let found = connection
        .prepare_cached("SELECT bytes, media_type, created_at_ms FROM artifact WHERE sha256 = ?1")?
        .query_row([sha256], |row| {
            Ok(Artifact {
                bytes: row.get("bytes")?,
                media_type: row.get("media_type")?,
                created_at_ms: row.get("created_at_ms")?,
            })
        })
        .optional()?;
    match found {
        Some(artifact) if hash(&artifact.bytes) != sha256 => Err(StoreError::Damaged {
            what: format!("the content of artifact {sha256} does not give its hash"),
        }),
        other => Ok(other),
    }
}

fn hash(bytes: &[u8]) -> String {
    format!("{:x}", Sha256::digest(bytes))
}
