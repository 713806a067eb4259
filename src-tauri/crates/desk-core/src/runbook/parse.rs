//! From text to [`Runbook`]: what the file's shape is, then what must hold across it. Every error has its place.

use super::{
    Basis, Check, CheckIdentity, EvidenceItem, Gate, Over, PhaseText, RollbackStep, Rule, Runbook,
    RunbookError, sha256_of,
};
use crate::announce::{Announcements, Audience, ByPhase, Part, Template, TemplateText, WordLists};
use crate::{Phase, Role, Route};
use serde::Deserialize;
use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use toml::Spanned;

/// Windows and ages: at most a day, for a gate judges what is happening now.
const MINUTES: RangeInclusive<u32> = 1..=1440;
const MINIMUM: RangeInclusive<u64> = 1..=1_000_000;
const IN_A_ROW: RangeInclusive<u32> = 2..=100;
const LONGEST_ID: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    phase: Vec<PhaseTable>,
    check: Vec<CheckTable>,
    gate: Vec<Spanned<GateTable>>,
    rollback: Spanned<Vec<RollbackTable>>,
    announcement: AnnouncementTable,
    evidence: Spanned<Vec<EvidenceTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PhaseTable {
    wire: Spanned<Phase>,
    label: Spanned<String>,
    title: Spanned<String>,
    members: Vec<Spanned<String>>,
    staff: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckTable {
    id: Spanned<String>,
    phase: Phase,
    words: Spanned<String>,
    identities: Spanned<Vec<Spanned<String>>>,
    attestation: Option<Spanned<String>>,
}

/// A gate's keys for every kind; which of them a kind has is checked afterwards, so that each error has its place.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GateTable {
    id: Spanned<String>,
    phase: Phase,
    words: Spanned<String>,
    kind: Spanned<Kind>,
    stale_after_minutes: Spanned<u32>,
    routes: Option<Spanned<Vec<Spanned<String>>>>,
    minimum: Option<Spanned<u64>>,
    window_minutes: Option<Spanned<u32>>,
    threshold: Option<Spanned<f64>>,
    basis: Option<Spanned<Basis>>,
    in_a_row: Option<Spanned<u32>>,
    for_minutes: Option<Spanned<u32>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    FailureRate,
    NoRouteErrors,
    NoSustainedRouteErrors,
    SmokeRoutesSucceed,
    ArtifactAttached,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollbackTable {
    id: Spanned<String>,
    words: Spanned<String>,
    #[serde(default)]
    points: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnnouncementTable {
    channel: Spanned<String>,
    internal_words: Spanned<Vec<Spanned<String>>>,
    punitive_words: Spanned<Vec<Spanned<String>>>,
    staff: TemplateTable,
    member: TemplateTable,
    #[serde(default)]
    extra: Vec<ExtraTable>,
    staff_delta: ByPhaseTable<ByPhaseTable<Spanned<String>>>,
    member_summary: ByPhaseTable<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateTable {
    subject: Spanned<String>,
    body: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExtraTable {
    id: Spanned<String>,
    name: Spanned<String>,
    audience: Audience,
    subject: Spanned<String>,
    body: Spanned<String>,
    #[serde(default)]
    placeholders: Vec<Spanned<String>>,
}

/// Something for each phase; none may be missing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByPhaseTable<T> {
    #[serde(rename = "phase_1_read_only")]
    read_only: T,
    #[serde(rename = "phase_2_member_writes")]
    member_writes: T,
    #[serde(rename = "phase_3_admin_full")]
    admin_full: T,
}

impl<T> ByPhaseTable<T> {
    fn each<U>(self, mut read: impl FnMut(T) -> Result<U, RunbookError>) -> Result<ByPhase<U>, RunbookError> {
        Ok(ByPhase::new([
            read(self.read_only)?,
            read(self.member_writes)?,
            read(self.admin_full)?,
        ]))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceTable {
    id: Spanned<String>,
    words: Spanned<String>,
}

/// The text, to find places in it.
#[derive(Clone, Copy)]
struct Source<'a>(&'a str);

impl Source<'_> {
    fn error(self, at: usize, message: impl Into<String>) -> RunbookError {
        let before = self.0.get(..at).unwrap_or(self.0);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        RunbookError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.into(),
        }
    }
}

pub(super) fn parse(text: &str) -> Result<Runbook, RunbookError> {
    let source = Source(text);
    let file: File = toml::from_str(text).map_err(|error| {
        // Without a place it is the whole file that lacks something.
        let at = error.span().map_or(0, |span| span.start);
        source.error(at, error.message())
    })?;
    let wires: Vec<(Phase, Range<usize>)> = file
        .phase
        .iter()
        .map(|table| (*table.wire.get_ref(), table.wire.span()))
        .collect();
    let runbook = Runbook {
        phases: phases(source, file.phase)?,
        checks: checks(source, file.check)?,
        gates: gates(source, file.gate)?,
        rollback: rollback(source, file.rollback)?,
        announcements: announcements(source, file.announcement)?,
        evidence: evidence(source, file.evidence)?,
        sha256: sha256_of(text),
    };
    for (phase, wire) in wires {
        if runbook.checks_of(phase).next().is_none() {
            return Err(source.error(wire.start, "this phase has no check: nothing would prove it"));
        }
        if runbook.gates_of(phase).next().is_none() {
            return Err(source.error(wire.start, "this phase has no gate: nothing would stop a bad one"));
        }
    }
    Ok(runbook)
}

fn phases(source: Source<'_>, tables: Vec<PhaseTable>) -> Result<[PhaseText; 3], RunbookError> {
    let mut found: [Option<PhaseText>; 3] = [None, None, None];
    for table in tables {
        let phase = *table.wire.get_ref();
        let place = &mut found[usize::from(phase.number()) - 1];
        if place.is_some() {
            let message = format!("the phase `{}` stands here twice", phase.wire());
            return Err(source.error(table.wire.span().start, message));
        }
        *place = Some(PhaseText {
            phase,
            label: words(source, table.label)?,
            title: words(source, table.title)?,
            members: lines(source, table.members)?,
            staff: lines(source, table.staff)?,
        });
    }
    let missing = |phase: Phase| source.error(0, format!("the phase `{}` is missing", phase.wire()));
    let [first, second, third] = found;
    Ok([
        first.ok_or_else(|| missing(Phase::ReadOnly))?,
        second.ok_or_else(|| missing(Phase::MemberWrites))?,
        third.ok_or_else(|| missing(Phase::AdminFull))?,
    ])
}

fn checks(source: Source<'_>, tables: Vec<CheckTable>) -> Result<Vec<Check>, RunbookError> {
    let mut seen = HashSet::new();
    tables
        .into_iter()
        .map(|table| {
            let attestation = table
                .attestation
                .map(|question| words(source, question))
                .transpose()?;
            let place = table.identities.span();
            let mut identities = Vec::new();
            for word in table.identities.into_inner() {
                let identity = CheckIdentity::from_word(word.get_ref())
                    .ok_or_else(|| source.error(word.span().start, unknown_identity(word.get_ref())))?;
                if identities.contains(&identity) {
                    let message = format!("`{}` is named twice", identity.word());
                    return Err(source.error(word.span().start, message));
                }
                identities.push(identity);
            }
            if identities.is_empty() && attestation.is_none() {
                return Err(source.error(place.start, "a check without an identity needs an `attestation`"));
            }
            Ok(Check {
                id: new_id(source, table.id, &mut seen)?,
                phase: table.phase,
                words: words(source, table.words)?,
                identities,
                attestation,
            })
        })
        .collect()
}

fn unknown_identity(word: &str) -> String {
    let known: Vec<_> = Role::ALL
        .into_iter()
        .filter_map(|role| CheckIdentity::from_word(role.word()))
        .chain([CheckIdentity::Nobody])
        .map(CheckIdentity::word)
        .collect();
    format!("unknown identity `{word}`, known are {}", known.join(", "))
}

fn gates(source: Source<'_>, tables: Vec<Spanned<GateTable>>) -> Result<Vec<Gate>, RunbookError> {
    let mut seen = HashSet::new();
    tables
        .into_iter()
        .map(|table| {
            let place = table.span().start;
            gate(source, place, table.into_inner(), &mut seen)
        })
        .collect()
}

fn gate(
    source: Source<'_>,
    place: usize,
    mut table: GateTable,
    seen: &mut HashSet<String>,
) -> Result<Gate, RunbookError> {
    let keys = GateKeys { source, place };
    let rule = match *table.kind.get_ref() {
        Kind::FailureRate => Rule::FailureRate {
            over: keys.over(&mut table)?,
            threshold: threshold(source, &keys.required("threshold", table.threshold.take())?)?,
            basis: keys.required("basis", table.basis.take())?.into_inner(),
        },
        Kind::NoRouteErrors => Rule::NoRouteErrors {
            over: keys.over(&mut table)?,
        },
        Kind::NoSustainedRouteErrors => Rule::NoSustainedRouteErrors {
            over: keys.over(&mut table)?,
            in_a_row: within(
                source,
                &keys.required("in_a_row", table.in_a_row.take())?,
                &IN_A_ROW,
            )?,
            for_minutes: within(
                source,
                &keys.required("for_minutes", table.for_minutes.take())?,
                &MINUTES,
            )?,
        },
        Kind::SmokeRoutesSucceed => Rule::SmokeRoutesSucceed {
            routes: keys.routes(&mut table)?,
        },
        Kind::ArtifactAttached => Rule::ArtifactAttached,
    };
    keys.nothing_left(&table)?;
    Ok(Gate {
        id: new_id(source, table.id, seen)?,
        phase: table.phase,
        words: words(source, table.words)?,
        stale_after_minutes: within(source, &table.stale_after_minutes, &MINUTES)?,
        rule,
    })
}

/// Takes the keys of a gate that its kind has; what is left over then belongs to another kind.
struct GateKeys<'a> {
    source: Source<'a>,
    place: usize,
}

impl GateKeys<'_> {
    fn required<T>(&self, key: &str, value: Option<T>) -> Result<T, RunbookError> {
        value.ok_or_else(|| {
            self.source
                .error(self.place, format!("a gate of this kind needs `{key}`"))
        })
    }

    fn routes(&self, table: &mut GateTable) -> Result<Vec<Route>, RunbookError> {
        let names = self.required("routes", table.routes.take())?;
        let place = names.span();
        let mut routes = Vec::new();
        for name in names.into_inner() {
            let error = |message| self.source.error(name.span().start, message);
            let route = Route::from_name(name.get_ref())
                .ok_or_else(|| error(format!("unknown route `{}`", name.get_ref())))?;
            if routes.contains(&route) {
                return Err(error(format!("the route `{}` is named twice", route.name())));
            }
            routes.push(route);
        }
        if routes.is_empty() {
            return Err(self
                .source
                .error(place.start, "a gate over no route would never close"));
        }
        Ok(routes)
    }

    fn over(&self, table: &mut GateTable) -> Result<Over, RunbookError> {
        Ok(Over {
            routes: self.routes(table)?,
            minimum: within(
                self.source,
                &self.required("minimum", table.minimum.take())?,
                &MINIMUM,
            )?,
            window_minutes: within(
                self.source,
                &self.required("window_minutes", table.window_minutes.take())?,
                &MINUTES,
            )?,
        })
    }

    fn nothing_left(&self, table: &GateTable) -> Result<(), RunbookError> {
        fn start<T>(value: Option<&Spanned<T>>) -> Option<usize> {
            value.map(|value| value.span().start)
        }
        let left = [
            ("routes", start(table.routes.as_ref())),
            ("minimum", start(table.minimum.as_ref())),
            ("window_minutes", start(table.window_minutes.as_ref())),
            ("threshold", start(table.threshold.as_ref())),
            ("basis", start(table.basis.as_ref())),
            ("in_a_row", start(table.in_a_row.as_ref())),
            ("for_minutes", start(table.for_minutes.as_ref())),
        ];
        for (key, place) in left {
            if let Some(place) = place {
                return Err(self
                    .source
                    .error(place, format!("a gate of this kind has no `{key}`")));
            }
        }
        Ok(())
    }
}

