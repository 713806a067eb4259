//! Staff's work on items: create, update, delete, override, look up.

use serde_json::{Value, json};

use super::catalogue::{STATUSES, item_or_404, live_items};
use super::{Call, int_of, merge, text_of, timestamp};
use crate::fields::Fields;
use crate::isbn::{self, Isbn};
use crate::random;
use crate::refusal::Refusal;
use crate::store::{Collection, Document, Documents};

/// Hosts of shops, whose cover pictures may not be used.
const RETAIL_HOSTS: [&str; 4] = [
    "amazon.",
    "media-amazon.",
    "ssl-images-amazon.",
    "barnesandnoble.",
];

/// An item's texts and their greatest lengths.
const TEXTS: [(&str, usize); 9] = [
    ("title", 240),
    ("subtitle", 240),
    ("summary", 500),
    ("description", 4000),
    ("publisher", 240),
    ("publishedDate", 40),
    ("coverUrl", 2000),
    ("format", 80),
    ("mediaType", 80),
];

/// The fields that enrichment may not overwrite once somebody filled them in.
const LOCKABLE: [&str; 9] = [
    "title",
    "subtitle",
    "authors",
    "description",
    "publisher",
    "publishedDate",
    "pageCount",
    "subjects",
    "format",
];

/// What a body says of an item: only the fields that were sent.
struct Given {
    fields: Document,
    isbn: Option<Isbn>,
}

/// Reads the item fields of a create or an update.
fn read_given(fields: &Fields) -> Result<Given, Refusal> {
    let mut given = Document::new();
    for (name, most) in TEXTS {
        let text = fields.text(name, 0..=most)?;
        if fields.sent(name) {
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            given.insert(name.to_owned(), json!(text));
        }
    }
    for (name, most, length) in [("authors", 20, 240), ("subjects", 40, 80), ("tags", 40, 80)] {
        if let Some(texts) = fields.texts(name, most, length)? {
            given.insert(name.to_owned(), json!(texts));
        }
    }
    for (name, range) in [
        ("pageCount", 1..=20_000),
        ("totalCopies", 1..=500),
        ("availableCopies", 0..=500),
        ("replacementValueCents", 0..=5_000_000),
    ] {
        if let Some(number) = fields.int(name, range)? {
            given.insert(name.to_owned(), json!(number));
        }
    }
    if let Some(status) = fields.word("status", &STATUSES)? {
        given.insert("status".to_owned(), status.into());
    }
    if let Some(pick) = fields.flag("staffPick")? {
        let rationale = fields.text("staffRationale", 0..=500)?;
        given.insert(
            "curation".to_owned(),
            json!({ "staffPick": pick, "staffRationale": rationale }),
        );
    }
    let isbn = fields.text("isbn", 0..=40)?;
    if let Some(url) = given.get("coverUrl").and_then(Value::as_str)
        && RETAIL_HOSTS.iter().any(|host| url.contains(host))
    {
        return Err(Refusal::invalid("Retail-hosted cover URLs are not allowed. Use retail pages as reference only and save an approved catalog/community cover instead.").reason("DISALLOWED_RETAIL_COVER_URL"));
    }
    let isbn = match isbn.filter(|isbn| !isbn.trim().is_empty()) {
        Some(text) => Some(parse_isbn(&text)?),
        None => None,
    };
    Ok(Given { fields: given, isbn })
}

fn parse_isbn(text: &str) -> Result<Isbn, Refusal> {
    Isbn::parse(text)
        .ok_or_else(|| Refusal::invalid("Provide a valid ISBN-10 or ISBN-13.").reason("INVALID_ISBN"))
}

/// Refuses a number that another item in the catalogue has.
fn check_isbn_is_free(documents: Documents<'_>, isbn: &Isbn, own_id: Option<&str>) -> Result<(), Refusal> {
    let holder = live_items(documents)?
        .into_iter()
        .find(|(id, item)| text_of(item, "isbn13") == isbn.isbn13 && Some(id.as_str()) != own_id);
    match holder {
        None => Ok(()),
        Some((id, _)) => Err(
            Refusal::conflict("An active library item already uses that ISBN.")
                .reason("ISBN_ALREADY_EXISTS")
                .detail("duplicateItemId", &id),
        ),
    }
}

fn set_isbn(item: &mut Document, isbn: Option<&Isbn>) {
    let isbn13 = isbn.map(|isbn| &isbn.isbn13);
    merge(
        item,
        json!({
            "isbn": isbn13,
            "isbn10": isbn.and_then(|isbn| isbn.isbn10.as_ref()),
            "isbn13": isbn13,
            "isbn_normalized": isbn13,
            "identifiers": isbn::identifiers(isbn),
        }),
    );
}

