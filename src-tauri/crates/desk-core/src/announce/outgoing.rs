//! A text that may go out.

use super::{Audience, Context, Draft, Facts, Finding, TemplateVersion, Text, Waiver, check, refusing};
use serde::{Deserialize, Serialize};

/// A text that may go out, with all that speaks for it; the journal keeps it so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Announcement {
    /// The template it was made from.
    pub template: TemplateVersion,
    /// For whom it is.
    pub audience: Audience,
    /// The facts it was filled with, those that the template uses.
    pub facts: Facts,
    /// The subject line.
    pub subject: String,
    /// The body.
    pub body: String,
    /// The SHA-256 of the subject, one line feed and the body, lower-case hex.
    pub sha256: String,
    /// What the checks found; warnings alone.
    pub findings: Vec<Finding>,
    /// Why each of them does not stand in the way.
    pub waivers: Vec<Waiver>,
}

impl Announcement {
    /// The one way from a draft to a text that may go out.
    ///
    /// # Errors
    /// The findings that stand in the way: every error, and every warning without a waiver.
    pub fn finish(draft: &Draft, context: &Context<'_>, waivers: &[Waiver]) -> Result<Self, Vec<Finding>> {
        let findings = check(draft, context);
        let refusing: Vec<Finding> = refusing(&findings, waivers).into_iter().cloned().collect();
        if !refusing.is_empty() {
            return Err(refusing);
        }
        let text = draft.text();
        let used = |waiver: &&Waiver| findings.iter().any(|finding| waiver.covers(finding));
        Ok(Self {
            template: draft.template().version(),
            audience: draft.template().audience(),
            facts: draft.facts().used_by(draft.template()),
            subject: text.subject.to_owned(),
            body: text.body.to_owned(),
            sha256: text.sha256(),
            waivers: waivers.iter().filter(used).cloned().collect(),
            findings,
        })
    }

    /// Its subject and body.
    pub fn text(&self) -> Text<'_> {
        Text {
            subject: &self.subject,
            body: &self.body,
        }
    }
}
