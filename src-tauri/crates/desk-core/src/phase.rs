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

    /// The web panel's short label, `Phase 2`, which its artifact carries. What people read comes from the runbook.
    pub const fn label(self) -> &'static str {
        match self {
            Self::ReadOnly => "Phase 1",
            Self::MemberWrites => "Phase 2",
            Self::AdminFull => "Phase 3",
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

/// What an answer of the portal is, next to what the desk already knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The same save.
    Same,
    /// Another save: somebody moved the phase or changed its note.
    Moved,
    /// An older save, from a server instance whose phase cache has not expired yet. Nobody moved anything.
    Outdated,
}

/// Judges an answer.
///
/// The portal's instances cache the phase, so an answer may be *older* than one seen before. That is an outdated
/// instance for as long as a cache can live after the newer save was first seen; later it is another state in its
/// own right (a configuration put back by hand), and the desk must not go on showing what no longer is.
pub fn judge_answer(known: &PhaseState, seen: &PhaseState, known_for_ms: i64, phase_cache_ms: u64) -> Answer {
    if known.same_save(seen) {
        Answer::Same
    } else if seen.updated_at_ms < known.updated_at_ms
        && known_for_ms <= i64::try_from(phase_cache_ms).unwrap_or(i64::MAX)
    {
        Answer::Outdated
    } else {
        Answer::Moved
    }
}

/// What a reading says about a save of this desk whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The save took effect.
    Applied,
    /// The portal still says what it said before the save. It may yet arrive.
    NotYet,
    /// Somebody has saved since; what became of ours no longer matters.
    Overtaken,
}

/// What the desk sent, to recognise it in the portal's answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent<'a> {
    /// What the portal said right before.
    pub from: &'a PhaseState,
    /// The phase asked for.
    pub to: Phase,
    /// The note asked for.
    pub note: Option<&'a str>,
    /// The operator's uid.
    pub actor: &'a str,
    /// What the portal acknowledged, if it did.
    pub acknowledged: Option<&'a PhaseState>,
}

/// Finds out from a reading what became of a save.
pub fn find_out(sent: &Sent<'_>, seen: &PhaseState) -> Finding {
    if let Some(acknowledged) = sent.acknowledged {
        return if acknowledged.same_save(seen) {
            Finding::Applied
        } else if seen.updated_at_ms < acknowledged.updated_at_ms {
            Finding::NotYet
        } else {
            Finding::Overtaken
        };
    }
    let ours = seen.phase == sent.to
        && seen.note.as_deref() == sent.note
        && seen.updated_by_uid.as_deref() == Some(sent.actor);
    if seen.updated_at_ms <= sent.from.updated_at_ms {
        Finding::NotYet
    } else if ours {
        Finding::Applied
    } else {
        Finding::Overtaken
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

    fn saved(phase: Phase, at: i64, by: &str, note: Option<&str>) -> PhaseState {
        PhaseState {
            phase,
            note: note.map(str::to_owned),
            updated_at_ms: at,
            updated_by_uid: Some(by.to_owned()),
        }
    }

    #[test]
    fn an_older_answer_is_an_outdated_instance_only_as_long_as_a_cache_lives() {
        let known = saved(Phase::ReadOnly, 200, "ana", None);
        let older = saved(Phase::AdminFull, 100, "ben", None);
        assert_eq!(judge_answer(&known, &known.clone(), 0, 60_000), Answer::Same);
        assert_eq!(judge_answer(&known, &older, 59_999, 60_000), Answer::Outdated);
        assert_eq!(judge_answer(&known, &older, 60_000, 60_000), Answer::Outdated);
        assert_eq!(judge_answer(&known, &older, 60_001, 60_000), Answer::Moved);
        assert_eq!(judge_answer(&older, &known, 0, 60_000), Answer::Moved);
        let same_time_other_note = saved(Phase::ReadOnly, 200, "ana", Some("x"));
        assert_eq!(
            judge_answer(&known, &same_time_other_note, 0, 60_000),
            Answer::Moved
        );
    }

    #[test]
    fn a_save_without_an_answer_is_recognised_by_phase_note_author_and_time() {
        let from = saved(Phase::AdminFull, 100, "ben", None);
        let sent = Sent {
            from: &from,
            to: Phase::ReadOnly,
            note: Some("n"),
            actor: "ana",
            acknowledged: None,
        };
        assert_eq!(
            find_out(&sent, &saved(Phase::ReadOnly, 150, "ana", Some("n"))),
            Finding::Applied
        );
        assert_eq!(find_out(&sent, &from.clone()), Finding::NotYet);
        assert_eq!(
            find_out(&sent, &saved(Phase::ReadOnly, 150, "ben", Some("n"))),
            Finding::Overtaken
        );
        assert_eq!(
            find_out(&sent, &saved(Phase::ReadOnly, 150, "ana", None)),
            Finding::Overtaken
        );
        assert_eq!(
            find_out(&sent, &saved(Phase::ReadOnly, 90, "ana", Some("n"))),
            Finding::NotYet
        );
    }

    #[test]
    fn an_acknowledged_save_is_recognised_by_what_was_acknowledged() {
        let from = saved(Phase::AdminFull, 100, "ben", None);
        let ours = saved(Phase::ReadOnly, 150, "ana", None);
        let sent = Sent {
            from: &from,
            to: Phase::ReadOnly,
            note: None,
            actor: "ana",
            acknowledged: Some(&ours),
        };
        assert_eq!(find_out(&sent, &ours.clone()), Finding::Applied);
        assert_eq!(find_out(&sent, &from.clone()), Finding::NotYet);
        assert_eq!(
            find_out(&sent, &saved(Phase::ReadOnly, 151, "ana", None)),
            Finding::Overtaken
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
