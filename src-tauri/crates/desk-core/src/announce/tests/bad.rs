//! Texts that must not go out, and why: the code, the part, and the very characters.

use super::*;

const STAFF: &str = "staff";
const MEMBER: &str = "member";
const ROLLBACK: &str = "rollback-staff";
const S: Part = Part::Subject;
const B: Part = Part::Body;

/// The filled template with one thing changed in a part, and what must be found there.
struct Bad {
    template: &'static str,
    part: Part,
    from: String,
    to: String,
    code: Code,
    found: String,
}

fn bad(template: &'static str, part: Part, from: &str, to: &str, code: Code, found: &str) -> Bad {
    Bad {
        template,
        part,
        from: from.to_owned(),
        to: to.to_owned(),
        code,
        found: found.to_owned(),
    }
}

/// Something added at the part's end.
fn added(template: &'static str, part: Part, to: &str, code: Code, found: &str) -> Bad {
    bad(template, part, "", to, code, found)
}

impl Bad {
    /// With the whole part replaced.
    fn whole(mut self, desk: &Desk) -> Self {
        desk.draft(self.template)
            .text()
            .part(self.part)
            .clone_into(&mut self.from);
        self
    }

    fn draft(&self, desk: &Desk, line_end: &str) -> Draft {
        let draft = desk.draft(self.template);
        let text = draft.text();
        let was = text.part(self.part);
        let now = if self.from.is_empty() {
            format!("{was}{}", self.to)
        } else {
            assert!(was.contains(&self.from), "{:?} is not in {was:?}", self.from);
            was.replacen(&self.from, &self.to, 1)
        };
        let now = with_line_feeds(&now).replace('\n', line_end);
        let [subject, body] = Part::ALL.map(|part| {
            if part == self.part {
                now.as_str()
            } else {
                text.part(part)
            }
        });
        draft.clone().with_text(subject, body)
    }
}

const CHANGED: &str = "25 Nov 2026, 14:02 CET (Europe/Vienna)";
const NEXT: &str = "25 Nov 2026, 15:00 CET (Europe/Vienna)";
const REQUEST_LINE: &str =
    "3. If you see errors, capture request id from staff troubleshooting and post in `#ops-library`.\n";

