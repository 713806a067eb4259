//! Phase 2: members borrow and return, say what they think, meet the documented refusals, and stay out of staff's routes.

use super::{Ground, TITLE};
use crate::smoke::step::{Account, Lacking, Misfit, Refusal, Step, Values};
use desk_core::{
    EnvironmentKind, Role, Route,
    smoke::{Left, Thing},
};
use desk_portal::wire::{self, Request};
use serde::{Deserialize, Serialize};

/// The tag that is suggested. The same in every run: the portal takes one suggestion of it.
pub(super) const TAG: &str = "desk smoke check";

const MEMBER: Account = Account::Role(Role::MemberSmoke);

/// What is given where nothing is known of an earlier rating.
const STARS: u8 = 4;

/// The most loans the portal lists.
const MOST_LOANS: u32 = 200;

// Values that one check finds and another needs.
const BORROWED: &str = "title with free copies";
const SINGLE: &str = "title with a single free copy";
const LOAN: &str = "loan";
const SINGLE_LOAN: &str = "loan of a last copy";
const LOST_LOAN: &str = "lost loan";
const TITLES: &str = "titles";

/// The catalogue with what tells which titles can be borrowed.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Catalogue {
    page_size: u32,
}

#[derive(Deserialize)]
struct CatalogueReply {
    items: Vec<Title>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Title {
    id: String,
    media_type: String,
    status: String,
    available_copies: i64,
    lending_eligible: Option<bool>,
}

impl Request for Catalogue {
    const ROUTE: Route = Route::ItemsList;
    type Reply = CatalogueReply;
}

impl Title {
    /// Whether it can be borrowed now. Source: the contract's checkout refusals.
    fn is_free(&self) -> bool {
        matches!(
            self.media_type.as_str(),
            "book" | "physical_book" | "physical-book" | "print"
        ) && self.lending_eligible != Some(false)
            && self.status == "available"
            && self.available_copies > 0
    }
}

/// The title to borrow, more than one free copy preferred, so that a member who wants it at the same moment still gets one;
/// and another with a single one, to run out of.
fn choose<'a>(titles: &'a [Title], set: Option<&str>) -> (Option<&'a Title>, Option<&'a Title>) {
    let free = || titles.iter().filter(|title| title.is_free());
    let borrowed = match set {
        Some(id) => free().find(|title| title.id == id),
        None => free()
            .find(|title| title.available_copies > 1)
            .or_else(|| free().next()),
    };
    let single = free().find(|title| {
        title.available_copies == 1 && Some(&title.id) != borrowed.map(|borrowed| &borrowed.id)
    });
    (borrowed, single)
}

fn loan(values: &Values, item: &str, key: &str) -> Option<Left> {
    Some(Left {
        role: Role::MemberSmoke,
        thing: Thing::Loan {
            item_id: values.find(item)?,
            key: key.to_owned(),
        },
    })
}

fn checkout(values: &Values, item: &str, key: &str) -> Result<wire::LoansCheckout, Lacking> {
    Ok(wire::LoansCheckout {
        item_id: values.get(item)?,
        idempotency_key: Some(key.to_owned()),
    })
}

fn check_in(values: &Values, loan: &str, key: &str) -> Result<wire::LoansCheckIn, Lacking> {
    Ok(wire::LoansCheckIn {
        loan_id: values.get(loan)?,
        idempotency_key: Some(key.to_owned()),
    })
}

fn lent(reply: &wire::LoansCheckoutReply, values: &mut Values, name: &str) -> Result<String, Misfit> {
    if reply.loan.status != "checked_out" {
        return Err(Misfit::app(format!("The loan is {}.", reply.loan.status)));
    }
    values.set(name, &reply.loan.id);
    Ok(format!("loan {} of {}", reply.loan.id, reply.loan.item_id))
}

fn returned(reply: &wire::LoansCheckInReply, again: bool) -> Result<String, Misfit> {
    let loan = &reply.loan;
    if loan.status == "returned" && loan.idempotent_replay == again {
        Ok(format!("loan {} is returned", loan.id))
    } else {
        Err(Misfit::app(format!(
            "The loan is {}, idempotentReplay {}; expected returned and {again}.",
            loan.status, loan.idempotent_replay
        )))
    }
}

/// The key of a loan, by which it is found again even when no answer to its checkout came.
fn key(ground: &Ground, name: &str) -> String {
    format!("desk-smoke-{}-{name}", ground.mark)
}

