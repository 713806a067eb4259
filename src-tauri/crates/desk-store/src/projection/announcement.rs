//! The texts that left the desk, where they were sent, and the versions of the templates.

use crate::{
    column::{Json, Word},
    error::StoreError,
    search::matching,
    store::Store,
};
use desk_core::{
    EnvironmentName,
    announce::{Announcement, Audience, TemplateText},
    journal::Entry,
    record::PostOutcome,
};
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::{Deserialize, Serialize};

pub(crate) const V7: &str = "
CREATE TABLE announcement (
    environment     TEXT NOT NULL,
    announcement_id TEXT NOT NULL,
    run_id          TEXT,
    actor           TEXT NOT NULL,
    seq             INTEGER NOT NULL,
    at_ms           INTEGER NOT NULL,
    audience        TEXT NOT NULL,
    announcement    TEXT NOT NULL,
    post            TEXT,
    sent            TEXT NOT NULL DEFAULT '[]',
    sent_seq        INTEGER,
    PRIMARY KEY (environment, announcement_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX announcement_by_seq ON announcement (environment, audience, seq);

CREATE VIRTUAL TABLE announcement_search USING fts5 (
    environment UNINDEXED, announcement_id UNINDEXED, subject, body, prefix = '2 3'
);

CREATE TABLE announcement_template (
    id       TEXT NOT NULL,
    number   INTEGER NOT NULL,
    actor    TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    template TEXT NOT NULL,
    PRIMARY KEY (id, number)
) STRICT, WITHOUT ROWID;
";

/// A text that left the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnouncementRow {
    /// Its id.
    pub id: String,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// Who finished it: the operator's uid.
    pub actor: String,
    /// When it was finished, milliseconds since 1970.
    pub at_ms: i64,
    /// The text.
    pub announcement: Announcement,
    /// The newest try to post it.
    pub post: Option<PostRow>,
    /// Where it was sent, in the order in which that was said.
    pub sent: Vec<SentRow>,
}

/// A try to post a text to a webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostRow {
    /// Where: the address's host.
    pub host: String,
    /// When it was begun, milliseconds since 1970.
    pub at_ms: i64,
    /// What came of it; `None` when that was never recorded.
    pub outcome: Option<PostOutcome>,
    /// What was answered, or why nothing was, in words.
    pub found: String,
}

/// That a text was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentRow {
    /// Where.
    pub place: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// By whom.
    pub by: String,
}

/// A version of a template that was written at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRow {
    /// Who wrote it: the operator's uid.
    pub actor: String,
    /// When, milliseconds since 1970.
    pub at_ms: i64,
    /// The version.
    pub template: TemplateText,
}

