//! Signing in, and what tokens are worth.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{Bench, read, still};

async fn sign_in(bench: &Bench, key: &str, body: Value) -> (StatusCode, Value) {
    let base = &bench.practice.addresses().identity_base;
    let response = bench
        .client
        .post(format!("{base}/v1/accounts:signInWithPassword{key}"))
        .json(&body)
        .send()
        .await
        .unwrap();
    (response.status(), response.json().await.unwrap())
}

async fn refresh(bench: &Bench, key: &str, form: &[(&str, &str)]) -> (StatusCode, Value) {
    let base = &bench.practice.addresses().token_base;
    let response = bench
        .client
        .post(format!("{base}/v1/token{key}"))
        .form(form)
        .send()
        .await
        .unwrap();
    (response.status(), response.json().await.unwrap())
}

fn key(bench: &Bench) -> String {
    format!("?key={}", bench.practice.addresses().api_key)
}

#[tokio::test]
async fn a_password_buys_tokens_that_say_who_one_is() {
    let bench = Bench::start(still()).await;
    let operator = bench.identity("operator").clone();
    assert!(operator.staff);
    assert!(
        !bench.identity("adminonly-smoke").staff,
        "admin alone is not staff"
    );
    let (status, reply) = sign_in(
        &bench,
        &key(&bench),
        json!({ "email": operator.email, "password": operator.password, "returnSecureToken": true }),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(reply["localId"], "operator");
    assert_eq!(reply["expiresIn"], "3600", "the lifetime is a text");
    assert_eq!(reply["refreshToken"], operator.refresh_token.as_str());

    let hello = bench
        .client
        .post(bench.api("/v1/hello"))
        .bearer_auth(reply["idToken"].as_str().unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(
        read(hello).await.data(),
        &json!({ "uid": "operator", "mode": "firebase", "scopes": null, "isStaff": true })
    );
}

#[tokio::test]
async fn a_refresh_token_can_be_used_again_and_comes_back() {
    let bench = Bench::start(still()).await;
    let member = bench.identity("member-smoke").clone();
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", member.refresh_token.as_str()),
    ];
    for _ in 0..2 {
        let (status, reply) = refresh(&bench, &key(&bench), &form).await;
        assert_eq!(status, 200);
        assert_eq!(reply["refresh_token"], member.refresh_token.as_str());
        assert_eq!(reply["user_id"], "member-smoke");
        assert_eq!(reply["expires_in"], "3600");
        assert_eq!(reply["project_id"], "practice-portal");
        assert_eq!(reply["id_token"], reply["access_token"]);
    }
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_the_identity_services_own_envelope() {
    let bench = Bench::start(still()).await;
    let good = key(&bench);
    let email = bench.identity("member-smoke").email.clone();
    let sign_ins = [
        (
            json!({ "email": email, "password": "x" }),
            "INVALID_LOGIN_CREDENTIALS",
        ),
        (
            json!({ "email": "no@x", "password": "x" }),
            "INVALID_LOGIN_CREDENTIALS",
        ),
        (json!({ "email": "no", "password": "x" }), "INVALID_EMAIL"),
        (json!({ "email": email }), "MISSING_PASSWORD"),
    ];
    for (body, message) in sign_ins {
        let (status, reply) = sign_in(&bench, &good, body).await;
        assert_eq!(status, 400);
        assert_eq!(reply["error"]["message"], message);
        assert_eq!(reply["error"]["code"], 400);
    }
    let refreshes: [(&[(&str, &str)], &str); 3] = [
        (
            &[("grant_type", "refresh_token"), ("refresh_token", "x")],
            "INVALID_REFRESH_TOKEN",
        ),
        (&[("grant_type", "refresh_token")], "MISSING_REFRESH_TOKEN"),
        (&[("refresh_token", "x")], "INVALID_GRANT_TYPE"),
    ];
    for (form, message) in refreshes {
        let (status, reply) = refresh(&bench, &good, form).await;
        assert_eq!(status, 400);
        assert_eq!(reply["error"]["message"], message);
    }
    let (status, reply) = refresh(&bench, "", &[]).await;
    assert_eq!(status, 403);
    assert_eq!(reply["error"]["status"], "PERMISSION_DENIED");
    let (status, _) = refresh(&bench, "?key=wrong", &[]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn an_id_token_is_good_for_an_hour() {
    let bench = Bench::start(still()).await;
    let request = bench.request("member-smoke", "hello", &json!({})).await;
    let later = request.try_clone().unwrap();
    bench.clock.advance(Duration::from_secs(3599));
    assert_eq!(read(request.send().await.unwrap()).await.verdict(), "200");
    bench.clock.advance(Duration::from_secs(1));
    let refused = read(later.send().await.unwrap()).await;
    assert_eq!(refused.verdict(), "401 UNAUTHENTICATED");
    assert_eq!(refused.body["message"], "Invalid Authorization token");
}

#[tokio::test]
async fn credentials_are_left_out_of_debug_output() {
    let bench = Bench::start(still()).await;
    let operator = bench.identity("operator");
    let shown = format!("{operator:?} {:?}", bench.practice.addresses());
    for secret in [
        &operator.password,
        &operator.refresh_token,
        &bench.practice.addresses().api_key,
    ] {
        assert!(!shown.contains(secret.as_str()));
    }
}
