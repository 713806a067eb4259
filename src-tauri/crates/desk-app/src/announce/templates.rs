//! The templates: the runbook's, with the versions that were written at the desk.

use super::view::{DifferenceLineView, TemplateDraft, TemplateVersionView, TemplateView};
use crate::{
    desk::Desk,
    error::{Code, Problem},
    problem::store_problem,
};
use desk_core::{
    Runbook,
    announce::{Audience, Template, TemplateError, TemplateText, difference, plain},
    record::Record,
};

/// Every template in every version.
pub(super) struct Library {
    templates: Vec<Versions>,
}

/// A template's versions, oldest first; never empty.
struct Versions {
    versions: Vec<Version>,
}

struct Version {
    template: Template,
    /// When it was written at the desk, and by whom; none for the runbook's.
    written: Option<(i64, String)>,
}

impl Versions {
    fn latest(&self) -> Option<&Template> {
        self.versions.last().map(|version| &version.template)
    }
}

impl Library {
    /// The newest version of a template.
    pub(super) fn template(&self, id: &str) -> Option<&Template> {
        self.newest().find(|template| template.id() == id)
    }

    /// The newest version of every template.
    fn newest(&self) -> impl Iterator<Item = &Template> {
        self.templates.iter().filter_map(Versions::latest)
    }

    /// The template for an audience: the one with this id, else the runbook's own.
    pub(super) fn for_audience(&self, audience: Audience, id: Option<&str>) -> Option<&Template> {
        id.and_then(|id| self.template(id))
            .filter(|template| template.audience() == audience)
            .or_else(|| self.template(audience.word()))
    }

    /// The ids of an audience's templates.
    pub(super) fn ids(&self, audience: Audience) -> Vec<&str> {
        self.newest()
            .filter(|template| template.audience() == audience)
            .map(Template::id)
            .collect()
    }

    pub(super) fn views(&self) -> Vec<TemplateView> {
        self.templates
            .iter()
            .filter_map(|versions| Some((versions.latest()?, &versions.versions)))
            .map(|(latest, versions)| TemplateView {
                id: latest.id().to_owned(),
                name: latest.name().to_owned(),
                audience: latest.audience().into(),
                placeholders: TemplateText::from(latest.clone()).placeholders,
                versions: versions.iter().rev().map(version_view).collect(),
            })
            .collect()
    }

    fn version(&self, id: &str, number: u32) -> Option<&Template> {
        self.templates
            .iter()
            .flat_map(|versions| &versions.versions)
            .map(|version| &version.template)
            .find(|template| template.id() == id && template.version().number == number)
    }
}

fn version_view(version: &Version) -> TemplateVersionView {
    let text = version.template.text();
    TemplateVersionView {
        number: version.template.version().number,
        subject: text.subject.to_owned(),
        body: text.body.to_owned(),
        at_ms: version.written.as_ref().map(|(at_ms, _)| *at_ms),
        actor: version.written.as_ref().map(|(_, actor)| actor.clone()),
    }
}

impl Desk {
    pub(super) async fn library(&self, runbook: &Runbook) -> Result<Library, Problem> {
        let mut templates: Vec<Versions> = runbook
            .announcements
            .templates()
            .map(|template| Versions {
                versions: vec![Version {
                    template: template.clone(),
                    written: None,
                }],
            })
            .collect();
        let rows = self.inner.store.announcement_templates().await;
        for row in rows.map_err(|error| store_problem(&error))? {
            let template = match Template::new(row.template) {
                Ok(template) => template,
                Err(error) => {
                    tracing::warn!(%error, "a kept template cannot be used");
                    continue;
                }
            };
            let of_same_id = |versions: &&mut Versions| {
                versions
                    .latest()
                    .is_some_and(|latest| latest.id() == template.id())
            };
            let known = templates.iter_mut().find(of_same_id);
            let version = Version {
                template,
                written: Some((row.at_ms, row.actor)),
            };
            match known {
                Some(known) => known.versions.push(version),
                None => templates.push(Versions {
                    versions: vec![version],
                }),
            }
        }
        Ok(Library { templates })
    }

