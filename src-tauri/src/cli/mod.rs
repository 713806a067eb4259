//! The command line: the same use cases, the same words. One file a subcommand; all output through one printer.

mod announce;
mod credentials;
mod drill;
mod environment;
mod evidence;
mod gate;
mod identity;
mod journal;
mod log;
mod metrics;
mod phase;
mod practice;
mod printer;
mod rehearse;
mod rollback;
mod run;
mod smoke;

use clap::{CommandFactory, Parser, Subcommand};
use desk_app::{Code, Desk, DeskOptions, OwnRunbook, Problem, Timeouts, zone_called};
use printer::Printer;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

/// Take a risky rollout through its phases. Without a command, the window opens.
#[derive(Parser)]
#[command(name = "cutover-desk", version, propagate_version = true)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What holds for every command.
#[derive(clap::Args, Clone)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// Where the desk keeps its files
    #[arg(long, global = true, value_name = "DIR", env = "CUTOVER_DESK_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The environment to act in [default: practice]
    #[arg(long, global = true, value_name = "NAME")]
    pub env: Option<String>,
    /// Go by this runbook for this call, instead of the one chosen in the window or the built-in one
    #[arg(long, global = true, value_name = "FILE")]
    pub runbook: Option<PathBuf>,
    /// Read and write times in this zone for this call, by its IANA name [default: the team's, else the machine's]
    #[arg(long, global = true, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no progress
    #[arg(long, global = true)]
    pub quiet: bool,
    /// Read credentials for this call as JSON from standard input; nothing of them is kept
    #[arg(long, global = true, value_name = "-", value_parser = ["-"])]
    pub credentials: Option<String>,
    /// How long to wait for a connection, in milliseconds
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 5_000,
        hide_short_help = true
    )]
    pub connect_timeout_ms: u64,
    /// How long to wait for a whole call, in milliseconds
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 20_000,
        hide_short_help = true
    )]
    pub call_timeout_ms: u64,
}

impl Global {
    /// Where the desk keeps its files: as given, else the user's own data folder.
    ///
    /// # Errors
    /// `invalid_input` where the system names no such folder.
    pub fn data_dir(&self) -> Result<PathBuf, Problem> {
        self.data_dir
            .clone()
            .or_else(|| Some(dirs::data_dir()?.join("cutover-desk")))
            .ok_or_else(|| {
                Problem::invalid(
                    "data-dir",
                    "This system names no folder for a program's data.",
                    "Give one with --data-dir DIR.",
                )
            })
    }

    /// How to open the desk.
    ///
    /// # Errors
    /// `invalid_input` where there is no folder for its files, for a runbook that cannot be read and for an unknown time
    /// zone.
    pub fn options(&self) -> Result<DeskOptions, Problem> {
        let mut options = DeskOptions::new(self.data_dir()?);
        options.runbook = self.runbook.as_deref().map(read_runbook).transpose()?;
        options.zone = self.time_zone.as_deref().map(zone_called).transpose()?;
        options.environment.clone_from(&self.env);
        options.timeouts = Timeouts {
            connect: Duration::from_millis(self.connect_timeout_ms),
            call: Duration::from_millis(self.call_timeout_ms),
        };
        Ok(options)
    }
}

fn read_runbook(file: &Path) -> Result<OwnRunbook, Problem> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let message = format!("The runbook {} cannot be read.", file.display());
        Problem::invalid("runbook", message, "Give a text file.").detailed(error.to_string())
    })?;
    OwnRunbook::read(&file.display().to_string(), text)
}

/// What the desk can be asked to do.
#[derive(Subcommand)]
pub enum Command {
    /// Portals that the desk can point at
    #[command(subcommand)]
    Env(environment::Command),
    /// Accounts that the desk acts as
    #[command(subcommand)]
    Identity(identity::Command),
    /// The rollout phase
    #[command(subcommand)]
    Phase(phase::Command),
    /// The checklist that runs itself
    #[command(subcommand)]
    Smoke(smoke::Command),
    /// The phase metrics and the snapshots kept of them
    #[command(subcommand)]
    Metrics(metrics::Command),
    /// What the gates say
    #[command(subcommand)]
    Gate(gate::Command),
    /// Rolling the phase back, guided and timed
    #[command(subcommand)]
    Rollback(rollback::Command),
    Drill(drill::Drill),
    /// Announcements to staff and members
    #[command(subcommand)]
    Announce(announce::Command),
    /// The rehearsal or cutover that acts are recorded under
    #[command(subcommand)]
    Run(run::Command),
    /// The rehearsal log
    #[command(subcommand)]
    Log(log::Command),
    /// The evidence of a run, and its sealed bundle
    #[command(subcommand)]
    Evidence(evidence::Command),
    /// The record of everything done at this desk
    #[command(subcommand)]
    Journal(journal::Command),
    Rehearse(rehearse::Rehearse),
    /// The practice portal
    #[command(subcommand)]
    Practice(practice::Command),
    /// Completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// How a command ended, as its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Yes.
    Yes,
    /// The answer is no.
    No,
    /// The call's words are off.
    Usage,
    /// The portal could not be reached, or the outcome is unknown.
    Unknown,
    /// Credentials or keychain.
    Credentials,
    /// The local store.
    Store,
}

