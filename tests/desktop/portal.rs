//! A portal that is not the desk's own: the practice portal in a process of its own, as a real one would stand apart.

use super::BINARY;
use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};
use tempfile::TempDir;

/// A portal on a loopback port, ended with this value.
pub struct Portal {
    directory: TempDir,
    child: Child,
    addresses: Value,
}

/// An account of the portal.
pub struct Account {
    pub email: String,
    pub password: String,
    pub refresh_token: String,
}

impl Portal {
    /// Starts a portal with these further arguments.
    pub fn start(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (child, addresses) = serve(directory.path(), "127.0.0.1:0", arguments);
        Self {
            directory,
            child,
            addresses,
        }
    }

    /// One of `apiBase`, `identityBase`, `tokenBase`, `apiKey`, `projectId`.
    pub fn address(&self, name: &str) -> &str {
        self.addresses[name].as_str().unwrap()
    }

    /// The credentials of an account.
    pub fn account(&self, name: &str) -> Account {
        let file = std::fs::read_to_string(identities(self.directory.path())).unwrap();
        let all: Value = serde_json::from_str(&file).unwrap();
        let one = &all["identities"][name];
        Account {
            email: one["email"].as_str().unwrap().to_owned(),
            password: one["password"].as_str().unwrap().to_owned(),
            refresh_token: one["refreshToken"].as_str().unwrap().to_owned(),
        }
    }

    /// The portal goes away.
    pub fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The portal comes back where it was, as it was.
    pub fn start_again(&mut self) {
        let listen = self.address("apiBase").trim_start_matches("http://").to_owned();
        (self.child, self.addresses) = serve(self.directory.path(), &listen, &[]);
    }

    /// Switches the faults while it runs.
    pub fn faults(&mut self, line: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Somebody else, at the web panel, sets the phase.
    pub async fn somebody_sets(&self, identity: &str, phase: &str, note: &str) {
        let client = reqwest::Client::new();
        let account = self.account(identity);
        let sign_in: Value = client
            .post(format!(
                "{}/v1/accounts:signInWithPassword?key={}",
                self.address("identityBase"),
                self.address("apiKey")
            ))
            .json(&json!({ "email": account.email, "password": account.password, "returnSecureToken": true }))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let reply = client
            .post(format!(
                "{}/apiV1/v1/library.rollout.set",
                self.address("apiBase")
            ))
            .bearer_auth(sign_in["idToken"].as_str().unwrap())
            .json(&json!({ "phase": phase, "note": note }))
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 200);
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Err(error) = self.child.kill() {
            eprintln!("the portal could not be ended: {error}");
        }
        drop(self.child.wait());
    }
}

fn identities(directory: &Path) -> PathBuf {
    directory.join("identities.json")
}

fn serve(directory: &Path, listen: &str, arguments: &[&str]) -> (Child, Value) {
    let mut child = Command::new(BINARY)
        .arg("--data-dir")
        .arg(directory)
        .args(["practice", "serve", "--listen", listen, "--identities-out"])
        .arg(identities(directory))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, serde_json::from_str(&line).unwrap())
}