    /// Keeps the next version of a template, or the first one of a new template. Texts that are being written stay as
    /// they are.
    ///
    /// # Errors
    /// `invalid_input` (field `subject`, `body`, `placeholders` or `name`) with what is wrong; `not_found`; `busy` when
    /// another desk saved a version in the same moment; `store_*`.
    pub async fn save_template(&self, draft: &TemplateDraft) -> Result<(), Problem> {
        let library = self.library(&self.runbook()).await?;
        let template = match &draft.id {
            Some(id) => {
                let latest = library.template(id).ok_or_else(|| no_template(id))?;
                if latest.text().subject == draft.subject && latest.text().body == draft.body {
                    return Ok(());
                }
                latest.edited(&draft.subject, &draft.body)
            }
            None => Template::new(TemplateText {
                id: new_id(&draft.name, &library)?,
                name: draft.name.trim().to_owned(),
                audience: draft.audience.into(),
                number: 1,
                subject: draft.subject.clone(),
                body: draft.body.clone(),
                placeholders: draft.placeholders.clone(),
            }),
        };
        self.record_template(template.map_err(|error| template_problem(&error))?)
            .await
    }

    /// Makes an older version of a template its newest.
    ///
    /// # Errors
    /// `not_found`; `busy`; `store_*`.
    pub async fn restore_template(&self, id: &str, number: u32) -> Result<(), Problem> {
        let library = self.library(&self.runbook()).await?;
        let latest = library.template(id).ok_or_else(|| no_template(id))?;
        let old = library.version(id, number).ok_or_else(|| no_template(id))?;
        let restored = latest.edited(old.text().subject, old.text().body);
        self.record_template(restored.map_err(|error| template_problem(&error))?)
            .await
    }

    /// What differs between two versions of a template.
    ///
    /// # Errors
    /// `not_found`; `store_*`.
    pub async fn compare_template(
        &self,
        id: &str,
        before: u32,
        after: u32,
    ) -> Result<Vec<DifferenceLineView>, Problem> {
        let library = self.library(&self.runbook()).await?;
        let text = |number| {
            let template = library.version(id, number).ok_or_else(|| no_template(id))?;
            Ok::<_, Problem>(plain(template.text()))
        };
        let lines = difference(&text(before)?, &text(after)?);
        Ok(lines.into_iter().map(Into::into).collect())
    }

    async fn record_template(&self, template: Template) -> Result<(), Problem> {
        let actor = self.acting(&self.environment()).await;
        let record = Record::AnnouncementTemplateSaved {
            template: template.into(),
        };
        self.record(None, None, &actor, record).await?;
        self.touch();
        Ok(())
    }
}

/// An id from a name: `Rollback notice` becomes `rollback-notice`.
fn new_id(name: &str, library: &Library) -> Result<String, Problem> {
    let words: Vec<String> = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let id = words.join("-");
    let problem = if id.is_empty() {
        "The template has no name."
    } else if library.template(&id).is_some() {
        "There is a template of this name."
    } else {
        return Ok(id);
    };
    Err(Problem::invalid(
        "name",
        problem,
        "Give it another name, with letters or numbers.",
    ))
}

fn template_problem(error: &TemplateError) -> Problem {
    let field = error.part.map_or("placeholders", desk_core::announce::Part::word);
    let found = if error.found.is_empty() {
        String::new()
    } else {
        format!(" Found: {}", error.found)
    };
    Problem::invalid(
        field,
        format!("{error}.{found}"),
        "Correct it; the version in force stays until then.",
    )
}

pub(super) fn no_template(id: &str) -> Problem {
    Problem::new(
        Code::NotFound,
        format!("There is no template {id:?} for this audience."),
        "Nothing was made.",
        "Choose one of those that the desk lists.",
    )
    .about("template")
}
