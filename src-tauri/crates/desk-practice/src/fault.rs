//! Faults: what can go wrong on demand, and how a person writes it down.
//!
//! A fault is written `KIND[=VALUE][@ROUTE][*TIMES]`:
//!
//! - `KIND[=VALUE]`: one of [`fault_catalogue`], with the value that kind takes.
//! - `@ROUTE`: only this route, by its wire name (`hello`, `library.loans.checkout`); without it, every route of the API.
//! - `*TIMES`: only the next so many requests that match; without it, until it is switched off.
//!
//! `outdated-instance` and `revoked-staff` describe the portal, not a request, and take neither.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use desk_core::Route;

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// Only on this route; `None` is every route.
    pub route: Option<Route>,
    /// Only for the next so many matching requests; `None` is until it is switched off.
    pub times: Option<NonZeroU32>,
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Every answer takes this much longer.
    Latency(Duration),
    /// This share of the requests (1 to 100 per cent, evenly spread) fails with 500 and has no effect.
    Error500 {
        /// 1 to 100.
        percent: u8,
    },
    /// No answer comes, and nothing was done.
    TimeoutBefore,
    /// No answer comes, but what was asked for was done.
    TimeoutAfter,
    /// The connection is closed with no answer, and nothing was done.
    Drop,
    /// The connection is closed with no answer, but what was asked for was done.
    DropAfter,
    /// The answer is not JSON, though it says so.
    Malformed,
    /// The answer's JSON breaks off.
    Truncated,
    /// The answer is the hosting platform's HTML page; what was asked for was done.
    Html,
    /// 429 with a wait of five seconds.
    RateLimited,
    /// This instance (0 is the first) keeps the phase it has and never reads it again. A portal with fewer instances
    /// has as many as that while it is on.
    OutdatedInstance(usize),
    /// ID tokens of this identity (of everybody when `None`) are refused as if they had expired, new ones too: with
    /// `*1`, a client that refreshes and asks once more succeeds; without, it never does.
    ExpiredToken(Option<String>),
    /// The identity's next ID tokens carry no staff claim; those already issued keep theirs.
    RevokedStaff(String),
}

/// A kind of fault, for people who choose one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultInfo {
    /// The word it is written with.
    pub kind: &'static str,
    /// A whole fault, as it may be typed.
    pub example: &'static str,
    /// What it does, in plain words.
    pub what_it_does: &'static str,
}

/// Every kind of fault. Each example is one that shows at a desk that reads and saves the phase as the operator.
pub fn fault_catalogue() -> &'static [FaultInfo] {
    const fn kind(kind: &'static str, example: &'static str, what_it_does: &'static str) -> FaultInfo {
        FaultInfo {
            kind,
            example,
            what_it_does,
        }
    }
    const CATALOGUE: [FaultInfo; 13] = [
        kind(
            "latency",
            "latency=750",
            "Every answer comes this many milliseconds later.",
        ),
        kind(
            "error-500",
            "error-500=20%",
            "This share of the requests fails inside the portal; nothing is changed by them.",
        ),
        kind(
            "timeout-before",
            "timeout-before@library.rollout.set*1",
            "No answer ever comes, and the portal did nothing.",
        ),
        kind(
            "timeout-after",
            "timeout-after@library.rollout.set*1",
            "No answer ever comes, but the portal did what was asked.",
        ),
        kind(
            "drop",
            "drop*1",
            "The connection breaks before the portal does anything.",
        ),
        kind(
            "drop-after",
            "drop-after@library.rollout.set*1",
            "The portal does what was asked, then the connection breaks.",
        ),
        kind(
            "malformed",
            "malformed",
            "The answer is nonsense where data should be.",
        ),
        kind("truncated", "truncated", "The answer breaks off in the middle."),
        kind(
            "html",
            "html",
            "An error page of the hosting comes instead of the answer.",
        ),
        kind(
            "rate-limited",
            "rate-limited@library.rollout.get*1",
            "The portal says there were too many requests and asks to wait five seconds.",
        ),
        kind(
            "outdated-instance",
            "outdated-instance=1",
            "One server of the portal (the first is 0) keeps the phase it has and never notices a change.",
        ),
        kind(
            "expired-token",
            "expired-token=operator*1",
            "The portal says the sign-in has expired, for one account or for all.",
        ),
        kind(
            "revoked-staff",
            "revoked-staff=operator",
            "The account is no longer staff from its next sign-in or refresh on.",
        ),
    ];
    &CATALOGUE
}

