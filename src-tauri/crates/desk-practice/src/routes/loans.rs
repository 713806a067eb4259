//! Lending: checkout, check-in, lost, replacement fee.
//!
//! `checked_out` goes to `returned` or `lost`; both are final. A fee is assessed for lost loans only.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::catalogue::find_item;
use super::idempotency::{self, Operation};
use super::{Call, document, int_of, limited, merge, seconds_of, text_of, timestamp, with_id};
use crate::random;
use crate::refusal::Refusal;
use crate::store::{Collection, Document};

const LENDING_MS: i64 = 28 * 24 * 60 * 60 * 1000;

/// Kinds of item that can be carried out of the door.
const PHYSICAL: [&str; 4] = ["book", "physical_book", "physical-book", "print"];

/// The states a loan can leave.
const OPEN: [&str; 3] = ["checked_out", "overdue", "return_requested"];

const CHECKOUT: Operation = Operation {
    prefix: "library-loan-checkout",
    called: "checkout",
    part: "loan",
};
const CHECK_IN: Operation = Operation {
    prefix: "library-loan-checkin",
    called: "check-in",
    part: "loan",
};
const MARK_LOST: Operation = Operation {
    prefix: "library-loan-mark-lost",
    called: "mark-lost",
    part: "loan",
};
const FEE: Operation = Operation {
    prefix: "library-loan-replacement-fee",
    called: "replacement-fee",
    part: "fee",
};

/// `library.loans.checkout`
pub fn checkout(call: &Call<'_>) -> Result<Value, Refusal> {
    let item_id = call.fields.required_text("itemId", 1..=200)?;
    let item_id = item_id.trim();
    let donation = call.fields.int("suggestedDonationCents", 0..=500_000)?;
    let key = idempotency::key(call)?;
    let payload = json!({ "itemId": item_id, "suggestedDonationCents": donation });
    idempotency::once(call, &CHECKOUT, key.as_deref(), &payload, || {
        let loan_id = match &key {
            Some(key) => idempotency::derived_id(call, &CHECKOUT, key),
            None => format!("loan_{}", random::hex(12)),
        };
        lend(call, item_id, &loan_id, donation)
    })
}

fn lend(call: &Call<'_>, item_id: &str, loan_id: &str, donation: Option<i64>) -> Result<Value, Refusal> {
    let mut item = find_item(call.documents, item_id)?
        .ok_or_else(|| Refusal::not_found("Library item not found").reason("ITEM_NOT_FOUND"))?;
    check_lendable(&item)?;
    let copies = copies_of(&item) - 1;
    let status = if copies == 0 { "checked_out" } else { "available" };
    let (now, due) = (timestamp(call.now_ms), timestamp(call.now_ms + LENDING_MS));
    let borrowed = int_of(&item, "borrowCount").unwrap_or_default() + 1;
    merge(
        &mut item,
        json!({
            "availableCopies": copies,
            "status": status,
            "current_lending_status": status,
            "borrowCount": borrowed,
            "updatedAt": now,
        }),
    );
    call.documents.put(Collection::Items, item_id, &item)?;
    let loan = document(json!({
        "itemId": item_id,
        "itemTitle": item.get("title"),
        "borrowerUid": call.caller.uid,
        "borrowerName": null,
        "borrowerEmail": null,
        "status": "checked_out",
        "suggestedDonationCents": donation,
        "renewalCount": 0,
        "renewalLimit": 1,
        "renewalEligible": true,
        "renewalPolicyNote": "Standard 4-week lending cycle.",
        "loanedAt": now,
        "dueAt": due,
        "returnedAt": null,
        "createdAt": now,
        "updatedAt": now,
    }));
    call.documents.put(Collection::Loans, loan_id, &loan)?;
    Ok(json!({
        "loan": {
            "id": loan_id,
            "itemId": item_id,
            "status": "checked_out",
            "dueAt": due,
            "idempotentReplay": false,
        },
        "item": { "itemId": item_id, "status": status, "availableCopies": copies },
    }))
}

fn check_lendable(item: &Document) -> Result<(), Refusal> {
    let physical = PHYSICAL.contains(&text_of(item, "mediaType"));
    if !physical || item.get("lendingEligible") == Some(&Value::Bool(false)) {
        return Err(
            Refusal::conflict("Item is not eligible for physical lending").reason("ITEM_NOT_LENDABLE")
        );
    }
    let not_available = || Refusal::conflict("Item is not currently available for checkout");
    match text_of(item, "status") {
        "lost" => {
            Err(Refusal::conflict("Item is marked lost and cannot be checked out").reason("ITEM_MARKED_LOST"))
        }
        "unavailable" | "archived" => Err(not_available().reason("ITEM_NOT_AVAILABLE")),
        _ if copies_of(item) <= 0 => Err(not_available().reason("NO_AVAILABLE_COPIES")),
        _ => Ok(()),
    }
}

