//! Book numbers: reading them, and the small reference the portal looks them up in.

use serde_json::{Value, json};

/// A valid book number in both its forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isbn {
    /// Thirteen digits; the form items are kept under.
    pub isbn13: String,
    /// The older form; numbers that begin with 979 have none.
    pub isbn10: Option<String>,
}

impl Isbn {
    /// Reads either form, with or without hyphens; `None` when the length or the check digit is wrong.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = strip(text);
        match digits.len() {
            10 if digits.ends_with(&check10(digits.get(..9)?)?) => {
                let body = format!("978{}", digits.get(..9)?);
                Some(Self {
                    isbn13: format!("{body}{}", check13(&body)?),
                    isbn10: Some(digits),
                })
            }
            13 if (digits.starts_with("978") || digits.starts_with("979"))
                && digits.ends_with(&check13(digits.get(..12)?)?) =>
            {
                let isbn10 = match digits.strip_prefix("978").and_then(|rest| rest.get(..9)) {
                    Some(body) => Some(format!("{body}{}", check10(body)?)),
                    None => None,
                };
                Some(Self {
                    isbn13: digits,
                    isbn10,
                })
            }
            _ => None,
        }
    }
}

/// The digits of a number as typed, with a final `X` kept.
pub fn strip(text: &str) -> String {
    text.chars()
        .map(|c| c.to_ascii_uppercase())
        .filter(|c| c.is_ascii_digit() || *c == 'X')
        .collect()
}

fn check10(nine: &str) -> Option<String> {
    let mut sum = 0;
    for (weight, c) in (2..=10).rev().zip(nine.chars()) {
        sum += weight * c.to_digit(10)?;
    }
    Some(match (11 - sum % 11) % 11 {
        10 => "X".to_owned(),
        digit => digit.to_string(),
    })
}

fn check13(twelve: &str) -> Option<String> {
    let mut sum = 0;
    for (weight, c) in [1, 3].into_iter().cycle().zip(twelve.chars()) {
        sum += weight * c.to_digit(10)?;
    }
    Some(((10 - sum % 10) % 10).to_string())
}

/// What the portal knows of a book without asking anybody.
pub struct Reference {
    isbn13: &'static str,
    title: &'static str,
    subtitle: &'static str,
    authors: &'static [&'static str],
    published: &'static str,
    pages: u32,
    subjects: &'static [&'static str],
}

/// How the description of every book in the reference begins; it is no synopsis.
pub const REFERENCE_DESCRIPTION: &str = "Reference copy from local Monsoon Fire ISBN catalog.";

/// The two books that the recordings show.
const REFERENCES: [Reference; 2] = [
    Reference {
        isbn13: "9780132350884",
        title: "Clean Code",
        subtitle: "A Handbook of Agile Software Craftsmanship",
        authors: &["Robert C. Martin"],
        published: "2008-08-11",
        pages: 464,
        subjects: &["software craftsmanship", "clean code"],
    },
    Reference {
        isbn13: "9780131103627",
        title: "The C Programming Language",
        subtitle: "2nd Edition",
        authors: &["Brian W. Kernighan", "Dennis M. Ritchie"],
        published: "1988-03-22",
        pages: 288,
        subjects: &["programming", "foundations"],
    },
];

/// What a look-up of the number yields: `source`, whether it is a mere placeholder, and the book's data.
pub fn look_up(isbn: &Isbn) -> (&'static str, bool, Value) {
    match REFERENCES.iter().find(|book| book.isbn13 == isbn.isbn13) {
        Some(book) => (
            "local_reference",
            false,
            json!({
                "title": book.title,
                "subtitle": book.subtitle,
                "authors": book.authors,
                "description": REFERENCE_DESCRIPTION,
                "publisher": "Prentice Hall",
                "publishedDate": book.published,
                "pageCount": book.pages,
                "subjects": book.subjects,
                "coverUrl": null,
                "format": "paperback",
                "identifiers": identifiers(Some(isbn)),
            }),
        ),
        None => (
            "manual",
            true,
            json!({
                "title": format!("ISBN {}", isbn.isbn13),
                "subtitle": null,
                "authors": [],
                "description": null,
                "publisher": null,
                "publishedDate": null,
                "pageCount": null,
                "subjects": [],
                "coverUrl": null,
                "format": null,
                "identifiers": identifiers(None),
            }),
        ),
    }
}

/// The `identifiers` object of an item or a look-up.
pub fn identifiers(isbn: Option<&Isbn>) -> Value {
    json!({
        "isbn10": isbn.and_then(|isbn| isbn.isbn10.as_deref()),
        "isbn13": isbn.map(|isbn| &isbn.isbn13),
        "olid": null,
        "googleVolumeId": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_converted() {
        let cases = [
            ("978-0-13-235088-4", "9780132350884", Some("0132350882")),
            ("0973006307", "9780973006308", Some("0973006307")),
            ("057110973x", "9780571109739", Some("057110973X")),
            ("9791034300013", "9791034300013", None),
        ];
        for (text, isbn13, isbn10) in cases {
            let isbn = Isbn::parse(text).unwrap_or_else(|| panic!("{text} is valid"));
            assert_eq!(isbn.isbn13, isbn13);
            assert_eq!(isbn.isbn10.as_deref(), isbn10);
        }
    }

    #[test]
    fn wrong_check_digits_lengths_and_words_are_refused() {
        for text in ["9780132350885", "123", "hello", "", "9771234567898", "X97300630X"] {
            assert_eq!(Isbn::parse(text), None, "{text}");
        }
    }
}
