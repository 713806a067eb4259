use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use desk_core::Route;
use desk_portal::{Caller, Credential, KeepError, Outcome, SignInError};
use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{
    API_KEY, Act, Desk, Kept, LIFETIME_MS, START_MS, Seen, Stub, call, exchanged, id_token, ok, password,
    refused, sign_in_refused, signed_in,
};

const EARLY_MS: i64 = 5 * 60 * 1_000;

/// A portal that lets everybody in, whose token exchange answers with `exchange`.
async fn portal_with(exchange: impl Fn(&Seen) -> Act + Send + Sync + 'static) -> Stub {
    Stub::start(move |seen| {
        if seen.path.starts_with("/v1/accounts") {
            signed_in("u1", "first", "refresh-1")
        } else if seen.path.starts_with("/v1/token") {
            exchange(seen)
        } else {
            ok(&json!({}))
        }
    })
    .await
}

async fn get(desk: &Desk, session: &desk_portal::Session) -> desk_portal::Exchange {
    desk.portal
        .call(call(Route::RolloutGet, Caller::As(session)))
        .await
}

fn bearers(stub: &Stub) -> Vec<String> {
    stub.seen()
        .iter()
        .filter_map(|seen| seen.header("authorization").map(str::to_owned))
        .collect()
}

fn bearer(mark: &str) -> String {
    format!("Bearer {}", id_token("u1", mark))
}

#[tokio::test]
async fn a_password_signs_in() {
    let stub = portal_with(|_| Act::Close).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    assert_eq!((session.identity(), session.uid()), ("operator", "u1"));
    assert_eq!(session.refresh_token().expose_secret(), "refresh-1");
    let claims = session.claims();
    assert!(claims.is_staff() && !claims.admin);
    assert_eq!(claims.email.as_deref(), Some("ana@studio.example"));
    assert_eq!(claims.expires_at_ms, START_MS + LIFETIME_MS);
    let seen = &stub.seen()[0];
    assert_eq!(
        seen.path,
        format!("/v1/accounts:signInWithPassword?key={API_KEY}")
    );
    assert_eq!(seen.header("origin"), None);
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(
        body,
        json!({"email": "ana@studio.example", "password": "canary-password", "returnSecureToken": true})
    );
    let told = &desk.told.all()[0];
    assert_eq!(
        (
            told.route.as_str(),
            told.purpose.as_str(),
            told.identity.as_str(),
            told.outcome
        ),
        ("identity.signInWithPassword", "sign-in", "operator", "ok")
    );
    assert!(told.expected);
    assert!(
        desk.kept.all().is_empty(),
        "keeping the first token is the caller's"
    );
}

#[tokio::test]
async fn a_refresh_token_signs_in_and_its_successor_is_kept() {
    let stub = portal_with(|_| exchanged("u1", "first", "refresh-2")).await;
    let desk = Desk::at(&stub.base());
    let credential = || Credential::RefreshToken(SecretString::from("refresh-1"));
    let session = desk.portal.sign_in("operator", credential()).await.unwrap();
    assert_eq!(session.refresh_token().expose_secret(), "refresh-2");
    assert_eq!(desk.kept.all(), [("operator".to_owned(), "refresh-2".to_owned())]);
    assert!(desk.kept.seen().contains(&"refresh-2".to_owned()));
    assert_eq!(
        stub.seen()[0].body,
        "grant_type=refresh_token&refresh_token=refresh-1"
    );
    assert_eq!(desk.told.all()[0].purpose, "sign-in");
    desk.kept.refuse(true);
    let error = desk.portal.sign_in("operator", credential()).await.unwrap_err();
    assert_eq!(
        error,
        SignInError::NotKept(KeepError {
            message: "the keychain is locked".into()
        })
    );
}

