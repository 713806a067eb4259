//! The files of a bundle.
//!
//! What people typed and what the portal said is written without tokens, API keys and e-mail addresses. What is named by its
//! hash elsewhere, artifacts, attachments and the runbook, is written to the letter.

use super::gather::{FailedRequest, Gathered};
use crate::{
    announce::view::MadeView,
    convert::{change_view, run_label, run_view},
    desk::Desk,
    error::{Code, Problem},
    problem::{internal_problem, store_problem},
    rollback::view::{RollbackPurpose, RollbackView},
    smoke::view::{SmokeReport, SmokeStepState, SmokeStepView},
    time::when,
    view::{PhaseStateView, RunView},
};
use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use desk_core::{
    evidence::{
        chain,
        items::Item,
        redact::{redact, redact_json},
        verify,
    },
    log::escaped,
    record::ArtifactKind,
};
use desk_store::{EvidenceRow, RunRow, Store};
use serde::Serialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use tokio::runtime::Handle;

/// A bundle's content, before it is looked into and sealed.
pub(super) struct Payload {
    pub(super) files: Vec<PayloadFile>,
    /// What `bag-info.txt` says, but for what is known only when all is written.
    pub(super) info: Vec<(String, String)>,
    /// The words at the front.
    pub(super) readme: String,
    /// What came of the tests.
    pub(super) test_result: Value,
    /// Who decided what.
    pub(super) decisions: Value,
    /// The number and the hash of the journal's newest entry.
    pub(super) journal_head: (i64, String),
    /// The ids of the items that are open.
    pub(super) missing_ids: Vec<String>,
    /// The same in words.
    pub(super) missing: Vec<String>,
}

/// A file to be written.
pub(super) struct PayloadFile {
    /// Where in the bundle: `data/run.json`.
    pub(super) path: String,
    pub(super) source: Source,
}

/// Where a file's bytes are.
pub(super) enum Source {
    /// Here.
    Bytes(Vec<u8>),
    /// In the store, by their hash: they may be long, and are read when they are written.
    Artifact(String),
}

impl Source {
    /// The bytes. Not to be called on a thread that must not wait.
    pub(super) fn read(self, store: &Store, handle: &Handle) -> Result<Vec<u8>, Problem> {
        let sha256 = match self {
            Self::Bytes(bytes) => return Ok(bytes),
            Self::Artifact(sha256) => sha256,
        };
        let kept = handle.block_on(store.artifact(&sha256));
        let artifact = kept.map_err(|error| store_problem(&error))?;
        artifact.map(|artifact| artifact.bytes).ok_or_else(|| {
            Problem::new(
                Code::StoreDamaged,
                "A file that the journal names is not kept any more.",
                "No bundle was written.",
                "Restore the newest backup that has it; journal verify says what is wrong.",
            )
            .detailed(sha256)
        })
    }
}

/// Puts a bundle together.
struct Pack {
    files: Vec<PayloadFile>,
}

impl Pack {
    fn put(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.push(PayloadFile {
            path: format!("data/{path}"),
            source: Source::Bytes(bytes.into()),
        });
    }

    /// A document, with nothing in it that must not leave.
    fn json(&mut self, path: &str, document: &impl Serialize) -> Result<(), Problem> {
        let mut text =
            serde_json::to_string_pretty(&clean(document)?).map_err(|error| internal_problem(&error))?;
        text.push('\n');
        self.put(path, text);
        Ok(())
    }

    /// A text, with nothing in it that must not leave.
    fn text(&mut self, path: &str, text: &str) {
        self.put(path, redact(text).into_owned());
    }

    fn artifact(&mut self, path: &str, sha256: &str) {
        self.files.push(PayloadFile {
            path: format!("data/{path}"),
            source: Source::Artifact(sha256.to_owned()),
        });
    }
}

/// A document as JSON without what must not leave; an object says so where something was taken out.
fn clean(document: &impl Serialize) -> Result<Value, Problem> {
    let mut value = serde_json::to_value(document).map_err(|error| internal_problem(&error))?;
    if redact_json(&mut value)
        && let Value::Object(fields) = &mut value
    {
        fields.insert("redacted".to_owned(), Value::Bool(true));
    }
    Ok(value)
}

/// A line of the smoke log.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SmokeLine<'a> {
    smoke_run: &'a str,
    phase: &'a str,
    check: &'a str,
    #[serde(flatten)]
    step: &'a SmokeStepView,
}

/// `phase/metadata.json`: the runbook's first item, the record of the phase and its note. It names the journal's newest entry, so
/// that a copy of it elsewhere shows a journal that was cut off or rewritten since.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhaseMetadata<'a> {
    #[serde(flatten)]
    state: &'a PhaseStateView,
    updated_at_iso: Option<String>,
    journal_head: chain::Head,
}

