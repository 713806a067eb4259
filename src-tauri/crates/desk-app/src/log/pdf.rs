//! The report of a run to print: the form, the timeline, checks, gates, splits, what failed, lessons.
//!
//! Laid out by hand on A4, in `DejaVu` Sans, which is embedded: Latin, Greek, Cyrillic, Arabic and more. A sign that it does
//! not have is printed as its number, `[U+1F3FA]`, and the report says so, so that no name is silently cut. The same entry
//! makes the same bytes.

use crate::time::when;
use chrono_tz::Tz;
use desk_core::{
    Runbook,
    log::{Event, EventKind, Field, Kind, Page, Story, open_points, planned, spelled, splits},
    phase::Direction,
    smoke::StepResult,
};
use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    page::PageSettings,
    paint::Fill,
    text::{Font, TextDirection},
};
use ttf_parser::Face;

/// A4 in points, 1/72 inch.
const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 50.0;
/// Where the second column of the form begins.
const VALUES: f32 = 200.0;
const BODY: f32 = 9.0;
/// From one line to the next, in parts of the size.
const LEADING: f32 = 1.4;

const BLACK: (u8, u8, u8) = (20, 20, 20);
const GREY: (u8, u8, u8) = (95, 95, 95);
const RED: (u8, u8, u8) = (170, 30, 30);

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub(super) enum PdfError {
    /// The font that is part of the program could not be read.
    #[error("the report's font cannot be read")]
    Font,
    /// The library could not write it.
    #[error("the report cannot be written: {0:?}")]
    Write(krilla::error::KrillaError),
}

/// The bytes of the report.
pub(super) fn report(page: &Page, story: &Story, runbook: &Runbook, zone: Tz) -> Result<Vec<u8>, PdfError> {
    let mut layout = Layout::new()?;
    let time = |at_ms| when(at_ms, zone);
    let kind = match page.kind {
        Kind::Rehearsal => "REHEARSAL",
        Kind::Live => "LIVE",
    };
    let title = format!("{} · {kind} · {}", page.label, page.environment);
    layout.line(&title, 18.0, true, BLACK);
    layout.line(&format!("Outcome: {}", page.outcome.word()), 11.0, false, BLACK);
    if let Some(reason) = &page.withdrawn {
        layout.line(&format!("WITHDRAWN: {reason}"), 11.0, true, RED);
    }
    form(&mut layout, page);
    layout.heading("Timeline");
    timeline(&mut layout, story, &time);
    if story.started_at_ms.is_some() {
        of_the_journal(&mut layout, story, runbook, &time);
    }
    layout.heading("Open points");
    layout.list(open_points(page, story).into_iter(), "None.");
    layout.heading("Lessons");
    let lessons = page.sheet().remove(&Field::Lessons);
    layout.body(lessons.as_deref().unwrap_or("None written yet."));
    layout.finish(&title)
}

/// What the journal tells of a run that the desk made.
fn of_the_journal(layout: &mut Layout<'_>, story: &Story, runbook: &Runbook, time: &impl Fn(i64) -> String) {
    layout.heading("Planned and actual");
    for (plan, actual) in planned(story, runbook) {
        layout.pair(&plan, &actual, None);
    }
    layout.heading("Checks");
    checks(layout, story, time);
    layout.heading("Gates");
    gates(layout, story, time);
    layout.heading("Rollback splits");
    let all = splits(story);
    if all.is_empty() {
        layout.body("Nothing was rolled back or drilled.");
    }
    for (title, marks) in all {
        layout.line(&title, BODY, true, BLACK);
        for (words, at_ms, taken) in marks {
            layout.pair(&format!("{words} after {taken}"), &time(at_ms), None);
        }
    }
    layout.heading("What failed");
    let failures = story.failures.iter().map(|failure| {
        let request = failure.request.as_ref();
        let ids = request
            .map(|request| format!(" · request {}", request.words()))
            .unwrap_or_default();
        format!("{}: {}{ids}", time(failure.at_ms), failure.what)
    });
    layout.list(failures, "Nothing that the desk has seen.");
    layout.heading("Overrides");
    let overrides = story.overrides().into_iter().map(|made| {
        format!(
            "{}: to {} by {}: {}",
            time(made.at_ms),
            made.to.label(),
            made.actor,
            made.reason
        )
    });
    layout.list(overrides, "None.");
}

