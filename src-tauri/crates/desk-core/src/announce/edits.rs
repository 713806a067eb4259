//! What a person did to a filled text, so that a stretch of it can be found again in the edited one.

use similar::{Algorithm, DiffTag, capture_diff_slices};
use std::ops::Range;
use unicode_segmentation::UnicodeSegmentation;

/// The stretches of two texts in order, alike or not, by bytes.
pub(super) struct Edits {
    stretches: Vec<Stretch>,
}

#[derive(Debug)]
struct Stretch {
    before: Range<usize>,
    after: Range<usize>,
    same: bool,
}

impl Edits {
    /// Compares word by word.
    pub(super) fn between(before: &str, after: &str) -> Self {
        let (old, old_starts) = words(before);
        let (new, new_starts) = words(after);
        let mut stretches: Vec<Stretch> = Vec::new();
        for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
            let stretch = Stretch {
                before: old_starts[op.old_range().start]..old_starts[op.old_range().end],
                after: new_starts[op.new_range().start]..new_starts[op.new_range().end],
                same: op.tag() == DiffTag::Equal,
            };
            match stretches.last_mut() {
                // A removal and an addition side by side are one change.
                Some(last) if !last.same && !stretch.same => {
                    last.before.end = stretch.before.end;
                    last.after.end = stretch.after.end;
                }
                _ => stretches.push(stretch),
            }
        }
        Self { stretches }
    }

    /// Where a stretch of the old text is in the new one: exactly, as far as its ends were left alone, else with the whole
    /// change that touches it.
    pub(super) fn region(&self, before: &Range<usize>) -> Range<usize> {
        if before.is_empty() {
            let at = self.start(before.start);
            return at..at;
        }
        self.start(before.start)..self.end(before.end)
    }

    /// Where the text from this byte on begins.
    fn start(&self, at: usize) -> usize {
        match self.holding(at) {
            Some(stretch) if stretch.same => stretch.after.start + (at - stretch.before.start),
            Some(stretch) => stretch.after.start,
            None => self.stretches.last().map_or(0, |last| last.after.end),
        }
    }

    /// Where the text up to this byte ends.
    fn end(&self, at: usize) -> usize {
        match self.holding(at.saturating_sub(1)) {
            Some(stretch) if stretch.same => stretch.after.start + (at - stretch.before.start),
            Some(stretch) => stretch.after.end,
            None => self.stretches.last().map_or(0, |last| last.after.end),
        }
    }

    /// What stands between the bytes next to a stretch, when these were left alone: the stretch with whatever was put
    /// beside it. At an end of the text there is no such byte, and nothing beside it counts.
    pub(super) fn between_neighbours(&self, before: &Range<usize>, length: usize) -> Option<Range<usize>> {
        let region = self.region(before);
        let left_alone = |at: usize| self.holding(at).is_some_and(|stretch| stretch.same);
        let start = match before.start.checked_sub(1) {
            Some(neighbour) => left_alone(neighbour).then(|| self.end(before.start))?,
            None => region.start,
        };
        let end = if before.end == length {
            region.end
        } else {
            left_alone(before.end).then(|| self.start(before.end))?
        };
        Some(start..end.max(start))
    }

    fn holding(&self, at: usize) -> Option<&Stretch> {
        let index = self.stretches.partition_point(|stretch| stretch.before.end <= at);
        self.stretches.get(index)
    }
}

/// The words of a text with what is between them, and where each begins; one more for the end.
fn words(text: &str) -> (Vec<&str>, Vec<usize>) {
    let words: Vec<&str> = text.split_word_bounds().collect();
    let mut starts = Vec::with_capacity(words.len() + 1);
    let mut at = 0;
    starts.push(at);
    for word in &words {
        at += word.len();
        starts.push(at);
    }
    (words, starts)
}
