//! Removing what a run left in the portal. Each of these can be tried again without harm.

use super::{
    judge,
    ledger::stays_because,
    send::{Cancel, send},
};
use crate::link::Link;
use desk_core::smoke::{Left, Settled, Thing};
use desk_portal::{
    Call, Caller, Exchange, Expect, Outcome, Session,
    wire::{self, Request},
};

/// What came of removing something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Undone {
    /// It is gone, or stays for good.
    Settled(Settled),
    /// It must be tried again.
    Open {
        /// Why, in words.
        why: String,
    },
}

impl Undone {
    const GONE: Self = Self::Settled(Settled::Removed);

    fn kept(id: Option<String>, thing: &Thing) -> Self {
        Self::Settled(Settled::Kept {
            id,
            why: stays_because(thing).to_owned(),
        })
    }

    fn open(exchange: &Exchange) -> Self {
        Self::Open {
            why: format!("{}: {}", exchange.route, judge::words(&exchange.outcome)),
        }
    }
}

/// One account's way to the portal while it removes what it left.
struct Remover<'a> {
    link: &'a Link,
    session: &'a Session,
    cancel: Cancel,
}

/// Removes something, as the account that left it. `id` is the portal's for it, where known; where it `may_arrive` only
/// later, not finding it settles nothing.
pub(crate) async fn undo(
    link: &Link,
    session: &Session,
    left: &Left,
    id: Option<&str>,
    may_arrive: bool,
    cancel: Cancel,
) -> Undone {
    let remover = Remover {
        link,
        session,
        cancel,
    };
    match &left.thing {
        Thing::Loan { item_id, key } => remover.end_loan(&left.thing, item_id, key).await,
        Thing::SoakLoans { item_id, besides } => remover.end_loans(item_id, besides, may_arrive).await,
        Thing::Item { item_id } => remover.delete_item(item_id, may_arrive).await,
        Thing::Recommendation { id: known, title } => {
            let known = id.or(known.as_deref());
            remover.reject(&left.thing, known, title, may_arrive).await
        }
        thing @ (Thing::Review { .. }
        | Thing::Rating { .. }
        | Thing::ReadingStatus { .. }
        | Thing::TagSuggestion { .. }
        | Thing::Tag { .. }
        | Thing::Fee { .. }) => Undone::kept(id.map(str::to_owned), thing),
    }
}

impl Remover<'_> {
    async fn call<R: Request>(&self, request: R) -> (Exchange, Option<R::Reply>) {
        let call = Call {
            route: R::ROUTE,
            body: request.body(),
            caller: Caller::As(self.session),
            purpose: "smoke clean-up",
            // A refusal tells as much as success does.
            expect: Expect::AnyReply,
            idempotency_key: None,
        };
        let exchange = send(&self.link.portal, call, self.cancel.clone()).await;
        let reply = match &exchange.outcome {
            Outcome::Ok(data) => serde_json::from_value(data.clone()).ok(),
            _ => None,
        };
        (exchange, reply)
    }

    /// The same checkout with the same key tells the loan's id. Should it never have arrived, it does now, and can then
    /// not arrive later; either way there is a loan to be ended, or a refusal that says that there is none.
    async fn end_loan(&self, thing: &Thing, item_id: &str, key: &str) -> Undone {
        let checkout = wire::LoansCheckout {
            item_id: item_id.to_owned(),
            idempotency_key: Some(key.to_owned()),
        };
        let (exchange, reply) = self.call(checkout).await;
        let loan_id = match (&exchange.outcome, reply) {
            (_, Some(reply)) => reply.loan.id,
            (
                Outcome::Refused {
                    status: 404 | 409, ..
                },
                None,
            ) => return Undone::GONE,
            _ => return Undone::open(&exchange),
        };
        let check_in = wire::LoansCheckIn {
            loan_id: loan_id.clone(),
            idempotency_key: None,
        };
        let (exchange, reply) = self.call(check_in).await;
        match (&exchange.outcome, reply) {
            (_, Some(_)) => Undone::GONE,
            // Lost, or its item was deleted: the contract has no way to end it.
            (
                Outcome::Refused {
                    status: 404 | 409, ..
                },
                None,
            ) => Undone::kept(Some(loan_id), thing),
            _ => Undone::open(&exchange),
        }
    }

    /// Checks in what the account still has of the item, but for what it had before.
    async fn end_loans(&self, item_id: &str, besides: &[String], may_arrive: bool) -> Undone {
        let (exchange, reply) = self.call(wire::LoansListMine { limit: Some(200) }).await;
        let Some(reply) = reply else {
            return Undone::open(&exchange);
        };
        let is_out = |loan: &wire::Loan| !matches!(loan.status.as_str(), "returned" | "lost");
        let mut left = reply
            .loans
            .into_iter()
            .filter(|loan| loan.item_id == item_id && is_out(loan) && !besides.contains(&loan.id))
            .peekable();
        if left.peek().is_none() {
            return not_found(may_arrive);
        }
        for loan in left {
            let check_in = wire::LoansCheckIn {
                loan_id: loan.id,
                idempotency_key: None,
            };
            let (exchange, reply) = self.call(check_in).await;
            if reply.is_none() {
                return Undone::open(&exchange);
            }
        }
        Undone::GONE
    }

    async fn delete_item(&self, item_id: &str, may_arrive: bool) -> Undone {
        let delete = wire::ItemsDelete {
            item_id: item_id.to_owned(),
            note: None,
        };
        let (exchange, reply) = self.call(delete).await;
        match (&exchange.outcome, reply) {
            (_, Some(_)) => Undone::GONE,
            (Outcome::Refused { status: 404, .. }, None) => not_found(may_arrive),
            _ => Undone::open(&exchange),
        }
    }

    async fn reject(&self, thing: &Thing, known: Option<&str>, title: &str, may_arrive: bool) -> Undone {
        let id = if let Some(id) = known {
            id.to_owned()
        } else {
            let (exchange, reply) = self.call(wire::RecommendationsList::default()).await;
            let Some(reply) = reply else {
                return Undone::open(&exchange);
            };
            let ours = reply.recommendations.into_iter().find(|recommendation| {
                recommendation.title == title && recommendation.recommender_uid == self.session.uid()
            });
            let Some(recommendation) = ours else {
                return not_found(may_arrive);
            };
            recommendation.id
        };
        let reject = wire::RecommendationsModerate {
            recommendation_id: id.clone(),
            action: "reject".to_owned(),
            note: None,
        };
        let (exchange, reply) = self.call(reject).await;
        match (&exchange.outcome, reply) {
            (_, Some(_)) => Undone::kept(Some(id), thing),
            (Outcome::Refused { status: 404, .. }, None) => Undone::GONE,
            _ => Undone::open(&exchange),
        }
    }
}

fn not_found(may_arrive: bool) -> Undone {
    if may_arrive {
        Undone::Open {
            why: "it was not found, and may still arrive".to_owned(),
        }
    } else {
        Undone::GONE
    }
}
