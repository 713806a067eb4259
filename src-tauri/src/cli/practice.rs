//! `practice`: the practice portal, alone or put back to its start.

use super::{Global, Printer, Status, open};
use clap::Subcommand;
use desk_app::{Code, Problem};
use desk_practice::{Fault, Options, Practice, PracticeIdentity, Storage};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::sync::mpsc;

#[derive(Subcommand)]
pub enum Command {
    /// Serve the practice portal for other clients until it is ended (Ctrl-C)
    ///
    /// A line on standard input switches the faults while it runs: faults with spaces between them, or `off`.
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
            let practice = desk_practice::serve(options)
                .await
                .map_err(|error| not_served(&error))?;
            if let Some(file) = identities_out {
                let identities = practice.identities().map_err(|error| not_served(&error))?;
                write_identities(&file, identities)?;
            }
            printer.document(practice.addresses());
            serve_until_ended(&practice, printer).await;
            practice.shutdown().await;
            Ok(Status::Yes)
        }
        Command::Reset => {
            let desk = open(&Global {
                env: None,
                credentials: None,
                ..global.clone()
            })
            .await?;
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

/// Answers lines on standard input until the process is asked to end. The end of standard input ends nothing.
async fn serve_until_ended(practice: &Practice, printer: &Printer) {
    let mut lines = stdin_lines();
    let mut ended = std::pin::pin!(asked_to_end());
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
        for line in std::io::stdin().lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                return;
            }
        }
    });
    receive
}

fn switch(practice: &Practice, line: &str, printer: &Printer) {
    let words: Vec<&str> = line.split_whitespace().filter(|word| *word != "off").collect();
    match words
        .iter()
        .map(|word| word.parse::<Fault>())
        .collect::<Result<Vec<_>, _>>()
    {
        Ok(faults) => {
            printer.progress(&if words.is_empty() {
                "faults: off".to_owned()
            } else {
                format!("faults: {}", words.join(" "))
            });
            practice.set_faults(faults);
        }
        Err(error) => printer.progress(&format!("faults unchanged: {error}")),
    }
}

#[cfg(unix)]
async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return wait_for_ctrl_c().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        () = wait_for_ctrl_c() => {}
    }
}

#[cfg(not(unix))]
async fn asked_to_end() {
    wait_for_ctrl_c().await;
}

async fn wait_for_ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "Ctrl-C cannot be noticed here");
        std::future::pending::<()>().await;
    }
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

fn unwritable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::invalid(
        "file",
        format!("{} cannot be written.", path.display()),
        "Choose another place.",
    )
    .detailed(error.to_string())
}

fn not_served(error: &impl std::fmt::Display) -> Problem {
    Problem::new(
        Code::InvalidInput,
        "The practice portal could not be started.",
        "No real portal is affected.",
        "Correct the call: it listens on a free loopback address only.",
    )
    .detailed(error.to_string())
}
