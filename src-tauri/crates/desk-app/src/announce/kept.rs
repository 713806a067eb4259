//! The texts being written, kept among the settings: one a template, so that a notice prepared beforehand stays beside the
//! text of the day.

use crate::{
    desk::Desk,
    error::Problem,
    problem::{internal_problem, store_problem},
};
use desk_core::{
    EnvironmentName, Phase,
    announce::{Audience, Draft, Waiver},
};
use serde::{Deserialize, Serialize};

/// A text being written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Kept {
    pub(super) draft: Draft,
    /// The warnings that a person waived.
    #[serde(default)]
    pub(super) waivers: Vec<Waiver>,
    /// The move that it is prepared for.
    #[serde(default)]
    pub(super) planned: Option<Planned>,
}

/// A move of the phase that may come.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Planned {
    pub(super) from: Phase,
    pub(super) to: Phase,
    /// The portal's time of the newest change when it was planned, milliseconds since 1970; 0 before the first. Only a
    /// later one is that move, by the portal's clock alone.
    pub(super) since_ms: i64,
}

impl Kept {
    pub(super) const fn new(draft: Draft, planned: Option<Planned>) -> Self {
        Self {
            draft,
            waivers: Vec::new(),
            planned,
        }
    }
}

fn draft_setting(environment: &EnvironmentName, template: &str) -> String {
    format!("announcement/{environment}/draft/{template}")
}

fn chosen_setting(environment: &EnvironmentName, audience: Audience) -> String {
    format!("announcement/{environment}/template/{}", audience.word())
}

impl Desk {
    pub(super) async fn kept_draft(
        &self,
        environment: &EnvironmentName,
        template: &str,
    ) -> Result<Option<Kept>, Problem> {
        let kept = self
            .inner
            .store
            .setting(&draft_setting(environment, template))
            .await;
        let Some(text) = kept.map_err(|error| store_problem(&error))? else {
            return Ok(None);
        };
        Ok(serde_json::from_str(&text)
            .inspect_err(|error| tracing::warn!(%error, template, "a text being written cannot be read"))
            .ok())
    }

    pub(super) async fn keep_draft(
        &self,
        environment: &EnvironmentName,
        template: &str,
        kept: Option<&Kept>,
    ) -> Result<(), Problem> {
        let text = kept.map(serde_json::to_string).transpose();
        let text = text.map_err(|error| internal_problem(&error))?;
        let key = draft_setting(environment, template);
        let stored = self.inner.store.set_setting(&key, text.as_deref()).await;
        stored.map_err(|error| store_problem(&error))
    }

    pub(super) async fn chosen_template(
        &self,
        environment: &EnvironmentName,
        audience: Audience,
    ) -> Result<Option<String>, Problem> {
        let chosen = self
            .inner
            .store
            .setting(&chosen_setting(environment, audience))
            .await;
        chosen.map_err(|error| store_problem(&error))
    }

    pub(super) async fn keep_choice(
        &self,
        environment: &EnvironmentName,
        audience: Audience,
        template: &str,
    ) -> Result<(), Problem> {
        let key = chosen_setting(environment, audience);
        let stored = self.inner.store.set_setting(&key, Some(template)).await;
        stored.map_err(|error| store_problem(&error))
    }
}
