//! The only place that prints.

use desk_app::Problem;
use serde::Serialize;
use std::io::Write;

/// Prints results to standard output, progress and errors to standard error.
pub struct Printer {
    json: bool,
    quiet: bool,
}

impl Printer {
    /// A printer of text, or of one JSON document.
    pub const fn new(json: bool, quiet: bool) -> Self {
        Self { json, quiet }
    }

    /// The command's one result.
    pub fn result<T: Serialize>(&self, value: &T, text: impl FnOnce() -> String) {
        if self.json {
            Self::document(value);
        } else {
            out(&text());
        }
    }

    /// Why there is no result. As text on standard error, so that nobody takes it for what was asked for.
    pub fn refusal<T: Serialize>(&self, value: &T, text: &str) {
        if self.json {
            Self::document(value);
        } else {
            err(text);
        }
    }

    /// A JSON document on a line of its own, whatever is asked for otherwise.
    pub fn document<T: Serialize>(value: &T) {
        match serde_json::to_string(value) {
            Ok(line) => out(&line),
            Err(error) => err(&format!("the result cannot be written as JSON: {error}")),
        }
    }

    /// A program for a shell, as it is.
    pub fn script(bytes: &[u8]) {
        report(std::io::stdout().lock().write_all(bytes));
    }

    /// What is being done; for people only.
    pub fn progress(&self, text: &str) {
        if !self.quiet {
            err(text);
        }
    }

    /// What went wrong: for people on standard error, and as the document where one is asked for.
    pub fn problem(&self, problem: &Problem) {
        #[derive(Serialize)]
        struct Document<'a> {
            error: &'a Problem,
        }
        if self.json {
            Self::document(&Document { error: problem });
        }
        err(&problem_text(problem));
    }
}

/// A problem as lines of text.
pub fn problem_text(problem: &Problem) -> String {
    let mut text = format!("{}\n  {}\n  {}", problem.message, problem.meaning, problem.next);
    if let Some(detail) = &problem.detail {
        text.push_str("\n  (");
        text.push_str(detail);
        text.push(')');
    }
    text
}

fn out(text: &str) {
    report(writeln!(std::io::stdout().lock(), "{text}"));
}

fn err(text: &str) {
    // Nobody is left to tell that standard error cannot be written.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Says that output was lost, to a full disk for instance. A reader that went away (`| head`) wanted no more.
fn report(written: std::io::Result<()>) {
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            err(&format!("the output cannot be written: {error}"));
        }
        _ => {}
    }
}
