//! The journal: checked, tampered with, backed up, damaged, restored.

use std::path::PathBuf;
use std::process::Command;

use rusqlite::Connection;

use crate::support::fake_portal::Mood;
use crate::support::snapshot::{outline, outline_of};
use crate::support::{Desk, FakePortal, snapshot};

/// A desk with a few entries, some of them with more than plain letters.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.run(&["phase", "set", "2", "--note", "Zoë says \"go\" 🏺\\"])
        .ended(0);
    desk.run(&["phase", "set", "1", "--incident", "INC-7"]).ended(0);
    desk
}

fn database(desk: &Desk) -> PathBuf {
    desk.data().join("desk.db")
}

/// Does what no desk would: writes into the journal's table.
fn tamper(desk: &Desk, sql: &str) {
    let database = Connection::open(database(desk)).unwrap();
    let guards = "DROP TRIGGER journal_is_never_changed; DROP TRIGGER journal_is_never_removed;";
    database.execute_batch(&format!("{guards} {sql}")).unwrap();
}

#[test]
fn a_whole_journal_is_told_to_be() {
    let desk = desk();
    snapshot(
        &desk,
        "journal-verify",
        &outline_of(&desk.run(&["journal", "verify"])),
    );
    let said = desk.run(&["journal", "verify", "--json"]).ended(0);
    snapshot(&desk, "journal-verify-json", &outline(&said.json()));
}

#[test]
fn an_entry_that_was_changed_is_named() {
    let desk = desk();
    tamper(
        &desk,
        "UPDATE journal SET body = replace(body, 'Zoë', 'Zoe') WHERE seq = 2",
    );
    let said = desk.run(&["journal", "verify", "--json"]).ended(1);
    let broken = &said.json()["broken"];
    assert_eq!(broken["seq"], 2);
    let id: String = Connection::open(database(&desk))
        .unwrap()
        .query_row("SELECT id FROM journal WHERE seq = 2", [], |row| row.get(0))
        .unwrap();
    assert_eq!(broken["id"], *id);
    let text = desk.run(&["journal", "verify"]).ended(1);
    assert!(
        text.out.starts_with(&format!("BROKEN at entry 2 ({id})")),
        "{}",
        text.out
    );
}

#[test]
fn an_entry_that_was_removed_is_missed() {
    let desk = desk();
    tamper(&desk, "DELETE FROM journal WHERE seq = 2");
    let said = desk.run(&["journal", "verify", "--json"]).ended(1);
    assert_eq!(said.json()["broken"]["seq"], 3);
}

#[test]
fn a_projection_that_was_changed_is_told() {
    let desk = desk();
    let database = Connection::open(database(&desk)).unwrap();
    database
        .execute("UPDATE phase_change SET actor = 'somebody'", [])
        .unwrap();
    drop(database);
    let said = desk.run(&["journal", "verify", "--json"]).ended(1).json();
    assert_eq!(said["broken"], serde_json::Value::Null);
    assert_eq!(said["stale"][0], "phase_change");
}

/// Recomputes every hash by the recipe that `desk-core` documents; prints the newest.
const RECIPE: &str = r#"
import hashlib, json, sqlite3, sys
rows = sqlite3.connect(sys.argv[1]).execute(
    "SELECT seq, id, at_ms, environment, run_id, actor, kind, body, prev_hash, hash FROM journal ORDER BY seq")
before = "0" * 64
for number, (*rest, prev_hash, stored) in enumerate(rows, 1):
    canonical = json.dumps(rest, separators=(",", ":"), ensure_ascii=False).encode()
    assert rest[0] == number and prev_hash == before, rest
    before = hashlib.sha256(bytes.fromhex(prev_hash) + canonical).hexdigest()
    assert before == stored, rest
print(before)
"#;

#[test]
fn the_chain_can_be_recomputed_without_this_program() {
    let desk = desk();
    let verified = desk.run(&["journal", "verify", "--json"]).ended(0).json();
    assert!(verified["count"].as_i64().unwrap() >= 5);
    let python = Command::new("python3")
        .args(["-c", RECIPE])
        .arg(database(&desk))
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8(python.stdout).unwrap(),
        String::from_utf8(python.stderr).unwrap(),
    );
    assert!(python.status.success(), "{err}");
    assert_eq!(out.trim(), verified["newestHash"].as_str().unwrap());
}

#[test]
fn commands_that_append_at_once_leave_a_whole_chain() {
    let desk = Desk::new();
    desk.run(&["practice", "reset"]).ended(0);
    let running: Vec<_> = (0..6).map(|_| desk.start(&["practice", "reset"], "")).collect();
    for command in running {
        command.end().ended(0);
    }
    let verified = desk.run(&["journal", "verify", "--json"]).ended(0).json();
    assert_eq!(verified["count"], 7);
}