fn placeholders() -> Vec<Bad> {
    use Code::{PlaceholderBlank, PlaceholderMisspelt, PlaceholderUnfilled, PlaceholderUnknown};
    let delta = "Members can borrow, see their loans, return and give feedback again";
    let summary = "you can browse and search the catalogue";
    vec![
        bad(
            STAFF,
            S,
            "Phase 2",
            "{phase_label}",
            PlaceholderUnfilled,
            "{phase_label}",
        ),
        bad(
            STAFF,
            B,
            "Phase 2",
            "{phase_label}",
            PlaceholderUnfilled,
            "{phase_label}",
        ),
        bad(
            STAFF,
            B,
            CHANGED,
            "{timestamp}",
            PlaceholderUnfilled,
            "{timestamp}",
        ),
        bad(
            STAFF,
            B,
            CHANGED,
            "{ timestamp }",
            PlaceholderUnfilled,
            "{ timestamp }",
        ),
        bad(
            STAFF,
            B,
            delta,
            "{brief behavior delta}",
            PlaceholderUnfilled,
            "{brief behavior delta}",
        ),
        bad(
            STAFF,
            B,
            NEXT,
            "{next_check_time}",
            PlaceholderUnfilled,
            "{next_check_time}",
        ),
        added(STAFF, B, "See ${timestamp}.", PlaceholderUnfilled, "{timestamp}"),
        bad(
            MEMBER,
            B,
            summary,
            "{member-facing behavior summary}",
            PlaceholderUnfilled,
            "{member-facing behavior summary}",
        ),
        added(MEMBER, S, " {timestamp}", PlaceholderUnfilled, "{timestamp}"),
        bad(
            ROLLBACK,
            B,
            "INC-7",
            "{incident_id}",
            PlaceholderUnfilled,
            "{incident_id}",
        ),
        bad(
            STAFF,
            S,
            "Phase 2",
            "{phase_labl}",
            PlaceholderMisspelt,
            "{phase_labl}",
        ),
        bad(
            STAFF,
            B,
            "Phase 2",
            "{phase label}",
            PlaceholderMisspelt,
            "{phase label}",
        ),
        bad(
            STAFF,
            B,
            "Phase 2",
            "{Phase_Label}",
            PlaceholderMisspelt,
            "{Phase_Label}",
        ),
        bad(
            STAFF,
            B,
            "Phase 2",
            "{phaselabel}",
            PlaceholderMisspelt,
            "{phaselabel}",
        ),
        bad(
            STAFF,
            B,
            CHANGED,
            "{timestmap}",
            PlaceholderMisspelt,
            "{timestmap}",
        ),
        bad(
            STAFF,
            B,
            CHANGED,
            "{time_stamp}",
            PlaceholderMisspelt,
            "{time_stamp}",
        ),
        added(STAFF, S, " {TIMESTAMP}", PlaceholderMisspelt, "{TIMESTAMP}"),
        bad(
            STAFF,
            B,
            delta,
            "{brief behaviour delta}",
            PlaceholderMisspelt,
            "{brief behaviour delta}",
        ),
        bad(
            STAFF,
            B,
            delta,
            "{brief_behavior_delta}",
            PlaceholderMisspelt,
            "{brief_behavior_delta}",
        ),
        bad(
            STAFF,
            B,
            delta,
            "{brief\u{a0}behavior delta}",
            PlaceholderMisspelt,
            "{brief\u{a0}behavior delta}",
        ),
        bad(
            STAFF,
            B,
            NEXT,
            "{next check tme}",
            PlaceholderMisspelt,
            "{next check tme}",
        ),
        bad(
            MEMBER,
            B,
            summary,
            "{member facing behavior summary}",
            PlaceholderMisspelt,
            "{member facing behavior summary}",
        ),
        added(
            MEMBER,
            S,
            " {member-facing summary behaviour}",
            PlaceholderUnknown,
            "{member-facing summary behaviour}",
        ),
        bad(
            ROLLBACK,
            B,
            "INC-7",
            "{incident-id}",
            PlaceholderMisspelt,
            "{incident-id}",
        ),
        added(STAFF, S, " {name}", PlaceholderUnknown, "{name}"),
        added(STAFF, B, "By {operator}.", PlaceholderUnknown, "{operator}"),
        added(STAFF, B, "{0}", PlaceholderUnknown, "{0}"),
        added(
            STAFF,
            B,
            "{phase_label|upper}",
            PlaceholderUnknown,
            "{phase_label|upper}",
        ),
        added(MEMBER, S, " at {studio}", PlaceholderUnknown, "{studio}"),
        added(MEMBER, B, "Dear {first name}", PlaceholderUnknown, "{first name}"),
        bad(STAFF, S, "Phase 2", "{}", PlaceholderBlank, "{}"),
        added(STAFF, B, "{ }", PlaceholderBlank, "{ }"),
        added(MEMBER, S, " {…}", PlaceholderBlank, "{…}"),
        added(MEMBER, B, "{_}", PlaceholderBlank, "{_}"),
    ]
}

