//! What was copied stays in the clipboard after the desk closes: a process of the same program holds it there until
//! another program copies something, or the session ends.

use arboard::{Clipboard, SetExtLinux};
use std::{
    io::{BufRead, BufReader, Error, Read, Write},
    os::unix::process::CommandExt,
    process::{Command, ExitCode, Stdio},
};

/// The hidden command. Not clap's: it is nobody's to call.
pub const COMMAND: &str = "__hold-clipboard";
/// What the holder says once it holds the text.
const HELD: &str = "held";

/// Starts the holder with a text, and waits until it holds it.
///
/// # Errors
/// When it does not start, or ends without having held it.
pub fn start(text: &str) -> Result<(), Error> {
    let mut holder = Command::new(std::env::current_exe()?)
        .arg(COMMAND)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // What ends the desk's terminal does not end it.
        .process_group(0)
        .spawn()?;
    if let Some(mut input) = holder.stdin.take() {
        input.write_all(text.as_bytes())?;
    }
    let mut said = String::new();
    if let Some(output) = holder.stdout.take() {
        BufReader::new(output).read_line(&mut said)?;
    }
    if said.trim() == HELD {
        Ok(())
    } else {
        Err(Error::other("the clipboard was not taken over"))
    }
}

/// Holds the text on standard input for as long as nobody copies another one.
pub fn hold() -> ExitCode {
    let held = || -> Result<(), Box<dyn std::error::Error>> {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        let mut clipboard = Clipboard::new()?;
        // Another program may have copied something in between: that stays.
        if clipboard.get_text()? != text {
            return Ok(());
        }
        clipboard.set_text(&text)?;
        writeln!(std::io::stdout(), "{HELD}")?;
        clipboard.set().wait().text(text)?;
        Ok(())
    };
    // The desk that waits for the word is the only one that it matters to.
    held().map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}
