//! Lending: out, back, lost, paid.

use desk_core::Route;
use serde::{Deserialize, Serialize};

use super::{Request, Timestamp};

/// Borrows an item for the caller.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoansCheckout {
    /// The item.
    pub item_id: String,
    /// 1..120 characters; a second call with the same key and body is answered with the first one's reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The loan that was made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoansCheckoutReply {
    /// The loan.
    pub loan: NewLoan,
    /// What is left of the item.
    pub item: LentItem,
}

/// A loan just made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewLoan {
    /// The loan's id.
    pub id: String,
    /// The item lent.
    pub item_id: String,
    /// Its status, `checked_out`.
    pub status: String,
    /// When it is due.
    pub due_at: Timestamp,
    /// Whether this is the stored reply to an earlier call with the same key.
    pub idempotent_replay: bool,
}

/// What a loan or a return left of an item.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LentItem {
    /// The item's id.
    pub item_id: String,
    /// Its status.
    pub status: String,
    /// How many copies can be borrowed now.
    pub available_copies: i64,
}

impl Request for LoansCheckout {
    const ROUTE: Route = Route::LoansCheckout;
    type Reply = LoansCheckoutReply;
}

/// Asks for the caller's loans.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LoansListMine {
    /// 1..200.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The caller's loans.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoansListMineReply {
    /// The loans, newest first.
    pub loans: Vec<Loan>,
}

/// A loan.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Loan {
    /// The loan's id.
    pub id: String,
    /// The item lent.
    pub item_id: String,
    /// Who borrowed it.
    pub borrower_uid: String,
    /// `checked_out`, `overdue`, `return_requested`, `returned` or `lost`.
    pub status: String,
    /// When it was lent.
    pub loaned_at: Timestamp,
    /// When it is due.
    pub due_at: Timestamp,
    /// When it came back.
    pub returned_at: Option<Timestamp>,
}

impl Request for LoansListMine {
    const ROUTE: Route = Route::LoansListMine;
    type Reply = LoansListMineReply;
}

/// Returns a loan.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoansCheckIn {
    /// The loan.
    pub loan_id: String,
    /// As for [`LoansCheckout::idempotency_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The loan that was returned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoansCheckInReply {
    /// The loan.
    pub loan: ReturnedLoan,
    /// What is left of the item.
    pub item: LentItem,
}

/// A loan just returned.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReturnedLoan {
    /// The loan's id.
    pub id: String,
    /// Its status, `returned`.
    pub status: String,
    /// Whether it had been returned before.
    pub idempotent_replay: bool,
}

impl Request for LoansCheckIn {
    const ROUTE: Route = Route::LoansCheckIn;
    type Reply = LoansCheckInReply;
}

/// Marks a loan, and with it the whole title, as lost.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoansMarkLost {
    /// The loan.
    pub loan_id: String,
    /// Why, at most 400 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// As for [`LoansCheckout::idempotency_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The loan that was lost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoansMarkLostReply {
    /// The loan.
    pub loan: LostLoan,
    /// The item.
    pub item: LostItem,
}

/// A loan just marked as lost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LostLoan {
    /// The loan's id.
    pub id: String,
    /// Its status, `lost`.
    pub status: String,
    /// Whether it had been lost before.
    pub idempotent_replay: bool,
    /// What it costs to replace, cents; 0 for unknown.
    pub replacement_value_cents: i64,
}

/// An item just marked as lost.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LostItem {
    /// The item's id.
    pub item_id: String,
    /// Its status, `lost`.
    pub status: String,
}

impl Request for LoansMarkLost {
    const ROUTE: Route = Route::LoansMarkLost;
    type Reply = LoansMarkLostReply;
}

/// Assesses the replacement fee of a lost loan.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LoansAssessReplacementFee {
    /// The loan.
    pub loan_id: String,
    /// Must be true.
    pub confirm: bool,
    /// 0..5000000; absent for the replacement value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_cents: Option<u32>,
    /// Why, at most 400 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// As for [`LoansCheckout::idempotency_key`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
}

/// The fee that was assessed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct LoansAssessReplacementFeeReply {
    /// The fee.
    pub fee: Fee,
}

/// A replacement fee.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fee {
    /// The fee's id.
    pub id: String,
    /// The loan it is for.
    pub loan_id: String,
    /// The item it is for.
    pub item_id: String,
    /// How much, cents.
    pub amount_cents: i64,
    /// Its status, `pending_charge`.
    pub status: String,
    /// Whether it had been assessed before; the amount is then the first one.
    pub idempotent_replay: bool,
}

impl Request for LoansAssessReplacementFee {
    const ROUTE: Route = Route::LoansAssessReplacementFee;
    type Reply = LoansAssessReplacementFeeReply;
}
