//! Which column of a log holds what.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

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

/// Which columns a person named; nothing for those that the desk is to find.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase", default)]
pub struct ColumnMap {
    /// See [`Columns::time`].
    pub time: Option<String>,
    /// See [`Columns::route`].
    pub route: Option<String>,
    /// See [`Columns::status`].
    pub status: Option<String>,
    /// See [`Columns::duration`].
    pub duration: Option<String>,
    /// See [`Columns::duration_unit`].
    pub duration_unit: Option<DurationUnit>,
}

/// The unit of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
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
    /// No line of what should be JSON lines is an object with something in it.
    #[error("no line of it is a JSON object with a value in it")]
    NoObject,
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

impl ColumnMap {
    /// Finds what is not named among the columns there are: by the columns of an earlier import, then by the names that the
    /// desk knows. What neither tells stays open.
    #[must_use]
    pub fn completed(self, found: &[String], earlier: Option<&Columns>) -> Self {
        let pick = |named: Option<String>, earlier: Option<&String>, known: &[&str]| {
            named
                .or_else(|| earlier.filter(|column| found.contains(column)).cloned())
                .or_else(|| {
                    let by_name = |name| found.iter().find(|column| plain(column) == name);
                    known.iter().find_map(|name| by_name(*name)).cloned()
                })
        };
        let duration = pick(self.duration, earlier.map(|one| &one.duration), &DURATION);
        let earlier_unit = earlier
            .filter(|one| Some(&one.duration) == duration.as_ref())
            .map(|one| one.duration_unit);
        Self {
            time: pick(self.time, earlier.map(|one| &one.time), &TIME),
            route: pick(self.route, earlier.map(|one| &one.route), &ROUTE),
            status: pick(self.status, earlier.map(|one| &one.status), &STATUS),
            duration_unit: self
                .duration_unit
                .or(earlier_unit)
                .or_else(|| duration.as_deref().map(unit_in)),
            duration,
        }
    }

    /// The columns, where each is named.
    ///
    /// # Errors
    /// [`ColumnError::NotRecognised`] for the first that is not.
    pub fn columns(self, found: &[String]) -> Result<Columns, ColumnError> {
        let named = |wanted: &'static str, column: Option<String>| {
            column.ok_or_else(|| ColumnError::NotRecognised {
                wanted,
                found: found.to_vec(),
            })
        };
        Ok(Columns {
            time: named("time", self.time)?,
            route: named("route", self.route)?,
            status: named("status", self.status)?,
            duration: named("duration", self.duration)?,
            duration_unit: self.duration_unit.unwrap_or(DurationUnit::Milliseconds),
        })
    }
}

impl Columns {
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

/// The unit that a duration's name speaks of.
fn unit_in(name: &str) -> DurationUnit {
    let name = plain(name);
    let seconds = name.ends_with("seconds") || name.ends_with("sec");
    if seconds && !name.ends_with("milliseconds") && !name.ends_with("millisec") {
        DurationUnit::Seconds
    } else {
        DurationUnit::Milliseconds
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}
