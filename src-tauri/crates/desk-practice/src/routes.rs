//! The routes of the library: what each does once the gate has let the call through.

mod catalogue;
mod idempotency;
mod items;
mod loans;
mod recommendations;
mod reviews;
mod staff;
mod tags;

use desk_core::{PhaseState, Route};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::rollout::{self, PhaseCache};
use crate::store::{Document, Documents};
use crate::token::Claims;

pub use items::{NewItem, create_item};

/// One call, past every check that does not depend on its route.
pub struct Call<'a> {
    pub documents: Documents<'a>,
    pub fields: &'a Fields,
    pub caller: &'a Claims,
    /// The time of everything this call writes.
    pub now_ms: i64,
    /// The phase as the instance sees it.
    pub phase: &'a PhaseState,
    /// The memory of the instance that answers.
    pub phase_cache: PhaseCache,
    /// The header `x-idempotency-key`.
    pub idempotency_header: Option<&'a str>,
}

/// Carries out a call and returns the `data` of its reply.
pub fn handle(route: Route, call: &Call<'_>) -> Result<Value, Refusal> {
    match route {
        Route::Hello => Ok(hello(call)),
        Route::RolloutGet => Ok(rollout::get(call)),
        Route::RolloutSet => rollout::set(call),
        Route::ItemsList => catalogue::list(call),
        Route::ItemsGet => catalogue::get(call),
        Route::DiscoveryGet => catalogue::discovery(call),
        Route::ExternalLookup => catalogue::external_lookup(call),
        Route::ItemsResolveIsbn => items::resolve_isbn(call),
        Route::ItemsCreate => items::create(call),
        Route::ItemsUpdate => items::update(call),
        Route::ItemsDelete => items::delete(call),
        Route::ItemsImportIsbns => items::import_isbns(call),
        Route::ItemsOverrideStatus => items::override_status(call),
        Route::LoansCheckout => loans::checkout(call),
        Route::LoansCheckIn => loans::check_in(call),
        Route::LoansListMine => loans::list_mine(call),
        Route::LoansMarkLost => loans::mark_lost(call),
        Route::LoansAssessReplacementFee => loans::assess_replacement_fee(call),
        Route::RatingsUpsert => reviews::rate(call),
        Route::ReviewsCreate => reviews::create(call),
        Route::ReviewsUpdate => reviews::update(call),
        Route::ReadingStatusUpsert => reviews::reading_status(call),
        Route::TagsSubmissionsCreate => tags::submit(call),
        Route::TagsSubmissionsApprove => tags::approve(call),
        Route::TagsMerge => tags::merge(call),
        Route::RecommendationsList => recommendations::list(call),
        Route::RecommendationsCreate => recommendations::create(call),
        Route::RecommendationsModerate => recommendations::moderate(call),
        Route::RecommendationsFeedbackSubmit => recommendations::submit_feedback(call),
        Route::RecommendationsFeedbackModerate => recommendations::moderate_feedback(call),
        Route::StaffDashboard => staff::dashboard(call),
        Route::CoverReviewsReconcile => staff::reconcile_covers(call),
        Route::MetadataEnrichmentRun => staff::run_enrichment(call),
        Route::ExternalLookupProviderConfigGet => staff::provider_config(call),
        Route::ExternalLookupProviderConfigSet => staff::set_provider_config(call),
    }
}

fn hello(call: &Call<'_>) -> Value {
    json!({
        "uid": call.caller.uid,
        "mode": "firebase",
        "scopes": null,
        "isStaff": call.caller.staff,
    })
}

/// A time as documents hold it.
pub fn timestamp(ms: i64) -> Value {
    json!({ "_seconds": ms.div_euclid(1000), "_nanoseconds": ms.rem_euclid(1000) * 1_000_000 })
}

/// A document's time in milliseconds; 0 when it has none.
fn ms_of(document: &Document, field: &str) -> i64 {
    let part = |name: &str| document.get(field).and_then(|time| time[name].as_i64());
    match (part("_seconds"), part("_nanoseconds")) {
        (Some(seconds), Some(nanoseconds)) => seconds * 1000 + nanoseconds / 1_000_000,
        _ => 0,
    }
}

/// A document's time in whole seconds; the portal orders and shows most times so.
fn seconds_of(document: &Document, field: &str) -> i64 {
    ms_of(document, field).div_euclid(1000)
}

/// A document's text; empty when it has none.
fn text_of<'a>(document: &'a Document, field: &str) -> &'a str {
    document.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A document's whole number, if it has one.
fn int_of(document: &Document, field: &str) -> Option<i64> {
    document.get(field).and_then(Value::as_i64)
}

/// A document's texts; empty when it has none.
fn texts_of(document: &Document, field: &str) -> Vec<String> {
    let Some(Value::Array(entries)) = document.get(field) else {
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|entry| entry.as_str().map(str::to_owned))
        .collect()
}

/// A document's fields with its id among them.
fn with_id(id: &str, mut document: Document) -> Value {
    document.insert("id".to_owned(), id.into());
    Value::Object(document)
}

/// Sets several fields at once: the object's entries replace the document's.
fn merge(document: &mut Document, changes: Value) {
    if let Value::Object(changes) = changes {
        document.extend(changes);
    }
}

/// An object's entries as a document.
fn document(fields: Value) -> Document {
    let mut document = Document::new();
    merge(&mut document, fields);
    document
}

/// At most `limit`, which a field's range keeps small and positive.
fn limited(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or_default()
}
