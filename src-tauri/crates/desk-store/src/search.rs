//! What a person searches for, as FTS5 is asked for it.

use rusqlite::{CachedStatement, Connection, OptionalExtension};

/// The beginnings that have an index of their own: those with this many letters (`prefix = '2 3'`).
const INDEXED: std::ops::RangeInclusive<usize> = 2..=3;

/// A word with more endings than this is left to FTS5.
const MOST_ENDINGS: usize = 64;

/// Words as FTS5 is asked for their beginnings; none where there are none. Quoted, so that nothing in them is an operator.
pub(crate) fn matching(search: &str) -> Option<String> {
    let words: Vec<String> = words(search).map(beginning).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// The words of the journal's search, for this connection.
pub(crate) const JOURNAL_WORD: &str =
    "CREATE VIRTUAL TABLE IF NOT EXISTS temp.journal_word USING fts5vocab (main, journal_search, instance)";

/// The same for the journal's search, where the first entries are wanted of very many. None where no entry has such a word.
///
/// FTS5 reads all places of all words with a beginning before it gives the first, unless the beginning has an index of its own; the
/// places of a whole word it reads as it goes. So the words that begin so are looked up, which are few, and asked for. Needs
/// [`JOURNAL_WORD`].
pub(crate) fn matching_in_journal(connection: &Connection, search: &str) -> rusqlite::Result<Option<String>> {
    // One word at a time: the table has a row for each place, which all would be read to step over them.
    let mut next =
        connection.prepare_cached("SELECT term FROM temp.journal_word WHERE term >= ?1 LIMIT 1")?;
    let mut asked = Vec::new();
    for word in words(search) {
        // Other letters are folded by FTS5 in its own way, and are looked up by it.
        if !word.is_ascii() || INDEXED.contains(&word.len()) {
            asked.push(beginning(word));
            continue;
        }
        match endings(&mut next, &word.to_ascii_lowercase())? {
            None => asked.push(beginning(word)),
            Some(terms) if terms.is_empty() => return Ok(None),
            Some(terms) => asked.push(format!("({})", terms.join(" OR "))),
        }
    }
    // By name: FTS5 understands words beside each other as AND, but not brackets.
    Ok((!asked.is_empty()).then(|| asked.join(" AND ")))
}

/// The words in the index that begin so, quoted; `None` when there are too many.
fn endings(next: &mut CachedStatement<'_>, word: &str) -> rusqlite::Result<Option<Vec<String>>> {
    let mut terms = Vec::new();
    let mut from = word.to_owned();
    loop {
        let term: Option<String> = next.query_row([&from], |row| row.get(0)).optional()?;
        let Some(term) = term.filter(|term| term.starts_with(word)) else {
            return Ok(Some(terms));
        };
        if terms.len() == MOST_ENDINGS {
            return Ok(None);
        }
        terms.push(format!("\"{term}\""));
        // The next there can be.
        from = term + "\0";
    }
}

fn words(search: &str) -> impl Iterator<Item = &str> {
    search
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

fn beginning(word: &str) -> String {
    format!("\"{word}\" *")
}
