//! How long a text may be where it goes.

use super::{Code, Findings, Fix};
use crate::announce::{Outlet, Part, mrkdwn};
use std::ops::Range;

/// RFC 5322, section 2.1.1: the most characters of a line, and the most it should have.
const MAIL_LINE: (usize, usize) = (998, 78);
/// Slack's documentation of message text: cut after so many characters, and how many it recommends.
const SLACK_TEXT: (usize, usize) = (40_000, 4_000);

pub(super) fn check(outlets: &[Outlet], findings: &mut Findings<'_>) {
    if outlets.contains(&Outlet::Email) {
        let subject = findings.text.subject;
        let length = subject.chars().count();
        let over = after(subject, MAIL_LINE.1);
        let shorten = Fix::instruct(format!("Shorten the subject to {} characters.", MAIL_LINE.1));
        if length > MAIL_LINE.0 {
            let words = format!(
                "The subject has {length} characters; mail carries {}.",
                MAIL_LINE.0
            );
            findings.add(Code::SubjectTooLong, Part::Subject, over, words, shorten);
        } else if length > MAIL_LINE.1 {
            let words = format!(
                "The subject has {length} characters; mail programs show about {}.",
                MAIL_LINE.1
            );
            findings.add(Code::SubjectLong, Part::Subject, over, words, shorten);
        }
    }
    if outlets.contains(&Outlet::Slack) {
        let body = findings.text.body;
        let length = mrkdwn(findings.text).chars().count();
        let shorten = |limit: usize| Fix::instruct(format!("Shorten the text to {limit} characters."));
        if length > SLACK_TEXT.0 {
            let words = format!(
                "The text has {length} characters; Slack cuts it after {}.",
                SLACK_TEXT.0
            );
            let over = after(body, SLACK_TEXT.0);
            findings.add(Code::TextTooLong, Part::Body, over, words, shorten(SLACK_TEXT.0));
        } else if length > SLACK_TEXT.1 {
            let words = format!(
                "The text has {length} characters; Slack recommends {}.",
                SLACK_TEXT.1
            );
            let over = after(body, SLACK_TEXT.1);
            findings.add(Code::TextLong, Part::Body, over, words, shorten(SLACK_TEXT.1));
        }
    }
}

/// What comes after so many characters.
fn after(text: &str, characters: usize) -> Range<usize> {
    let start = text
        .char_indices()
        .nth(characters)
        .map_or(text.len(), |(at, _)| at);
    start..text.len()
}
