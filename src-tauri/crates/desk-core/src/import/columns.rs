//! Which column of a log holds what.

use serde::{Deserialize, Serialize};

/// Where a log has what the desk needs. In JSON lines, `a.b` is the key `b` of the object `a`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Columns {
    /// When the request was made: RFC 3339 with its zone, or seconds or milliseconds since 1970.
    pub time: String,
    /// The route, a path or a URL that ends in it.
    pub route: String,
    /// The HTTP status; empty when no reply came.
    pub status: String,
    /// How long it took; a number in the unit given, or one with its unit behind it (`45ms`, `0.045s`).
    pub duration: String,
    /// The unit of a duration that names none.
    pub duration_unit: DurationUnit,
}

/// The unit of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DurationUnit {
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

/// Why a log's columns cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// There is no line to take the columns from.
    #[error("there is nothing in it")]
    Empty,
    /// The first line has no columns.
    #[error("the first line cannot be read: {0}")]
    FirstLine(String),
    /// No column was recognised for something; it must be named.
    #[error("no column was recognised as {wanted}; there are {}", found.join(", "))]
    NotRecognised {
        /// `time`, `route`, `status` or `duration`.
        wanted: &'static str,
        /// The columns there are.
        found: Vec<String>,
    },
    /// A column that was named is not there.
    #[error("there is no column {name}; there are {}", found.join(", "))]
    NotThere {
        /// Its name.
        name: String,
        /// The columns there are.
        found: Vec<String>,
    },
    /// Two columns bear one name.
    #[error("two columns are called {0}")]
    Twice(String),
}

/// Names by which a column is recognised, the best first; compared without case, `_`, `-` and spaces.
const TIME: [&str; 9] = [
    "time",
    "timestamp",
    "atms",
    "at",
    "datetime",
    "date",
    "startedat",
    "starttime",
    "ts",
];
const ROUTE: [&str; 9] = [
    "route",
    "endpoint",
    "path",
    "url",
    "uri",
    "requestpath",
    "requesturl",
    "requesturi",
    "httprequest.requesturl",
];
const STATUS: [&str; 6] = [
    "status",
    "statuscode",
    "httpstatus",
    "responsestatus",
    "responsecode",
    "httprequest.status",
];
const DURATION: [&str; 13] = [
    "durationms",
    "latencyms",
    "elapsedms",
    "responsetimems",
    "tookms",
    "duration",
    "latency",
    "elapsed",
    "responsetime",
    "took",
    "durationseconds",
    "latencyseconds",
    "httprequest.latency",
];

impl Columns {
    /// The columns that names speak of.
    ///
    /// # Errors
    /// [`ColumnError::NotRecognised`] for the first that none speaks of.
    pub fn guess(found: &[String]) -> Result<Self, ColumnError> {
        let pick = |wanted: &'static str, names: &[&str]| {
            names
                .iter()
                .find_map(|name| found.iter().find(|column| plain(column) == *name))
                .cloned()
                .ok_or_else(|| ColumnError::NotRecognised {
                    wanted,
                    found: found.to_vec(),
                })
        };
        let duration = pick("duration", &DURATION)?;
        Ok(Self {
            time: pick("time", &TIME)?,
            route: pick("route", &ROUTE)?,
            status: pick("status", &STATUS)?,
            duration_unit: if plain(&duration).ends_with("seconds") {
                DurationUnit::Seconds
            } else {
                DurationUnit::Milliseconds
            },
            duration,
        })
    }

    /// Checks that each is among `found`.
    pub(super) fn check(&self, found: &[String]) -> Result<(), ColumnError> {
        for name in [&self.time, &self.route, &self.status, &self.duration] {
            if !found.contains(name) {
                return Err(ColumnError::NotThere {
                    name: name.clone(),
                    found: found.to_vec(),
                });
            }
        }
        Ok(())
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}