fn braces() -> Vec<Bad> {
    use Code::{BraceLeft, BraceLookalike};
    vec![
        added(STAFF, S, " {", BraceLeft, "{"),
        added(STAFF, B, "}", BraceLeft, "}"),
        bad(STAFF, B, CHANGED, "{{timestamp}}", BraceLeft, "{"),
        bad(STAFF, B, CHANGED, "{timestamp\n}", BraceLeft, "{"),
        added(MEMBER, S, "}", BraceLeft, "}"),
        added(MEMBER, B, "a {b", BraceLeft, "{"),
        bad(
            STAFF,
            B,
            CHANGED,
            "\u{ff5b}timestamp\u{ff5d}",
            BraceLookalike,
            "\u{ff5b}timestamp\u{ff5d}",
        ),
        bad(
            STAFF,
            B,
            CHANGED,
            "{timestamp\u{ff5d}",
            BraceLookalike,
            "{timestamp\u{ff5d}",
        ),
        bad(
            STAFF,
            S,
            "Phase 2",
            "\u{2774}phase_label\u{2775}",
            BraceLookalike,
            "\u{2774}phase_label\u{2775}",
        ),
        added(STAFF, B, "\u{2983}x\u{2984}", BraceLookalike, "\u{2983}x\u{2984}"),
        added(
            STAFF,
            B,
            "\u{fe5b}timestamp\u{fe5c}",
            BraceLookalike,
            "\u{fe5b}timestamp\u{fe5c}",
        ),
        added(MEMBER, S, " \u{ff5d}", BraceLookalike, "\u{ff5d}"),
        added(MEMBER, B, "\u{2774}", BraceLookalike, "\u{2774}"),
        added(MEMBER, B, "\u{fe37}", BraceLookalike, "\u{fe37}"),
        added(
            MEMBER,
            B,
            "\u{23a8}x\u{23ac}",
            BraceLookalike,
            "\u{23a8}x\u{23ac}",
        ),
    ]
}

fn missing(desk: &Desk) -> Vec<Bad> {
    use Code::{Blank, PlaceholderBlank, PlaceholderMissing};
    let delta = desk.newest.written(&Placeholder::BriefBehaviorDelta).unwrap();
    let summary = desk
        .newest
        .written(&Placeholder::MemberFacingBehaviorSummary)
        .unwrap();
    let line = |id: &str, number: usize| {
        desk.draft(id)
            .text()
            .body
            .split_inclusive('\n')
            .nth(number)
            .unwrap()
            .to_owned()
    };
    vec![
        bad(STAFF, B, CHANGED, "", PlaceholderBlank, ""),
        bad(STAFF, B, "Phase 2", "", PlaceholderBlank, ""),
        bad(STAFF, S, "Phase 2", "", PlaceholderBlank, ""),
        bad(STAFF, B, &delta, "", PlaceholderBlank, ""),
        bad(STAFF, B, &delta, "   ", PlaceholderBlank, "   "),
        bad(STAFF, B, &delta, "—", PlaceholderBlank, "—"),
        bad(STAFF, B, NEXT, "", PlaceholderBlank, ""),
        bad(STAFF, B, NEXT, "?", PlaceholderBlank, "?"),
        bad(MEMBER, B, &summary, "", PlaceholderBlank, ""),
        bad(MEMBER, B, &summary, "…", PlaceholderBlank, "…"),
        bad(ROLLBACK, B, "INC-7", "", PlaceholderBlank, ""),
        bad(STAFF, B, &line(STAFF, 0), "", PlaceholderMissing, ""),
        bad(STAFF, B, &line(STAFF, 2), "", PlaceholderMissing, ""),
        bad(STAFF, B, &line(STAFF, 4), "", PlaceholderMissing, ""),
        bad(STAFF, S, ": Phase 2", "", PlaceholderMissing, ""),
        bad(MEMBER, B, &line(MEMBER, 1), "", PlaceholderMissing, ""),
        bad(ROLLBACK, B, ", incident `INC-7`", "", PlaceholderMissing, ""),
        bad(STAFF, S, "", "", Blank, "").whole(desk),
        bad(STAFF, B, "", "", Blank, "").whole(desk),
        bad(MEMBER, S, "", "", Blank, "").whole(desk),
        bad(MEMBER, S, "", "…", Blank, "…").whole(desk),
        bad(MEMBER, B, "", " \n\n ", Blank, " \n\n ").whole(desk),
        bad(MEMBER, B, "", "🎉🎉", Blank, "🎉🎉").whole(desk),
    ]
}

