//! Phase metrics, by the rules of the staff web panel, so that its readers find what they know.
//!
//! Everything is computed from [`Tally`] rows: requests that are alike, with how many of them there were. That is enough,
//! for percentiles are nearest-rank on whole milliseconds, and it does not matter how far the rows were counted together
//! before.

mod artifact;
mod tally;
#[cfg(test)]
mod tests;

pub use artifact::{Artifact, Capture, DeskPart, Endpoint, Rate, SourceCount, Summary};
pub use tally::{Tally, rows_sha256};

use crate::Route;

/// The routes that the panel always lists, seen or not, in its order.
pub const CRITICAL_ROUTES: [Route; 6] = [
    Route::ItemsList,
    Route::DiscoveryGet,
    Route::ItemsGet,
    Route::LoansCheckout,
    Route::LoansCheckIn,
    Route::ReviewsCreate,
];

/// How far back the panel looks, minutes.
pub const WINDOW_MINUTES: u32 = 180;