fn copies_of(item: &Document) -> i64 {
    int_of(item, "availableCopies").unwrap_or_default()
}

/// The loan named in the body.
fn find_loan(call: &Call<'_>, loan_id: &str) -> Result<Document, Refusal> {
    call.documents
        .find(Collection::Loans, loan_id)?
        .ok_or_else(|| Refusal::not_found("Loan not found").reason("LOAN_NOT_FOUND"))
}

/// The loan's item; a loan whose item was deleted can never be closed.
fn linked_item(call: &Call<'_>, loan: &Document) -> Result<(String, Document), Refusal> {
    let item_id = text_of(loan, "itemId").to_owned();
    let item = find_item(call.documents, &item_id)?
        .ok_or_else(|| Refusal::not_found("Linked library item not found").reason("ITEM_NOT_FOUND"))?;
    Ok((item_id, item))
}

/// `library.loans.checkIn`: by the borrower or by staff; returning twice is no error.
pub fn check_in(call: &Call<'_>) -> Result<Value, Refusal> {
    let loan_id = call.fields.required_text("loanId", 1..=240)?;
    let loan_id = loan_id.trim();
    let note = call.fields.text("note", 0..=400)?;
    let key = idempotency::key(call)?;
    let payload = json!({ "loanId": loan_id, "note": note });
    idempotency::once(call, &CHECK_IN, key.as_deref(), &payload, || {
        let mut loan = find_loan(call, loan_id)?;
        if !call.caller.staff && text_of(&loan, "borrowerUid") != call.caller.uid {
            return Err(
                Refusal::forbidden("Only the borrower or staff can check in this loan")
                    .reason("CHECKIN_FORBIDDEN"),
            );
        }
        let (item_id, mut item) = linked_item(call, &loan)?;
        let replay = text_of(&loan, "status") == "returned";
        if !replay {
            if !OPEN.contains(&text_of(&loan, "status")) {
                return Err(Refusal::conflict("Loan status cannot transition to returned")
                    .reason("INVALID_LOAN_TRANSITION"));
            }
            take_back(call, &mut item);
            call.documents.put(Collection::Items, &item_id, &item)?;
            let now = timestamp(call.now_ms);
            merge(
                &mut loan,
                json!({
                    "status": "returned",
                    "returnedAt": now,
                    "updatedAt": now,
                    "updatedByUid": call.caller.uid,
                }),
            );
            call.documents.put(Collection::Loans, loan_id, &loan)?;
        }
        Ok(json!({
            "loan": { "id": loan_id, "status": "returned", "idempotentReplay": replay },
            "item": {
                "itemId": item_id,
                "status": item.get("status"),
                "availableCopies": copies_of(&item),
            },
        }))
    })
}

/// One copy more; a title that was marked lost or taken out of lending stays so until its status is overridden.
fn take_back(call: &Call<'_>, item: &mut Document) {
    let total = int_of(item, "totalCopies").unwrap_or(1);
    let copies = (copies_of(item) + 1).min(total);
    merge(
        item,
        json!({ "availableCopies": copies, "updatedAt": timestamp(call.now_ms) }),
    );
    if !["lost", "unavailable", "archived"].contains(&text_of(item, "status")) {
        merge(
            item,
            json!({ "status": "available", "current_lending_status": "available" }),
        );
    }
}

/// `library.loans.markLost`: one lost copy marks the whole title lost.
pub fn mark_lost(call: &Call<'_>) -> Result<Value, Refusal> {
    let loan_id = call.fields.required_text("loanId", 1..=240)?;
    let loan_id = loan_id.trim();
    let note = call.fields.text("note", 0..=400)?;
    let key = idempotency::key(call)?;
    let payload = json!({ "loanId": loan_id, "note": note });
    idempotency::once(call, &MARK_LOST, key.as_deref(), &payload, || {
        let mut loan = find_loan(call, loan_id)?;
        let (item_id, mut item) = linked_item(call, &loan)?;
        let replay = text_of(&loan, "status") == "lost";
        if text_of(&loan, "status") == "returned" {
            return Err(
                Refusal::conflict("Returned loans cannot be marked lost").reason("LOAN_ALREADY_RETURNED")
            );
        }
        if !replay {
            let now = timestamp(call.now_ms);
            let uid = &call.caller.uid;
            let value = int_of(&item, "replacementValueCents").unwrap_or_default();
            merge(
                &mut loan,
                json!({
                    "status": "lost",
                    "lostAt": now,
                    "lostByUid": uid,
                    "lostNote": note,
                    "replacementValueCents": value,
                    "updatedAt": now,
                    "updatedByUid": uid,
                }),
            );
            call.documents.put(Collection::Loans, loan_id, &loan)?;
            merge(
                &mut item,
                json!({
                    "status": "lost",
                    "current_lending_status": "lost",
                    "lostAt": now,
                    "lostByUid": uid,
                    "updatedAt": now,
                }),
            );
            call.documents.put(Collection::Items, &item_id, &item)?;
        }
        Ok(json!({
            "loan": {
                "id": loan_id,
                "status": "lost",
                "idempotentReplay": replay,
                "replacementValueCents": int_of(&loan, "replacementValueCents").unwrap_or_default(),
            },
            "item": { "itemId": item_id, "status": "lost" },
        }))
    })
}

