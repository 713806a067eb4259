use std::collections::BTreeMap;

use desk_core::{Phase, PhaseState};
use serde_json::json;

use super::*;

const RECORDINGS: [&str; 3] = [
    include_str!("../../../../tests/recordings/exchanges-transport.jsonl"),
    include_str!("../../../../tests/recordings/exchanges-rollout.jsonl"),
    include_str!("../../../../tests/recordings/exchanges-library.jsonl"),
];

/// Decodes `data` as the reply of a typed route; none when the route has no type.
fn decode(route: Route, data: &Value) -> Option<Result<(), serde_json::Error>> {
    fn fits<R: Request>(route: Route, data: &Value) -> Option<Result<(), serde_json::Error>> {
        (R::ROUTE == route).then(|| R::Reply::deserialize(data).map(drop))
    }
    fits::<Hello>(route, data)
        .or_else(|| fits::<RolloutGet>(route, data))
        .or_else(|| fits::<RolloutSet>(route, data))
        .or_else(|| fits::<StaffDashboard>(route, data))
        .or_else(|| fits::<ItemsList>(route, data))
        .or_else(|| fits::<ItemsGet>(route, data))
        .or_else(|| fits::<DiscoveryGet>(route, data))
        .or_else(|| fits::<ItemsResolveIsbn>(route, data))
        .or_else(|| fits::<ItemsCreate>(route, data))
        .or_else(|| fits::<ItemsUpdate>(route, data))
        .or_else(|| fits::<ItemsDelete>(route, data))
        .or_else(|| fits::<ItemsOverrideStatus>(route, data))
        .or_else(|| fits::<LoansCheckout>(route, data))
        .or_else(|| fits::<LoansListMine>(route, data))
        .or_else(|| fits::<LoansCheckIn>(route, data))
        .or_else(|| fits::<LoansMarkLost>(route, data))
        .or_else(|| fits::<LoansAssessReplacementFee>(route, data))
        .or_else(|| fits::<RatingsUpsert>(route, data))
        .or_else(|| fits::<ReviewsCreate>(route, data))
        .or_else(|| fits::<ReviewsUpdate>(route, data))
        .or_else(|| fits::<ReadingStatusUpsert>(route, data))
        .or_else(|| fits::<TagsSubmissionsCreate>(route, data))
        .or_else(|| fits::<TagsSubmissionsApprove>(route, data))
        .or_else(|| fits::<TagsMerge>(route, data))
        .or_else(|| fits::<RecommendationsCreate>(route, data))
        .or_else(|| fits::<RecommendationsList>(route, data))
        .or_else(|| fits::<RecommendationsModerate>(route, data))
}

#[test]
fn every_recorded_success_of_a_typed_route_decodes_and_an_empty_one_never_does() {
    let mut seen: BTreeMap<Route, u32> = BTreeMap::new();
    for line in RECORDINGS.iter().flat_map(|file| file.lines()) {
        let exchange: Value = serde_json::from_str(line).unwrap();
        if exchange["status"] != 200 {
            continue;
        }
        let path = exchange["path"].as_str().unwrap();
        let path = path.split('?').next().unwrap().trim_end_matches('/');
        let route = Route::from_name(path.strip_prefix("/v1/").unwrap()).unwrap();
        if let Some(result) = decode(route, &exchange["response"]["data"]) {
            assert!(result.is_ok(), "{}: {result:?}", exchange["name"]);
            assert!(decode(route, &json!({})).unwrap().is_err(), "{route}");
            *seen.entry(route).or_default() += 1;
        }
    }
    assert_eq!(seen.len(), 27, "each typed route was recorded: {seen:?}");
}

#[test]
fn an_unknown_phase_word_does_not_decode_and_an_unknown_key_does() {
    let state =
        |phase: &str| json!({"phase": phase, "note": null, "updatedAtMs": 0, "updatedByUid": null, "new": 1});
    assert!(PhaseState::deserialize(&state("phase_1_read_only")).is_ok());
    assert!(PhaseState::deserialize(&state("phase_4")).is_err());
}

#[test]
fn an_absent_note_is_not_sent() {
    let set = |note: Option<&str>| {
        RolloutSet {
            phase: Phase::ReadOnly,
            note: note.map(str::to_owned),
        }
        .body()
    };
    assert_eq!(set(None), json!({"phase": "phase_1_read_only"}));
    assert_eq!(
        set(Some("drill")),
        json!({"phase": "phase_1_read_only", "note": "drill"})
    );
    assert_eq!(RolloutGet {}.body(), json!({}));
}

