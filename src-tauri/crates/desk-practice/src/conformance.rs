//! Where the practice portal deliberately differs from the recordings of the real one.
//!
//! Not in the recordings, and therefore the practice portal's own choice: the replies of `externalLookup` (it asks nobody
//! and finds nothing), `items.importIsbns`, `recommendations.feedback.*`, `externalLookup.providerConfig.*`,
//! `coverReviews.reconcile` and `metadata.enrichment.run`. Parallel calls of one user do not slow each other.

/// A recorded exchange that the practice portal answers otherwise, on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliberateDifference {
    /// The recording's file: `transport`, `rollout` or `library`.
    pub recording: &'static str,
    /// The exchange's name there.
    pub exchange: &'static str,
    /// Why it differs.
    pub reason: &'static str,
}

/// All of them. A test fails when one of these in fact agrees.
pub const DELIBERATE_DIFFERENCES: &[DeliberateDifference] = &[DeliberateDifference {
    recording: "library",
    exchange: "dashboard staff",
    reason: "How the dashboard ranks what records lack is not known. The practice portal puts the item that lacks most \
             first, a bare ISBN; the recorded two of fifteen leave that one out.",
}];
