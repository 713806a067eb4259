//! The lending states and what may be repeated, as a table.

use serde_json::{Value, json};

use crate::support::{Bench, Reply, still};

/// Brings a new loan into a state and returns its id.
async fn loan_in(bench: &Bench, state: &str) -> String {
    let item_id = format!("item-{state}");
    let created = bench
        .call(
            "staff-smoke",
            "library.items.create",
            json!({ "itemId": item_id, "title": state, "replacementValueCents": 1200 }),
        )
        .await;
    assert_eq!(created.verdict(), "200");
    let loan_id = bench.checkout("member-smoke", &item_id).await;
    let step = match state {
        "returned" => Some(("library.loans.checkIn", json!({ "loanId": loan_id }))),
        "lost" => Some(("library.loans.markLost", json!({ "loanId": loan_id }))),
        "item deleted" => Some(("library.items.delete", json!({ "itemId": item_id }))),
        _ => None,
    };
    if let Some((route, body)) = step {
        assert_eq!(bench.call("staff-smoke", route, body).await.verdict(), "200");
    }
    loan_id
}

/// The verdict with its reason, and whether it is a replay.
fn outcome(reply: &Reply) -> String {
    let replayed = ["loan", "fee"]
        .iter()
        .any(|part| reply.body["data"][part]["idempotentReplay"] == true);
    match (reply.reason(), replayed) {
        (Some(reason), _) => format!("{} {reason}", reply.status.as_u16()),
        (None, true) => format!("{} replay", reply.verdict()),
        (None, false) => reply.verdict(),
    }
}

#[tokio::test]
async fn every_call_in_every_state_answers_as_the_contracts_table_says() {
    let table = [
        (
            "checked_out",
            ["200", "200", "409 REPLACEMENT_FEE_REQUIRES_LOST_STATUS"],
        ),
        (
            "returned",
            [
                "200 replay",
                "409 LOAN_ALREADY_RETURNED",
                "409 REPLACEMENT_FEE_REQUIRES_LOST_STATUS",
            ],
        ),
        ("lost", ["409 INVALID_LOAN_TRANSITION", "200 replay", "200"]),
        (
            "item deleted",
            ["404 ITEM_NOT_FOUND", "404 ITEM_NOT_FOUND", "404 ITEM_NOT_FOUND"],
        ),
    ];
    let routes = ["checkIn", "markLost", "assessReplacementFee"];
    for (state, expected) in table {
        for (route, expected) in routes.into_iter().zip(expected) {
            // A portal of its own for each cell, so that no call finds what another left.
            let bench = Bench::start(still()).await;
            let loan_id = loan_in(&bench, state).await;
            let reply = bench
                .call(
                    "staff-smoke",
                    &format!("library.loans.{route}"),
                    json!({ "loanId": loan_id, "confirm": true }),
                )
                .await;
            assert_eq!(outcome(&reply), expected, "{route} of a loan: {state}");
        }
    }
}

#[tokio::test]
async fn a_fee_asked_for_again_is_the_first_one() {
    let bench = Bench::start(still()).await;
    let loan_id = loan_in(&bench, "lost").await;
    let assess = |amount: i64| {
        bench.call(
            "staff-smoke",
            "library.loans.assessReplacementFee",
            json!({ "loanId": loan_id, "confirm": true, "amountCents": amount }),
        )
    };
    let first = assess(700).await.data()["fee"].clone();
    let again = assess(900).await.data()["fee"].clone();
    assert_eq!(again["amountCents"], 700);
    assert_eq!(again["id"], first["id"]);
    assert_eq!(again["idempotentReplay"], true);
}

#[tokio::test]
async fn a_key_repeats_the_first_reply_and_not_the_act() {
    let bench = Bench::start(still()).await;
    let body = json!({ "itemId": "book-mastering-glazes", "idempotencyKey": "k" });
    let checkout = |body: Value| bench.call("member-smoke", "library.loans.checkout", body);
    let first = checkout(body.clone()).await;
    assert_eq!(outcome(&first), "200");
    let again = checkout(body).await;
    assert_eq!(outcome(&again), "200 replay");
    assert_eq!(again.data()["loan"]["id"], first.data()["loan"]["id"]);
    let other = checkout(json!({ "itemId": "book-kiln-book", "idempotencyKey": "k" })).await;
    assert_eq!(outcome(&other), "409 IDEMPOTENCY_KEY_CONFLICT");
    let loans = bench
        .call("member-smoke", "library.loans.listMine", json!({}))
        .await;
    assert_eq!(loans.data()["loans"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn routes_without_keys_do_it_again() {
    let bench = Bench::start(still()).await;
    let cases = [
        (
            "library.reviews.create",
            json!({ "itemId": "book-kiln-book", "body": "Good." }),
            "/review/id",
        ),
        ("library.items.create", json!({ "title": "Twice" }), "/item/id"),
        (
            "library.recommendations.create",
            json!({ "title": "A book", "rationale": "Please buy it." }),
            "/recommendation/id",
        ),
    ];
    for (route, mut body, id) in cases {
        body["idempotencyKey"] = "same".into();
        let first = bench.call("staff-smoke", route, body.clone()).await;
        let second = bench.call("staff-smoke", route, body).await;
        assert_ne!(
            first.data().pointer(id).unwrap(),
            second.data().pointer(id).unwrap(),
            "{route}"
        );
    }
}

#[tokio::test]
async fn an_import_tells_of_each_number() {
    let bench = Bench::start(still()).await;
    let imported = bench
        .call(
            "staff-smoke",
            "library.items.importIsbns",
            json!({ "isbns": ["9780131103627", "0131103628", "bad"] }),
        )
        .await;
    let data = imported.data();
    assert_eq!(
        [&data["requested"], &data["imported"], &data["failed"]],
        [3, 1, 2]
    );
    assert_eq!(data["results"][0]["itemId"], "isbn-9780131103627");
}
