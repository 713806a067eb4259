//! From the rules' types to those that cross, and back.

use super::{
    kept::Kept,
    situation::Situation,
    view::{
        AudienceView, ComposerView, DifferenceKind, DifferenceLineView, DifferenceRun, FactSourceView,
        FactView, FindingView, FixView, MadeView, OutdatedView, PartView, PlannedMoveView, PostOutcomeView,
        PostView, SentView, SpanView, TextView, WaiverView,
    },
};
use crate::error::Problem;
use crate::problem::internal_problem;
use chrono::DateTime;
use chrono_tz::Tz;
use desk_core::announce::{
    Audience, DifferenceLine, Draft, Facts, Finding, Fix, LineKind, Part, Placeholder, Severity, Source,
    Text, Value, Waiver, check, count, difference, html, mrkdwn, plain, refusing, utf16_range,
};
use desk_core::record::PostOutcome;
use desk_store::AnnouncementRow;
use std::ops::Range;

impl From<Audience> for AudienceView {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Staff => Self::Staff,
            Audience::Member => Self::Member,
        }
    }
}

impl From<AudienceView> for Audience {
    fn from(audience: AudienceView) -> Self {
        match audience {
            AudienceView::Staff => Self::Staff,
            AudienceView::Member => Self::Member,
        }
    }
}

impl From<Part> for PartView {
    fn from(part: Part) -> Self {
        match part {
            Part::Subject => Self::Subject,
            Part::Body => Self::Body,
        }
    }
}

impl From<PostOutcome> for PostOutcomeView {
    fn from(outcome: PostOutcome) -> Self {
        match outcome {
            PostOutcome::Posted => Self::Posted,
            PostOutcome::Refused => Self::Refused,
            PostOutcome::NotSent => Self::NotSent,
            PostOutcome::Unknown => Self::Unknown,
        }
    }
}

impl From<DifferenceLine> for DifferenceLineView {
    fn from(line: DifferenceLine) -> Self {
        Self {
            kind: match line.kind {
                LineKind::Same => DifferenceKind::Same,
                LineKind::Removed => DifferenceKind::Removed,
                LineKind::Added => DifferenceKind::Added,
            },
            runs: line
                .runs
                .into_iter()
                .map(|run| DifferenceRun {
                    text: run.text,
                    changed: run.changed,
                })
                .collect(),
        }
    }
}

/// What is posted to a webhook: a JSON document with the text in Slack's form.
///
/// # Errors
/// Never for a text: a string always can be written.
pub(super) fn payload(text: Text<'_>) -> Result<String, Problem> {
    let document = serde_json::json!({ "text": mrkdwn(text) });
    serde_json::to_string(&document).map_err(|error| internal_problem(&error))
}

/// The word that stands for a code wherever it is written down.
pub(super) fn code_word(code: check::Code) -> String {
    let word = serde_json::to_value(code).ok();
    word.and_then(|word| Some(word.as_str()?.to_owned()))
        .unwrap_or_default()
}

fn utf16(text: &str, range: &Range<usize>) -> Range<usize> {
    // The rules' places lie on the text's characters.
    utf16_range(text, range).unwrap_or(0..0)
}

/// A finding as shown, with the reason it was waived for.
pub(super) fn finding_view(finding: &Finding, text: Text<'_>, waivers: &[Waiver]) -> FindingView {
    let part = text.part(finding.part);
    let at = utf16(part, &finding.range);
    let waiver = waivers.iter().find(|waiver| waiver.covers(finding));
    FindingView {
        code: code_word(finding.code),
        warning: finding.severity == Severity::Warning,
        part: finding.part.into(),
        start: at.start,
        end: at.end,
        found: finding.found.clone(),
        words: finding.words.clone(),
        fix: match &finding.fix {
            Fix::Replace { range, with } => {
                let at = utf16(part, range);
                FixView::Replace {
                    start: at.start,
                    end: at.end,
                    with: with.clone(),
                }
            }
            Fix::Refill => FixView::Refill,
            Fix::Instruct { words } => FixView::Instruct { words: words.clone() },
        },
        waived: waiver.map(|waiver| waiver.reason.clone()),
    }
}

/// Why a text may not go out, as a sentence.
pub(super) fn refusal(refusing: &[&Finding]) -> String {
    match refusing {
        [] => String::new(),
        [one] => format!("1 check stands in the way: {}", one.words),
        [first, ..] => format!(
            "{} checks stand in the way. First: {}",
            refusing.len(),
            first.words
        ),
    }
}

fn text_view(draft: &Draft, part: Part) -> TextView {
    let text = draft.text().part(part);
    TextView {
        text: text.to_owned(),
        spans: draft
            .spans(part)
            .iter()
            .map(|span| {
                let at = utf16(text, &span.range);
                SpanView {
                    start: at.start,
                    end: at.end,
                    placeholder: span.placeholder.name().to_owned(),
                    filled: span.filled,
                }
            })
            .collect(),
        characters: count(text).characters,
    }
}

