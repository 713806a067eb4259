//! Sending one request. A rate limit is waited for and never counts as an answer.

use desk_portal::{Call, Exchange, Outcome, Portal};
use std::time::Duration;
use tokio::sync::watch;

/// How long a request is kept back altogether: three of the portal's windows.
const LONGEST: Duration = Duration::from_secs(180);

/// Says when a run is to stop.
#[derive(Clone, Debug)]
pub struct Cancel(watch::Receiver<bool>);

impl Cancel {
    /// Stops as soon as `asked` is true.
    pub const fn when(asked: watch::Receiver<bool>) -> Self {
        Self(asked)
    }

    /// Never stops.
    pub fn never() -> Self {
        Self(watch::channel(false).1)
    }

    pub(crate) fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is to stop; for ever where nobody can ask any more.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(|asked| *asked).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Sends a request, again after each wait that the portal asks for: a call that was refused for its rate had no effect.
/// Ends with that refusal when the run is stopped meanwhile, or the waits become too long.
pub(crate) async fn send(portal: &Portal, call: Call<'_>, mut cancel: Cancel) -> Exchange {
    let mut waited = Duration::ZERO;
    loop {
        let exchange = portal.call(call.clone()).await;
        let Outcome::RateLimited { retry_after } = exchange.outcome else {
            return exchange;
        };
        waited += retry_after;
        if waited > LONGEST {
            return exchange;
        }
        tokio::select! {
            () = tokio::time::sleep(retry_after) => {}
            () = cancel.asked() => return exchange,
        }
    }
}
