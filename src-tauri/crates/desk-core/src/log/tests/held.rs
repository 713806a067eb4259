//! What must hold of every file that is read into the log. The property tests ask it of files that they make up, the fuzz
//! targets of whatever they find; both compile this file, which therefore speaks of the crate by its name.

use desk_core::log::{
    Field, Format, Incoming, Kind, Line, NotALog, Outcome, Page, Typed, clean, json, markdown, read, text,
};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::HashMap;

/// Reads a file and holds what came of it against the file.
///
/// # Panics
/// When something of the file is lost or invented, a number is wrong, or what was read does not come back from an export.
pub fn of_every_file(file: &str, format: Format) {
    let lines = lines(file);
    match read(file, format) {
        Ok(entries) => {
            assert!(!entries.is_empty(), "read, and nothing came of it");
            for entry in &entries {
                what_is_unread_is_noted(entry, lines.len());
                an_entry_comes_back(entry);
            }
            all_entries_come_back(&entries);
            match format {
                Format::Text | Format::Markdown => no_line_is_lost(&lines, &entries, format),
                Format::Json => no_value_is_lost(file, &entries),
            }
        }
        Err(NotALog::NotJson { line, .. }) => {
            assert!((1..=lines.len()).contains(&line), "line {line} is not there");
        }
        Err(other) => assert!(!other.to_string().is_empty()),
    }
}

/// The lines as an editor counts them: each way to end one ends one.
fn lines(file: &str) -> Vec<String> {
    let file = file.trim_start_matches('\u{feff}');
    let file = file.replace("\r\n", "\n").replace('\r', "\n");
    file.split('\n').map(str::to_owned).collect()
}

fn noted(line: usize, text: &str) -> String {
    format!("Line {line} could not be read: {text}")
        .trim_end()
        .to_owned()
}

fn what_is_unread_is_noted(entry: &Incoming, lines: usize) {
    let notes = entry.sheet.get(&Field::Notes).map_or("", String::as_str);
    for unread in &entry.unread {
        assert!(
            (1..=lines).contains(&unread.line),
            "line {} is not there",
            unread.line
        );
        let expected = noted(unread.line, &unread.text);
        assert!(notes.contains(&expected), "{expected:?} is not in {notes:?}");
    }
    for (field, value) in &entry.sheet {
        assert_eq!(*value, clean(value), "{field:?} is not tidy");
        assert!(!value.is_empty(), "{field:?} is there and empty");
    }
}

/// The entry as the desk would write it out, its fields typed by somebody.
fn page(entry: &Incoming) -> Page {
    let is_a_word =
        |word: &&String| !word.is_empty() && !word.contains(|c: char| c.is_whitespace() || c.is_control());
    let typed = |(field, text): (&Field, &String)| Line {
        field: *field,
        fact: None,
        typed: Some(Typed {
            text: text.clone(),
            by: "staff_ana".to_owned(),
            at: "25 Nov 2026, 14:02:11 CET".to_owned(),
        }),
    };
    Page {
        id: entry
            .id
            .as_ref()
            .filter(is_a_word)
            .cloned()
            .unwrap_or("0197-a".to_owned()),
        label: "R-014".to_owned(),
        kind: entry.kind.unwrap_or(Kind::Live),
        environment: entry
            .environment
            .as_ref()
            .filter(is_a_word)
            .cloned()
            .unwrap_or("studio".to_owned()),
        outcome: Outcome::Done,
        withdrawn: entry.withdrawn.clone(),
        lines: entry.sheet.iter().map(typed).collect(),
    }
}

fn an_entry_comes_back(entry: &Incoming) {
    let mut of_the_form = entry.sheet.clone();
    of_the_form.retain(|field, _| field.is_of_the_form());
    let again = read(&text(&entry.sheet), Format::Text).expect("the template is read");
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].sheet, of_the_form, "as text");
    assert!(again[0].unread.is_empty(), "as text: {:?}", again[0].unread);
}

