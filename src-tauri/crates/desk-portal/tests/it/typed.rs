use desk_core::{Phase, Route};
use desk_portal::wire::{Hello, RolloutGet, RolloutSet};
use desk_portal::{Caller, Outcome};
use serde_json::{Value, json};

use crate::support::{Desk, Stub, ok, refused};

fn state(phase: &str) -> Value {
    json!({"phase": phase, "note": "drill", "updatedAtMs": 5, "updatedByUid": "u1", "added": "later"})
}

#[tokio::test]
async fn a_typed_reply_comes_with_its_exchange() {
    let stub = Stub::start(|_| ok(&state("phase_2_member_writes"))).await;
    let desk = Desk::at(&stub.base());
    let set = RolloutSet {
        phase: Phase::MemberWrites,
        note: Some("drill".into()),
    };
    let answered = desk
        .portal
        .ask(&set, Caller::Anonymous, "phase set")
        .await
        .unwrap();
    assert_eq!(answered.data.phase, Phase::MemberWrites);
    assert_eq!(answered.exchange.support_id(), "req_1");
    assert_eq!(
        (answered.exchange.route, answered.exchange.purpose.as_str()),
        (Route::RolloutSet, "phase set")
    );
    assert_eq!(
        serde_json::from_str::<Value>(&stub.seen()[0].body).unwrap(),
        json!({"phase": "phase_2_member_writes", "note": "drill"})
    );
}

#[tokio::test]
async fn data_that_does_not_fit_is_a_bad_reply() {
    for data in [state("phase_4"), json!({}), json!([]), json!("phase_1_read_only")] {
        let stub = Stub::start(move |_| ok(&data)).await;
        let desk = Desk::at(&stub.base());
        let exchange = desk
            .portal
            .ask(&RolloutGet {}, Caller::Anonymous, "test")
            .await
            .unwrap_err();
        assert!(
            matches!(exchange.outcome, Outcome::BadReply { .. }),
            "{exchange:?}"
        );
        let told = &desk.told.all()[0];
        assert_eq!((told.outcome, told.expected), ("bad_reply", false));
    }
}

#[tokio::test]
async fn a_bad_reply_to_a_write_leaves_it_unknown() {
    let stub = Stub::start(|_| ok(&json!({}))).await;
    let set = RolloutSet {
        phase: Phase::ReadOnly,
        note: None,
    };
    let exchange = Desk::at(&stub.base())
        .portal
        .ask(&set, Caller::Anonymous, "test")
        .await
        .unwrap_err();
    assert!(exchange.is_unknown_write());
}

#[tokio::test]
async fn a_refusal_of_a_typed_call_is_its_exchange() {
    let stub = Stub::start(|_| refused(403, "FORBIDDEN", &Value::Null)).await;
    let desk = Desk::at(&stub.base());
    let set = RolloutSet {
        phase: Phase::ReadOnly,
        note: None,
    };
    let exchange = desk
        .portal
        .ask(&set, Caller::Anonymous, "test")
        .await
        .unwrap_err();
    assert!(
        matches!(exchange.outcome, Outcome::NotStaff { .. }),
        "{exchange:?}"
    );
}

/// The window's commands run on any thread.
#[tokio::test]
async fn a_call_can_be_awaited_on_any_thread() {
    let stub = Stub::start(|_| ok(&json!({"uid": "u1", "mode": "firebase", "isStaff": true}))).await;
    let portal = Desk::at(&stub.base()).portal;
    let hello = tokio::spawn(async move { portal.ask(&Hello {}, Caller::Anonymous, "test").await });
    assert!(hello.await.unwrap().unwrap().data.is_staff);
}
