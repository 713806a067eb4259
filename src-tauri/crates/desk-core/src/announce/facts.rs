//! What a template is filled from, each fact with where it came from.

use super::{
    Placeholder, Template,
    moment::{self, MomentError},
};
use crate::{Phase, Runbook};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A phase change that the portal confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseMove {
    /// The phase before, when it is known.
    pub from: Option<Phase>,
    /// The phase in force.
    pub to: Phase,
    /// The portal's time of the save, milliseconds since 1970. Never 0: where nobody ever saved, there is no move.
    pub changed_at_ms: i64,
    /// When the portal last said so, milliseconds since 1970; how old the fact is.
    pub seen_at_ms: i64,
}

/// Where a fact came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", rename_all_fields = "camelCase")]
pub enum Source {
    /// The newest confirmed phase change.
    Portal {
        /// When the portal last said so, milliseconds since 1970.
        seen_at_ms: i64,
    },
    /// The runbook suggests it.
    Runbook,
    /// The incident that the rollback was started with.
    Rollback,
    /// A person typed it.
    Person,
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// Words. Line ends and runs of spaces in them become one space in a text.
    Words(String),
    /// A moment, milliseconds since 1970; written in the team's time zone.
    AtMs(i64),
}

/// A fact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// What it says.
    pub value: Value,
    /// Where it came from.
    pub source: Source,
}

/// The facts for a text. What has no fact here has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The team's time zone.
    pub zone: Tz,
    /// The facts by the placeholder they fill.
    entries: BTreeMap<Placeholder, Fact>,
}

impl Facts {
    /// No facts yet.
    pub const fn new(zone: Tz) -> Self {
        Self {
            zone,
            entries: BTreeMap::new(),
        }
    }

    /// What follows from a confirmed phase change: label and time are the portal's, the change in behaviour and the summary
    /// are the runbook's suggestions. Without a known phase before, the suggestion is the one for staying.
    pub fn of_move(runbook: &Runbook, moved: &PhaseMove, zone: Tz) -> Self {
        let portal = Source::Portal {
            seen_at_ms: moved.seen_at_ms,
        };
        let mut facts = Self::of_phases(runbook, moved.from.unwrap_or(moved.to), moved.to, portal, zone);
        facts.set(Placeholder::Timestamp, Value::AtMs(moved.changed_at_ms), portal);
        facts
    }

    /// What is known of a move that has not been made yet: everything but its time.
    pub fn of_planned_move(runbook: &Runbook, from: Phase, to: Phase, zone: Tz) -> Self {
        Self::of_phases(runbook, from, to, Source::Runbook, zone)
    }

    fn of_phases(runbook: &Runbook, from: Phase, to: Phase, label: Source, zone: Tz) -> Self {
        let announcements = &runbook.announcements;
        let words = |text: &str| Value::Words(text.to_owned());
        let mut facts = Self::new(zone);
        facts.set(Placeholder::PhaseLabel, words(&runbook.phase(to).label), label);
        facts.set(
            Placeholder::BriefBehaviorDelta,
            words(announcements.delta(from, to)),
            Source::Runbook,
        );
        facts.set(
            Placeholder::MemberFacingBehaviorSummary,
            words(announcements.summary(to)),
            Source::Runbook,
        );
        facts
    }

    /// The newest facts, with those of `self` that only a person knows: what was typed stays until something newer is
    /// typed, and so does what the newest lack. But words typed about behaviour belong to the phase they were typed for
    /// and go with it.
    #[must_use]
    pub fn renewed(&self, newest: &Self) -> Self {
        let label = Placeholder::PhaseLabel;
        let same_phase = self.written(&label) == newest.written(&label);
        let mut renewed = newest.clone();
        for (placeholder, fact) in &self.entries {
            let about_the_phase = matches!(
                placeholder,
                Placeholder::BriefBehaviorDelta | Placeholder::MemberFacingBehaviorSummary
            );
            let stays = match newest.get(placeholder) {
                Some(newer) => {
                    fact.source == Source::Person
                        && newer.source != Source::Person
                        && (same_phase || !about_the_phase)
                }
                None => true,
            };
            if stays {
                renewed.entries.insert(placeholder.clone(), fact.clone());
            }
        }
        renewed
    }

    /// Those that a template uses.
    #[must_use]
    pub fn used_by(&self, template: &Template) -> Self {
        let mut used = self.clone();
        used.entries.retain(|placeholder, _| template.uses(placeholder));
        used
    }

    /// Sets a fact.
    pub fn set(&mut self, placeholder: Placeholder, value: Value, source: Source) {
        self.entries.insert(placeholder, Fact { value, source });
    }

    /// Sets a fact that a person typed; a time in one of the forms of [`moment::typed`].
    ///
    /// # Errors
    /// A time that is none.
    pub fn set_typed(&mut self, placeholder: Placeholder, text: &str) -> Result<(), MomentError> {
        let value = if placeholder.is_time() {
            Value::AtMs(moment::typed(text, self.zone)?)
        } else {
            Value::Words(text.to_owned())
        };
        self.set(placeholder, value, Source::Person);
        Ok(())
    }

    /// Forgets a fact.
    pub fn clear(&mut self, placeholder: &Placeholder) {
        self.entries.remove(placeholder);
    }

    /// The fact for a placeholder.
    pub fn get(&self, placeholder: &Placeholder) -> Option<&Fact> {
        self.entries.get(placeholder)
    }

    /// The facts there are, by placeholder.
    pub fn iter(&self) -> impl Iterator<Item = (&Placeholder, &Fact)> {
        self.entries.iter()
    }

    /// A fact as it stands in a text: one line, trimmed. None without the fact.
    pub fn written(&self, placeholder: &Placeholder) -> Option<String> {
        match &self.entries.get(placeholder)?.value {
            Value::Words(words) => Some(words.split_whitespace().collect::<Vec<_>>().join(" ")),
            Value::AtMs(at_ms) => moment::written(*at_ms, self.zone),
        }
    }
}