fn all_entries_come_back(entries: &[Incoming]) {
    let pages: Vec<Page> = entries.iter().map(page).collect();
    for (file, format) in [
        (markdown(&pages), Format::Markdown),
        (json(&pages).to_string(), Format::Json),
    ] {
        let again = read(&file, format).expect("what the desk wrote is read");
        assert_eq!(again.len(), entries.len(), "{format:?}: {file}");
        for ((again, entry), page) in again.iter().zip(entries).zip(&pages) {
            assert_eq!(again.sheet, entry.sheet, "{format:?}: {file}");
            assert!(again.unread.is_empty(), "{format:?}: {:?}", again.unread);
            assert_eq!(again.id.as_ref(), Some(&page.id), "{format:?}");
            assert_eq!(again.kind, Some(page.kind), "{format:?}");
            assert_eq!(again.environment.as_ref(), Some(&page.environment), "{format:?}");
            let reason = |of: &Option<String>| of.as_deref().map(letters);
            assert_eq!(reason(&again.withdrawn), reason(&page.withdrawn), "{format:?}");
        }
    }
}

/// What of a text is said whatever its marks and blanks are.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// How often each text is still to be accounted for.
#[derive(Default)]
struct Account(HashMap<String, usize>);

impl Account {
    fn add(&mut self, text: &str) {
        for line in text.lines().map(letters).filter(|line| !line.is_empty()) {
            *self.0.entry(line).or_default() += 1;
        }
    }

    /// Takes every line of a text, or none of it.
    fn take(&mut self, text: &str) -> bool {
        let lines: Vec<String> = text
            .lines()
            .map(letters)
            .filter(|line| !line.is_empty())
            .collect();
        let mut wanted = Self::default();
        for line in &lines {
            wanted.add(line);
        }
        let is_there = |(line, count): (&String, &usize)| self.0.get(line).is_some_and(|left| left >= count);
        if !wanted.0.iter().all(is_there) {
            return false;
        }
        for line in lines {
            self.0.entry(line).and_modify(|left| *left -= 1);
        }
        true
    }
}

/// Every line is in a field, unread, or of the frame; and nothing is in a field that is in no line.
fn no_line_is_lost(lines: &[String], entries: &[Incoming], format: Format) {
    let mut fields = Account::default();
    let mut unread = HashMap::new();
    for entry in entries {
        entry.sheet.values().for_each(|value| fields.add(value));
        for one in &entry.unread {
            assert!(
                fields.take(&noted(one.line, &one.text)),
                "line {} is not noted",
                one.line
            );
            assert!(
                unread.insert(one.line, one).is_none(),
                "line {} is told twice",
                one.line
            );
        }
    }
    let mut in_sources = false;
    for (number, raw) in (1..).zip(lines) {
        let line = clean_line(raw);
        if let Some(unread) = unread.get(&number) {
            assert_eq!(unread.text, clean(&line), "line {number}");
            in_sources = false;
            continue;
        }
        let further = raw.starts_with("    ") || raw.trim_start_matches(' ').starts_with('\t');
        if further && fields.take(&line) {
            continue;
        }
        let bare = line.trim();
        if bare == "## Where it comes from" && format == Format::Markdown {
            in_sources = true;
            continue;
        }
        in_sources &= bare.is_empty() || is_source(bare);
        let is_accounted_for = letters(bare).is_empty()
            || in_sources
            || is_frame(bare, entries, format)
            || after_labels(bare).any(|text| fields.take(text));
        assert!(is_accounted_for, "line {number} is lost: {line:?}");
    }
    let invented: Vec<&String> = fields
        .0
        .iter()
        .filter(|(_, left)| **left > 0)
        .map(|(line, _)| line)
        .collect();
    assert!(invented.is_empty(), "in no line: {invented:?}");
}

/// A line as it is kept, but for the blanks before it.
fn clean_line(line: &str) -> String {
    let kept = clean(&format!("x{line}"));
    kept.strip_prefix('x').unwrap_or_default().to_owned()
}

/// What stands behind the colon of each beginning that names a field, with a task's box before it or without.
fn after_labels(line: &str) -> impl Iterator<Item = &str> {
    let line = ["[ ] ", "[x] "]
        .iter()
        .find_map(|task| line.strip_prefix(task))
        .unwrap_or(line);
    line.match_indices(':')
        .filter(|(at, _)| Field::from_person(&line[..*at]).is_some())
        .map(|(at, _)| &line[at + 1..])
}

/// A line of the table that says where the fields come from.
fn is_source(bare: &str) -> bool {
    let cell = bare.strip_prefix('|').and_then(|rest| rest.split('|').next());
    cell.is_some_and(|cell| {
        let cell = cell.trim();
        cell == "Field" || cell == "---" || Field::ALL.iter().any(|field| field.label() == cell)
    })
}

