//! The rehearsal log: its list, its entries and what is typed into them.
//!
//! The rules are `desk_core::log`'s. A run has its entry from its start on; what a person types is a journal entry of its
//! own, on the disk before it is said to be saved. What leaves the desk is in `out`, what comes in from files in `import`.

mod convert;
mod import;
mod out;
mod pdf;
pub mod view;

use self::{
    convert::{calendar, compared_view, entry_view, row_view},
    view::{
        LogChangeView, LogComparisonView, LogCursorView, LogEntryView, LogPageView, LogPlaceView, LogQuery,
        LogSavedView,
    },
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    journal::record_of,
    phase::parse_phase,
    problem::store_problem,
    view::RunKind,
};
use chrono::NaiveDate;
use chrono_tz::Tz;
use desk_core::{
    EnvironmentName,
    log::{
        Change, Field, Happened, Kind, LONGEST, Sheet, Story, clean, compare, counting, moment::day, undone,
    },
    record::Record,
};
use desk_store::{LogCursor, LogEntryRow, LogFilter, LogPlace, StoreError};

/// The entries of a page, unless said otherwise, and the most of one.
const PAGE: u32 = 100;
const LONGEST_PAGE: u32 = 500;
/// The shortest beginning or end of an id that names an entry.
const SHORTEST_NAME: usize = 8;

impl Desk {
    /// Entries of the log, newest first.
    ///
    /// # Errors
    /// `invalid_input` (field `environment`, `phase`, `from` or `to`) for a filter that means nothing; `store_*`.
    pub async fn log_entries(&self, query: &LogQuery) -> Result<LogPageView, Problem> {
        let zone = self.zone();
        let filter = filter_of(query, zone)?;
        let after = query.after.map(cursor);
        let limit = query.limit.unwrap_or(PAGE).clamp(1, LONGEST_PAGE);
        let store = &self.inner.store;
        let rows = store.log_entries(&filter, after, limit).await.map_err(stored)?;
        let total = store.log_count(&filter).await.map_err(stored)?;
        let is_full = u32::try_from(rows.len()).is_ok_and(|read| read == limit);
        let next = is_full.then(|| cursor_view(after.unwrap_or_default().behind(&rows)));
        Ok(LogPageView {
            entries: rows.iter().map(|row| row_view(row, zone)).collect(),
            total,
            next,
        })
    }

    /// An entry: by its run's label (`R-014`), its id, or the beginning or the end of its id.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `store_*`.
    pub async fn log_entry(&self, wanted: &str) -> Result<LogEntryView, Problem> {
        let row = self.log_row(wanted).await?;
        self.log_entry_view(row).await
    }

    /// Makes an entry for a run of the past, or for one that was not made at this desk, in the present environment.
    ///
    /// # Errors
    /// `invalid_input` (the field) for a text that is too long; `store_*`.
    pub async fn new_log_entry(
        &self,
        kind: Option<RunKind>,
        texts: &[(Field, String)],
    ) -> Result<LogEntryView, Problem> {
        let environment = self.environment();
        let kind = match kind {
            Some(kind) => kind.into(),
            None => Kind::from(self.environment_row(&environment).await?.kind),
        };
        let entry_id = uuid::Uuid::now_v7().to_string();
        let mut records = vec![Record::LogEntryMade {
            entry_id: entry_id.clone(),
            run_kind: kind,
            imported_sha256: None,
        }];
        for (field, text) in texts {
            let text = short_enough(*field, clean(text))?;
            if !text.is_empty() {
                records.push(Record::LogFieldSet {
                    entry_id: entry_id.clone(),
                    field: *field,
                    text,
                    undoes: false,
                });
            }
        }
        let actor = self.typing(&environment).await;
        self.record_all(Some(&environment), None, &actor, records).await?;
        self.touch();
        self.log_entry(&entry_id).await
    }

    /// Keeps what a person typed into a field; it is on the disk when this answers. What equals the fact, or is empty, makes
    /// the fact count again. Whatever is wrong with it is said in the entry, and kept all the same.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `refused` for a withdrawn entry; `invalid_input` (the field) for a text that is too long;
    /// `store_*`.
    pub async fn set_log_field(
        &self,
        wanted: &str,
        field: Field,
        text: &str,
    ) -> Result<LogSavedView, Problem> {
        let row = self.log_row(wanted).await?;
        self.edit(row, &[(field, text.to_owned())], &[]).await
    }

