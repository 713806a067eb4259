//! The rollout's phases, what the portal says about the present one, and the rules for changing it.

use serde::{Deserialize, Serialize};

/// A phase of the rollout, ordered from the most restricted to fully open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// Catalogue reading only.
    #[serde(rename = "phase_1_read_only")]
    ReadOnly,
    /// Members borrow, return, rate and review.
    #[serde(rename = "phase_2_member_writes")]
    MemberWrites,
    /// Staff administration as well.
    #[serde(rename = "phase_3_admin_full")]
    AdminFull,
}

impl Phase {
    /// Every phase, in the order of the rollout.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::MemberWrites, Self::AdminFull];

    /// The name the portal uses on the wire.
    pub const fn wire(self) -> &'static str {
        match self {
            Self::ReadOnly => "phase_1_read_only",
            Self::MemberWrites => "phase_2_member_writes",
            Self::AdminFull => "phase_3_admin_full",
        }
    }

    /// 1, 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::ReadOnly => 1,
            Self::MemberWrites => 2,
            Self::AdminFull => 3,
        }
    }

    /// The phase with this wire name, exactly as the portal spells it; the portal does not fold case either.
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|phase| phase.wire() == name)
    }

    /// The phase a person means on the command line: `1`, `2`, `3` or the wire name.
    pub fn from_person(text: &str) -> Option<Self> {
        match text.trim() {
            "1" => Some(Self::ReadOnly),
            "2" => Some(Self::MemberWrites),
            "3" => Some(Self::AdminFull),
            other => Self::from_wire(other),
        }
    }

    /// The short label of the web panel and the announcements: `Phase 2`.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ReadOnly => "Phase 1",
            Self::MemberWrites => "Phase 2",
            Self::AdminFull => "Phase 3",
        }
    }

    /// What the phase is called: `Member writes`.
    pub const fn title(self) -> &'static str {
        match self {
            Self::ReadOnly => "Read only",
            Self::MemberWrites => "Member writes",
            Self::AdminFull => "Admin full",
        }
    }

    /// What members can and cannot do, one sentence a line.
    ///
    /// Source: the gate matrix; note that `loans.listMine` and `loans.checkIn` open with phase 2 only.
    pub const fn for_members(self) -> &'static [&'static str] {
        match self {
            Self::ReadOnly => &[
                "Browse and search the catalogue and open a book.",
                "Cannot borrow or return, and cannot see their loans.",
                "Cannot rate, review, suggest tags or books, or keep a reading status.",
            ],
            Self::MemberWrites => &[
                "Browse and search the catalogue and open a book.",
                "Borrow, see their loans and return.",
                "Rate, review, suggest tags and books, keep a reading status.",
            ],
            Self::AdminFull => &[
                "Browse and search the catalogue and open a book.",
                "Borrow, see their loans and return.",
                "Rate, review, suggest tags and books, keep a reading status.",
            ],
        }
    }

    /// What staff can and cannot do, one sentence a line. Staff get no exemption from the gate.
    pub const fn for_staff(self) -> &'static [&'static str] {
        match self {
            Self::ReadOnly => &[
                "Read the rollout state and change the phase.",
                "Cannot borrow or return for anybody: the gate has no exemption for staff.",
                "Cannot edit items, moderate, look up ISBNs or open the staff dashboard.",
            ],
            Self::MemberWrites => &[
                "Read the rollout state and change the phase.",
                "Borrow and return like members.",
                "Cannot edit items, moderate, look up ISBNs or open the staff dashboard.",
            ],
            Self::AdminFull => &[
                "Read the rollout state and change the phase.",
                "Create, edit and delete items, look up ISBNs, override a status.",
                "Moderate recommendations and tags; handle lost items and replacement fees.",
            ],
        }
    }
}

/// What the portal says about the rollout: `data` of `library.rollout.get` and `library.rollout.set`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseState {
    /// The phase in force, as one server instance sees it.
    pub phase: Phase,
    /// The note saved with it; omitting it when setting clears it.
    pub note: Option<String>,
    /// Milliseconds since 1970 of the newest save; 0 when no phase was ever saved.
    pub updated_at_ms: i64,
    /// Who saved it; absent when no phase was ever saved.
    pub updated_by_uid: Option<String>,
}

impl PhaseState {
    /// Whether anybody ever saved a phase. If not, the service is fully open by default.
    pub const fn ever_set(&self) -> bool {
        self.updated_at_ms != 0
    }

    /// Whether `self` and `other` are one and the same save: nobody moved the phase, or changed its note, in between.
    pub fn same_save(&self, other: &Self) -> bool {
        self == other
    }
}

/// Which way a change goes. Moving forward must be earned; moving back is always possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Opens more.
    Forward,
    /// Closes: a rollback.
    Back,
    /// The same phase again: changes the note, the time and the author only.
    Same,
}

impl Direction {
    /// The direction of a change from one phase to another.
    pub fn of(from: Phase, to: Phase) -> Self {
        match to.cmp(&from) {
            std::cmp::Ordering::Greater => Self::Forward,
            std::cmp::Ordering::Less => Self::Back,
            std::cmp::Ordering::Equal => Self::Same,
        }
    }
}

/// The most characters of a rollout note.
pub const NOTE_LIMIT: usize = 300;

/// A note's length as the portal counts it: UTF-16 code units, so that an emoji counts as two.
pub fn note_length(note: &str) -> usize {
    note.encode_utf16().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_names_round_trip_and_case_is_not_folded() {
        for phase in Phase::ALL {
            assert_eq!(Phase::from_wire(phase.wire()), Some(phase));
            assert_eq!(Phase::from_person(&phase.number().to_string()), Some(phase));
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.wire());
        }
        assert_eq!(Phase::from_wire("PHASE_1_READ_ONLY"), None);
        assert_eq!(Phase::from_person("4"), None);
    }

    #[test]
    fn direction_follows_the_order_of_the_rollout() {
        assert_eq!(
            Direction::of(Phase::ReadOnly, Phase::AdminFull),
            Direction::Forward
        );
        assert_eq!(
            Direction::of(Phase::AdminFull, Phase::MemberWrites),
            Direction::Back
        );
        assert_eq!(
            Direction::of(Phase::MemberWrites, Phase::MemberWrites),
            Direction::Same
        );
    }

    #[test]
    fn a_note_is_counted_as_the_portal_counts_it() {
        assert_eq!(note_length("abc"), 3);
        assert_eq!(note_length("é"), 1);
        assert_eq!(note_length("🏺"), 2);
    }

    #[test]
    fn another_save_of_the_same_phase_is_another_save() {
        let state = PhaseState {
            phase: Phase::ReadOnly,
            note: None,
            updated_at_ms: 5,
            updated_by_uid: Some("staff-a".into()),
        };
        assert!(state.same_save(&state.clone()));
        assert!(!state.same_save(&PhaseState {
            updated_at_ms: 6,
            ..state.clone()
        }));
        assert!(!state.same_save(&PhaseState {
            updated_by_uid: Some("staff-b".into()),
            ..state.clone()
        }));
    }
}
