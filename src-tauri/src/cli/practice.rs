//! `practice`: the practice portal, alone or put back to its start.

use super::{Global, Printer, Status, open_itself};
use clap::Subcommand;
use desk_app::{Code, Problem};
use desk_practice::{Fault, Options, Practice, PracticeIdentity, ServeError, Storage, StoreError};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;

#[derive(Subcommand)]
pub enum Command {
    /// Serve the practice portal for other clients until it is ended (Ctrl-C)
    ///
    /// A line on standard input puts these faults in place of the present ones while it runs: faults with spaces
    /// between them, or `off`.
    Serve {
        /// Where to listen; loopback only. Port 0 takes a free one
        #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// How many instances answer in turn behind the one address
        #[arg(long, value_name = "N", default_value_t = 1)]
        instances: usize,
        /// How long an instance caches the phase, in milliseconds
        #[arg(long, value_name = "N", default_value_t = 60_000)]
        phase_cache_ms: u64,
        /// How much longer each answer takes, in milliseconds
        #[arg(long, value_name = "N", default_value_t = 0)]
        latency_ms: u64,
        /// A fault, such as `timeout-after@library.rollout.set*1`; may be given several times
        #[arg(long, value_name = "SPEC")]
        fault: Vec<Fault>,
        /// Write the accounts and their credentials into this file
        #[arg(long, value_name = "FILE")]
        identities_out: Option<PathBuf>,
        /// Keep nothing: a fresh portal that is gone when it ends
        #[arg(long)]
        ephemeral: bool,
    },
    /// Put the practice portal back to its starting state; its accounts stay
    Reset,
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    match command {
        Command::Serve {
            listen,
            instances,
            phase_cache_ms,
            latency_ms,
            fault,
            identities_out,
            ephemeral,
        } => {
            let storage = if ephemeral {
                Storage::Ephemeral
            } else {
                let data_dir = global.data_dir()?;
                std::fs::create_dir_all(&data_dir).map_err(|error| unwritable(&data_dir, &error))?;
                Storage::File(data_dir.join("practice.db"))
            };
            let options = Options {
                listen,
                instances,
                phase_cache: Duration::from_millis(phase_cache_ms),
                latency: Duration::from_millis(latency_ms),
                faults: fault,
                storage,
                ..Options::default()
            };
            // Before anybody is told that it listens, so that being ended from then on ends it properly.
            let ended = asked_to_end().map_err(|error| unheard(&error))?;
            let practice = desk_practice::serve(options)
                .await
                .map_err(|error| not_served(&error))?;
            if let Some(file) = identities_out {
                let identities = practice.identities().map_err(|error| unusable(&error))?;
                write_identities(&file, identities)?;
            }
            Printer::document(practice.addresses());
            serve_until(ended, &practice, printer).await;
            practice.shutdown().await;
            Ok(Status::Yes)
        }
        Command::Reset => {
            let desk = open_itself(global).await?;
            let result = desk.reset_practice().await;
            desk.close().await;
            result?;
            printer.result(&serde_json::json!({ "reset": true }), || {
                "The practice portal is back at its starting state; its accounts are the same.".to_owned()
            });
            Ok(Status::Yes)
        }
    }
}

/// Answers lines on standard input until `ended`. The end of standard input ends nothing.
async fn serve_until(ended: impl Future<Output = ()>, practice: &Practice, printer: &Printer) {
    let mut lines = stdin_lines();
    let mut ended = std::pin::pin!(ended);
    loop {
        tokio::select! {
            Some(line) = lines.recv() => switch(practice, &line, printer),
            () = &mut ended => return,
        }
    }
}

/// The lines of standard input, read on a thread of its own that ends with the process: a read cannot be cancelled.
fn stdin_lines() -> mpsc::UnboundedReceiver<String> {
    let (send, receive) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

fn switch(practice: &Practice, line: &str, printer: &Printer) {
    let words: Vec<&str> = match line.trim() {
        "" => return,
        "off" => Vec::new(),
        faults => faults.split_whitespace().collect(),
    };
    match words
        .iter()
        .map(|word| word.parse::<Fault>())
        .collect::<Result<Vec<_>, _>>()
    {
        Ok(faults) => {
            practice.set_faults(faults);
            printer.progress(&if words.is_empty() {
                "faults: off".to_owned()
            } else {
                format!("faults: {}", words.join(" "))
            });
        }
        Err(error) => printer.progress(&format!("faults unchanged: {error}")),
    }
}

/// Listens for the system's requests to end from now on; the future is the first of them.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Listens for Ctrl-C from now on; the future is the first of them.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut ctrl_c = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        ctrl_c.recv().await;
    })
}

/// What `--identities-out` holds of an account.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    uid: String,
    email: String,
    password: String,
    refresh_token: String,
}

fn write_identities(file: &Path, identities: Vec<PracticeIdentity>) -> Result<(), Problem> {
    let identities: BTreeMap<String, Account> = identities
        .into_iter()
        .map(|one| {
            let account = Account {
                uid: one.uid,
                email: one.email,
                password: one.password,
                refresh_token: one.refresh_token,
            };
            (one.name, account)
        })
        .collect();
    let document = serde_json::json!({ "identities": identities });
    std::fs::write(file, format!("{document}\n")).map_err(|error| unwritable(file, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Problem {
    Problem::invalid(
        "file",
        format!("{} cannot be written.", path.display()),
        "Choose another place.",
    )
    .detailed(error.to_string())
}

fn not_served(error: &ServeError) -> Problem {
    match error {
        ServeError::NotLoopback(_) | ServeError::Listen { .. } => Problem::invalid(
            "listen",
            "The practice portal cannot listen there.",
            "Give a free address of this machine, such as 127.0.0.1:0.",
        )
        .detailed(error.to_string()),
        ServeError::NoInstances => Problem::invalid(
            "instances",
            "The practice portal needs at least one instance.",
            "Leave --instances out for one.",
        ),
        ServeError::Store(error) => unusable(error),
        ServeError::Panicked(_) => Problem::new(
            Code::Internal,
            "The practice portal failed while it started.",
            UNAFFECTED,
            "Give the details to the platform team.",
        )
        .detailed(error.to_string()),
    }
}

const UNAFFECTED: &str = "No real portal is affected.";

fn unusable(error: &StoreError) -> Problem {
    Problem::new(
        Code::StoreFailed,
        "The practice portal's database, practice.db, cannot be used.",
        UNAFFECTED,
        "Check that the data directory can be written to, or serve with --ephemeral.",
    )
    .detailed(error.to_string())
}

fn unheard(error: &io::Error) -> Problem {
    Problem::new(
        Code::Internal,
        "The system does not tell when the practice portal is to end.",
        UNAFFECTED,
        "Close other programs and try again.",
    )
    .detailed(error.to_string())
}
