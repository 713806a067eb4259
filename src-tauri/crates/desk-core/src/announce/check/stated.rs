//! What the text states: the facts of its template, where the person left them and where the person wrote something else.

use super::{Code, Context, Findings, Fix, tokens};
use crate::announce::{Draft, Facts, Part, Placeholder, edits::Edits, fill::FactSpan, moment, says_nothing};
use std::ops::Range;

pub(super) fn check(draft: &Draft, context: &Context<'_>, findings: &mut Findings<'_>) {
    let newest = draft.facts().renewed(context.newest);
    let filled = draft.filled();
    for part in Part::ALL {
        let part_filled = filled.part(part);
        let edits = Edits::between(&part_filled.text, findings.text.part(part));
        let places: Vec<Stated<'_>> = part_filled
            .spans
            .iter()
            .map(|span| {
                let neighbours = edits.between_neighbours(&span.range, part_filled.text.len());
                Stated {
                    part,
                    text: findings.text.part(part),
                    span,
                    neighbours_kept: neighbours.is_some(),
                    region: neighbours.unwrap_or_else(|| edits.region(&span.range)),
                    was: &part_filled.text[span.range.clone()],
                    newest: newest.written(&span.placeholder).filter(|now| !says_nothing(now)),
                }
            })
            .collect();
        for place in &places {
            place.check(draft.facts(), context, findings);
        }
        other_phases(part, &places, context, findings);
    }
    for (conflict, range) in draft.conflicts() {
        let words = format!(
            "{} is now `{}`, but you had written these words before it changed.",
            capitalised(conflict.placeholder.meaning()),
            conflict.is
        );
        let fix = Fix::replace(&range, conflict.is);
        findings.add(Code::Conflict, conflict.part, range, words, fix);
    }
}

/// A fact's place in the text.
struct Stated<'a> {
    part: Part,
    text: &'a str,
    span: &'a FactSpan,
    /// The fact's words with what was put beside them.
    region: Range<usize>,
    /// Whether the characters next to them were left alone, so that something can be put between these.
    neighbours_kept: bool,
    was: &'a str,
    newest: Option<String>,
}