impl Desk {
    pub(super) async fn payload(
        &self,
        run: &RunRow,
        gathered: &Gathered,
        fingerprint: &str,
    ) -> Result<Payload, Problem> {
        let stored = |error| store_problem(&error);
        let environment = self.environment();
        let label = run_label(run.number);
        let view = run_view(run, &environment);
        let now = self.now_ms();
        let mut pack = Pack { files: Vec::new() };
        let mut missing: Vec<(String, String)> = gathered
            .items
            .iter()
            .filter(|item| item.is_open())
            .map(|item| (item.id.clone(), redact(&item.why).into_owned()))
            .collect();

        pack.json("run.json", &view)?;
        pack.json("evidence.json", &json!({ "items": gathered.items }))?;
        let decisions: Vec<_> = gathered
            .changes
            .iter()
            .map(|change| change_view(change, Some(label.clone())))
            .collect();
        pack.json("phase/decisions.json", &json!({ "decisions": decisions }))?;
        for artifact in &gathered.artifacts {
            let phase = artifact.captured.as_ref().map(|captured| {
                let ArtifactKind::PhaseMetrics = captured.kind;
                captured.phase.number()
            });
            let phase = phase.map_or_else(|| "imported".to_owned(), |phase| format!("phase-{phase}"));
            pack.artifact(
                &format!("metrics/{phase}-{}.json", short(&artifact.sha256)),
                &artifact.sha256,
            );
        }
        for report in &gathered.smoke {
            pack.put(&format!("smoke/{}.jsonl", report.id), smoke_log(report)?);
            pack.text(&format!("smoke/{}.junit.xml", report.id), &report.junit());
        }
        pack.json("failures/requests.json", &json!({ "requests": gathered.failed }))?;
        pack.text(
            "failures/requests.txt",
            &failures_text(&gathered.failed, self.zone()),
        );
        for rollback in &gathered.rollbacks {
            let folder = match rollback.purpose {
                RollbackPurpose::Rollback => "rollbacks",
                RollbackPurpose::Drill => "drills",
            };
            pack.json(&format!("{folder}/{}.json", rollback.id), rollback)?;
        }
        let announcements = self.announcements_of_run(run).await?;
        for made in &announcements {
            pack.json(&format!("announcements/{}.json", made.id), made)?;
            pack.text(&format!("announcements/{}.txt", made.id), &made.plain());
        }
        let runbook_sha256 = run
            .runbook_sha256
            .clone()
            .unwrap_or_else(|| self.runbook_view().sha256);
        match self.runbook_text(&runbook_sha256) {
            Some(text) => pack.put("runbook.toml", text.as_bytes()),
            None => missing.push((
                "runbook".to_owned(),
                format!(
                    "The run's runbook ({}) is not in force any more and is not kept.",
                    short(&runbook_sha256)
                ),
            )),
        }
        for file in &gathered.attachments {
            let path = attachment_path(file);
            // The same file may stand for two items.
            if !pack
                .files
                .iter()
                .any(|known| known.path == format!("data/{path}"))
            {
                pack.artifact(&path, &file.sha256);
            }
        }
        pack.json("attachments.json", &attachments(gathered))?;
        self.log_files(&mut pack, run).await?;

        // Last, so that nothing above is newer than it.
        let (stretch, head) = self.inner.store.stretch_of_run(&run.id).await.map_err(stored)?;
        let (first, last) = (
            stretch.first().map_or(0, |e| e.seq),
            stretch.last().map_or(0, |e| e.seq),
        );
        let journal =
            chain::lines(stretch, &run.id, environment.as_str()).map_err(|error| internal_problem(&error))?;
        pack.put("journal.jsonl", journal);
        if let Some(state) = &gathered.state {
            let state = PhaseStateView::from(state);
            let metadata = PhaseMetadata {
                updated_at_iso: iso(state.updated_at_ms),
                state: &state,
                journal_head: chain::Head {
                    seq: head.0,
                    hash: head.1.clone(),
                },
            };
            pack.json("phase/metadata.json", &metadata)?;
        }

        let test_result = test_result(&gathered.smoke, &runbook_sha256);
        let decided = decisions_predicate(&Decided {
            run: &view,
            items: &gathered.items,
            decisions: &decisions,
            rollbacks: &gathered.rollbacks,
            announcements: &announcements,
            runbook_sha256: &runbook_sha256,
            journal: (first, last, &head),
        });
        let words: Vec<String> = missing.iter().map(|(id, why)| format!("{id}: {why}")).collect();
        let info = info(
            &view,
            &words,
            fingerprint,
            &runbook_sha256,
            (first, last, &head),
            now,
        );
        Ok(Payload {
            readme: readme(&view, &gathered.items, &words, fingerprint, now, self.zone()),
            files: pack.files,
            info,
            test_result,
            decisions: clean(&decided)?,
            journal_head: head,
            missing_ids: missing.into_iter().map(|(id, _)| id).collect(),
            missing: words,
        })
    }

