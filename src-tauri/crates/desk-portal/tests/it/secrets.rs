use desk_core::Route;
use desk_portal::{Caller, Credential, wire};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Act, Desk, Stub, call, id_token, password, refused, sign_in_refused, signed_in};

fn assert_clean(what: &str, text: &str) {
    for secret in ["canary", &id_token("u1", "canary-id")] {
        assert!(!text.contains(secret), "{what}: {text}");
    }
}

/// Whatever goes wrong, neither a token nor a password nor the key is in anything that could be shown or logged.
#[tokio::test]
async fn no_secret_is_in_anything_that_can_be_printed() {
    let stub = Stub::start(|seen| {
        if seen.path.starts_with("/v1/accounts") {
            signed_in("u1", "canary-id", "canary-refresh")
        } else if seen.path.starts_with("/v1/token") {
            sign_in_refused(400, "canary-refresh is not known")
        } else {
            refused(401, "UNAUTHENTICATED", &Value::Null)
        }
    })
    .await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    let token = SecretString::from("canary-token");
    for caller in [Caller::As(&session), Caller::Token(&token)] {
        let call = call(Route::RolloutGet, caller);
        assert_clean("call", &format!("{call:?}"));
        assert_clean("exchange", &format!("{:?}", desk.portal.call(call).await));
    }
    assert_clean("portal", &format!("{:?}", desk.portal));
    assert_clean("session", &format!("{session:?} {:?}", session.claims()));
    assert_clean(
        "refresh token",
        &format!("{:?}", Credential::RefreshToken(session.refresh_token())),
    );
    assert_clean("password", &format!("{:?}", password()));
    assert_clean("telemetry", &format!("{:?}", desk.told.all()));
}

/// A portal that repeats the token it was sent, wherever it can, finds it kept nowhere.
#[tokio::test]
async fn a_token_that_the_portal_repeats_is_struck() {
    let stub = Stub::start(|seen| {
        if seen.path.starts_with("/v1/accounts") {
            return signed_in("u1", "canary-id", "canary-refresh");
        }
        let token = seen.header("authorization").unwrap_or_default();
        let body = json!({
            "ok": seen.path.ends_with("rollout.get"),
            "requestId": token,
            "data": { "phase": token },
            "code": token,
            "message": format!("what does {token} want?"),
            "details": { "reasonCode": token, "token": token },
        });
        let status = if seen.path.ends_with("rollout.get") {
            200
        } else {
            400
        };
        Act::Send(
            format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nx-request-id: {token}\r\n\
                 connection: close\r\n\r\n{body}"
            )
            .into_bytes(),
        )
    })
    .await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    for route in [Route::RolloutGet, Route::LoansCheckout] {
        let exchange = desk.portal.call(call(route, Caller::As(&session))).await;
        assert!(format!("{exchange:?}").contains("(struck)"), "{exchange:?}");
        assert_clean("exchange", &format!("{exchange:?}"));
    }
    let misfit = desk
        .portal
        .ask(&wire::RolloutGet {}, Caller::As(&session), "test")
        .await
        .unwrap_err();
    assert_eq!(misfit.outcome.word(), "bad_reply");
    assert_clean("misfit", &format!("{misfit:?}"));
    assert_clean("telemetry", &format!("{:?}", desk.told.all()));
}

#[tokio::test]
async fn no_failure_to_sign_in_names_the_key() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let closing = Stub::start(|_| Act::Close).await;
    let silent = Stub::start(|_| Act::SendAndHold(Vec::new())).await;
    let quoting = Stub::start(|seen| sign_in_refused(400, &format!("{} {}", seen.path, seen.body))).await;
    let redirecting =
        Stub::start(|_| Act::Send(b"HTTP/1.1 302 X\r\nlocation: /?key=canary-key\r\n\r\n".to_vec())).await;
    for desk in [
        Desk::at(&nobody),
        Desk::at(&closing.base()),
        Desk::impatient(&silent.base()),
        Desk::at(&quoting.base()),
        Desk::at(&redirecting.base()),
    ] {
        for credential in [
            password(),
            Credential::RefreshToken(SecretString::from("canary-refresh")),
        ] {
            let error = desk.portal.sign_in("operator", credential).await.unwrap_err();
            assert_clean("error", &format!("{error} {error:?}"));
        }
        assert_clean("telemetry", &format!("{:?}", desk.told.all()));
    }
    assert_eq!(redirecting.seen().len(), 2, "redirects are not followed");
}

/// The API never sees the key or the refresh token, and the sign-in services never see an ID token.
#[tokio::test]
async fn each_secret_goes_to_its_own_service_only() {
    let stub = Stub::start(|seen| {
        if seen.path.starts_with("/v1/accounts") {
            signed_in("u1", "canary-id", "canary-refresh")
        } else if seen.path.starts_with("/v1/token") {
            crate::support::exchanged("u1", "canary-id", "canary-refresh")
        } else {
            crate::support::ok(&json!({}))
        }
    })
    .await;
    let desk = Desk::at(&stub.base());
    let session = desk.sign_in().await;
    session.renew().await.unwrap();
    desk.portal
        .call(call(Route::RolloutGet, Caller::As(&session)))
        .await;
    for seen in stub.seen() {
        if seen.path.starts_with("/apiV1/") {
            assert!(!format!("{seen:?}").contains("canary-key"));
            assert!(!format!("{seen:?}").contains("canary-refresh"));
        } else {
            assert_eq!(seen.header("authorization"), None);
            assert!(!seen.body.contains(&id_token("u1", "canary-id")));
        }
    }
    assert_eq!(stub.seen().len(), 3);
}
