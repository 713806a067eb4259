//! Runs: the rehearsal or the cutover that acts are recorded under, from its start to its end.

use crate::{
    convert::{change_view, override_of, run_label, run_view},
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    problem::store_problem,
    view::{OverrideView, RunArtifactView, RunReport, RunSmokeView, RunView},
};
use desk_core::{EnvironmentKind, EnvironmentName, record::Record};
use desk_store::{RunArtifactRow, RunRow};

/// The most characters of a release owner's name.
const LONGEST_OWNER: usize = 120;

/// A run that is to begin.
struct Begun<'a> {
    environment: &'a EnvironmentName,
    kind: EnvironmentKind,
    number: i64,
    owner: Option<String>,
}

impl Desk {
    /// Starts a run in the present environment. Its release owner is named in free text; the operator where nobody is.
    ///
    /// # Errors
    /// `refused` while one is open; `invalid_input` (field `owner`); `store_*`.
    pub async fn start_run(&self, owner: &str) -> Result<RunView, Problem> {
        let owner = owner_named(owner)?;
        let environment = self.environment();
        let kind = self.environment_row(&environment).await?.kind;
        let actor = self.acting(&environment).await;
        let owner = if owner.is_empty() { &actor } else { owner };
        // The number first: should another desk start a run in between, it is taken, and this start is refused.
        let number = self.next_run_number().await?;
        if let Some(open) = self.open_run().await? {
            return Err(already_open(&open));
        }
        let begun = Begun {
            environment: &environment,
            kind,
            number,
            owner: Some(owner.to_owned()),
        };
        self.begin_run(begun, &actor).await?;
        self.judge_anew().await;
        let run = self.open_run().await?.ok_or_else(none_open)?;
        Ok(run_view(&run, &environment))
    }

    /// Ends the open run of the present environment; the next act opens another.
    ///
    /// # Errors
    /// `refused` when none is open; `store_*`.
    pub async fn end_run(&self) -> Result<RunView, Problem> {
        let environment = self.environment();
        let open = self.open_run().await?.ok_or_else(none_open)?;
        let actor = self.acting(&environment).await;
        self.record(
            Some(&environment),
            Some(open.id.clone()),
            &actor,
            Record::RunEnded {},
        )
        .await?;
        self.judge_anew().await;
        let runs = self.run_rows().await?;
        let ended = runs.iter().find(|run| run.id == open.id).unwrap_or(&open);
        Ok(run_view(ended, &environment))
    }

