//! A thread that owns a connection and does what it is sent, in order.

use crate::error::StoreError;
use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// What a worker owns.
pub(crate) trait State: Send + 'static {
    /// How often [`State::tick`] is called, if at all.
    const TICK: Option<Duration>;
    /// Regular work.
    fn tick(&mut self) {}
    /// The last work, after everything that was sent.
    fn finish(&mut self) {}
}

/// The sending end. The thread ends after everything that was sent when this is dropped, or when it is stopped.
pub(crate) struct Worker<S> {
    inbox: mpsc::Sender<Message<S>>,
}

enum Message<S> {
    Run(Box<dyn FnOnce(&mut S) + Send>),
    Stop(oneshot::Sender<()>),
}

impl<S: State> Worker<S> {
    /// Starts the thread.
    pub(crate) fn spawn(name: &str, state: S) -> Result<Self, StoreError> {
        let (inbox, received) = mpsc::channel();
        thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(state, &received))
            .map_err(StoreError::Thread)?;
        Ok(Self { inbox })
    }

    /// Has the thread do something, and waits for what came of it.
    ///
    /// What was sent is done even if the caller stops waiting.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut S) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move |state: &mut S| {
            // The caller may have stopped waiting; the work is done all the same.
            let _ = answer.send(job(state));
        });
        self.inbox
            .send(Message::Run(job))
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Ends the thread after everything sent so far, and waits until its state is dropped. What is sent later is answered `Closed`.
    pub(crate) async fn stop(&self) {
        let (done, ended) = oneshot::channel();
        if self.inbox.send(Message::Stop(done)).is_ok() {
            // An error means that another stop was first, whose end drops this one's sender too.
            let _ = ended.await;
        }
    }
}

fn run<S: State>(mut state: S, inbox: &mpsc::Receiver<Message<S>>) {
    let mut next_tick = S::TICK.map(|every| Instant::now() + every);
    let stopped = loop {
        match receive(inbox, next_tick) {
            Ok(Message::Run(job)) => job(&mut state),
            Ok(Message::Stop(done)) => break Some(done),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break None,
        }
        // Looked at after every message too, so that a steady stream of them does not hold it up.
        if let (Some(due), Some(every)) = (next_tick, S::TICK)
            && Instant::now() >= due
        {
            state.tick();
            next_tick = Some(Instant::now() + every);
        }
    };
    state.finish();
    drop(state);
    if let Some(done) = stopped {
        // Nobody may be waiting any more.
        let _ = done.send(());
    }
}

fn receive<S>(
    inbox: &mpsc::Receiver<Message<S>>,
    until: Option<Instant>,
) -> Result<Message<S>, RecvTimeoutError> {
    match until {
        Some(until) => inbox.recv_timeout(until.saturating_duration_since(Instant::now())),
        None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}