    /// The run's entry in the rehearsal log, and its after-action report.
    async fn log_files(&self, pack: &mut Pack, run: &RunRow) -> Result<(), Problem> {
        let label = run_label(run.number);
        pack.text("log/entry.txt", &self.log_entry_text(&label).await?);
        pack.text("log/entry.md", &self.log_entry_markdown(&label).await?);
        pack.text("log/after-action.md", &self.after_action(&label).await?);
        Ok(())
    }
}

fn iso(at_ms: i64) -> Option<String> {
    (at_ms > 0)
        .then(|| DateTime::from_timestamp_millis(at_ms))
        .flatten()
        .map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The first digits of a hash: enough to tell files apart by name.
fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}

/// Where an attached file lies in `data/`.
fn attachment_path(file: &EvidenceRow) -> String {
    format!(
        "attachments/{}-{}",
        short(&file.sha256),
        plain_name(&redact(&file.name))
    )
}

/// A file's name in letters that every system takes.
fn plain_name(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' | '_' => c,
            _ => '_',
        })
        .collect();
    let start = plain.char_indices().rev().nth(79).map_or(0, |(at, _)| at);
    plain[start..].to_owned()
}

fn smoke_log(report: &SmokeReport) -> Result<String, Problem> {
    let mut text = String::new();
    for check in &report.checks {
        for step in &check.steps {
            let line = SmokeLine {
                smoke_run: &report.id,
                phase: &report.phase,
                check: &check.id,
                step,
            };
            let _ = writeln!(text, "{}", clean(&line)?);
        }
    }
    Ok(text)
}

fn failures_text(failed: &[FailedRequest], zone: Tz) -> String {
    if failed.is_empty() {
        return "No request failed that should not have.\n".to_owned();
    }
    let mut text = String::new();
    for request in failed {
        let _ = writeln!(
            text,
            "{}  {}  {}  status {}\n  support code {}  request {}\n  {} ({})",
            when(request.at_ms, zone),
            request.route,
            request.account.as_deref().unwrap_or("nobody"),
            request
                .status
                .map_or_else(|| "none".to_owned(), |status| status.to_string()),
            request.support_code,
            request.request_id.as_deref().unwrap_or("-"),
            request.found,
            request.purpose,
        );
    }
    text
}

fn attachments(gathered: &Gathered) -> Value {
    let files: Vec<Value> = gathered
        .attachments
        .iter()
        .map(|file| {
            json!({
                "file": attachment_path(file),
                "name": file.name,
                "item": file.item,
                "mediaType": file.media_type,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "attachedBy": file.actor,
                "attachedAtMs": file.at_ms,
            })
        })
        .collect();
    json!({ "attachments": files })
}

