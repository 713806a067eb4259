//! A stretch of the journal as a bundle holds it: one JSON object a line, so that a stranger can check the chain.
//!
//! A whole line has every field of [`Entry`]: its hash can be recomputed by the recipe of [`crate::journal`]. A line whose
//! text had something taken out has `redacted: true`; one that belongs to another run has only `seq`, `prevHash`, `hash` and
//! `withheld`. Of these two the links are checked, not the content.

use super::redact::redact_json;
use crate::journal::Entry;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A line of the stretch.
#[derive(Serialize, Deserialize)]
#[serde(untagged, rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Line {
    Entry {
        #[serde(flatten)]
        entry: Entry,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        redacted: bool,
    },
    Withheld {
        seq: i64,
        prev_hash: String,
        hash: String,
        withheld: String,
    },
}

/// The journal's newest entry at a moment: all before it hangs on its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// Its number.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

impl Head {
    /// The one that a record of the phase names, if it names one.
    pub fn of_metadata(text: &str) -> Option<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Metadata {
            journal_head: Head,
        }
        let metadata: Metadata = serde_json::from_str(text).ok()?;
        Some(metadata.journal_head)
    }
}

/// What a stretch was found to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Stretch {
    /// Its first entry's number.
    pub first: i64,
    /// Its last entry's number.
    pub last: i64,
    /// Its last entry's hash.
    pub last_hash: String,
    /// How many of its entries belong to another run and are not told.
    pub withheld: u32,
    /// How many of its entries had something taken out, so that their hash cannot be recomputed.
    pub redacted: u32,
}

/// The lines for some entries in order: those of other runs and of other environments are withheld, and what must not leave is
/// taken out of the others.
///
/// # Errors
/// When a line cannot be written as JSON.
pub fn lines(entries: Vec<Entry>, run_id: &str, environment: &str) -> Result<String, serde_json::Error> {
    let mut text = String::new();
    for entry in entries {
        let of_another_run = entry.run_id.as_deref().is_some_and(|id| id != run_id);
        let elsewhere = entry
            .environment
            .as_deref()
            .is_some_and(|name| name != environment);
        let line = if of_another_run || elsewhere {
            Line::Withheld {
                seq: entry.seq,
                prev_hash: entry.prev_hash,
                hash: entry.hash,
                withheld: if elsewhere {
                    "another environment"
                } else {
                    "another run"
                }
                .to_owned(),
            }
        } else {
            let mut body: serde_json::Value = serde_json::from_str(&entry.body)?;
            let redacted = redact_json(&mut body);
            let body = if redacted { body.to_string() } else { entry.body };
            Line::Entry {
                entry: Entry { body, ..entry },
                redacted,
            }
        };
        text.push_str(&serde_json::to_string(&line)?);
        text.push('\n');
    }
    Ok(text)
}

/// Checks a stretch line by line: numbers without a gap, each naming the hash of the one before, each whole one giving its own.
///
/// # Errors
/// What is wrong with the first line that is, in words.
pub fn check(text: &str) -> Result<Stretch, String> {
    let mut stretch: Option<Stretch> = None;
    for (number, line) in text.lines().enumerate() {
        let line: Line = serde_json::from_str(line)
            .map_err(|error| format!("line {} is no entry: {error}", number + 1))?;
        let (seq, prev_hash, hash, withheld, redacted) = match line {
            Line::Entry { entry, redacted } => {
                if !redacted && entry.computed_hash() != entry.hash {
                    return Err(format!("entry {}: its content does not give its hash", entry.seq));
                }
                (entry.seq, entry.prev_hash, entry.hash, false, redacted)
            }
            Line::Withheld {
                seq, prev_hash, hash, ..
            } => (seq, prev_hash, hash, true, false),
        };
        let found = stretch.get_or_insert_with(|| Stretch {
            first: seq,
            last: seq.saturating_sub(1),
            last_hash: prev_hash.clone(),
            withheld: 0,
            redacted: 0,
        });
        if seq != found.last.saturating_add(1) {
            return Err(format!("entry {seq}: an entry before it is missing"));
        }
        if prev_hash != found.last_hash {
            return Err(format!("entry {seq}: it does not follow from the entry before"));
        }
        found.last = seq;
        found.last_hash = hash;
        found.withheld += u32::from(withheld);
        found.redacted += u32::from(redacted);
    }
    stretch.ok_or_else(|| "it holds no entry".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::GENESIS;

    fn entries() -> Vec<Entry> {
        let mut prev = GENESIS.to_owned();
        let of = [
            (Some("practice"), Some("run"), "{\"note\":\"Zoë\"}"),
            (Some("live"), Some("other"), "{\"note\":\"not to be told\"}"),
            (
                Some("practice"),
                Some("run"),
                "{\"note\":\"mail ana@example.org\"}",
            ),
            (None, None, "{}"),
        ];
        (5..)
            .zip(of)
            .map(|(seq, (environment, run, body))| {
                let mut entry = Entry {
                    seq,
                    id: format!("id-{seq}"),
                    at_ms: seq,
                    environment: environment.map(str::to_owned),
                    run_id: run.map(str::to_owned),
                    actor: "ana".to_owned(),
                    kind: "test".to_owned(),
                    body: body.to_owned(),
                    prev_hash: prev.clone(),
                    hash: String::new(),
                };
                entry.hash = entry.computed_hash();
                prev.clone_from(&entry.hash);
                entry
            })
            .collect()
    }

    fn text() -> String {
        lines(entries(), "run", "practice").unwrap()
    }

    #[test]
    fn a_stretch_tells_its_run_and_withholds_the_rest() {
        let text = text();
        assert!(
            !text.contains("not to be told") && !text.contains("ana@example.org"),
            "{text}"
        );
        let found = check(&text).unwrap();
        let last_hash = entries().pop().unwrap().hash;
        assert_eq!(
            found,
            Stretch {
                first: 5,
                last: 8,
                last_hash,
                withheld: 1,
                redacted: 1
            }
        );
    }

    #[test]
    fn whatever_is_changed_removed_or_put_in_is_said_with_its_number() {
        let text = text();
        let lines: Vec<&str> = text.lines().collect();
        let cases = [
            (text.replace("Zoë", "Zoe"), "entry 5: its content"),
            ([lines[0], lines[2]].join("\n"), "entry 7: an entry before"),
            (
                [lines[0], &lines[1].replace("\"prevHash\":\"", "\"prevHash\":\"0")].join("\n"),
                "entry 6: it does not follow",
            ),
            ([lines[0], "{}"].join("\n"), "line 2 is no entry"),
            (String::new(), "it holds no entry"),
        ];
        for (changed, said) in cases {
            let error = check(&changed).unwrap_err();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
