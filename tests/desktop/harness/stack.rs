//! The processes under a test, and their end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;

use super::Options;

/// How often a process is looked at while it starts or ends.
const POLL: Duration = Duration::from_millis(20);

/// A screen, a session bus with an unlocked keyring, and the browser engine's driver.
///
/// Each knows the home directory by its environment, and so do all that they start in turn; that is how everything
/// is found again at the end.
pub struct Stack {
    options: Options,
    display: String,
    driver: SocketAddr,
    children: Vec<Child>,
    screen: Child,
    home: TempDir,
}

impl Stack {
    pub async fn start(options: Options) -> Self {
        let home = tempfile::Builder::new()
            .prefix("cutover-desk-")
            .tempdir()
            .unwrap();
        let log = File::create(home.path().join("log")).unwrap();
        let mut environment: Vec<(OsString, OsString)> = vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("LANG".into(), "C.UTF-8".into()),
            ("HOME".into(), home.path().into()),
            ("XDG_RUNTIME_DIR".into(), home.path().into()),
        ];
        let command = |program: &str, environment: &[(OsString, OsString)]| {
            let mut command = Command::new(program);
            command.env_clear().envs(environment.iter().cloned());
            command.stdin(Stdio::null());
            command.stdout(log.try_clone().unwrap());
            command.stderr(log.try_clone().unwrap());
            command
        };

        let mut screen = spawn(
            command("Xvfb", &environment)
                .args([
                    "-displayfd",
                    "1",
                    "-screen",
                    "0",
                    "1280x900x24",
                    "-nolisten",
                    "tcp",
                ])
                .stdout(Stdio::piped()),
        );
        let display = format!(":{}", first_line(&mut screen, "Xvfb"));
        // From here on, dropping the stack ends what was started, also when one of the next steps fails.
        let mut stack = Self {
            options,
            display: display.clone(),
            driver: free_port(),
            children: Vec::new(),
            screen,
            home,
        };
        environment.push(("DISPLAY".into(), display.into()));
        environment.push(("GDK_BACKEND".into(), "x11".into()));
        // No accessibility bus: nothing here reads it, and it would outlive the test.
        environment.push(("NO_AT_BRIDGE".into(), "1".into()));

        let address = format!("--address=unix:path={}/bus", stack.home().display());
        let mut bus = spawn(
            command("dbus-daemon", &environment)
                .args([
                    "--session",
                    "--nofork",
                    "--nopidfile",
                    "--print-address=1",
                    &address,
                ])
                .stdout(Stdio::piped()),
        );
        let address = first_line(&mut bus, "dbus-daemon");
        stack.children.push(bus);
        environment.push(("DBUS_SESSION_BUS_ADDRESS".into(), address.into()));

        let mut keyring = spawn(
            command("gnome-keyring-daemon", &environment)
                .args(["--foreground", "--unlock", "--components=secrets"])
                .stdin(Stdio::piped()),
        );
        let password = keyring.stdin.take();
        stack.children.push(keyring);
        // A password of no characters would make no login collection.
        password.unwrap().write_all(b"\n").unwrap();
        let waited = command("gdbus", &environment)
            .args(["wait", "--session", "--timeout=20", "org.freedesktop.secrets"])
            .status()
            .unwrap();
        assert!(waited.success(), "the keyring did not start: {}", stack.said());

