//! What members must not read, and what staff must.

use super::{
    Code, Context, Findings, Fix,
    tokens::{Phrases, Token, tokens},
};
use crate::announce::{Draft, Part, Placeholder};
use crate::{Phase, Route};
use std::ops::Range;

/// An id made by a machine is at least this long.
const LONG_ID: usize = 20;
const UUID: usize = 36;
/// What servers answer, with the numbers that people copy along.
const STATUSES: [&str; 11] = [
    "400 bad request",
    "401 unauthorized",
    "403 forbidden",
    "404 not found",
    "409 conflict",
    "429 too many requests",
    "500 internal server error",
    "502 bad gateway",
    "503 service unavailable",
    "504 gateway timeout",
    "internal server error",
];

/// A text for members speaks of nothing internal, and does not sound punitive.
pub(super) fn check_member(draft: &Draft, context: &Context<'_>, findings: &mut Findings<'_>) {
    let lists = [&context.runbook.announcements.words, context.added];
    let internal = Phrases::new(lists.iter().flat_map(|list| &list.internal).map(String::as_str));
    let punitive = Phrases::new(lists.iter().flat_map(|list| &list.punitive).map(String::as_str));
    let statuses = Phrases::new(STATUSES);
    // Its name gives the channel away without its sign, too.
    let channel = Phrases::new([context.runbook.announcements.channel.as_str()]);
    let newest = draft.facts().renewed(context.newest);
    let incident = newest
        .written(&Placeholder::IncidentId)
        .filter(|id| id.chars().count() >= 3);
    for part in Part::ALL {
        let text = findings.text.part(part);
        let tokens = tokens(text);
        for range in machine_names(text) {
            internals(Code::InternalName, part, range, findings);
        }
        for (code, range) in identifiers(text) {
            internals(code, part, range, findings);
        }
        for range in incident.iter().flat_map(|id| found(text, id)) {
            internals(Code::InternalId, part, range, findings);
        }
        for range in status_codes(&tokens).into_iter().chain(statuses.find(&tokens)) {
            internals(Code::InternalCode, part, range, findings);
        }
        for range in channel.find(&tokens) {
            // With its sign it is said below.
            if !text[..range.start].ends_with('#') {
                internals(Code::InternalChannel, part, range, findings);
            }
        }
        for (code, range) in channels(text, &context.runbook.announcements.channel) {
            internals(code, part, range, findings);
        }
        for range in internal.find(&tokens) {
            internals(Code::InternalWord, part, range, findings);
        }
        for range in punitive.find(&tokens) {
            let words = "To a member this sounds like a reproach or a threat.".to_owned();
            let fix = Fix::instruct("Say what still works and what comes next, without blame.");
            findings.add(Code::Punitive, part, range, words, fix);
        }
    }
}

fn internals(code: Code, part: Part, range: Range<usize>, findings: &mut Findings<'_>) {
    let what = match code {
        Code::InternalId => "an id",
        Code::InternalCode => "an error code",
        Code::InternalChannel => "a staff channel",
        Code::ChannelLike => "what looks like a channel",
        Code::InternalName => "a name of the machinery",
        _ => "a word of the machinery",
    };
    let words = format!("Members would read {what}.");
    let fix = Fix::instruct("Say it in words that a member uses, or leave it out.");
    findings.add(code, part, range, words, fix);
}

/// Wire names of phases, routes and paths of the portal. Letters are compared without their case.
fn machine_names(text: &str) -> Vec<Range<usize>> {
    let lower = text.to_ascii_lowercase();
    let phases = Phase::ALL.map(Phase::wire).map(str::to_owned);
    let routes = Route::ALL.map(|route| route.name().to_ascii_lowercase());
    let paths = ["apiv1", "/v1/"].map(str::to_owned);
    let mut names: Vec<_> = phases
        .iter()
        .chain(&routes)
        .chain(&paths)
        .filter(|name| name.contains(['_', '.', '/']) || name.starts_with("api"))
        .flat_map(|name| found(&lower, name))
        .collect();
    names.sort_by_key(|range| (range.start, std::cmp::Reverse(range.end)));
    // Of `library.tags.merge`, what it begins with is not said again.
    names.dedup_by(|next, kept| next.end <= kept.end);
    names
}

fn found(text: &str, what: &str) -> Vec<Range<usize>> {
    text.match_indices(what)
        .map(|(at, _)| at..at + what.len())
        .collect()
}

/// Words that no person writes: `req_…`, `NOT_FOUND`, `updated_by`, uids, UUIDs, `INC-7`.
fn identifiers(text: &str) -> Vec<(Code, Range<usize>)> {
    let part_of_one = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(part_of_one).map(|start| at + start) {
        let end = text[start..]
            .find(|character| !part_of_one(character))
            .map_or(text.len(), |length| start + length);
        at = end;
        let word = text[start..end].trim_matches(['-', '_']);
        // A placeholder's name is said among the braces.
        let in_braces = text[..start].ends_with('{');
        if let Some(code) = identifier(word).filter(|_| !in_braces) {
            let start = start + text[start..end].find(word).unwrap_or(0);
            found.push((code, start..start + word.len()));
        }
    }
    found
}