#[tokio::test]
async fn every_failure_to_sign_in_is_told_apart() {
    let told_apart = async |desk: fn(&str) -> Desk, answer: fn() -> Act, word: &str| {
        let stub = Stub::start(move |_| answer()).await;
        let desk = desk(&stub.base());
        let error = desk.portal.sign_in("operator", password()).await.unwrap_err();
        assert_eq!(error.word(), word, "{error:?}");
        assert_eq!(desk.told.all()[0].outcome, word);
        assert!(!desk.told.all()[0].expected);
    };
    told_apart(
        Desk::at,
        || sign_in_refused(400, "INVALID_PASSWORD"),
        "wrong_credentials",
    )
    .await;
    told_apart(Desk::at, || sign_in_refused(400, "USER_DISABLED"), "disabled").await;
    told_apart(
        Desk::at,
        || sign_in_refused(400, "TOO_MANY_ATTEMPTS_TRY_LATER"),
        "too_many_attempts",
    )
    .await;
    told_apart(Desk::at, || sign_in_refused(403, "Who?"), "api_key_refused").await;
    told_apart(
        Desk::at,
        || Act::Send(b"HTTP/1.1 200 OK\r\n\r\n<p>".to_vec()),
        "bad_reply",
    )
    .await;
    told_apart(Desk::impatient, || Act::SendAndHold(Vec::new()), "timed_out").await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let desk = Desk::at(&format!("http://{address}"));
    let error = desk.portal.sign_in("operator", password()).await.unwrap_err();
    assert_eq!(error.word(), "unreachable");
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_early_and_not_before() {
    let stub = portal_with(|_| exchanged("u1", "second", "refresh-1")).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    desk.clock.advance(LIFETIME_MS - EARLY_MS - 1);
    get(&desk, &session).await;
    assert_eq!(stub.count("/v1/token"), 0);
    desk.clock.advance(1);
    get(&desk, &session).await;
    get(&desk, &session).await;
    assert_eq!(stub.count("/v1/token"), 1);
    assert_eq!(
        bearers(&stub),
        [bearer("first"), bearer("second"), bearer("second")]
    );
    // Two tokens at the sign-in, two at the renewal, ID tokens among them.
    assert_eq!(desk.kept.seen().len(), 4);
    assert!(
        desk.kept.all().is_empty(),
        "the same refresh token is not kept again"
    );
    let refreshes = desk.told.all();
    let refresh = refreshes
        .iter()
        .find(|told| told.route == "identity.token")
        .unwrap();
    assert_eq!(
        (refresh.purpose.as_str(), refresh.identity.as_str()),
        ("refresh", "operator")
    );
}

#[tokio::test]
async fn many_calls_at_once_renew_once() {
    let stub = portal_with(|_| exchanged("u1", "second", "refresh-1")).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    desk.clock.advance(LIFETIME_MS);
    let calls = (0..10).map(|_| get(&desk, &session));
    for exchange in join_all(calls).await {
        assert!(matches!(exchange.outcome, Outcome::Ok(_)), "{exchange:?}");
    }
    assert_eq!(stub.count("/v1/token"), 1);
}

#[tokio::test]
async fn many_calls_refused_at_once_renew_once() {
    let stub = Stub::start(|seen| {
        if seen.path.starts_with("/v1/accounts") {
            signed_in("u1", "first", "refresh-1")
        } else if seen.path.starts_with("/v1/token") {
            exchanged("u1", "second", "refresh-1")
        } else if seen.header("authorization") == Some(&bearer("second")) {
            ok(&json!({}))
        } else {
            refused(401, "UNAUTHENTICATED", &Value::Null)
        }
    })
    .await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    let calls = (0..10).map(|_| get(&desk, &session));
    for exchange in join_all(calls).await {
        assert!(matches!(exchange.outcome, Outcome::Ok(_)), "{exchange:?}");
    }
    assert_eq!(stub.count("/v1/token"), 1);
}

#[tokio::test]
async fn a_changed_refresh_token_is_kept_before_the_call_is_made() {
    let kept = Arc::new(Kept::default());
    let watched = Arc::clone(&kept);
    let was_kept = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&was_kept);
    let stub = Stub::start(move |seen| {
        if seen.path.starts_with("/v1/accounts") {
            signed_in("u1", "first", "refresh-1")
        } else if seen.path.starts_with("/v1/token") {
            exchanged("u1", "second", "refresh-2")
        } else {
            noted.store(watched.all().len() == 1, Ordering::SeqCst);
            ok(&json!({}))
        }
    })
    .await;
    let desk = Desk::with_kept(&stub.base(), Arc::clone(&kept));
    let session = desk.sign_in().await;
    desk.clock.advance(LIFETIME_MS);
    get(&desk, &session).await;
    assert!(was_kept.load(Ordering::SeqCst));
    assert_eq!(kept.all(), [("operator".to_owned(), "refresh-2".to_owned())]);
    assert_eq!(session.refresh_token().expose_secret(), "refresh-2");
}