/// The in-toto predicate `test-result/v0.1`: the newest finished run of each phase's checklist, a test a step.
fn test_result(smoke: &[SmokeReport], runbook_sha256: &str) -> Value {
    let mut newest: Vec<&SmokeReport> = Vec::new();
    for report in smoke.iter().filter(|report| report.finished_at_ms.is_some()) {
        newest.retain(|known| known.phase != report.phase);
        newest.push(report);
    }
    let (mut passed, mut warned, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for report in newest {
        for step in report.steps() {
            let name = format!("{}/{}", report.phase, step.id);
            match step.state {
                SmokeStepState::Pass | SmokeStepState::Attested => passed.push(name),
                SmokeStepState::Fail | SmokeStepState::Blocked => failed.push(name),
                SmokeStepState::Skipped | SmokeStepState::Waiting | SmokeStepState::Running => {
                    if !step.optional {
                        warned.push(name);
                    }
                }
            }
        }
    }
    let result = if !failed.is_empty() {
        "FAILED"
    } else if !warned.is_empty() || passed.is_empty() {
        "WARNED"
    } else {
        "PASSED"
    };
    json!({
        "result": result,
        "configuration": [{ "name": "data/runbook.toml", "digest": { "sha256": runbook_sha256 } }],
        "passedTests": passed,
        "warnedTests": warned,
        "failedTests": failed,
    })
}

/// What the predicate for decisions is made of.
struct Decided<'a> {
    run: &'a RunView,
    items: &'a [Item],
    decisions: &'a [crate::view::ChangeView],
    rollbacks: &'a [RollbackView],
    announcements: &'a [MadeView],
    runbook_sha256: &'a str,
    journal: (i64, i64, &'a (i64, String)),
}

/// The desk's own predicate: who decided what. Described in the README.
fn decisions_predicate(decided: &Decided<'_>) -> Value {
    let decisions: Vec<Value> = decided
        .decisions
        .iter()
        .map(|change| {
            json!({
                "id": change.change_id,
                "from": change.from.phase,
                "to": change.to,
                "decidedBy": change.actor,
                "decidedAt": iso(change.started_at_ms),
                "outcome": change.outcome,
                "note": change.note,
                "incident": change.incident_id,
                "override": change.override_reason,
            })
        })
        .collect();
    let rollbacks: Vec<Value> = decided
        .rollbacks
        .iter()
        .map(|rollback| {
            json!({
                "id": rollback.id,
                "purpose": rollback.purpose,
                "to": rollback.to,
                "decidedBy": rollback.operator,
                "confirmedBy": rollback.confirmed_by,
                "reason": rollback.reason,
                "openedAt": iso(rollback.opened_at_ms),
                "splits": rollback.splits,
            })
        })
        .collect();
    let announcements: Vec<Value> = decided
        .announcements
        .iter()
        .map(|made| {
            json!({
                "id": made.id,
                "audience": made.audience,
                "textSha256": made.sha256,
                "finishedBy": made.actor,
                "finishedAt": iso(made.at_ms),
            })
        })
        .collect();
    let (first, last, head) = decided.journal;
    json!({
        "run": {
            "label": decided.run.label,
            "id": decided.run.id,
            "kind": decided.run.kind,
            "environment": decided.run.environment,
            "owner": decided.run.owner,
            "startedAt": iso(decided.run.started_at_ms),
            "endedAt": decided.run.ended_at_ms.and_then(iso),
        },
        "runbook": { "sha256": decided.runbook_sha256 },
        "evidence": decided.items,
        "decisions": decisions,
        "rollbacks": rollbacks,
        "announcements": announcements,
        "journal": { "first": first, "last": last, "head": { "seq": head.0, "hash": head.1 } },
    })
}

fn info(
    run: &RunView,
    missing: &[String],
    fingerprint: &str,
    runbook_sha256: &str,
    (first, last, head): (i64, i64, &(i64, String)),
    now_ms: i64,
) -> Vec<(String, String)> {
    let day = DateTime::from_timestamp_millis(now_ms).map(|at| at.format("%Y-%m-%d").to_string());
    let owner = redact(run.owner.as_deref().unwrap_or("not named")).into_owned();
    let kind = match run.kind {
        crate::view::RunKind::Rehearsal => "rehearsal",
        crate::view::RunKind::Live => "LIVE",
    };
    let mut info: Vec<(String, String)> = [
        (
            "Bag-Software-Agent",
            format!("cutover-desk {}", env!("CARGO_PKG_VERSION")),
        ),
        ("Bagging-Date", day.unwrap_or_default()),
        ("Bagging-Time-Iso", iso(now_ms).unwrap_or_default()),
        ("External-Identifier", run.id.clone()),
        (
            "External-Description",
            format!("Evidence of run {}, {kind} in {}", run.label, run.environment),
        ),
        ("Internal-Sender-Identifier", run.label.clone()),
        ("Contact-Name", owner),
        ("Environment", run.environment.clone()),
        ("Run-Kind", kind.to_owned()),
        ("Run-Started-Iso", iso(run.started_at_ms).unwrap_or_default()),
        (
            "Run-Ended-Iso",
            run.ended_at_ms.and_then(iso).unwrap_or_else(|| "open".to_owned()),
        ),
        ("Runbook-SHA256", runbook_sha256.to_owned()),
        ("Journal-Stretch", format!("{first}-{last}")),
        (verify::JOURNAL_HEAD, format!("{} {}", head.0, head.1)),
        (verify::SIGNED_BY, fingerprint.to_owned()),
        (
            verify::COMPLETENESS,
            if missing.is_empty() {
                verify::COMPLETE.to_owned()
            } else {
                format!("INCOMPLETE, {} missing", missing.len())
            },
        ),
    ]
    .into_iter()
    .map(|(label, value)| (label.to_owned(), value))
    .collect();
    info.extend(
        missing
            .iter()
            .map(|words| (verify::MISSING.to_owned(), words.clone())),
    );
    info
}

/// A line that people or a runbook wrote, as Markdown shows it and without what must not leave.
fn as_text(line: &str) -> String {
    let line: String = redact(line)
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    escaped(&line)
}

/// The words at the front of a bundle.
fn readme(
    run: &RunView,
    items: &[Item],
    missing: &[String],
    fingerprint: &str,
    now_ms: i64,
    zone: Tz,
) -> String {
    let kind = match run.kind {
        crate::view::RunKind::Rehearsal => "a rehearsal",
        crate::view::RunKind::Live => "LIVE",
    };
    let mut text = format!(
        "# Evidence of run {}\n\n{}, {kind}, in {}. Release owner: {}. Sealed {}.\n\n",
        run.label,
        if missing.is_empty() {
            "Complete".to_owned()
        } else {
            format!("**INCOMPLETE: {} missing**", missing.len())
        },
        as_text(&run.environment),
        as_text(run.owner.as_deref().unwrap_or("not named")),
        when(now_ms, zone),
    );
    for words in missing {
        let _ = writeln!(text, "- missing: {}", as_text(words));
    }
    if !missing.is_empty() {
        text.push('\n');
    }
    text.push_str("| evidence | state | |\n|---|---|---|\n");
    for item in items {
        let state = match item.state {
            desk_core::evidence::items::ItemState::There => "there",
            desk_core::evidence::items::ItemState::Missing => "missing",
            desk_core::evidence::items::ItemState::Outdated => "outdated",
            desk_core::evidence::items::ItemState::NotNeeded => "not needed",
        };
        let _ = writeln!(
            text,
            "| {} | {state} | {} |",
            as_text(&item.words),
            as_text(&item.why)
        );
    }
    let _ = write!(
        text,
        "
## What is where

| in `data/` | what |
|---|---|
| `run.json`, `evidence.json` | the run, and how each item stands |
| `phase/` | the phase in force with its note and the journal's newest entry, and every decision |
| `metrics/` | the snapshots of the phase metrics, to the letter |
| `smoke/` | the smoke log, as JSON lines and as JUnit |
| `failures/` | requests that failed, with request ids and support codes |
| `rollbacks/`, `drills/` | each with its steps and splits |
| `announcements/` | the texts that left the desk |
| `log/` | the run's entry in the rehearsal log, as text and as Markdown, and its after-action report |
| `attachments/`, `attachments.json` | files that people attached |
| `runbook.toml` | the runbook that the run went by |
| `journal.jsonl` | the run's stretch of the journal, an entry a line |

## How to check it

With the program: `cutover-desk evidence verify PATH`. It needs no data and no network. Compare the fingerprint that it prints,
`{fingerprint}`, with the one that the desk shows under Settings: a signature says only who holds the key.

Without it: this is a bag (BagIt 1.0, RFC 8493); any tool for bags checks its hashes. `attestation/` holds two in-toto statements
over every file in it, in DSSE envelopes signed with Ed25519; the key is `attestation/public-key.pem`. An entry of the journal that
is whole gives its own hash:

```python
rest = [seq, id, atMs, environment, runId, actor, kind, body]
hash = sha256(bytes.fromhex(prevHash) + json.dumps(rest, separators=(\",\", \":\"), ensure_ascii=False).encode()).hexdigest()
```

An entry with `redacted` had a token, a key or an e-mail address taken out, and one with `withheld` belongs to another run: of these only
the links can be checked.
"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::RunKind;
    use desk_core::evidence::items::ItemState;

    #[test]
    fn what_people_and_runbooks_wrote_is_shown_as_it_is_and_without_addresses() {
        let run = RunView {
            id: "id".to_owned(),
            label: "R-001".to_owned(),
            kind: RunKind::Live,
            environment: "studio".to_owned(),
            owner: Some("Ops | [x](http://x.example)\n# zoë@example.org".to_owned()),
            runbook_sha256: None,
            started_by: "ana".to_owned(),
            started_at_ms: 1,
            ended_at_ms: None,
        };
        let item = Item {
            id: "phase-metadata".to_owned(),
            words: "Phase *and* note | all".to_owned(),
            state: ItemState::Outdated,
            why: "Phase 1, set by zoë@example.org.".to_owned(),
            attached: 0,
        };
        let missing = ["phase-metadata: set by zoë@example.org".to_owned()];
        let text = readme(&run, &[item], &missing, "aa", 1, Tz::UTC);
        for line in [
            r"Release owner: Ops \| \[x\](http://x.example) \# \[e-mail address removed\].",
            r"- missing: phase-metadata: set by \[e-mail address removed\]",
            r"| Phase \*and\* note \| all | outdated | Phase 1, set by \[e-mail address removed\]. |",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}
