//! A text as its readers will see it: plain, Slack's mrkdwn, Markdown, HTML, and a mail draft.

use super::Text;
use mail_builder::{
    MessageBuilder,
    headers::{address::Address, content_type::ContentType, date::Date, raw::Raw},
    mime::MimePart,
};
use serde::{Deserialize, Serialize};
use std::fmt::Write as _;
use unicode_segmentation::UnicodeSegmentation;

/// Where a text goes, as far as its length matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outlet {
    /// Slack, or what takes its messages.
    Slack,
    /// Mail.
    Email,
}

/// How long a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    /// As a person counts: grapheme clusters, so that an emoji of several parts is one.
    pub characters: usize,
    /// As limits are counted: Unicode scalar values.
    pub scalars: usize,
}

/// Counts a text's characters.
pub fn count(text: &str) -> Count {
    Count {
        characters: text.graphemes(true).count(),
        scalars: text.chars().count(),
    }
}

/// Subject, an empty line, body: for the clipboard and `.txt`.
pub fn plain(text: Text<'_>) -> String {
    format!("{}\n\n{}", text.subject, text.body)
}

/// Slack's mrkdwn, the subject in bold. `&`, `<` and `>` are escaped, so that nothing in the text becomes a mention or a
/// link; numbered lines and backticks are Slack's own.
pub fn mrkdwn(text: Text<'_>) -> String {
    let escaped = |text: &str| {
        text.replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
    };
    format!("*{}*\n\n{}", escaped(text.subject), escaped(text.body))
}

/// Markdown, the subject as its heading. What the text has beside numbered lines, bullets and backticks is escaped.
pub fn markdown(text: Text<'_>) -> String {
    let mut markdown = format!("# {}\n\n", markdown_line(text.subject));
    for line in text.body.split_inclusive('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let (start, rest) = line.split_at(indent);
        let marker = bullet(rest)
            .or_else(|| numbered(rest).map(|(_, words)| words))
            .map_or(0, |words| rest.len() - words.len());
        let (marker, words) = rest.split_at(marker);
        markdown.push_str(start);
        markdown.push_str(marker);
        markdown.push_str(&markdown_line(words));
    }
    markdown
}

fn markdown_line(line: &str) -> String {
    let mut written = String::with_capacity(line.len());
    for (words, is_code) in code_spans(line) {
        if is_code {
            let _ = write!(written, "`{words}`");
            continue;
        }
        for character in words.chars() {
            if matches!(
                character,
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '&' | '|' | '~'
            ) {
                written.push('\\');
            }
            written.push(character);
        }
    }
    written
}

/// The body as HTML: numbered lines as `<ol>`, bullets as `<ul>`, backticks as `<code>`, everything escaped.
pub fn html(body: &str) -> String {
    let mut html = String::new();
    let mut open: Vec<List> = Vec::new();
    let mut next_number = 1;
    for line in body.lines() {
        let rest = line.trim_start_matches(' ');
        let indented = line.len() > rest.len();
        if rest.trim().is_empty() {
            continue;
        }
        if let Some((number, words)) = numbered(rest).filter(|_| !indented) {
            if open.first() == Some(&List::Numbered) {
                close(&mut html, &mut open, 1);
                html.push_str("</li>\n");
            } else {
                close(&mut html, &mut open, 0);
                html.push_str("<ol>\n");
                open.push(List::Numbered);
                next_number = 1;
            }
            if number == next_number {
                html.push_str("<li>");
            } else {
                let _ = write!(html, "<li value=\"{number}\">");
            }
            next_number = number.saturating_add(1);
            html.push_str(&html_line(words));
        } else if let Some(words) = bullet(rest) {
            let depth = usize::from(indented && open.first() == Some(&List::Numbered));
            if open.get(depth) == Some(&List::Bullets) {
                close(&mut html, &mut open, depth + 1);
                html.push_str("</li>\n");
            } else {
                close(&mut html, &mut open, depth);
                html.push_str(if depth == 0 { "<ul>\n" } else { "\n<ul>\n" });
                open.push(List::Bullets);
            }
            let _ = write!(html, "<li>{}", html_line(words));
        } else if indented && !open.is_empty() {
            let _ = write!(html, "<br>{}", html_line(rest));
        } else {
            close(&mut html, &mut open, 0);
            let _ = writeln!(html, "<p>{}</p>", html_line(rest));
        }
    }
    close(&mut html, &mut open, 0);
    html
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum List {
    Numbered,
    Bullets,
}

fn close(html: &mut String, open: &mut Vec<List>, depth: usize) {
    while open.len() > depth {
        html.push_str(match open.pop() {
            Some(List::Numbered) => "</li>\n</ol>\n",
            _ => "</li>\n</ul>\n",
        });
    }
}

fn html_line(line: &str) -> String {
    code_spans(line)
        .into_iter()
        .map(|(words, is_code)| {
            let escaped = html_text(words);
            if is_code {
                format!("<code>{escaped}</code>")
            } else {
                escaped
            }
        })
        .collect()
}

fn html_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The stretches of a line, and whether they stand between backticks.
fn code_spans(line: &str) -> Vec<(&str, bool)> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('`') {
        let Some((code, behind)) = after.split_once('`').filter(|(code, _)| !code.is_empty()) else {
            break;
        };
        spans.extend([(before, false), (code, true)]);
        rest = behind;
    }
    spans.push((rest, false));
    spans
}

fn numbered(line: &str) -> Option<(u32, &str)> {
    let (number, words) = line.split_once(". ")?;
    Some((number.parse().ok()?, words)).filter(|_| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn bullet(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

/// What a mail draft has beside its text.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The date of the draft, milliseconds since 1970.
    pub date_ms: i64,
    /// The message id, without its angle brackets.
    pub message_id: &'a str,
    /// From whom, when it is known; the mail program fills it in otherwise.
    pub from: Option<&'a str>,
    /// To whom.
    pub to: &'a [&'a str],
}

/// A mail draft (RFC 5322) with the text as plain text and as HTML. `X-Unsent` makes a mail program open it for writing.
///
/// The same text and envelope make the same bytes: the boundary comes from the text's hash.
pub fn eml(text: Text<'_>, envelope: &Envelope<'_>) -> Vec<u8> {
    let title = html_text(&on_one_line(text.subject));
    let page = format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n</head>\n<body>\n{}</body>\n</html>\n",
        html(text.body)
    );
    let boundary = format!("=_{}", &text.sha256()[..32]);
    let mut message = MessageBuilder::new()
        .header("X-Unsent", Raw::new("1"))
        .date(Date::new(envelope.date_ms.div_euclid(1000)))
        .message_id(on_one_line(envelope.message_id))
        .subject(on_one_line(text.subject));
    if let Some(from) = envelope.from {
        message = message.from(Address::new_address(None::<&str>, on_one_line(from)));
    }
    if !envelope.to.is_empty() {
        let to = envelope.to.iter();
        let to = to
            .map(|to| Address::new_address(None::<&str>, on_one_line(to)))
            .collect();
        message = message.to(Address::new_list(to));
    }
    let mut bytes = Vec::new();
    message
        .body(MimePart::new(
            ContentType::new("multipart/alternative").attribute("boundary", boundary),
            vec![
                MimePart::new("text/plain", text.body),
                MimePart::new("text/html", page),
            ],
        ))
        .serialize(&mut bytes);
    bytes
}

/// Without control characters: a header's value must not begin another header.
fn on_one_line(value: &str) -> String {
    value
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect()
}