        let driver = spawn(
            command("WebKitWebDriver", &environment)
                .arg(format!("--port={}", stack.driver.port()))
                .env("TAURI_WEBVIEW_AUTOMATION", "true")
                .envs(stack.options.environment.iter().cloned()),
        );
        stack.children.push(driver);
        stack.wait_for_driver().await;
        stack
    }

    pub fn binary(&self) -> &Path {
        &self.options.binary
    }

    pub fn args(&self) -> &[String] {
        &self.options.args
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn driver_url(&self) -> String {
        format!("http://{}", self.driver)
    }

    /// What another program on the same screen is given by the clipboard.
    pub fn clipboard(&self) -> String {
        let output = Command::new("xclip")
            .args(["-out", "-selection", "clipboard"])
            .env("DISPLAY", &self.display)
            .output()
            .unwrap_or_else(|error| panic!("xclip does not start ({error}); see make test"));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// What a hand at the screen does to a window by its title: `close`, or a key by its X11 name.
    pub fn by_hand(&self, act: &str, title: &str) {
        self.hand(&[act, title]);
    }

    /// A hand at the screen types a text into a window by its title.
    pub fn type_by_hand(&self, text: &str, title: &str) {
        self.hand(&["type", title, text]);
    }

    /// A hand at the screen drops files on a window by its title, as a file manager does.
    pub fn drop_by_hand(&self, files: &[&Path], title: &str) {
        let files = files.iter().map(|file| file.to_str().unwrap());
        self.hand(&["drop", title].into_iter().chain(files).collect::<Vec<_>>());
    }

    fn hand(&self, arguments: &[&str]) {
        let output = Command::new("python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../tests/desktop/harness/hand.py"
            ))
            .args(arguments)
            .env("DISPLAY", &self.display)
            .output()
            .unwrap_or_else(|error| panic!("python3 does not start ({error}); see make test"));
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Puts a text into the clipboard as another program does; it holds the text until somebody else copies.
    pub fn copy_elsewhere(&self, text: &str) {
        let mut xclip = spawn(
            Command::new("xclip")
                .args(["-in", "-selection", "clipboard"])
                .env("DISPLAY", &self.display)
                .env("HOME", self.home())
                .stdin(Stdio::piped())
                .stdout(Stdio::null()),
        );
        xclip.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(xclip.wait().unwrap().success());
    }

    /// The arguments of each process of the program that runs.
    pub fn programs(&self) -> Vec<String> {
        let arguments = |pid: u32| {
            let line = std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            line.split_terminator('\0').skip(1).collect::<Vec<_>>().join(" ")
        };
        self.running().into_iter().map(arguments).collect()
    }

    /// The processes of the program that run.
    pub fn running(&self) -> Vec<u32> {
        let binary = self.options.binary.canonicalize().unwrap();
        processes_of(self.home())
            .into_iter()
            .filter(|pid| std::fs::read_link(format!("/proc/{pid}/exe")).is_ok_and(|exe| exe == binary))
            .collect()
    }

    /// The file with all that the program and the processes around it printed.
    pub fn log(&self) -> PathBuf {
        self.home.path().join("log")
    }

    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// Ends the program, should it still run, and waits until it has: a single instance would answer for the next.
    pub async fn end_program(&self, program: Vec<u32>) {
        self.signal_program("TERM", program).await;
    }

    /// Kills it, and waits until it is gone.
    pub async fn kill_program(&self, program: Vec<u32>) {
        self.signal_program("KILL", program).await;
    }

    async fn signal_program(&self, name: &str, mut ending: Vec<u32>) {
        loop {
            let running = self.running();
            ending.extend(running.iter().copied());
            // A process that ends has no program any more before it has left the bus, where the next one would meet it.
            ending.retain(|pid| !has_ended(*pid));
            if ending.is_empty() {
                return;
            }
            if !running.is_empty() {
                signal(name, &running);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn wait_for_driver(&mut self) {
        while TcpStream::connect(self.driver).await.is_err() {
            let driver = self.children.last_mut().unwrap();
            if let Some(status) = driver.try_wait().unwrap() {
                panic!("WebKitWebDriver ended at once ({status}): {}", self.said());
            }
            tokio::time::sleep(POLL).await;
        }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        let screen = self.screen.id();
        loop {
            let others: Vec<u32> = processes_of(self.home())
                .into_iter()
                .filter(|pid| *pid != screen)
                .collect();
            if others.is_empty() {
                break;
            }
            signal("KILL", &others);
            for child in &mut self.children {
                let _ = child.try_wait();
            }
            std::thread::yield_now();
        }
        // The screen last, or every window would complain; and politely, so that it removes its lock file.
        signal("TERM", &[screen]);
        for child in self.children.iter_mut().chain([&mut self.screen]) {
            let _ = child.wait();
        }
    }
}

/// The processes that live in this home directory.
pub fn processes_of(home: &Path) -> Vec<u32> {
    let wanted = [b"HOME=", home.as_os_str().as_bytes()].concat();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            // A process that is gone, a zombie or another user's has no environment to read, and is not one of ours.
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environment.split(|byte| *byte == 0).any(|line| line == wanted)
        })
        .collect()
}

/// Sends a signal; that a process has ended meanwhile is fine.
fn signal(name: &str, pids: &[u32]) {
    let _ = Command::new("kill")
        .args(["-s", name])
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status();
}

fn spawn(command: &mut Command) -> Child {
    let program = command.get_program().to_owned();
    command
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start ({error}); see make test", program.display()))
}

fn first_line(child: &mut Child, program: &str) -> String {
    let mut line = String::new();
    let output = child.stdout.take().unwrap();
    BufReader::new(output).read_line(&mut line).unwrap();
    assert!(!line.trim().is_empty(), "{program} ended at once");
    line.trim().to_owned()
}

fn free_port() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap()
}

/// Whether a process is gone, or waits for nothing but its parent.
fn has_ended(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    // The state stands behind the name, which may hold anything but the last bracket.
    stat.is_err() || stat.is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.starts_with(" Z")))
}
