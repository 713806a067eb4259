//! Taking in what others measured: request logs, and what the web panel copies.

use super::view::{ColumnMap, ImportView, LogColumns};
use crate::{
    desk::Desk,
    error::Problem,
    problem::{internal_problem, store_problem},
    time::when,
};
use desk_core::import::{ColumnError, Columns, Kind, LogFormat, Panel, columns_of, left_out, read_log};
use desk_store::{ImportSource, ImportedRequest};
use sha2::{Digest, Sha256};

/// The setting that holds the columns of the last import.
const COLUMNS_SETTING: &str = "import-columns";

impl Desk {
    /// The columns that a log has, and which of them would be taken; none for the web panel's JSON, which has none. The
    /// beginning of a log is enough.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) where there are none; `store_*`.
    pub async fn log_columns(&self, text: &str) -> Result<Option<LogColumns>, Problem> {
        let Kind::Log(format) = Kind::of(text) else {
            return Ok(None);
        };
        let found = columns_of(text, format).map_err(|error| no_columns(&error))?;
        let earlier = self.columns_of_last_import().await?;
        Ok(Some(LogColumns {
            columns: ColumnMap::default().completed(&found, earlier.as_ref()),
            found,
        }))
    }

    /// Adds what somebody else measured: the requests of a log, JSON Lines or CSV, or the sums that the web panel copies.
    /// The same again adds nothing; the same log with other columns replaces what was read from it before.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) where no columns can be made out, where the JSON contradicts itself, and for an
    /// artifact of a desk; `store_*`.
    pub async fn import_requests(
        &self,
        name: &str,
        text: &str,
        columns: &ColumnMap,
    ) -> Result<ImportView, Problem> {
        let name = name.trim().to_owned();
        let imported = match Kind::of(text) {
            Kind::Log(format) => self.import_log(name, text, format, columns).await?,
            Kind::Artifact => self.import_panel(name, text).await?,
        };
        self.show_metrics().await?;
        Ok(imported)
    }

    async fn import_log(
        &self,
        name: String,
        text: &str,
        format: LogFormat,
        named: &ColumnMap,
    ) -> Result<ImportView, Problem> {
        let found = columns_of(text, format).map_err(|error| no_columns(&error))?;
        let earlier = self.columns_of_last_import().await?;
        let columns = named.clone().completed(&found, earlier.as_ref());
        let log = columns
            .columns(&found)
            .and_then(|columns| read_log(text, format, columns))
            .map_err(|error| no_columns(&error))?;
        let columns = serde_json::to_string(&log.columns).map_err(|error| internal_problem(&error))?;
        let source = ImportSource {
            name,
            sha256: sha256(text),
            read_as: columns.clone(),
        };
        let rows: Vec<ImportedRequest> = log
            .requests
            .into_iter()
            .map(|request| ImportedRequest {
                at_ms: request.at_ms,
                ok: request.ok(),
                route: request.route,
                status: request.status,
                duration_ms: request.duration_ms,
                request_id: None,
            })
            .collect();
        let stored = |error| store_problem(&error);
        let store = &self.inner.store;
        if !rows.is_empty() {
            store
                .set_setting(COLUMNS_SETTING, Some(&columns))
                .await
                .map_err(stored)?;
        }
        let imported = store
            .import_requests(&self.environment(), source, rows)
            .await
            .map_err(stored)?;
        Ok(ImportView {
            added: imported.added,
            already: imported.already,
            bad: log.bad,
            note: None,
        })
    }

    async fn import_panel(&self, name: String, text: &str) -> Result<ImportView, Problem> {
        let panel = Panel::read(text).map_err(|error| {
            Problem::invalid(
                "file",
                format!("This cannot be used: {error}."),
                "Copy it again with \u{201c}Copy phase metrics JSON\u{201d} of the web panel.",
            )
        })?;
        let source = ImportSource {
            name,
            sha256: sha256(text.trim()),
            read_as: String::new(),
        };
        let store = &self.inner.store;
        let added = store
            .import_panel(
                &self.environment(),
                source,
                panel.generated_at_ms,
                text.trim().to_owned(),
            )
            .await
            .map_err(|error| store_problem(&error))?;
        let (added, already) = if added {
            (panel.requests(), 0)
        } else {
            (0, panel.requests())
        };
        Ok(ImportView {
            added,
            already,
            bad: Vec::new(),
            note: Some(self.what_a_panel_is_good_for(&panel)),
        })
    }

    /// What the figures can be used for, as far as that can be told now.
    fn what_a_panel_is_good_for(&self, panel: &Panel) -> String {
        let (label, from) = (panel.phase.label(), when(panel.from_ms, self.zone()));
        let reason = self
            .in_force()
            .map(|in_force| left_out(&[panel], in_force).pop().flatten());
        match reason {
            Some(Some(reason)) => format!("They are kept and do not count: {reason}."),
            Some(None) => {
                "They count in totals and rates, not in percentiles: sums have no durations.".to_owned()
            }
            None => format!(
                "They count in totals and rates, not in percentiles, where {label} is in force since before {from}."
            ),
        }
    }

    async fn columns_of_last_import(&self) -> Result<Option<Columns>, Problem> {
        let kept = self.inner.store.setting(COLUMNS_SETTING).await;
        let kept = kept.map_err(|error| store_problem(&error))?;
        // What another version kept and this one cannot read is as good as nothing.
        Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn no_columns(error: &ColumnError) -> Problem {
    Problem::invalid(
        "file",
        format!("The log's columns cannot be made out: {error}."),
        "Say which column holds the time, the route, the status and the duration.",
    )
}
