//! `announce`: a text from its template and the newest facts, refused while a check stands in the way.

use super::{Global, Printer, Status, open};
use clap::ValueEnum;
use desk_app::{
    Desk, Problem,
    announce::{
        ComposeRequest, Composed,
        view::{AudienceView, FactSourceView, FactView, FileFormat, WaiverView},
    },
    time::ago,
};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Make an announcement from its template and the newest facts
///
/// The text goes to standard output, or into a file. While a check stands in the way there is no text: the checks are
/// listed, and the exit status is 1.
#[derive(clap::Args)]
pub struct Announce {
    /// For whom the text is
    audience: Audience,
    /// The template, where it is not the runbook's own: rollback-staff, for instance
    #[arg(long, value_name = "ID")]
    template: Option<String>,
    /// A fact in place of the suggested one: next_check_time="2026-11-25 14:30"
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
    /// Why a warning does not stand in the way, by the code that the checks give it
    #[arg(long, value_name = "CODE=REASON", value_parser = pair)]
    waive: Vec<(String, String)>,
    /// Write the text into this file: .txt, .md, or .eml for a mail draft
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Audience {
    /// The studio's staff
    Staff,
    /// The members
    Member,
}

impl From<Audience> for AudienceView {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Staff => Self::Staff,
            Audience::Member => Self::Member,
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("there is no = in it")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

pub async fn run(global: &Global, announce: Announce, printer: &Printer) -> Result<Status, Problem> {
    // Before anything is made: a text that could not be written would be on the run all the same.
    let file = announce.out.as_deref().map(format_of).transpose()?;
    let desk = open(global).await?;
    let status = act(&desk, &announce, file, printer).await;
    desk.close().await;
    status
}

fn format_of(file: &Path) -> Result<FileFormat, Problem> {
    let extension = file.extension().map(|extension| extension.to_string_lossy());
    extension
        .and_then(|extension| FileFormat::of_extension(&extension))
        .ok_or_else(|| {
            Problem::invalid(
                "out",
                format!("{} does not say which kind of file it is.", file.display()),
                "End its name in .txt, .md or .eml.",
            )
        })
}

async fn act(
    desk: &Desk,
    announce: &Announce,
    format: Option<FileFormat>,
    printer: &Printer,
) -> Result<Status, Problem> {
    // A text can be made without the portal; how old its facts are is said then.
    let asked = desk.refresh_phase().await;
    let composed = desk
        .compose_announcement(&ComposeRequest {
            audience: announce.audience.into(),
            template: announce.template.clone(),
            facts: announce.set.clone(),
            waivers: announce.waive.clone(),
        })
        .await?;
    if let Err(problem) = asked {
        printer.progress(&format!("{} {}", problem.message, age(desk, &composed.facts)));
    }
    let Some(made) = &composed.made else {
        printer.refusal(&composed, &refusal(&composed));
        return Ok(Status::No);
    };
    if let (Some(file), Some(format)) = (&announce.out, format) {
        std::fs::write(file, made.file(format)).map_err(|error| {
            let next = "The text is on the run all the same; choose another file.";
            Problem::invalid("out", format!("{} cannot be written.", file.display()), next)
                .detailed(error.to_string())
        })?;
        printer.progress(&format!("Written to {}.", file.display()));
    }
    for waiver in made.waivers.iter().map(WaiverView::line) {
        printer.progress(&waiver);
    }
    let document = Document {
        composed: &composed,
        file: announce.out.as_deref(),
    };
    printer.result(&document, || {
        if announce.out.is_some() {
            made.subject.clone()
        } else {
            made.plain().trim_end().to_owned()
        }
    });
    Ok(Status::Yes)
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    composed: &'a Composed,
    file: Option<&'a Path>,
}

/// How old the portal's facts are, as a sentence.
fn age(desk: &Desk, facts: &[FactView]) -> String {
    let seen = facts.iter().find_map(|fact| fact.seen_at_ms);
    seen.map_or_else(
        || "The portal has confirmed no phase change that this desk knows of.".to_owned(),
        |seen| format!("What the portal says is from {}.", ago(seen, desk.now_ms())),
    )
}

fn refusal(composed: &Composed) -> String {
    let refusing = composed
        .findings
        .iter()
        .filter(|finding| finding.waived.is_none());
    let mut lines: Vec<String> = refusing.map(|finding| format!("  {}", finding.line())).collect();
    lines.insert(
        0,
        format!(
            "The text was not made; these checks stand in the way ({}):",
            lines.len()
        ),
    );
    let missing: Vec<String> = composed
        .facts
        .iter()
        .filter(|fact| fact.source == FactSourceView::Missing)
        .map(|fact| {
            format!(
                "  --set {}=…  {}",
                fact.placeholder.replace(' ', "_"),
                fact.meaning
            )
        })
        .collect();
    if !missing.is_empty() {
        lines.push("Facts that are missing:".to_owned());
        lines.extend(missing);
    }
    lines.join("\n")
}
