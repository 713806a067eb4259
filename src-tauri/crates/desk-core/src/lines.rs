//! The lines of a file that somebody else wrote.

/// A text without a byte order mark, each of its lines ended by a line feed: by whatever a line was ended, an editor counts it
/// as one.
pub(crate) fn plain_ends(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}');
    text.replace("\r\n", "\n").replace('\r', "\n")
}
