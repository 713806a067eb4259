//! Entries from files. The same file a second time changes nothing: an entry is known by its id, by what stood in the file
//! that it came from, or by what stands in it now.

use super::{
    short_enough, stored,
    view::{LogImportView, LogUnreadView},
};
use crate::{desk::Desk, error::Problem};
use chrono::{Days, NaiveTime};
use desk_core::{
    log::{Field, Format, Incoming, Kind, Sheet, content_sha256, counting, format_of, moment::day, read},
    record::Record,
};
use desk_store::LogFilter;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// The largest file, bytes.
const LARGEST: usize = 32 * 1024 * 1024;
/// The entries of a day that an incoming one is held against.
const SAME_DAY: u32 = 200;

impl Desk {
    /// Imports the entries of a file into the present environment: the runbook's text template, Markdown or JSON. All of the
    /// file, or nothing of it.
    ///
    /// # Errors
    /// `invalid_input` (field `file`) for a file without an entry; `store_*`.
    pub async fn import_log_entries(&self, bytes: &[u8]) -> Result<LogImportView, Problem> {
        let refused = |message: String, next: &str| super::invalid("file", message, next);
        if bytes.len() > LARGEST {
            return Err(refused("The file is larger than 32 MiB.".to_owned(), "Split it."));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
            refused(
                format!("The file is no text: line {line} is not UTF-8."),
                "Save it as UTF-8.",
            )
        })?;
        let format = format_of(text);
        let incoming = read(text, format).map_err(|error| {
            refused(
                format!("The file is no rehearsal log: {error}."),
                "Give the runbook's template filled in, or a file that the desk has exported.",
            )
        })?;
        let environment = self.environment();
        let kind = Kind::from(self.environment_row(&environment).await?.kind);
        let unread = incoming
            .iter()
            .flat_map(|entry| &entry.unread)
            .map(|unread| LogUnreadView {
                line: unread.line,
                text: unread.text.clone(),
                why: unread.why.to_owned(),
            });
        let unread: Vec<LogUnreadView> = unread.collect();
        let (mut records, mut made, mut known) = (Vec::new(), Vec::new(), 0);
        let mut in_this_file = HashSet::new();
        for entry in incoming {
            let sha256 = content_sha256(&entry.sheet);
            if !in_this_file.insert(sha256.clone()) || self.is_known(&entry, &sha256, format).await? {
                known += 1;
                continue;
            }
            let entry_id = uuid::Uuid::now_v7().to_string();
            records.push(Record::LogEntryMade {
                entry_id: entry_id.clone(),
                run_kind: entry.kind.unwrap_or(kind),
                imported_sha256: Some(sha256),
            });
            for (field, text) in entry.sheet {
                records.push(Record::LogFieldSet {
                    entry_id: entry_id.clone(),
                    field,
                    text: short_enough(field, text)?,
                    undoes: false,
                });
            }
            made.push(entry_id);
        }
        if !made.is_empty() {
            records.push(Record::LogImported {
                sha256: hex::encode(Sha256::digest(bytes)),
                made: made.clone(),
                known,
                unread: unread.iter().map(|unread| unread.line).collect(),
            });
            let actor = self.acting(&environment).await;
            self.record_all(Some(&environment), None, &actor, records).await?;
            self.touch();
        }
        Ok(LogImportView { made, known, unread })
    }

    async fn is_known(&self, entry: &Incoming, sha256: &str, format: Format) -> Result<bool, Problem> {
        let store = &self.inner.store;
        if let Some(id) = &entry.id
            && store.log_entry(id).await.map_err(stored)?.is_some()
        {
            return Ok(true);
        }
        if store.log_has_content(sha256).await.map_err(stored)? {
            return Ok(true);
        }
        // An entry that was exported from here, and comes back without its id.
        let Some(date) = entry.sheet.get(&Field::Date).and_then(|date| day(date)) else {
            return Ok(false);
        };
        let midnight = |days: Option<chrono::NaiveDate>| {
            days.map(|day| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis())
        };
        let filter = LogFilter {
            from_ms: midnight(date.checked_sub_days(Days::new(1))),
            until_ms: midnight(date.checked_add_days(Days::new(2))),
            ..LogFilter::default()
        };
        let rows = store.log_entries(&filter, None, SAME_DAY).await.map_err(stored)?;
        let counts = |sheet: Sheet| -> Sheet {
            let is_in_file = |field: &Field| format != Format::Text || field.is_of_the_form();
            sheet.into_iter().filter(|(field, _)| is_in_file(field)).collect()
        };
        Ok(rows
            .into_iter()
            .any(|row| counts(counting(row.facts.as_ref(), &row.typed, self.zone())) == entry.sheet))
    }
}
