mod bad;
mod drafts;
mod good;
mod moments;
mod properties;
mod renderings;
mod templates;
mod texts;

use super::*;
use crate::Runbook;
use chrono_tz::Tz;

const VIENNA: Tz = chrono_tz::Europe::Vienna;

/// A moment of a zone's clock.
fn at(local: &str, zone: Tz) -> i64 {
    moment::typed(local, zone).unwrap()
}

/// The desk on the afternoon of a move from phase 1 to phase 2, at 14:20 in Vienna.
#[derive(Clone, Debug)]
struct Desk {
    now_ms: i64,
    confirmed: Option<PhaseMove>,
    newest: Facts,
    added: WordLists,
    outlets: Vec<Outlet>,
}

impl Desk {
    fn new() -> Self {
        Self::after(Some(Phase::ReadOnly), Phase::MemberWrites)
    }

    fn after(from: Option<Phase>, to: Phase) -> Self {
        let now_ms = at("2026-11-25 14:20", VIENNA);
        let confirmed = PhaseMove {
            from,
            to,
            changed_at_ms: at("2026-11-25 14:02", VIENNA) + 31_250,
            seen_at_ms: now_ms,
        };
        let mut newest = Facts::of_move(Runbook::builtin(), &confirmed, VIENNA);
        newest
            .set_typed(Placeholder::NextCheckTime, "2026-11-25 15:00")
            .unwrap();
        newest.set(
            Placeholder::IncidentId,
            Value::Words("INC-7".into()),
            Source::Rollback,
        );
        Self {
            now_ms,
            confirmed: Some(confirmed),
            newest,
            added: WordLists::default(),
            outlets: vec![Outlet::Slack, Outlet::Email],
        }
    }

    fn draft(&self, template: &str) -> Draft {
        Draft::new(builtin(template).clone(), self.newest.clone())
    }

    fn context(&self) -> Context<'_> {
        Context {
            now_ms: self.now_ms,
            runbook: Runbook::builtin(),
            confirmed: self.confirmed.as_ref(),
            newest: &self.newest,
            added: &self.added,
            outlets: &self.outlets,
        }
    }

    fn check(&self, draft: &Draft) -> Vec<Finding> {
        check(draft, &self.context())
    }
}

fn builtin(id: &str) -> &'static Template {
    Runbook::builtin().announcements.template(id).unwrap()
}

fn own(subject: &str, body: &str, placeholders: &[&str]) -> Result<Template, TemplateError> {
    Template::new(TemplateText {
        id: "own".into(),
        name: "Our own".into(),
        audience: Audience::Staff,
        number: 1,
        subject: subject.into(),
        body: body.into(),
        placeholders: placeholders.iter().map(|name| (*name).to_owned()).collect(),
    })
}