fn form(layout: &mut Layout<'_>, page: &Page) {
    let mut heading = None;
    for field in Field::ALL.into_iter().filter(|field| *field != Field::Lessons) {
        if field.heading() != heading {
            heading = field.heading();
            if let Some(words) = heading {
                layout.line(words, BODY, true, BLACK);
            }
        }
        let line = page.lines.iter().find(|line| line.field == field);
        let typed = line.and_then(|line| line.typed.as_ref());
        let fact = line.and_then(|line| line.fact.as_deref());
        let value = typed
            .map(|typed| typed.text.as_str())
            .or(fact)
            .unwrap_or_default();
        let source = match (typed, fact) {
            (Some(typed), Some(fact)) => {
                Some(format!("typed by {}, {}; the desk: {fact}", typed.by, typed.at))
            }
            (Some(typed), None) => Some(format!("typed by {}, {}", typed.by, typed.at)),
            (None, Some(_)) => Some("filled by the desk".to_owned()),
            (None, None) => None,
        };
        layout.pair(field.label(), value, source.as_deref());
    }
}

/// A lane for each kind of event, then the events in words.
fn timeline(layout: &mut Layout<'_>, story: &Story, time: &impl Fn(i64) -> String) {
    const LANE: f32 = 13.0;
    let (Some(first), Some(last)) = (
        story.events.iter().map(|event| event.at_ms).min(),
        story
            .events
            .iter()
            .map(|event| event.until_ms.unwrap_or(event.at_ms))
            .max(),
    ) else {
        layout.body("The desk did not make this run, so that it has no timeline.");
        return;
    };
    let lanes = [
        EventKind::Run,
        EventKind::Phase,
        EventKind::Smoke,
        EventKind::Evidence,
        EventKind::Rollback,
        EventKind::Announcement,
    ];
    layout.room(LANE * 7.0);
    let (left, right) = (MARGIN + 80.0, WIDTH - MARGIN);
    let span = (last - first).max(1);
    // A share of the line: a float's precision is far finer than a point.
    #[expect(clippy::cast_precision_loss, reason = "a place on paper")]
    let place = |at_ms: i64| left + (right - left) * ((at_ms - first) as f32 / span as f32);
    for lane in lanes {
        let top = layout.y;
        layout.text(MARGIN, top + 9.0, 8.0, false, GREY, lane.word());
        layout.rect(left, top + LANE - 1.0, right - left, 0.5, GREY);
        for event in story.events.iter().filter(|event| event.kind == lane) {
            let until = if event.is_open { Some(last) } else { event.until_ms };
            let (from, to) = (place(event.at_ms), place(until.unwrap_or(event.at_ms)));
            let colour = if event.wrong { RED } else { BLACK };
            // What went wrong stands higher too, so that it is seen without colour.
            let raised = if event.wrong { 3.0 } else { 0.0 };
            layout.rect(
                from,
                top + 5.0 - raised,
                (to - from).max(2.0),
                6.0 + raised,
                colour,
            );
        }
        layout.y += LANE;
    }
    layout.y += 4.0;
    for event in &story.events {
        layout.pair(&time(event.at_ms), &told(event), None);
    }
}

fn told(event: &Event) -> String {
    let lasted = event
        .until_ms
        .and_then(|until| u64::try_from(until - event.at_ms).ok())
        .filter(|ms| *ms >= 1_000)
        .map(|ms| format!(" ({})", spelled(ms)));
    let lasted = match lasted {
        None if event.is_open => " (goes on)".to_owned(),
        lasted => lasted.unwrap_or_default(),
    };
    let wrong = if event.wrong { "! " } else { "" };
    format!("{wrong}{}{lasted}, by {}", event.words, event.actor)
}

