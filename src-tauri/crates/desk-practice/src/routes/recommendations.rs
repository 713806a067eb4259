//! Recommendations: members make them, staff moderate them.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::catalogue::item_or_404;
use super::{Call, document, int_of, limited, merge, ms_of, text_of, texts_of, timestamp, with_id};
use crate::isbn;
use crate::random;
use crate::refusal::Refusal;
use crate::store::{Collection, Document};

const STATUSES: [&str; 4] = ["pending_review", "approved", "rejected", "hidden"];
const ACTIONS: [&str; 4] = ["approve", "hide", "restore", "reject"];
const SORTS: [&str; 2] = ["newest", "helpful"];
const LEAST_RATIONALE: usize = 8;

/// The state an action leads to, from any state.
fn status_after(action: &str) -> &'static str {
    match action {
        "hide" => "hidden",
        "reject" => "rejected",
        _ => "approved",
    }
}

/// `library.recommendations.create`
pub fn create(call: &Call<'_>) -> Result<Value, Refusal> {
    let fields = call.fields;
    let rationale = fields.required_text("rationale", 0..=1200)?;
    let rationale = rationale.trim();
    let given = |name: &str, most: usize| -> Result<Option<String>, Refusal> {
        let text = fields.text(name, 0..=most)?;
        Ok(text
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty()))
    };
    let item_id = given("itemId", 200)?;
    let title = given("title", 240)?;
    let author = given("author", 240)?;
    let isbn = given("isbn", 40)?.map(|isbn| isbn::strip(&isbn));
    let tags: Vec<String> = fields
        .texts("tags", 20, 60)?
        .unwrap_or_default()
        .iter()
        .map(|tag| tag.trim().to_lowercase())
        .filter(|tag| !tag.is_empty())
        .collect();
    if rationale.encode_utf16().count() < LEAST_RATIONALE {
        return Err(Refusal::invalid(
            "Recommendation rationale must be at least 8 characters.",
        ));
    }
    if item_id.is_none() && title.is_none() && isbn.is_none() {
        return Err(Refusal::invalid(
            "Provide at least one recommendation target: itemId, title, or isbn.",
        ));
    }
    let item = match &item_id {
        Some(item_id) => item_or_404(call.documents, item_id)?,
        None => Document::new(),
    };
    let of_item = |name: &str| Some(text_of(&item, name).to_owned()).filter(|text| !text.is_empty());
    let item_authors = Some(texts_of(&item, "authors").join(", ")).filter(|authors| !authors.is_empty());
    let now = timestamp(call.now_ms);
    let id = format!("rec_{}", random::hex(12));
    let recommendation = document(json!({
        "itemId": item_id,
        "title": title.or_else(|| of_item("title")),
        "author": author.or(item_authors),
        "isbn": isbn.or_else(|| of_item("isbn")),
        "rationale": rationale,
        "tags": tags,
        "helpfulCount": 0,
        "feedbackCount": 0,
        "moderationStatus": "pending_review",
        "recommenderUid": call.caller.uid,
        "createdAt": now,
        "updatedAt": now,
    }));
    call.documents
        .put(Collection::Recommendations, &id, &recommendation)?;
    Ok(json!({ "recommendation": with_id(&id, recommendation) }))
}

/// `library.recommendations.list`: members see approved ones and their own, staff see all.
pub fn list(call: &Call<'_>) -> Result<Value, Refusal> {
    let item_id = call.fields.text("itemId", 1..=200)?;
    let status = call.fields.word("status", &STATUSES)?;
    let sort = call.fields.word("sort", &SORTS)?.unwrap_or("newest");
    let limit = call.fields.int("limit", 1..=100)?.unwrap_or(30);
    let is_mine = |recommendation: &Document| text_of(recommendation, "recommenderUid") == call.caller.uid;

    let mut all = call.documents.all(Collection::Recommendations)?;
    all.retain(|(_, recommendation)| {
        let visible = call.caller.staff
            || is_mine(recommendation)
            || text_of(recommendation, "moderationStatus") == "approved";
        visible
            && item_id
                .as_deref()
                .is_none_or(|id| text_of(recommendation, "itemId") == id)
            && status.is_none_or(|status| text_of(recommendation, "moderationStatus") == status)
    });
    all.sort_by_key(|(_, recommendation)| {
        let helpful = int_of(recommendation, "helpfulCount").unwrap_or_default();
        Reverse((
            if sort == "helpful" { helpful } else { 0 },
            ms_of(recommendation, "createdAt"),
        ))
    });
    all.truncate(limited(limit));
    let shown: Vec<Value> = all
        .into_iter()
        .map(|(id, mut recommendation)| {
            let mine = is_mine(&recommendation);
            recommendation.insert("isMine".to_owned(), mine.into());
            with_id(&id, recommendation)
        })
        .collect();
    Ok(json!({
        "recommendations": shown,
        "itemId": item_id,
        "status": status,
        "sort": sort,
        "limit": limit,
    }))
}