fn rollback(
    source: Source<'_>,
    tables: Spanned<Vec<RollbackTable>>,
) -> Result<Vec<RollbackStep>, RunbookError> {
    let place = tables.span();
    let mut seen = HashSet::new();
    let steps = tables
        .into_inner()
        .into_iter()
        .map(|table| {
            Ok(RollbackStep {
                id: new_id(source, table.id, &mut seen)?,
                words: words(source, table.words)?,
                points: lines(source, table.points)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if steps.is_empty() {
        return Err(source.error(place.start, "the rollback has no step"));
    }
    Ok(steps)
}

fn evidence(
    source: Source<'_>,
    tables: Spanned<Vec<EvidenceTable>>,
) -> Result<Vec<EvidenceItem>, RunbookError> {
    let place = tables.span();
    let mut seen = HashSet::new();
    let items = tables
        .into_inner()
        .into_iter()
        .map(|table| {
            Ok(EvidenceItem {
                id: new_id(source, table.id, &mut seen)?,
                words: words(source, table.words)?,
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    if items.is_empty() {
        return Err(source.error(place.start, "the evidence bundle has no item"));
    }
    Ok(items)
}

fn announcements(source: Source<'_>, table: AnnouncementTable) -> Result<Announcements, RunbookError> {
    let mut seen = HashSet::from(Audience::ALL.map(|audience| audience.word().to_owned()));
    Ok(Announcements {
        staff: template(source, table.staff, Audience::Staff)?,
        member: template(source, table.member, Audience::Member)?,
        extra: table
            .extra
            .into_iter()
            .map(|table| extra(source, table, &mut seen))
            .collect::<Result<_, _>>()?,
        channel: channel(source, table.channel)?,
        words: WordLists {
            internal: word_list(source, table.internal_words)?,
            punitive: word_list(source, table.punitive_words)?,
        },
        deltas: table
            .staff_delta
            .each(|to| to.each(|delta| words(source, delta)))?,
        summaries: table.member_summary.each(|summary| words(source, summary))?,
    })
}

/// One of the runbook's own two templates; its id is its audience.
fn template(source: Source<'_>, table: TemplateTable, audience: Audience) -> Result<Template, RunbookError> {
    let text = TemplateText {
        id: audience.word().to_owned(),
        name: "Phase update".to_owned(),
        audience,
        number: 1,
        subject: String::new(),
        body: String::new(),
        placeholders: Vec::new(),
    };
    whole_template(source, text, table.subject, table.body, &[])
}

fn extra(
    source: Source<'_>,
    table: ExtraTable,
    seen: &mut HashSet<String>,
) -> Result<Template, RunbookError> {
    let text = TemplateText {
        id: new_id(source, table.id, seen)?,
        name: words(source, table.name)?,
        audience: table.audience,
        number: 1,
        subject: String::new(),
        body: String::new(),
        placeholders: Vec::new(),
    };
    whole_template(source, text, table.subject, table.body, &table.placeholders)
}

fn whole_template(
    source: Source<'_>,
    text: TemplateText,
    subject: Spanned<String>,
    body: Spanned<String>,
    placeholders: &[Spanned<String>],
) -> Result<Template, RunbookError> {
    let [subject_place, body_place] = [subject.span(), body.span()];
    let names = || placeholders.iter().map(|name| name.get_ref().clone());
    let text = TemplateText {
        subject: subject.into_inner(),
        body: body.into_inner(),
        placeholders: names().collect(),
        ..text
    };
    Template::new(text).map_err(|bad| {
        let place = match bad.part {
            Some(Part::Subject) => subject_place,
            Some(Part::Body) => body_place,
            // Of a name that stands there twice, the later one is too many.
            None => placeholders
                .iter()
                .rfind(|name| *name.get_ref() == bad.found)
                .map_or(body_place, Spanned::span),
        };
        // An escape can hide the culprit from view; the string it is in can always be named.
        let inside = source.0.get(place.clone()).and_then(|raw| raw.find(&bad.found));
        source.error(place.start + inside.unwrap_or(0), bad.message)
    })
}

fn channel(source: Source<'_>, channel: Spanned<String>) -> Result<String, RunbookError> {
    let name = channel.get_ref().strip_prefix('#').unwrap_or_default();
    let plain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(source.error(
            channel.span().start,
            "a channel is `#` and letters, numbers, `-` or `_`",
        ));
    }
    Ok(channel.into_inner())
}

fn word_list(source: Source<'_>, list: Spanned<Vec<Spanned<String>>>) -> Result<Vec<String>, RunbookError> {
    if list.get_ref().is_empty() {
        return Err(source.error(list.span().start, "without words nothing would be found"));
    }
    lines(source, list.into_inner())
}

/// A text for people, which must say something.
fn words(source: Source<'_>, text: Spanned<String>) -> Result<String, RunbookError> {
    if text.get_ref().trim().is_empty() {
        return Err(source.error(text.span().start, "this text is empty"));
    }
    Ok(text.into_inner())
}

fn lines(source: Source<'_>, texts: Vec<Spanned<String>>) -> Result<Vec<String>, RunbookError> {
    texts.into_iter().map(|text| words(source, text)).collect()
}

/// An id of `a-z`, `0-9`, `-` that none before it in the same list has.
fn new_id(
    source: Source<'_>,
    id: Spanned<String>,
    seen: &mut HashSet<String>,
) -> Result<String, RunbookError> {
    let place = id.span().start;
    let id = id.into_inner();
    let plain = id
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if id.is_empty() || id.len() > LONGEST_ID || !plain {
        let message = format!("an id is 1 to {LONGEST_ID} of a-z, 0-9 and `-`");
        return Err(source.error(place, message));
    }
    if !seen.insert(id.clone()) {
        return Err(source.error(place, format!("the id `{id}` is used twice")));
    }
    Ok(id)
}

fn threshold(source: Source<'_>, value: &Spanned<f64>) -> Result<f64, RunbookError> {
    let threshold = *value.get_ref();
    if threshold > 0.0 && threshold < 1.0 {
        return Ok(threshold);
    }
    let message = format!("the threshold is a share between 0 and 1 (0.02 for 2 %), not {threshold}");
    Err(source.error(value.span().start, message))
}

fn within<T: Copy + PartialOrd + std::fmt::Display>(
    source: Source<'_>,
    value: &Spanned<T>,
    range: &RangeInclusive<T>,
) -> Result<T, RunbookError> {
    if range.contains(value.get_ref()) {
        return Ok(*value.get_ref());
    }
    let message = format!(
        "{} is out of range: {} to {}",
        value.get_ref(),
        range.start(),
        range.end()
    );
    Err(source.error(value.span().start, message))
}
