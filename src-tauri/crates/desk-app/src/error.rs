//! What goes wrong at the desk, in the words of the person who must act on it.

use serde::Serialize;
use ts_rs::TS;

/// A code that the window and the command line act on. Neither ever reads the English.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// No keychain service, or no collection to keep secrets in: offer "for this session only".
    KeychainUnavailable,
    /// The keychain is there but locked, or its prompt was refused.
    KeychainLocked,
    /// No valid sign-in for the identity: ask for one.
    SignedOut,
    /// The account lacks the staff claim.
    NotStaff,
    /// The sign-in belongs to another account than the one kept for the role.
    WrongIdentity,
    /// The portal could not be reached; nothing was changed.
    Offline,
    /// No answer to a write: it may have happened.
    TimeoutUnknownOutcome,
    /// Too many requests: wait.
    RateLimited,
    /// Somebody else saved a phase since the screen was filled.
    PhaseMoved,
    /// Moving forward is not earned yet; `detail` lists what is missing.
    GateNotGo,
    /// What a move forward rests on is not what it was when it was decided; `detail` names what changed.
    BasisChanged,
    /// The checks of an announcement stand in the way; `detail` lists them.
    TextRefused,
    /// The present phase does not open this route.
    RolloutBlocked,
    /// The portal answered something that is not in its contract.
    BadReply,
    /// The disk is full; nothing was recorded.
    StoreFull,
    /// The database was written by a newer desk.
    StoreNewer,
    /// The database is damaged and was put aside.
    StoreDamaged,
    /// The database cannot be used for another reason.
    StoreFailed,
    /// Another act of the same kind is still going on.
    Busy,
    /// The person stopped waiting for the portal: nothing to show.
    Stopped,
    /// What was typed cannot be used; `field` says which.
    InvalidInput,
    /// What was asked for does not exist here; `field` says which.
    NotFound,
    /// The act needs a confirmation that was not given; `field` says which.
    ConfirmationNeeded,
    /// The portal refused, for the reason in `detail`.
    Refused,
    /// A fault in the desk itself.
    Internal,
}

impl Code {
    /// The word that stands for it wherever it is written down: `gate_not_go`.
    pub fn word(self) -> String {
        // A code without fields is always one word.
        serde_json::to_value(self)
            .ok()
            .and_then(|word| Some(word.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}

/// An error as it crosses to the window and to the command line's JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{message}")]
pub struct Problem {
    /// What to act on.
    pub code: Code,
    /// What happened.
    pub message: String,
    /// What it means for the rollout.
    pub meaning: String,
    /// What to do next.
    pub next: String,
    /// The input it is about: `note`, `phase`, `api`, `confirm`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub field: Option<String>,
    /// Ids and technical words for *Copy details*; never a secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub detail: Option<String>,
}

impl Problem {
    /// A problem with what happened, what it means and what to do.
    pub fn new(
        code: Code,
        message: impl Into<String>,
        meaning: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            meaning: meaning.into(),
            next: next.into(),
            field: None,
            detail: None,
        }
    }

    /// Something typed that cannot be used. Nothing was sent and nothing typed is lost.
    pub fn invalid(field: &str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self::new(
            Code::InvalidInput,
            message,
            "Nothing was sent; the rollout is unchanged.",
            next,
        )
        .about(field)
    }

    /// Names the input the problem is about.
    #[must_use]
    pub fn about(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Adds technical words for *Copy details*.
    #[must_use]
    pub fn detailed(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
