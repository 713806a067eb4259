//! How a text leaves the desk: finished, recorded on the run, then copied, saved, posted and said to be sent.

use super::{
    convert::{code_word, made_view, refusal},
    kept::Kept,
    situation::Situation,
    view::{AudienceView, FileFormat, MadeView, SentDraft},
};
use crate::{
    convert::run_label,
    desk::Desk,
    error::{Code, Problem},
    problem::store_problem,
    rollback::view::RollbackChoice,
};
use chrono::DateTime;
use desk_core::{
    EnvironmentName,
    announce::{Announcement, Audience, Draft, Envelope, Finding, Text, eml, markdown, plain},
    record::Record,
};
use desk_store::AnnouncementRow;
use std::path::PathBuf;

/// How many earlier texts the history shows.
const HISTORY: u32 = 100;
/// A time is typed to the minute, so that it may lie that much before what it is said of.
const MINUTE_MS: i64 = 60_000;

impl Desk {
    /// Finishes the text for an audience and records it on the run, unless this very text is there already.
    ///
    /// # Errors
    /// `text_refused` while a check stands in the way; `store_*`.
    pub async fn take_announcement(&self, audience: AudienceView) -> Result<MadeView, Problem> {
        let _in_order = self.inner.announcing.lock().await;
        let situation = self.situation().await?;
        let (_, kept) = self.draft_of(&situation, audience.into()).await?;
        match self.finish(&situation, &kept).await? {
            Ok(made) => Ok(made),
            Err(findings) => Err(refused(&findings)),
        }
    }

    /// Finishes a text and records it, or says what stands in the way.
    pub(super) async fn finish(
        &self,
        situation: &Situation,
        kept: &Kept,
    ) -> Result<Result<MadeView, Vec<Finding>>, Problem> {
        let newest = situation.newest(kept.planned.as_ref());
        let finished = Announcement::finish(&kept.draft, &situation.context(&newest), &kept.waivers);
        let announcement = match finished {
            Ok(announcement) => announcement,
            Err(findings) => return Ok(Err(findings)),
        };
        let environment = &situation.environment;
        let kind = self.environment_row(environment).await?.kind;
        let actor = self.acting(environment).await;
        let (run, _) = self.run_in(environment, kind, &actor).await?;
        let newest = self.newest_made(environment, announcement.audience).await?;
        let same = newest.filter(|row| {
            row.run_id.as_ref() == Some(&run) && is_same_text(&row.announcement, &announcement)
        });
        if let Some(row) = same {
            return self.made(environment, row).await.map(Ok);
        }
        let id = uuid::Uuid::now_v7().to_string();
        let record = Record::AnnouncementMade {
            announcement_id: id.clone(),
            announcement: Box::new(announcement),
        };
        self.record(Some(environment), Some(run), &actor, record).await?;
        self.touch();
        self.made_by_id(environment, &id).await.map(Ok)
    }

    async fn newest_made(
        &self,
        environment: &EnvironmentName,
        audience: Audience,
    ) -> Result<Option<AnnouncementRow>, Problem> {
        let rows = self
            .inner
            .store
            .announcements(environment, Some(audience), "", 1)
            .await;
        Ok(rows.map_err(|error| store_problem(&error))?.into_iter().next())
    }

