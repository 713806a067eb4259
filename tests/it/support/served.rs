//! A practice portal that is served alone, for a desk that takes it for a real one.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};

use serde_json::Value;

use super::Desk;

/// `practice serve` in a home of its own; ended when dropped.
pub struct Served {
    desk: Desk,
    child: Child,
    input: ChildStdin,
    err: BufReader<ChildStderr>,
    /// The line it prints when it listens.
    pub line: String,
}

impl Served {
    /// Serves with these further words and waits until it listens.
    pub fn start(words: &[&str]) -> Self {
        let desk = Desk::new();
        let accounts = desk.home().join("accounts.json");
        let mut child = desk
            .command(&["practice", "serve", "--identities-out"])
            .arg(&accounts)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let out = child.stdout.take().unwrap();
        BufReader::new(out).read_line(&mut line).unwrap();
        Self {
            desk,
            child,
            input,
            err,
            line,
        }
    }

    /// Its own desk, on the same data directory.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    pub fn addresses(&self) -> Value {
        serde_json::from_str(&self.line).unwrap()
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> String {
        text(&self.addresses(), "apiBase").replace("http://", "")
    }

    /// The file that `--identities-out` wrote.
    pub fn accounts(&self) -> Value {
        let file = std::fs::read(self.desk.home().join("accounts.json")).unwrap();
        serde_json::from_slice(&file).unwrap()
    }

    /// A field of an account: `email`, `password`, `refreshToken`, `uid`.
    pub fn of(&self, account: &str, field: &str) -> String {
        text(&self.accounts()["identities"][account], field)
    }

    /// What `--credentials -` takes, to act as this account with its password.
    pub fn credentials(&self, account: &str) -> String {
        let (email, password) = (self.of(account, "email"), self.of(account, "password"));
        serde_json::json!({ "operator": { "email": email, "password": password } }).to_string()
    }

    /// Adds it to a desk as a portal.
    pub fn add_to(&self, desk: &Desk, name: &str, kind: &str) {
        let addresses = self.addresses();
        let of = |key: &str| text(&addresses, key);
        desk.run(&[
            "env",
            "add",
            name,
            "--kind",
            kind,
            "--api",
            &of("apiBase"),
            "--identity-url",
            &of("identityBase"),
            "--token-url",
            &of("tokenBase"),
            "--api-key",
            &of("apiKey"),
            "--project",
            &of("projectId"),
        ])
        .ended(0);
    }

    /// Types a line and gives the answer to it.
    pub fn type_line(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.err.read_line(&mut answer).unwrap();
        answer
    }

    /// Asks it to end, and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(status.unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}