fn facts() -> Vec<Bad> {
    use Code::{
        IncidentDiffers, LabelNotConfirmed, NextReviewPast, OtherPhase, TimeBeforeChange, TimeDiffers,
        TimeInFuture, TimeUnreadable,
    };
    let time = |to: &str, code: Code| bad(STAFF, B, CHANGED, to, code, to);
    let next = |to: &str, code: Code| bad(STAFF, B, NEXT, to, code, to);
    vec![
        bad(STAFF, S, "Phase 2", "Phase 3", LabelNotConfirmed, "Phase 3"),
        bad(STAFF, B, "Phase 2", "Phase 3", LabelNotConfirmed, "Phase 3"),
        bad(STAFF, B, "Phase 2", "Phase 1", LabelNotConfirmed, "Phase 1"),
        bad(STAFF, B, "Phase 2", "Phase 7", LabelNotConfirmed, "Phase 7"),
        bad(
            STAFF,
            B,
            "Phase 2",
            "phase three",
            LabelNotConfirmed,
            "phase three",
        ),
        bad(STAFF, S, "Phase 2", "Phase III", LabelNotConfirmed, "Phase III"),
        bad(
            STAFF,
            S,
            "Phase 2",
            "Member writes",
            LabelNotConfirmed,
            "Member writes",
        ),
        bad(
            STAFF,
            B,
            "Phase 2",
            "phase_3_admin_full",
            LabelNotConfirmed,
            "phase_3_admin_full",
        ),
        bad(STAFF, S, "", "Library news", LabelNotConfirmed, "news").whole(&Desk::new()),
        bad(ROLLBACK, S, "Phase 2", "Phase 1", LabelNotConfirmed, "Phase 1"),
        bad(
            STAFF,
            B,
            "Phase 2",
            "Phase 1 and Phase 2",
            LabelNotConfirmed,
            "Phase 1 and Phase 2",
        ),
        bad(
            STAFF,
            S,
            "Phase 2",
            "Phase 3, not Phase 2",
            LabelNotConfirmed,
            "Phase 3, not Phase 2",
        ),
        time(
            "25 Nov 2026, 13:00 CET (Europe/Vienna) or 25 Nov 2026, 14:02 CET (Europe/Vienna)",
            TimeBeforeChange,
        ),
        added(STAFF, B, "Phase 3 opens tomorrow.", OtherPhase, "Phase 3"),
        added(STAFF, S, " (next: phase 3)", OtherPhase, "phase 3"),
        added(STAFF, B, "Like `phase_3_admin_full`.", OtherPhase, "phase_3"),
        added(MEMBER, B, "Phase 3 comes next.", OtherPhase, "Phase 3"),
        added(MEMBER, S, " phase-nine 9 and Phase 9", OtherPhase, "Phase 9"),
        time("25 Nov 2026, 14:01 CET (Europe/Vienna)", TimeBeforeChange),
        time("24 Nov 2026, 14:02 CET (Europe/Vienna)", TimeBeforeChange),
        time("25 Nov 2026, 07:59 EST (America/New_York)", TimeBeforeChange),
        time("25 Nov 2025, 14:02 CET (Europe/Vienna)", TimeBeforeChange),
        time("25 Nov 2026, 14:21 CET (Europe/Vienna)", TimeInFuture),
        time("25 Nov 2027, 14:02 CET (Europe/Vienna)", TimeInFuture),
        time("25 Nov 2026, 14:02 EST (America/New_York)", TimeInFuture),
        time("25 Nov 2026, 14:05 CET (Europe/Vienna)", TimeDiffers),
        time("14:02", TimeUnreadable),
        time("noon", TimeUnreadable),
        time("25/11/2026 14:02", TimeUnreadable),
        time("25 Nov 2026, 14:02 CEST (Europe/Vienna)", TimeUnreadable),
        time("25 Nov 2026, 25:02 CET (Europe/Vienna)", TimeUnreadable),
        time("31 Nov 2026, 14:02 CET (Europe/Vienna)", TimeUnreadable),
        time("25 Nov 2026, 14:02 CET (Europe/Wien)", TimeUnreadable),
        time("29 Mar 2026, 02:30 CET (Europe/Vienna)", TimeUnreadable),
        next("25 Nov 2026, 14:19 CET (Europe/Vienna)", NextReviewPast),
        next("24 Nov 2026, 15:00 CET (Europe/Vienna)", NextReviewPast),
        next("tomorrow", TimeUnreadable),
        next("25 Nov 2026, 15:00 XYZ (Europe/Vienna)", TimeUnreadable),
        bad(
            ROLLBACK,
            B,
            NEXT,
            "25 Nov 2026, 14:00 CET (Europe/Vienna)",
            NextReviewPast,
            "25 Nov 2026, 14:00 CET (Europe/Vienna)",
        ),
        bad(ROLLBACK, B, "INC-7", "INC-8", IncidentDiffers, "INC-8"),
    ]
}