/// Why a text is not a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such kind.
    #[error("there is no fault \"{given}\"; the kinds are {}", kinds())]
    UnknownKind {
        /// What was written.
        given: String,
    },
    /// The kind takes another value, or none, or needs one.
    #[error(
        "\"{given}\" is not a value for the fault {kind}: {expected}, as in {}",
        example(kind)
    )]
    BadValue {
        /// The kind.
        kind: &'static str,
        /// What was written after `=`; empty when nothing was.
        given: String,
        /// What the value has to be.
        expected: &'static str,
    },
    /// No such route.
    #[error("there is no route \"{given}\"; routes are written like hello or library.loans.checkout")]
    UnknownRoute {
        /// What was written after `@`.
        given: String,
    },
    /// The count is not a number from 1 up.
    #[error("\"{given}\" is not how often: write a number from 1 up after *")]
    BadTimes {
        /// What was written after `*`.
        given: String,
    },
    /// The kind does not describe requests.
    #[error("the fault {kind} holds for the whole portal and takes no @route and no *times")]
    NotForRequests {
        /// The kind.
        kind: &'static str,
    },
}

fn kinds() -> String {
    let kinds: Vec<&str> = fault_catalogue().iter().map(|info| info.kind).collect();
    kinds.join(", ")
}

fn example(kind: &str) -> &'static str {
    fault_catalogue()
        .iter()
        .find(|info| info.kind == kind)
        .map_or("", |info| info.example)
}

