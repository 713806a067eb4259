use proptest::prelude::*;
use serde_json::json;
use zeroize::Zeroizing;

use super::*;

const RECORDINGS: [&str; 3] = [
    include_str!("../../../../tests/recordings/exchanges-transport.jsonl"),
    include_str!("../../../../tests/recordings/exchanges-rollout.jsonl"),
    include_str!("../../../../tests/recordings/exchanges-library.jsonl"),
];

fn raw(status: u16, content_type: Option<&str>, body: &str) -> RawReply {
    RawReply {
        status,
        content_type: content_type.map(str::to_owned),
        request_id: None,
        retry_after: None,
        body: Body::Whole(Zeroizing::new(body.as_bytes().to_vec())),
    }
}

fn json_reply(status: u16, body: &Value) -> RawReply {
    raw(status, Some("application/json; charset=utf-8"), &body.to_string())
}

fn refusal(status: u16, code: &str, details: &Value) -> RawReply {
    json_reply(
        status,
        &json!({"ok": false, "requestId": "r", "code": code, "message": "m", "details": details}),
    )
}

fn kind(reply: &RawReply) -> NotEnvelopeKind {
    match classify(Some(Route::RolloutGet), reply).0 {
        Outcome::NotEnvelope { kind, status } => {
            assert_eq!(status, reply.status);
            kind
        }
        other => panic!("{other:?}"),
    }
}

/// The route of a recorded path, if it is one; the portal tolerates a trailing slash and a query.
fn recorded_route(path: &str) -> Option<Route> {
    let path = path.split('?').next()?.trim_end_matches('/');
    Route::from_name(path.strip_prefix("/v1/")?)
}

#[test]
fn every_recorded_reply_is_what_its_status_and_code_say() {
    let mut seen = 0;
    for line in RECORDINGS.iter().flat_map(|file| file.lines()) {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
        let response = &exchange["response"];
        let text = match response["nonJson"].as_str() {
            Some(text) => text.to_owned(),
            None => response.to_string(),
        };
        let mut reply = raw(
            status,
            exchange["responseHeaders"]["content-type"].as_str(),
            &text,
        );
        reply.request_id = exchange["responseHeaders"]["x-request-id"]
            .as_str()
            .map(str::to_owned);
        let (outcome, id) = classify(recorded_route(exchange["path"].as_str().unwrap()), &reply);
        let name = &exchange["name"];
        let message = response["message"].as_str().unwrap_or_default();
        let code = response["code"].as_str().unwrap_or_default();
        match (status, code) {
            (200, _) => assert_eq!(outcome, Outcome::Ok(response["data"].clone()), "{name}"),
            (204, _) => assert_eq!(kind(&reply), NotEnvelopeKind::Empty, "{name}"),
            (400 | 415, "") => assert_eq!(kind(&reply), NotEnvelopeKind::Html, "{name}"),
            (403, "") => assert_eq!(kind(&reply), NotEnvelopeKind::OriginRefused, "{name}"),
            (401, "UNAUTHENTICATED") => assert_eq!(outcome.word(), "signed_out", "{name}"),
            (403, "FORBIDDEN") if message == "Only staff can access this library route." => {
                assert_eq!(outcome.word(), "not_staff", "{name}");
            }
            (403, "LIBRARY_ROLLOUT_BLOCKED") => {
                let Outcome::RolloutBlocked { phase, required, .. } = outcome else {
                    panic!("{name}: {outcome:?}")
                };
                let details = &response["details"];
                assert_eq!(phase.unwrap().wire(), details["phase"], "{name}");
                assert_eq!(required.unwrap().wire(), details["requiredPhase"], "{name}");
            }
            _ => {
                let expected = Outcome::Refused {
                    status,
                    code: code.to_owned(),
                    reason: response["details"]["reasonCode"].as_str().map(str::to_owned),
                    message: message.to_owned(),
                    details: response["details"].clone(),
                };
                assert_eq!(outcome, expected, "{name}");
            }
        }
        assert_eq!(id.as_deref(), response["requestId"].as_str(), "{name}");
        seen += 1;
    }
    assert_eq!(seen, 320);
}