    /// Every run of the present environment, newest first.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn runs(&self) -> Result<Vec<RunView>, Problem> {
        let environment = self.environment();
        let runs = self.run_rows().await?;
        Ok(runs.iter().map(|run| run_view(run, &environment)).collect())
    }

    /// A run of the present environment with all that was recorded under it: by its id or its label, else the newest.
    ///
    /// # Errors
    /// `not_found` when there is none; `store_*`.
    pub async fn run_report(&self, wanted: Option<&str>) -> Result<RunReport, Problem> {
        let stored = |error| store_problem(&error);
        let store = &self.inner.store;
        let run = self.run_called(wanted).await?;
        let label = run_label(run.number);
        let changes = store.phase_changes_of_run(&run.id).await.map_err(stored)?;
        let smoke = store.smoke_runs_of_run(&run.id).await.map_err(stored)?;
        let reports = self.reports(&self.environment(), smoke).await?;
        let artifacts = store.artifacts_of_run(&run.id).await.map_err(stored)?;
        Ok(RunReport {
            entries: store.entries_of_run(&run.id).await.map_err(stored)?,
            overrides: changes
                .iter()
                .filter_map(override_of)
                .map(|made| OverrideView::from(&made))
                .collect(),
            phase_changes: changes
                .iter()
                .map(|change| change_view(change, Some(label.clone())))
                .collect(),
            smoke_runs: reports
                .into_iter()
                .map(|report| RunSmokeView {
                    id: report.id,
                    phase: report.phase,
                    started_at_ms: report.started_at_ms,
                    proven: report.proven,
                    sentence: report.sentence,
                })
                .collect(),
            rollbacks: self.rollbacks_of_run(&run).await?,
            artifacts: artifacts.into_iter().map(artifact_view).collect(),
            announcements: self.announcements_of_run(&run).await?,
            evidence: self.gather(&run).await?.items,
            run: run_view(&run, &self.environment()),
        })
    }

    /// A run of the present environment by its id or its label, else the newest.
    ///
    /// # Errors
    /// `not_found` when there is none; `store_*`.
    pub(crate) async fn run_called(&self, wanted: Option<&str>) -> Result<RunRow, Problem> {
        let runs = self.run_rows().await?;
        let is_wanted = |run: &RunRow| wanted.is_none_or(|wanted| is_called(run, wanted));
        runs.into_iter().find(is_wanted).ok_or_else(|| no_run(wanted))
    }

    /// The run that this act belongs to; one is opened if none is.
    pub(crate) async fn run_for(&self, link: &Link, actor: &str) -> Result<(String, String), Problem> {
        self.run_in(&link.environment, link.kind, actor).await
    }

    /// The same without a connection.
    pub(crate) async fn run_in(
        &self,
        environment: &EnvironmentName,
        kind: EnvironmentKind,
        actor: &str,
    ) -> Result<(String, String), Problem> {
        let open = async || {
            let run = self.inner.store.open_run(environment).await;
            run.map_err(|error| store_problem(&error))
        };
        let number = self.next_run_number().await?;
        if let Some(run) = open().await? {
            return Ok((run.id, run_label(run.number)));
        }
        let begun = Begun {
            environment,
            kind,
            number,
            owner: None,
        };
        match self.begin_run(begun, actor).await {
            Ok(id) => Ok((id, run_label(number))),
            // Another desk on this data directory may have opened one in the same moment: that is the run, then.
            Err(problem) => match open().await? {
                Some(run) => Ok((run.id, run_label(run.number))),
                None => Err(problem),
            },
        }
    }

    async fn begin_run(&self, begun: Begun<'_>, actor: &str) -> Result<String, Problem> {
        let id = uuid::Uuid::now_v7().to_string();
        let record = Record::RunStarted {
            number: begun.number,
            environment_kind: begun.kind,
            runbook_sha256: Some(self.runbook_view().sha256),
            owner: begun.owner,
        };
        self.record(Some(begun.environment), Some(id.clone()), actor, record)
            .await?;
        Ok(id)
    }

    async fn next_run_number(&self) -> Result<i64, Problem> {
        let number = self.inner.store.next_run_number().await;
        number.map_err(|error| store_problem(&error))
    }

    /// The run that acts in the present environment belong to, if one is open.
    pub(crate) async fn open_run(&self) -> Result<Option<RunRow>, Problem> {
        let run = self.inner.store.open_run(&self.environment()).await;
        run.map_err(|error| store_problem(&error))
    }

    async fn run_rows(&self) -> Result<Vec<RunRow>, Problem> {
        let runs = self.inner.store.runs(&self.environment()).await;
        runs.map_err(|error| store_problem(&error))
    }
}

fn is_called(run: &RunRow, name: &str) -> bool {
    let name = name.trim();
    run.id == name || run_label(run.number).eq_ignore_ascii_case(name)
}

fn artifact_view(row: RunArtifactRow) -> RunArtifactView {
    RunArtifactView {
        phase: row
            .captured
            .as_ref()
            .map(|captured| captured.phase.wire().to_owned()),
        captured_at_ms: row.captured.map(|captured| captured.at_ms),
        attached_as: row.attached.into_iter().map(|attached| attached.item).collect(),
        sha256: row.sha256,
    }
}

/// A release owner's name as it is kept.
///
/// # Errors
/// `invalid_input` (field `owner`) for one that is too long.
pub(crate) fn owner_named(name: &str) -> Result<&str, Problem> {
    let name = name.trim();
    if name.chars().count() > LONGEST_OWNER {
        return Err(Problem::invalid(
            "owner",
            format!("The name is longer than {LONGEST_OWNER} characters."),
            "Shorten it.",
        ));
    }
    Ok(name)
}

pub(crate) fn already_open(run: &RunRow) -> Problem {
    let owner = run.owner.as_deref().unwrap_or("nobody named");
    Problem::new(
        Code::Refused,
        format!(
            "{} is open already; its release owner is {owner}.",
            run_label(run.number)
        ),
        "No run was started; what is done now is recorded under that one.",
        "End it first.",
    )
}

fn none_open() -> Problem {
    Problem::new(
        Code::Refused,
        "No run is open here.",
        "Nothing was recorded.",
        "The next act opens one, and so does starting one with its release owner.",
    )
}

fn no_run(wanted: Option<&str>) -> Problem {
    Problem::new(
        Code::NotFound,
        wanted.map_or_else(
            || "There is no run here yet.".to_owned(),
            |wanted| format!("There is no run {wanted:?} here."),
        ),
        "Nothing was changed.",
        "Look at the list of runs.",
    )
    .about("run")
}
