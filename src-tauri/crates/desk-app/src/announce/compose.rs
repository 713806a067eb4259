//! A text in one go, for the command line: from the newest template and facts, with what is given for this call.

use super::{
    convert::{code_word, fact_view, finding_view, payload},
    kept::Kept,
    templates::no_template,
    view::{AudienceView, FactView, FindingView, MadeView, PartView, WaiverView},
    with_typed,
};
use crate::{desk::Desk, error::Problem};
use desk_core::announce::{Draft, Placeholder, Template, Waiver, check};
use serde::Serialize;

/// What a text is made from.
#[derive(Clone, Debug)]
pub struct ComposeRequest {
    /// For whom it is.
    pub audience: AudienceView,
    /// The template's id; the runbook's own where not given.
    pub template: Option<String>,
    /// Facts by the placeholder's name, in place of the suggested ones.
    pub facts: Vec<(String, String)>,
    /// Reasons to waive warnings, by the finding's code.
    pub waivers: Vec<(String, String)>,
}

/// A text and what the checks say of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Composed {
    /// For whom it is.
    pub audience: AudienceView,
    /// The template's id.
    pub template: String,
    /// Which version of it.
    pub template_version: u32,
    /// Whether it may go out.
    pub ready: bool,
    /// The subject line.
    pub subject: String,
    /// The body.
    pub body: String,
    /// The facts it was filled with.
    pub facts: Vec<FactView>,
    /// What the checks found; what is not waived stands in the way.
    pub findings: Vec<FindingView>,
    /// Exactly what is posted to a webhook.
    pub payload: String,
    /// What was recorded; none where the text may not go out.
    pub made: Option<MadeView>,
}

impl Desk {
    /// Makes a text and records it on the run if it may go out. The texts that are being written in the window stay as
    /// they are.
    ///
    /// # Errors
    /// `not_found` (field `template`); `invalid_input` (field `set` or `waive`); `store_*`. That the checks refuse is no
    /// error.
    pub async fn compose_announcement(&self, request: &ComposeRequest) -> Result<Composed, Problem> {
        let situation = self.situation().await?;
        let audience = request.audience.into();
        let library = &situation.library;
        let template = match &request.template {
            None => library.for_audience(audience, None),
            Some(id) => library
                .template(id)
                .filter(|template| template.audience() == audience),
        };
        let template = template.ok_or_else(|| {
            let known = library.ids(audience).join(", ");
            no_template(request.template.as_deref().unwrap_or(audience.word()))
                .detailed(format!("there are: {known}"))
        })?;
        let newest = situation.newest(None);
        let mut facts = newest.clone();
        for (key, text) in &request.facts {
            let placeholder = used(template, key)?;
            facts = with_typed(facts, placeholder, text, &newest).map_err(|problem| problem.about("set"))?;
        }
        let draft = Draft::new(template.clone(), facts);
        let findings = check::check(&draft, &situation.context(&newest));
        let waivers = waivers(&request.waivers, &findings)?;
        let text = draft.text();
        let mut composed = Composed {
            audience: request.audience,
            template: template.id().to_owned(),
            template_version: template.version().number,
            ready: false,
            subject: text.subject.to_owned(),
            body: text.body.to_owned(),
            facts: template
                .placeholders()
                .into_iter()
                .map(|placeholder| {
                    fact_view(placeholder, draft.facts(), situation.zone, vec![request.audience])
                })
                .collect(),
            findings: findings
                .iter()
                .map(|finding| finding_view(finding, text, &waivers))
                .collect(),
            payload: payload(text)?,
            made: None,
        };
        let kept = Kept {
            waivers,
            ..Kept::new(draft, None)
        };
        composed.made = self.finish(&situation, &kept).await?.ok();
        composed.ready = composed.made.is_some();
        Ok(composed)
    }
}

/// The placeholder that a key names; `brief_behavior_delta` names `{brief behavior delta}`.
fn used<'a>(template: &'a Template, key: &str) -> Result<&'a Placeholder, Problem> {
    let plain = |name: &str| name.trim().to_lowercase().replace([' ', '-'], "_");
    let placeholders = template.placeholders();
    let found = placeholders
        .iter()
        .find(|placeholder| plain(placeholder.name()) == plain(key));
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = placeholders
            .iter()
            .map(|placeholder| placeholder.name())
            .collect();
        Problem::invalid(
            "set",
            format!("The template has no place for {key:?}."),
            format!("It has these: {}.", known.join(", ")),
        )
    })
}

/// Each reason for every warning of its code.
fn waivers(reasons: &[(String, String)], findings: &[check::Finding]) -> Result<Vec<Waiver>, Problem> {
    let mut waivers = Vec::new();
    for (code, reason) in reasons {
        let covered: Vec<Waiver> = findings
            .iter()
            .filter(|finding| code_word(finding.code) == *code)
            .map(|finding| (finding, Waiver::of(finding, reason)))
            .filter(|(finding, waiver)| waiver.covers(finding))
            .map(|(_, waiver)| waiver)
            .collect();
        if covered.is_empty() {
            return Err(Problem::invalid(
                "waive",
                format!("No warning {code:?} can be waived with that reason."),
                "An error cannot be waived; see what the checks find without it.",
            ));
        }
        waivers.extend(covered);
    }
    Ok(waivers)
}

impl FindingView {
    /// On one line: `error label_not_confirmed in the subject: …`.
    pub fn line(&self) -> String {
        let part = match self.part {
            PartView::Subject => "subject",
            PartView::Body => "body",
        };
        let severity = if self.warning { "warning" } else { "error" };
        let found = if self.found.is_empty() {
            String::new()
        } else {
            format!(" ({:?})", self.found)
        };
        format!("{severity} {} in the {part}: {}{found}", self.code, self.words)
    }
}

impl WaiverView {
    /// On one line.
    pub fn line(&self) -> String {
        format!("{} waived: {}", self.code, self.reason)
    }
}
