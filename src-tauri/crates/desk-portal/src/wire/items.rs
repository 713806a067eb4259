//! The catalogue: reading it, and what staff change in it.

use desk_core::Route;
use serde::{Deserialize, Serialize};

use super::Request;

/// An item of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// The item's id.
    pub id: String,
    /// Its title; staff can clear it.
    pub title: Option<String>,
    /// Its authors.
    pub authors: Vec<String>,
    /// `book`, `ebook`, …; only physical books are lent.
    pub media_type: String,
    /// `available`, `checked_out`, `overdue`, `lost`, `unavailable` or `archived`.
    pub status: String,
    /// How many copies there are.
    pub total_copies: i64,
    /// How many of them can be borrowed now.
    pub available_copies: i64,
    /// Its ISBN, normalized.
    pub isbn: Option<String>,
}

/// Asks for a page of the catalogue. What is absent is the portal's default.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsList {
    /// Words to find, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// 1..500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// 1..100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// `highest_rated`, `most_borrowed`, `recently_added`, `recently_reviewed` or `staff_picks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Only items with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
}

/// A page of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsListReply {
    /// The items of this page.
    pub items: Vec<Item>,
    /// Which page it is.
    pub page: u32,
    /// How long a page is.
    pub page_size: u32,
    /// How many items there are on all pages.
    pub total: u64,
}

impl Request for ItemsList {
    const ROUTE: Route = Route::ItemsList;
    type Reply = ItemsListReply;
}

/// Asks for one item.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsGet {
    /// The item's id.
    pub item_id: String,
}

/// One item.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ItemsGetReply {
    /// The item.
    pub item: Item,
}

impl Request for ItemsGet {
    const ROUTE: Route = Route::ItemsGet;
    type Reply = ItemsGetReply;
}

/// Asks for the discovery shelves.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DiscoveryGet {
    /// At most this many items on each shelf, 1..30.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The discovery shelves.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryGetReply {
    /// At most this many items on each shelf.
    pub limit: u32,
    /// Picked by staff.
    pub staff_picks: Vec<Item>,
    /// Borrowed most.
    pub most_borrowed: Vec<Item>,
    /// Added last.
    pub recently_added: Vec<Item>,
    /// Reviewed last.
    pub recently_reviewed: Vec<Item>,
}

impl Request for DiscoveryGet {
    const ROUTE: Route = Route::DiscoveryGet;
    type Reply = DiscoveryGetReply;
}

/// Looks an ISBN up.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsResolveIsbn {
    /// The ISBN, with or without hyphens.
    pub isbn: String,
    /// Whether the portal may ask other services; without it the checksum and the local reference decide.
    pub allow_remote_lookup: bool,
}

/// What is known of an ISBN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsResolveIsbnReply {
    /// The ISBN, normalized.
    pub isbn: String,
    /// Where the description comes from, such as `local_reference`.
    pub source: String,
    /// Whether nothing was found and the description is made up from the number.
    pub fallback: bool,
    /// Whether another service was asked.
    pub used_remote_lookup: bool,
    /// The description.
    pub item: ResolvedItem,
}

/// A description found for an ISBN.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ResolvedItem {
    /// The title.
    pub title: String,
    /// The authors.
    pub authors: Vec<String>,
}

impl Request for ItemsResolveIsbn {
    const ROUTE: Route = Route::ItemsResolveIsbn;
    type Reply = ItemsResolveIsbnReply;
}

/// Adds an item: a title or an ISBN is needed. Not idempotent: a second call adds a second item.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsCreate {
    /// The id to give it; absent for one made by the portal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// At most 240 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 20.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// The ISBN, with or without hyphens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isbn: Option<String>,
    /// Whether the portal may ask other services about the ISBN; its own default when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_remote_lookup: Option<bool>,
    /// 1..500.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_copies: Option<u32>,
}

/// Changes an item; what is absent stays.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsUpdate {
    /// The item's id.
    pub item_id: String,
    /// Its new title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its new status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// The item that was added or changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedItemReply {
    /// The item.
    pub item: SavedItem,
}

/// An item as it was saved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SavedItem {
    /// The item's id.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// Its status.
    pub status: String,
    /// Its ISBN, normalized.
    pub isbn: Option<String>,
    /// Whether it is deleted.
    pub deleted: bool,
}

impl Request for ItemsCreate {
    const ROUTE: Route = Route::ItemsCreate;
    type Reply = SavedItemReply;
}

impl Request for ItemsUpdate {
    const ROUTE: Route = Route::ItemsUpdate;
    type Reply = SavedItemReply;
}

/// Hides an item for good, loans or not.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsDelete {
    /// The item's id.
    pub item_id: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The item that was deleted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ItemsDeleteReply {
    /// The item.
    pub item: DeletedItem,
}

/// A deleted item.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeletedItem {
    /// The item's id.
    pub id: String,
    /// Its status, `archived`.
    pub status: String,
    /// True.
    pub deleted: bool,
}

impl Request for ItemsDelete {
    const ROUTE: Route = Route::ItemsDelete;
    type Reply = ItemsDeleteReply;
}

/// Sets an item's status, whatever it was.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemsOverrideStatus {
    /// The item's id.
    pub item_id: String,
    /// Its new status.
    pub status: String,
    /// Why, at most 400 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The item whose status was set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ItemsOverrideStatusReply {
    /// The item.
    pub item: OverriddenItem,
}

/// An item after its status was set.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OverriddenItem {
    /// The item's id.
    pub id: String,
    /// Its status.
    pub status: String,
    /// How many copies can be borrowed now.
    pub available_copies: i64,
}

impl Request for ItemsOverrideStatus {
    const ROUTE: Route = Route::ItemsOverrideStatus;
    type Reply = ItemsOverrideStatusReply;
}
