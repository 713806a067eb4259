//! The runbook as data: phases, checks, gates, rollback steps, announcements and evidence items.
//!
//! One is compiled in ([`Runbook::builtin`]); a file may take its place ([`Runbook::parse`]). What the rules need of it
//! is typed, what people read is kept letter for letter. A runbook that was accepted is whole: each phase is there once,
//! with at least one check and one gate.

mod parse;
#[cfg(test)]
mod tests;

use crate::{Phase, Role, Route, announce::Announcements};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const BUILTIN: &str = include_str!("../../../runbook.toml");

/// The rollout as data.
#[derive(Clone, Debug, PartialEq)]
pub struct Runbook {
    /// The phases, in the order of the rollout.
    pub phases: [PhaseText; 3],
    /// The lines of the smoke checklist, in the file's order.
    pub checks: Vec<Check>,
    /// The gates, in the file's order.
    pub gates: Vec<Gate>,
    /// The steps of the rollback, in order.
    pub rollback: Vec<RollbackStep>,
    /// The templates of the announcements, and what is suggested and watched for in them.
    pub announcements: Announcements,
    /// The items of the evidence bundle.
    pub evidence: Vec<EvidenceItem>,
    sha256: String,
}

/// What people are told about a phase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseText {
    /// The phase.
    pub phase: Phase,
    /// The short label: `Phase 2`.
    pub label: String,
    /// What it is called: `Member writes`.
    pub title: String,
    /// What members can and cannot do, one sentence a line.
    pub members: Vec<String>,
    /// What staff can and cannot do, one sentence a line.
    pub staff: Vec<String>,
}

/// A line of the smoke checklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Its name in records; automation is found by it.
    pub id: String,
    /// The phase it proves.
    pub phase: Phase,
    /// The runbook's words.
    pub words: String,
    /// The identities it names; empty only for a check that a person alone attests.
    pub identities: Vec<CheckIdentity>,
    /// The question that only a person can answer.
    pub attestation: Option<String>,
}

/// As whom a check is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CheckIdentity {
    /// As a smoke account.
    As(Role),
    /// Without an account.
    Nobody,
}

impl CheckIdentity {
    /// The word in the runbook: the role's, or `nobody`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::As(role) => role.word(),
            Self::Nobody => "nobody",
        }
    }

    /// The identity with this word. The operator is none: the checklist never borrows the account of the person at the desk.
    pub fn from_word(word: &str) -> Option<Self> {
        if word == Self::Nobody.word() {
            return Some(Self::Nobody);
        }
        Role::from_word(word)
            .filter(|role| *role != Role::Operator)
            .map(Self::As)
    }
}

/// A condition that must hold before the phase is left forward.
#[derive(Clone, Debug, PartialEq)]
pub struct Gate {
    /// Its name in records.
    pub id: String,
    /// The phase it guards the way out of.
    pub phase: Phase,
    /// The runbook's words.
    pub words: String,
    /// What is older than this says nothing any more, minutes.
    pub stale_after_minutes: u32,
    /// What must hold.
    pub rule: Rule,
}

/// What a gate asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Rule {
    /// The share of failing requests stays under the threshold.
    FailureRate {
        /// Which requests count, and how far back.
        over: Over,
        /// The share of 1 that must not be reached.
        threshold: f64,
        /// What is held against the threshold.
        basis: Basis,
    },
    /// No request met a route error (404).
    NoRouteErrors {
        /// Which requests count, and how far back.
        over: Over,
    },
    /// No route met route errors (404) again and again.
    NoSustainedRouteErrors {
        /// Which requests count, and how far back.
        over: Over,
        /// This many in a row on one route are sustained.
        in_a_row: u32,
        /// Nothing else on one route for this long is sustained, minutes.
        for_minutes: u32,
    },
    /// In the newest smoke run each of these routes answered, and none failed.
    SmokeRoutesSucceed {
        /// The routes.
        routes: Vec<Route>,
    },
    /// The metrics artifact was captured, and attached to the run.
    ArtifactAttached,
}

/// The requests that a gate counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Over {
    /// Those to these routes.
    pub routes: Vec<Route>,
    /// Fewer say too little.
    pub minimum: u64,
    /// How far back, minutes.
    pub window_minutes: u32,
}

/// What is held against a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// The rate observed.
    Point,
    /// The highest rate that the numbers leave possible: Clopper–Pearson, one-sided, 95 %.
    Bound,
}

/// A step of the rollback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollbackStep {
    /// Its name in records.
    pub id: String,
    /// The runbook's words.
    pub words: String,
    /// The points under it, in the runbook's words.
    pub points: Vec<String>,
}

/// An item of the evidence bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceItem {
    /// Its name in records and on the command line.
    pub id: String,
    /// The runbook's words.
    pub words: String,
}

/// Why a text is no runbook, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runbook is wrong in line {line}, column {column}: {message}")]
pub struct RunbookError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl Runbook {
    /// The runbook that is compiled in.
    pub fn builtin() -> &'static Self {
        #[expect(
            clippy::expect_used,
            reason = "the text is part of the program, and a test parses it"
        )]
        static RUNBOOK: LazyLock<Runbook> =
            LazyLock::new(|| Runbook::parse(BUILTIN).expect("the built-in runbook is right"));
        &RUNBOOK
    }

    /// The text of the runbook that is compiled in: where to start for one's own.
    pub const fn builtin_text() -> &'static str {
        BUILTIN
    }

    /// Reads a runbook.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where: a syntax error, an unknown or missing key, a wrong type, an
    /// unknown phase, identity, route or placeholder, an id used twice, a number out of its range, or a missing part.
    pub fn parse(text: &str) -> Result<Self, RunbookError> {
        parse::parse(text)
    }

    /// The SHA-256 of its text, lower-case hex.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// What people are told about a phase.
    pub fn phase(&self, phase: Phase) -> &PhaseText {
        match phase {
            Phase::ReadOnly => &self.phases[0],
            Phase::MemberWrites => &self.phases[1],
            Phase::AdminFull => &self.phases[2],
        }
    }

    /// The lines of the smoke checklist for a phase.
    pub fn checks_of(&self, phase: Phase) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(move |check| check.phase == phase)
    }

    /// The check with this id.
    pub fn check(&self, id: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.id == id)
    }

    /// The gates on the way out of a phase.
    pub fn gates_of(&self, phase: Phase) -> impl Iterator<Item = &Gate> {
        self.gates.iter().filter(move |gate| gate.phase == phase)
    }
}

impl Gate {
    /// The requests it counts; none for a gate over a smoke run or an artifact.
    pub const fn over(&self) -> Option<&Over> {
        match &self.rule {
            Rule::FailureRate { over, .. }
            | Rule::NoRouteErrors { over }
            | Rule::NoSustainedRouteErrors { over, .. } => Some(over),
            Rule::SmokeRoutesSucceed { .. } | Rule::ArtifactAttached => None,
        }
    }
}

fn sha256_of(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