/// Each request's keys are among those that the portal was seen to take on that route.
#[test]
fn requests_use_the_keys_that_the_portal_takes() {
    let some = || Some("x".to_owned());
    let x = || "x".to_owned();
    let mut known: BTreeMap<Route, Vec<String>> = BTreeMap::new();
    for line in RECORDINGS.iter().flat_map(|file| file.lines()) {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let route = exchange["path"]
            .as_str()
            .and_then(|path| path.strip_prefix("/v1/"));
        if let (200, Some(route), Some(request)) = (
            exchange["status"].as_u64().unwrap(),
            route.and_then(Route::from_name),
            exchange["request"].as_object(),
        ) {
            known.entry(route).or_default().extend(request.keys().cloned());
        }
    }
    let check = |route: Route, body: Value| {
        for key in body.as_object().unwrap().keys() {
            assert!(known[&route].contains(key), "{route}: {key}");
        }
    };
    let list = ItemsList {
        q: some(),
        page: Some(1),
        page_size: Some(1),
        sort: some(),
        availability: some(),
    };
    check(ItemsList::ROUTE, list.body());
    check(ItemsGet::ROUTE, ItemsGet { item_id: x() }.body());
    check(DiscoveryGet::ROUTE, DiscoveryGet { limit: Some(1) }.body());
    let resolve = ItemsResolveIsbn {
        isbn: x(),
        allow_remote_lookup: false,
    };
    check(ItemsResolveIsbn::ROUTE, resolve.body());
    let create = ItemsCreate {
        item_id: some(),
        title: some(),
        authors: vec![x()],
        isbn: some(),
        allow_remote_lookup: Some(false),
        total_copies: Some(1),
    };
    check(ItemsCreate::ROUTE, create.body());
    let update = ItemsUpdate {
        item_id: x(),
        title: some(),
        status: some(),
    };
    check(ItemsUpdate::ROUTE, update.body());
    let delete = ItemsDelete {
        item_id: x(),
        note: some(),
    };
    check(ItemsDelete::ROUTE, delete.body());
    let status = ItemsOverrideStatus {
        item_id: x(),
        status: x(),
        note: some(),
    };
    check(ItemsOverrideStatus::ROUTE, status.body());
    let checkout = LoansCheckout {
        item_id: x(),
        idempotency_key: some(),
    };
    check(LoansCheckout::ROUTE, checkout.body());
    check(LoansListMine::ROUTE, LoansListMine { limit: Some(1) }.body());
    let check_in = LoansCheckIn {
        loan_id: x(),
        idempotency_key: some(),
    };
    check(LoansCheckIn::ROUTE, check_in.body());
    let mark = LoansMarkLost {
        loan_id: x(),
        note: some(),
        idempotency_key: None,
    };
    check(LoansMarkLost::ROUTE, mark.body());
    let fee = LoansAssessReplacementFee {
        loan_id: x(),
        confirm: true,
        amount_cents: Some(1),
        note: some(),
        idempotency_key: some(),
    };
    check(LoansAssessReplacementFee::ROUTE, fee.body());
    let rating = RatingsUpsert {
        item_id: x(),
        stars: 5,
    };
    check(RatingsUpsert::ROUTE, rating.body());
    let review = ReviewsCreate {
        item_id: x(),
        body: x(),
    };
    check(ReviewsCreate::ROUTE, Request::body(&review));
    let review = ReviewsUpdate {
        review_id: x(),
        body: x(),
    };
    check(ReviewsUpdate::ROUTE, Request::body(&review));
    let reading = ReadingStatusUpsert {
        item_id: x(),
        status: x(),
    };
    check(ReadingStatusUpsert::ROUTE, reading.body());
    let tag = TagsSubmissionsCreate {
        item_id: x(),
        tag: x(),
    };
    check(TagsSubmissionsCreate::ROUTE, tag.body());
    let approve = TagsSubmissionsApprove {
        submission_id: x(),
        canonical_tag_name: some(),
    };
    check(TagsSubmissionsApprove::ROUTE, approve.body());
    let merge = TagsMerge {
        source_tag_id: x(),
        target_tag_id: x(),
        note: some(),
    };
    check(TagsMerge::ROUTE, merge.body());
    let recommend = RecommendationsCreate {
        item_id: some(),
        title: some(),
        author: some(),
        rationale: x(),
    };
    check(RecommendationsCreate::ROUTE, recommend.body());
    let list = RecommendationsList {
        item_id: some(),
        status: some(),
    };
    check(RecommendationsList::ROUTE, list.body());
    let moderate = RecommendationsModerate {
        recommendation_id: x(),
        action: x(),
        note: some(),
    };
    check(RecommendationsModerate::ROUTE, moderate.body());
    let dashboard = StaffDashboard {
        loan_limit: Some(1),
        tag_submission_limit: Some(1),
    };
    check(StaffDashboard::ROUTE, dashboard.body());
}

#[test]
fn a_timestamp_is_milliseconds() {
    let at = Timestamp {
        seconds: 1_795_455_856,
        nanoseconds: 417_000_000,
    };
    assert_eq!(at.at_ms(), 1_795_455_856_417);
}
