//! A step: one request of the checklist, as whom, after which others, and what its answer must be.

use desk_core::{
    Phase, Role, Route,
    runbook::CheckIdentity,
    smoke::{FailureLabel, Left, PERSON},
};
use desk_portal::{
    Expect,
    wire::{self, Request},
};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// As whom a step is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Account {
    /// As a smoke account.
    Role(Role),
    /// As an account that holds the admin claim and is not staff. Only the practice portal brings one.
    AdminOnly,
    /// Without a token.
    Nobody,
    /// With a token that is none.
    GarbageToken,
}

impl Account {
    /// The word in records and on screen. For accounts of the practice portal it is their name there.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Role(role) => role.word(),
            Self::AdminOnly => "adminonly-smoke",
            Self::Nobody => "nobody",
            Self::GarbageToken => "garbage-token",
        }
    }

    /// Whether it signs in.
    pub(crate) const fn signs_in(self) -> bool {
        matches!(self, Self::Role(_) | Self::AdminOnly)
    }
}

impl From<CheckIdentity> for Account {
    fn from(identity: CheckIdentity) -> Self {
        match identity {
            CheckIdentity::As(role) => Self::Role(role),
            CheckIdentity::Nobody => Self::Nobody,
        }
    }
}

/// What earlier steps found and later ones need: ids, mostly.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// Keeps a value.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.insert(name.into(), value.into());
    }

    /// A value, if it was found.
    pub(crate) fn find(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    /// A value that the step cannot do without.
    pub(crate) fn get(&self, name: &str) -> Result<String, Lacking> {
        self.find(name)
            .ok_or_else(|| Lacking(format!("There is no {name} to try it on.")))
    }
}

/// Why a step cannot be tried, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Lacking(pub(crate) String);

/// What is wrong with an answer that is in the contract's form, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub(crate) struct Misfit {
    pub(crate) label: FailureLabel,
    words: String,
}

impl Misfit {
    /// The portal does not keep its contract.
    pub(crate) fn app(words: impl Into<String>) -> Self {
        Self {
            label: FailureLabel::App,
            words: words.into(),
        }
    }

    /// Somebody may do too much, or too little.
    pub(crate) fn access(words: impl Into<String>) -> Self {
        Self {
            label: FailureLabel::Access,
            words: words.into(),
        }
    }
}

/// A refusal, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// 401: no token, or none that counts.
    SignedOut,
    /// 403 `FORBIDDEN`: not staff.
    NotStaff,
    /// 403 `LIBRARY_ROLLOUT_BLOCKED`: the phase in force does not open the route, this one does.
    Blocked {
        /// The phase the route needs.
        required: Phase,
    },
    /// Any other: status, code and reason.
    Coded {
        status: u16,
        code: &'static str,
        reason: Option<&'static str>,
    },
}

impl Refusal {
    pub(crate) const fn conflict(reason: &'static str) -> Self {
        Self::Coded {
            status: 409,
            code: "CONFLICT",
            reason: Some(reason),
        }
    }

    pub(crate) const fn expect(self) -> Expect<'static> {
        match self {
            Self::SignedOut => Expect::SignedOut,
            Self::NotStaff => Expect::NotStaff,
            Self::Blocked { .. } => Expect::RolloutBlocked,
            Self::Coded {
                reason: Some(reason), ..
            } => Expect::Refused(reason),
            Self::Coded { code, .. } => Expect::Refused(code),
        }
    }
}

type Body = Box<dyn Fn(&Values) -> Result<Value, Lacking> + Send + Sync>;
type Fits = Box<dyn Fn(&Value, &mut Values) -> Result<String, Misfit> + Send + Sync>;
type Leaves = Box<dyn Fn(&Values) -> Option<Left> + Send + Sync>;
type KeptId = Box<dyn Fn(&Value) -> Option<String> + Send + Sync>;

/// What the answer must be.
pub(crate) enum Wanted {
    /// Success, with data that fits; the text says what was found.
    Reply(Fits),
    /// This refusal.
    Refusal(Refusal),
    /// This refusal most likely; success, with data that fits, is right as well.
    RefusalOrReply(Refusal, Fits),
}

impl Wanted {
    pub(crate) const fn expect(&self) -> Expect<'static> {
        match self {
            Self::Reply(_) => Expect::Ok,
            Self::Refusal(refusal) | Self::RefusalOrReply(refusal, _) => refusal.expect(),
        }
    }
}

/// One request of the checklist.
pub(crate) struct Step {
    /// `check/name`, or `check/account/name` where several accounts make it.
    pub(crate) id: String,
    pub(crate) check: String,
    pub(crate) account: Account,
    pub(crate) route: Route,
    /// What is done, in words.
    pub(crate) action: String,
    /// Whether a run is complete without it.
    pub(crate) optional: bool,
    /// Steps that must have passed before.
    pub(crate) needs: Vec<String>,
    /// Steps that must be over before, whatever came of them.
    pub(crate) follows: Vec<String>,
    pub(crate) body: Body,
    pub(crate) wanted: Wanted,
    /// What it leaves in the portal, as soon as that can be told.
    pub(crate) leaves: Option<Leaves>,
    /// The portal's id for what it left, read from the answer.
    pub(crate) kept_id: Option<KeptId>,
    /// Steps whose leavings are gone once this one has passed.
    pub(crate) removes: Vec<String>,
    /// A step whose leavings stay for good once this one has passed.
    pub(crate) keeps: Option<String>,
}

