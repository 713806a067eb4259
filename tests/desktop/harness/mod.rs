//! The desk in a real window: a screen, a session bus, a keyring and a home of its own for each test, and the
//! browser engine's driver to act as the person at it.
//!
//! ```ignore
//! #[test]
//! fn the_phase_is_shown() {
//!     desktop_test("the_phase_is_shown", Options::new(env!("CARGO_BIN_EXE_cutover-desk")), async |desk| {
//!         desk.wait_for_text("Phase 1").await;
//!     });
//! }
//! ```
//!
//! When a test fails, what the window showed and what the program said are left in `tests/artifacts`.

#![allow(clippy::unwrap_used)] // a helper's unwrap fails the test that called it

mod axe;
mod page;
mod stack;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::Instant;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use stack::Stack;

/// What to start.
pub struct Options {
    binary: PathBuf,
    args: Vec<String>,
    environment: Vec<(OsString, OsString)>,
}

impl Options {
    /// This program, in a light theme, with no arguments.
    pub fn new(binary: impl Into<PathBuf>) -> Self {
        Self {
            binary: binary.into(),
            args: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// With one more argument.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// With this in the program's environment, which is otherwise empty but for what a session needs.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// In the desktop's dark theme.
    pub fn dark(self) -> Self {
        self.env("GTK_THEME", "Adwaita:dark")
    }
}

/// The desk in its window, and the person in front of it.
///
/// Dropping it ends everything that was started for it.
pub struct Desk {
    client: Client,
    // After the client, so that the client goes first.
    stack: Stack,
}

/// Runs a test at a desk of its own. `name` is the test's, for what a failure leaves behind.
pub fn desktop_test(name: &str, options: Options, body: impl AsyncFnOnce(&mut Desk)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut desk = runtime.block_on(Desk::start(options));
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(body(&mut desk))));
    if let Err(panic) = outcome {
        runtime.block_on(desk.leave_evidence(name));
        drop(desk);
        std::panic::resume_unwind(panic);
    }
}

impl Desk {
    async fn start(options: Options) -> Self {
        let stack = Stack::start(options).await;
        let client = open_window(&stack).await;
        Self { client, stack }
    }

    /// Ends the program and starts it again on the same home: what lasted is there, what did not is gone.
    pub async fn restart(&mut self) {
        self.restart_after(async || {}).await;
    }

    /// The same, with something that happens to the home in between.
    pub async fn restart_after(&mut self, happens: impl AsyncFnOnce()) {
        // Known before it is told to close: one that is ending can no longer be told from others.
        let program = self.stack.running();
        self.client.clone().close().await.unwrap();
        self.stack.end_program(program).await;
        happens().await;
        self.client = open_window(&self.stack).await;
    }

    /// Kills the program without a word, and starts it again on the same home.
    pub async fn kill_and_start_again(&mut self) {
        self.stack.kill_program(self.stack.running()).await;
        // The driver's session went with its program.
        drop(self.client.clone().close().await);
        self.client = open_window(&self.stack).await;
    }

    /// The home directory the program runs in.
    pub fn home(&self) -> &Path {
        self.stack.home()
    }

    /// What another program is given by the clipboard.
    pub fn clipboard(&self) -> String {
        self.stack.clipboard()
    }

    /// Another program copies a text.
    pub fn copy_elsewhere(&self, text: &str) {
        self.stack.copy_elsewhere(text);
    }

    /// What a hand at the screen does to a window by its title, where the driver cannot: `close`, or a key by its X11 name.
    pub fn by_hand(&self, act: &str, title: &str) {
        self.stack.by_hand(act, title);
    }

    /// A hand at the screen types a text in Latin letters into a window by its title, where the driver cannot.
    pub fn type_by_hand(&self, text: &str, title: &str) {
        self.stack.type_by_hand(text, title);
    }

    /// A hand at the screen drops files on a window by its title, as a file manager does.
    pub fn drop_by_hand(&self, files: &[&Path], title: &str) {
        self.stack.drop_by_hand(files, title);
    }

    /// Waits until these processes of the program run, told by their arguments, and no other; they need no window.
    pub async fn until_running(&self, arguments: &[&str]) {
        let deadline = Instant::now() + page::PATIENCE;
        loop {
            let running = self.stack.programs();
            if running == arguments {
                return;
            }
            assert!(
                Instant::now() < deadline,
                "{running:?} run: {}",
                self.stack.said()
            );
            tokio::time::sleep(page::POLL).await;
        }
    }

    /// The driver's client, for what the helpers here do not do.
    pub fn client(&self) -> &Client {
        &self.client
    }

    async fn leave_evidence(&self, name: &str) {
        let directory = artifacts();
        let log = directory.join(format!("{name}.log"));
        std::fs::copy(self.stack.log(), &log).unwrap();
        let picture = directory.join(format!("{name}.png"));
        match tokio::time::timeout(page::PATIENCE, self.client.screenshot()).await {
            Ok(Ok(png)) => std::fs::write(&picture, png).unwrap(),
            // The window may be what failed; then the log is all there is.
            Ok(Err(error)) => eprintln!("no picture of the window: {error}"),
            Err(_) => eprintln!("no picture of the window: the driver does not answer"),
        }
        eprintln!("see {} and {}", picture.display(), log.display());
    }
}

/// Where failures and asked-for pictures go; it is not in the repository.
fn artifacts() -> PathBuf {
    let directory = repository().join("tests/artifacts");
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

async fn open_window(stack: &Stack) -> Client {
    let capabilities = json!({
        "webkitgtk:browserOptions": { "binary": stack.binary(), "args": stack.args() },
    });
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities.as_object().unwrap().clone())
        .connect(&stack.driver_url())
        .await
        .unwrap_or_else(|error| panic!("no window opened: {error}\n{}", stack.said()))
}