#[test]
fn what_is_not_the_envelope_is_named() {
    use NotEnvelopeKind::{Empty, Html, NotJson, OriginRefused, Redirect, Truncated, WrongShape, WrongType};
    let json = Some("application/json");
    let good = r#"{"ok":true,"requestId":"r","data":{}}"#;
    for (reply, expected) in [
        (raw(502, Some("text/html"), "<p>Bad gateway</p>"), Html),
        (raw(200, Some("TEXT/HTML; charset=utf-8"), good), Html),
        (raw(200, json, ""), Empty),
        (raw(204, None, ""), Empty),
        (raw(200, None, good), WrongType),
        (raw(200, Some("text/plain"), good), WrongType),
        (raw(200, json, r#"{"ok":true,"requestId":"r","da"#), Truncated),
        (raw(200, json, "<p>hello</p>"), NotJson),
        (raw(200, json, r#"{"ok":true,"data":{}} and more"#), NotJson),
        (raw(200, json, "[]"), WrongShape),
        (raw(200, json, r#"{"ok":"true","data":{}}"#), WrongShape),
        (raw(200, json, r#"{"ok":true}"#), WrongShape),
        (raw(200, json, r#"{"ok":true,"data":null}"#), WrongShape),
        (raw(500, json, good), WrongShape),
        (
            raw(200, json, r#"{"ok":false,"code":"NOT_FOUND","message":"m"}"#),
            WrongShape,
        ),
        (raw(403, json, r#"{"ok":false,"message":"Go away"}"#), WrongShape),
        (
            raw(403, json, r#"{"ok":false,"message":"Origin not allowed"}"#),
            OriginRefused,
        ),
        (raw(302, json, good), Redirect),
        (raw(307, None, ""), Redirect),
    ] {
        assert_eq!(kind(&reply), expected, "{reply:?}");
    }
    for (body, expected) in [
        (Body::Truncated, Truncated),
        (Body::TooLarge, NotEnvelopeKind::TooLarge),
    ] {
        let reply = RawReply {
            body,
            ..raw(200, json, "")
        };
        assert_eq!(kind(&reply), expected);
    }
}

#[test]
fn a_missing_staff_claim_is_told_from_other_prohibitions() {
    let forbidden = refusal(403, "FORBIDDEN", &Value::Null);
    let word = |route| classify(route, &forbidden).0.word();
    assert_eq!(word(Some(Route::RolloutSet)), "not_staff");
    assert_eq!(word(Some(Route::ReviewsUpdate)), "refused");
    assert_eq!(word(None), "refused");
    let with_reason = refusal(403, "FORBIDDEN", &json!({"reasonCode": "CHECKIN_FORBIDDEN"}));
    assert_eq!(
        classify(Some(Route::LoansMarkLost), &with_reason).0.word(),
        "refused"
    );
}

#[test]
fn the_wait_after_too_many_calls_is_the_stated_one() {
    let wait = |reply: &RawReply| match classify(None, reply).0 {
        Outcome::RateLimited { retry_after } => retry_after,
        other => panic!("{other:?}"),
    };
    let mut reply = refusal(429, "RATE_LIMITED", &json!({"retryAfterMs": 54_649}));
    reply.retry_after = Some(Duration::from_secs(55));
    assert_eq!(wait(&reply), Duration::from_millis(54_649));
    let mut reply = refusal(429, "RATE_LIMITED", &Value::Null);
    reply.retry_after = Some(Duration::from_secs(55));
    assert_eq!(wait(&reply), Duration::from_secs(55));
    assert_eq!(wait(&refusal(429, "RATE_LIMITED", &Value::Null)), RATE_WINDOW);
}

#[test]
fn an_unknown_phase_word_is_not_guessed() {
    let reply = refusal(
        403,
        "LIBRARY_ROLLOUT_BLOCKED",
        &json!({"phase": "phase_9", "requiredPhase": "phase_2_member_writes"}),
    );
    let Outcome::RolloutBlocked { phase, required, .. } = classify(None, &reply).0 else {
        panic!()
    };
    assert_eq!((phase, required), (None, Some(Phase::MemberWrites)));
}

#[test]
fn only_what_is_known_not_to_have_happened_is_said_not_to_have_happened() {
    let not_envelope = |status| Outcome::NotEnvelope {
        kind: NotEnvelopeKind::Html,
        status,
    };
    let refused = |status| classify(None, &refusal(status, "X", &Value::Null)).0;
    let detail = || "d".to_owned();
    for (outcome, unknown) in [
        (Outcome::TimedOut, true),
        (Outcome::ConnectionLost { detail: detail() }, true),
        (Outcome::BadReply { detail: detail() }, true),
        (refused(500), true),
        (not_envelope(200), true),
        (not_envelope(302), true),
        (not_envelope(408), true),
        (not_envelope(502), true),
        (not_envelope(400), false),
        (not_envelope(404), false),
        (refused(409), false),
        (Outcome::Ok(Value::Null), false),
        (Outcome::SignedOut { message: detail() }, false),
        (Outcome::Unreachable { detail: detail() }, false),
        (Outcome::Tls { detail: detail() }, false),
        (SignInError::TimedOut.into(), false),
        (SignInError::ApiKeyRefused.into(), false),
    ] {
        assert_eq!(outcome.leaves_unknown(), unknown, "{outcome:?}");
    }
}

#[test]
fn an_expectation_is_met_by_exactly_its_outcome() {
    let message = String::new;
    let outcomes = [
        Outcome::Ok(json!({})),
        Outcome::RolloutBlocked {
            phase: None,
            required: None,
            message: message(),
        },
        Outcome::NotStaff { message: message() },
        Outcome::SignedOut { message: message() },
        classify(
            None,
            &refusal(409, "CONFLICT", &json!({"reasonCode": "ITEM_MARKED_LOST"})),
        )
        .0,
        Outcome::TimedOut,
    ];
    for (expect, met) in [
        (Expect::Ok, [true, false, false, false, false, false]),
        (Expect::RolloutBlocked, [false, true, false, false, false, false]),
        (Expect::NotStaff, [false, false, true, false, false, false]),
        (Expect::SignedOut, [false, false, false, true, false, false]),
        (
            Expect::Refused("CONFLICT"),
            [false, false, false, false, true, false],
        ),
        (
            Expect::Refused("ITEM_MARKED_LOST"),
            [false, false, false, false, true, false],
        ),
        (
            Expect::Refused("NOT_FOUND"),
            [false, false, false, false, false, false],
        ),
        (Expect::AnyReply, [true, true, true, true, true, false]),
    ] {
        assert_eq!(
            outcomes.each_ref().map(|outcome| expect.is_met_by(outcome)),
            met,
            "{expect:?}"
        );
    }
}

proptest! {
    /// Whatever comes, it is classified; and only a whole envelope with status 200 is a success.
    #[test]
    fn no_reply_is_taken_for_success_by_accident(status in 100u16..600, body in ".{0,60}") {
        let (outcome, _) = classify(None, &raw(status, Some("application/json"), &body));
        prop_assert!(!matches!(outcome, Outcome::Ok(_)));
    }

    /// A success cut anywhere is never a success.
    #[test]
    fn a_cut_success_is_truncated(cut in 1usize..60) {
        let whole = r#"{"ok":true,"requestId":"r","data":{"phase":"phase_1_read_only"}}"#;
        let reply = raw(200, Some("application/json"), &whole[..cut]);
        prop_assert_eq!(kind(&reply), NotEnvelopeKind::Truncated);
    }
}
