//! What members say of a book: ratings, reviews, reading status, and the sums an item shows of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::catalogue::item_or_404;
use super::{Call, document, int_of, merge, seconds_of, text_of, timestamp};
use crate::random;
use crate::refusal::Refusal;
use crate::store::{Collection, Document};

const DIFFICULTIES: [&str; 4] = ["beginner", "intermediate", "advanced", "all-levels"];
const READING: [&str; 4] = ["have", "borrowed", "want_to_read", "recommended"];

/// The fields of a review, in the portal's order.
const REVIEW_FIELDS: [&str; 5] = ["body", "reflection", "practicality", "difficulty", "bestFor"];

/// `library.ratings.upsert`
pub fn rate(call: &Call<'_>) -> Result<Value, Refusal> {
    let item_id = call.fields.required_text("itemId", 1..=200)?;
    let item_id = item_id.trim();
    let stars = call.fields.required_int("stars", 1..=5)?;
    item_or_404(call.documents, item_id)?;
    let uid = &call.caller.uid;
    let id = format!("{uid}__{item_id}");
    let rating = json!({ "itemId": item_id, "userId": uid, "stars": stars });
    call.documents
        .put(Collection::Ratings, &id, &document(rating.clone()))?;
    sum_up(call, item_id)?;
    Ok(json!({ "rating": super::with_id(&id, document(rating)) }))
}

/// `library.readingStatus.upsert`
pub fn reading_status(call: &Call<'_>) -> Result<Value, Refusal> {
    let item_id = call.fields.required_text("itemId", 1..=200)?;
    let item_id = item_id.trim();
    let status = call.fields.required_word("status", &READING)?;
    item_or_404(call.documents, item_id)?;
    let uid = &call.caller.uid;
    let id = format!("{uid}__{item_id}");
    let reading = json!({ "itemId": item_id, "userId": uid, "status": status });
    call.documents
        .put(Collection::ReadingStatuses, &id, &document(reading.clone()))?;
    Ok(json!({ "readingStatus": super::with_id(&id, document(reading)) }))
}

/// Reads the review fields that were sent; empty texts count as nothing.
fn read_review(call: &Call<'_>) -> Result<Document, Refusal> {
    let text = |name: &str, most: usize| {
        let text = call.fields.text(name, 0..=most)?;
        Ok::<_, Refusal>(json!(
            text.as_deref().map(str::trim).filter(|text| !text.is_empty())
        ))
    };
    let mut review = document(json!({
        "body": text("body", 1000)?,
        "reflection": text("reflection", 1000)?,
        "practicality": call.fields.int("practicality", 1..=5)?,
        "difficulty": call.fields.word("difficulty", &DIFFICULTIES)?,
        "bestFor": text("bestFor", 120)?,
    }));
    review.retain(|name, _| call.fields.sent(name));
    Ok(review)
}

/// `library.reviews.create`: a member may review an item more than once.
pub fn create(call: &Call<'_>) -> Result<Value, Refusal> {
    let item_id = call.fields.required_text("itemId", 1..=200)?;
    let item_id = item_id.trim();
    let mut review = read_review(call)?;
    if review.values().all(Value::is_null) {
        return Err(Refusal::invalid(
            "Provide body or at least one structured review field.",
        ));
    }
    item_or_404(call.documents, item_id)?;
    let now = timestamp(call.now_ms);
    merge(
        &mut review,
        json!({
            "itemId": item_id,
            "reviewerUid": call.caller.uid,
            "createdAt": now,
            "updatedAt": now,
        }),
    );
    let id = random::document_id();
    call.documents.put(Collection::Reviews, &id, &review)?;
    sum_up(call, item_id)?;
    Ok(json!({ "review": { "id": id, "itemId": item_id } }))
}

