//! `metrics`: the phase metrics and the snapshots kept of them.

use super::{Global, Printer, Status, gate::describe_gates, with_desk};
use clap::Subcommand;
use desk_app::{
    Desk, Problem,
    metrics::view::{ColumnMap, DurationUnit, MetricsView, VerdictView},
    time::{ago, when},
};
use std::path::{Path, PathBuf};

/// The web panel's window, minutes.
const WINDOW_MINUTES: u32 = 180;

#[derive(Subcommand)]
pub enum Command {
    /// Show the newest snapshot of the open run, its gates judged as of now
    Show,
    /// Make a snapshot, keep it on the run, and attach it as evidence
    Capture {
        /// Write the artifact into this file too
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// How far back, in minutes; never before the phase was set
        #[arg(long, value_name = "N", default_value_t = WINDOW_MINUTES)]
        window_minutes: u32,
    },
    /// Add the requests of a log (JSON Lines or CSV) or the counts of the web panel
    Import {
        /// The log, or the JSON
        file: PathBuf,
        /// Which column holds a field: time, route, status, duration (milliseconds) or duration-seconds; those not named
        /// are taken as at the last import, or by their names
        #[arg(long, value_name = "FIELD=COLUMN", value_parser = field_and_column)]
        map: Vec<(Field, String)>,
    },
}

/// What a column of a log can hold.
#[derive(Clone, Copy)]
pub enum Field {
    Time,
    Route,
    Status,
    Duration(DurationUnit),
}

fn field_and_column(text: &str) -> Result<(Field, String), String> {
    let (field, column) = text
        .split_once('=')
        .filter(|(_, column)| !column.is_empty())
        .ok_or("it is written FIELD=COLUMN")?;
    let field = match field {
        "time" => Field::Time,
        "route" => Field::Route,
        "status" => Field::Status,
        "duration" => Field::Duration(DurationUnit::Milliseconds),
        "duration-seconds" => Field::Duration(DurationUnit::Seconds),
        _ => return Err("the fields are time, route, status, duration and duration-seconds".to_owned()),
    };
    Ok((field, column.to_owned()))
}

fn column_map(map: Vec<(Field, String)>) -> ColumnMap {
    let mut columns = ColumnMap::default();
    for (field, column) in map {
        let place = match field {
            Field::Time => &mut columns.time,
            Field::Route => &mut columns.route,
            Field::Status => &mut columns.status,
            Field::Duration(unit) => {
                columns.duration_unit = Some(unit);
                &mut columns.duration
            }
        };
        *place = Some(column);
    }
    columns
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    with_desk(global, async |desk| act(desk, command, printer).await).await
}

async fn act(desk: &Desk, command: Command, printer: &Printer) -> Result<Status, Problem> {
    let view = match command {
        Command::Import { file, map } => return import(desk, printer, &file, &column_map(map)).await,
        Command::Show => {
            // The verdicts rest on the phase in force now.
            desk.refresh_phase().await?;
            desk.metrics().await?
        }
        Command::Capture { out, window_minutes } => {
            let captured = desk.capture_metrics(window_minutes).await?;
            desk.attach_metrics().await?;
            if let Some(file) = out {
                let text = desk.metrics_json().await?;
                std::fs::write(&file, text).map_err(|error| {
                    let next = "The snapshot is on the run all the same; choose another file.";
                    Problem::invalid("out", format!("{} cannot be written.", file.display()), next)
                        .detailed(error.to_string())
                })?;
            }
            desk.metrics().await?.or(Some(captured))
        }
    };
    let Some(view) = view else {
        printer.result(&view, || {
            "No snapshot yet: make one with metrics capture.".to_owned()
        });
        return Ok(Status::No);
    };
    printer.result(&Some(&view), || describe(desk, &view));
    let all_go = view.gates.iter().all(|gate| gate.verdict == VerdictView::Go);
    // No gate counts while the runbook cannot be read: that is no yes.
    Ok(if all_go && !view.gates.is_empty() {
        Status::Yes
    } else {
        Status::No
    })
}

async fn import(desk: &Desk, printer: &Printer, file: &Path, columns: &ColumnMap) -> Result<Status, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Problem::invalid(
            "file",
            format!("{} cannot be read.", file.display()),
            "Choose a text file.",
        )
        .detailed(error.to_string())
    })?;
    let name = file
        .file_name()
        .map_or_else(|| "log".into(), |name| name.to_string_lossy());
    let imported = desk.import_requests(&name, &text, columns).await?;
    printer.result(&imported, || {
        let mut lines = vec![format!(
            "{} requests added, {} were there already, {} lines cannot be read",
            imported.added,
            imported.already,
            imported.bad.len()
        )];
        lines.extend(imported.note.clone());
        lines.extend(
            imported
                .bad
                .iter()
                .map(|bad| format!("  line {}: {}", bad.line, bad.reason)),
        );
        lines.join("\n")
    });
    Ok(if imported.bad.is_empty() {
        Status::Yes
    } else {
        Status::No
    })
}

fn describe(desk: &Desk, view: &MetricsView) -> String {
    let milliseconds = |value: Option<u64>| value.map_or_else(|| "-".to_owned(), |ms| format!("{ms} ms"));
    let mut lines = vec![
        format!(
            "Snapshot of {} ({}), requests since {}",
            when(view.captured_at_ms, desk.zone()),
            ago(view.captured_at_ms, desk.now_ms()),
            when(view.from_ms, desk.zone()),
        ),
        format!(
            "  {} requests, {} errors ({} of them expected refusals), {} conflicts, {} route errors; p50 {}, p95 {}, max {}",
            view.summary.request_count,
            view.summary.error_count,
            view.expected_refusals,
            view.summary.conflict_count,
            view.summary.route_error_count,
            milliseconds(view.summary.p50_latency_ms),
            milliseconds(view.summary.p95_latency_ms),
            milliseconds(view.summary.max_latency_ms),
        ),
        format!(
            "  artifact {}{}",
            view.artifact,
            if view.attached {
                ", attached to the run"
            } else {
                ", not attached"
            }
        ),
    ];
    lines.extend(view.endpoints.iter().map(|one| {
        format!(
            "  {}{:<42} {:>6} requests {:>5} errors  p50 {:>8}  p95 {:>8}",
            if one.critical { "* " } else { "  " },
            one.endpoint.route,
            one.endpoint.request_count,
            one.endpoint.error_count,
            milliseconds(one.endpoint.p50_latency_ms),
            milliseconds(one.endpoint.p95_latency_ms),
        )
    }));
    lines.push(describe_gates(&view.gates));
    lines.extend(view.overrides.iter().map(|made| made.words(desk.zone())));
    lines.join("\n")
}