/// A title is borrowed, listed among the member's loans, and returned.
pub(super) fn borrow_return(check: &str, ground: &Ground) -> Vec<Step> {
    let set = ground.item.clone();
    let (key, back) = (key(ground, "borrow"), key(ground, "return"));
    let noted = key.clone();
    vec![
        Step::ask::<Catalogue>(
            check,
            "choose",
            MEMBER,
            "A title to borrow is found",
            |_| Ok(Catalogue { page_size: 100 }),
            move |reply, values| {
                let (borrowed, single) = choose(&reply.items, set.as_deref());
                if let Some(single) = single {
                    values.set(SINGLE, &single.id);
                }
                let titles: Vec<&str> = reply.items.iter().map(|title| title.id.as_str()).collect();
                values.set(TITLES, titles.join("\n"));
                let Some(borrowed) = borrowed else {
                    return Err(Misfit::app(match &set {
                        Some(id) => {
                            format!("{id} cannot be borrowed now, or is not among the first 100 titles.")
                        }
                        None => "No title of the first 100 can be borrowed now.".to_owned(),
                    }));
                };
                values.set(BORROWED, &borrowed.id);
                Ok(format!("{}, {} free", borrowed.id, borrowed.available_copies))
            },
        ),
        Step::ask::<wire::LoansCheckout>(
            check,
            "borrow",
            MEMBER,
            "The member borrows it",
            move |values| checkout(values, BORROWED, &key),
            |reply, values| lent(&reply, values, LOAN),
        )
        .needs(&["choose"])
        .leaves(move |values| loan(values, BORROWED, &noted)),
        Step::ask::<wire::LoansListMine>(
            check,
            "list-mine",
            MEMBER,
            "The loan is among the member's loans",
            |_| {
                Ok(wire::LoansListMine {
                    limit: Some(MOST_LOANS),
                })
            },
            |reply, values| {
                let titles = values.find(TITLES).unwrap_or_default();
                let lost = reply
                    .loans
                    .iter()
                    .find(|loan| loan.status == "lost" && titles.lines().any(|id| id == loan.item_id));
                if let Some(lost) = lost {
                    values.set(LOST_LOAN, &lost.id);
                }
                let ours = values.find(LOAN);
                if reply.loans.iter().any(|loan| Some(&loan.id) == ours.as_ref()) {
                    Ok(format!("{} loans, this one among them", reply.loans.len()))
                } else if reply.loans.len() >= MOST_LOANS as usize {
                    // The portal cuts the list before it sorts it, so that a full one need not hold the newest.
                    Ok(format!(
                        "{} loans, the most it lists; this one is not shown",
                        reply.loans.len()
                    ))
                } else {
                    Err(Misfit::app("The loan is not among the member's loans."))
                }
            },
        )
        .needs(&["borrow"]),
        Step::ask::<wire::LoansCheckIn>(
            check,
            "return",
            MEMBER,
            "The member returns it",
            move |values| check_in(values, LOAN, &back),
            |reply, _| returned(&reply, false),
        )
        .needs(&["borrow"])
        .follows(&["list-mine"])
        .removes(&["borrow"]),
    ]
}

/// The title that the feedback is on: the one reviewed in an earlier run, so that its review is changed and not repeated.
fn feedback_item(values: &Values, reviewed: Option<&String>) -> Option<String> {
    reviewed.cloned().or_else(|| values.find(BORROWED))
}

