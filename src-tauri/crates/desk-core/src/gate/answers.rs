//! Requests in the order of their time.

use super::Answer;
use std::collections::BTreeMap;

/// Route errors (404) that followed one another on one route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Streak {
    pub route: String,
    pub errors: u64,
    /// From the first to the last.
    pub lasted_ms: i64,
}

/// The first streak of route errors, for each route, that is sustained: `in_a_row` of them, or `for_ms` from the first to
/// the last, with no other answer in between.
///
/// A single error followed by silence is no streak: nothing was seen to last.
pub(super) fn sustained(answers: &[&Answer], in_a_row: u64, for_ms: i64) -> Vec<Streak> {
    let mut by_route: BTreeMap<&str, Vec<&Answer>> = BTreeMap::new();
    for answer in answers {
        by_route.entry(&answer.route).or_default().push(answer);
    }
    by_route
        .into_iter()
        .filter_map(|(route, mut answers)| {
            answers.sort_by_key(|answer| answer.at_ms);
            answers
                .chunk_by(|one, next| one.is_route_error() == next.is_route_error())
                .filter(|alike| alike[0].is_route_error())
                .map(|errors| Streak {
                    route: route.to_owned(),
                    errors: errors.len() as u64,
                    lasted_ms: errors[errors.len() - 1].at_ms - errors[0].at_ms,
                })
                .find(|streak| streak.errors >= in_a_row || streak.lasted_ms >= for_ms)
        })
        .collect()
}

impl Answer {
    pub(super) fn is_route_error(&self) -> bool {
        self.status == Some(404)
    }

    pub(super) fn is_expected_refusal(&self) -> bool {
        self.expected && (!self.ok || self.status.is_some_and(|status| status >= 400))
    }
}
