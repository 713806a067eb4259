//! Secrets that would be recognized anywhere go through the program, and are then found nowhere but in the keyring and
//! at the portal.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::support::fake_portal::{API_KEY, ID_TOKEN, Mood, REFRESH_TOKEN};
use crate::support::{FakePortal, Keyring, Said};

const PASSWORD: &str = "PasswordCanaryJ6wXz2Gf";
/// A refresh token that a person brings along.
const BROUGHT: &str = "Br0ughtCanaryC5vNy7Rk";

const CANARIES: [&str; 5] = [PASSWORD, BROUGHT, ID_TOKEN, REFRESH_TOKEN, API_KEY];

/// The canaries that stand in these bytes: as they are, in base64 or in hex. They are letters and digits, which
/// neither an address, a form nor JSON writes in another way.
fn found_in(bytes: &[u8]) -> Vec<&'static str> {
    // Hex comes in both cases. What is not UTF-8 becomes something else, which no canary is part of.
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let has = |needle: &str| text.contains(&needle.to_ascii_lowercase());
    let mut found = Vec::from(CANARIES);
    found.retain(|canary| has(canary) || has(&hex(canary)) || base64_of(canary).iter().any(|form| has(form)));
    found
}

fn hex(text: &str) -> String {
    let digits: Vec<String> = text.bytes().map(|byte| format!("{byte:02x}")).collect();
    digits.concat()
}

/// What base64 makes of a text inside a longer one, which depends on where it begins there. Its ends are cut off,
/// since their letters depend on the neighbours.
fn base64_of(text: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let encoded = STANDARD_NO_PAD.encode([&vec![b' '; before], text.as_bytes()].concat());
        let skip = if before == 0 { 0 } else { before + 1 };
        encoded[skip..encoded.len() - 2].to_owned()
    })
}

#[test]
fn a_canary_is_found_in_every_form() {
    for canary in CANARIES {
        for around in ["", "a", "ab"] {
            let text = format!("{around}{canary}{around}");
            let forms = [
                text.clone(),
                STANDARD_NO_PAD.encode(&text),
                hex(&text).to_uppercase(),
            ];
            for form in forms {
                assert_eq!(found_in(form.as_bytes()), [canary], "{form}");
            }
        }
    }
    assert!(found_in(b"Canary").is_empty());
}

/// Every byte below a directory, by file.
fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            // A log file of the database may have gone since it was listed.
            let bytes = std::fs::read(&path).unwrap_or_default();
            files.push((path.display().to_string(), bytes));
        }
    }
    files
}

fn assert_nowhere_below(directory: &Path, moment: &str) {
    let files = files_below(directory);
    assert!(
        files.iter().any(|(name, _)| name.ends_with("desk.db")),
        "{moment}: {files:?}"
    );
    for (name, bytes) in files {
        assert_eq!(found_in(&bytes), [""; 0], "{moment}: {name}");
    }
}

#[test]
fn secrets_are_found_nowhere() {
    let portal = FakePortal::start();
    let keyring = Keyring::start();
    let desk = keyring.desk();
    let clean = |said: Said, status: i32| {
        assert_eq!(found_in(said.out.as_bytes()), [""; 0], "{said:?}");
        assert_eq!(found_in(said.err.as_bytes()), [""; 0], "{said:?}");
        said.ended(status);
    };
    let run = |words: &[&str], stdin: &str, status: i32| {
        let words = [&["--env", "staging"], words].concat();
        clean(desk.run_with(&words, stdin), status);
    };
    let sign_in = [
        "identity",
        "set",
        "operator",
        "--email",
        "ana@example.org",
        "--password-stdin",
    ];
    let bring = ["identity", "set", "member-smoke", "--refresh-token-stdin"];
    let with_password = format!(r#"{{"operator":{{"email":"ana@example.org","password":"{PASSWORD}"}}}}"#);
    let with_token = format!(r#"{{"operator":{{"refreshToken":"{BROUGHT}"}}}}"#);

    clean(portal.add_to(&desk, "staging"), 0);
    run(&sign_in, PASSWORD, 0);
    run(&bring, BROUGHT, 0);
    run(&["identity", "list", "--json"], "", 0);
    run(&["identity", "check", "operator", "--json"], "", 0);
    run(&["phase", "show"], "", 0);
    run(&["phase", "set", "2", "--note", "n"], "", 1);
    run(
        &[
            "phase",
            "set",
            "2",
            "--note",
            "n",
            "--override",
            "a test of secrets",
        ],
        "",
        0,
    );
    run(
        &["phase", "show", "--json", "--credentials", "-"],
        &with_password,
        0,
    );
    run(&["phase", "show", "--credentials", "-"], &with_token, 0);
    run(
        &["phase", "show", "--credentials", "-"],
        &format!("{with_password}x"),
        2,
    );
    run(
        &["phase", "show", "--credentials", "-"],
        &with_token.replace("operator", "owner"),
        2,
    );

    portal.set(Mood::Refusing);
    run(&sign_in, PASSWORD, 4);
    run(&bring, BROUGHT, 4);
    run(&["phase", "show", "--json"], "", 4);
    run(&["phase", "set", "2", "--json"], "", 4);
    run(&["identity", "check"], "", 4);
    run(&["phase", "show", "--credentials", "-"], &with_token, 4);

    portal.set(Mood::Silent);
    let waiting = [
        (&sign_in[..], PASSWORD, "/v1/accounts:signInWithPassword"),
        (&bring[..], BROUGHT, "/v1/token"),
        (
            &["phase", "show", "--credentials", "-"][..],
            with_password.as_str(),
            "/v1/accounts:signInWithPassword",
        ),
        (&["phase", "show"][..], "", "/v1/token"),
    ];
    for (words, stdin, path) in waiting {
        let running = desk.start(&[&["--env", "staging"], words].concat(), stdin);
        portal.wait_for(path);
        let seen = running.arguments_and_environment();
        assert_eq!(found_in(&seen), [""; 0], "{words:?}");
        assert_nowhere_below(desk.home(), "while a command waits");
    }

    portal.set(Mood::Fine);
    let backup = desk.home().join("backup.db");
    run(&["journal", "backup", backup.to_str().unwrap()], "", 0);
    let bundle = desk.home().join("bundle");
    run(&["evidence", "export", bundle.to_str().unwrap(), "--json"], "", 0);
    run(&["evidence", "verify", bundle.to_str().unwrap()], "", 1);
    let leaky = desk.home().join("leaky.txt");
    std::fs::write(&leaky, hex(API_KEY)).unwrap();
    run(
        &["evidence", "attach", leaky.to_str().unwrap(), "--as", "smoke-log"],
        "",
        1,
    );
    std::fs::remove_file(&leaky).unwrap();
    assert_nowhere_below(desk.home(), "afterwards");
    run(&["identity", "forget", "operator"], "", 0);
    clean(desk.run(&["env", "remove", "staging"]), 0);
    assert_nowhere_below(desk.home(), "after the portal was removed");

    // They were there to be leaked.
    assert_eq!(found_in(portal.received().as_bytes()), CANARIES);
}