/// The member rates, reviews, suggests a tag and keeps a reading status.
pub(super) fn feedback(check: &str, ground: &Ground) -> Vec<Step> {
    let review = ground.earlier.review.clone();
    let reviewed = review.as_ref().map(|(item, _)| item.clone());
    let item = {
        let reviewed = reviewed.clone();
        move |values: &Values| {
            feedback_item(values, reviewed.as_ref())
                .ok_or_else(|| Lacking("There is no title to try it on.".into()))
        }
    };
    let left = |thing: fn(String) -> Thing| {
        let reviewed = reviewed.clone();
        move |values: &Values| {
            let item_id = feedback_item(values, reviewed.as_ref())?;
            Some(Left {
                role: Role::MemberSmoke,
                thing: thing(item_id),
            })
        }
    };
    let (of_rating, of_reading, of_tag) = (item.clone(), item.clone(), item.clone());
    let rating = Step::ask::<wire::RatingsUpsert>(
        check,
        "rating",
        MEMBER,
        "The member rates a title",
        move |values| {
            Ok(wire::RatingsUpsert {
                item_id: of_rating(values)?,
                stars: STARS,
            })
        },
        |reply, _| Ok(format!("{} stars", reply.rating.stars)),
    )
    .leaves(left(|item_id| Thing::Rating { item_id }))
    .kept_as("rating");
    let reading = Step::ask::<wire::ReadingStatusUpsert>(
        check,
        "reading-status",
        MEMBER,
        "The member keeps a reading status",
        move |values| {
            Ok(wire::ReadingStatusUpsert {
                item_id: of_reading(values)?,
                status: "have".to_owned(),
            })
        },
        |reply, _| Ok(reply.reading_status.status),
    )
    .leaves(left(|item_id| Thing::ReadingStatus { item_id }))
    .kept_as("readingStatus");
    let tag = Step::ask::<wire::TagsSubmissionsCreate>(
        check,
        "tag",
        MEMBER,
        "The member suggests a tag",
        move |values| {
            Ok(wire::TagsSubmissionsCreate {
                item_id: of_tag(values)?,
                tag: TAG.to_owned(),
            })
        },
        |reply, _| {
            Ok(format!(
                "suggestion {} is {}",
                reply.submission.id, reply.submission.status
            ))
        },
    )
    .leaves(left(|item_id| Thing::TagSuggestion {
        item_id,
        tag: TAG.to_owned(),
    }))
    .kept_as("submission");
    // An earlier run's suggestion still waits, or its tag is on the title by now: both are refused as duplicates.
    let waits = reviewed
        .as_ref()
        .is_some_and(|item| ground.earlier.suggested.contains(item));
    let tag = if waits {
        tag.or_refused(Refusal::Coded {
            status: 409,
            code: "CONFLICT",
            reason: None,
        })
    } else {
        tag
    };
    let mut steps = vec![rating, review_step(check, review, item), reading, tag];
    for step in &mut steps {
        // Which title it is follows from the choice in another check, unless an earlier run's review says.
        step.needs.push("phase2-borrow-return/choose".to_owned());
    }
    steps
}

/// Writes a review, or changes the one that is there.
fn review_step(
    check: &str,
    earlier: Option<(String, String)>,
    item: impl Fn(&Values) -> Result<String, Lacking> + Send + Sync + 'static,
) -> Step {
    let body = || format!("{TITLE}. It shows that reviews can be written.");
    match earlier {
        Some((item_id, id)) => {
            let left = Left {
                role: Role::MemberSmoke,
                thing: Thing::Review {
                    item_id,
                    id: Some(id.clone()),
                },
            };
            Step::ask::<wire::ReviewsUpdate>(
                check,
                "review",
                MEMBER,
                "The member changes the review of an earlier run",
                move |_| {
                    Ok(wire::ReviewsUpdate {
                        review_id: id.clone(),
                        body: body(),
                    })
                },
                |reply, _| Ok(format!("review {}", reply.review.id)),
            )
            .leaves(move |_| Some(left.clone()))
            .kept_as("review")
        }
        None => Step::ask::<wire::ReviewsCreate>(
            check,
            "review",
            MEMBER,
            "The member reviews a title",
            move |values| {
                Ok(wire::ReviewsCreate {
                    item_id: item(values)?,
                    body: body(),
                })
            },
            |reply, _| Ok(format!("review {}", reply.review.id)),
        )
        .leaves(|values| {
            Some(Left {
                role: Role::MemberSmoke,
                thing: Thing::Review {
                    item_id: values.find(BORROWED)?,
                    id: None,
                },
            })
        })
        .kept_as("review"),
    }
}