#[tokio::test]
async fn a_refresh_token_that_cannot_be_kept_is_not_used_and_not_lost() {
    let renewals = AtomicUsize::new(1);
    let stub = portal_with(move |_| {
        let n = renewals.fetch_add(1, Ordering::SeqCst) + 1;
        exchanged("u1", &format!("id-{n}"), &format!("refresh-{n}"))
    })
    .await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    desk.clock.advance(LIFETIME_MS);
    desk.kept.refuse(true);
    let exchange = get(&desk, &session).await;
    assert!(
        matches!(
            exchange.outcome,
            Outcome::NotRenewed {
                error: SignInError::NotKept(_)
            }
        ),
        "{exchange:?}"
    );
    assert_eq!(exchange.attempts, 0);
    assert!(bearers(&stub).is_empty(), "the call was not sent");
    assert_eq!(session.refresh_token().expose_secret(), "refresh-2");

    desk.kept.refuse(false);
    let exchange = get(&desk, &session).await;
    assert!(matches!(exchange.outcome, Outcome::Ok(_)), "{exchange:?}");
    assert_eq!(bearers(&stub), [bearer("id-3")]);
    let kept: Vec<String> = desk.kept.all().into_iter().map(|(_, token)| token).collect();
    assert_eq!(kept, ["refresh-2", "refresh-3"]);
    let sent: Vec<String> = stub.seen().into_iter().map(|seen| seen.body).collect();
    assert!(
        sent.contains(&"grant_type=refresh_token&refresh_token=refresh-2".to_owned()),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_token_still_valid_serves_while_it_cannot_be_renewed() {
    let stub = portal_with(|_| sign_in_refused(503, "down")).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    desk.clock.advance(LIFETIME_MS - 1);
    assert!(matches!(get(&desk, &session).await.outcome, Outcome::Ok(_)));
    desk.clock.advance(1);
    let exchange = desk
        .portal
        .call(call(Route::RolloutSet, Caller::As(&session)))
        .await;
    assert!(
        matches!(exchange.outcome, Outcome::Unreachable { .. }),
        "{exchange:?}"
    );
    assert!(!exchange.is_unknown_write(), "it was never sent");
    assert_eq!(bearers(&stub), [bearer("first")]);
}

#[tokio::test]
async fn an_account_that_is_refused_is_signed_out() {
    for message in ["TOKEN_EXPIRED", "INVALID_REFRESH_TOKEN", "USER_DISABLED"] {
        let stub = portal_with(move |_| sign_in_refused(400, message)).await;
        let desk = Desk::at(&stub.base());
        let session = desk.sign_in().await;
        desk.clock.advance(LIFETIME_MS - EARLY_MS);
        let exchange = get(&desk, &session).await;
        assert!(
            matches!(exchange.outcome, Outcome::SignedOut { .. }),
            "{exchange:?}"
        );
        assert_eq!(exchange.attempts, 0);
    }
}

#[tokio::test]
async fn trouble_while_renewing_after_a_401_is_not_signed_out() {
    let stub = Stub::start(|seen| {
        if seen.path.starts_with("/v1/accounts") {
            signed_in("u1", "first", "refresh-1")
        } else if seen.path.starts_with("/v1/token") {
            Act::SendAndHold(Vec::new())
        } else {
            refused(401, "UNAUTHENTICATED", &Value::Null)
        }
    })
    .await;
    let desk = Desk::impatient(&stub.base());
    let session = desk.sign_in().await;
    let exchange = get(&desk, &session).await;
    assert!(
        matches!(exchange.outcome, Outcome::Unreachable { .. }),
        "{exchange:?}"
    );
    assert_eq!(exchange.status, Some(401));
}

#[tokio::test]
async fn a_token_of_another_account_is_not_used() {
    let stub = portal_with(|_| exchanged("somebody-else", "second", "refresh-2")).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    desk.clock.advance(LIFETIME_MS);
    let exchange = get(&desk, &session).await;
    assert_eq!(exchange.outcome.word(), "not_renewed");
    assert!(bearers(&stub).is_empty() && desk.kept.all().is_empty());
}

#[tokio::test]
async fn a_session_is_of_no_use_to_another_portal() {
    let (stub, other) = (
        portal_with(|_| Act::Close).await,
        portal_with(|_| Act::Close).await,
    );
    let session = Desk::at(&stub.base()).sign_in().await;
    let exchange = get(&Desk::at(&other.base()), &session).await;
    assert!(
        matches!(exchange.outcome, Outcome::SignedOut { .. }),
        "{exchange:?}"
    );
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn renewing_on_demand_shows_the_present_claims() {
    let stub = portal_with(|_| exchanged("u1", "second", "refresh-1")).await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    desk.clock.advance(1_000);
    session.renew().await.unwrap();
    assert_eq!(session.claims().expires_at_ms, START_MS + 1_000 + LIFETIME_MS);
}