    /// This very text, if it was the last one to leave the desk for its audience.
    pub(super) async fn made_already(
        &self,
        environment: &EnvironmentName,
        draft: &Draft,
    ) -> Result<Option<MadeView>, Problem> {
        let newest = self.newest_made(environment, draft.template().audience()).await?;
        let same = newest.filter(|row| {
            row.announcement.sha256 == draft.text().sha256()
                && row.announcement.template == draft.template().version()
        });
        match same {
            Some(row) => self.made(environment, row).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn made_by_id(
        &self,
        environment: &EnvironmentName,
        id: &str,
    ) -> Result<MadeView, Problem> {
        let row = self.made_row(environment, id).await?;
        self.made(environment, row).await
    }

    pub(super) async fn made_row(
        &self,
        environment: &EnvironmentName,
        id: &str,
    ) -> Result<AnnouncementRow, Problem> {
        let row = self.inner.store.announcement(environment, id).await;
        row.map_err(|error| store_problem(&error))?.ok_or_else(|| {
            Problem::new(
                Code::NotFound,
                "No text of this id has left the desk here.",
                "Nothing was recorded.",
                "Choose one from the history.",
            )
            .about("id")
        })
    }

    async fn made(&self, environment: &EnvironmentName, row: AnnouncementRow) -> Result<MadeView, Problem> {
        let runs = self.inner.store.runs(environment).await;
        let runs = runs.map_err(|error| store_problem(&error))?;
        let run = runs.iter().find(|run| Some(&run.id) == row.run_id.as_ref());
        let run = run.map(|run| run_label(run.number));
        Ok(made_view(row, run))
    }

    /// The texts that left the desk, newest first; those for one audience, those with words that begin with each of
    /// `search`'s.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn announcement_history(
        &self,
        audience: Option<AudienceView>,
        search: &str,
    ) -> Result<Vec<MadeView>, Problem> {
        let environment = self.environment();
        let stored = |error| store_problem(&error);
        let store = &self.inner.store;
        let audience = audience.map(Audience::from);
        let rows = store.announcements(&environment, audience, search, HISTORY).await;
        let runs = store.runs(&environment).await.map_err(stored)?;
        Ok(rows
            .map_err(stored)?
            .into_iter()
            .map(|row| {
                let run = runs.iter().find(|run| Some(&run.id) == row.run_id.as_ref());
                let run = run.map(|run| run_label(run.number));
                made_view(row, run)
            })
            .collect())
    }

    /// The texts that left the desk in a run, oldest first.
    ///
    /// # Errors
    /// `store_*`.
    pub(crate) async fn announcements_of_run(
        &self,
        run_id: &str,
        label: &str,
    ) -> Result<Vec<MadeView>, Problem> {
        let environment = self.environment();
        let rows = self
            .inner
            .store
            .announcements(&environment, None, "", u32::MAX)
            .await;
        let mut views: Vec<MadeView> = rows
            .map_err(|error| store_problem(&error))?
            .into_iter()
            .filter(|row| row.run_id.as_deref() == Some(run_id))
            .map(|row| made_view(row, Some(label.to_owned())))
            .collect();
        views.reverse();
        Ok(views)
    }

    /// Finishes the text for an audience and writes it among the desk's files. Gives the file.
    ///
    /// # Errors
    /// As [`Self::take_announcement`], and `store_failed` when the file cannot be written.
    pub async fn save_announcement(
        &self,
        audience: AudienceView,
        format: FileFormat,
    ) -> Result<PathBuf, Problem> {
        let made = self.take_announcement(audience).await?;
        let folder = self.data_dir().join("announcements");
        let stamp = DateTime::from_timestamp_millis(made.at_ms).unwrap_or_default();
        let stamp = stamp.with_timezone(&self.zone()).format("%Y%m%d-%H%M%S");
        let audience = Audience::from(audience).word();
        let file = folder.join(format!("{audience}-{stamp}.{}", format.extension()));
        let written =
            std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, made.file(format)));
        written.map_err(|error| {
            Problem::new(
                Code::StoreFailed,
                format!("{} cannot be written.", file.display()),
                "The text is recorded, and can be copied all the same.",
                "Check the data directory, or copy the text.",
            )
            .detailed(error.to_string())
        })?;
        Ok(file)
    }

    /// Records where a text was sent, when and by whom. One for staff that was made since a rollback was opened is its
    /// notice: go on with [`Self::carry_on_rollback`] then, which is what the answer says.
    ///
    /// # Errors
    /// `not_found`; `invalid_input` (field `place` or `atMs`); `busy` when another program carries the rollback on, after
    /// the text was recorded as sent; `store_*`.
    pub async fn mark_announcement_sent(&self, sent: &SentDraft) -> Result<bool, Problem> {
        let environment = self.environment();
        let row = self.made_row(&environment, &sent.id).await?;
        let now = self.now_ms();
        let at_ms = sent.at_ms.unwrap_or(now);
        let place = sent.place.trim();
        if place.is_empty() {
            return Err(Problem::invalid(
                "place",
                "It is missing where the text was sent.",
                "Say where, in a word or two.",
            ));
        }
        if at_ms > now + MINUTE_MS || at_ms + MINUTE_MS < row.at_ms {
            return Err(Problem::invalid(
                "atMs",
                "The text cannot have been sent before it was made, nor in the future.",
                "Correct the time.",
            ));
        }
        let actor = self.acting(&environment).await;
        let by = sent.by.as_deref().map(str::trim).filter(|by| !by.is_empty());
        let record = Record::AnnouncementSent {
            announcement_id: row.id.clone(),
            place: place.to_owned(),
            sent_at_ms: at_ms,
            by: by.unwrap_or(&actor).to_owned(),
        };
        self.record(Some(&environment), row.run_id.clone(), &actor, record)
            .await?;
        self.touch();
        self.tell_rollback(&row, place).await
    }

    /// Tells an open rollback that staff know. Whether there was one to tell.
    pub(super) async fn tell_rollback(&self, row: &AnnouncementRow, place: &str) -> Result<bool, Problem> {
        let open = self.rollback_to_tell_of().await;
        let is_its_notice = row.announcement.audience == Audience::Staff
            && open.is_some_and(|open| row.at_ms >= open.opened_at_ms);
        if is_its_notice {
            let choice = RollbackChoice::Announced {
                place: place.to_owned(),
            };
            self.decide_rollback(&choice).await?;
        }
        Ok(is_its_notice)
    }
}

impl MadeView {
    fn text(&self) -> Text<'_> {
        Text {
            subject: &self.subject,
            body: &self.body,
        }
    }

    /// Subject, an empty line, body.
    pub fn plain(&self) -> String {
        plain(self.text())
    }

    /// The bytes of a file with the text. The same text makes the same bytes.
    pub fn file(&self, format: FileFormat) -> Vec<u8> {
        match format {
            FileFormat::Txt => ending_in_one_line_feed(&self.plain()),
            FileFormat::Md => ending_in_one_line_feed(&markdown(self.text())),
            FileFormat::Eml => eml(
                self.text(),
                &Envelope {
                    date_ms: self.at_ms,
                    message_id: &format!("{}@cutover-desk", self.id),
                    from: None,
                    to: &[],
                },
            ),
        }
    }
}

fn ending_in_one_line_feed(text: &str) -> Vec<u8> {
    format!("{}\n", text.trim_end()).into_bytes()
}

/// When the portal was last heard to say a fact makes no other text.
fn is_same_text(one: &Announcement, other: &Announcement) -> bool {
    (&one.sha256, &one.template, &one.waivers) == (&other.sha256, &other.template, &other.waivers)
}

fn refused(findings: &[Finding]) -> Problem {
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| format!("{}: {}", code_word(finding.code), finding.words))
        .collect();
    let standing: Vec<&Finding> = findings.iter().collect();
    Problem::new(
        Code::TextRefused,
        format!("The text was not taken. {}", refusal(&standing)),
        "Nothing left the desk.",
        "Mend what the checks name; a warning can be waived with a reason.",
    )
    .detailed(lines.join("\n"))
}