fn checks(layout: &mut Layout<'_>, story: &Story, time: &impl Fn(i64) -> String) {
    let newest = story.newest_checklists();
    if newest.is_empty() {
        layout.body("No smoke checklist was run.");
    }
    for checklist in newest {
        let (passed, of) = checklist.passed();
        let proven = if checklist.is_proof() {
            "proven"
        } else {
            "NOT PROVEN"
        };
        let title = format!(
            "{}, {}: {proven}, {passed} of {of} passed",
            checklist.phase.label(),
            time(checklist.at_ms)
        );
        layout.line(&title, BODY, true, BLACK);
        for step in checklist.finish.iter().flat_map(|finish| &finish.steps) {
            let took = step
                .duration_ms
                .map(|ms| format!(", {ms} ms"))
                .unwrap_or_default();
            let found = if step.result == StepResult::Pass {
                String::new()
            } else {
                format!(": {}", step.found)
            };
            let result = format!("{}{took}{found}", step.result.word());
            layout.pair(&format!("{} · {}", step.id, step.account), &result, None);
        }
    }
    for attested in &story.attested {
        let answer = if attested.pass { "yes" } else { "NO" };
        let words = format!("attested {answer} by {}: {}", attested.actor, attested.note);
        layout.pair(&attested.check, &words, None);
    }
}

fn gates(layout: &mut Layout<'_>, story: &Story, time: &impl Fn(i64) -> String) {
    let forward = story
        .decisions
        .iter()
        .filter(|decision| decision.direction == Direction::Forward);
    let mut any = false;
    for decision in forward {
        any = true;
        let title = format!(
            "{} to {}, {}",
            decision.from.label(),
            decision.to.label(),
            time(decision.at_ms)
        );
        layout.line(&title, BODY, true, BLACK);
        for verdict in &decision.verdicts {
            layout.pair(&verdict.gate, verdict.verdict.word(), None);
        }
        if let Some(reason) = &decision.overridden {
            layout.pair("by override", reason, None);
        }
        if decision.verdicts.is_empty() && decision.overridden.is_none() {
            layout.body("No verdicts are on record.");
        }
    }
    if !any {
        layout.body("The phase was not moved forward.");
    }
}

/// Something on a page.
enum Mark {
    Text {
        x: f32,
        y: f32,
        size: f32,
        bold: bool,
        colour: (u8, u8, u8),
        text: String,
    },
    Rect {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        colour: (u8, u8, u8),
    },
}

/// Pages that grow from top to bottom.
struct Layout<'a> {
    regular: Face<'a>,
    bold: Face<'a>,
    pages: Vec<Vec<Mark>>,
    /// The next line's top.
    y: f32,
    /// Whether a sign was printed as its number.
    numbered: bool,
}

