//! Tags: members submit, staff approve and merge.

use serde_json::{Value, json};

use super::catalogue::item_or_404;
use super::{Call, document, merge as set, text_of, texts_of, timestamp};
use crate::random;
use crate::refusal::Refusal;
use crate::store::{Collection, Document};

/// A label in lower case with single spaces: `wood firing` for `  Wood_Firing!! `. Empty when nothing is left.
fn label(text: &str) -> String {
    let words: Vec<String> = text
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join(" ")
}

fn normalized(label: &str) -> String {
    label.replace(' ', "-")
}

fn read_label(text: &str) -> Result<String, Refusal> {
    let label = label(text);
    if label.is_empty() {
        return Err(Refusal::invalid(
            "Tag must include at least one alphanumeric character.",
        ));
    }
    Ok(label)
}

/// `library.tags.submissions.create`
pub fn submit(call: &Call<'_>) -> Result<Value, Refusal> {
    let item_id = call.fields.required_text("itemId", 1..=200)?;
    let item_id = item_id.trim();
    let label = read_label(&call.fields.required_text("tag", 1..=80)?)?;
    let item = item_or_404(call.documents, item_id)?;
    let normalized_tag = normalized(&label);
    if texts_of(&item, "tags").contains(&label) {
        return Err(Refusal::conflict("This item already includes that tag."));
    }
    let uid = &call.caller.uid;
    let id = format!(
        "tagsub_{}",
        random::derived(&["tagsub", item_id, uid, &normalized_tag])
    );
    if let Some(earlier) = call.documents.get(Collection::TagSubmissions, &id)?
        && text_of(&earlier, "status") == "pending"
    {
        return Err(Refusal::conflict(
            "You already submitted this tag and it is pending review.",
        ));
    }
    let now = timestamp(call.now_ms);
    let submission = document(json!({
        "itemId": item_id,
        "itemTitle": item.get("title"),
        "tag": label,
        "normalizedTag": normalized_tag,
        "status": "pending",
        "submittedByUid": uid,
        "createdAt": now,
        "updatedAt": now,
    }));
    call.documents.put(Collection::TagSubmissions, &id, &submission)?;
    Ok(json!({ "submission": {
        "id": id,
        "itemId": item_id,
        "tag": label,
        "normalizedTag": normalized_tag,
        "status": "pending",
    }}))
}

/// `library.tags.submissions.approve`: approving twice is no error.
pub fn approve(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("submissionId", 1..=200)?;
    let id = id.trim();
    let canonical_id = call.fields.text("canonicalTagId", 0..=200)?;
    let canonical_name = call.fields.text("canonicalTagName", 0..=80)?;
    let mut submission = call
        .documents
        .find(Collection::TagSubmissions, id)?
        .ok_or_else(|| Refusal::not_found("Tag submission not found"))?;
    let (tag_id, tag) = match canonical_id {
        Some(tag_id) => {
            let tag = call
                .documents
                .find(Collection::Tags, &tag_id)?
                .ok_or_else(|| Refusal::not_found("Canonical tag not found"))?;
            (tag_id, tag)
        }
        None => canonical_tag(
            call,
            canonical_name
                .as_deref()
                .unwrap_or_else(|| text_of(&submission, "tag")),
        )?,
    };
    let name = text_of(&tag, "name").to_owned();
    let item_id = text_of(&submission, "itemId").to_owned();
    put_on_item(call, &item_id, &tag_id, &name)?;
    set(
        &mut submission,
        json!({
            "status": "approved",
            "canonicalTagId": tag_id,
            "canonicalTag": name,
            "updatedAt": timestamp(call.now_ms),
        }),
    );
    call.documents.put(Collection::TagSubmissions, id, &submission)?;
    Ok(json!({
        "submission": {
            "id": id,
            "itemId": item_id,
            "status": "approved",
            "canonicalTagId": tag_id,
            "canonicalTag": name,
        },
        "tag": { "id": tag_id, "name": name, "normalizedTag": tag.get("normalizedTag") },
    }))
}

