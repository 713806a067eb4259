//! `env`: portals that the desk can point at.

use super::{Global, Printer, Status, open_itself};
use clap::{Subcommand, ValueEnum};
use desk_app::{
    Problem,
    view::{EnvironmentDraft, EnvironmentKindView, EnvironmentView},
};

#[derive(Subcommand)]
pub enum Command {
    /// List the environments
    List,
    /// Show one
    Show {
        /// Its name
        name: String,
    },
    /// Add a portal
    Add {
        /// A short plain name, such as live
        name: String,
        /// Where the API answers, such as `https://portal.example.org`
        #[arg(long, value_name = "URL")]
        api: String,
        /// The sign-in service's key for the project
        #[arg(long, value_name = "KEY")]
        api_key: String,
        /// The sign-in service, if not the usual one
        #[arg(long, value_name = "URL")]
        identity_url: Option<String>,
        /// The token service, if not the usual one
        #[arg(long, value_name = "URL")]
        token_url: Option<String>,
        /// The project id
        #[arg(long, value_name = "ID")]
        project: Option<String>,
        /// Whether members depend on it
        #[arg(long, value_enum, default_value_t = Kind::Live)]
        kind: Kind,
        /// How long an instance of the portal caches the phase, in milliseconds
        #[arg(long, value_name = "N")]
        phase_cache_ms: Option<u64>,
        /// When changes are usual, like "Mon-Fri 09:00-17:00"; outside of it a drill asks for a reason
        #[arg(long, value_name = "HOURS")]
        change_window: Option<String>,
    },
    /// Remove a portal and its kept sign-ins
    Remove {
        /// Its name
        name: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    /// No member depends on it
    Staging,
    /// Members use it
    Live,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    // The environment named here is the subject, not where the command acts.
    let desk = open_itself(global).await?;
    match command {
        Command::List => {
            let all = desk.environments().await?;
            printer.result(&all, || all.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
        Command::Show { name } => {
            let view = desk.environment_view_of(&name).await?;
            printer.result(&view, || describe(&view));
        }
        Command::Add {
            name,
            api,
            api_key,
            identity_url,
            token_url,
            project,
            kind,
            phase_cache_ms,
            change_window,
        } => {
            let draft = EnvironmentDraft {
                name: name.clone(),
                kind: match kind {
                    Kind::Staging => EnvironmentKindView::Staging,
                    Kind::Live => EnvironmentKindView::Live,
                },
                api,
                api_key,
                identity_url,
                token_url,
                project_id: project,
                phase_cache_ms,
                change_window,
            };
            desk.add_environment(&draft).await?;
            let view = desk.environment_view_of(name.trim()).await?;
            printer.result(&view, || {
                format!(
                    "{}\nNext: cutover-desk --env {} identity set operator --email … --password-stdin",
                    describe(&view),
                    view.name
                )
            });
        }
        Command::Remove { name } => {
            // Typing the command with the name is the confirmation.
            desk.remove_environment(&name, &name).await?;
            printer.result(&serde_json::json!({ "removed": name }), || {
                format!("Removed {name} and its kept sign-ins.")
            });
        }
    }
    Ok(Status::Yes)
}

const fn word(kind: EnvironmentKindView) -> &'static str {
    match kind {
        EnvironmentKindView::Practice => "PRACTICE",
        EnvironmentKindView::Staging => "STAGING",
        EnvironmentKindView::Live => "LIVE",
    }
}

fn line(view: &EnvironmentView) -> String {
    let address = if view.api_base.is_empty() {
        "built in"
    } else {
        &view.api_base
    };
    format!("{:<9} {:<20} {address}", word(view.kind), view.name)
}

fn describe(view: &EnvironmentView) -> String {
    let or_built_in = |text: &str| {
        if text.is_empty() {
            "built in".to_owned()
        } else {
            text.to_owned()
        }
    };
    let changes = view.change_window.as_deref().unwrap_or("at any time");
    format!(
        "{} {}\n  API       {}\n  sign-in   {}\n  tokens    {}\n  project   {}\n  an instance caches the phase for {} ms\n  changes   {changes}",
        word(view.kind),
        view.name,
        or_built_in(&view.api_base),
        or_built_in(&view.identity_base),
        or_built_in(&view.token_base),
        view.project_id.as_deref().unwrap_or("not given"),
        view.phase_cache_ms,
    )
}