fn members() -> Vec<Bad> {
    use Code::{
        ChannelLike, InternalChannel, InternalCode, InternalId, InternalName, InternalWord, Punitive,
    };
    let body = |found: &str, code: Code| added(MEMBER, B, &format!("Note {found} here."), code, found);
    let subject = |found: &str, code: Code| added(MEMBER, S, &format!(" {found}"), code, found);
    vec![
        body("phase_1_read_only", InternalName),
        subject("PHASE_2_MEMBER_WRITES", InternalName),
        body("library.loans.checkout", InternalName),
        body("Library.Tags.Merge", InternalName),
        body("/v1/", InternalName),
        subject("apiV1", InternalName),
        body("updated_by", InternalName),
        body("req_Ab12Cd34Ef56Gh78", InternalId),
        subject("req_Ab12Cd34Ef56Gh78", InternalId),
        body("x7Yk29QpLmN4vB8sT1wZ0aHd", InternalId),
        body("0190b2c1-7d3e-7a51-9c1f-2b3d4e5f6a7b", InternalId),
        body("INC-42", InternalId),
        subject("inc-7", InternalId),
        body("LIBRARY_ROLLOUT_BLOCKED", InternalCode),
        body("NOT_FOUND", InternalCode),
        body("HTTP 404", InternalCode),
        body("error 500", InternalCode),
        subject("503 error", InternalCode),
        body("code 403", InternalCode),
        body("403 Forbidden", InternalCode),
        subject("404 not found", InternalCode),
        body("internal server error", InternalCode),
        body("permission-denied", InternalWord),
        body("#ops-library", InternalChannel),
        subject("#OPS-Library", InternalChannel),
        body("ops-library", InternalChannel),
        subject("OPS Library", InternalChannel),
        body("#general", ChannelLike),
        subject("#members", ChannelLike),
        body("uid", InternalWord),
        body("UIDs", InternalWord),
        body("request id", InternalWord),
        body("Request-IDs", InternalWord),
        body("request_id", InternalWord),
        body("requestId", InternalWord),
        body("request\nid", InternalWord),
        body("\u{ff55}\u{ff49}\u{ff44}", InternalWord),
        body("error codes", InternalWord),
        subject("API", InternalWord),
        body("database", InternalWord),
        body("rolled back", InternalWord),
        body("staff troubleshooting", InternalWord),
        subject("smoke test", InternalWord),
        body("kiln log", InternalWord),
        body("banned", Punitive),
        body("You must", Punitive),
        body("violations", Punitive),
        body("PUNISHED", Punitive),
        body("not permitted", Punitive),
        body("your fault", Punitive),
        body("not allowed", Punitive),
        subject("forbidden", Punitive),
        body("tut tut", Punitive),
    ]
}