    /// Takes back the newest change to a field that was not taken back yet.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `refused` where nothing is left to take back, and for a withdrawn entry; `store_*`.
    pub async fn undo_log_field(&self, wanted: &str, field: Field) -> Result<LogSavedView, Problem> {
        let row = self.log_row(wanted).await?;
        self.edit(row, &[], &[field]).await
    }

    /// Keeps several texts, then takes back the newest change to some fields: all of it or none.
    ///
    /// # Errors
    /// As [`Self::set_log_field`] and [`Self::undo_log_field`].
    pub async fn edit_log_entry(
        &self,
        wanted: &str,
        texts: &[(Field, String)],
        undo: &[Field],
    ) -> Result<LogSavedView, Problem> {
        let row = self.log_row(wanted).await?;
        self.edit(row, texts, undo).await
    }

    async fn edit(
        &self,
        row: LogEntryRow,
        texts: &[(Field, String)],
        undo: &[Field],
    ) -> Result<LogSavedView, Problem> {
        let mut records = Vec::new();
        let mut typed = row.typed.clone();
        let mut changes: Vec<(Field, Change)> = Vec::new();
        if !undo.is_empty() {
            let history = self.inner.store.log_history(&row.id).await.map_err(stored)?;
            changes.extend(history.into_iter().map(|change| (change.field, change.change)));
        }
        let mut put = |typed: &mut Sheet, changes: &mut Vec<(Field, Change)>, field, text: String, undoes| {
            if text.is_empty() {
                typed.remove(&field);
            } else {
                typed.insert(field, text.clone());
            }
            let change = Change {
                // Its number is not known before it is written, and matters to nobody here.
                seq: 0,
                text: text.clone(),
                undoes,
            };
            changes.push((field, change));
            records.push(Record::LogFieldSet {
                entry_id: row.id.clone(),
                field,
                text,
                undoes,
            });
        };
        for (field, text) in texts {
            let text = short_enough(*field, clean(text))?;
            let mut others = typed.clone();
            others.remove(field);
            let is_fact = counting(row.facts.as_ref(), &others, self.zone()).get(field) == Some(&text);
            let text = if is_fact { String::new() } else { text };
            if typed.get(field).map(String::as_str).unwrap_or_default() != text {
                put(&mut typed, &mut changes, *field, text, false);
            }
        }
        for field in undo {
            let of_field: Vec<Change> = changes
                .iter()
                .filter(|(of, _)| of == field)
                .map(|(_, change)| change.clone())
                .collect();
            let text = undone(&of_field).ok_or_else(|| {
                Problem::new(
                    Code::Refused,
                    format!("Nothing is left to take back in {}.", field.label()),
                    "The entry is as it was.",
                    "Type what should stand there.",
                )
                .about(field.id())
            })?;
            put(&mut typed, &mut changes, *field, text, true);
        }
        if records.is_empty() {
            return Ok(LogSavedView {
                saved_at_ms: None,
                entry: self.log_entry_view(row).await?,
            });
        }
        refuse_withdrawn(&row)?;
        let entry = self.record_in_log(&row, records).await?;
        Ok(LogSavedView {
            saved_at_ms: Some(self.now_ms()),
            entry,
        })
    }

    /// Every change to the fields of an entry, newest first; those of one field, or of all.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `store_*`.
    pub async fn log_history(
        &self,
        wanted: &str,
        field: Option<Field>,
    ) -> Result<Vec<LogChangeView>, Problem> {
        let row = self.log_row(wanted).await?;
        let history = self.inner.store.log_history(&row.id).await.map_err(stored)?;
        Ok(history
            .into_iter()
            .rev()
            .filter(|change| field.is_none_or(|field| field == change.field))
            .map(|change| LogChangeView {
                field: change.field.id().to_owned(),
                text: change.change.text,
                by: change.actor,
                at_ms: change.at_ms,
                undoes: change.change.undoes,
            })
            .collect())
    }

