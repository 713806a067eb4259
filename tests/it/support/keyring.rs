//! A real GNOME Keyring on a session bus of its own.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::Desk;

/// An unlocked keyring; ended when dropped.
pub struct Keyring {
    daemon: Child,
    _bus: Bus,
    address: String,
    _home: TempDir,
}

/// A session bus; ended when dropped.
struct Bus(Child);

impl Keyring {
    pub fn start() -> Self {
        let home = tempfile::Builder::new()
            .prefix("cutover-desk-keyring-")
            .tempdir()
            .unwrap();
        let mut bus = Bus(spawn(
            command("dbus-daemon", home.path())
                .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
                .arg(format!("--address=unix:path={}/bus", home.path().display()))
                .stdout(Stdio::piped()),
        ));
        let mut address = String::new();
        let out = bus.0.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();

        let mut daemon = spawn(
            command("gnome-keyring-daemon", home.path())
                .args(["--foreground", "--unlock", "--components=secrets"])
                .env("DBUS_SESSION_BUS_ADDRESS", &address)
                .stdin(Stdio::piped()),
        );
        let password = daemon.stdin.take();
        let mut wait = command("gdbus", home.path());
        wait.args(["wait", "--session", "--timeout=20", "org.freedesktop.secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", &address);
        let this = Self {
            daemon,
            _bus: bus,
            address,
            _home: home,
        };
        // A password of no characters would make no login collection.
        password.unwrap().write_all(b"\n").unwrap();
        assert!(wait.status().unwrap().success(), "the keyring did not start");
        this
    }

    /// A desk that keeps its secrets here.
    pub fn desk(&self) -> Desk {
        Desk::new().with("DBUS_SESSION_BUS_ADDRESS", &self.address)
    }

    /// Makes it answer no more.
    pub fn hang(&self) {
        let pid = self.daemon.id().to_string();
        let status = Command::new("kill").args(["-s", "STOP", &pid]).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        end(&mut self.daemon);
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn end(child: &mut Child) {
    // SIGKILL also ends a process that was made to hang.
    let _ = child.kill();
    let _ = child.wait();
}

fn command(program: &str, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", home).env("XDG_RUNTIME_DIR", home);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

fn spawn(command: &mut Command) -> Child {
    let program = command.get_program().to_owned();
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start ({error}); see make test", program.display()))
}
