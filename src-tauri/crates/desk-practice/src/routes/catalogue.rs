//! Reading the catalogue: list, get, discovery.

use std::cmp::Reverse;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use super::{Call, int_of, limited, ms_of, seconds_of, text_of, texts_of, with_id};
use crate::isbn::REFERENCE_DESCRIPTION;
use crate::refusal::Refusal;
use crate::store::{Collection, Document, Documents};

/// What an item's status may be.
pub const STATUSES: [&str; 6] = [
    "available",
    "checked_out",
    "overdue",
    "lost",
    "unavailable",
    "archived",
];

const SORTS: [&str; 5] = [
    "highest_rated",
    "most_borrowed",
    "recently_added",
    "recently_reviewed",
    "staff_picks",
];

/// The item, unless there is none or it was deleted.
pub fn find_item(documents: Documents<'_>, id: &str) -> Result<Option<Document>, Refusal> {
    Ok(documents
        .find(Collection::Items, id)?
        .filter(|item| !is_deleted(item)))
}

/// The item, or the portal's plain 404.
pub fn item_or_404(documents: Documents<'_>, id: &str) -> Result<Document, Refusal> {
    find_item(documents, id)?.ok_or_else(|| Refusal::not_found("Library item not found"))
}

/// Every item that was not deleted.
pub fn live_items(documents: Documents<'_>) -> Result<Vec<(String, Document)>, Refusal> {
    let mut items = documents.all(Collection::Items)?;
    items.retain(|(_, item)| !is_deleted(item));
    Ok(items)
}

fn is_deleted(item: &Document) -> bool {
    item.get("deleted") == Some(&Value::Bool(true))
}

/// Whether members see the item; a hidden one can still be borrowed by id.
fn is_public(item: &Document) -> bool {
    text_of(item, "catalogVisibility") == "public"
}

fn is_staff_pick(item: &Document) -> bool {
    item.get("curation")
        .is_some_and(|curation| curation["staffPick"] == true)
}

/// What readers are told of the book: its summary, else its description unless that is only the reference's own.
fn summary(item: &Document) -> Option<&str> {
    [text_of(item, "summary"), text_of(item, "description")]
        .into_iter()
        .find(|text| !text.is_empty() && *text != REFERENCE_DESCRIPTION)
}

/// Whether the item lacks a synopsis.
pub fn is_sparse(item: &Document) -> bool {
    summary(item).is_none()
}

/// The item as replies show it, with what is worked out when it is read.
fn view(id: &str, item: &Document) -> Value {
    let mut shown = item.clone();
    let detail = match summary(item) {
        Some(_) => "ready",
        None if item.get("metadataEnrichmentPending") == Some(&Value::Bool(true)) => "enriching",
        None => "sparse",
    };
    shown.insert("summary".to_owned(), json!(summary(item)));
    shown.insert("detailStatus".to_owned(), detail.into());
    if let Some(reviewed) = DateTime::from_timestamp(seconds_of(item, "lastReviewedAt"), 0)
        && item.contains_key("lastReviewedAt")
    {
        let iso = reviewed.to_rfc3339_opts(SecondsFormat::Millis, true);
        shown.insert("lastReviewedAtIso".to_owned(), iso.into());
    }
    with_id(id, shown)
}

/// The items this caller sees.
fn visible_items(call: &Call<'_>) -> Result<Vec<(String, Document)>, Refusal> {
    let mut items = live_items(call.documents)?;
    items.retain(|(_, item)| call.caller.staff || is_public(item));
    Ok(items)
}

/// Orders items; those that tie stand in the order of their titles.
fn sort(items: &mut [(String, Document)], by: &str) {
    items.sort_by_cached_key(|(_, item)| {
        let rank = match by {
            "highest_rated" => {
                #[allow(clippy::cast_possible_truncation)] // a rating of at most 5
                let thousandths = (item
                    .get("aggregateRating")
                    .and_then(Value::as_f64)
                    .unwrap_or_default()
                    * 1000.0) as i64;
                thousandths
            }
            "most_borrowed" => int_of(item, "borrowCount").unwrap_or_default(),
            "recently_reviewed" => seconds_of(item, "lastReviewedAt"),
            "staff_picks" => i64::from(is_staff_pick(item)),
            _ => seconds_of(item, "createdAt"),
        };
        (Reverse(rank), text_of(item, "title").to_owned())
    });
}

