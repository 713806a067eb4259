//! Announcements: the two texts that are being written, and what a person does with them.
//!
//! The rules are `desk_core::announce`'s. Here the facts are gathered (`situation`), the texts being written are kept
//! (`kept`) and the templates' versions (`templates`); a text leaves the desk in `out`, to a webhook in `post`, and for the
//! command line in `compose`. Every way out goes through `Announcement::finish`.

mod compose;
mod convert;
mod kept;
mod out;
mod post;
mod situation;
mod templates;
pub mod view;

pub use compose::{ComposeRequest, Composed};

pub(crate) use post::webhook_setting;

use self::{
    convert::{code_word, composer_view, fact_view},
    kept::{Kept, Planned},
    situation::Situation,
    templates::no_template,
    view::{AnnounceView, AudienceView, ComposerView, FactView, RollbackNoticeView, WaiveDraft, WordsView},
};
use crate::{
    desk::Desk,
    error::Problem,
    phase::parse_phase,
    problem::{internal_problem, store_problem},
};
use chrono_tz::Tz;
use desk_core::{
    announce::{Audience, Draft, Facts, Placeholder, Waiver, WordLists, check},
    rollback::one_back,
};

/// The templates of a rollback's notice.
const ROLLBACK_NOTICES: [(Audience, &str); 2] = [
    (Audience::Staff, "rollback-staff"),
    (Audience::Member, "rollback-member"),
];
const WORDS_SETTING: &str = "announcement-words";

