//! The requests of a window: the desk's own, imported ones, and what web panels counted.

use crate::{desk::Desk, error::Problem, problem::store_problem};
use desk_core::{
    EnvironmentName,
    gate::{Answer, InForce},
    import::{Panel, left_out},
    metrics::{SourceCount, Tally},
    runbook::Over,
};
use desk_store::{PanelRow, TallyRow};
use std::collections::BTreeMap;

/// What is said of figures that count.
const SUMS: &str = "the web panel's sums, without durations: they are in no percentile";

/// The requests of a window.
pub(super) struct Counted {
    pub(super) tallies: Vec<Tally>,
    /// How many are from where; those of a panel that does not count are named too.
    pub(super) sources: Vec<SourceCount>,
    /// The portal's answers to the desk's own haste. The web panel counts them; a gate must not take them for errors of the
    /// portal, since the desk waited and called again.
    pub(super) own_waits: Vec<Tally>,
}

impl Desk {
    /// Counts the requests from a time on and before another.
    pub(super) async fn count(
        &self,
        environment: &EnvironmentName,
        in_force: InForce,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Counted, Problem> {
        let stored = |error| store_problem(&error);
        let store = &self.inner.store;
        let rows = store.tally(environment, from_ms, to_ms).await.map_err(stored)?;
        let imports = store.imports(environment).await.map_err(stored)?;
        let panels = store.panels(environment, from_ms, to_ms).await.map_err(stored)?;
        let mut by_source: BTreeMap<Option<i64>, u64> = BTreeMap::new();
        for row in &rows {
            *by_source.entry(row.import_id).or_default() += row.count;
        }
        let name = |id| {
            let named = imports.iter().find(|one| one.id == id);
            named.map_or_else(|| format!("import {id}"), |one| one.name.clone())
        };
        let sources = by_source.into_iter().map(|(import, requests)| SourceCount {
            source: import.map_or_else(|| "desk".to_owned(), name),
            requests,
            note: None,
        });
        let (own_waits, rows): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .partition(|row| is_own_wait(row.import_id, row.status));
        let mut counted = Counted {
            sources: sources.collect(),
            tallies: rows.into_iter().map(tally).collect(),
            own_waits: own_waits.into_iter().map(tally).collect(),
        };
        counted.add_panels(panels, in_force);
        Ok(counted)
    }

    /// What came of each request to a gate's routes.
    pub(super) async fn answers(
        &self,
        environment: &EnvironmentName,
        over: &Over,
        from_ms: i64,
        to_ms: i64,
    ) -> Result<Vec<Answer>, Problem> {
        let routes = over.routes.iter().map(|route| route.name().to_owned()).collect();
        let store = &self.inner.store;
        let replies = store.recent_of_routes(environment, routes, from_ms).await;
        Ok(replies
            .map_err(|error| store_problem(&error))?
            .into_iter()
            .filter(|reply| reply.at_ms < to_ms && !is_own_wait(reply.import_id, reply.status))
            .map(|reply| Answer {
                at_ms: reply.at_ms,
                route: reply.route,
                status: reply.status,
                ok: reply.ok,
                expected: reply.expected,
            })
            .collect())
    }
}

impl Counted {
    /// Adds the panels' figures, the newest first.
    fn add_panels(&mut self, rows: Vec<PanelRow>, in_force: InForce) {
        let (names, panels): (Vec<String>, Vec<Panel>) = rows
            .into_iter()
            // What was imported could be read then.
            .filter_map(|row| Some((row.name, Panel::read(&row.body).ok()?)))
            .unzip();
        let reasons = left_out(&panels.iter().collect::<Vec<_>>(), in_force);
        for ((source, panel), reason) in names.into_iter().zip(panels).zip(reasons) {
            let (requests, note) = match reason {
                None => (panel.requests(), SUMS.to_owned()),
                Some(reason) => (0, format!("the web panel's sums do not count: {reason}")),
            };
            if requests > 0 {
                self.tallies.extend(panel.tallies);
            }
            self.sources.push(SourceCount {
                source,
                requests,
                note: Some(note),
            });
        }
    }
}

/// Whether a reply of 429 was to the desk itself.
fn is_own_wait(import_id: Option<i64>, status: Option<u16>) -> bool {
    import_id.is_none() && status == Some(429)
}

fn tally(row: TallyRow) -> Tally {
    Tally {
        route: row.route,
        status: row.status,
        ok: row.ok,
        expected: row.expected,
        duration_ms: Some(row.duration_ms),
        count: row.count,
    }
}
