//! The keychain against a real GNOME Keyring, on a session bus and in a home of its own.
//!
//! The keychain finds its bus through the environment, so each case runs again inside `dbus-run-session`: outside,
//! [`inside`] starts this same test there and passes its verdict on; inside, it runs the body.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

use std::io::Write;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use desk_core::{EnvironmentName, Role};
use desk_keychain::{Keep, Keychain, KeychainError, OsKeychain, Secret, SecretName, Vault};
use secrecy::ExposeSecret;
use secret_service::EncryptionType;
use secret_service::blocking::SecretService;
use zbus::blocking::fdo::DBusProxy;

/// Set in the process that runs the body.
const INSIDE: &str = "DESK_KEYCHAIN_TEST_INSIDE";

/// How the case's session is set up.
#[derive(Clone, Copy, PartialEq)]
enum Bus {
    /// A session bus that can start services.
    Private,
    /// A session bus that knows no services.
    Bare,
    /// None at all.
    None,
}

fn inside(test: &str, bus: Bus, body: impl AsyncFnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(body());
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap();
    let mut command = match bus {
        Bus::None => Command::new(&this),
        Bus::Private => {
            let mut command = Command::new("dbus-run-session");
            command.arg("--").arg(&this);
            command
        }
        Bus::Bare => {
            let config = home.path().join("bus.conf");
            std::fs::write(&config, BARE_BUS).unwrap();
            let mut command = Command::new("dbus-run-session");
            command.arg("--config-file").arg(config).arg("--").arg(&this);
            command
        }
    };
    let output = command
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .env("HOME", home.path())
        .env("XDG_RUNTIME_DIR", home.path())
        .env_remove("XDG_DATA_HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .expect("dbus-run-session must be installed");
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "the case did not run: {said}");
}

const BARE_BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy>
</busconfig>
"#;

/// A keyring daemon, ended when dropped.
struct Daemon(Child);

impl Daemon {
    /// One with an unlocked login collection.
    fn unlocked() -> Self {
        // A password of no characters makes no login collection; one newline does.
        Self::start(&["--unlock"], b"\n")
    }

    /// One as on a machine where nobody ever logged in.
    fn without_collection() -> Self {
        Self::start(&[], b"")
    }

    fn start(options: &[&str], input: &[u8]) -> Self {
        let mut child = Command::new("gnome-keyring-daemon")
            .args(["--foreground", "--components=secrets"])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon must be installed");
        let daemon_input = child.stdin.take();
        let daemon = Self(child);
        daemon_input.unwrap().write_all(input).unwrap();
        wait_for_owner("org.freedesktop.secrets");
        daemon
    }

    /// Makes it hang, or go on: `-STOP`, `-CONT`.
    fn signal(&self, signal: &str) {
        let pid = self.0.id().to_string();
        let status: ExitStatus = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // SIGKILL also ends a stopped process.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn wait_for_owner(name: &str) {
    let bus = zbus::blocking::Connection::session().unwrap();
    let proxy = DBusProxy::new(&bus).unwrap();
    let mut changes = proxy.receive_name_owner_changed_with_args(&[(0, name)]).unwrap();
    if proxy.name_has_owner(name.try_into().unwrap()).unwrap() {
        return;
    }
    changes.next().expect("the bus must stay");
}

/// What blocks, on a thread where it may.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn lock_the_collection() {
    blocking(|| {
        let service = SecretService::connect(EncryptionType::Dh).unwrap();
        service.get_default_collection().unwrap().lock().unwrap();
    })
    .await;
}

fn name(environment: &str, role: Role) -> SecretName {
    SecretName {
        desk: "0197-desk".to_owned(),
        environment: EnvironmentName::new(environment).unwrap(),
        secret: Secret::SignIn(role),
    }
}

fn operator() -> SecretName {
    name("live", Role::Operator)
}

async fn text(keychain: &dyn Keychain, name: &SecretName) -> Option<String> {
    let secret = keychain.get(name).await.unwrap()?;
    Some(secret.expose_secret().to_owned())
}

#[test]
fn a_secret_is_kept_replaced_and_deleted() {
    inside(
        "a_secret_is_kept_replaced_and_deleted",
        Bus::Private,
        async || {
            let _daemon = blocking(Daemon::unlocked).await;
            let keychain = OsKeychain::new();
            assert_eq!(text(&keychain, &operator()).await, None);
            keychain.delete(&operator()).await.unwrap();

            keychain.set(&operator(), &"first".into()).await.unwrap();
            keychain.set(&operator(), &"zweiter ä🏺".into()).await.unwrap();
            keychain
                .set(&name("live", Role::StaffSmoke), &"another".into())
                .await
                .unwrap();
            // Another program's start finds it again.
            let later = OsKeychain::new();
            assert_eq!(text(&later, &operator()).await.as_deref(), Some("zweiter ä🏺"));

            later.delete(&operator()).await.unwrap();
            assert_eq!(text(&keychain, &operator()).await, None);
            let untouched = text(&keychain, &name("live", Role::StaffSmoke)).await;
            assert_eq!(untouched.as_deref(), Some("another"));
        },
    );
}