/// What the desk, or whoever quotes a block, writes round the fields.
fn is_frame(bare: &str, entries: &[Incoming], format: Format) -> bool {
    if let Some(language) = bare.strip_prefix("```") {
        return language.chars().all(char::is_alphanumeric);
    }
    if ["Smoke results", "Artifacts attached"]
        .map(letters)
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&letters(bare)))
    {
        return true;
    }
    if format != Format::Markdown {
        return false;
    }
    if let Some(title) = bare.strip_prefix("# ") {
        let parts: Vec<&str> = title.split(" · ").collect();
        let outcome = parts.get(2).map(|word| Outcome::from_word(word));
        return parts.len() <= 3
            && !parts[0].contains(char::is_whitespace)
            && parts.get(1).is_some_and(|word| Kind::from_word(word).is_some())
            && outcome.is_none_or(|known| known.is_some());
    }
    if let Some(reason) = bare.strip_prefix("> Withdrawn:") {
        let reason = Some(letters(reason));
        return entries
            .iter()
            .any(|entry| entry.withdrawn.as_deref().map(letters) == reason);
    }
    bare.strip_prefix("Entry:").is_some_and(|said| {
        let (id, environment) = said.split_once(" in ").unwrap_or((said, ""));
        let (id, environment) = (Some(letters(id)), letters(environment));
        entries.iter().any(|entry| {
            entry.id.as_deref().map(letters) == id
                && entry.environment.as_deref().map(letters).unwrap_or_default() == environment
        })
    })
}

/// Every value of a JSON file is in a field or unread, or one that the desk writes beside what counts.
fn no_value_is_lost(file: &str, entries: &[Incoming]) {
    let mut found = Vec::new();
    let mut json = serde_json::Deserializer::from_str(file.trim_start_matches('\u{feff}'));
    let values = Values {
        path: Vec::new(),
        found: &mut found,
    };
    values.deserialize(&mut json).expect("it was read");
    let kept = entries.iter().flat_map(|entry| {
        let unread = entry.unread.iter().map(|unread| letters(&unread.text));
        entry.sheet.values().map(|text| letters(text)).chain(unread)
    });
    let kept: Vec<String> = kept.collect();
    for (path, value) in found {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let beside = match path.as_slice() {
            ["format"] => true,
            ["entries", LIST, rest @ ..] | [LIST, rest @ ..] => match rest {
                ["id"] => entries.iter().any(|entry| entry.id.as_ref() == Some(&value)),
                ["kind"] => Kind::from_word(&value).is_some(),
                ["environment"] => entries
                    .iter()
                    .any(|entry| entry.environment.as_ref() == Some(&value)),
                ["withdrawn"] => entries
                    .iter()
                    .any(|entry| entry.withdrawn.as_deref().map(letters) == Some(letters(&value))),
                ["label" | "outcome"]
                | ["fields", _, "fact"]
                | ["fields", _, "typed", "text" | "by" | "at"] => true,
                _ => false,
            },
            _ => false,
        };
        // What is unread is shown as JSON, with line ends and the like escaped.
        let escaped = letters(&serde_json::Value::from(value.as_str()).to_string());
        let value = letters(&value);
        assert!(
            beside
                || value.is_empty()
                || kept
                    .iter()
                    .any(|text| text.contains(&value) || text.contains(&escaped)),
            "{path:?} is lost: {value:?}"
        );
    }
}

/// What stands in a path for each item of a list.
const LIST: &str = "[]";

/// Collects every text, whole number and truth value with its path; a key that is there twice gives both its values.
struct Values<'a> {
    path: Vec<String>,
    found: &'a mut Vec<(Vec<String>, String)>,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let mut path = self.path.clone();
            path.push(key);
            map.next_value_seed(Values {
                path,
                found: &mut *self.found,
            })?;
        }
        Ok(())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        let mut path = self.path.clone();
        path.push(LIST.to_owned());
        while list
            .next_element_seed(Values {
                path: path.clone(),
                found: &mut *self.found,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.found.push((self.path, value.to_owned()));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.found.push((self.path, value.to_string()));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.found.push((self.path, value.to_string()));
        Ok(())
    }

    // A fraction may be written in many ways; the tests have some.
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.found.push((self.path, value.to_string()));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
