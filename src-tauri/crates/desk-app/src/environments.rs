//! Portals: adding, testing, removing.

use crate::{
    accounts::{Account, missing_claim, who_am_i},
    announce::webhook_setting,
    desk::Desk,
    error::{Code, Problem},
    link::Link,
    problem::{keychain_problem, read_problem, sign_in_problem, store_problem},
    view::{EnvironmentDraft, EnvironmentKindView, SignInDraft, TestReport, TestStep},
};
use desk_core::{
    EnvironmentKind, EnvironmentName, Role, Runbook, change_window::ChangeWindow, record::Record,
};
use desk_keychain::{Keep, Secret};
use desk_portal::{Caller, Credential, Endpoints, Portal, Session, wire};
use secrecy::{ExposeSecret, SecretString};

const DEFAULT_PHASE_CACHE_MS: u64 = 60_000;

/// A draft whose every field was checked.
struct Checked {
    name: EnvironmentName,
    kind: EnvironmentKind,
    endpoints: Endpoints,
    api_key: SecretString,
    project_id: Option<String>,
    phase_cache_ms: u64,
    change_window: Option<String>,
}

/// An optional text; blank is none.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

fn check(draft: &EnvironmentDraft) -> Result<Checked, Problem> {
    let name = EnvironmentName::new(draft.name.trim()).map_err(|error| {
        Problem::invalid(
            "name",
            error.to_string(),
            "Choose a short plain name, such as live.",
        )
    })?;
    let kind = match draft.kind {
        EnvironmentKindView::Staging => EnvironmentKind::Staging,
        EnvironmentKindView::Live => EnvironmentKind::Live,
        EnvironmentKindView::Practice => {
            return Err(Problem::invalid(
                "kind",
                "The practice portal is built in.",
                "Mark the portal as staging or live.",
            ));
        }
    };
    if name.is_practice() {
        return Err(Problem::invalid(
            "name",
            "The name practice belongs to the built-in portal.",
            "Choose another name.",
        ));
    }
    let api_key = draft.api_key.trim();
    if api_key.is_empty() {
        return Err(Problem::invalid(
            "apiKey",
            "The API key is missing.",
            "Copy it from the portal's project settings.",
        ));
    }
    let endpoints = Endpoints::parse(
        draft.api.trim(),
        given(draft.identity_url.as_deref()),
        given(draft.token_url.as_deref()),
    )
    .map_err(|error| {
        let field = match error.field {
            "identity" => "identityUrl",
            "token" => "tokenUrl",
            field => field,
        };
        Problem::invalid(
            field,
            error.to_string(),
            "Correct the address; it begins with https://.",
        )
    })?;
    let change_window = given(draft.change_window.as_deref()).map(str::to_owned);
    if let Some(window) = &change_window {
        ChangeWindow::parse(window).map_err(|error| {
            Problem::invalid(
                "changeWindow",
                error.to_string(),
                "Correct it, or leave it empty: then any time is usual.",
            )
        })?;
    }
    Ok(Checked {
        name,
        kind,
        endpoints,
        api_key: SecretString::from(api_key.to_owned()),
        project_id: given(draft.project_id.as_deref()).map(str::to_owned),
        phase_cache_ms: draft.phase_cache_ms.unwrap_or(DEFAULT_PHASE_CACHE_MS),
        change_window,
    })
}

impl Desk {
    /// Tests a portal step by step: address, sign-in, account, rollout. Nothing is kept or recorded.
    ///
    /// # Errors
    /// `invalid_input` with the field; `stopped`. What the portal says stands in the report.
    pub async fn test_environment(
        &self,
        draft: &EnvironmentDraft,
        sign_in: &SignInDraft,
    ) -> Result<TestReport, Problem> {
        let checked = check(draft)?;
        let credential = sign_in.credential()?;
        let portal = self.portal_of(&checked)?;
        let runbook = self.runbook();
        let testing = async move { test(&portal, credential, &runbook).await.0 };
        self.unless_stopped(testing).await
    }

    fn portal_of(&self, checked: &Checked) -> Result<Portal, Problem> {
        self.portal(
            &checked.name,
            &checked.endpoints.api_base(),
            &checked.endpoints.identity_base(),
            &checked.endpoints.token_base(),
            checked.project_id.clone(),
            checked.api_key.clone(),
        )
    }

