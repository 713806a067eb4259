//! A desk with a data directory and a home of its own, and the commands run on it.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// No command takes nearly as long; one that does hangs.
const LIMIT: Duration = Duration::from_secs(60);

pub struct Desk {
    home: TempDir,
    environment: Vec<(OsString, OsString)>,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The one JSON document on standard output.
    pub fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).unwrap()
    }

    /// The same, after checking how the command ended.
    #[track_caller]
    pub fn ended(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl Desk {
    /// A desk where there is neither a keychain nor a display.
    pub fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("cutover-desk-")
            .tempdir()
            .unwrap();
        let environment = vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("LANG".into(), "C.UTF-8".into()),
            ("TZ".into(), "UTC".into()),
            ("HOME".into(), home.path().into()),
        ];
        Self { home, environment }
    }

    /// The same with another variable in the environment of its commands.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where it keeps its files.
    pub fn data(&self) -> PathBuf {
        self.home().join("data")
    }

    /// The program in this desk's environment.
    pub fn program(&self) -> Command {
        let mut command = Command::new(program_file());
        command.env_clear().envs(self.environment.iter().cloned());
        command.current_dir(self.home());
        command
    }

    /// A command on this desk's data directory.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.program();
        command.arg("--data-dir").arg(self.data()).args(words);
        command
    }

    /// Runs a command to its end, with nothing on its standard input.
    pub fn run(&self, words: &[&str]) -> Said {
        self.run_with(words, "")
    }

    /// Runs a command to its end.
    pub fn run_with(&self, words: &[&str], stdin: &str) -> Said {
        said(self.command(words), stdin)
    }

    /// Starts a command and leaves it running.
    pub fn start(&self, words: &[&str], stdin: &str) -> Running {
        let mut child = self
            .command(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(stdin.as_bytes()).unwrap();
        drop(input);
        let err = BufReader::new(child.stderr.take().unwrap());
        Running { child, err }
    }
}

pub fn program_file() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_cutover-desk"))
}

/// Runs a command to its end.
pub fn said(command: Command, stdin: &str) -> Said {
    let output = assert_cmd::Command::from_std(command)
        .write_stdin(stdin)
        .timeout(LIMIT)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said {
        status: output.status.code().expect("a signal ended the command"),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

/// A command that runs; killed when dropped.
pub struct Running {
    child: Child,
    err: BufReader<ChildStderr>,
}

impl Running {
    /// Reads standard error up to the line that holds this text.
    pub fn wait_for(&mut self, text: &str) {
        let mut seen = String::new();
        while !seen.contains(text) {
            let read = self.err.read_line(&mut seen).unwrap();
            assert_ne!(read, 0, "it ended without saying {text:?}: {seen}");
        }
    }

    /// Sends it a signal, `INT` for Ctrl-C.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(status.unwrap().success());
    }

    /// What any account on this machine may see of the process, and what its own may: arguments and environment.
    pub fn arguments_and_environment(&self) -> Vec<u8> {
        let of = |file: &str| {
            let bytes = std::fs::read(format!("/proc/{}/{file}", self.child.id())).unwrap();
            assert!(!bytes.is_empty(), "{file} cannot be seen");
            bytes
        };
        [of("cmdline"), of("environ")].concat()
    }

    /// Whether it has come to its end by itself.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    pub fn end(mut self) -> Said {
        let (mut out, mut err) = (String::new(), String::new());
        self.err.read_to_string(&mut err).unwrap();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut out)
            .unwrap();
        let status = self.child.wait().unwrap().code().expect("a signal ended it");
        Said { status, out, err }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
