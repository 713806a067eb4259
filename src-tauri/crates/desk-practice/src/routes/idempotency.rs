//! Idempotency keys: the reply of a call with a key is kept, and given again to the same call with the same key.

use serde_json::{Value, json};

use super::{Call, document};
use crate::random;
use crate::refusal::Refusal;
use crate::store::Collection;

const MOST: usize = 120;

/// An operation that takes a key.
pub struct Operation {
    /// Begins the ids derived from a key.
    pub prefix: &'static str,
    /// What the portal calls the operation when a key is used for something else.
    pub called: &'static str,
    /// The part of the reply that says whether it is a replay.
    pub part: &'static str,
}

/// The key of a call: the body's, or the header's; both only when they agree.
pub fn key(call: &Call<'_>) -> Result<Option<String>, Refusal> {
    let in_body = call.fields.text("idempotencyKey", 1..=MOST)?;
    let in_header = call
        .idempotency_header
        .map(str::trim)
        .filter(|key| !key.is_empty());
    if in_header.is_some_and(|key| key.encode_utf16().count() > MOST) {
        return Err(Refusal::invalid(
            "Idempotency key must be 120 characters or fewer.",
        ));
    }
    match (in_body, in_header) {
        (Some(body), Some(header)) if body != header => Err(Refusal::invalid(
            "Body idempotencyKey must match x-idempotency-key when both are provided.",
        )),
        (Some(body), _) => Ok(Some(body)),
        (None, header) => Ok(header.map(str::to_owned)),
    }
}

/// Carries out `work` unless this caller's key already has a reply for the same payload. Only success is kept.
pub fn once(
    call: &Call<'_>,
    operation: &Operation,
    key: Option<&str>,
    payload: &Value,
    work: impl FnOnce() -> Result<Value, Refusal>,
) -> Result<Value, Refusal> {
    let Some(key) = key else {
        return work();
    };
    let id = derived_id(call, operation, key);
    if let Some(mut kept) = call.documents.get(Collection::IdempotentReplies, &id)? {
        if kept.get("payload") != Some(payload) {
            return Err(Refusal::conflict(format!(
                "Idempotency key is already in use for a different {} request.",
                operation.called
            ))
            .reason("IDEMPOTENCY_KEY_CONFLICT"));
        }
        let mut reply = kept.remove("reply").unwrap_or_default();
        reply[operation.part]["idempotentReplay"] = true.into();
        return Ok(reply);
    }
    let reply = work()?;
    let kept = document(json!({ "payload": payload, "reply": reply }));
    call.documents.put(Collection::IdempotentReplies, &id, &kept)?;
    Ok(reply)
}

/// The id that this caller's key always stands for.
pub fn derived_id(call: &Call<'_>, operation: &Operation, key: &str) -> String {
    let prefix = operation.prefix;
    format!("{prefix}-{}", random::derived(&[prefix, &call.caller.uid, key]))
}
