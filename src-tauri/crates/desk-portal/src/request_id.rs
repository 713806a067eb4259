//! The ids by which one request can be found again, at the desk and in the portal's log.

use uuid::Uuid;

use crate::text;

/// The most characters the portal keeps of an id.
const LIMIT: usize = 128;

/// A new id. Ids made later sort after ids made earlier.
pub(crate) fn new() -> String {
    format!("desk-{}", Uuid::now_v7())
}

/// An id that came back, made safe to keep; none when nothing is left of it.
pub(crate) fn seen(id: &str) -> Option<String> {
    let id = text::cut(id.trim(), LIMIT);
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_sortable_and_short_enough() {
        let ids: Vec<String> = (0..1_000).map(|_| new()).collect();
        assert!(ids.is_sorted());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(ids.iter().all(|id| id.len() <= LIMIT && id.starts_with("desk-")));
    }

    #[test]
    fn an_id_from_elsewhere_is_cut_and_cleaned() {
        assert_eq!(seen(" req_1\n "), Some("req_1".into()));
        assert_eq!(seen(" \t "), None);
        assert_eq!(seen(&"x".repeat(500)).map(|id| id.len()), Some(LIMIT));
    }
}