impl Store {
    /// The newest texts of an environment, newest first, at most `limit`; those for one audience, those that hold words
    /// which begin with each of `search`'s.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn announcements(
        &self,
        environment: &EnvironmentName,
        audience: Option<Audience>,
        search: &str,
        limit: u32,
    ) -> Result<Vec<AnnouncementRow>, StoreError> {
        let environment = environment.clone();
        let search = matching(search);
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT * FROM announcement
                 WHERE environment = :environment AND (:audience IS NULL OR audience = :audience)
                   AND (:search IS NULL OR announcement_id IN (
                       SELECT announcement_id FROM announcement_search WHERE announcement_search MATCH :search
                   ))
                 ORDER BY seq DESC LIMIT :limit",
            )?;
            let rows = statement.query_map(
                named_params! {
                    ":environment": environment.as_str(),
                    ":audience": audience.map(Audience::word),
                    ":search": search,
                    ":limit": limit,
                },
                from_row,
            )?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A text by its id.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn announcement(
        &self,
        environment: &EnvironmentName,
        id: &str,
    ) -> Result<Option<AnnouncementRow>, StoreError> {
        let (environment, id) = (environment.clone(), id.to_owned());
        self.read(move |connection| {
            Ok(connection
                .prepare_cached("SELECT * FROM announcement WHERE environment = ?1 AND announcement_id = ?2")?
                .query_row([environment.as_str(), &id], from_row)
                .optional()?)
        })
        .await
    }

    /// The text that was last said to be sent to an audience.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_sent_announcement(
        &self,
        environment: &EnvironmentName,
        audience: Audience,
    ) -> Result<Option<AnnouncementRow>, StoreError> {
        let environment = environment.clone();
        self.read(move |connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT * FROM announcement WHERE environment = ?1 AND audience = ?2 AND sent_seq IS NOT NULL
                     ORDER BY sent_seq DESC LIMIT 1",
                )?
                .query_row([environment.as_str(), audience.word()], from_row)
                .optional()?)
        })
        .await
    }

    /// The texts that left the desk under a run, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn announcements_of_run(&self, run_id: &str) -> Result<Vec<AnnouncementRow>, StoreError> {
        let run_id = run_id.to_owned();
        self.read(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM announcement WHERE run_id = ?1 ORDER BY seq")?;
            let rows = statement.query_map([run_id], from_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Every version of every template that was written at the desk, by id and number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn announcement_templates(&self) -> Result<Vec<TemplateRow>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT * FROM announcement_template ORDER BY id, number")?;
            let rows = statement.query_map([], |row| {
                Ok(TemplateRow {
                    actor: row.get("actor")?,
                    at_ms: row.get("at_ms")?,
                    template: row.get::<_, Json<_>>("template")?.0,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<AnnouncementRow> {
    Ok(AnnouncementRow {
        id: row.get("announcement_id")?,
        run_id: row.get("run_id")?,
        actor: row.get("actor")?,
        at_ms: row.get("at_ms")?,
        announcement: row.get::<_, Json<_>>("announcement")?.0,
        post: row.get::<_, Option<Json<_>>>("post")?.map(|post| post.0),
        sent: row.get::<_, Json<_>>("sent")?.0,
    })
}

pub(super) fn make(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    id: &str,
    announcement: &Announcement,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO announcement (environment, announcement_id, run_id, actor, seq, at_ms, audience, announcement)
             VALUES (:environment, :id, :run_id, :actor, :seq, :at_ms, :audience, :announcement)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":id": id,
            ":run_id": entry.run_id,
            ":actor": entry.actor,
            ":seq": entry.seq,
            ":at_ms": entry.at_ms,
            ":audience": Word(announcement.audience),
            ":announcement": Json(announcement),
        })?;
    connection
        .prepare_cached(
            "INSERT INTO announcement_search (environment, announcement_id, subject, body)
             VALUES (:environment, :id, :subject, :body)",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":id": id,
            ":subject": announcement.subject,
            ":body": announcement.body,
        })?;
    Ok(())
}

pub(super) fn start_post(
    connection: &Connection,
    entry: &Entry,
    environment: &EnvironmentName,
    id: &str,
    host: String,
) -> Result<(), StoreError> {
    let post = PostRow {
        host,
        at_ms: entry.at_ms,
        outcome: None,
        found: String::new(),
    };
    put_post(connection, environment, id, &post)
}

/// A conclusion without its start changes nothing.
pub(super) fn conclude_post(
    connection: &Connection,
    environment: &EnvironmentName,
    id: &str,
    outcome: PostOutcome,
    found: String,
) -> Result<(), StoreError> {
    let started: Option<Option<Json<PostRow>>> = connection
        .prepare_cached("SELECT post FROM announcement WHERE environment = ?1 AND announcement_id = ?2")?
        .query_row([environment.as_str(), id], |row| row.get(0))
        .optional()?;
    let Some(Json(started)) = started.flatten() else {
        return Ok(());
    };
    let post = PostRow {
        outcome: Some(outcome),
        found,
        ..started
    };
    put_post(connection, environment, id, &post)
}

fn put_post(
    connection: &Connection,
    environment: &EnvironmentName,
    id: &str,
    post: &PostRow,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE announcement SET post = :post WHERE environment = :environment AND announcement_id = :id",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":id": id,
            ":post": Json(post),
        })?;
    Ok(())
}

/// That a text was sent which is not there changes nothing.
pub(super) fn send(
    connection: &Connection,
    environment: &EnvironmentName,
    id: &str,
    sent: SentRow,
    seq: i64,
) -> Result<(), StoreError> {
    let so_far: Option<Json<Vec<SentRow>>> = connection
        .prepare_cached("SELECT sent FROM announcement WHERE environment = ?1 AND announcement_id = ?2")?
        .query_row([environment.as_str(), id], |row| row.get(0))
        .optional()?;
    let Some(Json(mut all)) = so_far else {
        return Ok(());
    };
    all.push(sent);
    connection
        .prepare_cached(
            "UPDATE announcement SET sent = :sent, sent_seq = :seq
             WHERE environment = :environment AND announcement_id = :id",
        )?
        .execute(named_params! {
            ":environment": environment.as_str(),
            ":id": id,
            ":sent": Json(&all),
            ":seq": seq,
        })?;
    Ok(())
}

pub(super) fn save_template(
    connection: &Connection,
    entry: &Entry,
    template: &TemplateText,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO announcement_template (id, number, actor, at_ms, template)
             VALUES (:id, :number, :actor, :at_ms, :template)",
        )?
        .execute(named_params! {
            ":id": template.id,
            ":number": template.number,
            ":actor": entry.actor,
            ":at_ms": entry.at_ms,
            ":template": Json(template),
        })?;
    Ok(())
}
