//! Posting to a webhook: one try, every outcome told, the address nowhere but in the keychain.

use super::*;
use desk_app::{Code, announce::view::PostOutcomeView};
use desk_core::record::PostOutcome;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

/// What a receiver does with what it got.
#[derive(Clone, Copy)]
enum Does {
    Answer(u16),
    Hang,
    Drop,
}

/// A receiver on this machine.
struct Receiver {
    address: String,
    got: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Receiver {
    async fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/services/hunter2", listener.local_addr().unwrap());
        let got = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&got);
        let task = tokio::spawn(async move {
            let mut hanging = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                // A text ends its document, and there is nothing after it.
                while !request.ends_with(b"\"}") && stream.read_buf(&mut request).await.unwrap() > 0 {}
                let request = String::from_utf8(request).unwrap();
                assert!(request.starts_with("POST /services/hunter2 "), "{request}");
                assert!(request.contains("{\"text\":\"*Library"), "{request}");
                count.fetch_add(1, Ordering::SeqCst);
                match does {
                    Does::Answer(status) => {
                        let reply = format!("HTTP/1.1 {status} X\r\ncontent-length: 2\r\n\r\nok");
                        stream.write_all(reply.as_bytes()).await.unwrap();
                    }
                    Does::Hang => hanging.push(stream),
                    Does::Drop => {}
                }
            }
        });
        Self { address, got, task }
    }

    fn got(&self) -> usize {
        self.got.load(Ordering::SeqCst)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[tokio::test]
async fn every_outcome_is_told_and_nothing_is_posted_a_second_time_unasked() {
    for (does, outcome) in [
        (Does::Answer(200), PostOutcomeView::Posted),
        (Does::Answer(404), PostOutcomeView::Refused),
        (Does::Answer(500), PostOutcomeView::Unknown),
        (Does::Hang, PostOutcomeView::Unknown),
        (Does::Drop, PostOutcomeView::Unknown),
    ] {
        let receiver = Receiver::that(does).await;
        let bench = Bench::start().await.impatient();
        let desk = in_phase_2(&bench).await;
        desk.set_webhook(&receiver.address.clone().into()).await.unwrap();
        let (posted, told) = desk.post_announcement(STAFF, false).await.unwrap();
        assert_eq!(posted.post.unwrap().outcome, outcome);
        assert!(!told);
        assert_eq!(receiver.got(), 1);
        assert_eq!(posted.sent.len(), usize::from(outcome == PostOutcomeView::Posted));

        let again = desk.post_announcement(STAFF, false).await;
        if outcome == PostOutcomeView::Refused {
            again.unwrap();
            assert_eq!(receiver.got(), 2, "it was not posted, and somebody asked for it");
        } else {
            let problem = again.unwrap_err();
            assert_eq!(
                (problem.code, problem.field.as_deref()),
                (Code::ConfirmationNeeded, Some("again"))
            );
            assert_eq!(receiver.got(), 1);
            desk.post_announcement(STAFF, true).await.unwrap();
            assert_eq!(receiver.got(), 2);
        }
        desk.close().await;
        assert_eq!(made(&bench).await.len(), 1);
    }
}

#[tokio::test]
async fn a_post_is_in_the_journal_before_it_is_sent() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hunter2", listener.local_addr().unwrap());
    drop(listener);
    desk.set_webhook(&address.into()).await.unwrap();
    let (posted, _) = desk.post_announcement(MEMBER, false).await.unwrap();
    assert_eq!(posted.post.unwrap().outcome, PostOutcomeView::NotSent);
    let entries = bench.journal().await;
    let posts: Vec<String> = entries
        .iter()
        .filter_map(|entry| match &entry.record {
            Record::AnnouncementMade { .. } => Some("made".to_owned()),
            Record::AnnouncementPostStarted { host, .. } => Some(format!("to {host}")),
            Record::AnnouncementPostConcluded { outcome, .. } => {
                assert_eq!(*outcome, PostOutcome::NotSent);
                Some("not sent".to_owned())
            }
            Record::AnnouncementSent { .. } => Some("sent".to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(posts, ["made", "to 127.0.0.1", "not sent"]);
    // A refused text never gets that far.
    desk.edit_announcement(MEMBER, "The uid", "{timestamp}")
        .await
        .unwrap();
    let refused = desk.post_announcement(MEMBER, false).await.unwrap_err();
    assert_eq!(refused.code, Code::TextRefused);
}

#[tokio::test]
async fn the_address_is_in_the_keychain_and_nowhere_else() {
    let bench = Bench::start().await;
    let desk = in_phase_2(&bench).await;
    let missing = desk.post_announcement(STAFF, false).await.unwrap_err();
    assert_eq!(
        (missing.code, missing.field.as_deref()),
        (Code::NotFound, Some("webhook"))
    );
    for wrong in [
        "http://hooks.example/hunter2",
        "hunter2",
        "https://a:hunter2@hooks.example",
    ] {
        let refused = desk.set_webhook(&wrong.into()).await.unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("webhook"));
        assert!(!format!("{refused:?}").contains("hunter2"));
    }
    desk.set_webhook(&"https://hooks.example/services/hunter2".into())
        .await
        .unwrap();
    let view = desk.announcements().await.unwrap();
    assert_eq!(view.webhook.as_deref(), Some("hooks.example"));
    assert!(!format!("{view:?}").contains("hunter2"));
    assert!(bench.keychain.held().contains(&"studio/webhook".to_owned()));
    let database = std::fs::read(bench.dir().join("desk.db")).unwrap();
    assert!(!String::from_utf8_lossy(&database).contains("hunter2"));
    desk.forget_webhook().await.unwrap();
    assert_eq!(desk.announcements().await.unwrap().webhook, None);
    assert!(!bench.keychain.held().contains(&"studio/webhook".to_owned()));

    // Practice must not reach a real channel.
    desk.select_environment("practice").await.unwrap();
    let refused = desk
        .set_webhook(&"https://hooks.example/hunter2".into())
        .await
        .unwrap_err();
    assert_eq!(refused.field.as_deref(), Some("webhook"));
}
