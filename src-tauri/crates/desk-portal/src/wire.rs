//! Typed requests and replies of the routes that the runbook uses.
//!
//! A field is there when the desk reads or sends it; the portal's other keys are ignored. A status is kept as the
//! portal's word, and so is shown even when it is a new one; a phase is not, because everything hangs on it.

mod community;
mod items;
mod loans;
mod people;
mod rollout;

use desk_core::Route;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use community::*;
pub use items::*;
pub use loans::*;
pub use people::*;
pub use rollout::*;

/// The body of one route's request, and the type of its reply.
pub trait Request: Serialize + Sync {
    /// The route it is for.
    const ROUTE: Route;
    /// The type of the reply's `data`.
    type Reply: DeserializeOwned + Send;

    /// The JSON body. Requests are plain structs of texts, numbers and lists, which always serialize.
    fn body(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// A moment as the portal's items and loans write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct Timestamp {
    /// Whole seconds since 1970.
    #[serde(rename = "_seconds")]
    pub seconds: i64,
    /// The rest, in nanoseconds.
    #[serde(rename = "_nanoseconds")]
    pub nanoseconds: u32,
}

impl Timestamp {
    /// Milliseconds since 1970.
    pub fn at_ms(self) -> i64 {
        self.seconds
            .saturating_mul(1_000)
            .saturating_add(i64::from(self.nanoseconds / 1_000_000))
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