impl Status {
    const fn of(code: Code) -> Self {
        match code {
            Code::PhaseMoved
            | Code::GateNotGo
            | Code::BasisChanged
            | Code::TextRefused
            | Code::RolloutBlocked
            | Code::Refused
            | Code::Internal => Self::No,
            Code::InvalidInput | Code::ConfirmationNeeded | Code::NotFound => Self::Usage,
            Code::Offline
            | Code::TimeoutUnknownOutcome
            | Code::RateLimited
            | Code::BadReply
            | Code::Stopped => Self::Unknown,
            Code::KeychainUnavailable
            | Code::KeychainLocked
            | Code::SignedOut
            | Code::NotStaff
            | Code::WrongIdentity => Self::Credentials,
            // What is busy is the data directory, with what another desk does in it.
            Code::StoreFull | Code::StoreNewer | Code::StoreDamaged | Code::StoreFailed | Code::Busy => {
                Self::Store
            }
        }
    }

    const fn code(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Unknown => 3,
            Self::Credentials => 4,
            Self::Store => 5,
        }
    }
}

/// Runs a command.
pub fn run(global: &Global, command: Command) -> ExitCode {
    let printer = Printer::new(global.json, global.quiet);
    let result = tokio::runtime::Runtime::new()
        .map_err(|error| {
            Problem::new(
                Code::Internal,
                "The program could not start its threads.",
                "Nothing was done.",
                "Close other programs and try again.",
            )
            .detailed(error.to_string())
        })
        .and_then(|runtime| runtime.block_on(dispatch(global, command, &printer)));
    let status = result.unwrap_or_else(|problem| {
        printer.problem(&problem);
        Status::of(problem.code)
    });
    ExitCode::from(status.code())
}

async fn dispatch(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::Env(command) => environment::run(global, command, printer).await,
        Command::Identity(command) => identity::run(global, command, printer).await,
        Command::Phase(command) => phase::run(global, command, printer).await,
        Command::Smoke(command) => smoke::run(global, command, printer).await,
        Command::Metrics(command) => metrics::run(global, command, printer).await,
        Command::Gate(command) => gate::run(global, command, printer).await,
        Command::Rollback(command) => rollback::run(global, command, printer).await,
        Command::Drill(drill) => drill::run(global, drill, printer).await,
        Command::Announce(command) => announce::run(global, command, printer).await,
        Command::Run(command) => run::run(global, command, printer).await,
        Command::Log(command) => log::run(global, command, printer).await,
        Command::Evidence(command) => evidence::run(global, command, printer).await,
        Command::Journal(command) => journal::run(global, command, printer).await,
        Command::Rehearse(rehearse) => rehearse::run(global, rehearse, printer).await,
        Command::Practice(command) => practice::run(global, command, printer).await,
        Command::Completions { shell } => {
            // Into memory first: writing straight to a reader that went away would panic.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "cutover-desk", &mut script);
            Printer::script(&script);
            Ok(Status::Yes)
        }
    }
}

/// Opens the desk for a command. Without `--env` a command acts in practice, whatever the window points at: a script
/// must never reach a real portal because of what somebody last clicked.
async fn open(global: &Global) -> Result<Desk, Problem> {
    let mut options = global.options()?;
    options.environment.get_or_insert_with(|| "practice".to_owned());
    if global.credentials.is_some() {
        let given = credentials::read_stdin()?;
        options.credentials = given.accounts;
        options.webhook = given.webhook;
    }
    Desk::open(options).await
}

/// Opens the desk, acts on it, and closes it whatever came of that.
async fn with_desk<T>(
    global: &Global,
    act: impl AsyncFnOnce(&Desk) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let desk = open(global).await?;
    // On the heap: it holds a whole command.
    let result = Box::pin(act(&desk)).await;
    desk.close().await;
    result
}

/// Opens the desk for a command about the desk itself, on which `--env` and `--credentials` have no bearing.
async fn open_itself(global: &Global) -> Result<Desk, Problem> {
    open(&Global {
        env: None,
        credentials: None,
        ..global.clone()
    })
    .await
}

/// Tells a person what went wrong before any command ran.
pub fn print_problem(problem: &Problem) {
    Printer::new(false, false).problem(problem);
}
