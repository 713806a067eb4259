//! The TypeScript in `ui/src/bindings` is generated from the types that cross, and must not drift from them.
//!
//! `UPDATE_BINDINGS=1 cargo nextest run -p desk-app bindings` writes it anew.

#![allow(
    clippy::unwrap_used,
    reason = "the helpers of a test fail it like the test itself"
)]

use desk_app::{
    Problem,
    announce::view::{
        AnnounceView, CopyPart, DifferenceLineView, FileFormat, MadeView, SentDraft, TemplateDraft,
        WaiveDraft,
    },
    evidence::view::{AttachProgress, AttachTried, EvidenceView, ExportProgress, ExportReport, KeyView},
    log::view::{
        LogChangeView, LogComparisonView, LogEntryView, LogFormat, LogImportView, LogPageView, LogQuery,
        LogSavedView,
    },
    metrics::view::{ImportView, LogColumns, SoakView},
    rehearse::walk::{RehearsalRequest, Surprise},
    rollback::view::{DrillRequest, RollbackChoice, RollbackRequest, SafeStateView},
    smoke::view::{SmokePlan, SmokeReport, SmokeRequest},
    view::{DeskView, EnvironmentDraft, JournalView, SaveRequest, SignInDraft, TestReport},
};
use std::{collections::BTreeMap, fs, path::Path};
use ts_rs::{Config, TS};

fn read_all(dir: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(dir) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().to_string_lossy().into_owned(),
                fs::read_to_string(entry.path()).unwrap(),
            )
        })
        .collect()
}

#[test]
fn the_bindings_are_those_of_the_types_that_cross() {
    let fresh = tempfile::tempdir().unwrap();
    // Every integer that crosses is a time, a duration or a count, far below 2^53.
    let config = Config::new().with_out_dir(fresh.path()).with_large_int("number");
    DeskView::export_all(&config).unwrap();
    Problem::export_all(&config).unwrap();
    SaveRequest::export_all(&config).unwrap();
    EnvironmentDraft::export_all(&config).unwrap();
    SignInDraft::export_all(&config).unwrap();
    TestReport::export_all(&config).unwrap();
    JournalView::export_all(&config).unwrap();
    ImportView::export_all(&config).unwrap();
    LogColumns::export_all(&config).unwrap();
    SoakView::export_all(&config).unwrap();
    RehearsalRequest::export_all(&config).unwrap();
    Surprise::export_all(&config).unwrap();
    SmokePlan::export_all(&config).unwrap();
    SmokeReport::export_all(&config).unwrap();
    SmokeRequest::export_all(&config).unwrap();
    RollbackRequest::export_all(&config).unwrap();
    RollbackChoice::export_all(&config).unwrap();
    DrillRequest::export_all(&config).unwrap();
    SafeStateView::export_all(&config).unwrap();
    AnnounceView::export_all(&config).unwrap();
    CopyPart::export_all(&config).unwrap();
    DifferenceLineView::export_all(&config).unwrap();
    FileFormat::export_all(&config).unwrap();
    MadeView::export_all(&config).unwrap();
    SentDraft::export_all(&config).unwrap();
    TemplateDraft::export_all(&config).unwrap();
    WaiveDraft::export_all(&config).unwrap();
    LogChangeView::export_all(&config).unwrap();
    LogComparisonView::export_all(&config).unwrap();
    LogEntryView::export_all(&config).unwrap();
    LogFormat::export_all(&config).unwrap();
    LogImportView::export_all(&config).unwrap();
    LogPageView::export_all(&config).unwrap();
    LogQuery::export_all(&config).unwrap();
    LogSavedView::export_all(&config).unwrap();
    EvidenceView::export_all(&config).unwrap();
    AttachProgress::export_all(&config).unwrap();
    AttachTried::export_all(&config).unwrap();
    ExportProgress::export_all(&config).unwrap();
    ExportReport::export_all(&config).unwrap();
    KeyView::export_all(&config).unwrap();
    let generated = read_all(fresh.path());
    assert!(generated.len() > 20, "only {} types generated", generated.len());

    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ui/src/bindings");
    if std::env::var_os("UPDATE_BINDINGS").is_some() {
        fs::remove_dir_all(&kept).unwrap();
        fs::create_dir_all(&kept).unwrap();
        for (name, text) in &generated {
            fs::write(kept.join(name), text).unwrap();
        }
    }
    let kept = read_all(&kept);
    let names: Vec<_> = generated.keys().collect();
    assert_eq!(
        names,
        kept.keys().collect::<Vec<_>>(),
        "files in ui/src/bindings; UPDATE_BINDINGS=1 renews them"
    );
    for (name, text) in &generated {
        assert_eq!(text, &kept[name], "{name} drifted; UPDATE_BINDINGS=1 renews it");
    }
}