impl Desk {
    /// Everything on the announce page but the history.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn announcements(&self) -> Result<AnnounceView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        self.announce_view().await
    }

    /// Takes in what a person made of a text.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn edit_announcement(
        &self,
        audience: AudienceView,
        subject: &str,
        body: &str,
    ) -> Result<AnnounceView, Problem> {
        self.change_draft(audience.into(), |kept, _| {
            kept.draft = kept.draft.clone().with_text(subject, body);
            Ok(())
        })
        .await
    }

    /// Takes the newest facts over into a text.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn refill_announcement(&self, audience: AudienceView) -> Result<AnnounceView, Problem> {
        self.change_draft(audience.into(), |kept, situation| {
            kept.draft = kept.draft.refill(&situation.newest(kept.planned.as_ref()));
            Ok(())
        })
        .await
    }

    /// Makes a text anew from its template and the newest facts. What was typed into it is gone.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn restart_announcement(&self, audience: AudienceView) -> Result<AnnounceView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        let situation = self.situation().await?;
        let (id, _) = self.draft_of(&situation, audience.into()).await?;
        self.keep_draft(&situation.environment, &id, None).await?;
        self.announce_view().await
    }

    /// Sets a fact that a person typed, in every text that uses it; without words, what the runbook suggests counts again.
    ///
    /// # Errors
    /// `invalid_input` (field `fact`) for a time that is none, and for a fact that only the portal can set; `store_*`.
    pub async fn set_announcement_fact(
        &self,
        placeholder: &str,
        text: &str,
    ) -> Result<AnnounceView, Problem> {
        let placeholder = Placeholder::from(placeholder.to_owned());
        if matches!(placeholder, Placeholder::PhaseLabel | Placeholder::Timestamp) {
            return Err(Problem::invalid(
                "fact",
                format!("Only the portal says {}.", placeholder.meaning()),
                "Change the phase, or wait until the portal has confirmed it.",
            ));
        }
        let _in_order = self.inner.announcing.lock().await;
        let situation = self.situation().await?;
        for audience in Audience::ALL {
            let (id, mut kept) = self.draft_of(&situation, audience).await?;
            if !kept.draft.template().uses(&placeholder) {
                continue;
            }
            let newest = situation.newest(kept.planned.as_ref());
            let facts = with_typed(kept.draft.facts().clone(), &placeholder, text, &newest)?;
            kept.draft = kept.draft.with_facts(facts);
            self.keep_draft(&situation.environment, &id, Some(&kept)).await?;
        }
        self.announce_view().await
    }

    /// Chooses the template that an audience's text is made from. The text made from another one is kept.
    ///
    /// # Errors
    /// `not_found` (field `template`); `store_*`.
    pub async fn choose_template(&self, audience: AudienceView, id: &str) -> Result<AnnounceView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        let audience = Audience::from(audience);
        let situation = self.situation().await?;
        if situation
            .library
            .template(id)
            .is_none_or(|template| template.audience() != audience)
        {
            return Err(no_template(id));
        }
        self.keep_choice(&situation.environment, audience, id).await?;
        self.announce_view().await
    }

    /// Goes on with the notices of a rollback: of the one that is open, or prepared for one from `from`, wire name, that
    /// may come.
    ///
    /// # Errors
    /// `invalid_input` (field `from`) for a phase that nothing lies before; `not_found` when no rollback is open, or when
    /// there are no templates for it; `store_*`.
    pub async fn write_rollback_notice(&self, from: Option<&str>) -> Result<AnnounceView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        let situation = self.situation().await?;
        let planned = planned_rollback(&situation, from)?;
        let mut found = false;
        for (audience, id) in ROLLBACK_NOTICES {
            let Some(template) = situation.library.template(id) else {
                continue;
            };
            found = true;
            let newest = situation.newest(planned.as_ref());
            let kept = match self.kept_draft(&situation.environment, id).await? {
                Some(kept) => Kept {
                    draft: kept.draft.refill(&newest),
                    planned,
                    ..kept
                },
                None => Kept::new(Draft::new(template.clone(), newest), planned),
            };
            self.keep_draft(&situation.environment, id, Some(&kept)).await?;
            self.keep_choice(&situation.environment, audience, id).await?;
        }
        if !found {
            return Err(no_template(ROLLBACK_NOTICES[0].1));
        }
        self.announce_view().await
    }

    /// Waives a warning with a reason, or takes the waiver back.
    ///
    /// # Errors
    /// `invalid_input` (field `reason`) for an error, which cannot be waived, and for what the text does not show;
    /// `store_*`.
    pub async fn waive_finding(&self, waive: &WaiveDraft) -> Result<AnnounceView, Problem> {
        self.change_draft(waive.audience.into(), |kept, situation| {
            let newest = situation.newest(kept.planned.as_ref());
            let findings = check::check(&kept.draft, &situation.context(&newest));
            let finding = findings.iter().find(|finding| {
                code_word(finding.code) == waive.code
                    && view::PartView::from(finding.part) == waive.part
                    && finding.found == waive.found
            });
            let Some(finding) = finding else {
                return Err(Problem::invalid(
                    "reason",
                    "The text does not show that warning any more.",
                    "Look at what the checks say now.",
                ));
            };
            let same = |waiver: &Waiver| {
                (waiver.code, waiver.part, &waiver.found) == (finding.code, finding.part, &finding.found)
            };
            kept.waivers.retain(|waiver| !same(waiver));
            let waiver = Waiver::of(finding, waive.reason.trim());
            if waiver.covers(finding) {
                kept.waivers.push(waiver);
                return Ok(());
            }
            if waive.reason.trim().is_empty() {
                return Ok(());
            }
            Err(Problem::invalid(
                "reason",
                "Only a warning can be waived, with a reason that says something.",
                "Mend the text, or say why it may go out as it is.",
            ))
        })
        .await
    }

    /// Keeps the team's own words, in place of those before.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn set_announcement_words(
        &self,
        internal: &[String],
        punitive: &[String],
    ) -> Result<AnnounceView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        let words = WordLists {
            internal: said(internal),
            punitive: said(punitive),
        };
        let text = serde_json::to_string(&words).map_err(|error| internal_problem(&error))?;
        let stored = self.inner.store.set_setting(WORDS_SETTING, Some(&text)).await;
        stored.map_err(|error| store_problem(&error))?;
        self.announce_view().await
    }

    async fn added_words(&self) -> Result<WordLists, Problem> {
        let kept = self.inner.store.setting(WORDS_SETTING).await;
        let kept = kept.map_err(|error| store_problem(&error))?;
        // Without the team's own words a text would pass that must not.
        kept.map_or(Ok(WordLists::default()), |text| {
            serde_json::from_str(&text).map_err(|error| internal_problem(&error))
        })
    }

    async fn change_draft(
        &self,
        audience: Audience,
        change: impl FnOnce(&mut Kept, &Situation) -> Result<(), Problem>,
    ) -> Result<AnnounceView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        let situation = self.situation().await?;
        let (id, mut kept) = self.draft_of(&situation, audience).await?;
        change(&mut kept, &situation)?;
        self.keep_draft(&situation.environment, &id, Some(&kept)).await?;
        self.announce_view().await
    }

    /// The text that is being written for an audience, with its template's id. One that is begun here is kept, so that it
    /// can be told later which of its facts have changed.
    async fn draft_of(&self, situation: &Situation, audience: Audience) -> Result<(String, Kept), Problem> {
        let chosen = self.chosen_template(&situation.environment, audience).await?;
        let template = situation.library.for_audience(audience, chosen.as_deref());
        let template = template.ok_or_else(|| no_template(audience.word()))?;
        let id = template.id().to_owned();
        if let Some(kept) = self.kept_draft(&situation.environment, &id).await? {
            return Ok((id, kept));
        }
        let kept = Kept::new(Draft::new(template.clone(), situation.newest(None)), None);
        self.keep_draft(&situation.environment, &id, Some(&kept)).await?;
        Ok((id, kept))
    }

    async fn announce_view(&self) -> Result<AnnounceView, Problem> {
        let situation = self.situation().await?;
        let mut drafts = Vec::with_capacity(Audience::ALL.len());
        let mut composers = Vec::with_capacity(Audience::ALL.len());
        for audience in Audience::ALL {
            let (_, kept) = self.draft_of(&situation, audience).await?;
            composers.push(self.composer(&situation, &kept).await?);
            drafts.push(kept.draft);
        }
        let runbook = &situation.runbook.announcements.words;
        Ok(AnnounceView {
            environment: situation.environment.to_string(),
            facts: facts_of(&drafts, situation.zone),
            rollback: situation.rollback.as_ref().map(|open| RollbackNoticeView {
                to: open.to.wire().to_owned(),
                incident_id: open.incident_id.clone(),
                open: composers
                    .iter()
                    .any(|composer| composer.template == ROLLBACK_NOTICES[0].1),
            }),
            composers,
            templates: situation.library.views(),
            words: WordsView {
                internal: runbook.internal.clone(),
                punitive: runbook.punitive.clone(),
                added_internal: situation.added.internal.clone(),
                added_punitive: situation.added.punitive.clone(),
            },
            webhook: self.webhook_host(&situation.environment).await?,
        })
    }

    async fn composer(&self, situation: &Situation, kept: &Kept) -> Result<ComposerView, Problem> {
        let audience = kept.draft.template().audience();
        let last = self
            .inner
            .store
            .last_sent_announcement(&situation.environment, audience)
            .await
            .map_err(|error| store_problem(&error))?;
        let made = self.made_already(&situation.environment, &kept.draft).await?;
        composer_view(kept, situation, last.as_ref(), made)
    }
}