#[test]
fn a_backup_is_written_once_and_can_be_put_back() {
    let desk = desk();
    let backup = desk.home().join("backup.db");
    let words = ["journal", "backup", backup.to_str().unwrap()];
    snapshot(&desk, "journal-backup", &outline_of(&desk.run(&words)));
    let again = desk.run(&words).ended(2);
    assert!(again.err.contains("never overwrites"), "{}", again.err);
    let before = desk.run(&["journal", "verify", "--json"]).json()["count"]
        .as_i64()
        .unwrap();
    desk.run(&["phase", "set", "3", "--override", "a test of backups"])
        .ended(0);

    // The journal is the desk's, whatever portals it knows by then.
    let restored = desk.run(&["--env", "gone", "journal", "restore", backup.to_str().unwrap()]);
    assert!(
        restored.out.contains("What was there lies in replaced/"),
        "{restored:?}"
    );
    restored.ended(0);
    let verified = desk.run(&["journal", "verify", "--json"]).ended(0).json();
    // The backup itself was noted after it was made; the restoring is noted in the restored one.
    assert_eq!(verified["count"].as_i64().unwrap(), before);
    assert_eq!(newest_kind(&desk), "store_restored");
}

fn newest_kind(desk: &Desk) -> String {
    Connection::open(database(desk))
        .unwrap()
        .query_row("SELECT kind FROM journal ORDER BY seq DESC", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_file_that_is_no_sound_backup_is_refused() {
    let desk = desk();
    let backup = desk.home().join("backup.db");
    let words = |word: &str| {
        vec![
            "journal".to_owned(),
            word.to_owned(),
            backup.display().to_string(),
        ]
    };
    let run = |word: &str| {
        let words = words(word);
        desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    run("backup").ended(0);
    let sound = std::fs::read(&backup).unwrap();
    let before = desk.run(&["journal", "verify"]).ended(0).out;
    let broken_chain = Connection::open(&backup).unwrap();
    broken_chain
        .execute_batch("DROP TRIGGER journal_is_never_changed; UPDATE journal SET actor = 'x' WHERE seq = 1")
        .unwrap();
    drop(broken_chain);
    run("restore").ended(2);
    for bytes in [&sound[..sound.len() / 2], b"not a database", b""] {
        std::fs::write(&backup, bytes).unwrap();
        run("restore").ended(2);
    }
    std::fs::remove_file(&backup).unwrap();
    run("restore").ended(2);
    assert_eq!(desk.run(&["journal", "verify"]).ended(0).out, before);
}

#[test]
fn nothing_is_restored_while_another_desk_is_open() {
    let desk = desk();
    let backup = desk.home().join("backup.db");
    desk.run(&["journal", "backup", backup.to_str().unwrap()])
        .ended(0);
    let portal = FakePortal::start();
    portal.add_to(&desk, "slow").ended(0);
    portal.set(Mood::Silent);
    let words = ["--env", "slow", "--credentials", "-", "phase", "show"];
    let open = desk.start(&words, r#"{"operator":{"refreshToken":"x"}}"#);
    portal.wait_for("/v1/token");
    let restore = ["journal", "restore", backup.to_str().unwrap(), "--json"];
    let refused = desk.run(&restore).ended(5);
    assert_eq!(refused.json()["error"]["code"], "busy");
    drop(open);
    desk.run(&restore).ended(0);
}

#[test]
fn a_damaged_journal_is_put_aside_until_somebody_decides() {
    let desk = desk();
    let backup = desk.home().join("backup.db");
    desk.run(&["journal", "backup", backup.to_str().unwrap()])
        .ended(0);
    let mut bytes = std::fs::read(database(&desk)).unwrap();
    for byte in bytes.iter_mut().skip(100).take(8_000) {
        *byte = 0xA5;
    }
    std::fs::write(database(&desk), &bytes).unwrap();

    for _ in 0..2 {
        let said = desk.run(&["phase", "show", "--json"]).ended(5);
        assert_eq!(said.json()["error"]["code"], "store_damaged");
    }
    let aside: Vec<_> = std::fs::read_dir(desk.data().join("damaged")).unwrap().collect();
    assert_eq!(aside.len(), 1, "it is put aside once");
    let aside = aside.into_iter().next().unwrap().unwrap().path().join("desk.db");
    assert!(
        std::fs::read(aside).unwrap() == bytes,
        "it is kept as it was found"
    );

    desk.run(&["journal", "restore", backup.to_str().unwrap()])
        .ended(0);
    desk.run(&["journal", "verify"]).ended(0);
    desk.run(&["phase", "show"]).ended(0);
}