fn identifier(word: &str) -> Option<Code> {
    let letters = word.bytes().any(|byte| byte.is_ascii_alphabetic());
    let digits = word.bytes().any(|byte| byte.is_ascii_digit());
    let is_wire_name = Phase::ALL
        .iter()
        .any(|phase| word.eq_ignore_ascii_case(phase.wire()));
    if is_wire_name || !letters {
        return None;
    }
    let uuid = word.len() == UUID
        && word.bytes().filter(|byte| *byte == b'-').count() == 4
        && word.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit());
    let long = digits
        && word
            .split(['-', '_'])
            .any(|run| run.len() >= LONG_ID && run.bytes().any(|byte| byte.is_ascii_digit()));
    let request = word
        .get(..4)
        .is_some_and(|start| start.eq_ignore_ascii_case("req_"));
    let incident = word.split_once('-').is_some_and(|(start, number)| {
        start.eq_ignore_ascii_case("inc") && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    if uuid || long || request || incident {
        Some(Code::InternalId)
    } else if word.contains('_') {
        let shouted = !word.bytes().any(|byte| byte.is_ascii_lowercase());
        Some(if shouted {
            Code::InternalCode
        } else {
            Code::InternalName
        })
    } else {
        None
    }
}

/// `HTTP 404`, `error 500`, `status code 403`, `502 error`.
fn status_codes(tokens: &[Token]) -> Vec<Range<usize>> {
    let is_status = |token: &Token| {
        token.folded.len() == 3
            && token
                .folded
                .parse()
                .is_ok_and(|status: u16| (400..600).contains(&status))
    };
    let speaks_of_one = |token: &Token| {
        matches!(
            token.folded.as_str(),
            "http" | "error" | "errors" | "status" | "code" | "codes"
        )
    };
    tokens
        .windows(2)
        .filter(|pair| {
            (speaks_of_one(&pair[0]) && is_status(&pair[1]))
                || (is_status(&pair[0]) && speaks_of_one(&pair[1]))
        })
        .map(|pair| pair[0].range.start..pair[1].range.end)
        .collect()
}

/// `#ops-library`, and other words after a `#`.
fn channels(text: &str, staff: &str) -> Vec<(Code, Range<usize>)> {
    text.match_indices('#')
        .filter_map(|(at, _)| {
            let name = &text[at + 1..];
            let length = name
                .find(|character: char| !character.is_alphanumeric() && !matches!(character, '-' | '_'))
                .unwrap_or(name.len());
            let channel = text[at..=at + length].trim_end_matches('-');
            let code = if channel.eq_ignore_ascii_case(staff) {
                Code::InternalChannel
            } else {
                Code::ChannelLike
            };
            let named = name.chars().next().is_some_and(char::is_alphabetic);
            named.then(|| (code, at..at + channel.len()))
        })
        .collect()
}

/// A text for staff says where errors are reported, and with what.
pub(super) fn check_staff(draft: &Draft, context: &Context<'_>, findings: &mut Findings<'_>) {
    let body = findings.text.body;
    let channel = &context.runbook.announcements.channel;
    let named = channels(body, channel)
        .iter()
        .any(|(code, _)| *code == Code::InternalChannel);
    if !named {
        let words = format!("Staff would not learn that errors are reported in `{channel}`.");
        let fix = put_back(draft, |line| line.contains(channel.as_str()));
        findings.add(
            Code::ChannelMissing,
            Part::Body,
            body.len()..body.len(),
            words,
            fix,
        );
    }
    let request_id = Phrases::new(["request id"]);
    if request_id.find(&tokens(body)).is_empty() {
        let words = "Staff would not learn to note the request id of an error.".to_owned();
        let fix = put_back(draft, |line| !request_id.find(&tokens(line)).is_empty());
        findings.add(
            Code::RequestIdMissing,
            Part::Body,
            body.len()..body.len(),
            words,
            fix,
        );
    }
}

/// Adds the line of the template that says it.
fn put_back(draft: &Draft, says_it: impl Fn(&str) -> bool) -> Fix {
    let template = draft.template().text().body;
    let body = draft.text().body;
    match template.lines().find(|line| says_it(line)) {
        Some(line) => {
            let line_end = if body.is_empty() || body.ends_with('\n') {
                ""
            } else {
                "\n"
            };
            Fix::replace(&(body.len()..body.len()), format!("{line_end}{line}\n"))
        }
        None => Fix::instruct("Say: note the request id, and post it in the staff channel."),
    }
}