impl Stated<'_> {
    fn words(&self) -> &str {
        &self.text[self.region.clone()]
    }

    fn check(&self, facts: &Facts, context: &Context<'_>, findings: &mut Findings<'_>) {
        let placeholder = &self.span.placeholder;
        if self.words().contains(&placeholder.braced()) {
            // Said among the braces.
            return;
        }
        if facts.written(placeholder) != self.newest {
            self.outdated(findings);
        }
        if says_nothing(self.words()) {
            self.missing(findings);
            return;
        }
        match placeholder {
            Placeholder::PhaseLabel => self.label(context, findings),
            Placeholder::Timestamp => self.timestamp(context, findings),
            Placeholder::NextCheckTime => self.next_review(context, findings),
            Placeholder::IncidentId => self.incident(facts, findings),
            Placeholder::BriefBehaviorDelta
            | Placeholder::MemberFacingBehaviorSummary
            | Placeholder::Custom(_) => {}
        }
    }

    fn add(&self, code: Code, words: String, fix: Fix, findings: &mut Findings<'_>) {
        findings.add(code, self.part, self.region.clone(), words, fix);
    }

    /// Puts the newest fact where it belongs, if that place can still be told.
    fn filling(&self) -> Fix {
        let meaning = self.span.placeholder.meaning();
        match &self.newest {
            Some(newest) if self.neighbours_kept || self.words() == self.was => {
                Fix::replace(&self.region, newest.as_str())
            }
            Some(newest) => Fix::instruct(format!("Write `{newest}` where the text states {meaning}.")),
            None => Fix::instruct(format!("Set the fact: {meaning}.")),
        }
    }

    fn outdated(&self, findings: &mut Findings<'_>) {
        let meaning = capitalised(self.span.placeholder.meaning());
        let Some(newest) = &self.newest else { return };
        let words = format!("{meaning} has changed: `{}` is now `{newest}`.", self.was);
        self.add(Code::Outdated, words, Fix::Refill, findings);
    }

    fn missing(&self, findings: &mut Findings<'_>) {
        let meaning = self.span.placeholder.meaning();
        let elsewhere = self.span.filled && !says_nothing(self.was) && self.text.contains(self.was);
        if elsewhere {
            return;
        }
        if self.neighbours_kept || says_nothing(self.was) {
            let words = format!("Nothing stands where {meaning} should.");
            self.add(Code::PlaceholderBlank, words, self.filling(), findings);
        } else {
            let words = format!("The text no longer states {meaning}.");
            self.add(Code::PlaceholderMissing, words, self.filling(), findings);
        }
    }

    fn label(&self, context: &Context<'_>, findings: &mut Findings<'_>) {
        let Some(confirmed) = context.confirmed else {
            self.not_confirmed(findings);
            return;
        };
        let labels = known_labels(context);
        let right = context.runbook.phase(confirmed.to).label.as_str();
        let named = tokens::labels(&tokens::tokens(self.words()), &labels);
        let is_right = |index: &Option<usize>| index.is_some_and(|index| labels[index] == right);
        // Somebody may have moved the label to another place of the text.
        let said = if named.is_empty() {
            let everywhere = tokens::labels(&tokens::tokens(self.text), &labels);
            everywhere.iter().any(|(_, index)| is_right(index))
        } else {
            named.iter().all(|(_, index)| is_right(index))
        };
        if !said {
            let words = format!("The portal confirmed `{right}`, and the text does not say so here.");
            let fix = match self.filling() {
                Fix::Replace { range, .. } => Fix::replace(&range, right),
                _ => Fix::instruct(format!(
                    "Write `{right}` where the text states the phase's label."
                )),
            };
            self.add(Code::LabelNotConfirmed, words, fix, findings);
        }
    }

    fn not_confirmed(&self, findings: &mut Findings<'_>) {
        let words = "The portal has confirmed no phase change that this could state.".to_owned();
        let fix = Fix::instruct("Connect to the portal, or change the phase first.");
        self.add(Code::PhaseNotConfirmed, words, fix, findings);
    }

    fn timestamp(&self, context: &Context<'_>, findings: &mut Findings<'_>) {
        let Some(confirmed) = context.confirmed else {
            self.not_confirmed(findings);
            return;
        };
        let Some(at_ms) = self.moment(findings) else {
            return;
        };
        let changed = confirmed.changed_at_ms.div_euclid(moment::MINUTE_MS) * moment::MINUTE_MS;
        let (code, words) = if at_ms > context.now_ms {
            (Code::TimeInFuture, "This time lies in the future.")
        } else if at_ms < changed {
            (Code::TimeBeforeChange, "This time lies before the phase change.")
        } else if at_ms != changed {
            (
                Code::TimeDiffers,
                "This is not the time that the portal gives for the phase change.",
            )
        } else {
            return;
        };
        self.add(code, words.to_owned(), self.filling(), findings);
    }

    fn next_review(&self, context: &Context<'_>, findings: &mut Findings<'_>) {
        let Some(at_ms) = self.moment(findings) else {
            return;
        };
        if at_ms < context.now_ms {
            let words = "The next gate review that the text names is over.".to_owned();
            let fix = Fix::instruct("Choose when the gates are reviewed next.");
            self.add(Code::NextReviewPast, words, fix, findings);
        }
    }

    fn moment(&self, findings: &mut Findings<'_>) -> Option<i64> {
        let here = moment::first_in(self.words()).map(|(_, at_ms)| at_ms);
        // Somebody may have moved the time to another place of the text.
        let moment = here.or_else(|| moment::read(self.was).filter(|_| self.text.contains(self.was)));
        if moment.is_none() {
            let words = "This time cannot be read: write it as `25 Nov 2026, 14:02 CET (Europe/Vienna)`.";
            self.add(Code::TimeUnreadable, words.to_owned(), self.filling(), findings);
        }
        moment
    }

    fn incident(&self, facts: &Facts, findings: &mut Findings<'_>) {
        let written = facts.written(&Placeholder::IncidentId).unwrap_or_default();
        if !says_nothing(&written) && !self.text.contains(&written) {
            let words = format!("The incident is `{written}`, and the text names another.");
            self.add(Code::IncidentDiffers, words, self.filling(), findings);
        }
    }
}

/// Phases named outside the places of the label: the one before may be, another one hardly is meant.
fn other_phases(part: Part, places: &[Stated<'_>], context: &Context<'_>, findings: &mut Findings<'_>) {
    let Some(confirmed) = context.confirmed else {
        return;
    };
    let labels = known_labels(context);
    let usual = [confirmed.to, confirmed.from.unwrap_or(confirmed.to)]
        .map(|phase| context.runbook.phase(phase).label.as_str());
    for (range, index) in tokens::labels(&tokens::tokens(findings.text.part(part)), &labels) {
        let in_a_place = places.iter().any(|place| {
            place.span.placeholder == Placeholder::PhaseLabel
                && place.region.start <= range.start
                && range.end <= place.region.end
        });
        if in_a_place || index.is_some_and(|index| usual.contains(&labels[index])) {
            continue;
        }
        let words = format!(
            "The portal confirmed `{}`, and this names another phase.",
            usual[0]
        );
        let fix = Fix::replace(&range, usual[0]);
        findings.add(Code::OtherPhase, part, range, words, fix);
    }
}

fn known_labels<'a>(context: &Context<'a>) -> Vec<&'a str> {
    context
        .runbook
        .phases
        .iter()
        .map(|phase| phase.label.as_str())
        .collect()
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}