    /// Adds a portal, tested with the operator's sign-in, which is kept.
    ///
    /// # Errors
    /// `invalid_input`, `stopped`, and whatever the test found; nothing is kept then.
    pub async fn add_environment_with_operator(
        &self,
        draft: &EnvironmentDraft,
        sign_in: &SignInDraft,
    ) -> Result<(), Problem> {
        let checked = check(draft)?;
        self.refuse_existing(&checked.name).await?;
        let credential = sign_in.credential()?;
        let portal = self.portal_of(&checked)?;
        let testing = {
            let (portal, runbook) = (portal.clone(), self.runbook());
            async move { test(&portal, credential, &runbook).await }
        };
        let (report, signed_in) = self.unless_stopped(testing).await?;
        let Some((session, account)) = signed_in else {
            let found = report.steps.into_iter().find_map(|step| step.problem);
            return Err(found.unwrap_or_else(|| {
                Problem::new(
                    Code::BadReply,
                    "The portal cannot be used.",
                    "Nothing was kept.",
                    "Test it for the details.",
                )
            }));
        };
        // The sign-in first: without it the portal would be added but not usable, and the form would be gone.
        self.keep_sign_in(&checked.name, Role::Operator, &session, sign_in.session_only)
            .await?;
        if let Err(problem) = self.store_environment(&checked).await {
            let forgotten = self
                .inner
                .vault
                .delete_environment(&self.inner.desk_id, &checked.name)
                .await;
            if let Err(error) = forgotten {
                tracing::warn!(%error, "the sign-in of a portal that was not added stays in the keychain");
            }
            return Err(problem);
        }
        let link = Link::new(checked.name.clone(), checked.kind, checked.phase_cache_ms, portal);
        let link = self.put_link(link).await;
        self.note_account(&link, Role::Operator, session, &account, sign_in.session_only)
            .await?;
        self.select_environment(checked.name.as_str()).await
    }

    /// Adds a portal without a sign-in, as the command line does; nothing is asked of it yet.
    ///
    /// # Errors
    /// `invalid_input` with the field; `store_*`.
    pub async fn add_environment(&self, draft: &EnvironmentDraft) -> Result<(), Problem> {
        let checked = check(draft)?;
        self.refuse_existing(&checked.name).await?;
        self.store_environment(&checked).await
    }

    async fn refuse_existing(&self, name: &EnvironmentName) -> Result<(), Problem> {
        let existing = self
            .inner
            .store
            .environments()
            .await
            .map_err(|error| store_problem(&error))?;
        if existing.iter().any(|row| row.name == *name) {
            return Err(Problem::invalid(
                "name",
                format!("There is a portal called {name} already."),
                "Choose another name, or remove that one first.",
            ));
        }
        Ok(())
    }

    async fn store_environment(&self, checked: &Checked) -> Result<(), Problem> {
        self.keep_api_key(&checked.name, &checked.api_key).await?;
        let record = Record::EnvironmentAdded {
            environment_kind: checked.kind,
            api_base: checked.endpoints.api_base(),
            identity_base: checked.endpoints.identity_base(),
            token_base: checked.endpoints.token_base(),
            project_id: checked.project_id.clone(),
            phase_cache_ms: checked.phase_cache_ms,
            change_window: checked.change_window.clone(),
        };
        self.record(Some(&checked.name), None, "desk", record).await?;
        self.touch();
        Ok(())
    }

    /// Keeps an environment's API key: in the keychain, and only where none works among the settings.
    ///
    /// The key names the project and stands in every copy of the portal's web page, so that without a keychain the desk
    /// can still be used with `--credentials -`. It never enters the journal, which leaves the desk in evidence bundles.
    async fn keep_api_key(&self, environment: &EnvironmentName, key: &SecretString) -> Result<(), Problem> {
        let name = self.secret_name(environment, Secret::ApiKey);
        let setting = match self.inner.vault.set(&name, key, Keep::Keychain).await {
            Ok(()) => None,
            Err(error) => {
                tracing::warn!(%error, "the API key is kept among the settings");
                Some(key.expose_secret())
            }
        };
        let kept = self
            .inner
            .store
            .set_setting(&api_key_setting(environment), setting)
            .await;
        kept.map_err(|error| store_problem(&error))
    }

    pub(crate) async fn api_key(&self, environment: &EnvironmentName) -> Result<SecretString, Problem> {
        let setting = self.inner.store.setting(&api_key_setting(environment)).await;
        if let Some(key) = setting.map_err(|error| store_problem(&error))? {
            return Ok(SecretString::from(key));
        }
        let kept = self
            .inner
            .vault
            .get(&self.secret_name(environment, Secret::ApiKey))
            .await;
        kept.map_err(|error| keychain_problem(&error))?.ok_or_else(|| {
            Problem::new(
                Code::SignedOut,
                format!("The API key of {environment} is not kept here."),
                "Nobody can be signed in there.",
                "Remove the portal and add it again.",
            )
        })
    }

