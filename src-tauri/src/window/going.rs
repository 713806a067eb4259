//! What goes on for a while: the window is told how far it is, and can stop it.

use super::MAIN;
use desk_app::smoke::Cancel;
use serde::Serialize;
use std::sync::{Mutex, PoisonError};
use tauri::{AppHandle, Emitter};
use tokio::sync::watch;

/// A piece of work that goes on at most once at a time.
#[derive(Default)]
pub struct Going(Mutex<Option<watch::Sender<bool>>>);

impl Going {
    /// Does the work, and tells the window under the event's name how far it is. What comes last is the caller's to tell.
    pub async fn on<T, Work>(
        &self,
        app: &AppHandle,
        event: &str,
        work: impl FnOnce(watch::Sender<Option<T>>, Cancel) -> Work,
    ) -> Work::Output
    where
        T: Clone + Serialize,
        Work: Future,
    {
        let (progress, mut seen) = watch::channel(None);
        let (stop, asked) = watch::channel(false);
        self.put(Some(stop));
        let mut work = std::pin::pin!(work(progress, Cancel::when(asked)));
        let output = loop {
            tokio::select! {
                output = &mut work => break output,
                Ok(()) = seen.changed() => {
                    let so_far = seen.borrow_and_update().clone();
                    tell(app, event, so_far);
                }
            }
        };
        self.put(None);
        output
    }

    /// Says to the work that goes on that it is to stop.
    pub fn stop(&self) {
        if let Some(stop) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            stop.send_replace(true);
        }
    }

    fn put(&self, stop: Option<watch::Sender<bool>>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stop;
    }
}

/// Tells the window something.
pub fn tell<T: Clone + Serialize>(app: &AppHandle, event: &str, value: T) {
    if let Err(error) = app.emit_to(MAIN, event, value) {
        tracing::warn!(%error, "the window could not be told");
    }
}
