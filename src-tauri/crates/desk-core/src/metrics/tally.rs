//! Requests, counted together where they are alike.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Requests that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tally {
    /// The route's name, without `/v1/`: `library.items.list`.
    pub route: String,
    /// The HTTP status; none when no reply came.
    pub status: Option<u16>,
    /// Whether it succeeded. Without a reply it did not.
    pub ok: bool,
    /// Whether the outcome was the one that the sender counted on; of an imported request, whether it succeeded.
    pub expected: bool,
    /// How long each took, whole milliseconds; none where an import does not say.
    pub duration_ms: Option<u64>,
    /// How many there were.
    pub count: u64,
}

impl Tally {
    /// An error by the panel's rule: not ok, or a status of 400 and more. No reply is not ok.
    pub fn is_error(&self) -> bool {
        !self.ok || self.status.is_some_and(|status| status >= 400)
    }

    /// A conflict: 409.
    pub fn is_conflict(&self) -> bool {
        self.status == Some(409)
    }

    /// A route error: 404.
    pub fn is_route_error(&self) -> bool {
        self.status == Some(404)
    }

    /// Whether it was refused, and meant to be. The panel counts it as an error; a gate leaves it out.
    pub fn is_expected_refusal(&self) -> bool {
        self.expected && self.is_error()
    }

    /// Whether the panel counts it: a request of the library's API. Signing in is none.
    pub fn is_library(&self) -> bool {
        self.route.starts_with("library.")
    }
}

/// The SHA-256 of the rows that figures were computed from, lower-case hex.
///
/// It depends on the requests alone, not on the rows' order nor on how far they were counted together. It can be
/// recomputed without this program, from rows counted together as far as they go:
///
/// ```python
/// row = [route, status, ok, expected, duration_ms, count]
/// lines = sorted(json.dumps(row, separators=(",", ":"), ensure_ascii=False).encode() for row in rows)
/// hash = sha256(b"".join(line + b"\n" for line in lines)).hexdigest()
/// ```
pub fn rows_sha256(tallies: &[Tally]) -> String {
    let mut together: BTreeMap<_, u64> = BTreeMap::new();
    for tally in tallies.iter().filter(|tally| tally.count > 0) {
        let alike = (
            &tally.route,
            tally.status,
            tally.ok,
            tally.expected,
            tally.duration_ms,
        );
        *together.entry(alike).or_default() += tally.count;
    }
    let mut lines: Vec<String> = together
        .into_iter()
        .map(|((route, status, ok, expected, duration_ms), count)| {
            serde_json::json!([route, status, ok, expected, duration_ms, count]).to_string()
        })
        .collect();
    lines.sort_unstable();
    let mut hasher = Sha256::new();
    for line in lines {
        hasher.update(line);
        hasher.update("\n");
    }
    hex::encode(hasher.finalize())
}
