//! The journal's chain: how an entry is hashed, and how a chain is checked. Reading and writing it is `desk-store`'s.
//!
//! An entry's hash can be recomputed without this program:
//!
//! ```python
//! rest = [seq, id, at_ms, environment, run_id, actor, kind, body_text]
//! hash = sha256(prev_hash_bytes + json.dumps(rest, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
//! ```
//!
//! `body_text` is the body's JSON exactly as stored, as one string, so that no rule for ordering keys is needed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The hash "before" the first entry: 64 zeros.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// One act, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// 1, 2, 3, … without gaps.
    pub seq: i64,
    /// `UUIDv7`, hyphenated.
    pub id: String,
    /// When, milliseconds since 1970 by this machine's clock.
    pub at_ms: i64,
    /// The environment acted in; absent for acts on the desk itself.
    pub environment: Option<String>,
    /// The run it belongs to.
    pub run_id: Option<String>,
    /// Who: the operator's uid where one is known, else `desk`.
    pub actor: String,
    /// What kind of act: `phase_change_started`, …
    pub kind: String,
    /// The act's JSON object, exactly as stored and hashed.
    pub body: String,
    /// The hash of the entry before, 64 lower-case hex digits; [`GENESIS`] for the first.
    pub prev_hash: String,
    /// This entry's hash, 64 lower-case hex digits.
    pub hash: String,
}

impl Entry {
    /// What the hash of this entry must be.
    pub fn computed_hash(&self) -> String {
        let rest = (
            self.seq,
            &self.id,
            self.at_ms,
            &self.environment,
            &self.run_id,
            &self.actor,
            &self.kind,
            &self.body,
        );
        // Strings and integers always serialize; the Ok is certain by type.
        let canonical = serde_json::to_vec(&rest).unwrap_or_default();
        let mut hasher = Sha256::new();
        // Whatever is not hex is no predecessor's hash, and gives another hash than any real one.
        hasher.update(hex::decode(&self.prev_hash).unwrap_or_default());
        hasher.update(&canonical);
        hex::encode(hasher.finalize())
    }
}

/// What is wrong with the first broken entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Broken {
    /// The entry's number.
    pub seq: i64,
    /// The entry's id.
    pub id: String,
    /// How it is broken.
    pub fault: Fault,
}

/// How a chain can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The numbers jump: an entry before this one is missing.
    Gap,
    /// It does not name the hash of the entry before: one was rewritten, removed or inserted.
    WrongPredecessor,
    /// Its content does not give its hash: this one was changed.
    Changed,
}

/// Checks a chain entry by entry, in constant memory.
#[derive(Clone, Debug)]
pub struct ChainCheck {
    next_seq: i64,
    prev_hash: String,
}

impl Default for ChainCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl ChainCheck {
    /// A check that starts at the first entry.
    pub fn new() -> Self {
        Self {
            next_seq: 1,
            prev_hash: GENESIS.to_owned(),
        }
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// The first fault of this entry. The check must not be continued after that.
    pub fn take(&mut self, entry: &Entry) -> Result<(), Broken> {
        let fault = if entry.seq != self.next_seq {
            Some(Fault::Gap)
        } else if entry.prev_hash != self.prev_hash {
            Some(Fault::WrongPredecessor)
        } else if entry.computed_hash() != entry.hash {
            Some(Fault::Changed)
        } else {
            None
        };
        if let Some(fault) = fault {
            return Err(Broken {
                seq: entry.seq,
                id: entry.id.clone(),
                fault,
            });
        }
        self.next_seq += 1;
        self.prev_hash.clone_from(&entry.hash);
        Ok(())
    }

    /// How many entries were taken.
    pub const fn count(&self) -> i64 {
        self.next_seq - 1
    }

    /// The hash of the newest entry taken, [`GENESIS`] when there was none.
    pub fn newest_hash(&self) -> &str {
        &self.prev_hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(n: i64) -> Vec<Entry> {
        let mut prev = GENESIS.to_owned();
        (1..=n)
            .map(|seq| {
                let mut entry = Entry {
                    seq,
                    id: format!("id-{seq}"),
                    at_ms: 1_000 + seq,
                    environment: (seq % 2 == 0).then(|| "practice".to_owned()),
                    run_id: None,
                    actor: "staff_ana".into(),
                    kind: "test".into(),
                    body: format!("{{\"text\":\"Zoë \\\"{seq}\\\" 🏺\"}}"),
                    prev_hash: prev.clone(),
                    hash: String::new(),
                };
                entry.hash = entry.computed_hash();
                prev.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    fn verify(entries: &[Entry]) -> Result<i64, Broken> {
        let mut check = ChainCheck::new();
        entries.iter().try_for_each(|entry| check.take(entry))?;
        Ok(check.count())
    }

    #[test]
    fn a_whole_chain_passes() {
        assert_eq!(verify(&chain(20)), Ok(20));
        assert_eq!(verify(&[]), Ok(0));
    }

    /// The value was computed with Python's hashlib and json, by the recipe in this module's documentation.
    #[test]
    fn the_hash_is_the_documented_one() {
        assert_eq!(
            chain(2)[1].hash,
            "232b2b98b807e4eb22f3e38f7eaed99f715bbc3dc2b189615e6b645ae8b1bc55"
        );
    }

    #[test]
    fn every_changed_field_removed_and_inserted_entry_is_named() {
        let good = chain(5);
        let changes: [fn(&mut Entry); 8] = [
            |e| e.id.push('x'),
            |e| e.at_ms += 1,
            |e| e.environment = Some("live".into()),
            |e| e.run_id = Some("r".into()),
            |e| e.actor.push('x'),
            |e| e.kind.push('x'),
            |e| e.body = "{}".into(),
            |e| e.hash = GENESIS.into(),
        ];
        for change in changes {
            let mut entries = good.clone();
            change(&mut entries[2]);
            let broken = verify(&entries).unwrap_err();
            assert_eq!((broken.seq, broken.fault), (3, Fault::Changed));
        }
        let mut removed = good.clone();
        removed.remove(2);
        assert_eq!(verify(&removed).unwrap_err().fault, Fault::Gap);
        let mut rewritten = good.clone();
        rewritten[2].body = "{}".into();
        rewritten[2].hash = rewritten[2].computed_hash();
        let broken = verify(&rewritten).unwrap_err();
        assert_eq!((broken.seq, broken.fault), (4, Fault::WrongPredecessor));
    }
}
