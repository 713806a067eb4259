//! `log`: the rehearsal log.

use super::{Global, Printer, Status, with_desk};
use clap::{Args, Subcommand, ValueEnum};
use desk_app::{
    Desk, Problem,
    log::{
        field_called,
        view::{LogEntryView, LogFormat, LogOutcome, LogPageView, LogQuery, LogRowView},
    },
    time::when,
    view::RunKind,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Command {
    /// List the entries, newest first
    List {
        #[command(flatten)]
        filter: Filter,
    },
    /// Show an entry as the runbook's form, with where each field comes from
    Show {
        /// Its run's label, such as R-001, its id, or the beginning or end of its id
        entry: String,
        /// Every change to its fields, newest first
        #[arg(long)]
        history: bool,
    },
    /// Make an entry for a run of the past, or for one that was not made at this desk
    New {
        /// Whether the run was for real [default: as the environment is]
        #[arg(long)]
        kind: Option<KindArg>,
        /// What stands in a field: date=2026-11-25
        #[arg(long, value_name = "FIELD=VALUE", value_parser = pair)]
        set: Vec<(String, String)>,
    },
    /// Type into the fields of an entry
    ///
    /// What the desk knows stands beside it. An empty value makes that count again. All of it is done, or nothing.
    Edit {
        /// The entry
        entry: String,
        /// What stands in a field: reason="loans fail"
        #[arg(long, value_name = "FIELD=VALUE", value_parser = pair, required_unless_present = "undo")]
        set: Vec<(String, String)>,
        /// Take back the newest change to a field
        #[arg(long, value_name = "FIELD")]
        undo: Vec<String>,
    },
    /// Withdraw an entry that was made in error; it stays, and says so
    Withdraw {
        /// The entry
        entry: String,
        /// What is wrong with it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Find entries by words that begin so
    Search {
        /// The words
        text: String,
        #[command(flatten)]
        filter: Filter,
    },
    /// Write entries out: one, or all that the filters let through
    Export {
        /// The entry [default: all]
        entry: Option<String>,
        /// The form [default: as the file's name ends, else text]
        #[arg(long)]
        format: Option<FormatArg>,
        /// Into this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        #[command(flatten)]
        filter: Filter,
    },
    /// Read entries from a file: the runbook's text template, Markdown or JSON
    ///
    /// A line that cannot be read is told with its number and kept in the notes. The same file again changes nothing.
    Import {
        /// The file
        file: PathBuf,
    },
    /// Compare two runs step by step: which step was slower in the second, what failed anew
    Compare {
        /// The run to compare with
        before: String,
        /// The run
        after: String,
    },
}

/// Which entries are wanted.
#[derive(Args)]
pub struct Filter {
    /// In all environments, not only in this one
    #[arg(long)]
    all: bool,
    /// Whether the run was for real
    #[arg(long = "run-kind", value_name = "KIND")]
    run_kind: Option<KindArg>,
    /// Letters of the release owner's name
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    owner: String,
    /// A phase that it was promoted to or rolled back to
    #[arg(long, value_name = "PHASE", default_value = "", hide_default_value = true)]
    phase: String,
    /// How it went
    #[arg(long)]
    outcome: Option<OutcomeArg>,
    /// The first day, 2026-11-25
    #[arg(long, value_name = "DAY", default_value = "", hide_default_value = true)]
    from: String,
    /// The last day
    #[arg(long, value_name = "DAY", default_value = "", hide_default_value = true)]
    to: String,
    /// The most entries
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum KindArg {
    /// Practice and staging
    Rehearsal,
    /// The live cutover
    Live,
}

impl From<KindArg> for RunKind {
    fn from(kind: KindArg) -> Self {
        match kind {
            KindArg::Rehearsal => Self::Rehearsal,
            KindArg::Live => Self::Live,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum OutcomeArg {
    /// It goes on
    Open,
    /// It ended, and nothing is known to have gone wrong
    Done,
    /// Its smoke results say that something failed
    Failed,
    /// The phase was rolled back, not only in a drill
    RolledBack,
}

impl From<OutcomeArg> for LogOutcome {
    fn from(outcome: OutcomeArg) -> Self {
        match outcome {
            OutcomeArg::Open => Self::Open,
            OutcomeArg::Done => Self::Done,
            OutcomeArg::Failed => Self::Failed,
            OutcomeArg::RolledBack => Self::RolledBack,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub enum FormatArg {
    /// The runbook's own block
    Text,
    /// Markdown, with where each field comes from
    Markdown,
    /// A table for spreadsheets
    Csv,
    /// JSON, which is read back whole
    Json,
    /// A report of one run, to print
    Pdf,
    /// The after-action report of one run, as Markdown
    Report,
}

impl From<FormatArg> for LogFormat {
    fn from(format: FormatArg) -> Self {
        match format {
            FormatArg::Text => Self::Text,
            FormatArg::Markdown => Self::Markdown,
            FormatArg::Csv => Self::Csv,
            FormatArg::Json => Self::Json,
            FormatArg::Pdf => Self::Pdf,
            FormatArg::Report => Self::Report,
        }
    }
}

impl Filter {
    fn query(&self, desk: &Desk, search: &str) -> LogQuery {
        LogQuery {
            environment: if self.all {
                String::new()
            } else {
                desk.environment().to_string()
            },
            kind: self.run_kind.map(Into::into),
            owner: self.owner.clone(),
            phase: self.phase.clone(),
            outcome: self.outcome.map(Into::into),
            from: self.from.clone(),
            to: self.to.clone(),
            search: search.to_owned(),
            after: None,
            limit: Some(self.limit),
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (field, value) = text.split_once('=').ok_or("there is no = in it")?;
    Ok((field.trim().to_owned(), value.to_owned()))
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| act(desk, command, printer).await).await
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::List { filter } => list(desk, &filter.query(desk, ""), printer).await?,
        Command::Search { text, filter } => list(desk, &filter.query(desk, &text), printer).await?,
        Command::Show {
            entry,
            history: false,
        } => {
            let entry = desk.log_entry(&entry).await?;
            printer.result(&entry, || describe(desk, &entry));
        }
        Command::Show { entry, history: true } => {
            let changes = desk.log_history(&entry, None).await?;
            printer.result(&changes, || {
                let lines: Vec<String> = changes
                    .iter()
                    .map(|change| {
                        let what = if change.undoes { "took back to" } else { "typed" };
                        format!(
                            "{}  {}  {} {what} {:?}",
                            when(change.at_ms, desk.zone()),
                            change.field,
                            change.by,
                            change.text
                        )
                    })
                    .collect();
                if lines.is_empty() {
                    "Nothing was typed into it.".to_owned()
                } else {
                    lines.join("\n")
                }
            });
        }
        Command::New { kind, set } => {
            let mut texts = Vec::with_capacity(set.len());
            for (name, text) in set {
                texts.push((field_called(&name)?, text));
            }
            let entry = desk.new_log_entry(kind.map(Into::into), &texts).await?;
            printer.result(&entry, || describe(desk, &entry));
            warn(&entry, printer);
        }
        Command::Edit { entry, set, undo } => {
            let mut fields = Vec::with_capacity(set.len());
            for (name, text) in set {
                fields.push((field_called(&name)?, text));
            }
            let undo = undo
                .iter()
                .map(|name| field_called(name))
                .collect::<Result<Vec<_>, _>>()?;
            let entry = desk.edit_log_entry(&entry, &fields, &undo).await?.entry;
            printer.result(&entry, || describe(desk, &entry));
            warn(&entry, printer);
        }
        Command::Withdraw { entry, reason } => {
            let entry = desk.withdraw_log_entry(&entry, &reason).await?;
            printer.result(&entry, || describe(desk, &entry));
        }
        Command::Export {
            entry,
            format,
            out,
            filter,
        } => return export(desk, entry.as_deref(), format, out.as_deref(), &filter, printer).await,
        Command::Import { file } => {
            let bytes = std::fs::read(&file).map_err(|error| {
                let message = format!("{} cannot be read.", file.display());
                Problem::invalid("file", message, "Give a text file.").detailed(error.to_string())
            })?;
            let imported = desk.import_log_entries(&bytes).await?;
            for unread in &imported.unread {
                printer.progress(&format!(
                    "Line {} could not be read, because {}; it is kept in the notes: {}",
                    unread.line, unread.why, unread.text
                ));
            }
            for name in &imported.elsewhere {
                printer.progress(&format!(
                    "The file tells of the environment {name}; its entries are in {} now, and their notes say so where they have room.",
                    desk.environment()
                ));
            }
            for changed in &imported.changed {
                printer.progress(&format!(
                    "{} is there already, but the file says something else: {}. The entry is as it was.",
                    changed.label,
                    changed.fields.join(", ")
                ));
            }
            printer.result(&imported, || {
                let known = match imported.known {
                    0 => String::new(),
                    1 => "; 1 was there already".to_owned(),
                    known => format!("; {known} were there already"),
                };
                let made = match imported.made.len() {
                    1 => "1 entry made".to_owned(),
                    made => format!("{made} entries made"),
                };
                let mut lines = vec![format!("{made}{known}.")];
                lines.extend(imported.made.iter().map(|id| format!("  {id}")));
                lines.join("\n")
            });
        }
        Command::Compare { before, after } => {
            let compared = desk.compare_log_entries(&before, &after).await?;
            printer.result(&compared, || {
                let took = |word: &Option<String>, ms: Option<u64>| match (word, ms) {
                    (Some(word), Some(ms)) => format!("{word} {ms} ms"),
                    (Some(word), None) => word.clone(),
                    (None, _) => "not there".to_owned(),
                };
                let dated = |row: &LogRowView| format!("{} ({})", row.label, row.began);
                let mut lines = vec![format!(
                    "{} → {}",
                    dated(&compared.before),
                    dated(&compared.after)
                )];
                if compared.before.began_at_ms > compared.after.began_at_ms {
                    lines.push(format!("  {} is the later of the two.", compared.before.label));
                }
                lines.extend(compared.steps.iter().map(|step| {
                    let slower = step
                        .slower_by_ms
                        .map(|ms| format!("  slower by {ms} ms"))
                        .unwrap_or_default();
                    let anew = if step.failed_anew { "  FAILED ANEW" } else { "" };
                    format!(
                        "  {}  {}  {} → {}{slower}{anew}",
                        step.step,
                        step.account,
                        took(&step.before, step.before_ms),
                        took(&step.after, step.after_ms)
                    )
                }));
                if compared.steps.is_empty() {
                    lines.push("  Neither has steps that the desk made.".to_owned());
                }
                lines.join("\n")
            });
        }
    }
    Ok(Status::Yes)
}

async fn list(desk: &Desk, query: &LogQuery, printer: &Printer) -> Result<(), Problem> {
    let page = desk.log_entries(query).await?;
    printer.result(&page, || describe_page(&page));
    Ok(())
}

async fn export(
    desk: &Desk,
    entry: Option<&str>,
    format: Option<FormatArg>,
    out: Option<&Path>,
    filter: &Filter,
    printer: &Printer,
) -> Result<Status, Problem> {
    #[derive(Serialize)]
    struct Written<'a> {
        file: &'a Path,
        bytes: usize,
    }
    let by_name = out
        .and_then(Path::extension)
        .and_then(|extension| LogFormat::of_extension(&extension.to_string_lossy()));
    let format = format.map(LogFormat::from).or(by_name).unwrap_or(LogFormat::Text);
    let bytes = desk.export_log(entry, &filter.query(desk, ""), format).await?;
    match out {
        // As it is, whatever else is asked for: what is asked for is the file.
        None => Printer::script(&bytes),
        Some(file) => {
            std::fs::write(file, &bytes).map_err(|error| {
                let message = format!("{} cannot be written.", file.display());
                Problem::invalid("out", message, "Choose another file.").detailed(error.to_string())
            })?;
            let written = Written {
                file,
                bytes: bytes.len(),
            };
            printer.result(&written, || format!("Written to {}.", file.display()));
        }
    }
    Ok(Status::Yes)
}

/// What is wrong is said, and kept all the same.
fn warn(entry: &LogEntryView, printer: &Printer) {
    for field in &entry.fields {
        if let Some(wrong) = &field.wrong {
            printer.progress(&format!("{}: {wrong} It is kept as typed.", field.label));
        }
    }
}

fn kind_word(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Rehearsal => "rehearsal",
        RunKind::Live => "LIVE",
    }
}

fn describe_row(row: &LogRowView) -> String {
    let withdrawn = if row.withdrawn { "  WITHDRAWN" } else { "" };
    let owner = if row.owner.is_empty() {
        "not named"
    } else {
        &row.owner
    };
    format!(
        "{}  {} in {}  {}  owner {owner}  {}{withdrawn}",
        row.label,
        kind_word(row.kind),
        row.environment,
        row.began,
        row.outcome.word(),
    )
}

fn describe_page(page: &LogPageView) -> String {
    if page.entries.is_empty() {
        return "No entry. A run has its entry from its start on; log new makes one for the past.".to_owned();
    }
    let mut lines: Vec<String> = page.entries.iter().map(describe_row).collect();
    if page.next.is_some() {
        lines.push(format!(
            "{} of {} entries; --limit shows more.",
            page.entries.len(),
            page.total
        ));
    }
    lines.join("\n")
}

fn describe(desk: &Desk, entry: &LogEntryView) -> String {
    let mut lines = vec![describe_row(&entry.row), format!("  id  {}", entry.row.id)];
    if let Some(withdrawal) = &entry.withdrawal {
        lines.push(format!(
            "  WITHDRAWN by {}, {}: {}",
            withdrawal.by,
            when(withdrawal.at_ms, desk.zone()),
            withdrawal.reason
        ));
    }
    let mut heading = None;
    for field in &entry.fields {
        if field.heading != heading {
            heading.clone_from(&field.heading);
            lines.extend(heading.as_ref().map(|words| format!("{words}:")));
        }
        let dash = if heading.is_some() { "- " } else { "" };
        let line = format!("{dash}{}: {}", field.label, field.value.replace('\n', "\n    "));
        lines.push(line.trim_end().to_owned());
        match (&field.typed, &field.fact) {
            (Some(typed), fact) => {
                let beside = fact
                    .as_ref()
                    .map(|fact| format!("; the desk: {fact}"))
                    .unwrap_or_default();
                lines.push(format!(
                    "      typed by {}, {}{beside}",
                    typed.by,
                    when(typed.at_ms, desk.zone())
                ));
            }
            (None, Some(_)) => lines.push("      filled by the desk".to_owned()),
            (None, None) => {}
        }
        lines.extend(field.wrong.as_ref().map(|wrong| format!("      ! {wrong}")));
    }
    lines.join("\n")
}
