//! Posting a text to an incoming webhook: a deliberate act, tried once.

use super::{
    convert::payload,
    view::{AudienceView, MadeView, PostOutcomeView},
};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    problem::{keychain_problem, store_problem},
};
use desk_core::{
    EnvironmentName,
    announce::Text,
    record::{PostOutcome, Record},
};
use desk_keychain::{Keep, Secret};
use desk_portal::{Posted, Webhook};
use secrecy::SecretString;

pub(crate) fn webhook_setting(environment: &EnvironmentName) -> String {
    format!("webhook/{environment}")
}

impl Desk {
    /// Keeps the address that texts are posted to, in the keychain.
    ///
    /// # Errors
    /// `invalid_input` (field `webhook`) for an address that cannot be used; `keychain_*`; `store_*`.
    pub async fn set_webhook(&self, address: &SecretString) -> Result<(), Problem> {
        let environment = self.environment();
        let webhook = usable(&environment, address)?;
        let name = self.secret_name(&environment, Secret::Webhook);
        let kept = self.inner.vault.set(&name, address, Keep::Keychain).await;
        kept.map_err(|error| keychain_problem(&error))?;
        self.keep_host(&environment, Some(webhook.host())).await
    }

    /// Deletes the address.
    ///
    /// # Errors
    /// `keychain_*`; `store_*`.
    pub async fn forget_webhook(&self) -> Result<(), Problem> {
        let environment = self.environment();
        let name = self.secret_name(&environment, Secret::Webhook);
        let deleted = self.inner.vault.delete(&name).await;
        deleted.map_err(|error| keychain_problem(&error))?;
        self.keep_host(&environment, None).await
    }

    async fn keep_host(&self, environment: &EnvironmentName, host: Option<&str>) -> Result<(), Problem> {
        let stored = self
            .inner
            .store
            .set_setting(&webhook_setting(environment), host)
            .await;
        stored.map_err(|error| store_problem(&error))?;
        self.touch();
        Ok(())
    }

    /// The host of the address that is kept.
    pub(super) async fn webhook_host(
        &self,
        environment: &EnvironmentName,
    ) -> Result<Option<String>, Problem> {
        let host = self.inner.store.setting(&webhook_setting(environment)).await;
        host.map_err(|error| store_problem(&error))
    }

    /// Finishes the text for an audience and posts it, once. What came of it is on the answer; unknown is a fair outcome.
    /// Whether an open rollback was told, so that it is to be carried on, comes with it.
    ///
    /// # Errors
    /// `text_refused`; `not_found` (field `webhook`) without an address; `keychain_*`; `confirmation_needed` (field
    /// `again`) when this text was or may have been posted already and `again` was not said; `store_*`.
    pub async fn post_announcement(
        &self,
        audience: AudienceView,
        again: bool,
    ) -> Result<(MadeView, bool), Problem> {
        let made = self.take_announcement(audience).await?;
        self.post_made(&made.id, again).await
    }

    /// Posts a text that was just finished, once.
    ///
    /// # Errors
    /// As [`Self::post_announcement`], and `not_found` (field `id`).
    pub async fn post_made(&self, id: &str, again: bool) -> Result<(MadeView, bool), Problem> {
        let _one_at_a_time = self.inner.posting.lock().await;
        let environment = self.environment();
        let made = self.made_by_id(&environment, id).await?;
        if let Some(post) = &made.post
            && !again
            && matches!(post.outcome, PostOutcomeView::Posted | PostOutcomeView::Unknown)
        {
            return Err(posted_already(post.outcome));
        }
        let webhook = self.webhook(&environment).await?;
        let document = payload(Text {
            subject: &made.subject,
            body: &made.body,
        })?;
        let row = self.made_row(&environment, &made.id).await?;
        let actor = self.acting(&environment).await;
        let started = Record::AnnouncementPostStarted {
            announcement_id: made.id.clone(),
            host: webhook.host().to_owned(),
        };
        self.record(Some(&environment), row.run_id.clone(), &actor, started)
            .await?;
        self.touch();
        let (outcome, found) = match webhook.post(document, self.inner.timeouts).await {
            Ok(posted) => judged(posted),
            Err(error) => (PostOutcome::NotSent, error.to_string()),
        };
        let mut records = vec![Record::AnnouncementPostConcluded {
            announcement_id: made.id.clone(),
            outcome,
            found,
        }];
        if outcome == PostOutcome::Posted {
            records.push(Record::AnnouncementSent {
                announcement_id: made.id.clone(),
                place: webhook.host().to_owned(),
                sent_at_ms: self.now_ms(),
                by: actor.clone(),
            });
        }
        self.record_all(Some(&environment), row.run_id.as_deref(), &actor, records)
            .await?;
        self.touch();
        let told = outcome == PostOutcome::Posted && self.tell_rollback(&row, webhook.host()).await?;
        Ok((self.made_by_id(&environment, &made.id).await?, told))
    }

    async fn webhook(&self, environment: &EnvironmentName) -> Result<Webhook, Problem> {
        if let Some(given) = &self.inner.webhook {
            return usable(environment, given);
        }
        let name = self.secret_name(environment, Secret::Webhook);
        let kept = self.inner.vault.get(&name).await;
        let kept = kept.map_err(|error| keychain_problem(&error))?;
        kept.and_then(|address| Webhook::parse(&address).ok())
            .ok_or_else(|| {
                Problem::new(
                    Code::NotFound,
                    "No address to post to is kept here.",
                    "Nothing was posted.",
                    "Give one, or copy the text.",
                )
                .about("webhook")
            })
    }
}

/// An address that texts of this environment may be posted to.
fn usable(environment: &EnvironmentName, address: &SecretString) -> Result<Webhook, Problem> {
    let webhook = Webhook::parse(address).map_err(|error| {
        Problem::invalid("webhook", format!("The address {error}."), "Correct the address.")
    })?;
    if environment.is_practice() && !webhook.is_local() {
        return Err(Problem::invalid(
            "webhook",
            "A text made for practice must not reach a real channel.",
            "Practise with a receiver on this machine, or point the desk at a portal first.",
        ));
    }
    Ok(webhook)
}

fn judged(posted: Posted) -> (PostOutcome, String) {
    match posted {
        Posted::Taken => (PostOutcome::Posted, "The receiver took it.".to_owned()),
        Posted::Refused { status } => (
            PostOutcome::Refused,
            format!("The receiver refused it with status {status}."),
        ),
        Posted::NotSent { detail } => (PostOutcome::NotSent, format!("It was not sent: {detail}.")),
        Posted::Unknown { detail } => (
            PostOutcome::Unknown,
            format!("It may have been posted: {detail}."),
        ),
    }
}

fn posted_already(outcome: PostOutcomeView) -> Problem {
    let message = if outcome == PostOutcomeView::Posted {
        "This text was posted already."
    } else {
        "This text may have been posted: no answer told."
    };
    Problem::new(
        Code::ConfirmationNeeded,
        message,
        "Nothing was posted a second time.",
        "Look into the channel. If it is there, mark it as sent; if not, post it again.",
    )
    .about("again")
}
