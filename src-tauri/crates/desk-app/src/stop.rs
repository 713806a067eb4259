//! Giving up waiting for a portal where nothing is at stake: a reading, a test of a portal, the rereading before a
//! save. Something that may change the portal is never given up on.

use crate::{
    desk::Desk,
    error::{Code, Problem},
    problem::internal_problem,
};

impl Desk {
    /// Stops waiting for the portal. A save that was sent is waited for all the same.
    pub fn stop_waiting(&self) {
        self.inner.stopped.send_modify(|times| *times += 1);
    }

    /// What `work` comes to, unless somebody stops waiting for it. Then it goes on unseen: a renewed sign-in that is
    /// just being kept must not be dropped half-way.
    ///
    /// # Errors
    /// `stopped`.
    pub(crate) async fn unless_stopped<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Problem> {
        let mut stopped = self.inner.stopped.subscribe();
        tokio::select! {
            done = tokio::spawn(work) => done.map_err(|panicked| internal_problem(&panicked)),
            // The sender lives as long as the desk, so this never ends with an error.
            _ = stopped.changed() => Err(Problem::new(
                Code::Stopped,
                "You stopped waiting for the portal.",
                "Nothing was sent that could change it, and nothing was kept.",
                "Try again when it answers.",
            )),
        }
    }
}
