//! The texts for staff and members: from the facts to the journal, against practice portals.

mod notices;
mod posting;
mod templates;
mod texts;

use crate::support::{Bench, save};
use desk_app::{
    Desk, Phase,
    announce::view::{AnnounceView, AudienceView, ComposerView, FindingView},
};
use desk_core::{announce::Announcement, record::Record};

const STAFF: AudienceView = AudienceView::Staff;
const MEMBER: AudienceView = AudienceView::Member;
/// After the tests' present in every time zone.
const REVIEW: &str = "2026-11-25 09:00";

/// A desk whose portal confirmed phase 2, and whose texts know when the gates are reviewed next.
async fn in_phase_2(bench: &Bench) -> Desk {
    let desk = bench.staging().await;
    save(bench, &desk, Phase::MemberWrites, "one step").await.unwrap();
    desk.set_announcement_fact("next_check_time", REVIEW)
        .await
        .unwrap();
    desk
}

fn text(view: &AnnounceView, audience: AudienceView) -> &ComposerView {
    view.composers
        .iter()
        .find(|composer| composer.audience == audience)
        .unwrap()
}

/// The codes of what stands in the way.
fn refusing(composer: &ComposerView) -> Vec<&str> {
    let standing = |finding: &&FindingView| finding.waived.is_none();
    let findings = composer.findings.iter().filter(standing);
    findings.map(|finding| finding.code.as_str()).collect()
}

/// The texts in the journal, oldest first, each with its run.
async fn made(bench: &Bench) -> Vec<(Option<String>, Announcement)> {
    let entries = bench.journal().await;
    let made = entries.into_iter().filter_map(|entry| match entry.record {
        Record::AnnouncementMade { announcement, .. } => Some((entry.run_id, *announcement)),
        _ => None,
    });
    made.collect()
}