/// Locks what is filled in, and queues an item with a number for enrichment.
fn set_enrichment(item: &mut Document, has_isbn: bool, now_ms: i64) {
    let filled = |value: &Value| match value {
        Value::Null => false,
        Value::Array(entries) => !entries.is_empty(),
        _ => true,
    };
    let locks: Document = LOCKABLE
        .iter()
        .filter(|name| item.get(**name).is_some_and(filled))
        .map(|name| ((*name).to_owned(), true.into()))
        .collect();
    merge(
        item,
        json!({
            "metadataLocks": locks,
            "metadataEnrichmentPending": has_isbn,
            "metadataEnrichmentReason": has_isbn.then_some("manual_save"),
            "metadataEnrichmentQueuedAt": has_isbn.then(|| timestamp(now_ms)),
            "metadataEnrichmentStatus": if has_isbn { "pending" } else { "skipped" },
        }),
    );
}

/// The short form in which changes to an item are answered.
fn brief(id: &str, item: &Document) -> Value {
    let field = |name: &str| item.get(name).cloned().unwrap_or_default();
    json!({ "item": {
        "id": id,
        "title": field("title"),
        "status": field("status"),
        "isbn": field("isbn"),
        "isbn10": field("isbn10"),
        "isbn13": field("isbn13"),
        "source": field("source"),
        "deleted": false,
    }})
}

/// A body that asks for a new item, with who asks and when.
pub struct NewItem<'a> {
    pub fields: &'a Fields,
    pub actor_uid: &'a str,
    pub now_ms: i64,
}

/// Puts a new item into the catalogue and answers in the short form.
pub fn create_item(documents: Documents<'_>, new: &NewItem<'_>) -> Result<Value, Refusal> {
    let (fields, now) = (new.fields, timestamp(new.now_ms));
    let wanted_id = fields.text("itemId", 0..=200)?;
    let given = read_given(fields)?;
    if given.isbn.is_none() && given.fields.get("title").is_none_or(Value::is_null) {
        return Err(Refusal::invalid(
            "Provide at least a title or ISBN when creating a library item.",
        ));
    }
    if let Some(isbn) = &given.isbn {
        check_isbn_is_free(documents, isbn, None)?;
    }
    let id = choose_id(documents, wanted_id.as_deref(), given.isbn.as_ref())?;

    let mut item = super::document(json!({
        "title": null,
        "subtitle": null,
        "authors": [],
        "summary": null,
        "description": null,
        "publisher": null,
        "publishedDate": null,
        "pageCount": null,
        "subjects": [],
        "coverUrl": null,
        "format": null,
        "mediaType": "book",
        "status": "available",
        "totalCopies": 1,
        "source": "manual",
        "metadataSource": "api_v1_create",
        "catalogVisibility": "public",
        "manualPassRequired": false,
        "manualPassRequiredAt": null,
        "createdAt": now,
        "createdByUid": new.actor_uid,
        "updatedAt": now,
        "updatedByUid": new.actor_uid,
        "actorMode": "firebase",
    }));
    let mut placeholder = false;
    if let Some(isbn) = &given.isbn {
        let (source, nothing_known, book) = isbn::look_up(isbn);
        if !nothing_known {
            merge(&mut item, book);
            item.insert("source".to_owned(), source.into());
        } else if given.fields.get("title").is_none_or(Value::is_null) {
            item.insert("title".to_owned(), book["title"].clone());
            placeholder = true;
        }
    }
    item.extend(given.fields);
    set_isbn(&mut item, given.isbn.as_ref());
    if placeholder {
        merge(
            &mut item,
            json!({
                "catalogVisibility": "manual_only",
                "manualPassRequired": true,
                "manualPassRequiredAt": now,
            }),
        );
    }
    finish_counts_and_tags(&mut item);
    set_enrichment(&mut item, given.isbn.is_some(), new.now_ms);
    documents.put(Collection::Items, &id, &item)?;
    Ok(brief(&id, &item))
}

/// The id asked for, else one made from the number, else a made-up one. Deleted items keep theirs.
fn choose_id(documents: Documents<'_>, wanted: Option<&str>, isbn: Option<&Isbn>) -> Result<String, Refusal> {
    if let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) {
        return match documents.find(Collection::Items, wanted)? {
            None => Ok(wanted.to_owned()),
            Some(_) => Err(Refusal::conflict("Library item id already exists.")
                .reason("ITEM_ID_EXISTS")
                .detail("itemId", wanted)),
        };
    }
    let Some(isbn) = isbn else {
        return Ok(format!("item_{}", random::hex(10)));
    };
    let id = format!("isbn-{}", isbn.isbn13);
    Ok(match documents.get(Collection::Items, &id)? {
        None => id,
        Some(_) => format!("{id}-{}", random::hex(4)),
    })
}

/// Keeps copies within their total, the lending status equal to the status, and tags in both places.
fn finish_counts_and_tags(item: &mut Document) {
    let total = int_of(item, "totalCopies").unwrap_or(1);
    let available = int_of(item, "availableCopies").unwrap_or(total).min(total);
    let status = item.get("status").cloned();
    merge(
        item,
        json!({ "availableCopies": available, "current_lending_status": status }),
    );
    if let Some(tags) = item.get("tags").cloned() {
        item.insert("secondaryTags".to_owned(), tags);
    }
}