fn staff() -> Vec<Bad> {
    use Code::{ChannelMissing, RequestIdMissing};
    vec![
        bad(STAFF, B, "`#ops-library`", "`#general`", ChannelMissing, ""),
        bad(STAFF, B, "`#ops-library`", "ops-library", ChannelMissing, ""),
        bad(STAFF, B, "`#ops-library`", "`#ops-library-2`", ChannelMissing, ""),
        bad(STAFF, B, REQUEST_LINE, "", ChannelMissing, ""),
        bad(STAFF, B, REQUEST_LINE, "", RequestIdMissing, ""),
        bad(STAFF, B, "request id", "the details", RequestIdMissing, ""),
        bad(STAFF, B, "request id", "requestor idea", RequestIdMissing, ""),
        bad(ROLLBACK, B, REQUEST_LINE, "", ChannelMissing, ""),
        bad(ROLLBACK, B, "request id", "request. Id", RequestIdMissing, ""),
    ]
}

fn marks() -> Vec<Bad> {
    use Code::{BidiMark, ControlCharacter, Invisible, SubjectLines};
    let mut every = Vec::new();
    for (mark, code) in [
        ("\u{202e}", BidiMark),
        ("\u{200f}", BidiMark),
        ("\u{2066}", BidiMark),
        ("\u{61c}", BidiMark),
        ("\u{202a}\u{202c}", BidiMark),
        ("\u{200b}", Invisible),
        ("\u{feff}", Invisible),
        ("\u{ad}", Invisible),
        ("\u{2060}\u{2060}", Invisible),
        ("\u{200d}", Invisible),
        ("\u{fe0f}", Invisible),
        ("\u{e0041}", Invisible),
        ("\u{3164}", Invisible),
        ("\0", ControlCharacter),
        ("\u{7}", ControlCharacter),
        ("\u{1b}", ControlCharacter),
        ("\u{85}", ControlCharacter),
        ("\u{2028}", ControlCharacter),
        ("\u{fffd}", ControlCharacter),
        ("\u{e000}", ControlCharacter),
    ] {
        every.push(added(STAFF, S, &format!(" a{mark}1"), code, mark));
        every.push(added(MEMBER, B, &format!("1{mark}1"), code, mark));
    }
    every.extend([
        added(MEMBER, S, "\tnow", ControlCharacter, "\t"),
        added(MEMBER, S, "\nnow", SubjectLines, "\n"),
        added(STAFF, S, "\r\n\r\nnow", SubjectLines, "\n\n"),
        added(STAFF, S, "\rnow", SubjectLines, "\n"),
        added(MEMBER, B, "👩\u{200d}a", Invisible, "\u{200d}"),
        added(MEMBER, B, "😀\u{e0062}", Invisible, "\u{e0062}"),
        bad(MEMBER, B, "you can", "you c\u{200b}an", Invisible, "\u{200b}"),
    ]);
    every
}

fn lengths() -> Vec<Bad> {
    use Code::{BraceLeft, InternalWord, Invisible, SubjectLong, SubjectTooLong, TextLong, TextTooLong};
    let long = "x ".repeat(50_000);
    let over = |text: &str, filled: usize, limit: usize| -> String {
        text.chars().skip(limit - filled).take(120).collect()
    };
    let member = Desk::new().draft(MEMBER).text().body.chars().count();
    vec![
        added(
            MEMBER,
            S,
            &" new".repeat(14),
            SubjectLong,
            &over(&" new".repeat(14), 25, 78),
        ),
        added(
            MEMBER,
            S,
            &" new".repeat(300),
            SubjectTooLong,
            &over(&" new".repeat(300), 25, 998),
        ),
        added(
            MEMBER,
            B,
            &long[..4_000],
            TextLong,
            &over(&long[..4_000], member, 4_000),
        ),
        added(MEMBER, B, &long, TextTooLong, &over(&long, member, 40_000)),
        added(STAFF, B, &"{".repeat(100_000), BraceLeft, "{"),
        added(
            MEMBER,
            B,
            &"\u{200b}".repeat(100_000),
            Invisible,
            &"\u{200b}".repeat(120),
        ),
        added(MEMBER, B, &"uid ".repeat(25_000), InternalWord, "uid"),
        added(MEMBER, S, &"\u{200b}a".repeat(25_000), Invisible, "\u{200b}"),
    ]
}