/// `library.reviews.update`: by the author or by staff; even to nothing.
pub fn update(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("reviewId", 1..=200)?;
    let id = id.trim();
    let changes = read_review(call)?;
    if !REVIEW_FIELDS.iter().any(|name| call.fields.sent(name)) {
        return Err(Refusal::invalid("Provide at least one review field to update."));
    }
    let mut review = call
        .documents
        .find(Collection::Reviews, id)?
        .ok_or_else(|| Refusal::not_found("Review not found"))?;
    if !call.caller.staff && text_of(&review, "reviewerUid") != call.caller.uid {
        return Err(Refusal::forbidden(
            "Only the review author or staff can edit this review.",
        ));
    }
    review.extend(changes);
    review.insert("updatedAt".to_owned(), timestamp(call.now_ms));
    call.documents.put(Collection::Reviews, id, &review)?;
    let item_id = text_of(&review, "itemId");
    sum_up(call, item_id)?;
    Ok(json!({ "review": { "id": id, "itemId": item_id } }))
}

/// Works out again what the item shows of its ratings and reviews. An item deleted meanwhile shows nothing.
///
/// As observed, the rating shown is the mean practicality of the reviews once there is one, not that of the stars.
fn sum_up(call: &Call<'_>, item_id: &str) -> Result<(), Refusal> {
    let Some(mut item) = call.documents.get(Collection::Items, item_id)? else {
        return Ok(());
    };
    let of_item = |collection| -> Result<Vec<Document>, Refusal> {
        let mut all: Vec<Document> = call
            .documents
            .all(collection)?
            .into_iter()
            .map(|(_, document)| document)
            .collect();
        all.retain(|document| text_of(document, "itemId") == item_id);
        Ok(all)
    };
    let ratings = of_item(Collection::Ratings)?;
    let mut reviews = of_item(Collection::Reviews)?;
    reviews.sort_by_key(|review| super::ms_of(review, "createdAt"));

    let stars = mean(&ratings, "stars");
    let practicality = mean(&reviews, "practicality");
    merge(
        &mut item,
        json!({
            "aggregateRating": practicality.as_ref().or(stars.as_ref()),
            "aggregateRatingCount": ratings.len(),
            "communitySignalsUpdatedAt": timestamp(call.now_ms),
            "updatedAt": timestamp(call.now_ms),
        }),
    );
    if let Some(newest) = reviews.last() {
        let reviewed = timestamp(seconds_of(newest, "createdAt") * 1000);
        let reflection = |review: &Document| {
            ["reflection", "body"]
                .into_iter()
                .map(|name| text_of(review, name).to_owned())
                .find(|text| !text.is_empty())
        };
        let reflections: Vec<String> = reviews.iter().filter_map(reflection).collect();
        merge(
            &mut item,
            json!({
                "lastReviewedAt": reviewed,
                "reviewSummary": {
                    "reviewCount": reviews.len(),
                    "reflectionsCount": reflections.len(),
                    "latestReflection": reflections.last(),
                    "averagePracticality": practicality,
                    "topDifficulty": most_frequent(&reviews, "difficulty"),
                    "topBestFor": most_frequent(&reviews, "bestFor"),
                    "lastReviewedAt": reviewed,
                    "updatedAt": timestamp(call.now_ms),
                },
            }),
        );
    }
    call.documents.put(Collection::Items, item_id, &item)?;
    Ok(())
}

/// The mean of a field over those that have it, to two decimals; a whole one is written as a whole number.
fn mean(documents: &[Document], field: &str) -> Option<Value> {
    let numbers: Vec<i64> = documents
        .iter()
        .filter_map(|document| int_of(document, field))
        .collect();
    let count = i64::try_from(numbers.len()).ok().filter(|count| *count > 0)?;
    let hundredths = (numbers.iter().sum::<i64>() * 200 + count) / (2 * count);
    Some(if hundredths % 100 == 0 {
        json!(hundredths / 100)
    } else {
        #[allow(clippy::cast_precision_loss)] // a few hundred at most
        let mean = hundredths as f64 / 100.0;
        json!(mean)
    })
}

/// The text most documents have in a field; of several, the first in the alphabet.
fn most_frequent(documents: &[Document], field: &str) -> Option<String> {
    let mut counts = BTreeMap::new();
    for document in documents {
        let text = text_of(document, field);
        if !text.is_empty() {
            *counts.entry(text.to_owned()).or_insert(0_usize) += 1;
        }
    }
    let most = counts.values().copied().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(text, _)| text)
}