impl Layout<'_> {
    fn new() -> Result<Self, PdfError> {
        let face = |bytes| Face::parse(bytes, 0).map_err(|_| PdfError::Font);
        Ok(Self {
            regular: face(dejavu::sans::regular())?,
            bold: face(dejavu::sans::bold())?,
            pages: vec![Vec::new()],
            y: MARGIN,
            numbered: false,
        })
    }

    /// Goes to the next page where so much does not fit on this one.
    fn room(&mut self, height: f32) {
        if self.y + height > HEIGHT - MARGIN {
            self.pages.push(Vec::new());
            self.y = MARGIN;
        }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A text on one line, its baseline at `y`.
    fn text(&mut self, x: f32, y: f32, size: f32, bold: bool, colour: (u8, u8, u8), text: &str) {
        let text = self.shown(text);
        self.mark(Mark::Text {
            x,
            y,
            size,
            bold,
            colour,
            text,
        });
    }

    fn rect(&mut self, x: f32, y: f32, width: f32, height: f32, colour: (u8, u8, u8)) {
        self.mark(Mark::Rect {
            x,
            y,
            width,
            height,
            colour,
        });
    }

    fn heading(&mut self, words: &str) {
        self.y += 10.0;
        // Not alone at the foot of a page.
        self.room(60.0);
        self.line(words, 12.0, true, BLACK);
        let y = self.y;
        self.rect(MARGIN, y, WIDTH - 2.0 * MARGIN, 0.5, GREY);
        self.y += 5.0;
    }

    fn line(&mut self, text: &str, size: f32, bold: bool, colour: (u8, u8, u8)) {
        for line in self.wrapped(text, size, bold, WIDTH - 2.0 * MARGIN) {
            self.room(size * LEADING);
            let y = self.y + size;
            self.text(MARGIN, y, size, bold, colour, &line);
            self.y += size * LEADING;
        }
    }

    fn body(&mut self, text: &str) {
        self.line(text, BODY, false, BLACK);
    }

    fn list(&mut self, items: impl Iterator<Item = String>, none: &str) {
        let mut any = false;
        for item in items {
            any = true;
            self.body(&format!("• {item}"));
        }
        if !any {
            self.body(none);
        }
    }

    /// A word at the left, what stands for it at the right, and below that in small where it is from.
    fn pair(&mut self, label: &str, value: &str, source: Option<&str>) {
        const SMALL: f32 = 7.0;
        let labels = self.wrapped(label, BODY, false, VALUES - MARGIN - 10.0);
        let right = WIDTH - MARGIN - VALUES;
        let mut lines: Vec<(String, f32, (u8, u8, u8))> = self
            .wrapped(value, BODY, false, right)
            .into_iter()
            .map(|line| (line, BODY, BLACK))
            .collect();
        let sources = source.map(|source| self.wrapped(source, SMALL, false, right));
        lines.extend(sources.into_iter().flatten().map(|line| (line, SMALL, GREY)));
        for index in 0..labels.len().max(lines.len()) {
            self.room(BODY * LEADING);
            let baseline = self.y + BODY;
            if let Some(label) = labels.get(index) {
                self.text(MARGIN, baseline, BODY, false, GREY, label);
            }
            if let Some((line, size, colour)) = lines.get(index) {
                self.text(VALUES, baseline, *size, false, *colour, line);
            }
            self.y += BODY * LEADING;
        }
    }

    /// A text with the signs that the font does not have as their numbers.
    fn shown(&mut self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        for sign in text.chars() {
            let is_there = self.regular.glyph_index(sign).is_some();
            if is_there {
                shown.push(sign);
            } else if !is_silent(sign) {
                self.numbered = true;
                shown.push_str(&numbered(sign));
            }
        }
        shown
    }

    /// A text in lines of at most so many points; a word that is longer is cut.
    fn wrapped(&self, text: &str, size: f32, bold: bool, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        for paragraph in text.lines() {
            let mut line = String::new();
            let mut taken = 0.0;
            for word in paragraph.split_inclusive(' ') {
                let long = self.width(word, size, bold);
                if taken + long > width && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    taken = 0.0;
                }
                if long <= width {
                    line.push_str(word);
                    taken += long;
                    continue;
                }
                for sign in word.chars() {
                    let wide = self.width(sign.encode_utf8(&mut [0; 4]), size, bold);
                    if taken + wide > width && !line.is_empty() {
                        lines.push(std::mem::take(&mut line));
                        taken = 0.0;
                    }
                    line.push(sign);
                    taken += wide;
                }
            }
            lines.push(line);
        }
        if lines.is_empty() {
            lines.push(String::new());
        }
        lines
    }

    fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        width(if bold { &self.bold } else { &self.regular }, text, size)
    }

    fn finish(mut self, title: &str) -> Result<Vec<u8>, PdfError> {
        if self.numbered {
            self.y += 10.0;
            self.line(
                "A sign that the report's font does not have is printed as its Unicode number, [U+…].",
                7.0,
                false,
                GREY,
            );
        }
        let font = |bytes: &'static [u8]| Font::new(bytes.into(), 0).ok_or(PdfError::Font);
        let (regular, bold) = (font(dejavu::sans::regular())?, font(dejavu::sans::bold())?);
        let mut document = Document::new();
        document.set_metadata(
            Metadata::new()
                .title(title.to_owned())
                .creator("Cutover Desk".to_owned()),
        );
        let count = self.pages.len();
        for (index, marks) in self.pages.into_iter().enumerate() {
            // The size is a constant that is not negative.
            let settings = PageSettings::from_wh(WIDTH, HEIGHT).unwrap_or_default();
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            let page_number = Mark::Text {
                x: MARGIN,
                y: HEIGHT - 28.0,
                size: 7.0,
                bold: false,
                colour: GREY,
                text: format!("page {} of {count}", index + 1),
            };
            for mark in marks.into_iter().chain([page_number]) {
                match mark {
                    Mark::Text {
                        x,
                        y,
                        size,
                        bold: is_bold,
                        colour,
                        text,
                    } => {
                        surface.set_fill(Some(fill(colour)));
                        let (font, face) = if is_bold {
                            (&bold, &self.bold)
                        } else {
                            (&regular, &self.regular)
                        };
                        let mut x = x;
                        for (run, direction) in runs(&text) {
                            let start = Point::from_xy(x, y);
                            surface.draw_text(start, font.clone(), size, run, false, direction);
                            x += width(face, run, size);
                        }
                    }
                    Mark::Rect {
                        x,
                        y,
                        width,
                        height,
                        colour,
                    } => {
                        let mut path = PathBuilder::new();
                        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
                            path.push_rect(rect);
                        }
                        if let Some(path) = path.finish() {
                            surface.set_fill(Some(fill(colour)));
                            surface.draw_path(&path);
                        }
                    }
                }
            }
            surface.finish();
            page.finish();
        }
        document.finish().map_err(PdfError::Write)
    }
}

