//! Secrets are in the keychain and in memory, nowhere else.

use crate::support::{Bench, START_MS, STUDIO, save};
use desk_app::{
    Phase, Problem, Role,
    view::{EnvironmentKindView, IdentityState},
};
use desk_core::EnvironmentName;
use desk_store::Store;
use std::{fmt::Debug, fs, path::Path};

/// What must show nowhere.
struct Canaries(Vec<String>);

impl Canaries {
    fn of(bench: &Bench) -> Self {
        let mut all = vec![bench.practice.addresses().api_key.clone()];
        for name in ["operator", "member-smoke", "staff-smoke", "admin-smoke"] {
            let identity = bench.identity(name);
            all.push(identity.password.clone());
            all.push(identity.refresh_token.clone());
        }
        // How the practice portal's ID tokens begin.
        all.push("eyJhbGciOi".to_owned());
        Self(all)
    }

    fn assert_not_in(&self, text: &str, place: &str) {
        for canary in &self.0 {
            assert!(!text.contains(canary), "a secret shows in {place}");
        }
    }

    fn assert_not_in_value(&self, value: &(impl Debug + serde::Serialize), place: &str) {
        self.assert_not_in(&format!("{value:?}"), place);
        self.assert_not_in(&serde_json::to_string(value).unwrap(), place);
    }

    fn assert_not_in_problem(&self, problem: &Problem) {
        self.assert_not_in_value(problem, &problem.message);
        self.assert_not_in(&problem.to_string(), "a message");
    }

    fn assert_not_in_files(&self, dir: &Path) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.assert_not_in_files(&path);
            } else {
                let bytes = fs::read(&path).unwrap();
                self.assert_not_in(&String::from_utf8_lossy(&bytes), &path.display().to_string());
            }
        }
    }
}

#[tokio::test]
async fn no_view_problem_request_or_file_holds_a_secret() {
    let bench = Bench::start().await;
    let canaries = Canaries::of(&bench);
    let desk = bench.open().await;
    let draft = bench.draft(EnvironmentKindView::Staging);
    let operator = bench.sign_in("operator");
    canaries.assert_not_in_value(
        &desk.test_environment(&draft, &operator).await.unwrap(),
        "a test's report",
    );
    desk.add_environment_with_operator(&draft, &operator)
        .await
        .unwrap();
    let kept = desk
        .set_identity(Role::StaffSmoke, bench.password_of("staff-smoke"), false)
        .await
        .unwrap();
    assert_eq!(kept.state, IdentityState::Ready);
    canaries.assert_not_in_value(&kept, "an identity");

    let change = save(&bench, &desk, Phase::ReadOnly, "closing").await.unwrap();
    canaries.assert_not_in_value(&change, "a change");

    for fault in [
        "drop",
        "malformed",
        "truncated",
        "expired-token",
        "rate-limited@library.rollout.set",
    ] {
        bench.faults(&[fault]);
        match save_decided(&bench, &desk).await {
            Ok(change) => canaries.assert_not_in_problem(&change.problem.unwrap()),
            Err(problem) => canaries.assert_not_in_problem(&problem),
        }
        canaries.assert_not_in_value(&desk.view().await.unwrap(), fault);
    }
    bench.faults(&[]);
    let mut wrong = bench.draft(EnvironmentKindView::Staging);
    wrong.name = "wrong".to_owned();
    wrong.token_url = Some("http://127.0.0.1:9".to_owned());
    wrong.identity_url = Some("http://127.0.0.1:9".to_owned());
    let problem = desk
        .add_environment_with_operator(&wrong, &operator)
        .await
        .unwrap_err();
    canaries.assert_not_in_problem(&problem);
    drop(desk);
    bench.nobody_is_there().await;

    let held = bench.keychain.secrets().await;
    assert!(
        held.contains(&bench.identity("operator").refresh_token),
        "the canaries are what is really kept"
    );
    let store = Store::open(bench.dir(), desk_store::system_clock()).unwrap();
    let studio = EnvironmentName::new(STUDIO).unwrap();
    let requests = store.requests(&studio, 0, 1_000).await.unwrap();
    assert!(requests.len() > 10, "{}", requests.len());
    assert!(
        requests
            .iter()
            .any(|request| request.route.starts_with("identity."))
    );
    canaries.assert_not_in(&format!("{requests:?}"), "the telemetry");
    for entry in store.entries(None, 1_000).await.unwrap() {
        canaries.assert_not_in(&format!("{entry:?}"), "the journal");
    }
    store.close().await;
    canaries.assert_not_in_files(bench.dir());
}

/// Saves what was decided without asking first.
async fn save_decided(bench: &Bench, desk: &desk_app::Desk) -> Result<desk_app::view::ChangeView, Problem> {
    bench.pass(std::time::Duration::from_secs(1));
    let expected = desk.view().await.unwrap().reading.unwrap().state;
    assert!(expected.updated_at_ms > START_MS);
    let decided = crate::support::decided_on(desk, &expected, Phase::ReadOnly, "");
    desk.save_phase(decided).await
}