impl Effect {
    /// The word the effect is written with.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Latency(_) => "latency",
            Self::Error500 { .. } => "error-500",
            Self::TimeoutBefore => "timeout-before",
            Self::TimeoutAfter => "timeout-after",
            Self::Drop => "drop",
            Self::DropAfter => "drop-after",
            Self::Malformed => "malformed",
            Self::Truncated => "truncated",
            Self::Html => "html",
            Self::RateLimited => "rate-limited",
            Self::OutdatedInstance(_) => "outdated-instance",
            Self::ExpiredToken(_) => "expired-token",
            Self::RevokedStaff(_) => "revoked-staff",
        }
    }

    fn parse(kind: &str, value: Option<&str>) -> Result<Self, FaultError> {
        let bad = |kind: &'static str, expected: &'static str| FaultError::BadValue {
            kind,
            given: value.unwrap_or_default().to_owned(),
            expected,
        };
        let effect = match kind {
            "latency" => value
                .and_then(|ms| ms.parse().ok())
                .map(|ms| Self::Latency(Duration::from_millis(ms)))
                .ok_or_else(|| bad("latency", "it takes whole milliseconds"))?,
            "error-500" => value
                .and_then(|share| share.strip_suffix('%'))
                .and_then(|percent| percent.parse().ok())
                .filter(|percent| (1..=100).contains(percent))
                .map(|percent| Self::Error500 { percent })
                .ok_or_else(|| bad("error-500", "it takes a share from 1% to 100%"))?,
            "outdated-instance" => value
                .and_then(|number| number.parse().ok())
                .map(Self::OutdatedInstance)
                .ok_or_else(|| bad("outdated-instance", "it takes an instance's number from 0 up"))?,
            "expired-token" => match value {
                None => Self::ExpiredToken(None),
                Some(name) if is_name(name) => Self::ExpiredToken(Some(name.to_owned())),
                Some(_) => {
                    return Err(bad(
                        "expired-token",
                        "it takes the name of an identity, or nothing",
                    ));
                }
            },
            "revoked-staff" => value
                .filter(|name| is_name(name))
                .map(|name| Self::RevokedStaff(name.to_owned()))
                .ok_or_else(|| bad("revoked-staff", "it takes the name of an identity"))?,
            _ => {
                let effect = match kind {
                    "timeout-before" => Self::TimeoutBefore,
                    "timeout-after" => Self::TimeoutAfter,
                    "drop" => Self::Drop,
                    "drop-after" => Self::DropAfter,
                    "malformed" => Self::Malformed,
                    "truncated" => Self::Truncated,
                    "html" => Self::Html,
                    "rate-limited" => Self::RateLimited,
                    _ => {
                        return Err(FaultError::UnknownKind {
                            given: kind.to_owned(),
                        });
                    }
                };
                if value.is_some() {
                    return Err(bad(effect.kind(), "it takes none"));
                }
                effect
            }
        };
        Ok(effect)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (rest, times) = match text.trim().split_once('*') {
            None => (text.trim(), None),
            Some((rest, times)) => {
                let times = times.parse().map_err(|_| FaultError::BadTimes {
                    given: times.to_owned(),
                })?;
                (rest, Some(times))
            }
        };
        let (rest, route) = match rest.split_once('@') {
            None => (rest, None),
            Some((rest, name)) => {
                let route = Route::from_name(name).ok_or_else(|| FaultError::UnknownRoute {
                    given: name.to_owned(),
                })?;
                (rest, Some(route))
            }
        };
        let (kind, value) = match rest.split_once('=') {
            None => (rest, None),
            Some((kind, value)) => (kind, Some(value)),
        };
        let effect = Effect::parse(kind, value)?;
        let of_the_portal = matches!(effect, Effect::OutdatedInstance(_) | Effect::RevokedStaff(_));
        if of_the_portal && (route.is_some() || times.is_some()) {
            return Err(FaultError::NotForRequests { kind: effect.kind() });
        }
        Ok(Self { effect, route, times })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.effect.kind())?;
        match &self.effect {
            Effect::Latency(by) => write!(f, "={}", by.as_millis())?,
            Effect::Error500 { percent } => write!(f, "={percent}%")?,
            Effect::OutdatedInstance(instance) => write!(f, "={instance}")?,
            Effect::ExpiredToken(Some(name)) | Effect::RevokedStaff(name) => write!(f, "={name}")?,
            _ => {}
        }
        if let Some(route) = self.route {
            write!(f, "@{route}")?;
        }
        if let Some(times) = self.times {
            write!(f, "*{times}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn every_example_of_the_catalogue_is_of_its_kind_and_round_trips() {
        for info in fault_catalogue() {
            let fault = fault(info.example);
            assert_eq!(fault.effect.kind(), info.kind);
            assert_eq!(fault.to_string(), info.example);
        }
    }

    #[test]
    fn the_parts_are_read_from_the_right_places() {
        assert_eq!(
            fault("error-500=5%@library.items.list*3"),
            Fault {
                effect: Effect::Error500 { percent: 5 },
                route: Some(Route::ItemsList),
                times: NonZeroU32::new(3),
            }
        );
        assert_eq!(fault("expired-token").effect, Effect::ExpiredToken(None));
        assert_eq!(
            fault("timeout-after@hello").route,
            Some(Route::Hello),
            "hello is a route too"
        );
    }

    #[test]
    fn what_is_wrong_is_said_and_the_kinds_are_listed() {
        let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
        let unknown = error("explode");
        assert!(unknown.contains("\"explode\""));
        for info in fault_catalogue() {
            assert!(unknown.contains(info.kind), "{} is missing", info.kind);
        }
        assert!(error("error-500=0%").contains("1% to 100%"));
        assert!(error("error-500=101%").contains("1% to 100%"));
        assert!(error("error-500=20").contains("as in error-500=20%"));
        assert!(error("latency").contains("milliseconds"));
        assert!(error("html=1").contains("takes none"));
        assert!(error("html@library.nope").contains("library.nope"));
        assert!(error("html*0").contains("from 1 up"));
        assert!(error("revoked-staff").contains("identity"));
        assert!(error("outdated-instance=1*2").contains("no @route"));
        assert!(error("").contains("the kinds are"));
    }
}
