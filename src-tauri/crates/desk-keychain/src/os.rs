//! The operating system's keychain, off the async threads and within a limit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::oneshot;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{Keychain, KeychainError, SecretName, platform};

/// How long a call may take. It never waits for a person, so a slow one is a stuck one.
const CALL_LIMIT: Duration = Duration::from_secs(5);

/// How long a person has to answer the prompt of [`Keychain::unlock`].
const PROMPT_LIMIT: Duration = Duration::from_secs(60);

/// The operating system's keychain.
///
/// The systems' interfaces block, and may block for ever. So each call has a thread of its own, which is left to
/// itself when the limit passes; and while such a thread hangs, further calls fail at once instead of piling up
/// behind it. Not tokio's blocking pool: a runtime that ends waits for that one's threads.
pub struct OsKeychain {
    call_limit: Duration,
    prompt_limit: Duration,
    running: Arc<Running>,
}

impl Default for OsKeychain {
    fn default() -> Self {
        Self::new()
    }
}

impl OsKeychain {
    /// The keychain of the person who runs this program. A call takes five seconds at most, the answer to a
    /// prompt a minute.
    pub fn new() -> Self {
        Self::with_limits(CALL_LIMIT, PROMPT_LIMIT)
    }

    /// The same with other limits for a call and for the answer to a prompt.
    pub fn with_limits(call_limit: Duration, prompt_limit: Duration) -> Self {
        Self {
            call_limit,
            prompt_limit,
            running: Arc::default(),
        }
    }

    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
    ) -> Result<T, KeychainError> {
        let ticket = self.running.enter(self.call_limit)?;
        on_a_thread(self.call_limit, move || {
            let _until_done = ticket;
            work()
        })
        .await
    }
}

#[async_trait]
impl Keychain for OsKeychain {
    async fn get(&self, name: &SecretName) -> Result<Option<SecretString>, KeychainError> {
        let account = name.account();
        self.call(move || platform::get(&account)).await
    }

    async fn set(&self, name: &SecretName, secret: &SecretString) -> Result<(), KeychainError> {
        let (account, label, secret) = (name.account(), name.label(), secret.clone());
        self.call(move || platform::set(&account, &label, &secret)).await
    }

    async fn delete(&self, name: &SecretName) -> Result<(), KeychainError> {
        let account = name.account();
        self.call(move || platform::delete(&account)).await
    }

    async fn probe(&self) -> Result<(), KeychainError> {
        self.call(probe).await
    }

    async fn unlock(&self) -> Result<(), KeychainError> {
        // Not among the running calls: an unanswered prompt does not keep the others from being told "locked".
        on_a_thread(self.prompt_limit, platform::unlock).await
    }
}

fn probe() -> Result<(), KeychainError> {
    // An entry of its own, so that two desks that start together do not disturb each other.
    let account = format!("probe/{}", Uuid::now_v7());
    let written = SecretString::from("probe");
    platform::set(&account, "Cutover Desk: probe", &written)?;
    let read = platform::get(&account);
    platform::delete(&account)?;
    match read? {
        Some(secret) if secret.expose_secret() == written.expose_secret() => Ok(()),
        _ => Err(KeychainError::Other {
            detail: "it did not give back what was stored".to_owned(),
        }),
    }
}

/// Runs `work` on a new thread; gives up on it after `limit`.
async fn on_a_thread<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> Result<T, KeychainError> + Send + 'static,
) -> Result<T, KeychainError> {
    let (sender, receiver) = oneshot::channel();
    std::thread::Builder::new()
        .name("keychain".to_owned())
        .spawn(move || {
            // Nobody listens when the limit has passed.
            let _ = sender.send(work());
        })
        .map_err(|error| KeychainError::Other {
            detail: format!("no thread to ask it on ({error})"),
        })?;
    match tokio::time::timeout(limit, receiver).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(KeychainError::Other {
            detail: "the call broke off".to_owned(),
        }),
        Err(_) => Err(KeychainError::TimedOut),
    }
}

/// The calls under way, with when each must be done.
#[derive(Default)]
struct Running {
    deadlines: Mutex<HashMap<Uuid, Instant>>,
}

impl Running {
    /// Notes a call, unless an earlier one is overdue.
    fn enter(self: &Arc<Self>, limit: Duration) -> Result<Ticket, KeychainError> {
        let now = Instant::now();
        let mut deadlines = self.lock();
        if deadlines.values().any(|deadline| *deadline <= now) {
            return Err(KeychainError::TimedOut);
        }
        let id = Uuid::now_v7();
        deadlines.insert(id, now + limit);
        Ok(Ticket {
            id,
            running: Arc::clone(self),
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Instant>> {
        // A panic elsewhere cannot leave a map half changed, so the poison says nothing about it.
        self.deadlines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way; dropped when its thread is done, however late.
struct Ticket {
    id: Uuid,
    running: Arc<Running>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.running.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const LIMIT: Duration = Duration::from_secs(5);

    /// Time stands still but for tokio's own waiting, so the limits pass at once.
    #[tokio::test(start_paused = true)]
    async fn while_a_call_hangs_others_fail_at_once_and_recover_when_it_ends() {
        let keychain = OsKeychain::with_limits(LIMIT, LIMIT);
        let (release, hold) = mpsc::channel::<()>();
        let (ended, end) = oneshot::channel::<()>();
        let stuck = keychain.call(move || {
            let _signals_on_drop = ended;
            let _ = hold.recv();
            Ok(())
        });
        assert_eq!(stuck.await, Err(KeychainError::TimedOut));

        let before = Instant::now();
        let refused = keychain.call(|| Ok(())).await;
        assert_eq!(refused, Err(KeychainError::TimedOut));
        assert_eq!(Instant::now(), before, "it must not wait");

        drop(release);
        let _ = end.await;
        while !keychain.running.lock().is_empty() {
            tokio::task::yield_now().await;
        }
        assert!(keychain.running.enter(LIMIT).is_ok());
    }

    #[tokio::test]
    async fn a_call_that_panics_is_an_error_and_leaves_nothing_behind() {
        let keychain = OsKeychain::with_limits(LIMIT, LIMIT);
        let outcome: Result<(), _> = keychain.call(|| panic!("on purpose")).await;
        assert!(matches!(outcome, Err(KeychainError::Other { .. })), "{outcome:?}");
        assert!(keychain.running.enter(LIMIT).is_ok());
    }
}