/// A text being written, as shown. `last` is what was last sent to its audience.
pub(super) fn composer_view(
    kept: &Kept,
    situation: &Situation,
    last: Option<&AnnouncementRow>,
    made: Option<MadeView>,
) -> Result<ComposerView, Problem> {
    let draft = &kept.draft;
    let newest = situation.newest(kept.planned.as_ref());
    let findings = check::check(draft, &situation.context(&newest));
    let refusing = refusing(&findings, &kept.waivers);
    let text = draft.text();
    let version = draft.template().version();
    let latest = situation.library.template(&version.id);
    let compared = |row: &AnnouncementRow| {
        let lines = difference(&plain(row.announcement.text()), &plain(text));
        lines.into_iter().map(Into::into).collect()
    };
    Ok(ComposerView {
        audience: draft.template().audience().into(),
        template_name: draft.template().name().to_owned(),
        template_version: version.number,
        template_is_old: latest.is_some_and(|latest| latest.version() != version),
        template: version.id,
        subject: text_view(draft, Part::Subject),
        body: text_view(draft, Part::Body),
        outdated: draft
            .outdated(&newest)
            .into_iter()
            .map(|fact| OutdatedView {
                meaning: fact.placeholder.meaning().to_owned(),
                was: fact.was,
                is: fact.is,
            })
            .collect(),
        ready: refusing.is_empty(),
        refusal: refusal(&refusing),
        findings: findings
            .iter()
            .map(|finding| finding_view(finding, text, &kept.waivers))
            .collect(),
        planned: situation
            .still_planned(kept.planned.as_ref())
            .map(|planned| PlannedMoveView {
                from: planned.from.wire().to_owned(),
                to: planned.to.wire().to_owned(),
            }),
        html: html(text.body),
        mrkdwn: mrkdwn(text),
        payload: payload(text)?,
        difference: last.map(compared),
        made,
    })
}

/// A fact that the texts use, as shown; as it is typed, by the clock of `zone`.
pub(super) fn fact_view(
    placeholder: &Placeholder,
    facts: &Facts,
    zone: Tz,
    used_by: Vec<AudienceView>,
) -> FactView {
    let fact = facts.get(placeholder);
    let (source, seen_at_ms) = match fact.map(|fact| fact.source) {
        Some(Source::Portal { seen_at_ms }) => (FactSourceView::Portal, Some(seen_at_ms)),
        Some(Source::Runbook) => (FactSourceView::Runbook, None),
        Some(Source::Rollback) => (FactSourceView::Rollback, None),
        Some(Source::Person) => (FactSourceView::Person, None),
        None => (FactSourceView::Missing, None),
    };
    FactView {
        placeholder: placeholder.name().to_owned(),
        meaning: placeholder.meaning().to_owned(),
        written: facts.written(placeholder),
        input: fact.map_or_else(String::new, |fact| match &fact.value {
            Value::Words(words) => words.clone(),
            Value::AtMs(at_ms) => {
                let moment = DateTime::from_timestamp_millis(*at_ms);
                moment.map_or_else(String::new, |moment| {
                    moment.with_timezone(&zone).format("%Y-%m-%dT%H:%M").to_string()
                })
            }
        }),
        source,
        seen_at_ms,
        is_time: placeholder.is_time(),
        editable: !matches!(placeholder, Placeholder::PhaseLabel | Placeholder::Timestamp),
        used_by,
    }
}

/// A text that left the desk, as shown; `run` is the run's label.
pub(crate) fn made_view(row: AnnouncementRow, run: Option<String>) -> MadeView {
    let AnnouncementRow {
        id,
        actor,
        at_ms,
        announcement,
        post,
        sent,
        ..
    } = row;
    MadeView {
        id,
        audience: announcement.audience.into(),
        template: announcement.template.id,
        template_version: announcement.template.number,
        run,
        actor,
        at_ms,
        subject: announcement.subject,
        body: announcement.body,
        sha256: announcement.sha256,
        waivers: announcement.waivers.iter().map(WaiverView::from).collect(),
        post: post.map(|post| PostView {
            host: post.host,
            at_ms: post.at_ms,
            // A post without a conclusion was cut off: it may have arrived.
            outcome: post.outcome.unwrap_or(PostOutcome::Unknown).into(),
            found: post.found,
        }),
        sent: sent
            .into_iter()
            .map(|sent| SentView {
                place: sent.place,
                at_ms: sent.at_ms,
                by: sent.by,
            })
            .collect(),
    }
}

impl From<&Waiver> for WaiverView {
    fn from(waiver: &Waiver) -> Self {
        Self {
            code: code_word(waiver.code),
            part: waiver.part.into(),
            found: waiver.found.clone(),
            reason: waiver.reason.clone(),
        }
    }
}
