//! Entries from files. The same file a second time changes nothing: an entry is known by its id, by what stood in the file
//! that it came from, or by what stands in it now.

use super::{
    convert::label,
    stored,
    view::{LogChangedView, LogImportView, LogUnreadView},
};
use crate::{desk::Desk, error::Problem};
use chrono::Days;
use desk_core::{
    log::{
        Field, Format, Incoming, Kind, LONGEST, Sheet, clean, content_of_kind_sha256, content_sha256,
        counting, format_of, moment::day, read,
    },
    record::Record,
};
use desk_store::{LogEntryRow, LogFilter};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashSet};

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
        let (mut records, mut made, mut known) = (Vec::new(), Vec::new(), 0);
        let (mut unread, mut changed, mut elsewhere) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut in_this_file = HashSet::new();
        for (number, entry) in (1..).zip(incoming) {
            let sha256 = content_of(&entry);
            // Two runs may say the same: they are one entry only where nothing beside their fields tells them apart.
            let is_twice = !in_this_file.insert((
                content_sha256(&entry.sheet),
                entry.id.clone(),
                entry.kind.unwrap_or(kind),
                entry.withdrawn.clone(),
            ));
            if let Some(row) = self.row_by_id(&entry).await? {
                known += 1;
                changed.extend(self.says_something_else(&entry, &row, format));
                continue;
            }
            if is_twice || self.is_known(&entry, format).await? {
                known += 1;
                continue;
            }
            let entry_id = uuid::Uuid::now_v7().to_string();
            records.push(Record::LogEntryMade {
                entry_id: entry_id.clone(),
                run_kind: entry.kind.unwrap_or(kind),
                imported_sha256: Some(sha256),
            });
            let mut sheet = entry.sheet;
            // As it stands in the file: what is said to be too long is to be found there.
            let long = |(_, text): &(&Field, &String)| text.chars().count() > LONGEST;
            if let Some((field, _)) = sheet.iter().find(long) {
                return Err(too_long(number, *field, entry.unread.len()));
            }
            // What was live elsewhere must not pass for a cutover of this environment.
            if let Some(name) = entry.environment.filter(|name| *name != environment.as_str()) {
                mark(&mut sheet, &name);
                elsewhere.insert(name);
            }
            for (field, text) in sheet {
                records.push(Record::LogFieldSet {
                    entry_id: entry_id.clone(),
                    field,
                    text,
                    undoes: false,
                });
            }
            if let Some(reason) = entry.withdrawn {
                records.push(Record::LogEntryWithdrawn {
                    entry_id: entry_id.clone(),
                    reason,
                });
            }
            unread.extend(entry.unread.into_iter().map(|unread| LogUnreadView {
                line: unread.line,
                text: unread.text,
                why: unread.why.to_owned(),
            }));
            made.push(entry_id);
        }
        if !made.is_empty() {
            records.push(Record::LogImported {
                sha256: hex::encode(Sha256::digest(bytes)),
                made: made.clone(),
                known,
                unread: unread.iter().map(|unread| unread.line).collect(),
            });
            let actor = self.typing(&environment).await;
            self.record_all(Some(&environment), None, &actor, records).await?;
            self.touch();
        }
        Ok(LogImportView {
            made,
            known,
            unread,
            changed,
            elsewhere: elsewhere.into_iter().collect(),
        })
    }

    /// The entry that has the id which stands in the file.
    async fn row_by_id(&self, entry: &Incoming) -> Result<Option<LogEntryRow>, Problem> {
        match &entry.id {
            Some(id) => self.inner.store.log_entry(id).await.map_err(stored),
            None => Ok(None),
        }
    }

    /// Whether a file says something else of an entry than stands in it, and of which fields.
    fn says_something_else(
        &self,
        entry: &Incoming,
        row: &LogEntryRow,
        format: Format,
    ) -> Option<LogChangedView> {
        let here = in_file(counting(row.facts.as_ref(), &row.typed, self.zone()), format);
        let mut fields: Vec<String> = Field::ALL
            .into_iter()
            .filter(|field| entry.sheet.get(field) != here.get(field))
            .map(|field| field.id().to_owned())
            .collect();
        if entry.withdrawn.is_some() && row.withdrawn.is_none() {
            fields.push("withdrawn".to_owned());
        }
        (!fields.is_empty()).then(|| LogChangedView {
            id: row.id.clone(),
            label: label(row),
            fields,
        })
    }

    async fn is_known(&self, entry: &Incoming, format: Format) -> Result<bool, Problem> {
        let store = &self.inner.store;
        let is_of_kind = |kind: &Kind| entry.kind.is_none_or(|said| said == *kind);
        let of_kinds = [Kind::Rehearsal, Kind::Live].into_iter().filter(is_of_kind);
        let contents = of_kinds.map(|kind| (content_of_kind_sha256(kind, &entry.sheet), None));
        // What came from a file without kinds, or before they were in the digest, is told apart by the kind it is here.
        let without = (content_sha256(&entry.sheet), entry.kind);
        for (sha256, kind) in contents.chain([without]) {
            if store.log_has_content(&sha256, kind).await.map_err(stored)? {
                return Ok(true);
            }
        }
        // An entry that was exported from here, and comes back without its id.
        let Some(date) = entry.sheet.get(&Field::Date).and_then(|date| day(date)) else {
            return Ok(false);
        };
        let filter = LogFilter {
            kind: entry.kind,
            from: date.checked_sub_days(Days::new(1)),
            to: date.checked_add_days(Days::new(1)),
            zone: self.zone(),
            ..LogFilter::default()
        };
        let rows = store.log_entries(&filter, None, SAME_DAY).await.map_err(stored)?;
        let counts = |row: &LogEntryRow| counting(row.facts.as_ref(), &row.typed, self.zone());
        Ok(rows
            .into_iter()
            .any(|row| in_file(counts(&row), format) == entry.sheet))
    }
}

/// What an entry is known by when its file comes again.
fn content_of(entry: &Incoming) -> String {
    match entry.kind {
        Some(kind) => content_of_kind_sha256(kind, &entry.sheet),
        None => content_sha256(&entry.sheet),
    }
}

/// Says in an entry's notes that it is from another environment, where they have room for that.
fn mark(sheet: &mut Sheet, environment: &str) {
    let mut notes = sheet.get(&Field::Notes).cloned().unwrap_or_default();
    if !notes.is_empty() {
        notes.push('\n');
    }
    notes.push_str("Imported from another environment: ");
    notes.push_str(&clean(environment));
    if notes.chars().count() <= LONGEST {
        sheet.insert(Field::Notes, notes);
    }
}

/// What of an entry a file of this format holds.
fn in_file(sheet: Sheet, format: Format) -> Sheet {
    let is_in_file = |field: &Field| format != Format::Text || field.is_of_the_form();
    sheet.into_iter().filter(|(field, _)| is_in_file(field)).collect()
}

/// A file of which a text is longer than its field may be. Nothing of it is cut, and so nothing is taken.
fn too_long(number: usize, field: Field, unread: usize) -> Problem {
    if field == Field::Notes && unread > 0 {
        return super::invalid(
            "file",
            format!(
                "{unread} lines of it cannot be read, more than the notes of an entry hold ({LONGEST} characters)."
            ),
            "Split the file, or take out of it what is no rehearsal log.",
        );
    }
    super::invalid(
        "file",
        format!(
            "{} of its entry {number} is longer than {LONGEST} characters.",
            field.label()
        ),
        "Shorten it in the file; a long text is better attached as a file.",
    )
}