#[test]
fn every_bad_text_is_refused_for_its_reason_at_its_place() {
    let mut desk = Desk::new();
    desk.added = WordLists {
        internal: vec!["kiln log".into()],
        punitive: vec!["Tut-tut".into()],
    };
    let every = [
        placeholders(),
        braces(),
        missing(&desk),
        facts(),
        members(),
        staff(),
        marks(),
        lengths(),
    ]
    .concat_all();
    assert!(every.len() >= 120, "{}", every.len());
    let mut wrong = Vec::new();
    for bad in &every {
        // The same with the line ends of another system; the very long ones once are enough.
        let line_ends: &[&str] = if bad.to.len() > 20_000 {
            &["\n"]
        } else {
            &["\n", "\r\n"]
        };
        for line_end in line_ends {
            let draft = bad.draft(&desk, line_end);
            let findings = desk.check(&draft);
            let is_it = |finding: &&Finding| {
                (finding.code, finding.part, finding.found.as_str())
                    == (bad.code, bad.part, bad.found.as_str())
            };
            let Some(finding) = findings.iter().find(is_it) else {
                let shown: Vec<_> = findings
                    .iter()
                    .map(|other| (other.code, other.part, &other.found))
                    .collect();
                wrong.push(format!(
                    "{:?} {:?} in the {:?}: {shown:?}",
                    bad.code,
                    short(&bad.to),
                    bad.part
                ));
                continue;
            };
            let text = draft.text().part(bad.part);
            let here: String = text[finding.range.clone()].chars().take(120).collect();
            assert_eq!(here, finding.found);
            assert_eq!(refusing(std::slice::from_ref(finding), &[]), [finding]);
            if let Some(mended) = finding.mended(text) {
                let [subject, body] = Part::ALL.map(|part| {
                    if part == bad.part {
                        mended.as_str()
                    } else {
                        draft.text().part(part)
                    }
                });
                let again = desk.check(&draft.clone().with_text(subject, body));
                let still = |findings: &[Finding]| findings.iter().filter(is_it).count();
                if still(&again) >= still(&findings) && still(&findings) < check::MOST {
                    wrong.push(format!(
                        "{:?} {:?}: the fix mends nothing",
                        bad.code,
                        short(&bad.to)
                    ));
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        every.len(),
        wrong.join("\n")
    );
}

fn short(text: &str) -> String {
    text.chars().take(50).collect()
}

trait ConcatAll {
    fn concat_all(self) -> Vec<Bad>;
}

impl<const N: usize> ConcatAll for [Vec<Bad>; N] {
    fn concat_all(self) -> Vec<Bad> {
        self.into_iter().flatten().collect()
    }
}

/// The template as it is, with facts that make it wrong.
#[test]
fn bad_facts_are_refused_wherever_they_stand() {
    type Spoil = fn(&mut Desk, &mut Facts);
    type Case = (&'static str, Spoil, &'static [(Code, Part)]);
    fn set(facts: &mut Facts, placeholder: Placeholder, text: &str) {
        facts.set_typed(placeholder, text).unwrap();
    }
    let cases: [Case; 17] = [
        (
            STAFF,
            |_, facts| facts.clear(&Placeholder::PhaseLabel),
            &[(Code::PlaceholderUnfilled, S), (Code::PlaceholderUnfilled, B)],
        ),
        (
            STAFF,
            |_, facts| facts.clear(&Placeholder::Timestamp),
            &[(Code::PlaceholderUnfilled, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::PhaseLabel, " "),
            &[(Code::PlaceholderBlank, S), (Code::PlaceholderBlank, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::BriefBehaviorDelta, ""),
            &[(Code::PlaceholderBlank, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::BriefBehaviorDelta, "tbd. {x}"),
            &[(Code::PlaceholderUnknown, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::BriefBehaviorDelta, "{timestamp}"),
            &[(Code::PlaceholderUnfilled, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::BriefBehaviorDelta, "a\u{202e}b"),
            &[(Code::BidiMark, B)],
        ),
        (
            MEMBER,
            |_, facts| set(facts, Placeholder::MemberFacingBehaviorSummary, ""),
            &[(Code::PlaceholderBlank, B)],
        ),
        (
            MEMBER,
            |_, facts| set(facts, Placeholder::MemberFacingBehaviorSummary, "no uid"),
            &[(Code::InternalWord, B)],
        ),
        (
            ROLLBACK,
            |_, facts| set(facts, Placeholder::IncidentId, "–"),
            &[(Code::PlaceholderBlank, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::PhaseLabel, "Phase 3"),
            &[(Code::LabelNotConfirmed, S), (Code::LabelNotConfirmed, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::Timestamp, "2026-11-25 14:01"),
            &[(Code::TimeBeforeChange, B)],
        ),
        (
            STAFF,
            |_, facts| set(facts, Placeholder::Timestamp, "2026-11-25 14:21"),
            &[(Code::TimeInFuture, B)],
        ),
        (
            STAFF,
            |desk, facts| {
                set(facts, Placeholder::NextCheckTime, "2026-11-25 14:19");
                desk.newest = facts.clone();
            },
            &[(Code::NextReviewPast, B)],
        ),
        (
            STAFF,
            |desk, _| desk.confirmed = None,
            &[
                (Code::PhaseNotConfirmed, S),
                (Code::PhaseNotConfirmed, B),
                (Code::PhaseNotConfirmed, B),
            ],
        ),
        (
            STAFF,
            |desk, _| {
                let label = Value::Words("Phase 1".into());
                desk.newest.set(Placeholder::PhaseLabel, label, Source::Runbook);
            },
            &[(Code::Outdated, S), (Code::Outdated, B)],
        ),
        (
            STAFF,
            |desk, _| desk.newest.zone = chrono_tz::Asia::Kolkata,
            &[(Code::Outdated, B), (Code::Outdated, B)],
        ),
    ];
    for (number, (template, spoil, expected)) in cases.into_iter().enumerate() {
        let mut desk = Desk::new();
        let mut facts = desk.newest.clone();
        spoil(&mut desk, &mut facts);
        let findings = desk.check(&Draft::new(builtin(template).clone(), facts));
        let found: Vec<_> = findings
            .iter()
            .map(|finding| (finding.code, finding.part))
            .collect();
        assert_eq!(found, expected, "case {number}");
    }
}

/// What is too much for a person to read is cut, and what was cut is not forgotten: there is always one of its kind.
#[test]
fn of_one_kind_no_more_are_said_than_a_person_reads() {
    let desk = Desk::new();
    let draft = desk.draft(MEMBER);
    let spoiled = draft
        .clone()
        .with_text("{}{}", &"uid {} \u{200b} ban #x NOT_FOUND ".repeat(500));
    let findings = desk.check(&spoiled);
    for code in [
        Code::InternalWord,
        Code::PlaceholderBlank,
        Code::Invisible,
        Code::Punitive,
        Code::InternalCode,
    ] {
        let count = findings
            .iter()
            .filter(|finding| finding.code == code && finding.part == B)
            .count();
        assert_eq!(count, check::MOST, "{code:?}");
    }
    assert!(findings.is_sorted_by_key(|finding| (finding.part, finding.range.start)));
}
