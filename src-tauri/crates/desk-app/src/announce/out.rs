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
    announce::{Announcement, Audience, Draft, Envelope, Finding, Text, eml, markdown, moment, plain},
    record::Record,
};
use desk_store::{AnnouncementRow, RunRow};
use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

/// How many earlier texts the history shows.
const HISTORY: u32 = 100;
/// The folder that a text was last saved in.
const FOLDER_SETTING: &str = "announcement-folder";
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
    pub(crate) async fn announcements_of_run(&self, run: &RunRow) -> Result<Vec<MadeView>, Problem> {
        let rows = self.inner.store.announcements_of_run(&run.id).await;
        let label = run_label(run.number);
        let views = rows.map_err(|error| store_problem(&error))?.into_iter();
        Ok(views.map(|row| made_view(row, Some(label.clone()))).collect())
    }

    /// Where a text may be saved if nobody chooses: in the folder that was chosen last, else among the desk's files, and
    /// under a name of its own.
    ///
    /// # Errors
    /// `store_*`.
    pub async fn suggested_file(
        &self,
        audience: AudienceView,
        format: FileFormat,
    ) -> Result<PathBuf, Problem> {
        let kept = self.inner.store.setting(FOLDER_SETTING).await;
        let kept = kept.map_err(|error| store_problem(&error))?.map(PathBuf::from);
        let folder = kept
            .filter(|folder| folder.is_dir())
            .unwrap_or_else(|| self.data_dir().join("announcements"));
        if let Err(error) = std::fs::create_dir_all(&folder) {
            // A folder that is there can be chosen all the same.
            tracing::warn!(%error, "the folder for saved texts cannot be made");
        }
        let now = DateTime::from_timestamp_millis(self.now_ms()).unwrap_or_default();
        let stamp = now.with_timezone(&self.zone()).format("%Y%m%d-%H%M%S");
        let audience = Audience::from(audience).word();
        Ok(folder.join(format!("{audience}-{stamp}.{}", format.extension())))
    }

    /// Finishes the text for an audience and writes it into a file that a person chose. A name that does not end as the
    /// format's files do gets that end. Gives the file.
    ///
    /// # Errors
    /// As [`Self::take_announcement`]; `invalid_input` (field `file`) when the file cannot be written, or when one is
    /// there whose name nobody chose.
    pub async fn save_announcement(
        &self,
        audience: AudienceView,
        format: FileFormat,
        chosen: &Path,
    ) -> Result<PathBuf, Problem> {
        let made = self.take_announcement(audience).await?;
        let ends_so = chosen
            .extension()
            .and_then(|end| FileFormat::of_extension(&end.to_string_lossy()))
            == Some(format);
        let (file, written) = if ends_so {
            (chosen.to_owned(), std::fs::write(chosen, made.file(format)))
        } else {
            let mut name = chosen.as_os_str().to_owned();
            name.push(format!(".{}", format.extension()));
            let file = PathBuf::from(name);
            // The person was asked about replacing another one.
            let written = File::create_new(&file).and_then(|mut new| new.write_all(&made.file(format)));
            (file, written)
        };
        written.map_err(|error| {
            Problem::invalid(
                "file",
                format!("{} cannot be written.", file.display()),
                "Choose another file or folder, or copy the text.",
            )
            .detailed(error.to_string())
        })?;
        if let Some(folder) = file.parent().and_then(Path::to_str) {
            let kept = self.inner.store.set_setting(FOLDER_SETTING, Some(folder)).await;
            kept.map_err(|error| store_problem(&error))?;
        }
        Ok(file)
    }

    /// A text that left the desk, by its id; by `staff` or `member` the newest for them.
    ///
    /// # Errors
    /// `not_found` (field `id`); `store_*`.
    pub async fn made_announcement(&self, id: &str) -> Result<MadeView, Problem> {
        let environment = self.environment();
        let newest = match Audience::from_word(id) {
            Some(audience) => self.newest_made(&environment, audience).await?,
            None => None,
        };
        match newest {
            Some(row) => self.made(&environment, row).await,
            None => self.made_by_id(&environment, id).await,
        }
    }

    /// Records where a text was sent, when and by whom. One for staff that was made since a rollback was opened is its
    /// notice: go on with [`Self::carry_on_rollback`] then, which is what the answer says.
    ///
    /// # Errors
    /// `not_found`; `invalid_input` (field `place` or `at`); `busy` when another program carries the rollback on, after
    /// the text was recorded as sent; `store_*`.
    pub async fn mark_announcement_sent(&self, sent: &SentDraft) -> Result<bool, Problem> {
        let environment = self.environment();
        let row = self.made_row(&environment, &sent.id).await?;
        let now = self.now_ms();
        let place = sent.place.trim();
        if place.is_empty() {
            return Err(Problem::invalid(
                "place",
                "It is missing where the text was sent.",
                "Say where, in a word or two.",
            ));
        }
        let at_ms = match sent.at.as_deref().map(str::trim).filter(|at| !at.is_empty()) {
            None => now,
            Some(at) => moment::typed(at, self.zone()).map_err(|error| {
                Problem::invalid(
                    "at",
                    format!("{at} is not when it was sent: {error}."),
                    "Correct the time.",
                )
            })?,
        };
        if at_ms > now + MINUTE_MS || at_ms + MINUTE_MS < row.at_ms {
            return Err(Problem::invalid(
                "at",
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