    /// Withdraws an entry that was made in error. It stays in the log and says so.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `invalid_input` (field `reason`); `refused` for one that is withdrawn already; `store_*`.
    pub async fn withdraw_log_entry(&self, wanted: &str, reason: &str) -> Result<LogEntryView, Problem> {
        let row = self.log_row(wanted).await?;
        let reason = clean(reason);
        if reason.is_empty() || reason.chars().count() > LONGEST {
            return Err(invalid(
                "reason",
                "It is missing why the entry is withdrawn, or too long.".to_owned(),
                "Say in a sentence what is wrong with it.",
            ));
        }
        refuse_withdrawn(&row)?;
        let record = Record::LogEntryWithdrawn {
            entry_id: row.id.clone(),
            reason,
        };
        self.record_in_log(&row, vec![record]).await
    }

    /// Compares two runs step by step: which step was slower in the second, what failed anew.
    ///
    /// # Errors
    /// `not_found` (field `entry`); `store_*`.
    pub async fn compare_log_entries(&self, before: &str, after: &str) -> Result<LogComparisonView, Problem> {
        let (before, after) = (self.log_row(before).await?, self.log_row(after).await?);
        let (one, other) = (self.story_of(&before).await?, self.story_of(&after).await?);
        let zone = self.zone();
        Ok(LogComparisonView {
            before: row_view(&before, zone),
            after: row_view(&after, zone),
            steps: compare(&one, &other).iter().map(compared_view).collect(),
        })
    }

    /// Writes acts on an entry, all or none, and gives the entry as it stands. Under its run, where it has one: what is typed
    /// about a run belongs to that run's stretch of the journal.
    async fn record_in_log(&self, row: &LogEntryRow, records: Vec<Record>) -> Result<LogEntryView, Problem> {
        let actor = self.typing(&row.environment).await;
        let run_id = row.run_number.is_some().then_some(row.id.as_str());
        self.record_all(Some(&row.environment), run_id, &actor, records)
            .await?;
        self.touch();
        self.log_entry(&row.id).await
    }

    /// Who types: the operator's uid where one is known, else whoever uses this machine. In the log it is always a person,
    /// and offline, with nobody signed in, is the usual case.
    async fn typing(&self, environment: &EnvironmentName) -> String {
        match self.operator_uid(environment).await {
            Some(uid) => uid,
            None => on_this_machine(
                ["USER", "LOGNAME", "USERNAME"]
                    .into_iter()
                    .find_map(|name| std::env::var(name).ok()),
            ),
        }
    }

    /// The row of the entry that is called so.
    async fn log_row(&self, wanted: &str) -> Result<LogEntryRow, Problem> {
        let wanted = wanted.trim();
        let store = &self.inner.store;
        let number = wanted
            .strip_prefix("R-")
            .or_else(|| wanted.strip_prefix("r-"))
            .and_then(|number| number.parse().ok());
        if let Some(number) = number {
            let of_run = store.log_entry_of_run(number).await.map_err(stored)?;
            return of_run.ok_or_else(|| no_entry(wanted));
        }
        if let Some(row) = store.log_entry(wanted).await.map_err(stored)? {
            return Ok(row);
        }
        if wanted.chars().count() < SHORTEST_NAME {
            return Err(no_entry(wanted));
        }
        let mut called = store.log_entries_called(wanted).await.map_err(stored)?;
        match (called.pop(), called.is_empty()) {
            (Some(row), true) => Ok(row),
            (Some(_), false) => Err(Problem::new(
                Code::NotFound,
                format!("More than one entry's id begins or ends with {wanted:?}."),
                "Nothing was changed.",
                "Give more of the id; log show and the list tell it whole.",
            )
            .about("entry")),
            (None, _) => Err(no_entry(wanted)),
        }
    }

    async fn log_entry_view(&self, row: LogEntryRow) -> Result<LogEntryView, Problem> {
        let history = self.inner.store.log_history(&row.id).await.map_err(stored)?;
        let story = self.story_of(&row).await?;
        let zone = self.zone();
        let now = calendar(self.now_ms(), zone);
        Ok(entry_view(&row, &history, &story, now, zone))
    }

