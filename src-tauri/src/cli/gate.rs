//! `gate`: what the gates say.

use super::{Global, Printer, Status, open};
use clap::Subcommand;
use desk_app::{
    Problem,
    metrics::view::{GateView, VerdictView},
    parse_phase,
};

#[derive(Subcommand)]
pub enum Command {
    /// Show each gate's verdict and what the numbers can carry
    Show {
        /// The gates of this phase, not of the one in force
        #[arg(long, value_name = "N")]
        phase: Option<String>,
    },
}

pub async fn run(global: &Global, command: Command, printer: &Printer) -> Result<Status, Problem> {
    let Command::Show { phase } = command;
    let desk = open(global).await?;
    let gates = async {
        let reading = desk.refresh_phase().await?;
        let phase = parse_phase(phase.as_deref().unwrap_or(&reading.state.phase))?;
        desk.gates(phase).await
    }
    .await;
    let zone = desk.zone();
    desk.close().await;
    let found = gates?;
    printer.result(&found, || {
        let mut lines = vec![describe_gates(&found.gates)];
        lines.extend(found.overrides.iter().map(|made| made.words(zone)));
        lines.join("\n")
    });
    Ok(
        if found.gates.iter().all(|gate| gate.verdict == VerdictView::Go) {
            Status::Yes
        } else {
            Status::No
        },
    )
}

pub fn describe_gates(gates: &[GateView]) -> String {
    let blocks: Vec<_> = gates
        .iter()
        .map(|gate| {
            let mut block = format!(
                "{:<12} {}\n             {}",
                word(gate.verdict),
                gate.title,
                gate.sentence
            );
            if !gate.small_print.is_empty() {
                block.push_str("\n             ");
                block.push_str(&gate.small_print);
            }
            block
        })
        .collect();
    blocks.join("\n")
}

const fn word(verdict: VerdictView) -> &'static str {
    match verdict {
        VerdictView::Go => "GO",
        VerdictView::NoGo => "NO-GO",
        VerdictView::Insufficient => "INSUFFICIENT",
        VerdictView::Stale => "STALE",
    }
}