fn views(items: &[(String, Document)]) -> Vec<Value> {
    items.iter().map(|(id, item)| view(id, item)).collect()
}

fn matches(item: &Document, query: &str) -> bool {
    ["title", "subtitle", "description", "summary", "isbn", "publisher"]
        .iter()
        .map(|field| text_of(item, field).to_owned())
        .chain(
            ["authors", "subjects", "tags"]
                .iter()
                .flat_map(|field| texts_of(item, field)),
        )
        .any(|text| text.to_lowercase().contains(query))
}

/// `library.items.list`
pub fn list(call: &Call<'_>) -> Result<Value, Refusal> {
    let fields = call.fields;
    let query = fields
        .text("q", 0..=200)?
        .map(|query| query.trim().to_lowercase())
        .unwrap_or_default();
    let media_types = fields.texts("mediaType", 20, 80)?;
    let availability = fields.word("availability", &STATUSES)?;
    let order = fields.word("sort", &SORTS)?.unwrap_or("recently_added");
    let page = fields.int("page", 1..=500)?.unwrap_or(1);
    let page_size = fields.int("pageSize", 1..=100)?.unwrap_or(24);

    let mut items = visible_items(call)?;
    items.retain(|(_, item)| {
        (query.is_empty() || matches(item, &query))
            && media_types
                .as_ref()
                .is_none_or(|wanted| wanted.iter().any(|kind| kind == text_of(item, "mediaType")))
            && availability.is_none_or(|status| text_of(item, "status") == status)
    });
    sort(&mut items, order);
    let total = items.len();
    let from = limited((page - 1) * page_size).min(total);
    let to = (from + limited(page_size)).min(total);
    Ok(json!({
        "items": views(&items[from..to]),
        "page": page,
        "pageSize": page_size,
        "total": total,
        "sort": order,
    }))
}

/// `library.items.get`
pub fn get(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("itemId", 1..=200)?;
    let id = id.trim();
    let item = item_or_404(call.documents, id)?;
    if !call.caller.staff && !is_public(&item) {
        return Err(Refusal::not_found("Library item not found"));
    }
    Ok(json!({ "item": view(id, &item) }))
}

/// `library.discovery.get`
pub fn discovery(call: &Call<'_>) -> Result<Value, Refusal> {
    let limit = call.fields.int("limit", 1..=30)?.unwrap_or(8);
    let workshops = call.fields.flag("includeWorkshopDiscovery")?.unwrap_or(false);
    let items = visible_items(call)?;
    let shelf = |by: &str, wanted: fn(&Document) -> bool| {
        let mut shelf = items.clone();
        shelf.retain(|(_, item)| wanted(item));
        sort(&mut shelf, by);
        shelf.truncate(limited(limit));
        views(&shelf)
    };
    let mut data = json!({
        "limit": limit,
        "staffPicks": shelf("staff_picks", is_staff_pick),
        "mostBorrowed": shelf("most_borrowed", |_| true),
        "recentlyAdded": shelf("recently_added", |_| true),
        "recentlyReviewed": shelf("recently_reviewed", |_| true),
        "featuredWorkshops": [],
    });
    if workshops {
        data["featuredWorkshopsSource"] = "fallback".into();
        data["featuredWorkshopsSignalSummary"] = json!({
            "source": "fallback",
            "workshopCount": 0,
            "signalWorkshopCount": 0,
            "totalSignals": 0,
            "requestSignals": 0,
            "interestSignals": 0,
            "showcaseSignals": 0,
            "withdrawnSignals": 0,
            "topDemandScore": null,
            "latestSignalAtMs": null,
        });
    }
    Ok(data)
}

/// `library.externalLookup`: the practice portal asks nobody, so it never finds anything.
pub fn external_lookup(call: &Call<'_>) -> Result<Value, Refusal> {
    let query = call.fields.required_text("q", 1..=200)?;
    let limit = call.fields.int("limit", 1..=30)?.unwrap_or(10);
    Ok(json!({ "q": query.trim(), "limit": limit, "items": [] }))
}

/// When the item was last changed, in milliseconds.
pub fn updated_ms(item: &Document) -> i64 {
    ms_of(item, "updatedAt")
}
