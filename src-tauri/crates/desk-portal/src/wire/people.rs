//! Who am I, and the staff dashboard.

use desk_core::Route;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Request;

/// Asks who the caller is.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Hello {}

/// Who the caller is, as the portal sees it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HelloReply {
    /// The account's uid.
    pub uid: String,
    /// How the token was checked, such as `firebase`.
    pub mode: String,
    /// Whether the portal takes the account for staff.
    pub is_staff: bool,
}

impl Request for Hello {
    const ROUTE: Route = Route::Hello;
    type Reply = HelloReply;
}

/// Asks for the staff dashboard; each limit is the portal's own when absent.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffDashboard {
    /// At most this many loans.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loan_limit: Option<u32>,
    /// At most this many tag submissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag_submission_limit: Option<u32>,
}

/// The staff dashboard.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StaffDashboardReply {
    /// Open requests; their shape was never seen.
    pub requests: Vec<Value>,
    /// Loans, newest first.
    pub loans: Vec<DashboardLoan>,
    /// Tag submissions, newest first.
    pub tag_submissions: Vec<DashboardTagSubmission>,
}

/// A loan on the staff dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardLoan {
    /// The loan's id.
    pub id: String,
    /// The item lent.
    pub item_id: String,
    /// The loan's status.
    pub status: String,
    /// Who borrowed it.
    pub borrower_uid: String,
    /// When it is due, milliseconds since 1970; 0 for never.
    pub due_at_ms: i64,
    /// When it came back, milliseconds since 1970; 0 while it is out.
    pub returned_at_ms: i64,
}

/// A tag submission on the staff dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DashboardTagSubmission {
    /// The submission's id.
    pub id: String,
    /// The item it is about.
    pub item_id: String,
    /// The tag, lower-cased.
    pub tag: String,
    /// The submission's status.
    pub status: String,
}

impl Request for StaffDashboard {
    const ROUTE: Route = Route::StaffDashboard;
    type Reply = StaffDashboardReply;
}