    /// Whether anything of an environment was ever put into the keychain. Where none works, nothing was.
    async fn keeps_in_keychain(&self, name: &EnvironmentName) -> Result<bool, Problem> {
        let stored = |error| store_problem(&error);
        let key = self
            .inner
            .store
            .setting(&api_key_setting(name))
            .await
            .map_err(stored)?;
        let accounts = self.inner.store.identities(name).await.map_err(stored)?;
        Ok(key.is_none() || accounts.iter().any(|account| !account.session_only))
    }

    /// Removes a portal and its secrets. What was recorded of it stays in the journal.
    ///
    /// # Errors
    /// `invalid_input` for practice; `confirmation_needed` (field `confirm`) unless `confirm` is its name;
    /// `keychain_*` when a secret could not be deleted: then nothing is removed; `store_*`.
    pub async fn remove_environment(&self, name: &str, confirm: &str) -> Result<(), Problem> {
        let name = EnvironmentName::new(name).map_err(|_| crate::problem::no_environment(name))?;
        if name.is_practice() {
            return Err(Problem::invalid(
                "name",
                "The practice portal is built in and cannot be removed.",
                "Use practice reset to start it over.",
            ));
        }
        self.environment_row(&name).await?;
        if confirm.trim() != name.as_str() {
            return Err(Problem::new(
                Code::ConfirmationNeeded,
                format!("Removing {name} deletes its kept sign-ins."),
                "Nothing was removed. The rollout is not affected either way.",
                format!("Type {name} to confirm."),
            )
            .about("confirm"));
        }
        let deleted = self
            .inner
            .vault
            .delete_environment(&self.inner.desk_id, &name)
            .await;
        if let Err(error) = deleted
            && self.keeps_in_keychain(&name).await?
        {
            return Err(keychain_problem(&error));
        }
        self.record(Some(&name), None, "desk", Record::EnvironmentRemoved {})
            .await?;
        for setting in [api_key_setting(&name), webhook_setting(&name)] {
            let removed = self.inner.store.set_setting(&setting, None).await;
            removed.map_err(|error| store_problem(&error))?;
        }
        self.unlink(&name).await;
        if self.environment() == name {
            self.select_environment(EnvironmentName::PRACTICE).await?;
        }
        self.touch();
        Ok(())
    }
}

fn api_key_setting(name: &EnvironmentName) -> String {
    format!("api-key/{name}")
}

/// Tests a portal; returns the operator's session and account when it can be used.
async fn test(
    portal: &Portal,
    credential: Credential,
    runbook: &Runbook,
) -> (TestReport, Option<(Session, Account)>) {
    let labels = [
        "The sign-in service accepts the account",
        "The portal knows the account",
        "The account is staff",
        "The portal tells the rollout phase",
    ];
    let mut steps = Vec::with_capacity(labels.len());
    let signed_in = test_steps(portal, credential, &mut steps, labels, runbook).await;
    let usable = signed_in.is_some();
    for label in labels.iter().skip(steps.len()) {
        steps.push(TestStep {
            label: (*label).to_owned(),
            ok: None,
            found: "not tested, because of the step before".to_owned(),
            problem: None,
        });
    }
    (TestReport { steps, usable }, signed_in)
}

async fn test_steps(
    portal: &Portal,
    credential: Credential,
    steps: &mut Vec<TestStep>,
    labels: [&str; 4],
    runbook: &Runbook,
) -> Option<(Session, Account)> {
    let mut step = |label: &str, result: Result<String, Problem>| {
        let ok = result.is_ok();
        let (found, problem) = match result {
            Ok(found) => (found, None),
            Err(problem) => (problem.message.clone(), Some(problem)),
        };
        steps.push(TestStep {
            label: label.to_owned(),
            ok: Some(ok),
            found,
            problem,
        });
        ok
    };
    let role = Role::Operator;
    let session = match portal.sign_in(role.word(), credential).await {
        Ok(session) => session,
        Err(error) => {
            step(labels[0], Err(sign_in_problem(role.word(), &error)));
            return None;
        }
    };
    step(labels[0], Ok(format!("signed in as {}", session.uid())));
    let account = match who_am_i(portal, &session).await {
        Ok(account) => account,
        Err(problem) => {
            step(labels[1], Err(problem));
            return None;
        }
    };
    step(labels[1], Ok(format!("uid {}", account.uid)));
    let staff = missing_claim(role, &session, &account);
    let staff = staff.map_or_else(|| Ok("it may set the phase".to_owned()), Err);
    if !step(labels[2], staff) {
        return None;
    }
    let found = portal
        .ask(&wire::RolloutGet {}, Caller::As(&session), "test")
        .await
        .map(|answer| {
            let phase = runbook.phase(answer.data.phase);
            format!("{} · {}", phase.label, phase.title)
        })
        .map_err(|exchange| read_problem(&exchange));
    step(labels[3], found).then_some((session, account))
}
