//! The handle that everybody holds, and what its two threads own.

use crate::{
    Clock, connection, damage,
    error::StoreError,
    journal,
    locks::{self, Held},
    open::tend,
    telemetry::{self, QueuedRequests, RequestQueue},
    worker::{State, Worker},
};
use rusqlite::Connection;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::sync::watch;

/// What a program may do with its data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everything: it holds the lock.
    Owner,
    /// Read and append. It never migrates, prunes, restores or makes automatic backups.
    Guest,
}

/// An open store. Clones share it; when the last is dropped, what was asked for is still done, and then it closes.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    clock: Clock,
    // Before the writer: the last connection to close tidies up the write-ahead log, which only a writer can.
    reader: Worker<Reader>,
    writer: Worker<Writer>,
    changes: watch::Sender<i64>,
    requests: RequestQueue,
    is_owner: Arc<AtomicBool>,
    /// Weak, so that a closed store is nobody's user although its handle is still held.
    users: Weak<Held>,
}

/// The writing thread's state.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) dir: PathBuf,
    clock: Clock,
    changes: watch::Sender<i64>,
    requests: QueuedRequests,
    /// `PRAGMA data_version`: differs from this as soon as another connection has written.
    data_version: i64,
    ownership: Option<Held>,
    is_owner: Arc<AtomicBool>,
    // Last, so that it is let go of when the connection is closed.
    _users: Arc<Held>,
}

/// The reading thread's state.
pub(crate) struct Reader {
    connection: Connection,
    _users: Arc<Held>,
}

impl Store {
    /// Starts the threads over connections that are ready.
    pub(crate) fn start(
        dir: &Path,
        clock: Clock,
        writer: Connection,
        reader: Connection,
        users: Held,
        ownership: Option<Held>,
    ) -> Result<Self, StoreError> {
        if ownership.is_some() {
            tend(&writer, dir, clock());
        }
        let data_version = data_version(&writer)?;
        let (newest_seq, _) = journal::newest(&writer)?;
        let (changes, _) = watch::channel(newest_seq);
        let (requests, queued) = telemetry::queue();
        let is_owner = Arc::new(AtomicBool::new(ownership.is_some()));
        let users = Arc::new(users);
        let alive = Arc::downgrade(&users);
        let writer = Writer {
            connection: writer,
            dir: dir.to_owned(),
            clock: Arc::clone(&clock),
            changes: changes.clone(),
            requests: queued,
            data_version,
            ownership,
            is_owner: Arc::clone(&is_owner),
            _users: Arc::clone(&users),
        };
        let reader = Reader {
            connection: reader,
            _users: users,
        };
        let inner = Inner {
            users: alive,
            dir: dir.to_owned(),
            clock,
            reader: Worker::spawn("desk-store-read", reader)?,
            writer: Worker::spawn("desk-store-write", writer)?,
            changes,
            requests,
            is_owner,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whether this program owns the data directory.
    pub fn access(&self) -> Access {
        access(&self.inner.is_owner)
    }

    /// Becomes the owner if nobody is any more, for a window that started while a command was at work, and takes up the owner's
    /// duties.
    ///
    /// # Errors
    /// When the lock file cannot be used.
    pub async fn try_become_owner(&self) -> Result<Access, StoreError> {
        self.write(|writer| {
            if writer.ownership.is_none()
                && let Some(held) = locks::try_own(&writer.dir)?
            {
                writer.ownership = Some(held);
                writer.is_owner.store(true, Ordering::Release);
                tend(&writer.connection, &writer.dir, writer.now_ms());
            }
            Ok(access(&writer.is_owner))
        })
        .await
    }

    /// Closes the store for every holder, after everything asked for so far, and waits until its files and locks are free.
    pub async fn close(&self) {
        self.inner.reader.stop().await;
        self.inner.writer.stop().await;
    }

    /// The data directory.
    pub fn dir(&self) -> &Path {
        &self.inner.dir
    }

    pub(crate) fn now_ms(&self) -> i64 {
        (self.inner.clock)()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<i64> {
        self.inner.changes.subscribe()
    }

    pub(crate) fn request_queue(&self) -> &RequestQueue {
        &self.inner.requests
    }

    /// Does something on the writing thread.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Writer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner.writer.call(job).await
    }

    /// Does something quick on the reading thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.inner
            .reader
            .call(move |reader| job(&reader.connection))
            .await
    }

    /// Does something slow on a connection and a thread of its own, so that no screen waits for it.
    pub(crate) async fn read_apart<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let path = damage::database(&self.inner.dir);
        // Held for as long as the connection is, even should the store be closed meanwhile.
        let users = self.inner.users.upgrade().ok_or(StoreError::Closed)?;
        let work = tokio::task::spawn_blocking(move || {
            let result = connection::open_reader(&path).and_then(|mut connection| job(&mut connection));
            drop(users);
            result
        });
        // The task is never cancelled; should it panic, or the runtime end, there is no answer.
        work.await.map_err(|_| StoreError::Closed)?
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("dir", &self.inner.dir)
            .field("access", &self.access())
            .finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn now_ms(&self) -> i64 {
        (self.clock)()
    }

    pub(crate) fn require_owner(&self) -> Result<(), StoreError> {
        match access(&self.is_owner) {
            Access::Owner => Ok(()),
            Access::Guest => Err(StoreError::NotOwner),
        }
    }

    /// Tells those who follow the journal how far it has come.
    pub(crate) fn announce(&self, newest_seq: i64) {
        self.changes.send_if_modified(|known| {
            let is_news = *known != newest_seq;
            *known = newest_seq;
            is_news
        });
    }

    pub(crate) fn flush_requests(&mut self) -> Result<(), StoreError> {
        self.requests.flush(&mut self.connection)
    }

    /// Announces what others have written since the last time.
    fn notice_others(&mut self) -> Result<(), StoreError> {
        let data_version = data_version(&self.connection)?;
        if data_version != self.data_version {
            let (newest_seq, _) = journal::newest(&self.connection)?;
            self.announce(newest_seq);
            self.data_version = data_version;
        }
        Ok(())
    }
}

impl State for Writer {
    const TICK: Option<Duration> = Some(Duration::from_millis(500));

    fn tick(&mut self) {
        if let Err(error) = self.notice_others() {
            tracing::warn!(%error, "the journal could not be looked at for others' entries");
        }
        self.finish();
    }

    fn finish(&mut self) {
        if let Err(error) = self.flush_requests() {
            tracing::warn!(%error, "requests were not kept");
        }
    }
}

impl State for Reader {
    const TICK: Option<Duration> = None;
}

fn access(is_owner: &AtomicBool) -> Access {
    if is_owner.load(Ordering::Acquire) {
        Access::Owner
    } else {
        Access::Guest
    }
}

fn data_version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_one(None, "data_version")?)
}