fn fill((red, green, blue): (u8, u8, u8)) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        ..Fill::default()
    }
}

/// How long a text is on one line, points.
fn width(face: &Face<'_>, text: &str, size: f32) -> f32 {
    let units = |sign: char| {
        let glyph = face.glyph_index(sign)?;
        face.glyph_hor_advance(glyph)
    };
    let of_sign = |sign: char| -> u32 {
        match units(sign) {
            Some(units) => u32::from(units),
            None if is_silent(sign) => 0,
            None => numbered(sign).chars().filter_map(units).map(u32::from).sum(),
        }
    };
    let total: u32 = text.chars().map(of_sign).sum();
    #[expect(clippy::cast_precision_loss, reason = "a length on paper")]
    let total = total as f32;
    total * size / f32::from(face.units_per_em())
}

/// A line's stretches from left to right: one that is read from the right goes on over the spaces between its words.
fn runs(line: &str) -> Vec<(&str, TextDirection)> {
    let mut runs = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = if is_from_right(first) {
            let before_left = rest
                .find(|sign: char| !is_from_right(sign) && !sign.is_whitespace())
                .unwrap_or(rest.len());
            rest[..before_left].trim_end().len()
        } else {
            rest.find(is_from_right).unwrap_or(rest.len())
        };
        let (run, after) = rest.split_at(end);
        let direction = if is_from_right(first) {
            TextDirection::RightToLeft
        } else {
            TextDirection::LeftToRight
        };
        runs.push((run, direction));
        rest = after;
    }
    runs
}

/// Hebrew, Arabic and their neighbours.
const fn is_from_right(sign: char) -> bool {
    matches!(sign, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

fn numbered(sign: char) -> String {
    format!("[U+{:04X}]", u32::from(sign))
}

/// Signs that say only how others are shown.
const fn is_silent(sign: char) -> bool {
    matches!(sign, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_drawn_in_stretches_of_one_direction() {
        let told = |line| -> Vec<(&str, bool)> {
            runs(line)
                .into_iter()
                .map(|(run, direction)| (run, matches!(direction, TextDirection::RightToLeft)))
                .collect()
        };
        assert_eq!(told(""), []);
        assert_eq!(told("Zoë, Привет"), [("Zoë, Привет", false)]);
        assert_eq!(
            told("by מרים כהן, Ana"),
            [("by ", false), ("מרים כהן", true), (", Ana", false)]
        );
        assert_eq!(told("مرحبا"), [("مرحبا", true)]);
    }

    #[test]
    fn a_sign_without_a_glyph_is_told_by_its_number() {
        let mut layout = Layout::new().unwrap();
        assert_eq!(layout.shown("Ðorđević Ω я"), "Ðorđević Ω я");
        assert!(!layout.numbered);
        assert_eq!(layout.shown("🏺你"), "[U+1F3FA][U+4F60]");
        assert!(layout.numbered);
    }

    #[test]
    fn lines_are_as_wide_as_they_may_be() {
        let layout = Layout::new().unwrap();
        let text = format!("some words and one {} that is long\n\nend", "x".repeat(200));
        let lines = layout.wrapped(&text, BODY, false, 200.0);
        assert!(
            lines
                .iter()
                .all(|line| layout.width(line.trim_end(), BODY, false) <= 200.0)
        );
        assert_eq!(lines.concat(), text.replace('\n', ""));
        assert_eq!(lines[lines.len() - 2..], ["", "end"]);
    }
}
