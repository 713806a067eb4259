//! The accounts the desk acts as.

use serde::{Deserialize, Serialize};

/// The part an account plays in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Role {
    /// The person at the desk: reads and sets the phase.
    #[serde(rename = "operator")]
    Operator,
    /// The member account of the smoke checklist.
    #[serde(rename = "member-smoke")]
    MemberSmoke,
    /// The staff account of the smoke checklist.
    #[serde(rename = "staff-smoke")]
    StaffSmoke,
    /// The admin account of the smoke checklist.
    #[serde(rename = "admin-smoke")]
    AdminSmoke,
}

impl Role {
    /// Every role, the operator first.
    pub const ALL: [Self; 4] = [
        Self::Operator,
        Self::MemberSmoke,
        Self::StaffSmoke,
        Self::AdminSmoke,
    ];

    /// The word on the command line, in the keychain and in the journal.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::MemberSmoke => "member-smoke",
            Self::StaffSmoke => "staff-smoke",
            Self::AdminSmoke => "admin-smoke",
        }
    }

    /// The role with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Whether the account must hold the staff claim. `admin` alone is not staff.
    pub const fn needs_staff(self) -> bool {
        !matches!(self, Self::MemberSmoke)
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