/// The tag of this name, made when there is none.
fn canonical_tag(call: &Call<'_>, name: &str) -> Result<(String, Document), Refusal> {
    let name = read_label(name)?;
    let normalized_tag = normalized(&name);
    let id = format!("tag_{}", random::derived(&["tag", &normalized_tag]));
    if let Some(tag) = call.documents.get(Collection::Tags, &id)? {
        return Ok((id, tag));
    }
    let tag = document(json!({ "name": name, "normalizedTag": normalized_tag }));
    call.documents.put(Collection::Tags, &id, &tag)?;
    Ok((id, tag))
}

/// Adds the tag to the item, unless it was deleted, and notes that it came from there.
fn put_on_item(call: &Call<'_>, item_id: &str, tag_id: &str, name: &str) -> Result<(), Refusal> {
    let Some(mut item) = call.documents.get(Collection::Items, item_id)? else {
        return Ok(());
    };
    let mut tags = texts_of(&item, "tags");
    if !tags.iter().any(|tag| tag == name) {
        tags.push(name.to_owned());
    }
    set(
        &mut item,
        json!({ "tags": tags, "secondaryTags": tags, "updatedAt": timestamp(call.now_ms) }),
    );
    call.documents.put(Collection::Items, item_id, &item)?;
    put_item_tag(call, item_id, tag_id)
}

fn put_item_tag(call: &Call<'_>, item_id: &str, tag_id: &str) -> Result<(), Refusal> {
    let id = format!("{item_id}__{tag_id}");
    let item_tag = document(json!({ "itemId": item_id, "tagId": tag_id }));
    call.documents.put(Collection::ItemTags, &id, &item_tag)?;
    Ok(())
}

/// `library.tags.merge`: submissions and item tags follow; the labels that items show stay as they were.
pub fn merge(call: &Call<'_>) -> Result<Value, Refusal> {
    let source = call.fields.required_text("sourceTagId", 1..=200)?;
    let target = call.fields.required_text("targetTagId", 1..=200)?;
    let (source, target) = (source.trim(), target.trim());
    let note = call.fields.text("note", 0..=400)?;
    if source == target {
        return Err(Refusal::invalid("Source and target tags must differ."));
    }
    let unknown = || Refusal::not_found("Source or target tag not found");
    let mut source_tag = call
        .documents
        .find(Collection::Tags, source)?
        .ok_or_else(unknown)?;
    let target_tag = call
        .documents
        .find(Collection::Tags, target)?
        .ok_or_else(unknown)?;

    // The source keeps its item tags, so that merging again counts the same ones.
    let mut migrated = 0;
    for (_, item_tag) in call.documents.all(Collection::ItemTags)? {
        if text_of(&item_tag, "tagId") == source {
            put_item_tag(call, text_of(&item_tag, "itemId"), target)?;
            migrated += 1;
        }
    }
    let mut retargeted = 0;
    for (id, mut submission) in call.documents.all(Collection::TagSubmissions)? {
        if text_of(&submission, "canonicalTagId") == source {
            set(
                &mut submission,
                json!({ "canonicalTagId": target, "canonicalTag": target_tag.get("name") }),
            );
            call.documents.put(Collection::TagSubmissions, &id, &submission)?;
            retargeted += 1;
        }
    }
    set(
        &mut source_tag,
        json!({ "mergedIntoTagId": target, "mergeNote": note }),
    );
    call.documents.put(Collection::Tags, source, &source_tag)?;
    Ok(json!({
        "sourceTagId": source,
        "targetTagId": target,
        "migratedItemTags": migrated,
        "retargetedSubmissions": retargeted,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_folded_to_words() {
        assert_eq!(label("  Wood_Firing!! "), "wood firing");
        assert_eq!(normalized("wood firing"), "wood-firing");
        assert_eq!(label("陶芸"), "");
    }
}