    /// What the journal tells of the entry's run; nothing where the desk did not make it.
    async fn story_of(&self, row: &LogEntryRow) -> Result<Story, Problem> {
        let entries = self
            .inner
            .store
            .journal_of_run(&row.id, 0)
            .await
            .map_err(stored)?;
        let mut happened = Vec::with_capacity(entries.len());
        for entry in entries {
            happened.push(Happened {
                at_ms: entry.at_ms,
                record: record_of(&entry)?,
                actor: entry.actor,
            });
        }
        Ok(Story::of(happened))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
fn stored(error: StoreError) -> Problem {
    store_problem(&error)
}

/// The field that is called so.
///
/// # Errors
/// `invalid_input` (field `field`).
pub fn field_called(name: &str) -> Result<Field, Problem> {
    Field::from_person(name).ok_or_else(|| {
        let names: Vec<&str> = Field::ALL.iter().map(|field| field.id()).collect();
        invalid(
            "field",
            format!("{name:?} is no field of the log."),
            &format!("Name one of {}.", names.join(", ")),
        )
    })
}

fn cursor(view: LogCursorView) -> LogCursor {
    let place = |place: LogPlaceView| LogPlace {
        sort_ms: place.at_ms,
        seq: place.seq,
    };
    LogCursor {
        known: view.known.map(place),
        typed: view.typed.map(place),
    }
}

fn cursor_view(cursor: LogCursor) -> LogCursorView {
    let place = |place: LogPlace| LogPlaceView {
        at_ms: place.sort_ms,
        seq: place.seq,
    };
    LogCursorView {
        known: cursor.known.map(place),
        typed: cursor.typed.map(place),
    }
}

/// Whoever uses this machine, by the name of their account.
fn on_this_machine(account: Option<String>) -> String {
    let account = account.map(|name| clean(&name)).filter(|name| !name.is_empty());
    format!("{} on this machine", account.as_deref().unwrap_or("somebody"))
}

fn filter_of(query: &LogQuery, zone: Tz) -> Result<LogFilter, Problem> {
    let filled = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let environment = filled(&query.environment)
        .map(|name| {
            EnvironmentName::new(&name).map_err(|_| {
                invalid(
                    "environment",
                    format!("There can be no environment {name:?}."),
                    "Choose one of the list.",
                )
            })
        })
        .transpose()?;
    let read_day = |field: &str, text: &str| -> Result<Option<NaiveDate>, Problem> {
        filled(text)
            .map(|text| {
                day(&text)
                    .ok_or_else(|| invalid(field, format!("{text:?} is no day."), "Write it as 2026-11-25."))
            })
            .transpose()
    };
    Ok(LogFilter {
        environment,
        kind: query.kind.map(Kind::from),
        owner: filled(&query.owner),
        phase: filled(&query.phase)
            .map(|phase| parse_phase(&phase))
            .transpose()?,
        outcome: query.outcome.map(Into::into),
        from: read_day("from", &query.from)?,
        to: read_day("to", &query.to)?,
        zone,
        search: query.search.clone(),
    })
}

fn short_enough(field: Field, text: String) -> Result<String, Problem> {
    if text.chars().count() <= LONGEST {
        return Ok(text);
    }
    Err(invalid(
        field.id(),
        format!("{} is longer than {LONGEST} characters.", field.label()),
        "Shorten it; a long text is better attached as a file.",
    ))
}

fn refuse_withdrawn(row: &LogEntryRow) -> Result<(), Problem> {
    let Some(withdrawn) = &row.withdrawn else {
        return Ok(());
    };
    Err(Problem::new(
        Code::Refused,
        format!("The entry was withdrawn: {}", withdrawn.reason),
        "It is as it was.",
        "Make another entry.",
    ))
}

/// Something typed that the log cannot use.
fn invalid(field: &str, message: String, next: &str) -> Problem {
    let mut problem = Problem::invalid(field, message, next);
    "Nothing was recorded; the rollout is unchanged.".clone_into(&mut problem.meaning);
    problem
}

fn no_entry(wanted: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no entry {wanted:?} in the log."),
        "Nothing was changed.",
        "Look at the list of entries.",
    )
    .about("entry")
}

#[cfg(test)]
mod tests {
    use super::on_this_machine;

    #[test]
    fn whoever_types_is_a_person() {
        for (account, expected) in [
            (Some("ana"), "ana on this machine"),
            (Some(" \n"), "somebody on this machine"),
            (None, "somebody on this machine"),
        ] {
            assert_eq!(on_this_machine(account.map(str::to_owned)), expected);
        }
    }
}
