//! The practice portal's switches.

use crate::{
    desk::Desk,
    error::Problem,
    link::practice_problem,
    problem::store_problem,
    view::{ConnectionState, ConnectionView},
};
use desk_core::{EnvironmentName, record::Record};
use desk_practice::{Fault, Practice};

impl Desk {
    /// Switches the practice portal's faults to exactly these.
    ///
    /// # Errors
    /// `invalid_input` (field `faults`) for one that cannot be read; then none is switched.
    pub async fn set_faults(&self, specs: &[String]) -> Result<(), Problem> {
        let faults = specs
            .iter()
            .map(|spec| spec.parse::<Fault>())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                Problem::invalid(
                    "faults",
                    error.to_string(),
                    "Correct it, or pick one from the list.",
                )
            })?;
        let words: Vec<String> = faults.iter().map(ToString::to_string).collect();
        self.with_practice(|practice| practice.set_faults(faults)).await?;
        let environment = EnvironmentName::practice();
        let run = self
            .inner
            .store
            .open_run(&environment)
            .await
            .map_err(|error| store_problem(&error))?;
        let record = Record::PracticeFaultsSet { faults: words };
        self.record(Some(&environment), run.map(|run| run.id), "desk", record)
            .await?;
        self.touch();
        Ok(())
    }

    /// Puts the practice portal back to its starting state; its accounts stay.
    ///
    /// # Errors
    /// `offline` when it does not run; `store_*`.
    pub async fn reset_practice(&self) -> Result<(), Problem> {
        self.with_practice(Practice::reset)
            .await?
            .map_err(|error| practice_problem(&error))?;
        let environment = EnvironmentName::practice();
        self.record(Some(&environment), None, "desk", Record::PracticeReset {})
            .await?;
        let now = self.now_ms();
        self.update_at(&environment, |screen| {
            screen.reading = None;
            screen.moved = None;
            screen.change = None;
            screen.connection = ConnectionView {
                state: ConnectionState::Starting,
                since_ms: now,
                asking: false,
                next_ask_ms: None,
                problem: None,
            };
        });
        self.ask_now();
        Ok(())
    }
}
