//! What members say about items, and what staff make of it.

use desk_core::Route;
use serde::{Deserialize, Serialize};

use super::Request;

/// Rates an item.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RatingsUpsert {
    /// The item.
    pub item_id: String,
    /// 1..5.
    pub stars: u8,
}

/// The rating.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RatingsUpsertReply {
    /// The rating.
    pub rating: Rating,
}

/// A rating.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rating {
    /// The rating's id.
    pub id: String,
    /// The item.
    pub item_id: String,
    /// Who rated.
    pub user_id: String,
    /// 1..5.
    pub stars: u8,
}

impl Request for RatingsUpsert {
    const ROUTE: Route = Route::RatingsUpsert;
    type Reply = RatingsUpsertReply;
}

/// Reviews an item. Not idempotent, and no route deletes a review.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewsCreate {
    /// The item.
    pub item_id: String,
    /// At most 1000 characters.
    pub body: String,
}

/// Changes a review.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewsUpdate {
    /// The review.
    pub review_id: String,
    /// At most 1000 characters.
    pub body: String,
}

/// The review that was made or changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ReviewReply {
    /// The review.
    pub review: Review,
}

/// A review.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The review's id.
    pub id: String,
    /// The item.
    pub item_id: String,
}

impl Request for ReviewsCreate {
    const ROUTE: Route = Route::ReviewsCreate;
    type Reply = ReviewReply;
}

impl Request for ReviewsUpdate {
    const ROUTE: Route = Route::ReviewsUpdate;
    type Reply = ReviewReply;
}

/// Keeps the caller's reading status of an item.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadingStatusUpsert {
    /// The item.
    pub item_id: String,
    /// `have`, `borrowed`, `want_to_read` or `recommended`.
    pub status: String,
}

/// The reading status.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadingStatusUpsertReply {
    /// The reading status.
    pub reading_status: ReadingStatus,
}

/// A reading status.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadingStatus {
    /// Its id.
    pub id: String,
    /// The item.
    pub item_id: String,
    /// Whose it is.
    pub user_id: String,
    /// The status.
    pub status: String,
}

impl Request for ReadingStatusUpsert {
    const ROUTE: Route = Route::ReadingStatusUpsert;
    type Reply = ReadingStatusUpsertReply;
}

/// Suggests a tag for an item.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsSubmissionsCreate {
    /// The item.
    pub item_id: String,
    /// 1..80 characters.
    pub tag: String,
}

/// The suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TagsSubmissionsCreateReply {
    /// The suggestion.
    pub submission: TagSubmission,
}

/// A suggested tag.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagSubmission {
    /// Its id.
    pub id: String,
    /// The item.
    pub item_id: String,
    /// The tag, lower-cased.
    pub tag: String,
    /// Its status, `pending`.
    pub status: String,
}

impl Request for TagsSubmissionsCreate {
    const ROUTE: Route = Route::TagsSubmissionsCreate;
    type Reply = TagsSubmissionsCreateReply;
}

/// Approves a suggested tag.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsSubmissionsApprove {
    /// The suggestion.
    pub submission_id: String,
    /// The tag it becomes, when not the suggested one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canonical_tag_name: Option<String>,
}

/// The suggestion and the tag it became.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TagsSubmissionsApproveReply {
    /// The suggestion.
    pub submission: ApprovedTag,
    /// The tag.
    pub tag: Tag,
}

/// An approved suggestion.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedTag {
    /// The suggestion's id.
    pub id: String,
    /// The item.
    pub item_id: String,
    /// Its status, `approved`.
    pub status: String,
    /// The tag it became.
    pub canonical_tag_id: String,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Tag {
    /// The tag's id.
    pub id: String,
    /// Its name, lower-cased.
    pub name: String,
}

impl Request for TagsSubmissionsApprove {
    const ROUTE: Route = Route::TagsSubmissionsApprove;
    type Reply = TagsSubmissionsApproveReply;
}

/// Merges one tag into another.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsMerge {
    /// The tag that ends.
    pub source_tag_id: String,
    /// The tag that stays.
    pub target_tag_id: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What a merge moved.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsMergeReply {
    /// The tag that ended.
    pub source_tag_id: String,
    /// The tag that stays.
    pub target_tag_id: String,
    /// How many items changed tags.
    pub migrated_item_tags: u64,
    /// How many suggestions were pointed at the other tag.
    pub retargeted_submissions: u64,
}

impl Request for TagsMerge {
    const ROUTE: Route = Route::TagsMerge;
    type Reply = TagsMergeReply;
}

/// A recommendation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recommendation {
    /// The recommendation's id.
    pub id: String,
    /// The item, when it is about one of the catalogue.
    pub item_id: Option<String>,
    /// What is recommended.
    pub title: String,
    /// Why.
    pub rationale: String,
    /// `pending_review`, `approved`, `hidden` or `rejected`.
    pub moderation_status: String,
    /// Who recommends it.
    pub recommender_uid: String,
}

/// Recommends an item, or a book that is not there yet. Not idempotent.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationsCreate {
    /// The item, when it is about one of the catalogue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// At most 240 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// At most 240 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Why, 8..1200 characters.
    pub rationale: String,
}

/// The recommendation that was made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecommendationsCreateReply {
    /// The recommendation.
    pub recommendation: Recommendation,
}

impl Request for RecommendationsCreate {
    const ROUTE: Route = Route::RecommendationsCreate;
    type Reply = RecommendationsCreateReply;
}

/// Asks for recommendations.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationsList {
    /// Only about this item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_id: Option<String>,
    /// Only with this moderation status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Recommendations.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecommendationsListReply {
    /// The recommendations, newest first.
    pub recommendations: Vec<Recommendation>,
}

impl Request for RecommendationsList {
    const ROUTE: Route = Route::RecommendationsList;
    type Reply = RecommendationsListReply;
}

/// Moderates a recommendation, whatever its status was.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationsModerate {
    /// The recommendation.
    pub recommendation_id: String,
    /// `approve`, `hide`, `restore` or `reject`.
    pub action: String,
    /// Why, at most 500 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The recommendation that was moderated.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecommendationsModerateReply {
    /// The recommendation.
    pub recommendation: Recommendation,
}

impl Request for RecommendationsModerate {
    const ROUTE: Route = Route::RecommendationsModerate;
    type Reply = RecommendationsModerateReply;
}
