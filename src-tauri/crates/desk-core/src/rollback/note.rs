//! The note that the desk saves with a rollback.

use crate::phase::{NOTE_LIMIT, note_length};
use chrono::{DateTime, SecondsFormat};

/// The most characters of an incident's id: with the longest uid that the sign-in service gives, both still fit the note.
pub const INCIDENT_LIMIT: usize = 100;

const CUT: &str = "…";

/// `ROLLBACK 2026-11-25T13:57:02Z INC-42 by staff_ana: gate breach, …`, at most 300 characters as the portal counts
/// them. What is too long is cut from the reason, never from the time or an id.
pub fn note(word: &str, at_ms: i64, incident_id: Option<&str>, operator: &str, reason: &str) -> String {
    let at = DateTime::from_timestamp_millis(at_ms).map_or_else(
        || format!("{at_ms} ms"),
        |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
    );
    let incident = incident_id.map_or_else(String::new, |id| format!(" {id}"));
    let ids = format!("{word} {at}{incident} by {operator}");
    let reason = one_line(reason);
    if reason.is_empty() {
        return ids;
    }
    let whole = format!("{ids}: {reason}");
    if note_length(&whole) <= NOTE_LIMIT {
        return whole;
    }
    let room = NOTE_LIMIT.saturating_sub(note_length(&ids) + note_length(": ") + note_length(CUT));
    let cut = cut(&reason, room);
    if cut.is_empty() {
        return ids;
    }
    format!("{ids}: {cut}{CUT}")
}

/// Line breaks and runs of blanks as one blank.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The longest start of at most `room` UTF-16 units that ends between characters, without blanks at its end.
fn cut(text: &str, room: usize) -> &str {
    let mut length = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            length += c.len_utf16();
            length > room
        })
        .map_or(text.len(), |(index, _)| index);
    text[..end].trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: i64 = 1_795_615_022_000;

    #[test]
    fn it_holds_time_incident_operator_and_reason() {
        assert_eq!(
            note(
                "ROLLBACK",
                AT,
                Some("INC-42"),
                "staff_ana",
                " gate breach,\n loans fail "
            ),
            "ROLLBACK 2026-11-25T13:57:02Z INC-42 by staff_ana: gate breach, loans fail"
        );
        assert_eq!(
            note("DRILL", AT, None, "staff_ana", ""),
            "DRILL 2026-11-25T13:57:02Z by staff_ana"
        );
    }

    #[test]
    fn only_the_reason_is_cut() {
        let incident = "I".repeat(INCIDENT_LIMIT);
        let uid = "u".repeat(128);
        for reason in ["r".repeat(1_000), "🏺".repeat(500), "word ".repeat(100)] {
            let note = note("ROLLBACK", AT, Some(&incident), &uid, &reason);
            assert!(note_length(&note) <= NOTE_LIMIT, "{}", note_length(&note));
            assert!(note_length(&note) > NOTE_LIMIT - 8, "{note}");
            assert!(note.starts_with(&format!("ROLLBACK 2026-11-25T13:57:02Z {incident} by {uid}: ")));
            assert!(note.ends_with(CUT), "{note}");
        }
    }

    #[test]
    fn a_reason_that_just_fits_is_whole() {
        let ids = "ROLLBACK 2026-11-25T13:57:02Z by u: ";
        let fits = "x".repeat(NOTE_LIMIT - ids.len());
        assert_eq!(note("ROLLBACK", AT, None, "u", &fits), format!("{ids}{fits}"));
        let longer = note("ROLLBACK", AT, None, "u", &format!("{fits}x"));
        assert_eq!(note_length(&longer), NOTE_LIMIT);
        assert!(longer.ends_with("x…"));
    }
}
