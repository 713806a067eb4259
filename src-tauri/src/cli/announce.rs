//! `announce`: a text from its template and the newest facts, refused while a check stands in the way; posted, and said to
//! be sent.

use super::{
    Global, Printer, Status,
    rollback::{describe, with_progress},
    with_desk,
};
use clap::{Args, Subcommand};
use desk_app::{
    Desk, Problem,
    announce::{
        ComposeRequest, Composed,
        view::{
            AudienceView, FactSourceView, FactView, FileFormat, MadeView, PostOutcomeView, SentDraft,
            WaiverView,
        },
    },
    time::{ago, when},
};
use serde::Serialize;
use std::path::{Path, PathBuf};

#[derive(Subcommand)]
pub enum Command {
    /// Make the text for staff from its template and the newest facts
    ///
    /// The text goes to standard output, or into a file. While a check stands in the way there is no text: the checks are
    /// listed, and the exit status is 1.
    Staff(Compose),
    /// Make the text for members
    ///
    /// As for staff: while a check stands in the way there is no text, and the exit status is 1.
    Member(Compose),
    /// Record where a text was sent, when and by whom
    ///
    /// The notice of an open rollback does its step with that.
    Sent(Sent),
}

#[derive(Args)]
pub struct Compose {
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
    /// Post the text to the webhook, once; its address is the keychain's, or "webhook" of --credentials
    #[arg(long)]
    post: bool,
    /// Post it although it was posted already, or may have been
    #[arg(long, requires = "post")]
    again: bool,
}

#[derive(Args)]
pub struct Sent {
    /// Which text: staff or member for the newest one, or its id
    text: String,
    /// Where it was sent: the channel, the mailing list
    #[arg(long, value_name = "PLACE")]
    place: String,
    /// When: "2026-11-25 14:02" [default: now]
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// By whom [default: the operator]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("there is no = in it")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    let (audience, compose) = match command {
        Command::Staff(compose) => (AudienceView::Staff, compose),
        Command::Member(compose) => (AudienceView::Member, compose),
        Command::Sent(sent) => {
            return with_desk(global, async |desk| mark_sent(desk, sent, printer).await).await;
        }
    };
    // Before anything is made: a text that could not be written would be on the run all the same.
    let file = compose.out.as_deref().map(format_of).transpose()?;
    with_desk(global, async |desk| {
        make(desk, audience, &compose, file, printer).await
    })
    .await
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

async fn make(
    desk: &Desk,
    audience: AudienceView,
    compose: &Compose,
    format: Option<FileFormat>,
    printer: &Printer,
) -> Result<Status, Problem> {
    // A text can be made without the portal; how old its facts are is said then.
    let asked = desk.refresh_phase().await;
    let mut composed = desk
        .compose_announcement(&ComposeRequest {
            audience,
            template: compose.template.clone(),
            facts: compose.set.clone(),
            waivers: compose.waive.clone(),
        })
        .await?;
    if let Err(problem) = asked {
        printer.progress(&format!("{} {}", problem.message, age(desk, &composed.facts)));
    }
    let Some(mut made) = composed.made.take() else {
        printer.refusal(&composed, &refusal(&composed));
        return Ok(Status::No);
    };
    if let (Some(file), Some(format)) = (&compose.out, format) {
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
    let mut status = Status::Yes;
    if compose.post {
        let told;
        (made, told) = desk.post_made(&made.id, compose.again).await?;
        status = posted(&made, printer);
        if told {
            go_on(desk, printer).await?;
        }
    }
    let (subject, plain) = (made.subject.clone(), made.plain());
    composed.made = Some(made);
    let document = Document {
        composed: &composed,
        file: compose.out.as_deref(),
    };
    printer.result(&document, || {
        if compose.out.is_some() {
            subject
        } else {
            plain.trim_end().to_owned()
        }
    });
    Ok(status)
}

/// Says what came of the post, and how the command ends with it.
fn posted(made: &MadeView, printer: &Printer) -> Status {
    let Some(post) = &made.post else {
        return Status::Yes;
    };
    printer.progress(&format!("{}: {}", post.host, post.found));
    match post.outcome {
        PostOutcomeView::Posted => Status::Yes,
        PostOutcomeView::Refused => Status::No,
        PostOutcomeView::NotSent | PostOutcomeView::Unknown => Status::Unknown,
    }
}

async fn mark_sent(desk: &Desk, sent: Sent, printer: &Printer) -> Result<Status, Problem> {
    let text = desk.made_announcement(&sent.text).await?;
    let draft = SentDraft {
        id: text.id.clone(),
        place: sent.place,
        at: sent.at,
        by: sent.by,
    };
    if desk.mark_announcement_sent(&draft).await? {
        go_on(desk, printer).await?;
    }
    let made = desk.made_announcement(&text.id).await?;
    printer.result(&made, || line(desk, &made));
    Ok(Status::Yes)
}

/// A rollback that was told goes on with what is left of it.
async fn go_on(desk: &Desk, printer: &Printer) -> Result<(), Problem> {
    let view = with_progress(desk, printer).await?;
    printer.progress(&describe(desk, &view));
    Ok(())
}

/// A text that left the desk, on one line.
pub(super) fn line(desk: &Desk, made: &MadeView) -> String {
    let audience = match made.audience {
        AudienceView::Staff => "staff",
        AudienceView::Member => "member",
    };
    let at = when(made.at_ms, desk.zone());
    let mut parts = vec![
        at,
        audience.to_owned(),
        made.id.clone(),
        made.subject.clone(),
        format!("{} version {}", made.template, made.template_version),
    ];
    parts.extend(made.waivers.iter().map(WaiverView::line));
    parts.extend(
        made.post
            .iter()
            .map(|post| format!("{}: {}", post.host, post.found)),
    );
    if made.sent.is_empty() {
        parts.push("not marked as sent".to_owned());
    }
    parts.extend(made.sent.iter().map(|sent| {
        let at = when(sent.at_ms, desk.zone());
        format!("sent to {}, {at}, by {}", sent.place, sent.by)
    }));
    parts.join("  ")
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