impl Step {
    /// A request whose answer must be success, with data that `fits`.
    pub(crate) fn ask<R: Request>(
        check: &str,
        name: &str,
        account: Account,
        action: impl Into<String>,
        request: impl Fn(&Values) -> Result<R, Lacking> + Send + Sync + 'static,
        fits: impl Fn(R::Reply, &mut Values) -> Result<String, Misfit> + Send + Sync + 'static,
    ) -> Self {
        Self::new(
            check,
            name,
            account,
            R::ROUTE,
            action.into(),
            body_of(request),
            Wanted::Reply(reading::<R>(fits)),
        )
    }

    /// A request that must be refused.
    pub(crate) fn refused<R: Request>(
        check: &str,
        name: &str,
        account: Account,
        action: impl Into<String>,
        request: impl Fn(&Values) -> Result<R, Lacking> + Send + Sync + 'static,
        refusal: Refusal,
    ) -> Self {
        Self::new(
            check,
            name,
            account,
            R::ROUTE,
            action.into(),
            body_of(request),
            Wanted::Refusal(refusal),
        )
    }

    /// A route that must be refused before its body is looked at. The body is empty, so that a portal that lets it
    /// through finds nothing to do.
    pub(crate) fn barred(check: &str, account: Account, route: Route, refusal: Refusal) -> Self {
        Self::new(
            check,
            &format!("{}/{route}", account.word()),
            account,
            route,
            format!("{route} is refused"),
            Box::new(|_| Ok(json!({}))),
            Wanted::Refusal(refusal),
        )
    }

    /// The account reads the phase.
    pub(crate) fn reads_phase(check: &str, name: &str, account: Account, phase: Phase) -> Self {
        Self::ask::<wire::RolloutGet>(
            check,
            &format!("{}/{name}", account.word()),
            account,
            format!("The portal says {}", phase.wire()),
            |_| Ok(wire::RolloutGet {}),
            move |state, _| {
                if state.phase == phase {
                    Ok(state.phase.wire().to_owned())
                } else {
                    Err(Misfit::access(format!(
                        "It says {}: another phase is set, or this server does not know of the change yet.",
                        state.phase.wire()
                    )))
                }
            },
        )
    }

    fn new(
        check: &str,
        name: &str,
        account: Account,
        route: Route,
        action: String,
        body: Body,
        wanted: Wanted,
    ) -> Self {
        Self {
            id: format!("{check}/{name}"),
            check: check.to_owned(),
            account,
            route,
            action,
            optional: account == Account::AdminOnly,
            needs: Vec::new(),
            follows: Vec::new(),
            body,
            wanted,
            leaves: None,
            kept_id: None,
            removes: Vec::new(),
            keeps: None,
        }
    }

    /// Only after these steps of the same check have passed.
    pub(crate) fn needs(mut self, names: &[&str]) -> Self {
        let check = &self.check;
        self.needs
            .extend(names.iter().map(|name| format!("{check}/{name}")));
        self
    }

    /// Only when these steps of the same check are over.
    pub(crate) fn follows(mut self, names: &[&str]) -> Self {
        let check = &self.check;
        self.follows
            .extend(names.iter().map(|name| format!("{check}/{name}")));
        self
    }

    /// It leaves something in the portal.
    pub(crate) fn leaves(mut self, leaves: impl Fn(&Values) -> Option<Left> + Send + Sync + 'static) -> Self {
        self.leaves = Some(Box::new(leaves));
        self
    }

    /// The answer's `part` has the id of what it left.
    pub(crate) fn kept_as(mut self, part: &'static str) -> Self {
        self.kept_id = Some(Box::new(move |data| data[part]["id"].as_str().map(str::to_owned)));
        self
    }

    /// What these steps of the same check left is gone once this one has passed.
    pub(crate) fn removes(mut self, names: &[&str]) -> Self {
        let check = &self.check;
        self.removes
            .extend(names.iter().map(|name| format!("{check}/{name}")));
        self
    }

    /// What this step of the same check left stays for good once this one has passed.
    pub(crate) fn keeps(mut self, name: &str) -> Self {
        self.keeps = Some(format!("{}/{name}", self.check));
        self
    }

    /// This refusal is what is most likely; success is right as well.
    pub(crate) fn or_refused(mut self, refusal: Refusal) -> Self {
        if let Wanted::Reply(fits) = self.wanted {
            self.wanted = Wanted::RefusalOrReply(refusal, fits);
        }
        self
    }

    /// A run is complete without it.
    pub(crate) fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

fn body_of<R: Request>(request: impl Fn(&Values) -> Result<R, Lacking> + Send + Sync + 'static) -> Body {
    Box::new(move |values| request(values).map(|request| request.body()))
}

fn reading<R: Request>(
    fits: impl Fn(R::Reply, &mut Values) -> Result<String, Misfit> + Send + Sync + 'static,
) -> Fits {
    Box::new(move |data, values| {
        let reply = serde_json::from_value::<R::Reply>(data.clone())
            .map_err(|error| Misfit::app(format!("The answer is not in the contract's form: {error}")))?;
        fits(reply, values)
    })
}

/// A question that only a person can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) id: String,
    pub(crate) check: String,
    pub(crate) words: String,
}

impl Question {
    pub(crate) fn new(check: &str, words: &str) -> Self {
        Self {
            id: format!("{check}/{PERSON}"),
            check: check.to_owned(),
            words: words.to_owned(),
        }
    }
}
