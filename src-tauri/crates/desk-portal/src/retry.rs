//! When a request is sent again. Pure rules; [`client`](crate::client) carries them out.

use std::time::Duration;

use crate::{Expect, Outcome};

/// How often a read is sent again.
const MOST_RETRIES: u32 = 2;
/// The longest stated wait that is waited: the portal's whole rate window. A longer one is the caller's to decide.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

/// What a call has been through, and what it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation<'a> {
    /// Whether the route may change something.
    pub(crate) writes: bool,
    /// Whether there is a session whose token can be renewed, and it was not renewed for this call yet.
    pub(crate) can_renew: bool,
    /// Retries made so far, the one after a renewal not counted.
    pub(crate) retries: u32,
    /// The outcome that is not worth another try.
    pub(crate) expect: Expect<'a>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Give the outcome to the caller.
    Stop,
    /// Renew the token and send again. A 401 comes before any effect, so that a write may be sent again too.
    Renew,
    /// Wait and send again.
    Wait(Duration),
}

/// What to do after `outcome`. `jitter` is anywhere in 0..1 and spreads the retries of many clients.
pub(crate) fn next(situation: Situation<'_>, outcome: &Outcome, jitter: f64) -> Next {
    if situation.expect.is_met_by(outcome) {
        return Next::Stop;
    }
    if situation.can_renew && matches!(outcome, Outcome::SignedOut { .. }) {
        return Next::Renew;
    }
    if situation.writes || situation.retries >= MOST_RETRIES {
        return Next::Stop;
    }
    match outcome {
        Outcome::RateLimited { retry_after } if *retry_after <= LONGEST_WAIT => Next::Wait(*retry_after),
        Outcome::Refused { status, .. } | Outcome::NotEnvelope { status, .. } if *status >= 500 => {
            Next::Wait(backoff(situation.retries, jitter))
        }
        _ => Next::Stop,
    }
}

/// Half of the doubled wait for certain, the other half by chance.
fn backoff(retries: u32, jitter: f64) -> Duration {
    let wait = FIRST_BACKOFF * 2_u32.pow(retries);
    wait / 2 + (wait / 2).mul_f64(jitter)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::NotEnvelopeKind;

    const READ: Situation<'_> = Situation {
        writes: false,
        can_renew: true,
        retries: 0,
        expect: Expect::Ok,
    };
    const WRITE: Situation<'_> = Situation { writes: true, ..READ };

    fn refused(status: u16) -> Outcome {
        Outcome::Refused {
            status,
            code: "X".into(),
            reason: None,
            message: String::new(),
            details: Value::Null,
        }
    }

    fn page(status: u16) -> Outcome {
        Outcome::NotEnvelope {
            kind: NotEnvelopeKind::Html,
            status,
        }
    }

    fn limited(seconds: u64) -> Outcome {
        Outcome::RateLimited {
            retry_after: Duration::from_secs(seconds),
        }
    }

    fn signed_out() -> Outcome {
        Outcome::SignedOut {
            message: String::new(),
        }
    }

    #[test]
    fn a_read_is_sent_again_where_it_helps() {
        let first = Next::Wait(Duration::from_millis(375));
        for (outcome, expected) in [
            (refused(500), first),
            (page(502), first),
            (page(504), first),
            (limited(55), Next::Wait(Duration::from_secs(55))),
            (limited(60), Next::Wait(Duration::from_secs(60))),
            (limited(61), Next::Stop),
            (signed_out(), Next::Renew),
            (Outcome::Ok(Value::Null), Next::Stop),
            (refused(404), Next::Stop),
            (page(200), Next::Stop),
            (page(400), Next::Stop),
            (Outcome::TimedOut, Next::Stop),
            (Outcome::Unreachable { detail: "d".into() }, Next::Stop),
        ] {
            assert_eq!(next(READ, &outcome, 0.5), expected, "{outcome:?}");
        }
    }

    #[test]
    fn a_write_is_sent_again_after_a_401_only() {
        for outcome in [
            refused(500),
            page(502),
            limited(1),
            Outcome::TimedOut,
            Outcome::ConnectionLost { detail: "d".into() },
            Outcome::Unreachable { detail: "d".into() },
        ] {
            assert_eq!(next(WRITE, &outcome, 0.5), Next::Stop, "{outcome:?}");
        }
        assert_eq!(next(WRITE, &signed_out(), 0.5), Next::Renew);
    }

    #[test]
    fn nothing_is_tried_for_ever() {
        let renewed = Situation {
            can_renew: false,
            ..READ
        };
        assert_eq!(next(renewed, &signed_out(), 0.5), Next::Stop);
        let tried = |retries| Situation { retries, ..READ };
        assert!(matches!(next(tried(1), &refused(500), 0.5), Next::Wait(_)));
        assert_eq!(next(tried(2), &refused(500), 0.5), Next::Stop);
        assert_eq!(next(tried(2), &limited(1), 0.5), Next::Stop);
    }

    #[test]
    fn what_was_expected_is_not_tried_again() {
        let probe = Situation {
            expect: Expect::SignedOut,
            ..READ
        };
        assert_eq!(next(probe, &signed_out(), 0.5), Next::Stop);
        let probe = Situation {
            expect: Expect::Refused("X"),
            ..READ
        };
        assert_eq!(next(probe, &refused(500), 0.5), Next::Stop);
    }

    #[test]
    fn the_backoff_doubles_and_spreads() {
        assert_eq!(backoff(0, 0.0), Duration::from_millis(250));
        assert_eq!(backoff(0, 1.0), Duration::from_millis(500));
        assert_eq!(backoff(1, 0.0), Duration::from_millis(500));
        assert_eq!(backoff(1, 1.0), Duration::from_secs(1));
    }
}
