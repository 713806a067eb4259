//! Canary secrets go in through the window and are found nowhere: files, log, IPC replies, process arguments.

use super::{
    data_dir, desk,
    harness::desktop_test,
    portal::Portal,
    real_portal::{add, wait_until_there},
};
use std::{fs, path::Path};

fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[test]
fn secrets_typed_into_the_window_are_nowhere_afterwards() {
    let portal = Portal::start(&[]);
    let account = portal.account("staff-smoke");
    let key = portal.address("apiKey").to_owned();
    desktop_test("canary_secrets", desk(), async |desk| {
        desk.wait_for_text("Phase 3").await;
        // Everything that crosses from Rust to the window from here on is kept to be searched.
        desk.execute(
            "window.heard = [];
             const invoke = window.__TAURI_INTERNALS__.invoke;
             const keep = (what) => { window.heard.push(JSON.stringify(what) ?? ''); };
             window.spy = async (...call) => {
               try { const reply = await invoke(...call); keep(reply); return reply; }
               catch (problem) { keep(problem); throw problem; }
             };",
        )
        .await;
        add(desk, &portal, "studio", "staging", "staff-smoke").await;
        wait_until_there(desk, "staging").await;
        desk.click("[data-testid=move-2]").await;
        desk.fill("[data-testid=note]", "with canaries").await;
        desk.click("[data-testid=save-phase]").await;
        desk.find("[data-testid=step-settled]").await;
        desk.execute(
            "return Promise.allSettled([
               window.spy('desk_state'), window.spy('drafts'), window.spy('verify_journal'),
               window.spy('check_identity', { role: 'operator' }), window.spy('check_identity', { role: 'member-smoke' }),
             ]).then(() => true)",
        )
        .await;
        let heard = desk
            .execute("return window.heard.join('\\n') + document.documentElement.outerHTML")
            .await;
        let heard = heard.as_str().unwrap().to_owned();
        assert!(heard.contains("phase_2_member_writes"), "the replies were heard");

        let mut found = Vec::new();
        files(&data_dir(desk), &mut found);
        assert!(found.iter().any(|(name, _)| name.ends_with("desk.db")));
        found.push(("what the window heard and shows".into(), heard.into_bytes()));
        for entry in fs::read_dir("/proc").unwrap() {
            let path = entry.unwrap().path();
            // A process may end while it is being looked at.
            if let Ok(arguments) = fs::read(path.join("cmdline")) {
                found.push((format!("the arguments of {}", path.display()), arguments));
            }
        }
        // An ID token begins as every JSON Web Token does; none of them may be anywhere.
        let secrets = [
            ("the password", account.password.as_str()),
            ("the refresh token", &account.refresh_token),
            ("the API key", &key),
            ("an ID token", "eyJhbGciOi"),
        ];
        for (secret, value) in secrets {
            for (place, bytes) in &found {
                let practice = place.contains("practice.db");
                assert!(practice || !contains(bytes, value), "{secret} is in {place}");
            }
        }
    });
}
