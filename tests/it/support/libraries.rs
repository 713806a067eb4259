//! What others wrote to check a bundle with, in Python: the Library of Congress's `bagit`, and `cryptography`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// The Python that `make test` sets up, outside the checkout and once, by `tests/requirements.txt`.
fn python() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty());
    let cache = cache.map_or_else(
        || Path::new(&std::env::var_os("HOME").expect("a home")).join(".cache"),
        PathBuf::from,
    );
    let python = cache.join("cutover-desk/python/bin/python");
    assert!(
        python.exists(),
        "{} is missing, and with it bagit and cryptography, which this test needs: make test sets it up",
        python.display()
    );
    python
}

fn said(mut command: Command) -> Result<String, String> {
    let output = command.output().expect("python starts");
    if output.status.success() {
        Ok(String::from_utf8(output.stdout).unwrap())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// What they find in a bundle, a folder or a `.zip`: in its `bag`, or in its `attestations`. The error is what Python said.
pub fn check(what: &str, bundle: &Path) -> Result<Value, String> {
    let mut command = Command::new(python());
    command
        .arg(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../tests/reference/check_with_libraries.py"
        ))
        .arg(what)
        .arg(bundle);
    said(command).map(|out| serde_json::from_str(&out).unwrap())
}

const PACK_ANEW: &str = r#"
import sys, zipfile
before, after, changed = sys.argv[1:]
with zipfile.ZipFile(before) as source, zipfile.ZipFile(after, "x") as target:
    seen = 0
    for entry in source.infolist():
        content = source.read(entry)
        if entry.filename.endswith("/" + changed):
            content = bytes([content[0] ^ 1]) + content[1:]
            seen += 1
        target.writestr(entry, content)
    assert seen == 1, changed
"#;

/// Packs a `.zip` anew, with one byte of one of its files changed.
pub fn pack_anew(before: &Path, after: &Path, changed: &str) {
    let mut command = Command::new(python());
    command.args(["-c", PACK_ANEW]).args([before, after]).arg(changed);
    said(command).unwrap();
}
