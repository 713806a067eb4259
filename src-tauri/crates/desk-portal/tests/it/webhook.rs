//! Posting to a webhook: one try, whatever the receiver does.

use std::time::Duration;

use desk_portal::{Posted, Timeouts, Webhook};
use tokio::net::TcpListener;

use crate::support::{Act, Stub, reply};

const TEXT: &str = r#"{"text":"*Library rollout*\n\n1. Phase 2"}"#;

async fn post_to(address: &str) -> Posted {
    let webhook = Webhook::parse(&format!("{address}/services/hunter2").into()).unwrap();
    let timeouts = Timeouts {
        call: Duration::from_millis(700),
        ..Timeouts::default()
    };
    webhook.post(TEXT.to_owned(), timeouts).await.unwrap()
}

async fn answered_by(answer: impl Fn() -> Act + Send + Sync + 'static) -> Posted {
    let stub = Stub::start(move |_| answer()).await;
    let posted = post_to(&stub.base()).await;
    let seen = stub.seen();
    assert_eq!(seen.len(), 1, "sent once only: {posted:?}");
    assert_eq!(
        (seen[0].method.as_str(), seen[0].path.as_str()),
        ("POST", "/services/hunter2")
    );
    assert_eq!(seen[0].body, TEXT);
    assert_eq!(
        seen[0].header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert!(!format!("{posted:?}").contains("hunter2"));
    posted
}

fn status(status: u16) -> impl Fn() -> Act + Send + Sync + 'static {
    move || Act::Send(reply(status, "text/plain", "said by the receiver"))
}

#[tokio::test]
async fn what_the_receiver_says_is_what_is_known() {
    assert_eq!(answered_by(status(200)).await, Posted::Taken);
    assert_eq!(answered_by(status(404)).await, Posted::Refused { status: 404 });
    assert!(matches!(answered_by(status(500)).await, Posted::Unknown { .. }));
}

#[tokio::test]
async fn a_receiver_that_redirects_gets_the_text_once() {
    let posted = answered_by(|| {
        Act::Send(
            b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n".to_vec(),
        )
    })
    .await;
    assert_eq!(posted, Posted::Refused { status: 307 });
}

#[tokio::test]
async fn a_receiver_that_hangs_or_drops_after_receipt_leaves_it_unknown() {
    let hung = answered_by(|| Act::SendAndHold(Vec::new())).await;
    assert_eq!(
        hung,
        Posted::Unknown {
            detail: "no answer in time".into()
        }
    );
    assert!(matches!(answered_by(|| Act::Close).await, Posted::Unknown { .. }));
}

#[tokio::test]
async fn a_receiver_that_is_not_there_got_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    assert!(matches!(post_to(&address).await, Posted::NotSent { .. }));
}
