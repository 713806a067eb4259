//! What leaves the log: the runbook's text, Markdown, CSV, JSON, the report to print, the after-action report.

use super::{
    convert::page,
    pdf, stored,
    view::{LogFormat, LogQuery},
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    problem::internal_problem,
};
use desk_core::log::{Page, after_action, csv, json, markdown, text};
use desk_store::{LogCursor, LogEntryRow};
use std::path::PathBuf;

/// How many entries are read at once.
const AT_ONCE: u32 = 500;

impl Desk {
    /// An entry in the runbook's own block, line by line.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `store_*`.
    pub async fn log_entry_text(&self, wanted: &str) -> Result<String, Problem> {
        let row = self.log_row(wanted).await?;
        Ok(text(&self.log_page(&row).await?.sheet()))
    }

    /// An entry as Markdown, with where each field comes from.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `store_*`.
    pub async fn log_entry_markdown(&self, wanted: &str) -> Result<String, Problem> {
        let row = self.log_row(wanted).await?;
        Ok(markdown(&[self.log_page(&row).await?]))
    }

    /// The after-action report of a run as Markdown, written from the journal: planned and actual, splits, what failed with
    /// its ids, overrides, open points, and the lessons that a person added.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `store_*`.
    pub async fn after_action(&self, wanted: &str) -> Result<String, Problem> {
        let row = self.log_row(wanted).await?;
        let page = self.log_page(&row).await?;
        let story = self.story_of(&row).await?;
        Ok(after_action(&page, &story, &self.runbook(), self.zone()))
    }

    /// The bytes of a file with one entry, or with all that a query lets through, newest first.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `invalid_input` (field `entry`) where a report is asked for of more than one entry, or
    /// for a filter that means nothing; `store_*`.
    pub async fn export_log(
        &self,
        wanted: Option<&str>,
        query: &LogQuery,
        format: LogFormat,
    ) -> Result<Vec<u8>, Problem> {
        let rows = match wanted {
            Some(wanted) => vec![self.log_row(wanted).await?],
            None => self.all_rows(query).await?,
        };
        let mut pages = Vec::with_capacity(rows.len());
        for row in &rows {
            pages.push(self.log_page(row).await?);
        }
        let bytes = match format {
            LogFormat::Text => {
                let blocks: Vec<String> = pages.iter().map(|page| text(&page.sheet())).collect();
                blocks.join("\n---\n\n").into_bytes()
            }
            LogFormat::Markdown => markdown(&pages).into_bytes(),
            LogFormat::Csv => csv(&pages)
                .map_err(|error| internal_problem(&error))?
                .into_bytes(),
            LogFormat::Json => {
                let document = serde_json::to_string_pretty(&json(&pages));
                document.map_err(|error| internal_problem(&error))?.into_bytes()
            }
            LogFormat::Pdf | LogFormat::Report => {
                let ([row], [page]) = (rows.as_slice(), pages.as_slice()) else {
                    return Err(super::invalid(
                        "entry",
                        "A report is of one entry.".to_owned(),
                        "Name the entry.",
                    ));
                };
                let story = self.story_of(row).await?;
                let runbook = self.runbook();
                if format == LogFormat::Report {
                    after_action(page, &story, &runbook, self.zone()).into_bytes()
                } else {
                    pdf::report(page, &story, &runbook, self.zone())
                        .map_err(|error| internal_problem(&error))?
                }
            }
        };
        Ok(bytes)
    }

    /// The same as a file among the desk's own. Gives the file.
    ///
    /// # Errors
    /// As [`Self::export_log`], and `store_failed` when the file cannot be written.
    pub async fn save_log_export(
        &self,
        wanted: Option<&str>,
        query: &LogQuery,
        format: LogFormat,
    ) -> Result<PathBuf, Problem> {
        let bytes = self.export_log(wanted, query, format).await?;
        let folder = self.data_dir().join("log");
        let name = match wanted {
            Some(wanted) => super::convert::label(&self.log_row(wanted).await?),
            None => "log".to_owned(),
        };
        let now = super::convert::calendar(self.now_ms(), self.zone());
        let stamp = now.format("%Y%m%d-%H%M%S");
        let file = folder.join(format!("{name}-{stamp}.{}", format.extension()));
        let written = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, bytes));
        written.map_err(|error| {
            Problem::new(
                Code::StoreFailed,
                format!("{} cannot be written.", file.display()),
                "The log is as it was.",
                "Check the data directory and the space on its disk.",
            )
            .detailed(error.to_string())
        })?;
        Ok(file)
    }

    async fn all_rows(&self, query: &LogQuery) -> Result<Vec<LogEntryRow>, Problem> {
        let filter = super::filter_of(query, self.zone())?;
        let mut rows: Vec<LogEntryRow> = Vec::new();
        let mut after = LogCursor::default();
        loop {
            let read = self
                .inner
                .store
                .log_entries(&filter, Some(after), AT_ONCE)
                .await
                .map_err(stored)?;
            let is_last = u32::try_from(read.len()).is_ok_and(|read| read < AT_ONCE);
            after = after.behind(&read);
            rows.extend(read);
            if is_last {
                return Ok(rows);
            }
        }
    }

    pub(super) async fn log_page(&self, row: &LogEntryRow) -> Result<Page, Problem> {
        let history = self.inner.store.log_history(&row.id).await.map_err(stored)?;
        Ok(page(row, &history, self.zone()))
    }
}
