//! What staff see and run: the dashboard, cover reviews, enrichment, look-up providers.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::catalogue::{is_sparse, live_items, updated_ms};
use super::{Call, document, int_of, limited, merge, ms_of, seconds_of, text_of, texts_of};
use crate::refusal::Refusal;
use crate::store::{Collection, Document};

const ENRICHMENT_RUN: &str = "metadataEnrichmentRun";
const PROVIDERS: &str = "externalLookupProviders";

/// `library.staff.dashboard`
pub fn dashboard(call: &Call<'_>) -> Result<Value, Refusal> {
    let limit = |name: &str, most: i64, usual: i64| -> Result<usize, Refusal> {
        Ok(limited(call.fields.int(name, 1..=most)?.unwrap_or(usual)))
    };
    limit("requestLimit", 120, 40)?;
    let loan_limit = limit("loanLimit", 120, 60)?;
    limit("coverReviewLimit", 120, 40)?;
    let tag_limit = limit("tagSubmissionLimit", 120, 40)?;
    let gap_limit = limit("metadataGapLimit", 120, 40)?;
    Ok(json!({
        "requests": [],
        "loans": loans(call, loan_limit)?,
        "coverReviews": [],
        "tagSubmissions": tag_submissions(call, tag_limit)?,
        "metadataGaps": metadata_gaps(call, gap_limit)?,
        "metadataEnrichmentSummary": enrichment_summary(call)?,
    }))
}

/// A collection's newest documents first.
fn newest(call: &Call<'_>, collection: Collection, limit: usize) -> Result<Vec<(String, Document)>, Refusal> {
    let mut all = call.documents.all(collection)?;
    all.sort_by_key(|(_, document)| Reverse(ms_of(document, "createdAt")));
    all.truncate(limit);
    Ok(all)
}

/// A time as the dashboard shows it: milliseconds of a whole second, 0 for none.
fn at_ms(document: &Document, field: &str) -> i64 {
    seconds_of(document, field) * 1000
}

fn loans(call: &Call<'_>, limit: usize) -> Result<Vec<Value>, Refusal> {
    let loans = newest(call, Collection::Loans, limit)?;
    Ok(loans
        .iter()
        .map(|(id, loan)| {
            json!({
                "id": id,
                "itemId": loan.get("itemId"),
                "title": loan.get("itemTitle"),
                "status": loan.get("status"),
                "borrowerUid": loan.get("borrowerUid"),
                "borrowerName": loan.get("borrowerName"),
                "borrowerEmail": loan.get("borrowerEmail"),
                "createdAtMs": at_ms(loan, "createdAt"),
                "dueAtMs": at_ms(loan, "dueAt"),
                "returnedAtMs": at_ms(loan, "returnedAt"),
            })
        })
        .collect())
}

fn tag_submissions(call: &Call<'_>, limit: usize) -> Result<Vec<Value>, Refusal> {
    newest(call, Collection::TagSubmissions, limit)?
        .iter()
        .map(|(id, submission)| {
            let uid = text_of(submission, "submittedByUid");
            let name = call.documents.account(uid)?.map(|account| account.display_name);
            Ok(json!({
                "id": id,
                "itemId": submission.get("itemId"),
                "itemTitle": submission.get("itemTitle"),
                "tag": submission.get("tag"),
                "normalizedTag": submission.get("normalizedTag"),
                "status": submission.get("status"),
                "submittedByUid": uid,
                "submittedByName": name,
                "createdAtMs": at_ms(submission, "createdAt"),
                "updatedAtMs": at_ms(submission, "updatedAt"),
            }))
        })
        .collect()
}

/// What an item's record lacks.
fn gaps(item: &Document) -> Vec<&'static str> {
    let is_true = |field: &str| item.get(field) == Some(&Value::Bool(true));
    let sparse = is_sparse(item);
    [
        ("missing_cover", text_of(item, "coverUrl").is_empty()),
        ("sparse_synopsis", sparse),
        ("missing_creator", texts_of(item, "authors").is_empty()),
        ("manual_finish_required", is_true("manualPassRequired")),
        ("thin_metadata", sparse && is_true("metadataEnrichmentPending")),
    ]
    .into_iter()
    .filter_map(|(gap, lacking)| lacking.then_some(gap))
    .collect()
}

