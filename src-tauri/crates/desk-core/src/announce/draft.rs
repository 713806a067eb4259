//! A text being written: the template and the facts it was made from, and what the person made of it.

use super::{
    Facts, Part, Placeholder, Template, Text,
    edits::Edits,
    fill::{FactSpan, Filled, FilledPart, fill},
    says_nothing, with_line_feeds,
};
use serde::{Deserialize, Deserializer, Serialize};

/// A text being written. It knows the facts it was filled with, so that it can tell when one of them has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    template: Template,
    facts: Facts,
    #[serde(deserialize_with = "text_with_line_feeds")]
    subject: String,
    #[serde(deserialize_with = "text_with_line_feeds")]
    body: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<Conflict>,
}

/// A fact that is not any more what the text was filled with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outdated {
    /// Which fact.
    pub placeholder: Placeholder,
    /// What the text was filled with.
    pub was: Option<String>,
    /// What it is now.
    pub is: Option<String>,
}

/// A fact that changed where a person had written something else. The person's words were kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// In which part.
    pub part: Part,
    /// Which fact.
    pub placeholder: Placeholder,
    /// The person's words.
    pub words: String,
    /// What the fact was when the person wrote them.
    pub was: String,
    /// What it is now.
    pub is: String,
}

impl Draft {
    /// A text as the template and the facts make it.
    pub fn new(template: Template, facts: Facts) -> Self {
        let filled = fill(&template, &facts);
        Self {
            template,
            facts,
            subject: filled.subject.text,
            body: filled.body.text,
            conflicts: Vec::new(),
        }
    }

    /// The same with what a person made of it. Line ends become line feeds.
    #[must_use]
    pub fn with_text(self, subject: &str, body: &str) -> Self {
        Self {
            subject: with_line_feeds(subject),
            body: with_line_feeds(body),
            ..self
        }
    }

    /// The template it was made from.
    pub const fn template(&self) -> &Template {
        &self.template
    }

    /// The facts it was filled with.
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Its subject and body.
    pub fn text(&self) -> Text<'_> {
        Text {
            subject: &self.subject,
            body: &self.body,
        }
    }

    /// What template and facts alone would make.
    pub fn filled(&self) -> Filled {
        fill(&self.template, &self.facts)
    }

    /// Where the facts stand in the text as it is, to mark them; `filled` is false where a person changed the words.
    pub fn spans(&self, part: Part) -> Vec<FactSpan> {
        let filled = self.filled();
        let text = self.text().part(part);
        located(filled.part(part), text)
            .map(|(span, region)| FactSpan {
                placeholder: span.placeholder.clone(),
                filled: span.filled && text[region.clone()] == filled.part(part).text[span.range.clone()],
                range: region,
            })
            .collect()
    }

    /// The facts in the text that have changed since it was filled.
    pub fn outdated(&self, newest: &Facts) -> Vec<Outdated> {
        let newest = self.facts.renewed(newest);
        self.template
            .placeholders()
            .into_iter()
            .map(|placeholder| Outdated {
                placeholder: placeholder.clone(),
                was: self.facts.written(placeholder),
                is: newest.written(placeholder),
            })
            .filter(|fact| fact.was != fact.is)
            .collect()
    }

    /// The text with the newest facts and the person's edits.
    ///
    /// A three-way merge whose one side is known exactly: the template says which stretches the facts change, so that only
    /// the person's edits need to be found. Where these left a fact's words alone, the new ones take their place; where
    /// they did not, the person's stay, and the fact is among the [`Draft::conflicts`].
    #[must_use]
    pub fn refill(&self, newest: &Facts) -> Self {
        self.with_facts(self.facts.renewed(newest))
    }

    /// The text with these facts and the person's edits; see [`Draft::refill`].
    #[must_use]
    pub fn with_facts(&self, facts: Facts) -> Self {
        let before = self.filled();
        let after = fill(&self.template, &facts);
        let mut conflicts = Vec::new();
        let [subject, body] = Part::ALL.map(|part| {
            let text = self.text().part(part);
            merge(part, before.part(part), text, after.part(part), &mut conflicts)
        });
        let still_open: Vec<_> = self
            .conflicts
            .iter()
            .filter(|old| {
                let again = |new: &Conflict| new.part == old.part && new.placeholder == old.placeholder;
                !conflicts.iter().any(again)
            })
            .cloned()
            .collect();
        conflicts.extend(still_open);
        Self {
            template: self.template.clone(),
            facts,
            subject,
            body,
            conflicts,
        }
    }

    /// Where a person's words stand in place of a fact that changed after they were written, with their place in the text.
    pub fn conflicts(&self) -> Vec<(Conflict, std::ops::Range<usize>)> {
        let mut standing = Vec::new();
        if self.conflicts.is_empty() {
            return standing;
        }
        let filled = self.filled();
        for part in Part::ALL {
            let text = self.text().part(part);
            for (span, region) in located(filled.part(part), text) {
                let stands = |conflict: &&Conflict| {
                    conflict.part == part
                        && conflict.placeholder == span.placeholder
                        && conflict.words == text[region.clone()]
                };
                if let Some(conflict) = self.conflicts.iter().find(stands) {
                    standing.push((conflict.clone(), region));
                }
            }
        }
        standing
    }
}

/// The stretches of a filled part, and where they are in the edited text.
fn located<'a>(
    filled: &'a FilledPart,
    text: &str,
) -> impl Iterator<Item = (&'a FactSpan, std::ops::Range<usize>)> {
    let edits = Edits::between(&filled.text, text);
    filled
        .spans
        .iter()
        .map(move |span| (span, edits.region(&span.range)))
}

fn merge(
    part: Part,
    before: &FilledPart,
    text: &str,
    after: &FilledPart,
    conflicts: &mut Vec<Conflict>,
) -> String {
    let mut merged = String::new();
    let mut done = 0;
    for ((span, region), new) in located(before, text).zip(&after.spans) {
        let was = &before.text[span.range.clone()];
        let is = &after.text[new.range.clone()];
        let words = &text[region.clone()];
        if was == is || words == is {
            continue;
        }
        if words == was && region.start >= done {
            merged.push_str(&text[done..region.start]);
            merged.push_str(is);
            done = region.end;
        } else if !says_nothing(words) {
            conflicts.push(Conflict {
                part,
                placeholder: span.placeholder.clone(),
                words: words.to_owned(),
                was: was.to_owned(),
                is: is.to_owned(),
            });
        }
    }
    merged.push_str(&text[done..]);
    merged
}

fn text_with_line_feeds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer).map(|text| with_line_feeds(&text))
}
