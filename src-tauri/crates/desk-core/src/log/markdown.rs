//! An entry as Markdown: what counts, in the form's order, then where each of it comes from. What is written here is read
//! back by [`super::read`].

use super::{Field, Page, text::INDENT};
use std::fmt::Write as _;

/// The heading under which an entry says where its fields come from; reading passes over what stands there.
pub(super) const SOURCES: &str = "Where it comes from";
/// What stands before an entry's id.
pub(super) const ID: &str = "Entry:";
/// What stands before the reason for which an entry was withdrawn.
pub(super) const WITHDRAWN: &str = "> Withdrawn:";

/// The characters that would be read as Markdown, wherever they stand.
const SPECIAL: &str = "\\`*_[]<>|#&~$";

/// Entries as Markdown.
pub fn markdown(pages: &[Page]) -> String {
    let mut text = String::new();
    for page in pages {
        if !text.is_empty() {
            text.push('\n');
        }
        write_page(&mut text, page);
    }
    text
}

fn write_page(text: &mut String, page: &Page) {
    let kind = match page.kind {
        super::Kind::Rehearsal => "rehearsal",
        super::Kind::Live => "LIVE",
    };
    let _ = writeln!(
        text,
        "# {} · {kind} · {}\n",
        escaped(&page.label),
        page.outcome.word()
    );
    let _ = writeln!(
        text,
        "{ID} {} in {}\n",
        escaped(&page.id),
        escaped(&page.environment)
    );
    if let Some(reason) = &page.withdrawn {
        let _ = writeln!(text, "{WITHDRAWN} {}\n", escaped(&reason.replace('\n', " ")));
    }
    let sheet = page.sheet();
    let mut heading = None;
    for field in Field::ALL {
        if field.heading() != heading {
            heading = field.heading();
            if let Some(words) = heading {
                let _ = writeln!(text, "\n**{words}**\n");
            } else {
                text.push('\n');
            }
        }
        let _ = write!(text, "- **{}:**", field.label());
        for (number, line) in sheet
            .get(&field)
            .map(String::as_str)
            .unwrap_or_default()
            .lines()
            .enumerate()
        {
            if number == 0 {
                let _ = write!(text, " {}", escaped(line));
            } else {
                let _ = write!(text, "\n{:INDENT$}{}", "", escaped(line));
            }
        }
        text.push('\n');
    }
    if page.lines.is_empty() {
        return;
    }
    let _ = writeln!(
        text,
        "\n## {SOURCES}\n\n| Field | The desk | Typed | By | When |\n|---|---|---|---|---|"
    );
    for line in &page.lines {
        let typed = line.typed.as_ref();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            line.field.label(),
            cell(line.fact.as_deref()),
            cell(typed.map(|typed| typed.text.as_str())),
            cell(typed.map(|typed| typed.by.as_str())),
            cell(typed.map(|typed| typed.at.as_str())),
        );
    }
}

fn cell(text: Option<&str>) -> String {
    text.map(|text| escaped(&text.replace('\n', " / ")))
        .unwrap_or_default()
}

/// A line that Markdown shows as it is.
pub(super) fn escaped(line: &str) -> String {
    let mut safe = String::with_capacity(line.len());
    let mut before: Option<char> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        // Within a word an underline is no emphasis: wire names stay readable.
        let within_word = character == '_'
            && before.is_some_and(char::is_alphanumeric)
            && characters.peek().is_some_and(|next| next.is_alphanumeric());
        // At its beginning a line could be a list or a heading.
        let begins = before.is_none() && matches!(character, '-' | '+' | '=');
        if (SPECIAL.contains(character) && !within_word) || begins {
            safe.push('\\');
        }
        safe.push(character);
        before = Some(character);
    }
    safe
}

/// What [`escaped`] made, back.
pub(super) fn unescaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some(next)) if next.is_ascii_punctuation() => text.extend(characters.next()),
            _ => text.push(character),
        }
    }
    text
}
