//! Where the desk points.

use serde::{Deserialize, Serialize};

/// What an environment is, so that practice can never be mistaken for live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvironmentKind {
    /// The embedded practice portal.
    Practice,
    /// A real portal that no member depends on.
    Staging,
    /// The portal members use.
    Live,
}

impl EnvironmentKind {
    /// The word shown, journalled and used on the wire: `practice`, `staging`, `live`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Practice => "practice",
            Self::Staging => "staging",
            Self::Live => "live",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Practice, Self::Staging, Self::Live]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// An environment's name: 1 to 40 of `a-z`, `0-9`, `-`, starting with a letter.
///
/// It is typed to confirm a move in a live environment and is part of keychain entries, so it stays plain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnvironmentName(String);

/// Why a text is no environment name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an environment's name is 1 to 40 of a-z, 0-9 and '-', and starts with a letter")]
pub struct InvalidName;

impl EnvironmentName {
    /// The embedded practice portal's name; nothing else may bear it.
    pub const PRACTICE: &'static str = "practice";

    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidName`] for anything but 1 to 40 of `a-z`, `0-9`, `-` starting with a letter.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        let plain = name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let starts = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if plain && starts && name.len() <= 40 {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidName)
        }
    }

    /// The practice environment's name.
    pub fn practice() -> Self {
        Self(Self::PRACTICE.to_owned())
    }

    /// Whether this is the embedded practice portal.
    pub fn is_practice(&self) -> bool {
        self.0 == Self::PRACTICE
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EnvironmentName {
    type Error = InvalidName;
    fn try_from(name: String) -> Result<Self, InvalidName> {
        Self::new(&name)
    }
}

impl From<EnvironmentName> for String {
    fn from(name: EnvironmentName) -> Self {
        name.0
    }
}

impl std::fmt::Display for EnvironmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain() {
        for good in ["practice", "live", "studio-2", &"a".repeat(40)] {
            assert!(EnvironmentName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "Live", "2live", "a b", "a/b", "é", &"a".repeat(41)] {
            assert_eq!(EnvironmentName::new(bad), Err(InvalidName), "{bad}");
        }
    }
}
