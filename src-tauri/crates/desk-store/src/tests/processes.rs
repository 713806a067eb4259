//! Several processes on one directory. The others are this test binary again, running one of its ignored tests.

use super::{faults, new_dir, open};
use crate::{Store, system_clock};
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// Tells the other process where to work; without it, the ignored tests do nothing.
const DIR: &str = "DESK_STORE_TEST_DIR";
/// How many entries it appends.
const COUNT: &str = "DESK_STORE_TEST_COUNT";

fn other_process(dir: &Path, count: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "tests::processes::other_process_appends",
            "--ignored",
            "--nocapture",
        ])
        .env(DIR, dir)
        .env(COUNT, count.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test]
#[ignore = "the other process of the tests below"]
async fn other_process_appends() {
    let (Ok(dir), Ok(count)) = (std::env::var(DIR), std::env::var(COUNT)) else {
        return;
    };
    let store = Store::open(Path::new(&dir), system_clock()).unwrap();
    let mut out = std::io::stdout();
    for number in 0..count.parse().unwrap() {
        let entry = store.append(faults(&format!("other {number}"))).await.unwrap();
        writeln!(out, "acknowledged {} {}", entry.seq, entry.hash).unwrap();
    }
    store.close().await;
}

/// The acknowledgement on a line, if it is a whole one.
fn acknowledged(line: &str) -> Option<(i64, String)> {
    let mut words = line
        .split(' ')
        .skip_while(|word| !word.ends_with("acknowledged"))
        .skip(1);
    let seq = words.next()?.parse().ok()?;
    let hash = words.next().filter(|hash| hash.len() == 64)?;
    Some((seq, hash.to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_append_to_one_chain() {
    let dir = new_dir();
    let store = open(&dir);
    let others = [other_process(dir.path(), 40), other_process(dir.path(), 40)];
    for number in 0..40 {
        store.append(faults(&format!("here {number}"))).await.unwrap();
    }
    for other in others {
        assert!(other.wait_with_output().unwrap().status.success());
    }
    let verified = store.verify().await.unwrap();
    assert!(verified.is_whole());
    assert_eq!(verified.count, 120);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_together_on_a_new_directory_all_get_a_store() {
    let dir = new_dir();
    let others: Vec<_> = (0..4).map(|_| other_process(dir.path(), 3)).collect();
    for other in others {
        assert!(other.wait_with_output().unwrap().status.success());
    }
    let verified = open(&dir).verify().await.unwrap();
    assert!(verified.is_whole());
    assert_eq!(verified.count, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_no_acknowledged_entry() {
    for kill_after in [1, 7, 30] {
        let dir = new_dir();
        let mut other = other_process(dir.path(), 100_000);
        let mut last = None;
        let mut seen = 0;
        for line in BufReader::new(other.stdout.take().unwrap()).lines() {
            if let Some(found) = acknowledged(&line.unwrap()) {
                last = Some(found);
                seen += 1;
            }
            if seen == kill_after {
                // SIGKILL, in the middle of whatever it is doing; the lines it still got out are read to the end.
                other.kill().unwrap();
            }
        }
        assert!(!other.wait().unwrap().success());
        let (seq, hash) = last.unwrap();

        let store = open(&dir);
        let verified = store.verify().await.unwrap();
        assert!(verified.is_whole());
        assert!(verified.count >= seq, "{} of {seq}", verified.count);
        let entry = store.entries(Some(seq + 1), 1).await.unwrap().remove(0);
        assert_eq!((entry.seq, entry.hash), (seq, hash));
        assert_eq!(
            store.append(faults("goes on")).await.unwrap().seq,
            verified.count + 1
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_watch_notices_what_another_process_appends() {
    let dir = new_dir();
    let store = open(&dir);
    let mut changes = store.changes();
    store.append(faults("here")).await.unwrap();
    changes.changed().await.unwrap();
    assert_eq!(*changes.borrow_and_update(), 1);

    let other = other_process(dir.path(), 2);
    let noticed =
        tokio::time::timeout(Duration::from_secs(60), changes.wait_for(|newest| *newest == 3)).await;
    assert!(noticed.unwrap().is_ok());
    assert!(other.wait_with_output().unwrap().status.success());
}