fn find(call: &Call<'_>, id: &str) -> Result<Document, Refusal> {
    call.documents
        .find(Collection::Recommendations, id)?
        .ok_or_else(|| Refusal::not_found("Recommendation not found"))
}

/// `library.recommendations.moderate`: any state to any state.
pub fn moderate(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("recommendationId", 1..=200)?;
    let id = id.trim();
    let action = call.fields.required_word("action", &ACTIONS)?;
    let note = call.fields.text("note", 0..=500)?;
    let mut recommendation = find(call, id)?;
    let status = status_after(action);
    merge(
        &mut recommendation,
        json!({ "moderationStatus": status, "updatedAt": timestamp(call.now_ms) }),
    );
    call.documents
        .put(Collection::Recommendations, id, &recommendation)?;
    Ok(json!({
        "recommendation": with_id(id, recommendation),
        "moderation": { "action": action, "moderationStatus": status, "note": note },
    }))
}

/// `library.recommendations.feedback.submit`: one for each member, replaced when sent again. Its reply is not recorded.
pub fn submit_feedback(call: &Call<'_>) -> Result<Value, Refusal> {
    let recommendation_id = call.fields.required_text("recommendationId", 1..=200)?;
    let recommendation_id = recommendation_id.trim();
    let helpful = call.fields.required_flag("helpful")?;
    let comment = call.fields.text("comment", 0..=500)?;
    let mut recommendation = find(call, recommendation_id)?;
    let uid = &call.caller.uid;
    let id = format!("{uid}__{recommendation_id}");
    let now = timestamp(call.now_ms);
    let feedback = document(json!({
        "recommendationId": recommendation_id,
        "userId": uid,
        "helpful": helpful,
        "comment": comment,
        "moderationStatus": "pending_review",
        "createdAt": now,
        "updatedAt": now,
    }));
    call.documents.put(Collection::Feedback, &id, &feedback)?;

    let of_this: Vec<Document> = call
        .documents
        .all(Collection::Feedback)?
        .into_iter()
        .map(|(_, feedback)| feedback)
        .filter(|feedback| text_of(feedback, "recommendationId") == recommendation_id)
        .collect();
    let helpful_count = of_this
        .iter()
        .filter(|feedback| feedback.get("helpful") == Some(&Value::Bool(true)))
        .count();
    merge(
        &mut recommendation,
        json!({ "helpfulCount": helpful_count, "feedbackCount": of_this.len(), "updatedAt": now }),
    );
    call.documents
        .put(Collection::Recommendations, recommendation_id, &recommendation)?;
    Ok(json!({
        "feedback": with_id(&id, feedback),
        "recommendation": {
            "id": recommendation_id,
            "helpfulCount": helpful_count,
            "feedbackCount": of_this.len(),
        },
    }))
}

/// `library.recommendations.feedback.moderate`. Its reply is not recorded.
pub fn moderate_feedback(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("feedbackId", 1..=400)?;
    let id = id.trim();
    let action = call.fields.required_word("action", &ACTIONS)?;
    let note = call.fields.text("note", 0..=500)?;
    let mut feedback = call
        .documents
        .find(Collection::Feedback, id)?
        .ok_or_else(|| Refusal::not_found("Recommendation feedback not found"))?;
    let status = status_after(action);
    merge(
        &mut feedback,
        json!({ "moderationStatus": status, "updatedAt": timestamp(call.now_ms) }),
    );
    call.documents.put(Collection::Feedback, id, &feedback)?;
    Ok(json!({
        "feedback": with_id(id, feedback),
        "moderation": { "action": action, "moderationStatus": status, "note": note },
    }))
}