/// Invalid and repeated acts are refused as documented, and nothing is broken after.
pub(super) fn conflicts(check: &str, ground: &Ground) -> Vec<Step> {
    let [first, none_left, back, back_again] =
        ["last", "none-left", "last-return", "last-return-again"].map(|name| key(ground, name));
    let reused = key(ground, "borrow");
    let (of_first, of_none_left, of_reused) = (first.clone(), none_left.clone(), reused.clone());
    let mut steps = vec![
        Step::ask::<wire::LoansCheckout>(
            check,
            "last-copy",
            MEMBER,
            "The member borrows a last copy",
            move |values| checkout(values, SINGLE, &first),
            |reply, values| lent(&reply, values, SINGLE_LOAN),
        )
        .leaves(move |values| loan(values, SINGLE, &of_first)),
        Step::refused::<wire::LoansCheckout>(
            check,
            "no-copies",
            MEMBER,
            "Borrowing with no copies left is refused",
            move |values| checkout(values, SINGLE, &none_left),
            Refusal::conflict("NO_AVAILABLE_COPIES"),
        )
        .needs(&["last-copy"])
        .leaves(move |values| loan(values, SINGLE, &of_none_left)),
        Step::refused::<wire::LoansCheckout>(
            check,
            "key-reused",
            MEMBER,
            "A key used before is refused for another title",
            move |values| checkout(values, SINGLE, &reused),
            Refusal::conflict("IDEMPOTENCY_KEY_CONFLICT"),
        )
        .leaves(move |values| loan(values, SINGLE, &of_reused)),
        Step::ask::<wire::LoansCheckIn>(
            check,
            "return",
            MEMBER,
            "The member returns the last copy",
            move |values| check_in(values, SINGLE_LOAN, &back),
            |reply, _| returned(&reply, false),
        )
        .needs(&["last-copy"])
        .follows(&["no-copies"])
        .removes(&["last-copy"]),
        Step::ask::<wire::LoansCheckIn>(
            check,
            "return-again",
            MEMBER,
            "Returning it again changes nothing",
            move |values| check_in(values, SINGLE_LOAN, &back_again),
            |reply, _| returned(&reply, true),
        )
        .needs(&["return"]),
        Step::ask::<wire::ItemsGet>(
            check,
            "unbroken",
            MEMBER,
            "The title is as it should be after all that",
            |values| {
                Ok(wire::ItemsGet {
                    item_id: values.get(SINGLE)?,
                })
            },
            |reply, _| {
                let item = reply.item;
                if (0..=item.total_copies).contains(&item.available_copies) {
                    Ok(format!(
                        "{} is {}, {} of {} free",
                        item.id, item.status, item.available_copies, item.total_copies
                    ))
                } else {
                    Err(Misfit::app(format!(
                        "{} of {} copies are free.",
                        item.available_copies, item.total_copies
                    )))
                }
            },
        )
        .needs(&["return-again"]),
    ];
    steps[0].needs.push("phase2-borrow-return/choose".to_owned());
    steps[2].needs.push("phase2-borrow-return/borrow".to_owned());
    if ground.kind == EnvironmentKind::Practice {
        // Only staff can lose a loan, and only in phase 3, which tries this on a loan of its own in every environment.
        let mut lost = Step::refused::<wire::LoansCheckIn>(
            check,
            "return-lost",
            MEMBER,
            "Returning a lost loan is refused",
            |values| {
                Ok(wire::LoansCheckIn {
                    loan_id: values.get(LOST_LOAN)?,
                    idempotency_key: None,
                })
            },
            Refusal::conflict("INVALID_LOAN_TRANSITION"),
        )
        .optional();
        lost.needs.push("phase2-borrow-return/list-mine".to_owned());
        steps.push(lost);
    }
    steps
}

/// Every route of staff's is refused to the member.
pub(super) fn staff_routes_blocked(check: &str, account: Account) -> Vec<Step> {
    Route::ALL
        .into_iter()
        .filter(|route| route.needs_staff())
        .map(|route| Step::barred(check, account, route, Refusal::NotStaff))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(id: &str, free: i64) -> Title {
        Title {
            id: id.into(),
            media_type: "book".into(),
            status: "available".into(),
            available_copies: free,
            lending_eligible: None,
        }
    }

    fn ids<'a>(titles: &'a [Title], set: Option<&str>) -> (Option<&'a str>, Option<&'a str>) {
        let (borrowed, single) = choose(titles, set);
        let id = |title: &'a Title| title.id.as_str();
        (borrowed.map(id), single.map(id))
    }

    #[test]
    fn a_title_with_copies_to_spare_is_borrowed_and_another_run_out_of() {
        let titles = [title("one", 1), title("three", 3), title("other", 1)];
        assert_eq!(ids(&titles, None), (Some("three"), Some("one")));
        assert_eq!(ids(&titles, Some("one")), (Some("one"), Some("other")));
        assert_eq!(
            ids(&titles[..1], None),
            (Some("one"), None),
            "never the same twice"
        );
        assert_eq!(ids(&titles, Some("gone")).0, None, "a set one is never replaced");
    }

    #[test]
    fn what_cannot_be_lent_is_never_chosen() {
        let unfit = [
            Title {
                media_type: "ebook".into(),
                ..title("ebook", 2)
            },
            Title {
                lending_eligible: Some(false),
                ..title("reference", 2)
            },
            Title {
                status: "unavailable".into(),
                ..title("away", 2)
            },
            title("none", 0),
        ];
        assert_eq!(ids(&unfit, None), (None, None));
    }
}