#[test]
fn a_probe_passes_and_leaves_nothing() {
    inside("a_probe_passes_and_leaves_nothing", Bus::Private, async || {
        let _daemon = blocking(Daemon::unlocked).await;
        OsKeychain::new().probe().await.unwrap();
        let left = blocking(|| {
            let service = SecretService::connect(EncryptionType::Dh).unwrap();
            let collection = service.get_default_collection().unwrap();
            collection.get_all_items().unwrap().len()
        })
        .await;
        assert_eq!(left, 0);
    });
}

#[test]
fn deleting_an_environment_empties_the_keyring_of_it() {
    inside(
        "deleting_an_environment_empties_the_keyring_of_it",
        Bus::Private,
        async || {
            let _daemon = blocking(Daemon::unlocked).await;
            let keychain = Arc::new(OsKeychain::new());
            let vault = Vault::new(keychain.clone());
            for role in Role::ALL {
                for environment in ["live", "staging"] {
                    let name = name(environment, role);
                    vault.set(&name, &"kept".into(), Keep::Keychain).await.unwrap();
                }
            }
            let live = EnvironmentName::new("live").unwrap();
            vault.delete_environment("0197-desk", &live).await.unwrap();
            for role in Role::ALL {
                assert_eq!(text(&*keychain, &name("live", role)).await, None);
                assert!(text(&*keychain, &name("staging", role)).await.is_some());
            }
        },
    );
}

#[test]
fn without_a_bus_it_is_unavailable() {
    inside("without_a_bus_it_is_unavailable", Bus::None, async || {
        let keychain = OsKeychain::new();
        assert_eq!(keychain.probe().await, Err(KeychainError::Unavailable));
        let get = keychain.get(&operator()).await;
        assert_eq!(get.err(), Some(KeychainError::Unavailable));
    });
}

#[test]
fn without_a_provider_it_is_unavailable() {
    inside("without_a_provider_it_is_unavailable", Bus::Bare, async || {
        assert_eq!(OsKeychain::new().probe().await, Err(KeychainError::Unavailable));
    });
}

#[test]
fn without_a_login_collection_it_says_so_on_every_call() {
    inside(
        "without_a_login_collection_it_says_so_on_every_call",
        Bus::Private,
        async || {
            let _daemon = blocking(Daemon::without_collection).await;
            let keychain = OsKeychain::new();
            let missing = Err(KeychainError::NoCollection);
            assert_eq!(keychain.probe().await, missing);
            assert_eq!(keychain.set(&operator(), &"x".into()).await, missing);
            assert_eq!(keychain.delete(&operator()).await, missing);
            assert_eq!(keychain.unlock().await, missing);
            let get = keychain.get(&operator()).await;
            assert_eq!(get.err(), Some(KeychainError::NoCollection));
        },
    );
}

#[test]
fn a_locked_keyring_is_told_without_a_prompt_and_a_refused_prompt_as_such() {
    inside(
        "a_locked_keyring_is_told_without_a_prompt_and_a_refused_prompt_as_such",
        Bus::Private,
        async || {
            let _daemon = blocking(Daemon::unlocked).await;
            let keychain = OsKeychain::new();
            keychain.unlock().await.unwrap();
            keychain.set(&operator(), &"x".into()).await.unwrap();
            lock_the_collection().await;
            let locked = Err(KeychainError::Locked);
            assert_eq!(keychain.probe().await, locked);
            assert_eq!(keychain.set(&operator(), &"y".into()).await, locked);
            assert_eq!(keychain.delete(&operator()).await, locked);
            let get = keychain.get(&operator()).await;
            assert_eq!(get.err(), Some(KeychainError::Locked));
            // There is no display, so the system dismisses the prompt in the person's name.
            assert_eq!(keychain.unlock().await, Err(KeychainError::Refused));
        },
    );
}

#[test]
fn a_hanging_keyring_is_given_up_on_and_used_again_when_it_answers() {
    inside(
        "a_hanging_keyring_is_given_up_on_and_used_again_when_it_answers",
        Bus::Private,
        async || {
            let daemon = blocking(Daemon::unlocked).await;
            let limit = Duration::from_millis(300);
            let keychain = OsKeychain::with_limits(limit, limit);
            daemon.signal("-STOP");
            assert_eq!(keychain.probe().await, Err(KeychainError::TimedOut));
            assert_eq!(keychain.probe().await, Err(KeychainError::TimedOut));
            daemon.signal("-CONT");
            // The call that was given up on ends some time after; until then the next ones are refused.
            let outcome = loop {
                match keychain.probe().await {
                    Err(KeychainError::TimedOut) => tokio::task::yield_now().await,
                    outcome => break outcome,
                }
            };
            assert_eq!(outcome, Ok(()));
        },
    );
}