fn metadata_gaps(call: &Call<'_>, limit: usize) -> Result<Vec<Value>, Refusal> {
    let mut items = live_items(call.documents)?;
    items.retain(|(_, item)| !gaps(item).is_empty());
    items.sort_by_cached_key(|(_, item)| Reverse((gaps(item).len(), updated_ms(item))));
    items.truncate(limit);
    Ok(items
        .iter()
        .map(|(id, item)| {
            json!({
                "itemId": id,
                "title": item.get("title"),
                "source": item.get("source"),
                "mediaType": item.get("mediaType"),
                "coverQualityStatus": item.get("coverQualityStatus"),
                "coverQualityReason": item.get("coverQualityReason"),
                "detailStatus": item.get("detailStatus"),
                "gapReasons": gaps(item),
                "updatedAtMs": updated_ms(item),
                "isbn": item.get("isbn"),
            })
        })
        .collect())
}

fn pending_enrichment(items: &[(String, Document)]) -> usize {
    items
        .iter()
        .filter(|(_, item)| item.get("metadataEnrichmentPending") == Some(&Value::Bool(true)))
        .count()
}

fn enrichment_summary(call: &Call<'_>) -> Result<Value, Refusal> {
    let items = live_items(call.documents)?;
    let run = call
        .documents
        .get(Collection::Config, ENRICHMENT_RUN)?
        .unwrap_or_default();
    let count = |field: &str| int_of(&run, field).unwrap_or_default();
    Ok(json!({
        "pendingCount": pending_enrichment(&items),
        "thinBacklogCount": items.iter().filter(|(_, item)| !gaps(item).is_empty()).count(),
        "lastRunAtMs": count("ranAtMs"),
        "lastRunStatus": text_of(&run, "status"),
        "lastRunSource": text_of(&run, "source"),
        "lastRunQueued": count("queued"),
        "lastRunAttempted": count("attempted"),
        "lastRunEnriched": 0,
        "lastRunSkipped": count("attempted"),
        "lastRunErrors": 0,
        "lastRunStillPending": count("stillPending"),
    }))
}

/// `library.metadata.enrichment.run`: nobody outside is asked, so all stays pending. Its reply is not recorded.
pub fn run_enrichment(call: &Call<'_>) -> Result<Value, Refusal> {
    let limit = limited(call.fields.int("limit", 1..=200)?.unwrap_or(20));
    let pending = pending_enrichment(&live_items(call.documents)?);
    let run = json!({
        "ranAtMs": call.now_ms,
        "status": "success",
        "source": "manual",
        "queued": pending,
        "attempted": pending.min(limit),
        "stillPending": pending,
    });
    call.documents
        .put(Collection::Config, ENRICHMENT_RUN, &document(run.clone()))?;
    Ok(run)
}

/// `library.coverReviews.reconcile`: there are no cover reviews to reconcile. Its reply is not recorded.
pub fn reconcile_covers(call: &Call<'_>) -> Result<Value, Refusal> {
    let scanned = live_items(call.documents)?.len();
    Ok(json!({ "scanned": scanned, "queued": 0, "cleared": 0 }))
}

fn providers(call: &Call<'_>) -> Result<Document, Refusal> {
    let mut config = document(json!({
        "openLibraryEnabled": false,
        "googleBooksEnabled": false,
        "note": null,
        "updatedAtMs": 0,
        "updatedByUid": null,
    }));
    if let Some(saved) = call.documents.get(Collection::Config, PROVIDERS)? {
        config.extend(saved);
    }
    Ok(config)
}

/// `library.externalLookup.providerConfig.get`. Its reply is not recorded.
pub fn provider_config(call: &Call<'_>) -> Result<Value, Refusal> {
    Ok(json!({ "config": providers(call)? }))
}

/// `library.externalLookup.providerConfig.set`. Its reply is not recorded.
pub fn set_provider_config(call: &Call<'_>) -> Result<Value, Refusal> {
    let mut config = providers(call)?;
    let mut changed = false;
    for name in ["openLibraryEnabled", "googleBooksEnabled"] {
        if let Some(enabled) = call.fields.flag(name)? {
            config.insert(name.to_owned(), enabled.into());
            changed = true;
        }
    }
    let note = call.fields.text("note", 0..=300)?;
    if !changed {
        return Err(Refusal::invalid("Provide at least one provider to change."));
    }
    merge(
        &mut config,
        json!({
            "note": note,
            "updatedAtMs": call.now_ms,
            "updatedByUid": call.caller.uid,
        }),
    );
    call.documents.put(Collection::Config, PROVIDERS, &config)?;
    Ok(json!({ "config": config }))
}
