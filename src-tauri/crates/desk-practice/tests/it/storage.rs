//! State that lasts, shared files, starting over, and where the portal may listen.

use std::collections::HashSet;

use desk_practice::{Options, ServeError, Storage, StoreError, serve};
use serde_json::json;

use crate::support::{Bench, read, still};

fn on_file(directory: &tempfile::TempDir) -> Options {
    Options {
        storage: Storage::File(directory.path().join("practice.db")),
        ..still()
    }
}

#[tokio::test]
async fn state_and_credentials_outlive_the_portal() {
    let directory = tempfile::tempdir().unwrap();
    let bench = Bench::start(on_file(&directory)).await;
    bench.set_phase("phase_2_member_writes").await;
    bench.checkout("member-smoke", "book-hands-in-clay").await;
    let operator = bench.identity("operator").clone();
    let api_key = bench.practice.addresses().api_key.clone();
    let token = bench.token("member-smoke").await;
    bench.practice.shutdown().await;

    let bench = Bench::start(on_file(&directory)).await;
    assert_eq!(bench.identity("operator"), &operator);
    assert_eq!(bench.practice.addresses().api_key, api_key);
    assert_eq!(bench.phase().await, "phase_2_member_writes");
    let loans = bench
        .client
        .post(bench.api("/v1/library.loans.listMine"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        read(loans).await.data()["loans"][0]["itemId"],
        "book-hands-in-clay"
    );
}

#[tokio::test]
async fn two_portals_on_one_file_are_one_portal() {
    let directory = tempfile::tempdir().unwrap();
    let window = Bench::start(on_file(&directory)).await;
    let command = Bench::start(on_file(&directory)).await;
    assert_eq!(window.phase().await, "phase_3_admin_full");
    command.set_phase("phase_1_read_only").await;
    assert_eq!(
        window.phase().await,
        "phase_1_read_only",
        "the first instance of both is the same one"
    );
    let token = window.token("operator").await;
    let elsewhere = command
        .client
        .post(command.api("/v1/hello"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(read(elsewhere).await.verdict(), "200");
}

#[tokio::test(flavor = "multi_thread")]
async fn portals_that_open_a_new_file_at_once_agree_on_it() {
    let directory = tempfile::tempdir().unwrap();
    let opening: Vec<_> = (0..8).map(|_| tokio::spawn(serve(on_file(&directory)))).collect();
    let mut keys = HashSet::new();
    let mut portals = Vec::new();
    for portal in opening {
        let portal = portal.await.unwrap().unwrap();
        keys.insert(portal.addresses().api_key.clone());
        portals.push(portal);
    }
    assert_eq!(keys.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn portals_may_come_and_go_while_others_serve_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let coming_and_going: Vec<_> = (0..4)
        .map(|_| {
            let options = on_file(&directory);
            tokio::spawn(async move {
                for _ in 0..5 {
                    let bench = Bench::start(options.clone()).await;
                    assert_eq!(bench.phase().await, "phase_3_admin_full");
                    bench.practice.shutdown().await;
                }
            })
        })
        .collect();
    for task in coming_and_going {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_copy_is_lent_once_however_many_ask() {
    let directory = tempfile::tempdir().unwrap();
    let benches = [
        Bench::start(on_file(&directory)).await,
        Bench::start(on_file(&directory)).await,
    ];
    let mut asking = Vec::new();
    for bench in benches.iter().cycle().take(10) {
        let body = json!({ "itemId": "book-hands-in-clay" });
        let request = bench
            .request("member-smoke", "library.loans.checkout", &body)
            .await;
        asking.push(tokio::spawn(async move {
            read(request.send().await.unwrap()).await.verdict()
        }));
    }
    let mut lent = 0;
    for answer in asking {
        match answer.await.unwrap().as_str() {
            "200" => lent += 1,
            other => assert_eq!(other, "409 CONFLICT"),
        }
    }
    assert_eq!(lent, 1);
}

#[tokio::test]
async fn reset_goes_back_to_the_start_and_keeps_accounts_and_tokens() {
    let bench = Bench::start(still()).await;
    let before = bench.practice.identities().unwrap();
    bench.set_phase("phase_1_read_only").await;
    bench.practice.reset().unwrap();
    let rollout = bench.call("operator", "library.rollout.get", json!({})).await;
    assert_eq!(
        rollout.data(),
        &json!({ "phase": "phase_3_admin_full", "note": null, "updatedAtMs": 0, "updatedByUid": null })
    );
    bench.checkout("member-smoke", "book-hands-in-clay").await;
    bench.practice.reset().unwrap();
    bench.checkout("member-smoke", "book-hands-in-clay").await;
    assert_eq!(bench.practice.identities().unwrap(), before);
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"] {
        let options = Options {
            listen: address.parse().unwrap(),
            ..still()
        };
        let refused = serve(options).await.err();
        assert!(
            matches!(refused, Some(ServeError::NotLoopback(_))),
            "{address}: {refused:?}"
        );
    }
}

#[tokio::test]
async fn a_taken_port_and_no_instances_are_errors() {
    let bench = Bench::start(still()).await;
    let taken = bench
        .practice
        .addresses()
        .api_base
        .strip_prefix("http://")
        .unwrap()
        .parse()
        .unwrap();
    let options = Options {
        listen: taken,
        ..still()
    };
    assert!(matches!(
        serve(options).await.err(),
        Some(ServeError::Listen { .. })
    ));
    let options = Options {
        instances: 0,
        ..still()
    };
    assert!(matches!(
        serve(options).await.err(),
        Some(ServeError::NoInstances)
    ));
}

#[tokio::test]
async fn a_file_of_another_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let options = on_file(&directory);
    let Storage::File(path) = options.storage.clone() else {
        panic!("on a file")
    };
    let other = rusqlite::Connection::open(path).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    drop(other);
    assert!(matches!(
        serve(options).await.err(),
        Some(ServeError::Store(StoreError::OtherVersion { found: 99 }))
    ));
}

#[tokio::test]
async fn a_base_with_the_prefix_already_in_it_is_understood_and_other_paths_are_the_hostings() {
    let bench = Bench::start(still()).await;
    let base = &bench.practice.addresses().api_base;
    let token = bench.token("member-smoke").await;
    let hello = bench
        .client
        .post(format!("{base}/v1/hello"))
        .bearer_auth(token)
        .send()
        .await
        .unwrap();
    assert_eq!(read(hello).await.verdict(), "200");
    for path in ["/", "/elsewhere", "/apiV1x/v1/hello"] {
        let response = bench.client.post(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(response.status(), 404, "{path}");
        assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    }
}