/// `library.items.create`
pub fn create(call: &Call<'_>) -> Result<Value, Refusal> {
    let new = NewItem {
        fields: call.fields,
        actor_uid: &call.caller.uid,
        now_ms: call.now_ms,
    };
    create_item(call.documents, &new)
}

/// `library.items.update`: no rules on changes of status.
pub fn update(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("itemId", 1..=200)?;
    let id = id.trim();
    let given = read_given(call.fields)?;
    if given.fields.is_empty() && !call.fields.sent("isbn") {
        return Err(Refusal::invalid(
            "Provide at least one library item field to update.",
        ));
    }
    let mut item = item_or_404(call.documents, id)?;
    if let Some(isbn) = &given.isbn {
        check_isbn_is_free(call.documents, isbn, Some(id))?;
    }
    item.extend(given.fields);
    if call.fields.sent("isbn") {
        set_isbn(&mut item, given.isbn.as_ref());
    }
    finish_counts_and_tags(&mut item);
    let has_isbn = !text_of(&item, "isbn").is_empty();
    set_enrichment(&mut item, has_isbn, call.now_ms);
    touch(&mut item, call);
    call.documents.put(Collection::Items, id, &item)?;
    Ok(brief(id, &item))
}

fn touch(item: &mut Document, call: &Call<'_>) {
    merge(
        item,
        json!({ "updatedAt": timestamp(call.now_ms), "updatedByUid": call.caller.uid }),
    );
}

/// `library.items.delete`: the item stays in the database; its loans stay open and its number is free again.
pub fn delete(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("itemId", 1..=200)?;
    let id = id.trim();
    let note = call.fields.text("note", 0..=400)?;
    let mut item = item_or_404(call.documents, id)?;
    merge(
        &mut item,
        json!({
            "deleted": true,
            "deletedAt": timestamp(call.now_ms),
            "deletedByUid": call.caller.uid,
            "deletedNote": note,
            "status": "archived",
            "current_lending_status": "archived",
        }),
    );
    touch(&mut item, call);
    call.documents.put(Collection::Items, id, &item)?;
    Ok(json!({ "item": { "id": id, "deleted": true, "status": "archived" } }))
}

/// `library.items.overrideStatus`: any status to any status.
pub fn override_status(call: &Call<'_>) -> Result<Value, Refusal> {
    let id = call.fields.required_text("itemId", 1..=200)?;
    let id = id.trim();
    let status = call.fields.required_word("status", &STATUSES)?;
    let note = call.fields.text("note", 0..=400)?;
    let mut item = item_or_404(call.documents, id)?;
    let copies = int_of(&item, "availableCopies").unwrap_or_default();
    let copies = match status {
        "available" => copies.max(1),
        "archived" => 0,
        _ => copies,
    };
    merge(
        &mut item,
        json!({
            "status": status,
            "current_lending_status": status,
            "availableCopies": copies,
            "statusOverrideNote": note,
        }),
    );
    touch(&mut item, call);
    call.documents.put(Collection::Items, id, &item)?;
    Ok(json!({ "item": { "id": id, "status": status, "availableCopies": copies } }))
}

/// `library.items.resolveIsbn`: the local reference, else a placeholder; nobody outside is asked.
pub fn resolve_isbn(call: &Call<'_>) -> Result<Value, Refusal> {
    let text = call.fields.required_text("isbn", 1..=40)?;
    let remote = call.fields.flag("allowRemoteLookup")?.unwrap_or(true);
    let isbn = parse_isbn(&text)?;
    let (source, fallback, book) = isbn::look_up(&isbn);
    Ok(json!({
        "isbn": isbn.isbn13,
        "isbn10": isbn.isbn10,
        "isbn13": isbn.isbn13,
        "source": source,
        "fallback": fallback,
        "usedRemoteLookup": remote,
        "item": book,
    }))
}

/// `library.items.importIsbns`: one item for each number; each success or failure is listed. Its reply is not recorded.
pub fn import_isbns(call: &Call<'_>) -> Result<Value, Refusal> {
    let Some(isbns) = call.fields.texts("isbns", 200, 40)? else {
        return Err(Refusal::invalid(
            "Invalid input: expected array, received undefined",
        ));
    };
    let mut results = Vec::new();
    for isbn in &isbns {
        let fields = Fields::of(json!({ "isbn": isbn }))?;
        let new = NewItem {
            fields: &fields,
            actor_uid: &call.caller.uid,
            now_ms: call.now_ms,
        };
        results.push(match create_item(call.documents, &new) {
            Ok(created) => json!({ "isbn": isbn, "ok": true, "itemId": created["item"]["id"] }),
            Err(refusal) if refusal.status.is_client_error() => {
                json!({ "isbn": isbn, "ok": false, "message": refusal.message })
            }
            Err(failure) => return Err(failure),
        });
    }
    let imported = results.iter().filter(|result| result["ok"] == true).count();
    Ok(json!({
        "requested": isbns.len(),
        "imported": imported,
        "failed": isbns.len() - imported,
        "results": results,
    }))
}