/// `library.loans.assessReplacementFee`: once for each lost loan; asking again answers with the first fee.
pub fn assess_replacement_fee(call: &Call<'_>) -> Result<Value, Refusal> {
    let loan_id = call.fields.required_text("loanId", 1..=240)?;
    let loan_id = loan_id.trim();
    let confirmed = call.fields.required_flag("confirm")?;
    let amount = call.fields.int("amountCents", 0..=5_000_000)?;
    let note = call.fields.text("note", 0..=400)?;
    if !confirmed {
        return Err(Refusal::invalid(
            "Replacement fee assessment requires confirm=true.",
        ));
    }
    let key = idempotency::key(call)?;
    let payload = json!({ "loanId": loan_id, "amountCents": amount, "note": note });
    idempotency::once(call, &FEE, key.as_deref(), &payload, || {
        let mut loan = find_loan(call, loan_id)?;
        let (item_id, item) = linked_item(call, &loan)?;
        if text_of(&loan, "status") != "lost" {
            return Err(
                Refusal::conflict("Replacement fees can only be assessed for lost loans")
                    .reason("REPLACEMENT_FEE_REQUIRES_LOST_STATUS"),
            );
        }
        let fee_id = format!("lostfee_{}", random::derived(&["lostfee", loan_id]));
        if let Some(first) = call.documents.get(Collection::Fees, &fee_id)? {
            return Ok(fee_reply(&fee_id, &first, true));
        }
        let value = |document: &Document| int_of(document, "replacementValueCents").unwrap_or_default();
        let amount = amount.unwrap_or_else(|| value(&loan).max(value(&item)));
        if amount <= 0 {
            return Err(Refusal::failed_precondition(
                "Replacement fee amount is required. Set replacement value or provide amountCents.",
            )
            .reason("REPLACEMENT_AMOUNT_REQUIRED"));
        }
        let now = timestamp(call.now_ms);
        let fee = document(json!({
            "loanId": loan_id,
            "itemId": item_id,
            "amountCents": amount,
            "status": "pending_charge",
            "createdAt": now,
        }));
        call.documents.put(Collection::Fees, &fee_id, &fee)?;
        merge(
            &mut loan,
            json!({
                "replacementFeeStatus": "assessed",
                "replacementFeeId": fee_id,
                "replacementFeeAmountCents": amount,
                "replacementFeeNote": note,
                "replacementFeeAssessedAt": now,
                "replacementFeeAssessedByUid": call.caller.uid,
                "updatedAt": now,
                "updatedByUid": call.caller.uid,
            }),
        );
        call.documents.put(Collection::Loans, loan_id, &loan)?;
        Ok(fee_reply(&fee_id, &fee, false))
    })
}

fn fee_reply(fee_id: &str, fee: &Document, replay: bool) -> Value {
    json!({ "fee": {
        "id": fee_id,
        "loanId": fee.get("loanId"),
        "itemId": fee.get("itemId"),
        "amountCents": fee.get("amountCents"),
        "status": fee.get("status"),
        "idempotentReplay": replay,
    }})
}

/// `library.loans.listMine`: the first loans by id, then the newest of those first, by whole seconds.
pub fn list_mine(call: &Call<'_>) -> Result<Value, Refusal> {
    let limit = call.fields.int("limit", 1..=200)?.unwrap_or(80);
    let mut loans = call.documents.all(Collection::Loans)?;
    loans.retain(|(_, loan)| text_of(loan, "borrowerUid") == call.caller.uid);
    loans.truncate(limited(limit));
    loans.sort_by_key(|(_, loan)| Reverse(seconds_of(loan, "createdAt")));
    let loans: Vec<Value> = loans.into_iter().map(|(id, loan)| with_id(&id, loan)).collect();
    Ok(json!({ "loans": loans, "limit": limit }))
}