/// The move that a rollback's notice is for. One that is open and confirmed is no plan any more.
fn planned_rollback(situation: &Situation, from: Option<&str>) -> Result<Option<Planned>, Problem> {
    let since_ms = situation.confirmed.map_or(0, |moved| moved.changed_at_ms);
    if let Some(from) = from {
        let from = parse_phase(from).map_err(|problem| problem.about("from"))?;
        let to = one_back(from).ok_or_else(|| {
            Problem::invalid("from", "Nothing lies before that phase.", "Choose a later one.")
        })?;
        return Ok(Some(Planned { from, to, since_ms }));
    }
    let open = situation.rollback.as_ref().ok_or_else(|| {
        Problem::new(
            crate::error::Code::NotFound,
            "No rollback waits for its notice.",
            "Nothing was changed.",
            "Prepare one for a rollback that may come.",
        )
    })?;
    // It goes to an earlier phase: where that is in force, the move was made.
    let made = situation.confirmed.is_some_and(|moved| moved.to == open.to);
    Ok((!made).then(|| Planned {
        from: open.from.unwrap_or(open.to),
        to: open.to,
        since_ms,
    }))
}

/// Facts with one that a person typed; without words, with what the newest ones suggest.
fn with_typed(
    mut facts: Facts,
    placeholder: &Placeholder,
    text: &str,
    newest: &Facts,
) -> Result<Facts, Problem> {
    if !text.trim().is_empty() {
        // By the team's clock, which may be another one than when the text was begun.
        let mut typed = Facts::new(newest.zone);
        typed.set_typed(placeholder.clone(), text).map_err(|error| {
            Problem::invalid(
                "fact",
                format!(
                    "{} cannot be used for {}: {error}.",
                    text.trim(),
                    placeholder.meaning()
                ),
                "Correct it; the fact is as it was.",
            )
        })?;
        if let Some(fact) = typed.get(placeholder) {
            facts.set(placeholder.clone(), fact.value.clone(), fact.source);
        }
        return Ok(facts);
    }
    match newest.get(placeholder) {
        Some(suggested) => facts.set(placeholder.clone(), suggested.value.clone(), suggested.source),
        None => facts.clear(placeholder),
    }
    Ok(facts)
}

/// The facts that texts use, each once; as the first text that uses it has it.
fn facts_of(drafts: &[Draft], zone: Tz) -> Vec<FactView> {
    let mut views: Vec<FactView> = Vec::new();
    for draft in drafts {
        let audience = AudienceView::from(draft.template().audience());
        for placeholder in draft.template().placeholders() {
            match views
                .iter_mut()
                .find(|view| view.placeholder == placeholder.name())
            {
                Some(view) => view.used_by.push(audience),
                None => views.push(fact_view(placeholder, draft.facts(), zone, vec![audience])),
            }
        }
    }
    views
}

/// Words without what says nothing, each once.
fn said(words: &[String]) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for word in words.iter().map(|word| word.trim()) {
        let again = said.iter().any(|known| known.eq_ignore_ascii_case(word));
        if word.chars().any(char::is_alphanumeric) && !again {
            said.push(word.to_owned());
        }
    }
    said
}
