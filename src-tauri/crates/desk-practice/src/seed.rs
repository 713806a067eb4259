//! The state the portal starts from: the same catalogue and identities as the recordings.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::StoreError;
use crate::fields::Fields;
use crate::routes::{NewItem, create_item, timestamp};
use crate::store::{Collection, Document, Documents};

/// A copy of the recordings' `starting-state.json`; a test compares the two.
const STARTING_STATE: &str = include_str!("starting-state.json");

/// Who entered the catalogue.
const CATALOGUER: &str = "staff-smoke";

/// How many of the items were entered a second before the rest, as recorded. The portal orders by whole seconds and
/// then by title, so this decides the order of "recently added".
const ENTERED_FIRST: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StartingState {
    created_through_items_create: Vec<Value>,
    placed_directly: Vec<Document>,
    identities: Map<String, Value>,
}

fn starting_state() -> Result<StartingState, StoreError> {
    serde_json::from_str(STARTING_STATE).map_err(|error| StoreError::Seed(error.to_string()))
}

/// Each identity with its custom claims: those of the starting state, and the operator, who is staff.
pub fn identities() -> Result<Vec<(String, Document)>, StoreError> {
    let mut identities: Vec<(String, Document)> = starting_state()?
        .identities
        .into_iter()
        .map(|(name, identity)| (name, identity["claims"].as_object().cloned().unwrap_or_default()))
        .collect();
    let staff = identities
        .iter()
        .find(|(name, _)| name == CATALOGUER)
        .map(|(_, claims)| claims.clone())
        .ok_or_else(|| StoreError::Seed(format!("there is no {CATALOGUER}")))?;
    identities.push(("operator".to_owned(), staff));
    Ok(identities)
}

/// Puts the starting catalogue into an empty state.
pub fn fill(documents: Documents<'_>, now_ms: i64) -> Result<(), StoreError> {
    let seed_error = |refusal: crate::refusal::Refusal| StoreError::Seed(refusal.message);
    let state = starting_state()?;
    for (position, body) in state.created_through_items_create.into_iter().enumerate() {
        let age_ms = if position < ENTERED_FIRST { 2000 } else { 1000 };
        let new = NewItem {
            fields: &Fields::of(body).map_err(seed_error)?,
            actor_uid: CATALOGUER,
            now_ms: now_ms - age_ms,
        };
        create_item(documents, &new).map_err(seed_error)?;
    }
    for mut item in state.placed_directly {
        let id = item
            .remove("id")
            .and_then(|id| id.as_str().map(str::to_owned))
            .ok_or_else(|| StoreError::Seed("an item has no id".to_owned()))?;
        item.insert("createdAt".to_owned(), timestamp(now_ms - 1000));
        item.insert("updatedAt".to_owned(), timestamp(now_ms - 1000));
        documents.put(Collection::Items, &id, &item)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starting_state_is_the_one_recorded() {
        let recorded = include_str!("../../../../tests/recordings/starting-state.json");
        assert_eq!(STARTING_STATE, recorded);
    }
}
